//! `heavynorm check-gradients`: what sampled gradients say about the noise, and the plan that follows.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use heavynorm::norms;
use heavynorm::spec::{MomentOrder, Norm};
use heavynorm::statistics::tail_index::{Finite, TailIndex, tail_index};
use heavynorm_proofs_check::gradients::{GradientsError, Noise, NoiseIn, OrderSource, moment_order};
use heavynorm_proofs_check::{Plan, theorem};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Global;
use super::hypotheses::{FurtherOptions, Stated};
use super::norm::NormChoice;
use super::output::{number, print, print_json, short};
use super::picture::PictureArgs;
use crate::drawing::{Curve, Panel, Point};
use crate::error::Failure;
use crate::npy;

/// The level of every interval.
const CONFIDENCE: f64 = 0.95;

#[derive(Debug, Args)]
#[command(after_help = "\
Record k stochastic gradients of one layer at ONE point (weights frozen, another minibatch each time), at least 40 of them for a
tail index and some hundreds for a narrow one. Without --true-gradient the noise of each is taken against the mean of the OTHER
gradients (leave-one-out); that leaves the tail index as it is and overstates sigma by no more than the factor that is printed.

The tail index a (P(size > x) ~ x^-a) has moments of order below a. Its interval is read off Hill's estimator and the moment
estimator together, so that it can say that tails are NOT heavy: an interval above 2, or without an upper end. Read the picture (--picture draws the estimators over thresholds):
a flat stretch of both curves is a power law; curves that climb with the threshold are a lighter tail.

One law of noise has ONE tail index, whatever the norm; but heavy noise in many entries at once adds up to a bulk that hides its
tail (48 Student-t entries of 1.5 degrees look like 2.1 in their nuclear norm, 600 times): compare with the largest entry's index, which is
printed beside it, and trust the lower one.

What gradients at one point cannot show: L, Delta and the accuracy. State --gap, --smooth and --eps for a plan. Infinite ends of intervals
are null in JSON.

Examples:
  heavynorm check-gradients G.npy --norm spectral --picture tails.svg
  heavynorm check-gradients G.npy --norm spectral --p 1.5 --gap 1 --smooth 1 --eps 0.1 --json")]
