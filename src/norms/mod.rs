//! Norms with exact linear minimisation oracles, one file each, and their registry.
//!
//! # How values are computed
//!
//! Every method first brings its matrix to unit scale ([`crate::unit`]): nothing overflows on the way, powers
//! of two come out bit for bit, tiny matrices are treated like any other. Singular values come from
//! [`crate::polar`]; functions of them, and of entries, are evaluated in f64 for both number types.
//!
//! # Bounds on K_p
//!
//! Upper bounds are the smallest of several valid ones, the Frobenius route of Lemma 2.2 always among them:
//! on few rows or columns it may beat a table row, and where the space is Euclidean it gives 2^{2-p}. Every
//! lower bound is attained by martingale differences +-D_i, independent signs, for which the norm of the
//! final sum is NOT random; that is what lets the lower bounds of layers add ([`combinators::max_over`]).
//!
//! # Adding a norm
//!
//! One file with the norm, its `examples` and its `entry`, a `pub mod` line, and a line in [`entries`].
//! Combinators live in [`combinators`], with their own list: their examples may be norms on one shape only.

use std::fmt;

use serde::Deserialize;
use toml::Table;

use crate::registry::{self, ConfigError};
use crate::spec::{Norm, Scalar};

pub mod combinators;
mod support;

pub mod entry_lq;
pub mod frobenius;
pub mod ky_fan;
pub mod ky_fan_dual;
pub mod max_col_l2;
pub mod max_entry;
pub mod max_row_l2;
pub mod nuclear;
pub mod rms_to_rms;
pub mod schatten;
pub mod spectral;
pub mod sum_col_l2;
pub mod sum_entries;
pub mod sum_row_l2;

/// Files of this folder, `mod` apart, that hold no norm.
pub const HELPERS: &[&str] = &[];

/// Builds a norm from a table.
pub type Build<T> = fn(&Table) -> Result<Box<dyn Norm<T>>, ConfigError>;

/// A norm of the registry.
pub struct Entry<T: Scalar> {
    /// Its name in TOML and on the command line.
    pub name: &'static str,
    /// One line: what the norm is.
    pub summary: &'static str,
    /// The keys that `build` reads.
    pub parameters: &'static [&'static str],
    /// Builds it from a table; the key `name` is passed over.
    pub build: Build<T>,
    /// Instances to test laws on.
    pub examples: fn() -> Vec<Box<dyn Norm<T>>>,
}

impl<T: Scalar> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The norms, each defined on every shape.
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![
        spectral::entry(),
        nuclear::entry(),
        frobenius::entry(),
        schatten::entry(),
        ky_fan::entry(),
        ky_fan_dual::entry(),
        max_entry::entry(),
        sum_entries::entry(),
        max_col_l2::entry(),
        sum_col_l2::entry(),
        max_row_l2::entry(),
        sum_row_l2::entry(),
        rms_to_rms::entry(),
        entry_lq::entry(),
    ]
}

/// Builds the norm or combinator that the key `name` asks for; norms inside combinators are tables of the
/// same kind.
///
/// ```
/// let table = "name = 'scaled'\nfactor = 2\nnorm = { name = 'spectral' }".parse().unwrap();
/// let norm = heavynorm::norms::build::<f64>(&table).unwrap();
/// assert_eq!(norm.label().as_str(), "scaled(2, spectral)");
/// ```
///
/// # Errors
/// [`ConfigError`]: no or unknown name, unknown, missing and mistyped keys, values out of range, unusable
/// data.
pub fn build<T: Scalar>(table: &Table) -> Result<Box<dyn Norm<T>>, ConfigError> {
    let name = registry::name_of_table("norm", table)?;
    let all = entries::<T>().into_iter().chain(combinators::entries()).collect();
    (registry::find("norm", all, &name, |entry| entry.name)?.build)(table)
}

/// The configuration of a norm without parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

/// Builds a norm without parameters.
fn build_plain<T: Scalar>(
    name: &str,
    table: &Table,
    norm: impl Norm<T> + 'static,
) -> Result<Box<dyn Norm<T>>, ConfigError> {
    registry::read::<NoParameters>(name, table)?;
    Ok(Box::new(norm))
}

/// What the tests of noise, oracles and problems run over on one space: every registered norm and combinator that lives
/// there, and two whose closed forms nobody recognises: the spectral norm under another label, and the largest entry
/// after the first row was added to the second, which flipped signs change.
#[cfg(test)]
pub(crate) fn all_on(space: crate::spec::Dimensions) -> Vec<Box<dyn Norm<f64>>> {
    use crate::spec::Matrix;

    let identity = |d| Matrix::from_fn(d, d, |i, j| if i == j { 1.0 } else { 0.0 });
    let mut shear = identity(space.rows());
    if space.rows() > 1 {
        shear[(1, 0)] = 1.0;
    }
    let sheared =
        combinators::weighted::Weighted::new(&shear, max_entry::MaxEntry, &identity(space.columns()));
    let registered = entries().into_iter().chain(combinators::entries());
    let mut all: Vec<Box<dyn Norm<f64>>> = registered.flat_map(|entry| (entry.examples)()).collect();
    all.retain(|norm| norm.space().is_none_or(|own| own == space));
    all.push(Box::new(combinators::dual::Dual::new(nuclear::Nuclear)));
    all.push(Box::new(sheared.expect("a shear is well conditioned")));
    all
}

