//! The lemmas on paths, the terms of the bounds where they are attained, and the bounds against exact expectations.

use std::sync::Arc;

use heavynorm::algorithms::{
    BatchedScion, BatchedScionConfig, ConstrainedScion, ConstrainedScionConfig, DynAlgorithm, MomentumState,
    Scion, ScionConfig, Start, StormScion, StormScionConfig, TransportedScion, TransportedScionConfig,
    TwoPointState, start_batch,
};
use heavynorm::norms::{frobenius::Frobenius, max_entry::MaxEntry};
use heavynorm::run::{Control, End, Experiment, Schedule, Target};
use heavynorm::seed;
use heavynorm::spec::{Accuracy, Gap, HessianLipschitz, MomentOrder, NoiseScale, Smoothness};
use rand::RngExt as _;

use super::*;
use crate::audit::line::{CUBE, HUBER, LINE, LOG_COSH, Phi, SQUARE, Scripted, Separable, row};
use crate::{Bound, Inexactness, Parameters, Radius, Setting, theorem};

mod averages;

type AnyNorm = Arc<dyn Norm<f64>>;

/// Differences of sums of some thousand terms of order 1.
const ROUNDING: f64 = 1e-12;

fn scion(norm: &AnyNorm, step_size: f64, averaging: f64) -> Scion<f64> {
    started(norm, step_size, averaging, Start::Gradient)
}

fn started(norm: &AnyNorm, step_size: f64, averaging: f64, start: Start) -> Scion<f64> {
    Scion::new(ScionConfig { step_size, averaging, start }, Arc::clone(norm)).unwrap()
}

fn transported(norm: &AnyNorm, step_size: f64, averaging: f64, start: Start) -> TransportedScion<f64> {
    TransportedScion::new(TransportedScionConfig { step_size, averaging, start }, Arc::clone(norm)).unwrap()
}

fn storm(norm: &AnyNorm, step_size: f64, averaging: f64) -> StormScion<f64> {
    StormScion::new(StormScionConfig { step_size, averaging }, Arc::clone(norm)).unwrap()
}

fn constrained(norm: &AnyNorm, gamma: f64, averaging: f64, radius: f64) -> ConstrainedScion<f64> {
    let config = ConstrainedScionConfig { step_size: gamma, averaging, radius };
    ConstrainedScion::new(config, Arc::clone(norm)).unwrap()
}

/// The exact gradient plus `noise(k)` in call k, in every entry.
fn oracle<'a>(problem: &'a Separable, noise: impl Fn(u64) -> f64 + 'a) -> impl StochasticOracle<f64> + 'a {
    let answer = move |k, x: &Matrix<f64>| problem.gradient(x).map(|g| g + noise(k));
    Scripted(problem.dimensions(), answer, 0)
}

fn recorded<A: Algorithm<f64>>(
    problem: &Separable,
    method: &A,
    momentum: fn(&A::State) -> Option<&Matrix<f64>>,
    noise: impl Fn(u64) -> f64,
    steps: usize,
) -> Path {
    let mut oracle = oracle(problem, noise);
    Path::record(method, momentum, &problem.start(), &mut oracle, steps).unwrap()
}

/// The path of the method of a theorem, constrained and batched forms apart.
fn path(
    id: &str,
    problem: &Separable,
    norm: &AnyNorm,
    noise: impl Fn(u64) -> f64,
    (eta, alpha, steps): (f64, f64, usize),
) -> Path {
    let start = match id {
        "U2'" => Start::Zero,
        "U3'" => Start::Batch,
        _ => Start::Gradient,
    };
    match id {
        "U2" | "U2'" => {
            let method = started(norm, eta, alpha, start);
            recorded(problem, &method, MomentumState::momentum, noise, steps)
        }
        "U3" | "U3'" => {
            let method = transported(norm, eta, alpha, start);
            recorded(problem, &method, TwoPointState::momentum, noise, steps)
        }
        "U5" => recorded(problem, &storm(norm, eta, alpha), TwoPointState::momentum, noise, steps),
        other => panic!("no path for {other}"),
    }
}

/// The theorems whose method is X_{t+1} = X_t + eta lmo(M_t) with an average M_t.
const AVERAGED: [&str; 5] = ["U2", "U2'", "U3", "U3'", "U5"];

