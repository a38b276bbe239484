//! An oracle as it is examined: fresh copies of it, and what is known of its law.

use std::fmt;

use heavynorm::noise::Moment;
use heavynorm::oracles::{Clipping, Sampling};
use heavynorm::seed;
use heavynorm::spec::{FiniteLaw, Matrix, MomentOrder, Norm, ProblemError, StochasticOracle};

/// A fresh oracle whose random numbers are a function of the given one.
pub type Fresh<'a> = dyn Fn(u64) -> Box<dyn StochasticOracle<f64> + 'a> + 'a;

/// The law of g(X, xi), outcome by outcome, where it can be listed.
pub type LawAt<'a> = dyn Fn(&Matrix<f64>) -> Option<FiniteLaw<f64>> + 'a;

/// E||N||_*^p at X as it is stated, if it is.
pub type MomentAt<'a> =
    dyn Fn(&Matrix<f64>, &dyn Norm<f64>, MomentOrder) -> Result<Option<Moment>, ProblemError> + 'a;

/// An oracle under attack.
///
/// # Contract
/// Oracles of different numbers are independent, oracles of one number repeat themselves.
pub struct Source<'a> {
    /// Fresh oracles.
    pub oracle: Box<Fresh<'a>>,
    /// What is enumerated.
    pub law: Box<LawAt<'a>>,
    /// What is stated in closed form.
    pub moment: Box<MomentAt<'a>>,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

impl<'a> Source<'a> {
    /// An oracle of which nothing is known: samples decide.
    pub fn sampled(oracle: impl Fn(u64) -> Box<dyn StochasticOracle<f64> + 'a> + 'a) -> Self {
        Self { oracle: Box::new(oracle), law: Box::new(|_| None), moment: Box::new(|_, _, _| Ok(None)) }
    }

    /// What a configuration describes, with its enumerated law and its stated moment.
    pub fn of(sampling: &'a Sampling<f64>, master: u64) -> Self {
        Self {
            oracle: Box::new(move |stream| sampling.oracle(seed::stream(master, stream))),
            law: Box::new(|x| sampling.law_at(x)),
            moment: Box::new(|x, norm, p| sampling.noise_moment_at(x, norm, p).map(Some)),
        }
    }

    /// The same with every answer clipped; no moment of the clipped noise is stated.
    pub fn clipped(sampling: &'a Sampling<f64>, master: u64, clipping: Clipping<f64>) -> Self {
        let of_law = clipping.clone();
        Self {
            oracle: Box::new(move |stream| clipping.oracle(sampling.oracle(seed::stream(master, stream)))),
            law: Box::new(move |x| of_law.law(&sampling.law_at(x)?).ok()),
            moment: Box::new(|_, _, _| Ok(None)),
        }
    }
}
