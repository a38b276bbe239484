//! Finite sums: objectives whose gradient is a mean over components.

use crate::noise::Moment;
use crate::spec::{
    Dimensions, FiniteLaw, Matrix, MomentOrder, Norm, NormError, Problem, ProblemError, Scalar,
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

    /// sigma_1^p: E||grad f_i(X) - grad f(X)||_*^p at EVERY point X is at most this.
    ///
    /// # Errors
    /// [`ProblemError`] if the norm does not live on this space.
    fn component_noise_moment(&self, norm: &dyn Norm<T>, p: MomentOrder) -> Result<Moment, ProblemError>;
}

/// E||D_1 + .. + D_b||_*^p/b^p for independent copies of a D with mean zero, from E||D||_*^p: at most
/// min{1, K_p b^{1-p}} of it, and the moment itself (as exact as it is) for b = 1.
///
/// By the definition of K_p the sum's moment is at most K_p b E||D||_*^p; by convexity the mean's is at most that of one.
///
/// # Errors
/// Those of the norm.
pub fn average_of<T: Scalar>(
    batch: usize,
    one: Moment,
    norm: &dyn Norm<T>,
    space: Dimensions,
    p: MomentOrder,
) -> Result<Moment, NormError> {
    if batch <= 1 || one == Moment::Infinite {
        return Ok(one);
    }
    let factor = norm.noise_type(space, p)?.upper * (batch as f64).powf(1.0 - p.p());
    Ok(Moment::UpperBound(one.bound() * factor.min(1.0)))
}
