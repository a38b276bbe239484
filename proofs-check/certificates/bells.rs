//! Psi, Phi and their derivatives over intervals, all from one family: x^n exp(a(1 - x^2)), x >= 0.
//!
//! # The bell x^n exp(a(1 - x^2))
//!
//! Its logarithm has the derivative n/x - 2 a x, so it rises up to x^2 = n/(2a) and falls from there on, to 0 at infinity.
//! Over an interval its extremes are at the ends, or the peak (n/(2a))^{n/2} exp(a - n/2) if that may lie inside. This is
//! the exact range, up to rounding: nothing is lost to the product of a power and an exponential.
//!
//! # Psi
//!
//! With v = 1/(2x - 1) for x > 1/2, dv/dx = -2 v^2, and w_n = v^n exp(1 - v^2), dw_n/dx = -2 n w_{n+1} + 4 w_{n+3}:
//!
//! ```text
//! Psi = w_0,   Psi' = 4 w_3,   Psi'' = 16 w_6 - 24 w_4,   Psi''' = 64 w_9 - 288 w_7 + 192 w_5,
//! Psi'''' = 256 w_12 - 2304 w_10 + 4800 w_8 - 1920 w_6,
//! ```
//!
//! all 0 for x <= 1/2, where v = inf is the limit from above: Psi is smooth there.
//!
//! # Phi
//!
//! With z_n = x^n exp((1 - x^2)/2), dz_n/dx = n z_{n-1} - z_{n+1}:
//!
//! ```text
//! Phi = sqrt(e) int_{-inf}^x exp(-t^2/2) dt,   Phi' = z_0,   Phi'' = -z_1,   Phi''' = z_2 - z_0,   Phi'''' = 3 z_1 - z_3.
//! ```
//!
//! # Infinite arguments
//!
//! +-inf as an endpoint stands for the limit: 0, e or sqrt(2 pi e). So these are functions on the closed line.

use std::sync::LazyLock;

use super::elementary::exp;
use super::gaussian;
use super::interval::Interval;

/// Beyond this every bell falls and its powers, n <= 12, might overflow: x is replaced by this for the upper end, 0 for the lower.
const FAR: f64 = 1e16;

/// The bells x^n exp(a(1 - x^2)) over an interval of x >= 0, with the exponentials at its ends.
struct Bells {
    x: Interval,
    a: f64,
    at_lower: Interval,
    at_upper: Interval,
}

impl Bells {
    fn over(x: Interval, a: f64) -> Self {
        let exponential =
            |x: f64| exp((Interval::ONE - Interval::point(x.min(FAR)).square()) * Interval::point(a));
        Self { x, a, at_lower: exponential(x.lower()), at_upper: exponential(x.upper()) }
    }

    fn end(x: f64, exponential: Interval, n: u32) -> Interval {
        if x == f64::INFINITY {
            return Interval::ZERO;
        }
        let value = Interval::point(x.min(FAR)).power(n) * exponential;
        if x > FAR { Interval::new(0.0, value.upper()) } else { value }
    }

    /// The range of the n-th.
    fn range(&self, n: u32) -> Interval {
        let ends =
            Self::end(self.x.lower(), self.at_lower, n).hull(Self::end(self.x.upper(), self.at_upper, n));
        // n/(2a) with a = 1/2 or 1 is exact, and half of it, a - n/2, too.
        let peak_square = 0.5 * f64::from(n) / self.a;
        let rises = self.x.upper() <= FAR && Interval::point(self.x.upper()).square().upper() <= peak_square;
        let falls = self.x.lower() > FAR || Interval::point(self.x.lower()).square().lower() >= peak_square;
        if rises || falls { ends } else { ends.hull(self.peak(n)) }
    }

    /// (n/(2a))^{n/2} exp(a - n/2).
    fn peak(&self, n: u32) -> Interval {
        static PEAKS: LazyLock<[[Interval; 13]; 2]> = LazyLock::new(|| {
            [0.5, 1.0].map(|a| {
                std::array::from_fn(|n| {
                    let n = n as u32;
                    let square = Interval::point(0.5 * f64::from(n) / a);
                    square.power(n).sqrt() * exp(Interval::point(a - 0.5 * f64::from(n)))
                })
            })
        });
        PEAKS[usize::from(self.a == 1.0)][n as usize]
    }
}

