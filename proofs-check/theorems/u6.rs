//! U6: Constrained Scion, the Frank-Wolfe form.
//!
//! # Proof
//!
//! ||X_0|| <= R, M_t as in U2, X_{t+1} = (1-gamma) X_t + gamma R lmo(M_t): all iterates stay in the ball, by convexity.
//! Progress is measured by the Frank-Wolfe gap over the ball, gap(X) = max_{||Z|| <= R} <grad f(X), X - Z> =
//! <grad f(X), X> + R||grad f(X)||_* >= 0, and Delta and L are needed on the ball alone (Delta against its minimum there).
//!
//! One step: X+ - X = gamma (R lmo(M) - X) has length at most 2 gamma R. By A2 and Lemma 3.1 (times R),
//!
//! ```text
//! f(X+) <= f(X) + gamma <grad f(X), R lmo(M) - X> + (L/2)(2 gamma R)^2
//!       <= f(X) - gamma gap(X) + 2 gamma R||E||_* + 2 L R^2 gamma^2.
//! ```
//!
//! Sum over t < T and divide by gamma T: avg gap <= Delta/(gamma T) + 2 L R^2 gamma + 2R avg||E_t||_*. The recursion of U2
//! with steps of length 2 gamma R in place of eta gives
//!
//! ```text
//! avg gap <= Delta/(gamma T) + 2 L R^2 gamma + 2R[ sigma/(alpha T) + 2 L R gamma (1-alpha)/alpha + nu(alpha) ].
//! ```
//!
//! Schedule. alpha = min{1, (eps/(8 R K_p^{1/p} sigma))^a} (1 if sigma <= eps/(8R)) has nu(alpha) <= eps/(8R). With
//! gamma = alpha eps/(16 L R^2) and T = ceil max{64 Delta L R^2/(alpha eps^2), 8 R sigma/(alpha eps)} the terms are at most
//!
//! ```text
//! eps/4 + alpha eps/8 + [ eps/4 + (1-alpha) eps/4 + eps/4 ] = (8 - alpha) eps/8 < eps.   []
//! ```
//!
//! A gamma above 1 would leave the ball. There gamma = 1 and T = ceil max{4 Delta/eps, 8 R sigma/(alpha eps)} instead:
//! the first term is at most eps/4 again, and the two that grow with gamma are smaller than above. []
//!
//! Trivial accuracy: with gamma <= 1 free and M = grad f, one step from X_0 shows Delta >= gamma gap - 2 L R^2 gamma^2.
//! gamma = gap/(4 L R^2) gives gap <= R sqrt(8 Delta L); if that is above 1, gamma = 1 gives gap <= 2 Delta.

use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::u2::larger;
use super::{Theorem, table};
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U6;

const ID: &str = "U6";

impl Theorem for U6 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U6",
            name: ID,
            title: "Constrained Scion reaches an expected Frank-Wolfe gap of eps over the ball of radius R",
            formula: "avg E gap(X_t) <= Delta/(gamma T) + 2 L R^2 gamma + 2R[sigma/(alpha T) + 2 L R gamma (1-alpha)/alpha + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}]",
            hypotheses: &["A1 (gap, over the ball)", "A2 (L-smooth)", "A3 (p-th moment)", "||X_0|| <= R"],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "constrained-scion"
    }

    fn start(&self) -> &'static str {
        "one gradient at X_0, which must lie in the ball of radius R"
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, l, eps) = (setting.gap.delta(), setting.l()?, setting.accuracy.eps());
        let (r, sigma) = (setting.r(ID)?, setting.noise_scale.sigma());
        let alpha = setting.averaging()?.largest_alpha(eps / (8.0 * r));
        let gamma = alpha * eps / (16.0 * l * r * r);
        let descent =
            if gamma <= 1.0 { 64.0 * delta * l * (r * r) / (alpha * (eps * eps)) } else { 4.0 * delta / eps };
        let start_up = 8.0 * r * sigma / (alpha * eps);
        Ok(Parameters {
            alpha,
            step_size: step_size(gamma.min(1.0))?,
            horizon: count("horizon", larger(descent, start_up))?,
            batch: 1,
        })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: gamma, horizon, .. } = parameters;
        let (l, r, horizon) = (setting.l()?, setting.r(ID)?, horizon as f64);
        let (noise, order) = setting.averaging()?.at(alpha);
        let terms = [
            ("descent", setting.gap.delta() / (gamma * horizon)),
            ("curvature", 2.0 * l * (r * r) * gamma),
            ("start_up", 2.0 * r * setting.noise_scale.sigma() / (alpha * horizon)),
            ("drift", 4.0 * l * (r * r) * gamma * (1.0 - alpha) / alpha),
            ("noise", 2.0 * r * noise),
        ];
        Ok(Bound::new(terms, order))
    }

    fn trivial_accuracy(&self, setting: &Setting) -> Result<f64, PlanError> {
        let (delta, l, r) = (setting.gap.delta(), setting.l()?, setting.r(ID)?);
        Ok((r * (8.0 * delta * l).sqrt()).max(2.0 * delta))
    }

    fn method_table(&self, setting: &Setting, parameters: &Parameters) -> Result<toml::Table, PlanError> {
        let Parameters { alpha, step_size, .. } = *parameters;
        let radius = setting.r(ID)?;
        Ok(table(self.method(), &[("step_size", step_size), ("averaging", alpha), ("radius", radius)]))
    }
}
