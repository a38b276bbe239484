//! Oracles against assumption A3: moments typed consistently, enumerated minibatches, counts, streams.

use std::sync::Arc;

use heavynorm::noise::{self, Moment, NoNoise, Noise};
use heavynorm::oracles::{BoxedOracle, ExactOracle, MinibatchOracle, Sampling};
use heavynorm::problems::finite_sum::{minibatch_noise_at, minibatch_noise_moment};
use heavynorm::problems::robust_regression::{Loss, RobustRegression};
use heavynorm::problems::{self, Built, FiniteSum, Logistic};
use heavynorm::seed::stream;
use heavynorm::spec::{
    Dimensions, FiniteLaw, Matrix, MomentOrder, NoiseScale, Norm, ProblemError, StochasticOracle as _,
};
use heavynorm::{norms, tol};
use rand::RngExt as _;
use rand_distr::StandardNormal;

const ORDERS: [f64; 6] = [1.01, 1.25, 1.5, 1.6, 1.7, 2.0];

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).unwrap()
}

/// Every registered norm that lives on this space.
fn norms_on(space: Dimensions) -> impl Iterator<Item = Box<dyn Norm<f64>>> {
    let entries = norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
    let all = entries.flat_map(|entry| (entry.examples)());
    all.filter(move |norm| norm.space().is_none_or(|own| own == space))
}

/// The order from which on the law in a table has no moment.
fn tail_index(table: &toml::Table) -> f64 {
    let keys = ["tail_index", "degrees_of_freedom"];
    keys.iter().find_map(|key| table.get(*key)?.as_float()).unwrap_or(f64::INFINITY)
}

#[test]
fn a_moment_is_infinite_exactly_from_the_tail_index_on_in_every_norm() {
    let mut infinite = 0;
    for space in [(1, 1), (3, 4), (4, 3)].map(|(m, n)| Dimensions::new(m, n).unwrap()) {
        for (norm, entry) in norms_on(space).flat_map(|n| {
            let n: Arc<dyn Norm<f64>> = n.into();
            noise::entries::<f64>().into_iter().map(move |e| (Arc::clone(&n), e))
        }) {
            for table in (entry.examples)() {
                let noise = noise::build(&table, space, &*norm).unwrap();
                for p in ORDERS {
                    let moment = noise.dual_moment(&*norm, order(p)).unwrap();
                    let case = format!("{table:?} on {space} in {}, p = {p}: {moment:?}", norm.label());
                    assert_eq!(moment == Moment::Infinite, p >= tail_index(&table), "{case}");
                    assert_eq!(moment.noise_scale(order(p)).is_none(), moment == Moment::Infinite, "{case}");
                    assert!(moment.bound() > 0.0 || entry.name == "none", "{case}");
                    infinite += usize::from(moment == Moment::Infinite);
                }
            }
        }
    }
    assert!(infinite > 1000, "only {infinite} infinite moments were seen");
}

#[test]
fn calibrated_noise_has_the_moment_it_was_calibrated_to_and_only_in_its_own_norm() {
    let space = Dimensions::new(3, 4).unwrap();
    let mut elsewhere = 0;
    for norm in norms_on(space) {
        for entry in noise::entries::<f64>() {
            for table in (entry.examples)().iter().filter(|table| table.contains_key("sigma")) {
                let (sigma, p) = (table["sigma"].as_float().unwrap(), table["p"].as_float().unwrap());
                let noise = noise::build(table, space, &*norm).unwrap();
                let moment = noise.dual_moment(&*norm, order(p)).unwrap().bound();
                // A power, its inverse and the power of their product.
                let tolerance = 16.0 * f64::EPSILON * p * 2.0;
                let expected = sigma.powf(p);
                assert!((moment - expected).abs() <= tolerance * expected, "{table:?} {}", norm.label());
                let other = norms::sum_entries::SumEntries;
                let there = noise.dual_moment(&other, order(p)).unwrap().bound();
                elsewhere += usize::from((there - expected).abs() > 1e-3 * expected);
            }
        }
    }
    assert!(elsewhere > 100, "in another norm sigma is another number: {elsewhere}");
}

