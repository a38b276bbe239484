//! The soft projection: its derivatives against differences, and their suprema.

use heavynorm::hard_instances::frames::SoftProjection;
use heavynorm::hard_instances::frames::soft::{SECOND_DERIVATIVE, THIRD_DERIVATIVE};
use heavynorm::spec::{Claim, Evidence};

use super::super::draw::Draw;
use super::{AuditError, Case, Check, Effort, check, climb, direction, length};

pub(super) fn checks() -> Vec<Check> {
    vec![
        check(
            "DEF-SOFT",
            "J of the soft projection is the limit of differences",
            Evidence::Numerical,
            Claim::Tight,
            |effort| differences(effort, "jacobian", jacobian),
        ),
        check(
            "LEM-SOFT",
            "the second and third derivatives of the soft projection are the limits of differences",
            Evidence::Numerical,
            Claim::Tight,
            |effort| {
                let mut cases = differences(effort, "second", second)?;
                cases.extend(differences(effort, "third", third)?);
                Ok(cases)
            },
        ),
        check(
            "LEM-SOFT",
            "no search finds a larger derivative of the soft projection than stated",
            Evidence::Numerical,
            Claim::Upper,
            suprema,
        ),
        check(
            "LEM-SOFT",
            "the stated derivatives of the soft projection are attained",
            Evidence::Numerical,
            Claim::Tight,
            attained,
        ),
        check(
            "LEM-SOFT",
            "images lie in the ball, and J contracts by 1/varrho",
            Evidence::Numerical,
            Claim::Upper,
            contraction,
        ),
    ]
}

/// A projection, a point anywhere between the middle and far outside, and a unit vector.
fn place(draw: &mut Draw) -> Result<(SoftProjection, Vec<f64>, Vec<f64>), AuditError> {
    let (n, r) = (draw.whole(1, 8), draw.log_between(0.5, 500.0));
    let size = r * draw.log_between(1e-3, 1e2);
    Ok((SoftProjection::new(r)?, direction(draw, n, size), direction(draw, n, 1.0)))
}

/// A derivative at a point along z, and the same by a central difference of what it is the derivative of, both in units of R.
type Pair = fn(SoftProjection, &[f64], &[f64], f64) -> [Vec<f64>; 2];

fn along(x: &[f64], z: &[f64], h: f64) -> Vec<f64> {
    x.iter().zip(z).map(|(x, z)| x + h * z).collect()
}

fn central(x: &[f64], z: &[f64], h: f64, of: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let (up, down) = (of(&along(x, z, h)), of(&along(x, z, -h)));
    up.iter().zip(down).map(|(up, down)| (up - down) / (2.0 * h)).collect()
}

fn jacobian(soft: SoftProjection, x: &[f64], z: &[f64], h: f64) -> [Vec<f64>; 2] {
    [soft.jacobian_action(x, z), central(x, z, h, |x| soft.image(x))]
}

fn second(soft: SoftProjection, x: &[f64], z: &[f64], h: f64) -> [Vec<f64>; 2] {
    [soft.second(x, z, z), central(x, z, h, |x| soft.jacobian_action(x, z))]
}

fn third(soft: SoftProjection, x: &[f64], z: &[f64], h: f64) -> [Vec<f64>; 2] {
    [soft.third(x, z), central(x, z, h, |x| soft.second(x, z, z))]
}

/// With h = 1e-4 R the truncation error is h^2/6 times the next derivative but one, in units of R^{1-k} at most 45 (the derivatives of
/// sqrt(1+u^2) up to the sixth order): 7.5e-8. Rounding: some units in the last place of x/R and of what is differenced, over h.
fn differences(effort: Effort, name: &str, pair: Pair) -> Result<Vec<Case>, AuditError> {
    let order =
        ["jacobian", "second", "third"].iter().position(|k| *k == name).ok_or("no such derivative")?;
    let one = |k: usize| {
        let (soft, x, z) = place(&mut Draw::new(effort, name, k))?;
        let (r, share) = (soft.radius(), 1e-4);
        let [exact, found] = pair(soft, &x, &z, share * r);
        let unit = r.powi(order as i32);
        let error: Vec<f64> = exact.iter().zip(&found).map(|(a, b)| unit * (a - b)).collect();
        let size = length(&x) / r;
        Ok(Case {
            measured: length(&error),
            claimed: 0.0,
            tolerance: 45.0 / 6.0 * share * share + 64.0 * f64::EPSILON * (1.0 + size) / share,
            what: format!("{name}: R = {r:.3}, |x|/R = {size:.3}, n = {}", x.len()),
        })
    };
    (0..effort.cases(300, 5000)).map(one).collect()
}

