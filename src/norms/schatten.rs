//! The Schatten norms: from nuclear (q = 1) over Frobenius (q = 2) to spectral (q = infinity).

use serde::Deserialize;

use super::Entry;
use super::support::noise_type::{self, Kind};
use super::support::powers::{self, attaining, l_norm};
use super::support::{ball, spectrum};
use crate::registry::{ConfigError, read};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = (sum_i sigma_i(X)^q)^{1/q}, 1 <= q <= infinity.
///
/// # Formulas
///
/// With 1/q + 1/b = 1 and r = min{m, n}:
///
/// ```text
/// ||S||_* = (sum_i sigma_i(S)^b)^{1/b}
/// lmo(S)  = -U diag(w) V^T,  w_i = (sigma_i/sigma_1)^{b-1} over the l_q norm of these powers
/// K_p     <= C_p r^{p/b-1} (b <= p),  C_p (p <= b <= 2),  C_p min_{2<=c<=b} (c-1)^{p-1} r^{p/c-p/b} (b >= 2)
/// ball    r^{min{0, 1/2-1/q}} <= ||X||_F <= r^{max{0, 1/2-1/q}} on the unit sphere
/// ```
///
/// # Degenerate cases
/// q = 1: -u_1 v_1^T. q = infinity: -U V^T over the numerical support. Every q between them is treated alike,
/// q - 1 = 1e-9 included; for large q, too, the lmo is zero outside the numerical support.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schatten {
    q: f64,
    /// b. Kept, because q is not b/(b - 1) to the last bit: the dual of the dual has to be the norm.
    b: f64,
}

impl Schatten {
    /// The norm of exponent q.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless 1 <= q <= infinity.
    pub fn new(q: f64) -> Result<Self, ConfigError> {
        powers::validated("schatten", q).map(|q| Self { q, b: powers::conjugate(q) })
    }
}

impl<T: Scalar> Norm<T> for Schatten {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("schatten(q={})", self.q))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(x, |sigma| l_norm(sigma, self.q))
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(s, |sigma| l_norm(sigma, self.b))
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        spectrum::lmo(s, |sigma| attaining(sigma, self.q))
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Self { q: self.b, b: self.q })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Schatten, self.b, dimensions.smaller_side(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(self.q, dimensions.smaller_side()))
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
    [1.0, 1.0 + 1e-9, 1.25, 2.0, 3.0, 64.0, f64::INFINITY]
        .into_iter()
        .map(|q| Box::new(Schatten::new(q).expect("at least 1")) as _)
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    q: f64,
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "schatten",
        summary: "l_q norm of the singular values",
        parameters: &["q"],
        build: |table| Ok(Box::new(Schatten::new(read::<Config>("schatten", table)?.q)?)),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms::{nuclear::Nuclear, spectral::Spectral};

    #[test]
    fn the_extreme_exponents_are_the_nuclear_and_the_spectral_norm() {
        let s = Matrix::from_rows(&[[3.0, 1.0, 0.0], [-1.0, 2.0, 0.0], [2.0, 3.0, 0.0]]).unwrap();
        let (one, infinity) = (Schatten::new(1.0).unwrap(), Schatten::new(f64::INFINITY).unwrap());
        assert_eq!(one.value(&s), Nuclear.value(&s));
        assert_eq!(one.lmo(&s), Nuclear.lmo(&s));
        assert_eq!(infinity.value(&s), Spectral.value(&s));
        assert_eq!(infinity.lmo(&s), Spectral.lmo(&s));
    }

    #[test]
    fn a_large_exponent_does_not_raise_null_directions() {
        let s = Matrix::from_fn(6, 6, |i, j| ((i + 1) * (j + 2)) as f64 / 7.0);
        let x = Schatten::new(1e9).unwrap().lmo(&s).unwrap();
        let frobenius = x.entries().map(|x| x * x).sum::<f64>().sqrt();
        assert!((frobenius - 1.0).abs() < 1e-14, "rank one, so one unit singular value: {frobenius}");
    }

    #[test]
    fn exponents_below_one_and_nan_are_refused() {
        for q in [0.999, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(matches!(Schatten::new(q), Err(ConfigError::OutOfRange { parameter: "q", .. })));
        }
    }
}
