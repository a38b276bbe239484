//! The same checks on what a user brings: any type that is a [`Problem`], any type that is a [`StochasticOracle`].
//!
//! # Example
//!
//! A problem with a curvature of 2 that claims one of 1.9: A2 is broken, and the worst case says where.
//!
//! ```
//! use heavynorm::norms::frobenius::Frobenius;
//! use heavynorm::spec::{
//!     Claim, Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Smoothness, inner,
//! };
//! use heavynorm_proofs_check::audit::{self, Effort, Verdict, own};
//!
//! /// f(X) = ||X - 1||_F^2, all entries of the minimiser being 1.
//! #[derive(Debug)]
//! struct Bowl {
//!     claimed: f64,
//! }
//!
//! impl Problem<f64> for Bowl {
//!     fn name(&self) -> &str {
//!         "bowl"
//!     }
//!     fn dimensions(&self) -> Dimensions {
//!         Dimensions::new(2, 3).unwrap()
//!     }
//!     fn start(&self) -> Matrix<f64> {
//!         Matrix::zeros(2, 3)
//!     }
//!     fn objective(&self, x: &Matrix<f64>) -> f64 {
//!         let off = x.map(|x| x - 1.0);
//!         inner(&off, &off)
//!     }
//!     fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
//!         x.map(|x| 2.0 * (x - 1.0))
//!     }
//!     fn hessian_action(&self, _: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
//!         z * 2.0
//!     }
//!     fn infimum(&self) -> Infimum {
//!         Infimum::Exact(0.0)
//!     }
//!     fn smoothness(&self, norm: &dyn Norm<f64>) -> Result<Smoothness, ProblemError> {
//!         let circumradius = norm.ball(self.dimensions())?.circumradius;
//!         Ok(Smoothness::new(self.claimed * circumradius.powi(2), norm.label())?)
//!     }
//!     fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
//!         Ok(HessianLipschitz::new(0.0, norm.label())?)
//!     }
//! }
//!
//! let effort = Effort { quick: true, seed: 1 };
//! let cases = own::problem(&Bowl { claimed: 2.0 }, &Frobenius, effort).unwrap();
//! assert_eq!(audit::judge(Claim::Upper, &cases).0, Verdict::Holds);
//!
//! let cases = own::problem(&Bowl { claimed: 1.9 }, &Frobenius, effort).unwrap();
//! let (verdict, worst) = audit::judge(Claim::Upper, &cases);
//! assert_eq!(verdict, Verdict::Fails);
//! println!("{:?}", worst.unwrap());
//! let a2 = cases.iter().find(|case| case.what.starts_with("A2")).unwrap();
//! assert!((a2.measured / a2.claimed - 2.0 / 1.9).abs() < 1e-9, "{a2:?}");
//! ```

use heavynorm::norms::frobenius::Frobenius;
use heavynorm::spec::laws::{ProblemSample, problem_laws};
use heavynorm::spec::{Dimensions, Matrix, MomentOrder, NoiseScale, Norm, Problem, StochasticOracle};
use heavynorm::statistics::betting::Reading;

use super::draw::Draw;
use super::{AuditError, Case, Effort};
use crate::AveragingBound;

/// What a sum of some thousand terms may be off by, relative to the larger side of an inequality.
const ROUNDING: f64 = 1e-9;

/// A1, A2, A4, the descent lemma and the derivatives against differences, at random pairs of points of the problem's region
/// (for [`heavynorm::spec::Claim::Upper`]).
///
/// Points lie around X_0 and around each other at distances over six decades, so that a constant of a bounded region is met
/// as well as one that holds everywhere. A search that knows the problem finds more.
///
/// # Errors
/// A problem without a constant, and those of the norm.
pub fn problem(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    effort: Effort,
) -> Result<Vec<Case>, AuditError> {
    let (space, start) = (problem.dimensions(), problem.start());
    // Differences step away from X by a millionth of its size.
    let region = problem.region().scaled(0.999);
    let mut cases = Vec::new();
    for k in 0..effort.cases(100, 5000) {
        let mut draw = Draw::new(effort, "own problem", k);
        let x = region.nearest(&(&start + &(&draw.gaussian(space) * draw.log_between(1e-2, 1e2))));
        let y = region.nearest(&(&x + &(&draw.gaussian(space) * draw.log_between(1e-3, 1e2))));
        let z = draw.gaussian(space);
        let sample = ProblemSample { x: &x, y: &y, z: &z, norm, frobenius: &Frobenius };
        for law in problem_laws() {
            let sides = (law.sides)(problem, &sample)?;
            let tolerance = ROUNDING * sides.left.abs().max(sides.right.abs());
            let what =
                format!("{}, {}: {} in {}, pair {k}", law.name, law.formula, problem.name(), norm.label());
            cases.push(Case { measured: sides.left, claimed: sides.right, tolerance, what });
        }
    }
    Ok(cases)
}

/// What an oracle claims: A3 with these numbers, in the dual of a norm.
#[derive(Debug, Clone, Copy)]
pub struct Claimed<'a> {
    /// The norm.
    pub norm: &'a dyn Norm<f64>,
    /// p.
    pub moment_order: MomentOrder,
    /// sigma.
    pub noise_scale: NoiseScale,
}

/// A test that is wrong once in so many audits: the probability of a false alarm, in either case.
const ALARM: f64 = 1e-5;

