//! Minibatches of a finite sum, with injected noise on top.

use std::sync::Arc;

use rand::RngExt;

use super::{check_point, finite};
use crate::noise::Noise;
use crate::problems::FiniteSum;
use crate::seed::Rng;
use crate::spec::{Dimensions, Matrix, OracleError, Scalar, StochasticOracle};

/// A mean over many calls is taken in pieces of at most this many components, to bound the memory.
const LARGEST_PIECE: usize = 4096;

/// g(X, xi) = (1/b) sum_{k <= b} grad f_{i_k}(X) + N: b components drawn uniformly with replacement, and a fresh N.
///
/// A query is ONE call, whatever b.
#[derive(Debug)]
pub struct MinibatchOracle<T: Scalar> {
    sum: Arc<dyn FiniteSum<T>>,
    batch: usize,
    noise: Arc<dyn Noise<T>>,
    rng: Rng,
    calls: u64,
}

impl<T: Scalar> MinibatchOracle<T> {
    /// Minibatches of `batch` components plus a noise on the same space, all drawn from `rng`.
    ///
    /// # Panics
    /// If `batch` is zero or the noise lives on another space than the sum.
    pub fn new(sum: Arc<dyn FiniteSum<T>>, batch: usize, noise: Arc<dyn Noise<T>>, rng: Rng) -> Self {
        assert!(batch > 0, "a minibatch has a component");
        assert_eq!(noise.dimensions(), sum.dimensions(), "noise and problem on different spaces");
        Self { sum, batch, noise, rng, calls: 0 }
    }
}

impl<T: Scalar> StochasticOracle<T> for MinibatchOracle<T> {
    fn dimensions(&self) -> Dimensions {
        self.sum.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.query_mean(x, 1)
    }

    /// The same components and the same N at both points.
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        check_point(&*self.sum, x)?;
        check_point(&*self.sum, y)?;
        self.calls += 2;
        let count = self.sum.components();
        let components: Vec<_> = (0..self.batch).map(|_| self.rng.random_range(0..count)).collect();
        let noise = self.noise.sample(&mut self.rng);
        let answer = |point: &Matrix<T>| -> Result<Matrix<T>, OracleError> {
            let answer = &self.sum.minibatch_gradient(point, &components) + &noise;
            finite(&answer)?;
            Ok(answer)
        };
        Ok((answer(x)?, answer(y)?))
    }

    fn calls(&self) -> u64 {
        self.calls
    }

    /// The mean of `calls` minibatches and draws of the noise, the same draws as that many queries.
    fn query_mean(&mut self, x: &Matrix<T>, calls: u64) -> Result<Matrix<T>, OracleError> {
        check_point(&*self.sum, x)?;
        let calls = calls.max(1);
        self.calls += calls;
        let per_piece = (LARGEST_PIECE / self.batch).max(1) as u64;
        let (mut gradient, mut noise) =
            (Matrix::zeros(x.nrows(), x.ncols()), Matrix::zeros(x.nrows(), x.ncols()));
        let mut done = 0;
        while done < calls {
            let now = per_piece.min(calls - done);
            let mut components = Vec::with_capacity(self.batch * now as usize);
            for drawn in done + 1..=done + now {
                let count = self.sum.components();
                components.extend((0..self.batch).map(|_| self.rng.random_range(0..count)));
                // A running mean does not overflow where the sum of a heavy-tailed sample would.
                noise.move_towards(T::from_f64(1.0 / drawn as f64), &self.noise.sample(&mut self.rng));
            }
            let share = T::from_f64(now as f64 / calls as f64);
            gradient.add_scaled(share, &self.sum.minibatch_gradient(x, &components));
            done += now;
        }
        gradient.add_scaled(T::one_impl(), &noise);
        finite(&gradient)?;
        Ok(gradient)
    }
}
