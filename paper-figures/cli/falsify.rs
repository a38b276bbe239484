//! `heavynorm falsify FILE.toml`: a search for counterexamples to claimed constants, and the replay of one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use heavynorm::norms::{self, combinators::scaled::Scaled};
use heavynorm::oracles::Clipping;
use heavynorm::spec::{Dimensions, MomentOrder, NoiseScale, Norm};
use heavynorm_proofs_check::falsify::dual::ClaimedDual;
use heavynorm_proofs_check::falsify::{
    Budget, FalsifyError, Finding, Ground, Measured, Sampled, Source, Tried, Witness, bias, dual, gap,
    hessian, moment, shape, smoothness,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Global;
use super::output::{number, print, print_json};
use super::subject::{self, Subject, in_file, read, within};
use crate::error::Failure;
use crate::npy;
use crate::store::{digest, write_atomically};

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
#[command(after_help = EXAMPLE)]
pub(super) struct FalsifyArgs {
    /// The problem and the claims.
    #[arg(value_name = "FILE.toml", required_unless_present = "replay", conflicts_with = "replay")]
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
          value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    evaluations: u64,
    /// Stochastic gradients that one claim may cost.
    #[arg(long, value_name = "N", default_value_t = Budget::default().draws as u64,
          value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    draws: u64,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    problem: toml::Table,
    norm: toml::Table,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<toml::Table>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oracle: Option<OracleTable>,
    #[serde(default)]
    claims: ClaimsTable,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OracleTable {
    clip: f64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimsTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    smoothness: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hessian: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sigma: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dual: Option<toml::Table>,
}

/// The claims in numbers.
struct Case {
    subject: Subject,
    clipping: Option<Clipping<f64>>,
    smoothness: Option<f64>,
    hessian: Option<f64>,
    gap: Option<f64>,
    moment: Option<moment::Claim>,
    shape: Dimensions,
    dual: Box<dyn Norm<f64>>,
}

/// A claim's number: given, or the subject's own.
fn value(
    key: &str,
    given: Option<&toml::Value>,
    least: f64,
    own: impl FnOnce() -> Result<f64, Failure>,
) -> Result<Option<f64>, Failure> {
    let number = match given {
        None => return Ok(None),
        Some(toml::Value::String(word)) if word == "own" => return own().map(Some),
        Some(toml::Value::Float(x)) => *x,
        Some(toml::Value::Integer(x)) => *x as f64,
        Some(other) => {
            return Err(within("claims", &format!("{key} must be a number or \"own\", not {other}")));
        }
    };
    if number.is_finite() && number >= least {
        return Ok(Some(number));
    }
    Err(within("claims", &format!("{key} must be a finite number of at least {least}, not {number}")))
}

/// `"MxN"`.
fn sides(text: &str) -> Result<Dimensions, Failure> {
    let refused =
        || within("claims", &format!("shape must be \"ROWSxCOLUMNS\", for example \"4x6\", not \"{text}\""));
    let (rows, columns) = text.split_once('x').ok_or_else(refused)?;
    let side = |s: &str| s.trim().parse::<usize>().map_err(|_| refused());
    Dimensions::new(side(rows)?, side(columns)?).map_err(|e| within("claims", &e))
}

impl Case {
    fn new(file: &File, folder: &Path) -> Result<Self, Failure> {
        let tables = subject::Tables { problem: &file.problem, norm: &file.norm, noise: file.noise.as_ref() };
        let subject = tables.build(folder)?;
        let (f, norm, claims) = (subject.sampling.problem(), &subject.norm, &file.claims);
        let clipping = match &file.oracle {
            None => None,
            Some(oracle) => {
                Some(Clipping::new(Arc::clone(norm), oracle.clip).map_err(|e| within("oracle", &e))?)
            }
        };
        let l =
            value("smoothness", claims.smoothness.as_ref(), 0.0, || Ok(f.smoothness(&**norm)?.constant()))?;
        let rho =
            value("hessian", claims.hessian.as_ref(), 0.0, || Ok(f.hessian_lipschitz(&**norm)?.constant()))?;
        let delta = value("gap", claims.gap.as_ref(), 0.0, || Ok(f.gap()?.delta()))?;
        let moment = match (&claims.sigma, claims.p) {
            (None, None) => None,
            (Some(sigma), Some(p)) => {
                let p = MomentOrder::new(p).map_err(|e| within("claims", &e))?;
                let own = || {
                    if clipping.is_some() {
                        return Err(within(
                            "claims",
                            &"no sigma of a clipped oracle is known: state a number",
                        ));
                    }
                    let stated = subject.sampling.noise_moment(&**norm, p)?.noise_scale(p);
                    let none = || {
                        within(
                            "claims",
                            &format!("the noise has no moment of order {}: take a smaller p", p.p()),
                        )
                    };
                    Ok(stated.ok_or_else(none)?.sigma())
                };
                let sigma = value("sigma", Some(sigma), 0.0, own)?.unwrap_or_default();
                Some(moment::Claim { sigma: NoiseScale::new(sigma)?, p })
            }
            (Some(_), None) => {
                return Err(within("claims", &"sigma needs p: E||N||_*^p <= sigma^p, 1 < p <= 2"));
            }
            (None, Some(_)) => return Err(within("claims", &"p needs sigma: E||N||_*^p <= sigma^p")),
        };
        let shape = claims.shape.as_deref().map_or(Ok(f.dimensions()), sides)?;
        let dual = match &claims.dual {
            None => norms::build(&file.norm)?,
            Some(table) => {
                claimed_dual(&file.norm, table).map_err(|e| within("claims", &format!("dual: {e}")))?
            }
        };
        dual.ball(f.dimensions())?;
        Ok(Self { clipping, smoothness: l, hessian: rho, gap: delta, moment, shape, dual, subject })
    }

    fn source(&self, seed: u64) -> Source<'_> {
        match &self.clipping {
            None => Source::of(&self.subject.sampling, seed),
            Some(clipping) => Source::clipped(&self.subject.sampling, seed, clipping.clone()),
        }
    }

    /// What a test of the mean may presuppose: the claim, or else what the noise states.
    fn presupposed(&self) -> Result<Option<moment::Claim>, Failure> {
        if self.moment.is_some() || self.clipping.is_some() {
            return Ok(self.moment);
        }
        for p in [2.0, 1.5, 1.2, 1.05] {
            let p = MomentOrder::new(p)?;
            let stated = self.subject.sampling.noise_moment(&*self.subject.norm, p)?.noise_scale(p);
            if let Some(sigma) = stated {
                return Ok(Some(moment::Claim { sigma, p }));
            }
        }
        Ok(None)
    }

    /// Every claim under attack, in the order of the table.
    fn attack(&self, budget: Budget, say: &dyn Fn(&str)) -> Result<Vec<Examined>, Failure> {
        let (f, norm) = (self.subject.sampling.problem(), &*self.subject.norm);
        let source = self.source(budget.seed);
        let mut all = Vec::new();
        let mut examine =
            |claim: &'static str, stated: String, found: &dyn Fn() -> Result<Finding, FalsifyError>| {
                say(claim);
                let Finding { witness, tried } =
                    found().map_err(|e| Failure::Input(format!("{claim} cannot be examined: {e}")))?;
                all.push(Examined { claim, stated, witness, tried });
                Ok::<(), Failure>(())
            };
        examine("shape", format!("{}", self.shape), &|| {
            shape::falsify(f, Some(&source), self.shape, budget)
        })?;
        examine("dual", "dual norm and LMO".into(), &|| dual::falsify(&*self.dual, f.dimensions(), budget))?;
        if let Some(l) = self.smoothness {
            examine("smoothness", format!("L = {}", number(l)), &|| smoothness::falsify(f, norm, l, budget))?;
        }
        if let Some(rho) = self.hessian {
            examine("hessian", format!("rho = {}", number(rho)), &|| hessian::falsify(f, norm, rho, budget))?;
        }
        if let Some(delta) = self.gap {
            examine("gap", format!("Delta = {}", number(delta)), &|| gap::falsify(f, delta, budget))?;
        }
        if let Some(claim) = self.moment {
            let stated = format!("sigma = {}, p = {}", number(claim.sigma.sigma()), number(claim.p.p()));
            examine("moment", stated, &|| moment::falsify(f, norm, &source, claim, budget))?;
        }
        let presupposed = self.presupposed()?;
        examine("unbiased", "E g = grad f".into(), &|| bias::falsify(f, norm, &source, presupposed, budget))?;
        Ok(all)
    }
}

