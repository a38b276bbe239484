//! The five constants of the chain function F_T ([`heavynorm::spec::chain`]), for every T and every point.
//!
//! # Reduction to three numbers
//!
//! F_T is a sum of -Psi(1) Phi(x_1) and the links l(x, y) = Psi(-x) Phi(-y) - Psi(x) Phi(y) of neighbours. At most one
//! part of a link is not 0, and with s the sign of x its derivatives are
//!
//! ```text
//! d_x^i d_y^j l(x, y) = -s^{1+i+j} Psi^{(i)}(|x|) Phi^{(j)}(s y).
//! ```
//!
//! So l(-x, -y) = -l(x, y), a derivative in x_j depends on x_{j-1}, x_j, x_{j+1} only, its size is the same at the mirror
//! image of the point, and x_{j-1} enters through |x_{j-1}| (Phi^{(j)} is even or odd for j >= 1). With a = |x_{j-1}| >= 0,
//! b = x_j >= 0 and c = x_{j+1}, all derivatives of order up to 3 that involve x_j are, up to sign,
//!
//! | | before | at | after |
//! |---|---|---|---|
//! | gradient | | Psi(a) Phi'(b) + Psi'(b) Phi(c) | |
//! | Hessian | Psi'(a) Phi'(b) | Psi(a) Phi''(b) + Psi''(b) Phi(c) | Psi'(b) Phi'(c) |
//! | third | Psi''(a) Phi'(b), Psi'(a) Phi''(b) | Psi(a) Phi'''(b) + Psi'''(b) Phi(c) | Psi''(b) Phi'(c), Psi'(b) Phi''(c) |
//!
//! The first coordinate has Psi(1) for Psi(a) and nothing before: less than a = 1 gives. The last has nothing after, which
//! is c = -inf. So a supremum over a, b in [0, inf] and c in [-inf, inf] bounds every coordinate of every F_T.
//!
//! # From rows to norms (LEM-CHAIN-PAY)
//!
//! For any theta, alpha, beta > 0, with 2 |z_j z_{j+1}| <= z_j^2/theta + theta z_{j+1}^2, and the inequality of the means
//! x^2 y <= (2 alpha x^3 + y^3/alpha^2)/3 and x y^2 <= (x^3/beta^2 + 2 beta y^3)/3 for x, y >= 0:
//!
//! ```text
//! |D^2 F[z, z]|    <= sum_j R_j |z_j|^2,    R_j = |at| + theta |before| + |after|/theta,
//! |D^3 F[z, z, z]| <= sum_j Q_j |z_j|^3,    Q_j = |at| + |before_1|/alpha^2 + 2 beta |before_2| + 2 alpha |after_1| + |after_2|/beta^2.
//! ```
//!
//! A symmetric form has its norm on the diagonal (for third order: Banach), and sum_j |z_j|^3 <= 1 where ||z||_2 = 1. So
//! ell_1 <= sup R and ell_2 <= sup Q. With theta = alpha = beta = 1 these are the row sums, which the table uses. Others
//! are better: a row that is nearly as large as the supremum has Phi(c) near its limit, so that |after| is next to
//! nothing, and a factor of it costs little. [`super::payments`] lets the factors depend on the point.
//!
//! # Against the literature
//!
//! | | Carmon et al. (2020) | row sums | best factors | payments | attained |
//! |---|---|---|---|---|---|
//! | Delta_0 | 12 | 11.233929 | | | 11.233928 |
//! | G | 23 | 21.3923 | | | 21.39223 |
//! | g | 23 | 4.4816891 | | | 4.481689 |
//! | ell_1 | 152 | 138.821 | 134.397 | 134.0251 | 134.0238 |
//! | ell_2 | none | 1936.95 | 1895.17 | 1892.35 | 1891.6 |
//!
//! (all rounded to the safe side; no Lipschitz constant of the Hessian is stated in the literature).

use heavynorm::spec::chain::{ChainConstants, Constant};

