//! Norms whose closed forms are known here, recognised by their labels: equal labels, equal norms.
//!
//! The noise and the problems know sharper constants for these than for a norm of which they can only ask the unit
//! ball. An unknown label is never an error: it gets the general bounds.

use crate::spec::{Dimensions, NormLabel};

/// b with 1/q + 1/b = 1.
pub(crate) fn conjugate(q: f64) -> f64 {
    if q == 1.0 {
        f64::INFINITY
    } else if q.is_infinite() {
        1.0
    } else {
        q / (q - 1.0)
    }
}

/// (sum |x|^q)^{1/q}, the largest for q = inf.
pub(crate) fn lq(q: f64, x: impl Iterator<Item = f64> + Clone) -> f64 {
    // 1 and 2 are what data sets of millions of features are put through: no powers there.
    if q.is_infinite() {
        x.fold(0.0, |largest, x| x.abs().max(largest))
    } else if q == 1.0 {
        x.map(f64::abs).sum()
    } else if q == 2.0 {
        x.map(|x| x * x).sum::<f64>().sqrt()
    } else {
        // Powers of numbers up to 1: for q = 1e9 others leave the range.
        let largest = lq(f64::INFINITY, x.clone());
        if largest == 0.0 {
            return 0.0;
        }
        largest * x.map(|x| (x.abs() / largest).powf(q)).sum::<f64>().powf(1.0 / q)
    }
}

/// What is put through an l_q norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Family {
    /// The singular values.
    Schatten(f64),
    /// The entries.
    Entries(f64),
    /// The 2-norms of the columns.
    Columns(f64),
    /// The 2-norms of the rows.
    Rows(f64),
}

/// ||X|| = scale * family(X).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Known {
    pub(crate) scale: f64,
    pub(crate) family: Family,
}

impl Known {
    /// The norm with this label on this space, if it is one of the families.
    pub(crate) fn find(label: &NormLabel, dimensions: Dimensions) -> Option<Self> {
        let one = |family| Some(Self { scale: 1.0, family });
        match label.as_str() {
            "spectral" => one(Family::Schatten(f64::INFINITY)),
            "nuclear" => one(Family::Schatten(1.0)),
            "frobenius" => one(Family::Schatten(2.0)),
            "max-entry" => one(Family::Entries(f64::INFINITY)),
            "sum-entries" => one(Family::Entries(1.0)),
            "max-col-l2" => one(Family::Columns(f64::INFINITY)),
            "sum-col-l2" => one(Family::Columns(1.0)),
            "max-row-l2" => one(Family::Rows(f64::INFINITY)),
            "sum-row-l2" => one(Family::Rows(1.0)),
            "rms-to-rms" => Some(Self {
                scale: (dimensions.columns() as f64 / dimensions.rows() as f64).sqrt(),
                family: Family::Schatten(f64::INFINITY),
            }),
            other => parameter(other, "schatten")
                .map(Family::Schatten)
                .or_else(|| parameter(other, "entry-lq").map(Family::Entries))
                .and_then(one),
        }
    }

    /// The dual norm, of the same family.
    pub(crate) fn dual(self) -> Self {
        let family = match self.family {
            Family::Schatten(q) => Family::Schatten(conjugate(q)),
            Family::Entries(q) => Family::Entries(conjugate(q)),
            Family::Columns(q) => Family::Columns(conjugate(q)),
            Family::Rows(q) => Family::Rows(conjugate(q)),
        };
        Self { scale: 1.0 / self.scale, family }
    }

    /// sup{sum|x_ij|^3 : ||X|| <= 1}, ATTAINED.
    ///
    /// Of the numbers that the family puts through l_q there are d, and sum|x_ij|^3 is at most the sum of their cubes:
    /// they are the entries, or 2-norms of lines (||.||_3 <= ||.||_2), or singular values (entries of a matrix with
    /// respect to other orthonormal bases are no more than that: sum|x_ij|^3 <= ||X||_{S_3}^3, as
    /// sum_i |x_ij|^3 <= (sum_i x_ij^2)^{3/2}, the diagonal of X^T X to the power 3/2, which its eigenvalues majorise).
    /// Sums of cubes on the l_q ball are at most max{1, d^{1-3/q}}, at one number or at d equal ones: at a unit matrix, or
    /// at a matrix whose entries are equal (entries), with one nonzero in each line (lines), or on the diagonal (singular
    /// values).
    pub(crate) fn cubes(self, dimensions: Dimensions) -> f64 {
        let (q, count) = self.exponent_and_count(dimensions);
        (count as f64).powf((1.0 - 3.0 / q).max(0.0)) / self.scale.powi(3)
    }

