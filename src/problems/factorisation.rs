//! Symmetric low-rank factorisation: a quartic, smooth in the sense of the theory only on a ball.

use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

use super::spectrum::{eigenvalues, with_spectrum};
use super::{Built, Entry, at_most, positive, random_of_length};
use crate::family::{Family, Known, conjugate, lq};
use crate::linalg::product;
use crate::registry::{self, ConfigError};
use crate::seed;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, NormError, Problem, ProblemError, Region, Scalar,
    Smoothness, inner,
};
use crate::tol;

/// f(X) = (1/4)||X X^T - A||_F^2 for X in R^{d x k}, with A (d x d) symmetric; the constants hold on the ball
/// ||X||_F <= R ([`Problem::region`]).
///
/// With eigenvalues a_1 >= .. >= a_d of A:
///
/// - grad f(X) = (X X^T - A) X;
/// - D^2 f(X)\[Z\] = (Z X^T + X Z^T) X + (X X^T - A) Z, with the form <Z, D^2 f(X)\[Z\]> =
///   (1/2)||Z X^T + X Z^T||_F^2 + ||X^T Z||_F^2 - <Z, A Z>;
/// - D^3 f(X)\[Z, Z, Z\] = 6 <X, Z Z^T Z>;
/// - inf f = (1/4)(sum a_i^2 - sum_{i <= k} max{a_i, 0}^2), by Eckart and Young: X X^T is any positive semidefinite matrix of
///   rank at most k. For A positive semidefinite of rank at most k it is 0.
///
/// # L on the ball
///
/// In the Frobenius norm the form lies between -a_1||Z||_F^2 and (2||X||_2^2 + ||X||_2^2 - a_d)||Z||_F^2, and for a symmetric
/// operator on a Euclidean space the quadratic form decides: L_F = max{3R^2 - a_d, a_1}, ATTAINED at X = R u_d v^T along
/// u_d v^T, or at X = 0 along u_1 v^T.
///
/// - Schatten-q, q <= 2: the unit ball lies in the Frobenius ball and contains the rank-one matrices of that: L = L_F,
///   attained.
/// - Schatten-q, q > 2: ||Z X^T||_F and ||X^T Z||_F are at most ||Z||_2||X||_F <= R, so the first two summands of the form,
///   positive semidefinite, are at most 3R^2 (the bilinear form by Cauchy-Schwarz), and <Z, A Z'> <= sum|a|_i s_i s_i' (von
///   Neumann, |a|_1 >= |a|_2 >= .. the absolute values) <= (sum_{i <= k}|a|_i^c)^{1/c} with 1/c = 1 - 2/q: L is at most the
///   sum of the two.
/// - every norm: C^2 L_F, C the circumradius of the unit ball.
///
/// # rho on the ball
///
/// D^3 f(X) is linear in X and symmetric in its three directions: it is the sum of <X, Z_1 Z_2^T Z_3> over their six orders,
/// so that rho = 6 R sup||Z_1 Z_2^T Z_3||_F will do.
///
/// - Schatten-q: by Hoelder ||Z_1 Z_2^T Z_3||_F is at most the product of the norms in Schatten-6, for q > 6 at most
///   r^{1/2 - 3/q} with r = min{d, k}: rho = 6 R r^{max{0, 1/2 - 3/q}}, ATTAINED by X, Z_1 = Z_2 = Z_3 along one u v^T
///   (q <= 6) or along a partial isometry of rank r (q >= 6).
/// - every norm: 6 R C^3.
///
/// c||.|| has L/c^2 and rho/c^3; the least of what applies is taken.
#[derive(Debug, Clone)]
pub struct Factorisation<T: Scalar> {
    target: Mat<T>,
    start: Matrix<T>,
    radius: f64,
    /// Largest first.
    spectrum: Vec<f64>,
}