use super::bells::{phi, psi};
use super::branch_and_bound::{Effort, Region, Supremum, supremum};
use super::elementary::exp;
use super::interval::Interval;
use super::jet::Jet;

/// Psi and Phi with their derivatives where rows need them: Psi at a and b, Phi at b and c.
struct Neighbours {
    psi: [[Interval; 5]; 2],
    phi: [[Interval; 5]; 2],
}

/// Which of the two links of a coordinate.
#[derive(Clone, Copy)]
enum Link {
    /// From a to b.
    Before = 0,
    /// From b to c.
    After = 1,
}
use Link::{After, Before};

impl Neighbours {
    fn over([a, b, c]: &Region<3>) -> Self {
        Self { psi: [psi(*a), psi(*b)], phi: [phi(*b), phi(*c)] }
    }

    /// Psi^{(i)} Phi^{(j)} of a link, i, j <= 3.
    fn product(&self, link: Link, i: usize, j: usize) -> Jet<3> {
        let link = link as usize;
        let (psi, phi) = (&self.psi[link], &self.phi[link]);
        let mut slope = [Interval::ZERO; 3];
        slope[link] = psi[i + 1] * phi[j];
        slope[link + 1] = psi[i] * phi[j + 1];
        Jet { value: psi[i] * phi[j], slope }
    }

    /// Psi(a) Phi^{(n)}(b) + Psi^{(n)}(b) Phi(c): the n-th derivative in x_j alone, up to sign.
    fn at(&self, n: usize) -> Jet<3> {
        self.product(Before, 0, n) + self.product(After, n, 0)
    }
}

const ABOVE: Interval = Interval::new(0.0, f64::INFINITY);

/// Every a, b, c.
const EVERYWHERE: Region<3> = [ABOVE, ABOVE, Interval::EVERYTHING];

/// Delta_0: F_T(0) - inf F_T <= Delta_0 T.
///
/// F_T(0) = -Phi(0), Psi and Phi are at least 0, at most e and Phi(inf), and Psi(1) = 1: every term of F_T is at least its limit as
/// all x_j grow. So the difference is Phi(inf) - Phi(0) + (T - 1) e Phi(inf), Phi(0) = Phi(inf)/2, at most T e Phi(inf), and the
/// difference of one more coordinate is e Phi(inf).
pub fn gap_per_coordinate() -> Interval {
    let [whole, ..] = phi(Interval::point(f64::INFINITY));
    exp(Interval::ONE) * whole
}

/// G: sup |d_j F_T|.
pub fn gradient_entry(effort: Effort) -> Supremum<3> {
    supremum(|x| Neighbours::over(x).at(1), &[EVERYWHERE], effort)
}

/// g: sup |d_j F_T| where |x_j| <= 1/2, so that the second part is 0.
pub fn frontier_entry(effort: Effort) -> Supremum<3> {
    let gated = [ABOVE, Interval::new(0.0, 0.5), Interval::EVERYTHING];
    supremum(|x| Neighbours::over(x).at(1), &[gated], effort)
}

fn number(x: f64) -> Interval {
    Interval::point(x)
}

/// sup R, at least ell_1. The row sums have theta = 1.
pub fn hessian_rows(theta: f64, effort: Effort) -> Supremum<3> {
    let row = |x: &Region<3>| {
        let near = Neighbours::over(x);
        let (before, after) = (near.product(Before, 1, 1), near.product(After, 1, 1));
        near.at(2).abs() + before.times(number(theta)) + after.times(Interval::ONE / number(theta))
    };
    supremum(row, &[EVERYWHERE], effort)
}

