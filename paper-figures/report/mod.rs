//! The pages that explain figures and audits.

pub(crate) mod audit;
mod page;

pub use page::page;
