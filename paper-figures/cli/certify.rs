//! `heavynorm certify`: recorded updates against every norm, and the test for any norm at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use heavynorm::norms;
use heavynorm::spec::{Inexactness, MomentOrder, Norm};
use heavynorm_proofs_check::certify::{
    Alignment, CertifyError, Invariance, Precision, Recording, Revealed, Steps,
};
use heavynorm_proofs_check::theorems::u4::calls_factor;
use serde::Serialize;

use super::Global;
use super::norm::NormChoice;
use super::output::{number, print, print_json, short};
use super::picture::{Picture, PictureArgs};
use crate::drawing::{Curve, Panel, Point};
use crate::error::Failure;
use crate::npy;

#[derive(Debug, Args)]
#[command(after_help = "\
What must be recorded, from any optimizer's code, K times:
  S  what its map was applied to: the momentum AFTER Nesterov's look-ahead if there is one, not the raw gradient;
  X  what it added to the weights, learning rate and sign included, WITHOUT the weight decay. A difference of weights
     has lost the digits that they share: record the change itself, or state --precision.
paper-figures/examples/record_updates.py does it for PyTorch. Any step sizes are allowed; --same-step asks for one.

Per norm: ||X||, the alignment <S, -X>/(||S||_* ||X||) (1: X is a multiple of that norm's LMO), and delta, what is missing: a
delta-inexact LMO (<S, X> <= -(1 - delta) ||S||_* at ||X|| <= 1) multiplies the calls of theorem U2 as theorem U4 says.

The revealed norm: is there ONE norm of a class whose LMO gave all K updates? With a_k = <S_k, -X_k> and b_kj the largest inner
product of S_k with X_j under the symmetries of the class, this holds if and only if a_k > 0 and, along every cycle of pairs,
prod a_k >= prod b_{k,next(k)} (proof: spec/chapters/90-revealed-norms.md). A refutation names the pairs. The test for a general norm is
weak: it sees signs alone.

--picture draws the map of singular values, and that of entries.

Examples:
  heavynorm certify --momentum S.npy --update X.npy
  heavynorm certify --momentum S.npy --update X.npy --same-step --picture map.svg
  heavynorm certify --momentum S.npy --update X.npy --norm schatten --param q=3 --json")]
pub(super) struct CertifyArgs {
    /// What the optimizer's map was applied to: .npy, m x n or a stack K x m x n.
    #[arg(long, value_name = "S.npy")]
    momentum: PathBuf,
    /// What was added to the weights: .npy of the same shape.
    #[arg(long, value_name = "X.npy")]
    update: PathBuf,
    /// Compare with this norm alone (left out: with all, exponents fitted).
    #[arg(long, value_name = "NAME")]
    norm: Option<String>,
    #[command(flatten)]
    choice: NormChoice,
    /// One step size for all pairs, instead of any.
    #[arg(long)]
    same_step: bool,
    /// The relative error of S and of X, each in the Frobenius norm (left out: that of float32 or float64 arithmetic, as the files are
    /// stored; state 0.01 for an update computed in bfloat16).
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    precision: Option<f64>,
    /// The moment order at which the cost of an inexact LMO is stated.
    #[arg(long, value_name = "P", default_value_t = 1.5, allow_negative_numbers = true)]
    p: f64,
    #[command(flatten)]
    picture: PictureArgs,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

/// A norm to compare with.
struct Candidate {
    key: String,
    norm: Box<dyn Norm<f64>>,
    classes: &'static [Invariance],
}

pub(super) fn call(args: &CertifyArgs, global: &Global) -> Result<(), Failure> {
    let p = MomentOrder::new(args.p)?;
    let picture = args.picture.wanted()?;
    let named = args.norm.as_ref().map(|name| args.choice.build(name)).transpose()?;
    if named.is_none() && !args.choice.is_empty() {
        return Err(Failure::Input("--param goes with --norm NAME".into()));
    }
    let recording = read(args)?;
    let steps = if args.same_step { Steps::Same } else { Steps::Free };
    let all = candidates(&recording)?;
    let shown = match (&args.norm, named) {
        (Some(name), Some(norm)) => {
            vec![Candidate { key: norm.label().to_string(), norm, classes: classes(name) }]
        }
        _ => vec![],
    };
    let shown = if shown.is_empty() { &all } else { &shown };
    let compared: Vec<(&str, Alignment)> = shown
        .iter()
        .map(|c| Ok((c.key.as_str(), recording.alignment(&*c.norm, steps)?)))
        .collect::<Result<_, CertifyError>>()?;
    let revealed: Vec<Judged> = Invariance::ALL
        .iter()
        .map(|&class| judge(&recording, class, steps, shown, &all))
        .collect::<Result<_, Failure>>()?;
    if let Some(picture) = &picture {
        let hidden = draw(&recording, picture)?;
        if hidden > 0 {
            global.say(&format!(
                "heavynorm: {hidden} points of the picture are not drawn: there the update does nothing or goes uphill"
            ));
        }
    }
    if args.json {
        return print_json(&json(&recording, steps, p, &compared, &revealed));
    }
    print(&text(&recording, steps, p, &compared, &revealed))
}

fn read(args: &CertifyArgs) -> Result<Recording, Failure> {
    let (momentum, update) = (npy::read_stack(&args.momentum)?, npy::read_stack(&args.update)?);
    if momentum.matrices.len() != update.matrices.len() {
        return Err(Failure::Input(format!(
            "{} holds {} matrices, {} holds {}: record one update for each momentum, in the same order",
            args.momentum.display(),
            momentum.matrices.len(),
            args.update.display(),
            update.matrices.len()
        )));
    }
    let (rows, columns) = (momentum.matrices[0].nrows(), momentum.matrices[0].ncols());
    let precision = match args.precision {
        Some(e) => Precision::new(e)?,
        None if momentum.single_precision || update.single_precision => {
            Precision::computed::<f32>(rows, columns)
        }
        None => Precision::computed::<f64>(rows, columns),
    };
    Ok(Recording::new(momentum.matrices, update.matrices, precision)?)
}

/// Whose symmetries a registered norm has. (A general norm has at least its sign.)
fn classes(name: &str) -> &'static [Invariance] {
    use Invariance::{EntrySymmetric, General, Unitary};
    match name {
        "frobenius" => &[Unitary, EntrySymmetric, General],
        "spectral" | "nuclear" | "schatten" | "ky-fan" | "ky-fan-dual" | "rms-to-rms" => &[Unitary, General],
        "max-entry" | "sum-entries" | "entry-lq" => &[EntrySymmetric, General],
        _ => &[General],
    }
}

/// Every registered norm: those with an exponent at the one that fits, those with a number at 2 and at the rank of the first update.
fn candidates(recording: &Recording) -> Result<Vec<Candidate>, Failure> {
    let mut found = Vec::new();
    let rank = {
        let update = recording.spectra(0)?.update;
        let largest = update.first().copied().unwrap_or(1.0);
        (update.iter().map(|x| x / largest).sum::<f64>().round() as i64).max(1)
    };
    let smaller = recording.dimensions().smaller_side() as i64;
    for entry in norms::entries::<f64>() {
        let with = |key: &str, values: Vec<toml::Value>| -> Vec<toml::Table> {
            values.into_iter().map(|value| toml::Table::from_iter([(key.to_owned(), value)])).collect()
        };
        let tables = match entry.parameters {
            [] => vec![toml::Table::new()],
            ["q"] => {
                let class =
                    if entry.name == "schatten" { Invariance::Unitary } else { Invariance::EntrySymmetric };
                with("q", recording.exponent(class)?.map(toml::Value::Float).into_iter().collect())
            }
            ["k"] => {
                // From k = the smaller side on it is the nuclear norm, and for k = 1 the spectral one, or their duals.
                let mut ks = vec![2, rank];
                ks.retain(|&k| k > 1 && k < smaller);
                ks.dedup();
                with("k", ks.into_iter().map(toml::Value::Integer).collect())
            }
            // A new kind of parameter is no reason to fail: the norm can be asked for by name.
            _ => vec![],
        };
        for table in tables {
            let norm = (entry.build)(&table)?;
            found.push(Candidate { key: norm.label().to_string(), norm, classes: classes(entry.name) });
        }
    }
    Ok(found)
}

/// A verdict with the names that would do.
struct Judged {
    revealed: Revealed,
    named: Vec<String>,
    verdict: String,
}

/// Names are looked for among the norm that was asked for first.
fn judge(
    recording: &Recording,
    class: Invariance,
    steps: Steps,
    first: &[Candidate],
    all: &[Candidate],
) -> Result<Judged, Failure> {
    let revealed = recording.revealed(class, steps)?;
    let mut named: Vec<String> = Vec::new();
    if revealed.consistent() && revealed.pairs > 0 {
        for c in first.iter().chain(all).filter(|c| c.classes.contains(&class)) {
            let label = c.norm.label().to_string();
            if !named.contains(&label) && recording.is_explained_by(&*c.norm, steps)? {
                named.push(label);
            }
        }
    }
    let verdict = verdict(recording, &revealed, &named);
    Ok(Judged { revealed, named, verdict })
}

fn verdict(recording: &Recording, revealed: &Revealed, named: &[String]) -> String {
    let count = recording.pairs();
    let pairs = if count == 1 { "this 1 pair".into() } else { format!("these {count} pairs") };
    let mut text = match &revealed.witness {
        None => {
            let example = match (revealed.pairs, named.first(), &revealed.example) {
                (0, ..) => "any: all matrices are zero".into(),
                (_, Some(name), _) => name.clone(),
                (_, None, Some(example)) => describe(example, revealed.inexactness.max(1e-9)),
                (_, None, None) => {
                    "none that could be constructed: an update descends within the precision only".into()
                }
            };
            format!("consistent with {} on {pairs}, for example {example}", revealed.invariance.one_norm())
        }
        Some(witness) => {
            let shown: Vec<String> = witness.cycle.iter().take(12).map(usize::to_string).collect();
            let more = if witness.cycle.len() > 12 { ", .." } else { "" };
            let why = if witness.ratio > 0.0 {
                let what = if witness.cycle.len() == 1 {
                    "a/b"
                } else if revealed.steps == Steps::Same {
                    "a_k/b_kj"
                } else {
                    "mean of a/b"
                };
                format!("{what} = {:.6}, below 1", witness.ratio)
            } else {
                alone(recording, witness.cycle[0]).into()
            };
            format!("refuted, by these pairs: {}{more} ({why})", shown.join(", "))
        }
    };
    if !revealed.consistent() && revealed.inexactness < 1.0 {
        let _ = write!(text, "; at best {}-inexact", short(revealed.inexactness));
    }
    if revealed.invariance == Invariance::General && revealed.consistent() {
        text.push_str(" (a weak test)");
    }
    text
}

/// Why a pair is refuted by itself, whatever the norm.
fn alone(recording: &Recording, pair: usize) -> &'static str {
    let (s, x) = recording.pair(pair);
    if s.is_zero() {
        "the update moves from a zero momentum, where every LMO is zero"
    } else if x.is_zero() {
        "the update is zero, the momentum is not"
    } else if recording.goes_uphill() {
        "no update descends: X is what was ADDED to the weights; is its sign reversed?"
    } else {
        "the update does not descend"
    }
}

