//! What the tables `[problem]`, `[norm]` and `[noise]` of a file describe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use heavynorm::norms;
use heavynorm::oracles::Sampling;
use heavynorm::problems::{self, Built, Logistic};
use heavynorm::registry::name_of_table;
use heavynorm::spec::{Dimensions, Norm};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;
use crate::npy;

/// The tables, as a file has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) problem: &'a toml::Table,
    pub(super) norm: &'a toml::Table,
    pub(super) noise: Option<&'a toml::Table>,
}

/// What they describe.
pub(super) struct Subject {
    pub(super) norm: Arc<dyn Norm<f64>>,
    /// `[noise]` with its name, `none` if there was no table.
    pub(super) noise: toml::Table,
    pub(super) sampling: Sampling<f64>,
}

impl Tables<'_> {
    /// Builds all three; paths of a user's data are relative to the folder.
    pub(super) fn build(self, folder: &Path) -> Result<Subject, Failure> {
        let norm: Arc<dyn Norm<f64>> = Arc::from(norms::build(self.norm).map_err(|e| within("norm", &e))?);
        let problem = problem(self.problem, folder).map_err(|e| match e {
            Failure::Input(message) => within("problem", &message),
            other => other,
        })?;
        let noise = noise_table(self.noise);
        let sampling = Sampling::from_table(problem, &noise, &*norm).map_err(|e| within("noise", &e))?;
        // The norm must live on the problem's space: better said now than after the first step.
        norm.ball(sampling.problem().dimensions())?;
        Ok(Subject { norm, noise, sampling })
    }
}

/// A problem made of a user's own arrays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnData {
    features: PathBuf,
    labels: PathBuf,
    classes: usize,
    #[serde(default = "default_lambda")]
    lambda: f64,
}

fn default_lambda() -> f64 {
    1e-3
}

/// Reads a file.
pub(super) fn read<F: DeserializeOwned>(path: &Path) -> Result<F, Failure> {
    if path.is_dir() {
        return Err(Failure::Input(format!("{} is a folder, not a TOML file", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(|e| {
        let message = format!("cannot read {}: {e}", path.display());
        match e.kind() {
            std::io::ErrorKind::InvalidData => {
                Failure::Input(format!("{} is not text: a TOML file is needed", path.display()))
            }
            std::io::ErrorKind::NotFound => Failure::Input(message),
            _ => Failure::Environment(message),
        }
    })?;
    toml::from_str(&text).map_err(|e| Failure::Input(format!("{}: {e}", path.display())))
}

/// The problem; paths of a user's data are relative to the file.
fn problem(table: &toml::Table, folder: &Path) -> Result<Built<f64>, Failure> {
    if name_of_table("problem", table)? != "logistic" {
        return Ok(problems::build(table)?);
    }
    let own: OwnData = heavynorm::registry::read("logistic", table)?;
    let features = npy::read_matrix(&folder.join(own.features))?;
    let labels = npy::read_labels(&folder.join(own.labels))?;
    let logistic = Logistic::new(&features, &labels, own.classes, own.lambda)
        .map_err(|e| Failure::Input(e.to_string()))?;
    Ok(Built::Sum(Arc::new(logistic)))
}

/// `[noise]`, which may be left out. A batch alone is a noise, too.
fn noise_table(table: Option<&toml::Table>) -> toml::Table {
    let mut table = table.cloned().unwrap_or_default();
    table.entry("name").or_insert_with(|| "none".into());
    table
}

/// `MxN`: rows x columns.
pub(super) fn sides(text: &str) -> Result<Dimensions, String> {
    let side = |s: &str| s.trim().parse().ok();
    let both = text.split_once(['x', 'X']).and_then(|(m, n)| Some((side(m)?, side(n)?)));
    let (rows, columns) =
        both.ok_or_else(|| format!("'{text}' is not ROWSxCOLUMNS: write for example 64x128"))?;
    Dimensions::new(rows, columns).map_err(|e| e.to_string())
}

/// A refusal with the table that it is about.
pub(super) fn within(table: &str, e: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("[{table}]: {e}"))
}

/// A refusal with the file that it is about.
pub(super) fn in_file(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Input(message) => Failure::Input(format!("{}, {message}", path.display())),
        other => other,
    }
}
