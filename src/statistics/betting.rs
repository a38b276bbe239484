//! Intervals for a mean by betting: for independent numbers of which only the range is known.
//!
//! # Formula
//!
//! X_1, .., X_n independent with one law on [0, B], Y = X/B, bets l_i in [0, 1) that depend on X_1, .., X_{i-1} alone.
//! "E X >= mu" is rejected at level delta once
//!
//! ```text
//! K_k = prod_{i <= k} (1 + l_i (mu/B - Y_i)),   l_i = min{0.9, sqrt(2 ln(1/delta)/(n v_{i-1}))},
//! ```
//!
//! reaches 1/delta at some k <= n, v_{i-1} being the variance seen before X_i (started at 1/4). The mirrored product, with
//! Y_i - mu/B, rejects "E X <= mu". The interval is what neither rejects; it fails with probability at most 2 delta.
//!
//! # Proof
//!
//! If E X >= mu, then E[1 + l_i (mu/B - Y_i) | X_1, .., X_{i-1}] <= 1, and no factor is below 1 - l_i > 0: K is a
//! nonnegative supermartingale that starts at 1, and P(max_k K_k >= 1/delta) <= delta (Ville). This holds for every choice of
//! bets; those above are near the best ones for the variance seen so far. A factor of the first product grows with mu: what
//! rejects mu rejects every larger one, so the interval has no holes (mirrored for the other end). []
//!
//! No normal approximation is involved. Where the range is long against the values, the ends are about three times closer than
//! those of the empirical Bernstein bound (Maurer and Pontil, *Empirical Bernstein bounds*, 2009).
//!
//! # One end needs no bound
//!
//! For X >= 0 and any tau fixed beforehand, E X >= E min{X, tau}: the lower end is that of the clipped numbers.
//!
//! # Source
//!
//! Waudby-Smith and Ramdas, *Estimating means of bounded random variables by betting*, 2024.

use super::Interval;

/// No bet is larger: a factor of K is at least 1 minus this.
const LARGEST_BET: f64 = 0.9;

/// Halvings of [0, B] in the search for an end: 2^-40 B is far below what is printed.
const HALVINGS: u32 = 40;

/// How numbers X >= 0 are read. All three are fixed before the numbers are seen.
///
/// # Contract
/// 0 < clip <= bound, both finite, and 0 < level < 1; otherwise nothing is promised.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// B: no X is larger.
    pub bound: f64,
    /// tau.
    pub clip: f64,
    /// delta of each end; an interval fails with probability at most 2 delta.
    pub level: f64,
}

impl Reading {
    /// "E X >= mu" is rejected: if it holds, with probability at most delta. Values in [0, B], any mu.
    pub fn is_below(self, values: &[f64], mu: f64) -> bool {
        let target = mu / self.bound;
        self.wins(values.iter().map(|x| x / self.bound), |y| target - y)
    }

    /// "E X <= mu" is rejected: if it holds, with probability at most delta. Values from 0 on; never for mu >= tau.
    pub fn is_above(self, values: &[f64], mu: f64) -> bool {
        // Beyond the clip no bet wins: nothing is said there.
        let target = (mu / self.clip).min(1.0);
        self.wins(values.iter().map(|x| x.min(self.clip) / self.clip), |y| y - target)
    }

    /// The means that neither test rejects, around the sample mean.
    ///
    /// # Degenerate cases
    /// `None` for no values, and for values outside of [0, B] or NaN, about which the tests say nothing.
    pub fn interval(self, values: &[f64]) -> Option<Interval> {
        if values.is_empty() || !values.iter().all(|x| (0.0..=self.bound).contains(x)) {
            return None;
        }
        let value = mean(values);
        // A rejection of mu is one of every larger (smaller) mu: both ends are found by bisection.
        let low = edge(0.0, self.clip, |mu| self.is_above(values, mu));
        let high = edge(self.bound, 0.0, |mu| self.is_below(values, mu));
        Some(Interval { value, low: low.min(value), high: high.max(value) })
    }

