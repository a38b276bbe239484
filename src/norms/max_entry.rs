//! The largest absolute entry: the geometry of sign descent.

use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::{Entry, build_plain, sum_entries::SumEntries};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = max_{ij} |x_ij|.
///
/// # Formulas
///
/// ```text
/// ||S||_* = sum_{ij} |s_ij|
/// lmo(S)  = -sign(S), entry by entry, with sign(0) = 0
/// K_p     in [(mn)^{p-1}, 2^{2-p} (mn)^{p-1}]        (dual norm l_1 of the entries)
/// ball    1 <= ||X||_F <= sqrt(mn) on the unit sphere
/// ```
///
/// # Degenerate cases
/// Zero entries of S stay zero in the lmo. 1 x 1: the absolute value.
///
/// # Errors
/// Those of the trait; the dual norm may overflow although no entry does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxEntry;

impl<T: Scalar> Norm<T> for MaxEntry {
    fn label(&self) -> NormLabel {
        NormLabel::new("max-entry")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(x, f64::INFINITY)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(s, 1.0)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Entries.lmo(s, f64::INFINITY)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(SumEntries)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, 1.0, Lines::Entries.count(dimensions), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(f64::INFINITY, Lines::Entries.count(dimensions)))
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
    vec![Box::new(MaxEntry)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "max-entry",
        summary: "largest absolute entry",
        parameters: &[],
        build: |table| build_plain("max-entry", table, MaxEntry),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_of_zero_is_zero() {
        let s = Matrix::from_rows(&[[3.0, -0.0, 1e-300], [-1e300, 0.0, 5e-324]]).unwrap();
        let expected = Matrix::from_rows(&[[-1.0, 0.0, -1.0], [1.0, 0.0, -1.0]]).unwrap();
        assert_eq!(MaxEntry.lmo(&s), Ok(expected));
    }
}
