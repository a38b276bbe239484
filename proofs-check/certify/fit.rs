//! Which power of its singular values (or entries) an update is: the exponent that names a Schatten or entrywise norm.

use super::{CertifyError, Invariance, Recording, unusable};

impl Recording {
    /// The q for which the pairs look like the LMO of the Schatten norm (unitary) or of the entrywise l_q norm (entry-symmetric), whose LMO
    /// raises to the power c = 1/(q - 1); a guess, to be judged by [`Recording::alignment`].
    ///
    /// # Formula
    /// c is the least-squares slope of log p_i(X_k) over log p_i(S_k), p the sorted vectors, with a constant for each pair, over the i with
    /// p_i(S_k) > 1e-3 p_1(S_k) and p_i(X_k) > 0. q within 1e-9 of a fraction with a denominator of at most 12 is that fraction, any other one has four decimals.
    ///
    /// # Degenerate cases
    /// `None` for a general norm, without two different values, and for slopes outside (1/64, 64): those are the spectral (max-entry)
    /// and the nuclear (sum-entries) norm, or none.
    ///
    /// # Errors
    /// [`CertifyError::Unusable`] if a decomposition does not converge.
    pub fn exponent(&self, invariance: Invariance) -> Result<Option<f64>, CertifyError> {
        if invariance == Invariance::General {
            return Ok(None);
        }
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (k, pair) in self.pairs.iter().enumerate() {
            let profile = |x, which| invariance.profile(x).map_err(|e| unusable(k, which, e));
            let (s, x) = (profile(&pair.momentum, "momentum")?, profile(&pair.direction, "update")?);
            let seen: Vec<(f64, f64)> = s
                .iter()
                .zip(&x)
                .filter(|(s_i, x_i)| **s_i > 1e-3 * s[0] && **x_i > 0.0)
                .map(|(s_i, x_i)| (s_i.ln(), x_i.ln()))
                .collect();
            let count = seen.len() as f64;
            let mean = |f: fn(&(f64, f64)) -> f64| seen.iter().map(f).sum::<f64>() / count;
            let (mean_s, mean_x) = (mean(|p| p.0), mean(|p| p.1));
            covariance += seen.iter().map(|(s, x)| (s - mean_s) * (x - mean_x)).sum::<f64>();
            variance += seen.iter().map(|(s, _)| (s - mean_s) * (s - mean_s)).sum::<f64>();
        }
        let slope = covariance / variance;
        if !(slope > 1.0 / 64.0 && slope < 64.0) {
            return Ok(None);
        }
        let q = 1.0 + 1.0 / slope;
        let near =
            (1..=12).map(|d| (q * f64::from(d)).round() / f64::from(d)).find(|x| (q / x - 1.0).abs() < 1e-9);
        Ok(Some(near.unwrap_or((q * 1e4).round() / 1e4)))
    }
}
