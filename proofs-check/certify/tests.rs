//! Recordings of the library's own methods, of maps of singular values, and of what is wrong or empty.

use std::sync::Arc;

use heavynorm::algorithms::{
    Adam, AdamConfig, Muon, MuonConfig, Scion, ScionConfig, newton_schulz, normalized_sgd_momentum,
    sign_momentum,
};
use heavynorm::norms::{
    frobenius::Frobenius, ky_fan::KyFan, max_entry::MaxEntry, schatten::Schatten, spectral::Spectral,
    sum_col_l2::SumColL2,
};
use heavynorm::spec::{Algorithm, MomentOrder, OracleError, StochasticOracle};
use heavynorm::{linalg, seed};
use rand::RngExt;

use super::*;
use crate::theorems::u4::calls_factor;

const ROWS: usize = 7;
const COLUMNS: usize = 12;
const PAIRS: usize = 6;

fn random(rng: &mut seed::Rng, rows: usize, columns: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, columns, |_, _| (0..6).map(|_| rng.random_range(-1.0..1.0)).sum())
}

fn momenta(stream: u64) -> Vec<Matrix<f64>> {
    let mut rng = seed::stream(90, stream);
    // Of very different sizes: nothing may depend on them.
    (0..PAIRS).map(|k| random(&mut rng, ROWS, COLUMNS).times_power_of_two(5 * k as i32 - 11)).collect()
}

/// Gradients without end, the last one remembered.
struct Gradients {
    rng: seed::Rng,
    last: Matrix<f64>,
    calls: u64,
}

impl StochasticOracle<f64> for Gradients {
    fn dimensions(&self) -> Dimensions {
        Dimensions::new(ROWS, COLUMNS).unwrap()
    }
    fn query(&mut self, _: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        self.calls += 1;
        self.last = random(&mut self.rng, ROWS, COLUMNS);
        Ok(self.last.clone())
    }
    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        _: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        let gradient = self.query(x)?;
        Ok((gradient.clone(), gradient))
    }
    fn calls(&self) -> u64 {
        self.calls
    }
}

/// Runs a method from zero, as a user would record it: `input` is what its map was applied to, given state and gradient.
fn record<A: Algorithm<f64>>(
    method: &A,
    mut input: impl FnMut(&A::State, &Matrix<f64>) -> Matrix<f64>,
) -> Recording {
    let zero = Matrix::zeros(ROWS, COLUMNS);
    let mut oracle = Gradients { rng: seed::stream(91, 0), last: zero.clone(), calls: 0 };
    let mut state = method.init(&zero, &mut oracle).unwrap();
    let (mut momenta, mut updates) = (vec![], vec![]);
    for _ in 0..PAIRS {
        let before = method.iterate(&state).clone();
        method.step(&mut state, &mut oracle).unwrap();
        momenta.push(input(&state, &oracle.last));
        updates.push(method.iterate(&state) - &before);
    }
    recording(momenta, updates)
}

fn recording(momenta: Vec<Matrix<f64>>, updates: Vec<Matrix<f64>>) -> Recording {
    let (rows, columns) = (momenta[0].nrows(), momenta[0].ncols());
    Recording::new(momenta, updates, Precision::computed::<f64>(rows, columns)).unwrap()
}

/// -U diag(f(sigma)) V^T.
fn through(s: &Matrix<f64>, f: impl Fn(f64) -> f64) -> Matrix<f64> {
    let svd = polar::thin_svd(s).unwrap();
    let weights: Vec<f64> = svd.singular_values.iter().map(|&x| -f(x)).collect();
    svd.recompose(&weights)
}

fn map(momenta: Vec<Matrix<f64>>, f: impl Fn(usize, &Matrix<f64>) -> Matrix<f64>) -> Recording {
    let updates = momenta.iter().enumerate().map(|(k, s)| f(k, s)).collect();
    recording(momenta, updates)
}

