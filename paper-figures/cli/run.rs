//! `heavynorm run FILE.toml`: a method on a problem under a noise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use heavynorm::algorithms::{self, DynAlgorithm};
use heavynorm::noise;
use heavynorm::oracles::Sampling;
use heavynorm::problems;
use heavynorm::registry::name_of_table;
use heavynorm::run::{Control, End, Experiment, Outcome, Progress, Schedule, Target};
use heavynorm::spec::{Accuracy, MomentOrder, Norm, ProblemError, Smoothness};
use heavynorm::statistics::{median, median_interval, passage_time};
use heavynorm::{norms, seed};
use heavynorm_proofs_check::region::stays_within;
use heavynorm_proofs_check::theorems::Theorem;
use heavynorm_proofs_check::{Parameters, Plan, PlanError, Radius, Setting, theorem};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::output::{number, print, print_json};
use super::subject::{self, Subject, in_file, read, within};
use super::{Global, on_interrupt};
use crate::error::Failure;

const EXAMPLE: &str = r#"The file, for example:

  [problem]
  # or another of heavynorm run --list;
  # or logistic with features, labels (.npy
  # files) and classes
  name = "digits"
  lambda = 1e-3

  [norm]
  # of the method, the constants and the goal
  name = "spectral"

  # optional; names: heavynorm run --list
  [noise]
  name = "pareto"
  direction = "rank-one"
  tail_index = 1.6
  # or sigma and p: E||N||_*^p = sigma^p
  scale = 0.1
  # of a finite sum; without it the gradient
  # is exact up to the noise
  batch = 32

  [method]
  name = "transported-scion"
  # numbers, or schedule = "theorem:U3",
  # which needs eps and p in [run]
  step_size = 0.01
  averaging = 0.1

  [run]
  # oracle calls (a theorem brings its own)
  horizon = 2000
  seeds = 5
  # first passage of the dual norm of the
  # exact gradient
  levels = [0.1]"#;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct RunArgs {
    /// The experiment.
    #[arg(value_name = "FILE.toml", required_unless_present = "list")]
    file: Option<PathBuf>,
    /// Show the names of problems, noises, methods and norms.
    #[arg(long)]
    list: bool,
    /// JSON on standard output, with every record.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    problem: toml::Table,
    norm: toml::Table,
    noise: Option<toml::Table>,
    method: toml::Table,
    run: RunTable,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunTable {
    horizon: Option<u64>,
    seeds: u64,
    #[serde(default)]
    levels: Vec<f64>,
    eps: Option<f64>,
    p: Option<f64>,
    /// More planned samples than this (calls times batch, all seeds together) are refused.
    #[serde(default = "default_max_calls")]
    max_calls: u64,
}

/// Every seed's outcome stays in memory.
const LARGEST_SEEDS: u64 = 100_000;

/// Some minutes of a small problem.
fn default_max_calls() -> u64 {
    20_000_000
}

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    norm: String,
    noise: String,
    seed: u64,
    /// What was run, as the file says it; with a schedule the method's numbers are those of the theorem.
    tables: Tables,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    /// The theorem's bound at the horizon that was run, if that is not the planned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_at_horizon: Option<f64>,
    horizon: u64,
    passages: Vec<Passage>,
    outcomes: Vec<Outcome<f64>>,
}

/// The tables that make the run again.
#[derive(Debug, Serialize)]
struct Tables {
    problem: toml::Table,
    norm: toml::Table,
    noise: toml::Table,
    method: toml::Table,
    run: RunTable,
}

/// The calls to one level, over the seeds. Not reached is later than everything: `null`.
#[derive(Debug, Serialize)]
struct Passage {
    level: f64,
    reached: usize,
    of: usize,
    median: Option<f64>,
    interval: [Option<f64>; 2],
    coverage: f64,
}

pub(super) fn call(args: RunArgs, global: &Global) -> Result<(), Failure> {
    let Some(path) = args.file.filter(|_| !args.list) else { return print(&list()) };
    let report = experiment(&path, global)?;
    if args.json { print_json(&report) } else { print(&text(&report)) }
}

fn list() -> String {
    let mut text = String::new();
    let mut section = |title: &str, rows: Vec<(&str, &str)>| {
        text.push_str(&format!("{title}\n"));
        for (name, summary) in rows {
            text.push_str(&format!("  {name:<24} {summary}\n"));
        }
    };
    let own = ("logistic", "logistic regression on your own features and labels (.npy)");
    let problems = problems::entries::<f64>();
    section("problems", problems.iter().map(|e| (e.name, e.summary)).chain([own]).collect());
    section("noises", noise::entries::<f64>().iter().map(|e| (e.name, e.summary)).collect());
    section("methods", algorithms::entries::<f64>().iter().map(|e| (e.name, e.summary)).collect());
    section("norms", norms::entries::<f64>().iter().map(|e| (e.name, e.summary)).collect());
    text
}

