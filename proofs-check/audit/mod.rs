//! The audit: every check that can be run on its own, each against the statement it could refute.
//!
//! A [`Check`] belongs to one statement of the chapters (`spec/chapters`, by its permanent ID) and compares what it
//! measures with what the statement claims, in the worst of its cases. It is deterministic: its random numbers are a
//! function of the seed. One file each kind of check, listed in [`checks`].

use std::error::Error;

use heavynorm::spec::{Claim, Evidence};
use serde::Serialize;

mod attained;
mod chain;
mod chain_forms;
mod draw;
pub(crate) mod line;
mod lower_bounds;
mod membership;
mod momentum;
mod noise_type;
mod norms;
mod other_norms;
pub mod own;
mod practical;
mod randomized;
mod rates;
mod revealed_norms;
mod scene;
mod smoothness;
mod upper_bounds;

/// Files of this folder that hold no check.
pub const HELPERS: &[&str] = &["draw", "line", "own", "scene"];

/// How hard a check tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// A few seconds at most, rather than minutes.
    pub quick: bool,
    /// Master seed.
    pub seed: u64,
}

impl Effort {
    /// `quick` cases, or `thorough` ones.
    pub fn cases(self, quick: usize, thorough: usize) -> usize {
        if self.quick { quick } else { thorough }
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// What was measured.
    pub measured: f64,
    /// What is claimed.
    pub claimed: f64,
    /// What rounding (or, for a statistical check, chance) may add to the difference.
    pub tolerance: f64,
    /// Which case it is, so that it can be made again.
    pub what: String,
}

impl Case {
    /// How far the claim is from being broken, in units of the larger of |claimed| and the tolerance: negative if it is broken, and NaN
    /// counts as broken.
    fn slack(&self, claim: Claim) -> f64 {
        let excess = match claim {
            Claim::Upper => self.measured - self.claimed,
            Claim::Lower => self.claimed - self.measured,
            Claim::Tight => (self.measured - self.claimed).abs(),
        };
        let unit = self.claimed.abs().max(self.tolerance).max(f64::MIN_POSITIVE);
        let slack = (self.tolerance - excess) / unit;
        if slack.is_nan() { f64::NEG_INFINITY } else { slack }
    }
}

/// Why a check came to no verdict.
pub type AuditError = Box<dyn Error + Send + Sync>;

/// Something that would go red if a statement were false.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The permanent ID of the statement, for example `THM-U2`.
    pub statement: &'static str,
    /// What is compared with what; unique.
    pub name: &'static str,
    /// What kind of evidence a green verdict is: never a proof, which is written in the chapter.
    pub evidence: Evidence,
    /// The comparison.
    pub claim: Claim,
    /// Its cases, at least one.
    pub cases: fn(Effort) -> Result<Vec<Case>, AuditError>,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No case contradicts the statement.
    Holds,
    /// A case does.
    Fails,
    /// The check broke off, or had no case.
    Error,
}

/// A check with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The ID of the statement.
    pub id: &'static str,
    /// The name of the check.
    #[serde(rename = "claim")]
    pub check: &'static str,
    /// The kind of evidence.
    pub evidence: Evidence,
    /// The comparison.
    pub comparison: Claim,
    /// In the worst case.
    pub measured: Option<f64>,
    /// In the worst case.
    pub claimed: Option<f64>,
    /// How many cases there were.
    pub cases: usize,
    /// The worst case in words, or why there is no verdict.
    pub worst: String,
    /// The verdict.
    pub verdict: Verdict,
}

impl Check {
    /// Runs it.
    pub fn run(&self, effort: Effort) -> Outcome {
        let outcome = |verdict, worst: Option<&Case>, cases, text: String| Outcome {
            id: self.statement,
            check: self.name,
            evidence: self.evidence,
            comparison: self.claim,
            measured: worst.map(|case| case.measured),
            claimed: worst.map(|case| case.claimed),
            cases,
            worst: text,
            verdict,
        };
        let cases = match (self.cases)(effort) {
            Ok(cases) => cases,
            Err(error) => return outcome(Verdict::Error, None, 0, error.to_string()),
        };
        let (verdict, worst) = judge(self.claim, &cases);
        let text = worst.map_or("the check had no case".into(), |worst| worst.what.clone());
        outcome(verdict, worst, cases.len(), text)
    }
}

