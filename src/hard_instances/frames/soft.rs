//! The soft projection: a smooth map of the whole space into a ball (DEF-SOFT, LEM-SOFT).

use libm::sqrt;

use crate::algorithms::positive;
use crate::registry::ConfigError;

/// An upper bound of R ||D^2 rho_R||, whose supremum is (3/2) (5/4)^{-5/2} = 0.85865.., attained at x = (R/2) z (LEM-SOFT).
pub const SECOND_DERIVATIVE: f64 = 0.8587;

/// R^2 ||D^3 rho_R||, attained at x = 0 (LEM-SOFT).
pub const THIRD_DERIVATIVE: f64 = 3.0;

/// rho_R(x) = x/varrho, varrho = sqrt(1 + ||x||^2/R^2), the gradient of R^2 varrho: its derivatives are symmetric forms.
///
/// Slices have one length in a call; another is a panic, as in arithmetic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftProjection {
    radius: f64,
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "an inner product of vectors of one length");
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// a x + b y + c z.
fn combination([a, b, c]: [f64; 3], x: &[f64], y: &[f64], z: &[f64]) -> Vec<f64> {
    x.iter().zip(y).zip(z).map(|((x, y), z)| a * x + b * y + c * z).collect()
}

impl SoftProjection {
    /// The projection into the ball of radius R.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] unless 0 < R < inf.
    pub fn new(radius: f64) -> Result<Self, ConfigError> {
        Ok(Self { radius: positive("soft projection", "radius", radius)? })
    }

    /// R.
    pub fn radius(self) -> f64 {
        self.radius
    }

    /// varrho(x) = sqrt(1 + ||x||^2/R^2).
    pub fn stretch(self, x: &[f64]) -> f64 {
        sqrt(1.0 + dot(x, x) / (self.radius * self.radius))
    }

    /// rho_R(x).
    pub fn image(self, x: &[f64]) -> Vec<f64> {
        let stretch = self.stretch(x);
        x.iter().map(|x| x / stretch).collect()
    }

    /// The x with rho_R(x) = y: y/sqrt(1 - ||y||^2/R^2), `None` unless ||y|| < R.
    pub fn preimage(self, y: &[f64]) -> Option<Vec<f64>> {
        let left = 1.0 - dot(y, y) / (self.radius * self.radius);
        (left > 0.0).then(|| y.iter().map(|y| y / sqrt(left)).collect())
    }

    /// J(x) z = z/varrho - x <x, z>/(R^2 varrho^3).
    pub fn jacobian_action(self, x: &[f64], z: &[f64]) -> Vec<f64> {
        let (r2, v) = (self.radius * self.radius, self.stretch(x));
        let along = dot(x, z) / (r2 * v * v);
        x.iter().zip(z).map(|(x, z)| (z - along * x) / v).collect()
    }

    /// D^2 rho_R(x)\[z, w\] = -(z <x,w> + w <x,z> + x <z,w>)/(R^2 varrho^3) + 3 x <x,z> <x,w>/(R^4 varrho^5).
    pub fn second(self, x: &[f64], z: &[f64], w: &[f64]) -> Vec<f64> {
        let (r2, v) = (self.radius * self.radius, self.stretch(x));
        let (along_z, along_w) = (dot(x, z), dot(x, w));
        let along_x = dot(z, w) - 3.0 * along_z * along_w / (r2 * v * v);
        combination([-along_w, -along_z, -along_x].map(|k| k / (r2 * v * v * v)), z, w, x)
    }

    /// D^3 rho_R(x)\[z, z, z\].
    pub fn third(self, x: &[f64], z: &[f64]) -> Vec<f64> {
        let (r2, v) = (self.radius * self.radius, self.stretch(x));
        let (along, size) = (dot(x, z), dot(z, z));
        let share = along * along / (r2 * v * v);
        let on_z = (9.0 * share - 3.0 * size) / (r2 * v.powi(3));
        let on_x = along * (9.0 * size - 15.0 * share) / (r2 * r2 * v.powi(5));
        combination([on_z, on_x, 0.0], z, x, x)
    }
}