/// `dual = { name = .., factor = .. }`, the factor 1 if it is left out.
fn claimed_dual(norm: &toml::Table, table: &toml::Table) -> Result<Box<dyn Norm<f64>>, Failure> {
    let mut table = table.clone();
    // `scaled` has a factor of its own.
    let is_scaled = table.get("name").and_then(toml::Value::as_str) == Some("scaled");
    let factor = if is_scaled { None } else { table.remove("factor") };
    let mut dual = norms::build::<f64>(&table)?;
    if let Some(factor) = factor {
        let number = factor.as_float().or(factor.as_integer().map(|x| x as f64));
        let number =
            number.ok_or_else(|| Failure::Input(format!("factor must be a number, not {factor}")))?;
        dual = Box::new(Scaled::new(number, dual)?);
    }
    Ok(Box::new(ClaimedDual::new(norms::build(norm)?, dual)))
}

struct Examined {
    claim: &'static str,
    stated: String,
    witness: Option<Witness>,
    tried: Tried,
}

/// What is kept beside the matrices of a witness: all that a replay needs.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: String,
    claim: String,
    law: String,
    text: String,
    replay: String,
    matrices: Vec<String>,
    numbers: Map<String, Value>,
    seed: u64,
    /// The file that was examined; paths in it are absolute.
    file: String,
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
    let text = toml::to_string(&absolute(file, folder)).map_err(|e| Failure::Input(e.to_string()))?;
    let mark = mark(&text, budget);
    if let Some(out) = &args.out {
        open(out, &mark, args.force)?;
    }
    let progress = |claim: &str| {
        if global.shows_progress() {
            global.say(&format!("examining: {claim}"));
        }
    };
    let examined = case.attack(budget, &progress).map_err(|e| in_file(path, e))?;
    let mut claims = Vec::new();
    for one in &examined {
        let replay = match (&one.witness, &args.out) {
            (Some(witness), Some(out)) => Some(keep(out, one.claim, witness, &text, budget.seed)?),
            _ => None,
        };
        claims.push(json_of(one, replay.as_deref(), args.out.as_deref()));
    }
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "norm": case.subject.norm.label().to_string(),
        "noise": case.subject.sampling.noise().label(),
        "budget": budget,
        "mark": mark,
        "claims": claims,
    });
    if let Some(out) = &args.out {
        write_atomically(&out.join(REPORT), pretty(&report)?.as_bytes())?;
    }
    if args.json {
        print_json(&report)?
    } else {
        print(&text_of(&case, &examined, budget, args.out.as_deref()))?
    }
    let broken = examined.iter().filter(|one| one.witness.is_some()).count();
    match broken {
        0 => Ok(()),
        _ => Err(Failure::Check(format!("{broken} of {} claims are broken", examined.len()))),
    }
}

fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| Failure::Input(e.to_string()))
}

/// With the paths of a user's data made absolute: a witness may lie elsewhere.
fn absolute(mut file: File, folder: &Path) -> File {
    for key in ["features", "labels"] {
        if let Some(toml::Value::String(path)) = file.problem.get_mut(key)
            && let Ok(found) = fs::canonicalize(folder.join(&*path))
        {
            *path = found.display().to_string();
        }
    }
    file
}

/// The report's file name.
const REPORT: &str = "falsify.json";

/// What a folder's content is a function of.
fn mark(text: &str, budget: Budget) -> String {
    digest(format!("{} {budget:?} {text}", env!("CARGO_PKG_VERSION")).as_bytes())
}

/// Makes the folder. One of the same call is continued, another one refused.
fn open(out: &Path, mark: &str, force: bool) -> Result<(), Failure> {
    let refused = |what: &str| {
        Err(Failure::Input(format!(
            "{} {what}; choose another folder with --out, or write into it with --force (witnesses of another call in it \
             are removed, other files stay)",
            out.display()
        )))
    };
    let io = |e: std::io::Error| Failure::Environment(format!("cannot write {}: {e}", out.display()));
    if out.exists() && !out.is_dir() {
        return Err(Failure::Input(format!(
            "{} is not a folder; choose another one with --out",
            out.display()
        )));
    }
    fs::create_dir_all(out).map_err(io)?;
    let found = fs::read_to_string(out.join(REPORT)).ok();
    let found = found.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let same = found.as_ref().is_some_and(|report| report["mark"] == mark);
    let occupied = fs::read_dir(out).map_err(io)?.next().is_some();
    if occupied && !same && !force {
        return refused(if found.is_some() { "holds the witnesses of another call" } else { "is not empty" });
    }
    for claim in ["shape", "dual", "smoothness", "hessian", "gap", "moment", "unbiased"] {
        let stale = out.join(claim);
        if stale.join(WITNESS).is_file() {
            fs::remove_dir_all(&stale).map_err(io)?;
        }
    }
    // From the first moment on the folder says whose it is.
    write_atomically(&out.join(REPORT), pretty(&json!({ "mark": mark }))?.as_bytes())?;
    Ok(())
}

