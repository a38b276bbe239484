//! `heavynorm audit`: every check against its statement, what was measured beside what is claimed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use heavynorm_proofs_check::audit::{self, Check, Effort, Outcome, Verdict};
use rayon::prelude::*;
use serde::Serialize;

use super::Global;
use super::output::{print, print_json};
use crate::error::Failure;
use crate::report;
use crate::store::write_atomically;

#[derive(Debug, Args)]
#[command(after_help = "\
Every row holds one check: the statement that it could refute, the kind of evidence that a green verdict is, and the worst of
its cases. The chapters under spec/chapters have the statements with their proofs, by the same IDs.

Examples:
  heavynorm audit --quick
  heavynorm audit --only THM-U2 --only THM-U3
  heavynorm audit --quick --json > audit.json")]
pub(super) struct AuditArgs {
    /// Fewer cases: seconds rather than minutes.
    #[arg(long)]
    quick: bool,
    /// Only the checks of this statement; may be repeated.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// The output folder, for audit.json and audit.html.
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// JSON on standard output instead of the table.
    #[arg(long)]
    json: bool,
}

/// What is written to audit.json.
#[derive(Debug, Serialize)]
pub(crate) struct Audit {
    version: &'static str,
    code: &'static str,
    seed: u64,
    quick: bool,
    pub(crate) statements: Vec<Outcome>,
}

impl Audit {
    /// What a reader runs to get the same.
    pub(crate) fn command(&self) -> String {
        let quick = if self.quick { " --quick" } else { "" };
        format!("cargo run --release -- audit{quick} --seed {}", self.seed)
    }
}

pub(super) fn call(args: AuditArgs, global: &Global) -> Result<(), Failure> {
    let chosen = choose(&args.only)?;
    // Before anything is computed: an audit whose result cannot be kept is no use.
    fs::create_dir_all(&args.out)
        .map_err(|e| Failure::Environment(format!("cannot make the folder {}: {e}", args.out.display())))?;
    let effort = Effort { quick: args.quick, seed: global.seed };
    let statements = global.pool()?.install(|| run(&chosen, effort, global));
    let audit = Audit {
        version: env!("CARGO_PKG_VERSION"),
        code: env!("HEAVYNORM_CODE"),
        seed: global.seed,
        quick: args.quick,
        statements,
    };
    let mut text = serde_json::to_vec_pretty(&audit).map_err(|e| Failure::Check(e.to_string()))?;
    text.push(b'\n');
    write_atomically(&args.out.join("audit.json"), &text)?;
    write_atomically(&args.out.join("audit.html"), report::audit::page(&audit).as_bytes())?;
    if args.json {
        print_json(&audit)?
    } else {
        print(&table(&audit.statements))?
    }
    global.say(&format!("open {}", args.out.join("audit.html").display()));
    judge(&audit.statements)
}

fn choose(only: &[String]) -> Result<Vec<Check>, Failure> {
    let mut checks = audit::checks();
    let unknown = only.iter().find(|id| !checks.iter().any(|check| check.statement == id.as_str()));
    if let Some(unknown) = unknown {
        let mut known: Vec<_> = checks.iter().map(|check| check.statement).collect();
        known.dedup();
        return Err(Failure::Input(format!(
            "no check is about '{unknown}'; known are: {}",
            known.join(", ")
        )));
    }
    checks.retain(|check| only.is_empty() || only.iter().any(|id| id == check.statement));
    Ok(checks)
}

/// The outcomes in the order of the checks, whatever the number of threads.
fn run(checks: &[Check], effort: Effort, global: &Global) -> Vec<Outcome> {
    let one = |check: &Check| {
        let started = Instant::now();
        let outcome = check.run(effort);
        let seconds = started.elapsed().as_secs_f64();
        global.say(&format!(
            "{:<7} {seconds:6.1} s  {}: {}",
            word(outcome.verdict),
            check.statement,
            check.name
        ));
        outcome
    };
    checks.par_iter().with_max_len(1).map(one).collect()
}

fn judge(outcomes: &[Outcome]) -> Result<(), Failure> {
    let bad: Vec<_> = outcomes.iter().filter(|o| o.verdict != Verdict::Holds).collect();
    if bad.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} of {} checks did not hold:", bad.len(), outcomes.len());
    for Outcome { id, check, worst, .. } in bad {
        write!(text, "\n  {id}: {check}: {worst}").expect(FITS);
    }
    Err(Failure::Check(text))
}

const FITS: &str = "a string takes all";

pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "FAILS",
        Verdict::Error => "ERROR",
    }
}

/// A measured or claimed number, as short as it is of use.
pub(crate) fn short(x: Option<f64>) -> String {
    match x {
        None => "-".into(),
        Some(x) if x == 0.0 || (1e-3..1e6).contains(&x.abs()) => format!("{x:.6}"),
        Some(x) => format!("{x:.3e}"),
    }
}

/// How measured and claimed are compared.
pub(crate) fn sign(comparison: heavynorm::spec::Claim) -> &'static str {
    use heavynorm::spec::Claim::{Lower, Tight, Upper};
    match comparison {
        Upper => "<=",
        Lower => ">=",
        Tight => "=",
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let width = outcomes.iter().map(|o| o.id.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:<width$}  {:<12} {:>12}    {:>12}  {:<7} {}\n",
        "ID", "evidence", "measured", "claimed", "verdict", "claim"
    );
    for Outcome { id, check, evidence, comparison, measured, claimed, verdict, .. } in outcomes {
        writeln!(
            text,
            "{id:<width$}  {:<12} {:>12} {} {:>12}  {:<7} {check}",
            format!("{evidence:?}").to_lowercase(),
            short(*measured),
            format_args!("{:<2}", sign(*comparison)),
            short(*claimed),
            word(*verdict),
        )
        .expect(FITS);
    }
    text
}
