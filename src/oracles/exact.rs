//! The exact gradient as an oracle.

use std::sync::Arc;

use super::{check_point, finite};
use crate::spec::{Dimensions, Matrix, OracleError, Problem, Scalar, StochasticOracle};

/// grad f(X), without noise; calls are counted all the same.
#[derive(Debug, Clone)]
pub struct ExactOracle<T: Scalar> {
    problem: Arc<dyn Problem<T>>,
    calls: u64,
}

impl<T: Scalar> ExactOracle<T> {
    /// The gradients of a problem.
    pub fn new(problem: Arc<dyn Problem<T>>) -> Self {
        Self { problem, calls: 0 }
    }
}

impl<T: Scalar> StochasticOracle<T> for ExactOracle<T> {
    fn dimensions(&self) -> Dimensions {
        self.problem.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.query_mean(x, 1)
    }

    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        Ok((self.query(x)?, self.query(y)?))
    }

    fn calls(&self) -> u64 {
        self.calls
    }

    /// One gradient, counted `batch` times.
    fn query_mean(&mut self, x: &Matrix<T>, batch: u64) -> Result<Matrix<T>, OracleError> {
        check_point(&*self.problem, x)?;
        self.calls += batch.max(1);
        let gradient = self.problem.gradient(x);
        finite(&gradient)?;
        Ok(gradient)
    }
}
