//! Signs of the momentum: every entry moves by the same amount.

use serde::{Deserialize, Serialize};

use super::{Entry, MomentumState, positive, weight};
use crate::norms::max_entry::MaxEntry;
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle};

const NAME: &str = "sign-momentum";

/// The numbers of [`SignMomentum`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignMomentumConfig {
    /// eta > 0: how far every entry moves.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for SignMomentumConfig {
    fn default() -> Self {
        Self { step_size: 0.001, averaging: 0.1 }
    }
}

/// Sign descent with momentum: [`super::Scion`] in the max-entry norm, whatever the run's norm.
///
/// ```text
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t - eta sign(M_t), entry by entry.
/// ```
///
/// One call a step. The path does not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// sign 0 = 0: an entry that never saw a gradient stays where it is.
///
/// # Errors
/// [`crate::spec::NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct SignMomentum<T: Scalar> {
    step_size: T,
    averaging: T,
}

impl<T: Scalar> SignMomentum<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: SignMomentumConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: weight(NAME, "averaging", config.averaging)?,
        })
    }
}

impl<T: Scalar> Algorithm<T> for SignMomentum<T> {
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
        let direction = MaxEntry.lmo(state.average(self.averaging, gradient))?;
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
        summary: "momentum, then every entry moves by the same amount along its sign",
        uses_norm: false,
        build: |table, _| Ok(Box::new(SignMomentum::<T>::new(registry::read(NAME, table)?)?)),
        examples: &["name = 'sign-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
