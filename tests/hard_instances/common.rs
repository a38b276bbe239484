//! Instances, norms and points that the other files draw from.

use heavynorm::hard_instances::reveal::GATE;
use heavynorm::hard_instances::{BlockChain, HardInstance, Layout, Reveals};
use heavynorm::norms;
use heavynorm::seed::Rng;
use heavynorm::spec::{Dimensions, Matrix, Norm, Problem};
use rand::RngExt as _;
use rand_distr::StandardNormal;

pub(crate) const LAYOUTS: [Layout; 4] =
    [Layout::Rows, Layout::Columns, Layout::SharedRows, Layout::SharedColumns];
pub(crate) const REVEALS: [Reveals; 2] = [Reveals::OneBlock, Reveals::EveryBlock];

/// One of the chain's large coordinates: Psi is e there to rounding, and Phi has its limit.
pub(crate) const LARGE: f64 = 1e9;

pub(crate) fn named(text: &str) -> Box<dyn Norm<f64>> {
    norms::build(&text.parse().unwrap()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Every registered norm and combinator that lives on this space.
pub(crate) fn norms_on(space: Dimensions) -> Vec<Box<dyn Norm<f64>>> {
    let entries = norms::entries::<f64>().into_iter().chain(norms::combinators::entries());
    let mut all: Vec<Box<dyn Norm<f64>>> = entries.flat_map(|entry| (entry.examples)()).collect();
    all.retain(|norm| norm.space().is_none_or(|own| own == space));
    all
}

/// Blocks in the smallest matrix, or in one with a row and two columns more.
pub(crate) fn blocks(
    layout: Layout,
    (blocks, length): (usize, usize),
    spare: bool,
    c: f64,
    s: f64,
) -> BlockChain {
    let smallest = layout.smallest(blocks, length).unwrap();
    let spare = usize::from(spare);
    let space = Dimensions::new(smallest.rows() + spare, smallest.columns() + 2 * spare).unwrap();
    BlockChain::new(space, layout, blocks, length, c, s).unwrap()
}

pub(crate) fn instance(layout: Layout, shape: (usize, usize), q: f64, reveals: Reveals) -> HardInstance {
    HardInstance::new(blocks(layout, shape, false, 1.0, 1.0), q, reveals).unwrap()
}

/// A random instance: 1 to 5 blocks of 1 to 4 coordinates, any layout, c and s from 1/4 to 4, q from 0.02 to 1.
pub(crate) fn random_instance(rng: &mut Rng, reveals: Reveals) -> HardInstance {
    let layout = LAYOUTS[rng.random_range(0..4)];
    let shape = (rng.random_range(1..6), rng.random_range(1..5));
    let mut scale = || (rng.random::<f64>() * 4.0 - 2.0).exp2();
    let (c, s) = (scale(), scale());
    let q = if rng.random::<f64>() < 0.1 { 1.0 } else { 0.02 + 0.9 * rng.random::<f64>() };
    HardInstance::new(blocks(layout, shape, rng.random(), c, s), q, reveals).unwrap()
}

pub(crate) fn space(chain: &BlockChain) -> Dimensions {
    Problem::<f64>::dimensions(chain)
}

pub(crate) fn gaussian(space: Dimensions, size: f64, rng: &mut Rng) -> Matrix<f64> {
    Matrix::from_fn(space.rows(), space.columns(), |_, _| size * rng.sample::<f64, _>(StandardNormal))
}

/// A coordinate at one of the places where something changes: the gate, 1/2, 1, beyond.
fn coordinate(rng: &mut Rng) -> f64 {
    let places = [0.0, GATE, 0.3, 0.45, 0.5, 0.55, 0.7, 0.78, 1.0, 1.5, 4.0, LARGE];
    let size = places[rng.random_range(0..places.len())] * (1.0 + 1e-3 * rng.random::<f64>());
    if rng.random() { size } else { -size }
}

/// The matrix with these blocks, in units of s; what lies outside of them is zero.
pub(crate) fn from_blocks(chain: &BlockChain, mut entry: impl FnMut(usize, usize) -> f64) -> Matrix<f64> {
    let mut x = Matrix::zeros(space(chain).rows(), space(chain).columns());
    for i in 0..chain.blocks() {
        for k in 0..chain.length() {
            x[chain.position(i, k)] = chain.width() * entry(i, k);
        }
    }
    x
}

/// A point of the kind that runs visit: each block has a random prefix of coordinates, and zeros or crumbs after it.
pub(crate) fn reachable(chain: &BlockChain, rng: &mut Rng) -> Matrix<f64> {
    let prefixes: Vec<usize> = (0..chain.blocks()).map(|_| rng.random_range(0..=chain.length())).collect();
    let crumbs: bool = rng.random();
    from_blocks(chain, |i, k| {
        let crumb = if crumbs { 0.2 * (rng.random::<f64>() - 0.5) } else { 0.0 };
        if k < prefixes[i] { coordinate(rng) } else { crumb }
    })
}

/// Points of every kind.
pub(crate) fn points(chain: &BlockChain, rng: &mut Rng) -> Vec<Matrix<f64>> {
    let zero = Matrix::zeros(space(chain).rows(), space(chain).columns());
    let near = &reachable(chain, rng) + &gaussian(space(chain), 0.05 * chain.width(), rng);
    let far = gaussian(space(chain), 1.5 * chain.width(), rng);
    vec![zero, reachable(chain, rng), reachable(chain, rng), near, far]
}
