//! The fast path: Scion and Transported Scion on disjoint chains, block by block.
//!
//! On blocks in disjoint rows and columns the linear minimisation oracle of the spectral norm divides each row by its
//! 2-norm, so that blocks touch each other only through which of them the oracle reveals. A walk keeps N rows of T
//! numbers, in units of the instance: points in s, gradients in c/s. (Scion does not see c.) With one block it is the
//! method in the Frobenius norm.
//!
//! # Exact and grouped
//!
//! Step by step ([`Grouping::Exact`]) a walk IS the method on [`super::HardInstance`] with [`super::Reveals::OneBlock`],
//! from the same random stream, up to rounding (and up to the rank rule of the general path, which leaves rows of
//! relative size below 16 max(m,n) u where they are).
//!
//! [`Grouping::Grouped`] is an approximation: between two reveals of a block the gradient at its query point is held
//! for as many steps as move the block by at most a given displacement. Reveals come at their exact times, and the
//! average is advanced exactly for the gradient held; the direction of the steps held together is that of the mean of
//! their averages. Where a single reveal hardly moves the average (alpha N/q at most the displacement: the theorems' own
//! schedules), the reveals of a group are counted (multinomial, the exact law) and spread evenly over its steps. It is
//! equal to the exact walk where groups have one step, and otherwise to be compared with it.

use libm::{log, log1p, sqrt};
use rand::RngExt as _;
use rand_distr::{Binomial, Distribution as _};

use super::chain;
use super::reveal::GATE;
use super::rows::Rows;
use crate::algorithms::{in_range, positive, weight};
use crate::registry::ConfigError;
use crate::seed::Rng;

const NAME: &str = "structured walk";

/// Which method walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// [`crate::algorithms::Scion`].
    Scion,
    /// [`crate::algorithms::TransportedScion`].
    TransportedScion,
}

/// How many steps are taken at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grouping {
    /// One.
    Exact,
    /// As many as move a block by at most this (in units of s), and forget at most four times this share of the average.
    Grouped(f64),
}

/// The numbers of a walk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// N.
    pub blocks: usize,
    /// T.
    pub length: usize,
    /// q.
    pub probability: f64,
    /// Which method.
    pub method: Method,
    /// eta/s.
    pub step: f64,
    /// alpha.
    pub averaging: f64,
    /// Exact or grouped.
    pub grouping: Grouping,
}

/// A validated [`Config`]: one serves all seeds.
#[derive(Debug, Clone)]
pub struct Structured {
    config: Config,
    /// (1 - alpha)/alpha for Transported Scion, else 0.
    ahead: f64,
    /// For L = 0, 1, ..: (1 - alpha)^L, and its mean over 1, .., L.
    decay: Vec<(f64, f64)>,
    /// Reveals are counted, not placed.
    counted: bool,
}

/// Groups longer than this gain nothing: a step inside costs next to nothing already.
const LONGEST_GROUP: f64 = 1e6;

