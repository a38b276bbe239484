//! The space R^{m x n}: its points and its dimensions.

use std::ops::{Add, Index, IndexMut, Mul, Neg, Sub};

use approx::{AbsDiffEq, RelativeEq};
use faer::{Mat, MatRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::Scalar;

/// Why a matrix or its dimensions were refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MatrixError {
    /// A side is zero.
    #[error("a matrix needs at least one row and one column, not {rows} x {columns}")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// The rows have different lengths, or the number of entries is not rows times columns.
    #[error("{found} entries do not fill {rows} x {columns}")]
    Ragged {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
        /// Number of entries given (of the first row that does not fit).
        found: usize,
    },
}

/// The shape m x n of a space of matrices, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Dimensions {
    rows: usize,
    columns: usize,
}

impl Dimensions {
    /// The space R^{rows x columns}.
    ///
    /// # Errors
    /// [`MatrixError::Empty`] if a side is zero.
    pub fn new(rows: usize, columns: usize) -> Result<Self, MatrixError> {
        if rows == 0 || columns == 0 {
            return Err(MatrixError::Empty { rows, columns });
        }
        Ok(Self { rows, columns })
    }

    /// m.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// n.
    pub fn columns(self) -> usize {
        self.columns
    }

    /// r = min{m, n}, the largest possible rank.
    pub fn smaller_side(self) -> usize {
        self.rows.min(self.columns)
    }

    /// max{m, n}.
    pub fn larger_side(self) -> usize {
        self.rows.max(self.columns)
    }

    /// m n, the number of entries.
    pub fn entries(self) -> usize {
        self.rows * self.columns
    }

    /// n x m.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows }
    }
}

impl std::fmt::Display for Dimensions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

/// A point of R^{m x n}: a newtype around [`faer::Mat`] that adds serde, approx and arithmetic.
///
/// It may be empty or hold NaN: whoever needs more asks [`Matrix::dimensions`] or
/// [`Matrix::first_non_finite`]. Norms and oracles do, and answer with typed errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<T: Scalar>(Mat<T>);

