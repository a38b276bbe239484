//! Nobody guesses a direction: caps, selections, and the auxiliary run bit for bit.

use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use heavynorm::algorithms;
use heavynorm::hard_instances::frames::{Frames, Hides, RotatedChains, RotatedInstance, RotatedOracle};
use heavynorm::seed::Rng;
use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix, Norm, OracleError, StochasticOracle};
use rand::RngExt as _;
use rand_distr::StandardNormal;

use super::super::draw::{Draw, generator};
use super::{AuditError, Case, Check, Effort, check, norm};
use crate::Line;

pub(super) fn checks() -> Vec<Check> {
    vec![
        check(
            "DEF-FRAMES",
            "a component of the last direction of a frame has the law of a uniform unit vector",
            Evidence::Statistical,
            Claim::Upper,
            uniform,
        ),
        check(
            "LEM-CAP",
            "the exact probability of two caps is at most 2 exp(-nu/(8 R^2))",
            Evidence::Numerical,
            Claim::Upper,
            caps,
        ),
        check(
            "LEM-SELECTION",
            "the quotient of the selection bound is at most 1.0066 wherever its condition holds",
            Evidence::Numerical,
            Claim::Upper,
            quotient,
        ),
        check(
            "LEM-SELECTION",
            "drawn selections of directions have no larger norm than the bound at their own sizes",
            Evidence::Numerical,
            Claim::Upper,
            selections,
        ),
        check(
            "LEM-AUXILIARY",
            "no bit of a run differs from the auxiliary run before a hidden direction is met",
            Evidence::Numerical,
            Claim::Upper,
            |effort| agreement(effort, Hides::Truncated),
        ),
        check(
            "LEM-AUXILIARY",
            "without truncation runs part from their auxiliary runs",
            Evidence::Numerical,
            Claim::Lower,
            |effort| {
                let parted =
                    agreement(effort, Hides::FrontierEntry)?.iter().filter(|c| c.measured > 0.0).count();
                let what = "runs that differ".into();
                Ok(vec![Case { measured: parted as f64, claimed: 4.0, tolerance: 0.0, what }])
            },
        ),
        check(
            "LEM-AUXILIARY",
            "a run meets a hidden direction with probability at most 1/20 where (60.1) holds",
            Evidence::Statistical,
            Claim::Upper,
            |effort| unlucky(effort, 1.0),
        ),
        check(
            "LEM-AUXILIARY",
            "with an eighth of the columns more runs than 1/20 meet a hidden direction",
            Evidence::Statistical,
            Claim::Lower,
            |effort| unlucky(effort, 0.125),
        ),
    ]
}

