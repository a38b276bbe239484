//! Calls over eps on the instances of L1 and L2, and their ratio to the instances' own lower bounds.
//!
//! One setting of Delta, sigma and L (rho) for every eps. Scion on L1 and Transported Scion on L2 follow U2 and U3 up to one
//! common constant each for alpha and eta. On L2 Scion appears twice: with the step that its guarantee requires in the
//! class, and tuned at every eps.

use std::sync::Arc;

use heavynorm::norms::spectral::Spectral;
use heavynorm::spec::{Accuracy, Dimensions};
use heavynorm::statistics::{Interval, log_slope};
use heavynorm_proofs_check::Setting;
use serde::Deserialize;

use super::chains::{
    BUILT_IN, Clock, Constants, Measured, PILOT, SCION, Shape, Site, TRANSPORTED, Trial, design, grouping,
    lower_bound, one_of, passages, points, show, smallest_median,
};
use super::{Context, Entry, Figure, Record, Table, configuration};
use crate::drawing::{Curve, Panel, draw};
use crate::error::Failure;

const NAME: &str = "rate-in-accuracy";
const TITLE: &str = "Halving eps: Scion on L1, transport on L2, against the lower bounds";
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
    /// The slope of the ratio over eps that the theory gives.
    ratio_slope: f64,
}

const KINDS: [Kind; 4] = [
    Kind { label: "Scion on L1", bound: "L1", shape: SCION, tuned: false, ratio_slope: 0.0 },
    Kind {
        label: "Transported Scion on L2",
        bound: "L2",
        shape: TRANSPORTED,
        tuned: false,
        ratio_slope: 0.0,
    },
    Kind {
        label: "Scion on L2, guaranteed step",
        bound: "L2",
        shape: SCION,
        tuned: false,
        ratio_slope: -0.5,
    },
    Kind { label: "Scion on L2, tuned step", bound: "L2", shape: SCION, tuned: true, ratio_slope: 0.0 },
];

impl Kind {
    /// The exponent of eps in the calls that the theory gives.
    fn exponent(self, p: f64) -> f64 {
        let of_bound = match self.bound {
            "L1" => (3.0 * p - 2.0) / (p - 1.0),
            _ => (5.0 * p - 3.0) / (2.0 * p - 2.0),
        };
        self.ratio_slope - of_bound
    }
}

/// One curve: a kind at one p with one move.
#[derive(Debug, Clone, Copy)]
struct Spec {
    kind: Kind,
    p: f64,
    step: f64,
}

