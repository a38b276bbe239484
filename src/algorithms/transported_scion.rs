//! Transported Scion: the gradient is taken ahead of the iterate, so that old gradients are carried along.

use std::sync::Arc;

use super::momentum::Averaging;
use super::{Entry, ScionConfig, TwoPointState, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "transported-scion";

/// The numbers of [`TransportedScion`]: those of [`super::Scion`].
pub type TransportedScionConfig = ScionConfig;

/// Transported Scion (theorem U3; with the start `batch`, U3'), with X_{-1} = X_0.
///
/// ```text
/// Y_t = X_t + ((1 - alpha)/alpha)(X_t - X_{t-1}),
/// M_0 = g(X_0) (see Start),   M_t = (1 - alpha) M_{t-1} + alpha g(Y_t),   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// The transport identity (1 - alpha)(X_{t-1} - X_t) + alpha(Y_t - X_t) = 0 makes the first-order drift of the
/// average vanish: where the gradient is affine, M_t without noise IS grad f(X_t) (but for the start `zero`, which never
/// catches up with its first zero at once).
///
/// One call a step, at Y_t; the first step of the start `batch` costs ceil(1/alpha). The iterate is X_t. The path does
/// not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. alpha = 1 has Y_t = X_t and no memory: [`super::Scion`] with alpha = 1.
///
/// # Errors
/// Those of the norm: [`crate::spec::NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct TransportedScion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: Averaging<T>,
}

/// What [`TransportedScion`] carries.
pub type TransportedScionState<T> = TwoPointState<T>;

impl<T: Scalar> TransportedScion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: TransportedScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        Self::named(NAME, config, norm)
    }

    /// Transported Scion under the name that it has in one norm.
    pub(super) fn named(
        name: &str,
        config: TransportedScionConfig,
        norm: Arc<dyn Norm<T>>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            norm,
            step_size: positive(name, "step_size", config.step_size)?,
            averaging: Averaging::new(name, config.averaging, config.start)?,
        })
    }

    /// Y_t, where the next gradient is taken.
    pub fn query_point(&self, state: &TransportedScionState<T>) -> Matrix<T> {
        // From the same rounded 1 - alpha as the average, or the drift would not cancel to rounding.
        let alpha = self.averaging.weight();
        let mut y = state.iterate.clone();
        y.add_scaled((T::one_impl() - alpha) / alpha, &(&state.iterate - &state.previous));
        y
    }
}

impl<T: Scalar> Algorithm<T> for TransportedScion<T> {
    type State = TransportedScionState<T>;

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
        let y = self.query_point(state);
        let direction = self.norm.lmo(self.averaging.query(&mut state.momentum, &y, oracle)?)?;
        state.advance(self.step_size, &direction);
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
        summary: "Scion whose gradients are taken ahead of the iterate: momentum without first-order drift",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(TransportedScion::new(registry::read(NAME, table)?, norm)?)),
        examples: &[
            "name = 'transported-scion'\nstep_size = 0.02\naveraging = 0.25",
            "name = 'transported-scion'\nstep_size = 0.02\naveraging = 0.25\nstart = 'zero'",
            "name = 'transported-scion'\nstep_size = 0.02\naveraging = 0.25\nstart = 'batch'",
        ],
    }
}
