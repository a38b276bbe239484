//! Calls of Scion over r = min{m, n} on the instances of L1, and the ratio to their lower bound.
//!
//! The same gap, smoothness, noise and accuracy for every r. Scion follows U2's schedule up to one common constant each for
//! alpha and eta; beside it the same numbers frozen in r, the Frobenius geometry on its own instance, and U2's own schedule
//! without any constant.

use std::sync::Arc;

use heavynorm::hard_instances::structured::{Grouping, Method};
use heavynorm::norms::{frobenius::Frobenius, spectral::Spectral};
use heavynorm::spec::Norm;
use heavynorm::statistics::Interval;
use serde::Deserialize;

use super::chains::{
    BUILT_IN, Clock, Constants, FLAT, Judged, Measured, PILOT, SCION, Site, Trial, design, grouping, judge,
    lower_bound, one_of, passages, points, show, smallest_median, walk,
};
use super::{Context, Entry, Figure, Record, Table, configuration, csv_of};
use crate::drawing::{Curve, Panel, draw};
use crate::error::Failure;

const NAME: &str = "rate-in-dimension";
const TITLE: &str = "Calls of Scion over r = min{m, n}, against the lower bound";
const PRESETS: &str = include_str!("../presets/rate-in-dimension.toml");

/// The registry entry.
pub fn entry() -> Entry {
    Entry {
        name: NAME,
        summary: "calls of Scion over r = min{m,n} on the hard instance, over the instance's own lower bound",
        presets: PRESETS,
        make,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    blocks: Vec<usize>,
    length: usize,
    reveal_probability: f64,
    moment_order: f64,
    lambda: f64,
    moves: Vec<f64>,
    averagings: Vec<f64>,
    pilot_blocks: usize,
    pilot_seeds: u64,
    seeds: u64,
    displacement: f64,
    patience: f64,
    own_seeds: u64,
    own_displacement: f64,
    toy_blocks: Vec<usize>,
}

/// What a curve does with r.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// U2's shape with common constants; the move is the step's.
    Shape,
    /// The same in the Frobenius norm, on the Frobenius norm's instance.
    Frobenius,
    /// alpha and eta of `Shape` at this r, for every r.
    Frozen(usize),
}

/// A curve with its constants.
#[derive(Debug, Clone, Copy)]
struct Plan {
    kind: Kind,
    /// eta = move s q/r.
    step: f64,
    /// alpha = averaging q/r.
    averaging: f64,
}

struct Drawn {
    plan: Plan,
    /// In front of U2's own alpha and eta.
    constants: Constants,
    measured: Measured,
    passages: Vec<Vec<Option<u64>>>,
}

/// U2's own schedule: measured calls over planned calls.
struct Own {
    blocks: Vec<f64>,
    shares: Vec<Interval>,
    planned: Vec<f64>,
    passages: Vec<Vec<Option<u64>>>,
    toys: Vec<Toy>,
}

/// An exact run of U2's own schedule beside its grouped approximation.
struct Toy {
    blocks: usize,
    planned: u64,
    exact: f64,
    grouped: f64,
}

fn make(context: &Context<'_>) -> Result<Figure, Failure> {
    let size: Size = configuration(PRESETS, context.preset)?;
    let curves = size.seeds * (size.blocks.len() * (size.moves.len() + 3)) as u64;
    let pilots = size.pilot_seeds * (size.averagings.len() * size.moves.len()) as u64;
    let own = (size.own_seeds * size.blocks.len() as u64) + 2 * size.toy_blocks.len() as u64;
    let clock = Clock::new(context, curves + pilots + own);
    let plans = size.plans(context, &clock)?;
    let drawn = size.measure(&plans, context, &clock)?;
    let own = size.own(context, &clock)?;
    Ok(Figure {
        svg: draw(&panels(&size, &drawn, &own), 3).map_err(Failure::Check)?,
        csv: csv(&size, &drawn, &own)?,
        record: record(context, &size, &drawn, &own),
    })
}

