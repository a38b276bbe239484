//! Another oracle's answers, clipped: what many training loops do, and a biased oracle.

use std::sync::Arc;

use super::BoxedOracle;
use crate::spec::{
    Dimensions, FiniteLaw, Matrix, Norm, NormError, OracleError, ProblemError, Scalar, StochasticOracle,
};

/// min{1, c/||g||_*} g for every answer g of the inner oracle, in the dual of a norm.
///
/// Under noise this is biased (unless no answer is ever longer than c): E of it is not grad f(X).
#[derive(Debug, Clone)]
pub struct Clipping<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    largest: f64,
}

impl<T: Scalar> Clipping<T> {
    /// Clipping at dual norm c.
    ///
    /// # Errors
    /// [`ProblemError::InvalidData`] unless c is finite and above 0.
    pub fn new(norm: Arc<dyn Norm<T>>, largest: f64) -> Result<Self, ProblemError> {
        if largest.is_finite() && largest > 0.0 {
            return Ok(Self { norm, largest });
        }
        Err(ProblemError::InvalidData(format!("clip must be finite and above 0, not {largest}")))
    }

    /// The clipped matrix.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn apply(&self, g: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let size = self.norm.dual_value(g)?.to_f64();
        Ok(if size <= self.largest { g.clone() } else { g * T::from_f64(self.largest / size) })
    }

    /// The law of the clipped outcomes.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn law(&self, law: &FiniteLaw<T>) -> Result<FiniteLaw<T>, NormError> {
        let outcomes = law.outcomes().iter().map(|(q, g)| Ok((*q, self.apply(g)?)));
        Ok(FiniteLaw::new(outcomes.collect::<Result<_, NormError>>()?))
    }

    /// An oracle whose answers are clipped.
    pub fn oracle(&self, inner: BoxedOracle<T>) -> BoxedOracle<T> {
        Box::new(Clipped { clipping: self.clone(), inner })
    }
}

struct Clipped<T: Scalar> {
    clipping: Clipping<T>,
    inner: BoxedOracle<T>,
}

impl<T: Scalar> Clipped<T> {
    fn answer(&self, g: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.clipping.apply(g).map_err(|e| OracleError::Problem(e.into()))
    }
}

impl<T: Scalar> StochasticOracle<T> for Clipped<T> {
    fn dimensions(&self) -> Dimensions {
        self.inner.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        let answer = self.inner.query(x)?;
        self.answer(&answer)
    }

    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        let (at_x, at_y) = self.inner.query_pair(x, y)?;
        Ok((self.answer(&at_x)?, self.answer(&at_y)?))
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }
}
