//! What sampled gradients at one point say about their noise: its size in a norm, the moment order to count on, and what
//! an average costs.

use heavynorm::spec::{
    Dimensions, HypothesisError, Matrix, MatrixError, MomentOrder, NoiseType, Norm, NormError,
};
use heavynorm::statistics::tail_index::TailIndex;
use serde::Serialize;
use thiserror::Error;

/// Why gradients say nothing.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GradientsError {
    /// One gradient has no noise that can be told from it.
    #[error(
        "there is one gradient, and one alone shows no noise: record at least 2 (40 for a tail index), or state the true gradient"
    )]
    TooFew,
    /// The true gradient is of another shape, or the gradients are of two.
    #[error("the true gradient is {found}, the gradients are {expected}: {}", if *found == expected.transposed() { "transpose it" } else { "it must be of one layer" })]
    ShapesDiffer {
        /// The shape of the first gradient.
        expected: Dimensions,
        /// The shape found.
        found: Dimensions,
    },
    /// No row, or no column.
    #[error(transparent)]
    Empty(#[from] MatrixError),
    /// Finite gradients, infinite differences.
    #[error("differences of the gradients overflow; scale them down")]
    Overflow,
}

/// The noise N_i of every gradient, and the gradient that stands for the signal.
#[derive(Debug, Clone)]
pub struct Noise {
    samples: Vec<Matrix<f64>>,
    signal: Matrix<f64>,
    dimensions: Dimensions,
    left_out: bool,
}

impl Noise {
    /// N_i = G_i - G for the exact gradient G.
    ///
    /// # Errors
    /// [`GradientsError`]: no gradient, another shape, an overflow.
    pub fn against(gradients: &[Matrix<f64>], signal: Matrix<f64>) -> Result<Self, GradientsError> {
        let expected = gradients.first().ok_or(GradientsError::TooFew)?.dimensions()?;
        let found = signal.dimensions()?;
        if found != expected {
            return Err(GradientsError::ShapesDiffer { expected, found });
        }
        let samples = gradients.iter().map(|g| g - &signal).collect();
        Self { samples, signal, dimensions: expected, left_out: false }.finite()
    }

    /// N_i = G_i - the mean of the k - 1 OTHER gradients = (G_i - mean) k/(k - 1); the signal is the mean of all.
    ///
    /// Differences are taken to the first gradient: gradients that are equal differ by zero, not by rounding errors.
    ///
    /// # Errors
    /// [`GradientsError`]: fewer than two gradients, an overflow.
    pub fn leave_one_out(gradients: &[Matrix<f64>]) -> Result<Self, GradientsError> {
        let [first, _, ..] = gradients else { return Err(GradientsError::TooFew) };
        let dimensions = first.dimensions()?;
        let differences: Vec<Matrix<f64>> = gradients.iter().map(|g| g - first).collect();
        let mut mean = Matrix::zeros(dimensions.rows(), dimensions.columns());
        for (k, d) in differences.iter().enumerate() {
            mean.move_towards(1.0 / (k + 1) as f64, d);
        }
        let count = gradients.len() as f64;
        let samples = differences.iter().map(|d| &(d - &mean) * (count / (count - 1.0))).collect();
        Self { samples, signal: first + &mean, dimensions, left_out: true }.finite()
    }

    fn finite(self) -> Result<Self, GradientsError> {
        if self.samples.iter().chain([&self.signal]).any(|x| x.first_non_finite().is_some()) {
            return Err(GradientsError::Overflow);
        }
        Ok(self)
    }

    /// k.
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// m x n.
    pub fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    /// The mean of the others was subtracted.
    pub fn is_left_out(&self) -> bool {
        self.left_out
    }

    /// ||N_i||_* for every i.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn sizes(&self, norm: &dyn Norm<f64>) -> Result<Vec<f64>, NormError> {
        self.samples.iter().map(|n| norm.dual_value(n)).collect()
    }

    /// The largest entry of every N_i.
    pub fn largest_entries(&self) -> Vec<f64> {
        self.samples.iter().map(Matrix::max_abs).collect()
    }

    /// Noise and signal in one norm.
    ///
    /// # Formulas
    /// sigma = ((1/k) sum ||N_i||_*^p)^{1/p}. Theorem U1 averages a batch of kappa (4 sigma/eps)^a, a = p/(p-1), to reach eps: here at
    /// eps = ||signal||_*, at least 1.
    ///
    /// Leaving one out, N_i = Z_i - (mean of k - 1 other Z_j) with Z_j the noise against the expectation. Minkowski in L_p,
    /// and E||sum Z_j||_*^p <= K_p sum E||Z_j||_*^p for the mean, give
    ///
    /// ```text
    /// sigma_left_out <= sigma (1 + (K_p (k-1)^{1-p})^{1/p}),
    /// ```
    ///
    /// and Jensen (the others have mean zero given Z_i) sigma_left_out >= sigma: it overstates, by no more than that factor.
    ///
    /// # Errors
    /// Those of the norm.
    pub fn measured_in(&self, norm: &dyn Norm<f64>, p: MomentOrder) -> Result<NoiseIn, NormError> {
        let (sigma, signal) = (mean_of_order(&self.sizes(norm)?, p), norm.dual_value(&self.signal)?);
        let noise_type = norm.noise_type(self.dimensions, p)?;
        let dimension_factor = noise_type.dimension_factor(p);
        let ratio = (signal > 0.0).then_some(sigma / signal);
        let others = (self.count() as f64 - 1.0).max(1.0);
        let overstated = (noise_type.upper * others.powf(1.0 - p.p())).powf(1.0 / p.p());
        Ok(NoiseIn {
            sigma,
            signal,
            noise_to_signal: ratio,
            noise_type,
            dimension_factor,
            batch_at_signal: ratio.map(|x| (dimension_factor * (4.0 * x).powf(p.conjugate())).max(1.0)),
            sigma_overstated_by_at_most: if self.left_out { 1.0 + overstated } else { 1.0 },
        })
    }
}