#[test]
fn a_noise_that_can_be_listed_has_mean_zero_and_the_moment_that_it_states() {
    let (mut exact, mut bounds) = (0, 0);
    for space in [(1, 1), (2, 3), (3, 2)].map(|(m, n)| Dimensions::new(m, n).unwrap()) {
        let zero = Matrix::zeros(space.rows(), space.columns());
        for (norm, table) in norms_on(space).flat_map(|norm| {
            let norm: Arc<dyn Norm<f64>> = norm.into();
            let tables = noise::entries::<f64>().into_iter().flat_map(|entry| (entry.examples)());
            tables.map(move |table| (Arc::clone(&norm), table))
        }) {
            let noise = noise::build(&table, space, &*norm).unwrap();
            let Some(law) = noise.finite_law() else { continue };
            let largest = law.outcomes().iter().map(|(_, n)| n.max_abs()).fold(0.0, f64::max);
            // Sums of up to 3^6 products of seven numbers.
            assert!(law.expectation().max_abs() <= 1e-13 * largest, "{table:?}");
            for p in [1.25, 2.0] {
                let truth = law.dual_moment(&*norm, order(p), &zero).unwrap();
                let moment = noise.dual_moment(&*norm, order(p)).unwrap();
                let case = format!("{table:?} on {space} in {}: {moment:?} {truth}", norm.label());
                assert!(moment.bound() >= truth * (1.0 - 1e-12), "{case}");
                if moment.is_exact() {
                    exact += 1;
                    assert!(moment.bound() <= truth * (1.0 + 1e-12), "{case}");
                } else {
                    bounds += 1;
                }
            }
        }
    }
    assert!(exact > 2000 && bounds > 100, "{exact} {bounds}");
}

#[test]
fn exact_moments_grow_as_lyapunov_says() {
    let space = Dimensions::new(3, 4).unwrap();
    for norm in norms_on(space) {
        for table in noise::entries::<f64>().iter().flat_map(|entry| (entry.examples)()) {
            let noise = noise::build(&table, space, &*norm).unwrap();
            let scales = ORDERS.map(|p| match noise.dual_moment(&*norm, order(p)).unwrap() {
                Moment::Exact(m) => Some(m.powf(1.0 / p)),
                _ => None,
            });
            let exact: Vec<f64> = scales.into_iter().flatten().collect();
            let grows = exact.windows(2).all(|pair| pair[0] <= pair[1] * (1.0 + 1e-13));
            assert!(grows, "{table:?} in {}: {exact:?}", norm.label());
        }
    }
}

/// Five samples, three classes, two features: 5^b minibatches of b components.
fn sum() -> Arc<dyn FiniteSum<f64>> {
    let mut rng = stream(41, 0);
    let features = Matrix::from_fn(5, 2, |_, _| rng.sample::<f64, _>(StandardNormal));
    Arc::new(Logistic::new(&features, &[0, 1, 2, 1, 0], 3, 0.1).unwrap())
}

fn points(sum: &dyn FiniteSum<f64>) -> Vec<Matrix<f64>> {
    let mut rng = stream(42, 0);
    let space = sum.dimensions();
    let mut point = |size: f64| {
        Matrix::from_fn(space.rows(), space.columns(), |_, _| size * rng.sample::<f64, _>(StandardNormal))
    };
    vec![sum.start(), point(0.5), point(20.0)]
}

/// The law of a minibatch gradient: all ordered lists of `batch` components.
fn minibatch_law(sum: &dyn FiniteSum<f64>, x: &Matrix<f64>, batch: usize) -> FiniteLaw<f64> {
    let n = sum.components();
    let lists = n.pow(batch as u32);
    let outcome = |mut code: usize| {
        let list: Vec<usize> = (0..batch)
            .map(|_| {
                let i = code % n;
                code /= n;
                i
            })
            .collect();
        (1.0 / lists as f64, sum.minibatch_gradient(x, &list))
    };
    FiniteLaw::new((0..lists).map(outcome).collect())
}

