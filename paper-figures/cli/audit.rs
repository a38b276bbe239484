//! `heavynorm audit`: every check against its statement, what was measured beside what is claimed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use heavynorm_proofs_check::audit::{self, Check, Effort, Outcome, Verdict};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Global;
use super::output::{print, print_json};
use crate::error::Failure;
use crate::report;
use crate::store::{can_write, write_atomically};

const REPORT: &str = "audit.json";
const PAGE: &str = "audit.html";

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
    /// Only the checks of this statement, for example LEM-PATH or U2; may be repeated.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// List the statements and their checks, and run none.
    #[arg(long)]
    list: bool,
    /// The output folder, for audit.json and audit.html.
    #[arg(long, value_name = "DIR", default_value = "out-audit")]
    out: PathBuf,
    /// Replace what another call has written there.
    #[arg(long)]
    force: bool,
    /// JSON on standard output instead of the table.
    #[arg(long)]
    json: bool,
}

/// What makes two audits the same call; the sources may differ.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Call {
    seed: u64,
    quick: bool,
    only: Vec<String>,
}

/// What is written to audit.json.
#[derive(Debug, Serialize)]
pub(crate) struct Audit {
    version: &'static str,
    code: &'static str,
    #[serde(flatten)]
    call: Call,
    pub(crate) statements: Vec<Outcome>,
}

impl Audit {
    /// What a reader runs to get the same.
    pub(crate) fn command(&self) -> String {
        let Call { seed, quick, only } = &self.call;
        let quick = if *quick { " --quick" } else { "" };
        let only: String = only.iter().map(|id| format!(" --only {id}")).collect();
        format!("cargo run --release -- audit{quick}{only} --seed {seed}")
    }
}

pub(super) fn call(args: AuditArgs, global: &Global) -> Result<(), Failure> {
    if args.list {
        return print(&list());
    }
    let chosen = choose(&args.only)?;
    let call = Call { seed: global.seed, quick: args.quick, only: args.only };
    // Before anything is computed: an audit whose result cannot be kept is no use.
    claim(&args.out, &call, args.force)?;
    let effort = Effort { quick: args.quick, seed: global.seed };
    let statements = global.pool()?.install(|| run(&chosen, effort, global));
    let audit = Audit { version: env!("CARGO_PKG_VERSION"), code: env!("HEAVYNORM_CODE"), call, statements };
    let mut text = serde_json::to_vec_pretty(&audit).map_err(|e| Failure::Check(e.to_string()))?;
    text.push(b'\n');
    write_atomically(&args.out.join(REPORT), &text)?;
    write_atomically(&args.out.join(PAGE), report::audit::page(&audit).as_bytes())?;
    if args.json {
        print_json(&audit)?
    } else {
        print(&table(&audit.statements))?
    }
    global.say(&format!("open {}", args.out.join(PAGE).display()));
    judge(&audit.statements)
}

/// Makes the folder, and refuses one in which something else would be replaced.
fn claim(out: &Path, call: &Call, force: bool) -> Result<(), Failure> {
    let [json, html] = [REPORT, PAGE].map(|name| out.join(name));
    fs::create_dir_all(out).map_err(|e| {
        Failure::Environment(format!(
            "cannot make the folder {}: {e}; choose another one with --out",
            out.display()
        ))
    })?;
    for path in [&json, &html] {
        can_write(path)?;
    }
    let ours = match fs::read(&json) {
        Ok(found) => serde_json::from_slice::<Call>(&found).is_ok_and(|found| found == *call),
        Err(_) => !html.exists(),
    };
    if ours || force {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{} holds the report of another call, or something else under its name; choose another folder with --out, or replace \
         {REPORT} and {PAGE} with --force",
        out.display()
    )))
}

/// Statements in the order of the checks.
fn list() -> String {
    let line =
        |check: Check| format!("{:<24} {:<20} {}\n", check.statement, check.evidence.word(), check.name);
    audit::checks().into_iter().map(line).collect()
}

fn choose(only: &[String]) -> Result<Vec<Check>, Failure> {
    if only.is_empty() {
        return Ok(audit::checks());
    }
    let mut chosen: Vec<Check> = Vec::new();
    for id in only {
        let about = audit::about(id);
        if about.is_empty() {
            return Err(Failure::Input(format!(
                "no check is about '{id}'; `heavynorm audit --list` names the statements that have one"
            )));
        }
        chosen.extend(
            about
                .iter()
                .filter(|check| chosen.iter().all(|c| c.name != check.name))
                .copied()
                .collect::<Vec<_>>(),
        );
    }
    Ok(chosen)
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
        "{:<width$}  {:<20} {:>12}    {:>12}  {:<7} {}\n",
        "ID", "evidence", "measured", "claimed", "verdict", "claim"
    );
    for Outcome { id, check, evidence, comparison, measured, claimed, verdict, .. } in outcomes {
        writeln!(
            text,
            "{id:<width$}  {:<20} {:>12} {} {:>12}  {:<7} {check}",
            evidence.word(),
            short(*measured),
            format_args!("{:<2}", sign(*comparison)),
            short(*claimed),
            word(*verdict),
        )
        .expect(FITS);
    }
    text
}
