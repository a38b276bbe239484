//! What the theory says before any run.

use std::sync::Arc;

use heavynorm::spec::{Accuracy, MomentOrder, NoiseScale, Problem};
use heavynorm_proofs_check::{PlanError, Setting, theorem};

use super::{BASE, Bench, Curve, Failure, Geometry, METHODS};

/// What the theory says before any run: calls relative to Frobenius geometry.
pub(super) struct Prediction {
    /// Planned calls of the theorem, each geometry in its own dual norm at the same share of its own signal.
    pub(super) plan: f64,
    /// (sigma/signal)^a alone, relative to Frobenius.
    pub(super) moments: f64,
}

impl Bench<'_> {
    /// For each curve, at the smallest level.
    pub(super) fn predictions(&self) -> Result<Vec<Prediction>, Failure> {
        let p = MomentOrder::new(self.size.moment_order)?;
        let level = self.size.levels.iter().copied().fold(f64::INFINITY, f64::min);
        let plans = self.curves.iter().map(|&c| self.planned(c, level, p)).collect::<Result<Vec<_>, _>>()?;
        let ratio = |g: &Geometry| (g.sigma / g.signal).powf(p.conjugate());
        let base = |c: &Curve| plans[self.position(c.method, BASE)];
        let predicted = |(k, c): (usize, &Curve)| Prediction {
            plan: plans[k] / base(c),
            moments: ratio(&self.geometries[c.geometry]) / ratio(&self.geometries[BASE]),
        };
        Ok(self.curves.iter().enumerate().map(predicted).collect())
    }

    /// The theorem's planned calls with the problem's class constants and the moments at X_0.
    fn planned(&self, curve: Curve, level: f64, p: MomentOrder) -> Result<f64, Failure> {
        let geometry = &self.geometries[curve.geometry];
        let problem: &dyn Problem<f64> = self.sampling.problem();
        let setting = Setting {
            norm: Arc::clone(&geometry.norm),
            dimensions: problem.dimensions(),
            moment_order: p,
            noise_scale: NoiseScale::new(geometry.sigma)?,
            smoothness: problem.smoothness(&*geometry.norm)?,
            hessian_lipschitz: Some(problem.hessian_lipschitz(&*geometry.norm)?),
            gap: problem.gap()?,
            accuracy: Accuracy::new(level * geometry.signal)?,
            radius: None,
        };
        match theorem(METHODS[curve.method].theorem)?.plan(&setting) {
            Ok(plan) => Ok(plan.calls as f64),
            // One call a step: a horizon that nobody could run is a prediction all the same.
            Err(PlanError::OutOfReach { quantity: "horizon", value }) => Ok(value),
            Err(e) => Err(e.into()),
        }
    }
}