impl Size {
    /// The instance for a norm and r; gap, smoothness, sigma and eps are the same for every r, and for both norms.
    fn site(&self, norm: Arc<dyn Norm<f64>>, blocks: usize) -> Result<Site, Failure> {
        let (q, p) = (self.reveal_probability, self.moment_order);
        let bound = lower_bound("L1")?;
        let design = design(norm, blocks, self.length, q, p, self.lambda)?;
        Site::new(&*bound, bound.design(&design)?, self.lambda)
    }

    fn spectral(&self, blocks: usize) -> Result<Site, Failure> {
        self.site(Arc::new(Spectral), blocks)
    }

    /// The averaging constant of each move, chosen on pilot seeds at one r, and the curves that follow.
    fn plans(&self, context: &Context<'_>, clock: &Clock<'_>) -> Result<Vec<Plan>, Failure> {
        let pilot = self.spectral(self.pilot_blocks)?;
        let mut chosen = Vec::new();
        for (k, &step) in self.moves.iter().enumerate() {
            let trial = |&averaging: &f64| {
                let constants = Constants::at(SCION, &pilot, averaging, step)?;
                let walk = constants.walk(SCION, &pilot, grouping(self.displacement))?;
                Ok(Trial::new(walk, &pilot, self.patience))
            };
            let trials = self.averagings.iter().map(trial).collect::<Result<Vec<_>, Failure>>()?;
            let first = PILOT + ((k as u64) << 40);
            let tried = passages(&trials, self.pilot_seeds, first, context, clock)?;
            chosen.push(Plan {
                kind: Kind::Shape,
                step,
                averaging: self.averagings[smallest_median(&tried)],
            });
        }
        let first = chosen[0];
        let ends = [self.blocks.iter().min(), self.blocks.iter().max()];
        let frozen = ends.into_iter().flatten().map(|&at| Plan { kind: Kind::Frozen(at), ..first });
        chosen.extend(frozen);
        chosen.push(Plan { kind: Kind::Frobenius, ..first });
        Ok(chosen)
    }

    /// The constants of a curve, taken at the pilots' r.
    fn constants(&self, plan: Plan) -> Result<Constants, Failure> {
        Constants::at(SCION, &self.spectral(self.pilot_blocks)?, plan.averaging, plan.step)
    }

    /// The walk of a curve at r, and its site.
    fn trial(&self, plan: Plan, blocks: usize) -> Result<(Trial, Site), Failure> {
        let constants = self.constants(plan)?;
        let grouping = grouping(self.displacement);
        let (walk, site) = match plan.kind {
            Kind::Shape => {
                let site = self.spectral(blocks)?;
                (constants.walk(SCION, &site, grouping)?, site)
            }
            Kind::Frobenius => {
                let site = self.site(Arc::new(Frobenius), blocks)?;
                (constants.walk(SCION, &site, grouping)?, site)
            }
            Kind::Frozen(at) => {
                let there = SCION.rates(&self.spectral(at)?)?;
                let site = self.spectral(blocks)?;
                let averaging = (constants.averaging * there.alpha).min(1.0);
                (walk(Method::Scion, &site, averaging, constants.step * there.step_size, grouping)?, site)
            }
        };
        Ok((Trial::new(walk, &site, self.patience), site))
    }

    fn measure(
        &self,
        plans: &[Plan],
        context: &Context<'_>,
        clock: &Clock<'_>,
    ) -> Result<Vec<Drawn>, Failure> {
        let mut drawn = Vec::new();
        for (k, &plan) in plans.iter().enumerate() {
            let made = self.blocks.iter().map(|&r| self.trial(plan, r)).collect::<Result<Vec<_>, _>>()?;
            let (trials, sites): (Vec<Trial>, Vec<Site>) = made.into_iter().unzip();
            let passages = passages(&trials, self.seeds, (k as u64 + 1) << 40, context, clock)?;
            let x = self.blocks.iter().map(|&r| r as f64).collect();
            let lines = sites.iter().map(|site| site.line as f64).collect();
            let constants = self.constants(plan)?;
            drawn.push(Drawn { plan, constants, measured: Measured::new(x, &passages, lines), passages });
        }
        Ok(drawn)
    }

