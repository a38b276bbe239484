//! The constants of the chain function: certificates by interval arithmetic against the table that the programs read.
//!
//! A case has no tolerance, unless the claim is attained: the measured number is an end of an interval that encloses, so every rounding is in it.

use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Claim, Evidence};

use super::{AuditError, Case, Check, Effort};
use crate::certificates::branch_and_bound::{self, Supremum};
use crate::certificates::chain::{CERTIFIED, gradient_lipschitz_attained, hessian_lipschitz_attained};
use crate::certificates::{payments, soft_projection};

type Cases = Result<Vec<Case>, AuditError>;
type Run = fn(Effort) -> Cases;

/// The bound of the K-th certificate against the table's.
fn bound<const K: usize>(_: Effort) -> Cases {
    let found = (CERTIFIED[K].certify)();
    let what = format!(
        "{} by {} boxes; no bound below {} has this form",
        CERTIFIED[K].name, found.boxes, found.bound_at_least
    );
    let claimed = (CERTIFIED[K].entry)(chain_constants()).upper;
    Ok(vec![Case { measured: found.upper, claimed, tolerance: 0.0, what }])
}

/// What the K-th constant is at least against what the table says that it is at least.
fn attained<const K: usize>(_: Effort) -> Cases {
    let claimed = (CERTIFIED[K].entry)(chain_constants()).sup;
    let what = format!("{} at a point", CERTIFIED[K].name);
    Ok(vec![Case { measured: (CERTIFIED[K].certify)().attained, claimed, tolerance: 0.0, what }])
}

/// The table's bounds against the numbers of the literature.
fn literature(_: Effort) -> Cases {
    let case = |certified: &crate::certificates::chain::Certified| {
        let measured = (certified.entry)(chain_constants()).upper;
        let claimed = certified.literature?;
        Some(Case { measured, claimed, tolerance: 0.0, what: certified.name.into() })
    };
    Ok(CERTIFIED.iter().filter_map(case).collect())
}

fn effort(effort: Effort, width: f64) -> branch_and_bound::Effort {
    branch_and_bound::Effort { width, boxes: effort.cases(20_000, 200_000) }
}

fn sharp(found: Supremum<2>, claimed: f64) -> Cases {
    let what = format!("{} boxes; at least {} at {:?}", found.boxes, found.lower, found.point);
    Ok(vec![Case { measured: found.upper, claimed, tolerance: 0.0, what }])
}

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check = |statement, name, claim, cases| Check {
        statement,
        name,
        evidence: Evidence::IntervalCertificate,
        claim,
        cases,
    };
    let bounds: [(_, Run, Run); 5] = [
        (
            ["Delta_0 is at most the table's", "Delta_0 is at least the table's sup"],
            bound::<0>,
            attained::<0>,
        ),
        (["G is at most the table's", "G is at least the table's sup"], bound::<1>, attained::<1>),
        (["g is at most the table's", "g is at least the table's sup"], bound::<2>, attained::<2>),
        (
            ["row sums of the Hessian are at most the table's ell_1", "ell_1 is at least the table's sup"],
            bound::<3>,
            attained::<3>,
        ),
        (
            [
                "row sums of third derivatives are at most the table's ell_2",
                "ell_2 is at least the table's sup",
            ],
            bound::<4>,
            attained::<4>,
        ),
    ];
    let of_the_table =
        CERTIFIED.iter().zip(bounds).flat_map(|(certified, ([upper, lower], bound, attained))| {
            [
                check(certified.statement, upper, Claim::Upper, bound),
                check(certified.statement, lower, Claim::Lower, attained),
            ]
        });
    let others = [
        check("LEM-CHAIN-ELL1-SHARP", "payments bring ell_1 to 134.03", Claim::Upper, |audit| {
            sharp(payments::gradient_lipschitz(effort(audit, 1e-4)), 134.03)
        }),
        check("LEM-CHAIN-ELL2-SHARP", "payments bring ell_2 to 1892.4", Claim::Upper, |audit| {
            sharp(payments::hessian_lipschitz(effort(audit, 1e-2)), 1892.4)
        }),
        check(
            "LEM-CHAIN-LOWER",
            "a Hessian and a third derivative of the chain are this large",
            Claim::Lower,
            |_| {
                let case = |measured, claimed, what: &str| Case {
                    measured,
                    claimed,
                    tolerance: 0.0,
                    what: what.into(),
                };
                Ok(vec![
                    case(gradient_lipschitz_attained(), 134.0237, "z D^2 F z/|z|^2"),
                    case(hessian_lipschitz_attained(), 1891.609, "D^3 F[z, z, z]/|z|^3"),
                ])
            },
        ),
        check(
            "LEM-SOFT",
            "derivatives of the soft projection are below the stated suprema",
            Claim::Upper,
            |audit| {
                let effort = effort(audit, 1e-9);
                let (second, third) =
                    (soft_projection::second_derivative(effort), soft_projection::third_derivative(effort));
                Ok(vec![
                    Case {
                        measured: second.upper,
                        claimed: 0.8587,
                        tolerance: 0.0,
                        what: "R |D^2 rho_R|".into(),
                    },
                    // Attained: the width of the search is all that may be above 3.
                    Case {
                        measured: third.upper,
                        claimed: 3.0,
                        tolerance: effort.width,
                        what: "R^2 |D^3 rho_R|".into(),
                    },
                ])
            },
        ),
        check(
            "LEM-FRAMES-CLASS",
            "the soft projection adds at most 0.28 to ell_1 and 1.56 to ell_2",
            Claim::Upper,
            |audit| {
                let found = soft_projection::offsets(chain_constants(), effort(audit, 1e-9));
                let case = |(measured, claimed, what): (_, _, &str)| Case {
                    measured,
                    claimed,
                    tolerance: 0.0,
                    what: what.into(),
                };
                Ok([(found[0], 0.28, "ell_1' - ell_1"), (found[1], 1.56, "ell_2' - ell_2")]
                    .map(case)
                    .to_vec())
            },
        ),
        check("COR-CHAIN-TABLE", "the table is below 12, 23, 23 and 152", Claim::Upper, literature),
    ];
    of_the_table.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn every_constant_of_the_chain_holds_with_nothing_to_spare_in_the_arithmetic() {
        for check in checks() {
            let outcome = check.run(Effort { quick: true, seed: 1 });
            assert_eq!(outcome.verdict, Verdict::Holds, "{outcome:?}");
        }
    }
}
