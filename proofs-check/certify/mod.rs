//! What somebody else's update was: how near it is to the LMO of a named norm, what the difference costs, and whether it is
//! the LMO of any norm at all.
//!
//! A [`Recording`] holds K pairs: S_k, what the optimizer's map was applied to, and X_k, what it added to the weights.
//! [`Recording::alignment`] compares with one norm; [`Recording::revealed`] asks for every norm of an [`Invariance`] at once
//! ([`revealed`], proved in `spec/chapters/90-revealed-norms.md`).
//!
//! # What has to be recorded
//!
//! S_k is the LMO's actual input: the average after Nesterov's look-ahead if there is one, not the raw gradient. X_k is the
//! change of the weights without the weight decay, and better the change itself than a difference of weights, which has lost
//! the digits that they share.
//!
//! # Example
//!
//! ```
//! use heavynorm::norms::spectral::Spectral;
//! use heavynorm::spec::{Matrix, Norm};
//! use heavynorm_proofs_check::certify::{Invariance, Precision, Recording, Steps};
//!
//! // An optimizer that steps along the polar factor, with another step size every time.
//! let momenta: Vec<Matrix<f64>> =
//!     (0..4).map(|k| Matrix::from_fn(3, 5, |i, j| f64::sin((1 + i + 7 * j + 31 * k) as f64))).collect();
//! let updates: Result<Vec<_>, _> =
//!     momenta.iter().enumerate().map(|(k, s)| Ok(&Spectral.lmo(s)? * (1.0 + k as f64))).collect();
//!
//! let recording = Recording::new(momenta, updates.map_err(|e: heavynorm::spec::NormError| e)?, Precision::computed::<f64>(3, 5))?;
//! let spectral = recording.alignment(&Spectral, Steps::Free)?;
//! assert!(spectral.least().is_some_and(|a| a > 1.0 - 1e-14));
//!
//! let revealed = recording.revealed(Invariance::Unitary, Steps::Free)?;
//! assert!(revealed.consistent() && revealed.inexactness < 1e-14);
//! // With one step size for all pairs it is refuted, and a pair of indices shows it.
//! assert!(!recording.revealed(Invariance::Unitary, Steps::Same)?.consistent());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cycles;
mod fit;
pub mod revealed;

#[cfg(test)]
mod tests;

use heavynorm::spec::{
    Dimensions, Inexactness, Matrix, MatrixError, Norm, NormError, NormLabel, Scalar, inner,
};
use heavynorm::unit::Unit;
use heavynorm::{polar, tol};
use serde::Serialize;
use thiserror::Error;

pub use revealed::{Invariance, Revealed};

/// Why a recording was refused, or a question about it has no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CertifyError {
    /// No pair.
    #[error("there is no pair; record at least one momentum and its update")]
    NoPairs,
    /// As many momenta as updates are needed.
    #[error(
        "{momenta} momenta and {updates} updates: record one update for each momentum, in the same order"
    )]
    CountsDiffer {
        /// How many S_k.
        momenta: usize,
        /// How many X_k.
        updates: usize,
    },
    /// A matrix of another shape than the first one.
    #[error("pair {pair}: the {which} is {found}, the first momentum {expected}{}", if *found == expected.transposed() { "; transpose one of them" } else { "; all matrices need one shape" })]
    ShapesDiffer {
        /// Counted from 0.
        pair: usize,
        /// Momentum or update.
        which: &'static str,
        /// The shape of S_0.
        expected: Dimensions,
        /// The shape found.
        found: Dimensions,
    },
    /// A matrix is unusable, or a norm does not answer.
    #[error("pair {pair}: the {which}: {source}")]
    Unusable {
        /// Counted from 0.
        pair: usize,
        /// Momentum or update.
        which: &'static str,
        /// What is wrong.
        source: NormError,
    },
    /// A relative error is in [0, 1/2].
    #[error("a precision is a relative error, at least 0 and at most 0.5, not {0}")]
    Precision(f64),
}

/// How well momenta and updates are known: the relative error, in the Frobenius norm, of each of the recorded matrices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Precision(f64);

