//! What most methods carry: an iterate and an exponential average of gradients.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::spec::{Matrix, Scalar};

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
    momentum: Option<Matrix<T>>,
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

    /// M_t = (1 - alpha) M_{t-1} + alpha G, and M_0 = G.
    pub(super) fn average(&mut self, averaging: T, gradient: Matrix<T>) -> &Matrix<T> {
        average(&mut self.momentum, averaging, gradient)
    }
}

/// M_t = (1 - alpha) M_{t-1} + alpha G, and M_0 = G: the average starts at the first gradient, not at zero.
pub(super) fn average<T: Scalar>(
    momentum: &mut Option<Matrix<T>>,
    averaging: T,
    gradient: Matrix<T>,
) -> &Matrix<T> {
    match momentum {
        Some(m) => {
            m.move_towards(averaging, &gradient);
            m
        }
        None => momentum.insert(gradient),
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