/// int cos^{nu - 2} from `low` to `high` by Simpson's rule, cut off 40 standard deviations beyond `low`.
///
/// 4000 steps of at most 1/100 of a standard deviation 1/sqrt(nu): the relative error is about 1e-10.
fn power_of_cosine(nu: f64, low: f64, high: f64) -> f64 {
    const STEPS: usize = 4000;
    let width = (high - low).min(40.0 / nu.sqrt()) / STEPS as f64;
    let term = |k: usize| {
        let weight = if k == 0 || k == STEPS { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
        weight * (low + width * k as f64).cos().max(0.0).powf(nu - 2.0)
    };
    (0..=STEPS).map(term).sum::<f64>() * width / 3.0
}

/// P(|<u, e>| > tau) for u uniform on the sphere of R^nu, nu >= 2: <u, e> = sin of an angle with density cos^{nu - 2}.
fn two_caps(nu: f64, tau: f64) -> f64 {
    power_of_cosine(nu, tau.asin(), FRAC_PI_2) / power_of_cosine(nu, 0.0, FRAC_PI_2)
}

fn caps(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for nu in [2.0, 3.0, 4.0, 7.0, 20.0, 100.0, 1e3, 1e4, 1e5, 1.5e6_f64] {
        for radius in [1.0, 1.2, 2.0, 6.0, 30.0, 230.0, 500.0] {
            let (measured, claimed) =
                (two_caps(nu, 0.5 / radius), 2.0 * (-nu / (8.0 * radius * radius)).exp());
            let what = format!("nu = {nu}, R = {radius}");
            cases.push(Case { measured, claimed, tolerance: 1e-9 * claimed, what });
        }
    }
    Ok(cases)
}

/// Dvoretzky, Kiefer, Wolfowitz, Massart: the empirical distribution function is off by more with probability 1e-9.
fn threshold(draws: usize) -> f64 {
    (2e9_f64.ln() / (2.0 * draws as f64)).sqrt()
}

fn uniform(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let (n, t, draws) = (6, 4, effort.cases(2000, 40_000));
    let mut cases = Vec::new();
    for (entry, column) in [(0, t - 1), (0, 0), (n - 1, t - 1)] {
        let frame = |k: u64| Frames::independent(1, n, t, effort.seed.wrapping_mul(1 << 20).wrapping_add(k));
        let mut found = (0..draws as u64)
            .map(|k| Ok(frame(k)?.direction(0, column)[entry]))
            .collect::<Result<Vec<f64>, AuditError>>()?;
        found.sort_by(f64::total_cmp);
        let law = |x: f64| 0.5 + 0.5 * x.signum() * (1.0 - two_caps(n as f64, x.abs()));
        // Every tenth draw: between them the distance grows by at most 10/draws.
        let distance = found.iter().enumerate().step_by(10).map(|(k, &x)| {
            let below = k as f64 / draws as f64;
            (law(x) - below).max(below + 1.0 / draws as f64 - law(x))
        });
        let measured = distance.fold(0.0, f64::max);
        let what = format!("entry {entry} of column {column}, {draws} frames");
        cases.push(Case { measured, claimed: threshold(draws), tolerance: 0.0, what });
    }
    Ok(cases)
}

/// (1 + sqrt(m/n) + tau/sqrt(n))/sqrt(1 - sqrt(2) tau/sqrt(n)), tau^2 = 2 (m log T + log(160 m)).
fn bound(m: f64, n: f64, t: f64) -> f64 {
    let tau = (2.0 * (m * t.ln() + (160.0 * m).ln())).sqrt() / n.sqrt();
    (1.0 + (m / n).sqrt() + tau) / (1.0 - std::f64::consts::SQRT_2 * tau).sqrt()
}

fn quotient(_: Effort) -> Result<Vec<Case>, AuditError> {
    const COUNTS: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 10.0, 100.0, 1e3, 1e6, 1e12];
    let mut cases = Vec::new();
    for (m, t) in COUNTS.into_iter().flat_map(|m| COUNTS.map(|t| (m, t))) {
        for calls in [0.0, 1.0, 1e3, 1e9] {
            let n = 8.0 * 230.0 * 230.0 * m.max(t) * (40.0 * (calls + 1.0) * m * t).ln();
            let what = format!("m = {m}, T = {t}, M = {calls}, n = {n:.0}");
            cases.push(Case { measured: bound(m, n, t), claimed: 1.0066, tolerance: 0.0, what });
        }
    }
    Ok(cases)
}

/// The event fails with probability (1 + m)/(160 m) a draw: at most one of 80, whence one failure in a few draws proves nothing.
/// All draws hold at once in what follows, and the bound is so far away that one failure would be a fault.
fn selections(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let spectral = norm("spectral")?;
    let mut cases = Vec::new();
    for (m, n, t) in [(2, 200, 1), (3, 400, 2), (2, 2000, 4), (4, 1000, 3), (5, 3000, 2)] {
        for seed in 0..effort.cases(2, 20) as u64 {
            let frames = Frames::independent(m, n, t, seed)?;
            let mut worst = 0.0_f64;
            for code in 0..t.pow(m as u32) {
                let pick = |i: usize| code / t.pow(i as u32) % t;
                let rows: Vec<&[f64]> = (0..m).map(|i| frames.direction(i, pick(i))).collect();
                let matrix = Matrix::from_fn(m, n, |i, k| rows[i][k]);
                worst = worst.max(spectral.value(&matrix)?);
            }
            let what = format!("m = {m}, n = {n}, T = {t}, seed {seed}");
            let claimed = bound(m as f64, n as f64, t as f64);
            cases.push(Case { measured: worst, claimed, tolerance: 1e-12, what });
        }
    }
    Ok(cases)
}

/// One call: the point, what the auxiliary oracle knew before, the answer (`None` for the output of the run).
struct Entry {
    point: Matrix<f64>,
    known: Vec<usize>,
    answer: Option<Matrix<f64>>,
}

