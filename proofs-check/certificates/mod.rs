//! Interval certificates: constants of the chain function with every rounding accounted for.
//!
//! | file | what it proves |
//! |---|---|
//! | [`interval`] | +, -, *, / and sqrt enclose, from the correct rounding that IEEE 754 promises |
//! | [`elementary`] | exp, ln 2 and pi enclose, from series with their remainders |
//! | [`gaussian`] | int exp(-t^2/2) encloses, from a series near 0 and a continued fraction beyond |
//! | [`bells`] | x^n exp(-a x^2) over an interval, with Psi, Phi and their derivatives, the limits at infinity included |
//! | [`jet`] | a value with its slopes, for the mean value form |
//! | [`branch_and_bound`] | a supremum over boxes, unbounded ones included, lies between two numbers |
//! | [`chain`] | what these say about the five constants of [`heavynorm::spec::chain`] |
//! | [`payments`] | the same for two of them, nearly to what is attained |
//! | [`soft_projection`] | what the rotated instance adds to them |
//!
//! # What is trusted
//!
//! IEEE 754 binary64 with rounding to nearest in the five basic operations (every target of Rust with a 64-bit
//! floating point unit; not x87), and the few hundred lines here. No function of a mathematical library, and no constant
//! beyond small integers, is trusted.

pub mod bells;
pub mod branch_and_bound;
pub mod chain;
pub mod elementary;
pub mod gaussian;
pub mod interval;
pub mod jet;
pub mod payments;
pub mod soft_projection;

#[cfg(test)]
mod references;
