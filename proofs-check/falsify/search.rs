//! What every search shares: a purse of evaluations, random and structured directions, the best attempt, the short look at
//! many places.

use heavynorm::seed::{Rng, stream};
use heavynorm::spec::{Dimensions, Matrix, Norm, NormError, Problem};
use rand::RngExt as _;
use rand_distr::StandardNormal;

use super::{FalsifyError, Finding, Measured, Tried, Witness, frobenius};

/// Evaluations that are left, and a stream of random numbers.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) rng: Rng,
    budget: u64,
    pub(super) used: u64,
}

/// Which numbers a claim's search draws: streams of one master seed.
const STREAMS: u64 = 0x0066_616c;

impl Search {
    pub(super) fn new(seed: u64, claim: u64, budget: u64) -> Self {
        Self { rng: stream(seed, STREAMS + claim), budget, used: 0 }
    }

    pub(super) fn spend(&mut self, evaluations: u64) {
        self.used += evaluations;
    }

    pub(super) fn left(&self) -> u64 {
        self.budget.saturating_sub(self.used)
    }

    pub(super) fn gaussian(&mut self, d: Dimensions) -> Matrix<f64> {
        Matrix::from_fn(d.rows(), d.columns(), |_, _| self.rng.sample(StandardNormal))
    }

    /// Structured and random matrices: Gaussian, rank one, signs, signs of rank one, a single entry, a single row, a single
    /// column, the diagonal.
    pub(super) fn directions(&mut self, d: Dimensions) -> Vec<Matrix<f64>> {
        let (m, n) = (d.rows(), d.columns());
        let gaussian = self.gaussian(d);
        let u: Vec<f64> = (0..m).map(|_| self.rng.sample(StandardNormal)).collect();
        let v: Vec<f64> = (0..n).map(|_| self.rng.sample(StandardNormal)).collect();
        let (row, column) = (self.rng.random_range(0..m), self.rng.random_range(0..n));
        vec![
            gaussian.map(f64::signum),
            Matrix::from_fn(m, n, |i, j| u[i] * v[j]),
            Matrix::from_fn(m, n, |i, j| (u[i] * v[j]).signum()),
            Matrix::from_fn(m, n, |i, j| f64::from(u8::from((i, j) == (row, column)))),
            Matrix::from_fn(m, n, |i, j| if i == row { v[j].signum() } else { 0.0 }),
            Matrix::from_fn(m, n, |i, j| if j == column { u[i].signum() } else { 0.0 }),
            Matrix::from_fn(m, n, |i, j| if i == j { u[i].signum() } else { 0.0 }),
            gaussian,
        ]
    }
}

/// The attempt that came closest to a refutation, with what it was made of.
#[derive(Debug)]
pub(super) struct Best<W>(Option<(Measured, W)>);

impl<W> Best<W> {
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Keeps the attempt if none was closer; of two that are equal the first.
    pub(super) fn consider(&mut self, sides: Measured, attempt: W) {
        if self.0.as_ref().is_none_or(|(kept, _)| sides.excess() > kept.excess()) {
            self.0 = Some((sides, attempt));
        }
    }

    /// Considers what another search kept.
    pub(super) fn join(&mut self, other: Self) {
        if let Some((sides, attempt)) = other.0 {
            self.consider(sides, attempt);
        }
    }

    pub(super) fn kept(&self) -> Option<&(Measured, W)> {
        self.0.as_ref()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.0.as_ref().is_some_and(|(sides, _)| sides.breaks())
    }

    /// What came of the search: a witness if the attempt breaks the claim, and in any case how close it came.
    pub(super) fn finding(
        self,
        search: &Search,
        (searches, notes): (Vec<String>, Vec<String>),
        witness: impl FnOnce(Measured, W) -> Witness,
    ) -> Finding {
        let best_ratio = self.0.as_ref().and_then(|(sides, _)| sides.ratio());
        let broken = self.0.filter(|(sides, _)| sides.breaks());
        Finding {
            witness: broken.map(|(sides, attempt)| witness(sides, attempt)),
            tried: Tried { evaluations: search.used, best_ratio, searches, notes },
        }
    }
}

/// What a short look at a place found.
pub(super) trait Peak {
    /// How large it is there.
    fn value(&self) -> f64;
}

/// How many of the places get the long search.
const FINALISTS: usize = 8;

