//! The classes that the lower bounds are about: every registered method stays in its own on the hard instance, and methods
//! that are in none are caught.

use std::sync::Arc;

use faer::{Mat, Side};
use heavynorm::algorithms::{self, DynAlgorithm};
use heavynorm::hard_instances::reveal::GATE;
use heavynorm::hard_instances::{BlockChain, HardInstance, Layout, RevealOracle, Reveals, ZeroWatch};
use heavynorm::noise::NoNoise;
use heavynorm::norms::combinators::weighted::Weighted;
use heavynorm::norms::{max_row_l2::MaxRowL2, spectral::Spectral};
use heavynorm::seed::Rng;
use heavynorm::spec::{
    Claim, Dimensions, Evidence, Matrix, Norm, NormError, Problem, StochasticOracle, ZeroRespecting,
};
use rand::RngExt as _;

use super::draw::{Draw, generator};
use super::scene::{AnyNorm, norm};
use super::{AuditError, Case, Check, Effort};

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    vec![
        Check {
            statement: "LEM-ZERO-MEMBERS",
            name: "every registered method with every norm keeps the zeros that it claims to keep",
            evidence: Evidence::Numerical,
            claim: Claim::Lower,
            cases: |effort| members(effort, kept),
        },
        Check {
            statement: "LEM-PROGRESS",
            name: "no member finds more coordinates than samples have shown",
            evidence: Evidence::Numerical,
            claim: Claim::Upper,
            cases: |effort| members(effort, found_and_shown),
        },
        Check {
            statement: "LEM-ZERO-OUTSIDERS",
            name: "methods outside of every class are caught",
            evidence: Evidence::Numerical,
            claim: Claim::Tight,
            cases: outsiders,
        },
    ]
}

const CALLS: u64 = 80;

fn instance(layout: Layout, q: f64) -> Result<HardInstance, AuditError> {
    let (blocks, length) = (4, 3);
    let chain = BlockChain::new(layout.smallest(blocks, length)?, layout, blocks, length, 1.0, 1.0)?;
    Ok(HardInstance::new(chain, q, Reveals::OneBlock)?)
}

fn space(instance: &HardInstance) -> Dimensions {
    Problem::<f64>::dimensions(&**instance.chain())
}

fn zeros(d: Dimensions) -> Matrix<f64> {
    Matrix::zeros(d.rows(), d.columns())
}

fn oracle(instance: &HardInstance, rng: Rng) -> RevealOracle<f64> {
    RevealOracle::new(instance.clone(), Arc::new(NoNoise::new(space(instance))), rng)
}

/// For each number of calls, how many coordinates of each block the draws so far show at most, from the stream that the oracle
/// draws from.
fn shown(instance: &HardInstance, mut rng: Rng, calls: u64) -> Vec<Vec<usize>> {
    let blocks = instance.chain().blocks();
    let mut so_far = vec![vec![0; blocks]];
    for _ in 0..calls {
        let mut next = so_far[so_far.len() - 1].clone();
        let block = rng.random_range(0..blocks);
        next[block] += usize::from(rng.random::<f64>() < instance.probability());
        so_far.push(next);
    }
    so_far
}

/// How many coordinates of its blocks a point has found.
fn found(instance: &HardInstance, x: &Matrix<f64>) -> Vec<usize> {
    instance.chain().progress(x, GATE)
}

/// By how many coordinates some block is further than the draws have shown; negative where all are behind.
fn ahead(found: &[usize], shown: &[usize]) -> f64 {
    found.iter().zip(shown).map(|(&f, &s)| f as f64 - s as f64).fold(f64::NEG_INFINITY, f64::max)
}

/// Norms with the class that each of them keeps.
const MEMBERS: [(&str, ZeroRespecting); 15] = {
    use ZeroRespecting::{Entries, Lines};
    [
        ("name = 'spectral'", Lines),
        ("name = 'rms-to-rms'", Lines),
        ("name = 'nuclear'", Lines),
        ("name = 'schatten'\nq = 3", Lines),
        ("name = 'schatten'\nq = 1.5", Lines),
        ("name = 'ky-fan'\nk = 2", Lines),
        ("name = 'ky-fan-dual'\nk = 2", Lines),
        ("name = 'frobenius'", Entries),
        ("name = 'max-entry'", Entries),
        ("name = 'sum-entries'", Entries),
        ("name = 'max-row-l2'", Entries),
        ("name = 'sum-row-l2'", Entries),
        ("name = 'max-col-l2'", Entries),
        ("name = 'sum-col-l2'", Entries),
        ("name = 'entry-lq'\nq = 3", Entries),
    ]
};

