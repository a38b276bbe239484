//! The largest of the norms of several layers: every layer moves with its own full radius.

use super::layers::{Layer, Layers, build_layers};
use super::sum_over::SumOver;
use crate::norms::support::noise_type::smallest;
use crate::norms::{Entry, frobenius::Frobenius, max_entry::MaxEntry, spectral::Spectral};
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit::Unit;

/// ||X|| = max_l ||X_l||_(l) over layers, on the product space of [`Layers`].
///
/// # Formulas
///
/// ```text
/// ||S||_* = sum_l ||S_l||_(l)*
/// lmo(S)  = (lmo_l(S_l))_l
/// ball    min_l inradius_l <= ||X||_F <= sqrt(sum_l circumradius_l^2) on the unit sphere
/// ```
///
/// # K_p at most (sum_l kappa_l)^{p-1}, kappa_l = K_{p,l}^{1/(p-1)}: dimension factors add
///
/// Hoelder: (sum_l y_l)^p <= (sum_l kappa_l)^{p-1} sum_l y_l^p/K_{p,l}. With y_l = ||sum_i D_i||_(l)*, taking
/// expectations, the right sum is at most sum_i E sum_l ||D_i||_(l)*^p <= sum_i E||D_i||_*^p.
///
/// # K_p at least (sum_l lower_l^{1/(p-1)})^{p-1}
///
/// In every layer take martingale differences that attain lower_l with a final norm y_l that is not random
/// (every lower bound of this crate is of this kind, and 1 always is), scaled so that sum_i E||D_i||_(l)*^p =
/// 1 and y_l^p >= lower_l. Run the layers one after another, layer l times c_l: the final norm is sum_l c_l
/// y_l, the sum of the p-th moments is sum_l c_l^p, and with c_l = lower_l^{1/(p(p-1))} (equality in Hoelder)
/// their ratio is (sum_l lower_l^{1/(p-1)})^p/(sum_l lower_l^{1/(p-1)}).
///
/// # Degenerate cases
/// A layer in which S vanishes stays zero in the lmo, one in which it is tiny moves like any other.
///
/// # Errors
/// Those of the layers' norms, and [`NormError::WrongShape`] on anything but N x 1.
#[derive(Debug)]
pub struct MaxOver<T: Scalar> {
    pub(super) layers: Layers<T>,
}

