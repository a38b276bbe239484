//! Calls over eps on the instances of L1 and L2, and their ratio to the instances' own lower bounds.
//!
//! One setting of Delta, sigma and L (rho) for every eps. Scion on L1 and Transported Scion on L2 follow U2 and U3 up to one
//! common constant each for alpha and eta. On L2 Scion appears twice: with the step that its guarantee requires in the
//! class, and tuned at every eps.

use std::sync::Arc;

use heavynorm::norms::spectral::Spectral;
use heavynorm::spec::{Accuracy, Dimensions, MomentOrder};
use heavynorm::statistics::{Interval, log_slope};
use heavynorm_proofs_check::Setting;
use serde::Deserialize;

use super::chains::{
    BUILT_IN, Clock, Constants, FLAT, Judged, Measured, PILOT, SCION, Shape, Site, TRANSPORTED, Trial,
    design, grouping, judge, lower_bound, one_of, passages, points, show, smallest_median, times_median,
};
use super::{Context, Entry, Figure, Record, Table, configuration, csv_of};
use crate::drawing::{Curve, Panel, draw};
use crate::error::Failure;

const NAME: &str = "rate-in-accuracy";
const TITLE: &str = "Calls of Scion and Transported Scion over eps, against the lower bounds";
const PRESETS: &str = include_str!("../presets/rate-in-accuracy.toml");

/// The registry entry.
pub fn entry() -> Entry {
    Entry {
        name: NAME,
        summary: "calls over eps on the hard instances at p = 1.5 and 2, over the instances' own lower bounds",
        presets: PRESETS,
        make,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    blocks: usize,
    lengths: Vec<usize>,
    reveal_probability: f64,
    moment_orders: Vec<f64>,
    lambda: f64,
    moves: Vec<f64>,
    averagings: Vec<f64>,
    tuned_moves: Vec<f64>,
    pilot_seeds: u64,
    seeds: u64,
    displacement: f64,
    patience: f64,
}

/// A method on a family of instances.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kind {
    label: &'static str,
    bound: &'static str,
    shape: Shape,
    /// The step is chosen at every eps.
    tuned: bool,
    /// The bound whose exponent the theorem's schedule has; none where nothing is claimed.
    rate_of: Option<&'static str>,
}

const KINDS: [Kind; 4] = [
    Kind { label: "Scion on L1", bound: "L1", shape: SCION, tuned: false, rate_of: Some("L1") },
    Kind {
        label: "Transported Scion on L2",
        bound: "L2",
        shape: TRANSPORTED,
        tuned: false,
        rate_of: Some("L2"),
    },
    Kind { label: "Scion on L2, U2's scaling", bound: "L2", shape: SCION, tuned: false, rate_of: Some("L1") },
    Kind { label: "Scion on L2, tuned step", bound: "L2", shape: SCION, tuned: true, rate_of: None },
];

impl Kind {
    /// The exponent of eps in the calls, where one is claimed.
    fn exponent(self, p: f64) -> Result<Option<f64>, Failure> {
        let Some(id) = self.rate_of else { return Ok(None) };
        Ok(Some(-lower_bound(id)?.exponent(MomentOrder::new(p)?)))
    }

    /// The slope over eps of calls over the bound of the instance, where one is claimed.
    fn ratio_slope(self, p: f64) -> Result<Option<f64>, Failure> {
        let of_bound = lower_bound(self.bound)?.exponent(MomentOrder::new(p)?);
        Ok(self.exponent(p)?.map(|exponent| exponent + of_bound))
    }
}

/// One curve: a kind at one p with one move.
#[derive(Debug, Clone, Copy)]
struct Spec {
    kind: Kind,
    p: f64,
    step: f64,
    /// What is claimed: the exponent of the calls, and the slope of calls over the bound.
    exponent: Option<f64>,
    ratio_slope: Option<f64>,
}

struct Drawn {
    spec: Spec,
    /// At each eps, in front of the theorem's own alpha and eta.
    constants: Vec<Constants>,
    /// The median at the last eps with groups a quarter as long, over the median that is shown.
    regrouped: f64,
    measured: Measured,
    passages: Vec<Vec<Option<u64>>>,
    sites: Vec<Site>,
}

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let specs = size.specs()?;
    let pilots: usize = specs.iter().map(|spec| size.candidates(*spec)).sum();
    let runs =
        specs.len() * (size.lengths.len() + 1) * size.seeds as usize + pilots * size.pilot_seeds as usize;
    let clock = Clock::new(context, runs as u64);
    let drawn = specs
        .iter()
        .enumerate()
        .map(|(k, &spec)| size.measure(spec, (k as u64 + 1) << 36, context, &clock))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Figure {
        svg: draw(&panels(&size, &drawn), 3).map_err(Failure::Check)?,
        csv: csv(&drawn)?,
        record: record(context, &size, &drawn),
    })
}

