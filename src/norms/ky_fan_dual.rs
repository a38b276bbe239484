//! The dual Ky Fan norms: between nuclear (k = 1) and spectral (k = r).

use std::num::NonZeroUsize;

use super::Entry;
use super::ky_fan::{self, Config, KyFan, dual_gauge};
use super::support::noise_type::{self, Kind};
use super::support::spectrum::{self, leading_sum};
use crate::registry::read;
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};

/// ||X|| = max{sigma_1(X), (sum_i sigma_i(X))/k}: its ball asks for singular values at most 1 with sum at most k.
///
/// # Formulas
///
/// With r = min{m, n}, and k for min{k, r}:
///
/// ```text
/// ||S||_* = sigma_1(S) + ... + sigma_k(S)
/// lmo(S)  = -sum_{i <= k} u_i v_i^T, within the numerical support
/// ball    min{1, k/sqrt(r)} <= ||X||_F <= sqrt(k) on the unit sphere
/// ```
///
/// # K_p: the smallest of
///
/// ```text
/// k^p K_p(spectral)                      sigma_1 <= ||.||_* <= k sigma_1; exact for k = 1
/// (r/k)^p K_p(nuclear)                   ||.||_* <= nuclear <= (r/k) ||.||_*; exact for k = r
/// max{k^{p-1}, r/k} C_p                  Lemma 2.2 through Schatten-p
/// max{k, r/k}^{p/2} 2^{2-p}              the Frobenius route
/// ```
///
/// Schatten-p: the sum of k numbers is at most k^{1-1/p} times their l_p norm; and ||.||_{S_p} is largest over
/// the unit ball of the sum at a corner, u v^T or an isometry over k, hence at most max{1, r^{1/p}/k}. The
/// product to the p is max{k^{p-1}, r/k}.
///
/// From below max{k, floor(log2 floor(r/k)) + 1}^{p-1}: D_i = +-E_ii for i <= k, all of norm 1, the sum of
/// norm k; and the sign patterns of N = floor(log2 floor(r/k)) + 1 signs, each pattern on k coordinates:
/// ||D_i||_* = k, and the k largest entries of the sum are N for any signs.
///
/// # Degenerate cases
/// k > r means k = r. Of equal singular values those that the decomposition lists first count.
///
/// # Errors
/// Those of the trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KyFanDual {
    pub(super) k: NonZeroUsize,
}

impl KyFanDual {
    /// The dual norm of the sum of the k largest singular values.
    pub fn new(k: NonZeroUsize) -> Self {
        Self { k }
    }

    /// min{k, r}: further singular values do not exist.
    fn effective(&self, dimensions: Dimensions) -> usize {
        self.k.get().min(dimensions.smaller_side())
    }
}

impl<T: Scalar> Norm<T> for KyFanDual {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("ky-fan-dual(k={})", self.k))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(x, |sigma| dual_gauge(sigma, self.k.get()))
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        spectrum::value(s, |sigma| leading_sum(sigma, self.k.get()))
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        spectrum::lmo(s, |sigma| vec![1.0; sigma.len().min(self.k.get())])
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(KyFan { k: self.k })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        let (k, r) = (self.effective(dimensions), dimensions.smaller_side());
        let nuclear = noise_type::of_exponent(Kind::Schatten, 1.0, r, p).upper;
        let spectral = noise_type::of_exponent(Kind::Schatten, f64::INFINITY, r, p).upper;
        let (order, size, share) = (p.p(), k as f64, r as f64 / k as f64);
        let candidates = [
            size.powf(order) * spectral,
            share.powf(order) * nuclear,
            size.powf(order - 1.0).max(share) * p.asymmetry_factor(),
        ];
        let lower = size.max(f64::from((r / k).ilog2() + 1)).powf(order - 1.0);
        Ok(noise_type::smallest(p, ky_fan::ball(k, r).polar(), lower, &candidates))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        Ok(ky_fan::ball(self.effective(dimensions), dimensions.smaller_side()).polar())
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
    [1, 2, 3, 100].into_iter().filter_map(NonZeroUsize::new).map(|k| Box::new(KyFanDual { k }) as _).collect()
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "ky-fan-dual",
        summary: "larger of the spectral norm and the nuclear norm over k",
        parameters: &["k"],
        build: |table| Ok(Box::new(KyFanDual { k: read::<Config>("ky-fan-dual", table)?.k })),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_noise_type_is_the_smallest_row_of_the_table() {
        let wins = ky_fan::tests::is_the_smallest_row(
            |k| Box::new(KyFanDual::new(NonZeroUsize::new(k).unwrap())),
            |[k, r, p, spectral, nuclear, c]| {
                [k.powf(p) * spectral, (r / k).powf(p) * nuclear, k.powf(p - 1.0).max(r / k) * c]
            },
        );
        assert_eq!(wins, [true; 3]);
    }

    #[test]
    fn missing_directions_are_not_made_up() {
        let s = Matrix::from_diagonal(3, 3, &[3.0, 0.0, 0.0]);
        let norm = KyFanDual::new(NonZeroUsize::new(2).unwrap());
        assert_eq!(norm.lmo(&s), Ok(Matrix::from_diagonal(3, 3, &[-1.0, 0.0, 0.0])));
    }
}
