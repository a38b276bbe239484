//! The p-th-moment oracle (assumption A3), and laws with finitely many outcomes, whose expectations are sums.

use thiserror::Error;

use crate::problem::{Inequality, ProblemError};
use crate::{Dimensions, Matrix, MomentOrder, NoiseScale, Norm, NormError, Scalar};

/// Why an oracle gives no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum OracleError {
    /// The point lives in another space.
    #[error("the oracle answers on {expected} matrices, not {rows}x{columns}")]
    WrongShape {
        /// The oracle's space.
        expected: Dimensions,
        /// Rows of the point.
        rows: usize,
        /// Columns of the point.
        columns: usize,
    },
    /// The point, or the gradient there, is NaN or infinite: the run has diverged.
    #[error("the point or its gradient is no longer finite: the run has diverged; take a smaller step size")]
    Diverged,
    /// The problem refused the point.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// All that an algorithm may know of a problem: stochastic gradients at points that it names.
///
/// # Contract (A3)
/// E g(X, xi) = grad f(X), and E||g(X, xi) - grad f(X)||_*^p <= sigma^p in the dual norm, given the past.
/// [`StochasticOracle::query`] is one call, however many data points the oracle averages inside (a minibatch is one
/// stochastic gradient with a smaller sigma); [`StochasticOracle::query_mean`] of B is B calls.
pub trait StochasticOracle<T: Scalar> {
    /// The space of the points.
    fn dimensions(&self) -> Dimensions;

    /// One stochastic gradient at `x`.
    ///
    /// # Errors
    /// [`OracleError`].
    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError>;

    /// Stochastic gradients g(X, xi) and g(Y, xi) at ONE sample xi, for methods that compare two points under the same
    /// noise. Two calls.
    ///
    /// # Errors
    /// [`OracleError`].
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError>;

    /// The number of calls so far.
    fn calls(&self) -> u64;

    /// The mean of `batch` independent stochastic gradients at `x` (at least one is drawn).
    ///
    /// # Errors
    /// [`OracleError`].
    fn query_mean(&mut self, x: &Matrix<T>, batch: u64) -> Result<Matrix<T>, OracleError> {
        let mut mean = self.query(x)?;
        for drawn in 2..=batch {
            let next = self.query(x)?;
            mean.move_towards(T::from_f64(1.0 / drawn as f64), &next);
        }
        Ok(mean)
    }
}

/// A random matrix with finitely many outcomes: every expectation is a sum, evaluated literally.
#[derive(Debug, Clone)]
pub struct FiniteLaw<T: Scalar> {
    outcomes: Vec<(f64, Matrix<T>)>,
}

impl<T: Scalar> FiniteLaw<T> {
    /// Outcomes with their probabilities.
    ///
    /// # Panics
    /// If there is no outcome, a probability is negative or NaN, or they do not sum to 1 within rounding.
    pub fn new(outcomes: Vec<(f64, Matrix<T>)>) -> Self {
        assert!(!outcomes.is_empty(), "a law needs an outcome");
        assert!(outcomes.iter().all(|&(q, _)| q >= 0.0), "probabilities are at least 0");
        let total: f64 = outcomes.iter().map(|&(q, _)| q).sum();
        let rounding = f64::EPSILON * outcomes.len() as f64;
        assert!((total - 1.0).abs() <= rounding, "probabilities sum to {total}, not 1");
        Self { outcomes }
    }

    /// The outcomes with their probabilities.
    pub fn outcomes(&self) -> &[(f64, Matrix<T>)] {
        &self.outcomes
    }

    /// E X.
    pub fn expectation(&self) -> Matrix<T> {
        let (_, first) = &self.outcomes[0];
        let mut mean = Matrix::zeros(first.nrows(), first.ncols());
        for (q, x) in &self.outcomes {
            mean.add_scaled(T::from_f64(*q), x);
        }
        mean
    }

    /// E||X - centre||_*^p in the dual of `norm`.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn dual_moment(
        &self,
        norm: &dyn Norm<T>,
        p: MomentOrder,
        centre: &Matrix<T>,
    ) -> Result<f64, NormError> {
        let mut moment = 0.0;
        for (q, x) in &self.outcomes {
            moment += q * norm.dual_value(&(x - centre))?.to_f64().powf(p.p());
        }
        Ok(moment)
    }

    /// Assumption A3 as an inequality: E||X - centre||_*^p against sigma^p.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn moment_inequality(
        &self,
        norm: &dyn Norm<T>,
        p: MomentOrder,
        sigma: NoiseScale,
        centre: &Matrix<T>,
    ) -> Result<Inequality, NormError> {
        let left = self.dual_moment(norm, p, centre)?;
        Ok(Inequality { left, right: sigma.sigma().powf(p.p()) })
    }
}
