//! What an algorithm is, and what it may see.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::{Matrix, NormError, OracleError, Scalar, StochasticOracle};

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AlgorithmError {
    /// The oracle gave no gradient.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// The norm gave no direction.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// A parameter is outside its range.
    #[error("{parameter} must be {must_be}, not {value}")]
    InvalidParameter {
        /// Its name as in TOML.
        parameter: &'static str,
        /// The range in words.
        must_be: &'static str,
        /// The value found.
        value: f64,
    },
    /// A method that stays in a ball was started outside of it.
    #[error(
        "the start has norm {size}, outside the ball of radius {radius}; enlarge the radius or move the start"
    )]
    StartOutsideBall {
        /// The norm of X_0.
        size: f64,
        /// The radius of the ball.
        radius: f64,
    },
}

/// A first-order method. It is never handed a problem: only an oracle, a starting point and its own state.
///
/// `State` is all that the method carries from step to step, so that a saved state goes on exactly where it was.
pub trait Algorithm<T: Scalar>: Send + Sync {
    /// What the method carries from step to step.
    type State: Clone + Serialize + DeserializeOwned + Send;

    /// The state before the first step. It may query the oracle (a first gradient at X_0, say).
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn init(
        &self,
        start: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError>;

    /// One step; on an error the state is as before or its run is over.
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError>;

    /// The current iterate X_t, the point at which the theory measures the gradient.
    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T>;

    /// The most calls that one step makes: a run that is to end at a horizon ends less than this beyond it.
    fn most_calls(&self) -> u64 {
        1
    }

    /// The class of the method with these numbers and this norm. [`ZeroRespecting::Nothing`] is always safe.
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Nothing
    }
}

/// Which zeros of the past a method or an LMO keeps: the classes of algorithms that the lower bounds are about.
///
/// A matrix Y *keeps the lines* of a set of matrices when every nonzero column of Y is a nonzero column of one of them
/// and every nonzero row of Y is a nonzero row of one of them, and it *keeps the entries* when every nonzero entry of Y
/// is one of theirs. A method started at X_0 = 0 is zero-respecting in this sense when each of its query points and
/// iterates keeps the lines (entries) of the responses that it has seen; an LMO is when lmo(S) keeps those of S.
///
/// Ordered by strength: a method built from parts has the weakest class of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroRespecting {
    /// Nothing is promised.
    Nothing,
    /// Columns and rows.
    Lines,
    /// Entries, hence columns and rows.
    Entries,
}

impl ZeroRespecting {
    /// Whether Y keeps of `seen` what this class promises, zeros being exact.
    ///
    /// Several matrices are seen at once through the sum of their absolute values: an entry, row or column of it is zero
    /// when it is zero in all of them.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn keeps<T: Scalar>(self, y: &Matrix<T>, seen: &Matrix<T>) -> bool {
        assert_eq!((y.nrows(), y.ncols()), (seen.nrows(), seen.ncols()), "matrices of different shapes");
        // Not `!= 0`, which an unseen NaN would pass as well: NaN is no zero.
        let zero = |x: &T| *x == T::zero_impl();
        match self {
            Self::Nothing => true,
            Self::Entries => y.entries().zip(seen.entries()).all(|(y, s)| zero(&y) || !zero(&s)),
            Self::Lines => {
                let columns = |y: &Matrix<T>, seen: &Matrix<T>| {
                    (0..y.ncols()).all(|j| y.column(j).iter().all(zero) || !seen.column(j).iter().all(zero))
                };
                columns(y, seen) && columns(&y.transposed(), &seen.transposed())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_corner_breaks_entries_and_a_new_column_breaks_lines() {
        let matrix = |rows: [[f64; 3]; 2]| Matrix::from_rows(&rows).unwrap();
        let seen = matrix([[1.0, 2.0, 0.0], [0.0, -1.0, 0.0]]);
        let classes = |y| {
            [ZeroRespecting::Nothing, ZeroRespecting::Lines, ZeroRespecting::Entries]
                .map(|c| c.keeps(&y, &seen))
        };
        assert_eq!(classes(matrix([[0.5, 0.0, 0.0], [0.0, 3.0, -0.0]])), [true, true, true]);
        assert_eq!(classes(matrix([[0.0, 0.0, 0.0], [1e-300, 3.0, 0.0]])), [true, true, false]);
        assert_eq!(classes(matrix([[1.0, 1.0, 5e-324], [0.0, 1.0, 0.0]])), [true, false, false]);
        assert_eq!(classes(matrix([[1.0, 1.0, f64::NAN], [0.0, 1.0, 0.0]])), [true, false, false]);
        let row = Matrix::from_rows(&[[1.0, 1.0], [0.0, 0.0]]).unwrap();
        assert!(!ZeroRespecting::Lines.keeps(&row.transposed(), &row));
    }

    #[test]
    fn the_weaker_of_two_classes_is_the_smaller() {
        use ZeroRespecting::{Entries, Lines, Nothing};
        assert!(Nothing < Lines && Lines < Entries);
        assert_eq!(Entries.min(Lines), Lines);
    }
}
