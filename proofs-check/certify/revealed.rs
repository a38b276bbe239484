//! The revealed norm: are recorded updates the LMO of ANY norm of a class? (LEM-REVEALED-NORM, COR-REVEALED-INEXACT.)
//!
//! # Statement
//!
//! Write D_k = -X_k, a_k = <S_k, D_k>, and b_kj = max <S_k, h D_j> over a group h of symmetries:
//!
//! ```text
//! Unitary         h D = U D V, U and V orthogonal        b_kj = <sigma(S_k), sigma(X_j)>
//! EntrySymmetric  signs and places of entries            b_kj = <|S_k| sorted, |X_j| sorted>
//! General         h D = D or -D                          b_kj = |<S_k, X_j>|
//! ```
//!
//! There are a norm that h leaves as it is and c_k > 0 with X_k in c_k argmin{<S_k, X> : ||X|| <= 1} for all k if and only if
//! all a_k > 0 and prod a_k >= prod b_{k,next(k)} along every cycle, loops included. With all c_k equal: a_k >= b_kj for all k, j.
//! If the cycles hold up to factors, prod a_k >= prod (1 - delta) b_{k,next(k)}, then and only then the X_k/c_k are
//! delta-inexact LMOs of one such norm. The norm is explicit: its unit ball is the hull of all h D_j/c_j, so that
//!
//! ```text
//! ||S||_* = max_j max_h <S, h D_j>/c_j          (General: and of r||S||_F with a small r).
//! ```
//!
//! The test for a general norm is weak: it refutes only what contradicts itself under signs, and a single pair with
//! a_1 > 0 never does.

use heavynorm::polar;
use heavynorm::spec::{Matrix, NormError};
use serde::Serialize;

use super::cycles::{Critical, Weights};
use super::{CertifyError, Recording, Steps, unusable};

/// Under what a norm does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariance {
    /// ||U X V|| = ||X|| for orthogonal U and V: a symmetric gauge of the singular values.
    #[serde(rename = "unitarily_invariant")]
    Unitary,
    /// Entries may change places and signs: a symmetric gauge of the entries.
    EntrySymmetric,
    /// ||-X|| = ||X||, as for every norm.
    General,
}

impl Invariance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unitary, Self::EntrySymmetric, Self::General];

    /// One norm of the class, in words.
    pub fn one_norm(self) -> &'static str {
        match self {
            Self::Unitary => "one unitarily invariant norm",
            Self::EntrySymmetric => "one entry-symmetric norm",
            Self::General => "one norm",
        }
    }

    /// The vector p(X) for which max_h <S, h X> is |<p(S), p(X)>|.
    pub(super) fn profile(self, x: &Matrix<f64>) -> Result<Vec<f64>, NormError> {
        match self {
            Self::Unitary => polar::singular_values(x),
            Self::EntrySymmetric => {
                let mut entries: Vec<f64> = x.entries().map(f64::abs).collect();
                entries.sort_unstable_by(|a, b| b.total_cmp(a));
                Ok(entries)
            }
            Self::General => Ok(x.entries().collect()),
        }
    }
}

/// Pairs that no norm of the class explains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    /// k_1, .., k_l: prod a_{k_i} < prod b_{k_i k_{i+1}} (cyclically), beyond what the precision explains; a single k also where a_k is
    /// not positive. With equal steps: (k) for a_k < b_kk, (k, j) for a_k < b_kj.
    pub cycle: Vec<usize>,
    /// The geometric mean of a/b along it, as recorded; with equal steps a_k/b_kj. Not positive where a_k is not, and NaN
    /// (null in JSON) for S_k = 0 with X_k != 0.
    pub ratio: f64,
    /// The same with a and b moved as far as the precision allows: below 1.
    pub ratio_at_best: f64,
}

/// A norm that explains the pairs up to `Revealed::inexactness`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// Its class.
    pub invariance: Invariance,
    /// c_k relative to that of the first pair that says something; 0 for a pair that says nothing.
    pub step_sizes: Vec<f64>,
    /// The profiles w_j of D_j/c_j: ||S||_* = max_j |<p(S), w_j>|, scaled so that the largest entry of all w_j is 1.
    pub generators: Vec<Vec<f64>>,
    /// r: ||S||_* is at least r||S||_F; 0 where the hull of the orbits has an interior by itself.
    pub ball: f64,
}

impl Example {
    /// ||S||_*.
    ///
    /// # Errors
    /// Those of the singular value decomposition.
    pub fn dual_value(&self, s: &Matrix<f64>) -> Result<f64, NormError> {
        let profile = self.invariance.profile(s)?;
        let of_orbits = self.generators.iter().map(|w| dot(&profile, w).abs());
        Ok(of_orbits.fold(self.ball * dot(&profile, &profile).sqrt(), f64::max))
    }

