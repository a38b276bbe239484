//! The constants of the chain function, the building block of the lower bounds.
//!
//! # Definition
//!
//! ```text
//! Psi(x) = 0 for x <= 1/2,  exp(1 - 1/(2x - 1)^2) for x > 1/2;     Phi(x) = sqrt(e) int_{-inf}^x exp(-t^2/2) dt;
//! F_T(x) = -Psi(1) Phi(x_1) + sum_{i=2}^T [ Psi(-x_{i-1}) Phi(-x_i) - Psi(x_{i-1}) Phi(x_i) ],   x in R^T;
//! prog_c(x) = max{ j : |x_j| > c }, 0 if there is none.
//! ```
//!
//! A gradient of F_T shows at most one coordinate beyond those that are already large: its support lies in
//! {1, ..., prog_{1/2}(x) + 1}. As long as prog_1(x) < T, its entry at prog_1(x) + 1 has size at least 1.
//!
//! # Source
//! Carmon, Duchi, Hinder and Sidford, *Lower bounds for finding stationary points I* (2020), who state 12, 23, 152 where
//! this table has 11.24, 21.4, 138.9, and no Lipschitz constant of the Hessian. The table is the file `constants/chain.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// An upper bound, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The bound.
    pub upper: f64,
    /// The constant is at least this, which is attained: no bound below it is true.
    pub sup: f64,
    /// How both are known.
    pub evidence: ConstantEvidence,
}

/// How a constant of the chain is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstantEvidence {
    /// Interval arithmetic over the whole line (`proofs-check/certificates`), which a test repeats.
    IntervalCertificate,
}

/// The constants of F_T that hold for every T.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConstants {
    /// Delta_0: F_T(0) - inf F_T <= Delta_0 T.
    pub gap_per_coordinate: Constant,
    /// G: |d_j F_T(x)| <= G.
    pub gradient_entry: Constant,
    /// g: |d_k F_T(x)| <= g where |x_k| <= 1/2.
    pub frontier_entry: Constant,
    /// ell_1: ||grad F_T(x) - grad F_T(y)||_2 <= ell_1 ||x - y||_2.
    pub gradient_lipschitz: Constant,
    /// ell_2: ||(D^2 F_T(x) - D^2 F_T(y)) z||_2 <= ell_2 ||x - y||_2 ||z||_2.
    pub hessian_lipschitz: Constant,
}

/// The constants of F_T.
///
/// # Panics
/// Never: the data are compiled in, and a test reads them.
pub fn chain_constants() -> &'static ChainConstants {
    static CONSTANTS: LazyLock<ChainConstants> = LazyLock::new(|| {
        toml::from_str(include_str!("constants/chain.toml")).expect("the file of constants is valid")
    });
    &CONSTANTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_are_rounded_up_and_bounds_lie_above_what_was_attained() {
        let c = chain_constants();
        let g = 1.5_f64.exp();
        let gap = g * (2.0 * std::f64::consts::PI).sqrt();
        for (constant, value) in [(c.frontier_entry, g), (c.gap_per_coordinate, gap)] {
            assert_eq!(constant.evidence, ConstantEvidence::IntervalCertificate);
            assert!(constant.upper >= value && constant.upper <= value * (1.0 + 1e-6));
        }
        for constant in [
            c.gap_per_coordinate,
            c.gradient_entry,
            c.frontier_entry,
            c.gradient_lipschitz,
            c.hessian_lipschitz,
        ] {
            assert!(constant.upper >= constant.sup && constant.upper <= 1.05 * constant.sup);
        }
    }
}
