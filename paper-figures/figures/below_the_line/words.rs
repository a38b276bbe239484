//! What the page says.

use heavynorm::spec::ZeroRespecting;
use heavynorm::statistics::{Interval, median, median_interval};

use super::bench::{FACTORS, claims};
use super::stand::{Descent, Outcome, Stand};
use super::{CONFIDENCE, Contest, Context, Entrant, NAME, Size, TITLE};
use crate::figures::{Record, Table};

pub(super) fn record(context: &Context<'_>, size: &Size, contests: &[Contest]) -> Record {
    Record {
        name: NAME.into(),
        title: TITLE.into(),
        claim: CLAIM.into(),
        setup: setup(size, contests),
        measured: contests.iter().map(Contest::measured).collect(),
        table: table(contests),
        verdict: verdict(contests),
        preset: context.preset,
        seed: context.seed,
        command: String::new(),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn number(x: f64) -> String {
    match x {
        x if x.is_infinite() => "beyond".into(),
        x if x >= 10.0 => format!("{x:.1}"),
        x => format!("{x:.2}"),
    }
}

fn show(i: Interval) -> String {
    format!("{} [{}, {}]", number(i.value), number(i.low), number(i.high))
}

fn members(contests: &[Contest]) -> usize {
    contests.first().map_or(0, |c| c.members().count())
}

fn setup(size: &Size, contests: &[Contest]) -> String {
    let Size { pilot_seeds, reach, steps, averagings, .. } = size;
    let list = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "Instances of L1 for the spectral norm: N chains of length T in disjoint rows and columns, one of which shows its next \
         coordinate with probability q a call; eps = 1. The order p of the noise's moment and sigma enter through q alone, which is \
         fixed here. {members} member methods start at 0. For each, step size (in units of the width s: {steps}; for methods \
         whose steps grow with the gradient in units of s/(c/s)) and averaging ({averagings}) are chosen on {pilot_seeds} pilot seeds \
         against the claim: once for the smallest mean of ||grad f(X)||_* at N*, the last number of calls at which L1 forbids a \
         mean below eps, and once for the earliest mean of eps. Both are measured on fresh seeds ({seeds} of them; {closer}), up to {reach} N*; X is the \
         last iterate known by then. The gradient is measured exactly, by the sum of its row 2-norms, which is its nuclear norm \
         here. Intervals are betting intervals: valid for every law on the range of ||grad f||_* that the constants of the chain \
         give, lower ends of numbers clipped at lambda e^{{3/2}}; those of the means at N* - 1 and N* hold jointly for all \
         {claims} of them (two choices of each member, two numbers of calls, each instance) with probability {CONFIDENCE}, and the \
         verdict speaks of these two numbers of calls only. An outsider's interval holds for itself with 0.95. The first N with a mean of eps has a \
         lower limit, for itself with 0.975, and no upper one: the first rejection in a scan over N limits nothing. The intervals speak of \
         the numbers that were chosen. A pilot of {pilot_seeds} seeds may miss the best ones on the list, and the list may miss better \
         ones: a member then looks worse than it is, which favours the statement that nobody is below. Against this \
         one member, made for the instance, knows where the chains lie: it parks what it has seen at a candidate place with alternating \
         signs and moves a chain away once it has been shown whole. Power: the member with the smallest mean at N* runs once more, with the \
         same numbers and seeds, on an oracle that reveals with {factors} times q while the line still counts on q.",
        factors = list(&FACTORS),
        seeds = contests.iter().map(|c| c.ground.shape.seeds.to_string()).collect::<Vec<_>>().join(", "),
        closer = closer(contests),
        members = members(contests),
        claims = claims(contests.len(), members(contests)),
        steps = list(steps),
        averagings = list(averagings),
    )
}

impl Contest {
    fn over_line(&self, calls: f64) -> f64 {
        calls / self.ground.calls as f64
    }

    /// The first N with a mean of eps and its lower limit, over N*.
    fn show_descent(&self, descent: Descent) -> String {
        let Descent { first, low } = descent;
        let text = |n: Option<u64>| {
            n.map_or(format!("beyond {}", number(self.over_line(self.ground.horizon as f64))), |n| {
                number(self.over_line(n as f64))
            })
        };
        format!("{} (from {})", text(first), text(low))
    }

    /// The median of calls to ||grad f|| <= eps, over N*.
    fn show_median(&self, hits: &[f64]) -> String {
        let median = median(hits).unwrap_or(f64::INFINITY);
        match median_interval(hits, 0.95) {
            Some(i) => show(Interval {
                value: self.over_line(median),
                low: self.over_line(i.lower),
                high: self.over_line(i.upper),
            }),
            None => number(self.over_line(median)),
        }
    }

    /// The member with the smallest median of hitting times on the pilot seeds, the first of equals.
    fn best(&self) -> Option<&Entrant> {
        self.members().min_by(|a, b| a.pilot_median.total_cmp(&b.pilot_median))
    }

    /// Its median on the fresh seeds, in calls.
    fn best_median(&self) -> Option<Interval> {
        let hits = &self.best()?.quickest.hits;
        let i = median_interval(hits, 0.95)?;
        Some(Interval { value: median(hits)?, low: i.lower, high: i.upper })
    }

    /// The name of a member, and how many others are as good within a hundredth.
    fn shared(&self, first: &Entrant, size: &dyn Fn(&Entrant) -> f64) -> String {
        let as_good = |e: &&Entrant| size(e) <= size(first) * 1.01;
        match self.members().filter(as_good).count() {
            0 | 1 => first.member.label.clone(),
            count => format!("{} and {} others within 1%", first.member.label, count - 1),
        }
    }

    fn measured(&self) -> String {
        let shape = self.ground.shape;
        let lowest = |e: &Entrant| e.lowest.at_line[1].value;
        let first = |e: &Entrant| e.quickest.descent.first.map_or(f64::INFINITY, |n| n as f64);
        let least = |of: &dyn Fn(&Entrant) -> f64| self.members().min_by(|a, b| of(a).total_cmp(&of(b)));
        let ratios = self.members().flat_map(|e| [e.lowest.closest, e.quickest.closest]);
        let (closest, at) = ratios.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, 0));
        let text =
            |entrant: Option<&Entrant>, size: &dyn Fn(&Entrant) -> f64, show: &dyn Fn(&Entrant) -> String| {
                entrant.map_or("none".into(), |e| format!("{} ({})", show(e), self.shared(e, size)))
            };
        let outsider = |e: &Entrant| {
            format!(
                "{}, {}: mean at N* {}, first mean of eps at {} N*",
                e.member.label,
                if e.seen == ZeroRespecting::Nothing {
                    "which leaves the class"
                } else {
                    "which stayed in the class"
                },
                show(e.lowest.at_line[1]),
                self.show_descent(e.quickest.descent)
            )
        };
        format!(
            "{}, p = {}, sigma = {} eps: N* = {}, where the line's bound is {:.3} eps. Smallest mean at N* over eps: {}. Smallest ratio \
             of a sample mean to the line's bound anywhere up to there or to eps: {closest:.2} (after {at} calls). Earliest mean of eps, over N*: {}. Medians of \
             hitting times are not what L1 bounds; the best on the pilot seeds over N*: {}. Outside of the class: {}.",
            self.name(),
            shape.moment_order,
            number(self.ground.noise),
            self.ground.calls,
            self.ground.line.mean(self.ground.calls),
            text(least(&lowest), &lowest, &|e| show(e.lowest.at_line[1])),
            text(least(&first), &first, &|e| self.show_descent(e.quickest.descent)),
            text(self.best(), &|e| e.pilot_median, &|e| self.show_median(&e.quickest.hits)),
            join(self.outsiders().map(outsider)),
        )
    }
}

