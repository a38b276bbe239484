//! Do the tests bite? Mathematical faults are put into the sources one by one; each must turn a quick test red.
//!
//! ```text
//! cargo run -p heavynorm-faults -- --all                      # every fault: about two hours on two cores
//! cargo run -p heavynorm-faults -- --sample 6 --seed 20593    # six of them; the next number gives the next six
//! cargo run -p heavynorm-faults -- --only nuclear-lmo-sign    # these, in this order
//! cargo run -p heavynorm-faults -- --list
//! ```
//!
//! # What happens
//!
//! The repository is copied to `target/bite/tree`, and whatever is built lies in `target/bite/build`: the sources themselves are
//! never touched, and a run that is interrupted leaves nothing to repair. Every test that a chosen fault names is first run
//! on the sources as they are, and must be green. Then, fault by fault: the text is replaced in the copy, its tests are
//! built and run until one is red, the text is put back. Verdicts:
//!
//! | verdict | meaning |
//! |---|---|
//! | caught | a test failed |
//! | hung | the tests were built, and one did not end within the limit: caught as well, reported apart |
//! | SURVIVED | all tests named are green |
//! | NO BUILD | the fault is no Rust: an error of the list |
//! | TOO SLOW | the build did not end within the limit: nothing is known |
//!
//! The score is the share of caught and hung among the first three. The exit status is 1 if tests were red before any fault,
//! a fault gives no verdict, or the score is below 95%; 2 for a list or an option that is wrong.
//!
//! # The list
//!
//! One TOML file a group in `tests/faults`, read when the driver runs. A group has `tests`, lists of arguments of `cargo
//! test` that run in their order, and `[[fault]]` tables:
//!
//! ```toml
//! id = "nuclear-lmo-sign"          # unique, permanent
//! file = "src/norms/nuclear.rs"
//! find = 'vec![1.0]'               # exactly once in the file; else `nth`, counted from 1
//! replace = 'vec![-1.0]'
//! why = "argmax for argmin: <S, lmo(S)> would be +||S||_*"
//! tests = [["-p", "heavynorm", "--lib", "norms::"]]    # if others than the group's
//! ```
//!
//! A fault is a mistake that a mathematician may make: a conjugate exponent, a dropped transpose, a missing factor 2, a wrong
//! tie, a constant 1% off. `why` says what is wrong and where it can be seen. A change that no input can tell from the
//! original is no fault, and neither is one that only the compiler would notice.
//!
//! # Adding one
//!
//! With every new formula: break it in the way that you nearly did, add the fault, run it with `--only`. If it survives, the
//! test is missing: write it beside the formula, and keep the fault. `cargo test -p heavynorm-faults` says whether the list
//! still fits the sources, in a second; a formula that moved takes its faults along.

mod list;
mod scratch;
mod trial;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use list::Fault;
use scratch::Scratch;
use trial::{Cargo, Trial, Verdict};

/// A lower share of faults caught fails the run.
const LEAST_SCORE: f64 = 0.95;

/// Puts mathematical faults into a copy of the sources and says which of them no quick test notices.
#[derive(Debug, Parser)]
struct Options {
    /// Every fault.
    #[arg(long, group = "choice")]
    all: bool,
    /// This many faults, chosen by the seed.
    #[arg(long, value_name = "K", group = "choice")]
    sample: Option<usize>,
    /// These faults, in this order.
    #[arg(long, value_name = "ID", num_args = 1.., group = "choice")]
    only: Vec<String>,
    /// Lists the faults and ends.
    #[arg(long, group = "choice")]
    list: bool,
    /// For --sample: a number, whose successor gives the next faults (the number of the day), or any text (a commit).
    #[arg(long, value_name = "SEED", default_value = "0")]
    seed: String,
    /// Seconds that the tests of a fault may take, their build included.
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    limit: u64,
    /// Begins no further fault after this many minutes.
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// Builds there instead of in target/bite/build. `target` itself shares the dependencies that are built already.
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,
    /// Writes the verdicts there, after every fault.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the tests bite.
fn run(options: &Options) -> Result<bool, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let all = list::read(&root)?;
    let chosen = choose(&all, options)?;
    if options.list {
        chosen.iter().for_each(|fault| println!("{}  {}\n    {}", fault.id, fault.file, fault.why));
        return Ok(true);
    }
    let scratch = Scratch::of(&root, &root.join("target/bite/tree"))?;
    let logs = root.join("target/bite/logs");
    std::fs::create_dir_all(&logs)?;
    let target = match &options.target_dir {
        Some(folder) => std::path::absolute(folder)?,
        None => root.join("target/bite/build"),
    };
    let cargo = Cargo { tree: scratch.root().into(), target, logs };
    if !green_before(&cargo, &chosen)? {
        return Ok(false);
    }
    let trials = try_each(&scratch, &cargo, &chosen, options)?;
    Ok(summary(&trials, chosen.len()))
}

