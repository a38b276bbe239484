//! What must hold for every norm of the registry on awkward matrices, run over all of them.

use crate::norms::combinators::{layers::Layer, max_over::MaxOver, sum_over::SumOver};
use crate::norms::max_entry::MaxEntry;
use crate::norms::spectral::Spectral;
use crate::norms::{build, combinators, entries};
use crate::spec::{
    Dimensions, LmoCertificate, Matrix, MomentOrder, Norm, NormError, Scalar, ZeroRespecting, naive,
};

const ORDERS: [f64; 6] = [1.01, 1.1, 1.25, 1.5, 1.75, 2.0];

fn all<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    entries().into_iter().chain(combinators::entries()).flat_map(|entry| (entry.examples)()).collect()
}

/// The shape that a norm lives on, or the one proposed.
fn shape<T: Scalar>(norm: &dyn Norm<T>, rows: usize, columns: usize) -> Dimensions {
    norm.space().unwrap_or_else(|| Dimensions::new(rows, columns).unwrap())
}

/// Entries that repeat for no short period, in [-1, 1].
fn generic<T: Scalar>(rows: usize, columns: usize) -> Matrix<T> {
    Matrix::from_fn(rows, columns, |i, j| {
        T::from_f64((1.0 + 12.9898 * i as f64 + 78.233 * j as f64 + (i * j) as f64).sin())
    })
}

fn awkward<T: Scalar>(d: Dimensions) -> Vec<Matrix<T>> {
    let (m, n) = (d.rows(), d.columns());
    let g = generic::<T>(m, n);
    let rank_one = Matrix::from_fn(m, n, |i, j| g[(i, 0)] * g[(0, j)]);
    let with_holes =
        Matrix::from_fn(m, n, |i, j| if i == m / 2 || j % 3 == 1 { T::zero_impl() } else { g[(i, j)] });
    let graded = Matrix::from_fn(m, n, |i, j| g[(i, j)] * T::from_f64(10f64.powi(-2 * (i + j) as i32)));
    let identity = Matrix::from_diagonal(m, n, &vec![T::one_impl(); m.min(n)]);
    let ones = Matrix::from_fn(m, n, |_, _| T::one_impl());
    let mut list = vec![rank_one, with_holes, graded, identity, ones, Matrix::zeros(m, n)];
    list.push(&g * T::from_f64(1e-30));
    list.push(&g * T::from_f64(1e30));
    list.push(g);
    list
}

const SHAPES: [(usize, usize); 8] = [(1, 1), (1, 6), (6, 1), (3, 3), (4, 7), (7, 4), (16, 16), (5, 40)];

fn attained_and_feasible<T: Scalar>(gap: f64, excess: f64) {
    for norm in all::<T>() {
        for (rows, columns) in SHAPES {
            for s in awkward::<T>(shape(&*norm, rows, columns)) {
                let x = norm.lmo(&s).unwrap();
                let c = LmoCertificate::measure(&*norm, &s, &x).unwrap();
                assert!(c.gap.abs() <= gap && c.excess <= excess, "{} on {s:?}: {c:?}", norm.label());
                assert!(!s.is_zero() || x.is_zero());
            }
        }
    }
}

#[test]
fn every_lmo_attains_the_dual_norm_inside_the_ball() {
    attained_and_feasible::<f64>(1e-13, 1e-13);
    // 2^29 is the ratio of the two unit roundoffs.
    attained_and_feasible::<f32>(2e-5, 2e-5);
}

#[test]
fn every_dual_has_its_value_and_dual_value_exchanged() {
    for norm in all::<f64>() {
        let (dual, back) = (norm.dual(), norm.dual().dual());
        // `dual(...)` is a name that its dual does not know.
        let named = norm.label().as_str().starts_with("dual(");
        assert!(named || back.label() == norm.label(), "{} {}", back.label(), norm.label());
        for x in awkward::<f64>(shape(&*norm, 4, 7)) {
            let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-13 * b, "{}: {a} {b}", norm.label());
            close(dual.value(&x).unwrap(), norm.dual_value(&x).unwrap());
            close(dual.dual_value(&x).unwrap(), norm.value(&x).unwrap());
            close(back.value(&x).unwrap(), norm.value(&x).unwrap());
            let c = LmoCertificate::measure(&*dual, &x, &dual.lmo(&x).unwrap()).unwrap();
            assert!(c.holds(1e-13), "{}: {c:?}", dual.label());
        }
    }
}