#[test]
fn enumerated_minibatches_are_unbiased_and_obey_a3_in_every_norm() {
    let sum = sum();
    for x in points(&*sum) {
        let gradient = sum.gradient(&x);
        let rounding = tol::rounding::<f64>(sum.dimensions()) * (1.0 + gradient.max_abs());
        let components = sum.component_law(&x);
        assert!((&components.expectation() - &gradient).max_abs() <= rounding);
        for batch in [1, 2, 3] {
            let law = minibatch_law(&*sum, &x, batch);
            assert!((&law.expectation() - &gradient).max_abs() <= rounding);
            for (norm, p) in norms_on(sum.dimensions()).flat_map(|norm| {
                let norm: Arc<dyn Norm<f64>> = norm.into();
                [1.2, 1.5, 2.0].map(|p| (Arc::clone(&norm), order(p)))
            }) {
                let everywhere = minibatch_noise_moment(&*sum, &*norm, p, batch).unwrap();
                let sigma = everywhere.noise_scale(p).unwrap();
                let a3 = law.moment_inequality(&*norm, p, sigma, &gradient).unwrap();
                let here = minibatch_noise_at(&*sum, &x, &*norm, p, batch).unwrap();
                let case = format!("{} {p:?} b = {batch}: {a3:?}, here {here:?}", norm.label());
                assert!(a3.holds(1e-12), "{case}");
                // The class bound holds at every point and cannot be tight at this one, but it is no absurd number.
                assert!(a3.left >= a3.right / 100.0, "{case}");
                assert!(a3.left <= here.bound() * (1.0 + 1e-12), "{case}");
                assert_eq!(here.is_exact(), batch == 1, "{case}");
                assert!(batch > 1 || (a3.left - here.bound()).abs() <= 1e-12 * a3.left, "{case}");
            }
        }
    }
}

#[test]
fn half_of_sigma_would_break_a3_where_one_component_is_drawn() {
    let (sum, p) = (sum(), order(1.5));
    let x = sum.start();
    for norm in norms_on(sum.dimensions()) {
        let exact = minibatch_noise_at(&*sum, &x, &*norm, p, 1).unwrap().noise_scale(p).unwrap();
        let half = NoiseScale::new(0.5 * exact.sigma()).unwrap();
        let a3 = sum.component_law(&x).moment_inequality(&*norm, p, half, &sum.gradient(&x)).unwrap();
        assert!(!a3.holds(0.5), "{}: {a3:?}", norm.label());
    }
}

#[test]
fn at_one_sample_two_gradients_differ_by_no_more_than_the_constant_of_the_samples() {
    let mut tightest: f64 = 0.0;
    let robust =
        "name = 'robust-regression'\nrows = 2\ncolumns = 3\nsamples = 5\nloss = 'welsch'\noutliers = 0.0";
    let Built::Sum(robust) = problems::build::<f64>(&robust.parse().unwrap()).unwrap() else {
        panic!("a finite sum")
    };
    // One measurement with residual 0 at the start, and one that sees nothing: along the gradient the change is L_1 times the
    // step in half of the cases, so that Lbar = L_1/2^{1/p} is attained in the Frobenius norm, and L = L_1/2 is too small.
    let a = Matrix::from_rows(&[[1.0, -2.0], [0.5, 3.0]]).unwrap();
    let blind = Matrix::zeros(2, 2);
    let half = Arc::new(RobustRegression::new(&[a, blind], &[0.0, 0.0], Loss::Welsch, 1.0).unwrap());
    for sum in [sum(), robust, half] {
        let mut points = points(&*sum);
        let gradient = sum.gradient(&points[1]);
        points.push(&gradient * (1e-4 / gradient.max_abs()));
        let pairs = points.iter().flat_map(|x| points.iter().map(move |y| (x, y)));
        for (x, y) in pairs.filter(|(x, y)| x != y) {
            for batch in [1, 2] {
                let (at_x, at_y) = (minibatch_law(&*sum, x, batch), minibatch_law(&*sum, y, batch));
                let pairs = at_x.outcomes().iter().zip(at_y.outcomes());
                let changes = FiniteLaw::new(pairs.map(|((q, x), (_, y))| (*q, x - y)).collect());
                let noise = Arc::new(NoNoise::new(sum.dimensions()));
                let sampling = Sampling::new(Built::Sum(Arc::clone(&sum)), Some(batch), noise).unwrap();
                for (norm, p) in norms_on(sum.dimensions()).flat_map(|norm| {
                    let norm: Arc<dyn Norm<f64>> = norm.into();
                    [1.2, 2.0].map(|p| (Arc::clone(&norm), order(p)))
                }) {
                    let zero = Matrix::zeros(x.nrows(), x.ncols());
                    let found = changes.dual_moment(&*norm, p, &zero).unwrap().powf(1.0 / p.p());
                    let constant = sampling.sample_smoothness(&*norm, p).unwrap().in_norm(&*norm).unwrap();
                    let ratio = found / (constant * norm.value(&(x - y)).unwrap());
                    assert!(ratio <= 1.0 + 1e-12, "{} {p:?} {batch}: {ratio}", norm.label());
                    tightest = tightest.max(ratio);
                    // Never more than the constant of every component, never less than that of the mean.
                    let largest = sum.component_smoothness(&*norm).unwrap().constant();
                    assert!(constant <= largest * (1.0 + 1e-12), "{}: {constant} > {largest}", norm.label());
                }
            }
        }
    }
    assert!(tightest > 1.0 - 1e-6, "{tightest}");
}

