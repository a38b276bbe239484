//! Robust matrix regression: a bounded, nonconvex loss of linear measurements, some of which are outliers; a finite sum.

use faer::MatRef;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::finite_sum::bounded_components;
use super::logistic::{regulariser, regulariser_curvature, regulariser_slope};
use super::profile::Profile;
use super::spectrum::eigenvalues;
use super::{Built, Entry, FiniteSum, LARGEST_VARIABLE, at_most, positive, random_of_length};
use crate::family::{Family, Known};
use crate::linalg::product;
use crate::noise::Moment;
use crate::registry::{self, ConfigError};
use crate::seed;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, MatrixError, MomentOrder, Norm, NormError, Problem,
    ProblemError, Scalar, Smoothness, inner,
};

/// phi(u) = 1 - exp(-u^2/2), with e = exp(-u^2/2):
///
/// - phi' = u e, largest at u = 1: exp(-1/2);
/// - phi'' = (1 - u^2) e, from -2 exp(-3/2) = -0.45 (u^2 = 3) to 1;
/// - phi''' = (u^3 - 3u) e, whose derivative vanishes at u^4 - 6u^2 + 3 = 0: u^2 = 3 - sqrt 6 gives
///   sqrt(18 - 6 sqrt 6) exp(-(3 - sqrt 6)/2) = 1.3801, u^2 = 3 + sqrt 6 only 0.375.
pub static WELSCH: Profile = Profile {
    name: "welsch",
    value: |u| -libm::expm1(-0.5 * u * u),
    slope: |u| u * libm::exp(-0.5 * u * u),
    curvature: |u| (1.0 - u * u) * libm::exp(-0.5 * u * u),
    largest_slope: 0.606_530_659_712_633_4,
    largest_third: 1.380_119_046_160_749,
};

/// phi(u) = (u^2/2)/(1 + u^2), half of logistic regression's regulariser:
///
/// - phi' = u/(1+u^2)^2, largest at u^2 = 1/3: 3 sqrt 3/16;
/// - phi'' = (1 - 3u^2)/(1+u^2)^3, from -1/4 (u^2 = 1) to 1;
/// - phi''' = -12 u (1 - u^2)/(1+u^2)^4, largest at u^2 = 1 - 2/sqrt 5: 2.3343.
pub static GEMAN_MCCLURE: Profile = Profile {
    name: "geman-mcclure",
    value: |u| 0.5 * regulariser(u),
    slope: |u| 0.5 * regulariser_slope(u),
    curvature: |u| 0.5 * regulariser_curvature(u),
    largest_slope: 0.324_759_526_419_164_5,
    largest_third: 2.334_279_642_077_606_6,
};

/// Why measurements make no regression.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RobustRegressionError {
    /// No measurement, or one of 0 x n.
    #[error("there is nothing to measure: {0}; give at least one matrix with at least one entry")]
    Empty(#[from] MatrixError),
    /// Matrices and targets are of different numbers.
    #[error("there are {measurements} matrices but {targets} targets; give one target per matrix")]
    TargetCount {
        /// Matrices given.
        measurements: usize,
        /// Targets given.
        targets: usize,
    },
    /// A matrix has another shape than the first.
    #[error("matrix {sample} is {rows}x{columns}, the first one {expected}; all must have one shape")]
    Shape {
        /// Which.
        sample: usize,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The shape of the first.
        expected: Dimensions,
    },
    /// An entry or a target is NaN, infinite or beyond the number type.
    #[error("measurement {0} has a number that is not finite; remove or repair it")]
    NonFinite(usize),
    /// Both N and m n exceed 4096, and eigenvalues of that size are needed.
    #[error(
        "{samples} measurements of {entries} entries are too many: one of the numbers may be at most 4096"
    )]
    TooLarge {
        /// N.
        samples: usize,
        /// m n.
        entries: usize,
    },
    /// Every matrix is zero, or their second moments overflow.
    #[error("the second moments of the matrices are zero or overflow; rescale the matrices")]
    SecondMoments,
    /// c must be finite and above 0.
    #[error("the cutoff must be finite and above 0, not {0}")]
    CutoffNotPositive(f64),
}

impl From<RobustRegressionError> for ProblemError {
    fn from(error: RobustRegressionError) -> Self {
        Self::InvalidData(error.to_string())
    }
}

