//! A strongly convex quadratic with every constant in closed form: rho = 0, so transported momentum has no drift.

use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

use super::spectrum::{eigenvalues, with_spectrum};
use super::{Built, Entry, at_most, positive, random_of_length};
use crate::family::{Family, Known, conjugate, lq};
use crate::linalg::product;
use crate::registry::{self, ConfigError};
use crate::seed;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Scalar, Smoothness, inner,
};

/// f(X) = (1/2)<X - X*, A (X - X*) B> on R^{m x n}, with A (m x m) and B (n x n) symmetric positive definite.
///
/// grad f(X) = A (X - X*) B, D^2 f(X)\[Z\] = A Z B, inf f = f(X*) = 0, rho = 0.
///
/// # L
///
/// The Hessian form h(Z) = <Z, A Z B> is positive semidefinite, so L = max{h(Z) : ||Z|| <= 1} (for the bilinear form by
/// Cauchy-Schwarz). With eigenvalues a_1 >= .. and b_1 >= ..:
///
/// - Schatten-q, q > 2: with s the singular values of Z, sum_{i <= k} lambda_i(Z^T A Z) <= sum_{i <= k} a_i s_i^2 (Horn),
///   so h(Z) = tr(Z^T A Z B) <= sum b_i lambda_i(Z^T A Z) <= sum a_i b_i s_i^2 (von Neumann, then Abel), and Hoelder
///   gives L = (sum_{i <= r} (a_i b_i)^c)^{1/c} with 1/c = 1 - 2/q: ATTAINED in the joint eigenbasis. For the spectral
///   norm (c = 1) it is sum_{i <= r} a_i b_i.
/// - Schatten-q, q <= 2 (nuclear and Frobenius): the unit ball lies in the Frobenius ball and contains the rank-one
///   matrices of that: L = a_1 b_1, attained.
/// - sum of entries, of column or of row norms: h is convex, so its maximum is at an extreme point E_ij, u e_j^T or
///   e_i v^T: L = max a_ii max b_jj, a_1 max b_jj or max a_ii b_1, attained.
/// - largest entry, column or row norm: h(Z) <= sum|a_ik| sum|b_lj|, a_1 sum|b_lj| or b_1 sum|a_ik|: a bound.
/// - every norm: R^2 a_1 b_1, R the circumradius of the unit ball in the Frobenius norm.
///
/// The least of what applies is taken. c||.|| has L/c^2.
#[derive(Debug, Clone)]
pub struct Quadratic<T: Scalar> {
    left: Mat<T>,
    right: Mat<T>,
    minimiser: Matrix<T>,
    start: Matrix<T>,
    of_left: Factor,
    of_right: Factor,
}

/// What the constants need of A or B.
#[derive(Debug, Clone)]
struct Factor {
    /// Largest first.
    eigenvalues: Vec<f64>,
    largest_diagonal: f64,
    sum_of_entries: f64,
}

impl Factor {
    fn new(name: &str, a: MatRef<'_, f64>) -> Result<Self, ProblemError> {
        let refuse = |what: String| Err(ProblemError::InvalidData(format!("quadratic: {name} {what}")));
        let d = a.nrows();
        if d == 0 || a.ncols() != d {
            return refuse(format!("is {d}x{}, but a square matrix is needed", a.ncols()));
        }
        let entries = || (0..d).flat_map(|j| (0..d).map(move |i| (i, j)));
        if entries().any(|(i, j)| !a[(i, j)].is_finite()) {
            return refuse("has an entry that is not a finite number".into());
        }
        if let Some((i, j)) = entries().find(|&(i, j)| a[(i, j)] != a[(j, i)]) {
            return refuse(format!("is not symmetric at ({i}, {j}); pass (A + A^T)/2"));
        }
        let Some(eigenvalues) = eigenvalues(a) else {
            return refuse("has no computable eigenvalues".into());
        };
        match eigenvalues.last() {
            Some(&least) if least > 0.0 => Ok(Self {
                eigenvalues,
                largest_diagonal: (0..d).map(|i| a[(i, i)]).fold(0.0, f64::max),
                sum_of_entries: entries().map(|(i, j)| a[(i, j)].abs()).sum(),
            }),
            least => refuse(format!("is not positive definite: its least eigenvalue is {least:?}")),
        }
    }

    fn largest(&self) -> f64 {
        self.eigenvalues[0]
    }
}

