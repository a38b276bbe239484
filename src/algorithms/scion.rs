//! Scion: momentum, then a step along the linear minimisation oracle of a norm.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entry, MomentumState, positive, weight};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle};

const NAME: &str = "scion";

/// The numbers of [`Scion`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScionConfig {
    /// eta > 0: every step has this length in the norm.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for ScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1 }
    }
}

/// Scion (theorem U2).
///
/// ```text
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// One call a step. The path does not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. alpha = 1 has no memory: normalised steepest descent.
#[derive(Debug, Clone)]
pub struct Scion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: T,
}

impl<T: Scalar> Scion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: ScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        Ok(Self {
            norm,
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: weight(NAME, "averaging", config.averaging)?,
        })
    }
}

impl<T: Scalar> Algorithm<T> for Scion<T> {
    type State = MomentumState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        Ok(MomentumState::at(start))
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let gradient = oracle.query(&state.iterate)?;
        let direction = self.norm.lmo(state.average(self.averaging, gradient))?;
        state.iterate.add_scaled(self.step_size, &direction);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then a step of fixed length along the LMO of a norm (Muon with the spectral norm)",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(Scion::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'scion'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