/// Something without pattern in [-1, 1).
fn jitter(k: u64) -> f64 {
    ((k + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn norms() -> [AnyNorm; 2] {
    [Arc::new(Frobenius), Arc::new(MaxEntry)]
}

fn problems() -> [Separable; 2] {
    [SQUARE, LOG_COSH].map(|phi: Phi| Separable { phi, weights: vec![1.0, 3.0], start: vec![1.0, -0.5] })
}

fn setting(problem: &Separable, norm: &AnyNorm, p: f64, sigma: f64) -> Setting {
    Setting {
        norm: Arc::clone(norm),
        dimensions: problem.dimensions(),
        moment_order: MomentOrder::new(p).unwrap(),
        noise_scale: NoiseScale::new(sigma).unwrap(),
        smoothness: problem.smoothness(&**norm).unwrap(),
        hessian_lipschitz: problem.hessian_lipschitz(&**norm).ok(),
        gap: problem.gap().unwrap(),
        accuracy: Accuracy::new(0.1).unwrap(),
        radius: Some(Radius::new(1.5).unwrap()),
        // Additive noise.
        sample_smoothness: problem.smoothness(&**norm).ok(),
        inexactness: Some(Inexactness::new(0.25).unwrap()),
    }
}

fn bound(id: &str, s: &Setting, alpha: f64, step_size: f64, horizon: usize, batch: u64) -> Bound {
    let parameters = Parameters { alpha, step_size, horizon: horizon as u64, batch };
    theorem(id).unwrap().bound(s, &parameters).unwrap()
}

#[test]
fn the_descent_lemma_and_the_pathwise_inequality_hold_on_every_step() {
    for (norm, problem) in norms().iter().flat_map(|n| problems().map(|p| (n, p))) {
        for (eta, alpha) in [(0.3, 1.0), (0.1, 0.3), (0.01, 0.05), (1.5, 0.5)] {
            for id in AVERAGED {
                let path = path(id, &problem, norm, |k| 2.0 * jitter(k), (eta, alpha, 400));
                let steps = descent(&problem, &**norm, &path, eta).unwrap();
                assert_eq!(steps.len(), 400);
                assert!(steps.iter().all(|i| i.left <= i.right + ROUNDING), "{id}");
                assert!(pathwise(&problem, &**norm, &path, eta).unwrap().holds(ROUNDING), "{id}");
            }
        }
    }
}

#[test]
fn the_descent_lemma_is_attained_where_the_momentum_points_just_the_wrong_way() {
    // On a parabola from x > 0 with M = -1e-12 x the step goes up, and both factors 2 and 1/2 are needed in full.
    let problem = Separable::line(SQUARE, 1.0, 1.0);
    for norm in norms() {
        let mut wrong = Scripted(problem.dimensions(), |_, x: &Matrix<f64>| x.map(|x| -1e-12 * x), 0);
        let method = scion(&norm, 0.5, 1.0);
        let path = Path::record(&method, MomentumState::momentum, &problem.start(), &mut wrong, 5).unwrap();
        for step in descent(&problem, &*norm, &path, 0.5).unwrap() {
            assert!(step.left <= step.right + ROUNDING);
            assert!(step.right - step.left <= 1e-10, "{step:?}");
        }
        let whole = pathwise(&problem, &*norm, &path, 0.5).unwrap();
        assert!((whole.ratio() - 1.0).abs() < 1e-10, "{whole:?}");
    }
}

#[test]
fn the_step_inequality_of_the_constrained_form_holds() {
    for (norm, problem) in norms().iter().flat_map(|n| problems().map(|p| (n, p))) {
        for (gamma, alpha) in [(0.3, 1.0), (0.01, 0.1), (1.0, 0.5)] {
            let method = constrained(norm, gamma, alpha, 1.5);
            let path = recorded(&problem, &method, MomentumState::momentum, |k| 2.0 * jitter(k), 300);
            let steps = constrained_descent(&problem, &**norm, &path, gamma, 1.5).unwrap();
            assert!(steps.iter().all(|i| i.left <= i.right + ROUNDING));
        }
    }
}

#[test]
fn the_step_inequality_of_the_constrained_form_is_attained() {
    // On [-R, R] with R = 3/2, f = x^2/2 and gamma = 1/4, from X = R, where gap = 2 R^2 and 2 L R^2 gamma^2 = 9/32.
    let (problem, gamma, radius) = (Separable::line(SQUARE, 1.0, 1.5), 0.25, 1.5);
    let step = |to: f64, momentum: f64| {
        let path = Path { points: vec![row(&[1.5]), row(&[to])], momenta: vec![row(&[momentum])] };
        constrained_descent(&problem, &Frobenius, &path, gamma, radius).unwrap()[0]
    };
    // M = grad f: towards -R, a quarter of the way; gap and curvature count in full.
    let right = step(0.75, 1.5);
    assert!((right.left - right.right).abs() < ROUNDING, "{right:?}");
    // What this step loses to curvature, f(X+) - f(X) + gamma gap, is gamma times the term of the bound.
    let s = setting(&problem, &(Arc::new(Frobenius) as AnyNorm), 2.0, 0.0);
    let lost = right.left - 1.125 + gamma * 4.5;
    let curvature = bound("U6", &s, 1.0, gamma, 1, 1).terms.get("curvature").unwrap();
    assert!((lost - gamma * curvature).abs() < ROUNDING);
    // M just the wrong way: towards R, that is nowhere; the error costs exactly what the gap earns.
    let wrong = step(1.5, -1e-13);
    assert!((wrong.right - wrong.left - 9.0 / 32.0).abs() < ROUNDING, "{wrong:?}");
}

fn mean_error(problem: &Separable, norm: &dyn Norm<f64>, path: &Path) -> f64 {
    mean(path.errors(problem).iter().map(|e| norm.dual_value(e))).unwrap()
}

/// measured <= claimed, and claimed is at most 1/share times measured.
fn assert_attained(measured: f64, claimed: f64, share: f64, what: &str) {
    assert!(measured <= claimed * (1.0 + 1e-9), "{what}: measured {measured}, claimed {claimed}");
    assert!(measured >= share * claimed, "{what}: measured {measured} is far below {claimed}");
}

#[test]
fn the_drift_of_scion_is_attained_on_a_parabola() {
    let norm: AnyNorm = Arc::new(Frobenius);
    for alpha in [0.9, 0.5, 0.1, 0.01] {
        let (eta, steps) = (0.01, (100.0 / alpha) as usize);
        // Far enough up that the steps never turn round.
        let problem = Separable::line(SQUARE, 2.0, 1.5 * eta * steps as f64);
        let measured =
            mean_error(&problem, &*norm, &path("U2", &problem, &norm, |_| 0.0, (eta, alpha, steps)));
        for id in ["U2", "U2'"] {
            let claimed = bound(id, &setting(&problem, &norm, 2.0, 0.0), alpha, eta, steps, 1);
            assert_attained(2.0 * measured, claimed.terms.get("drift").unwrap(), 0.97, "drift");
        }
    }
}

#[test]
fn the_drift_of_transported_scion_is_attained_on_a_cubic_and_absent_on_a_parabola() {
    let norm: AnyNorm = Arc::new(Frobenius);
    for alpha in [0.9, 0.5, 0.1, 0.01] {
        let (eta, steps) = (0.01, (100.0 / alpha) as usize);
        let numbers = (eta, alpha, steps);
        let cubic = Separable::line(CUBE, 3.0, 1.5 * eta * steps as f64);
        let mut s = setting(&Separable { phi: SQUARE, ..cubic.clone() }, &norm, 2.0, 0.0);
        s.hessian_lipschitz = Some(HessianLipschitz::new(3.0, norm.label()).unwrap());
        for id in ["U3", "U3'"] {
            let measured = mean_error(&cubic, &*norm, &path(id, &cubic, &norm, |_| 0.0, numbers));
            let drift = bound(id, &s, alpha, eta, steps, 1).terms.get("drift").unwrap();
            assert_attained(2.0 * measured, drift, 0.97, &format!("drift of {id}"));
        }

        let parabola = Separable { phi: SQUARE, ..cubic };
        let size = parabola.gradient(&parabola.start())[(0, 0)];
        let s = setting(&parabola, &norm, 2.0, 0.0);
        for id in ["U3", "U3'"] {
            let path = path(id, &parabola, &norm, |_| 0.0, numbers);
            assert!(mean_error(&parabola, &*norm, &path) <= 1e-13 * size / alpha);
            assert_eq!(bound(id, &s, alpha, eta, steps, 1).terms.get("drift"), Some(0.0));
        }
    }
}

#[test]
fn the_drift_of_the_constrained_form_is_attained_right_after_a_turn() {
    // From one end of the interval towards the other: the first steps have length 2 gamma R.
    let norm: AnyNorm = Arc::new(Frobenius);
    let problem = Separable::line(SQUARE, 2.0, 1.5);
    for alpha in [0.9, 0.5, 0.1] {
        let gamma = 1e-4 * alpha;
        let steps = (20.0 / alpha) as usize;
        let method = constrained(&norm, gamma, alpha, 1.5);
        let path = recorded(&problem, &method, MomentumState::momentum, |_| 0.0, steps);
        let largest = path.errors(&problem).iter().map(Matrix::max_abs).fold(0.0, f64::max);
        let s = setting(&problem, &norm, 2.0, 0.0);
        let drift = bound("U6", &s, alpha, gamma, steps, 1).terms.get("drift").unwrap();
        assert_attained(2.0 * 1.5 * largest, drift, 0.97, "drift of U6");
    }
}

#[test]
fn the_start_up_is_attained_when_only_the_first_gradient_is_noisy() {
    let norm: AnyNorm = Arc::new(Frobenius);
    // Weight 0: the gradient is zero everywhere, and what is left is the noise.
    let flat = Separable::line(SQUARE, 0.0, 1.0);
    let first = |k| if k == 0 { 0.7 } else { 0.0 };
    let s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 2.0, 0.7);
    for alpha in [1.0, 0.5, 0.1, 0.01] {
        let steps = (50.0 / alpha) as usize;
        let numbers = (0.01, alpha, steps);
        for (id, path) in [
            ("U2", path("U2", &flat, &norm, first, numbers)),
            ("U3", path("U3", &flat, &norm, first, numbers)),
        ] {
            let start_up = bound(id, &s, alpha, 0.01, steps, 1).terms.get("start_up").unwrap();
            assert_attained(2.0 * mean_error(&flat, &*norm, &path), start_up, 0.999, "start-up");
        }
        let start_up = bound("U6", &s, alpha, 0.01, steps, 1).terms.get("start_up").unwrap();
        let measured = mean_error(&flat, &*norm, &path("U2", &flat, &norm, first, numbers));
        assert_attained(2.0 * 1.5 * measured, start_up, 0.999, "start-up of U6");
    }
}

/// The weight of call s in M_{T-1}, s = 1, ..., T-1: the momentum is linear in the noise, so one impulse each.
fn weights(norm: &AnyNorm, alpha: f64, steps: usize) -> Vec<f64> {
    (1..steps).map(|s| impulse_response("U2", norm, s, (0.01, alpha, steps))).collect()
}

/// The weight of the noise of call s in M_{T-1}.
fn impulse_response(id: &str, norm: &AnyNorm, s: usize, numbers: (f64, f64, usize)) -> f64 {
    let flat = Separable::line(SQUARE, 0.0, 1.0);
    let impulse = |k| f64::from(k as usize == s);
    path(id, &flat, norm, impulse, numbers).momenta[numbers.2 - 1][(0, 0)]
}

#[test]
fn the_noise_term_is_the_standard_deviation_of_the_average_up_to_root_two() {
    // Independent signs times sigma have variance sigma^2 sum w^2 = sigma^2 alpha/(2 - alpha) in the long run.
    let norm: AnyNorm = Arc::new(Frobenius);
    let problem = Separable::line(SQUARE, 1.0, 1.0);
    let s = setting(&problem, &norm, 2.0, 3.0);
    for alpha in [1.0, 0.5, 0.1, 0.02] {
        let steps = (10.0 / alpha) as usize + 1;
        let variance: f64 = weights(&norm, alpha, steps).iter().map(|w| 9.0 * w * w).sum();
        assert!((variance / (9.0 * alpha / (2.0 - alpha)) - 1.0).abs() < 1e-6);
        for id in AVERAGED {
            let noise = bound(id, &s, alpha, 0.01, steps, 1).terms.get("noise").unwrap();
            assert_attained(2.0 * variance.sqrt(), noise, 0.7, "noise");
        }
        let noise = bound("U6", &s, alpha, 0.01, steps, 1).terms.get("noise").unwrap();
        assert_attained(2.0 * 1.5 * variance.sqrt(), noise, 0.7, "noise of U6");
    }
}

#[test]
fn the_first_moment_of_the_averaged_noise_is_half_the_noise_term_at_least() {
    // E|sum w z| over all signs z, exactly; Khinchine: at least the standard deviation over root 2.
    let norm: AnyNorm = Arc::new(Frobenius);
    let s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 2.0, 1.0);
    for alpha in [1.0, 0.7, 0.4] {
        let w = weights(&norm, alpha, 13);
        let sum = |signs: u32| -> f64 {
            w.iter().enumerate().map(|(i, w)| if signs >> i & 1 == 0 { *w } else { -w }).sum()
        };
        let expected =
            (0..1_u32 << w.len()).map(|signs| sum(signs).abs()).sum::<f64>() / f64::from(1_u32 << w.len());
        let noise = bound("U2", &s, alpha, 0.01, 13, 1).terms.get("noise").unwrap();
        assert_attained(2.0 * expected, noise, 0.5, "noise");
    }
}

#[test]
fn the_dimension_factor_of_a_batch_is_attained_when_every_sample_hits_another_entry() {
    // +-E_i in turn over d entries, B = 4d: per entry a mean of 4 signs, E|.| = 3/8, times d/d; against
    // sqrt(d)/sqrt(4d) = 1/2. Without the dimension factor the claim would be 1/(2 sqrt d).
    let norm: AnyNorm = Arc::new(MaxEntry);
    for d in [2_usize, 3] {
        let batch = 4 * d;
        let problem = Separable { phi: SQUARE, weights: vec![1.0; d], start: vec![1.0; d] };
        let s = setting(&problem, &norm, 2.0, 1.0);
        let mut expected = 0.0;
        for signs in 0..1_u32 << batch {
            let mut sum = Matrix::zeros(1, d);
            (0..batch).for_each(|k| sum[(0, k % d)] += if signs >> k & 1 == 0 { 1.0 } else { -1.0 });
            expected += norm.dual_value(&(&sum * (1.0 / batch as f64))).unwrap();
        }
        expected /= f64::from(1_u32 << batch);
        let noise = bound("U1", &s, 1.0, 0.01, 10, batch as u64).terms.get("noise").unwrap();
        assert_attained(2.0 * expected, noise, 0.74, "noise of U1");
    }
}

#[test]
fn the_descent_term_is_attained_on_a_long_slope() {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (eta, steps) = (0.01, 10_000);
    let problem = Separable::line(HUBER, 1.0, 1.0 + eta * steps as f64);
    let path = path("U2", &problem, &norm, |_| 0.0, (eta, 1.0, steps));
    let measured = mean_dual_gradient(&problem, &*norm, &path).unwrap();
    let mut s = setting(&problem, &norm, 2.0, 0.0);
    // alpha = 1 has no drift whatever rho is.
    s.hessian_lipschitz = Some(HessianLipschitz::new(1.0, norm.label()).unwrap());
    for id in ["U1"].into_iter().chain(AVERAGED) {
        let claimed = bound(id, &s, 1.0, eta, steps, 1);
        assert!(claimed.terms.get("descent").unwrap() >= 0.99 * claimed.total());
        assert_attained(measured, claimed.total(), 0.98, "descent");
    }
}

#[test]
fn the_descent_term_of_the_constrained_form_is_attained_on_a_line() {
    // From the top of [-R, R] to the bottom: gamma times the gaps add up to all that there is to descend.
    let norm: AnyNorm = Arc::new(Frobenius);
    let (gamma, steps) = (0.01, 5000);
    let line = Separable::line(LINE, 1.0, 1.5);
    let method = constrained(&norm, gamma, 1.0, 1.5);
    let path = recorded(&line, &method, MomentumState::momentum, |_| 0.0, steps);
    let gap = |x: &Matrix<f64>| frank_wolfe_gap(&*norm, &line.gradient(x), x, 1.5);
    let measured = mean(path.points[..steps].iter().map(gap)).unwrap();
    let mut s = setting(&Separable::line(SQUARE, 1e-6, 1.5), &norm, 2.0, 0.0);
    s.gap = Gap::new(3.0).unwrap();
    assert_attained(measured, bound("U6", &s, 1.0, gamma, steps, 1).total(), 0.999, "descent of U6");
}

#[test]
fn the_curvature_term_is_attained_by_steps_that_jump_over_the_minimum() {
    let norm: AnyNorm = Arc::new(Frobenius);
    let (eta, steps) = (0.25, 1000);
    let problem = Separable::line(SQUARE, 2.0, eta / 2.0);
    let path = path("U2", &problem, &norm, |_| 0.0, (eta, 1.0, steps));
    let measured = mean_dual_gradient(&problem, &*norm, &path).unwrap();
    let s = setting(&problem, &norm, 2.0, 0.0);
    for id in ["U1"].into_iter().chain(AVERAGED) {
        let claimed = bound(id, &s, 1.0, eta, steps, 1);
        assert!(claimed.terms.get("curvature").unwrap() >= 0.99 * claimed.total());
        assert_attained(measured, claimed.total(), 0.99, "curvature");
    }
}

/// Two outcomes with mean zero, one of them rare and large, and sigma at p exactly.
fn two_points(norm: &AnyNorm, p: f64, rare: f64) -> (FiniteLaw<f64>, f64) {
    let direction = row(&[0.6, -1.1]);
    let law = FiniteLaw::new(vec![(1.0 - rare, &direction * -rare), (rare, &direction * (1.0 - rare))]);
    let p = MomentOrder::new(p).unwrap();
    let moment = law.dual_moment(&**norm, p, &Matrix::zeros(1, 2)).unwrap();
    (law, moment.powf(1.0 / p.p()))
}

#[test]
fn over_all_noise_paths_the_exact_expectation_keeps_below_every_bound() {
    for (norm, problem) in norms().iter().flat_map(|n| problems().map(|p| (n, p))) {
        for (p, rare) in [(2.0, 0.5), (1.5, 0.1)] {
            let (law, sigma) = two_points(norm, p, rare);
            assert!(law.expectation().max_abs() < 1e-15);
            // -rare D or (1 - rare) D: the moment, and the sigma taken from it, in closed form.
            let size = norm.dual_value(&row(&[0.6, -1.1])).unwrap();
            let moment = (1.0 - rare) * (rare * size).powf(p) + rare * ((1.0 - rare) * size).powf(p);
            assert!((sigma.powf(p) / moment - 1.0).abs() < 1e-14, "{sigma} {moment}");
            let s = setting(&problem, norm, p, sigma);
            let gradient = |x: &Matrix<f64>| norm.dual_value(&problem.gradient(x));
            let gap = |x: &Matrix<f64>| frank_wolfe_gap(&**norm, &problem.gradient(x), x, 1.5);
            let check = |id: &str, method: &dyn DynAlgorithm<f64>, numbers: (f64, f64, usize, u64)| {
                let (alpha, step, steps, batch) = numbers;
                let measure: &dyn Fn(&Matrix<f64>) -> Result<f64, NormError> =
                    if id == "U6" { &gap } else { &gradient };
                let left = expected_average(method, &problem, &law, steps, measure).unwrap();
                let right = bound(id, &s, alpha, step, steps, batch).total();
                assert!(left <= right, "{id} {numbers:?}: {left} > {right}");
            };
            for (alpha, step) in [(1.0, 0.2), (0.5, 0.1), (0.2, 0.05), (0.5, 0.8)] {
                check("U2", &scion(norm, step, alpha), (alpha, step, 9, 1));
                check("U2'", &started(norm, step, alpha, Start::Zero), (alpha, step, 9, 1));
                check("U3", &transported(norm, step, alpha, Start::Gradient), (alpha, step, 9, 1));
                check("U6", &constrained(norm, step, alpha, 1.5), (alpha, step, 9, 1));
                // Nine draws as well.
                let steps = 10 - start_batch(alpha) as usize;
                check("U3'", &transported(norm, step, alpha, Start::Batch), (alpha, step, steps, 1));
                check("U5", &storm(norm, step, alpha), (alpha, step, steps, 1));
            }
            let config = BatchedScionConfig { step_size: 0.2, batch: 3 };
            let batched = BatchedScion::new(config, Arc::clone(norm)).unwrap();
            check("U1", &batched, (1.0, 0.2, 4, 3));
        }
    }
}

#[test]
fn an_enumeration_visits_every_path_once() {
    let norm: AnyNorm = Arc::new(Frobenius);
    let problem = Separable::line(SQUARE, 0.0, 0.0);
    // Three outcomes; on flat ground with alpha = 1, X_1 = -eta sign(N_0): E|X_1| = eta (1 - P(N_0 = 0)).
    let law = FiniteLaw::new(vec![(0.25, row(&[2.0])), (0.5, row(&[0.0])), (0.25, row(&[-2.0]))]);
    let size = |x: &Matrix<f64>| Ok(x.max_abs());
    let two = expected_average(&scion(&norm, 1.0, 1.0), &problem, &law, 2, &size).unwrap();
    assert!((two - 0.5 / 2.0).abs() < 1e-15);
    // X_2: both moves count, they cancel with probability 1/8: E|X_2| = 2 * 1/8 + 1 * 1/2.
    let three = expected_average(&scion(&norm, 1.0, 1.0), &problem, &law, 3, &size).unwrap();
    assert!((three - (0.5 + 0.75) / 3.0).abs() < 1e-15);
}

#[test]
fn planned_runs_under_heavy_tails_keep_the_promise() {
    // p = 3/2, spikes of 8^{2/3} sigma with probability 1/8. Runs are evidence, not proof.
    let norm: AnyNorm = Arc::new(Frobenius);
    let problem = Separable { phi: SQUARE, weights: vec![1.0, 3.0], start: vec![0.5, -0.25] };
    let start = problem.start();
    let spiky = problem.clone();
    let oracle = move |seed| {
        let problem = spiky.clone();
        // A function of the call, so that two gradients can be taken at one sample.
        let answer = move |k, x: &Matrix<f64>| {
            let mut g = problem.gradient(x);
            let draw = seed::stream(11 + seed, k).random_range(0..32_u32);
            if draw < 4 {
                g[(0, draw as usize / 2)] += if draw % 2 == 0 { 4.0 } else { -4.0 };
            }
            g
        };
        let oracle = Scripted(Dimensions::new(1, 2).unwrap(), answer, 0);
        Ok(Box::new(oracle) as Box<dyn StochasticOracle<f64>>)
    };
    let mut s = setting(&problem, &norm, 1.5, 1.0);
    s.accuracy = Accuracy::new(0.8).unwrap();
    for id in ["U1"].into_iter().chain(AVERAGED) {
        let t = theorem(id).unwrap();
        let plan = t.plan(&s).unwrap();
        let table = t.method_table(&s, &t.schedule(&s).unwrap()).unwrap();
        let method = heavynorm::algorithms::build::<f64>(&table, Arc::clone(&norm)).unwrap();
        let targets = [Target { norm: Arc::clone(&norm), levels: vec![] }];
        let experiment = Experiment {
            algorithm: &*method,
            problem: &problem,
            start: &start,
            oracle: &oracle,
            targets: &targets,
            horizon: plan.calls,
            checks: Schedule::EveryStep,
            records: Schedule::Geometric(2.0),
            stop_when_reached: false,
        };
        let outcomes = experiment.run(&[1, 2, 3, 4], false, Control::default()).unwrap();
        assert!(outcomes.iter().all(|o| o.end == End::Horizon && o.steps == plan.horizon));
        let average =
            outcomes.iter().map(|o| o.mean_dual_gradient_norms.as_ref().unwrap()[0]).sum::<f64>() / 4.0;
        assert!(average <= plan.bound, "{id}: {average} > {}", plan.bound);
    }
}

#[test]
fn a_gap_is_what_the_ball_allows() {
    let g = row(&[3.0, -4.0]);
    assert_eq!(frank_wolfe_gap(&Frobenius, &g, &row(&[1.0, 0.0]), 2.0).unwrap(), 13.0);
    assert_eq!(frank_wolfe_gap(&MaxEntry, &g, &row(&[-2.0, 2.0]), 2.0).unwrap(), 0.0);
}