impl From<RobustRegressionError> for ConfigError {
    fn from(error: RobustRegressionError) -> Self {
        Self::Problem(error.into())
    }
}

/// The loss of one residual, quadratic near 0 and bounded far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// [`WELSCH`].
    Welsch,
    /// [`GEMAN_MCCLURE`].
    GemanMcclure,
}

impl Loss {
    /// The loss at cutoff 1.
    pub fn profile(self) -> &'static Profile {
        match self {
            Self::Welsch => &WELSCH,
            Self::GemanMcclure => &GEMAN_MCCLURE,
        }
    }
}

/// f(X) = (1/N) sum_k psi(<A_k, X> - y_k) with psi(t) = c^2 phi(t/c), on R^{m x n}; X_0 = 0, 0 <= f < c^2.
///
/// psi(t) is t^2/2 for |t| well below the cutoff c > 0 and bounded beyond, where a residual has no say.
///
/// # Notation
///
/// k_1 = sup|phi'|, k_3 = sup|phi'''|, sup|phi''| = 1, so that |psi'| <= c k_1, |psi''| <= 1, |psi'''| <= k_3/c. Q(Z) =
/// (1/N) sum <A_k, Z>^2, a quadratic form with largest eigenvalue q_1 (of (1/N) sum vec A_k vec A_k^T, or of the Gram
/// matrix <A_k, A_l>/N); R the circumradius of the norm's unit ball.
///
/// # L
///
/// |D^2 f(X)\[Z, Z'\]| <= (1/N) sum|<A_k, Z>||<A_k, Z'>| <= sup{Q(Z) : ||Z|| <= 1} by Cauchy-Schwarz, an equality where all
/// residuals vanish. The supremum is at most
///
/// - R^2 q_1, attained for the Frobenius norm;
/// - (1/N) sum||A_k||_*^2, attained for N = 1 in every norm;
/// - for the sums of entries, of column and of row norms, the maximum of the convex Q over the extreme points E_ij, u e_j^T,
///   e_i v^T: the largest eigenvalue of the block of (1/N) sum vec A_k vec A_k^T that belongs to one entry, column or row.
///
/// # rho
///
/// By Hoelder rho = (k_3/c) sup{(1/N) sum|<A_k, Z>|^3 : ||Z|| <= 1} will do; the supremum is at most (1/N) sum||A_k||_*^3
/// (attained for N = 1 in every norm), max||A_k||_* sup Q, and R^3 times the least of these two in the Frobenius norm.
///
/// # One component
///
/// grad f_k = psi'(.) A_k is Lipschitz with L_k = ||A_k||_*^2 (equality next to a vanishing residual) and at most
/// c k_1||A_k||_* in the dual norm, so that the noise of one component is bounded at EVERY X
/// ([`FiniteSum::component_noise_moment`]); attained by two equal A_k with opposite residuals where |psi'| is largest.
#[derive(Debug, Clone)]
pub struct RobustRegression<T: Scalar> {
    space: Dimensions,
    /// One column per measurement: A_k column by column.
    measurements: Matrix<T>,
    targets: Vec<f64>,
    loss: Loss,
    cutoff: f64,
    /// q_1.
    largest_eigenvalue: f64,
}

/// A side of a matrix whose eigenvalues are computed.
const LARGEST_SIDE: usize = 4096;

