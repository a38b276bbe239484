//! Which norm geometry pays on real data under heavy-tailed noise.
//!
//! Logistic regression on the handwritten digits, minibatches plus injected Pareto noise without variance. Scion and
//! Transported Scion under spectral, Frobenius and max-entry geometry; calls to bring the exact gradient below a level,
//! in each of the three dual norms. Step size and averaging are chosen for each curve, goal and level on pilot seeds, and
//! measured on fresh ones: nothing here replays a schedule. What the theory predicted before the run, from class constants
//! and moments alone, is drawn beside what was measured.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heavynorm::algorithms::{self, DynAlgorithm};
use heavynorm::noise::{DirectedNoise, Direction, pareto::Pareto};
use heavynorm::oracles::Sampling;
use heavynorm::problems::{self, Built};
use heavynorm::run::{Control, Experiment, Outcome, Schedule, Target};
use heavynorm::spec::{Accuracy, Matrix, MomentOrder, NoiseScale, Norm, Problem};
use heavynorm::statistics::{median, median_interval, passage_time};
use heavynorm::{norms, seed};
use heavynorm_proofs_check::{PlanError, Setting, theorem};
use rayon::prelude::*;
use serde::Deserialize;

use super::{Context, Entry, Figure, Record, Table, configuration};
use crate::drawing::{Curve as Drawn, Panel, Point, draw};
use crate::error::Failure;

const NAME: &str = "digits-geometry";
const TITLE: &str = "Which geometry pays: digits under minibatch and Pareto noise";
const PRESETS: &str = include_str!("../presets/digits-geometry.toml");

/// Pilot seeds start here: no measured run shares a stream with them.
const PILOT: u64 = 1 << 32;

/// Coverage of one median interval; two of them together (a ratio) then cover with at least 95%.
const CONFIDENCE: f64 = 0.975;

/// The registry entry.
pub fn entry() -> Entry {
    Entry {
        name: NAME,
        summary: "calls to reach a level on real digits under three geometries, next to the prediction",
        presets: PRESETS,
        make,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    seeds: u64,
    pilot_seeds: u64,
    horizon: u64,
    levels: Vec<f64>,
    displacements: Vec<f64>,
    averagings: Vec<f64>,
    batch: usize,
    tail_index: f64,
    moment_order: f64,
    noise_to_signal: f64,
    check_growth: f64,
}

/// A norm, how it is called, and what the theory needs of the problem in it.
struct Geometry {
    name: &'static str,
    dual_name: &'static str,
    norm: Arc<dyn Norm<f64>>,
    /// ||grad f(X_0)||_*.
    signal: f64,
    /// sigma at X_0: minibatch and injected noise together.
    sigma: f64,
    /// The longest step in Frobenius length, per unit of step size.
    reach: f64,
}

const NAMES: [(&str, &str); 3] =
    [("spectral", "nuclear"), ("frobenius", "Frobenius"), ("max-entry", "entrywise l1")];

/// A method with the theorem that bounds it.
struct Method {
    name: &'static str,
    label: &'static str,
    theorem: &'static str,
}

const METHODS: [Method; 2] = [
    Method { name: "scion", label: "Scion", theorem: "U2" },
    Method { name: "transported-scion", label: "Transported Scion", theorem: "U3" },
];

/// A method under a geometry.
#[derive(Clone, Copy)]
struct Curve {
    method: usize,
    geometry: usize,
}

/// Candidate parameters, as indices into the size's lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    displacement: usize,
    averaging: usize,
}

/// One measured cell: a curve at one level of one goal.
struct Cell {
    curve: usize,
    goal: usize,
    level: usize,
    choice: Choice,
    passages: Vec<Option<u64>>,
}

struct Bench<'a> {
    size: &'a Size,
    master: u64,
    sampling: Sampling<f64>,
    start: Matrix<f64>,
    geometries: Vec<Geometry>,
    curves: Vec<Curve>,
}

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let bench = Bench::new(&size, context.seed)?;
    let predictions = bench.predictions()?;
    let cells = context.pool.install(|| bench.measure(context))?;
    let summary = Summary::new(&bench, &cells, &predictions);
    Ok(Figure {
        svg: draw(&bench.panels(&cells, &summary), 2).map_err(Failure::Check)?,
        csv: bench.csv(&cells)?,
        record: bench.record(context, &summary),
    })
}

