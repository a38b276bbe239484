//! The lower bounds: the hard instance in its class by enumeration of its oracle, how fast it can be searched, and the line
//! that no member crosses, by exact calculation where everything is small.

use std::sync::Arc;

use heavynorm::hard_instances::reveal::GATE;
use heavynorm::hard_instances::{BlockChain, HardInstance, Layout, RevealOracle, chain};
use heavynorm::noise::NoNoise;
use heavynorm::spec::chain::chain_constants;
use heavynorm::spec::problem::{a2_smoothness, a4_hessian_lipschitz};
use heavynorm::spec::{
    Claim, Evidence, FiniteLaw, Matrix, MomentOrder, Norm, Problem, StochasticOracle, ZeroRespecting,
};
use heavynorm::{algorithms, spec::Dimensions};

use super::draw::{Draw, generator};
use super::scene::{AnyNorm, norm};
use super::{AuditError, Case, Check, Effort};
use crate::checks::{FiniteSamples, expectation_over};
use crate::lower_bounds::Design;
use crate::{Line, LowerBound, LowerInstance, Setting, lower_bounds};

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    let with =
        |evidence| move |statement, name, claim, cases| Check { statement, name, evidence, claim, cases };
    let (check, numerical) = (with(Evidence::Enumeration), with(Evidence::Numerical));
    vec![
        check(
            "LEM-REVEAL-UNBIASED",
            "the mean over all outcomes of the oracle is the gradient",
            Claim::Tight,
            |effort| at_points(effort, unbiased),
        ),
        check(
            "LEM-REVEAL-UNBIASED",
            "no outcome shows more than one hidden coordinate",
            Claim::Upper,
            |effort| at_points(effort, one_coordinate),
        ),
        check(
            "LEM-REVEAL-MOMENT",
            "the moment of the oracle's noise over all outcomes is at most sigma^p",
            Claim::Upper,
            |effort| at_points(effort, moment),
        ),
        numerical(
            "LEM-REVEAL-MOMENT",
            "the bracket of the moment is at most 4, and 4 at p = 2, q = 1",
            Claim::Upper,
            bracket,
        ),
        numerical(
            "LEM-INSTANCE-CLASS",
            "gradients and Hessians of an instance change no faster than L and rho",
            Claim::Upper,
            |effort| at_points(effort, class),
        ),
        numerical(
            "LEM-INSTANCE-CLASS",
            "L and rho are attained up to what the bounds on the chain give away",
            Claim::Lower,
            attained,
        ),
        numerical(
            "LEM-INSTANCE-CLASS",
            "L, rho and the gap of a designed instance are those of its setting",
            Claim::Tight,
            constants,
        ),
        check(
            "LEM-PROGRESS",
            "counts of discovered coordinates of a block are binomial",
            Claim::Upper,
            counts,
        ),
        check(
            "LEM-UNDISCOVERED",
            "the line is the binomial probability that enumeration gives",
            Claim::Tight,
            line_of_enumeration,
        ),
        check("THM-L1", "no method is below the line of L1, over all samples", Claim::Lower, |effort| {
            below_the_line(effort, "L1")
        }),
        check("THM-L2", "no method is below the line of L2, over all samples", Claim::Lower, |effort| {
            below_the_line(effort, "L2")
        }),
        numerical("THM-L1", "(1 - 1/lambda) N T/q calls leave a mean of eps", Claim::Lower, markov),
        numerical("THM-L1", "N (T-1)/q calls leave a mean of eps at lambda = 2", Claim::Lower, median),
        numerical(
            "COR-LAMBDA",
            "(1 - 1/lambda) N T/q is largest at the stated lambda",
            Claim::Upper,
            best_lambda,
        ),
        numerical("COR-WALL", "the wall takes no fewer than K T/q calls on average", Claim::Lower, wall),
    ]
}

fn design(text: &str, shape: (usize, usize), p: f64, class: ZeroRespecting) -> Result<Design, AuditError> {
    Ok(Design {
        norm: norm(text)?,
        dimensions: Dimensions::new(shape.0, shape.1)?,
        moment_order: MomentOrder::new(p)?,
        lambda: 2.0,
        length: 3,
        reveal_probability: 0.25,
        class,
    })
}