fn least(recording: &Recording, norm: &dyn Norm<f64>) -> f64 {
    recording.alignment(norm, Steps::Free).unwrap().least().unwrap()
}

fn consistent(recording: &Recording, steps: Steps) -> [bool; 3] {
    Invariance::ALL.map(|class| recording.revealed(class, steps).unwrap().consistent())
}

fn inexactness(recording: &Recording, class: Invariance) -> f64 {
    recording.revealed(class, Steps::Free).unwrap().inexactness
}

const EXACT: f64 = 1e-13;

#[test]
fn scion_is_revealed_as_spectral_with_one_step_size() {
    let config = ScionConfig { step_size: 0.5, averaging: 0.3, ..Default::default() };
    let scion = Scion::new(config, Arc::new(Spectral)).unwrap();
    let recorded = record(&scion, |state, _| state.momentum().unwrap().clone());
    assert!(1.0 - least(&recorded, &Spectral) < EXACT && least(&recorded, &Frobenius) < 0.999);
    // In general position a polar factor is no entry-symmetric LMO, and a unitarily invariant norm is a norm.
    assert_eq!(consistent(&recorded, Steps::Free), [true, false, true]);
    assert_eq!(consistent(&recorded, Steps::Same), [true, false, true]);
    let revealed = recorded.revealed(Invariance::Unitary, Steps::Same).unwrap();
    assert!(revealed.inexactness < EXACT, "{}", revealed.inexactness);
    let essential = revealed.example.as_ref().unwrap().essential(1e-12);
    assert!(essential.len() == 1 && essential[0].iter().all(|w| (w - 1.0).abs() < 1e-12), "{essential:?}");
}

#[test]
fn normalised_momentum_is_of_both_symmetries() {
    let method = normalized_sgd_momentum(ScionConfig { step_size: 0.1, ..Default::default() }).unwrap();
    let recorded = record(&method, |state, _| state.momentum().unwrap().clone());
    assert!(1.0 - least(&recorded, &Frobenius) < EXACT && least(&recorded, &Spectral) < 0.999);
    assert_eq!(consistent(&recorded, Steps::Same), [true, true, true]);
}

#[test]
fn signs_are_entry_symmetric_and_of_no_unitarily_invariant_norm() {
    let method = sign_momentum(ScionConfig { step_size: 0.1, ..Default::default() }).unwrap();
    let recorded = record(&method, |state, _| state.momentum().unwrap().clone());
    assert!(1.0 - least(&recorded, &MaxEntry) < EXACT);
    assert_eq!(consistent(&recorded, Steps::Same), [false, true, true]);
    let refuted = recorded.revealed(Invariance::Unitary, Steps::Free).unwrap();
    // A single pair does it: a sign matrix has other singular vectors.
    assert_eq!(refuted.witness.as_ref().unwrap().cycle.len(), 1);
    assert!((0.1..0.4).contains(&refuted.inexactness), "{}", refuted.inexactness);
}

#[test]
fn powers_of_singular_values_are_schatten_and_unnormalised_ones_need_a_step_size_each() {
    for (power, q) in [(0.25, 5.0), (0.5, 3.0), (1.0, 2.0), (2.0, 1.5), (3.0, 4.0 / 3.0)] {
        let raw = map(momenta(1), |_, s| through(s, |x| x.powf(power)));
        let schatten = Schatten::new(q).unwrap();
        assert!(1.0 - least(&raw, &schatten) < EXACT, "{power}");
        assert!((raw.exponent(Invariance::Unitary).unwrap().unwrap() / q - 1.0).abs() < 1e-12);
        assert!(raw.is_explained_by(&schatten, Steps::Free).unwrap());
        assert!(!raw.is_explained_by(&schatten, Steps::Same).unwrap());
        assert!(!raw.is_explained_by(&Spectral, Steps::Free).unwrap());
        let free = raw.revealed(Invariance::Unitary, Steps::Free).unwrap();
        assert!(free.consistent() && free.inexactness < EXACT, "{power}: {}", free.inexactness);
        let same = raw.revealed(Invariance::Unitary, Steps::Same).unwrap();
        let Some(witness) = &same.witness else { panic!("{power}: one step size does it") };
        // A larger momentum that moved further: its update would have done more at the smaller one.
        assert!(witness.cycle.len() == 2 && witness.cycle[0] < witness.cycle[1], "{witness:?}");
        let normalised = map(momenta(1), |_, s| {
            let x = through(s, |x| x.powf(power));
            let size = Norm::<f64>::value(&schatten, &x).unwrap();
            &x * (1.0 / size)
        });
        assert!(consistent(&normalised, Steps::Same)[0], "{power}");
    }
}

