//! Unitarily invariant norms: ||X|| = g(sigma(X)) for a symmetric gauge g (von Neumann).
//!
//! The dual norm is g_*(sigma(S)), and -U diag(w) V^T is an lmo when g(w) = 1 and <w, sigma> = g_*(sigma). Gauges are
//! evaluated in f64 for both number types.

use crate::polar;
use crate::spec::{Matrix, NormError, Scalar};
use crate::unit;

/// g(sigma(X)); the gauge sees the singular values in decreasing order, at least one, without those of zero rows and
/// columns.
pub(crate) fn value<T: Scalar>(x: &Matrix<T>, gauge: impl Fn(&[f64]) -> f64) -> Result<T, NormError> {
    unit::value(x, |y| Ok(gauge(&wide(&polar::singular_values(y)?))))
}

/// -U diag(w(sigma)) V^T over the numerical support of S; missing weights are zero.
///
/// Weights outside the numerical support would multiply singular vectors that are rounding errors.
pub(crate) fn lmo<T: Scalar>(
    s: &Matrix<T>,
    weights: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Matrix<T>, NormError> {
    unit::direction(s, |y| {
        let svd = polar::thin_svd(y)?;
        let mut w = weights(&wide(&svd.singular_values[..svd.support()]));
        for w in &mut w {
            *w = -*w;
        }
        Ok(svd.recompose(&w))
    })
}

/// -U V^T over the numerical support of S.
pub(crate) fn negative_polar<T: Scalar>(s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
    unit::direction(s, |y| Ok(-&polar::partial_isometry(y)?))
}

/// The sum of the k largest (all of them if there are fewer).
pub(crate) fn leading_sum(sigma: &[f64], k: usize) -> f64 {
    sigma.iter().take(k).sum()
}

fn wide<T: Scalar>(sigma: &[T]) -> Vec<f64> {
    sigma.iter().map(|s| s.to_f64()).collect()
}
