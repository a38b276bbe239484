//! F_T against numbers at 50 digits (tests/data/make_chain.py), and the claims of spec::chain about it.

use heavynorm::hard_instances::chain::{gap, gradient, hessian_action, progress, value};
use heavynorm::seed::{Rng, stream};
use heavynorm::spec::chain::chain_constants;
use rand::RngExt as _;
use serde::Deserialize;

/// The unit roundoff.
const U: f64 = f64::EPSILON / 2.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    constants: Constants,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Constants {
    gap_per_coordinate: f64,
    gap_of_one: f64,
    frontier_entry: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Bit patterns of doubles in hexadecimal.
    x: Vec<String>,
    z: Vec<String>,
    value: f64,
    /// The sum of the absolute values of the terms of F_T.
    value_size: f64,
    /// No terms of different sign.
    gradient: Vec<f64>,
    action: Vec<f64>,
    /// Sums of the absolute values of the terms: products of a second derivative and an entry of z, with the two terms
    /// of Psi'' = (16 v^6 - 24 v^4) Psi apart.
    action_size: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../data/chain.json")).expect("chain.json is written by make_chain.py")
}

fn numbers(bits: &[String]) -> Vec<f64> {
    bits.iter().map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).collect()
}

/// The relative error of a product of a derivative of Psi and one of Phi.
///
/// Psi near 1/2: u = 2x - 1 is exact, v^2 = 1/u^2 has 3 roundings, so 1 - v^2 is off by at most 4 v^2 U + U, and exp is
/// conditioned by the absolute error of its argument. Phi and Phi': their arguments x/sqrt(2), (1 - x)(1 + x)/2 have 2
/// and 3 roundings; erfc(y) is conditioned by 2 y^2 + 2 at most, exp by its argument: 2 x^2 + 4 and 3 x^2/2 + 1.5
/// roundings. Both functions of libm are accurate to 2 U, and some 20 products and sums are left.
fn tolerance(x: &[f64]) -> f64 {
    let large = |v: f64, limit: f64| if v < limit { v } else { 0.0 };
    // Beyond these Psi and Phi are zero or have their limits.
    let v2 = x.iter().filter(|x| x.abs() > 0.5).map(|x| large((2.0 * x.abs() - 1.0).powi(-2), 800.0));
    let x2 = x.iter().map(|x| large(x * x, 1600.0));
    U * (32.0 + 4.0 * v2.fold(0.0, f64::max) + 2.0 * x2.fold(0.0, f64::max))
}

/// Where Psi, its derivatives or Phi are subnormal they are off by a few of the smallest numbers each, and are multiplied
/// by at most 130, the largest Psi'' Phi, and an entry of z below 2.
const UNDERFLOW: f64 = 1000.0 * 5e-324;

#[test]
fn values_gradients_and_hessians_agree_with_fifty_digits() {
    let mut compared = 0;
    for case in reference().cases {
        let (x, z) = (numbers(&case.x), numbers(&case.z));
        let relative = tolerance(&x);
        let close = |what: &str, found: f64, expected: f64, size: f64| {
            let error = (found - expected).abs();
            let text = format!("{what} at {x:?} ({}): {found:e}, not {expected:e}", case.name);
            assert!(error <= relative * size + UNDERFLOW, "{text}, off by {:e} U", error / size / U);
        };
        close("F", value(&x), case.value, case.value_size);
        let (mut g, mut h) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
        gradient(&x, &mut g);
        hessian_action(&x, &z, &mut h);
        for j in 0..x.len() {
            close("gradient", g[j], case.gradient[j], case.gradient[j].abs());
            close("Hessian", h[j], case.action[j], case.action_size[j]);
            // What is zero is zero, to no tolerance, unless it is below the smallest number.
            assert!(g[j] == 0.0 || case.gradient[j] != 0.0, "{x:?}");
        }
        compared += 1;
    }
    assert!(compared > 500, "only {compared} points");
}

#[test]
fn gaps_and_closed_forms_agree_with_fifty_digits() {
    let (reference, table) = (reference().constants, chain_constants());
    for length in [1, 2, 5, 1000] {
        let expected = reference.gap_of_one + (length as f64 - 1.0) * reference.gap_per_coordinate;
        assert!((gap(length) / expected - 1.0).abs() <= 8.0 * U, "{length}: {}", gap(length));
        assert!(gap(length) <= table.gap_per_coordinate.upper * length as f64);
    }
    for (constant, exact) in [
        (table.gap_per_coordinate, reference.gap_per_coordinate),
        (table.frontier_entry, reference.frontier_entry),
    ] {
        assert!(constant.sup <= exact && exact <= constant.upper && constant.upper <= exact * (1.0 + 1e-7));
    }
}