#[test]
fn injected_noise_leaves_the_constant_of_the_problem() {
    for sampling in every_sampling() {
        let norm = norms::frobenius::Frobenius;
        let constant = match sampling.sample_smoothness(&norm, order(1.5)) {
            Err(ProblemError::SamplesJump(name)) => {
                assert_eq!(name, "chain-blocks");
                continue;
            }
            other => other.unwrap(),
        };
        let of_problem = sampling.problem().smoothness(&norm).unwrap();
        let x = sampling.problem().start();
        let y = sampling.problem().region().nearest(&x.map(|x| x + 1e-3));
        let (at_x, at_y) = sampling.oracle(stream(3, 1)).query_pair(&x, &y).unwrap();
        let (change, distance) =
            (norm.dual_value(&(&at_x - &at_y)).unwrap(), norm.value(&(&x - &y)).unwrap());
        // Noise of some size cancels up to rounding. A pair of minibatches may exceed a mean over samples, but not by more
        // than their number.
        let samples = if constant == of_problem { 1.0 } else { 1797.0 };
        assert!(
            change <= samples * constant.constant() * distance + 1e-12 * (1.0 + at_x.max_abs()),
            "{sampling:?}"
        );
    }
}

#[test]
fn an_oracle_draws_exactly_the_enumerated_minibatches_equally_often() {
    let sum = sum();
    let x = &points(&*sum)[1];
    let law = minibatch_law(&*sum, x, 2);
    let mut oracle =
        MinibatchOracle::new(sum.clone(), 2, Arc::new(NoNoise::new(sum.dimensions())), stream(43, 0));
    let mut counts = [0.0; 25];
    let draws = 5000;
    for _ in 0..draws {
        let g = oracle.query(x).unwrap();
        // (i, j) and (j, i) have the same gradient up to rounding: count the first of the two.
        let close = |(_, outcome): &(f64, Matrix<f64>)| (&g - outcome).max_abs() <= 1e-14;
        let found = law.outcomes().iter().position(close);
        counts[found.expect("a draw that no list of two components gives")] += 1.0;
    }
    // By Hoeffding a share is off by more than this with probability 2e-9 each.
    let threshold = (1e9_f64.ln() / (2.0 * f64::from(draws))).sqrt();
    for (code, count) in counts.iter().enumerate() {
        let (i, j) = (code % 5, code / 5);
        let probability = if i == j { 1.0 } else { f64::from(u8::from(i > j)) * 2.0 } / 25.0;
        let share = count / f64::from(draws);
        assert!((share - probability).abs() <= threshold, "({i}, {j}): {share} for {probability}");
    }
}

