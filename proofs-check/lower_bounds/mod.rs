//! The lower bounds: from hypotheses to an instance, and from an instance to the line that no member method crosses.
//!
//! # What both proofs use
//!
//! The instance is f(X) = c sum_i F_T(x_i/s) over N blocks with its oracle ([`heavynorm::hard_instances`]; the facts about
//! F_T are in [`heavynorm::spec::chain`]). The norm is one for which the dual norm of a matrix on the blocks is the l_b norm
//! of the block 2-norms. A method is a member if it starts at zero and its query points and its output keep the lines
//! ([`ZeroRespecting`]) of the responses it has seen; where blocks share lines, the entries.
//!
//! **Lemma 4.1 (progress).** Call a coordinate of a block discovered once a response has shown it (its column, row or entry
//! is not zero any more). With I_t, z_t the t-th sample, after M' samples at most S_i = #{t <= M' : z_t = 1, I_t = i}
//! coordinates of block i are discovered, they are the first ones, and S_i has the law Bin(M', q/N). A sample is used by one
//! call, or by the two of a pair; so after M calls M' <= M, and S_i is dominated by Bin(M, q/N).
//!
//! Proof. By induction the discovered coordinates of block i are a prefix {1..d_i}. A member's query has x_{i,k} = 0 for
//! k > d_i: the line of (i, k) belongs to that coordinate alone. So prog_{1/4} <= d_i, the hidden coordinate is at most
//! d_i + 1, and the response, supported in {1..prog_{1/4} + 1}, goes beyond {1..d_i} at most by d_i + 1, and only if the
//! factor of block i is not zero, which is z = 1 and I = i. Both queries of a pair are made before its responses are seen, so that
//! each shows d_i + 1 at most. The samples are independent of all else. []
//!
//! **Lemma 4.2 (what is left).** If the output has x_{i,T} = 0, then ||grad F_T(x_i/s)||_2 >= 1.
//!
//! Proof. prog_1(x_i/s) < T, and there |d_{prog_1 + 1} F_T| >= 1. []
//!
//! **Proposition 4.3 (the line).** For every member and every M, with (c/s) N^{1/b} = lambda eps,
//!
//! ```text
//! E||grad f(X_M)||_* >= lambda eps P(Bin(M, q/N) <= T - 1).
//! ```
//!
//! Proof. Let J be the number of blocks with S_i <= T - 1. By the lemmas ||grad f(X_M)||_* >= (c/s) J^{1/b}
//! >= (c/s) N^{1/b} (J/N), as J <= N and 1/b <= 1. Take expectations: E J/N >= P(Bin(M, q/N) <= T - 1). []
//!
//! The line of an instance is the largest M for which the right side is at least eps. It speaks of a MEAN at a fixed number
//! of calls: medians of hitting times may lie below it.
//!
//! **Lemma 4.4 (moment).** With A = g c/s, g = e^{3/2}, and q <= 1,
//! E||noise||_*^p <= 4 (N A)^p q^{1-p}.
//!
//! Proof. The l_b norm is at most the l_1 norm: with z = 0 it is at most N A, with z = 1 at most A(N - 1 + N/q - 1), so the
//! moment is at most (N A)^p [(1-q) + q (1/q + 1)^p] = (N A)^p q^{1-p} [(1-q) q^{p-1} + (1+q)^p]. The bracket is at most 4:
//! for q <= 1 and p in [1, 2] both q^{p-1} and (1+q)^p are convex in p, so on p = 2 - (2 - p) they are at most the chord between
//! p = 1 and p = 2: (2-p)[(1-q) + (1+q)] + (p-1)[(1-q) q + (1+q)^2] = 2(2-p) + (p-1)(1+3q) <= 4. []

use std::sync::Arc;

use heavynorm::hard_instances::{BlockChain, HardInstance, Layout, Reveals};
use heavynorm::registry::ConfigError;
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{
    Accuracy, Dimensions, Gap, HessianLipschitz, HypothesisError, MomentOrder, NoiseScale, Norm, NormError,
    Smoothness, Statement, ZeroRespecting,
};
use serde::Serialize;
use thiserror::Error;

use crate::{PlanError, Setting};