    /// U2's own schedule on the same instances, grouped, and on toys both ways.
    fn own(&self, context: &Context<'_>, clock: &Clock<'_>) -> Result<Own, Failure> {
        let grouped = Grouping::Grouped(self.own_displacement);
        let own = |site: &Site, grouping| -> Result<(Trial, u64), Failure> {
            let calls = SCION.plan(site)?.calls;
            let walk = Constants::OWN.walk(SCION, site, grouping)?;
            Ok((Trial { horizon: calls, ..Trial::new(walk, site, 1.0) }, calls))
        };
        let sites = self.blocks.iter().map(|&r| self.spectral(r)).collect::<Result<Vec<_>, _>>()?;
        let made = sites.iter().map(|site| own(site, grouped)).collect::<Result<Vec<_>, _>>()?;
        let (trials, planned): (Vec<Trial>, Vec<u64>) = made.into_iter().unzip();
        let tried = passages(&trials, self.own_seeds, 1 << 46, context, clock)?;
        let blocks: Vec<f64> = self.blocks.iter().map(|&r| r as f64).collect();
        let planned: Vec<f64> = planned.iter().map(|&calls| calls as f64).collect();
        let shares = Measured::new(blocks.clone(), &tried, planned.clone()).ratios();
        let mut toys = Vec::new();
        for (k, &blocks) in self.toy_blocks.iter().enumerate() {
            let toy = Self { length: 1, reveal_probability: 1.0, ..self.clone() };
            let site = toy.spectral(blocks)?;
            let (exact, planned) = own(&site, Grouping::Exact)?;
            let (close, _) = own(&site, grouped)?;
            let first = (1 << 47) + ((k as u64) << 40);
            let both = passages(&[exact, close], 1, first, context, clock)?;
            let calls = |k: usize| both[k][0].map_or(f64::INFINITY, |calls| calls as f64);
            toys.push(Toy { blocks, planned, exact: calls(0), grouped: calls(1) });
        }
        Ok(Own { blocks, shares, planned, passages: tried, toys })
    }
}

fn label(plan: Plan) -> String {
    match plan.kind {
        Kind::Shape => format!("Scion, U2's shape, eta = {} s q/r", plan.step),
        Kind::Frobenius => "Frobenius geometry, own instance".into(),
        Kind::Frozen(at) => format!("numbers frozen at r = {at}"),
    }
}

fn panels(size: &Size, drawn: &[Drawn], own: &Own) -> Vec<Panel> {
    let color = |k: usize| [0, 4, 1, 3, 2][k.min(4)];
    let curve = |k: usize, d: &Drawn, y: &[Interval]| Curve {
        label: label(d.plan),
        color: color(k),
        dashed: d.plan.kind != Kind::Shape,
        scattered: false,
        points: points(&d.measured.x, y),
    };
    let spectral = &drawn[0].measured;
    let line: Vec<Interval> =
        spectral.lines.iter().map(|&line| Interval { value: line, low: line, high: line }).collect();
    let mut calls: Vec<Curve> =
        drawn.iter().enumerate().map(|(k, d)| curve(k, d, &d.measured.calls)).collect();
    calls.push(Curve {
        label: "line of L1: a mean below eps needs more".into(),
        color: 5,
        dashed: false,
        scattered: false,
        points: points(&spectral.x, &line),
    });
    let ratios = drawn.iter().enumerate().map(|(k, d)| curve(k, d, &d.measured.ratios())).collect();
    let panel = |title: &str, y: &str, curves, references| Panel {
        title: title.into(),
        x_label: "r = min{m, n}".into(),
        y_label: y.into(),
        curves,
        references,
        x_names: Vec::new(),
    };
    vec![
        panel(
            &format!("T = {}, q = {}", size.length, size.reveal_probability),
            "calls to eps",
            calls,
            vec![],
        ),
        panel("over the instance's own line", "calls/line", ratios, vec![1.0]),
        panel(
            "U2's own schedule (grouped: approximate)",
            "calls/planned calls",
            vec![Curve {
                label: "U2's own schedule".into(),
                color: 0,
                dashed: true,
                scattered: false,
                points: points(&own.blocks, &own.shares),
            }],
            vec![1.0],
        ),
    ]
}

