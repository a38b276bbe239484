//! What every problem's tests ask: finite differences, and attacks on the class constants.

use rand::RngExt;
use rand_distr::StandardNormal;

use crate::norms;
use crate::seed::{Rng, stream};
use crate::spec::problem::Inequality;
use crate::spec::{Matrix, Norm, Problem, inner, problem};

/// Finite differences of derivatives leave this relative error at most; see [`derivatives`].
const DIFFERENCES: f64 = 1e-7;

pub(crate) fn gaussian(problem: &dyn Problem<f64>, scale: f64, rng: &mut Rng) -> Matrix<f64> {
    let d = problem.dimensions();
    Matrix::from_fn(d.rows(), d.columns(), |_, _| scale * rng.sample::<f64, _>(StandardNormal))
}

/// A random point of the region, not at its edge, which differences leave.
pub(crate) fn point(problem: &dyn Problem<f64>, scale: f64, rng: &mut Rng) -> Matrix<f64> {
    problem.region().scaled(0.999).nearest(&gaussian(problem, scale, rng))
}

/// Central differences with step h: h^2/6 times a derivative of third order (of f or of its gradient) plus rounding, a few
/// u/h. At h = 1e-6 rounding is 1e-9 of what is differenced, and third derivatives up to 1e5 leave 2e-8: those of the
/// chain functions reach some 1e4 along a direction of length 1, where h = 1e-5 shows errors of 8e-7.
pub(crate) fn derivatives(f: &dyn Problem<f64>, scale: f64) {
    let mut rng = stream(11, 0);
    let h = 1e-6;
    for _ in 0..5 {
        let (x, z) = (point(f, scale, &mut rng), gaussian(f, 1.0, &mut rng));
        let (mut up, mut down) = (x.clone(), x.clone());
        up.add_scaled(h, &z);
        down.add_scaled(-h, &z);
        let slope = (f.objective(&up) - f.objective(&down)) / (2.0 * h);
        let claimed = inner(&f.gradient(&x), &z);
        assert!(
            (slope - claimed).abs() <= DIFFERENCES * (1.0 + claimed.abs()),
            "{}: {slope} vs {claimed}",
            f.name()
        );
        let change = &(&f.gradient(&up) - &f.gradient(&down)) * (0.5 / h);
        let action = f.hessian_action(&x, &z);
        let error = (&change - &action).max_abs();
        assert!(error <= DIFFERENCES * (1.0 + action.max_abs()), "{}: {error}", f.name());
    }
}

/// A pair on which A2 should be tight.
#[derive(Debug)]
pub(crate) struct Attack {
    pub(crate) x: Matrix<f64>,
    pub(crate) y: Matrix<f64>,
}

impl Attack {
    /// Maximises ||D^2 f(X)[Z]||_* over the unit ball by Z <- -lmo(-D^2 f(X)[Z]) from several starts: a generalised power
    /// iteration, which cannot decrease <Z, D^2 f Z> for a convex form. The pair is X and a point close to it.
    pub(crate) fn on_smoothness(f: &dyn Problem<f64>, norm: &dyn Norm<f64>, x: &Matrix<f64>) -> Self {
        Self::search(f, norm, x, 20, 60)
    }

    /// The same with a given number of starts and iterations.
    pub(crate) fn search(
        f: &dyn Problem<f64>,
        norm: &dyn Norm<f64>,
        x: &Matrix<f64>,
        starts: usize,
        iterations: usize,
    ) -> Self {
        let mut rng = stream(12, 0);
        let (mut best, mut direction) = (0.0, Matrix::zeros(x.nrows(), x.ncols()));
        for _ in 0..starts {
            let mut z = gaussian(f, 1.0, &mut rng);
            for _ in 0..iterations {
                z = -&norm.lmo(&f.hessian_action(x, &z)).unwrap();
            }
            let size = norm.dual_value(&f.hessian_action(x, &z)).unwrap();
            if size > best {
                (best, direction) = (size, z);
            }
        }
        let mut y = x.clone();
        y.add_scaled(1e-4, &direction);
        Self { x: x.clone(), y }
    }
}

/// A1, A2, A4 and the descent lemma on random pairs, near and far, and on pairs from the attack, in every norm of the space.
///
/// Rounding of 1e-9 relative: differences of gradients at distance 1e-4 lose 4 digits of 16, and a second difference
/// with the norm's own error some more.
pub(crate) fn class_constants(f: &dyn Problem<f64>, scale: f64) {
    for norm in norms::all_on(f.dimensions()) {
        class_constants_in(f, &norm, scale);
    }
}

fn class_constants_in(f: &dyn Problem<f64>, norm: &dyn Norm<f64>, scale: f64) {
    let check = |what: &str, inequality: Inequality| {
        assert!(inequality.holds(1e-9), "{} {what} {}: {inequality:?}", f.name(), norm.label());
    };
    let mut rng = stream(13, 0);
    for k in 0..6 {
        let x = point(f, scale, &mut rng);
        let mut y = x.clone();
        y.add_scaled([1e-3, 0.3, 3.0][k % 3], &gaussian(f, 1.0, &mut rng));
        let y = f.region().nearest(&y);
        // Fewer starts than where a constant must be attained: here every problem meets every norm.
        let attack = (k < 2).then(|| Attack::search(f, norm, &x, 8, 30));
        let (x, y) = attack.map_or((x, y), |a| (a.x, f.region().nearest(&a.y)));
        check("A1", problem::a1_infimum(f, &x));
        check("A2", problem::a2_smoothness(f, norm, &x, &y).unwrap());
        check("descent", problem::descent_lemma(f, norm, &x, &y).unwrap());
        let z = -&norm.lmo(&f.hessian_action(&x, &(&y - &x))).unwrap();
        let a4 = problem::a4_hessian_lipschitz(f, norm, &x, &y, &z).unwrap();
        // With rho = 0 or a tiny step what is left is rounding, absolute.
        let size = norm.dual_value(&f.hessian_action(&x, &z)).unwrap();
        assert!(a4.left <= a4.right * (1.0 + 1e-9) + 1e-12 * size, "A4 {}: {a4:?}", norm.label());
    }
}
