//! The hypotheses of the theorems as types: each is validated once, where it is made.

use serde::Serialize;
use thiserror::Error;

use crate::{Norm, NormLabel, Scalar};

/// Which hypothesis a number violates.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum HypothesisError {
    /// The moment order p must satisfy 1 < p <= 2.
    #[error("the moment order p must satisfy 1 < p <= 2, not {0}; noise with more moments has p = 2")]
    MomentOrderOutsideOneTwo(f64),
    /// The noise scale sigma must be finite and at least 0.
    #[error("the noise scale sigma must be finite and at least 0, not {0}")]
    NoiseScaleNegative(f64),
    /// The smoothness constant L must be finite and above 0.
    #[error("the smoothness constant L must be finite and above 0, not {0}")]
    SmoothnessNotPositive(f64),
    /// The Hessian's Lipschitz constant rho must be finite and at least 0.
    #[error(
        "the Hessian-Lipschitz constant rho must be finite and at least 0, not {0}; a quadratic has rho = 0"
    )]
    HessianLipschitzNegative(f64),
    /// The gap Delta must be finite and above 0.
    #[error("the gap Delta must be finite and above 0, not {0}")]
    GapNotPositive(f64),
    /// The accuracy eps must be finite and above 0.
    #[error("the accuracy eps must be finite and above 0, not {0}")]
    AccuracyNotPositive(f64),
    /// The inexactness delta of an LMO must be at least 0 and below 1.
    #[error("the inexactness delta must be at least 0 and below 1, not {0}")]
    InexactnessOutsideZeroOne(f64),
    /// A constant was derived in one norm and is used in another.
    #[error("the constant is stated in the norm {stated}, but {used} is used here; derive it in {used}")]
    WrongNorm {
        /// The norm that the constant carries.
        stated: NormLabel,
        /// The norm in which it was asked for.
        used: NormLabel,
    },
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $accessor:ident, $accessor_doc:literal, $error:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
        pub struct $name(f64);

        impl $name {
            /// Validates the number.
            ///
            /// # Errors
            #[doc = concat!("[`HypothesisError::", stringify!($error), "`] otherwise.")]
            pub fn new(x: f64) -> Result<Self, HypothesisError> {
                let valid: fn(f64) -> bool = $valid;
                if x.is_finite() && valid(x) { Ok(Self(x)) } else { Err(HypothesisError::$error(x)) }
            }

            #[doc = $accessor_doc]
            pub fn $accessor(self) -> f64 {
                self.0
            }
        }
    };
}

number!(
    /// p: the noise has a finite p-th moment, 1 < p <= 2.
    MomentOrder, p, "The number p.", MomentOrderOutsideOneTwo, |p| p > 1.0 && p <= 2.0
);
number!(
    /// sigma >= 0: the p-th moment of the noise in the dual norm is at most sigma^p (assumption A3).
    NoiseScale, sigma, "The number sigma.", NoiseScaleNegative, |s| s >= 0.0
);
number!(
    /// Delta > 0: f(X_0) - inf f <= Delta (assumption A1).
    Gap, delta, "The number Delta.", GapNotPositive, |d| d > 0.0
);
number!(
    /// eps > 0: the target for E||grad f(X)||_*.
    Accuracy, eps, "The number eps.", AccuracyNotPositive, |e| e > 0.0
);

number!(
    /// delta of an inexact LMO, 0 <= delta < 1: its answers O have ||O|| <= 1 and <M, O> <= -(1 - delta)||M||_* (DEF-INEXACT).
    Inexactness, delta, "The number delta.", InexactnessOutsideZeroOne, |d| (0.0..1.0).contains(&d)
);

impl Inexactness {
    /// An LMO that does not fall short: delta = 0.
    pub const EXACT: Self = Self(0.0);

    /// 1 - delta: what is left of the descent.
    pub fn kept(self) -> f64 {
        1.0 - self.0
    }

    /// c = (2 - delta)/(1 - delta): what an error of the momentum costs, 2 for an exact LMO.
    pub fn error_factor(self) -> f64 {
        (2.0 - self.0) / self.kept()
    }
}

impl MomentOrder {
    /// a = p/(p-1), the conjugate exponent.
    pub fn conjugate(self) -> f64 {
        self.0 / (self.0 - 1.0)
    }

    /// C_p = 2 (1 - 2^{-1/(p-1)})^{p-1} = (2^{1/(p-1)} - 1)^{p-1}: the price of asymmetry in Lemma 2.1.
    ///
    /// C_2 = 1, and C_p -> 2 as p -> 1 (this form does not overflow there).
    pub fn asymmetry_factor(self) -> f64 {
        let e = self.0 - 1.0;
        2.0 * (-(-std::f64::consts::LN_2 / e).exp_m1()).powf(e)
    }

