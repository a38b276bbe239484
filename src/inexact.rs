//! A linear minimisation oracle that falls short by exactly delta: for what theory says of inexact ones.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::spec::{
    Ball, Dimensions, Inexactness, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar,
    ZeroRespecting, inner,
};

/// What an answer consists of beside its share of the exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortfall {
    /// Nothing: O = (1 - delta) lmo(M), a step that is too short.
    Short,
    /// A direction of the ball that M does not see, <M, W> = 0: the step has its length, but a share of it is spent on what
    /// does not descend.
    Sideways,
}

/// A norm whose oracle is inexact: ||O|| <= 1 and <M, O> = -(1 - delta)||M||_*, with equality in the second.
///
/// Everything but [`Norm::lmo`] is that of the norm, its label included: constants stated in the norm stay valid. It breaks
/// the law of attainment on purpose and is no member of the registry.
///
/// # Contract
/// A sideways W is lmo(P) for a fixed generic P, less its component that M sees, over 2: with t = <M, lmo(P)>
/// /||M||_*, |t| <= 1, W = (lmo(P) + t lmo(M))/2 has <M, W> = 0 and ||W|| <= 1, so that O = (1 - delta) lmo(M) + delta W lies
/// in the ball.
///
/// # Degenerate cases
/// The oracle of zero is zero. delta = 0 gives the exact oracle, bit for bit.
///
/// # Source
/// DEF-INEXACT.
#[derive(Debug, Clone)]
pub struct InexactLmo<T: Scalar> {
    norm: Arc<dyn Norm<T>>,
    inexactness: Inexactness,
    shortfall: Shortfall,
}

impl<T: Scalar> InexactLmo<T> {
    /// The norm with an oracle that falls short by delta.
    pub fn new(norm: Arc<dyn Norm<T>>, inexactness: Inexactness, shortfall: Shortfall) -> Self {
        Self { norm, inexactness, shortfall }
    }

    /// W for a direction lmo(M) of M, which is not zero.
    fn sideways(&self, m: &Matrix<T>, direction: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let generic =
            |i: usize, j: usize| T::from_f64((1.0 + 2.9 * i as f64 + 7.3 * (i + 2 * j) as f64).sin());
        let other = self.norm.lmo(&Matrix::from_fn(m.nrows(), m.ncols(), generic))?;
        // Scaled, so that the products stay in range.
        let unit = m.times_power_of_two(-m.max_abs().binary_exponent());
        let share = -inner(&unit, &other) / inner(&unit, direction);
        let mut w = &other * T::from_f64(0.5);
        w.add_scaled(share * T::from_f64(0.5), direction);
        Ok(w)
    }
}

impl<T: Scalar> Norm<T> for InexactLmo<T> {
    fn label(&self) -> NormLabel {
        self.norm.label()
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        self.norm.value(x)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.norm.dual_value(s)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let direction = self.norm.lmo(s)?;
        if self.inexactness == Inexactness::EXACT || s.is_zero() {
            return Ok(direction);
        }
        let mut answer = &direction * T::from_f64(self.inexactness.kept());
        if self.shortfall == Shortfall::Sideways {
            answer.add_scaled(T::from_f64(self.inexactness.delta()), &self.sideways(s, &direction)?);
        }
        Ok(answer)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        self.norm.dual()
    }
    fn noise_type(&self, d: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.norm.noise_type(d, p)
    }
    fn ball(&self, d: Dimensions) -> Result<Ball, NormError> {
        self.norm.ball(d)
    }
    fn space(&self) -> Option<Dimensions> {
        self.norm.space()
    }
    fn is_sign_invariant(&self) -> bool {
        self.norm.is_sign_invariant()
    }
    /// A sideways direction fills zeros; a short one keeps those of the exact one.
    fn zero_respecting(&self) -> ZeroRespecting {
        match self.shortfall {
            Shortfall::Short => self.norm.zero_respecting(),
            Shortfall::Sideways => ZeroRespecting::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms;
    use crate::spec::LmoCertificate;

    #[test]
    fn an_inexact_answer_falls_short_by_delta_inside_the_ball() {
        let space = Dimensions::new(3, 4).unwrap();
        let m = Matrix::from_fn(3, 4, |i, j| (0.3 + 1.7 * i as f64 + 5.1 * j as f64).cos());
        for norm in norms::all_on(space) {
            let norm: Arc<dyn Norm<f64>> = norm.into();
            for shortfall in [Shortfall::Short, Shortfall::Sideways] {
                for delta in [0.0, 0.3, 0.9] {
                    let inexact =
                        InexactLmo::new(Arc::clone(&norm), Inexactness::new(delta).unwrap(), shortfall);
                    for m in [&m, &(&m * 1e200), &(&m * 1e-200)] {
                        let answer = inexact.lmo(m).unwrap();
                        let certificate = LmoCertificate::measure(&*norm, m, &answer).unwrap();
                        let case = format!("{} {shortfall:?} {delta}: {certificate:?}", norm.label());
                        assert!((certificate.gap - delta).abs() < 1e-13, "{case}");
                        assert!(certificate.excess < 1e-13, "{case}");
                    }
                    assert!(inexact.lmo(&Matrix::zeros(3, 4)).unwrap().is_zero());
                }
            }
        }
    }

    #[test]
    fn everything_but_the_oracle_is_that_of_the_norm() {
        let space = Dimensions::new(3, 4).unwrap();
        let (x, p) = (Matrix::from_fn(3, 4, |i, j| (1 + i + 3 * j) as f64), MomentOrder::new(1.5).unwrap());
        for norm in norms::all_on(space) {
            let norm: Arc<dyn Norm<f64>> = norm.into();
            let inexact =
                InexactLmo::new(Arc::clone(&norm), Inexactness::new(0.3).unwrap(), Shortfall::Short);
            let of = |norm: &dyn Norm<f64>| {
                let values = (norm.value(&x), norm.dual_value(&x), norm.dual().value(&x));
                let constants = (norm.noise_type(space, p), norm.ball(space));
                let claims = (norm.space(), norm.is_sign_invariant(), norm.zero_respecting());
                (norm.label(), values, constants, claims)
            };
            assert_eq!(of(&inexact), of(&*norm));
        }
    }
}
