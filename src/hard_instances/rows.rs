//! Gradients of many chains at once, for the fast path.
//!
//! The numbers are those of [`chain::gradient`] up to rounding (a test compares them). The difference is the form: every
//! entry costs the same two exponentials and one rational function, without a branch, in loops over arrays that a
//! compiler turns into vector instructions; [`pulp`] picks the widest ones of the processor. No operation is fused or
//! reordered, so the width does not change a bit of the result.
//!
//! [`chain::gradient`]: super::chain::gradient

use std::f64::consts::{E, LOG2_E, PI};

use super::chain::VANISHES;

/// Room for what the entries of rows need of each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// Phi'(x_j).
    slope: Vec<f64>,
    /// Phi(-|x_j|).
    tail: Vec<f64>,
    /// Psi(|x_{j-1}|), 1 at the start of a row.
    before: Vec<f64>,
    /// Psi'(|x_j|), 0 at the end of a row.
    here: Vec<f64>,
}

impl Rows {
    /// grad F_T of each row of `length` numbers, row by row.
    pub(super) fn gradients(&mut self, length: usize, points: &[f64], gradients: &mut [f64]) {
        for part in [&mut self.slope, &mut self.tail, &mut self.before, &mut self.here] {
            part.resize(points.len() + 1, 0.0);
        }
        pulp::Arch::new().dispatch(Gradients { rows: self, length, points, gradients });
    }

    /// What a coordinate contributes, whatever its neighbours are.
    #[inline(always)]
    fn each_coordinate(&mut self, points: &[f64]) {
        let n = points.len();
        let (slope, tail) = (&mut self.slope[..n], &mut self.tail[..n]);
        let (value, here) = (&mut self.before[1..=n], &mut self.here[..n]);
        for j in 0..n {
            let x = points[j].abs();
            let root = exp(0.25 * (1.0 - x) * (1.0 + x));
            slope[j] = root * root;
            tail[j] = slope[j] * mills(x);
            let u = 2.0 * x - 1.0;
            let v = 1.0 / u;
            let v2 = v * v;
            // Near 1/2 Psi underflows while v^3 is large: the exponential carries half of its exponent twice.
            let half = exp(0.5 * (1.0 - v2));
            let shows = u > 0.0 && v2 < VANISHES;
            value[j] = if shows { half * half } else { 0.0 };
            here[j] = if shows { half * (4.0 * v * v2) * half } else { 0.0 };
        }
    }

    /// -Psi(|x_{j-1}|) Phi'(x_j) - Psi'(|x_j|) Phi(sign(x_j) x_{j+1}).
    #[inline(always)]
    fn each_entry(&self, points: &[f64], gradients: &mut [f64]) {
        let whole = (2.0 * PI * E).sqrt();
        let n = points.len();
        let (slope, before, here) = (&self.slope[..n], &self.before[..n], &self.here[..n]);
        let tail = &self.tail[..n];
        let gradients = &mut gradients[..n];
        for j in 0..n {
            // Beyond the last there is nothing, and `here` is zero.
            let next = (j + 1).min(n - 1);
            let y = if points[j] < 0.0 { -points[next] } else { points[next] };
            let phi = if y < 0.0 { tail[next] } else { whole - tail[next] };
            gradients[j] = 0.0 - before[j] * slope[j] - here[j] * phi;
        }
    }
}

/// A call of [`Rows::gradients`], compiled once for each width of vectors.
struct Gradients<'a> {
    rows: &'a mut Rows,
    length: usize,
    points: &'a [f64],
    gradients: &'a mut [f64],
}

impl pulp::WithSimd for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { rows, length, points, gradients } = self;
        rows.each_coordinate(points);
        // The 1 of a row takes the place of what the last coordinate of the row before would have shown.
        for start in (0..points.len()).step_by(length) {
            rows.before[start] = 1.0;
            rows.here[start + length - 1] = 0.0;
        }
        rows.each_entry(points, gradients);
    }
}

/// e^x for -700 <= x <= 1 within 2 units in the last place, e^{-700} below: its square is then zero.
///
/// x = k ln 2 + r with |r| <= ln(2)/2, and e^r = 1 + r + r^2 q(r), q the polynomial of degree 9 through (e^r - 1 - r)/r^2 at
/// the Chebyshev nodes: relative error 2e-17.
#[inline(always)]
fn exp(x: f64) -> f64 {
    /// 1.5 * 2^52: a number added to it is rounded to an integer, which stands in the last bits of the sum.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// The first 32 bits of ln 2 after the point: k times it is exact.
    const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const Q: [f64; 10] = [
        0.500_000_000_000_000_1,
        0.166_666_666_666_666_69,
        0.041_666_666_666_624_13,
        0.008_333_333_333_330_062,
        0.001_388_888_891_721_371_7,
        0.000_198_412_698_630_536_18,
        2.480_152_129_595_437_6e-5,
        2.755_726_845_999_706_4e-6,
        2.762_008_844_540_974_7e-7,
        2.510_038_549_551_032e-8,
    ];
    let x = if x < -700.0 { -700.0 } else { x };
    let shifted = x * LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mantissa = 1.0 + (r + r * r * polynomial(&Q, r));
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    mantissa * power
}

