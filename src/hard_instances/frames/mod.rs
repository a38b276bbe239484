//! Chains in random directions: the instance that binds every algorithm, randomized ones included (chapter 60).
//!
//! The T coordinates of chain i are not entries of row i but its components along the orthonormal columns of a random
//! matrix U_i, behind the soft projection rho_R: an algorithm that has not been shown a column of U_i cannot guess it. The
//! theorem asks for R = 230 sqrt(max{T, m}) and, by its condition (60.1), for millions of columns. A smaller R or n makes a
//! function of the same kind that no theorem speaks of.

use std::sync::Arc;

use libm::sqrt;

use super::{blocks, chain};
use crate::family::{Family, Known};
use crate::linalg::random_orthonormal;
use crate::registry::ConfigError;
use crate::seed::problem_stream;
use crate::spec::chain::chain_constants;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Scalar, Smoothness,
};

pub mod soft;
pub mod truncated;

pub use soft::SoftProjection;
pub use truncated::{Hides, RotatedInstance, RotatedOracle};

use soft::dot;

const NAME: &str = "rotated-chains";

/// R = 230 sqrt(max{T, m}) in the theorem.
pub const RADIUS_FACTOR: f64 = 230.0;

/// More numbers than this (a gigabyte) are a slip, not an instance.
const MOST_NUMBERS: usize = 1 << 27;

/// U_1, .., U_m: for each row an n x T matrix with orthonormal columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Frames {
    bases: Vec<Matrix<f64>>,
}

impl Frames {
    fn check(rows: usize, columns: usize, length: usize, needed: usize) -> Result<(), ConfigError> {
        if rows == 0 || length == 0 || needed > columns {
            return Err(ConfigError::Data(format!(
                "{rows} frames of {length} orthonormal directions each need at least one row, one direction and {needed} \
                 columns, not {columns}"
            )));
        }
        let numbers = rows.checked_mul(columns).and_then(|x| x.checked_mul(length));
        if numbers.is_none_or(|numbers| numbers > MOST_NUMBERS) {
            return Err(ConfigError::Data(format!(
                "{rows} frames of {length} directions in {columns} dimensions are too large; take fewer columns, rows or \
                 directions"
            )));
        }
        Ok(())
    }

    /// Independent, each with the uniform (Haar) law, from streams of the seed (one a row).
    ///
    /// # Errors
    /// [`ConfigError::Data`] for no row, no direction, more directions than columns, or more numbers than fit.
    pub fn independent(rows: usize, columns: usize, length: usize, seed: u64) -> Result<Self, ConfigError> {
        Self::check(rows, columns, length, length)?;
        let basis =
            |i: usize| random_orthonormal(columns, length, &mut problem_stream(seed, i as u64)).into();
        Ok(Self { bases: (0..rows).map(basis).collect() })
    }

    /// m T directions that are orthonormal all together: every selection of one direction a row has operator norm 1.
    ///
    /// # Errors
    /// As [`Frames::independent`], with m T directions in place of T.
    pub fn common(rows: usize, columns: usize, length: usize, seed: u64) -> Result<Self, ConfigError> {
        let all = rows.saturating_mul(length);
        Self::check(rows, columns, length, all)?;
        let whole = random_orthonormal(columns, all, &mut problem_stream(seed, 0));
        let basis = |i: usize| Matrix::from_fn(columns, length, |k, j| whole[(k, i * length + j)]);
        Ok(Self { bases: (0..rows).map(basis).collect() })
    }

    /// m.
    pub fn rows(&self) -> usize {
        self.bases.len()
    }

    /// n.
    pub fn columns(&self) -> usize {
        self.bases[0].nrows()
    }

    /// T.
    pub fn length(&self) -> usize {
        self.bases[0].ncols()
    }

    /// u_{i,j}, both counted from 0.
    pub fn direction(&self, i: usize, j: usize) -> &[f64] {
        self.bases[i].column(j)
    }

    /// The first `known` components of U_i^T v, zeros beyond: only these directions are looked at.
    fn components(&self, i: usize, v: &[f64], known: usize) -> Vec<f64> {
        let mut y = vec![0.0; self.length()];
        for (j, y) in y.iter_mut().enumerate().take(known) {
            *y = dot(self.direction(i, j), v);
        }
        y
    }

    /// U_i P w, P the restriction to the first `known` components: only these directions are looked at.
    fn span(&self, i: usize, w: &[f64], known: usize) -> Vec<f64> {
        let mut sum = vec![0.0; self.columns()];
        for (j, &w) in w.iter().enumerate().take(known) {
            sum.iter_mut().zip(self.direction(i, j)).for_each(|(sum, u)| *sum += w * u);
        }
        sum
    }
}

