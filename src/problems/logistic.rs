//! Multinomial logistic regression with a bounded, nonconvex regulariser: real data, a finite sum, derived constants.

use std::f64::consts::FRAC_1_SQRT_2;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use thiserror::Error;

use super::FiniteSum;
use super::finite_sum::bounded_components;
use super::spectrum::eigenvalues;
use crate::family::{Family, Known, conjugate, lq};
use crate::linalg::product;
use crate::noise::Moment;
use crate::registry::ConfigError;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, MatrixError, MomentOrder, Norm, NormError, Problem,
    ProblemError, Scalar, Smoothness,
};

/// Why data make no logistic regression.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LogisticError {
    /// No sample, or no feature.
    #[error("the features are empty: {0}; one row per sample, one column per feature")]
    Empty(#[from] MatrixError),
    /// Features and labels are of different lengths.
    #[error("there are {samples} samples but {labels} labels; give one label per row of the features")]
    LabelCount {
        /// Rows of the features.
        samples: usize,
        /// Labels given.
        labels: usize,
    },
    /// A feature is NaN or infinite.
    #[error("feature {feature} of sample {sample} is not a finite number; remove or repair that row")]
    NonFinite {
        /// The row.
        sample: usize,
        /// The column.
        feature: usize,
    },
    /// A feature is finite, but not in the number type asked for.
    #[error("feature {feature} of sample {sample} overflows the number type; rescale the features")]
    Overflow {
        /// The row.
        sample: usize,
        /// The column.
        feature: usize,
    },
    /// A label is not below the number of classes.
    #[error(
        "label {label} of sample {sample} is not below the number of classes {classes}; labels count from 0"
    )]
    LabelOutOfRange {
        /// The row.
        sample: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The variable would have too many entries.
    #[error(
        "{classes} classes of {features} features are more than 2^26 entries; check the number of classes"
    )]
    TooLarge {
        /// The number of classes.
        classes: usize,
        /// Columns of the features.
        features: usize,
    },
    /// All samples have the same label.
    #[error("all samples have label {0}; at least two classes must occur")]
    OneClass(usize),
    /// The regulariser's weight is negative or not finite.
    #[error("lambda must be finite and at least 0, not {0}")]
    LambdaNegative(f64),
    /// The eigenvalues of the features' second moments could not be computed.
    #[error("the second moments of the features overflow; rescale the features")]
    SecondMoments,
}

impl From<LogisticError> for ProblemError {
    fn from(error: LogisticError) -> Self {
        Self::InvalidData(error.to_string())
    }
}

impl From<LogisticError> for ConfigError {
    fn from(error: LogisticError) -> Self {
        Self::Problem(error.into())
    }
}

/// sup|phi''| of phi(w) = w^2/(1+w^2): phi'' = (2 - 6w^2)/(1+w^2)^3 runs from -1/2 (w^2 = 1) to 2 (w = 0).
const CURVATURE: f64 = 2.0;

/// sup|phi'''|: phi''' = -24 w(1-w^2)/(1+w^2)^4, largest where its derivative vanishes, 5w^4 - 10w^2 + 1 = 0, at
/// w^2 = 1 - 2/sqrt 5.
fn third_derivative() -> f64 {
    let square = 1.0 - 2.0 / 5f64.sqrt();
    24.0 * square.sqrt() * (1.0 - square) / (1.0 + square).powi(4)
}

/// sup|E(h - E h)^3| over laws on the coordinates of a vector h of length 1: two points at distance at most sqrt 2 with
/// probabilities q and 1-q have q(1-q)(1-2q) 2 sqrt 2, at most sqrt(6)/9.
fn third_moment() -> f64 {
    6f64.sqrt() / 9.0
}

