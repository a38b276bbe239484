//! The planned theorems with the norms of the registry, on problems and oracles of the registry.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use heavynorm::algorithms::{
    self, BatchedScion, BatchedScionConfig, ConstrainedScion, ConstrainedScionConfig, MomentumState, Scion,
    ScionConfig, Start, StormScion, StormScionConfig, TransportedScion, TransportedScionConfig,
    TwoPointState,
};
use heavynorm::noise::pareto::Pareto;
use heavynorm::noise::{DirectedNoise, Direction, Noise, ScalarLaw};
use heavynorm::oracles::{ExactOracle, NoisyOracle};
use heavynorm::problems::Quadratic;
use heavynorm::problems::quadratic;
use heavynorm::run::{Control, End, Experiment, Outcome, Schedule, Target};
use heavynorm::seed::{Rng, stream};
use heavynorm::spec::{
    Accuracy, Algorithm, AlgorithmError, Dimensions, Gap, Matrix, MomentOrder, NoiseScale, Norm, OracleError,
    Problem, Smoothness, StochasticOracle,
};
use heavynorm::{norms, tol};
use heavynorm_proofs_check::checks::{self, Path};
use heavynorm_proofs_check::{Inexactness, Parameters, Plan, Radius, Setting, Theorem, theorem, theorems};
use rand::RngExt as _;
use serde::Deserialize;

type AnyNorm = Arc<dyn Norm<f64>>;

fn norm(text: &str) -> AnyNorm {
    norms::build(&text.parse().unwrap()).unwrap().into()
}

fn norms() -> [AnyNorm; 4] {
    ["name = 'spectral'", "name = 'frobenius'", "name = 'max-entry'", "name = 'schatten'\nq = 3"].map(norm)
}

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).unwrap()
}

/// 3 x 4, curvatures from 1 down to 1/8, one away from its minimiser.
fn problem() -> Arc<Quadratic<f64>> {
    let config = quadratic::Config {
        rows: 3,
        columns: 4,
        left_condition: 4.0,
        right_condition: 2.0,
        left_spectrum: None,
        right_spectrum: None,
        distance: 1.0,
        seed: 3,
    };
    Arc::new(config.build().unwrap())
}

/// A fair sign: bounded, every moment is 1.
#[derive(Debug)]
struct Rademacher;

impl ScalarLaw for Rademacher {
    fn label(&self) -> String {
        "rademacher".into()
    }
    fn sample(&self, rng: &mut Rng) -> f64 {
        if rng.random() { 1.0 } else { -1.0 }
    }
    fn absolute_moment(&self, _: f64) -> f64 {
        1.0
    }
    fn euclidean_moment(&self, d: usize, s: f64) -> Option<f64> {
        Some((d as f64).powf(0.5 * s))
    }
}

/// alpha = 1/50 at the schedule of `theorem`, by the choice of sigma: nu(alpha) = `target` there.
const ALPHA: f64 = 0.02;

/// A goal at a third of what the start has already, and noise that asks for averages over about fifty calls.
fn setting(t: &dyn Theorem, problem: &Quadratic<f64>, norm: &AnyNorm, p: f64) -> Setting {
    let d = problem.dimensions();
    let radius = 1.5 * norm.value(problem.minimiser()).unwrap();
    let mut setting = Setting {
        norm: Arc::clone(norm),
        dimensions: d,
        moment_order: order(p),
        noise_scale: NoiseScale::new(1.0).unwrap(),
        smoothness: problem.smoothness(&**norm).unwrap(),
        hessian_lipschitz: problem.hessian_lipschitz(&**norm).ok(),
        gap: problem.gap().unwrap(),
        accuracy: Accuracy::new(1.0).unwrap(),
        radius: Some(Radius::new(radius).unwrap()),
        // The noise is additive.
        sample_smoothness: problem.smoothness(&**norm).ok(),
        inexactness: Some(Inexactness::new(0.0).unwrap()),
    };
    let eps = t.trivial_accuracy(&setting).unwrap() / 3.0;
    setting.accuracy = Accuracy::new(eps).unwrap();
    // The noise term may be eps/4: nu is eps/8, and eps/(8R) for gaps. nu is linear in sigma.
    let target = if t.statement().name == "U6" { eps / (8.0 * radius) } else { eps / 8.0 };
    let (at_one, _) = setting.averaging().unwrap().at(ALPHA);
    setting.noise_scale = NoiseScale::new(target / at_one).unwrap();
    setting
}