/// Every registered problem with every kind of noise, with and without minibatches.
fn every_sampling() -> Vec<Sampling<f64>> {
    let mut all = Vec::new();
    for table in problems::entries::<f64>().iter().flat_map(|entry| (entry.examples)()) {
        let built = problems::build::<f64>(&table).unwrap();
        let space = built.problem().dimensions();
        for entry in noise::entries::<f64>() {
            let table = (entry.examples)().pop().unwrap();
            let noise: Arc<dyn Noise<f64>> = noise::build(&table, space, &norms::spectral::Spectral).unwrap();
            all.push(Sampling::new(built.clone(), None, Arc::clone(&noise)).unwrap());
            if matches!(built, Built::Sum(_)) {
                all.push(Sampling::new(built.clone(), Some(3), noise).unwrap());
            }
        }
    }
    all
}

/// Answers at the start. Noise with few outcomes repeats itself: two streams are told apart by a few draws, not by one.
fn answers(sampling: &Sampling<f64>, master: u64, s: u64) -> Vec<Matrix<f64>> {
    let x = sampling.problem().start();
    let mut oracle = sampling.oracle(stream(master, s));
    (0..12).map(|_| oracle.query(&x).unwrap()).collect()
}

fn is_deterministic(sampling: &Sampling<f64>) -> bool {
    answers(sampling, 9, 1) == answers(sampling, 9, 2)
}

#[test]
fn calls_are_counted_and_a_mean_is_the_mean_of_the_same_draws() {
    for sampling in every_sampling() {
        let x = sampling.problem().start();
        let fresh = || -> BoxedOracle<f64> { sampling.oracle(stream(7, 3)) };
        for batch in [1, 2, 9] {
            let (mut at_once, mut one_by_one) = (fresh(), fresh());
            let mean = at_once.query_mean(&x, batch).unwrap();
            let draws: Vec<_> = (0..batch).map(|_| one_by_one.query(&x).unwrap()).collect();
            let mut expected = Matrix::zeros(x.nrows(), x.ncols());
            draws.iter().for_each(|g| expected.add_scaled(1.0 / batch as f64, g));
            let largest = draws.iter().map(Matrix::max_abs).fold(0.0, f64::max);
            let error = (&mean - &expected).max_abs();
            // Running means of nine numbers, each of them a sum of up to 1797 terms.
            assert!(error <= 1e-12 * largest, "{sampling:?}: {error}");
            assert_eq!((at_once.calls(), one_by_one.calls()), (batch, batch), "{sampling:?}");
            // Afterwards both stand at the same place of the stream.
            assert_eq!(at_once.query(&x).unwrap(), one_by_one.query(&x).unwrap(), "{sampling:?}");
        }
    }
}

#[test]
fn a_stream_repeats_itself_and_another_one_differs() {
    let mut random = 0;
    for sampling in every_sampling() {
        let draw = |master, s| answers(&sampling, master, s);
        assert_eq!(draw(9, 1), draw(9, 1));
        if !is_deterministic(&sampling) {
            random += 1;
            assert_ne!(draw(9, 1), draw(9, 2), "{sampling:?}");
            assert_ne!(draw(9, 1), draw(8, 1), "{sampling:?}");
            let drawn = draw(9, 1);
            let changes = drawn.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(changes >= 2, "{sampling:?} repeats itself");
        }
    }
    assert!(random > 20, "only {random} oracles were random");
}

#[test]
fn without_noise_every_oracle_tells_the_gradient() {
    for sampling in every_sampling().iter().filter(|s| is_deterministic(s)) {
        let problem = sampling.problem();
        let x = problem.start();
        let norm = norms::frobenius::Frobenius;
        assert_eq!(sampling.oracle(stream(0, 0)).query(&x).unwrap(), problem.gradient(&x));
        assert_eq!(sampling.noise_moment(&norm, order(1.5)).unwrap(), Moment::Exact(0.0));
    }
    let sum = sum();
    let x = sum.start();
    assert_eq!(ExactOracle::new(sum.clone()).query(&x).unwrap(), sum.gradient(&x));
}
