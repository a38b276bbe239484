//! Momentum whose rows are normalised: every row moves by the same length.

use std::sync::Arc;

use super::{Entry, Scion, ScionConfig};
use crate::norms::max_row_l2::MaxRowL2;
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "row-normalized-momentum";

/// Row-normalised momentum: [`Scion`] in the largest row 2-norm, whatever the run's norm.
///
/// ```text
/// M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1}[i,:] = X_t[i,:] - eta M_t[i,:]/||M_t[i,:]||_2 for every row i.
/// ```
///
/// # Degenerate cases
/// A zero row of M_t stays where it is.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn row_normalized_momentum<T: Scalar>(config: ScionConfig) -> Result<Scion<T>, ConfigError> {
    Scion::named(NAME, config, Arc::new(MaxRowL2))
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then every row moves by the same length",
        uses_norm: false,
        build: |table, _| Ok(Box::new(row_normalized_momentum::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'row-normalized-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