#[test]
fn decreasing_maps_of_singular_values_are_refuted_by_one_pair() {
    // The exponent -1/2 of a spectral family beyond the LMOs: small singular values move most.
    let recorded = map(momenta(2), |_, s| through(s, |x| x.powf(-0.5)));
    let refuted = recorded.revealed(Invariance::Unitary, Steps::Free).unwrap();
    assert!(!refuted.consistent() && refuted.critical.len() == 1 && refuted.inexactness > 0.1);
}

#[test]
fn maps_that_change_from_step_to_step_are_refuted_by_a_cycle_of_pairs_and_by_no_single_one() {
    // Each update alone is the LMO of some norm: spectral, then nuclear, then spectral again. The momenta are alike.
    let s = &momenta(3)[0];
    let like = |t: f64| {
        let svd = polar::thin_svd(s).unwrap();
        let sigma: Vec<f64> =
            svd.singular_values.iter().enumerate().map(|(i, x)| x * (1.0 + t * i as f64)).collect();
        svd.recompose(&sigma)
    };
    // The flatter spectrum gets the steeper update: no symmetric gauge does that.
    let recorded =
        map(vec![like(0.0), like(0.05)], |k, s| through(s, |x| if k == 0 { 1.0 } else { x.powi(3) }));
    for k in 0..2 {
        let alone =
            map(vec![like([0.0, 0.05][k])], |_, s| through(s, |x| if k == 0 { 1.0 } else { x.powi(3) }));
        assert!(consistent(&alone, Steps::Free)[0]);
    }
    let refuted = recorded.revealed(Invariance::Unitary, Steps::Free).unwrap();
    let witness = refuted.witness.unwrap();
    assert_eq!(witness.cycle.len(), 2, "{witness:?}");
    assert!(witness.ratio < witness.ratio_at_best && witness.ratio_at_best < 1.0);
    assert!((1.0 - witness.ratio - refuted.inexactness).abs() < EXACT);
}

/// Spectra of a realistic spread: five steps of the quintic leave the small ones behind.
fn spread(stream: u64) -> Vec<Matrix<f64>> {
    momenta(stream).iter().map(|s| through(s, |x| -x.powi(3))).collect()
}

#[test]
fn five_steps_of_the_quintic_are_refuted_by_what_they_lose() {
    let recorded = map(spread(4), |_, s| -&newton_schulz(s).unwrap());
    let aligned = recorded.alignment(&Spectral, Steps::Free).unwrap();
    assert!((0.6..0.97).contains(&aligned.least().unwrap()), "{aligned:?}");
    assert!(aligned.largest_norm() > 1.1 && aligned.largest_norm() < 1.203);
    let revealed = recorded.revealed(Invariance::Unitary, Steps::Free).unwrap();
    assert!(!revealed.consistent());
    // Some norm fits better than the spectral one, and none fits.
    let spectral = aligned.shortfall().unwrap();
    assert!(revealed.inexactness < spectral);
    assert!((0.005..0.3).contains(&revealed.inexactness), "{}", revealed.inexactness);
    println!("quintic: spectral {spectral:.4}, any {:.4}", revealed.inexactness);
}

