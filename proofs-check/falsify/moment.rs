//! A3, the moment: E||g(X, xi) - grad f(X)||_*^p <= sigma^p at every point.

use heavynorm::noise::Moment;
use heavynorm::spec::{FiniteLaw, Matrix, MomentOrder, NoiseScale, Norm, Problem};
use heavynorm::tol;

use super::points::{PLACES, inside, places};
use super::sampled::{choose_clip, exceeds, lower_end};
use super::search::{Best, Search, unit};
use super::source::Source;
use super::{
    Budget, FalsifyError, Finding, Ground, Measured, Sampled, Witness, attaining, frobenius, pairing,
};
use crate::print::number;

/// The moment as a sum over all outcomes.
pub const ENUMERATED: &str = "(sum_k q_k ||N_k||_*^p)^{1/p} <= sigma";
/// The moment that the noise states.
pub const STATED: &str = "(E||N||_*^p)^{1/p} <= sigma, the moment as the noise states it";
/// The moment from samples.
pub const SAMPLED: &str = "lower confidence end of (E min{||N||_*^p, tau})^{1/p} <= sigma";

/// The claim: sigma and p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// sigma.
    pub sigma: NoiseScale,
    /// p.
    pub p: MomentOrder,
}

/// How large ||N||_* may come out for N = 0: the gradient's rounding, as a dual norm at most ||.||_F times the circumradius.
fn rounding(problem: &dyn Problem<f64>, norm: &dyn Norm<f64>, x: &Matrix<f64>) -> Result<f64, FalsifyError> {
    let d = problem.dimensions();
    let size = frobenius(&problem.gradient(x));
    Ok(tol::evaluation(d) * size * norm.ball(d)?.circumradius)
}

/// ||N||_* from below, by a pairing.
fn dual_from_below(norm: &dyn Norm<f64>, n: &Matrix<f64>) -> Result<f64, FalsifyError> {
    if n.is_zero() { Ok(0.0) } else { Ok(pairing(norm, n, &attaining(norm, n)?, 0.0)?.0) }
}

/// Both sides, enumerated: each dual norm from below by a pairing.
///
/// # Errors
/// Those of the norm.
pub fn measure_law(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    law: &FiniteLaw<f64>,
    x: &Matrix<f64>,
    claim: Claim,
) -> Result<Measured, FalsifyError> {
    let p = claim.p.p();
    let mean = problem.gradient(x);
    let mut moment = 0.0;
    for (q, g) in law.outcomes() {
        moment += q * dual_from_below(norm, &(g - &mean))?.powf(p);
    }
    let root = moment.powf(1.0 / p);
    // Each ||N_k||_* is off by the rounding of the gradient (Minkowski), powers and sums by a few u for each outcome.
    let sums = (16 + law.outcomes().len()) as f64 * f64::EPSILON * root;
    let rounding = rounding(problem, norm, x)? + sums + tol::rounding::<f64>(problem.dimensions()) * root;
    Ok(Measured { measured: root, claimed: claim.sigma.sigma(), rounding })
}

/// Both sides for a moment that the noise states exactly; `None` for a mere upper bound, which refutes nothing.
///
/// # Errors
/// Those of the source.
pub fn measure_stated(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    x: &Matrix<f64>,
    claim: Claim,
) -> Result<Option<Measured>, FalsifyError> {
    let stated = (source.moment)(x, norm, claim.p)?.filter(|m| m.is_exact());
    Ok(stated.map(|moment| {
        let root =
            if moment == Moment::Infinite { f64::INFINITY } else { moment.bound().powf(1.0 / claim.p.p()) };
        // A closed form is a handful of special functions, each good to 1e-13 or so; an infinite one is not off.
        let rounding =
            if root.is_finite() { (1e-11 + tol::evaluation(problem.dimensions())) * root } else { 0.0 };
        Measured { measured: root, claimed: claim.sigma.sigma(), rounding }
    }))
}

/// Both sides from samples: breaks exactly when the betting test on the clipped numbers rejects the claim.
///
/// # Errors
/// Those of oracle and norm.
pub fn measure_samples(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    x: &Matrix<f64>,
    claim: Claim,
    (how, tau): (Sampled, f64),
) -> Result<Measured, FalsifyError> {
    let (p, sigma) = (claim.p.p(), claim.sigma.sigma());
    let values = values(problem, norm, source, x, claim, how)?;
    let mu = (sigma + rounding(problem, norm, x)?).powf(p);
    let end = lower_end(&values, tau, how.level).powf(1.0 / p);
    // The end of an interval and the test that it inverts agree to the bisection's last step: the test decides.
    let end = if exceeds(&values, mu, tau, how.level) { end.max(sigma.next_up()) } else { end.min(sigma) };
    Ok(Measured { measured: end, claimed: sigma, rounding: 0.0 })
}

