//! The one seam through which singular vectors and polar factors are computed.
//!
//! Nobody else calls a singular value decomposition: a faster kernel replaces the inside of this module and
//! nothing outside notices. Everything runs on one thread.
//!
//! Zero rows and columns are deleted before the decomposition, so that they stay exactly zero in every
//! product of singular vectors: an SVD of the whole matrix leaks 0.56 into them at a singular value of 3e-16.
//! That a method never moves a coordinate which no gradient has shown (the class of the lower bounds) then
//! needs no threshold.

use std::borrow::Cow;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, MatMut, Par};

use crate::linalg;
use crate::spec::{Dimensions, Matrix, NormError, Scalar};
use crate::tol;
use crate::unit::{Unit, overflow};

/// X = U diag(sigma) V^T with sigma_1 >= sigma_2 >= ... >= 0.
///
/// U is m x k and V is n x k with orthonormal columns, where k is the smaller side of X without its zero rows
/// and columns: at most r = min{m, n}, and 0 for X = 0. Singular values that are not listed are zero.
#[derive(Debug, Clone, PartialEq)]
pub struct ThinSvd<T: Scalar> {
    /// The shape of X.
    pub dimensions: Dimensions,
    /// U. Rows that are zero in X are zero here.
    pub u: Matrix<T>,
    /// sigma, in decreasing order.
    pub singular_values: Vec<T>,
    /// V. Rows that are zero columns in X are zero here.
    pub v: Matrix<T>,
}

impl<T: Scalar> ThinSvd<T> {
    /// The numerical rank, by the rule of [`tol::rank`].
    pub fn support(&self) -> usize {
        let Some(&largest) = self.singular_values.first() else { return 0 };
        let cut = tol::rank::<T>(self.dimensions) * largest;
        self.singular_values.iter().take_while(|&&sigma| sigma > cut).count()
    }

    /// U diag(weights) V^T; missing weights are zero.
    ///
    /// # Panics
    /// If there are more weights than singular values.
    pub fn recompose(&self, weights: &[f64]) -> Matrix<T> {
        assert!(weights.len() <= self.singular_values.len(), "more weights than singular values");
        let weighted = Mat::from_fn(self.u.nrows(), weights.len(), |i, j| {
            T::from_f64(self.u[(i, j)].to_f64() * weights[j])
        });
        let v = self.v.as_mat().get(.., ..weights.len());
        linalg::product(weighted.as_ref(), v.transpose())
    }
}

/// The thin singular value decomposition.
///
/// # Errors
/// [`NormError::Empty`], [`NormError::NonFinite`], [`NormError::NoConvergence`], and [`NormError::Overflow`]
/// if a singular value is beyond the number type.
pub fn thin_svd<T: Scalar>(x: &Matrix<T>) -> Result<ThinSvd<T>, NormError> {
    let unit = Unit::of(x)?;
    let core = Core::of(unit.matrix());
    let (m, n) = (core.rows.len(), core.columns.len());
    let k = m.min(n);
    let (mut u, mut v) = (Mat::zeros(m, k), Mat::zeros(n, k));
    let sigma = core.decompose(Some((u.as_mut(), v.as_mut())), unit.dimensions())?;
    Ok(ThinSvd {
        dimensions: unit.dimensions(),
        u: scatter(&u, &core.rows, x.nrows()),
        singular_values: scale_back(sigma, unit.exponent())?,
        v: scatter(&v, &core.columns, x.ncols()),
    })
}

/// The singular values of X without its zero rows and columns, in decreasing order; none for X = 0.
///
/// # Errors
/// Those of [`thin_svd`].
pub fn singular_values<T: Scalar>(x: &Matrix<T>) -> Result<Vec<T>, NormError> {
    let unit = Unit::of(x)?;
    let sigma = Core::of(unit.matrix()).decompose(None, unit.dimensions())?;
    scale_back(sigma, unit.exponent())
}

/// The polar factor of X as a partial isometry: U V^T over the numerical support, zero for X = 0.
///
/// # Degenerate cases
/// Directions with sigma_i <= 16 max(m, n) u sigma_1 do not count ([`tol::rank`]): the result is no
/// completion to a full isometry. Zero rows and columns stay exactly zero.
///
/// # Errors
/// [`NormError::Empty`], [`NormError::NonFinite`], [`NormError::NoConvergence`].
pub fn partial_isometry<T: Scalar>(x: &Matrix<T>) -> Result<Matrix<T>, NormError> {
    let unit = Unit::of(x)?;
    let svd = thin_svd(unit.matrix())?;
    Ok(svd.recompose(&vec![1.0; svd.support()]))
}

