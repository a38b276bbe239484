//! Finite sums: objectives whose gradient is a mean over components.

use crate::noise::Moment;
use crate::spec::{
    Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, Problem, ProblemError, Scalar, Smoothness,
};

/// f = (1/N) sum_i f_i. The law of the gradient of one component, drawn uniformly, has N outcomes: its mean and its
/// moments are sums, evaluated literally.
pub trait FiniteSum<T: Scalar>: Problem<T> {
    /// N, at least 1.
    fn components(&self) -> usize;

    /// grad f_i(X).
    ///
    /// # Panics
    /// Unless i < N.
    fn component_gradient(&self, i: usize, x: &Matrix<T>) -> Matrix<T>;

    /// The mean of grad f_i(X) over a list of components, which may repeat.
    ///
    /// # Panics
    /// If the list is empty or an index is not below N.
    fn minibatch_gradient(&self, x: &Matrix<T>, components: &[usize]) -> Matrix<T> {
        let (&first, rest) = components.split_first().expect("a minibatch has a component");
        let mut sum = self.component_gradient(first, x);
        for &i in rest {
            sum.add_scaled(T::one_impl(), &self.component_gradient(i, x));
        }
        &sum * T::from_f64(1.0 / components.len() as f64)
    }

    /// The law of grad f_i(X) for a uniform i, for checks: it stores all N outcomes.
    fn component_law(&self, x: &Matrix<T>) -> FiniteLaw<T> {
        let probability = 1.0 / self.components() as f64;
        let outcomes = (0..self.components()).map(|i| (probability, self.component_gradient(i, x)));
        FiniteLaw::new(outcomes.collect())
    }

    /// E||grad f_i(X) - grad f(X)||_*^p at one point, by enumeration.
    ///
    /// # Errors
    /// Those of the norm.
    fn noise_at(&self, x: &Matrix<T>, norm: &dyn Norm<T>, p: MomentOrder) -> Result<f64, NormError> {
        let mean = self.gradient(x);
        let mut sum = 0.0;
        for i in 0..self.components() {
            let noise = &self.component_gradient(i, x) - &mean;
            sum += norm.dual_value(&noise)?.to_f64().powf(p.p());
        }
        Ok(sum / self.components() as f64)
    }

    /// L_i for every i: ||grad f_i(X) - grad f_i(Y)||_* <= L_i||X - Y|| for all X and Y of the problem's region.
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space.
    fn component_constants(&self, norm: &dyn Norm<T>) -> Result<Vec<f64>, ProblemError>;

    /// max_i L_i: the constant of EVERY component, and so of the mean of any of them.
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space or every L_i is zero.
    fn component_smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let largest = self.component_constants(norm)?.into_iter().fold(0.0, f64::max);
        Ok(Smoothness::new(largest, norm.label())?)
    }

    /// Lbar with (E||g(X, xi) - g(Y, xi)||_*^p)^{1/p} <= Lbar||X - Y||, for the mean g of any number of components drawn
    /// uniformly: ((1/N) sum L_i^p)^{1/p}, which is at most [`FiniteSum::component_smoothness`].
    ///
    /// For one component it is the definition of L_i; a mean of several has no larger p-th norm (Minkowski).
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space or every L_i is zero.
    fn sample_smoothness(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Smoothness, ProblemError> {
        let constants = self.component_constants(norm)?;
        let largest = constants.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Ok(Smoothness::new(largest, norm.label())?);
        }
        // Powers of numbers up to 1 do not overflow.
        let mean = constants.iter().map(|l| (l / largest).powf(p.p())).sum::<f64>() / constants.len() as f64;
        Ok(Smoothness::new(largest * mean.powf(1.0 / p.p()), norm.label())?)
    }

    /// sigma_1^p: E||grad f_i(X) - grad f(X)||_*^p at EVERY point X is at most this.
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space.
    fn component_noise_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, ProblemError>;

    /// E||grad f_i(X) - grad f(X)||_F^2 at EVERY point X is at most this.
    fn component_variance(&self) -> f64;
}

/// A bound on E||D||_*^p for D = grad f_i - grad f with a uniform i, from bounds on component gradients: `sizes` s_i in the
/// dual norm, `lengths` e_i in the Frobenius norm. A part that all components share may be left out of both. The least of
///
/// - mean (s_i (1 - 2/N) + mean s)^p (triangle inequality, the component's own share of the mean counted once);
/// - R^p times the least of (mean e_i^2)^{p/2} and 2^{2-p} mean e_i^p, R the circumradius, since in a Hilbert space
///   centring does not increase the second moment, at most doubles the first, and 2^{2-p} interpolates (Riesz, Thorin).
pub(super) fn bounded_components(sizes: &[f64], lengths: &[f64], circumradius: f64, p: MomentOrder) -> f64 {
    let count = sizes.len() as f64;
    let power_mean = |sizes: &[f64], s: f64| sizes.iter().map(|c| c.powf(s)).sum::<f64>() / count;
    let mean = power_mean(sizes, 1.0);
    let by_triangle = sizes.iter().map(|c| (c * (1.0 - 2.0 / count) + mean).powf(p.p())).sum::<f64>() / count;
    let in_frobenius =
        power_mean(lengths, 2.0).powf(0.5 * p.p()).min(p.hilbert_factor() * power_mean(lengths, p.p()));
    by_triangle.min(circumradius.powf(p.p()) * in_frobenius)
}

