//! A sign that passes a gate with a given probability: rare noise of one size, the noise of the lower bounds.

use rand::RngExt;
use serde::Deserialize;

use super::{Entry, NoiseError, ScalarLaw, directed, directed_examples};
use crate::seed::Rng;
use crate::spec::Scalar;

/// X = Z S with P(Z = 1) = q = 1 - P(Z = 0) and an independent uniform sign S.
///
/// E|X|^s = q for every s > 0. The number K of nonzeros among d independent copies is binomial, and their l_b norm is
/// K^{1/b}: E||x||_b^s = E K^{s/b}, a finite sum, and P(K > 0) = 1 - (1-q)^d for b = inf.
///
/// q = 1 is a random sign. The gate is sampled to within 2^-64 of q.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BernoulliGated {
    probability: f64,
}

impl BernoulliGated {
    /// The law whose gate opens with the given probability.
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] unless 0 < probability <= 1.
    pub fn new(probability: f64) -> Result<Self, NoiseError> {
        if probability > 0.0 && probability <= 1.0 {
            return Ok(Self { probability });
        }
        let must_be = "above 0 and at most 1";
        Err(NoiseError::OutOfRange {
            law: "bernoulli-gated",
            parameter: "probability",
            must_be,
            value: probability,
        })
    }
}

/// E K^e for K binomial with d trials of probability q, e > 0.
///
/// The weights are formed from the mode outwards, each from its neighbour, and divided by their sum: errors grow with
/// the distance from the mode, a few standard deviations, and a side ends where its weights underflow.
fn binomial_moment(d: usize, q: f64, e: f64) -> f64 {
    if q == 1.0 {
        return (d as f64).powf(e);
    }
    let odds = q / (1.0 - q);
    let mode = (((d + 1) as f64 * q) as usize).min(d);
    let (mut total, mut moment) = (1.0, (mode as f64).powf(e));
    let mut add = |k: usize, weight: f64| {
        total += weight;
        moment += weight * (k as f64).powf(e);
    };
    let mut weight = 1.0;
    for k in mode + 1..=d {
        weight *= odds * (d + 1 - k) as f64 / k as f64;
        if weight == 0.0 {
            break;
        }
        add(k, weight);
    }
    weight = 1.0;
    for k in (0..mode).rev() {
        weight *= (k + 1) as f64 / (odds * (d - k) as f64);
        if weight == 0.0 {
            break;
        }
        add(k, weight);
    }
    moment / total
}

impl ScalarLaw for BernoulliGated {
    fn label(&self) -> String {
        format!("bernoulli-gated(probability={})", self.probability)
    }

    fn sample(&self, rng: &mut Rng) -> f64 {
        match (rng.random_bool(self.probability), rng.random::<bool>()) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => -1.0,
        }
    }

    fn absolute_moment(&self, _: f64) -> f64 {
        self.probability
    }

    fn euclidean_moment(&self, d: usize, s: f64) -> Option<f64> {
        Some(binomial_moment(d, self.probability, 0.5 * s))
    }

    fn vector_moment(&self, b: f64, d: usize, s: f64) -> Option<f64> {
        if b.is_infinite() {
            return Some(-(d as f64 * (-self.probability).ln_1p()).exp_m1());
        }
        Some(binomial_moment(d, self.probability, s / b))
    }

    fn outcomes(&self) -> Option<Vec<(f64, f64)>> {
        let signs = [(0.5 * self.probability, 1.0), (0.5 * self.probability, -1.0)];
        let closed = (self.probability < 1.0).then_some((1.0 - self.probability, 0.0));
        Some(signs.into_iter().chain(closed).collect())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    probability: f64,
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "bernoulli-gated",
        summary: "a random sign with a given probability, else 0 (probability): enumerable",
        build: |table, dimensions, norm| {
            directed::build("bernoulli-gated", table, dimensions, norm, |c: Config| {
                BernoulliGated::new(c.probability)
            })
        },
        examples: || {
            let mut examples = directed_examples("bernoulli-gated", &[("probability", 0.125)]);
            examples.extend(directed_examples("bernoulli-gated", &[("probability", 1.0)]));
            examples
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::checks::*;
    use super::*;

    fn law(probability: f64) -> BernoulliGated {
        BernoulliGated::new(probability).unwrap()
    }

    #[test]
    fn every_moment_is_the_probability() {
        for s in [0.1, 1.0, 1.5, 2.0, 7.0] {
            assert_eq!(law(0.3).absolute_moment(s), 0.3);
        }
    }

    #[test]
    fn the_moments_of_a_count_agree_with_known_values() {
        for (d, q) in [(1, 0.3), (7, 0.3), (640, 0.01), (640, 0.999), (3, 1.0)] {
            let mean = d as f64 * q;
            close(binomial_moment(d, q, 1.0), mean);
            close(binomial_moment(d, q, 2.0), mean * (1.0 - q) + mean * mean);
        }
        // E K^{1/2} of two trials: 2 q (1-q) + sqrt 2 q^2.
        close(binomial_moment(2, 0.25, 0.5), 0.375 + 2f64.sqrt() / 16.0);
        // A million trials: K is within a thousandth of its mean m, and E K^e = m^e (1 + e(e-1)/2 (1-q)/m + ..) to 1e-10.
        let (m, e) = (3e5_f64, 0.75);
        let expanded = m.powf(e) * (1.0 + 0.5 * e * (e - 1.0) * 0.7 / m);
        assert!((binomial_moment(1_000_000, 0.3, e) / expanded - 1.0).abs() < 1e-10);
        close(law(0.2).vector_moment(f64::INFINITY, 3, 1.5).unwrap(), 1.0 - 0.512);
        assert_eq!(law(1.0).vector_moment(f64::INFINITY, 3, 1.5), Some(1.0));
        close(law(1.0).vector_moment(1.5, 4, 1.2).unwrap(), 4f64.powf(0.8));
    }

    #[test]
    fn samples_follow_the_law() {
        for q in [0.125, 0.9, 1.0] {
            let x = draws(&law(q), 1);
            for &(probability, value) in &law(q).outcomes().unwrap() {
                let share = x.iter().filter(|x| **x == value).count() as f64 / DRAWS as f64;
                // Hoeffding at 1e-9.
                let threshold = (2e9_f64.ln() / (2.0 * DRAWS as f64)).sqrt();
                assert!((share - probability).abs() <= threshold, "q={q}: {share} of {value}");
            }
            assert!(x.iter().all(|x| [-1.0, 0.0, 1.0].contains(x)));
            is_symmetric(&law(q));
            has_sample_moment(&law(q), 1.5);
        }
    }

    #[test]
    fn a_probability_outside_the_range_is_refused() {
        for q in [0.0, -0.5, 1.0 + 1e-9, f64::NAN, f64::INFINITY] {
            assert!(BernoulliGated::new(q).is_err(), "{q}");
        }
    }
}
