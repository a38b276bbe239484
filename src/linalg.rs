//! Dense products, always sequential: workers run in parallel over seeds, and a number must not depend on threads.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

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