/// Psi and its first four derivatives over an interval of the closed line.
pub fn psi(x: Interval) -> [Interval; 5] {
    if x.upper() <= 0.5 {
        return [Interval::ZERO; 5];
    }
    // An x <= 1/2 has v = inf: its values are 0, as there.
    let u = |x: f64| Interval::point(2.0) * (Interval::point(x.max(0.5)) - Interval::point(0.5));
    let v = |x: f64| if x == f64::INFINITY { Interval::ZERO } else { Interval::ONE / u(x) };
    let v = Interval::new(
        v(x.upper()).lower(),
        if x.lower() <= 0.5 { f64::INFINITY } else { v(x.lower()).upper() },
    );
    let bells = Bells::over(v, 1.0);
    let w = |coefficient: f64, n: u32| Interval::point(coefficient) * bells.range(n);
    [
        w(1.0, 0),
        w(4.0, 3),
        w(16.0, 6) + w(-24.0, 4),
        w(64.0, 9) + w(-288.0, 7) + w(192.0, 5),
        w(256.0, 12) + w(-2304.0, 10) + w(4800.0, 8) + w(-1920.0, 6),
    ]
}

/// sqrt(e).
fn sqrt_e() -> Interval {
    static SQRT_E: LazyLock<Interval> = LazyLock::new(|| exp(Interval::point(0.5)));
    *SQRT_E
}

/// Phi and its first four derivatives over an interval of the closed line.
pub fn phi(x: Interval) -> [Interval; 5] {
    let [z0, z1, z2, z3, _] = signed_bells(x);
    let three = Interval::point(3.0);
    [sqrt_e() * gaussian::integral(x), z0, -z1, z2 - z0, three * z1 - z3]
}

/// z_3 = x^3 Phi'(x) and its derivative 3 z_2 - z_4.
pub fn cubic_bell(x: Interval) -> [Interval; 2] {
    let [.., z2, z3, z4] = signed_bells(x);
    [z3, Interval::point(3.0) * z2 - z4]
}

/// z_0, ..., z_4 over an interval with numbers of both signs: z_n(-x) = (-1)^n z_n(x).
fn signed_bells(x: Interval) -> [Interval; 5] {
    let ranges = |x: Interval| {
        let bells = Bells::over(x, 0.5);
        [0, 1, 2, 3, 4].map(|n| bells.range(n))
    };
    let mirrored = |x: Interval| {
        let [z0, z1, z2, z3, z4] = ranges(-x);
        [z0, -z1, z2, -z3, z4]
    };
    if x.lower() >= 0.0 {
        return ranges(x);
    }
    if x.upper() <= 0.0 {
        return mirrored(x);
    }
    let (left, right) = (mirrored(Interval::new(x.lower(), 0.0)), ranges(Interval::new(0.0, x.upper())));
    std::array::from_fn(|n| left[n].hull(right[n]))
}

#[cfg(test)]
mod tests {
    use super::super::references::{Enclosed, agrees};
    use super::*;
    use quickcheck::quickcheck;

    #[test]
    fn psi_and_its_derivatives_agree_with_forty_digits() {
        // exp(1 - v^2) is conditioned by 40 v^2 units and v^2 by its roundings; the polynomial cancels to its own roots, so
        // the unit is the sum of its terms' sizes.
        let units = |x: f64| 80.0 * (2.0 * x - 1.0).powi(-2).min(800.0) + 400.0;
        for (order, name) in ["psi_0", "psi_1", "psi_2", "psi_3", "psi_4"].into_iter().enumerate() {
            agrees(name, units, |x| Enclosed(psi(Interval::point(x))[order]));
        }
    }

    #[test]
    fn phi_and_its_derivatives_agree_with_forty_digits() {
        for (order, name) in ["phi_0", "phi_1", "phi_2", "phi_3", "phi_4"].into_iter().enumerate() {
            agrees(
                name,
                |x| 20.0 * (x * x).min(1500.0) + 400.0,
                |x| Enclosed(phi(Interval::point(x))[order]),
            );
        }
    }