/// f(W) = (1/N) sum_i \[log sum_c exp(w_c . a_i) - w_{y_i} . a_i\] + lambda sum_{cj} phi(w_cj), W in R^{k x d} with one row
/// per class, phi(w) = w^2/(1+w^2). X_0 = 0, f >= 0.
///
/// # Notation
///
/// C = (1/N) sum a_i a_i^T with eigenvalues c_1 >= c_2 >= ..; p the class probabilities of a sample, S = diag p - p p^T;
/// R the circumradius of the norm's unit ball in the Frobenius norm; 1/q + 1/b = 1.
///
/// # L
///
/// The Hessian is a positive semidefinite part (1/N) sum (Z a_i)^T S_i (Z a_i) and a diagonal one with entries in
/// lambda\[-1/2, 2\]. L bounds the BILINEAR form: for the first part that is its quadratic form (Cauchy-Schwarz), for the
/// second |sum lambda phi'' z z'| <= 2 lambda||Z||_F ||Z'||_F <= 2 lambda R^2. For the first, (Za)^T S (Za) is the variance
/// of the numbers h = Za under p: at most (max h - min h)^2/4 (Popoviciu), and at most half the squared length of h's
/// projection P h off the constant vector (Boehning). So it is at most
///
/// - Schatten-q, q <= 2: c_1/2 (||Z||_F <= 1, and tr(C Z^T P Z) <= c_1);
/// - Schatten-q, q > 2: Z^T P Z has rank at most k-1 and eigenvalues at most the squared singular values s_i^2, so
///   (1/2) sum_{i <= min(k-1, d)} c_i s_i^2 <= (1/2) (sum c_i^e)^{1/e} with 1/e = 1 - 2/q; spectral: the sum of the
///   top min(k-1, d) eigenvalues over 2;
/// - l_q of entries: |h_c| <= ||z_c||_q ||a||_b, and two rows have ||z_c||_q + ||z_c'||_q <= 2^{1-1/q}: mean 4^{-1/q}||a||_b^2;
///   for the largest entry mean||a||_1^2. For q = 1 convexity puts the maximum at a unit matrix: max_j C_jj/4;
/// - l_q of column norms: ||h||_2 <= ||a||_b: mean||a||_b^2/2; for q = 1 max_j C_jj/2 (one column);
/// - l_q of row norms: as entries with ||a||_2 in place of ||a||_b; for q = 1 c_1/4 (one row);
/// - every norm: R^2 c_1/2.
///
/// Two classes and nonnegative features attain the Frobenius, spectral, nuclear, max-entry, column and sum-of-rows
/// constants at W = 0.
///
/// # rho
///
/// D^3 of the first part is the mean of third central moments E_p prod_l (h_l - E h_l), h_l = Z_l a: a symmetric trilinear
/// form. By Banach such a form on a Euclidean space attains its norm on the diagonal, where it is at most
/// sqrt(6)/9 ||h||_2^3. By Hoelder it is also at most prod (E|h_l - E h_l|^3)^{1/3}, and E|h - E h|^3 <= (range/2)^3.
///
/// - Schatten-q: sqrt(6)/9 mean||a||_2^3; for q <= 2 (Banach on the matrices) also sqrt(6)/9 max||a||_2 c_1;
/// - columns: sqrt(6)/9 mean||a||_b^3; entries: mean (2^{-1/q}||a||_b)^3; rows: mean (2^{-1/q}||a||_2)^3;
/// - every norm: R^3 times the Frobenius constant.
///
/// The regulariser adds lambda sup|phi'''| tau with tau = sup sum|z z' z''| = sup sum|z|^3 over the unit ball: at most
/// max{1, d^{1-3/q}} with d the number of entries, columns or rows (columns: ||.||_3 <= ||.||_2 first), or r for Schatten
/// norms (sum|z|^3 <= ||Z||_{S_3}^3), and R^3 always.
///
/// # Noise of one component
///
/// The regulariser is the same in every component. The rest is (p - e_y) a^T, and ||(p - e_y) a^T||_* is convex in p: at
/// most c_i = max_{c != y_i}||(e_c - e_{y_i}) a_i^T||_*. With the mean of all, E||D||_*^p is at most, at EVERY W,
///
/// - mean (c_i (1 - 2/N) + mean c)^p (triangle inequality, the component's own share of the mean counted once);
/// - R^p times the least of (mean e_i^2)^{p/2} and 2^{2-p} mean e_i^p, e_i = sqrt 2||a_i||_2, since in a Hilbert space
///   centring does not increase the second moment, at most doubles the first, and 2^{2-p} interpolates (Riesz, Thorin).
///
/// # L of one component
///
/// The variance of h = Za under p is at most (max h - min h)^2/4, and h_c - h_c' = <(e_c - e_c') a^T, Z>: the form is at most
/// L_i = (1/4) max||(e_c - e_c') a_i^T||_*^2, in the limit an equality where the classes c and c' are undecided and the
/// others impossible. For a family the norm is the same for all pairs and in closed form; for every norm it is at most
/// sqrt 2 R||a_i||_2. The regulariser adds 2 lambda R^2.
#[derive(Debug, Clone)]
pub struct Logistic<T: Scalar> {
    name: String,
    /// One column per sample.
    samples: Matrix<T>,
    labels: Vec<usize>,
    classes: usize,
    lambda: f64,
    /// C's, largest first.
    spectrum: Vec<f64>,
    /// The largest diagonal entry of C.
    largest_variance: f64,
}

impl<T: Scalar> Logistic<T> {
    /// Features with one row per sample, a label below `classes` for each, and lambda >= 0.
    ///
    /// No intercept is added: append a column of ones to the features for one.
    ///
    /// # Errors
    /// [`LogisticError`].
    pub fn new(
        features: &Matrix<f64>,
        labels: &[usize],
        classes: usize,
        lambda: f64,
    ) -> Result<Self, LogisticError> {
        validate(features, labels, classes, lambda)?;
        let samples: Matrix<T> = features.transposed().cast();
        if let Some((feature, sample)) = samples.first_non_finite() {
            return Err(LogisticError::Overflow { sample, feature });
        }
        let moments = second_moments(&samples.cast());
        if moments.first_non_finite().is_some() {
            return Err(LogisticError::SecondMoments);
        }
        let spectrum = eigenvalues(moments.as_mat()).ok_or(LogisticError::SecondMoments)?;
        let largest_variance = (0..moments.nrows()).map(|j| moments[(j, j)]).fold(0.0, f64::max);
        let name = "logistic".into();
        Ok(Self { name, samples, labels: labels.to_vec(), classes, lambda, spectrum, largest_variance })
    }

