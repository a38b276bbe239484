//! Medians with intervals, and their ratios.

use heavynorm::statistics::{median, median_interval, passage_time};

use super::{BASE, Bench, CONFIDENCE, Cell, Curve};

/// A median with its interval, in calls or as a ratio of calls. Not reached is infinite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What an interval for a ratio says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Fewer,
    More,
    Undecided,
}

impl Estimate {
    fn of(passages: &[Option<u64>]) -> Self {
        let times: Vec<f64> = passages.iter().map(|&p| passage_time(p)).collect();
        let interval = median_interval(&times, CONFIDENCE);
        Self {
            median: median(&times).unwrap_or(f64::INFINITY),
            low: interval.map_or(0.0, |i| i.lower),
            high: interval.map_or(f64::INFINITY, |i| i.upper),
        }
    }

    /// A ratio of medians, each in its interval. Not reached over not reached may be any ratio.
    pub(super) fn over(self, other: Self) -> Self {
        let divide =
            |a: f64, b: f64, unknown: f64| if a.is_infinite() && b.is_infinite() { unknown } else { a / b };
        Self {
            median: divide(self.median, other.median, f64::NAN),
            low: divide(self.low, other.high, 0.0),
            high: divide(self.high, other.low, f64::INFINITY),
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        if self.high < 1.0 {
            Outcome::Fewer
        } else if self.low > 1.0 {
            Outcome::More
        } else {
            Outcome::Undecided
        }
    }

    pub(super) fn show(self) -> String {
        let number = |x: f64| match x {
            x if x.is_nan() => "unknown".to_owned(),
            x if x.is_infinite() => "not reached".to_owned(),
            x if x >= 10.0 => format!("{x:.0}"),
            x => format!("{x:.2}"),
        };
        format!("{} [{}, {}]", number(self.median), number(self.low), number(self.high))
    }
}

/// What the measurement says at the smallest level.
pub(super) struct Summary {
    /// For each curve, calls in its own dual norm.
    pub(super) own: Vec<Estimate>,
    /// The same relative to Frobenius geometry with the same method.
    pub(super) ratio: Vec<Estimate>,
    /// How many of these choices lie at an end of their candidates.
    pub(super) at_the_edge: usize,
}

impl Summary {
    pub(super) fn new(bench: &Bench<'_>, cells: &[Cell]) -> Self {
        let level = bench.smallest_level();
        let find = |(k, c): (usize, &Curve)| estimate(cells, k, c.geometry, level);
        let own: Vec<Estimate> = bench.curves.iter().enumerate().map(find).collect();
        let base = |c: &Curve| own[bench.position(c.method, BASE)];
        let ratio = bench.curves.iter().zip(&own).map(|(c, e)| e.over(base(c))).collect();
        Self { at_the_edge: at_the_edge(bench, cells, level), ratio, own }
    }
}

pub(super) fn estimate(cells: &[Cell], curve: usize, goal: usize, level: usize) -> Estimate {
    let cell = cells.iter().find(|c| (c.curve, c.goal, c.level) == (curve, goal, level));
    Estimate::of(&cell.expect("every cell was measured").passages)
}

/// How many curves' own cells chose a parameter at an end of its list.
fn at_the_edge(bench: &Bench<'_>, cells: &[Cell], level: usize) -> usize {
    let (displacements, averagings) = (&bench.size.displacements, &bench.size.averagings);
    let edge = |cell: &&Cell| {
        let (d, a) = (cell.choice.displacement, cell.choice.averaging);
        // Averaging 1 is the end of the range itself, not of our list.
        let in_the_middle = |at: usize, of: usize| at > 0 && at + 1 < of;
        !(in_the_middle(d, displacements.len())
            && (averagings[a] == 1.0 || in_the_middle(a, averagings.len())))
    };
    let own = |cell: &&Cell| cell.goal == bench.curves[cell.curve].geometry && cell.level == level;
    cells.iter().filter(own).filter(edge).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(median: f64, low: f64, high: f64) -> Estimate {
        Estimate { median, low, high }
    }

    #[test]
    fn a_ratio_covers_all_that_its_intervals_allow() {
        let never = estimate(f64::INFINITY, f64::INFINITY, f64::INFINITY);
        let quick = estimate(10.0, 8.0, 20.0);
        let half = estimate(5.0, 4.0, 6.0).over(quick);
        assert_eq!((half.median, half.low, half.high), (0.5, 0.2, 0.75));
        assert_eq!(half.outcome(), Outcome::Fewer);
        // Reached against not reached is a verdict, not reached twice is none.
        assert_eq!(never.over(quick).outcome(), Outcome::More);
        assert_eq!(quick.over(never).outcome(), Outcome::Fewer);
        let both = never.over(never);
        assert!(both.median.is_nan() && both.low == 0.0 && both.high == f64::INFINITY);
        assert_eq!(both.outcome(), Outcome::Undecided);
        assert_eq!(both.show(), "unknown [0.00, not reached]");
    }
}
