//! What is held against a theorem: its lemmas on every step of a path, and its bound against exact expectations.

use heavynorm::algorithms::DynAlgorithm;
use heavynorm::spec::problem::Inequality;
use heavynorm::spec::{
    Algorithm, AlgorithmError, Dimensions, FiniteLaw, Matrix, Norm, NormError, OracleError, Problem,
    ProblemError, StochasticOracle, inner,
};
use thiserror::Error;

/// Why a check came to no verdict.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CheckError {
    /// The method stopped.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The norm gave no value.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// The problem gave no constant.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// X_0, ..., X_T and the M_0, ..., M_{T-1} that led from one to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// T + 1 points.
    pub points: Vec<Matrix<f64>>,
    /// T averages.
    pub momenta: Vec<Matrix<f64>>,
}

impl Path {
    /// Runs `steps` steps of a method whose state shows its momentum (after a step).
    ///
    /// # Errors
    /// [`AlgorithmError`].
    pub fn record<A: Algorithm<f64>>(
        algorithm: &A,
        momentum: impl Fn(&A::State) -> Option<&Matrix<f64>>,
        start: &Matrix<f64>,
        oracle: &mut dyn StochasticOracle<f64>,
        steps: usize,
    ) -> Result<Self, AlgorithmError> {
        let mut state = algorithm.init(start, oracle)?;
        let (mut points, mut momenta) = (vec![start.clone()], Vec::with_capacity(steps));
        for _ in 0..steps {
            algorithm.step(&mut state, oracle)?;
            momenta.extend(momentum(&state).cloned());
            points.push(algorithm.iterate(&state).clone());
        }
        Ok(Self { points, momenta })
    }

    /// E_t = M_t - grad f(X_t), for t < T.
    pub fn errors(&self, problem: &dyn Problem<f64>) -> Vec<Matrix<f64>> {
        self.points.iter().zip(&self.momenta).map(|(x, m)| m - &problem.gradient(x)).collect()
    }
}

/// (1/T) sum over t < T of ||grad f(X_t)||_*.
///
/// # Errors
/// Those of the norm.
pub fn mean_dual_gradient(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    path: &Path,
) -> Result<f64, NormError> {
    mean(path.points.iter().take(path.momenta.len()).map(|x| norm.dual_value(&problem.gradient(x))))
}

fn mean(values: impl ExactSizeIterator<Item = Result<f64, NormError>>) -> Result<f64, NormError> {
    let count = values.len() as f64;
    Ok(values.sum::<Result<f64, _>>()? / count)
}

/// Lemma 3.2 on every step of a path of X_{t+1} = X_t + eta lmo(M_t).
///
/// # Errors
/// [`CheckError`].
pub fn descent(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    path: &Path,
    eta: f64,
) -> Result<Vec<Inequality>, CheckError> {
    let l = problem.smoothness(norm)?.in_norm(norm).map_err(ProblemError::from)?;
    let one = |(pair, m): (&[Matrix<f64>], &Matrix<f64>)| {
        let gradient = problem.gradient(&pair[0]);
        let size = norm.dual_value(&gradient)?;
        let error = norm.dual_value(&(m - &gradient))?;
        Ok(Inequality {
            left: problem.objective(&pair[1]),
            right: problem.objective(&pair[0]) - eta * size + 2.0 * eta * error + l * eta * eta / 2.0,
        })
    };
    path.points.windows(2).zip(&path.momenta).map(one).collect()
}

/// (3.3), with f(X_0) - f(X_T) in place of Delta, which is at least as much.
///
/// # Errors
/// [`CheckError`].
pub fn pathwise(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    path: &Path,
    eta: f64,
) -> Result<Inequality, CheckError> {
    let l = problem.smoothness(norm)?.in_norm(norm).map_err(ProblemError::from)?;
    let steps = path.momenta.len();
    let descended = problem.objective(&path.points[0]) - problem.objective(&path.points[steps]);
    let error = mean(path.errors(problem).iter().map(|e| norm.dual_value(e)))?;
    Ok(Inequality {
        left: mean_dual_gradient(problem, norm, path)?,
        right: descended / (eta * steps as f64) + l * eta / 2.0 + 2.0 * error,
    })
}

/// max over the ball of radius R of <G, X - Z> = <G, X> + R||G||_*, the Frank-Wolfe gap at X with gradient G.
///
/// # Errors
/// Those of the norm.
pub fn frank_wolfe_gap(
    norm: &dyn Norm<f64>,
    gradient: &Matrix<f64>,
    x: &Matrix<f64>,
    radius: f64,
) -> Result<f64, NormError> {
    Ok(inner(gradient, x) + radius * norm.dual_value(gradient)?)
}

/// The one-step inequality of U6 on every step of a path of X_{t+1} = (1 - gamma) X_t + gamma R lmo(M_t).
///
/// # Errors
/// [`CheckError`].
pub fn constrained_descent(
    problem: &dyn Problem<f64>,
    norm: &dyn Norm<f64>,
    path: &Path,
    gamma: f64,
    radius: f64,
) -> Result<Vec<Inequality>, CheckError> {
    let l = problem.smoothness(norm)?.in_norm(norm).map_err(ProblemError::from)?;
    let one = |(pair, m): (&[Matrix<f64>], &Matrix<f64>)| {
        let gradient = problem.gradient(&pair[0]);
        let gap = frank_wolfe_gap(norm, &gradient, &pair[0], radius)?;
        let error = norm.dual_value(&(m - &gradient))?;
        let curvature = 2.0 * l * radius * radius * gamma * gamma;
        Ok(Inequality {
            left: problem.objective(&pair[1]),
            right: problem.objective(&pair[0]) - gamma * gap + 2.0 * gamma * radius * error + curvature,
        })
    };
    path.points.windows(2).zip(&path.momenta).map(one).collect()
}

