//! A slope whose curvature rises linearly: every second-order Taylor estimate along it is an equality.

use serde::{Deserialize, Serialize};

use super::{Built, Entry, at_most, positive};
use crate::registry::{self, ConfigError};
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Scalar, Smoothness, inner,
};

/// f(X) = phi(<D, X>), X_0 = 0, with a fixed matrix D >= 0 of zeros and ones, and phi'' = 0 on (-inf, 0], h s on
/// \[0, l\], h l on \[l, inf), h, l > 0.
///
/// # phi
///
/// It is quadratic with minimum 0 at 2l from l on, and so, integrating from there,
///
/// | s | phi(s) | phi'(s) |
/// |---|---|---|
/// | s >= l | (h l/2)(s - 2l)^2 | h l (s - 2l) |
/// | 0 <= s <= l | h (11 l^3 - 9 l^2 s + s^3)/6 | h (s^2 - 3 l^2)/2 |
/// | s <= 0 | h (11 l^3 - 9 l^2 s)/6 | -3 h l^2/2 |
///
/// (at l both rows give h l^3/2 and -h l^2). phi' < 0 before 2l: a method that descends goes up in s, from X_0 over the RAMP
/// \[0, l\] onto the PLATEAU \[l, 2l\]. inf f = 0, Delta = 11 h l^3/6.
///
/// # L and rho, exact in every norm
///
/// D^2 f(X)\[Z\] = phi''(<D, X>) <D, Z> D, and sup{<D, Z> : ||Z|| <= 1} = ||D||_*. So ||D^2 f(X)\[Z\]||_* <= h l ||D||_*^2 ||Z||
/// with equality on the plateau along Z = -lmo(D): L = h l ||D||_*^2. And |phi''(s) - phi''(t)| <= h|s - t| gives
/// rho = h||D||_*^3, an equality on the ramp with X - Y and Z along lmo(D).
///
/// # What is attained on it
///
/// A method that adds eta lmo(M) with M a negative multiple of D moves <D, X> by exactly s = eta||D||_* a step, whatever the
/// norm. On the ramp the gradient is a quadratic function of s, so the drift of momentum is the second-order term of
/// Taylor's formula, with nothing left over; on the plateau it is linear, and the drift is the first-order term. A run of T
/// steps stays on the ramp if s (T + (1-alpha)/alpha) <= l, the second summand being the reach of an extrapolation.
#[derive(Debug, Clone)]
pub struct CurvatureRamp<T: Scalar> {
    direction: Matrix<T>,
    slope: f64,
    length: f64,
}

/// Which entries of D are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Along {
    /// The diagonal.
    Diagonal,
    /// All.
    Entries,
    /// The first column.
    Column,
    /// The first entry.
    Entry,
}

impl Along {
    fn contains(self, i: usize, j: usize) -> bool {
        match self {
            Self::Diagonal => i == j,
            Self::Entries => true,
            Self::Column => j == 0,
            Self::Entry => (i, j) == (0, 0),
        }
    }
}

impl<T: Scalar> CurvatureRamp<T> {
    /// D.
    pub fn direction(&self) -> &Matrix<T> {
        &self.direction
    }

    /// A point X, a multiple of D, with <D, X> = s.
    pub fn at(&self, s: f64) -> Matrix<T> {
        &self.direction * T::from_f64(s / self.square())
    }

    /// <D, D>.
    fn square(&self) -> f64 {
        inner(&self.direction, &self.direction).to_f64()
    }

    /// <D, X>.
    fn along(&self, x: &Matrix<T>) -> f64 {
        self.direction.entries().zip(x.entries()).map(|(d, x)| d.to_f64() * x.to_f64()).sum()
    }

    fn first_derivative(&self, s: f64) -> f64 {
        let (h, l) = (self.slope, self.length);
        if s >= l {
            h * l * (s - 2.0 * l)
        } else {
            let on_ramp = s.max(0.0);
            0.5 * h * (on_ramp * on_ramp - 3.0 * l * l)
        }
    }

    fn second_derivative(&self, s: f64) -> f64 {
        self.slope * s.clamp(0.0, self.length)
    }
}

impl<T: Scalar> Problem<T> for CurvatureRamp<T> {
    fn name(&self) -> &str {
        NAME
    }

    fn dimensions(&self) -> Dimensions {
        self.direction.dimensions().expect("validated when it was made")
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.direction.nrows(), self.direction.ncols())
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let (h, l, s) = (self.slope, self.length, self.along(x));
        T::from_f64(if s >= l {
            0.5 * h * l * (s - 2.0 * l).powi(2)
        } else {
            h * (11.0 * l.powi(3) - 9.0 * l * l * s + s.max(0.0).powi(3)) / 6.0
        })
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        &self.direction * T::from_f64(self.first_derivative(self.along(x)))
    }

    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        &self.direction * T::from_f64(self.second_derivative(self.along(x)) * self.along(z))
    }

    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let size = norm.dual_value(&self.direction)?.to_f64();
        Ok(Smoothness::new(self.slope * self.length * size * size, norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let size = norm.dual_value(&self.direction)?.to_f64();
        Ok(HessianLipschitz::new(self.slope * size.powi(3), norm.label())?)
    }
}

const NAME: &str = "curvature-ramp";