/// A method under its description.
type Named = (String, Box<dyn DynAlgorithm<f64>>);

/// Every registered method with the norm: its examples, with steps that cross the instance.
fn methods(norm: &AnyNorm) -> Result<Vec<Named>, AuditError> {
    let mut all: Vec<Named> = Vec::new();
    for text in algorithms::entries::<f64>().iter().flat_map(|entry| entry.examples) {
        for averaging in [None, Some(1.0), Some(0.3)] {
            let mut table: toml::Table = text.parse()?;
            table.insert("step_size".into(), 0.25.into());
            match averaging {
                Some(weight) if table.contains_key("averaging") => {
                    table.insert("averaging".into(), weight.into());
                }
                Some(_) => continue,
                None => {}
            }
            all.push((table.to_string().replace('\n', ", "), algorithms::build(&table, Arc::clone(norm))?));
        }
    }
    Ok(all)
}

/// What came of a run.
struct Watched {
    /// What the method claims, and what the watch saw.
    claimed: ZeroRespecting,
    seen: ZeroRespecting,
    /// The largest [`ahead`] after any step.
    ahead: f64,
    /// Blocks share lines, which a class of lines may use.
    shared: bool,
    what: String,
}

/// A claim about runs, as cases.
type Judge = fn(Watched) -> Option<Case>;

fn members(effort: Effort, judge: Judge) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (text, class) in MEMBERS {
        let norm = norm(text)?;
        if norm.zero_respecting() != class {
            return Err(format!("{} claims another class than the table", norm.label()).into());
        }
        for (layout, seeds) in [
            (Layout::Rows, effort.cases(2, 10)),
            (Layout::Columns, 1),
            (Layout::SharedRows, effort.cases(1, 5)),
        ] {
            let instance = instance(layout, 0.5)?;
            for (name, method) in methods(&norm)? {
                let mut crossed = 0;
                for seed in 0..seeds as u64 {
                    let stream = || generator(effort, "members", seed);
                    let mut inner = oracle(&instance, stream());
                    let mut watch = ZeroWatch::new(&mut inner);
                    let mut run = method.begin(&zeros(space(&instance)), &mut watch)?;
                    let shown = shown(&instance, stream(), CALLS + method.most_calls());
                    let mut furthest = f64::NEG_INFINITY;
                    while watch.calls() < CALLS {
                        run.step(&mut watch)?;
                        watch.check(run.iterate());
                        let found = found(&instance, run.iterate());
                        furthest = furthest.max(ahead(&found, &shown[watch.calls() as usize]));
                    }
                    crossed = crossed.max(found(&instance, run.iterate()).iter().sum());
                    cases.extend(judge(Watched {
                        claimed: method.zero_respecting(),
                        seen: watch.class(),
                        ahead: furthest,
                        shared: !layout.is_disjoint(),
                        what: format!("{} {layout:?}, {name}", norm.label()),
                    }));
                }
                if crossed < 2 {
                    return Err(format!("{} goes nowhere: {name}", norm.label()).into());
                }
            }
        }
    }
    Ok(cases)
}

/// Classes by strength.
fn rank(class: ZeroRespecting) -> f64 {
    f64::from(class as u8)
}

fn kept(run: Watched) -> Option<Case> {
    // Whoever claims nothing would pass: no registered method with these norms may.
    let claimed = rank(run.claimed).max(1.0);
    Some(Case { measured: rank(run.seen), claimed, tolerance: 0.0, what: run.what })
}

fn found_and_shown(run: Watched) -> Option<Case> {
    if run.shared && run.claimed != ZeroRespecting::Entries {
        return None;
    }
    Some(Case { measured: run.ahead, claimed: 0.0, tolerance: 0.0, what: run.what })
}

/// What a method makes of its average.
type Direction = Box<dyn FnMut(&Matrix<f64>) -> Result<Matrix<f64>, AuditError>>;

/// -U V^T with all singular vectors that a decomposition of the whole matrix returns, those of zero singular values too.
fn completed(m: &Matrix<f64>) -> Result<Matrix<f64>, AuditError> {
    let svd = m.as_mat().thin_svd().map_err(|e| format!("{e:?}"))?;
    Ok(-&Matrix::from(svd.U() * svd.V().transpose()))
}

fn dense_weight(draw: &mut Draw) -> Result<Direction, AuditError> {
    let dense = draw.gaussian(Dimensions::new(12, 12)?);
    let norm = Weighted::new(&Matrix::from_diagonal(4, 4, &[1.0; 4]), Spectral, &dense)?;
    Ok(Box::new(move |m| Ok(norm.lmo(m)?)))
}

