//! The one loop: seeds, trajectories, first passage, what is recorded.
//!
//! A run hands an algorithm an oracle and nothing else. The problem itself is looked at from outside, to record the
//! exact gradient; that costs no calls, and the algorithm never sees it.
//!
//! A number in an [`Outcome`] depends on the experiment and on its seed alone: not on other seeds, on their order or on
//! the number of threads. Divergence is an outcome, since under heavy tails it is what some methods do; an error means
//! that the experiment itself is wrong.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::algorithms::DynAlgorithm;
use crate::spec::{
    AlgorithmError, Matrix, Norm, NormError, NormLabel, OracleError, Problem, Scalar, StochasticOracle,
};

/// Makes the oracle of a seed. Oracles of different seeds must not share state.
pub type OracleFactory<'a, T> =
    dyn Fn(u64) -> Result<Box<dyn StochasticOracle<T>>, Box<dyn Error + Send + Sync>> + Sync + 'a;

/// A norm in which the gradient is measured, and the levels whose first passage is recorded.
#[derive(Debug, Clone)]
pub struct Target<T: Scalar> {
    /// The gradient is measured in the DUAL of this norm.
    pub norm: Arc<dyn Norm<T>>,
    /// The values eps, each at least 0, in any order. None: the gradient is recorded, no passage is.
    pub levels: Vec<f64>,
}

/// When something happens in the course of a run. X_0 is always among the moments, and so is the point at which the
/// horizon or the last level is reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// At every X_t.
    EveryStep,
    /// At the first X_t after each further this many calls (at least 1).
    EveryCalls(u64),
    /// At the first X_t at which the calls have grown by this factor (above 1).
    Geometric(f64),
}

impl Schedule {
    /// The number of calls from which the next moment counts.
    fn after(self, calls: u64) -> u64 {
        match self {
            Self::EveryStep => calls,
            Self::EveryCalls(k) => calls.saturating_add(k),
            // `as` saturates; at least one further call, or small numbers would never grow.
            Self::Geometric(ratio) => ((calls as f64 * ratio).ceil() as u64).max(calls.saturating_add(1)),
        }
    }

    fn validate(self) -> Result<(), RunError> {
        match self {
            Self::EveryCalls(0) => Err(RunError::InvalidSchedule { must_be: "at least 1 call", value: 0.0 }),
            Self::Geometric(ratio) if !(ratio.is_finite() && ratio > 1.0) => {
                Err(RunError::InvalidSchedule { must_be: "a finite factor above 1", value: ratio })
            }
            _ => Ok(()),
        }
    }
}

/// What one run does; the seed comes on top.
#[derive(Clone)]
pub struct Experiment<'a, T: Scalar> {
    /// The method.
    pub algorithm: &'a dyn DynAlgorithm<T>,
    /// The problem that the records look at.
    pub problem: &'a dyn Problem<T>,
    /// X_0.
    pub start: &'a Matrix<T>,
    /// The oracle of a seed.
    pub oracle: &'a OracleFactory<'a, T>,
    /// What is measured.
    pub targets: &'a [Target<T>],
    /// Steps are taken while fewer calls than this were made: with batches the last step may end past it.
    pub horizon: u64,
    /// When the exact gradient is taken. First passages are passages at a check; the averages of the theorems need
    /// [`Schedule::EveryStep`].
    pub checks: Schedule,
    /// Which checks become records: the first one due from each moment of this schedule.
    pub records: Schedule,
    /// End as soon as every level of every target is reached (and there is one).
    pub stop_when_reached: bool,
}

impl<T: Scalar> fmt::Debug for Experiment<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Experiment")
            .field("problem", &self.problem.name())
            .field("targets", &self.targets)
            .field("horizon", &self.horizon)
            .field("checks", &self.checks)
            .field("records", &self.records)
            .field("stop_when_reached", &self.stop_when_reached)
            .finish_non_exhaustive()
    }
}

