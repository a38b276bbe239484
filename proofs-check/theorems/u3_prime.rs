//! U3': Transported Scion whose average starts at a mean.
//!
//! # Proof
//!
//! As U3, but M_0 is the mean of B = ceil(1/alpha) gradients at X_0 = Y_0. With N_{0,1}, ..., N_{0,B} their noises, N_t that
//! of g(Y_t), and D_t as in U3,
//!
//! ```text
//! E_t = sum_{i=1}^B ((1-alpha)^t/B) N_{0,i}  +  sum_{s=1}^t alpha (1-alpha)^{t-s} N_s  +  sum_{s=1}^t (1-alpha)^{t-s} D_s.
//!                                   noise                                                         drift
//! ```
//!
//! The noises are martingale differences in this order (at X_0 they are independent; Y_s is known before N_s). None of their
//! weights exceeds alpha, since 1/B <= alpha, and they sum to (1-alpha)^t + 1 - (1-alpha)^t = 1: at most nu(alpha)
//! ([`crate::averaging`], the corollary). There is no start-up. Drift: as in U3. With (3.3),
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2[ rho eta^2 (1-alpha)/(2 alpha^2) + nu(alpha) ].
//! ```
//!
//! Schedule. alpha and eta as in U3, T = ceil(4 Delta/(eta eps)). The terms are at most
//!
//! ```text
//! eps/4 + eps/16 + [ eps/4 + eps/4 ] = 13 eps/16,
//! ```
//!
//! and the T steps cost T - 1 + ceil(1/alpha) calls. []

use heavynorm::algorithms::{Start, start_batch};
use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::u3::step_size_at;
use super::{Theorem, started_table};
use crate::plan::count;
use crate::{Bound, Cost, Parameters, PlanError, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U3Prime;

const ID: &str = "U3'";

impl Theorem for U3Prime {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U3p",
            name: ID,
            title: "Transported Scion from a mean of gradients reaches E||grad f||_* <= eps, without a start-up term",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2[rho eta^2 (1-alpha)/(2 alpha^2) + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}]",
            hypotheses: &["A1 (gap)", "A2 (L-smooth)", "A3 (p-th moment)", "A4 (rho-Lipschitz Hessian)"],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "transported-scion"
    }

    fn start(&self) -> &'static str {
        "the mean of ceil(1/alpha) gradients at X_0, where Y_0 = X_0 since X_{-1} = X_0"
    }

    fn cost(&self, parameters: &Parameters) -> Cost {
        Cost { first: start_batch(parameters.alpha), further: 1 }
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let alpha = setting.averaging()?.largest_alpha(setting.accuracy.eps() / 8.0);
        let step_size = step_size_at(alpha, setting, ID)?;
        let horizon = 4.0 * setting.gap.delta() / (step_size * setting.accuracy.eps());
        Ok(Parameters { alpha, step_size, horizon: count("horizon", horizon)?, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let (noise, order) = setting.averaging()?.at(alpha);
        let reach = eta / alpha;
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon as f64)),
            ("curvature", setting.l()? * eta / 2.0),
            ("drift", setting.rho(ID)? * reach * reach * (1.0 - alpha)),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }

    fn method_table(&self, _: &Setting, parameters: &Parameters) -> Result<toml::Table, PlanError> {
        Ok(started_table(self.method(), Start::Batch, parameters))
    }
}