impl Size {
    fn specs(&self) -> Result<Vec<Spec>, Failure> {
        let mut specs = Vec::new();
        for &p in &self.moment_orders {
            for kind in KINDS {
                let (exponent, ratio_slope) = (kind.exponent(p)?, kind.ratio_slope(p)?);
                // A tuned step has its own candidates.
                let moves = if kind.tuned { &self.moves[..1] } else { &self.moves[..] };
                specs.extend(moves.iter().map(|&step| Spec { kind, p, step, exponent, ratio_slope }));
            }
        }
        Ok(specs)
    }

    /// How many pilot trials a curve asks for.
    fn candidates(&self, spec: Spec) -> usize {
        let tuned = if spec.kind.tuned { self.tuned_moves.len() * self.lengths.len() } else { 0 };
        self.averagings.len() + tuned
    }

    /// The instances over eps, each with one of the lengths asked for.
    fn sites(&self, kind: Kind, p: f64) -> Result<Vec<Site>, Failure> {
        let bound = lower_bound(kind.bound)?;
        let longest = self.lengths.iter().copied().max().unwrap_or(1);
        let first = self.lengths.first().copied().unwrap_or(1);
        let mut wanted =
            design(Arc::new(Spectral), self.blocks, first, self.reveal_probability, p, self.lambda)?;
        wanted.dimensions = Dimensions::new(self.blocks, self.blocks * longest)
            .map_err(|e| Failure::Input(format!("{NAME}: {e}")))?;
        let setting = bound.design(&wanted)?;
        let power = if kind.bound == "L1" { 0.5 } else { 2.0 / 3.0 };
        let site = |&length: &usize| {
            let eps = (first as f64 / length as f64).powf(power);
            let setting = Setting { accuracy: Accuracy::new(eps)?, ..setting.clone() };
            let site = Site::new(&*bound, setting, self.lambda)?;
            if site.lower.length != length {
                let found = site.lower.length;
                return Err(Failure::Check(format!("{NAME}: T = {found} at eps = {eps}, not {length}")));
            }
            Ok(site)
        };
        self.lengths.iter().map(site).collect()
    }

    /// The averaging constant with the smallest pilot median at the first eps.
    fn averaging(
        &self,
        spec: Spec,
        first: &Site,
        unit: u64,
        context: &Context<'_>,
        clock: &Clock<'_>,
    ) -> Result<f64, Failure> {
        let trial = |&averaging: &f64| {
            let constants = Constants::at(spec.kind.shape, first, averaging, spec.step)?;
            self.trial(spec, constants, first, self.displacement)
        };
        let trials = self.averagings.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
        let tried = passages(&trials, self.pilot_seeds, PILOT + unit, context, clock)?;
        Ok(self.averagings[smallest_median(&tried)])
    }

    fn trial(
        &self,
        spec: Spec,
        constants: Constants,
        site: &Site,
        displacement: f64,
    ) -> Result<Trial, Failure> {
        let walk = constants.walk(spec.kind.shape, site, grouping(displacement))?;
        Ok(Trial::new(walk, site, self.patience))
    }

    fn measure(
        &self,
        spec: Spec,
        unit: u64,
        context: &Context<'_>,
        clock: &Clock<'_>,
    ) -> Result<Drawn, Failure> {
        let sites = self.sites(spec.kind, spec.p)?;
        let averaging = self.averaging(spec, &sites[0], unit, context, clock)?;
        let constants = if spec.kind.tuned {
            self.tuned(spec, &sites, averaging, unit, context, clock)?
        } else {
            vec![Constants::at(spec.kind.shape, &sites[0], averaging, spec.step)?; sites.len()]
        };
        let trials = |displacement: f64| -> Result<Vec<Trial>, Failure> {
            let at = |(site, &constants)| self.trial(spec, constants, site, displacement);
            sites.iter().zip(&constants).map(at).collect()
        };
        let passages_of = |trials: &[Trial], unit| passages(trials, self.seeds, unit, context, clock);
        let passages = passages_of(&trials(self.displacement)?, unit)?;
        let finer = trials(self.displacement / 4.0)?;
        let finer = passages_of(&finer[finer.len() - 1..], unit + (1 << 32))?;
        let x = sites.iter().map(|site| site.setting.accuracy.eps()).collect();
        let lines = sites.iter().map(|site| site.line as f64).collect();
        let measured = Measured::new(x, &passages, lines);
        let regrouped = times_median(&finer[0]) / measured.calls[sites.len() - 1].value;
        Ok(Drawn { spec, constants, regrouped, measured, passages, sites })
    }