/// The constructed norm in a line.
fn describe(example: &heavynorm_proofs_check::certify::revealed::Example, tolerance: f64) -> String {
    let (vector, count) = match example.invariance {
        Invariance::Unitary => ("sigma(S)", 3),
        Invariance::EntrySymmetric => ("sorted |S|", 3),
        Invariance::General => {
            return "the one whose unit ball is the hull of all X_j/c_j, -X_j/c_j and a small ball".into();
        }
    };
    let essential = example.essential(tolerance);
    let one = |w: &[f64]| {
        let numbers: Vec<String> = w.iter().take(6).map(|x| short(*x)).collect();
        format!("({}{})", numbers.join(", "), if w.len() > 6 { ", .." } else { "" })
    };
    let list: Vec<String> = essential.iter().take(count).map(|w| one(w)).collect();
    let more = if essential.len() > count {
        format!(" and {} more", essential.len() - count)
    } else {
        String::new()
    };
    format!("the one with the dual norm max over w of <{vector}, w>, w = {}{more}", list.join(", "))
}

#[derive(Serialize)]
struct NormReport {
    norm: f64,
    /// The least one; null if no pair has one.
    alignment: Option<f64>,
    /// delta; null if no pair says anything, and where a step from a zero momentum makes it infinite.
    inexactness: Option<f64>,
    /// c = (2 - delta)/(1 - delta) of theorem U4, 2 for an exact LMO; null where nothing is promised.
    error_factor: Option<f64>,
    /// By what U4 has more calls than U2 where noise rules; null likewise.
    calls_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    norm_of_pairs: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment_of_pairs: Option<Vec<Option<f64>>>,
}