impl<T: Scalar> Quadratic<T> {
    /// The quadratic with curvatures A and B, minimiser X* and starting point X_0.
    ///
    /// # Errors
    /// [`ProblemError::InvalidData`] unless A and B are symmetric to the last bit and positive definite, everything is
    /// finite and the shapes fit.
    pub fn new(
        left: &Matrix<T>,
        right: &Matrix<T>,
        minimiser: Matrix<T>,
        start: Matrix<T>,
    ) -> Result<Self, ProblemError> {
        let of_left = Factor::new("A", left.cast::<f64>().as_mat())?;
        let of_right = Factor::new("B", right.cast::<f64>().as_mat())?;
        for (name, x) in [("X*", &minimiser), ("the start", &start)] {
            let problem = if (x.nrows(), x.ncols()) != (left.nrows(), right.nrows()) {
                format!(
                    "is {}x{}, but A and B act on {}x{}",
                    x.nrows(),
                    x.ncols(),
                    left.nrows(),
                    right.nrows()
                )
            } else if let Some((i, j)) = x.first_non_finite() {
                format!("is not finite at ({i}, {j})")
            } else {
                continue;
            };
            return Err(ProblemError::InvalidData(format!("quadratic: {name} {problem}")));
        }
        let (left, right) = (left.as_mat().to_owned(), right.as_mat().to_owned());
        Ok(Self { left, right, minimiser, start, of_left, of_right })
    }

    /// X*.
    pub fn minimiser(&self) -> &Matrix<T> {
        &self.minimiser
    }

    fn hessian(&self, z: &Matrix<T>) -> Matrix<T> {
        let left = product(self.left.as_ref(), z.as_mat());
        product(left.as_mat(), self.right.as_ref())
    }

    /// a_i b_i for i <= r.
    fn paired(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.of_left.eigenvalues.iter().zip(&self.of_right.eigenvalues).map(|(a, b)| a * b)
    }

    /// L in a family's norm, where the family has a formula.
    fn smoothness_in(&self, family: Family) -> Option<f64> {
        let (a, b) = (&self.of_left, &self.of_right);
        let is_largest = |q: f64| q.is_infinite();
        match family {
            Family::Schatten(q) if q <= 2.0 => Some(a.largest() * b.largest()),
            Family::Schatten(q) => Some(lq(conjugate(q / 2.0), self.paired())),
            Family::Entries(1.0) => Some(a.largest_diagonal * b.largest_diagonal),
            Family::Columns(1.0) => Some(a.largest() * b.largest_diagonal),
            Family::Rows(1.0) => Some(a.largest_diagonal * b.largest()),
            Family::Entries(q) if is_largest(q) => Some(a.sum_of_entries * b.sum_of_entries),
            Family::Columns(q) if is_largest(q) => Some(a.largest() * b.sum_of_entries),
            Family::Rows(q) if is_largest(q) => Some(a.sum_of_entries * b.largest()),
            _ => None,
        }
    }
}

impl<T: Scalar> Problem<T> for Quadratic<T> {
    fn name(&self) -> &str {
        "quadratic"
    }

    fn dimensions(&self) -> Dimensions {
        self.minimiser.dimensions().expect("validated when it was made")
    }

    fn start(&self) -> Matrix<T> {
        self.start.clone()
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let from_minimiser = x - &self.minimiser;
        T::from_f64(0.5) * inner(&from_minimiser, &self.hessian(&from_minimiser))
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        self.hessian(&(x - &self.minimiser))
    }

    fn hessian_action(&self, _: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        self.hessian(z)
    }

    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let in_frobenius = self.of_left.largest() * self.of_right.largest();
        let general = norm.ball(self.dimensions())?.circumradius.powi(2) * in_frobenius;
        let known = Known::find(&norm.label(), self.dimensions())
            .and_then(|known| Some(self.smoothness_in(known.family)? / known.scale.powi(2)));
        Ok(Smoothness::new(known.map_or(general, |l| l.min(general)), norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        Ok(HessianLipschitz::new(0.0, norm.label())?)
    }
}

/// `[problem] name = "quadratic"`: eigenvalues from 1 down to 1/condition in equal ratios, bases and the direction of X*
/// drawn from `seed`, X_0 = 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// m, at most 4096.
    pub rows: usize,
    /// n, at most 4096.
    pub columns: usize,
    /// a_1/a_m, at least 1 (default 1: A is the identity).
    #[serde(default = "one")]
    pub left_condition: f64,
    /// b_1/b_n, at least 1 (default 1).
    #[serde(default = "one")]
    pub right_condition: f64,
    /// The eigenvalues of A in place of `left_condition`.
    pub left_spectrum: Option<Vec<f64>>,
    /// The eigenvalues of B in place of `right_condition`.
    pub right_spectrum: Option<Vec<f64>>,
    /// ||X_0 - X*||_F (default 1).
    #[serde(default = "one")]
    pub distance: f64,
    /// Seed of the bases and of X* (default 0).
    #[serde(default)]
    pub seed: u64,
}

