//! Logistic regression on real data: the 1797 handwritten digits that the crate smartcore ships.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smartcore::dataset::digits::load_dataset;

use super::logistic::{Logistic, LogisticError};
use super::{Built, Entry};
use crate::registry;
use crate::spec::{Matrix, Scalar};

/// The number of classes.
pub const CLASSES: usize = 10;

/// The largest grey value in the file.
const WHITE: f64 = 16.0;

/// The images, one row of 64 grey values in \[0, 1\] each, and the digit that each shows.
///
/// The grey values 0..16 of the file are divided by 16, exactly. There is no column of ones: W is 10 x 64.
pub fn data() -> (Matrix<f64>, Vec<usize>) {
    let set = load_dataset();
    let features = Matrix::from_fn(set.num_samples, set.num_features, |i, j| {
        f64::from(set.data[i * set.num_features + j]) / WHITE
    });
    let labels = set.target.iter().map(|&y| y as usize).collect();
    (features, labels)
}

/// `[problem] name = "digits"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Weight of the regulariser, at least 0 (default 1e-3).
    pub lambda: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { lambda: 1e-3 }
    }
}

impl Config {
    /// The problem.
    ///
    /// # Errors
    /// [`LogisticError::LambdaNegative`].
    pub fn build<T: Scalar>(&self) -> Result<Logistic<T>, LogisticError> {
        let (features, labels) = data();
        Ok(Logistic::new(&features, &labels, CLASSES, self.lambda)?.named("digits"))
    }
}

pub(super) fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "digits",
        summary: "logistic regression on 1797 handwritten digits, W 10 x 64 (lambda)",
        build: |table| {
            let config: Config = registry::read("digits", table)?;
            Ok(Built::Sum(Arc::new(config.build::<T>()?)))
        },
        examples: || vec![toml::toml! { name = "digits" }, toml::toml! { name = "digits" lambda = 0.0 }],
    }
}

#[cfg(test)]
mod tests {
    use super::super::FiniteSum;
    use super::super::checks::{Attack, gaussian};
    use super::*;
    use crate::norms::{frobenius::Frobenius, max_entry::MaxEntry, spectral::Spectral};
    use crate::seed::stream;
    use crate::spec::{MomentOrder, Norm, Problem, problem};

    #[test]
    fn the_digits_are_the_known_ones() {
        let (features, labels) = data();
        assert_eq!((features.nrows(), features.ncols(), labels.len()), (1797, 64, 1797));
        assert!(features.entries().all(|x| (0.0..=1.0).contains(&x) && (16.0 * x).fract() == 0.0));
        // The class sizes that the data set's own description lists.
        let sizes: Vec<_> = (0..CLASSES).map(|c| labels.iter().filter(|&&y| y == c).count()).collect();
        assert_eq!(sizes, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(features.max_abs(), 1.0);
    }

    #[test]
    fn the_constants_hold_under_attack_on_the_real_data() {
        let f: Logistic<f64> = Config::default().build().unwrap();
        // A sum of 1797 terms, each correct to a unit in the last place.
        assert!((f.gap().unwrap().delta() - 10f64.ln()).abs() < 1797.0 * f64::EPSILON * 10f64.ln());
        for norm in [&Spectral as &dyn Norm<f64>, &Frobenius, &MaxEntry] {
            let attack = Attack::search(&f, norm, &f.start(), 2, 15);
            let pair = problem::a2_smoothness(&f, norm, &attack.x, &attack.y).unwrap();
            assert!(pair.holds(1e-9), "{norm:?} {pair:?}");
            if norm.label().as_str() == "frobenius" {
                // At W = 0 every S_i is P/10, P a projection, against 1/2 where two classes are undecided: a fifth of L,
                // of which the regulariser has a share too. The power iteration is done after 15 steps.
                assert!((pair.ratio() - 0.2).abs() < 1e-3, "{pair:?}");
            }
            let z = &(&attack.y - &attack.x) * 1e4;
            let a4 = problem::a4_hessian_lipschitz(&f, norm, &attack.x, &z, &z).unwrap();
            assert!(a4.holds(1e-9), "{norm:?} {a4:?}");
        }
    }

    #[test]
    fn two_undecided_classes_attain_the_frobenius_constant_on_the_real_data() {
        let f: Logistic<f64> = Config { lambda: 0.0 }.build().unwrap();
        // The pixels are nonnegative: rows 3 and 8 at zero and all others far below make p = (1/2, 1/2) on every image.
        let x = Matrix::from_fn(10, 64, |c, _| if c == 3 || c == 8 { 0.0 } else { -1e3 });
        for norm in [&Frobenius as &dyn Norm<f64>, &MaxEntry] {
            let attack = Attack::search(&f, norm, &x, 2, 15);
            let pair = problem::a2_smoothness(&f, norm, &attack.x, &attack.y).unwrap();
            assert!(pair.holds(1e-9) && pair.ratio() > 0.99, "{norm:?} {pair:?}");
        }
    }

    #[test]
    fn the_gradient_of_an_image_is_unbiased_and_below_the_class_bound() {
        let f: Logistic<f64> = Config::default().build().unwrap();
        let order = MomentOrder::new(1.5).unwrap();
        for scale in [0.0, 3.0] {
            let w = gaussian(&f, scale, &mut stream(31, 0));
            let law = f.component_law(&w);
            // A mean of 1797 numbers of size 1.
            assert!((&law.expectation() - &f.gradient(&w)).max_abs() < 1e-14);
            for norm in [&Frobenius as &dyn Norm<f64>, &MaxEntry] {
                let exact = f.noise_at(&w, norm, order).unwrap();
                let bound = f.component_noise_moment(norm, order).unwrap().bound();
                assert!(exact <= bound && bound < 16.0 * exact, "{norm:?} {exact} {bound}");
            }
        }
    }
}
