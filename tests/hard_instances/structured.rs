//! The fast path against the general one, and grouped steps against single ones.

use std::sync::Arc;

use heavynorm::algorithms::{DynAlgorithm, Scion, ScionConfig, TransportedScion, TransportedScionConfig};
use heavynorm::hard_instances::structured::{Config, Grouping, Method};
use heavynorm::hard_instances::{HardInstance, Layout, RevealOracle, Reveals, Structured};
use heavynorm::noise::NoNoise;
use heavynorm::norms::max_col_l2::MaxColL2;
use heavynorm::norms::max_row_l2::MaxRowL2;
use heavynorm::norms::spectral::Spectral;
use heavynorm::seed::stream;
use heavynorm::spec::{Algorithm, Matrix, Norm};

use crate::common::{blocks, space};

const METHODS: [Method; 2] = [Method::Scion, Method::TransportedScion];

/// c and s, which the walk does not see.
const SCALE: f64 = 0.7;
const WIDTH: f64 = 2.0;

fn hard(layout: Layout, config: &Config) -> HardInstance {
    let chain = blocks(layout, (config.blocks, config.length), false, SCALE, WIDTH);
    HardInstance::new(chain, config.probability, Reveals::OneBlock).unwrap()
}

fn oracle(instance: &HardInstance, seed: u64) -> RevealOracle<f64> {
    RevealOracle::new(instance.clone(), Arc::new(NoNoise::new(space(instance.chain()))), stream(80, seed))
}

fn general(config: &Config, norm: Arc<dyn Norm<f64>>) -> Box<dyn DynAlgorithm<f64>> {
    let (step_size, averaging) = (config.step * WIDTH, config.averaging);
    match config.method {
        Method::Scion => {
            Box::new(Scion::new(ScionConfig { step_size, averaging, ..Default::default() }, norm).unwrap())
        }
        Method::TransportedScion => {
            let config = TransportedScionConfig { step_size, averaging, ..Default::default() };
            Box::new(TransportedScion::new(config, norm).unwrap())
        }
    }
}

fn zero(instance: &HardInstance) -> Matrix<f64> {
    Matrix::zeros(space(instance.chain()).rows(), space(instance.chain()).columns())
}

/// The iterates of the general path.
fn path(
    layout: Layout,
    norm: Arc<dyn Norm<f64>>,
    config: &Config,
    seed: u64,
    steps: usize,
) -> Vec<Matrix<f64>> {
    let (instance, method) = (hard(layout, config), general(config, norm));
    let mut oracle = oracle(&instance, seed);
    let mut run = method.begin(&zero(&instance), &mut oracle).unwrap();
    let mut step = || {
        run.step(&mut oracle).unwrap();
        run.iterate().clone()
    };
    (0..steps).map(|_| step()).collect()
}

/// The iterates of the walk, in the places where `layout` has them.
fn walked(layout: Layout, config: &Config, seed: u64, steps: usize) -> Vec<Matrix<f64>> {
    let (instance, setup) = (hard(layout, config), Structured::new(*config).unwrap());
    let mut walk = setup.walk(stream(80, seed));
    let mut step = |k: usize| {
        // Looking at the gradient must not change the walk.
        if k.is_multiple_of(3) {
            walk.gradient_share();
        }
        walk.advance(u64::MAX);
        let mut x = zero(&instance);
        for i in 0..config.blocks {
            for (k, entry) in walk.block(i).iter().enumerate() {
                x[instance.chain().position(i, k)] = WIDTH * entry;
            }
        }
        x
    };
    (0..steps).map(&mut step).collect()
}

/// Largest difference of two paths, in units of s.
fn apart(a: &[Matrix<f64>], b: &[Matrix<f64>]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).max_abs() / WIDTH).fold(0.0, f64::max)
}

fn configs() -> impl Iterator<Item = Config> {
    let numbers = [
        (5, 4, 0.3, 0.05, 0.08),
        (1, 3, 0.5, 0.1, 0.3),
        (8, 2, 0.9, 0.02, 0.01),
        (3, 6, 1.0, 0.3, 1.0),
        (6, 1, 0.2, 0.11, 0.05),
    ];
    numbers.into_iter().flat_map(|(blocks, length, probability, step, averaging)| {
        METHODS.map(|method| Config {
            blocks,
            length,
            probability,
            method,
            step,
            averaging,
            grouping: Grouping::Exact,
        })
    })
}

/// Each of n steps rounds a block's momentum and point a few times, and an SVD its rows by some 10 U: errors of a step add
/// up, and the gradient amplifies them by at most (1 + step ell_1)^n in the worst case but contracts them where the walk
/// is stable. Measured: 4e-15; a wrong factor anywhere shows in the third digit.
const SAME_PATH: f64 = 1e-11;

