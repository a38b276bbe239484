//! Practical transport (chapter 80): what is proved of it, on quadratics with arbitrary displacements.
//!
//! grad f(X) = H X + C on R^5. The recursions of the chapter are run as they are stated; what a statement says of M_t or Y_t
//! is compared with what the recursion gives.

use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};

/// Numbers up to some hundreds, after some hundred operations in R^5.
const ROUNDING: f64 = 1e-11;
const STEPS: usize = 12;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check = |statement, name, evidence, claim, cases| Check { statement, name, evidence, claim, cases };
    use Evidence::Numerical;
    vec![
        check(
            "LEM-STORED-Y",
            "the stored point and one buffer give back both points",
            Numerical,
            Claim::Upper,
            stored,
        ),
        check("LEM-CANCEL", "the momentum's error follows (80.1)", Numerical, Claim::Upper, cancel),
        check(
            "LEM-RESIDUAL",
            "a quadratic's drift under constant steps comes up to the bound",
            Numerical,
            Claim::Tight,
            residual,
        ),
        check(
            "COR-PRACTICE",
            "what schedules, rescaling, clipping and decay add",
            Numerical,
            Claim::Upper,
            practice,
        ),
    ]
}

/// A quadratic, and what a run on it has chosen.
struct Scene {
    h: Matrix<f64>,
    c: Matrix<f64>,
    alphas: Vec<f64>,
    etas: Vec<f64>,
    displacements: Vec<Matrix<f64>>,
}

impl Scene {
    fn new(effort: Effort, name: &str, k: usize) -> Result<Self, AuditError> {
        let mut draw = Draw::new(effort, name, k);
        let (square, vector) = (Dimensions::new(5, 5)?, Dimensions::new(5, 1)?);
        let g = draw.gaussian(square);
        let h = &g + &g.transposed();
        let c = draw.gaussian(vector);
        let alphas = (0..STEPS).map(|_| draw.between(0.1, 1.0)).collect();
        let etas = (0..STEPS).map(|_| draw.log_between(0.1, 1.0)).collect();
        let displacements = (0..STEPS).map(|_| draw.gaussian(vector)).collect();
        Ok(Self { h, c, alphas, etas, displacements })
    }

    fn action(&self, x: &Matrix<f64>) -> Matrix<f64> {
        Matrix::from_fn(5, 1, |i, _| (0..5).map(|j| self.h[(i, j)] * x[(j, 0)]).sum())
    }

    fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
        &self.action(x) + &self.c
    }

    /// X_0 = 0 and where the displacements lead.
    fn points(&self) -> Vec<Matrix<f64>> {
        let mut points = vec![Matrix::zeros(5, 1)];
        for d in &self.displacements {
            let next = &points[points.len() - 1] + d;
            points.push(next);
        }
        points
    }

    /// max over t of |E_t - (1-alpha_t) E_{t-1} - added_t|, the gradient taken at X_t + extrapolation_t; E_0 is arbitrary.
    fn worst(
        &self,
        extrapolation: impl Fn(usize) -> Matrix<f64>,
        added: impl Fn(usize) -> Matrix<f64>,
    ) -> f64 {
        let x = self.points();
        let mut momentum = self.c.map(|c| 2.0 * c);
        let mut worst = 0.0_f64;
        for t in 1..STEPS {
            let alpha = self.alphas[t];
            let before = &momentum - &self.gradient(&x[t - 1]);
            let seen = self.gradient(&(&x[t] + &extrapolation(t)));
            momentum = &momentum.map(|m| (1.0 - alpha) * m) + &seen.map(|g| alpha * g);
            let error = &momentum - &self.gradient(&x[t]);
            let expected = &before.map(|e| (1.0 - alpha) * e) + &added(t);
            worst = worst.max((&error - &expected).max_abs());
        }
        worst
    }

    /// (1-alpha)/alpha.
    fn full(&self, t: usize) -> f64 {
        (1.0 - self.alphas[t]) / self.alphas[t]
    }

    fn moved(&self, t: usize, factor: f64) -> Matrix<f64> {
        self.displacements[t - 1].map(|d| factor * d)
    }

    /// factor (1-alpha_t) H[D_{t-1}].
    fn share(&self, t: usize, factor: f64) -> Matrix<f64> {
        self.action(&self.moved(t, factor * (1.0 - self.alphas[t])))
    }
}

fn case(measured: f64, what: String) -> Case {
    Case { measured, claimed: 0.0, tolerance: ROUNDING, what }
}

