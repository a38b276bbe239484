//! `quickcheck::Arbitrary` for matrices and samples of laws.

use quickcheck::{Arbitrary, Gen};

use crate::laws::NormSample;
use crate::{Dimensions, Matrix, MomentOrder, Scalar};

/// A number in [0, 1).
fn unit(g: &mut Gen) -> f64 {
    (u64::arbitrary(g) >> 11) as f64 * 2f64.powi(-53)
}

/// A whole number in `from..=to`.
fn whole(g: &mut Gen, from: usize, to: usize) -> usize {
    from + (u64::arbitrary(g) % (to - from + 1) as u64) as usize
}

/// An entry: usually generic, often one of the awkward values (zeros, equal magnitudes).
fn entry(g: &mut Gen) -> f64 {
    match whole(g, 0, 9) {
        0 | 1 => 0.0,
        2 => 1.0,
        3 => -1.0,
        _ => 4.0 * unit(g) - 2.0,
    }
}

/// A matrix of the given shape: generic, low-rank, sparse or graded.
pub fn matrix<T: Scalar>(g: &mut Gen, dimensions: Dimensions) -> Matrix<T> {
    let (m, n) = (dimensions.rows(), dimensions.columns());
    let kind = whole(g, 0, 5);
    let (u, v): (Vec<f64>, Vec<f64>) =
        ((0..m).map(|_| entry(g)).collect(), (0..n).map(|_| entry(g)).collect());
    let rank_one = Matrix::from_fn(m, n, |i, j| u[i] * v[j]);
    let generic = Matrix::from_fn(m, n, |_, _| entry(g));
    let matrix: Matrix<f64> = match kind {
        0 => rank_one,
        1 => &rank_one + &(&generic * 1e-3),
        // Rows of very different size.
        2 => Matrix::from_fn(m, n, |i, j| generic[(i, j)] * 10f64.powi(-2 * i.min(8) as i32)),
        _ => generic,
    };
    // Rounding a product to f32 perturbs the rank, as data in f32 would have it perturbed.
    matrix.cast()
}

/// Shapes from 1 x 1 to 9 x 9, with vectors more often than chance has it.
impl Arbitrary for Dimensions {
    fn arbitrary(g: &mut Gen) -> Self {
        let (m, n) = (whole(g, 1, 9), whole(g, 1, 9));
        let (m, n) = match whole(g, 0, 7) {
            0 => (1, n),
            1 => (m, 1),
            _ => (m, n),
        };
        Self::new(m, n).expect("both sides are at least 1")
    }
}

/// Orders over (1, 2], with 2 and the neighbourhood of 1 among them.
impl Arbitrary for MomentOrder {
    fn arbitrary(g: &mut Gen) -> Self {
        let p = match whole(g, 0, 5) {
            0 => 2.0,
            1 => 1.01,
            _ => 2.0 - 0.98 * unit(g),
        };
        Self::new(p).expect("inside (1, 2]")
    }
}

impl<T: Scalar> Arbitrary for Matrix<T> {
    fn arbitrary(g: &mut Gen) -> Self {
        let dimensions = Dimensions::arbitrary(g);
        matrix(g, dimensions)
    }
}

impl<T: Scalar> NormSample<T> {
    /// Two matrices of the given shape, a third of the time scaled together far up or down.
    pub fn arbitrary_in(g: &mut Gen, dimensions: Dimensions) -> Self {
        // 2^100 is about 1e30; f32 ends near 1e38, and graded rows go down to 1e-16 of the scale: 2^40 is safe.
        let far = if T::LARGEST.to_f64() > 1e300 { 100 } else { 40 };
        let scale = [0, 0, 0, 0, far, -far][whole(g, 0, 5)];
        Self {
            s: matrix::<T>(g, dimensions).times_power_of_two(scale),
            x: matrix::<T>(g, dimensions).times_power_of_two(scale),
            exponent: [-20, -1, 1, 7, 20][whole(g, 0, 4)],
        }
    }
}

impl<T: Scalar> Arbitrary for NormSample<T> {
    fn arbitrary(g: &mut Gen) -> Self {
        let dimensions = Dimensions::arbitrary(g);
        Self::arbitrary_in(g, dimensions)
    }
}