/// f(X) = c sum_i [F_T(y_i) + ||x_i||^2/10], y_i = U_i^T rho_R(x_i), x_i = row i of X over s (DEF-FRAMES).
///
/// Row i of the gradient is (c/s) [J(x_i) U_i grad F_T(y_i) + x_i/5]. The start is 0.
///
/// # Constants
/// For every choice of the frames (LEM-FRAMES-CLASS): the gap is at most c m ([`chain::gap`]), and each row is smooth with
///
/// ```text
/// ell_1' = ell_1 + G sqrt(T) kappa_2/R + 1/5,     ell_2' = ell_2 + 3 ell_1 kappa_2/R + 3 G sqrt(T)/R^2,   kappa_2 = 0.8587,
/// ```
///
/// which for R >= 230 sqrt(T) is below ell_1 + 0.28 and ell_2 + 1.56. For a norm that is scale times an l_q norm of the
/// rows' 2-norms, or of the singular values with q >= 2, L and rho are
///
/// ```text
/// L = (c/s^2) ell_1' m^{(1 - 2/q)+}/scale^2,      rho = (c/s^3) ell_2' m^{(1 - 3/q)+}/scale^3.
/// ```
///
/// Proof. With z_i the 2-norms of the rows of Z, ||Z|| >= scale ||z||_q and ||Z||_* <= ||z||_b/scale, 1/q + 1/b = 1: equalities for
/// rows, and for singular values since the diagonal of Z Z^T is majorised by its eigenvalues, q/2 >= 1 >= b/2. The rest is
/// that of [`super::BlockChain`]. []
///
/// Any other norm: the constants of one row times the second and third power of the circumradius of its unit ball.
#[derive(Debug, Clone, PartialEq)]
pub struct RotatedChains {
    frames: Arc<Frames>,
    dimensions: Dimensions,
    soft: SoftProjection,
    scale: f64,
    width: f64,
}

impl RotatedChains {
    /// Chains along frames, with R = `radius`, c = `scale` and s = `width`.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless R, c, s are finite and above 0.
    pub fn new(frames: Frames, radius: f64, scale: f64, width: f64) -> Result<Self, ConfigError> {
        let soft = SoftProjection::new(radius)?;
        blocks::check_sizes(scale, width)?;
        let dimensions = Dimensions::new(frames.rows(), frames.columns())?;
        Ok(Self { frames: Arc::new(frames), dimensions, soft, scale, width })
    }

    /// R = 230 sqrt(max{T, m}), as the theorem has it.
    pub fn radius_of_theorem(rows: usize, length: usize) -> f64 {
        RADIUS_FACTOR * sqrt(rows.max(length) as f64)
    }

    /// U_1, .., U_m.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// rho_R.
    pub fn soft(&self) -> SoftProjection {
        self.soft
    }

    /// m.
    pub fn rows(&self) -> usize {
        self.frames.rows()
    }

    /// T.
    pub fn length(&self) -> usize {
        self.frames.length()
    }

    /// c.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// s.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// x_i.
    pub fn row<T: Scalar>(&self, x: &Matrix<T>, i: usize) -> Vec<f64> {
        (0..self.frames.columns()).map(|k| x[(i, k)].to_f64() / self.width).collect()
    }

    /// y_i = U_i^T rho_R(x_i).
    pub fn coordinates<T: Scalar>(&self, x: &Matrix<T>, i: usize) -> Vec<f64> {
        self.frames.components(i, &self.soft.image(&self.row(x, i)), self.length())
    }

    /// prog_gamma(y_i) for each row.
    pub fn progress<T: Scalar>(&self, x: &Matrix<T>, gamma: f64) -> Vec<usize> {
        (0..self.rows()).map(|i| chain::progress(&self.coordinates(x, i), gamma)).collect()
    }

    /// The X whose rows lie in the spans of their frames and have these y_i; `None` unless every ||y_i|| < R.
    pub fn point(&self, mut y: impl FnMut(usize) -> Vec<f64>) -> Option<Matrix<f64>> {
        let rows: Option<Vec<Vec<f64>>> = (0..self.rows())
            .map(|i| self.soft.preimage(&self.frames.span(i, &y(i), self.length())))
            .collect();
        let rows = rows?;
        Some(self.assemble(|i| rows[i].clone(), self.width))
    }

    /// The matrix with `factor` times these rows.
    fn assemble<T: Scalar>(&self, mut row: impl FnMut(usize) -> Vec<f64>, factor: f64) -> Matrix<T> {
        let mut matrix = Matrix::zeros(self.rows(), self.frames.columns());
        for i in 0..self.rows() {
            for (k, entry) in row(i).into_iter().enumerate() {
                matrix[(i, k)] = T::from_f64(factor * entry);
            }
        }
        matrix
    }

    /// J(x) U_i P w(y) + x/5 for row i at x, without the factor c/s; P the restriction to the first `known` coordinates and y_i with
    /// zeros beyond them.
    ///
    /// Of the frame the first `known` directions are looked at and no other.
    pub fn row_response(
        &self,
        i: usize,
        x: &[f64],
        known: usize,
        of: impl FnOnce(&[f64], &mut [f64]),
    ) -> Vec<f64> {
        let y = self.frames.components(i, &self.soft.image(x), known);
        let mut w = vec![0.0; self.length()];
        of(&y, &mut w);
        let mut row = self.soft.jacobian_action(x, &self.frames.span(i, &w, known));
        row.iter_mut().zip(x).for_each(|(row, x)| *row += 0.2 * x);
        row
    }

