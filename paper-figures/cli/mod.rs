//! The calls, one file each.

pub(crate) mod audit;
mod certify;
mod check_gradients;
mod falsify;
mod figures;
mod hypotheses;
mod norm;
mod output;
mod picture;
mod plan;
mod run;
mod subject;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand};

use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  heavynorm                                  all figures at quick size into out/, then open out/index.html
  heavynorm figures --preset smoke --out try
  heavynorm norm list
  heavynorm norm eval schatten --param q=3 --op dual --input G.npy
  heavynorm plan --theorem U2 --norm spectral --shape 64x128 --p 1.5 --gap 1 --smooth 1 --sigma 1 --eps 0.1
  heavynorm run experiment.toml
  heavynorm audit --quick
  heavynorm certify --momentum S.npy --update X.npy
  heavynorm check-gradients G.npy --norm spectral
  heavynorm falsify claims.toml --out witnesses

Exit codes: 0 done; 1 a check or claim failed; 2 the input or the call is wrong; 3 the environment refused.";

/// Norm-geometry optimizers (Muon, Scion) under heavy-tailed noise: figures, norms, plans and runs.
#[derive(Debug, Parser)]
#[command(name = "heavynorm", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    global: Global,
}

/// Options of every call.
#[derive(Debug, Clone, Args)]
struct Global {
    /// Master seed: every random number is a function of it.
    #[arg(long, global = true, default_value_t = 1, value_name = "N", value_parser = seed)]
    seed: u64,
    /// Worker threads (default: one per core). Numbers do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// No progress and no remarks on standard error.
    #[arg(long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the figures and the page that explains them.
    Figures(figures::FiguresArgs),
    /// List the norms, or evaluate one on a matrix.
    Norm(norm::NormArgs),
    /// The parameters and the bound that a theorem gives.
    Plan(plan::PlanArgs),
    /// Hold every statement against the checks that could refute it.
    Audit(audit::AuditArgs),
    /// Whose LMO was that update? Per norm, and the test for any norm at all.
    Certify(certify::CertifyArgs),
    /// What sampled gradients say about noise: tail index, sigma per norm, the plan that follows.
    CheckGradients(check_gradients::CheckGradientsArgs),
    /// Run a method on a problem under a noise, as a TOML file says.
    Run(run::RunArgs),
    /// Search for counterexamples to claimed constants, as a TOML file states them.
    Falsify(falsify::FalsifyArgs),
}

/// Set by Ctrl-C and by a request to terminate; loops look at it between units of work.
type Interrupted = Arc<AtomicBool>;

/// Reads the arguments, does what they ask, returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refused) => {
            // clap prints help and version to standard output with code 0, everything else is a wrong call.
            let code = if refused.use_stderr() { 2 } else { 0 };
            let _ = refused.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::remark(&format!("heavynorm: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    let Cli { command, global } = cli;
    match command.unwrap_or_else(|| Command::Figures(figures::FiguresArgs::default())) {
        Command::Figures(args) => figures::call(args, &global),
        Command::Norm(args) => norm::call(args),
        Command::Plan(args) => plan::call(&args, &global),
        Command::Audit(args) => audit::call(args, &global),
        Command::Certify(args) => certify::call(&args, &global),
        Command::CheckGradients(args) => check_gradients::call(&args, &global),
        Command::Run(args) => run::call(args, &global),
        Command::Falsify(args) => falsify::call(args, &global),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

impl Global {
    /// A pool of the wanted size.
    fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, usize::from))
            .build()
            .map_err(|e| Failure::Environment(format!("cannot start worker threads: {e}")))
    }

    /// Progress is for people who watch.
    fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// A remark on standard error.
    fn say(&self, remark: &str) {
        if !self.quiet {
            output::remark(remark);
        }
    }
}

/// From now on Ctrl-C asks for an end after the current unit; a second one ends at once.
fn on_interrupt() -> Interrupted {
    let interrupted = Interrupted::default();
    let flag = Arc::clone(&interrupted);
    // A handler may be installed once a process; without one Ctrl-C simply ends the process.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(3);
        }
    });
    interrupted
}
