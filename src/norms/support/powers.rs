//! The l_q norm of finitely many numbers that are at least 0, and where its dual norm is attained.

use crate::registry::ConfigError;

/// q, if 1 <= q <= infinity.
pub(crate) fn validated(name: &str, q: f64) -> Result<f64, ConfigError> {
    // NaN compares as false.
    if q >= 1.0 {
        return Ok(q);
    }
    Err(ConfigError::OutOfRange {
        name: name.into(),
        parameter: "q",
        must_be: "a number from 1 on, or inf",
        value: q,
    })
}

/// b with 1/q + 1/b = 1: infinity for q = 1, and 1 for q = infinity.
pub(crate) fn conjugate(q: f64) -> f64 {
    if q == 1.0 {
        f64::INFINITY
    } else if q == f64::INFINITY {
        1.0
    } else {
        q / (q - 1.0)
    }
}

/// (sum_i x_i^q)^{1/q}; the largest x_i for q = infinity.
///
/// The largest number is taken out first: no power overflows, and for large q none of consequence underflows.
pub(crate) fn l_norm(x: &[f64], q: f64) -> f64 {
    let largest = x.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 || q == f64::INFINITY {
        largest
    } else if q == 1.0 {
        x.iter().sum()
    } else {
        let sum: f64 = x.iter().map(|&x| (x / largest).powf(q)).sum();
        largest * sum.powf(1.0 / q)
    }
}

/// The w >= 0 with ||w||_q = 1 and sum_i w_i x_i = ||x||_b, where 1/q + 1/b = 1; zero where x is.
///
/// # Formula
/// w_i = (x_i/x_max)^{b-1} / ||(x/x_max)^{b-1}||_q with b - 1 = 1/(q - 1). Dividing by the powers' OWN norm, not by
/// ||x||_b^{b-1}, keeps w on the unit sphere to rounding even at q - 1 = 1e-9, where the exponent is 1e9.
///
/// # Degenerate cases
/// q = 1: the first largest number takes everything. q = infinity: 1 wherever x is not 0 (that is, 0^0 = 0).
pub(crate) fn attaining(x: &[f64], q: f64) -> Vec<f64> {
    let largest = x.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![0.0; x.len()];
    }
    if q == 1.0 {
        let mut w = vec![0.0; x.len()];
        let first =
            x.iter().position(|&x| x == largest).expect("the maximum of finite numbers is one of them");
        w[first] = 1.0;
        return w;
    }
    // For q = infinity the exponent is 0, and powf(0, 0) = 1: zeros are kept by hand.
    let exponent = 1.0 / (q - 1.0);
    let mut w: Vec<f64> =
        x.iter().map(|&x| if x == 0.0 { 0.0 } else { (x / largest).powf(exponent) }).collect();
    let norm = l_norm(&w, q);
    for w in &mut w {
        *w /= norm;
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dual_norm_is_attained_for_every_exponent() {
        let x = [3.0, 0.5, 0.0, 3.0, 1e-9, 2.999999999];
        for q in [1.0, 1.0 + 1e-9, 1.001, 1.5, 2.0, 3.0, 1e3, 1e9, f64::INFINITY] {
            let w = attaining(&x, q);
            let product: f64 = w.iter().zip(x).map(|(w, x)| w * x).sum();
            let dual = l_norm(&x, conjugate(q));
            assert!((product / dual - 1.0).abs() < 4e-15, "q = {q}: {product} {dual}");
            assert!((l_norm(&w, q) - 1.0).abs() < 4e-15, "q = {q}");
            assert_eq!(w[2], 0.0);
        }
    }

    #[test]
    fn the_extreme_exponents_follow_their_own_rules() {
        assert_eq!(attaining(&[1.0, 2.0, 2.0], 1.0), [0.0, 1.0, 0.0]);
        assert_eq!(attaining(&[1e-300, 0.0, 2.0], f64::INFINITY), [1.0, 0.0, 1.0]);
        assert_eq!(l_norm(&[0.0], 3.0), 0.0);
    }
}
