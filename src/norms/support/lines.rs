//! Norms of columns or rows, and of entries: ||X|| = (sum_l (length of line l)^q)^{1/q}.
//!
//! The lines are the columns (lengths are 2-norms), the rows, or the single entries (lengths are absolute values). The
//! dual norm is the same with the conjugate exponent b, and the lmo is -w_l (line l)/(its length) where w attains
//! ||lengths||_b over the unit sphere of l_q (Hoelder twice: over lines, and inside each line).

use super::powers::{attaining, l_norm};
use crate::spec::{Dimensions, Matrix, NormError, Scalar};
use crate::unit::{self, Unit};

/// What counts as a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    Columns,
    Rows,
    Entries,
}

impl Lines {
    /// How many lines a matrix has.
    pub(crate) fn count(self, dimensions: Dimensions) -> usize {
        match self {
            Self::Columns => dimensions.columns(),
            Self::Rows => dimensions.rows(),
            Self::Entries => dimensions.entries(),
        }
    }

    /// (sum_l length_l^q)^{1/q}.
    pub(crate) fn value<T: Scalar>(self, x: &Matrix<T>, q: f64) -> Result<T, NormError> {
        unit::value(x, |y| {
            if self == Self::Entries && q == 1.0 {
                // Column sums first: the rounding error grows with m + n instead of mn.
                return Ok((0..y.ncols()).map(|j| sum(y.column(j))).sum());
            }
            Ok(l_norm(&self.lengths(y), q))
        })
    }

    /// The lmo of the ball of exponent q; a zero line stays zero.
    pub(crate) fn lmo<T: Scalar>(self, s: &Matrix<T>, q: f64) -> Result<Matrix<T>, NormError> {
        if self == Self::Entries && q == f64::INFINITY {
            // Signs need no scale: entries that vanish beside the largest one keep theirs.
            return Unit::of(s).map(|_| s.map(|x| (-x).sign()));
        }
        unit::direction(s, |y| {
            let weights = attaining(&self.lengths(y), q);
            match self {
                Self::Columns => Ok(reversed(y, &weights)),
                Self::Rows => Ok(reversed(&y.transposed(), &weights).transposed()),
                Self::Entries => Ok(Matrix::from_fn(y.nrows(), y.ncols(), |i, j| {
                    T::from_f64(-weights[j * y.nrows() + i] * y[(i, j)].to_f64().sign())
                })),
            }
        })
    }

    /// The lengths, lines in storage order.
    fn lengths<T: Scalar>(self, y: &Matrix<T>) -> Vec<f64> {
        match self {
            Self::Columns => (0..y.ncols()).map(|j| Line::of(y.column(j)).length()).collect(),
            Self::Rows => Self::Columns.lengths(&y.transposed()),
            Self::Entries => y.entries().map(|x| x.to_f64().abs()).collect(),
        }
    }
}

/// The sum of absolute values.
fn sum<T: Scalar>(line: &[T]) -> f64 {
    line.iter().map(|x| x.to_f64().abs()).sum()
}

/// Column j becomes -weights[j] times itself over its length.
fn reversed<T: Scalar>(y: &Matrix<T>, weights: &[f64]) -> Matrix<T> {
    let mut x = Matrix::zeros(y.nrows(), y.ncols());
    for (j, &weight) in weights.iter().enumerate() {
        // Also keeps -0 out of zero columns.
        if weight != 0.0 {
            let line = Line::of(y.column(j));
            for i in 0..y.nrows() {
                x[(i, j)] = T::from_f64(-weight * (line.scaled(y[(i, j)]) / line.unit_length));
            }
        }
    }
    x
}

/// A vector at its own unit scale: beside a column of ordinary size the squares of another may underflow.
struct Line {
    exponent: i32,
    unit_length: f64,
}

impl Line {
    fn of<T: Scalar>(entries: &[T]) -> Self {
        let largest = entries.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
        let exponent = if largest == 0.0 { 0 } else { largest.binary_exponent() };
        let mut line = Self { exponent, unit_length: 1.0 };
        line.unit_length = entries.iter().map(|&x| line.scaled(x) * line.scaled(x)).sum::<f64>().sqrt();
        line
    }

    fn scaled<T: Scalar>(&self, x: T) -> f64 {
        x.to_f64().times_power_of_two(-self.exponent)
    }

    fn length(&self) -> f64 {
        self.unit_length.times_power_of_two(self.exponent)
    }
}
