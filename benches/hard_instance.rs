//! Calls per second on the hard instance (one element is one call): the general path and the walks that know its shape.
//!
//!     cargo bench --bench hard_instance
//!
//! `numpy_baseline.py` measures the same loop as "general, spectral" in numpy. Steps are the common scale of the
//! simulations, alpha = 0.4 q/m and eta/s = q/m. The first calls are the cheap ones, while few columns are discovered:
//! the general path makes whole runs of 2000 calls, here and there.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heavynorm::algorithms::{DynAlgorithm, Scion, ScionConfig};
use heavynorm::hard_instances::structured::{Config, Grouping, Method};
use heavynorm::hard_instances::{BlockChain, HardInstance, Layout, RevealOracle, Reveals, Structured};
use heavynorm::noise::NoNoise;
use heavynorm::norms::{max_row_l2::MaxRowL2, spectral::Spectral};
use heavynorm::seed::stream;
use heavynorm::spec::{Matrix, Norm};

const CALLS: u64 = 2000;

fn config(blocks: usize, length: usize, probability: f64, grouping: Grouping) -> Config {
    let step = probability / blocks as f64;
    Config { blocks, length, probability, method: Method::Scion, step, averaging: 0.4 * step, grouping }
}

/// A run of the general path.
fn general(layout: Layout, norm: Arc<dyn Norm<f64>>, config: &Config, seed: u64) -> f64 {
    let Config { blocks, length, probability, step, averaging, .. } = *config;
    let space = layout.smallest(blocks, length).unwrap();
    let chain = BlockChain::new(space, layout, blocks, length, 1.0, 1.0).unwrap();
    let instance = HardInstance::new(chain, probability, Reveals::OneBlock).unwrap();
    let mut oracle = RevealOracle::new(instance, Arc::new(NoNoise::new(space)), stream(1, seed));
    let scion = Scion::new(ScionConfig { step_size: step, averaging, ..Default::default() }, norm).unwrap();
    let scion: &dyn DynAlgorithm<f64> = &scion;
    let mut run = scion.begin(&Matrix::zeros(space.rows(), space.columns()), &mut oracle).unwrap();
    for _ in 0..CALLS {
        run.step(&mut oracle).unwrap();
    }
    run.iterate().max_abs()
}

/// A walk of that many calls.
fn walk(setup: &Structured, calls: u64, seed: u64) -> f64 {
    let mut walk = setup.walk(stream(1, seed));
    while walk.calls() < calls {
        walk.advance(calls);
    }
    walk.block(0)[0]
}

fn hard_instance(c: &mut Criterion) {
    let mut group = c.benchmark_group("hard instance");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    let small = config(16, 8, 0.1, Grouping::Exact);
    group.throughput(Throughput::Elements(CALLS));
    let mut seed = 0;
    let mut next = || {
        seed += 1;
        black_box(seed)
    };
    group.bench_function("general, spectral, 16 of 8", |b| {
        b.iter(|| general(Layout::Rows, Arc::new(Spectral), &small, next()));
    });
    group.bench_function("general, rows on shared columns, 16 of 8", |b| {
        b.iter(|| general(Layout::SharedRows, Arc::new(MaxRowL2), &small, next()));
    });
    let mut walks = |name: &str, config: Config, calls: u64| {
        let setup = Structured::new(config).unwrap();
        group.throughput(Throughput::Elements(calls));
        group.bench_function(name, |b| b.iter(|| walk(&setup, calls, next())));
    };
    let grouped = Grouping::Grouped(0.03);
    walks("structured, exact, 16 of 8", small, CALLS);
    walks("structured, grouped, 16 of 8", Config { grouping: grouped, ..small }, 10 * CALLS);
    // A whole run to half of the gradient takes some 3 m T/q calls.
    walks("structured, exact, 64 of 8", config(64, 8, 0.05, Grouping::Exact), 30_000);
    walks("structured, grouped, 64 of 8", config(64, 8, 0.05, grouped), 30_000);
    group.finish();
}

criterion_group!(benches, hard_instance);
criterion_main!(benches);
