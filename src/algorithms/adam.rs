//! Adam, kept apart from the others by its own parameter names and by its epsilon.

use serde::{Deserialize, Serialize};

use super::momentum::{ShapesDiffer, kept_by_decay, one_shape};
use super::{Entry, in_range, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{Algorithm, AlgorithmError, Matrix, NormError, Scalar, StochasticOracle, ZeroRespecting};

const NAME: &str = "adam";

/// The numbers of [`Adam`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    /// eta > 0.
    pub step_size: f64,
    /// beta_1 in [0, 1): the weight of the OLD mean (1 - alpha).
    pub beta1: f64,
    /// beta_2 in (0, 1): the weight of the old mean square.
    pub beta2: f64,
    /// Added to the root mean square. Above 0 it breaks scale invariance: with gradients far below epsilon the
    /// steps vanish. 0 is allowed, and is the default here.
    pub epsilon: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { step_size: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 0.0 }
    }
}

/// Adam (Kingma and Ba), entry by entry, with M_{-1} = V_{-1} = 0 and G_t = g(X_t).
///
/// ```text
/// M_t = beta_1 M_{t-1} + (1 - beta_1) G_t,   V_t = beta_2 V_{t-1} + (1 - beta_2) G_t^2,
/// X_{t+1} = X_t - eta (M_t/(1 - beta_1^{t+1})) / (sqrt(V_t/(1 - beta_2^{t+1})) + epsilon).
/// ```
///
/// Carried is U_t = sqrt(V_t), not V_t, so that gradients of 1e-200 neither underflow nor lose digits. One call a step.
/// With epsilon = 0 the path does not change when the objective is multiplied by a positive number; an epsilon above 0
/// is a departure from that.
///
/// # Degenerate cases
/// 0/0 = 0: an entry that never saw a gradient stays where it is.
///
/// # Errors
/// [`crate::spec::NormError::NonFinite`] if M_t or U_t is no longer finite.
#[derive(Debug, Clone)]
pub struct Adam<T: Scalar> {
    config: AdamConfig,
    step_size: T,
    /// 1 - eta lambda, with the weight decay lambda of [`super::adamw`].
    kept: T,
}

/// What [`Adam`] carries: X_t, M_{t-1}, U_{t-1}, and the powers beta_1^t and beta_2^t.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Written<T>")]
pub struct AdamState<T: Scalar> {
    iterate: Matrix<T>,
    mean: Matrix<T>,
    root_mean_square: Matrix<T>,
    beta1_power: f64,
    beta2_power: f64,
}

impl<T: Scalar> Adam<T> {
    /// Validates the numbers.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn new(config: AdamConfig) -> Result<Self, ConfigError> {
        Self::named(NAME, config, 0.0)
    }

    /// Adam with decoupled weight decay, under the name that it then has.
    pub(super) fn named(name: &str, config: AdamConfig, weight_decay: f64) -> Result<Self, ConfigError> {
        let AdamConfig { step_size, beta1, beta2, epsilon } = config;
        in_range(name, "beta1", beta1, "at least 0 and below 1", (0.0..1.0).contains(&beta1))?;
        in_range(name, "beta2", beta2, "above 0 and below 1", beta2 > 0.0 && beta2 < 1.0)?;
        let valid = T::from_f64(epsilon).is_finite() && epsilon >= 0.0;
        in_range(name, "epsilon", epsilon, "finite and at least 0", valid)?;
        Ok(Self {
            config,
            step_size: positive(name, "step_size", step_size)?,
            kept: kept_by_decay(name, step_size, weight_decay)?,
        })
    }

    /// (M_t/(1 - beta_1^{t+1})) / (U_t/sqrt(1 - beta_2^{t+1}) + epsilon), with 0/0 = 0.
    fn direction(&self, state: &AdamState<T>) -> Matrix<T> {
        let mean_weight = T::from_f64(1.0 - state.beta1_power);
        let root_weight = T::from_f64((1.0 - state.beta2_power).sqrt());
        let epsilon = T::from_f64(self.config.epsilon);
        Matrix::from_fn(state.mean.nrows(), state.mean.ncols(), |i, j| {
            let denominator = state.root_mean_square[(i, j)] / root_weight + epsilon;
            if denominator == T::zero_impl() {
                T::zero_impl()
            } else {
                state.mean[(i, j)] / mean_weight / denominator
            }
        })
    }
}

