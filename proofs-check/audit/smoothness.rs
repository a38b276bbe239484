//! The inequalities between two matrices on which the upper bounds on K_p rest: N is the dual norm of a Schatten or entrywise
//! norm, so a Schatten-b or l_b norm, and N' is that norm itself.
//!
//! Random matrices attack each inequality; where one is an equality for known matrices, or in a limit, a second check demands it.

use heavynorm::norms::{entry_lq::EntryLq, schatten::Schatten};
use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix, MomentOrder, Norm, inner};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};

/// Powers of norms of 4 x 4 matrices, good to some hundred roundings.
const ROUNDING: f64 = 1e-12;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check = |statement, name, evidence, claim, cases| Check { statement, name, evidence, claim, cases };
    use Claim::{Lower, Tight, Upper};
    use Evidence::Numerical;
    vec![
        check("LEM-CLARKSON", "two-point smoothness with tau = 1, p <= b <= 2", Numerical, Upper, clarkson),
        check("LEM-CLARKSON", "disjoint units attain it at p = b", Numerical, Tight, clarkson_attained),
        check("LEM-BCL", "two-point smoothness with tau = b - 1 at p = 2", Numerical, Upper, square),
        check("LEM-BCL", "b - 1 is reached by a small step across", Numerical, Lower, square_attained),
        check("LEM-BCL-P", "two-point smoothness with tau = (b - 1)^{p-1}", Numerical, Upper, between),
        check("LEM-K-HILBERT", "no jump from a point needs more than 2^{2-p}", Numerical, Upper, jumps),
        check("LEM-K-HILBERT", "some jump on the line needs 0.9 of 2^{2-p}", Numerical, Lower, |_| {
            jump_needed(0.9, MomentOrder::hilbert_factor)
        }),
        check("LEM-KP-SMOOTH", "some jump on the line needs 0.75 of C_p", Numerical, Lower, |_| {
            jump_needed(0.75, MomentOrder::asymmetry_factor)
        }),
        check(
            "LEM-CP",
            "the two forms of C_p agree, between 2^{2-p} and min{2, 4^{2-p}}",
            Numerical,
            Upper,
            asymmetry,
        ),
    ]
}

/// A norm N with exponent b, as the dual norm of `primal`.
struct Smooth {
    primal: Box<dyn Norm<f64>>,
    name: &'static str,
    b: f64,
}

impl Smooth {
    fn pair(b: f64) -> Result<[Self; 2], AuditError> {
        let q = b / (b - 1.0);
        let schatten = Self { primal: Box::new(Schatten::new(q)?), name: "Schatten", b };
        let entries = Self { primal: Box::new(EntryLq::new(q)?), name: "entrywise", b };
        Ok([schatten, entries])
    }

    fn n(&self, x: &Matrix<f64>) -> Result<f64, AuditError> {
        Ok(self.primal.dual_value(x)?)
    }

    /// (b - 1)^{p-1}, 1 for b <= 2.
    fn tau(&self, p: MomentOrder) -> f64 {
        (self.b - 1.0).max(1.0).powf(p.p() - 1.0)
    }

    fn what(&self, p: MomentOrder) -> String {
        format!("{} b = {}, p = {}", self.name, self.b, p.p())
    }
}

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).expect("inside (1, 2]")
}

/// Two matrices of one shape; the second is often small against the first, or across it.
fn two(draw: &mut Draw) -> (Matrix<f64>, Matrix<f64>) {
    let d = draw.shape(4);
    let (a, b) = (draw.matrix::<f64>(d), draw.matrix::<f64>(d));
    let size = draw.log_between(1e-2, 10.0);
    let scale = |x: Matrix<f64>, size: f64| {
        let largest = x.max_abs();
        if largest > 0.0 { x.map(|x| size * x / largest) } else { x }
    };
    (scale(a, 1.0), scale(b, size))
}