impl<'a> Bench<'a> {
    fn new(size: &'a Size, master: u64) -> Result<Self, Failure> {
        let problem = problems::build::<f64>(&named("digits"))?;
        let p = MomentOrder::new(size.moment_order)?;
        let start = problem.problem().start();
        let gradient = problem.problem().gradient(&start);
        let sampling =
            Sampling::new(problem.clone(), Some(size.batch), injected(size, &problem, &gradient, p)?)?;
        let geometry = |(name, dual_name)| geometry(name, dual_name, &sampling, &start, &gradient, p);
        let geometries = NAMES.into_iter().map(geometry).collect::<Result<Vec<_>, _>>()?;
        let curves = (0..METHODS.len())
            .flat_map(|method| (0..NAMES.len()).map(move |geometry| Curve { method, geometry }))
            .collect();
        Ok(Self { size, master, sampling, start, geometries, curves })
    }

    fn choices(&self) -> Vec<Choice> {
        let Size { displacements, averagings, .. } = self.size;
        (0..displacements.len())
            .flat_map(|displacement| {
                (0..averagings.len()).map(move |averaging| Choice { displacement, averaging })
            })
            .collect()
    }

    fn algorithm(&self, curve: Curve, choice: Choice) -> Result<Box<dyn DynAlgorithm<f64>>, Failure> {
        let geometry = &self.geometries[curve.geometry];
        let mut table = named(METHODS[curve.method].name);
        table.insert("step_size".into(), self.step_size(curve, choice).into());
        table.insert("averaging".into(), self.size.averagings[choice.averaging].into());
        Ok(algorithms::build(&table, Arc::clone(&geometry.norm))?)
    }

    fn step_size(&self, curve: Curve, choice: Choice) -> f64 {
        self.size.displacements[choice.displacement] / self.geometries[curve.geometry].reach
    }

    /// Every goal at once: each run records its first passages in all dual norms.
    fn targets(&self) -> Vec<Target<f64>> {
        let levels = |g: &Geometry| self.size.levels.iter().map(|level| level * g.signal).collect();
        self.geometries.iter().map(|g| Target { norm: Arc::clone(&g.norm), levels: levels(g) }).collect()
    }

    fn run(
        &self,
        curve: Curve,
        choice: Choice,
        seeds: &[u64],
        context: &Context<'_>,
    ) -> Result<Vec<Outcome<f64>>, Failure> {
        let algorithm = self.algorithm(curve, choice)?;
        let targets = self.targets();
        let experiment = Experiment {
            algorithm: &*algorithm,
            problem: self.sampling.problem(),
            start: &self.start,
            oracle: &|unit| Ok(self.sampling.oracle(seed::stream(self.master, unit))),
            targets: &targets,
            horizon: self.size.horizon,
            checks: Schedule::Geometric(self.size.check_growth),
            records: Schedule::Geometric(2.0),
            stop_when_reached: true,
        };
        let control = Control { cancelled: context.cancelled, progress: &|_| () };
        experiment.run(seeds, false, control).map_err(|e| Failure::Check(e.to_string()))
    }

    /// Pilot, choice, measurement.
    fn measure(&self, context: &Context<'_>) -> Result<Vec<Cell>, Failure> {
        let choices = self.choices();
        let pilots: Vec<u64> = (0..self.size.pilot_seeds).map(|k| PILOT + k).collect();
        let tried: Vec<(usize, Choice)> =
            (0..self.curves.len()).flat_map(|c| choices.iter().map(move |&choice| (c, choice))).collect();
        let clock = Clock::new(context, tried.len() as u64 * self.size.pilot_seeds, self.expected_runs());
        let pilot = self.run_all(&tried, &pilots, context, &clock)?;
        let chosen = self.choose(&tried, &pilot);
        let distinct: Vec<(usize, Choice)> = chosen
            .iter()
            .map(|&(curve, _, _, choice)| (curve, choice))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let seeds: Vec<u64> = (0..self.size.seeds).collect();
        let clock = clock.second(distinct.len() as u64 * self.size.seeds);
        let measured = self.run_all(&distinct, &seeds, context, &clock)?;
        let cell = |(curve, goal, level, choice): (usize, usize, usize, Choice)| {
            let at = distinct.iter().position(|&d| d == (curve, choice)).expect("every choice was run");
            let passages = measured[at].iter().map(|o| o.first_passages[goal][level]).collect();
            Cell { curve, goal, level, choice, passages }
        };
        Ok(chosen.into_iter().map(cell).collect())
    }

