//! A digest of the sources: results of other code are not taken for results of this one.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

/// What decides the numbers, relative to the repository.
const FOLDERS: [&str; 9] = [
    "spec",
    "src",
    "proofs-check",
    "paper-figures/cli",
    "paper-figures/drawing",
    "paper-figures/figures",
    "paper-figures/fonts",
    "paper-figures/presets",
    "paper-figures/report",
];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let root = here.parent().filter(|root| root.join("Cargo.lock").is_file() && root.join("spec").is_dir());
    // Outside the repository the sources are those of the published version.
    let code = root.map_or(Ok(format!("version {version}")), digest_of).expect("the sources can be read");
    println!("cargo::rustc-env=HEAVYNORM_CODE={code}");
    println!("cargo::rerun-if-changed=build.rs");
}

/// SHA-256 over names and contents, in the order of the names.
fn digest_of(root: &Path) -> io::Result<String> {
    let mut files = vec![root.join("Cargo.lock")];
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files)?;
    }
    for entry in fs::read_dir(root.join("paper-figures"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    let mut hasher = Sha256::new();
    for path in files {
        let bytes = fs::read(&path)?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        hasher.update(format!("{name}\0{}\0", bytes.len()));
        hasher.update(&bytes);
        println!("cargo::rerun-if-changed={}", path.display());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| ["rs", "toml", "ttf"].iter().any(|known| e == *known)) {
            files.push(path);
        }
    }
    Ok(())
}
