//! `heavynorm plan`: the parameters that a theorem prescribes, and what it promises at them.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use heavynorm::spec::{
    Accuracy, Dimensions, Gap, HessianLipschitz, MomentOrder, NoiseScale, Norm, Smoothness,
};
use heavynorm_proofs_check::{Cost, Inexactness, Plan, PlanError, Radius, Setting, theorem};

use super::norm::NormChoice;
use super::output::{number, print, print_json};
use super::subject::sides;
use crate::error::Failure;

#[derive(Debug, Args)]
#[command(after_help = "\
All constants are stated in the norm that is named (noise and gradients in its dual).

Examples:
  heavynorm plan --theorem U2 --norm spectral --shape 64x128 --p 1.5 --gap 1 --smooth 1 --sigma 1 --eps 0.1
  heavynorm plan --theorem U3 --norm schatten --param q=4 --shape 10x64 --p 2 --gap 1 --smooth 1 --hessian 1 --sigma 1 --eps 0.1 --json
  heavynorm plan --theorem U5 --norm spectral --shape 64x128 --p 1.5 --gap 1 --smooth 1 --sample-smooth 4 --sigma 1 --eps 0.1
  heavynorm plan --theorem U4 --norm spectral --shape 64x128 --p 1.5 --gap 1 --smooth 1 --sigma 1 --eps 0.1 --delta 0.2")]
pub(super) struct PlanArgs {
    /// The theorem: U1 batched Scion, U2 Scion, U2' Scion from a zero average, U3 Transported Scion, U3' Transported Scion
    /// from a mean, U4 and U4T Scion and Transported Scion with an inexact LMO, U5 STORM-Scion, U6 constrained Scion (U2p and U3p stand for U2' and U3').
    #[arg(long, value_name = "ID")]
    theorem: String,
    /// The norm's name; `heavynorm norm list` shows them.
    #[arg(long, value_name = "NAME")]
    norm: String,
    #[command(flatten)]
    choice: NormChoice,
    /// Rows x columns (a layer: outputs x inputs).
    #[arg(long, value_name = "MxN", value_parser = sides)]
    shape: Dimensions,
    /// Moment order of the noise, 1 < p <= 2.
    #[arg(long, value_name = "P")]
    p: f64,
    /// Delta: the objective at the start minus its infimum, at most.
    #[arg(long, value_name = "D")]
    gap: f64,
    /// L: the gradient is Lipschitz with this constant, from the norm to its dual.
    #[arg(long, value_name = "L")]
    smooth: f64,
    /// Lbar: stochastic gradients at one sample are Lipschitz in p-th mean with this constant (for U5; left out it is L,
    /// which is right for noise that does not depend on the point).
    #[arg(long, value_name = "LBAR")]
    sample_smooth: Option<f64>,
    /// rho: the Hessian is Lipschitz with this constant (needed for U3, U3' and U4T; 0 for a quadratic).
    #[arg(long, value_name = "RHO")]
    hessian: Option<f64>,
    /// sigma: the p-th moment of the noise in the dual norm is at most sigma^p.
    #[arg(long, value_name = "S")]
    sigma: f64,
    /// eps: the mean dual norm of the gradient is to be at most this.
    #[arg(long, value_name = "E")]
    eps: f64,
    /// R: the constrained form stays in the ball of this radius (needed for U6).
    #[arg(long, value_name = "R")]
    radius: Option<f64>,
    /// The directions fall short of the LMO's by this share at most, 0 <= delta < 1 (needed for U4 and U4T).
    #[arg(long, value_name = "DELTA")]
    delta: Option<f64>,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

pub(super) fn call(args: PlanArgs) -> Result<(), Failure> {
    let plan = theorem(&args.theorem)?.plan(&setting(&args)?).map_err(|e| with_option(&e))?;
    if args.json { print_json(&plan) } else { print(&text(&plan)) }
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

fn setting(args: &PlanArgs) -> Result<Setting, Failure> {
    let norm: Arc<dyn Norm<f64>> = Arc::from(args.choice.build(&args.norm)?);
    let label = norm.label();
    Ok(Setting {
        dimensions: args.shape,
        moment_order: MomentOrder::new(args.p)?,
        noise_scale: NoiseScale::new(args.sigma)?,
        smoothness: Smoothness::new(args.smooth, label.clone())?,
        sample_smoothness: Some(Smoothness::new(args.sample_smooth.unwrap_or(args.smooth), label.clone())?),
        hessian_lipschitz: args.hessian.map(|rho| HessianLipschitz::new(rho, label)).transpose()?,
        gap: Gap::new(args.gap)?,
        accuracy: Accuracy::new(args.eps)?,
        inexactness: args.delta.map(Inexactness::new).transpose()?,
        radius: args.radius.map(Radius::new).transpose()?,
        norm,
    })
}

fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<18} {value}").expect("a string takes all");
    };
    line("theorem", format!("{} with the method {}", plan.theorem, plan.method));
    line("start", plan.start.into());
    line("averaging alpha", number(plan.alpha));
    line("step size", number(plan.step_size));
    line("horizon T", format!("{}", plan.horizon));
    line("batch B", format!("{}", plan.batch));
    let Cost { first, further } = plan.cost;
    let sum = if first == further { "T B".into() } else { format!("{first} + {further} (T - 1)") };
    line("calls", format!("{} = {sum}", plan.calls));
    line("K_p", format!("in [{}, {}]", number(plan.noise_type.lower), number(plan.noise_type.upper)));
    line("dimension factor", number(plan.dimension_factor));
    line("moment order used", number(plan.moment_order));
    line("bound", format!("{} =", number(plan.bound)));
    for (name, value) in plan.bound_terms.iter() {
        line(&format!("  {name}"), number(value));
    }
    if plan.trivial {
        line("note", "eps is so large that the start reaches it without a step".into());
    }
    text
}
