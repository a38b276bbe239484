//! The product of several matrix spaces as one space of columns.

use serde::Deserialize;
use toml::Table;

use crate::norms::build;
use crate::registry::{ConfigError, read};
use crate::spec::{Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, Scalar, ZeroRespecting};
use crate::unit::Unit;

/// A layer: a space with a norm.
#[derive(Debug)]
pub struct Layer<T: Scalar> {
    /// d_out x d_in.
    pub dimensions: Dimensions,
    /// The norm on it.
    pub norm: Box<dyn Norm<T>>,
}

/// A product of spaces. Its points are N x 1 matrices, N the number of all entries: one layer after another,
/// each column by column.
#[derive(Debug)]
pub struct Layers<T: Scalar> {
    layers: Vec<Layer<T>>,
    /// N x 1.
    dimensions: Dimensions,
}

impl<T: Scalar> Layers<T> {
    /// The product of these spaces.
    ///
    /// # Errors
    /// [`NormError::Empty`] without a layer, [`NormError::WrongShape`] if a norm does not live on its layer's
    /// shape.
    pub fn new(layers: Vec<Layer<T>>) -> Result<Self, NormError> {
        for layer in &layers {
            layer.norm.ball(layer.dimensions)?;
        }
        let entries = layers.iter().map(|layer| layer.dimensions.entries()).sum();
        Ok(Self { dimensions: Dimensions::new(entries, 1)?, layers })
    }

    /// N x 1.
    pub fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer<T>] {
        &self.layers
    }

    /// One matrix per layer as one column.
    ///
    /// # Errors
    /// [`NormError::WrongShape`] if a matrix has another shape than its layer, or there are more or fewer
    /// than layers.
    pub fn pack(&self, matrices: &[Matrix<T>]) -> Result<Matrix<T>, NormError> {
        for (layer, matrix) in self.layers.iter().zip(matrices) {
            same(layer.dimensions, matrix.dimensions()?)?;
        }
        let entries: Vec<T> = matrices.iter().flat_map(Matrix::entries).collect();
        self.check(Dimensions::new(entries.len(), 1)?)?;
        Ok(Matrix::from_fn(entries.len(), 1, |i, _| entries[i]))
    }

    /// The matrices of the layers in a column.
    ///
    /// # Errors
    /// [`NormError::WrongShape`] unless it is N x 1.
    pub fn unpack(&self, column: &Matrix<T>) -> Result<Vec<Matrix<T>>, NormError> {
        self.check(column.dimensions()?)?;
        let mut rest = column.column(0);
        Ok(self
            .layers
            .iter()
            .map(|layer| {
                let (own, others) = rest.split_at(layer.dimensions.entries());
                rest = others;
                let rows = layer.dimensions.rows();
                Matrix::from_fn(rows, layer.dimensions.columns(), |i, j| own[j * rows + i])
            })
            .collect())
    }

    /// Only N x 1 is the shape of this space.
    ///
    /// # Errors
    /// [`NormError::WrongShape`].
    pub fn check(&self, found: Dimensions) -> Result<(), NormError> {
        same(self.dimensions, found)
    }

    /// The product of the dual spaces.
    pub(super) fn dual(&self) -> Self {
        let dual = |layer: &Layer<T>| Layer { dimensions: layer.dimensions, norm: layer.norm.dual() };
        Self { layers: self.layers.iter().map(dual).collect(), dimensions: self.dimensions }
    }

    /// `f` of the values of all layers, divided by one power of two, brought back to scale.
    pub(super) fn combine(
        &self,
        x: &Matrix<T>,
        value: impl Fn(&dyn Norm<T>, &Matrix<T>) -> Result<T, NormError>,
        f: impl Fn(&[f64]) -> f64,
    ) -> Result<T, NormError> {
        let unit = Unit::of(x)?;
        unit.restore(f(&self.values(x, unit.exponent(), value)?))
    }

    /// The values of all layers divided by 2^exponent, which is that of the largest entry of the column.
    ///
    /// Each is taken at the layer's own scale: a factor in a layer's norm may make up for any quotient of entries.
    pub(super) fn values(
        &self,
        x: &Matrix<T>,
        exponent: i32,
        value: impl Fn(&dyn Norm<T>, &Matrix<T>) -> Result<T, NormError>,
    ) -> Result<Vec<f64>, NormError> {
        let one = |(layer, part): (&Layer<T>, &Matrix<T>)| {
            let own = Unit::of(part)?;
            let at_unit = value(&*layer.norm, own.matrix())?.to_f64();
            Ok(at_unit.times_power_of_two(own.exponent().saturating_sub(exponent)))
        };
        self.layers.iter().zip(&self.unpack(x)?).map(one).collect()
    }

    /// K_p of every layer.
    pub(super) fn noise_types(&self, p: MomentOrder) -> Result<Vec<NoiseType>, NormError> {
        self.layers.iter().map(|layer| layer.norm.noise_type(layer.dimensions, p)).collect()
    }

    /// The class as N x 1 matrices, whose rows are single entries: all or nothing. A layer of one row or column has
    /// single entries as lines.
    pub(super) fn zero_respecting(&self) -> ZeroRespecting {
        let keeps_entries = |layer: &Layer<T>| {
            let is_vector = layer.dimensions.smaller_side() == 1;
            layer.norm.zero_respecting()
                >= if is_vector { ZeroRespecting::Lines } else { ZeroRespecting::Entries }
        };
        let all = self.layers.iter().all(keeps_entries);
        if all { ZeroRespecting::Entries } else { ZeroRespecting::Nothing }
    }

    /// `name(spectral[4x3], frobenius[5x1])`.
    pub(super) fn label(&self, name: &str) -> String {
        let layer = |layer: &Layer<T>| format!("{}[{}]", layer.norm.label(), layer.dimensions);
        format!("{name}({})", self.layers.iter().map(layer).collect::<Vec<_>>().join(", "))
    }
}

