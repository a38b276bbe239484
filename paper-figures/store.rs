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
    /// The folder holds the output of another call.
    #[error(
        "{} holds {found}, not {wanted}; choose another folder with --out, or replace its figures with --force",
        path.display()
    )]
    OtherCall {
        /// The folder.
        path: PathBuf,
        /// What the manifest there says.
        found: String,
        /// What this call would make.
        wanted: String,
    },
    /// The folder holds something that is no output of ours.
    #[error("{} is not empty and has no manifest; choose another folder with --out, or add to it with --force", path.display())]
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

/// Writes a file so that at every moment the old content or the new one is there, complete.
///
/// # Errors
/// [`StoreError::Io`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".heavynorm-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(io_error(path))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(io_error(path))?;
    file.persist(path).map_err(|e| StoreError::Io { path: path.into(), source: e.error })?;
    Ok(())
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
    /// The preset.
    pub preset: String,
    /// The master seed.
    pub seed: u64,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "heavynorm {}, preset {}, seed {}", self.version, self.preset, self.seed)
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
            Some(found) if found.made_by == fresh.made_by => Manifest { figures: found.figures, ..fresh },
            _ if force => fresh,
            Some(found) => {
                return Err(StoreError::OtherCall {
                    path: folder.into(),
                    found: found.made_by.to_string(),
                    wanted: fresh.made_by.to_string(),
                });
            }
            None if is_occupied(folder).map_err(io_error(folder))? => {
                return Err(StoreError::Foreign { path: folder.into() });
            }
            None => fresh,
        };
        fs::create_dir_all(folder).map_err(io_error(folder))?;
        Ok(Self { folder: folder.into(), manifest })
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

/// A damaged manifest counts as none: its folder is then foreign, and nothing is overwritten unasked.
fn read_manifest(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()
}

fn is_occupied(folder: &Path) -> io::Result<bool> {
    if !folder.exists() {
        return Ok(false);
    }
    Ok(fs::read_dir(folder)?.next().is_some())
}
