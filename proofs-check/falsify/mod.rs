//! Claims under attack: each function searches for a counterexample to one stated property of a problem, an oracle or a
//! norm, and returns it, or says how hard it tried.
//!
//! | file | claim | a counterexample is |
//! |---|---|---|
//! | [`smoothness`] | A2: ||grad f(X) - grad f(Y)||_* <= L||X - Y|| | X, Y and a direction W |
//! | [`hessian`] | A4: ||(D^2 f(X) - D^2 f(Y))\[Z\]||_* <= rho||X - Y|| ||Z|| | X, Y, Z and a direction W |
//! | [`gap`] | A1: f(X_0) - inf f <= Delta | a point X |
//! | [`moment`] | A3: E||N||_*^p <= sigma^p | a point X, with a law or with samples |
//! | [`bias`] | A3: E N = 0 | a point X and a direction W, with a law or with samples |
//! | [`dual`] | dual norm and LMO are those of the norm | S, X |
//! | [`shape`] | shapes, and which entry is the derivative by which | X and a direction Z |
//!
//! # How a claim is refuted
//!
//! A dual norm is never taken on trust: ||S||_* >= <S, W>/||W|| for every W, so that a matrix W and the norm's VALUE refute a bound on
//! a dual norm, whatever the code of the dual norm and of the LMO does (LEM-HOELDER). Those only guide the search. Rounding
//! counts in favour of the claim ([`Measured::rounding`]).
//!
//! # What a green verdict means
//!
//! That this search, with its seed and its budget, found nothing: [`Tried`] says how much was evaluated and how close the
//! best attempt came. It is no proof.
//!
//! # Your own problem
//!
//! ```
//! use heavynorm::norms::frobenius::Frobenius;
//! use heavynorm::spec::{
//!     Dimensions, HessianLipschitz, Infimum, Matrix, MomentOrder, Norm, Problem, ProblemError, Smoothness,
//! };
//! use heavynorm_proofs_check::falsify::{Budget, smoothness};
//!
//! /// f(x) = sum over the entries of log(1 + x^2): f'' = 2(1 - x^2)/(1 + x^2)^2 lies in [-1/4, 2].
//! #[derive(Debug)]
//! struct Cauchy;
//!
//! impl Problem<f64> for Cauchy {
//!     fn name(&self) -> &str {
//!         "cauchy"
//!     }
//!     fn dimensions(&self) -> Dimensions {
//!         Dimensions::new(2, 3).unwrap()
//!     }
//!     fn start(&self) -> Matrix<f64> {
//!         Matrix::from_fn(2, 3, |i, j| 1.0 + (i + j) as f64)
//!     }
//!     fn objective(&self, x: &Matrix<f64>) -> f64 {
//!         x.entries().map(|x| (1.0 + x * x).ln()).sum()
//!     }
//!     fn gradient(&self, x: &Matrix<f64>) -> Matrix<f64> {
//!         x.map(|x| 2.0 * x / (1.0 + x * x))
//!     }
//!     fn hessian_action(&self, x: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
//!         let h = x.map(|x| 2.0 * (1.0 - x * x) / (1.0 + x * x).powi(2));
//!         Matrix::from_fn(2, 3, |i, j| h[(i, j)] * z[(i, j)])
//!     }
//!     fn infimum(&self) -> Infimum {
//!         Infimum::Exact(0.0)
//!     }
//!     // What is claimed elsewhere is not used by the search.
//!     fn smoothness(&self, norm: &dyn Norm<f64>) -> Result<Smoothness, ProblemError> {
//!         Ok(Smoothness::new(2.0, norm.label())?)
//!     }
//!     fn hessian_lipschitz(&self, norm: &dyn Norm<f64>) -> Result<HessianLipschitz, ProblemError> {
//!         Ok(HessianLipschitz::new(5.0, norm.label())?)
//!     }
//! }
//!
//! // L = 2 in the Frobenius norm stands; 2% less is refuted by a pair of points.
//! let budget = Budget::default();
//! assert!(smoothness::falsify(&Cauchy, &Frobenius, 2.0, budget)?.witness.is_none());
//! let finding = smoothness::falsify(&Cauchy, &Frobenius, 1.96, budget)?;
//! let witness = finding.witness.expect("it is attained at zero");
//! let (x, y, w) = (witness.matrix("X")?, witness.matrix("Y")?, witness.matrix("W")?);
//! assert!(smoothness::measure(&Cauchy, &Frobenius, x, y, w, 1.96)?.breaks());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use heavynorm::spec::{Matrix, Norm, NormError, OracleError, ProblemError, inner};
use heavynorm::tol;
use serde::Serialize;
use thiserror::Error;

pub mod bias;
pub mod dual;
pub mod gap;
pub mod hessian;
pub mod moment;
mod points;
pub mod sampled;
mod search;
pub mod shape;
pub mod smoothness;
pub mod source;

pub use sampled::Sampled;
pub use source::Source;

/// How hard to try. The same budget on the same subject gives the same finding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Budget {
    /// Gradients, Hessian actions, objectives, norms or laws that one claim may cost, about.
    pub evaluations: u64,
    /// Stochastic gradients that one claim may cost, where samples decide; a quarter of them only choose what is tested.
    pub draws: usize,
    /// A claim that is true is refuted by its samples with at most this probability.
    pub level: f64,
    /// Master seed.
    pub seed: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { evaluations: 4000, draws: 4000, level: 1e-6, seed: 1 }
    }
}