    /// Whether K reaches 1/delta, for Y in [0, 1] and gains in [-1, 1].
    fn wins(self, shares: impl ExactSizeIterator<Item = f64>, gain: impl Fn(f64) -> f64) -> bool {
        let goal = -self.level.ln();
        let count = shares.len() as f64;
        // Estimates that start at one half with the largest variance: the first bet is made before the first number.
        let (mut seen, mut sum, mut squares, mut log_capital) = (1.0, 0.5, 0.25, 0.0);
        for y in shares {
            let bet = (2.0 * goal * seen / (count * squares)).sqrt().min(LARGEST_BET);
            log_capital += (bet * gain(y)).ln_1p();
            if log_capital >= goal {
                return true;
            }
            seen += 1.0;
            sum += y;
            let off: f64 = y - sum / seen;
            squares += off * off;
        }
        false
    }
}

/// The sample mean; NaN for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Where `rejected` ends on the way from `from` to `to`; `from` if it does not hold there.
fn edge(from: f64, to: f64, rejected: impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut outside) = (from, to);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (inside + outside);
        if rejected(middle) { inside = middle } else { outside = middle }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_missed_no_more_often_than_allowed_by_enumeration_of_all_samples() {
        // Every sample of 12 numbers that are 0 or B: the probability that an end fails is a sum.
        let count = 12;
        for level in [0.3, 0.05, 0.01] {
            for (probability, bound, clip) in [(0.1, 1.0, 1.0), (0.5, 4.0, 1.0), (0.9, 2.0, 2.0)] {
                let reading = Reading { bound, clip, level };
                let (mut below, mut above) = (0.0, 0.0);
                for code in 0_u32..1 << count {
                    let values: Vec<f64> = (0..count).map(|i| f64::from(code >> i & 1) * bound).collect();
                    let ones = code.count_ones() as i32;
                    let weight = f64::powi(probability, ones) * f64::powi(1.0 - probability, count - ones);
                    below += weight * f64::from(u8::from(reading.is_below(&values, probability * bound)));
                    above += weight * f64::from(u8::from(reading.is_above(&values, probability * bound)));
                }
                assert!(below <= level && above <= level, "{probability} {level}: {below}, {above}");
            }
        }
    }

    #[test]
    fn an_interval_shrinks_with_the_sample_and_holds_its_mean() {
        let reading = Reading { bound: 50.0, clip: 5.0, level: 0.025 };
        let sample = |n: usize| (0..n).map(|k| [0.5, 1.5, 0.0, 2.0][k % 4]).collect::<Vec<f64>>();
        let width = |n| {
            let i = reading.interval(&sample(n)).unwrap();
            assert!(i.low < 1.0 && 1.0 < i.high && (i.value - 1.0).abs() < 1e-12, "{i:?}");
            i.high - i.low
        };
        let (few, many) = (width(100), width(10_000));
        assert!(many < 0.1 && many < few / 5.0, "{few} {many}");
        // The upper end of the empirical Bernstein bound: the sample variance is 0.625 (400/399).
        let log = (4.0_f64 / 0.05).ln();
        let bernstein = (2.0 * 0.625 * log / 399.0).sqrt() + 7.0 * 50.0 * log / (3.0 * 399.0);
        let bets = reading.interval(&sample(400)).unwrap();
        assert!(bets.high - 1.0 < bernstein / 2.0, "{bets:?} {bernstein}");
    }

    #[test]
    fn a_value_outside_of_the_range_has_no_interval() {
        let reading = Reading { bound: 1.0, clip: 1.0, level: 0.025 };
        assert_eq!(reading.interval(&[]), None);
        assert_eq!(reading.interval(&[0.5, 1.5]), None);
        assert_eq!(reading.interval(&[f64::NAN]), None);
        assert!(!reading.is_above(&[1.0; 500], 1.5), "beyond the clip nothing is said");
    }
}
