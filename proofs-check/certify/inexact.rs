//! What an inexact LMO costs.

use heavynorm::spec::MomentOrder;
use serde::Serialize;

/// delta in [0, inf): ||O|| <= 1 and <M, O> <= -(1 - delta)||M||_*. Below 1 it still descends.
///
/// # Formulas (theorem U4, with the schedule of U2)
///
/// <G, O> <= <M, O> + ||G - M||_* <= -(1-delta)||G||_* + (2-delta)||G - M||_*, so that, divided by 1 - delta,
///
/// ```text
/// avg <= [Delta/(eta T) + L eta/2]/(1-delta) + c avg||E||,   c = (2-delta)/(1-delta)      (2 if delta = 0),
/// alpha = min{1, (eps/(4 c K^{1/p} sigma))^a},   T = 16 c Delta L/((1-delta) alpha eps^2),   a = p/(p-1):
/// ```
///
/// against delta = 0, T grows by (c/2)^{1+a}/(1-delta) where noise makes alpha < 1, and by (c/2)/(1-delta) where it does not.
/// (The start-up entry of T, 4 c sigma/(alpha eps), grows by (c/2)^{1+a} only.)
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Inexactness(f64);

impl Inexactness {
    /// A delta; what rounding made negative is 0, NaN is infinite.
    pub fn new(delta: f64) -> Self {
        Self(if delta.is_nan() { f64::INFINITY } else { delta.max(0.0) })
    }

    /// delta.
    pub fn delta(self) -> f64 {
        self.0
    }

    /// c/2 = (2-delta)/(2(1-delta)): the error of the average weighs this much more than with the exact LMO. Infinite from
    /// delta = 1 on, where nothing is promised.
    pub fn error_factor(self) -> f64 {
        if self.0 < 1.0 { (2.0 - self.0) / (2.0 * (1.0 - self.0)) } else { f64::INFINITY }
    }

    /// The factor on the calls of U2's schedule where noise rules.
    pub fn calls_factor(self, p: MomentOrder) -> f64 {
        if self.0 < 1.0 {
            self.error_factor().powf(1.0 + p.conjugate()) / (1.0 - self.0)
        } else {
            f64::INFINITY
        }
    }

    /// The factor on the steps where there is next to no noise.
    pub fn calls_factor_without_noise(self) -> f64 {
        if self.0 < 1.0 { self.error_factor() / (1.0 - self.0) } else { f64::INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_lmo_costs_nothing_and_half_of_the_dual_norm_costs_what_the_formula_says() {
        let p = MomentOrder::new(1.5).unwrap();
        let exact = Inexactness::new(-1e-17);
        assert_eq!((exact.delta(), exact.error_factor(), exact.calls_factor(p)), (0.0, 1.0, 1.0));
        let half = Inexactness::new(0.5);
        // c = 3, a = 3: (3/2)^4/(1/2).
        assert!((half.error_factor() - 1.5).abs() < 1e-15 && (half.calls_factor(p) - 10.125).abs() < 1e-12);
        assert_eq!(half.calls_factor_without_noise(), 3.0);
        for lost in [1.0, 1.5, f64::NAN] {
            assert_eq!(Inexactness::new(lost).calls_factor(p), f64::INFINITY);
        }
    }

    #[test]
    fn the_factor_is_the_ratio_of_the_schedules_of_the_theorem() {
        // T(delta) = 16 c Delta L/((1-delta) alpha eps^2) with alpha = (eps/(4 c K^{1/p} sigma))^a, literally.
        let (eps, sigma, k, p): (f64, f64, f64, f64) = (0.05, 2.0, 3.0, 1.4);
        let horizon = |delta: f64| {
            let c = (2.0 - delta) / (1.0 - delta);
            let alpha = (eps / (4.0 * c * k.powf(1.0 / p) * sigma)).powf(p / (p - 1.0));
            16.0 * c / ((1.0 - delta) * alpha * eps * eps)
        };
        for delta in [0.0, 0.01, 0.2, 0.7] {
            let factor = Inexactness::new(delta).calls_factor(MomentOrder::new(p).unwrap());
            assert!((factor / (horizon(delta) / horizon(0.0)) - 1.0).abs() < 1e-12);
        }
    }
}