/// The worst of many cases of each norm and order, `measured` against 1.
fn attack(
    effort: Effort,
    name: &str,
    settings: &[(f64, f64)],
    measured: impl Fn(&Smooth, MomentOrder, &mut Draw) -> Result<f64, AuditError>,
) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for &(b, p) in settings {
        for smooth in Smooth::pair(b)? {
            let p = order(p);
            let mut worst: Option<f64> = None;
            for k in 0..effort.cases(400, 20_000) {
                let mut draw = Draw::new(effort, name, k);
                let found = measured(&smooth, p, &mut draw)?;
                if found.is_nan() || worst.is_none_or(|worst| found > worst) {
                    worst = Some(found);
                }
            }
            let Some(measured) = worst else { continue };
            cases.push(Case { measured, claimed: 1.0, tolerance: ROUNDING, what: smooth.what(p) });
        }
    }
    Ok(cases)
}

/// [(N(A+B)^p + N(A-B)^p)/2] / [N(A)^p + tau N(B)^p].
fn two_point(smooth: &Smooth, p: MomentOrder, a: &Matrix<f64>, b: &Matrix<f64>) -> Result<f64, AuditError> {
    let power = |x: &Matrix<f64>| Ok::<f64, AuditError>(smooth.n(x)?.powf(p.p()));
    let middle = 0.5 * (power(&(a + b))? + power(&(a - b))?);
    let right = power(a)? + smooth.tau(p) * power(b)?;
    Ok(if right > 0.0 { middle / right } else { 0.0 })
}

const UP_TO_TWO: [(f64, f64); 6] = [(1.2, 1.1), (1.2, 1.2), (1.5, 1.25), (1.5, 1.5), (2.0, 1.5), (2.0, 2.0)];
const SQUARES: [(f64, f64); 4] = [(2.0, 2.0), (3.0, 2.0), (4.0, 2.0), (9.0, 2.0)];
const BETWEEN: [(f64, f64); 5] = [(3.0, 1.1), (3.0, 1.5), (4.0, 1.75), (9.0, 1.25), (9.0, 1.9)];

fn clarkson(effort: Effort) -> Result<Vec<Case>, AuditError> {
    attack(effort, "clarkson", &UP_TO_TWO, |n, p, draw| {
        let (a, b) = two(draw);
        two_point(n, p, &a, &b)
    })
}

fn square(effort: Effort) -> Result<Vec<Case>, AuditError> {
    attack(effort, "square", &SQUARES, |n, p, draw| {
        let (a, b) = two(draw);
        two_point(n, p, &a, &b)
    })
}

fn between(effort: Effort) -> Result<Vec<Case>, AuditError> {
    attack(effort, "between", &BETWEEN, |n, p, draw| {
        let (a, b) = two(draw);
        two_point(n, p, &a, &b)
    })
}

fn unit(i: usize, j: usize) -> Matrix<f64> {
    Matrix::from_fn(2, 2, |k, l| if (k, l) == (i, j) { 1.0 } else { 0.0 })
}

/// N(E_11 +- E_22)^b = 2 = N(E_11)^b + N(E_22)^b.
fn clarkson_attained(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for b in [1.1, 1.5, 2.0] {
        for smooth in Smooth::pair(b)? {
            let measured = two_point(&smooth, order(b), &unit(0, 0), &unit(1, 1))?;
            cases.push(Case { measured, claimed: 1.0, tolerance: ROUNDING, what: smooth.what(order(b)) });
        }
    }
    Ok(cases)
}

