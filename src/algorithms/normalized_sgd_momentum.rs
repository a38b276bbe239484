//! Stochastic gradient descent with momentum, every step of the same Frobenius length.

use serde::{Deserialize, Serialize};

use super::{Entry, MomentumState, positive, weight};
use crate::norms::frobenius::Frobenius;
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle};

const NAME: &str = "normalized-sgd-momentum";

/// The numbers of [`NormalizedSgdMomentum`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormalizedSgdMomentumConfig {
    /// eta > 0: the Frobenius length of every step.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for NormalizedSgdMomentumConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1 }
    }
}

/// Normalised stochastic gradient descent with momentum: [`super::Scion`] in the Frobenius norm, whatever the run's norm.
///
/// ```text
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t - eta M_t/||M_t||_F.
/// ```
///
/// One call a step. The path does not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// The direction of M_t = 0 is 0: no move.
///
/// # Errors
/// [`crate::spec::NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct NormalizedSgdMomentum<T: Scalar> {
    step_size: T,
    averaging: T,
}

impl<T: Scalar> NormalizedSgdMomentum<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: NormalizedSgdMomentumConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: weight(NAME, "averaging", config.averaging)?,
        })
    }
}

impl<T: Scalar> Algorithm<T> for NormalizedSgdMomentum<T> {
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
        let direction = Frobenius.lmo(state.average(self.averaging, gradient))?;
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
        summary: "momentum, then a step of fixed Frobenius length",
        uses_norm: false,
        build: |table, _| Ok(Box::new(NormalizedSgdMomentum::<T>::new(registry::read(NAME, table)?)?)),
        examples: &["name = 'normalized-sgd-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
