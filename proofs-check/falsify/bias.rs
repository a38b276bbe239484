//! A3, the mean: E g(X, xi) = grad f(X) at every point.
//!
//! Where the law can be listed the mean is a sum. Otherwise samples decide, and they can only under a moment bound: the test of
//! [`super::sampled`] on <N, W>, ||W|| <= 1, for which |<N, W>| <= ||N||_*. It refutes "E N = 0 and E||N||_*^p <= sigma^p", the whole of A3.

use heavynorm::spec::{FiniteLaw, Matrix, Norm, Problem, inner};
use heavynorm::tol;

use super::moment::{Claim, stream};
use super::points::{PLACES, places};
use super::sampled::mean_capital;
use super::search::{Best, Search, unit};
use super::source::Source;
use super::{
    Budget, FalsifyError, Finding, Ground, Measured, Sampled, Tried, Witness, attaining, frobenius, pairing,
};
use crate::print::number;

/// The mean as a sum over all outcomes.
pub const ENUMERATED: &str = "<sum_k q_k g_k - grad f(X), W> <= 0";
/// The mean from samples, given a moment.
pub const SAMPLED: &str = "log K/log(1/level) <= 1 for bets on <N, W>, given E||N||_*^p <= sigma^p";

/// Both sides, enumerated.
///
/// Rounding: [`tol::evaluation`] of the gradient and of every outcome.
///
/// # Errors
/// Those of the norm.
pub fn measure_law(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    law: &FiniteLaw<f64>,
    x: &Matrix<f64>,
    w: &Matrix<f64>,
) -> Result<Measured, FalsifyError> {
    let mean = problem.gradient(x);
    let bias = &law.expectation() - &mean;
    let outcomes: f64 = law.outcomes().iter().map(|(q, g)| q * frobenius(g)).sum();
    let error = tol::evaluation(problem.dimensions()) * (frobenius(&mean) + outcomes);
    let (measured, rounding) = pairing(norm, &bias, w, error)?;
    Ok(Measured { measured, claimed: 0.0, rounding })
}

/// Both sides from samples: breaks exactly when the test rejects.
///
/// # Errors
/// Those of oracle and norm.
pub fn measure_samples(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    (x, w): (&Matrix<f64>, &Matrix<f64>),
    claim: Claim,
    (how, bet): (Sampled, f64),
) -> Result<Measured, FalsifyError> {
    let noises = how.noises(problem, (source.oracle)(how.stream), x)?;
    let size = norm.value(w)?;
    let values: Vec<f64> = noises.iter().map(|n| inner(n, w) / size).collect();
    // A mean that is off by no more than rounding is no bias: it is taken off before anything is bet.
    let error = tol::evaluation(problem.dimensions()) * frobenius(&problem.gradient(x));
    let allowed = error * frobenius(w) / size;
    let values: Vec<f64> = values.into_iter().map(|y| y - allowed).collect();
    // ||N|| - allowed <= ||N||_* + allowed: sigma grows by it (Minkowski).
    let moment = (claim.sigma.sigma() + 2.0 * allowed).powf(claim.p.p());
    let capital = mean_capital(&values, claim.p, moment, bet, how.level);
    Ok(Measured { measured: capital, claimed: 1.0, rounding: 0.0 })
}

/// Points at which samples are drawn, and directions that are tested at each: the level is shared among them.
const SAMPLED_AT: usize = 3;

/// More outcomes than this are not summed.
const MOST_OUTCOMES: usize = 4096;

/// Searches for a point at which the oracle is biased; `claim` is the moment that a test by samples presupposes.
///
/// # Errors
/// Those of norm, problem and oracle.
pub fn falsify(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    claim: Option<Claim>,
    budget: Budget,
) -> Result<Finding, FalsifyError> {
    let mut search = Search::new(budget.seed, 4, budget.evaluations);
    let mut places = places(problem, norm, &mut search)?;
    places.retain(|x| problem.gradient(x).first_non_finite().is_none());
    let (mut searches, mut notes) = (vec![format!("places: {PLACES}")], Vec::new());
    let mut best = Best::none();
    let mut listed = false;
    for x in &places {
        if search.left() == 0 {
            break;
        }
        let Some(law) = (source.law)(x).filter(|law| law.outcomes().len() <= MOST_OUTCOMES) else { break };
        listed = true;
        search.spend(1 + law.outcomes().len() as u64);
        let bias = &law.expectation() - &problem.gradient(x);
        if bias.is_zero() {
            continue;
        }
        let w = attaining(norm, &bias)?;
        let sides = measure_law(problem, norm, &law, x, &w)?;
        best.consider(sides, [x.clone(), w]);
        if best.is_broken() {
            break;
        }
    }
    if listed {
        searches.push("all outcomes enumerated at every place".into());
    }
    if best.is_broken() {
        return Ok(best.finding(&search, (searches, notes), |sides, [x, w]| Witness {
            law: ENUMERATED,
            text: format!(
                "||E g - grad f(X)||_* is at least {}, an unbiased oracle has 0",
                number(sides.measured)
            ),
            matrices: vec![("X", x), ("W", w)],
            numbers: Vec::new(),
            sides,
            ground: Ground::Enumeration,
        }));
    }
    let Some(claim) = claim.filter(|_| budget.draws >= 4) else {
        notes.push(
            "no samples were tested: without a bound on a moment no test of a mean exists (claim sigma and p)".into(),
        );
        let tried = Tried { evaluations: search.used, best_ratio: None, searches, notes };
        return Ok(Finding { witness: None, tried });
    };
    let (witness, best_ratio) = sampled(problem, norm, source, &places, (claim, budget), &mut search)?;
    searches.push(format!(
        "samples at {SAMPLED_AT} places: bets on <N, W> along the pilot's mean and along the gradient (level {:e})",
        budget.level
    ));
    notes.push(format!(
        "a refutation by samples presupposes E||N||_*^p <= sigma^p with sigma = {}, p = {}: it refutes the two together",
        claim.sigma.sigma(),
        claim.p.p()
    ));
    Ok(Finding { witness, tried: Tried { evaluations: search.used, best_ratio, searches, notes } })
}

