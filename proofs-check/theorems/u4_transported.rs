//! U4, second part: Transported Scion with an inexact LMO.
//!
//! # Proof
//!
//! The inequality of [`super::u4`] holds for any averages M_t, and the bound of U3 on E||E_t||_* uses of the steps only
//! that they have length eta at most and are known before the next sample. With c = (2-delta)/(1-delta)
//!
//! ```text
//! avg <= [Delta/(eta T) + L eta/2]/(1-delta) + c[ sigma/(alpha T) + rho eta^2 (1-alpha)/(2 alpha^2) + nu(alpha) ].
//! ```
//!
//! Schedule. alpha as in U4; eta = min{alpha sqrt(eps/(2 c rho (1-alpha))), (1-delta) eps/(8L)} (the first entry is +inf if
//! rho = 0 or alpha = 1); T = ceil max{4 Delta/((1-delta) eta eps), 16 c sigma/(3 alpha eps)}. The terms are at most
//!
//! ```text
//! eps/4 + eps/16 + [ 3 eps/16 + eps/4 + eps/4 ] = eps.   []
//! ```

use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::Theorem;
use super::u2::larger;
use super::u4::U4;
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Rates, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U4Transported;

const ID: &str = "U4T";

impl Theorem for U4Transported {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U4",
            name: ID,
            title: "Transported Scion with a delta-inexact LMO reaches E||grad f||_* <= eps",
            formula: "avg E||grad f(X_t)||_* <= [Delta/(eta T) + L eta/2]/(1-delta) + c[sigma/(alpha T) + rho eta^2 (1-alpha)/(2 alpha^2) + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}], c = (2-delta)/(1-delta)",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth)",
                "A3 (p-th moment)",
                "A4 (rho-Lipschitz Hessian)",
                "||O|| <= 1, <M, O> <= -(1-delta)||M||_*",
            ],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "transported-scion"
    }

    fn start(&self) -> &'static str {
        "one gradient at X_0, where Y_0 = X_0 since X_{-1} = X_0"
    }

    fn rates(&self, setting: &Setting) -> Result<Rates, PlanError> {
        let (l, rho, eps) = (setting.l()?, setting.rho(ID)?, setting.accuracy.eps());
        let inexact = setting.lmo_inexactness(ID)?;
        let c = inexact.error_factor();
        let alpha = setting.averaging()?.largest_alpha(eps / (4.0 * c));
        // x/0 = +inf where there is no drift: then the curvature alone limits the step.
        let drift = alpha * (eps / (2.0 * c * rho * (1.0 - alpha))).sqrt();
        Ok(Rates { alpha, step_size: step_size(drift.min(inexact.kept() * eps / (8.0 * l)))? })
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, sigma, eps) = (setting.gap.delta(), setting.noise_scale.sigma(), setting.accuracy.eps());
        let inexact = setting.lmo_inexactness(ID)?;
        let Rates { alpha, step_size: eta } = self.rates(setting)?;
        let descent = 4.0 * delta / (inexact.kept() * eta * eps);
        let start_up = 16.0 * inexact.error_factor() * sigma / (3.0 * alpha * eps);
        let horizon = count("horizon", larger(descent, start_up))?;
        Ok(Parameters { alpha, step_size: eta, horizon, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, .. } = parameters;
        // Everything but the drift is that of U4.
        let mut bound = U4.bound(setting, parameters)?;
        let c = setting.lmo_inexactness(ID)?.error_factor();
        // eta/alpha first: their squares may under- or overflow where the ratio does not.
        let reach = eta / alpha;
        bound.terms.replace("drift", c * setting.rho(ID)? * reach * reach * (1.0 - alpha) / 2.0);
        Ok(bound)
    }
}
