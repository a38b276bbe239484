//! The oracle that hides coordinates: its law by enumeration, its moments, its draws, and how fast it can be searched.

use std::sync::Arc;

use heavynorm::hard_instances::reveal::GATE;
use heavynorm::hard_instances::{HardInstance, Layout, RevealOracle, Reveals};
use heavynorm::noise::{DirectedNoise, Direction, Moment, NoNoise, Noise, pareto::Pareto};
use heavynorm::oracles::Sampling;
use heavynorm::problems::Built;
use heavynorm::seed::stream;
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Matrix, MomentOrder, Norm, Problem, StochasticOracle as _};
use rand::RngExt as _;

use crate::common::{
    LARGE, LAYOUTS, REVEALS, blocks, from_blocks, instance, named, norms_on, points, random_instance, space,
};

const ORDERS: [f64; 4] = [1.05, 1.3, 1.7, 2.0];

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).unwrap()
}

fn oracle(instance: &HardInstance, unit: u64) -> RevealOracle<f64> {
    let quiet = NoNoise::new(space(instance.chain()));
    RevealOracle::new(instance.clone(), Arc::new(quiet), stream(70, unit))
}

/// The gradient with every next coordinate hidden, from the definition: |x_j| <= s/4 from place k on.
fn masked(instance: &HardInstance, x: &Matrix<f64>) -> Matrix<f64> {
    let f = instance.chain();
    let mut gradient: Matrix<f64> = f.gradient(x);
    for i in 0..f.blocks() {
        let block: Vec<f64> = (0..f.length()).map(|k| x[f.position(i, k)].abs() / f.width()).collect();
        let next = (0..=f.length()).find(|&k| block[k..].iter().all(|&x| x <= GATE)).unwrap();
        if next < f.length() {
            gradient[f.position(i, next)] = 0.0;
        }
    }
    gradient
}

#[test]
fn the_oracle_is_unbiased_whatever_it_reveals() {
    let mut rng = stream(71, 0);
    for round in 0..300 {
        let instance = random_instance(&mut rng, REVEALS[round % 2]);
        for x in points(instance.chain(), &mut rng) {
            let gradient: Matrix<f64> = instance.chain().gradient(&x);
            let mean = instance.law(&x).expectation();
            // Each entry is a sum over at most 2^5 outcomes of one sign; below the normal numbers each product is off by
            // half of the smallest one.
            for (mean, exact) in mean.entries().zip(gradient.entries()) {
                let close = 64.0 * f64::EPSILON * exact.abs() + 32.0 * 5e-324;
                assert!((mean - exact).abs() <= close, "{mean} {exact} {instance:?} {x:?}");
            }
            let single = x.cast::<f32>();
            let gradient: Matrix<f32> = instance.chain().gradient(&single);
            for (mean, exact) in instance.law(&single).expectation().entries().zip(gradient.entries()) {
                let close = 64.0 * f32::EPSILON * exact.abs() + 32.0 * 1.5e-45;
                assert!((mean - exact).abs() <= close, "{mean} {exact}");
            }
        }
    }
}

#[test]
fn a_query_reveals_at_most_one_coordinate_and_with_probability_q() {
    let mut rng = stream(72, 0);
    let (mut seen, mut partial) = (0, 0);
    for _ in 0..400 {
        let instance = random_instance(&mut rng, Reveals::OneBlock);
        for x in points(instance.chain(), &mut rng) {
            let hidden = masked(&instance, &x);
            let gradient: Matrix<f64> = instance.chain().gradient(&x);
            // A block whose last large entry lies between 1/4 and 1/2 has nothing to show yet.
            let ready = gradient.entries().zip(hidden.entries()).filter(|(g, m)| g != m).count();
            let mut probability = 0.0;
            for (p, response) in instance.law(&x).outcomes() {
                let shown: Vec<f64> = (response.entries().zip(hidden.entries()))
                    .filter_map(|(r, m)| (r != m).then_some(r - m))
                    .collect();
                assert!(shown.len() <= 1, "{shown:?}");
                probability += if shown.is_empty() { 0.0 } else { *p };
            }
            let expected = instance.probability() * ready as f64 / instance.chain().blocks() as f64;
            assert!((probability - expected).abs() <= 1e-14, "{probability} {expected}");
            seen += 1;
            partial += usize::from(ready < instance.chain().blocks());
        }
    }
    assert!(seen > 1000 && partial > 200, "{seen} {partial}");
}

