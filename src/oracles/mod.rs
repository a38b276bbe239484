//! Oracles: how a problem and a noise become stochastic gradients, and how calls are counted.
//!
//! # In a TOML file
//!
//! The table `[noise]` says all of it: `name` and its keys for the injected noise (see [`crate::noise`]), and, for a finite
//! sum, `batch = 32` for the mean of 32 components drawn with replacement. Without `batch` the gradient is exact.
//!
//! # What is a call
//!
//! One query is one call, however many components are averaged inside: for the theory a minibatch gradient is one
//! stochastic gradient with a smaller sigma. [`Sampling::noise_moment`] states the moment of one CALL.

use std::sync::Arc;

use crate::hard_instances::RevealOracle;
use crate::noise::{self, Moment, Noise};
use crate::problems::Built;
use crate::problems::finite_sum::{minibatch_noise_at, minibatch_noise_moment};
use crate::registry::ConfigError;
use crate::seed::Rng;
use crate::spec::{
    FiniteLaw, Matrix, MomentOrder, Norm, NormError, OracleError, Problem, ProblemError, Scalar, Smoothness,
    StochasticOracle,
};

mod clipped;
mod cyclic_spikes;
mod exact;
mod minibatch;
mod noisy;

pub use clipped::Clipping;
pub use cyclic_spikes::CyclicSpikes;
pub use exact::ExactOracle;
pub use minibatch::MinibatchOracle;
pub use noisy::NoisyOracle;

/// How gradients are sampled, before a random stream is attached: one of these serves all seeds.
#[derive(Debug, Clone)]
pub struct Sampling<T: Scalar> {
    problem: Built<T>,
    batch: Option<usize>,
    noise: Arc<dyn Noise<T>>,
}

/// An oracle that can be moved to a worker.
pub type BoxedOracle<T> = Box<dyn StochasticOracle<T> + Send>;

impl<T: Scalar> Sampling<T> {
    /// Minibatches of the given size (`None`: exact gradients) plus a noise.
    ///
    /// # Errors
    /// [`ConfigError::Data`] for a batch of a problem that is no finite sum and for a noise on another space;
    /// [`ConfigError::OutOfRange`] for a batch of zero.
    pub fn new(
        problem: Built<T>,
        batch: Option<usize>,
        noise: Arc<dyn Noise<T>>,
    ) -> Result<Self, ConfigError> {
        let (found, space) = (noise.dimensions(), problem.problem().dimensions());
        if found != space {
            return Err(ConfigError::Data(format!("the noise lives on {found}, the problem on {space}")));
        }
        match (&problem, batch) {
            (Built::Plain(_) | Built::Hard(_), Some(_)) => Err(ConfigError::Data(format!(
                "{} is no finite sum, there is nothing to draw a batch from; leave `batch` out",
                problem.problem().name()
            ))),
            (_, Some(0)) => Err(ConfigError::OutOfRange {
                name: "noise".into(),
                parameter: "batch",
                must_be: "at least 1",
                value: 0.0,
            }),
            _ => Ok(Self { problem, batch, noise }),
        }
    }

    /// What the table `[noise]` describes.
    ///
    /// # Errors
    /// [`ConfigError`]: those of [`noise::build`] and of [`Sampling::new`].
    pub fn from_table(
        problem: Built<T>,
        table: &toml::Table,
        norm: &dyn Norm<T>,
    ) -> Result<Self, ConfigError> {
        let mut table = table.clone();
        let batch = match table.remove("batch") {
            None => None,
            Some(toml::Value::Integer(b)) if b >= 0 => Some(b as usize),
            Some(other) => {
                let message = format!("`batch` must be a whole number of components, not {other}");
                return Err(ConfigError::Table { name: "noise".into(), message });
            }
        };
        let noise = noise::build(&table, problem.problem().dimensions(), norm)?;
        Self::new(problem, batch, noise)
    }

    /// The problem.
    pub fn problem(&self) -> &dyn Problem<T> {
        self.problem.problem()
    }

