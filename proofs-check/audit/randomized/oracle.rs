//! The truncated oracle: its law, what it hides, its moment, by enumeration.

use heavynorm::hard_instances::chain;
use heavynorm::hard_instances::frames::Hides;
use heavynorm::hard_instances::frames::truncated::{GATE, known_part};
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::{Claim, Evidence, Matrix, Norm, Problem};

use super::super::draw::Draw;
use super::{
    AuditError, Case, Check, Effort, Size, check, climb, coordinate, coordinates, length, norm, point,
};

pub(super) fn checks() -> Vec<Check> {
    vec![
        check(
            "DEF-TRUNCATED",
            "every outcome of the truncated oracle is the one that the definition writes down",
            Evidence::Enumeration,
            Claim::Tight,
            outcomes,
        ),
        check(
            "LEM-TRUNCATED-JUMP",
            "no search finds more hidden than e^{3/2}",
            Evidence::Numerical,
            Claim::Upper,
            jump,
        ),
        check(
            "LEM-TRUNCATED-JUMP",
            "e^{3/2} is approached by what is hidden",
            Evidence::Numerical,
            Claim::Lower,
            approached,
        ),
        check("LEM-TRUNCATED-JUMP", "w(u, zeta) is at most 1", Evidence::Numerical, Claim::Upper, bracket),
        check(
            "LEM-TRUNCATED-JUMP",
            "what is hidden has no coordinates but k - 1 and k",
            Evidence::Numerical,
            Claim::Upper,
            places,
        ),
        check(
            "LEM-TRUNCATED-MOMENT",
            "the mean over all outcomes of the truncated oracle is the gradient",
            Evidence::Enumeration,
            Claim::Tight,
            unbiased,
        ),
        check(
            "LEM-TRUNCATED-MOMENT",
            "the moment of the truncated oracle over all outcomes is at most 4 (m g c/s)^p q^{1-p}",
            Evidence::Enumeration,
            Claim::Upper,
            moment,
        ),
        check(
            "LEM-TRUNCATED-LOCAL",
            "zeroing what was not shown changes no bit of a response",
            Evidence::Enumeration,
            Claim::Upper,
            |effort| local(effort, Hides::Truncated),
        ),
        check(
            "LEM-TRUNCATED-LOCAL",
            "without truncation zeroing what was not shown changes some responses",
            Evidence::Enumeration,
            Claim::Lower,
            |effort| {
                let changed =
                    local(effort, Hides::FrontierEntry)?.into_iter().map(|case| case.measured).sum();
                let what = "changed entries in all cases together".into();
                Ok(vec![Case { measured: changed, claimed: 1.0, tolerance: 0.0, what }])
            },
        ),
    ]
}

/// h_j from the formula, j from 0.
fn entry(y: &[f64], j: usize) -> f64 {
    let mut h = vec![0.0; y.len()];
    chain::gradient(y, &mut h);
    h[j]
}

fn outcomes(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(60, 600) {
        let mut draw = Draw::new(effort, "outcomes", k);
        let size = Size::draw(&mut draw);
        let instance = size.instance(&mut draw, k as u64, Hides::Truncated)?;
        let chains = instance.chains();
        let x = point(&mut draw, chains);
        let law = instance.law(&x);
        let q = instance.probability();
        let mut worst = (law.outcomes().len() as f64 - (size.rows as f64 + 1.0)).abs();
        for (outcome, (probability, response)) in law.outcomes().iter().enumerate() {
            let expected = if outcome == 0 { 1.0 - q } else { q / size.rows as f64 };
            worst = worst.max((probability - expected).abs());
            for i in 0..size.rows {
                let zeta = if outcome == i + 1 { size.rows as f64 / q } else { 0.0 };
                worst = worst.max(row_error(chains, &x, i, zeta, response));
            }
        }
        cases.push(Case {
            measured: worst,
            claimed: 0.0,
            tolerance: 1e-11,
            what: format!("{size:?}, q = {q}"),
        });
    }
    Ok(cases)
}

