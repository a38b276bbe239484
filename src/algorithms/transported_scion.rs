//! Transported Scion: the gradient is taken ahead of the iterate, so that old gradients are carried along.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::momentum::{ShapesDiffer, average, one_shape};
use super::{Entry, positive, weight};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle};

const NAME: &str = "transported-scion";

/// The numbers of [`TransportedScion`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransportedScionConfig {
    /// eta > 0: every step has this length in the norm.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient.
    pub averaging: f64,
}

impl Default for TransportedScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, averaging: 0.1 }
    }
}

/// Transported Scion (theorem U3), with X_{-1} = X_0.
///
/// ```text
/// Y_t = X_t + ((1 - alpha)/alpha)(X_t - X_{t-1}),
/// M_0 = g(X_0),   M_t = (1 - alpha) M_{t-1} + alpha g(Y_t),   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// The transport identity (1 - alpha)(X_{t-1} - X_t) + alpha(Y_t - X_t) = 0 makes the first-order drift of the
/// average vanish: where the gradient is affine, M_t without noise IS grad f(X_t).
///
/// One call a step, at Y_t; the iterate is X_t. The path does not change when the objective is multiplied by a
/// positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. alpha = 1 has Y_t = X_t and no memory: [`super::Scion`] with alpha = 1.
#[derive(Debug, Clone)]
pub struct TransportedScion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    averaging: T,
}

/// What [`TransportedScion`] carries: X_t, X_{t-1} and, after the first step, M_{t-1}.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Written<T>")]
pub struct TransportedScionState<T: Scalar> {
    iterate: Matrix<T>,
    previous: Matrix<T>,
    momentum: Option<Matrix<T>>,
}

impl<T: Scalar> TransportedScionState<T> {
    /// The average that the last step used, none before the first step.
    pub fn momentum(&self) -> Option<&Matrix<T>> {
        self.momentum.as_ref()
    }
}

impl<T: Scalar> TransportedScion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: TransportedScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        Ok(Self {
            norm,
            step_size: positive(NAME, "step_size", config.step_size)?,
            averaging: weight(NAME, "averaging", config.averaging)?,
        })
    }

    /// Y_t, where the next gradient is taken.
    pub fn query_point(&self, state: &TransportedScionState<T>) -> Matrix<T> {
        // From the same rounded 1 - alpha as the average, or the drift would not cancel to rounding.
        let ahead = (T::one_impl() - self.averaging) / self.averaging;
        let mut y = state.iterate.clone();
        y.add_scaled(ahead, &(&state.iterate - &state.previous));
        y
    }
}

impl<T: Scalar> Algorithm<T> for TransportedScion<T> {
    type State = TransportedScionState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        Ok(TransportedScionState { iterate: start.clone(), previous: start.clone(), momentum: None })
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let gradient = oracle.query(&self.query_point(state))?;
        let direction = self.norm.lmo(average(&mut state.momentum, self.averaging, gradient))?;
        state.previous.clone_from(&state.iterate);
        state.iterate.add_scaled(self.step_size, &direction);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "Scion whose gradients are taken ahead of the iterate: momentum without first-order drift",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(TransportedScion::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'transported-scion'\nstep_size = 0.02\naveraging = 0.25"],
    }
}

#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct Written<T: Scalar> {
    iterate: Matrix<T>,
    previous: Matrix<T>,
    momentum: Option<Matrix<T>>,
}

impl<T: Scalar> TryFrom<Written<T>> for TransportedScionState<T> {
    type Error = ShapesDiffer;
    fn try_from(written: Written<T>) -> Result<Self, ShapesDiffer> {
        let Written { iterate, previous, momentum } = written;
        one_shape(&iterate, momentum.iter().chain([&previous]))?;
        Ok(Self { iterate, previous, momentum })
    }
}
