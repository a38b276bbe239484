//! Every term of the upper bounds on an instance that attains it: the theorems are loose on most problems, and a constant that
//! is wrong would stay green there.
//!
//! Each case compares one term with what the instance has, in both directions: the term is no smaller than what is measured,
//! and what is measured is no smaller than a stated share of the term. The shares lost are those of averages that start at
//! zero (1 - (1-alpha)^t), of first moments against second ones (Khinchine: at most root 2), and of steps that an inexact
//! oracle makes shorter.

use std::sync::Arc;

use heavynorm::algorithms::start_batch;
use heavynorm::inexact::{InexactLmo, Shortfall};
use heavynorm::norms::{frobenius::Frobenius, max_entry::MaxEntry, spectral::Spectral};
use heavynorm::oracles::{CyclicSpikes, ExactOracle};
use heavynorm::problems::CurvatureRamp;
use heavynorm::problems::curvature_ramp::{Along, Config};
use heavynorm::spec::{
    Accuracy, Claim, Evidence, Gap, HessianLipschitz, Matrix, MomentOrder, NoiseScale, Norm, Problem,
    Smoothness, StochasticOracle,
};

use super::draw::generator;
use super::line::{CUBE, HUBER, LINE, SQUARE, Scripted, Separable};
use super::scene::{AnyNorm, norm, record};
use super::{AuditError, Case, Check, Effort};
use crate::checks::{self, Path};
use crate::{AveragingBound, Bound, Inexactness, Parameters, Radius, Setting, theorem};

macro_rules! for_each_theorem {
    ($($id:literal, $name:literal;)*) => {
        vec![$(
            Check {
                statement: $id,
                name: concat!("every term of ", $name, " is attained up to the stated share"),
                evidence: Evidence::Numerical,
                claim: Claim::Lower,
                cases: |effort| terms(effort, $name),
            },
        )*]
    };
}

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let mut all = for_each_theorem! {
        "THM-U1", "U1";
        "THM-U2", "U2";
        "THM-U2p", "U2'";
        "THM-U3", "U3";
        "THM-U3p", "U3'";
        "THM-U4", "U4";
        "THM-U4", "U4T";
        "THM-U5", "U5";
        "THM-U6", "U6";
    };
    let tight = |statement, name, cases| Check {
        statement,
        name,
        evidence: Evidence::Numerical,
        claim: Claim::Tight,
        cases,
    };
    all.extend([
        tight(
            "LEM-TRANSPORT",
            "on a ramp the drift of the transported average is the bound in every norm",
            |_| drifts("U3", false),
        ),
        tight("THM-U2", "on a plateau the drift is L eta (1-alpha)/alpha in every norm", |_| {
            drifts("U2", true)
        }),
        tight("LEM-TRANSPORT", "on a plateau the transported average has no drift", no_drift),
        tight("THM-U1", "a mean of cyclic spikes attains the noise term at p = 2", cyclic_spikes),
        Check {
            statement: "LEM-UNROLL",
            name: "no call weighs more than alpha in an average from zero or from a mean, nor do all more than 1",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: largest_weights,
        },
        tight(
            "LEM-INEXACT-PATH",
            "the inequality is an equality where the momentum points just the wrong way",
            inexact_wrong_way,
        ),
        tight(
            "LEM-DESCENT",
            "the lemma is an equality where the momentum points just the wrong way",
            wrong_way,
        ),
    ]);
    all
}

/// delta of U4 here.
const DELTA: f64 = 0.2;
const RADIUS: f64 = 1.5;

fn setting(problem: &Separable, norm: &AnyNorm, sigma: f64) -> Result<Setting, AuditError> {
    Ok(Setting {
        norm: Arc::clone(norm),
        dimensions: problem.dimensions(),
        moment_order: MomentOrder::new(2.0)?,
        noise_scale: NoiseScale::new(sigma)?,
        smoothness: problem.smoothness(&**norm)?,
        hessian_lipschitz: problem.hessian_lipschitz(&**norm).ok(),
        gap: problem.gap()?,
        accuracy: Accuracy::new(0.1)?,
        radius: Some(Radius::new(RADIUS)?),
        sample_smoothness: problem.smoothness(&**norm).ok(),
        inexactness: Some(Inexactness::new(DELTA)?),
    })
}

/// eta (or gamma), alpha and T.
type Numbers = (f64, f64, usize);

