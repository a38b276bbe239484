//! Numbers at 60 digits (data/make_intervals.py), for the tests of the enclosures.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::interval::Interval;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    /// The bit pattern of the argument.
    x: String,
    /// 40 digits of the value, for a reader.
    #[allow(dead_code, reason = "the brackets below say the same to the last bit")]
    digits: String,
    /// The bit patterns of the largest double <= the value and the smallest double >= it.
    below: String,
    above: String,
    /// The sum of the sizes of the terms, where terms cancel.
    size: f64,
}

fn double(bits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(bits, 16).expect("a bit pattern"))
}

static REFERENCES: LazyLock<BTreeMap<String, Vec<Reference>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/intervals.json")).expect("written by make_intervals.py")
});

/// What a function under test returned.
pub(super) struct Enclosed(pub(super) Interval);

/// Asserts that every reference value lies in what `f` returns for its argument, and that this is at most `units`
/// half units in the last place of the terms' size wide.
pub(super) fn agrees(name: &str, units: impl Fn(f64) -> f64, f: impl Fn(f64) -> Enclosed) {
    let references = &REFERENCES[name];
    assert!(!references.is_empty());
    for reference in references {
        let (x, below, above) = (double(&reference.x), double(&reference.below), double(&reference.above));
        let Enclosed(found) = f(x);
        // A double lies below the exact value if and only if it lies below the largest double that does.
        let text = format!("{name}({x:e}) = {} is not in {found:?}", reference.digits);
        assert!(found.lower() <= below && found.upper() >= above, "{text}");
        // Near the smallest numbers widths are absolute, times powers below 1e200; beyond the largest they are infinite.
        let wide = units(x) * (f64::EPSILON / 2.0) * reference.size + 1e-100;
        assert!(
            found.width() <= wide || above.is_infinite(),
            "{name}({x:e}) in {found:?} is too wide ({wide:e})"
        );
    }
}
