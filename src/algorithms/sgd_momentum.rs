//! Stochastic gradient descent with momentum.

use serde::{Deserialize, Serialize};

use super::momentum::Averaging;
use super::{Entry, MomentumState, Start, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "sgd-momentum";

/// The numbers of [`SgdMomentum`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdMomentumConfig {
    /// eta > 0.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for SgdMomentumConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1 }
    }
}

/// Stochastic gradient descent with (exponentially averaged) momentum.
///
/// ```text
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t - eta M_t.
/// ```
///
/// The heavy-ball form V_t = (1 - alpha) V_{t-1} + g(X_t) with step eta' is the same path for eta = eta'/alpha, the
/// first gradients apart (V_{-1} = 0). One call a step; NOT scale-invariant: the step grows with the gradient, and
/// under heavy tails the run may diverge.
///
/// # Degenerate cases
/// alpha = 1 is plain stochastic gradient descent, [`super::sgd()`].
#[derive(Debug, Clone)]
pub struct SgdMomentum<T: Scalar> {
    step_size: T,
    averaging: Averaging<T>,
}

impl<T: Scalar> SgdMomentum<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: SgdMomentumConfig) -> Result<Self, ConfigError> {
        Self::named(NAME, config)
    }

    /// The method under the name that it has with special numbers.
    pub(super) fn named(name: &str, config: SgdMomentumConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            step_size: positive(name, "step_size", config.step_size)?,
            averaging: Averaging::new(name, config.averaging, Start::Gradient)?,
        })
    }
}

impl<T: Scalar> Algorithm<T> for SgdMomentum<T> {
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
        state.iterate.add_scaled(-self.step_size, momentum);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "stochastic gradient descent with momentum; its steps grow with the gradient",
        uses_norm: false,
        build: |table, _| Ok(Box::new(SgdMomentum::<T>::new(registry::read(NAME, table)?)?)),
        examples: &["name = 'sgd-momentum'\nstep_size = 0.05\naveraging = 0.25"],
    }
}
