//! Signs of the momentum: every entry moves by the same amount.

use std::sync::Arc;

use super::{Entry, Scion, ScionConfig};
use crate::norms::max_entry::MaxEntry;
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "sign-momentum";

/// Sign descent with momentum: [`Scion`] in the max-entry norm, whatever the run's norm.
///
/// ```text
/// M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = X_t - eta sign(M_t), entry by entry.
/// ```
///
/// # Degenerate cases
/// sign 0 = 0: an entry that never saw a gradient stays where it is.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn sign_momentum<T: Scalar>(config: ScionConfig) -> Result<Scion<T>, ConfigError> {
    Scion::named(NAME, config, Arc::new(MaxEntry))
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then every entry moves by the same amount along its sign",
        uses_norm: false,
        build: |table, _| Ok(Box::new(sign_momentum::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'sign-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
