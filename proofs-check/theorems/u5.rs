//! U5: STORM-Scion, which asks for two gradients at one sample.
//!
//! # Proof
//!
//! A5: (E||g(X, xi) - g(Y, xi)||_*^p)^{1/p} <= Lbar||X - Y||. Write G_t = grad f(X_t), N_t(X) = g(X, xi_t) - grad f(X).
//!
//! M_0 is the mean of B = ceil(1/alpha) gradients at X_0, M_t = g(X_t, xi_t) + (1-alpha)(M_{t-1} - g(X_{t-1}, xi_t)). Inserting
//! g(X, xi_t) = grad f(X) + N_t(X), the gradients cancel, and E_t = M_t - G_t obeys
//!
//! ```text
//! E_t = (1-alpha) E_{t-1} + D_t,     D_t = alpha N_t(X_t) + (1-alpha)(N_t(X_t) - N_t(X_{t-1})),
//! E_t = (1-alpha)^t E_0 + sum_{s=1}^t (1-alpha)^{t-s} D_s,     E_0 = (1/B) sum_i N_{0,i}.
//! ```
//!
//! X_t and X_{t-1} are known before xi_t: the D_s are martingale differences. A5 gives ||grad f(X) - grad f(Y)||_* <=
//! E||g(X, xi) - g(Y, xi)||_* <= Lbar||X - Y|| (Jensen), so N_t(X_t) - N_t(X_{t-1}) has p-th moment at most
//! (2 Lbar eta)^p, and
//!
//! ```text
//! (E||D_t||_*^p)^{1/p} <= d := alpha sigma + 2 (1-alpha) Lbar eta.
//! ```
//!
//! Let b in (1, p], where the same holds for the order b (Jensen). By definition of K_b, with B^{1-b} <= alpha^{b-1} and
//! sigma <= d/alpha,
//!
//! ```text
//! E||E_t||_*^b <= K_b [ (1-alpha)^{bt} B^{1-b} sigma^b + sum_{j<t} (1-alpha)^{bj} d^b ]
//!              <= K_b d^b [ (1-alpha)^{bt}/alpha + (1 - (1-alpha)^{bt})/alpha ] = K_b d^b/alpha,
//! ```
//!
//! since sum_{j<t} x^j = (1 - x^t)/(1 - x) with x = (1-alpha)^b <= 1-alpha. The triangle inequality gives E||E_t||_* <=
//! (1-alpha)^t sigma + (1 - (1-alpha)^t) d/alpha <= d/alpha, the same with b = K_b = 1. Together, for every t,
//!
//! ```text
//! E||E_t||_* <= (d/alpha) nu_1(alpha) = nu(alpha) + (2 (1-alpha) Lbar eta/alpha) nu_1(alpha),
//! ```
//!
//! where nu_1(alpha) = min{1, min_b K_b^{1/b} alpha^{1-1/b}} is nu ([`crate::averaging`]) for sigma = 1. With (3.3),
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2[ nu(alpha) + 2 (1-alpha) Lbar eta nu_1(alpha)/alpha ].
//! ```
//!
//! Against U2 the drift has lost alpha^{1-1/p}, and it is noise: nothing is left of it where g(X, xi) - g(Y, xi) is not
//! random, which A5 does not see.
//!
//! Schedule. alpha = min{1, (eps/(8 K_p^{1/p} sigma))^a} (1 if sigma <= eps/8) has nu(alpha) <= eps/8. With
//!
//! ```text
//! eta = min{ eps/(8L), eps alpha/(16 (1-alpha) Lbar nu_1(alpha)) }       (the second is +inf at alpha = 1),
//! ```
//!
//! which is at least eps alpha^{1/p}/(16 (1-alpha) K_p^{1/p} Lbar), and T = ceil(4 Delta/(eta eps)), the terms are at most
//! eps/4 + eps/16 + [eps/4 + eps/4] = 13 eps/16. The T steps cost ceil(1/alpha) + 2(T - 1) calls. []
//!
//! In order of magnitude T is Delta Lbar kappa sigma^{1/(p-1)} eps^{-(2p-1)/(p-1)} + Delta L eps^{-2}, and 1/alpha is kappa
//! (sigma/eps)^a.

use heavynorm::algorithms::start_batch;
use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::Theorem;
use crate::plan::{count, step_size};
use crate::{Bound, Cost, Parameters, PlanError, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U5;

const ID: &str = "U5";

impl Theorem for U5 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U5",
            name: ID,
            title: "STORM-Scion reaches E||grad f||_* <= eps, faster where samples are Lipschitz in p-th mean",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2[min{sigma, K_b^{1/b} sigma alpha^{1-1/b}} + 2 (1-alpha) Lbar eta min{1, K_b^{1/b} alpha^{1-1/b}}/alpha]",
            hypotheses: &[
                "A1 (gap)",
                "A2 (L-smooth)",
                "A3 (p-th moment)",
                "A5 (samples Lbar-Lipschitz in p-th mean, two gradients at one sample)",
            ],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "storm-scion"
    }

    fn start(&self) -> &'static str {
        "the mean of ceil(1/alpha) gradients at X_0"
    }

    fn cost(&self, parameters: &Parameters) -> Cost {
        Cost { first: start_batch(parameters.alpha), further: 2 }
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (l, l_bar, eps) = (setting.l()?, setting.l_bar(ID)?, setting.accuracy.eps());
        let averaging = setting.averaging()?;
        let alpha = averaging.largest_alpha(eps / 8.0);
        // x/0 = +inf where nothing is remembered: then the curvature alone limits the step.
        let drift = eps * alpha / (16.0 * (1.0 - alpha) * l_bar * averaging.shrinkage(alpha));
        let eta = step_size(drift.min(eps / (8.0 * l)))?;
        let horizon = count("horizon", 4.0 * setting.gap.delta() / (eta * eps))?;
        Ok(Parameters { alpha, step_size: eta, horizon, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let averaging = setting.averaging()?;
        let (noise, order) = averaging.at(alpha);
        let l_bar = setting.l_bar(ID)?;
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon as f64)),
            ("curvature", setting.l()? * eta / 2.0),
            ("drift", 4.0 * (1.0 - alpha) * l_bar * (eta / alpha) * averaging.shrinkage(alpha)),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }
}