    /// The injected noise.
    pub fn noise(&self) -> &dyn Noise<T> {
        &*self.noise
    }

    /// An oracle with a stream of its own.
    pub fn oracle(&self, rng: Rng) -> BoxedOracle<T> {
        match (&self.problem, self.batch) {
            (Built::Sum(sum), Some(batch)) => {
                Box::new(MinibatchOracle::new(sum.clone(), batch, self.noise.clone(), rng))
            }
            (Built::Sum(sum), None) => Box::new(NoisyOracle::new(sum.clone(), self.noise.clone(), rng)),
            (Built::Hard(hard), _) => Box::new(RevealOracle::new(hard.clone(), self.noise.clone(), rng)),
            (Built::Plain(plain), _) => Box::new(NoisyOracle::new(plain.clone(), self.noise.clone(), rng)),
        }
    }

    /// The law of one answer at X, outcome by outcome: for a hard instance, for exact gradients and for a batch of one, together
    /// with a noise that can be listed. `None` where there is no list, or one of more than 4096 outcomes.
    pub fn law_at(&self, x: &Matrix<T>) -> Option<FiniteLaw<T>> {
        const MOST: usize = 4096;
        let noise = self.noise.finite_law()?;
        let listed = noise.outcomes().len();
        let drawn = match (&self.problem, self.batch) {
            (Built::Hard(hard), _) if hard.can_be_listed() => hard.law(x),
            (Built::Hard(_), _) => return None,
            (Built::Sum(sum), Some(1)) if sum.components().saturating_mul(listed) <= MOST => {
                sum.component_law(x)
            }
            (Built::Sum(_), Some(_)) => return None,
            _ => FiniteLaw::new(vec![(1.0, self.problem().gradient(x))]),
        };
        if drawn.outcomes().len().saturating_mul(listed) > MOST {
            return None;
        }
        let both = drawn
            .outcomes()
            .iter()
            .flat_map(|(q, g)| noise.outcomes().iter().map(move |(r, n)| (q * r, g + n)));
        Some(FiniteLaw::new(both.collect()))
    }

    /// sigma^p of one call, valid at every point: E||g - grad f(X)||_*^p is at most this.
    ///
    /// # Errors
    /// Those of the problem and of the norm.
    pub fn noise_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, ProblemError> {
        let injected = self.noise.dual_moment(norm, p)?;
        let drawn = match (&self.problem, self.batch) {
            (Built::Hard(hard), _) => hard.noise_moment(norm, p)?,
            (Built::Sum(sum), Some(batch)) => minibatch_noise_moment(&**sum, norm, p, batch)?,
            _ => return Ok(injected),
        };
        Ok(self.together(drawn, injected, norm, p)?)
    }

    /// The same at one point: by enumeration for a batch of one (or none), otherwise from the enumerated moments of one.
    ///
    /// # Errors
    /// Those of the problem and of the norm.
    pub fn noise_moment_at(
        &self,
        x: &Matrix<T>,
        norm: &dyn Norm<T>,
        p: MomentOrder,
    ) -> Result<Moment, ProblemError> {
        let injected = self.noise.dual_moment(norm, p)?;
        let drawn = match (&self.problem, self.batch) {
            (Built::Hard(hard), _) => hard.noise_moment_at(x, norm, p)?,
            (Built::Sum(sum), Some(batch)) => minibatch_noise_at(&**sum, x, norm, p, batch)?,
            _ => return Ok(injected),
        };
        Ok(self.together(drawn, injected, norm, p)?)
    }