/// Phi(-x)/Phi'(x) = e^{x^2/2} int_x^inf e^{-t^2/2} dt for 0 <= x <= 40, that at 40 beyond.
///
/// The rational function that agrees with it at 20 nodes (Chebyshev nodes of (x - 4)/(x + 4)): relative error 1.2e-16
/// with these coefficients, all of which are positive, so that nothing cancels.
#[inline(always)]
fn mills(x: f64) -> f64 {
    const P: [f64; 10] = [
        1.253_314_137_315_500_1,
        1.946_557_629_864_073_9,
        1.495_130_620_744_631,
        0.729_548_821_168_95,
        0.246_805_916_614_711_18,
        0.059_789_405_638_370_88,
        0.010_371_227_498_271_933,
        0.001_246_478_727_656_490_7,
        9.490_976_487_703_701e-5,
        3.539_374_381_695_656e-6,
    ];
    const Q: [f64; 11] = [
        1.0,
        2.351_012_840_384_421_5,
        2.568_778_486_268_008_5,
        1.722_139_535_150_615_5,
        0.786_880_883_112_307_9,
        0.256_987_314_259_022_5,
        0.061_028_805_982_576_3,
        0.010_466_137_253_814_498,
        0.001_250_018_102_199_354_5,
        9.490_976_487_536_711e-5,
        3.539_374_381_703_445_7e-6,
    ];
    let x = if x > 40.0 { 40.0 } else { x };
    polynomial(&P, x) / polynomial(&Q, x)
}

/// By Horner's rule, constant term first.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut sum = coefficients[N - 1];
    for k in (0..N - 1).rev() {
        sum = sum * x + coefficients[k];
    }
    sum
}

#[cfg(test)]
mod tests {
    use quickcheck::{Arbitrary, Gen, QuickCheck};

    use super::super::chain;
    use super::*;

    const U: f64 = f64::EPSILON / 2.0;

    #[test]
    fn the_exponential_is_within_two_units_in_the_last_place() {
        for i in 0..=700_000 {
            let x = 0.001 * f64::from(i) - 699.0;
            let (found, reference) = (exp(x), libm::exp(x));
            assert!((found - reference).abs() <= 4.0 * U * reference, "exp({x}) = {found}, not {reference}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((exp(f64::NEG_INFINITY) * exp(f64::NEG_INFINITY), exp(-700.0) * exp(-701.0)), (0.0, 0.0));
    }

    #[test]
    fn the_tail_of_the_gaussian_follows_the_complementary_error_function() {
        for i in 0..=37_000 {
            let x = 0.001 * f64::from(i);
            let tail = mills(x) * libm::exp(-0.5 * x * x);
            let reference = (PI / 2.0).sqrt() * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
            // Polynomials of positive terms lose at most twice their degree each; the exponents lose x^2/2 units both.
            let allowed = (2.0 * 19.0 + 8.0 + 2.0 * x * x) * U;
            assert!((tail / reference - 1.0).abs() <= allowed, "at {x}: {tail}, not {reference}");
        }
    }

    /// Rows of one length, with entries where the chain is delicate.
    #[derive(Debug, Clone)]
    struct Points(usize, Vec<f64>);

    impl Arbitrary for Points {
        fn arbitrary(g: &mut Gen) -> Self {
            let length = 1 + usize::arbitrary(g) % 9;
            let rows = 1 + usize::arbitrary(g) % 4;
            let mut entry = || {
                let x = f64::from(u32::arbitrary(g)) / f64::from(u32::MAX);
                let size = *g.choose(&[0.0, 0.25, 0.5, 0.5 + 1e-9, 0.52, 0.6, 1.0, 3.0, 30.0, 1e6]).unwrap();
                let sign = if bool::arbitrary(g) { 1.0 } else { -1.0 };
                if bool::arbitrary(g) { sign * size } else { sign * size * x }
            };
            let points = (0..length * rows).map(|_| entry()).collect();
            Self(length, points)
        }
    }

    /// Some 40 operations lead to an entry, the two polynomials of [`mills`] among them, on either side; an exponent z turns
    /// an error of z u of its own into as much of the result.
    fn entries_within_rounding(Points(length, points): Points) -> bool {
        let mut found = vec![f64::NAN; points.len()];
        Rows::default().gradients(length, &points, &mut found);
        points.chunks_exact(length).zip(found.chunks_exact(length)).all(|(x, found)| {
            let mut reference = vec![0.0; length];
            chain::gradient(x, &mut reference);
            let at = |j: usize| x.get(j).map_or(0.0, |x| x.abs());
            let psi = |j: usize| (2.0 * at(j) - 1.0).powi(-2).min(VANISHES);
            let phi = |j: usize| 0.5 * (at(j) * at(j)).min(1500.0);
            (0..length).all(|j| {
                let exponent = psi(j.wrapping_sub(1)) + phi(j) + psi(j) + phi(j + 1);
                let allowed = (80.0 + 4.0 * exponent) * U * reference[j].abs();
                (found[j] - reference[j]).abs() <= allowed + f64::MIN_POSITIVE
            })
        })
    }

    #[test]
    fn rows_have_the_gradients_of_their_chains() {
        let gen_points = Gen::from_size_and_seed(20, 11);
        QuickCheck::new()
            .rng(gen_points)
            .tests(20_000)
            .quickcheck(entries_within_rounding as fn(Points) -> bool);
    }

    #[test]
    fn what_is_hidden_is_exactly_zero() {
        let points = [0.6, 0.5, -0.5, 0.3, 0.6, 0.7, 0.4, 0.9];
        let mut found = [f64::NAN; 8];
        Rows::default().gradients(4, &points, &mut found);
        assert_eq!(found[2..4], [0.0, 0.0]);
        assert!(found.iter().enumerate().all(|(j, &g)| g < 0.0 || [2, 3, 7].contains(&j)), "{found:?}");
        assert_eq!(found[7], 0.0);
    }
}