impl<T: Scalar> RobustRegression<T> {
    /// Matrices A_k with a target y_k each, the loss and its cutoff.
    ///
    /// # Errors
    /// [`RobustRegressionError`].
    pub fn new(
        matrices: &[Matrix<f64>],
        targets: &[f64],
        loss: Loss,
        cutoff: f64,
    ) -> Result<Self, RobustRegressionError> {
        let empty = Matrix::zeros(0, 0);
        let space = matrices.first().unwrap_or(&empty).dimensions()?;
        validate(matrices, targets, space)?;
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(RobustRegressionError::CutoffNotPositive(cutoff));
        }
        let entries: Vec<Vec<f64>> = matrices.iter().map(|a| a.entries().collect()).collect();
        let measurements: Matrix<T> =
            Matrix::from_fn(space.entries(), matrices.len(), |i, k| entries[k][i]).cast();
        if let Some((_, k)) = measurements.first_non_finite() {
            return Err(RobustRegressionError::NonFinite(k));
        }
        let largest = largest_eigenvalue(measurements.cast::<f64>().as_mat());
        let largest_eigenvalue = largest.filter(|&q| q > 0.0).ok_or(RobustRegressionError::SecondMoments)?;
        Ok(Self { space, measurements, targets: targets.to_vec(), loss, cutoff, largest_eigenvalue })
    }

    /// <A_k, X> - y_k.
    fn residual(&self, k: usize, x: &Matrix<T>) -> f64 {
        self.measure(k, x) - self.targets[k]
    }

    /// <A_k, X>.
    fn measure(&self, k: usize, x: &Matrix<T>) -> f64 {
        self.measurements.column(k).iter().zip(x.entries()).map(|(a, x)| a.to_f64() * x.to_f64()).sum()
    }

    /// psi'(residual).
    fn pull(&self, k: usize, x: &Matrix<T>) -> f64 {
        self.cutoff * (self.loss.profile().slope)(self.residual(k, x) / self.cutoff)
    }

    /// The sum of weight * A_k.
    fn combine(&self, weights: impl Iterator<Item = (usize, f64)>) -> Matrix<T> {
        let mut sum = vec![0.0; self.space.entries()];
        for (k, weight) in weights {
            sum.iter_mut().zip(self.measurements.column(k)).for_each(|(s, a)| *s += weight * a.to_f64());
        }
        let rows = self.space.rows();
        Matrix::from_fn(rows, self.space.columns(), |i, j| T::from_f64(sum[i + j * rows]))
    }

    /// ||A_k||_* for all k.
    fn sizes(&self, norm: &dyn Norm<T>) -> Result<Vec<f64>, NormError> {
        let one = |k| Ok(norm.dual_value(&self.combine(std::iter::once((k, 1.0))))?.to_f64());
        (0..self.targets.len()).map(one).collect()
    }

    /// ||A_k||_F for all k.
    fn lengths(&self) -> Vec<f64> {
        let square = |a: &T| a.to_f64() * a.to_f64();
        let length = |k| self.measurements.column(k).iter().map(square).sum::<f64>().sqrt();
        (0..self.targets.len()).map(length).collect()
    }

    /// sup Q over the unit ball, or a bound on it; `sizes` are those of the norm.
    fn largest_square(&self, norm: &dyn Norm<T>, sizes: &[f64]) -> Result<f64, NormError> {
        let general = norm.ball(self.space)?.circumradius.powi(2) * self.largest_eigenvalue;
        let bound = general.min(power_mean(sizes, 2.0));
        let known = Known::find(&norm.label(), self.space);
        let over_extreme_points =
            known.and_then(|k| Some(self.largest_square_of_a_block(k.family)? / k.scale.powi(2)));
        Ok(over_extreme_points.map_or(bound, |at_extreme| bound.min(at_extreme)))
    }

    /// The largest eigenvalue of a block that belongs to an entry, a column or a row.
    fn largest_square_of_a_block(&self, family: Family) -> Option<f64> {
        let (rows, columns) = (self.space.rows(), self.space.columns());
        let blocks: Vec<Vec<usize>> = match family {
            Family::Entries(1.0) => (0..rows * columns).map(|i| vec![i]).collect(),
            Family::Columns(1.0) => (0..columns).map(|j| (j * rows..(j + 1) * rows).collect()).collect(),
            Family::Rows(1.0) => (0..rows).map(|i| (0..columns).map(|j| i + j * rows).collect()).collect(),
            _ => return None,
        };
        let of_block = |block: &Vec<usize>| {
            let entry = |i: usize, k: usize| self.measurements[(block[i], k)].to_f64();
            let part = Matrix::from_fn(block.len(), self.targets.len(), entry);
            largest_eigenvalue(part.as_mat())
        };
        blocks.iter().map(of_block).try_fold(0.0, |largest: f64, next| Some(largest.max(next?)))
    }
}

fn validate(
    matrices: &[Matrix<f64>],
    targets: &[f64],
    expected: Dimensions,
) -> Result<(), RobustRegressionError> {
    use RobustRegressionError::{NonFinite, Shape, TargetCount, TooLarge};
    if matrices.len() != targets.len() {
        return Err(TargetCount { measurements: matrices.len(), targets: targets.len() });
    }
    if matrices.len().min(expected.entries()) > LARGEST_SIDE {
        return Err(TooLarge { samples: matrices.len(), entries: expected.entries() });
    }
    for (sample, (a, y)) in matrices.iter().zip(targets).enumerate() {
        let (rows, columns) = (a.nrows(), a.ncols());
        if (rows, columns) != (expected.rows(), expected.columns()) {
            return Err(Shape { sample, rows, columns, expected });
        }
        if a.first_non_finite().is_some() || !y.is_finite() {
            return Err(NonFinite(sample));
        }
    }
    Ok(())
}