/// 2^-20 times this, and what is computed from it at unit scale, is still exact.
fn far_from_subnormal<T: Scalar>(x: &Matrix<T>) -> bool {
    let floor = T::MIN_NORMAL.times_power_of_two(21);
    x.entries().all(|x| x == T::zero_impl() || x.abs() > floor)
}

fn powers_of_two_are_exact<T: Scalar>() {
    for norm in all::<T>() {
        for (rows, columns) in [(1, 1), (4, 7), (16, 16)] {
            for s in awkward::<T>(shape(&*norm, rows, columns)).into_iter().filter(far_from_subnormal) {
                for k in [-20, -3, 1, 11] {
                    let t = s.times_power_of_two(k);
                    let same = |a: T, b: T| assert_eq!(a.times_power_of_two(k), b, "{}", norm.label());
                    same(norm.value(&s).unwrap(), norm.value(&t).unwrap());
                    same(norm.dual_value(&s).unwrap(), norm.dual_value(&t).unwrap());
                    assert_eq!(norm.lmo(&s), norm.lmo(&t), "{}", norm.label());
                }
            }
        }
    }
}

#[test]
fn powers_of_two_come_out_bit_for_bit() {
    powers_of_two_are_exact::<f64>();
    powers_of_two_are_exact::<f32>();
}

/// Generic, of low rank, nearly singular and graded matrices, each with zero entries, and with zero rows and columns.
fn with_zeros<T: Scalar>(d: Dimensions) -> Vec<Matrix<T>> {
    let (m, n) = (d.rows(), d.columns());
    let g = generic::<T>(m, n);
    let low_rank = Matrix::from_fn(m, n, |i, j| g[(i, 0)] * g[(0, j)] + g[(i, n / 2)] * g[(m / 2, j)]);
    let nearly =
        Matrix::from_fn(m, n, |i, j| T::one_impl() + T::UNIT_ROUNDOFF * T::from_f64((2 * i * j) as f64));
    let graded = Matrix::from_fn(m, n, |i, j| g[(i, j)] * T::from_f64(10f64.powi(-3 * (i + j) as i32)));
    let mask = |x: &Matrix<T>, zero: &dyn Fn(usize, usize) -> bool| {
        Matrix::from_fn(m, n, |i, j| if zero(i, j) { T::zero_impl() } else { x[(i, j)] })
    };
    let all = [g, low_rank, nearly, graded];
    let entries = all.iter().map(|x| mask(x, &|i, j| (3 * i + 2 * j) % 5 == 1));
    let lines = all.iter().map(|x| mask(x, &|i, j| i == m / 3 || j % 4 == 1));
    entries.chain(lines).collect()
}

fn the_claimed_zeros_are_kept<T: Scalar>() {
    for norm in all::<T>() {
        let class = norm.zero_respecting();
        for (rows, columns) in SHAPES {
            for s in with_zeros::<T>(shape(&*norm, rows, columns)) {
                let x = norm.lmo(&s).unwrap();
                assert!(class.keeps(&x, &s), "{} does not keep {class:?}: {s:?} {x:?}", norm.label());
            }
        }
    }
}

#[test]
fn every_lmo_keeps_exactly_the_zeros_that_it_claims() {
    the_claimed_zeros_are_kept::<f64>();
    the_claimed_zeros_are_kept::<f32>();
}

#[test]
fn no_norm_could_claim_to_keep_more_zeros() {
    for norm in all::<f64>() {
        let stronger = match norm.zero_respecting() {
            ZeroRespecting::Entries => continue,
            ZeroRespecting::Lines => ZeroRespecting::Entries,
            ZeroRespecting::Nothing => ZeroRespecting::Lines,
        };
        let mut samples = SHAPES.into_iter().flat_map(|(m, n)| with_zeros::<f64>(shape(&*norm, m, n)));
        let breaks = |s: Matrix<f64>| !stronger.keeps(&norm.lmo(&s).unwrap(), &s);
        assert!(samples.any(breaks), "{} could claim {stronger:?}", norm.label());
    }
}

#[test]
fn layers_of_vectors_keep_entries_where_their_norms_keep_lines() {
    let layer = |rows, columns, norm: Box<dyn Norm<f64>>| {
        let dimensions = Dimensions::new(rows, columns).unwrap();
        MaxOver::new(vec![Layer { dimensions, norm }]).unwrap().zero_respecting()
    };
    assert_eq!(layer(3, 1, Box::new(Spectral)), ZeroRespecting::Entries);
    assert_eq!(layer(3, 2, Box::new(Spectral)), ZeroRespecting::Nothing);
    assert_eq!(layer(3, 2, Box::new(MaxEntry)), ZeroRespecting::Entries);
}

