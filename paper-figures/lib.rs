//! The figures of heavynorm and its command line.
#![deny(missing_docs)]
pub mod drawing;
pub mod error;
pub mod npy;
pub mod store;