fn noise(setting: &Setting, law: Arc<dyn ScalarLaw>, direction: Direction) -> Arc<dyn Noise<f64>> {
    let Setting { dimensions, moment_order, noise_scale, .. } = *setting;
    let noise =
        DirectedNoise::calibrated(law, direction, dimensions, &*setting.norm, moment_order, noise_scale);
    let noise = Arc::new(noise.unwrap()) as Arc<dyn Noise<f64>>;
    let moment = noise.dual_moment(&*setting.norm, moment_order).unwrap();
    let sigma = moment.noise_scale(moment_order).unwrap().sigma();
    assert!((sigma / noise_scale.sigma() - 1.0).abs() < 1e-13);
    noise
}

/// Keeps a copy of the last answer.
struct Recording<'a> {
    inner: &'a mut dyn StochasticOracle<f64>,
    last: &'a RefCell<Option<Matrix<f64>>>,
}

impl StochasticOracle<f64> for Recording<'_> {
    fn dimensions(&self) -> Dimensions {
        self.inner.dimensions()
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        self.query_mean(x, 1)
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        self.inner.query_pair(x, y)
    }
    fn calls(&self) -> u64 {
        self.inner.calls()
    }
    fn query_mean(&mut self, x: &Matrix<f64>, batch: u64) -> Result<Matrix<f64>, OracleError> {
        let answer = self.inner.query_mean(x, batch)?;
        *self.last.borrow_mut() = Some(answer.clone());
        Ok(answer)
    }
}

/// The path of a method without memory, whose momentum is the answer that it got.
fn record_answers<A: Algorithm<f64>>(
    method: &A,
    start: &Matrix<f64>,
    oracle: &mut dyn StochasticOracle<f64>,
    steps: usize,
) -> Result<Path, AlgorithmError> {
    let last = RefCell::new(None);
    let mut oracle = Recording { inner: oracle, last: &last };
    let mut state = method.init(start, &mut oracle)?;
    let (mut points, mut momenta) = (vec![start.clone()], Vec::new());
    for _ in 0..steps {
        method.step(&mut state, &mut oracle)?;
        momenta.extend(last.take());
        points.push(method.iterate(&state).clone());
    }
    Ok(Path { points, momenta })
}

/// The path that a theorem's method takes with its planned numbers.
fn planned_path(
    plan: &Plan,
    setting: &Setting,
    start_point: &Matrix<f64>,
    oracle: &mut dyn StochasticOracle<f64>,
) -> Path {
    let norm = || Arc::clone(&setting.norm);
    let (step_size, averaging, steps) = (plan.step_size, plan.alpha, plan.horizon as usize);
    let path = match plan.theorem {
        "U1" => {
            let config = BatchedScionConfig { step_size, batch: plan.batch };
            record_answers(&BatchedScion::new(config, norm()).unwrap(), start_point, oracle, steps)
        }
        "U2" | "U2'" | "U4" => {
            let start = if plan.theorem == "U2'" { Start::Zero } else { Start::Gradient };
            let method = Scion::new(ScionConfig { step_size, averaging, start }, norm()).unwrap();
            Path::record(&method, MomentumState::momentum, start_point, oracle, steps)
        }
        "U3" | "U3'" | "U4T" => {
            let start = if plan.theorem == "U3'" { Start::Batch } else { Start::Gradient };
            let method = TransportedScion::new(ScionConfig { step_size, averaging, start }, norm()).unwrap();
            Path::record(&method, TwoPointState::momentum, start_point, oracle, steps)
        }
        "U5" => {
            let method = StormScion::new(StormScionConfig { step_size, averaging }, norm()).unwrap();
            Path::record(&method, TwoPointState::momentum, start_point, oracle, steps)
        }
        "U6" => {
            let radius = setting.radius.unwrap().radius();
            let method =
                ConstrainedScion::new(ConstrainedScionConfig { step_size, averaging, radius }, norm());
            Path::record(&method.unwrap(), MomentumState::momentum, start_point, oracle, steps)
        }
        other => panic!("no method for {other}"),
    };
    path.unwrap()
}

