//! A file that is in no registry fails here: adding an instance is one file and two lines, and none can be forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use heavynorm::{algorithms, hard_instances, noise, norms, problems};

/// The stems of the Rust files of a folder, without `mod`.
fn files(folder: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    fs::read_dir(&path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|stem| stem != "mod")
        .collect()
}

fn all_files_are_registered<'a>(folder: &str, helpers: &[&str], registered: impl Iterator<Item = &'a str>) {
    let registered: BTreeSet<String> = registered.map(|name| name.replace('-', "_")).collect();
    let mut files = files(folder);
    for helper in helpers {
        assert!(files.remove(*helper), "{folder}/{helper}.rs is listed as a helper and does not exist");
    }
    assert_eq!(files, registered, "files of {folder} (left) and its registry (right) differ");
}

#[test]
fn every_file_of_a_folder_is_in_its_registry() {
    all_files_are_registered(
        "src/norms/combinators",
        norms::combinators::HELPERS,
        norms::combinators::entries::<f64>().iter().map(|e| e.name),
    );
    all_files_are_registered("src/norms", norms::HELPERS, norms::entries::<f64>().iter().map(|e| e.name));
    all_files_are_registered("src/noise", noise::HELPERS, noise::entries::<f64>().iter().map(|e| e.name));
    let hard: Vec<&str> = hard_instances::entries::<f64>().iter().map(|e| e.name).collect();
    all_files_are_registered("src/hard_instances", hard_instances::HELPERS, hard.iter().copied());
    let problems = problems::entries::<f64>();
    assert!(hard.iter().all(|name| problems.iter().any(|e| e.name == *name)));
    all_files_are_registered(
        "src/problems",
        problems::HELPERS,
        problems.iter().map(|e| e.name).filter(|name| !hard.contains(name)),
    );
    all_files_are_registered(
        "src/algorithms",
        algorithms::HELPERS,
        algorithms::entries::<f64>().iter().map(|e| e.name),
    );
}