fn values(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    x: &Matrix<f64>,
    claim: Claim,
    how: Sampled,
) -> Result<Vec<f64>, FalsifyError> {
    let noises = how.noises(problem, (source.oracle)(how.stream), x)?;
    noises.iter().map(|n| Ok(dual_from_below(norm, n)?.powf(claim.p.p()))).collect()
}

/// Points at which samples are drawn: the level is shared among them.
const SAMPLED_AT: usize = 3;

/// What one evaluation of a law counts.
const MOST_OUTCOMES: usize = 4096;

/// Searches for a point at which the moment is larger than sigma^p.
///
/// Where the law can be listed, or its moment is stated exactly, the moment is maximised over the points; then, if nothing is
/// broken, stochastic gradients are drawn at the best points and the claim is tested on them.
///
/// # Errors
/// Those of norm, problem and oracle.
pub fn falsify(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    claim: Claim,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 3, budget.evaluations);
    let places = places(problem, norm, &mut search)?;
    let mut attack = Attack { problem, norm, source, claim, best: Best::none() };
    let mut ranked = attack.ranked(&places, &mut search)?;
    let (mut searches, mut notes) = (vec![format!("places: {PLACES}")], Vec::new());
    match attack.best.kept().map(|(_, found)| found.law) {
        Some(ENUMERATED) => {
            searches.push("all outcomes enumerated at every place, steps uphill from the best".into())
        }
        Some(_) => searches.push(
            "the moment that the noise states exactly, at every place, steps uphill from the best".into(),
        ),
        None => notes.push("no finite law and no exact moment is known: samples alone decide".into()),
    }
    attack.climb(&mut ranked, &mut search)?;
    // A refutation by samples does not rest on anybody's formula: it is preferred to a stated moment.
    let is_stated = attack.best.kept().is_some_and(|(_, found)| found.law == STATED);
    if (!attack.best.is_broken() || is_stated) && budget.draws >= 4 {
        let sampled = attack.sampled(&ranked, budget, &mut search)?;
        searches.push(format!(
            "samples at {SAMPLED_AT} places: betting on ||N||_*^p, clipped, no bound assumed (level {:e})",
            budget.level
        ));
        if sampled.is_broken() {
            attack.best = sampled;
        } else {
            attack.best.join(sampled);
        }
    }
    Ok(attack.best.finding(&search, (searches, notes), |sides, found| found.witness(sides, claim)))
}

/// An attempt: where, by which inequality, and what a test by samples was.
struct Found {
    law: &'static str,
    x: Matrix<f64>,
    sampled: Option<(Sampled, f64)>,
}

impl Found {
    fn witness(self, sides: Measured, claim: Claim) -> Witness {
        let Self { law, x, sampled } = self;
        let (numbers, ground) = match sampled {
            Some((how, tau)) => (
                vec![
                    ("stream", how.stream as f64),
                    ("draws", how.draws as f64),
                    ("level", how.level),
                    ("clip", tau),
                ],
                Ground::Samples(how.level),
            ),
            None if law == ENUMERATED => (Vec::new(), Ground::Enumeration),
            None => (Vec::new(), Ground::ClosedForm),
        };
        let at_least = if sampled.is_some() { "at least " } else { "" };
        let (p, measured, sigma) = (claim.p.p(), number(sides.measured), number(claim.sigma.sigma()));
        Witness {
            law,
            text: format!("(E||N||_*^{p})^(1/{p}) at X is {at_least}{measured}, the claim allows {sigma}"),
            matrices: vec![("X", x)],
            numbers,
            sides,
            ground,
        }
    }
}

struct Attack<'a, 's> {
    problem: &'a dyn Problem<f64>,
    norm: &'a dyn Norm<f64>,
    source: &'a Source<'s>,
    claim: Claim,
    best: Best<Found>,
}