#[test]
fn nan_comes_out_of_a_value_wherever_it_goes_in_and_lengths_must_agree() {
    for x in [[f64::NAN, 0.0, 0.0], [0.0, f64::NAN, 0.0], [0.0, 0.0, f64::NAN], [2.0, 0.1, f64::NAN]] {
        assert!(value(&x).is_nan(), "{x:?}");
    }
    assert_eq!((value(&[]), gap(1)), (0.0, -value(&[0.0])));
    assert!(std::panic::catch_unwind(|| gradient(&[0.0], &mut [0.0, 0.0])).is_err());
    assert!(std::panic::catch_unwind(|| hessian_action(&[0.0], &[0.0, 1.0], &mut [0.0])).is_err());
}

#[test]
fn progress_counts_up_to_the_last_coordinate_that_is_strictly_beyond() {
    assert_eq!([0.25, 0.5, 0.4].map(|c| progress(&[0.6, -0.5, 0.25, 0.25], c)), [2, 1, 2]);
    assert_eq!(progress(&[0.0, 0.0, f64::NEG_INFINITY, 0.0], 1.0), 3);
    assert_eq!((progress(&[], 0.5), progress(&[0.5, -0.5], 0.5)), (0, 0));
}

/// Coordinates from every region, both signs, infinite ones among them.
fn coordinate(rng: &mut Rng) -> f64 {
    let size = match rng.random_range(0..8) {
        0 => 0.0,
        1 => 0.5 + 10f64.powi(-rng.random_range(1..17)),
        2 => 0.5 - 10f64.powi(-rng.random_range(1..17)),
        3 => f64::INFINITY,
        4 => 1.0,
        5 => 10.0 * rng.random::<f64>(),
        _ => 1.5 * rng.random::<f64>(),
    };
    if rng.random() { size } else { -size }
}

fn points(count: u64) -> impl Iterator<Item = Vec<f64>> {
    let mut rng = stream(50, 0);
    (0..count).map(move |k| (0..1 + k % 7).map(|_| coordinate(&mut rng)).collect())
}

fn gradient_at(x: &[f64]) -> Vec<f64> {
    let mut g = vec![f64::NAN; x.len()];
    gradient(x, &mut g);
    g
}

#[test]
fn no_entry_of_a_gradient_is_positive_and_none_lies_beyond_the_next_coordinate() {
    let mut beyond = 0;
    for x in points(20_000) {
        let next = progress(&x, 0.5) + 1;
        for (j, g) in gradient_at(&x).into_iter().enumerate() {
            assert!(g <= 0.0, "{x:?}: {g}");
            assert!(j < next || g.to_bits() == 0, "entry {j} at {x:?}: {g}");
            beyond += usize::from(j >= next);
        }
    }
    assert!(beyond > 2000, "only {beyond} entries beyond");
}

#[test]
fn while_a_coordinate_is_not_beyond_one_the_next_entry_has_size_at_least_one() {
    let mut met = 0;
    for x in points(20_000) {
        if let Some(g) = gradient_at(&x).get(progress(&x, 1.0)) {
            assert!(*g <= -1.0, "{x:?}: {g}");
            met += 1;
        }
    }
    assert!(met > 5000, "only {met} incomplete points");
    // It is attained: both neighbours at 1, where Psi and Phi' are 1; |x_j| = 1 adds Psi'(1) Phi(x_{j+1}), zero at -inf.
    assert_eq!(gradient_at(&[1.0]), [-1.0]);
    // Psi'(1) = 4, and the next number is 2 U away.
    assert!(gradient_at(&[1.0f64.next_up(), 1.0])[1] >= -1.0 - 16.0 * U);
    assert!(gradient_at(&[1.0, f64::NEG_INFINITY])[0] == -1.0);
}

