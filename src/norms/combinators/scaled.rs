//! A norm times a number.

use serde::Deserialize;
use toml::Table;

use crate::norms::support::ball;
use crate::norms::{Entry, build, max_entry::MaxEntry, spectral::Spectral};
use crate::registry::{ConfigError, read};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit::{self, Unit};

/// ||X|| = c ||X||_0, c > 0: the unit ball is that of ||.||_0 with radius 1/c.
///
/// # Formulas
///
/// ```text
/// ||S||_* = (1/c) ||S||_{0*}
/// lmo(S)  = (1/c) lmo_0(S)
/// K_p     that of ||.||_0: both sides of its definition carry c^{-p}
/// ball    radii divided by c
/// ```
///
/// # Errors
/// Those of ||.||_0; [`NormError::Overflow`] also for an lmo, which only nested factors beyond the range of
/// one bring about.
#[derive(Debug)]
pub struct Scaled<T: Scalar> {
    factor: f64,
    /// 1/c. Kept, because c is not 1/(1/c) to the last bit: the dual of the dual has to be the norm.
    reciprocal: f64,
    norm: Box<dyn Norm<T>>,
}

impl<T: Scalar> Scaled<T> {
    /// `factor` times `norm`.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless the factor is between 1e-30 and 1e30, so that it and its reciprocal
    /// are normal numbers of both types.
    pub fn new(factor: f64, norm: impl Norm<T> + 'static) -> Result<Self, ConfigError> {
        if !(1e-30..=1e30).contains(&factor) {
            return Err(ConfigError::OutOfRange {
                name: "scaled".into(),
                parameter: "factor",
                must_be: "a number from 1e-30 to 1e30",
                value: factor,
            });
        }
        Ok(Self { factor, reciprocal: 1.0 / factor, norm: Box::new(norm) })
    }
}

impl<T: Scalar> Norm<T> for Scaled<T> {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("scaled({}, {})", self.factor, self.norm.label()))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        let unit = Unit::of(x)?;
        unit.restore(self.factor * self.norm.value(unit.matrix())?.to_f64())
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        let unit = Unit::of(s)?;
        unit.restore(self.reciprocal * self.norm.dual_value(unit.matrix())?.to_f64())
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        unit::finite(unit::times(&self.norm.lmo(s)?, self.reciprocal))
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Self { factor: self.reciprocal, reciprocal: self.factor, norm: self.norm.dual() })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.norm.noise_type(dimensions, p)
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::scaled(self.norm.ball(dimensions)?, self.factor))
    }
    fn space(&self) -> Option<Dimensions> {
        self.norm.space()
    }
    fn is_sign_invariant(&self) -> bool {
        self.norm.is_sign_invariant()
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    // 1/(1/49) is not 49 in f64.
    let spectral = Scaled::new(49.0, Spectral).expect("in range");
    vec![Box::new(spectral), Box::new(Scaled::new(1e-3, MaxEntry).expect("in range"))]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    factor: f64,
    norm: Table,
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "scaled",
        summary: "a number times another norm",
        parameters: &["factor", "norm"],
        build: |table| {
            let config = read::<Config>("scaled", table)?;
            Ok(Box::new(Scaled::new(config.factor, build::<T>(&config.norm)?)?))
        },
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_usable_factors_are_accepted() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e31] {
            let refused = Scaled::<f64>::new(factor, Spectral);
            assert!(matches!(refused, Err(ConfigError::OutOfRange { parameter: "factor", .. })));
        }
    }

    #[test]
    fn nested_factors_beyond_the_type_overflow_with_a_reason() {
        let once = Scaled::<f32>::new(1e-30, MaxEntry).unwrap();
        let twice = Scaled::new(1e-30, once).unwrap();
        assert_eq!(twice.lmo(&Matrix::from_diagonal(1, 1, &[1.0])), Err(unit::overflow::<f32>()));
    }
}