/// Row i of a response against the definition, written with J as a matrix; relative to the sizes in it.
fn row_error(
    chains: &heavynorm::hard_instances::RotatedChains,
    x: &Matrix<f64>,
    i: usize,
    zeta: f64,
    response: &Matrix<f64>,
) -> f64 {
    let (at, y, r) = (chains.row(x, i), chains.coordinates(x, i), chains.soft().radius());
    let k = (0..=y.len()).find(|&k| y[k..].iter().all(|y| y.abs() <= 0.5)).unwrap_or(y.len());
    let cut: Vec<f64> = y.iter().enumerate().map(|(j, &y)| if j < k { y } else { 0.0 }).collect();
    let mixed = |j: usize| {
        let known = if k == y.len() {
            entry(&y, j)
        } else if j < k {
            entry(&cut, j)
        } else {
            0.0
        };
        known + zeta * (entry(&y, j) - known)
    };
    let w: Vec<f64> = (0..y.len()).map(mixed).collect();
    let spread = |l: usize| (0..w.len()).map(|j| w[j] * chains.frames().direction(i, j)[l]).sum::<f64>();
    let spread: Vec<f64> = (0..at.len()).map(spread).collect();
    let stretch = (1.0 + length(&at).powi(2) / (r * r)).sqrt();
    let jacobian = |a: usize, b: usize| {
        let identity = if a == b { 1.0 } else { 0.0 };
        (identity - at[a] * at[b] / (stretch * r).powi(2)) / stretch
    };
    let unit = chains.scale() / chains.width();
    let scale = unit * (length(&w) + length(&at) + 1.0);
    let error = |a: usize| {
        let exact: f64 = (0..at.len()).map(|b| jacobian(a, b) * spread[b]).sum::<f64>() + at[a] / 5.0;
        (response[(i, a)] - unit * exact).abs() / scale
    };
    (0..at.len()).map(error).fold(0.0, f64::max)
}

/// ||h - h^0|| at y.
fn hidden(y: &[f64]) -> Vec<f64> {
    let mut h = vec![0.0; y.len()];
    chain::gradient(y, &mut h);
    h.iter().zip(known_part(y)).map(|(h, h0)| h - h0).collect()
}

fn jump(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let g = 1.5_f64.exp();
    let case = |measured: f64, what: String| Case { measured, claimed: g, tolerance: 1e-12, what };
    let mut cases = Vec::new();
    for k in 0..effort.cases(200, 3000) {
        let mut draw = Draw::new(effort, "jump", k);
        let t = draw.whole(1, 6);
        let start: Vec<f64> = (0..t).map(|_| coordinate(&mut draw)).collect();
        cases.push(case(length(&hidden(&start)), format!("T = {t}, at random, {k}")));
        let found = climb(&mut draw, start, effort.cases(200, 400), |y| length(&hidden(y)));
        cases.push(case(found, format!("T = {t}, uphill, {k}")));
    }
    // The two coordinates that matter, on a grid that holds 1/2 and the next number after it.
    let just = 0.5 + f64::EPSILON;
    for a in (0..1200).map(|k| 0.5 + 0.01 * f64::from(k)).chain([just, 1e9]) {
        for b in (0..=100).map(|k| 0.01 * f64::from(k) - 0.5) {
            cases.push(case(length(&hidden(&[a, b, 0.0])), format!("y = ({a}, {b})")));
            cases.push(case(length(&hidden(&[-a, b, 0.0])), format!("y = (-{a}, {b})")));
        }
    }
    Ok(cases)
}

fn approached(_: Effort) -> Result<Vec<Case>, AuditError> {
    let measured = length(&hidden(&[1e9, 0.0]));
    Ok(vec![Case { measured, claimed: 1.5_f64.exp(), tolerance: 1e-7, what: "y = (1e9, 0)".into() }])
}

fn bracket(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let steps = effort.cases(400, 4000);
    let one = |k: usize| {
        // u = v^2 beyond 40 is exp(-80) at most.
        let u = 40.0 * (k as f64 / steps as f64).powi(2);
        let w = |zeta: f64| (-2.0 * u).exp() * ((-zeta).exp() + 16.0 * u.powi(3) * zeta);
        let measured = (0..=50).map(|z| w(0.25 * f64::from(z) / 50.0)).fold(0.0, f64::max);
        Case { measured, claimed: 1.0, tolerance: 0.0, what: format!("u = {u}") }
    };
    Ok((0..=steps).map(one).collect())
}

fn places(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |k: usize| {
        let mut draw = Draw::new(effort, "places", k);
        let t = draw.whole(1, 7);
        let y = coordinates(&mut draw, t);
        let next = chain::progress(&y, GATE);
        let outside =
            hidden(&y).iter().enumerate().filter(|&(j, &d)| d != 0.0 && j + 1 != next && j != next).count();
        Case { measured: outside as f64, claimed: 0.0, tolerance: 0.0, what: format!("{y:?}") }
    };
    Ok((0..effort.cases(1000, 20_000)).map(one).collect())
}

