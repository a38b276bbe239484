//! X u v^T with random signs: the whole matrix is hit at once.

use rand::RngExt;

use super::{SIGNS, copies, of_law, unit_matrices};
use crate::noise::{Moment, ScalarLaw};
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, MomentOrder, Norm, NormError, Scalar};

/// Up to this many free signs their patterns are enumerated for a norm that is not invariant under signs.
const MOST_SIGNS: usize = 10;

pub(super) fn sample<T: Scalar>(law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
    let size = law.sample(rng) / (space.entries() as f64).sqrt();
    let mut signs = |d: usize| (0..d).map(|_| rng.random::<bool>()).collect::<Vec<_>>();
    let (u, v) = (signs(space.rows()), signs(space.columns()));
    let (plus, minus) = (T::from_f64(size), T::from_f64(-size));
    Matrix::from_fn(space.rows(), space.columns(), |i, j| if u[i] == v[j] { plus } else { minus })
}

/// Every pattern of signs and every value of X.
pub(super) fn outcomes<T: Scalar>(values: &[(f64, f64)], space: Dimensions) -> Option<Vec<(f64, Matrix<T>)>> {
    let (rows, columns) = (space.rows(), space.columns());
    let size = 1.0 / (space.entries() as f64).sqrt();
    let signs = copies(&SIGNS, rows + columns, values.len())?;
    let outcome = |(pattern, signs): &(f64, Vec<f64>), &(q, x): &(f64, f64)| {
        let entry = |i, j| T::from_f64(x * size * signs[i] * signs[rows + j]);
        (pattern * q, Matrix::from_fn(rows, columns, entry))
    };
    Some(signs.iter().flat_map(|s| values.iter().map(move |v| outcome(s, v))).collect())
}

/// E|X|^p E||u v^T||_*^p, as X is independent of u and v.
///
/// A norm that does not change when rows and columns flip their signs has a dual norm with the same property
/// (<S, X> = <DSD', DXD'>), so ||u v^T||_* is the dual norm of the constant matrix 1/sqrt(mn): EXACT. For other norms
/// the sign patterns are enumerated on small spaces (u_1 = v_1 = 1 without loss: X is symmetric and the norm even),
/// exact again; on large ones ||u v^T||_* is at most the circumradius (its Frobenius norm is 1), and at most
/// sum_ij ||E_ij||_*/sqrt(mn) by the triangle inequality.
pub(super) fn dual_moment<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    let of_x = of_law(law, p.p());
    let times = |direction: f64| move |m: f64| m * direction;
    let size = |code: usize| -> Result<f64, NormError> {
        Ok(norm.dual_value(&pattern::<T>(space, code))?.to_f64().powf(p.p()))
    };
    if norm.is_sign_invariant() {
        return Ok(of_x.map(times(size(0)?)));
    }
    let free = space.rows() + space.columns() - 2;
    if free <= MOST_SIGNS {
        let patterns = 1_usize << free;
        let sum = (0..patterns).map(size).sum::<Result<f64, _>>()?;
        return Ok(of_x.map(times(sum / patterns as f64)));
    }
    let places: Vec<_> = (0..space.columns()).flat_map(|j| (0..space.rows()).map(move |i| (i, j))).collect();
    let triangle =
        unit_matrices(norm, space, &places)?.values.iter().sum::<f64>() / (space.entries() as f64).sqrt();
    let size = triangle.min(norm.ball(space)?.circumradius);
    Ok(Moment::UpperBound(of_x.bound() * size.powf(p.p())))
}

/// u v^T whose signs after the first row and column are the bits of `code`.
fn pattern<T: Scalar>(space: Dimensions, code: usize) -> Matrix<T> {
    // Large spaces have more signs than `code` has bits: those beyond are plus.
    let bit_of = |bit: usize| code.checked_shr(u32::try_from(bit).unwrap_or(u32::MAX)).unwrap_or(0) & 1;
    let flipped = |bit: Option<usize>| bit.is_some_and(|bit| bit_of(bit) == 1);
    let size = 1.0 / (space.entries() as f64).sqrt();
    Matrix::from_fn(space.rows(), space.columns(), |i, j| {
        let row = flipped(i.checked_sub(1));
        let column = flipped(j.checked_sub(1).map(|j| j + space.rows() - 1));
        T::from_f64(if row == column { size } else { -size })
    })
}
