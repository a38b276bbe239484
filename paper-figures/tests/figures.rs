//! Every figure at smoke size: what is written, what is continued, what is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use heavynorm_paper_figures::figures::entries;

fn figures(folder: &Path, more: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_heavynorm"))
        .args(["figures", "--preset", "smoke"])
        .args(if more.contains(&"--out") { &[][..] } else { &["--out", "out"] })
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"", "standard output is for data");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder.join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn figures_repeat_bit_for_bit_go_on_where_they_were_and_refuse_another_seed() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(figures(one.path(), &["--threads", "1"]).0, 0);
    assert_eq!(figures(two.path(), &["--threads", "2"]).0, 0);
    let made = contents(one.path());
    assert_eq!(made, contents(two.path()), "numbers depend on the number of threads");

    let names: BTreeSet<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    for entry in entries() {
        for kind in ["svg", "png", "csv", "json"] {
            assert!(names.contains(format!("{}.{kind}", entry.name).as_str()), "{names:?}");
        }
        let page = String::from_utf8(fs::read(one.path().join("out/index.html")).unwrap()).unwrap();
        assert!(page.contains(&format!("id=\"{}\"", entry.name)));
    }

    let (code, said) = figures(one.path(), &[]);
    assert!(code == 0 && said.contains("finished already"), "{said}");
    let name = entries()[0].name;
    fs::write(one.path().join(format!("out/{name}.csv")), "cut").unwrap();
    let (code, said) = figures(one.path(), &[]);
    assert!(code == 0 && said.contains("made in"), "{said}");
    assert_eq!(made, contents(one.path()), "a damaged file is made again");

    let (code, said) = figures(one.path(), &["--seed", "2"]);
    assert!(code == 2 && said.contains("--force") && said.contains("--out"), "{said}");
    assert_eq!(made, contents(one.path()), "a refusal changes nothing");
}

#[test]
fn every_figure_file_is_registered_and_has_three_sizes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        .filter(|stem| stem != "mod")
        .collect();
    let registered: BTreeSet<String> = entries().iter().map(|e| e.name.to_owned()).collect();
    assert_eq!(files, registered);
    for entry in entries() {
        let presets: toml::Table = entry.presets.parse().unwrap();
        assert_eq!(
            presets.keys().collect::<BTreeSet<_>>(),
            BTreeSet::from([&"paper".to_owned(), &"quick".to_owned(), &"smoke".to_owned(),])
        );
    }
}

#[test]
fn an_output_folder_that_cannot_be_made_is_the_environments_fault() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, said) = figures(folder.path(), &["--out", "file/out"]);
    assert!(code == 3 && said.contains("file/out"), "{code}: {said}");
}

#[cfg(unix)]
#[test]
fn a_request_to_terminate_ends_with_code_three_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_heavynorm"))
        .args(["figures", "--preset", "quick", "--out", "out"])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The page is written right before the first figure; quick figures take minutes.
    while !folder.path().join("out/index.html").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("finished figures are kept"), "{said}");
}