fn csv(size: &Size, drawn: &[Drawn], own: &Own) -> Result<Vec<u8>, Failure> {
    let header = ["curve", "r", "line_or_plan", "times_alpha", "times_eta", "seed", "calls"];
    let calls = |calls: &Option<u64>| calls.map_or(String::new(), |calls| calls.to_string());
    let mut rows = Vec::new();
    for Drawn { plan, measured, passages, constants } in drawn {
        for ((r, line), runs) in size.blocks.iter().zip(&measured.lines).zip(passages) {
            for (seed, run) in runs.iter().enumerate() {
                let Constants { averaging, step } = constants;
                let numbers = [r.to_string(), line.to_string(), averaging.to_string(), step.to_string()];
                let ends = [seed.to_string(), calls(run)];
                rows.push([label(*plan)].into_iter().chain(numbers).chain(ends).collect());
            }
        }
    }
    for ((r, planned), runs) in size.blocks.iter().zip(&own.planned).zip(&own.passages) {
        for (seed, run) in runs.iter().enumerate() {
            let name = "U2's own schedule, grouped".to_owned();
            let one = || "1".to_owned();
            rows.push(vec![
                name,
                r.to_string(),
                planned.to_string(),
                one(),
                one(),
                seed.to_string(),
                calls(run),
            ]);
        }
    }
    csv_of(&header, &rows)
}

fn record(context: &Context<'_>, size: &Size, drawn: &[Drawn], own: &Own) -> Record {
    Record {
        name: NAME.into(),
        title: TITLE.into(),
        claim: CLAIM.into(),
        setup: setup(size, drawn),
        measured: vec![own_words(own)],
        table: table(drawn),
        verdict: verdict(drawn),
        preset: context.preset,
        seed: context.seed,
        command: String::new(),
    }
}

fn table(drawn: &[Drawn]) -> Table {
    let header = [
        "curve",
        "claimed slope of calls",
        "measured",
        "over the larger r",
        "calls/line",
        "largest over smallest ratio",
    ];
    let row = |d: &Drawn| {
        let ratios = d.measured.ratios();
        let ends =
            |pick: fn(f64, f64) -> f64| ratios.iter().map(|r| r.value).reduce(pick).unwrap_or(f64::NAN);
        let claimed = match d.plan.kind {
            Kind::Shape => "1",
            Kind::Frobenius => "0",
            Kind::Frozen(_) => "none",
        };
        vec![
            label(d.plan),
            claimed.to_owned(),
            show(d.measured.slope(), 3),
            show(d.measured.later_half(), 3),
            format!("{:.2} to {:.2}", ends(f64::min), ends(f64::max)),
            format!("{:.2}", d.measured.spread()),
        ]
    };
    Table::new(&header, drawn.iter().map(row).collect())
}