#[test]
fn the_walk_is_the_general_path_in_the_spectral_norm_step_by_step() {
    let mut worst = 0.0_f64;
    for config in configs() {
        for seed in 0..2 {
            let general = path(Layout::Rows, Arc::new(Spectral), &config, seed, 300);
            let walk = walked(Layout::Rows, &config, seed, 300);
            let distance = apart(&general, &walk);
            assert!(distance <= SAME_PATH, "{distance:e} {config:?}");
            assert!(general[299].max_abs() > 0.1, "nothing moved: {config:?}");
            worst = worst.max(distance);
        }
    }
    println!("the walk and the general path are {worst:e} apart");
}

#[test]
fn transposed_blocks_and_shared_columns_have_the_same_walk() {
    for config in configs() {
        let walk = walked(Layout::Rows, &config, 7, 200);
        let columns = path(Layout::Columns, Arc::new(Spectral), &config, 7, 200);
        let turned: Vec<_> = columns.iter().map(Matrix::transposed).collect();
        assert!(apart(&turned, &walk) <= SAME_PATH, "{config:?}");
        // Where blocks share columns row normalisation does what the spectral norm does on disjoint ones.
        let shared = path(Layout::SharedRows, Arc::new(MaxRowL2), &config, 7, 200);
        assert!(apart(&shared, &walked(Layout::SharedRows, &config, 7, 200)) <= SAME_PATH, "{config:?}");
        let mirrored = path(Layout::SharedColumns, Arc::new(MaxColL2), &config, 7, 200);
        assert!(apart(&mirrored, &walked(Layout::SharedColumns, &config, 7, 200)) <= SAME_PATH, "{config:?}");
    }
}

#[test]
fn at_every_visited_average_the_spectral_direction_is_row_normalisation() {
    let config = Config { blocks: 6, length: 4, ..configs().next().unwrap() };
    let instance = hard(Layout::Rows, &config);
    let norm: Arc<dyn Norm<f64>> = Arc::new(Spectral);
    let compare = |average: &Matrix<f64>| {
        let (rows, polar) = (MaxRowL2.lmo(average).unwrap(), Spectral.lmo(average).unwrap());
        // Disjoint rows are a direct sum, which is decomposed row by row: a few roundings, and zeros are zeros.
        assert!((&rows - &polar).max_abs() <= 1e-14);
        assert!(rows.entries().zip(polar.entries()).all(|(r, p)| (r == 0.0) == (p == 0.0)));
    };
    let scion =
        Scion::new(ScionConfig { step_size: 0.1, averaging: 0.08, ..Default::default() }, Arc::clone(&norm))
            .unwrap();
    let mut oracle_of_one = oracle(&instance, 1);
    let mut state = scion.init(&zero(&instance), &mut oracle_of_one).unwrap();
    let transported = TransportedScionConfig { step_size: 0.1, averaging: 0.08, ..Default::default() };
    let transported = TransportedScion::new(transported, norm).unwrap();
    let mut oracle_of_other = oracle(&instance, 2);
    let mut other = transported.init(&zero(&instance), &mut oracle_of_other).unwrap();
    for _ in 0..400 {
        scion.step(&mut state, &mut oracle_of_one).unwrap();
        compare(state.momentum().unwrap());
        transported.step(&mut other, &mut oracle_of_other).unwrap();
        compare(other.momentum().unwrap());
    }
}

#[test]
fn an_average_that_has_decayed_to_nothing_keeps_its_direction() {
    // Half of the average is forgotten in each step, and x_1 needs 700 of them to the gate: M falls to 2^-700, where
    // squares underflow. In the spectral norm such a row is null beside others; row normalisation goes on.
    let config = Config {
        blocks: 2,
        length: 2,
        probability: 1e-3,
        method: Method::Scion,
        step: 0.25 / 700.0,
        averaging: 0.5,
        grouping: Grouping::Exact,
    };
    // A stream that shows the block 0 within the first steps and nothing in the 700 after it.
    let mut long = 0;
    for seed in 0..400 {
        let walk = walked(Layout::Rows, &config, seed, 900);
        let rows = path(Layout::Rows, Arc::new(MaxRowL2), &config, seed, 900);
        // 900 steps of rounding U each; the gradient takes over only beyond the gate.
        assert!(apart(&walk, &rows) <= SAME_PATH, "seed {seed}");
        let reach = |paths: &[Matrix<f64>]| paths[899].max_abs() / WIDTH;
        long += usize::from(reach(&rows) > 0.2);
        if long > 20 {
            return;
        }
    }
    panic!("only {long} runs went that far");
}

