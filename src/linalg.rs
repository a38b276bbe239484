//! Dense products and random bases, always sequential: workers run in parallel over seeds, and a number must not depend
//! on threads.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::seed::Rng;
use crate::spec::{Matrix, Scalar};

/// A B.
///
/// # Panics
/// If the inner dimensions differ.
pub fn product<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Matrix<T> {
    let mut c = Mat::zeros(a.nrows(), b.ncols());
    matmul(c.as_mut(), Accum::Replace, a, b, T::one_impl(), Par::Seq);
    c.into()
}

/// `columns` orthonormal columns, uniformly distributed (Haar): Gaussian columns, orthonormalised in their order.
///
/// This is the QR factorisation with a positive diagonal of R, the one whose Q has the uniform law.
pub(crate) fn random_orthonormal(rows: usize, columns: usize, rng: &mut Rng) -> Mat<f64> {
    let mut q = Mat::<f64>::zeros(rows, columns);
    for j in 0..columns {
        let mut column: Vec<f64> = (0..rows).map(|_| rng.sample(StandardNormal)).collect();
        // Twice is enough: the second pass removes what cancellation left in the first.
        for _ in 0..2 {
            for k in 0..j {
                let along: f64 = (0..rows).map(|i| q[(i, k)] * column[i]).sum();
                (0..rows).for_each(|i| column[i] -= along * q[(i, k)]);
            }
        }
        let length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        (0..rows).for_each(|i| q[(i, j)] = column[i] / length);
    }
    q
}