#[test]
fn muon_is_recorded_with_its_look_ahead() {
    let config = MuonConfig { step_size: 0.1, averaging: 0.3, nesterov: true, ..Default::default() };
    let muon = Muon::new(config).unwrap();
    let ahead = record(&muon, |state, gradient| {
        let mut s = state.momentum().unwrap().clone();
        s.move_towards(0.3, gradient);
        s
    });
    let behind = record(&muon, |state, _| state.momentum().unwrap().clone());
    let (right, wrong) =
        (inexactness(&ahead, Invariance::Unitary), inexactness(&behind, Invariance::Unitary));
    assert!(right < 0.15 && wrong > right + 0.03, "{right} {wrong}");
    assert!(!consistent(&ahead, Steps::Free)[0]);
    println!("muon: {right:.4}, recorded wrongly {wrong:.4}");
}

#[test]
fn adam_is_refuted_among_the_entry_symmetric_norms() {
    let config = AdamConfig { step_size: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 0.0 };
    let mut mean = Matrix::zeros(ROWS, COLUMNS);
    let recorded = record(&Adam::new(config).unwrap(), |_, gradient| {
        mean.move_towards(0.1, gradient);
        mean.clone()
    });
    let revealed = recorded.revealed(Invariance::EntrySymmetric, Steps::Free).unwrap();
    assert!(!revealed.consistent());
    assert!((0.02..0.3).contains(&revealed.inexactness), "{}", revealed.inexactness);
    let unitary = recorded.revealed(Invariance::Unitary, Steps::Free).unwrap();
    assert!(!unitary.consistent() && unitary.inexactness > revealed.inexactness);
    // A general norm contradicts nothing here: that test is weak.
    assert!(consistent(&recorded, Steps::Free)[2]);
    println!("adam: entries {:.4}, unitary {:.4}", revealed.inexactness, unitary.inexactness);
}

#[test]
fn ky_fan_and_column_norms_are_seen_by_their_own_class() {
    let ky_fan = KyFan::new(std::num::NonZeroUsize::new(3).unwrap());
    // Some momenta are nearly of rank one, so that both branches of the LMO are taken.
    let steep: Vec<_> =
        momenta(5).iter().enumerate().map(|(k, s)| through(s, |x| -x.powi(1 + 3 * (k as i32 % 2)))).collect();
    let recorded = map(steep, |_, s| ky_fan.lmo(s).unwrap());
    assert!(1.0 - least(&recorded, &ky_fan) < EXACT);
    assert!(consistent(&recorded, Steps::Same)[0]);
    let columns = map(momenta(6), |_, s| SumColL2.lmo(s).unwrap());
    assert!(1.0 - least(&columns, &SumColL2) < EXACT);
    assert_eq!(consistent(&columns, Steps::Same), [false, false, true]);
}

