//! What the figures on the lower bounds' instances share: sites, schedules of one shape, runs, medians with intervals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use heavynorm::hard_instances::Structured;
use heavynorm::hard_instances::structured::{Config, Grouping, Method};
use heavynorm::seed;
use heavynorm::spec::{Dimensions, MomentOrder, Norm, ZeroRespecting};
use heavynorm::statistics::{Interval, log_slope, median, median_interval, passage_time};
use heavynorm_proofs_check::lower_bounds::Design;
use heavynorm_proofs_check::{LowerBound, LowerInstance, Plan, Rates, Setting, lower_bounds, theorem};
use rayon::prelude::*;

use super::Context;
use crate::drawing::Point;
use crate::error::Failure;

/// Said by every figure that shows an exponent on these instances.
pub(super) const BUILT_IN: &str = "The exponents are built into the instance: its length T, its probability q of a reveal, and a \
    schedule with the theorem's scaling in m, eps and p already carry them. What a run measures is that the ratio of calls to \
    the instance's own lower bound stays bounded; the exponents are shown with this sentence beside them.";

/// A setting of hypotheses, the instance that a lower bound makes of it, and its line.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) setting: Setting,
    pub(super) lower: LowerInstance,
    /// The largest number of calls at which the bound on the mean is still eps.
    pub(super) line: u64,
}

impl Site {
    pub(super) fn new(bound: &dyn LowerBound, setting: Setting, lambda: f64) -> Result<Self, Failure> {
        let lower = bound.instance(&setting, lambda, ZeroRespecting::Lines)?;
        if lower.length < lower.paid_length {
            let (length, wanted) = (lower.length, lower.paid_length);
            return Err(Failure::Check(format!(
                "chains of {wanted} coordinates are cut to {length}: the matrix is too small"
            )));
        }
        Ok(Self { line: lower.line().calls(), lower, setting })
    }

    /// q/N, the probability that a call reveals a coordinate of a given block.
    pub(super) fn rate(&self) -> f64 {
        self.lower.reveal_probability / self.lower.blocks.count as f64
    }
}

/// The lower bound with this ID.
pub(super) fn lower_bound(id: &str) -> Result<Box<dyn LowerBound>, Failure> {
    let found = lower_bounds().into_iter().find(|bound| bound.statement().name == id);
    found.ok_or_else(|| Failure::Check(format!("there is no lower bound {id}")))
}

/// What a design asks for, blocks in disjoint rows of a matrix that just holds them.
pub(super) fn design(
    norm: Arc<dyn Norm<f64>>,
    blocks: usize,
    length: usize,
    q: f64,
    p: f64,
    lambda: f64,
) -> Result<Design, Failure> {
    Ok(Design {
        norm,
        dimensions: Dimensions::new(blocks, blocks * length)
            .map_err(|e| Failure::Input(format!("{blocks} blocks of length {length}: {e}")))?,
        moment_order: MomentOrder::new(p)?,
        lambda,
        length,
        reveal_probability: q,
        class: ZeroRespecting::Lines,
    })
}

/// Which theorem's schedule gives the shape, and which method walks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) theorem: &'static str,
    pub(super) method: Method,
}

/// Scion as U2 schedules it.
pub(super) const SCION: Shape = Shape { theorem: "U2", method: Method::Scion };
/// Transported Scion as U3 schedules it.
pub(super) const TRANSPORTED: Shape = Shape { theorem: "U3", method: Method::TransportedScion };

impl Shape {
    pub(super) fn rates(self, site: &Site) -> Result<Rates, Failure> {
        Ok(theorem(self.theorem)?.rates(&site.setting)?)
    }

    pub(super) fn plan(self, site: &Site) -> Result<Plan, Failure> {
        Ok(theorem(self.theorem)?.plan(&site.setting)?)
    }
}

/// One common constant each for alpha and eta, in front of a theorem's own schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Constants {
    pub(super) averaging: f64,
    pub(super) step: f64,
}

impl Constants {
    /// The theorem's own numbers.
    pub(super) const OWN: Self = Self { averaging: 1.0, step: 1.0 };

    /// The constants that give alpha = `averaging` q/N and eta = `step` s q/N at a site.
    pub(super) fn at(shape: Shape, site: &Site, averaging: f64, step: f64) -> Result<Self, Failure> {
        let rates = shape.rates(site)?;
        Ok(Self {
            averaging: averaging * site.rate() / rates.alpha,
            step: step * site.rate() * site.lower.width / rates.step_size,
        })
    }

