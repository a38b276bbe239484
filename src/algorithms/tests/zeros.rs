//! The zeros that methods claim to keep, and keep.

use super::*;
use crate::norms::{nuclear::Nuclear, spectral::Spectral};
use crate::spec::{Dimensions, OracleError, ZeroRespecting};

#[test]
fn the_class_of_a_method_is_that_of_its_direction() {
    let class = |text: &str, norm: Arc<dyn Norm<f64>>| build(&table(text), norm).unwrap().zero_respecting();
    let own = |name: &str| match name {
        "muon" | "normuon" => Some(ZeroRespecting::Lines),
        "sgd" | "sgd-momentum" | "clipped-sgd" | "normalized-sgd-momentum" | "nigt" | "sign-momentum" => {
            Some(ZeroRespecting::Entries)
        }
        "row-normalized-momentum" | "column-normalized-momentum" | "adam" | "adamw" => {
            Some(ZeroRespecting::Entries)
        }
        _ => None,
    };
    for entry in entries::<f64>() {
        for text in entry.examples {
            for norm in [frobenius(), Arc::new(Spectral) as Arc<dyn Norm<f64>>] {
                let expected = own(entry.name).unwrap_or(norm.zero_respecting());
                assert_eq!(class(text, norm), expected, "{text}");
            }
        }
    }
}

/// Gradients whose zeros move about: 5 x 6, three columns and four rows at most, all of rank one or two.
fn sparse_oracle<T: Scalar>() -> Scripted<impl FnMut(u64, &Matrix<T>) -> Matrix<T>> {
    Scripted::new(5, 6, |k, x: &Matrix<T>| {
        let shown = |i: usize, j: usize| j < 3 && i != 2 && (i + j + k as usize).is_multiple_of(3);
        Matrix::from_fn(5, 6, |i, j| {
            let noise = T::from_f64(jitter(30 * k + (5 * j + i) as u64));
            if shown(i, j) { x[(i, j)] + noise } else { T::zero_impl() }
        })
    })
}

fn iterates_keep_the_zeros<T: Scalar>() {
    let norms: [Arc<dyn Norm<T>>; 4] =
        [Arc::new(Frobenius), Arc::new(Spectral), Arc::new(MaxEntry), Arc::new(Nuclear)];
    for (text, norm) in examples().flat_map(|text| norms.iter().map(move |norm| (text, norm))) {
        let method = build(&table(text), Arc::clone(norm)).unwrap();
        let mut inner = sparse_oracle::<T>();
        let mut seen = Matrix::zeros(5, 6);
        let mut run = method.begin(&Matrix::zeros(5, 6), &mut inner).unwrap();
        for _ in 0..20 {
            let mut watched = Watched { inner: &mut inner, seen: &mut seen, class: method.zero_respecting() };
            run.step(&mut watched).unwrap();
            assert!(method.zero_respecting().keeps(run.iterate(), &seen), "{text} in {}", norm.label());
        }
    }
}

/// Collects what was answered, and looks at what is asked.
struct Watched<'a, O, T: Scalar> {
    inner: &'a mut O,
    seen: &'a mut Matrix<T>,
    class: ZeroRespecting,
}

impl<T: Scalar, O: StochasticOracle<T>> StochasticOracle<T> for Watched<'_, O, T> {
    fn dimensions(&self) -> Dimensions {
        self.inner.dimensions()
    }
    fn query(&mut self, x: &Matrix<T>) -> Result<Matrix<T>, OracleError> {
        assert!(self.class.keeps(x, self.seen));
        let answer = self.inner.query(x)?;
        self.seen.add_scaled(T::one_impl(), &answer.map(T::abs));
        Ok(answer)
    }
    fn query_pair(&mut self, x: &Matrix<T>, y: &Matrix<T>) -> Result<(Matrix<T>, Matrix<T>), OracleError> {
        assert!(self.class.keeps(x, self.seen) && self.class.keeps(y, self.seen));
        let (a, b) = self.inner.query_pair(x, y)?;
        self.seen.add_scaled(T::one_impl(), &a.map(T::abs));
        self.seen.add_scaled(T::one_impl(), &b.map(T::abs));
        Ok((a, b))
    }
    fn calls(&self) -> u64 {
        self.inner.calls()
    }
}

#[test]
fn from_zero_every_method_keeps_exactly_the_zeros_that_it_claims() {
    iterates_keep_the_zeros::<f64>();
    iterates_keep_the_zeros::<f32>();
}
