//! Norms made from norms.

use super::Entry;
use crate::spec::Scalar;

pub mod dual;
pub mod layers;
pub mod max_over;
pub mod scaled;
pub mod sum_over;
pub mod weighted;

/// Files of this folder, `mod` apart, that hold no combinator.
pub const HELPERS: &[&str] = &["layers"];

/// The combinators. Their examples may be defined on one shape only, [`crate::spec::Norm::space`].
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![dual::entry(), scaled::entry(), weighted::entry(), max_over::entry(), sum_over::entry()]
}
