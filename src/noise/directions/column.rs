//! One column at a time, all of its entries at once.

use rand::RngExt;

use super::{Known, Moment, SIGNS, copies, of_law, unit_matrices};
use crate::noise::ScalarLaw;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, MomentOrder, Norm, NormError, Scalar};

/// Up to this many columns with signs are put through a norm.
const MOST_COLUMNS: usize = 1024;

pub(super) fn sample<T: Scalar>(law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
    let j = rng.random_range(0..space.columns());
    let x = law.sample(rng);
    let signs: Vec<f64> = (0..space.rows()).map(|_| if rng.random() { 1.0 } else { -1.0 }).collect();
    column(space, j, x, &signs)
}

/// x u e_j^T with u the signs over sqrt(m).
fn column<T: Scalar>(space: Dimensions, j: usize, x: f64, signs: &[f64]) -> Matrix<T> {
    let size = x / (space.rows() as f64).sqrt();
    let entry = |i: usize, k: usize| if k == j { T::from_f64(size * signs[i]) } else { T::zero_impl() };
    Matrix::from_fn(space.rows(), space.columns(), entry)
}

/// Every column, pattern of signs and value of X.
pub(super) fn outcomes<T: Scalar>(values: &[(f64, f64)], space: Dimensions) -> Option<Vec<(f64, Matrix<T>)>> {
    let share = 1.0 / space.columns() as f64;
    let signs = copies(&SIGNS, space.rows(), values.len() * space.columns())?;
    let mut outcomes = Vec::with_capacity(signs.len() * values.len() * space.columns());
    for (pattern, signs) in &signs {
        for (j, &(q, x)) in (0..space.columns()).flat_map(|j| values.iter().map(move |v| (j, v))) {
            outcomes.push((pattern * q * share, column(space, j, x, signs)));
        }
    }
    Some(outcomes)
}

/// E|X|^p times the mean of ||u e_j^T||_*^p over columns and signs, as X, J and u are independent.
///
/// EXACT for a known family (of a product it is a product, and no family sees a sign or which column it is), for a norm
/// that does not change when rows flip their signs (u is constant without loss: one matrix a column), and where all
/// patterns can be tried (u_1 > 0 without loss: X is symmetric and the norm even). Otherwise ||u e_j^T||_* is at most the
/// circumradius (its Frobenius norm is 1), and at most sum_i ||E_ij||_*/sqrt(m) by the triangle inequality.
pub(super) fn dual_moment<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    let of_x = of_law(law, p.p());
    let (rows, columns) = (space.rows(), space.columns());
    if let Some(known) = Known::find(&norm.label(), space) {
        let flat = vec![1.0 / (rows as f64).sqrt(); rows];
        let size = known.dual().of_rank_one(&flat, &[1.0]);
        return Ok(of_x.map(|m| m * size.powf(p.p())));
    }
    let free = if norm.is_sign_invariant() { 0 } else { rows - 1 };
    if let Some(patterns) = copies(&SIGNS, free, 1).filter(|p| p.len() * columns <= MOST_COLUMNS) {
        let mut sum = 0.0;
        for (_, signs) in &patterns {
            let mut all = vec![1.0; rows];
            all[rows - free..].copy_from_slice(signs);
            for j in 0..columns {
                sum += norm.dual_value(&column(space, j, 1.0, &all))?.to_f64().powf(p.p());
            }
        }
        return Ok(of_x.map(|m| m * sum / (patterns.len() * columns) as f64));
    }
    let circumradius = norm.ball(space)?.circumradius;
    let places: Vec<_> = (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).collect();
    let entries = unit_matrices(norm, space, &places)?.values;
    let of_column = |e: &[f64]| (e.iter().sum::<f64>() / (rows as f64).sqrt()).min(circumradius).powf(p.p());
    let mean = entries.chunks(rows).map(of_column).sum::<f64>() / columns as f64;
    Ok(Moment::UpperBound(of_x.bound() * mean))
}