/// An oracle that keeps a log.
struct Recorder {
    oracle: RotatedOracle,
    log: Vec<Entry>,
}

impl Recorder {
    fn new(oracle: RotatedOracle) -> Self {
        Self { oracle, log: Vec::new() }
    }

    fn note(&mut self, point: &Matrix<f64>, known: &[usize], answer: Option<Matrix<f64>>) {
        self.log.push(Entry { point: point.clone(), known: known.to_vec(), answer });
    }

    fn known(&self) -> Vec<usize> {
        self.oracle.known().unwrap_or_default().to_vec()
    }

    fn end(mut self, output: &Matrix<f64>) -> Vec<Entry> {
        let known = self.known();
        self.note(output, &known, None);
        self.log
    }
}

impl StochasticOracle<f64> for Recorder {
    fn dimensions(&self) -> Dimensions {
        StochasticOracle::<f64>::dimensions(&self.oracle)
    }

    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        let known = self.known();
        let answer = self.oracle.query(x)?;
        self.note(x, &known, Some(answer.clone()));
        Ok(answer)
    }

    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        let known = self.known();
        let (at_x, at_y) = self.oracle.query_pair(x, y)?;
        self.note(x, &known, Some(at_x.clone()));
        self.note(y, &known, Some(at_y.clone()));
        Ok((at_x, at_y))
    }

    fn calls(&self) -> u64 {
        StochasticOracle::<f64>::calls(&self.oracle)
    }
}

/// A method that nobody forbids: it follows what it was shown, and guesses besides with rows of length `guess`.
fn guessing(
    oracle: &mut dyn StochasticOracle<f64>,
    samples: usize,
    guess: f64,
    rng: &mut Rng,
) -> Result<Matrix<f64>, OracleError> {
    let space = oracle.dimensions();
    let mut sum = Matrix::zeros(space.rows(), space.columns());
    let unit = guess / (space.columns() as f64).sqrt();
    let next = |sum: &Matrix<f64>, rng: &mut Rng| {
        let noise = Matrix::from_fn(space.rows(), space.columns(), |_, _| rng.sample(StandardNormal));
        &(sum * -1.0) + &(&noise * unit)
    };
    for _ in 0..samples {
        let x = next(&sum, rng);
        let answer = oracle.query(&x)?;
        // What was shown is unbounded: a step has length at most 1/2.
        sum.add_scaled(0.5 / answer.entries().map(|g| g * g).sum::<f64>().sqrt().max(1.0), &answer);
    }
    Ok(next(&sum, rng))
}

const METHODS: [&str; 5] = [
    "name = 'scion'\nstep_size = 0.5\naveraging = 0.5",
    "name = 'transported-scion'\nstep_size = 0.3\naveraging = 0.3",
    "name = 'storm-scion'\nstep_size = 0.3\naveraging = 0.5",
    "name = 'sgd'\nstep_size = 0.02",
    "guessing",
];

/// The log of one method on an oracle.
fn run(method: &str, oracle: RotatedOracle, samples: usize, guesses: Rng) -> Result<Vec<Entry>, AuditError> {
    let mut recorder = Recorder::new(oracle);
    if method == "guessing" {
        let mut rng = guesses;
        let output = guessing(&mut recorder, samples, 2.0, &mut rng)?;
        return Ok(recorder.end(&output));
    }
    let norm: Arc<dyn Norm<f64>> = norm("spectral")?.into();
    let algorithm = algorithms::build(&method.parse()?, norm)?;
    let space = recorder.dimensions();
    let start = Matrix::zeros(space.rows(), space.columns());
    let mut run = algorithm.begin(&start, &mut recorder)?;
    while recorder.calls() < samples as u64 {
        run.step(&mut recorder)?;
    }
    let output = run.iterate().clone();
    drop(run);
    Ok(recorder.end(&output))
}

/// A component above 1/2 along a direction that was not known before the call.
fn meets(chains: &RotatedChains, entry: &Entry) -> bool {
    let beyond = |(i, &known): (usize, &usize)| {
        chains.coordinates(&entry.point, i)[known..].iter().any(|y| y.abs() > 0.5)
    };
    entry.known.iter().enumerate().any(beyond)
}