#[test]
fn entries_are_bounded_and_the_bounds_are_attained() {
    let table = chain_constants();
    let mut largest = [0.0_f64; 2];
    for x in points(20_000) {
        for (j, g) in gradient_at(&x).into_iter().enumerate() {
            largest[0] = largest[0].max(-g);
            if x[j].abs() <= 0.5 {
                largest[1] = largest[1].max(-g);
            }
        }
    }
    assert!(largest[0] <= table.gradient_entry.upper, "{largest:?}");
    assert!(largest[1] <= table.frontier_entry.upper, "{largest:?}");
    let infinity = f64::INFINITY;
    let entry = -gradient_at(&[infinity, 0.904_284_5, infinity])[1];
    assert!(entry >= table.gradient_entry.sup && entry <= table.gradient_entry.upper, "{entry}");
    let frontier = -gradient_at(&[-infinity, 0.0])[1];
    assert!(frontier >= table.frontier_entry.sup && frontier <= table.frontier_entry.upper, "{frontier}");
}

#[test]
fn the_gap_is_approached_by_large_coordinates_and_exceeded_by_none() {
    for length in 1..8 {
        let start = value(&vec![0.0; length]);
        // Sums of `length` terms up to 11.3.
        let rounding = 8.0 * U * 11.3 * (length * length) as f64;
        for large in [1e9, f64::INFINITY] {
            let found = start - value(&vec![large; length]);
            assert!((found - gap(length)).abs() <= rounding, "{length} {large}: {found}");
        }
        assert!(start - value(&vec![30.0; length]) >= gap(length) * (1.0 - 1e-3));
    }
    for x in points(20_000) {
        let floor = value(&vec![0.0; x.len()]) - gap(x.len());
        assert!(value(&x) >= floor - 8.0 * U * floor.abs() * x.len() as f64, "{x:?}");
    }
}

/// The Hessian, column by column.
fn hessian(x: &[f64]) -> Vec<Vec<f64>> {
    let column = |k: usize| {
        let (mut unit, mut image) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        unit[k] = 1.0;
        hessian_action(x, &unit, &mut image);
        image
    };
    (0..x.len()).map(column).collect()
}

