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
    use super::*;

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
}

#[cfg(test)]
mod measure {
    use super::*;
    use crate::problems::FiniteSum;
    use crate::spec::{MomentOrder, Norm, Problem};
    use crate::test_norms::TestNorm;
    #[test]
    fn zz_measure() {
        let f: Logistic<f64> = Config::default().build().unwrap();
        let w = f.start();
        let idx: Vec<usize> = (0..32).map(|i| i * 56).collect();
        let time = |name: &str, g: &dyn Fn()| {
            let mut best = f64::INFINITY;
            let mut all = vec![];
            for _ in 0..50 {
                let t = std::time::Instant::now();
                for _ in 0..10 {
                    g();
                }
                let e = t.elapsed().as_secs_f64() / 10.0;
                best = best.min(e);
                all.push(e);
            }
            all.sort_by(f64::total_cmp);
            println!("{name} min {:.1} us median {:.1} us", best * 1e6, all[25] * 1e6);
        };
        time("full", &|| {
            std::hint::black_box(f.gradient(&w));
        });
        time("objective", &|| {
            std::hint::black_box(f.objective(&w));
        });
        time("mini32", &|| {
            std::hint::black_box(f.minibatch_gradient(&w, &idx));
        });
        println!("gap {}", f.gap().unwrap().delta());
        let p = MomentOrder::new(1.5).unwrap();
        for norm in TestNorm::ALL {
            let t = std::time::Instant::now();
            let norm: &dyn Norm<f64> = &norm;
            println!(
                "{} L {:.6} rho {:.6} bound^p {:.6} (sigma {:.4}) exact {:.6} (sigma {:.4}) grad {:.4} {:?}",
                norm.label(),
                f.smoothness(norm).unwrap().constant(),
                f.hessian_lipschitz(norm).unwrap().constant(),
                f.component_noise_moment(norm, p).unwrap().bound(),
                f.component_noise_moment(norm, p).unwrap().bound().powf(1.0 / 1.5),
                f.noise_at(&w, norm, p).unwrap(),
                f.noise_at(&w, norm, p).unwrap().powf(1.0 / 1.5),
                norm.dual_value(&f.gradient(&w)).unwrap(),
                t.elapsed()
            );
        }
    }
}
