//! The integral of exp(-t^2/2).
//!
//! # Near 0
//!
//! y(x) = exp(x^2/2) int_0^x exp(-t^2/2) dt solves y' = 1 + x y, y(0) = 0, so that
//!
//! ```text
//! int_0^x exp(-t^2/2) dt = exp(-x^2/2) sum_k s_k,     s_0 = x,   s_{k+1} = s_k x^2/(2k + 3).
//! ```
//!
//! All terms are positive for x > 0, and from the K-th on each is at most x^2/(2K + 3) times the one before: what follows
//! s_K lies between 0 and s_K once x^2 <= K + 3/2.
//!
//! # Beyond
//!
//! With M_n = int_0^inf t^n exp(-xt - t^2/2) dt > 0, x > 0, the upper tail is
//! int_x^inf exp(-t^2/2) dt = exp(-x^2/2) M_0, and the derivative of t^n exp(-xt - t^2/2) integrates to
//!
//! ```text
//! x M_0 + M_1 = 1,     x M_n + M_{n+1} = n M_{n-1}   (n >= 1).
//! ```
//!
//! So r_n = M_n/M_{n-1} > 0 satisfies r_n = n/(x + r_{n+1}), and M_0 = 1/(x + r_1). From 0 <= r_{N+1} <= (N + 1)/x, which
//! the same relation gives, N steps back in intervals enclose M_0. Nothing is said, or needed, about convergence: the
//! width of the result shows it.

use std::sync::LazyLock;

use super::elementary::{exp, pi};
use super::interval::Interval;

/// Where the series hands over: its terms are all positive, but 1/2 minus them cancels in the tail.
const HANDOVER: f64 = 3.0;

/// Terms of the series for x <= 3: s_50 = 3^101/(3 * 5 * ... * 101) < 1e-31.
const SERIES_TERMS: u32 = 50;

/// Steps of the continued fraction: for x >= 3 they forget the start to below 1e-16.
const FRACTION_STEPS: u32 = 60;

/// sqrt(2 pi), the whole integral.
pub fn whole() -> Interval {
    static WHOLE: LazyLock<Interval> = LazyLock::new(|| (Interval::point(2.0) * pi()).sqrt());
    *WHOLE
}

/// exp(-x^2/2).
fn density(x: f64) -> Interval {
    exp(Interval::point(x).square() * Interval::point(-0.5))
}

/// int_0^x for 0 <= x <= [`HANDOVER`], x^2 <= terms + 3/2.
fn centre(x: f64, terms: u32) -> Interval {
    let square = Interval::point(x).square();
    let over = |k: u32| square / Interval::point(f64::from(2 * k + 3));
    let (mut sum, mut left) = (Interval::ONE, Interval::ONE);
    for k in (0..terms).rev() {
        sum = Interval::ONE + over(k) * sum;
        left = left * over(k);
    }
    // s_0/x to s_K/x, K = terms; what is left is at most s_K more, for SERIES_TERMS because x^2 <= 9.
    (sum + Interval::new(0.0, left.upper())) * Interval::point(x) * density(x)
}

/// int_x^inf for x > 0; 0 at infinity.
fn tail(x: f64, steps: u32) -> Interval {
    if x == f64::INFINITY {
        return Interval::ZERO;
    }
    let at = Interval::point(x);
    let start = Interval::point(f64::from(steps + 1)) / at;
    let mut ratio = Interval::new(0.0, start.upper());
    for n in (1..=steps).rev() {
        ratio = Interval::point(f64::from(n)) / (at + ratio);
    }
    density(x) / (at + ratio)
}

/// int_{-inf}^x exp(-t^2/2) dt for one number, infinite ones included.
fn integral_to(x: f64) -> Interval {
    let half = || Interval::point(0.5) * whole();
    if x <= -HANDOVER {
        tail(-x, FRACTION_STEPS)
    } else if x == f64::INFINITY {
        whole()
    } else if x >= HANDOVER {
        whole() - tail(x, FRACTION_STEPS)
    } else if x < 0.0 {
        half() - centre(-x, SERIES_TERMS)
    } else {
        half() + centre(x, SERIES_TERMS)
    }
}

/// { int_{-inf}^x exp(-t^2/2) dt }: increasing, from 0 at -inf to sqrt(2 pi) at inf.
pub fn integral(x: Interval) -> Interval {
    Interval::new(integral_to(x.lower()).lower(), integral_to(x.upper()).upper()).nonnegative()
}

#[cfg(test)]
mod tests {
    use super::super::references::{Enclosed, agrees};
    use super::*;
    use quickcheck::quickcheck;

    #[test]
    fn the_integral_agrees_with_forty_digits_everywhere() {
        // exp(-x^2/2) is conditioned by 40 x^2/2 units, until it underflows; beside it stand some 200 operations.
        agrees(
            "gaussian_integral",
            |x| 20.0 * (x * x).min(1500.0) + 400.0,
            |x| Enclosed(integral(Interval::point(x))),
        );
    }

    #[test]
    fn the_limits_are_exact() {
        let everything = integral(Interval::EVERYTHING);
        assert_eq!((everything.lower(), everything.upper()), (0.0, whole().upper()));
        assert_eq!(integral(Interval::point(f64::NEG_INFINITY)), Interval::ZERO);
        assert_eq!(integral(Interval::point(f64::INFINITY)), whole());
        // Beyond the range of exp.
        for x in [40.0, 1e10, 1e300, f64::MAX] {
            assert!(integral(Interval::point(-x)).upper() <= 1e-300);
            assert!(integral(Interval::point(x)).contains(whole().middle()));
        }
    }

    #[test]
    fn a_series_or_a_fraction_cut_anywhere_encloses_what_follows() {
        for terms in 1..7 {
            let (cut, full) = (centre(1.5, terms), centre(1.5, SERIES_TERMS));
            assert!(cut.encloses(full), "{terms}: {cut:?} {full:?}");
        }
        for x in [3.0, 7.0] {
            for steps in 0..12 {
                let (cut, full) = (tail(x, steps), tail(x, FRACTION_STEPS));
                assert!(cut.encloses(full), "{x} {steps}: {cut:?} {full:?}");
            }
        }
    }

    #[test]
    fn series_and_continued_fraction_meet() {
        let half = Interval::point(0.5) * whole();
        let (series, fraction) = (half - centre(HANDOVER, SERIES_TERMS), tail(HANDOVER, FRACTION_STEPS));
        assert!(series.intersection(fraction).is_some(), "{series:?} {fraction:?}");
        assert!(fraction.width() <= 1e-13 * fraction.upper(), "{fraction:?}");
    }

    quickcheck! {
        fn both_tails_make_the_whole(x: i32) -> bool {
            let x = Interval::point(f64::from(x) / 1e8);
            (integral(x) + integral(-x)).intersection(whole()).is_some()
        }

        fn the_integral_is_monotone_under_inclusion_to_rounding(a: i32, b: i32, s: u16, t: u16) -> bool {
            let (a, b) = (f64::from(a) / 1e8, f64::from(b) / 1e8);
            let x = Interval::new(a.min(b), a.max(b));
            let at = |s: u16| (x.lower() + f64::from(s) / 65535.0 * (x.upper() - x.lower())).clamp(x.lower(), x.upper());
            let inner = Interval::new(at(s).min(at(t)), at(s).max(at(t)));
            (integral(x) * Interval::new(1.0 - 1e-12, 1.0 + 1e-12)).encloses(integral(inner))
        }
    }
}
