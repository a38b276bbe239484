//! Every registered problem, and logistic regression on a user's data, against every law in several norms.

use std::sync::Arc;

use heavynorm::norms;
use heavynorm::problems::{self, Logistic};
use heavynorm::seed::{Rng, stream};
use heavynorm::spec::laws::{ProblemLaw, ProblemSample, problem_laws};
use heavynorm::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Smoothness,
};
use rand::RngExt as _;
use rand_distr::StandardNormal;

/// Points of a pair are at least a thousandth of their size apart, so that a difference of gradients loses 3 of 16
/// digits; gradients and dual norms of up to 640 entries lose one or two, their conditioning another one.
const ROUNDING: f64 = 1e-10;

/// Sizes of X, and the distance of Y from it as a multiple of that.
const SCALES: [f64; 4] = [0.0, 1e-2, 1.0, 30.0];
const DISTANCES: [f64; 3] = [1e-3, 0.3, 10.0];

fn norms() -> Vec<Box<dyn Norm<f64>>> {
    let tables = [
        "name = 'spectral'",
        "name = 'nuclear'",
        "name = 'frobenius'",
        "name = 'max-entry'",
        "name = 'max-col-l2'",
        "name = 'schatten'\nq = 3",
        "name = 'ky-fan'\nk = 2",
        "name = 'rms-to-rms'",
    ];
    tables.map(|text| norms::build(&text.parse().unwrap()).unwrap()).into()
}

fn gaussian(space: Dimensions, size: f64, rng: &mut Rng) -> Matrix<f64> {
    Matrix::from_fn(space.rows(), space.columns(), |_, _| size * rng.sample::<f64, _>(StandardNormal))
}

/// Calls `check` with pairs near and far, around points of several sizes; X = X_0 at size 0. Both points lie in the region
/// of the problem, a thousandth of its size away from its edge: differences step that far at most.
fn on_samples(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    rounds: u64,
    mut check: impl FnMut(&ProblemSample<'_>),
) {
    let frobenius = norms::frobenius::Frobenius;
    for round in 0..rounds {
        let mut rng = stream(20_260_519, round);
        for (scale, distance) in SCALES.iter().flat_map(|s| DISTANCES.map(|d| (*s, d))) {
            let space = problem.dimensions();
            let region = problem.region().scaled(0.999);
            let x = region.nearest(&(&problem.start() + &gaussian(space, scale, &mut rng)));
            let size = if x.is_zero() { 1.0 } else { x.max_abs() };
            let y = region.nearest(&(&x + &gaussian(space, distance * size, &mut rng)));
            let z = gaussian(space, 1.0, &mut rng);
            check(&ProblemSample { x: &x, y: &y, z: &z, norm, frobenius: &frobenius });
        }
    }
}

fn sides_hold(law: &ProblemLaw, problem: &dyn Problem<f64>, sample: &ProblemSample<'_>) -> bool {
    (law.sides)(problem, sample).unwrap().holds(ROUNDING)
}

/// Every law in every norm; the number of checks.
fn obeys_every_law(problem: &dyn Problem<f64>, rounds: u64) -> usize {
    let mut checked = 0;
    for norm in norms() {
        on_samples(problem, &*norm, rounds, |sample| {
            for law in problem_laws() {
                let sides = (law.sides)(problem, sample).unwrap();
                let (name, norm) = (problem.name(), norm.label());
                assert!(
                    sides.holds(ROUNDING),
                    "{name} breaks {}, {}, in {norm}: {sides:?}\n{sample:?}",
                    law.name,
                    law.formula
                );
                checked += 1;
            }
        });
    }
    checked
}

#[test]
fn every_registered_problem_obeys_every_law() {
    let mut checked = 0;
    for entry in problems::entries::<f64>() {
        for table in (entry.examples)() {
            let built = problems::build::<f64>(&table).unwrap();
            // A gradient of the digits costs a thousand times one of a small quadratic.
            let rounds = if built.problem().dimensions().entries() > 100 { 1 } else { 10 };
            checked += obeys_every_law(built.problem(), rounds);
        }
    }
    assert!(checked > 100_000, "only {checked} checks were made");
}

fn logistic(samples: usize, features: usize, classes: usize, lambda: f64, seed: u64) -> Logistic<f64> {
    let mut rng = stream(seed, 0);
    let matrix = Matrix::from_fn(samples, features, |_, _| rng.sample::<f64, _>(StandardNormal));
    let labels: Vec<usize> = (0..samples).map(|i| i % classes).collect();
    Logistic::new(&matrix, &labels, classes, lambda).unwrap()
}

#[test]
fn logistic_regression_on_small_random_data_obeys_every_law() {
    for (samples, features, classes, lambda) in
        [(2, 1, 2, 0.0), (7, 3, 2, 0.5), (12, 2, 4, 0.01), (9, 5, 3, 0.0), (5, 1, 3, 2.0)]
    {
        obeys_every_law(&logistic(samples, features, classes, lambda, 5), 6);
    }
}

/// What a problem can be wrong about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lie {
    Infimum,
    Smoothness,
    HessianLipschitz,
    GradientScale,
    HessianScale,
    /// The Hessian is no derivative: not symmetric.
    HessianSkew,
}