/// How far a whole set of runs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Calls made; a run that ended early counts as its whole horizon, so that the ratio is a fraction of the work.
    pub calls: u64,
    /// Calls that all runs may make.
    pub of_calls: u64,
    /// Runs that ended.
    pub runs: u64,
    /// All runs.
    pub of_runs: u64,
}

/// What a caller hears of a set of runs, and how it stops them.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Once true, every run ends at its next step as [`End::Cancelled`].
    pub cancelled: &'a AtomicBool,
    /// Called from the worker threads, about a hundred times a run and at its end.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("cancelled", self.cancelled).finish_non_exhaustive()
    }
}

impl Default for Control<'_> {
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { cancelled: &NEVER, progress: &|_| () }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The horizon.
    Horizon,
    /// Every level of every target was reached.
    Reached,
    /// The iterate, its gradient or its objective left the number range after this many calls.
    Diverged {
        /// Calls made by then.
        calls: u64,
    },
    /// The caller stopped it.
    Cancelled,
}

/// The exact state of affairs at one point X_t.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Calls made before X_t was known: 0 for X_0.
    pub calls: u64,
    /// t.
    pub step: u64,
    /// ||grad f(X_t)||_* for each target.
    pub dual_gradient_norms: Vec<f64>,
    /// The mean of ||grad f(X_s)||_* over s = 0, ..., t for each target; empty unless every step is checked.
    pub mean_dual_gradient_norms: Vec<f64>,
    /// f(X_t).
    pub objective: f64,
}

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Outcome<T: Scalar> {
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub end: End,
    /// Calls made.
    pub calls: u64,
    /// Steps taken.
    pub steps: u64,
    /// The norms of the targets.
    pub norms: Vec<NormLabel>,
    /// For each target and each of its levels: calls made before the first checked X_t with ||grad f(X_t)||_* <= level.
    pub first_passages: Vec<Vec<Option<u64>>>,
    /// The left side of the theorems for each target: the mean of ||grad f(X_t)||_* over the points X_0, ..., X_{T-1}
    /// from which the T steps were taken. Only if every step is checked, and at least one was taken.
    pub mean_dual_gradient_norms: Option<Vec<f64>>,
    /// What was recorded, in order of calls.
    pub records: Vec<Record>,
    /// The last iterate, unless it is no longer finite.
    pub final_iterate: Option<Matrix<T>>,
}

/// Why an experiment is wrong.
#[derive(Debug, Error)]
pub enum RunError {
    /// The oracle could not be made.
    #[error("the oracle of seed {seed} could not be made: {source}")]
    Oracle {
        /// The seed.
        seed: u64,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The method refused.
    #[error("seed {seed}, after {calls} calls: {source}")]
    Algorithm {
        /// The seed.
        seed: u64,
        /// Calls made by then.
        calls: u64,
        /// Why.
        source: AlgorithmError,
    },
    /// A target's norm gave no value, for another reason than divergence.
    #[error("seed {seed}, measuring the gradient in the dual of {norm}: {source}")]
    Target {
        /// The seed.
        seed: u64,
        /// The norm.
        norm: NormLabel,
        /// Why.
        source: NormError,
    },
    /// A schedule would never come to its next moment.
    #[error("a schedule must move on: it needs {must_be}, not {value}")]
    InvalidSchedule {
        /// In words.
        must_be: &'static str,
        /// The value found.
        value: f64,
    },
    /// A level is negative or NaN.
    #[error("a level of a first passage must be at least 0, not {0}")]
    InvalidLevel(f64),
}

impl<T: Scalar> Experiment<'_, T> {
    /// Runs every seed; outcomes come in the order of the seeds. With `parallel` the seeds are spread over the current
    /// rayon pool; the numbers are the same.
    ///
    /// # Errors
    /// [`RunError`] of the first seed, in their order, that has one.
    pub fn run(
        &self,
        seeds: &[u64],
        parallel: bool,
        control: Control<'_>,
    ) -> Result<Vec<Outcome<T>>, RunError> {
        self.validate()?;
        let counter = Counter::new(control, self.horizon, seeds.len() as u64);
        let one = |&seed: &u64| self.run_seed(seed, &counter);
        // Collected before the errors are looked at: which error is first must not depend on the threads either.
        let outcomes: Vec<_> =
            if parallel { seeds.par_iter().map(one).collect() } else { seeds.iter().map(one).collect() };
        outcomes.into_iter().collect()
    }

