//! A2: ||grad f(X) - grad f(Y)||_* <= L||X - Y|| between any two points of the problem's region.

use heavynorm::spec::{Matrix, Norm, Problem};
use heavynorm::tol;

use super::points::{PLACES, inside, places};
use super::search::{Best, Curvature, Peak, Search, finalists, unit};
use super::{Budget, FalsifyError, Finding, Ground, Measured, Witness, attaining, frobenius, pairing};
use crate::print::number;

/// The inequality that a witness breaks.
pub const LAW: &str = "<grad f(X) - grad f(Y), W> <= L ||X - Y|| ||W||";

/// Both sides of the inequality, divided by ||X - Y|| ||W||.
///
/// Rounding: each gradient is good to [`tol::evaluation`] of its size, and of that of the point times the curvature seen, for
/// a gradient may be what is left of larger numbers that cancel.
///
/// # Errors
/// Those of the norm, also for gradients that are not finite.
pub fn measure(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    x: &Matrix<f64>,
    y: &Matrix<f64>,
    w: &Matrix<f64>,
    l: f64,
) -> Result<Measured, FalsifyError> {
    let (at_x, at_y) = (problem.gradient(x), problem.gradient(y));
    let (change, step) = (&at_x - &at_y, x - y);
    let distance = norm.value(&step)?;
    if distance == 0.0 {
        return Ok(Measured { measured: 0.0, claimed: l, rounding: 0.0 });
    }
    let curvature = frobenius(&change) / frobenius(&step);
    let size = frobenius(&at_x) + frobenius(&at_y) + curvature * (frobenius(x) + frobenius(y));
    let (value, rounding) = pairing(norm, &change, w, tol::evaluation(problem.dimensions()) * size)?;
    Ok(Measured { measured: value / distance, claimed: l, rounding: rounding / distance })
}

/// A point with directions Z, W of norm 1 and <W, D^2 f(X)\[Z\]>.
#[derive(Debug, Clone)]
struct Steep {
    x: Matrix<f64>,
    z: Matrix<f64>,
    w: Matrix<f64>,
    value: f64,
}

impl Peak for Steep {
    fn value(&self) -> f64 {
        self.value
    }
}

/// The best pair so far.
struct Attack<'a> {
    problem: &'a dyn Problem<f64>,
    norm: &'a dyn Norm<f64>,
    curvature: Curvature<'a>,
    l: f64,
    best: Best<[Matrix<f64>; 3]>,
}

