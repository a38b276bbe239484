//! What the page says.

use heavynorm::statistics::median_interval;

use super::summary::Summary;
use super::{BASE, Bench, CONFIDENCE, Cell, Choice, Context, Curve, Geometry, NAME, Size, TITLE};
use crate::figures::{Record, Table};

impl Bench<'_> {
    pub(super) fn record(&self, context: &Context<'_>, summary: &Summary) -> Record {
        Record {
            name: NAME.into(),
            title: TITLE.into(),
            claim: CLAIM.into(),
            setup: self.setup(),
            measured: self.measured(summary),
            table: self.table(summary),
            verdict: self.verdict(summary),
            preset: context.preset,
            seed: context.seed,
            command: String::new(),
        }
    }

    fn setup(&self) -> String {
        let Size { seeds, pilot_seeds, horizon, batch, tail_index, moment_order, noise_to_signal, .. } =
            self.size;
        let per_geometry = |g: &Geometry| format!("{} {:.3} over {:.3}", g.name, g.sigma, g.signal);
        format!(
            "Multinomial logistic regression with a bounded nonconvex regulariser on 1797 handwritten digits, W 10 x 64, from \
             W = 0. A call returns the mean gradient of {batch} digits drawn with replacement plus Pareto noise X u v^T of tail \
             index {tail_index} (no variance), u and v random signs, whose moment of order p = {moment_order} is \
             ({noise_to_signal} ||grad f(X_0)||_F)^p in the Frobenius norm; the noise is the same whatever the geometry. For each \
             curve, goal and level, step size and averaging are those with the smallest median on {pilot_seeds} pilot seeds; \
             they were then measured on {seeds} fresh seeds. Runs end after {horizon} calls; the exact gradient, which costs no \
             calls, is taken whenever the calls have grown by the factor {growth}. Noise scale sigma at W = 0 over ||grad f(W)||_*, \
             each in the dual norm: {ratios}.",
            growth = self.size.check_growth,
            ratios = self.geometries.iter().map(per_geometry).collect::<Vec<_>>().join(", "),
        )
    }

    fn measured(&self, summary: &Summary) -> Vec<String> {
        let share = self.size.levels[summary.level];
        let own = |(k, &c): (usize, &Curve)| format!("{} {}", self.curve_label(c), summary.own[k].show());
        let transport = |(g, geometry): (usize, &Geometry)| {
            let at = |method| summary.own[self.position(method, g)];
            format!("{} {}", geometry.name, at(1).over(at(0)).show())
        };
        vec![
            format!(
                "Median calls to {share} of the first gradient's norm, each curve in its own dual norm [distribution-free interval, \
                 {}]: {}.",
                self.coverage(),
                join(self.curves.iter().enumerate().map(own)),
            ),
            format!(
                "Calls of Transported Scion over calls of Scion at that level: {}.",
                join(self.geometries.iter().enumerate().map(transport)),
            ),
        ]
    }

    /// What a median interval of this many seeds covers.
    fn coverage(&self) -> String {
        let ranks: Vec<f64> = (0..self.size.seeds).map(|k| k as f64).collect();
        let coverage = median_interval(&ranks, CONFIDENCE).map_or(0.0, |i| i.coverage);
        format!("coverage {coverage:.3}")
    }

    pub(super) fn position(&self, method: usize, geometry: usize) -> usize {
        self.curves
            .iter()
            .position(|c| (c.method, c.geometry) == (method, geometry))
            .expect("curves are all pairs")
    }

    fn table(&self, summary: &Summary) -> Table {
        let header = [
            "curve",
            "calls in its own dual norm",
            "relative to Frobenius",
            "predicted by the plan",
            "predicted by moments",
        ];
        let row = |(k, &c): (usize, &Curve)| {
            vec![
                self.curve_label(c),
                summary.own[k].show(),
                if c.geometry == BASE { "1".into() } else { summary.ratio[k].show() },
                format!("{:.2}", summary.plan[k]),
                format!("{:.2}", summary.moments[k]),
            ]
        };
        Table {
            header: header.map(String::from).to_vec(),
            rows: self.curves.iter().enumerate().map(row).collect(),
        }
    }

    /// Which geometry pays, where the predictions pointed, and what does not follow.
    fn verdict(&self, summary: &Summary) -> String {
        let others = || (0..self.curves.len()).filter(|&k| self.curves[k].geometry != BASE);
        let one = |k: usize| {
            let ratio = summary.ratio[k];
            let place = |name: &str, x: f64| {
                let place = match x {
                    x if x < ratio.low => "below",
                    x if x > ratio.high => "above",
                    _ => "inside",
                };
                format!("{name} {x:.2} lies {place} the interval")
            };
            format!(
                "{}: {}, {}; {}, {}",
                self.curve_label(self.curves[k]),
                ratio.show(),
                if ratio.high < 1.0 {
                    "it pays"
                } else if ratio.low > 1.0 {
                    "it costs"
                } else {
                    "no difference shown"
                },
                place("the moment ratio", summary.moments[k]),
                place("the plan", summary.plan[k]),
            )
        };
        format!(
            "Calls relative to Frobenius geometry: {}. The plans are ratios of upper bounds over a whole class: worst-case \
             statements, not forecasts; where one misses, no theorem is contradicted. Parameters are tuned for each curve, so that \
             this compares what each geometry can do, on one data set and one noise; {} of {} tuned choices lie at an end of their \
             list of candidates.",
            others().map(one).collect::<Vec<_>>().join(". "),
            summary.at_the_edge,
            summary.own.len(),
        )
    }

    /// The chosen parameters of these curves' own cells that lie at an end of their list.
    pub(super) fn at_the_edge(&self, cells: &[Cell], level: usize) -> usize {
        let Size { displacements, averagings, .. } = self.size;
        // Averaging 1 is the end of the range itself, not of our list.
        let edge = |c: Choice| {
            c.displacement == 0
                || c.displacement + 1 == displacements.len()
                || c.averaging + 1 == averagings.len()
                || (c.averaging == 0 && averagings[0] < 1.0)
        };
        cells
            .iter()
            .filter(|c| c.goal == self.curves[c.curve].geometry && c.level == level && edge(c.choice))
            .count()
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

const CLAIM: &str = "The paper's abstract claims that the calls which Scion and Transported Scion need under p-th-moment noise grow like \
    min{m, n} for the spectral norm; constants, proofs and other norms are ours (theorems U2 and U3). Before the run they give two \
    predictions for calls relative to Frobenius geometry: the planned calls of the theorem, from the problem's class constants L and \
    rho, the noise's moments at the start and the dimension factor kappa of the norm; and the moment ratio (sigma/||grad f||_*)^{p/(p-1)} \
    alone, which leaves class constants and kappa out.";