pub mod l1;
pub mod l2;
pub mod l3;
pub mod line;

pub use l3::{Randomized, RandomizedInstance};
pub use line::Line;

/// Why a setting has no hard instance.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LowerBoundError {
    /// Nothing is known for the norm.
    #[error(
        "no hard instance is known for the norm {0}; there is one for spectral, frobenius, schatten, max-row-l2, max-col-l2"
    )]
    NoInstance(String),
    /// lambda must exceed 1.
    #[error("lambda must be finite and above 1, not {0}")]
    Lambda(f64),
    /// The gap does not pay for one coordinate.
    #[error("the gap pays for {length} coordinates of a chain, less than one: take a smaller eps or lambda")]
    NoCoordinate {
        /// T before rounding.
        length: f64,
    },
    /// q would exceed 1.
    #[error(
        "the noise is too small for this instance: q would be {0}, above 1; take a larger sigma or a smaller eps"
    )]
    NoiseTooSmall(f64),
    /// The instance is less smooth than the class.
    #[error("the instance has L = {found}, the class only {allowed}: take a larger L or a smaller eps")]
    NotSmooth {
        /// L of the instance.
        found: f64,
        /// L of the setting.
        allowed: f64,
    },
    /// L3 is about the spectral norm.
    #[error("the bound for every randomized algorithm is proved in the norm spectral, not in {0}")]
    NotSpectral(String),
    /// L3 is stated for rows that are no longer than columns are.
    #[error(
        "the bound for every randomized algorithm wants at least as many columns as rows, not {0}: transpose the space"
    )]
    Tall(Dimensions),
    /// Condition (60.1).
    #[error(
        "no algorithm guesses a direction among {needed:.0} columns or more, and there are {columns}: take more columns, or a smaller \
         radius, of which the theorem does not speak"
    )]
    TooNarrow {
        /// The smallest n.
        needed: f64,
        /// The n given.
        columns: usize,
    },
    /// The setting lacks or misplaces a hypothesis.
    #[error(transparent)]
    Setting(#[from] PlanError),
    /// A constant is outside its range.
    #[error(transparent)]
    Hypothesis(#[from] HypothesisError),
    /// The norm does not live on these dimensions.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// The instance could not be made.
    #[error(transparent)]
    Instance(#[from] ConfigError),
}

/// How blocks lie for a norm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Blocks {
    /// Where they lie.
    pub layout: Layout,
    /// N.
    pub count: usize,
    /// b: the dual norm of a matrix on the blocks is the l_b norm of the block 2-norms.
    pub dual_exponent: f64,
    /// The longest block that fits.
    pub longest: usize,
}

impl Blocks {
    /// N^{(1/b - k/q)+} for the dual exponent b and 1/q = 1 - 1/b: the factor of N in the k-th derivative's constant.
    fn factor(self, k: f64) -> f64 {
        let (count, b) = (self.count as f64, self.dual_exponent);
        count.powf((1.0 / b - k * (1.0 - 1.0 / b)).max(0.0))
    }

    /// N^{1/b}.
    fn root(self) -> f64 {
        (self.count as f64).powf(1.0 / self.dual_exponent)
    }
}

/// The blocks for a norm whose dual exponent does not exceed p (one block if it does: there is no factor of dimension
/// then). With [`ZeroRespecting::Entries`] blocks may share lines, and be longer.
///
/// # Errors
/// [`LowerBoundError::NoInstance`].
pub fn blocks(
    norm: &dyn Norm<f64>,
    space: Dimensions,
    p: MomentOrder,
    class: ZeroRespecting,
) -> Result<Blocks, LowerBoundError> {
    let (m, n) = (space.rows(), space.columns());
    let shares = class == ZeroRespecting::Entries;
    // Layout, N, the longest of N blocks, the longest of one.
    let rows = [(Layout::SharedRows, m, n, n), (Layout::Rows, m, n / m, n)];
    let columns = [(Layout::SharedColumns, n, m, m), (Layout::Columns, n, m / n, m)];
    let [first, second] = if m <= n { [rows, columns] } else { [columns, rows] };
    let candidates = first.into_iter().chain(second).filter(|(layout, ..)| shares || layout.is_disjoint());
    let exponent = |layout, count| -> Result<Option<f64>, LowerBoundError> {
        let chain = BlockChain::new(space, layout, count, 1, 1.0, 1.0)?;
        let known = chain.exponent(norm).filter(|(scale, _)| *scale == 1.0);
        Ok(known.map(|(_, q)| if q.is_infinite() { 1.0 } else { q / (q - 1.0) }))
    };
    for (layout, count, longest, alone) in candidates {
        let Some(dual_exponent) = exponent(layout, 1)? else { continue };
        if dual_exponent >= p.p() {
            return Ok(Blocks { layout, count: 1, dual_exponent, longest: alone });
        }
        if longest > 0 && exponent(layout, count)?.is_some() {
            return Ok(Blocks { layout, count, dual_exponent, longest });
        }
    }
    Err(LowerBoundError::NoInstance(norm.label().to_string()))
}

/// A lower bound at one setting: the instance, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LowerInstance {
    /// The ID of the statement.
    pub theorem: &'static str,
    /// The class of methods that it binds.
    pub class: ZeroRespecting,
    /// Where the blocks lie, how many there are, and the dual exponent.
    pub blocks: Blocks,
    /// T, no more than fits.
    pub length: usize,
    /// The T that the gap pays for. Where it exceeds `length` the space is too small for the rate: the line is proven all the
    /// same, but it does not follow the rate in eps any more.
    pub paid_length: usize,
    /// c.
    pub scale: f64,
    /// s.
    pub width: f64,
    /// q.
    pub reveal_probability: f64,
    /// lambda > 1.
    pub lambda: f64,
    /// eps.
    pub accuracy: f64,
}

