//! STORM-Scion: two gradients at one sample, so that the average is corrected for having moved.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::momentum::Averaging;
use super::{Entry, Start, TwoPointState, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{
    Algorithm, AlgorithmError, Matrix, Norm, OracleError, Scalar, StochasticOracle, ZeroRespecting,
};

const NAME: &str = "storm-scion";

/// The numbers of [`StormScion`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StormScionConfig {
    /// eta > 0: every step has this length in the norm.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for StormScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1 }
    }
}

/// STORM-Scion (theorem U5): recursive momentum, then a step along the lmo.
///
/// ```text
/// M_0 = the mean of ceil(1/alpha) gradients at X_0,
/// M_t = g(X_t, xi_t) + (1 - alpha)(M_{t-1} - g(X_{t-1}, xi_t)),   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// Without noise M_t IS grad f(X_t), whatever f is; noise that does not depend on the point leaves no drift either.
///
/// Both gradients of a step are taken at one sample, which the oracle must be able to repeat: 2 calls a step, the first
/// step ceil(1/alpha) ([`super::start_batch`]), so that T steps cost ceil(1/alpha) + 2(T - 1). The path does not change
/// when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. alpha = 1 has no memory: the path of [`super::Scion`] with alpha = 1, at nearly twice the calls.
///
/// # Errors
/// Those of the norm: [`crate::spec::NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct StormScion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: T,
    batch: u64,
}

/// What [`StormScion`] carries.
pub type StormScionState<T> = TwoPointState<T>;

impl<T: Scalar> StormScion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: StormScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        let averaging = Averaging::new(NAME, config.averaging, Start::Batch)?;
        Ok(Self {
            norm,
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: averaging.weight(),
            batch: averaging.batch(),
        })
    }

    /// M_t, which replaces M_{t-1}.
    fn momentum(
        &self,
        state: &mut StormScionState<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Matrix<T>, OracleError> {
        let Some(momentum) = state.momentum.take() else {
            return oracle.query_mean(&state.iterate, self.batch);
        };
        let (mut corrected, there) = oracle.query_pair(&state.iterate, &state.previous)?;
        corrected.add_scaled(T::one_impl() - self.averaging, &(&momentum - &there));
        Ok(corrected)
    }
}

impl<T: Scalar> Algorithm<T> for StormScion<T> {
    type State = StormScionState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        Ok(TwoPointState::at(start))
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let momentum = self.momentum(state, oracle)?;
        state.advance(self.step_size, &self.norm.lmo(&momentum)?);
        state.momentum = Some(momentum);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn most_calls(&self) -> u64 {
        self.batch.max(2)
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "two gradients at one sample correct the momentum for each move; then a step along the LMO of a norm",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(StormScion::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'storm-scion'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
