//! The other norms of chapter 70, as far as a small space can tell: moments of their oracles by enumeration in the norm's own
//! dual, and the inequalities that place their blocks.

use std::num::NonZeroUsize;

use heavynorm::norms::combinators::layers::Layer;
use heavynorm::norms::combinators::max_over::MaxOver;
use heavynorm::norms::{ky_fan::KyFan, max_entry::MaxEntry, schatten::Schatten, spectral::Spectral};
use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix, Norm};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};
use crate::Line;

/// Norms of small matrices, and powers of them.
const ROUNDING: f64 = 1e-11;

type Cases = Result<Vec<Case>, AuditError>;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let check = |statement, name, evidence, claim, cases| Check { statement, name, evidence, claim, cases };
    use Claim::{Lower, Tight, Upper};
    use Evidence::{Enumeration, Numerical};
    vec![
        check("THM-LAYERS", "over layers the dual norm is the sum of all blocks", Numerical, Tight, layers),
        check(
            "THM-LAYERS",
            "the moment of one block revealed, over layers",
            Enumeration,
            Upper,
            layers_moment,
        ),
        check("THM-MASKS", "the moment of independent masks, all of them", Enumeration, Upper, masks_moment),
        check("THM-KYFAN", "the moment of one group revealed", Enumeration, Upper, ky_fan_moment),
        check(
            "THM-KYFAN",
            "a step's blocks are at most max{1, B/k} times its norm",
            Numerical,
            Upper,
            ky_fan_steps,
        ),
        check("COR-MAXENTRY", "the moment of one entry revealed", Enumeration, Upper, entries_moment),
        check(
            "COR-MAXENTRY",
            "the mean above eps up to (1 - 1/lambda) mn/q calls",
            Enumeration,
            Lower,
            entries_line,
        ),
    ]
}

fn diagonal(sizes: &[f64]) -> Matrix<f64> {
    Matrix::from_diagonal(sizes.len(), sizes.len(), sizes)
}

/// E||noise||_*^p over 4 (scale)^p q^{1-p}, each outcome with its probability.
fn over_four(outcomes: &[(f64, f64)], scale: f64, p: f64, q: f64) -> f64 {
    let moment: f64 = outcomes.iter().map(|(share, size)| share * size.powf(p)).sum();
    moment / (4.0 * scale.powf(p) * q.powf(1.0 - p))
}

fn ratio(measured: f64, what: String) -> Case {
    Case { measured, claimed: 1.0, tolerance: ROUNDING, what }
}

/// p and q of random settings: q near 1 and near 0.
fn p_and_q(draw: &mut Draw) -> (f64, f64) {
    (draw.order(1.05).p(), if draw.unit() < 0.2 { 1.0 } else { draw.log_between(1e-3, 1.0) })
}

/// A wide layer and a tall one; as many blocks as the smaller sides say.
struct TwoLayers {
    norm: MaxOver<f64>,
    shapes: [Dimensions; 2],
}

const LENGTH: usize = 3;

impl TwoLayers {
    fn new(draw: &mut Draw) -> Result<Self, AuditError> {
        let (a, b) = (draw.whole(1, 4), draw.whole(1, 4));
        let shapes = [Dimensions::new(a, a * LENGTH)?, Dimensions::new(b * LENGTH, b)?];
        let layer = |dimensions| Layer { dimensions, norm: Box::new(Spectral) as Box<dyn Norm<f64>> };
        Ok(Self { norm: MaxOver::new(shapes.map(layer).into())?, shapes })
    }

    fn blocks(&self) -> usize {
        self.shapes.iter().map(|d| d.smaller_side()).sum()
    }

    /// Entry k of block i, blocks in disjoint rows of the first layer and disjoint columns of the second.
    fn pack(&self, entry: &dyn Fn(usize, usize) -> f64) -> Result<Matrix<f64>, AuditError> {
        let [wide, tall] = self.shapes;
        let within = |i: usize, place: usize| (place / LENGTH == i).then_some(place % LENGTH);
        let first =
            Matrix::from_fn(wide.rows(), wide.columns(), |i, j| within(i, j).map_or(0.0, |k| entry(i, k)));
        let second = Matrix::from_fn(tall.rows(), tall.columns(), |i, j| {
            within(j, i).map_or(0.0, |k| entry(wide.rows() + j, k))
        });
        Ok(self.norm.layers().pack(&[first, second])?)
    }
}

fn layers(effort: Effort) -> Cases {
    let one = |k| {
        let mut draw = Draw::new(effort, "layers", k);
        let layers = TwoLayers::new(&mut draw)?;
        let blocks: Vec<[f64; LENGTH]> =
            (0..layers.blocks()).map(|_| [0; LENGTH].map(|_| draw.normal())).collect();
        let measured = layers.norm.dual_value(&layers.pack(&|i, k| blocks[i][k])?)?;
        let claimed: f64 = blocks.iter().map(|b| b.iter().map(|x| x * x).sum::<f64>().sqrt()).sum();
        Ok(Case { measured, claimed, tolerance: ROUNDING * claimed, what: format!("{:?}", layers.shapes) })
    };
    (0..effort.cases(100, 5000)).map(one).collect()
}

