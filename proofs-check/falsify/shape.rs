//! Shapes: points, gradients, Hessian actions and stochastic gradients are m x n as claimed, and entry (i, j) of a gradient is the
//! derivative by entry (i, j), not by (j, i).

use heavynorm::spec::{Dimensions, Matrix, Problem, inner};
use heavynorm::tol;

use super::search::{Best, Search};
use super::source::Source;
use super::{Budget, FalsifyError, Finding, Ground, Measured, Witness, frobenius};

/// A matrix has other sides.
pub const SIDES: &str = "rows and columns are those claimed";
/// The gradient is not that of the objective.
pub const GRADIENT: &str = "f(X + hZ) - f(X - hZ) = 2h <grad f(X), Z> as h shrinks";
/// The Hessian action is not the derivative of the gradient.
pub const HESSIAN: &str = "grad f(X + hZ) - grad f(X - hZ) = 2h D^2 f(X)[Z] as h shrinks";

/// 0 for a matrix of this shape, else 1; `found` is what a witness shows.
pub fn measure_sides(found: &Matrix<f64>, claimed: Dimensions) -> Measured {
    let other = (found.nrows(), found.ncols()) != (claimed.rows(), claimed.columns());
    Measured { measured: f64::from(u8::from(other)), claimed: 0.0, rounding: 0.0 }
}

/// The relative error of a derivative that is allowed: one that is off by less is taken for the truth.
const ALLOWED: f64 = 0.01;

/// Steps, each a quarter of the one before.
const STEPS: [f64; 4] = [1.0 / 64.0, 1.0 / 256.0, 1.0 / 1024.0, 1.0 / 4096.0];

/// The smallest relative disagreement over all steps, rounding taken off, against 0.01; 0 if it falls as the step shrinks.
///
/// The error of a central difference falls with h^2 (with h at a kink of the second derivative): what does not even halve over a range
/// of 64 is no truncation error, unless the function changes at every scale. Evidence at the resolution of the steps, not a proof:
/// derivatives are limits.
///
/// # Errors
/// [`FalsifyError::UnknownLaw`].
pub fn measure_derivative(
    problem: &dyn Problem<f64>,
    law: &str,
    x: &Matrix<f64>,
    z: &Matrix<f64>,
) -> Result<Measured, FalsifyError> {
    let granted = tol::evaluation(problem.dimensions());
    let claimed = match law {
        GRADIENT => problem.gradient(x),
        HESSIAN => problem.hessian_action(x, z),
        other => return Err(FalsifyError::UnknownLaw(other.into())),
    };
    let scale = (1.0 + x.max_abs()) / z.max_abs();
    let steps = STEPS.map(|h| h * scale);
    // Errors per length of step, rounding taken off, and what they are errors of.
    let (mut rates, mut size) = ([0.0; STEPS.len()], 0.0_f64);
    for (rate, h) in rates.iter_mut().zip(steps) {
        let at = |t: f64| {
            let mut y = x.clone();
            y.add_scaled(t, z);
            y
        };
        let (up, down) = (at(h), at(-h));
        let (error, length, rounding) = if law == GRADIENT {
            let (up, down) = (problem.objective(&up), problem.objective(&down));
            let predicted = 2.0 * h * inner(&claimed, z);
            // In units of what the gradient could make of such a step: where <G, Z> = 0 there is still something to compare.
            let length = 2.0 * h * frobenius(&claimed) * frobenius(z);
            ((up - down - predicted).abs(), length.max((up - down).abs()), granted * (up.abs() + down.abs()))
        } else {
            let (up, down) = (problem.gradient(&up), problem.gradient(&down));
            let (change, predicted) = (&up - &down, &claimed * (2.0 * h));
            let length = frobenius(&change).max(frobenius(&predicted));
            (frobenius(&(&change - &predicted)), length, granted * (frobenius(&up) + frobenius(&down)))
        };
        *rate = (error - rounding) / h;
        size = size.max(length / h);
    }
    // Truncation errors fall with h; NaN (an objective that overflows) is no disagreement.
    let stays = rates[STEPS.len() - 1] >= 0.5 * rates[0];
    let smallest =
        if stays && size > 0.0 { rates.iter().fold(f64::INFINITY, |a, &b| a.min(b)) / size } else { 0.0 };
    Ok(Measured { measured: smallest, claimed: ALLOWED, rounding: 0.0 })
}

/// What points, gradients, actions and answers are.
fn shapes(
    problem: &dyn Problem<f64>,
    source: Option<&Source<'_>>,
    seed: u64,
) -> Result<Vec<(&'static str, Matrix<f64>)>, FalsifyError> {
    let start = problem.start();
    let gradient = problem.gradient(&start);
    let action = problem.hessian_action(&start, &start);
    let mut found = vec![("start", start.clone()), ("gradient", gradient), ("hessian-action", action)];
    if let Some(source) = source {
        found.push(("stochastic-gradient", (source.oracle)(seed).query(&start)?));
    }
    Ok(found)
}

/// Searches for a matrix of another shape and for a derivative by other entries.
///
/// # Errors
/// Those of the oracle.
pub fn falsify(
    problem: &dyn Problem<f64>,
    source: Option<&Source<'_>>,
    claimed: Dimensions,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 6, budget.evaluations);
    let searches = vec![
        "shapes of the start, the gradient, the Hessian action and a stochastic gradient".into(),
        "derivatives against differences at steps of four sizes, along structured and random directions, and G - G^T if it is square"
            .into(),
    ];
    let mut sides = Best::none();
    for (what, found) in shapes(problem, source, budget.seed)? {
        search.spend(1);
        sides.consider(measure_sides(&found, claimed), (what, found));
    }
    // No derivative is compared on a space that is none of the problem's.
    if sides.is_broken() {
        return Ok(sides.finding(&search, (searches, Vec::new()), |sides, (what, found)| Witness {
            law: SIDES,
            text: format!("the {what} is {}x{}, the claim is {claimed}", found.nrows(), found.ncols()),
            matrices: vec![("A", found)],
            numbers: Vec::new(),
            sides,
            ground: Ground::Evaluation,
        }));
    }
    let start = problem.start();
    let mut points = vec![start.clone()];
    for scale in [0.3, 1.0, 3.0] {
        let mut x = start.clone();
        x.add_scaled(scale, &search.gaussian(claimed));
        points.push(problem.region().scaled(0.9).nearest(&x));
    }
    let mut best = Best::none();
    for x in &points {
        let gradient = problem.gradient(x);
        let mut directions = search.directions(claimed);
        directions.push(gradient.clone());
        if claimed.rows() == claimed.columns() {
            directions.push(&gradient - &gradient.transposed());
        }
        for z in directions {
            if search.left() == 0 {
                break;
            }
            if z.is_zero() || z.first_non_finite().is_some() {
                continue;
            }
            for law in [GRADIENT, HESSIAN] {
                search.spend(2 * STEPS.len() as u64 + 1);
                let sides = measure_derivative(problem, law, x, &z)?;
                best.consider(sides, (law, [x.clone(), z.clone()]));
            }
        }
    }
    Ok(best.finding(&search, (searches, Vec::new()), |sides, (law, [x, z])| Witness {
        law,
        text: format!(
            "{law}: at every step the two sides differ by {:.1}% or more of their size",
            100.0 * sides.measured
        ),
        matrices: vec![("X", x), ("Z", z)],
        numbers: Vec::new(),
        sides,
        ground: Ground::Evaluation,
    }))
}
