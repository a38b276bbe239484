//! Unit balls of l_q-like norms in the Frobenius metric.

use crate::spec::Ball;

/// The ball of (sum_i x_i^q)^{1/q} over `count` orthogonal blocks, measured in the 2-norm.
///
/// ||x||_2 <= ||x||_q <= d^{1/q - 1/2}||x||_2 for q <= 2, and the reverse with d^{1/2 - 1/q} for q >= 2: both are
/// attained, at a single block and at equal blocks.
pub(crate) fn of_exponent(q: f64, count: usize) -> Ball {
    let e = 0.5 - 1.0 / q;
    let d = count as f64;
    Ball { inradius: d.powf(e.min(0.0)), circumradius: d.powf(e.max(0.0)) }
}

/// The ball of a norm that is `factor` times another one.
pub(crate) fn scaled(ball: Ball, factor: f64) -> Ball {
    Ball { inradius: ball.inradius / factor, circumradius: ball.circumradius / factor }
}
