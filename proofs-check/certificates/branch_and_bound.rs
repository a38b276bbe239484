//! The supremum of a function over boxes, between two numbers.
//!
//! # Why the numbers enclose it
//!
//! The boxes at hand always cover a set on which f has the same supremum as on the domain: to begin with the domain itself, then each
//! step takes one box X and
//!
//! - replaces a side along which every slope has one sign by its end where f is larger: f has the same supremum there;
//! - replaces X by two halves that cover it.
//!
//! Every box carries an upper bound on f, the smaller of
//!
//! ```text
//! max f(X)        and        max { f(M) + sum_i slope_i (X_i - m_i) : i with X_i bounded },    M_i = {m_i} or X_i if unbounded,
//! ```
//!
//! (the contract of a [`Jet`], applied for fixed values of the unbounded coordinates). So the supremum is at most the largest upper
//! bound of a box. It is at least the value at any point met. A box whose upper bound is below such a value is dropped.
//! No choice of box, side or point can make the result wrong, only wide.
//!
//! # Unbounded boxes
//!
//! A side may end at +-inf: f is a function on the closed line, continuous at infinity, and the jet of an unbounded box
//! covers its tail. A point of the domain may have infinite coordinates; the supremum over real points is the same.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Add as _;

use super::interval::Interval;
use super::jet::Jet;

/// A product of intervals.
pub type Region<const N: usize> = [Interval; N];

/// What is found about a supremum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Supremum<const N: usize> {
    /// The supremum is at least this: the lower end of the value at `point`.
    pub lower: f64,
    /// The supremum is at most this.
    pub upper: f64,
    /// The best point met.
    pub point: [f64; N],
    /// How many boxes were examined.
    pub boxes: usize,
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Stop when upper - lower is at most this.
    pub width: f64,
    /// Stop after so many boxes, with whatever bounds hold then.
    pub boxes: usize,
}

struct Candidate<const N: usize> {
    upper: f64,
    region: Region<N>,
    slope: [Interval; N],
}

impl<const N: usize> PartialEq for Candidate<N> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<const N: usize> Eq for Candidate<N> {}

impl<const N: usize> PartialOrd for Candidate<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Candidate<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.upper.total_cmp(&other.upper)
    }
}

struct Search<const N: usize, F> {
    f: F,
    lower: f64,
    point: [f64; N],
    boxes: usize,
    queue: BinaryHeap<Candidate<N>>,
}

/// Encloses the supremum of f over the union of the regions.
///
/// The function returns its jet over a region, also over one that is a single point.
///
/// # Panics
/// If there is no region.
pub fn supremum<const N: usize>(
    f: impl Fn(&Region<N>) -> Jet<N>,
    domain: &[Region<N>],
    effort: Effort,
) -> Supremum<N> {
    assert!(!domain.is_empty(), "a supremum over nothing");
    let mut search =
        Search { f, lower: f64::NEG_INFINITY, point: [f64::NAN; N], boxes: 0, queue: BinaryHeap::new() };
    for &region in domain {
        search.examine(region);
    }
    // What cannot be divided further keeps its bound.
    let mut indivisible = f64::NEG_INFINITY;
    let upper = loop {
        let Some(largest) = search.queue.pop() else { break indivisible.max(search.lower) };
        let upper = largest.upper.max(indivisible);
        if upper - search.lower <= effort.width || search.boxes >= effort.boxes || upper <= indivisible {
            break upper.max(search.lower);
        }
        match halves(&largest) {
            Some(halves) => halves.into_iter().for_each(|half| search.examine(half)),
            None => indivisible = upper,
        }
    };
    Supremum { lower: search.lower, upper, point: search.point, boxes: search.boxes }
}

impl<const N: usize, F: Fn(&Region<N>) -> Jet<N>> Search<N, F> {
    /// Bounds f on a region, after moving monotone sides to their ends, and queues what is left of it.
    fn examine(&mut self, mut region: Region<N>) {
        self.boxes += 1;
        let mut jet = (self.f)(&region);
        while collapse(&mut region, &jet.slope) {
            jet = (self.f)(&region);
        }
        let upper = jet.value.upper().min(self.upper_by_slopes(&region, &jet.slope));
        if upper > self.lower {
            self.queue.push(Candidate { upper, region, slope: jet.slope });
        }
    }

