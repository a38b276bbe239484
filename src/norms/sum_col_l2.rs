//! The sum of column lengths.

use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::{Entry, build_plain, max_col_l2::MaxColL2};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sum_j ||X_:j||_2 over the columns.
///
/// # Formulas
///
/// ```text
/// ||S||_* = max_j ||S_:j||_2
/// lmo(S)  = -S_:j/||S_:j||_2 in the longest column alone
/// K_p     in [(floor(log2 n) + 1)^{p-1}, C_p min_{q>=2} (q-1)^{p-1} n^{p/q}]   (on m x n)
/// ball    1/sqrt(n) <= ||X||_F <= 1 on the unit sphere
/// ```
///
/// # Degenerate cases
/// Several longest columns: the first of them takes everything. One column: the Frobenius norm.
///
/// # Errors
/// Those of the trait; the sum may overflow although no entry does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumColL2;

impl<T: Scalar> Norm<T> for SumColL2 {
    fn label(&self) -> NormLabel {
        NormLabel::new("sum-col-l2")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Columns.value(x, 1.0)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Columns.value(s, f64::INFINITY)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Columns.lmo(s, 1.0)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(MaxColL2)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, f64::INFINITY, Lines::Columns.count(dimensions), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(1.0, Lines::Columns.count(dimensions)))
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
    vec![Box::new(SumColL2)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "sum-col-l2",
        summary: "sum of column 2-norms",
        parameters: &[],
        build: |table| build_plain("sum-col-l2", table, SumColL2),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_longest_columns_takes_everything() {
        let s = Matrix::from_rows(&[[1.0, 4.0, 3.0], [1.0, 3.0, 4.0]]).unwrap();
        let expected = Matrix::from_rows(&[[0.0, -0.8, 0.0], [0.0, -0.6, 0.0]]).unwrap();
        assert_eq!(SumColL2.lmo(&s), Ok(expected));
    }
}
