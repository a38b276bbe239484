//! What certifies a linear minimisation oracle.

use serde::Serialize;

use crate::{Matrix, Norm, NormError, Scalar, inner};

/// How far a direction X is from being lmo(S): both numbers are zero for an exact one.
///
/// `gap` = 1 + <S, X>/||S||_* (the duality gap, relative: X attains the dual norm up to it) and
/// `excess` = ||X|| - 1 (feasible when at most zero). For S = 0 the only lmo is 0 by convention: the gap
/// is 0 and the excess is ||X||.
///
/// A direction with excess <= 0 and gap <= delta is an inexact LMO in the sense of theorem U4.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LmoCertificate {
    /// 1 + <S, X>/||S||_*.
    pub gap: f64,
    /// ||X|| - 1, or ||X|| when S = 0.
    pub excess: f64,
}

impl LmoCertificate {
    /// Measures a direction that anybody's code proposes for lmo(S).
    ///
    /// # Errors
    /// Those of the norm. Both matrices must have the same shape (panics otherwise, like [`inner`]).
    pub fn measure<T: Scalar>(
        norm: &dyn Norm<T>,
        s: &Matrix<T>,
        direction: &Matrix<T>,
    ) -> Result<Self, NormError> {
        let size = norm.value(direction)?.to_f64();
        let dual = norm.dual_value(s)?.to_f64();
        if dual == 0.0 {
            return Ok(Self { gap: 0.0, excess: size });
        }
        // At the ends of the range <S, X> may over- or underflow although the ratio does not.
        let k = -s.max_abs().binary_exponent();
        let unit = s.times_power_of_two(k);
        let dual = norm.dual_value(&unit)?.to_f64();
        Ok(Self { gap: 1.0 + inner(&unit, direction).to_f64() / dual, excess: size - 1.0 })
    }

    /// Both numbers are at most `tolerance`.
    pub fn holds(self, tolerance: f64) -> bool {
        self.gap.abs() <= tolerance && self.excess <= tolerance
    }
}
