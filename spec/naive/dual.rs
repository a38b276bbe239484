//! The dual norm from its definition, through an independent deterministic maximisation.
//!
//! ||S||_* = max <S, X>/||X|| = 1 / min{||X|| : <S, X> = 1}: a convex problem in mn - 1 variables, solved here by
//! the ellipsoid method with difference quotients. It uses `value` alone, so that it knows nothing of duality.

use crate::{Matrix, Norm, NormError, inner};

/// ||S||_* from below, within about 1e-6 relative: the best <S, X>/||X|| found. Slow; for at most a dozen entries.
///
/// # Errors
/// Those of the norm.
pub fn dual_value(norm: &dyn Norm<f64>, s: &Matrix<f64>) -> Result<f64, NormError> {
    if s.is_zero() {
        return Ok(0.0);
    }
    let scale = s.max_abs();
    let unit = s * (1.0 / scale);
    Slice::new(norm, &unit)?.minimum().map(|least| scale / least)
}

/// The affine slice {<S, X> = 1} with coordinates y along an orthonormal basis of the complement of S.
struct Slice<'a> {
    norm: &'a dyn Norm<f64>,
    foot: Matrix<f64>,
    basis: Vec<Matrix<f64>>,
    radius: f64,
}

impl<'a> Slice<'a> {
    fn new(norm: &'a dyn Norm<f64>, s: &Matrix<f64>) -> Result<Self, NormError> {
        let foot = s * (1.0 / inner(s, s));
        // Minimisers have norm at most that of the foot, hence Frobenius norm at most circumradius times it.
        let radius = norm.ball(s.dimensions()?)?.circumradius * norm.value(&foot)?;
        Ok(Self { norm, basis: complement(s), foot, radius })
    }

    fn point(&self, y: &[f64]) -> Matrix<f64> {
        let mut x = self.foot.clone();
        for (b, &t) in self.basis.iter().zip(y) {
            x.add_scaled(t, b);
        }
        x
    }

    fn value(&self, y: &[f64]) -> Result<f64, NormError> {
        self.norm.value(&self.point(y))
    }

    /// Central differences. They must not straddle a kink, across which the quotients of different coordinates belong to
    /// no common subgradient: they are taken 1e-7 off, at a generic point, over a span a thousand times shorter.
    fn gradient(&self, y: &[f64]) -> Result<Vec<f64>, NormError> {
        let (off, h) = (1e-7 * self.radius, 1e-10 * self.radius);
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let generic: Vec<f64> =
            y.iter().enumerate().map(|(k, t)| t + off * ((k + 1) as f64 * golden).fract()).collect();
        (0..y.len())
            .map(|k| {
                let at = |t: f64| {
                    let mut moved = generic.clone();
                    moved[k] += t;
                    self.value(&moved)
                };
                Ok((at(h)? - at(-h)?) / (2.0 * h))
            })
            .collect()
    }

    fn minimum(&self) -> Result<f64, NormError> {
        let d = self.basis.len();
        let mut centre = vec![0.0; d];
        let mut least = self.value(&centre)?;
        // A one-dimensional ellipsoid is an interval: embed it in the plane to keep the update below.
        if d < 2 {
            return if d == 0 { Ok(least) } else { self.minimum_on_a_line(least) };
        }
        let n = d as f64;
        let (stretch, squeeze) = (n / (n * n - 1.0).sqrt(), 1.0 - ((n - 1.0) / (n + 1.0)).sqrt());
        // The ellipsoid is {centre + B u : ||u|| <= 1}; in this form rounding cannot make it degenerate.
        let mut b: Vec<Vec<f64>> =
            (0..d).map(|i| (0..d).map(|j| if i == j { self.radius } else { 0.0 }).collect()).collect();
        // Each step shrinks the mean radius by exp(-1/(2 d (d+1))): 1e-7 takes 16 * 2 d (d + 1) steps.
        for _ in 0..32 * d * (d + 1) {
            let g = self.gradient(&centre)?;
            let bg: Vec<f64> = (0..d).map(|j| (0..d).map(|i| b[i][j] * g[i]).sum()).collect();
            let width = bg.iter().map(|x| x * x).sum::<f64>().sqrt();
            if width.is_nan() || width <= 1e-8 * least {
                break;
            }
            let u: Vec<f64> = bg.iter().map(|x| x / width).collect();
            let bu: Vec<f64> = b.iter().map(|row| row.iter().zip(&u).map(|(x, y)| x * y).sum()).collect();
            for i in 0..d {
                centre[i] -= bu[i] / (n + 1.0);
                for j in 0..d {
                    b[i][j] = stretch * (b[i][j] - squeeze * bu[i] * u[j]);
                }
            }
            least = least.min(self.value(&centre)?);
        }
        Ok(least)
    }

    /// Golden-section search.
    fn minimum_on_a_line(&self, mut least: f64) -> Result<f64, NormError> {
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (-self.radius, self.radius);
        for _ in 0..80 {
            let (a, b) = (high - golden * (high - low), low + golden * (high - low));
            let (at_a, at_b) = (self.value(&[a])?, self.value(&[b])?);
            least = least.min(at_a).min(at_b);
            if at_a < at_b { high = b } else { low = a }
        }
        Ok(least)
    }
}

/// An orthonormal basis of the complement of S, by Gram-Schmidt on the unit matrices (twice, for accuracy).
fn complement(s: &Matrix<f64>) -> Vec<Matrix<f64>> {
    let (m, n) = (s.nrows(), s.ncols());
    let mut all = vec![s * (1.0 / inner(s, s).sqrt())];
    for j in 0..n {
        for i in 0..m {
            let mut e = Matrix::zeros(m, n);
            e[(i, j)] = 1.0;
            for _ in 0..2 {
                for b in &all {
                    e.add_scaled(-inner(b, &e), b);
                }
            }
            let length = inner(&e, &e).sqrt();
            // One of the mn unit matrices is dependent on the others and S: the one that all but vanishes.
            if length > 1e-8 && all.len() < m * n {
                all.push(&e * (1.0 / length));
            }
        }
    }
    all.split_off(1)
}
