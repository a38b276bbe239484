//! The one seam through which singular vectors and polar factors are computed.
//!
//! Nobody else calls a singular value decomposition: a faster kernel replaces the inside of this module and
//! nothing outside notices. Everything runs on one thread.
//!
//! Zero rows and columns are deleted before the decomposition, so that they stay exactly zero in every
//! product of singular vectors: an SVD of the whole matrix leaks 0.56 into them at a singular value of 3e-16.
//! That a method never moves a coordinate which no gradient has shown (the class of the lower bounds) then
//! needs no threshold. For the same reason, and because it is cheaper, what is left is decomposed summand by
//! summand where its nonzero entries make it a direct sum (blocks in disjoint rows and columns).

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
/// U is m x k and V is n x k with orthonormal columns, where k is at most the smaller side of X without its zero rows
/// and columns (exactly that if X is no direct sum): 0 for X = 0. Singular values that are not listed are zero.
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
        counted(&self.singular_values, largest, self.dimensions)
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

/// How many of these singular values, in decreasing order, count beside the largest of all.
fn counted<T: Scalar>(sigma: &[T], largest: T, dimensions: Dimensions) -> usize {
    let cut = tol::rank::<T>(dimensions) * largest;
    sigma.iter().take_while(|&&sigma| sigma > cut).count()
}

/// The thin singular value decomposition.
///
/// # Errors
/// [`NormError::Empty`], [`NormError::NonFinite`], [`NormError::NoConvergence`], and [`NormError::Overflow`]
/// if a singular value is beyond the number type.
pub fn thin_svd<T: Scalar>(x: &Matrix<T>) -> Result<ThinSvd<T>, NormError> {
    let unit = Unit::of(x)?;
    let parts = Part::of(unit.matrix());
    let factors: Vec<Factors<T>> =
        parts.iter().map(|part| part.factors(unit.matrix())).collect::<Result<_, _>>()?;
    // Each singular value with its part and its place there, in decreasing order.
    let mut order: Vec<(T, usize, usize)> = Vec::new();
    for (part, factors) in factors.iter().enumerate() {
        order.extend(factors.sigma.iter().enumerate().map(|(place, &sigma)| (sigma, part, place)));
    }
    order.sort_by(|a, b| b.0.to_f64().total_cmp(&a.0.to_f64()));
    let (mut u, mut v) = (Mat::zeros(x.nrows(), order.len()), Mat::zeros(x.ncols(), order.len()));
    for (k, &(_, part, place)) in order.iter().enumerate() {
        let (part, factors) = (&parts[part], &factors[part]);
        scatter(factors.u.col_as_slice(place), &part.rows, u.col_as_slice_mut(k));
        scatter(factors.v.col_as_slice(place), &part.columns, v.col_as_slice_mut(k));
    }
    Ok(ThinSvd {
        dimensions: unit.dimensions(),
        u: u.into(),
        singular_values: scale_back(order.into_iter().map(|(sigma, ..)| sigma).collect(), unit.exponent())?,
        v: v.into(),
    })
}

/// The singular values of X, in decreasing order, without those of zero rows and columns; none for X = 0.
///
/// # Errors
/// Those of [`thin_svd`].
pub fn singular_values<T: Scalar>(x: &Matrix<T>) -> Result<Vec<T>, NormError> {
    let unit = Unit::of(x)?;
    let mut sigma = Vec::new();
    for part in Part::of(unit.matrix()) {
        sigma.extend(part.singular_values(unit.matrix())?);
    }
    sigma.sort_by(|a, b| b.to_f64().total_cmp(&a.to_f64()));
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
    let parts = Part::of(unit.matrix());
    let factors: Vec<Factors<T>> =
        parts.iter().map(|part| part.factors(unit.matrix())).collect::<Result<_, _>>()?;
    let largest = factors.iter().flat_map(|f| f.sigma.first()).fold(T::zero_impl(), |a, &b| a.larger(b));
    let mut isometry = Mat::zeros(x.nrows(), x.ncols());
    for (part, Factors { u, sigma, v }) in parts.iter().zip(&factors) {
        let support = counted(sigma, largest, unit.dimensions());
        if support == 0 {
            continue;
        }
        let product = linalg::product(u.get(.., ..support), v.get(.., ..support).transpose());
        if part.is_all_of(x) {
            return Ok(product);
        }
        for (j, &column) in part.columns.iter().enumerate() {
            scatter(product.column(j), &part.rows, isometry.col_as_slice_mut(column));
        }
    }
    Ok(isometry.into())
}