pub(super) struct CheckGradientsArgs {
    /// The gradients: .npy, k x m x n.
    gradients: PathBuf,
    /// The norm in which steps are measured; the noise is measured in its dual.
    #[arg(long, value_name = "NAME")]
    norm: String,
    #[command(flatten)]
    choice: NormChoice,
    /// The exact gradient at the same point, if it is known: .npy, m x n.
    #[arg(long, value_name = "M.npy")]
    true_gradient: Option<PathBuf>,
    /// The moment order, 1 < p <= 2 (left out: 2 if both intervals of the tail index lie above 2, else 5% below the lower end, or halfway to 1).
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    p: Option<f64>,
    #[command(flatten)]
    picture: PictureArgs,
    /// For a plan: Delta, the objective at the start minus its infimum, at most.
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    gap: Option<f64>,
    /// For a plan: L, the gradient's Lipschitz constant in the norm.
    #[arg(long, value_name = "L", allow_negative_numbers = true)]
    smooth: Option<f64>,
    /// For a plan: eps, the goal for the dual norm of the gradient.
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    eps: Option<f64>,
    #[command(flatten)]
    further: FurtherOptions,
    /// The theorem of the plan.
    #[arg(long, value_name = "ID", default_value = "U2")]
    theorem: String,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

/// One norm's account of noise and signal.
#[derive(Debug, Clone, Serialize)]
struct InNorm {
    #[serde(skip)]
    name: String,
    #[serde(flatten)]
    noise: NoiseIn,
    /// sigma/signal relative to that of the Frobenius norm.
    relative_to_frobenius: Option<f64>,
}

pub(super) fn call(args: &CheckGradientsArgs, global: &Global) -> Result<(), Failure> {
    let stated = args.p.map(MomentOrder::new).transpose()?;
    let picture = args.picture.wanted()?;
    let norm: Arc<dyn Norm<f64>> = Arc::from(args.choice.build(&args.norm)?);
    let noise = read(args)?;
    let sizes = noise.sizes(&*norm)?;
    let tail = if sizes.iter().all(|x| *x == 0.0) {
        Err("the gradients do not differ: there is no noise".to_owned())
    } else {
        tail_index(&sizes, CONFIDENCE).map_err(|e| e.to_string())
    };
    // The index is one for all norms; a norm that adds up many entries shows it last.
    let spot = tail_index(&noise.largest_entries(), CONFIDENCE).ok();
    let (p, source) = match stated {
        Some(p) => (p, OrderSource::Stated),
        None => moment_order(tail.as_ref().ok().into_iter().chain(&spot))?,
    };
    let in_norms = in_norms(args, &*norm, &noise, p)?;
    let own = &in_norms[0];
    let plan = plan(args, &norm, &noise, p, own.noise.sigma, global)?;
    if let Some(picture) = &picture {
        match &tail {
            Ok(tail) => picture.write(&panels(tail, &sizes), 2)?,
            Err(why) => return Err(Failure::Input(format!("there is nothing to plot: {why}"))),
        }
    }
    if let Err(why) = &tail {
        global.say(&format!("heavynorm: no tail index: {why}"));
    }
    if args.json {
        return print_json(&report(
            &noise,
            (&tail, spot.as_ref()),
            (p, source),
            &in_norms,
            plan.as_ref().ok(),
        ));
    }
    print(&text(&noise, (&tail, spot.as_ref()), (p, source), &in_norms, &plan))
}

fn read(args: &CheckGradientsArgs) -> Result<Noise, Failure> {
    let gradients = npy::read_stack(&args.gradients)?.matrices;
    let (file, noise) = match &args.true_gradient {
        Some(path) => (path, Noise::against(&gradients, npy::read_matrix(path)?)),
        None => (&args.gradients, Noise::leave_one_out(&gradients)),
    };
    noise.map_err(|e| {
        let option = if e == GradientsError::TooFew { ": --true-gradient M.npy" } else { "" };
        Failure::Input(format!("{}: {e}{option}", file.display()))
    })
}

/// The norm asked for first, then every registered one without parameters.
fn in_norms(
    args: &CheckGradientsArgs,
    norm: &dyn Norm<f64>,
    noise: &Noise,
    p: MomentOrder,
) -> Result<Vec<InNorm>, Failure> {
    let measured = |name: &str, norm: &dyn Norm<f64>| -> Result<InNorm, Failure> {
        let noise = noise.measured_in(norm, p)?;
        Ok(InNorm { name: name.into(), noise, relative_to_frobenius: None })
    };
    let mut found = vec![measured(&args.norm, norm)?];
    for entry in
        norms::entries::<f64>().into_iter().filter(|e| e.parameters.is_empty() && e.name != args.norm)
    {
        let other = (entry.build)(&toml::Table::new())?;
        found.push(measured(entry.name, &*other)?);
    }
    let base = found.iter().find(|f| f.name == "frobenius").and_then(|f| f.noise.noise_to_signal);
    for f in &mut found {
        f.relative_to_frobenius =
            f.noise.noise_to_signal.zip(base).map(|(x, base)| x / base).filter(|x| x.is_finite());
    }
    Ok(found)
}

/// The plan, or what it needs.
fn plan(
    args: &CheckGradientsArgs,
    norm: &Arc<dyn Norm<f64>>,
    noise: &Noise,
    p: MomentOrder,
    sigma: f64,
    global: &Global,
) -> Result<Result<Plan, String>, Failure> {
    // An unknown theorem is an error even where no plan follows.
    let theorem = theorem(&args.theorem)?;
    let (Some(gap), Some(smooth), Some(eps)) = (args.gap, args.smooth, args.eps) else {
        let missing: Vec<&str> = [("--gap", args.gap), ("--smooth", args.smooth), ("--eps", args.eps)]
            .iter()
            .filter(|(_, given)| given.is_none())
            .map(|(name, _)| *name)
            .collect();
        return Ok(Err(format!(
            "gradients at one point do not show L and Delta; state {}",
            missing.join(", ")
        )));
    };
    let (norm, dimensions) = (Arc::clone(norm), noise.dimensions());
    let stated = Stated { norm, dimensions, p, sigma, gap, smooth, eps };
    Ok(Ok(args.further.plan(&*theorem, stated, global)?))
}

/// Whether the tails are heavy: no variance.
fn verdict(tail: &TailIndex) -> &'static str {
    match tail.moment_is_finite(2.0) {
        Finite::Yes => "not heavy: the interval lies above 2, a variance looks finite",
        Finite::No => "heavy: the interval lies below 2, there is no variance",
        Finite::Unclear => "undecided: the interval contains 2; record more gradients",
    }
}

