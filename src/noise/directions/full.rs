//! Independent entries.

use super::{
    Family, Known, Moment, MomentsOf, copies, independent_sum, lb_moment, of_law, orders, tighter,
    vector_moment,
};
use crate::noise::ScalarLaw;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, MomentOrder, Norm, NormError, Scalar};

pub(super) fn sample<T: Scalar>(law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
    Matrix::from_fn(space.rows(), space.columns(), |_, _| T::from_f64(law.sample(rng)))
}

/// Every way to fill the entries, column by column.
pub(super) fn outcomes<T: Scalar>(values: &[(f64, f64)], space: Dimensions) -> Option<Vec<(f64, Matrix<T>)>> {
    let (rows, columns) = (space.rows(), space.columns());
    let matrix = |x: Vec<f64>| Matrix::from_fn(rows, columns, |i, j| T::from_f64(x[i + j * rows]));
    Some(copies(values, space.entries(), 1)?.into_iter().map(|(q, x)| (q, matrix(x))).collect())
}

/// What is known of the family, and of any independent sum; the better of the two.
pub(super) fn dual_moment<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    let known = Known::find(&norm.label(), space).map(|known| {
        let dual = known.dual();
        of_family(law, space, dual.family, p).map(|m| dual.scale.powf(p.p()) * m)
    });
    if let Some(exact) = known.filter(|m| m.is_exact()) {
        return Ok(exact);
    }
    let places: Vec<_> = (0..space.columns()).flat_map(|j| (0..space.rows()).map(move |i| (i, j))).collect();
    let general = independent_sum(law, space, norm, p, &places)?;
    Ok(known.map_or(general, |known| tighter(known, general)))
}

fn of_family(law: &dyn ScalarLaw, space: Dimensions, family: Family, p: MomentOrder) -> Moment {
    let (rows, columns) = (space.rows(), space.columns());
    match family {
        Family::Entries(b) => vector_moment(law, b, space.entries(), p.p()),
        Family::Columns(b) => of_lines(law, b, columns, rows, p.p()),
        Family::Rows(b) => of_lines(law, b, rows, columns, p.p()),
        Family::Schatten(b) => of_singular_values(law, space, b, p),
    }
}

/// The l_b norm of `lines` independent 2-norms of `length` numbers.
fn of_lines(law: &dyn ScalarLaw, b: f64, lines: usize, length: usize, s: f64) -> Moment {
    if b == 2.0 {
        return vector_moment(law, 2.0, lines * length, s);
    }
    let of_line: MomentsOf<'_> = &|t| vector_moment(law, 2.0, length, t);
    lb_moment(b, lines, of_line, s)
}

/// Exact as a 2-norm of all entries for b = 2 and for a single row or column. Otherwise the least of
///
/// - b <= 2: ||N||_{S_b} is at most the l_b norm of the column norms, and of the row norms (||A||_{S_b}^b =
///   tr (A^T A)^{b/2} <= sum_j (A^T A)_jj^{b/2}, the diagonal being majorised by the eigenvalues and x^{b/2} concave);
/// - b > 2: ||N||_{S_b} <= ||N||_F;
/// - at every order t of [`orders`]: ||N||_{S_b} <= r^{max(0, 1/b - 1/t)}||N||_{S_t}, and ||N||_{S_t} is at most the
///   entrywise l_t norm for t <= 2 (the first item, and ||.||_2 <= ||.||_t on each column), so that
///   E||N||_{S_b}^p <= (r^{max(0, t/b - 1)} mn E|X|^t)^{p/t}.
fn of_singular_values(law: &dyn ScalarLaw, space: Dimensions, b: f64, p: MomentOrder) -> Moment {
    let frobenius = vector_moment(law, 2.0, space.entries(), p.p());
    if b == 2.0 || space.smaller_side() == 1 {
        return frobenius;
    }
    let mut best = if b < 2.0 {
        let by_columns = of_lines(law, b, space.columns(), space.rows(), p.p());
        let by_rows = of_lines(law, b, space.rows(), space.columns(), p.p());
        by_columns.bound().min(by_rows.bound())
    } else {
        frobenius.bound()
    };
    let rank = space.smaller_side() as f64;
    for order in orders(law, p) {
        let t = order.p();
        let entries = space.entries() as f64 * of_law(law, t).bound();
        best = best.min((rank.powf((t / b - 1.0).max(0.0)) * entries).powf(p.p() / t));
    }
    Moment::UpperBound(best)
}
