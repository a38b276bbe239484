//! Along which matrices a scalar law is laid out.

use serde::Deserialize;

use super::sums::{MomentsOf, lb_moment, weighted_sum_bound};
use super::{Moment, ScalarLaw};
use crate::family::{Family, Known};
use crate::seed::Rng;
use crate::spec::{Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, Scalar};

mod column;
mod diagonal;
mod full;
mod rank_one;
mod spike;

/// How a symmetric number X becomes a symmetric random matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Every entry is an independent copy of X.
    Full,
    /// X u v^T, with u and v independent uniform sign vectors of length 1 (entries +-1/sqrt(m) and +-1/sqrt(n)).
    RankOne,
    /// sum_i X_i E_ii over i <= r = min{m, n}, with independent copies of X.
    Diagonal,
    /// X E_JJ with J uniform in {1, .., r} and independent of X.
    Spike,
    /// X u e_J^T, with a uniform column J and an independent uniform sign vector u of length 1 (entries +-1/sqrt(m)).
    Column,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 5] = [Self::Full, Self::RankOne, Self::Diagonal, Self::Spike, Self::Column];

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::RankOne => "rank-one",
            Self::Diagonal => "diagonal",
            Self::Spike => "spike",
            Self::Column => "column",
        }
    }

    /// One draw of N on a space.
    pub fn sample<T: Scalar>(self, law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
        match self {
            Self::Full => full::sample(law, space, rng),
            Self::RankOne => rank_one::sample(law, space, rng),
            Self::Diagonal => diagonal::sample(law, space, rng),
            Self::Spike => spike::sample(law, space, rng),
            Self::Column => column::sample(law, space, rng),
        }
    }

    /// The law of N outcome by outcome; `None` unless X has finitely many values and N at most 2^16 outcomes.
    pub fn finite_law<T: Scalar>(self, law: &dyn ScalarLaw, space: Dimensions) -> Option<FiniteLaw<T>> {
        let values = law.outcomes()?;
        let outcomes = match self {
            Self::Full => full::outcomes(&values, space)?,
            Self::RankOne => rank_one::outcomes(&values, space)?,
            Self::Diagonal => diagonal::outcomes(&values, space)?,
            Self::Spike => spike::outcomes(&values, space),
            Self::Column => column::outcomes(&values, space)?,
        };
        Some(FiniteLaw::new(outcomes))
    }

    /// E||N||_*^p in the dual of `norm`; infinite exactly when E|X|^p is.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn dual_moment<T: Scalar>(
        self,
        law: &dyn ScalarLaw,
        space: Dimensions,
        norm: &dyn Norm<T>,
        p: MomentOrder,
    ) -> Result<Moment, NormError> {
        if law.absolute_moment(p.p()).is_infinite() {
            return Ok(Moment::Infinite);
        }
        match self {
            Self::Full => full::dual_moment(law, space, norm, p),
            Self::RankOne => rank_one::dual_moment(law, space, norm, p),
            Self::Diagonal => diagonal::dual_moment(law, space, norm, p),
            Self::Spike => spike::dual_moment(law, space, norm, p),
            Self::Column => column::dual_moment(law, space, norm, p),
        }
    }
}

/// Spaces with more entries than this are not asked for the norm of every unit matrix E_ij.
const MOST_UNIT_MATRICES: usize = 1024;

/// Laws with more outcomes than this are not listed.
const MOST_OUTCOMES: usize = 1 << 16;

/// A uniform sign.
const SIGNS: [(f64, f64); 2] = [(0.5, 1.0), (0.5, -1.0)];

/// Every way to draw `count` independent copies of a number, after its probability; `None` if `times` as many would be
/// more than [`MOST_OUTCOMES`].
fn copies(values: &[(f64, f64)], count: usize, times: usize) -> Option<Vec<(f64, Vec<f64>)>> {
    let ways = values.len().checked_pow(u32::try_from(count).ok()?)?;
    if ways.checked_mul(times)? > MOST_OUTCOMES {
        return None;
    }
    let way = |mut code: usize| {
        let (mut probability, mut numbers) = (1.0, Vec::with_capacity(count));
        for _ in 0..count {
            let (q, x) = values[code % values.len()];
            code /= values.len();
            probability *= q;
            numbers.push(x);
        }
        (probability, numbers)
    };
    Some((0..ways).map(way).collect())
}

/// x E_ii.
fn place_on<T: Scalar>(space: Dimensions, i: usize, x: f64) -> Matrix<T> {
    let mut unit = Matrix::zeros(space.rows(), space.columns());
    unit[(i, i)] = T::from_f64(x);
    unit
}

