//! Functions of one variable from which problems are built, with the suprema of their derivatives.

/// An even function phi with phi(0) = 0 = inf phi and phi''(0) = 1 = sup|phi''|.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The name in a configuration.
    pub name: &'static str,
    /// phi.
    pub(super) value: fn(f64) -> f64,
    /// phi'.
    pub(super) slope: fn(f64) -> f64,
    /// phi''.
    pub(super) curvature: fn(f64) -> f64,
    /// sup|phi'|.
    pub(super) largest_slope: f64,
    /// sup|phi'''|.
    pub(super) largest_third: f64,
}

#[cfg(test)]
pub(super) mod checks {
    use super::Profile;

    /// The suprema against a grid of [-12, 12], and where |phi'''| is largest; returns the latter.
    pub(in super::super) fn suprema(phi: &Profile) -> f64 {
        let h = 1e-4;
        let third = |u: f64| ((phi.curvature)(u + h) - (phi.curvature)(u - h)) / (2.0 * h);
        let (mut slope, mut curvature, mut turn) = (0.0_f64, 0.0_f64, 0.0);
        for k in 0..120_000 {
            let u = f64::from(k) * 1e-4;
            slope = slope.max((phi.slope)(u).abs());
            curvature = curvature.max((phi.curvature)(u).abs());
            if third(u).abs() > third(turn).abs() {
                turn = u;
            }
            assert_eq!(((phi.value)(u), (phi.slope)(u)), ((phi.value)(-u), -(phi.slope)(-u)));
            assert!((phi.value)(u) >= 0.0);
        }
        // Near a maximum a step of the grid costs its square, 1e-8; differences leave h^2 = 1e-8 and 1e-16/h = 1e-12.
        let close = |found: f64, claimed: f64| {
            let error = (found / claimed - 1.0).abs();
            assert!(error <= 1e-7, "{}: {found} for {claimed}", phi.name);
        };
        close(slope, phi.largest_slope);
        close(curvature, 1.0);
        close(third(turn).abs(), phi.largest_third);
        assert_eq!(((phi.value)(0.0), (phi.slope)(0.0), (phi.curvature)(0.0)), (0.0, 0.0, 1.0));
        turn
    }
}