/// The mean of N_k min{1, c/||N_k||_F}, c the median length: a guess that no single sample moves far.
fn guess(noises: &[Matrix<f64>]) -> Option<Matrix<f64>> {
    let mut lengths: Vec<f64> = noises.iter().map(frobenius).collect();
    lengths.sort_by(f64::total_cmp);
    let c = *lengths.get(lengths.len() / 2)?;
    let mut mean = Matrix::zeros(noises[0].nrows(), noises[0].ncols());
    for n in noises {
        mean.add_scaled((c / frobenius(n).max(f64::MIN_POSITIVE)).min(1.0) / noises.len() as f64, n);
    }
    Some(mean)
}

fn sampled(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    source: &Source<'_>,
    places: &[Matrix<f64>],
    (claim, budget): (Claim, Budget),
    search: &mut Search,
) -> Result<(Option<Witness>, Option<f64>), FalsifyError> {
    // The start, the end of the descent and a far point.
    let points: Vec<&Matrix<f64>> = [0, 1, places.len() - 1].iter().filter_map(|&k| places.get(k)).collect();
    let each = budget.draws / SAMPLED_AT;
    let (p, sigma) = (claim.p.p(), claim.sigma.sigma());
    let mut best: Option<f64> = None;
    for (k, x) in points.into_iter().enumerate() {
        let level = budget.level / SAMPLED_AT as f64;
        let of = |part: u64, draws| Sampled { stream: stream(budget.seed, 1, k as u64, part), draws, level };
        let (pilot, test) = (of(0, each / 4), of(1, each - each / 4));
        search.spend(each as u64);
        let noises = pilot.noises(problem, (source.oracle)(pilot.stream), x)?;
        // Which of the directions is bet on, and how much, is settled by the pilot.
        let gradient = problem.gradient(x);
        let guess = guess(&noises).unwrap_or_else(|| gradient.clone());
        let mut chosen: Option<(f64, f64, Matrix<f64>)> = None;
        for s in [guess, gradient.clone(), -&gradient] {
            if s.is_zero() {
                continue;
            }
            let Some(w) = unit(norm, &attaining(norm, &s)?)? else { continue };
            let values: Vec<f64> = noises.iter().map(|n| inner(n, &w)).collect();
            for share in (0..12).map(|k| 2f64.powi(-k)) {
                // l = (b/v)^{1/(p-1)} for a bias of this share of sigma.
                let bet = share.powf(1.0 / (p - 1.0)) / sigma.max(f64::MIN_POSITIVE);
                let capital = mean_capital(&values, claim.p, sigma.powf(p), bet, level);
                if bet.is_finite() && bet > 0.0 && chosen.as_ref().is_none_or(|(c, ..)| capital > *c) {
                    chosen = Some((capital, bet, w.clone()));
                }
            }
        }
        let Some((_, bet, w)) = chosen else { continue };
        let sides = measure_samples(problem, norm, source, (x, &w), claim, (test, bet))?;
        best = Some(best.map_or(sides.measured, |b| b.max(sides.measured)));
        if sides.breaks() {
            let text = format!(
                "E<N, W> = 0 is rejected at level {level:.0e} ({} draws at X, log-capital {:.2} of what is needed)",
                test.draws, sides.measured
            );
            let numbers = vec![
                ("stream", test.stream as f64),
                ("draws", test.draws as f64),
                ("level", level),
                ("bet", bet),
                ("sigma", sigma),
                ("p", p),
            ];
            let matrices = vec![("X", x.clone()), ("W", w)];
            let ground = Ground::Samples(level);
            return Ok((Some(Witness { law: SAMPLED, text, matrices, numbers, sides, ground }), best));
        }
    }
    Ok((None, best))
}
