//! Every registered norm against twins written from the definition.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use heavynorm::norms;
use heavynorm::spec::{Dimensions, Matrix, MomentOrder, Norm, arbitrary, naive};
use quickcheck::Gen;

fn examples() -> Vec<Box<dyn Norm<f64>>> {
    let all = norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
    all.flat_map(|entry| (entry.examples)()).collect()
}

fn named(name: &str) -> Box<dyn Norm<f64>> {
    norms::build(&toml::Table::from_iter([("name".to_owned(), name.into())])).unwrap()
}

/// Matrices that a norm is compared on at least.
const COMPARED: usize = 5;

/// Holds a norm's dual against the definition on that many matrices: generic, low-rank, sparse and graded.
///
/// The maximisation stops within about 1e-6 of the maximum and never exceeds it.
fn compare(norm: &dyn Norm<f64>, g: &mut Gen, space: Dimensions, matrices: usize) -> usize {
    // Zero is equal to zero without a word about the norm.
    let drawn = std::iter::repeat_with(|| arbitrary::matrix::<f64>(g, space)).filter(|s| !s.is_zero());
    let compared = drawn.take(matrices).map(|s| {
        let fast = norm.dual_value(&s).unwrap();
        let slow = naive::dual_value(norm, &s).unwrap();
        assert!(slow <= fast * (1.0 + 1e-12), "{}: {slow} > {fast} at {s:?}", norm.label());
        assert!(slow >= fast * (1.0 - 1e-5), "{}: {slow} < {fast} at {s:?}", norm.label());
    });
    compared.count()
}

/// The examples that are defined on every shape, or those on one only, each compared often enough: how many they are.
fn compare_all(everywhere: bool, shapes: impl Fn(&dyn Norm<f64>) -> Vec<(Dimensions, usize)>) -> usize {
    let mut g = Gen::from_size_and_seed(8, 7);
    let chosen = examples().into_iter().filter(|norm| norm.space().is_none() == everywhere);
    let each = chosen.map(|norm| {
        let mut one = |(shape, matrices)| compare(&*norm, &mut g, shape, matrices);
        let compared: usize = shapes(&*norm).into_iter().map(&mut one).sum();
        assert!(compared >= COMPARED, "{} was compared only {compared} times", norm.label());
    });
    each.count()
}

#[test]
fn every_dual_norm_is_the_maximum_of_its_definition_on_small_shapes() {
    let small = [(1, 1), (1, 3), (2, 1), (2, 2), (2, 3)].map(|(m, n)| Dimensions::new(m, n).unwrap());
    assert!(compare_all(true, |_| small.map(|shape| (shape, 2)).to_vec()) >= norms::entries::<f64>().len());
}

/// Many dimensions make the maximisation slow: no more matrices than needed.
#[test]
fn every_dual_norm_of_one_space_is_the_maximum_of_its_definition() {
    let compared = compare_all(false, |norm| norm.space().map(|own| (own, COMPARED)).into_iter().collect());
    assert!(compared >= 5, "weighted on 3 spaces, max-over and sum-over, not {compared}");
}

#[test]
fn the_spectral_oracle_is_minus_the_polar_factor() {
    let mut g = Gen::from_size_and_seed(8, 11);
    let spectral = named("spectral");
    let mut compared = 0;
    for _ in 0..200 {
        let s: Matrix<f64> = quickcheck::Arbitrary::arbitrary(&mut g);
        let sigma = naive::singular_values(&s);
        let nuclear: f64 = sigma.iter().sum();
        assert_relative_eq!(spectral.dual_value(&s).unwrap(), nuclear, max_relative = 1e-12);
        assert_relative_eq!(spectral.value(&s).unwrap(), sigma[0], max_relative = 1e-13);
        // The factor moves by about u sigma_1/sigma_r: compare where its definition is stable.
        let rank = sigma.iter().filter(|&&x| x > 1e-14 * sigma[0]).count();
        if rank == 0 || sigma[rank - 1] < 1e-6 * sigma[0] {
            continue;
        }
        let factor = naive::polar_factor(&s, rank);
        assert_abs_diff_eq!(spectral.lmo(&s).unwrap(), -&factor, epsilon = 1e-9);
        compared += 1;
    }
    assert!(compared > 100, "only {compared} polar factors were compared");
}

/// The lower bounds of the noise-type table, attained by enumeration over all signs.
#[test]
fn rademacher_sums_attain_the_lower_noise_type() {
    let unit = |i, j| {
        let mut e = Matrix::<f64>::zeros(4, 6);
        e[(i, j)] = 1.0;
        e
    };
    for p in [1.25, 1.5, 2.0].map(|p| MomentOrder::new(p).unwrap()) {
        let diagonal: Vec<_> = (0..4).map(|i| unit(i, i)).collect();
        let columns: Vec<_> = (0..6).map(|j| unit(0, j)).collect();
        let cases = [("spectral", &diagonal), ("max-col-l2", &columns), ("frobenius", &diagonal)];
        for (name, differences) in cases {
            let norm = named(name);
            let sum = naive::rademacher_moment(&*norm, differences, p).unwrap();
            let each: f64 = differences.iter().map(|d| norm.dual_value(d).unwrap().powf(p.p())).sum();
            let bounds = norm.noise_type(Dimensions::new(4, 6).unwrap(), p).unwrap();
            assert!(sum / each <= bounds.upper * (1.0 + 1e-12), "{name}: {} > {}", sum / each, bounds.upper);
            if name != "frobenius" {
                assert_relative_eq!(sum / each, bounds.lower, max_relative = 1e-12);
            }
        }
    }
}
