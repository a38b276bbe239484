//! The panels, and the numbers behind them.

use heavynorm::statistics::Interval;

use super::members::Family;
use super::stand::Stand;
use super::{Contest, Entrant, Failure};
use crate::drawing::{Curve, Panel, Point};

/// Means below this share of eps are left out of the pictures: few runs carry them.
const LOWEST_SHOWN: f64 = 0.2;

/// Means at the line below this share are drawn there: the axis is logarithmic.
const FLOOR: f64 = 0.05;

/// Curves are drawn at numbers of calls that grow by this factor, or by one.
const GROWTH: f64 = 1.03;

/// Of the palette: grey.
const BLACK: usize = 6;

/// A column an instance; the whole curves, the means at the line, the calls to a mean of eps.
pub(super) fn panels(contests: &[Contest]) -> Vec<Panel> {
    let rows: [fn(&Contest) -> Panel; 3] = [Contest::curves, Contest::at_the_line, Contest::descents];
    rows.into_iter().flat_map(|row| contests.iter().map(row)).collect()
}

fn look(family: Family) -> (&'static str, usize) {
    match family {
        Family::Normalised => ("steps of one length", 0),
        Family::Corrected => ("one length, momentum corrected", 2),
        Family::Entrywise => ("signs and Adam", 3),
        Family::Plain => ("steps that grow with the gradient", 4),
        Family::Adversary => ("made for this instance", 5),
        Family::Outsider => ("outside of the class", 1),
    }
}

fn curve(entrant: &Entrant, points: Vec<Point>, open: bool, scattered: bool) -> Curve {
    let (label, color) = look(entrant.member.family);
    Curve { label: label.into(), color, dashed: open, scattered, points }
}

fn exact(x: f64, y: f64) -> Point {
    Point { x, y, low: y, high: y }
}

impl Contest {
    pub(super) fn name(&self) -> String {
        let s = self.ground.shape;
        format!("{} x T = {}, q = {}, lambda = {}", s.blocks, s.length, s.reveal_probability, s.lambda)
    }

    /// 1, .., the horizon.
    fn shown_calls(&self) -> Vec<u64> {
        let next = |&n: &u64| Some(((n as f64 * GROWTH) as u64).max(n + 1));
        std::iter::successors(Some(1), next).take_while(|&n| n <= self.ground.horizon).collect()
    }

    /// A curve from N = 1 on, over N/N*.
    fn over_the_line(&self, value: impl Fn(u64) -> f64) -> Vec<Point> {
        let place = |n: u64| n as f64 / self.ground.calls as f64;
        let points = self.shown_calls().into_iter().map(|n| exact(place(n), value(n)));
        points.take_while(|p| p.y >= LOWEST_SHOWN).collect()
    }

    fn curves(&self) -> Panel {
        let of = |stand: &Stand| self.over_the_line(|n| stand.means[n as usize]);
        let wall = Curve {
            label: "the line of L1".into(),
            color: BLACK,
            dashed: false,
            scattered: false,
            points: self.over_the_line(|n| self.ground.line.mean(n)),
        };
        let quickest = self.entrants.iter().map(|e| curve(e, of(&e.quickest), !e.member.is_member(), false));
        let lowest = self.members().map(|e| curve(e, of(&e.lowest), false, false));
        Panel {
            title: self.name(),
            x_label: "calls over the line N*".into(),
            y_label: "mean gradient norm / eps".into(),
            curves: std::iter::once(wall).chain(lowest).chain(quickest).collect(),
            references: vec![1.0],
            x_names: vec![],
        }
    }

    /// One marker a method for each choice; the number of the method is that of the table.
    fn scattered(&self, of: impl Fn(&Stand) -> Option<Point>) -> (Vec<Curve>, Vec<(f64, String)>) {
        // The axis is logarithmic: equal ratios are equal distances.
        let place = |position: usize, shift: f64| 2f64.powf(position as f64 + shift);
        let marked = |at: usize, entrant: &Entrant, stand: &Stand, open: bool| {
            let x = place(at, if open { 0.15 } else { -0.15 });
            let points = of(stand).map(|p| Point { x, ..p }).into_iter().collect();
            curve(entrant, points, open, true)
        };
        let both =
            |(at, e): (usize, &Entrant)| [marked(at, e, &e.lowest, false), marked(at, e, &e.quickest, true)];
        let curves = self.entrants.iter().enumerate().flat_map(both).collect();
        let names = (0..self.entrants.len()).map(|at| (place(at, 0.0), (at + 1).to_string())).collect();
        (curves, names)
    }

    fn at_the_line(&self) -> Panel {
        let (curves, x_names) = self.scattered(|stand| {
            let Interval { value, low, high } = stand.at_line[1];
            Some(Point { x: 0.0, y: value.max(FLOOR), low: low.max(FLOOR), high })
        });
        Panel {
            title: format!("after N* = {} calls", self.ground.calls),
            x_label: "number of the method; filled: chosen for this, open: for the next".into(),
            y_label: "mean gradient norm / eps".into(),
            curves,
            references: vec![1.0],
            x_names,
        }
    }

    fn descents(&self) -> Panel {
        let over = |n: u64| n as f64 / self.ground.calls as f64;
        let (curves, x_names) = self.scattered(|stand| {
            let d = stand.descent;
            // There is a lower limit alone.
            d.first.map(|n| Point { x: 0.0, y: over(n), low: d.low.map_or(over(n), over), high: over(n) })
        });
        Panel {
            title: "first N with a mean of eps".into(),
            x_label: "number of the method".into(),
            y_label: "N / N*".into(),
            curves,
            references: vec![1.0],
            x_names,
        }
    }
}

/// One row a number of calls of a choice; intervals where they are joint: at N* - 1 and N*.
pub(super) fn csv(contests: &[Contest]) -> Result<Vec<u8>, Failure> {
    let failed = |e: csv::Error| Failure::Check(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "blocks",
        "length",
        "reveal_probability",
        "lambda",
        "moment_order",
        "line_calls",
        "method",
        "chosen_for",
        "step_over_s",
        "averaging",
        "calls",
        "line_over_eps",
        "mean_over_eps",
        "joint_low",
        "joint_high",
    ];
    writer.write_record(header).map_err(failed)?;
    for contest in contests {
        for entrant in &contest.entrants {
            for (chosen_for, stand) in [("line", &entrant.lowest), ("descent", &entrant.quickest)] {
                for n in 0..=contest.ground.horizon {
                    writer.write_record(contest.row(entrant, chosen_for, stand, n)).map_err(failed)?;
                }
            }
        }
    }
    writer.into_inner().map_err(|e| Failure::Check(e.to_string()))
}

impl Contest {
    fn row(&self, entrant: &Entrant, chosen_for: &str, stand: &Stand, n: u64) -> [String; 15] {
        let (ground, shape) = (&self.ground, &self.ground.shape);
        let interval = (0..2).find(|&k| n + 1 == ground.calls + k).map(|k| stand.at_line[k as usize]);
        let end = |of: fn(Interval) -> f64| interval.map_or(String::new(), |i| of(i).to_string());
        [
            shape.blocks.to_string(),
            shape.length.to_string(),
            shape.reveal_probability.to_string(),
            shape.lambda.to_string(),
            shape.moment_order.to_string(),
            ground.calls.to_string(),
            entrant.member.label.clone(),
            chosen_for.to_owned(),
            stand.candidate.step.to_string(),
            stand.candidate.averaging.to_string(),
            n.to_string(),
            ground.line.mean(n).to_string(),
            stand.means[n as usize].to_string(),
            end(|i| i.low),
            end(|i| i.high),
        ]
    }
}
