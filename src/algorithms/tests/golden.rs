//! Golden trajectories: f = (x1^2 + 3 x2^2)/2 from (1, -1/2), exact gradients (x1, 3 x2), computed by hand in
//! rationals where there are no roots, else with 40 digits in another language. Max-entry lmo: minus the signs.

use approx::assert_abs_diff_eq;

use super::*;
use crate::spec::Algorithm;

fn assert_path(found: &[Matrix<f64>], expected: &[[f64; 2]]) {
    assert_eq!(found.len(), expected.len());
    for (x, y) in found.iter().zip(expected) {
        assert_abs_diff_eq!(x, &row(y), epsilon = 1e-14);
    }
}

#[test]
fn golden_scion() {
    // M_0 = (1, -3/2); M_1 = 3/4 M_0 + 1/4 (1/4, 3/4) = (13/16, -15/16); M_2 = (31/64, 3/64).
    let method = scion(0.75, 0.25, Start::Gradient, max_entry());
    assert_path(&path(&method, exact(Quadratic::small()), 3), &[[0.25, 0.25], [-0.5, 1.0], [-1.25, 0.25]]);
}

#[test]
fn golden_sign_momentum() {
    let config = ScionConfig { step_size: 0.75, averaging: 0.25, ..ScionConfig::default() };
    assert_path(
        &path(&sign_momentum::<f64>(config).unwrap(), exact(Quadratic::small()), 3),
        &[[0.25, 0.25], [-0.5, 1.0], [-1.25, 0.25]],
    );
}

#[test]
fn golden_batched_scion() {
    // B = 2 and additive shifts 3, -2, 1, 3, -2, 1: means (3/2, -1), (9/4, 11/4), (-1, -2).
    let config = BatchedScionConfig { step_size: 0.75, batch: 2 };
    let method = BatchedScion::<f64>::new(config, max_entry()).unwrap();
    let oracle = Scripted::new(1, 2, |k, x: &Matrix<f64>| {
        let shift = [3.0, -2.0, 1.0][k as usize % 3];
        &Quadratic::small().gradient(x) + &row(&[shift, shift])
    });
    assert_path(&path(&method, oracle, 3), &[[0.25, 0.25], [-0.5, -0.5], [0.25, 0.25]]);
}

/// Y_t (for the transported form), M_t and X_{t+1} of one step.
type Step = ([f64; 2], [f64; 2], [f64; 2]);

/// (x1^3, 3 x2), which is not affine, scaled and shifted from sample to sample.
fn cubic(
    scale: impl Fn(u64) -> f64,
    shift: impl Fn(u64) -> f64,
) -> Scripted<impl FnMut(u64, &Matrix<f64>) -> Matrix<f64>> {
    Scripted::new(1, 2, move |k, x: &Matrix<f64>| {
        let (s, b) = (scale(k), shift(k));
        row(&[s * x[(0, 0)].powi(3) + b, 3.0 * s * x[(0, 1)] + b])
    })
}

#[test]
fn golden_transported_scion() {
    let cases: [(Start, &[Step]); 3] = [
        (
            Start::Gradient,
            &[
                ([1.0, -0.5], [1.0, -1.5], [0.25, 0.25]),
                ([-2.0, 2.5], [-1.25, 0.75], [1.0, -0.5]),
                ([3.25, -2.75], [1957.0 / 256.0, -1.5], [0.25, 0.25]),
                ([-2.0, 2.5], [3823.0 / 1024.0, 0.75], [-0.5, -0.5]),
            ],
        ),
        (
            Start::Zero,
            &[
                ([1.0, -0.5], [0.25, -0.375], [0.25, 0.25]),
                ([-2.0, 2.5], [-29.0 / 16.0, 51.0 / 32.0], [1.0, -0.5]),
            ],
        ),
        // Shifts 3, -2, 1, 2 of the first four gradients, then 4.
        (
            Start::Batch,
            &[
                ([1.0, -0.5], [2.0, -0.5], [0.25, 0.25]),
                ([-2.0, 2.5], [1.5 - 1.0, -0.375 + 11.5 / 4.0], [-0.5, -0.5]),
            ],
        ),
    ];
    for (start, steps) in cases {
        let method = transported(0.75, 0.25, start, max_entry());
        let shifts = [3.0, -2.0, 1.0, 2.0, 4.0];
        let shift = move |k| if start == Start::Batch { shifts[k as usize] } else { 0.0 };
        let mut oracle = cubic(|_| 1.0, shift);
        let mut state = method.init(&row(&[1.0, -0.5]), &mut oracle).unwrap();
        for (y, m, x) in steps {
            assert_abs_diff_eq!(method.query_point(&state), row(y), epsilon = 1e-14);
            method.step(&mut state, &mut oracle).unwrap();
            assert_abs_diff_eq!(state.momentum().unwrap(), &row(m), epsilon = 1e-14);
            assert_abs_diff_eq!(method.iterate(&state), &row(x), epsilon = 1e-14);
        }
    }
}

