//! K_p from both sides: sums of signed matrices by enumeration, and trees of martingale differences by search.
//!
//! A lower bound on K_p is a claim about one family of matrices, so it is checked where it is attained: every pattern of
//! signs is summed. An upper bound is a claim about all martingales, which no search exhausts; what a search can do is break
//! it, from starts that are extremal for some norm.

use heavynorm::norms::combinators::layers::Layer;
use heavynorm::norms::combinators::{max_over::MaxOver, sum_over::SumOver, weighted::Weighted};
use heavynorm::norms::{self, max_entry::MaxEntry, spectral::Spectral};
use heavynorm::spec::{Claim, Dimensions, Evidence, Matrix, MomentOrder, Norm, ZeroRespecting, inner};

use super::draw::Draw;
use super::{AuditError, Case, Check, Effort};

type AnyNorm = Box<dyn Norm<f64>>;

/// Powers with exponent p of norms that are good to about a hundred roundings.
const ROUNDING: f64 = 1e-12;

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    vec![
        Check {
            statement: "COR-K-TABLE",
            name: "signed sums reach the lower bound on K_p in every norm",
            evidence: Evidence::Enumeration,
            claim: Claim::Lower,
            cases: lower,
        },
        Check {
            statement: "COR-K-TABLE",
            name: "signed sums reach the upper bound on K_2 where the table has no gap",
            evidence: Evidence::Enumeration,
            claim: Claim::Tight,
            cases: no_gap,
        },
        Check {
            statement: "COR-K-TABLE",
            name: "no martingale tree found by search exceeds the upper bound on K_p, in every norm",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: upper,
        },
        Check {
            statement: "LEM-DUALISE",
            name: "where a norm is smooth the power of its dual is convex to the stated order",
            evidence: Evidence::Numerical,
            claim: Claim::Lower,
            cases: dualise,
        },
        Check {
            statement: "LEM-MIDPOINT",
            name: "tangents to the power of a smooth norm stay below it up to tau C_p ||V||^p",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: tangents,
        },
        Check {
            statement: "LEM-HILBERT-MAP",
            name: "the duality map of a Hilbert norm is Hoelder with the factor 2^(1-e), attained at opposite points",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: hilbert_map,
        },
        Check {
            statement: "LEM-K-MAXOVER",
            name: "over layers the lower bounds on kappa add",
            evidence: Evidence::Enumeration,
            claim: Claim::Tight,
            cases: layers,
        },
    ]
}

fn order(p: f64) -> MomentOrder {
    MomentOrder::new(p).expect("inside (1, 2]")
}

fn orders(effort: Effort) -> Vec<MomentOrder> {
    let all: &[f64] = if effort.quick { &[1.1, 1.5, 2.0] } else { &[1.01, 1.1, 1.25, 1.5, 1.75, 2.0] };
    all.iter().map(|&p| order(p)).collect()
}

fn dimensions(rows: usize, columns: usize) -> Dimensions {
    Dimensions::new(rows, columns).expect("sides are at least 1")
}

fn place(d: Dimensions, at: &[(usize, usize)], value: impl Fn(usize) -> f64) -> Matrix<f64> {
    let mut x = Matrix::zeros(d.rows(), d.columns());
    for (k, &(i, j)) in at.iter().enumerate() {
        x[(i, j)] = value(k);
    }
    x
}

/// Places on which the lower bounds of the table live: the diagonal, one row, one column, all entries.
fn places(d: Dimensions) -> Vec<Vec<(usize, usize)>> {
    let all = (0..d.rows()).flat_map(|i| (0..d.columns()).map(move |j| (i, j))).collect();
    vec![
        (0..d.smaller_side()).map(|i| (i, i)).collect(),
        (0..d.columns()).map(|j| (0, j)).collect(),
        (0..d.rows()).map(|i| (i, 0)).collect(),
        all,
    ]
}