/// The mean of x^s.
fn power_mean(x: &[f64], s: f64) -> f64 {
    x.iter().map(|x| x.powf(s)).sum::<f64>() / x.len() as f64
}

/// The largest eigenvalue of (1/N) B B^T for a matrix B of N columns, from the smaller of its Gram matrices.
fn largest_eigenvalue(b: MatRef<'_, f64>) -> Option<f64> {
    let gram = if b.nrows() <= b.ncols() { product(b, b.transpose()) } else { product(b.transpose(), b) };
    let weight = 0.5 / b.ncols() as f64;
    let symmetric =
        Matrix::from_fn(gram.nrows(), gram.ncols(), |i, j| weight * (gram[(i, j)] + gram[(j, i)]));
    if symmetric.first_non_finite().is_some() {
        return None;
    }
    eigenvalues(symmetric.as_mat())?.first().copied()
}

impl<T: Scalar> Problem<T> for RobustRegression<T> {
    fn name(&self) -> &str {
        NAME
    }

    fn dimensions(&self) -> Dimensions {
        self.space
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.space.rows(), self.space.columns())
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let value = self.loss.profile().value;
        let sum: f64 = (0..self.components()).map(|k| value(self.residual(k, x) / self.cutoff)).sum();
        T::from_f64(self.cutoff * self.cutoff * sum / self.components() as f64)
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        let weight = 1.0 / self.components() as f64;
        self.combine((0..self.components()).map(|k| (k, weight * self.pull(k, x))))
    }

    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let (weight, curvature) = (1.0 / self.components() as f64, self.loss.profile().curvature);
        let of = |k| weight * curvature(self.residual(k, x) / self.cutoff) * self.measure(k, z);
        self.combine((0..self.components()).map(|k| (k, of(k))))
    }

    fn infimum(&self) -> Infimum {
        Infimum::AtLeast(0.0)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let sizes = self.sizes(norm)?;
        Ok(Smoothness::new(self.largest_square(norm, &sizes)?, norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let cubes = |sizes: &[f64], square: f64| {
            let longest = sizes.iter().copied().fold(0.0, f64::max);
            power_mean(sizes, 3.0).min(longest * square)
        };
        let sizes = self.sizes(norm)?;
        let own = cubes(&sizes, self.largest_square(norm, &sizes)?);
        let in_frobenius = cubes(&self.lengths(), self.largest_eigenvalue);
        let general = norm.ball(self.space)?.circumradius.powi(3) * in_frobenius;
        let third = self.loss.profile().largest_third / self.cutoff;
        Ok(HessianLipschitz::new(third * own.min(general), norm.label())?)
    }
}

impl<T: Scalar> FiniteSum<T> for RobustRegression<T> {
    fn components(&self) -> usize {
        self.targets.len()
    }

    fn component_gradient(&self, k: usize, x: &Matrix<T>) -> Matrix<T> {
        self.combine(std::iter::once((k, self.pull(k, x))))
    }

    fn minibatch_gradient(&self, x: &Matrix<T>, components: &[usize]) -> Matrix<T> {
        assert!(!components.is_empty(), "a minibatch has a component");
        let weight = 1.0 / components.len() as f64;
        self.combine(components.iter().map(|&k| (k, weight * self.pull(k, x))))
    }

    fn component_constants(&self, norm: &dyn Norm<T>) -> Result<Vec<f64>, ProblemError> {
        Ok(self.sizes(norm)?.iter().map(|size| size * size).collect())
    }

    fn component_noise_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, ProblemError> {
        let steepest = self.cutoff * self.loss.profile().largest_slope;
        let times = |sizes: Vec<f64>| sizes.iter().map(|s| steepest * s).collect::<Vec<_>>();
        let circumradius = norm.ball(self.space)?.circumradius;
        let (sizes, lengths) = (times(self.sizes(norm)?), times(self.lengths()));
        Ok(Moment::UpperBound(bounded_components(&sizes, &lengths, circumradius, p)))
    }

    fn component_variance(&self) -> f64 {
        let steepest = self.cutoff * self.loss.profile().largest_slope;
        steepest * steepest * power_mean(&self.lengths(), 2.0)
    }
}

const NAME: &str = "robust-regression";

/// `[problem] name = "robust-regression"`: A_k with standard normal entries, y_k = <A_k, X*> + noise * standard normal, but
/// y_k = outlier_size * standard normal for a share of them; all drawn from `seed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// m.
    pub rows: usize,
    /// n; N or m n is at most 4096, and N m n at most 2^26.
    pub columns: usize,
    /// N.
    pub samples: usize,
    /// `welsch` or `geman-mcclure`.
    pub loss: Loss,
    /// c (default 1).
    #[serde(default = "one")]
    pub cutoff: f64,
    /// ||X*||_F (default 1).
    #[serde(default = "one")]
    pub distance: f64,
    /// Standard deviation of the inliers' noise, at least 0 (default 0.1).
    #[serde(default = "tenth")]
    pub noise: f64,
    /// The share of outliers, in \[0, 1); the nearest whole number of them is taken (default 0.1).
    #[serde(default = "tenth")]
    pub outliers: f64,
    /// Standard deviation of the outliers' targets, at least 0 (default 10).
    #[serde(default = "ten")]
    pub outlier_size: f64,
    /// Default 0.
    #[serde(default)]
    pub seed: u64,
}