/// A matrix without its zero rows and columns.
struct Core<'a, T: Scalar> {
    matrix: Cow<'a, Matrix<T>>,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl<'a, T: Scalar> Core<'a, T> {
    fn of(x: &'a Matrix<T>) -> Self {
        let zero = T::zero_impl();
        let mut seen = vec![false; x.nrows()];
        let mut columns = Vec::new();
        for j in 0..x.ncols() {
            let mut any = false;
            for (seen, &entry) in seen.iter_mut().zip(x.column(j)) {
                *seen |= entry != zero;
                any |= entry != zero;
            }
            if any {
                columns.push(j);
            }
        }
        let rows: Vec<usize> = (0..x.nrows()).filter(|&i| seen[i]).collect();
        let matrix = if (rows.len(), columns.len()) == (x.nrows(), x.ncols()) {
            Cow::Borrowed(x)
        } else {
            Cow::Owned(Matrix::from_fn(rows.len(), columns.len(), |i, j| x[(rows[i], columns[j])]))
        };
        Self { matrix, rows, columns }
    }

    /// The singular values, and the vectors if room is given for them.
    fn decompose(
        &self,
        vectors: Option<(MatMut<'_, T>, MatMut<'_, T>)>,
        dimensions: Dimensions,
    ) -> Result<Vec<T>, NormError> {
        let (m, n) = (self.rows.len(), self.columns.len());
        if m == 0 {
            return Ok(Vec::new());
        }
        let wanted = if vectors.is_some() { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
        let (u, v) = vectors.unzip();
        let mut sigma = Diag::<T>::zeros(m.min(n));
        let mut memory = MemBuffer::new(svd_scratch::<T>(m, n, wanted, wanted, Par::Seq, Default::default()));
        let stack = MemStack::new(&mut memory);
        svd(self.matrix.as_mat(), sigma.as_mut(), u, v, Par::Seq, stack, Default::default())
            .map_err(|_| NormError::NoConvergence(dimensions))?;
        let sigma: Vec<T> = sigma.column_vector().iter().copied().collect();
        // A decomposition that went wrong in silence must not pass for an answer.
        if sigma.iter().any(|s| !s.is_finite()) {
            return Err(NormError::NoConvergence(dimensions));
        }
        Ok(sigma)
    }
}

/// Puts the rows of a small matrix back to where they came from, with zeros elsewhere.
fn scatter<T: Scalar>(small: &Mat<T>, rows: &[usize], count: usize) -> Matrix<T> {
    let mut full = Matrix::zeros(count, small.ncols());
    for j in 0..small.ncols() {
        for (i, &row) in rows.iter().enumerate() {
            full[(row, j)] = small[(i, j)];
        }
    }
    full
}

