//! The output folder: a finished result stays there until the next one is complete.
//!
//! Nothing is written before everything is computed. Witnesses then go into a temporary folder inside the output folder, and
//! take the places of earlier ones by renaming; the report is renamed last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use heavynorm_proofs_check::falsify::{Budget, Witness};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::claims::ClaimName;
use super::text::quoted;
use crate::error::Failure;
use crate::npy;
use crate::store::{self, digest, write_atomically};

/// The report's file name.
const REPORT: &str = "falsify.json";

/// The file that holds all of a witness but its matrices.
pub(super) const WITNESS: &str = "witness.json";

/// What is kept beside the matrices of a witness: all that a replay needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) version: String,
    pub(super) claim: ClaimName,
    pub(super) law: String,
    pub(super) text: String,
    pub(super) replay: String,
    pub(super) matrices: Vec<String>,
    pub(super) numbers: Map<String, Value>,
    pub(super) seed: u64,
    /// The file that was examined; paths in it are absolute.
    pub(super) file: String,
}

/// What a folder's content is a function of.
pub(super) fn mark(text: &str, budget: Budget) -> String {
    digest(format!("{} {budget:?} {text}", env!("CARGO_PKG_VERSION")).as_bytes())
}

/// The command that evaluates a kept witness again.
pub(super) fn command(out: &Path, claim: ClaimName) -> String {
    format!("heavynorm falsify --replay {}", quoted(&out.join(claim.as_str())))
}

/// A folder that may be written into, and as yet untouched.
pub(super) struct Folder {
    out: PathBuf,
}

impl Folder {
    /// Looks whether the folder is free: one of the same call is continued, another one refused.
    ///
    /// # Errors
    /// [`Failure::Input`] for a folder that holds something else.
    pub(super) fn free(out: &Path, mark: &str, force: bool) -> Result<Self, Failure> {
        if out.exists() && !out.is_dir() {
            return Err(Failure::Input(format!(
                "{} is not a folder; choose another one with --out",
                out.display()
            )));
        }
        let found = fs::read_to_string(out.join(REPORT)).ok();
        let found = found.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let same = found.as_ref().is_some_and(|report| report["mark"] == mark);
        if !same && !force && store::is_occupied(out).map_err(|e| refused(out, &e))? {
            let what = if found.is_some() { "holds the witnesses of another call" } else { "is not empty" };
            return Err(Failure::Input(format!(
                "{} {what}; choose another folder with --out, or write into it with --force (witnesses of another call in it \
                 are removed, other files stay)",
                out.display()
            )));
        }
        Ok(Self { out: out.into() })
    }

    /// A temporary folder in it, made with it; removed when it is dropped.
    ///
    /// # Errors
    /// [`Failure::Environment`].
    pub(super) fn stage(self) -> Result<Stage, Failure> {
        let io = |e: io::Error| refused(&self.out, &e);
        fs::create_dir_all(&self.out).map_err(io)?;
        store::remove_left_overs(&self.out).map_err(io)?;
        let fresh = store::temporary_folder(&self.out).map_err(io)?;
        Ok(Stage { out: self.out, fresh })
    }
}

/// Witnesses that wait for their place.
pub(super) struct Stage {
    out: PathBuf,
    fresh: TempDir,
}

impl Stage {
    /// Writes a witness.
    ///
    /// # Errors
    /// [`Failure::Environment`].
    pub(super) fn keep(
        &self,
        claim: ClaimName,
        witness: &Witness,
        file: &str,
        seed: u64,
    ) -> Result<(), Failure> {
        let folder = self.fresh.path().join(claim.as_str());
        fs::create_dir(&folder).map_err(|e| refused(&self.out, &e))?;
        for (name, matrix) in &witness.matrices {
            let bytes = npy::to_bytes(matrix).map_err(|e| Failure::Environment(e.to_string()))?;
            write_atomically(&folder.join(format!("{name}.npy")), &bytes)?;
        }
        let kept = Kept {
            version: env!("CARGO_PKG_VERSION").into(),
            claim,
            law: witness.law.into(),
            text: witness.text.clone(),
            replay: command(&self.out, claim),
            matrices: witness.matrices.iter().map(|(name, _)| (*name).into()).collect(),
            numbers: witness.numbers.iter().map(|(name, x)| ((*name).into(), json!(x))).collect(),
            seed,
            file: file.into(),
        };
        Ok(write_atomically(&folder.join(WITNESS), pretty(&kept)?.as_bytes())?)
    }

