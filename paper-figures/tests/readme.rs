//! The README's numbers are those of the committed results.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use heavynorm::norms;
use heavynorm_paper_figures::figures::{Record, Table, entries};
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

/// Longer tables stay on the page; what was measured stands in their place.
const LONGEST_TABLE: usize = 20;

fn markdown(record: &Record) -> String {
    let Table { header, rows } = &record.table;
    let mut text = String::new();
    if rows.len() <= LONGEST_TABLE {
        writeln!(text, "| {} |", header.join(" | ")).unwrap();
        writeln!(text, "|{}", "---|".repeat(header.len())).unwrap();
        for row in rows {
            writeln!(text, "| {} |", row.join(" | ")).unwrap();
        }
    } else {
        text.push_str(&record.measured.join("\n\n"));
        text.push('\n');
    }
    write!(text, "\n{}\n", record.verdict).unwrap();
    writeln!(text, "\nPreset {}, seed {}: `{}`.", record.preset.name(), record.seed, record.command).unwrap();
    text
}

#[test]
fn every_figure_has_a_block_with_the_table_and_the_verdict_of_its_committed_result() {
    let readme = readme();
    for entry in entries() {
        let record: Record = serde_json::from_slice(&results(&format!("{}.json", entry.name))).unwrap();
        let expected = markdown(&record);
        let (_, block) = readme
            .split_once(&format!("<!-- generated: {} -->\n", entry.name))
            .unwrap_or_else(|| panic!("the README has no block for {}", entry.name));
        let block = block.split_once("<!-- end -->").unwrap().0;
        assert_eq!(block, expected, "the README's block for {} must read:\n{expected}", entry.name);
        assert!(readme.contains(&format!("(paper-figures/results/quick/{}.png)", entry.name)));
    }
}

#[test]
fn the_committed_files_are_those_of_the_manifest() {
    let manifest: serde_json::Value = serde_json::from_slice(&results("manifest.json")).unwrap();
    for entry in entries() {
        let figure = &manifest["figures"][entry.name];
        for kind in ["svg", "png", "csv", "json"] {
            let name = format!("{}.{kind}", entry.name);
            assert_eq!(figure["files"][&name], digest(&results(&name)), "{name}");
        }
        // The presets may not have changed since.
        assert_eq!(figure["configuration"], digest(entry.presets.as_bytes()), "{}", entry.name);
    }
}

#[test]
fn the_counts_and_lists_in_the_text_are_true() {
    let readme = readme();
    assert!(readme.contains(&format!("# {} norms,", norms::entries::<f64>().len())));
    let ids = theorems().iter().map(|t| t.statement().name).collect::<Vec<_>>().join(", ");
    assert!(readme.contains(&format!("theorems {ids}:")), "{ids}");
    let oldest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let oldest = oldest.split_once("rust-version = \"").unwrap().1.split_once('"').unwrap().0;
    assert!(readme.contains(&format!("({oldest} or later)")), "{oldest}");
}
