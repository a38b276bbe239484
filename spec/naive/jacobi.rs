//! One-sided Jacobi: rotate pairs of columns until all are orthogonal; their lengths are the singular values.

use crate::Matrix;

/// S V = W with orthogonal columns w_j, and V orthogonal; S has at least as many rows as columns.
struct Orthogonalised {
    w: Vec<Vec<f64>>,
    v: Vec<Vec<f64>>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn rotate(columns: &mut [Vec<f64>], i: usize, j: usize, cosine: f64, sine: f64) {
    for k in 0..columns[i].len() {
        let (a, b) = (columns[i][k], columns[j][k]);
        columns[i][k] = cosine * a - sine * b;
        columns[j][k] = sine * a + cosine * b;
    }
}

fn orthogonalise(s: &Matrix<f64>) -> Orthogonalised {
    let n = s.ncols();
    let mut w: Vec<Vec<f64>> = (0..n).map(|j| s.column(j).to_vec()).collect();
    let mut v: Vec<Vec<f64>> = (0..n).map(|j| (0..n).map(|i| f64::from(i == j)).collect()).collect();
    // Quadratically convergent: sizes used in tests take under 10 sweeps; 60 is a guard against a NaN.
    for _ in 0..60 {
        let mut rotated = false;
        for i in 0..n {
            for j in i + 1..n {
                let (a, b, c) = (dot(&w[i], &w[i]), dot(&w[j], &w[j]), dot(&w[i], &w[j]));
                if c.abs() <= f64::EPSILON * (a * b).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (b - a) / (2.0 * c);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                rotate(&mut w, i, j, cosine, cosine * tangent);
                rotate(&mut v, i, j, cosine, cosine * tangent);
            }
        }
        if !rotated {
            break;
        }
    }
    Orthogonalised { w, v }
}

/// The min{m, n} singular values of a finite matrix, largest first.
pub fn singular_values(s: &Matrix<f64>) -> Vec<f64> {
    if s.nrows() < s.ncols() {
        return singular_values(&s.transposed());
    }
    let mut sigma: Vec<f64> = orthogonalise(s).w.iter().map(|w| dot(w, w).sqrt()).collect();
    sigma.sort_by(|a, b| b.total_cmp(a));
    sigma
}

/// The polar factor U of S = U H, H positive semidefinite: the partial isometry sum u_i v_i^T over sigma_i > 0.
///
/// `rank` is the number of singular values taken as positive; at most min{m, n}.
pub fn polar_factor(s: &Matrix<f64>, rank: usize) -> Matrix<f64> {
    if s.nrows() < s.ncols() {
        return polar_factor(&s.transposed(), rank).transposed();
    }
    let Orthogonalised { w, v } = orthogonalise(s);
    let mut order: Vec<usize> = (0..w.len()).collect();
    order.sort_by(|&a, &b| dot(&w[b], &w[b]).total_cmp(&dot(&w[a], &w[a])));
    let mut factor = Matrix::zeros(s.nrows(), s.ncols());
    for &k in order.iter().take(rank) {
        let sigma = dot(&w[k], &w[k]).sqrt();
        for i in 0..s.nrows() {
            for j in 0..s.ncols() {
                factor[(i, j)] += w[k][i] / sigma * v[k][j];
            }
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inner;
    use approx::assert_abs_diff_eq;

    #[test]
    fn singular_values_of_a_known_matrix() {
        // [[3, 0], [4, 5]] has singular values sqrt(45) and sqrt(5).
        let s = Matrix::from_rows(&[[3.0, 0.0], [4.0, 5.0]]).unwrap();
        let sigma = singular_values(&s);
        assert_abs_diff_eq!(sigma[0], 45f64.sqrt(), epsilon = 1e-14);
        assert_abs_diff_eq!(sigma[1], 5f64.sqrt(), epsilon = 1e-14);
    }

    #[test]
    fn the_polar_factor_is_an_isometry_that_attains_the_nuclear_norm() {
        let s = Matrix::from_fn(3, 5, |i, j| ((i * 7 + j * 3) % 11) as f64 - 4.0);
        let u = polar_factor(&s, 3);
        let gram = Matrix::from_fn(3, 3, |i, k| (0..5).map(|j| u[(i, j)] * u[(k, j)]).sum());
        assert_abs_diff_eq!(gram, Matrix::from_diagonal(3, 3, &[1.0; 3]), epsilon = 1e-14);
        let nuclear: f64 = singular_values(&s).iter().sum();
        assert_abs_diff_eq!(inner(&s, &u), nuclear, epsilon = 1e-12);
    }
}