/// Norms and shapes with room for blocks of three.
fn designs() -> Result<Vec<Design>, AuditError> {
    use ZeroRespecting::{Entries, Lines};
    let mut designs = Vec::new();
    for p in [1.2, 1.5, 2.0] {
        for (text, shape, class) in [
            ("name = 'spectral'", (3, 10), Lines),
            ("name = 'spectral'", (9, 3), Lines),
            ("name = 'frobenius'", (3, 10), Lines),
            ("name = 'nuclear'", (10, 3), Lines),
            ("name = 'schatten'\nq = 8", (3, 9), Lines),
            ("name = 'schatten'\nq = 2.5", (3, 9), Lines),
            ("name = 'max-row-l2'", (3, 9), Lines),
            ("name = 'max-col-l2'", (9, 3), Lines),
            ("name = 'sum-row-l2'", (5, 4), Lines),
            ("name = 'max-row-l2'", (4, 3), Entries),
            ("name = 'max-col-l2'", (3, 5), Entries),
        ] {
            designs.push(design(text, shape, p, class)?);
        }
    }
    Ok(designs)
}

fn made(
    bound: &dyn LowerBound,
    design: &Design,
) -> Result<(Setting, LowerInstance, HardInstance), AuditError> {
    let setting = bound.design(design)?;
    let lower = bound.instance(&setting, design.lambda, design.class)?;
    let instance = lower.instance(design.dimensions)?;
    Ok((setting, lower, instance))
}

/// The matrix with these entries on the blocks, in units of s.
fn on_blocks(instance: &HardInstance, mut entry: impl FnMut(usize, usize) -> f64) -> Matrix<f64> {
    let f = instance.chain();
    let space = Problem::<f64>::dimensions(&**f);
    let mut x = Matrix::zeros(space.rows(), space.columns());
    for (i, k) in (0..f.blocks()).flat_map(|i| (0..f.length()).map(move |k| (i, k))) {
        x[f.position(i, k)] = f.width() * entry(i, k);
    }
    x
}

/// Points of the kind that runs visit: a prefix of each block at places where something changes (the gate, 1/2, 1, far
/// beyond), crumbs after it.
fn points(instance: &HardInstance, draw: &mut Draw) -> Vec<Matrix<f64>> {
    const PLACES: [f64; 11] = [0.0, GATE, 0.3, 0.45, 0.5, 0.55, 0.7, 0.904, 1.0, 1.5, 1e9];
    let f = instance.chain();
    let visited = |draw: &mut Draw| {
        let prefixes: Vec<usize> = (0..f.blocks()).map(|_| draw.whole(0, f.length())).collect();
        on_blocks(instance, |i, k| {
            let sign = if draw.unit() < 0.5 { -1.0 } else { 1.0 };
            let size = draw.pick(&PLACES) * (1.0 + 1e-3 * draw.unit());
            if k < prefixes[i] { sign * size } else { 0.2 * draw.between(-0.5, 0.5) }
        })
    };
    let zero = on_blocks(instance, |_, _| 0.0);
    // Every hidden entry is nearly e^{3/2} c/s.
    let extremal = on_blocks(instance, |_, k| if k + 1 < f.length() { 1e9 } else { 0.0 });
    vec![zero, extremal, visited(draw), visited(draw)]
}

/// What is asked of an instance at a point (and at another one nearby).
struct AtPoint<'a> {
    setting: &'a Setting,
    instance: &'a HardInstance,
    law: &'a FiniteLaw<f64>,
    x: &'a Matrix<f64>,
    y: &'a Matrix<f64>,
    what: String,
}

fn at_points(
    effort: Effort,
    judge: fn(&AtPoint<'_>) -> Result<Vec<Case>, AuditError>,
) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for bound in lower_bounds() {
        for (k, design) in designs()?.iter().enumerate() {
            let (setting, _, instance) = made(&*bound, design)?;
            let mut draw = Draw::new(effort, "points of instances", k);
            for _ in 0..effort.cases(3, 100) {
                for x in points(&instance, &mut draw) {
                    let size = instance.chain().width() * draw.log_between(1e-3, 1.0);
                    let y = &x + &(&draw.gaussian(design.dimensions) * size);
                    let law = instance.law(&x);
                    let name = bound.statement().name;
                    let what = format!("{name} in {}, p = {}", design.norm.label(), design.moment_order.p());
                    let at =
                        AtPoint { setting: &setting, instance: &instance, law: &law, x: &x, y: &y, what };
                    cases.extend(judge(&at)?);
                }
            }
        }
    }
    Ok(cases)
}

