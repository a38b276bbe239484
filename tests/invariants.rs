//! Rules of the house that no compiler checks: which way crates depend on each other, and what library code never does.
//!
//! They are read off the source texts. Test modules and helper files that are compiled for tests only are left out.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders (with a slash at the end) and files that only tests compile.
const FOR_TESTS: &[&str] = &[
    "src/algorithms/testing.rs",
    "src/algorithms/tests/",
    "src/norms/support/tests.rs",
    "src/problems/checks.rs",
    "proofs-check/checks/",
];

/// A Rust file: its path from the root, and its lines outside of test modules.
struct Source {
    path: String,
    lines: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // A member's own target folder, should there be one.
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The sources under a folder, whole.
fn whole(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(&root().join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{folder} has no Rust file");
    let read = |file: PathBuf| Source {
        path: file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"),
        lines: fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect(),
    };
    files.into_iter().map(read).collect()
}

/// The same without the items marked `#[cfg(test)]`, which reach to the end of their block, and without comments.
fn library(folders: &[&str]) -> Vec<Source> {
    let mut sources: Vec<Source> = folders.iter().flat_map(|folder| whole(folder)).collect();
    sources.retain(|source| !FOR_TESTS.iter().any(|path| source.path.starts_with(path)));
    for source in &mut sources {
        source.lines = code(&source.lines);
    }
    sources
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Lines of code outside of `#[cfg(test)]` items; the formatter closes a block at the indentation of its first line.
fn code(lines: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut lines = lines.iter();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(without_comment(line));
            continue;
        }
        let depth = indentation(line);
        let ends = |line: &&String| {
            let last = line.trim_end();
            indentation(line) == depth && (last.ends_with(';') || last.trim_start().starts_with('}'))
        };
        lines.by_ref().find(ends);
    }
    kept
}

/// The line up to `//`, which in a text between quotes is preceded by a colon (an address).
fn without_comment(line: &str) -> String {
    let comment = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'));
    comment.map_or(line, |(at, _)| &line[..at]).to_owned()
}

/// Where any of the patterns stands, unless the line is allowed.
fn occurrences(sources: &[Source], patterns: &[&str], allowed: &[(&str, &str)]) -> Vec<String> {
    let mut used = vec![false; allowed.len()];
    let mut found = Vec::new();
    for source in sources {
        for line in source.lines.iter().filter(|line| patterns.iter().any(|p| line.contains(p))) {
            let pardon = allowed.iter().position(|(path, text)| source.path == *path && line.contains(text));
            match pardon {
                Some(k) => used[k] = true,
                None => found.push(format!("{}: {}", source.path, line.trim())),
            }
        }
    }
    let unused = allowed.iter().zip(used).filter(|(_, used)| !used).map(|(entry, _)| entry);
    found.extend(unused.map(|entry| format!("{entry:?} is allowed and does not occur")));
    found
}

fn none_of(sources: &[Source], patterns: &[&str], allowed: &[(&str, &str)]) {
    let found = occurrences(sources, patterns, allowed);
    assert!(found.is_empty(), "{patterns:?} found:\n{}", found.join("\n"));
}

#[test]
fn spec_knows_neither_the_library_nor_chance_nor_threads() {
    let forbidden = ["heavynorm::", "rand::", "rand_distr", "rayon", "std::thread", "std::time", "std::fs"];
    none_of(&library(&["spec"]), &forbidden, &[]);
    let manifest = fs::read_to_string(root().join("spec/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    for name in ["heavynorm.", "rand", "rayon"] {
        assert!(!dependencies.lines().any(|line| line.starts_with(name)), "spec depends on {name}");
    }
}

#[test]
fn the_library_knows_no_theorem() {
    let forbidden = ["proofs_check", "heavynorm_proofs", "Theorem", "Plan"];
    none_of(&whole("src"), &["proofs_check::", "heavynorm_proofs"], &[]);
    none_of(&library(&["src"]), &forbidden, &[]);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = |name: &str| {
        let from = manifest.split(&format!("\n[{name}]\n")).nth(1).unwrap();
        from.split("\n[").next().unwrap().to_owned()
    };
    assert!(!section("dependencies").contains("proofs-check"));
    assert!(section("dev-dependencies").contains("proofs-check"));
}

#[test]
fn neither_the_library_nor_the_proofs_know_figures() {
    for folder in ["spec", "src", "proofs-check"] {
        none_of(&library(&[folder]), &["paper_figures", "plotters", "clap", "indicatif"], &[]);
    }
}

#[test]
fn no_algorithm_names_a_problem() {
    none_of(&library(&["src/algorithms"]), &["Problem", "problems::", "objective("], &[]);
}

#[test]
fn nothing_small_is_added_to_keep_a_denominator_from_zero() {
    // These two list q = 1 + 1e-9 among the instances on which laws are tried. (Adam's epsilon is a parameter, not a number.)
    let allowed = [("src/norms/schatten.rs", "1.0 + 1e-9"), ("src/norms/entry_lq.rs", "1.0 + 1e-9")];
    let patterns =
        ["+ 1e-", "+ f64::EPSILON", "+ T::EPSILON", "max(1e-", "+ f64::MIN_POSITIVE", "+ T::SMALLEST"];
    none_of(&library(&["src", "spec"]), &patterns, &allowed);
}

#[test]
fn library_code_does_not_panic_by_accident() {
    // `expect` with a reason, `assert!` of a documented precondition and indexing are allowed.
    let forbidden = [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!("];
    none_of(&library(&["src", "spec", "proofs-check"]), &forbidden, &[]);
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    for source in ["spec", "src", "proofs-check", "paper-figures", "tests"].into_iter().flat_map(whole) {
        let first = source.lines.first().map_or("", String::as_str);
        assert!(first.starts_with("//! "), "{} begins with {first:?}", source.path);
    }
}

#[test]
fn numbers_come_from_seeded_streams_alone() {
    let forbidden =
        ["thread_rng", "rand::rng()", "from_os_rng", "SystemTime", "Instant::now", "StdRng", "SmallRng"];
    none_of(&library(&["src", "proofs-check"]), &forbidden, &[]);
    // Threads belong to the loop over seeds: everything below it is sequential.
    let loops = [("src/run.rs", "rayon")];
    none_of(&library(&["src"]), &["rayon", "Par::rayon", "std::thread"], &loops);
}

#[test]
fn the_reader_of_sources_sees_code_and_passes_over_tests_and_comments() {
    let text = "a // b\n\
                \"https://x\" + 1e-8\n\
                #[cfg(test)]\n\
                mod tests {\n    fn t() {\n        x.unwrap();\n    }\n}\n\
                c\n\
                #[cfg(test)]\n\
                pub(crate) mod testing;\n\
                d";
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(code(&lines), ["a ", "\"https://x\" + 1e-8", "c", "d"]);
    let source = Source { path: "p".into(), lines: code(&lines) };
    assert_eq!(occurrences(&[source], &["+ 1e-", "c"], &[("p", "c"), ("q", "")]).len(), 2);
}
