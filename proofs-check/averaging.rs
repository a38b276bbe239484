//! How heavy-tailed noise averages: the only place where p, sigma and K_p enter a schedule.
//!
//! # Lemma (averages)
//!
//! Let N_1, N_2, ... be martingale differences with E||N_s||_*^p <= sigma^p, and w_s >= 0 fixed numbers. Then for every
//! order b in (1, p], with K_b the noise-type constant of the dual norm,
//!
//! ```text
//! E||sum_s w_s N_s||_* <= (K_b sum_s w_s^b)^{1/b} sigma,        E||sum_s w_s N_s||_* <= (sum_s w_s) sigma.
//! ```
//!
//! Proof. E||N_s||_*^b <= sigma^b (Jensen), the w_s N_s are martingale differences, so E||sum||_*^b <= K_b sum w_s^b
//! sigma^b by definition of K_b, and E||.||_* <= (E||.||_*^b)^{1/b}. The second is the triangle inequality: it is the
//! first at b = 1, where K_1 = 1. []
//!
//! # Corollary (weights of at most alpha)
//!
//! Where w_s <= alpha and sum_s w_s <= 1, sum w^b <= alpha^{b-1} sum w <= alpha^{b-1}, so that E||sum_s w_s N_s||_* is at
//! most
//!
//! ```text
//! nu(alpha) = min{ sigma, min_{1<b<=p} K_b^{1/b} sigma alpha^{1-1/b} }.
//! ```
//!
//! Such are the weights of a mean of B (alpha = 1/B), of an exponential average (alpha(1-alpha)^j, j = 0, 1, ...), and of
//! an exponential average that begins with a mean of B >= 1/alpha ((1-alpha)^t/B, B times, and alpha(1-alpha)^j for j < t:
//! their sum is 1). A mean of B behaves like an average with alpha = 1/B.

use heavynorm::spec::{Dimensions, MomentOrder, NoiseScale, Norm, NormError};

/// nu, with b on a grid that holds p itself: 1 + (p-1) j/32 for j = 1, ..., 32.
///
/// A coarser minimum is still a valid bound; b = p is best for the spectral norm, smaller b can be for norms
/// whose K_b is 1 below some order.
#[derive(Debug, Clone)]
pub struct AveragingBound {
    sigma: f64,
    /// (b, K_b).
    constants: Vec<(f64, f64)>,
}

const GRID: u32 = 32;

impl AveragingBound {
    /// Evaluates K_b on the grid.
    ///
    /// # Errors
    /// Those of [`Norm::noise_type`].
    pub fn new(
        norm: &dyn Norm<f64>,
        dimensions: Dimensions,
        p: MomentOrder,
        sigma: NoiseScale,
    ) -> Result<Self, NormError> {
        let inner = (1..GRID).map(|j| 1.0 + (p.p() - 1.0) * f64::from(j) / f64::from(GRID));
        // For p within rounding of 1 the inner orders collapse onto 1 and are no orders.
        let orders = std::iter::once(p).chain(inner.filter_map(|b| MomentOrder::new(b).ok()));
        let constants = orders
            .map(|b| Ok((b.p(), norm.noise_type(dimensions, b)?.upper)))
            .collect::<Result<_, NormError>>()?;
        Ok(Self { sigma: sigma.sigma(), constants })
    }

    /// nu(alpha), and the order b that gives it: 1 stands for the triangle inequality.
    pub fn at(&self, alpha: f64) -> (f64, f64) {
        self.smallest(self.sigma, alpha)
    }

    /// nu(alpha) for noise with sigma = 1, at most 1: what is left of any martingale differences with the same moments.
    pub fn shrinkage(&self, alpha: f64) -> f64 {
        self.smallest(1.0, alpha).0
    }

    fn smallest(&self, sigma: f64, alpha: f64) -> (f64, f64) {
        let powers =
            self.constants.iter().map(|&(b, k)| (k.powf(1.0 / b) * sigma * alpha.powf(1.0 - 1.0 / b), b));
        // Smaller value first; p stands first in the grid and wins ties, sigma itself only yields to something smaller.
        powers.fold((sigma, 1.0), |best, next| if next.0 < best.0 { next } else { best })
    }

    /// The largest alpha in (0, 1] known to have nu(alpha) <= target: 1 if sigma <= target, else the largest
    /// (target/(K_b^{1/b} sigma))^{b/(b-1)}.
    pub fn largest_alpha(&self, target: f64) -> f64 {
        if self.sigma <= target {
            return 1.0;
        }
        let alphas = self
            .constants
            .iter()
            .map(|&(b, k)| (target / (k.powf(1.0 / b) * self.sigma)).powf(b / (b - 1.0)));
        alphas.fold(0.0, f64::max).min(1.0)
    }

