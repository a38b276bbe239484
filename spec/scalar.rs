//! The two number types everything is generic over.

use std::fmt::{Debug, Display};
use std::iter::Sum;

use approx::{AbsDiffEq, RelativeEq, UlpsEq};
use serde::{Serialize, de::DeserializeOwned};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A binary floating-point number: `f32` or `f64`, and nothing else.
///
/// Theory constants (moment orders, smoothness constants, bounds) are always `f64`; only matrices
/// and what is computed from them carry this type.
pub trait Scalar:
    faer::traits::RealField
    + Copy
    + Default
    + Debug
    + Display
    + Send
    + Sync
    + Sum
    + std::ops::Neg<Output = Self>
    + AbsDiffEq<Epsilon = Self>
    + RelativeEq
    + UlpsEq
    + Serialize
    + DeserializeOwned
    + sealed::Sealed
    + 'static
{
    /// The unit roundoff u: half the distance from 1 to the next number.
    const UNIT_ROUNDOFF: Self;
    /// The smallest positive normal number.
    const MIN_NORMAL: Self;
    /// The largest finite number.
    const LARGEST: Self;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// x^e.
    fn powf(self, e: Self) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// -1, 0 or 1; the sign of zero is 0.
    fn sign(self) -> Self;
    /// The larger of two numbers, neither of them NaN.
    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
    /// The smaller of two numbers, neither of them NaN.
    fn lesser(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
    /// The k with 2^k <= |x| < 2^{k+1}, for finite x that is not zero (subnormal numbers included).
    fn binary_exponent(self) -> i32;
    /// x 2^k, exact unless it overflows (to infinity) or becomes subnormal.
    fn times_power_of_two(self, k: i32) -> Self;
}

macro_rules! impl_scalar {
    ($t:ident, $bits:ident, $mantissa_bits:expr, $max_exponent:expr) => {
        impl Scalar for $t {
            const UNIT_ROUNDOFF: Self = $t::EPSILON / 2.0;
            const MIN_NORMAL: Self = $t::MIN_POSITIVE;
            const LARGEST: Self = $t::MAX;

            fn from_f64(x: f64) -> Self {
                x as $t
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn abs(self) -> Self {
                $t::abs(self)
            }
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            fn powf(self, e: Self) -> Self {
                $t::powf(self, e)
            }
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            fn sign(self) -> Self {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    0.0
                }
            }
            fn binary_exponent(self) -> i32 {
                let biased = |x: $t| ((x.to_bits() >> $mantissa_bits) as i32) & (2 * $max_exponent + 1);
                match biased(self) {
                    // Subnormal: lift it into the normal range first.
                    0 => {
                        let lift = $mantissa_bits + 2;
                        biased(self * $t::powi(2.0, lift)) - $max_exponent - lift
                    }
                    e => e - $max_exponent,
                }
            }
            fn times_power_of_two(self, k: i32) -> Self {
                // 2^k itself may lie outside the range although the product does not.
                let mut x = self;
                let mut left = k;
                while left > $max_exponent {
                    x *= $t::powi(2.0, $max_exponent);
                    left -= $max_exponent;
                }
                while left < -$max_exponent + 1 {
                    x *= $t::MIN_POSITIVE;
                    left += $max_exponent - 1;
                }
                // 2^left, a normal number now, from its exponent: whole matrices pass through here.
                x * $t::from_bits(((left + $max_exponent) as $bits) << $mantissa_bits)
            }
        }
    };
}

impl_scalar!(f32, u32, 23, 127);
impl_scalar!(f64, u64, 52, 1023);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_exponent_brackets_the_number() {
        for x in [1.0, 1.5, 2.0, 0.75, 1e-30, 1e300, f64::MIN_POSITIVE, f64::MAX, -3.0] {
            let k = Scalar::binary_exponent(x);
            let unit = Scalar::times_power_of_two(x, -k).abs();
            assert!((1.0..2.0).contains(&unit), "{x}: {k} {unit}");
        }
        assert_eq!(Scalar::binary_exponent(5e-324_f64), -1074);
        assert_eq!(Scalar::binary_exponent(1e-45_f32), -149);
    }

    #[test]
    fn scaling_by_a_power_of_two_survives_the_whole_range() {
        assert_eq!(Scalar::times_power_of_two(f64::MIN_POSITIVE, 2045), 2f64.powi(1023));
        assert_eq!(Scalar::times_power_of_two(2f64.powi(1023), -2045), f64::MIN_POSITIVE);
        assert_eq!(Scalar::times_power_of_two(5e-324_f64, 2097), 2f64.powi(1023));
        assert_eq!(Scalar::times_power_of_two(1.0_f32, 200), f32::INFINITY);
        for k in -1022..=1023 {
            assert_eq!(Scalar::times_power_of_two(1.0_f64, k), 2f64.powi(k));
        }
        for k in -126..=127 {
            assert_eq!(Scalar::times_power_of_two(1.0_f32, k), 2f32.powi(k));
        }
    }
}
