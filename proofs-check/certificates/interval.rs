//! Intervals of real numbers whose endpoints are doubles.
//!
//! # Why they enclose
//!
//! IEEE 754 rounds the exact result z of +, -, *, / and sqrt to a nearest double fl(z). No double lies strictly between
//! z and fl(z), so z lies between the neighbours of fl(z): `fl(z).next_down() <= z <= fl(z).next_up()`. This covers
//! underflow (fl(z) = 0: its neighbours are the smallest numbers) and overflow (fl(z) = inf: z > MAX, which is its lower
//! neighbour). An operation on intervals X, Y takes its extremes over X x Y at endpoints, because it is monotone in each
//! argument on each side of zero; the hull of the rounded-out results at the endpoints holds every x op y.
//!
//! Two results are exact and stay so: a sum that rounds to 0 is 0 (sums of doubles are multiples of the smallest
//! number), and a product with the factor 0 is 0. Another product keeps its sign where it underflows. An infinite endpoint says that the set is unbounded: the products with
//! a factor 0 are 0 then too.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A closed interval, with endpoints that may be infinite.
///
/// # Contract
/// lower <= upper, and neither is NaN. Operations are monotone under inclusion: a larger operand has a larger result.
#[derive(Clone, Copy, PartialEq)]
pub struct Interval {
    lower: f64,
    upper: f64,
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:e}, {:e}]", self.lower, self.upper)
    }
}

/// Rounds out what is correctly rounded from finite operands.
fn outward(nearest: f64) -> Interval {
    if nearest.is_nan() {
        return Interval::EVERYTHING;
    }
    Interval { lower: nearest.next_down(), upper: nearest.next_up() }
}

fn sum(a: f64, b: f64) -> Interval {
    let nearest = a + b;
    if nearest == 0.0 { Interval::ZERO } else { outward(nearest) }
}

/// Rounds out a product or quotient of numbers other than 0, whose sign is that of `nearest` (or of the zero it became).
fn outward_on_its_side(nearest: f64) -> Interval {
    let Interval { lower, upper } = outward(nearest);
    match (nearest.is_nan(), nearest.is_sign_negative()) {
        (true, _) => Interval::EVERYTHING,
        (false, false) => Interval { lower: lower.max(0.0), upper },
        (false, true) => Interval { lower, upper: upper.min(0.0) },
    }
}

fn product(a: f64, b: f64) -> Interval {
    if a == 0.0 || b == 0.0 { Interval::ZERO } else { outward_on_its_side(a * b) }
}

/// a/b for b >= +0. An infinite b is unbounded: a/b comes as near to 0 as one likes, and where a is unbounded as well it
/// has any size.
fn quotient(a: f64, b: f64) -> Interval {
    if a == 0.0 {
        Interval::ZERO
    } else if b.is_infinite() {
        if a.is_finite() { Interval::ZERO } else { Interval::ZERO.hull(Interval { lower: a, upper: a }) }
    } else {
        outward_on_its_side(a / b)
    }
}