    /// The smallest real B >= 1 known to have nu(1/B) <= target: 1 if sigma <= target, else the smallest
    /// K_b^{1/(b-1)} (sigma/target)^{b/(b-1)}. Not rounded.
    pub fn smallest_batch(&self, target: f64) -> f64 {
        if self.sigma <= target {
            return 1.0;
        }
        let ratio = self.sigma / target;
        let batches =
            self.constants.iter().map(|&(b, k)| k.powf(1.0 / (b - 1.0)) * ratio.powf(b / (b - 1.0)));
        batches.fold(f64::INFINITY, f64::min).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heavynorm::norms::{max_entry::MaxEntry, schatten::Schatten, spectral::Spectral};

    fn bound(norm: &dyn Norm<f64>, p: f64, sigma: f64) -> AveragingBound {
        let d = Dimensions::new(6, 9).unwrap();
        AveragingBound::new(norm, d, MomentOrder::new(p).unwrap(), NoiseScale::new(sigma).unwrap()).unwrap()
    }

    #[test]
    fn for_the_spectral_and_the_max_entry_norm_the_best_order_is_p() {
        for p in [1.05, 1.2, 1.5, 1.9, 2.0] {
            for alpha in [1e-3, 1e-5, 1e-9] {
                for norm in [&Spectral as &dyn Norm<f64>, &MaxEntry] {
                    let (value, order) = bound(norm, p, 3.0).at(alpha);
                    assert!(order == p || order == 1.0, "{p} {alpha}: {order}");
                    // sigma itself wins where kappa alpha >= 1.
                    assert_eq!(order == 1.0, value == 3.0);
                }
            }
            let b = bound(&Spectral, p, 3.0);
            let k = 6f64.powf(p - 1.0) * MomentOrder::new(p).unwrap().asymmetry_factor();
            let expected = (0.01 / (k.powf(1.0 / p) * 3.0)).powf(p / (p - 1.0));
            assert!((b.largest_alpha(0.01) / expected - 1.0).abs() < 1e-9);
            assert!((b.smallest_batch(0.01) * expected - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_lower_order_wins_where_it_has_a_smaller_constant() {
        // Dual Schatten-3/2 at p = 2: K_2 = r^{1/3} but K_{3/2} <= C_{3/2} = sqrt 3. With r = 10^6 a short average is
        // better off with the lower order, a long one with p.
        let d = Dimensions::new(1_000_000, 1_000_000).unwrap();
        let two = MomentOrder::new(2.0).unwrap();
        let schatten = Schatten::new(3.0).unwrap();
        let b = AveragingBound::new(&schatten, d, two, NoiseScale::new(1.0).unwrap()).unwrap();
        assert_eq!(b.at(1e-2).1, 1.5);
        assert_eq!(b.at(1e-12).1, 2.0);
    }

    #[test]
    fn small_noise_needs_no_average() {
        let b = bound(&Spectral, 1.5, 0.1);
        assert_eq!((b.largest_alpha(0.1), b.smallest_batch(0.1)), (1.0, 1.0));
        assert!(b.largest_alpha(0.099) < 1.0 / 6.0);
        assert_eq!(bound(&Spectral, 1.5, 0.0).at(1e-3), (0.0, 1.0));
        // 6^{1/2} C with C = sqrt 3, to the power 2/3, times alpha^{1/3}; whatever sigma is.
        let shrinkage = (18f64.sqrt()).powf(2.0 / 3.0) * 0.1;
        for sigma in [0.0, 1.0, 1e6] {
            assert!((bound(&Spectral, 1.5, sigma).shrinkage(1e-3) / shrinkage - 1.0).abs() < 1e-12);
            assert_eq!(bound(&Spectral, 1.5, sigma).shrinkage(1.0), 1.0);
        }
    }

    #[test]
    fn the_largest_alpha_attains_its_target() {
        for p in [1.1, 1.5, 2.0] {
            let b = bound(&MaxEntry, p, 7.0);
            let alpha = b.largest_alpha(0.3);
            assert!((b.at(alpha).0 / 0.3 - 1.0).abs() < 1e-9);
            assert!((b.at(1.0 / b.smallest_batch(0.3)).0 / 0.3 - 1.0).abs() < 1e-9);
        }
    }
}