#[test]
fn flipping_signs_of_rows_and_columns_changes_nothing_where_promised() {
    for norm in all::<f64>().into_iter().filter(|norm| norm.is_sign_invariant()) {
        let d = shape(&*norm, 4, 7);
        let g = generic::<f64>(d.rows(), d.columns());
        let flip = |i: usize| if i.is_multiple_of(3) { -1.0 } else { 1.0 };
        let flipped = Matrix::from_fn(d.rows(), d.columns(), |i, j| flip(i) * flip(j + 1) * g[(i, j)]);
        let (a, b) = (norm.value(&g).unwrap(), norm.value(&flipped).unwrap());
        assert!((a - b).abs() <= 1e-13 * a, "{}", norm.label());
    }
}

#[test]
fn the_noise_type_is_at_least_one_and_its_bounds_do_not_cross() {
    for norm in all::<f64>() {
        for (rows, columns) in SHAPES.into_iter().chain([(2, 2), (2, 3), (64, 100), (4096, 4096)]) {
            let d = shape(&*norm, rows, columns);
            for p in ORDERS.into_iter().chain([1.0 + f64::EPSILON]) {
                let p = MomentOrder::new(p).unwrap();
                let k = norm.noise_type(d, p).unwrap();
                let text = || format!("{} on {d}, p = {}: {k:?}", norm.label(), p.p());
                assert!(1.0 <= k.lower && k.lower <= k.upper && k.upper.is_finite(), "{}", text());
            }
        }
    }
}

#[test]
fn a_euclidean_space_has_the_constant_of_hilbert_norms() {
    for norm in entries::<f64>().iter().flat_map(|entry| (entry.examples)()) {
        let d = Dimensions::new(1, 1).unwrap();
        for p in ORDERS {
            let p = MomentOrder::new(p).unwrap();
            let upper = norm.noise_type(d, p).unwrap().upper;
            assert!((upper - p.hilbert_factor()).abs() < 1e-14, "{}: {upper}", norm.label());
        }
    }
}

#[test]
fn balls_contain_what_they_say_and_no_more() {
    for norm in all::<f64>() {
        for (rows, columns) in SHAPES {
            let d = shape(&*norm, rows, columns);
            let ball = norm.ball(d).unwrap();
            assert!(ball.inradius <= ball.circumradius);
            for x in awkward::<f64>(d).into_iter().filter(|x| !x.is_zero()) {
                let scale = -x.max_abs().binary_exponent();
                let x = x.times_power_of_two(scale);
                let frobenius = x.entries().map(|x| x * x).sum::<f64>().sqrt();
                let (value, dual) = (norm.value(&x).unwrap(), norm.dual_value(&x).unwrap());
                let text = || format!("{} on {d}: {ball:?}, {frobenius} {value} {dual}", norm.label());
                let slack = 1.0 + 1e-13;
                assert!(frobenius <= ball.circumradius * value * slack, "{}", text());
                assert!(frobenius * slack >= ball.inradius * value, "{}", text());
                assert!(dual <= ball.circumradius * frobenius * slack, "{}", text());
                assert!(dual * slack >= ball.inradius * frobenius, "{}", text());
            }
        }
    }
}

#[test]
fn unusable_matrices_are_refused_with_a_reason() {
    for norm in all::<f64>() {
        assert!(matches!(norm.value(&Matrix::zeros(0, 3)), Err(NormError::Empty(_))), "{}", norm.label());
        let d = shape(&*norm, 2, 3);
        for bad in [f64::NAN, f64::INFINITY] {
            let mut x = generic::<f64>(d.rows(), d.columns());
            x[(1, 0)] = bad;
            let refused = |e: Option<NormError>| {
                assert!(
                    matches!(e, Some(NormError::NonFinite { row: 1, column: 0, .. })),
                    "{}",
                    norm.label()
                );
            };
            refused(norm.value(&x).err());
            refused(norm.dual_value(&x).err());
            refused(norm.lmo(&x).err());
        }
    }
}