/// sup Q, at least ell_2. The row sums have alpha = beta = 1.
pub fn third_rows(alpha: f64, beta: f64, effort: Effort) -> Supremum<3> {
    let [alpha, beta, two] = [alpha, beta, 2.0].map(number);
    let over_square = |x: Interval| Interval::ONE / x.square();
    let row = |x: &Region<3>| {
        let near = Neighbours::over(x);
        let before = near.product(Before, 2, 1).abs().times(over_square(alpha))
            + near.product(Before, 1, 2).abs().times(two * beta);
        let after = near.product(After, 2, 1).abs().times(two * alpha)
            + near.product(After, 1, 2).abs().times(over_square(beta));
        near.at(3).abs() + before + after
    };
    supremum(row, &[EVERYWHERE], effort)
}

/// D^n F_T(x)[z, ..., z]/||z||^n, n <= 3: its size is at most the norm of D^n F_T(x), which is at most ell_{n-1}.
///
/// # Panics
/// If the lengths differ, z = 0 or an x_j is NaN.
pub fn derivative_along(n: usize, x: &[f64], z: &[f64]) -> Interval {
    assert_eq!(x.len(), z.len(), "a direction has the length of its point");
    let power = |z: f64, n: usize| number(z).power(n as u32);
    let mut sum = -(phi(number(x[0]))[n] * power(z[0], n));
    for (x, z) in x.windows(2).zip(z.windows(2)) {
        let s: f64 = if x[0] < 0.0 { -1.0 } else { 1.0 };
        let (psi, phi) = (psi(number(x[0].abs())), phi(number(s * x[1])));
        for i in 0..=n {
            let factor = number(-s.powi(1 + n as i32) * binomial(n, i));
            sum = sum + factor * psi[i] * phi[n - i] * power(z[0], i) * power(z[1], n - i);
        }
    }
    let square = z.iter().map(|&z| number(z).square()).fold(Interval::ZERO, |a, b| a + b);
    sum / square.power(n as u32).sqrt()
}

fn binomial(n: usize, i: usize) -> f64 {
    (1..=i).fold(1.0, |product, k| product * (n + 1 - k) as f64 / k as f64)
}

/// Where the Hessian has nearly its largest eigenvalue, and the direction.
const STEEPEST: [[f64; 5]; 2] = [
    [0.781_452_33, 0.781_186_16, 0.782_042_07, 0.760_420_61, 32.0],
    [0.000_701_575, 0.008_034_398, 0.089_072_883, 0.995_992_459, 0.0],
];

/// Where the third derivative is nearly the largest, and the direction.
const BENT_MOST: [[f64; 3]; 2] = [[0.37, -0.701_633, -12.05], [0.0, 1.0, 0.0]];

/// At most ell_1.
pub fn gradient_lipschitz_attained() -> f64 {
    derivative_along(2, &STEEPEST[0], &STEEPEST[1]).abs().lower()
}

/// At most ell_2.
pub fn hessian_lipschitz_attained() -> f64 {
    derivative_along(3, &BENT_MOST[0], &BENT_MOST[1]).abs().lower()
}

/// What is proved about one constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// The constant is at most this.
    pub upper: f64,
    /// The supremum behind `upper` is at least this: by how much more boxes could still lower it.
    pub bound_at_least: f64,
    /// The constant is at least this.
    pub attained: f64,
    /// How many boxes were examined.
    pub boxes: usize,
}

impl Certificate {
    fn new<const N: usize>(found: Supremum<N>, attained: f64) -> Self {
        Self { upper: found.upper, bound_at_least: found.lower, attained, boxes: found.boxes }
    }
}

/// A constant of the table with its certificate.
#[derive(Debug, Clone, Copy)]
pub struct Certified {
    /// The ID of the lemma.
    pub statement: &'static str,
    /// The name in `spec/constants/chain.toml`.
    pub name: &'static str,
    /// Reads its entry.
    pub entry: fn(&ChainConstants) -> Constant,
    /// Bounds it.
    pub certify: fn() -> Certificate,
    /// What Carmon, Duchi, Hinder and Sidford (2020) state.
    pub literature: Option<f64>,
}

/// A search whose width is well below what the table gives away, and that ends in any case.
fn to_within(width: f64) -> Effort {
    Effort { width, boxes: 100_000 }
}

