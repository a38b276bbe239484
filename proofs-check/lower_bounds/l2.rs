//! L2: the lower bound for functions with a Lipschitz Hessian (not in the abstract).
//!
//! # Proof
//!
//! As L1 with the Hessian's constant in place of the gradient's:
//!
//! ```text
//! s^2 = lambda eps ell_2 N^{(3/b - 2)+ - 1/b}/rho,   c = lambda eps s/N^{1/b},   T = floor(Delta/(c N Delta_0)) >= 1,
//! ```
//!
//! the same q. The instance has the constant (c/s^3) ell_2 N^{(3/b - 2)+} = rho, the gap c N Delta_0 T <= Delta and the moment
//! sigma^p; its L is (c/s^2) ell_1 N^{(2/b - 1)+} = lambda eps ell_1/s for b = 1, which the class must allow. Proposition 4.3 is
//! the same. With b = 1, T is of order Delta sqrt(rho) eps^{-3/2}, so no member needs fewer than
//!
//! ```text
//! N (T-1)/q = Omega(min{m,n} Delta sqrt(rho) sigma^{p/(p-1)} eps^{-(5p-3)/(2p-2)})   calls.   []
//! ```

use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Claim, Evidence, MomentOrder, Source, Statement, ZeroRespecting};

use super::{
    Blocks, Design, LowerBound, LowerBoundError, LowerInstance, at_width, blocks, check_lambda, designed,
};
use crate::Setting;

const ID: &str = "L2";

/// The lower bound.
#[derive(Debug, Clone, Copy)]
pub struct L2;

/// s sqrt(rho) for lambda eps = 1.
fn width_times_root_rho(blocks: Blocks) -> f64 {
    (chain_constants().hessian_lipschitz.upper * blocks.factor(2.0) / blocks.root()).sqrt()
}

/// L of an instance.
fn smoothness(blocks: Blocks, scale: f64, width: f64) -> f64 {
    scale * chain_constants().gradient_lipschitz.upper * blocks.factor(1.0) / (width * width)
}

impl LowerBound for L2 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-L2",
            name: ID,
            title: "with a Lipschitz Hessian no zero-respecting method has E||grad f||_* < eps before Omega(min{m,n} Delta sqrt(rho) sigma^a eps^{-(5p-3)/(2p-2)}) calls",
            formula: "E||grad f(X_M)||_* >= lambda eps P(Bin(M, q/N) <= T - 1)",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth, L at least lambda eps ell_1/s)",
                "A3 (p-th moment)",
                "A4 (rho-Lipschitz Hessian)",
                "q <= 1 (sigma large against eps)",
                "max{m,n} >= min{m,n} T",
                "zero-respecting from X_0 = 0",
            ],
            claim: Claim::Lower,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    /// (5p-3)/(2p-2).
    fn exponent(&self, p: MomentOrder) -> f64 {
        (5.0 * p.p() - 3.0) / (2.0 * p.p() - 2.0)
    }

    fn instance(
        &self,
        setting: &Setting,
        lambda: f64,
        class: ZeroRespecting,
    ) -> Result<LowerInstance, LowerBoundError> {
        check_lambda(lambda)?;
        let blocks = blocks(&*setting.norm, setting.dimensions, setting.moment_order, class)?;
        let width =
            (lambda * setting.accuracy.eps() / setting.rho(ID)?).sqrt() * width_times_root_rho(blocks);
        let instance = at_width(ID, setting, lambda, class, blocks, width)?;
        let (found, allowed) = (smoothness(blocks, instance.scale, width), setting.l()?);
        const ROUNDING: f64 = 64.0 * f64::EPSILON;
        if found > allowed * (1.0 + ROUNDING) {
            return Err(LowerBoundError::NotSmooth { found, allowed });
        }
        Ok(instance)
    }

    /// rho = 1, and the smallest L that the instance allows.
    fn design(&self, design: &Design) -> Result<Setting, LowerBoundError> {
        check_lambda(design.lambda)?;
        let blocks = blocks(&*design.norm, design.dimensions, design.moment_order, design.class)?;
        let width = design.lambda.sqrt() * width_times_root_rho(blocks);
        let l = smoothness(blocks, design.lambda * width / blocks.root(), width);
        designed(design, blocks, width, l, Some(1.0))
    }
}
