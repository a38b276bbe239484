//! Every check of the audit, at the effort that the command line calls quick, and what a reader asks for by name.

use heavynorm_proofs_check::audit::{self, Effort, Verdict};
use rayon::prelude::*;

#[test]
fn every_check_holds() {
    let effort = Effort { quick: true, seed: 1 };
    let outcomes: Vec<_> = audit::checks().par_iter().map(|check| check.run(effort)).collect();
    let broken: Vec<_> = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Holds).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_statement_is_found_by_its_id_and_by_its_short_name() {
    let names = |about: &str| audit::about(about).iter().map(|check| check.name).collect::<Vec<_>>();
    let u2_prime = names("THM-U2p");
    assert!(!u2_prime.is_empty() && u2_prime != names("U2"));
    assert_eq!(
        [names("U2'"), names("u2p"), names("thm-u2P")],
        [u2_prime.clone(), u2_prime.clone(), u2_prime]
    );
    assert!(names("U").is_empty() && names("THM-").is_empty());
}
