//! The Gaussian law: every moment is finite, the case that heavy tails are compared with.

use std::f64::consts::PI;

use rand::RngExt;
use rand_distr::StandardNormal;
use serde::Deserialize;

use super::law::gamma_ratio;
use super::{Entry, ScalarLaw, directed, directed_examples};
use crate::seed::Rng;
use crate::spec::Scalar;

/// X standard normal.
///
/// E|X|^s = 2^{s/2} Gamma((1+s)/2)/sqrt(pi), and the length of d of them (the chi law) has
/// E||x||_2^s = 2^{s/2} Gamma((d+s)/2)/Gamma(d/2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaussian;

impl ScalarLaw for Gaussian {
    fn label(&self) -> String {
        "gaussian".into()
    }

    fn sample(&self, rng: &mut Rng) -> f64 {
        rng.sample(StandardNormal)
    }

    fn absolute_moment(&self, s: f64) -> f64 {
        (0.5 * s).exp2() * gamma_ratio(&[0.5 * (1.0 + s)], &[]) / PI.sqrt()
    }

    fn euclidean_moment(&self, d: usize, s: f64) -> Option<f64> {
        let d = d as f64;
        Some((0.5 * s).exp2() * gamma_ratio(&[0.5 * (d + s)], &[0.5 * d]))
    }
}

/// It has no keys beyond direction and size.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "gaussian",
        summary: "standard normal: every moment finite",
        build: |table, dimensions, norm| {
            directed::build("gaussian", table, dimensions, norm, |_: Config| Ok(Gaussian))
        },
        examples: || directed_examples("gaussian", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::checks::*;
    use super::*;

    #[test]
    fn moments_agree_with_known_values() {
        close(Gaussian.absolute_moment(1.0), (2.0 / PI).sqrt());
        close(Gaussian.absolute_moment(2.0), 1.0);
        close(Gaussian.absolute_moment(4.0), 3.0);
        // Quadrature of 2 x^{3/2} exp(-x^2/2)/sqrt(2 pi) over (0, inf), mpmath at 30 digits.
        close(Gaussian.absolute_moment(1.5), 0.860_039_987_324_519_5);
        close(Gaussian.euclidean_moment(1, 1.5).unwrap(), Gaussian.absolute_moment(1.5));
        close(Gaussian.euclidean_moment(7, 2.0).unwrap(), 7.0);
        close(Gaussian.euclidean_moment(3, 1.0).unwrap(), (8.0 / PI).sqrt());
    }

    #[test]
    fn samples_follow_the_law() {
        follows(&Gaussian, |x| 0.5 * libm::erfc(-x / 2f64.sqrt()));
        is_symmetric(&Gaussian);
        has_sample_moment(&Gaussian, 1.5);
        has_sample_moment(&Gaussian, 2.0);
    }
}
