//! The oracle of the lower bounds: it hides the next coordinate of every chain, and seldom shows one.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::BlockChain;
use crate::noise::{Moment, Noise};
use crate::oracles::{check_point, finite};
use crate::registry::ConfigError;
use crate::seed::Rng;
use crate::spec::chain::chain_constants;
use crate::spec::{
    Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, OracleError, Problem, Scalar,
    StochasticOracle,
};

/// The coordinate k = prog_{1/4} + 1 is the one that the oracle hides.
pub const GATE: f64 = 0.25;

/// With more blocks than this the 2^N outcomes of [`Reveals::EveryBlock`] are not enumerated: each is a matrix.
const MOST_ENUMERATED: usize = 10;

/// Which blocks a query may reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reveals {
    /// With probability q the next coordinate of ONE block, drawn uniformly.
    OneBlock,
    /// The next coordinate of every block, independently with probability q each: the regime of small sigma, for Schatten
    /// norms whose dual exponent is above 1.
    EveryBlock,
}

/// The objective together with its oracle.
///
/// At X, let k_i = prog_{1/4}(x_i/s) + 1 be the next coordinate of block i. The response is grad f(X) with the entry of
/// every next coordinate (i, k_i), k_i <= T, multiplied by
///
/// ```text
/// OneBlock:    (N/q) z 1{I = i},   I uniform on the blocks, z = 1 with probability q, else 0;
/// EveryBlock:  z_i/q,              z_1, ..., z_N independent, 1 with probability q, else 0.
/// ```
///
/// Both are unbiased. With `OneBlock` a query shows at most one coordinate of the whole matrix, with probability q.
///
/// # Moments
///
/// Let A bound the hidden entries: A = e^{3/2} c/s, since |x_k| <= 1/4 there (approached for T >= 2). The noise lives on the hidden entries,
/// no two of them in one row or column of disjoint blocks, so that its dual norm is an l_b norm of N numbers, which
/// grows with each of them. Hence, at every point,
///
/// ```text
/// OneBlock:    E||noise||_*^p <= A^p [ (1-q) N^{p/b} + q (N - 1 + |N/q - 1|^b)^{p/b} ],
/// EveryBlock:  E||noise||_*^p <= A^p sum_k P(Bin(N,q) = k) (k (1/q - 1)^b + N - k)^{p/b},
/// ```
///
/// both approached as every hidden entry approaches A. For another norm the same with b = 2 times R^p, R the circumradius
/// of its unit ball.
#[derive(Debug, Clone, PartialEq)]
pub struct HardInstance {
    chain: Arc<BlockChain>,
    probability: f64,
    reveals: Reveals,
}

impl HardInstance {
    /// An objective with the probability q of a reveal.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless 0 < q <= 1.
    pub fn new(chain: BlockChain, probability: f64, reveals: Reveals) -> Result<Self, ConfigError> {
        check_probability(probability)?;
        Ok(Self { chain: Arc::new(chain), probability, reveals })
    }

    /// The objective.
    pub fn chain(&self) -> &Arc<BlockChain> {
        &self.chain
    }

    /// q.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// Which blocks a query may reveal.
    pub fn reveals(&self) -> Reveals {
        self.reveals
    }

    /// Where the hidden entries of the gradient at X are: (i, place) for each block that still has one.
    fn hidden<T: Scalar>(&self, x: &Matrix<T>) -> Vec<(usize, (usize, usize))> {
        let next = self.chain.progress(x, GATE).into_iter().enumerate();
        next.filter(|&(_, k)| k < self.chain.length()).map(|(i, k)| (i, self.chain.position(i, k))).collect()
    }

    /// The gradient with the hidden entry of block i multiplied by `factor(i)`.
    fn masked<T: Scalar>(&self, x: &Matrix<T>, factor: impl Fn(usize) -> f64) -> Matrix<T> {
        let mut response = Problem::<T>::gradient(&*self.chain, x);
        for (i, place) in self.hidden(x) {
            response[place] = T::from_f64(response[place].to_f64() * factor(i));
        }
        response
    }