    /// The generators without those that never matter, for a reader: up to a relative `tolerance`, w_j is left out where
    /// every partial sum of it is at most that of a generator that stays (then <sigma, w_j> is, too, for decreasing
    /// sigma >= 0, by summation by parts). All of them for a general norm.
    pub fn essential(&self, tolerance: f64) -> Vec<&[f64]> {
        let sums = |w: &[f64]| -> Vec<f64> {
            let running = w.iter().scan(0.0, |sum, x| {
                *sum += x;
                Some(*sum)
            });
            running.collect()
        };
        let mut kept: Vec<(&[f64], Vec<f64>)> = Vec::new();
        for w in &self.generators {
            let own = sums(w);
            let below = |a: &[f64], b: &[f64]| {
                // Spectra without the zeros of zero lines may be of different lengths.
                let end = |s: &[f64], i: usize| s.get(i).or(s.last()).copied().unwrap_or(0.0);
                (0..a.len().max(b.len())).all(|i| end(a, i) <= end(b, i) * (1.0 + tolerance))
            };
            if self.invariance == Invariance::General {
                kept.push((w, own));
            } else if !kept.iter().any(|(_, other)| below(&own, other)) {
                kept.retain(|(_, other)| !below(other, &own));
                kept.push((w, own));
            }
        }
        kept.into_iter().map(|(w, _)| w).collect()
    }
}

/// What the pairs reveal about a class of norms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Revealed {
    /// The class.
    pub invariance: Invariance,
    /// What was assumed of the step sizes.
    pub steps: Steps,
    /// How many pairs say something (S_k or X_k is not zero).
    pub pairs: usize,
    /// None if the pairs are consistent with one norm of the class, within the precision.
    pub witness: Option<Witness>,
    /// The least delta for which all X_k/c_k are delta-inexact LMOs of one norm of the class, as recorded. 1 or more, or infinite
    /// (null in JSON), where an update does not descend.
    pub inexactness: f64,
    /// The pairs that decide `inexactness`.
    pub critical: Vec<usize>,
    /// A norm that explains the pairs up to `inexactness`; none where that is 1 or more.
    pub example: Option<Example>,
}

impl Revealed {
    /// No pair contradicts.
    pub fn consistent(&self) -> bool {
        self.witness.is_none()
    }
}

/// The numbers a_k, b_kj of the pairs that say something, at unit scale, with the sizes that the tolerance is relative to.
struct Products {
    /// Indices of the recording.
    indices: Vec<usize>,
    a: Vec<f64>,
    b: Weights,
    sizes: Vec<(f64, f64)>,
    /// log c_k' of equal steps: at unit scale they are 2^-j.
    equal: Vec<f64>,
    directions: Vec<Vec<f64>>,
}

impl Recording {
    /// Whether the pairs are LMO steps of one norm of a class, whichever it is.
    ///
    /// # Degenerate cases
    /// S_k = 0 with X_k = 0 says nothing and is left out; without other pairs every norm is consistent. S_k = 0 with X_k != 0 is
    /// refuted (lmo(0) = 0), and so are X_k = 0 with S_k != 0 and every <S_k, -X_k> <= 0: an LMO descends. K = 1 tests
    /// the loop alone, which for a general norm says no more than a_1 > 0.
    ///
    /// # Errors
    /// [`CertifyError::Unusable`] if a decomposition does not converge.
    pub fn revealed(&self, invariance: Invariance, steps: Steps) -> Result<Revealed, CertifyError> {
        let products = self.products(invariance)?;
        let (nominal, at_best) = (products.weights(0.0), products.weights(self.tolerance()));
        let witness = match products.refuted_alone(self.tolerance()) {
            Some(k) => Some(Witness {
                cycle: vec![products.indices[k]],
                ratio: products.a[k] / products.b.at(k, k),
                ratio_at_best: 0.0,
            }),
            None => {
                let Critical { mean, cycle, .. } = products.critical(&at_best, steps);
                (mean < 0.0).then(|| Witness {
                    ratio: products.mean(&nominal, &cycle, steps).exp(),
                    ratio_at_best: mean.exp(),
                    cycle: cycle.iter().map(|&k| products.indices[k]).collect(),
                })
            }
        };
        let descends = products.a.iter().all(|&a| a > 0.0);
        let (inexactness, critical, example) = if descends {
            let critical = products.critical(&nominal, steps);
            let example = self.example(&products, &critical.potentials, invariance);
            let cycle = critical.cycle.iter().map(|&k| products.indices[k]).collect();
            // What is above 1 is rounding: no a exceeds its own b.
            ((-critical.mean.min(0.0).exp_m1()).max(0.0), cycle, example)
        } else {
            (f64::INFINITY, witness.as_ref().map(|w| w.cycle.clone()).unwrap_or_default(), None)
        };
        let pairs = products.indices.len();
        Ok(Revealed { invariance, steps, pairs, witness, inexactness, critical, example })
    }