impl LowerInstance {
    /// The line of this instance.
    pub fn line(&self) -> Line {
        Line {
            blocks: self.blocks.count,
            length: self.length,
            reveal_probability: self.reveal_probability,
            lambda: self.lambda,
        }
    }

    /// The instance on a space that holds it.
    ///
    /// # Errors
    /// [`ConfigError`] if the space is too small.
    pub fn instance(&self, space: Dimensions) -> Result<HardInstance, ConfigError> {
        let Self { blocks, length, scale, width, .. } = *self;
        let chain = BlockChain::new(space, blocks.layout, blocks.count, length, scale, width)?;
        HardInstance::new(chain, self.reveal_probability, Reveals::OneBlock)
    }

    /// ||grad f(X)||_* <= eps as a share: of N c/s, the sum of block 2-norms when each is 1 (b = 1 only).
    pub fn level_share(&self) -> f64 {
        1.0 / self.lambda
    }
}

/// What an instance should look like; the hypotheses follow.
#[derive(Debug, Clone)]
pub struct Design {
    /// The norm.
    pub norm: Arc<dyn Norm<f64>>,
    /// m x n.
    pub dimensions: Dimensions,
    /// p.
    pub moment_order: MomentOrder,
    /// lambda > 1.
    pub lambda: f64,
    /// T.
    pub length: usize,
    /// q.
    pub reveal_probability: f64,
    /// The class of methods.
    pub class: ZeroRespecting,
}

/// A lower bound.
pub trait LowerBound: Send + Sync {
    /// What is claimed.
    fn statement(&self) -> Statement;

    /// The calls grow like eps^{-exponent} where everything but eps is fixed (as long as chains fit, and up to rounding of T).
    fn exponent(&self, p: MomentOrder) -> f64;

    /// The instance for a setting.
    ///
    /// # Errors
    /// [`LowerBoundError`].
    fn instance(
        &self,
        setting: &Setting,
        lambda: f64,
        class: ZeroRespecting,
    ) -> Result<LowerInstance, LowerBoundError>;

    /// A setting with eps = 1 whose instance has this T and q.
    ///
    /// # Errors
    /// [`LowerBoundError`].
    fn design(&self, design: &Design) -> Result<Setting, LowerBoundError>;
}

/// Every lower bound.
pub fn lower_bounds() -> Vec<Box<dyn LowerBound>> {
    vec![Box::new(l1::L1), Box::new(l2::L2)]
}

