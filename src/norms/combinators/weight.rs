//! An invertible matrix that multiplies from one side.

use thiserror::Error;

use crate::linalg::product;
use crate::polar;
use crate::registry::ConfigError;
use crate::spec::{Dimensions, Matrix, NormError, Scalar};
use crate::tol;
use crate::unit::Unit;

/// Why a weight was refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum WeightError {
    /// The weight is not square.
    #[error("a weight is a square matrix, not {0}; its side is that of the matrices it multiplies")]
    NotSquare(Dimensions),
    /// The weight is singular, or so close to it that nothing computed with its inverse could be trusted.
    #[error(
        "the weight has condition number {condition:.1e}, above {limit:.1e}; use a better conditioned one"
    )]
    IllConditioned {
        /// sigma_1/sigma_n, infinite for a singular weight.
        condition: f64,
        /// The largest that is accepted, [`tol::condition`].
        limit: f64,
    },
    /// The weight is empty or not finite, or could not be decomposed.
    #[error(transparent)]
    Matrix(#[from] NormError),
}

impl From<WeightError> for ConfigError {
    fn from(e: WeightError) -> Self {
        Self::Data(format!("weighted: {e}"))
    }
}

/// An invertible matrix with its inverse, both at unit scale.
#[derive(Debug, Clone)]
pub(super) struct Weight<T: Scalar> {
    pub(super) matrix: Scale<T>,
    pub(super) inverse: Scale<T>,
}

/// 2^exponent matrix, with its operator norm (of the whole).
#[derive(Debug, Clone)]
pub(super) struct Scale<T: Scalar> {
    matrix: Matrix<T>,
    exponent: i32,
    pub(super) operator_norm: f64,
}

impl<T: Scalar> Scale<T> {
    fn new(x: &Matrix<T>, exponent: i32, operator_norm: f64) -> Result<Self, NormError> {
        let unit = Unit::of(x)?;
        Ok(Self { matrix: unit.matrix().clone(), exponent: exponent + unit.exponent(), operator_norm })
    }

    pub(super) fn transposed(&self) -> Self {
        Self { matrix: self.matrix.transposed(), ..*self }
    }
}

impl<T: Scalar> Weight<T> {
    pub(super) fn new(weight: &Matrix<T>) -> Result<Self, WeightError> {
        let unit = Unit::of(weight)?;
        let d = unit.dimensions();
        if d.rows() != d.columns() {
            return Err(WeightError::NotSquare(d));
        }
        let mut svd = polar::thin_svd(unit.matrix())?;
        let sigma: Vec<f64> = svd.singular_values.iter().map(|s| s.to_f64()).collect();
        let (largest, smallest) = match sigma[..] {
            // A zero row, a zero column or the zero matrix leaves fewer singular values.
            [first, .., last] if sigma.len() == d.rows() => (first, last),
            [only] if d.rows() == 1 => (only, only),
            _ => (1.0, 0.0),
        };
        let (condition, limit) = (largest / smallest, tol::condition::<T>());
        if condition.is_nan() || condition > limit {
            return Err(WeightError::IllConditioned { condition, limit });
        }
        // A^{-1} = V diag(1/sigma) U^T.
        std::mem::swap(&mut svd.u, &mut svd.v);
        let inverse = svd.recompose(&sigma.iter().map(|s| 1.0 / s).collect::<Vec<_>>());
        let k = unit.exponent();
        Ok(Self {
            matrix: Scale::new(unit.matrix(), k, largest.times_power_of_two(k))?,
            inverse: Scale::new(&inverse, -k, (1.0 / smallest).times_power_of_two(-k))?,
        })
    }

    /// A^{-T}, with inverse A^T.
    pub(super) fn contragredient(&self) -> Self {
        Self { matrix: self.inverse.transposed(), inverse: self.matrix.transposed() }
    }

    /// No entry beside the diagonal, in the weight and in its inverse as they are stored: rounding errors are entries.
    pub(super) fn is_diagonal(&self) -> bool {
        let diagonal = |x: &Matrix<T>| {
            (0..x.ncols()).all(|j| (0..x.nrows()).all(|i| i == j || x[(i, j)] == T::zero_impl()))
        };
        diagonal(&self.matrix.matrix) && diagonal(&self.inverse.matrix)
    }

    pub(super) fn side(&self) -> usize {
        self.matrix.matrix.nrows()
    }

    /// Side and hash of the entries: equal for equal weights, different for different ones but for one chance
    /// in 2^64.
    pub(super) fn label(&self) -> String {
        let scale = &self.matrix;
        let bits = scale.matrix.entries().map(|x| x.to_f64().to_bits());
        format!("{0}x{0}#{1:016x}", self.side(), fnv(bits.chain([scale.exponent as u64])))
    }
}

/// The 64-bit FNV-1a hash.
fn fnv(words: impl Iterator<Item = u64>) -> u64 {
    words.flat_map(u64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A Y B and its exponent, for scales A and B.
pub(super) fn sandwich<T: Scalar>(a: &Scale<T>, y: &Matrix<T>, b: &Scale<T>) -> (Matrix<T>, i32) {
    let left = product(a.matrix.as_mat(), y.as_mat());
    (product(left.as_mat(), b.matrix.as_mat()), a.exponent + b.exponent)
}
