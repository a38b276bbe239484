//! Every randomized algorithm: the checks of chapter 60, the rotated instance and its oracle from outside, and a run on an
//! instance with a smaller radius.

use std::sync::Arc;

use heavynorm::hard_instances::frames::{
    Frames, Hides, RotatedChains, RotatedInstance, RotatedOracle, SoftProjection,
};
use heavynorm::seed::stream;
use heavynorm::spec::{
    Accuracy, Dimensions, Gap, Matrix, MomentOrder, NoiseScale, Norm, OracleError, Problem, StochasticOracle,
    ZeroRespecting,
};
use heavynorm::{algorithms, norms};
use heavynorm_proofs_check::Setting;
use heavynorm_proofs_check::audit::{self, Effort, Verdict};
use heavynorm_proofs_check::lower_bounds::l3::{RANDOMIZED, Randomized};
use heavynorm_proofs_check::lower_bounds::{Design, LowerBoundError};

const EFFORT: Effort = Effort { quick: true, seed: 1 };

/// The items of chapter 60.
const ITEMS: [&str; 16] = [
    "DEF-SOFT",
    "LEM-SOFT",
    "DEF-FRAMES",
    "LEM-FRAMES-CLASS",
    "DEF-TRUNCATED",
    "LEM-TRUNCATED-JUMP",
    "LEM-TRUNCATED-MOMENT",
    "LEM-TRUNCATED-LOCAL",
    "LEM-CAP",
    "LEM-AUXILIARY",
    "LEM-NEAR-FAR",
    "LEM-SELECTION",
    "LEM-LEFT",
    "THM-L3",
    "COR-L3-RATE",
    "COR-L3-HESSIAN",
];

fn norm(name: &str) -> Arc<dyn Norm<f64>> {
    norms::build(&format!("name = '{name}'").parse().unwrap()).unwrap().into()
}

fn chains(rows: usize, columns: usize, length: usize, radius: f64) -> RotatedChains {
    let frames = Frames::independent(rows, columns, length, 5).unwrap();
    RotatedChains::new(frames, radius, 1.5, 0.5).unwrap()
}

fn instance(rows: usize, columns: usize, length: usize, radius: f64, q: f64) -> RotatedInstance {
    RotatedInstance::new(chains(rows, columns, length, radius), q, Hides::Truncated).unwrap()
}

fn design(shape: (usize, usize), length: usize, q: f64) -> Design {
    Design {
        norm: norm("spectral"),
        dimensions: Dimensions::new(shape.0, shape.1).unwrap(),
        moment_order: MomentOrder::new(1.5).unwrap(),
        lambda: 4.0,
        length,
        reveal_probability: q,
        class: ZeroRespecting::Nothing,
    }
}

