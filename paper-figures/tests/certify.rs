//! `heavynorm certify` as a stranger uses it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use heavynorm::algorithms::newton_schulz;
use heavynorm::norms::{max_entry::MaxEntry, schatten::Schatten, spectral::Spectral};
use heavynorm::polar;
use heavynorm::spec::{Matrix, Norm};
use serde_json::Value;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn certify(folder: &Path, arguments: &[&str]) -> Run {
    let files = ["certify", "--momentum", "S.npy", "--update", "X.npy"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_heavynorm"));
    let Output { status, stdout, stderr } =
        command.args(files).args(arguments).current_dir(folder).output().unwrap();
    Run {
        code: status.code().expect("ended by itself"),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A .npy file of format 1.0.
fn npy(shape: &[usize], single: bool, numbers: impl Iterator<Item = f64>) -> Vec<u8> {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tail = if shape.len() == 1 { "," } else { "" };
    let kind = if single { "<f4" } else { "<f8" };
    let header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{tail}), }}", sides.join(", "));
    let header = format!("{header:<117}\n");
    let length = (header.len() as u16).to_le_bytes();
    let start = b"\x93NUMPY\x01\x00".iter().copied().chain(length).chain(header.bytes());
    let bytes = |x: f64| if single { (x as f32).to_le_bytes().to_vec() } else { x.to_le_bytes().to_vec() };
    start.chain(numbers.flat_map(bytes)).collect()
}

fn rows(matrices: &[Matrix<f64>]) -> impl Iterator<Item = f64> + '_ {
    matrices.iter().flat_map(|x| (0..x.nrows()).flat_map(move |i| (0..x.ncols()).map(move |j| x[(i, j)])))
}

fn stack(matrices: &[Matrix<f64>], single: bool) -> Vec<u8> {
    npy(&[matrices.len(), matrices[0].nrows(), matrices[0].ncols()], single, rows(matrices))
}

fn momenta() -> Vec<Matrix<f64>> {
    let entry = |k: usize, i: usize, j: usize| (f64::from((1 + i + 9 * j + 61 * k * k) as u32) * 1.37).sin();
    (0..4).map(|k| Matrix::from_fn(6, 9, |i, j| entry(k, i, j) * 3f64.powi(k as i32))).collect()
}

fn folder(update: impl Fn(usize, &Matrix<f64>) -> Matrix<f64>, single: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let momenta = momenta();
    let updates: Vec<_> = momenta.iter().enumerate().map(|(k, s)| update(k, s)).collect();
    fs::write(folder.path().join("S.npy"), stack(&momenta, single)).unwrap();
    fs::write(folder.path().join("X.npy"), stack(&updates, single)).unwrap();
    folder
}

