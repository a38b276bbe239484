//! Zero-mean noise with exact moments in the dual norm: scale x scalar law x direction, one law a file.
//!
//! A moment is [`Moment::Exact`] where there is a closed form, otherwise the smallest of several proven
//! [`Moment::UpperBound`]s, and [`Moment::Infinite`] exactly when the moment is infinite. Nothing is estimated.
//!
//! # In a TOML file
//!
//! ```toml
//! [noise]
//! name = "pareto"          # none, gaussian, student-t, pareto, stable, bernoulli-gated
//! tail_index = 1.6
//! direction = "rank-one"   # full, rank-one, diagonal, spike, column
//! sigma = 1.0              # with p: E||N||_*^p = sigma^p in the run's norm; or  scale = 0.3
//! p = 1.5
//! ```

use std::fmt;
use std::sync::Arc;

use crate::registry::{self, ConfigError};
use crate::seed::Rng;
use crate::spec::{Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, Scalar};

pub mod bernoulli_gated;
pub mod directed;
pub mod directions;
pub mod gaussian;
pub mod law;
pub mod moment;
pub mod none;
pub mod pareto;
pub mod stable;
pub mod student_t;
mod sums;

pub use bernoulli_gated::BernoulliGated;
pub use directed::{DirectedNoise, NoiseError};
pub use directions::Direction;
pub use law::ScalarLaw;
pub use moment::Moment;
pub use none::NoNoise;

/// The files of this folder that are no noise of their own.
pub const HELPERS: &[&str] = &["directed", "law", "moment", "sums"];

/// A random matrix with mean zero whose moments are known.
///
/// # Contract
/// N and -N have the same law (so E N = 0 wherever the mean exists), and [`Noise::dual_moment`] never understates.
pub trait Noise<T: Scalar>: fmt::Debug + Send + Sync {
    /// The law with its parameters, for tables and file names.
    fn label(&self) -> String;

    /// The space of N.
    fn dimensions(&self) -> Dimensions;

    /// One independent draw.
    fn sample(&self, rng: &mut Rng) -> Matrix<T>;

    /// E||N||_*^p in the dual of `norm`.
    ///
    /// # Errors
    /// Those of the norm.
    fn dual_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, NormError>;

    /// The law of N outcome by outcome, if it is finite and small enough to be listed: then E N = 0 and every moment
    /// can be held against a sum.
    fn finite_law(&self) -> Option<FiniteLaw<T>> {
        None
    }
}

/// Builds a noise on a space, calibrated in the given norm if the table says so.
pub type Build<T> = fn(&toml::Table, Dimensions, &dyn Norm<T>) -> Result<Arc<dyn Noise<T>>, ConfigError>;

/// A kind of noise that can be named in a configuration.
#[derive(Debug, Clone, Copy)]
pub struct Entry<T: Scalar> {
    /// The value of the key `name`.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Builds it.
    pub build: Build<T>,
    /// Tables that build, for tests over every instance.
    pub examples: fn() -> Vec<toml::Table>,
}

/// Every noise there is.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![
        none::entry(),
        gaussian::entry(),
        student_t::entry(),
        pareto::entry(),
        stable::entry(),
        bernoulli_gated::entry(),
    ]
}

/// The noise that a table describes (see the module's own page for the keys).
///
/// # Errors
/// [`ConfigError`]: an unknown name or key, a parameter outside its range, a moment that cannot be calibrated because
/// it is infinite.
pub fn build<T: Scalar>(
    table: &toml::Table,
    dimensions: Dimensions,
    norm: &dyn Norm<T>,
) -> Result<Arc<dyn Noise<T>>, ConfigError> {
    let name = registry::name_of_table("noise", table)?;
    let entry = registry::find("noise", entries::<T>(), &name, |e| e.name)?;
    (entry.build)(table, dimensions, norm)
}

/// Example tables: the law's own keys, with each direction and both ways of giving the size.
fn directed_examples(name: &str, parameters: &[(&str, f64)]) -> Vec<toml::Table> {
    let sizes: [&[(&str, f64)]; 2] = [&[("scale", 0.5)], &[("sigma", 1.0), ("p", 1.5)]];
    let mut examples = Vec::new();
    for direction in Direction::ALL {
        for size in sizes {
            let mut table = toml::Table::new();
            table.insert("name".into(), name.into());
            table.insert("direction".into(), direction.name().into());
            for &(key, value) in parameters.iter().chain(size) {
                table.insert(key.into(), value.into());
            }
            examples.push(table);
        }
    }
    examples
}