/// What is known of the deviation D of one component's gradient from the mean: E||D||_*^p, E||D||_*^2, E||D||_F^2.
#[derive(Debug, Clone, Copy)]
struct OneComponent {
    of_order: Moment,
    second: Moment,
    variance: f64,
}

impl OneComponent {
    /// E||(D_1 + .. + D_b)/b||_*^p for independent copies: as exact as one is for b = 1, else the least of
    ///
    /// - E||D||_*^p (convexity);
    /// - K_p b^{1-p} E||D||_*^p (the definition of K_p);
    /// - (K_2 E||D||_*^2/b)^{p/2} (the same at order 2, then Lyapunov);
    /// - (R^2 E||D||_F^2/b)^{p/2} (variances add; R the circumradius of the unit ball; Lyapunov).
    fn averaged<T: Scalar>(
        self,
        batch: usize,
        norm: &dyn Norm<T>,
        space: Dimensions,
        p: MomentOrder,
    ) -> Result<Moment, ProblemError> {
        if batch <= 1 || self.of_order == Moment::Infinite {
            return Ok(self.of_order);
        }
        let (order, count) = (p.p(), batch as f64);
        let two = MomentOrder::new(2.0)?;
        let one = self.of_order.bound();
        let by_type = norm.noise_type(space, p)?.upper * count.powf(1.0 - order) * one;
        let by_second = norm.noise_type(space, two)?.upper * self.second.bound() / count;
        let by_variance = norm.ball(space)?.circumradius.powi(2) * self.variance / count;
        Ok(Moment::UpperBound(one.min(by_type).min(by_second.min(by_variance).powf(0.5 * order))))
    }
}

/// E||g - grad f(X)||_*^p at EVERY point, for the mean g of `batch` components drawn with replacement.
///
/// # Errors
/// Those of the problem and of the norm.
pub fn minibatch_noise_moment<T: Scalar>(
    sum: &dyn FiniteSum<T>,
    norm: &dyn Norm<T>,
    p: MomentOrder,
    batch: usize,
) -> Result<Moment, ProblemError> {
    let one = OneComponent {
        of_order: sum.component_noise_moment(norm, p)?,
        second: sum.component_noise_moment(norm, MomentOrder::new(2.0)?)?,
        variance: sum.component_variance(),
    };
    one.averaged(batch, norm, sum.dimensions(), p)
}

/// The same at one point, from moments of one component that are enumerated there: exact for a batch of one.
///
/// # Errors
/// Those of the problem and of the norm.
pub fn minibatch_noise_at<T: Scalar>(
    sum: &dyn FiniteSum<T>,
    x: &Matrix<T>,
    norm: &dyn Norm<T>,
    p: MomentOrder,
    batch: usize,
) -> Result<Moment, ProblemError> {
    let one = OneComponent {
        of_order: Moment::Exact(sum.noise_at(x, norm, p)?),
        second: Moment::Exact(sum.noise_at(x, norm, MomentOrder::new(2.0)?)?),
        variance: variance_at(sum, x),
    };
    one.averaged(batch, norm, sum.dimensions(), p)
}

/// E||D||_F^2 at one point, by enumeration.
fn variance_at<T: Scalar>(sum: &dyn FiniteSum<T>, x: &Matrix<T>) -> f64 {
    let mean = sum.gradient(x);
    let squares = (0..sum.components()).map(|i| {
        let deviation = &sum.component_gradient(i, x) - &mean;
        deviation.entries().map(|e| e.to_f64() * e.to_f64()).sum::<f64>()
    });
    squares.sum::<f64>() / sum.components() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_component_among_many_that_vanish_attains_the_bound_on_their_noise() {
        // grad f_1 = e of length 1, the others 0: D_1 = (1 - 1/N) e and D_i = -e/N. Centring costs something: for p near 1
        // the moment is 1.6 times the mean of the e_i^p.
        for count in [2, 5, 20] {
            let mut sizes = vec![0.0; count];
            sizes[0] = 1.0;
            let n = count as f64;
            for p in [1.1, 1.5, 2.0] {
                let truth = ((1.0 - 1.0 / n).powf(p) + (n - 1.0) * (1.0 / n).powf(p)) / n;
                let bound = bounded_components(&sizes, &sizes, 1.0, MomentOrder::new(p).unwrap());
                assert!((bound / truth - 1.0).abs() < 1e-14, "N = {count}, p = {p}: {bound} for {truth}");
            }
        }
    }
}
