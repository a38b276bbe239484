//! What most methods carry: an iterate and an exponential average of gradients.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{in_range, weight};
use crate::registry::ConfigError;
use crate::spec::{Matrix, OracleError, Scalar, StochasticOracle};

/// How an average begins: the key `start`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// M_0 = g(X_0): the average is that of a process without a beginning, the first gradient weighs (1 - alpha)^t.
    #[default]
    Gradient,
    /// M_{-1} = 0, hence M_0 = alpha g(X_0): no gradient ever weighs more than alpha (theorem U2').
    Zero,
    /// M_0 is the mean of [`start_batch`] gradients at X_0: the weights sum to 1 and none exceeds alpha (U3', U5).
    Batch,
}

/// ceil(1/alpha) for alpha in (0, 1]: how many gradients [`Start::Batch`] and STORM ask for at X_0.
///
/// What exceeds an integer by rounding alone is that integer: 1/(1/49) is not 49 in f64. A quotient of two rounded
/// numbers carries 2 u, an alpha that a schedule computed a few more.
pub fn start_batch(averaging: f64) -> u64 {
    const ROUNDING: f64 = 8.0 * f64::EPSILON;
    let inverse = 1.0 / averaging;
    let below = inverse.floor();
    // `as` saturates.
    (if inverse - below <= ROUNDING * inverse { below } else { below + 1.0 }) as u64
}

/// A validated alpha and start: forms M_t from M_{t-1}.
#[derive(Debug, Clone, Copy)]
pub(super) struct Averaging<T: Scalar> {
    weight: T,
    start: Start,
    batch: u64,
}

impl<T: Scalar> Averaging<T> {
    /// Validates alpha, on behalf of the method `name`.
    pub(super) fn new(name: &str, averaging: f64, start: Start) -> Result<Self, ConfigError> {
        let weight = weight(name, "averaging", averaging)?;
        let must_be = "at least 2^-53 where the first batch is to have 1/averaging gradients";
        let countable = start != Start::Batch || averaging >= f64::EPSILON / 2.0;
        in_range(name, "averaging", averaging, must_be, countable)?;
        let batch = if start == Start::Batch { start_batch(averaging) } else { 1 };
        Ok(Self { weight, start, batch })
    }

    /// alpha.
    pub(super) fn weight(&self) -> T {
        self.weight
    }

    /// How many gradients M_0 is made of.
    pub(super) fn batch(&self) -> u64 {
        self.batch
    }

    /// Asks for the gradient (the batch) at a point and forms M_t.
    pub(super) fn query<'a>(
        &self,
        momentum: &'a mut Option<Matrix<T>>,
        point: &Matrix<T>,
        oracle: &mut dyn StochasticOracle<T>,
    ) -> Result<&'a Matrix<T>, OracleError> {
        let batch = if momentum.is_none() { self.batch } else { 1 };
        let gradient = oracle.query_mean(point, batch)?;
        Ok(self.include(momentum, gradient))
    }

    /// M_t = (1 - alpha) M_{t-1} + alpha G, and at the start M_0 = G or alpha G.
    pub(super) fn include<'a>(
        &self,
        momentum: &'a mut Option<Matrix<T>>,
        gradient: Matrix<T>,
    ) -> &'a Matrix<T> {
        match momentum {
            Some(m) => {
                m.move_towards(self.weight, &gradient);
                m
            }
            None if self.start == Start::Zero => momentum.insert(&gradient * self.weight),
            None => momentum.insert(gradient),
        }
    }
}

/// A saved state is no state: its matrices have different shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the matrices of a saved state have different shapes; it was cut, or written by something else")]
pub struct ShapesDiffer;

/// The matrices of a saved state live in one space, so that no step can fail on their shapes.
pub(super) fn one_shape<'a, T: Scalar>(
    first: &Matrix<T>,
    others: impl IntoIterator<Item = &'a Matrix<T>>,
) -> Result<(), ShapesDiffer> {
    let shape = |m: &Matrix<T>| (m.nrows(), m.ncols());
    if others.into_iter().all(|m| shape(m) == shape(first)) { Ok(()) } else { Err(ShapesDiffer) }
}

/// X_t, and M_{t-1} once there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Written<T>")]
pub struct MomentumState<T: Scalar> {
    pub(super) iterate: Matrix<T>,
    pub(super) momentum: Option<Matrix<T>>,
}