    /// The same problem under another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The class of sample i.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// W A for all samples: one column of logits per sample.
    fn logits(&self, w: &Matrix<T>) -> Mat<T> {
        product(w.as_mat(), self.samples.as_mat()).into_mat()
    }

    /// D A^T/(number of samples), plus the regulariser's gradient.
    fn gradient_of(&self, residuals: MatRef<'_, T>, samples: MatRef<'_, T>, w: &Matrix<T>) -> Matrix<T> {
        let mut gradient = w.map(|w| T::from_f64(self.lambda * regulariser_slope(w.to_f64()))).into_mat();
        let weight = T::from_f64(1.0 / samples.ncols() as f64);
        matmul(gradient.as_mut(), Accum::Add, residuals, samples.transpose(), weight, Par::Seq);
        gradient.into()
    }

    /// c_i of the type's page in the dual of `norm`, for every sample.
    fn component_sizes(&self, norm: &dyn Norm<T>) -> Result<Vec<f64>, NormError> {
        if let Some(known) = Known::find(&norm.label(), self.dimensions()) {
            // Every family forgets which two classes they are.
            let dual = known.dual();
            let size = |i| dual.of_rank_one(&[1.0, -1.0], &self.sample(i));
            return Ok((0..self.components()).map(size).collect());
        }
        (0..self.components()).map(|i| self.component_size_by_vertices(norm, i)).collect()
    }

    fn component_size_by_vertices(&self, norm: &dyn Norm<T>, i: usize) -> Result<f64, NormError> {
        let (a, y) = (self.samples.column(i), self.labels[i]);
        let mut largest: f64 = 0.0;
        for other in (0..self.classes).filter(|&c| c != y) {
            let difference = Matrix::from_fn(self.classes, a.len(), |c, j| match c {
                c if c == other => a[j],
                c if c == y => -a[j],
                _ => T::zero_impl(),
            });
            largest = largest.max(norm.dual_value(&difference)?.to_f64());
        }
        Ok(largest)
    }

    fn sample(&self, i: usize) -> Vec<f64> {
        self.samples.column(i).iter().map(|x| x.to_f64()).collect()
    }

    /// The mean over samples of ||a||_b^s.
    fn mean_size(&self, b: f64, s: f64) -> f64 {
        self.sizes(b).map(|size| size.powf(s)).sum::<f64>() / self.components() as f64
    }

    fn sizes(&self, b: f64) -> impl Iterator<Item = f64> + '_ {
        (0..self.components()).map(move |i| lq(b, self.samples.column(i).iter().map(|x| x.to_f64())))
    }

    /// The positive semidefinite part of L in a family's norm.
    fn cross_entropy_smoothness(&self, family: Family) -> f64 {
        let extreme = |q: f64, at_extreme_points: f64, bound: f64| {
            if q == 1.0 { at_extreme_points.min(bound) } else { bound }
        };
        match family {
            Family::Schatten(q) if q <= 2.0 => 0.5 * self.spectrum[0],
            Family::Schatten(q) => {
                let top = self.spectrum.iter().take(self.classes - 1).copied();
                0.5 * lq(conjugate(q / 2.0), top)
            }
            Family::Entries(q) => {
                let bound = 4f64.powf(-1.0 / q) * self.mean_size(conjugate(q), 2.0);
                extreme(q, 0.25 * self.largest_variance, bound)
            }
            Family::Columns(q) => {
                let bound = 0.5 * self.mean_size(conjugate(q), 2.0);
                extreme(q, 0.5 * self.largest_variance, bound)
            }
            Family::Rows(q) => {
                let bound = 4f64.powf(-1.0 / q) * self.mean_size(2.0, 2.0);
                extreme(q, 0.25 * self.spectrum[0], bound)
            }
        }
    }

    /// The same part of rho.
    fn cross_entropy_third(&self, family: Family) -> f64 {
        let euclidean = |b: f64| third_moment() * self.mean_size(b, 3.0);
        match family {
            Family::Schatten(q) if q <= 2.0 => {
                let longest = self.sizes(2.0).fold(0.0, f64::max);
                euclidean(2.0).min(third_moment() * longest * self.spectrum[0])
            }
            Family::Schatten(_) => euclidean(2.0),
            Family::Columns(q) => euclidean(conjugate(q)),
            Family::Entries(q) => 8f64.powf(-1.0 / q) * self.mean_size(conjugate(q), 3.0),
            Family::Rows(q) => 8f64.powf(-1.0 / q) * self.mean_size(2.0, 3.0),
        }
    }
}

