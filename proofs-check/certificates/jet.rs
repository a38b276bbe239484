//! A function of N variables over a box: its range, and that of its slopes.
//!
//! # Contract
//!
//! A jet over a box belongs to f if `value` holds f(x) for every x in the box and, for every x and y in it,
//!
//! ```text
//! f(y) - f(x) = sum_i s_i (y_i - x_i)     for some s_i in slope_i.
//! ```
//!
//! For a differentiable f the ranges of the partial derivatives will do, by the mean value theorem on the segment; sums and
//! multiples are immediate. Sizes: along the segment |f| is absolutely continuous with the derivative +-f' where f != 0, and
//! 0 almost everywhere where f = 0, so the mean of c grad f over the segment with |c| <= 1 serves: in [`Jet::abs`] the slopes
//! of an f without a fixed sign are hulls of both signs.

use std::ops::{Add, Mul};

use super::interval::Interval;

/// The range of a function and of its slopes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet<const N: usize> {
    /// The range.
    pub value: Interval,
    /// The slopes.
    pub slope: [Interval; N],
}

impl<const N: usize> Jet<N> {
    /// The constant 0.
    pub const ZERO: Self = Self { value: Interval::ZERO, slope: [Interval::ZERO; N] };

    /// Times a number.
    pub fn times(self, factor: Interval) -> Self {
        Self { value: factor * self.value, slope: self.slope.map(|slope| factor * slope) }
    }

    /// h(f), from the ranges of h and h' over the value of f.
    pub fn then(self, value: Interval, derivative: Interval) -> Self {
        Self { value, slope: self.slope.map(|slope| derivative * slope) }
    }

    /// 1/f, f > 0.
    pub fn reciprocal(self) -> Self {
        let value = Interval::ONE / self.value;
        self.then(value, -value.square())
    }

    /// sqrt(f), f > 0.
    pub fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.then(root, Interval::point(0.5) / root)
    }

    /// f^{3/2}, f >= 0.
    pub fn three_halves(self) -> Self {
        let (size, root) = (self.value.nonnegative(), self.value.sqrt());
        self.then(size * root, Interval::point(1.5) * root)
    }

    /// max(f, 0).
    pub fn positive_part(self) -> Self {
        let value = Interval::new(self.value.lower().max(0.0), self.value.upper().max(0.0));
        self.bent(value, self.value.lower() >= 0.0, self.value.upper() <= 0.0)
    }

    /// min(f, ceiling).
    pub fn at_most(self, ceiling: f64) -> Self {
        let value = Interval::new(self.value.lower().min(ceiling), self.value.upper().min(ceiling));
        self.bent(value, self.value.upper() <= ceiling, self.value.lower() >= ceiling)
    }

    /// A function that is f or a constant: `same` throughout, `constant` throughout, or either.
    fn bent(self, value: Interval, same: bool, constant: bool) -> Self {
        let slope = match (same, constant) {
            (true, _) => self.slope,
            (false, true) => [Interval::ZERO; N],
            (false, false) => self.slope.map(|slope| slope.hull(Interval::ZERO)),
        };
        Self { value, slope }
    }

    /// |f|.
    pub fn abs(self) -> Self {
        let slope = if self.value.lower() >= 0.0 {
            self.slope
        } else if self.value.upper() <= 0.0 {
            self.slope.map(|slope| -slope)
        } else {
            self.slope.map(|slope| slope.hull(-slope))
        };
        Self { value: self.value.abs(), slope }
    }
}

impl<const N: usize> Add for Jet<N> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            slope: std::array::from_fn(|i| self.slope[i] + other.slope[i]),
        }
    }
}

impl<const N: usize> Mul for Jet<N> {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "the product rule is a sum")]
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            slope: std::array::from_fn(|i| self.value * other.slope[i] + other.value * self.slope[i]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    /// f(x) = a + b x over [-1, 1].
    fn line(a: f64, b: f64) -> Jet<1> {
        let slope = Interval::point(b);
        Jet { value: Interval::point(a) + slope * Interval::new(-1.0, 1.0), slope: [slope] }
    }

    quickcheck! {
        fn sizes_of_lines_obey_the_contract(a: i8, b: i8, x: i8, y: i8) -> bool {
            let [a, b, x, y] = [a, b, x, y].map(|k| f64::from(k) / 128.0);
            let jet = line(a, b).abs() + line(b, a).times(Interval::point(-2.0)).abs();
            let f = |x: f64| (a + b * x).abs() + (-2.0 * (b + a * x)).abs();
            let change = jet.slope[0] * (Interval::point(y) - Interval::point(x));
            jet.value.contains(f(x)) && change.contains(f(y) - f(x))
        }
    }

    quickcheck! {
        fn bent_lines_products_and_compositions_obey_the_contract(a: i8, b: i8, x: i8, y: i8) -> bool {
            let [a, b, x, y] = [a, b, x, y].map(|k| f64::from(k) / 128.0);
            let size = (line(3.0, a), |x: f64| 3.0 + a * x);
            let jet = line(a, b).positive_part() * line(b, a).at_most(0.25) * size.0.reciprocal()
                + size.0.sqrt() * line(1.0, b).positive_part().three_halves();
            let f = |x: f64| {
                let size = size.1(x);
                (a + b * x).max(0.0) * (b + a * x).min(0.25) / size + size.sqrt() * (1.0 + b * x).powf(1.5)
            };
            let rounding = Interval::new(-1e-14, 1e-14);
            let change = jet.slope[0] * (Interval::point(y) - Interval::point(x)) + rounding;
            (jet.value + rounding).contains(f(x)) && change.contains(f(y) - f(x))
        }
    }

    #[test]
    fn a_sign_that_changes_makes_slopes_of_both_signs() {
        assert_eq!(line(0.0, 1.0).abs().slope, [Interval::new(-1.0, 1.0)]);
        assert_eq!(line(-2.0, 1.0).abs().slope, [Interval::point(-1.0)]);
    }
}
