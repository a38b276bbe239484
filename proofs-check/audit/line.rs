//! Separable problems on rows whose constants are one line: on them every term of the bounds is attained.

use heavynorm::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, OracleError, Problem, ProblemError, Smoothness,
    StochasticOracle,
};

/// One function of one variable with its first two derivatives, and the suprema of |phi''| and |phi'''|.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phi {
    pub(crate) derivatives: [fn(f64) -> f64; 3],
    pub(crate) curvature: f64,
    pub(crate) third: f64,
}

/// x^2/2.
pub(crate) const SQUARE: Phi =
    Phi { derivatives: [|x| x * x / 2.0, |x| x, |_| 1.0], curvature: 1.0, third: 0.0 };

/// x^3/6, whose gradient is Lipschitz only on bounded sets: no constant L.
pub(crate) const CUBE: Phi =
    Phi { derivatives: [|x| x * x * x / 6.0, |x| x * x / 2.0, |x| x], curvature: f64::NAN, third: 1.0 };

/// x itself: L as small as one likes, no infimum.
pub(crate) const LINE: Phi = Phi { derivatives: [|x| x, |_| 1.0, |_| 0.0], curvature: f64::NAN, third: 0.0 };

/// x^2/2 near zero, then a line of slope 1.
pub(crate) const HUBER: Phi = Phi {
    derivatives: [
        |x| if x.abs() <= 1.0 { x * x / 2.0 } else { x.abs() - 0.5 },
        |x| x.clamp(-1.0, 1.0),
        |x| f64::from(x.abs() <= 1.0),
    ],
    curvature: 1.0,
    third: f64::NAN,
};

/// log cosh: |phi''| <= 1, and |phi'''| = 2 sech^2 tanh <= 4/(3 sqrt 3).
pub(crate) const LOG_COSH: Phi = Phi {
    derivatives: [|x| x.cosh().ln(), f64::tanh, |x| 1.0 / (x.cosh() * x.cosh())],
    curvature: 1.0,
    third: 0.769_800_358_919_501,
};

/// f(X) = sum of w_j phi(x_j) on rows, with inf f = 0 where phi has infimum 0.
#[derive(Debug, Clone)]
pub(crate) struct Separable {
    pub(crate) phi: Phi,
    pub(crate) weights: Vec<f64>,
    pub(crate) start: Vec<f64>,
}

impl Separable {
    /// One variable, weight w.
    pub(crate) fn line(phi: Phi, weight: f64, start: f64) -> Self {
        Self { phi, weights: vec![weight], start: vec![start] }
    }

    fn each(&self, derivative: usize, x: &Matrix<f64>) -> Matrix<f64> {
        Matrix::from_fn(1, x.ncols(), |_, j| self.weights[j] * (self.phi.derivatives[derivative])(x[(0, j)]))
    }

    /// A diagonal operator w as a map from the norm to its dual.
    fn size(&self, norm: &dyn Norm<f64>) -> Result<f64, ProblemError> {
        match norm.label().as_str() {
            "max-entry" => Ok(self.weights.iter().sum()),
            "frobenius" => Ok(self.weights.iter().copied().fold(0.0, f64::max)),
            other => Err(ProblemError::InvalidData(format!("no constant in {other}"))),
        }
    }
}

impl Problem<f64> for Separable {
    fn name(&self) -> &str {
        "separable"
    }
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(1, self.weights.len()).expect("a weight at least")
    }
    fn start(&self) -> Matrix<f64> {
        row(&self.start)
    }
    fn objective(&self, x: &Matrix<f64>) -> f64 {
        self.each(0, x).entries().sum()
    }
    fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
        self.each(1, x)
    }
    fn hessian_action(&self, x: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
        let h = self.each(2, x);
        Matrix::from_fn(1, x.ncols(), |_, j| h[(0, j)] * z[(0, j)])
    }
    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }
    fn smoothness(&self, norm: &dyn Norm<f64>) -> Result<Smoothness, ProblemError> {
        Ok(Smoothness::new(self.size(norm)? * self.phi.curvature, norm.label())?)
    }
    fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
        Ok(HessianLipschitz::new(self.size(norm)? * self.phi.third, norm.label())?)
    }
}

/// Answers call k at X with `answer(k, X)`.
pub(crate) struct Scripted<F>(pub(crate) Dimensions, pub(crate) F, pub(crate) u64);

impl<F: FnMut(u64, &Matrix<f64>) -> Matrix<f64>> StochasticOracle<f64> for Scripted<F> {
    fn dimensions(&self) -> Dimensions {
        self.0
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        self.2 += 1;
        Ok((self.1)(self.2 - 1, x))
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        self.2 += 2;
        Ok(((self.1)(self.2 - 2, x), (self.1)(self.2 - 2, y)))
    }
    fn calls(&self) -> u64 {
        self.2
    }
}

/// A 1 x n matrix.
pub(crate) fn row(entries: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(1, entries.len(), |_, j| entries[j])
}
