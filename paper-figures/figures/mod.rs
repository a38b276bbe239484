//! The figures, one file each, with their sizes in `presets/`.

pub mod below_the_line;
mod chains;
pub mod digits_geometry;
pub mod rate_in_accuracy;
pub mod rate_in_dimension;

use std::sync::atomic::AtomicBool;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Failure;

/// The same figure at three sizes: presets differ in numbers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Seconds: everything runs, nothing is significant.
    Smoke,
    /// Minutes.
    #[default]
    Quick,
    /// The size for print.
    Paper,
}

impl Preset {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Quick => "quick",
            Self::Paper => "paper",
        }
    }
}

/// What a figure is made with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The size.
    pub preset: Preset,
    /// The master seed.
    pub seed: u64,
    /// Where the work runs; numbers do not depend on its size.
    pub pool: &'a rayon::ThreadPool,
    /// Told the share of the work that is done, from 0 to 1.
    pub progress: &'a (dyn Fn(f64) + Sync),
    /// Set when the user asked for an end.
    pub cancelled: &'a AtomicBool,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("preset", &self.preset)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What the page says about a figure. Stored beside it, so that a continued folder has it without a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The figure's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What is claimed, and by whom.
    pub claim: String,
    /// What was done.
    pub setup: String,
    /// What was measured, with intervals.
    pub measured: Vec<String>,
    /// A table: header and rows.
    pub table: Table,
    /// The conclusion, and what does not follow.
    pub verdict: String,
    /// The preset.
    pub preset: Preset,
    /// The master seed.
    pub seed: u64,
    /// The command that makes it again.
    pub command: String,
}

/// A table of text cells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Column heads.
    pub header: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose rows are as long as its header.
    ///
    /// # Panics
    /// If one is not.
    pub fn new(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        assert!(
            rows.iter().all(|row| row.len() == header.len()),
            "a row has a cell for each column: {header:?}"
        );
        Self { header: header.iter().map(|&head| head.to_owned()).collect(), rows }
    }
}

/// The rows of a CSV file.
fn csv_of(header: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, Failure> {
    let failed = |e: csv::Error| Failure::Check(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.write_record(row).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| Failure::Check(e.to_string()))
}

/// A figure that was made.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What the page says.
    pub record: Record,
    /// The picture.
    pub svg: String,
    /// The numbers behind it.
    pub csv: Vec<u8>,
}

/// A registered figure.
#[derive(Debug)]
pub struct Entry {
    /// Its name on the command line, and of its files.
    pub name: &'static str,
    /// One line for `figures --list`.
    pub summary: &'static str,
    /// Its sizes: a TOML text with a table for each preset.
    pub presets: &'static str,
    /// Makes it.
    pub make: fn(&Context<'_>) -> Result<Figure, Failure>,
}

/// All figures.
pub fn entries() -> Vec<Entry> {
    vec![
        rate_in_dimension::entry(),
        rate_in_accuracy::entry(),
        below_the_line::entry(),
        digits_geometry::entry(),
    ]
}

/// A figure's configuration at one size.
///
/// # Errors
/// [`Failure::Input`] for unknown or missing keys: presets are typed.
pub fn configuration<C: DeserializeOwned>(presets: &str, preset: Preset) -> Result<C, Failure> {
    let wrong = |e: String| Failure::Input(format!("preset {}: {e}", preset.name()));
    let mut table: toml::Table = presets.parse().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
    let size = table.remove(preset.name()).ok_or_else(|| wrong("no such table".into()))?;
    size.try_into().map_err(|e: toml::de::Error| wrong(e.to_string()))
}
