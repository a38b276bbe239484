//! The line of an instance: what Proposition 4.3 says at each number of calls.

use serde::Serialize;

/// E||grad f(X_M)||_* >= lambda eps P(Bin(M, q/N) <= T - 1), for every member method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// N.
    pub blocks: usize,
    /// T.
    pub length: usize,
    /// q.
    pub reveal_probability: f64,
    /// lambda.
    pub lambda: f64,
}

impl Line {
    /// The bound at M calls, over eps.
    pub fn mean(&self, calls: u64) -> f64 {
        self.lambda * at_most(calls, self.reveal_probability / self.blocks as f64, self.length as u64 - 1)
    }

    /// The largest M at which the bound is at least eps: with so few calls every member's mean is still eps.
    pub fn calls(&self) -> u64 {
        // mean(T - 1) = lambda > 1, and the mean falls to 0.
        let mut low = self.length as u64 - 1;
        let mut high = low.max(1);
        while self.mean(high) >= 1.0 {
            low = high;
            high = high.saturating_mul(2);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.mean(middle) >= 1.0 { low = middle } else { high = middle }
        }
        low
    }

    /// (1 - 1/lambda) N T/q: the same line by Markov's inequality, never above the exact one by more than rounding down.
    pub fn by_markov(&self) -> f64 {
        (1.0 - 1.0 / self.lambda) * self.unit()
    }

    /// N T/q, the unit in which calls are counted: the mean number of calls until N T reveals.
    pub fn unit(&self) -> f64 {
        (self.blocks * self.length) as f64 / self.reveal_probability
    }
}

/// P(Bin(n, x) <= k), 0 < x <= 1.
///
/// The terms are summed from logarithms, each with a relative error of about (k + 2) u max{1, |ln term|}: 1e-12 at the
/// sizes that are used here.
fn at_most(n: u64, x: f64, k: u64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if x >= 1.0 {
        return 0.0;
    }
    let count = n as f64;
    let odds = x.ln() - (-x).ln_1p();
    let mut ln_term = count * (-x).ln_1p();
    let mut sum = 0.0;
    for i in 0..=k {
        sum += ln_term.exp();
        ln_term += odds + ((count - i as f64) / (i as f64 + 1.0)).ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binomial_tail_is_that_of_an_enumeration() {
        for n in 0..9_u64 {
            for x in [0.05_f64, 0.3, 0.5, 0.99, 1.0] {
                for k in 0..=n {
                    let exact: f64 = (0_u32..1 << n)
                        .filter(|code| u64::from(code.count_ones()) <= k)
                        .map(|code| {
                            x.powi(code.count_ones() as i32)
                                * (1.0 - x).powi((n as u32 - code.count_ones()) as i32)
                        })
                        .sum();
                    assert!((at_most(n, x, k) - exact).abs() < 1e-13, "{n} {x} {k}");
                }
            }
        }
    }

    #[test]
    fn a_chain_of_t_coordinates_waits_for_t_reveals() {
        let mean = |length| Line { blocks: 1, length, reveal_probability: 0.25, lambda: 2.0 }.mean(3);
        assert!((mean(1) - 2.0 * 0.75f64.powi(3)).abs() < 1e-14);
        assert!((mean(2) - 2.0 * (0.75f64.powi(3) + 3.0 * 0.25 * 0.75f64.powi(2))).abs() < 1e-14);
    }

    #[test]
    fn the_line_is_the_last_number_of_calls_with_a_mean_of_eps() {
        for (blocks, length, q, lambda) in
            [(1, 1, 1.0, 2.0), (1, 4, 0.25, 1.5), (4, 4, 0.25, 2.0), (16, 8, 0.1, 4.0), (64, 32, 0.02, 1.05)]
        {
            let line = Line { blocks, length, reveal_probability: q, lambda };
            let calls = line.calls();
            assert!(line.mean(calls) >= 1.0 && line.mean(calls + 1) < 1.0, "{line:?}: {calls}");
            assert!(calls as f64 + 1.0 > line.by_markov(), "{line:?}: {calls}");
        }
    }

    #[test]
    fn at_lambda_two_the_line_lies_beyond_the_median_form() {
        // P(Bin(M, x) <= M x) >= 1/2 where M x is an integer.
        for (blocks, length, q) in [(4, 4, 0.25), (16, 9, 0.5), (3, 30, 0.1)] {
            let line = Line { blocks, length, reveal_probability: q, lambda: 2.0 };
            let median = (blocks * (length - 1)) as f64 / q;
            assert!(line.calls() as f64 >= median.floor(), "{line:?}");
        }
    }
}