impl Structured {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config { blocks, length, probability, method, step, averaging, grouping } = config;
        in_range(NAME, "blocks", blocks as f64, "at least 1", blocks >= 1)?;
        in_range(NAME, "length", length as f64, "at least 1", length >= 1)?;
        weight::<f64>(NAME, "probability", probability)?;
        positive::<f64>(NAME, "step", step)?;
        weight::<f64>(NAME, "averaging", averaging)?;
        let longest = match grouping {
            Grouping::Exact => 1.0,
            Grouping::Grouped(d) => {
                positive::<f64>(NAME, "displacement", d)?;
                (d / step).min(4.0 * d / averaging).clamp(1.0, LONGEST_GROUP).floor()
            }
        };
        let ahead = match method {
            Method::Scion => 0.0,
            Method::TransportedScion => (1.0 - averaging) / averaging,
        };
        let mut decay = vec![(1.0, 1.0)];
        let (mut power, mut sum) = (1.0, 0.0);
        for steps in 1..=longest as u64 {
            power *= 1.0 - averaging;
            sum += power;
            decay.push((power, sum / steps as f64));
        }
        let counted = match grouping {
            Grouping::Exact => false,
            Grouping::Grouped(d) => longest > 1.0 && averaging * blocks as f64 / probability <= d,
        };
        Ok(Self { config, ahead, decay, counted })
    }

    /// A walk from X_0 = 0.
    pub fn walk(&self, rng: Rng) -> Walk<'_> {
        let Config { blocks, length, .. } = self.config;
        let zeros = vec![0.0; blocks * length];
        let mut walk = Walk {
            setup: self,
            rng,
            calls: 0,
            drawn: 0,
            pending: (0, 0),
            clocks: vec![0; blocks],
            point: zeros.clone(),
            moved: zeros.clone(),
            average: zeros.clone(),
            query: zeros.clone(),
            gradient: zeros,
            fresh: vec![false; blocks],
            rows: Rows::default(),
        };
        if self.longest() > 1 {
            walk.pending = walk.draw_gap();
        }
        walk
    }

    /// The number of calls at which ||grad f(X)||_* <= share N c/s is first seen, at the end of a group; `None` if that does
    /// not happen within `horizon` calls.
    pub fn first_passage(&self, share: f64, horizon: u64, rng: Rng) -> Option<u64> {
        let mut walk = self.walk(rng);
        loop {
            if walk.gradient_share() <= share {
                return Some(walk.calls());
            }
            if walk.calls() >= horizon {
                return None;
            }
            walk.advance(horizon);
        }
    }

    /// Reveals are counted over a group and not placed in it: one hardly moves the average.
    pub fn counts_reveals(&self) -> bool {
        self.counted
    }

    fn longest(&self) -> u64 {
        self.decay.len() as u64 - 1
    }
}

/// One run.
#[derive(Debug)]
pub struct Walk<'a> {
    setup: &'a Structured,
    rng: Rng,
    calls: u64,
    /// Exact: how many samples were drawn.
    drawn: u64,
    /// Grouped: the call and the block of the next reveal.
    pending: (u64, usize),
    /// How many steps each block has made; equal to `calls` between groups.
    clocks: Vec<u64>,
    /// x_i/s.
    point: Vec<f64>,
    /// The last step of each block, over s.
    moved: Vec<f64>,
    /// M_i in units of c/s.
    average: Vec<f64>,
    /// Where the gradient is asked for; the mean of the averages later.
    query: Vec<f64>,
    gradient: Vec<f64>,
    /// The gradient of the block is that at its query point.
    fresh: Vec<bool>,
    rows: Rows,
}