#[derive(Debug)]
struct Lying(Arc<dyn Problem<f64>>, Lie);

impl Lying {
    fn factor(&self, lie: Lie, factor: f64) -> f64 {
        if self.1 == lie { factor } else { 1.0 }
    }
}

impl Problem<f64> for Lying {
    fn name(&self) -> &str {
        "a problem that lies"
    }
    fn dimensions(&self) -> Dimensions {
        self.0.dimensions()
    }
    fn start(&self) -> Matrix<f64> {
        self.0.start()
    }
    fn objective(&self, x: &Matrix<f64>) -> f64 {
        self.0.objective(x)
    }
    fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
        &self.0.gradient(x) * self.factor(Lie::GradientScale, 1.0 + 1e-3)
    }
    fn hessian_action(&self, x: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
        let action = &self.0.hessian_action(x, z) * self.factor(Lie::HessianScale, 1.0 + 1e-3);
        if self.1 != Lie::HessianSkew {
            return action;
        }
        let mut skew = action;
        skew[(0, 0)] += 1e-3 * z[(0, 1)];
        skew
    }
    fn infimum(&self) -> Infimum {
        // Larger than any value that the samples reach would be too easy: just above the least one.
        if self.1 == Lie::Infimum { Infimum::Exact(0.1) } else { self.0.infimum() }
    }
    fn smoothness(&self, norm: &dyn Norm<f64>) -> Result<Smoothness, ProblemError> {
        let l = self.0.smoothness(norm)?;
        Ok(Smoothness::new(l.constant() * self.factor(Lie::Smoothness, 0.1), norm.label())?)
    }
    fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
        let rho = self.0.hessian_lipschitz(norm)?;
        Ok(HessianLipschitz::new(rho.constant() * self.factor(Lie::HessianLipschitz, 0.01), norm.label())?)
    }
}

/// The laws that a problem breaks on some sample, in the Frobenius norm.
fn broken(problem: &dyn Problem<f64>) -> Vec<&'static str> {
    let norm = norms::frobenius::Frobenius;
    let mut broken = Vec::new();
    on_samples(problem, &norm, 4, |sample| {
        for law in problem_laws() {
            if !broken.contains(&law.name) && !sides_hold(&law, problem, sample) {
                broken.push(law.name);
            }
        }
    });
    broken.sort_unstable();
    broken
}

#[test]
fn every_law_is_broken_by_a_problem_that_lies_about_it() {
    let truth: Arc<dyn Problem<f64>> = Arc::new(logistic(3, 2, 2, 0.0, 8));
    assert!(broken(&*truth).is_empty());
    let breaks = |lie| broken(&Lying(Arc::clone(&truth), lie));
    assert_eq!(breaks(Lie::Infimum), ["A1"]);
    assert_eq!(breaks(Lie::Smoothness), ["A2", "descent"]);
    // The differences lean on rho too.
    assert!(breaks(Lie::HessianLipschitz).contains(&"A4"));
    assert_eq!(breaks(Lie::GradientScale), ["Hessian", "descent", "gradient"]);
    assert_eq!(breaks(Lie::HessianScale), ["Hessian"]);
    assert_eq!(breaks(Lie::HessianSkew), ["Hessian", "symmetry"]);
}
