//! Batched Scion: no memory, a mean over many samples instead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entry, in_range, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Norm, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "batched-scion";

/// The numbers of [`BatchedScion`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchedScionConfig {
    /// eta > 0: every step has this length in the norm.
    pub step_size: f64,
    /// B >= 1: samples a step.
    pub batch: u64,
}

impl Default for BatchedScionConfig {
    fn default() -> Self {
        Self { step_size: 0.01, batch: 16 }
    }
}

/// Batched Scion (theorem U1).
///
/// ```text
/// M_t = (g_1(X_t) + ... + g_B(X_t))/B,   X_{t+1} = X_t + eta lmo(M_t).
/// ```
///
/// B calls a step. The path does not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// M_t = 0 gives no move. B = 1 is Scion without memory.
#[derive(Debug, Clone)]
pub struct BatchedScion<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    step_size: T,
    batch: u64,
}

/// What [`BatchedScion`] carries: X_t, nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct BatchedScionState<T: Scalar> {
    iterate: Matrix<T>,
}

impl<T: Scalar> BatchedScion<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: BatchedScionConfig, norm: Arc<dyn Norm<T>>) -> Result<Self, ConfigError> {
        let BatchedScionConfig { step_size, batch } = config;
        in_range(NAME, "batch", batch as f64, "at least 1", batch >= 1)?;
        Ok(Self { norm, step_size: positive(NAME, "step_size", step_size)?, batch })
    }
}

impl<T: Scalar> Algorithm<T> for BatchedScion<T> {
    type State = BatchedScionState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        Ok(BatchedScionState { iterate: start.clone() })
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let mean = oracle.query_mean(&state.iterate, self.batch)?;
        state.iterate.add_scaled(self.step_size, &self.norm.lmo(&mean)?);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn most_calls(&self) -> u64 {
        self.batch
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        self.norm.zero_respecting()
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "no memory: the mean of a batch, then a step of fixed length along the LMO of a norm",
        uses_norm: true,
        build: |table, norm| Ok(Box::new(BatchedScion::new(registry::read(NAME, table)?, norm)?)),
        examples: &["name = 'batched-scion'\nstep_size = 0.02\nbatch = 4"],
    }
}
