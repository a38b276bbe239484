//! The dual norm and the LMO: |<S, X>| <= ||S||_* ||X||, and lmo(S) lies in the unit ball and attains -||S||_*.
//!
//! The three together say that ||.||_* is the dual norm and the LMO its minimiser: the first that it is no smaller, the other two that it
//! is no larger (DEF-DUAL, DEF-LMO).

use heavynorm::norms::{self, combinators::dual::Dual};
use heavynorm::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, ZeroRespecting, inner,
};
use heavynorm::tol;

use super::search::{Best, Search, unit};
use super::{Budget, FalsifyError, Finding, Ground, Measured, Witness};
use crate::print::number;

/// The claimed dual norm is too small.
pub const HOELDER: &str = "<S, X>/||X|| <= ||S||_*";
/// It is too large, or the LMO is none.
pub const ATTAINMENT: &str = "||S||_* <= -<S, lmo(S)>/max{1, ||lmo(S)||}";
/// The LMO leaves the ball.
pub const FEASIBILITY: &str = "||lmo(S)|| <= 1";

/// A norm together with what somebody claims to be its dual norm.
///
/// Values are those of the norm; dual values those of the claimed dual, and the LMO that which belongs to it. All else is that of the norm.
#[derive(Debug)]
pub struct ClaimedDual {
    norm: Box<dyn Norm<f64>>,
    /// The dual of the claimed dual: its dual value is the claim, its LMO the claimed one.
    polar: Box<dyn Norm<f64>>,
}

impl ClaimedDual {
    /// The claim that `dual` is the dual of `norm`.
    pub fn new(norm: Box<dyn Norm<f64>>, dual: Box<dyn Norm<f64>>) -> Self {
        Self { norm, polar: Box::new(Dual::new(dual)) }
    }
}

impl Norm<f64> for ClaimedDual {
    fn label(&self) -> NormLabel {
        NormLabel::new(format!("{} with the dual of {}", self.norm.label(), self.polar.label()))
    }
    fn value(&self, x: &Matrix<f64>) -> Result<f64, NormError> {
        self.norm.value(x)
    }
    fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        self.polar.dual_value(s)
    }
    fn lmo(&self, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
        self.polar.lmo(s)
    }
    fn dual(&self) -> Box<dyn Norm<f64>> {
        self.polar.dual()
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
    /// Of both: the norm's values and the claimed dual's do not tell of each other.
    fn is_sign_invariant(&self) -> bool {
        self.norm.is_sign_invariant() && self.polar.is_sign_invariant()
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.polar.zero_respecting()
    }
}

/// The three inequalities' two sides at S (and X, for [`HOELDER`] alone).
///
/// # Errors
/// Those of the norm; [`FalsifyError::UnknownLaw`].
pub fn measure(
    norm: &dyn Norm<f64>,
    law: &str,
    s: &Matrix<f64>,
    x: &Matrix<f64>,
) -> Result<Measured, FalsifyError> {
    let rounding = tol::rounding::<f64>(s.dimensions().map_err(NormError::from)?);
    // Powers of two change nothing but keep products in range.
    let exponent = |m: &Matrix<f64>| {
        if m.is_zero() { 0 } else { -heavynorm::spec::Scalar::binary_exponent(m.max_abs()) }
    };
    let unit_s = s.times_power_of_two(exponent(s));
    let (measured, claimed) = match law {
        HOELDER => {
            let x = x.times_power_of_two(exponent(x));
            let size = norm.value(&x)?;
            (if size == 0.0 { 0.0 } else { inner(&unit_s, &x) / size }, norm.dual_value(&unit_s)?)
        }
        ATTAINMENT => {
            // At S itself: an LMO may not depend on its scale.
            let direction = norm.lmo(s)?;
            (norm.dual_value(&unit_s)?, -inner(&unit_s, &direction) / norm.value(&direction)?.max(1.0))
        }
        FEASIBILITY => (norm.value(&norm.lmo(s)?)?, 1.0),
        other => return Err(FalsifyError::UnknownLaw(other.into())),
    };
    Ok(Measured { measured, claimed, rounding: 2.0 * rounding * measured.abs().max(claimed.abs()) })
}

/// Rounds of structured and random S.
const ROUNDS: u64 = 64;

/// Searches for S and X that break duality.
///
/// S from structured, random, low-rank and tiny matrices; X from the LMOs of every registered norm at S (among them that which attains
/// the true dual norm, if the norm is one of them or a multiple), from S itself, and by random steps that raise <S, X>/||X||.
///
/// # Errors
/// Those of the norm.
pub fn falsify(
    norm: &dyn Norm<f64>,
    dimensions: Dimensions,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 5, budget.evaluations);
    let guides: Vec<Box<dyn Norm<f64>>> =
        norms::entries::<f64>().iter().flat_map(|e| (e.examples)()).collect();
    let mut best = Best::none();
    let mut consider = |law, s: &Matrix<f64>, x: &Matrix<f64>| -> Result<Measured, FalsifyError> {
        let sides = measure(norm, law, s, x)?;
        best.consider(sides, (law, [s.clone(), x.clone()]));
        Ok(sides)
    };
    'search: for round in 0..ROUNDS {
        let mut all = search.directions(dimensions);
        if round == 0 {
            all.push(Matrix::from_fn(dimensions.rows(), dimensions.columns(), |_, _| 1.0));
        }
        for s in all {
            if search.left() == 0 {
                break 'search;
            }
            search.spend(3);
            // An additive epsilon in a denominator shows at tiny inputs alone.
            let tiny = s.times_power_of_two(-60);
            for s in [&s, &tiny] {
                for law in [ATTAINMENT, FEASIBILITY] {
                    if consider(law, s, s)?.breaks() {
                        break 'search;
                    }
                }
            }
            let mut top = s.clone();
            let mut value = f64::NEG_INFINITY;
            for candidate in guides
                .iter()
                .map(|g| g.lmo(&s).map(|d| -&d))
                .chain([norm.lmo(&s).map(|d| -&d), Ok(s.clone())])
            {
                search.spend(1);
                let candidate = candidate?;
                let sides = consider(HOELDER, &s, &candidate)?;
                if sides.breaks() {
                    break 'search;
                }
                if sides.excess() > value {
                    (value, top) = (sides.excess(), candidate);
                }
            }
            // Random steps from the best: long ones first.
            for k in 0..8 {
                let Some(from) = unit(norm, &top)? else { break };
                let step = search.gaussian(dimensions);
                let Some(step) = unit(norm, &step)? else { continue };
                let mut x = from;
                x.add_scaled(2f64.powi(-k), &step);
                search.spend(1);
                let sides = consider(HOELDER, &s, &x)?;
                if sides.breaks() {
                    break 'search;
                }
                if sides.excess() > value {
                    (value, top) = (sides.excess(), x);
                }
            }
        }
    }
    let searches = vec![
        "S: Gaussian, rank-one, sign, single-entry, row, column, diagonal, constant, each also times 2^-60"
            .into(),
        "X: LMOs of every registered norm at S, S, random steps uphill".into(),
        "laws: Hoelder, attainment, feasibility of the LMO".into(),
    ];
    Ok(best.finding(&search, (searches, Vec::new()), |sides, (law, [s, x])| Witness {
        law,
        text: format!(
            "{law}: the left side is {}, the right side {}",
            number(sides.measured),
            number(sides.claimed)
        ),
        matrices: vec![("S", s), ("X", x)],
        numbers: Vec::new(),
        sides,
        ground: Ground::Evaluation,
    }))
}