fn one() -> f64 {
    1.0
}

impl Config {
    /// Draws the quadratic.
    ///
    /// # Errors
    /// [`ConfigError`] for sides of zero or above 4096, conditions below 1, spectra of the wrong length or with entries that are not
    /// positive, and a distance that is not positive.
    pub fn build<T: Scalar>(&self) -> Result<Quadratic<T>, ConfigError> {
        let dimensions = Dimensions::new(self.rows, self.columns)?;
        for (parameter, value) in [("rows", self.rows), ("columns", self.columns)] {
            at_most(NAME, parameter, value, LARGEST_SIDE)?;
        }
        positive(NAME, "distance", self.distance)?;
        let left = spectrum("left_condition", self.left_condition, self.left_spectrum.as_deref(), self.rows)?;
        let right =
            spectrum("right_condition", self.right_condition, self.right_spectrum.as_deref(), self.columns)?;
        let curvature = |spectrum: &[f64], part| -> Matrix<T> {
            Matrix::from(with_spectrum(spectrum, &mut seed::problem_stream(self.seed, part))).cast()
        };
        let mut rng = seed::problem_stream(self.seed, 2);
        let minimiser = random_of_length(dimensions, self.distance, &mut rng).cast();
        let start = Matrix::zeros(self.rows, self.columns);
        Ok(Quadratic::new(&curvature(&left, 0), &curvature(&right, 1), minimiser, start)?)
    }
}

const NAME: &str = "quadratic";

/// A and B are square and have all their eigenvalues computed: a larger side is a slip, not a problem.
const LARGEST_SIDE: usize = 4096;