/// `[problem] name = "curvature-ramp"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// m; m n is at most 2^26.
    pub rows: usize,
    /// n.
    pub columns: usize,
    /// `diagonal` (default), `entries`, `column` or `entry`: where D is 1.
    #[serde(default = "diagonal")]
    pub along: Along,
    /// h, the slope of the curvature (default 1).
    #[serde(default = "one")]
    pub slope: f64,
    /// l, the length of the ramp in units of <D, X> (default 1).
    #[serde(default = "one")]
    pub length: f64,
}

fn diagonal() -> Along {
    Along::Diagonal
}

fn one() -> f64 {
    1.0
}

impl Config {
    /// The problem.
    ///
    /// # Errors
    /// [`ConfigError`] for sides of zero, more than 2^26 entries, and a slope or length that is not positive.
    pub fn build<T: Scalar>(&self) -> Result<CurvatureRamp<T>, ConfigError> {
        Dimensions::new(self.rows, self.columns)?;
        at_most(NAME, "rows x columns", self.rows.saturating_mul(self.columns), super::LARGEST_VARIABLE)?;
        positive(NAME, "slope", self.slope)?;
        positive(NAME, "length", self.length)?;
        let one = |i, j| if self.along.contains(i, j) { T::one_impl() } else { T::zero_impl() };
        let direction = Matrix::from_fn(self.rows, self.columns, one);
        Ok(CurvatureRamp { direction, slope: self.slope, length: self.length })
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: NAME,
        summary: "a slope whose curvature rises linearly (rows, columns, along, slope, length)",
        build: |table| {
            let config: Config = registry::read(NAME, table)?;
            Ok(Built::Plain(std::sync::Arc::new(config.build::<T>()?)))
        },
        examples: || {
            vec![
                toml::toml! { name = "curvature-ramp" rows = 3 columns = 4 },
                toml::toml! { name = "curvature-ramp" rows = 2 columns = 3 along = "entries" slope = 0.5 length = 4.0 },
                toml::toml! { name = "curvature-ramp" rows = 3 columns = 2 along = "column" length = 2.0 },
                toml::toml! { name = "curvature-ramp" rows = 1 columns = 2 along = "entry" slope = 3.0 },
            ]
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms;
    use crate::spec::problem;

    fn every_ramp() -> impl Iterator<Item = CurvatureRamp<f64>> {
        [Along::Diagonal, Along::Entries, Along::Column, Along::Entry].into_iter().map(|along| {
            let config = Config { rows: 3, columns: 4, along, slope: 0.7, length: 2.0 };
            config.build().unwrap()
        })
    }

    #[test]
    fn the_pieces_fit_together() {
        let f = Config { rows: 1, columns: 1, along: Along::Entry, slope: 0.7, length: 2.0 };
        let f: CurvatureRamp<f64> = f.build().unwrap();
        assert!((f.objective(&f.start()) - 11.0 * 0.7 * 8.0 / 6.0).abs() < 1e-14);
        assert_eq!((f.objective(&f.at(4.0)), f.first_derivative(4.0)), (0.0, 0.0));
        for (joint, value, slope) in [(0.0, 11.0 * 0.7 * 8.0 / 6.0, -4.2), (2.0, 2.8, -2.8)] {
            for s in [joint - 1e-9, joint + 1e-9] {
                assert!((f.objective(&f.at(s)) - value).abs() < 1e-8, "{s}");
                assert!((f.first_derivative(s) - slope).abs() < 1e-8, "{s}");
            }
        }
        // Each derivative is the one of the last by differences, which are exact for polynomials of degree two.
        for s in [-3.0, -0.5, 0.5, 1.0, 1.5, 2.5, 5.0] {
            let h = 0.25;
            let change = (f.first_derivative(s + h) - f.first_derivative(s - h)) / (2.0 * h);
            assert!((change - f.second_derivative(s)).abs() < 1e-14, "{s}");
        }
    }

    #[test]
    fn both_constants_are_attained_in_every_norm() {
        let mut seen = 0;
        for f in every_ramp() {
            for norm in &norms::all_on(f.dimensions()) {
                let z = -&norm.lmo(f.direction()).unwrap();
                let size = norm.dual_value(f.direction()).unwrap();
                // Along z by a quarter of a length: within the ramp, and within the plateau.
                let step = &z * (0.25 * f.length / size);
                let from = |s: f64| (f.at(s * f.length), &f.at(s * f.length) + &step);
                let (x, y) = from(1.25);
                let l = problem::a2_smoothness(&f, norm, &x, &y).unwrap().ratio();
                let (x, y) = from(0.25);
                let rho = problem::a4_hessian_lipschitz(&f, norm, &x, &y, &z).unwrap().ratio();
                // A norm, its dual and its oracle: each good to a hundred roundings.
                let case = format!("{} {l} {rho}", norm.label());
                assert!((l - 1.0).abs() < 1e-12 && (rho - 1.0).abs() < 1e-12, "{case}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn configurations_outside_the_range_are_refused() {
        let refuse = |text: &str| {
            let table: toml::Table = format!("name = 'curvature-ramp'\n{text}").parse().unwrap();
            super::super::build::<f64>(&table).unwrap_err().to_string()
        };
        assert!(refuse("rows = 2").contains("columns"));
        assert!(refuse("rows = 2\ncolumns = 0").contains("at least one"));
        assert!(refuse("rows = 9223372036854775807\ncolumns = 4").contains("at most 16777216"));
        assert!(refuse("rows = 2\ncolumns = 2\nslope = 0").contains("slope"));
        assert!(refuse("rows = 2\ncolumns = 2\nlength = nan").contains("length"));
        assert!(refuse("rows = 2\ncolumns = 2\nalong = 'row'").contains("diagonal"));
    }
}
