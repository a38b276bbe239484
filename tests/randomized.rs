//! Every randomized algorithm: the checks of chapter 60, the rotated instance and its oracle from outside, and a run on an
//! instance with a smaller radius.

use std::time::Instant;

use heavynorm_proofs_check::audit::{self, Effort, Verdict};

const EFFORT: Effort = Effort { quick: true, seed: 1 };

/// The items of chapter 60.
const ITEMS: [&str; 16] = [
    "DEF-SOFT",
    "LEM-SOFT",
    "DEF-FRAMES",
    "LEM-FRAMES-CLASS",
    "DEF-TRUNCATED",
    "LEM-TRUNCATED-JUMP",
    "LEM-TRUNCATED-MOMENT",
    "LEM-TRUNCATED-LOCAL",
    "LEM-CAP",
    "LEM-AUXILIARY",
    "LEM-NEAR-FAR",
    "LEM-SELECTION",
    "LEM-LEFT",
    "THM-L3",
    "COR-L3-RATE",
    "COR-L3-HESSIAN",
];

#[test]
fn every_item_of_the_chapter_is_checked_and_holds() {
    let checks = audit::checks();
    let mut faults = Vec::new();
    for item in ITEMS {
        let of_item: Vec<_> = checks.iter().filter(|check| check.statement == item).collect();
        assert!(!of_item.is_empty(), "{item} has no check");
        for check in of_item {
            let clock = Instant::now();
            let outcome = check.run(EFFORT);
            println!(
                "{:6.2} s  {item}: {}: {:?} measured {:?}, claimed {:?}, {} cases",
                clock.elapsed().as_secs_f64(),
                check.name,
                outcome.verdict,
                outcome.measured,
                outcome.claimed,
                outcome.cases
            );
            if outcome.verdict != Verdict::Holds {
                faults.push(format!("{item}: {}: {:?} {}", check.name, outcome, outcome.worst));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
