//! A1: f(X_0) - inf f <= Delta.

use heavynorm::spec::{Matrix, Problem};
use heavynorm::tol;

use super::points::descend;
use super::search::{Best, Search};
use super::{Budget, FalsifyError, Finding, Ground, Measured, Witness};
use crate::print::number;

/// The inequality that a witness breaks.
pub const LAW: &str = "f(X_0) - f(X) <= Delta";

/// Both sides at a point X. Rounding: each objective is good to [`tol::evaluation`] of its size.
pub fn measure(problem: &dyn Problem<f64>, x: &Matrix<f64>, delta: f64) -> Measured {
    let (first, found) = (problem.objective(&problem.start()), problem.objective(x));
    let rounding = tol::evaluation(problem.dimensions()) * (first.abs() + found.abs());
    // +inf at X is no witness, and -inf is no number that anybody computed on purpose.
    let measured = if found.is_finite() { first - found } else { f64::NAN };
    Measured { measured, claimed: delta, rounding }
}

/// Descents: the first from X_0, the others from random points.
const DESCENTS: u64 = 8;

/// Searches for a point that lies more than Delta below the start.
///
/// inf f is that of the whole space, whatever the problem's region.
///
/// # Errors
/// [`FalsifyError::NotFinite`] if objective or gradient at the start are no finite numbers.
pub fn falsify(problem: &dyn Problem<f64>, delta: f64, budget: Budget) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 2, budget.evaluations);
    let start = problem.start();
    if !problem.objective(&start).is_finite() || problem.gradient(&start).first_non_finite().is_some() {
        return Err(FalsifyError::NotFinite);
    }
    let mut best = Best::none();
    let mut end = start.clone();
    for k in 0..DESCENTS {
        let from = match k {
            0 => start.clone(),
            // A first descent has shown how far away things happen.
            _ => {
                let mut x = if k % 2 == 0 { start.clone() } else { end.clone() };
                let size = (&end - &start).max_abs().max(start.max_abs()).max(f64::MIN_POSITIVE);
                x.add_scaled(size * [0.3, 1.0, 3.0][k as usize % 3], &search.gaussian(problem.dimensions()));
                x
            }
        };
        let share = search.left() / if k == 0 { 2 } else { DESCENTS - k };
        let lowest = descend(problem, &from, share, &mut search).pop().unwrap_or(from);
        let sides = measure(problem, &lowest, delta);
        search.spend(2);
        if k == 0 {
            end = lowest.clone();
        }
        best.consider(sides, lowest);
        if best.is_broken() {
            break;
        }
    }
    let searches = vec![
        "descents (limited-memory BFGS) from the start and from random points around it and its end".into(),
    ];
    Ok(best.finding(&search, (searches, Vec::new()), |sides, x| Witness {
        law: LAW,
        text: format!("f(X_0) - f(X) = {}, the claim allows {}", number(sides.measured), number(delta)),
        matrices: vec![("X", x)],
        numbers: Vec::new(),
        sides,
        ground: Ground::Evaluation,
    }))
}
