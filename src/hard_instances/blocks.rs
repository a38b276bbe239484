//! Disjoint copies of the chain function inside a matrix: the objective of the lower bounds.

use serde::{Deserialize, Serialize};

use super::chain;
use crate::family::{Family, Known};
use crate::registry::ConfigError;
use crate::spec::chain::chain_constants;
use crate::spec::{
    Dimensions, HessianLipschitz, Infimum, Matrix, Norm, Problem, ProblemError, Scalar, Smoothness,
};

/// Where the blocks lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Block i is the part of row i in columns iT, ..., (i+1)T - 1: rows and columns of different blocks are disjoint.
    Rows,
    /// The transpose: block i is the part of column i in rows iT, ..., (i+1)T - 1.
    Columns,
    /// Block i is the part of row i in columns 0, ..., T - 1, which all blocks share.
    SharedRows,
    /// The transpose: block i is the part of column i in rows 0, ..., T - 1.
    SharedColumns,
}

impl Layout {
    /// Blocks lie along rows.
    fn along_rows(self) -> bool {
        matches!(self, Self::Rows | Self::SharedRows)
    }

    /// No two blocks share a row or a column.
    pub fn is_disjoint(self) -> bool {
        matches!(self, Self::Rows | Self::Columns)
    }

    /// The smallest matrix that holds the blocks.
    ///
    /// # Errors
    /// [`ConfigError::Data`] for no blocks, blocks of no length, or counts beyond this machine's numbers.
    pub fn smallest(self, blocks: usize, length: usize) -> Result<Dimensions, ConfigError> {
        if blocks == 0 || length == 0 {
            return Err(ConfigError::Data(format!(
                "{}: blocks and length must be at least 1, not {blocks} and {length}",
                super::NAME
            )));
        }
        let across = if self.is_disjoint() { blocks.checked_mul(length) } else { Some(length) };
        let across = across.ok_or_else(|| {
            ConfigError::Data(format!("{blocks} disjoint blocks of length {length} fit no matrix"))
        })?;
        let (rows, columns) = if self.along_rows() { (blocks, across) } else { (across, blocks) };
        Ok(Dimensions::new(rows, columns)?)
    }
}

/// c and s are finite and above 0, and so are c/s, c/s^2 and c/s^3.
pub(super) fn check_sizes(scale: f64, width: f64) -> Result<(), ConfigError> {
    for (parameter, value) in [("scale", scale), ("width", width)] {
        if !(value.is_finite() && value > 0.0) {
            let name = super::NAME.into();
            return Err(ConfigError::OutOfRange { name, parameter, must_be: "finite and above 0", value });
        }
    }
    // Gradients, Hessians and their changes are of the sizes c/s, c/s^2 and c/s^3.
    if let Some(value) = (1..=3).map(|k| scale / width.powi(k)).find(|size| !size.is_normal()) {
        let must_be = "such that scale/width, scale/width^2 and scale/width^3 are ordinary numbers";
        return Err(ConfigError::OutOfRange { name: super::NAME.into(), parameter: "scale", must_be, value });
    }
    Ok(())
}

/// f(X) = c sum_i F_T(x_i/s) over N blocks x_i of T entries of X each; f does not depend on the other entries.
///
/// # Constants
///
/// With g_i = grad F_T(x_i/s), block i of the gradient is (c/s) g_i. Gap: c N ([`chain::gap`]), the infimum is approached as
/// the blocks grow and not attained.
///
/// For a norm that is scale times an l_q norm of singular values (disjoint blocks), of rows (blocks along rows) or of
/// columns (blocks along columns), the dual is an l_b norm, 1/q + 1/b = 1, and
///
/// ```text
/// L = (c/s^2) ell_1 N^{(1 - 2/q)+} / scale^2,     rho = (c/s^3) ell_2 N^{(1 - 3/q)+} / scale^3.
/// ```
///
/// Proof. A matrix supported on the blocks has block 2-norms for its nonzero singular values (row norms), so its dual norm
/// is the l_b norm of those; and ||Z|| >= the l_q norm of the block 2-norms z_i of Z (pinching for singular values). The
/// Hessian maps block i of Z to at most (c/s^2) ell_1 z_i, and ||z||_b <= N^{(1/b - 1/q)+}||z||_q. A difference of Hessians at
/// X, Y maps it to at most (c/s^3) ell_2 d_i z_i with d_i = ||x_i - y_i||, and Hoelder gives N^{(1/b - 2/q)+}. []
///
/// The factor of N is attained by equal blocks; what may be lost is the gap between ell_1, ell_2 and their suprema
/// (`spec/constants/chain.toml`). Any other norm: R^2 (c/s^2) ell_1 and R^3 (c/s^3) ell_2, R the circumradius of the unit
/// ball.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockChain {
    dimensions: Dimensions,
    layout: Layout,
    blocks: usize,
    length: usize,
    scale: f64,
    width: f64,
}

impl BlockChain {
    /// N blocks of length T on a space, with c = `scale` and s = `width`.
    ///
    /// # Errors
    /// [`ConfigError::Data`] if the blocks do not fit, [`ConfigError::OutOfRange`] unless c and s are finite and above 0.
    pub fn new(
        dimensions: Dimensions,
        layout: Layout,
        blocks: usize,
        length: usize,
        scale: f64,
        width: f64,
    ) -> Result<Self, ConfigError> {
        check_sizes(scale, width)?;
        let smallest = layout.smallest(blocks, length)?;
        if smallest.rows() > dimensions.rows() || smallest.columns() > dimensions.columns() {
            return Err(ConfigError::Data(format!(
                "{blocks} blocks of length {length} need {smallest}, the matrix is {dimensions}; take more rows or columns, \
                 fewer blocks, or a layout that shares them"
            )));
        }
        Ok(Self { dimensions, layout, blocks, length, scale, width })
    }