#[test]
fn the_largest_numbers_give_an_overflow_or_a_number_and_a_direction() {
    for norm in all::<f64>() {
        for (rows, columns) in SHAPES {
            let d = shape(&*norm, rows, columns);
            let x = Matrix::from_fn(d.rows(), d.columns(), |_, _| f64::MAX);
            for value in [norm.value(&x), norm.dual_value(&x)] {
                assert!(
                    value.clone().is_ok_and(f64::is_finite)
                        || matches!(value, Err(NormError::Overflow { .. }))
                );
            }
            assert!(norm.lmo(&x).unwrap().first_non_finite().is_none(), "{}", norm.label());
        }
    }
}

#[test]
fn a_norm_on_one_space_refuses_every_other_shape() {
    for norm in all::<f64>() {
        let Some(expected) = norm.space() else { continue };
        let found = Dimensions::new(expected.rows() + 1, expected.columns()).unwrap();
        let x = Matrix::zeros(found.rows(), found.columns());
        let p = MomentOrder::new(1.5).unwrap();
        let refused = Some(NormError::WrongShape { expected, found });
        assert_eq!(norm.value(&x).err(), refused);
        assert_eq!(norm.dual_value(&x).err(), refused);
        assert_eq!(norm.lmo(&x).err(), refused);
        assert_eq!(norm.noise_type(found, p).err(), refused);
        assert_eq!(norm.ball(found).err(), refused);
        assert_eq!(norm.dual().space(), norm.space());
    }
}

#[test]
fn labels_name_norms_uniquely() {
    let labels: Vec<_> = all::<f64>().iter().map(|norm| norm.label()).collect();
    let distinct: std::collections::HashSet<_> = labels.iter().collect();
    assert_eq!(distinct.len(), labels.len());
}

/// N matrices on the diagonal of an m x m matrix (or in its first row): together they carry every pattern of
/// N signs, up to a global sign, `repeats` times.
fn sign_patterns(
    n: usize,
    repeats: usize,
    at: impl Fn(usize) -> (usize, usize),
    m: usize,
) -> Vec<Matrix<f64>> {
    (0..n)
        .map(|bit| {
            let mut d = Matrix::zeros(m, m);
            for position in 0..repeats << (n - 1) {
                d[at(position)] = if (position / repeats) >> bit & 1 == 0 { 1.0 } else { -1.0 };
            }
            d
        })
        .collect()
}

/// E||sum of +-D_i||_*^p over sum_i ||D_i||_*^p.
fn ratio(norm: &dyn Norm<f64>, differences: &[Matrix<f64>], p: MomentOrder) -> f64 {
    let each: f64 = differences.iter().map(|d| norm.dual_value(d).unwrap().powf(p.p())).sum();
    naive::rademacher_moment(norm, differences, p).unwrap() / each
}

/// Every lower bound that a doc comment derives, attained by the martingale that it names.
#[test]
fn lower_noise_types_are_attained() {
    let diagonal = |i: usize| (i, i);
    let row = |i: usize| (0, i);
    let column = |i: usize| (i, 0);
    let entry = |i: usize| (i % 2, i / 2);
    let units = |k: usize, m: usize| -> Vec<_> {
        (0..m / k)
            .map(|block| Matrix::from_fn(m, m, |i, j| if i == j && i / k == block { 1.0 } else { 0.0 }))
            .collect()
    };
    let columns: Vec<Matrix<f64>> =
        (0..4).map(|l| Matrix::from_fn(4, 4, |i, j| if (i, j) == (0, l) { 1.0 } else { 0.0 })).collect();
    let rows: Vec<_> = columns.iter().map(Matrix::transposed).collect();
    let cases: Vec<(&str, Vec<Matrix<f64>>)> = vec![
        ("name = 'spectral'", units(1, 5)),
        ("name = 'rms-to-rms'", units(1, 5)),
        ("name = 'schatten'\nq = 8", units(1, 5)),
        ("name = 'nuclear'", sign_patterns(3, 1, diagonal, 4)),
        ("name = 'schatten'\nq = 1.001", sign_patterns(3, 1, diagonal, 4)),
        ("name = 'sum-entries'", sign_patterns(3, 1, entry, 2)),
        ("name = 'entry-lq'\nq = 1.001", sign_patterns(3, 1, entry, 2)),
        ("name = 'sum-col-l2'", sign_patterns(3, 1, row, 4)),
        ("name = 'sum-row-l2'", sign_patterns(3, 1, column, 4)),
        ("name = 'max-col-l2'", columns),
        ("name = 'max-row-l2'", rows),
        ("name = 'ky-fan'\nk = 2", units(2, 8)),
        ("name = 'ky-fan'\nk = 4", sign_patterns(3, 1, diagonal, 4)),
        ("name = 'ky-fan-dual'\nk = 4", units(1, 4)),
        ("name = 'ky-fan-dual'\nk = 2", sign_patterns(3, 2, diagonal, 8)),
    ];
    for (text, differences) in cases {
        let norm = build::<f64>(&text.parse().unwrap()).unwrap();
        for p in ORDERS {
            let p = MomentOrder::new(p).unwrap();
            // A single difference attains 1.
            let attained = ratio(&*norm, &differences, p).max(1.0);
            let k = norm.noise_type(differences[0].dimensions().unwrap(), p).unwrap();
            let text = format!("{text}, p = {}: {attained} {k:?}", p.p());
            assert!(attained <= k.upper * (1.0 + 1e-13), "{text}");
            assert!((attained / k.lower - 1.0).abs() < 1e-13, "{text}");
        }
    }
}

