//! Averages with another start than one gradient (U2', U3'), and those corrected at one sample (U5).

use super::*;

#[test]
fn the_noise_has_the_weights_of_the_proofs() {
    let norm: AnyNorm = Arc::new(Frobenius);
    let steps = 12;
    for alpha in [1.0_f64, 0.5, 0.3, 0.1] {
        let numbers = (0.01, alpha, steps);
        let old = |t: usize| (1.0 - alpha).powi((steps - 1 - t) as i32);
        let batch = start_batch(alpha) as usize;
        let close = |id: &str, call: usize, expected: f64| {
            let found = impulse_response(id, &norm, call, numbers);
            assert!((found - expected).abs() < 1e-15, "{id}, call {call}: {found}, not {expected}");
            assert!(found <= alpha * (1.0 + 1e-15), "{id}: a weight above alpha");
        };
        for t in 0..steps {
            close("U2'", t, alpha * old(t));
        }
        for id in ["U3'", "U5"] {
            // The calls of X_0, then one a step (for STORM the first of two).
            let call = |t: usize| batch + if id == "U5" { 2 * (t - 1) } else { t - 1 };
            (0..batch).for_each(|call| close(id, call, old(0) / batch as f64));
            (1..steps).for_each(|t| close(id, call(t), alpha * old(t)));
            let sum = (0..batch).chain((1..steps).map(call)).map(|s| impulse_response(id, &norm, s, numbers));
            assert!((sum.sum::<f64>() - 1.0).abs() < 1e-14, "{id}");
        }
    }
}

#[test]
fn the_start_up_of_a_zero_average_is_attained_on_a_parabola() {
    // f = x^2/2 from 1, where the gradient is 1 = sqrt(2 Delta L); steps so small that it stays there.
    let norm: AnyNorm = Arc::new(Frobenius);
    let problem = Separable::line(SQUARE, 1.0, 1.0);
    let s = setting(&problem, &norm, 2.0, 0.0);
    for alpha in [0.9, 0.5, 0.1, 0.01] {
        let (eta, steps) = (1e-14, (50.0 / alpha) as usize);
        let path = path("U2'", &problem, &norm, |_| 0.0, (eta, alpha, steps));
        let start_up = bound("U2'", &s, alpha, eta, steps, 1).terms.get("start_up").unwrap();
        assert_attained(2.0 * mean_error(&problem, &*norm, &path), start_up, 0.999, "start-up of U2'");
    }
}

/// From -1 to 1 and back, with slope 1/eta between multiples of eta.
fn zigzag(x: f64, eta: f64) -> f64 {
    let phase = (x / eta).rem_euclid(2.0);
    if phase <= 1.0 { 2.0 * phase - 1.0 } else { 3.0 - 2.0 * phase }
}

#[test]
fn the_drift_of_storm_is_noise_and_grows_like_a_root_of_one_over_alpha() {
    // On a slope the path is x_t = -eta t whatever the (small) noise. g(x, z) = 1 + z h zigzag(x), z a fair sign: between
    // two points of the path N changes by 2h, so Lbar = 2h/eta. E|E_t|^2 is the sum of squared responses to one sign each.
    // Of the claim, sqrt 2 is lost to 1/alpha against 1/(alpha (2-alpha)) and a factor of up to 2 to the centring, which
    // independent signs do not need; sigma = h adds alpha to the d of the proof, and its own term to the claim.
    let norm: AnyNorm = Arc::new(Frobenius);
    let (eta, height) = (0.01, 1e-3);
    let slope = Separable::line(LINE, 1.0, 0.0);
    for alpha in [0.5, 0.1, 0.02] {
        let (steps, batch) = ((5.0 / alpha) as usize, start_batch(alpha));
        let response = |call: u64| {
            let answer = |k: u64, x: &Matrix<f64>| {
                let sign = f64::from(k == call);
                slope.gradient(x).map(|g| g + sign * height * zigzag(x[(0, 0)], eta))
            };
            let mut oracle = Scripted(slope.dimensions(), answer, 0);
            let method = storm(&norm, eta, alpha);
            let path =
                Path::record(&method, TwoPointState::momentum, &slope.start(), &mut oracle, steps).unwrap();
            path.errors(&slope)[steps - 1][(0, 0)]
        };
        let calls = (0..batch).chain((1..steps as u64).map(|t| batch + 2 * (t - 1)));
        let measured = calls.map(|call| response(call).powi(2)).sum::<f64>().sqrt();

        let mut s = setting(&Separable::line(SQUARE, 1.0, 1.0), &norm, 2.0, height);
        s.sample_smoothness = Some(Smoothness::new(2.0 * height / eta, norm.label()).unwrap());
        let claimed = bound("U5", &s, alpha, eta, steps, 1);
        let drift = claimed.terms.get("drift").unwrap();
        let noise = claimed.terms.get("noise").unwrap();
        assert!(drift > noise, "{alpha}: {drift} {noise}");
        assert_attained(2.0 * measured, drift + noise, 0.3, "drift of U5");
    }
}

