//! Bounds of the theory held against instances on which they are equalities: a constant that is wrong goes red here, whether
//! it is too small or too large.

use std::sync::Arc;

use heavynorm::norms;
use heavynorm::oracles::CyclicSpikes;
use heavynorm::problems::curvature_ramp::{Along, Config, CurvatureRamp};
use heavynorm::seed::stream;
use heavynorm::spec::{
    Accuracy, Dimensions, Matrix, MomentOrder, NoiseScale, Norm, Problem, StochasticOracle as _,
};
use heavynorm_proofs_check::audit::{self, Effort, Verdict};
use heavynorm_proofs_check::{AveragingBound, Parameters, Setting, theorem};

type AnyNorm = Arc<dyn Norm<f64>>;

fn norm(text: &str) -> AnyNorm {
    norms::build(&text.parse().unwrap()).unwrap().into()
}

fn norms() -> [AnyNorm; 6] {
    [
        "name = 'spectral'",
        "name = 'frobenius'",
        "name = 'max-entry'",
        "name = 'max-row-l2'",
        "name = 'schatten'\nq = 3",
        "name = 'ky-fan'\nk = 2",
    ]
    .map(norm)
}

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).unwrap()
}

const ROWS: usize = 3;
const COLUMNS: usize = 4;

/// A ramp that is `length` long.
fn ramp(along: Along, length: f64) -> Arc<CurvatureRamp<f64>> {
    let config = Config { rows: ROWS, columns: COLUMNS, along, slope: 0.6, length };
    Arc::new(config.build().unwrap())
}

/// Without noise.
fn setting(f: &CurvatureRamp<f64>, norm: &AnyNorm) -> Setting {
    Setting {
        norm: Arc::clone(norm),
        dimensions: f.dimensions(),
        moment_order: order(2.0),
        noise_scale: NoiseScale::new(0.0).unwrap(),
        smoothness: f.smoothness(&**norm).unwrap(),
        sample_smoothness: None,
        inexactness: None,
        hessian_lipschitz: Some(f.hessian_lipschitz(&**norm).unwrap()),
        gap: f.gap().unwrap(),
        accuracy: Accuracy::new(1.0).unwrap(),
        radius: None,
    }
}

/// A check of the audit, by its name.
fn holds(name: &str) {
    let check = audit::named(name).unwrap_or_else(|| panic!("no check is called {name:?}"));
    let outcome = check.run(Effort { quick: true, seed: 1 });
    assert_eq!(outcome.verdict, Verdict::Holds, "{outcome:?}");
}

#[test]
fn on_a_ramp_the_drift_of_transported_scion_is_the_bound_of_u3_in_every_norm() {
    holds("on a ramp the drift of the transported average is the bound in every norm");
}

#[test]
fn on_a_plateau_the_drift_of_scion_is_the_bound_of_u2_in_every_norm() {
    holds("on a plateau the drift is L eta (1-alpha)/alpha in every norm");
}

#[test]
fn on_a_plateau_transported_scion_has_no_drift() {
    holds("on a plateau the transported average has no drift");
}

/// Means of 1, .., `most` calls at the start, less the gradient.
fn means(oracle: &mut CyclicSpikes<f64>, f: &CurvatureRamp<f64>, most: u64) -> Vec<Matrix<f64>> {
    let (x, gradient) = (f.start(), f.gradient(&f.start()));
    let mut sum = Matrix::zeros(x.nrows(), x.ncols());
    let mut mean = |batch| {
        sum.add_scaled(1.0, &(&oracle.query(&x).unwrap() - &gradient));
        &sum * (1.0 / batch as f64)
    };
    (1..=most).map(&mut mean).collect()
}

const SIGMA: f64 = 0.7;

#[test]
fn up_to_the_dimension_factor_a_mean_of_cyclic_spikes_is_as_large_as_one() {
    let (spectral, f) = (norm("name = 'spectral'"), ramp(Along::Diagonal, 1.0));
    let (space, sigma) = (f.dimensions(), NoiseScale::new(SIGMA).unwrap());
    let r = ROWS as f64;
    for p in [1.1, 1.5, 2.0] {
        let k = spectral.noise_type(space, order(p)).unwrap();
        let averaging = AveragingBound::new(&*spectral, space, order(p), sigma).unwrap();
        // The batch at which the bound begins to fall below sigma is kappa = C^{1/(p-1)} r; what is attained needs r.
        let kappa = averaging.smallest_batch(SIGMA * (1.0 - 1e-9));
        let c = order(p).asymmetry_factor();
        let ratio = r / kappa;
        assert!((ratio / c.powf(-1.0 / (p - 1.0)) - 1.0).abs() < 1e-6, "p = {p}: {ratio}");
        for seed in 0..8 {
            let mut oracle = CyclicSpikes::new(f.clone(), &*spectral, sigma, stream(51, seed)).unwrap();
            for (batch, mean) in (1..).zip(means(&mut oracle, &f, ROWS as u64)) {
                let found = spectral.dual_value(&mean).unwrap();
                assert!((found / SIGMA - 1.0).abs() < 1e-13, "{batch}: {found}");
                let (bound, _) = averaging.at(1.0 / f64::from(batch));
                assert!((found / bound - 1.0).abs() < 1e-13, "{batch}: {found} of {bound}");
            }
            // K_p^{1/p} sigma r^{-(p-1)/p}, without the minimum with sigma: the ratio is C_p^{-1/p}, and 1 at p = 2.
            let bound = k.upper.powf(1.0 / p) * SIGMA * r.powf(-(p - 1.0) / p);
            let ratio = SIGMA / bound;
            assert!((ratio / c.powf(-1.0 / p) - 1.0).abs() < 1e-13, "p = {p}: {ratio}");
            assert!(p < 2.0 || (ratio - 1.0).abs() < 1e-13);
        }
        // The lower bound on K_p is the one that is attained here.
        assert!((k.lower / r.powf(p - 1.0) - 1.0).abs() < 1e-13);
    }
}