    #[test]
    fn psi_is_zero_up_to_one_half_and_enclosed_just_beyond() {
        for x in [f64::NEG_INFINITY, -1.0, 0.0, 0.5] {
            assert_eq!(psi(Interval::point(x)), [Interval::ZERO; 5]);
        }
        for x in [0.5f64.next_up(), 0.5 + 1e-12, 0.51] {
            for (order, y) in psi(Interval::point(x)).into_iter().enumerate() {
                assert!(y.contains(0.0) && y.magnitude() <= 1e-100, "{order} at {x}: {y:?}");
            }
            for (order, y) in psi(Interval::new(0.25, x)).into_iter().enumerate() {
                assert!(y.contains(0.0) && y.magnitude() <= 1e-100, "{order} up to {x}: {y:?}");
            }
        }
    }

    #[test]
    fn infinite_arguments_are_limits() {
        let at_infinity = psi(Interval::point(f64::INFINITY));
        assert!(at_infinity[0].encloses(exp(Interval::ONE)) && at_infinity[0].width() < 1e-13);
        assert_eq!(at_infinity[1..], [Interval::ZERO; 4]);
        for x in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(phi(Interval::point(x))[1..], [Interval::ZERO; 4]);
        }
        for x in [Interval::new(1e10, f64::INFINITY), Interval::new(1e17, 1e18), Interval::new(FAR, FAR)] {
            let (psi, phi) = (psi(x), phi(x));
            assert!(
                psi[0].upper() <= at_infinity[0].upper() && psi[1..].iter().all(|y| y.magnitude() < 1e-25)
            );
            assert!(phi[0].width() < 1e-13 && phi[1..].iter().all(|y| y.magnitude() < 1e-200), "{phi:?}");
        }
    }

    #[test]
    fn peaks_inside_an_interval_are_reached() {
        // Phi'' = -z_1 peaks at x = 1 with the value 1; Psi' = 4 w_3 at v^2 = 3/2.
        let [_, _, second, ..] = phi(Interval::new(0.5, 2.0));
        assert!(second.lower() <= -1.0 && second.lower() > -1.0 - 1e-14);
        let [_, slope, ..] = psi(Interval::new(0.75, 3.0));
        let peak = 4.0 * 1.5f64.powf(1.5) * (-0.5f64).exp();
        assert!(slope.upper() >= peak * (1.0 - 1e-14) && slope.upper() <= peak * (1.0 + 1e-14));
    }

    fn interval(a: i32, b: i32) -> Interval {
        let (a, b) = (f64::from(a) / 4e8, f64::from(b) / 4e8);
        Interval::new(a.min(b), a.max(b))
    }

    /// z_3 and its derivative, which stand for two orders of a family.
    fn cubic(x: Interval) -> [Interval; 5] {
        let [value, slope] = cubic_bell(x);
        [value, slope, Interval::EVERYTHING, Interval::EVERYTHING, Interval::EVERYTHING]
    }

    fn within(x: Interval, s: u16) -> f64 {
        (x.lower() + f64::from(s) / 65535.0 * (x.upper() - x.lower())).clamp(x.lower(), x.upper())
    }

    quickcheck! {
        fn values_lie_in_the_range_of_any_interval_around(a: i32, b: i32, s: u16, t: u16) -> bool {
            let x = interval(a, b);
            let inner = Interval::new(within(x, s.min(t)), within(x, s.max(t)));
            let all = |f: fn(Interval) -> [Interval; 5]| {
                let rounding = Interval::new(-1e-10, 1e-10);
                f(x).into_iter().zip(f(inner)).all(|(outer, inner)| (outer + rounding).encloses(inner))
            };
            all(psi) && all(phi)
        }

        // f(b) - f(a) = f'(c)(b - a): each derivative belongs to the function before it.
        fn the_mean_value_theorem_holds_for_each_order(a: i32, b: i32) -> bool {
            let x = interval(a, b);
            let (x_low, x_high) = (Interval::point(x.lower()), Interval::point(x.upper()));
            [psi, phi, cubic].into_iter().all(|f| {
                let (over, at_low, at_high) = (f(x), f(x_low), f(x_high));
                let risen = |low: Interval, high: Interval, slope: Interval| {
                    (high - low).intersection(slope * (x_high - x_low)).is_some()
                };
                (0..4).all(|n| risen(at_low[n], at_high[n], over[n + 1]))
            })
        }
    }
}