/// (mean of x^p)^{1/p}, the largest taken out first: no power overflows. Zero for zeros alone.
fn mean_of_order(sizes: &[f64], p: MomentOrder) -> f64 {
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let mean = sizes.iter().map(|x| (x / largest).powf(p.p())).sum::<f64>() / sizes.len() as f64;
    largest * mean.powf(1.0 / p.p())
}

/// One norm's account of noise and signal ([`Noise::measured_in`]).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NoiseIn {
    /// (mean ||N||_*^p)^{1/p}.
    pub sigma: f64,
    /// ||gradient||_*.
    pub signal: f64,
    /// sigma/signal; none where the signal is zero.
    pub noise_to_signal: Option<f64>,
    /// Bounds on K_p.
    pub noise_type: NoiseType,
    /// kappa = K_p^{1/(p-1)}.
    pub dimension_factor: f64,
    /// kappa (4 sigma/signal)^a: the batch that theorem U1 takes at eps = signal, at least 1.
    pub batch_at_signal: Option<f64>,
    /// Leaving one out overstates sigma by no more than this factor (in p-th mean); 1 with the true gradient.
    pub sigma_overstated_by_at_most: f64,
}

/// Where p comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderSource {
    /// The caller said it.
    Stated,
    /// 2, or below the lower end of the tail index.
    TailIndex,
    /// 1.5: the gradients say too little.
    Assumed,
}

/// The moment order that the tails allow: 2 if every interval lies above 2, else 5% below the lowest end (at the end itself the
/// moment is just infinite), or halfway to 1 where that is larger; 1.5 without a tail index or with an end of at most 1.
///
/// # Errors
/// [`HypothesisError::MomentOrderOutsideOneTwo`] for an end next to 1, where no number lies between.
pub fn moment_order<'a>(
    tails: impl IntoIterator<Item = &'a TailIndex>,
) -> Result<(MomentOrder, OrderSource), HypothesisError> {
    const BELOW: f64 = 0.95;
    let (p, source) = match tails.into_iter().map(|t| t.interval[0]).reduce(f64::min) {
        Some(low) if low > 2.0 => (2.0, OrderSource::TailIndex),
        Some(low) if low > 1.0 => ((low * BELOW).max(0.5 * (1.0 + low)), OrderSource::TailIndex),
        _ => (1.5, OrderSource::Assumed),
    };
    Ok((MomentOrder::new(p)?, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heavynorm::norms::frobenius::Frobenius;

    fn numbers(x: &[f64]) -> Vec<Matrix<f64>> {
        x.iter().map(|&x| Matrix::from_fn(1, 1, |_, _| x)).collect()
    }

    #[test]
    fn noise_against_the_others_is_larger_by_k_over_k_minus_one() {
        let gradients = numbers(&[4.0, 2.0, 3.0]);
        let sizes = |noise: &Noise| noise.sizes(&Frobenius).unwrap();
        assert_eq!(sizes(&Noise::against(&gradients, numbers(&[3.0]).remove(0)).unwrap()), [1.0, 1.0, 0.0]);
        let left_out = Noise::leave_one_out(&gradients).unwrap();
        assert_eq!(sizes(&left_out), [1.5, 1.5, 0.0]);
        // sigma^2 = 2 * 2.25/3, signal 3; a = 2: (4 sigma/3)^2; 1 + (1/2)^{1/2}.
        let found = left_out.measured_in(&Frobenius, MomentOrder::new(2.0).unwrap()).unwrap();
        assert!((found.sigma - 1.5_f64.sqrt()).abs() < 1e-15 && found.signal == 3.0);
        assert!((found.batch_at_signal.unwrap() - 16.0 * 1.5 / 9.0).abs() < 1e-14);
        assert!((found.sigma_overstated_by_at_most - 1.0 - 0.5_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn gradients_that_say_nothing_are_refused() {
        assert!(matches!(Noise::leave_one_out(&numbers(&[1.0])), Err(GradientsError::TooFew)));
        assert!(matches!(
            Noise::leave_one_out(&numbers(&[f64::MAX, -f64::MAX])),
            Err(GradientsError::Overflow)
        ));
        let wide = Matrix::zeros(1, 2);
        let refused =
            Noise::against(std::slice::from_ref(&wide), Matrix::zeros(2, 1)).unwrap_err().to_string();
        assert!(refused.contains("transpose it"), "{refused}");
        let refused =
            Noise::against(std::slice::from_ref(&wide), Matrix::zeros(3, 3)).unwrap_err().to_string();
        assert!(refused.contains("of one layer"), "{refused}");
    }

    #[test]
    fn without_a_tail_index_the_moment_order_is_assumed() {
        let (p, source) = moment_order([]).unwrap();
        assert_eq!((p.p(), source), (1.5, OrderSource::Assumed));
    }
}
