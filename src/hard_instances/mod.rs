//! The lower bounds' instances: a function that shows its coordinates one by one, and an oracle that seldom does.
//!
//! # In a TOML file
//!
//! ```toml
//! [problem]
//! name = "chain-blocks"
//! blocks = 4                  # N chains
//! length = 4                  # T coordinates each
//! reveal_probability = 0.25   # q
//! ```
//!
//! The oracle is part of the instance: `[noise]` is added on top, and usually left out.
//!
//! The rotated instance, which binds every randomized method, is in [`frames`]; it is made in code, not from a table.

use crate::problems::Entry;
use crate::spec::Scalar;

pub mod blocks;
pub mod chain;
pub mod chain_blocks;
pub mod frames;
pub mod reveal;
mod rows;
pub mod structured;
pub mod watch;

pub use blocks::{BlockChain, Layout};
pub use chain_blocks::Config;
pub use frames::{Frames, RotatedChains, RotatedInstance};
pub use reveal::{HardInstance, RevealOracle, Reveals};
pub use structured::Structured;
pub use watch::{Violation, ZeroWatch};

/// The files of this folder that are no instance with an entry of their own.
pub const HELPERS: &[&str] = &["blocks", "chain", "reveal", "rows", "structured", "watch"];

const NAME: &str = "chain-blocks";

/// Every hard instance; they are problems, and in the registry of those.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![chain_blocks::entry()]
}
