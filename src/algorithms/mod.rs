//! Methods: config, state and step, one file each.
//!
//! # Conventions
//!
//! `averaging` is alpha, the weight of the NEW gradient, in every method (beta = 1 - alpha); M_0 is the first
//! gradient, unless a [`Start`] says otherwise. A method's `init` asks nothing; step t asks for the gradient that enters
//! M_t, forms M_t and moves from X_t to X_{t+1}. So T steps cost T calls (T B with batches of B, T - 1 + ceil(1/alpha)
//! with the start `batch`, ceil(1/alpha) + 2(T - 1) for STORM), and M_0, ..., M_{T-1} are taken at (or near) the points
//! X_0, ..., X_{T-1} over which the theorems average.
//!
//! Nothing is added to a denominator, unless by an `epsilon` that practice has, whose default here is 0. A direction of
//! the zero matrix is zero.
//!
//! A method that is another one in one norm, or with special numbers, is a function that returns that other one.
//!
//! # Which zeros a method keeps
//!
//! [`crate::spec::Algorithm::zero_respecting`] answers for a method with its numbers and its norm, so that
//! `build(&table, norm)?.zero_respecting()` answers for any method in any norm: the class of the norm's lmo for a method
//! that steps along it (everything else in a step is a linear combination), entries where every entry is on its own.
//!
//! # What is absent
//!
//! A method knows a norm and an oracle, never a problem. Defaults are numbers to start from, not a schedule: those
//! that a theorem prescribes come from `heavynorm-proofs-check`.

use std::sync::Arc;

use crate::registry::{self, ConfigError};
use crate::spec::{Norm, Scalar};

pub mod adam;
pub mod adamw;
pub mod batched_scion;
pub mod clipped_sgd;
pub mod column_normalized_momentum;
pub mod constrained_scion;
pub mod erased;
pub mod momentum;
pub mod muon;
pub mod newton_schulz;
pub mod nigt;
pub mod normalized_sgd_momentum;
pub mod normuon;
pub mod row_normalized_momentum;
pub mod scion;
pub mod sgd;
pub mod sgd_momentum;
pub mod sign_momentum;
pub mod storm_scion;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod transported_scion;

pub use adam::{Adam, AdamConfig};
pub use adamw::{AdamWConfig, adamw};
pub use batched_scion::{BatchedScion, BatchedScionConfig};
pub use clipped_sgd::{ClippedSgd, ClippedSgdConfig};
pub use column_normalized_momentum::column_normalized_momentum;
pub use constrained_scion::{ConstrainedScion, ConstrainedScionConfig};
pub use erased::{DynAlgorithm, StateError, Trajectory};
pub use momentum::{MomentumState, Start, TwoPointState, start_batch};
pub use muon::{Muon, MuonConfig};
pub use newton_schulz::newton_schulz;
pub use nigt::nigt;
pub use normalized_sgd_momentum::normalized_sgd_momentum;
pub use normuon::{NorMuon, NorMuonConfig};
pub use row_normalized_momentum::row_normalized_momentum;
pub use scion::{Scion, ScionConfig};
pub use sgd::{SgdConfig, sgd};
pub use sgd_momentum::{SgdMomentum, SgdMomentumConfig};
pub use sign_momentum::sign_momentum;
pub use storm_scion::{StormScion, StormScionConfig};
pub use transported_scion::{TransportedScion, TransportedScionConfig};

/// Files of this folder that are no method.
pub const HELPERS: &[&str] = &["erased", "momentum", "newton_schulz", "testing"];

/// How an entry makes its method from a table and a norm (which methods without a norm leave aside).
pub type Build<T> = fn(&toml::Table, Arc<dyn Norm<T>>) -> Result<Box<dyn DynAlgorithm<T>>, ConfigError>;

/// A method as the command line and TOML files know it.
#[derive(Debug)]
pub struct Entry<T: Scalar> {
    /// The value of the `name` key.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The method moves along the linear minimisation oracle of a norm.
    pub uses_norm: bool,
    /// How it is made.
    pub build: Build<T>,
    /// Tables that it accepts, as TOML text.
    pub examples: &'static [&'static str],
}

/// Every method.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![
        batched_scion::entry(),
        scion::entry(),
        transported_scion::entry(),
        storm_scion::entry(),
        constrained_scion::entry(),
        sgd::entry(),
        sgd_momentum::entry(),
        clipped_sgd::entry(),
        normalized_sgd_momentum::entry(),
        nigt::entry(),
        sign_momentum::entry(),
        row_normalized_momentum::entry(),
        column_normalized_momentum::entry(),
        adam::entry(),
        adamw::entry(),
        muon::entry(),
        normuon::entry(),
    ]
}

/// The method that a table describes: its `name` and its parameters (those left out take their defaults).
///
/// # Errors
/// [`ConfigError`]: unknown names and keys, wrong types, numbers outside their range.
pub fn build<T: Scalar>(
    table: &toml::Table,
    norm: Arc<dyn Norm<T>>,
) -> Result<Box<dyn DynAlgorithm<T>>, ConfigError> {
    let name = registry::name_of_table("method", table)?;
    let entry = registry::find("method", entries::<T>(), &name, |e| e.name)?;
    (entry.build)(table, norm)
}

/// A number that must be finite and above 0 once it is a `T`.
pub(crate) fn positive<T: Scalar>(name: &str, parameter: &'static str, value: f64) -> Result<T, ConfigError> {
    let x = T::from_f64(value);
    let must_be = "finite and above 0 (in the number type of the run)";
    in_range(name, parameter, value, must_be, x.is_finite() && x > T::zero_impl())?;
    Ok(x)
}

/// A weight in (0, 1], and above 0 once it is a `T`.
pub(crate) fn weight<T: Scalar>(name: &str, parameter: &'static str, value: f64) -> Result<T, ConfigError> {
    let x = T::from_f64(value);
    let must_be = "above 0 and at most 1";
    in_range(name, parameter, value, must_be, x > T::zero_impl() && value <= 1.0)?;
    Ok(x)
}

pub(crate) fn in_range(
    name: &str,
    parameter: &'static str,
    value: f64,
    must_be: &'static str,
    holds: bool,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::OutOfRange { name: name.into(), parameter, must_be, value }) }
}
