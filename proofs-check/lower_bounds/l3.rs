//! L3: the lower bounds for every algorithm, deterministic or randomized, in the spectral norm.
//!
//! The members of the class are all algorithms; what they pay for is the dimension. The instance is
//! [`heavynorm::hard_instances::frames`], the proof is chapter 60 (THM-L3, COR-L3-RATE, COR-L3-HESSIAN).
//!
//! # Sketch
//! With R = 230 sqrt(max{T, m}) and n as in (60.1), with probability 19/20 no point of a run has a component above 1/2 along a
//! direction that was not shown (LEM-AUXILIARY), so that rows with fewer than T reveals are incomplete; with probability 79/80
//! J incomplete rows leave a gradient of 0.612 (c/s) J (LEM-SELECTION, LEM-LEFT). Hence, with m c/s = lambda eps,
//!
//! ```text
//! E||grad f(X)||_nuc >= 0.612 lambda eps [P(Bin(M, q/m) <= T - 1) - 1/16].
//! ```
//!
//! The true sizes: n is at least 423200 log 40 > 1.5e6 for m = T = 1, and grows like max{m, T} log(..).

use heavynorm::hard_instances::Layout;
use heavynorm::hard_instances::frames::{Frames, Hides, RotatedChains, RotatedInstance};
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Claim, Dimensions, Evidence, MomentOrder, Norm, Source, Statement};
use serde::Serialize;

use super::{Blocks, Design, Line, LowerBoundError, check_lambda, designed, length, reveal_probability};
use crate::Setting;

/// ell_1' - ell_1 at R >= 230 sqrt(T) (LEM-FRAMES-CLASS).
pub const GRADIENT_OFFSET: f64 = 0.28;

/// ell_2' - ell_2 at R >= 230 sqrt(T) (LEM-FRAMES-CLASS).
pub const HESSIAN_OFFSET: f64 = 1.56;

/// What is left of an incomplete row, in units of c/s (LEM-LEFT).
pub const LEFT: f64 = 0.612;

/// 1/20 + 1/80: the probability that the frames are unlucky.
pub const UNLUCKY: f64 = 1.0 / 16.0;

/// The class of functions of a bound for every algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Randomized {
    /// THM-L3: L-smooth functions.
    L3,
    /// COR-L3-HESSIAN: with a rho-Lipschitz Hessian besides.
    Hessian,
}

/// Both.
pub const RANDOMIZED: [Randomized; 2] = [Randomized::L3, Randomized::Hessian];

/// A bound for every algorithm at one setting, whatever the number of columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RandomizedInstance {
    /// The ID of the statement.
    pub statement: &'static str,
    /// m.
    pub rows: usize,
    /// T.
    pub length: usize,
    /// c.
    pub scale: f64,
    /// s.
    pub width: f64,
    /// q.
    pub reveal_probability: f64,
    /// R.
    pub radius: f64,
    /// lambda > 1.
    pub lambda: f64,
    /// eps.
    pub accuracy: f64,
}

/// An instance that runs and that the theorem does not speak of.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// The instance, with the R and n asked for.
    pub instance: RotatedInstance,
    /// What it is not.
    pub label: String,
}

/// m blocks of norm exponent 1, as in L1; no length is too long.
fn blocks(norm: &dyn Norm<f64>, space: Dimensions) -> Result<Blocks, LowerBoundError> {
    if norm.label().as_str() != "spectral" {
        return Err(LowerBoundError::NotSpectral(norm.label().to_string()));
    }
    if space.rows() > space.columns() {
        return Err(LowerBoundError::Tall(space));
    }
    Ok(Blocks { layout: Layout::Rows, count: space.rows(), dual_exponent: 1.0, longest: usize::MAX })
}

impl Randomized {
    /// ell_1'.
    fn gradient_lipschitz() -> f64 {
        chain_constants().gradient_lipschitz.upper + GRADIENT_OFFSET
    }

    /// ell_2'.
    fn hessian_lipschitz() -> f64 {
        chain_constants().hessian_lipschitz.upper + HESSIAN_OFFSET
    }

