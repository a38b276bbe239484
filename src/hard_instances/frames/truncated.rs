//! The truncated oracle, and the auxiliary run that knows only the directions it was shown.

use std::sync::Arc;

use super::RotatedChains;
use crate::family::conjugate;
use crate::hard_instances::chain;
use crate::hard_instances::reveal::{check_probability, one_block, one_block_moment};
use crate::noise::Moment;
use crate::oracles::{check_point, finite};
use crate::registry::ConfigError;
use crate::seed::Rng;
use crate::spec::chain::chain_constants;
use crate::spec::{
    Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, OracleError, Problem, Scalar,
    StochasticOracle,
};

/// The coordinate k = prog_{1/2} + 1 is the next one: the chain is flat in what lies beyond it.
pub const GATE: f64 = 0.5;

/// What of a row's gradient waits for a reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hides {
    /// h - h^0, where h^0 is the gradient as far as the first k - 1 coordinates determine it (DEF-TRUNCATED).
    Truncated,
    /// Entry k alone, as in chapter 50. Unbiased, with no larger moment, and no oracle of the theorem: entry k - 1 depends on
    /// y_k and gives the next direction away. It is here to show that.
    FrontierEntry,
}

impl Hides {
    /// h^0 + zeta (h - h^0) into `shown`, for h = grad F_T(y).
    pub fn respond(self, y: &[f64], zeta: f64, shown: &mut [f64]) {
        let before = chain::progress(y, GATE);
        chain::gradient(y, shown);
        if before == y.len() {
            return;
        }
        match self {
            Self::Truncated => {
                let known = truncated(y, before);
                shown.iter_mut().zip(known).for_each(|(h, h0)| *h = h0 + zeta * (*h - h0));
            }
            Self::FrontierEntry => shown[before] *= zeta,
        }
    }
}

/// h^0: the first `before` entries of grad F_T(y_1, .., y_before, 0, .., 0), zeros beyond.
fn truncated(y: &[f64], before: usize) -> Vec<f64> {
    let mut cut = y.to_vec();
    cut[before..].fill(0.0);
    let mut known = vec![0.0; y.len()];
    chain::gradient(&cut, &mut known);
    known[before..].fill(0.0);
    known
}

/// h^0 of DEF-TRUNCATED at y; grad F_T(y) where every coordinate is beyond reach of the gate.
pub fn known_part(y: &[f64]) -> Vec<f64> {
    let mut known = vec![0.0; y.len()];
    Hides::Truncated.respond(y, 0.0, &mut known);
    known
}

/// The rotated objective together with its oracle.
///
/// A sample is a row I, uniform, with probability q, and none with probability 1 - q: m + 1 outcomes. With
/// zeta_i = (m/q) 1{row i is the sample} the response has the rows (c/s) [J(x_i) U_i (h^0_i + zeta_i (h_i - h^0_i)) + x_i/5].
///
/// # Moments
/// ||h_i - h^0_i||_2 <= e^{3/2} (LEM-TRUNCATED-JUMP) and ||J|| <= 1, so with A = e^{3/2} c/s the noise has rows of 2-norm at most
/// A |zeta_i - 1|: in a norm of exponent b on rows
///
/// ```text
/// E||noise||_*^p <= A^p [ (1-q) m^{p/b} + q (m - 1 + (m/q - 1)^b)^{p/b} ],
/// ```
///
/// for any other norm the same with b = 2 times R^p, R the circumradius of its unit ball.
#[derive(Debug, Clone, PartialEq)]
pub struct RotatedInstance {
    chains: Arc<RotatedChains>,
    probability: f64,
    hides: Hides,
}

impl RotatedInstance {
    /// An objective with the probability q of a reveal, and what waits for one.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless 0 < q <= 1.
    pub fn new(chains: RotatedChains, probability: f64, hides: Hides) -> Result<Self, ConfigError> {
        check_probability(probability)?;
        Ok(Self { chains: Arc::new(chains), probability, hides })
    }

    /// The objective.
    pub fn chains(&self) -> &Arc<RotatedChains> {
        &self.chains
    }

    /// q.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// What waits for a reveal.
    pub fn hides(&self) -> Hides {
        self.hides
    }

    /// Every sample with its probability: no row, then row 0, 1, ..
    pub fn samples(&self) -> Vec<(f64, Option<usize>)> {
        let (q, rows) = (self.probability, self.chains.rows());
        let shown = (0..rows).map(|i| (q / rows as f64, Some(i)));
        std::iter::once((1.0 - q, None)).chain(shown).collect()
    }

