//! Summaries over seeds that are valid under heavy tails: order statistics; means only of numbers in a
//! known range ([`betting`]).

use serde::{Deserialize, Serialize};

pub mod betting;
pub mod tail_index;

/// The number that stands for a first passage: "not reached" is +inf, later than every horizon.
pub fn passage_time(passage: Option<u64>) -> f64 {
    passage.map_or(f64::INFINITY, |calls| calls as f64)
}

/// The sample median; of an even number of values the mean of the two in the middle (infinite if one of them is).
///
/// `None` for no values, and for NaN, which has no place in an order.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values)?;
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    // Halved before they are added: the sum of two large numbers may overflow. Equal infinities stay.
    Some(if low == high { low } else { low / 2.0 + high / 2.0 })
}

/// An interval for the median of the law that the values were drawn from, between two order statistics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MedianInterval {
    /// x_(rank), the rank-th smallest value.
    pub lower: f64,
    /// x_(n + 1 - rank); +inf where it was not reached.
    pub upper: f64,
    /// Counted from 1.
    pub rank: u64,
    /// P(the interval covers the median): exact for a law without atoms, a lower bound for any other.
    pub coverage: f64,
    /// `coverage` is at least what was asked for. Too few values cannot attain it: 5 values give at most 0.9375.
    pub attained: bool,
}

/// The narrowest symmetric order-statistic interval for the median whose coverage is at least `confidence`.
///
/// # Formula
///
/// For independent values, P(x_(k) <= median <= x_(n+1-k)) >= 1 - 2 P(Bin(n, 1/2) <= k - 1), whatever the law: no moment
/// is needed, and a value may be +inf. The largest k that attains the confidence is taken.
///
/// # Degenerate cases
/// If even k = 1, from the smallest to the largest value, does not attain it, that interval comes back with its own
/// coverage and `attained = false`. `None` for no values and for NaN.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<MedianInterval> {
    let sorted = sorted(values)?;
    let n = sorted.len();
    let mut best = (1, coverage(n, 1));
    // x_(k) <= x_(n+1-k) needs k <= (n+1)/2.
    for k in 2..=n.div_ceil(2) {
        let c = coverage(n, k);
        if c < confidence {
            break;
        }
        best = (k, c);
    }
    let (k, coverage) = best;
    Some(MedianInterval {
        lower: sorted[k - 1],
        upper: sorted[n - k],
        rank: k as u64,
        coverage,
        attained: coverage >= confidence,
    })
}

