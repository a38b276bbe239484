//! `heavynorm norm list` and `heavynorm norm eval`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use heavynorm::norms;
use heavynorm::spec::{Matrix, MomentOrder, NoiseType, Norm, NormError};
use serde::Serialize;

use super::output::{print, print_json, remark};
use crate::error::Failure;
use crate::{npy, store};

#[derive(Debug, Args)]
pub(super) struct NormArgs {
    #[command(subcommand)]
    command: NormCommand,
}

#[derive(Debug, Subcommand)]
enum NormCommand {
    /// The names, their parameters and what they are.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// A norm, its dual norm or its linear minimisation oracle at a matrix.
    #[command(after_help = "\
The dual norm is the max of <S, X> over the unit ball; the lmo is an ARGMIN of <S, X>: add it to descend.

Examples:
  heavynorm norm eval spectral --op dual --input G.npy              the nuclear norm of G
  heavynorm norm eval ky-fan --param k=2 --op lmo --input G.npy --output D.npy
  heavynorm norm eval spectral --op dual --input G.npy --p 1.5 --json")]
    Eval(EvalArgs),
}

/// How a norm is named on the command line.
#[derive(Debug, Args)]
pub(super) struct NormChoice {
    /// A parameter of the norm, for example q=3 or k=2; may be repeated.
    #[arg(long = "param", value_name = "K=V", value_parser = parse_parameter)]
    parameters: Vec<(String, toml::Value)>,
}

#[derive(Debug, Args)]
struct EvalArgs {
    /// The norm's name; `heavynorm norm list` shows them.
    name: String,
    #[command(flatten)]
    choice: NormChoice,
    /// What to evaluate.
    #[arg(long, value_enum)]
    op: Op,
    /// The matrix: a two-dimensional .npy file, float64 or float32, C order.
    #[arg(long, value_name = "F.npy")]
    input: PathBuf,
    /// Where the lmo is written (needed for --op lmo unless --json is given).
    #[arg(long, value_name = "G.npy")]
    output: Option<PathBuf>,
    /// Also bound the noise-type constant K_p of the dual norm at this moment order, 1 < p <= 2.
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    p: Option<f64>,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Op {
    /// The norm.
    Value,
    /// The dual norm.
    Dual,
    /// The linear minimisation oracle.
    Lmo,
}

pub(super) fn call(args: NormArgs) -> Result<(), Failure> {
    match args.command {
        NormCommand::List { json } => list(json),
        NormCommand::Eval(args) => eval(&args),
    }
}

/// `q=3`, `q=inf` and `k=2` as TOML values.
fn parse_parameter(text: &str) -> Result<(String, toml::Value), String> {
    let (key, value) = text.split_once('=').ok_or("write it as name=value, for example q=3")?;
    let value = value.trim();
    let number = value.parse().map(toml::Value::Integer).ok();
    let number = number.or_else(|| value.parse().map(toml::Value::Float).ok());
    Ok((key.trim().into(), number.unwrap_or_else(|| toml::Value::String(value.into()))))
}

impl NormChoice {
    pub(super) fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    pub(super) fn build(&self, name: &str) -> Result<Box<dyn Norm<f64>>, Failure> {
        let mut table = toml::Table::new();
        for (key, value) in &self.parameters {
            if table.insert(key.clone(), value.clone()).is_some() {
                return Err(Failure::Input(format!("--param {key} is given twice")));
            }
        }
        if table.insert("name".into(), name.into()).is_some() {
            return Err(Failure::Input("'name' is no parameter of a norm".into()));
        }
        Ok(norms::build(&table)?)
    }
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    parameters: &'static [&'static str],
    summary: &'static str,
}

fn list(json: bool) -> Result<(), Failure> {
    let listed: Vec<Listed> = norms::entries::<f64>()
        .iter()
        .map(|e| Listed { name: e.name, parameters: e.parameters, summary: e.summary })
        .collect();
    if json {
        return print_json(&listed);
    }
    let mut text = String::new();
    for Listed { name, parameters, summary } in listed {
        let parameters = parameters.iter().map(|p| format!("--param {p}=..")).collect::<Vec<_>>().join(" ");
        writeln!(text, "{name:<14} {parameters:<12} {summary}").expect("a string takes all");
    }
    print(&text)
}

#[derive(Serialize)]
struct Evaluated {
    norm: String,
    shape: [usize; 2],
    op: Op,
    value: Option<f64>,
    dual_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_type: Option<NoiseType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lmo: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

fn eval(args: &EvalArgs) -> Result<(), Failure> {
    if args.op == Op::Lmo && args.output.is_none() && !args.json {
        return Err(Failure::Input(
            "an lmo is a matrix: say where with --output G.npy, or ask for --json".into(),
        ));
    }
    if args.op != Op::Lmo && args.output.is_some() {
        return Err(Failure::Input("--output goes with --op lmo; a value is printed".into()));
    }
    let p = args.p.map(MomentOrder::new).transpose().map_err(|e| Failure::Input(e.to_string()))?;
    let norm = args.choice.build(&args.name)?;
    let input = npy::read_matrix(&args.input)?;
    let dimensions = input.dimensions().map_err(|e| Failure::Input(e.to_string()))?;
    let noise_type = p.map(|p| norm.noise_type(dimensions, p)).transpose()?;
    // Everything is evaluated before anything is written.
    let primal = one_of_two(args, Op::Value, || norm.value(&input))?;
    let dual = one_of_two(args, Op::Dual, || norm.dual_value(&input))?;
    let lmo = (args.op == Op::Lmo).then(|| norm.lmo(&input)).transpose()?;
    if let (Some(lmo), Some(path)) = (&lmo, &args.output) {
        write_matrix(path, lmo)?;
    }
    if args.json {
        return print_json(&Evaluated {
            norm: norm.label().to_string(),
            shape: [input.nrows(), input.ncols()],
            op: args.op,
            value: primal,
            dual_value: dual,
            noise_type,
            lmo: lmo.filter(|_| args.output.is_none()).map(|lmo| rows(&lmo)),
            output: args.output.clone(),
        });
    }
    let mut text = String::new();
    if let Some(value) = primal.or(dual) {
        writeln!(text, "{value}").expect("a string takes all");
    }
    if let Some(NoiseType { lower, upper }) = noise_type {
        writeln!(text, "K_p of the dual norm lies in [{lower}, {upper}]").expect("a string takes all");
    }
    print(&text)
}

/// A value that was asked for, or that JSON holds beside it: the other one may overflow alone, and is null then.
fn one_of_two(
    args: &EvalArgs,
    op: Op,
    evaluate: impl FnOnce() -> Result<f64, NormError>,
) -> Result<Option<f64>, Failure> {
    if !args.json && args.op != op {
        return Ok(None);
    }
    match evaluate() {
        Ok(value) => Ok(Some(value)),
        Err(e @ NormError::Overflow { .. }) if args.op != op => {
            let key = if op == Op::Value { "value" } else { "dual_value" };
            remark(&format!("heavynorm: {key} is null: {e}"));
            Ok(None)
        }
        Err(e) => Err(e.into()),
    }
}

fn rows(matrix: &Matrix<f64>) -> Vec<Vec<f64>> {
    (0..matrix.nrows()).map(|i| (0..matrix.ncols()).map(|j| matrix[(i, j)]).collect()).collect()
}

fn write_matrix(path: &Path, matrix: &Matrix<f64>) -> Result<(), Failure> {
    let bytes = npy::to_bytes(matrix).map_err(|e| Failure::Environment(e.to_string()))?;
    Ok(store::write_atomically(path, &bytes)?)
}