fn interval(tail: &TailIndex) -> String {
    let [low, high] = tail.interval;
    let end = if high.is_finite() { format!("{high:.2}") } else { "inf".into() };
    format!("{:.2} in [{low:.2}, {end}]", shown_index(tail))
}

/// A finite number for the index: Hill's where the tail looks lighter than every power.
fn shown_index(tail: &TailIndex) -> f64 {
    if tail.index.is_finite() { tail.index } else { tail.chosen.hill }
}

fn report(
    noise: &Noise,
    (tail, spot): (&Result<TailIndex, String>, Option<&TailIndex>),
    (p, source): (MomentOrder, OrderSource),
    in_norms: &[InNorm],
    plan: Option<&Plan>,
) -> Value {
    let map = |of: &dyn Fn(&InNorm) -> Value| -> Map<String, Value> {
        in_norms.iter().map(|f| (f.name.clone(), of(f))).collect()
    };
    let known = tail.as_ref().ok();
    json!({
        "tail_index": known.map(shown_index),
        "interval": known.map(|t| t.interval),
        "confidence": CONFIDENCE,
        "tails": known.map(verdict),
        "lighter_than_every_power": known.map(|t| t.index.is_infinite()),
        "why_no_tail_index": tail.as_ref().err(),
        "in_largest_entry": spot.map(|t| json!({ "tail_index": shown_index(t), "interval": t.interval })),
        "gradients": noise.count(),
        "leave_one_out": noise.is_left_out(),
        "p": p.p(),
        "p_source": source,
        "moment_finite": known.map(|t| t.moment_is_finite(p.p())),
        "sigma": map(&|f| json!(f.noise.sigma)),
        "ratios": map(&|f| json!(f.relative_to_frobenius)),
        "norms": map(&|f| json!(f)),
        "threshold": known.map(|t| t.chosen),
        "thresholds": known.map(|t| &t.path),
        "plan": plan,
    })
}

fn text(
    noise: &Noise,
    (tail, spot): (&Result<TailIndex, String>, Option<&TailIndex>),
    (p, source): (MomentOrder, OrderSource),
    in_norms: &[InNorm],
    plan: &Result<Plan, String>,
) -> String {
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").expect("a string takes all");
    let against =
        if noise.is_left_out() { "the mean of the others (leave-one-out)" } else { "the true gradient" };
    line(format!("{} gradients of {}, noise against {against}", noise.count(), noise.dimensions()));
    match tail {
        Ok(tail) => {
            line(format!(
                "tail index {} ({CONFIDENCE}), in the dual of {}",
                interval(tail),
                in_norms[0].name
            ));
            if let Some(spot) = spot {
                let ([a, b], [c, d]) = (tail.interval, spot.interval);
                let differ = if c > b || a > d {
                    ": these contradict each other, more gradients are needed"
                } else {
                    ""
                };
                line(format!("           {} in the largest entry of the noise{differ}", interval(spot)));
            }
            let at = &tail.chosen;
            let moment = if at.moment.is_finite() {
                format!("{:.2}", at.moment)
            } else {
                "lighter than every power".into()
            };
            line(format!(
                "  {} exceedances of {}: Hill {:.2}, moment estimator {moment}",
                at.exceedances,
                number(at.threshold),
                at.hill
            ));
            line(format!("tails {}", verdict(tail)));
            let finite = match tail.moment_is_finite(p.p()) {
                Finite::Yes => "looks finite",
                Finite::No => "looks INFINITE: sigma below means nothing, state a smaller --p",
                Finite::Unclear => "may be infinite: the interval contains it",
            };
            line(format!("moment of order p = {} {finite}{}", short(p.p()), said(source)));
        }
        Err(why) => line(format!("no tail index: {why}; p = {}{}", short(p.p()), said(source))),
    }
    line(String::new());
    line(format!(
        "{:<14} {:>12} {:>12} {:>12} {:>14} {:>12} {:>14}",
        "norm (dual)", "sigma_p", "signal", "sigma/signal", "over frobenius", "kappa", "batch (U1)"
    ));
    let optional = |x: Option<f64>| x.map_or("none".into(), short);
    for f in in_norms {
        line(format!(
            "{:<14} {:>12} {:>12} {:>12} {:>14} {:>12} {:>14}",
            f.name,
            short(f.noise.sigma),
            short(f.noise.signal),
            optional(f.noise.noise_to_signal),
            optional(f.relative_to_frobenius),
            short(f.noise.dimension_factor),
            optional(f.noise.batch_at_signal)
        ));
    }
    if noise.is_left_out() {
        let worst = in_norms[0].noise.sigma_overstated_by_at_most;
        line(format!(
            "leaving one out overstates sigma by at most a factor of {} in {}; the signal is the mean's, noise of the mean included",
            short(worst),
            in_norms[0].name
        ));
    }
    let best = |of: fn(&InNorm) -> Option<f64>| {
        in_norms.iter().filter_map(|f| of(f).map(|x| (x, &f.name))).min_by(|a, b| a.0.total_cmp(&b.0))
    };
    if let (Some((_, measured)), Some((_, bounded))) =
        (best(|f| f.noise.noise_to_signal), best(|f| f.noise.batch_at_signal))
    {
        line(format!("least noise for its signal: {measured}; with the worst-case averaging K_p: {bounded}"));
    }
    line(
        "L and Delta differ between norms, too, and decide with these: they are not in the gradients".into(),
    );
    match plan {
        Ok(plan) => line(format!(
            "\nplan {} in {}: alpha {}, step size {}, horizon {}, batch {}, calls {} (sigma is an estimate, no bound)",
            plan.theorem,
            in_norms[0].name,
            number(plan.alpha),
            number(plan.step_size),
            plan.horizon,
            plan.batch,
            plan.calls
        )),
        Err(needs) => line(format!("\nno plan: {needs}")),
    }
    text
}

