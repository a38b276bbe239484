//! What several norms share; no norm lives here.

pub(super) mod ball;
pub(super) mod lines;
pub(super) mod noise_type;
pub(super) mod powers;
pub(super) mod spectrum;

#[cfg(test)]
mod tests;
