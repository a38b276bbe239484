//! The output folder never loses a good result and never mixes two calls.

use std::collections::BTreeMap;
use std::fs;

use heavynorm_paper_figures::store::{Identity, MANIFEST, Store, StoreError, write_atomically};

fn identity(seed: u64) -> Identity {
    Identity { version: "0.0.0".into(), preset: "smoke".into(), seed }
}

fn open(folder: &std::path::Path, seed: u64, force: bool) -> Result<Store, StoreError> {
    Store::open(folder, identity(seed), "command".into(), force)
}

fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([("a.csv".to_owned(), text.as_bytes().to_vec())])
}

#[test]
fn the_same_call_goes_on_and_another_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 1, false).unwrap().finish("a", "c", &files("x")).unwrap();
    assert!(open(folder.path(), 1, false).unwrap().is_finished("a", "c"));
    let refusal = open(folder.path(), 2, false).unwrap_err().to_string();
    assert!(
        refusal.contains("--force") && refusal.contains("--out") && refusal.contains("seed 1"),
        "{refusal}"
    );
    assert!(!open(folder.path(), 2, true).unwrap().is_finished("a", "c"));
}

#[test]
fn a_damaged_file_or_another_configuration_counts_as_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path(), 1, false).unwrap();
    store.finish("a", "c", &files("x")).unwrap();
    assert!(!store.is_finished("a", "other"));
    fs::write(folder.path().join("a.csv"), "y").unwrap();
    assert!(!store.is_finished("a", "c"));
}

#[test]
fn a_folder_with_foreign_files_or_a_damaged_manifest_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "x").unwrap();
    assert!(matches!(open(folder.path(), 1, false), Err(StoreError::Foreign { .. })));
    fs::write(folder.path().join(MANIFEST), "{").unwrap();
    assert!(matches!(open(folder.path(), 1, false), Err(StoreError::Foreign { .. })));
    assert!(matches!(open(&folder.path().join("thesis.tex"), 1, true), Err(StoreError::NotAFolder { .. })));
    open(folder.path(), 1, true).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("thesis.tex")).unwrap(), "x");
}

#[test]
fn a_write_that_fails_leaves_the_old_content_and_no_litter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write_atomically(&path, b"old").unwrap();
    // A folder in the way of the rename: the temporary file is written, the rename fails.
    let blocked = folder.path().join("b");
    fs::create_dir_all(blocked.join("full")).unwrap();
    assert!(matches!(write_atomically(&blocked, b"new"), Err(StoreError::Io { .. })));
    assert!(matches!(write_atomically(&folder.path().join("absent/a"), b"new"), Err(StoreError::Io { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