/// One summand of X as a direct sum: rows and columns that are connected by nonzero entries, and by none to others.
///
/// The singular value decomposition of a direct sum is that of its summands side by side. Taking it so costs less, and
/// keeps the zeros between them exact; zero rows and columns are in no part.
struct Part {
    rows: Vec<usize>,
    columns: Vec<usize>,
}

/// U, sigma (in decreasing order) and V of a part.
struct Factors<T: Scalar> {
    u: Mat<T>,
    sigma: Vec<T>,
    v: Mat<T>,
}

impl Part {
    /// The parts, in the order of their first rows.
    fn of<T: Scalar>(x: &Matrix<T>) -> Vec<Self> {
        let zero = T::zero_impl();
        let mut rows = Classes::new(x.nrows());
        // The first row of each column that is not zero.
        let mut first = Vec::with_capacity(x.ncols());
        for j in 0..x.ncols() {
            let column = x.column(j);
            first.push(column.iter().position(|&entry| entry != zero));
            if let Some(top) = first[j]
                && !rows.are_one()
            {
                for i in (top..x.nrows()).filter(|&i| column[i] != zero) {
                    rows.join(top, i);
                }
            }
        }
        let mut parts: Vec<Self> = Vec::new();
        let mut number = vec![usize::MAX; x.nrows()];
        for i in 0..x.nrows() {
            if !rows.seen[i] {
                continue;
            }
            let class = rows.find(i);
            if number[class] == usize::MAX {
                number[class] = parts.len();
                parts.push(Self { rows: Vec::new(), columns: Vec::new() });
            }
            parts[number[class]].rows.push(i);
        }
        for (j, top) in first.into_iter().enumerate() {
            if let Some(top) = top {
                parts[number[rows.find(top)]].columns.push(j);
            }
        }
        parts
    }

    fn is_all_of<T: Scalar>(&self, x: &Matrix<T>) -> bool {
        (self.rows.len(), self.columns.len()) == (x.nrows(), x.ncols())
    }

    fn cut<'a, T: Scalar>(&self, x: &'a Matrix<T>) -> Cow<'a, Matrix<T>> {
        if self.is_all_of(x) {
            return Cow::Borrowed(x);
        }
        let mut part = Mat::zeros(self.rows.len(), self.columns.len());
        for (j, &column) in self.columns.iter().enumerate() {
            let column = x.column(column);
            for (entry, &row) in part.col_as_slice_mut(j).iter_mut().zip(&self.rows) {
                *entry = column[row];
            }
        }
        Cow::Owned(part.into())
    }

    fn factors<T: Scalar>(&self, x: &Matrix<T>) -> Result<Factors<T>, NormError> {
        let part = self.cut(x);
        let (m, n) = (part.nrows(), part.ncols());
        if m == 1 || n == 1 {
            let (size, direction) = length_and_direction(&part);
            let one = Mat::from_fn(1, 1, |_, _| T::one_impl());
            let (u, v) = if m == 1 { (one, direction) } else { (direction, one) };
            return Ok(Factors { u, sigma: vec![size], v });
        }
        let (mut u, mut v) = (Mat::zeros(m, m.min(n)), Mat::zeros(n, m.min(n)));
        let sigma = decompose(&part, Some((u.as_mut(), v.as_mut())), x.dimensions()?)?;
        Ok(Factors { u, sigma, v })
    }

    fn singular_values<T: Scalar>(&self, x: &Matrix<T>) -> Result<Vec<T>, NormError> {
        let part = self.cut(x);
        if part.nrows() == 1 || part.ncols() == 1 {
            return Ok(vec![length_and_direction(&part).0]);
        }
        decompose(&part, None, x.dimensions()?)
    }
}

