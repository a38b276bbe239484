//! Norms made from norms.

use super::Entry;
use crate::spec::Scalar;

pub mod dual;
pub mod layers;
pub mod max_over;
pub mod scaled;
pub mod sum_over;
pub mod weight;
pub mod weighted;

/// Files of this folder, `mod` apart, that hold no combinator.
pub const HELPERS: &[&str] = &["layers", "weight"];

/// The combinators. Their examples may be defined on one shape only, [`crate::spec::Norm::space`].
pub fn entries<T: Scalar>() -> Vec<Entry<T>> {
    vec![dual::entry(), scaled::entry(), weighted::entry(), max_over::entry(), sum_over::entry()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/norms/combinators");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".rs", ""))
            .filter(|stem| stem != "mod" && !HELPERS.contains(&stem.as_str()))
            .collect();
        let mut names: Vec<String> =
            entries::<f64>().iter().map(|entry| entry.name.replace('-', "_")).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }
}
