//! The claims by name, and what came of each.

use std::fmt;

use heavynorm_proofs_check::falsify::{Tried, Witness};
use serde::{Deserialize, Serialize};

/// What can be claimed, in the order in which it is examined. The names are those of reports and of folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ClaimName {
    Shape,
    Dual,
    Smoothness,
    Hessian,
    Gap,
    Moment,
    Unbiased,
}

impl ClaimName {
    pub(super) const ALL: [Self; 7] =
        [Self::Shape, Self::Dual, Self::Smoothness, Self::Hessian, Self::Gap, Self::Moment, Self::Unbiased];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Dual => "dual",
            Self::Smoothness => "smoothness",
            Self::Hessian => "hessian",
            Self::Gap => "gap",
            Self::Moment => "moment",
            Self::Unbiased => "unbiased",
        }
    }

    /// Whether the best attempt is told as a share of what is claimed: a shape is right or wrong, and no bias is claimed.
    pub(super) fn has_ratio(self) -> bool {
        !matches!(self, Self::Shape | Self::Unbiased)
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A claim after the attack.
pub(super) struct Examined {
    pub(super) claim: ClaimName,
    /// In numbers.
    pub(super) stated: String,
    pub(super) witness: Option<Witness>,
    pub(super) tried: Tried,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_its_claim() {
        for claim in ClaimName::ALL {
            assert_eq!(serde_json::to_value(claim).unwrap(), claim.as_str());
            assert_eq!(serde_json::from_value::<ClaimName>(claim.as_str().into()).unwrap(), claim);
        }
        assert!(serde_json::from_value::<ClaimName>("gaps".into()).is_err());
    }
}