fn bound(id: &str, setting: &Setting, (step_size, alpha, steps): Numbers) -> Result<Bound, AuditError> {
    let parameters = Parameters { alpha, step_size, horizon: steps as u64, batch: 1 };
    Ok(theorem(id)?.bound(setting, &parameters)?)
}

fn term(bound: &Bound, name: &str) -> Result<f64, AuditError> {
    Ok(bound.terms.get(name).ok_or_else(|| format!("no term {name}"))?)
}

/// The path of a theorem's method, the exact gradient plus `noise(k)` in call k in every entry.
fn path(
    id: &str,
    problem: &Separable,
    setting: &Setting,
    (step_size, alpha, steps): Numbers,
    noise: impl Fn(u64) -> f64,
) -> Result<Path, AuditError> {
    let parameters = Parameters { alpha, step_size, horizon: steps as u64, batch: 1 };
    let table = theorem(id)?.method_table(setting, &parameters)?;
    let answer = |k, x: &Matrix<f64>| problem.gradient(x).map(|g| g + noise(k));
    let mut oracle = Scripted(problem.dimensions(), answer, 0);
    let norm: AnyNorm = match id {
        "U4" | "U4T" => {
            let inexactness = Inexactness::new(DELTA)?;
            Arc::new(InexactLmo::new(Arc::clone(&setting.norm), inexactness, Shortfall::Short))
        }
        _ => Arc::clone(&setting.norm),
    };
    record(&table, &norm, &problem.start(), &mut oracle, steps)
}

/// What an error of the momentum costs, and what a step of length eta keeps.
fn factors(id: &str) -> Result<(f64, f64), AuditError> {
    Ok(match id {
        "U4" | "U4T" => (Inexactness::new(DELTA)?.error_factor(), 1.0 - DELTA),
        "U6" => (2.0 * RADIUS, 1.0),
        _ => (2.0, 1.0),
    })
}

fn mean_error(problem: &Separable, norm: &dyn Norm<f64>, path: &Path) -> Result<f64, AuditError> {
    let errors = path.errors(problem);
    let sum = errors.iter().map(|e| norm.dual_value(e)).sum::<Result<f64, _>>()?;
    Ok(sum / errors.len() as f64)
}

/// measured <= term, and measured >= share times the term.
fn attained(measured: f64, term: f64, share: f64, what: &str) -> [Case; 2] {
    // Sums over some thousand steps.
    let tolerance = 1e-9 * term;
    let above = format!("{what}: the term is no smaller than what is measured");
    let below = format!("{what}: what is measured is {share} of the term at least");
    [
        Case { measured: term, claimed: measured, tolerance, what: above },
        Case { measured, claimed: share * term, tolerance, what: below },
    ]
}

fn terms(_: Effort, id: &str) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    if id == "U6" {
        cases.extend(constrained_descent()?);
        cases.extend(constrained_drift()?);
        cases.extend(constrained_curvature()?);
    } else {
        cases.extend(descent(id)?);
        cases.extend(curvature(id)?);
    }
    match id {
        "U2'" => cases.extend(start_from_zero()?),
        "U2" | "U3" | "U4" | "U4T" | "U6" => cases.extend(start_up(id)?),
        _ => {}
    }
    match id {
        "U2" | "U2'" | "U4" => cases.extend(drift(id, SQUARE, 2.0)?),
        "U3" | "U3'" | "U4T" => cases.extend(drift(id, CUBE, 3.0)?),
        "U5" => cases.extend(storm_drift()?),
        _ => {}
    }
    cases.extend(if id == "U1" { batch_noise()? } else { noise(id)? });
    Ok(cases)
}

/// A long slope of 1 down to where the parabola begins.
fn descent(id: &str) -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let ((eta, steps), (_, kept)) = ((0.01, 10_000), factors(id)?);
    let slope = Separable::line(HUBER, 1.0, 1.0 + eta * kept * steps as f64);
    let mut s = setting(&slope, &norm, 0.0)?;
    // alpha = 1 has no drift whatever rho is.
    s.hessian_lipschitz = Some(HessianLipschitz::new(1.0, norm.label())?);
    let numbers = (eta, 1.0, steps);
    let path = path(id, &slope, &s, numbers, |_| 0.0)?;
    let measured = checks::mean_dual_gradient(&slope, &*norm, &path)?;
    Ok(attained(measured, bound(id, &s, numbers)?.total(), 0.98, "descent on a slope").into())
}

