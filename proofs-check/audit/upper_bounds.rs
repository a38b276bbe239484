//! The upper bounds U1 to U6 with their own schedules, their lemmas on every path, and exact expectations for a few steps.
//!
//! # Planned runs
//!
//! A scene (problem, norm, noise, p, sigma, eps, shape) is drawn at random, the theorem plans, the method runs, and its left
//! side is divided by the promised bound. Scenes are independent and have one law, so these ratios are, too; and they are
//! bounded although the noise is not, because a step has length eta at most: ||grad f(X_t)||_* <= sqrt(2 Delta L) + L eta t.
//! The upper end of a betting interval for their mean is therefore valid under heavy tails, without any normal
//! approximation. The theorem says that the ratio has an expectation of at most 1 in every scene.
//!
//! # Exact expectations
//!
//! For noise with few outcomes and a few steps every sequence of samples is run. Nothing is random then: the left side IS
//! the expectation.

use heavynorm::algorithms;
use heavynorm::inexact::Shortfall;
use heavynorm::spec::problem::Inequality;
use heavynorm::spec::{Claim, Evidence, FiniteLaw, LmoCertificate, Matrix, Norm, NormError, Problem};
use heavynorm::statistics::betting::Reading;

use super::draw::{Draw, generator};
use super::scene::{AnyNorm, Scene, record};
use super::{AuditError, Case, Check, Effort, Verdict};
use crate::checks::{self, Path};
use crate::{Parameters, Plan, Setting, Theorem, theorem};

