//! Algorithms behind a pointer: the loop and a TOML file choose a method at run time, its state type disappears.

use thiserror::Error;

use crate::spec::{Algorithm, AlgorithmError, Matrix, Scalar, StochasticOracle, ZeroRespecting};

/// Why a state was not saved or restored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the state of a method could not be {action}: {message}")]
pub struct StateError {
    /// "saved" or "restored".
    pub action: &'static str,
    /// What the writer or the reader says.
    pub message: String,
}

/// One run of an algorithm: its state, and what may be done with it.
pub trait Trajectory<T: Scalar>: Send {
    /// One step, [`Algorithm::step`].
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn step(&mut self, oracle: &mut dyn StochasticOracle<T>) -> Result<(), AlgorithmError>;

    /// The current iterate X_t.
    fn iterate(&self) -> &Matrix<T>;

    /// The state as a table. Restored from it, or from its text, the run goes on bit for bit.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be expressed in TOML.
    fn save(&self) -> Result<toml::Table, StateError>;
}

/// [`Algorithm`] without its associated type, hence object-safe. Every algorithm is one.
pub trait DynAlgorithm<T: Scalar>: Send + Sync {
    /// A run from X_0; see [`Algorithm::init`].
    ///
    /// # Errors
    /// [`AlgorithmError`].
    fn begin<'a>(
        &'a self,
        start: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Box<dyn Trajectory<T> + 'a>, AlgorithmError>;

    /// A run from a saved state.
    ///
    /// # Errors
    /// [`StateError`] if the table is no state of this method.
    fn resume<'a>(&'a self, saved: &toml::Table) -> Result<Box<dyn Trajectory<T> + 'a>, StateError>;

    /// The most calls that one step makes; see [`Algorithm::most_calls`].
    fn most_calls(&self) -> u64;

    /// The class of the method with its numbers and its norm; see [`Algorithm::zero_respecting`].
    fn zero_respecting(&self) -> ZeroRespecting;
}

struct Running<'a, T: Scalar, A: Algorithm<T>> {
    algorithm: &'a A,
    state: A::State,
}

impl<T: Scalar, A: Algorithm<T>> Trajectory<T> for Running<'_, T, A> {
    fn step(&mut self, oracle: &mut dyn StochasticOracle<T>) -> Result<(), AlgorithmError> {
        self.algorithm.step(&mut self.state, oracle)
    }

    fn iterate(&self) -> &Matrix<T> {
        self.algorithm.iterate(&self.state)
    }

    fn save(&self) -> Result<toml::Table, StateError> {
        toml::Table::try_from(&self.state).map_err(|e| StateError { action: "saved", message: e.to_string() })
    }
}

impl<T: Scalar, A: Algorithm<T>> DynAlgorithm<T> for A
where
    A::State: 'static,
{
    fn begin<'a>(
        &'a self,
        start: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<Box<dyn Trajectory<T> + 'a>, AlgorithmError> {
        Ok(Box::new(Running { algorithm: self, state: self.init(start, oracle)? }))
    }

    fn resume<'a>(&'a self, saved: &toml::Table) -> Result<Box<dyn Trajectory<T> + 'a>, StateError> {
        let state = saved
            .clone()
            .try_into()
            .map_err(|e: toml::de::Error| StateError { action: "restored", message: e.message().into() })?;
        Ok(Box::new(Running { algorithm: self, state }))
    }

    fn most_calls(&self) -> u64 {
        Algorithm::most_calls(self)
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        Algorithm::zero_respecting(self)
    }
}