/// Steps that jump over the minimum of a parabola, and back.
fn curvature(id: &str) -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (_, kept) = factors(id)?;
    let numbers = (0.25, 1.0, 1000);
    let parabola = Separable::line(SQUARE, 2.0, 0.25 * kept / 2.0);
    let s = setting(&parabola, &norm, 0.0)?;
    let path = path(id, &parabola, &s, numbers, |_| 0.0)?;
    let measured = checks::mean_dual_gradient(&parabola, &*norm, &path)?;
    // An inexact oracle that falls short makes the jump shorter, and the bound pays for it a second time.
    let share = 0.99 * kept * kept;
    Ok(attained(measured, bound(id, &s, numbers)?.total(), share, "curvature of jumps").into())
}

const AVERAGING: [f64; 4] = [0.9, 0.5, 0.1, 0.01];

/// The first gradient alone is noisy, on flat ground.
fn start_up(id: &str) -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (flat, (price, _)) = (Separable::line(SQUARE, 0.0, 1.0), factors(id)?);
    let s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 0.7)?;
    let mut cases = Vec::new();
    for alpha in AVERAGING {
        let numbers = (0.01, alpha, (50.0 / alpha) as usize);
        // The average of the constrained form is that of Scion, whose points may go anywhere on flat ground.
        let of = if id == "U6" { "U2" } else { id };
        let path = path(of, &flat, &s, numbers, |k| if k == 0 { 0.7 } else { 0.0 })?;
        let measured = price * mean_error(&flat, &*norm, &path)?;
        let what = format!("start-up, alpha = {alpha}");
        cases.extend(attained(measured, term(&bound(id, &s, numbers)?, "start_up")?, 0.999, &what));
    }
    Ok(cases)
}

/// An average that starts at zero where the gradient is sqrt(2 Delta L), with steps so small that it stays there.
fn start_from_zero() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let parabola = Separable::line(SQUARE, 1.0, 1.0);
    let s = setting(&parabola, &norm, 0.0)?;
    let mut cases = Vec::new();
    for alpha in AVERAGING {
        let numbers = (1e-14, alpha, (50.0 / alpha) as usize);
        let path = path("U2'", &parabola, &s, numbers, |_| 0.0)?;
        let measured = 2.0 * mean_error(&parabola, &*norm, &path)?;
        let what = format!("start-up from zero, alpha = {alpha}");
        cases.extend(attained(measured, term(&bound("U2'", &s, numbers)?, "start_up")?, 0.999, &what));
    }
    Ok(cases)
}

/// Down a parabola (a cubic), so far up that the steps never turn round.
fn drift(id: &str, phi: super::line::Phi, weight: f64) -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let ((price, kept), eta) = (factors(id)?, 0.01);
    let mut cases = Vec::new();
    for alpha in AVERAGING {
        let steps = (100.0 / alpha) as usize;
        let problem = Separable::line(phi, weight, 1.5 * eta * steps as f64);
        let mut s = setting(&Separable { phi: SQUARE, ..problem.clone() }, &norm, 0.0)?;
        s.hessian_lipschitz = Some(HessianLipschitz::new(weight, norm.label())?);
        let numbers = (eta, alpha, steps);
        // The start from zero has its own term; the drift is that of the other start.
        let of = if id == "U2'" { "U2" } else { id };
        let path = path(of, &problem, &s, numbers, |_| 0.0)?;
        let measured = price * mean_error(&problem, &*norm, &path)?;
        let share = 0.97 * if id == "U4T" { kept * kept } else { kept };
        let what = format!("drift, alpha = {alpha}");
        cases.extend(attained(measured, term(&bound(id, &s, numbers)?, "drift")?, share, &what));
    }
    Ok(cases)
}

/// From the top of a line over [-R, R] to the bottom: gamma times the gaps add up to all that there is to descend.
fn constrained_descent() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (numbers, line) = ((0.01, 1.0, 5000), Separable::line(LINE, 1.0, RADIUS));
    let mut s = setting(&Separable::line(SQUARE, 1e-6, RADIUS), &norm, 0.0)?;
    s.gap = Gap::new(2.0 * RADIUS)?;
    let path = path("U6", &line, &s, numbers, |_| 0.0)?;
    let gap = |x| checks::frank_wolfe_gap(&*norm, &line.gradient(x), x, RADIUS);
    let measured = path.points[..numbers.2].iter().map(gap).sum::<Result<f64, _>>()? / numbers.2 as f64;
    Ok(attained(measured, bound("U6", &s, numbers)?.total(), 0.999, "descent of the constrained form").into())
}