impl<T: Scalar> Factorisation<T> {
    /// The factorisation of A with as many columns as X_0 has, considered where ||X||_F <= radius.
    ///
    /// # Errors
    /// [`ProblemError::InvalidData`] unless A is square, symmetric to the last bit and finite, X_0 has its rows, is finite
    /// and lies in the ball, and 0 < radius < inf.
    pub fn new(target: &Matrix<T>, start: Matrix<T>, radius: f64) -> Result<Self, ProblemError> {
        let refuse = |what: String| Err(ProblemError::InvalidData(format!("{NAME}: {what}")));
        let d = target.nrows();
        if d == 0 || target.ncols() != d || start.nrows() != d || start.ncols() == 0 {
            let (columns, rows, k) = (target.ncols(), start.nrows(), start.ncols());
            return refuse(format!("A is {d}x{columns} and X_0 {rows}x{k}; A must be d x d and X_0 d x k"));
        }
        for (name, x) in [("A", target), ("X_0", &start)] {
            if let Some((i, j)) = x.first_non_finite() {
                return refuse(format!("{name} is not finite at ({i}, {j})"));
            }
        }
        let skew = (0..d).flat_map(|j| (0..j).map(move |i| (i, j)));
        if let Some((i, j)) = skew.into_iter().find(|&(i, j)| target[(i, j)] != target[(j, i)]) {
            return refuse(format!("A is not symmetric at ({i}, {j}); pass (A + A^T)/2"));
        }
        if !(radius.is_finite() && radius > 0.0) {
            return refuse(format!("the radius must be finite and above 0, not {radius}"));
        }
        let space = start.dimensions().map_err(NormError::from)?;
        if inner(&start, &start).to_f64().sqrt() > radius * (1.0 + tol::rounding::<T>(space)) {
            return refuse(format!("X_0 is outside the ball of radius {radius}; take a larger radius"));
        }
        let Some(spectrum) = eigenvalues(target.cast::<f64>().as_mat()) else {
            return refuse("A has no computable eigenvalues; rescale it".into());
        };
        Ok(Self { target: target.as_mat().to_owned(), start, radius, spectrum })
    }

    /// X X^T - A.
    fn residual(&self, x: &Matrix<T>) -> Mat<T> {
        let x = x.as_mat();
        product(x, x.transpose()).into_mat() - &self.target
    }

    /// L_F.
    fn smoothness_in_frobenius(&self) -> f64 {
        let smallest = self.spectrum[self.spectrum.len() - 1];
        (3.0 * self.radius.powi(2) - smallest).max(self.spectrum[0])
    }

    /// L in Schatten-q.
    fn smoothness_in_schatten(&self, q: f64) -> f64 {
        if q <= 2.0 {
            return self.smoothness_in_frobenius();
        }
        let mut sizes: Vec<f64> = self.spectrum.iter().map(|a| a.abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        sizes.truncate(self.dimensions().smaller_side());
        3.0 * self.radius.powi(2) + lq(conjugate(0.5 * q), sizes.iter().copied())
    }
}

/// A B + C.
fn product_plus<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>, c: Mat<T>) -> Matrix<T> {
    let product = product(a, b).into_mat() + c;
    product.into()
}

impl<T: Scalar> Problem<T> for Factorisation<T> {
    fn name(&self) -> &str {
        NAME
    }

    fn dimensions(&self) -> Dimensions {
        self.start.dimensions().expect("validated when it was made")
    }

