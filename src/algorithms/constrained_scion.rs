//! Constrained Scion: the Frank-Wolfe form, whose iterates never leave a ball.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::momentum::Averaging;
use super::{Entry, MomentumState, Start, positive, weight};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle, ZeroRespecting};
use crate::tol;

const NAME: &str = "constrained-scion";

/// The numbers of [`ConstrainedScion`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConstrainedScionConfig {
    /// gamma in (0, 1]: how far towards the minimiser over the ball a step goes.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
    /// R > 0: the radius of the ball, which must hold X_0.
    pub radius: f64,
}

impl Default for ConstrainedScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1, radius: 1.0 }
    }
}

/// Constrained Scion (theorem U6), on the ball of radius R around zero.
///
/// ```text
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   X_{t+1} = (1 - gamma) X_t + gamma R lmo(M_t).
/// ```
///
/// A convex combination of two points of the ball stays in it (up to rounding). One call a step. The path does not
/// change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 has lmo 0: X_t shrinks towards zero by 1 - gamma. gamma = 1 jumps to R lmo(M_t).
///
/// # Errors
/// `init` answers [`AlgorithmError::StartOutsideBall`] if ||X_0|| > R, rounding of the norm allowed for.
#[derive(Debug, Clone)]
pub struct ConstrainedScion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: Averaging<T>,
    radius: T,
}

impl<T: Scalar> ConstrainedScion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: ConstrainedScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        Ok(Self {
            norm,
            step_size: weight(NAME, "step_size", config.step_size)?,
            averaging: Averaging::new(NAME, config.averaging, Start::Gradient)?,
            radius: positive(NAME, "radius", config.radius)?,
        })
    }
}

impl<T: Scalar> Algorithm<T> for ConstrainedScion<T> {
    type State = MomentumState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        let (size, radius) = (self.norm.value(start)?.to_f64(), self.radius.to_f64());
        if size > radius * (1.0 + tol::rounding::<T>(oracle.dimensions())) {
            return Err(AlgorithmError::StartOutsideBall { size, radius });
        }
        Ok(MomentumState::at(start))
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let momentum = self.averaging.query(&mut state.momentum, &state.iterate, oracle)?;
        let vertex = &self.norm.lmo(momentum)? * self.radius;
        state.iterate.move_towards(self.step_size, &vertex);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "Scion on a ball of the norm: a convex combination with the ball's point along the LMO (Frank-Wolfe)",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(ConstrainedScion::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'constrained-scion'\nstep_size = 0.02\naveraging = 0.25\nradius = 100.0"],
    }
}