    /// The response to one sample.
    fn respond<T: Scalar>(&self, x: &Matrix<T>, sample: &Sample) -> Matrix<T> {
        let (q, blocks) = (self.probability, self.chain.blocks() as f64);
        match sample {
            Sample::One(shown) => self.masked(x, |i| if *shown == Some(i) { blocks / q } else { 0.0 }),
            Sample::Each(shown) => self.masked(x, |i| if shown[i] { 1.0 / q } else { 0.0 }),
        }
    }

    fn draw(&self, rng: &mut Rng) -> Sample {
        let blocks = self.chain.blocks();
        match self.reveals {
            Reveals::OneBlock => Sample::One(one_block(blocks, self.probability, rng)),
            Reveals::EveryBlock => {
                Sample::Each((0..blocks).map(|_| rng.random::<f64>() < self.probability).collect())
            }
        }
    }

    /// Every sample with its probability: N + 1 of them, or 2^N.
    ///
    /// # Panics
    /// For `EveryBlock` with more than 10 blocks, that is more than 1024 outcomes.
    fn samples(&self) -> Vec<(f64, Sample)> {
        let (q, blocks) = (self.probability, self.chain.blocks());
        match self.reveals {
            Reveals::OneBlock => {
                let shown = (0..blocks).map(|i| (q / blocks as f64, Sample::One(Some(i))));
                std::iter::once((1.0 - q, Sample::One(None))).chain(shown).collect()
            }
            Reveals::EveryBlock => {
                assert!(blocks <= MOST_ENUMERATED, "2^{blocks} outcomes are too many to enumerate");
                let sample = |code: u32| {
                    let shown: Vec<bool> = (0..blocks).map(|i| code >> i & 1 == 1).collect();
                    let probability = shown.iter().map(|&z| if z { q } else { 1.0 - q }).product();
                    (probability, Sample::Each(shown))
                };
                (0..1 << blocks).map(sample).collect()
            }
        }
    }

    /// [`HardInstance::law`] lists at most 1024 outcomes here.
    pub fn can_be_listed(&self) -> bool {
        self.reveals == Reveals::OneBlock || self.chain.blocks() <= MOST_ENUMERATED
    }

    /// The law of the response at X, outcome by outcome.
    ///
    /// # Panics
    /// For `EveryBlock` with more than 10 blocks, that is more than 1024 outcomes.
    pub fn law<T: Scalar>(&self, x: &Matrix<T>) -> FiniteLaw<T> {
        let outcome = |(probability, sample)| (probability, self.respond(x, &sample));
        FiniteLaw::new(self.samples().into_iter().map(outcome).collect())
    }

    /// A bound on E||g - grad f(X)||_*^p over every X; approached by some, for the norms whose exponent is known.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn noise_moment<T: Scalar>(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, NormError> {
        let p = p.p();
        let entry = chain_constants().frontier_entry.upper * self.chain.scale() / self.chain.width();
        let space = Problem::<T>::dimensions(&*self.chain);
        let general = norm.ball(space)?.circumradius.powf(p) * self.unit_moment(2.0, p);
        let known = self.chain.exponent(norm).map(|(scale, q)| {
            // The dual of scale ||.|| is ||.||_*/scale.
            self.unit_moment(crate::family::conjugate(q), p) / scale.powf(p)
        });
        Ok(Moment::UpperBound(entry.powf(p) * known.map_or(general, |known| known.min(general))))
    }

    /// E||g - grad f(X)||_*^p at one point, by enumeration; [`HardInstance::noise_moment`] where there are too many outcomes.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn noise_moment_at<T: Scalar>(
        &self,
        x: &Matrix<T>,
        norm: &dyn Norm<T>,
        p: MomentOrder,
    ) -> Result<Moment, NormError> {
        if !self.can_be_listed() {
            return self.noise_moment(norm, p);
        }
        let mean = Problem::<T>::gradient(&*self.chain, x);
        Ok(Moment::Exact(self.law(x).dual_moment(norm, p, &mean)?))
    }

    /// The bound with A = 1.
    fn unit_moment(&self, b: f64, p: f64) -> f64 {
        let (q, n) = (self.probability, self.chain.blocks());
        let blocks = n as f64;
        match self.reveals {
            Reveals::OneBlock => one_block_moment(blocks, q, b, p),
            Reveals::EveryBlock => {
                let with = |k: usize| {
                    let shown = k as f64;
                    binomial(n, q, k) * two_sizes(1.0 / q - 1.0, shown, 1.0, blocks - shown, b, p)
                };
                (0..=n).map(with).sum()
            }
        }
    }
}