    /// At every eps the step with the smallest pilot median; alpha keeps its shape.
    fn tuned(
        &self,
        spec: Spec,
        sites: &[Site],
        averaging: f64,
        unit: u64,
        context: &Context<'_>,
        clock: &Clock<'_>,
    ) -> Result<Vec<Constants>, Failure> {
        let mut chosen = Vec::new();
        for (k, site) in sites.iter().enumerate() {
            // Constants taken at the site itself: a step in units of its own width.
            let of = |&step: &f64| Constants::at(spec.kind.shape, site, averaging, step);
            let candidates = self.tuned_moves.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            let trial = |&constants: &Constants| self.trial(spec, constants, site, self.displacement);
            let trials = candidates.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
            let first = PILOT + unit + ((k as u64 + 1) << 30);
            let tried = passages(&trials, self.pilot_seeds, first, context, clock)?;
            chosen.push(candidates[smallest_median(&tried)]);
        }
        Ok(chosen)
    }
}

fn label(spec: Spec) -> String {
    if spec.kind.tuned { spec.kind.label.into() } else { format!("{}, move {}", spec.kind.label, spec.step) }
}

fn panels(size: &Size, drawn: &[Drawn]) -> Vec<Panel> {
    size.moment_orders.iter().flat_map(|&p| of_order(size, p, drawn)).collect()
}

fn of_order(size: &Size, p: f64, drawn: &[Drawn]) -> [Panel; 3] {
    let first = |spec: Spec| spec.step == size.moves[0];
    let color = |kind: Kind| KINDS.iter().position(|k| *k == kind).unwrap_or(0);
    let curve = |d: &Drawn, y: &[Interval]| Curve {
        label: label(d.spec),
        color: color(d.spec.kind),
        dashed: !first(d.spec),
        scattered: false,
        points: points(&d.measured.x, y),
    };
    let here = || drawn.iter().filter(|d| d.spec.p == p);
    let exact = |label: &str, color, x: &[f64], y: Vec<f64>| {
        let y: Vec<Interval> = y.into_iter().map(|y| Interval { value: y, low: y, high: y }).collect();
        Curve { label: label.into(), color, dashed: false, scattered: false, points: points(x, &y) }
    };
    let of_bound = |bound: &str| here().find(|d| d.spec.kind.bound == bound);
    let mut calls: Vec<Curve> =
        here().filter(|d| first(d.spec)).map(|d| curve(d, &d.measured.calls)).collect();
    let mut alone = Vec::new();
    for (bound, color) in [("L1", 5), ("L2", 4)] {
        let Some(d) = of_bound(bound) else { continue };
        calls.push(exact(&format!("line of {bound}"), color, &d.measured.x, d.measured.lines.clone()));
        let lengths = d.sites.iter().map(|s| s.lower.length as f64).collect();
        let reveals = d.sites.iter().map(|s| 1.0 / s.lower.reveal_probability).collect();
        alone.push(exact(&format!("T(eps) of {bound}"), color, &d.measured.x, lengths));
        // Both 1/q are the same power of eps: the first is covered where they meet.
        alone.push(exact(&format!("1/q(eps) of {bound}"), color - 3, &d.measured.x, reveals));
    }
    let panel = |title: String, y_label: &str, curves, references| Panel {
        title,
        x_label: "eps".into(),
        y_label: y_label.into(),
        curves,
        references,
        x_names: Vec::new(),
    };
    let ratios = here().map(|d| curve(d, &d.measured.ratios())).collect();
    [
        panel(format!("p = {p}, over the instance's own line"), "calls/line", ratios, vec![1.0]),
        panel(format!("p = {p}, calls"), "calls to eps", calls, vec![]),
        panel(format!("p = {p}, what the instance brings along"), "T and 1/q", alone, vec![]),
    ]
}

