//! Whether a method stays in the class that a lower bound is about.

use crate::spec::{Dimensions, Matrix, OracleError, Scalar, StochasticOracle, ZeroRespecting};

/// A point of a run that its past does not explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Calls made before.
    pub calls: u64,
    /// An entry that is not zero and should be.
    pub entry: (usize, usize),
}

/// An oracle that compares every query point with the responses so far (definition: [`ZeroRespecting`]).
///
/// Zero means zero: an entry of 1e-300 is a discovery. A query that the oracle refuses is not compared.
pub struct ZeroWatch<'a, T: Scalar> {
    inner: &'a mut dyn StochasticOracle<T>,
    entries: Vec<bool>,
    rows: Vec<bool>,
    columns: Vec<bool>,
    lines_broken: Option<Violation>,
    entries_broken: Option<Violation>,
}

impl<T: Scalar> std::fmt::Debug for ZeroWatch<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZeroWatch")
            .field("lines_broken", &self.lines_broken)
            .field("entries_broken", &self.entries_broken)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Scalar> ZeroWatch<'a, T> {
    /// Watches an oracle that has not been asked yet, for a run that starts at zero.
    pub fn new(inner: &'a mut dyn StochasticOracle<T>) -> Self {
        let d = inner.dimensions();
        Self {
            inner,
            entries: vec![false; d.entries()],
            rows: vec![false; d.rows()],
            columns: vec![false; d.columns()],
            lines_broken: None,
            entries_broken: None,
        }
    }

    /// Compares a point that is no query, an iterate for instance, with the responses so far.
    ///
    /// # Panics
    /// If the point lives in another space.
    pub fn check(&mut self, x: &Matrix<T>) {
        self.compare(x, self.inner.calls());
    }

    fn compare(&mut self, x: &Matrix<T>, calls: u64) {
        let space = self.inner.dimensions();
        assert_eq!((x.nrows(), x.ncols()), (space.rows(), space.columns()), "a point of another space");
        for (k, value) in x.entries().enumerate() {
            if value == T::zero_impl() {
                continue;
            }
            let entry = (k % x.nrows(), k / x.nrows());
            let violation = Violation { calls, entry };
            if !(self.rows[entry.0] && self.columns[entry.1]) {
                self.lines_broken.get_or_insert(violation);
            }
            if !self.entries[k] {
                self.entries_broken.get_or_insert(violation);
            }
        }
    }

    /// The strongest class that nothing has broken so far.
    pub fn class(&self) -> ZeroRespecting {
        match (self.lines_broken, self.entries_broken) {
            (Some(_), _) => ZeroRespecting::Nothing,
            (None, Some(_)) => ZeroRespecting::Lines,
            (None, None) => ZeroRespecting::Entries,
        }
    }

    /// The first point that is outside of a class.
    pub fn violation(&self, class: ZeroRespecting) -> Option<Violation> {
        match class {
            ZeroRespecting::Nothing => None,
            ZeroRespecting::Lines => self.lines_broken,
            ZeroRespecting::Entries => self.entries_broken,
        }
    }

    fn remember(&mut self, response: &Matrix<T>) {
        for (k, value) in response.entries().enumerate() {
            if value != T::zero_impl() {
                self.entries[k] = true;
                self.rows[k % response.nrows()] = true;
                self.columns[k / response.nrows()] = true;
            }
        }
    }
}

impl<T: Scalar> StochasticOracle<T> for ZeroWatch<'_, T> {
    fn dimensions(&self) -> Dimensions {
        self.inner.dimensions()
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        let calls = self.inner.calls();
        let response = self.inner.query(x)?;
        self.compare(x, calls);
        self.remember(&response);
        Ok(response)
    }

    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        let calls = self.inner.calls();
        let (at_x, at_y) = self.inner.query_pair(x, y)?;
        self.compare(x, calls);
        self.compare(y, calls);
        self.remember(&at_x);
        self.remember(&at_y);
        Ok((at_x, at_y))
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }
}
