//! What the theory says before any run.

use std::sync::Arc;

use heavynorm::spec::{Accuracy, MomentOrder, Problem};
use heavynorm_proofs_check::{PlanError, Setting, theorem};

use super::moments::{Interval, Moments};
use super::{BASE, Bench, Curve, Failure, METHODS};

/// Calls relative to Frobenius geometry, each geometry in its own dual norm at the same share of its own signal.
pub(super) struct Prediction {
    /// Planned calls of the theorem, from proven constants that hold at every point (A1 to A4).
    pub(super) plan: f64,
    /// (sigma/signal)^{p/(p-1)} alone, from the moments at X_0.
    pub(super) moments: Interval,
}

impl Bench<'_> {
    /// For each curve, at the smallest level.
    pub(super) fn predictions(&self, moments: &Moments) -> Result<Vec<Prediction>, Failure> {
        let p = MomentOrder::new(self.size.moment_order)?;
        let plans = self.curves.iter().map(|&c| self.planned(c, p)).collect::<Result<Vec<_>, _>>()?;
        let relative = |g: usize| moments.sigma[g].map(|s| s / self.geometries[g].signal);
        let predicted = |(k, c): (usize, &Curve)| Prediction {
            plan: plans[k] / plans[self.position(c.method, BASE)],
            moments: match c.geometry {
                BASE => Interval::exact(1.0),
                other => relative(other).over(relative(BASE)).map(|x| x.powf(p.conjugate())),
            },
        };
        Ok(self.curves.iter().enumerate().map(predicted).collect())
    }

    fn planned(&self, curve: Curve, p: MomentOrder) -> Result<f64, Failure> {
        let geometry = &self.geometries[curve.geometry];
        let problem: &dyn Problem<f64> = self.sampling.problem();
        let noise_scale = self.sampling.noise_moment(&*geometry.norm, p)?.noise_scale(p);
        let setting = Setting {
            norm: Arc::clone(&geometry.norm),
            dimensions: problem.dimensions(),
            moment_order: p,
            noise_scale: noise_scale
                .ok_or_else(|| Failure::Input("tail_index must exceed moment_order".into()))?,
            smoothness: problem.smoothness(&*geometry.norm)?,
            hessian_lipschitz: Some(problem.hessian_lipschitz(&*geometry.norm)?),
            gap: problem.gap()?,
            accuracy: Accuracy::new(self.size.levels[self.smallest_level()] * geometry.signal)?,
            radius: None,
            sample_smoothness: None,
            inexactness: None,
        };
        match theorem(METHODS[curve.method].theorem)?.plan(&setting) {
            Ok(plan) => Ok(plan.calls as f64),
            // One call a step: a horizon that nobody could run is a prediction all the same.
            Err(PlanError::OutOfReach { quantity: "horizon", value }) => Ok(value),
            Err(e) => Err(e.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use heavynorm::noise::Direction;

    use super::*;
    use crate::figures::digits_geometry::{PRESETS, Size};
    use crate::figures::{Preset, configuration};

    /// Noise of once, twice and four times each geometry's own signal: at p = 3/2 the exponent p/(p-1) is 3.
    #[test]
    fn the_moment_ratio_is_the_relative_noise_to_the_conjugate_exponent() {
        let size: Size = configuration(PRESETS, Preset::Smoke).unwrap();
        let bench = Bench::new(&size, Direction::RankOne, 1).unwrap();
        let times = |k: usize| Interval::exact(2f64.powi(k as i32) * bench.geometries[k].signal);
        let moments = Moments { sigma: (0..3).map(times).collect(), minibatch: vec![] };
        let predictions = bench.predictions(&moments).unwrap();
        for (curve, predicted) in bench.curves.iter().zip(&predictions) {
            let expected = [0.125, 1.0, 8.0][curve.geometry];
            assert!((predicted.moments.middle - expected).abs() < 1e-12 * expected);
            assert!(curve.geometry != BASE || predicted.plan == 1.0);
        }
        // The plan is the theorem's own: its dimension factor alone puts max-entry (640) far above Frobenius (2).
        let plan = |geometry: usize| predictions[bench.position(0, geometry)].plan;
        assert!(plan(2) > 100.0, "{}", plan(2));
    }
}