fn scale_back<T: Scalar>(mut sigma: Vec<T>, exponent: i32) -> Result<Vec<T>, NormError> {
    for s in &mut sigma {
        *s = s.times_power_of_two(exponent);
    }
    if sigma.first().is_some_and(|s| !s.is_finite()) { Err(overflow::<T>()) } else { Ok(sigma) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(m: usize, n: usize) -> Matrix<f64> {
        Matrix::from_fn(m, n, |i, j| (1.0 + 12.9898 * i as f64 + 78.233 * j as f64 + (i * j) as f64).sin())
    }

    fn transposed_product(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
        linalg::product(a.as_mat().transpose(), b.as_mat())
    }

    fn identity(k: usize) -> Matrix<f64> {
        Matrix::from_diagonal(k, k, &vec![1.0; k])
    }

    fn largest_error(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
        (a - b).max_abs()
    }

    /// Matrices on which decompositions are known to be fragile.
    fn fragile() -> Vec<Matrix<f64>> {
        let hilbert = Matrix::from_fn(24, 24, |i, j| 1.0 / (1 + i + j) as f64);
        let kahan = Matrix::from_fn(30, 30, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Less => -0.6 * 0.8f64.powi(i as i32),
            std::cmp::Ordering::Equal => 0.8f64.powi(i as i32),
            std::cmp::Ordering::Greater => 0.0,
        });
        let jordan = Matrix::from_fn(20, 20, |i, j| if i == j || i + 1 == j { 1.0 } else { 0.0 });
        let clustered = Matrix::from_fn(17, 17, |i, j| if i == j { 1.0 } else { 1e-14 * (i + 2 * j) as f64 });
        let spike = Matrix::from_fn(9, 33, |i, j| if (i, j) == (4, 20) { 1.0 } else { 1e-160 });
        let ones = Matrix::from_fn(40, 3, |_, _| 1.0);
        let signs = Matrix::from_fn(16, 16, |i, j| if (i & j).count_ones() % 2 == 0 { 1.0 } else { -1.0 });
        let list = vec![hilbert, kahan, jordan, clustered, spike, ones, signs, identity(32)];
        list.into_iter()
            .chain([generic(128, 128), generic(5, 200), generic(200, 1), generic(1, 200)])
            .collect()
    }

    #[test]
    fn factors_are_orthonormal_and_multiply_to_the_matrix() {
        for x in fragile() {
            let svd = thin_svd(&x).unwrap();
            let sigma: Vec<f64> = svd.singular_values.clone();
            let bound = tol::rounding::<f64>(svd.dimensions) * sigma[0];
            assert!(sigma.is_sorted_by(|a, b| a >= b) && sigma.iter().all(|&s| s >= 0.0), "{sigma:?}");
            assert!(largest_error(&svd.recompose(&sigma), &x) <= bound, "{}", svd.dimensions);
            let k = sigma.len();
            for factor in [&svd.u, &svd.v] {
                let error = largest_error(&transposed_product(factor, factor), &identity(k));
                assert!(error <= 1e-13, "{}: {error:e}", svd.dimensions);
            }
            for (a, b) in sigma.iter().zip(singular_values(&x).unwrap()) {
                assert!((a - b).abs() <= bound, "{}: {a} {b}", svd.dimensions);
            }
        }
    }

    #[test]
    fn a_partial_isometry_has_singular_values_zero_and_one_only() {
        for x in fragile() {
            let isometry = partial_isometry(&x).unwrap();
            let support = thin_svd(&x).unwrap().support();
            let sigma = singular_values(&isometry).unwrap();
            let expected = |i| if i < support { 1.0 } else { 0.0 };
            assert!(sigma.iter().enumerate().all(|(i, s)| (s - expected(i)).abs() < 1e-13), "{sigma:?}");
        }
    }

    #[test]
    fn null_directions_are_not_completed() {
        // Rank 8 of 16: what the decomposition calls sigma_9 is rounding.
        let x: Matrix<f64> = linalg::product(generic(16, 8).as_mat(), generic(8, 16).as_mat());
        let isometry = partial_isometry(&x).unwrap();
        let square: f64 = isometry.entries().map(|x| x * x).sum();
        assert!((square - 8.0).abs() < 1e-12, "the squared Frobenius norm is the rank, not {square}");
        let third = partial_isometry(&(&x * (1.0 / 3.0))).unwrap();
        assert!(largest_error(&isometry, &third) < 1e-11);
    }

    #[test]
    fn zero_rows_and_columns_stay_zero_whatever_the_spectrum() {
        // A nearly singular core: without the deletion its last direction would leak.
        let core = [[1.0, 1.0], [1.0, 1.0 + 4.0 * f64::EPSILON]];
        let x = Matrix::from_fn(5, 6, |i, j| match (i, j) {
            (1 | 3, 0 | 4) => core[i / 2][j / 4],
            _ => 0.0,
        });
        let svd = thin_svd(&x).unwrap();
        let all = svd.recompose(&[1.0, 1.0]);
        let outside = |i: usize, j: usize| !matches!((i, j), (1 | 3, 0 | 4));
        assert!((0..5).all(|i| (0..6).all(|j| !outside(i, j) || all[(i, j)] == 0.0)));
        assert_eq!(svd.singular_values.len(), 2);
    }

    #[test]
    fn the_zero_matrix_has_no_singular_values() {
        let zero = Matrix::<f32>::zeros(3, 4);
        assert_eq!(singular_values(&zero), Ok(vec![]));
        assert_eq!(partial_isometry(&zero), Ok(zero.clone()));
        assert_eq!(thin_svd(&zero).unwrap().support(), 0);
    }

    #[test]
    fn scales_at_the_ends_of_the_range_are_no_obstacle() {
        let x = Matrix::from_diagonal(2, 2, &[5e-324, 5e-324]);
        assert_eq!(singular_values(&x), Ok(vec![5e-324, 5e-324]));
        assert_eq!(partial_isometry(&x), Ok(identity(2)));
        let huge = Matrix::from_fn(2, 2, |_, _| f64::MAX);
        assert_eq!(singular_values(&huge), Err(overflow::<f64>()));
        assert!(partial_isometry(&huge).is_ok());
    }
}
