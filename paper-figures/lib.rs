//! The figures of heavynorm and its command line.
//!
//! `heavynorm` without a subcommand makes every figure at quick size into `out/`, with the page `out/index.html` that
//! explains them. `heavynorm --help` lists the other calls. No bound is computed here: what a figure is held
//! against comes from `heavynorm-proofs-check`.

#![deny(missing_docs)]

pub mod cli;
pub mod drawing;
pub mod error;
pub mod figures;
pub mod npy;
pub mod report;
pub mod store;
