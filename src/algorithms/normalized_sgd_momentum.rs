//! Stochastic gradient descent with momentum, every step of the same Frobenius length.

use std::sync::Arc;

use super::{Entry, Scion, ScionConfig};
use crate::norms::frobenius::Frobenius;
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "normalized-sgd-momentum";

/// Normalised stochastic gradient descent with momentum: [`Scion`] in the Frobenius norm, whatever the run's norm.
///
/// ```text
/// M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t - eta M_t/||M_t||_F.
/// ```
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn normalized_sgd_momentum<T: Scalar>(config: ScionConfig) -> Result<Scion<T>, ConfigError> {
    Scion::named(NAME, config, Arc::new(Frobenius))
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then a step of fixed Frobenius length",
        uses_norm: false,
        build: |table, _| Ok(Box::new(normalized_sgd_momentum::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'normalized-sgd-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