/// Families D_1, .., D_k, k <= 16, of matrices that live on some places: blocks of units, and all patterns of k signs (up
/// to a common sign), each on several places.
fn families(d: Dimensions) -> Vec<Vec<Matrix<f64>>> {
    let mut families = Vec::new();
    for at in places(d) {
        for block in 1..=at.len() {
            let units: Vec<_> = at.chunks_exact(block).map(|chunk| place(d, chunk, |_| 1.0)).collect();
            families.extend((1..=units.len().min(16)).map(|count| units[..count].to_vec()));
        }
        for signs in 2..=usize::BITS as usize {
            let most = at.len() >> (signs - 1);
            if most == 0 {
                break;
            }
            for repeats in 1..=most {
                let used = &at[..repeats << (signs - 1)];
                let sign =
                    |bit: usize| move |k: usize| if (k / repeats) >> bit & 1 == 0 { 1.0 } else { -1.0 };
                families.push((0..signs).map(|bit| place(d, used, sign(bit))).collect());
            }
        }
    }
    families
}

/// E||sum of +-D_i||_*^p over sum ||D_i||_*^p, for several p: every pattern of signs, a common sign apart.
fn ratios(
    norm: &dyn Norm<f64>,
    family: &[Matrix<f64>],
    orders: &[MomentOrder],
) -> Result<Vec<f64>, AuditError> {
    let each = family.iter().map(|d| norm.dual_value(d)).collect::<Result<Vec<_>, _>>()?;
    let patterns = 1_u32 << (family.len() - 1);
    let mut sums = Vec::with_capacity(patterns as usize);
    for pattern in 0..patterns {
        let mut sum = family[family.len() - 1].clone();
        for (i, d) in family[..family.len() - 1].iter().enumerate() {
            sum.add_scaled(if pattern >> i & 1 == 0 { 1.0 } else { -1.0 }, d);
        }
        sums.push(norm.dual_value(&sum)?);
    }
    let power = |values: &[f64], p: f64| values.iter().map(|x| x.powf(p)).sum::<f64>();
    let ratio = |p: &MomentOrder| power(&sums, p.p()) / f64::from(patterns) / power(&each, p.p());
    Ok(orders.iter().map(ratio).collect())
}

/// The largest ratio over the families for each p; 1 is always there, a single difference.
fn best(
    norm: &dyn Norm<f64>,
    families: &[Vec<Matrix<f64>>],
    orders: &[MomentOrder],
) -> Result<Vec<f64>, AuditError> {
    let mut best = vec![1.0_f64; orders.len()];
    for family in families {
        for (best, ratio) in best.iter_mut().zip(ratios(norm, family, orders)?) {
            *best = best.max(ratio);
        }
    }
    Ok(best)
}

/// Norms defined on every shape.
fn everywhere() -> Vec<AnyNorm> {
    let all = norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
    all.flat_map(|entry| (entry.examples)()).filter(|norm| norm.space().is_none()).collect()
}

/// A norm and the families for it, on a space.
struct Subject {
    norm: AnyNorm,
    space: Dimensions,
    families: Vec<Vec<Matrix<f64>>>,
}

/// ||A X B||: what attains the bound of the norm in the middle does so after D -> A^T D B^T.
fn weighted() -> Result<Vec<Subject>, AuditError> {
    let a = Matrix::from_rows(&[[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.5, 0.0, 1.0]])?;
    let b = Matrix::from_rows(&[
        [1.0, 0.5, 0.0, 0.0],
        [0.0, 2.0, 0.0, 1.0],
        [0.0, 0.0, 1.0, 0.0],
        [1.0, 0.0, 0.0, 4.0],
    ])?;
    let space = dimensions(3, 4);
    let through =
        |d: &Matrix<f64>| Matrix::from(a.as_mat().transpose() * d.as_mat() * b.as_mat().transpose());
    let families: Vec<Vec<_>> = families(space).iter().map(|f| f.iter().map(through).collect()).collect();
    let norms: [AnyNorm; 2] =
        [Box::new(Weighted::new(&a, Spectral, &b)?), Box::new(Weighted::new(&a, MaxEntry, &b)?)];
    Ok(norms.into_iter().map(|norm| Subject { norm, space, families: families.clone() }).collect())
}