impl<T: Scalar> Matrix<T> {
    /// The zero matrix.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self(Mat::zeros(rows, columns))
    }

    /// The matrix with entry `f(i, j)` in row i, column j.
    pub fn from_fn(rows: usize, columns: usize, f: impl FnMut(usize, usize) -> T) -> Self {
        Self(Mat::from_fn(rows, columns, f))
    }

    /// A matrix from its rows.
    ///
    /// # Errors
    /// [`MatrixError::Ragged`] if the rows have different lengths.
    pub fn from_rows<R: AsRef<[T]>>(rows: &[R]) -> Result<Self, MatrixError> {
        let columns = rows.first().map_or(0, |row| row.as_ref().len());
        if let Some(odd) = rows.iter().find(|row| row.as_ref().len() != columns) {
            return Err(MatrixError::Ragged { rows: rows.len(), columns, found: odd.as_ref().len() });
        }
        Ok(Self::from_fn(rows.len(), columns, |i, j| rows[i].as_ref()[j]))
    }

    /// The diagonal of an m x n matrix is `diagonal` (padded with zeros), everything else zero.
    pub fn from_diagonal(rows: usize, columns: usize, diagonal: &[T]) -> Self {
        Self::from_fn(rows, columns, |i, j| match diagonal.get(i) {
            Some(&d) if i == j => d,
            _ => T::zero_impl(),
        })
    }

    /// The matrix in faer's own type.
    pub fn as_mat(&self) -> MatRef<'_, T> {
        self.0.as_ref()
    }

    /// The matrix in faer's own type, by value.
    pub fn into_mat(self) -> Mat<T> {
        self.0
    }

    /// m.
    pub fn nrows(&self) -> usize {
        self.0.nrows()
    }

    /// n.
    pub fn ncols(&self) -> usize {
        self.0.ncols()
    }

    /// The space it lives in.
    ///
    /// # Errors
    /// [`MatrixError::Empty`] if a side is zero.
    pub fn dimensions(&self) -> Result<Dimensions, MatrixError> {
        Dimensions::new(self.nrows(), self.ncols())
    }

    /// The entries, column by column.
    pub fn entries(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.ncols()).flat_map(move |j| self.column(j).iter().copied())
    }

    /// Column j as a slice.
    pub fn column(&self, j: usize) -> &[T] {
        self.0.col_as_slice(j)
    }

    /// The indices of the first entry (column by column) that is NaN or infinite, if any.
    pub fn first_non_finite(&self) -> Option<(usize, usize)> {
        let finite = |j: &usize| self.column(*j).iter().fold(true, |finite, x| finite & x.is_finite());
        let j = (0..self.ncols()).find(|j| !finite(j))?;
        self.column(j).iter().position(|x| !x.is_finite()).map(|i| (i, j))
    }

    /// The largest absolute entry, 0 for an empty matrix. NaN entries are passed over.
    pub fn max_abs(&self) -> T {
        // Several maxima side by side: one would wait for itself at every entry.
        let mut largest = [T::zero_impl(); 8];
        for j in 0..self.ncols() {
            for entries in self.column(j).chunks(8) {
                for (largest, x) in largest.iter_mut().zip(entries) {
                    *largest = largest.larger(x.abs());
                }
            }
        }
        largest.into_iter().fold(T::zero_impl(), T::larger)
    }

    /// Every entry is zero.
    pub fn is_zero(&self) -> bool {
        self.entries().all(|x| x == T::zero_impl())
    }

    /// The transpose, n x m.
    pub fn transposed(&self) -> Self {
        Self(self.0.transpose().to_owned())
    }

    /// `f` of every entry.
    pub fn map(&self, mut f: impl FnMut(T) -> T) -> Self {
        let mut image = self.clone();
        for j in 0..self.ncols() {
            image.0.col_as_slice_mut(j).iter_mut().for_each(|x| *x = f(*x));
        }
        image
    }

    /// Every entry times 2^k (exact unless it overflows or becomes subnormal).
    pub fn times_power_of_two(&self, k: i32) -> Self {
        let factor = T::one_impl().times_power_of_two(k);
        if factor >= T::MIN_NORMAL && factor.is_finite() {
            // One product for each entry, as `times_power_of_two` would end with.
            return self * factor;
        }
        self.map(|x| x.times_power_of_two(k))
    }

    /// Adds `t * other` in place.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn add_scaled(&mut self, t: T, other: &Self) {
        assert_same_shape(self, other);
        for j in 0..self.ncols() {
            for (x, &y) in self.0.col_as_slice_mut(j).iter_mut().zip(other.column(j)) {
                *x += t * y;
            }
        }
    }

    /// `(1 - t) * self + t * other` in place.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn move_towards(&mut self, t: T, other: &Self) {
        assert_same_shape(self, other);
        let keep = T::one_impl() - t;
        for j in 0..self.ncols() {
            for (x, &y) in self.0.col_as_slice_mut(j).iter_mut().zip(other.column(j)) {
                *x = keep * *x + t * y;
            }
        }
    }

    /// The same matrix with entries rounded to (or carried exactly into) another number type.
    pub fn cast<U: Scalar>(&self) -> Matrix<U> {
        Matrix::from_fn(self.nrows(), self.ncols(), |i, j| U::from_f64(self[(i, j)].to_f64()))
    }
}

fn assert_same_shape<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>) {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), b.ncols()), "matrices of different shapes");
}

impl<T: Scalar> From<Mat<T>> for Matrix<T> {
    fn from(mat: Mat<T>) -> Self {
        Self(mat)
    }
}

impl<T: Scalar> Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    fn index(&self, (i, j): (usize, usize)) -> &T {
        &self.0[(i, j)]
    }
}

impl<T: Scalar> IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        &mut self.0[(i, j)]
    }
}

impl<T: Scalar> Add for &Matrix<T> {
    type Output = Matrix<T>;
    fn add(self, other: Self) -> Matrix<T> {
        let mut sum = self.clone();
        sum.add_scaled(T::one_impl(), other);
        sum
    }
}

impl<T: Scalar> Sub for &Matrix<T> {
    type Output = Matrix<T>;
    fn sub(self, other: Self) -> Matrix<T> {
        let mut difference = self.clone();
        difference.add_scaled(-T::one_impl(), other);
        difference
    }
}

