//! The error of the momentum, split: drift and noise are carried along the path as two parts of their own, from the exact
//! gradients at the points of the path and from the noises that the oracle added.

use std::sync::Arc;

use heavynorm::noise::Noise;
use heavynorm::norms::{frobenius::Frobenius, max_entry::MaxEntry};
use heavynorm::seed::Rng;
use heavynorm::spec::{
    Claim, Dimensions, Evidence, Matrix, MomentOrder, NoiseScale, OracleError, Problem, Smoothness,
    StochasticOracle, inner,
};

use super::draw::{Draw, generator};
use super::line::{LOG_COSH, Separable, row};
use super::scene::{AnyNorm, Scene, record};
use super::{AuditError, Case, Check, Effort};
use crate::checks::{FiniteSamples, Path, expectation_over};
use crate::{AveragingBound, Parameters, theorem};

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check = |statement, name, claim, cases| Check {
        statement,
        name,
        evidence: Evidence::Numerical,
        claim,
        cases,
    };
    vec![
        check(
            "LEM-UNROLL",
            "the error of the momentum is the sum of its drift and its noise on every path",
            Claim::Tight,
            |effort| split(effort, &AVERAGED, sum_of_parts),
        ),
        check(
            "LEM-UNROLL",
            "the drift of Scion is at most L eta (1-alpha)/alpha on every path, whatever the noise",
            Claim::Upper,
            |effort| split(effort, &["U2"], drift_of_scion),
        ),
        check(
            "LEM-TRANSPORT",
            "the drift of Transported Scion is at most rho eta^2 (1-alpha)/(2 alpha^2) on every path, whatever the noise",
            Claim::Upper,
            |effort| split(effort, &["U3", "U3'"], drift_of_transported),
        ),
        check(
            "LEM-TRANSPORT",
            "the drift of one step is at most rho eta^2 (1-alpha)/(2 alpha)",
            Claim::Upper,
            one_step,
        ),
        check(
            "LEM-TRANSPORT",
            "on a quadratic the transported average has no drift, whatever the noise",
            Claim::Tight,
            on_quadratics,
        ),
        Check {
            evidence: Evidence::Enumeration,
            ..check(
                "LEM-STORM",
                "the exact expectation of the error of STORM keeps below d nu/alpha",
                Claim::Upper,
                storm,
            )
        },
    ]
}

const AVERAGED: [&str; 4] = ["U2", "U2'", "U3", "U3'"];

/// Exact gradients plus noise, with a copy of every noise and of the point at which it was asked for.
struct Splitting {
    problem: Arc<dyn Problem<f64>>,
    noise: Arc<dyn Noise<f64>>,
    rng: Rng,
    asked: Vec<(Matrix<f64>, Matrix<f64>)>,
}

impl StochasticOracle<f64> for Splitting {
    fn dimensions(&self) -> Dimensions {
        self.problem.dimensions()
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        let noise = self.noise.sample(&mut self.rng);
        let answer = &self.problem.gradient(x) + &noise;
        self.asked.push((x.clone(), noise));
        Ok(answer)
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        let at_x = self.query(x)?;
        let noise = self.asked[self.asked.len() - 1].1.clone();
        Ok((at_x, &self.problem.gradient(y) + &noise))
    }
    fn calls(&self) -> u64 {
        self.asked.len() as u64
    }
}

/// A path with its errors E_t and their two parts.
struct Split {
    scene: Scene,
    alpha: f64,
    eta: f64,
    errors: Vec<Matrix<f64>>,
    drift: Vec<Matrix<f64>>,
    noise: Vec<Matrix<f64>>,
    /// The largest entry of any M_t or gradient: what rounding is relative to.
    size: f64,
}

/// D_t = (1-alpha)(grad f(X_{t-1}) - grad f(X_t)) + alpha (grad f(Z_t) - grad f(X_t)), Z_t where call t was made.
fn one_drift(
    problem: &dyn Problem<f64>,
    alpha: f64,
    before: &Matrix<f64>,
    x: &Matrix<f64>,
    z: &Matrix<f64>,
) -> Matrix<f64> {
    let here = problem.gradient(x);
    let mut d = &(&problem.gradient(before) - &here) * (1.0 - alpha);
    d.add_scaled(alpha, &(&problem.gradient(z) - &here));
    d
}

