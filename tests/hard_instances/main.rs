//! The lower bounds' instances: the chain function against 50 digits and its own claims, the blocks, the oracle that hides
//! coordinates, the fast path.

mod blocks;
mod chain;
mod common;
mod reveal;
mod structured;
