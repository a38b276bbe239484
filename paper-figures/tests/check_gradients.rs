//! `heavynorm check-gradients` as a stranger uses it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ROWS: usize = 4;
const COLUMNS: usize = 6;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn check(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heavynorm"));
    let arguments = [&["check-gradients", "G.npy", "--norm", "spectral"], arguments].concat();
    let Output { status, stdout, stderr } = command.args(arguments).current_dir(folder).output().unwrap();
    Run {
        code: status.code().expect("ended by itself"),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn npy(shape: &[usize], numbers: &[f64]) -> Vec<u8> {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tail = if shape.len() == 1 { "," } else { "" };
    let header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{tail}), }}", sides.join(", "));
    let header = format!("{header:<117}\n");
    let length = (header.len() as u16).to_le_bytes();
    let start = b"\x93NUMPY\x01\x00".iter().copied().chain(length).chain(header.bytes());
    start.chain(numbers.iter().flat_map(|x| x.to_le_bytes())).collect()
}

/// Uniform numbers in (0, 1), a function of a counter (splitmix).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + 1e-17
    }
    fn gaussian(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
    fn sign(&mut self) -> f64 {
        if self.next() < 0.5 { -1.0 } else { 1.0 }
    }
}

/// The gradient that all samples have in common.
fn truth() -> Vec<f64> {
    (0..ROWS * COLUMNS).map(|i| ((3 * i + 1) as f64).sin()).collect()
}

/// k gradients, `truth` + noise, with M.npy beside them.
fn folder(k: usize, mut noise: impl FnMut(&mut Uniform) -> Vec<f64>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut draw = Uniform(20_260_528);
    let numbers: Vec<f64> = (0..k)
        .flat_map(|_| truth().into_iter().zip(noise(&mut draw)).map(|(g, n)| g + n).collect::<Vec<_>>())
        .collect();
    fs::write(folder.path().join("G.npy"), npy(&[k, ROWS, COLUMNS], &numbers)).unwrap();
    fs::write(folder.path().join("M.npy"), npy(&[ROWS, COLUMNS], &truth())).unwrap();
    folder
}

/// +-R E_ii: nuclear, Frobenius and spectral norm are all R.
fn spike(draw: &mut Uniform, size: f64) -> Vec<f64> {
    let place = (draw.next() * ROWS as f64) as usize;
    let mut n = vec![0.0; ROWS * COLUMNS];
    n[place * COLUMNS + place] = draw.sign() * size;
    n
}