fn validate(
    features: &Matrix<f64>,
    labels: &[usize],
    classes: usize,
    lambda: f64,
) -> Result<(), LogisticError> {
    features.dimensions()?;
    if classes.saturating_mul(features.ncols()) > super::LARGEST_VARIABLE {
        return Err(LogisticError::TooLarge { classes, features: features.ncols() });
    }
    if labels.len() != features.nrows() {
        return Err(LogisticError::LabelCount { samples: features.nrows(), labels: labels.len() });
    }
    if let Some((sample, feature)) = features.first_non_finite() {
        return Err(LogisticError::NonFinite { sample, feature });
    }
    if let Some(sample) = labels.iter().position(|&y| y >= classes) {
        return Err(LogisticError::LabelOutOfRange { sample, label: labels[sample], classes });
    }
    if labels.iter().all(|&y| y == labels[0]) {
        return Err(LogisticError::OneClass(labels[0]));
    }
    if !(lambda.is_finite() && lambda >= 0.0) {
        return Err(LogisticError::LambdaNegative(lambda));
    }
    Ok(())
}

/// (1/N) A A^T, symmetric to the last bit.
fn second_moments(samples: &Matrix<f64>) -> Matrix<f64> {
    let a = samples.as_mat();
    let c = product(a, a.transpose());
    let weight = 0.5 / samples.ncols() as f64;
    Matrix::from_fn(c.nrows(), c.ncols(), |i, j| weight * (c[(i, j)] + c[(j, i)]))
}

/// phi(w).
pub(super) fn regulariser(w: f64) -> f64 {
    // Not w^2/(1 + w^2): that overflows for large w.
    1.0 - 1.0 / (1.0 + w * w)
}

/// phi'(w).
pub(super) fn regulariser_slope(w: f64) -> f64 {
    let one_over = 1.0 / (1.0 + w * w);
    2.0 * w * one_over * one_over
}

/// phi''(w).
pub(super) fn regulariser_curvature(w: f64) -> f64 {
    let one_over = 1.0 / (1.0 + w * w);
    // (2 - 6w^2)/(1+w^2)^3 with w^2/(1+w^2) = 1 - 1/(1+w^2).
    one_over * one_over * (8.0 * one_over - 6.0)
}

/// Turns logits into probabilities without overflow. Returns the largest logit m and sum exp(logit - m), so that
/// log sum exp = m + log of the sum.
///
/// `libm::exp` is the same on every platform, and was measured 27 times faster than a system's own.
fn softmax<T: Scalar>(logits: &mut [T]) -> (f64, f64) {
    let largest = logits.iter().fold(f64::NEG_INFINITY, |m, x| m.max(x.to_f64()));
    let mut total = 0.0;
    for x in logits.iter_mut() {
        let weight = libm::exp(x.to_f64() - largest);
        total += weight;
        *x = T::from_f64(weight);
    }
    let normaliser = T::from_f64(1.0 / total);
    logits.iter_mut().for_each(|x| *x *= normaliser);
    (largest, total)
}

/// Every column of logits becomes p - e_y.
fn residuals<T: Scalar>(mut logits: Mat<T>, label: impl Fn(usize) -> usize) -> Mat<T> {
    for i in 0..logits.ncols() {
        let column = logits.col_as_slice_mut(i);
        softmax(column);
        column[label(i)] -= T::one_impl();
    }
    logits
}