    /// What is claimed.
    pub fn statement(self) -> Statement {
        let smooth = Statement {
            id: "THM-L3",
            name: "L3",
            title: "no algorithm, randomized or not, has E||grad f||_nuc < eps before Omega(m Delta L sigma^a eps^{-(3p-2)/(p-1)}) calls",
            formula: "E||grad f(X_M)||_nuc >= 0.612 lambda eps [P(Bin(M, q/m) <= T - 1) - 1/16]",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth, spectral norm)",
                "A3 (p-th moment)",
                "m <= n",
                "q <= 1 (sigma large against eps)",
                "n >= T - 1 + 8 R^2 log(40 (M+1) m T), R = 230 sqrt(max{T, m})",
            ],
            claim: Claim::Lower,
            source: Source::Paper,
            evidence: Evidence::Proof,
        };
        match self {
            Self::L3 => smooth,
            Self::Hessian => Statement {
                id: "COR-L3-HESSIAN",
                name: "L3-Hessian",
                title: "with a Lipschitz Hessian no algorithm has E||grad f||_nuc < eps before Omega(m Delta sqrt(rho) sigma^a eps^{-(5p-3)/(2p-2)}) calls",
                hypotheses: &[
                    "A1 (gap)",
                    "A2 (L-smooth, L at least lambda eps ell_1'/s)",
                    "A3 (p-th moment)",
                    "A4 (rho-Lipschitz Hessian, spectral norm)",
                    "m <= n",
                    "q <= 1 (sigma large against eps)",
                    "n >= T - 1 + 8 R^2 log(40 (M+1) m T), R = 230 sqrt(max{T, m})",
                ],
                source: Source::Ours,
                ..smooth
            },
        }
    }

    /// The calls grow like eps^{-exponent}: (3p-2)/(p-1), or (5p-3)/(2p-2).
    pub fn exponent(self, p: MomentOrder) -> f64 {
        match self {
            Self::L3 => (3.0 * p.p() - 2.0) / (p.p() - 1.0),
            Self::Hessian => (5.0 * p.p() - 3.0) / (2.0 * p.p() - 2.0),
        }
    }

    /// s where L = 1 or rho = 1 and lambda eps = 1; the general s is this times lambda eps/L, or times sqrt(lambda eps/rho).
    fn unit_width(self) -> f64 {
        match self {
            Self::L3 => Self::gradient_lipschitz(),
            Self::Hessian => Self::hessian_lipschitz().sqrt(),
        }
    }

    /// The numbers of the instance for a setting, whose number of columns is not looked at (beyond m <= n).
    ///
    /// # Errors
    /// [`LowerBoundError`]: lambda, the norm, the shape, T < 1, q > 1, rho missing, L too small.
    pub fn numbers(self, setting: &Setting, lambda: f64) -> Result<RandomizedInstance, LowerBoundError> {
        check_lambda(lambda)?;
        let rows = setting.dimensions.rows();
        let blocks = blocks(&*setting.norm, setting.dimensions)?;
        let id = self.statement().id;
        let lambda_eps = lambda * setting.accuracy.eps();
        let allowed = setting.l()?;
        let width = self.unit_width()
            * match self {
                Self::L3 => lambda_eps / allowed,
                Self::Hessian => (lambda_eps / setting.rho(id)?).sqrt(),
            };
        let found = lambda_eps * Self::gradient_lipschitz() / width;
        const ROUNDING: f64 = 64.0 * f64::EPSILON;
        if found > allowed * (1.0 + ROUNDING) {
            return Err(LowerBoundError::NotSmooth { found, allowed });
        }
        let scale = lambda_eps * width / rows as f64;
        let length = length(setting.gap, scale, blocks)?;
        let (p, sigma) = (setting.moment_order, setting.noise_scale);
        Ok(RandomizedInstance {
            statement: id,
            rows,
            length,
            scale,
            width,
            reveal_probability: reveal_probability(p, sigma, blocks, lambda_eps)?,
            radius: RotatedChains::radius_of_theorem(rows, length),
            lambda,
            accuracy: setting.accuracy.eps(),
        })
    }

    /// A setting with eps = 1 and L = 1 (or rho = 1 and the smallest L) whose instance has this T and q. The class of methods in the
    /// design is not looked at: there is none.
    ///
    /// # Errors
    /// [`LowerBoundError`].
    pub fn design(self, design: &Design) -> Result<Setting, LowerBoundError> {
        check_lambda(design.lambda)?;
        let blocks = blocks(&*design.norm, design.dimensions)?;
        match self {
            Self::L3 => designed(design, blocks, design.lambda * self.unit_width(), 1.0, None),
            Self::Hessian => {
                let width = design.lambda.sqrt() * self.unit_width();
                let l = design.lambda * Self::gradient_lipschitz() / width;
                designed(design, blocks, width, l, Some(1.0))
            }
        }
    }

    /// COR-L3-RATE: with lambda = 4, every algorithm that reaches eps makes at least this many calls (and more than
    /// floor(m T/(2q)), which is no less up to rounding), on a space that is wide enough.
    ///
    /// # Errors
    /// [`LowerBoundError`]: as [`Randomized::numbers`] at lambda = 4.
    pub fn rate(setting: &Setting) -> Result<f64, LowerBoundError> {
        let c = chain_constants();
        let rows = Self::L3.numbers(setting, 4.0)?.rows as f64;
        let (p, eps) = (setting.moment_order, setting.accuracy.eps());
        let a = p.conjugate();
        let constant = 64.0
            * Self::gradient_lipschitz()
            * c.gap_per_coordinate.upper
            * 4f64.powf(1.0 / (p.p() - 1.0))
            * (4.0 * c.frontier_entry.upper).powf(a);
        let noise = setting.noise_scale.sigma().powf(a);
        Ok(rows * setting.gap.delta() * setting.l()? * noise / constant * eps.powf(-Self::L3.exponent(p)))
    }
}

