//! exp, ln 2 and pi, from series whose remainders are part of the interval.
//!
//! # exp
//!
//! exp(x) = 2^k exp(r), r = x - k ln 2, for ANY integer k; the k used makes |r| < 1/2. Then
//!
//! ```text
//! exp(r) = sum_{n <= N} r^n/n! + R,      |R| <= sum_{n > N} |r|^n/n! <= 2 |r|^{N+1}/(N+1)!     (|r| <= 1, N >= 1),
//! ```
//!
//! because each term is at most half of the one before. The sum is evaluated by Horner's rule in intervals. The factor
//! 2^k is applied as two powers of two that are normal doubles, each product rounded out, which covers underflow. Outside
//! [-1100, 1100] e > 2 suffices: exp(x) < 2^{-1100} is below the smallest number, or above the largest.
//!
//! # ln 2 and pi
//!
//! ```text
//! ln 2 = 2 artanh(1/3) = 2 sum_k 3^{-(2k+1)}/(2k+1);      pi = 16 arctan(1/5) - 4 arctan(1/239)     (Machin).
//! ```
//!
//! What is left of either series after K terms is at most sum_{k >= K} y^{2k+1}/(2k+1) <= y^{2K+1}/(1 - y^2) in size.

use std::sync::LazyLock;

use super::interval::Interval;

/// Terms of the series of exp: |r| <= 1/2 leaves 2^{-18} 2/18! < 2e-21.
const EXP_DEGREE: u32 = 17;

/// Terms of artanh(1/3) and arctan(1/5): 3^{-49} < 5e-24 is left.
const ARC_TERMS: u32 = 24;

/// sum_k sign^k y^{2k+1}/(2k+1) for y = 1/inverse <= 1/3: artanh(y) for sign = 1, arctan(y) for sign = -1.
///
/// By Horner's rule, so that the small terms are rounded on their own scale.
fn arc_series(inverse: f64, sign: f64, terms: u32) -> Interval {
    let y = Interval::ONE / Interval::point(inverse);
    let step = y.square() * Interval::point(sign);
    let mut sum = Interval::ZERO;
    for k in (0..terms).rev() {
        sum = Interval::ONE / Interval::point(f64::from(2 * k + 1)) + step * sum;
    }
    // 1/(1 - y^2) <= 9/8 < 2 where y <= 1/3.
    let left = 2.0 * y.power(2 * terms + 1).upper();
    y * sum + Interval::new(-left, left)
}

/// ln 2.
pub fn ln_2() -> Interval {
    static LN_2: LazyLock<Interval> =
        LazyLock::new(|| Interval::point(2.0) * arc_series(3.0, 1.0, ARC_TERMS));
    *LN_2
}

/// pi.
pub fn pi() -> Interval {
    static PI: LazyLock<Interval> = LazyLock::new(|| {
        Interval::point(16.0) * arc_series(5.0, -1.0, ARC_TERMS)
            - Interval::point(4.0) * arc_series(239.0, -1.0, ARC_TERMS)
    });
    *PI
}

/// exp(r) by its series up to r^degree, |r| <= 1.
fn exp_series(r: Interval, degree: u32) -> Interval {
    let size = Interval::point(r.magnitude());
    let (mut sum, mut left) = (Interval::ONE, size / Interval::point(f64::from(degree + 1)));
    for n in (1..=degree).rev() {
        let over_n = Interval::point(f64::from(n));
        sum = Interval::ONE + sum * r / over_n;
        left = left * size / over_n;
    }
    let left = 2.0 * left.upper();
    sum + Interval::new(-left, left)
}

/// 2^k as a double, -1022 <= k <= 1023: exact.
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) as u64) << 52)
}

/// exp(x) for one double.
fn exp_point(x: f64) -> Interval {
    if x == f64::NEG_INFINITY {
        return Interval::ZERO;
    }
    if x < -1100.0 {
        return Interval::new(0.0, f64::from_bits(1));
    }
    if x > 1100.0 {
        return Interval::new(f64::MAX, f64::INFINITY);
    }
    // |k| <= 1588: half of it is the exponent of a normal double. Any k would do, this one makes |r| < 1/2.
    let k = (x * std::f64::consts::LOG2_E).round();
    let r = Interval::point(x) - Interval::point(k) * ln_2();
    let k = k as i64;
    let scaled = exp_series(r, EXP_DEGREE)
        * Interval::point(power_of_two(k / 2))
        * Interval::point(power_of_two(k - k / 2));
    scaled.nonnegative()
}