    /// q, and how many numbers are put through l_q.
    fn exponent_and_count(self, dimensions: Dimensions) -> (f64, usize) {
        match self.family {
            Family::Schatten(q) => (q, dimensions.smaller_side()),
            Family::Entries(q) => (q, dimensions.entries()),
            Family::Columns(q) => (q, dimensions.columns()),
            Family::Rows(q) => (q, dimensions.rows()),
        }
    }

    /// A matrix X >= 0 with ||X|| = 1 on whose every number that goes through l_q is the same.
    #[cfg(test)]
    pub(crate) fn flat(self, dimensions: Dimensions) -> crate::spec::Matrix<f64> {
        let (q, count) = self.exponent_and_count(dimensions);
        let size = (count as f64).powf(-1.0 / q) / self.scale;
        let is_hit = |i: usize, j: usize| match self.family {
            Family::Schatten(_) => i == j,
            Family::Entries(_) => true,
            Family::Columns(_) => i == 0,
            Family::Rows(_) => j == 0,
        };
        let entry = |i, j| if is_hit(i, j) { size } else { 0.0 };
        crate::spec::Matrix::from_fn(dimensions.rows(), dimensions.columns(), entry)
    }

    /// ||u v^T||, a product for each family.
    pub(crate) fn of_rank_one(self, u: &[f64], v: &[f64]) -> f64 {
        let (of_u, of_v) = match self.family {
            Family::Schatten(_) => (2.0, 2.0),
            Family::Entries(q) => (q, q),
            Family::Columns(q) => (2.0, q),
            Family::Rows(q) => (q, 2.0),
        };
        self.scale * lq(of_u, u.iter().copied()) * lq(of_v, v.iter().copied())
    }
}

/// q of `name(q=...)`.
fn parameter(label: &str, name: &str) -> Option<f64> {
    let q = label.strip_prefix(name)?.strip_prefix("(q=")?.strip_suffix(')')?;
    q.parse().ok().filter(|q| *q >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_their_parameter() {
        let space = Dimensions::new(2, 8).unwrap();
        let find = |label: &str| Known::find(&NormLabel::new(label), space);
        assert_eq!(find("schatten(q=3)").unwrap().family, Family::Schatten(3.0));
        assert_eq!(find("entry-lq(q=inf)").unwrap().dual().family, Family::Entries(1.0));
        assert_eq!(find("rms-to-rms").unwrap().scale, 2.0);
        for unknown in
            ["schatten(q=0.5)", "schatten(q=NaN)", "schatten", "scaled(2, spectral)", "ky-fan(k=2)"]
        {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_l_norm_of_enormous_or_nearly_trivial_order_stays_in_range() {
        let x = [0.5, 0.25, 0.0];
        for q in [1.0 + 1e-9, 1e9, conjugate(1.0 + 1e-9)] {
            let value = lq(q, x.into_iter());
            assert!((0.5..0.75 + 1e-15).contains(&value), "{q}: {value}");
        }
        assert_eq!(lq(3.0, [0.0, 0.0].into_iter()), 0.0);
    }

    #[test]
    fn the_closed_forms_are_those_of_the_registered_norms() {
        let space = Dimensions::new(3, 2).unwrap();
        let (u, v) = ([0.5, -1.5, 2.5], [1.7, 0.7]);
        let x = crate::spec::Matrix::from_fn(3, 2, |i, j| u[i] * v[j]);
        let mut found = 0;
        for norm in crate::norms::entries::<f64>().iter().flat_map(|entry| (entry.examples)()) {
            let Some(known) = Known::find(&norm.label(), space) else { continue };
            found += 1;
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b;
            assert!(close(known.of_rank_one(&u, &v), norm.value(&x).unwrap()), "{}", norm.label());
            assert!(
                close(known.dual().of_rank_one(&u, &v), norm.dual_value(&x).unwrap()),
                "{}",
                norm.label()
            );
        }
        assert!(found >= 12, "labels have changed: only {found} are known");
    }

    #[test]
    fn a_rank_one_matrix_has_a_product_for_its_norm() {
        let space = Dimensions::new(2, 2).unwrap();
        let value = |label: &str| {
            Known::find(&NormLabel::new(label), space).unwrap().of_rank_one(&[3.0, 4.0], &[1.0, -1.0])
        };
        assert_eq!(value("max-entry"), 4.0);
        assert_eq!(value("sum-entries"), 14.0);
        assert_eq!(value("max-col-l2"), 5.0);
        assert_eq!(value("sum-col-l2"), 10.0);
        assert!((value("max-row-l2") - 4.0 * 2f64.sqrt()).abs() < 1e-14);
        assert!((value("nuclear") - 5.0 * 2f64.sqrt()).abs() < 1e-14);
    }
}