fn check_lambda(lambda: f64) -> Result<(), LowerBoundError> {
    if lambda.is_finite() && lambda > 1.0 { Ok(()) } else { Err(LowerBoundError::Lambda(lambda)) }
}

/// floor(Delta/(c N Delta_0)). What is below an integer by rounding alone is that integer.
fn length(gap: Gap, scale: f64, blocks: Blocks) -> Result<usize, LowerBoundError> {
    const ROUNDING: f64 = 32.0 * f64::EPSILON;
    let paid = gap.delta() / (scale * blocks.count as f64 * chain_constants().gap_per_coordinate.upper);
    let length = (paid * (1.0 + ROUNDING)).floor();
    if length < 1.0 {
        return Err(LowerBoundError::NoCoordinate { length: paid });
    }
    Ok(length as usize)
}

/// q = 4^{1/(p-1)} (N A/sigma)^{p/(p-1)} with N A = lambda eps g N^{1 - 1/b}: Lemma 4.4 at sigma^p.
fn reveal_probability(
    p: MomentOrder,
    sigma: NoiseScale,
    blocks: Blocks,
    lambda_eps: f64,
) -> Result<f64, LowerBoundError> {
    let q = (log_reveal(p, blocks, lambda_eps) - p.p() / (p.p() - 1.0) * sigma.sigma().ln()).exp();
    // A setting designed for q = 1 comes back with q = 1 up to rounding.
    const ROUNDING: f64 = 256.0 * f64::EPSILON;
    if q > 1.0 + ROUNDING { Err(LowerBoundError::NoiseTooSmall(q)) } else { Ok(q.min(1.0)) }
}

/// ln of q sigma^{p/(p-1)}.
fn log_reveal(p: MomentOrder, blocks: Blocks, lambda_eps: f64) -> f64 {
    let total = lambda_eps * chain_constants().frontier_entry.upper * blocks.count as f64 / blocks.root();
    (4f64.ln() + p.p() * total.ln()) / (p.p() - 1.0)
}

/// The sigma at which q is asked for.
fn noise_scale(p: MomentOrder, blocks: Blocks, lambda: f64, q: f64) -> Result<NoiseScale, LowerBoundError> {
    let a = p.p() / (p.p() - 1.0);
    Ok(NoiseScale::new(((log_reveal(p, blocks, lambda) - q.ln()) / a).exp())?)
}

/// What two bounds share: with s given, c = lambda eps s/N^{1/b}, then T and q.
fn at_width(
    theorem: &'static str,
    setting: &Setting,
    lambda: f64,
    class: ZeroRespecting,
    blocks: Blocks,
    width: f64,
) -> Result<LowerInstance, LowerBoundError> {
    let eps = setting.accuracy.eps();
    let scale = lambda * eps * width / blocks.root();
    let paid_length = length(setting.gap, scale, blocks)?;
    Ok(LowerInstance {
        theorem,
        class,
        blocks,
        length: paid_length.min(blocks.longest),
        paid_length,
        scale,
        width,
        reveal_probability: reveal_probability(
            setting.moment_order,
            setting.noise_scale,
            blocks,
            lambda * eps,
        )?,
        lambda,
        accuracy: eps,
    })
}

/// What two designs share: eps = 1, and the gap that pays for T.
fn designed(
    design: &Design,
    blocks: Blocks,
    width: f64,
    l: f64,
    rho: Option<f64>,
) -> Result<Setting, LowerBoundError> {
    let Design { norm, dimensions, moment_order, lambda, length, reveal_probability, .. } = design;
    let scale = lambda * width / blocks.root();
    let delta = scale * blocks.count as f64 * chain_constants().gap_per_coordinate.upper * *length as f64;
    Ok(Setting {
        norm: Arc::clone(norm),
        dimensions: *dimensions,
        moment_order: *moment_order,
        noise_scale: noise_scale(*moment_order, blocks, *lambda, *reveal_probability)?,
        smoothness: Smoothness::new(l, norm.label())?,
        hessian_lipschitz: rho.map(|rho| HessianLipschitz::new(rho, norm.label())).transpose()?,
        gap: Gap::new(delta)?,
        accuracy: Accuracy::new(1.0)?,
        radius: None,
        sample_smoothness: None,
        inexactness: None,
    })
}
