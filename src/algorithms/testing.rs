//! A quadratic and an oracle that are small enough to be seen through, for the tests of this crate.

use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, OracleError, Problem, ProblemError, Scalar,
    Smoothness, StochasticOracle,
};

/// f(X) = (1/2) sum of w_ij x_ij^2, from a given start; its constants are those of the Frobenius norm.
#[derive(Debug, Clone)]
pub(crate) struct Quadratic<T: Scalar> {
    pub(crate) weights: Matrix<T>,
    pub(crate) start: Matrix<T>,
}

impl<T: Scalar> Quadratic<T> {
    /// (x_1^2 + 3 x_2^2)/2 from (1, -1/2), the function of the golden trajectories.
    pub(crate) fn small() -> Self {
        Self { weights: row(&[1.0, 3.0]), start: row(&[1.0, -0.5]) }
    }
}

impl<T: Scalar> Problem<T> for Quadratic<T> {
    fn name(&self) -> &str {
        "quadratic"
    }
    fn dimensions(&self) -> Dimensions {
        self.start.dimensions().expect("a test's matrix is not empty")
    }
    fn start(&self) -> Matrix<T> {
        self.start.clone()
    }
    fn objective(&self, x: &Matrix<T>) -> T {
        let twice: T = x.entries().zip(self.weights.entries()).map(|(x, w)| w * x * x).sum();
        twice * T::from_f64(0.5)
    }
    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        Matrix::from_fn(x.nrows(), x.ncols(), |i, j| self.weights[(i, j)] * x[(i, j)])
    }
    fn hessian_action(&self, _: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        self.gradient(z)
    }
    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }
    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        Ok(Smoothness::new(self.weights.max_abs().to_f64(), norm.label())?)
    }
    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        Ok(HessianLipschitz::new(0.0, norm.label())?)
    }
}

/// Answers call k (from 0) at X with `answer(k, X)`.
#[derive(Clone)]
pub(crate) struct Scripted<F> {
    dimensions: Dimensions,
    answer: F,
    calls: u64,
}

impl<F> Scripted<F> {
    pub(crate) fn new(rows: usize, columns: usize, answer: F) -> Self {
        Self { dimensions: Dimensions::new(rows, columns).expect("not empty"), answer, calls: 0 }
    }
}

impl<T: Scalar, F: FnMut(u64, &Matrix<T>) -> Matrix<T>> StochasticOracle<T> for Scripted<F> {
    fn dimensions(&self) -> Dimensions {
        self.dimensions
    }
    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        if (x.nrows(), x.ncols()) != (self.dimensions.rows(), self.dimensions.columns()) {
            return Err(OracleError::WrongShape {
                expected: self.dimensions,
                rows: x.nrows(),
                columns: x.ncols(),
            });
        }
        let gradient = (self.answer)(self.calls, x);
        self.calls += 1;
        if x.first_non_finite().or(gradient.first_non_finite()).is_some() {
            return Err(OracleError::Diverged);
        }
        Ok(gradient)
    }
    /// The answer to call k at both points.
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        let first = self.query(x)?;
        self.calls -= 1;
        let second = self.query(y)?;
        self.calls += 1;
        Ok((first, second))
    }
    fn calls(&self) -> u64 {
        self.calls
    }
}

/// A 1 x n matrix.
pub(crate) fn row<T: Scalar>(entries: &[f64]) -> Matrix<T> {
    Matrix::from_fn(1, entries.len(), |_, j| T::from_f64(entries[j]))
}

/// Something without pattern in [-1, 1), a function of k alone.
pub(crate) fn jitter(k: u64) -> f64 {
    let mixed = (k + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
