//! `heavynorm falsify` as a stranger uses it: the planted falsehoods of the examples, their witnesses, wrong input.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use heavynorm_paper_figures::npy;
use serde_json::Value;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn falsify(folder: &Path, arguments: &[&str]) -> Run {
    let run = Command::new(env!("CARGO_BIN_EXE_heavynorm"))
        .arg("falsify")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    Run { code: run.status.code().unwrap(), stdout: String::from_utf8(run.stdout).unwrap(), stderr }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("falsify-{name}.toml"))
}

fn broken(report: &Value) -> Vec<&str> {
    let claims = report["claims"].as_array().unwrap().iter();
    claims.filter(|c| c["broken"] == true).map(|c| c["claim"].as_str().unwrap()).collect()
}

#[test]
fn each_example_has_its_planted_falsehood_broken_and_nothing_else() {
    for (name, claim, matrices) in [
        ("smoothness", "smoothness", &["X", "Y", "W"][..]),
        ("sigma-norm", "moment", &["X"]),
        ("shape", "shape", &["A"]),
        ("dual", "dual", &["S", "X"]),
        ("bias", "unbiased", &["X", "W"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = example(name);
        for seed in ["1", "2"] {
            let run = falsify(folder.path(), &[file.to_str().unwrap(), "--json", "--seed", seed]);
            assert_eq!(run.code, 1, "{name}: {}", run.stderr);
            assert_eq!(broken(&serde_json::from_str(&run.stdout).unwrap()), [claim], "{name}, seed {seed}");
        }
        let arguments = [file.to_str().unwrap(), "--json", "--out", "w"];
        let run = falsify(folder.path(), &arguments);
        // The same call continues the folder, and finds the same.
        assert_eq!(falsify(folder.path(), &arguments).stdout, run.stdout);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let one = report["claims"].as_array().unwrap().iter().find(|c| c["broken"] == true).unwrap();
        assert!(one["tried"]["evaluations"].as_u64().unwrap() > 0);
        let files = one["witness"]["files"].as_object().unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), matrices);
        for path in files.values() {
            npy::read_matrix(&folder.path().join(path.as_str().unwrap())).unwrap();
        }
        let replay = one["witness"]["replay"].as_str().unwrap();
        assert_eq!(replay, format!("heavynorm falsify --replay w/{claim}"));
        let again = falsify(folder.path(), &["--replay", &format!("w/{claim}"), "--json"]);
        assert_eq!(again.code, 1, "{}", again.stderr);
        let again: Value = serde_json::from_str(&again.stdout).unwrap();
        assert_eq!((&again["broken"], &again["measured"]), (&Value::Bool(true), &one["witness"]["measured"]));
        assert_ne!(again["fresh_samples_break_it"], false, "{name}");
    }
}

#[test]
fn true_claims_stand_at_several_seeds_and_the_answer_is_zero() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("true");
    for seed in ["1", "2", "3", "4", "5"] {
        let run = falsify(folder.path(), &[file.to_str().unwrap(), "--seed", seed]);
        assert_eq!(run.code, 0, "{} {}", run.stdout, run.stderr);
        assert!(run.stdout.contains("stands") && !run.stdout.contains("BROKEN"));
    }
}

#[test]
fn a_witness_whose_matrices_were_changed_breaks_nothing_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("smoothness");
    falsify(folder.path(), &[file.to_str().unwrap(), "--out", "w"]);
    let witness = folder.path().join("w/smoothness");
    // Y in the place of X: the two points are one.
    fs::copy(witness.join("Y.npy"), witness.join("X.npy")).unwrap();
    let run = falsify(folder.path(), &["--replay", "w/smoothness"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("not broken"));
    let other = heavynorm::spec::Matrix::<f64>::zeros(2, 2);
    fs::write(witness.join("X.npy"), npy::to_bytes(&other).unwrap()).unwrap();
    let run = falsify(folder.path(), &["--replay", "w/smoothness"]);
    assert!(run.code == 2 && run.stderr.contains("X.npy is 2x2"), "{}", run.stderr);
    fs::write(witness.join("witness.json"), "{}").unwrap();
    assert_eq!(falsify(folder.path(), &["--replay", "w/smoothness"]).code, 2);
    assert_eq!(falsify(folder.path(), &["--replay", "nowhere"]).code, 2);
}

