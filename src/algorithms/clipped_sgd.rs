//! Stochastic gradient descent with clipped gradients.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::momentum::Averaging;
use super::{Entry, MomentumState, Start, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{
    Algorithm, AlgorithmError, Matrix, Norm, NormError, Scalar, StochasticOracle, ZeroRespecting,
};
use crate::unit::{self, Unit};

const NAME: &str = "clipped-sgd";

/// The numbers of [`ClippedSgd`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClippedSgdConfig {
    /// eta > 0.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new, clipped gradient.
    pub averaging: f64,
    /// c > 0: no gradient counts with more than this in the dual norm.
    pub threshold: f64,
}

impl Default for ClippedSgdConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1, threshold: 1.0 }
    }
}

/// Clipped stochastic gradient descent: each gradient is clipped BEFORE it is averaged.
///
/// ```text
/// clip(G) = G min{1, c/||G||_*},
/// M_0 = clip(g(X_0)),   M_t = (1 - alpha) M_{t-1} + alpha clip(g(X_t)),   X_{t+1} = X_t - eta M_t.
/// ```
///
/// ||.||_* is the DUAL of the run's norm, in which gradients and noise are measured everywhere here: to clip by the
/// Frobenius norm, as practised, run with the norm `frobenius`, which is its own dual. The spectral norm clips by the
/// nuclear norm of the gradient. One call a step. ||M_t||_* <= c, so that ||X_{t+1} - X_t||_* <= eta c.
///
/// NOT scale-invariant: a threshold is a size. Where every gradient exceeds it, only the directions of gradients count.
///
/// # Degenerate cases
/// A zero gradient is not clipped. alpha = 1 has no memory.
///
/// # Errors
/// [`NormError::NonFinite`] if a gradient is not finite; those of the norm's dual.
#[derive(Debug, Clone)]
pub struct ClippedSgd<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: Averaging<T>,
    threshold: f64,
}

impl<T: Scalar> ClippedSgd<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: ClippedSgdConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        positive::<T>(NAME, "threshold", config.threshold)?;
        Ok(Self {
            norm,
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: Averaging::new(NAME, config.averaging, Start::Gradient)?,
            threshold: config.threshold,
        })
    }

    /// G min{1, c/||G||_*}.
    ///
    /// Measured at unit scale: neither ||G||_* nor c/||G||_* needs to be a number of the type.
    fn clip(&self, gradient: Matrix<T>) -> Result<Matrix<T>, NormError> {
        let unit = Unit::of(&gradient)?;
        let size = self.norm.dual_value(unit.matrix())?.to_f64();
        if size <= self.threshold.times_power_of_two(-unit.exponent()) {
            return Ok(gradient);
        }
        Ok(unit::times(unit.matrix(), self.threshold / size))
    }
}

impl<T: Scalar> Algorithm<T> for ClippedSgd<T> {
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
        let gradient = self.clip(oracle.query(&state.iterate)?)?;
        let momentum = self.averaging.include(&mut state.momentum, gradient);
        state.iterate.add_scaled(-self.step_size, momentum);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    /// A clipped gradient is a multiple of the gradient, whatever the norm.
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "stochastic gradient descent with momentum, each gradient clipped in the dual of the norm",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(ClippedSgd::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'clipped-sgd'\nstep_size = 0.05\naveraging = 0.25\nthreshold = 0.75"],
    }
}