#[test]
fn with_every_block_revealing_independently_each_shows_with_probability_q() {
    let instance = instance(Layout::Rows, (4, 2), 0.3, Reveals::EveryBlock);
    let law = instance.law(&Matrix::<f64>::zeros(4, 8));
    assert_eq!(law.outcomes().len(), 16);
    for (p, response) in law.outcomes() {
        let shown = response.entries().filter(|&r| r != 0.0).count() as i32;
        let expected = 0.3f64.powi(shown) * 0.7f64.powi(4 - shown);
        assert!((p - expected).abs() <= 1e-15);
        assert!(response.entries().all(|r| r == 0.0 || (r + 0.5f64.exp() / 0.3).abs() <= 1e-13));
    }
}

/// Every hidden entry is nearly A = e^{3/2} c/s: x_{k-1} large, x_k = 0.
fn extremal(instance: &HardInstance) -> Matrix<f64> {
    let f = instance.chain();
    from_blocks(f, |_, k| if k + 1 < f.length() { LARGE } else { 0.0 })
}

#[test]
fn no_point_has_a_larger_moment_than_stated_in_any_norm() {
    let (mut rng, mut checked) = (stream(73, 0), 0);
    for round in 0..40 {
        let instance = random_instance(&mut rng, REVEALS[round % 2]);
        let f = instance.chain();
        let mut places = points(f, &mut rng);
        places.push(extremal(&instance));
        for norm in norms_on(space(f)) {
            for x in &places {
                let p = order(ORDERS[rng.random_range(0..4)]);
                let gradient: Matrix<f64> = f.gradient(x);
                let enumerated = instance.law(x).dual_moment(&*norm, p, &gradient).unwrap();
                let Moment::Exact(here) = instance.noise_moment_at(x, &*norm, p).unwrap() else {
                    panic!("few outcomes are enumerated")
                };
                assert!((here - enumerated).abs() <= 1e-12 * enumerated);
                let stated = instance.noise_moment(&*norm, p).unwrap().bound();
                // The rounding of a noise: q = 1 and one block leave g - grad f = 0 up to rounding.
                let size = norm.dual_value(&gradient).unwrap();
                let rounding = (1e-14 * size).powf(p.p());
                let case = format!("{} {p:?} {instance:?} at {x:?}", norm.label());
                assert!(here <= stated * (1.0 + 1e-12) + rounding, "{here} > {stated}, {case}");
                checked += 1;
            }
        }
    }
    assert!(checked > 3000, "only {checked} moments");
}

#[test]
fn the_stated_moment_is_attained_in_the_norms_that_add_blocks_up() {
    for layout in LAYOUTS {
        for (reveals, q) in REVEALS.into_iter().flat_map(|r| [0.04, 0.5, 0.97].map(|q| (r, q))) {
            let chain = blocks(layout, (5, 3), true, 0.3, 2.0);
            let instance = HardInstance::new(chain, q, reveals).unwrap();
            let x = extremal(&instance);
            let along_rows = matches!(layout, Layout::Rows | Layout::SharedRows);
            let mut all = vec!["name = 'frobenius'"];
            all.extend(if along_rows {
                ["name = 'max-row-l2'", "name = 'sum-row-l2'"]
            } else {
                ["name = 'max-col-l2'", "name = 'sum-col-l2'"]
            });
            if layout.is_disjoint() {
                all.extend(["name = 'spectral'", "name = 'nuclear'", "name = 'rms-to-rms'"]);
                all.extend(["name = 'schatten'\nq = 1.5", "name = 'schatten'\nq = 3"]);
            }
            for (text, p) in all.iter().flat_map(|text| ORDERS.map(|p| (text, order(p)))) {
                let norm = named(text);
                let here = instance.noise_moment_at(&x, &*norm, p).unwrap().bound();
                let stated = instance.noise_moment(&*norm, p).unwrap().bound();
                // The table rounds e^{3/2} up by 1e-9, and x = 1e9 leaves e short by as much.
                let case = format!("{} {p:?} {reveals:?} {q} {layout:?}", norm.label());
                assert!((here / stated - 1.0).abs() <= 1e-7, "{here} {stated} {case}");
            }
        }
    }
}

#[test]
fn in_the_spectral_norm_the_moment_is_that_of_the_theory() {
    let a = chain_constants().frontier_entry.upper * 0.5 / 3.0;
    let spectral = named("name = 'spectral'");
    for m in [1, 2, 3, 8, 64] {
        for q in [1e-6, 0.01, 0.2, 1.0 / 3.0, 0.5, 0.9, 1.0] {
            let chain = blocks(Layout::Rows, (m, 2), false, 0.5, 3.0);
            let instance = HardInstance::new(chain, q, Reveals::OneBlock).unwrap();
            for p in ORDERS {
                let m = m as f64;
                let unit = (m * a).powf(p);
                let stated = instance.noise_moment(&*spectral, order(p)).unwrap().bound();
                let formula = unit * ((1.0 - q) + q * (1.0 / q + 1.0 - 2.0 / m).powf(p));
                assert!((stated - formula).abs() <= 1e-13 * unit / q, "{stated} {formula}");
                let factor = if q <= 1.0 / 3.0 { 2.0 } else { 4.0 };
                assert!(
                    stated <= factor * unit * q.powf(1.0 - p) * (1.0 + 1e-12),
                    "m = {m}, q = {q}, p = {p}"
                );
            }
        }
    }
}