/// The constants of the table, bounded as the programs use them.
pub const CERTIFIED: [Certified; 5] = [
    Certified {
        statement: "LEM-CHAIN-GAP",
        name: "gap_per_coordinate",
        entry: |table| table.gap_per_coordinate,
        certify: || {
            let gap = gap_per_coordinate();
            Certificate { upper: gap.upper(), bound_at_least: gap.lower(), attained: gap.lower(), boxes: 1 }
        },
        literature: Some(12.0),
    },
    Certified {
        statement: "LEM-CHAIN-ENTRY",
        name: "gradient_entry",
        entry: |table| table.gradient_entry,
        certify: || {
            let found = gradient_entry(to_within(1e-8));
            Certificate::new(found, found.lower)
        },
        literature: Some(23.0),
    },
    Certified {
        statement: "LEM-CHAIN-FRONTIER",
        name: "frontier_entry",
        entry: |table| table.frontier_entry,
        certify: || {
            let found = frontier_entry(to_within(1e-10));
            Certificate::new(found, found.lower)
        },
        literature: Some(23.0),
    },
    Certified {
        statement: "LEM-CHAIN-ELL1",
        name: "gradient_lipschitz",
        entry: |table| table.gradient_lipschitz,
        certify: || Certificate::new(hessian_rows(1.0, to_within(1e-5)), gradient_lipschitz_attained()),
        literature: Some(152.0),
    },
    Certified {
        statement: "LEM-CHAIN-ELL2",
        name: "hessian_lipschitz",
        entry: |table| table.hessian_lipschitz,
        certify: || Certificate::new(third_rows(1.0, 1.0, to_within(1e-3)), hessian_lipschitz_attained()),
        literature: None,
    },
];

#[cfg(test)]
mod tests {
    use heavynorm::hard_instances::chain::{gradient, hessian_action, value};
    use heavynorm::spec::chain::{ConstantEvidence, chain_constants};

    use super::*;

    #[test]
    fn the_table_of_constants_is_certified() {
        for certified in CERTIFIED {
            let (found, entry) = ((certified.certify)(), (certified.entry)(chain_constants()));
            let text = format!("{}: {entry:?} against {found:?}", certified.name);
            assert_eq!(entry.evidence, ConstantEvidence::IntervalCertificate);
            assert!(found.upper <= entry.upper, "{text}");
            assert!(found.attained >= entry.sup, "{text}");
            // The table gives away little, and the certificate next to nothing.
            assert!(entry.upper <= found.bound_at_least * (1.0 + 1e-5), "{text}");
            assert!(found.upper <= found.bound_at_least * (1.0 + 1e-6), "{text}");
            assert!(entry.sup >= found.attained * (1.0 - 1e-5), "{text}");
        }
    }

    #[test]
    fn every_constant_is_below_that_of_the_literature() {
        let literature = CERTIFIED.map(|certified| certified.literature);
        assert_eq!(literature, [Some(12.0), Some(23.0), Some(23.0), Some(152.0), None]);
        for certified in CERTIFIED {
            let upper = (certified.entry)(chain_constants()).upper;
            assert!(
                certified.literature.is_none_or(|literature| upper < 0.95 * literature),
                "{}",
                certified.name
            );
        }
    }

    #[test]
    fn constant_factors_bring_the_bounds_near_what_is_attained() {
        let first = hessian_rows(0.16, to_within(1e-4));
        assert!(first.upper <= 134.397 && first.upper <= 1.003 * gradient_lipschitz_attained(), "{first:?}");
        let second = third_rows(4.5, 0.25, to_within(1e-2));
        assert!(
            second.upper <= 1895.17 && second.upper <= 1.002 * hessian_lipschitz_attained(),
            "{second:?}"
        );
    }