fn table(contests: &[Contest]) -> Table {
    let header = [
        "instance",
        "method",
        "class seen",
        "chosen for N*: step/s, alpha",
        "mean/eps at N* - 1",
        "mean/eps at N*",
        "chosen for speed: step/s, alpha",
        "mean/eps at N*",
        "first N with mean eps, over N*",
        "median hitting time over N*",
    ];
    let candidate = |stand: &Stand| format!("{}, {}", stand.candidate.step, stand.candidate.averaging);
    let row = |contest: &Contest, at: usize, e: &Entrant| {
        vec![
            contest.name(),
            format!("{}. {}", at + 1, e.member.label),
            class(e.seen).into(),
            candidate(&e.lowest),
            show(e.lowest.at_line[0]),
            show(e.lowest.at_line[1]),
            candidate(&e.quickest),
            show(e.quickest.at_line[1]),
            contest.show_descent(e.quickest.descent),
            contest.show_median(&e.quickest.hits),
        ]
    };
    let rows = |c: &Contest| c.entrants.iter().enumerate().map(|(at, e)| row(c, at, e)).collect::<Vec<_>>();
    Table { header: header.map(String::from).to_vec(), rows: contests.iter().flat_map(rows).collect() }
}

fn class(class: ZeroRespecting) -> &'static str {
    match class {
        ZeroRespecting::Nothing => "none",
        ZeroRespecting::Lines => "rows and columns",
        ZeroRespecting::Entries => "entries",
    }
}

