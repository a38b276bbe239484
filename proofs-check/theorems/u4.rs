//! U4, first part: Scion with an inexact LMO.
//!
//! # Proof
//!
//! X_{t+1} = X_t + eta O_t with ||O_t|| <= 1 and <M_t, O_t> <= -(1-delta)||M_t||_*, 0 <= delta < 1. Write G = grad f(X),
//! E = M - G. In place of Lemma 3.1
//!
//! ```text
//! <G, O> = <M, O> + <G - M, O> <= -(1-delta)||M||_* + ||E||_* <= -(1-delta)||G||_* + (2-delta)||E||_*,
//! ```
//!
//! since ||M||_* >= ||G||_* - ||E||_*. A2 and ||O|| <= 1 turn this into a descent, and summing over t < T, as for (3.3),
//!
//! ```text
//! (1/T) sum_{t<T} ||grad f(X_t)||_* <= [Delta/(eta T) + L eta/2]/(1-delta) + (c/T) sum_{t<T} ||E_t||_*,  c = (2-delta)/(1-delta).
//! ```
//!
//! The bound of U2 on E||E_t||_* uses of the steps that ||X_{t+1} - X_t|| <= eta and that X_{t+1} is known before the next
//! sample is drawn; both hold as long as O_t does not depend on later samples. Hence
//!
//! ```text
//! avg <= [Delta/(eta T) + L eta/2]/(1-delta) + c[ sigma/(alpha T) + L eta (1-alpha)/alpha + nu(alpha) ].
//! ```
//!
//! Schedule. alpha = min{1, (eps/(4c K_p^{1/p} sigma))^a} (1 if sigma <= eps/(4c)) has c nu(alpha) <= eps/4. With eta =
//! alpha eps/(4cL) and T = ceil max{16 c Delta L/((1-delta) alpha eps^2), 4 c sigma/(alpha eps)} the terms are at most
//!
//! ```text
//! eps/4 + alpha eps/(8(2-delta)) + [ eps/4 + (1-alpha) eps/4 + eps/4 ] <= (8 - alpha) eps/8,
//! ```
//!
//! because c (1-delta) = 2 - delta >= 1. []
//!
//! A direction that is too long counts once it is divided by its norm: a polynomial polar iteration whose singular values
//! reach 1.2 has no delta before that.

use heavynorm::spec::{Claim, Evidence, Inexactness, MomentOrder, Source, Statement};

use super::Theorem;
use super::u2::larger;
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Rates, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U4;

const ID: &str = "U4";

/// By what an inexact LMO multiplies the calls, against the exact one of U2, where noise rules: alpha < 1, moments of order
/// p, and T from the descent.
///
/// # Formula
/// There alpha = (eps/(4c K_p^{1/p} sigma))^a and T = 16 c Delta L/((1-delta) alpha eps^2), of which delta enters
/// c^{1+a}/(1-delta). At delta = 0, where the schedule is that of U2, c = 2:
///
/// ```text
/// (c/2)^{1+a}/(1-delta),   a = p/(p-1).
/// ```
///
/// Where there is next to no noise (alpha = 1) it is (c/2)/(1-delta) only.
pub fn calls_factor(inexactness: Inexactness, p: MomentOrder) -> f64 {
    let error = inexactness.error_factor() / Inexactness::EXACT.error_factor();
    error.powf(1.0 + p.conjugate()) / inexactness.kept()
}

impl Theorem for U4 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U4",
            name: ID,
            title: "Scion with a delta-inexact LMO reaches E||grad f||_* <= eps",
            formula: "avg E||grad f(X_t)||_* <= [Delta/(eta T) + L eta/2]/(1-delta) + c[sigma/(alpha T) + L eta (1-alpha)/alpha + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}], c = (2-delta)/(1-delta)",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth)",
                "A3 (p-th moment)",
                "||O|| <= 1, <M, O> <= -(1-delta)||M||_*",
            ],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "scion"
    }

    fn start(&self) -> &'static str {
        "one gradient at X_0"
    }

    fn rates(&self, setting: &Setting) -> Result<Rates, PlanError> {
        let (eps, c) = (setting.accuracy.eps(), setting.lmo_inexactness(ID)?.error_factor());
        let alpha = setting.averaging()?.largest_alpha(eps / (4.0 * c));
        Ok(Rates { alpha, step_size: step_size(alpha * eps / (4.0 * c * setting.l()?))? })
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, l, eps) = (setting.gap.delta(), setting.l()?, setting.accuracy.eps());
        let (sigma, inexact) = (setting.noise_scale.sigma(), setting.lmo_inexactness(ID)?);
        let Rates { alpha, step_size } = self.rates(setting)?;
        let c = inexact.error_factor();
        let descent = 16.0 * c * delta * l / (inexact.kept() * alpha * (eps * eps));
        let start_up = 4.0 * c * sigma / (alpha * eps);
        let horizon = count("horizon", larger(descent, start_up))?;
        Ok(Parameters { alpha, step_size, horizon, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let (l, horizon, inexact) = (setting.l()?, horizon as f64, setting.lmo_inexactness(ID)?);
        let (kept, c) = (inexact.kept(), inexact.error_factor());
        let (noise, order) = setting.averaging()?.at(alpha);
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon) / kept),
            ("curvature", l * eta / 2.0 / kept),
            ("start_up", c * setting.noise_scale.sigma() / (alpha * horizon)),
            ("drift", c * l * eta * (1.0 - alpha) / alpha),
            ("noise", c * noise),
        ];
        Ok(Bound::new(terms, order))
    }
}
