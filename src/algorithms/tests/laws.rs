//! What must hold for every method of the registry.

use super::*;
use crate::spec::{Algorithm, AlgorithmError, NormError};

#[test]
fn multiplying_the_objective_leaves_scale_invariant_paths_unchanged() {
    for text in examples() {
        let method = build::<f64>(&table(text), frobenius()).unwrap();
        let run = |scale| path(&*method, noisy(scale), 40);
        let plain = run(1.0);
        let sized = ["'sgd'", "'sgd-momentum'", "'clipped-sgd'"];
        let invariant = !sized.iter().any(|name| text.contains(name));
        assert_eq!(run(2f64.powi(-300)) == plain, invariant, "{text}");
        let close = plain.iter().zip(run(1e-10)).all(|(x, y)| approx::abs_diff_eq!(x, &y, epsilon = 1e-12));
        assert_eq!(close, invariant, "{text}");
    }
    // An epsilon is felt: Adam's against the gradients, NorMuon's at any scale in the same way.
    let normuon = NorMuon::<f64>::new(NorMuonConfig { epsilon: 1e-3, ..NorMuonConfig::default() }).unwrap();
    assert_eq!(path(&normuon, noisy(2f64.powi(-300)), 40), path(&normuon, noisy(1.0), 40));
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
        row_roots = { rows = 1, columns = 2, entries = [1.0, 1.0] }
        iterate = { rows = 1, columns = 2, entries = [1.0, 2.0] }";
    for text in examples() {
        let method = build::<f64>(&table(text), frobenius()).unwrap();
        assert!(method.resume(&table(forged)).is_err(), "{text}");
        assert!(method.resume(&toml::Table::new()).is_err(), "{text}");
        // Only the shape of one matrix is wrong.
        let saved = method.begin(&Quadratic::small().start, &mut noisy(1.0)).unwrap().save().unwrap();
        for key in saved.keys().filter(|key| saved[*key].is_table()) {
            let mut forged = saved.clone();
            let wrong = "rows = 3\ncolumns = 1\nentries = [1.0, 1.0, 1.0]";
            forged[key] = toml::Value::Table(table(wrong));
            let alone = saved.values().filter(|value| value.is_table()).count() == 1;
            assert!(alone || method.resume(&forged).is_err(), "{text}: {key}");
        }
    }
    let two = MomentumState::at(&row::<f64>(&[1.0, 2.0]));
    let mut text = toml::to_string(&two).unwrap();
    text += "[momentum]\nrows = 1\ncolumns = 1\nentries = [1.0]";
    let error = toml::from_str::<MomentumState<f64>>(&text).unwrap_err();
    assert!(error.message().contains("different shapes"), "{error}");
}

#[test]
fn init_asks_nothing_and_calls_are_counted_exactly() {
    for text in examples() {
        let method = build::<f64>(&table(text), frobenius()).unwrap();
        let mut oracle = noisy(1.0);
        let start = Quadratic::small().start;
        let mut run = method.begin(&start, &mut oracle).unwrap();
        assert_eq!((oracle.calls(), run.iterate()), (0, &start));
        (0..5).for_each(|_| run.step(&mut oracle).unwrap());
        // alpha = 1/4 in every example: ceil(1/alpha) = 4.
        let expected = if text.contains("batch = 4") {
            20
        } else if text.contains("'batch'") {
            4 + 4
        } else if text.contains("storm") {
            4 + 2 * 4
        } else {
            5
        };
        assert_eq!(oracle.calls(), expected, "{text}");
    }
}