/// A stochastic gradient with finitely many samples: sample k has its probability, and a gradient at every point.
#[derive(Clone, Copy)]
pub struct FiniteSamples<'a> {
    /// X_0.
    pub start: &'a Matrix<f64>,
    /// One for each sample, with sum 1.
    pub probabilities: &'a [f64],
    /// g(X, k).
    pub gradient: &'a dyn Fn(&Matrix<f64>, usize) -> Matrix<f64>,
}

impl std::fmt::Debug for FiniteSamples<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FiniteSamples").field("probabilities", &self.probabilities).finish_non_exhaustive()
    }
}

/// Prescribed samples, one after another; beyond the prescription the first of all.
struct Prescribed<'a> {
    samples: FiniteSamples<'a>,
    choices: Vec<usize>,
    drawn: usize,
    calls: u64,
}

impl StochasticOracle<f64> for Prescribed<'_> {
    fn dimensions(&self) -> Dimensions {
        self.samples.start.dimensions().expect("a start is not empty")
    }

    fn query(&mut self, x: &Matrix<f64>) -> Result<Matrix<f64>, OracleError> {
        self.calls += 1;
        let k = self.next_sample();
        Ok((self.samples.gradient)(x, k))
    }

    fn query_pair(
        &mut self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
    ) -> Result<(Matrix<f64>, Matrix<f64>), OracleError> {
        self.calls += 2;
        let k = self.next_sample();
        Ok(((self.samples.gradient)(x, k), (self.samples.gradient)(y, k)))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}

impl Prescribed<'_> {
    fn next_sample(&mut self) -> usize {
        if self.drawn == self.choices.len() {
            self.choices.push(0);
        }
        self.drawn += 1;
        self.choices[self.drawn - 1]
    }

    fn probability(&self) -> f64 {
        self.choices.iter().map(|&k| self.samples.probabilities[k]).product()
    }

    /// The next sequence of samples, as an odometer counts; false after the last.
    fn advance(&mut self) -> bool {
        (self.drawn, self.calls) = (0, 0);
        while let Some(last) = self.choices.pop() {
            if last + 1 < self.samples.probabilities.len() {
                self.choices.push(last + 1);
                return true;
            }
        }
        false
    }
}

/// E (1/T) sum over t < T of `measure(X_t)`, exactly: every sequence of samples is run.
///
/// With k samples and N draws these are k^N runs: for tiny T only. Nothing is drawn at random, so this IS the left side of a
/// theorem (up to rounding) whenever the samples' gradients have the gradient for their mean. Two gradients at one sample
/// are one draw.
///
/// # Errors
/// [`CheckError`].
pub fn expected_average_over(
    algorithm: &dyn DynAlgorithm<f64>,
    samples: FiniteSamples<'_>,
    steps: usize,
    measure: &dyn Fn(&Matrix<f64>) -> Result<f64, NormError>,
) -> Result<f64, CheckError> {
    expectation_over(samples, |oracle| {
        let mut run = algorithm.begin(samples.start, oracle)?;
        let mut sum = 0.0;
        for _ in 0..steps {
            sum += measure(run.iterate())?;
            run.step(oracle)?;
        }
        Ok(sum / steps as f64)
    })
}

/// E of what a run gives, exactly: every sequence of samples is run, and each counts with its probability.
///
/// # Errors
/// Those of the run.
pub fn expectation_over<E>(
    samples: FiniteSamples<'_>,
    mut run: impl FnMut(&mut dyn StochasticOracle<f64>) -> Result<f64, E>,
) -> Result<f64, E> {
    let mut oracle = Prescribed { samples, choices: Vec::new(), drawn: 0, calls: 0 };
    let mut expectation = 0.0;
    loop {
        let value = run(&mut oracle)?;
        expectation += oracle.probability() * value;
        if !oracle.advance() {
            return Ok(expectation);
        }
    }
}

/// [`expected_average_over`] for the gradient plus a noise with this law, from the problem's own start.
///
/// # Errors
/// [`CheckError`].
pub fn expected_average(
    algorithm: &dyn DynAlgorithm<f64>,
    problem: &dyn Problem<f64>,
    law: &FiniteLaw<f64>,
    steps: usize,
    measure: &dyn Fn(&Matrix<f64>) -> Result<f64, NormError>,
) -> Result<f64, CheckError> {
    let probabilities: Vec<f64> = law.outcomes().iter().map(|&(q, _)| q).collect();
    let gradient = |x: &Matrix<f64>, k: usize| &problem.gradient(x) + &law.outcomes()[k].1;
    let start = problem.start();
    let samples = FiniteSamples { start: &start, probabilities: &probabilities, gradient: &gradient };
    expected_average_over(algorithm, samples, steps, measure)
}

#[cfg(test)]
mod tests;
