//! Every member method on the instances of the lower bound L1, at the instance's own line.
//!
//! L1 says that the MEAN of ||grad f(X_N)||_* is at least eps for every zero-respecting method, as long as N is at most N*,
//! a number of the instance. Here every registered member runs on such instances. Step size and averaging are chosen on pilot
//! seeds AGAINST the claim: once for the smallest mean at N*, once for the fewest calls to a mean of eps; what is shown is
//! measured on fresh seeds, with intervals that are valid for every law on the range of the gradient's norm, jointly.
//!
//! One member is made against the instance, and waits where waiting is cheapest. What the figure can see at all is measured
//! too: the best mover runs once more while the oracle reveals more often than the line counts on.
//!
//! A method that multiplies from the right by a dense matrix is no member, and runs beside them.
//!
//! The gradient is measured by the sum of row 2-norms, which for blocks in disjoint rows and columns IS its nuclear norm.

mod bench;
mod members;
mod parking;
mod pictures;
mod stand;
mod words;

use heavynorm::spec::ZeroRespecting;
use serde::Deserialize;

use self::bench::Ground;
use self::members::{Member, Members};
use self::stand::{Outcome, Stand};
use super::{Context, Entry, Figure, configuration};
use crate::drawing::draw;
use crate::error::Failure;

const NAME: &str = "below-the-line";
const TITLE: &str = "Where the mean gradient of each method stands at the lower bound's line";
const PRESETS: &str = include_str!("../presets/below-the-line.toml");

/// Pilot seeds start here; each instance has streams of its own.
const PILOT: u64 = 1 << 32;
const INSTANCE: u64 = 1 << 40;

/// What all claims about means at the line hold with, jointly.
const CONFIDENCE: f64 = 0.95;

/// The registry entry.
pub fn entry() -> Entry {
    Entry {
        name: NAME,
        summary: "the mean gradient norm of every member method at the lower bound's own line",
        presets: PRESETS,
        make,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    pilot_seeds: u64,
    reach: f64,
    steps: Vec<f64>,
    averagings: Vec<f64>,
    instances: Vec<Shape>,
}

/// What an instance should look like.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    blocks: usize,
    length: usize,
    reveal_probability: f64,
    lambda: f64,
    moment_order: f64,
    seeds: u64,
}

/// What is chosen on pilot seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    /// The length of a step over s.
    step: f64,
    /// alpha.
    averaging: f64,
}

/// A method on an instance, with both of its choices.
struct Entrant {
    member: Member,
    /// The class that it claims with these numbers, and the class that its watched runs kept.
    claimed: ZeroRespecting,
    seen: ZeroRespecting,
    /// The most calls of one of its steps, of the quickest choice.
    most_calls: u64,
    /// The smallest pilot mean at N*.
    lowest: Stand,
    /// The fewest calls to a pilot mean of eps, and the pilot seeds' median of ||grad f||_* <= eps.
    quickest: Stand,
    pilot_median: f64,
}

/// An instance with all who ran on it: members first.
struct Contest {
    ground: Ground,
    entrants: Vec<Entrant>,
    power: Option<Power>,
}

/// What the best mover's runs say when the oracle reveals more often than the line counts on.
struct Power {
    mover: String,
    /// By which factor, of those tried with q at most 1, and the outcome.
    outcomes: Vec<(f64, Outcome)>,
}

impl Power {
    /// The smallest factor tried at which the mover is shown to be below.
    fn caught(&self) -> Option<f64> {
        self.outcomes.iter().find(|(_, outcome)| *outcome == Outcome::Below).map(|(factor, _)| *factor)
    }
}

impl Contest {
    fn members(&self) -> impl Iterator<Item = &Entrant> {
        self.entrants.iter().filter(|e| e.member.is_member())
    }

    fn outsiders(&self) -> impl Iterator<Item = &Entrant> {
        self.entrants.iter().filter(|e| !e.member.is_member())
    }
}

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let members = Members::read()?;
    let grounds = size.instances.iter().enumerate().map(|(k, shape)| Ground::new(k as u64, shape, &size));
    let grounds = grounds.collect::<Result<Vec<_>, _>>()?;
    let contests = context.pool.install(|| bench::contests(&size, &members, grounds, context))?;
    Ok(Figure {
        svg: draw(&pictures::panels(&contests), contests.len()).map_err(Failure::Check)?,
        csv: pictures::csv(&contests)?,
        record: words::record(context, &size, &contests),
    })
}
