//! The Ky Fan norms: between spectral (k = 1) and nuclear (k = r).

use std::num::NonZeroUsize;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::support::noise_type::{self, Kind};
use super::support::spectrum::{self, leading_sum};
use super::{Entry, ky_fan_dual::KyFanDual};
use crate::registry::read;
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = sigma_1(X) + ... + sigma_k(X), the sum of the k largest singular values.
///
/// # Formulas
///
/// With r = min{m, n}, and k for min{k, r}:
///
/// ```text
/// ||S||_* = max{sigma_1(S), (sum_i sigma_i(S))/k}
/// lmo(S)  = -u_1 v_1^T if sigma_1 >= (sum_i sigma_i)/k, else -(1/k) U V^T over the numerical support
/// ball    1/sqrt(k) <= ||X||_F <= max{1, sqrt(r)/k} on the unit sphere
/// ```
///
/// # K_p: the smallest of
///
/// ```text
/// C_p (r/k)^{p-1} + K_p(spectral)        the table's row
/// k^p K_p(nuclear)                       nuclear/k <= ||.||_* <= nuclear; exact for k = 1
/// (r/k)^p K_p(spectral)                  sigma_1 <= ||.||_* <= (r/k) sigma_1; exact for k = r
/// max{k, (r/k)^{p-1}} C_p                Lemma 2.2 through Schatten-p
/// max{k, r/k}^{p/2} 2^{2-p}              the Frobenius route
/// ```
///
/// The row: ||.||_*^p <= sigma_1^p + (nuclear/k)^p. The first term sums up with K_p(spectral). For the
/// second, nuclear^p <= r^{p-1} ||.||_{S_p}^p, Schatten-p sums up with C_p, and ||D||_{S_p}^p <=
/// sigma_1^{p-1} nuclear <= k ||D||_*^p. Schatten-p: the same inequality gives ||.||_{S_p} <= k^{1/p}
/// ||.||_*, and ||.||_* <= max{1, r^{1-1/p}/k} ||.||_{S_p}.
///
/// From below max{floor(r/k), floor(log2 k) + 1}^{p-1}: with D_i = +-(k ones on the diagonal, disjoint for
/// different i) every ||D_i||_* is 1 and the sum's is floor(r/k); and on k x k matrices ||.||_* = sigma_1.
///
/// # Degenerate cases
/// k > r means k = r. On equality sigma_1 = (sum_i sigma_i)/k the lmo is -u_1 v_1^T.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KyFan {
    pub(super) k: NonZeroUsize,
}

impl KyFan {
    /// The sum of the k largest singular values.
    pub fn new(k: NonZeroUsize) -> Self {
        Self { k }
    }

    /// min{k, r}: further singular values do not exist.
    fn effective(&self, dimensions: Dimensions) -> usize {
        self.k.get().min(dimensions.smaller_side())
    }
}

/// max{sigma_1, nuclear/k}.
///
/// k >= r needs no care: nuclear/k <= sigma_1 there, which is also the value for k = r.
pub(super) fn dual_gauge(sigma: &[f64], k: usize) -> f64 {
    sigma[0].max(sigma.iter().sum::<f64>() / k as f64)
}

/// The ball of the sum of the k largest, k <= r: its corners are u v^T and isometries over k.
pub(super) fn ball(k: usize, r: usize) -> Ball {
    let (k, r) = (k as f64, r as f64);
    Ball { inradius: 1.0 / k.sqrt(), circumradius: f64::max(1.0, r.sqrt() / k) }
}

impl<T: Scalar> Norm<T> for KyFan {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("ky-fan(k={})", self.k))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(x, |sigma| leading_sum(sigma, self.k.get()))
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(s, |sigma| dual_gauge(sigma, self.k.get()))
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let k = self.k.get() as f64;
        spectrum::lmo(s, |sigma| {
            if sigma[0] >= sigma.iter().sum::<f64>() / k { vec![1.0] } else { vec![1.0 / k; sigma.len()] }
        })
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(KyFanDual { k: self.k })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        let (k, r) = (self.effective(dimensions), dimensions.smaller_side());
        let nuclear = noise_type::of_exponent(Kind::Schatten, 1.0, r, p).upper;
        let spectral = noise_type::of_exponent(Kind::Schatten, f64::INFINITY, r, p).upper;
        let (order, c_p, size, share) = (p.p(), p.asymmetry_factor(), k as f64, r as f64 / k as f64);
        let candidates = [
            c_p * share.powf(order - 1.0) + spectral,
            size.powf(order) * nuclear,
            share.powf(order) * spectral,
            size.max(share.powf(order - 1.0)) * c_p,
        ];
        let lower = f64::max((r / k) as f64, f64::from(k.ilog2() + 1)).powf(order - 1.0);
        Ok(noise_type::smallest(p, ball(k, r), lower, &candidates))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ball(self.effective(dimensions), dimensions.smaller_side()))
    }
    fn is_sign_invariant(&self) -> bool {
        true
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Lines
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    [1, 2, 3, 100].into_iter().filter_map(NonZeroUsize::new).map(|k| Box::new(KyFan { k }) as _).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(deserialize_with = "from_one_on")]
    pub(super) k: NonZeroUsize,
}