    /// The matrix with rows (c/s) times [`RotatedChains::row_response`] at the rows of X.
    fn respond<T: Scalar>(
        &self,
        x: &Matrix<T>,
        known: impl Fn(usize) -> usize,
        of: impl Fn(usize, &[f64], &mut [f64]),
    ) -> Matrix<T> {
        let row = |i: usize| self.row_response(i, &self.row(x, i), known(i), |y, w| of(i, y, w));
        self.assemble(row, self.scale / self.width)
    }

    /// ell_1' of one row.
    pub fn row_smoothness(&self) -> f64 {
        let c = chain_constants();
        let slope = c.gradient_entry.upper * sqrt(self.length() as f64);
        c.gradient_lipschitz.upper + slope * soft::SECOND_DERIVATIVE / self.soft.radius() + 0.2
    }

    /// ell_2' of one row.
    pub fn row_hessian_lipschitz(&self) -> f64 {
        let (c, r) = (chain_constants(), self.soft.radius());
        let slope = c.gradient_entry.upper * sqrt(self.length() as f64);
        let bend = 3.0 * c.gradient_lipschitz.upper * soft::SECOND_DERIVATIVE / r;
        c.hessian_lipschitz.upper + bend + slope * soft::THIRD_DERIVATIVE / (r * r)
    }

    /// (scale, q) if the norm is at least scale times the l_q norm of the rows' 2-norms, and its dual at most the dual of that.
    fn exponent<T: Scalar>(&self, norm: &dyn Norm<T>) -> Option<(f64, f64)> {
        let Known { scale, family } = Known::find(&norm.label(), self.dimensions)?;
        match family {
            Family::Schatten(q) if q >= 2.0 || self.rows() == 1 => Some((scale, q)),
            Family::Rows(q) => Some((scale, q)),
            Family::Entries(2.0) | Family::Columns(2.0) => Some((scale, 2.0)),
            _ => None,
        }
    }

    /// `constant` of one row times c/s^k, in the norm.
    fn class_constant<T: Scalar>(
        &self,
        constant: f64,
        k: i32,
        norm: &dyn Norm<T>,
    ) -> Result<f64, ProblemError> {
        let in_row = constant * self.scale / self.width.powi(k);
        let general = in_row * norm.ball(self.dimensions)?.circumradius.powi(k);
        let known = self.exponent(norm).map(|(scale, q)| {
            let power = (1.0 - f64::from(k) / q).max(0.0);
            in_row * (self.rows() as f64).powf(power) / scale.powi(k)
        });
        Ok(known.map_or(general, |known| known.min(general)))
    }
}

impl<T: Scalar> Problem<T> for RotatedChains {
    fn name(&self) -> &str {
        NAME
    }

    fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.dimensions.rows(), self.dimensions.columns())
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let row = |i: usize| {
            let at = self.row(x, i);
            let y = self.frames.components(i, &self.soft.image(&at), self.length());
            chain::value(&y) + 0.1 * dot(&at, &at)
        };
        T::from_f64(self.scale * (0..self.rows()).map(row).sum::<f64>())
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        self.respond(x, |_| self.length(), |_, y, h| chain::gradient(y, h))
    }

    /// Row i: (c/s^2) [J U D^2 F_T(y) U^T J z + D^2 rho_R(x)[z, U grad F_T(y)] + z/5] with x = x_i, z = row i of Z.
    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let all = self.length();
        let row = |i: usize| {
            let (at, z) = (self.row(x, i), self.row(z, i));
            let y = self.frames.components(i, &self.soft.image(&at), all);
            let (mut h, mut image) = (vec![0.0; all], vec![0.0; all]);
            chain::gradient(&y, &mut h);
            let inner = self.frames.components(i, &self.soft.jacobian_action(&at, &z), all);
            chain::hessian_action(&y, &inner, &mut image);
            let mut row = self.soft.jacobian_action(&at, &self.frames.span(i, &image, all));
            let bend = self.soft.second(&at, &z, &self.frames.span(i, &h, all));
            row.iter_mut().zip(bend).zip(&z).for_each(|((row, bend), z)| *row += bend + 0.2 * z);
            row
        };
        self.assemble(row, self.scale / self.width)
    }

    fn infimum(&self) -> Infimum {
        let start = chain::value(&vec![0.0; self.length()]);
        Infimum::AtLeast(self.scale * self.rows() as f64 * (start - chain::gap(self.length())))
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        Ok(Smoothness::new(self.class_constant(self.row_smoothness(), 2, norm)?, norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let rho = self.class_constant(self.row_hessian_lipschitz(), 3, norm)?;
        Ok(HessianLipschitz::new(rho, norm.label())?)
    }
}