impl RandomizedInstance {
    /// The n of condition (60.1) for M calls, each at one point or at two (pairs: one sample, two calls).
    pub fn columns_needed(&self, samples: u64, points_a_sample: u64) -> f64 {
        let points = points_a_sample as f64 * samples as f64 + 1.0;
        let logarithm = (40.0 * points * (self.rows * self.length) as f64).ln();
        (self.length as f64 - 1.0 + 8.0 * self.radius * self.radius * logarithm).ceil()
    }

    /// The bound (60.2) at M calls, over eps; it may be negative.
    pub fn mean(&self, calls: u64) -> f64 {
        let lambda = LEFT * self.lambda;
        let line = Line {
            blocks: self.rows,
            length: self.length,
            reveal_probability: self.reveal_probability,
            lambda,
        };
        line.mean(calls) - lambda * UNLUCKY
    }

    /// floor(m T/(2q)): at lambda = 4 the bound is above 1.07 eps at so many calls.
    pub fn half_unit(&self) -> u64 {
        // `as` saturates.
        ((self.rows * self.length) as f64 / (2.0 * self.reveal_probability)) as u64
    }

    fn build(&self, columns: usize, radius: f64, seed: u64) -> Result<RotatedInstance, LowerBoundError> {
        let frames = Frames::independent(self.rows, columns, self.length, seed)?;
        let chains = RotatedChains::new(frames, radius, self.scale, self.width)?;
        Ok(RotatedInstance::new(chains, self.reveal_probability, Hides::Truncated)?)
    }

    /// The instance of the theorem for M calls at one point each, on `columns` columns, with frames drawn from the seed.
    ///
    /// # Errors
    /// [`LowerBoundError::TooNarrow`] with the n that is needed; [`LowerBoundError::Instance`] if that does not fit into memory.
    pub fn instance(
        &self,
        columns: usize,
        calls: u64,
        seed: u64,
    ) -> Result<RotatedInstance, LowerBoundError> {
        let needed = self.columns_needed(calls, 1);
        if (columns as f64) < needed {
            return Err(LowerBoundError::TooNarrow { needed, columns });
        }
        self.build(columns, self.radius, seed)
    }

    /// The same function with another radius on any number of columns, labelled: it is no instance of the theorem, and its L is
    /// larger than that of the setting.
    ///
    /// # Errors
    /// [`LowerBoundError::Instance`].
    pub fn reduced(&self, columns: usize, radius: f64, seed: u64) -> Result<Reduced, LowerBoundError> {
        let label = format!(
            "no instance of {}: R = {radius} in place of {:.1}, n = {columns} in place of {:.0} or more",
            self.statement,
            self.radius,
            self.columns_needed(0, 1)
        );
        Ok(Reduced { instance: self.build(columns, radius, seed)?, label })
    }
}