#[test]
fn golden_storm_scion() {
    // Gradients times 2, 0, 3/2, 1/2 (mean 1), then both of a step times 2, then both times 1/2.
    let method = StormScion::new(StormScionConfig { step_size: 0.75, averaging: 0.25 }, max_entry()).unwrap();
    let mut oracle = cubic(|k| [2.0, 0.0, 1.5, 0.5, 2.0, f64::NAN, 0.5][k as usize], |_| 0.0);
    let mut state = method.init(&row(&[1.0, -0.5]), &mut oracle).unwrap();
    for (m, x, calls) in [
        ([1.0, -1.5], [0.25, 0.25], 4),
        ([-23.0 / 32.0, 21.0 / 8.0], [1.0, -0.5], 6),
        ([-23.0 / 512.0, 15.0 / 16.0], [1.75, -1.25], 8),
    ] {
        method.step(&mut state, &mut oracle).unwrap();
        assert_abs_diff_eq!(state.momentum().unwrap(), &row(&m), epsilon = 1e-14);
        assert_abs_diff_eq!(method.iterate(&state), &row(&x), epsilon = 1e-14);
        assert_eq!(oracle.calls(), calls);
    }
}

#[test]
fn golden_scion_from_zero_and_from_a_batch() {
    let zero = [[0.25, -0.375], [0.25, -3.0 / 32.0], [1.0 / 16.0, 87.0 / 128.0]];
    // Shifts 3, -2, 1, 2 (mean 1), 4, -8.
    let batch = [[2.0, -0.5], [41.0 / 16.0, 13.0 / 16.0], [-13.0 / 64.0, -113.0 / 64.0]];
    let ends = [[-1.25, 0.25], [0.25, 0.25]];
    for ((start, momenta), end) in [(Start::Zero, zero), (Start::Batch, batch)].into_iter().zip(ends) {
        let method = scion(0.75, 0.25, start, max_entry());
        let shifts = [3.0, -2.0, 1.0, 2.0, 4.0, -8.0];
        let shift = move |k| if start == Start::Batch { shifts[k as usize] } else { 0.0 };
        let mut oracle = Scripted::new(1, 2, move |k, x: &Matrix<f64>| {
            Quadratic::small().gradient(x).map(|g| g + shift(k))
        });
        let mut state = method.init(&row(&[1.0, -0.5]), &mut oracle).unwrap();
        for m in momenta {
            method.step(&mut state, &mut oracle).unwrap();
            assert_abs_diff_eq!(state.momentum().unwrap(), &row(&m), epsilon = 1e-14);
        }
        assert_abs_diff_eq!(method.iterate(&state), &row(&end), epsilon = 1e-14);
    }
}

#[test]
fn golden_constrained_scion() {
    let config = ConstrainedScionConfig { step_size: 0.25, averaging: 0.25, radius: 2.0 };
    let method = ConstrainedScion::<f64>::new(config, max_entry()).unwrap();
    assert_path(
        &path(&method, exact(Quadratic::small()), 3),
        &[[0.25, 0.125], [-5.0 / 16.0, 19.0 / 32.0], [-47.0 / 64.0, 121.0 / 128.0]],
    );
}

#[test]
fn golden_sgd_momentum() {
    let method = SgdMomentum::<f64>::new(SgdMomentumConfig { step_size: 0.5, averaging: 0.25 }).unwrap();
    assert_path(
        &path(&method, exact(Quadratic::small()), 3),
        &[[0.5, 0.25], [1.0 / 16.0, 23.0 / 32.0], [-35.0 / 128.0, 205.0 / 256.0]],
    );
}

const NORMALIZED: [[f64; 2]; 3] = [
    [0.7226499018873854, -0.0839748528310782],
    [0.4143030530243997, 0.3096267487869374],
    [0.0280182081765718, 0.6270917368421394],
];

#[test]
fn golden_normalized_sgd_momentum() {
    let config = ScionConfig { step_size: 0.5, averaging: 0.25, ..ScionConfig::default() };
    let method = normalized_sgd_momentum::<f64>(config).unwrap();
    assert_path(&path(&method, exact(Quadratic::small()), 3), &NORMALIZED);
    let scion = scion::<f64>(0.5, 0.25, Start::Gradient, frobenius());
    assert_path(&path(&scion, exact(Quadratic::small()), 3), &NORMALIZED);
}