fn csv(drawn: &[Drawn]) -> Result<Vec<u8>, Failure> {
    let header = ["curve", "p", "eps", "T", "q", "line", "times_alpha", "times_eta", "seed", "calls"];
    let mut rows = Vec::new();
    for d in drawn {
        for ((site, constants), runs) in d.sites.iter().zip(&d.constants).zip(&d.passages) {
            for (seed, calls) in runs.iter().enumerate() {
                rows.push(vec![
                    label(d.spec),
                    d.spec.p.to_string(),
                    site.setting.accuracy.eps().to_string(),
                    site.lower.length.to_string(),
                    site.lower.reveal_probability.to_string(),
                    site.line.to_string(),
                    constants.averaging.to_string(),
                    constants.step.to_string(),
                    seed.to_string(),
                    calls.map_or(String::new(), |calls| calls.to_string()),
                ]);
            }
        }
    }
    csv_of(&header, &rows)
}

fn record(context: &Context<'_>, size: &Size, drawn: &[Drawn]) -> Record {
    Record {
        name: NAME.into(),
        title: TITLE.into(),
        claim: CLAIM.into(),
        setup: setup(size, drawn),
        measured: size.moment_orders.iter().map(|&p| alone(p, drawn)).collect(),
        table: table(drawn),
        verdict: verdict(drawn),
        preset: context.preset,
        seed: context.seed,
        command: String::new(),
    }
}

/// Calls in units of mT/q, times eps^{-g} where the claim is that calls over the bound go like eps^g: bounded if it is right. A
/// start-up that every chain pays once makes it A + B/T.
struct Bounded {
    /// At each T.
    values: Vec<Interval>,
    /// A and B, fitted without the last point.
    limit: f64,
    start_up: f64,
    /// A + B/T at the last point, which the fit has not seen.
    predicted: f64,
}

impl Bounded {
    /// `None` unless at least three points are left for the fit, and all of them were reached.
    fn new(d: &Drawn) -> Option<Self> {
        let growth = d.spec.ratio_slope.unwrap_or(0.0);
        let value = |(site, calls): (&Site, &Interval)| {
            let unit = site.lower.line().unit() * site.setting.accuracy.eps().powf(growth);
            Interval { value: calls.value / unit, low: calls.low / unit, high: calls.high / unit }
        };
        let values: Vec<Interval> = d.sites.iter().zip(&d.measured.calls).map(value).collect();
        let inverse: Vec<f64> = d.sites.iter().map(|site| 1.0 / site.lower.length as f64).collect();
        let seen = values.len() - 1;
        if seen < 3 || values.iter().any(|v| !v.value.is_finite()) {
            return None;
        }
        let y: Vec<f64> = values.iter().map(|v| v.value).collect();
        let (limit, start_up) = relative_line(&inverse[..seen], &y[..seen]);
        Some(Self { limit, start_up, predicted: limit + start_up * inverse[seen], values })
    }

    fn last(&self) -> Interval {
        self.values[self.values.len() - 1]
    }

    /// By which factor the last point may lie above its prediction at most, with all that its interval and groups leave open.
    fn excess(&self, regrouped: f64) -> f64 {
        self.last().high * regrouped.max(1.0) / self.predicted
    }
}

/// The A, B with the smallest sum of squared relative errors of A + B x.
fn relative_line(x: &[f64], y: &[f64]) -> (f64, f64) {
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(&x, &y)| f(x, y)).sum::<f64>();
    let (aa, ab, bb) = (sum(&|_, y| 1.0 / (y * y)), sum(&|x, y| x / (y * y)), sum(&|x, y| x * x / (y * y)));
    let (ay, by) = (sum(&|_, y| 1.0 / y), sum(&|x, y| x / y));
    let determinant = aa * bb - ab * ab;
    ((ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant)
}

