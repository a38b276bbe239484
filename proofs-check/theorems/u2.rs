//! U2: Scion.
//!
//! # Proof
//!
//! M_0 = g(X_0), M_t = (1-alpha) M_{t-1} + alpha g(X_t). With N_t = g(X_t) - grad f(X_t) and E_t = M_t - grad f(X_t),
//! E_0 = N_0 and, for t >= 1,
//!
//! ```text
//! E_t = (1-alpha) E_{t-1} + (1-alpha)(grad f(X_{t-1}) - grad f(X_t)) + alpha N_t,
//! E_t = (1-alpha)^t N_0  +  sum_{s=1}^t (1-alpha)^{t-s+1} (grad f(X_{s-1}) - grad f(X_s))  +  sum_{s=1}^t alpha (1-alpha)^{t-s} N_s.
//!           start-up                              drift                                                noise
//! ```
//!
//! Start-up: E||N_0||_* <= sigma and sum_t (1-alpha)^t <= 1/alpha, so its average over t < T is at most sigma/(alpha T).
//! Drift: each difference is at most L eta in the dual norm (A2, ||X_s - X_{s-1}|| <= eta), and sum_{j>=1} (1-alpha)^j =
//! (1-alpha)/alpha: at most L eta (1-alpha)/alpha. Noise: at most nu(alpha) ([`crate::averaging`]). With (3.3),
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2[ sigma/(alpha T) + L eta (1-alpha)/alpha + nu(alpha) ].
//! ```
//!
//! Schedule. alpha = min{1, (eps/(8 K_p^{1/p} sigma))^a} (1 if sigma <= eps/8) has nu(alpha) <= eps/8. With
//! eta = alpha eps/(8L) and T = ceil max{32 Delta L/(alpha eps^2), 32 sigma/(3 alpha eps)} the terms are at most
//!
//! ```text
//! eps/4 + alpha eps/16 + [ 3 eps/16 + (1-alpha) eps/4 + eps/4 ] = (15 - 3 alpha) eps/16 < eps.   []
//! ```
//!
//! The slack of eps/16 would allow 8 sigma/(alpha eps) for the second entry of T.

use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::Theorem;
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Rates, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U2;

impl Theorem for U2 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U2",
            name: "U2",
            title: "Scion reaches E||grad f||_* <= eps",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2[sigma/(alpha T) + L eta (1-alpha)/alpha + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}]",
            hypotheses: &["A1 (gap)", "A2 (L-smooth)", "A3 (p-th moment)"],
            claim: Claim::Upper,
            source: Source::Paper,
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
        let eps = setting.accuracy.eps();
        let alpha = setting.averaging()?.largest_alpha(eps / 8.0);
        Ok(Rates { alpha, step_size: step_size(alpha * eps / (8.0 * setting.l()?))? })
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, l, eps) = (setting.gap.delta(), setting.l()?, setting.accuracy.eps());
        let sigma = setting.noise_scale.sigma();
        let Rates { alpha, step_size } = self.rates(setting)?;
        let descent = 32.0 * delta * l / (alpha * (eps * eps));
        let start_up = 32.0 * sigma / (3.0 * alpha * eps);
        let horizon = count("horizon", larger(descent, start_up))?;
        Ok(Parameters { alpha, step_size, horizon, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let (l, horizon) = (setting.l()?, horizon as f64);
        let (noise, order) = setting.averaging()?.at(alpha);
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon)),
            ("curvature", l * eta / 2.0),
            ("start_up", 2.0 * setting.noise_scale.sigma() / (alpha * horizon)),
            ("drift", 2.0 * l * eta * (1.0 - alpha) / alpha),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }
}

/// The larger of two horizons; NaN (an overflow against an underflow) wins, so that it is refused.
pub(super) fn larger(x: f64, y: f64) -> f64 {
    if x.is_nan() || x > y { x } else { y }
}
