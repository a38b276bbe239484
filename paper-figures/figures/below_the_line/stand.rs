//! What the runs of one method with one choice of numbers show.

use heavynorm::statistics::betting::{Reading, mean};
use heavynorm::statistics::{Interval, passage_time};

use super::{Candidate, Failure, NAME};

/// ||grad f(X)||_*/eps after 0, 1, .., horizon calls, X the last iterate known by then.
pub(super) struct Trace {
    pub(super) values: Vec<f64>,
    /// Calls before it was first at most 1.
    pub(super) hit: Option<u64>,
}

/// Where the mean comes down to eps. `None`: not within the horizon.
///
/// There is no upper limit: the first N at which "the mean is at least eps" is rejected is the first success of a scan, and a scan
/// over many N succeeds somewhere by chance more often than its level says. The lower one needs no scan: it is beyond the true
/// first N only if "the mean is at most eps" is rejected at that one N, where it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descent {
    /// The first N with a sample mean of at most eps.
    pub(super) first: Option<u64>,
    /// The first N at which "the mean is at most eps" is not rejected at `POINTWISE`, at most `first`.
    pub(super) low: Option<u64>,
}

/// How a mean lies to a number that it should exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Above,
    Undecided,
    Below,
}

/// The means of one choice, with what may be said of them.
#[derive(Debug, Clone)]
pub(super) struct Stand {
    pub(super) candidate: Candidate,
    /// The sample mean after N = 0, .., horizon calls.
    pub(super) means: Vec<f64>,
    /// After N* - 1 and N* calls, at the level of the joint claim.
    pub(super) at_line: [Interval; 2],
    /// The line's own value there.
    pub(super) bounds: [f64; 2],
    /// Its lower limit holds for itself at `POINTWISE`.
    pub(super) descent: Descent,
    /// The smallest sample mean over the line's value up to the first mean of eps (at least up to N*), and after how many calls.
    pub(super) closest: (f64, u64),
    /// Calls to ||grad f(X)||_* <= eps in each run.
    pub(super) hits: Vec<f64>,
}

/// The level of each end of an interval that stands for itself: together 95%.
pub(super) const POINTWISE: f64 = 0.025;

/// What a stand is held against.
pub(super) struct Judge<'a> {
    /// With the level of the joint claim.
    pub(super) reading: Reading,
    /// N*.
    pub(super) calls: u64,
    /// The line's value after N calls, over eps.
    pub(super) bound: &'a dyn Fn(u64) -> f64,
}

impl Stand {
    pub(super) fn new(candidate: Candidate, traces: &[Trace], judge: &Judge<'_>) -> Result<Self, Failure> {
        let Judge { reading, calls, bound } = *judge;
        let horizon = traces[0].values.len() as u64 - 1;
        let sample = |n: u64| traces.iter().map(|t| t.values[n as usize]).collect::<Vec<f64>>();
        let interval = |n: u64| {
            let out_of_range =
                || Failure::Check(format!("{NAME}: a gradient exceeds its own bound after {n} calls"));
            reading.interval(&sample(n)).ok_or_else(out_of_range)
        };
        let numbers = [calls.saturating_sub(1), calls];
        let at_line = [interval(numbers[0])?, interval(numbers[1])?];
        let means: Vec<f64> = (0..=horizon).map(|n| mean(&sample(n))).collect();
        let first = first_at_most_one(&means);
        let alone = Reading { level: POINTWISE, ..reading };
        let descent = Descent {
            first,
            low: (0..=horizon).find(|&n| Some(n) == first || !alone.is_above(&sample(n), 1.0)),
        };
        let last = first.unwrap_or(horizon).max(calls);
        Ok(Self {
            candidate,
            at_line,
            bounds: numbers.map(bound),
            descent,
            closest: (0..=last)
                .map(|n| (means[n as usize] / bound(n), n))
                .fold((f64::INFINITY, 0), |least, next| if next.0 < least.0 { next } else { least }),
            hits: traces.iter().map(|t| passage_time(t.hit)).collect(),
            means,
        })
    }

    /// At N* - 1 and N* calls, and nowhere else, since only there the joint claim pays for a test: above only if above at both,
    /// below if below at one.
    pub(super) fn outcome(&self) -> Outcome {
        let all = self.at_line.iter().zip(self.bounds);
        if all.clone().any(|(i, bound)| i.high < bound) {
            Outcome::Below
        } else if all.into_iter().all(|(i, bound)| i.low > bound) {
            Outcome::Above
        } else {
            Outcome::Undecided
        }
    }
}

/// The first N at which a mean is at most eps.
pub(super) fn first_at_most_one(means: &[f64]) -> Option<u64> {
    means.iter().position(|&mean| mean <= 1.0).map(|n| n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 400 runs that all have these values, judged at N* = 3 against a line of 1.5.
    fn stand(values: [f64; 6]) -> Stand {
        let trace = || Trace { values: values.to_vec(), hit: None };
        let traces: Vec<Trace> = (0..400).map(|_| trace()).collect();
        let reading = Reading { bound: 10.0, clip: 4.0, level: 0.001 };
        Stand::new(
            Candidate { step: 1.0, averaging: 1.0 },
            &traces,
            &Judge { reading, calls: 3, bound: &|_| 1.5 },
        )
        .unwrap()
    }

    #[test]
    fn only_the_two_numbers_of_calls_that_the_level_pays_for_are_judged() {
        assert_eq!(stand([0.0, 0.0, 3.0, 3.0, 0.0, 0.0]).outcome(), Outcome::Above);
        assert_eq!(stand([3.0, 3.0, 0.0, 3.0, 3.0, 3.0]).outcome(), Outcome::Below);
        assert_eq!(stand([3.0, 3.0, 3.0, 0.0, 3.0, 3.0]).outcome(), Outcome::Below);
        assert_eq!(stand([3.0, 3.0, 3.0, 1.5, 3.0, 3.0]).outcome(), Outcome::Undecided);
    }

    #[test]
    fn the_lower_limit_of_the_first_mean_of_eps_is_not_after_it() {
        let descent = stand([3.0, 3.0, 1.01, 0.9, 1.2, 0.5]).descent;
        assert_eq!(descent, Descent { first: Some(3), low: Some(2) });
        assert_eq!(stand([3.0; 6]).descent, Descent { first: None, low: None });
    }
}
