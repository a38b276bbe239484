//! The p-th moments of the oracle's noise at X_0, estimated where no closed form is known.
//!
//! The sample mean of ||N||_*^p is useless when its variance is infinite. A control variate with an exact mean takes the
//! leading tail away: with p < a the tail index, ||D + N||_*^p - C(N) has a finite variance for
//!
//! - C(N) = ||N||_*^p when that moment is exact (one random size X): the difference is of order ||D|| |X|^{p-1}, of tail index
//!   a/(p-1) > 2;
//! - C(N) = sum |N_ij|^p for independent entries (||E_ij||_* = 1 in all three norms): one large entry x beside others
//!   leaves order |x|^{p-1}, and two large ones y < x leave y x^{p-1}, of tail index 2a/p > 2.

use std::sync::Arc;

use heavynorm::noise::Moment;
use heavynorm::norms::entry_lq::EntryLq;
use heavynorm::seed;
use heavynorm::spec::{MomentOrder, Norm};
use rayon::prelude::*;

use super::{Bench, Failure, Geometry, MOMENTS};

/// sigma = (E||g - grad f(X_0)||_*^p)^{1/p} for each geometry.
pub(super) struct Moments {
    pub(super) sigma: Vec<Interval>,
    /// Of the minibatch alone.
    pub(super) minibatch: Vec<Interval>,
}

/// A number known to lie between two others, with 99% confidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) middle: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Interval {
    pub(super) fn exact(x: f64) -> Self {
        Self { middle: x, low: x, high: x }
    }

    /// An increasing function of positive numbers.
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { middle: f(self.middle), low: f(self.low), high: f(self.high) }
    }

    /// A quotient of positive numbers.
    pub(super) fn over(self, other: Self) -> Self {
        Self { middle: self.middle / other.middle, low: self.low / other.high, high: self.high / other.low }
    }

    pub(super) fn show(self) -> String {
        format!("{:.2} [{:.2}, {:.2}]", self.middle, self.low, self.high)
    }

    /// The normal interval of a mean, of values with a variance, moved by an exact number.
    fn of_mean(values: impl Iterator<Item = f64> + Clone, count: u64, shift: f64) -> Self {
        /// The 99.5% quantile of the normal law.
        const QUANTILE: f64 = 2.575_829;
        let n = count as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let error = QUANTILE * (variance / n).sqrt();
        Self { middle: shift + mean, low: (shift + mean - error).max(0.0), high: shift + mean + error }
    }
}

impl Bench<'_> {
    /// Both noises at X_0 in every geometry, from the same draws.
    pub(super) fn moments(&self) -> Result<Moments, Failure> {
        let p = MomentOrder::new(self.size.moment_order)?;
        let controls = self.geometries.iter().map(|g| self.control(g, p)).collect::<Result<Vec<_>, _>>()?;
        let draws: Vec<Vec<[f64; 2]>> = (0..self.size.moment_draws)
            .into_par_iter()
            .map(|draw| self.draw(draw, p, &controls))
            .collect::<Result<_, _>>()?;
        let of = |geometry: usize, part: usize, shift: f64| {
            let values = draws.iter().map(|draw| draw[geometry][part]);
            Interval::of_mean(values, self.size.moment_draws, shift).map(|m| m.powf(1.0 / p.p()))
        };
        Ok(Moments {
            sigma: controls.iter().enumerate().map(|(g, control)| of(g, 0, control.moment)).collect(),
            minibatch: (0..controls.len()).map(|g| of(g, 1, 0.0)).collect(),
        })
    }

    /// For each geometry, the controlled moment of the whole noise and the moment of the minibatch alone.
    fn draw(&self, draw: u64, p: MomentOrder, controls: &[Control]) -> Result<Vec<[f64; 2]>, Failure> {
        let mut rng = seed::stream(self.master, MOMENTS + 2 * draw);
        let injected = self.sampling.noise().sample(&mut rng);
        let mut oracle = self.drawn.oracle(seed::stream(self.master, MOMENTS + 2 * draw + 1));
        let drawn = oracle.query(&self.start).map_err(|e| Failure::Check(e.to_string()))?;
        let minibatch = &drawn - &self.gradient;
        let both = &minibatch + &injected;
        let power = |norm: &dyn Norm<f64>, x| Ok::<f64, Failure>(norm.dual_value(x)?.powf(p.p()));
        self.geometries
            .iter()
            .zip(controls)
            .map(|(g, control)| {
                let controlled = power(&*g.norm, &both)? - power(&*control.norm, &injected)?;
                Ok([controlled, power(&*g.norm, &minibatch)?])
            })
            .collect()
    }

    fn control(&self, geometry: &Geometry, p: MomentOrder) -> Result<Control, Failure> {
        let own: Arc<dyn Norm<f64>> = Arc::clone(&geometry.norm);
        // Its dual is the entrywise l_p norm.
        let entrywise: Arc<dyn Norm<f64>> = Arc::new(EntryLq::new(p.conjugate())?);
        for norm in [own, entrywise] {
            if let Moment::Exact(moment) = self.sampling.noise().dual_moment(&*norm, p)? {
                return Ok(Control { norm, moment });
            }
        }
        Err(Failure::Check("the injected noise has no exact moment to control with".into()))
    }
}

/// A norm in whose dual the injected noise has an exact p-th moment.
struct Control {
    norm: Arc<dyn Norm<f64>>,
    moment: f64,
}

#[cfg(test)]
mod tests {
    use heavynorm::noise::Direction;

    use super::*;
    use crate::figures::digits_geometry::{DIRECTIONS, PRESETS, Size};
    use crate::figures::{Preset, configuration};

    /// Jensen from below, since the two noises are independent with mean zero; the proven bound from above.
    #[test]
    fn estimated_moments_lie_between_what_is_proven() {
        let size: Size = configuration(PRESETS, Preset::Smoke).unwrap();
        let p = MomentOrder::new(size.moment_order).unwrap();
        for direction in DIRECTIONS {
            let bench = Bench::new(&size, direction, 1).unwrap();
            let moments = bench.moments().unwrap();
            for (g, geometry) in bench.geometries.iter().enumerate() {
                let (sigma, minibatch) = (moments.sigma[g], moments.minibatch[g]);
                let scale = |m: Moment| m.noise_scale(p).unwrap().sigma();
                let bound = scale(bench.sampling.noise_moment_at(&bench.start, &*geometry.norm, p).unwrap());
                assert!(sigma.low <= bound && minibatch.low <= sigma.high, "{}", geometry.name);
                let injected = bench.sampling.noise().dual_moment(&*geometry.norm, p).unwrap();
                if direction == Direction::RankOne {
                    assert!(injected.is_exact() && scale(injected) <= sigma.high, "{}", geometry.name);
                }
                assert!(
                    sigma.high - sigma.low < 0.1 * sigma.middle,
                    "{}: no variance was left",
                    geometry.name
                );
            }
        }
    }
}
