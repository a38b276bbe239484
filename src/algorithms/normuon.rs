//! NorMuon: Muon whose rows are rescaled by their own second moments.

use serde::{Deserialize, Serialize};

use super::adam::hypotenuse;
use super::momentum::{Averaging, ShapesDiffer, kept_by_decay, one_shape};
use super::newton_schulz::newton_schulz;
use super::{Entry, Start, in_range, positive};
use crate::norms::frobenius::Frobenius;
use crate::registry::{self, ConfigError};
use crate::spec::{
    Algorithm, AlgorithmError, Matrix, Norm, NormError, Scalar, StochasticOracle, ZeroRespecting,
};

const NAME: &str = "normuon";

/// The step's root mean square entry, in units of eta: that of Adam's steps in practice.
const ROOT_MEAN_SQUARE: f64 = 0.2;

/// The numbers of [`NorMuon`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NorMuonConfig {
    /// eta > 0.
    pub step_size: f64,
    /// alpha in (0, 1]: the weight of the new gradient, 1 - beta_1.
    pub averaging: f64,
    /// beta_2 in [0, 1): the weight of the old mean squares of the rows.
    pub beta2: f64,
    /// Added to the roots of the mean squares, which are numbers around 1/sqrt(n) at any scale of the gradient.
    pub epsilon: f64,
    /// lambda in [0, 1/eta]: decoupled weight decay.
    pub weight_decay: f64,
}

impl Default for NorMuonConfig {
    fn default() -> Self {
        Self { step_size: 0.02, averaging: 0.05, beta2: 0.95, epsilon: 0.0, weight_decay: 0.0 }
    }
}

/// NorMuon (arXiv 2510.05491), on m x n matrices whose rows are neurons, whatever the run's norm.
///
/// ```text
/// M_{-1} = 0,  v_{-1} = 0,   M_t = (1 - alpha) M_{t-1} + alpha g(X_t),   O_t = NS(M_t),
/// v_t[i] = beta_2 v_{t-1}[i] + (1 - beta_2) (1/n) sum_j O_t[i,j]^2,      P_t[i,:] = O_t[i,:]/(sqrt(v_t[i]) + epsilon),
/// X_{t+1} = (1 - eta lambda) X_t - 0.2 eta sqrt(mn) P_t/||P_t||_F,
/// ```
///
/// with [`super::newton_schulz()`]. This is the algorithm of the paper; the code that accompanies it also takes a Nesterov
/// step before NS, keeps ||O_t||_F in place of 0.2 sqrt(mn), and multiplies by sqrt(max{1, m/n}). The mean squares are
/// not corrected for their start at zero: the correction would be one factor for all rows, which the division by ||P_t||_F
/// removes (with epsilon = 0). Carried are the roots of v_t, so that tiny rows do not underflow.
///
/// One call a step; every step has Frobenius length 0.2 eta sqrt(mn). The path does not change when the objective is
/// multiplied by a positive number.
///
/// # Degenerate cases
/// 0/0 = 0: a row that never saw a gradient stays where it is. O_t = 0 gives no move.
///
/// # Errors
/// [`NormError::NonFinite`] if M_t is no longer finite.
#[derive(Debug, Clone)]
pub struct NorMuon<T: Scalar> {
    step_size: T,
    averaging: Averaging<T>,
    beta2: f64,
    epsilon: T,
    kept: T,
}

/// What [`NorMuon`] carries: X_t, M_{t-1} once there is one, and the roots of v_{t-1} as a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Written<T>")]
pub struct NorMuonState<T: Scalar> {
    iterate: Matrix<T>,
    momentum: Option<Matrix<T>>,
    row_roots: Matrix<T>,
}

impl<T: Scalar> NorMuon<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: NorMuonConfig) -> Result<Self, ConfigError> {
        let NorMuonConfig { step_size, averaging, beta2, epsilon, weight_decay } = config;
        in_range(NAME, "beta2", beta2, "at least 0 and below 1", (0.0..1.0).contains(&beta2))?;
        let valid = T::from_f64(epsilon).is_finite() && epsilon >= 0.0;
        in_range(NAME, "epsilon", epsilon, "finite and at least 0", valid)?;
        Ok(Self {
            step_size: positive(NAME, "step_size", step_size)?,
            averaging: Averaging::new(NAME, averaging, Start::Zero)?,
            beta2,
            epsilon: T::from_f64(epsilon),
            kept: kept_by_decay(NAME, step_size, weight_decay)?,
        })
    }

    /// The roots of v_t from those of v_{t-1}.
    fn row_roots(&self, old: &Matrix<T>, orthogonal: &Matrix<T>) -> Matrix<T> {
        let (kept, new) = (T::from_f64(self.beta2.sqrt()), T::from_f64((1.0 - self.beta2).sqrt()));
        let columns = T::from_f64(orthogonal.ncols() as f64).sqrt();
        Matrix::from_fn(orthogonal.nrows(), 1, |i, _| {
            let length = (0..orthogonal.ncols())
                .fold(T::zero_impl(), |length, j| hypotenuse(length, orthogonal[(i, j)].abs()));
            hypotenuse(kept * old[(i, 0)], new * (length / columns))
        })
    }

    /// -0.2 sqrt(mn) P_t/||P_t||_F.
    fn direction(&self, orthogonal: &Matrix<T>, row_roots: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let rows = Matrix::from_fn(orthogonal.nrows(), orthogonal.ncols(), |i, j| {
            let denominator = row_roots[(i, 0)] + self.epsilon;
            if denominator == T::zero_impl() { denominator } else { orthogonal[(i, j)] / denominator }
        });
        let length = ROOT_MEAN_SQUARE * (orthogonal.dimensions()?.entries() as f64).sqrt();
        Ok(&Frobenius.lmo(&rows)? * T::from_f64(length))
    }
}

impl<T: Scalar> Algorithm<T> for NorMuon<T> {
    type State = NorMuonState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        let row_roots = Matrix::zeros(start.nrows(), 1);
        Ok(NorMuonState { iterate: start.clone(), momentum: None, row_roots })
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let orthogonal = newton_schulz(self.averaging.query(&mut state.momentum, &state.iterate, oracle)?)?;
        state.row_roots = self.row_roots(&state.row_roots, &orthogonal);
        let direction = self.direction(&orthogonal, &state.row_roots)?;
        state.iterate = &state.iterate * self.kept;
        state.iterate.add_scaled(self.step_size, &direction);
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
        summary: "NorMuon: Muon's quintic, then every row divided by the root mean square of its own past",
        uses_norm: false,
        build: |table, _| Ok(Box::new(NorMuon::<T>::new(registry::read(NAME, table)?)?)),
        examples: &["name = 'normuon'\nstep_size = 0.02\naveraging = 0.25\nbeta2 = 0.75\nweight_decay = 0.5"],
    }
}

#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct Written<T: Scalar> {
    iterate: Matrix<T>,
    momentum: Option<Matrix<T>>,
    row_roots: Matrix<T>,
}

impl<T: Scalar> TryFrom<Written<T>> for NorMuonState<T> {
    type Error = ShapesDiffer;
    fn try_from(written: Written<T>) -> Result<Self, ShapesDiffer> {
        let Written { iterate, momentum, row_roots } = written;
        one_shape(&iterate, &momentum)?;
        if (row_roots.nrows(), row_roots.ncols()) != (iterate.nrows(), 1) {
            return Err(ShapesDiffer);
        }
        Ok(Self { iterate, momentum, row_roots })
    }
}
