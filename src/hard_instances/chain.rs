//! The chain function F_T with its derivatives, exact to rounding everywhere (definition: [`crate::spec::chain`]).

use std::f64::consts::{E, FRAC_1_SQRT_2, FRAC_PI_2};

use libm::{erfc, exp, sqrt};

/// Below this v^2 = 1/(2x - 1)^2, exp(1 - v^2) and its products with powers of v up to v^6 are not yet zero: with
/// v^2 = 800 the largest of them, v^6 exp(1 - v^2), is exp(1 - 800 + 3 ln 800) < 1e-338.
pub(super) const VANISHES: f64 = 800.0;

/// Psi(x), Psi'(x) and Psi''(x); all zero for x <= 1/2, and where they are below the smallest number.
///
/// With u = 2x - 1 (exact near 1/2) and v = 1/u: Psi = exp(1 - v^2), Psi' = 4 v^3 Psi, Psi'' = (16 v^6 - 24 v^4) Psi.
/// Near 1/2 Psi underflows while v^3 is large: the exponential then carries half of its exponent twice.
fn psi(x: f64) -> Psi {
    if x.is_nan() {
        return Psi { value: f64::NAN, slope: f64::NAN, curvature: f64::NAN };
    }
    if x <= 0.5 {
        return Psi::ZERO;
    }
    let v = 1.0 / (2.0 * x - 1.0);
    let v2 = v * v;
    if v2 >= VANISHES {
        return Psi::ZERO;
    }
    let half = exp(0.5 * (1.0 - v2));
    let rational = v2 * v2 * (16.0 * v2 - 24.0);
    Psi { value: half * half, slope: half * (4.0 * v * v2) * half, curvature: half * rational * half }
}

#[derive(Debug, Clone, Copy)]
struct Psi {
    value: f64,
    slope: f64,
    curvature: f64,
}

impl Psi {
    const ZERO: Self = Self { value: 0.0, slope: 0.0, curvature: 0.0 };
}

/// Phi(x) = sqrt(pi e/2) erfc(-x/sqrt(2)), increasing from 0 to sqrt(2 pi e).
fn phi(x: f64) -> f64 {
    sqrt(FRAC_PI_2 * E) * erfc(-x * FRAC_1_SQRT_2)
}

/// Phi'(x) = exp((1 - x^2)/2).
fn phi_slope(x: f64) -> f64 {
    // 1 - x^2 as a product has no cancellation near 1, and no overflow of consequence: exp(-inf) = 0.
    exp(0.5 * (1.0 - x) * (1.0 + x))
}

/// -1 for x < 0, else 1: Psi(-x) Phi(-y) and Psi(x) Phi(y) are never both nonzero, and the sign of x says which.
fn side(x: f64) -> f64 {
    if x < 0.0 { -1.0 } else { 1.0 }
}

/// F_T(x), T the length of x (0 for T = 0).
///
/// NaN if an entry is NaN; infinite entries take the limit.
pub fn value(x: &[f64]) -> f64 {
    let Some(&first) = x.first() else { return 0.0 };
    let mut sum = -phi(first);
    for pair in x.windows(2) {
        let (before, at) = (pair[0], pair[1]);
        let s = side(before);
        // Phi is bounded: where Psi is zero so is the product, unless x_j is NaN.
        sum -= s * psi(before.abs()).value * phi(s * at);
    }
    sum
}

/// grad F_T(x) into `gradient`.
///
/// ```text
/// d_j F_T = -Psi(|x_{j-1}|) Phi'(x_j) - Psi'(|x_j|) Phi(sign(x_j) x_{j+1}),
/// ```
///
/// with Psi(1) = 1 before the first and no second part after the last: no entry is positive. Entries beyond
/// prog_{1/2}(x) + 1 are exactly zero.
///
/// # Panics
/// If the lengths differ.
pub fn gradient(x: &[f64], gradient: &mut [f64]) {
    assert_eq!(x.len(), gradient.len(), "a gradient has the length of its point");
    let mut before = 1.0;
    for (j, &at) in x.iter().enumerate() {
        let mut entry = 0.0;
        if before != 0.0 {
            entry -= before * phi_slope(at);
        }
        let here = psi(at.abs());
        if here.slope != 0.0
            && let Some(&after) = x.get(j + 1)
        {
            entry -= here.slope * phi(side(at) * after);
        }
        gradient[j] = entry;
        before = here.value;
    }
}

/// D^2 F_T(x) z into `image`: the Hessian is tridiagonal.
///
/// ```text
/// d_jj F_T      = -Psi(|x_{j-1}|) Phi''(x_j) - s Psi''(|x_j|) Phi(s x_{j+1}),   s = sign(x_j), Phi''(x) = -x Phi'(x);
/// d_j d_{j+1} F_T = -s Psi'(|x_j|) Phi'(x_{j+1}).
/// ```
///
/// # Panics
/// If the lengths differ.
pub fn hessian_action(x: &[f64], z: &[f64], image: &mut [f64]) {
    assert!(x.len() == z.len() && x.len() == image.len(), "one length for point, direction and image");
    image.fill(0.0);
    let mut before = 1.0;
    for j in 0..x.len() {
        let (at, s) = (x[j], side(x[j]));
        // x exp(-x^2/2) at an infinite x is 0, not NaN.
        let bend = phi_slope(at);
        let mut diagonal = if bend == 0.0 { 0.0 } else { before * at * bend };
        let here = psi(at.abs());
        if let Some(&after) = x.get(j + 1) {
            if here.curvature != 0.0 {
                diagonal -= s * here.curvature * phi(s * after);
            }
            if here.slope != 0.0 {
                let beside = -s * here.slope * phi_slope(after);
                image[j] += beside * z[j + 1];
                image[j + 1] += beside * z[j];
            }
        }
        image[j] += diagonal * z[j];
        before = here.value;
    }
}

/// prog_c(x) = max{ j : |x_j| > c }, counted from 1; 0 if there is none.
pub fn progress(x: &[f64], c: f64) -> usize {
    x.iter().rposition(|x| x.abs() > c).map_or(0, |j| j + 1)
}

/// F_T(0) - inf F_T = sqrt(e pi/2) + (T - 1) e^{3/2} sqrt(2 pi), for T >= 1: F_T(0) = -Phi(0), and every term of F_T
/// approaches its infimum as all x_j grow.
pub fn gap(length: usize) -> f64 {
    sqrt(FRAC_PI_2 * E) + (length as f64 - 1.0) * E * sqrt(4.0 * FRAC_PI_2 * E)
}
