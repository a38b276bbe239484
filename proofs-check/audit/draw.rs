//! Random instances: everything that a check draws is a function of the seed, of the check's name and of a number.

use heavynorm::seed::{Rng, stream};
use heavynorm::spec::{Dimensions, Matrix, MomentOrder, Scalar};
use rand::RngExt as _;
use rand_distr::StandardNormal;

use super::Effort;

/// A stream of one check.
#[derive(Debug)]
pub(super) struct Draw {
    rng: Rng,
}

/// FNV-1a, cut to 40 bits: names of checks that are never many enough to meet.
fn hash(name: &str) -> u64 {
    let step = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step) >> 24
}

/// The generator of number `k` of a check, `k` below 2^20.
pub(super) fn generator(effort: Effort, check: &str, k: u64) -> Rng {
    stream(effort.seed, (hash(check) << 20) | k)
}

impl Draw {
    /// Stream `k` of a check.
    pub(super) fn new(effort: Effort, check: &str, k: usize) -> Self {
        Self { rng: generator(effort, check, k as u64) }
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        self.rng.random()
    }

    /// Uniform between two numbers.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in the logarithm.
    pub(super) fn log_between(&mut self, low: f64, high: f64) -> f64 {
        (low.ln() + (high / low).ln() * self.unit()).exp()
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn whole(&mut self, low: usize, high: usize) -> usize {
        self.rng.random_range(low..=high)
    }

    /// One of some things.
    pub(super) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.whole(0, things.len() - 1)]
    }

    /// A standard normal number.
    pub(super) fn normal(&mut self) -> f64 {
        self.rng.sample(StandardNormal)
    }

    /// A moment order: 2 now and then, else between `lowest` and 2.
    pub(super) fn order(&mut self, lowest: f64) -> MomentOrder {
        let p = if self.unit() < 0.2 { 2.0 } else { self.between(lowest, 2.0) };
        MomentOrder::new(p).expect("inside (1, 2]")
    }

    /// A shape from 1 x 1 to `largest` x `largest`.
    pub(super) fn shape(&mut self, largest: usize) -> Dimensions {
        Dimensions::new(self.whole(1, largest), self.whole(1, largest)).expect("sides are at least 1")
    }

    /// A matrix of normal numbers.
    pub(super) fn gaussian(&mut self, d: Dimensions) -> Matrix<f64> {
        Matrix::from_fn(d.rows(), d.columns(), |_, _| self.normal())
    }

    /// A generic matrix, one of low rank, one of equal magnitudes, one with zeros, or one with rows of very different size.
    pub(super) fn matrix<T: Scalar>(&mut self, d: Dimensions) -> Matrix<T> {
        let (m, n) = (d.rows(), d.columns());
        let (u, v) = (self.gaussian(d), self.gaussian(d));
        let matrix = match self.whole(0, 5) {
            0 => Matrix::from_fn(m, n, |i, j| u[(i, 0)] * v[(0, j)]),
            1 => Matrix::from_fn(m, n, |i, j| u[(i, 0)] * v[(0, j)] + 1e-3 * u[(i, j)]),
            2 => u.map(f64::signum),
            3 => Matrix::from_fn(m, n, |i, j| if v[(i, j)] < 0.0 { 0.0 } else { u[(i, j)] }),
            4 => Matrix::from_fn(m, n, |i, j| u[(i, j)] * 10f64.powi(-2 * i.min(8) as i32)),
            _ => u,
        };
        matrix.cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_checks_are_apart_and_repeat() {
        let effort = |seed| Effort { quick: true, seed };
        let first = |seed, name: &str, k| Draw::new(effort(seed), name, k).unit();
        assert_eq!(first(1, "a", 0), first(1, "a", 0));
        let others = [first(2, "a", 0), first(1, "b", 0), first(1, "a", 1)];
        assert!(others.iter().all(|x| *x != first(1, "a", 0)));
    }
}
