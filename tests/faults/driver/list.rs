//! The list of faults: how it is read, held against the sources, and sampled.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A mathematical mistake in one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Unique and permanent.
    pub(crate) id: String,
    /// From the root of the repository, with slashes.
    pub(crate) file: String,
    find: String,
    replace: String,
    nth: Option<usize>,
    /// What is wrong, and where it can be seen.
    pub(crate) why: String,
    /// Arguments of `cargo test`, in the order in which they are tried.
    pub(crate) tests: Vec<Vec<String>>,
}

/// A file of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(default)]
    tests: Vec<Vec<String>>,
    fault: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    file: String,
    find: String,
    replace: String,
    nth: Option<usize>,
    why: String,
    tests: Option<Vec<Vec<String>>>,
}

/// All faults, group by group in the order of their names, held against the sources.
pub(crate) fn read(root: &Path) -> Result<Vec<Fault>, String> {
    let folder = root.join("tests/faults");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let is_group = |name: &String| name.ends_with(".toml") && name != "Cargo.toml";
    let mut groups: Vec<String> =
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).filter(is_group).collect();
    groups.sort();
    let mut all = Vec::new();
    for name in groups {
        let text = fs::read_to_string(folder.join(&name)).map_err(|e| format!("{name}: {e}"))?;
        all.extend(group(&text).map_err(|e| format!("{name}: {e}"))?);
    }
    let mut ids = BTreeSet::new();
    for fault in &all {
        if !ids.insert(&fault.id) {
            return Err(format!("two faults have the id '{}'", fault.id));
        }
        let text = fs::read_to_string(root.join(&fault.file));
        fault.applied(&text.map_err(|e| format!("{}: {}: {e}", fault.id, fault.file))?)?;
    }
    Ok(all)
}

fn group(text: &str) -> Result<Vec<Fault>, String> {
    let Group { tests: own, fault } = toml::from_str(text).map_err(|e| e.to_string())?;
    let complete = |written: Written| {
        let Written { id, file, find, replace, nth, why, tests } = written;
        let tests = tests.unwrap_or_else(|| own.clone());
        if tests.is_empty() || why.is_empty() {
            return Err(format!("{id}: a fault needs tests and a reason"));
        }
        Ok(Fault { id, file, find, replace, nth, why, tests })
    };
    fault.into_iter().map(complete).collect()
}

impl Fault {
    /// The text of the file with the fault in it.
    pub(crate) fn applied(&self, text: &str) -> Result<String, String> {
        let complain = |what: String| Err(format!("{}: in {} {what}: '{}'", self.id, self.file, self.find));
        if self.find == self.replace {
            return complain("nothing is replaced".into());
        }
        let places: Vec<usize> = text.match_indices(&self.find).map(|(at, _)| at).collect();
        let at = match (self.nth, &places[..]) {
            (None, [only]) => *only,
            (None, _) => return complain(format!("there are {} places and no `nth`", places.len())),
            (Some(_), [_]) => return complain("there is one place and `nth`".into()),
            (Some(n), _) => match n.checked_sub(1).and_then(|k| places.get(k)) {
                Some(&at) => at,
                None => return complain(format!("there are {} places, none is number {n}", places.len())),
            },
        };
        let (before, rest) = text.split_at(at);
        Ok(format!("{before}{}{}", self.replace, &rest[self.find.len()..]))
    }
}

/// `count` faults in a row from a fixed mixed order, which begins at `seed` times `count`: successive numbers go through the
/// whole list.
pub(crate) fn sample<'a>(all: &'a [Fault], count: usize, seed: &str) -> Vec<&'a Fault> {
    let mut mixed: Vec<&Fault> = all.iter().collect();
    mixed.sort_by_key(|fault| hash(&fault.id));
    let number = seed.parse().unwrap_or_else(|_| hash(seed));
    let start = (u128::from(number) * count as u128 % all.len().max(1) as u128) as usize;
    mixed.into_iter().cycle().skip(start).take(count.min(all.len())).collect()
}