    fn products(&self, invariance: Invariance) -> Result<Products, CertifyError> {
        let indices = self.speaking();
        let profile =
            |x: &Matrix<f64>, k: usize, which| invariance.profile(x).map_err(|e| unusable(k, which, e));
        let (mut momenta, mut directions, mut a, mut sizes) = (vec![], vec![], vec![], vec![]);
        for &k in &indices {
            let pair = &self.pairs[k];
            momenta.push(profile(&pair.momentum, k, "momentum")?);
            directions.push(profile(&pair.direction, k, "update")?);
            a.push(heavynorm::spec::inner(&pair.momentum, &pair.direction));
            let length = |x: &Matrix<f64>| x.entries().map(|x| x * x).sum::<f64>().sqrt();
            sizes.push((length(&pair.momentum), length(&pair.direction)));
        }
        let b = Weights::new(indices.len(), |k, j| dot(&momenta[k], &directions[j]).abs());
        let equal =
            indices.iter().map(|&k| -f64::from(self.pairs[k].exponent) * std::f64::consts::LN_2).collect();
        Ok(Products { indices, a, b, sizes, equal, directions })
    }

    /// The norm of the proof.
    fn example(&self, products: &Products, potentials: &[f64], invariance: Invariance) -> Option<Example> {
        let Products { indices, directions, equal, a, sizes, .. } = products;
        let largest = |w: &[f64]| w.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        // Differences alone are determined: the shift makes the largest entry of all generators 1.
        let logs = directions.iter().zip(potentials).map(|(d, y)| largest(d).ln() - y);
        let shift = logs.reduce(f64::max)?;
        let scale = |k: usize| (-(potentials[k] + shift)).exp();
        let generators: Vec<Vec<f64>> =
            directions.iter().enumerate().map(|(k, d)| d.iter().map(|x| x * scale(k)).collect()).collect();
        let mut step_sizes = vec![0.0; self.pairs()];
        for (at, &k) in indices.iter().enumerate() {
            // c_k = 2^j c_k', and 2^j is in `equal`.
            step_sizes[k] = (potentials[at] - equal[at] - potentials[0] + equal[0]).exp();
        }
        let ball = match invariance {
            // r||S_k||_F <= a_k/c_k for all k.
            Invariance::General => {
                (0..a.len()).map(|k| a[k] * scale(k) / sizes[k].0).fold(f64::INFINITY, f64::min)
            }
            _ => 0.0,
        };
        Some(Example { invariance, step_sizes, generators, ball })
    }
}

impl Products {
    /// A pair whose a_k is not positive, whatever the precision makes of it.
    fn refuted_alone(&self, tolerance: f64) -> Option<usize> {
        let at_best = |k: usize| self.a[k] + tolerance * self.sizes[k].0 * self.sizes[k].1;
        (0..self.a.len()).find(|&k| at_best(k) <= 0.0)
    }

    /// log a_k - log b_kj, both moved in favour of consistency by what the tolerance allows.
    fn weights(&self, tolerance: f64) -> Weights {
        Weights::new(self.a.len(), |k, j| {
            let (s, x) = (self.sizes[k].0, self.sizes[j].1);
            let (a, b) = (self.a[k] + tolerance * s * self.sizes[k].1, self.b.at(k, j) - tolerance * s * x);
            if b > 0.0 { a.ln() - b.ln() } else { f64::INFINITY }
        })
    }

    fn critical(&self, w: &Weights, steps: Steps) -> Critical {
        match steps {
            Steps::Free => w.critical(),
            Steps::Same => {
                let all = (0..self.a.len()).flat_map(|k| (0..self.a.len()).map(move |j| vec![k, j]));
                let slack = |edge: &[usize]| self.mean(w, edge, steps);
                let worst = all.map(|edge| (slack(&edge), edge)).min_by(|a, b| a.0.total_cmp(&b.0));
                let (mean, mut cycle) = worst.unwrap_or((f64::INFINITY, vec![]));
                cycle.dedup();
                Critical { mean, cycle, potentials: self.equal.clone() }
            }
        }
    }

    /// The logarithm of the geometric mean of a/b along a cycle; of a_k/b_kj with equal steps.
    fn mean(&self, w: &Weights, cycle: &[usize], steps: Steps) -> f64 {
        match (steps, cycle) {
            (Steps::Free, _) => w.mean(cycle),
            (Steps::Same, &[k]) => w.at(k, k),
            (Steps::Same, _) => w.at(cycle[0], cycle[1]) - self.equal[cycle[0]] + self.equal[cycle[1]],
        }
    }
}

/// <a, b>, with zeros after the end of the shorter one.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
