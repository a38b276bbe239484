//! No noise at all.

use std::sync::Arc;

use serde::Deserialize;

use super::{Entry, Moment, Noise};
use crate::registry;
use crate::seed::Rng;
use crate::spec::{Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, Scalar};

/// N = 0: every moment is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNoise {
    dimensions: Dimensions,
}

impl NoNoise {
    /// No noise on a space.
    pub fn new(dimensions: Dimensions) -> Self {
        Self { dimensions }
    }
}

impl<T: Scalar> Noise<T> for NoNoise {
    fn label(&self) -> String {
        "none".into()
    }

    fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    fn sample(&self, _: &mut Rng) -> Matrix<T> {
        Matrix::zeros(self.dimensions.rows(), self.dimensions.columns())
    }

    fn dual_moment(&self, _: &dyn Norm<T>, _: MomentOrder) -> Result<Moment, NormError> {
        Ok(Moment::Exact(0.0))
    }

    fn finite_law(&self) -> Option<FiniteLaw<T>> {
        let zero = Matrix::zeros(self.dimensions.rows(), self.dimensions.columns());
        Some(FiniteLaw::new(vec![(1.0, zero)]))
    }
}

/// It has no keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "none",
        summary: "no noise",
        build: |table, dimensions, _| {
            registry::read::<Config>("none", table)?;
            Ok(Arc::new(NoNoise::new(dimensions)))
        },
        examples: || vec![toml::toml! { name = "none" }],
    }
}
