//! The tables of FILE.toml.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What is examined, and what is claimed of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) problem: toml::Table,
    pub(super) norm: toml::Table,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) noise: Option<toml::Table>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oracle: Option<OracleTable>,
    #[serde(default)]
    pub(super) claims: ClaimsTable,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OracleTable {
    pub(super) clip: f64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimsTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smoothness: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hessian: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gap: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sigma: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dual: Option<toml::Table>,
}

impl File {
    /// With the paths of a user's data made absolute: a witness may lie elsewhere.
    pub(super) fn absolute(mut self, folder: &Path) -> Self {
        for key in ["features", "labels"] {
            if let Some(toml::Value::String(path)) = self.problem.get_mut(key)
                && let Ok(found) = fs::canonicalize(folder.join(&*path))
            {
                *path = found.display().to_string();
            }
        }
        self
    }
}
