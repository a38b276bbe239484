//! Every randomized algorithm (chapter 60): the soft projection, the rotated instance, its oracle, the auxiliary run, the
//! numbers of the theorem.
//!
//! The theorem's sizes are out of reach except for one row and one direction, which is run as it stands. Everything else is
//! checked where it is true: lemmas about a point at the true R and few columns, lemmas about a run at a small R and as many
//! columns as their own condition wants.

use heavynorm::hard_instances::frames::{Frames, Hides, RotatedChains, RotatedInstance};
use heavynorm::norms;
use heavynorm::spec::{Claim, Evidence, Matrix, Norm};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};

mod instance;
mod oracle;
mod runs;
mod soft;
mod theorem;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    [soft::checks(), instance::checks(), oracle::checks(), runs::checks(), theorem::checks()].concat()
}

/// A check, with what it needs in one line.
const fn check(
    statement: &'static str,
    name: &'static str,
    evidence: Evidence,
    claim: Claim,
    cases: fn(Effort) -> Result<Vec<Case>, AuditError>,
) -> Check {
    Check { statement, name, evidence, claim, cases }
}

fn norm(name: &str) -> Result<Box<dyn Norm<f64>>, AuditError> {
    let table = format!("name = '{name}'");
    Ok(norms::build(&table.parse()?)?)
}

fn length(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn inner(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `size` times a random unit vector.
fn direction(draw: &mut Draw, n: usize, size: f64) -> Vec<f64> {
    let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
    let scale = size / length(&x);
    x.into_iter().map(|x| scale * x).collect()
}

/// The largest value that a random walk uphill finds: steps that shrink when they fail.
fn climb(draw: &mut Draw, mut x: Vec<f64>, steps: usize, value: impl Fn(&[f64]) -> f64) -> f64 {
    let (mut best, mut size) = (value(&x), 0.3 * (1.0 + length(&x)));
    for _ in 0..steps {
        let step = direction(draw, x.len(), size);
        let next: Vec<f64> = x.iter().zip(step).map(|(x, d)| x + d).collect();
        let found = value(&next);
        if found > best {
            (x, best, size) = (next, found, 1.5 * size);
        } else {
            size *= 0.93;
        }
    }
    best
}

/// A coordinate of a chain where something changes: the gates, the places of the suprema, far beyond.
fn coordinate(draw: &mut Draw) -> f64 {
    const PLACES: [f64; 12] = [0.0, 0.25, 0.5, 0.52, 0.6, 0.7016, 0.7604, 0.904, 1.0, 1.5, 4.0, 8.0];
    let size = *draw.pick(&PLACES) * (1.0 + 1e-3 * draw.normal());
    if draw.unit() < 0.5 { size } else { -size }
}

/// Coordinates as a run meets them: a prefix anywhere, then numbers up to 1/2.
fn coordinates(draw: &mut Draw, length: usize) -> Vec<f64> {
    let prefix = draw.whole(0, length);
    let of = |j: usize| if j < prefix { coordinate(draw) } else { draw.between(-0.5, 0.5) };
    (0..length).map(of).collect()
}

/// Numbers of an instance.
#[derive(Debug, Clone, Copy)]
struct Size {
    rows: usize,
    columns: usize,
    length: usize,
    radius: f64,
}

impl Size {
    /// Small ones, with a radius from 2 to 40.
    fn draw(draw: &mut Draw) -> Self {
        let (rows, length) = (draw.whole(1, 4), draw.whole(1, 4));
        let columns = rows.max(length) + draw.whole(0, 8);
        Self { rows, columns, length, radius: draw.log_between(2.0, 40.0) }
    }

    /// The true radius, few columns.
    fn near_theorem(draw: &mut Draw) -> Self {
        let (rows, length) = (draw.whole(1, 4), draw.whole(1, 5));
        let radius = RotatedChains::radius_of_theorem(rows, length);
        Self { rows, columns: rows * length + draw.whole(1, 5), length, radius }
    }

    fn chains(self, seed: u64, (scale, width): (f64, f64)) -> Result<RotatedChains, AuditError> {
        let frames = Frames::independent(self.rows, self.columns, self.length, seed)?;
        Ok(RotatedChains::new(frames, self.radius, scale, width)?)
    }

    fn instance(self, draw: &mut Draw, seed: u64, hides: Hides) -> Result<RotatedInstance, AuditError> {
        let sizes = (draw.log_between(0.25, 4.0), draw.log_between(0.25, 4.0));
        let q = if draw.unit() < 0.1 { 1.0 } else { draw.log_between(0.02, 1.0) };
        Ok(RotatedInstance::new(self.chains(seed, sizes)?, q, hides)?)
    }
}

/// A point with coordinates as a run meets them (shrunk where they do not fit into the ball), partly with something beside the frames.
fn point(draw: &mut Draw, chains: &RotatedChains) -> Matrix<f64> {
    let most = 0.9 * chains.soft().radius();
    let inside = |y: Vec<f64>| {
        let shrink = (most / length(&y)).min(1.0);
        y.into_iter().map(|y| shrink * y).collect()
    };
    let on_frames = chains.point(|_| inside(coordinates(draw, chains.length())));
    let mut x = on_frames.expect("shorter than the radius");
    let beside = *draw.pick(&[0.0, 0.1, 1.0]) * chains.soft().radius() * chains.width();
    let extra = Matrix::from_fn(x.nrows(), x.ncols(), |_, _| draw.normal());
    x.add_scaled(beside / (x.ncols() as f64).sqrt(), &extra);
    x
}
