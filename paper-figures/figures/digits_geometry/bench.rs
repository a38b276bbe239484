//! Pilot, choice, measurement.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heavynorm::algorithms::{self, DynAlgorithm};
use heavynorm::noise::{DirectedNoise, Direction, NoNoise, pareto::Pareto};
use heavynorm::oracles::Sampling;
use heavynorm::problems::{self, Built};
use heavynorm::run::{Control, Experiment, Outcome, Schedule, Target};
use heavynorm::spec::{Matrix, MomentOrder, NoiseScale, Norm};
use heavynorm::statistics::{median, passage_time};
use heavynorm::{norms, seed};
use rayon::prelude::*;

use super::{Bench, Cell, Choice, Context, Curve, Failure, Geometry, METHODS, NAME, NAMES, PILOT, Size};

/// Whether a goal and a level of it are asked for.
type Wanted<'a> = dyn Fn(usize, usize) -> bool + 'a;

impl<'a> Bench<'a> {
    pub(super) fn new(size: &'a Size, direction: Direction, master: u64) -> Result<Self, Failure> {
        let problem = problems::build::<f64>(&named("digits"))?;
        let p = MomentOrder::new(size.moment_order)?;
        let start = problem.problem().start();
        let gradient = problem.problem().gradient(&start);
        let noise = injected(size, direction, &problem, &gradient, p)?;
        let none = Arc::new(NoNoise::new(problem.problem().dimensions()));
        let drawn = Sampling::new(problem.clone(), Some(size.batch), none)?;
        let sampling = Sampling::new(problem, Some(size.batch), noise)?;
        let geometry = |(name, dual_name)| geometry(name, dual_name, &sampling, &gradient);
        let geometries = NAMES.into_iter().map(geometry).collect::<Result<Vec<_>, _>>()?;
        let curves = (0..METHODS.len())
            .flat_map(|method| (0..NAMES.len()).map(move |geometry| Curve { method, geometry }))
            .collect();
        Ok(Self { size, master, direction, sampling, drawn, start, gradient, geometries, curves })
    }

    /// The goal that is reported: fixed before anything is measured.
    pub(super) fn smallest_level(&self) -> usize {
        let levels = &self.size.levels;
        (0..levels.len()).min_by(|&a, &b| levels[a].total_cmp(&levels[b])).expect("a size lists a level")
    }

    pub(super) fn position(&self, method: usize, geometry: usize) -> usize {
        let pair = |c: &Curve| (c.method, c.geometry) == (method, geometry);
        self.curves.iter().position(pair).expect("curves are all pairs")
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

    pub(super) fn step_size(&self, curve: Curve, choice: Choice) -> f64 {
        self.size.displacements[choice.displacement] / self.geometries[curve.geometry].reach
    }

    /// Every goal at once: each run records its first passages in all dual norms. A level that nobody asks for is infinite,
    /// hence reached at once: the run ends with the last one that matters.
    fn targets(&self, wanted: &Wanted<'_>) -> Vec<Target<f64>> {
        let level = |goal: usize, k: usize| match wanted(goal, k) {
            true => self.size.levels[k] * self.geometries[goal].signal,
            false => f64::INFINITY,
        };
        let target = |(goal, g): (usize, &Geometry)| Target {
            norm: Arc::clone(&g.norm),
            levels: (0..self.size.levels.len()).map(|k| level(goal, k)).collect(),
        };
        self.geometries.iter().enumerate().map(target).collect()
    }

    fn run(
        &self,
        curve: Curve,
        choice: Choice,
        wanted: &Wanted<'_>,
        seeds: &[u64],
        context: &Context<'_>,
    ) -> Result<Vec<Outcome<f64>>, Failure> {
        let algorithm = self.algorithm(curve, choice)?;
        let targets = self.targets(wanted);
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
    pub(super) fn measure(&self, context: &Context<'_>) -> Result<Vec<Cell>, Failure> {
        let choices = self.choices();
        let pilots: Vec<u64> = (0..self.size.pilot_seeds).map(|k| PILOT + k).collect();
        let tried: Vec<(usize, Choice)> =
            (0..self.curves.len()).flat_map(|c| choices.iter().map(move |&choice| (c, choice))).collect();
        let clock = Clock::new(context, tried.len() as u64 * self.size.pilot_seeds, self.expected_runs());
        let pilot = self.run_all(&tried, &|_, _, _| true, &pilots, context, &clock)?;
        let chosen = self.choose(&tried, &pilot);
        let distinct: Vec<(usize, Choice)> = chosen
            .iter()
            .map(|&(curve, _, _, choice)| (curve, choice))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let seeds: Vec<u64> = (0..self.size.seeds).collect();
        let clock = clock.second(distinct.len() as u64 * self.size.seeds);
        let wanted = |run: usize, goal: usize, level: usize| {
            let (curve, choice) = distinct[run];
            chosen.contains(&(curve, goal, level, choice))
        };
        let measured = self.run_all(&distinct, &wanted, &seeds, context, &clock)?;
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
        wanted: &(dyn Fn(usize, usize, usize) -> bool + Sync),
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
            let mut outcomes = self.run(
                self.curves[curve],
                choice,
                &|goal, level| wanted(t, goal, level),
                &[seed],
                context,
            )?;
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

    pub(super) fn curve_label(&self, curve: Curve) -> String {
        format!("{}, {}", METHODS[curve.method].label, self.geometries[curve.geometry].name)
    }
}

pub(super) fn named(name: &str) -> toml::Table {
    toml::Table::from_iter([("name".to_owned(), name.into())])
}

/// Pareto noise, the same for every geometry: calibrated once, in the Frobenius norm, against the gradient at X_0. Where the
/// moment is known through a bound, the bound is what is calibrated.
fn injected(
    size: &Size,
    direction: Direction,
    problem: &Built<f64>,
    gradient: &Matrix<f64>,
    p: MomentOrder,
) -> Result<Arc<DirectedNoise>, Failure> {
    let wrong = |e: String| Failure::Input(format!("{NAME}: {e}"));
    let frobenius = norms::build::<f64>(&named("frobenius"))?;
    let sigma = NoiseScale::new(size.noise_to_signal * frobenius.value(gradient)?)?;
    let law = Arc::new(Pareto::new(size.tail_index).map_err(|e| wrong(e.to_string()))?);
    let space = problem.problem().dimensions();
    DirectedNoise::calibrated(law, direction, space, &*frobenius, p, sigma)
        .map(Arc::new)
        .map_err(|e| wrong(e.to_string()))
}

fn geometry(
    name: &'static str,
    dual_name: &'static str,
    sampling: &Sampling<f64>,
    gradient: &Matrix<f64>,
) -> Result<Geometry, Failure> {
    let norm: Arc<dyn Norm<f64>> = Arc::from(norms::build::<f64>(&named(name))?);
    let reach = norm.ball(sampling.problem().dimensions())?.circumradius;
    let signal = norm.dual_value(gradient)?;
    Ok(Geometry { name, dual_name, signal, reach, norm })
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
