//! One entry of the diagonal at a time: on its cyclic sibling the spectral norm's constant r^{p-1} is attained.

use rand::RngExt;

use super::{Moment, of_law, place_on, unit_matrices};
use crate::noise::ScalarLaw;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, MomentOrder, Norm, NormError, Scalar};

pub(super) fn sample<T: Scalar>(law: &dyn ScalarLaw, space: Dimensions, rng: &mut Rng) -> Matrix<T> {
    let i = rng.random_range(0..space.smaller_side());
    place_on(space, i, law.sample(rng))
}

/// X E_ii for every i <= r and every value of X.
pub(super) fn outcomes<T: Scalar>(values: &[(f64, f64)], space: Dimensions) -> Vec<(f64, Matrix<T>)> {
    let share = 1.0 / space.smaller_side() as f64;
    let at = |i| values.iter().map(move |&(q, x)| (q * share, place_on(space, i, x)));
    (0..space.smaller_side()).flat_map(at).collect()
}

/// E|X|^p times the mean of ||E_ii||_*^p, as X and J are independent: EXACT where the unit matrices are.
pub(super) fn dual_moment<T: Scalar>(
    law: &dyn ScalarLaw,
    space: Dimensions,
    norm: &dyn Norm<T>,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    let places: Vec<_> = (0..space.smaller_side()).map(|i| (i, i)).collect();
    let sizes = unit_matrices(norm, space, &places)?;
    let mean = sizes.values.iter().map(|e| e.powf(p.p())).sum::<f64>() / places.len() as f64;
    let moment = of_law(law, p.p()).map(|m| m * mean);
    Ok(if sizes.exact { moment } else { Moment::UpperBound(moment.bound()) })
}
