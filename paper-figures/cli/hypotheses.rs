//! The hypotheses of a theorem as options, and the plan that follows from them: one place for `plan` and `check-gradients`.

use std::sync::Arc;

use clap::Args;
use heavynorm::spec::{
    Accuracy, Dimensions, Gap, HessianLipschitz, Inexactness, MomentOrder, NoiseScale, Norm, Smoothness,
};
use heavynorm_proofs_check::{Plan, PlanError, Radius, Setting, Theorem};

use super::Global;
use crate::error::Failure;

/// What some theorems need.
#[derive(Debug, Args)]
pub(super) struct FurtherOptions {
    /// Lbar: stochastic gradients at one sample are Lipschitz in p-th mean with this constant (for U5; left out it is L,
    /// which is right for noise that does not depend on the point, and is said).
    #[arg(long, value_name = "LBAR", allow_negative_numbers = true)]
    sample_smooth: Option<f64>,
    /// rho: the Hessian is Lipschitz with this constant (needed for U3, U3' and U4T; 0 for a quadratic).
    #[arg(long, value_name = "RHO", allow_negative_numbers = true)]
    hessian: Option<f64>,
    /// R: the constrained form stays in the ball of this radius (needed for U6).
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    radius: Option<f64>,
    /// The directions fall short of the LMO's by this share at most, 0 <= delta < 1 (needed for U4 and U4T).
    #[arg(long, value_name = "DELTA", allow_negative_numbers = true)]
    delta: Option<f64>,
}

/// What every theorem needs, as numbers that are not validated yet.
pub(super) struct Stated {
    pub(super) norm: Arc<dyn Norm<f64>>,
    pub(super) dimensions: Dimensions,
    pub(super) p: MomentOrder,
    pub(super) sigma: f64,
    pub(super) gap: f64,
    pub(super) smooth: f64,
    pub(super) eps: f64,
}

impl FurtherOptions {
    /// The theorem's plan. An option without effect is refused where it describes the method (--delta, --radius: another method
    /// was meant), and remarked where it describes the problem (--hessian, --sample-smooth: it is true all the same).
    pub(super) fn plan(
        &self,
        theorem: &dyn Theorem,
        stated: Stated,
        global: &Global,
    ) -> Result<Plan, Failure> {
        let given = self.setting(stated)?;
        let plan = theorem.plan(&given).map_err(|e| with_option(&e))?;
        // It is used if there is no plan without it.
        let without = |setting: &Setting| theorem.plan(setting).is_ok();
        let name = theorem.statement().name;
        for (option, is_given, cleared) in [
            ("--delta", self.delta.is_some(), Setting { inexactness: None, ..given.clone() }),
            ("--radius", self.radius.is_some(), Setting { radius: None, ..given.clone() }),
        ] {
            if is_given && without(&cleared) {
                return Err(Failure::Input(format!("{option} has no effect on theorem {name}: remove it")));
            }
        }
        let cleared = Setting { hessian_lipschitz: None, ..given.clone() };
        if self.hessian.is_some() && without(&cleared) {
            global.say(&format!("heavynorm: theorem {name} makes no use of --hessian"));
        }
        let cleared = Setting { sample_smoothness: None, ..given };
        match (self.sample_smooth.is_some(), without(&cleared)) {
            (true, true) => global.say(&format!("heavynorm: theorem {name} makes no use of --sample-smooth")),
            (false, false) => global.say(
                "heavynorm: Lbar = L is assumed, for noise that does not depend on the point; minibatches have a larger one: \
                 state --sample-smooth LBAR",
            ),
            _ => {}
        }
        Ok(plan)
    }

    fn setting(&self, stated: Stated) -> Result<Setting, Failure> {
        let Stated { norm, dimensions, p, sigma, gap, smooth, eps } = stated;
        let label = norm.label();
        let l_bar = Smoothness::new(self.sample_smooth.unwrap_or(smooth), label.clone())?;
        Ok(Setting {
            dimensions,
            moment_order: p,
            noise_scale: NoiseScale::new(sigma)?,
            smoothness: Smoothness::new(smooth, label.clone())?,
            sample_smoothness: Some(l_bar),
            hessian_lipschitz: self.hessian.map(|rho| HessianLipschitz::new(rho, label)).transpose()?,
            gap: Gap::new(gap)?,
            accuracy: Accuracy::new(eps)?,
            inexactness: self.delta.map(Inexactness::new).transpose()?,
            radius: self.radius.map(Radius::new).transpose()?,
            norm,
        })
    }
}

/// A missing hypothesis, with the option that states it.
fn with_option(e: &PlanError) -> Failure {
    let option = match e {
        PlanError::MissingHessianLipschitz(_) => ": --hessian RHO",
        PlanError::MissingSampleSmoothness(_) => ": --sample-smooth LBAR",
        PlanError::MissingInexactness(_) => ": --delta DELTA",
        PlanError::MissingRadius(_) => ": --radius R",
        _ => "",
    };
    Failure::Input(format!("{e}{option}"))
}
