//! The rotated objective: its frames, its class, and what is left of its gradient.

use heavynorm::hard_instances::frames::{Frames, RotatedChains};
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::laws::{ProblemLaw, ProblemSample, problem_laws};
use heavynorm::spec::{Claim, Evidence, Matrix, Norm, Problem};

use super::super::draw::Draw;
use super::{
    AuditError, Case, Check, Effort, Size, check, climb, coordinates, direction, inner, length, norm, point,
};
use crate::lower_bounds::l3::{GRADIENT_OFFSET, HESSIAN_OFFSET, LEFT};

pub(super) fn checks() -> Vec<Check> {
    vec![
        check(
            "DEF-FRAMES",
            "the directions of a frame are orthonormal",
            Evidence::Numerical,
            Claim::Tight,
            orthonormal,
        ),
        check(
            "DEF-FRAMES",
            "gradient and Hessian of the rotated instance are the limits of differences",
            Evidence::Numerical,
            Claim::Upper,
            |effort| laws(effort, "differences", &["gradient", "Hessian", "symmetry"]),
        ),
        check(
            "LEM-FRAMES-CLASS",
            "gradients and Hessians of the rotated instance change no faster than L and rho",
            Evidence::Numerical,
            Claim::Upper,
            |effort| laws(effort, "class", &["A1", "A2", "A4", "descent"]),
        ),
        check(
            "LEM-FRAMES-CLASS",
            "no search finds a larger Hessian of the rotated instance than L",
            Evidence::Numerical,
            Claim::Upper,
            search,
        ),
        check(
            "LEM-FRAMES-CLASS",
            "L and rho of the rotated instance are attained up to what the bounds on the chain give away",
            Evidence::Numerical,
            Claim::Lower,
            attained,
        ),
        check(
            "LEM-FRAMES-CLASS",
            "the soft projection adds at most 0.28 and 1.56 at the radius of the theorem",
            Evidence::Numerical,
            Claim::Upper,
            offsets,
        ),
        check(
            "LEM-NEAR-FAR",
            "an incomplete row near the centre leaves 0.633",
            Evidence::Numerical,
            Claim::Lower,
            near,
        ),
        check(
            "LEM-NEAR-FAR",
            "a row far out leaves 3.85 sqrt(max{T, m})",
            Evidence::Numerical,
            Claim::Lower,
            far,
        ),
        check(
            "LEM-LEFT",
            "incomplete rows leave 0.612 each in the nuclear norm",
            Evidence::Numerical,
            Claim::Lower,
            left,
        ),
        check(
            "LEM-LEFT",
            "the larger of the two bounds is above 0.612 for every share of far rows",
            Evidence::Numerical,
            Claim::Lower,
            shares,
        ),
    ]
}

fn orthonormal(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(20, 200) {
        let mut draw = Draw::new(effort, "orthonormal", k);
        let (m, t) = (draw.whole(1, 4), draw.whole(1, 6));
        let n = m * t + draw.whole(0, 40);
        for (kind, frames) in [
            ("independent", Frames::independent(m, n, t, k as u64)?),
            ("common", Frames::common(m, n, t, k as u64)?),
        ] {
            let mut worst = 0.0_f64;
            for (i, j) in (0..m).flat_map(|i| (0..t).map(move |j| (i, j))) {
                for (a, b) in (0..m).flat_map(|a| (0..t).map(move |b| (a, b))) {
                    if kind == "common" || a == i {
                        let expected = if (i, j) == (a, b) { 1.0 } else { 0.0 };
                        let found = inner(frames.direction(i, j), frames.direction(a, b));
                        worst = worst.max((found - expected).abs());
                    }
                }
            }
            let what = format!("{kind}, m = {m}, n = {n}, T = {t}");
            cases.push(Case { measured: worst, claimed: 0.0, tolerance: 1e-13, what });
        }
    }
    Ok(cases)
}

const NORMS: [&str; 6] = ["spectral", "frobenius", "nuclear", "max-row-l2", "sum-row-l2", "max-entry"];

