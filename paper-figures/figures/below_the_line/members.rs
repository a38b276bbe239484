//! Who takes part: the list `members.toml`, the same at every size, and how its entries become methods.

use std::collections::BTreeMap;
use std::sync::Arc;

use heavynorm::algorithms::{self, DynAlgorithm};
use heavynorm::hard_instances::BlockChain;
use heavynorm::norms;
use heavynorm::spec::{Dimensions, Norm};
use serde::Deserialize;
use toml::Table;

use super::parking::Parking;
use super::{Candidate, Failure, NAME};

const LIST: &str = include_str!("members.toml");

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    /// Members too, made for the instance and not in the registry.
    pub(super) adversaries: Vec<Member>,
    /// Dense right factors: not in the class, for contrast.
    pub(super) outsiders: Vec<Member>,
    /// Registered methods that do not take part: name and reason.
    #[serde(default)]
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by the test that compares the list with the registry")
    )]
    excluded: BTreeMap<String, String>,
}

/// A method under a norm.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) label: String,
    pub(super) family: Family,
    /// The run's norm; methods without one ignore it.
    norm: Table,
    /// The method's table without what candidates vary.
    method: Table,
    step: Step,
    memory: Memory,
    /// Keys of the method that are sizes of gradients: multiples of c/s.
    #[serde(default)]
    gradient_sizes: BTreeMap<String, f64>,
    /// Keys of the method that are inverse to the step size: multiples of 1/eta.
    #[serde(default)]
    inverse_steps: BTreeMap<String, f64>,
    /// ||X B|| with B = I + J/n in place of ||X||.
    #[serde(default)]
    dense_right_factor: bool,
    /// It runs on this many times the instance's seeds.
    #[serde(default = "once")]
    pub(super) seed_factor: u64,
}

fn once() -> u64 {
    1
}

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Family {
    /// One direction of momentum, steps of one length.
    Normalised,
    /// Gradients taken elsewhere or compared at two points, so that old ones can be kept.
    Corrected,
    /// Signs and Adam.
    Entrywise,
    /// Steps that grow with the gradient.
    Plain,
    /// Made for the instance.
    Adversary,
    /// Outside of the class.
    Outsider,
}

/// What the candidates' multiples of s are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// step_size = k s: a length.
    Width,
    /// step_size = k s/(c/s): the length of a step along a gradient of size c/s.
    Gradient,
    /// radius = k s/step_size: the length of a step towards the edge of the ball.
    Radius,
}

/// Which key the candidates' averaging alpha sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Memory {
    /// averaging = alpha.
    Averaging,
    /// beta1 = 1 - alpha.
    Beta1,
    /// batch = 1/alpha.
    Batch,
    /// None: one candidate for each step.
    None,
}

/// s and c/s of an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    pub(super) width: f64,
    pub(super) gradient: f64,
}

impl Members {
    /// All that the lower bound speaks of.
    pub(super) fn bound(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain(&self.adversaries)
    }

    pub(super) fn read() -> Result<Self, Failure> {
        toml::from_str(LIST).map_err(|e| Failure::Input(format!("{NAME}: members.toml: {e}")))
    }
}

impl Member {
    /// The lower bound speaks of it.
    pub(super) fn is_member(&self) -> bool {
        self.family != Family::Outsider
    }

    /// An outsider passed off as a member.
    #[cfg(test)]
    pub(super) fn as_member(&self) -> Self {
        Self { family: Family::Normalised, label: self.label.clone(), ..self.clone() }
    }

    /// Alpha makes a difference.
    pub(super) fn has_memory(&self) -> bool {
        self.memory != Memory::None
    }

    /// The norm on a space.
    pub(super) fn norm(&self, space: Dimensions) -> Result<Arc<dyn Norm<f64>>, Failure> {
        if !self.dense_right_factor {
            return Ok(norms::build(&self.norm)?.into());
        }
        // An orthogonal factor would change nothing: the spectral norm is invariant under it.
        let table = Table::from_iter([
            ("name".to_owned(), "weighted".into()),
            ("left".to_owned(), rows(space.rows(), 0.0)),
            ("right".to_owned(), rows(space.columns(), 1.0 / space.columns() as f64)),
            ("norm".to_owned(), self.norm.clone().into()),
        ]);
        Ok(norms::build(&table)?.into())
    }

    /// The method of a candidate.
    pub(super) fn build(
        &self,
        norm: &Arc<dyn Norm<f64>>,
        chain: &Arc<BlockChain>,
        units: Units,
        candidate: Candidate,
    ) -> Result<Box<dyn DynAlgorithm<f64>>, Failure> {
        if self.family == Family::Adversary {
            return Ok(Box::new(Parking::new(chain, candidate.step)));
        }
        Ok(algorithms::build(&self.table(units, candidate)?, Arc::clone(norm))?)
    }