fn unbiased(at: &AtPoint<'_>) -> Result<Vec<Case>, AuditError> {
    let gradient: Matrix<f64> = at.instance.chain().gradient(at.x);
    let measured = (&at.law.expectation() - &gradient).max_abs();
    // Each entry is a sum over a few outcomes of one sign.
    let tolerance = 64.0 * f64::EPSILON * gradient.max_abs();
    Ok(vec![Case { measured, claimed: 0.0, tolerance, what: at.what.clone() }])
}

/// The gradient with every next coordinate hidden, from the definition: |x_j| <= s/4 from place k on.
fn masked(instance: &HardInstance, x: &Matrix<f64>) -> Matrix<f64> {
    let f = instance.chain();
    let mut gradient: Matrix<f64> = f.gradient(x);
    for i in 0..f.blocks() {
        let block = f.block(x, i);
        let next = (0..f.length()).rev().find(|&k| block[k].abs() > GATE).map_or(0, |k| k + 1);
        if next < f.length() {
            gradient[f.position(i, next)] = 0.0;
        }
    }
    gradient
}

fn one_coordinate(at: &AtPoint<'_>) -> Result<Vec<Case>, AuditError> {
    let hidden = masked(at.instance, at.x);
    let shown =
        |response: &Matrix<f64>| response.entries().zip(hidden.entries()).filter(|(r, h)| r != h).count();
    let case = |(_, response): &(f64, Matrix<f64>)| Case {
        measured: shown(response) as f64,
        claimed: 1.0,
        tolerance: 0.0,
        what: at.what.clone(),
    };
    Ok(at.law.outcomes().iter().map(case).collect())
}

fn moment(at: &AtPoint<'_>) -> Result<Vec<Case>, AuditError> {
    let Setting { norm, moment_order, noise_scale, .. } = at.setting;
    let gradient: Matrix<f64> = at.instance.chain().gradient(at.x);
    let sides = at.law.moment_inequality(&**norm, *moment_order, *noise_scale, &gradient)?;
    let tolerance = 1e-12 * sides.right;
    Ok(vec![Case { measured: sides.left, claimed: sides.right, tolerance, what: at.what.clone() }])
}

/// (1-q) q^{p-1} + (1+q)^p <= 4 on a grid; and the last case says that 4 cannot be less.
fn bracket(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let value = |p: f64, q: f64| (1.0 - q) * q.powf(p - 1.0) + (1.0 + q).powf(p);
    let steps = effort.cases(100, 1000);
    let mut cases = Vec::new();
    for (i, j) in (0..=steps).flat_map(|i| (0..=steps).map(move |j| (i, j))) {
        let (p, q) = (1.0 + i as f64 / steps as f64, j as f64 / steps as f64);
        let what = format!("p = {p}, q = {q}");
        cases.push(Case { measured: value(p, q), claimed: 4.0, tolerance: 1e-14, what });
    }
    let what = "4 is needed".to_owned();
    cases.push(Case { measured: 4.0, claimed: value(2.0, 1.0), tolerance: 1e-14, what });
    Ok(cases)
}

fn class(at: &AtPoint<'_>) -> Result<Vec<Case>, AuditError> {
    let (problem, norm): (&dyn Problem<f64>, _) = (&**at.instance.chain(), &*at.setting.norm);
    let z = &norm.lmo(&(at.y - at.x))? * at.instance.chain().width();
    let mut sides = vec![("L", a2_smoothness(problem, norm, at.x, at.y)?)];
    // rho may be infinite in effect where L2 was not designed: it is a constant of the instance all the same.
    sides.push(("rho", a4_hessian_lipschitz(problem, norm, at.x, at.y, &z)?));
    let size = at.instance.chain().scale();
    let case = |(what, sides): (&str, heavynorm::spec::problem::Inequality)| {
        // Differences of gradients (Hessian actions): entries of size 200 c/s at most, good to a dozen roundings.
        let tolerance = 1e-11 * (sides.right + size);
        Case { measured: sides.left, claimed: sides.right, tolerance, what: format!("{what}: {}", at.what) }
    };
    Ok(sides.into_iter().map(case).collect())
}