impl Attack<'_, '_> {
    /// The moment at X, if anything but samples tells it.
    fn at(
        &self,
        x: &Matrix<f64>,
        search: &mut Search,
    ) -> Result<Option<(&'static str, Measured)>, FalsifyError> {
        search.spend(1);
        if let Some(law) = (self.source.law)(x).filter(|law| law.outcomes().len() <= MOST_OUTCOMES) {
            search.spend(law.outcomes().len() as u64);
            return Ok(Some((ENUMERATED, measure_law(self.problem, self.norm, &law, x, self.claim)?)));
        }
        Ok(measure_stated(self.problem, self.norm, self.source, x, self.claim)?.map(|sides| (STATED, sides)))
    }

    fn consider(&mut self, x: &Matrix<f64>, search: &mut Search) -> Result<f64, FalsifyError> {
        let Some((law, sides)) = self.at(x, search)? else { return Ok(f64::NEG_INFINITY) };
        self.best.consider(sides, Found { law, x: x.clone(), sampled: None });
        Ok(sides.excess())
    }

    /// The points with the largest moments first; in their own order where nothing is known.
    fn ranked(
        &mut self,
        places: &[Matrix<f64>],
        search: &mut Search,
    ) -> Result<Vec<Matrix<f64>>, FalsifyError> {
        let mut ranked = Vec::new();
        for x in places {
            if self.problem.gradient(x).first_non_finite().is_some() {
                continue;
            }
            let excess = if search.left() > 0 { self.consider(x, search)? } else { f64::NEG_INFINITY };
            ranked.push((excess, x.clone()));
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(ranked.into_iter().map(|(_, x)| x).collect())
    }

    /// Random steps that raise the moment, from long to short.
    fn climb(&mut self, ranked: &mut [Matrix<f64>], search: &mut Search) -> Result<(), FalsifyError> {
        let mut scale = 1.0;
        while search.left() > 0 && scale > 1e-3 {
            let Some((sides, best)) = self.best.kept().filter(|(sides, _)| !sides.breaks()) else { break };
            let (from, excess) = (best.x.clone(), sides.excess());
            let steps = search.directions(self.problem.dimensions());
            let mut rises = false;
            for step in steps {
                for sign in [1.0, -1.0] {
                    let Some(step) = unit(self.norm, &(&step * sign))? else { continue };
                    let mut x = from.clone();
                    x.add_scaled(scale * (1.0 + from.max_abs()), &step);
                    let x = inside(self.problem.region(), &x);
                    if search.left() > 0 && self.problem.gradient(&x).first_non_finite().is_none() {
                        rises |= self.consider(&x, search)? > excess;
                    }
                }
            }
            if !rises {
                scale *= 0.5;
            }
        }
        if let (Some(first), Some((_, best))) = (ranked.first_mut(), self.best.kept()) {
            *first = best.x.clone();
        }
        Ok(())
    }

    fn sampled(
        &self,
        ranked: &[Matrix<f64>],
        budget: Budget,
        search: &mut Search,
    ) -> Result<Best<Found>, FalsifyError> {
        let points = &ranked[..ranked.len().min(SAMPLED_AT)];
        let each = budget.draws / points.len().max(1);
        let level = budget.level / points.len().max(1) as f64;
        let mut best = Best::none();
        for (k, x) in points.iter().enumerate() {
            let of =
                |part: u64, draws| Sampled { stream: stream(budget.seed, 0, k as u64, part), draws, level };
            let (pilot, test) = (of(0, each / 4), of(1, each - each / 4));
            search.spend(each as u64);
            let seen = values(self.problem, self.norm, self.source, x, self.claim, pilot)?;
            let p = self.claim.p.p();
            let mu = (self.claim.sigma.sigma() + rounding(self.problem, self.norm, x)?).powf(p);
            // Below the smallest power that is a number nothing is claimed to be.
            let tau = choose_clip(&seen, mu.max(f64::MIN_POSITIVE));
            let sides = measure_samples(self.problem, self.norm, self.source, x, self.claim, (test, tau))?;
            best.consider(sides, Found { law: SAMPLED, x: x.clone(), sampled: Some((test, tau)) });
            if best.is_broken() {
                break;
            }
        }
        if best.kept().is_none() { Err(FalsifyError::NotFinite) } else { Ok(best) }
    }
}

/// A number for an oracle's stream: seeds below 2^32 never meet.
pub(super) fn stream(seed: u64, claim: u64, point: u64, part: u64) -> u64 {
    ((seed & 0xffff_ffff) << 16) | (claim << 12) | (point << 4) | part
}