    /// Every (curve, choice) on every seed; units are single runs, so that workers stay busy to the end.
    fn run_all(
        &self,
        tried: &[(usize, Choice)],
        seeds: &[u64],
        context: &Context<'_>,
        clock: &Clock<'_>,
    ) -> Result<Vec<Vec<Outcome<f64>>>, Failure> {
        let units: Vec<(usize, u64)> =
            (0..tried.len()).flat_map(|t| seeds.iter().map(move |&seed| (t, seed))).collect();
        let run = |&(t, seed): &(usize, u64)| {
            if context.cancelled.load(Ordering::Relaxed) {
                return Err(Failure::interrupted("nothing of this figure was kept"));
            }
            let (curve, choice) = tried[t];
            let mut outcomes = self.run(self.curves[curve], choice, &[seed], context)?;
            clock.tick();
            Ok(outcomes.remove(0))
        };
        let outcomes: Vec<Outcome<f64>> = units.par_iter().map(run).collect::<Result<_, _>>()?;
        let mut outcomes = outcomes.into_iter();
        Ok(tried.iter().map(|_| outcomes.by_ref().take(seeds.len()).collect()).collect())
    }

    /// For each curve, goal and level the candidate with the smallest pilot median; the first of equals, which has the
    /// longer step.
    fn choose(
        &self,
        tried: &[(usize, Choice)],
        pilot: &[Vec<Outcome<f64>>],
    ) -> Vec<(usize, usize, usize, Choice)> {
        let mut chosen = Vec::new();
        for curve in 0..self.curves.len() {
            for goal in 0..self.geometries.len() {
                for level in 0..self.size.levels.len() {
                    let calls = |t: &usize| calls_to(pilot[*t].iter().map(|o| o.first_passages[goal][level]));
                    let candidates = (0..tried.len()).filter(|&t| tried[t].0 == curve);
                    let best = candidates
                        .min_by(|a, b| calls(a).total_cmp(&calls(b)))
                        .expect("a size lists at least one candidate");
                    chosen.push((curve, goal, level, tried[best].1));
                }
            }
        }
        chosen
    }

    /// Choices rarely differ between all goals and levels; this many distinct ones were typical.
    fn expected_runs(&self) -> u64 {
        (self.curves.len() * self.choices().len().min(7)) as u64 * self.size.seeds
    }

    fn curve_label(&self, curve: Curve) -> String {
        format!("{}, {}", METHODS[curve.method].label, self.geometries[curve.geometry].name)
    }
}

fn named(name: &str) -> toml::Table {
    toml::Table::from_iter([("name".to_owned(), name.into())])
}

/// Pareto noise X u v^T, u and v random signs: the same physical noise for every geometry, calibrated once in the
/// Frobenius norm against the gradient at X_0.
fn injected(
    size: &Size,
    problem: &Built<f64>,
    gradient: &Matrix<f64>,
    p: MomentOrder,
) -> Result<Arc<DirectedNoise>, Failure> {
    let wrong = |e: String| Failure::Input(format!("{NAME}: {e}"));
    let frobenius = norms::build::<f64>(&named("frobenius"))?;
    let sigma = NoiseScale::new(size.noise_to_signal * frobenius.value(gradient)?)?;
    let law = Arc::new(Pareto::new(size.tail_index).map_err(|e| wrong(e.to_string()))?);
    let space = problem.problem().dimensions();
    DirectedNoise::calibrated(law, Direction::RankOne, space, &*frobenius, p, sigma)
        .map(Arc::new)
        .map_err(|e| wrong(e.to_string()))
}