fn parts(scene: Scene, id: &str, parameters: &Parameters, rng: Rng) -> Result<Split, AuditError> {
    let t = theorem(id)?;
    let table = t.method_table(&scene.setting, parameters)?;
    let problem = Arc::clone(&scene.problem);
    let mut oracle =
        Splitting { problem: Arc::clone(&problem), noise: scene.noise()?, rng, asked: Vec::new() };
    let steps = parameters.horizon as usize;
    let path: Path = record(&table, &scene.setting.norm, &problem.start(), &mut oracle, steps)?;
    let alpha = parameters.alpha;
    let first = t.cost(parameters).first as usize;
    let mut mean = Matrix::zeros(problem.dimensions().rows(), problem.dimensions().columns());
    oracle.asked[..first].iter().for_each(|(_, noise)| mean.add_scaled(1.0 / first as f64, noise));
    let (a, b) = if id == "U2'" {
        (&problem.gradient(&path.points[0]) * -(1.0 - alpha), &mean * alpha)
    } else {
        (&mean * 0.0, mean)
    };
    let (mut drift, mut noise) = (vec![a], vec![b]);
    for t in 1..steps {
        let (z, n) = &oracle.asked[first + t - 1];
        let d = one_drift(&*problem, alpha, &path.points[t - 1], &path.points[t], z);
        drift.push(&(&drift[t - 1] * (1.0 - alpha)) + &d);
        noise.push(&(&noise[t - 1] * (1.0 - alpha)) + &(n * alpha));
    }
    let gradients = path.points.iter().map(|x| problem.gradient(x).max_abs());
    let size = gradients.chain(path.momenta.iter().map(Matrix::max_abs)).fold(0.0, f64::max);
    let noises = oracle.asked.iter().map(|(_, n)| n.max_abs()).fold(size, f64::max);
    Ok(Split {
        errors: path.errors(&*problem),
        drift,
        noise,
        alpha,
        eta: parameters.step_size,
        size: noises,
        scene,
    })
}

/// Paths of some methods with random numbers, each judged.
fn split(
    effort: Effort,
    theorems: &[&str],
    judge: fn(&Split) -> Result<Case, AuditError>,
) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (k, id) in (0..effort.cases(30, 600)).flat_map(|k| theorems.iter().map(move |id| (k, id))) {
        let name = format!("split of {id}");
        let mut draw = Draw::new(effort, &name, 2 * k);
        let sigma = draw.log_between(1e-3, 10.0);
        let scene = Scene::draw(&mut draw)?.with_noise(sigma)?;
        let parameters = numbers(&mut draw);
        let split = parts(scene, id, &parameters, generator(effort, &name, 2 * k as u64 + 1))?;
        let case = judge(&split)?;
        cases.push(Case { what: format!("{id}: {}", case.what), ..case });
    }
    Ok(cases)
}

fn numbers(draw: &mut Draw) -> Parameters {
    let (alpha, step_size) = (draw.log_between(0.03, 1.0), draw.log_between(1e-3, 1.0));
    Parameters { alpha, step_size, horizon: 120, batch: 1 }
}

/// What rounding leaves of an entry of a part: gradients and noises are good to a few dozen roundings (one matrix product at
/// most), and an average keeps 1/alpha of them.
fn rounding(split: &Split) -> f64 {
    256.0 * f64::EPSILON * split.size / split.alpha
}

fn sum_of_parts(split: &Split) -> Result<Case, AuditError> {
    let parts = split.drift.iter().zip(&split.noise);
    let off = split.errors.iter().zip(parts).map(|(e, (a, b))| (&(e - a) - b).max_abs());
    let measured = off.fold(0.0, f64::max);
    Ok(Case { measured, claimed: 0.0, tolerance: rounding(split), what: split.scene.what.clone() })
}

fn largest_drift(split: &Split, claimed: f64) -> Result<Case, AuditError> {
    let norm = &*split.scene.setting.norm;
    let sizes = split.drift.iter().map(|a| norm.dual_value(a)).collect::<Result<Vec<_>, _>>()?;
    let measured = sizes.into_iter().fold(0.0, f64::max);
    // The dual norm of a matrix of errors: at most that of a matrix of ones.
    let d = split.scene.setting.dimensions;
    let ones = norm.dual_value(&Matrix::from_fn(d.rows(), d.columns(), |_, _| 1.0))?;
    let tolerance = rounding(split) * ones * (d.smaller_side() as f64);
    Ok(Case { measured, claimed, tolerance, what: split.scene.what.clone() })
}

fn drift_of_scion(split: &Split) -> Result<Case, AuditError> {
    let Split { scene, alpha, eta, .. } = split;
    largest_drift(split, scene.setting.l()? * eta * (1.0 - alpha) / alpha)
}

fn drift_of_transported(split: &Split) -> Result<Case, AuditError> {
    let Split { scene, alpha, eta, .. } = split;
    let reach = eta / alpha;
    largest_drift(split, scene.setting.rho("U3")? * reach * reach * (1.0 - alpha) / 2.0)
}