/// Entries in which two runs differ before a hidden direction is met: in points and in answers.
fn agreement(effort: Effort, hides: Hides) -> Result<Vec<Case>, AuditError> {
    let (rows, length, radius, samples, q) = (2, 3, 4.0, 40, 0.4);
    // (60.1) with two points a sample.
    let points = 2.0 * samples as f64 + 1.0;
    let columns = 2 + (8.0 * radius * radius * (40.0 * points * (rows * length) as f64).ln()).ceil() as usize;
    let mut cases = Vec::new();
    for k in 0..effort.cases(3, 30) as u64 {
        let frames = Frames::independent(rows, columns, length, 100 + k)?;
        let chains = RotatedChains::new(frames, radius, 1.0, 1.0)?;
        let instance = RotatedInstance::new(chains, q, hides)?;
        for method in METHODS {
            let stream = |name| generator(effort, name, k);
            let real = RotatedOracle::new(instance.clone(), stream("samples"));
            let real = run(method, real, samples, stream("guesses"))?;
            let auxiliary = RotatedOracle::auxiliary(instance.clone(), stream("samples"));
            let auxiliary = run(method, auxiliary, samples, stream("guesses"))?;
            let lucky = auxiliary.iter().take_while(|entry| !meets(instance.chains(), entry)).count();
            let differ = |a: &Matrix<f64>, b: &Matrix<f64>| {
                a.entries().zip(b.entries()).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
            };
            let mut measured = 0;
            for (a, b) in real.iter().zip(&auxiliary).take(lucky) {
                measured += differ(&a.point, &b.point);
                measured += a.answer.as_ref().zip(b.answer.as_ref()).map_or(0, |(a, b)| differ(a, b));
            }
            let name = method.split('\'').nth(1).unwrap_or(method);
            let known = auxiliary.last().map(|entry| entry.known.clone()).unwrap_or_default();
            let what = format!(
                "{name}, R = {radius}, n = {columns}, {lucky} of {} points, known at the end {known:?}, seed {k}",
                auxiliary.len()
            );
            // A run of which nothing is compared, or that is shown nothing, would agree with anything.
            if lucky == 0 || known.iter().sum::<usize>() == 0 {
                return Err(format!("nothing to compare: {what}").into());
            }
            cases.push(Case { measured: measured as f64, claimed: 0.0, tolerance: 0.0, what });
        }
    }
    Ok(cases)
}

/// The most that Bin(n, 1/20) comes up to, but for a chance of 1e-9.
fn most(runs: usize) -> usize {
    // The line of one block with lambda = 2 is twice P(Bin(n, q) <= length - 1).
    let up_to = |k: usize| Line { blocks: 1, length: k + 1, reveal_probability: 0.05, lambda: 2.0 };
    (0..runs).find(|&k| up_to(k).mean(runs as u64) / 2.0 >= 1.0 - 1e-9).unwrap_or(runs)
}

/// How many of the runs meet a hidden direction, with a share of the columns that (60.1) asks for.
fn unlucky(effort: Effort, share: f64) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (rows, length, radius, samples, q) in [(1, 2, 2.0, 6, 0.5), (2, 1, 1.5, 4, 0.3)] {
        let points = samples as f64 + 1.0;
        let wide = 8.0 * radius * radius * (40.0 * points * (rows * length) as f64).ln();
        let columns = length - 1 + (share * wide).ceil() as usize;
        let (runs, mut met) = (effort.cases(3000, 30_000), 0);
        for k in 0..runs as u64 {
            let mut draw = Draw::new(effort, "unlucky", k as usize);
            let frames = Frames::independent(rows, columns, length, k)?;
            let chains = RotatedChains::new(frames, radius, 1.0, 1.0)?;
            let instance = RotatedInstance::new(chains, q, Hides::Truncated)?;
            let oracle = RotatedOracle::auxiliary(instance.clone(), generator(effort, "reveals", k));
            let mut recorder = Recorder::new(oracle);
            let guess = radius * draw.log_between(1.0, 100.0);
            let output = guessing(&mut recorder, samples, guess, &mut generator(effort, "guess", k))?;
            let log = recorder.end(&output);
            met += usize::from(log.iter().any(|entry| meets(instance.chains(), entry)));
        }
        let what = format!("m = {rows}, T = {length}, R = {radius}, n = {columns}, {met} of {runs} runs");
        cases.push(Case { measured: met as f64, claimed: most(runs) as f64, tolerance: 0.0, what });
    }
    Ok(cases)
}