/// An interval for a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The least-squares slope of ln y over ln x, with the range it takes when every y moves within its own interval.
///
/// # Formula
///
/// slope = sum_k w_k ln y_k with w_k = (ln x_k - mean)/sum (ln x - mean)^2; its range is attained where each y_k stands at
/// the end of its interval that the sign of w_k asks for. If the intervals hold together with some confidence, so does the
/// range: no law of errors is assumed.
///
/// # Degenerate cases
/// `None` for fewer than two different x, and for x or y that are not finite and above 0 (a median that was not reached).
/// An infinite end of an interval gives an infinite end of the range.
pub fn log_slope(x: &[f64], y: &[Interval]) -> Option<Interval> {
    let usable = |v: f64| v.is_finite() && v > 0.0;
    if x.len() != y.len() || !x.iter().all(|&x| usable(x)) || !y.iter().all(|y| usable(y.value)) {
        return None;
    }
    let logs: Vec<f64> = x.iter().map(|x| x.ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let spread: f64 = logs.iter().map(|l| (l - mean) * (l - mean)).sum();
    if spread == 0.0 || logs.is_empty() {
        return None;
    }
    let mut slope = Interval { value: 0.0, low: 0.0, high: 0.0 };
    for (log, y) in logs.iter().zip(y) {
        let weight = (log - mean) / spread;
        // Without weight an infinite end does not matter.
        if weight == 0.0 {
            continue;
        }
        let (falling, rising) = if weight > 0.0 { (y.low, y.high) } else { (y.high, y.low) };
        slope.value += weight * y.value.ln();
        slope.low += weight * falling.ln();
        slope.high += weight * rising.ln();
    }
    Some(slope)
}

/// 1 - 2 P(Bin(n, 1/2) <= k - 1), for 1 <= k <= (n+1)/2.
///
/// The terms are summed from exp of logarithms, since 2^-n underflows beyond 1074 values; each has a relative error of
/// about n u, in sum far below what a coverage is read for.
fn coverage(n: usize, k: usize) -> f64 {
    let mut ln_term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for i in 0..k {
        tail += ln_term.exp();
        ln_term += ((n - i) as f64).ln() - ((i + 1) as f64).ln();
    }
    1.0 - 2.0 * tail
}

fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || values.iter().any(|x| x.is_nan()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reached_is_later_than_everything() {
        let times = [Some(30), None, Some(10), None, Some(20)].map(passage_time);
        assert_eq!(median(&times), Some(30.0));
        assert_eq!(median(&times[..4]), Some(f64::INFINITY));
        assert_eq!(median(&[f64::INFINITY; 2]), Some(f64::INFINITY));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[f64::MAX, f64::MAX]), Some(f64::MAX));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[f64::NAN, 1.0]), None);
    }

    #[test]
    fn the_interval_is_the_tabulated_one() {
        // Ranks and coverages of the sign test: n = 10, (2, 9), 1 - 22/1024; n = 20, (6, 15), 1 - 2 * 21700/2^20.
        let values = |n: u32| (1..=n).map(f64::from).collect::<Vec<_>>();
        let ten = median_interval(&values(10), 0.95).unwrap();
        assert_eq!((ten.lower, ten.upper, ten.rank, ten.attained), (2.0, 9.0, 2, true));
        assert!((ten.coverage - (1.0 - 22.0 / 1024.0)).abs() < 1e-14);
        let twenty = median_interval(&values(20), 0.95).unwrap();
        assert_eq!((twenty.lower, twenty.upper), (6.0, 15.0));
        assert!((twenty.coverage - (1.0 - 2.0 * 21700.0 / 1048576.0)).abs() < 1e-13);
    }

    #[test]
    fn too_few_values_say_so() {
        let five = median_interval(&[5.0, 1.0, f64::INFINITY, 3.0, 2.0], 0.95).unwrap();
        assert_eq!((five.lower, five.upper, five.attained), (1.0, f64::INFINITY, false));
        assert!((five.coverage - 0.9375).abs() < 1e-15);
        let one = median_interval(&[7.0], 0.5).unwrap();
        assert_eq!((one.lower, one.upper, one.coverage, one.attained), (7.0, 7.0, 0.0, false));
        assert!(median_interval(&[], 0.9).is_none());
    }

    #[test]
    fn coverage_is_exact_by_enumeration_of_all_outcomes() {
        // Each value lies below or above the median with probability 1/2: count the outcomes that the interval covers.
        for n in 1..=12_usize {
            for k in 1..=n.div_ceil(2) {
                let covered = (0_u32..1 << n)
                    .filter(|signs| {
                        let below = signs.count_ones() as usize;
                        below >= k && n - below >= k
                    })
                    .count();
                let exact = covered as f64 / f64::from(1_u32 << n);
                assert!((coverage(n, k) - exact).abs() < 1e-14, "n = {n}, k = {k}");
            }
        }
    }

    #[test]
    fn many_values_do_not_underflow() {
        let values: Vec<f64> = (1..=5001).map(f64::from).collect();
        let interval = median_interval(&values, 0.95).unwrap();
        // The normal approximation: half a width of 1.96 sqrt(n)/2 = 69.3.
        assert!((interval.upper - 2501.0 - 69.0).abs() <= 2.0, "{interval:?}");
        assert!((0.95..0.96).contains(&interval.coverage));
    }

    #[test]
    fn a_slope_is_that_of_an_exact_power_and_moves_with_its_intervals() {
        let x = [1.0, 2.0, 4.0, 8.0];
        let exact = |x: f64| Interval { value: 3.0 * x * x, low: 3.0 * x * x, high: 3.0 * x * x };
        let slope = log_slope(&x, &x.map(exact)).unwrap();
        for end in [slope.value, slope.low, slope.high] {
            assert!((end - 2.0).abs() < 1e-14);
        }
        // Two points: the range is that of the steepest and the flattest line.
        let y = [Interval { value: 1.0, low: 0.5, high: 2.0 }, Interval { value: 4.0, low: 2.0, high: 8.0 }];
        let slope = log_slope(&[1.0, 2.0], &y).unwrap();
        for (found, expected) in [(slope.value, 2.0), (slope.low, 0.0), (slope.high, 4.0)] {
            assert!((found - expected).abs() < 1e-14, "{slope:?}");
        }
        // What lies in the middle has no weight.
        let lost = Interval { value: 5.0, low: 1.0, high: f64::INFINITY };
        let three = [y[0], lost, y[1]];
        assert!((log_slope(&[1.0, 2.0, 4.0], &three).unwrap().high - 2.0).abs() < 1e-14);
        let not_reached = Interval { value: f64::INFINITY, ..lost };
        assert_eq!(log_slope(&[1.0, 2.0], &[y[0], not_reached]), None);
        assert_eq!(log_slope(&[2.0, 2.0], &y), None);
        assert_eq!(log_slope(&[], &[]), None);
        assert_eq!(log_slope(&[1.0, 2.0], &[y[0], lost]).unwrap().high, f64::INFINITY);
    }
}
