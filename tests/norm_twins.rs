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

/// A norm counts as compared after this many matrices that are not zero.
const COMPARED: usize = 5;

/// The norm's own space with several matrices, or small shapes with a few each: the maximisation takes its time in
/// many dimensions.
fn shapes(norm: &dyn Norm<f64>) -> Vec<(Dimensions, usize)> {
    let small = [(1, 1), (1, 3), (2, 1), (2, 2), (2, 3)].map(|(m, n)| Dimensions::new(m, n).unwrap());
    norm.space().map_or(small.map(|space| (space, 2)).to_vec(), |space| vec![(space, COMPARED)])
}

/// The maximisation stops within about 1e-6 of the maximum and never exceeds it.
#[test]
fn every_dual_norm_is_the_maximum_of_its_definition() {
    let mut g = Gen::from_size_and_seed(8, 7);
    for norm in examples() {
        let mut compared = 0;
        for (dimensions, matrices) in shapes(&*norm) {
            for _ in 0..matrices {
                let s: Matrix<f64> = arbitrary::matrix(&mut g, dimensions);
                let fast = norm.dual_value(&s).unwrap();
                let slow = naive::dual_value(&*norm, &s).unwrap();
                assert!(slow <= fast * (1.0 + 1e-12), "{}: {slow} > {fast} at {s:?}", norm.label());
                assert!(slow >= fast * (1.0 - 1e-5), "{}: {slow} < {fast} at {s:?}", norm.label());
                // Zero is equal to zero without a word about the norm.
                compared += usize::from(!s.is_zero());
            }
        }
        assert!(compared >= COMPARED, "{} was compared only {compared} times", norm.label());
    }
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
