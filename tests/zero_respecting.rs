//! The classes that the lower bounds are about: methods that are in none are caught, and what they gain. That every registered
//! method stays in its own is a check of the audit.

use std::sync::Arc;

use faer::{Mat, Side};
use heavynorm::algorithms::{DynAlgorithm, Scion, ScionConfig};
use heavynorm::hard_instances::reveal::GATE;
use heavynorm::hard_instances::{
    BlockChain, HardInstance, Layout, RevealOracle, Reveals, Violation, ZeroWatch,
};
use heavynorm::noise::NoNoise;
use heavynorm::norms::combinators::weighted::Weighted;
use heavynorm::norms::{self, max_row_l2::MaxRowL2, spectral::Spectral};
use heavynorm::seed::stream;
use heavynorm::spec::{Dimensions, Matrix, Norm, OracleError, Problem, StochasticOracle, ZeroRespecting};
use rand::RngExt as _;
use rand_distr::StandardNormal;

const CALLS: u64 = 80;

fn instance(layout: Layout, blocks: usize, length: usize, q: f64) -> HardInstance {
    let chain = BlockChain::new(layout.smallest(blocks, length).unwrap(), layout, blocks, length, 1.0, 1.0);
    HardInstance::new(chain.unwrap(), q, Reveals::OneBlock).unwrap()
}

fn space(instance: &HardInstance) -> Dimensions {
    Problem::<f64>::dimensions(&**instance.chain())
}

fn zeros(d: Dimensions) -> Matrix<f64> {
    Matrix::zeros(d.rows(), d.columns())
}

fn oracle(instance: &HardInstance, seed: u64) -> RevealOracle<f64> {
    RevealOracle::new(instance.clone(), Arc::new(NoNoise::new(space(instance))), stream(90, seed))
}

/// How many coordinates the draws of that many calls reveal at most.
fn reveals(instance: &HardInstance, seed: u64, calls: u64) -> usize {
    let mut rng = stream(90, seed);
    let blocks = instance.chain().blocks();
    let mut shown = || {
        rng.random_range(0..blocks);
        rng.random::<f64>() < instance.probability()
    };
    (0..calls).filter(|_| shown()).count()
}

/// How many coordinates a point has found.
fn found(instance: &HardInstance, x: &Matrix<f64>) -> usize {
    instance.chain().progress(x, GATE).iter().sum()
}

fn norm(text: &str) -> Arc<dyn Norm<f64>> {
    norms::build(&text.parse().unwrap()).unwrap_or_else(|e| panic!("{text}: {e}")).into()
}

/// What a method outside of every class makes of its average.
type Direction = Box<dyn FnMut(&Matrix<f64>) -> Matrix<f64>>;

/// Momentum with weight 0.3 and steps of 0.25 along a direction: the class, and what the point has found with what.
fn outsider(mut direction: Direction, seed: u64) -> (ZeroRespecting, usize, usize) {
    let instance = instance(Layout::Rows, 4, 3, 0.06);
    let mut inner = oracle(&instance, seed);
    let mut watch = ZeroWatch::new(&mut inner);
    let (mut x, mut average) = (zeros(space(&instance)), zeros(space(&instance)));
    for _ in 0..CALLS {
        average.move_towards(0.3, &watch.query(&x).unwrap());
        x.add_scaled(0.25, &direction(&average));
        watch.check(&x);
    }
    (watch.class(), found(&instance, &x), reveals(&instance, seed, CALLS))
}

/// The smallest class over seeds, and on how many of them it found more than it was shown.
fn caught(name: &str, make: impl Fn(u64) -> Direction) -> usize {
    let seeds = 5;
    let mut profits = 0;
    for seed in 0..seeds {
        let (class, found, shown) = outsider(make(seed), seed);
        println!("{name}, seed {seed}: {class:?}, found {found} of 12 with {shown} reveals");
        assert_eq!(class, ZeroRespecting::Nothing, "{name}, seed {seed}");
        profits += usize::from(found > shown.min(12));
    }
    profits
}

#[test]
fn the_same_loop_with_a_member_is_not_caught() {
    for seed in 0..5 {
        let (class, found, shown) = outsider(Box::new(|m| Spectral.lmo(m).unwrap()), seed);
        assert!(class >= ZeroRespecting::Lines && found <= shown, "{class:?} {found} {shown}");
        let (class, found, shown) = outsider(Box::new(|m| MaxRowL2.lmo(m).unwrap()), seed);
        assert!(class == ZeroRespecting::Entries && found <= shown && found > 0, "{class:?} {found} {shown}");
    }
}

