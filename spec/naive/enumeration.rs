//! Expectations over signs, as the sum over all of them.

use crate::{Matrix, MomentOrder, Norm, NormError, Scalar};

/// E||sum_i e_i D_i||_*^p over independent uniform signs e_i: the mean over all 2^k sign patterns.
///
/// With sum_i ||D_i||_*^p it bounds K_p from below.
///
/// # Errors
/// Those of the norm.
///
/// # Panics
/// Without a matrix, or with more than 20 of them (a million patterns).
pub fn rademacher_moment<T: Scalar>(
    norm: &dyn Norm<T>,
    differences: &[Matrix<T>],
    p: MomentOrder,
) -> Result<f64, NormError> {
    let k = differences.len();
    assert!((1..=20).contains(&k), "enumerates 1 to 20 differences, not {k}");
    let mut total = 0.0;
    for pattern in 0_u32..1 << k {
        let mut sum = Matrix::zeros(differences[0].nrows(), differences[0].ncols());
        for (i, d) in differences.iter().enumerate() {
            let sign = if pattern >> i & 1 == 1 { T::one_impl() } else { -T::one_impl() };
            sum.add_scaled(sign, d);
        }
        total += norm.dual_value(&sum)?.to_f64().powf(p.p());
    }
    Ok(total / f64::from(1_u32 << k))
}
