//! Independent numbers on the diagonal: the noise on which the spectral norm's constant r^{p-1} is attained.

use super::{Family, Known, Moment, copies, independent_sum, tighter, vector_moment};
use crate::noise::ScalarLaw;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, MomentOrder, Norm, NormError, Scalar};

pub(super) fn sample<T: Scalar>(law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
    let numbers: Vec<_> = (0..space.smaller_side()).map(|_| T::from_f64(law.sample(rng))).collect();
    Matrix::from_diagonal(space.rows(), space.columns(), &numbers)
}

/// Every way to fill the diagonal.
pub(super) fn outcomes<T: Scalar>(values: &[(f64, f64)], space: Dimensions) -> Option<Vec<(f64, Matrix<T>)>> {
    let matrix = |x: Vec<f64>| {
        let x: Vec<T> = x.into_iter().map(T::from_f64).collect();
        Matrix::from_diagonal(space.rows(), space.columns(), &x)
    };
    Some(copies(values, space.smaller_side(), 1)?.into_iter().map(|(q, x)| (q, matrix(x))).collect())
}

/// Singular values, nonzero entries, column and row norms of a diagonal matrix are the same numbers |X_i|: each
/// family's norm is an l_b norm of r independent numbers, exact where that is. Otherwise as any independent sum.
pub(super) fn dual_moment<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    let places: Vec<_> = (0..space.smaller_side()).map(|i| (i, i)).collect();
    let Some(dual) = Known::find(&norm.label(), space).map(Known::dual) else {
        return independent_sum(law, space, norm, p, &places);
    };
    let b = match dual.family {
        Family::Schatten(b) | Family::Entries(b) | Family::Columns(b) | Family::Rows(b) => b,
    };
    let scaled = |m: f64| dual.scale.powf(p.p()) * m;
    let known = vector_moment(law, b, space.smaller_side(), p.p()).map(scaled);
    if known.is_exact() {
        return Ok(known);
    }
    Ok(tighter(known, independent_sum(law, space, norm, p, &places)?))
}