    /// Lbar with (E||g(X, xi) - g(Y, xi)||_*^p)^{1/p} <= Lbar||X - Y|| for two gradients at ONE sample
    /// ([`StochasticOracle::query_pair`]).
    ///
    /// Additive noise cancels in the difference: L of the problem. Components do not: the constant of their mean
    /// ([`crate::problems::FiniteSum::sample_smoothness`]), for any batch.
    ///
    /// # Errors
    /// [`ProblemError::SamplesJump`] for a hard instance, whose oracle decides at a threshold what it hides, and those of the
    /// problem and of the norm.
    pub fn sample_smoothness(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Smoothness, ProblemError> {
        match (&self.problem, self.batch) {
            (Built::Hard(_), _) => Err(ProblemError::SamplesJump(self.problem().name().into())),
            (Built::Sum(sum), Some(_)) => sum.sample_smoothness(norm, p),
            _ => self.problem().smoothness(norm),
        }
    }

    /// The moment of a sum of two independent zero-mean noises: Minkowski, or K_p times the sum of the moments.
    fn together(
        &self,
        drawn: Moment,
        injected: Moment,
        norm: &dyn Norm<T>,
        p: MomentOrder,
    ) -> Result<Moment, NormError> {
        if drawn == Moment::Infinite || injected == Moment::Infinite {
            return Ok(Moment::Infinite);
        }
        let (a, b) = (drawn.bound(), injected.bound());
        if a == 0.0 || b == 0.0 {
            return Ok(if a == 0.0 { injected } else { drawn });
        }
        let root = 1.0 / p.p();
        let minkowski = (a.powf(root) + b.powf(root)).powf(p.p());
        let by_type = norm.noise_type(self.problem().dimensions(), p)?.upper * (a + b);
        Ok(Moment::UpperBound(minkowski.min(by_type)))
    }
}

/// Refuses points of another shape and points that are no longer finite.
pub(crate) fn check_point<T: Scalar, P: Problem<T> + ?Sized>(
    problem: &P,
    x: &Matrix<T>,
) -> Result<(), OracleError> {
    let expected = problem.dimensions();
    if (x.nrows(), x.ncols()) != (expected.rows(), expected.columns()) {
        return Err(OracleError::WrongShape { expected, rows: x.nrows(), columns: x.ncols() });
    }
    finite(x)
}

pub(crate) fn finite<T: Scalar>(x: &Matrix<T>) -> Result<(), OracleError> {
    if x.first_non_finite().is_some() { Err(OracleError::Diverged) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{BernoulliGated, DirectedNoise, Direction, NoNoise, pareto::Pareto};
    use crate::norms::{self, frobenius::Frobenius, max_entry::MaxEntry};
    use crate::problems::{self, Logistic, RobustRegression, robust_regression::Loss};
    use crate::seed::stream;

    fn sum() -> Arc<dyn crate::problems::FiniteSum<f64>> {
        let features = Matrix::from_fn(6, 2, |i, j| ((3 * i + 5 * j) % 7) as f64 / 7.0);
        Arc::new(Logistic::new(&features, &[0, 1, 2, 0, 1, 2], 3, 0.1).unwrap())
    }

    fn pareto(space: crate::spec::Dimensions) -> Arc<dyn Noise<f64>> {
        let law = Arc::new(Pareto::new(1.6).unwrap());
        Arc::new(DirectedNoise::new(law, Direction::RankOne, 0.1, space).unwrap())
    }

    fn p() -> MomentOrder {
        MomentOrder::new(1.5).unwrap()
    }

    fn every_oracle() -> Vec<BoxedOracle<f64>> {
        let f = sum();
        let space = f.dimensions();
        vec![
            Box::new(ExactOracle::new(f.clone())),
            Box::new(NoisyOracle::new(f.clone(), pareto(space), stream(1, 2))),
            Box::new(MinibatchOracle::new(f, 3, pareto(space), stream(1, 2))),
        ]
    }

    #[test]
    fn a_mean_of_calls_is_the_mean_of_as_many_queries_and_counts_like_them() {
        let x = sum().start();
        // 3000 calls of 3 components take more than one piece.
        for batch in [1, 5, 3000] {
            for (mut at_once, mut one_by_one) in every_oracle().into_iter().zip(every_oracle()) {
                let mean = at_once.query_mean(&x, batch).unwrap();
                let mut expected = one_by_one.query(&x).unwrap();
                for drawn in 2..=batch {
                    expected.move_towards(1.0 / drawn as f64, &one_by_one.query(&x).unwrap());
                }
                assert!((&mean - &expected).max_abs() <= 1e-12 * (1.0 + expected.max_abs()));
                assert_eq!((at_once.calls(), one_by_one.calls()), (batch, batch));
                // Both have used up the same numbers.
                assert_eq!(at_once.query(&x).unwrap(), one_by_one.query(&x).unwrap());
            }
        }
    }

    #[test]
    fn a_pair_shares_its_sample_and_counts_twice() {
        let x = sum().start();
        let y = &x + &Matrix::from_fn(x.nrows(), x.ncols(), |i, j| 0.1 * (i + 2 * j) as f64);
        for (mut pairs, mut singles) in every_oracle().into_iter().zip(every_oracle()) {
            let (at_x, again_at_x) = pairs.query_pair(&x, &x).unwrap();
            assert_eq!(at_x, again_at_x);
            assert_eq!(at_x, singles.query(&x).unwrap());
            let (at_x, at_y) = pairs.query_pair(&x, &y).unwrap();
            assert_eq!(at_x, singles.query(&x).unwrap());
            assert_ne!(at_x, at_y);
            assert_eq!((pairs.calls(), singles.calls()), (4, 2));
        }
        // Injected noise cancels in the difference.
        let mut noisy = NoisyOracle::new(sum(), pareto(sum().dimensions()), stream(4, 4));
        let (at_x, at_y) = noisy.query_pair(&x, &y).unwrap();
        let exact = &sum().gradient(&x) - &sum().gradient(&y);
        assert!((&(&at_x - &at_y) - &exact).max_abs() <= 1e-12 * (1.0 + at_x.max_abs()));
    }

    #[test]
    fn a_mean_of_no_calls_draws_one() {
        for mut oracle in every_oracle() {
            oracle.query_mean(&sum().start(), 0).unwrap();
            assert_eq!(oracle.calls(), 1);
        }
    }

    #[test]
    fn points_of_another_shape_or_without_a_number_are_refused_and_not_counted() {
        for mut oracle in every_oracle() {
            assert!(matches!(oracle.query(&Matrix::zeros(2, 3)), Err(OracleError::WrongShape { .. })));
            let nan = &Matrix::from_fn(3, 2, |_, _| 1.0) * f64::NAN;
            assert_eq!(oracle.query(&nan), Err(OracleError::Diverged));
            assert_eq!(oracle.calls(), 0);
        }
    }

    #[test]
    fn a_gradient_that_overflows_is_reported_as_divergence() {
        let table: toml::Table =
            "name = 'quadratic'\nrows = 2\ncolumns = 2\nleft_spectrum = [1e200, 1e200]".parse().unwrap();
        let Built::Plain(f) = problems::build::<f64>(&table).unwrap() else {
            panic!("a quadratic is no sum")
        };
        let far = Matrix::from_fn(2, 2, |_, _| 1e200);
        assert_eq!(ExactOracle::new(f).query(&far), Err(OracleError::Diverged));
    }

    #[test]
    fn minibatches_are_drawn_uniformly() {
        let f = sum();
        let x = f.start();
        let components: Vec<_> = (0..6).map(|i| f.component_gradient(i, &x)).collect();
        let mut oracle =
            MinibatchOracle::new(f.clone(), 1, Arc::new(NoNoise::new(f.dimensions())), stream(3, 0));
        let mut counts = [0.0; 6];
        let draws = 6000;
        for _ in 0..draws {
            let g = oracle.query(&x).unwrap();
            counts[components.iter().position(|c| *c == g).unwrap()] += 1.0;
        }
        // Each count is binomial with mean 1000 and standard deviation 29; 6 of these.
        assert!(counts.iter().all(|c: &f64| (c - 1000.0).abs() < 6.0 * 29.0), "{counts:?}");
    }

    #[test]
    fn the_moment_of_a_call_joins_drawn_and_injected_noise() {
        let built = Built::Sum(sum());
        let x = sum().start();
        let space = sum().dimensions();
        for norm in &norms::all_on(space) {
            let injected = pareto(space).dual_moment(norm, p()).unwrap();
            let exact = Sampling::new(built.clone(), None, pareto(space)).unwrap();
            assert_eq!(exact.noise_moment(norm, p()).unwrap(), injected);
            let one = Sampling::new(built.clone(), Some(1), Arc::new(NoNoise::new(space))).unwrap();
            let drawn = sum().noise_at(&x, norm, p()).unwrap();
            assert_eq!(one.noise_moment_at(&x, norm, p()).unwrap(), Moment::Exact(drawn));
            let both = Sampling::new(built.clone(), Some(1), pareto(space)).unwrap();
            let together = both.noise_moment_at(&x, norm, p()).unwrap().bound();
            assert!(together >= drawn.max(injected.bound()));
            assert!(together <= 2f64.powf(1.5) * drawn.max(injected.bound()) * (1.0 + 1e-12));
            let many = Sampling::new(built.clone(), Some(64), pareto(space)).unwrap();
            assert!(
                many.noise_moment(norm, p()).unwrap().bound() < both.noise_moment(norm, p()).unwrap().bound()
            );
        }
    }

    #[test]
    fn noises_on_different_entries_attain_the_moment_of_their_sum_where_absolute_entries_are_summed() {
        // D = +-d E_12 of two opposite residuals, N = +-0.3 E_jj: ||D + N||_* = d + 0.3 for sure, more than the moments' sum.
        let e = Matrix::from_fn(2, 2, |i, j| if (i, j) == (0, 1) { 1.0 } else { 0.0 });
        let f = RobustRegression::<f64>::new(&[e.clone(), e], &[0.5, -0.5], Loss::Welsch, 1.0).unwrap();
        let (space, start, d) = (f.dimensions(), f.start(), 0.5 * (-0.125_f64).exp());
        let signs = Arc::new(BernoulliGated::new(1.0).unwrap());
        let noise = Arc::new(DirectedNoise::new(signs, Direction::Spike, 0.3, space).unwrap());
        let sampling = Sampling::new(Built::Sum(Arc::new(f)), Some(1), noise).unwrap();
        let claimed = sampling.noise_moment_at(&start, &MaxEntry, p()).unwrap().bound();
        let truth = (d + 0.3).powf(1.5);
        assert!((claimed / truth - 1.0).abs() < 1e-13, "{claimed} for {truth}");
    }

    #[test]
    fn a_table_makes_an_oracle_and_a_wrong_one_a_hint() {
        let from = |text: &str, problem: Built<f64>| {
            Sampling::from_table(problem, &text.parse().unwrap(), &Frobenius)
        };
        let sampling = from("name = 'none'\nbatch = 4", Built::Sum(sum())).unwrap();
        assert_eq!(sampling.oracle(stream(0, 0)).query(&sum().start()).unwrap().nrows(), 3);
        let refuse = |text: &str| from(text, Built::Sum(sum())).unwrap_err().to_string();
        assert!(refuse("name = 'none'\nbatch = 0").contains("at least 1"));
        assert!(refuse("name = 'none'\nbatch = -1").contains("whole number"));
        assert!(refuse("name = 'none'\nbatch = 1.5").contains("whole number"));
        assert!(refuse("batch = 1").contains("name"));
        let plain =
            problems::build("name = 'quadratic'\nrows = 2\ncolumns = 2".parse().as_ref().unwrap()).unwrap();
        assert!(from("name = 'none'\nbatch = 1", plain).unwrap_err().to_string().contains("no finite sum"));
    }

    #[test]
    fn the_same_stream_gives_the_same_gradients() {
        let x = sum().start();
        let sampling = Sampling::new(Built::Sum(sum()), Some(2), pareto(sum().dimensions())).unwrap();
        let draw = |s| sampling.oracle(stream(9, s)).query(&x).unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