impl<T: Scalar> Problem<T> for Logistic<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> Dimensions {
        Dimensions::new(self.classes, self.samples.nrows()).expect("validated when it was made")
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.classes, self.samples.nrows())
    }

    fn objective(&self, w: &Matrix<T>) -> T {
        let mut logits = self.logits(w);
        let mut total = 0.0;
        for (i, &label) in self.labels.iter().enumerate() {
            let column = logits.col_as_slice_mut(i);
            let of_label = column[label].to_f64();
            let (largest, sum) = softmax(column);
            total += libm::log(sum) + (largest - of_label);
        }
        let penalty: f64 = w.entries().map(|w| regulariser(w.to_f64())).sum();
        T::from_f64(total / self.components() as f64 + self.lambda * penalty)
    }

    fn gradient(&self, w: &Matrix<T>) -> Matrix<T> {
        let residuals = residuals(self.logits(w), |i| self.labels[i]);
        self.gradient_of(residuals.as_ref(), self.samples.as_mat(), w)
    }

    fn hessian_action(&self, w: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let mut probabilities = self.logits(w);
        let mut along = self.logits(z);
        for i in 0..self.components() {
            let p = probabilities.col_as_slice_mut(i);
            softmax(p);
            let h = along.col_as_slice_mut(i);
            let mean: T = p.iter().zip(h.iter()).map(|(&p, &h)| p * h).sum();
            h.iter_mut().zip(p).for_each(|(h, p)| *h = *p * (*h - mean));
        }
        let mut action = Matrix::from_fn(z.nrows(), z.ncols(), |c, j| {
            T::from_f64(self.lambda * regulariser_curvature(w[(c, j)].to_f64())) * z[(c, j)]
        })
        .into_mat();
        let weight = T::from_f64(1.0 / self.components() as f64);
        let samples = self.samples.as_mat().transpose();
        matmul(action.as_mut(), Accum::Add, along.as_ref(), samples, weight, Par::Seq);
        action.into()
    }

    fn infimum(&self) -> Infimum {
        Infimum::AtLeast(0.0)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let circumradius = norm.ball(self.dimensions())?.circumradius;
        let mut data = circumradius.powi(2) * 0.5 * self.spectrum[0];
        if let Some(known) = Known::find(&norm.label(), self.dimensions()) {
            data = data.min(self.cross_entropy_smoothness(known.family) / known.scale.powi(2));
        }
        let penalty = self.lambda * CURVATURE * circumradius.powi(2);
        Ok(Smoothness::new(data + penalty, norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let cubed = norm.ball(self.dimensions())?.circumradius.powi(3);
        let mut data = cubed * self.cross_entropy_third(Family::Schatten(2.0));
        let mut cubes = cubed;
        if let Some(known) = Known::find(&norm.label(), self.dimensions()) {
            data = data.min(self.cross_entropy_third(known.family) / known.scale.powi(3));
            cubes = cubes.min(known.cubes(self.dimensions()));
        }
        let penalty = self.lambda * third_derivative() * cubes;
        Ok(HessianLipschitz::new(data + penalty, norm.label())?)
    }
}

impl<T: Scalar> FiniteSum<T> for Logistic<T> {
    fn components(&self) -> usize {
        self.labels.len()
    }

    fn component_gradient(&self, i: usize, w: &Matrix<T>) -> Matrix<T> {
        self.minibatch_gradient(w, &[i])
    }

    fn minibatch_gradient(&self, w: &Matrix<T>, components: &[usize]) -> Matrix<T> {
        assert!(!components.is_empty(), "a minibatch has a component");
        let columns: Vec<&[T]> = components.iter().map(|&i| self.samples.column(i)).collect();
        let samples = Mat::from_fn(self.samples.nrows(), columns.len(), |j, i| columns[i][j]);
        let logits = product(w.as_mat(), samples.as_ref()).into_mat();
        let residuals = residuals(logits, |i| self.labels[components[i]]);
        self.gradient_of(residuals.as_ref(), samples.as_ref(), w)
    }

    fn component_variance(&self) -> f64 {
        2.0 * self.mean_size(2.0, 2.0)
    }

    fn component_noise_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, ProblemError> {
        let circumradius = norm.ball(self.dimensions())?.circumradius;
        let sizes = self.component_sizes(norm)?;
        let lengths: Vec<f64> = self.sizes(2.0).map(|a| a / FRAC_1_SQRT_2).collect();
        Ok(Moment::UpperBound(bounded_components(&sizes, &lengths, circumradius, p)))
    }

    fn component_constants(&self, norm: &dyn Norm<T>) -> Result<Vec<f64>, ProblemError> {
        let square = norm.ball(self.dimensions())?.circumradius.powi(2);
        let penalty = self.lambda * CURVATURE * square;
        let dual = Known::find(&norm.label(), self.dimensions()).map(Known::dual);
        let of_sample = |i: usize| match dual {
            Some(dual) => 0.25 * dual.of_rank_one(&[1.0, -1.0], &self.sample(i)).powi(2),
            None => 0.5 * square * lq(2.0, self.sample(i).into_iter()).powi(2),
        };
        Ok((0..self.components()).map(|i| of_sample(i) + penalty).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{self, Attack, gaussian};
    use super::super::finite_sum::{minibatch_noise_at, minibatch_noise_moment};
    use super::*;
    use crate::norms::{self, frobenius::Frobenius, nuclear::Nuclear, spectral::Spectral};
    use crate::seed::stream;
    use crate::spec::problem;
    use rand::RngExt;

    /// Features in [0, 1], three classes.
    fn small(lambda: f64) -> Logistic<f64> {
        let mut rng = stream(21, 0);
        let features = Matrix::from_fn(12, 4, |_, _| rng.random::<f64>());
        let labels: Vec<_> = (0..12).map(|i| i % 3).collect();
        Logistic::new(&features, &labels, 3, lambda).unwrap()
    }

    /// Two classes, nonnegative features: at W = 0 most constants are attained.
    fn binary(lambda: f64) -> Logistic<f64> {
        let features = Matrix::from_rows(&[[1.0, 0.2, 0.4], [0.3, 0.9, 0.5], [0.6, 0.6, 0.1]]).unwrap();
        Logistic::new(&features, &[0, 1, 1], 2, lambda).unwrap()
    }

    fn p(p: f64) -> MomentOrder {
        MomentOrder::new(p).unwrap()
    }

    #[test]
    fn the_objective_agrees_with_its_definition() {
        let f = small(0.1);
        let w = gaussian(&f, 1.0, &mut stream(1, 1));
        let mut total = 0.0;
        for i in 0..12 {
            let a = f.sample(i);
            let logit = |c: usize| (0..4).map(|j| w[(c, j)] * a[j]).sum::<f64>();
            let sum: f64 = (0..3).map(|c| logit(c).exp()).sum();
            total -= (logit(i % 3).exp() / sum).ln() / 12.0;
        }
        total += w.entries().map(|w| 0.1 * w * w / (1.0 + w * w)).sum::<f64>();
        assert!((f.objective(&w) - total).abs() < 1e-13);
        assert!((f.objective(&f.start()) - 3f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        checks::derivatives(&small(0.1), 1.0);
    }

    #[test]
    fn huge_logits_neither_overflow_nor_turn_into_nan() {
        let f = small(0.1);
        for size in [1e3, 1e150, 1e300] {
            let w = &gaussian(&f, 1.0, &mut stream(2, 0)) * size;
            assert!(f.objective(&w).is_finite() && f.gradient(&w).first_non_finite().is_none(), "{size}");
            assert!(f.hessian_action(&w, &w).first_non_finite().is_none() || size > 1e100);
        }
    }

    #[test]
    fn no_pair_breaks_the_constants_in_any_norm() {
        for lambda in [0.0, 0.3] {
            checks::class_constants(&small(lambda), 1.0);
            checks::class_constants(&binary(lambda), 0.3);
        }
    }

    #[test]
    fn two_classes_attain_the_smoothness_constants_and_half_of_them_is_broken() {
        for lambda in [0.0, 0.2] {
            let f = binary(lambda);
            let attained = [
                "spectral",
                "nuclear",
                "frobenius",
                "max-entry",
                "sum-entries",
                "max-col-l2",
                "sum-col-l2",
                "max-row-l2",
                "sum-row-l2",
            ];
            for norm in &norms::chosen_on(f.dimensions(), &attained) {
                let attack = Attack::on_smoothness(&f, norm, &f.start());
                let pair = problem::a2_smoothness(&f, norm, &attack.x, &attack.y).unwrap();
                assert!(pair.holds(1e-9), "{norm:?} {pair:?}");
                // Near W = 0 the third derivatives take away a share of the step 1e-4.
                assert!(pair.ratio() > 0.999, "lambda {lambda} {norm:?}: only {} of L", pair.ratio());
            }
        }
    }

    #[test]
    fn no_component_breaks_its_constant_and_two_undecided_classes_attain_it() {
        for lambda in [0.0, 0.3] {
            let f = small(lambda);
            let mut rng = stream(23, 0);
            // One class out of the running, the other two undecided wherever the features are nonnegative.
            let undecided = Matrix::from_fn(3, 4, |c, _| if c == 2 { -1e3 } else { 0.0 });
            for norm in &norms::all_on(f.dimensions()) {
                let constants = f.component_constants(norm).unwrap();
                let largest = f.component_smoothness(norm).unwrap().constant();
                assert_eq!(largest, constants.iter().copied().fold(0.0, f64::max));
                for (i, l) in constants.iter().enumerate() {
                    let ratio = |x: &Matrix<f64>, z: &Matrix<f64>| {
                        let change = &f.component_gradient(i, &(x + z)) - &f.component_gradient(i, x);
                        norm.dual_value(&change).unwrap() / (l * norm.value(z).unwrap())
                    };
                    let (x, z) = (gaussian(&f, 1.0, &mut rng), gaussian(&f, 0.3, &mut rng));
                    assert!(ratio(&x, &z) <= 1.0 + 1e-10, "{} {i}", norm.label());
                    let a = f.sample(i);
                    let pair = Matrix::from_fn(3, 4, |c, j| [1.0, -1.0, 0.0][c] * a[j]);
                    let z = &norm.lmo(&pair).unwrap() * 1e-4;
                    let attained = ratio(&undecided, &z);
                    assert!(attained <= 1.0 + 1e-10, "{} {i}: {attained}", norm.label());
                    let known = Known::find(&norm.label(), f.dimensions()).is_some();
                    assert!(
                        !known || lambda > 0.0 || attained > 1.0 - 1e-6,
                        "{} {i}: {attained}",
                        norm.label()
                    );
                }
            }
        }
    }

    #[test]
    fn two_pairs_of_undecided_classes_attain_the_spectral_constant_over_two_eigenvalues() {
        let features = Matrix::from_rows(&[[1.0, 0.0], [0.0, 1.0]]).unwrap();
        let f = Logistic::<f64>::new(&features, &[0, 2], 4, 0.0).unwrap();
        // Sample 1 wavers between classes 0 and 1, sample 2 between 2 and 3: Z = two orthonormal columns sees both.
        let x = Matrix::from_fn(4, 2, |c, j| if c / 2 == j { 0.0 } else { -1e3 });
        let attack = Attack::on_smoothness(&f, &Spectral, &x);
        let pair = problem::a2_smoothness(&f, &Spectral, &attack.x, &attack.y).unwrap();
        assert!(pair.holds(1e-9) && pair.ratio() > 0.999, "{pair:?}");
        assert!((f.smoothness(&Spectral).unwrap().constant() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn single_precision_agrees_with_double() {
        let mut rng = stream(22, 0);
        let features = Matrix::from_fn(40, 5, |_, _| rng.random::<f64>());
        let labels: Vec<_> = (0..40).map(|i| i % 4).collect();
        let (single, double) = (
            Logistic::<f32>::new(&features, &labels, 4, 0.1).unwrap(),
            Logistic::<f64>::new(&features, &labels, 4, 0.1).unwrap(),
        );
        let w = gaussian(&double, 1.0, &mut rng);
        let error = |a: &Matrix<f32>, b: &Matrix<f64>| (&a.cast() - b).max_abs();
        // Inputs rounded to u = 6e-8, sums of 40 terms of size 1 with weight 1/40.
        assert!(error(&single.gradient(&w.cast()), &double.gradient(&w)) < 1e-6);
        assert!(error(&single.hessian_action(&w.cast(), &w.cast()), &double.hessian_action(&w, &w)) < 1e-5);
        assert!((f64::from(single.objective(&w.cast())) - double.objective(&w)).abs() < 1e-5);
    }

    #[test]
    fn one_sample_attains_the_third_derivative_and_half_of_it_is_broken() {
        // p = (1 +- 1/sqrt 3)/2 maximises p(1-p)(1-2p).
        let features = Matrix::from_rows(&[[0.6, 0.8], [0.6, 0.8]]).unwrap();
        let f = Logistic::<f64>::new(&features, &[0, 1], 2, 0.0).unwrap();
        let q = 0.5 * (1.0 - 1.0 / 3f64.sqrt());
        let logit = 0.5 * (q / (1.0 - q)).ln();
        let at = |t: f64| Matrix::from_fn(2, 2, |c, j| (if c == 0 { t } else { -t }) * [0.6, 0.8][j]);
        let z = &at(1.0) * (0.5f64.sqrt());
        for norm in [&Frobenius as &dyn Norm<f64>, &Nuclear, &Spectral] {
            let pair =
                problem::a4_hessian_lipschitz(&f, norm, &at(logit - 1e-4), &at(logit + 1e-4), &z).unwrap();
            assert!(pair.holds(1e-9) && pair.ratio() > 0.999, "{norm:?} {pair:?}");
        }
    }

    #[test]
    fn the_regulariser_attains_its_third_derivative() {
        // Features so small that the data do not count.
        let features = Matrix::from_rows(&[[1e-9, 0.0], [0.0, 1e-9]]).unwrap();
        let f = Logistic::<f64>::new(&features, &[0, 1], 2, 1.0).unwrap();
        let worst = (1.0 - 2.0 / 5f64.sqrt()).sqrt();
        let at = |w: f64| Matrix::from_fn(2, 2, |i, j| if i == j { w } else { 0.0 });
        let unit = at(1.0);
        // Two equal diagonal entries: the spectral norm counts r = 2 of them, in numerator and constant.
        let pair = problem::a4_hessian_lipschitz(&f, &Spectral, &at(worst - 1e-4), &at(worst + 1e-4), &unit);
        let pair = pair.unwrap();
        assert!(pair.holds(1e-9) && pair.ratio() > 0.999, "{pair:?}");
        assert!((third_derivative() - 4.668_6).abs() < 1e-4);
        for w in [-3.0, -0.7, 0.0, 0.4, 2.0_f64] {
            let direct = (2.0 - 6.0 * w * w) / (1.0 + w * w).powi(3);
            assert!((regulariser_curvature(w) - direct).abs() < 1e-14);
        }
    }

    #[test]
    fn the_law_of_a_component_is_unbiased_and_below_the_class_bound() {
        let f = small(0.2);
        for scale in [0.0, 1.0, 30.0] {
            let w = gaussian(&f, scale, &mut stream(3, 0));
            let law = f.component_law(&w);
            assert!((&law.expectation() - &f.gradient(&w)).max_abs() < 1e-15);
            for norm in &norms::all_on(f.dimensions()) {
                for order in [1.2, 1.5, 2.0] {
                    let literal = law.dual_moment(norm, p(order), &f.gradient(&w)).unwrap();
                    let streamed = f.noise_at(&w, norm, p(order)).unwrap();
                    assert!((literal - streamed).abs() <= 1e-12 * literal);
                    let bound = f.component_noise_moment(norm, p(order)).unwrap().bound();
                    assert!(streamed <= bound, "{norm:?} p={order}: {streamed} > {bound}");
                }
            }
        }
    }

    #[test]
    fn the_class_bound_on_the_noise_is_nearly_attained_by_wrong_confident_predictions() {
        // Opposite samples, confidently wrong: the residuals are (e_0 - e_1) a and (e_1 - e_0)(-a), equal. Same sample with
        // both labels: one is wrong by e_0 - e_1, the other by 0, and halfway both by half.
        let features = Matrix::from_rows(&[[0.6, 0.8], [0.6, 0.8]]).unwrap();
        let f = Logistic::<f64>::new(&features, &[0, 1], 2, 0.0).unwrap();
        for norm in
            &norms::chosen_on(f.dimensions(), &["spectral", "frobenius", "max-entry", "dual(nuclear)"])
        {
            let truth = f.noise_at(&f.start(), norm, p(1.5)).unwrap();
            let bound = f.component_noise_moment(norm, p(1.5)).unwrap().bound();
            assert!(
                truth <= bound && bound <= 2f64.powf(1.5) * truth * (1.0 + 1e-12),
                "{norm:?} {truth} {bound}"
            );
        }
    }

    #[test]
    fn averaging_is_bounded_as_enumeration_says() {
        let f = small(0.0);
        let w = gaussian(&f, 2.0, &mut stream(6, 0));
        let mean = f.gradient(&w);
        let deviations: Vec<_> = (0..12).map(|i| &f.component_gradient(i, &w) - &mean).collect();
        for norm in &norms::all_on(f.dimensions()) {
            for order in [1.2, 1.5, 2.0] {
                let one = f.noise_at(&w, norm, p(order)).unwrap();
                let exact = minibatch_noise_at(&f, &w, norm, p(order), 1).unwrap();
                assert_eq!(exact, Moment::Exact(one));
                let pairs = deviations.iter().flat_map(|a| deviations.iter().map(move |b| &(a + b) * 0.5));
                let two: f64 = pairs.map(|d| norm.dual_value(&d).unwrap().powf(order)).sum::<f64>() / 144.0;
                let bound = minibatch_noise_at(&f, &w, norm, p(order), 2).unwrap().bound();
                let everywhere = minibatch_noise_moment(&f, norm, p(order), 2).unwrap().bound();
                let case = format!("{norm:?} p={order}: {two} {bound} {one} {everywhere}");
                assert!(two <= bound && bound <= one && bound <= everywhere, "{case}");
                // In a Euclidean space variances add.
                assert!(
                    norm.label().as_str() != "frobenius" || order < 2.0 || (two - bound).abs() <= 1e-12 * two,
                    "{case}"
                );
            }
        }
    }

    #[test]
    fn a_minibatch_is_the_mean_of_its_components() {
        let f = small(0.2);
        let w = gaussian(&f, 1.0, &mut stream(4, 0));
        let picked = [3, 7, 3, 0];
        let mut mean = Matrix::zeros(3, 4);
        for i in picked {
            mean.add_scaled(0.25, &f.component_gradient(i, &w));
        }
        assert!((&mean - &f.minibatch_gradient(&w, &picked)).max_abs() < 1e-15);
        let all: Vec<_> = (0..12).collect();
        assert!((&f.gradient(&w) - &f.minibatch_gradient(&w, &all)).max_abs() < 1e-15);
    }

    #[test]
    fn unusable_data_are_refused_with_the_place() {
        let features = Matrix::from_fn(3, 2, |i, j| (i + j) as f64);
        let make =
            |x: &Matrix<f64>, y: &[usize], k, lambda| Logistic::<f64>::new(x, y, k, lambda).unwrap_err();
        let mut broken = features.clone();
        broken[(2, 1)] = f64::NAN;
        assert_eq!(make(&broken, &[0, 1, 0], 2, 0.0), LogisticError::NonFinite { sample: 2, feature: 1 });
        assert!(matches!(make(&Matrix::zeros(0, 2), &[], 2, 0.0), LogisticError::Empty(_)));
        assert!(matches!(make(&features, &[0, 1], 2, 0.0), LogisticError::LabelCount { .. }));
        assert!(matches!(
            make(&features, &[0, 2, 0], 2, 0.0),
            LogisticError::LabelOutOfRange { sample: 1, label: 2, classes: 2 }
        ));
        assert_eq!(make(&features, &[1, 1, 1], 2, 0.0), LogisticError::OneClass(1));
        assert_eq!(make(&features, &[0, 1, 1], 2, -1.0), LogisticError::LambdaNegative(-1.0));
        let huge = &features * 1e200;
        assert_eq!(make(&huge, &[0, 1, 1], 2, 0.0), LogisticError::SecondMoments);
        assert!(matches!(
            Logistic::<f32>::new(&huge, &[0, 1, 1], 2, 0.0),
            Err(LogisticError::Overflow { .. })
        ));
    }
}
