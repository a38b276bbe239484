//! Sums of one function over the entries: nothing is coupled, every constant is a number times a size of the ball.

use serde::{Deserialize, Serialize};

use super::profile::Profile;
use super::{Built, positive, random_of_length};
use crate::family::Known;
use crate::registry::{self, ConfigError};
use crate::seed;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Scalar, Smoothness,
};

/// f(X) = c sum_ij phi((X - X*)_ij/w), with phi even, phi(0) = 0 = inf phi, phi''(0) = 1 = sup|phi''|; c, w > 0.
///
/// inf f = f(X*) = 0, X_0 = 0. Write k = sup|phi'''|, R for the circumradius of the norm's unit ball.
///
/// # L
///
/// |D^2 f(X)\[Z, Z'\]| = (c/w^2)|sum phi'' z z'| <= (c/w^2)||Z||_F||Z'||_F <= (c/w^2) R^2 on the unit ball: L = c R^2/w^2,
/// ATTAINED at X* (where every phi'' is 1) along a point of the unit sphere with ||Z||_F = R.
///
/// # rho
///
/// |(phi''(s) - phi''(t))| <= k|s - t|, so that the form of A4 is at most (c k/w^3) sum|d z z'| with d = X - Y; by Hoelder
/// that is at most rho = (c k/w^3) sup{sum|z|^3 : ||Z|| <= 1}. The supremum is in closed form for the known families and at
/// most R^3 for every norm (||.||_3 <= ||.||_2). ATTAINED, where the closed form is, next to the point at which every |phi'''|
/// is k.
#[derive(Debug, Clone)]
pub struct Separable<T: Scalar> {
    profile: &'static Profile,
    scale: f64,
    width: f64,
    minimiser: Matrix<T>,
}

impl<T: Scalar> Separable<T> {
    /// X*.
    pub fn minimiser(&self) -> &Matrix<T> {
        &self.minimiser
    }

    /// factor * map((X - X*)_ij/w) at every entry.
    fn map(&self, x: &Matrix<T>, factor: f64, map: fn(f64) -> f64) -> Matrix<T> {
        (x - &self.minimiser).map(|u| T::from_f64(factor * map(u.to_f64() / self.width)))
    }
}

impl<T: Scalar> Problem<T> for Separable<T> {
    fn name(&self) -> &str {
        self.profile.name
    }

    fn dimensions(&self) -> Dimensions {
        self.minimiser.dimensions().expect("validated when it was made")
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.minimiser.nrows(), self.minimiser.ncols())
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let from_minimiser = x - &self.minimiser;
        let sum: f64 = from_minimiser.entries().map(|u| (self.profile.value)(u.to_f64() / self.width)).sum();
        T::from_f64(self.scale * sum)
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        self.map(x, self.scale / self.width, self.profile.slope)
    }

    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let curvatures = self.map(x, self.scale / self.width.powi(2), self.profile.curvature);
        Matrix::from_fn(z.nrows(), z.ncols(), |i, j| curvatures[(i, j)] * z[(i, j)])
    }

    fn infimum(&self) -> Infimum {
        Infimum::Exact(0.0)
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let circumradius = norm.ball(self.dimensions())?.circumradius;
        Ok(Smoothness::new(self.scale * (circumradius / self.width).powi(2), norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let space = self.dimensions();
        let general = norm.ball(space)?.circumradius.powi(3);
        let cubes = Known::find(&norm.label(), space).map_or(general, |known| known.cubes(space));
        let third = self.profile.largest_third * self.scale / self.width.powi(3);
        Ok(HessianLipschitz::new(third * cubes.min(general), norm.label())?)
    }
}

/// `[problem] name = "cosine"` or `"log-cosh"`: the direction of X* is drawn from `seed`, X_0 = 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// m; m n is at most 2^26.
    pub rows: usize,
    /// n.
    pub columns: usize,
    /// c (default 1).
    #[serde(default = "one")]
    pub scale: f64,
    /// w (default 1).
    #[serde(default = "one")]
    pub width: f64,
    /// ||X_0 - X*||_F (default 1).
    #[serde(default = "one")]
    pub distance: f64,
    /// Seed of the direction of X* (default 0).
    #[serde(default)]
    pub seed: u64,
}

fn one() -> f64 {
    1.0
}