/// A method, its table, and, if a theorem schedules it, the plan.
struct Scheduled {
    algorithm: Box<dyn DynAlgorithm<f64>>,
    table: toml::Table,
    promise: Option<Promise>,
}

/// A theorem at its schedule.
struct Promise {
    theorem: Box<dyn Theorem>,
    setting: Setting,
    parameters: Parameters,
    plan: Plan,
}

impl Promise {
    /// The bound after this many calls, if they are not those of the plan.
    fn at(&self, calls: u64) -> Result<Option<f64>, Failure> {
        let horizon = self.theorem.cost(&self.parameters).steps_until(calls);
        if horizon == self.parameters.horizon {
            return Ok(None);
        }
        Ok(Some(self.theorem.bound(&self.setting, &Parameters { horizon, ..self.parameters })?.total()))
    }
}

/// What `[method]` describes.
fn method(file: &File, sampling: &Sampling<f64>, norm: &Arc<dyn Norm<f64>>) -> Result<Scheduled, Failure> {
    let mut table = file.method.clone();
    let Some(schedule) = table.remove("schedule") else {
        for (key, given) in [("eps", file.run.eps), ("p", file.run.p)] {
            if given.is_some() {
                let message = format!("[run] {key} has no effect without a schedule in [method]: remove it");
                return Err(Failure::Input(message));
            }
        }
        let algorithm = algorithms::build(&table, Arc::clone(norm)).map_err(|e| within("method", &e))?;
        return Ok(Scheduled { algorithm, table, promise: None });
    };
    let id = schedule.as_str().and_then(|s| s.strip_prefix("theorem:")).ok_or_else(|| {
        Failure::Input(format!(
            "[method] schedule must be \"theorem:ID\", for example \"theorem:U2\", not {schedule}"
        ))
    })?;
    let theorem = theorem(id)?;
    let name = name_of_table("method", &table)?;
    if name != theorem.method() {
        let message = format!("theorem {id} schedules the method {}, not {name}", theorem.method());
        return Err(Failure::Input(message));
    }
    if let Some(exact) =
        [("U4", "U2"), ("U4T", "U3")].iter().find(|(own, _)| *own == id).map(|(_, exact)| exact)
    {
        return Err(Failure::Input(format!(
            "theorem {id} is about an LMO that falls short, and the methods of a file have the exact one: take schedule = \
             \"theorem:{exact}\""
        )));
    }
    if id != "U6" && table.contains_key("radius") {
        return Err(Failure::Input(format!("[method] radius has no effect on theorem {id}: remove it")));
    }
    let radius = match table.remove("radius") {
        None => None,
        Some(radius) => {
            let number = radius.as_float().or(radius.as_integer().map(|r| r as f64));
            Some(Radius::new(
                number.ok_or_else(|| Failure::Input("[method] radius must be a number".into()))?,
            )?)
        }
    };
    if let Some(other) = table.keys().find(|key| *key != "name") {
        return Err(Failure::Input(format!(
            "[method] takes numbers or a schedule, not both: remove {other} or schedule"
        )));
    }
    let setting = setting(file, sampling, norm, radius)?;
    stays_within(sampling.problem().region(), &*theorem, &setting)?;
    let plan = match (theorem.plan(&setting), sampling.sample_smoothness(&**norm, setting.moment_order)) {
        // Why there is no Lbar says more than that it is missing.
        (Err(PlanError::MissingSampleSmoothness(_)), Err(reason)) => return Err(reason.into()),
        (plan, _) => plan?,
    };
    let parameters = theorem.schedule(&setting)?;
    let table = theorem.method_table(&setting, &parameters)?;
    let algorithm = algorithms::build(&table, Arc::clone(norm)).map_err(|e| within("method", &e))?;
    Ok(Scheduled { algorithm, table, promise: Some(Promise { theorem, setting, parameters, plan }) })
}

