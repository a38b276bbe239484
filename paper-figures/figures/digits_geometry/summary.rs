//! Medians with intervals, and their ratios.

use heavynorm::statistics::{median, median_interval, passage_time};

use super::prediction::Prediction;
use super::{BASE, Bench, CONFIDENCE, Cell, Curve};

/// A median with its interval.
#[derive(Clone, Copy)]
pub(super) struct Estimate {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
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

    /// A ratio of medians, each in its interval. Unreached over unreached says nothing.
    pub(super) fn over(self, other: Self) -> Self {
        let divide = |a: f64, b: f64| if a.is_infinite() && b.is_infinite() { f64::NAN } else { a / b };
        Self {
            median: divide(self.median, other.median),
            low: if self.low.is_infinite() { f64::NAN } else { self.low / other.high },
            high: divide(self.high, other.low),
        }
    }

    pub(super) fn show(self) -> String {
        let number = |x: f64| match x {
            x if x.is_nan() => "?".to_owned(),
            x if x.is_infinite() => "not reached".to_owned(),
            x if x >= 10.0 => format!("{x:.0}"),
            x => format!("{x:.2}"),
        };
        format!("{} [{}, {}]", number(self.median), number(self.low), number(self.high))
    }
}

/// What the measurement says.
pub(super) struct Summary {
    /// The smallest level that every curve reached in its own dual norm with a finite interval.
    pub(super) level: usize,
    /// For each curve, calls in its own dual norm at that level.
    pub(super) own: Vec<Estimate>,
    /// The same relative to Frobenius geometry with the same method.
    pub(super) ratio: Vec<Estimate>,
    /// Predicted ratios at the smallest level.
    pub(super) plan: Vec<f64>,
    /// Predicted ratios from moments alone.
    pub(super) moments: Vec<f64>,
    /// How many of these choices lie at an end of their candidates.
    pub(super) at_the_edge: usize,
}

impl Summary {
    pub(super) fn new(bench: &Bench<'_>, cells: &[Cell], predictions: &[Prediction]) -> Self {
        let own = |level: usize| -> Vec<Estimate> {
            let find = |(k, c): (usize, &Curve)| estimate(cells, k, c.geometry, level);
            bench.curves.iter().enumerate().map(find).collect()
        };
        let all_reached = |&level: &usize| own(level).iter().all(|e| e.high.is_finite());
        let level = (0..bench.size.levels.len()).rev().find(all_reached).unwrap_or(0);
        let own = own(level);
        let base = |c: &Curve| own[bench.position(c.method, BASE)];
        let ratio = bench.curves.iter().zip(&own).map(|(c, e)| e.over(base(c))).collect();
        Self {
            level,
            at_the_edge: bench.at_the_edge(cells, level),
            ratio,
            plan: predictions.iter().map(|p| p.plan).collect(),
            moments: predictions.iter().map(|p| p.moments).collect(),
            own,
        }
    }
}

pub(super) fn estimate(cells: &[Cell], curve: usize, goal: usize, level: usize) -> Estimate {
    let cell = cells.iter().find(|c| (c.curve, c.goal, c.level) == (curve, goal, level));
    Estimate::of(&cell.expect("every cell was measured").passages)
}