fn setup(size: &Size, drawn: &[Drawn]) -> String {
    let largest = |of: fn(&Constants) -> f64| drawn.iter().map(|d| of(&d.constants)).fold(0.0, f64::max);
    let (averaging, step) = (largest(|c| c.averaging), largest(|c| c.step));
    let Size {
        length,
        reveal_probability,
        moment_order,
        lambda,
        seeds,
        pilot_seeds,
        pilot_blocks,
        own_seeds,
        ..
    } = size;
    let walks = if size.displacement > 0.0 {
        format!("grouped by a displacement of {} (approximate)", size.displacement)
    } else {
        "exact, step by step".into()
    };
    format!(
        "For each r the instance that L1 makes of one setting of Delta, L, sigma and eps: r chains of T = {length} coordinates in \
         disjoint rows of an r x rT matrix, a call reveals the next coordinate of one random chain with probability q = \
         {reveal_probability}; p = {moment_order}, lambda = {lambda}. Scion in the spectral norm follows the theorem's shape: alpha \
         and eta are those that U2 prescribes at each r, each times one common constant. The constant of eta is fixed \
         beforehand, that of alpha is the candidate with the smallest median on {pilot_seeds} pilot seeds at r = \
         {pilot_blocks}. These constants are of order {averaging:.0e} for alpha and {step:.0e} for eta: the scaling is the theorem's, \
         but no theorem covers numbers so large. Its own numbers are run in the last panel ({own_seeds} seeds a point). Frozen: the numbers of one r at every r. Frobenius: the same setting measured in the Frobenius norm, \
         whose instance is a single chain: the same for every r, so that its calls are flat by construction. Walks are {walks}. {seeds} seeds a \
         point; medians of the calls to eps with order-statistic intervals that hold with {:.2}% each, with 95% together \
         over a curve; the range of a slope is what these intervals allow.",
        100.0 * one_of(size.blocks.len()),
    )
}

fn own_words(own: &Own) -> String {
    let range =
        |pick: fn(f64, f64) -> f64| own.shares.iter().map(|s| s.value).reduce(pick).unwrap_or(f64::NAN);
    let number = |x: f64| if x.is_finite() { format!("{x:.4e}") } else { "not reached".into() };
    let toys: Vec<String> = own
        .toys
        .iter()
        .map(|t| {
            format!(
                "r = {}, T = q = 1: {} calls exactly, {} grouped, of {:.3e} planned",
                t.blocks,
                number(t.exact),
                number(t.grouped),
                t.planned as f64,
            )
        })
        .collect();
    let toys = if toys.is_empty() { String::new() } else { format!(" Toys: {}.", toys.join("; ")) };
    if !range(f64::max).is_finite() {
        return format!(
            "U2's own schedule, grouped, did not reach eps within its planned calls at every r.{toys}"
        );
    }
    format!(
        "U2's own schedule, without any constant (grouped walks, approximate), reaches eps after {:.4} to {:.4} of the calls that it \
         plans (medians, over all r).{toys}",
        range(f64::min),
        range(f64::max),
    )
}

fn verdict(drawn: &[Drawn]) -> String {
    let of = |d: &Drawn| {
        let Some(slope) = d.measured.ratio_slope() else {
            return format!("{}: not every point reached eps, no slope", label(d.plan));
        };
        let shown = show(Some(slope), 3);
        let verdict = judge(slope, 0.0);
        let judged = if verdict == Judged::AsClaimed {
            format!("flat (within {FLAT})")
        } else if verdict == Judged::Undecided {
            "undecided at this size".to_owned()
        } else {
            let way = if verdict == Judged::Above { "rises" } else { "falls" };
            let later = show(d.measured.later_half(), 3);
            format!(
                "not flat, it {way} (by a factor of {:.2} in all; slope of calls over the larger r {later})",
                d.measured.spread()
            )
        };
        format!("{}: slope of the ratio {shown}, {judged}", label(d.plan))
    };
    let falls = |d: &&Drawn| d.measured.ratio_slope().is_some_and(|slope| judge(slope, 0.0) == Judged::Below);
    let frozen = if drawn.iter().any(|d| matches!(d.plan.kind, Kind::Frozen(_)) && falls(&d)) {
        " A ratio that falls with r is no victory over the bound: numbers frozen at the largest r are too cautious for the small \
         ones, and numbers frozen at the smallest r take ever longer steps for their r, which costs nothing on an instance where \
         overshooting is free, until they stand at the wall of discovery."
    } else {
        ""
    };
    format!(
        "{}. {BUILT_IN} Here the slope 1 enters through alpha and eta, which the theorem makes proportional to 1/r.{frozen} The line is \
         about means: where medians of hitting times lie relative to it is not what L1 says.",
        drawn.iter().map(of).collect::<Vec<_>>().join(". "),
    )
}