/// The 64-bit FNV-1a hash.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn fault(find: &str, replace: &str, nth: Option<usize>) -> Fault {
        let [id, file, find, replace, why] = ["f", "src/f.rs", find, replace, "w"].map(str::to_owned);
        Fault { id, file, find, replace, nth, why, tests: vec![vec!["--lib".into()]] }
    }

    #[test]
    fn every_fault_fits_the_sources_and_has_an_id_of_its_own() {
        let all = read(&here()).unwrap_or_else(|e| panic!("{e}"));
        assert!(all.len() >= 130, "only {} faults", all.len());
    }

    #[test]
    fn every_folder_that_carries_mathematics_has_faults() {
        let all = read(&here()).unwrap();
        for folder in [
            "src/algorithms/",
            "src/hard_instances/",
            "src/hard_instances/frames/",
            "src/noise/",
            "src/noise/directions/",
            "src/norms/",
            "src/norms/combinators/",
            "src/norms/support/",
            "src/oracles/",
            "src/polar/",
            "src/problems/",
            "src/statistics/",
            "proofs-check/certificates/",
            "proofs-check/certify/",
            "proofs-check/falsify/",
            "proofs-check/lower_bounds/",
            "proofs-check/theorems/",
        ] {
            assert!(all.iter().any(|fault| fault.file.starts_with(folder)), "no fault in {folder}");
        }
    }

    #[test]
    fn tests_name_a_package_and_what_to_run_of_it() {
        for fault in read(&here()).unwrap() {
            for test in &fault.tests {
                let (package, part) = (test[0] == "-p", &test[2..]);
                assert!(
                    package && part.iter().any(|a| a == "--lib" || a == "--test"),
                    "{}: {test:?}",
                    fault.id
                );
            }
        }
    }

    #[test]
    fn a_place_is_found_exactly_or_named_by_its_number() {
        assert_eq!(fault("b", "x", None).applied("abc"), Ok("axc".into()));
        assert_eq!(fault("b", "x", Some(2)).applied("abcb"), Ok("abcx".into()));
        for (find, replace, nth, text, complaint) in [
            ("b", "x", None, "ac", "0 places"),
            ("b", "x", None, "bb", "2 places"),
            ("b", "x", Some(1), "b", "one place and `nth`"),
            ("b", "x", Some(3), "bb", "none is number 3"),
            ("b", "x", Some(0), "bb", "none is number 0"),
            ("b", "b", None, "b", "nothing is replaced"),
        ] {
            let error = fault(find, replace, nth).applied(text).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn successive_samples_go_through_the_whole_list() {
        let all: Vec<Fault> =
            (0..10).map(|k| Fault { id: format!("f{k}"), ..fault("a", "b", None) }).collect();
        let ids = |seed: &str| -> Vec<&str> { sample(&all, 4, seed).iter().map(|f| &*f.id).collect() };
        let seen: BTreeSet<&str> = ["7", "8", "9"].iter().flat_map(|seed| ids(seed)).collect();
        assert_eq!(seen.len(), 10);
        assert_eq!(ids("a commit"), ids("a commit"));
        assert_eq!(sample(&all, 99, "1").len(), 10);
    }

    #[test]
    fn a_group_lends_its_tests_and_a_fault_without_a_reason_is_refused() {
        let text = |why: &str| {
            format!(
                "tests = [['-p', 'x', '--lib']]\n[[fault]]\nid = 'f'\nfile = 'f'\nfind = 'a'\nreplace = 'b'\nwhy = '{why}'"
            )
        };
        assert_eq!(group(&text("w")).unwrap()[0].tests, [["-p", "x", "--lib"]]);
        assert!(group(&text("")).unwrap_err().contains("a reason"));
        assert!(group("[[fault]]\nid = 'f'").is_err());
    }
}