fn report(folder: &Path, more: &[&str]) -> Value {
    let run = check(folder, &[&["--json"], more].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {report}"))
}

#[test]
fn heavy_tails_are_found_with_and_without_the_true_gradient() {
    let folder = folder(6000, |draw| {
        let size = draw.next().powf(-1.0 / 1.4);
        spike(draw, size)
    });
    for more in [&["--true-gradient", "M.npy"][..], &[]] {
        let found = report(folder.path(), more);
        let (index, low, high) =
            (number(&found, "/tail_index"), number(&found, "/interval/0"), number(&found, "/interval/1"));
        assert!(
            (index / 1.4 - 1.0).abs() < 0.2 && low < 1.4 && 1.4 < high && high < 2.0,
            "{index} [{low}, {high}]"
        );
        assert!(found["tails"].as_str().unwrap().starts_with("heavy"));
        // A spike has one size in every norm.
        assert_eq!(found["in_largest_entry"]["interval"] == found["interval"], !more.is_empty());
        // p was chosen below the lower end.
        let p = number(&found, "/p");
        assert!(p > 1.0 && p < low && found["moment_finite"] == "yes", "{p} {}", found["threshold"]);
    }
}

#[test]
fn light_tails_are_said_to_be_light() {
    let gaussian = folder(1500, |draw| (0..ROWS * COLUMNS).map(|_| draw.gaussian()).collect());
    let found = report(gaussian.path(), &[]);
    assert!(found["tails"].as_str().unwrap().starts_with("not heavy"), "{}", found["tails"]);
    assert!(number(&found, "/tail_index") > 4.0 && number(&found, "/interval/0") > 2.0);
    assert_eq!((found["interval"][1].is_null(), number(&found, "/p")), (true, 2.0));
    // E||N||_F^2 = mn.
    let sigma = number(&found, "/sigma/frobenius");
    assert!((sigma * sigma / (ROWS * COLUMNS) as f64 - 1.0).abs() < 0.05, "{sigma}");

    let about_three = folder(6000, |draw| {
        let size = draw.next().powf(-1.0 / 3.0);
        spike(draw, size)
    });
    let found = report(about_three.path(), &["--true-gradient", "M.npy"]);
    let (low, high) = (number(&found, "/interval/0"), number(&found, "/interval/1"));
    assert!(
        low > 2.0 && low < 3.0 && high > 3.0 && (number(&found, "/tail_index") - 3.0).abs() < 0.6,
        "{low} {high}"
    );
    assert!(found["tails"].as_str().unwrap().starts_with("not heavy"));
}

#[test]
fn sigma_is_that_of_each_dual_norm_and_the_ratios_follow() {
    // Four spikes of sizes 1 and 3 in turn, all with the same norms.
    let mut k = 0;
    let folder = folder(64, |_| {
        k += 1;
        let mut n = vec![0.0; ROWS * COLUMNS];
        n[0] = [1.0, -1.0, 3.0, -3.0][k % 4];
        n[COLUMNS + 1] = [1.0, 1.0, -3.0, -3.0][k % 4];
        n
    });
    let found = report(folder.path(), &["--true-gradient", "M.npy", "--p", "1.5"]);
    let mean = (0.5 * (1.0 + 3_f64.powf(1.5))).powf(1.0 / 1.5);
    // Nuclear norm 2 s, spectral s, Frobenius sqrt 2 s, sum of entries 2 s, largest entry s.
    for (name, factor) in [
        ("spectral", 2.0),
        ("nuclear", 1.0),
        ("frobenius", 2_f64.sqrt()),
        ("max-entry", 2.0),
        ("sum-entries", 1.0),
    ] {
        let sigma = number(&found, &format!("/sigma/{name}"));
        assert!((sigma / (factor * mean) - 1.0).abs() < 1e-12, "{name}: {sigma}");
        let ratio = |name: &str| {
            number(&found, &format!("/sigma/{name}")) / number(&found, &format!("/norms/{name}/signal"))
        };
        assert!(
            (number(&found, &format!("/ratios/{name}")) / (ratio(name) / ratio("frobenius")) - 1.0).abs()
                < 1e-12
        );
    }
    assert_eq!(found["ratios"]["frobenius"], 1.0);
    // kappa of the spectral norm: C_p^{1/(p-1)} r = 3 * 4; batch = kappa (4 sigma/signal)^3.
    let (sigma, signal) = (number(&found, "/sigma/spectral"), number(&found, "/norms/spectral/signal"));
    let batch = number(&found, "/norms/spectral/batch_at_signal");
    assert!((batch / (12.0 * (4.0 * sigma / signal).powi(3)) - 1.0).abs() < 1e-9);
}

#[test]
fn leaving_one_out_scales_the_noise_against_the_mean() {
    // +1 and -1: the mean is 0, what is left out changes 1 into 1 + 1/(k - 1) = k/(k - 1).
    let mut k = 0;
    let folder = folder(10, |_| {
        k += 1;
        let mut n = vec![0.0; ROWS * COLUMNS];
        n[0] = if k % 2 == 0 { 1.0 } else { -1.0 };
        n
    });
    let found = report(folder.path(), &["--p", "2"]);
    assert!((number(&found, "/sigma/frobenius") - 10.0 / 9.0).abs() < 1e-12);
    // 1 + (K_2/(k-1))^{1/2} with K_2 = 1 of a Hilbert norm.
    assert!((number(&found, "/norms/frobenius/sigma_overstated_by_at_most") - 4.0 / 3.0).abs() < 1e-12);
    let exact = report(folder.path(), &["--p", "2", "--true-gradient", "M.npy"]);
    assert!((number(&exact, "/sigma/frobenius") - 1.0).abs() < 1e-12);
    assert_eq!(number(&exact, "/norms/frobenius/sigma_overstated_by_at_most"), 1.0);
    // Ten gradients have no tail index, and say so.
    assert!(
        exact["tail_index"].is_null() && exact["why_no_tail_index"].as_str().unwrap().contains("at least 40")
    );
}

#[test]
fn the_plan_is_that_of_the_command_plan_at_the_measured_sigma() {
    let folder = folder(100, |draw| spike(draw, 1.0));
    let more = ["--p", "1.5", "--true-gradient", "M.npy"];
    assert!(report(folder.path(), &more)["plan"].is_null());
    assert!(check(folder.path(), &more).stdout.contains("state --gap, --smooth, --eps"));
    let constants = ["--gap", "1", "--smooth", "2", "--eps", "0.1"];
    let found = report(folder.path(), &[&more[..], &constants].concat());
    let sigma = format!("{}", number(&found, "/sigma/spectral"));
    let theirs = [
        "plan",
        "--theorem",
        "U2",
        "--norm",
        "spectral",
        "--shape",
        "4x6",
        "--p",
        "1.5",
        "--json",
        "--sigma",
        &sigma,
    ];
    let plan = Command::new(env!("CARGO_BIN_EXE_heavynorm")).args(theirs).args(constants).output().unwrap();
    assert_eq!(found["plan"], serde_json::from_slice::<Value>(&plan.stdout).unwrap());
}

#[test]
fn the_diagnostic_plot_is_drawn() {
    let folder = folder(400, |draw| {
        let size = draw.next().powf(-1.0 / 1.5);
        spike(draw, size)
    });
    let run = check(folder.path(), &["--picture", "tails.svg"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let again = check(folder.path(), &["--picture", "tails.svg"]);
    assert!(again.code == 2 && again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(check(folder.path(), &["--picture", "tails.svg", "--force"]).code, 0);
    let svg = fs::read_to_string(folder.path().join("tails.svg")).unwrap();
    for words in ["Hill", "moment estimator", "tail index over thresholds", "share of gradients"] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn wrong_gradients_end_with_code_two_and_advice() {
    let folder = folder(50, |draw| spike(draw, 1.0));
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    let refused = |arguments: &[&str], advice: &str| {
        let before = fs::read_dir(folder.path()).unwrap().count();
        let run = check(folder.path(), arguments);
        assert_eq!(run.code, 2, "{advice}: {} {}", run.stdout, run.stderr);
        assert!(run.stderr.contains(advice), "'{}' does not say '{advice}'", run.stderr);
        assert_eq!((run.stdout.as_str(), fs::read_dir(folder.path()).unwrap().count()), ("", before));
    };
    refused(&["--p", "2.5"], "1 < p <= 2");
    refused(&["--picture", "t.pdf"], ".svg or .png");
    refused(&["--theorem", "U9"], "U2");
    let constants = ["--gap", "1", "--smooth", "1", "--eps", "1"];
    for (id, option) in [("U3", "--hessian"), ("U4", "--delta"), ("U6", "--radius")] {
        refused(&[&["--theorem", id][..], &constants].concat(), option);
    }
    refused(&[&["--radius", "1"][..], &constants].concat(), "no effect on theorem U2");
    refused(&["--gap", "-1", "--smooth", "1", "--eps", "1"], "not -1");
    let storm = check(folder.path(), &[&["--theorem", "U5"][..], &constants].concat());
    assert!(storm.code == 0 && storm.stderr.contains("Lbar = L is assumed"), "{}", storm.stderr);
    refused(&["--gap", "0", "--smooth", "1", "--eps", "1"], "Delta");
    write("M.npy", npy(&[COLUMNS, ROWS], &truth()));
    refused(&["--true-gradient", "M.npy"], "transpose it");
    write("M.npy", npy(&[2, 2], &[1.0; 4]));
    refused(&["--true-gradient", "M.npy"], "of one layer");
    refused(&["--true-gradient", "N.npy"], "N.npy");
    write("G.npy", npy(&[ROWS, COLUMNS], &truth()));
    refused(&[], "one alone shows no noise");
    write("G.npy", npy(&[24], &truth()));
    refused(&[], "use numpy.reshape");
    let mut spoiled = [truth(), truth()].concat();
    spoiled[25] = f64::NAN;
    write("G.npy", npy(&[2, ROWS, COLUMNS], &spoiled));
    refused(&[], "entry (0, 1) of matrix 1 is NaN");
    write("G.npy", npy(&[2, 1, 1], &[f64::MAX, -f64::MAX]));
    refused(&[], "overflow");
    // Gradients that do not differ, and none at all, are answers.
    for zero in [truth().repeat(50), vec![0.0; 50 * ROWS * COLUMNS]] {
        write("G.npy", npy(&[50, ROWS, COLUMNS], &zero));
        let found = report(folder.path(), &[]);
        assert!(found["tail_index"].is_null() && number(&found, "/sigma/spectral") == 0.0);
        refused(&["--picture", "t.svg"], "nothing to plot");
    }
}
