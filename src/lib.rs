//! The reference implementation behind the theory of norm-geometry optimizers under heavy-tailed noise.
//!
//! Definitions live in [`spec`] (the crate `heavynorm-spec`); this crate computes them on faer: norms with exact
//! linear minimisation oracles ([`norms`]), problems with derived constants ([`problems`]), noise with exact moments
//! ([`noise`]), the lower bounds' instances ([`hard_instances`]), oracles ([`oracles`]), methods ([`algorithms`]) and the one loop that runs them ([`run`]).
//!
//! # What is absent
//!
//! No theorem, no schedule, no bound: those live in `heavynorm-proofs-check`. No algorithm sees a problem.

#![deny(missing_docs)]

pub use heavynorm_spec as spec;

pub mod algorithms;
mod family;
pub mod hard_instances;
pub mod inexact;
pub mod linalg;
pub mod noise;
pub mod norms;
pub mod oracles;
pub mod polar;
pub mod problems;
pub mod registry;
pub mod run;
pub mod seed;
pub mod statistics;
pub mod tol;
pub mod unit;

/// The README's Rust blocks, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
