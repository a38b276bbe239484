//! U2': Scion whose average starts at zero.
//!
//! # Proof
//!
//! M_{-1} = 0, M_t = (1-alpha) M_{t-1} + alpha g(X_t), hence M_0 = alpha g(X_0). Write G_t = grad f(X_t), N_t = g(X_t) - G_t,
//! E_t = M_t - G_t. Then E_0 = -(1-alpha) G_0 + alpha N_0, the recursion of U2 holds for t >= 1, and
//!
//! ```text
//! E_t = -(1-alpha)^{t+1} G_0  +  sum_{s=1}^t (1-alpha)^{t-s+1} (G_{s-1} - G_s)  +  sum_{s=0}^t alpha (1-alpha)^{t-s} N_s.
//!             start-up                              drift                                       noise
//! ```
//!
//! Start-up: sum_t (1-alpha)^{t+1} <= (1-alpha)/alpha, and ||G_0||_* <= sqrt(2 Delta L) (a step of length ||G_0||_*/L along
//! lmo(G_0) descends by ||G_0||_*^2/(2L) <= Delta, Lemma 3.2): on average over t < T at most (1-alpha) sqrt(2 Delta
//! L)/(alpha T). It is the price of a biased start, and it has no sigma. Drift: as in U2. Noise: now EVERY weight is of the
//! form alpha (1-alpha)^j, at most nu(alpha) ([`crate::averaging`]). With (3.3),
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2[ (1-alpha) sqrt(2 Delta L)/(alpha T) + L eta (1-alpha)/alpha + nu(alpha) ].
//! ```
//!
//! Schedule. alpha and eta as in U2, T = ceil max{32 Delta L/(alpha eps^2), 8 (1-alpha) sqrt(2 Delta L)/(alpha eps)}.
//! The second entry makes the start-up term at most eps/4 for every eps. It is the smaller one as long as eps <= 2 sqrt(2
//! Delta L), so that T = ceil(32 Delta L/(alpha eps^2)) whenever X_0 does not satisfy the goal already (eps < sqrt(2 Delta
//! L)); there the start-up term is even at most (1-alpha) eps^2/(8 sqrt(2 Delta L)) <= (1-alpha) eps/8, and the terms are at
//! most
//!
//! ```text
//! eps/4 + alpha eps/16 + [ (1-alpha) eps/8 + (1-alpha) eps/4 + eps/4 ] = (14 - 5 alpha) eps/16.
//! ```
//!
//! For larger eps they are at most eps/4 + alpha eps/16 + [eps/4 + (1-alpha) eps/4 + eps/4] = (16 - 3 alpha) eps/16. []

use heavynorm::algorithms::Start;
use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::u2::larger;
use super::{Theorem, started_table};
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U2Prime;

impl Theorem for U2Prime {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U2p",
            name: "U2'",
            title: "Scion from a zero average reaches E||grad f||_* <= eps, without a start-up term of the noise",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2[(1-alpha) sqrt(2 Delta L)/(alpha T) + L eta (1-alpha)/alpha + min{sigma, K_b^{1/b} sigma alpha^{1-1/b}}]",
            hypotheses: &["A1 (gap)", "A2 (L-smooth)", "A3 (p-th moment)"],
            claim: Claim::Upper,
            source: Source::Ours,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "scion"
    }

    fn start(&self) -> &'static str {
        "alpha times one gradient at X_0: an average that starts at zero"
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, l, eps) = (setting.gap.delta(), setting.l()?, setting.accuracy.eps());
        let alpha = setting.averaging()?.largest_alpha(eps / 8.0);
        let step_size = step_size(alpha * eps / (8.0 * l))?;
        let descent = 32.0 * delta * l / (alpha * (eps * eps));
        let start_up = 8.0 * (1.0 - alpha) * self.trivial_accuracy(setting)? / (alpha * eps);
        let horizon = count("horizon", larger(descent, start_up))?;
        Ok(Parameters { alpha, step_size, horizon, batch: 1 })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { alpha, step_size: eta, horizon, .. } = parameters;
        let (l, horizon) = (setting.l()?, horizon as f64);
        let (noise, order) = setting.averaging()?.at(alpha);
        let first_gradient = self.trivial_accuracy(setting)?;
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon)),
            ("curvature", l * eta / 2.0),
            ("start_up", 2.0 * (1.0 - alpha) * first_gradient / (alpha * horizon)),
            ("drift", 2.0 * l * eta * (1.0 - alpha) / alpha),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }

    fn method_table(&self, _: &Setting, parameters: &Parameters) -> Result<toml::Table, PlanError> {
        Ok(started_table(self.method(), Start::Zero, parameters))
    }
}