/// -U V^T with all singular vectors that a decomposition of the whole matrix returns, those of zero singular values too.
fn completed(m: &Matrix<f64>) -> Matrix<f64> {
    let svd = m.as_mat().thin_svd().unwrap();
    -&Matrix::from(svd.U() * svd.V().transpose())
}

#[test]
fn a_completed_polar_factor_is_caught_and_profits() {
    assert!(caught("completed polar factor", |_| Box::new(completed)) >= 4);
}

fn gaussian(rows: usize, columns: usize, seed: u64) -> Matrix<f64> {
    let mut rng = stream(91, seed);
    Matrix::from_fn(rows, columns, |_, _| rng.sample::<f64, _>(StandardNormal))
}

#[test]
fn a_dense_weight_on_the_right_is_caught_and_profits() {
    let make = |seed| -> Direction {
        let identity = Matrix::from_diagonal(4, 4, &[1.0; 4]);
        let norm = Weighted::new(&identity, Spectral, &gaussian(12, 12, seed)).unwrap();
        Box::new(move |m| norm.lmo(m).unwrap())
    };
    assert!(caught("dense right weight", make) >= 4);
    // The same through the method itself.
    let weight = gaussian(12, 12, 9);
    let norm = Weighted::new(&Matrix::from_diagonal(4, 4, &[1.0; 4]), Spectral, &weight).unwrap();
    let scion =
        Scion::new(ScionConfig { step_size: 0.25, averaging: 0.3, ..ScionConfig::default() }, Arc::new(norm))
            .unwrap();
    let instance = instance(Layout::Rows, 4, 3, 1.0);
    let mut inner = oracle(&instance, 0);
    let mut watch = ZeroWatch::new(&mut inner);
    let mut run = scion.begin(&zeros(space(&instance)), &mut watch).unwrap();
    run.step(&mut watch).unwrap();
    assert_eq!(watch.class(), ZeroRespecting::Entries);
    watch.check(run.iterate());
    assert_eq!(watch.class(), ZeroRespecting::Nothing);
}

/// Adam in the eigenbasis of the mean of G^T G, which is renewed every tenth step only.
///
/// A basis of the null space is whatever the solver takes. faer happens to take unit vectors where rows and columns are
/// zero, others do not: this one decomposes in rotated coordinates.
fn stale_eigenbasis(seed: u64) -> Direction {
    let rotation = gaussian(12, 12, seed).as_mat().qr().compute_Q();
    let (mut gram, mut basis) = (Mat::<f64>::zeros(12, 12), Mat::<f64>::identity(12, 12));
    let (mut square, mut step) = (Mat::<f64>::zeros(4, 12), 0);
    Box::new(move |m| {
        let m = m.as_mat();
        gram = 0.9 * &gram + 0.1 * (m.transpose() * m);
        if step % 10 == 0 {
            let rotated = rotation.transpose() * &gram * &rotation;
            basis = &rotation * rotated.self_adjoint_eigen(Side::Lower).unwrap().U();
        }
        step += 1;
        let rotated = m * &basis;
        square = Mat::from_fn(4, 12, |i, j| 0.9 * square[(i, j)] + 0.1 * rotated[(i, j)] * rotated[(i, j)]);
        let scaled = Mat::from_fn(4, 12, |i, j| {
            if square[(i, j)] == 0.0 { 0.0 } else { -rotated[(i, j)] / square[(i, j)].sqrt() }
        });
        Matrix::from(scaled * basis.transpose())
    })
}

#[test]
fn adam_in_a_stale_eigenbasis_is_caught_and_profits() {
    let profits = caught("stale eigenbasis", stale_eigenbasis);
    assert!(profits >= 1, "{profits}");
}

#[test]
fn ties_broken_at_random_are_caught_and_profit() {
    let make = |seed| -> Direction {
        let mut rng = stream(92, seed);
        // One sign for each entry: a walk of random signs would not get far.
        let ties = Matrix::from_fn(4, 12, |_, _| if rng.random() { 1.0 } else { -1.0 });
        Box::new(move |m| {
            Matrix::from_fn(4, 12, |i, j| if m[(i, j)] == 0.0 { ties[(i, j)] } else { -m[(i, j)].signum() })
        })
    };
    assert!(caught("random ties", make) >= 4);
}

