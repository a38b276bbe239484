//! The page that explains the figures.

mod page;

pub use page::page;
