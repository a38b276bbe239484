//! The nuclear norm: its ball's corners are rank-one matrices.

use super::support::noise_type::{self, Kind};
use super::support::{ball, spectrum};
use super::{Entry, build_plain, spectral::Spectral};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sum_i sigma_i(X).
///
/// # Formulas
///
/// ```text
/// ||S||_* = sigma_1(S)                              (spectral)
/// lmo(S)  = -u_1 v_1^T
/// K_p     in [(floor(log2 r) + 1)^{p-1}, C_p min_{q>=2} (q-1)^{p-1} r^{p/q}]   (r = min{m, n})
/// ball    1/sqrt(r) <= ||X||_F <= 1 on the unit sphere
/// ```
///
/// # Degenerate cases
/// sigma_1 = sigma_2: the pair that the decomposition lists first; any pair attains. 1 x n and m x 1: the
/// 2-norm.
///
/// # Errors
/// Those of the trait; the sum of huge singular values may overflow although no entry does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nuclear;

impl<T: Scalar> Norm<T> for Nuclear {
    fn label(&self) -> NormLabel {
        NormLabel::new("nuclear")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(x, |sigma| sigma.iter().sum())
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(s, |sigma| sigma[0])
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        spectrum::lmo(s, |_| vec![1.0])
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Spectral)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Schatten, f64::INFINITY, dimensions.smaller_side(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(1.0, dimensions.smaller_side()))
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
    vec![Box::new(Nuclear)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "nuclear",
        summary: "sum of singular values",
        parameters: &[],
        build: |table| build_plain("nuclear", table, Nuclear),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_the_type_is_an_overflow_and_the_direction_is_not() {
        let x = Matrix::from_diagonal(2, 2, &[f64::MAX, f64::MAX]);
        assert!(matches!(Nuclear.value(&x), Err(NormError::Overflow { .. })));
        assert_eq!(Nuclear.dual_value(&x), Ok(f64::MAX));
        assert_eq!(Spectral.lmo(&x), Ok(Matrix::from_diagonal(2, 2, &[-1.0, -1.0])));
    }
}