fn one() -> f64 {
    1.0
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> f64 {
    10.0
}

impl Config {
    /// Draws the data.
    ///
    /// # Errors
    /// [`ConfigError`] for counts of zero, too many numbers, a cutoff or distance that is not positive, and a noise, share or
    /// size outside its range.
    pub fn build<T: Scalar>(&self) -> Result<RobustRegression<T>, ConfigError> {
        let space = Dimensions::new(self.rows, self.columns)?;
        let numbers = self.samples.saturating_mul(self.rows).saturating_mul(self.columns);
        at_most(NAME, "samples x rows x columns", numbers, LARGEST_VARIABLE)?;
        positive(NAME, "distance", self.distance)?;
        for (parameter, value) in [("noise", self.noise), ("outlier_size", self.outlier_size)] {
            not_negative(parameter, value, f64::MAX, "finite and at least 0")?;
        }
        not_negative("outliers", self.outliers, 1.0 - f64::EPSILON, "at least 0 and below 1")?;
        let minimiser = random_of_length(space, self.distance, &mut seed::problem_stream(self.seed, 0));
        let mut rng = seed::problem_stream(self.seed, 1);
        // Data are independent: the first ones are as good outliers as any.
        let outliers = (self.outliers * self.samples as f64).round() as usize;
        let (mut matrices, mut targets) = (Vec::new(), Vec::new());
        for k in 0..self.samples {
            let a = Matrix::from_fn(self.rows, self.columns, |_, _| rng.sample(StandardNormal));
            let error: f64 = rng.sample(StandardNormal);
            let inlier = inner(&a, &minimiser) + self.noise * error;
            targets.push(if k < outliers { self.outlier_size * error } else { inlier });
            matrices.push(a);
        }
        Ok(RobustRegression::new(&matrices, &targets, self.loss, self.cutoff)?)
    }
}

fn not_negative(
    parameter: &'static str,
    value: f64,
    largest: f64,
    must_be: &'static str,
) -> Result<(), ConfigError> {
    if (0.0..=largest).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange { name: NAME.into(), parameter, must_be, value })
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "bounded loss of Gaussian measurements with outliers (rows, columns, samples, loss, cutoff, ..)",
        build: |table| {
            let config: Config = registry::read(NAME, table)?;
            Ok(Built::Sum(std::sync::Arc::new(config.build::<T>()?)))
        },
        examples: || {
            vec![
                toml::toml! { name = "robust-regression" rows = 2 columns = 3 samples = 9 loss = "welsch" },
                toml::toml! {
                    name = "robust-regression"
                    rows = 3
                    columns = 2
                    samples = 5
                    loss = "geman-mcclure"
                    cutoff = 2.0
                    outliers = 0.4
                    noise = 0.0
                    seed = 1
                },
            ]
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{self, Attack};
    use super::super::profile;
    use super::*;
    use crate::norms::{self, frobenius::Frobenius};
    use crate::seed::stream;
    use crate::spec::problem;

    const LOSSES: [Loss; 2] = [Loss::Welsch, Loss::GemanMcclure];

    fn order(p: f64) -> MomentOrder {
        MomentOrder::new(p).unwrap()
    }

    fn matrix(seed: u64) -> Matrix<f64> {
        let mut rng = stream(seed, 0);
        Matrix::from_fn(3, 4, |_, _| rng.sample(StandardNormal))
    }

    fn example(loss: Loss, outliers: f64, noise: f64) -> RobustRegression<f64> {
        let config = Config {
            rows: 3,
            columns: 4,
            samples: 20,
            loss,
            cutoff: 0.8,
            distance: 1.0,
            noise,
            outliers,
            outlier_size: 10.0,
            seed: 3,
        };
        config.build().unwrap()
    }

    #[test]
    fn the_suprema_of_the_losses_are_the_closed_forms() {
        for loss in LOSSES {
            profile::checks::suprema(loss.profile());
        }
        let square = 3.0 - 6f64.sqrt();
        let third = (18.0 - 6.0 * 6f64.sqrt()).sqrt() * (-0.5 * square).exp();
        assert!(
            (WELSCH.largest_third - third).abs() < 4e-16
                && (WELSCH.largest_slope - (-0.5_f64).exp()).abs() < 2e-16
        );
        let square = 1.0 - 2.0 / 5f64.sqrt();
        let third = 12.0 * square.sqrt() * (1.0 - square) / (1.0 + square).powi(4);
        // The square cancels one digit.
        assert!((GEMAN_MCCLURE.largest_third - third).abs() < 1e-14);
        assert!((GEMAN_MCCLURE.largest_slope - 3.0 * 3f64.sqrt() / 16.0).abs() < 1e-16);
    }

    #[test]
    fn the_losses_are_their_definitions() {
        let (c, a, y) = (0.8_f64, matrix(1), 0.3);
        for loss in LOSSES {
            let f = RobustRegression::<f64>::new(std::slice::from_ref(&a), &[y], loss, c).unwrap();
            let x = matrix(2);
            let t = inner(&a, &x) - y;
            let direct = match loss {
                Loss::Welsch => c * c * (1.0 - (-t * t / (2.0 * c * c)).exp()),
                Loss::GemanMcclure => 0.5 * t * t / (1.0 + t * t / (c * c)),
            };
            assert!((f.objective(&x) - direct).abs() < 1e-14);
        }
    }

    #[test]
    fn no_pair_breaks_the_constants_in_any_norm() {
        for loss in LOSSES {
            checks::derivatives(&example(loss, 0.2, 0.1), 1.0);
            for scale in [0.1, 2.0] {
                checks::class_constants(&example(loss, 0.2, 0.1), scale);
            }
        }
    }

    #[test]
    fn a_single_measurement_attains_both_constants_in_every_norm() {
        for loss in LOSSES {
            let turn = profile::checks::suprema(loss.profile());
            let a = matrix(4);
            for norm in &norms::all_on(a.dimensions().unwrap()) {
                let f = RobustRegression::<f64>::new(std::slice::from_ref(&a), &[0.0], loss, 0.8).unwrap();
                let z = -&norm.lmo(&a).unwrap();
                // X is t along Z in units of the cutoff: <A, X> = 0.8 t.
                let at = |t: f64| &z * (0.8 * t / norm.dual_value(&a).unwrap());
                let l = problem::a2_smoothness(&f, norm, &at(0.0), &at(1e-4)).unwrap().ratio();
                let rho = problem::a4_hessian_lipschitz(&f, norm, &at(turn - 1e-4), &at(turn + 1e-4), &z);
                let rho = rho.unwrap().ratio();
                let components = f.component_smoothness(norm).unwrap().constant();
                assert!((components / f.smoothness(norm).unwrap().constant() - 1.0).abs() < 1e-12);
                for ratio in [l, rho] {
                    let case = format!("{loss:?} {}: {l} {rho}", norm.label());
                    assert!((1.0 - 1e-6..=1.0 + 1e-10).contains(&ratio), "{case}");
                }
            }
        }
    }

    #[test]
    fn where_all_residuals_vanish_l_is_attained_in_the_norms_that_have_a_formula() {
        for loss in LOSSES {
            let f = example(loss, 0.0, 0.0);
            let minimiser = random_of_length(f.space, 1.0, &mut seed::problem_stream(3, 0));
            assert!(f.objective(&minimiser) < 1e-28);
            for norm in &norms::chosen_on(f.space, &["frobenius", "sum-entries", "sum-col-l2", "sum-row-l2"])
            {
                let attack = Attack::on_smoothness(&f, norm, &minimiser);
                let pair = problem::a2_smoothness(&f, norm, &attack.x, &attack.y).unwrap();
                assert!(pair.holds(1e-9) && pair.ratio() > 1.0 - 1e-6, "{} {pair:?}", norm.label());
            }
        }
    }

    #[test]
    fn opposite_residuals_of_one_measurement_attain_the_noise_of_a_component() {
        for loss in LOSSES {
            let steepest = if loss == Loss::Welsch { 1.0 } else { 1.0 / 3f64.sqrt() };
            let (a, c) = (matrix(5), 0.8);
            let targets = [c * steepest, -c * steepest];
            let f = RobustRegression::<f64>::new(&[a.clone(), a.clone()], &targets, loss, c).unwrap();
            for norm in &norms::all_on(f.space) {
                for p in [1.2, 2.0] {
                    let here = f.noise_at(&f.start(), norm, order(p)).unwrap();
                    let bound = f.component_noise_moment(norm, order(p)).unwrap().bound();
                    assert!((here / bound - 1.0).abs() < 1e-12, "{} p={p}: {here} {bound}", norm.label());
                }
            }
        }
    }

    #[test]
    fn outliers_are_there_and_have_no_say() {
        let f = example(Loss::Welsch, 0.2, 0.0);
        let minimiser = random_of_length(f.space, 1.0, &mut seed::problem_stream(3, 0));
        let far = (0..20).filter(|&k| f.residual(k, &minimiser).abs() > 1e-12).count();
        assert_eq!(far, 4);
        let outside = (0..20).filter(|&k| f.pull(k, &minimiser).abs() > 1e-3).count();
        assert!(outside <= 2 && Norm::<f64>::dual_value(&Frobenius, &f.gradient(&minimiser)).unwrap() < 0.2);
    }

    #[test]
    fn unusable_measurements_are_refused_with_the_place() {
        use RobustRegressionError as E;
        let new = |matrices: &[Matrix<f64>], targets: &[f64], c: f64| {
            RobustRegression::<f64>::new(matrices, targets, Loss::Welsch, c).unwrap_err()
        };
        let (a, b) = (matrix(1), Matrix::zeros(2, 2));
        assert!(matches!(new(&[], &[], 1.0), E::Empty(_)));
        assert!(matches!(new(std::slice::from_ref(&a), &[], 1.0), E::TargetCount { .. }));
        assert!(matches!(new(&[a.clone(), b.clone()], &[0.0; 2], 1.0), E::Shape { sample: 1, .. }));
        assert_eq!(new(&[a.clone(), &a * f64::NAN], &[0.0; 2], 1.0), E::NonFinite(1));
        assert_eq!(new(std::slice::from_ref(&a), &[f64::INFINITY], 1.0), E::NonFinite(0));
        assert_eq!(new(&[b], &[0.0], 1.0), E::SecondMoments);
        assert_eq!(new(&[&a * 1e200], &[0.0], 1.0), E::SecondMoments);
        assert_eq!(new(&[a], &[0.0], 0.0), E::CutoffNotPositive(0.0));
    }

    #[test]
    fn configurations_outside_the_range_are_refused() {
        let refuse = |text: &str| {
            let text = format!("name = 'robust-regression'\nrows = 2\ncolumns = 2\nloss = 'welsch'\n{text}");
            super::super::build::<f64>(&text.parse().unwrap()).unwrap_err().to_string()
        };
        assert!(refuse("").contains("samples"));
        assert!(refuse("samples = 0").contains("at least 1"));
        assert!(refuse("samples = 100000000").contains("at most 16777216"));
        assert!(refuse("samples = 5\noutliers = 1.0").contains("below 1"));
        assert!(refuse("samples = 5\nnoise = -1.0").contains("noise must be finite and at least 0"));
        assert!(refuse("samples = 5\ncutoff = 0.0").contains("cutoff"));
        assert!(refuse("samples = 5\nhuber = 1.0").contains("huber"));
    }
}
