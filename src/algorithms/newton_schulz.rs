//! The quintic Newton-Schulz iteration of Muon: an approximate polar factor from products alone.

use crate::linalg::product;
use crate::spec::{Matrix, NormError, Scalar};
use crate::unit;

/// The coefficients a, b, c of Jordan et al. (2024).
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];

/// The number of steps as practised.
const STEPS: usize = 5;

/// The largest singular value of an output: max{p(s) : 0 <= s <= 1}, p(s) = 3.4445 s - 4.7750 s^3 + 2.0315 s^5.
///
/// Call it v: the local maximum of p, at s = 0.5545, the smaller positive root of p'. On [0, v] p has no larger value (p(v)
/// = 0.95), and no negative one, so that p maps [0, v] into itself; inputs lie in [0, 1]. The maximum is attained, for
/// example at s = 0.0041113647 after five steps.
pub const LARGEST_SINGULAR_VALUE: f64 = 1.202_368_605_163_213;

/// U diag(p(p(p(p(p(sigma_i/||S||_F)))))) V^T with p(s) = 3.4445 s - 4.7750 s^3 + 2.0315 s^5; zero for S = 0.
///
/// Each step is X -> a X + (b A + c A^2) X with A = X X^T (of the smaller side: for a tall X the transpose is iterated,
/// which is the same polynomial).
///
/// # Contract
/// NOT a point of the spectral unit ball, and not an lmo: singular values in [1e-3, 1] times ||S||_F become numbers in
/// [0.47, 1.2024] ([`LARGEST_SINGULAR_VALUE`]), smaller ones end lower, 1e-5 at 0.005. Zero rows and columns of S stay
/// exactly zero, since every sum that gives an entry of them has zeros only. Powers of two in S change nothing, bit for
/// bit; there is no epsilon.
///
/// # Errors
/// [`NormError::Empty`], [`NormError::NonFinite`].
pub fn newton_schulz<T: Scalar>(s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
    unit::direction(s, |unit| {
        let length = unit.entries().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
        let x = unit::times(unit, 1.0 / length);
        Ok(if x.nrows() > x.ncols() { iterate(x.transposed()).transposed() } else { iterate(x) })
    })
}

fn iterate<T: Scalar>(mut x: Matrix<T>) -> Matrix<T> {
    let [a, b, c] = COEFFICIENTS.map(T::from_f64);
    for _ in 0..STEPS {
        let gram = product(x.as_mat(), x.as_mat().transpose());
        let mut polynomial = &product(gram.as_mat(), gram.as_mat()) * c;
        polynomial.add_scaled(b, &gram);
        let odd = product(polynomial.as_mat(), x.as_mat());
        x = &x * a;
        x.add_scaled(T::one_impl(), &odd);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Dimensions;
    use crate::{polar, tol};

    /// The scalar iteration.
    fn five_steps(mut s: f64) -> f64 {
        for _ in 0..5 {
            s = 3.4445 * s - 4.7750 * s.powi(3) + 2.0315 * s.powi(5);
        }
        s
    }

    /// Without pattern, in [-1, 1].
    fn generic<T: Scalar>(m: usize, n: usize) -> Matrix<T> {
        Matrix::from_fn(m, n, |i, j| T::from_f64((1.0 + 12.9898 * i as f64 + 78.233 * j as f64).sin()))
    }

    #[test]
    fn the_largest_singular_value_is_the_local_maximum_of_the_polynomial() {
        // p'(s) = a + 3 b s^2 + 5 c s^4 = 0.
        let [a, b, c] = COEFFICIENTS;
        let s = ((-3.0 * b - (9.0 * b * b - 20.0 * a * c).sqrt()) / (10.0 * c)).sqrt();
        let top = a * s + b * s.powi(3) + c * s.powi(5);
        assert!((top / LARGEST_SINGULAR_VALUE - 1.0).abs() < 1e-14, "{top:.17}");
        let grid = (0..=1_000_000).map(|k| five_steps(f64::from(k) / 1e6)).fold(0.0, f64::max);
        assert!(grid <= LARGEST_SINGULAR_VALUE && grid > 1.2023);
        let least =
            (0..=1000).map(|k| five_steps(10f64.powf(-3.0 + 3e-3 * f64::from(k)))).fold(2.0, f64::min);
        assert!((0.47..0.471).contains(&least) && (0.0048..0.0049).contains(&five_steps(1e-5)));
    }

    #[test]
    fn the_output_leaves_the_spectral_unit_ball() {
        let s = 0.004_111_364_674_170_844_f64;
        let x = newton_schulz(&Matrix::from_diagonal(2, 2, &[s, (1.0 - s * s).sqrt()])).unwrap();
        let sigma = polar::singular_values(&x).unwrap();
        assert!((sigma[0] - LARGEST_SINGULAR_VALUE).abs() < 1e-8, "{sigma:?}");
    }

    #[test]
    fn singular_values_go_through_the_polynomial_and_vectors_stay() {
        for (m, n) in [(3, 3), (2, 5), (5, 2), (1, 4), (4, 1), (1, 1)] {
            let s = generic::<f64>(m, n);
            let svd = polar::thin_svd(&s).unwrap();
            let length = svd.singular_values.iter().map(|x| x * x).sum::<f64>().sqrt();
            let weights: Vec<f64> = svd.singular_values.iter().map(|x| five_steps(x / length)).collect();
            let found = newton_schulz(&s).unwrap();
            // Five steps multiply an error by at most 3.4445^5 = 485.
            let tolerance = 485.0 * tol::rounding::<f64>(Dimensions::new(m, n).unwrap());
            approx::assert_abs_diff_eq!(found, svd.recompose(&weights), epsilon = tolerance);
        }
    }

    fn keeps_zeros_and_scales<T: Scalar>() {
        for (m, n) in [(7, 19), (19, 7), (12, 12)] {
            let g = generic::<T>(m, n);
            let s =
                Matrix::from_fn(m, n, |i, j| if i == 3 || j % 3 == 1 { T::zero_impl() } else { g[(i, j)] });
            let x = newton_schulz(&s).unwrap();
            assert!(crate::spec::ZeroRespecting::Lines.keeps(&x, &s));
            assert!(x.entries().filter(|x| *x != T::zero_impl()).count() > m * n / 3);
            for k in [-60, 7, 60] {
                assert_eq!(newton_schulz(&s.times_power_of_two(k)).unwrap(), x);
            }
        }
        assert!(newton_schulz(&Matrix::<T>::zeros(3, 2)).unwrap().is_zero());
    }

    #[test]
    fn zero_lines_stay_exactly_zero_and_powers_of_two_change_nothing() {
        keeps_zeros_and_scales::<f64>();
        keeps_zeros_and_scales::<f32>();
    }
}