fn scenes(effort: Effort, name: &str) -> Result<Vec<Scene>, AuditError> {
    (0..effort.cases(20, 500)).map(|k| Scene::new(effort, name, k)).collect()
}

/// Y_{t+1} = Y_t + (1 + kappa_{t+1}) D_t - kappa_t D_{t-1} against its definition, and X_t from Y_t.
fn stored(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |(k, scene): (usize, Scene)| {
        let x = scene.points();
        let mut y = x[0].clone();
        let mut worst = 0.0_f64;
        for t in 0..STEPS - 1 {
            let d = &scene.displacements;
            let look_back = if t == 0 { Matrix::zeros(5, 1) } else { scene.moved(t, scene.full(t)) };
            worst = worst.max((&(&y - &look_back) - &x[t]).max_abs());
            y = &(&y + &d[t].map(|d| (1.0 + scene.full(t + 1)) * d)) - &look_back;
            let defined = &x[t + 1] + &scene.moved(t + 1, scene.full(t + 1));
            worst = worst.max((&y - &defined).max_abs());
        }
        case(worst, format!("scene {k}"))
    };
    Ok(scenes(effort, "stored")?.into_iter().enumerate().map(one).collect())
}

fn cancel(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (k, scene) in scenes(effort, "cancel")?.into_iter().enumerate() {
        for tau in [0.0, 0.4, 1.0] {
            let worst = scene.worst(|t| scene.moved(t, tau * scene.full(t)), |t| scene.share(t, tau - 1.0));
            cases.push(case(worst, format!("scene {k}, strength {tau}")));
        }
    }
    Ok(cases)
}

/// f(x) = L x^2/2, D_t = eta: the drift after t steps is (1-tau)(1-alpha) L eta (1 - (1-alpha)^t)/alpha, whose limit is the
/// bound; after 4000 steps with alpha >= 0.01 the rest is below e^{-40}.
fn residual(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |k: usize| {
        let mut draw = Draw::new(effort, "residual", k);
        let (alpha, tau) = (draw.log_between(0.01, 0.9), draw.unit());
        let (l, eta) = (draw.log_between(0.1, 10.0), draw.log_between(0.1, 10.0));
        let kappa = tau * (1.0 - alpha) / alpha;
        let mut momentum = 0.0;
        let mut error = 0.0;
        for t in 1..=4000 {
            let x = eta * f64::from(t);
            momentum = (1.0 - alpha) * momentum + alpha * l * (x + kappa * eta);
            error = f64::abs(momentum - l * x);
        }
        let claimed = (1.0 - tau) * (1.0 - alpha) * l * eta / alpha;
        // The gradient reaches 4000 l eta, and its rounding is averaged.
        let tolerance = 4000.0 * l * eta * 64.0 * f64::EPSILON;
        Case { measured: error, claimed, tolerance, what: format!("alpha = {alpha}, strength {tau}") }
    };
    Ok((0..effort.cases(20, 500)).map(one).collect())
}

fn practice(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (k, scene) in scenes(effort, "practice")?.into_iter().enumerate() {
        let full = |t: usize| scene.full(t);
        let ratio = |t: usize| scene.etas[t] / scene.etas[t - 1];
        let none = |_| Matrix::zeros(5, 1);
        let clip = |t: usize| 1.0 / (t as f64);
        let late = |t: usize| scene.full(t - 1);
        let mut add = |letter: &str, worst: f64| cases.push(case(worst, format!("({letter}), scene {k}")));
        add("a", scene.worst(|t| scene.moved(t, full(t)), none));
        add("b", scene.worst(|t| scene.moved(t, full(t) * ratio(t)), |t| scene.share(t, ratio(t) - 1.0)));
        add("c", scene.worst(|t| scene.moved(t, full(t) * clip(t)), |t| scene.share(t, clip(t) - 1.0)));
        let mixed = |t: usize| scene.alphas[t] * late(t) - (1.0 - scene.alphas[t]);
        add("e", scene.worst(|t| scene.moved(t, late(t)), |t| scene.action(&scene.moved(t, mixed(t)))));
        // (d): D_t = eta_t O_t - eta_t w X_t, transported without the decay.
        let w = 0.3;
        let x = scene.points();
        let decayed = |t: usize| x[t].map(|x| scene.etas[t] * w * x);
        let steps_alone = |t: usize| (&scene.displacements[t - 1] + &decayed(t - 1)).map(|o| full(t) * o);
        let added = |t: usize| scene.action(&decayed(t - 1)).map(|h| (1.0 - scene.alphas[t]) * h);
        add("d", scene.worst(steps_alone, added));
    }
    Ok(cases)
}
