//! Eigenvalues, and matrices with given ones, sequentially.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, MatRef, Par};

use crate::linalg::random_orthonormal;
use crate::seed::Rng;

/// The eigenvalues of a symmetric matrix, largest first; `None` if the iteration did not converge.
pub(super) fn eigenvalues(symmetric: MatRef<'_, f64>) -> Option<Vec<f64>> {
    let d = symmetric.nrows();
    let mut values = faer::Col::<f64>::zeros(d);
    let scratch = self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::No, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        symmetric,
        values.as_mut().as_diagonal_mut(),
        None,
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .ok()?;
    let mut values: Vec<f64> = values.iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Some(values)
}

/// Q diag(spectrum) Q^T with a random orthogonal Q, symmetric to the last bit.
pub(super) fn with_spectrum(spectrum: &[f64], rng: &mut Rng) -> Mat<f64> {
    let d = spectrum.len();
    let q = random_orthonormal(d, d, rng);
    let scaled = Mat::from_fn(d, d, |i, j| q[(i, j)] * spectrum[j]);
    let product = crate::linalg::product(scaled.as_ref(), q.transpose());
    Mat::from_fn(d, d, |i, j| 0.5 * (product[(i, j)] + product[(j, i)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::stream;

    #[test]
    fn a_matrix_with_a_spectrum_has_it() {
        let spectrum = [5.0, 2.0, 1.0, 0.25];
        let a = with_spectrum(&spectrum, &mut stream(1, 0));
        let found = eigenvalues(a.as_ref()).unwrap();
        for (x, y) in found.iter().zip(spectrum) {
            assert!((x - y).abs() < 1e-13, "{found:?}");
        }
        assert!((0..4).all(|i| (0..4).all(|j| a[(i, j)] == a[(j, i)])));
        assert!(a[(0, 1)].abs() > 1e-3, "the basis is not the standard one");
    }
}
