//! The exact gradient plus spikes that visit the diagonal in turn: noise that averages as slowly as the spectral norm allows.

use std::sync::Arc;

use rand::RngExt;

use super::{check_point, finite};
use crate::seed::Rng;
use crate::spec::{
    Dimensions, Matrix, NoiseScale, Norm, NormError, OracleError, Problem, Scalar, StochasticOracle,
};

/// Sample k (k = 0, 1, ..) is grad f(X) + s_k (sigma/||E_ii||_*) E_ii with i = k mod r + 1, r = min{m, n}, and independent
/// uniform signs s_k.
///
/// The noises are martingale differences with ||N_k||_* = sigma for sure, so A3 holds with every p. The mean of samples
/// 0, .., r-1 has sigma/(r||E_ii||_*) with some sign at every place of the diagonal; in the spectral norm (||E_ii||_* = 1,
/// the dual norm is the nuclear one) its dual norm is sigma for sure: averaging r calls has gained NOTHING, and
/// E||sum N_k||_*^p = (r sigma)^p = r^{p-1} sum E||N_k||_*^p attains K_p >= r^{p-1}.
#[derive(Debug)]
pub struct CyclicSpikes<T: Scalar> {
    problem: Arc<dyn Problem<T>>,
    /// sigma/||E_ii||_* for every i.
    sizes: Vec<T>,
    rng: Rng,
    samples: u64,
    calls: u64,
}

impl<T: Scalar> CyclicSpikes<T> {
    /// The gradients of a problem with spikes of size sigma in the dual of `norm`.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn new(
        problem: Arc<dyn Problem<T>>,
        norm: &dyn Norm<T>,
        sigma: NoiseScale,
        rng: Rng,
    ) -> Result<Self, NormError> {
        let space = problem.dimensions();
        let size = |i: usize| {
            let mut unit = Matrix::zeros(space.rows(), space.columns());
            unit[(i, i)] = T::one_impl();
            Ok(T::from_f64(sigma.sigma() / norm.dual_value(&unit)?.to_f64()))
        };
        let sizes = (0..space.smaller_side()).map(size).collect::<Result<_, NormError>>()?;
        Ok(Self { problem, sizes, rng, samples: 0, calls: 0 })
    }

    /// Adds the noise of the next sample.
    fn spike(&mut self, answers: &mut [&mut Matrix<T>]) {
        // As many sizes as the smaller side has entries, of which there are some.
        let i = (self.samples % self.sizes.len() as u64) as usize;
        self.samples += 1;
        let signed = if self.rng.random() { self.sizes[i] } else { -self.sizes[i] };
        for answer in answers {
            answer[(i, i)] += signed;
        }
    }
}

impl<T: Scalar> StochasticOracle<T> for CyclicSpikes<T> {
    fn dimensions(&self) -> Dimensions {
        self.problem.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        check_point(&*self.problem, x)?;
        self.calls += 1;
        let mut answer = self.problem.gradient(x);
        self.spike(&mut [&mut answer]);
        finite(&answer)?;
        Ok(answer)
    }

    /// The same spike on both gradients.
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        check_point(&*self.problem, x)?;
        check_point(&*self.problem, y)?;
        self.calls += 2;
        let (mut at_x, mut at_y) = (self.problem.gradient(x), self.problem.gradient(y));
        self.spike(&mut [&mut at_x, &mut at_y]);
        finite(&at_x)?;
        finite(&at_y)?;
        Ok((at_x, at_y))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