    fn validate(&self) -> Result<(), RunError> {
        self.checks.validate()?;
        self.records.validate()?;
        let mut levels = self.targets.iter().flat_map(|target| &target.levels);
        match levels.find(|level| level.is_nan() || **level < 0.0) {
            Some(&level) => Err(RunError::InvalidLevel(level)),
            None => Ok(()),
        }
    }

    fn run_seed(&self, seed: u64, counter: &Counter<'_>) -> Result<Outcome<T>, RunError> {
        let mut oracle = (self.oracle)(seed).map_err(|source| RunError::Oracle { seed, source })?;
        let mut log = Log::new(self, seed);
        let begun = self.algorithm.begin(self.start, &mut *oracle);
        let Some(mut trajectory) = divergence_apart(begun, seed, oracle.calls())? else {
            counter.finish(0);
            return Ok(log.finish(End::Diverged { calls: oracle.calls() }, oracle.calls(), None));
        };
        let mut reported = 0;
        let end = loop {
            let calls = oracle.calls();
            reported = counter.report(calls, reported);
            let last = calls >= self.horizon;
            match log.look(trajectory.iterate(), calls, last)? {
                Seen::Divergence => break End::Diverged { calls },
                Seen::AllReached if self.stop_when_reached => break End::Reached,
                _ if last => break End::Horizon,
                _ if counter.is_cancelled() => break End::Cancelled,
                _ => {}
            }
            let stepped = trajectory.step(&mut *oracle);
            if divergence_apart(stepped, seed, oracle.calls())?.is_none() {
                break End::Diverged { calls: oracle.calls() };
            }
            log.steps += 1;
        };
        counter.finish(reported);
        Ok(log.finish(end, oracle.calls(), Some(trajectory.iterate())))
    }
}

/// `None` if the number range was left, an error for anything else.
fn divergence_apart<X>(
    result: Result<X, AlgorithmError>,
    seed: u64,
    calls: u64,
) -> Result<Option<X>, RunError> {
    match result {
        Ok(x) => Ok(Some(x)),
        Err(AlgorithmError::Oracle(OracleError::Diverged)) => Ok(None),
        Err(AlgorithmError::Norm(e)) if is_divergence(&e) => Ok(None),
        Err(source) => Err(RunError::Algorithm { seed, calls, source }),
    }
}

fn is_divergence(error: &NormError) -> bool {
    matches!(error, NormError::NonFinite { .. } | NormError::Overflow { .. })
}

/// What a look at X_t showed.
enum Seen {
    Divergence,
    AllReached,
    Nothing,
}

/// What one run has seen so far.
struct Log<'e, 'a, T: Scalar> {
    experiment: &'e Experiment<'a, T>,
    seed: u64,
    steps: u64,
    next_check: u64,
    next_record: u64,
    first_passages: Vec<Vec<Option<u64>>>,
    /// How many points were looked at.
    points: u64,
    /// Per target: sums of ||grad f(X_s)||_* over all of them, and over all but the last.
    sums: Vec<f64>,
    sums_before: Vec<f64>,
    records: Vec<Record>,
}

impl<'e, 'a, T: Scalar> Log<'e, 'a, T> {
    fn new(experiment: &'e Experiment<'a, T>, seed: u64) -> Self {
        let targets = experiment.targets;
        Self {
            experiment,
            seed,
            steps: 0,
            next_check: 0,
            next_record: 0,
            first_passages: targets.iter().map(|target| vec![None; target.levels.len()]).collect(),
            points: 0,
            sums: vec![0.0; targets.len()],
            sums_before: vec![0.0; targets.len()],
            records: Vec::new(),
        }
    }