fn said(source: OrderSource) -> &'static str {
    match source {
        OrderSource::Stated => " (stated)",
        OrderSource::TailIndex => " (from the tail index)",
        OrderSource::Assumed => " (assumed: the gradients do not settle it; state --p)",
    }
}

/// Both estimators over thresholds; and the sizes themselves against the power law that was chosen.
fn panels(tail: &TailIndex, sizes: &[f64]) -> Vec<Panel> {
    let curve = |label: &str, color, dashed, scattered, points| Curve {
        label: label.into(),
        color,
        dashed,
        scattered,
        points,
    };
    let point = |x: usize, y: f64, [low, high]: [f64; 2]| Point { x: x as f64, y, low, high };
    // A far end would flatten everything else.
    let top = tail.path.iter().map(|at| at.hill).fold(4.0, f64::max) * 2.0;
    let inside = |[low, high]: [f64; 2]| [low.min(top), high.min(top)];
    let hill = tail.path.iter().map(|at| point(at.exceedances, at.hill, inside(at.hill_interval)));
    let moment = tail.path.iter().filter(|at| at.moment < top);
    let moment = moment.map(|at| point(at.exceedances, at.moment, inside(at.moment_interval)));
    let chosen = &tail.chosen;
    let mark = point(chosen.exceedances, chosen.hill, inside(tail.interval));
    let estimators = Panel {
        title: "tail index over thresholds (lines: 1 and 2)".into(),
        x_label: "exceedances of the threshold".into(),
        y_label: "tail index".into(),
        curves: vec![
            curve("moment estimator", 1, true, true, moment.collect()),
            curve("Hill", 0, false, false, hill.collect()),
            curve("chosen, with the interval", 6, false, true, vec![mark]),
        ],
        references: vec![1.0, 2.0],
        x_names: vec![],
    };
    let mut sorted: Vec<f64> = sizes.iter().copied().filter(|x| *x > 0.0).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let n = sorted.len() as f64;
    let exact = |x: f64, y: f64| Point { x, y, low: y, high: y };
    let survival = sorted.iter().enumerate().map(|(i, &x)| exact(x, (i + 1) as f64 / n)).collect();
    let share = chosen.exceedances as f64 / n;
    let law = |x: f64| exact(x, share * (x / chosen.threshold).powf(-chosen.hill));
    let tail_of_sizes = Panel {
        title: "share of gradients with larger noise".into(),
        x_label: "dual norm of the noise".into(),
        y_label: "share".into(),
        curves: vec![
            curve("noise", 2, false, n as usize <= 40, survival),
            curve("power law of Hill's index", 0, true, false, vec![law(chosen.threshold), law(sorted[0])]),
        ],
        references: vec![],
        x_names: vec![],
    };
    vec![estimators, tail_of_sizes]
}