fn geometry(
    name: &'static str,
    dual_name: &'static str,
    sampling: &Sampling<f64>,
    start: &Matrix<f64>,
    gradient: &Matrix<f64>,
    p: MomentOrder,
) -> Result<Geometry, Failure> {
    let norm: Arc<dyn Norm<f64>> = Arc::from(norms::build::<f64>(&named(name))?);
    let moment = sampling.noise_moment_at(start, &*norm, p)?;
    let sigma = moment
        .noise_scale(p)
        .ok_or_else(|| Failure::Input(format!("{NAME}: tail_index must exceed moment_order")))?;
    let reach = norm.ball(sampling.problem().dimensions())?.circumradius;
    let signal = norm.dual_value(gradient)?;
    Ok(Geometry { name, dual_name, signal, sigma: sigma.sigma(), reach, norm })
}

/// The median over seeds; not reached is later than everything.
fn calls_to(passages: impl Iterator<Item = Option<u64>>) -> f64 {
    median(&passages.map(passage_time).collect::<Vec<_>>()).unwrap_or(f64::INFINITY)
}

/// The share of the work that is done, over two stages of runs.
struct Clock<'a> {
    progress: &'a (dyn Fn(f64) + Sync),
    done: AtomicUsize,
    runs: u64,
    from: f64,
    to: f64,
}

impl<'a> Clock<'a> {
    fn new(context: &Context<'a>, runs: u64, later: u64) -> Self {
        let to = runs as f64 / (runs + later) as f64;
        Self { progress: context.progress, done: AtomicUsize::new(0), runs, from: 0.0, to }
    }

    fn second(self, runs: u64) -> Self {
        Self { done: AtomicUsize::new(0), runs, from: self.to, to: 1.0, ..self }
    }

    fn tick(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.progress)(self.from + (self.to - self.from) * done as f64 / self.runs as f64);
    }
}

/// What the theory says before any run: calls relative to Frobenius geometry.
struct Prediction {
    /// Planned calls of the theorem, each geometry in its own dual norm at the same share of its own signal.
    plan: f64,
    /// (sigma/signal)^a alone, relative to Frobenius.
    moments: f64,
}

impl Bench<'_> {
    /// For each curve, at the smallest level.
    fn predictions(&self) -> Result<Vec<Prediction>, Failure> {
        let p = MomentOrder::new(self.size.moment_order)?;
        let level = self.size.levels.iter().copied().fold(f64::INFINITY, f64::min);
        let plans = self.curves.iter().map(|&c| self.planned(c, level, p)).collect::<Result<Vec<_>, _>>()?;
        let ratio = |g: &Geometry| (g.sigma / g.signal).powf(p.conjugate());
        let base = |c: &Curve| self.curves.iter().position(|b| b.method == c.method && b.geometry == BASE);
        let predicted = |(k, c): (usize, &Curve)| Prediction {
            plan: plans[k] / plans[base(c).expect("Frobenius is among the geometries")],
            moments: ratio(&self.geometries[c.geometry]) / ratio(&self.geometries[BASE]),
        };
        Ok(self.curves.iter().enumerate().map(predicted).collect())
    }

    /// The theorem's planned calls with the problem's class constants and the moments at X_0.
    fn planned(&self, curve: Curve, level: f64, p: MomentOrder) -> Result<f64, Failure> {
        let geometry = &self.geometries[curve.geometry];
        let problem: &dyn Problem<f64> = self.sampling.problem();
        let setting = Setting {
            norm: Arc::clone(&geometry.norm),
            dimensions: problem.dimensions(),
            moment_order: p,
            noise_scale: NoiseScale::new(geometry.sigma)?,
            smoothness: problem.smoothness(&*geometry.norm)?,
            hessian_lipschitz: Some(problem.hessian_lipschitz(&*geometry.norm)?),
            gap: problem.gap()?,
            accuracy: Accuracy::new(level * geometry.signal)?,
            radius: None,
        };
        match theorem(METHODS[curve.method].theorem)?.plan(&setting) {
            Ok(plan) => Ok(plan.calls as f64),
            // One call a step: a horizon that nobody could run is a prediction all the same.
            Err(PlanError::OutOfReach { quantity: "horizon", value }) => Ok(value),
            Err(e) => Err(e.into()),
        }
    }
}

