//! Facts about the chain's two functions and about forms on a chain, beside the constants that follow from them.

use heavynorm::norms::spectral::Spectral;
use heavynorm::spec::{Claim, Evidence, Matrix, Norm};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};
use crate::certificates::bells;
use crate::certificates::branch_and_bound::{self, supremum};
use crate::certificates::interval::Interval;
use crate::certificates::jet::Jet;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check =
        |statement, name, evidence, cases| Check { statement, name, evidence, claim: Claim::Upper, cases };
    vec![
        check(
            "LEM-CHAIN-PSI",
            "Psi' and Psi'' stay below 4.4571 and 32.387",
            Evidence::IntervalCertificate,
            psi,
        ),
        check("LEM-CHAIN-PAY", "payments bound tridiagonal matrices", Evidence::Numerical, quadratic),
        check("LEM-CHAIN-PAY", "payments bound trilinear forms on a chain", Evidence::Numerical, cubic),
    ]
}

/// Rounding of a spectral norm, and of a form, against their sizes.
const ROUNDING: f64 = 1e-12;

fn psi(_: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |order: usize, claimed: f64| {
        let along = |[x]: &[Interval; 1]| {
            let psi = bells::psi(*x);
            Jet { value: psi[order], slope: [psi[order + 1]] }.abs()
        };
        let domain = [Interval::new(0.5, f64::INFINITY)];
        let found = supremum(along, &[domain], branch_and_bound::Effort { width: 1e-6, boxes: 20_000 });
        let what = format!("derivative {order}: at least {} at {}", found.lower, found.point[0]);
        Case { measured: found.upper, claimed, tolerance: 0.0, what }
    };
    Ok(vec![one(1, 4.4571), one(2, 32.387)])
}

/// sup of u^T A u over unit vectors against max_j |A_jj| + x_j + y_j with x_j y_{j+1} = A_{j,j+1}^2.
fn quadratic(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |k| {
        let mut draw = Draw::new(effort, "quadratic", k);
        let n = draw.whole(2, 7);
        let mut a = Matrix::zeros(n, n);
        let mut row = vec![0.0; n];
        for j in 0..n {
            a[(j, j)] = draw.normal();
            row[j] += a[(j, j)].abs();
            if j + 1 < n {
                let (edge, share) = (draw.normal(), draw.log_between(0.2, 5.0));
                (a[(j, j + 1)], a[(j + 1, j)]) = (edge, edge);
                row[j] += edge.abs() * share;
                row[j + 1] += edge.abs() / share;
            }
        }
        let claimed = row.iter().copied().fold(0.0, f64::max);
        let measured = Spectral.value(&a)?;
        Ok(Case { measured, claimed, tolerance: ROUNDING * claimed, what: format!("matrix {k} of side {n}") })
    };
    (0..effort.cases(300, 20_000)).map(one).collect()
}

/// A symmetric trilinear form on a chain.
struct Form {
    own: Vec<f64>,
    /// B_{j,j,j+1} and B_{j,j+1,j+1}.
    edges: Vec<[f64; 2]>,
}

impl Form {
    fn new(draw: &mut Draw) -> Self {
        let n = draw.whole(2, 6);
        let own = (0..n).map(|_| draw.normal()).collect();
        let edges = (1..n).map(|_| [draw.normal(), draw.normal()]).collect();
        Self { own, edges }
    }

    /// B[u, v, .].
    fn contract(&self, u: &[f64], v: &[f64]) -> Vec<f64> {
        let mut w: Vec<f64> = (0..u.len()).map(|j| self.own[j] * u[j] * v[j]).collect();
        for (j, &[p, r]) in self.edges.iter().enumerate() {
            let mixed = u[j] * v[j + 1] + u[j + 1] * v[j];
            w[j] += p * mixed + r * u[j + 1] * v[j + 1];
            w[j + 1] += p * u[j] * v[j] + r * mixed;
        }
        w
    }

    /// A value that B takes on unit vectors, near a local maximum: each of three vectors in turn is put where the form is
    /// largest in it.
    fn attained(&self, draw: &mut Draw) -> f64 {
        let unit = |mut x: Vec<f64>| {
            let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.iter_mut().for_each(|x| *x /= size);
            (x, size)
        };
        let mut vector = || unit((0..self.own.len()).map(|_| draw.normal()).collect()).0;
        let (mut u, mut v) = (vector(), vector());
        let mut value = 0.0;
        for _ in 0..40 {
            let (w, size) = unit(self.contract(&u, &v));
            value = size;
            (u, v) = (v, w);
        }
        value
    }

    fn bound(&self, draw: &mut Draw) -> f64 {
        let mut row: Vec<f64> = self.own.iter().map(|b| b.abs()).collect();
        for (j, &[p, r]) in self.edges.iter().enumerate() {
            let (alpha, beta) = (draw.log_between(0.5, 2.0), draw.log_between(0.5, 2.0));
            row[j] += 2.0 * alpha * p.abs() + r.abs() / (beta * beta);
            row[j + 1] += p.abs() / (alpha * alpha) + 2.0 * beta * r.abs();
        }
        row.into_iter().fold(0.0, f64::max)
    }
}

fn cubic(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |k| {
        let mut draw = Draw::new(effort, "cubic", k);
        let form = Form::new(&mut draw);
        let claimed = form.bound(&mut draw);
        let measured = (0..8).map(|_| form.attained(&mut draw)).fold(0.0, f64::max);
        Case { measured, claimed, tolerance: ROUNDING * claimed, what: format!("form {k}") }
    };
    Ok((0..effort.cases(300, 20_000)).map(one).collect())
}
