//! Tests of a moment and of a mean by samples that are valid under heavy tails.
//!
//! # A moment, from above unbounded
//!
//! For Y >= 0 and any tau fixed beforehand, E Y >= E min{Y, tau}: "E Y <= mu" is rejected by the betting test on the clipped
//! numbers ([`heavynorm::statistics::betting`]), with probability at most delta if it holds. Nothing else is assumed.
//!
//! # A mean, given a moment
//!
//! Clipped numbers say nothing about the mean of the unclipped ones, and without a bound on a moment no test of a mean exists
//! (Bahadur and Savage 1956). With E|Y|^p <= v, 1 < p <= 2, for a bet l > 0 fixed beforehand,
//!
//! ```text
//! K_k = prod_{i <= k} (1 + l Y_i + |l Y_i|^p/p)/(1 + l^p v/p)   rejects "E Y <= 0" at level delta once it reaches 1/delta.
//! ```
//!
//! Proof. c(y) = 1 + y + |y|^p/p has its minimum where |y|^{p-1} = 1, y < 0: c(-1) = 1/p > 0. If E[Y_i | past] <= 0 and E[|Y_i|^p | past] <= v,
//! then E[c(l Y_i) | past] <= 1 + l^p v/p. So K is a nonnegative supermartingale that starts at 1, and Ville's inequality gives
//! P(max_k K_k >= 1/delta) <= delta. []
//!
//! What is refuted is the conjunction of both hypotheses. The expected logarithm of a factor is about l b - l^p v/p for a bias
//! b: l = (b/v)^{1/(p-1)} is the best bet, and about a log(1/delta) (sigma/b)^a draws are needed, a = p/(p-1). Compare the
//! influence functions of Catoni (2012) for p = 2 and of Wang and Ramdas, *Catoni-style confidence sequences for heavy-tailed
//! mean estimation* (2023), whose p-th-moment form bets exp(phi) with phi between -log c(-y) and log c(y).

use heavynorm::spec::{Matrix, MomentOrder, Problem, StochasticOracle};
use heavynorm::statistics::betting::Reading;

use super::FalsifyError;

/// What a test by samples needs to be made again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampled {
    /// The number of the oracle's stream.
    pub stream: u64,
    /// How many stochastic gradients.
    pub draws: usize,
    /// delta.
    pub level: f64,
}

impl Sampled {
    /// N_i = g(X, xi_i) - grad f(X).
    ///
    /// # Errors
    /// Those of the oracle.
    pub(super) fn noises(
        self,
        problem: &dyn Problem<f64>,
        mut oracle: Box<dyn StochasticOracle<f64> + '_>,
        x: &Matrix<f64>,
    ) -> Result<Vec<Matrix<f64>>, FalsifyError> {
        let mean = problem.gradient(x);
        (0..self.draws).map(|_| Ok(&oracle.query(x)? - &mean)).collect()
    }
}

/// "E Y <= mu" is rejected for Y >= 0 clipped at tau.
pub(super) fn exceeds(values: &[f64], mu: f64, tau: f64, level: f64) -> bool {
    tau > mu && Reading { bound: tau, clip: tau, level }.is_above(values, mu)
}

/// The lower confidence end of E Y from numbers clipped at tau.
pub(super) fn lower_end(values: &[f64], tau: f64, level: f64) -> f64 {
    let clipped: Vec<f64> = values.iter().map(|y| y.min(tau)).collect();
    Reading { bound: tau, clip: tau, level }.interval(&clipped).map_or(0.0, |i| i.low)
}

/// The largest clip that is tried: above 4^12 times the claim few samples say anything.
const CLIPS: i32 = 12;

/// The clip among mu 4^k with the largest lower end on a pilot sample.
pub(super) fn choose_clip(pilot: &[f64], mu: f64) -> f64 {
    let clips = (1..=CLIPS).map(|k| mu * 4f64.powi(k));
    let end = |tau: f64| lower_end(pilot, tau, 0.05);
    clips
        .map(|tau| (end(tau), tau))
        .fold((f64::NEG_INFINITY, 4.0 * mu), |a, b| if b.0 > a.0 { b } else { a })
        .1
}

/// The logarithm of the largest capital, divided by log(1/delta): "E Y <= 0" is rejected from 1 on.
pub(super) fn mean_capital(values: &[f64], p: MomentOrder, moment: f64, bet: f64, level: f64) -> f64 {
    let p = p.p();
    let price = (bet.powf(p) * moment / p).ln_1p();
    let (mut capital, mut largest) = (0.0_f64, 0.0_f64);
    for y in values {
        let y = bet * y;
        capital += (y + y.abs().powf(p) / p).ln_1p() - price;
        largest = largest.max(capital);
    }
    largest / -level.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(p: f64) -> MomentOrder {
        MomentOrder::new(p).unwrap()
    }

    /// Every sample of 12 numbers of a law with three outcomes and mean zero, moment exactly v: the probability of a rejection
    /// is a sum.
    #[test]
    fn a_mean_of_zero_is_rejected_no_more_often_than_allowed_by_enumeration() {
        // Skewed: a rare large number against a frequent small one, the case in which a clipped mean is biased.
        let law = [(0.1, 9.0), (0.9, -1.0)];
        for p in [1.2, 1.5, 2.0] {
            let v: f64 = law.iter().map(|(q, y): &(f64, f64)| q * y.abs().powf(p)).sum();
            for sign in [1.0, -1.0] {
                for (bet, level) in [(0.05, 0.3), (0.3, 0.1), (1.0, 0.3), (4.0, 0.05)] {
                    let mut wrong = 0.0;
                    for code in 0_u32..1 << 12 {
                        let picks = (0..12).map(|i| law[(code >> i & 1) as usize]);
                        let values: Vec<f64> = picks.clone().map(|(_, y)| sign * y).collect();
                        if mean_capital(&values, order(p), v, bet, level) >= 1.0 {
                            wrong += picks.map(|(q, _)| q).product::<f64>();
                        }
                    }
                    assert!(wrong <= level, "p = {p}, bet {bet}: {wrong} > {level}");
                }
            }
        }
    }

    #[test]
    fn a_factor_never_falls_to_zero_and_costs_what_the_moment_pays() {
        for p in [1.01, 1.3, 1.7, 2.0] {
            for k in -300..=300 {
                let y = f64::from(k) / 50.0;
                assert!(1.0 + y + y.abs().powf(p) / p >= 1.0 / p - 1e-12, "{p} {y}");
            }
        }
        // One number, two outcomes: the expected factor is 1 exactly where the moment is attained.
        let expected = [1.0, -1.0].map(|y| (mean_capital(&[y], order(1.5), 1.0, 0.7, 0.5), y));
        // A capital below 1 at the end shows as the one at the start.
        assert!(expected[0].0 > 0.0 && expected[1].0 == 0.0);
    }

    #[test]
    fn a_bias_is_found_in_as_many_draws_as_the_formula_says() {
        // b = 0.5 on +-1 signs, v = 1: the expected logarithm is positive and 400 numbers are plenty at 1e-6.
        let values: Vec<f64> = (0..400).map(|k| if k % 4 == 0 { -1.0 } else { 1.0 }).collect();
        assert!(mean_capital(&values, order(2.0), 1.0, 0.5, 1e-6) >= 1.0);
        let fair: Vec<f64> = (0..400).map(|k| if k % 2 == 0 { -1.0 } else { 1.0 }).collect();
        assert!(mean_capital(&fair, order(2.0), 1.0, 0.5, 1e-6) < 0.2);
    }
}
