//! Chains in a matrix: where they lie, every law of a problem in every norm, and constants that are attained.

use std::collections::HashSet;

use heavynorm::hard_instances::{BlockChain, Layout, chain};
use heavynorm::norms::frobenius::Frobenius;
use heavynorm::seed::stream;
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::laws::{ProblemSample, problem_laws};
use heavynorm::spec::problem::{Inequality, a2_smoothness, a4_hessian_lipschitz};
use heavynorm::spec::{Dimensions, Infimum, Matrix, Norm, Problem};
use rand::RngExt as _;

use crate::chain::STEEPEST;
use crate::common::{
    LARGE, LAYOUTS, blocks, from_blocks, gaussian, named, norms_on, points, random_instance, reachable, space,
};

#[test]
fn blocks_lie_where_their_layout_says_and_touch_nowhere() {
    for (layout, disjoint) in LAYOUTS.into_iter().zip([true, true, false, false]) {
        for spare in [false, true] {
            let chain = blocks(layout, (4, 3), spare, 1.0, 1.0);
            let mut seen = HashSet::new();
            let (mut rows, mut columns) = (vec![HashSet::new(); 4], vec![HashSet::new(); 4]);
            for i in 0..4 {
                for k in 0..3 {
                    let (row, column) = chain.position(i, k);
                    assert!(row < space(&chain).rows() && column < space(&chain).columns());
                    assert!(seen.insert((row, column)));
                    rows[i].insert(row);
                    columns[i].insert(column);
                    let (across, along) = match layout {
                        Layout::Rows | Layout::SharedRows => (row, column),
                        Layout::Columns | Layout::SharedColumns => (column, row),
                    };
                    assert_eq!((across, along), (i, if disjoint { 3 * i + k } else { k }));
                }
            }
            let apart = (0..4).all(|i| {
                (0..i).all(|j| rows[i].is_disjoint(&rows[j]) && columns[i].is_disjoint(&columns[j]))
            });
            assert_eq!((apart, layout.is_disjoint()), (disjoint, disjoint));
        }
    }
}

#[test]
fn the_objective_is_the_sum_of_the_chains_and_knows_no_other_entry() {
    let mut rng = stream(60, 0);
    for _ in 0..200 {
        let instance = random_instance(&mut rng, heavynorm::hard_instances::Reveals::OneBlock);
        let f = &**instance.chain();
        let x = gaussian(space(f), f.width(), &mut rng);
        let z = gaussian(space(f), 1.0, &mut rng);
        let block = |m: &Matrix<f64>, i: usize| -> Vec<f64> {
            (0..f.length()).map(|k| m[f.position(i, k)] / f.width()).collect()
        };
        let mut sum = 0.0;
        let (mut gradient, mut action) =
            (Matrix::zeros(x.nrows(), x.ncols()), Matrix::zeros(x.nrows(), x.ncols()));
        for i in 0..f.blocks() {
            let (mut g, mut h) = (vec![0.0; f.length()], vec![0.0; f.length()]);
            sum += f.scale() * chain::value(&block(&x, i));
            chain::gradient(&block(&x, i), &mut g);
            chain::hessian_action(&block(&x, i), &block(&z, i), &mut h);
            for k in 0..f.length() {
                gradient[f.position(i, k)] = f.scale() / f.width() * g[k];
                // D^2 f is c/s^2 D^2 F(x/s), and z/s went in.
                action[f.position(i, k)] = f.scale() / f.width() * h[k];
            }
        }
        let close = |a: &Matrix<f64>, b: &Matrix<f64>| (a - b).max_abs() <= 1e-15 * b.max_abs();
        assert!((f.objective(&x) - sum).abs() <= 1e-13 * f.scale() * f.blocks() as f64);
        assert!(close(&f.gradient(&x), &gradient) && close(&f.hessian_action(&x, &z), &action));
        // In f32 the chain is evaluated in f64: one rounding of the entries of x, one of the result. The rounding of x
        // moves a gradient by at most ell_1 c/s^2 times it.
        let (small, wide) = (x.cast::<f32>(), x.cast::<f32>().cast::<f64>());
        let exact = f.gradient(&wide);
        let found: Matrix<f32> = f.gradient(&small);
        assert!((&found.cast::<f64>() - &exact).max_abs() <= f64::from(f32::EPSILON) * exact.max_abs());
    }
}

