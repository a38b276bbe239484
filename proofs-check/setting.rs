//! The hypotheses of an upper bound in one place, and why no plan follows from them.

use std::sync::Arc;

use heavynorm::spec::{
    Accuracy, Dimensions, Gap, HessianLipschitz, HypothesisError, Inexactness, MomentOrder, NoiseScale, Norm,
    NormError, NormLabel, Smoothness,
};
use serde::Serialize;
use thiserror::Error;

use crate::AveragingBound;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PlanError {
    /// No theorem has this ID.
    #[error("there is no theorem '{found}' to plan with; known are: {known}")]
    UnknownTheorem {
        /// The ID given.
        found: String,
        /// The IDs there are.
        known: String,
    },
    /// A hypothesis does not hold, or a constant is stated in another norm.
    #[error(transparent)]
    Hypothesis(#[from] HypothesisError),
    /// The norm does not live on these dimensions.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// The theorem needs rho.
    #[error("{0} needs the Hessian's Lipschitz constant rho (0 for a quadratic)")]
    MissingHessianLipschitz(&'static str),
    /// The theorem needs Lbar.
    #[error(
        "{0} needs Lbar, with which stochastic gradients at one sample are Lipschitz in p-th mean \
         (it is L where the noise does not depend on the point)"
    )]
    MissingSampleSmoothness(&'static str),
    /// The theorem needs R.
    #[error("{0} needs the radius R of the ball that holds X_0")]
    MissingRadius(&'static str),
    /// The theorem needs delta.
    #[error("{0} needs the inexactness delta of the LMO (0 for an exact one)")]
    MissingInexactness(&'static str),
    /// R must be finite and above 0.
    #[error("the radius R must be finite and above 0, not {0}")]
    RadiusNotPositive(f64),
    /// The constants hold on a ball, and the method may leave it.
    #[error(
        "the problem's constants hold where ||X||_F <= {largest} only, and the method of {theorem} may leave that ball; \
         take theorem U6 (constrained-scion) with a radius"
    )]
    LeavesRegion {
        /// The theorem's ID.
        theorem: &'static str,
        /// The radius of the region.
        largest: f64,
    },
    /// The constants hold on a ball, and the method's own ball is not known to lie inside.
    #[error(
        "the problem's constants hold where ||X||_F <= {largest} only, and the ball of radius {radius} in the norm {norm} \
         is larger; take a radius of at most {largest_radius}"
    )]
    BallOutsideRegion {
        /// R.
        radius: f64,
        /// The norm of the ball.
        norm: NormLabel,
        /// The radius of the region.
        largest: f64,
        /// The largest R that is known to do.
        largest_radius: f64,
    },
    /// A count is too large to be counted, or a step too small to be taken.
    #[error(
        "the {quantity} would be {value:e}, out of reach of this machine's numbers; \
         take a larger eps, a smaller sigma, or p further from 1"
    )]
    OutOfReach {
        /// horizon, batch, calls or step size.
        quantity: &'static str,
        /// Its value as a floating-point number.
        value: f64,
    },
}

/// R > 0: the constrained form stays in the ball of this radius.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Radius(f64);

impl Radius {
    /// Validates the number.
    ///
    /// # Errors
    /// [`PlanError::RadiusNotPositive`] unless 0 < R < inf.
    pub fn new(radius: f64) -> Result<Self, PlanError> {
        if radius.is_finite() && radius > 0.0 {
            Ok(Self(radius))
        } else {
            Err(PlanError::RadiusNotPositive(radius))
        }
    }

    /// The number R.
    pub fn radius(self) -> f64 {
        self.0
    }
}

/// What a theorem is told: a norm on a space, the oracle's moments, the problem's class and the goal.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The norm in which steps are measured; gradients and noise are measured in its dual.
    pub norm: Arc<dyn Norm<f64>>,
    /// m x n.
    pub dimensions: Dimensions,
    /// p of A3.
    pub moment_order: MomentOrder,
    /// sigma of A3, in the dual norm.
    pub noise_scale: NoiseScale,
    /// L of A2, in the norm.
    pub smoothness: Smoothness,
    /// rho of A4, in the norm; only some theorems need it.
    pub hessian_lipschitz: Option<HessianLipschitz>,
    /// Lbar of A5, (E||g(X, xi) - g(Y, xi)||_*^p)^{1/p} <= Lbar||X - Y|| at one sample xi, in the norm; only U5 needs it.
    ///
    /// It is L for noise that does not depend on the point, and never below the best L (Jensen).
    pub sample_smoothness: Option<Smoothness>,
    /// delta of the LMO; only U4 and U4T need it.
    pub inexactness: Option<Inexactness>,
    /// Delta of A1.
    pub gap: Gap,
    /// eps: E||grad f||_* is to be at most this, averaged over the iterates.
    pub accuracy: Accuracy,
    /// R of the constrained form; only U6 needs it.
    pub radius: Option<Radius>,
}

impl Setting {
    /// L.
    ///
    /// # Errors
    /// [`HypothesisError::WrongNorm`] if it is stated in another norm.
    pub fn l(&self) -> Result<f64, PlanError> {
        Ok(self.smoothness.in_norm(&*self.norm)?)
    }

    /// rho, which `theorem` needs.
    ///
    /// # Errors
    /// [`PlanError::MissingHessianLipschitz`]; [`HypothesisError::WrongNorm`] if it is stated in another norm.
    pub fn rho(&self, theorem: &'static str) -> Result<f64, PlanError> {
        let rho = self.hessian_lipschitz.as_ref().ok_or(PlanError::MissingHessianLipschitz(theorem))?;
        Ok(rho.in_norm(&*self.norm)?)
    }

    /// Lbar, which `theorem` needs.
    ///
    /// # Errors
    /// [`PlanError::MissingSampleSmoothness`]; [`HypothesisError::WrongNorm`] if it is stated in another norm.
    pub fn l_bar(&self, theorem: &'static str) -> Result<f64, PlanError> {
        let l_bar = self.sample_smoothness.as_ref().ok_or(PlanError::MissingSampleSmoothness(theorem))?;
        Ok(l_bar.in_norm(&*self.norm)?)
    }

    /// delta, which `theorem` needs.
    ///
    /// # Errors
    /// [`PlanError::MissingInexactness`].
    pub fn lmo_inexactness(&self, theorem: &'static str) -> Result<Inexactness, PlanError> {
        self.inexactness.ok_or(PlanError::MissingInexactness(theorem))
    }

    /// R, which `theorem` needs.
    ///
    /// # Errors
    /// [`PlanError::MissingRadius`].
    pub fn r(&self, theorem: &'static str) -> Result<f64, PlanError> {
        self.radius.map(Radius::radius).ok_or(PlanError::MissingRadius(theorem))
    }

    /// How noise averages in the dual norm.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn averaging(&self) -> Result<AveragingBound, PlanError> {
        Ok(AveragingBound::new(&*self.norm, self.dimensions, self.moment_order, self.noise_scale)?)
    }
}
