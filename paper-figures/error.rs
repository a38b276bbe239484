//! What can go wrong in a call, and the exit code that says so.

use heavynorm::registry::ConfigError;
use heavynorm::spec::{HypothesisError, NormError, ProblemError};
use heavynorm_proofs_check::PlanError;
use heavynorm_proofs_check::certify::CertifyError;
use heavynorm_proofs_check::lower_bounds::LowerBoundError;
use thiserror::Error;

use crate::npy::NpyError;
use crate::store::StoreError;

/// Why a call did not do what it was asked.
#[derive(Debug, Error)]
pub enum Failure {
    /// A check or a claim failed: exit code 1.
    #[error("{0}")]
    Check(String),
    /// The input or the call is wrong: exit code 2.
    #[error("{0}")]
    Input(String),
    /// The environment refused (disk full, no permission, interrupted): exit code 3.
    #[error("{0}")]
    Environment(String),
}

impl Failure {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Check(_) => 1,
            Self::Input(_) => 2,
            Self::Environment(_) => 3,
        }
    }

    /// The user asked for an end (Ctrl-C).
    pub fn interrupted(how_to_go_on: &str) -> Self {
        Self::Environment(format!("interrupted; {how_to_go_on}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(e: ConfigError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<NormError> for Failure {
    fn from(e: NormError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<ProblemError> for Failure {
    fn from(e: ProblemError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<HypothesisError> for Failure {
    fn from(e: HypothesisError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<LowerBoundError> for Failure {
    fn from(e: LowerBoundError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<CertifyError> for Failure {
    fn from(e: CertifyError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(e: PlanError) -> Self {
        Self::Input(e.to_string())
    }
}

impl From<NpyError> for Failure {
    fn from(e: NpyError) -> Self {
        match e {
            NpyError::Unreadable { ref source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
                Self::Environment(e.to_string())
            }
            _ => Self::Input(e.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Io { .. } | StoreError::NoFolder { .. } => Self::Environment(e.to_string()),
            _ => Self::Input(e.to_string()),
        }
    }
}