/// At (0, -b, -8) in every block the Hessian is within 0.2% of the chain's steepest, and in b it changes like its fastest:
/// aligned blocks add up in each norm as the constants say.
fn attained(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (text, layout) in [
        ("name = 'spectral'", Layout::Rows),
        ("name = 'frobenius'", Layout::Rows),
        ("name = 'schatten'\nq = 3", Layout::Columns),
        ("name = 'max-row-l2'", Layout::SharedRows),
        ("name = 'max-col-l2'", Layout::SharedColumns),
    ] {
        let (norm, table) = (norm(text)?, chain_constants());
        let chain = BlockChain::new(layout.smallest(4, 3)?, layout, 4, 3, 0.3, 2.0)?;
        let problem: &dyn Problem<f64> = &chain;
        let place = |moving: usize, entries: [f64; 3]| {
            let d = problem.dimensions();
            let mut x = Matrix::zeros(d.rows(), d.columns());
            for (i, k) in (0..moving).flat_map(|i| (0..3).map(move |k| (i, k))) {
                x[chain.position(i, k)] = chain.width() * entries[k];
            }
            x
        };
        let (mut l, mut rho) = (0.0_f64, 0.0_f64);
        // Whether one block or all of them decide depends on the norm.
        for moving in [1, 4] {
            let z = place(moving, [0.0, 1.0, 0.0]);
            let x = place(4, [0.0, -0.760_42, -8.0]);
            l = l.max(a2_smoothness(problem, &*norm, &x, &(&x + &(&z * 1e-5)))?.ratio());
            let x = place(4, [0.0, -0.701_633, -8.0]);
            rho = rho.max(a4_hessian_lipschitz(problem, &*norm, &x, &(&x + &(&z * 1e-4)), &z)?.ratio());
        }
        for (what, measured, constant) in
            [("L", l, table.gradient_lipschitz), ("rho", rho, table.hessian_lipschitz)]
        {
            let claimed = constant.sup / constant.upper;
            // One entry of the Hessian alone is 133.845 of 134.024.
            let what = format!("{what} in {}, {layout:?}", norm.label());
            cases.push(Case { measured, claimed, tolerance: 2e-3, what });
        }
    }
    Ok(cases)
}

fn constants(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (bound, design) in
        lower_bounds().iter().flat_map(|b| designs().into_iter().flatten().map(move |d| (b, d)))
    {
        let (setting, lower, instance) = made(&**bound, &design)?;
        let problem: &dyn Problem<f64> = &**instance.chain();
        let name = bound.statement().name;
        let mut push = |what: &str, measured: f64, claimed: f64| {
            let what =
                format!("{what} of {name} in {}, p = {}", design.norm.label(), design.moment_order.p());
            cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what });
        };
        push("L", problem.smoothness(&*design.norm)?.in_norm(&*design.norm)?, setting.l()?);
        if name == "L2" {
            let rho = problem.hessian_lipschitz(&*design.norm)?.in_norm(&*design.norm)?;
            push("rho", rho, setting.rho("L2")?);
        }
        // c N times the gap of one chain, in closed form.
        let gap = lower.scale * lower.blocks.count as f64 * chain::gap(lower.length);
        push("gap", problem.gap()?.delta(), gap);
        push("T", lower.length as f64, 3.0);
        push("q", lower.reveal_probability, 0.25);
    }
    Ok(cases)
}

/// A method that stands at the wall: whatever is discovered is passed at once.
const WALL: &str = "name = 'scion'\nstep_size = 1e3\naveraging = 1.0";

/// How often a block has discovered at most k coordinates after M calls, against P(Bin(M, q/N) <= k).
///
/// Hoeffding: the mean of n indicators is off by more than sqrt(ln(2/delta)/(2n)) with probability delta = 1e-9.
fn counts(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let runs = effort.cases(2000, 50_000);
    let chance = (2e9_f64.ln() / (2.0 * runs as f64)).sqrt();
    let mut cases = Vec::new();
    for (blocks, length, q, calls) in [(2, 4, 0.5, 12), (3, 3, 0.25, 30), (1, 5, 0.3, 15)] {
        let design = Design {
            length,
            reveal_probability: q,
            ..design("name = 'spectral'", (blocks, blocks * length), 2.0, ZeroRespecting::Lines)?
        };
        let (_, _, instance) = made(&*lower_bounds()[0], &design)?;
        let method = algorithms::build::<f64>(&WALL.parse()?, Arc::clone(&design.norm))?;
        let start = Problem::<f64>::start(&**instance.chain());
        let mut histogram = vec![0_usize; length + 1];
        for run in 0..runs {
            let rng = generator(effort, "counts of discoveries", run as u64);
            let quiet = Arc::new(NoNoise::new(design.dimensions));
            let mut oracle = RevealOracle::<f64>::new(instance.clone(), quiet, rng);
            let mut state = method.begin(&start, &mut oracle)?;
            while oracle.calls() < calls {
                state.step(&mut oracle)?;
            }
            histogram[instance.chain().progress(state.iterate(), GATE)[0]] += 1;
        }
        let mut below = 0;
        for (k, count) in histogram.iter().enumerate().take(length) {
            below += count;
            // Lambda = 1 + is the line's own factor: mean/lambda is the probability.
            let line = Line { blocks, length: k + 1, reveal_probability: q, lambda: 2.0 };
            let (found, exact) = (below as f64 / runs as f64, line.mean(calls) / 2.0);
            let what = format!(
                "P(at most {k} of {length}), N = {blocks}, q = {q}, {calls} calls: {found:.4} for {exact:.4}"
            );
            cases.push(Case { measured: (found - exact).abs(), claimed: chance, tolerance: 0.0, what });
        }
    }
    Ok(cases)
}

