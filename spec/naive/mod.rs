//! Naive twins: the same quantities written from their definitions, for comparison with the fast forms.
//!
//! | quantity | definition | twin |
//! |---|---|---|
//! | dual norm | max{<S, X> : the norm of X is at most 1} | [`dual_value`] |
//! | singular values, polar factor | S = U H, H positive semidefinite, U a partial isometry on its range | [`singular_values`], [`polar_factor`] |
//! | expectation | sum over all outcomes | [`crate::FiniteLaw`], [`rademacher_moment`] |

mod dual;
mod enumeration;
mod jacobi;

pub use dual::dual_value;
pub use enumeration::rademacher_moment;
pub use jacobi::{polar_factor, singular_values};