impl<T: Scalar> MomentumState<T> {
    /// X_0, no gradient seen yet.
    pub fn at(start: &Matrix<T>) -> Self {
        Self { iterate: start.clone(), momentum: None }
    }

    /// X_t.
    pub fn iterate(&self) -> &Matrix<T> {
        &self.iterate
    }

    /// The average that the last step used, none before the first step.
    pub fn momentum(&self) -> Option<&Matrix<T>> {
        self.momentum.as_ref()
    }
}

#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct Written<T: Scalar> {
    iterate: Matrix<T>,
    momentum: Option<Matrix<T>>,
}

impl<T: Scalar> TryFrom<Written<T>> for MomentumState<T> {
    type Error = ShapesDiffer;
    fn try_from(written: Written<T>) -> Result<Self, ShapesDiffer> {
        one_shape(&written.iterate, &written.momentum)?;
        Ok(Self { iterate: written.iterate, momentum: written.momentum })
    }
}

/// X_t, X_{t-1} and, after the first step, M_{t-1}: what methods carry that compare two points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "WrittenPair<T>")]
pub struct TwoPointState<T: Scalar> {
    pub(super) iterate: Matrix<T>,
    pub(super) previous: Matrix<T>,
    pub(super) momentum: Option<Matrix<T>>,
}

impl<T: Scalar> TwoPointState<T> {
    /// X_{-1} = X_0, no gradient seen yet.
    pub fn at(start: &Matrix<T>) -> Self {
        Self { iterate: start.clone(), previous: start.clone(), momentum: None }
    }

    /// X_t.
    pub fn iterate(&self) -> &Matrix<T> {
        &self.iterate
    }

    /// The average that the last step used, none before the first step.
    pub fn momentum(&self) -> Option<&Matrix<T>> {
        self.momentum.as_ref()
    }

    /// X_{t+1} = X_t + eta D.
    pub(super) fn advance(&mut self, step_size: T, direction: &Matrix<T>) {
        self.previous.clone_from(&self.iterate);
        self.iterate.add_scaled(step_size, direction);
    }
}

#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct WrittenPair<T: Scalar> {
    iterate: Matrix<T>,
    previous: Matrix<T>,
    momentum: Option<Matrix<T>>,
}

impl<T: Scalar> TryFrom<WrittenPair<T>> for TwoPointState<T> {
    type Error = ShapesDiffer;
    fn try_from(written: WrittenPair<T>) -> Result<Self, ShapesDiffer> {
        let WrittenPair { iterate, previous, momentum } = written;
        one_shape(&iterate, momentum.iter().chain([&previous]))?;
        Ok(Self { iterate, previous, momentum })
    }
}

/// A decoupled weight decay lambda >= 0 with the step size eta: the factor 1 - eta lambda.
///
/// eta lambda <= 1, or iterates would be thrown to the other side of zero.
pub(super) fn kept_by_decay<T: Scalar>(
    name: &str,
    step_size: f64,
    weight_decay: f64,
) -> Result<T, ConfigError> {
    let must_be = "at least 0 and at most 1/step_size";
    let holds = weight_decay >= 0.0 && step_size * weight_decay <= 1.0;
    in_range(name, "weight_decay", weight_decay, must_be, holds)?;
    Ok(T::one_impl() - T::from_f64(step_size * weight_decay))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_batch_is_not_off_by_one_where_the_inverse_is_whole() {
        for n in 1..=10_000_u64 {
            let averaging = 1.0 / n as f64;
            assert_eq!(start_batch(averaging), n);
            assert_eq!(start_batch(averaging.next_up()), n, "just above 1/{n}");
            assert_eq!(start_batch(averaging.next_down()), n, "just below 1/{n}");
            // Truly between two integers.
            assert_eq!(start_batch(1.0 / (n as f64 + 1e-6)), n + 1);
        }
        assert!((1..=100).any(|n| 1.0 / (1.0 / n as f64) != n as f64), "rounding would matter nowhere");
        assert_eq!(start_batch(0.3), 4);
        assert_eq!(start_batch(0.5f64.powi(53)), 1 << 53);
    }

    #[test]
    fn a_start_batch_beyond_counting_is_refused_and_a_small_weight_alone_is_not() {
        let new = |start| Averaging::<f64>::new("m", 1e-20, start);
        assert!(new(Start::Gradient).is_ok() && new(Start::Zero).is_ok());
        assert!(matches!(new(Start::Batch), Err(ConfigError::OutOfRange { parameter: "averaging", .. })));
    }
}
