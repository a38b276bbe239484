//! The rates: the calls of every schedule against the closed forms of the corollaries, at random hypotheses.

use std::sync::Arc;

use heavynorm::spec::{
    Accuracy, Claim, Evidence, Gap, HessianLipschitz, MomentOrder, NoiseScale, Smoothness,
};

use super::draw::Draw;
use super::scene::{NORMS, norm};
use super::{AuditError, Case, Check, Effort};
use crate::{Inexactness, PlanError, Radius, Setting, theorem};

/// The numbers of a setting.
struct Numbers {
    delta: f64,
    l: f64,
    rho: f64,
    sigma: f64,
    eps: f64,
    radius: f64,
    l_bar: f64,
    /// 1 - delta of an inexact LMO, and its c.
    kept: f64,
    c: f64,
    p: f64,
    kappa: f64,
}

impl Numbers {
    /// max{1, kappa x^a}, a = p/(p-1).
    fn inverse_alpha(&self, x: f64) -> f64 {
        (self.kappa * x.powf(self.p / (self.p - 1.0))).max(1.0)
    }
}

fn check(
    statement: &'static str,
    name: &'static str,
    cases: fn(Effort) -> Result<Vec<Case>, AuditError>,
) -> Check {
    Check { statement, name, evidence: Evidence::Numerical, claim: Claim::Upper, cases }
}

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    vec![
        check("COR-RATE-BATCHED", "the calls of U1 are at most those of the corollary", |effort| {
            rates(effort, "U1", |n| {
                let batch = 1.0 + n.kappa * (4.0 * n.sigma / n.eps).powf(n.p / (n.p - 1.0));
                (1.0 + 8.0 * n.delta * n.l / n.eps.powi(2)) * batch
            })
        }),
        check("COR-RATE-SCION", "the calls of U2 are at most those of the corollary", |effort| {
            rates(effort, "U2", |n| {
                let steps = 32.0 * n.delta * n.l / n.eps.powi(2) + 32.0 * n.sigma / (3.0 * n.eps);
                1.0 + steps * n.inverse_alpha(8.0 * n.sigma / n.eps)
            })
        }),
        check("COR-RATE-TRANSPORTED", "the calls of U3 are at most those of the corollary", |effort| {
            rates(effort, "U3", |n| {
                let steps = 8.0 * n.delta * n.rho.sqrt() / n.eps.powf(1.5) + 32.0 * n.sigma / (3.0 * n.eps);
                1.0 + 32.0 * n.delta * n.l / n.eps.powi(2) + steps * n.inverse_alpha(8.0 * n.sigma / n.eps)
            })
        }),
        check("COR-RATE-INEXACT", "the calls of U4 are at most those of the corollary", |effort| {
            rates(effort, "U4", |n| {
                let steps =
                    16.0 * n.c * n.delta * n.l / (n.kept * n.eps.powi(2)) + 4.0 * n.c * n.sigma / n.eps;
                1.0 + steps * n.inverse_alpha(4.0 * n.c * n.sigma / n.eps)
            })
        }),
        check("COR-RATE-INEXACT", "the calls of U4T are at most those of the corollary", |effort| {
            rates(effort, "U4T", |n| {
                let root = (2.0 * n.c * n.rho).sqrt();
                let steps =
                    4.0 * n.delta * root / (n.kept * n.eps.powf(1.5)) + 16.0 * n.c * n.sigma / (3.0 * n.eps);
                let curvature = 32.0 * n.delta * n.l / (n.kept * n.eps).powi(2);
                1.0 + curvature + steps * n.inverse_alpha(4.0 * n.c * n.sigma / n.eps)
            })
        }),
        check("COR-RATE-STORM", "the calls of U5 are at most those of the corollary", |effort| {
            rates(effort, "U5", |n| {
                let e = n.p - 1.0;
                let drift = 128.0 * 8f64.powf(1.0 / e) * n.kappa * n.delta * n.l_bar;
                1.0 + 64.0 * n.delta * n.l / n.eps.powi(2)
                    + n.inverse_alpha(8.0 * n.sigma / n.eps)
                    + drift * n.sigma.powf(1.0 / e) * n.eps.powf(-(2.0 * n.p - 1.0) / e)
            })
        }),
        check("COR-RATE-CONSTRAINED", "the calls of U6 are at most those of the corollary", |effort| {
            rates(effort, "U6", |n| {
                let steps =
                    64.0 * n.delta * n.l * (n.radius / n.eps).powi(2) + 8.0 * n.radius * n.sigma / n.eps;
                1.0 + 4.0 * n.delta / n.eps + steps * n.inverse_alpha(8.0 * n.radius * n.sigma / n.eps)
            })
        }),
    ]
}

fn rates(effort: Effort, id: &str, claimed: fn(&Numbers) -> f64) -> Result<Vec<Case>, AuditError> {
    let t = theorem(id)?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(2000, 20_000) {
        let mut draw = Draw::new(effort, "rates", k);
        let (norm, space) = (norm(draw.pick::<&str>(&NORMS))?, draw.shape(16));
        let moment_order: MomentOrder = draw.order(1.1);
        let (delta, l) = (draw.log_between(1e-2, 1e2), draw.log_between(1e-2, 1e2));
        let (rho, radius) = (draw.log_between(1e-3, 1e2), draw.log_between(1e-1, 1e1));
        let (l_bar, inexact) = (l * draw.log_between(1.0, 10.0), Inexactness::new(draw.between(0.0, 0.9))?);
        // Below the trivial accuracy, where the corollary on STORM begins.
        let eps = (2.0 * delta * l).sqrt() * draw.log_between(1e-2, 1.0);
        let sigma = eps * draw.log_between(1e-2, 1e2);
        let setting = Setting {
            norm: Arc::clone(&norm),
            dimensions: space,
            moment_order,
            noise_scale: NoiseScale::new(sigma)?,
            smoothness: Smoothness::new(l, norm.label())?,
            hessian_lipschitz: Some(HessianLipschitz::new(rho, norm.label())?),
            sample_smoothness: Some(Smoothness::new(l_bar, norm.label())?),
            inexactness: Some(inexact),
            gap: Gap::new(delta)?,
            accuracy: Accuracy::new(eps)?,
            radius: Some(Radius::new(radius)?),
        };
        let plan = match t.plan(&setting) {
            Ok(plan) => plan,
            Err(PlanError::OutOfReach { .. }) => continue,
            Err(e) => return Err(e.into()),
        };
        let (kept, c, p, kappa) =
            (inexact.kept(), inexact.error_factor(), moment_order.p(), plan.dimension_factor);
        let numbers = Numbers { delta, l, rho, sigma, eps, radius, l_bar, kept, c, p, kappa };
        let claimed = claimed(&numbers);
        let what = format!("{} on {space}, p = {p:.3}, sigma/eps = {:.3}", norm.label(), sigma / eps);
        cases.push(Case { measured: plan.calls as f64, claimed, tolerance: 1e-9 * claimed, what });
    }
    Ok(cases)
}
