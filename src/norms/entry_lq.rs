//! The l_q norm of all entries: from the sum (q = 1) over Frobenius (q = 2) to the largest entry (q =
//! infinity).

use serde::Deserialize;

use super::Entry;
use super::support::ball;
use super::support::lines::Lines;
use super::support::noise_type::{self, Kind};
use super::support::powers;
use crate::registry::{ConfigError, read};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = (sum_{ij} |x_ij|^q)^{1/q}, 1 <= q <= infinity.
///
/// # Formulas
///
/// With 1/q + 1/b = 1 and d = mn:
///
/// ```text
/// ||S||_* = (sum_{ij} |s_ij|^b)^{1/b}
/// lmo(S)  = -sign(s_ij) w_ij,  w_ij = (|s_ij|/max|s|)^{b-1} over the l_q norm of these powers
/// K_p     <= 2^{2-p} d^{p/b-1} (b <= p),  C_p (p <= b <= 2),  C_p min_{2<=c<=b} (c-1)^{p-1} d^{p/c-p/b} (b >= 2)
/// ball    d^{min{0, 1/2-1/q}} <= ||X||_F <= d^{max{0, 1/2-1/q}} on the unit sphere
/// ```
///
/// K_p, first row: E|sum_i d_i|^p <= 2^{2-p} sum_i E|d_i|^p holds entry by entry (scalars are a Hilbert
/// space), so K_p(l_p) <= 2^{2-p}; then ||.||_b <= d^{1/b-1/p} ||.||_p <= d^{1/b-1/p} ||.||_b and Lemma 2.2.
/// Second and third row: Lemma 2.1 for l_b and l_c, and ||.||_b <= ||.||_c <= d^{1/c-1/b} ||.||_b for c <= b.
/// From below: r^{p/b-1}, and for b > 2 sign patterns, as for Schatten norms, on diagonal matrices there and
/// on single entries here.
///
/// # Degenerate cases
/// q = 1: the first largest entry takes everything. q = infinity: -sign(S), sign(0) = 0.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntryLq {
    q: f64,
    /// b. Kept, because q is not b/(b - 1) to the last bit: the dual of the dual has to be the norm.
    b: f64,
}

impl EntryLq {
    /// The norm of exponent q.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless 1 <= q <= infinity.
    pub fn new(q: f64) -> Result<Self, ConfigError> {
        powers::validated("entry-lq", q).map(|q| Self { q, b: powers::conjugate(q) })
    }
}

impl<T: Scalar> Norm<T> for EntryLq {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("entry-lq(q={})", self.q))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(x, self.q)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        Lines::Entries.value(s, self.b)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        Lines::Entries.lmo(s, self.q)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Self { q: self.b, b: self.q })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        Ok(noise_type::of_exponent(Kind::Lines, self.b, dimensions.entries(), p))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball::of_exponent(self.q, dimensions.entries()))
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    [1.0, 1.0 + 1e-9, 1.25, 2.0, 3.0, 64.0, f64::INFINITY]
        .into_iter()
        .map(|q| Box::new(EntryLq::new(q).expect("at least 1")) as _)
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    q: f64,
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "entry-lq",
        summary: "l_q norm of all entries",
        parameters: &["q"],
        build: |table| Ok(Box::new(EntryLq::new(read::<Config>("entry-lq", table)?.q)?)),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms::{max_entry::MaxEntry, sum_entries::SumEntries};

    #[test]
    fn the_extreme_exponents_are_the_sum_and_the_largest_entry() {
        let s = Matrix::from_rows(&[[3.0, 0.0, 1e-200], [-3.0, 2.0, 0.5]]).unwrap();
        let (one, infinity) = (EntryLq::new(1.0).unwrap(), EntryLq::new(f64::INFINITY).unwrap());
        assert_eq!(one.value(&s), SumEntries.value(&s));
        assert_eq!(one.lmo(&s), SumEntries.lmo(&s));
        assert_eq!(infinity.value(&s), MaxEntry.value(&s));
        assert_eq!(infinity.lmo(&s), MaxEntry.lmo(&s));
    }
}
