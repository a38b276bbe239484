//! U3: Transported Scion.
//!
//! # Proof
//!
//! X_{-1} = X_0, Y_t = X_t + ((1-alpha)/alpha)(X_t - X_{t-1}), M_0 = g(X_0), M_t = (1-alpha) M_{t-1} + alpha g(Y_t). With
//! N_t = g(Y_t) - grad f(Y_t) and E_t = M_t - grad f(X_t), for t >= 1
//!
//! ```text
//! E_t = (1-alpha) E_{t-1} + D_t + alpha N_t,
//! D_t = (1-alpha)(grad f(X_{t-1}) - grad f(X_t)) + alpha (grad f(Y_t) - grad f(X_t)).
//! ```
//!
//! A4 gives ||grad f(Z) - grad f(X) - D^2 f(X)[Z - X]||_* <= (rho/2)||Z - X||^2 (integrate along the segment). In D_t the
//! first-order parts add up to D^2 f(X_t)[(1-alpha)(X_{t-1} - X_t) + alpha(Y_t - X_t)] = 0, the transport identity. With
//! ||X_t - X_{t-1}|| <= eta and ||Y_t - X_t|| <= eta (1-alpha)/alpha,
//!
//! ```text
//! ||D_t||_* <= (rho eta^2/2) [ (1-alpha) + alpha ((1-alpha)/alpha)^2 ] = rho eta^2 (1-alpha)/(2 alpha),
//! ```
//!
//! and sum_j (1-alpha)^j <= 1/alpha makes the drift at most rho eta^2 (1-alpha)/(2 alpha^2). Start-up and noise are those
//! of U2. With (3.3),
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2[ sigma/(alpha T) + rho eta^2 (1-alpha)/(2 alpha^2) + nu(alpha) ].
//! ```
//!
//! Schedule. alpha as in U2; eta = min{alpha sqrt(eps/(4 rho (1-alpha))), eps/(8L)} (the first entry is +inf if rho = 0 or
//! alpha = 1); T = ceil max{4 Delta/(eta eps), 32 sigma/(3 alpha eps)}. The terms are at most
//!
//! ```text
//! eps/4 + eps/16 + [ 3 eps/16 + eps/4 + eps/4 ] = eps.   []
//! ```

use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::Theorem;
use super::u2::larger;
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Rates, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U3;

const ID: &str = "U3";

impl Theorem for U3 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U3",
            name: ID,
            title: "Transported Scion reaches E||grad f||_* <= eps, faster where the Hessian is Lipschitz",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2[sigma/(alpha T) + rho eta^2 (1-alpha)/(2 alpha^2) + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}]",
            hypotheses: &["A1 (gap)", "A2 (L-smooth)", "A3 (p-th moment)", "A4 (rho-Lipschitz Hessian)"],
            claim: Claim::Upper,
            source: Source::Paper,
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
        let alpha = setting.averaging()?.largest_alpha(setting.accuracy.eps() / 8.0);
        Ok(Rates { alpha, step_size: step_size_at(alpha, setting, ID)? })
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, sigma, eps) = (setting.gap.delta(), setting.noise_scale.sigma(), setting.accuracy.eps());
        let Rates { alpha, step_size: eta } = self.rates(setting)?;
        let horizon = larger(4.0 * delta / (eta * eps), 32.0 * sigma / (3.0 * alpha * eps));
        Ok(Parameters { alpha, step_size: eta, horizon: count("horizon", horizon)?, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let horizon = horizon as f64;
        let (noise, order) = setting.averaging()?.at(alpha);
        // eta/alpha first: their squares may under- or overflow where the ratio does not.
        let reach = eta / alpha;
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon)),
            ("curvature", setting.l()? * eta / 2.0),
            ("start_up", 2.0 * setting.noise_scale.sigma() / (alpha * horizon)),
            ("drift", setting.rho(ID)? * reach * reach * (1.0 - alpha)),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }
}

/// eta = min{alpha sqrt(eps/(4 rho (1-alpha))), eps/(8L)}, for U3 and for the theorem that shares it.
pub(super) fn step_size_at(alpha: f64, setting: &Setting, theorem: &'static str) -> Result<f64, PlanError> {
    let (l, rho, eps) = (setting.l()?, setting.rho(theorem)?, setting.accuracy.eps());
    // x/0 = +inf where there is no drift: then the curvature alone limits the step.
    let drift = alpha * (eps / (4.0 * rho * (1.0 - alpha))).sqrt();
    step_size(drift.min(eps / (8.0 * l)))
}
