//! The sum of absolute entries.

use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::{Entry, build_plain, max_entry::MaxEntry};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sum_{ij} |x_ij|.
///
/// # Formulas
///
/// ```text
/// ||S||_* = max_{ij} |s_ij|
/// lmo(S)  = -sign(s_kl) E_kl at a largest entry (k, l)
/// K_p     in [(floor(log2 mn) + 1)^{p-1}, C_p min_{q>=2} (q-1)^{p-1} (mn)^{p/q}]
/// ball    1/sqrt(mn) <= ||X||_F <= 1 on the unit sphere
/// ```
///
/// # Degenerate cases
/// Several largest entries: the first of them, column by column. 1 x 1: the absolute value.
///
/// # Errors
/// Those of the trait; the sum may overflow although no entry does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SumEntries;

impl<T: Scalar> Norm<T> for SumEntries {
    fn label(&self) -> NormLabel {
        NormLabel::new("sum-entries")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(x, 1.0)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(s, f64::INFINITY)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Entries.lmo(s, 1.0)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(MaxEntry)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, f64::INFINITY, Lines::Entries.count(dimensions), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(1.0, Lines::Entries.count(dimensions)))
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
    vec![Box::new(SumEntries)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "sum-entries",
        summary: "sum of absolute entries",
        parameters: &[],
        build: |table| build_plain("sum-entries", table, SumEntries),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_entries_takes_everything() {
        let s = Matrix::from_rows(&[[1.0, 3.0], [-3.0, 3.0]]).unwrap();
        let expected = Matrix::from_rows(&[[0.0, 0.0], [1.0, 0.0]]).unwrap();
        assert_eq!(SumEntries.lmo(&s), Ok(expected));
    }

    #[test]
    fn a_sum_beyond_the_type_is_an_overflow() {
        let x = Matrix::from_rows(&[[f32::MAX, f32::MAX]]).unwrap();
        assert_eq!(SumEntries.value(&x), Err(NormError::Overflow { type_name: "f32" }));
    }
}
