//! Muon as it is practised.

use serde::{Deserialize, Serialize};

use super::momentum::{Averaging, kept_by_decay};
use super::newton_schulz::newton_schulz;
use super::{Entry, MomentumState, Start, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "muon";

/// The numbers of [`Muon`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MuonConfig {
    /// eta > 0.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient, 1 minus what is called momentum.
    pub averaging: f64,
    /// Orthogonalise (1 - alpha) M_t + alpha g(X_t) instead of M_t.
    pub nesterov: bool,
    /// Multiply the step by sqrt(max{1, m/n}).
    pub shape_scale: bool,
    /// lambda in [0, 1/eta]: decoupled weight decay.
    pub weight_decay: f64,
}

impl Default for MuonConfig {
    fn default() -> Self {
        Self { step_size: 0.02, averaging: 0.05, nesterov: true, shape_scale: true, weight_decay: 0.0 }
    }
}

/// Muon as practised (Jordan et al., 2024), whatever the run's norm.
///
/// ```text
/// M_{-1} = 0,   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),
/// U_t = M_t, or (1 - alpha) M_t + alpha g(X_t) (nesterov),
/// X_{t+1} = (1 - eta lambda) X_t - eta sqrt(max{1, m/n}) NS(U_t),
/// ```
///
/// for m x n matrices, with [`super::newton_schulz()`] of U_t/||U_t||_F (five steps of a quintic, no epsilon, the number
/// type of the run instead of bfloat16). The exact counterpart is [`super::Scion`] in the spectral norm; NS(U) is neither
/// in its unit ball (its largest singular value reaches 1.2024) nor does it attain the nuclear norm, so that no theorem
/// about lmo steps covers this method.
///
/// One call a step. The path does not change when the objective is multiplied by a positive number.
///
/// # Degenerate cases
/// U_t = 0 gives no move (but for the decay). A zero row or column of all gradients stays zero.
///
/// # Errors
/// [`crate::spec::NormError::NonFinite`] if U_t is no longer finite.
#[derive(Debug, Clone)]
pub struct Muon<T: Scalar> {
    step_size: T,
    averaging: Averaging<T>,
    nesterov: bool,
    shape_scale: bool,
    kept: T,
}

impl<T: Scalar> Muon<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: MuonConfig) -> Result<Self, ConfigError> {
        let MuonConfig { step_size, averaging, nesterov, shape_scale, weight_decay } = config;
        Ok(Self {
            step_size: positive(NAME, "step_size", step_size)?,
            averaging: Averaging::new(NAME, averaging, Start::Zero)?,
            nesterov,
            shape_scale,
            kept: kept_by_decay(NAME, step_size, weight_decay)?,
        })
    }

    /// eta, times sqrt(max{1, m/n}) if that is wanted.
    fn step_length(&self, x: &Matrix<T>) -> T {
        let ratio = if self.shape_scale { (x.nrows() as f64 / x.ncols() as f64).max(1.0) } else { 1.0 };
        self.step_size * T::from_f64(ratio.sqrt())
    }
}

impl<T: Scalar> Algorithm<T> for Muon<T> {
    type State = MomentumState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        Ok(MomentumState::at(start))
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let gradient = oracle.query(&state.iterate)?;
        let mut ahead = self.averaging.include(&mut state.momentum, gradient.clone()).clone();
        if self.nesterov {
            ahead.move_towards(self.averaging.weight(), &gradient);
        }
        let direction = newton_schulz(&ahead)?;
        state.iterate = &state.iterate * self.kept;
        state.iterate.add_scaled(-self.step_length(&direction), &direction);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Lines
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "Muon as practised: momentum through five steps of a quintic; Scion in the spectral norm is the exact form",
        uses_norm: false,
        build: |table, _| Ok(Box::new(Muon::<T>::new(registry::read(NAME, table)?)?)),
        examples: &[
            "name = 'muon'\nstep_size = 0.02\naveraging = 0.25",
            "name = 'muon'\nstep_size = 0.02\naveraging = 0.25\nnesterov = false\nweight_decay = 0.5",
        ],
    }
}
