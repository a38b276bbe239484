//! What an algorithm is, and what it may see.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{Matrix, NormError, OracleError, Scalar, StochasticOracle};

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AlgorithmError {
    /// The oracle gave no gradient.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// The norm gave no direction.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// A parameter is outside its range.
    #[error("{parameter} must be {must_be}, not {value}")]
    InvalidParameter {
        /// Its name as in TOML.
        parameter: &'static str,
        /// The range in words.
        must_be: &'static str,
        /// The value found.
        value: f64,
    },
    /// A method that stays in a ball was started outside of it.
    #[error(
        "the start has norm {size}, outside the ball of radius {radius}; enlarge the radius or move the start"
    )]
    StartOutsideBall {
        /// The norm of X_0.
        size: f64,
        /// The radius of the ball.
        radius: f64,
    },
}

/// A first-order method. It is never handed a problem: only an oracle, a starting point and its own state.
///
/// `State` is all that the method carries from step to step, so that a saved state goes on exactly where it was.
pub trait Algorithm<T: Scalar>: Send + Sync {
    /// What the method carries from step to step.
    type State: Clone + Serialize + DeserializeOwned + Send;

    /// The state before the first step. It may query the oracle (a first gradient at X_0, say).
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn init(
        &self,
        start: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError>;

    /// One step; on an error the state is as before or its run is over.
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError>;

    /// The current iterate X_t, the point at which the theory measures the gradient.
    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T>;
}