/// Means of blocks: with probability 1 - 1e-5 half of them stay below four times their expectation. A block exceeds that with
/// probability 1/4 at most (Markov), and P(Bin(81, 1/4) >= 41) <= exp(-81 KL(1/2, 1/4)) = (3/4)^{81/2} < 1e-5.
const BLOCKS: usize = 81;

/// A3 at a point where the gradient is known (for [`heavynorm::spec::Claim::Upper`]): is the mean the gradient, is the p-th
/// moment at most sigma^p? Valid under heavy tails: nothing but A3 itself is assumed.
///
/// A bias is seen once it exceeds four times what averages of `calls`/81 samples may be off by; a moment, once a betting
/// interval for min{||N||_*^p, 16 sigma^p} lies above sigma^p. Both give false alarms with probability 1e-5.
///
/// # Errors
/// Those of the oracle and of the norm; fewer than 81 calls.
pub fn oracle(
    oracle: &mut dyn StochasticOracle<f64>,
    x: &Matrix<f64>,
    gradient: &Matrix<f64>,
    claimed: Claimed<'_>,
    calls: usize,
) -> Result<Vec<Case>, AuditError> {
    let (Claimed { norm, moment_order, noise_scale }, block) = (claimed, calls / BLOCKS);
    if block == 0 {
        return Err(format!("an audit of an oracle takes {BLOCKS} calls at least, not {calls}").into());
    }
    let space: Dimensions = oracle.dimensions();
    let (p, sigma) = (moment_order.p(), noise_scale.sigma());
    let (mut means, mut moments) = (Vec::with_capacity(BLOCKS), Vec::with_capacity(BLOCKS * block));
    let clip = 16.0 * sigma.powf(p);
    for _ in 0..BLOCKS {
        let mut mean = Matrix::zeros(space.rows(), space.columns());
        for _ in 0..block {
            let noise = &oracle.query(x)? - gradient;
            moments.push(norm.dual_value(&noise)?.powf(p).min(clip));
            mean.add_scaled(1.0 / block as f64, &noise);
        }
        means.push(norm.dual_value(&mean)?);
    }
    means.sort_by(f64::total_cmp);
    let (average, _) = AveragingBound::new(norm, space, moment_order, noise_scale)?.at(1.0 / block as f64);
    // Differences of answers and gradients.
    let rounding = ROUNDING * norm.dual_value(gradient)?;
    let mut cases = vec![Case {
        measured: means[BLOCKS / 2],
        claimed: 4.0 * average,
        tolerance: rounding,
        what: format!("E g(X, xi) = grad f(X): the median of {BLOCKS} means of {block}"),
    }];
    if sigma > 0.0 {
        let reading = Reading { bound: clip, clip, level: ALARM };
        let interval = reading.interval(&moments).ok_or("a moment is NaN")?;
        let what = format!("E||N||_*^p <= sigma^p: lower end of an interval around {:e}", interval.value);
        cases.push(Case { measured: interval.low, claimed: sigma.powf(p), tolerance: rounding, what });
    } else {
        let largest = moments.iter().copied().fold(0.0, f64::max);
        let what = "no noise at all".to_owned();
        cases.push(Case { measured: largest, claimed: 0.0, tolerance: rounding, what });
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heavynorm::noise::pareto::Pareto;
    use heavynorm::noise::{DirectedNoise, Direction};
    use heavynorm::norms::spectral::Spectral;
    use heavynorm::oracles::NoisyOracle;
    use heavynorm::problems;
    use heavynorm::seed::stream;
    use heavynorm::spec::Claim;

    use super::*;
    use crate::audit::{Verdict, judge};

    #[test]
    fn an_oracle_with_less_noise_than_it_has_and_one_with_a_bias_are_caught() {
        let table = "name = 'quadratic'\nrows = 3\ncolumns = 4".parse().unwrap();
        let problems::Built::Plain(f) = problems::build::<f64>(&table).unwrap() else { panic!() };
        let (p, x) = (MomentOrder::new(1.5).unwrap(), f.start());
        let law = Arc::new(Pareto::new(1.7).unwrap());
        let sigma = NoiseScale::new(1.0).unwrap();
        let noise = DirectedNoise::calibrated(
            law,
            Direction::Diagonal,
            f.dimensions(),
            &Spectral as &dyn Norm<f64>,
            p,
            sigma,
        )
        .unwrap();
        let audited = |sigma: f64, bias: f64| {
            let mut oracle = NoisyOracle::new(f.clone(), Arc::new(noise.clone()), stream(3, 0));
            let gradient = f.gradient(&x).map(|g| g + bias);
            let noise_scale = NoiseScale::new(sigma).unwrap();
            let claimed = Claimed { norm: &Spectral, moment_order: p, noise_scale };
            super::oracle(&mut oracle, &x, &gradient, claimed, 81 * 200).unwrap()
        };
        assert_eq!(judge(Claim::Upper, &audited(1.0, 0.0)).0, Verdict::Holds);
        let cases = audited(0.25, 0.0);
        let (verdict, worst) = judge(Claim::Upper, &cases);
        assert!(verdict == Verdict::Fails && worst.unwrap().what.contains("sigma^p"));
        let cases = audited(1.0, 3.0);
        assert!(cases[0].measured > cases[0].claimed, "{cases:?}");
    }
}