#[test]
fn the_example_norm_attains_every_pair_and_no_orbit_exceeds_it() {
    let mut rng = seed::stream(92, 0);
    let orthogonal = |rng: &mut seed::Rng, n| polar::partial_isometry(&random(rng, n, n)).unwrap();
    for (class, power) in
        [(Invariance::Unitary, 0.5), (Invariance::General, 2.0), (Invariance::EntrySymmetric, 0.7)]
    {
        let recorded = map(momenta(7), |k, s| {
            let size = 1.0 + k as f64;
            match class {
                Invariance::EntrySymmetric => s.map(|x| -size * x.signum() * x.abs().powf(power)),
                _ => &through(s, |x| x.powf(power)) * size,
            }
        });
        let revealed = recorded.revealed(class, Steps::Free).unwrap();
        let example = revealed.example.unwrap();
        assert!(revealed.inexactness < EXACT);
        let value = |s: &Matrix<f64>| example.dual_value(s).unwrap();
        // D_k/c_k is in the ball, and <S_k, D_k/c_k> is the dual norm of S_k.
        let factor = {
            let (s, x) = (&recorded.momenta[0], &recorded.updates[0]);
            value(s) / -inner(s, x)
        };
        for (k, (s, x)) in recorded.momenta.iter().zip(&recorded.updates).enumerate() {
            let attained = -inner(s, x) / example.step_sizes[k] * factor;
            assert!((attained / value(s) - 1.0).abs() < 1e-12, "{class:?} {k}");
        }
        // A norm: the triangle inequality and symmetry, and above 0 everywhere.
        for _ in 0..50 {
            let (s, t) = (random(&mut rng, ROWS, COLUMNS), random(&mut rng, ROWS, COLUMNS));
            assert!(value(&(&s + &t)) <= (value(&s) + value(&t)) * (1.0 + EXACT));
            assert!(value(&s) > 0.0 && (value(&-&s) / value(&s) - 1.0).abs() < EXACT);
            if class == Invariance::Unitary {
                let (u, v) = (orthogonal(&mut rng, ROWS), orthogonal(&mut rng, COLUMNS));
                let turned = linalg::product(linalg::product(u.as_mat(), s.as_mat()).as_mat(), v.as_mat());
                assert!((value(&turned) / value(&s) - 1.0).abs() < 1e-12);
                // Every point U D_j V/c_j of the ball stays below the dual norm at every S_k.
                let (j, k) = (rng.random_range(0..PAIRS), rng.random_range(0..PAIRS));
                let point = linalg::product(
                    linalg::product(u.as_mat(), recorded.updates[j].as_mat()).as_mat(),
                    v.as_mat(),
                );
                let s = &recorded.momenta[k];
                assert!(inner(s, &point) / example.step_sizes[j] * factor <= value(s) * (1.0 + EXACT));
            }
        }
    }
}

#[test]
fn nothing_depends_on_scales_even_at_the_ends_of_the_range() {
    let plain = map(momenta(8), |_, s| through(s, |x| x.powf(0.5)));
    let far = |k: usize| if k.is_multiple_of(2) { 900 } else { -900 };
    let scale = |of: &[Matrix<f64>], sign: i32| -> Vec<_> {
        of.iter().enumerate().map(|(k, x)| x.times_power_of_two(sign * far(k))).collect()
    };
    let scaled = recording(scale(&plain.momenta, 1), scale(&plain.updates, -1));
    for class in Invariance::ALL {
        let (a, b) =
            (plain.revealed(class, Steps::Free).unwrap(), scaled.revealed(class, Steps::Free).unwrap());
        assert_eq!((a.inexactness, &a.witness), (b.inexactness, &b.witness));
    }
    assert_eq!(least(&plain, &Spectral), least(&scaled, &Spectral));
    assert!(scaled.revealed(Invariance::Unitary, Steps::Same).unwrap().inexactness > 0.99);
}