fn table(drawn: &[Drawn]) -> Table {
    let header = [
        "p",
        "curve",
        "claimed exponent of calls",
        "measured",
        "over the smaller eps",
        "claimed slope of calls/line",
        "measured",
        "calls q/(mT) eps^-g, g the claimed slope",
        "A, B of A + B/T",
        "last point: predicted, measured",
    ];
    let claimed = |x: Option<f64>| x.map_or("none".into(), |x| format!("{x:.2}"));
    let row = |d: &Drawn| {
        let mut row = vec![
            d.spec.p.to_string(),
            label(d.spec),
            claimed(d.spec.exponent),
            show(d.measured.slope(), 2),
            show(d.measured.later_half(), 2),
            claimed(d.spec.ratio_slope),
            show(d.measured.ratio_slope(), 2),
        ];
        row.extend(match Bounded::new(d) {
            None => vec!["too few points".to_owned(); 3],
            Some(b) => vec![
                format!("{:.2} to {:.2}", b.values[0].value, b.last().value),
                format!("{:.2}, {:.1}", b.limit, b.start_up),
                format!("{:.2}, {}", b.predicted, show(Some(b.last()), 2)),
            ],
        });
        row
    };
    Table::new(&header, drawn.iter().map(row).collect())
}

fn setup(size: &Size, drawn: &[Drawn]) -> String {
    let all = || drawn.iter().flat_map(|d| &d.constants);
    let averaging = all().map(|c| c.averaging).fold(0.0, f64::max);
    let step = all().map(|c| c.step).fold(0.0, f64::max);
    let regrouped = |pick: fn(f64, f64) -> f64| drawn.iter().map(|d| d.regrouped).reduce(pick).unwrap_or(1.0);
    let Size { blocks, lengths, reveal_probability, lambda, seeds, pilot_seeds, .. } = size;
    let walks = if size.displacement > 0.0 {
        format!("grouped by a displacement of {} (approximate)", size.displacement)
    } else {
        "exact, step by step".into()
    };
    format!(
        "For each p one setting of Delta, sigma and L (L1) or rho (L2), spectral norm, m = {blocks}, lambda = {lambda}; eps falls so that the \
         chains have the lengths T = {lengths:?} (eps chosen where T is an integer), from q = {reveal_probability} on. Scion follows \
         U2's schedule, Transported Scion U3's, each times common constants for alpha and eta: eta = move s q/m at the first eps, with \
         the move fixed beforehand, alpha = a q/m with the a that has the smallest median on {pilot_seeds} pilot seeds there; from then \
         on both scale as the theorem says. These constants are of order {averaging:.0e} for alpha and {step:.0e} for eta: no theorem \
         covers numbers so large, the scaling alone is the theorem's. On L2 the class has the L of its first instance, and U2's step \
         there is proportional to alpha eps/L. Tuned: at every eps the step, in units of the instance's width s, with the smallest pilot \
         median. Walks are {walks}; with groups a quarter as long the last medians change by {:+.1}% to {:+.1}%. {seeds} seeds a point; medians of the calls to eps with order-statistic intervals that hold with \
         {:.2}% each, with 95% together over a curve; the range of a slope is what these intervals allow.",
        100.0 * (regrouped(f64::min) - 1.0),
        100.0 * (regrouped(f64::max) - 1.0),
        100.0 * one_of(lengths.len()),
    )
}

/// What T(eps) and q(eps) contribute.
fn alone(p: f64, drawn: &[Drawn]) -> String {
    let of = |bound: &str| {
        let d = drawn.iter().find(|d| d.spec.p == p && d.spec.kind.bound == bound)?;
        let exact = |y: f64| Interval { value: y, low: y, high: y };
        let slope = |y: fn(&Site) -> f64| {
            let y: Vec<Interval> = d.sites.iter().map(|site| exact(y(site))).collect();
            log_slope(&d.measured.x, &y).map_or(f64::NAN, |s| s.value)
        };
        Some(format!(
            "{bound}: T alone {:.3}, 1/q alone {:.3}, the line {:.3}",
            slope(|site| site.lower.length as f64),
            slope(|site| 1.0 / site.lower.reveal_probability),
            d.measured.line_slope().map_or(f64::NAN, |s| s.value),
        ))
    };
    let parts: Vec<String> = ["L1", "L2"].into_iter().filter_map(of).collect();
    format!("Exponents of eps without any run, p = {p}: {}.", parts.join("; "))
}