    /// N.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// T.
    pub fn length(&self) -> usize {
        self.length
    }

    /// c.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// s.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Where the blocks lie.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The place of entry k of block i, both counted from 0.
    pub fn position(&self, i: usize, k: usize) -> (usize, usize) {
        let along = if self.layout.is_disjoint() { i * self.length + k } else { k };
        if self.layout.along_rows() { (i, along) } else { (along, i) }
    }

    /// x_i/s.
    pub fn block<T: Scalar>(&self, x: &Matrix<T>, i: usize) -> Vec<f64> {
        let mut block = vec![0.0; self.length];
        self.read(x, i, &mut block);
        block
    }

    fn read<T: Scalar>(&self, x: &Matrix<T>, i: usize, block: &mut [f64]) {
        for (k, entry) in block.iter_mut().enumerate() {
            *entry = x[self.position(i, k)].to_f64() / self.width;
        }
    }

    /// prog_c(x_i/s) for each block: how many of its entries are counted as discovered.
    pub fn progress<T: Scalar>(&self, x: &Matrix<T>, c: f64) -> Vec<usize> {
        let mut block = vec![0.0; self.length];
        let mut of = |i| {
            self.read(x, i, &mut block);
            chain::progress(&block, c)
        };
        (0..self.blocks).map(&mut of).collect()
    }

    /// The matrix whose blocks are `of(i)`, zero elsewhere.
    fn assemble<T: Scalar>(&self, mut of: impl FnMut(usize, &mut [f64])) -> Matrix<T> {
        let mut matrix = Matrix::zeros(self.dimensions.rows(), self.dimensions.columns());
        let mut block = vec![0.0; self.length];
        for i in 0..self.blocks {
            of(i, &mut block);
            for (k, &entry) in block.iter().enumerate() {
                matrix[self.position(i, k)] = T::from_f64(entry);
            }
        }
        matrix
    }

    /// (scale, q) if the norm is scale times an l_q norm of the block 2-norms, for matrices supported on the blocks.
    pub fn exponent<T: Scalar>(&self, norm: &dyn Norm<T>) -> Option<(f64, f64)> {
        let Known { scale, family } = Known::find(&norm.label(), self.dimensions)?;
        let alone = self.blocks == 1;
        match family {
            Family::Schatten(q) if alone || self.layout.is_disjoint() || q == 2.0 => Some((scale, q)),
            Family::Rows(q) if self.layout.along_rows() => Some((scale, q)),
            Family::Columns(q) if !self.layout.along_rows() => Some((scale, q)),
            Family::Entries(2.0) | Family::Rows(2.0) | Family::Columns(2.0) => Some((scale, 2.0)),
            _ => None,
        }
    }

    /// `constant` times c/s^k, in the norm.
    fn class_constant<T: Scalar>(
        &self,
        constant: f64,
        k: i32,
        norm: &dyn Norm<T>,
    ) -> Result<f64, ProblemError> {
        let in_block = constant * self.scale / self.width.powi(k);
        let general = in_block * norm.ball(self.dimensions)?.circumradius.powi(k);
        let known = self.exponent(norm).map(|(scale, q)| {
            let power = (1.0 - f64::from(k) / q).max(0.0);
            in_block * (self.blocks as f64).powf(power) / scale.powi(k)
        });
        Ok(known.map_or(general, |known| known.min(general)))
    }
}

impl<T: Scalar> Problem<T> for BlockChain {
    fn name(&self) -> &str {
        super::NAME
    }

    fn dimensions(&self) -> Dimensions {
        self.dimensions
    }

    fn start(&self) -> Matrix<T> {
        Matrix::zeros(self.dimensions.rows(), self.dimensions.columns())
    }

    fn objective(&self, x: &Matrix<T>) -> T {
        let sum: f64 = (0..self.blocks).map(|i| chain::value(&self.block(x, i))).sum();
        T::from_f64(self.scale * sum)
    }

    fn gradient(&self, x: &Matrix<T>) -> Matrix<T> {
        let factor = self.scale / self.width;
        let mut point = vec![0.0; self.length];
        self.assemble(|i, block| {
            self.read(x, i, &mut point);
            chain::gradient(&point, block);
            block.iter_mut().for_each(|g| *g *= factor);
        })
    }

    fn hessian_action(&self, x: &Matrix<T>, z: &Matrix<T>) -> Matrix<T> {
        let factor = self.scale / self.width;
        self.assemble(|i, image| {
            chain::hessian_action(&self.block(x, i), &self.block(z, i), image);
            image.iter_mut().for_each(|h| *h *= factor);
        })
    }

    fn infimum(&self) -> Infimum {
        let start = chain::value(&vec![0.0; self.length]);
        Infimum::Exact(self.scale * self.blocks as f64 * (start - chain::gap(self.length)))
    }

    fn smoothness(&self, norm: &dyn Norm<T>) -> Result<Smoothness, ProblemError> {
        let l = self.class_constant(chain_constants().gradient_lipschitz.upper, 2, norm)?;
        Ok(Smoothness::new(l, norm.label())?)
    }

    fn hessian_lipschitz(&self, norm: &dyn Norm<T>) -> Result<HessianLipschitz, ProblemError> {
        let rho = self.class_constant(chain_constants().hessian_lipschitz.upper, 3, norm)?;
        Ok(HessianLipschitz::new(rho, norm.label())?)
    }
}