/// 0 < q <= 1.
pub(super) fn check_probability(q: f64) -> Result<(), ConfigError> {
    if q > 0.0 && q <= 1.0 {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        name: super::NAME.into(),
        parameter: "reveal_probability",
        must_be: "above 0 and at most 1",
        value: q,
    })
}

/// The block that is shown, with probability q one of them.
pub(super) fn one_block(blocks: usize, q: f64, rng: &mut Rng) -> Option<usize> {
    // The block is drawn first and always: the stream does not depend on what was shown.
    let block = rng.random_range(0..blocks);
    (rng.random::<f64>() < q).then_some(block)
}

/// The bound for [`Reveals::OneBlock`] with A = 1: E of the p-th power of the l_b norm of N numbers |zeta_i - 1|.
pub(super) fn one_block_moment(blocks: f64, q: f64, b: f64, p: f64) -> f64 {
    let shown = two_sizes(blocks / q - 1.0, 1.0, 1.0, blocks - 1.0, b, p);
    let none = two_sizes(0.0, 0.0, 1.0, blocks, b, p);
    (1.0 - q) * none + q * shown
}

/// The l_b norm of `many_x` numbers x and `many_y` numbers y, to the power p.
fn two_sizes(x: f64, many_x: f64, y: f64, many_y: f64, b: f64, p: f64) -> f64 {
    let largest = if many_x > 0.0 { x } else { 0.0 }.max(if many_y > 0.0 { y } else { 0.0 });
    if largest == 0.0 {
        return 0.0;
    }
    if b.is_infinite() {
        return largest.powf(p);
    }
    let sum = many_x * (x / largest).powf(b) + many_y * (y / largest).powf(b);
    largest.powf(p) * sum.powf(p / b)
}

/// P(Bin(n, q) = k).
fn binomial(n: usize, q: f64, k: usize) -> f64 {
    let [n, k] = [n, k].map(|x| x as f64);
    // 0 ln 0 = 0.
    let power = |count: f64, base: f64| if count == 0.0 { 0.0 } else { count * base.ln() };
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    (choose + power(k, q) + power(n - k, 1.0 - q)).exp()
}

/// What the oracle draws: it does not depend on the point.
#[derive(Debug, Clone, PartialEq)]
enum Sample {
    One(Option<usize>),
    Each(Vec<bool>),
}

/// Stochastic gradients of a [`HardInstance`], with a noise on top (usually none).
#[derive(Debug)]
pub struct RevealOracle<T: Scalar> {
    instance: HardInstance,
    noise: Arc<dyn Noise<T>>,
    rng: Rng,
    calls: u64,
}

impl<T: Scalar> RevealOracle<T> {
    /// The instance's oracle plus a noise on the same space, both drawn from `rng`.
    ///
    /// # Panics
    /// If the noise lives on another space.
    pub fn new(instance: HardInstance, noise: Arc<dyn Noise<T>>, rng: Rng) -> Self {
        let space = Problem::<T>::dimensions(&*instance.chain);
        assert_eq!(noise.dimensions(), space, "noise and problem on different spaces");
        Self { instance, noise, rng, calls: 0 }
    }

    fn answers<const K: usize>(&mut self, points: [&Matrix<T>; K]) -> Result<[Matrix<T>; K], OracleError> {
        for x in points {
            check_point::<T, _>(&*self.instance.chain, x)?;
        }
        self.calls += K as u64;
        let sample = self.instance.draw(&mut self.rng);
        let noise = self.noise.sample(&mut self.rng);
        let answers = points.map(|x| {
            let mut answer = self.instance.respond(x, &sample);
            answer.add_scaled(T::one_impl(), &noise);
            answer
        });
        answers.iter().try_for_each(finite)?;
        Ok(answers)
    }
}

impl<T: Scalar> StochasticOracle<T> for RevealOracle<T> {
    fn dimensions(&self) -> Dimensions {
        Problem::<T>::dimensions(&*self.instance.chain)
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.answers([x]).map(|[answer]| answer)
    }

    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        self.answers([x, y]).map(|[at_x, at_y]| (at_x, at_y))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
