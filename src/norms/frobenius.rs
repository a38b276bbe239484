//! The Frobenius norm: the Euclidean case, in which the methods are normalised SGD.

use super::support::noise_type;
use super::{Entry, build_plain};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit;

/// ||X|| = sqrt(<X, X>), its own dual norm.
///
/// # Formulas
///
/// ```text
/// ||S||_* = ||S||_F
/// lmo(S)  = -S/||S||_F
/// K_p     in [1, 2^{2-p}]                           (a Hilbert norm)
/// ball    ||X||_F = 1 on the unit sphere
/// ```
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frobenius;

/// The ball is the Frobenius ball.
const BALL: Ball = Ball { inradius: 1.0, circumradius: 1.0 };

impl<T: Scalar> Norm<T> for Frobenius {
    fn label(&self) -> NormLabel {
        NormLabel::new("frobenius")
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        unit::value(x, |y| Ok(length(y)))
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.value(s)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        unit::direction(s, |y| {
            let length = length(y);
            Ok(y.map(|x| T::from_f64(-x.to_f64() / length)))
        })
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Frobenius)
    }
    fn noise_type(&self, _: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::smallest(p, BALL, 1.0, &[]))
    }
    fn ball(&self, _: Dimensions) -> Result<Ball, NormError> {
        Ok(BALL)
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

/// The 2-norm of the entries of a matrix at unit scale; column sums first, so that rounding errors grow with
/// m + n.
fn length<T: Scalar>(y: &Matrix<T>) -> f64 {
    let square = |x: &T| x.to_f64() * x.to_f64();
    (0..y.ncols()).map(|j| y.column(j).iter().map(square).sum::<f64>()).sum::<f64>().sqrt()
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    vec![Box::new(Frobenius)]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "frobenius",
        summary: "square root of the sum of squares",
        parameters: &[],
        build: |table| build_plain("frobenius", table, Frobenius),
        examples,
    }
}
