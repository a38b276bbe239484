//! The symmetrised Pareto law: exact power tails from 1 on, the cleanest heavy tail there is.

use rand::RngExt;
use rand_distr::Pareto as Sampler;
use serde::Deserialize;

use super::{Entry, NoiseError, ScalarLaw, directed, directed_examples};
use crate::seed::Rng;
use crate::spec::Scalar;

/// A random sign times Y >= 1 with P(Y > y) = y^{-tail_index}.
///
/// E|X|^s = tail_index/(tail_index - s) for s < tail_index, infinite otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pareto {
    tail_index: f64,
    sampler: Sampler<f64>,
}

impl Pareto {
    /// The law with the given tail index.
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] unless 0 < tail_index < inf.
    pub fn new(tail_index: f64) -> Result<Self, NoiseError> {
        let refused = NoiseError::OutOfRange {
            law: "pareto",
            parameter: "tail_index",
            must_be: "finite and above 0",
            value: tail_index,
        };
        if !(tail_index.is_finite() && tail_index > 0.0) {
            return Err(refused);
        }
        let sampler = Sampler::new(1.0, tail_index).map_err(|_| refused)?;
        Ok(Self { tail_index, sampler })
    }
}

impl ScalarLaw for Pareto {
    fn label(&self) -> String {
        format!("pareto(tail_index={})", self.tail_index)
    }

    fn sample(&self, rng: &mut Rng) -> f64 {
        let size: f64 = rng.sample(self.sampler);
        if rng.random::<bool>() { size } else { -size }
    }

    fn absolute_moment(&self, s: f64) -> f64 {
        if s < self.tail_index { self.tail_index / (self.tail_index - s) } else { f64::INFINITY }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    tail_index: f64,
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "pareto",
        summary: "symmetrised Pareto (tail_index): moments of order below tail_index",
        build: |table, dimensions, norm| {
            directed::build("pareto", table, dimensions, norm, |c: Config| Pareto::new(c.tail_index))
        },
        examples: || directed_examples("pareto", &[("tail_index", 1.6)]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::checks::*;
    use super::*;

    fn law(tail_index: f64) -> Pareto {
        Pareto::new(tail_index).unwrap()
    }

    #[test]
    fn moments_agree_with_known_values() {
        close(law(1.6).absolute_moment(1.5), 16.0);
        close(law(3.0).absolute_moment(2.0), 3.0);
        assert_eq!(law(1.6).absolute_moment(1.6), f64::INFINITY);
    }

    #[test]
    fn samples_follow_the_law() {
        let cdf = |x: f64| match x {
            x if x <= -1.0 => 0.5 * (-x).powf(-1.6),
            x if x < 1.0 => 0.5,
            x => 1.0 - 0.5 * x.powf(-1.6),
        };
        follows(&law(1.6), cdf);
        is_symmetric(&law(1.6));
        has_sample_moment(&law(3.5), 1.5);
    }

    #[test]
    fn a_tail_index_outside_the_range_is_refused() {
        for a in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Pareto::new(a).is_err(), "{a}");
        }
    }
}