/// { exp(x) }: exp increases. At -inf the limit 0.
pub fn exp(x: Interval) -> Interval {
    Interval::new(exp_point(x.lower()).lower(), exp_point(x.upper()).upper())
}

#[cfg(test)]
mod tests {
    use super::super::references::{Enclosed, agrees};
    use super::*;
    use quickcheck::quickcheck;

    #[test]
    fn constants_agree_with_forty_digits_and_are_a_few_units_wide() {
        agrees("ln_2", |_| 40.0, |_| Enclosed(ln_2()));
        agrees("pi", |_| 40.0, |_| Enclosed(pi()));
    }

    #[test]
    fn exp_agrees_with_forty_digits_everywhere() {
        // exp is conditioned by the absolute error of its argument, ln 2 is some 40 units wide, and some 30 operations on
        // numbers near 1 follow.
        agrees("exp", |x| 40.0 * x.abs() + 100.0, |x| Enclosed(exp(Interval::point(x))));
    }

    #[test]
    fn a_series_cut_anywhere_encloses_what_follows() {
        // At the full length the remainder is below rounding and could not be missed.
        for r in [1.0, -1.0, 0.5, -0.3] {
            let full = exp_series(Interval::point(r), EXP_DEGREE);
            for degree in 1..10 {
                let cut = exp_series(Interval::point(r), degree);
                assert!(cut.encloses(full), "{r} {degree}: {cut:?} {full:?}");
            }
        }
        for (inverse, sign) in [(3.0, 1.0), (5.0, -1.0)] {
            let full = arc_series(inverse, sign, ARC_TERMS);
            for terms in 1..9 {
                let cut = arc_series(inverse, sign, terms);
                assert!(cut.encloses(full), "{inverse} {terms}: {cut:?} {full:?}");
            }
        }
    }

    #[test]
    fn exp_near_zero_is_a_few_units_wide() {
        for x in [0.0, 1e-300, -1e-9, 0.3, -0.7, 1.0] {
            let y = exp(Interval::point(x));
            assert!(y.width() <= 64.0 * f64::EPSILON * y.upper(), "{x}: {y:?}");
        }
        assert!(exp(Interval::ZERO).contains(1.0));
    }

    #[test]
    fn exp_reaches_zero_and_infinity() {
        assert_eq!(exp(Interval::point(f64::NEG_INFINITY)), Interval::ZERO);
        assert_eq!(exp(Interval::EVERYTHING), Interval::new(0.0, f64::INFINITY));
        assert_eq!(exp(Interval::point(-1e300)), Interval::new(0.0, 5e-324));
        assert_eq!(exp(Interval::point(710.0)).upper(), f64::INFINITY);
        // Subnormal results, and one below the smallest number.
        for x in [-709.0, -744.0, -745.2, -750.0, -1100.0] {
            let y = exp(Interval::point(x));
            assert!(y.lower() >= 0.0 && y.upper() > 0.0 && y.width() <= 1e-300, "{x}: {y:?}");
        }
    }

    quickcheck! {
        // To rounding: what is added at one end need not be monotone in the last digits.
        fn exp_is_monotone_under_inclusion(a: i32, b: i32, s: u16, t: u16) -> bool {
            let (a, b) = (f64::from(a) / 2e6, f64::from(b) / 2e6);
            let x = Interval::new(a.min(b), a.max(b));
            let at = |s: u16| (x.lower() + f64::from(s) / 65535.0 * (x.upper() - x.lower())).clamp(x.lower(), x.upper());
            let inner = Interval::new(at(s).min(at(t)), at(s).max(at(t)));
            let rounding = Interval::new(1.0 - 1e-12, 1.0 + 1e-12);
            (exp(x) * rounding).encloses(exp(inner))
        }

        fn exp_of_a_sum_meets_the_product(a: i32, b: i32) -> bool {
            let (a, b) = (f64::from(a) / 1e7, f64::from(b) / 1e7);
            let (a, b) = (Interval::point(a), Interval::point(b));
            exp(a + b).intersection(exp(a) * exp(b)).is_some()
        }
    }
}
