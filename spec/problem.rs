//! Problem classes: the objective, its derivatives, its constants, and assumptions A1, A2, A4 as inequalities
//! that any pair of points can be held against.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::{
    Dimensions, Gap, HessianLipschitz, HypothesisError, Matrix, Norm, NormError, Scalar, Smoothness, inner,
};

/// Why a problem gives no answer, or no constant.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ProblemError {
    /// The problem's data are unusable.
    #[error("{0}")]
    InvalidData(String),
    /// No constant binds two gradients at one sample.
    #[error(
        "the samples of {0} jump as the point moves: no Lipschitz constant of theirs exists, \
         and no theorem that compares two points at one sample applies"
    )]
    SamplesJump(String),
    /// A derived constant is outside its range.
    #[error(transparent)]
    Hypothesis(#[from] HypothesisError),
    /// The norm gave no answer while a constant was derived.
    #[error(transparent)]
    Norm(#[from] NormError),
}

/// What is known of inf f.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Infimum {
    /// inf f, exactly.
    Exact(f64),
    /// inf f is at least this.
    AtLeast(f64),
}

impl Infimum {
    /// A number that inf f does not undercut.
    pub fn lower_bound(self) -> f64 {
        match self {
            Self::Exact(f) | Self::AtLeast(f) => f,
        }
    }
}

/// Where the constants of a problem hold: a convex set, so that they hold along every segment between its points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Region {
    /// Everywhere.
    Whole,
    /// Where ||X||_F is at most this.
    FrobeniusBall(f64),
}

impl Region {
    /// Whether ||X|| <= radius implies that X lies in the region.
    ///
    /// `false` also where the circumradius of the norm's ball is only bounded and the bound is too large.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn contains_ball<T: Scalar>(
        self,
        norm: &dyn Norm<T>,
        dimensions: Dimensions,
        radius: f64,
    ) -> Result<bool, NormError> {
        /// A product, and a circumradius that is a power.
        const ROUNDING: f64 = 8.0 * f64::EPSILON;
        match self {
            Self::Whole => Ok(true),
            Self::FrobeniusBall(largest) => {
                Ok(radius * norm.ball(dimensions)?.circumradius <= largest * (1.0 + ROUNDING))
            }
        }
    }

    /// The point of the region that is nearest to X in the Frobenius norm.
    pub fn nearest<T: Scalar>(self, x: &Matrix<T>) -> Matrix<T> {
        let Self::FrobeniusBall(radius) = self else { return x.clone() };
        let length = x.entries().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
        if length <= radius { x.clone() } else { x * T::from_f64(radius / length) }
    }

    /// The same shape with `share` of its size.
    pub fn scaled(self, share: f64) -> Self {
        match self {
            Self::Whole => Self::Whole,
            Self::FrobeniusBall(radius) => Self::FrobeniusBall(share * radius),
        }
    }
}

/// A smooth function on R^{m x n} with a starting point and the constants of its class.
///
/// Methods take finite points of the problem's own dimensions (they panic on another shape, as arithmetic does);
/// a value that overflows comes back infinite or NaN, and the oracle in front of the problem reports divergence.
pub trait Problem<T: Scalar>: fmt::Debug + Send + Sync {
    /// A short name.
    fn name(&self) -> &str;

    /// The space of the points.
    fn dimensions(&self) -> Dimensions;

    /// X_0.
    fn start(&self) -> Matrix<T>;

    /// f(X).
    fn objective(&self, x: &Matrix<T>) -> T;

    /// grad f(X).
    fn gradient(&self, x: &Matrix<T>) -> Matrix<T>;

    /// D^2 f(X)\[Z\].
    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T>;

    /// What is known of inf f.
    fn infimum(&self) -> Infimum;

    /// Where L and rho hold; X_0 lies in it, and inf f is the one of the whole space.
    fn region(&self) -> Region {
        Region::Whole
    }

    /// L of A2 in the given norm, between any two points of [`Problem::region`].
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space or the constant is degenerate.
    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError>;

    /// rho of A4 in the given norm, between any two points of [`Problem::region`].
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space.
    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError>;

    /// Delta of A1: f(X_0) minus the lower bound on inf f.
    ///
    /// # Errors
    /// [`HypothesisError::GapNotPositive`] if the start is optimal already.
    fn gap(&self) -> Result<Gap, ProblemError> {
        let start = self.objective(&self.start()).to_f64();
        Ok(Gap::new(start - self.infimum().lower_bound())?)
    }
}

/// A statement `left <= right`, to be judged with a tolerance that the caller justifies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Inequality {
    /// The side that must not exceed the other.
    pub left: f64,
    /// The bound.
    pub right: f64,
}