/// The geometry that others are compared with.
const BASE: usize = 1;

/// A median with its interval.
#[derive(Clone, Copy)]
struct Estimate {
    median: f64,
    low: f64,
    high: f64,
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
    fn over(self, other: Self) -> Self {
        let divide = |a: f64, b: f64| if a.is_infinite() && b.is_infinite() { f64::NAN } else { a / b };
        Self {
            median: divide(self.median, other.median),
            low: if self.low.is_infinite() { f64::NAN } else { self.low / other.high },
            high: divide(self.high, other.low),
        }
    }

    fn show(self) -> String {
        let number = |x: f64| match x {
            x if x.is_nan() => "?".to_owned(),
            x if x.is_infinite() => "not reached".to_owned(),
            x if x >= 100.0 => format!("{x:.0}"),
            0.0 => "0".to_owned(),
            x => format!("{x:.2}"),
        };
        format!("{} [{}, {}]", number(self.median), number(self.low), number(self.high))
    }
}

/// What the measurement says.
struct Summary {
    /// The smallest level that every curve reached in its own dual norm with a finite interval.
    level: usize,
    /// For each curve, calls in its own dual norm at that level.
    own: Vec<Estimate>,
    /// The same relative to Frobenius geometry with the same method.
    ratio: Vec<Estimate>,
    /// Predicted ratios at the smallest level.
    plan: Vec<f64>,
    /// Predicted ratios from moments alone.
    moments: Vec<f64>,
}

impl Summary {
    fn new(bench: &Bench<'_>, cells: &[Cell], predictions: &[Prediction]) -> Self {
        let own = |level: usize| -> Vec<Estimate> {
            let find = |(k, c): (usize, &Curve)| estimate(cells, k, c.geometry, level);
            bench.curves.iter().enumerate().map(find).collect()
        };
        let all_reached = |&level: &usize| own(level).iter().all(|e| e.high.is_finite());
        let level = (0..bench.size.levels.len()).rev().find(all_reached).unwrap_or(0);
        let own = own(level);
        let base = |c: &Curve| {
            own[bench.curves.iter().position(|b| b.method == c.method && b.geometry == BASE).expect("listed")]
        };
        let ratio = bench.curves.iter().zip(&own).map(|(c, e)| e.over(base(c))).collect();
        Self {
            level,
            ratio,
            plan: predictions.iter().map(|p| p.plan).collect(),
            moments: predictions.iter().map(|p| p.moments).collect(),
            own,
        }
    }
}

fn estimate(cells: &[Cell], curve: usize, goal: usize, level: usize) -> Estimate {
    let cell = cells.iter().find(|c| (c.curve, c.goal, c.level) == (curve, goal, level));
    Estimate::of(&cell.expect("every cell was measured").passages)
}

impl Bench<'_> {
    fn panels(&self, cells: &[Cell], summary: &Summary) -> Vec<Panel> {
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

    fn csv(&self, cells: &[Cell]) -> Result<Vec<u8>, Failure> {
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

impl Bench<'_> {
    fn record(&self, context: &Context<'_>, summary: &Summary) -> Record {
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
        let line =
            |(k, &c): (usize, &Curve)| format!("{}: {} calls", self.curve_label(c), summary.own[k].show());
        vec![format!(
            "Median calls [interval of coverage at least {CONFIDENCE}] to {share} of the first gradient's norm, each curve in its \
             own dual norm: {}.",
            self.curves.iter().enumerate().map(line).collect::<Vec<_>>().join("; ")
        )]
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
                summary.ratio[k].show(),
                format!("{:.3}", summary.plan[k]),
                format!("{:.3}", summary.moments[k]),
            ]
        };
        Table {
            header: header.map(String::from).to_vec(),
            rows: self.curves.iter().enumerate().map(row).collect(),
        }
    }

    fn verdict(&self, _summary: &Summary) -> String {
        String::new()
    }
}

const CLAIM: &str = "x";
