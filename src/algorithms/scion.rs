//! Scion: momentum, then a step along the linear minimisation oracle of a norm.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::momentum::Averaging;
use super::{Entry, MomentumState, Start, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "scion";

/// The numbers of [`Scion`], and of every method that is Scion in one norm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScionConfig {
    /// eta > 0: every step has this length in the norm.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
    /// How M_0 is formed.
    pub start: Start,
}

impl Default for ScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1, start: Start::Gradient }
    }
}

/// Scion (theorem U2; with the start `zero`, U2').
///
/// ```text
/// M_0 = g(X_0) (see Start),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// One call a step; the first step of the start `batch` costs ceil(1/alpha). The path does not change when the objective
/// is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. alpha = 1 has no memory: normalised steepest descent, whatever the start.
///
/// # Errors
/// Those of the norm: [`crate::spec::NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct Scion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: Averaging<T>,
}

impl<T: Scalar> Scion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: ScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        Self::named(NAME, config, norm)
    }

    /// Scion under the name that it has in one norm.
    pub(super) fn named(
        name: &str,
        config: ScionConfig,
        norm: Arc<dyn Norm<T>>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            norm,
            step_size: positive(name, "step_size", config.step_size)?,
            averaging: Averaging::new(name, config.averaging, config.start)?,
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
        let momentum = self.averaging.query(&mut state.momentum, &state.iterate, oracle)?;
        state.iterate.add_scaled(self.step_size, &self.norm.lmo(momentum)?);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn most_calls(&self) -> u64 {
        self.averaging.batch()
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then a step of fixed length along the LMO of a norm (Muon with the spectral norm)",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(Scion::new(registry::read(NAME, table)?, norm)?)),
        examples: &[
            "name = 'scion'\nstep_size = 0.02\naveraging = 0.25",
            "name = 'scion'\nstep_size = 0.02\naveraging = 0.25\nstart = 'zero'",
            "name = 'scion'\nstep_size = 0.02\naveraging = 0.25\nstart = 'batch'",
        ],
    }
}