#[derive(Serialize)]
struct RevealedReport<'a> {
    consistent: bool,
    witness: Option<&'a [usize]>,
    verdict: &'a str,
    ratio: Option<f64>,
    ratio_at_best: Option<f64>,
    inexactness: f64,
    critical: &'a [usize],
    named: &'a [String],
    example: Option<ExampleReport<'a>>,
}

#[derive(Serialize)]
struct ExampleReport<'a> {
    dual_norm: &'static str,
    step_sizes: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    generators: Option<Vec<&'a [f64]>>,
}

#[derive(Serialize)]
struct Report<'a> {
    pairs: usize,
    shape: [usize; 2],
    precision: f64,
    same_step: bool,
    p: f64,
    norms: BTreeMap<&'a str, NormReport>,
    revealed: BTreeMap<&'static str, RevealedReport<'a>>,
}

fn json<'a>(
    recording: &Recording,
    steps: Steps,
    p: MomentOrder,
    compared: &'a [(&'a str, Alignment)],
    judged: &'a [Judged],
) -> Report<'a> {
    let many = recording.pairs() > 1;
    let of_norm = |(key, alignment): &'a (&'a str, Alignment)| {
        let delta = alignment.inexactness();
        let report = NormReport {
            norm: alignment.largest_norm(),
            alignment: alignment.least(),
            inexactness: alignment.shortfall(),
            error_factor: delta.map(Inexactness::error_factor),
            calls_factor: delta.map(|delta| calls_factor(delta, p)),
            norm_of_pairs: many.then(|| alignment.pairs.iter().map(|pair| pair.norm).collect()),
            alignment_of_pairs: many.then(|| alignment.pairs.iter().map(|pair| pair.alignment).collect()),
        };
        (*key, report)
    };
    let of_class = |judged: &'a Judged| {
        let Judged { revealed, named, verdict } = judged;
        let (key, dual_norm) = match revealed.invariance {
            Invariance::Unitary => ("unitarily_invariant", "max over generators w of <sigma(S), w>"),
            Invariance::EntrySymmetric => ("entry_symmetric", "max over generators w of <sorted |S|, w>"),
            Invariance::General => {
                ("general", "max over j of |<S, X_j>|/c_j, and a small multiple of the Frobenius norm")
            }
        };
        // A general norm's generators are the updates: nothing that the caller does not have.
        let example =
            revealed.example.as_ref().filter(|_| revealed.consistent()).map(|example| ExampleReport {
                dual_norm,
                step_sizes: &example.step_sizes,
                generators: (revealed.invariance != Invariance::General)
                    .then(|| example.essential(revealed.inexactness.max(1e-9))),
            });
        let report = RevealedReport {
            consistent: revealed.consistent(),
            witness: revealed.witness.as_ref().map(|w| &w.cycle[..]),
            verdict,
            ratio: revealed.witness.as_ref().map(|w| w.ratio),
            ratio_at_best: revealed.witness.as_ref().map(|w| w.ratio_at_best),
            inexactness: revealed.inexactness,
            critical: &revealed.critical,
            named,
            example,
        };
        (key, report)
    };
    let dimensions = recording.dimensions();
    Report {
        pairs: recording.pairs(),
        shape: [dimensions.rows(), dimensions.columns()],
        precision: recording.precision().relative_error(),
        same_step: steps == Steps::Same,
        p: p.p(),
        norms: compared.iter().map(of_norm).collect(),
        revealed: judged.iter().map(of_class).collect(),
    }
}