    /// Puts the witnesses in the places of earlier ones, and the report last.
    ///
    /// # Errors
    /// [`Failure::Environment`], and [`Failure::Input`] if something else stands in a witness's place.
    pub(super) fn finish(self, report: &Value) -> Result<(), Failure> {
        let text = pretty(report)?;
        // All refusals before the first change.
        for claim in ClaimName::ALL {
            let place = self.out.join(claim.as_str());
            if self.fresh.path().join(claim.as_str()).exists() && place.exists() && !is_witness(&place) {
                return Err(Failure::Input(format!(
                    "{} is no witness and is left alone; choose another folder with --out",
                    place.display()
                )));
            }
        }
        let io = |e: io::Error| refused(&self.out, &e);
        let stale = self.fresh.path().join("stale");
        fs::create_dir(&stale).map_err(io)?;
        for claim in ClaimName::ALL {
            let (place, next) = (self.out.join(claim.as_str()), self.fresh.path().join(claim.as_str()));
            if is_witness(&place) {
                fs::rename(&place, stale.join(claim.as_str())).map_err(io)?;
            }
            if next.exists() {
                fs::rename(&next, &place).map_err(io)?;
            }
        }
        Ok(write_atomically(&self.out.join(REPORT), text.as_bytes())?)
    }
}

fn is_witness(folder: &Path) -> bool {
    folder.join(WITNESS).is_file()
}

fn refused(out: &Path, e: &io::Error) -> Failure {
    Failure::Environment(format!("cannot write {}: {e}", out.display()))
}

fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| Failure::Input(e.to_string()))
}

#[cfg(test)]
mod tests {
    use heavynorm::spec::Matrix;
    use heavynorm_proofs_check::falsify::{Ground, Measured};

    use super::*;

    fn witness(text: &str) -> Witness {
        Witness {
            law: "law",
            text: text.into(),
            matrices: vec![("X", Matrix::zeros(2, 3))],
            numbers: Vec::new(),
            sides: Measured { measured: 2.0, claimed: 1.0, rounding: 0.0 },
            ground: Ground::Evaluation,
        }
    }

    fn kept(out: &Path, claim: ClaimName) -> Option<String> {
        let text = fs::read_to_string(out.join(claim.as_str()).join(WITNESS)).ok()?;
        Some(serde_json::from_str::<Kept>(&text).unwrap().text)
    }

    #[test]
    fn a_finished_result_stays_until_the_next_one_is_complete() {
        let base = tempfile::tempdir().unwrap();
        let out = base.path().join("w");
        let folder = Folder::free(&out, "a", false).unwrap();
        assert!(!out.exists(), "nothing is made before there is something to keep");
        let stage = folder.stage().unwrap();
        stage.keep(ClaimName::Gap, &witness("first"), "", 1).unwrap();
        stage.finish(&json!({ "mark": "a" })).unwrap();
        // Another call that breaks off at whatever moment before its end.
        let stage = Folder::free(&out, "b", true).unwrap().stage().unwrap();
        assert_eq!(kept(&out, ClaimName::Gap).as_deref(), Some("first"));
        stage.keep(ClaimName::Gap, &witness("second"), "", 1).unwrap();
        stage.keep(ClaimName::Dual, &witness("second"), "", 1).unwrap();
        drop(stage);
        assert_eq!(kept(&out, ClaimName::Gap).as_deref(), Some("first"));
        assert!(Folder::free(&out, "a", false).is_ok() && Folder::free(&out, "b", false).is_err());
        // One that finishes: what it did not break is no longer there.
        let stage = Folder::free(&out, "b", true).unwrap().stage().unwrap();
        stage.keep(ClaimName::Dual, &witness("third"), "", 1).unwrap();
        stage.finish(&json!({ "mark": "b" })).unwrap();
        assert_eq!((kept(&out, ClaimName::Gap), kept(&out, ClaimName::Dual)), (None, Some("third".into())));
        let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["dual", "falsify.json"]);
    }

    #[test]
    fn what_a_killed_call_left_over_does_not_occupy_the_folder() {
        let out = tempfile::tempdir().unwrap();
        let stage = Folder::free(out.path(), "a", false).unwrap().stage().unwrap();
        stage.keep(ClaimName::Gap, &witness("lost"), "", 1).unwrap();
        let _ = stage.fresh.keep();
        let stage = Folder::free(out.path(), "b", false).unwrap().stage().unwrap();
        stage.finish(&json!({ "mark": "b" })).unwrap();
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_of_the_same_name_that_is_no_witness_is_left_alone() {
        let out = tempfile::tempdir().unwrap();
        fs::create_dir(out.path().join("gap")).unwrap();
        fs::write(out.path().join("gap/mine.txt"), "x").unwrap();
        let stage = Folder::free(out.path(), "a", true).unwrap().stage().unwrap();
        stage.keep(ClaimName::Gap, &witness("new"), "", 1).unwrap();
        assert!(matches!(stage.finish(&json!({ "mark": "a" })), Err(Failure::Input(_))));
        assert!(out.path().join("gap/mine.txt").is_file() && !out.path().join(REPORT).exists());
    }
}