impl<T: Scalar> Neg for &Matrix<T> {
    type Output = Matrix<T>;
    fn neg(self) -> Matrix<T> {
        self.map(|x| -x)
    }
}

impl<T: Scalar> Mul<T> for &Matrix<T> {
    type Output = Matrix<T>;
    fn mul(self, t: T) -> Matrix<T> {
        self.map(|x| x * t)
    }
}

/// Entrywise: |a_ij - b_ij| <= epsilon for all i, j. Matrices of different shapes are never equal.
impl<T: Scalar> AbsDiffEq for Matrix<T> {
    type Epsilon = T;
    fn default_epsilon() -> T {
        T::default_epsilon()
    }
    fn abs_diff_eq(&self, other: &Self, epsilon: T) -> bool {
        (self.nrows(), self.ncols()) == (other.nrows(), other.ncols())
            && self.entries().zip(other.entries()).all(|(a, b)| a.abs_diff_eq(&b, epsilon))
    }
}

/// Relative to the larger of the two largest entries, not entry by entry: a zero of one matrix may
/// be a rounding error of the other.
impl<T: Scalar> RelativeEq for Matrix<T> {
    fn default_max_relative() -> T {
        T::default_max_relative()
    }
    fn relative_eq(&self, other: &Self, epsilon: T, max_relative: T) -> bool {
        let scale = self.max_abs().larger(other.max_abs());
        self.abs_diff_eq(other, epsilon.larger(scale * max_relative))
    }
}

/// How a matrix is written: its shape and its entries column by column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<T> {
    rows: usize,
    columns: usize,
    entries: Vec<T>,
}

impl<T: Scalar> Serialize for Matrix<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { rows: self.nrows(), columns: self.ncols(), entries: self.entries().collect() }
            .serialize(serializer)
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Matrix<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { rows, columns, entries } = Written::<T>::deserialize(deserializer)?;
        if rows.checked_mul(columns) != Some(entries.len()) {
            let found = entries.len();
            return Err(serde::de::Error::custom(MatrixError::Ragged { rows, columns, found }));
        }
        Ok(Self::from_fn(rows, columns, |i, j| entries[j * rows + i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};

    fn sample() -> Matrix<f64> {
        Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).unwrap()
    }

    #[test]
    fn a_matrix_survives_serialisation() {
        let text = serde_json::to_string(&sample()).unwrap();
        assert_eq!(text, r#"{"rows":2,"columns":3,"entries":[1.0,4.0,2.0,5.0,3.0,6.0]}"#);
        assert_eq!(serde_json::from_str::<Matrix<f64>>(&text).unwrap(), sample());
    }

    #[test]
    fn a_forged_shape_is_refused() {
        for text in [
            r#"{"rows":2,"columns":2,"entries":[1.0]}"#,
            r#"{"rows":18446744073709551615,"columns":2,"entries":[1.0]}"#,
            r#"{"rows":1,"columns":1,"entries":[1.0],"extra":0}"#,
        ] {
            assert!(serde_json::from_str::<Matrix<f64>>(text).is_err(), "{text}");
        }
        assert!(Matrix::from_rows(&[vec![1.0], vec![1.0, 2.0]]).is_err());
        assert!(Dimensions::new(0, 3).is_err());
    }

    #[test]
    fn arithmetic_is_entrywise() {
        let (a, b) = (sample(), &sample() * 2.0);
        assert_eq!(&a + &a, b);
        assert_eq!((&b - &a), a);
        let mut c = a.clone();
        c.move_towards(0.5, &b);
        assert_abs_diff_eq!(c, &a * 1.5);
        assert_relative_eq!(-&a, &a * -1.0);
        assert_eq!(a.transposed()[(2, 1)], 6.0);
    }

    #[test]
    fn equality_of_matrices_is_relative_to_the_largest_entry() {
        let mut b = sample();
        b[(0, 0)] += 1e-9;
        assert_relative_eq!(sample(), b, max_relative = 1e-9);
        approx::assert_relative_ne!(sample(), b, max_relative = 1e-10);
        assert!(!sample().abs_diff_eq(&sample().transposed(), 10.0));
    }
}
