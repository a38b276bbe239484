//! The operator norm between root-mean-square norms: layers of different widths on one scale.

use super::support::noise_type::{self, Kind};
use super::support::{ball, spectrum};
use super::{Entry, build_plain};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit;

/// ||X|| = max{rms(Xv) : rms(v) = 1} = sqrt(d_in/d_out) sigma_1(X), where rms(v) = ||v||_2/sqrt(length of v).
///
/// X is d_out x d_in: m = d_out, n = d_in.
///
/// # Formulas
///
/// With c = sqrt(d_in/d_out):
///
/// ```text
/// ||S||_* = (sum_i sigma_i(S))/c
/// lmo(S)  = -(1/c) U V^T over the numerical support
/// K_p     that of the spectral norm: a factor c cancels
/// ball    1/c <= ||X||_F <= sqrt(r)/c on the unit sphere
/// ```
///
/// # Degenerate cases
/// Those of the spectral norm.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RmsToRms;

/// The dual norm of [`RmsToRms`]: ||X|| = sqrt(d_out/d_in) (sum_i sigma_i(X)), with lmo(S) = -c u_1 v_1^T, c
/// = sqrt(d_in/d_out).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RmsToRmsDual;

/// c = sqrt(d_in/d_out).
fn factor(rows: usize, columns: usize) -> f64 {
    (columns as f64 / rows as f64).sqrt()
}

fn spectral<T: Scalar>(x: &Matrix<T>) -> Result<T, NormError> {
    spectrum::value(x, |sigma| factor(x.nrows(), x.ncols()) * sigma[0])
}

fn nuclear<T: Scalar>(x: &Matrix<T>) -> Result<T, NormError> {
    spectrum::value(x, |sigma| sigma.iter().sum::<f64>() / factor(x.nrows(), x.ncols()))
}

fn unit_ball(d: Dimensions) -> Ball {
    ball::scaled(ball::of_exponent(f64::INFINITY, d.smaller_side()), factor(d.rows(), d.columns()))
}

impl<T: Scalar> Norm<T> for RmsToRms {
    fn label(&self) -> NormLabel {
        NormLabel::new("rms-to-rms")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectral(x)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        nuclear(s)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let x = spectrum::negative_polar(s)?;
        Ok(unit::times(&x, 1.0 / factor(s.nrows(), s.ncols())))
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(RmsToRmsDual)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Schatten, 1.0, dimensions.smaller_side(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(unit_ball(dimensions))
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Lines
    }
}

impl<T: Scalar> Norm<T> for RmsToRmsDual {
    fn label(&self) -> NormLabel {
        NormLabel::new("dual(rms-to-rms)")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        nuclear(x)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectral(s)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        spectrum::lmo(s, |_| vec![factor(s.nrows(), s.ncols())])
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(RmsToRms)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Schatten, f64::INFINITY, dimensions.smaller_side(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(unit_ball(dimensions).polar())
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Lines
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    vec![Box::new(RmsToRms), Box::new(RmsToRmsDual)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "rms-to-rms",
        summary: "sqrt(d_in/d_out) times the largest singular value of a d_out x d_in matrix",
        parameters: &[],
        build: |table| build_plain("rms-to-rms", table, RmsToRms),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_layer_may_only_take_small_singular_values() {
        let x = Matrix::<f64>::from_diagonal(2, 8, &[1.0, 0.5]);
        assert_eq!(RmsToRms.value(&x), Ok(2.0));
        assert_eq!(RmsToRms.dual_value(&x), Ok(0.75));
        assert_eq!(RmsToRms.lmo(&x), Ok(Matrix::from_diagonal(2, 8, &[-0.5, -0.5])));
    }
}