    /// The walk with the theorem's schedule at a site times these constants (alpha at most 1).
    pub(super) fn walk(self, shape: Shape, site: &Site, grouping: Grouping) -> Result<Structured, Failure> {
        let rates = shape.rates(site)?;
        let averaging = (self.averaging * rates.alpha).min(1.0);
        walk(shape.method, site, averaging, self.step * rates.step_size, grouping)
    }
}

/// A walk with given numbers.
pub(super) fn walk(
    method: Method,
    site: &Site,
    averaging: f64,
    step_size: f64,
    grouping: Grouping,
) -> Result<Structured, Failure> {
    Ok(Structured::new(Config {
        blocks: site.lower.blocks.count,
        length: site.lower.length,
        probability: site.lower.reveal_probability,
        method,
        step: step_size / site.lower.width,
        averaging,
        grouping,
    })?)
}

/// `grouping = 0` in a preset is the exact walk.
pub(super) fn grouping(displacement: f64) -> Grouping {
    if displacement > 0.0 { Grouping::Grouped(displacement) } else { Grouping::Exact }
}

/// Walks to be measured: each runs on seeds of its own until eps is reached.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub(super) walk: Structured,
    /// ||grad f||_* <= eps as a share of N c/s.
    pub(super) share: f64,
    pub(super) horizon: u64,
}

impl Trial {
    /// Until eps at a site; given up after `patience` times the line.
    pub(super) fn new(walk: Structured, site: &Site, patience: f64) -> Self {
        Self { walk, share: site.lower.level_share(), horizon: (patience * site.line.max(1) as f64) as u64 }
    }
}

/// Streams of the runs: no two trials of a figure share one, nor a pilot and a measurement.
const TRIAL: u64 = 1 << 24;
/// Pilot seeds start here.
pub(super) const PILOT: u64 = 1 << 48;

/// The calls to eps for every trial and seed, in order.
///
/// # Errors
/// [`Failure::interrupted`].
pub(super) fn passages(
    trials: &[Trial],
    seeds: u64,
    first_unit: u64,
    context: &Context<'_>,
    clock: &Clock<'_>,
) -> Result<Vec<Vec<Option<u64>>>, Failure> {
    let runs: Vec<(usize, u64)> = (0..trials.len()).flat_map(|t| (0..seeds).map(move |k| (t, k))).collect();
    let run = |&(t, k): &(usize, u64)| {
        if context.cancelled.load(Ordering::Relaxed) {
            return Err(Failure::interrupted("nothing of this figure was kept"));
        }
        let Trial { walk, share, horizon } = &trials[t];
        let rng = seed::stream(context.seed, first_unit + t as u64 * TRIAL + k);
        let calls = walk.first_passage(*share, *horizon, rng);
        clock.tick();
        Ok(calls)
    };
    let all: Vec<Option<u64>> =
        context.pool.install(|| runs.par_iter().map(run).collect::<Result<_, _>>())?;
    Ok(all.chunks(seeds as usize).map(<[_]>::to_vec).collect())
}

/// The share of the work that is done, counted in runs.
pub(super) struct Clock<'a> {
    progress: &'a (dyn Fn(f64) + Sync),
    done: AtomicU64,
    runs: u64,
}

impl<'a> Clock<'a> {
    pub(super) fn new(context: &Context<'a>, runs: u64) -> Self {
        Self { progress: context.progress, done: AtomicU64::new(0), runs: runs.max(1) }
    }

    fn tick(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.progress)(done as f64 / self.runs as f64);
    }
}

/// The position of the smallest median; the first of equals.
pub(super) fn smallest_median(passages: &[Vec<Option<u64>>]) -> usize {
    let of = |k: &usize| times_median(&passages[*k]);
    (0..passages.len()).min_by(|a, b| of(a).total_cmp(&of(b))).unwrap_or(0)
}

pub(super) fn times_median(passages: &[Option<u64>]) -> f64 {
    let times: Vec<f64> = passages.iter().map(|&p| passage_time(p)).collect();
    median(&times).unwrap_or(f64::INFINITY)
}

/// A curve: one trial for each abscissa.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    /// r, or eps.
    pub(super) x: Vec<f64>,
    /// Median calls with intervals that hold together with 95%.
    pub(super) calls: Vec<Interval>,
    /// The line of each site.
    pub(super) lines: Vec<f64>,
}

