//! A norm after multiplication from the left and the right.

use serde::Deserialize;
use toml::Table;

use super::weight::{Weight, WeightError, sandwich};
use crate::norms::{Entry, build, ky_fan::KyFan, max_entry::MaxEntry, spectral::Spectral};
use crate::registry::read;
use crate::spec::{
    Ball, Dimensions, Matrix, MomentOrder, NoiseType, Norm, NormError, NormLabel, Scalar, ZeroRespecting,
};
use crate::unit::{self, Unit, restore};

/// ||X|| = ||A X B||_0 with invertible A (m x m) and B (n x n).
///
/// # Formulas
///
/// ```text
/// ||S||_* = ||A^{-T} S B^{-T}||_{0*}
/// lmo(S)  = A^{-1} lmo_0(A^{-T} S B^{-T}) B^{-1}
/// K_p     that of ||.||_0: S -> A^{-T} S B^{-T} is a linear isometry between the dual spaces
/// ball    inradius_0/(||A|| ||B||) and circumradius_0 ||A^{-1}|| ||B^{-1}||, operator norms: safe, not exact
/// ```
///
/// # Shapes
/// m x n, the sides of the weights, and no other.
///
/// # Contract
/// Relative errors grow with the product of the two condition numbers. Between diagonal weights the lmo keeps the zeros
/// that ||.||_0 keeps ([`Norm::zero_respecting`]). Otherwise nothing is claimed: a dense B fills zero columns, a dense A
/// zero rows.
///
/// # Errors
/// Those of ||.||_0, [`NormError::WrongShape`], and [`NormError::Overflow`] also for an lmo (tiny weights).
#[derive(Debug)]
pub struct Weighted<T: Scalar> {
    left: Weight<T>,
    right: Weight<T>,
    /// m x n.
    space: Dimensions,
    norm: Box<dyn Norm<T>>,
}

impl<T: Scalar> Weighted<T> {
    /// ||A X B|| in `norm`.
    ///
    /// # Errors
    /// [`WeightError`]: weights must be square, finite, and conditioned no worse than
    /// [`crate::tol::condition`].
    pub fn new(
        left: &Matrix<T>,
        norm: impl Norm<T> + 'static,
        right: &Matrix<T>,
    ) -> Result<Self, WeightError> {
        let (left, right) = (Weight::new(left)?, Weight::new(right)?);
        let space = Dimensions::new(left.side(), right.side()).map_err(NormError::from)?;
        // The norm may itself live on one space only.
        norm.ball(space)?;
        Ok(Self { left, right, space, norm: Box::new(norm) })
    }

    fn check(&self, found: Dimensions) -> Result<(), NormError> {
        let expected = self.space;
        if expected == found { Ok(()) } else { Err(NormError::WrongShape { expected, found }) }
    }

    /// A^{-T} S B^{-T} and its exponent, for S at unit scale.
    fn pulled_back(&self, s: &Matrix<T>) -> (Matrix<T>, i32) {
        sandwich(&self.left.inverse.transposed(), s, &self.right.inverse.transposed())
    }
}

impl<T: Scalar> Norm<T> for Weighted<T> {
    fn label(&self) -> NormLabel {
        let (left, right) = (self.left.label(), self.right.label());
        NormLabel::new(format!("weighted({left}, {}, {right})", self.norm.label()))
    }
    fn value(&self, x: &Matrix<T>) -> Result<T, NormError> {
        let unit = Unit::of(x)?;
        self.check(unit.dimensions())?;
        let (axb, exponent) = sandwich(&self.left.matrix, unit.matrix(), &self.right.matrix);
        restore(self.norm.value(&axb)?.to_f64(), unit.exponent() + exponent)
    }
    fn dual_value(&self, s: &Matrix<T>) -> Result<T, NormError> {
        let unit = Unit::of(s)?;
        self.check(unit.dimensions())?;
        let (z, exponent) = self.pulled_back(unit.matrix());
        restore(self.norm.dual_value(&z)?.to_f64(), unit.exponent() + exponent)
    }
    fn lmo(&self, s: &Matrix<T>) -> Result<Matrix<T>, NormError> {
        let unit = Unit::of(s)?;
        self.check(unit.dimensions())?;
        let direction = self.norm.lmo(&self.pulled_back(unit.matrix()).0)?;
        let (x, exponent) = sandwich(&self.left.inverse, &direction, &self.right.inverse);
        unit::finite(x.times_power_of_two(exponent))
    }
    fn dual(&self) -> Box<dyn Norm<T>> {
        Box::new(Self {
            left: self.left.contragredient(),
            right: self.right.contragredient(),
            space: self.space,
            norm: self.norm.dual(),
        })
    }
    fn noise_type(&self, dimensions: Dimensions, p: MomentOrder) -> Result<NoiseType, NormError> {
        self.check(dimensions)?;
        self.norm.noise_type(dimensions, p)
    }
    fn ball(&self, dimensions: Dimensions) -> Result<Ball, NormError> {
        self.check(dimensions)?;
        let Ball { mut inradius, mut circumradius } = self.norm.ball(dimensions)?;
        for weight in [&self.left, &self.right] {
            inradius /= weight.matrix.operator_norm;
            circumradius *= weight.inverse.operator_norm;
        }
        Ok(Ball { inradius, circumradius })
    }
    fn space(&self) -> Option<Dimensions> {
        Some(self.space)
    }
    /// Diagonal weights commute with signs of whole rows and columns.
    fn is_sign_invariant(&self) -> bool {
        self.left.is_diagonal() && self.right.is_diagonal() && self.norm.is_sign_invariant()
    }
    /// That of ||.||_0 between diagonal weights; a weight that mixes rows or columns fills zeros.
    fn zero_respecting(&self) -> ZeroRespecting {
        if self.left.is_diagonal() && self.right.is_diagonal() {
            self.norm.zero_respecting()
        } else {
            ZeroRespecting::Nothing
        }
    }
}