#[test]
fn perturbed_iterates_are_caught_however_small_the_perturbation() {
    for size in [1e-3, 1e-300] {
        let make = |seed| -> Direction {
            let noise = &gaussian(4, 12, seed) * size;
            Box::new(move |m| &MaxRowL2.lmo(m).unwrap() + &noise)
        };
        caught("perturbed", make);
    }
}

/// Answers from a list.
struct Scripted(Vec<Matrix<f64>>, u64);

impl StochasticOracle<f64> for Scripted {
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(2, 3).unwrap()
    }
    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        if x.first_non_finite().is_some() {
            return Err(OracleError::Diverged);
        }
        self.1 += 1;
        Ok(self.0[(self.1 as usize - 1) % self.0.len()].clone())
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        Ok((self.query(x)?, self.query(y)?))
    }
    fn calls(&self) -> u64 {
        self.1
    }
}

fn at(entries: &[(usize, usize)]) -> Matrix<f64> {
    Matrix::from_fn(2, 3, |i, j| if entries.contains(&(i, j)) { 1e-300 } else { 0.0 })
}

#[test]
fn a_watch_knows_rows_columns_and_entries_and_when_they_were_broken() {
    let mut inner = Scripted(vec![at(&[(0, 0)]), at(&[(1, 1)]), at(&[])], 0);
    let mut watch = ZeroWatch::new(&mut inner);
    watch.query(&at(&[])).unwrap();
    watch.query(&at(&[(0, 0)])).unwrap();
    assert_eq!(watch.class(), ZeroRespecting::Entries);
    // Row 0 and column 1 were seen, their crossing was not.
    watch.query(&at(&[(0, 1)])).unwrap();
    assert_eq!(watch.class(), ZeroRespecting::Lines);
    assert_eq!(watch.violation(ZeroRespecting::Lines), None);
    let broken = Violation { calls: 2, entry: (0, 1) };
    assert_eq!(watch.violation(ZeroRespecting::Entries), Some(broken));
    // A query is compared with what was known before its answer; the second point of a pair as well.
    watch.query_pair(&at(&[(1, 1)]), &at(&[(1, 2)])).unwrap();
    assert_eq!(watch.class(), ZeroRespecting::Nothing);
    assert_eq!(watch.violation(ZeroRespecting::Lines), Some(Violation { calls: 3, entry: (1, 2) }));
    assert_eq!(watch.violation(ZeroRespecting::Entries), Some(broken));
    assert_eq!(watch.violation(ZeroRespecting::Nothing), None);
    assert_eq!(watch.calls(), 5);
    // A row that was not seen, in a column that was.
    let mut inner = Scripted(vec![at(&[(0, 0), (0, 1)])], 0);
    let mut watch = ZeroWatch::new(&mut inner);
    watch.query(&at(&[])).unwrap();
    watch.check(&at(&[(1, 1)]));
    assert_eq!(watch.violation(ZeroRespecting::Lines), Some(Violation { calls: 1, entry: (1, 1) }));
    // A point that only its own response explains.
    for pair in [false, true] {
        let mut inner = Scripted(vec![at(&[(0, 0)])], 0);
        let mut watch = ZeroWatch::new(&mut inner);
        if pair {
            watch.query_pair(&at(&[(0, 0)]), &at(&[])).unwrap();
        } else {
            watch.query(&at(&[(0, 0)])).unwrap();
        }
        assert_eq!(watch.violation(ZeroRespecting::Lines), Some(Violation { calls: 0, entry: (0, 0) }));
    }
    // NaN is no zero, and a refused query is no violation of a class.
    let mut inner = Scripted(vec![at(&[])], 0);
    let mut watch = ZeroWatch::new(&mut inner);
    assert!(watch.query(&(&at(&[(0, 0)]) * f64::NAN)).is_err());
    assert_eq!(watch.class(), ZeroRespecting::Entries);
    watch.check(&(&at(&[(0, 0)]) * f64::NAN));
    assert_eq!(watch.class(), ZeroRespecting::Nothing);
}

