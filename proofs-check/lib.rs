//! The theorems behind `heavynorm`: statements, hypotheses, schedules and bounds with their proofs, and the checks
//! that go red if they are false.
//!
//! [`Setting`] collects the hypotheses (each a validated type), a [`Theorem`] turns them into [`Parameters`] and a
//! [`Bound`], and a [`Plan`] is both together. [`averaging`] is the one place where heavy tails enter.
//!
//! # What is absent
//!
//! No norm, no problem, no method: they come from `heavynorm`. A check is evidence; only the written proofs, exact
//! enumerations and interval certificates are called proofs.

#![deny(missing_docs)]

pub mod audit;
pub mod averaging;
pub mod certificates;
pub mod certify;
pub mod checks;
pub mod falsify;
pub mod gradients;
pub mod lower_bounds;
pub mod plan;
pub mod print;
pub mod region;
pub mod setting;
pub mod theorems;

pub use averaging::AveragingBound;
pub use heavynorm::spec::Inexactness;
pub use lower_bounds::{Line, LowerBound, LowerInstance, lower_bounds};
pub use plan::{Bound, BoundTerms, Cost, Parameters, Plan, Rates};
pub use setting::{PlanError, Radius, Setting};
pub use theorems::{Theorem, theorem, theorems};
