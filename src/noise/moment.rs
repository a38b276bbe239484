//! A moment, and how well it is known.

use serde::Serialize;

use crate::spec::{MomentOrder, NoiseScale};

/// E||N||_*^p, or any other moment of a nonnegative random number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Moment {
    /// The moment itself, up to rounding.
    Exact(f64),
    /// A proven bound; the moment is finite and at most this.
    UpperBound(f64),
    /// The moment is infinite.
    Infinite,
}

impl Moment {
    /// The number to use where the moment must not be understated; infinite for [`Moment::Infinite`].
    pub fn bound(self) -> f64 {
        match self {
            Self::Exact(m) | Self::UpperBound(m) => m,
            Self::Infinite => f64::INFINITY,
        }
    }

    /// Known exactly (an infinite moment is).
    pub fn is_exact(self) -> bool {
        !matches!(self, Self::UpperBound(_))
    }

    /// `f` of the moment, for an increasing f.
    pub fn map(self, f: impl FnOnce(f64) -> f64) -> Self {
        match self {
            Self::Exact(m) => Self::Exact(f(m)),
            Self::UpperBound(m) => Self::UpperBound(f(m)),
            Self::Infinite => Self::Infinite,
        }
    }

    /// The sigma with sigma^p = this moment of order p; `None` if it is infinite.
    pub fn noise_scale(self, p: MomentOrder) -> Option<NoiseScale> {
        NoiseScale::new(self.bound().powf(1.0 / p.p())).ok()
    }
}
