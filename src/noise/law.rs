//! What noise needs of the law of one number.

use std::fmt;

use libm::lgamma;

use crate::seed::Rng;

/// A symmetric law on the real line with known absolute moments.
pub trait ScalarLaw: fmt::Debug + Send + Sync {
    /// The law with its parameters, for example `pareto(tail_index=1.6)`.
    fn label(&self) -> String;

    /// One draw of X.
    fn sample(&self, rng: &mut Rng) -> f64;

    /// E|X|^s for s > 0; infinite when it is.
    fn absolute_moment(&self, s: f64) -> f64;

    /// E(X_1^2 + .. + X_d^2)^{s/2} for independent draws, where it has a closed form.
    fn euclidean_moment(&self, d: usize, s: f64) -> Option<f64> {
        let _ = (d, s);
        None
    }

    /// E(|X_1|^b + .. + |X_d|^b)^{s/b} (of the largest |X_i|^s for b = inf) for independent draws, where it has a closed
    /// form.
    fn vector_moment(&self, b: f64, d: usize, s: f64) -> Option<f64> {
        if b == 2.0 { self.euclidean_moment(d, s) } else { None }
    }

    /// Every value of X after its probability, if there are finitely many: what an enumeration needs.
    fn outcomes(&self) -> Option<Vec<(f64, f64)>> {
        None
    }
}

/// exp(sum log Gamma(above) - sum log Gamma(below)), all arguments positive.
pub(crate) fn gamma_ratio(above: &[f64], below: &[f64]) -> f64 {
    let log = |x: &[f64]| x.iter().map(|&x| lgamma(x)).sum::<f64>();
    (log(above) - log(below)).exp()
}

#[cfg(test)]
pub(crate) mod checks {
    //! What every law's own tests ask.

    use super::ScalarLaw;
    use crate::seed::stream;

    /// Draws per test; the thresholds below shrink like its square root.
    pub(crate) const DRAWS: usize = 20_000;

    pub(crate) fn draws(law: &dyn ScalarLaw, seed: u64) -> Vec<f64> {
        let mut rng = stream(seed, 0);
        (0..DRAWS).map(|_| law.sample(&mut rng)).collect()
    }

    /// The largest distance between the empirical and the given distribution function.
    ///
    /// Dvoretzky, Kiefer, Wolfowitz, Massart: it exceeds e with probability at most 2 exp(-2 n e^2), which is 1e-9 at
    /// e = sqrt(log(2e9)/(2n)) = 0.0232.
    pub(crate) fn follows(law: &dyn ScalarLaw, cdf: impl Fn(f64) -> f64) {
        let mut x = draws(law, 1);
        x.sort_by(f64::total_cmp);
        let n = DRAWS as f64;
        let distance = x.iter().enumerate().map(|(i, &x)| {
            let f = cdf(x);
            (f - i as f64 / n).abs().max(((i + 1) as f64 / n - f).abs())
        });
        let distance = distance.fold(0.0, f64::max);
        let threshold = (2e9_f64.ln() / (2.0 * n)).sqrt();
        assert!(distance <= threshold, "{}: {distance} > {threshold}", law.label());
    }

    /// The number of positive draws is binomial with parameter 1/2: Hoeffding at 1e-9 gives the threshold. So is the
    /// sign among the draws with |X| > 1, given their number.
    pub(crate) fn is_symmetric(law: &dyn ScalarLaw) {
        let x = draws(law, 2);
        for tail in [0.0, 1.0] {
            let far: Vec<_> = x.iter().filter(|x| x.abs() > tail).collect();
            let n = far.len() as f64;
            let positive = far.iter().filter(|x| ***x > 0.0).count() as f64;
            let threshold = (2e9_f64.ln() * n / 2.0).sqrt();
            assert!((positive - 0.5 * n).abs() <= threshold, "{}: {positive} of {n}", law.label());
        }
    }

    /// The sample mean of |X|^s lies within six standard errors (known exactly) of E|X|^s; needs E|X|^{2s} finite.
    pub(crate) fn has_sample_moment(law: &dyn ScalarLaw, s: f64) {
        let x = draws(law, 3);
        let mean = x.iter().map(|x| x.abs().powf(s)).sum::<f64>() / DRAWS as f64;
        let exact = law.absolute_moment(s);
        let variance = law.absolute_moment(2.0 * s) - exact * exact;
        assert!(variance.is_finite() && variance >= 0.0);
        let error = 6.0 * (variance / DRAWS as f64).sqrt();
        assert!((mean - exact).abs() <= error, "{} s={s}: {mean} vs {exact} +- {error}", law.label());
    }

    pub(crate) fn close(a: f64, b: f64) {
        // lgamma of libm is good to about 1e-15 absolutely here, and exp and the sum add a few roundings.
        assert!((a - b).abs() <= 2e-14 * b.abs(), "{a} vs {b}");
    }
}
