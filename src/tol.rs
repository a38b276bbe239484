//! Tolerances, named and justified; nobody else writes a small number.

use crate::spec::{Dimensions, Scalar};

/// Relative error of a sum, an inner product or a norm of an m x n matrix: a sum of mn terms of one sign carries at
/// most mn u to first order, in practice about sqrt(mn) u; the singular value decomposition adds a small multiple of
/// max(m, n) u. 32 (sqrt(mn) + max(m, n)) u covers both with room, and is 1e-12 at 128 x 128 in f64.
pub fn rounding<T: Scalar>(dimensions: Dimensions) -> f64 {
    let terms = (dimensions.entries() as f64).sqrt() + dimensions.larger_side() as f64;
    32.0 * terms * T::UNIT_ROUNDOFF.to_f64()
}

/// The numerical rank of a partial isometry: sigma_i counts when sigma_i > this times sigma_1, 16 max(m, n) u.
///
/// Without a rule an SVD leaks rounding errors of null directions as whole singular vectors: measured
/// |lmo(tS) - lmo(S)| = 1.07 at rank 8 of 16.
pub fn rank<T: Scalar>(dimensions: Dimensions) -> T {
    T::from_f64(16.0 * dimensions.larger_side() as f64) * T::UNIT_ROUNDOFF
}

/// The largest condition number of a weight, 1/sqrt(u): errors that grow with it still leave half of the digits.
pub fn condition<T: Scalar>() -> f64 {
    1.0 / T::UNIT_ROUNDOFF.to_f64().sqrt()
}

/// Relative rounding error granted to one evaluation of an objective, a gradient or a Hessian action: each is a few nested
/// sums over at most a few thousand terms, which 1e4 u covers, times sqrt(mn) for a norm of the mn errors. The laws of
/// problems ([`crate::spec::laws`]) grant the same.
pub fn evaluation(dimensions: Dimensions) -> f64 {
    1e4 * (dimensions.entries() as f64).sqrt() * f64::EPSILON
}