fn subjects(effort: Effort) -> Result<Vec<Subject>, AuditError> {
    let shapes: &[(usize, usize)] = if effort.quick { &[(4, 4)] } else { &[(4, 4), (2, 8), (5, 3)] };
    let mut subjects = weighted()?;
    for &(rows, columns) in shapes {
        let space = dimensions(rows, columns);
        let families = families(space);
        let subject = |norm| Subject { norm, space, families: families.clone() };
        subjects.extend(everywhere().into_iter().map(subject));
    }
    Ok(subjects)
}

fn lower(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let orders = orders(effort);
    let mut cases = Vec::new();
    for Subject { norm, space, mut families } in subjects(effort)? {
        // 2^15 decompositions would take a minute; the table asks for no such family where there are singular values.
        if norm.zero_respecting() != ZeroRespecting::Entries {
            families.retain(|family| family.len() <= 12);
        }
        for (p, attained) in orders.iter().zip(best(&*norm, &families, &orders)?) {
            let claimed = norm.noise_type(space, *p)?.lower;
            let what = format!("{} on {space}, p = {}", norm.label(), p.p());
            cases.push(Case { measured: attained, claimed, tolerance: ROUNDING * claimed, what });
        }
    }
    Ok(cases)
}

/// Norms whose K_2 is known: the lower bound is the upper one.
const NO_GAP: [&str; 9] = [
    "name = 'spectral'",
    "name = 'rms-to-rms'",
    "name = 'frobenius'",
    "name = 'max-entry'",
    "name = 'max-col-l2'",
    "name = 'max-row-l2'",
    "name = 'schatten'\nq = 8",
    "name = 'schatten'\nq = 2.5",
    "name = 'entry-lq'\nq = 4",
];

fn no_gap(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    let two = [order(2.0)];
    for text in NO_GAP {
        let norm = norms::build::<f64>(&text.parse()?)?;
        for space in [dimensions(3, 3), dimensions(2, 5), dimensions(4, 2)] {
            let mut families = families(space);
            families.retain(|family| family.len() <= 10);
            let measured = best(&*norm, &families, &two)?[0];
            let claimed = norm.noise_type(space, two[0])?.upper;
            let what = format!("{} on {space}", norm.label());
            cases.push(Case { measured, claimed, tolerance: ROUNDING * claimed, what });
        }
    }
    Ok(cases)
}

/// Norms whose dual norm satisfies (S), ||A+B||^p + ||A-B||^p <= 2||A||^p + 2 tau||B||^p: tau = 1 for dual exponents b with p <= b
/// <= 2 (Clarkson, McCarthy), (b-1)^{p-1} for b > 2.
fn smooth(k: usize, draw: &mut Draw) -> Result<(AnyNorm, MomentOrder, f64), AuditError> {
    let b = if k.is_multiple_of(2) { draw.between(1.1, 2.0) } else { draw.between(2.0, 6.0) };
    let q = b / (b - 1.0);
    let name = *draw.pick(&["schatten", "entry-lq"]);
    let norm = norms::build::<f64>(&format!("name = '{name}'\nq = {q:?}").parse()?)?;
    let p = order(draw.between(1.02, b.min(2.0)));
    let tau = if b <= 2.0 { 1.0 } else { (b - 1.0).powf(p.p() - 1.0) };
    Ok((norm, p, tau))
}

fn dualise(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(3000, 30_000) {
        let mut draw = Draw::new(effort, "dualise", k);
        let (norm, p, tau) = smooth(k, &mut draw)?;
        let (space, a) = (draw.shape(3), p.conjugate());
        let (y, w) = (draw.gaussian(space), &draw.gaussian(space) * draw.log_between(1e-2, 1e1));
        // The dual of the dual norm is the norm itself. Over max ||.||, so that powers with exponent a stay in range.
        let sizes = [norm.value(&(&y + &w))?, norm.value(&(&y - &w))?, norm.value(&y)?, norm.value(&w)?];
        let top = sizes.iter().copied().fold(0.0, f64::max);
        let [plus, minus, at, step] = sizes.map(|x| (x / top).powf(a));
        let claimed = at + tau.powf(1.0 - a) * step;
        let what = format!("{} on {space}, p = {:.3}", norm.label(), p.p());
        // A norm is good to a hundred roundings, and a power multiplies them by a.
        let tolerance = 1e-13 * a * (1.0 + claimed);
        cases.push(Case { measured: 0.5 * (plus + minus), claimed, tolerance, what });
    }
    Ok(cases)
}