/// The named laws of a problem, on pairs of every distance.
fn laws(effort: Effort, name: &str, wanted: &[&str]) -> Result<Vec<Case>, AuditError> {
    let laws: Vec<ProblemLaw> = problem_laws().into_iter().filter(|law| wanted.contains(&law.name)).collect();
    let frobenius = norm("frobenius")?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(60, 600) {
        let mut draw = Draw::new(effort, name, k);
        let size = Size::draw(&mut draw);
        let sizes = (draw.log_between(0.25, 4.0), draw.log_between(0.25, 4.0));
        let chains = size.chains(k as u64, sizes)?;
        let (x, mut y, z) = (point(&mut draw, &chains), point(&mut draw, &chains), point(&mut draw, &chains));
        if draw.unit() < 0.5 {
            y = &x + &(&y * draw.log_between(1e-4, 1.0));
        }
        let text = *draw.pick(&NORMS);
        let norm = norm(text)?;
        let sample = ProblemSample { x: &x, y: &y, z: &z, norm: &*norm, frobenius: &*frobenius };
        for law in &laws {
            let sides = (law.sides)(&chains, &sample)?;
            // A change is a difference of two rounded numbers of the size of the values themselves.
            let rounding = 1e-11 * (sides.left.abs() + sides.right.abs()) + 1e-12 * chains.scale();
            let what = format!("{} in {text}, {size:?}", law.name);
            cases.push(Case { measured: sides.left, claimed: sides.right, tolerance: rounding, what });
        }
    }
    Ok(cases)
}

/// ||D^2 f(X)[Z]||_*/||Z||, uphill in y and Z.
fn search(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let spectral = norm("spectral")?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(12, 100) {
        let mut draw = Draw::new(effort, "search", k);
        let (rows, t) = (draw.whole(1, 2), draw.whole(1, 3));
        let size = Size { rows, columns: t + 3, length: t, radius: draw.log_between(1.0, 300.0) };
        let chains = size.chains(k as u64, (1.0, 1.0))?;
        let places = rows * t;
        let mut start: Vec<f64> = (0..rows).flat_map(|_| coordinates(&mut draw, t)).collect();
        start.extend(direction(&mut draw, rows * size.columns, 1.0));
        let curvature = |v: &[f64]| {
            let inside = |y: &[f64]| {
                let shrink = (0.95 * size.radius / length(y)).min(1.0);
                y.iter().map(|y| shrink * y).collect()
            };
            let Some(x) = chains.point(|i| inside(&v[i * t..][..t])) else { return 0.0 };
            let z = Matrix::from_fn(rows, size.columns, |i, j| v[places + i * size.columns + j]);
            let image = chains.hessian_action(&x, &z);
            match (spectral.dual_value(&image), spectral.value(&z)) {
                (Ok(image), Ok(z)) => image / z,
                _ => f64::NAN,
            }
        };
        let measured = climb(&mut draw, start, 250, curvature);
        let claimed = Problem::<f64>::smoothness(&chains, &*spectral)?.in_norm(&*spectral)?;
        cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what: format!("{size:?}") });
    }
    Ok(cases)
}

/// At y_i = (0, -b, -8) in every row, the frames orthonormal all together and R that of the theorem, along u_{i,2} in every row
/// (operator norm 1): the second derivative of each row is sup Psi'' sqrt(2 pi e) + 1/5 for b = 0.76042 (LEM-CHAIN-LOWER), the
/// third sup Psi''' sqrt(2 pi e) at b = 0.70163, up to what J and the step of the difference take away.
fn attained(_: Effort) -> Result<Vec<Case>, AuditError> {
    let spectral = norm("spectral")?;
    let (rows, length, scale, width) = (3, 3, 0.7, 1.3);
    let frames = Frames::common(rows, rows * length + 2, length, 1)?;
    let z = Matrix::from_fn(rows, frames.columns(), |i, k| width * frames.direction(i, 1)[k]);
    let chains = RotatedChains::new(frames, RotatedChains::radius_of_theorem(rows, length), scale, width)?;
    let at = |b: f64| chains.point(|_| vec![0.0, -b, -8.0]).ok_or("inside the ball");
    let action = |b: f64| -> Result<Matrix<f64>, AuditError> { Ok(chains.hessian_action(&at(b)?, &z)) };
    let unit = scale * rows as f64 / width;
    let hessian = spectral.dual_value(&action(0.76042)?)? / unit;
    let (b, h) = (0.70163, 1e-4);
    let change = &action(b + h)? - &action(b - h)?;
    let distance = spectral.value(&(&at(b + h)? - &at(b - h)?))? / width;
    let third = spectral.dual_value(&change)? / (unit * distance);
    let case = |measured, claimed: f64, what: &str| Case {
        measured,
        claimed,
        tolerance: 2e-3 * claimed,
        what: what.into(),
    };
    Ok(vec![case(hessian, 133.845 + 0.2, "ell_1' of a row"), case(third, 1891.6, "ell_2' of a row")])
}