fn report(folder: &Path, more: &[&str]) -> Value {
    let run = certify(folder, &[&["--json"], more].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn consistent(report: &Value) -> [bool; 3] {
    ["unitarily_invariant", "entry_symmetric", "general"]
        .map(|class| report["revealed"][class]["consistent"].as_bool().unwrap())
}

#[test]
fn an_exact_polar_factor_is_certified_as_spectral_in_both_precisions() {
    for single in [false, true] {
        let folder = folder(|_, s| &Spectral.lmo(s).unwrap() * 0.02, single);
        let found = report(folder.path(), &["--same-step"]);
        assert_eq!(consistent(&found), [true, false, true]);
        let verdict = found["revealed"]["unitarily_invariant"]["verdict"].as_str().unwrap();
        assert_eq!(
            verdict,
            "consistent with one unitarily invariant norm on these 4 pairs, for example spectral"
        );
        let spectral = &found["norms"]["spectral"];
        assert!(spectral["alignment"].as_f64().unwrap() > 1.0 - 1e-6);
        assert!((spectral["norm"].as_f64().unwrap() / 0.02 - 1.0).abs() < 1e-6);
        assert!(spectral["calls_factor"].as_f64().unwrap() < 1.0 + 1e-5);
        assert!(found["norms"]["frobenius"]["alignment"].as_f64().unwrap() < 0.999);
        // rms-to-rms is the spectral norm in other units.
        assert!(found["norms"]["rms-to-rms"]["alignment"].as_f64().unwrap() > 1.0 - 1e-6);
    }
}

#[test]
fn the_class_of_each_method_is_found_and_the_witness_is_a_list_of_pairs() {
    let signs = folder(|_, s| MaxEntry.lmo(s).unwrap(), false);
    let found = report(signs.path(), &["--same-step"]);
    assert_eq!(consistent(&found), [false, true, true]);
    assert_eq!(found["revealed"]["entry_symmetric"]["named"][0], "max-entry");
    let witness = &found["revealed"]["unitarily_invariant"]["witness"];
    assert!(witness.as_array().unwrap().iter().all(|k| k.as_u64().unwrap() < 4), "{witness}");

    let raw = folder(
        |_, s| {
            let svd = polar::thin_svd(s).unwrap();
            let w: Vec<f64> = svd.singular_values.iter().map(|x| -x.powf(0.5)).collect();
            svd.recompose(&w)
        },
        false,
    );
    let free = report(raw.path(), &[]);
    assert!(consistent(&free)[0]);
    assert_eq!(free["revealed"]["unitarily_invariant"]["named"][0], "schatten(q=3)");
    let same = report(raw.path(), &["--same-step"]);
    assert!(!consistent(&same)[0]);
    let exact = report(raw.path(), &["--norm", "schatten", "--param", "q=3"]);
    assert!(exact["norms"]["schatten(q=3)"]["alignment"].as_f64().unwrap() > 1.0 - 1e-13);
    assert_eq!(exact["norms"].as_object().unwrap().len(), 1);
    let schatten = Schatten::new(3.0).unwrap();
    let size = schatten.lmo(&momenta()[0]).unwrap();
    assert!((Norm::<f64>::value(&schatten, &size).unwrap() - 1.0).abs() < 1e-13);

    let quintic = folder(|_, s| -&newton_schulz(s).unwrap(), false);
    let found = report(quintic.path(), &[]);
    assert!(!consistent(&found)[0]);
    let best = found["revealed"]["unitarily_invariant"]["inexactness"].as_f64().unwrap();
    let spectral = found["norms"]["spectral"]["inexactness"].as_f64().unwrap();
    assert!(0.005 < best && best < spectral && spectral < 0.3, "{best} {spectral}");
    let text = certify(quintic.path(), &[]).stdout;
    assert!(text.contains("refuted, by these pairs: ") && text.contains("-inexact"), "{text}");
}

#[test]
fn a_norm_without_a_name_is_constructed_and_printed() {
    // Each singular value through a concave increasing map that is no power.
    let map = |_: usize, s: &Matrix<f64>| {
        let svd = polar::thin_svd(s).unwrap();
        let top = svd.singular_values[0];
        let w: Vec<f64> = svd.singular_values.iter().map(|x| -(x / top).min(0.6)).collect();
        svd.recompose(&w)
    };
    let folder = folder(map, false);
    let found = report(folder.path(), &[]);
    let revealed = &found["revealed"]["unitarily_invariant"];
    assert_eq!((&revealed["consistent"], &revealed["named"]), (&Value::Bool(true), &Value::Array(vec![])));
    let generators = revealed["example"]["generators"].as_array().unwrap();
    assert!(!generators.is_empty() && generators[0].as_array().unwrap().len() == 6);
    assert!(revealed["verdict"].as_str().unwrap().contains("max over w of <sigma(S), w>, w = ("));
}

#[test]
fn one_matrix_is_a_stack_of_one_and_pictures_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let s = momenta().remove(0);
    let x = Spectral.lmo(&s).unwrap();
    fs::write(folder.path().join("S.npy"), npy(&[6, 9], false, rows(std::slice::from_ref(&s)))).unwrap();
    fs::write(folder.path().join("X.npy"), npy(&[1, 6, 9], false, rows(std::slice::from_ref(&x)))).unwrap();
    let found = report(folder.path(), &["--picture", "map.svg"]);
    assert_eq!((found["pairs"].as_u64(), consistent(&found)), (Some(1), [true, false, true]));
    let svg = fs::read_to_string(folder.path().join("map.svg")).unwrap();
    assert!(svg.contains("pair 0") && svg.matches("<circle").count() > 20);
    let run = certify(folder.path(), &["--picture", "map.png"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let again = certify(folder.path(), &["--picture", "map.png"]);
    assert!(
        again.code == 2 && again.stderr.contains("--force") && again.stdout.is_empty(),
        "{}",
        again.stderr
    );
    assert_eq!(certify(folder.path(), &["--picture", "map.png", "--force"]).code, 0);
    assert!(fs::read(folder.path().join("map.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(run.stdout.contains("this 1 pair") && run.stdout.contains("a weak test"), "{}", run.stdout);
}

#[test]
fn zero_matrices_are_answered_and_never_a_number_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec![Matrix::zeros(2, 3)];
    let write =
        |name: &str, of: &[Matrix<f64>]| fs::write(folder.path().join(name), stack(of, false)).unwrap();
    write("S.npy", &zeros);
    write("X.npy", &zeros);
    let found = report(folder.path(), &["--picture", "z.svg"]);
    assert_eq!(consistent(&found), [true, true, true]);
    let nothing = |found: &Value, keys: &[&str]| {
        keys.iter().all(|key| found["norms"]["spectral"].get(key).is_some_and(Value::is_null))
    };
    let keys = ["alignment", "inexactness", "error_factor", "calls_factor"];
    assert!(nothing(&found, &keys), "{found}");
    let text = certify(folder.path(), &[]).stdout;
    assert!(text.contains("all matrices are zero") && !text.contains("x 1"), "{text}");
    write("X.npy", &[Matrix::from_fn(2, 3, |i, j| (1 + i + j) as f64)]);
    let found = report(folder.path(), &[]);
    assert_eq!(consistent(&found), [false, false, false]);
    assert_eq!(found["revealed"]["general"]["witness"], serde_json::json!([0]));
    assert!(found["revealed"]["general"]["inexactness"].is_null());
    assert!(nothing(&found, &keys), "{found}");
    let text = certify(folder.path(), &[]).stdout;
    assert!(text.contains("moves from a zero momentum") && text.contains("no descent promised"), "{text}");
    assert!(!text.contains("x 1") && !text.contains("does not descend"), "{text}");
}

#[test]
fn a_reversed_sign_is_named() {
    let reversed = folder(|_, s| -&Spectral.lmo(s).unwrap(), false);
    let text = certify(reversed.path(), &[]).stdout;
    assert_eq!(text.matches("is its sign reversed?").count(), 3, "{text}");
    let one = folder(|k, s| &Spectral.lmo(s).unwrap() * if k == 2 { -1.0 } else { 1.0 }, false);
    let text = certify(one.path(), &[]).stdout;
    assert!(text.contains("refuted, by these pairs: 2 (the update does not descend)"), "{text}");
    assert!(!text.contains("sign reversed"), "{text}");
}

#[test]
fn wrong_recordings_end_with_code_two_and_advice() {
    let folder = tempfile::tempdir().unwrap();
    let good = |m: usize, n: usize| Matrix::from_fn(m, n, |i, j| (1 + i * 2 + j) as f64);
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    let refused = |arguments: &[&str], advice: &str| {
        let before = fs::read_dir(folder.path()).unwrap().count();
        let run = certify(folder.path(), arguments);
        assert_eq!(run.code, 2, "{advice}: {} {}", run.stdout, run.stderr);
        assert!(run.stderr.contains(advice), "'{}' does not say '{advice}'", run.stderr);
        assert_eq!(run.stdout, "");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
    };
    write("S.npy", stack(&[good(2, 3)], false));
    refused(&[], "X.npy");
    write("X.npy", stack(&[good(3, 2)], false));
    refused(&[], "transpose one of them");
    write("X.npy", stack(&[good(2, 4)], false));
    refused(&[], "all matrices need one shape");
    write("X.npy", stack(&[good(2, 3), good(2, 3)], false));
    refused(&[], "holds 1 matrices");
    write("X.npy", npy(&[6], false, (0..6).map(f64::from)));
    refused(&[], "use numpy.reshape");
    write("X.npy", npy(&[1, 1, 2, 3], false, (0..6).map(f64::from)));
    refused(&[], "K x m x n");
    write("X.npy", npy(&[0, 2, 3], false, std::iter::empty()));
    refused(&[], "empty");
    write("X.npy", npy(&[1, 2, 3], false, [1.0, 2.0, 3.0, 4.0, f64::NAN, 6.0].into_iter()));
    refused(&[], "entry (1, 1) of matrix 0 is NaN");
    write("X.npy", stack(&[good(2, 3)], false));
    refused(&["--norm", "sepctral"], "spectral");
    refused(&["--param", "q=3"], "--norm");
    refused(&["--precision", "0.9"], "at most 0.5");
    refused(&["--precision", "-1"], "not -1");
    refused(&["--p", "3"], "1 < p <= 2");
    refused(&["--picture", "map.pdf"], ".svg or .png");
    let nowhere = certify(folder.path(), &["--picture", "absent/map.svg"]);
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (3, ""), "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("the folder absent does not exist"), "{}", nowhere.stderr);
}