fn layers_moment(effort: Effort) -> Cases {
    let one = |k| {
        let mut draw = Draw::new(effort, "layers moment", k);
        let layers = TwoLayers::new(&mut draw)?;
        let (p, q) = p_and_q(&mut draw);
        let n = layers.blocks() as f64;
        let noise = |revealed: Option<usize>| -> Result<f64, AuditError> {
            let factor = |i| if Some(i) == revealed { n / q - 1.0 } else { -1.0 };
            Ok(layers.norm.dual_value(&layers.pack(&|i, k| if k == 1 { factor(i) } else { 0.0 })?)?)
        };
        let mut outcomes = vec![(1.0 - q, noise(None)?)];
        for i in 0..layers.blocks() {
            outcomes.push((q / n, noise(Some(i))?));
        }
        Ok(ratio(over_four(&outcomes, n, p, q), format!("{:?}, p = {p}, q = {q}", layers.shapes)))
    };
    (0..effort.cases(50, 2000)).map(one).collect()
}

/// A = 1: E||noise||_*^p against 6 N^{p/b} q^{-(b-1)p/b}, which is sigma^p at lambda g eps = N^{1/b}; N q >= 1.
fn masks_moment(effort: Effort) -> Cases {
    let one = |k| {
        let mut draw = Draw::new(effort, "masks", k);
        let p = draw.order(1.1).p();
        let b = draw.between(1.05, p);
        let n = draw.whole(1, 7);
        let q = draw.log_between(1.0 / n as f64, 1.0);
        let norm = Schatten::new(b / (b - 1.0))?;
        let mut moment = 0.0;
        for mask in 0..1_u32 << n {
            let shown = |i: usize| mask >> i & 1 == 1;
            let sizes: Vec<f64> = (0..n).map(|i| if shown(i) { 1.0 / q - 1.0 } else { -1.0 }).collect();
            let share: f64 = (0..n).map(|i| if shown(i) { q } else { 1.0 - q }).product();
            moment += share * Norm::<f64>::dual_value(&norm, &diagonal(&sizes))?.powf(p);
        }
        let claimed = 6.0 * (n as f64).powf(p / b) * q.powf(-(b - 1.0) * p / b);
        Ok(ratio(moment / claimed, format!("N = {n}, b = {b}, p = {p}, q = {q}")))
    };
    (0..effort.cases(60, 2000)).map(one).collect()
}

/// r, k and B = floor(r/k).
fn ky_fan(draw: &mut Draw) -> Result<(KyFan, usize, usize), AuditError> {
    let k = draw.whole(1, 5);
    let groups = draw.whole(1, 12 / k);
    Ok((KyFan::new(NonZeroUsize::new(k).ok_or("k is at least 1")?), k, groups))
}

fn ky_fan_moment(effort: Effort) -> Cases {
    let one = |case| {
        let mut draw = Draw::new(effort, "ky fan", case);
        let (norm, k, groups) = ky_fan(&mut draw)?;
        let (p, q) = p_and_q(&mut draw);
        let b = groups as f64;
        let hidden = vec![-1.0; k * groups];
        let mut shown = hidden.clone();
        shown[..k].fill(b / q - 1.0);
        let size = |sizes: &[f64]| Norm::<f64>::dual_value(&norm, &diagonal(sizes));
        let outcomes = [(1.0 - q, size(&hidden)?), (q, size(&shown)?)];
        Ok(ratio(over_four(&outcomes, b, p, q), format!("k = {k}, B = {groups}, p = {p}, q = {q}")))
    };
    (0..effort.cases(200, 5000)).map(one).collect()
}

fn ky_fan_steps(effort: Effort) -> Cases {
    let one = |case| {
        let mut draw = Draw::new(effort, "ky fan steps", case);
        let (norm, k, groups) = ky_fan(&mut draw)?;
        let equal = draw.unit() < 0.3;
        let sizes: Vec<f64> =
            (0..k * groups).map(|_| if equal { 1.0 } else { draw.normal().abs() }).collect();
        let step = diagonal(&sizes);
        let factor = (groups as f64 / k as f64).max(1.0);
        let measured = Norm::<f64>::dual_value(&norm, &step)? / (factor * Norm::<f64>::value(&norm, &step)?);
        Ok(ratio(measured, format!("k = {k}, B = {groups}, sizes {sizes:?}")))
    };
    (0..effort.cases(200, 5000)).map(one).collect()
}

fn entries_moment(effort: Effort) -> Cases {
    let one = |k| {
        let mut draw = Draw::new(effort, "entries", k);
        let d = draw.shape(4);
        let (p, q) = p_and_q(&mut draw);
        let n = d.entries() as f64;
        let noise = |first: f64| {
            let entry = |i, j| if (i, j) == (0, 0) { first } else { -1.0 };
            MaxEntry.dual_value(&Matrix::from_fn(d.rows(), d.columns(), entry))
        };
        let outcomes = [(1.0 - q, noise(-1.0)?), (q, noise(n / q - 1.0)?)];
        Ok(ratio(over_four(&outcomes, n, p, q), format!("{d:?}, p = {p}, q = {q}")))
    };
    (0..effort.cases(200, 5000)).map(one).collect()
}

fn entries_line(effort: Effort) -> Cases {
    let one = |k| {
        let mut draw = Draw::new(effort, "entries line", k);
        let blocks = draw.shape(6).entries();
        let q = draw.log_between(1e-3, 1.0);
        let lambda = draw.between(1.01, 8.0);
        let line = Line { blocks, length: 1, reveal_probability: q, lambda };
        let limit = (1.0 - 1.0 / lambda) * blocks as f64 / q;
        let calls = (limit.ceil() as u64).saturating_sub(1);
        let what = format!("mn = {blocks}, q = {q}, lambda = {lambda}, {calls} calls");
        Case { measured: line.mean(calls), claimed: 1.0, tolerance: ROUNDING, what }
    };
    Ok((0..effort.cases(200, 5000)).map(one).collect())
}