/// Differences lose digits where points are close; norms of up to 5 x 22 entries, combinators included, lose two more.
const ROUNDING: f64 = 1e-9;

#[test]
fn every_law_of_a_problem_holds_in_every_norm_at_points_that_runs_visit() {
    let (mut rng, mut checked) = (stream(61, 0), 0);
    let mut shapes = vec![(Layout::Rows, (3, 4)), (Layout::Columns, (2, 3)), (Layout::SharedRows, (4, 3))];
    shapes.extend([(Layout::SharedColumns, (3, 3)), (Layout::Rows, (1, 5)), (Layout::Rows, (4, 1))]);
    for (layout, shape) in shapes {
        let f = blocks(layout, shape, shape.0 % 2 == 0, 0.7, 1.0 + rng.random::<f64>());
        let places: Vec<Matrix<f64>> =
            points(&f, &mut rng).into_iter().filter(|x| x.max_abs() < 1e3).collect();
        for norm in norms_on(space(&f)) {
            for x in &places {
                for distance in [1e-2, 0.3, 3.0] {
                    let y = x + &gaussian(space(&f), distance, &mut rng);
                    let z = gaussian(space(&f), 1.0, &mut rng);
                    let sample = ProblemSample { x, y: &y, z: &z, norm: &*norm, frobenius: &Frobenius };
                    for law in problem_laws() {
                        let sides: Inequality = (law.sides)(&f, &sample).unwrap();
                        let label = norm.label();
                        assert!(
                            sides.holds(ROUNDING),
                            "{} in {label}: {sides:?}\n{f:?}\n{sample:?}",
                            law.name
                        );
                        checked += 1;
                    }
                }
            }
        }
    }
    assert!(checked > 5000, "only {checked} checks");
}

/// The norms for which the constants know how blocks add up.
fn additive(layout: Layout) -> Vec<&'static str> {
    let along = match layout {
        Layout::Rows | Layout::SharedRows => ["name = 'max-row-l2'", "name = 'sum-row-l2'"],
        Layout::Columns | Layout::SharedColumns => ["name = 'max-col-l2'", "name = 'sum-col-l2'"],
    };
    let mut all = vec!["name = 'frobenius'", "name = 'entry-lq'\nq = 2", along[0], along[1]];
    if layout.is_disjoint() {
        all.extend(["name = 'spectral'", "name = 'nuclear'", "name = 'rms-to-rms'"]);
        all.extend(["name = 'schatten'\nq = 1.5", "name = 'schatten'\nq = 2.5", "name = 'schatten'\nq = 4"]);
    }
    all
}

/// The eigenvector of the Hessian at [`STEEPEST`] by power iteration.
fn steepest_direction() -> Vec<f64> {
    let mut z = vec![1.0; 5];
    for _ in 0..400 {
        let mut image = vec![0.0; 5];
        chain::hessian_action(&STEEPEST, &z, &mut image);
        let length = image.iter().map(|h| h * h).sum::<f64>().sqrt();
        z = image.iter().map(|h| h / length).collect();
    }
    z
}

/// Largest ratio over: one block moving, all blocks moving.
fn attained(
    f: &BlockChain,
    point: &[f64],
    direction: &[f64],
    ratio: impl Fn(&Matrix<f64>, &Matrix<f64>) -> f64,
) -> [f64; 2] {
    let x = from_blocks(f, |_, k| point[k]);
    [1, f.blocks()].map(|moving| {
        let z = from_blocks(f, |i, k| if i < moving { direction[k] } else { 0.0 });
        ratio(&x, &z)
    })
}

#[test]
fn l_is_attained_up_to_what_the_bound_on_ell_1_gives_away() {
    let constant = chain_constants().gradient_lipschitz;
    let direction = steepest_direction();
    for layout in LAYOUTS {
        for spare in [false, true] {
            let f = blocks(layout, (6, 5), spare, 0.3, 2.0);
            for text in additive(layout) {
                let norm = named(text);
                let pair = |x: &Matrix<f64>, z: &Matrix<f64>| {
                    let y = x + &(z * 1e-5);
                    a2_smoothness(&f, &*norm, x, &y).unwrap().ratio()
                };
                let [one, all] = attained(&f, &STEEPEST, &direction, pair);
                // A secant over 1e-5: 1e-5 ell_2/ell_1 is 1e-4; rounding 1e-16/1e-5 is nothing.
                let (expected, best) = (constant.sup / constant.upper, one.max(all));
                assert!(best <= 1.0 && best >= expected - 2e-4, "{} {layout:?}: {one} {all}", norm.label());
            }
        }
    }
}