#[test]
fn a_folder_of_another_call_is_refused_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("dual");
    let out = folder.path().join("w");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine.txt"), "x").unwrap();
    let run = falsify(folder.path(), &[file.to_str().unwrap(), "--out", "w"]);
    assert!(run.code == 2 && run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(falsify(folder.path(), &[file.to_str().unwrap(), "--out", "w", "--force"]).code, 1);
    let other = falsify(folder.path(), &[file.to_str().unwrap(), "--out", "w", "--seed", "7"]);
    assert!(other.code == 2 && other.stderr.contains("another call"), "{}", other.stderr);
    assert!(out.join("mine.txt").is_file());
}

#[test]
fn wrong_files_say_what_to_do() {
    let text = fs::read_to_string(example("true")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (from, to, advice) in [
        ("smoothness = \"own\"", "smoothness = \"mine\"", "a number or \"own\""),
        ("smoothness = \"own\"", "smoothness = -1.0", "at least 0"),
        ("smoothness = \"own\"", "smoothnes = 1.0", "unknown field `smoothnes`"),
        ("gap = \"own\"", "gap = nan", "finite"),
        ("p = 1.5", "", "sigma needs p"),
        ("p = 1.5", "p = 3.0", "1 < p <= 2"),
        ("p = 1.5", "p = 1.9", "take a smaller p"),
        ("shape = \"4x6\"", "shape = \"4\"", "ROWSxCOLUMNS"),
        ("shape = \"4x6\"", "shape = \"0x6\"", "at least one row"),
        ("dual = { name = \"nuclear\" }", "dual = { name = \"nucular\" }", "nuclear"),
        ("dual = { name = \"nuclear\" }", "dual = { name = \"nuclear\", factor = 0.0 }", "factor"),
        ("[claims]", "[oracle]\nclip = -1.0\n[claims]", "clip must be"),
        ("[claims]", "[oracle]\nclip = 1.0\n[claims]", "no sigma of a clipped oracle"),
        ("rows = 4", "rows = 0", "[problem]"),
        ("name = \"spectral\"", "name = \"schatten\"", "[norm]"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        fs::write(folder.path().join("f.toml"), changed).unwrap();
        let run = falsify(folder.path(), &["f.toml", "--out", "w"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{to}: {}", run.stderr);
        assert!(run.stderr.contains(advice), "{to}: '{}' does not say '{advice}'", run.stderr);
        assert!(!folder.path().join("w").exists(), "{to} wrote something");
    }
    assert_eq!(falsify(folder.path(), &["absent.toml"]).code, 2);
    fs::write(
        folder.path().join("G.npy"),
        npy::to_bytes(&heavynorm::spec::Matrix::<f64>::zeros(2, 2)).unwrap(),
    )
    .unwrap();
    fs::write(folder.path().join("f.toml"), &text).unwrap();
    for (arguments, advice) in [
        (&[][..], "--replay"),
        (&["f.toml", "--replay", "w"], "cannot be used with"),
        (&["G.npy"], "a TOML file is needed"),
        (&["f.toml", "--evaluations", "-1"], "-1 is not in 100..=100000000"),
        (&["f.toml", "--draws", "-1"], "-1 is not in 0..=100000000"),
        (&["f.toml", "--seed", "-1"], "a seed is a whole number from 0"),
    ] {
        let run = falsify(folder.path(), arguments);
        assert!(run.code == 2 && run.stderr.contains(advice), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_call_that_is_ended_while_it_computes_leaves_the_finished_result() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("dual");
    let arguments = [file.to_str().unwrap(), "--out", "w"];
    assert_eq!(falsify(folder.path(), &arguments).code, 1);
    let content = || {
        ["falsify.json", "dual/witness.json", "dual/S.npy", "dual/X.npy"]
            .map(|name| fs::read(folder.path().join("w").join(name)).unwrap())
    };
    let before = content();
    // Its rho is true, and searched for until all is spent: for hours.
    let mut running = Command::new(env!("CARGO_BIN_EXE_heavynorm"))
        .args([
            "falsify",
            example("smoothness").to_str().unwrap(),
            "--out",
            "w",
            "--force",
            "--evaluations",
            "100000000",
        ])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    assert!(running.try_wait().unwrap().is_none(), "it ended too early");
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(content(), before);
}
