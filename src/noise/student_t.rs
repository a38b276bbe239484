//! Student's law: tails like |x|^{-nu}, moments of order below nu.

use std::f64::consts::PI;

use rand::RngExt;
use rand_distr::StudentT as Sampler;
use serde::Deserialize;

use super::law::gamma_ratio;
use super::{Entry, NoiseError, ScalarLaw, directed, directed_examples};
use crate::seed::Rng;
use crate::spec::Scalar;

/// X with nu degrees of freedom: a standard normal over sqrt(chi^2_nu/nu).
///
/// E|X|^s = nu^{s/2} Gamma((1+s)/2) Gamma((nu-s)/2)/(sqrt(pi) Gamma(nu/2)) for s < nu, infinite otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentT {
    degrees_of_freedom: f64,
    sampler: Sampler<f64>,
}

impl StudentT {
    /// The law with nu > 0 degrees of freedom.
    ///
    /// # Errors
    /// [`NoiseError::OutOfRange`] unless 0 < nu < inf.
    pub fn new(degrees_of_freedom: f64) -> Result<Self, NoiseError> {
        let refused = NoiseError::OutOfRange {
            law: "student-t",
            parameter: "degrees_of_freedom",
            must_be: "finite and above 0",
            value: degrees_of_freedom,
        };
        if !(degrees_of_freedom.is_finite() && degrees_of_freedom > 0.0) {
            return Err(refused);
        }
        let sampler = Sampler::new(degrees_of_freedom).map_err(|_| refused)?;
        Ok(Self { degrees_of_freedom, sampler })
    }
}

impl ScalarLaw for StudentT {
    fn label(&self) -> String {
        format!("student-t(degrees_of_freedom={})", self.degrees_of_freedom)
    }

    fn sample(&self, rng: &mut Rng) -> f64 {
        rng.sample(self.sampler)
    }

    fn absolute_moment(&self, s: f64) -> f64 {
        let nu = self.degrees_of_freedom;
        if s >= nu {
            return f64::INFINITY;
        }
        nu.powf(0.5 * s) * gamma_ratio(&[0.5 * (1.0 + s), 0.5 * (nu - s)], &[0.5 * nu]) / PI.sqrt()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    degrees_of_freedom: f64,
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "student-t",
        summary: "Student's t (degrees_of_freedom): moments of order below degrees_of_freedom",
        build: |table, dimensions, norm| {
            directed::build("student-t", table, dimensions, norm, |c: Config| {
                StudentT::new(c.degrees_of_freedom)
            })
        },
        examples: || directed_examples("student-t", &[("degrees_of_freedom", 1.7)]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::checks::*;
    use super::*;

    fn law(nu: f64) -> StudentT {
        StudentT::new(nu).unwrap()
    }

    #[test]
    fn moments_agree_with_known_values() {
        close(law(5.0).absolute_moment(2.0), 5.0 / 3.0);
        close(law(2.0).absolute_moment(1.0), 2f64.sqrt());
        // Quadrature of the density, mpmath at 30 digits.
        close(law(1.7).absolute_moment(1.5), 6.510_732_337_975_909);
        assert_eq!(law(1.5).absolute_moment(1.5), f64::INFINITY);
        assert_eq!(law(1.5).absolute_moment(2.0), f64::INFINITY);
    }

    #[test]
    fn samples_follow_the_law() {
        follows(&law(1.0), |x| 0.5 + x.atan() / PI);
        follows(&law(2.0), |x| 0.5 + 0.5 * x / (2.0 + x * x).sqrt());
        is_symmetric(&law(1.7));
        has_sample_moment(&law(3.5), 1.5);
    }

    #[test]
    fn degrees_of_freedom_outside_the_range_are_refused() {
        for nu in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(StudentT::new(nu).is_err(), "{nu}");
        }
    }
}
