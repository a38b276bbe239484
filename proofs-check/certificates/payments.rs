//! The Lipschitz constants of the chain's gradient and Hessian, to within a thousandth of a percent and 0.04 percent of
//! what is attained.
//!
//! In LEM-CHAIN-PAY each link may split its weight between its two ends as it likes, as a function of the point. With
//!
//! ```text
//! e_1(b) = min{10, 0.1455 + 100 (b - 0.76)^2},          w = 0.76 Psi(b) + e_1(|t|),
//! e_2(b) = min{40, 0.565 + 320 (b - 0.702)^2},          omega = Psi(b)/2 + e_2(|t|),
//! ```
//!
//! a coordinate b >= 0 that is followed by t, and whatever goes before it, pays at most (LEM-CHAIN-ELL1-SHARP, LEM-CHAIN-ELL2-SHARP)
//!
//! ```text
//! Phi'(b) [e (0.76 + s b)^+ + e_1(b)] - s Psi''(b) Phi(t) + Psi'(b)^2 Phi'(t)/w,
//! Phi'(b) [e (1/2 + s (1 - b^2))^+ + e_2(b)] - s Psi'''(b) Phi(t)
//!     + 2 |Psi''(b)|^{3/2} Phi'(t)/sqrt((1 - mu) omega) + 4 |t|^3 Phi'(t) Psi'(b)^3/(mu omega)^2,     mu = 3/5,
//! ```
//!
//! for s = 1 or s = -1. The suprema over b in [0, inf], t in [-inf, inf] are at least ell_1 and ell_2. Any numbers in place
//! of those in e_1, e_2 and mu would do for that: they are written as doubles and used as exactly these doubles.

use super::bells::{cubic_bell, phi, psi};
use super::branch_and_bound::{Effort, Region, Supremum, supremum};
use super::elementary::exp;
use super::interval::Interval;
use super::jet::Jet;

/// b and t.
const EVERYWHERE: Region<2> = [Interval::new(0.0, f64::INFINITY), Interval::EVERYTHING];

/// A function of one of the two coordinates, with its derivative.
fn of(coordinate: usize, [value, derivative]: [Interval; 2]) -> Jet<2> {
    let mut slope = [Interval::ZERO; 2];
    slope[coordinate] = derivative;
    Jet { value, slope }
}

fn number(x: f64) -> Interval {
    Interval::point(x)
}

fn constant(x: f64) -> Jet<2> {
    Jet { value: number(x), slope: [Interval::ZERO; 2] }
}

/// min{ceiling, floor + rise (|x| - centre)^2}, of a coordinate.
struct Valley {
    floor: f64,
    rise: f64,
    centre: f64,
    ceiling: f64,
}

impl Valley {
    fn over(&self, coordinate: usize, x: Interval) -> Jet<2> {
        let size = of(coordinate, [x, Interval::ONE]).abs();
        let from = size.value - number(self.centre);
        let square = size.then(from.square(), number(2.0) * from);
        (constant(self.floor) + square.times(number(self.rise))).at_most(self.ceiling)
    }
}

/// The functions of b and t that payments are made of.
struct Pair {
    psi: [Interval; 5],
    phi_b: [Interval; 5],
    phi_t: [Interval; 5],
}

impl Pair {
    fn over([b, t]: &Region<2>) -> Self {
        Self { psi: psi(*b), phi_b: phi(*b), phi_t: phi(*t) }
    }

    fn psi(&self, order: usize) -> Jet<2> {
        of(0, [self.psi[order], self.psi[order + 1]])
    }

    fn phi_b(&self, order: usize) -> Jet<2> {
        of(0, [self.phi_b[order], self.phi_b[order + 1]])
    }

    fn phi_t(&self, order: usize) -> Jet<2> {
        of(1, [self.phi_t[order], self.phi_t[order + 1]])
    }
}

fn e() -> Interval {
    exp(Interval::ONE)
}

