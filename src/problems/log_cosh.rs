//! Log-cosh of the entries: convex, quadratic near the minimum and linear far away.

use super::Entry;
use super::profile::Profile;
use super::separable;
use crate::spec::Scalar;

/// phi(u) = log cosh u; phi' = tanh u, phi'' = 1 - tanh^2 u in (0, 1], and |phi'''| = 2|t|(1 - t^2) with t = tanh u, at most
/// 4/(3 sqrt 3), attained at t = 1/sqrt 3.
pub static LOG_COSH: Profile = Profile {
    name: "log-cosh",
    value: |u| {
        // Beyond 20 what is left of cosh u besides exp|u|/2 is below rounding; before, this keeps the digits near 0.
        if u.abs() > 20.0 {
            return u.abs() - std::f64::consts::LN_2;
        }
        let half = libm::sinh(0.5 * u);
        libm::log1p(2.0 * half * half)
    },
    slope: libm::tanh,
    curvature: |u| {
        let cosh = libm::cosh(u);
        1.0 / (cosh * cosh)
    },
    largest_slope: 1.0,
    largest_third: 0.769_800_358_919_501_2,
};

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: LOG_COSH.name,
        summary: "convex sum of log cosh of the entries (rows, columns, scale, width, distance, seed)",
        build: |table| separable::build(&LOG_COSH, table),
        examples: || separable::examples(&LOG_COSH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_constants_are_attained_in_every_norm_with_a_closed_form() {
        separable::tests::attains_its_constants(&LOG_COSH);
    }

    #[test]
    fn the_third_derivative_is_the_closed_form() {
        assert!((LOG_COSH.largest_third - 4.0 / (3.0 * 3f64.sqrt())).abs() < 2e-16);
    }

    #[test]
    fn small_and_large_arguments_keep_their_digits() {
        assert_eq!((LOG_COSH.value)(1e-150), 0.5e-300);
        for u in [0.3, 5.0, 19.9, 20.1, 300.0_f64] {
            let direct = u + (0.5 * (1.0 + (-2.0 * u).exp())).ln();
            assert!(((LOG_COSH.value)(u) - direct).abs() <= 4e-16 * direct.max(1.0), "{u}");
        }
        assert_eq!((LOG_COSH.curvature)(1e3), 0.0);
        assert_eq!((LOG_COSH.value)(1e300), 1e300);
    }
}