fn tangents(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for k in 0..effort.cases(3000, 30_000) {
        let mut draw = Draw::new(effort, "tangents", k);
        let (norm, p, tau) = smooth(k, &mut draw)?;
        let (space, q) = (draw.shape(3), p.p());
        let (x, v) = (draw.gaussian(space), &draw.gaussian(space) * draw.log_between(1e-2, 1e1));
        let (at, step, size) = (norm.dual_value(&x)?, norm.dual_value(&(&x + &v))?, norm.dual_value(&v)?);
        // -lmo(x) is a subgradient of the dual norm at x, hence ||x||_*^{p-1} times it one of its p-th power over p.
        let slope = -q * at.powf(q - 1.0) * inner(&norm.lmo(&x)?, &v);
        let claimed = at.powf(q) + slope + tau * p.asymmetry_factor() * size.powf(q);
        let tolerance = 1e-12 * (at.powf(q) + slope.abs() + size.powf(q));
        let what = format!("{} on {space}, p = {q:.3}", norm.label());
        cases.push(Case { measured: step.powf(q), claimed, tolerance, what });
    }
    Ok(cases)
}

fn hilbert_map(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let length = |x: &Matrix<f64>| inner(x, x).sqrt();
    let mut cases = Vec::new();
    for k in 0..effort.cases(5000, 50_000) {
        let mut draw = Draw::new(effort, "duality map", k);
        let (space, e) = (draw.shape(2), draw.between(0.02, 1.0));
        let x = draw.gaussian(space);
        let y = if k.is_multiple_of(10) { -&x } else { &draw.gaussian(space) * draw.log_between(1e-2, 1e1) };
        let map = |x: &Matrix<f64>| x * length(x).powf(e - 1.0);
        let measured = length(&(&map(&x) - &map(&y)));
        let claimed = 2f64.powf(1.0 - e) * length(&(&x - &y)).powf(e);
        let what = format!("e = {e:.3} on {space}");
        cases.push(Case { measured, claimed, tolerance: 1e-13 * (1.0 + claimed), what });
    }
    Ok(cases)
}

fn layers(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let layer = |d, norm| Layer { dimensions: d, norm };
    let two = vec![
        layer(dimensions(3, 3), Box::new(Spectral) as AnyNorm),
        layer(dimensions(1, 2), Box::new(MaxEntry) as AnyNorm),
    ];
    let largest = MaxOver::new(two)?;
    let four = (0..4).map(|_| layer(dimensions(1, 1), Box::new(Spectral) as AnyNorm)).collect();
    let sum = SumOver::new(four)?;
    let mut cases = Vec::new();
    for p in orders(effort) {
        // In each layer single entries, 3 and 2 of them, so scaled that the l-th has sum ||D_i||^p = lower_l^{1/(p-1)}.
        let (q, e) = (p.p(), p.p() - 1.0);
        let weight = |lower: f64, count: f64| lower.powf(1.0 / (q * e)) * count.powf(-1.0 / q);
        let (first, second) = (weight(3f64.powf(e), 3.0), weight(2f64.powf(e), 2.0));
        let entries = [(0, first), (4, first), (8, first), (9, second), (10, second)];
        let unit = |&(at, c): &(usize, f64)| Matrix::from_fn(11, 1, |i, _| if i == at { c } else { 0.0 });
        let differences: Vec<_> = entries.iter().map(unit).collect();
        // 3 + 2, the dimension factors without C_p.
        let measured = ratios(&largest, &differences, &[p])?[0];
        let lower = Norm::<f64>::noise_type(&largest, dimensions(11, 1), p)?.lower;
        for (claimed, what) in [(5f64.powf(e), "(3 + 2)^(p-1)"), (lower, "the lower bound of max-over")] {
            let what = format!("{what}, p = {q}");
            cases.push(Case { measured, claimed, tolerance: ROUNDING * claimed, what });
        }
        let column: Vec<(usize, usize)> = (0..4).map(|i| (i, 0)).collect();
        let sign = |bit: usize| move |k: usize| if k >> bit & 1 == 0 { 1.0 } else { -1.0 };
        let patterns: Vec<_> = (0..3).map(|bit| place(dimensions(4, 1), &column, sign(bit))).collect();
        let measured = ratios(&sum, &patterns, &[p])?[0];
        let claimed = Norm::<f64>::noise_type(&sum, dimensions(4, 1), p)?.lower;
        let what = format!("the lower bound of sum-over, p = {q}");
        cases.push(Case { measured, claimed, tolerance: ROUNDING * claimed, what });
    }
    Ok(cases)
}