    /// The mean value form, which also tries the middle as a point where f is large.
    fn upper_by_slopes(&mut self, region: &Region<N>, slope: &[Interval; N]) -> f64 {
        let bounded = region.map(Interval::is_bounded);
        let middle: Region<N> =
            std::array::from_fn(|i| if bounded[i] { Interval::point(region[i].middle()) } else { region[i] });
        let at_middle = (self.f)(&middle).value;
        // An unbounded side is tried at its far end; if all are bounded the middle is a point already.
        let point = region.map(|side| match (side.is_bounded(), side.upper() == f64::INFINITY) {
            (true, _) => side.middle(),
            (false, true) => f64::INFINITY,
            (false, false) => f64::NEG_INFINITY,
        });
        let value =
            if bounded == [true; N] { at_middle } else { (self.f)(&point.map(Interval::point)).value };
        if value.lower() > self.lower {
            (self.lower, self.point) = (value.lower(), point);
        }
        let change = (0..N).filter(|&i| bounded[i]).map(|i| slope[i] * (region[i] - middle[i]));
        change.fold(at_middle, Interval::add).upper()
    }
}

/// Moves each side along which f is monotone to its better end; whether one moved.
fn collapse<const N: usize>(region: &mut Region<N>, slope: &[Interval; N]) -> bool {
    let mut moved = false;
    for (side, slope) in region.iter_mut().zip(slope) {
        let end = if slope.lower() >= 0.0 {
            side.upper()
        } else if slope.upper() <= 0.0 {
            side.lower()
        } else {
            continue;
        };
        moved |= side.lower() != side.upper();
        *side = Interval::point(end);
    }
    moved
}

/// Divides the side that contributes most to the width of the value; none if every side is a point, or two neighbours.
fn halves<const N: usize>(candidate: &Candidate<N>) -> Option<[Region<N>; 2]> {
    // Lengths on the line shrunk to (-1, 1), so that unbounded sides have one.
    let shrunk = |x: f64| if x.is_infinite() { x.signum() } else { x / (1.0 + x.abs()) };
    let share = |i: usize| {
        let side = candidate.region[i];
        (shrunk(side.upper()) - shrunk(side.lower())) * candidate.slope[i].magnitude().min(1e100)
    };
    let divisible = |i: &usize| {
        let (side, middle) = (candidate.region[*i], candidate.region[*i].middle());
        side.lower() < middle && middle < side.upper()
    };
    let i = (0..N).filter(divisible).max_by(|&i, &j| share(i).total_cmp(&share(j)))?;
    let (side, middle) = (candidate.region[i], candidate.region[i].middle());
    let with = |half| std::array::from_fn(|j| if i == j { half } else { candidate.region[j] });
    Some([with(Interval::new(side.lower(), middle)), with(Interval::new(middle, side.upper()))])
}

#[cfg(test)]
mod tests {
    use super::super::bells::{phi, psi};
    use super::*;
    use quickcheck::quickcheck;

    const LINE: Interval = Interval::new(0.0, f64::INFINITY);

    fn effort(width: f64) -> Effort {
        Effort { width, boxes: 20_000 }
    }

    /// One of the derivatives of a family, with the next as its slope.
    fn derivative(family: fn(Interval) -> [Interval; 5], order: usize) -> impl Fn(&Region<1>) -> Jet<1> {
        move |x| {
            let all = family(x[0]);
            Jet { value: all[order], slope: [all[order + 1]] }
        }
    }