/// From X = R towards -R with M = grad f: what the step loses to curvature, f(X+) - f(X) + gamma gap, is 2 L R^2 gamma^2.
fn constrained_curvature() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (parabola, numbers) = (Separable::line(SQUARE, 1.0, RADIUS), (0.25, 1.0, 1));
    let s = setting(&parabola, &norm, 0.0)?;
    let path = path("U6", &parabola, &s, numbers, |_| 0.0)?;
    let (x, next) = (&path.points[0], &path.points[1]);
    let gap = checks::frank_wolfe_gap(&*norm, &parabola.gradient(x), x, RADIUS)?;
    let lost = parabola.objective(next) - parabola.objective(x) + numbers.0 * gap;
    let claimed = term(&bound("U6", &s, numbers)?, "curvature")?;
    Ok(attained(lost / numbers.0, claimed, 0.999, "curvature of the constrained form").into())
}

/// Right after a turn from one end of the interval towards the other, steps have length 2 gamma R.
fn constrained_drift() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let parabola = Separable::line(SQUARE, 2.0, RADIUS);
    let s = setting(&parabola, &norm, 0.0)?;
    let mut cases = Vec::new();
    for alpha in [0.9, 0.5, 0.1] {
        let numbers = (1e-4 * alpha, alpha, (20.0 / alpha) as usize);
        let errors = path("U6", &parabola, &s, numbers, |_| 0.0)?.errors(&parabola);
        let largest = errors.iter().map(Matrix::max_abs).fold(0.0, f64::max);
        let what = format!("drift after a turn, alpha = {alpha}");
        let claimed = term(&bound("U6", &s, numbers)?, "drift")?;
        cases.extend(attained(2.0 * RADIUS * largest, claimed, 0.97, &what));
    }
    Ok(cases)
}

/// The weight of every call in the last average, on flat ground: the average is linear in the noise.
fn weights(id: &str, numbers: Numbers) -> Result<Vec<f64>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let flat = Separable::line(SQUARE, 0.0, 1.0);
    let s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 1.0)?;
    let t = theorem(id)?;
    let parameters = Parameters { alpha: numbers.1, step_size: 0.01, horizon: numbers.2 as u64, batch: 1 };
    let calls = t.cost(&parameters).of(numbers.2 as u64) as u64;
    let of = if id == "U6" { "U2" } else { id };
    let weight = |call: u64| {
        let path = path(of, &flat, &s, numbers, |k| f64::from(u8::from(k == call)))?;
        Ok(path.momenta[numbers.2 - 1][(0, 0)])
    };
    (0..calls).map(weight).collect()
}

/// Of the averages that have no start-up term of the noise: every weight is at most alpha, and their sum at most 1.
fn largest_weights(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    let averages =
        ["U2'", "U3'", "U5"].into_iter().flat_map(|id| [1.0, 0.7, 0.5, 0.3, 0.12].map(|a| (id, a)));
    // In M_0 the calls of the start weigh most, later they have decayed.
    for ((id, alpha), steps) in averages.flat_map(|a| [1, 2, 12].map(|steps| (a, steps))) {
        let w = weights(id, (0.01, alpha, steps))?;
        let largest = w.iter().copied().fold(0.0, f64::max);
        let what = format!("the largest weight of {id}, alpha = {alpha}, in M_{}", steps - 1);
        cases.push(Case { measured: largest, claimed: alpha, tolerance: 1e-14, what });
        let what = format!("the sum of the weights of {id}, alpha = {alpha}, in M_{}", steps - 1);
        cases.push(Case { measured: w.iter().sum(), claimed: 1.0, tolerance: 1e-14, what });
    }
    Ok(cases)
}

