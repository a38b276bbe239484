//! The output folder: what is in it is complete, and belongs to one call.
//!
//! Every file is written to a temporary neighbour, synced and renamed. A folder carries a manifest that says which
//! preset, seed and version made it; the same call goes on there, another one is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why an output was not written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder that is to hold the file does not exist.
    #[error("cannot write {}: the folder {} does not exist; make it, or name another file", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds the output of another call.
    #[error(
        "{} holds figures of another call: {differences}; choose another folder with --out, or make them anew with --force \
         (files of the same names are replaced, others stay)",
        path.display()
    )]
    OtherCall {
        /// The folder.
        path: PathBuf,
        /// What differs, in words.
        differences: String,
    },
    /// The folder has a manifest that cannot be read.
    #[error(
        "{} has a damaged manifest.json; choose another folder with --out, or write a new one with --force (files of the \
         same names are replaced, others stay)",
        path.display()
    )]
    DamagedManifest {
        /// The folder.
        path: PathBuf,
    },
    /// The target exists and is no regular file.
    #[error("{} is not a regular file and is left alone; name another file", path.display())]
    NotAFile {
        /// The path, with symbolic links followed.
        path: PathBuf,
    },
    /// The folder holds something that is no output of ours.
    #[error(
        "{} is not empty and has no manifest.json; choose another folder with --out, or write into it with --force (files \
         of the same names are replaced, others stay)",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The path is no folder.
    #[error("{} is not a folder; choose another one with --out", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.into(), source }
}

/// Temporary neighbours are called so; those that an end of the process left over are ours to remove.
const PREFIX: &str = ".heavynorm-";
const SUFFIX: &str = ".tmp";

/// More symbolic links in a row than this are a circle.
const LONGEST_CHAIN: usize = 40;

/// Writes a file so that at every moment the old content or the new one is there, complete. A symbolic link is written
/// through, an existing file keeps its mode.
///
/// # Errors
/// [`StoreError::NotAFile`] if something else than a regular file is there, [`StoreError::Io`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let path = &target_of(path)?;
    let permissions = match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(StoreError::NotAFile { path: path.into() }),
        Ok(found) => Some(found.permissions()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(io_error(path)(e)),
    };
    let mut file = neighbour(path)?;
    file.as_file_mut().write_all(bytes).map_err(io_error(path))?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions).map_err(io_error(path))?;
    }
    file.as_file().sync_all().map_err(io_error(path))?;
    file.persist(path).map_err(|e| StoreError::Io { path: path.into(), source: e.error })?;
    Ok(())
}

/// Whether [`write_atomically`] could write there now: a temporary neighbour is made and removed.
///
/// # Errors
/// Those of [`write_atomically`].
pub fn can_write(path: &Path) -> Result<(), StoreError> {
    let path = &target_of(path)?;
    if path.exists() && !path.is_file() {
        return Err(StoreError::NotAFile { path: path.into() });
    }
    neighbour(path).map(drop)
}

fn neighbour(path: &Path) -> Result<tempfile::NamedTempFile, StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        return Err(StoreError::NoFolder { path: path.into(), folder: folder.into() });
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(without_path).map_err(io_error(path))
}

/// Where symbolic links lead, whether or not something is there.
fn target_of(path: &Path) -> Result<PathBuf, StoreError> {
    let mut target = path.to_owned();
    for _ in 0..LONGEST_CHAIN {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.file_type().is_symlink() => {
                let next = fs::read_link(&target).map_err(io_error(path))?;
                target = target.parent().unwrap_or(Path::new("")).join(next);
            }
            _ => return Ok(target),
        }
    }
    Err(StoreError::NotAFile { path: path.into() })
}

/// The library adds the name of its temporary file, which means nothing to anybody.
fn without_path(e: io::Error) -> io::Error {
    if e.get_ref().is_some() { e.kind().into() } else { e }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who made a folder: equal identities, equal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of heavynorm.
    pub version: String,
    /// Digest of the sources.
    #[serde(default)]
    pub code: String,
    /// The preset.
    pub preset: String,
    /// The master seed.
    pub seed: u64,
}

impl Identity {
    /// What differs from what was wanted, in words.
    fn differences(&self, wanted: &Self) -> String {
        let mut words = Vec::new();
        if self.version != wanted.version {
            words.push(format!("version {}, not {}", self.version, wanted.version));
        }
        if self.code != wanted.code {
            words.push("made by other code (the sources have changed since)".into());
        }
        if self.preset != wanted.preset {
            words.push(format!("preset {}, not {}", self.preset, wanted.preset));
        }
        if self.seed != wanted.seed {
            words.push(format!("seed {}, not {}", self.seed, wanted.seed));
        }
        words.join("; ")
    }
}

