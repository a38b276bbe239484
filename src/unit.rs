//! Matrices brought to unit scale by a power of two: the duties that every method of every norm shares.
//!
//! A norm file computes on a matrix that is non-empty, finite and has its largest entry in [1, 2): nothing that it does
//! there can overflow, and since the scaling is exact, a power of two in the input comes out of a value bit for bit and
//! leaves a direction alone bit for bit.

use std::borrow::Cow;

use crate::spec::{Dimensions, Matrix, NormError, Scalar};

/// X = 2^k Y with the largest entry of Y in [1, 2), or X = Y = 0.
#[derive(Debug, Clone)]
pub struct Unit<'a, T: Scalar> {
    matrix: Cow<'a, Matrix<T>>,
    dimensions: Dimensions,
    exponent: i32,
    zero: bool,
}

impl<'a, T: Scalar> Unit<'a, T> {
    /// Checks and rescales.
    ///
    /// # Errors
    /// [`NormError::Empty`] for 0 x n and m x 0, [`NormError::NonFinite`] for NaN and infinite entries.
    pub fn of(x: &'a Matrix<T>) -> Result<Self, NormError> {
        let dimensions = x.dimensions()?;
        if let Some((row, column)) = x.first_non_finite() {
            return Err(NormError::NonFinite { row, column, value: x[(row, column)].to_f64() });
        }
        let largest = x.max_abs();
        if largest == T::zero_impl() {
            return Ok(Self { matrix: Cow::Borrowed(x), dimensions, exponent: 0, zero: true });
        }
        let exponent = largest.binary_exponent();
        let matrix =
            if exponent == 0 { Cow::Borrowed(x) } else { Cow::Owned(x.times_power_of_two(-exponent)) };
        Ok(Self { matrix, dimensions, exponent, zero: false })
    }

    /// Y.
    pub fn matrix(&self) -> &Matrix<T> {
        &self.matrix
    }

    /// The shape.
    pub fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    /// X = 0.
    pub fn is_zero(&self) -> bool {
        self.zero
    }

    /// k.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// 2^k v, the value that belongs to X, for a v >= 0 computed from Y.
    ///
    /// # Errors
    /// [`NormError::Overflow`] if it is beyond the number type.
    pub fn restore(&self, v: f64) -> Result<T, NormError> {
        restore(v, self.exponent)
    }
}

/// 2^k v in the number type, for v >= 0; v itself may be beyond it.
///
/// # Errors
/// [`NormError::Overflow`] if the result is.
pub fn restore<T: Scalar>(v: f64, k: i32) -> Result<T, NormError> {
    if v == 0.0 {
        return Ok(T::zero_impl());
    }
    // The mantissa is rounded to T first: rounding then does not depend on k.
    let e = v.binary_exponent();
    let result = T::from_f64(v.times_power_of_two(-e)).times_power_of_two(k.saturating_add(e));
    if result.is_finite() { Ok(result) } else { Err(overflow::<T>()) }
}

/// c X with the products formed in f64.
pub fn times<T: Scalar>(x: &Matrix<T>, c: f64) -> Matrix<T> {
    x.map(|x| T::from_f64(x.to_f64() * c))
}

/// The direction, if every entry is finite.
///
/// # Errors
/// [`NormError::Overflow`] otherwise.
pub fn finite<T: Scalar>(x: Matrix<T>) -> Result<Matrix<T>, NormError> {
    if x.first_non_finite().is_some() { Err(overflow::<T>()) } else { Ok(x) }
}

/// [`NormError::Overflow`] of this number type.
pub fn overflow<T>() -> NormError {
    NormError::Overflow { type_name: std::any::type_name::<T>() }
}

/// A function of X that is homogeneous of degree one, from its value on the unit scale; 0 for X = 0.
///
/// # Errors
/// Those of [`Unit::of`], of `f`, and [`NormError::Overflow`].
pub fn value<T: Scalar>(
    x: &Matrix<T>,
    f: impl FnOnce(&Matrix<T>) -> Result<f64, NormError>,
) -> Result<T, NormError> {
    let unit = Unit::of(x)?;
    if unit.is_zero() { Ok(T::zero_impl()) } else { unit.restore(f(unit.matrix())?) }
}

/// A direction, which does not depend on the scale of S; zero for S = 0.
///
/// # Errors
/// Those of [`Unit::of`] and of `f`.
pub fn direction<T: Scalar>(
    s: &Matrix<T>,
    f: impl FnOnce(&Matrix<T>) -> Result<Matrix<T>, NormError>,
) -> Result<Matrix<T>, NormError> {
    let unit = Unit::of(s)?;
    if unit.is_zero() { Ok(Matrix::zeros(s.nrows(), s.ncols())) } else { f(unit.matrix()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_entry_comes_to_lie_between_one_and_two() {
        for x in [5e-324, 1e-30, 1.0, 1.999, 3.0, f64::MAX] {
            let x = Matrix::from_rows(&[[x, -x / 2.0]]).unwrap();
            let unit = Unit::of(&x).unwrap();
            assert!((1.0..2.0).contains(&unit.matrix().max_abs()), "{x:?}");
            assert_eq!(unit.restore(unit.matrix().max_abs()).unwrap(), x.max_abs());
        }
    }

    #[test]
    fn only_a_result_beyond_the_type_overflows() {
        assert_eq!(restore::<f32>(1e300, -900).unwrap(), Scalar::times_power_of_two(1e300, -900) as f32);
        assert_eq!(restore::<f32>(3.0, 127), Err(NormError::Overflow { type_name: "f32" }));
        assert_eq!(restore::<f64>(1.0, 1024), Err(NormError::Overflow { type_name: "f64" }));
    }

    #[test]
    fn empty_and_non_finite_matrices_are_refused() {
        assert!(matches!(Unit::of(&Matrix::<f64>::zeros(0, 3)), Err(NormError::Empty(_))));
        let x = Matrix::from_rows(&[[0.0, f64::NAN]]).unwrap();
        assert!(matches!(Unit::of(&x), Err(NormError::NonFinite { row: 0, column: 1, .. })));
    }
}
