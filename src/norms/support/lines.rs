//! Norms of columns or rows, and of entries: ||X|| = (sum_l (length of line l)^q)^{1/q}.
//!
//! The lines are the columns (lengths are 2-norms), the rows, or the single entries (lengths are absolute
//! values). The dual norm is the same with the conjugate exponent b, and the lmo is
//! -w_l (line l)/(its length), where w attains the l_b norm of the lengths over the unit sphere of l_q
//! (Hoelder twice: over lines, and inside each line).

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
    ///
    /// Lines are read from S as it is, each at its own scale: brought to the scale of the largest entry first, a tiny
    /// line would round to zero although its direction is as good as any other.
    pub(crate) fn lmo<T: Scalar>(self, s: &Matrix<T>, q: f64) -> Result<Matrix<T>, NormError> {
        let unit = Unit::of(s)?;
        if unit.is_zero() {
            return Ok(Matrix::zeros(s.nrows(), s.ncols()));
        }
        Ok(match self {
            Self::Columns => reversed(s, unit.exponent(), q),
            Self::Rows => reversed(&s.transposed(), unit.exponent(), q).transposed(),
            // Signs need no scale: entries that vanish beside the largest one keep theirs.
            Self::Entries if q == f64::INFINITY => s.map(|x| (-x).sign()),
            Self::Entries => {
                let at_unit = |x: T| x.to_f64().abs().times_power_of_two(-unit.exponent());
                let weights = attaining(&s.entries().map(at_unit).collect::<Vec<_>>(), q);
                Matrix::from_fn(s.nrows(), s.ncols(), |i, j| {
                    T::from_f64(-weights[j * s.nrows() + i] * s[(i, j)].to_f64().sign())
                })
            }
        })
    }

    /// The lengths, lines in storage order.
    fn lengths<T: Scalar>(self, y: &Matrix<T>) -> Vec<f64> {
        match self {
            Self::Columns => columns(y).map(|line| line.length(0)).collect(),
            Self::Rows => Self::Columns.lengths(&y.transposed()),
            Self::Entries => y.entries().map(|x| x.to_f64().abs()).collect(),
        }
    }
}

/// The columns as lines.
fn columns<T: Scalar>(x: &Matrix<T>) -> impl Iterator<Item = Line> {
    (0..x.ncols()).map(|j| Line::of(x.column(j)))
}

/// The sum of absolute values.
fn sum<T: Scalar>(line: &[T]) -> f64 {
    line.iter().map(|x| x.to_f64().abs()).sum()
}

/// Column j becomes -w_j times itself over its length, w attaining on the lengths divided by 2^exponent.
fn reversed<T: Scalar>(s: &Matrix<T>, exponent: i32, q: f64) -> Matrix<T> {
    let lines: Vec<Line> = columns(s).collect();
    let mut x = Matrix::zeros(s.nrows(), s.ncols());
    for (j, (line, weight)) in lines.iter().zip(weights(&lines, exponent, q)).enumerate() {
        // Also keeps -0 out of zero columns.
        if weight != 0.0 {
            for i in 0..s.nrows() {
                x[(i, j)] = T::from_f64(-weight * (line.scaled(s[(i, j)]) / line.unit_length));
            }
        }
    }
    x
}

/// The w of [`attaining`] on the lengths divided by 2^exponent.
fn weights(lines: &[Line], exponent: i32, q: f64) -> Vec<f64> {
    if q == f64::INFINITY {
        // No length counts, only whether there is one: the quotient of two may underflow.
        return lines.iter().map(|line| line.unit_length.sign()).collect();
    }
    attaining(&lines.iter().map(|line| line.length(exponent)).collect::<Vec<_>>(), q)
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

    /// The length divided by 2^exponent.
    fn length(&self, exponent: i32) -> f64 {
        self.unit_length.times_power_of_two(self.exponent - exponent)
    }
}
