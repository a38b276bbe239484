//! Norms with exact linear minimisation oracles, one file each, and their registry.
//!
//! # How values are computed
//!
//! Every method first brings its matrix to unit scale ([`crate::unit`]): nothing overflows on the way, powers of two
//! come out bit for bit, tiny matrices are treated like any other. Singular values come from [`crate::polar`];
//! functions of them, and of entries, are evaluated in f64 for both number types.
//!
//! # Bounds on K_p
//!
//! Upper bounds are the smallest of several valid ones, the Frobenius route of Lemma 2.2 always among them: on few
//! rows or columns it may beat a table row, and where the space is Euclidean it gives 2^{2-p}. Every lower bound is
//! attained by martingale differences +-D_i, independent signs, for which the norm of the final sum is NOT random; that
//! is what lets the lower bounds of layers add ([`combinators::max_over`]).
//!
//! # Adding a norm
//!
//! One file with the norm, its `examples` and its `entry`, a `pub mod` line, and a line in [`entries`]. Combinators live
//! in [`combinators`], with their own list: their examples may be norms on one shape only.

use std::fmt;

use serde::Deserialize;
use toml::Table;

use crate::registry::{self, ConfigError};
use crate::spec::{Norm, Scalar};

pub mod combinators;
mod support;

pub mod entry_lq;
pub mod frobenius;
pub mod ky_fan;
pub mod ky_fan_dual;
pub mod max_col_l2;
pub mod max_entry;
pub mod max_row_l2;
pub mod nuclear;
pub mod rms_to_rms;
pub mod schatten;
pub mod spectral;
pub mod sum_col_l2;
pub mod sum_entries;
pub mod sum_row_l2;

/// Files of this folder, `mod` apart, that hold no norm.
pub const HELPERS: &[&str] = &[];

/// Builds a norm from a table.
pub type Build<T> = fn(&Table) -> Result<Box<dyn Norm<T>>, ConfigError>;

/// A norm of the registry.
pub struct Entry<T: Scalar> {
    /// Its name in TOML and on the command line.
    pub name: &'static str,
    /// One line: what the norm is.
    pub summary: &'static str,
    /// The keys that `build` reads.
    pub parameters: &'static [&'static str],
    /// Builds it from a table; the key `name` is passed over.
    pub build: Build<T>,
    /// Instances to test laws on.
    pub examples: fn() -> Vec<Box<dyn Norm<T>>>,
}

impl<T: Scalar> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The norms, each defined on every shape.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![
        spectral::entry(),
        nuclear::entry(),
        frobenius::entry(),
        schatten::entry(),
        ky_fan::entry(),
        ky_fan_dual::entry(),
        max_entry::entry(),
        sum_entries::entry(),
        max_col_l2::entry(),
        sum_col_l2::entry(),
        max_row_l2::entry(),
        sum_row_l2::entry(),
        rms_to_rms::entry(),
        entry_lq::entry(),
    ]
}

/// Builds the norm or combinator that the key `name` asks for; norms inside combinators are tables of the same kind.
///
/// ```
/// let table = "name = 'scaled'\nfactor = 2\nnorm = { name = 'spectral' }".parse().unwrap();
/// let norm = heavynorm::norms::build::<f64>(&table).unwrap();
/// assert_eq!(norm.label().as_str(), "scaled(2, spectral)");
/// ```
///
/// # Errors
/// [`ConfigError`]: no or unknown name, unknown, missing and mistyped keys, values out of range, unusable data.
pub fn build<T: Scalar>(table: &Table) -> Result<Box<dyn Norm<T>>, ConfigError> {
    let name = registry::name_of_table("norm", table)?;
    let all = entries::<T>().into_iter().chain(combinators::entries()).collect();
    (registry::find("norm", all, &name, |entry| entry.name)?.build)(table)
}

/// The configuration of a norm without parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

/// Builds a norm without parameters.
fn build_plain<T: Scalar>(
    name: &str,
    table: &Table,
    norm: impl Norm<T> + 'static,
) -> Result<Box<dyn Norm<T>>, ConfigError> {
    registry::read::<NoParameters>(name, table)?;
    Ok(Box::new(norm))
}
