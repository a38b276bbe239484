//! Adam with decoupled weight decay.

use serde::{Deserialize, Serialize};

use super::{Adam, AdamConfig, Entry};
use crate::registry::{self, ConfigError};
use crate::spec::Scalar;

const NAME: &str = "adamw";

/// The numbers of [`adamw()`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// eta > 0.
    pub step_size: f64,
    /// beta_1 in [0, 1): the weight of the OLD mean (1 - alpha).
    pub beta1: f64,
    /// beta_2 in (0, 1): the weight of the old mean square.
    pub beta2: f64,
    /// Added to the root mean square; as in [`AdamConfig`].
    pub epsilon: f64,
    /// lambda in [0, 1/eta].
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        let AdamConfig { step_size, beta1, beta2, epsilon } = AdamConfig::default();
        Self { step_size, beta1, beta2, epsilon, weight_decay: 0.01 }
    }
}

/// AdamW (Loshchilov and Hutter): [`Adam`] on a shrinking iterate.
///
/// ```text
/// X_{t+1} = (1 - eta lambda) X_t - eta (the direction of Adam).
/// ```
///
/// With epsilon = 0 the path does not change when the objective is multiplied by a positive number: the decay is no part
/// of the objective. Started at zero, an entry that never saw a gradient stays zero.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub fn adamw<T: Scalar>(config: AdamWConfig) -> Result<Adam<T>, ConfigError> {
    let AdamWConfig { step_size, beta1, beta2, epsilon, weight_decay } = config;
    Adam::named(NAME, AdamConfig { step_size, beta1, beta2, epsilon }, weight_decay)
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "Adam with decoupled weight decay",
        uses_norm: false,
        build: |table, _| Ok(Box::new(adamw::<T>(registry::read(NAME, table)?)?)),
        examples: &[
            "name = 'adamw'\nstep_size = 0.02\nbeta1 = 0.75\nbeta2 = 0.9\nepsilon = 0.0\nweight_decay = 0.5",
        ],
    }
}
