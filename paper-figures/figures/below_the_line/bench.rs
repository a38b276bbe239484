//! Instances, pilot, choice, measurement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use heavynorm::algorithms::DynAlgorithm;
use heavynorm::hard_instances::{HardInstance, Layout, RevealOracle, ZeroWatch};
use heavynorm::noise::NoNoise;
use heavynorm::run::{Control, End, Experiment, Record, Schedule, Target};
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Dimensions, Matrix, MomentOrder, Norm, Problem, StochasticOracle, ZeroRespecting};
use heavynorm::statistics::{median, passage_time};
use heavynorm::{norms::max_row_l2::MaxRowL2, norms::spectral::Spectral, seed};
use heavynorm_proofs_check::lower_bounds::{Design, LowerBoundError};
use heavynorm_proofs_check::{Line, LowerBound, lower_bounds};
use rayon::prelude::*;

use super::betting::{Reading, mean};
use super::members::{Member, Members, Units};
use super::stand::{Judge, Stand, Trace, first_at_most_one};
use super::{CONFIDENCE, Candidate, Contest, Context, Entrant, Failure, INSTANCE, NAME, PILOT, Shape, Size};

/// An instance, its line, and what runs on it are given.
pub(super) struct Ground {
    number: u64,
    pub(super) shape: Shape,
    /// sigma/eps.
    pub(super) noise: f64,
    pub(super) line: Line,
    /// N*.
    pub(super) calls: u64,
    pub(super) horizon: u64,
    /// The objective and the oracle of the runs: the line does not look at them.
    pub(super) hard: HardInstance,
    /// eps.
    accuracy: f64,
    units: Units,
}

impl Ground {
    pub(super) fn new(number: u64, shape: &Shape, size: &Size) -> Result<Self, Failure> {
        let wrong = |e: LowerBoundError| Failure::Input(format!("{NAME}: {e}"));
        let space = Layout::Rows.smallest(shape.blocks, shape.length)?;
        let design = Design {
            norm: Arc::new(Spectral),
            dimensions: space,
            moment_order: MomentOrder::new(shape.moment_order)?,
            lambda: shape.lambda,
            length: shape.length,
            reveal_probability: shape.reveal_probability,
            class: ZeroRespecting::Lines,
        };
        let bound = the_bound()?;
        let setting = bound.design(&design).map_err(wrong)?;
        let lower = bound.instance(&setting, shape.lambda, design.class).map_err(wrong)?;
        let line = lower.line();
        let calls = line.calls();
        Ok(Self {
            number,
            shape: *shape,
            noise: setting.noise_scale.sigma() / lower.accuracy,
            line,
            calls,
            horizon: (size.reach * calls as f64).ceil() as u64,
            hard: lower.instance(space)?,
            accuracy: lower.accuracy,
            units: Units { width: lower.width, gradient: lower.scale / lower.width },
        })
    }

    fn space(&self) -> Dimensions {
        Problem::<f64>::dimensions(&**self.hard.chain())
    }

    /// How means are read: ||grad f||_* is the sum of N block norms, each at most (c/s) G sqrt(T), so over eps at most
    /// lambda G sqrt(T). Numbers are clipped, for lower ends, where every block shows the largest frontier entry.
    pub(super) fn reading(&self, level: f64) -> Reading {
        let constants = chain_constants();
        let whole = self.units.gradient * self.shape.blocks as f64 / self.accuracy;
        let per_block = constants.gradient_entry.upper * (self.shape.length as f64).sqrt();
        Reading { bound: whole * per_block, clip: whole * constants.frontier_entry.upper, level }
    }

    fn oracle(&self, master: u64, seed: u64) -> RevealOracle<f64> {
        let stream = seed::stream(master, self.number * INSTANCE + seed);
        RevealOracle::new(self.hard.clone(), Arc::new(NoNoise::new(self.space())), stream)
    }

    /// One run.
    fn trace(
        &self,
        algorithm: &dyn DynAlgorithm<f64>,
        seed: u64,
        context: &Context<'_>,
    ) -> Result<Trace, Failure> {
        let chain = &**self.hard.chain();
        let norm: Arc<dyn Norm<f64>> = Arc::new(MaxRowL2);
        let experiment = Experiment {
            algorithm,
            problem: chain,
            start: &Problem::<f64>::start(chain),
            oracle: &|seed| Ok(Box::new(self.oracle(context.seed, seed))),
            targets: &[Target { norm, levels: vec![self.accuracy] }],
            horizon: self.horizon,
            checks: Schedule::EveryStep,
            records: Schedule::EveryStep,
            stop_when_reached: false,
        };
        let control = Control { cancelled: context.cancelled, progress: &|_| () };
        let mut outcomes = experiment.run(&[seed], false, control).map_err(|e| Failure::Check(e.to_string()))?;
        let outcome = outcomes.remove(0);
        if outcome.end == End::Cancelled {
            return Err(Failure::interrupted("nothing of this figure was kept"));
        }
        let values = self.by_calls(&outcome.records);
        Ok(Trace { values, hit: outcome.first_passages[0][0] })
    }