/// Instances to test laws on.
pub fn examples<T: Scalar>() -> Vec<Box<dyn Norm<T>>> {
    let matrix = |rows: &[&[f64]]| Matrix::from_rows(rows).expect("rows of one length").cast::<T>();
    let a = matrix(&[&[2.0, 1.0, 0.0], &[0.0, 1.0, 0.5], &[0.5, 0.0, 1.0]]);
    let b =
        matrix(&[&[1.0, 0.5, 0.0, 0.0], &[0.0, 2.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 0.0], &[1.0, 0.0, 0.0, 4.0]]);
    let two = KyFan::new(std::num::NonZeroUsize::new(2).expect("not zero"));
    [
        Weighted::new(&a, Spectral, &b),
        Weighted::new(&(&a * T::from_f64(1e-3)), MaxEntry, &a),
        Weighted::new(&b, two, &a),
    ]
    .into_iter()
    .map(|norm| Box::new(norm.expect("well conditioned")) as _)
    .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    norm: Table,
    left: Vec<Vec<f64>>,
    right: Vec<Vec<f64>>,
}

/// The registry entry.
pub fn entry<T: Scalar>() -> Entry<T> {
    Entry {
        name: "weighted",
        summary: "another norm of A X B; left = A and right = B are lists of rows",
        parameters: &["norm", "left", "right"],
        build: |table| {
            let Config { norm, left, right } = read("weighted", table)?;
            let left = Matrix::from_rows(&left)?.cast();
            let right = Matrix::from_rows(&right)?.cast();
            Ok(Box::new(Weighted::new(&left, build::<T>(&norm)?, &right)?))
        },
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighted(rows: &[[f64; 2]; 2]) -> Result<Weighted<f64>, WeightError> {
        Weighted::new(&Matrix::from_rows(rows).unwrap(), Spectral, &Matrix::from_diagonal(2, 2, &[1.0, 1.0]))
    }

    #[test]
    fn singular_and_crooked_weights_are_refused() {
        for rows in
            [[[1.0, 2.0], [2.0, 4.0]], [[0.0; 2]; 2], [[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1e-9]]]
        {
            assert!(matches!(weighted(&rows), Err(WeightError::IllConditioned { .. })), "{rows:?}");
        }
        let wide = Matrix::<f64>::zeros(2, 3);
        assert!(matches!(Weighted::new(&wide, Spectral, &wide), Err(WeightError::NotSquare(_))));
        assert!(matches!(weighted(&[[f64::NAN, 0.0], [0.0, 1.0]]), Err(WeightError::Matrix(_))));
    }

    #[test]
    fn different_weights_have_different_labels_and_equal_ones_the_same() {
        let label = |rows| weighted(&rows).unwrap().label();
        assert_eq!(label([[1.0, 0.0], [0.0, 2.0]]), label([[1.0, 0.0], [0.0, 2.0]]));
        assert_ne!(label([[1.0, 0.0], [0.0, 2.0]]), label([[2.0, 0.0], [0.0, 1.0]]));
        assert_ne!(label([[1.0, 0.0], [0.0, 2.0]]), label([[2.0, 0.0], [0.0, 4.0]]));
    }

    #[test]
    fn diagonal_weights_keep_the_class_of_their_norm_and_others_keep_nothing() {
        let diagonal = [[3.0, 0.0], [0.0, 0.1]];
        assert_eq!(weighted(&diagonal).unwrap().zero_respecting(), ZeroRespecting::Lines);
        assert_eq!(weighted(&[[3.0, 0.0], [0.5, 0.1]]).unwrap().zero_respecting(), ZeroRespecting::Nothing);
        // Weights whose inverse comes out of a decomposition, in every order of sizes.
        let weights = Matrix::from_diagonal(4, 4, &[0.3, -7.0, 1e-3, 49.0]);
        let norm = Weighted::new(&weights, MaxEntry, &weights).unwrap();
        assert_eq!(norm.zero_respecting(), ZeroRespecting::Entries);
        let s = Matrix::from_fn(
            4,
            4,
            |i, j| if (i + j) % 3 == 0 { 0.0 } else { 0.1 * (i + 2 * j) as f64 - 0.35 },
        );
        assert!(ZeroRespecting::Entries.keeps(&norm.lmo(&s).unwrap(), &s));
        let dual = norm.dual();
        assert!(dual.zero_respecting() == ZeroRespecting::Entries);
        assert!(ZeroRespecting::Entries.keeps(&dual.lmo(&s).unwrap(), &s));
    }

    #[test]
    fn huge_and_tiny_weights_neither_overflow_nor_vanish() {
        let x = Matrix::from_diagonal(2, 2, &[1.0, 0.5]);
        let huge = weighted(&[[1e300, 0.0], [0.0, 1e300]]).unwrap();
        assert!((huge.value(&x).unwrap() / 1e300 - 1.0).abs() < 1e-15);
        assert!(huge.value(&(&x * 1e300)).is_err());
        assert!((huge.dual_value(&x).unwrap() * 1e300 - 1.5).abs() < 1e-14);
    }

    #[test]
    fn another_shape_is_refused_with_the_right_one() {
        let expected = Dimensions::new(2, 2).unwrap();
        let refused = weighted(&[[1.0, 0.0], [0.0, 1.0]]).unwrap().value(&Matrix::zeros(3, 2));
        assert_eq!(refused, Err(NormError::WrongShape { expected, found: Dimensions::new(3, 2).unwrap() }));
    }
}