impl Precision {
    /// The recorded S~ has ||S~ - S||_F <= e ||S~||_F for the S that the optimizer's map was applied to, and X~ likewise for the
    /// X that an exact map would have given.
    ///
    /// # Errors
    /// [`CertifyError::Precision`] unless 0 <= e <= 1/2.
    pub fn new(relative_error: f64) -> Result<Self, CertifyError> {
        if (0.0..=0.5).contains(&relative_error) {
            Ok(Self(relative_error))
        } else {
            Err(CertifyError::Precision(relative_error))
        }
    }

    /// Of an m x n update computed, and recorded, in the number type: 16 sqrt(max(m, n)) u.
    ///
    /// Rounding each entry once costs u. A product of two factors with orthonormal columns adds, in the Frobenius norm, about
    /// sqrt(max(m, n)) u times the norm of the product (rounding errors of an inner product add like a random walk), and
    /// the decomposition before it a few times that; 16 leaves room. Directions that are ill determined, of singular
    /// values near each other, do not count: they change X, but neither <S, X> nor the spectra beyond this.
    pub fn computed<T: Scalar>(rows: usize, columns: usize) -> Self {
        Self(16.0 * (rows.max(columns) as f64).sqrt() * T::UNIT_ROUNDOFF.to_f64())
    }

    /// e.
    pub fn relative_error(self) -> f64 {
        self.0
    }
}

/// What is known of the step sizes c_k in X_k = c_k lmo(S_k).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Steps {
    /// Any c_k > 0: schedules are allowed.
    Free,
    /// All c_k are equal.
    Same,
}

/// One pair at unit scale: S = 2^i S', X = 2^j X', with the largest entries of S' and X' in [1, 2).
#[derive(Debug, Clone)]
struct Pair {
    momentum: Matrix<f64>,
    /// -X': a direction of DESCENT in S has <S, D> > 0.
    direction: Matrix<f64>,
    /// j.
    exponent: i32,
}

/// K pairs (S_k, X_k) of one shape.
#[derive(Debug, Clone)]
pub struct Recording {
    dimensions: Dimensions,
    momenta: Vec<Matrix<f64>>,
    updates: Vec<Matrix<f64>>,
    pairs: Vec<Pair>,
    precision: Precision,
}

impl Recording {
    /// Momenta and updates in the same order.
    ///
    /// # Errors
    /// [`CertifyError`]: no pair, another number of updates, shapes that differ, entries that are not finite.
    pub fn new(
        momenta: Vec<Matrix<f64>>,
        updates: Vec<Matrix<f64>>,
        precision: Precision,
    ) -> Result<Self, CertifyError> {
        if momenta.len() != updates.len() {
            return Err(CertifyError::CountsDiffer { momenta: momenta.len(), updates: updates.len() });
        }
        let empty = |e: MatrixError| unusable(0, "momentum", e.into());
        let dimensions = momenta.first().ok_or(CertifyError::NoPairs)?.dimensions().map_err(empty)?;
        let pair = |(k, (s, x)): (usize, (&Matrix<f64>, &Matrix<f64>))| {
            let momentum = at_unit_scale(s, dimensions, k, "momentum")?;
            let update = at_unit_scale(x, dimensions, k, "update")?;
            Ok(Pair {
                momentum: momentum.matrix().clone(),
                direction: -update.matrix(),
                exponent: update.exponent(),
            })
        };
        let pairs = momenta.iter().zip(&updates).enumerate().map(pair).collect::<Result<_, _>>()?;
        Ok(Self { dimensions, momenta, updates, pairs, precision })
    }

    /// m x n.
    pub fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    /// K.
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// S_k and X_k as recorded, k < K.
    pub fn pair(&self, k: usize) -> (&Matrix<f64>, &Matrix<f64>) {
        (&self.momenta[k], &self.updates[k])
    }

    /// The relative error of the recorded matrices.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The indices of the pairs that say something: S_k = 0 with X_k = 0 says nothing.
    fn speaking(&self) -> Vec<usize> {
        let says = |pair: &Pair| !(pair.momentum.is_zero() && pair.direction.is_zero());
        (0..self.pairs()).filter(|&k| says(&self.pairs[k])).collect()
    }