/// On the path of [`wrong_way`] the answers have full length and lead up: each is delta-inexact for every delta, and (2-delta)
/// and (1-delta) are needed in full.
fn inexact_wrong_way(_: Effort) -> Result<Vec<Case>, AuditError> {
    let (parabola, norm) = (Separable::line(SQUARE, 1.0, 1.0), Arc::new(Frobenius) as AnyNorm);
    let (s, eta, steps) = (setting(&parabola, &norm, 0.0)?, 0.5, 5);
    let parameters = Parameters { alpha: 1.0, step_size: eta, horizon: steps as u64, batch: 1 };
    let table = theorem("U2")?.method_table(&s, &parameters)?;
    let mut wrong = Scripted(parabola.dimensions(), |_, x: &Matrix<f64>| x.map(|x| -1e-12 * x), 0);
    let path = record(&table, &norm, &parabola.start(), &mut wrong, steps)?;
    let error = mean_error(&parabola, &*norm, &path)?;
    let measured = checks::mean_dual_gradient(&parabola, &*norm, &path)?;
    let descended = parabola.objective(&path.points[0]) - parabola.objective(&path.points[steps]);
    let first = descended / (eta * steps as f64) + s.l()? * eta / 2.0;
    let case = |delta: f64| {
        let inexact = Inexactness::new(delta)?;
        let (claimed, what) =
            (first / inexact.kept() + inexact.error_factor() * error, format!("delta = {delta}"));
        // M is 1e-12 of the gradient, and its errors are multiplied by 1/(1-delta) at most.
        Ok(Case { measured, claimed, tolerance: 1e-10 * measured, what })
    };
    [0.0, 0.1, 0.5, 0.9].into_iter().map(case).collect()
}

/// E|sum of +-w_k| over all signs, exactly, against the noise term at p = 2.
fn noise(id: &str) -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 1.0)?;
    let (price, _) = factors(id)?;
    let mut cases = Vec::new();
    for alpha in [1.0, 0.7, 0.4] {
        let numbers = (0.01, alpha, 13);
        let mut w = weights(id, numbers)?;
        w.retain(|w| *w != 0.0);
        // The first gradient belongs to the start-up where it has a larger weight than the others may have.
        if matches!(id, "U2" | "U3" | "U4" | "U4T" | "U6") && w.len() == 13 {
            w.remove(0);
        }
        let patterns = 1_u32 << w.len();
        let sum = |signs: u32| -> f64 {
            w.iter().enumerate().map(|(i, w)| if signs >> i & 1 == 0 { *w } else { -w }).sum()
        };
        let mean = (0..patterns).map(|signs| sum(signs).abs()).sum::<f64>() / f64::from(patterns);
        let what = format!("noise, alpha = {alpha}");
        cases.extend(attained(price * mean, term(&bound(id, &s, numbers)?, "noise")?, 0.5, &what));
    }
    Ok(cases)
}

/// +-E_i in turn over d entries, B = 4d: per entry a mean of 4 signs, E|.| = 3/8, against 1/2. Without the dimension factor
/// the claim would be 1/(2 sqrt d).
fn batch_noise() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(MaxEntry);
    let mut cases = Vec::new();
    for d in [2_usize, 3] {
        let batch = 4 * d;
        let problem = Separable { phi: SQUARE, weights: vec![1.0; d], start: vec![1.0; d] };
        let s = setting(&problem, &norm, 1.0)?;
        let mut mean = 0.0;
        for signs in 0..1_u32 << batch {
            let mut sum = Matrix::zeros(1, d);
            (0..batch).for_each(|k| sum[(0, k % d)] += if signs >> k & 1 == 0 { 1.0 } else { -1.0 });
            mean += norm.dual_value(&(&sum * (1.0 / batch as f64)))?;
        }
        mean /= f64::from(1_u32 << batch);
        let parameters = Parameters { alpha: 1.0, step_size: 0.01, horizon: 10, batch: batch as u64 };
        let claimed = term(&theorem("U1")?.bound(&s, &parameters)?, "noise")?;
        cases.extend(attained(2.0 * mean, claimed, 0.74, &format!("noise of a batch over {d} entries")));
    }
    Ok(cases)
}

/// From -1 to 1 and back, with slope 1/eta between multiples of eta.
fn zigzag(x: f64, eta: f64) -> f64 {
    let phase = (x / eta).rem_euclid(2.0);
    if phase <= 1.0 { 2.0 * phase - 1.0 } else { 3.0 - 2.0 * phase }
}

