//! The report, as JSON and for people.

use std::path::Path;

use heavynorm_proofs_check::falsify::{Budget, Ground};
use serde_json::{Map, Value, json};

use super::super::output::number;
use super::super::subject::Subject;
use super::case::Case;
use super::claims::Examined;
use super::folder::command;

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Infinite numbers have no JSON: they are written as words.
pub(super) fn finite(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { json!(x.to_string()) }
}

/// A claim in the report.
pub(super) fn json_of(one: &Examined, out: Option<&Path>) -> Value {
    let replay = out.map(|out| command(out, one.claim));
    let witness = one.witness.as_ref().map(|w| {
        let file = |name: &str| out.map(|out| out.join(one.claim.as_str()).join(format!("{name}.npy")).display().to_string());
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

/// The report for people.
pub(super) fn text_of(case: &Case, examined: &[Examined], budget: Budget, out: Option<&Path>) -> String {
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
        let ratio = one.tried.best_ratio.filter(|_| one.claim.has_ratio());
        let ratio = ratio
            .map_or(String::new(), |ratio| format!(", best attempt {} of what is claimed", number(ratio)));
        text.push_str(&format!(
            "{:<11} {verdict}  {} ({} evaluations{ratio})\n",
            one.claim, one.stated, one.tried.evaluations
        ));
        if let Some(witness) = &one.witness {
            text.push_str(&format!("{:12}{} [{}]\n", "", witness.text, ground(witness.ground)));
            if let Some(out) = out {
                text.push_str(&format!("{:12}again: {}\n", "", command(out, one.claim)));
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