/// With A = E_11 + E_22 and B = t(E_11 - E_22), N(A +- B)^2 = 2^{2/b} [((1+t)^b + (1-t)^b)/2]^{2/b}, so that
/// (N(A +- B)^2 - N(A)^2)/N(B)^2 = b - 1 + O(t^2): the next term is at most b^3 t^2 for t <= 1/b.
fn square_attained(_: Effort) -> Result<Vec<Case>, AuditError> {
    let t = 1e-3;
    let a = &unit(0, 0) + &unit(1, 1);
    let step = (&unit(0, 0) - &unit(1, 1)).map(|x| t * x);
    let mut cases = Vec::new();
    for b in [2.0_f64, 3.0, 4.0, 9.0] {
        for smooth in Smooth::pair(b)? {
            let square = |x: &Matrix<f64>| Ok::<f64, AuditError>(smooth.n(x)?.powi(2));
            let middle = 0.5 * (square(&(&a + &step))? + square(&(&a - &step))?);
            // Rounding: some 2^{2/b} ROUNDING/(100 t^2), far below.
            let tolerance = b.powi(3) * t * t + 1e-6;
            let measured = (middle - square(&a)?) / square(&step)?;
            cases.push(Case { measured, claimed: b - 1.0, tolerance, what: smooth.what(order(2.0)) });
        }
    }
    Ok(cases)
}

fn asymmetry(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 1..=40 {
        let p = 1.0 + f64::from(k) / 40.0;
        let c = order(p).asymmetry_factor();
        let z = 2f64.powf(1.0 / (p - 1.0));
        let other = (z - 1.0).powf(p - 1.0);
        let case = |measured: f64, claimed: f64, what: &str| Case {
            measured,
            claimed,
            tolerance: ROUNDING,
            what: format!("{what}, p = {p}"),
        };
        cases.push(case((c - other).abs(), 0.0, "the two forms"));
        cases.push(case(2f64.powf(2.0 - p), c, "2^{2-p} against C_p"));
        cases.push(case(c, 4f64.powf(2.0 - p).min(2.0), "C_p against min{2, 4^{2-p}}"));
    }
    Ok(cases)
}

/// (N(x+v)^p - N(x)^p - p <j(x), v>)/N(v)^p for the Euclidean norm, j(x) = |x|^{p-2} x: what a rare jump v from x, compensated
/// by a drift, adds to the p-th moment per unit of its own.
fn jump(x: &Matrix<f64>, v: &Matrix<f64>, p: f64) -> f64 {
    let size = |x: &Matrix<f64>| inner(x, x).sqrt();
    let slope = size(x).powf(p - 2.0) * inner(x, v);
    (size(&(x + v)).powf(p) - size(x).powf(p) - p * slope) / size(v).powf(p)
}

const ORDERS: [f64; 6] = [1.05, 1.1, 1.25, 1.5, 1.75, 2.0];

fn jumps(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let d = Dimensions::new(1, 4)?;
    let mut cases = Vec::new();
    for p in ORDERS {
        let one = |k| {
            let mut draw = Draw::new(effort, "jumps", k);
            let x = draw.gaussian(d);
            let size = draw.log_between(0.1, 100.0);
            // Mostly against x, where a jump costs most.
            let spread = draw.unit();
            let v = &(&x * -size) + &(&draw.gaussian(d) * (spread * size));
            jump(&x, &v, p)
        };
        let measured = (0..effort.cases(2000, 100_000)).map(one).fold(0.0, f64::max);
        let claimed = order(p).hilbert_factor();
        // Powers of numbers up to 100 times the size of the smaller one: their differences keep twelve digits.
        cases.push(Case { measured, claimed, tolerance: 1e-9, what: format!("p = {p}") });
    }
    Ok(cases)
}

/// The largest jump on the line against a share of a constant.
fn jump_needed(share: f64, constant: fn(MomentOrder) -> f64) -> Result<Vec<Case>, AuditError> {
    let point = |x: f64| Matrix::from_fn(1, 1, |_, _| x);
    let one = |p: f64| {
        let at = |k: u32| jump(&point(1.0), &point(-1.01_f64.powi(k as i32)), p);
        let measured = (0..600).map(at).fold(0.0, f64::max);
        Case { measured, claimed: share * constant(order(p)), tolerance: ROUNDING, what: format!("p = {p}") }
    };
    Ok(ORDERS.map(one).to_vec())
}