impl Interval {
    /// {0}.
    pub const ZERO: Self = Self { lower: 0.0, upper: 0.0 };
    /// {1}.
    pub const ONE: Self = Self { lower: 1.0, upper: 1.0 };
    /// All real numbers.
    pub const EVERYTHING: Self = Self { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// [lower, upper].
    ///
    /// # Panics
    /// If lower > upper or one is NaN.
    pub const fn new(lower: f64, upper: f64) -> Self {
        assert!(lower <= upper, "an interval runs from its lower to its upper end");
        Self { lower, upper }
    }

    /// {x}.
    ///
    /// # Panics
    /// If x is NaN.
    pub const fn point(x: f64) -> Self {
        Self::new(x, x)
    }

    /// The lower endpoint.
    pub const fn lower(self) -> f64 {
        self.lower
    }

    /// The upper endpoint.
    pub const fn upper(self) -> f64 {
        self.upper
    }

    /// upper - lower, rounded up.
    pub fn width(self) -> f64 {
        if self.lower == self.upper { 0.0 } else { (self.upper - self.lower).next_up() }
    }

    /// Whether both endpoints are finite.
    pub fn is_bounded(self) -> bool {
        self.lower.is_finite() && self.upper.is_finite()
    }

    /// A double in it, near the middle of a bounded one.
    pub fn middle(self) -> f64 {
        match (self.lower.is_finite(), self.upper.is_finite()) {
            (true, true) => (0.5 * self.lower + 0.5 * self.upper).clamp(self.lower, self.upper),
            (true, false) => (2.0 * self.lower).clamp(self.lower.max(1.0), f64::MAX),
            (false, true) => (2.0 * self.upper).clamp(f64::MIN, self.upper.min(-1.0)),
            (false, false) => 0.0,
        }
    }

    /// Whether x lies in it.
    pub fn contains(self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// Whether every number of the other lies in it.
    pub fn encloses(self, other: Self) -> bool {
        self.lower <= other.lower && other.upper <= self.upper
    }

    /// The smallest interval that encloses both.
    pub fn hull(self, other: Self) -> Self {
        Self { lower: self.lower.min(other.lower), upper: self.upper.max(other.upper) }
    }

    /// The numbers in both, if there are any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (lower, upper) = (self.lower.max(other.lower), self.upper.min(other.upper));
        (lower <= upper).then_some(Self { lower, upper })
    }

    /// { |x| }.
    pub fn abs(self) -> Self {
        if self.lower >= 0.0 {
            self
        } else if self.upper <= 0.0 {
            -self
        } else {
            Self { lower: 0.0, upper: (-self.lower).max(self.upper) }
        }
    }

    /// max |x|.
    pub fn magnitude(self) -> f64 {
        self.abs().upper
    }

    /// { x^2 }: not below 0, unlike x * x of an interval around 0.
    pub fn square(self) -> Self {
        let size = self.abs();
        (size * size).nonnegative()
    }

    /// { x^n }, by squaring.
    pub fn power(self, n: u32) -> Self {
        match n {
            0 => Self::ONE,
            1 => self,
            n if n % 2 == 0 => self.power(n / 2).square(),
            n => self.power(n - 1) * self,
        }
    }

    /// { sqrt(x) : x >= 0 } of an interval that is known to come from numbers >= 0.
    ///
    /// # Panics
    /// If all of it lies below 0.
    pub fn sqrt(self) -> Self {
        let root = |x: f64| if x == 0.0 { Self::ZERO } else { outward(x.sqrt()) };
        assert!(self.upper >= 0.0, "no real square root");
        Self { lower: root(self.lower.max(0.0)).lower, upper: root(self.upper).upper }.nonnegative()
    }

    /// Without the negative numbers, which are known not to occur.
    ///
    /// # Panics
    /// If all of it lies below 0.
    pub fn nonnegative(self) -> Self {
        Self::new(self.lower.max(0.0), self.upper)
    }
}

impl Neg for Interval {
    type Output = Self;

    fn neg(self) -> Self {
        Self { lower: -self.upper, upper: -self.lower }
    }
}

impl Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { lower: sum(self.lower, other.lower).lower, upper: sum(self.upper, other.upper).upper }
    }
}

impl Sub for Interval {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Interval {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let low = product(self.lower, other.lower).hull(product(self.lower, other.upper));
        low.hull(product(self.upper, other.lower)).hull(product(self.upper, other.upper))
    }
}

impl Div for Interval {
    type Output = Self;

    /// All real numbers, unless the divisor is on one side of 0; an endpoint 0 of it is a limit.
    fn div(self, other: Self) -> Self {
        if other.lower < 0.0 && other.upper > 0.0 || other == Self::ZERO {
            return Self::EVERYTHING;
        }
        if other.upper <= 0.0 {
            return -self / -other;
        }
        // 1/0 as the limit from above, also where the endpoint is -0.
        let other = Self { lower: other.lower.abs(), upper: other.upper };
        let low = quotient(self.lower, other.lower).hull(quotient(self.lower, other.upper));
        low.hull(quotient(self.upper, other.lower)).hull(quotient(self.upper, other.upper))
    }
}