/// Whether anybody is below, and what does not follow.
pub(super) fn verdict(contests: &[Contest]) -> String {
    let stands = || {
        let of = |c: &'_ Contest| {
            let one = |e: &Entrant| {
                let named = |stand: &Stand| (stand.outcome(), format!("{} on {}", e.member.label, c.name()));
                [named(&e.lowest), named(&e.quickest)]
            };
            c.members().flat_map(one).collect::<Vec<_>>()
        };
        contests.iter().flat_map(of)
    };
    let that =
        |wanted: Outcome| stands().filter(|(o, _)| *o == wanted).map(|(_, name)| name).collect::<Vec<_>>();
    let (below, undecided, all) = (that(Outcome::Below), that(Outcome::Undecided), stands().count());
    let mut text = if !below.is_empty() {
        format!(
            "CONTRADICTED: at N* - 1 or at N* calls below the line, jointly with confidence {CONFIDENCE}: {}. The bound, the instance, the oracle or the method is wrong.",
            below.join("; ")
        )
    } else if !undecided.is_empty() {
        format!(
            "Undecided: nobody is shown to be below the line, but of {all} choices {} are not shown to be above it at N* - 1 and at N* calls with joint \
             confidence {CONFIDENCE} at this number of seeds.",
            undecided.len()
        )
    } else {
        format!(
            "Nobody is below the line: at N* - 1 and at N* calls all {all} choices of {} members on {} instances have a mean above the \
             line's bound (itself at least eps), jointly with confidence {CONFIDENCE}.",
            members(contests),
            contests.len()
        )
    };
    for contest in contests {
        for e in contest.members().filter(|e| e.seen < e.claimed.max(ZeroRespecting::Lines)) {
            text += &format!(
                " {} LEFT ITS CLASS on {}: it claims {}, its runs kept {}.",
                e.member.label,
                contest.name(),
                class(e.claimed),
                class(e.seen)
            );
        }
    }
    let beneath = contests.iter().filter(|c| c.best_median().is_some_and(|i| i.high < c.ground.calls as f64));
    text += &power(contests);
    text += &late(contests);
    format!(
        "{text}{}{CAUTION} Medians of hitting times are not bounded: the best method's lies below N* on {} of {} instances.",
        outsiders(contests),
        beneath.count(),
        contests.len()
    )
}

/// Who runs on more seeds than the others.
fn closer(contests: &[Contest]) -> String {
    let entrants = contests.first().map_or(&[][..], |c| &c.entrants);
    let more = entrants.iter().map(|e| &e.member).filter(|m| m.seed_factor > 1);
    let named: Vec<String> =
        more.map(|m| format!("{} times as many for {}", m.seed_factor, m.label)).collect();
    if named.is_empty() { "as many for each member".to_owned() } else { named.join(", ") }
}

/// By how much the oracle must be off before the verdict flips.
fn power(contests: &[Contest]) -> String {
    let one = |c: &Contest| {
        let power = c.power.as_ref().filter(|p| !p.outcomes.is_empty())?;
        let at =
            power.caught().map_or("at none of the factors tried".to_owned(), |f| format!("at {f} times q"));
        Some(format!("{at} on {} ({})", c.name(), power.mover))
    };
    let all: Vec<String> = contests.iter().filter_map(one).collect();
    if all.is_empty() {
        return String::new();
    }
    format!(
        " Power: with an oracle that reveals more often than the line counts on, the verdict on the best mover turns to CONTRADICTED \
         {}; what is smaller, or at none caught, goes unseen at this number of seeds (tried: {}).",
        all.join(", "),
        FACTORS.map(|f| f.to_string()).join(", ")
    )
}

/// Who did not come to a mean of eps, and who pays several calls for a step.
fn late(contests: &[Contest]) -> String {
    let late = |c: &Contest| {
        let name = |e: &Entrant| match e.most_calls {
            0 | 1 => format!("{} on {}", e.member.label, c.name()),
            calls => format!("{} on {} (up to {calls} calls a step)", e.member.label, c.name()),
        };
        c.members().filter(|e| e.quickest.descent.first.is_none()).map(name).collect::<Vec<_>>()
    };
    let names: Vec<String> = contests.iter().flat_map(late).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" No mean of eps within the calls that were run: {}.", names.join("; "))
}

/// Where those outside of the class are, of whom the line says nothing.
fn outsiders(contests: &[Contest]) -> String {
    let all = || contests.iter().flat_map(|c| c.outsiders());
    let below = |e: &&Entrant| e.lowest.at_line[1].high < e.lowest.bounds[1];
    match (all().filter(below).count(), all().count()) {
        (_, 0) => String::new(),
        (0, all) => {
            format!(" Of {all} runs from outside of the class none is shown to be below the line at N*.")
        }
        (count, all) => format!(
            " Outside of the class the line does not hold: {count} of {all} outsiders have a mean below it at N*, each with confidence \
             0.975."
        ),
    }
}

const CAUTION: &str = " No ranking follows. On this instance overshooting is free: a step that moves far enough passes a coordinate as \
    soon as it is shown, whatever its direction is good for elsewhere, and what remains is the wall of discovery, the same for all. \
    A constant lies between that wall and the line: where the proof counts 1 for a chain that waits, its gradient is sqrt(e) before anything has moved, \
    at least 1.34 wherever a member can wait (found numerically), and up to e^{3/2} once a method has passed all that it saw. The exponents in eps and \
    in r are built into the instance, through T, q and the number of chains: this figure does not measure them.";

const CLAIM: &str = "Lower bound L1 (proved in proofs-check): on the instance of lambda, E||grad f(X_N)||_* >= lambda eps P(Bin(N, q/m) <= T - 1) for \
    every method that starts at zero and keeps the zero rows and columns of the responses it has seen, with any step sizes. So the \
    mean is at least eps up to the instance's own line N*, which is of the order min{m,n} T/q. The paper's abstract claims the order \
    for any gradient-based method.";
