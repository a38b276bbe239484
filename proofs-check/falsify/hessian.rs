//! A4: ||(D^2 f(X) - D^2 f(Y))\[Z\]||_* <= rho||X - Y|| ||Z|| between any two points of the problem's region.
//!
//! The Hessian action is the problem's own; whether it is the derivative of the gradient is what [`super::shape`] asks.

use heavynorm::spec::{Matrix, Norm, Problem};
use heavynorm::tol;

use super::points::{PLACES, inside, places};
use super::search::{Best, Curvature, Peak, Search, finalists, unit};
use super::{Budget, FalsifyError, Finding, Ground, Measured, Witness, attaining, frobenius, pairing};
use crate::print::number;

/// The inequality that a witness breaks.
pub const LAW: &str = "<(D^2 f(X) - D^2 f(Y))[Z], W> <= rho ||X - Y|| ||Z|| ||W||";

/// Both sides of the inequality, divided by ||X - Y|| ||Z|| ||W||.
///
/// Rounding: each action is good to [`tol::evaluation`] of its size, and as much again for what moves when X is rounded.
///
/// # Errors
/// Those of the norm, also for actions that are not finite.
pub fn measure(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    points: [&Matrix<f64>; 2],
    z: &Matrix<f64>,
    w: &Matrix<f64>,
    rho: f64,
) -> Result<Measured, FalsifyError> {
    let [x, y] = points;
    let (at_x, at_y) = (problem.hessian_action(x, z), problem.hessian_action(y, z));
    let (change, step) = (&at_x - &at_y, x - y);
    let (distance, length) = (norm.value(&step)?, norm.value(z)?);
    if distance == 0.0 || length == 0.0 {
        return Ok(Measured { measured: 0.0, claimed: rho, rounding: 0.0 });
    }
    let moved = frobenius(&change) / frobenius(&step) * (frobenius(x) + frobenius(y));
    let size = frobenius(&at_x) + frobenius(&at_y) + moved;
    let (value, rounding) = pairing(norm, &change, w, tol::evaluation(problem.dimensions()) * size)?;
    let scale = distance * length;
    Ok(Measured { measured: value / scale, claimed: rho, rounding: rounding / scale })
}

/// A point with directions of norm 1 and <W, D^3 f(X)\[V, Z\]>.
#[derive(Debug, Clone)]
struct Bent {
    x: Matrix<f64>,
    v: Matrix<f64>,
    z: Matrix<f64>,
    value: f64,
}

impl Peak for Bent {
    fn value(&self) -> f64 {
        self.value
    }
}

struct Attack<'a> {
    problem: &'a dyn Problem<f64>,
    norm: &'a dyn Norm<f64>,
    curvature: Curvature<'a>,
    rho: f64,
    best: Best<[Matrix<f64>; 4]>,
}