macro_rules! for_each_theorem {
    ($($id:literal, $name:literal;)*) => {
        vec![$(
            Check {
                statement: $id,
                name: concat!($name, " planned at random keeps its promise on average"),
                evidence: Evidence::Statistical,
                claim: Claim::Upper,
                cases: |effort| planned(effort, $name),
            },
            Check {
                statement: $id,
                name: concat!("the exact expectation over all samples keeps below the bound of ", $name),
                evidence: Evidence::Enumeration,
                claim: Claim::Upper,
                cases: |effort| enumerated(effort, $name),
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
    let lemma = |statement, name, cases| Check {
        statement,
        name,
        evidence: Evidence::Numerical,
        claim: Claim::Upper,
        cases,
    };
    all.extend([
        lemma("LEM-ALIGN", "<G, lmo(M)> <= -||G||_* + 2||G - M||_* for any G and M", alignment),
        lemma(
            "LEM-DESCENT",
            "every step of every method descends as the lemma says, whatever the noise",
            |effort| on_paths(effort, &["U1", "U2", "U2'", "U3", "U3'", "U5"], descent),
        ),
        lemma("LEM-PATH", "(3.3) holds on every path, whatever the noise", |effort| {
            on_paths(effort, &["U1", "U2", "U2'", "U3", "U3'", "U5"], pathwise)
        }),
        lemma("LEM-FW-STEP", "every step of the constrained form descends as the lemma says", |effort| {
            on_paths(effort, &["U6"], constrained)
        }),
        lemma("LEM-INEXACT-PATH", "the pathwise inequality holds with an inexact oracle", |effort| {
            on_paths(effort, &["U4", "U4T"], inexact)
        }),
        lemma("LEM-TRIVIAL", "||grad f(X_0)||_* <= sqrt(2 Delta L)", trivial),
        lemma(
            "LEM-FW-TRIVIAL",
            "the Frank-Wolfe gap of the start is at most the trivial accuracy",
            constrained_trivial,
        ),
        Check {
            statement: "DEF-INEXACT",
            name: "the inexact oracle falls short by exactly delta",
            evidence: Evidence::Enumeration,
            claim: Claim::Tight,
            cases: shortfall,
        },
        Check {
            statement: "LEM-INEXACT-SCALE",
            name: "a direction that is too long is inexact after a division",
            evidence: Evidence::Enumeration,
            claim: Claim::Tight,
            cases: too_long,
        },
    ]);
    all
}

/// Ratios are drawn from scenes in which they cannot exceed this.
const LARGEST_RATIO: f64 = 8.0;

/// An upper end of the mean that is wrong once in a thousand audits: "fails" needs more than bad luck, since a mean ratio of
/// about a half leaves room.
const LEVEL: f64 = 1e-3;

fn most_calls(effort: Effort) -> u64 {
    if effort.quick { 4000 } else { 200_000 }
}

/// What bounds the left side whatever the noise: steps have length eta (2 gamma R in the constrained form).
fn largest_left_side(plan: &Plan, setting: &Setting) -> Result<f64, AuditError> {
    let (l, steps) = (setting.l()?, (plan.horizon - 1) as f64 / 2.0);
    let first = (2.0 * setting.gap.delta() * l).sqrt();
    Ok(if plan.theorem == "U6" {
        let r = setting.r("U6")?;
        // gap <= 2R||grad f||_*.
        2.0 * r * (first + l * 2.0 * r * plan.step_size * steps)
    } else {
        first + l * plan.step_size * steps
    })
}

/// A scene with a plan that is neither trivial nor out of reach, and whose ratio is bounded.
fn planned_scene(effort: Effort, t: &dyn Theorem, draw: &mut Draw) -> Result<(Scene, Plan), AuditError> {
    /// Most scenes are refused for their calls; one in ten is not.
    const ATTEMPTS: usize = 2000;
    for _ in 0..ATTEMPTS {
        let (below, share) = (draw.between(1.1, 1.9), draw.log_between(0.01, 1.0));
        let scene = Scene::draw(draw)?.for_theorem(t, below, share)?;
        let Ok(plan) = t.plan(&scene.setting) else { continue };
        if plan.trivial || plan.calls > most_calls(effort) {
            continue;
        }
        if largest_left_side(&plan, &scene.setting)? <= LARGEST_RATIO * plan.bound {
            return Ok((scene, plan));
        }
    }
    Err(format!("no scene for {} within {ATTEMPTS} attempts", t.statement().name).into())
}

/// The quantity that a theorem bounds, at a point.
fn measure(
    t: &dyn Theorem,
    setting: &Setting,
    problem: &dyn Problem<f64>,
    x: &Matrix<f64>,
) -> Result<f64, NormError> {
    let gradient = problem.gradient(x);
    match (t.statement().name, setting.radius) {
        ("U6", Some(radius)) => checks::frank_wolfe_gap(&*setting.norm, &gradient, x, radius.radius()),
        _ => setting.norm.dual_value(&gradient),
    }
}

fn planned(effort: Effort, id: &str) -> Result<Vec<Case>, AuditError> {
    let t = theorem(id)?;
    let (mut ratios, mut calls, mut p) = (Vec::new(), 0, 2.0_f64);
    let mut cases = Vec::new();
    for k in 0..effort.cases(150, 600) {
        let name = format!("planned {id}");
        let mut draw = Draw::new(effort, &name, 2 * k);
        let (scene, plan) = planned_scene(effort, &*t, &mut draw)?;
        let shortfall = if k % 2 == 0 { Shortfall::Short } else { Shortfall::Sideways };
        let norm = scene.norm_for(&*t, shortfall)?;
        let table = t.method_table(&scene.setting, &t.schedule(&scene.setting)?)?;
        let mut oracle = scene.oracle(generator(effort, &name, 2 * k as u64 + 1))?;
        let path = record(&table, &norm, &scene.problem.start(), &mut oracle, plan.horizon as usize)?;
        let points = &path.points[..path.momenta.len()];
        let left = points.iter().map(|x| measure(&*t, &scene.setting, &*scene.problem, x));
        ratios.push(left.sum::<Result<f64, _>>()? / points.len() as f64 / plan.bound);
        (calls, p) = (calls.max(plan.calls), p.min(scene.setting.moment_order.p()));
        // The lemma is checked on this path as on every other; what it says goes in only if it is broken.
        let lemma = lemma_of(id)(&scene, &path, &table)?;
        cases.extend(
            lemma.filter(|case| super::judge(Claim::Upper, std::slice::from_ref(case)).0 != Verdict::Holds),
        );
    }
    let reading = Reading { bound: LARGEST_RATIO, clip: LARGEST_RATIO, level: LEVEL };
    let interval = reading.interval(&ratios).ok_or("a ratio beyond what a path of bounded steps allows")?;
    let what = format!(
        "upper end of the mean of left side/bound over {} scenes, {:.3} in the sample; p from {p:.2}, up to {calls} calls",
        ratios.len(),
        interval.value
    );
    cases.push(Case { measured: interval.high, claimed: 1.0, tolerance: 0.0, what });
    Ok(cases)
}

/// What a lemma says on a path, in its worst place; nothing if there is no such lemma.
type OnPath = fn(&Scene, &Path, &toml::Table) -> Result<Option<Case>, AuditError>;

fn lemma_of(id: &str) -> OnPath {
    match id {
        "U6" => constrained,
        "U4" | "U4T" => inexact,
        _ => pathwise,
    }
}

fn number(table: &toml::Table, key: &str) -> Result<f64, AuditError> {
    Ok(table.get(key).and_then(toml::Value::as_float).ok_or_else(|| format!("no {key} in {table}"))?)
}

/// What rounding adds to a difference of values of f along a path: each is a sum of some products, good to a few hundred
/// roundings of the largest of them.
fn rounding(problem: &dyn Problem<f64>, path: &Path) -> f64 {
    let largest = path.points.iter().map(|x| problem.objective(x).abs()).fold(0.0, f64::max);
    512.0 * f64::EPSILON * largest
}

fn worst(steps: Vec<Inequality>, tolerance: f64, what: &str) -> Option<Case> {
    let case =
        |step: &Inequality| Case { measured: step.left, claimed: step.right, tolerance, what: what.into() };
    steps.iter().max_by(|a, b| (a.left - a.right).total_cmp(&(b.left - b.right))).map(case)
}

fn descent(scene: &Scene, path: &Path, table: &toml::Table) -> Result<Option<Case>, AuditError> {
    let eta = number(table, "step_size")?;
    let steps = checks::descent(&*scene.problem, &*scene.setting.norm, path, eta)?;
    Ok(worst(steps, rounding(&*scene.problem, path), &scene.what))
}

fn pathwise(scene: &Scene, path: &Path, table: &toml::Table) -> Result<Option<Case>, AuditError> {
    let eta = number(table, "step_size")?;
    let whole = checks::pathwise(&*scene.problem, &*scene.setting.norm, path, eta)?;
    // The sum of descents is divided by eta T; norms are good to a hundred roundings.
    let descended = rounding(&*scene.problem, path) / (eta * path.momenta.len() as f64);
    let tolerance = descended + 1e-12 * whole.right;
    Ok(Some(Case { measured: whole.left, claimed: whole.right, tolerance, what: scene.what.clone() }))
}

fn inexact(scene: &Scene, path: &Path, table: &toml::Table) -> Result<Option<Case>, AuditError> {
    let (eta, steps) = (number(table, "step_size")?, path.momenta.len() as f64);
    let (norm, delta) = (&*scene.setting.norm, scene.setting.lmo_inexactness("U4")?);
    let exact = checks::pathwise(&*scene.problem, norm, path, eta)?;
    let errors = path.errors(&*scene.problem);
    let error = errors.iter().map(|e| norm.dual_value(e)).sum::<Result<f64, _>>()? / steps;
    let claimed = (exact.right - 2.0 * error) / delta.kept() + delta.error_factor() * error;
    let descended = rounding(&*scene.problem, path) / (eta * steps * delta.kept());
    let tolerance = descended + 1e-12 * claimed;
    Ok(Some(Case { measured: exact.left, claimed, tolerance, what: scene.what.clone() }))
}

fn constrained(scene: &Scene, path: &Path, table: &toml::Table) -> Result<Option<Case>, AuditError> {
    let (gamma, radius) = (number(table, "step_size")?, scene.setting.r("U6")?);
    let steps = checks::constrained_descent(&*scene.problem, &*scene.setting.norm, path, gamma, radius)?;
    Ok(worst(steps, rounding(&*scene.problem, path), &scene.what))
}

/// A lemma on paths of the methods of some theorems, at any parameters and under any noise.
fn on_paths(effort: Effort, theorems: &[&str], lemma: OnPath) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (k, id) in (0..effort.cases(20, 400)).flat_map(|k| theorems.iter().map(move |id| (k, id))) {
        let name = format!("paths of {id}");
        let mut draw = Draw::new(effort, &name, 2 * k);
        let t = theorem(id)?;
        let sigma = draw.log_between(0.01, 10.0);
        let scene = Scene::draw(&mut draw)?.with_noise(sigma)?;
        let parameters = Parameters {
            alpha: draw.log_between(0.03, 1.0),
            step_size: draw.log_between(1e-3, if *id == "U6" { 1.0 } else { 3.0 }),
            horizon: 150,
            batch: draw.whole(1, 4) as u64,
        };
        let table = t.method_table(&scene.setting, &parameters)?;
        let shortfall = *draw.pick(&[Shortfall::Short, Shortfall::Sideways]);
        let norm = scene.norm_for(&*t, shortfall)?;
        let mut oracle = scene.oracle(generator(effort, &name, 2 * k as u64 + 1))?;
        let path = record(&table, &norm, &scene.problem.start(), &mut oracle, parameters.horizon as usize)?;
        let case = lemma(&scene, &path, &table)?;
        cases.extend(case.map(|case| Case { what: format!("{id}: {}", case.what), ..case }));
    }
    Ok(cases)
}

fn alignment(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(2000, 50_000) {
        let mut draw = Draw::new(effort, "alignment", k);
        let (space, norm) = (draw.shape(5), super::scene::norm(draw.pick::<&str>(&super::scene::NORMS))?);
        let g = draw.gaussian(space);
        // From nearly right to just the wrong way round.
        let m = &(&g * draw.between(-0.1, 1.5)) + &(&draw.gaussian(space) * draw.log_between(1e-6, 1.0));
        let size = norm.dual_value(&g)?;
        let measured = heavynorm::spec::inner(&g, &norm.lmo(&m)?);
        let error = norm.dual_value(&(&g - &m))?;
        let what = format!("{} on {space}", norm.label());
        // Norms and an inner product, each good to a hundred roundings.
        cases.push(Case { measured, claimed: 2.0 * error - size, tolerance: 1e-13 * (size + error), what });
    }
    Ok(cases)
}

fn trivial(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let case = |k| {
        let Scene { setting, problem, what, .. } = Scene::draw(&mut Draw::new(effort, "trivial", k))?;
        let measured = setting.norm.dual_value(&problem.gradient(&problem.start()))?;
        let claimed = theorem("U2")?.trivial_accuracy(&setting)?;
        Ok(Case { measured, claimed, tolerance: 1e-12 * claimed, what })
    };
    (0..effort.cases(300, 3000)).map(case).collect()
}

fn constrained_trivial(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let case = |k| {
        let Scene { setting, problem, what, .. } = Scene::draw(&mut Draw::new(effort, "trivial", k))?;
        let t = theorem("U6")?;
        let measured = measure(&*t, &setting, &*problem, &problem.start())?;
        let claimed = t.trivial_accuracy(&setting)?;
        Ok(Case { measured, claimed, tolerance: 1e-12 * claimed, what })
    };
    (0..effort.cases(300, 3000)).map(case).collect()
}

/// M, a norm and a delta.
fn inexact_scene(effort: Effort, k: usize) -> Result<(Scene, AnyNorm, Matrix<f64>), AuditError> {
    let mut draw = Draw::new(effort, "inexact oracle", k);
    let scene = Scene::draw(&mut draw)?;
    let shortfall = *draw.pick(&[Shortfall::Short, Shortfall::Sideways]);
    let inexact = scene.norm_for(&*theorem("U4")?, shortfall)?;
    let m = draw.gaussian(scene.setting.dimensions);
    Ok((scene, inexact, m))
}

fn shortfall(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(500, 5000) {
        let (scene, inexact, m) = inexact_scene(effort, k)?;
        let found = LmoCertificate::measure(&*scene.setting.norm, &m, &inexact.lmo(&m)?)?;
        let claimed = scene.setting.lmo_inexactness("U4")?.delta();
        let excess = found.excess.max(0.0);
        let what = scene.setting.norm.label().to_string();
        cases.push(Case { measured: found.gap, claimed, tolerance: 1e-12, what: what.clone() });
        cases.push(Case {
            measured: excess,
            claimed: 0.0,
            tolerance: 1e-12,
            what: format!("excess, {what}"),
        });
    }
    Ok(cases)
}

fn too_long(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(500, 5000) {
        let (scene, inexact, m) = inexact_scene(effort, k)?;
        let norm = &*scene.setting.norm;
        // (1 + e) times an answer with delta: <M, O> = -(1-delta_0)||M||_* with 1 - delta_0 = (1 + e)(1 - delta).
        let excess = 0.3;
        let long = &inexact.lmo(&m)? * (1.0 + excess);
        let raw = LmoCertificate::measure(norm, &m, &long)?;
        let found = LmoCertificate::measure(norm, &m, &(&long * (1.0 / (1.0 + excess))))?;
        let claimed = 1.0 - (1.0 - raw.gap) / (1.0 + excess);
        let what = norm.label().to_string();
        cases.push(Case { measured: found.gap, claimed, tolerance: 1e-12, what: what.clone() });
        let what = format!("excess, {what}");
        cases.push(Case { measured: found.excess.max(0.0), claimed: 0.0, tolerance: 1e-12, what });
    }
    Ok(cases)
}

/// Two outcomes with mean zero, one of them possibly rare and large.
fn two_points(draw: &mut Draw, setting: &Setting) -> (FiniteLaw<f64>, f64) {
    let rare = *draw.pick(&[0.5, 0.5, 0.2, 0.05]);
    let d = draw.matrix(setting.dimensions);
    // A matrix of zeros is no noise at all: its first entry is not zero then.
    let d = if d.is_zero() { d.map(|_| 1.0) } else { d };
    (FiniteLaw::new(vec![(1.0 - rare, &d * -rare), (rare, &d * (1.0 - rare))]), rare)
}

/// The samples of a run may be this many: 2^10 runs.
const MOST_SAMPLES: f64 = 10.0;

fn enumerated(effort: Effort, id: &str) -> Result<Vec<Case>, AuditError> {
    let t = theorem(id)?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(12, 100) {
        let mut draw = Draw::new(effort, &format!("enumeration of {id}"), k);
        let mut scene = Scene::draw(&mut draw)?;
        let (law, rare) = two_points(&mut draw, &scene.setting);
        let law = scaled(&law, draw.log_between(0.1, 3.0));
        let (norm, p) = (&scene.setting.norm, scene.setting.moment_order);
        let space = scene.setting.dimensions;
        let zero = Matrix::zeros(space.rows(), space.columns());
        let sigma = law.dual_moment(&**norm, p, &zero)?.powf(1.0 / p.p());
        scene = scene.with_noise(sigma)?;
        let alpha = *draw.pick(&[1.0, 0.7, 0.5, 0.3]);
        let size = (2.0 * scene.setting.gap.delta() / scene.setting.l()?).sqrt();
        let step = if id == "U6" { draw.log_between(0.03, 1.0) } else { size * draw.log_between(0.03, 1.0) };
        let batch = if id == "U1" { draw.whole(1, 2) as u64 } else { 1 };
        let parameters = Parameters { alpha, step_size: step, horizon: 1, batch };
        // The first step draws what it costs; every other one draws once (STORM asks twice at one sample) or B times.
        let first = t.cost(&parameters).first as f64;
        let steps = 1.0 + ((MOST_SAMPLES - first) / batch as f64).floor();
        let parameters = Parameters { horizon: steps as u64, ..parameters };
        let norm = scene.norm_for(&*t, *draw.pick(&[Shortfall::Short, Shortfall::Sideways]))?;
        let method = algorithms::build::<f64>(&t.method_table(&scene.setting, &parameters)?, norm)?;
        let measured = checks::expected_average(&*method, &*scene.problem, &law, steps as usize, &|x| {
            measure(&*t, &scene.setting, &*scene.problem, x)
        })?;
        let claimed = t.bound(&scene.setting, &parameters)?.total();
        let Scene { setting, problem, .. } = &scene;
        let what = format!(
            "{} in {} on {space}, p = {:.3}, alpha = {alpha}, step {step:.3}, T = {steps}, rare outcome {rare}",
            problem.name(),
            setting.norm.label(),
            p.p()
        );
        cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what });
    }
    Ok(cases)
}

fn scaled(law: &FiniteLaw<f64>, factor: f64) -> FiniteLaw<f64> {
    FiniteLaw::new(law.outcomes().iter().map(|(q, x)| (*q, x * factor)).collect())
}