/// Those of them whose labels start so.
#[cfg(test)]
pub(crate) fn chosen_on(space: crate::spec::Dimensions, labels: &[&str]) -> Vec<Box<dyn Norm<f64>>> {
    let mut all = all_on(space);
    all.retain(|norm| labels.iter().any(|label| norm.label().as_str().starts_with(label)));
    assert!(all.len() >= labels.len(), "not all of {labels:?} are norms");
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Dimensions, Matrix};

    fn label(text: &str) -> Result<String, ConfigError> {
        build::<f64>(&text.parse().expect("TOML")).map(|norm| norm.label().as_str().to_owned())
    }

    #[test]
    fn tables_build_norms_with_their_parameters() {
        for (text, expected) in [
            ("name = 'spectral'", "spectral"),
            ("name = 'schatten'\nq = 3", "schatten(q=3)"),
            ("name = 'schatten'\nq = 1.5", "schatten(q=1.5)"),
            ("name = 'entry-lq'\nq = inf", "entry-lq(q=inf)"),
            ("name = 'ky-fan'\nk = 2", "ky-fan(k=2)"),
            ("name = 'dual'\nnorm = { name = 'ky-fan-dual', k = 2 }", "dual(ky-fan-dual(k=2))"),
            ("name = 'scaled'\nfactor = 2\nnorm = { name = 'spectral' }", "scaled(2, spectral)"),
            (
                "name = 'dual'\n[norm]\nname = 'scaled'\nfactor = 0.5\n[norm.norm]\nname = 'rms-to-rms'",
                "dual(scaled(0.5, rms-to-rms))",
            ),
            (
                "name = 'max-over'\n[[layers]]\nrows = 2\ncolumns = 3\nnorm = { name = 'spectral' }\n\
                 [[layers]]\nrows = 2\ncolumns = 1\nnorm = { name = 'schatten', q = 4 }",
                "max-over(spectral[2x3], schatten(q=4)[2x1])",
            ),
        ] {
            assert_eq!(label(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_dual_of_layers_is_the_sum_of_their_duals() {
        let text = "name = 'dual'\nnorm = { name = 'max-over', layers = [\
                    { rows = 1, columns = 2, norm = { name = 'max-entry' } },\
                    { rows = 2, columns = 1, norm = { name = 'frobenius' } }] }";
        let norm = build::<f64>(&text.parse().unwrap()).unwrap();
        assert_eq!(norm.space(), Some(Dimensions::new(4, 1).unwrap()));
        let x = Matrix::from_fn(4, 1, |i, _| [1.0, -2.0, 3.0, 4.0][i]);
        assert_eq!(norm.value(&x), Ok(3.0 + 5.0));
        assert_eq!(norm.dual_value(&x), Ok(5.0));
    }

    #[test]
    fn weights_come_as_lists_of_rows() {
        let text =
            "name = 'weighted'\nleft = [[2, 0], [0, 1]]\nright = [[4.0]]\nnorm = { name = 'sum-entries' }";
        let norm = build::<f64>(&text.parse().unwrap()).unwrap();
        assert_eq!(norm.value(&Matrix::from_fn(2, 1, |_, _| 1.0)), Ok(12.0));
    }

    #[test]
    fn wrong_tables_are_refused_with_the_place() {
        for (text, part) in [
            ("q = 2", "a key `name"),
            ("name = 3", "a key `name"),
            ("name = 'specral'", "known are: spectral, nuclear"),
            ("name = 'spectral'\nq = 2", "spectral: unknown field `q`"),
            ("name = 'schatten'", "schatten: missing field `q`"),
            ("name = 'schatten'\nq = 0.5", "schatten: q must be"),
            ("name = 'schatten'\nq = nan", "schatten: q must be"),
            ("name = 'schatten'\nq = '2'", "schatten: invalid type"),
            ("name = 'ky-fan'\nk = 0", "ky-fan: k must be a whole number from 1 on"),
            ("name = 'ky-fan-dual'\nk = -1", "ky-fan-dual: k must be a whole number"),
            ("name = 'ky-fan'\nk = 1.5", "ky-fan: k must be a whole number"),
            ("name = 'dual'\nnorm = {}", "a key `name"),
            ("name = 'dual'\nnorm = { name = 'x' }", "no norm named 'x'"),
            ("name = 'scaled'\nfactor = 0\nnorm = { name = 'spectral' }", "factor must be"),
            ("name = 'max-over'\nlayers = []", "at least one layer"),
            (
                "name = 'max-over'\nlayers = [{ rows = 0, columns = 1, norm = { name = 'spectral' } }]",
                "not 0 x 1",
            ),
            (
                "name = 'max-over'\nlayers = [{ rows = 9223372036854775807, columns = 4, norm = { name = 'nuclear' } }]",
                "larger than any memory",
            ),
            (
                "name = 'weighted'\nleft = [[1, 2], [3]]\nright = [[1]]\nnorm = { name = 'spectral' }",
                "do not fill",
            ),
            ("name = 'weighted'\nleft = []\nright = [[1]]\nnorm = { name = 'spectral' }", "at least one row"),
            (
                "name = 'weighted'\nleft = [[0]]\nright = [[1]]\nnorm = { name = 'spectral' }",
                "condition number",
            ),
            (
                "name = 'weighted'\nleft = [[inf]]\nright = [[1]]\nnorm = { name = 'spectral' }",
                "not a finite number",
            ),
        ] {
            let error = label(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
