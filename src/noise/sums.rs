//! Moments of sums and l_b norms of independent nonnegative numbers, from the moments of one of them.

use super::Moment;

/// s -> E Y^s of a nonnegative number Y.
pub(super) type MomentsOf<'a> = &'a dyn Fn(f64) -> Moment;

/// E(Y_1^b + .. + Y_d^b)^{s/b} (the largest of them to the power s for b = inf), Y_i independent copies of Y >= 0.
///
/// Exact for d = 1, for b = s (a sum of moments) and for s = 2b (a double sum of products).
///
/// # Bounds
///
/// With Z_i = Y_i^b, S = sum Z_i and e = s/b:
///
/// - b < s, power mean: S^e <= d^{e-1} sum Z_i^e.
/// - b < s <= 2b, so that 0 < e - 1 <= 1: S^{e-1} <= Z_i^{e-1} + (S - Z_i)^{e-1}, the two summands are independent of
///   each other, and Jensen for the concave power gives
///   E S^e = sum E Z_i S^{e-1} <= sum E Z_i^e + sum E Z_i (E S - E Z_i)^{e-1}, an equality at e = 2.
/// - b > s: the l_t norm decreases in t, so S^e <= (sum Y_i^t)^{s/t} for every t in \[s, b\], and Jensen gives
///   E S^e <= (d E Y^t)^{s/t}; the best t of a grid is taken.
/// - any t > s: E S^{s/b} <= (E S^{t/b})^{s/t} (Lyapunov), used at t = 2b, where the right side is exact.
pub(super) fn lb_moment(b: f64, d: usize, y: MomentsOf<'_>, s: f64) -> Moment {
    let count = d as f64;
    if d == 1 || y(s) == Moment::Infinite {
        return y(s);
    }
    if b == s {
        return y(s).map(|m| count * m);
    }
    if s == 2.0 * b {
        return second_moment_of_sum(b, count, y);
    }
    let bound = if b < s { sum_bound(b, count, y, s) } else { largest_bound(b, count, y, s) };
    Moment::UpperBound(bound)
}

fn second_moment_of_sum(b: f64, count: f64, y: MomentsOf<'_>) -> Moment {
    let (first, second) = (y(b), y(2.0 * b));
    let value = count * second.bound() + count * (count - 1.0) * first.bound().powi(2);
    if first.is_exact() && second.is_exact() { Moment::Exact(value) } else { Moment::UpperBound(value) }
}

fn sum_bound(b: f64, count: f64, y: MomentsOf<'_>, s: f64) -> f64 {
    let e = s / b;
    let m = y(s).bound();
    let power_mean = count.powf(e) * m;
    if e > 2.0 {
        return power_mean;
    }
    let mean = y(b).bound();
    let split = count * (m + mean * ((count - 1.0) * mean).powf(e - 1.0));
    let lyapunov = second_moment_of_sum(b, count, y).bound().powf(0.5 * e);
    power_mean.min(split).min(lyapunov)
}

fn largest_bound(b: f64, count: f64, y: MomentsOf<'_>, s: f64) -> f64 {
    const STEPS: i32 = 64;
    // For light tails and b = inf the best t grows like 2 log d.
    let last = b.min((2.0 * count.ln() + 4.0).max(2.0 * s));
    let at = |k: i32| {
        let t = s * (last / s).powf(f64::from(k) / f64::from(STEPS));
        (count * y(t).bound()).powf(s / t)
    };
    let lyapunov = match y(2.0 * b) {
        m if b.is_finite() && m != Moment::Infinite => {
            second_moment_of_sum(b, count, y).bound().powf(s / (2.0 * b))
        }
        _ => f64::INFINITY,
    };
    (0..=STEPS).map(at).fold(lyapunov, f64::min)
}

/// E(sum_k e_k Y_k)^s <= min of the two first bounds of [`lb_moment`] with b = 1 and weights e_k >= 0:
/// (sum e)^s E Y^s, and for s <= 2 sum e_k^s E Y^s + sum e_k E Y (sum_{l != k} e_l E Y)^{s-1}.
pub(super) fn weighted_sum_bound(weights: &[f64], y: MomentsOf<'_>, s: f64) -> f64 {
    let (m, mean) = (y(s).bound(), y(1.0).bound());
    let total: f64 = weights.iter().sum();
    let power_mean = total.powf(s) * m;
    let split = weights.iter().map(|&e| {
        // Rounding may leave a small negative number where e is the whole sum.
        let others = ((total - e) * mean).max(0.0);
        e.powf(s) * m + e * mean * others.powf(s - 1.0)
    });
    power_mean.min(split.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Y = 3 with probability 1/4, 1 with probability 1/4, else 0.
    const LAW: [(f64, f64); 3] = [(0.25, 3.0), (0.25, 1.0), (0.5, 0.0)];

    fn moments(s: f64) -> Moment {
        Moment::Exact(LAW.iter().map(|&(q, y)| q * f64::powf(y, s)).sum())
    }

    fn enumerated(b: f64, d: u32, s: f64) -> f64 {
        let outcomes = (0..3_usize.pow(d)).map(|code| {
            let picks = (0..d).map(|i| LAW[code / 3_usize.pow(i) % 3]);
            let probability: f64 = picks.clone().map(|(q, _)| q).product();
            probability * crate::family::lq(b, picks.map(|(_, y)| y)).powf(s)
        });
        outcomes.sum()
    }

    #[test]
    fn every_moment_of_an_l_norm_is_exact_or_above_the_enumerated_one() {
        let mut exact = 0;
        for b in [1.0, 1.25, 1.5, 2.0, 3.0, f64::INFINITY] {
            for s in [1.0, 1.2, 1.5, 2.0, 3.0] {
                for d in 1..=5 {
                    let (claimed, truth) = (lb_moment(b, d, &moments, s), enumerated(b, d as u32, s));
                    match claimed {
                        Moment::Exact(m) => {
                            exact += 1;
                            assert!((m - truth).abs() <= 1e-13 * truth, "b={b} s={s} d={d}: {m} vs {truth}");
                        }
                        Moment::UpperBound(m) => {
                            assert!(m >= truth * (1.0 - 1e-13), "b={b} s={s} d={d}: {m} < {truth}");
                            assert!(m <= 4.0 * truth, "b={b} s={s} d={d}: {m} is far above {truth}");
                        }
                        Moment::Infinite => panic!("all moments are finite"),
                    }
                }
            }
        }
        assert!(exact >= 30);
    }

    #[test]
    fn a_weighted_sum_is_bounded_and_attained_at_order_two() {
        let weights = [1.0, 2.0, 0.5];
        for s in [1.1, 1.5, 2.0] {
            let truth: f64 = (0..27_usize)
                .map(|code| {
                    let picks: Vec<_> = (0..3_u32).map(|i| LAW[code / 3_usize.pow(i) % 3]).collect();
                    let sum: f64 = picks.iter().zip(weights).map(|((_, y), e)| y * e).sum();
                    picks.iter().map(|(q, _)| q).product::<f64>() * sum.powf(s)
                })
                .sum();
            let bound = weighted_sum_bound(&weights, &moments, s);
            assert!(bound >= truth * (1.0 - 1e-13), "{s}: {bound} < {truth}");
            assert!(s < 2.0 || (bound - truth).abs() <= 1e-13 * truth, "{bound} vs {truth}");
        }
    }
}