/// The file that holds all of a witness but its matrices.
const WITNESS: &str = "witness.json";

/// Writes a witness; returns the command that evaluates it again.
fn keep(out: &Path, claim: &str, witness: &Witness, file: &str, seed: u64) -> Result<String, Failure> {
    let folder = out.join(claim);
    fs::create_dir_all(&folder)
        .map_err(|e| Failure::Environment(format!("cannot write {}: {e}", folder.display())))?;
    for (name, matrix) in &witness.matrices {
        let bytes = npy::to_bytes(matrix).map_err(|e| Failure::Environment(e.to_string()))?;
        write_atomically(&folder.join(format!("{name}.npy")), &bytes)?;
    }
    let replay = format!("heavynorm falsify --replay {}", quoted(&folder));
    let kept = Kept {
        version: env!("CARGO_PKG_VERSION").into(),
        claim: claim.into(),
        law: witness.law.into(),
        text: witness.text.clone(),
        replay: replay.clone(),
        matrices: witness.matrices.iter().map(|(name, _)| (*name).into()).collect(),
        numbers: witness.numbers.iter().map(|(name, x)| ((*name).into(), json!(x))).collect(),
        seed,
        file: file.into(),
    };
    write_atomically(&folder.join(WITNESS), pretty(&kept)?.as_bytes())?;
    Ok(replay)
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Infinite numbers have no JSON: they are written as words.
fn finite(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { json!(x.to_string()) }
}

fn json_of(one: &Examined, replay: Option<&str>, out: Option<&Path>) -> Value {
    let witness = one.witness.as_ref().map(|w| {
        let file = |name: &str| out.map(|out| out.join(one.claim).join(format!("{name}.npy")).display().to_string());
        let files: Map<String, Value> =
            w.matrices.iter().map(|(name, _)| ((*name).into(), json!(file(name)))).collect();
        json!({
            "law": w.law, "text": w.text, "ground": w.ground, "files": files, "replay": replay,
            "measured": finite(w.sides.measured), "claimed": finite(w.sides.claimed), "rounding": finite(w.sides.rounding),
        })
    });
    let mut tried = json!(one.tried);
    tried["best_ratio"] = one.tried.best_ratio.map_or(Value::Null, finite);
    json!({
        "claim": one.claim, "stated": one.stated, "broken": one.witness.is_some(), "witness": witness, "tried": tried,
    })
}

fn ground(ground: Ground) -> String {
    match ground {
        Ground::Evaluation => "evaluated at a witness".into(),
        Ground::Enumeration => "all outcomes summed".into(),
        Ground::ClosedForm => "by the noise's own closed form".into(),
        Ground::Samples(level) => format!("by samples, wrong with probability at most {level:.0e}"),
    }
}

fn text_of(case: &Case, examined: &[Examined], budget: Budget, out: Option<&Path>) -> String {
    let Subject { norm, sampling, .. } = &case.subject;
    let clip = if case.clipping.is_some() { ", answers clipped" } else { "" };
    let mut text = format!(
        "problem {} on {}, norm {}, noise {}{clip}, seed {}\n\n",
        sampling.problem().name(),
        sampling.problem().dimensions(),
        norm.label(),
        sampling.noise().label(),
        budget.seed
    );
    for one in examined {
        let verdict = if one.witness.is_some() { "BROKEN" } else { "stands" };
        let ratio = match (one.claim, one.tried.best_ratio) {
            ("unbiased" | "shape", _) | (_, None) => String::new(),
            (_, Some(ratio)) => format!(", best attempt {ratio:.4} of what is claimed"),
        };
        text.push_str(&format!(
            "{:<11} {verdict}  {} ({} evaluations{ratio})\n",
            one.claim, one.stated, one.tried.evaluations
        ));
        if let Some(witness) = &one.witness {
            text.push_str(&format!("{:12}{} [{}]\n", "", witness.text, ground(witness.ground)));
            if let Some(out) = out {
                let folder = out.join(one.claim);
                text.push_str(&format!("{:12}again: heavynorm falsify --replay {}\n", "", quoted(&folder)));
            }
        }
        for note in &one.tried.notes {
            text.push_str(&format!("{:12}{note}\n", ""));
        }
    }
    let broken = examined.iter().any(|one| one.witness.is_some());
    if broken && out.is_none() {
        text.push_str(
            "\n--out DIR keeps the witnesses as .npy files, with the command that evaluates each again\n",
        );
    }
    if examined.iter().any(|one| one.witness.is_none()) {
        text.push_str("\nwhat stands was not broken by this search; nothing is proved by that (--json lists what was tried)\n");
    }
    text
}

/// Evaluates a kept witness again, from its files alone.
fn replay(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let path = folder.join(WITNESS);
    let damaged =
        |e: &dyn std::fmt::Display| Failure::Input(format!("{}: not a witness ({e})", path.display()));
    let text = fs::read_to_string(&path).map_err(|e| {
        Failure::Input(format!(
            "cannot read {}: {e}; give the folder of one claim, such as DIR/smoothness",
            path.display()
        ))
    })?;
    let kept: Kept = serde_json::from_str(&text).map_err(|e| damaged(&e))?;
    let file: File = toml::from_str(&kept.file).map_err(|e| damaged(&e))?;
    let case = Case::new(&file, folder).map_err(|e| in_file(&path, e))?;
    let (sides, fresh) = evaluate(&case, &kept, folder)?;
    if as_json {
        print_json(&json!({
            "claim": kept.claim, "law": kept.law, "broken": sides.breaks(), "measured": finite(sides.measured),
            "claimed": finite(sides.claimed), "rounding": finite(sides.rounding),
            "fresh_samples_break_it": fresh.map(Measured::breaks),
        }))?;
    } else {
        let again = fresh.map_or("", |fresh| {
            if fresh.breaks() {
                "on fresh samples: broken as well\n"
            } else {
                "on fresh samples: not broken\n"
            }
        });
        print(&format!(
            "{}: {}\nmeasured {}, claimed {}, rounding at most {}: {}\n{again}",
            kept.claim,
            kept.law,
            number(sides.measured),
            number(sides.claimed),
            number(sides.rounding),
            if sides.breaks() { "BROKEN" } else { "not broken" }
        ))?;
    }
    if sides.breaks() { Err(Failure::Check(format!("the claim {} is broken", kept.claim))) } else { Ok(()) }
}

/// The two sides, and for samples the same on samples that the search has not seen.
fn evaluate(case: &Case, kept: &Kept, folder: &Path) -> Result<(Measured, Option<Measured>), Failure> {
    let matrix =
        |name: &str| -> Result<_, Failure> { Ok(npy::read_matrix(&folder.join(format!("{name}.npy")))?) };
    let number = |name: &str| {
        let found = kept.numbers.get(name).and_then(Value::as_f64);
        found.ok_or_else(|| Failure::Input(format!("the witness has no number {name}")))
    };
    let missing = || Failure::Input(format!("the file of the witness makes no claim {}", kept.claim));
    let refused = |e: FalsifyError| Failure::Input(format!("{}: {e}", folder.display()));
    let (f, norm) = (case.subject.sampling.problem(), &*case.subject.norm);
    // Matrices of another shape would meet in an inner product.
    let here = |name: &str| {
        let x = matrix(name)?;
        let (found, space) = (x.dimensions(), f.dimensions());
        if found.as_ref() == Ok(&space) {
            return Ok(x);
        }
        Err(Failure::Input(format!(
            "{name}.npy is {}x{}, the problem lives on {space}",
            x.nrows(),
            x.ncols()
        )))
    };
    let source = case.source(kept.seed);
    let samples = || -> Result<[Sampled; 2], Failure> {
        let draws = number("draws")?;
        if !(1.0..=1e9).contains(&draws) {
            return Err(Failure::Input(format!("the witness has {draws} draws")));
        }
        let how =
            Sampled { stream: number("stream")? as u64, draws: draws as usize, level: number("level")? };
        Ok([how, Sampled { stream: how.stream ^ 0b10, ..how }])
    };
    let law = kept.law.as_str();
    let sides = match kept.claim.as_str() {
        "smoothness" => {
            let l = case.smoothness.ok_or_else(missing)?;
            smoothness::measure(f, norm, &here("X")?, &here("Y")?, &here("W")?, l)
        }
        "hessian" => {
            let rho = case.hessian.ok_or_else(missing)?;
            hessian::measure(f, norm, [&here("X")?, &here("Y")?], &here("Z")?, &here("W")?, rho)
        }
        "gap" => Ok(gap::measure(f, &here("X")?, case.gap.ok_or_else(missing)?)),
        "dual" => dual::measure(&*case.dual, law, &here("S")?, &here("X")?),
        "shape" if law == shape::SIDES => Ok(shape::measure_sides(&matrix("A")?, case.shape)),
        "shape" => shape::measure_derivative(f, law, &here("X")?, &here("Z")?),
        "moment" => {
            let (claim, x) = (case.moment.ok_or_else(missing)?, here("X")?);
            if law == moment::SAMPLED {
                let (tau, [how, fresh]) = (number("clip")?, samples()?);
                let test =
                    |how| moment::measure_samples(f, norm, &source, &x, claim, (how, tau)).map_err(refused);
                return Ok((test(how)?, Some(test(fresh)?)));
            }
            if law == moment::STATED {
                moment::measure_stated(f, norm, &source, &x, claim)
                    .and_then(|sides| sides.ok_or_else(|| FalsifyError::UnknownLaw(law.into())))
            } else {
                let listed = (source.law)(&x).ok_or(FalsifyError::NoLaw).map_err(refused)?;
                moment::measure_law(f, norm, &listed, &x, claim)
            }
        }
        "unbiased" => {
            let (x, w) = (here("X")?, here("W")?);
            if law == bias::SAMPLED {
                let claim = moment::Claim {
                    sigma: NoiseScale::new(number("sigma")?)?,
                    p: MomentOrder::new(number("p")?)?,
                };
                let (bet, [how, fresh]) = (number("bet")?, samples()?);
                let test = |how| {
                    bias::measure_samples(f, norm, &source, (&x, &w), claim, (how, bet)).map_err(refused)
                };
                return Ok((test(how)?, Some(test(fresh)?)));
            }
            let listed = (source.law)(&x).ok_or(FalsifyError::NoLaw).map_err(refused)?;
            bias::measure_law(f, norm, &listed, &x, &w)
        }
        other => return Err(Failure::Input(format!("no claim is called '{other}'"))),
    };
    Ok((sides.map_err(refused)?, None))
}
