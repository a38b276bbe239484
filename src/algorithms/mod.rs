//! Methods: config, state and step, one file each.
//!
//! # Conventions
//!
//! `averaging` is alpha, the weight of the NEW gradient, in every method (beta = 1 - alpha); M_0 is the first
//! gradient. A method's `init` asks nothing; step t asks for the gradient that enters M_t, forms M_t and moves from
//! X_t to X_{t+1}. So T steps cost T calls (T B with batches of B), and M_0, ..., M_{T-1} are taken at (or near)
//! the points X_0, ..., X_{T-1} over which the theorems average.
//!
//! Nothing is added to a denominator. A direction of the zero matrix is zero.
//!
//! # What is absent
//!
//! A method knows a norm and an oracle, never a problem. Defaults are numbers to start from, not a schedule: those
//! that a theorem prescribes come from `heavynorm-proofs-check`.

use std::sync::Arc;

use crate::registry::{self, ConfigError};
use crate::spec::{Norm, Scalar};

pub mod adam;
pub mod batched_scion;
pub mod constrained_scion;
pub mod erased;
pub mod momentum;
pub mod normalized_sgd_momentum;
pub mod scion;
pub mod sgd_momentum;
pub mod sign_momentum;
#[cfg(test)]
pub(crate) mod testing;
pub mod transported_scion;

pub use adam::{Adam, AdamConfig};
pub use batched_scion::{BatchedScion, BatchedScionConfig};
pub use constrained_scion::{ConstrainedScion, ConstrainedScionConfig};
pub use erased::{DynAlgorithm, StateError, Trajectory};
pub use momentum::MomentumState;
pub use normalized_sgd_momentum::{NormalizedSgdMomentum, NormalizedSgdMomentumConfig};
pub use scion::{Scion, ScionConfig};
pub use sgd_momentum::{SgdMomentum, SgdMomentumConfig};
pub use sign_momentum::{SignMomentum, SignMomentumConfig};
pub use transported_scion::{TransportedScion, TransportedScionConfig};

/// Files of this folder that are no method.
pub const HELPERS: &[&str] = &["erased", "momentum", "testing"];

/// How an entry makes its method from a table and a norm (which methods without a norm leave aside).
pub type Build<T> = fn(&toml::Table, Arc<dyn Norm<T>>) -> Result<Box<dyn DynAlgorithm<T>>, ConfigError>;

/// A method as the command line and TOML files know it.
#[derive(Debug)]
pub struct Entry<T: Scalar> {
    /// The value of the `name` key.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The method moves along the linear minimisation oracle of a norm.
    pub uses_norm: bool,
    /// How it is made.
    pub build: Build<T>,
    /// Tables that it accepts, as TOML text.
    pub examples: &'static [&'static str],
}

/// Every method.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![
        batched_scion::entry(),
        scion::entry(),
        transported_scion::entry(),
        constrained_scion::entry(),
        sgd_momentum::entry(),
        normalized_sgd_momentum::entry(),
        sign_momentum::entry(),
        adam::entry(),
    ]
}

/// The method that a table describes: its `name` and its parameters (those left out take their defaults).
///
/// # Errors
/// [`ConfigError`]: unknown names and keys, wrong types, numbers outside their range.
pub fn build<T: Scalar>(
    table: &toml::Table,
    norm: Arc<dyn Norm<T>>,
) -> Result<Box<dyn DynAlgorithm<T>>, ConfigError> {
    let name = registry::name_of_table("method", table)?;
    let entry = registry::find("method", entries::<T>(), &name, |e| e.name)?;
    (entry.build)(table, norm)
}

/// A number that must be finite and above 0 once it is a `T`.
pub(crate) fn positive<T: Scalar>(name: &str, parameter: &'static str, value: f64) -> Result<T, ConfigError> {
    let x = T::from_f64(value);
    let must_be = "finite and above 0 (in the number type of the run)";
    in_range(name, parameter, value, must_be, x.is_finite() && x > T::zero_impl())?;
    Ok(x)
}