/// The verdict on some cases, and the worst of them. Without a case there is none: [`Verdict::Error`].
pub fn judge(claim: Claim, cases: &[Case]) -> (Verdict, Option<&Case>) {
    let worst = cases.iter().min_by(|a, b| a.slack(claim).total_cmp(&b.slack(claim)));
    let verdict = match worst {
        None => Verdict::Error,
        Some(worst) if worst.slack(claim) >= 0.0 => Verdict::Holds,
        Some(_) => Verdict::Fails,
    };
    (verdict, worst)
}

/// The checks of a statement, by its ID or a theorem's short name (`U2'` or `U2p`), in any case of letters.
pub fn about(statement: &str) -> Vec<Check> {
    let id = statement.replace('\'', "p").to_ascii_uppercase();
    let meant = |check: &Check| {
        let known = check.statement.to_ascii_uppercase();
        known == id || known.strip_prefix("THM-") == Some(id.as_str())
    };
    checks().into_iter().filter(meant).collect()
}

/// The check of this name, which is unique.
pub fn named(name: &str) -> Option<Check> {
    checks().into_iter().find(|check| check.name == name)
}

/// Every check.
pub fn checks() -> Vec<Check> {
    [
        norms::checks(),
        noise_type::checks(),
        upper_bounds::checks(),
        rates::checks(),
        attained::checks(),
        momentum::checks(),
        lower_bounds::checks(),
        membership::checks(),
        chain::checks(),
        chain_forms::checks(),
        smoothness::checks(),
        practical::checks(),
        other_norms::checks(),
        revealed_norms::checks(),
        randomized::checks(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(claim: Claim, cases: fn(Effort) -> Result<Vec<Case>, AuditError>) -> Outcome {
        let check = Check { statement: "LEM-X", name: "x", evidence: Evidence::Numerical, claim, cases };
        check.run(Effort { quick: true, seed: 1 })
    }

    fn case(measured: f64, claimed: f64) -> Case {
        Case { measured, claimed, tolerance: 1e-9, what: format!("{measured}") }
    }

    #[test]
    fn the_worst_case_decides() {
        let upper = check(Claim::Upper, |_| Ok(vec![case(1.0, 2.0), case(3.1, 3.0), case(0.0, 3.0)]));
        assert_eq!((upper.verdict, upper.measured, upper.cases), (Verdict::Fails, Some(3.1), 3));
        assert_eq!(check(Claim::Lower, |_| Ok(vec![case(3.1, 3.0)])).verdict, Verdict::Holds);
        assert_eq!(check(Claim::Lower, |_| Ok(vec![case(2.9, 3.0)])).verdict, Verdict::Fails);
        assert_eq!(check(Claim::Tight, |_| Ok(vec![case(3.0 + 1e-10, 3.0)])).verdict, Verdict::Holds);
        assert_eq!(check(Claim::Tight, |_| Ok(vec![case(3.0 + 1e-8, 3.0)])).verdict, Verdict::Fails);
        assert_eq!(
            check(Claim::Upper, |_| Ok(vec![case(0.0, 1.0), case(f64::NAN, 1.0)])).verdict,
            Verdict::Fails
        );
    }

    #[test]
    fn no_case_and_an_error_are_no_success() {
        assert_eq!(check(Claim::Upper, |_| Ok(Vec::new())).verdict, Verdict::Error);
        let broken = check(Claim::Upper, |_| Err("no such norm".into()));
        assert_eq!((broken.verdict, broken.worst.as_str()), (Verdict::Error, "no such norm"));
    }
}