/// The files of one figure with their digests, and the configuration that they come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Digest of the figure's configuration.
    pub configuration: String,
    /// File name to digest.
    pub files: BTreeMap<String, String>,
}

/// What a folder contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Who made it.
    pub made_by: Identity,
    /// The command that makes it again.
    pub command: String,
    /// Finished figures by name.
    pub figures: BTreeMap<String, Finished>,
}

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";

/// An output folder that belongs to one identity.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    manifest: Manifest,
}

impl Store {
    /// Opens or makes the folder. One with a matching manifest is continued; with `force`, one of another call is
    /// taken over (its figures are made anew), and files that are not ours stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path, made_by: Identity, command: String, force: bool) -> Result<Self, StoreError> {
        if folder.exists() && !folder.is_dir() {
            return Err(StoreError::NotAFolder { path: folder.into() });
        }
        let fresh = Manifest { made_by, command, figures: BTreeMap::new() };
        let manifest = match read_manifest(folder) {
            Found::Readable(found) if found.made_by == fresh.made_by => {
                Manifest { figures: found.figures, ..fresh }
            }
            _ if force => fresh,
            Found::Readable(found) => {
                let differences = found.made_by.differences(&fresh.made_by);
                return Err(StoreError::OtherCall { path: folder.into(), differences });
            }
            Found::Damaged => return Err(StoreError::DamagedManifest { path: folder.into() }),
            Found::Absent if is_occupied(folder).map_err(io_error(folder))? => {
                return Err(StoreError::Foreign { path: folder.into() });
            }
            Found::Absent => fresh,
        };
        fs::create_dir_all(folder).map_err(io_error(folder))?;
        remove_left_overs(folder).map_err(io_error(folder))?;
        let store = Self { folder: folder.into(), manifest };
        // From the first moment on the folder says whose it is: an end between two files is no riddle later.
        store.write(MANIFEST, &store.manifest_text())?;
        Ok(store)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The figure is there, from this configuration, and every file still has the recorded digest.
    pub fn is_finished(&self, figure: &str, configuration: &str) -> bool {
        self.manifest.figures.get(figure).is_some_and(|finished| {
            finished.configuration == configuration
                && finished.files.iter().all(|(name, recorded)| {
                    fs::read(self.folder.join(name)).is_ok_and(|bytes| digest(&bytes) == *recorded)
                })
        })
    }

    /// Writes a figure's files, then records them: a figure is finished or absent, never half there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn finish(
        &mut self,
        figure: &str,
        configuration: &str,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), StoreError> {
        for (name, bytes) in files {
            write_atomically(&self.folder.join(name), bytes)?;
        }
        let files = files.iter().map(|(name, bytes)| (name.clone(), digest(bytes))).collect();
        let finished = Finished { configuration: configuration.into(), files };
        self.manifest.figures.insert(figure.into(), finished);
        self.write(MANIFEST, &self.manifest_text())
    }

    /// Reads a file of the folder.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.folder.join(name);
        fs::read(&path).map_err(io_error(&path))
    }

    /// Writes a file of the folder.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_atomically(&self.folder.join(name), bytes)
    }

    fn manifest_text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(&self.manifest).expect("strings and numbers serialise");
        text.push(b'\n');
        text
    }
}

/// What there is of a manifest.
enum Found {
    Readable(Manifest),
    Damaged,
    Absent,
}

fn read_manifest(folder: &Path) -> Found {
    let path = folder.join(MANIFEST);
    match fs::metadata(&path) {
        Err(_) => Found::Absent,
        // A pipe would be waited for.
        Ok(found) if !found.is_file() => Found::Damaged,
        Ok(_) => fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .map_or(Found::Damaged, Found::Readable),
    }
}

fn is_left_over(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

/// Something is in the folder that no end of a process left over.
pub(crate) fn is_occupied(folder: &Path) -> io::Result<bool> {
    if !folder.exists() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder)? {
        if !is_left_over(&entry?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes what an end of a process left over.
pub(crate) fn remove_left_overs(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if is_left_over(&entry) && kind.is_file() {
            fs::remove_file(entry.path())?;
        } else if is_left_over(&entry) && kind.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A temporary folder in the folder, of the names that count as left over.
pub(crate) fn temporary_folder(folder: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempdir_in(folder)
}
