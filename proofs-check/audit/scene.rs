//! What a check of an upper bound happens on: a problem, a noise, a setting whose constants hold for both, and the path that
//! a method takes there.

use std::sync::{Arc, Mutex, PoisonError};

use heavynorm::inexact::{InexactLmo, Shortfall};
use heavynorm::noise::gaussian::Gaussian;
use heavynorm::noise::pareto::Pareto;
use heavynorm::noise::student_t::StudentT;
use heavynorm::noise::{DirectedNoise, Direction, Noise, ScalarLaw};
use heavynorm::oracles::NoisyOracle;
use heavynorm::problems::{self, Built};
use heavynorm::seed::Rng;
use heavynorm::spec::{
    Accuracy, Ball, Dimensions, Matrix, MomentOrder, NoiseScale, NoiseType, Norm, NormError, NormLabel,
    Problem, StochasticOracle, ZeroRespecting,
};
use heavynorm::{algorithms, norms};
use rand::RngExt as _;

use super::AuditError;
use super::draw::Draw;
use crate::checks::Path;
use crate::{Inexactness, Radius, Setting, Theorem};

/// A norm behind a pointer.
pub(super) type AnyNorm = Arc<dyn Norm<f64>>;

/// The norm that a table describes.
pub(super) fn norm(text: &str) -> Result<AnyNorm, AuditError> {
    Ok(norms::build(&text.parse()?)?.into())
}

/// Norms of every kind: unitarily invariant ones, entries, rows and columns.
pub(super) const NORMS: [&str; 8] = [
    "name = 'spectral'",
    "name = 'frobenius'",
    "name = 'max-entry'",
    "name = 'max-row-l2'",
    "name = 'max-col-l2'",
    "name = 'schatten'\nq = 3",
    "name = 'ky-fan'\nk = 2",
    "name = 'nuclear'",
];

/// The norm itself, which keeps a copy of all that it was asked the direction for: the averages M_t of a method.
#[derive(Debug)]
struct Asked {
    norm: AnyNorm,
    averages: Arc<Mutex<Vec<Matrix<f64>>>>,
}