fn offsets(_: Effort) -> Result<Vec<Case>, AuditError> {
    let c = chain_constants();
    let mut cases = Vec::new();
    for (rows, length) in [(1, 1), (1, 7), (5, 2), (3, 3), (2, 60)] {
        let radius = RotatedChains::radius_of_theorem(rows, length);
        let size = Size { rows, columns: length, length, radius };
        let chains = size.chains(1, (1.0, 1.0))?;
        let gap = Problem::<f64>::gap(&chains)?.delta();
        // Most of the gap is there at y = (3, .., 3), before the square weighs in.
        let deep = chains.point(|_| vec![3.0; length]).ok_or("inside the ball")?;
        let start = Problem::<f64>::start(&chains);
        let drop: f64 = chains.objective(&start) - chains.objective(&deep);
        for (measured, claimed, what) in [
            (chains.row_smoothness() - c.gradient_lipschitz.upper, GRADIENT_OFFSET, "ell_1' - ell_1"),
            (chains.row_hessian_lipschitz() - c.hessian_lipschitz.upper, HESSIAN_OFFSET, "ell_2' - ell_2"),
            (drop, gap, "what f falls by"),
            (gap, c.gap_per_coordinate.upper * (rows * length) as f64, "Delta/c"),
        ] {
            let what = format!("{what} at m = {rows}, T = {length}");
            cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what });
        }
    }
    Ok(cases)
}

/// s/c times row i of the gradient.
fn scaled_row(chains: &RotatedChains, gradient: &Matrix<f64>, i: usize) -> Vec<f64> {
    let unit = chains.width() / chains.scale();
    (0..gradient.ncols()).map(|k| unit * gradient[(i, k)]).collect()
}

/// A row with prog_1 < T at a given distance, or further out if y alone is: y as a run meets it, the rest beside the frame.
fn row_at(draw: &mut Draw, chains: &RotatedChains, i: usize, distance: f64) -> Vec<f64> {
    let t = chains.length();
    let mut y = coordinates(draw, t);
    if draw.unit() < 0.2 {
        // No entry of the gradient but the next one, and that at its smallest.
        y.fill(0.0);
    }
    // The last coordinate keeps the row incomplete, at its edge as often as not.
    let edge = if draw.unit() < 0.5 { 1.0 } else { draw.unit() };
    y[t - 1] = if draw.unit() < 0.5 { -edge } else { edge };
    let target = distance / (1.0 + (distance / chains.soft().radius()).powi(2)).sqrt();
    let mut beside = direction(draw, chains.frames().columns(), 1.0);
    let mut rho = vec![0.0; beside.len()];
    for (j, y) in y.iter().enumerate() {
        let u = chains.frames().direction(i, j);
        let share = inner(&beside, u);
        beside.iter_mut().zip(u).for_each(|(b, u)| *b -= share * u);
        rho.iter_mut().zip(u).for_each(|(rho, u)| *rho += y * u);
    }
    let missing = (target * target - inner(&y, &y)).max(0.0).sqrt() / length(&beside);
    rho.iter_mut().zip(beside).for_each(|(rho, b)| *rho += missing * b);
    chains.soft().preimage(&rho).unwrap_or(rho)
}

fn placed(draw: &mut Draw, seed: u64) -> Result<RotatedChains, AuditError> {
    let size = Size::near_theorem(draw);
    let frames = Frames::common(size.rows, size.columns, size.length, seed)?;
    let sizes = (draw.log_between(0.25, 4.0), draw.log_between(0.25, 4.0));
    Ok(RotatedChains::new(frames, size.radius, sizes.0, sizes.1)?)
}

fn matrix(chains: &RotatedChains, rows: &[Vec<f64>]) -> Matrix<f64> {
    Matrix::from_fn(rows.len(), rows[0].len(), |i, k| chains.width() * rows[i][k])
}