fn same(expected: Dimensions, found: Dimensions) -> Result<(), NormError> {
    if expected == found { Ok(()) } else { Err(NormError::WrongShape { expected, found }) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    layers: Vec<LayerConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerConfig {
    rows: usize,
    columns: usize,
    norm: Table,
}

/// The layers of a table: `layers = [{ rows = 4, columns = 3, norm = { name = "spectral" } }, ...]`.
pub(super) fn build_layers<T: Scalar>(name: &str, table: &Table) -> Result<Layers<T>, ConfigError> {
    let config = read::<Config>(name, table)?;
    if config.layers.is_empty() {
        return Err(ConfigError::Data(format!("{name}: `layers` must list at least one layer")));
    }
    let layers: Result<Vec<Layer<T>>, ConfigError> = config
        .layers
        .into_iter()
        .map(|layer| {
            let dimensions = Dimensions::new(layer.rows, layer.columns)?;
            // Sizes are a user's words: their product and sum must not wrap around.
            if layer.rows.checked_mul(layer.columns).is_none_or(|entries| entries > MOST_ENTRIES) {
                return Err(ConfigError::Data(format!(
                    "{name}: a layer of {dimensions} is larger than any memory"
                )));
            }
            Ok(Layer { dimensions, norm: build(&layer.norm)? })
        })
        .collect();
    Ok(Layers::new(layers?)?)
}

/// 2^40 entries per layer: no machine holds them, and no sum of counts of a parsed list overflows.
const MOST_ENTRIES: usize = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norms::{frobenius::Frobenius, spectral::Spectral};

    #[test]
    fn packing_and_unpacking_are_inverse_and_column_major() {
        let space = Layers::<f64>::new(vec![
            Layer { dimensions: Dimensions::new(2, 2).unwrap(), norm: Box::new(Spectral) },
            Layer { dimensions: Dimensions::new(1, 3).unwrap(), norm: Box::new(Frobenius) },
        ])
        .unwrap();
        let parts = [
            Matrix::from_rows(&[[1.0, 3.0], [2.0, 4.0]]).unwrap(),
            Matrix::from_rows(&[[5.0, 6.0, 7.0]]).unwrap(),
        ];
        let packed = space.pack(&parts).unwrap();
        assert_eq!(packed, Matrix::from_fn(7, 1, |i, _| (i + 1) as f64));
        assert_eq!(space.unpack(&packed).unwrap(), parts);
        assert!(matches!(space.pack(&parts[..1]), Err(NormError::WrongShape { .. })));
        assert!(matches!(space.unpack(&packed.transposed()), Err(NormError::WrongShape { .. })));
    }
}