fn one_step(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(2000, 20_000) {
        let mut draw = Draw::new(effort, "one step of transport", k);
        let Scene { setting, problem, what, .. } = Scene::draw(&mut draw)?;
        let (norm, alpha) = (&*setting.norm, draw.log_between(0.03, 1.0));
        let x = &draw.gaussian(setting.dimensions) * draw.log_between(0.1, 3.0);
        let step = &norm.lmo(&draw.gaussian(setting.dimensions))? * draw.log_between(1e-2, 3.0);
        let (before, eta) = (&x - &step, norm.value(&step)?);
        let mut z = x.clone();
        z.add_scaled((1.0 - alpha) / alpha, &step);
        let drift = one_drift(&*problem, alpha, &before, &x, &z);
        let claimed = setting.rho("U3")? * eta * eta * (1.0 - alpha) / (2.0 * alpha);
        // Differences of gradients, whose entries are good to a few dozen roundings.
        let gradients =
            [&x, &before, &z].map(|x| problem.gradient(x).max_abs()).into_iter().fold(0.0, f64::max);
        let tolerance = 1e-13
            * gradients
            * setting.dimensions.entries() as f64
            * norm.ball(setting.dimensions)?.circumradius;
        cases.push(Case { measured: norm.dual_value(&drift)?, claimed, tolerance, what });
    }
    Ok(cases)
}

fn on_quadratics(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(200, 2000) {
        let mut draw = Draw::new(effort, "no drift", 2 * k);
        let scene = Scene::draw(&mut draw)?;
        if scene.problem.name() != "quadratic" {
            continue;
        }
        let parameters = numbers(&mut draw);
        let split = parts(scene, "U3", &parameters, generator(effort, "no drift", 2 * k as u64 + 1))?;
        let measured = split.drift.iter().map(|a| inner(a, a).sqrt()).fold(0.0, f64::max);
        // In the Frobenius norm: the square root of the number of entries.
        let tolerance = rounding(&split) * (split.scene.setting.dimensions.entries() as f64).sqrt();
        cases.push(Case { measured, claimed: 0.0, tolerance, what: split.scene.what });
    }
    Ok(cases)
}

/// g(x, z) = (1 + c z) grad f(x) + z D, z = -rare/(1-rare) or 1: the noise grows with the gradient, which log cosh bounds.
fn storm(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for norm in [Arc::new(Frobenius) as AnyNorm, Arc::new(MaxEntry)] {
        let problem = Separable { phi: LOG_COSH, weights: vec![1.0, 3.0], start: vec![1.0, -0.5] };
        let direction = row(&[0.6, -1.1]);
        let (size, steepest) = (norm.dual_value(&direction)?, norm.dual_value(&row(&problem.weights))?);
        let l = problem.smoothness(&*norm)?.constant();
        for (p, rare, c) in [(2.0, 0.5, 0.9), (1.5, 0.2, 0.5), (2.0, 0.5, 3.0)] {
            let (probabilities, z) = ([1.0 - rare, rare], [-rare / (1.0 - rare), 1.0_f64]);
            let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
                probabilities.iter().zip(z).map(|(q, z)| q * of(z).abs().powf(p)).sum::<f64>().powf(1.0 / p)
            };
            let sigma = moment(&|z| z) * (c * steepest + size);
            // A5 in mean: (E|1 + c z|^p)^{1/p} L.
            let l_bar = Smoothness::new(moment(&|z| 1.0 + c * z) * l, norm.label())?.constant();
            let averaging = AveragingBound::new(
                &*norm,
                problem.dimensions(),
                MomentOrder::new(p)?,
                NoiseScale::new(sigma)?,
            )?;
            let gradient =
                |x: &Matrix<f64>, k: usize| &(&problem.gradient(x) * (1.0 + c * z[k])) + &(&direction * z[k]);
            let start = problem.start();
            let samples = FiniteSamples { start: &start, probabilities: &probabilities, gradient: &gradient };
            for (alpha, eta) in [(1.0, 0.2), (0.5, 0.1), (0.34, 0.05), (0.5, 0.8)] {
                let steps = 10 - heavynorm::algorithms::start_batch(alpha) as usize;
                let table: toml::Table =
                    format!("name = 'storm-scion'\nstep_size = {eta:?}\naveraging = {alpha:?}").parse()?;
                let measured = expectation_over(samples, |oracle| -> Result<f64, AuditError> {
                    let path = record(&table, &norm, &start, oracle, steps)?;
                    Ok(norm.dual_value(&path.errors(&problem)[steps - 1])?)
                })?;
                let d = alpha * sigma + 2.0 * (1.0 - alpha) * l_bar * eta;
                let claimed = d / alpha * averaging.shrinkage(alpha);
                let what = format!("{} p = {p}, c = {c}, alpha = {alpha}, eta = {eta}", norm.label());
                cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what });
            }
        }
    }
    Ok(cases)
}