#[test]
fn rho_is_attained_up_to_what_the_bound_on_ell_2_gives_away() {
    let constant = chain_constants().hessian_lipschitz;
    let (point, direction) = ([0.37, -0.701_633, -12.05], [0.0, 1.0, 0.0]);
    for layout in LAYOUTS {
        let f = blocks(layout, (6, 3), true, 0.3, 2.0);
        for text in additive(layout) {
            let norm = named(text);
            let triple = |x: &Matrix<f64>, z: &Matrix<f64>| {
                let y = x + &(z * 1e-4);
                a4_hessian_lipschitz(&f, &*norm, x, &y, z).unwrap().ratio()
            };
            let [one, all] = attained(&f, &point, &direction, triple);
            let (expected, best) = (constant.sup / constant.upper, one.max(all));
            assert!(best <= 1.0 && best >= expected - 1e-4, "{} {layout:?}: {one} {all}", norm.label());
        }
    }
}

/// A direction that maximises ||D^2 f(X)[Z]||_*/||Z|| as far as Z <- -lmo(-+D^2 f(X)[Z]) gets.
fn attack(f: &BlockChain, norm: &dyn Norm<f64>, x: &Matrix<f64>, start: &Matrix<f64>) -> Matrix<f64> {
    let mut z = start.clone();
    for _ in 0..30 {
        z = -&norm.lmo(&f.hessian_action(x, &z)).unwrap();
    }
    z
}

#[test]
fn no_attack_breaks_l_or_rho_in_any_norm_whose_constants_are_general() {
    let mut rng = stream(62, 0);
    let mut largest = 0.0_f64;
    for layout in LAYOUTS {
        let f = blocks(layout, (3, 5), layout == Layout::Rows, 1.3, 0.5);
        let steep = from_blocks(&f, |_, k| STEEPEST[k]);
        for norm in norms_on(space(&f)) {
            for x in [&steep, &reachable(&f, &mut rng), &gaussian(space(&f), 0.6, &mut rng)] {
                for _ in 0..3 {
                    let z = attack(&f, &*norm, x, &gaussian(space(&f), 1.0, &mut rng));
                    if x.max_abs() >= 1e3 {
                        continue;
                    }
                    let y = x + &(&z * 1e-4);
                    let a2 = a2_smoothness(&f, &*norm, x, &y).unwrap();
                    let a4 = a4_hessian_lipschitz(&f, &*norm, x, &y, &z).unwrap();
                    let zeros = a2.left == 0.0 && a2.right == 0.0;
                    assert!(zeros || a2.holds(1e-9), "A2 in {} {layout:?}: {a2:?}", norm.label());
                    // What is left of a difference of nearly equal Hessians is rounding.
                    let size = norm.dual_value(&f.hessian_action(x, &z)).unwrap();
                    let within = a4.left <= a4.right * (1.0 + 1e-9) + 1e-12 * size;
                    assert!(within, "A4 in {} {layout:?}: {a4:?}", norm.label());
                    largest = if zeros { largest } else { largest.max(a2.ratio()) };
                }
            }
        }
    }
    assert!(largest > 0.96, "the attack is weak: {largest}");
}