    #[test]
    fn suprema_of_known_functions_are_enclosed_over_the_whole_line() {
        // Phi' peaks at 0 with sqrt(e), -Phi'' at 1 with 1; Psi and Phi have their suprema at infinity.
        let root_e = 0.5f64.exp();
        let whole = root_e * (2.0 * std::f64::consts::PI).sqrt();
        let minus = |x: &Region<1>| derivative(phi, 2)(x).times(Interval::point(-1.0));
        let found = [
            (supremum(derivative(phi, 1), &[[Interval::EVERYTHING]], effort(1e-10)), root_e),
            (supremum(minus, &[[Interval::EVERYTHING]], effort(1e-10)), 1.0),
            (supremum(derivative(psi, 0), &[[Interval::EVERYTHING]], effort(1e-10)), 1.0f64.exp()),
            (supremum(derivative(phi, 0), &[[Interval::EVERYTHING]], effort(1e-10)), whole),
            (
                supremum(derivative(psi, 1), &[[LINE]], effort(1e-10)),
                4.0 * 1.5f64.powf(1.5) * (-0.5f64).exp(),
            ),
        ];
        for (found, expected) in found {
            assert!(
                found.lower <= expected + 1e-14 && found.upper >= expected - 1e-14,
                "{found:?} {expected}"
            );
            assert!(found.upper - found.lower <= 1e-10 && found.boxes < 2000, "{found:?}");
        }
    }

    #[test]
    fn a_supremum_that_only_the_tail_approaches_is_not_missed() {
        // x -> Phi(x) over [0, inf]: every bounded part has a smaller supremum.
        let whole = supremum(derivative(phi, 0), &[[LINE]], effort(1e-12));
        let part = supremum(derivative(phi, 0), &[[Interval::new(0.0, 4.0)]], effort(1e-12));
        assert!(whole.point == [f64::INFINITY] && whole.lower > part.upper, "{whole:?} {part:?}");
    }

    #[test]
    fn a_search_that_is_cut_short_still_encloses() {
        for boxes in 1..40 {
            let found = supremum(derivative(psi, 2), &[[LINE]], Effort { width: 0.0, boxes });
            // Psi'' peaks where v^2 = (9 + sqrt(33))/4.
            let w = (9.0 + 33f64.sqrt()) / 4.0;
            let peak = (16.0 * w.powi(3) - 24.0 * w.powi(2)) * (1.0 - w).exp();
            assert!(
                found.lower <= peak * (1.0 + 1e-13) && found.upper >= peak * (1.0 - 1e-13),
                "{found:?} {peak}"
            );
        }
    }

    #[test]
    fn a_width_of_zero_ends_where_rounding_does() {
        let found =
            supremum(derivative(phi, 1), &[[Interval::new(-0.5, 2.0)]], Effort { width: 0.0, boxes: 3000 });
        assert!(found.upper - found.lower <= 1e-13 && found.upper >= 0.5f64.exp(), "{found:?}");
    }

    /// |x - a| - (x - b)^2 with corners and slopes of both signs.
    fn corner(a: f64, b: f64) -> impl Fn(&Region<1>) -> Jet<1> {
        move |x| {
            let shifted = x[0] - Interval::point(b);
            let size = Jet { value: x[0] - Interval::point(a), slope: [Interval::ONE] }.abs();
            let square = Jet { value: shifted.square(), slope: [Interval::point(2.0) * shifted] };
            size + square.times(Interval::point(-1.0))
        }
    }

    quickcheck! {
        fn no_point_exceeds_the_upper_bound_and_the_lower_bound_is_attained(a: i8, b: i8, ends: (i8, i8)) -> bool {
            let [a, b, low, high] = [a, b, ends.0.min(ends.1), ends.0.max(ends.1)].map(|k| f64::from(k) / 64.0);
            let found = supremum(corner(a, b), &[[Interval::new(low, high)]], effort(1e-9));
            let f = |x: f64| (x - a).abs() - (x - b).powi(2);
            let grid = (0..=200).map(|k| f((low + f64::from(k) / 200.0 * (high - low)).min(high)));
            grid.fold(f64::NEG_INFINITY, f64::max) <= found.upper + 1e-12
                && found.upper - found.lower <= 1e-9
                && (f(found.point[0]) - found.lower).abs() <= 1e-12
        }
    }
}
