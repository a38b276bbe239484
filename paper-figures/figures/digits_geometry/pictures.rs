//! The panels, and the numbers behind them.

use super::summary::{Estimate, Summary, estimate};
use super::{BASE, Bench, Cell, Curve, Failure, METHODS};
use crate::drawing::{Curve as Drawn, Panel, Point};

impl Bench<'_> {
    pub(super) fn panels(&self, cells: &[Cell], summary: &Summary) -> Vec<Panel> {
        let mut panels: Vec<Panel> =
            (0..self.geometries.len()).map(|goal| self.passage_panel(cells, goal)).collect();
        panels.push(self.prediction_panel(summary));
        panels
    }

    fn passage_panel(&self, cells: &[Cell], goal: usize) -> Panel {
        let curve = |(k, &c): (usize, &Curve)| {
            let point = |(level, &share): (usize, &f64)| {
                let Estimate { median, low, high } = estimate(cells, k, goal, level);
                // Side by side, so that bars do not hide one another.
                let shift = 1.012_f64.powf(k as f64 - 2.5);
                Point { x: share * shift, y: median, low, high }
            };
            let mut points: Vec<Point> = self.size.levels.iter().enumerate().map(point).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            Drawn {
                label: self.curve_label(c),
                color: c.geometry,
                dashed: c.method == 1,
                scattered: false,
                points,
            }
        };
        Panel {
            title: format!("gradient in the {} norm", self.geometries[goal].dual_name),
            x_label: "level / norm of the gradient at the start".into(),
            y_label: "calls, median".into(),
            curves: self.curves.iter().enumerate().map(curve).collect(),
            references: vec![],
            x_names: self.size.levels.iter().map(|level| (*level, level.to_string())).collect(),
        }
    }

    /// Each geometry in its own dual norm, relative to Frobenius: measured, and predicted twice.
    fn prediction_panel(&self, summary: &Summary) -> Panel {
        let others: Vec<usize> =
            (0..self.curves.len()).filter(|&k| self.curves[k].geometry != BASE).collect();
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
        let exact = |x: f64| Estimate { median: x, low: x, high: x };
        let name = |k: usize| {
            let c = self.curves[k];
            let short = if c.method == 0 { "Scion" } else { "Transported" };
            format!("{short}\n{}", self.geometries[c.geometry].name)
        };
        Panel {
            title: "calls relative to Frobenius, own dual norms".into(),
            x_label: String::new(),
            y_label: "ratio".into(),
            curves: vec![
                scatter("measured", 3, 0.0, &|k| summary.ratio[k]),
                scatter("predicted by the theorem's plan", 4, 0.15, &|k| exact(summary.plan[k])),
                scatter("predicted by the moment ratio", 5, -0.15, &|k| exact(summary.moments[k])),
            ],
            references: vec![1.0],
            x_names: others.iter().enumerate().map(|(at, &k)| (place(at, 0.0), name(k))).collect(),
        }
    }

    pub(super) fn csv(&self, cells: &[Cell]) -> Result<Vec<u8>, Failure> {
        let failed = |e: csv::Error| Failure::Check(e.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = [
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
        for cell in cells {
            let (curve, goal) = (self.curves[cell.curve], &self.geometries[cell.goal]);
            let share = self.size.levels[cell.level];
            for (seed, calls) in cell.passages.iter().enumerate() {
                let row = [
                    METHODS[curve.method].name.to_owned(),
                    self.geometries[curve.geometry].name.to_owned(),
                    goal.name.to_owned(),
                    share.to_string(),
                    (share * goal.signal).to_string(),
                    self.step_size(curve, cell.choice).to_string(),
                    self.size.averagings[cell.choice.averaging].to_string(),
                    seed.to_string(),
                    calls.map_or(String::new(), |c| c.to_string()),
                ];
                writer.write_record(row).map_err(failed)?;
            }
        }
        writer.into_inner().map_err(|e| Failure::Check(e.to_string()))
    }
}
