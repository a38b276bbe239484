//! NIGT: normalised steps with implicit gradient transport.

use std::sync::Arc;

use super::{Entry, TransportedScion, TransportedScionConfig};
use crate::norms::frobenius::Frobenius;
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "nigt";

/// NIGT (Cutkosky and Mehta, arXiv 2002.03305): [`TransportedScion`] in the Frobenius norm, whatever the run's norm.
///
/// ```text
/// M_t = (1 - alpha) M_{t-1} + alpha g(X_t + ((1 - alpha)/alpha)(X_t - X_{t-1})),   X_{t+1} = X_t - eta M_t/||M_t||_F.
/// ```
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn nigt<T: Scalar>(config: TransportedScionConfig) -> Result<TransportedScion<T>, ConfigError> {
    TransportedScion::named(NAME, config, Arc::new(Frobenius))
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "normalised steps along gradients taken ahead of the iterate (Transported Scion, Frobenius)",
        uses_norm: false,
        build: |table, _| Ok(Box::new(nigt::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'nigt'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