/// A binary tree of martingale differences: at every inner node the outcomes are (1-q) A with probability q and -q A with
/// probability 1 - q. Node 1 is the root, the children of node k are 2k and 2k + 1.
#[derive(Debug, Clone)]
struct Tree {
    depth: u32,
    /// q and A of the nodes 1, .., 2^depth - 1.
    nodes: Vec<(f64, Matrix<f64>)>,
}

impl Tree {
    /// Rare outcomes are no rarer than this, so that no difference outgrows the others beyond rounding.
    const RAREST: f64 = 1e-3;

    /// E||sum of differences||_*^p over sum E||difference||_*^p; 0 if there is no difference at all.
    fn ratio(&self, norm: &dyn Norm<f64>, p: f64) -> Result<f64, AuditError> {
        let (_, first) = &self.nodes[0];
        let zero = Matrix::zeros(first.nrows(), first.ncols());
        let (mut whole, mut parts) = (0.0, 0.0);
        self.descend(1, 1.0, &zero, norm, p, &mut whole, &mut parts)?;
        Ok(if parts > 0.0 { whole / parts } else { 0.0 })
    }

    #[allow(clippy::too_many_arguments)]
    fn descend(
        &self,
        node: usize,
        probability: f64,
        sum: &Matrix<f64>,
        norm: &dyn Norm<f64>,
        p: f64,
        whole: &mut f64,
        parts: &mut f64,
    ) -> Result<(), AuditError> {
        if node >= 1 << self.depth {
            *whole += probability * norm.dual_value(sum)?.powf(p);
            return Ok(());
        }
        let (q, a) = &self.nodes[node - 1];
        let size = norm.dual_value(a)?;
        for (child, chance, factor) in [(2 * node, *q, 1.0 - q), (2 * node + 1, 1.0 - q, -q)] {
            *parts += probability * chance * (factor.abs() * size).powf(p);
            let mut next = sum.clone();
            next.add_scaled(factor, a);
            self.descend(child, probability * chance, &next, norm, p, whole, parts)?;
        }
        Ok(())
    }

    /// A tree nearby.
    fn moved(&self, step: f64, draw: &mut Draw) -> Self {
        let mut moved = self.clone();
        let everything = draw.unit() < 0.3;
        let chosen = draw.whole(0, self.nodes.len() - 1);
        for (k, (q, a)) in moved.nodes.iter_mut().enumerate() {
            if !everything && k != chosen {
                continue;
            }
            let odds = (*q / (1.0 - *q)).ln() + step * draw.normal();
            *q = (1.0 / (1.0 + (-odds).exp())).clamp(Self::RAREST, 1.0 - Self::RAREST);
            let size = a.max_abs().max(Self::RAREST);
            *a = a.map(|x| x + step * size * draw.normal());
        }
        moved
    }
}