impl Walk<'_> {
    /// Calls made so far.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// x_i/s.
    pub fn block(&self, i: usize) -> &[f64] {
        let length = self.setup.config.length;
        &self.point[i * length..][..length]
    }

    /// ||grad f(X)||_* over N c/s: the mean over blocks of ||grad F_T(x_i/s)||_2.
    pub fn gradient_share(&mut self) -> f64 {
        let Config { blocks, length, .. } = self.setup.config;
        self.rows.gradients(length, &self.point, &mut self.gradient);
        // Scion asks where it is.
        self.fresh.fill(self.setup.ahead == 0.0);
        self.gradient.chunks_exact(length).map(norm).sum::<f64>() / blocks as f64
    }

    /// The gradients of all blocks at their query points: together they cost less than one by one.
    fn look(&mut self) {
        if self.fresh.iter().all(|&fresh| fresh) {
            return;
        }
        for ((y, &x), &d) in self.query.iter_mut().zip(&self.point).zip(&self.moved) {
            *y = x + self.setup.ahead * d;
        }
        self.rows.gradients(self.setup.config.length, &self.query, &mut self.gradient);
        self.fresh.fill(true);
    }

    /// Takes one group of steps, fewer if `horizon` calls are reached before.
    pub fn advance(&mut self, horizon: u64) {
        // M_0 is the first response itself: the first step stands alone.
        let longest = if self.calls == 0 { 1 } else { self.setup.longest() };
        let end = horizon.min(self.calls.saturating_add(longest));
        if end <= self.calls {
            return;
        }
        if self.setup.counted && self.calls > 0 {
            self.advance_counted(end);
            return;
        }
        if longest == 1 {
            self.look();
        }
        while let Some((call, block)) = self.next_reveal(end) {
            self.hold(block, call - 1 - self.clocks[block]);
            self.step(block, 1, self.setup.config.blocks as f64 / self.setup.config.probability);
        }
        for block in 0..self.setup.config.blocks {
            self.hold(block, end - self.clocks[block]);
        }
        self.calls = end;
    }

    /// The same with the reveals of each block spread evenly over the group.
    fn advance_counted(&mut self, end: u64) {
        let Config { blocks, probability, .. } = self.setup.config;
        let steps = end - self.calls;
        let mut left = self.binomial(steps, probability);
        for block in 0..blocks {
            let count = self.binomial(left, 1.0 / (blocks - block) as f64);
            left -= count;
            let share = count as f64 / steps as f64;
            self.step(block, steps, share * blocks as f64 / probability);
        }
        self.calls = end;
    }

    fn binomial(&mut self, n: u64, x: f64) -> u64 {
        // No other n and x than those that the law takes occur: x is in (0, 1].
        Binomial::new(n, x).map_or(n, |law| law.sample(&mut self.rng))
    }

    /// The next reveal up to call `end`, calls counted from 1.
    fn next_reveal(&mut self, end: u64) -> Option<(u64, usize)> {
        let Config { blocks, probability, .. } = self.setup.config;
        if self.setup.longest() > 1 {
            let reveal = self.pending;
            if reveal.0 > end {
                return None;
            }
            let (gap, block) = self.draw_gap();
            self.pending = (reveal.0.saturating_add(gap), block);
            return Some(reveal);
        }
        // As the oracle of the general path draws.
        while self.drawn < end {
            self.drawn += 1;
            let block = self.rng.random_range(0..blocks);
            if self.rng.random::<f64>() < probability {
                return Some((self.drawn, block));
            }
        }
        None
    }

    /// Calls until the next reveal (geometric), and its block.
    fn draw_gap(&mut self) -> (u64, usize) {
        let Config { blocks, probability, .. } = self.setup.config;
        // u in (0, 1]; `as` saturates. q = 1 gives log(u)/-inf = 0.
        let u = 1.0 - self.rng.random::<f64>();
        let gap = ((log(u) / log1p(-probability)) as u64).saturating_add(1);
        (gap, self.rng.random_range(0..blocks))
    }

    /// Steps of one block without a reveal.
    fn hold(&mut self, block: usize, steps: u64) {
        if steps > 0 {
            self.step(block, steps, 0.0);
        }
    }

    /// Steps of one block with the gradient at the query point held, its hidden entry multiplied by `factor`.
    fn step(&mut self, block: usize, steps: u64, factor: f64) {
        let Config { length, step, .. } = self.setup.config;
        let range = block * length..(block + 1) * length;
        let (point, moved) = (&mut self.point[range.clone()], &mut self.moved[range.clone()]);
        let (average, gradient) = (&mut self.average[range.clone()], &mut self.gradient[range.clone()]);
        let query = &mut self.query[range];
        for ((y, &x), &d) in query.iter_mut().zip(&*point).zip(&*moved) {
            *y = x + self.setup.ahead * d;
        }
        if !self.fresh[block] {
            self.rows.gradients(length, query, gradient);
        }
        self.fresh[block] = false;
        if let Some(hidden) = gradient.get_mut(chain::progress(query, GATE)) {
            *hidden *= factor;
        }
        let (decay, mean_decay) =
            if self.clocks[block] == 0 { (0.0, 0.0) } else { self.setup.decay[steps as usize] };
        // The mean of the averages goes to the query's place, which is not needed any more.
        for ((mean, m), &g) in query.iter_mut().zip(&mut *average).zip(&*gradient) {
            let old = *m - g;
            *mean = g + mean_decay * old;
            *m = g + decay * old;
        }
        normalise(query);
        for ((x, d), &m) in point.iter_mut().zip(moved).zip(&*query) {
            *d = -step * m;
            *x += steps as f64 * *d;
        }
        self.clocks[block] += steps;
    }
}

/// The 2-norm of numbers of moderate size.
fn norm(x: &[f64]) -> f64 {
    sqrt(x.iter().map(|x| x * x).sum())
}

/// Below this 2-norm squares may underflow: those of numbers above 2^-52 times it do not.
const SMALL: f64 = 1e-138;

/// x/||x||_2, zero for zero. An average decays without bound while its block waits for a reveal, and keeps its direction.
fn normalise(x: &mut [f64]) {
    let mut size = norm(x);
    if size < SMALL {
        let largest = x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        if largest == 0.0 {
            return;
        }
        x.iter_mut().for_each(|x| *x /= largest);
        size = norm(x);
    }
    x.iter_mut().for_each(|x| *x /= size);
}