    /// Looks at X_t if a check is due, and always at the last point.
    fn look(&mut self, x: &Matrix<T>, calls: u64, last: bool) -> Result<Seen, RunError> {
        if calls < self.next_check && !last {
            return Ok(Seen::Nothing);
        }
        let Some(record) = self.measure(x, calls)? else { return Ok(Seen::Divergence) };
        self.next_check = self.experiment.checks.after(calls);
        for (target, (norm, passages)) in self
            .experiment
            .targets
            .iter()
            .zip(record.dual_gradient_norms.iter().zip(&mut self.first_passages))
        {
            for (level, passage) in target.levels.iter().zip(passages) {
                if norm <= level {
                    passage.get_or_insert(calls);
                }
            }
        }
        let all_reached = self.all_reached();
        let ends = last || (all_reached && self.experiment.stop_when_reached);
        if calls >= self.next_record || ends {
            self.next_record = self.experiment.records.after(calls);
            self.records.push(record);
        }
        Ok(if all_reached { Seen::AllReached } else { Seen::Nothing })
    }

    fn all_reached(&self) -> bool {
        let mut passages = self.first_passages.iter().flatten().peekable();
        passages.peek().is_some() && passages.all(Option::is_some)
    }

    /// `None` if the number range was left.
    fn measure(&mut self, x: &Matrix<T>, calls: u64) -> Result<Option<Record>, RunError> {
        let problem = self.experiment.problem;
        if x.first_non_finite().is_some() {
            return Ok(None);
        }
        let objective = problem.objective(x).to_f64();
        let gradient = problem.gradient(x);
        if !objective.is_finite() || gradient.first_non_finite().is_some() {
            return Ok(None);
        }
        let mut dual_gradient_norms = Vec::with_capacity(self.experiment.targets.len());
        for target in self.experiment.targets {
            match target.norm.dual_value(&gradient) {
                Ok(value) => dual_gradient_norms.push(value.to_f64()),
                Err(e) if is_divergence(&e) => return Ok(None),
                Err(source) => {
                    return Err(RunError::Target { seed: self.seed, norm: target.norm.label(), source });
                }
            }
        }
        self.points += 1;
        self.sums_before.clone_from(&self.sums);
        self.sums.iter_mut().zip(&dual_gradient_norms).for_each(|(sum, norm)| *sum += norm);
        let mean_dual_gradient_norms = match self.experiment.checks {
            Schedule::EveryStep => self.sums.iter().map(|sum| sum / self.points as f64).collect(),
            _ => Vec::new(),
        };
        let step = self.steps;
        Ok(Some(Record { calls, step, dual_gradient_norms, mean_dual_gradient_norms, objective }))
    }

    /// The mean over X_0, ..., X_{T-1}: X_T was looked at too, unless the run diverged there.
    fn mean_over_steps(&self) -> Option<Vec<f64>> {
        let left = if self.points == self.steps { &self.sums } else { &self.sums_before };
        (self.experiment.checks == Schedule::EveryStep && self.steps > 0)
            .then(|| left.iter().map(|sum| sum / self.steps as f64).collect())
    }

    fn finish(self, end: End, calls: u64, last: Option<&Matrix<T>>) -> Outcome<T> {
        Outcome {
            seed: self.seed,
            end,
            calls,
            steps: self.steps,
            norms: self.experiment.targets.iter().map(|target| target.norm.label()).collect(),
            mean_dual_gradient_norms: self.mean_over_steps(),
            first_passages: self.first_passages,
            records: self.records,
            final_iterate: last.filter(|x| x.first_non_finite().is_none()).cloned(),
        }
    }
}

/// Adds up the calls of all runs for the progress callback.
struct Counter<'a> {
    control: Control<'a>,
    calls: AtomicU64,
    runs: AtomicU64,
    horizon: u64,
    of_runs: u64,
}

impl<'a> Counter<'a> {
    fn new(control: Control<'a>, horizon: u64, of_runs: u64) -> Self {
        Self { control, calls: AtomicU64::new(0), runs: AtomicU64::new(0), horizon, of_runs }
    }

    fn is_cancelled(&self) -> bool {
        self.control.cancelled.load(Ordering::Relaxed)
    }