/// Adam in the eigenbasis of the mean of G^T G, which is renewed every tenth step only.
///
/// A basis of the null space is whatever the solver takes. faer happens to take unit vectors where rows and columns are
/// zero, others do not: this one decomposes in rotated coordinates.
fn stale_eigenbasis(draw: &mut Draw) -> Result<Direction, AuditError> {
    let rotation = draw.gaussian(Dimensions::new(12, 12)?).as_mat().qr().compute_Q();
    let (mut gram, mut basis) = (Mat::<f64>::zeros(12, 12), Mat::<f64>::identity(12, 12));
    let (mut square, mut step) = (Mat::<f64>::zeros(4, 12), 0);
    Ok(Box::new(move |m| {
        let m = m.as_mat();
        gram = 0.9 * &gram + 0.1 * (m.transpose() * m);
        if step % 10 == 0 {
            let rotated = rotation.transpose() * &gram * &rotation;
            let eigen = rotated.self_adjoint_eigen(Side::Lower).map_err(|e| format!("{e:?}"))?;
            basis = &rotation * eigen.U();
        }
        step += 1;
        let rotated = m * &basis;
        square = Mat::from_fn(4, 12, |i, j| 0.9 * square[(i, j)] + 0.1 * rotated[(i, j)] * rotated[(i, j)]);
        let scaled = Mat::from_fn(4, 12, |i, j| {
            if square[(i, j)] == 0.0 { 0.0 } else { -rotated[(i, j)] / square[(i, j)].sqrt() }
        });
        Ok(Matrix::from(scaled * basis.transpose()))
    }))
}

/// One sign for each entry: a walk of random signs would not get far.
fn random_ties(draw: &mut Draw) -> Result<Direction, AuditError> {
    let ties = draw.gaussian(Dimensions::new(4, 12)?).map(f64::signum);
    let tied = move |m: &Matrix<f64>, i, j| if m[(i, j)] == 0.0 { ties[(i, j)] } else { -m[(i, j)].signum() };
    Ok(Box::new(move |m| Ok(Matrix::from_fn(4, 12, |i, j| tied(m, i, j)))))
}

fn perturbed(draw: &mut Draw) -> Result<Direction, AuditError> {
    let crumbs = &draw.gaussian(Dimensions::new(4, 12)?) * 1e-300;
    Ok(Box::new(move |m| Ok(&MaxRowL2.lmo(m)? + &crumbs)))
}

fn member(direction: fn(&Matrix<f64>) -> Result<Matrix<f64>, NormError>) -> Direction {
    Box::new(move |m| Ok(direction(m)?))
}

/// A name, how a direction is made, and the class that the watch must see.
type Outsider = (&'static str, fn(&mut Draw) -> Result<Direction, AuditError>, ZeroRespecting);

/// The same loop with members must not be caught.
const OUTSIDERS: [Outsider; 7] = [
    ("completed polar factor", |_| Ok(Box::new(completed)), ZeroRespecting::Nothing),
    ("dense right weight", dense_weight, ZeroRespecting::Nothing),
    ("stale eigenbasis", stale_eigenbasis, ZeroRespecting::Nothing),
    ("random ties", random_ties, ZeroRespecting::Nothing),
    ("perturbed iterates", perturbed, ZeroRespecting::Nothing),
    ("a member: spectral", |_| Ok(member(|m| Spectral.lmo(m))), ZeroRespecting::Lines),
    ("a member: largest row", |_| Ok(member(|m| MaxRowL2.lmo(m))), ZeroRespecting::Entries),
];

/// Momentum with weight 0.3 and steps of 0.25 along a direction.
fn outsiders(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    let instance = instance(Layout::Rows, 0.06)?;
    for (name, make, claimed) in OUTSIDERS {
        for seed in 0..effort.cases(5, 50) {
            let mut direction = make(&mut Draw::new(effort, name, seed))?;
            let mut inner = oracle(&instance, generator(effort, "outsiders", seed as u64));
            let mut watch = ZeroWatch::new(&mut inner);
            let (mut x, mut average) = (zeros(space(&instance)), zeros(space(&instance)));
            for _ in 0..CALLS {
                average.move_towards(0.3, &watch.query(&x)?);
                x.add_scaled(0.25, &direction(&average)?);
                watch.check(&x);
            }
            // A seed whose samples show little may leave entries alone where only lines are claimed.
            let seen =
                if claimed == ZeroRespecting::Nothing { watch.class() } else { watch.class().min(claimed) };
            let what = format!("{name}, seed {seed}");
            cases.push(Case { measured: rank(seen), claimed: rank(claimed), tolerance: 0.0, what });
        }
    }
    Ok(cases)
}
