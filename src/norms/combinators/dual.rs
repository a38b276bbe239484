//! The dual norm as a norm.

use serde::Deserialize;
use toml::Table;

use crate::norms::{Entry, build, rms_to_rms::RmsToRms, schatten::Schatten};
use crate::registry::read;
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = max{<X, Y> : ||Y||_0 <= 1} for a norm ||.||_0.
///
/// # Formulas
///
/// ```text
/// ||S||_* = ||S||_0
/// lmo(S)  = the lmo over the unit ball of the dual of ||.||_0
/// K_p     that of ||.||_0 itself, in which the noise is measured now
/// ball    the polar body
/// ```
///
/// Everything is asked of the norm that [`Norm::dual`] gives; only the label, `dual(...)`, is new.
///
/// # Errors
/// Those of the norm.
#[derive(Debug)]
pub struct Dual<T: Scalar> {
    label: NormLabel,
    dual: Box<dyn Norm<T>>,
}

impl<T: Scalar> Dual<T> {
    /// The dual of `norm`.
    pub fn new(norm: impl Norm<T>) -> Self {
        Self { label: NormLabel::new(format!("dual({})", norm.label())), dual: norm.dual() }
    }
}

impl<T: Scalar> Norm<T> for Dual<T> {
    fn label(&self) -> NormLabel {
        self.label.clone()
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        self.dual.value(x)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.dual.dual_value(s)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        self.dual.lmo(s)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        self.dual.dual()
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.dual.noise_type(dimensions, p)
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        self.dual.ball(dimensions)
    }
    fn space(&self) -> Option<Dimensions> {
        self.dual.space()
    }
    fn is_sign_invariant(&self) -> bool {
        self.dual.is_sign_invariant()
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.dual.zero_respecting()
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    let schatten = Schatten::new(3.0).expect("at least 1");
    vec![Box::new(Dual::new(schatten)), Box::new(Dual::new(Dual::new(RmsToRms)))]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    norm: Table,
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "dual",
        summary: "the dual of another norm",
        parameters: &["norm"],
        build: |table| Ok(Box::new(Dual::new(build::<T>(&read::<Config>("dual", table)?.norm)?))),
        examples,
    }
}