    /// Reports a run's calls once they have grown by a hundredth of the horizon; returns what was reported so far.
    fn report(&self, calls: u64, reported: u64) -> u64 {
        let calls = calls.min(self.horizon);
        if calls - reported <= self.horizon / 100 {
            return reported;
        }
        self.add(calls - reported, 0);
        calls
    }

    fn finish(&self, reported: u64) {
        self.add(self.horizon - reported, 1);
    }

    fn add(&self, calls: u64, runs: u64) {
        let calls = self.calls.fetch_add(calls, Ordering::Relaxed) + calls;
        let runs = self.runs.fetch_add(runs, Ordering::Relaxed) + runs;
        let of_calls = self.horizon.saturating_mul(self.of_runs);
        (self.control.progress)(Progress { calls, of_calls, runs, of_runs: self.of_runs });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::algorithms::testing::{Quadratic, Scripted, row};
    use crate::algorithms::{
        BatchedScion, BatchedScionConfig, Scion, ScionConfig, SgdMomentum, SgdMomentumConfig,
    };
    use crate::norms::{frobenius::Frobenius, max_entry::MaxEntry};
    use crate::seed;
    use rand::RngExt as _;

    /// The gradient plus (z, -z), z = 1 or -1 from the seed's stream.
    fn coin(seed: u64) -> Result<Box<dyn StochasticOracle<f64>>, Box<dyn Error + Send + Sync>> {
        let mut rng = seed::stream(7, seed);
        let problem = Quadratic::small();
        Ok(Box::new(Scripted::new(1, 2, move |_, x: &Matrix<f64>| {
            let z = if rng.random::<bool>() { 1.0 } else { -1.0 };
            &problem.gradient(x) + &row(&[z, -z])
        })))
    }

    fn scion() -> Scion<f64> {
        let config = ScionConfig { step_size: 0.05, averaging: 0.2, ..ScionConfig::default() };
        Scion::new(config, Arc::new(MaxEntry)).unwrap()
    }

    fn targets() -> Vec<Target<f64>> {
        vec![
            Target { norm: Arc::new(Frobenius), levels: vec![1.0, 0.5, 1e-9] },
            Target { norm: Arc::new(MaxEntry), levels: vec![1.0] },
        ]
    }

    /// Calls `body` with an experiment on the small quadratic.
    fn with<R>(algorithm: &dyn DynAlgorithm<f64>, body: impl FnOnce(Experiment<'_, f64>) -> R) -> R {
        let problem = Quadratic::small();
        body(Experiment {
            algorithm,
            problem: &problem,
            start: &problem.start(),
            oracle: &coin,
            targets: &targets(),
            horizon: 200,
            checks: Schedule::EveryStep,
            records: Schedule::EveryStep,
            stop_when_reached: false,
        })
    }

    #[test]
    fn the_numbers_depend_neither_on_threads_nor_on_the_order_of_the_seeds() {
        with(&scion(), |experiment| {
            let seeds: Vec<u64> = (0..12).collect();
            let backwards: Vec<u64> = (0..12).rev().collect();
            let on = |threads: usize, seeds: &[u64]| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| experiment.run(seeds, true, Control::default())).unwrap()
            };
            let mut expected = experiment.run(&seeds, false, Control::default()).unwrap();
            assert_ne!(expected[0].records, expected[1].records);
            assert_eq!(on(1, &seeds), expected);
            assert_eq!(on(2, &seeds), expected);
            expected.reverse();
            assert_eq!(on(2, &backwards), expected);
        });
    }