#[test]
fn delta_is_exact() {
    let mut rng = stream(63, 0);
    for _ in 0..200 {
        let instance = random_instance(&mut rng, heavynorm::hard_instances::Reveals::OneBlock);
        let f = &**instance.chain();
        let delta = Problem::<f64>::gap(f).unwrap().delta();
        let whole = f.scale() * f.blocks() as f64;
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * whole * (12.0 * f.length() as f64);
        assert!(close(delta, whole * chain::gap(f.length())), "{delta}");
        let far = from_blocks(f, |_, _| LARGE);
        let start: Matrix<f64> = f.start();
        assert!(close(f.objective(&start) - f.objective(&far), delta));
        let Infimum::Exact(infimum) = Problem::<f64>::infimum(f) else { panic!("the infimum is known") };
        for x in points(f, &mut rng) {
            assert!(f.objective(&x) >= infimum - 1e-13 * whole * (12.0 * f.length() as f64));
        }
        // Neither F_T(0) nor its gap depends on the number type.
        let single = Problem::<f32>::gap(f).unwrap().delta();
        assert!((single / delta - 1.0).abs() <= 4.0 * f64::from(f32::EPSILON), "{single} {delta}");
    }
}

/// A block is incomplete where prog_1 < T.
fn incomplete(f: &BlockChain, x: &Matrix<f64>) -> usize {
    f.progress(x, 1.0).into_iter().filter(|&k| k < f.length()).count()
}

#[test]
fn incomplete_blocks_hold_the_gradient_up_at_every_point() {
    let (mut rng, mut tight) = (stream(64, 0), f64::INFINITY);
    for layout in LAYOUTS {
        let f = blocks(layout, (5, 3), true, 0.4, 3.0);
        let unit = f.scale() / f.width();
        let exponents = [
            ("name = 'frobenius'", 2.0, true),
            ("name = 'spectral'", 1.0, layout.is_disjoint()),
            ("name = 'nuclear'", f64::INFINITY, layout.is_disjoint()),
            ("name = 'schatten'\nq = 3", 1.5, layout.is_disjoint()),
            ("name = 'max-row-l2'", 1.0, matches!(layout, Layout::Rows | Layout::SharedRows)),
            ("name = 'max-col-l2'", 1.0, matches!(layout, Layout::Columns | Layout::SharedColumns)),
        ];
        for (text, b, _) in exponents.into_iter().filter(|&(_, _, applies)| applies) {
            let norm = named(text);
            for _ in 0..300 {
                for x in points(&f, &mut rng) {
                    let undone = incomplete(&f, &x) as f64;
                    // The l_b norm of that many numbers that are at least c/s; it is at least N^{1/b} undone/N.
                    let floor = unit * undone.powf(1.0 / b);
                    let size = norm.dual_value(&f.gradient(&x)).unwrap();
                    assert!(
                        undone == 0.0 || size >= floor * (1.0 - 1e-12),
                        "{}: {size} < {floor}",
                        norm.label()
                    );
                    let weaker = unit * 5f64.powf(1.0 / b) * undone / 5.0;
                    assert!(weaker <= floor * (1.0 + 1e-12));
                    tight = if undone == 0.0 { tight } else { tight.min(size / floor) };
                }
            }
        }
        // With the gradient of the others gone the floor is reached: x_k = 1 at the frontier, the rest complete.
        let x = from_blocks(&f, |i, k| if i < 2 && k == 2 { 1.0 } else { LARGE });
        let size = Frobenius.dual_value(&f.gradient(&x)).unwrap();
        // There x_{k-1} is large: Psi = e instead of 1.
        let expected = unit * 2f64.sqrt() * std::f64::consts::E;
        assert!((size / expected - 1.0).abs() <= 1e-8, "{size} {expected}");
    }
    assert!(tight < 2.0, "no point came near the bound: {tight}");
}

#[test]
fn instances_that_do_not_fit_are_refused_with_advice() {
    let refuse = |rows, columns, n, t, c, s| {
        BlockChain::new(Dimensions::new(rows, columns).unwrap(), Layout::Rows, n, t, c, s)
            .unwrap_err()
            .to_string()
    };
    assert!(refuse(3, 5, 3, 2, 1.0, 1.0).contains("take more rows or columns"));
    assert!(refuse(2, 6, 3, 2, 1.0, 1.0).contains("need 3x6"));
    assert!(refuse(3, 6, 3, 2, 0.0, 1.0).contains("scale must be finite and above 0"));
    assert!(refuse(3, 6, 3, 2, 1.0, f64::NAN).contains("width must be finite and above 0"));
    for (n, t) in [(0, 2), (2, 0), (usize::MAX, 2)] {
        assert!(Layout::Rows.smallest(n, t).is_err(), "{n} {t}");
    }
}
