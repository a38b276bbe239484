//! How a theorem is recorded: what is claimed, under which hypotheses, by whom, and on what evidence.

use serde::Serialize;

/// Whose statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Source {
    /// Claimed by the abstract of arXiv 2605.18528; constants and proof are ours.
    Paper,
    /// Ours, beyond what the abstract claims.
    Ours,
    /// Known before, cited.
    Literature(&'static str),
}

/// What a statement rests on. Only the first four are proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// A written proof.
    Proof,
    /// All outcomes of a finite case, each with its probability.
    Enumeration,
    /// Interval arithmetic.
    IntervalCertificate,
    /// A proof assistant.
    MachineChecked,
    /// Floating point at listed or drawn points, to rounding: it can refute, and proves nothing.
    Numerical,
    /// Runs with intervals: it can refute with a stated confidence, and proves nothing.
    Statistical,
}

impl Evidence {
    /// As it is written in the chapters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Enumeration => "enumeration",
            Self::IntervalCertificate => "interval certificate",
            Self::MachineChecked => "machine checked",
            Self::Numerical => "numerical",
            Self::Statistical => "statistical",
        }
    }
}

/// What kind of comparison a statement makes between a measured and a claimed number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// measured <= claimed.
    Upper,
    /// measured >= claimed.
    Lower,
    /// measured = claimed up to rounding.
    Tight,
}

/// A recorded theorem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The permanent ID, under which a chapter of `spec/chapters` proves it: `THM-U2`, or `THM-U2p` for U2'.
    pub id: &'static str,
    /// The short name, as on the command line: `U2'`.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// The claim as a formula.
    pub formula: &'static str,
    /// The assumptions that suffice.
    pub hypotheses: &'static [&'static str],
    /// The comparison that a check makes.
    pub claim: Claim,
    /// Whose it is.
    pub source: Source,
    /// What it rests on today.
    pub evidence: Evidence,
}
