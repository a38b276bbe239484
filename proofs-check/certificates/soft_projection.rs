//! What the soft projection of the rotated instance adds to the Lipschitz constants of the chain (LEM-SOFT, LEM-FRAMES-CLASS).
//!
//! rho_R(x) = x/sqrt(1 + |x|^2/R^2) has |D^2 rho_R| = sup |chi'''|/R and |D^3 rho_R| = sup |chi''''|/R^2, chi(u) = sqrt(1 + u^2).
//! With s = u/sqrt(1 + u^2), which maps [0, inf] to [0, 1] (both are even or odd in u),
//!
//! ```text
//! |chi'''| = 3 u (1 + u^2)^{-5/2} = 3 s (1 - s^2)^2,      |chi''''| = |12 u^2 - 3| (1 + u^2)^{-7/2} = 3 |5 s^2 - 1| (1 - s^2)^{5/2}.
//! ```
//!
//! At R >= 230 sqrt(T) a row's gradient has |U h| <= G R/230, so that
//!
//! ```text
//! ell_1' - ell_1 = (G/230) sup |chi'''| + 1/5,      ell_2' - ell_2 = (3 ell_1 sup |chi'''| + (G/230) sup |chi''''|)/230.
//! ```

use heavynorm::spec::chain::ChainConstants;

use super::branch_and_bound::{Effort, Region, Supremum, supremum};
use super::interval::Interval;
use super::jet::Jet;

/// The smallest R of the instance.
const RADIUS: f64 = 230.0;

fn number(x: f64) -> Interval {
    Interval::point(x)
}

fn constant(x: f64) -> Jet<1> {
    Jet { value: number(x), slope: [Interval::ZERO] }
}

/// s and 1 - s^2.
fn coordinates(s: &Region<1>) -> [Jet<1>; 2] {
    let square = s[0].square();
    let slope = number(2.0) * s[0];
    [
        Jet { value: s[0], slope: [Interval::ONE] },
        Jet { value: (Interval::ONE - square).nonnegative(), slope: [-slope] },
    ]
}

const UNIT: Region<1> = [Interval::new(0.0, 1.0)];

/// sup |chi'''|, which is (3/2)(5/4)^{-5/2}.
pub fn second_derivative(effort: Effort) -> Supremum<1> {
    let size = |x: &Region<1>| {
        let [s, rest] = coordinates(x);
        (s * rest * rest).times(number(3.0))
    };
    supremum(size, &[UNIT], effort)
}

/// sup |chi''''|, which is 3.
pub fn third_derivative(effort: Effort) -> Supremum<1> {
    let size = |x: &Region<1>| {
        let [s, rest] = coordinates(x);
        let factor = ((s * s).times(number(5.0)) + constant(-1.0)).abs();
        (factor * rest * rest.three_halves()).times(number(3.0))
    };
    supremum(size, &[UNIT], effort)
}

/// Upper bounds of ell_1' - ell_1 and ell_2' - ell_2, for a G and an ell_1 that are upper bounds.
pub fn offsets(table: &ChainConstants, effort: Effort) -> [f64; 2] {
    let [second, third] =
        [second_derivative(effort), third_derivative(effort)].map(|found| number(found.upper));
    let (radius, entry) = (number(RADIUS), number(table.gradient_entry.upper) / number(RADIUS));
    let first = entry * second + Interval::ONE / number(5.0);
    let bends = number(3.0) * number(table.gradient_lipschitz.upper) * second;
    [first.upper(), ((bends + entry * third) / radius).upper()]
}

#[cfg(test)]
mod tests {
    use heavynorm::spec::chain::chain_constants;

    use super::*;

    const EFFORT: Effort = Effort { width: 1e-9, boxes: 5000 };

    #[test]
    fn suprema_of_the_derivatives_are_the_closed_forms() {
        let (second, third) = (second_derivative(EFFORT), third_derivative(EFFORT));
        let closed = 1.5 * 1.25f64.powf(-2.5);
        assert!(second.lower <= closed + 1e-14 && closed - 1e-14 <= second.upper, "{second:?} {closed}");
        assert!(third.lower <= 3.0 && third.upper >= 3.0, "{third:?}");
        assert!(second.upper - second.lower <= 1e-9 && third.upper - third.lower <= 1e-9);
    }

    #[test]
    fn the_substitution_is_that_of_chi() {
        for u in [0.0, 0.1, 0.5, 0.9, 3.0, 40.0_f64] {
            let (r, s) = (1.0 + u * u, u / (1.0 + u * u).sqrt());
            let [third, fourth] = [3.0 * u * r.powf(-2.5), (12.0 * u * u - 3.0).abs() * r.powf(-3.5)];
            assert!((third - 3.0 * s * (1.0 - s * s).powi(2)).abs() <= 1e-14, "{u}");
            assert!(
                (fourth - 3.0 * (5.0 * s * s - 1.0).abs() * (1.0 - s * s).powf(2.5)).abs() <= 1e-14,
                "{u}"
            );
        }
    }

    #[test]
    fn the_offsets_of_the_rotated_instance_are_below_those_stated() {
        let [first, second] = offsets(chain_constants(), EFFORT);
        assert!(first <= 0.28 && first > 0.2798, "{first}");
        assert!(second <= 1.56 && second > 1.555, "{second}");
    }
}