/// What the curves say together; the numbers of each are in the table.
fn verdict(drawn: &[Drawn]) -> String {
    let lost: Vec<String> =
        drawn.iter().filter(|d| d.measured.ratio_slope().is_none()).map(|d| label(d.spec)).collect();
    if !lost.is_empty() {
        return format!("Not every point reached eps, so there is no slope: {}.", lost.join(", "));
    }
    let judged: Vec<(Judged, f64)> = drawn
        .iter()
        .filter_map(|d| {
            let (slope, claim) = (d.measured.ratio_slope()?, d.spec.ratio_slope?);
            Some((judge(slope, claim), slope.value - claim))
        })
        .collect();
    let count = |of: Judged| judged.iter().filter(|(found, _)| *found == of).count();
    let end =
        |pick: fn(f64, f64) -> f64| judged.iter().map(|(_, miss)| *miss).reduce(pick).unwrap_or(f64::NAN);
    format!(
        "Slopes of calls/line against their claims, {} curves: {} within {FLAT}, {} above, {} below, {} undecided; they lie {:+.2} to {:+.2} \
         from them. (Above: calls grow more slowly in 1/eps than claimed.) {} {} {BUILT_IN}",
        judged.len(),
        count(Judged::AsClaimed),
        count(Judged::Above),
        count(Judged::Below),
        count(Judged::Undecided),
        end(f64::min),
        end(f64::max),
        settling(drawn),
        tuned(drawn),
    )
}

/// Whether what is off fades: the last point against a start-up fitted without it.
fn settling(drawn: &[Drawn]) -> String {
    let claimed = || drawn.iter().filter(|d| d.spec.ratio_slope.is_some());
    let fits: Vec<(&Drawn, Bounded)> = claimed().filter_map(|d| Some((d, Bounded::new(d)?))).collect();
    if fits.is_empty() {
        return "Too few points to tell a start-up from growth.".into();
    }
    let above: Vec<String> = fits
        .iter()
        .filter(|(d, b)| b.last().low > b.predicted * d.regrouped.max(1.0))
        .map(|(d, _)| format!("{} (p = {})", label(d.spec), d.spec.p))
        .collect();
    let falling = fits.iter().filter(|(_, b)| b.start_up > 0.0).count();
    let open = fits.iter().map(|(d, b)| b.excess(d.regrouped)).fold(0.0, f64::max);
    let found = if above.is_empty() {
        format!(
            "no last point lies above what the others predict, and none by a factor of more than {open:.3} is left open by its interval"
        )
    } else {
        format!(
            "above what the others predict lie the last points of {}: there a ratio may grow",
            above.join(", ")
        )
    };
    format!(
        "A start-up that each chain pays once would make calls in units of mT/q, times eps^-g for a claimed slope g, settle like A + B/T: \
         fitted without the last point, B is positive for {falling} of {} curves, and {found}. Growth so slow that the fit itself \
         absorbs it is not excluded.",
        fits.len()
    )
}

/// What tuning does on L2, where no theorem speaks.
fn tuned(drawn: &[Drawn]) -> String {
    let of = |d: &Drawn| {
        let of_bound = lower_bound(d.spec.kind.bound).ok()?.exponent(MomentOrder::new(d.spec.p).ok()?);
        Some(format!("{} at p = {} (the bound's: {:.2})", show(d.measured.slope(), 2), d.spec.p, -of_bound))
    };
    let found: Vec<String> = drawn.iter().filter(|d| d.spec.kind.tuned).filter_map(of).collect();
    format!(
        "Nothing is claimed for Scion with a tuned step on L2; its exponent is {}. That Scion with U2's scaling needs more there \
         shows only that steps proportional to eps/L are short on this instance: no lower bound for Scion on L2 follows.",
        found.join(", ")
    )
}