/// On a slope the path is x_t = -eta t whatever the (small) noise. g(x, z) = 1 + z h zigzag(x), z a fair sign: between two
/// points of the path N changes by 2h, so Lbar = 2h/eta. E|E_t|^2 is the sum of squared responses to one sign each. Of the
/// claim, sqrt 2 is lost to 1/alpha against 1/(alpha (2-alpha)) and a factor of up to 2 to the centring, which independent
/// signs do not need.
fn storm_drift() -> Result<Vec<Case>, AuditError> {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (eta, height) = (0.01, 1e-3);
    let slope = Separable::line(LINE, 1.0, 0.0);
    let mut cases = Vec::new();
    for alpha in [0.5, 0.1, 0.02] {
        let (steps, batch) = ((5.0 / alpha) as usize, start_batch(alpha));
        let mut s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, height)?;
        s.sample_smoothness = Some(Smoothness::new(2.0 * height / eta, norm.label())?);
        let numbers = (eta, alpha, steps);
        let parameters = Parameters { alpha, step_size: eta, horizon: steps as u64, batch: 1 };
        let table = theorem("U5")?.method_table(&s, &parameters)?;
        let response = |call: u64| -> Result<f64, AuditError> {
            let answer = |k: u64, x: &Matrix<f64>| {
                let sign = f64::from(u8::from(k == call));
                slope.gradient(x).map(|g| g + sign * height * zigzag(x[(0, 0)], eta))
            };
            let mut oracle = Scripted(slope.dimensions(), answer, 0);
            let path = record(&table, &norm, &slope.start(), &mut oracle, steps)?;
            Ok(path.errors(&slope)[steps - 1][(0, 0)])
        };
        let calls = (0..batch).chain((1..steps as u64).map(|t| batch + 2 * (t - 1)));
        let squares = calls.map(|call| Ok(response(call)?.powi(2))).sum::<Result<f64, AuditError>>()?;
        let claimed = bound("U5", &s, numbers)?;
        let both = term(&claimed, "drift")? + term(&claimed, "noise")?;
        let what = format!("drift and noise of a zigzag, alpha = {alpha}");
        cases.extend(attained(2.0 * squares.sqrt(), both, 0.3, &what));
    }
    Ok(cases)
}

fn ramp(along: Along, length: f64) -> Result<Arc<CurvatureRamp<f64>>, AuditError> {
    let config = Config { rows: 3, columns: 4, along, slope: 0.6, length };
    Ok(Arc::new(config.build()?))
}

/// Without noise.
fn ramp_setting(f: &CurvatureRamp<f64>, norm: &AnyNorm) -> Result<Setting, AuditError> {
    Ok(Setting {
        norm: Arc::clone(norm),
        dimensions: f.dimensions(),
        moment_order: MomentOrder::new(2.0)?,
        noise_scale: NoiseScale::new(0.0)?,
        smoothness: f.smoothness(&**norm)?,
        sample_smoothness: None,
        inexactness: None,
        hessian_lipschitz: Some(f.hessian_lipschitz(&**norm)?),
        gap: f.gap()?,
        accuracy: Accuracy::new(1.0)?,
        radius: None,
    })
}

/// alpha, and how many steps make (1-alpha)^t vanish.
const STEADY: [(f64, usize); 3] = [(0.5, 40), (0.2, 130), (0.05, 540)];

const LENGTH: f64 = 1.5;

/// ||M_t - grad f(X_t)||_* on a path without noise must be (1 - (1-alpha)^t) times half the term `drift`, for every t: on
/// the ramp itself, or on the plateau behind it. The worst t of each path.
fn drifts(id: &str, plateau: bool) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (alpha, steps) in STEADY {
        for (along, text) in
            [Along::Diagonal, Along::Entries].into_iter().flat_map(|a| super::scene::NORMS.map(|n| (a, n)))
        {
            let (norm, f) = (norm(text)?, ramp(along, LENGTH)?);
            let size = norm.dual_value(f.direction())?;
            // The run and the reach of its extrapolation just fit on the ramp; on the plateau M must not turn round.
            let (start, eta) = if plateau {
                (f.at(LENGTH), 0.5 * LENGTH / steps as f64 / size)
            } else {
                (f.start(), LENGTH / (steps as f64 + 1.0 / alpha) / size)
            };
            let s = ramp_setting(&f, &norm)?;
            let parameters = Parameters { alpha, step_size: eta, horizon: 100, batch: 1 };
            let limit = term(&theorem(id)?.bound(&s, &parameters)?, "drift")? / 2.0;
            let table = theorem(id)?.method_table(&s, &parameters)?;
            let path = record(&table, &norm, &start, &mut ExactOracle::new(f.clone()), steps)?;
            // E_t is a difference of gradients, each good to a hundred roundings (an LMO by singular values), of which an
            // average keeps 1/alpha.
            let tolerance = 100.0 * f64::EPSILON * norm.dual_value(&f.gradient(&path.points[0]))? / alpha;
            for (t, error) in path.errors(&*f).iter().enumerate() {
                let claimed = limit * (1.0 - (1.0 - alpha).powi(t as i32));
                let what = format!("{} {along:?}, alpha = {alpha}, t = {t}", norm.label());
                cases.push(Case { measured: norm.dual_value(error)?, claimed, tolerance, what });
            }
        }
    }
    Ok(cases)
}