/// Coverage asked of all intervals of a curve together.
const CONFIDENCE: f64 = 0.95;

/// Coverage asked of one of k intervals (Bonferroni).
pub(super) fn one_of(k: usize) -> f64 {
    1.0 - (1.0 - CONFIDENCE) / k.max(1) as f64
}

impl Measured {
    pub(super) fn new(x: Vec<f64>, passages: &[Vec<Option<u64>>], lines: Vec<f64>) -> Self {
        let confidence = one_of(x.len());
        let estimate = |passages: &Vec<Option<u64>>| {
            let times: Vec<f64> = passages.iter().map(|&p| passage_time(p)).collect();
            let interval = median_interval(&times, confidence);
            // Too few seeds for the coverage asked: nothing is known of the median.
            let interval = interval.filter(|i| i.attained);
            Interval {
                value: times_median(passages),
                low: interval.map_or(0.0, |i| i.lower),
                high: interval.map_or(f64::INFINITY, |i| i.upper),
            }
        };
        Self { calls: passages.iter().map(estimate).collect(), x, lines }
    }

    /// Calls over the line.
    pub(super) fn ratios(&self) -> Vec<Interval> {
        let over = |(calls, line): (&Interval, &f64)| Interval {
            value: calls.value / line,
            low: calls.low / line,
            high: calls.high / line,
        };
        self.calls.iter().zip(&self.lines).map(over).collect()
    }

    /// Slope of calls, and of the ratio.
    pub(super) fn slope(&self) -> Option<Interval> {
        log_slope(&self.x, &self.calls)
    }

    /// The slope of calls over the later half of the points: what is left of it once a start-up has faded.
    pub(super) fn later_half(&self) -> Option<Interval> {
        let from = self.x.len() / 2;
        log_slope(&self.x[from..], &self.calls[from..])
    }

    pub(super) fn ratio_slope(&self) -> Option<Interval> {
        log_slope(&self.x, &self.ratios())
    }

    /// The slope of the line itself: what the instance brings along.
    pub(super) fn line_slope(&self) -> Option<Interval> {
        let exact = |&line: &f64| Interval { value: line, low: line, high: line };
        log_slope(&self.x, &self.lines.iter().map(exact).collect::<Vec<_>>())
    }

    /// The largest ratio over the smallest.
    pub(super) fn spread(&self) -> f64 {
        let ratios = self.ratios();
        let largest = ratios.iter().map(|r| r.value).fold(0.0, f64::max);
        largest / ratios.iter().map(|r| r.value).fold(f64::INFINITY, f64::min)
    }
}

/// A ratio whose slope lies within this of its claim is called flat: over two decades it changes by a factor of 1.26 at most.
pub(super) const FLAT: f64 = 0.05;

/// What a slope's interval says about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// The whole interval lies within [`FLAT`] of it.
    AsClaimed,
    /// All of it lies further above.
    Above,
    /// All of it lies further below.
    Below,
    /// Neither: the interval is too wide, or straddles the margin.
    Undecided,
}

pub(super) fn judge(slope: Interval, claim: f64) -> Judged {
    let (low, high) = (slope.low - claim, slope.high - claim);
    if low >= -FLAT && high <= FLAT {
        Judged::AsClaimed
    } else if low > FLAT {
        Judged::Above
    } else if high < -FLAT {
        Judged::Below
    } else {
        Judged::Undecided
    }
}

/// Points of a panel.
pub(super) fn points(x: &[f64], y: &[Interval]) -> Vec<Point> {
    let point = |(&x, y): (&f64, &Interval)| Point { x, y: y.value, low: y.low, high: y.high };
    x.iter().zip(y).map(point).collect()
}