/// The reader's own words for a zero speak of its types.
fn from_one_on<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroUsize, D::Error> {
    NonZeroUsize::deserialize(deserializer)
        .map_err(|_| D::Error::custom("k must be a whole number from 1 on"))
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "ky-fan",
        summary: "sum of the k largest singular values",
        parameters: &["k"],
        build: |table| Ok(Box::new(KyFan { k: read::<Config>("ky-fan", table)?.k })),
        examples,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::norms::{nuclear::Nuclear, spectral::Spectral};

    fn ky_fan(k: usize) -> KyFan {
        KyFan::new(NonZeroUsize::new(k).unwrap())
    }

    #[test]
    fn a_tie_goes_to_the_leading_pair() {
        // sigma = (3, 2, 1): sigma_1 = 3 = 6/2.
        let s = Matrix::from_diagonal(3, 3, &[3.0, 2.0, 1.0]);
        assert_eq!(ky_fan(2).lmo(&s), Ok(Matrix::from_diagonal(3, 3, &[-1.0, 0.0, 0.0])));
        let s = Matrix::from_diagonal(3, 3, &[3.0, 2.5, 1.0]);
        assert_eq!(ky_fan(2).lmo(&s), Ok(Matrix::from_diagonal(3, 3, &[-0.5, -0.5, -0.5])));
    }

    /// Holds the upper bounds of a norm against rows written out in k, r, p, K_p(spectral), K_p(nuclear) and C_p, and the
    /// Frobenius route; which rows are the smallest somewhere.
    pub(in crate::norms) fn is_the_smallest_row<const N: usize>(
        norm: impl Fn(usize) -> Box<dyn Norm<f64>>,
        rows: impl Fn([f64; 6]) -> [f64; N],
    ) -> [bool; N] {
        let mut wins = [false; N];
        for r in [4, 16, 64, 256] {
            let d = Dimensions::new(r, r + 1).unwrap();
            for (k, p) in [1, 2, 4, 16, r].into_iter().flat_map(|k| [1.1, 1.5, 1.8].map(|p| (k.min(r), p))) {
                let order = MomentOrder::new(p).unwrap();
                // Noise is measured in the dual norm: K_p(spectral) is what the nuclear norm states.
                let of = |norm: &dyn Norm<f64>| norm.noise_type(d, order).unwrap().upper;
                let (spectral, nuclear) = (of(&Nuclear), of(&Spectral));
                let (k_real, r_real) = (k as f64, r as f64);
                let rows = rows([k_real, r_real, p, spectral, nuclear, order.asymmetry_factor()]);
                let frobenius = k_real.max(r_real / k_real).powf(p / 2.0) * 2f64.powf(2.0 - p);
                let smallest = rows.iter().copied().fold(frobenius, f64::min);
                let found = of(&*norm(k));
                assert!(
                    (found / smallest - 1.0).abs() < 1e-13,
                    "k = {k}, r = {r}, p = {p}: {found} {rows:?}"
                );
                (0..N).for_each(|i| wins[i] |= rows[i] == smallest);
            }
        }
        wins
    }

    #[test]
    fn the_upper_noise_type_is_the_smallest_row_of_the_table() {
        let wins = is_the_smallest_row(
            |k| Box::new(ky_fan(k)),
            |[k, r, p, spectral, nuclear, c]| {
                [
                    c * (r / k).powf(p - 1.0) + spectral,
                    k.powf(p) * nuclear,
                    (r / k).powf(p) * spectral,
                    k.max((r / k).powf(p - 1.0)) * c,
                ]
            },
        );
        assert_eq!(wins, [true; 4]);
    }

    #[test]
    fn a_k_beyond_the_rank_is_the_rank() {
        let x = Matrix::from_diagonal(2, 3, &[3.0, 2.0]);
        assert_eq!(ky_fan(9).value(&x), Ok(5.0));
        assert_eq!(ky_fan(9).dual_value(&x), Ok(3.0));
        let d = Dimensions::new(2, 3).unwrap();
        let p = MomentOrder::new(1.5).unwrap();
        assert_eq!(Norm::<f64>::ball(&ky_fan(9), d), Norm::<f64>::ball(&ky_fan(2), d));
        assert_eq!(Norm::<f64>::noise_type(&ky_fan(9), d, p), Norm::<f64>::noise_type(&ky_fan(2), d, p));
    }
}