/// The hypotheses of a theorem, from the problem's own constants and the noise's own moments.
fn setting(
    file: &File,
    sampling: &Sampling<f64>,
    norm: &Arc<dyn Norm<f64>>,
    radius: Option<Radius>,
) -> Result<Setting, Failure> {
    let missing = |key: &str| Failure::Input(format!("a theorem's schedule needs {key} in [run]"));
    let eps = file.run.eps.ok_or_else(|| missing("eps"))?;
    let p = MomentOrder::new(file.run.p.ok_or_else(|| missing("p (the moment order, 1 < p <= 2)"))?)?;
    let problem = sampling.problem();
    let moment = sampling.noise_moment(&**norm, p)?;
    let noise_scale = moment.noise_scale(p).ok_or_else(|| {
        Failure::Input(format!("the noise has no moment of order {}: take a smaller p in [run]", p.p()))
    })?;
    Ok(Setting {
        norm: Arc::clone(norm),
        dimensions: problem.dimensions(),
        moment_order: p,
        noise_scale,
        smoothness: problem.smoothness(&**norm)?,
        sample_smoothness: sample_smoothness(sampling, &**norm, p)?,
        inexactness: None,
        hessian_lipschitz: Some(problem.hessian_lipschitz(&**norm)?),
        gap: problem.gap()?,
        accuracy: Accuracy::new(eps)?,
        radius,
    })
}

/// Lbar, where there is one; a theorem that needs it says so.
fn sample_smoothness(
    sampling: &Sampling<f64>,
    norm: &dyn Norm<f64>,
    p: MomentOrder,
) -> Result<Option<Smoothness>, Failure> {
    match sampling.sample_smoothness(norm, p) {
        Err(ProblemError::SamplesJump(_)) => Ok(None),
        other => Ok(Some(other?)),
    }
}

/// The horizon in calls, within what was allowed.
fn horizon(
    run: &RunTable,
    plan: Option<&Plan>,
    algorithm: &dyn DynAlgorithm<f64>,
    batch: u64,
) -> Result<u64, Failure> {
    if !(1..=LARGEST_SEEDS).contains(&run.seeds) {
        return Err(Failure::Input(format!(
            "[run] seeds must be at least 1 and at most {LARGEST_SEEDS}, not {}",
            run.seeds
        )));
    }
    let horizon = match (run.horizon, plan) {
        (Some(0), _) => return Err(Failure::Input("[run] horizon must be at least 1 call".into())),
        (Some(horizon), _) => horizon,
        (None, Some(plan)) => plan.calls,
        (None, None) => return Err(Failure::Input("[run] needs a horizon (in oracle calls)".into())),
    };
    // A step is taken whole, and the first may ask for more gradients than the horizon has.
    let calls = horizon.max(algorithm.most_calls());
    let total = (u128::from(calls) * u128::from(run.seeds)).saturating_mul(u128::from(batch));
    if total > u128::from(run.max_calls) {
        return Err(Failure::Input(format!(
            "{} seeds of {calls} calls with a batch of {batch} are {total} samples, more than max_calls = {}: take a \
             larger eps, a smaller noise or batch, a larger averaging (a first batch has 1/averaging gradients), fewer seeds or \
             a horizon, or raise max_calls in [run]",
            run.seeds, run.max_calls
        )));
    }
    Ok(horizon)
}

fn experiment(path: &Path, global: &Global) -> Result<Report, Failure> {
    let file: File = read(path)?;
    experiment_of(file, path.parent().unwrap_or(Path::new(".")), global).map_err(|e| in_file(path, e))
}

fn experiment_of(file: File, folder: &Path, global: &Global) -> Result<Report, Failure> {
    if file.run.levels.iter().any(|level| !(level.is_finite() && *level >= 0.0)) {
        return Err(Failure::Input("[run] levels must be finite and at least 0".into()));
    }
    let tables = subject::Tables { problem: &file.problem, norm: &file.norm, noise: file.noise.as_ref() };
    let Subject { norm, noise, sampling } = tables.build(folder)?;
    let Scheduled { algorithm, table, promise } = method(&file, &sampling, &norm)?;
    let batch = noise.get("batch").and_then(toml::Value::as_integer).map_or(1, |b| b.unsigned_abs());
    let horizon = horizon(&file.run, promise.as_ref().map(|p| &p.plan), &*algorithm, batch)?;
    let bound_at_horizon = promise.as_ref().map(|p| p.at(horizon)).transpose()?.flatten();
    let targets = [Target { norm: Arc::clone(&norm), levels: file.run.levels.clone() }];
    let start = sampling.problem().start();
    let master = global.seed;
    let experiment = Experiment {
        algorithm: &*algorithm,
        problem: sampling.problem(),
        start: &start,
        oracle: &|unit| Ok(sampling.oracle(seed::stream(master, unit))),
        targets: &targets,
        horizon,
        checks: Schedule::EveryStep,
        records: Schedule::Geometric(1.1),
        stop_when_reached: false,
    };
    let outcomes = watched(&experiment, &file.run, global)?;
    Ok(Report {
        version: env!("CARGO_PKG_VERSION"),
        norm: norm.label().to_string(),
        noise: sampling.noise().label(),
        seed: master,
        plan: promise.map(|p| p.plan),
        bound_at_horizon,
        horizon,
        passages: file
            .run
            .levels
            .iter()
            .enumerate()
            .map(|(k, &level)| passage(level, k, &outcomes))
            .collect(),
        outcomes,
        tables: Tables {
            problem: file.problem,
            norm: file.norm,
            noise,
            method: table,
            run: RunTable { horizon: Some(horizon), ..file.run },
        },
    })
}