/// A weight in (0, 1], and above 0 once it is a `T`.
pub(crate) fn weight<T: Scalar>(name: &str, parameter: &'static str, value: f64) -> Result<T, ConfigError> {
    let x = T::from_f64(value);
    let must_be = "above 0 and at most 1";
    in_range(name, parameter, value, must_be, x > T::zero_impl() && value <= 1.0)?;
    Ok(x)
}

pub(crate) fn in_range(
    name: &str,
    parameter: &'static str,
    value: f64,
    must_be: &'static str,
    holds: bool,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError::OutOfRange { name: name.into(), parameter, must_be, value }) }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;

    use super::testing::{Quadratic, Scripted, jitter, row};
    use super::transported_scion::TransportedScionState;
    use super::*;
    use crate::norms::{frobenius::Frobenius, max_entry::MaxEntry};
    use crate::spec::{Algorithm, AlgorithmError, Matrix, NormError, Problem, StochasticOracle};

    fn table(text: &str) -> toml::Table {
        text.parse().unwrap()
    }

    fn frobenius<T: Scalar>() -> Arc<dyn Norm<T>> {
        Arc::new(Frobenius)
    }

    fn max_entry<T: Scalar>() -> Arc<dyn Norm<T>> {
        Arc::new(MaxEntry)
    }

    fn exact<T: Scalar>(problem: Quadratic<T>) -> impl StochasticOracle<T> + Clone {
        let d = problem.dimensions();
        Scripted::new(d.rows(), d.columns(), move |_, x: &Matrix<T>| problem.gradient(x))
    }

    /// `scale` times (the gradient of the small quadratic plus something without pattern).
    fn noisy<T: Scalar>(scale: f64) -> impl StochasticOracle<T> + Clone {
        let problem = Quadratic::small();
        Scripted::new(1, 2, move |k, x: &Matrix<T>| {
            let mut g = problem.gradient(x);
            g.add_scaled(T::one_impl(), &row(&[jitter(2 * k), jitter(2 * k + 1)]));
            &g * T::from_f64(scale)
        })
    }

    fn path<T: Scalar, A: DynAlgorithm<T> + ?Sized>(
        method: &A,
        mut oracle: impl StochasticOracle<T>,
        steps: usize,
    ) -> Vec<Matrix<T>> {
        let mut run = method.begin(&Quadratic::small().start, &mut oracle).unwrap();
        (0..steps)
            .map(|_| {
                run.step(&mut oracle).unwrap();
                run.iterate().clone()
            })
            .collect()
    }

    fn assert_path(found: &[Matrix<f64>], expected: &[[f64; 2]]) {
        assert_eq!(found.len(), expected.len());
        for (x, y) in found.iter().zip(expected) {
            assert_abs_diff_eq!(x, &row(y), epsilon = 1e-14);
        }
    }

    // The golden trajectories: f = (x1^2 + 3 x2^2)/2 from (1, -1/2), exact gradients (x1, 3 x2), computed by hand in
    // rationals where there are no roots, else with 40 digits in another language. Max-entry lmo: minus the signs.

    #[test]
    fn golden_scion() {
        // M_0 = (1, -3/2); M_1 = 3/4 M_0 + 1/4 (1/4, 3/4) = (13/16, -15/16); M_2 = (31/64, 3/64).
        let method =
            Scion::<f64>::new(ScionConfig { step_size: 0.75, averaging: 0.25 }, max_entry()).unwrap();
        assert_path(
            &path(&method, exact(Quadratic::small()), 3),
            &[[0.25, 0.25], [-0.5, 1.0], [-1.25, 0.25]],
        );
    }

    #[test]
    fn golden_sign_momentum() {
        let method = SignMomentum::<f64>::new(SignMomentumConfig { step_size: 0.75, averaging: 0.25 });
        assert_path(
            &path(&method.unwrap(), exact(Quadratic::small()), 3),
            &[[0.25, 0.25], [-0.5, 1.0], [-1.25, 0.25]],
        );
    }

    #[test]
    fn golden_batched_scion() {
        // B = 2 and additive shifts 3, -2, 1, 3, -2, 1: means (3/2, -1), (9/4, 11/4), (-1, -2).
        let config = BatchedScionConfig { step_size: 0.75, batch: 2 };
        let method = BatchedScion::<f64>::new(config, max_entry()).unwrap();
        let oracle = Scripted::new(1, 2, |k, x: &Matrix<f64>| {
            let shift = [3.0, -2.0, 1.0][k as usize % 3];
            &Quadratic::small().gradient(x) + &row(&[shift, shift])
        });
        assert_path(&path(&method, oracle, 3), &[[0.25, 0.25], [-0.5, -0.5], [0.25, 0.25]]);
    }

    #[test]
    fn golden_transported_scion() {
        // Gradient (x1^3, 3 x2), which is not affine. Y: (1, -1/2), (-2, 5/2), (13/4, -11/4), (-2, 5/2);
        // M: (1, -3/2), (-5/4, 3/4), (1957/256, -3/2), (3823/1024, 3/4).
        let config = TransportedScionConfig { step_size: 0.75, averaging: 0.25 };
        let method = TransportedScion::<f64>::new(config, max_entry()).unwrap();
        let mut oracle = Scripted::new(1, 2, |_, x: &Matrix<f64>| {
            row(&[x[(0, 0)] * x[(0, 0)] * x[(0, 0)], 3.0 * x[(0, 1)]])
        });
        let mut state = method.init(&row(&[1.0, -0.5]), &mut oracle).unwrap();
        let y = [[1.0, -0.5], [-2.0, 2.5], [3.25, -2.75], [-2.0, 2.5]];
        let m = [[1.0, -1.5], [-1.25, 0.75], [1957.0 / 256.0, -1.5], [3823.0 / 1024.0, 0.75]];
        let x = [[0.25, 0.25], [1.0, -0.5], [0.25, 0.25], [-0.5, -0.5]];
        for t in 0..4 {
            assert_abs_diff_eq!(method.query_point(&state), row(&y[t]), epsilon = 1e-14);
            method.step(&mut state, &mut oracle).unwrap();
            assert_abs_diff_eq!(state.momentum().unwrap(), &row(&m[t]), epsilon = 1e-14);
            assert_abs_diff_eq!(method.iterate(&state), &row(&x[t]), epsilon = 1e-14);
        }
    }

    #[test]
    fn golden_constrained_scion() {
        let config = ConstrainedScionConfig { step_size: 0.25, averaging: 0.25, radius: 2.0 };
        let method = ConstrainedScion::<f64>::new(config, max_entry()).unwrap();
        assert_path(
            &path(&method, exact(Quadratic::small()), 3),
            &[[0.25, 0.125], [-5.0 / 16.0, 19.0 / 32.0], [-47.0 / 64.0, 121.0 / 128.0]],
        );
    }

    #[test]
    fn golden_sgd_momentum() {
        let method = SgdMomentum::<f64>::new(SgdMomentumConfig { step_size: 0.5, averaging: 0.25 }).unwrap();
        assert_path(
            &path(&method, exact(Quadratic::small()), 3),
            &[[0.5, 0.25], [1.0 / 16.0, 23.0 / 32.0], [-35.0 / 128.0, 205.0 / 256.0]],
        );
    }

    const NORMALIZED: [[f64; 2]; 3] = [
        [0.7226499018873854, -0.0839748528310782],
        [0.4143030530243997, 0.3096267487869374],
        [0.0280182081765718, 0.6270917368421394],
    ];

    #[test]
    fn golden_normalized_sgd_momentum() {
        let config = NormalizedSgdMomentumConfig { step_size: 0.5, averaging: 0.25 };
        let method = NormalizedSgdMomentum::<f64>::new(config).unwrap();
        assert_path(&path(&method, exact(Quadratic::small()), 3), &NORMALIZED);
        let scion = Scion::<f64>::new(ScionConfig { step_size: 0.5, averaging: 0.25 }, frobenius()).unwrap();
        assert_path(&path(&scion, exact(Quadratic::small()), 3), &NORMALIZED);
    }

    #[test]
    fn golden_adam() {
        let config = AdamConfig { step_size: 0.5, beta1: 0.75, beta2: 0.5, epsilon: 0.0 };
        let run = |c| path(&Adam::<f64>::new(c).unwrap(), exact(Quadratic::small()), 3);
        assert_path(
            &run(config),
            &[
                [0.5, 0.0],
                [-0.0050762722761054, 0.3711537444790451],
                [-0.4405781672237143, 0.313690085932318],
            ],
        );
        assert_path(
            &run(AdamConfig { epsilon: 0.25, ..config }),
            &[
                [0.6, -0.5 / 7.0],
                [0.2170383581016737, 0.2661500968099333],
                [-0.1272587867801018, 0.3071673817408132],
            ],
        );
    }

    fn largest_drift<T: Scalar, A: Algorithm<T>>(
        method: &A,
        momentum: impl Fn(&A::State) -> Option<&Matrix<T>>,
    ) -> f64 {
        let problem = Quadratic::<T> {
            weights: Matrix::from_fn(4, 3, |i, j| T::from_f64(1.0 + (i * 3 + j) as f64 / 4.0)),
            start: Matrix::from_fn(4, 3, |i, j| T::from_f64(jitter((i * 3 + j) as u64))),
        };
        let mut oracle = exact(problem.clone());
        let mut state = method.init(&problem.start, &mut oracle).unwrap();
        let mut largest = 0.0_f64;
        for _ in 0..200 {
            let gradient = problem.gradient(method.iterate(&state));
            method.step(&mut state, &mut oracle).unwrap();
            let drift = momentum(&state).unwrap() - &gradient;
            largest = largest.max(drift.max_abs().to_f64() / gradient.max_abs().to_f64());
        }
        largest
    }

    fn drift_of_the_transported_momentum<T: Scalar>() -> f64 {
        let config = TransportedScionConfig { step_size: 0.01, averaging: 0.1 };
        let method = TransportedScion::<T>::new(config, frobenius()).unwrap();
        largest_drift(&method, TransportedScionState::momentum)
    }

    #[test]
    fn on_a_quadratic_without_noise_the_transported_momentum_is_the_gradient() {
        // Each step adds a rounding error of a few u (the factor (1 - alpha)/alpha = 9 included) and the average
        // keeps at most 1/alpha = 10 of them: 64 * 10 u is room enough.
        assert!(drift_of_the_transported_momentum::<f64>() < 640.0 * f64::UNIT_ROUNDOFF);
        assert!(drift_of_the_transported_momentum::<f32>() < 640.0 * f64::from(f32::UNIT_ROUNDOFF));
        let scion = Scion::<f64>::new(ScionConfig { step_size: 0.01, averaging: 0.1 }, frobenius()).unwrap();
        assert!(largest_drift(&scion, MomentumState::momentum) > 0.01);
    }

    fn examples() -> impl Iterator<Item = &'static str> {
        entries::<f64>().into_iter().flat_map(|e| e.examples.iter().copied())
    }

    #[test]
    fn multiplying_the_objective_leaves_scale_invariant_paths_unchanged() {
        for text in examples() {
            let method = build::<f64>(&table(text), frobenius()).unwrap();
            let run = |scale| path(&*method, noisy(scale), 40);
            let plain = run(1.0);
            let invariant = !text.contains("'sgd-momentum'");
            assert_eq!(run(2f64.powi(-300)) == plain, invariant, "{text}");
            let close =
                plain.iter().zip(run(1e-10)).all(|(x, y)| approx::abs_diff_eq!(x, &y, epsilon = 1e-12));
            assert_eq!(close, invariant, "{text}");
        }
        let with_epsilon = AdamConfig { epsilon: 1e-8, ..AdamConfig::default() };
        let adam = Adam::<f64>::new(with_epsilon).unwrap();
        assert!(path(&adam, noisy(1e-10), 40)[39] != path(&adam, noisy(1.0), 40)[39]);
    }

    fn saved_runs_go_on<T: Scalar>() {
        for text in examples() {
            let method = build::<T>(&table(text), frobenius()).unwrap();
            for cut in [0, 1, 7] {
                let mut oracle = noisy::<T>(1.0);
                let mut run = method.begin(&Quadratic::small().start, &mut oracle).unwrap();
                (0..cut).for_each(|_| run.step(&mut oracle).unwrap());
                let saved = toml::to_string(&run.save().unwrap()).unwrap();
                let mut second_oracle = oracle.clone();
                let mut second = method.resume(&table(&saved)).unwrap();
                for _ in 0..20 {
                    run.step(&mut oracle).unwrap();
                    second.step(&mut second_oracle).unwrap();
                    assert_eq!(run.iterate(), second.iterate(), "{text} cut at {cut}");
                }
                assert_eq!(run.save().unwrap(), second.save().unwrap());
            }
        }
    }

    #[test]
    fn a_run_saved_as_text_and_restored_goes_on_bit_for_bit() {
        saved_runs_go_on::<f64>();
        saved_runs_go_on::<f32>();
    }

    #[test]
    fn a_forged_state_is_refused() {
        let forged = "momentum = { rows = 1, columns = 1, entries = [1.0] }
            mean = { rows = 1, columns = 1, entries = [1.0] }
            previous = { rows = 1, columns = 1, entries = [1.0] }
            iterate = { rows = 1, columns = 2, entries = [1.0, 2.0] }";
        for text in examples() {
            let method = build::<f64>(&table(text), frobenius()).unwrap();
            assert!(method.resume(&table(forged)).is_err(), "{text}");
            assert!(method.resume(&toml::Table::new()).is_err(), "{text}");
        }
        let two = MomentumState::at(&row::<f64>(&[1.0, 2.0]));
        let mut text = toml::to_string(&two).unwrap();
        text += "[momentum]\nrows = 1\ncolumns = 1\nentries = [1.0]";
        let error = toml::from_str::<MomentumState<f64>>(&text).unwrap_err();
        assert!(error.message().contains("different shapes"), "{error}");
    }

    #[test]
    fn init_asks_nothing_and_every_step_costs_one_batch() {
        for text in examples() {
            let method = build::<f64>(&table(text), frobenius()).unwrap();
            let mut oracle = noisy(1.0);
            let start = Quadratic::small().start;
            let mut run = method.begin(&start, &mut oracle).unwrap();
            assert_eq!((oracle.calls(), run.iterate()), (0, &start));
            (0..5).for_each(|_| run.step(&mut oracle).unwrap());
            assert_eq!(oracle.calls(), if text.contains("batch = 4") { 20 } else { 5 }, "{text}");
        }
    }

    #[test]
    fn without_memory_the_scions_are_one_method() {
        let scion = Scion::<f64>::new(ScionConfig { step_size: 0.1, averaging: 1.0 }, frobenius()).unwrap();
        let config = TransportedScionConfig { step_size: 0.1, averaging: 1.0 };
        let transported = TransportedScion::<f64>::new(config, frobenius()).unwrap();
        let batched =
            BatchedScion::<f64>::new(BatchedScionConfig { step_size: 0.1, batch: 1 }, frobenius()).unwrap();
        let expected = path(&scion, noisy(1.0), 30);
        assert_eq!(path(&transported, noisy(1.0), 30), expected);
        assert_eq!(path(&batched, noisy(1.0), 30), expected);
    }

    #[test]
    fn a_zero_momentum_gives_a_zero_direction() {
        for text in examples() {
            let method = build::<f64>(&table(text), frobenius()).unwrap();
            let oracle = Scripted::new(1, 2, |_, _: &Matrix<f64>| row(&[0.0, 0.0]));
            let end = path(&*method, oracle, 1).remove(0);
            let kept = if text.contains("constrained") { 1.0 - 0.02 } else { 1.0 };
            assert_eq!(end, &Quadratic::small().start * kept, "{text}");
        }
    }

    #[test]
    fn a_start_outside_the_ball_is_refused() {
        let config = ConstrainedScionConfig { radius: 1.0, ..ConstrainedScionConfig::default() };
        let method = ConstrainedScion::<f64>::new(config, frobenius()).unwrap();
        let mut oracle = noisy(1.0);
        let error = method.init(&row(&[3.0, 4.0]), &mut oracle).unwrap_err();
        assert_eq!(error, AlgorithmError::StartOutsideBall { size: 5.0, radius: 1.0 });
        assert!(method.init(&row(&[0.6, 0.8]), &mut oracle).is_ok());
    }

    #[test]
    fn iterates_of_the_constrained_form_stay_in_the_ball() {
        let config = ConstrainedScionConfig { step_size: 0.3, averaging: 0.5, radius: 1.2 };
        let method = ConstrainedScion::<f64>::new(config, frobenius()).unwrap();
        for x in path(&method, noisy(1.0), 200) {
            assert!(Norm::<f64>::value(&Frobenius, &x).unwrap() <= 1.2 * (1.0 + 1e-14));
        }
    }

    #[test]
    fn wrong_tables_say_what_is_wrong() {
        let error = |text: &str| match build::<f64>(&table(text), frobenius()) {
            Ok(_) => panic!("{text} was accepted"),
            Err(e) => e.to_string(),
        };
        assert!(error("name = 'muon'").contains("scion, transported-scion"));
        assert!(error("step_size = 1.0").contains("name"));
        for entry in entries::<f64>() {
            let name = entry.name;
            assert!(error(&format!("name = '{name}'\nlearning_rate = 1.0")).contains("learning_rate"));
            for bad in ["0.0", "-1.0", "nan", "inf"] {
                assert!(
                    error(&format!("name = '{name}'\nstep_size = {bad}")).contains("step_size"),
                    "{name}"
                );
            }
        }
        assert!(error("name = 'scion'\naveraging = 1.5").contains("at most 1, not 1.5"));
        assert!(error("name = 'batched-scion'\nbatch = 0").contains("at least 1"));
        assert!(error("name = 'batched-scion'\nbatch = -1").contains("batched-scion"));
        assert!(error("name = 'constrained-scion'\nradius = 0.0").contains("radius"));
        assert!(error("name = 'constrained-scion'\nstep_size = 1.1").contains("step_size"));
        for bad in ["beta1 = 1.0", "beta2 = 0.0", "epsilon = -1.0", "epsilon = inf"] {
            assert!(error(&format!("name = 'adam'\n{bad}")).contains(&bad[..4]));
        }
        // Fine as f64, zero as f32.
        assert!(build::<f32>(&table("name = 'scion'\nstep_size = 1e-60"), frobenius()).is_err());
    }

    #[test]
    fn momenta_that_are_no_longer_finite_are_errors_not_directions() {
        // The methods without a norm; the others have their norm's own check.
        let state = "iterate = { rows = 1, columns = 1, entries = [1.0] }\n";
        let nan = "{ rows = 1, columns = 1, entries = [nan] }";
        let momentum = format!("{state}momentum = {nan}");
        let adam =
            format!("{state}mean = {nan}\nroot_mean_square = {nan}\nbeta1_power = 1.0\nbeta2_power = 1.0");
        for (name, saved) in
            [("sign-momentum", &momentum), ("normalized-sgd-momentum", &momentum), ("adam", &adam)]
        {
            let method = build::<f64>(&table(&format!("name = '{name}'")), frobenius()).unwrap();
            let mut oracle = Scripted::new(1, 1, |_, x: &Matrix<f64>| x.clone());
            let error = method.resume(&table(saved)).unwrap().step(&mut oracle).unwrap_err();
            assert!(matches!(error, AlgorithmError::Norm(NormError::NonFinite { .. })), "{name}: {error}");
        }
    }
}