/// Signs on generic, on nearly parallel and on sparse matrices attack the upper bounds from every norm's
/// side.
#[test]
fn no_signed_sum_exceeds_the_upper_noise_type() {
    for norm in all::<f64>() {
        let d = shape(&*norm, 4, 4);
        let attacks: Vec<Vec<Matrix<f64>>> = (0..6)
            .map(|seed| {
                let g = generic::<f64>(d.rows() * 6, d.columns() * (seed + 1));
                let thin = |x: f64| if seed % 2 == 1 && x.abs() < 0.7 { 0.0 } else { x };
                let block = |l: usize| move |i: usize, j: usize| (i + l * d.rows(), j * (seed + 1));
                (0..6)
                    .map(|l| Matrix::from_fn(d.rows(), d.columns(), |i, j| thin(g[block(l)(i, j)])))
                    .collect()
            })
            .collect();
        for p in ORDERS.map(|p| MomentOrder::new(p).unwrap()) {
            let k = norm.noise_type(d, p).unwrap();
            for differences in &attacks {
                let attained = ratio(&*norm, differences, p);
                assert!(
                    attained <= k.upper * (1.0 + 1e-12),
                    "{}, p = {}: {attained} {k:?}",
                    norm.label(),
                    p.p()
                );
            }
        }
    }
}

#[test]
fn lower_noise_types_of_layers_are_attained() {
    let d = |rows, columns| Dimensions::new(rows, columns).unwrap();
    let layers = || {
        vec![
            Layer { dimensions: d(3, 3), norm: Box::new(Spectral) as Box<dyn Norm<f64>> },
            Layer { dimensions: d(1, 2), norm: Box::new(MaxEntry) },
        ]
    };
    let largest = MaxOver::new(layers()).unwrap();
    for p in ORDERS.map(|p| MomentOrder::new(p).unwrap()) {
        // In each layer single entries, 3 and 2 of them, each layer scaled as the doc comment of MaxOver
        // says.
        let (order, e) = (p.p(), p.p() - 1.0);
        let weight = |lower: f64, count: f64| lower.powf(1.0 / (order * e)) * count.powf(-1.0 / order);
        let (first, second) = (weight(3f64.powf(e), 3.0), weight(2f64.powf(e), 2.0));
        let places = [(0, first), (4, first), (8, first), (9, second), (10, second)];
        let differences: Vec<_> = places
            .iter()
            .map(|&(at, c)| Matrix::from_fn(11, 1, |i, _| if i == at { c } else { 0.0 }))
            .collect();
        let k = Norm::<f64>::noise_type(&largest, d(11, 1), p).unwrap();
        let attained = ratio(&largest, &differences, p);
        assert!((attained / k.lower - 1.0).abs() < 1e-13, "p = {order}: {attained} {k:?}");
    }
    let four = || (0..4).map(|_| Layer { dimensions: d(1, 1), norm: Box::new(Spectral) as _ }).collect();
    let sum = SumOver::<f64>::new(four()).unwrap();
    let differences: Vec<_> =
        sign_patterns(3, 1, |i| (i, 0), 4).iter().map(|x| Matrix::from_fn(4, 1, |i, _| x[(i, 0)])).collect();
    for p in ORDERS.map(|p| MomentOrder::new(p).unwrap()) {
        let k = Norm::<f64>::noise_type(&sum, d(4, 1), p).unwrap();
        let attained = ratio(&sum, &differences, p);
        assert!((attained / k.lower - 1.0).abs() < 1e-13 && attained <= k.upper, "{attained} {k:?}");
    }
}