fn no_drift(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for ((alpha, steps), text) in STEADY.into_iter().flat_map(|a| super::scene::NORMS.map(|n| (a, n))) {
        let (norm, f) = (norm(text)?, ramp(Along::Diagonal, LENGTH)?);
        let eta = 0.5 * LENGTH / steps as f64 / norm.dual_value(f.direction())?;
        let parameters = Parameters { alpha, step_size: eta, horizon: 1, batch: 1 };
        let table = theorem("U3")?.method_table(&ramp_setting(&f, &norm)?, &parameters)?;
        let path = record(&table, &norm, &f.at(LENGTH), &mut ExactOracle::new(f.clone()), steps)?;
        let tolerance = 100.0 * f64::EPSILON * norm.dual_value(&f.gradient(&f.at(LENGTH)))? / alpha;
        let errors = path.errors(&*f);
        let largest =
            errors.iter().map(|e| norm.dual_value(e)).try_fold(0.0, |a, b| b.map(|b: f64| b.max(a)))?;
        let what = format!("{}, alpha = {alpha}", norm.label());
        cases.push(Case { measured: largest, claimed: 0.0, tolerance, what });
    }
    Ok(cases)
}

/// The mean of B spikes that visit the diagonal in turn, B up to r: as large as one of them.
fn cyclic_spikes(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let (spectral, f, sigma) = (Arc::new(Spectral) as AnyNorm, ramp(Along::Diagonal, 1.0)?, 0.7);
    let p = MomentOrder::new(2.0)?;
    let averaging = AveragingBound::new(&*spectral, f.dimensions(), p, NoiseScale::new(sigma)?)?;
    let mut cases = Vec::new();
    for batch in 1..=3 {
        let rng = generator(effort, "cyclic spikes", batch);
        let mut oracle = CyclicSpikes::new(f.clone(), &*spectral, NoiseScale::new(sigma)?, rng)?;
        let mean = &oracle.query_mean(&f.start(), batch)? - &f.gradient(&f.start());
        let (claimed, _) = averaging.at(1.0 / batch as f64);
        let what = format!("B = {batch} in the spectral norm on 3 x 4");
        cases.push(Case { measured: spectral.dual_value(&mean)?, claimed, tolerance: 1e-13, what });
    }
    Ok(cases)
}

/// On a parabola from x > 0 with M = -1e-12 x the step goes up, and both factors 2 and 1/2 are needed in full.
fn wrong_way(_: Effort) -> Result<Vec<Case>, AuditError> {
    let parabola = Separable::line(SQUARE, 1.0, 1.0);
    let mut cases = Vec::new();
    for norm in [Arc::new(Frobenius) as AnyNorm, Arc::new(MaxEntry)] {
        let s = setting(&parabola, &norm, 0.0)?;
        let parameters = Parameters { alpha: 1.0, step_size: 0.5, horizon: 5, batch: 1 };
        let table = theorem("U2")?.method_table(&s, &parameters)?;
        let mut wrong = Scripted(parabola.dimensions(), |_, x: &Matrix<f64>| x.map(|x| -1e-12 * x), 0);
        let path = record(&table, &norm, &parabola.start(), &mut wrong, 5)?;
        for step in checks::descent(&parabola, &*norm, &path, 0.5)? {
            // M itself is 1e-12 of the gradient, and errors count twice.
            let (tolerance, what) = (1e-11 * step.right, norm.label().to_string());
            cases.push(Case { measured: step.left, claimed: step.right, tolerance, what });
        }
    }
    Ok(cases)
}
