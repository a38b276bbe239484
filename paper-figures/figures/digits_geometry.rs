//! Which norm geometry pays on real data under heavy-tailed noise.
//!
//! Logistic regression on the handwritten digits, minibatches plus injected Pareto noise without variance. Scion and
//! Transported Scion under spectral, Frobenius and max-entry geometry; calls to bring the exact gradient below a level,
//! in each of the three dual norms. Step size and averaging are chosen for each curve, goal and level on pilot seeds, and
//! measured on fresh ones: nothing here replays a schedule. What the theory predicted before the run, from class constants
//! and from moments of the noise, is drawn beside what was measured.
//!
//! The noise is injected in two directions, one case each. A rank-one matrix of flat signs has the smallest nuclear norm and
//! the largest entrywise l1 norm that its Frobenius norm allows: it is the kindest noise for spectral geometry and the
//! unkindest for max-entry. Independent entries are neither.

mod bench;
mod moments;
mod pictures;
mod prediction;
mod summary;
mod words;

use std::sync::Arc;

use heavynorm::noise::Direction;
use heavynorm::oracles::Sampling;
use heavynorm::spec::{Matrix, Norm};
use serde::Deserialize;

use self::moments::Moments;
use self::prediction::Prediction;
use self::summary::Summary;
use super::{Context, Entry, Figure, configuration};
use crate::drawing::draw;
use crate::error::Failure;

const NAME: &str = "digits-geometry";
const TITLE: &str = "Which geometry pays: digits under minibatch and Pareto noise";
const PRESETS: &str = include_str!("../presets/digits-geometry.toml");

/// Pilot seeds start here, draws for moments there: no measured run shares a stream with them.
const PILOT: u64 = 1 << 32;
const MOMENTS: u64 = 1 << 33;

/// Coverage asked of one median interval; two of them together (a ratio) then cover with at least 95%.
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
    moment_draws: u64,
    check_growth: f64,
}

/// A norm, how it is called, and what the theory needs of the problem in it.
struct Geometry {
    name: &'static str,
    dual_name: &'static str,
    norm: Arc<dyn Norm<f64>>,
    /// ||grad f(X_0)||_*.
    signal: f64,
    /// The longest step in Frobenius length, per unit of step size.
    reach: f64,
}

const NAMES: [(&str, &str); 3] =
    [("spectral", "nuclear"), ("frobenius", "Frobenius"), ("max-entry", "entrywise l1")];

/// A method with the theorem that bounds it.
struct Method {
    name: &'static str,
    label: &'static str,
    short: &'static str,
    theorem: &'static str,
    dashed: bool,
}

const METHODS: [Method; 2] = [
    Method { name: "scion", label: "Scion", short: "Scion", theorem: "U2", dashed: false },
    Method {
        name: "transported-scion",
        label: "Transported Scion",
        short: "Transported",
        theorem: "U3",
        dashed: true,
    },
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
    direction: Direction,
    sampling: Sampling<f64>,
    /// The same minibatches without the injected noise.
    drawn: Sampling<f64>,
    start: Matrix<f64>,
    /// grad f(X_0).
    gradient: Matrix<f64>,
    geometries: Vec<Geometry>,
    curves: Vec<Curve>,
}

/// One noise direction with all that was found under it.
struct Case<'a> {
    bench: Bench<'a>,
    moments: Moments,
    predictions: Vec<Prediction>,
    cells: Vec<Cell>,
    summary: Summary,
}

const DIRECTIONS: [Direction; 2] = [Direction::RankOne, Direction::Full];

/// The geometry that others are compared with.
const BASE: usize = 1;

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let cases: Vec<Case<'_>> = DIRECTIONS
        .iter()
        .enumerate()
        .map(|(k, &direction)| {
            let share = |done: f64| (context.progress)((k as f64 + done) / DIRECTIONS.len() as f64);
            Case::new(&size, direction, &Context { progress: &share, ..*context })
        })
        .collect::<Result<_, _>>()?;
    Ok(Figure {
        svg: draw(&pictures::panels(&cases), cases.len()).map_err(Failure::Check)?,
        csv: pictures::csv(&cases)?,
        record: words::record(context, &cases),
    })
}

impl<'a> Case<'a> {
    /// Predictions come before the first run.
    fn new(size: &'a Size, direction: Direction, context: &Context<'_>) -> Result<Self, Failure> {
        let bench = Bench::new(size, direction, context.seed)?;
        let moments = context.pool.install(|| bench.moments())?;
        let predictions = bench.predictions(&moments)?;
        let cells = context.pool.install(|| bench.measure(context))?;
        let summary = Summary::new(&bench, &cells);
        Ok(Self { bench, moments, predictions, cells, summary })
    }
}