#[test]
fn groups_of_one_step_are_the_exact_walk_bit_for_bit() {
    for config in configs() {
        let tiny = Config { grouping: Grouping::Grouped(1e-9), ..config };
        assert_eq!(walked(Layout::Rows, &config, 3, 200), walked(Layout::Rows, &tiny, 3, 200));
        let passage =
            |config: Config| Structured::new(config).unwrap().first_passage(0.5, 20_000, stream(81, 0));
        assert_eq!(passage(config), passage(tiny));
    }
}

#[test]
fn a_horizon_is_kept_to_the_call() {
    for grouping in [Grouping::Exact, Grouping::Grouped(0.1)] {
        let config = Config { grouping, ..moderate(Method::Scion) };
        let setup = Structured::new(config).unwrap();
        let mut walk = setup.walk(stream(82, 0));
        for horizon in [1, 2, 50, 51, 333] {
            while walk.calls() < horizon {
                walk.advance(horizon);
            }
            assert_eq!(walk.calls(), horizon);
            walk.advance(horizon);
            assert_eq!(walk.calls(), horizon);
        }
        assert_eq!(setup.first_passage(0.5, 10, stream(82, 0)), None);
        // The start's share: each block has |grad F_T(0)| = Phi'(0) = sqrt(e).
        assert!((setup.walk(stream(82, 0)).gradient_share() - 0.5f64.exp()).abs() <= 1e-15);
        assert_eq!(setup.first_passage(1.65, 10, stream(82, 0)), Some(0));
    }
}

#[test]
fn reveals_that_are_too_rare_to_come_do_not_come() {
    // 1 - q = 1 in floating point.
    let config = Config { probability: 1e-17, grouping: Grouping::Grouped(0.1), ..moderate(Method::Scion) };
    let setup = Structured::new(config).unwrap();
    for seed in 0..20 {
        let mut walk = setup.walk(stream(83, seed));
        while walk.calls() < 100_000 {
            walk.advance(100_000);
        }
        assert!((0..config.blocks).all(|i| walk.block(i).iter().all(|&x| x == 0.0)));
    }
}

fn moderate(method: Method) -> Config {
    let (blocks, length, q) = (8, 6, 0.1);
    let common = q / blocks as f64;
    Config {
        blocks,
        length,
        probability: q,
        method,
        step: 0.25 * common,
        averaging: 0.4 * common,
        grouping: Grouping::Exact,
    }
}

