//! `heavynorm audit` as a stranger calls it: what is written, what is left alone, and with which exit code.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The exit code, standard output and standard error of a quick audit.
fn audit(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_heavynorm"))
        .args(["audit", "--quick"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_report_holds_the_checks_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, _) = audit(folder.path(), &["--only", "lem-path", "--only", "U2'", "--json"]);
    assert_eq!(code, 0);
    let printed: Value = serde_json::from_str(&stdout).unwrap();
    let statements = printed["statements"].as_array().unwrap();
    assert!(statements.len() > 2);
    for statement in statements {
        assert!(["LEM-PATH", "THM-U2p"].contains(&statement["id"].as_str().unwrap()));
        for key in ["claim", "evidence", "measured", "claimed", "verdict"] {
            assert!(!statement[key].is_null(), "{key}");
        }
    }
    let written = fs::read(folder.path().join("out-audit/audit.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), printed);
    let page = fs::read_to_string(folder.path().join("out-audit/audit.html")).unwrap();
    assert!(page.contains("THM-U2p") && page.contains("--only lem-path"));
}

#[test]
fn what_another_call_has_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("a/audit.json");
    let call = |arguments: &[&str]| audit(folder.path(), &[&["--out", "a"], arguments].concat());
    assert_eq!(call(&["--only", "LEM-PATH"]).0, 0);
    let first = fs::read(&report).unwrap();
    let (code, _, stderr) = call(&["--only", "LEM-ALIGN"]);
    assert!(code == 2 && stderr.contains("--force"), "{stderr}");
    assert_eq!(fs::read(&report).unwrap(), first);
    assert_eq!(call(&["--only", "LEM-PATH"]).0, 0);
    assert_eq!(call(&["--only", "LEM-ALIGN", "--force"]).0, 0);
    assert_ne!(fs::read(&report).unwrap(), first);
    fs::write(&report, "not ours").unwrap();
    assert_eq!(call(&["--only", "LEM-ALIGN"]).0, 2);
    assert_eq!(fs::read(&report).unwrap(), b"not ours");
}

#[test]
fn an_unknown_statement_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = audit(folder.path(), &["--only", "THM-X"]);
    assert!(code == 2 && stdout.is_empty() && stderr.contains("--list"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let (code, stdout, _) = audit(folder.path(), &["--list"]);
    assert!(code == 0 && stdout.contains("LEM-PATH"));
}
