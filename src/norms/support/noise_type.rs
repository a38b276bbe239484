//! Bounds on the noise-type constant K_p of dual norms of l_b kind.
//!
//! Throughout, 1 <= b <= infinity is the exponent of the DUAL norm, r the number of singular values or lines, and C_p
//! is [`MomentOrder::asymmetry_factor`]. Two facts are taken from the theory: K_p <= C_p for p <= b <= 2 and
//! K_p <= C_p (b-1)^{p-1} for b >= 2 (Lemma 2.1), for Schatten-b and for l_b of the 2-norms of lines alike (the latter
//! embeds isometrically in L_b: send a line to its inner product with a Gaussian vector).

use crate::spec::{Ball, MomentOrder, NoiseType};

/// What the dual norm is the l_b norm of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Singular values.
    Schatten,
    /// Absolute entries, or 2-norms of columns or rows.
    Lines,
}

/// The smallest of the candidates and of the Frobenius route, over the larger of 1 and `lower`.
pub(crate) fn smallest(p: MomentOrder, ball: Ball, lower: f64, candidates: &[f64]) -> NoiseType {
    let frobenius = NoiseType::through_frobenius(ball, p).upper;
    let upper = candidates.iter().copied().fold(frobenius, f64::min);
    let lower = lower.max(1.0);
    // Both are proved, so they cross by rounding at most (they meet at p = 2).
    debug_assert!(upper >= lower * (1.0 - 1e-12), "K_p at least {lower}, at most {upper}");
    NoiseType { lower, upper: upper.max(lower) }
}

/// K_p of the l_b norm of `count` singular values or lines.
///
/// # Upper: the smallest of
///
/// ```text
/// at_p r^{p|1/b - 1/p|}                          Lemma 2.2 through l_p: the table's row for b <= p
/// C_p                                            if p <= b <= 2
/// C_p min_{2 <= c <= b} (c-1)^{p-1} r^{p/c-p/b}  if b >= 2, Lemma 2.2 through l_c
/// 2^{2-p} r^{p|1/b - 1/2|}                       Lemma 2.2 through l_2, a Hilbert norm
/// ```
///
/// where at_p bounds K_p of l_p itself: C_p for Schatten-p, and 2^{2-p} for lines, where
/// E sum_l |..|^p adds up line by line over Hilbert spaces.
///
/// # Lower: the largest of 1 and
///
/// ```text
/// r^{p/b - 1}                                    D_i = +-E_i for i = 1..r: ||sum||_b = r^{1/b}
/// max_N N^{p-1} (E|(e_1 + .. + e_N)/N|^b)^{p/b}  N <= floor(log2 r) + 1, independent signs e_i
/// ```
///
/// The second: 2^{N-1} coordinates carry all patterns s of N signs up to a global sign, and D_i = e_i (s_i)_s. Whatever
/// the e_i, the sum runs through the same absolute values |e_1 + .. + e_N| over its coordinates, each as often as
/// under independent signs. For b = infinity it is (floor(log2 r) + 1)^{p-1}. In all of these the norm
/// of the final sum is not random.
pub(crate) fn of_exponent(kind: Kind, b: f64, count: usize, p: MomentOrder) -> NoiseType {
    let (order, d, inverse) = (p.p(), count as f64, 1.0 / b);
    let at_p = match kind {
        Kind::Schatten => p.asymmetry_factor(),
        Kind::Lines => p.hilbert_factor(),
    };
    let through = |c: f64| d.powf(order * (inverse - 1.0 / c).abs());
    let mut candidates = vec![at_p * through(order)];
    if b >= order && b <= 2.0 {
        candidates.push(p.asymmetry_factor());
    }
    if b >= 2.0 {
        let c = best_exponent(d, p).clamp(2.0, b);
        candidates.push(p.asymmetry_factor() * (c - 1.0).powf(order - 1.0) * through(c));
    }
    let lower = d.powf(order * inverse - 1.0).max(sign_patterns(b, count, p));
    smallest(p, super::ball::of_exponent(b, count), lower, &candidates)
}

/// The minimiser over c >= 2 of (c-1)^{p-1} d^{p/c}.
///
/// The logarithm's derivative has the sign of c^2 - kc + k, k = p ln(d)/(p-1): for k <= 4 it is never negative; for
/// k > 4 it is negative at 2 and changes sign once to the right of it, at the larger root.
fn best_exponent(d: f64, p: MomentOrder) -> f64 {
    let k = p.conjugate() * d.ln();
    if k <= 4.0 { 2.0 } else { (k + (k * (k - 4.0)).sqrt()) / 2.0 }
}

/// max over N <= floor(log2 count) + 1 of N^{p-1} (E|mean of N signs|^b)^{p/b}.
fn sign_patterns(b: f64, count: usize, p: MomentOrder) -> f64 {
    (1..=count.ilog2() + 1)
        .map(|n| {
            let moment = if b == f64::INFINITY { 1.0 } else { mean_of_signs(n, b).powf(p.p() / b) };
            f64::from(n).powf(p.p() - 1.0) * moment
        })
        .fold(1.0, f64::max)
}

/// E|(e_1 + .. + e_n)/n|^b for independent signs, n <= 64.
fn mean_of_signs(n: u32, b: f64) -> f64 {
    let mut probability = (-f64::from(n)).exp2();
    let mut moment = 0.0;
    for minuses in 0..=n {
        moment += probability * (1.0 - 2.0 * f64::from(minuses) / f64::from(n)).abs().powf(b);
        probability *= f64::from(n - minuses) / f64::from(minuses + 1);
    }
    moment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(p: f64) -> MomentOrder {
        MomentOrder::new(p).unwrap()
    }

    #[test]
    fn the_best_exponent_is_a_minimum() {
        for p in [1.001, 1.1, 1.5, 2.0] {
            for d in [2.0, 4.0, 8.0, 100.0, 1e6] {
                let f = |c: f64| (c - 1.0_f64).ln() * (p - 1.0) + p / c * f64::ln(d);
                let best = best_exponent(d, order(p));
                for c in [2.0, 2.5, best * 0.99, best * 1.01, best + 1.0, 1e4] {
                    assert!(c < 2.0 || f(best) <= f(c) + 1e-12, "p = {p}, d = {d}: {c} beats {best}");
                }
            }
        }
    }

    #[test]
    fn moments_of_mean_signs_are_those_of_small_cases() {
        assert_eq!(mean_of_signs(1, 3.0), 1.0);
        assert_eq!(mean_of_signs(2, 3.0), 0.5);
        assert!((mean_of_signs(3, 2.0) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(sign_patterns(f64::INFINITY, 9, order(1.5)), 2.0);
    }

    #[test]
    fn nothing_overflows_next_to_one() {
        for b in [1.0, 1.5, 2.0, 3.0, 1e9, f64::INFINITY] {
            for kind in [Kind::Schatten, Kind::Lines] {
                let k = of_exponent(kind, b, 1 << 24, order(1.0 + f64::EPSILON));
                assert!(k.upper.is_finite() && k.lower >= 1.0, "{k:?}");
            }
        }
    }
}