    fn start(&self) -> Matrix<T> {
        self.start.clone()
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let residual: Matrix<T> = self.residual(x).into();
        T::from_f64(0.25 * residual.entries().map(|e| e.to_f64() * e.to_f64()).sum::<f64>())
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        product(self.residual(x).as_ref(), x.as_mat())
    }

    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let cross = product(z.as_mat(), x.as_mat().transpose()).into_mat();
        let symmetric = &cross + cross.transpose();
        let curvature = product(self.residual(x).as_ref(), z.as_mat()).into_mat();
        product_plus(symmetric.as_ref(), x.as_mat(), curvature)
    }

    fn infimum(&self) -> Infimum {
        let k = self.start.ncols();
        let missed = |(i, a): (usize, &f64)| if i < k { a.min(0.0).powi(2) } else { a.powi(2) };
        Infimum::Exact(0.25 * self.spectrum.iter().enumerate().map(missed).sum::<f64>())
    }

    fn region(&self) -> Region {
        Region::FrobeniusBall(self.radius)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let space = self.dimensions();
        let general = norm.ball(space)?.circumradius.powi(2) * self.smoothness_in_frobenius();
        let known = match Known::find(&norm.label(), space) {
            Some(Known { scale, family: Family::Schatten(q) }) => {
                self.smoothness_in_schatten(q) / scale.powi(2)
            }
            _ => general,
        };
        Ok(Smoothness::new(known.min(general), norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let space = self.dimensions();
        let general = norm.ball(space)?.circumradius.powi(3);
        let known = match Known::find(&norm.label(), space) {
            Some(Known { scale, family: Family::Schatten(q) }) => {
                (space.smaller_side() as f64).powf((0.5 - 3.0 / q).max(0.0)) / scale.powi(3)
            }
            _ => general,
        };
        Ok(HessianLipschitz::new(6.0 * self.radius * known.min(general), norm.label())?)
    }
}

const NAME: &str = "factorisation";

/// `[problem] name = "factorisation"`: A positive semidefinite of rank k with eigenvalues from 1 down to 1/condition in equal
/// ratios, so that inf f = 0 = f(X*) with ||X*||_F^2 = tr A; its basis and the direction of X_0 are drawn from `seed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// d, at most 4096.
    pub rows: usize,
    /// k, at most d.
    pub columns: usize,
    /// a_1/a_k, at least 1 (default 1).
    #[serde(default = "one")]
    pub condition: f64,
    /// ||X_0||_F (default 0.1; X = 0 is a saddle).
    #[serde(default = "tenth")]
    pub start: f64,
    /// R, which must not be below ||X_0||_F and ||X*||_F (default 2||X*||_F).
    pub radius: Option<f64>,
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

/// All eigenvalues of A are computed.
const LARGEST_SIDE: usize = 4096;

impl Config {
    /// Draws the problem.
    ///
    /// # Errors
    /// [`ConfigError`] for sides of zero or above 4096, more columns than rows, a condition below 1, a start that is not
    /// positive, and a radius that leaves out X_0 or X*.
    pub fn build<T: Scalar>(&self) -> Result<Factorisation<T>, ConfigError> {
        let space = Dimensions::new(self.rows, self.columns)?;
        at_most(NAME, "rows", self.rows, LARGEST_SIDE)?;
        at_most(NAME, "columns", self.columns, self.rows)?;
        positive(NAME, "start", self.start)?;
        let out_of_range = |parameter, must_be, value| ConfigError::OutOfRange {
            name: NAME.into(),
            parameter,
            must_be,
            value,
        };
        if !(self.condition.is_finite() && self.condition >= 1.0) {
            return Err(out_of_range("condition", "finite and at least 1", self.condition));
        }
        let last = self.columns.saturating_sub(1).max(1) as f64;
        let mut spectrum: Vec<f64> =
            (0..self.columns).map(|i| self.condition.powf(-(i as f64) / last)).collect();
        let length = spectrum.iter().sum::<f64>().sqrt();
        let radius = self.radius.unwrap_or(2.0 * length);
        if !(radius.is_finite() && radius >= length && radius >= self.start) {
            return Err(out_of_range("radius", "finite and at least ||X_0||_F and ||X*||_F", radius));
        }
        spectrum.resize(self.rows, 0.0);
        let target: Matrix<f64> = with_spectrum(&spectrum, &mut seed::problem_stream(self.seed, 0)).into();
        let start = random_of_length(space, self.start, &mut seed::problem_stream(self.seed, 1));
        Ok(Factorisation::new(&target.cast(), start.cast(), radius)?)
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "low-rank factorisation ||XX^T - A||^2/4 on a ball (rows, columns, condition, start, radius, seed)",
        build: |table| {
            let config: Config = registry::read(NAME, table)?;
            Ok(Built::Plain(std::sync::Arc::new(config.build::<T>()?)))
        },
        examples: || {
            vec![
                toml::toml! { name = "factorisation" rows = 4 columns = 2 start = 0.5 },
                toml::toml! { name = "factorisation" rows = 3 columns = 3 condition = 4.0 radius = 2.0 seed = 1 },
            ]
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::*;
    use crate::norms::{self, frobenius::Frobenius};
    use crate::spec::problem;

    /// A = diag(3, 1, a_3), k = 2.
    fn diagonal(smallest: f64, radius: f64) -> Factorisation<f64> {
        let a = Matrix::from_diagonal(3, 3, &[3.0, 1.0, smallest]);
        let start = Matrix::from_fn(3, 2, |i, j| 0.02 * (1 + i + 2 * j) as f64);
        Factorisation::new(&a, start, radius).unwrap()
    }

    fn unit(i: usize, j: usize) -> Matrix<f64> {
        Matrix::from_fn(3, 2, |k, l| if (k, l) == (i, j) { 1.0 } else { 0.0 })
    }

    #[test]
    fn the_minimum_is_the_one_of_eckart_and_young() {
        let minimiser = Matrix::from_diagonal(3, 2, &[3f64.sqrt(), 1.0]);
        for smallest in [0.0, 0.5, -0.5] {
            let f = diagonal(smallest, 4.0);
            let found = f.objective(&minimiser);
            assert!((found - 0.25 * smallest * smallest).abs() < 1e-15);
            assert!((f.infimum().lower_bound() - found).abs() < 1e-15, "{smallest}");
            assert!(f.gradient(&minimiser).max_abs() < 1e-15);
        }
        // One eigenvalue above 0, two columns: the second has nothing to reach.
        let a = Matrix::from_diagonal(3, 3, &[3.0, -1.0, -2.0]);
        let f = Factorisation::new(&a, Matrix::from_fn(3, 2, |_, _| 0.1), 4.0).unwrap();
        assert!((f.infimum().lower_bound() - 0.25 * (1.0 + 4.0)).abs() < 1e-14);
        assert!((f.objective(&Matrix::from_diagonal(3, 2, &[3f64.sqrt(), 0.0])) - 1.25).abs() < 1e-14);
        let config = Config { rows: 5, columns: 2, condition: 3.0, start: 0.2, radius: None, seed: 4 };
        let f: Factorisation<f64> = config.build().unwrap();
        assert!((Norm::<f64>::value(&Frobenius, &f.start()).unwrap() - 0.2).abs() < 1e-15);
        assert!(f.infimum().lower_bound() < 1e-28);
        assert_eq!(f.region(), Region::FrobeniusBall(2.0 * (4.0_f64 / 3.0).sqrt()));
    }

    #[test]
    fn no_pair_of_the_ball_breaks_the_constants_in_any_norm() {
        for (smallest, radius) in [(0.0, 3.0), (-2.0, 0.5)] {
            let f = diagonal(smallest, radius);
            checks::derivatives(&f, 1.0);
            for scale in [0.1, 5.0] {
                checks::class_constants(&f, scale);
            }
        }
    }

    #[test]
    fn outside_of_the_ball_they_are_broken() {
        let f = diagonal(0.0, 1.0);
        let (x, y) = (&unit(2, 0) * 2.0, &unit(2, 0) * 2.1);
        assert!(!problem::a2_smoothness(&f, &Frobenius, &x, &y).unwrap().holds(0.1));
        assert!(!problem::a4_hessian_lipschitz(&f, &Frobenius, &x, &y, &unit(2, 0)).unwrap().holds(0.1));
    }

    /// Steps of 1e-7 of the radius at its end: the constants change by 1e-7 along them, and rounding is 1e-16/1e-7.
    const STEP: f64 = 1e-7;

    fn is_attained(ratio: f64, case: &str) {
        assert!((1.0 - 1e-6..=1.0 + 1e-7).contains(&ratio), "{case}: {ratio}");
    }

    #[test]
    fn l_is_attained_in_every_schatten_norm_up_to_two() {
        let mut seen = 0;
        for (smallest, radius) in [(0.0, 3.0), (0.5, 3.0), (-0.5, 3.0), (0.0, 0.5)] {
            let f = diagonal(smallest, radius);
            for norm in &norms::all_on(f.dimensions()) {
                let known = Known::find(&norm.label(), f.dimensions());
                let Some(Known { scale: 1.0, family: Family::Schatten(q) }) = known else { continue };
                if q > 2.0 {
                    continue;
                }
                // From the sphere inwards along the flattest direction of A, or from 0 along its steepest.
                let (x, y) = if 3.0 * radius * radius - smallest >= 3.0 {
                    (&unit(2, 0) * radius, &unit(2, 0) * (radius * (1.0 - STEP)))
                } else {
                    (Matrix::zeros(3, 2), &unit(0, 0) * (radius * STEP))
                };
                let pair = problem::a2_smoothness(&f, norm, &x, &y).unwrap();
                is_attained(pair.ratio(), &format!("{} {smallest} {radius}", norm.label()));
                seen += 1;
            }
        }
        assert!(seen >= 12, "{seen}");
    }

    #[test]
    fn rho_is_attained_in_every_schatten_norm() {
        let (f, mut seen) = (diagonal(0.5, 3.0), 0);
        for norm in &norms::all_on(f.dimensions()) {
            let Some(known) = Known::find(&norm.label(), f.dimensions()) else { continue };
            let Family::Schatten(q) = known.family else { continue };
            let shape = if q > 6.0 { Matrix::from_diagonal(3, 2, &[1.0, 1.0]) } else { unit(0, 0) };
            let length = Norm::<f64>::value(&Frobenius, &shape).unwrap();
            let at = |r: f64| &shape * (r / length);
            let pair =
                problem::a4_hessian_lipschitz(&f, norm, &at(3.0), &at(3.0 * (1.0 - STEP)), &shape).unwrap();
            is_attained(pair.ratio(), norm.label().as_str());
            seen += 1;
        }
        assert!(seen >= 5, "{seen}");
    }

    #[test]
    fn the_bound_in_the_spectral_norm_is_within_a_factor_of_the_truth() {
        // At X = R E_31 the form is 3R^2 = 27 along E_31 already, and L is 3R^2 + 4: the last summand may be lost.
        let f = diagonal(0.0, 3.0);
        let attack = checks::Attack::on_smoothness(&f, &norms::spectral::Spectral, &(&unit(2, 0) * 2.997));
        let pair = problem::a2_smoothness(&f, &norms::spectral::Spectral, &attack.x, &attack.y).unwrap();
        assert!(pair.holds(1e-9) && pair.ratio() > 0.86, "{pair:?}");
        let l = f.smoothness(&norms::spectral::Spectral).unwrap().constant();
        assert!((l - 31.0).abs() < 1e-12, "{l}");
    }

    #[test]
    fn unusable_data_and_configurations_are_refused() {
        let a = Matrix::from_diagonal(2, 2, &[1.0, 0.5]);
        let x = Matrix::from_fn(2, 1, |_, _| 0.1);
        let refuse = |a: &Matrix<f64>, x: &Matrix<f64>, radius| {
            Factorisation::new(a, x.clone(), radius).unwrap_err().to_string()
        };
        let mut skew = a.clone();
        skew[(0, 1)] = 0.1;
        assert!(refuse(&skew, &x, 1.0).contains("not symmetric at (0, 1)"));
        assert!(refuse(&Matrix::zeros(2, 3), &x, 1.0).contains("d x d"));
        assert!(refuse(&a, &Matrix::zeros(3, 1), 1.0).contains("d x k"));
        assert!(refuse(&(&a * f64::NAN), &x, 1.0).contains("not finite"));
        assert!(refuse(&a, &x, 0.1).contains("outside the ball"));
        assert!(refuse(&a, &x, f64::INFINITY).contains("radius"));
        let from = |text: &str| {
            let table: toml::Table = format!("name = 'factorisation'\n{text}").parse().unwrap();
            super::super::build::<f64>(&table).unwrap_err().to_string()
        };
        assert!(from("rows = 2").contains("columns"));
        assert!(from("rows = 2\ncolumns = 3").contains("columns must be at least 1 and at most 2"));
        assert!(from("rows = 3\ncolumns = 2\nradius = 1.0").contains("||X*||_F"));
        assert!(from("rows = 3\ncolumns = 2\ncondition = 0.5").contains("condition"));
        assert!(from("rows = 3\ncolumns = 2\nstart = 0.0").contains("start"));
    }
}
