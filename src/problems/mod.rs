//! Problems with derived class constants, one file each.
//!
//! # In a TOML file
//!
//! ```toml
//! [problem]
//! name = "digits"     # or quadratic, cosine, log-cosh, chain-blocks, ..; the keys of each are on its own page
//! lambda = 1e-3
//! ```

use std::sync::Arc;

use rand::RngExt;
use rand_distr::StandardNormal;

use crate::hard_instances::{self, HardInstance};
use crate::registry::{self, ConfigError};
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, Problem, Scalar, inner};

pub mod cosine;
pub mod curvature_ramp;
pub mod factorisation;
pub mod finite_sum;
pub mod log_cosh;
pub mod logistic;
mod profile;
pub mod quadratic;
pub mod robust_regression;
pub mod separable;
mod spectrum;

#[cfg(test)]
mod checks;

#[cfg(feature = "digits")]
pub mod digits;

pub use curvature_ramp::CurvatureRamp;
pub use factorisation::Factorisation;
pub use finite_sum::FiniteSum;
pub use logistic::Logistic;
pub use quadratic::Quadratic;
pub use robust_regression::RobustRegression;
pub use separable::Separable;

/// The files of this folder that are no problem with an entry of their own: `logistic` is built from a user's data
/// ([`Logistic::new`]), not from numbers in a table.
pub const HELPERS: &[&str] = &["checks", "finite_sum", "logistic", "profile", "separable", "spectrum"];

/// A problem as a configuration makes it.
#[derive(Debug, Clone)]
pub enum Built<T: Scalar> {
    /// Its gradient is all there is to sample from.
    Plain(Arc<dyn Problem<T>>),
    /// It is a mean of components, which can be sampled.
    Sum(Arc<dyn FiniteSum<T>>),
    /// An instance of a lower bound, which brings its own oracle.
    Hard(HardInstance),
}

impl<T: Scalar> Built<T> {
    /// The problem, whatever its structure.
    pub fn problem(&self) -> &dyn Problem<T> {
        match self {
            Self::Plain(problem) => &**problem,
            Self::Sum(sum) => &**sum,
            Self::Hard(instance) => &**instance.chain(),
        }
    }
}

/// A problem that can be named in a configuration.
#[derive(Debug, Clone, Copy)]
pub struct Entry<T: Scalar> {
    /// The value of the key `name`.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Builds it.
    pub build: fn(&toml::Table) -> Result<Built<T>, ConfigError>,
    /// Tables that build, for tests over every instance.
    pub examples: fn() -> Vec<toml::Table>,
}

/// Every problem that a table can describe.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    let mut all = vec![
        quadratic::entry(),
        cosine::entry(),
        log_cosh::entry(),
        curvature_ramp::entry(),
        robust_regression::entry(),
        factorisation::entry(),
        #[cfg(feature = "digits")]
        digits::entry(),
    ];
    all.extend(hard_instances::entries());
    all
}

/// The problem that a table describes.
///
/// # Errors
/// [`ConfigError`]: an unknown name or key, or a parameter outside its range.
pub fn build<T: Scalar>(table: &toml::Table) -> Result<Built<T>, ConfigError> {
    let name = registry::name_of_table("problem", table)?;
    let entry = registry::find("problem", entries::<T>(), &name, |e| e.name)?;
    (entry.build)(table)
}

/// More entries than this are a slip: 128 MiB of float64, and up to eight times as much where columns are short, since each is
/// stored in a multiple of 64 bytes.
const LARGEST_VARIABLE: usize = 1 << 24;

/// A number of a configuration that must be finite and above 0.
fn positive(name: &'static str, parameter: &'static str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ConfigError::OutOfRange { name: name.into(), parameter, must_be: "finite and above 0", value })
}

/// A count of a configuration that must be at least 1 and within reason.
fn at_most(
    name: &'static str,
    parameter: &'static str,
    value: usize,
    largest: usize,
) -> Result<(), ConfigError> {
    if (1..=largest).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::Data(format!(
        "{name}: {parameter} must be at least 1 and at most {largest}, not {value}"
    )))
}

/// A matrix of this Frobenius norm in a uniformly distributed direction.
fn random_of_length(space: Dimensions, length: f64, rng: &mut Rng) -> Matrix<f64> {
    let direction: Matrix<f64> =
        Matrix::from_fn(space.rows(), space.columns(), |_, _| rng.sample(StandardNormal));
    let found = inner(&direction, &direction).sqrt();
    &direction * (length / found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms::frobenius::Frobenius;

    fn every_example<T: Scalar>() -> Vec<Built<T>> {
        let tables = entries::<T>().into_iter().flat_map(|entry| (entry.examples)());
        tables.map(|table| build(&table).unwrap()).collect()
    }

    #[test]
    fn every_example_builds_and_starts_at_a_gradient_that_is_not_zero() {
        fn check<T: Scalar>() {
            for built in every_example::<T>() {
                let f = built.problem();
                assert_eq!(f.start().dimensions().unwrap(), f.dimensions());
                assert!(!f.gradient(&f.start()).is_zero() && f.gap().is_ok(), "{}", f.name());
                assert!(f.smoothness(&Frobenius).is_ok());
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn every_example_has_the_derivatives_it_claims() {
        for built in every_example::<f64>() {
            checks::derivatives(built.problem(), 0.5);
        }
    }

    #[test]
    fn no_pair_breaks_the_constants_in_any_norm() {
        for built in every_example::<f64>().iter().filter(|built| built.problem().name() != "digits") {
            for scale in [0.1, 1.0, 10.0] {
                checks::class_constants(built.problem(), scale);
            }
        }
    }

    #[test]
    fn names_and_keys_that_do_not_exist_are_refused() {
        let refuse = |text: &str| build::<f64>(&text.parse().unwrap()).unwrap_err().to_string();
        assert!(refuse("name = 'digit'").contains("known are: quadratic"));
        assert!(refuse("lambda = 0.1").contains("name"));
        #[cfg(feature = "digits")]
        {
            assert!(refuse("name = 'digits'\nlamda = 0.1").contains("lamda"));
            assert!(refuse("name = 'digits'\nlambda = -0.1").contains("at least 0"));
        }
    }
}