fn near(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(150, 2000) {
        let mut draw = Draw::new(effort, "near", k);
        let chains = placed(&mut draw, k as u64)?;
        // Half of R, rounding aside, and nearer.
        let share = if draw.unit() < 0.5 { 0.5 - 1e-9 } else { draw.between(0.0, 0.5) };
        let rows: Vec<Vec<f64>> = (0..chains.rows())
            .map(|i| row_at(&mut draw, &chains, i, share * chains.soft().radius()))
            .collect();
        let x = matrix(&chains, &rows);
        let gradient: Matrix<f64> = chains.gradient(&x);
        for (i, before) in chains.progress(&x, 1.0).into_iter().enumerate() {
            if before < chains.length() && length(&rows[i]) <= 0.5 * chains.soft().radius() {
                let row = scaled_row(&chains, &gradient, i);
                let measured = inner(chains.frames().direction(i, before), &row).abs();
                let what = format!("row {i}, prog_1 = {before}, |x| = {share:.3} R, seed {k}");
                cases.push(Case { measured, claimed: 0.633, tolerance: 1e-12, what });
            }
        }
    }
    Ok(cases)
}

fn far(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(100, 1000) {
        let mut draw = Draw::new(effort, "far", k);
        let chains = placed(&mut draw, k as u64)?;
        let root = (chains.rows().max(chains.length()) as f64).sqrt();
        let share = if draw.unit() < 0.5 { 0.5 + 1e-9 } else { draw.log_between(0.5, 50.0) };
        let rows: Vec<Vec<f64>> = (0..chains.rows())
            .map(|i| row_at(&mut draw, &chains, i, share * chains.soft().radius()))
            .collect();
        let gradient: Matrix<f64> = chains.gradient(&matrix(&chains, &rows));
        for i in (0..rows.len()).filter(|&i| length(&rows[i]) >= 0.5 * chains.soft().radius()) {
            let measured = length(&scaled_row(&chains, &gradient, i));
            let what = format!("row {i}, |x| = {share:.3} R, seed {k}");
            cases.push(Case { measured, claimed: 3.85 * root, tolerance: 1e-12, what });
        }
    }
    Ok(cases)
}

/// With frames that are orthonormal all together every selection has operator norm 1, less than 1.0066.
fn left(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let spectral = norm("spectral")?;
    let mut cases = Vec::new();
    for k in 0..effort.cases(100, 1000) {
        let mut draw = Draw::new(effort, "left", k);
        let chains = placed(&mut draw, k as u64)?;
        let rows: Vec<Vec<f64>> = (0..chains.rows())
            .map(|i| {
                let anywhere = draw.between(0.0, 2.0);
                let share = *draw.pick(&[0.0, 0.0, 0.25 * anywhere, anywhere]);
                row_at(&mut draw, &chains, i, share * chains.soft().radius())
            })
            .collect();
        let x = matrix(&chains, &rows);
        let incomplete = chains.progress(&x, 1.0).into_iter().filter(|&p| p < chains.length()).count();
        let gradient: Matrix<f64> = chains.gradient(&x);
        let measured = spectral.dual_value(&gradient)? * chains.width() / chains.scale();
        let claimed = LEFT * incomplete as f64;
        let what = format!("{incomplete} incomplete rows of {}, seed {k}", chains.rows());
        cases.push(Case { measured, claimed, tolerance: 1e-12 * (1.0 + claimed), what });
    }
    Ok(cases)
}

fn shares(_: Effort) -> Result<Vec<Case>, AuditError> {
    let one = |k: usize| {
        let theta = f64::from(k as u32) / 1e5;
        let measured = (0.633 / 1.0066 * (1.0 - theta)).max(3.85 * theta.sqrt());
        Case { measured, claimed: LEFT, tolerance: 0.0, what: format!("a share {theta} of far rows") }
    };
    // And the number of one near row itself, at |x| = R/2 and |y_j| = 1.
    let stretch = 1.25_f64.sqrt();
    let row =
        (1.0 - 0.5 / stretch * chain_constants().gradient_entry.upper / 230.0) / stretch - stretch / 5.0;
    let mut cases: Vec<Case> = (0..=100_000).map(one).collect();
    cases.push(Case {
        measured: row,
        claimed: 0.633,
        tolerance: 0.0,
        what: "one near row, in closed form".into(),
    });
    let far = 23.0 - chain_constants().gradient_entry.upper / stretch;
    cases.push(Case {
        measured: far,
        claimed: 3.85,
        tolerance: 0.0,
        what: "one far row, in closed form".into(),
    });
    Ok(cases)
}