impl Norm<f64> for Asked {
    fn label(&self) -> NormLabel {
        self.norm.label()
    }
    fn value(&self, x: &Matrix<f64>) -> Result<f64, NormError> {
        self.norm.value(x)
    }
    fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        self.norm.dual_value(s)
    }
    fn lmo(&self, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
        self.averages.lock().unwrap_or_else(PoisonError::into_inner).push(s.clone());
        self.norm.lmo(s)
    }
    fn dual(&self) -> Box<dyn Norm<f64>> {
        self.norm.dual()
    }
    fn noise_type(&self, d: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.norm.noise_type(d, p)
    }
    fn ball(&self, d: Dimensions) -> Result<Ball, NormError> {
        self.norm.ball(d)
    }
    fn space(&self) -> Option<Dimensions> {
        self.norm.space()
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

/// The path of the method that a table describes: its points, and the matrices that it stepped along the LMO of.
///
/// # Errors
/// Those of the method; also if the method does not ask the norm for one direction a step.
pub(super) fn record(
    method: &toml::Table,
    norm: &AnyNorm,
    start: &Matrix<f64>,
    oracle: &mut dyn StochasticOracle<f64>,
    steps: usize,
) -> Result<Path, AuditError> {
    let averages = Arc::default();
    let asked = Asked { norm: Arc::clone(norm), averages: Arc::clone(&averages) };
    let method = algorithms::build::<f64>(method, Arc::new(asked))?;
    let mut run = method.begin(start, oracle)?;
    let mut points = vec![start.clone()];
    for _ in 0..steps {
        run.step(oracle)?;
        points.push(run.iterate().clone());
    }
    let momenta = std::mem::take(&mut *averages.lock().unwrap_or_else(PoisonError::into_inner));
    if momenta.len() != steps {
        return Err(format!("{} directions in {steps} steps", momenta.len()).into());
    }
    Ok(Path { points, momenta })
}

/// A fair sign: bounded, every moment is 1.
#[derive(Debug)]
pub(super) struct Sign;

impl ScalarLaw for Sign {
    fn label(&self) -> String {
        "sign".into()
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

/// A problem with derived constants, which hold on the whole space.
pub(super) fn problem(draw: &mut Draw, space: Dimensions) -> Result<Arc<dyn Problem<f64>>, AuditError> {
    let (rows, columns) = (space.rows(), space.columns());
    let (scale, width) = (draw.log_between(0.1, 10.0), draw.log_between(0.3, 3.0));
    let (distance, seed) = (draw.log_between(0.3, 3.0), draw.whole(0, 1000));
    let (left, right) = (draw.log_between(1.0, 20.0), draw.log_between(1.0, 5.0));
    let along = draw.pick(&["diagonal", "entries", "column", "entry"]);
    let own = match draw.whole(0, 3) {
        0 => format!(
            "name = 'quadratic'\nleft_condition = {left:?}\nright_condition = {right:?}\ndistance = {distance:?}\nseed = {seed}"
        ),
        1 => format!(
            "name = 'cosine'\nscale = {scale:?}\nwidth = {width:?}\ndistance = {distance:?}\nseed = {seed}"
        ),
        2 => format!(
            "name = 'log-cosh'\nscale = {scale:?}\nwidth = {width:?}\ndistance = {distance:?}\nseed = {seed}"
        ),
        _ => format!("name = 'curvature-ramp'\nalong = '{along}'\nslope = {scale:?}\nlength = {width:?}"),
    };
    match problems::build::<f64>(&format!("{own}\nrows = {rows}\ncolumns = {columns}").parse()?)? {
        Built::Plain(problem) => Ok(problem),
        _ => Err("these problems are no sums".into()),
    }
}

/// A law whose p-th moment is finite: a sign, a Gaussian, or tails barely lighter than p asks for.
pub(super) fn law(draw: &mut Draw, p: MomentOrder) -> Result<Arc<dyn ScalarLaw>, AuditError> {
    let tail = p.p() + draw.between(0.05, 0.6);
    Ok(match draw.whole(0, 3) {
        0 => Arc::new(Sign),
        1 => Arc::new(Gaussian),
        2 => Arc::new(StudentT::new(tail)?),
        _ => Arc::new(Pareto::new(tail)?),
    })
}

/// Directions whose moments have a closed form in every norm here.
const DIRECTIONS: [Direction; 4] =
    [Direction::RankOne, Direction::Diagonal, Direction::Spike, Direction::Column];

/// What nu(alpha) may be at the schedule of a theorem.
fn noise_target(t: &dyn Theorem, eps: f64, setting: &Setting) -> Result<f64, AuditError> {
    Ok(match t.statement().name {
        "U1" => eps / 4.0,
        id @ ("U4" | "U4T") => eps / (4.0 * setting.lmo_inexactness(id)?.error_factor()),
        "U6" => eps / (8.0 * setting.r("U6")?),
        _ => eps / 8.0,
    })
}

/// Everything that a run needs.
#[derive(Debug)]
pub(super) struct Scene {
    /// The hypotheses, all of which hold.
    pub(super) setting: Setting,
    /// f.
    pub(super) problem: Arc<dyn Problem<f64>>,
    law: Arc<dyn ScalarLaw>,
    direction: Direction,
    /// In words.
    pub(super) what: String,
}

impl Scene {
    /// A random one with sigma = eps = 1, on a random shape in one of [`NORMS`].
    pub(super) fn draw(draw: &mut Draw) -> Result<Self, AuditError> {
        let space = draw.shape(5);
        let norm = norm(draw.pick::<&str>(&NORMS))?;
        let problem = problem(draw, space)?;
        let moment_order = draw.order(1.2);
        let radius = draw.log_between(0.3, 3.0) + norm.value(&problem.start())?;
        let inexactness = Inexactness::new(draw.between(0.0, 0.5))?;
        let (law, direction) = (law(draw, moment_order)?, *draw.pick(&DIRECTIONS));
        let what = format!(
            "{} with {} {} noise in {} on {space}, p = {:.3}",
            problem.name(),
            law.label(),
            direction.name(),
            norm.label(),
            moment_order.p()
        );
        let setting = Setting {
            dimensions: space,
            moment_order,
            noise_scale: NoiseScale::new(1.0)?,
            smoothness: problem.smoothness(&*norm)?,
            hessian_lipschitz: Some(problem.hessian_lipschitz(&*norm)?),
            gap: problem.gap()?,
            accuracy: Accuracy::new(1.0)?,
            radius: Some(Radius::new(radius)?),
            // The noise does not depend on the point.
            sample_smoothness: Some(problem.smoothness(&*norm)?),
            inexactness: Some(inexactness),
            norm,
        };
        Ok(Self { setting, problem, law, direction, what })
    }

    /// For a theorem: eps below the trivial one by the factor `below`, and alpha (or 1/B) = `share` at the schedule, by the
    /// choice of sigma.
    pub(super) fn for_theorem(mut self, t: &dyn Theorem, below: f64, share: f64) -> Result<Self, AuditError> {
        let eps = t.trivial_accuracy(&self.setting)? / below;
        // nu is linear in sigma.
        let (at_one, _) = self.setting.averaging()?.at(share);
        let sigma = noise_target(t, eps, &self.setting)? / at_one;
        self.setting.accuracy = Accuracy::new(eps)?;
        self.setting.noise_scale = NoiseScale::new(sigma)?;
        Ok(self)
    }

    /// With another sigma.
    pub(super) fn with_noise(mut self, sigma: f64) -> Result<Self, AuditError> {
        self.setting.noise_scale = NoiseScale::new(sigma)?;
        Ok(self)
    }

    /// E||N||_*^p = sigma^p, or at most that where the moment has no closed form.
    pub(super) fn noise(&self) -> Result<Arc<dyn Noise<f64>>, AuditError> {
        let Setting { dimensions, moment_order, noise_scale, .. } = self.setting;
        let (law, norm) = (Arc::clone(&self.law), &*self.setting.norm);
        let noise =
            DirectedNoise::calibrated(law, self.direction, dimensions, norm, moment_order, noise_scale)?;
        Ok(Arc::new(noise))
    }

    /// An oracle with a stream of its own.
    pub(super) fn oracle(&self, rng: Rng) -> Result<NoisyOracle<f64>, AuditError> {
        Ok(NoisyOracle::new(Arc::clone(&self.problem), self.noise()?, rng))
    }

    /// The norm whose oracle the theorem's method uses: exact, but for U4.
    pub(super) fn norm_for(&self, t: &dyn Theorem, shortfall: Shortfall) -> Result<AnyNorm, AuditError> {
        let norm = Arc::clone(&self.setting.norm);
        match t.statement().name {
            id @ ("U4" | "U4T") => {
                let inexactness = self.setting.lmo_inexactness(id)?;
                Ok(Arc::new(InexactLmo::new(norm, inexactness, shortfall)))
            }
            _ => Ok(norm),
        }
    }
}
