//! What the page says.

use heavynorm::statistics::{MedianInterval, median_interval};

use super::pictures::noise_name;
use super::summary::Outcome;
use super::{BASE, CONFIDENCE, Case, Context, Curve, Geometry, METHODS, NAME, Size, TITLE};
use crate::figures::{Record, Table};

pub(super) fn record(context: &Context<'_>, cases: &[Case<'_>]) -> Record {
    Record {
        name: NAME.into(),
        title: TITLE.into(),
        claim: CLAIM.into(),
        setup: setup(cases),
        measured: cases.iter().map(Case::measured).collect(),
        table: table(cases),
        verdict: verdict(cases),
        preset: context.preset,
        seed: context.seed,
        command: String::new(),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

/// The median interval of this many seeds: its coverage, and whether it is what was asked for.
fn interval(size: &Size) -> MedianInterval {
    let ranks: Vec<f64> = (0..size.seeds).map(|k| k as f64).collect();
    median_interval(&ranks, CONFIDENCE).expect("a size has at least one seed")
}

fn setup(cases: &[Case<'_>]) -> String {
    let Size {
        seeds,
        pilot_seeds,
        horizon,
        batch,
        tail_index,
        moment_order,
        noise_to_signal,
        moment_draws,
        ..
    } = cases[0].bench.size;
    let coverage = interval(cases[0].bench.size).coverage;
    format!(
        "Multinomial logistic regression with a bounded nonconvex regulariser on 1797 handwritten digits, W 10 x 64, from W = 0. A \
         call returns the mean gradient of {batch} digits drawn with replacement plus Pareto noise of tail index {tail_index} (no \
         variance), whose moment of order p = {moment_order} in the Frobenius norm is (where it is known only through a bound, is at \
         most) ({noise_to_signal} ||grad f(X_0)||_F)^p, the same noise for every geometry. Two cases: X u v^T with random signs u, v, \
         whose nuclear norm is the least and whose entrywise l1 norm is the largest that its Frobenius norm allows, so that this \
         noise favours spectral geometry and burdens max-entry; and independent entries. For each curve, goal and level, step \
         size and averaging are those with the smallest median on {pilot_seeds} pilot seeds, measured on {seeds} fresh seeds. Runs end \
         after {horizon} calls; the exact gradient, which costs no calls, is taken whenever the calls have grown by the factor \
         {growth}, and a passage is one at such a check. Intervals of medians lie between order statistics and cover with probability \
         {coverage:.3}, ratios with {both:.3}, each for itself, not jointly, and for the parameters chosen: they do not cover the luck of the choice; moments at W = 0 are estimated from {moment_draws} draws with a \
         control variate that leaves a finite variance (99% normal intervals).",
        growth = cases[0].bench.size.check_growth,
        both = 1.0 - 2.0 * (1.0 - coverage),
    )
}

impl Case<'_> {
    fn measured(&self) -> String {
        let Self { bench, moments, summary, .. } = self;
        let noise = |(k, g): (usize, &Geometry)| {
            let relative = |x: super::moments::Interval| x.map(|x| x / g.signal).show();
            format!(
                "{} {} (minibatch alone {})",
                g.name,
                relative(moments.sigma[k]),
                relative(moments.minibatch[k])
            )
        };
        let transport = |(g, geometry): (usize, &Geometry)| {
            let at = |method| summary.own[bench.position(method, g)];
            format!("{} {}", geometry.name, at(1).over(at(0)).show())
        };
        format!(
            "{}: sigma over the gradient's norm at W = 0, in each dual norm: {}. Calls of {} over calls of {}, to {} of the first \
             gradient's norm: {}.",
            capitalised(noise_name(bench.direction)),
            join(bench.geometries.iter().enumerate().map(noise)),
            METHODS[1].label,
            METHODS[0].label,
            bench.size.levels[bench.smallest_level()],
            join(bench.geometries.iter().enumerate().map(transport)),
        )
    }

    /// For each curve that is compared: where the predictions lie against what was measured.
    fn judged(&self) -> impl Iterator<Item = Judged> {
        let others = (0..self.bench.curves.len()).filter(|&k| self.bench.curves[k].geometry != BASE);
        others.map(|k| {
            let (ratio, predicted) = (self.summary.ratio[k], &self.predictions[k]);
            Judged {
                label: self.bench.curve_label(self.bench.curves[k]),
                shown: ratio.show(),
                outcome: ratio.outcome(),
                moments_meet: predicted.moments.high >= ratio.low && predicted.moments.low <= ratio.high,
                plan_meets: (ratio.low..=ratio.high).contains(&predicted.plan),
            }
        })
    }
}

struct Judged {
    label: String,
    shown: String,
    outcome: Outcome,
    moments_meet: bool,
    plan_meets: bool,
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn table(cases: &[Case<'_>]) -> Table {
    let header =
        ["noise", "curve", "calls", "relative to Frobenius", "predicted by moments", "predicted by the plan"];
    let row = |case: &Case<'_>, (k, &c): (usize, &Curve)| {
        let base = c.geometry == BASE;
        let unless_base = |text: String| if base { "1".into() } else { text };
        vec![
            noise_name(case.bench.direction).to_owned(),
            case.bench.curve_label(c),
            case.summary.own[k].show(),
            unless_base(case.summary.ratio[k].show()),
            unless_base(case.predictions[k].moments.show()),
            unless_base(format!("{:.2}", case.predictions[k].plan)),
        ]
    };
    Table {
        header: header.map(String::from).to_vec(),
        rows: cases
            .iter()
            .flat_map(|case| case.bench.curves.iter().enumerate().map(|c| row(case, c)))
            .collect(),
    }
}

/// Which geometry pays, where the predictions lie, and what does not follow.
fn verdict(cases: &[Case<'_>]) -> String {
    if !interval(cases[0].bench.size).attained {
        return "Too few seeds for a verdict: no interval attains its coverage at this size.".into();
    }
    let of = |case: &Case<'_>| {
        let one = |j: Judged| {
            let outcome = match j.outcome {
                Outcome::Fewer => "it pays",
                Outcome::More => "it costs",
                Outcome::Undecided => "no difference shown",
            };
            format!("{} {}, {outcome}", j.label, j.shown)
        };
        format!("{}: {}.", capitalised(noise_name(case.bench.direction)), join(case.judged().map(one)))
    };
    let all: Vec<Judged> = cases.iter().flat_map(Case::judged).collect();
    let count = |what: fn(&Judged) -> bool| all.iter().filter(|j| what(j)).count();
    format!(
        "Calls relative to Frobenius geometry. {} The interval of the moment ratio meets the measured one in {} of {} comparisons, the \
         plan lies in it in {}. The plan compares upper bounds over a whole class, the moment ratio leaves out L, Delta, kappa and the \
         signal's own size: neither is a forecast that a theorem makes, and no theorem is contradicted. Parameters are tuned for each \
         curve, so that this compares what each geometry can do, on one data set and two noises; {} of {} tuned choices lie at an end \
         of their list of candidates.",
        cases.iter().map(of).collect::<Vec<_>>().join(" "),
        count(|j| j.moments_meet),
        all.len(),
        count(|j| j.plan_meets),
        cases.iter().map(|case| case.summary.at_the_edge).sum::<usize>(),
        cases.iter().map(|case| case.summary.own.len()).sum::<usize>(),
    )
}

const CLAIM: &str = "The paper's abstract claims that the calls which Scion and Transported Scion need under p-th-moment noise grow like \
    min{m, n} for the spectral norm; constants, proofs and other norms are ours (theorems U2 and U3). Before the run they give two \
    numbers for calls relative to Frobenius geometry: the ratio of the theorems' planned calls, from class constants L and rho, a bound \
    on the noise that holds at every point, and the dimension factor kappa of the norm; and the moment ratio (sigma/||grad f||_*)^{p/(p-1)} \
    at the start, the factor that heavy noise alone contributes.";