fn spectrum(
    parameter: &'static str,
    condition: f64,
    given: Option<&[f64]>,
    d: usize,
) -> Result<Vec<f64>, ConfigError> {
    if let Some(given) = given {
        if given.len() != d {
            let text = format!("quadratic: a spectrum of {} numbers does not fit a side of {d}", given.len());
            return Err(ConfigError::Data(text));
        }
        given.iter().try_for_each(|&x| positive(NAME, "each eigenvalue", x))?;
        return Ok(given.to_vec());
    }
    if !(condition.is_finite() && condition >= 1.0) {
        let must_be = "finite and at least 1";
        return Err(ConfigError::OutOfRange {
            name: "quadratic".into(),
            parameter,
            must_be,
            value: condition,
        });
    }
    let last = d.saturating_sub(1).max(1) as f64;
    Ok((0..d).map(|i| condition.powf(-(i as f64) / last)).collect())
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "quadratic",
        summary: "convex quadratic <X-X*, A(X-X*)B>/2 (rows, columns, conditions or spectra, distance, seed)",
        build: |table| {
            let config: Config = registry::read("quadratic", table)?;
            Ok(Built::Plain(std::sync::Arc::new(config.build::<T>()?)))
        },
        examples: || {
            vec![
                toml::toml! { name = "quadratic" rows = 3 columns = 4 left_condition = 10.0 seed = 1 },
                toml::toml! { name = "quadratic" rows = 1 columns = 5 right_condition = 4.0 distance = 2.0 },
                toml::toml! {
                    name = "quadratic"
                    rows = 3
                    columns = 2
                    left_spectrum = [3.0, 1.0, 0.5]
                    right_spectrum = [2.0, 0.1]
                },
            ]
        },
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;
    use rand_distr::StandardNormal;

    use super::super::checks::{self, Attack};
    use super::*;
    use crate::norms::combinators::dual::Dual;
    use crate::norms::{
        frobenius::Frobenius, nuclear::Nuclear, spectral::Spectral, sum_col_l2::SumColL2,
        sum_entries::SumEntries, sum_row_l2::SumRowL2,
    };
    use crate::spec::problem;

    fn example() -> Quadratic<f64> {
        let config = Config {
            rows: 3,
            columns: 4,
            left_condition: 8.0,
            right_condition: 3.0,
            left_spectrum: None,
            right_spectrum: None,
            distance: 2.0,
            seed: 7,
        };
        config.build().unwrap()
    }

    #[test]
    fn the_configured_numbers_are_there() {
        let f = example();
        let x = Norm::value(&Frobenius, f.minimiser()).unwrap();
        assert!((x - 2.0).abs() < 1e-14 && f.start().is_zero());
        let spectrum = |factor: &Factor| factor.eigenvalues.clone();
        assert!((spectrum(&f.of_left)[0] - 1.0).abs() < 1e-13);
        assert!((spectrum(&f.of_left)[2] - 1.0 / 8.0).abs() < 1e-13);
        assert!((spectrum(&f.of_right)[3] - 1.0 / 3.0).abs() < 1e-13);
        assert_eq!(f.objective(f.minimiser()), 0.0);
        assert!(f.gap().unwrap().delta() > 0.0);
    }

    #[test]
    fn the_noise_of_no_unit_points_along_the_minimiser_under_the_same_seed() {
        let f = example();
        let parallel = |unit| {
            let mut rng = seed::stream(7, unit);
            let noise: Matrix<f64> = Matrix::from_fn(3, 4, |_, _| rng.sample(StandardNormal));
            inner(&noise, f.minimiser()).abs() / (inner(&noise, &noise).sqrt() * 2.0)
        };
        // Of 8 random directions in R^12 none comes closer than 0.9: each does with probability 4e-5.
        assert!((0..8).all(|unit| parallel(unit) < 0.9));
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        checks::derivatives(&example(), 1.0);
    }

    #[test]
    fn attained_constants_are_attained() {
        let norms: [&dyn Norm<f64>; 6] = [&Spectral, &Nuclear, &Frobenius, &SumEntries, &SumColL2, &SumRowL2];
        for norm in norms {
            let f = example();
            let attack = Attack::on_smoothness(&f, norm, &f.start());
            let pair = problem::a2_smoothness::<f64>(&f, norm, &attack.x, &attack.y).unwrap();
            assert!(pair.holds(1e-9), "{norm:?} {pair:?}");
            // L is attained: nothing smaller would do.
            assert!(pair.ratio() > 0.999, "{norm:?} {}", pair.ratio());
        }
    }

    #[test]
    fn the_spectral_constant_is_von_neumanns_sum() {
        let f = example();
        let (a, b) = (&f.of_left.eigenvalues, &f.of_right.eigenvalues);
        let sum = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let l = |norm: &dyn Norm<f64>| f.smoothness(norm).unwrap().constant();
        assert!((l(&Spectral) - sum).abs() < 1e-14);
        assert!((l(&Frobenius) - a[0] * b[0]).abs() < 1e-15);
        // A norm that nobody knows gets the general bound, which is larger.
        assert!(l(&Dual::new(Nuclear)) > l(&Spectral));
    }

    #[test]
    fn unusable_matrices_are_refused() {
        let eye = |d| Matrix::<f64>::from_fn(d, d, |i, j| f64::from(u8::from(i == j)));
        let zero = Matrix::zeros(2, 3);
        let refuse = |a: &Matrix<f64>, b: &Matrix<f64>, x: &Matrix<f64>| {
            Quadratic::new(a, b, x.clone(), zero.clone()).unwrap_err().to_string()
        };
        let mut skew = eye(2);
        skew[(0, 1)] = 1e-3;
        assert!(refuse(&skew, &eye(3), &zero).contains("not symmetric"));
        assert!(refuse(&-&eye(2), &eye(3), &zero).contains("positive definite"));
        assert!(refuse(&(&eye(2) * f64::NAN), &eye(3), &zero).contains("not a finite number"));
        assert!(refuse(&zero, &eye(3), &zero).contains("square"));
        assert!(refuse(&eye(2), &eye(2), &zero).contains("act on 2x2"));
        assert!(refuse(&eye(2), &eye(3), &(&eye(2) * f64::INFINITY)).contains("X*"));
    }

    #[test]
    fn configurations_outside_the_range_are_refused() {
        let refuse = |text: &str| {
            let table: toml::Table = format!("name = 'quadratic'\n{text}").parse().unwrap();
            super::super::build::<f64>(&table).unwrap_err().to_string()
        };
        assert!(refuse("rows = 2").contains("columns"));
        assert!(refuse("rows = 0\ncolumns = 2").contains("at least one row"));
        assert!(refuse("rows = 2\ncolumns = 2\nleft_condition = 0.5").contains("at least 1"));
        assert!(refuse("rows = 2\ncolumns = 2\nleft_spectrum = [1.0]").contains("does not fit"));
        assert!(refuse("rows = 2\ncolumns = 2\nleft_spectrum = [1.0, 0.0]").contains("above 0"));
        assert!(refuse("rows = 2\ncolumns = 2\ndistance = nan").contains("distance"));
        assert!(refuse("rows = 2\ncolumns = 2\ncondition = 3.0").contains("condition"));
    }
}