/// A short look everywhere, which costs the `share`-th part of what is left: from structured and random directions at each
/// place, the best of each place, and of these the largest [`FINALISTS`], the largest first.
pub(super) fn finalists<P: Peak>(
    places: &[Matrix<f64>],
    share: u64,
    search: &mut Search,
    try_one: impl Fn(&Matrix<f64>, &Matrix<f64>, &mut Search) -> Result<Option<P>, FalsifyError>,
) -> Result<Vec<P>, FalsifyError> {
    let each = search.left() / share / places.len().max(1) as u64;
    let mut peaks = Vec::new();
    for x in places {
        let until = search.used + each;
        let mut best: Option<P> = None;
        for direction in search.directions(x.dimensions().map_err(NormError::from)?) {
            if search.used >= until {
                break;
            }
            if let Some(found) = try_one(x, &direction, search)?
                && best.as_ref().is_none_or(|b| found.value() > b.value())
            {
                best = Some(found);
            }
        }
        peaks.extend(best);
    }
    peaks.sort_by(|a, b| b.value().total_cmp(&a.value()));
    peaks.truncate(FINALISTS);
    Ok(peaks)
}

/// A matrix of norm 1 in this direction; `None` for zero and for what is no finite number.
pub(super) fn unit(norm: &dyn Norm<f64>, x: &Matrix<f64>) -> Result<Option<Matrix<f64>>, NormError> {
    if x.first_non_finite().is_some() || x.is_zero() {
        return Ok(None);
    }
    let size = norm.value(x)?;
    Ok((size > 0.0 && size.is_finite()).then(|| x * (1.0 / size)))
}

/// D^2 f(X)\[Z\], by the problem's own action where that agrees with differences of the gradient, else by differences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curvature<'a> {
    problem: &'a dyn Problem<f64>,
    by_differences: bool,
}

impl<'a> Curvature<'a> {
    /// Compares the two at generic points (X itself may lie at a kink, where they do differ): they should agree within a few percent,
    /// which a guide does not need to be better than.
    pub(super) fn new(problem: &'a dyn Problem<f64>, x: &Matrix<f64>, search: &mut Search) -> Self {
        let scales = [0.1, 1.0, 10.0];
        let differ = scales.iter().filter(|&&scale| {
            let mut at = x.clone();
            at.add_scaled(scale, &search.gaussian(problem.dimensions()));
            let z = search.gaussian(problem.dimensions());
            search.spend(3);
            let (own, difference) = (problem.hessian_action(&at, &z), difference(problem, &at, &z));
            let same_shape = (own.nrows(), own.ncols()) == (difference.nrows(), difference.ncols());
            // NaN on either side is no agreement.
            !(same_shape
                && frobenius(&(&own - &difference)) <= 0.05 * frobenius(&own).max(frobenius(&difference)))
        });
        let by_differences = differ.count() == scales.len();
        Self { problem, by_differences }
    }

    /// What a report says about it: the searches besides, and the notes.
    pub(super) fn report(self) -> (Vec<String>, Vec<String>) {
        if !self.by_differences {
            return (Vec::new(), Vec::new());
        }
        let note = "the problem's Hessian action disagrees with differences of its gradient and was not used to search";
        (vec!["Hessian actions by differences of gradients".into()], vec![note.into()])
    }

    pub(super) fn act(self, x: &Matrix<f64>, z: &Matrix<f64>, search: &mut Search) -> Matrix<f64> {
        search.spend(if self.by_differences { 2 } else { 1 });
        if self.by_differences { difference(self.problem, x, z) } else { self.problem.hessian_action(x, z) }
    }

    /// D^3 f(X)\[Z, V\], the change of the action as the point moves along V.
    pub(super) fn third(
        self,
        x: &Matrix<f64>,
        z: &Matrix<f64>,
        v: &Matrix<f64>,
        search: &mut Search,
    ) -> Matrix<f64> {
        let h = if self.by_differences { 1e-3 } else { 1e-4 };
        let step = h * (1.0 + x.max_abs()) / v.max_abs().max(f64::MIN_POSITIVE);
        let (mut up, mut down) = (x.clone(), x.clone());
        up.add_scaled(step, v);
        down.add_scaled(-step, v);
        &(&self.act(&up, z, search) - &self.act(&down, z, search)) * (0.5 / step)
    }
}

/// (grad f(X + hZ) - grad f(X - hZ))/(2h): what stands in for a Hessian action where there is none.
pub(super) fn difference(problem: &dyn Problem<f64>, x: &Matrix<f64>, z: &Matrix<f64>) -> Matrix<f64> {
    if z.is_zero() {
        return z.clone();
    }
    // The truncation error h^2 and the rounding error u/h meet near h = u^{1/3}.
    let h = 1e-5 * (1.0 + x.max_abs()) / z.max_abs();
    let (mut up, mut down) = (x.clone(), x.clone());
    up.add_scaled(h, z);
    down.add_scaled(-h, z);
    &(&problem.gradient(&up) - &problem.gradient(&down)) * (0.5 / h)
}