    /// tau with |<S~, X~> - <S, X>| <= tau ||S~||_F ||X~||_F: with e the precision, ||S||_F <= (1 + e)||S~||_F and so on, so that
    /// the inner product moves by at most (2e + e^2); sorted spectra and sorted entries move by no more than
    /// the matrices (Mirsky), hence their inner products by no more either. What this machine adds comes on top.
    fn tolerance(&self) -> f64 {
        let e = self.precision.relative_error();
        2.0 * e + e * e + tol::rounding::<f64>(self.dimensions)
    }

    /// Whether every pair of which both matrices move something goes uphill, <S_k, X_k> > 0 beyond the precision: as if X had
    /// been recorded with the other sign. False if there is no such pair.
    pub fn goes_uphill(&self) -> bool {
        let length = |x: &Matrix<f64>| inner(x, x).sqrt();
        let uphill = |p: &Pair| {
            inner(&p.momentum, &p.direction) < -self.tolerance() * length(&p.momentum) * length(&p.direction)
        };
        let mut both =
            self.pairs.iter().filter(|p| !p.momentum.is_zero() && !p.direction.is_zero()).peekable();
        both.peek().is_some() && both.all(uphill)
    }

    /// How each update lies to the LMO of one norm.
    ///
    /// # Degenerate cases
    /// S_k = 0 and X_k = 0: no alignment, the pair says nothing. X_k = 0 alone: 0, as nothing descends. S_k = 0 alone:
    /// no alignment (every X is orthogonal to it), but an infinite [`Alignment::shortfall`], for lmo(0) = 0.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn alignment(&self, norm: &dyn Norm<f64>, steps: Steps) -> Result<Alignment, CertifyError> {
        let of_pair = |k: usize| -> Result<PairAlignment, CertifyError> {
            let (momentum, update) = (&self.momenta[k], &self.updates[k]);
            let Pair { momentum: s, direction: d, exponent } = &self.pairs[k];
            let size = norm.value(update).map_err(|e| unusable(k, "update", e))?;
            let dual = norm.dual_value(momentum).map_err(|e| unusable(k, "momentum", e))?;
            // At unit scale, where neither a product nor a quotient overflows.
            let unit_size = norm.value(d).map_err(|e| unusable(k, "update", e))?;
            let unit_dual = norm.dual_value(s).map_err(|e| unusable(k, "momentum", e))?;
            let alignment = match (s.is_zero(), d.is_zero()) {
                (true, _) => None,
                (false, true) => Some(0.0),
                (false, false) => Some(inner(s, d) / (unit_dual * unit_size)),
            };
            let log2_size = unit_size.log2() + f64::from(*exponent);
            let moves_from_zero = s.is_zero() && !d.is_zero();
            Ok(PairAlignment { norm: size, dual_norm: dual, alignment, moves_from_zero, log2_size })
        };
        let pairs: Vec<_> = (0..self.pairs()).map(of_pair).collect::<Result<_, _>>()?;
        Ok(Alignment { norm: norm.label(), pairs, steps })
    }

    /// Whether the norm explains every pair that says something: it is an example of a revealed norm.
    ///
    /// The alignment may fall short of 1 by the tolerance for inner products, relative to ||S||_F||X||_F, which is at most
    /// circumradius/inradius of the unit ball times ||S||_*||X||, and by as much again for the two norms.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn is_explained_by(&self, norm: &dyn Norm<f64>, steps: Steps) -> Result<bool, CertifyError> {
        let ball = norm.ball(self.dimensions).map_err(|e| unusable(0, "momentum", e))?;
        let tolerance = 2.0 * self.tolerance() * ball.circumradius / ball.inradius;
        let zero_or_not = |pair: &Pair| pair.momentum.is_zero() == pair.direction.is_zero();
        Ok(self.pairs.iter().all(zero_or_not)
            && self.alignment(norm, steps)?.shortfall().is_none_or(|delta| delta <= tolerance))
    }

    /// The singular values of S_k and of X_k, each in decreasing order, and what X does to the i-th pair of singular vectors of S,
    /// -u_i^T X v_i: the map sigma(S) -> sigma(X) where X shares them.
    ///
    /// # Errors
    /// [`CertifyError::Unusable`] if a decomposition does not converge.
    pub fn spectra(&self, pair: usize) -> Result<Spectra, CertifyError> {
        let (s, x) = (&self.momenta[pair], &self.updates[pair]);
        let svd = polar::thin_svd(s).map_err(|e| unusable(pair, "momentum", e))?;
        let update = polar::singular_values(x).map_err(|e| unusable(pair, "update", e))?;
        let through = heavynorm::linalg::product(x.as_mat(), svd.v.as_mat());
        let along =
            |i: usize| -svd.u.column(i).iter().zip(through.column(i)).map(|(u, y)| u * y).sum::<f64>();
        let along = (0..svd.singular_values.len()).map(along).collect();
        Ok(Spectra { momentum: svd.singular_values, update, along })
    }
}

