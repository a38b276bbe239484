//! Difference constraints: y_k - y_j <= w_kj for all j, k, and the cycle of smallest mean weight, which decides them.
//!
//! # Formula
//!
//! mu = min over cycles (k_1, .., k_l) of (w_{k_1 k_2} + .. + w_{k_l k_1})/l, loops (l = 1) included. For every t <= mu there are y
//! with y_k - y_j <= w_kj - t for all j, k, and for no larger t: summed along a cycle, the left sides vanish; conversely
//! the lengths of shortest walks under w - t solve it where no cycle is negative (Bellman and Ford).
//!
//! # Method
//!
//! t starts at the smallest loop. A cycle that is negative under w - t has a smaller mean, which becomes t, until there is none:
//! the means decrease through a finite set. O(K^3) each round.

/// The cycle of smallest mean, and a solution for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Critical {
    /// mu; +inf if there is no cycle of finite weight.
    pub(super) mean: f64,
    /// k_1, .., k_l, each index followed by the j of its w_kj, the last one by the first.
    pub(super) cycle: Vec<usize>,
    /// y, with y_k - y_j <= w_kj - mu, up to rounding.
    pub(super) potentials: Vec<f64>,
}

/// Weights w_kj of a complete graph, row by row; +inf where there is no constraint. No -inf, no NaN.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    size: usize,
    values: Vec<f64>,
}

impl Weights {
    pub(super) fn new(size: usize, mut w: impl FnMut(usize, usize) -> f64) -> Self {
        let values = (0..size * size).map(|at| w(at / size, at % size)).collect();
        Self { size, values }
    }

    pub(super) fn at(&self, k: usize, j: usize) -> f64 {
        self.values[k * self.size + j]
    }

    /// The mean weight along a cycle.
    pub(super) fn mean(&self, cycle: &[usize]) -> f64 {
        let next = cycle.iter().cycle().skip(1);
        cycle.iter().zip(next).map(|(&k, &j)| self.at(k, j)).sum::<f64>() / cycle.len() as f64
    }

    /// mu, a cycle that attains it, and a solution.
    pub(super) fn critical(&self) -> Critical {
        let loops = (0..self.size).min_by(|&i, &j| self.at(i, i).total_cmp(&self.at(j, j)));
        let Some(first) = loops else {
            return Critical { mean: f64::INFINITY, cycle: vec![], potentials: vec![] };
        };
        let (mut mean, mut cycle) = (self.at(first, first), vec![first]);
        loop {
            let (potentials, negative) = self.walk(mean);
            let better = negative.map(|found| (self.mean(&found), found)).filter(|(found, _)| *found < mean);
            match better {
                Some(better) => (mean, cycle) = better,
                None => return Critical { mean, cycle, potentials },
            }
        }
    }

    /// Lengths of shortest walks under w - t, and a negative cycle if there is one.
    fn walk(&self, t: f64) -> (Vec<f64>, Option<Vec<usize>>) {
        let largest = self.values.iter().filter(|w| w.is_finite()).fold(0.0, |m: f64, w| m.max(w.abs()));
        // Without loops t is infinite; every cycle of finite weight has a smaller mean than this.
        let t = t.min(largest + 1.0);
        // A walk of K steps carries K roundings of numbers below K times the largest: less is no improvement.
        let margin = 4.0 * f64::EPSILON * self.size as f64 * largest;
        let mut y = vec![0.0; self.size];
        let mut towards = vec![None; self.size];
        // The margin may hide K improvements, each of which may be made up for later: twice as many rounds.
        for _ in 0..2 * self.size + 2 {
            let mut changed = None;
            for k in 0..self.size {
                let row = &self.values[k * self.size..(k + 1) * self.size];
                for (j, w) in row.iter().enumerate() {
                    // No loop is negative: t is at most the smallest one.
                    if j != k && y[j] + (w - t) < y[k] - margin {
                        y[k] = y[j] + (w - t);
                        towards[k] = Some(j);
                        changed = Some(k);
                    }
                }
            }
            if changed.is_none() {
                return (y, None);
            }
            if let Some(cycle) = changed.and_then(|from| cycle_from(&towards, from)) {
                return (y, Some(cycle));
            }
        }
        (y, None)
    }
}

/// The cycle into which the way from here leads, if it does.
fn cycle_from(towards: &[Option<usize>], from: usize) -> Option<Vec<usize>> {
    // After K steps the way has ended or is on the cycle.
    let on = (0..towards.len()).try_fold(from, |at, _| towards[at])?;
    let mut cycle = vec![on];
    let mut at = towards[on]?;
    while at != on {
        cycle.push(at);
        at = towards[at]?;
    }
    Some(cycle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heavynorm::seed;
    use rand::RngExt;

    /// Over all cycles without repetition, by brute force.
    fn least_mean(w: &Weights) -> f64 {
        fn extend(w: &Weights, path: &mut Vec<usize>, best: &mut f64) {
            *best = best.min(w.mean(path));
            for j in path[0] + 1..w.size {
                if !path.contains(&j) {
                    path.push(j);
                    extend(w, path, best);
                    path.pop();
                }
            }
        }
        let mut best = f64::INFINITY;
        for k in 0..w.size {
            extend(w, &mut vec![k], &mut best);
        }
        best
    }

    #[test]
    fn the_critical_cycle_is_that_of_all_cycles_by_brute_force_and_the_solution_solves() {
        let mut rng = seed::stream(90, 0);
        for round in 0..400 {
            let size = 1 + round % 6;
            let sparse = round % 3 == 0;
            let w = Weights::new(size, |k, j| {
                let w = rng.random_range(-1.0..1.0);
                if sparse && w > 0.3 { f64::INFINITY } else { w + if k == j { 0.5 } else { 0.0 } }
            });
            let Critical { mean, cycle, potentials } = w.critical();
            let expected = least_mean(&w);
            assert!(mean == expected || (mean - expected).abs() < 1e-12, "{mean} {expected}");
            if mean == f64::INFINITY {
                continue;
            }
            assert!((w.mean(&cycle) - mean).abs() < 1e-15);
            for k in 0..size {
                for j in 0..size {
                    let excess = potentials[k] - potentials[j] - (w.at(k, j) - mean);
                    assert!(excess < 1e-12, "{k} {j}: {excess}");
                }
            }
        }
    }

    #[test]
    fn no_index_has_no_cycle() {
        assert_eq!(Weights::new(0, |_, _| 0.0).critical().mean, f64::INFINITY);
    }
}