impl Inequality {
    /// `left <= right` up to `relative` times the larger magnitude. An infinite side has no magnitude to be relative
    /// to: `left <= right` decides as it stands. NaN never holds, on any side or as the tolerance.
    pub fn holds(self, relative: f64) -> bool {
        let Self { left, right } = self;
        if left.is_finite() && right.is_finite() {
            left <= right + relative * left.abs().max(right.abs())
        } else {
            left <= right && !relative.is_nan()
        }
    }

    /// left / right: how tight the bound is (1 = attained).
    pub fn ratio(self) -> f64 {
        self.left / self.right
    }
}

/// A1 at a point: inf f <= f(X) for the infimum that the problem states.
pub fn a1_infimum<T: Scalar>(problem: &dyn Problem<T>, x: &Matrix<T>) -> Inequality {
    Inequality { left: problem.infimum().lower_bound(), right: problem.objective(x).to_f64() }
}

/// A2 on a pair: ||grad f(X) - grad f(Y)||_* <= L||X - Y||.
///
/// # Errors
/// Those of the norm and of the derived constant.
pub fn a2_smoothness<T: Scalar>(
    problem: &dyn Problem<T>,
    norm: &dyn Norm<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
) -> Result<Inequality, ProblemError> {
    let l = problem.smoothness(norm)?.in_norm(norm)?;
    let change = &problem.gradient(x) - &problem.gradient(y);
    Ok(Inequality { left: norm.dual_value(&change)?.to_f64(), right: l * norm.value(&(x - y))?.to_f64() })
}

/// A4 on a pair and a direction: ||(D^2 f(X) - D^2 f(Y))\[Z\]||_* <= rho||X - Y|| ||Z||.
///
/// # Errors
/// Those of the norm and of the derived constant.
pub fn a4_hessian_lipschitz<T: Scalar>(
    problem: &dyn Problem<T>,
    norm: &dyn Norm<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
    z: &Matrix<T>,
) -> Result<Inequality, ProblemError> {
    let rho = problem.hessian_lipschitz(norm)?.in_norm(norm)?;
    let change = &problem.hessian_action(x, z) - &problem.hessian_action(y, z);
    let distance = norm.value(&(x - y))?.to_f64();
    Ok(Inequality {
        left: norm.dual_value(&change)?.to_f64(),
        right: rho * distance * norm.value(z)?.to_f64(),
    })
}

/// The descent lemma on a pair: f(Y) <= f(X) + <grad f(X), Y - X> + (L/2)||Y - X||^2, which A2 implies.
///
/// # Errors
/// Those of the norm and of the derived constant.
pub fn descent_lemma<T: Scalar>(
    problem: &dyn Problem<T>,
    norm: &dyn Norm<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
) -> Result<Inequality, ProblemError> {
    let l = problem.smoothness(norm)?.in_norm(norm)?;
    let step = y - x;
    let linear = inner(&problem.gradient(x), &step).to_f64();
    let size = norm.value(&step)?.to_f64();
    Ok(Inequality {
        left: problem.objective(y).to_f64(),
        right: problem.objective(x).to_f64() + linear + 0.5 * l * size * size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(left: f64, right: f64) -> bool {
        Inequality { left, right }.holds(1e-9)
    }

    #[test]
    fn a_finite_inequality_holds_up_to_the_tolerance() {
        assert!(holds(1.0, 1.0) && holds(1.0 + 1e-10, 1.0) && holds(-1.0, -1.0 - 1e-10));
        assert!(!holds(1.0 + 1e-8, 1.0) && !holds(-1.0, -1.0 - 1e-8) && !holds(1e-300, 0.0));
        assert!(holds(-f64::MAX, f64::MAX) && !holds(f64::MAX, -f64::MAX));
    }

    #[test]
    fn an_infinite_side_gets_no_tolerance() {
        let infinity = f64::INFINITY;
        assert!(!holds(infinity, 1.0) && !holds(infinity, -infinity) && !holds(1.0, -infinity));
        assert!(holds(1.0, infinity) && holds(-infinity, 1.0) && holds(infinity, infinity));
    }

    #[test]
    fn the_nearest_point_of_a_ball_is_the_point_itself_or_on_the_sphere() {
        let x = Matrix::from_rows(&[[3.0, 4.0]]).unwrap();
        assert_eq!(Region::Whole.nearest(&x), x);
        assert_eq!(Region::FrobeniusBall(5.0).nearest(&x), x);
        let on_the_sphere = Region::FrobeniusBall(5.0).scaled(0.5).nearest(&x);
        assert_eq!(on_the_sphere, Matrix::from_rows(&[[1.5, 2.0]]).unwrap());
    }

    #[test]
    fn nan_never_holds() {
        for other in [1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(!holds(f64::NAN, other) && !holds(other, f64::NAN));
        }
        assert!(
            [0.0, f64::NEG_INFINITY].iter().all(|&left| !Inequality { left, right: 1.0 }.holds(f64::NAN))
        );
    }
}
