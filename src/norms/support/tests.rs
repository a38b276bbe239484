//! What must hold for every norm of the registry on awkward matrices, run over all of them.

use crate::norms::{combinators, entries};
use crate::spec::{Dimensions, LmoCertificate, Matrix, MomentOrder, Norm, NormError, Scalar};

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

#[test]
fn zero_rows_and_columns_stay_exactly_zero() {
    for norm in entries::<f64>().iter().flat_map(|entry| (entry.examples)()) {
        let g = generic::<f64>(6, 9);
        let s = Matrix::from_fn(6, 9, |i, j| if i == 2 || j > 5 { 0.0 } else { g[(i, j)] });
        let x = norm.lmo(&s).unwrap();
        let outside = (0..6).flat_map(|i| (0..9).map(move |j| (i, j))).filter(|&(i, j)| i == 2 || j > 5);
        assert!(outside.into_iter().all(|at| x[at] == 0.0), "{}", norm.label());
    }
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