#[test]
fn golden_sgd() {
    let method = sgd::<f64>(SgdConfig { step_size: 0.5 }).unwrap();
    assert_path(
        &path(&method, exact(Quadratic::small()), 3),
        &[[0.5, 0.25], [0.25, -0.125], [0.125, 0.0625]],
    );
}

#[test]
fn golden_clipped_sgd() {
    // The dual of max-entry sums the entries: 5/2, 29/16, 267/232, each above 5/8.
    let config = ClippedSgdConfig { step_size: 0.5, averaging: 0.5, threshold: 0.625 };
    let method = ClippedSgd::<f64>::new(config, max_entry()).unwrap();
    assert_path(
        &path(&method, exact(Quadratic::small()), 3),
        &[[0.875, -0.3125], [171.0 / 232.0, -4.0 / 29.0], [0.568_033_223_556_761, 0.005_533_223_556_760_946]],
    );
}

#[test]
fn golden_adam() {
    let config = AdamConfig { step_size: 0.5, beta1: 0.75, beta2: 0.5, epsilon: 0.0 };
    let run = |c| path(&Adam::<f64>::new(c).unwrap(), exact(Quadratic::small()), 3);
    assert_path(
        &run(config),
        &[[0.5, 0.0], [-0.0050762722761054, 0.3711537444790451], [-0.4405781672237143, 0.313690085932318]],
    );
    assert_path(
        &run(AdamConfig { epsilon: 0.25, ..config }),
        &[
            [0.6, -0.5 / 7.0],
            [0.2170383581016737, 0.2661500968099333],
            [-0.1272587867801018, 0.3071673817408132],
        ],
    );
}

#[test]
fn golden_adamw() {
    let config = AdamWConfig { step_size: 0.5, beta1: 0.75, beta2: 0.5, epsilon: 0.0, weight_decay: 0.5 };
    assert_path(
        &path(&adamw::<f64>(config).unwrap(), exact(Quadratic::small()), 3),
        &[
            [0.25, 0.125],
            [-0.279_069_474_815_843_43, 0.327_034_737_407_921_7],
            [-0.434_072_146_871_713, 0.150_482_438_120_350_06],
        ],
    );
}

fn assert_ends_at(text: &str, steps: usize, expected: [[f64; 2]; 3]) {
    let method = build::<f64>(&table(text), frobenius()).unwrap();
    let mut oracle = exact(tall());
    let mut run = method.begin(&tall().start, &mut oracle).unwrap();
    (0..steps).for_each(|_| run.step(&mut oracle).unwrap());
    // Five steps of the quintic multiply an error by at most 3.4445^5 = 485; so do, at most, early steps.
    assert_abs_diff_eq!(run.iterate(), &Matrix::from_rows(&expected).unwrap(), epsilon = 1e-12);
}

// With 40 digits, the quintic applied to singular values.

#[test]
fn golden_muon() {
    assert_ends_at(
        "name = 'muon'\nstep_size = 0.5\naveraging = 0.25",
        3,
        [
            [0.465_498_738_542_496_07, -0.145_038_796_551_825_28],
            [0.131_361_858_026_582_57, 0.294_390_846_546_694_5],
            [-0.142_994_736_862_520_98, -0.049_920_170_260_877_125],
        ],
    );
    assert_ends_at(
        "name = 'muon'\nstep_size = 0.5\naveraging = 0.25\nnesterov = false\nshape_scale = false\nweight_decay = 0.5",
        3,
        [
            [0.090_941_682_502_845_43, 0.009_772_933_911_936_552],
            [0.033_296_338_442_597_82, -0.227_444_874_017_777_63],
            [0.224_731_257_472_578_13, -0.193_768_636_494_752_76],
        ],
    );
}

#[test]
fn golden_normuon() {
    let table = "name = 'normuon'\nstep_size = 0.5\naveraging = 0.25\nbeta2 = 0.75\nweight_decay = 0.5";
    assert_ends_at(
        table,
        3,
        [
            [0.151_538_221_235_436_78, -0.035_715_693_804_479_59],
            [0.081_085_805_430_959_46, 0.514_117_676_088_380_4],
            [-0.351_305_239_169_144_2, 0.147_436_170_520_876_1],
        ],
    );
    assert_ends_at(
        &format!("{table}\nepsilon = 0.25"),
        3,
        [
            [0.241_744_802_084_296_52, -0.092_544_593_327_289_79],
            [0.077_848_010_715_213_76, 0.471_256_745_077_504_54],
            [-0.317_832_754_282_304_4, 0.127_788_463_972_910_8],
        ],
    );
}
