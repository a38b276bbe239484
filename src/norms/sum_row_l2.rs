//! The sum of row lengths.

use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::{Entry, build_plain, max_row_l2::MaxRowL2};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sum_i ||X_i:||_2 over the rows.
///
/// # Formulas
///
/// ```text
/// ||S||_* = max_i ||S_i:||_2
/// lmo(S)  = -S_i:/||S_i:||_2 in the longest row alone
/// K_p     in [(floor(log2 m) + 1)^{p-1}, C_p min_{q>=2} (q-1)^{p-1} m^{p/q}]   (on m x n)
/// ball    1/sqrt(m) <= ||X||_F <= 1 on the unit sphere
/// ```
///
/// # Degenerate cases
/// Several longest rows: the first of them takes everything. One row: the Frobenius norm.
///
/// # Errors
/// Those of the trait; the sum may overflow although no entry does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumRowL2;

impl<T: Scalar> Norm<T> for SumRowL2 {
    fn label(&self) -> NormLabel {
        NormLabel::new("sum-row-l2")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Rows.value(x, 1.0)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Rows.value(s, f64::INFINITY)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Rows.lmo(s, 1.0)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(MaxRowL2)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, f64::INFINITY, Lines::Rows.count(dimensions), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(1.0, Lines::Rows.count(dimensions)))
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
    vec![Box::new(SumRowL2)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "sum-row-l2",
        summary: "sum of row 2-norms",
        parameters: &[],
        build: |table| build_plain("sum-row-l2", table, SumRowL2),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_longest_rows_takes_everything() {
        let s = Matrix::from_rows(&[[1.0, 4.0, 3.0], [1.0, 3.0, 4.0]]).unwrap().transposed();
        let expected = Matrix::from_rows(&[[0.0, -0.8, 0.0], [0.0, -0.6, 0.0]]).unwrap().transposed();
        assert_eq!(SumRowL2.lmo(&s), Ok(expected));
    }
}