struct Drawn {
    spec: Spec,
    /// The averaging constant that was chosen.
    averaging: f64,
    measured: Measured,
    passages: Vec<Vec<Option<u64>>>,
    sites: Vec<Site>,
}

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let specs = size.specs();
    let pilots: usize = specs.iter().map(|spec| size.candidates(*spec)).sum();
    let runs = specs.len() * size.lengths.len() * size.seeds as usize + pilots * size.pilot_seeds as usize;
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
    fn specs(&self) -> Vec<Spec> {
        let mut specs = Vec::new();
        for &p in &self.moment_orders {
            for kind in KINDS {
                // A tuned step has its own candidates.
                let moves = if kind.tuned { &self.moves[..1] } else { &self.moves[..] };
                specs.extend(moves.iter().map(|&step| Spec { kind, p, step }));
            }
        }
        specs
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
        let trial = |&averaging: &f64| self.trial(spec, first, first, averaging, spec.step);
        let trials = self.averagings.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
        let tried = passages(&trials, self.pilot_seeds, PILOT + unit, context, clock)?;
        Ok(self.averagings[smallest_median(&tried)])
    }

    /// The walk at `site` whose constants give alpha = averaging q/m and eta = step s q/m at `reference`.
    fn trial(
        &self,
        spec: Spec,
        reference: &Site,
        site: &Site,
        averaging: f64,
        step: f64,
    ) -> Result<Trial, Failure> {
        let constants = Constants::at(spec.kind.shape, reference, averaging, step)?;
        let walk = constants.walk(spec.kind.shape, site, grouping(self.displacement))?;
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
        let trials: Vec<Trial> = if spec.kind.tuned {
            self.tuned(spec, &sites, averaging, unit, context, clock)?
        } else {
            let at = |site| self.trial(spec, &sites[0], site, averaging, spec.step);
            sites.iter().map(at).collect::<Result<_, _>>()?
        };
        let passages = passages(&trials, self.seeds, unit, context, clock)?;
        let x = sites.iter().map(|site| site.setting.accuracy.eps()).collect();
        let lines = sites.iter().map(|site| site.line as f64).collect();
        let measured = Measured::new(x, &passages, lines);
        Ok(Drawn { spec, averaging, measured, passages, sites })
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
    ) -> Result<Vec<Trial>, Failure> {
        let mut chosen = Vec::new();
        for (k, site) in sites.iter().enumerate() {
            // Constants taken at the site itself: a step in units of its own width.
            let trial = |&step: &f64| self.trial(spec, site, site, averaging, step);
            let trials = self.tuned_moves.iter().map(trial).collect::<Result<Vec<_>, _>>()?;
            let first = PILOT + unit + ((k as u64 + 1) << 30);
            let tried = passages(&trials, self.pilot_seeds, first, context, clock)?;
            chosen.push(trials[smallest_median(&tried)].clone());
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
    let failed = |e: csv::Error| Failure::Check(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        ["curve", "p", "eps", "length", "reveal_probability", "line", "averaging_constant", "seed", "calls"];
    writer.write_record(header).map_err(failed)?;
    for d in drawn {
        for (site, runs) in d.sites.iter().zip(&d.passages) {
            for (seed, calls) in runs.iter().enumerate() {
                let row = [
                    label(d.spec),
                    d.spec.p.to_string(),
                    site.setting.accuracy.eps().to_string(),
                    site.lower.length.to_string(),
                    site.lower.reveal_probability.to_string(),
                    site.line.to_string(),
                    d.averaging.to_string(),
                    seed.to_string(),
                    calls.map_or(String::new(), |calls| calls.to_string()),
                ];
                writer.write_record(row).map_err(failed)?;
            }
        }
    }
    writer.into_inner().map_err(|e| Failure::Check(e.to_string()))
}

fn record(context: &Context<'_>, size: &Size, drawn: &[Drawn]) -> Record {
    Record {
        name: NAME.into(),
        title: TITLE.into(),
        claim: CLAIM.into(),
        setup: setup(size),
        measured: size.moment_orders.iter().map(|&p| alone(p, drawn)).collect(),
        table: table(drawn),
        verdict: verdict(drawn),
        preset: context.preset,
        seed: context.seed,
        command: String::new(),
    }
}

/// Calls in units of mT/q, times eps^{-g} where the theory says that the ratio grows like eps^g: bounded if it is right.
/// A start-up that every chain pays once makes it A + B/T.
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
    fn new(d: &Drawn) -> Self {
        let value = |(site, calls): (&Site, &Interval)| {
            let unit = site.lower.line().unit() * site.setting.accuracy.eps().powf(d.spec.kind.ratio_slope);
            Interval { value: calls.value / unit, low: calls.low / unit, high: calls.high / unit }
        };
        let values: Vec<Interval> = d.sites.iter().zip(&d.measured.calls).map(value).collect();
        let inverse: Vec<f64> = d.sites.iter().map(|site| 1.0 / site.lower.length as f64).collect();
        let seen = values.len() - 1;
        let y: Vec<f64> = values.iter().map(|v| v.value).collect();
        let (limit, start_up) = relative_line(&inverse[..seen], &y[..seen]);
        Self { limit, start_up, predicted: limit + start_up * inverse[seen], values }
    }

    fn last(&self) -> Interval {
        self.values[self.values.len() - 1]
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
    let row = |d: &Drawn| {
        let bounded = Bounded::new(d);
        vec![
            d.spec.p.to_string(),
            label(d.spec),
            format!("{:.2}", d.spec.kind.exponent(d.spec.p)),
            show(d.measured.slope(), 2),
            show(d.measured.later_half(), 2),
            format!("{:.1}", d.spec.kind.ratio_slope),
            show(d.measured.ratio_slope(), 2),
            format!("{:.2} to {:.2}", bounded.values[0].value, bounded.last().value),
            format!("{:.2}, {:.1}", bounded.limit, bounded.start_up),
            format!("{:.2}, {}", bounded.predicted, show(Some(bounded.last()), 2)),
        ]
    };
    Table { header: header.map(String::from).to_vec(), rows: drawn.iter().map(row).collect() }
}

fn setup(size: &Size) -> String {
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
         on both scale as the theorem says. On L2 the class has the L of its first instance: U2's step eta = alpha eps/(8L) there is \
         the step of the guarantee. Tuned: at every eps the step, in units of the instance's width s, with the smallest pilot \
         median; no guarantee goes with it. Walks are {walks}. {seeds} seeds a point; medians of the calls to eps with order-statistic intervals that hold with \
         {:.2}% each, with 95% together over a curve; the range of a slope is what these intervals allow.",
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
    let name = |d: &Drawn| format!("{} (p = {})", label(d.spec), d.spec.p);
    let slopes = drawn.iter().filter_map(|d| Some((d, d.measured.ratio_slope()?)));
    let (held, off): (Vec<_>, Vec<_>) =
        slopes.partition(|(d, s)| (s.low..=s.high).contains(&d.spec.kind.ratio_slope));
    let misses: Vec<f64> = off.iter().map(|(d, s)| s.value - d.spec.kind.ratio_slope).collect();
    let off = if misses.is_empty() {
        String::new()
    } else {
        let end = |pick: fn(f64, f64) -> f64| misses.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        format!("; the others are off by {:+.2} to {:+.2}", end(f64::min), end(f64::max))
    };
    let bounded: Vec<(&Drawn, Bounded)> = drawn.iter().map(|d| (d, Bounded::new(d))).collect();
    let above: Vec<String> =
        bounded.iter().filter(|(_, b)| b.predicted < b.last().low).map(|(d, _)| name(d)).collect();
    let below = bounded.iter().filter(|(_, b)| b.predicted > b.last().high).count();
    let growth = if above.is_empty() {
        "none exceeds it: no ratio grows faster than claimed".to_owned()
    } else {
        format!("exceeded by {}: there the claim is in doubt", above.join(", "))
    };
    format!(
        "The claimed slope of calls/line lies in the measured interval for {} of {} curves{off}. Two effects of short chains are seen, \
         and both fade as T grows: the line lies below its order mT/q by a factor 1 - O(T^{{-1/2}}), so that its own exponent is not yet the \
         claimed one (given above), and each chain pays a start-up once. In units of mT/q, times eps^{{1/2}} for the step of the \
         guarantee, calls should therefore settle like A + B/T or fall faster. Fitted without the last point, that form is met there by {} \
         curves, {below} lie below it, and {growth}. {BUILT_IN} Tuned, Scion has the exponent of transport here: no lower bound for \
         Scion on L2 follows from the step of its guarantee.",
        held.len(),
        drawn.len(),
        bounded.len() - below - above.len(),
    )
}

const CLAIM: &str = "The abstract claims eps^{-(3p-2)/(p-1)} for any gradient-based method on smooth functions, attained by Scion, and \
    eps^{-(5p-3)/(2p-2)} for Transported Scion where the Hessian is Lipschitz. L1, U2 and U3 are our versions; L2, the matching lower \
    bound for Lipschitz Hessians, is not in the abstract. U2 on the class of L2 guarantees the first rate only: its calls over L2's \
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
        let of = |kind: usize, p| KINDS[kind].exponent(p);
        assert_eq!((of(0, 2.0), of(1, 2.0), of(2, 2.0)), (-4.0, -3.5, -4.0));
        assert_eq!((of(0, 1.5), of(1, 1.5), of(2, 1.5)), (-5.0, -4.5, -5.0));
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
