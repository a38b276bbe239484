//! Equalities between methods, and what the momenta of the transported form and of STORM are without noise.

use super::*;
use crate::norms::spectral::Spectral;
use crate::spec::Algorithm;

#[test]
fn a_step_of_normuon_has_its_own_length_and_rows_of_equal_past_equal_lengths() {
    let method = NorMuon::<f64>::new(NorMuonConfig { step_size: 0.1, ..NorMuonConfig::default() }).unwrap();
    let mut oracle = exact(tall());
    let mut state = method.init(&tall().start, &mut oracle).unwrap();
    method.step(&mut state, &mut oracle).unwrap();
    let moved = method.iterate(&state) - &tall().start;
    // After one step v is a multiple of the rows' own squares: every row moves 0.2 eta sqrt(n).
    for i in 0..3 {
        let length = (moved[(i, 0)].powi(2) + moved[(i, 1)].powi(2)).sqrt();
        assert!((length / (0.02 * 2f64.sqrt()) - 1.0).abs() < 1e-13, "{length}");
    }
}

fn path_on_tall(text: &str) -> Vec<Matrix<f64>> {
    let method = build::<f64>(&table(text), frobenius()).unwrap();
    let mut oracle = Scripted::new(3, 2, |k, x: &Matrix<f64>| tall().gradient(x).map(|g| g + jitter(k)));
    let mut run = method.begin(&tall().start, &mut oracle).unwrap();
    (0..30)
        .map(|_| {
            run.step(&mut oracle).unwrap();
            run.iterate().clone()
        })
        .collect()
}

#[test]
fn methods_with_a_norm_of_their_own_are_scion_and_transported_scion_there() {
    for (name, general, norm) in [
        ("normalized-sgd-momentum", "scion", "frobenius"),
        ("sign-momentum", "scion", "max-entry"),
        ("row-normalized-momentum", "scion", "max-row-l2"),
        ("column-normalized-momentum", "scion", "max-col-l2"),
        ("nigt", "transported-scion", "frobenius"),
    ] {
        let numbers = "step_size = 0.05\naveraging = 0.25";
        let norm: Arc<dyn Norm<f64>> =
            crate::norms::build(&table(&format!("name = '{norm}'"))).unwrap().into();
        let method = build(&table(&format!("name = '{general}'\n{numbers}")), norm).unwrap();
        let mut oracle = Scripted::new(3, 2, |k, x: &Matrix<f64>| tall().gradient(x).map(|g| g + jitter(k)));
        let mut run = method.begin(&tall().start, &mut oracle).unwrap();
        for x in path_on_tall(&format!("name = '{name}'\n{numbers}")) {
            run.step(&mut oracle).unwrap();
            assert_eq!(run.iterate(), &x, "{name}");
        }
    }
}

#[test]
fn a_clipped_gradient_has_at_most_the_threshold_and_keeps_its_direction() {
    for norm in [frobenius(), max_entry(), Arc::new(Spectral) as Arc<dyn Norm<f64>>] {
        for (size, threshold) in [(1.0, 0.1), (1.0, 1e3), (1e300, 1e-300), (1e-300, 1e300), (1e300, 1e300)] {
            let config = ClippedSgdConfig { step_size: 1.0, averaging: 1.0, threshold };
            let method = ClippedSgd::new(config, Arc::clone(&norm)).unwrap();
            let g = &tall::<f64>().start * size;
            let mut oracle = Scripted::new(3, 2, |_, _: &Matrix<f64>| g.clone());
            let mut state = method.init(&Matrix::zeros(3, 2), &mut oracle).unwrap();
            method.step(&mut state, &mut oracle).unwrap();
            let clipped = -method.iterate(&state);
            let own = norm.dual_value(&tall().start).unwrap();
            if own * (size / threshold) <= 1.0 {
                assert_eq!(clipped, g);
            } else {
                let expected = &tall::<f64>().start * (threshold / own);
                approx::assert_relative_eq!(clipped, expected, max_relative = 1e-14);
            }
        }
    }
}

fn largest_drift<T: Scalar, A: Algorithm<T>>(
    method: &A,
    momentum: impl Fn(&A::State) -> Option<&Matrix<T>>,
) -> f64 {
    let problem = Quadratic::<T> {
        weights: Matrix::from_fn(4, 3, |i, j| T::from_f64(1.0 + (i * 3 + j) as f64 / 4.0)),
        start: Matrix::from_fn(4, 3, |i, j| T::from_f64(jitter((i * 3 + j) as u64))),
    };
    largest_drift_on(method, momentum, &problem.start, |x| problem.gradient(x))
}