/// `value [low, high]` with a fixed number of decimals.
pub(super) fn show(interval: Option<Interval>, decimals: usize) -> String {
    let Some(Interval { value, low, high }) = interval else { return "not reached".into() };
    let number = |x: f64| {
        if x.is_infinite() { "not reached".into() } else { format!("{x:.decimals$}") }
    };
    format!("{} [{}, {}]", number(value), number(low), number(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heavynorm::norms::spectral::Spectral;

    fn site(bound: &str, blocks: usize) -> Site {
        let bound = lower_bound(bound).unwrap();
        let design = design(Arc::new(Spectral), blocks, 4, 0.25, 2.0, 2.0).unwrap();
        Site::new(&*bound, bound.design(&design).unwrap(), 2.0).unwrap()
    }

    #[test]
    fn the_smallest_median_is_chosen_and_not_reached_is_never_it() {
        let passages = [
            vec![Some(30), None, None],
            vec![Some(20), Some(21), None],
            vec![Some(22), Some(5), Some(21)],
            vec![None, None, None],
        ];
        assert_eq!(smallest_median(&passages), 1);
        assert_eq!(smallest_median(&passages[2..]), 0);
        assert_eq!(smallest_median(&passages[3..]), 0);
    }

    #[test]
    fn the_intervals_of_a_curve_hold_together_and_too_few_seeds_say_nothing() {
        // P(Bin(31, 1/2) < k) from Pascal's triangle.
        let mut row = vec![1.0_f64];
        for _ in 0..31 {
            row = (0..=row.len())
                .map(|k| row.get(k).unwrap_or(&0.0) + if k > 0 { row[k - 1] } else { 0.0 })
                .collect();
        }
        let below = |k: usize| row[..k].iter().sum::<f64>() / 2f64.powi(31);
        let passages = vec![(1..=31).map(Some).collect::<Vec<_>>(); 7];
        let x: Vec<f64> = (1..=7).map(f64::from).collect();
        let curve = Measured::new(x.clone(), &passages, vec![1.0; 7]);
        let (low, high) = (curve.calls[0].low as usize, curve.calls[0].high as usize);
        // Seven of them fail with 5% together, and no narrower ones would do.
        assert_eq!(low + high, 32);
        assert!(7.0 * 2.0 * below(low) <= 0.05 && 7.0 * 2.0 * below(low + 1) > 0.05, "{low}");
        let few = Measured::new(x, &vec![vec![Some(3); 5]; 7], vec![1.0; 7]);
        assert_eq!((few.calls[0].low, few.calls[0].high), (0.0, f64::INFINITY));
    }

    #[test]
    fn a_wide_interval_decides_nothing() {
        let slope = |low, high| Interval { value: 0.5 * (low + high), low, high };
        assert_eq!(judge(slope(-0.28, 0.36), 0.0), Judged::Undecided);
        assert_eq!(judge(slope(0.01, 0.047), 0.0), Judged::AsClaimed);
        assert_eq!(judge(slope(0.06, 0.07), 0.0), Judged::Above);
        assert_eq!(judge(slope(-0.40, -0.37), -0.5), Judged::Above);
        assert_eq!(judge(slope(-0.9, -0.56), -0.5), Judged::Below);
    }

    #[test]
    fn constants_found_at_one_site_carry_the_theorems_scaling_to_another() {
        for (bound, shape) in [("L1", SCION), ("L2", TRANSPORTED)] {
            let (small, large) = (site(bound, 2), site(bound, 16));
            let constants = Constants::at(shape, &small, 0.4, 0.25).unwrap();
            let plan = shape.rates(&large).unwrap();
            // alpha and eta of both theorems fall like 1/m in the spectral norm.
            let alpha = constants.averaging * plan.alpha;
            assert!((alpha / (0.4 * large.rate()) - 1.0).abs() < 1e-12, "{bound}: {alpha}");
            let eta = constants.step * plan.step_size / large.lower.width;
            assert!((eta / (0.25 * large.rate()) - 1.0).abs() < 1e-3, "{bound}: {eta}");
        }
    }

    #[test]
    fn a_curve_has_the_slope_and_the_ratio_of_its_calls() {
        let passages: Vec<Vec<Option<u64>>> =
            [100, 200, 400].iter().map(|&calls| vec![Some(calls); 20]).collect();
        let curve = Measured::new(vec![1.0, 2.0, 4.0], &passages, vec![50.0, 100.0, 100.0]);
        assert!((curve.slope().unwrap().value - 1.0).abs() < 1e-14);
        assert_eq!(curve.ratios().iter().map(|r| r.value).collect::<Vec<_>>(), [2.0, 2.0, 4.0]);
        assert_eq!(curve.spread(), 2.0);
        assert!((curve.line_slope().unwrap().value - 0.5).abs() < 1e-14);
        assert!((curve.ratio_slope().unwrap().value - 0.5).abs() < 1e-14);
        assert_eq!(show(curve.slope(), 2), "1.00 [1.00, 1.00]");
        let lost = Measured::new(vec![1.0, 2.0], &[vec![None; 9], vec![Some(3); 9]], vec![1.0, 1.0]);
        assert_eq!(show(lost.slope(), 2), "not reached");
    }
}