#[test]
fn zero_matrices_are_decided_by_the_contract() {
    let zero = Matrix::zeros(ROWS, COLUMNS);
    let s = momenta(9)[0].clone();
    let x = through(&s, |_| 1.0);
    let verdicts = |s: &[&Matrix<f64>], x: &[&Matrix<f64>]| {
        let own = |list: &[&Matrix<f64>]| list.iter().map(|&m| m.clone()).collect::<Vec<_>>();
        let recorded = recording(own(s), own(x));
        let revealed = Invariance::ALL.map(|class| recorded.revealed(class, Steps::Free).unwrap());
        let aligned = recorded.alignment(&Spectral, Steps::Same).unwrap();
        let witnesses = revealed.clone().map(|r| r.witness.map(|w| w.cycle));
        (witnesses, revealed[0].pairs, (aligned.least(), aligned.shortfall(), aligned.inexactness()))
    };
    // Both zero: nothing is said.
    assert_eq!(verdicts(&[&zero], &[&zero]), ([None, None, None], 0, (None, None, None)));
    let (witnesses, pairs, aligned) = verdicts(&[&zero, &s], &[&zero, &x]);
    assert_eq!((witnesses, pairs), ([None, Some(vec![1]), None], 1));
    assert!(1.0 - aligned.0.unwrap() < EXACT && aligned.1.unwrap() < EXACT && aligned.2.is_some());
    // A step from a zero momentum, and none from another one.
    for (s, x, aligned) in
        [(&zero, &x, (None, Some(f64::INFINITY), None)), (&s, &zero, (Some(0.0), Some(1.0), None))]
    {
        let (witnesses, pairs, found) = verdicts(&[s], &[x]);
        assert_eq!(found, aligned);
        assert_eq!((witnesses, pairs), ([Some(vec![0]), Some(vec![0]), Some(vec![0])], 1));
    }
    // One good pair does not hide another that moves from zero.
    assert_eq!(verdicts(&[&s, &zero], &[&x, &x]).2.1, Some(f64::INFINITY));
    // Uphill.
    let (witnesses, _, aligned) = verdicts(&[&s], &[&-&x]);
    assert_eq!(witnesses, [Some(vec![0]), Some(vec![0]), Some(vec![0])]);
    assert!(aligned.0.unwrap() < -0.99 && aligned.1.unwrap() > 1.99 && aligned.2.is_none());
    for (s, x, uphill) in [(&s, &-&x, true), (&s, &x, false), (&zero, &x, false), (&s, &zero, false)] {
        assert_eq!(recording(vec![s.clone()], vec![x.clone()]).goes_uphill(), uphill);
    }
    assert!(!recording(vec![s.clone(), s.clone()], vec![x.clone(), -&x]).goes_uphill());
}

#[test]
fn one_pair_is_consistent_with_a_general_norm_whenever_it_descends() {
    let mut rng = seed::stream(93, 0);
    for _ in 0..30 {
        let (s, x) = (random(&mut rng, 3, 4), random(&mut rng, 3, 4));
        let descends = inner(&s, &x) < 0.0;
        let revealed = recording(vec![s], vec![x]).revealed(Invariance::General, Steps::Same).unwrap();
        assert_eq!(revealed.consistent(), descends);
    }
}

