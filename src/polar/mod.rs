//! The one seam through which singular vectors and polar factors are computed.
//!
//! Nobody else calls a singular value decomposition: a faster kernel replaces the inside of this module and nothing
//! outside notices. Everything runs on one thread.
//!
//! Zero rows and columns are deleted before the decomposition, so that they stay exactly zero in every product of
//! singular vectors: an SVD of the whole matrix leaks 0.56 into them at a singular value of 3e-16. That a method
//! never moves a coordinate which no gradient has shown (the class of the lower bounds) then needs no threshold.

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
/// U is m x k and V is n x k with orthonormal columns, where k is the smaller side of X without its zero rows and
/// columns: at most r = min{m, n}, and 0 for X = 0. Singular values that are not listed are zero.
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
/// [`NormError::Empty`], [`NormError::NonFinite`], [`NormError::NoConvergence`], and [`NormError::Overflow`] if a
/// singular value is beyond the number type.
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
/// Directions with sigma_i <= 16 max(m, n) u sigma_1 do not count ([`tol::rank`]): the result is no completion to a full
/// isometry. Zero rows and columns stay exactly zero.
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
