//! Tests of the methods: golden trajectories, laws over all of them, equalities between them, and the zeros they keep.

use std::sync::Arc;

use super::testing::{Quadratic, Scripted, jitter, row};
use super::*;
use crate::norms::{frobenius::Frobenius, max_entry::MaxEntry};
use crate::spec::{Matrix, Problem, StochasticOracle};

mod golden;
mod laws;
mod relations;
mod zeros;

fn table(text: &str) -> toml::Table {
    text.parse().unwrap()
}

fn frobenius<T: Scalar>() -> Arc<dyn Norm<T>> {
    Arc::new(Frobenius)
}

fn max_entry<T: Scalar>() -> Arc<dyn Norm<T>> {
    Arc::new(MaxEntry)
}

fn exact<T: Scalar>(problem: Quadratic<T>) -> impl StochasticOracle<T> + Clone {
    let d = problem.dimensions();
    Scripted::new(d.rows(), d.columns(), move |_, x: &Matrix<T>| problem.gradient(x))
}

/// `scale` times (the gradient of the small quadratic plus something without pattern).
fn noisy<T: Scalar>(scale: f64) -> impl StochasticOracle<T> + Clone {
    let problem = Quadratic::small();
    Scripted::new(1, 2, move |k, x: &Matrix<T>| {
        let mut g = problem.gradient(x);
        g.add_scaled(T::one_impl(), &row(&[jitter(2 * k), jitter(2 * k + 1)]));
        &g * T::from_f64(scale)
    })
}

fn path<T: Scalar, A: DynAlgorithm<T> + ?Sized>(
    method: &A,
    mut oracle: impl StochasticOracle<T>,
    steps: usize,
) -> Vec<Matrix<T>> {
    let mut run = method.begin(&Quadratic::small().start, &mut oracle).unwrap();
    (0..steps)
        .map(|_| {
            run.step(&mut oracle).unwrap();
            run.iterate().clone()
        })
        .collect()
}

fn scion<T: Scalar>(step_size: f64, averaging: f64, start: Start, norm: Arc<dyn Norm<T>>) -> Scion<T> {
    Scion::new(ScionConfig { step_size, averaging, start }, norm).unwrap()
}

fn transported<T: Scalar>(
    step_size: f64,
    averaging: f64,
    start: Start,
    norm: Arc<dyn Norm<T>>,
) -> TransportedScion<T> {
    TransportedScion::new(TransportedScionConfig { step_size, averaging, start }, norm).unwrap()
}

/// A tall quadratic.
fn tall<T: Scalar>() -> Quadratic<T> {
    let start = [[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]];
    Quadratic {
        weights: Matrix::from_fn(3, 2, |i, j| T::from_f64(1.0 + (2 * i + j) as f64 / 4.0)),
        start: Matrix::from_fn(3, 2, |i, j| T::from_f64(start[i][j])),
    }
}

fn examples() -> impl Iterator<Item = &'static str> {
    entries::<f64>().into_iter().flat_map(|e| e.examples.iter().copied())
}