#[test]
fn a_batch_of_the_smaller_side_attains_the_noise_term_of_u1() {
    let (spectral, f) = (norm("name = 'spectral'"), ramp(Along::Diagonal, 1.0));
    let setting = Setting { noise_scale: NoiseScale::new(SIGMA).unwrap(), ..setting(&f, &spectral) };
    let parameters = Parameters { alpha: 1.0, step_size: 0.1, horizon: 10, batch: ROWS as u64 };
    let noise = theorem("U1").unwrap().bound(&setting, &parameters).unwrap().terms.get("noise").unwrap();
    let mut oracle = CyclicSpikes::new(f.clone(), &*spectral, setting.noise_scale, stream(52, 0)).unwrap();
    for _ in 0..20 {
        let mean = &oracle.query_mean(&f.start(), ROWS as u64).unwrap() - &f.gradient(&f.start());
        // The term is twice what is left of the noise (Lemma 3.1).
        let found = 2.0 * spectral.dual_value(&mean).unwrap();
        assert!((found / noise - 1.0).abs() < 1e-13, "{found} of {noise}");
    }
}

#[test]
fn beyond_the_dimension_factor_cyclic_spikes_average_like_signs() {
    // Four rounds at p = 2: E|s_1 + .. + s_4|/4 = 3/8 at every place of the diagonal, against 1/2 by the bound. Hoeffding:
    // the mean over 500 batches and 3 places of numbers in [0, 1] is off by more than 0.084 with probability 1e-9.
    let (spectral, f) = (norm("name = 'spectral'"), ramp(Along::Diagonal, 1.0));
    let sigma = NoiseScale::new(SIGMA).unwrap();
    let averaging = AveragingBound::new(&*spectral, f.dimensions(), order(2.0), sigma).unwrap();
    let mut oracle = CyclicSpikes::new(f.clone(), &*spectral, sigma, stream(53, 0)).unwrap();
    let batch = 4 * ROWS as u64;
    let sizes = (0..500).map(|_| {
        let mean = &oracle.query_mean(&f.start(), batch).unwrap() - &f.gradient(&f.start());
        spectral.dual_value(&mean).unwrap() / SIGMA
    });
    let mean = sizes.sum::<f64>() / 500.0;
    assert!((mean - 0.375).abs() < 0.084, "{mean}");
    let (bound, _) = averaging.at(1.0 / batch as f64);
    assert!((bound / SIGMA - 0.5).abs() < 1e-12, "{bound}");
}

#[test]
fn cyclic_spikes_have_one_size_in_the_norm_asked_for_and_share_it_in_a_pair() {
    let space = Dimensions::new(ROWS, COLUMNS).unwrap();
    for norm in norms().into_iter().chain([norm(
        "name = 'weighted'\nleft = [[1, 0, 0], [0, 2, 0], [0, 1, 4]]\nright = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]\nnorm = { name = 'spectral' }",
    )]) {
        let f = ramp(Along::Entries, 1.0);
        let mut oracle = CyclicSpikes::new(f.clone(), &*norm, NoiseScale::new(SIGMA).unwrap(), stream(54, 0)).unwrap();
        let (x, y) = (f.start(), f.at(0.7));
        let (at_x, at_y) = (f.gradient(&x), f.gradient(&y));
        let mut pluses = 0;
        for k in 0..60 {
            let noise = if k % 2 == 0 {
                &oracle.query(&x).unwrap() - &at_x
            } else {
                let (g, h) = oracle.query_pair(&x, &y).unwrap();
                assert!((&(&g - &at_x) - &(&h - &at_y)).max_abs() < 1e-14);
                &g - &at_x
            };
            let i = k % ROWS;
            // Entries are differences of numbers of size 2.
            assert!((norm.dual_value(&noise).unwrap() / SIGMA - 1.0).abs() < 1e-13, "{} {k}", norm.label());
            let elsewhere = Matrix::from_fn(ROWS, COLUMNS, |a, b| if (a, b) == (i, i) { 0.0 } else { noise[(a, b)] });
            assert!(elsewhere.is_zero());
            pluses += usize::from(noise[(i, i)] > 0.0);
        }
        assert_eq!((oracle.calls(), oracle.dimensions()), (90, space));
        // Sixty signs: fewer than 8 of a kind have probability 1e-9.
        assert!((8..=52).contains(&pluses), "{pluses}");
        let wrong = Matrix::zeros(2, 2);
        assert!(oracle.query(&wrong).is_err() && oracle.query_pair(&x, &wrong).is_err());
        assert_eq!(oracle.calls(), 90);
    }
}
