//! Numbers as people read them.

/// A number in full, in scientific notation where its plain form would be long: nothing tiny is printed as zero.
pub fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e7).contains(&x.abs()) { format!("{x}") } else { format!("{x:e}") }
}
