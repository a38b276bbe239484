//! What the registries share: how an entry is named and built from a TOML table, and what goes wrong.

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::spec::{HypothesisError, MatrixError, NormError, ProblemError};

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConfigError {
    /// No entry has this name.
    #[error("there is no {kind} named '{found}'; known are: {known}")]
    UnknownName {
        /// What was looked for: norm, noise, problem, method.
        kind: &'static str,
        /// The name given.
        found: String,
        /// The names there are.
        known: String,
    },
    /// The table has an unknown key, a missing key or a value of the wrong type.
    #[error("{name}: {message}")]
    Table {
        /// The entry.
        name: String,
        /// What the TOML reader says.
        message: String,
    },
    /// A value is outside its range.
    #[error("{name}: {parameter} must be {must_be}, not {value}")]
    OutOfRange {
        /// The entry.
        name: String,
        /// The key.
        parameter: &'static str,
        /// The range in words.
        must_be: &'static str,
        /// The value found.
        value: f64,
    },
    /// Data are unusable.
    #[error("{0}")]
    Data(String),
    /// A hypothesis does not hold.
    #[error(transparent)]
    Hypothesis(#[from] HypothesisError),
    /// A norm gave no answer.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// A matrix has a wrong shape.
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// A problem could not be made.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// Reads a typed configuration from a table (its `name` key, which chose the entry, is left out).
///
/// # Errors
/// [`ConfigError::Table`] for unknown, missing and mistyped keys: configurations deny unknown fields.
pub fn read<C: DeserializeOwned>(name: &str, table: &toml::Table) -> Result<C, ConfigError> {
    let mut table = table.clone();
    table.remove("name");
    toml::Value::Table(table)
        .try_into()
        .map_err(|e: toml::de::Error| ConfigError::Table { name: name.into(), message: e.message().into() })
}

/// Finds an entry by name.
///
/// # Errors
/// [`ConfigError::UnknownName`] with the names there are.
pub fn find<E>(
    kind: &'static str,
    entries: Vec<E>,
    name: &str,
    name_of: impl Fn(&E) -> &'static str,
) -> Result<E, ConfigError> {
    let known = entries.iter().map(&name_of).collect::<Vec<_>>().join(", ");
    entries.into_iter().find(|entry| name_of(entry) == name).ok_or_else(|| ConfigError::UnknownName {
        kind,
        found: name.into(),
        known,
    })
}

/// The value of the `name` key.
///
/// # Errors
/// [`ConfigError::Table`] if there is none or it is no string.
pub fn name_of_table(kind: &'static str, table: &toml::Table) -> Result<String, ConfigError> {
    match table.get("name") {
        Some(toml::Value::String(name)) => Ok(name.clone()),
        _ => {
            Err(ConfigError::Table { name: kind.into(), message: "a key `name = \"...\"` is needed".into() })
        }
    }
}