#[test]
fn a_zero_momentum_gives_a_zero_direction() {
    for text in examples() {
        let method = build::<f64>(&table(text), frobenius()).unwrap();
        let oracle = Scripted::new(1, 2, |_, _: &Matrix<f64>| row(&[0.0, 0.0]));
        let end = path(&*method, oracle, 1).remove(0);
        let kept = if text.contains("constrained") {
            1.0 - 0.02
        } else if text.contains("weight_decay = 0.5") {
            1.0 - 0.02 * 0.5
        } else {
            1.0
        };
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
    assert!(error("name = 'moun'").contains("scion, transported-scion"));
    assert!(error("step_size = 1.0").contains("name"));
    for entry in entries::<f64>() {
        let name = entry.name;
        assert!(error(&format!("name = '{name}'\nlearning_rate = 1.0")).contains("learning_rate"));
        for bad in ["0.0", "-1.0", "nan", "inf"] {
            assert!(error(&format!("name = '{name}'\nstep_size = {bad}")).contains("step_size"), "{name}");
        }
    }
    assert!(error("name = 'scion'\naveraging = 1.5").contains("at most 1, not 1.5"));
    assert!(error("name = 'batched-scion'\nbatch = 0").contains("at least 1"));
    assert!(error("name = 'batched-scion'\nbatch = -1").contains("batched-scion"));
    assert!(error("name = 'constrained-scion'\nradius = 0.0").contains("radius"));
    assert!(error("name = 'constrained-scion'\nstep_size = 1.1").contains("step_size"));
    for bad in ["beta1 = 1.0", "beta2 = 0.0", "epsilon = -1.0", "epsilon = inf"] {
        for name in ["adam", "adamw"] {
            let message = error(&format!("name = '{name}'\n{bad}"));
            assert!(message.contains(&bad[..4]) && message.starts_with(&format!("{name}:")), "{message}");
        }
    }
    for bad in ["beta2 = 1.0", "beta2 = -0.5", "epsilon = nan", "weight_decay = -1.0", "averaging = 0.0"] {
        assert!(error(&format!("name = 'normuon'\n{bad}")).contains(&bad[..4]));
    }
    for name in ["adamw", "muon", "normuon"] {
        for bad in ["nan", "2.1", "inf"] {
            let text = format!("name = '{name}'\nstep_size = 0.5\nweight_decay = {bad}");
            assert!(error(&text).contains("weight_decay must be at least 0 and at most 1/step_size"));
        }
    }
    assert!(error("name = 'clipped-sgd'\nthreshold = 0.0").contains("threshold"));
    assert!(error("name = 'scion'\nstart = 'middle'").contains("gradient"));
    assert!(error("name = 'scion'\naveraging = 1e-17\nstart = 'batch'").contains("2^-53"));
    assert!(error("name = 'storm-scion'\naveraging = 1e-17").contains("2^-53"));
    assert!(error("name = 'nigt'\naveraging = 2.0").starts_with("nigt: averaging"));
    // Fine as f64, zero as f32.
    assert!(build::<f32>(&table("name = 'scion'\nstep_size = 1e-60"), frobenius()).is_err());
}

#[test]
fn momenta_that_are_no_longer_finite_are_errors_not_directions() {
    // The methods that do not step along the run's norm; the others have their norm's own check.
    let state = "iterate = { rows = 1, columns = 1, entries = [1.0] }\n";
    let nan = "{ rows = 1, columns = 1, entries = [nan] }";
    let momentum = format!("{state}momentum = {nan}");
    let adam = format!("{state}mean = {nan}\nroot_mean_square = {nan}\nbeta1_power = 1.0\nbeta2_power = 1.0");
    let normuon = format!("{momentum}\nrow_roots = {{ rows = 1, columns = 1, entries = [1.0] }}");
    for (name, saved) in [
        ("sign-momentum", &momentum),
        ("normalized-sgd-momentum", &momentum),
        ("muon", &momentum),
        ("normuon", &normuon),
        ("adam", &adam),
        ("adamw", &adam),
    ] {
        let method = build::<f64>(&table(&format!("name = '{name}'")), frobenius()).unwrap();
        let mut oracle = Scripted::new(1, 1, |_, x: &Matrix<f64>| x.clone());
        let error = method.resume(&table(saved)).unwrap().step(&mut oracle).unwrap_err();
        assert!(matches!(error, AlgorithmError::Norm(NormError::NonFinite { .. })), "{name}: {error}");
    }
}