    /// The norm at the last iterate that is known after N calls; one that left the number range is not known.
    fn by_calls(&self, records: &[Record]) -> Vec<f64> {
        let mut at = 0;
        let value = |n| {
            while records.get(at + 1).is_some_and(|next| next.calls <= n) {
                at += 1;
            }
            records[at].dual_gradient_norms[0] / self.accuracy
        };
        (0..=self.horizon).map(value).collect()
    }

    /// The class that a run keeps, queries and iterates.
    fn class(
        &self,
        algorithm: &dyn DynAlgorithm<f64>,
        seed: u64,
        master: u64,
    ) -> Result<ZeroRespecting, Failure> {
        let failed = |e: heavynorm::spec::AlgorithmError| Failure::Check(format!("{NAME}: {e}"));
        let mut oracle = self.oracle(master, seed);
        let mut watch = ZeroWatch::<f64>::new(&mut oracle);
        let start: Matrix<f64> = Problem::start(&**self.hard.chain());
        let mut run = algorithm.begin(&start, &mut watch).map_err(failed)?;
        while watch.calls() < self.horizon {
            // What leaves the number range ends there, as in the measured run.
            if run.step(&mut watch).is_err() {
                break;
            }
            watch.check(run.iterate());
        }
        Ok(watch.class())
    }
}

fn the_bound() -> Result<Box<dyn LowerBound>, Failure> {
    let found = lower_bounds().into_iter().find(|bound| bound.statement().id == "L1");
    found.ok_or_else(|| Failure::Input(format!("{NAME}: there is no lower bound L1 any more")))
}

/// Runs whose class is watched, of each choice.
const WATCHED: u64 = 8;

/// How many statements the verdict makes: each method's two choices, at two numbers of calls, on each instance.
pub(super) fn claims(grounds: usize, members: usize) -> usize {
    grounds * members * 2 * 2
}

/// Everybody on every instance.
pub(super) fn contests(
    size: &Size,
    members: &Members,
    grounds: Vec<Ground>,
    context: &Context<'_>,
) -> Result<Vec<Contest>, Failure> {
    let everybody: Vec<&Member> = members.members.iter().chain(&members.outsiders).collect();
    let level = (1.0 - CONFIDENCE) / (2.0 * claims(grounds.len(), members.members.len()) as f64);
    let calls_of = |ground: &Ground| {
        let runs: u64 = everybody.iter().map(|m| candidates(m, size).len() as u64 * size.pilot_seeds).sum();
        (runs + 2 * size.seeds * everybody.len() as u64) * ground.horizon
    };
    let clock = Clock { context, done: AtomicU64::new(0), all: grounds.iter().map(calls_of).sum() };
    let contest = |ground: Ground| {
        let bench = Bench { size, ground: &ground, level, context, clock: &clock };
        let entrants = everybody.iter().map(|m| bench.entrant(m)).collect::<Result<Vec<_>, _>>()?;
        Ok(Contest { entrants, ground })
    };
    grounds.into_iter().map(contest).collect()
}

/// What the pilot tries, in the order in which ties are decided.
fn candidates(member: &Member, size: &Size) -> Vec<Candidate> {
    let averagings = if member.has_memory() { &size.averagings[..] } else { &[1.0] };
    let with = |&step| averagings.iter().map(move |&averaging| Candidate { step, averaging });
    size.steps.iter().flat_map(with).collect()
}

/// One instance while it is run on.
pub(super) struct Bench<'a> {
    pub(super) size: &'a Size,
    pub(super) ground: &'a Ground,
    /// Of each end of each joint interval.
    pub(super) level: f64,
    pub(super) context: &'a Context<'a>,
    pub(super) clock: &'a Clock<'a>,
}

