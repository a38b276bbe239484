//! The zeros that methods claim to keep, and keep.

use super::*;
use crate::hard_instances::ZeroWatch;
use crate::norms::{nuclear::Nuclear, spectral::Spectral};
use crate::spec::ZeroRespecting;

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

/// Gradients with zero lines, and first with zeros of no line: 5 x 6, a staircase, later the whole of four rows and three
/// columns.
fn sparse_oracle<T: Scalar>() -> Scripted<impl FnMut(u64, &Matrix<T>) -> Matrix<T>> {
    Scripted::new(5, 6, |k, x: &Matrix<T>| {
        let shown = |i: usize, j: usize| j < 3 && i != 2 && (j <= i || k >= 20);
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
        let mut watch = ZeroWatch::new(&mut inner);
        let mut run = method.begin(&Matrix::zeros(5, 6), &mut watch).unwrap();
        for _ in 0..20 {
            run.step(&mut watch).unwrap();
            watch.check(run.iterate());
        }
        // No weaker, and no stronger: the claim is tight.
        assert_eq!(watch.class(), method.zero_respecting(), "{text} in {}", norm.label());
    }
}

#[test]
fn from_zero_every_method_keeps_exactly_the_zeros_that_it_claims() {
    iterates_keep_the_zeros::<f64>();
    iterates_keep_the_zeros::<f32>();
}