fn unbiased(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(100, 1000) {
        let mut draw = Draw::new(effort, "unbiased", k);
        let size = Size::draw(&mut draw);
        let hides = *draw.pick(&[Hides::Truncated, Hides::FrontierEntry]);
        let instance = size.instance(&mut draw, k as u64, hides)?;
        let x = point(&mut draw, instance.chains());
        let gradient: Matrix<f64> = instance.chains().gradient(&x);
        let largest = instance.law(&x).outcomes().iter().map(|(_, g)| g.max_abs()).fold(0.0, f64::max);
        let measured = (&instance.law(&x).expectation() - &gradient).max_abs();
        let what = format!("{hides:?}, {size:?}");
        cases.push(Case { measured, claimed: 0.0, tolerance: 1e-13 * (1.0 + largest), what });
    }
    Ok(cases)
}

fn moment(effort: Effort) -> Result<Vec<Case>, AuditError> {
    const NORMS: [&str; 4] = ["frobenius", "max-row-l2", "nuclear", "max-entry"];
    let spectral = norm("spectral")?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(100, 1000) {
        let mut draw = Draw::new(effort, "moment", k);
        let size = Size::draw(&mut draw);
        let instance = size.instance(&mut draw, k as u64, Hides::Truncated)?;
        let (chains, q) = (instance.chains(), instance.probability());
        // Nearly the largest jump in all rows at once, now and then: as far as R lets J be nearly 1.
        let large = (0.3 * chains.soft().radius()).min(4.0);
        let mut x = point(&mut draw, chains);
        if size.length >= 2 && draw.unit() < 0.5 {
            let worst = |_| (0..size.length).map(|j| if j == 0 { large } else { 0.0 }).collect();
            x = chains.point(worst).ok_or("inside the ball")?;
        }
        let p = draw.order(1.01);
        let gradient: Matrix<f64> = chains.gradient(&x);
        let law = instance.law(&x);
        let unit =
            size.rows as f64 * chain_constants().frontier_entry.upper * chains.scale() / chains.width();
        let chapter = 4.0 * unit.powf(p.p()) * q.powf(1.0 - p.p());
        let mut add = |norm: &dyn Norm<f64>, claimed: f64| -> Result<(), AuditError> {
            let what = format!("{}, p = {:.3}, q = {q:.3}, {size:?}", norm.label(), p.p());
            let measured = law.dual_moment(norm, p, &gradient)?;
            // q = 1 with one row leaves a noise of rounding errors.
            let tolerance = 1e-11 * claimed;
            cases.push(Case { measured, claimed, tolerance, what });
            Ok(())
        };
        add(&*spectral, chapter)?;
        for name in NORMS.iter().chain(&["spectral"]) {
            let norm = norm(name)?;
            add(&*norm, instance.noise_moment(&*norm, p)?.bound().max(1e-20 * chapter))?;
        }
    }
    Ok(cases)
}

/// Entries whose bits differ between y and y with zeros beyond D, for D = d (nothing shown) and D = d + 1 (shown).
fn local(effort: Effort, hides: Hides) -> Result<Vec<Case>, AuditError> {
    let one = |k: usize| {
        let mut draw = Draw::new(effort, "local", k);
        let t = draw.whole(1, 6);
        let y = coordinates(&mut draw, t);
        let d = draw.whole(chain::progress(&y, GATE), t);
        let mut changed = 0;
        for (reach, zetas) in [(d, vec![0.0]), ((d + 1).min(t), vec![0.0, 1.0, 7.3])] {
            let mut cut = y.clone();
            cut[reach..].fill(0.0);
            for zeta in zetas {
                let (mut whole, mut part) = (vec![0.0; t], vec![0.0; t]);
                hides.respond(&y, zeta, &mut whole);
                hides.respond(&cut, zeta, &mut part);
                part[reach..].fill(0.0);
                changed += whole.iter().zip(&part).filter(|(a, b)| a != b).count();
            }
        }
        Case { measured: changed as f64, claimed: 0.0, tolerance: 0.0, what: format!("d = {d}, y = {y:?}") }
    };
    Ok((0..effort.cases(1000, 20_000)).map(one).collect())
}
