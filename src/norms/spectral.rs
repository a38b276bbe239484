//! The spectral norm: the geometry of Muon and Scion.

use super::support::noise_type::{self, Kind};
use super::support::{ball, spectrum};
use super::{Entry, build_plain, nuclear::Nuclear};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sigma_1(X), the largest singular value.
///
/// # Formulas
///
/// ```text
/// ||S||_* = sum_i sigma_i(S)                        (nuclear)
/// lmo(S)  = -U V^T over the numerical support       (S = U diag(sigma) V^T)
/// K_p     in [r^{p-1}, C_p r^{p-1}]                 (r = min{m, n}, dual norm Schatten-1)
/// ball    1 <= ||X||_F <= sqrt(r) on the unit sphere
/// ```
///
/// # Degenerate cases
/// The lmo is a PARTIAL isometry: directions with sigma_i <= 16 max(m, n) u sigma_1 and zero rows and columns
/// stay zero. 1 x n and m x 1: the 2-norm, lmo -S/||S||_2, K_p <= 2^{2-p}.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spectral;

impl<T: Scalar> Norm<T> for Spectral {
    fn label(&self) -> NormLabel {
        NormLabel::new("spectral")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(x, |sigma| sigma[0])
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(s, |sigma| sigma.iter().sum())
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        spectrum::negative_polar(s)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Nuclear)
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Schatten, 1.0, dimensions.smaller_side(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(f64::INFINITY, dimensions.smaller_side()))
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
    vec![Box::new(Spectral)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "spectral",
        summary: "largest singular value",
        parameters: &[],
        build: |table| build_plain("spectral", table, Spectral),
        examples,
    }
}