const CLAIM: &str = "The abstract claims Omega(min{m,n} eps^{-(3p-2)/(p-1)}) calls for any gradient-based method in the spectral norm and \
    that Scion attains it. L1 is our version of the lower bound (zero-respecting methods, max{m,n} >= min{m,n} T), U2 of the upper \
    one: at fixed Delta, L, sigma, eps both are proportional to r = min{m,n}. In the Frobenius norm no dimension enters.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Preset;

    fn size() -> Size {
        configuration(PRESETS, Preset::Smoke).unwrap()
    }

    fn drawn(kind: Kind, calls: &[u64]) -> Drawn {
        let passages: Vec<Vec<Option<u64>>> = calls.iter().map(|&c| vec![Some(c); 30]).collect();
        let measured = Measured::new(vec![1.0, 2.0, 4.0], &passages, vec![10.0, 20.0, 40.0]);
        Drawn {
            plan: Plan { kind, step: 1.0, averaging: 0.4 },
            constants: Constants::OWN,
            measured,
            passages,
        }
    }

    #[test]
    fn the_verdict_tells_flat_from_rising_and_falling() {
        let say = |calls: &[u64]| verdict(&[drawn(Kind::Shape, calls)]);
        assert!(say(&[30, 60, 120]).contains("flat (within"));
        assert!(say(&[30, 70, 160]).contains("rises"));
        assert!(say(&[30, 40, 50]).contains("falls"));
    }

    #[test]
    fn the_setting_is_the_same_for_every_r_and_for_both_norms() {
        let size = size();
        let one = size.spectral(1).unwrap();
        for blocks in [1, 2, 4] {
            for site in [size.spectral(blocks).unwrap(), size.site(Arc::new(Frobenius), blocks).unwrap()] {
                let (a, b) = (&site.setting, &one.setting);
                let close = |x: f64, y: f64| (x / y - 1.0).abs() < 1e-12;
                assert!(close(a.gap.delta(), b.gap.delta()) && close(a.l().unwrap(), b.l().unwrap()));
                assert!(close(a.noise_scale.sigma(), b.noise_scale.sigma()));
                assert_eq!((a.accuracy.eps(), site.lower.length), (1.0, size.length));
            }
        }
        assert_eq!(size.site(Arc::new(Frobenius), 4).unwrap().lower.blocks.count, 1);
    }

    #[test]
    fn frozen_numbers_agree_with_the_shape_where_they_were_frozen() {
        let size = size();
        let plan = |kind| Plan { kind, step: 1.0, averaging: 0.4 };
        let calls = |kind, r: usize| {
            let (trial, _) = size.trial(plan(kind), r).unwrap();
            trial.walk.first_passage(trial.share, trial.horizon, heavynorm::seed::stream(1, 1))
        };
        assert_eq!(calls(Kind::Frozen(4), 4), calls(Kind::Shape, 4));
        // Elsewhere alpha and eta are those of r = 4, not of the r at hand.
        let (one, four) = (size.spectral(1).unwrap(), size.spectral(4).unwrap());
        let walk_with = |rate: &Site| {
            let step = rate.rate() * one.lower.width;
            let walk =
                walk(Method::Scion, &one, 0.4 * rate.rate(), step, grouping(size.displacement)).unwrap();
            let trial = Trial::new(walk, &one, size.patience);
            trial.walk.first_passage(trial.share, trial.horizon, heavynorm::seed::stream(1, 1))
        };
        assert_eq!(calls(Kind::Frozen(4), 1), walk_with(&four));
        assert_eq!(calls(Kind::Shape, 1), walk_with(&one));
        assert_ne!(walk_with(&four), walk_with(&one));
    }
}
