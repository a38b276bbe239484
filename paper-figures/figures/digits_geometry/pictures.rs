//! The panels, and the numbers behind them.

use heavynorm::noise::Direction;

use super::moments::Interval;
use super::summary::{Estimate, estimate};
use super::{BASE, Bench, Case, Cell, Curve, Failure, METHODS};
use crate::drawing::{Curve as Drawn, Panel, Point};

/// A column a case, a row a goal, the predictions last.
pub(super) fn panels(cases: &[Case<'_>]) -> Vec<Panel> {
    let goals = cases[0].bench.geometries.len();
    let passages =
        (0..goals).flat_map(|goal| cases.iter().map(move |c| c.bench.passage_panel(&c.cells, goal)));
    passages.chain(cases.iter().map(Case::prediction_panel)).collect()
}

/// What the injected noise is called.
pub(super) fn noise_name(direction: Direction) -> &'static str {
    match direction {
        Direction::RankOne => "rank-one noise",
        Direction::Full => "noise in all entries",
        Direction::Diagonal => "diagonal noise",
        Direction::Spike => "spikes on the diagonal",
        Direction::Column => "noise in one column",
    }
}

impl Bench<'_> {
    fn passage_panel(&self, cells: &[Cell], goal: usize) -> Panel {
        let curve = |(k, &c): (usize, &Curve)| {
            let point = |(level, &share): (usize, &f64)| {
                let Estimate { median, low, high } = estimate(cells, k, goal, level);
                // Side by side, so that bars do not hide one another.
                let shift = 1.02_f64.powf(k as f64 - (self.curves.len() - 1) as f64 / 2.0);
                Point { x: share * shift, y: median, low, high }
            };
            let mut points: Vec<Point> = self.size.levels.iter().enumerate().map(point).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            Drawn {
                label: self.curve_label(c),
                color: c.geometry,
                dashed: METHODS[c.method].dashed,
                scattered: false,
                points,
            }
        };
        Panel {
            title: format!("{}, gradient in {}", noise_name(self.direction), self.geometries[goal].dual_name),
            x_label: "level / norm of the gradient at the start".into(),
            y_label: "calls to the first checked passage".into(),
            curves: self.curves.iter().enumerate().map(curve).collect(),
            references: vec![],
            x_names: self.size.levels.iter().map(|level| (*level, level.to_string())).collect(),
        }
    }
}

impl Case<'_> {
    /// Each geometry in its own dual norm, relative to Frobenius: measured, and predicted twice.
    fn prediction_panel(&self) -> Panel {
        let Self { bench, predictions, summary, .. } = self;
        let others: Vec<usize> =
            (0..bench.curves.len()).filter(|&k| bench.curves[k].geometry != BASE).collect();
        // The axis is logarithmic: equal ratios are equal distances.
        let place = |position: usize, shift: f64| 2f64.powf(position as f64 + shift);
        let scatter = |label: &str, color: usize, shift: f64, of: &dyn Fn(usize) -> Estimate| Drawn {
            label: label.into(),
            color,
            dashed: false,
            scattered: true,
            points: others
                .iter()
                .enumerate()
                .map(|(at, &k)| (place(at, shift), of(k)))
                .map(|(x, e)| Point { x, y: e.median, low: e.low, high: e.high })
                .collect(),
        };
        let known = |x: Interval| Estimate { median: x.middle, low: x.low, high: x.high };
        let name = |k: usize| {
            let c = bench.curves[k];
            format!("{}\n{}", METHODS[c.method].short, bench.geometries[c.geometry].name)
        };
        Panel {
            title: format!("{}, calls relative to Frobenius", noise_name(bench.direction)),
            x_label: String::new(),
            y_label: "ratio, own dual norms".into(),
            curves: vec![
                scatter("measured", 3, 0.0, &|k| summary.ratio[k]),
                scatter("predicted by the theorem's plan", 4, 0.15, &|k| {
                    known(Interval::exact(predictions[k].plan))
                }),
                scatter("predicted by the moment ratio", 5, -0.15, &|k| known(predictions[k].moments)),
            ],
            references: vec![1.0],
            x_names: others.iter().enumerate().map(|(at, &k)| (place(at, 0.0), name(k))).collect(),
        }
    }
}

/// One row a measured run.
pub(super) fn csv(cases: &[Case<'_>]) -> Result<Vec<u8>, Failure> {
    let failed = |e: csv::Error| Failure::Check(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "noise",
        "method",
        "geometry",
        "goal_dual_of",
        "level_share",
        "level",
        "step_size",
        "averaging",
        "seed",
        "calls",
    ];
    writer.write_record(header).map_err(failed)?;
    for Case { bench, cells, .. } in cases {
        for cell in cells {
            for row in bench.rows(cell) {
                writer.write_record(row).map_err(failed)?;
            }
        }
    }
    writer.into_inner().map_err(|e| Failure::Check(e.to_string()))
}

impl Bench<'_> {
    fn rows(&self, cell: &Cell) -> impl Iterator<Item = [String; 10]> {
        let (curve, goal) = (self.curves[cell.curve], &self.geometries[cell.goal]);
        let share = self.size.levels[cell.level];
        cell.passages.iter().enumerate().map(move |(seed, calls)| {
            [
                self.direction.name().to_owned(),
                METHODS[curve.method].name.to_owned(),
                self.geometries[curve.geometry].name.to_owned(),
                goal.name.to_owned(),
                share.to_string(),
                (share * goal.signal).to_string(),
                self.step_size(curve, cell.choice).to_string(),
                self.size.averagings[cell.choice.averaging].to_string(),
                seed.to_string(),
                calls.map_or(String::new(), |c| c.to_string()),
            ]
        })
    }
}
