//! Norms, dual norms, oracles and noise-type constants against numbers computed at 50 digits by other code
//! (tests/data/make_norms.py, which also says how the file is written).

use heavynorm::spec::{Dimensions, Matrix, MomentOrder, Norm, Scalar, inner};
use heavynorm::{norms, tol};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    matrices: Vec<Case>,
    noise_types: Vec<Constant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    rows: usize,
    columns: usize,
    /// Bit patterns of doubles in hexadecimal, column by column.
    entries: Vec<String>,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    norm: String,
    value: f64,
    dual: f64,
    /// Absent where singular vectors are badly conditioned or tied.
    lmo: Option<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    norm: String,
    rows: usize,
    columns: usize,
    p: f64,
    /// The row of the table.
    row: f64,
    /// The Frobenius route of Lemma 2.2.
    frobenius: f64,
    lower: Option<f64>,
    /// No route is known that gives less than these two.
    sharp: bool,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("data/norms.json")).expect("norms.json is written by make_norms.py")
}

fn build<T: Scalar>(text: &str) -> Box<dyn Norm<T>> {
    norms::build(&text.parse().unwrap()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

impl Case {
    fn matrix<T: Scalar>(&self) -> Matrix<T> {
        let number = |bits: &String| T::from_f64(f64::from_bits(u64::from_str_radix(bits, 16).unwrap()));
        let entries: Vec<T> = self.entries.iter().map(number).collect();
        Matrix::from_fn(self.rows, self.columns, |i, j| entries[j * self.rows + i])
    }
}

/// Values, duals, attainment and feasibility at `tolerance(case)`; returns how many answers were compared.
fn compare<T: Scalar>(tolerance: impl Fn(Dimensions) -> f64) -> usize {
    let mut compared = 0;
    for case in reference().matrices {
        let x = case.matrix::<T>();
        let tolerance = tolerance(x.dimensions().unwrap());
        for answer in &case.answers {
            let norm = build::<T>(&answer.norm);
            let close = |what: &str, found: f64, expected: f64| {
                let error = (found / expected - 1.0).abs();
                let label = norm.label();
                assert!(error <= tolerance, "{what} of {label} on {}: {found}, not {expected}", case.name);
            };
            close("value", norm.value(&x).unwrap().to_f64(), answer.value);
            close("dual value", norm.dual_value(&x).unwrap().to_f64(), answer.dual);
            let direction = norm.lmo(&x).unwrap().cast::<f64>();
            close("attained value", -inner(&x.cast(), &direction), answer.dual);
            let size = norm.value(&direction.cast()).unwrap().to_f64();
            assert!(size <= 1.0 + tolerance / 10.0, "{} on {}: {size}", norm.label(), case.name);
            compared += 1;
        }
    }
    compared
}

#[test]
fn values_and_duals_agree_with_fifty_digits_to_1e_12() {
    assert!(compare::<f64>(|_| 1e-12) > 300);
}

#[test]
fn values_and_duals_in_f32_agree_to_its_own_rounding() {
    assert!(compare::<f32>(tol::rounding::<f32>) > 300);
}

#[test]
fn directions_agree_with_fifty_digits() {
    // The script records a direction only where the gaps between singular values that matter are above 1/100 of the
    // largest: singular vectors are then off by at most about 100 times the rounding of the decomposition.
    const TOLERANCE: f64 = 1e-11;
    let mut compared = 0;
    for case in reference().matrices {
        let s = case.matrix::<f64>();
        for answer in &case.answers {
            let Some(expected) = &answer.lmo else { continue };
            let norm = build::<f64>(&answer.norm);
            let found = norm.lmo(&s).unwrap();
            let scale = expected.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            for (found, expected) in found.entries().zip(expected) {
                let error = (found - expected).abs() / scale;
                assert!(error <= TOLERANCE, "{} on {}: {found}, not {expected}", norm.label(), case.name);
            }
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared} directions were compared");
}

#[test]
fn noise_types_are_the_rows_of_the_table() {
    for constant in reference().noise_types {
        let Constant { norm, rows, columns, p, row, frobenius, lower, sharp } = constant;
        let dimensions = Dimensions::new(rows, columns).unwrap();
        let found = build::<f64>(&norm).noise_type(dimensions, MomentOrder::new(p).unwrap()).unwrap();
        let text = format!("{norm} on {dimensions}, p = {p}: {found:?}, table {row}, Frobenius {frobenius}");
        let smallest = row.min(frobenius);
        assert!(found.upper <= smallest * (1.0 + 1e-12), "{text}");
        if sharp {
            assert!(found.upper >= smallest * (1.0 - 1e-12), "{text}");
        }
        if let Some(lower) = lower {
            assert!((found.lower / lower - 1.0).abs() <= 1e-12, "{text}, at least {lower}");
        }
    }
}

#[test]
fn from_four_rows_and_columns_on_the_spectral_norm_has_the_number_of_the_table() {
    for constant in reference().noise_types {
        if constant.norm == "name = 'spectral'" && constant.rows.min(constant.columns) >= 4 {
            let smallest = constant.row.min(constant.frobenius);
            // They meet at p = 2.
            assert!(constant.row <= smallest * (1.0 + 1e-15), "p = {}", constant.p);
        }
    }
}