/// E|X|^s as a moment.
fn of_law(law: &dyn ScalarLaw, s: f64) -> Moment {
    match law.absolute_moment(s) {
        m if m.is_finite() => Moment::Exact(m),
        _ => Moment::Infinite,
    }
}

/// E||(X_1, .., X_d)||_b^s for independent copies of X: the law's own formula, or [`lb_moment`]; always the latter at
/// b = s = 2, where d E X^2 is better conditioned than a ratio of Gamma functions of d.
fn vector_moment(law: &dyn ScalarLaw, b: f64, d: usize, s: f64) -> Moment {
    match law.vector_moment(b, d, s) {
        Some(m) if b != 2.0 || s != 2.0 => Moment::Exact(m),
        _ => lb_moment(b, d, &|t| of_law(law, t), s),
    }
}

/// Sizes of matrices, or bounds on them.
struct Sizes {
    values: Vec<f64>,
    exact: bool,
}

/// The dual norms of the unit matrices E_ij at the given places, exactly or (on large spaces) from above: a unit
/// matrix has Frobenius norm 1, so its dual norm is at most the circumradius of the unit ball.
fn unit_matrices<T: Scalar>(
    norm: &dyn Norm<T>,
    space: Dimensions,
    places: &[(usize, usize)],
) -> Result<Sizes, NormError> {
    let all = |size, exact| Ok(Sizes { values: vec![size; places.len()], exact });
    if let Some(known) = Known::find(&norm.label(), space) {
        return all(known.dual().scale, true);
    }
    if places.len() > MOST_UNIT_MATRICES {
        return all(norm.ball(space)?.circumradius, false);
    }
    let dual = |&(i, j): &(usize, usize)| {
        let mut unit = Matrix::zeros(space.rows(), space.columns());
        unit[(i, j)] = T::one_impl();
        Ok(norm.dual_value(&unit)?.to_f64())
    };
    Ok(Sizes { values: places.iter().map(dual).collect::<Result<_, NormError>>()?, exact: true })
}

/// A bound on E||sum_k X_k E_k||_*^p for independent copies of X on different unit matrices E_k, for any norm.
///
/// The least of four, with e_k = ||E_k||_*, M = E|X|^p, and of the same four at order 2 raised to p/2 (Lyapunov) when
/// E X^2 is finite:
///
/// - triangle inequality: ||.||_* <= sum e_k|X_k|, then the two bounds on the moment of a sum of independent numbers;
/// - type: K_p sum_k E||X_k E_k||_*^p = K_p M sum e_k^p, as independent zero-mean terms are martingale differences;
/// - norm equivalence: ||S||_* <= R||S||_F with R the circumradius of the unit ball, E||.||_*^p <= R^p E||x||_2^p.
///
/// With a single unit matrix it is exact.
fn independent_sum<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
    places: &[(usize, usize)],
) -> Result<Moment, NormError> {
    let weights = unit_matrices(norm, space, places)?.values;
    if let [only] = weights[..] {
        return Ok(of_law(law, p.p()).map(|m| m * only.powf(p.p())));
    }
    let circumradius = norm.ball(space)?.circumradius;
    let mut best = f64::INFINITY;
    for order in orders(law, p) {
        let t = order.p();
        let triangle = weighted_sum_bound(&weights, &|s| of_law(law, s), t);
        let powers: f64 = weights.iter().map(|e| e.powf(t)).sum();
        let by_type = norm.noise_type(space, order)?.upper * powers * law.absolute_moment(t);
        let by_frobenius = circumradius.powf(t) * vector_moment(law, 2.0, places.len(), t).bound();
        best = best.min(triangle.min(by_type).min(by_frobenius).powf(p.p() / t));
    }
    Ok(Moment::UpperBound(best))
}

/// The orders at which bounds are tried: p, and 2 if the law has a variance.
fn orders(law: &dyn ScalarLaw, p: MomentOrder) -> Vec<MomentOrder> {
    let two = MomentOrder::new(2.0).ok().filter(|_| law.absolute_moment(2.0).is_finite());
    [Some(p), two].into_iter().flatten().collect()
}

/// The better of two statements about the same moment.
fn tighter(a: Moment, b: Moment) -> Moment {
    match (a, b) {
        (Moment::UpperBound(x), Moment::UpperBound(y)) => Moment::UpperBound(x.min(y)),
        (Moment::UpperBound(_), exact) => exact,
        (exact, _) => exact,
    }
}