/// sqrt(x^2 + y^2) for x, y >= 0 without over- or underflow of the squares; NaN stays NaN.
pub(super) fn hypotenuse<T: Scalar>(x: T, y: T) -> T {
    let (large, small) = if x < y { (y, x) } else { (x, y) };
    if small == T::zero_impl() {
        return large;
    }
    let ratio = small / large;
    large * (T::one_impl() + ratio * ratio).sqrt()
}

/// A mean with NaN or infinite entries has no direction.
fn require_finite<T: Scalar>(m: &Matrix<T>) -> Result<(), NormError> {
    match m.first_non_finite() {
        None => Ok(()),
        Some((row, column)) => Err(NormError::NonFinite { row, column, value: m[(row, column)].to_f64() }),
    }
}

impl<T: Scalar> Algorithm<T> for Adam<T> {
    type State = AdamState<T>;

    fn init(
        &self,
        start: &Matrix<T>,
        _: &mut dyn StochasticOracle<T>,
    ) -> Result<Self::State, AlgorithmError> {
        let zero = Matrix::zeros(start.nrows(), start.ncols());
        Ok(AdamState {
            iterate: start.clone(),
            mean: zero.clone(),
            root_mean_square: zero,
            beta1_power: 1.0,
            beta2_power: 1.0,
        })
    }

    fn step(
        &self,
        state: &mut Self::State,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<(), AlgorithmError> {
        let AdamConfig { beta1, beta2, .. } = self.config;
        let gradient = oracle.query(&state.iterate)?;
        state.mean.move_towards(T::from_f64(1.0 - beta1), &gradient);
        let (old, new) = (T::from_f64(beta2.sqrt()), T::from_f64((1.0 - beta2).sqrt()));
        let roots = &state.root_mean_square;
        state.root_mean_square = Matrix::from_fn(gradient.nrows(), gradient.ncols(), |i, j| {
            hypotenuse(old * roots[(i, j)], new * gradient[(i, j)].abs())
        });
        require_finite(&state.mean)?;
        require_finite(&state.root_mean_square)?;
        state.beta1_power *= beta1;
        state.beta2_power *= beta2;
        let direction = self.direction(state);
        state.iterate = &state.iterate * self.kept;
        state.iterate.add_scaled(-self.step_size, &direction);
        Ok(())
    }

    fn iterate<'a>(&self, state: &'a Self::State) -> &'a Matrix<T> {
        &state.iterate
    }

    fn zero_respecting(&self) -> ZeroRespecting {
        ZeroRespecting::Entries
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "Adam; an epsilon above 0 makes its steps depend on the scale of the gradient",
        uses_norm: false,
        build: |table, _| Ok(Box::new(Adam::<T>::new(registry::read(NAME, table)?)?)),
        examples: &["name = 'adam'\nstep_size = 0.02\nbeta1 = 0.75\nbeta2 = 0.9\nepsilon = 0.0"],
    }
}

#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct Written<T: Scalar> {
    iterate: Matrix<T>,
    mean: Matrix<T>,
    root_mean_square: Matrix<T>,
    beta1_power: f64,
    beta2_power: f64,
}

impl<T: Scalar> TryFrom<Written<T>> for AdamState<T> {
    type Error = ShapesDiffer;
    fn try_from(written: Written<T>) -> Result<Self, ShapesDiffer> {
        let Written { iterate, mean, root_mean_square, beta1_power, beta2_power } = written;
        one_shape(&iterate, [&mean, &root_mean_square])?;
        Ok(Self { iterate, mean, root_mean_square, beta1_power, beta2_power })
    }
}