/// Starts: random trees, signs along a family (the same matrix at every node of a level), and rare outcomes along one.
fn starts(space: Dimensions, draw: &mut Draw, effort: Effort) -> Vec<Tree> {
    let depth = 3;
    let random = |draw: &mut Draw| {
        let node = |_| (draw.between(0.05, 0.95), draw.matrix(space));
        Tree { depth, nodes: (1..1 << depth).map(node).collect() }
    };
    let along = |family: &[Matrix<f64>], q: f64| {
        let level = |node: u32| family[node.ilog2() as usize % family.len()].clone();
        Tree { depth, nodes: (1..1_u32 << depth).map(|node| (q, level(node))).collect() }
    };
    let families = families(space);
    let mut starts: Vec<Tree> = (0..effort.cases(1, 10)).map(|_| random(draw)).collect();
    for q in [0.5, 0.1] {
        let chosen = |_| along(draw.pick::<Vec<_>>(&families), q);
        starts.extend((0..effort.cases(2, 10)).map(chosen));
    }
    starts
}

/// Random steps that are kept when they do not lose; longer after a success, shorter after a failure (the rule of one
/// fifth).
fn climb(
    start: Tree,
    norm: &dyn Norm<f64>,
    p: f64,
    steps: usize,
    draw: &mut Draw,
) -> Result<f64, AuditError> {
    let (mut best, mut tree, mut length) = (start.ratio(norm, p)?, start, 0.3);
    for _ in 0..steps {
        let next = tree.moved(length, draw);
        let ratio = next.ratio(norm, p)?;
        if ratio >= best {
            (best, tree) = (ratio, next);
            length *= 1.5;
        } else {
            length *= 1.5f64.powf(-0.25);
        }
    }
    Ok(best)
}

fn upper(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    let shapes: &[(usize, usize)] = if effort.quick { &[(2, 2)] } else { &[(1, 1), (2, 2), (2, 3), (1, 4)] };
    let registered = || norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
    for (k, norm) in registered().flat_map(|entry| (entry.examples)()).enumerate() {
        let own = norm.space().map(|space| vec![space]);
        let spaces = own.unwrap_or_else(|| shapes.iter().map(|&(m, n)| dimensions(m, n)).collect());
        for (space, p) in spaces.into_iter().flat_map(|d| orders(effort).into_iter().map(move |p| (d, p))) {
            let mut draw = Draw::new(effort, "martingale trees", k);
            let mut measured = 0.0_f64;
            for start in starts(space, &mut draw, effort) {
                measured = measured.max(climb(start, &*norm, p.p(), effort.cases(120, 1500), &mut draw)?);
            }
            let claimed = norm.noise_type(space, p)?.upper;
            let what = format!("{} on {space}, p = {}", norm.label(), p.p());
            cases.push(Case { measured, claimed, tolerance: ROUNDING * claimed, what });
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_signs_has_the_ratio_of_its_enumeration() {
        let space = dimensions(3, 3);
        let family: Vec<_> = (0..3).map(|i| place(space, &[(i, i)], |_| 1.0)).collect();
        let nodes = (1..8_u32).map(|node| (0.5, family[node.ilog2() as usize].clone())).collect();
        let tree = Tree { depth: 3, nodes };
        for p in [1.2, 2.0] {
            // Factors 1/2 everywhere: r^{p-1}.
            let found = tree.ratio(&Spectral, p).unwrap();
            assert!((found - 3f64.powf(p - 1.0)).abs() < 1e-13, "{found}");
            assert!((ratios(&Spectral, &family, &[order(p)]).unwrap()[0] - found).abs() < 1e-13);
        }
    }

    #[test]
    fn a_search_leaves_a_start_that_is_no_maximum() {
        let mut draw = Draw::new(Effort { quick: true, seed: 1 }, "a search", 0);
        let nodes = (1..8).map(|_| (0.5, draw.gaussian(dimensions(2, 2)))).collect();
        let start = Tree { depth: 3, nodes };
        let first = start.ratio(&Spectral, 2.0).unwrap();
        let last = climb(start, &Spectral, 2.0, 400, &mut draw).unwrap();
        assert!(last > first + 0.05 && last <= 2.0 + ROUNDING, "{first} {last}");
    }
}