fn largest_row_sum(x: &[f64]) -> f64 {
    hessian(x).iter().map(|row| row.iter().map(|h| h.abs()).sum()).fold(0.0, f64::max)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The largest eigenvalue in absolute value, from below, and its direction: power iteration on the square.
fn spectral_norm(x: &[f64]) -> (f64, Vec<f64>) {
    let mut z: Vec<f64> = (0..x.len()).map(|k| 1.0 + 0.1 * k as f64).collect();
    let (mut image, mut size) = (vec![0.0; x.len()], 0.0);
    for _ in 0..200 {
        for _ in 0..2 {
            hessian_action(x, &z, &mut image);
            size = norm(&image) / norm(&z);
            let length = norm(&image).max(f64::MIN_POSITIVE);
            z = image.iter().map(|h| h / length).collect();
        }
    }
    (size, z)
}

/// Random local search for the maximum of f: steps of shrinking size from the best point, many restarts.
fn search(length: usize, restarts: u64, f: impl Fn(&[f64]) -> f64) -> f64 {
    let mut best = 0.0_f64;
    for restart in 0..restarts {
        let mut rng = stream(51, restart);
        let mut x: Vec<f64> = (0..length).map(|_| coordinate(&mut rng).clamp(-30.0, 30.0)).collect();
        let mut here = f(&x);
        for step in 0..400 {
            let size = 0.3 * 0.97_f64.powi(step);
            let y: Vec<f64> = x.iter().map(|x| x + size * (2.0 * rng.random::<f64>() - 1.0)).collect();
            let there = f(&y);
            if there > here {
                (x, here) = (y, there);
            }
        }
        best = best.max(here);
    }
    best
}

#[test]
fn row_sums_of_the_hessian_stay_below_ell_1_which_they_nearly_attain() {
    let upper = chain_constants().gradient_lipschitz.upper;
    for x in points(20_000) {
        assert!(largest_row_sum(&x) <= upper, "{x:?}");
    }
    let found = search(4, 150, largest_row_sum);
    assert!(found <= upper && found >= 0.99 * upper, "{found}");
    let attained = largest_row_sum(&[3.0, 0.889_478_26, 0.760_310_08, 30.0]);
    assert!(attained <= upper && attained >= upper * (1.0 - 1e-5), "{attained}");
}

/// Where the Hessian has its largest eigenvalue, found by a search over five coordinates.
pub(crate) const STEEPEST: [f64; 5] = [0.781_452_32, 0.781_186_14, 0.782_042_07, 0.760_420_61, 32.0];

#[test]
fn the_hessian_attains_the_supremum_that_the_table_records_for_ell_1() {
    let constant = chain_constants().gradient_lipschitz;
    let (attained, _) = spectral_norm(&STEEPEST);
    assert!(attained >= constant.sup && attained <= constant.sup * (1.0 + 1e-6), "{attained}");
    // The mirror image of another maximum.
    let (mirrored, _) = spectral_norm(&[-0.78142, -0.782_044, -0.760_421, -38.0, -42.0]);
    assert!((mirrored - 134.0237).abs() <= 1e-3, "{mirrored}");
    for length in [2, 4] {
        let found = search(length, 60, |x| spectral_norm(x).0);
        assert!(found <= constant.upper && found >= 0.98 * constant.sup, "{found}");
    }
}

/// ||(D^2 F(x + d) - D^2 F(x - d)) z|| / (||2d|| ||z||) for x, d, z side by side.
fn bending(xdz: &[f64]) -> f64 {
    let [x, d, z] = [0, 1, 2].map(|k| &xdz[k * xdz.len() / 3..][..xdz.len() / 3]);
    // Closer pairs would measure rounding.
    let shrink = 1e-3 / norm(d).max(1e-3);
    let at = |sign: f64| -> Vec<f64> {
        let y: Vec<f64> = x.iter().zip(d).map(|(x, d)| x + sign * shrink * d).collect();
        let mut image = vec![0.0; x.len()];
        hessian_action(&y, z, &mut image);
        image
    };
    let difference: Vec<f64> = at(1.0).iter().zip(at(-1.0)).map(|(a, b)| a - b).collect();
    norm(&difference) / (2.0 * shrink * norm(d)).max(1e-9) / norm(z).max(1e-9)
}

/// The largest sum over k, l of |d_jkl F|, by differences of the Hessian: off by h^2/6 of fifth derivatives, below 1e-3.
fn largest_third_row_sum(x: &[f64]) -> f64 {
    let h = 1e-5;
    let sum = |j: usize| -> f64 {
        let at = |sign: f64| {
            let mut y = x.to_vec();
            y[j] += sign * h;
            hessian(&y)
        };
        let (up, down) = (at(1.0), at(-1.0));
        let entries = up.iter().flatten().zip(down.iter().flatten());
        entries.map(|(up, down)| (up - down).abs() / (2.0 * h)).sum()
    };
    (0..x.len()).map(sum).fold(0.0, f64::max)
}

#[test]
fn row_sums_of_third_derivatives_stay_below_ell_2_which_they_nearly_attain() {
    let upper = chain_constants().hessian_lipschitz.upper;
    let found = search(4, 60, largest_third_row_sum);
    assert!(found <= upper && found >= 0.99 * upper, "{found}");
    let attained = largest_third_row_sum(&[-0.765_376, 0.701_619, 8.08, -16.6]);
    assert!(attained <= upper && attained >= upper * (1.0 - 1e-4), "{attained}");
}

#[test]
fn hessians_differ_by_at_most_ell_2_times_the_distance_and_nearly_by_that() {
    let constant = chain_constants().hessian_lipschitz;
    // One coordinate of three bends: found by a search over points and directions.
    let attained = bending(&[0.37, -0.701_633, -12.05, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    // The difference at distance 2e-3 loses about 1e-6 of 1e5, relatively 1e-4, to the fifth derivative.
    assert!((attained / constant.sup - 1.0).abs() <= 1e-3, "{attained}");
    for length in [2, 3] {
        let found = search(3 * length, 150, bending);
        assert!(found <= constant.upper && found >= 0.9 * constant.sup, "{found}");
    }
    let mut rng = stream(52, 0);
    for x in points(20_000) {
        // Pairs at every distance.
        let size = 10f64.powf(3.0 * rng.random::<f64>() - 3.0);
        let draw =
            |rng: &mut Rng| -> Vec<f64> { x.iter().map(|_| 2.0 * rng.random::<f64>() - 1.0).collect() };
        let (d, z) = (draw(&mut rng), draw(&mut rng));
        let x: Vec<f64> = x.iter().map(|x| x.clamp(-50.0, 50.0)).collect();
        let y: Vec<f64> = x.iter().zip(&d).map(|(x, d)| x + size * d).collect();
        let (mut at_x, mut at_y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        hessian_action(&x, &z, &mut at_x);
        hessian_action(&y, &z, &mut at_y);
        let change: Vec<f64> = at_x.iter().zip(&at_y).map(|(a, b)| a - b).collect();
        let bound = constant.upper * size * norm(&d) * norm(&z);
        assert!(norm(&change) <= bound + 1e-10, "{x:?} {y:?}");
    }
}
