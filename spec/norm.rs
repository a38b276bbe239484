//! Norms on R^{m x n}, their duals, and what the theory asks of each of them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Dimensions, Matrix, MatrixError, MomentOrder, Scalar, ZeroRespecting};

/// <A, B> = tr(A^T B) = sum of a_ij b_ij.
///
/// # Panics
/// If the shapes differ.
pub fn inner<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) -> T {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), b.ncols()), "matrices of different shapes");
    a.entries().zip(b.entries()).map(|(x, y)| x * y).sum()
}

/// Why a norm gives no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NormError {
    /// A side of the matrix is zero.
    #[error(transparent)]
    Empty(#[from] MatrixError),
    /// An entry is NaN or infinite.
    #[error(
        "entry ({row}, {column}) is {value}, not a finite number; remove or repair it before taking a norm"
    )]
    NonFinite {
        /// Row of the first such entry (column by column).
        row: usize,
        /// Its column.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// The matrix is finite, its norm is beyond the number type.
    #[error("the result overflows {type_name}; scale the matrix down, or use a wider type")]
    Overflow {
        /// The number type.
        type_name: &'static str,
    },
    /// The norm is defined on matrices of another shape.
    #[error("this norm is defined on {expected} matrices, not {found}")]
    WrongShape {
        /// The shape of the norm's space.
        expected: Dimensions,
        /// The shape found.
        found: Dimensions,
    },
    /// The singular value decomposition did not converge.
    #[error("the singular value decomposition of a {0} matrix did not converge; please report this matrix")]
    NoConvergence(Dimensions),
}

/// The name of a norm with its parameters, for example `schatten(q=3)`: equal labels, equal norms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NormLabel(String);

impl NormLabel {
    /// A label.
    pub fn new(label: impl Into<String>) -> Self {
        Self(label.into())
    }

    /// The label's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NormLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bounds on the noise-type constant K_p of a DUAL norm.
///
/// K_p is the least K with E||sum_i D_i||_*^p <= K sum_i E||D_i||_*^p for all martingale differences D_i.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NoiseType {
    /// K_p is at least this. Some martingale attains it whose final dual norm is not random: the lower bounds of
    /// layers then add. (1 is always such a bound: a single difference +-X.)
    pub lower: f64,
    /// K_p is at most this.
    pub upper: f64,
}

impl NoiseType {
    /// kappa = K_p^{1/(p-1)}, from the upper bound: THE dimension factor of every upper bound.
    pub fn dimension_factor(self, p: MomentOrder) -> f64 {
        self.upper.powf(1.0 / (p.p() - 1.0))
    }

    /// Lemma 2.2 against the Frobenius norm, whose K_p is at most 2^{2-p}: with ||.||_* <= k1||.||_F
    /// and ||.||_F <= k2||.||_*, K_p <= (k1 k2)^p 2^{2-p}. Nothing better than 1 is known from below.
    pub fn through_frobenius(ball: Ball, p: MomentOrder) -> Self {
        let distortion = ball.circumradius / ball.inradius;
        Self { lower: 1.0, upper: distortion.powf(p.p()) * p.hilbert_factor() }
    }
}

/// The unit ball of a norm, measured in the Frobenius norm.
///
/// `circumradius` = max ||X||_F over the ball = max ||S||_* / ||S||_F;
/// `inradius` = min ||X||_F over the unit sphere, so that 1/inradius = max ||S||_F / ||S||_*.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ball {
    /// The largest Frobenius ball inside the unit ball has this radius.
    pub inradius: f64,
    /// The smallest Frobenius ball around the unit ball has this radius.
    pub circumradius: f64,
}

impl Ball {
    /// The unit ball of the dual norm: the polar body swaps and inverts the radii.
    pub fn polar(self) -> Self {
        Self { inradius: 1.0 / self.circumradius, circumradius: 1.0 / self.inradius }
    }
}

/// A norm on R^{m x n} with its dual norm, its exact linear minimisation oracle and its constants.
///
/// # Laws (see [`crate::laws`]; every registered norm is tested against all of them)
///
/// ```text
/// <S, lmo(S)> = -||S||_*,   ||lmo(S)|| <= 1,   lmo(0) = 0,   lmo(tS) = lmo(S) for t > 0,
/// |<S, X>| <= ||S||_* ||X||,   ||tX|| = |t| ||X||,   ||X + Y|| <= ||X|| + ||Y||,   the dual of the dual is the norm.
/// ```
///
/// # Contract
///
/// Any shape from 1 x 1 on. Multiplying the input by a power of two (no subnormal numbers involved)
/// multiplies values by it and leaves the lmo as it is, bit for bit. An input is never changed, and no
/// epsilon is added to a denominator: tiny inputs are treated like any other.
///
/// # Errors
///
/// Every method that takes a matrix answers [`NormError::Empty`] for 0 x n and m x 0,
/// [`NormError::NonFinite`] for NaN and infinite entries, [`NormError::Overflow`] if the RESULT is beyond the
/// number type (intermediate overflow is avoided by rescaling), [`NormError::WrongShape`] if the norm lives on
/// another space.
pub trait Norm<T: Scalar>: fmt::Debug + Send + Sync {
    /// The name with its parameters.
    fn label(&self) -> NormLabel;

    /// ||X||.
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError>;

    /// ||S||_* = max{<S, X> : ||X|| <= 1}.
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError>;

    /// A minimiser of <S, X> over the unit ball (ARGMIN: to descend, ADD a multiple of it); zero for S = 0.
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError>;

    /// The dual norm as a norm of its own: `value` and `dual_value` change places, and its lmo is over the dual ball.
    fn dual(&self) -> Box<dyn Norm<T>>;

    /// Bounds on K_p of the dual norm, in which noise is measured, on a space of the given dimensions.
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError>;

    /// The unit ball measured in the Frobenius norm, exactly or safely: the stated inradius may be too
    /// small and the circumradius too large, never the other way round.
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError>;

    /// The one space on which this norm is defined, or `None` if it is defined on matrices of every shape.
    fn space(&self) -> Option<Dimensions> {
        None
    }

    /// Flipping the signs of whole rows and columns leaves the norm as it is. `false` is always safe.
    fn is_sign_invariant(&self) -> bool {
        false
    }

    /// Which zeros of S are exact zeros of lmo(S), for every S. [`ZeroRespecting::Nothing`] is always safe.
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Nothing
    }
}

macro_rules! forward {
    ($pointer:ident) => {
        impl<T: Scalar, N: Norm<T> + ?Sized> Norm<T> for $pointer<N> {
            fn label(&self) -> NormLabel {
                (**self).label()
            }
            fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
                (**self).value(x)
            }
            fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
                (**self).dual_value(s)
            }
            fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
                (**self).lmo(s)
            }
            fn dual(&self) -> Box<dyn Norm<T>> {
                (**self).dual()
            }
            fn noise_type(&self, d: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
                (**self).noise_type(d, p)
            }
            fn ball(&self, d: Dimensions) -> Result<Ball, NormError> {
                (**self).ball(d)
            }
            fn space(&self) -> Option<Dimensions> {
                (**self).space()
            }
            fn is_sign_invariant(&self) -> bool {
                (**self).is_sign_invariant()
            }
            fn zero_respecting(&self) -> ZeroRespecting {
                (**self).zero_respecting()
            }
        }
    };
}

forward!(Box);
forward!(Arc);