    #[test]
    fn a_run_is_what_a_hand_written_loop_gives() {
        with(&scion(), |experiment| {
            let outcome = experiment.run(&[3], false, Control::default()).unwrap().remove(0);
            let method = scion();
            let mut oracle = coin(3).unwrap();
            let mut run = method.begin(experiment.start, &mut *oracle).unwrap();
            let mut sum = 0.0;
            let mut passage = None;
            for t in 0..200 {
                let norm = experiment.problem.gradient(run.iterate());
                let norm = Norm::<f64>::value(&Frobenius, &norm).unwrap();
                assert_eq!(outcome.records[t].dual_gradient_norms[0], norm);
                assert_eq!((outcome.records[t].calls, outcome.records[t].step), (t as u64, t as u64));
                sum += norm;
                assert_eq!(outcome.records[t].mean_dual_gradient_norms[0], sum / (t + 1) as f64);
                if norm <= 0.5 && passage.is_none() {
                    passage = Some(t as u64);
                }
                run.step(&mut *oracle).unwrap();
            }
            assert_eq!(outcome.mean_dual_gradient_norms.as_ref().unwrap()[0], sum / 200.0);
            assert!(passage.is_some());
            assert_eq!(outcome.first_passages[0][1], passage);
            assert_eq!(outcome.first_passages[0][2], None);
            assert_eq!((outcome.end, outcome.calls, outcome.steps), (End::Horizon, 200, 200));
            assert_eq!(outcome.final_iterate.as_ref(), Some(run.iterate()));
            assert_eq!(outcome.records.len(), 201);
        });
    }

    #[test]
    fn an_outcome_survives_serialisation() {
        with(&scion(), |experiment| {
            let outcome = experiment.run(&[3], false, Control::default()).unwrap().remove(0);
            let text = toml::to_string(&outcome.records[5]).unwrap();
            assert_eq!(toml::from_str::<Record>(&text).unwrap(), outcome.records[5]);
            let value = serde_json::to_value(&outcome).unwrap();
            assert_eq!(value["end"], "horizon");
            assert_eq!(value["norms"][1], "max-entry");
            assert_eq!(serde_json::from_value::<Outcome<f64>>(value).unwrap(), outcome);
        });
    }

    #[test]
    fn a_run_ends_when_every_level_is_reached() {
        with(&scion(), |mut experiment| {
            experiment.targets = &experiment.targets[1..];
            experiment.stop_when_reached = true;
            let outcome = experiment.run(&[3], false, Control::default()).unwrap().remove(0);
            assert_eq!(outcome.end, End::Reached);
            assert_eq!(outcome.first_passages, vec![vec![Some(outcome.calls)]]);
            assert!(outcome.records.last().unwrap().dual_gradient_norms[0] <= 1.0);
            assert!(outcome.records.iter().rev().skip(1).all(|r| r.dual_gradient_norms[0] > 1.0));
        });
    }