fn text(
    recording: &Recording,
    steps: Steps,
    p: MomentOrder,
    compared: &[(&str, Alignment)],
    judged: &[Judged],
) -> String {
    let mut text = String::new();
    let (count, shape) = (recording.pairs(), recording.dimensions());
    let step = if steps == Steps::Same { "one step size" } else { "any step sizes" };
    let e = short(recording.precision().relative_error());
    let _ = writeln!(text, "pairs {count}, shape {shape}, relative precision {e}, {step}\n");
    let width = compared.iter().map(|(key, _)| key.len()).max().unwrap_or(0).max(12);
    let cost = format!("calls through U4, p = {}", p.p());
    let _ = writeln!(
        text,
        "{:<width$}  {:<24} {:<24} {:<10} {cost}",
        "norm", "||X||", "alignment (1: its LMO)", "delta"
    );
    for (key, alignment) in compared {
        let sizes = range(alignment.pairs.iter().map(|pair| pair.norm));
        let aligned = range(alignment.pairs.iter().filter_map(|pair| pair.alignment));
        let (delta, cost) = match (alignment.shortfall(), alignment.inexactness()) {
            (None, _) => ("none".into(), "none".into()),
            (Some(delta), None) => (short(delta), "no descent promised".into()),
            (Some(_), Some(delta)) => (short(delta.delta()), format!("x {}", short(calls_factor(delta, p)))),
        };
        let _ = writeln!(text, "{key:<width$}  {sizes:<24} {aligned:<24} {delta:<10} {cost}");
    }
    text.push_str("\nIs there one norm whose LMO gave all updates?\n");
    for (name, judged) in ["unitarily invariant", "entry-symmetric", "general"].iter().zip(judged) {
        let _ = writeln!(text, "{name:<20} {}", judged.verdict);
    }
    text
}