#[test]
fn a_moment_with_too_many_outcomes_falls_back_on_the_bound() {
    let many = instance(Layout::Rows, (11, 1), 0.5, Reveals::EveryBlock);
    let norm = named("name = 'frobenius'");
    let x = Matrix::zeros(11, 11);
    let bound = many.noise_moment(&*norm, order(1.5)).unwrap();
    assert_eq!(many.noise_moment_at(&x, &*norm, order(1.5)).unwrap(), bound);
    assert!(!bound.is_exact());
    let few = instance(Layout::Rows, (10, 1), 0.5, Reveals::EveryBlock);
    let x = Matrix::zeros(10, 10);
    assert!(few.noise_moment_at(&x, &*norm, order(1.5)).unwrap().is_exact());
    assert!(std::panic::catch_unwind(|| many.law(&Matrix::<f64>::zeros(11, 11))).is_err());
}

#[test]
fn what_is_drawn_is_an_outcome_of_the_law_as_often_as_it_says() {
    let draws = 6000;
    // By Hoeffding a share is off by more than this with probability 2e-9 each.
    let threshold = (1e9_f64.ln() / (2.0 * f64::from(draws))).sqrt();
    for (unit, reveals) in REVEALS.into_iter().enumerate() {
        for q in [0.15, 1.0] {
            let instance = instance(Layout::Rows, (3, 2), q, reveals);
            // The second block waits at its second coordinate.
            let x = from_blocks(instance.chain(), |i, k| if (i, k) == (1, 0) { -1.5 } else { 0.0 });
            let law = instance.law(&x);
            let mut oracle = oracle(&instance, unit as u64);
            let mut counts = vec![0.0; law.outcomes().len()];
            for _ in 0..draws {
                let response = oracle.query(&x).unwrap();
                let found = law.outcomes().iter().position(|(_, outcome)| *outcome == response);
                counts[found.expect("a response that the law does not know")] += 1.0;
            }
            for ((p, _), count) in law.outcomes().iter().zip(&counts) {
                let share: f64 = count / f64::from(draws);
                assert!((share - p).abs() <= threshold, "{share} {p}");
            }
            assert_eq!(oracle.calls(), draws as u64);
        }
    }
}

