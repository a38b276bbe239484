//! A copy of the repository in which faults are put and taken out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::list::Fault;

/// Folders of the root that no build needs.
const LEFT_OUT: &[&str] = &["target", "out", ".git"];

/// The copy.
#[derive(Debug)]
pub(crate) struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// Copies the repository to a folder. A file that is there already with the same text is left alone, so that builds go on
    /// from what the last run has built; one that has no original any more is removed.
    pub(crate) fn of(original: &Path, root: &Path) -> io::Result<Self> {
        mirror(original, root, LEFT_OUT)?;
        Ok(Self { root: root.into() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Puts the fault in; it is there until the answer is dropped.
    pub(crate) fn broken(&self, fault: &Fault) -> Result<Broken, Failure> {
        let file = self.root.join(&fault.file);
        let original = fs::read_to_string(&file)?;
        fs::write(&file, fault.applied(&original)?)?;
        Ok(Broken { file, original })
    }
}

/// A file with a fault in it, put right when this is dropped.
#[derive(Debug)]
pub(crate) struct Broken {
    file: PathBuf,
    original: String,
}

impl Drop for Broken {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.file, &self.original) {
            // The next run compares every file with its original.
            eprintln!("{} keeps its fault: {error}", self.file.display());
        }
    }
}

fn mirror(from: &Path, to: &Path, left_out: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let is_left_out = |name: &std::ffi::OsStr| left_out.iter().any(|other| name == *other);
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_left_out(&name) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            mirror(&entry.path(), &target, &[])?;
        } else {
            let content = fs::read(entry.path())?;
            if fs::read(&target).ok().as_ref() != Some(&content) {
                fs::write(&target, content)?;
            }
        }
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_its_original_and_touches_only_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("src/target")).unwrap();
        fs::create_dir_all(from.join("target")).unwrap();
        for file in ["a", "src/b", "src/target/c", "target/d"] {
            fs::write(from.join(file), file).unwrap();
        }
        Scratch::of(&from, &to).unwrap();
        assert!(to.join("src/target/c").exists() && !to.join("target").exists());
        let modified = || fs::metadata(to.join("a")).unwrap().modified().unwrap();
        let before = modified();
        fs::remove_file(from.join("src/b")).unwrap();
        fs::write(to.join("src/target/c"), "fault").unwrap();
        Scratch::of(&from, &to).unwrap();
        assert_eq!(modified(), before);
        assert!(!to.join("src/b").exists());
        assert_eq!(fs::read_to_string(to.join("src/target/c")).unwrap(), "src/target/c");
    }
}