/// The lemmas under the theorem on every step, whatever the noise was.
fn lemmas_hold(plan: &Plan, setting: &Setting, problem: &Quadratic<f64>, path: &Path) {
    let (norm, eta) = (&*setting.norm, plan.step_size);
    // Differences of values of f, each a sum of a dozen products of three.
    let rounding = tol::rounding::<f64>(setting.dimensions) * setting.gap.delta();
    let case = format!("{} in {}", plan.theorem, norm.label());
    let steps = if plan.theorem == "U6" {
        let radius = setting.radius.unwrap().radius();
        for x in &path.points {
            assert!(norm.value(x).unwrap() <= radius * (1.0 + 1e-13), "{case} leaves its ball");
        }
        checks::constrained_descent(problem, norm, path, eta, radius).unwrap()
    } else {
        let whole = checks::pathwise(problem, norm, path, eta).unwrap();
        assert!(whole.holds(1e-12), "{case}: {whole:?}");
        checks::descent(problem, norm, path, eta).unwrap()
    };
    assert_eq!(steps.len(), plan.horizon as usize);
    for step in steps {
        assert!(step.left <= step.right + rounding, "{case}: {step:?}");
    }
}

/// The left side of the theorem on one path.
fn measured(plan: &Plan, setting: &Setting, problem: &Quadratic<f64>, path: &Path) -> f64 {
    let norm = &*setting.norm;
    if plan.theorem != "U6" {
        return checks::mean_dual_gradient(problem, norm, path).unwrap();
    }
    let radius = setting.radius.unwrap().radius();
    let points = &path.points[..path.momenta.len()];
    let gap = |x| checks::frank_wolfe_gap(norm, &problem.gradient(x), x, radius).unwrap();
    points.iter().map(gap).sum::<f64>() / points.len() as f64
}

/// Runs a theorem's plan with these noises, a seed each, and calls `judge` with the left sides and the bound.
fn run_planned(
    t: &dyn Theorem,
    norm: &AnyNorm,
    p: f64,
    law: &Arc<dyn ScalarLaw>,
    seeds: u64,
    mut judge: impl FnMut(&Plan, Direction, Vec<f64>),
) {
    let problem = problem();
    let setting = setting(t, &problem, norm, p);
    let plan = t.plan(&setting).unwrap();
    assert!(!plan.trivial && plan.calls <= 200_000, "{plan:?}");
    assert!(plan.theorem == "U1" || (plan.alpha / ALPHA - 1.0).abs() < 1e-9, "{plan:?}");
    for direction in [Direction::RankOne, Direction::Diagonal] {
        let noise = noise(&setting, Arc::clone(law), direction);
        let left_sides = (0..seeds).map(|seed| {
            let mut oracle = NoisyOracle::new(problem.clone(), noise.clone(), stream(17, seed));
            let path = planned_path(&plan, &setting, &problem.start(), &mut oracle);
            assert_eq!(oracle.calls(), plan.calls);
            lemmas_hold(&plan, &setting, &problem, &path);
            measured(&plan, &setting, &problem, &path)
        });
        judge(&plan, direction, left_sides.collect());
    }
}

#[test]
fn planned_runs_with_bounded_noise_keep_the_promise_on_every_seed() {
    // The bound is one on an expectation. That every single seed keeps it is evidence: these averages over thousands of
    // bounded steps hardly vary. The lemmas, which involve no probability, are checked on every step.
    let law: Arc<dyn ScalarLaw> = Arc::new(Rademacher);
    for (t, norm) in theorems().iter().flat_map(|t| norms().map(move |n| (t, n))) {
        run_planned(&**t, &norm, 2.0, &law, 2, |plan, direction, left_sides| {
            let case = format!("{} {direction:?} {}: {left_sides:?}", plan.theorem, norm.label());
            assert!(left_sides.iter().all(|left| *left <= plan.bound), "{case} > {}", plan.bound);
            // A left side of next to nothing would say that the wrong thing was measured.
            assert!(left_sides.iter().all(|left| *left >= 0.02 * plan.bound), "{case} << {}", plan.bound);
        });
    }
}