impl Bench<'_> {
    /// Pilot, choice, measurement.
    pub(super) fn entrant(&self, member: &Member) -> Result<Entrant, Failure> {
        let norm = member.norm(self.ground.space())?;
        let build = |candidate| member.build(&norm, self.ground.units, candidate);
        let tried = candidates(member, self.size);
        let pilots: Vec<u64> = (0..self.size.pilot_seeds).map(|k| PILOT + k).collect();
        let built = tried.iter().map(|&candidate| build(candidate)).collect::<Result<Vec<_>, _>>()?;
        let traces = self.traces(&built, &pilots)?;
        let means: Vec<Vec<f64>> = traces.iter().map(|traces| means(traces)).collect();
        let [lowest, quickest] = choose(&means, self.ground.calls);
        let (class_of_quickest, quick) = self.measure(tried[quickest], &*built[quickest])?;
        let (class_of_lowest, low) = if lowest == quickest {
            self.clock.tick(self.size.seeds * self.ground.horizon);
            (class_of_quickest, quick.clone())
        } else {
            self.measure(tried[lowest], &*built[lowest])?
        };
        let hits: Vec<f64> = traces[quickest].iter().map(|t| passage_time(t.hit)).collect();
        Ok(Entrant {
            member: member.clone(),
            class: class_of_quickest.min(class_of_lowest),
            lowest: low,
            quickest: quick,
            pilot_median: median(&hits).unwrap_or(f64::INFINITY),
        })
    }

    fn measure(
        &self,
        candidate: Candidate,
        algorithm: &dyn DynAlgorithm<f64>,
    ) -> Result<(ZeroRespecting, Stand), Failure> {
        let seeds: Vec<u64> = (0..self.size.seeds).collect();
        let watched = &seeds[..seeds.len().min(WATCHED as usize)];
        let classes = watched.iter().map(|&seed| self.ground.class(algorithm, seed, self.context.seed));
        let class = classes.collect::<Result<Vec<_>, _>>()?.into_iter().min().unwrap_or(ZeroRespecting::Nothing);
        let traces = seeds.par_iter().map(|&seed| self.trace(algorithm, seed)).collect::<Result<Vec<_>, _>>()?;
        let judge = Judge {
            reading: self.ground.reading(self.level),
            calls: self.ground.calls,
            bound: &|n| self.ground.line.mean(n),
        };
        Ok((class, Stand::new(candidate, &traces, &judge)?))
    }

    fn trace(&self, algorithm: &dyn DynAlgorithm<f64>, seed: u64) -> Result<Trace, Failure> {
        let trace = self.ground.trace(algorithm, seed, self.context)?;
        self.clock.tick(self.ground.horizon);
        Ok(trace)
    }

    /// Every method on every seed; units are single runs, so that workers stay busy to the end.
    fn traces(
        &self,
        methods: &[Box<dyn DynAlgorithm<f64>>],
        seeds: &[u64],
    ) -> Result<Vec<Vec<Trace>>, Failure> {
        let units: Vec<(usize, u64)> =
            (0..methods.len()).flat_map(|m| seeds.iter().map(move |&seed| (m, seed))).collect();
        let traces = units.par_iter().map(|&(m, seed)| self.trace(&*methods[m], seed));
        let mut traces = traces.collect::<Result<Vec<_>, Failure>>()?.into_iter();
        Ok(methods.iter().map(|_| traces.by_ref().take(seeds.len()).collect()).collect())
    }
}

fn means(traces: &[Trace]) -> Vec<f64> {
    let horizon = traces[0].values.len();
    (0..horizon).map(|n| mean(&traces.iter().map(|t| t.values[n]).collect::<Vec<_>>())).collect()
}

/// The candidates with the smallest mean at N*, and with the earliest mean of eps (then the smallest mean at the end).
/// The first of equals.
fn choose(means: &[Vec<f64>], calls: u64) -> [usize; 2] {
    let at = |k: usize| means[k][calls as usize];
    let first = |k: usize| first_at_most_one(&means[k]).unwrap_or(u64::MAX);
    let end = |k: usize| means[k].last().copied().unwrap_or(f64::INFINITY);
    let all = || 0..means.len();
    let lowest = all().min_by(|&a, &b| at(a).total_cmp(&at(b)));
    let quickest = all().min_by(|&a, &b| first(a).cmp(&first(b)).then(end(a).total_cmp(&end(b))));
    [lowest, quickest].map(|chosen| chosen.expect("a size lists at least one candidate"))
}

/// The share of the work that is done, in calls.
pub(super) struct Clock<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) done: AtomicU64,
    pub(super) all: u64,
}

impl Clock<'_> {
    fn tick(&self, calls: u64) {
        let done = self.done.fetch_add(calls, Ordering::Relaxed) + calls;
        (self.context.progress)(done as f64 / self.all as f64);
    }
}