/// Spectra of one pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spectra {
    /// sigma(S), decreasing, without those of zero rows and columns.
    pub momentum: Vec<f64>,
    /// sigma(X), decreasing, likewise.
    pub update: Vec<f64>,
    /// -u_i^T X v_i, in the order of `momentum`.
    pub along: Vec<f64>,
}

/// One pair against one norm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairAlignment {
    /// ||X||.
    pub norm: f64,
    /// ||S||_*.
    pub dual_norm: f64,
    /// <S, -X>/(||S||_* ||X||), at most 1 but for rounding: 1 where X is a multiple of the norm's LMO at S.
    pub alignment: Option<f64>,
    /// S = 0 and X is not.
    pub moves_from_zero: bool,
    #[serde(skip)]
    log2_size: f64,
}

/// K pairs against one norm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alignment {
    /// The norm.
    pub norm: NormLabel,
    /// One by one.
    pub pairs: Vec<PairAlignment>,
    /// What was assumed of the step sizes.
    pub steps: Steps,
}

impl Alignment {
    /// The smallest alignment; none if no pair has one.
    pub fn least(&self) -> Option<f64> {
        self.pairs.iter().filter_map(|p| p.alignment).reduce(f64::min)
    }

    /// The largest ||X_k||.
    pub fn largest_norm(&self) -> f64 {
        self.pairs.iter().map(|p| p.norm).fold(0.0, f64::max)
    }

    /// The smallest delta >= 0 with <S_k, -X_k> >= (1 - delta) c_k ||S_k||_* for c_k >= ||X_k||, and O = 0 at S = 0: from 1 on
    /// it is no inexactness.
    ///
    /// With free steps c_k = ||X_k|| is best, delta = 1 - the least alignment. With equal ones c = max_j ||X_j||.
    ///
    /// # Degenerate cases
    /// None if no pair says anything. Infinite where S_k = 0 and X_k is not, as lmo(0) = 0.
    pub fn shortfall(&self) -> Option<f64> {
        let largest = self.pairs.iter().map(|p| p.log2_size).fold(f64::NEG_INFINITY, f64::max);
        let of_pair = |p: &PairAlignment| {
            if p.moves_from_zero {
                return Some(f64::INFINITY);
            }
            // X = 0 beside nothing but zeros would be -inf - (-inf).
            let shrunk = self.steps == Steps::Same && p.log2_size > f64::NEG_INFINITY;
            let size = if shrunk { (p.log2_size - largest).exp2() } else { 1.0 };
            // What is below 0 is rounding.
            p.alignment.map(|a| (1.0 - a * size).max(0.0))
        };
        self.pairs.iter().filter_map(of_pair).reduce(f64::max)
    }

    /// The delta for which every X_k/c_k is a delta-inexact LMO of the norm (DEF-INEXACT), which theorem U4 turns into calls. None
    /// if no pair says anything, or nothing is promised: [`Alignment::shortfall`] tells which.
    pub fn inexactness(&self) -> Option<Inexactness> {
        self.shortfall().and_then(|delta| Inexactness::new(delta).ok())
    }
}

fn at_unit_scale<'a>(
    x: &'a Matrix<f64>,
    expected: Dimensions,
    pair: usize,
    which: &'static str,
) -> Result<Unit<'a, f64>, CertifyError> {
    let unit = Unit::of(x).map_err(|e| unusable(pair, which, e))?;
    let found = unit.dimensions();
    if found == expected {
        Ok(unit)
    } else {
        Err(CertifyError::ShapesDiffer { pair, which, expected, found })
    }
}

fn unusable(pair: usize, which: &'static str, source: NormError) -> CertifyError {
    CertifyError::Unusable { pair, which, source }
}