fn range(numbers: impl Iterator<Item = f64>) -> String {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for x in numbers {
        (low, high) = (low.min(x), high.max(x));
    }
    let plain = |x: f64| if x.abs() < 1e-3 || x.abs() >= 1e7 { number(x) } else { format!("{:.6}", x) };
    match (low > high, plain(low) == plain(high)) {
        (true, _) => "none".into(),
        (_, true) => plain(low),
        _ => format!("{} .. {}", plain(low), plain(high)),
    }
}

/// More pairs than colours would not be told apart.
const DRAWN_PAIRS: usize = 6;
/// Markers of one curve: the drawing leaves them out of longer ones.
const MARKERS: usize = 40;
/// Points of one pair.
const DRAWN_POINTS: usize = 400;
/// A share of the largest below which a point is zero: float32 rounding of a large layer, with room.
const NOTHING: f64 = 1e-5;

/// Draws the maps; how many points have no place on logarithmic axes.
fn draw(recording: &Recording, picture: &Picture<'_>) -> Result<usize, Failure> {
    let count = recording.pairs().min(DRAWN_PAIRS);
    let (mut of_spectra, mut of_entries, mut hidden) = (Vec::new(), Vec::new(), 0);
    for color in 0..count {
        // Spread over the recording.
        let k = if count == 1 { 0 } else { color * (recording.pairs() - 1) / (count - 1) };
        let spectra = recording.spectra(k)?;
        let spectral = spectra.momentum.iter().copied().zip(spectra.along).collect();
        hidden += scatter(&mut of_spectra, spectral, spectra.update.first().copied(), k, color);
        let (s, x) = recording.pair(k);
        let entries: Vec<(f64, f64)> =
            s.entries().zip(x.entries()).map(|(s, x)| (s.abs(), -x * s.signum())).collect();
        hidden += scatter(&mut of_entries, entries, Some(x.max_abs()), k, color);
    }
    let panel = |title: &str, x: &str, y: &str, curves| Panel {
        title: title.into(),
        x_label: x.into(),
        y_label: y.into(),
        curves,
        references: vec![1.0],
        x_names: vec![],
    };
    let panels = [
        panel(
            "what the update does to singular values",
            "sigma_i(S) / largest",
            "-(u_i, X v_i) / sigma_1(X)",
            of_spectra,
        ),
        panel(
            "what the update does to entries",
            "|s_ij| / largest",
            "-x_ij sign(s_ij) / largest",
            of_entries,
        ),
    ];
    picture.write(&panels, 2)?;
    Ok(hidden)
}

fn scatter(
    curves: &mut Vec<Curve>,
    points: Vec<(f64, f64)>,
    largest_y: Option<f64>,
    pair: usize,
    color: usize,
) -> usize {
    let largest_x = points.iter().map(|p| p.0).fold(0.0, f64::max);
    let largest_y = largest_y.unwrap_or(0.0);
    let stride = points.len().div_ceil(DRAWN_POINTS).max(1);
    let taken: Vec<(f64, f64)> =
        points.into_iter().step_by(stride).map(|(x, y)| (x / largest_x, y / largest_y)).collect();
    let drawn: Vec<Point> = taken
        .iter()
        .filter(|(x, y)| *x > NOTHING && *y > NOTHING)
        .map(|&(x, y)| Point { x, y, low: y, high: y })
        .collect();
    for part in drawn.chunks(MARKERS) {
        curves.push(Curve {
            label: format!("pair {pair}"),
            color,
            dashed: color % 2 == 1,
            scattered: true,
            points: part.to_vec(),
        });
    }
    taken.len() - drawn.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use heavynorm::spec::Matrix;

    #[test]
    fn every_registered_norm_has_the_symmetries_that_are_said() {
        let momenta: Vec<Matrix<f64>> = (0..3)
            .map(|k| Matrix::from_fn(4, 5, |i, j| ((1 + i + 5 * j + 37 * k * k) as f64 * 1.7).sin()))
            .collect();
        for entry in norms::entries::<f64>() {
            for norm in (entry.examples)() {
                let updates = momenta.iter().map(|s| norm.lmo(s).unwrap()).collect();
                let recording =
                    Recording::new(momenta.clone(), updates, Precision::computed::<f64>(4, 5)).unwrap();
                for class in Invariance::ALL {
                    let explained = recording.revealed(class, Steps::Same).unwrap().consistent();
                    // Degenerate exponents have more symmetries than their names: q = 2.
                    let said = classes(entry.name).contains(&class);
                    assert!(explained || !said, "{} {class:?}", norm.label());
                }
            }
        }
    }
}