/// P(Bin(M, q/N) <= T - 1) by running through every sequence of samples.
fn line_of_enumeration(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (blocks, length, q) in [(1, 1, 0.3), (2, 2, 0.5), (2, 3, 0.9), (1, 3, 1.0), (3, 2, 0.25)] {
        let x: f64 = q / blocks as f64;
        for calls in 0..=12_u32 {
            let hits = (0_u32..1 << calls).filter(|code| code.count_ones() < length as u32);
            let weight = |code: u32| {
                let ones = code.count_ones() as i32;
                x.powi(ones) * (1.0 - x).powi(calls as i32 - ones)
            };
            let claimed = 1.5 * hits.map(weight).sum::<f64>();
            let line = Line { blocks, length, reveal_probability: q, lambda: 1.5 };
            let what = format!("N = {blocks}, T = {length}, q = {q}, {calls} calls");
            cases.push(Case { measured: line.mean(u64::from(calls)), claimed, tolerance: 1e-12, what });
        }
    }
    Ok(cases)
}

/// E||grad f(X_M)||_* of a method by running every sequence of samples.
fn expected_gradient(
    instance: &HardInstance,
    norm: &AnyNorm,
    method: &str,
    calls: u64,
) -> Result<f64, AuditError> {
    let method = algorithms::build::<f64>(&method.parse()?, Arc::clone(norm))?;
    let start = Problem::<f64>::start(&**instance.chain());
    let law = instance.law(&start);
    let probabilities: Vec<f64> = law.outcomes().iter().map(|&(q, _)| q).collect();
    let gradient = |x: &Matrix<f64>, k: usize| instance.law(x).outcomes()[k].1.clone();
    let samples = FiniteSamples { start: &start, probabilities: &probabilities, gradient: &gradient };
    expectation_over(samples, |oracle| {
        let mut run = method.begin(&start, oracle)?;
        while oracle.calls() < calls {
            run.step(oracle)?;
        }
        Ok(norm.dual_value(&instance.chain().gradient(run.iterate()))?)
    })
}

/// Steps so long that whatever is discovered is passed at once, and a few others.
const METHODS: [&str; 5] = [
    WALL,
    "name = 'scion'\nstep_size = 1.0\naveraging = 0.3",
    "name = 'transported-scion'\nstep_size = 30.0\naveraging = 0.5",
    "name = 'sgd-momentum'\nstep_size = 1e3\naveraging = 1.0",
    "name = 'sign-momentum'\nstep_size = 1e3\naveraging = 1.0",
];

fn below_the_line(effort: Effort, id: &str) -> Result<Vec<Case>, AuditError> {
    let bounds = lower_bounds();
    let bound = bounds.iter().find(|b| b.statement().name == id).ok_or("no such lower bound")?;
    let most = effort.cases(6, 8) as u64;
    let mut cases = Vec::new();
    for (blocks, length, q, calls) in [(2, 2, 0.5, most), (1, 3, 0.4, most + 3), (3, 1, 1.0, most - 1)] {
        let design = Design {
            length,
            reveal_probability: q,
            ..design("name = 'spectral'", (blocks, blocks * length), 2.0, ZeroRespecting::Lines)?
        };
        let (setting, lower, instance) = made(&**bound, &design)?;
        for (method, calls) in METHODS.into_iter().flat_map(|m| (1..=calls).map(move |c| (m, c))) {
            let claimed = lower.line().mean(calls) * setting.accuracy.eps();
            let measured = expected_gradient(&instance, &design.norm, method, calls)?;
            let name = method.split('\'').nth(1).unwrap_or(method);
            let what = format!("{name}, N = {blocks}, T = {length}, q = {q}, {calls} calls");
            cases.push(Case { measured, claimed, tolerance: 1e-12 * claimed, what });
        }
    }
    Ok(cases)
}