    /// The method's table with all of its numbers.
    fn table(&self, units: Units, Candidate { step, averaging }: Candidate) -> Result<Table, Failure> {
        let mut table = self.method.clone();
        let length = step * units.width;
        let step_size = match self.step {
            Step::Width => length,
            Step::Gradient => length / units.gradient,
            Step::Radius => {
                let share = table.get("step_size").and_then(toml::Value::as_float);
                let share = share.ok_or_else(|| {
                    Failure::Input(format!(
                        "{NAME}: {}: step = \"radius\" needs a step_size in the method",
                        self.label
                    ))
                })?;
                table.insert("radius".into(), (length / share).into());
                share
            }
        };
        table.insert("step_size".into(), step_size.into());
        let memory = match self.memory {
            Memory::Averaging => Some(("averaging", averaging.into())),
            Memory::Beta1 => Some(("beta1", (1.0 - averaging).into())),
            Memory::Batch => Some(("batch", ((1.0 / averaging).round() as i64).into())),
            Memory::None => None,
        };
        table.extend(memory.map(|(key, value): (&str, toml::Value)| (key.to_owned(), value)));
        table.extend(self.gradient_sizes.iter().map(|(key, k)| (key.clone(), (k * units.gradient).into())));
        table.extend(self.inverse_steps.iter().map(|(key, k)| (key.clone(), (k / step_size).into())));
        Ok(table)
    }
}

/// I + t J as a list of rows.
fn rows(side: usize, t: f64) -> toml::Value {
    let row = |i| (0..side).map(move |j| t + if i == j { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    (0..side).map(row).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use heavynorm::hard_instances::Layout;
    use heavynorm::spec::ZeroRespecting;

    use super::*;

    const UNITS: Units = Units { width: 200.0, gradient: 0.5 };

    #[test]
    fn every_registered_method_takes_part_or_is_left_out_with_a_reason() {
        let list = Members::read().unwrap();
        let name = |m: &Member| m.method["name"].as_str().unwrap().to_owned();
        let taking_part: BTreeSet<String> = list.members.iter().map(name).collect();
        let registered: BTreeSet<String> =
            algorithms::entries::<f64>().iter().map(|e| e.name.to_owned()).collect();
        let excluded: BTreeSet<String> = list.excluded.keys().cloned().collect();
        assert!(taking_part.is_disjoint(&excluded));
        assert_eq!(&taking_part | &excluded, registered);
        assert!(list.excluded.values().all(|reason| !reason.is_empty()));
    }

    #[test]
    fn labels_are_distinct_and_only_outsiders_are_outside() {
        let list = Members::read().unwrap();
        let all = || list.bound().chain(&list.outsiders);
        assert_eq!(all().map(|m| &m.label).collect::<BTreeSet<_>>().len(), all().count());
        assert!(list.bound().all(|m| m.family != Family::Outsider && !m.dense_right_factor));
        assert!(list.adversaries.iter().all(|m| m.family == Family::Adversary));
        assert!(list.outsiders.iter().all(|m| m.family == Family::Outsider));
    }

    #[test]
    fn every_entry_builds_and_claims_the_class_that_it_stands_in() {
        let list = Members::read().unwrap();
        let space = Layout::Rows.smallest(2, 3).unwrap();
        let chain = Arc::new(BlockChain::new(space, Layout::Rows, 2, 3, 100.0, 200.0).unwrap());
        for member in list.bound().chain(&list.outsiders) {
            let norm = member.norm(space).unwrap();
            for step in [1e-2, 1e3] {
                for averaging in [1.0, 0.1] {
                    match member.build(&norm, &chain, UNITS, Candidate { step, averaging }) {
                        Ok(method) => {
                            let in_the_class = method.zero_respecting() >= ZeroRespecting::Lines;
                            assert_eq!(in_the_class, member.is_member(), "{}", member.label);
                        }
                        Err(e) => panic!("{}: {e}", member.label),
                    }
                }
            }
        }
    }

    #[test]
    fn candidates_are_lengths_of_a_step_in_every_unit() {
        let list = Members::read().unwrap();
        let candidate = Candidate { step: 3.0, averaging: 0.25 };
        let number = |name: &str, key: &str| {
            let member = list.members.iter().find(|m| m.method["name"].as_str() == Some(name)).unwrap();
            let table = member.table(UNITS, candidate).unwrap();
            table[key].as_float().or(table[key].as_integer().map(|k| k as f64)).unwrap()
        };
        assert_eq!(number("scion", "step_size"), 600.0);
        assert_eq!(number("scion", "averaging"), 0.25);
        assert_eq!(number("sgd-momentum", "step_size"), 1200.0);
        assert_eq!(number("clipped-sgd", "threshold"), 2.0);
        assert_eq!(number("adamw", "weight_decay") * 600.0, 0.01);
        assert_eq!(number("adam", "beta1"), 0.75);
        assert_eq!(number("batched-scion", "batch"), 4.0);
        let share = number("constrained-scion", "step_size");
        assert_eq!(number("constrained-scion", "radius") * share, 600.0);
    }
}
