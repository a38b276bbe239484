//! Cosines of the entries: nonconvex everywhere, bounded, with every constant attained.

use super::Entry;
use super::profile::Profile;
use super::separable;
use crate::spec::Scalar;

/// phi(u) = 1 - cos u; |phi'| = |sin u|, |phi''| = |cos u| and |phi'''| = |sin u| are at most 1, attained.
pub static COSINE: Profile = Profile {
    name: "cosine",
    value: |u| {
        // Not 1 - cos u, which cancels near 0.
        let half = libm::sin(0.5 * u);
        2.0 * half * half
    },
    slope: libm::sin,
    curvature: libm::cos,
    largest_slope: 1.0,
    largest_third: 1.0,
};

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: COSINE.name,
        summary: "nonconvex sum of 1 - cos of the entries (rows, columns, scale, width, distance, seed)",
        build: |table| separable::build(&COSINE, table),
        examples: || separable::examples(&COSINE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_constants_are_attained_in_every_norm_with_a_closed_form() {
        separable::tests::attains_its_constants(&COSINE);
    }

    #[test]
    fn small_arguments_keep_all_their_digits() {
        assert_eq!((COSINE.value)(1e-150), 0.5e-300);
        assert!(((COSINE.value)(1.0) - (1.0 - 1f64.cos())).abs() < 1e-16);
    }
}