impl Attack<'_> {
    /// V -> W = -lmo(D^3 f\[V, Z\]) -> V = -lmo(D^3 f\[W, Z\]) -> ..., one direction at a time.
    fn iterate(
        &self,
        x: &Matrix<f64>,
        start: [&Matrix<f64>; 2],
        iterations: usize,
        search: &mut Search,
    ) -> Result<Option<Bent>, FalsifyError> {
        let (Some(mut v), Some(mut z)) = (unit(self.norm, start[0])?, unit(self.norm, start[1])?) else {
            return Ok(None);
        };
        let mut best: Option<Bent> = None;
        for _ in 0..iterations {
            let image = self.curvature.third(x, &z, &v, search);
            if image.first_non_finite().is_some() || image.is_zero() {
                break;
            }
            let Some(w) = unit(self.norm, &attaining(self.norm, &image)?)? else { break };
            let value = pairing(self.norm, &image, &w, 0.0)?.0;
            let stalls = best.as_ref().is_some_and(|b| value <= b.value * (1.0 + 1e-4));
            if best.as_ref().is_none_or(|b| value > b.value) {
                best = Some(Bent { x: x.clone(), v: v.clone(), z: z.clone(), value });
            }
            if stalls {
                break;
            }
            (v, z) = (z, w);
        }
        Ok(best)
    }

    fn pairs(&mut self, bent: &Bent, search: &mut Search) -> Result<(), FalsifyError> {
        let scale = 1.0 + bent.x.max_abs();
        for t in [1e-3, 3e-2, 0.3, 3.0].map(|t| t * scale) {
            for ends in [[0.0, t], [0.0, -t], [-t, t]] {
                let at = |s: f64| {
                    let mut y = bent.x.clone();
                    y.add_scaled(s, &bent.v);
                    inside(self.problem.region(), &y)
                };
                let [x, y] = ends.map(at);
                let z = &bent.z;
                let change = &self.problem.hessian_action(&x, z) - &self.problem.hessian_action(&y, z);
                search.spend(4);
                if change.first_non_finite().is_some() || change.is_zero() {
                    continue;
                }
                let w = attaining(self.norm, &change)?;
                let sides = measure(self.problem, self.norm, [&x, &y], z, &w, self.rho)?;
                self.best.consider(sides, [x, y, z.clone(), w]);
            }
        }
        Ok(())
    }
}

/// Searches for two points and a direction that break rho.
///
/// Power iteration in each argument of the third derivative (differences of Hessian actions), at many points, from structured
/// and random directions; random steps of the point; pairs from near to far decide.
///
/// # Errors
/// Those of the norm, and [`FalsifyError::NotFinite`] if there is no gradient at the start.
pub fn falsify(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    rho: f64,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 1, budget.evaluations);
    let points = places(problem, norm, &mut search)?;
    let curvature = Curvature::new(problem, &points[0], &mut search);
    let mut attack = Attack { problem, norm, curvature, rho, best: Best::none() };
    let d = problem.dimensions();
    let bent = finalists(&points, 2, &mut search, |x, v, search| attack.iterate(x, [v, v], 6, search))?;
    let count = bent.len() as u64;
    for (k, candidate) in bent.into_iter().enumerate() {
        attack.pairs(&candidate, &mut search)?;
        let until = search.used + search.left() / (count - k as u64);
        let (mut top, mut scale) = (candidate, 1.0);
        while !attack.best.is_broken() && search.used < until {
            // There is no fourth derivative to climb along: random steps, long ones first, and the directions at hand.
            let step = search.gaussian(d);
            let steps = [unit(norm, &step)?, Some(top.v.clone()), Some(-&top.v)];
            let before = top.value;
            for step in steps.into_iter().flatten() {
                let mut x = top.x.clone();
                x.add_scaled(scale, &step);
                let x = inside(problem.region(), &x);
                if let Some(next) = attack.iterate(&x, [&top.v, &top.z], 3, &mut search)?
                    && next.value > top.value
                {
                    top = next;
                }
            }
            scale = if top.value > before {
                scale
            } else if scale < 1e-3 {
                1.0
            } else {
                scale * 0.5
            };
        }
        attack.pairs(&top, &mut search)?;
        if attack.best.is_broken() || search.left() == 0 {
            break;
        }
    }
    let mut searches = vec![
        format!("places: {PLACES}"),
        "power iteration in each argument of the third derivative from Gaussian, rank-one, sign, single-entry, row, column \
         and diagonal directions"
            .into(),
        "random steps of the point, pairs from near to far".into(),
    ];
    let (further, notes) = curvature.report();
    searches.extend(further);
    Ok(attack.best.finding(&search, (searches, notes), |sides, [x, y, z, w]| Witness {
        law: LAW,
        text: format!(
            "||(D^2 f(X) - D^2 f(Y))[Z]||_* is at least {} ||X - Y|| ||Z||, the claim allows {}",
            number(sides.measured),
            number(rho)
        ),
        matrices: vec![("X", x), ("Y", y), ("Z", z), ("W", w)],
        numbers: Vec::new(),
        sides,
        ground: Ground::Evaluation,
    }))
}