impl Attack<'_> {
    /// Z -> W = -lmo(D^2 f\[Z\]) -> Z = -lmo(D^2 f\[W\]) -> ..: <W, D^2 f\[Z\]> cannot fall, the Hessian being symmetric.
    fn iterate(
        &self,
        x: &Matrix<f64>,
        z: &Matrix<f64>,
        iterations: usize,
        search: &mut Search,
    ) -> Result<Option<Steep>, FalsifyError> {
        let Some(mut z) = unit(self.norm, z)? else { return Ok(None) };
        let mut best: Option<Steep> = None;
        for _ in 0..iterations {
            let image = self.curvature.act(x, &z, search);
            if image.first_non_finite().is_some() || image.is_zero() {
                break;
            }
            let Some(w) = unit(self.norm, &attaining(self.norm, &image)?)? else { break };
            let value = pairing(self.norm, &image, &w, 0.0)?.0;
            let stalls = best.as_ref().is_some_and(|b| value <= b.value * (1.0 + 1e-4));
            if best.as_ref().is_none_or(|b| value > b.value) {
                best = Some(Steep { x: x.clone(), z: z.clone(), w: w.clone(), value });
            }
            if stalls {
                break;
            }
            z = w;
        }
        Ok(best)
    }

    /// Moves the point to where the curvature along W and Z is larger: its derivative is D^3 f\[Z, W\].
    fn climb(&self, from: Steep, search: &mut Search, until: u64) -> Result<Steep, FalsifyError> {
        let (mut here, mut scale) = (from, 1.0);
        while search.used < until && scale > 1e-4 {
            let slope = self.curvature.third(&here.x, &here.z, &here.w, search);
            if slope.first_non_finite().is_some() || slope.is_zero() {
                break;
            }
            let uphill = [-&self.norm.lmo(&slope)?, slope.clone()];
            let mut found = None;
            for direction in &uphill {
                let Some(direction) = unit(self.norm, direction)? else { continue };
                let mut x = here.x.clone();
                x.add_scaled(scale, &direction);
                let x = inside(self.problem.region(), &x);
                if let Some(next) = self.iterate(&x, &here.z, 3, search)?.filter(|n| n.value > here.value) {
                    found = Some(next);
                    break;
                }
            }
            match found {
                Some(next) => {
                    here = next;
                    scale *= 2.0;
                }
                None => scale *= 0.25,
            }
        }
        Ok(here)
    }

    /// Pairs X, X + tZ and X - tZ, X + tZ from near to far.
    fn pairs(&mut self, steep: &Steep, search: &mut Search) -> Result<(), FalsifyError> {
        let scale = 1.0 + steep.x.max_abs();
        for t in [1e-4, 1e-2, 1.0].map(|t| t * scale) {
            for back in [0.0, -t] {
                let at = |s: f64| {
                    let mut y = steep.x.clone();
                    y.add_scaled(s, &steep.z);
                    inside(self.problem.region(), &y)
                };
                let (x, y) = (at(t), at(back));
                let change = &self.problem.gradient(&x) - &self.problem.gradient(&y);
                search.spend(4);
                if change.first_non_finite().is_some() || change.is_zero() {
                    continue;
                }
                let w = attaining(self.norm, &change)?;
                let sides = measure(self.problem, self.norm, &x, &y, &w, self.l)?;
                self.best.consider(sides, [x, y, w]);
            }
        }
        Ok(())
    }
}

/// Searches for two points that break L.
///
/// Generalised power iteration between the norm and its dual (Z -> -lmo(D^2 f(X)\[Z\])) at many points, from structured and random
/// directions; the points then climb to larger curvature; pairs of points along what was found decide. The Hessian only
/// guides: differences of gradients are what is measured.
///
/// # Errors
/// Those of the norm, and [`FalsifyError::NotFinite`] if there is no gradient at the start.
pub fn falsify(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    l: f64,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 0, budget.evaluations);
    let points = places(problem, norm, &mut search)?;
    let curvature = Curvature::new(problem, &points[0], &mut search);
    let mut attack = Attack { problem, norm, curvature, l, best: Best::none() };
    let d = problem.dimensions();
    let steep = finalists(&points, 3, &mut search, |x, z, search| attack.iterate(x, z, 6, search))?;
    // A long one at the best.
    let count = steep.len() as u64;
    for (k, candidate) in steep.into_iter().enumerate() {
        attack.pairs(&candidate, &mut search)?;
        if attack.best.is_broken() || search.left() == 0 {
            break;
        }
        let until = search.used + search.left() / (count - k as u64);
        let mut polished = candidate;
        for z in search.directions(d) {
            if let Some(found) = attack.iterate(&polished.x, &z, 20, &mut search)?
                && found.value > polished.value
            {
                polished = found;
            }
        }
        let top = attack.climb(polished, &mut search, until)?;
        attack.pairs(&top, &mut search)?;
        if attack.best.is_broken() {
            break;
        }
    }
    let mut searches = vec![
        format!("places: {PLACES}"),
        "power iteration between norm and dual norm from Gaussian, rank-one, sign, single-entry, row, column and diagonal \
         directions"
            .into(),
        "ascent of the curvature over the point, pairs from near to far along what it found".into(),
    ];
    let (further, notes) = curvature.report();
    searches.extend(further);
    Ok(attack.best.finding(&search, (searches, notes), |sides, [x, y, w]| Witness {
        law: LAW,
        text: format!(
            "||grad f(X) - grad f(Y)||_* is at least {} ||X - Y||, the claim allows {}",
            number(sides.measured),
            number(l)
        ),
        matrices: vec![("X", x), ("Y", y), ("W", w)],
        numbers: Vec::new(),
        sides,
        ground: Ground::Evaluation,
    }))
}