#[test]
fn over_all_samples_the_exact_expectation_of_storm_keeps_below_its_bound() {
    // g(x, z) = (1 + c z) grad f(x) + z D, z = -rare/(1-rare) or 1: the noise grows with the gradient, which log cosh bounds.
    for norm in &norms() {
        let problem = Separable { phi: LOG_COSH, weights: vec![1.0, 3.0], start: vec![1.0, -0.5] };
        let direction = row(&[0.6, -1.1]);
        let size = norm.dual_value(&direction).unwrap();
        let steepest = norm.dual_value(&row(&problem.weights)).unwrap();
        let l = problem.smoothness(&**norm).unwrap().constant();
        for (p, rare, c) in [(2.0, 0.5, 0.9), (1.5, 0.2, 0.5), (2.0, 0.5, 3.0)] {
            let (probabilities, z) = ([1.0 - rare, rare], [-rare / (1.0 - rare), 1.0_f64]);
            let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
                probabilities.iter().zip(z).map(|(q, z)| q * of(z).abs().powf(p)).sum::<f64>().powf(1.0 / p)
            };
            let mut s = setting(&problem, norm, p, moment(&|z| z) * (c * steepest + size));
            let l_bar = moment(&|z| 1.0 + c * z) * l;
            s.sample_smoothness = Some(Smoothness::new(l_bar, norm.label()).unwrap());
            let gradient =
                |x: &Matrix<f64>, k: usize| &(&problem.gradient(x) * (1.0 + c * z[k])) + &(&direction * z[k]);
            let start = problem.start();
            let samples = FiniteSamples { start: &start, probabilities: &probabilities, gradient: &gradient };
            for (alpha, step) in [(1.0, 0.2), (0.5, 0.1), (0.2, 0.05), (0.5, 0.8)] {
                let steps = 10 - start_batch(alpha) as usize;
                let measure = |x: &Matrix<f64>| norm.dual_value(&problem.gradient(x));
                let left =
                    expected_average_over(&storm(norm, step, alpha), samples, steps, &measure).unwrap();
                let right = bound("U5", &s, alpha, step, steps, 1).total();
                assert!(left <= right, "{} {alpha} {step}: {left} > {right}", norm.label());
            }
        }
    }
}

#[test]
fn two_gradients_at_one_sample_are_one_draw() {
    // One step of STORM with alpha = 1 on flat ground after the first: X_2 = -eta (z_0 + z_1), 4 equally likely paths.
    let norm: AnyNorm = Arc::new(Frobenius);
    let start = row(&[0.0]);
    let gradient = |_: &Matrix<f64>, k: usize| row(&[[1.0, -1.0][k]]);
    let samples = FiniteSamples { start: &start, probabilities: &[0.5, 0.5], gradient: &gradient };
    let size = |x: &Matrix<f64>| Ok(x.max_abs());
    let three = expected_average_over(&storm(&norm, 1.0, 1.0), samples, 3, &size).unwrap();
    assert!((three - (0.0 + 1.0 + 1.0) / 3.0).abs() < 1e-15, "{three}");
}