/// The larger supremum of the two signs.
fn larger(found: [Supremum<2>; 2]) -> Supremum<2> {
    let [plus, minus] = found;
    let (best, other) = if plus.upper >= minus.upper { (plus, minus) } else { (minus, plus) };
    let (lower, point) =
        if best.lower >= other.lower { (best.lower, best.point) } else { (other.lower, other.point) };
    Supremum { lower, upper: best.upper, point, boxes: best.boxes + other.boxes }
}

/// At least ell_1 (LEM-CHAIN-ELL1-SHARP).
pub fn gradient_lipschitz(effort: Effort) -> Supremum<2> {
    const SHARE: f64 = 0.76;
    const KEPT: Valley = Valley { floor: 0.1455, rise: 100.0, centre: 0.76, ceiling: 10.0 };
    let paid = |sign: f64| {
        move |x: &Region<2>| {
            let pair = Pair::over(x);
            // Phi'(b) (c + s b) = c Phi'(b) - s Phi''(b), so that nothing is infinite at b = inf.
            let own = pair.phi_b(1).times(number(SHARE)) + pair.phi_b(2).times(number(-sign));
            let kept = pair.phi_b(1) * KEPT.over(0, x[0]);
            let bend = pair.psi(2).times(number(-sign)) * pair.phi_t(0);
            let weight = pair.psi(0).times(number(SHARE)) + KEPT.over(1, x[1]);
            let right = pair.psi(1) * pair.psi(1) * pair.phi_t(1) * weight.reciprocal();
            own.positive_part().times(e()) + kept + bend + right
        }
    };
    larger([1.0, -1.0].map(|sign| supremum(paid(sign), &[EVERYWHERE], effort)))
}

/// At least ell_2 (LEM-CHAIN-ELL2-SHARP).
pub fn hessian_lipschitz(effort: Effort) -> Supremum<2> {
    const KEPT: Valley = Valley { floor: 0.565, rise: 320.0, centre: 0.702, ceiling: 40.0 };
    const MU: f64 = 0.6;
    let paid = |sign: f64| {
        move |x: &Region<2>| {
            let pair = Pair::over(x);
            // Phi'(b) (1/2 + s (1 - b^2)) = Phi'(b)/2 - s Phi'''(b).
            let own = pair.phi_b(1).times(number(0.5)) + pair.phi_b(3).times(number(-sign));
            let kept = pair.phi_b(1) * KEPT.over(0, x[0]);
            let bend = pair.psi(3).times(number(-sign)) * pair.phi_t(0);
            let omega = pair.psi(0).times(number(0.5)) + KEPT.over(1, x[1]);
            let rest = omega.times(Interval::ONE - number(MU)).sqrt().reciprocal();
            let first = pair.psi(2).abs().three_halves() * pair.phi_t(1) * rest;
            let share = omega.times(number(MU)).reciprocal();
            let slope = pair.psi(1);
            let second = of(1, cubic_bell(x[1])).abs() * slope * slope * slope * share * share;
            own.positive_part().times(e())
                + kept
                + bend
                + first.times(number(2.0))
                + second.times(number(4.0))
        }
    };
    larger([1.0, -1.0].map(|sign| supremum(paid(sign), &[EVERYWHERE], effort)))
}

#[cfg(test)]
mod tests {
    use super::super::chain::{gradient_lipschitz_attained, hessian_lipschitz_attained};
    use super::*;

    #[test]
    fn payments_bound_the_lipschitz_constants_nearly_by_what_is_attained() {
        let first = gradient_lipschitz(Effort { width: 1e-5, boxes: 60_000 });
        assert!(
            first.upper <= 134.0251 && first.upper <= gradient_lipschitz_attained() * 1.000_01,
            "{first:?}"
        );
        let second = hessian_lipschitz(Effort { width: 1e-3, boxes: 60_000 });
        assert!(
            second.upper <= 1892.35 && second.upper <= hessian_lipschitz_attained() * 1.0004,
            "{second:?}"
        );
    }
}
