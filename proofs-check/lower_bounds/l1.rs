//! L1: the lower bound for smooth functions.
//!
//! # Proof
//!
//! Let ||grad||_* of the blocks be an l_b norm (b = 1 for spectral, largest row and column norms), lambda > 1, and
//!
//! ```text
//! s = lambda eps ell_1 N^{(2/b - 1)+ - 1/b}/L,   c = lambda eps s/N^{1/b},   T = floor(Delta/(c N Delta_0)) >= 1,
//! q = 4^{1/(p-1)} (lambda eps g N^{1 - 1/b}/sigma)^{p/(p-1)} <= 1,
//! ```
//!
//! on a space that holds N blocks of length T. The instance is in the class: its smoothness constant
//! (c/s^2) ell_1 N^{(2/b - 1)+} is L, its gap is at most c N Delta_0 T <= Delta, and by Lemma 4.4 its moment is at most
//! 4 (N g c/s)^p q^{1-p} = sigma^p. Proposition 4.3 gives E||grad f(X_M)||_* >= eps for every member and every M up to the line.
//! With b = 1: T = floor(Delta L/(lambda^2 ell_1 Delta_0 eps^2)); at lambda = 2 and M = N(T-1)/q the mean of the binomial is
//! T - 1, an integer, hence its median, and the probability is at least 1/2: no member needs fewer than
//!
//! ```text
//! N (T-1)/q = Omega(min{m,n} Delta L sigma^{p/(p-1)} eps^{-(3p-2)/(p-1)})   calls.   []
//! ```

use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Claim, Evidence, MomentOrder, Source, Statement, ZeroRespecting};

use super::{
    Blocks, Design, LowerBound, LowerBoundError, LowerInstance, at_width, blocks, check_lambda, designed,
};
use crate::Setting;

const ID: &str = "L1";

/// The lower bound.
#[derive(Debug, Clone, Copy)]
pub struct L1;

/// s L for lambda eps = 1.
fn width_times_l(blocks: Blocks) -> f64 {
    chain_constants().gradient_lipschitz.upper * blocks.factor(1.0) / blocks.root()
}

impl LowerBound for L1 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-L1",
            name: ID,
            title: "no zero-respecting method has E||grad f||_* < eps before Omega(min{m,n} Delta L sigma^a eps^{-(3p-2)/(p-1)}) calls",
            formula: "E||grad f(X_M)||_* >= lambda eps P(Bin(M, q/N) <= T - 1)",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth)",
                "A3 (p-th moment)",
                "q <= 1 (sigma large against eps)",
                "max{m,n} >= min{m,n} T",
                "zero-respecting from X_0 = 0",
            ],
            claim: Claim::Lower,
            source: Source::Paper,
            evidence: Evidence::Proof,
        }
    }

    /// (3p-2)/(p-1).
    fn exponent(&self, p: MomentOrder) -> f64 {
        (3.0 * p.p() - 2.0) / (p.p() - 1.0)
    }

    fn instance(
        &self,
        setting: &Setting,
        lambda: f64,
        class: ZeroRespecting,
    ) -> Result<LowerInstance, LowerBoundError> {
        check_lambda(lambda)?;
        let blocks = blocks(&*setting.norm, setting.dimensions, setting.moment_order, class)?;
        let width = lambda * setting.accuracy.eps() * width_times_l(blocks) / setting.l()?;
        at_width(ID, setting, lambda, class, blocks, width)
    }

    /// L = 1.
    fn design(&self, design: &Design) -> Result<Setting, LowerBoundError> {
        check_lambda(design.lambda)?;
        let blocks = blocks(&*design.norm, design.dimensions, design.moment_order, design.class)?;
        designed(design, blocks, design.lambda * width_times_l(blocks), 1.0, None)
    }
}