fn choose<'a>(all: &'a [Fault], options: &Options) -> Result<Vec<&'a Fault>, Failure> {
    if let Some(count) = options.sample {
        return Ok(list::sample(all, count, &options.seed));
    }
    if !options.only.is_empty() {
        let find = |id: &String| {
            all.iter()
                .find(|fault| fault.id == *id)
                .ok_or_else(|| format!("no fault has the id '{id}'").into())
        };
        return options.only.iter().map(find).collect();
    }
    if options.all || options.list {
        return Ok(all.iter().collect());
    }
    Err("say which faults: --all, --sample K, --only ID.. or --list".into())
}

/// Every test that is going to be asked must be green on the sources as they are; no limit, since the first build takes long.
fn green_before(cargo: &Cargo, chosen: &[&Fault]) -> Result<bool, Failure> {
    let mut commands: Vec<&Vec<String>> = chosen.iter().flat_map(|fault| &fault.tests).collect();
    commands.sort();
    commands.dedup();
    println!("{} test commands without a fault:", commands.len());
    let mut green = true;
    for (k, command) in commands.into_iter().enumerate() {
        let from = Instant::now();
        let verdict = cargo.test(&format!("without-a-fault-{k}"), std::slice::from_ref(command), None)?;
        let word = if verdict == Verdict::Survived { "green" } else { "RED" };
        println!("{word:<8} {:>5.0} s  cargo test {}", from.elapsed().as_secs_f64(), command.join(" "));
        green &= verdict == Verdict::Survived;
    }
    if !green {
        println!("tests must be green before a fault says anything; see {}", cargo.logs.display());
    }
    Ok(green)
}

fn try_each(
    scratch: &Scratch,
    cargo: &Cargo,
    chosen: &[&Fault],
    options: &Options,
) -> Result<Vec<Trial>, Failure> {
    let limit = Duration::from_secs(options.limit);
    let (from, mut trials) = (Instant::now(), Vec::new());
    for fault in chosen {
        if options.minutes.is_some_and(|minutes| from.elapsed() >= Duration::from_secs(60 * minutes)) {
            break;
        }
        let began = Instant::now();
        let broken = scratch.broken(fault)?;
        let verdict = cargo.test(&fault.id, &fault.tests, Some(limit))?;
        drop(broken);
        let trial = Trial::new(fault, verdict, began.elapsed());
        println!("{trial}");
        trials.push(trial);
        if let Some(file) = &options.json {
            write_json(file, &trials, chosen.len())?;
        }
    }
    Ok(trials)
}

fn write_json(file: &Path, trials: &[Trial], chosen: usize) -> Result<(), Failure> {
    let all = serde_json::json!({ "chosen": chosen, "score": trial::score(trials), "trials": trials });
    Ok(std::fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?)
}

/// Prints the score and what needs attention; whether all is well.
fn summary(trials: &[Trial], chosen: usize) -> bool {
    let count = |what: fn(&Verdict) -> bool| trials.iter().filter(|t| what(&t.verdict)).count();
    let (caught, hung) = (count(|v| matches!(v, Verdict::Caught { .. })), count(|v| *v == Verdict::Hung));
    let survived = count(|v| *v == Verdict::Survived);
    let unknown = trials.len() - caught - hung - survived;
    println!(
        "\n{} of {chosen} faults tried: {caught} caught, {hung} hung, {survived} survived, {unknown} without a verdict",
        trials.len()
    );
    let Some(score) = trial::score(trials) else {
        println!("no score");
        return false;
    };
    println!("score {:.1}%, at least {:.0}% wanted", 100.0 * score, 100.0 * LEAST_SCORE);
    unknown == 0 && score >= LEAST_SCORE
}
