//! Norms that are small enough to be seen through, and separable problems whose constants are one line.

use heavynorm::spec::{
    Ball, Dimensions, HessianLipschitz, Infimum, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel,
    Problem, ProblemError, Smoothness,
};

fn finite(x: &Matrix<f64>) -> Result<&Matrix<f64>, NormError> {
    match x.first_non_finite() {
        None => Ok(x),
        Some((row, column)) => Err(NormError::NonFinite { row, column, value: x[(row, column)] }),
    }
}

/// The Frobenius norm.
#[derive(Debug)]
pub(crate) struct Frobenius;

impl Norm<f64> for Frobenius {
    fn label(&self) -> NormLabel {
        NormLabel::new("frobenius")
    }
    fn value(&self, x: &Matrix<f64>) -> Result<f64, NormError> {
        Ok(finite(x)?.entries().map(|x| x * x).sum::<f64>().sqrt())
    }
    fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        self.value(s)
    }
    fn lmo(&self, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
        let length = self.value(s)?;
        Ok(if length == 0.0 { s.clone() } else { s.map(|x| -x / length) })
    }
    fn dual(&self) -> Box<dyn Norm<f64>> {
        Box::new(Self)
    }
    fn noise_type(&self, _: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(NoiseType { lower: 1.0, upper: p.hilbert_factor() })
    }
    fn ball(&self, _: Dimensions) -> Result<Ball, NormError> {
        Ok(Ball { inradius: 1.0, circumradius: 1.0 })
    }
}

/// The largest absolute entry, its dual the sum of absolute entries.
#[derive(Debug)]
pub(crate) struct MaxEntry;

impl Norm<f64> for MaxEntry {
    fn label(&self) -> NormLabel {
        NormLabel::new("max-entry")
    }
    fn value(&self, x: &Matrix<f64>) -> Result<f64, NormError> {
        Ok(finite(x)?.max_abs())
    }
    fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        Ok(finite(s)?.entries().map(f64::abs).sum())
    }
    fn lmo(&self, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
        Ok(finite(s)?.map(|x| if x == 0.0 { 0.0 } else { -x.signum() }))
    }
    fn dual(&self) -> Box<dyn Norm<f64>> {
        panic!("no test asks for it")
    }
    fn noise_type(&self, d: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        let lower = (d.entries() as f64).powf(p.p() - 1.0);
        Ok(NoiseType { lower, upper: lower * p.hilbert_factor() })
    }
    fn ball(&self, d: Dimensions) -> Result<Ball, NormError> {
        Ok(Ball { inradius: 1.0, circumradius: (d.entries() as f64).sqrt() })
    }
}

macro_rules! constants_only {
    ($name:ty, $label:literal, $noise_type:expr) => {
        impl Norm<f64> for $name {
            fn label(&self) -> NormLabel {
                NormLabel::new($label)
            }
            fn value(&self, _: &Matrix<f64>) -> Result<f64, NormError> {
                panic!("only the constants are asked for")
            }
            fn dual_value(&self, _: &Matrix<f64>) -> Result<f64, NormError> {
                panic!("only the constants are asked for")
            }
            fn lmo(&self, _: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
                panic!("only the constants are asked for")
            }
            fn dual(&self) -> Box<dyn Norm<f64>> {
                panic!("only the constants are asked for")
            }
            fn ball(&self, _: Dimensions) -> Result<Ball, NormError> {
                panic!("only the constants are asked for")
            }
            fn noise_type(&self, d: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
                let noise_type: fn(&Self, f64, MomentOrder) -> NoiseType = $noise_type;
                Ok(noise_type(self, d.smaller_side() as f64, p))
            }
        }
    };
}

/// The noise type of the spectral norm: r^{p-1} <= K_p <= C_p r^{p-1}.
#[derive(Debug)]
pub(crate) struct SpectralConstants;

constants_only!(SpectralConstants, "spectral", |_, r, p| {
    let lower = r.powf(p.p() - 1.0);
    NoiseType { lower, upper: lower * p.asymmetry_factor() }
});

/// The noise type where the dual norm is Schatten-b, 1 < b <= 2: K_p <= C_p r^{max(p/b - 1, 0)}.
#[derive(Debug)]
pub(crate) struct SchattenDual(pub(crate) f64);

constants_only!(SchattenDual, "schatten", |norm, r, p| {
    let lower = r.powf((p.p() / norm.0 - 1.0).max(0.0));
    NoiseType { lower, upper: lower * p.asymmetry_factor() }
});

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
    fn size(&self, norm: &dyn Norm<f64>) -> f64 {
        match norm.label().as_str() {
            "max-entry" => self.weights.iter().sum(),
            "frobenius" => self.weights.iter().copied().fold(0.0, f64::max),
            other => panic!("no constant in {other}"),
        }
    }
}

impl Problem<f64> for Separable {
    fn name(&self) -> &str {
        "separable"
    }
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(1, self.weights.len()).unwrap()
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
        Ok(Smoothness::new(self.size(norm) * self.phi.curvature, norm.label())?)
    }
    fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
        Ok(HessianLipschitz::new(self.size(norm) * self.phi.third, norm.label())?)
    }
}

/// A 1 x n matrix.
pub(crate) fn row(entries: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(1, entries.len(), |_, j| entries[j])
}