    /// The response at X to a sample.
    pub fn respond<T: Scalar>(&self, x: &Matrix<T>, shown: Option<usize>) -> Matrix<T> {
        self.respond_knowing(x, shown, |_| self.chains.length())
    }

    /// The response with the coordinates of row i beyond `known(i)` replaced by 0, restricted to the others.
    fn respond_knowing<T: Scalar>(
        &self,
        x: &Matrix<T>,
        shown: Option<usize>,
        known: impl Fn(usize) -> usize,
    ) -> Matrix<T> {
        let whole = self.chains.rows() as f64 / self.probability;
        let zeta = |i| if shown == Some(i) { whole } else { 0.0 };
        self.chains.respond(x, known, |i, y, w| self.hides.respond(y, zeta(i), w))
    }

    /// The law of the response at X, outcome by outcome.
    pub fn law<T: Scalar>(&self, x: &Matrix<T>) -> FiniteLaw<T> {
        FiniteLaw::new(self.samples().into_iter().map(|(p, shown)| (p, self.respond(x, shown))).collect())
    }

    /// A bound on E||g - grad f(X)||_*^p over every X.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn noise_moment<T: Scalar>(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, NormError> {
        let (p, q, rows) = (p.p(), self.probability, self.chains.rows() as f64);
        let entry = chain_constants().frontier_entry.upper * self.chains.scale() / self.chains.width();
        let space = Problem::<T>::dimensions(&*self.chains);
        let general = norm.ball(space)?.circumradius.powf(p) * one_block_moment(rows, q, 2.0, p);
        let known = self
            .chains
            .exponent(norm)
            .map(|(scale, exponent)| one_block_moment(rows, q, conjugate(exponent), p) / scale.powf(p));
        Ok(Moment::UpperBound(entry.powf(p) * known.map_or(general, |known| known.min(general))))
    }
}

/// Stochastic gradients of a [`RotatedInstance`].
#[derive(Debug)]
pub struct RotatedOracle {
    instance: RotatedInstance,
    rng: Rng,
    calls: u64,
    /// How many directions of each row it may look at; `None`: all.
    known: Option<Vec<usize>>,
}

impl RotatedOracle {
    /// The instance's oracle, with samples drawn from `rng`.
    pub fn new(instance: RotatedInstance, rng: Rng) -> Self {
        Self { instance, rng, calls: 0, known: None }
    }

    /// The auxiliary run of LEM-AUXILIARY: from the same stream the same samples, and responses that are functions of the
    /// point, of the sample and of the directions shown so far.
    ///
    /// After t samples it knows the first d_i(t) = min{T, S_i(t)} directions of row i, S_i(t) the number of samples with I = i
    /// and z = 1, and looks at no other. As long as |<u_{i,j}, rho_R(x_i)>| <= 1/2 for the directions that were unknown before
    /// a call, its responses are those of [`RotatedOracle::new`] bit for bit, if the instance hides [`Hides::Truncated`].
    pub fn auxiliary(instance: RotatedInstance, rng: Rng) -> Self {
        let known = Some(vec![0; instance.chains.rows()]);
        Self { instance, rng, calls: 0, known }
    }

    /// d_i after the calls so far, of the auxiliary oracle.
    pub fn known(&self) -> Option<&[usize]> {
        self.known.as_deref()
    }

    /// Answers at one sample.
    fn answers<T: Scalar, const K: usize>(
        &mut self,
        points: [&Matrix<T>; K],
    ) -> Result<[Matrix<T>; K], OracleError> {
        for x in points {
            check_point::<T, _>(&*self.instance.chains, x)?;
        }
        self.calls += K as u64;
        let length = self.instance.chains.length();
        let shown = one_block(self.instance.chains.rows(), self.instance.probability, &mut self.rng);
        if let (Some(known), Some(i)) = (&mut self.known, shown) {
            known[i] = (known[i] + 1).min(length);
        }
        let known = |i: usize| self.known.as_ref().map_or(length, |known| known[i]);
        let answers = points.map(|x| self.instance.respond_knowing(x, shown, known));
        answers.iter().try_for_each(finite)?;
        Ok(answers)
    }
}

impl<T: Scalar> StochasticOracle<T> for RotatedOracle {
    fn dimensions(&self) -> Dimensions {
        Problem::<T>::dimensions(&*self.instance.chains)
    }

    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        self.answers([x]).map(|[answer]| answer)
    }

    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        self.answers([x, y]).map(|[at_x, at_y]| (at_x, at_y))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
