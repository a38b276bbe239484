//! The output folder never loses a good result and never mixes two calls.

use std::collections::BTreeMap;
use std::fs;

use heavynorm_paper_figures::store::{Identity, MANIFEST, Store, StoreError, write_atomically};

fn identity(seed: u64) -> Identity {
    Identity { version: "0.0.0".into(), code: "abc".into(), preset: "smoke".into(), seed }
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
    assert!(matches!(open(folder.path(), 1, false), Err(StoreError::DamagedManifest { .. })));
    assert!(matches!(open(&folder.path().join("thesis.tex"), 1, true), Err(StoreError::NotAFolder { .. })));
    open(folder.path(), 1, true).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("thesis.tex")).unwrap(), "x");
}

#[test]
fn a_write_that_fails_leaves_the_old_content_and_no_litter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write_atomically(&path, b"old").unwrap();
    // A folder in the way.
    let blocked = folder.path().join("b");
    fs::create_dir_all(blocked.join("full")).unwrap();
    assert!(matches!(write_atomically(&blocked, b"new"), Err(StoreError::NotAFile { .. })));
    let refusal = write_atomically(&folder.path().join("absent/a"), b"new").unwrap_err();
    assert!(
        matches!(refusal, StoreError::NoFolder { .. }) && !refusal.to_string().contains(".heavynorm-"),
        "{refusal}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_written_through_and_the_mode_stays() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    let (real, link) = (folder.path().join("real/a"), folder.path().join("link"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/a", &link).unwrap();
    write_atomically(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    // A link to nothing yet makes its target; a circle is refused.
    symlink("real/b", folder.path().join("early")).unwrap();
    write_atomically(&folder.path().join("early"), b"b").unwrap();
    assert_eq!(fs::read(folder.path().join("real/b")).unwrap(), b"b");
    symlink("circle", folder.path().join("circle")).unwrap();
    assert!(write_atomically(&folder.path().join("circle"), b"x").is_err());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_left_alone() {
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(write_atomically(&pipe, b"x"), Err(StoreError::NotAFile { .. })));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    let message = heavynorm_paper_figures::npy::read_matrix(&pipe).unwrap_err().to_string();
    assert!(message.contains("no regular file"), "{message}");
}

#[test]
fn results_of_other_code_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 1, false).unwrap();
    let other = Identity { code: "def".into(), ..identity(1) };
    let refusal = Store::open(folder.path(), other, "command".into(), false).unwrap_err().to_string();
    assert!(refusal.contains("made by other code") && !refusal.contains("seed 1"), "{refusal}");
}

#[test]
fn a_folder_that_was_left_before_the_first_figure_is_continued_and_tidied() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".heavynorm-x.tmp"), "cut").unwrap();
    open(folder.path(), 1, false).unwrap();
    assert!(!folder.path().join(".heavynorm-x.tmp").exists());
    // Killed between the files and their record.
    fs::write(folder.path().join("a.csv"), "x").unwrap();
    assert!(!open(folder.path(), 1, false).unwrap().is_finished("a", "c"));
}