const CLAIM: &str = "The abstract claims eps^{-(3p-2)/(p-1)} for any gradient-based method on smooth functions, attained by Scion, and \
    eps^{-(5p-3)/(2p-2)} for Transported Scion where the Hessian is Lipschitz. L1, U2 and U3 are our versions; L2, the matching lower \
    bound for Lipschitz Hessians, is not in the abstract. On the class of L2, U2 guarantees the first rate only: its guaranteed calls over L2's \
    line grow like eps^{-1/2}.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Preset;

    fn size() -> Size {
        configuration(PRESETS, Preset::Smoke).unwrap()
    }

    #[test]
    fn the_claimed_exponents_are_those_of_the_abstract() {
        let of = |kind: usize, p| (KINDS[kind].exponent(p).unwrap(), KINDS[kind].ratio_slope(p).unwrap());
        assert_eq!(of(0, 2.0), (Some(-4.0), Some(0.0)));
        assert_eq!(of(1, 2.0), (Some(-3.5), Some(0.0)));
        assert_eq!(of(2, 2.0), (Some(-4.0), Some(-0.5)));
        assert_eq!(of(2, 1.5), (Some(-5.0), Some(-0.5)));
        assert_eq!(of(3, 1.5), (None, None));
    }

    /// A curve on L1 whose calls are mT/q times `ratio(T)`.
    fn drawn(ratio: impl Fn(f64) -> f64) -> Drawn {
        let size = Size { lengths: vec![8, 12, 16, 24, 32], ..size() };
        let sites = size.sites(KINDS[0], 2.0).unwrap();
        let calls = |site: &Site| (ratio(site.lower.length as f64) * site.lower.line().unit()).round() as u64;
        let passages: Vec<Vec<Option<u64>>> = sites.iter().map(|site| vec![Some(calls(site)); 30]).collect();
        let x = sites.iter().map(|site| site.setting.accuracy.eps()).collect();
        let measured = Measured::new(x, &passages, sites.iter().map(|site| site.line as f64).collect());
        let spec = Spec { exponent: Some(-4.0), ratio_slope: Some(0.0), ..size.specs().unwrap()[0] };
        Drawn {
            spec,
            constants: vec![Constants::OWN; sites.len()],
            regrouped: 1.0,
            measured,
            passages,
            sites,
        }
    }

    #[test]
    fn the_verdict_tells_a_start_up_from_growth() {
        let say = |ratio: fn(f64) -> f64| verdict(&[drawn(ratio)]);
        let settled = say(|t| 40.0 + 100.0 / t);
        assert!(settled.contains("no last point lies above"), "{settled}");
        let growing = say(|t| 40.0 * t.powf(0.3));
        assert!(growing.contains("there a ratio may grow") && growing.contains("1 below"), "{growing}");
    }

    #[test]
    fn a_start_up_is_told_from_growth_by_the_point_left_out() {
        let x = [8.0, 12.0, 16.0, 24.0, 32.0].map(|t: f64| 1.0 / t);
        let (a, b) = relative_line(&x, &x.map(|x| 8.0 + 6.0 * x));
        assert!((a - 8.0).abs() < 1e-12 && (b - 6.0).abs() < 1e-10, "{a} {b}");
        // A ratio like T^{1/4}, three doublings long: the point after it is missed by more than a twentieth.
        let (a, b) = relative_line(&x, &x.map(|x| x.powf(-0.25)));
        let missed = (a + b / 64.0) / 64f64.powf(0.25);
        assert!(missed < 0.95, "{missed}");
    }

    #[test]
    fn the_sites_share_one_setting_and_have_the_lengths_asked_for() {
        let size = size();
        for kind in KINDS {
            let sites = size.sites(kind, 1.5).unwrap();
            let lengths: Vec<usize> = sites.iter().map(|site| site.lower.length).collect();
            assert_eq!(lengths, size.lengths);
            let (first, last) = (&sites[0], &sites[2]);
            assert_eq!(first.setting.gap, last.setting.gap);
            assert_eq!(first.setting.noise_scale, last.setting.noise_scale);
            assert_eq!(first.setting.smoothness, last.setting.smoothness);
            assert_eq!(first.setting.hessian_lipschitz, last.setting.hessian_lipschitz);
            // q ~ eps^{p/(p-1)} = eps^3.
            let q = last.lower.reveal_probability / first.lower.reveal_probability;
            assert!((q / last.setting.accuracy.eps().powi(3) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_guarantees_step_falls_faster_than_the_width_and_transports_step_does_not() {
        let size = size();
        let relative = |kind: Kind, site: &Site| {
            let rates = kind.shape.rates(site).unwrap();
            rates.step_size / (site.rate() * site.lower.width)
        };
        for kind in [KINDS[0], KINDS[1]] {
            let sites = size.sites(kind, 2.0).unwrap();
            assert!(
                (relative(kind, &sites[2]) / relative(kind, &sites[0]) - 1.0).abs() < 1e-3,
                "{}",
                kind.label
            );
        }
        let sites = size.sites(KINDS[2], 2.0).unwrap();
        let eps = sites[2].setting.accuracy.eps();
        let fallen = relative(KINDS[2], &sites[2]) / relative(KINDS[2], &sites[0]);
        assert!((fallen / eps.sqrt() - 1.0).abs() < 1e-12, "{fallen} against {}", eps.sqrt());
    }
}
