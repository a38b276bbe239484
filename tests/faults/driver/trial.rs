//! One fault, its tests and what came of them.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::list::Fault;

/// What tests say about sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub(crate) enum Verdict {
    /// These tests failed.
    Caught {
        /// Their names; none if the test program broke off.
        by: Vec<String>,
    },
    /// A test did not end in time.
    Hung,
    /// All are green.
    Survived,
    /// The sources do not compile.
    NoBuild,
    /// The compiler did not end in time.
    TooSlow,
}

/// A fault with its verdict.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    id: String,
    file: String,
    why: String,
    seconds: f64,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

impl Trial {
    pub(crate) fn new(fault: &Fault, verdict: Verdict, took: Duration) -> Self {
        let Fault { id, file, why, .. } = fault.clone();
        Self { id, file, why, seconds: took.as_secs_f64(), verdict }
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, file, seconds, .. } = self;
        let (word, remark) = match &self.verdict {
            Verdict::Caught { by } => {
                ("caught", by.first().map_or("the test program broke off", |name| name))
            }
            Verdict::Hung => ("hung", ""),
            Verdict::Survived => ("SURVIVED", &*self.why),
            Verdict::NoBuild => ("NO BUILD", ""),
            Verdict::TooSlow => ("TOO SLOW", ""),
        };
        write!(f, "{word:<8} {seconds:>5.0} s  {id:<44} {file:<44} {remark}")
    }
}

/// The share of caught and hung among the verdicts; none without a verdict.
pub(crate) fn score(trials: &[Trial]) -> Option<f64> {
    let noticed = |t: &&Trial| matches!(t.verdict, Verdict::Caught { .. } | Verdict::Hung);
    let caught = trials.iter().filter(noticed).count();
    let survived = trials.iter().filter(|t| t.verdict == Verdict::Survived).count();
    (caught + survived > 0).then(|| caught as f64 / (caught + survived) as f64)
}

/// A test that was built late has this long, whatever is left of the limit: a slow build is no test that hangs.
const LEAST_FOR_A_TEST: Duration = Duration::from_secs(60);

/// Runs `cargo test` in a copy of the repository.
#[derive(Debug)]
pub(crate) struct Cargo {
    pub(crate) tree: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) logs: PathBuf,
}

impl Cargo {
    /// Builds and runs these tests one after another until one is red. Each is built before it is run, so that a compiler
    /// that takes long is not taken for a test that hangs. What they print goes to `logs/NAME.txt`.
    pub(crate) fn test(
        &self,
        name: &str,
        tests: &[Vec<String>],
        limit: Option<Duration>,
    ) -> io::Result<Verdict> {
        let end = limit.map(|limit| Instant::now() + limit);
        let path = self.logs.join(format!("{name}.txt"));
        let log = File::create(&path)?;
        for arguments in tests {
            // Options of cargo stand before the name of a test.
            match wait(self.command(&["--no-run"], arguments, &log)?, end)? {
                Some(true) => {}
                Some(false) => return Ok(Verdict::NoBuild),
                None => return Ok(Verdict::TooSlow),
            }
            let end = end.map(|end| end.max(Instant::now() + LEAST_FOR_A_TEST));
            match wait(self.command(&[], arguments, &log)?, end)? {
                Some(true) => {}
                Some(false) => return Ok(Verdict::Caught { by: failures(&fs::read_to_string(&path)?) }),
                None => return Ok(Verdict::Hung),
            }
        }
        Ok(Verdict::Survived)
    }

    fn command(&self, first: &[&str], arguments: &[String], log: &File) -> io::Result<Child> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.arg("test").args(first).args(arguments).current_dir(&self.tree);
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
        // What `cargo run` tells this program is not meant for another package's tests.
        for (key, _) in std::env::vars_os() {
            let text = key.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&key);
            }
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// Whether the program ended well; `None` if it had to be ended.
fn wait(mut child: Child, end: Option<Instant>) -> io::Result<Option<bool>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            stop(&mut child)?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Ends a program and what it has started.
fn stop(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status()?;
    // Where the line above has done it, this has nothing left to do.
    let _ = child.kill();
    child.wait().map(drop)
}

/// The tests that failed, as the test program lists them.
fn failures(output: &str) -> Vec<String> {
    let name = |line: &str| line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned);
    output.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(verdict: Verdict) -> Trial {
        Trial { id: "f".into(), file: "f.rs".into(), why: "w".into(), seconds: 1.0, verdict }
    }

    #[test]
    fn what_gives_no_verdict_does_not_count() {
        let caught = || trial(Verdict::Caught { by: Vec::new() });
        assert_eq!(score(&[caught(), trial(Verdict::Hung), trial(Verdict::NoBuild)]), Some(1.0));
        assert_eq!(score(&[caught(), trial(Verdict::Survived), trial(Verdict::TooSlow)]), Some(0.5));
        assert_eq!(score(&[trial(Verdict::NoBuild)]), None);
    }

    #[test]
    fn failed_tests_are_read_off_the_output() {
        let output = "running 2 tests\ntest a::b ... ok\ntest c::d ... FAILED\n\nfailures:\n    c::d\n";
        assert_eq!(failures(output), ["c::d"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_not_end_is_ended_with_what_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let from = Instant::now();
        let ended = wait(command.spawn().unwrap(), Some(Instant::now() + Duration::from_millis(100)));
        assert_eq!(ended.unwrap(), None);
        assert!(from.elapsed() < Duration::from_secs(60));
        let well = |program: &str| wait(Command::new(program).spawn().unwrap(), None).unwrap();
        assert_eq!((well("true"), well("false")), (Some(true), Some(false)));
    }
}
