//! Where a search looks: the start, lines through it, the way down, random points at many scales.

use heavynorm::spec::{Matrix, Norm, Problem, Region, inner};

use super::FalsifyError;
use super::search::{Search, unit};

/// Pairs of past steps that the descent remembers.
const MEMORY: usize = 8;

/// Halvings of a step before the descent gives up.
const HALVINGS: u32 = 40;

/// The iterates of a descent (limited-memory BFGS with backtracking), the start first; every objective is at most the one before.
///
/// It ends when the evaluations (objectives and gradients) are spent, the slope vanishes or no step goes down.
pub(super) fn descend(
    problem: &dyn Problem<f64>,
    start: &Matrix<f64>,
    evaluations: u64,
    search: &mut Search,
) -> Vec<Matrix<f64>> {
    let until = search.used + evaluations.min(search.left());
    let mut path = vec![start.clone()];
    let (mut x, mut f, mut g) = (start.clone(), problem.objective(start), problem.gradient(start));
    let mut pairs: Vec<(Matrix<f64>, Matrix<f64>)> = Vec::new();
    search.spend(2);
    while search.used < until && f.is_finite() && !g.is_zero() {
        let mut direction = quasi_newton(&g, &pairs);
        if inner(&direction, &g) >= 0.0 || direction.first_non_finite().is_some() {
            direction = -&g;
            pairs.clear();
        }
        let slope = inner(&direction, &g);
        // Without a memory the step is of length 1 at most, in the scale of X.
        let mut t = if pairs.is_empty() { (1.0 + x.max_abs()) / direction.max_abs() } else { 1.0 };
        let mut next = None;
        for _ in 0..HALVINGS {
            let mut y = x.clone();
            y.add_scaled(t, &direction);
            let value = problem.objective(&y);
            search.spend(1);
            if value.is_finite() && value <= f + 1e-4 * t * slope {
                next = Some((y, value));
                break;
            }
            t *= 0.5;
            if search.used >= until {
                break;
            }
        }
        let Some((y, value)) = next else { break };
        let slope_there = problem.gradient(&y);
        search.spend(1);
        if slope_there.first_non_finite().is_some() {
            break;
        }
        let (step, change) = (&y - &x, &slope_there - &g);
        if inner(&step, &change) > 0.0 {
            pairs.push((step, change));
            if pairs.len() > MEMORY {
                pairs.remove(0);
            }
        }
        (x, f, g) = (y, value, slope_there);
        path.push(x.clone());
    }
    path
}

/// -H g, H the inverse Hessian that the pairs of steps suggest (two-loop recursion).
fn quasi_newton(g: &Matrix<f64>, pairs: &[(Matrix<f64>, Matrix<f64>)]) -> Matrix<f64> {
    let mut q = -g;
    let mut shares = Vec::new();
    for (s, y) in pairs.iter().rev() {
        let a = inner(s, &q) / inner(s, y);
        q.add_scaled(-a, y);
        shares.push(a);
    }
    if let Some((s, y)) = pairs.last() {
        q = &q * (inner(s, y) / inner(y, y));
    }
    for ((s, y), a) in pairs.iter().zip(shares.iter().rev()) {
        let b = inner(y, &q) / inner(s, y);
        q.add_scaled(a - b, s);
    }
    q
}

/// What the places that are looked at are called in a report.
pub(super) const PLACES: &str =
    "the start, both ways along the LMO of its gradient, the way down, random points at distances 0.1 to 100";

/// The points, those of the region only (the nearest of it in place of the others).
pub(super) fn places(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    search: &mut Search,
) -> Result<Vec<Matrix<f64>>, FalsifyError> {
    let start = problem.start();
    let gradient = problem.gradient(&start);
    search.spend(1);
    if gradient.first_non_finite().is_some() || start.first_non_finite().is_some() {
        return Err(FalsifyError::NotFinite);
    }
    let path = descend(problem, &start, search.left() / 10, search);
    let end = path.last().unwrap_or(&start).clone();
    // Every so many iterates: the last and about four on the way.
    let stride = (path.len() / 4).max(1);
    let mut places = vec![start.clone(), end.clone()];
    places.extend(path.into_iter().skip(1).step_by(stride));
    if let Some(line) = unit(norm, &-&norm.lmo(&gradient)?)? {
        for k in -2..=3 {
            for sign in [1.0, -1.0] {
                let mut x = start.clone();
                x.add_scaled(sign * 10f64.powi(k), &line);
                places.push(x);
            }
        }
    }
    let size = start.max_abs().max((&end - &start).max_abs()).max(f64::MIN_POSITIVE);
    for k in 0..12 {
        let mut x = if k % 2 == 0 { start.clone() } else { end.clone() };
        let scale = [0.1, 1.0, 10.0, 100.0][k / 2 % 4] * if k < 8 { 1.0 } else { size };
        x.add_scaled(scale, &search.gaussian(problem.dimensions()));
        places.push(x);
    }
    Ok(places.iter().map(|x| inside(problem.region(), x)).collect())
}

/// The nearest point of the region, a little inside so that rounding does not leave it.
pub(super) fn inside(region: Region, x: &Matrix<f64>) -> Matrix<f64> {
    region.scaled(1.0 - 1e-12).nearest(x)
}