    #[test]
    fn schedules_thin_checks_and_records() {
        with(&scion(), |mut experiment| {
            experiment.records = Schedule::Geometric(2.0);
            let calls = |e: &Experiment<'_, f64>| {
                let outcome = e.run(&[1], false, Control::default()).unwrap().remove(0);
                outcome.records.iter().map(|r| r.calls).collect::<Vec<_>>()
            };
            assert_eq!(calls(&experiment), [0, 1, 2, 4, 8, 16, 32, 64, 128, 200]);
            experiment.records = Schedule::EveryStep;
            experiment.checks = Schedule::EveryCalls(60);
            assert_eq!(calls(&experiment), [0, 60, 120, 180, 200]);
            let outcome = experiment.run(&[1], false, Control::default()).unwrap().remove(0);
            assert_eq!(outcome.mean_dual_gradient_norms, None);
            assert!(outcome.first_passages[0][0].unwrap().is_multiple_of(60));
        });
    }

    #[test]
    fn a_batch_may_end_past_the_horizon() {
        let config = BatchedScionConfig { step_size: 0.05, batch: 60 };
        with(&BatchedScion::new(config, Arc::new(MaxEntry)).unwrap(), |experiment| {
            let outcome = experiment.run(&[1], false, Control::default()).unwrap().remove(0);
            assert_eq!((outcome.steps, outcome.calls, outcome.end), (4, 240, End::Horizon));
        });
    }

    #[test]
    fn a_horizon_of_nothing_looks_at_the_start() {
        with(&scion(), |mut experiment| {
            experiment.horizon = 0;
            let outcome = experiment.run(&[1], false, Control::default()).unwrap().remove(0);
            assert_eq!((outcome.records.len(), outcome.steps, outcome.end), (1, 0, End::Horizon));
            assert_eq!(outcome.mean_dual_gradient_norms, None);
        });
    }

    #[test]
    fn a_level_that_is_met_exactly_is_reached() {
        with(&scion(), |experiment| {
            // grad f(X_0) = (1, -3/2) has dual max-entry norm 5/2.
            let targets = [Target { norm: Arc::new(MaxEntry) as Arc<dyn Norm<f64>>, levels: vec![2.5] }];
            let experiment = Experiment { targets: &targets, ..experiment };
            let outcome = experiment.run(&[1], false, Control::default()).unwrap().remove(0);
            assert_eq!(outcome.first_passages, [[Some(0)]]);
        });
    }

    #[test]
    fn divergence_is_an_outcome() {
        let config = SgdMomentumConfig { step_size: 10.0, averaging: 1.0 };
        with(&SgdMomentum::<f64>::new(config).unwrap(), |mut experiment| {
            experiment.horizon = 10_000;
            let outcome = experiment.run(&[1], false, Control::default()).unwrap().remove(0);
            let End::Diverged { calls } = outcome.end else { panic!("{:?}", outcome.end) };
            assert!(calls < 10_000 && calls == outcome.calls);
            let mean = outcome.mean_dual_gradient_norms.unwrap()[0];
            let norms: Vec<f64> = outcome.records.iter().map(|r| r.dual_gradient_norms[0]).collect();
            assert_eq!(mean, norms.iter().sum::<f64>() / outcome.steps as f64);
        });
    }

    #[test]
    fn a_cancelled_run_says_so() {
        with(&scion(), |experiment| {
            let control = Control { cancelled: &AtomicBool::new(true), ..Control::default() };
            let outcomes = experiment.run(&[1, 2], true, control).unwrap();
            assert!(outcomes.iter().all(|o| o.end == End::Cancelled && o.calls == 0));
        });
    }

    #[test]
    fn progress_ends_at_the_whole_of_the_work() {
        with(&scion(), |mut experiment| {
            experiment.stop_when_reached = true;
            experiment.targets = &[];
            let seen = Mutex::new(Vec::new());
            let progress = |p: Progress| seen.lock().unwrap().push(p);
            experiment.run(&[1, 2, 3], false, Control { progress: &progress, ..Control::default() }).unwrap();
            let seen = seen.into_inner().unwrap();
            assert!(seen.is_sorted_by_key(|p| p.calls) && seen.len() > 100);
            assert_eq!(*seen.last().unwrap(), Progress { calls: 600, of_calls: 600, runs: 3, of_runs: 3 });
        });
    }

    #[test]
    fn wrong_experiments_are_errors() {
        with(&scion(), |experiment| {
            let run = |e: &Experiment<'_, f64>| e.run(&[1], false, Control::default()).unwrap_err();
            let e = Experiment { checks: Schedule::EveryCalls(0), ..experiment.clone() };
            assert!(matches!(run(&e), RunError::InvalidSchedule { .. }));
            let e = Experiment { records: Schedule::Geometric(1.0), ..experiment.clone() };
            assert!(matches!(run(&e), RunError::InvalidSchedule { .. }));
            let levels = [Target { norm: Arc::new(Frobenius) as Arc<dyn Norm<f64>>, levels: vec![f64::NAN] }];
            let e = Experiment { targets: &levels, ..experiment.clone() };
            assert!(matches!(run(&e), RunError::InvalidLevel(_)));
            let e = Experiment { oracle: &|_| Err("no data".into()), ..experiment.clone() };
            assert!(run(&e).to_string().contains("no data"));
            // An oracle on another space is a mistake, not a divergence.
            let wide = |_| {
                let oracle = Scripted::new(2, 2, |_, x: &Matrix<f64>| x.clone());
                Ok(Box::new(oracle) as Box<dyn StochasticOracle<f64>>)
            };
            let e = Experiment { oracle: &wide, ..experiment.clone() };
            assert!(matches!(run(&e), RunError::Algorithm { .. }));
        });
    }
}
