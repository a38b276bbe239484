//! U1: Batched Scion.
//!
//! # Proof
//!
//! M_t is the mean of B gradients at X_t. Its error E_t is a mean of B conditionally independent (hence
//! martingale-difference) noises, so E||E_t||_* <= nu(1/B) ([`crate::averaging`]). There is neither start-up nor
//! drift, and (3.3) reads
//!
//! ```text
//! avg <= Delta/(eta T) + L eta/2 + 2 nu(1/B).
//! ```
//!
//! Schedule. B = max{1, ceil(kappa (4 sigma/eps)^a)}, a = p/(p-1), makes K_p^{1/p} sigma B^{-1/a} <= eps/4, since
//! (kappa (4 sigma/eps)^a)^{-1/a} = K_p^{-1/p} eps/(4 sigma); B = 1 if sigma <= eps/4. With eta = sqrt(2 Delta/(L T)) the
//! first two terms are both sqrt(Delta L/(2T)), together sqrt(2 Delta L/T) <= eps/2 as soon as T >= 8 Delta L/eps^2.
//! Sum: eps/2 + 2 eps/4 = eps. []

use heavynorm::spec::{Claim, Evidence, Source, Statement};

use super::{Theorem, table};
use crate::plan::{count, step_size};
use crate::{Bound, Parameters, PlanError, Setting};

/// The theorem.
#[derive(Debug, Clone, Copy)]
pub struct U1;

impl Theorem for U1 {
    fn statement(&self) -> Statement {
        Statement {
            id: "THM-U1",
            name: "U1",
            title: "Batched Scion reaches E||grad f||_* <= eps",
            formula: "avg E||grad f(X_t)||_* <= Delta/(eta T) + L eta/2 + 2 min{sigma, K_b^{1/b} sigma B^{-(1-1/b)}}",
            hypotheses: &["A1 (gap)", "A2 (L-smooth)", "A3 (p-th moment)"],
            claim: Claim::Upper,
            source: Source::Paper,
            evidence: Evidence::Proof,
        }
    }

    fn method(&self) -> &'static str {
        "batched-scion"
    }

    fn start(&self) -> &'static str {
        "the mean of a batch of gradients at X_0, as at every step"
    }

    fn schedule(&self, setting: &Setting) -> Result<Parameters, PlanError> {
        let (delta, l, eps) = (setting.gap.delta(), setting.l()?, setting.accuracy.eps());
        let batch = count("batch", setting.averaging()?.smallest_batch(eps / 4.0))?;
        let horizon = count("horizon", 8.0 * delta * l / (eps * eps))?;
        let step_size = step_size((2.0 * delta / (l * horizon as f64)).sqrt())?;
        Ok(Parameters { alpha: 1.0, step_size, horizon, batch })
    }

    fn bound(&self, setting: &Setting, parameters: &Parameters) -> Result<Bound, PlanError> {
        let &Parameters { step_size: eta, horizon, batch, .. } = parameters;
        let (noise, order) = setting.averaging()?.at(1.0 / batch as f64);
        let terms = [
            ("descent", setting.gap.delta() / (eta * horizon as f64)),
            ("curvature", setting.l()? * eta / 2.0),
            ("noise", 2.0 * noise),
        ];
        Ok(Bound::new(terms, order))
    }

    fn method_table(&self, _: &Setting, parameters: &Parameters) -> Result<toml::Table, PlanError> {
        let mut table = table(self.method(), &[("step_size", parameters.step_size)]);
        // A count is at most 2^53.
        table.insert("batch".into(), toml::Value::Integer(parameters.batch as i64));
        Ok(table)
    }
}