/// Lines of every size.
fn lines(effort: Effort) -> Vec<Line> {
    let (counts, lengths): (&[usize], &[usize]) = if effort.quick {
        (&[1, 3, 16], &[1, 2, 5, 20])
    } else {
        (&[1, 2, 3, 8, 16, 64], &[1, 2, 3, 5, 20, 100])
    };
    let mut lines = Vec::new();
    for (&blocks, &length) in counts.iter().flat_map(|b| lengths.iter().map(move |l| (b, l))) {
        for (q, lambda) in
            [1.0, 0.5, 0.1, 0.01].into_iter().flat_map(|q| [1.05, 1.5, 2.0, 4.0].map(|l| (q, l)))
        {
            lines.push(Line { blocks, length, reveal_probability: q, lambda });
        }
    }
    lines
}

/// In units of eps, at the largest whole number of calls that the simple form allows.
fn at_calls(line: Line, calls: f64) -> Case {
    let what = format!("{line:?} at {calls:.1} calls");
    Case { measured: line.mean(calls.floor() as u64), claimed: 1.0, tolerance: 1e-12, what }
}

fn markov(effort: Effort) -> Result<Vec<Case>, AuditError> {
    Ok(lines(effort).into_iter().map(|line| at_calls(line, line.by_markov())).collect())
}

fn median(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let doubled = lines(effort).into_iter().filter(|line| line.lambda == 2.0);
    let calls = |line: Line| (line.blocks * (line.length - 1)) as f64 / line.reveal_probability;
    Ok(doubled.map(|line| at_calls(line, calls(line))).collect())
}

/// (lambda - 1) lambda^{-3-a} and (lambda - 1) lambda^{-5/2-a} on a grid against their values at the stated lambda.
fn best_lambda(effort: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for p in [1.1, 1.5, 2.0] {
        let a = MomentOrder::new(p)?.conjugate();
        for (id, power, best) in
            [("L1", 3.0 + a, (3.0 + a) / (2.0 + a)), ("L2", 2.5 + a, (5.0 + 2.0 * a) / (3.0 + 2.0 * a))]
        {
            let value = |lambda: f64| (lambda - 1.0) * lambda.powf(-power);
            for k in 1..=effort.cases(2000, 20_000) {
                let lambda = 1.0 + 2.0 * k as f64 / effort.cases(2000, 20_000) as f64;
                let what = format!("{id}, p = {p}, lambda = {lambda}");
                let claimed = value(best);
                cases.push(Case { measured: value(lambda), claimed, tolerance: 1e-14 * claimed, what });
            }
        }
    }
    Ok(cases)
}

/// E W by the exact law of the counts of two blocks: K = 2 blocks complete (or K = 1 of 1), summed over P(W > M).
fn wall(_: Effort) -> Result<Vec<Case>, AuditError> {
    let mut cases = Vec::new();
    for (blocks, length, q) in [(1, 2, 0.5), (1, 4, 0.25), (2, 2, 0.5), (2, 3, 0.9), (2, 4, 0.3)] {
        let lambda = 4.0_f64;
        let needed = (blocks as f64 * (1.0 - 1.0 / lambda)).ceil();
        let measured = expected_wall(blocks, length, q, needed as usize);
        let claimed = needed * length as f64 / q;
        let what = format!("N = {blocks}, T = {length}, q = {q}, K = {needed}");
        cases.push(Case { measured, claimed, tolerance: 1e-9 * claimed, what });
    }
    Ok(cases)
}

/// The chain of counts (S_1, .., S_N), each cut at T, until `needed` of them are T: expected steps, by iteration.
fn expected_wall(blocks: usize, length: usize, q: f64, needed: usize) -> f64 {
    let side = length + 1;
    let states = side.pow(blocks as u32);
    let count = |state: usize, i: usize| state / side.pow(i as u32) % side;
    let complete = |state: usize| (0..blocks).filter(|&i| count(state, i) == length).count();
    let mut law = vec![0.0; states];
    law[0] = 1.0;
    let mut mean = 0.0;
    // The mass that is left decays geometrically: after 4000 steps below 1e-100 at these q.
    for _ in 0..4000 {
        let mut next = vec![0.0; states];
        for (state, &mass) in law.iter().enumerate().filter(|&(state, _)| complete(state) < needed) {
            mean += mass;
            next[state] += mass * (1.0 - q);
            for i in 0..blocks {
                let step = if count(state, i) < length { side.pow(i as u32) } else { 0 };
                next[state + step] += mass * q / blocks as f64;
            }
        }
        law = next;
    }
    mean
}
