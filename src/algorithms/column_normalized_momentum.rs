//! Momentum whose columns are normalised: every column moves by the same length.

use std::sync::Arc;

use super::{Entry, Scion, ScionConfig};
use crate::norms::max_col_l2::MaxColL2;
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "column-normalized-momentum";

/// Column-normalised momentum: [`Scion`] in the largest column 2-norm, whatever the run's norm.
///
/// ```text
/// M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1}[:,j] = X_t[:,j] - eta M_t[:,j]/||M_t[:,j]||_2 for every column j.
/// ```
///
/// # Degenerate cases
/// A zero column of M_t stays where it is.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn column_normalized_momentum<T: Scalar>(config: ScionConfig) -> Result<Scion<T>, ConfigError> {
    Scion::named(NAME, config, Arc::new(MaxColL2))
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "momentum, then every column moves by the same length",
        uses_norm: false,
        build: |table, _| Ok(Box::new(column_normalized_momentum::<T>(registry::read(NAME, table)?)?)),
        examples: &["name = 'column-normalized-momentum'\nstep_size = 0.02\naveraging = 0.25"],
    }
}