#[test]
fn every_item_of_the_chapter_is_checked_and_holds() {
    let (checks, mut faults) = (audit::checks(), Vec::new());
    for item in ITEMS {
        let of_item: Vec<_> = checks.iter().filter(|check| check.statement == item).collect();
        assert!(!of_item.is_empty(), "{item} has no check");
        for check in of_item {
            let outcome = check.run(EFFORT);
            if outcome.verdict != Verdict::Holds {
                faults.push(format!("{outcome:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_the_oracle_draws_is_an_outcome_of_its_law_as_often_as_it_says() {
    let draws = 4000;
    // By Hoeffding a share is off by more than this with probability 2e-9 each.
    let threshold = (1e9_f64.ln() / (2.0 * f64::from(draws))).sqrt();
    for q in [0.3, 1.0] {
        let instance = instance(3, 6, 2, 5.0, q);
        let x = instance.chains().point(|i| vec![0.9 * i as f64, 0.1]).unwrap();
        let law = instance.law(&x);
        let mut oracle = RotatedOracle::new(instance, stream(1, 0));
        let mut counts = vec![0.0; law.outcomes().len()];
        for _ in 0..draws {
            let answer = oracle.query(&x).unwrap();
            let found = law.outcomes().iter().position(|(_, outcome)| *outcome == answer);
            counts[found.expect("an answer that the law does not know")] += 1.0 / f64::from(draws);
        }
        for ((p, _), share) in law.outcomes().iter().zip(&counts) {
            assert!((p - share).abs() <= threshold, "{share} {p}");
        }
        assert_eq!(StochasticOracle::<f64>::calls(&oracle), draws as u64);
    }
}

#[test]
fn without_truncation_the_next_entry_is_hidden_and_the_one_before_it_tells_of_it() {
    let answer = |hides: Hides, y: &[f64]| {
        let mut shown = vec![0.0; y.len()];
        hides.respond(y, 0.0, &mut shown);
        shown
    };
    let [first, second] = [0.0, 0.4].map(|next| answer(Hides::FrontierEntry, &[0.8, next, 0.0]));
    assert!(first[1..] == [0.0, 0.0] && second[1..] == [0.0, 0.0]);
    assert!((first[0] - second[0]).abs() > 0.1);
    let [first, second] = [0.0, 0.4].map(|next| answer(Hides::Truncated, &[0.8, next, 0.0]));
    assert_eq!(first, second);
}

#[test]
fn a_pair_is_one_sample_at_two_points_and_two_calls() {
    let instance = instance(3, 8, 2, 5.0, 0.5);
    let [x, y] = [0.2, 0.9].map(|y| instance.chains().point(|_| vec![y, 0.3]).unwrap());
    let mut shared = 0;
    for unit in 0..40 {
        let mut oracle = RotatedOracle::new(instance.clone(), stream(2, unit));
        let (at_x, at_y) = oracle.query_pair(&x, &y).unwrap();
        let outcome = |x: &Matrix<f64>, answer: &Matrix<f64>| {
            instance
                .samples()
                .into_iter()
                .find(|(_, shown)| instance.respond(x, *shown) == *answer)
                .unwrap()
                .1
        };
        assert_eq!(outcome(&x, &at_x), outcome(&y, &at_y));
        assert_eq!(StochasticOracle::<f64>::calls(&oracle), 2);
        shared += usize::from(outcome(&x, &at_x).is_some());
    }
    assert!(shared > 5 && shared < 35, "{shared}");
}

#[test]
fn a_point_that_is_not_finite_or_of_another_shape_is_refused() {
    let mut oracle = RotatedOracle::new(instance(2, 6, 2, 5.0, 0.5), stream(3, 0));
    let mut x = Matrix::<f64>::zeros(2, 6);
    x[(1, 1)] = f64::NAN;
    assert_eq!(oracle.query(&x), Err(OracleError::Diverged));
    assert!(matches!(oracle.query(&Matrix::<f64>::zeros(6, 2)), Err(OracleError::WrongShape { .. })));
    assert_eq!(StochasticOracle::<f64>::calls(&oracle), 0);
}

#[test]
fn numbers_outside_their_range_are_refused_with_what_to_do() {
    let soft = |r: f64| SoftProjection::new(r).is_err();
    assert!(soft(0.0) && soft(-1.0) && soft(f64::NAN) && soft(f64::INFINITY));
    assert!(Frames::independent(0, 3, 1, 1).is_err() && Frames::independent(1, 3, 0, 1).is_err());
    let text = Frames::independent(2, 3, 4, 1).unwrap_err().to_string();
    assert!(text.contains("4 columns, not 3"), "{text}");
    assert!(Frames::common(2, 5, 3, 1).unwrap_err().to_string().contains("6 columns, not 5"));
    let text = Frames::independent(1000, 1_000_000, 3, 1).unwrap_err().to_string();
    assert!(text.contains("too large"), "{text}");
    let frames = || Frames::independent(1, 3, 1, 1).unwrap();
    assert!(RotatedChains::new(frames(), 2.0, 0.0, 1.0).is_err());
    assert!(RotatedChains::new(frames(), 2.0, 1.0, f64::INFINITY).is_err());
    for q in [0.0, -0.5, 1.1, f64::NAN] {
        let chains = RotatedChains::new(frames(), 2.0, 1.0, 1.0).unwrap();
        assert!(RotatedInstance::new(chains, q, Hides::Truncated).is_err(), "{q}");
    }
}

#[test]
fn single_precision_follows_double_precision() {
    let chains = chains(2, 9, 3, 6.0);
    let x = chains.point(|i| vec![0.8, -0.7, 0.3 * i as f64]).unwrap();
    let double: Matrix<f64> = chains.gradient(&x);
    let single: Matrix<f32> = chains.gradient(&x.cast::<f32>());
    // The chain's curvature is about 140 at most: it amplifies the rounding of the point.
    let close = 140.0 * 1.5 / 0.25 * 8.0 * f64::from(f32::EPSILON);
    assert!((&single.cast::<f64>() - &double).max_abs() <= close);
}

#[test]
fn frames_repeat_with_their_seed_and_rows_have_streams_of_their_own() {
    let frames = |seed| Frames::independent(2, 7, 2, seed).unwrap();
    assert_eq!(frames(1), frames(1));
    assert_ne!(frames(1), frames(2));
    assert_ne!(frames(1).direction(0, 0), frames(1).direction(1, 0));
    // Row 0 is the same whatever the number of rows.
    assert_eq!(Frames::independent(1, 7, 2, 1).unwrap().direction(0, 1), frames(1).direction(0, 1));
}

#[test]
fn the_true_size_is_refused_with_the_columns_that_are_needed() {
    let setting = Randomized::L3.design(&design((2, 50), 3, 0.25)).unwrap();
    let numbers = Randomized::L3.numbers(&setting, 4.0).unwrap();
    assert_eq!((numbers.rows, numbers.length), (2, 3));
    let calls = numbers.half_unit();
    let Err(LowerBoundError::TooNarrow { needed, columns: 50 }) = numbers.instance(50, calls, 1) else {
        panic!("50 columns are not enough")
    };
    // T - 1 + 8 230^2 max{T, m} log(40 (M + 1) m T), M = floor(m T/(2 q)) = 12.
    assert_eq!(calls, 12);
    let formula = 2.0 + 8.0 * 230.0 * 230.0 * 3.0 * (40.0 * 13.0 * 6.0_f64).ln();
    assert!((needed - formula).abs() <= 1.0, "{needed} {formula}");
    assert!(numbers.columns_needed(calls, 2) > needed, "pairs want more");
    // One column less is refused, and at so many columns it is the memory that does not suffice.
    let refused = numbers.instance(needed as usize - 1, calls, 1);
    assert!(matches!(refused, Err(LowerBoundError::TooNarrow { .. })));
    let beyond = numbers.instance(30_000_000, calls, 1);
    assert!(matches!(beyond, Err(LowerBoundError::Instance(_))), "{beyond:?}");
    let reduced = numbers.reduced(60, 6.0, 1).unwrap();
    assert!(reduced.label.starts_with("no instance of THM-L3: R = 6 in place of 398.4"), "{}", reduced.label);
    assert_eq!(reduced.instance.chains().soft().radius(), 6.0);
}

#[test]
fn hypotheses_of_l3_that_fail_are_named() {
    let good = design((2, 50), 3, 0.25);
    for bound in RANDOMIZED {
        let setting = bound.design(&good).unwrap();
        let refused = |setting: &Setting, lambda| bound.numbers(setting, lambda).unwrap_err();
        assert_eq!(refused(&setting, 1.0), LowerBoundError::Lambda(1.0));
        let other = design((2, 50), 3, 0.25);
        let other = bound.design(&Design { norm: norm("frobenius"), ..other }).unwrap_err();
        assert!(matches!(other, LowerBoundError::NotSpectral(_)), "{other}");
        let tall = bound.design(&design((50, 2), 3, 0.25)).unwrap_err();
        assert!(tall.to_string().contains("transpose"), "{tall}");
        let small = Setting { gap: Gap::new(0.3 * setting.gap.delta()).unwrap(), ..setting.clone() };
        assert!(matches!(refused(&small, 4.0), LowerBoundError::NoCoordinate { .. }));
        let quiet = NoiseScale::new(0.5 * setting.noise_scale.sigma()).unwrap();
        let quiet = Setting { noise_scale: quiet, ..setting.clone() };
        assert!(matches!(refused(&quiet, 4.0), LowerBoundError::NoiseTooSmall(_)));
    }
    let setting = Randomized::Hessian.design(&good).unwrap();
    let without = Setting { hessian_lipschitz: None, ..setting.clone() };
    assert!(matches!(Randomized::Hessian.numbers(&without, 4.0), Err(LowerBoundError::Setting(_))));
    // The smallest L is that at eps = 1; a larger eps asks for more.
    let coarse = Setting { accuracy: Accuracy::new(1.2).unwrap(), ..setting };
    let coarse = Setting { gap: Gap::new(10.0 * coarse.gap.delta()).unwrap(), ..coarse };
    assert!(matches!(Randomized::Hessian.numbers(&coarse, 4.0), Err(LowerBoundError::NotSmooth { .. })));
}

/// Not an instance of the theorem: R = 6 and n = 900 in place of 398 and some four million.
#[test]
fn scion_on_an_instance_with_a_smaller_radius_discovers_no_faster_than_it_is_shown() {
    let setting = Randomized::L3.design(&design((2, 900), 3, 0.25)).unwrap();
    let numbers = Randomized::L3.numbers(&setting, 4.0).unwrap();
    let reduced = numbers.reduced(900, 6.0, 7).unwrap();
    assert!(reduced.label.contains("n = 900"), "{}", reduced.label);
    let (chains, spectral) = (reduced.instance.chains().clone(), norm("spectral"));
    // Steps of half a unit of the instance.
    let method = format!("name = 'scion'\nstep_size = {}\naveraging = 0.2", 0.5 * numbers.width);
    let algorithm = algorithms::build(&method.parse().unwrap(), spectral.clone()).unwrap();
    let (mut completed, mut lucky) = (0, 0);
    for unit in 0..6 {
        let mut oracle = RotatedOracle::new(reduced.instance.clone(), stream(11, unit));
        let mut shown = RotatedOracle::auxiliary(reduced.instance.clone(), stream(11, unit));
        let start: Matrix<f64> = chains.start();
        let mut run = algorithm.begin(&start, &mut oracle).unwrap();
        let mut luck = true;
        for _ in 0..80 {
            // The auxiliary oracle draws the same samples: it counts what was shown.
            shown.query(run.iterate()).unwrap();
            run.step(&mut oracle).unwrap();
            let known = shown.known().unwrap();
            let y: Vec<Vec<f64>> = (0..2).map(|i| chains.coordinates(run.iterate(), i)).collect();
            luck &= y.iter().zip(known).all(|(y, &d)| y[d..].iter().all(|y| y.abs() <= 0.5));
            if !luck {
                break;
            }
            for (progress, &known) in chains.progress(run.iterate(), 1.0).iter().zip(known) {
                assert!(*progress <= known, "{progress} beyond {known}");
                completed += usize::from(*progress == 3);
            }
        }
        lucky += usize::from(luck);
    }
    assert!(lucky >= 4 && completed > 0, "{lucky} runs met no hidden direction, {completed} complete rows");
}
