//! The largest row length: the geometry of row normalisation.

use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::{Entry, build_plain, sum_row_l2::SumRowL2};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = max_i ||X_i:||_2 over the rows.
///
/// # Formulas
///
/// ```text
/// ||S||_* = sum_i ||S_i:||_2
/// lmo(S)  = -S_i:/||S_i:||_2 in every row
/// K_p     in [m^{p-1}, 2^{2-p} m^{p-1}]   (on m x n)
/// ball    1 <= ||X||_F <= sqrt(m) on the unit sphere
/// ```
///
/// # Degenerate cases
/// A zero row of S stays zero in the lmo, a tiny one is normalised like any other. One row: the Frobenius
/// norm.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxRowL2;

impl<T: Scalar> Norm<T> for MaxRowL2 {
    fn label(&self) -> NormLabel {
        NormLabel::new("max-row-l2")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Rows.value(x, f64::INFINITY)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Rows.value(s, 1.0)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Rows.lmo(s, f64::INFINITY)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(SumRowL2)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, 1.0, Lines::Rows.count(dimensions), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(f64::INFINITY, Lines::Rows.count(dimensions)))
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    vec![Box::new(MaxRowL2)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "max-row-l2",
        summary: "largest row 2-norm",
        parameters: &[],
        build: |table| build_plain("max-row-l2", table, MaxRowL2),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tiny_row_is_normalised_and_a_zero_row_stays_zero() {
        let s = Matrix::from_rows(&[[3.0, 3e-200, 0.0], [4.0, -4e-200, 0.0]]).unwrap().transposed();
        let expected = Matrix::from_rows(&[[-0.6, -0.6, 0.0], [-0.8, 0.8, 0.0]]).unwrap().transposed();
        approx::assert_abs_diff_eq!(MaxRowL2.lmo(&s).unwrap(), expected, epsilon = 1e-15);
        assert_eq!(Norm::<f64>::value(&MaxRowL2, &s), Ok(5.0));
    }

    #[test]
    fn a_row_is_normalised_however_far_below_another() {
        let s = Matrix::from_rows(&[[1e200, 1e-200, -1e-150]]).unwrap().transposed();
        assert_eq!(MaxRowL2.lmo(&s), Ok(Matrix::from_rows(&[[-1.0, -1.0, 1.0]]).unwrap().transposed()));
        let s = Matrix::<f32>::from_rows(&[[3e30, 3e-30, 0.0], [4e30, -4e-30, 0.0]]).unwrap().transposed();
        let expected = Matrix::from_rows(&[[-0.6, -0.6, 0.0], [-0.8, 0.8, 0.0]]).unwrap().transposed();
        approx::assert_abs_diff_eq!(MaxRowL2.lmo(&s).unwrap(), expected, epsilon = 1e-6);
        assert_eq!(MaxRowL2.lmo(&s.times_power_of_two(-9)), MaxRowL2.lmo(&s));
    }
}