#[test]
fn the_example_of_a_general_norm_is_a_norm_where_no_update_points() {
    // Orthogonal to every update: without a ball around zero the dual norm would vanish here.
    let s = Matrix::from_rows(&[[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]]).unwrap();
    let x = Matrix::from_rows(&[[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]).unwrap();
    let aside = Matrix::from_rows(&[[0.0, 0.0, 0.0], [0.0, 0.0, 7.0]]).unwrap();
    let revealed = recording(vec![s.clone()], vec![x]).revealed(Invariance::General, Steps::Free).unwrap();
    let example = revealed.example.unwrap();
    // a = 5, ||S||_F = sqrt 14, c = 1: the ball of radius 5/sqrt 14 just leaves ||S||_* = 5.
    assert!((example.dual_value(&aside).unwrap() - 7.0 * 5.0 / 14_f64.sqrt()).abs() < EXACT);
    assert!((example.dual_value(&s).unwrap() - 5.0).abs() < EXACT);
}

#[test]
fn the_precision_decides_what_is_explained() {
    let momenta = momenta(10);
    let mut rng = seed::stream(94, 0);
    let noisy = |s: &Matrix<f64>, e: f64, rng: &mut seed::Rng| {
        let n = random(rng, ROWS, COLUMNS);
        let length = |x: &Matrix<f64>| inner(x, x).sqrt();
        let scale = e * length(s) / length(&n);
        s + &(&n * scale)
    };
    let updates: Vec<_> = momenta.iter().map(|s| noisy(&Spectral.lmo(s).unwrap(), 1e-3, &mut rng)).collect();
    let with = |e: f64| {
        let recorded = Recording::new(momenta.clone(), updates.clone(), Precision::new(e).unwrap()).unwrap();
        recorded.revealed(Invariance::Unitary, Steps::Same).unwrap().consistent()
    };
    // Its own error is always enough, a thousandth of it never.
    assert!(with(1.01e-3) && !with(1e-6));
}

#[test]
fn updates_computed_in_single_precision_are_consistent_at_its_precision() {
    for (rows, columns) in [(5, 9), (40, 24), (1, 30), (30, 1), (1, 1)] {
        let mut rng = seed::stream(95, rows as u64);
        let momenta: Vec<Matrix<f64>> =
            (0..4).map(|_| random(&mut rng, rows, columns).cast::<f32>().cast()).collect();
        let updates = momenta.iter().map(|s| Spectral.lmo(&s.cast::<f32>()).unwrap().cast()).collect();
        let recorded = Recording::new(momenta, updates, Precision::computed::<f32>(rows, columns)).unwrap();
        let revealed = recorded.revealed(Invariance::Unitary, Steps::Same).unwrap();
        assert!(revealed.consistent(), "{rows}x{columns}: {:?}", revealed.witness);
        assert!(revealed.inexactness < 3e-6, "{}", revealed.inexactness);
    }
}

#[test]
fn rows_and_columns_leave_no_choice_of_a_unitarily_invariant_norm() {
    // On 1 x n they are all multiples of the 2-norm.
    let mut rng = seed::stream(96, 0);
    let rows: Vec<_> = (0..3).map(|_| random(&mut rng, 1, 5)).collect();
    assert!(consistent(&map(rows.clone(), |_, s| Frobenius.lmo(s).unwrap()), Steps::Same)[0]);
    assert!(!consistent(&map(rows, |_, s| MaxEntry.lmo(s).unwrap()), Steps::Free)[0]);
}

#[test]
fn wrong_recordings_say_what_is_wrong() {
    let m = |rows, columns| Matrix::from_fn(rows, columns, |i, j| (i + 2 * j + 1) as f64);
    let precision = Precision::new(0.0).unwrap();
    let error = |s: Vec<_>, x: Vec<_>| Recording::new(s, x, precision).unwrap_err().to_string();
    assert!(error(vec![], vec![]).contains("at least one momentum"));
    assert!(error(vec![m(2, 3)], vec![]).contains("1 momenta and 0 updates"));
    assert!(error(vec![m(2, 3)], vec![m(3, 2)]).contains("pair 0: the update is 3x2"));
    assert!(error(vec![m(2, 3)], vec![m(3, 2)]).contains("transpose"));
    assert!(error(vec![m(2, 3), m(2, 2)], vec![m(2, 3), m(2, 3)]).contains("pair 1: the momentum is 2x2"));
    let nan = Matrix::from_fn(2, 3, |i, _| if i == 1 { f64::NAN } else { 1.0 });
    assert!(error(vec![m(2, 3)], vec![nan]).contains("entry (1, 0) is NaN"));
    for e in [-1e-9, 0.6, f64::NAN] {
        assert!(matches!(Precision::new(e), Err(CertifyError::Precision(_))));
    }
}

#[test]
fn what_inexactness_costs_is_read_off_the_alignment() {
    let recorded = map(momenta(11), |k, s| &Spectral.lmo(s).unwrap() * (1.0 + k as f64));
    let free = recorded.alignment(&Spectral, Steps::Free).unwrap().inexactness().unwrap();
    assert!(free.delta() < EXACT && calls_factor(free, MomentOrder::new(1.5).unwrap()) < 1.0 + 1e-11);
    // The first step is PAIRS times shorter than the last one: with one step size it is that inexact.
    let same = recorded.alignment(&Spectral, Steps::Same).unwrap().inexactness().unwrap();
    assert!((same.delta() - (1.0 - 1.0 / PAIRS as f64)).abs() < EXACT);
}