fn suprema(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(30, 300) {
        let mut draw = Draw::new(effort, "suprema", k);
        let (soft, x, z) = place(&mut draw)?;
        let (n, r) = (x.len(), soft.radius());
        // x in units of R, two directions behind it.
        let mut start: Vec<f64> = x.iter().map(|x| (x / r).clamp(-2.0, 2.0)).collect();
        start.extend(&z);
        start.extend(direction(&mut draw, n, 1.0));
        let at = |v: &[f64]| v[..n].iter().map(|x| r * x).collect::<Vec<f64>>();
        let bend = |v: &[f64]| {
            let (z, w) = v[n..].split_at(n);
            r * length(&soft.second(&at(v), z, w)) / (length(z) * length(w))
        };
        let twist = |v: &[f64]| {
            let z = &v[n..2 * n];
            r * r * length(&soft.third(&at(v), z)) / length(z).powi(3)
        };
        let second = climb(&mut draw, start.clone(), 300, bend);
        let third = climb(&mut draw, start, 300, twist);
        let what = format!("R = {r:.3}, n = {n}");
        let tolerance = 1e-12;
        cases.push(Case { measured: second, claimed: SECOND_DERIVATIVE, tolerance, what: what.clone() });
        cases.push(Case { measured: third, claimed: THIRD_DERIVATIVE, tolerance, what });
    }
    Ok(cases)
}

fn attained(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..20 {
        let mut draw = Draw::new(effort, "attained", k);
        let (soft, _, z) = place(&mut draw)?;
        let r = soft.radius();
        let half: Vec<f64> = z.iter().map(|z| 0.5 * r * z).collect();
        let second = r * length(&soft.second(&half, &z, &z));
        let third = r * r * length(&soft.third(&vec![0.0; z.len()], &z));
        let what = format!("R = {r:.3}, n = {}", z.len());
        let closed = 1.5 * 1.25f64.powf(-2.5);
        cases.push(Case { measured: second, claimed: closed, tolerance: 1e-14, what: what.clone() });
        cases.push(Case { measured: third, claimed: 3.0, tolerance: 1e-14, what: what.clone() });
        // The constant of the code is this number, rounded up in the fourth digit.
        cases.push(Case { measured: SECOND_DERIVATIVE, claimed: closed, tolerance: 5e-5, what });
    }
    Ok(cases)
}

fn contraction(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(200, 3000) {
        let mut draw = Draw::new(effort, "contraction", k);
        let (soft, x, z) = place(&mut draw)?;
        let what = format!("R = {:.3}, |x| = {:.3e}", soft.radius(), length(&x));
        let case =
            |measured, claimed| Case { measured, claimed, tolerance: 1e-14 * claimed, what: what.clone() };
        cases.push(case(length(&soft.image(&x)), soft.radius()));
        cases.push(case(length(&soft.jacobian_action(&x, &z)), 1.0 / soft.stretch(&x)));
        let back = soft.preimage(&soft.image(&x)).ok_or("an image lies in the ball")?;
        let error: Vec<f64> = back.iter().zip(&x).map(|(a, b)| a - b).collect();
        // 1 - ||y||^2/R^2 = 1/varrho^2 carries an error of a few u.
        let condition = soft.stretch(&x).powi(2) * length(&x);
        cases.push(Case { measured: length(&error), claimed: 1e-14 * condition, tolerance: 0.0, what });
    }
    Ok(cases)
}