#[test]
fn reveals_of_a_block_in_n_queries_are_binomial() {
    // At zero a query shows the first coordinate of the block that it drew.
    let (blocks, queries, runs, q) = (3_usize, 24, 1500, 0.4);
    let instance = instance(Layout::Rows, (blocks, 1), q, Reveals::OneBlock);
    let x = Matrix::zeros(blocks, blocks);
    let mut tally = vec![vec![0.0; queries + 1]; blocks + 1];
    for run in 0..runs {
        let mut oracle = oracle(&instance, 1000 + run);
        let mut counts = vec![0; blocks + 1];
        for _ in 0..queries {
            let response = oracle.query(&x).unwrap();
            for i in (0..blocks).filter(|&i| response[(i, i)] != 0.0) {
                counts[i] += 1;
                counts[blocks] += 1;
            }
        }
        (0..=blocks).for_each(|i| tally[i][counts[i]] += 1.0 / runs as f64);
    }
    // Dvoretzky, Kiefer and Wolfowitz, with Massart's constant: a distance beyond this has probability 1e-9, whatever the
    // law. It is 0.084; the law of a block that is drawn half as often again is 0.4 away.
    let threshold = ((2e9_f64).ln() / (2.0 * runs as f64)).sqrt();
    for (i, shares) in tally.iter().enumerate() {
        let p = if i < blocks { q / blocks as f64 } else { q };
        let (mut probability, mut cdf, mut found) = ((1.0 - p).powi(queries as i32), 0.0, 0.0);
        for (k, share) in shares.iter().enumerate() {
            cdf += probability;
            found += share;
            let distance: f64 = cdf - found;
            assert!(distance.abs() <= threshold, "block {i}, {k} of {queries}: {found} for {cdf}");
            probability *= (queries - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
        }
        assert!((cdf - 1.0).abs() <= 1e-12);
    }
}

/// The draws of the oracle, from its stream: I, then z.
fn replay(unit: u64, blocks: usize, q: f64) -> impl Iterator<Item = (usize, bool)> {
    let mut rng = stream(70, unit);
    std::iter::repeat_with(move || (rng.random_range(0..blocks), rng.random::<f64>() < q))
}

#[test]
fn discovered_coordinates_are_prefixes_that_grow_with_the_replayed_draws_and_no_faster() {
    let mut finished = 0;
    for unit in 0..40 {
        let mut rng = stream(74, unit);
        let layout = LAYOUTS[rng.random_range(0..4)];
        let shape = (rng.random_range(1..6), rng.random_range(1..5));
        let q = 0.1 + 0.9 * rng.random::<f64>();
        let instance = instance(layout, shape, q, Reveals::OneBlock);
        let (f, (n, t)) = (instance.chain(), shape);
        let mut oracle = oracle(&instance, unit);
        let mut draws = replay(unit, n, q);
        let (mut discovered, mut expected) = (vec![0; n], vec![0; n]);
        for call in 0..50 {
            // Every discovered coordinate is pushed beyond 1, in either direction, differently each time.
            let x = from_blocks(f, |i, k| {
                let size = 1.0 + 3.0 * rng.random::<f64>();
                let size = if rng.random() { size } else { -size };
                if k < discovered[i] { size } else { 0.0 }
            });
            let response = oracle.query(&x).unwrap();
            let (block, shown) = draws.next().unwrap();
            expected[block] += usize::from(shown && expected[block] < t);
            for i in 0..n {
                for k in 0..t {
                    // What is known shows up again (its next neighbour is not beyond the reach of Phi), the rest is zero.
                    let new = response[f.position(i, k)] != 0.0 && k >= discovered[i];
                    if new {
                        assert_eq!(k, discovered[i], "no prefix");
                        discovered[i] += 1;
                        break;
                    }
                }
            }
            assert_eq!(discovered, expected, "unit {unit}, call {call}");
            // With incomplete blocks the gradient stays up at the point that knows all this.
            let undone = discovered.iter().filter(|&&d| d < t).count() as f64;
            let size = heavynorm::norms::frobenius::Frobenius.dual_value(&f.gradient(&x)).unwrap();
            assert!(size >= undone.sqrt() * (1.0 - 1e-12));
        }
        finished += usize::from(discovered.iter().all(|&d| d == t));
    }
    assert!((5..40).contains(&finished), "{finished}");
}

#[test]
fn a_pair_shares_one_draw_and_noise_on_top_is_added() {
    let instance = instance(Layout::Columns, (3, 2), 0.5, Reveals::OneBlock);
    let (zero, far) = (Matrix::zeros(6, 3), from_blocks(instance.chain(), |_, _| 2.0));
    let (mut pairs, mut singles) = (oracle(&instance, 5), oracle(&instance, 5));
    for _ in 0..50 {
        let (at_zero, at_far) = pairs.query_pair(&zero, &far).unwrap();
        assert_eq!(at_zero, singles.query(&zero).unwrap());
        // All coordinates are known there: nothing is hidden.
        assert_eq!(at_far, instance.chain().gradient(&far));
    }
    assert_eq!((pairs.calls(), singles.calls()), (100, 50));
    let law = Arc::new(Pareto::new(1.6).unwrap());
    let noise: Arc<dyn Noise<f64>> =
        Arc::new(DirectedNoise::new(law, Direction::RankOne, 0.1, space(instance.chain())).unwrap());
    let mut noisy = RevealOracle::new(instance.clone(), Arc::clone(&noise), stream(70, 5));
    let (mut rng, mut quiet) = (stream(70, 5), oracle(&instance, 5));
    let _ = (rng.random_range(0..3_usize), rng.random::<f64>());
    let expected = &quiet.query(&zero).unwrap() + &noise.sample(&mut rng);
    assert_eq!(noisy.query(&zero).unwrap(), expected);
    // The moment of a call joins both.
    let norm = named("name = 'spectral'");
    let sampling = Sampling::new(Built::Hard(instance.clone()), None, Arc::clone(&noise)).unwrap();
    let parts = [instance.noise_moment(&*norm, order(1.5)), noise.dual_moment(&*norm, order(1.5))];
    let [drawn, injected] = parts.map(|m| m.unwrap().bound());
    let together = sampling.noise_moment(&*norm, order(1.5)).unwrap().bound();
    assert!(together >= drawn.max(injected) && together <= 2f64.powf(1.5) * drawn.max(injected));
    assert!(Sampling::new(Built::Hard(instance), Some(2), noise).is_err());
}

#[test]
fn probabilities_outside_their_range_are_refused() {
    for q in [0.0, -0.5, 1.5, f64::NAN] {
        let chain = blocks(Layout::Rows, (2, 2), false, 1.0, 1.0);
        let error = HardInstance::new(chain, q, Reveals::OneBlock).unwrap_err();
        assert!(error.to_string().contains("reveal_probability must be above 0 and at most 1"));
    }
}
