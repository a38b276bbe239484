//! Stochastic gradient descent.

use serde::{Deserialize, Serialize};

use super::{Entry, SgdMomentum, SgdMomentumConfig};
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "sgd";

/// The number of [`sgd()`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdConfig {
    /// eta > 0.
    pub step_size: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { step_size: 0.01 }
    }
}

/// Stochastic gradient descent: [`SgdMomentum`] without memory.
///
/// ```text
/// X_{t+1} = X_t - eta g(X_t).
/// ```
///
/// One call a step; NOT scale-invariant: the step grows with the gradient, and under heavy tails the run may diverge.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn sgd<T: Scalar>(config: SgdConfig) -> Result<SgdMomentum<T>, ConfigError> {
    SgdMomentum::named(NAME, SgdMomentumConfig { step_size: config.step_size, averaging: 1.0 })
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "stochastic gradient descent; its steps grow with the gradient",
        uses_norm: false,
        build: |table, _| Ok(Box::new(sgd::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'sgd'\nstep_size = 0.05"],
    }
}
