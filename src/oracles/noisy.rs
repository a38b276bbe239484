//! The exact gradient plus independent noise.

use std::sync::Arc;

use super::{check_point, finite};
use crate::noise::Noise;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, OracleError, Problem, Scalar, StochasticOracle};

/// g(X, xi) = grad f(X) + N, a fresh N at every call.
#[derive(Debug)]
pub struct NoisyOracle<T: Scalar> {
    problem: Arc<dyn Problem<T>>,
    noise: Arc<dyn Noise<T>>,
    rng: Rng,
    calls: u64,
}

impl<T: Scalar> NoisyOracle<T> {
    /// The gradients of a problem with a noise on its space, drawn from `rng`.
    ///
    /// # Panics
    /// If the noise lives on another space than the problem.
    pub fn new(problem: Arc<dyn Problem<T>>, noise: Arc<dyn Noise<T>>, rng: Rng) -> Self {
        assert_eq!(noise.dimensions(), problem.dimensions(), "noise and problem on different spaces");
        Self { problem, noise, rng, calls: 0 }
    }
}

impl<T: Scalar> StochasticOracle<T> for NoisyOracle<T> {
    fn dimensions(&self) -> Dimensions {
        self.problem.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.query_mean(x, 1)
    }

    /// The same N on both gradients.
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        check_point(&*self.problem, x)?;
        check_point(&*self.problem, y)?;
        self.calls += 2;
        let noise = self.noise.sample(&mut self.rng);
        let answer = |point: &Matrix<T>| -> Result<Matrix<T>, OracleError> {
            let answer = &self.problem.gradient(point) + &noise;
            finite(&answer)?;
            Ok(answer)
        };
        Ok((answer(x)?, answer(y)?))
    }

    fn calls(&self) -> u64 {
        self.calls
    }

    /// One gradient plus the mean of `batch` draws of the noise, the same draws as that many queries.
    fn query_mean(&mut self, x: &Matrix<T>, batch: u64) -> Result<Matrix<T>, OracleError> {
        check_point(&*self.problem, x)?;
        let batch = batch.max(1);
        self.calls += batch;
        let mut answer = self.problem.gradient(x);
        // A running mean does not overflow where the sum of a heavy-tailed sample would.
        let mut mean = self.noise.sample(&mut self.rng);
        for drawn in 2..=batch {
            mean.move_towards(T::from_f64(1.0 / drawn as f64), &self.noise.sample(&mut self.rng));
        }
        answer.add_scaled(T::one_impl(), &mean);
        finite(&answer)?;
        Ok(answer)
    }
}
