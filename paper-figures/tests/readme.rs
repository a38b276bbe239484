//! The README's numbers are those of the committed results.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use heavynorm::norms;
use heavynorm_paper_figures::figures::{Record, Table};
use heavynorm_paper_figures::store::digest;
use heavynorm_proofs_check::theorems;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn results(file: &str) -> Vec<u8> {
    fs::read(root().join("paper-figures/results/quick").join(file)).unwrap()
}

fn markdown(record: &Record) -> String {
    let Table { header, rows } = &record.table;
    let mut text = String::new();
    writeln!(text, "| {} |", header.join(" | ")).unwrap();
    writeln!(text, "|{}", "---|".repeat(header.len())).unwrap();
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).unwrap();
    }
    for paragraph in record.measured.iter().chain([&record.verdict]) {
        write!(text, "\n{paragraph}\n").unwrap();
    }
    writeln!(text, "\nPreset {}, seed {}: `{}`.", record.preset.name(), record.seed, record.command).unwrap();
    text
}

#[test]
fn the_table_is_the_one_of_the_committed_figure() {
    let record: Record = serde_json::from_slice(&results("digits-geometry.json")).unwrap();
    let expected = markdown(&record);
    let readme = readme();
    let block = readme.split_once("<!-- generated: digits-geometry -->\n").unwrap().1;
    let block = block.split_once("<!-- end -->").unwrap().0;
    assert_eq!(block, expected, "the README's block must read:\n{expected}");
}

#[test]
fn the_committed_files_are_those_of_the_manifest() {
    let manifest: serde_json::Value = serde_json::from_slice(&results("manifest.json")).unwrap();
    let files = manifest["figures"]["digits-geometry"]["files"].as_object().unwrap();
    for kind in ["svg", "png", "csv", "json"] {
        let name = format!("digits-geometry.{kind}");
        assert_eq!(files[&name], digest(&results(&name)), "{name}");
    }
    // The presets may not have changed since.
    let presets = fs::read(root().join("paper-figures/presets/digits-geometry.toml")).unwrap();
    assert_eq!(manifest["figures"]["digits-geometry"]["configuration"], digest(&presets));
}

#[test]
fn the_counts_and_lists_in_the_text_are_true() {
    let readme = readme();
    assert!(readme.contains(&format!("# {} norms,", norms::entries::<f64>().len())));
    let ids = theorems().iter().map(|t| t.statement().id).collect::<Vec<_>>().join(", ");
    assert!(readme.contains(&format!("theorems {ids}:")), "{ids}");
    let oldest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let oldest = oldest.split_once("rust-version = \"").unwrap().1.split_once('"').unwrap().0;
    assert!(readme.contains(&format!("({oldest} or later)")), "{oldest}");
}