/// Runs all seeds with a bar and an ear for Ctrl-C.
fn watched(
    experiment: &Experiment<'_, f64>,
    run: &RunTable,
    global: &Global,
) -> Result<Vec<Outcome<f64>>, Failure> {
    let bar = ProgressBar::new(1);
    if !global.shows_progress() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar.set_style(
        ProgressStyle::with_template("{wide_bar} {percent}% {eta} left").expect("a fixed template"),
    );
    let progress = |p: Progress| {
        bar.set_length(p.of_calls);
        bar.set_position(p.calls);
    };
    let interrupted = on_interrupt();
    let seeds: Vec<u64> = (0..run.seeds).collect();
    let control = Control { cancelled: &interrupted, progress: &progress };
    let outcomes = global.pool()?.install(|| experiment.run(&seeds, true, control));
    bar.finish_and_clear();
    if interrupted.load(Ordering::Relaxed) {
        return Err(Failure::interrupted("nothing was written; run the command again"));
    }
    outcomes.map_err(|e| Failure::Input(e.to_string()))
}

fn passage(level: f64, k: usize, outcomes: &[Outcome<f64>]) -> Passage {
    let passages: Vec<Option<u64>> = outcomes.iter().map(|o| o.first_passages[0][k]).collect();
    let times: Vec<f64> = passages.iter().map(|&calls| passage_time(calls)).collect();
    let finite = |x: f64| Some(x).filter(|x| x.is_finite());
    let interval = median_interval(&times, 0.95);
    Passage {
        level,
        reached: passages.iter().flatten().count(),
        of: passages.len(),
        median: median(&times).and_then(finite),
        interval: [interval.and_then(|i| finite(i.lower)), interval.and_then(|i| finite(i.upper))],
        coverage: interval.map_or(0.0, |i| i.coverage),
    }
}

fn text(report: &Report) -> String {
    let Report { norm, noise, seed, plan, bound_at_horizon, horizon, passages, outcomes, tables, .. } =
        report;
    let line = |table: &toml::Table| {
        let name = table.get("name").and_then(toml::Value::as_str).unwrap_or_default();
        let keys =
            table.iter().filter(|(key, _)| *key != "name").map(|(key, value)| format!(", {key} {value}"));
        format!("{name}{}", keys.collect::<String>())
    };
    let batch = tables.noise.get("batch").map_or(String::new(), |batch| format!(", batch {batch}"));
    let mut text = format!(
        "problem {}\nmethod {}\nnorm {norm}, noise {noise}{batch}, {} seeds from master seed {seed}, horizon {horizon} calls\n",
        line(&tables.problem),
        line(&tables.method),
        outcomes.len()
    );
    if let Some(plan) = plan {
        let (what, note) = if plan.theorem == "U6" {
            ("mean Frank-Wolfe gap", " (the gap is not measured here)")
        } else {
            ("mean dual gradient norm", "")
        };
        let (bound, at) = match bound_at_horizon {
            Some(bound) => {
                (*bound, format!(" at the horizon of {horizon} calls, not the planned {}", plan.calls))
            }
            None => (plan.bound, String::new()),
        };
        text.push_str(&format!(
            "{}: alpha {}, step size {}, {what} promised at most {}{at}{note}\n",
            plan.theorem,
            number(plan.alpha),
            number(plan.step_size),
            number(bound)
        ));
    }
    let averages: Option<Vec<f64>> =
        outcomes.iter().map(|o| o.mean_dual_gradient_norms.as_ref().map(|m| m[0])).collect();
    if let Some(middle) = averages.and_then(|a| median(&a)) {
        text.push_str(&format!(
            "mean dual gradient norm over the steps: {} (median over seeds)\n",
            number(middle)
        ));
    }
    for p in passages {
        let show = |x: Option<f64>| x.map_or("not reached".to_owned(), |x| format!("{x} calls"));
        text.push_str(&format!(
            "level {}: {} of {} seeds, median {}, interval [{}, {}] of coverage {:.3}\n",
            p.level,
            p.reached,
            p.of,
            show(p.median),
            show(p.interval[0]),
            show(p.interval[1]),
            p.coverage
        ));
    }
    let diverged = outcomes.iter().filter(|o| matches!(o.end, End::Diverged { .. })).count();
    if diverged > 0 {
        text.push_str(&format!("{diverged} of {} seeds diverged\n", outcomes.len()));
    }
    text
}