#[test]
fn planned_runs_under_heavy_tails_keep_the_promise_in_the_median() {
    // Infinite variance: evidence only, and only of what a typical seed does.
    let law: Arc<dyn ScalarLaw> = Arc::new(Pareto::new(1.6).unwrap());
    for t in theorems() {
        run_planned(&*t, &norm("name = 'spectral'"), 1.5, &law, 3, |plan, direction, mut left_sides| {
            left_sides.sort_by(f64::total_cmp);
            assert!(left_sides[1] <= plan.bound, "{} {direction:?} {left_sides:?}", plan.theorem);
        });
    }
}

/// The largest |M_t - grad f(X_t)| over a path without noise, in units of the largest |M_t|.
fn largest_drift(problem: &Quadratic<f64>, path: &Path) -> f64 {
    let largest = |matrices: &[Matrix<f64>]| matrices.iter().map(Matrix::max_abs).fold(0.0, f64::max);
    largest(&path.errors(problem)) / largest(&path.momenta)
}

#[test]
fn on_a_quadratic_only_the_transported_momentum_has_no_drift() {
    let (problem, norm) = (problem(), norm("name = 'spectral'"));
    let exact = || ExactOracle::new(problem.clone());
    for averaging in [0.5, 0.1, 0.01] {
        let step_size = 0.01;
        let config = TransportedScionConfig { step_size, averaging, ..ScionConfig::default() };
        let method = TransportedScion::new(config, Arc::clone(&norm)).unwrap();
        let path = Path::record(&method, TwoPointState::momentum, &problem.start(), &mut exact(), 300);
        // Y_t is rounded at (1 - alpha)/alpha times a step, and the average keeps 1/alpha roundings of gradients.
        let rounding = tol::rounding::<f64>(problem.dimensions()) / averaging;
        let drift = largest_drift(&problem, &path.unwrap());
        assert!(drift <= rounding, "{averaging}: {drift} > {rounding}");
        let method =
            Scion::new(ScionConfig { step_size, averaging, ..ScionConfig::default() }, Arc::clone(&norm))
                .unwrap();
        let path = Path::record(&method, MomentumState::momentum, &problem.start(), &mut exact(), 300);
        // A lag of (1 - alpha)/alpha steps.
        let drift = largest_drift(&problem, &path.unwrap());
        assert!(drift >= 1e-3 * (1.0 - averaging) / averaging, "{averaging}: {drift}");
    }
}

/// Twelve seeds of a planned U3 in the spectral norm, on a pool of so many threads (none: in place).
fn outcomes(threads: Option<usize>) -> Vec<Outcome<f64>> {
    let (problem, norm) = (problem(), norm("name = 'spectral'"));
    let t = theorem("U3").unwrap();
    let setting = setting(&*t, &problem, &norm, 1.5);
    let parameters = t.schedule(&setting).unwrap();
    let table = t.method_table(&setting, &parameters).unwrap();
    let method = algorithms::build::<f64>(&table, Arc::clone(&norm)).unwrap();
    let noise = noise(&setting, Arc::new(Pareto::new(1.6).unwrap()), Direction::Full);
    let experiment = Experiment {
        algorithm: &*method,
        problem: &*problem,
        start: &problem.start(),
        oracle: &|seed| Ok(Box::new(NoisyOracle::new(problem.clone(), noise.clone(), stream(5, seed)))),
        targets: &[Target { norm, levels: vec![setting.accuracy.eps()] }],
        horizon: 300,
        checks: Schedule::EveryStep,
        records: Schedule::Geometric(1.5),
        stop_when_reached: false,
    };
    let seeds: Vec<u64> = (0..12).collect();
    let run = |parallel| experiment.run(&seeds, parallel, Control::default()).unwrap();
    match threads {
        None => run(false),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(true))
        }
    }
}

#[test]
fn one_thread_and_two_give_the_same_bits_in_the_spectral_norm() {
    let expected = outcomes(None);
    assert!(expected.iter().all(|o| o.end == End::Horizon && o.steps == 300));
    assert!(expected.windows(2).all(|pair| pair[0].final_iterate != pair[1].final_iterate));
    assert_eq!(outcomes(Some(1)), expected);
    assert_eq!(outcomes(Some(2)), expected);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    /// Bit patterns of doubles in hexadecimal, matrix by matrix, column by column.
    noise: Vec<String>,
    /// By method, column by column.
    final_iterates: BTreeMap<String, Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("data/golden.json")).expect("golden.json is written by make_golden.py")
}