fn largest_drift_on<T: Scalar, A: Algorithm<T>>(
    method: &A,
    momentum: impl Fn(&A::State) -> Option<&Matrix<T>>,
    start: &Matrix<T>,
    gradient: impl Fn(&Matrix<T>) -> Matrix<T>,
) -> f64 {
    let mut oracle = Scripted::new(start.nrows(), start.ncols(), |_, x: &Matrix<T>| gradient(x));
    let mut state = method.init(start, &mut oracle).unwrap();
    let mut largest = 0.0_f64;
    for _ in 0..200 {
        let gradient = gradient(method.iterate(&state));
        method.step(&mut state, &mut oracle).unwrap();
        let drift = momentum(&state).unwrap() - &gradient;
        largest = largest.max(drift.max_abs().to_f64() / gradient.max_abs().to_f64());
    }
    largest
}

fn drift_of_the_transported_momentum<T: Scalar>(start: Start) -> f64 {
    largest_drift(&transported::<T>(0.01, 0.1, start, frobenius()), TwoPointState::momentum)
}

#[test]
fn on_a_quadratic_without_noise_the_transported_momentum_is_the_gradient() {
    // Each step adds a rounding error of a few u (the factor (1 - alpha)/alpha = 9 included) and the average
    // keeps at most 1/alpha = 10 of them: 64 * 10 u is room enough.
    for start in [Start::Gradient, Start::Batch] {
        assert!(drift_of_the_transported_momentum::<f64>(start) < 640.0 * f64::UNIT_ROUNDOFF);
        assert!(drift_of_the_transported_momentum::<f32>(start) < 640.0 * f64::from(f32::UNIT_ROUNDOFF));
    }
    assert!((drift_of_the_transported_momentum::<f64>(Start::Zero) - 0.9).abs() < 1e-12);
    let scion = scion::<f64>(0.01, 0.1, Start::Gradient, frobenius());
    assert!(largest_drift(&scion, MomentumState::momentum) > 0.01);
}

#[test]
fn without_noise_the_momentum_of_storm_is_the_gradient_of_any_function() {
    // Each step adds a few u of M and of two gradients, and 1/alpha = 10 of them are kept.
    let config = StormScionConfig { step_size: 0.01, averaging: 0.1 };
    let storm = StormScion::<f64>::new(config, frobenius()).unwrap();
    let start = Matrix::from_fn(4, 3, |i, j| 1.5 + jitter((i * 3 + j) as u64));
    let cube = |x: &Matrix<f64>| x.map(|x| x * x * x);
    let drift = largest_drift_on(&storm, TwoPointState::momentum, &start, cube);
    assert!(drift < 640.0 * f64::UNIT_ROUNDOFF, "{drift:e}");
    let transported = transported(0.01, 0.1, Start::Gradient, frobenius());
    assert!(largest_drift_on(&transported, TwoPointState::momentum, &start, cube) > 1e-6);
}

#[test]
fn without_memory_the_scions_are_one_method() {
    let expected = path(&scion(0.1, 1.0, Start::Gradient, frobenius()), noisy(1.0), 30);
    for start in [Start::Gradient, Start::Zero, Start::Batch] {
        assert_eq!(path(&scion(0.1, 1.0, start, frobenius()), noisy(1.0), 30), expected);
        assert_eq!(path(&transported(0.1, 1.0, start, frobenius()), noisy(1.0), 30), expected);
    }
    let batched =
        BatchedScion::<f64>::new(BatchedScionConfig { step_size: 0.1, batch: 1 }, frobenius()).unwrap();
    assert_eq!(path(&batched, noisy(1.0), 30), expected);
    // Two calls a step at one sample, of which the second does not count.
    let every_other = |k: u64| k.div_ceil(2);
    let oracle = Scripted::new(1, 2, move |k, x: &Matrix<f64>| {
        let k = every_other(k);
        &Quadratic::small().gradient(x) + &row(&[jitter(2 * k), jitter(2 * k + 1)])
    });
    let config = StormScionConfig { step_size: 0.1, averaging: 1.0 };
    assert_eq!(path(&StormScion::new(config, frobenius()).unwrap(), oracle, 30), expected);
    let sgd = sgd::<f64>(SgdConfig { step_size: 0.1 }).unwrap();
    let momentum = SgdMomentum::new(SgdMomentumConfig { step_size: 0.1, averaging: 1.0 }).unwrap();
    assert_eq!(path(&sgd, noisy(1.0), 30), path(&momentum, noisy(1.0), 30));
}
