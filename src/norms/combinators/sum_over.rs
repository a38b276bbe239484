//! The sum of the norms of several layers: the dual of the largest of their duals.

use super::layers::{Layer, Layers, build_layers};
use super::max_over::{MaxOver, example_layers, largest};
use crate::norms::Entry;
use crate::norms::support::noise_type::smallest;
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit::Unit;

/// ||X|| = sum_l ||X_l||_(l) over layers, on the product space of [`Layers`].
///
/// # Formulas
///
/// ```text
/// ||S||_* = max_l ||S_l||_(l)*
/// lmo(S)  = lmo_l(S_l) in the layer with the largest dual norm, zero in the others
/// ball    (sum_l inradius_l^{-2})^{-1/2} <= ||X||_F <= max_l circumradius_l on the unit sphere
/// ```
///
/// # K_p
///
/// At most sum_l K_{p,l}: the p-th power of a maximum is at most the sum of the p-th powers. At least that of
/// every layer (noise in it alone), and at least (floor(log2 h) + 1)^{p-1} for h layers: one line in each of
/// them spans l_infinity of h numbers, which sign patterns fill.
///
/// # Degenerate cases
/// Several layers with the largest dual norm: the first of them moves.
///
/// # Errors
/// Those of the layers' norms, and [`NormError::WrongShape`] on anything but N x 1.
#[derive(Debug)]
pub struct SumOver<T: Scalar> {
    pub(super) layers: Layers<T>,
}

impl<T: Scalar> SumOver<T> {
    /// The sum of the layers' norms.
    ///
    /// # Errors
    /// Those of [`Layers::new`].
    pub fn new(layers: Vec<Layer<T>>) -> Result<Self, NormError> {
        Ok(Self { layers: Layers::new(layers)? })
    }

    /// The product space: packs and unpacks.
    pub fn layers(&self) -> &Layers<T> {
        &self.layers
    }
}

impl<T: Scalar> Norm<T> for SumOver<T> {
    fn label(&self) -> NormLabel {
        NormLabel::new(self.layers.label("sum-over"))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        self.layers.combine(x, |norm, x| norm.value(x), |values| values.iter().sum())
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.layers.combine(s, |norm, s| norm.dual_value(s), largest)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        self.layers.check(s.dimensions()?)?;
        let unit = Unit::of(s)?;
        let duals = self.layers.values(s, unit.exponent(), |norm, s| norm.dual_value(s))?;
        let most = largest(&duals);
        let leader = duals.iter().position(|&dual| dual == most);
        let mut parts = self.layers.unpack(s)?;
        for (l, (layer, part)) in self.layers.layers().iter().zip(&mut parts).enumerate() {
            *part = if Some(l) == leader {
                layer.norm.lmo(part)?
            } else {
                Matrix::zeros(part.nrows(), part.ncols())
            };
        }
        self.layers.pack(&parts)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(MaxOver { layers: self.layers.dual() })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.layers.check(dimensions)?;
        let types = self.layers.noise_types(p)?;
        let upper = types.iter().map(|k| k.upper).sum();
        let signs = f64::from(types.len().ilog2() + 1).powf(p.p() - 1.0);
        let lower = types.iter().map(|k| k.lower).fold(signs, f64::max);
        Ok(smallest(p, self.ball(dimensions)?, lower, &[upper]))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        self.layers.check(dimensions)?;
        let mut all = Ball { inradius: 0.0, circumradius: 0.0 };
        for layer in self.layers.layers() {
            let ball = layer.norm.ball(layer.dimensions)?;
            // The reciprocal of the inradius is collected first.
            all.inradius = all.inradius.hypot(1.0 / ball.inradius);
            all.circumradius = all.circumradius.max(ball.circumradius);
        }
        Ok(Ball { inradius: 1.0 / all.inradius, ..all })
    }
    fn space(&self) -> Option<Dimensions> {
        Some(self.layers.dimensions())
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.layers.zero_respecting()
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    vec![Box::new(SumOver::new(example_layers()).expect("norms on every shape"))]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "sum-over",
        summary: "sum of the norms of several layers, packed into one column",
        parameters: &["layers"],
        build: |table| Ok(Box::new(SumOver { layers: build_layers::<T>("sum-over", table)? })),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_layers_with_the_largest_dual_norm_moves() {
        let norm = SumOver::<f64>::new(example_layers()).unwrap();
        // Dual norms 1 (nuclear), 1 (Frobenius) and 1 (sum), then 1, 2 and 2.
        let s = |second: f64, third: f64| {
            Matrix::from_fn(9, 1, |i, _| [1.0, 0.0, 0.0, 0.0, 0.0, second, 0.0, 0.0, third][i])
        };
        let only = |at: usize, x: f64| Matrix::from_fn(9, 1, |i, _| if i == at { x } else { 0.0 });
        assert_eq!(norm.lmo(&s(1.0, -1.0)), Ok(only(0, -1.0)));
        assert_eq!(norm.lmo(&s(2.0, -2.0)), Ok(only(5, -1.0)));
    }
}