/// Calls until half of the gradient is gone, one run per seed.
fn passages(config: Config, domain: u64, seeds: u64) -> Vec<f64> {
    let setup = Structured::new(config).unwrap();
    let run =
        |seed| setup.first_passage(0.5, 1 << 30, stream(domain, seed)).expect("the walk arrives") as f64;
    (0..seeds).map(run).collect()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The standard deviation of a mean.
fn standard_error(x: &[f64]) -> f64 {
    let mean = mean(x);
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (x.len() as f64 - 1.0);
    (variance / x.len() as f64).sqrt()
}

#[test]
fn grouped_steps_change_a_first_passage_by_at_most_two_percent() {
    // Groups of at most two steps draw the same reveals as larger groups from the same stream: the runs are coupled and
    // their differences small.
    for method in METHODS {
        let config = moderate(method);
        let grouped = |d| passages(Config { grouping: Grouping::Grouped(d), ..config }, 84, 150);
        let pairs = grouped(2.5 * config.step);
        for d in [0.01, 0.03] {
            let coupled = grouped(d);
            let changes: Vec<f64> = coupled.iter().zip(&pairs).map(|(a, b)| a / b - 1.0).collect();
            let (change, error) = (mean(&changes), standard_error(&changes));
            println!("{method:?}, displacement {d}: {change:+.4} +- {error:.4}");
            assert!(error <= 0.003, "the change is not resolved: {change} +- {error}");
            assert!(change.abs() + 3.0 * error <= 0.02, "{method:?} {d}: {change} +- {error}");
        }
    }
}

#[test]
fn counted_reveals_change_a_first_passage_by_at_most_two_percent() {
    // alpha N/q = 0.01 is below the displacement: the regime of the theorems' own schedules. There averages hold so many
    // reveals that runs differ little, and independent samples are close enough to be compared.
    for method in METHODS {
        let config = Config {
            blocks: 3,
            length: 4,
            probability: 0.3,
            step: 0.002 * 0.1,
            averaging: 0.01 * 0.1,
            ..moderate(method)
        };
        let counted = Config { grouping: Grouping::Grouped(0.03), ..config };
        assert!(Structured::new(counted).unwrap().counts_reveals());
        assert!(!Structured::new(config).unwrap().counts_reveals());
        let (exact, counted) = (passages(config, 87, 30), passages(counted, 88, 30));
        let change = mean(&counted) / mean(&exact) - 1.0;
        let error = (standard_error(&exact).hypot(standard_error(&counted))) / mean(&exact);
        println!("{method:?}: {change:+.4} +- {error:.4}");
        assert!(error <= 0.004 && change.abs() + 3.0 * error <= 0.02, "{method:?}: {change} +- {error}");
    }
}

#[test]
fn grouped_steps_have_the_law_of_single_ones() {
    // The exact walk draws from its stream in another way: independent samples of the same law, up to the grouping. By
    // Dvoretzky, Kiefer and Wolfowitz each empirical law of R runs is within sqrt(ln(2/d)/(2R)) of its own, d = 1e-6.
    let runs = 150;
    let threshold = 2.0 * ((2e6_f64).ln() / (2.0 * runs as f64)).sqrt();
    for method in METHODS {
        let config = moderate(method);
        let mut exact = passages(config, 85, runs);
        let mut grouped = passages(Config { grouping: Grouping::Grouped(0.01), ..config }, 86, runs);
        exact.sort_by(f64::total_cmp);
        grouped.sort_by(f64::total_cmp);
        let share = |x: &[f64], t: f64| x.partition_point(|&x| x <= t) as f64 / runs as f64;
        let distance = exact.iter().chain(&grouped).map(|&t| (share(&exact, t) - share(&grouped, t)).abs());
        let distance = distance.fold(0.0, f64::max);
        println!("{method:?}: medians {} and {}, laws {distance:.3} apart", exact[75], grouped[75]);
        assert!(distance <= threshold, "{method:?}: {distance} > {threshold}");
        // A law that is a tenth off would not pass: the spread is smaller than that.
        let slow: Vec<f64> = grouped.iter().map(|t| 1.25 * t).collect();
        let moved = slow.iter().map(|&t| (share(&exact, t) - share(&slow, t)).abs()).fold(0.0, f64::max);
        assert!(moved > threshold, "{method:?}: {moved}");
    }
}

#[test]
fn counted_reveals_have_the_law_of_placed_ones() {
    // alpha N/q = 0.02: groups of up to six steps count their reveals, with a displacement below 0.02 they place them.
    for method in METHODS {
        let config = Config {
            blocks: 2,
            length: 3,
            probability: 0.5,
            method,
            step: 0.005,
            averaging: 0.005,
            grouping: Grouping::Exact,
        };
        let runs = 200;
        let placed = passages(config, 87, runs);
        let counted = passages(Config { grouping: Grouping::Grouped(0.03), ..config }, 88, runs);
        let (a, b) = (mean(&placed), mean(&counted));
        // Independent samples: 5 standard deviations of the difference of the means, and 0.5% for the grouping: groups of
        // six steps see a passage 2.5 steps late in the mean, 0.2%, and hold gradients. Counting the reveals of one block
        // twice makes 1.6%.
        let error = standard_error(&placed).hypot(standard_error(&counted));
        println!("{method:?}: mean {a:.1} placed, {b:.1} counted, +- {error:.1}");
        assert!((a - b).abs() <= 5.0 * error + 0.005 * a, "{method:?}: {a} and {b}, +- {error}");
        assert!(5.0 * error <= 0.005 * a, "{method:?}: {a} +- {error}");
        let spread = |x: &[f64]| standard_error(x) * (runs as f64).sqrt();
        assert!((0.75..1.35).contains(&(spread(&counted) / spread(&placed))), "{method:?}");
    }
}

#[test]
fn numbers_outside_their_range_are_refused() {
    let refuse = |change: fn(&mut Config)| {
        let mut config = moderate(Method::Scion);
        change(&mut config);
        Structured::new(config).unwrap_err().to_string()
    };
    assert!(refuse(|c| c.blocks = 0).contains("blocks"));
    assert!(refuse(|c| c.length = 0).contains("length"));
    assert!(refuse(|c| c.probability = 0.0).contains("probability"));
    assert!(refuse(|c| c.probability = 1.5).contains("probability"));
    assert!(refuse(|c| c.step = -1.0).contains("step"));
    assert!(refuse(|c| c.averaging = f64::NAN).contains("averaging"));
    assert!(refuse(|c| c.grouping = Grouping::Grouped(0.0)).contains("displacement"));
}
