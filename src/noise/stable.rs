//! Symmetric stable laws: the limits of sums without a variance.

use std::f64::consts::PI;

use rand::RngExt;
use rand_distr::{Exp1, OpenClosed01};
use serde::Deserialize;

use super::law::gamma_ratio;
use super::{Entry, NoiseError, ScalarLaw, directed, directed_examples};
use crate::seed::Rng;
use crate::spec::Scalar;

/// X with characteristic function exp(-|t|^a), 0 < a <= 2: Cauchy at a = 1, a Gaussian of variance 2 at a = 2.
///
/// E|X|^s = 2^s Gamma((1+s)/2) Gamma(1-s/a)/(sqrt(pi) Gamma(1-s/2)) for s < a < 2, infinite for s >= a; at a = 2 the
/// last two factors cancel and every moment is finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stable {
    tail_index: f64,
}

impl Stable {
    /// The law with the given tail index (its exponent, often called alpha).
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] unless 0 < tail_index <= 2.
    pub fn new(tail_index: f64) -> Result<Self, NoiseError> {
        if tail_index > 0.0 && tail_index <= 2.0 {
            return Ok(Self { tail_index });
        }
        Err(NoiseError::OutOfRange {
            law: "stable",
            parameter: "tail_index",
            must_be: "above 0 and at most 2",
            value: tail_index,
        })
    }
}

impl ScalarLaw for Stable {
    fn label(&self) -> String {
        format!("stable(tail_index={})", self.tail_index)
    }

    /// Chambers, Mallows, Stuck (1976): V uniform on (-pi/2, pi/2), W exponential,
    /// X = sin(aV) cos(V)^{-1/a} (cos((1-a)V)/W)^{(1-a)/a}.
    fn sample(&self, rng: &mut Rng) -> f64 {
        let a = self.tail_index;
        // (0, 1] puts V into (-pi/2, pi/2]; at the closed end cos V is 6e-17 and X still finite.
        let uniform: f64 = rng.sample(OpenClosed01);
        let v = PI * (uniform - 0.5);
        let w: f64 = rng.sample(Exp1);
        (a * v).sin() / v.cos().powf(1.0 / a) * (((1.0 - a) * v).cos() / w).powf((1.0 - a) / a)
    }

    fn absolute_moment(&self, s: f64) -> f64 {
        let a = self.tail_index;
        let gaussian = s.exp2() * gamma_ratio(&[0.5 * (1.0 + s)], &[]) / PI.sqrt();
        if a == 2.0 {
            gaussian
        } else if s < a {
            gaussian * gamma_ratio(&[1.0 - s / a], &[1.0 - 0.5 * s])
        } else {
            f64::INFINITY
        }
    }

    fn euclidean_moment(&self, d: usize, s: f64) -> Option<f64> {
        (self.tail_index == 2.0).then(|| s.exp2() * gamma_ratio(&[0.5 * (d as f64 + s)], &[0.5 * d as f64]))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    tail_index: f64,
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "stable",
        summary: "symmetric stable (tail_index at most 2): moments of order below tail_index",
        build: |table, dimensions, norm| {
            directed::build("stable", table, dimensions, norm, |c: Config| Stable::new(c.tail_index))
        },
        examples: || directed_examples("stable", &[("tail_index", 1.8)]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::checks::*;
    use super::*;

    fn law(tail_index: f64) -> Stable {
        Stable::new(tail_index).unwrap()
    }

    #[test]
    fn moments_agree_with_known_values() {
        close(law(2.0).absolute_moment(2.0), 2.0);
        close(law(2.0).euclidean_moment(3, 2.0).unwrap(), 6.0);
        // E|Cauchy|^{1/2} = 1/cos(pi/4).
        close(law(1.0).absolute_moment(0.5), 2f64.sqrt());
        // E|X| = 2 Gamma(1 - 1/a)/pi.
        close(law(1.5).absolute_moment(1.0), 2.0 * libm::tgamma(1.0 / 3.0) / PI);
        // E|X|^s = int (1 - exp(-t^a)) t^{-1-s} dt / int (1 - cos t) t^{-1-s} dt by quadrature, mpmath at 40 digits.
        close(law(1.8).absolute_moment(1.5), 2.220_638_799_185_192);
        assert_eq!(law(1.5).absolute_moment(1.5), f64::INFINITY);
    }

    #[test]
    fn samples_follow_the_law() {
        follows(&law(1.0), |x| 0.5 + x.atan() / PI);
        follows(&law(2.0), |x| 0.5 * libm::erfc(-0.5 * x));
        is_symmetric(&law(1.5));
        has_sample_moment(&law(1.8), 0.8);
    }

    #[test]
    fn samples_have_the_stable_characteristic_function() {
        // cos(tX) lies in [-1, 1]: Hoeffding's threshold at 1e-9.
        let threshold = (2.0 * 2e9_f64.ln() / DRAWS as f64).sqrt();
        for a in [0.7, 1.3, 1.8] {
            let x = draws(&law(a), 4);
            for t in [0.3, 1.0, 2.5_f64] {
                let mean = x.iter().map(|x| (t * x).cos()).sum::<f64>() / DRAWS as f64;
                let exact = (-t.powf(a)).exp();
                assert!((mean - exact).abs() <= threshold, "a={a} t={t}: {mean} vs {exact}");
            }
        }
    }

    #[test]
    fn the_extreme_angle_gives_a_finite_number() {
        // V = pi (1 - 1/2) for the largest uniform number.
        assert!((PI * 0.5).cos() > 0.0);
    }

    #[test]
    fn a_tail_index_outside_the_range_is_refused() {
        for a in [0.0, -1.0, 2.1, f64::NAN] {
            assert!(Stable::new(a).is_err(), "{a}");
        }
    }
}