/// Disjoint classes of numbers from 0 on (union and find), of those that were joined at least with themselves.
struct Classes {
    parent: Vec<usize>,
    seen: Vec<bool>,
    /// Numbers not seen yet, and classes of those seen.
    unseen: usize,
    count: usize,
}

impl Classes {
    fn new(size: usize) -> Self {
        Self { parent: (0..size).collect(), seen: vec![false; size], unseen: size, count: 0 }
    }

    /// All numbers were seen and are one class: nothing is left to join.
    fn are_one(&self) -> bool {
        self.unseen == 0 && self.count == 1
    }

    fn find(&mut self, mut i: usize) -> usize {
        while self.parent[i] != i {
            self.parent[i] = self.parent[self.parent[i]];
            i = self.parent[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        for i in [a, b] {
            if !self.seen[i] {
                self.seen[i] = true;
                self.unseen -= 1;
                self.count += 1;
            }
        }
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.parent[a.max(b)] = a.min(b);
            self.count -= 1;
        }
    }
}

/// ||x||_2 and x/||x||_2 as a column, for a row or column that is not zero; at its own scale, since beside other parts
/// it may be tiny.
fn length_and_direction<T: Scalar>(x: &Matrix<T>) -> (T, Mat<T>) {
    let exponent = x.max_abs().to_f64().binary_exponent();
    let scaled: Vec<f64> = x.entries().map(|x| x.to_f64().times_power_of_two(-exponent)).collect();
    let size = scaled.iter().map(|x| x * x).sum::<f64>().sqrt();
    let direction = Mat::from_fn(scaled.len(), 1, |i, _| T::from_f64(scaled[i] / size));
    (T::from_f64(size).times_power_of_two(exponent), direction)
}

/// The singular values, and the vectors if room is given for them.
fn decompose<T: Scalar>(
    x: &Matrix<T>,
    vectors: Option<(MatMut<'_, T>, MatMut<'_, T>)>,
    dimensions: Dimensions,
) -> Result<Vec<T>, NormError> {
    let (m, n) = (x.nrows(), x.ncols());
    let wanted = if vectors.is_some() { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
    let (u, v) = vectors.unzip();
    let mut sigma = Diag::<T>::zeros(m.min(n));
    let mut memory = MemBuffer::new(svd_scratch::<T>(m, n, wanted, wanted, Par::Seq, Default::default()));
    let stack = MemStack::new(&mut memory);
    svd(x.as_mat(), sigma.as_mut(), u, v, Par::Seq, stack, Default::default())
        .map_err(|_| NormError::NoConvergence(dimensions))?;
    let sigma: Vec<T> = sigma.column_vector().iter().copied().collect();
    // A decomposition that went wrong in silence must not pass for an answer.
    if sigma.iter().any(|s| !s.is_finite()) {
        return Err(NormError::NoConvergence(dimensions));
    }
    Ok(sigma)
}

/// Puts the entries of a part's column where they come from.
fn scatter<T: Scalar>(small: &[T], places: &[usize], full: &mut [T]) {
    for (&entry, &place) in small.iter().zip(places) {
        full[place] = entry;
    }
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

    /// The rows and the columns of a block.
    type Lines = (Vec<usize>, Vec<usize>);

    /// The blocks side by side, with rows and columns in another order and one zero row and column.
    fn direct_sum(blocks: &[Matrix<f64>]) -> (Matrix<f64>, Vec<Lines>) {
        let m: usize = blocks.iter().map(Matrix::nrows).sum();
        let n: usize = blocks.iter().map(Matrix::ncols).sum();
        // 7 and 5 are coprime to m + 1 and n + 1 here; place 0 stays empty.
        let row = |i: usize| (7 * (i + 1)) % (m + 1);
        let column = |j: usize| (5 * (j + 1)) % (n + 1);
        let mut x = Matrix::zeros(m + 1, n + 1);
        let (mut top, mut left, mut places) = (0, 0, Vec::new());
        for block in blocks {
            let rows: Vec<usize> = (top..top + block.nrows()).map(row).collect();
            let columns: Vec<usize> = (left..left + block.ncols()).map(column).collect();
            for (i, &to) in rows.iter().enumerate() {
                for (j, &across) in columns.iter().enumerate() {
                    x[(to, across)] = block[(i, j)];
                }
            }
            (top, left) = (top + block.nrows(), left + block.ncols());
            places.push((rows, columns));
        }
        (x, places)
    }

    #[test]
    fn a_direct_sum_is_decomposed_summand_by_summand_and_leaks_nothing() {
        let bidiagonal =
            Matrix::from_fn(4, 5, |i, j| if i == j || i + 1 == j { 1.0 + (i + j) as f64 } else { 0.0 });
        let sums = [
            vec![generic(3, 5), generic(1, 4), bidiagonal.clone(), generic(3, 1)],
            vec![generic(1, 3), generic(1, 5), generic(1, 1), generic(1, 4)],
            vec![generic(4, 2), bidiagonal],
        ];
        for blocks in sums {
            let (x, places) = direct_sum(&blocks);
            let svd = thin_svd(&x).unwrap();
            let bound = tol::rounding::<f64>(svd.dimensions) * svd.singular_values[0];
            let of_blocks = blocks.iter().flat_map(|block| singular_values(block).unwrap());
            let mut expected: Vec<f64> = of_blocks.collect();
            expected.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(svd.singular_values.len(), expected.len());
            assert_eq!(svd.singular_values, singular_values(&x).unwrap());
            let dense = x.as_mat().singular_values().unwrap();
            for (k, sigma) in svd.singular_values.iter().enumerate() {
                assert!((sigma - expected[k]).abs() <= bound && (sigma - dense[k]).abs() <= bound);
            }
            assert!(largest_error(&svd.recompose(&svd.singular_values), &x) <= bound);
            for factor in [&svd.u, &svd.v] {
                let error = largest_error(&transposed_product(factor, factor), &identity(expected.len()));
                assert!(error <= 1e-13, "{error:e}");
            }
            let isometry = partial_isometry(&x).unwrap();
            let all = svd.recompose(&vec![1.0; svd.support()]);
            assert!(largest_error(&isometry, &all) <= 1e-13);
            let (mut sum, mut inside) =
                (Matrix::zeros(x.nrows(), x.ncols()), Matrix::zeros(x.nrows(), x.ncols()));
            for (block, (rows, columns)) in blocks.iter().zip(&places) {
                let part = partial_isometry(block).unwrap();
                for (i, &row) in rows.iter().enumerate() {
                    for (j, &column) in columns.iter().enumerate() {
                        sum[(row, column)] = part[(i, j)];
                        inside[(row, column)] = 1.0;
                    }
                }
            }
            assert!(largest_error(&isometry, &sum) <= 1e-13);
            let outside = isometry.entries().zip(inside.entries()).filter(|(_, inside)| *inside == 0.0);
            assert!(outside.into_iter().all(|(entry, _)| entry == 0.0));
        }
    }

    #[test]
    fn a_summand_that_is_null_beside_another_is_no_direction_but_a_singular_value() {
        let x = Matrix::from_diagonal(3, 3, &[1e-200, 3.0, 1e-10]);
        assert_eq!(singular_values(&x), Ok(vec![3.0, 1e-10, 1e-200]));
        assert_eq!(partial_isometry(&x), Ok(Matrix::from_diagonal(3, 3, &[0.0, 1.0, 1.0])));
        let svd = thin_svd(&x).unwrap();
        assert_eq!((svd.support(), svd.singular_values.len()), (2, 3));
        assert_eq!(svd.recompose(&svd.singular_values), x);
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
