//! What a theorem prescribes and promises.

use heavynorm::spec::NoiseType;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::PlanError;

/// The numbers of a method: alpha, the step size (eta, or gamma in the constrained form), T and B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parameters {
    /// The weight of the new gradient.
    pub alpha: f64,
    /// eta > 0, or gamma in (0, 1].
    pub step_size: f64,
    /// T >= 1, the number of steps.
    pub horizon: u64,
    /// B >= 1, the number of samples that a step averages.
    pub batch: u64,
}

/// The part of a schedule that does not count anything: it exists where the horizon is out of reach, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// The weight of the new gradient.
    pub alpha: f64,
    /// eta > 0, or gamma in (0, 1].
    pub step_size: f64,
}

/// What the steps of a method cost in calls of the oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The step from X_0.
    pub first: u64,
    /// Every other step, at least 1.
    pub further: u64,
}

impl Cost {
    /// Every step costs the same, at least one call.
    pub fn every(step: u64) -> Self {
        Self { first: step, further: step }
    }

    /// The calls of this many steps, at least one. Exact below 2^53.
    pub fn of(self, steps: u64) -> f64 {
        self.first as f64 + self.further as f64 * (steps - 1) as f64
    }

    /// The steps of a run that goes on while it has made fewer calls than this.
    pub fn steps_until(self, calls: u64) -> u64 {
        if calls == 0 { 0 } else { 1 + calls.saturating_sub(self.first).div_ceil(self.further) }
    }
}

/// The summands of a bound, by name, in the order of the formula; written as a map.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundTerms(Vec<(&'static str, f64)>);

impl BoundTerms {
    /// The summands.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().copied()
    }

    /// The summand of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(n, _)| *n == name).map(|(_, x)| x)
    }

    /// Another value for the summand of this name.
    pub(crate) fn replace(&mut self, name: &str, value: f64) {
        self.0.iter_mut().filter(|(n, _)| *n == name).for_each(|(_, x)| *x = value);
    }

    /// Their sum.
    pub fn total(&self) -> f64 {
        self.iter().map(|(_, x)| x).sum()
    }
}

impl Serialize for BoundTerms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// The right-hand side of a theorem at given parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// Its summands.
    pub terms: BoundTerms,
    /// The order b of the moment that gave the noise term, in (1, p]; 1 stands for the triangle inequality.
    pub moment_order: f64,
}

impl Bound {
    pub(crate) fn new<const N: usize>(terms: [(&'static str, f64); N], moment_order: f64) -> Self {
        Self { terms: BoundTerms(terms.to_vec()), moment_order }
    }

    /// The sum of the terms.
    pub fn total(&self) -> f64 {
        self.terms.total()
    }
}

/// A theorem's schedule for a setting, and what it promises there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The theorem's ID.
    pub theorem: &'static str,
    /// The method's name in the registry of `heavynorm`.
    pub method: &'static str,
    /// The weight of the new gradient.
    pub alpha: f64,
    /// eta, or gamma in the constrained form.
    pub step_size: f64,
    /// T.
    pub horizon: u64,
    /// B.
    pub batch: u64,
    /// What a step costs in calls.
    pub cost: Cost,
    /// The calls of all T steps: T B, but for a first step of its own.
    pub calls: u64,
    /// The mean over t < T of E||grad f(X_t)||_* (of the Frank-Wolfe gap in U6) is at most this, which is at most eps.
    pub bound: f64,
    /// Its summands (their sum may exceed `bound` by rounding).
    pub bound_terms: BoundTerms,
    /// Bounds on K_p of the dual norm, at p itself.
    pub noise_type: NoiseType,
    /// kappa = K_p^{1/(p-1)}, from the upper bound.
    pub dimension_factor: f64,
    /// How M_0 is formed.
    pub start: &'static str,
    /// The order b of the moment that the noise term uses; 1 if sigma alone is small enough.
    pub moment_order: f64,
    /// eps is so large that X_0 satisfies the goal without a step.
    pub trivial: bool,
}

/// x rounded up to a count. What exceeds an integer by rounding alone is that integer, as in exact arithmetic.
pub(crate) fn count(quantity: &'static str, x: f64) -> Result<u64, PlanError> {
    /// Beyond 2^53 not every integer is a number any more.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    /// A schedule's formula takes about ten operations.
    const ROUNDING: f64 = 8.0 * f64::EPSILON;
    if !x.le(&LARGEST) {
        return Err(PlanError::OutOfReach { quantity, value: x });
    }
    let below = x.floor();
    let rounded = if x - below <= ROUNDING * x { below } else { below + 1.0 };
    Ok((rounded as u64).max(1))
}

/// A step size that a method can take.
pub(crate) fn step_size(x: f64) -> Result<f64, PlanError> {
    if x.is_normal() && x > 0.0 {
        Ok(x)
    } else {
        Err(PlanError::OutOfReach { quantity: "step size", value: x })
    }
}

/// A theorem's total at its own schedule. In exact arithmetic it is at most eps (each theorem proves it); what exceeds
/// eps by rounding alone is eps, and nothing else may exceed it.
pub(crate) fn promised(total: f64, eps: f64) -> Result<f64, PlanError> {
    /// Powers with exponent p/(p-1) and their inverses, six summands.
    const ROUNDING: f64 = 256.0 * f64::EPSILON;
    if total.le(&(eps * (1.0 + ROUNDING))) {
        Ok(total.min(eps))
    } else {
        Err(PlanError::OutOfReach { quantity: "bound", value: total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_round_up_but_not_for_rounding_errors() {
        assert_eq!(count("horizon", 800.000_000_000_000_1).unwrap(), 800);
        assert_eq!(count("horizon", 800.000_001).unwrap(), 801);
        assert_eq!(count("horizon", 1e-9).unwrap(), 1);
        assert_eq!(count("horizon", 9e15).unwrap(), 9_000_000_000_000_000);
        for x in [1e16, f64::INFINITY, f64::NAN] {
            assert!(matches!(count("batch", x), Err(PlanError::OutOfReach { quantity: "batch", .. })));
        }
    }

    #[test]
    fn a_first_step_of_its_own_is_counted_once() {
        let storm = Cost { first: 10, further: 2 };
        assert_eq!((storm.of(1), storm.of(2), storm.of(7)), (10.0, 12.0, 22.0));
        for (calls, steps) in [(0, 0), (1, 1), (10, 1), (11, 2), (12, 2), (13, 3), (22, 7), (23, 8)] {
            assert_eq!(storm.steps_until(calls), steps, "{calls}");
        }
        let batched = Cost::every(3);
        assert_eq!((batched.of(4), batched.steps_until(12), batched.steps_until(13)), (12.0, 4, 5));
    }

    #[test]
    fn nothing_but_rounding_is_forgiven() {
        assert_eq!(promised(0.1 + 2e-17, 0.1), Ok(0.1));
        assert_eq!(promised(0.05, 0.1), Ok(0.05));
        assert!(promised(0.1 + 1e-12, 0.1).is_err() && promised(f64::NAN, 0.1).is_err());
    }
}