const GOLDEN_STEPS: usize = 20;

/// Four gradients at X_0, then one sample a step.
const GOLDEN_DRAWS: usize = 4 + GOLDEN_STEPS - 1;

/// What make_golden.py prints as the smallest singular value of a momentum.
const SMALLEST_SINGULAR_VALUES: [(&str, f64); 6] = [
    ("scion", 0.0902),
    ("scion from zero", 0.0926),
    ("scion from a batch", 0.162),
    ("transported-scion", 0.1245),
    ("transported-scion from a batch", 0.0928),
    ("storm-scion", 0.0928),
];

fn golden_noise() -> Arc<dyn Noise<f64>> {
    let gaussian = Arc::new(heavynorm::noise::gaussian::Gaussian);
    let space = Dimensions::new(2, 3).unwrap();
    Arc::new(DirectedNoise::new(gaussian, Direction::Full, 0.5, space).unwrap())
}

#[test]
fn the_stream_of_a_seed_is_the_recorded_one() {
    let mut rng = stream(2026, 7);
    let noise = golden_noise();
    let drawn: Vec<String> = (0..GOLDEN_DRAWS)
        .flat_map(|_| {
            noise.sample(&mut rng).entries().map(|x| format!("{:016x}", x.to_bits())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(drawn, golden().noise);
}

/// The problem of make_golden.py.
fn golden_problem() -> Arc<Quadratic<f64>> {
    let rows = |rows: &[&[f64]]| Matrix::from_rows(rows).unwrap();
    let problem = Quadratic::new(
        &rows(&[&[2.0, 0.5], &[0.5, 1.0]]),
        &rows(&[&[1.0, 0.25, 0.0], &[0.25, 2.0, 0.5], &[0.0, 0.5, 1.5]]),
        rows(&[&[1.0, -0.5, 0.25], &[0.75, 2.0, -1.0]]),
        rows(&[&[0.0, 1.0, 0.5], &[-0.25, 0.0, 1.0]]),
    );
    Arc::new(problem.unwrap())
}

#[test]
fn golden_trajectories_agree_with_fifty_digits() {
    // tests/data/make_golden.py runs the same methods on the recorded noise at 50 digits. It prints that an early error is
    // damped (by 0.05 at least), and the smallest singular value of a momentum: a step commits an error of at most
    // tol::rounding over that in its direction, times the step of 1/8. On a quadratic STORM and the transported form from
    // a batch are one method where the noise is additive: their momenta have the same error.
    let (problem, trajectories) = (golden_problem(), golden().final_iterates);
    for (name, smallest) in SMALLEST_SINGULAR_VALUES {
        let (method, start) = name.split_once(" from ").unwrap_or((name, "gradient"));
        let start = start.trim_start_matches("a ");
        let key = if method == "storm-scion" { String::new() } else { format!("start = '{start}'") };
        let table = format!("name = '{method}'\nstep_size = 0.125\naveraging = 0.25\n{key}");
        let method = algorithms::build::<f64>(&table.parse().unwrap(), norm("name = 'spectral'")).unwrap();
        let mut oracle = NoisyOracle::new(problem.clone(), golden_noise(), stream(2026, 7));
        let mut run = method.begin(&problem.start(), &mut oracle).unwrap();
        (0..GOLDEN_STEPS).for_each(|_| run.step(&mut oracle).unwrap());
        let expected = Matrix::from_fn(2, 3, |i, j| trajectories[name][2 * j + i]);
        let error = (run.iterate() - &expected).max_abs();
        let each = 0.125 * tol::rounding::<f64>(problem.dimensions()) / smallest;
        let tolerance = GOLDEN_STEPS as f64 * each;
        assert!(error <= tolerance, "{name}: {error} > {tolerance}");
    }
    assert_eq!(trajectories.len(), SMALLEST_SINGULAR_VALUES.len());
    assert_eq!(trajectories["storm-scion"], trajectories["transported-scion from a batch"]);
}

/// Delta = 2, L = 3, sigma = eps = 1 on 4 x 6, in the spectral norm.
fn spectral_setting(p: f64, sigma: f64) -> Setting {
    let norm = norm("name = 'spectral'");
    Setting {
        dimensions: Dimensions::new(4, 6).unwrap(),
        moment_order: order(p),
        noise_scale: NoiseScale::new(sigma).unwrap(),
        smoothness: Smoothness::new(3.0, norm.label()).unwrap(),
        hessian_lipschitz: None,
        gap: Gap::new(2.0).unwrap(),
        accuracy: Accuracy::new(1.0).unwrap(),
        radius: None,
        sample_smoothness: None,
        inexactness: None,
        norm,
    }
}

fn u2(setting: &Setting) -> Plan {
    theorem("U2").unwrap().plan(setting).unwrap()
}

#[test]
fn the_planned_numbers_of_u2_in_the_spectral_norm_are_those_worked_out_by_hand() {
    // p = 2: K = r = 4, alpha = (1/(8 * 2))^2 = 1/256.
    // p = 3/2: K = sqrt(4) C with C = (2^2 - 1)^{1/2}, so K^2 = 12 and alpha = 1/(8^3 * 12) = 1/6144.
    // p = 5/4: K = 4^{1/4} C with C = (2^4 - 1)^{1/4}, so K^4 = 60 and alpha = 1/(8^5 * 60) = 1/1966080.
    for (p, inverse_alpha, kappa) in [(2.0, 256.0, 4.0), (1.5, 6144.0, 12.0), (1.25, 1_966_080.0, 60.0)] {
        let plan = u2(&spectral_setting(p, 1.0));
        let close = |found: f64, expected: f64| {
            assert!((found / expected - 1.0).abs() < 1e-12, "p = {p}: {found}, not {expected}");
        };
        close(plan.alpha, 1.0 / inverse_alpha);
        close(plan.dimension_factor, kappa);
        // eta = alpha eps/(8 L), T = 32 Delta L/(alpha eps^2) = 192/alpha.
        close(plan.step_size, 1.0 / (24.0 * inverse_alpha));
        assert_eq!(plan.horizon, (192.0 * inverse_alpha) as u64);
        assert_eq!((plan.batch, plan.calls), (1, plan.horizon));
        close(plan.moment_order, p);
        // descent 1/4, curvature alpha/16, start-up 2/192, drift (1-alpha)/4, noise 1/4.
        let alpha = 1.0 / inverse_alpha;
        let terms = [0.25, alpha / 16.0, 2.0 / 192.0, (1.0 - alpha) / 4.0, 0.25];
        plan.bound_terms.iter().zip(terms).for_each(|((_, found), expected)| close(found, expected));
        close(plan.bound, terms.iter().sum());
    }
}

#[test]
fn in_the_spectral_norm_no_lower_order_of_the_grid_gives_a_larger_alpha() {
    for (p, sigma) in [(1.1, 0.3), (1.5, 1.0), (1.9, 30.0), (2.0, 1.0), (2.0, 1e3)] {
        let setting = spectral_setting(p, sigma);
        let upper = setting.norm.noise_type(setting.dimensions, setting.moment_order).unwrap().upper;
        let at_p = (1.0 / (8.0 * upper.powf(1.0 / p) * sigma)).powf(p / (p - 1.0));
        let plan = u2(&setting);
        assert!((plan.alpha / at_p - 1.0).abs() < 1e-9, "p = {p}: {} {at_p}", plan.alpha);
        assert_eq!(plan.moment_order, p);
    }
}

#[test]
fn noise_below_an_eighth_of_the_goal_needs_no_average_in_any_norm() {
    for norm in norms() {
        for p in [1.01, 1.5, 2.0] {
            let mut setting = spectral_setting(p, 1.0 / 8.0);
            setting.smoothness = Smoothness::new(3.0, norm.label()).unwrap();
            setting.norm = Arc::clone(&norm);
            assert_eq!(u2(&setting).alpha, 1.0, "{}", norm.label());
            assert_eq!(u2(&setting).moment_order, 1.0);
            setting.noise_scale = NoiseScale::new(0.13).unwrap();
            let plan = theorem("U2").unwrap().schedule(&setting);
            assert!(plan.is_err() || plan.is_ok_and(|Parameters { alpha, .. }| alpha < 1.0));
        }
    }
}