    /// A point and its neighbours, at signs of every kind.
    fn points() -> impl Iterator<Item = [f64; 4]> {
        let numbers = [0.0, 0.3, -0.45, 0.62, -0.7, 0.76, -0.9, 1.4, -2.5, 12.0];
        let at = move |k: usize| numbers[k % numbers.len()];
        (0..3000).map(move |k| [at(k), at(k / 7), at(k / 31), at(k / 113)])
    }

    /// The third derivatives with j, by differences: off by h^2/6 of fifth derivatives, below 1e-3.
    fn third_row(x: &[f64; 4], j: usize) -> f64 {
        let h = 1e-5;
        let hessian = |x: [f64; 4]| -> Vec<f64> {
            let column = |k: usize| {
                let (mut unit, mut image) = ([0.0; 4], [0.0; 4]);
                unit[k] = 1.0;
                hessian_action(&x, &unit, &mut image);
                image
            };
            (0..4).flat_map(column).collect()
        };
        let at = |sign: f64| {
            let mut y = *x;
            y[j] += sign * h;
            hessian(y)
        };
        at(1.0).into_iter().zip(at(-1.0)).map(|(up, down)| (up - down).abs() / (2.0 * h)).sum()
    }

    #[test]
    fn rows_of_the_chain_are_what_the_reduction_says() {
        for x in points() {
            let mut g = [0.0; 4];
            gradient(&x, &mut g);
            for j in 1..3 {
                // The mirror image with b >= 0, in which c counts from the side of b.
                let s = if x[j] < 0.0 { -1.0 } else { 1.0 };
                let region = [x[j - 1].abs(), x[j].abs(), s * x[j + 1]].map(Interval::point);
                let near = Neighbours::over(&region);
                let close = |found: Interval, expected: f64, tolerance: f64| {
                    assert!(
                        (found.middle() - expected).abs() <= tolerance,
                        "{x:?} {j}: {found:?} {expected}"
                    );
                };
                close(near.at(1).value, -g[j], 1e-12);
                let hessian = (0..4).map(|k| {
                    let (mut unit, mut image) = ([0.0; 4], [0.0; 4]);
                    unit[k] = 1.0;
                    hessian_action(&x, &unit, &mut image);
                    image[j].abs()
                });
                let row = near.at(2).abs() + near.product(Before, 1, 1) + near.product(After, 1, 1);
                close(row.value, hessian.sum(), 1e-11);
                let two = Interval::point(2.0);
                let before = near.product(Before, 2, 1).abs() + near.product(Before, 1, 2).abs().times(two);
                let after = near.product(After, 2, 1).abs().times(two) + near.product(After, 1, 2).abs();
                close((near.at(3).abs() + before + after).value, third_row(&x, j), 2e-3);
            }
        }
    }

    #[test]
    fn derivatives_along_a_direction_are_those_of_the_chain() {
        let z = [0.3, -1.0, 0.5, 0.2];
        let length = z.iter().map(|z| z * z).sum::<f64>().sqrt();
        for x in points().step_by(7) {
            let found = [0, 1, 2].map(|n| derivative_along(n, &x, &z).middle() * length.powi(n as i32));
            let (mut g, mut h) = ([0.0; 4], [0.0; 4]);
            gradient(&x, &mut g);
            hessian_action(&x, &z, &mut h);
            let dot = |a: &[f64; 4]| a.iter().zip(&z).map(|(a, z)| a * z).sum::<f64>();
            for (found, expected) in found.into_iter().zip([value(&x), dot(&g), dot(&h)]) {
                assert!((found - expected).abs() <= 1e-11, "{x:?}: {found} {expected}");
            }
            let moved = |sign: f64| {
                let y: [f64; 4] = std::array::from_fn(|k| x[k] + sign * 1e-5 * z[k]);
                derivative_along(2, &y, &z).middle() * length * length
            };
            let third = derivative_along(3, &x, &z).middle() * length.powi(3);
            assert!((third - (moved(1.0) - moved(-1.0)) / 2e-5).abs() <= 2e-3, "{x:?}: {third}");
        }
    }
}
