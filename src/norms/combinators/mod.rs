//! Norms made from norms.

use super::Entry;
use crate::spec::Scalar;

/// Files of this folder that hold no combinator.
pub const HELPERS: &[&str] = &["mod"];

/// The combinators. Their examples may be defined on one shape only: [`crate::spec::NormError::WrongShape`] names it.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![]
}