impl<T: Scalar> MaxOver<T> {
    /// The largest of the layers' norms.
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

impl<T: Scalar> Norm<T> for MaxOver<T> {
    fn label(&self) -> NormLabel {
        NormLabel::new(self.layers.label("max-over"))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        self.layers.combine(x, |norm, x| norm.value(x), largest)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        self.layers.combine(s, |norm, s| norm.dual_value(s), |values| values.iter().sum())
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        self.layers.check(s.dimensions()?)?;
        // For its errors only: each layer finds its own scale, far below that of another if need be.
        Unit::of(s)?;
        let parts = self.layers.unpack(s)?;
        let layers = self.layers.layers().iter().zip(&parts);
        let directions: Result<Vec<_>, _> = layers.map(|(layer, part)| layer.norm.lmo(part)).collect();
        self.layers.pack(&directions?)
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(SumOver { layers: self.layers.dual() })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.layers.check(dimensions)?;
        let types = self.layers.noise_types(p)?;
        let factors_add = |bound: fn(&NoiseType) -> f64| {
            let bounds: Vec<f64> = types.iter().map(bound).collect();
            // The largest is taken out: kappa itself overflows for p near 1.
            let (top, e) = (largest(&bounds), p.p() - 1.0);
            top * bounds.iter().map(|k| (k / top).powf(1.0 / e)).sum::<f64>().powf(e)
        };
        let (lower, upper) = (factors_add(|k| k.lower), factors_add(|k| k.upper));
        Ok(smallest(p, self.ball(dimensions)?, lower, &[upper]))
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        self.layers.check(dimensions)?;
        let mut all = Ball { inradius: f64::INFINITY, circumradius: 0.0 };
        for layer in self.layers.layers() {
            let ball = layer.norm.ball(layer.dimensions)?;
            all.inradius = all.inradius.min(ball.inradius);
            all.circumradius = all.circumradius.hypot(ball.circumradius);
        }
        Ok(all)
    }
    fn space(&self) -> Option<Dimensions> {
        Some(self.layers.dimensions())
    }
    fn zero_respecting(&self) -> ZeroRespecting {
        self.layers.zero_respecting()
    }
}

pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// Three layers, as a small network has them.
pub(super) fn example_layers<T: Scalar>() -> Vec<Layer<T>> {
    let layer =
        |rows, columns, norm| Layer { dimensions: Dimensions::new(rows, columns).expect("not empty"), norm };
    vec![
        layer(2, 2, Box::new(Spectral) as Box<dyn Norm<T>>),
        layer(2, 1, Box::new(Frobenius)),
        layer(1, 3, Box::new(MaxEntry)),
    ]
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    vec![Box::new(MaxOver::new(example_layers()).expect("norms on every shape"))]
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "max-over",
        summary: "largest of the norms of several layers, packed into one column",
        parameters: &["layers"],
        build: |table| Ok(Box::new(MaxOver { layers: build_layers::<T>("max-over", table)? })),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms::combinators::scaled::Scaled;

    #[test]
    fn dimension_factors_add_over_layers() {
        let norm = MaxOver::<f64>::new(example_layers()).unwrap();
        let p = MomentOrder::new(1.5).unwrap();
        let types = norm.layers.noise_types(p).unwrap();
        let k = Norm::<f64>::noise_type(&norm, norm.layers.dimensions(), p).unwrap();
        let sum: f64 = types.iter().map(|k| k.dimension_factor(p)).sum();
        assert!((k.dimension_factor(p) / sum - 1.0).abs() < 1e-14);
        let lower: f64 = types.iter().map(|k| k.lower * k.lower).sum();
        assert!((k.lower * k.lower / lower - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_layer_without_a_gradient_does_not_move() {
        let norm = MaxOver::<f64>::new(example_layers()).unwrap();
        let mut parts = norm.layers.unpack(&Matrix::from_fn(9, 1, |i, _| i as f64 - 7.5)).unwrap();
        parts[0] = Matrix::zeros(2, 2);
        let x = norm.lmo(&norm.layers.pack(&parts).unwrap()).unwrap();
        assert!(norm.layers.unpack(&x).unwrap()[0].is_zero());
    }

    #[test]
    fn a_layer_moves_however_far_its_gradient_is_below_that_of_another() {
        let norm = MaxOver::<f64>::new(example_layers()).unwrap();
        let mut parts = norm.layers.unpack(&Matrix::from_fn(9, 1, |i, _| i as f64 - 7.5)).unwrap();
        let expected = norm.lmo(&norm.layers.pack(&parts).unwrap()).unwrap();
        parts[0] = parts[0].times_power_of_two(700);
        parts[2] = parts[2].times_power_of_two(-700);
        assert_eq!(norm.lmo(&norm.layers.pack(&parts).unwrap()), Ok(expected));
    }

    #[test]
    fn a_layer_counts_however_far_its_entries_are_below_those_of_another() {
        let layer = |factor| Layer {
            dimensions: Dimensions::new(1, 1).unwrap(),
            norm: Box::new(Scaled::new(factor, Frobenius).unwrap()) as Box<dyn Norm<f32>>,
        };
        // 1e30 times 2e-30 against 1e-30 times 1e30; the quotient of the entries is no number of this type.
        let x = Matrix::<f32>::from_rows(&[[2e-30], [1e30]]).unwrap();
        let norm = MaxOver::new(vec![layer(1e30), layer(1e-30)]).unwrap();
        approx::assert_relative_eq!(norm.value(&x).unwrap(), 2.0, max_relative = 1e-6);
        let sum = SumOver::new(vec![layer(1e30), layer(1e-30)]).unwrap();
        approx::assert_relative_eq!(sum.value(&x).unwrap(), 3.0, max_relative = 1e-6);
        let s = Matrix::<f32>::from_rows(&[[1e30], [2e-30]]).unwrap();
        assert!(sum.lmo(&s).unwrap()[(1, 0)] < 0.0);
    }
}
