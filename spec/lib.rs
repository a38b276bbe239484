//! The definitions behind `heavynorm`, literal and slow: this crate says what is meant, the crate
//! `heavynorm` computes it fast, and tests compare the two.
//!
//! # Source
//!
//! Zhang & Lin, *Scale-Invariant Neural Network Optimization: Norm Geometry and Heavy-Tailed Noise*,
//! arXiv 2605.18528. Only its abstract was seen here: definitions of constants, and all proofs, are ours.
//!
//! # Setting
//!
//! Minimise a smooth, possibly nonconvex f over R^{m x n} with a general norm, from a gradient oracle
//! whose noise has a finite p-th moment, 1 < p <= 2, in the dual norm. Goal: E||grad f(X)||_* <= eps.
//!
//! # Notation
//!
//! | paper | code | meaning |
//! |---|---|---|
//! | R^{m x n} | [`Matrix`], [`Dimensions`] | m rows, n columns; a layer is d_out x d_in |
//! | r = min{m, n} | [`Dimensions::smaller_side`] | |
//! | <A, B> | [`inner`] | tr(A^T B) |
//! | norm, dual norm | [`Norm::value`], [`Norm::dual_value`] | the dual norm is max{<S, X> : the norm of X is at most 1} |
//! | lmo(S) | [`Norm::lmo`] | ARGMIN of <S, X> over the unit ball: a descent direction is *added* |
//! | p | [`MomentOrder`] | order of the finite moment |
//! | sigma | [`NoiseScale`] | p-th moment of the noise in the dual norm is at most sigma^p |
//! | L | [`Smoothness`] | carries its norm |
//! | rho | [`HessianLipschitz`] | carries its norm |
//! | Delta | [`Gap`] | f(X_0) - inf f at most |
//! | eps | [`Accuracy`] | target for the dual norm of the gradient |
//! | K_p | [`NoiseType`] | how p-th moments of martingale sums add up in the dual norm |
//! | kappa | [`NoiseType::dimension_factor`] | K_p^{1/(p-1)} |
//! | alpha | `averaging` | weight of the NEW gradient; beta = 1 - alpha |
//! | eta | `step_size` | |
//! | T | `horizon` | number of steps |
//!
//! # Reading order
//!
//! [`matrix`], [`hypotheses`], [`norm`], [`lmo`], [`problem`], [`oracle`], [`algorithm`],
//! [`statement`], [`laws`], [`chain`], [`naive`].
//!
//! # What is absent
//!
//! No sampling, no thread, no clock, no file but constants that are compiled in: everything here is a deterministic
//! function.

#![deny(missing_docs)]

pub mod algorithm;
pub mod chain;
pub mod hypotheses;
pub mod laws;
pub mod lmo;
pub mod matrix;
pub mod naive;
pub mod norm;
pub mod oracle;
pub mod problem;
pub mod scalar;
pub mod statement;

#[cfg(feature = "quickcheck")]
pub mod arbitrary;

pub use algorithm::{Algorithm, AlgorithmError, ZeroRespecting};
pub use hypotheses::{
    Accuracy, Gap, HessianLipschitz, HypothesisError, Inexactness, MomentOrder, NoiseScale, Smoothness,
};
pub use lmo::LmoCertificate;
pub use matrix::{Dimensions, Matrix, MatrixError};
pub use norm::{Ball, NoiseType, Norm, NormError, NormLabel, inner};
pub use oracle::{FiniteLaw, OracleError, StochasticOracle};
pub use problem::{Infimum, Problem, ProblemError, Region};
pub use scalar::Scalar;
pub use statement::{Claim, Evidence, Source, Statement};
