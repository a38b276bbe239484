//! `heavynorm falsify FILE.toml`: a search for counterexamples to claimed constants, and the replay of one.

mod case;
mod claims;
mod file;
mod folder;
mod replay;
mod text;

use std::path::{Path, PathBuf};

use clap::builder::RangedI64ValueParser;
use clap::{ArgGroup, Args};
use heavynorm_proofs_check::falsify::Budget;
use serde_json::json;

use self::case::Case;
use self::claims::ClaimName;
use self::file::File;
use self::folder::{Folder, mark};
use self::replay::replay;
use self::text::{json_of, text_of};
use super::Global;
use super::output::{print, print_json};
use super::subject::{in_file, read};
use crate::error::Failure;

const EXAMPLE: &str = r#"The file, for example:

  [problem]
  # as for heavynorm run
  name = "quadratic"
  rows = 4
  columns = 6

  [norm]
  # of every claim
  name = "spectral"

  # optional, as for heavynorm run
  [noise]
  name = "gaussian"
  direction = "full"
  scale = 0.1

  # optional: answers are clipped at this dual norm
  [oracle]
  clip = 5.0

  [claims]
  # each is optional; "own" is the problem's own constant
  smoothness = 2.5
  hessian = 0.0
  gap = "own"
  # together: E||N||_*^p <= sigma^p
  sigma = 0.6
  p = 2.0
  # examined also when they are left out
  shape = "4x6"
  dual = { name = "nuclear", factor = 1.0 }

That the oracle is unbiased is examined always. Exit codes: 0 nothing is broken, 1 a claim is broken, 2 the file or the call
is wrong. A claim that stands has survived this search; it is not proved."#;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, allow_negative_numbers = true)]
#[command(group = ArgGroup::new("subject").required(true).args(["file", "replay"]))]
pub(super) struct FalsifyArgs {
    /// The problem and the claims.
    #[arg(value_name = "FILE.toml")]
    file: Option<PathBuf>,
    /// Where witnesses are kept: a folder for each broken claim, with .npy files and what a replay needs.
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    out: Option<PathBuf>,
    /// Write into a folder that holds something else.
    #[arg(long, requires = "out")]
    force: bool,
    /// Evaluate the witness in this folder again, from its files alone.
    #[arg(long, value_name = "DIR/CLAIM")]
    replay: Option<PathBuf>,
    /// Evaluations that one claim may cost, about.
    #[arg(long, value_name = "N", default_value_t = Budget::default().evaluations,
          value_parser = RangedI64ValueParser::<u64>::new().range(100..=100_000_000))]
    evaluations: u64,
    /// Stochastic gradients that one claim may cost.
    #[arg(long, value_name = "N", default_value_t = Budget::default().draws as u64,
          value_parser = RangedI64ValueParser::<u64>::new().range(0..=100_000_000))]
    draws: u64,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

pub(super) fn call(args: FalsifyArgs, global: &Global) -> Result<(), Failure> {
    if let Some(folder) = &args.replay {
        return replay(folder, args.json);
    }
    let path = args.file.as_deref().unwrap_or(Path::new(""));
    let file: File = read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let case = Case::new(&file, folder).map_err(|e| in_file(path, e))?;
    let budget = Budget {
        evaluations: args.evaluations,
        draws: usize::try_from(args.draws).unwrap_or(usize::MAX),
        seed: global.seed,
        ..Budget::default()
    };
    let text = toml::to_string(&file.absolute(folder)).map_err(|e| Failure::Input(e.to_string()))?;
    let mark = mark(&text, budget);
    let out = args.out.as_deref();
    // Refused before anything is computed, written after everything is.
    let target = out.map(|out| Folder::free(out, &mark, args.force)).transpose()?;
    let progress = |claim: ClaimName| {
        if global.shows_progress() {
            global.say(&format!("examining: {claim}"));
        }
    };
    let examined = case.attack(budget, &progress).map_err(|e| in_file(path, e))?;
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "norm": case.subject.norm.label().to_string(),
        "noise": case.subject.sampling.noise().label(),
        "budget": budget,
        "mark": mark,
        "claims": examined.iter().map(|one| json_of(one, out)).collect::<Vec<_>>(),
    });
    if let Some(target) = target {
        let stage = target.stage()?;
        for one in &examined {
            if let Some(witness) = &one.witness {
                stage.keep(one.claim, witness, &text, budget.seed)?;
            }
        }
        stage.finish(&report)?;
    }
    if args.json {
        print_json(&report)?
    } else {
        print(&text_of(&case, &examined, budget, out))?
    }
    let broken = examined.iter().filter(|one| one.witness.is_some()).count();
    match broken {
        0 => Ok(()),
        _ => Err(Failure::Check(format!("{broken} of {} claims are broken", examined.len()))),
    }
}