impl Config {
    /// The sum of `profile` over the entries.
    ///
    /// # Errors
    /// [`ConfigError`] for sides of zero, more than 2^26 entries, and a scale, width or distance that is not positive.
    pub fn build<T: Scalar>(&self, profile: &'static Profile) -> Result<Separable<T>, ConfigError> {
        let space = Dimensions::new(self.rows, self.columns)?;
        super::at_most(
            profile.name,
            "rows x columns",
            self.rows.saturating_mul(self.columns),
            super::LARGEST_VARIABLE,
        )?;
        for (parameter, value) in [("scale", self.scale), ("width", self.width), ("distance", self.distance)]
        {
            positive(profile.name, parameter, value)?;
        }
        let minimiser =
            random_of_length(space, self.distance, &mut seed::problem_stream(self.seed, 0)).cast();
        Ok(Separable { profile, scale: self.scale, width: self.width, minimiser })
    }
}

/// Reads the table of a sum of `profile`.
pub(super) fn build<T: Scalar>(
    profile: &'static Profile,
    table: &toml::Table,
) -> Result<Built<T>, ConfigError> {
    let config: Config = registry::read(profile.name, table)?;
    Ok(Built::Plain(std::sync::Arc::new(config.build::<T>(profile)?)))
}

/// Tables for the tests of every instance.
pub(super) fn examples(profile: &'static Profile) -> Vec<toml::Table> {
    let tables = [
        toml::toml! { rows = 3 columns = 4 distance = 4.0 },
        toml::toml! { rows = 3 columns = 2 scale = 0.5 width = 3.0 distance = 5.0 seed = 1 },
        toml::toml! { rows = 1 columns = 3 width = 0.25 },
    ];
    let named = |mut table: toml::Table| {
        table.insert("name".into(), profile.name.into());
        table
    };
    tables.into_iter().map(named).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::profile;
    use super::*;
    use crate::norms;
    use crate::spec::problem;

    fn problem(profile: &'static Profile, rows: usize, columns: usize) -> Separable<f64> {
        let config = Config { rows, columns, scale: 0.7, width: 1.6, distance: 3.0, seed: 5 };
        config.build(profile).unwrap()
    }

    /// Both constants are attained in every norm with a closed form: L at X*, rho next to the point where every phi''' is
    /// largest, along a matrix with one nonzero entry or one with equal numbers for the family, whichever is larger.
    pub(in super::super) fn attains_its_constants(profile: &'static Profile) {
        let turn = profile::checks::suprema(profile);
        let mut seen = 0;
        for (rows, columns) in [(3, 4), (4, 2)] {
            let f = problem(profile, rows, columns);
            let space = f.dimensions();
            let at = |u: f64| f.minimiser().map(|x| x + f.width * u);
            for norm in &norms::all_on(space) {
                let Some(known) = Known::find(&norm.label(), space) else { continue };
                let single = Matrix::from_fn(rows, columns, |i, j| if (i, j) == (0, 0) { 1.0 } else { 0.0 });
                let single = &single * (1.0 / norm.value(&single).unwrap());
                let best =
                    |ratio: &dyn Fn(&Matrix<f64>) -> f64| ratio(&single).max(ratio(&known.flat(space)));
                let h = 1e-4;
                let l = best(&|z| {
                    let y = &at(0.0) + &(z * (h * f.width));
                    problem::a2_smoothness(&f, norm, &at(0.0), &y).unwrap().ratio()
                });
                let rho = best(&|z| {
                    let step = z * (h * f.width);
                    let (x, y) = (&at(turn) - &step, &at(turn) + &step);
                    problem::a4_hessian_lipschitz(&f, norm, &x, &y, z).unwrap().ratio()
                });
                // phi'(u)/u and the difference of phi'' over 2h fall short by h^2 times a ratio of derivatives; rounding
                // gives 1e-16/h.
                for (constant, ratio) in [("L", l), ("rho", rho)] {
                    let case = format!("{constant} of {} in {}: {ratio}", profile.name, norm.label());
                    assert!((1.0 - 1e-6..=1.0 + 1e-10).contains(&ratio), "{case}");
                }
                seen += 1;
            }
        }
        assert!(seen >= 28, "{seen}");
    }

    #[test]
    fn configurations_outside_the_range_are_refused() {
        let refuse = |text: &str| {
            let table: toml::Table = format!("name = 'cosine'\n{text}").parse().unwrap();
            super::super::build::<f64>(&table).unwrap_err().to_string()
        };
        assert!(refuse("rows = 2").contains("columns"));
        assert!(refuse("rows = 0\ncolumns = 2").contains("at least one row"));
        assert!(refuse("rows = 9223372036854775807\ncolumns = 4").contains("at most 16777216"));
        assert!(refuse("rows = 2\ncolumns = 2\nscale = 0").contains("scale must be finite and above 0"));
        assert!(refuse("rows = 2\ncolumns = 2\nwidth = -1.0").contains("width"));
        assert!(refuse("rows = 2\ncolumns = 2\ndistance = inf").contains("distance"));
        assert!(refuse("rows = 2\ncolumns = 2\nshape = 'cosine'").contains("shape"));
    }
}