/// Why a search broke off.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FalsifyError {
    /// The problem gave no answer.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The norm gave no answer.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// The oracle gave no answer.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// Objective or gradient at the start are NaN or infinite.
    #[error("objective or gradient at the start are not finite numbers: no claim about them can be examined")]
    NotFinite,
    /// A witness lacks a part.
    #[error("the witness has no matrix {0}")]
    MissingMatrix(String),
    /// A witness lacks a number.
    #[error("the witness has no number {0}")]
    MissingNumber(String),
    /// A witness of another claim, or of a newer version.
    #[error("this claim has no inequality named '{0}'")]
    UnknownLaw(String),
    /// There is no list of outcomes at the point.
    #[error("the law of the oracle cannot be listed at this point")]
    NoLaw,
}

/// Two sides of a claim `measured <= claimed` at a witness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// What the witness shows.
    pub measured: f64,
    /// What is claimed.
    pub claimed: f64,
    /// By how much rounding may have raised what was measured.
    pub rounding: f64,
}

impl Measured {
    /// The claim is broken beyond rounding; NaN breaks nothing.
    pub fn breaks(self) -> bool {
        self.measured - self.rounding > self.claimed
    }

    /// (measured - rounding)/claimed: above 1 when the claim is broken. `None` where the claim is 0.
    pub fn ratio(self) -> Option<f64> {
        Some((self.measured - self.rounding) / self.claimed).filter(|_| self.claimed > 0.0)
    }

    /// Larger is closer to a refutation.
    fn excess(self) -> f64 {
        let excess = (self.measured - self.rounding - self.claimed) / self.claimed.max(f64::MIN_POSITIVE);
        if excess.is_nan() { f64::NEG_INFINITY } else { excess }
    }
}

/// What a refutation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Two sides of an inequality, evaluated.
    Evaluation,
    /// All outcomes of a finite law, summed.
    Enumeration,
    /// A moment that the noise states in closed form.
    ClosedForm,
    /// Samples: a true claim is refuted with at most this probability.
    Samples(f64),
}

/// A counterexample.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Which inequality of the claim it breaks.
    pub law: &'static str,
    /// The inequality in words and numbers.
    pub text: String,
    /// Its matrices by name.
    pub matrices: Vec<(&'static str, Matrix<f64>)>,
    /// What a replay needs besides.
    pub numbers: Vec<(&'static str, f64)>,
    /// The two sides.
    pub sides: Measured,
    /// What the refutation rests on.
    pub ground: Ground,
}

impl Witness {
    /// The matrix of this name.
    ///
    /// # Errors
    /// [`FalsifyError::MissingMatrix`].
    pub fn matrix(&self, name: &str) -> Result<&Matrix<f64>, FalsifyError> {
        let found = self.matrices.iter().find(|(n, _)| *n == name);
        found.map(|(_, x)| x).ok_or_else(|| FalsifyError::MissingMatrix(name.into()))
    }

    /// The number of this name.
    ///
    /// # Errors
    /// [`FalsifyError::MissingNumber`].
    pub fn number(&self, name: &str) -> Result<f64, FalsifyError> {
        let found = self.numbers.iter().find(|(n, _)| *n == name);
        found.map(|(_, x)| *x).ok_or_else(|| FalsifyError::MissingNumber(name.into()))
    }
}

/// How hard a search tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// How many gradients, Hessian actions, objectives, pairs of a norm or stochastic gradients it took.
    pub evaluations: u64,
    /// The best value of measured/claimed, rounding taken off: above 1 if the claim is broken. `None` if nothing could be
    /// tried, or if the claim is 0.
    pub best_ratio: Option<f64>,
    /// What kinds of search there were.
    pub searches: Vec<String>,
    /// What was not tried, and what the verdict presupposes.
    pub notes: Vec<String>,
}

/// What came of an attack on a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The counterexample, if one was found.
    pub witness: Option<Witness>,
    /// How hard it was searched for.
    pub tried: Tried,
}

impl Finding {
    /// The claim is refuted.
    pub fn is_broken(&self) -> bool {
        self.witness.is_some()
    }
}

/// ||S||_F.
fn frobenius(s: &Matrix<f64>) -> f64 {
    let largest = s.max_abs();
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let unit = s * (1.0 / largest);
    largest * inner(&unit, &unit).sqrt()
}

/// <S, W>/||W||, a lower bound on ||S||_* for any W that is not zero; and by how much an error of Frobenius size
/// `error` in S may have raised it: error ||W||_F/||W||, and the rounding of the quotient itself.
///
/// # Errors
/// Those of the norm's value.
pub fn pairing(
    norm: &dyn Norm<f64>,
    s: &Matrix<f64>,
    w: &Matrix<f64>,
    error: f64,
) -> Result<(f64, f64), NormError> {
    let size = norm.value(w)?;
    if size == 0.0 {
        return Ok((0.0, 0.0));
    }
    let dimensions = s.dimensions()?;
    let length = frobenius(w);
    // The sum of mn products has terms up to ||S||_F||W||_F.
    let own = tol::rounding::<f64>(dimensions) * frobenius(s);
    Ok((inner(s, w) / size, (error + own) * (length / size)))
}

/// A direction W that nearly attains ||S||_* by [`pairing`]: that of the norm's LMO, or S itself where this is better.
fn attaining(norm: &dyn Norm<f64>, s: &Matrix<f64>) -> Result<Matrix<f64>, NormError> {
    let w = -&norm.lmo(s)?;
    let usable = (w.nrows(), w.ncols()) == (s.nrows(), s.ncols()) && w.first_non_finite().is_none();
    if usable && pairing(norm, s, &w, 0.0)?.0 >= pairing(norm, s, s, 0.0)?.0 { Ok(w) } else { Ok(s.clone()) }
}