    /// 2^{2-p}: the noise-type constant of a Hilbert norm (von Bahr and Esseen).
    pub fn hilbert_factor(self) -> f64 {
        (2.0 - self.0).exp2()
    }
}

/// L of assumption A2, ||grad f(X) - grad f(Y)||_* <= L||X - Y||, in a stated norm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Smoothness {
    constant: f64,
    norm: NormLabel,
}

impl Smoothness {
    /// L in the given norm.
    ///
    /// # Errors
    /// [`HypothesisError::SmoothnessNotPositive`] unless 0 < L < inf.
    pub fn new(constant: f64, norm: NormLabel) -> Result<Self, HypothesisError> {
        if !(constant.is_finite() && constant > 0.0) {
            return Err(HypothesisError::SmoothnessNotPositive(constant));
        }
        Ok(Self { constant, norm })
    }

    /// The number L, for use in the norm that it carries.
    ///
    /// # Errors
    /// [`HypothesisError::WrongNorm`] if `norm` is another one.
    pub fn in_norm<T: Scalar>(&self, norm: &dyn Norm<T>) -> Result<f64, HypothesisError> {
        same_norm(&self.norm, norm)?;
        Ok(self.constant)
    }

    /// The number L, whatever its norm.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// The norm that it carries.
    pub fn norm(&self) -> &NormLabel {
        &self.norm
    }
}

/// rho of assumption A4, ||(D^2 f(X) - D^2 f(Y))\[Z\]||_* <= rho||X - Y|| ||Z||, in a stated norm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HessianLipschitz {
    constant: f64,
    norm: NormLabel,
}

impl HessianLipschitz {
    /// rho in the given norm; zero for a quadratic.
    ///
    /// # Errors
    /// [`HypothesisError::HessianLipschitzNegative`] unless 0 <= rho < inf.
    pub fn new(constant: f64, norm: NormLabel) -> Result<Self, HypothesisError> {
        if !(constant.is_finite() && constant >= 0.0) {
            return Err(HypothesisError::HessianLipschitzNegative(constant));
        }
        Ok(Self { constant, norm })
    }

    /// The number rho, for use in the norm that it carries.
    ///
    /// # Errors
    /// [`HypothesisError::WrongNorm`] if `norm` is another one.
    pub fn in_norm<T: Scalar>(&self, norm: &dyn Norm<T>) -> Result<f64, HypothesisError> {
        same_norm(&self.norm, norm)?;
        Ok(self.constant)
    }

    /// The number rho, whatever its norm.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// The norm that it carries.
    pub fn norm(&self) -> &NormLabel {
        &self.norm
    }
}

fn same_norm<T: Scalar>(stated: &NormLabel, norm: &dyn Norm<T>) -> Result<(), HypothesisError> {
    let used = norm.label();
    if *stated == used { Ok(()) } else { Err(HypothesisError::WrongNorm { stated: stated.clone(), used }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_order_lies_in_the_half_open_interval() {
        assert_eq!(MomentOrder::new(2.5), Err(HypothesisError::MomentOrderOutsideOneTwo(2.5)));
        assert!(MomentOrder::new(1.0).is_err());
        assert!(MomentOrder::new(f64::NAN).is_err());
        assert_eq!(MomentOrder::new(2.0).unwrap().conjugate(), 2.0);
    }

    #[test]
    fn the_asymmetry_factor_runs_from_two_down_to_one() {
        let c = |p| MomentOrder::new(p).unwrap().asymmetry_factor();
        assert!((c(2.0) - 1.0).abs() < 1e-15);
        // (2^{1/(1/2)} - 1)^{1/2}
        assert!((c(1.5) - 3f64.sqrt()).abs() < 1e-14);
        assert!((c(1.0 + 1e-9) - 2.0).abs() < 1e-8);
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert!(NoiseScale::new(0.0).is_ok() && NoiseScale::new(-1.0).is_err());
        for delta in [1.0, -1e-9, f64::NAN] {
            assert!(matches!(Inexactness::new(delta), Err(HypothesisError::InexactnessOutsideZeroOne(_))));
        }
        assert_eq!(Inexactness::new(0.0), Ok(Inexactness::EXACT));
        assert_eq!(Inexactness::new(0.5).map(Inexactness::error_factor), Ok(3.0));
        assert!(Gap::new(0.0).is_err() && Accuracy::new(f64::INFINITY).is_err());
        let norm = NormLabel::new("frobenius");
        assert!(Smoothness::new(0.0, norm.clone()).is_err());
        assert!(HessianLipschitz::new(0.0, norm).is_ok());
    }
}