impl From<f64> for Interval {
    fn from(x: f64) -> Self {
        Self::point(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    /// A finite double from any bit pattern: every exponent, subnormal ones too.
    fn double(bits: u64) -> f64 {
        let x = f64::from_bits(bits);
        if x.is_finite() { x } else { 1.5 }
    }

    /// A double whose sums, products and quotients with its like neither overflow nor lose their errors to underflow.
    fn moderate(bits: u64) -> f64 {
        let exponent = (bits >> 52) % 200 + 1023 - 100;
        f64::from_bits(bits & (1 << 63) | exponent << 52 | bits & ((1 << 52) - 1))
    }

    /// Whether the exact value nearest + error lies in an interval whose ends are the neighbours of `nearest`.
    fn holds(interval: Interval, nearest: f64, error: f64) -> bool {
        let below = if error < 0.0 { interval.lower < nearest } else { interval.lower <= nearest };
        let above = if error > 0.0 { interval.upper > nearest } else { interval.upper >= nearest };
        below && above
    }

    quickcheck! {
        // The error of a sum is exact by Knuth's TwoSum, those of products, quotients and roots by one fused operation.
        fn an_exact_sum_lies_in_the_interval(a: u64, b: u64) -> bool {
            let (a, b) = (moderate(a), moderate(b));
            let s = a + b;
            let a_part = s - b;
            let error = (a - a_part) + (b - (s - a_part));
            holds(Interval::point(a) + Interval::point(b), s, error)
                && holds(Interval::point(a) - Interval::point(-b), s, error)
        }

        fn an_exact_product_lies_in_the_interval(a: u64, b: u64) -> bool {
            let (a, b) = (moderate(a), moderate(b));
            holds(Interval::point(a) * Interval::point(b), a * b, a.mul_add(b, -(a * b)))
        }

        fn an_exact_quotient_lies_in_the_interval(a: u64, b: u64) -> bool {
            let (a, b) = (moderate(a), moderate(b));
            let q = a / b;
            let remainder = (-q).mul_add(b, a);
            holds(Interval::point(a) / Interval::point(b), q, remainder * b.signum())
        }

        fn an_exact_root_lies_in_the_interval(a: u64) -> bool {
            let a = moderate(a).abs();
            let root = a.sqrt();
            holds(Interval::point(a).sqrt(), root, (-root).mul_add(root, a))
        }

        fn operations_are_monotone_under_inclusion(ends: (u64, u64, u64, u64), inner: (u16, u16, u16, u16)) -> bool {
            let interval = |a, b| { let (a, b) = (double(a), double(b)); Interval::new(a.min(b), a.max(b)) };
            let within = |x: Interval, s: u16, t: u16| {
                let at = |s: u16| {
                    let s = f64::from(s) / 65535.0;
                    ((1.0 - s) * x.lower + s * x.upper).clamp(x.lower, x.upper)
                };
                Interval::new(at(s).min(at(t)), at(s).max(at(t)))
            };
            let (x, y) = (interval(ends.0, ends.1), interval(ends.2, ends.3));
            let (p, q) = (within(x, inner.0, inner.1), within(y, inner.2, inner.3));
            let roots = p.upper < 0.0 || x.sqrt().encloses(p.sqrt());
            (x + y).encloses(p + q) && (x - y).encloses(p - q) && (x * y).encloses(p * q)
                && (q == Interval::ZERO || (x / y).encloses(p / q)) && x.square().encloses(p.square())
                && (0..6).all(|n| x.power(n).encloses(p.power(n))) && x.abs().encloses(p.abs()) && roots
        }

        fn results_at_points_lie_in_results_of_intervals(ends: (u64, u64, u64, u64), s: u16, t: u16) -> bool {
            let interval = |a, b| { let (a, b) = (moderate(a), moderate(b)); Interval::new(a.min(b), a.max(b)) };
            let at = |x: Interval, s: u16| {
                let s = f64::from(s) / 65535.0;
                ((1.0 - s) * x.lower + s * x.upper).clamp(x.lower, x.upper)
            };
            let (x, y) = (interval(ends.0, ends.1), interval(ends.2, ends.3));
            let (p, q) = (at(x, s), at(y, t));
            (x + y).contains(p + q) && (x - y).contains(p - q) && (x * y).contains(p * q) && (x / y).contains(p / q)
                && x.square().contains(p * p) && x.power(3).contains(p * p * p)
        }
    }

    #[test]
    fn underflow_and_overflow_are_enclosed() {
        let tiny = Interval::point(f64::from_bits(1));
        assert_eq!(tiny * tiny, Interval::new(0.0, 5e-324));
        assert_eq!(tiny * -tiny, Interval::new(-5e-324, 0.0));
        assert_eq!(tiny.square(), Interval::new(0.0, 5e-324));
        assert!((tiny / Interval::point(2.0)).upper >= 5e-324);
        let huge = Interval::point(f64::MAX);
        assert_eq!(huge + huge, Interval::new(f64::MAX, f64::INFINITY));
        assert_eq!(huge * huge, Interval::new(f64::MAX, f64::INFINITY));
        assert_eq!(-huge - huge, Interval::new(f64::NEG_INFINITY, f64::MIN));
    }

    #[test]
    fn unbounded_intervals_and_zero_divisors_are_enclosed() {
        let (above, zero) = (Interval::new(2.0, f64::INFINITY), Interval::ZERO);
        assert_eq!(above * zero, zero);
        assert_eq!((above - above), Interval::EVERYTHING);
        assert_eq!((above * Interval::new(-1.0, 0.0)), Interval::new(f64::NEG_INFINITY, 0.0));
        let inverse = Interval::ONE / above;
        assert!(inverse.lower == 0.0 && inverse.upper >= 0.5 && inverse.upper <= 0.5 + 1e-15);
        assert_eq!(Interval::ONE / Interval::new(-1.0, 1.0), Interval::EVERYTHING);
        assert_eq!(Interval::ONE / zero, Interval::EVERYTHING);
        let large = Interval::ONE / Interval::new(-0.0, 0.5);
        assert!(large.upper == f64::INFINITY && large.lower <= 2.0 && large.lower >= 2.0 - 1e-15);
        assert_eq!(above / above, Interval::new(0.0, f64::INFINITY));
    }

    #[test]
    fn exact_zeros_stay_exact_and_squares_are_not_negative() {
        let half = Interval::point(0.5);
        assert_eq!(half - half, Interval::ZERO);
        assert_eq!(half * Interval::ZERO, Interval::ZERO);
        assert_eq!(Interval::new(-1.0, 2.0).square().lower, 0.0);
        assert_eq!(Interval::new(-2.0, 1.0).abs(), Interval::new(0.0, 2.0));
        assert!(Interval::new(-2.0, 1.0).power(3).encloses(Interval::new(-8.0, 1.0)));
    }

    #[test]
    fn middles_lie_inside_and_divide_unbounded_intervals() {
        for x in
            [(1.0, 2.0), (f64::MIN, f64::MAX), (5e-324, 1e-323), (0.0, f64::INFINITY), (9.0, f64::INFINITY)]
        {
            for x in [Interval::new(x.0, x.1), -Interval::new(x.0, x.1)] {
                let m = x.middle();
                assert!(x.contains(m) && m.is_finite() && (m != x.lower || m != x.upper), "{x:?}: {m}");
            }
        }
        assert_eq!(Interval::EVERYTHING.middle(), 0.0);
    }

    #[test]
    fn an_interval_of_nan_or_in_the_wrong_order_is_refused() {
        for (a, b) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::NAN)] {
            assert!(std::panic::catch_unwind(|| Interval::new(a, b)).is_err());
        }
    }
}