/// 8 chains of 6, q = 1/10; half of the gradient is gone where the mean 2-norm of the blocks' gradients is at most 1/2.
fn eight(layout: Layout) -> HardInstance {
    instance(layout, 8, 6, 0.1)
}

fn half_is_gone(instance: &HardInstance, x: &Matrix<f64>) -> bool {
    let f = instance.chain();
    let gradient: Matrix<f64> = f.gradient(x);
    let block = |i| (0..f.length()).map(|k| gradient[f.position(i, k)].powi(2)).sum::<f64>().sqrt();
    (0..f.blocks()).map(block).sum::<f64>() <= 0.5 * f.blocks() as f64
}

/// Calls of Scion until half of the gradient is gone, and its class on the way.
fn passage(layout: Layout, norm: &Arc<dyn Norm<f64>>, seed: u64) -> (u64, ZeroRespecting) {
    let instance = eight(layout);
    let config = ScionConfig { step_size: 4.0, averaging: 0.005, ..ScionConfig::default() };
    let scion = Scion::new(config, Arc::clone(norm)).unwrap();
    let mut inner = oracle(&instance, seed);
    let mut watch = ZeroWatch::new(&mut inner);
    let mut run = scion.begin(&zeros(space(&instance)), &mut watch).unwrap();
    while !half_is_gone(&instance, run.iterate()) {
        run.step(&mut watch).unwrap();
        watch.check(run.iterate());
    }
    (watch.calls(), watch.class())
}

fn median(calls: impl Iterator<Item = u64>) -> u64 {
    let mut calls: Vec<u64> = calls.collect();
    calls.sort_unstable();
    calls[calls.len() / 2]
}

#[test]
fn where_chains_share_columns_lines_are_no_hindrance_and_entries_are() {
    let median = |layout, norm: &Arc<dyn Norm<f64>>, class: ZeroRespecting| {
        median((0..15).map(|seed| {
            let (calls, seen) = passage(layout, norm, seed);
            assert_eq!(seen, class, "{layout:?} {}", norm.label());
            calls
        }))
    };
    let (spectral, rows) = (norm("name = 'spectral'"), norm("name = 'max-row-l2'"));
    let shared = median(Layout::SharedRows, &spectral, ZeroRespecting::Lines);
    // On disjoint rows an average is a direct sum, which is decomposed row by row.
    let disjoint = median(Layout::Rows, &spectral, ZeroRespecting::Entries);
    println!("median calls of Scion: spectral {shared} shared, {disjoint} disjoint");
    assert!(4 * shared < disjoint);
    // Entry by entry it makes no difference where the chains lie.
    assert_eq!(median(Layout::SharedRows, &rows, ZeroRespecting::Entries), disjoint);
    assert_eq!(median(Layout::Rows, &rows, ZeroRespecting::Entries), disjoint);
}

/// Fills every column that was ever seen, in all rows: zero-respecting by columns alone, the largest class of L1.
fn by_columns(layout: Layout, seed: u64) -> u64 {
    let instance = eight(layout);
    let mut oracle = oracle(&instance, seed);
    let mut x = zeros(space(&instance));
    while !half_is_gone(&instance, &x) {
        let response = oracle.query(&x).unwrap();
        for j in (0..x.ncols()).filter(|&j| response.column(j).iter().any(|&g| g != 0.0)) {
            (0..x.nrows()).for_each(|i| x[(i, j)] = 1e3);
        }
    }
    oracle.calls()
}

#[test]
fn the_class_of_columns_needs_disjoint_chains() {
    let runs = 100;
    let mean = |layout| (0..runs).map(|seed| by_columns(layout, seed)).sum::<u64>() as f64 / runs as f64;
    let (shared, disjoint) = (mean(Layout::SharedRows), mean(Layout::Rows));
    println!("mean calls by columns: {shared} shared, {disjoint} disjoint");
    // One reveal in any chain serves all: T/q = 60, a sum of 6 geometric numbers with standard deviation
    // sqrt(6 (1 - q))/q = 23. 5 of the mean's.
    assert!((shared - 60.0).abs() <= 5.0 * 23.3 / (runs as f64).sqrt());
    // Disjoint chains wait until 4 of 8 are complete under multinomial counts: about m T/q = 480 and more.
    assert!(disjoint >= 480.0 && disjoint >= 8.0 * shared);
}
