//! What a linear minimisation oracle costs: every registered norm on a generic matrix of three shapes.
//!
//!     cargo bench --bench lmo
//!     cargo bench --bench lmo -- '128x128'

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use heavynorm::norms;
use heavynorm::seed::stream;
use heavynorm::spec::Matrix;
use rand::RngExt as _;
use rand_distr::StandardNormal;

const SHAPES: [(usize, usize); 3] = [(16, 96), (128, 128), (512, 512)];

fn lmo(c: &mut Criterion) {
    for (rows, columns) in SHAPES {
        let mut rng = stream(1, 0);
        let s: Matrix<f64> = Matrix::from_fn(rows, columns, |_, _| rng.sample(StandardNormal));
        let mut group = c.benchmark_group(format!("lmo {rows}x{columns}"));
        // A decomposition of 512 x 512 takes a tenth of a second.
        group
            .sample_size(10)
            .measurement_time(Duration::from_secs(1))
            .warm_up_time(Duration::from_millis(200));
        for norm in norms::entries::<f64>().iter().filter_map(|entry| (entry.examples)().into_iter().next()) {
            group.bench_function(norm.label().as_str(), |b| b.iter(|| norm.lmo(black_box(&s))));
        }
        group.finish();
    }
}

criterion_group!(benches, lmo);
criterion_main!(benches);
