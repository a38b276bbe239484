//! The page of an audit: one table, every row a check.

use std::fmt::Write as _;

use heavynorm_proofs_check::audit::{Outcome, Verdict};

use super::page::{STYLE, escape};
use crate::cli::audit::{Audit, short, sign, word};

const FITS: &str = "a string takes all";

const COLOURS: &str = "td,th{text-align:left;vertical-align:top}td.number{text-align:right;white-space:nowrap}\
.holds{color:#1a6b1a}.broken{color:#b00020;font-weight:700}small{color:#555}";

/// One self-contained HTML file.
pub(crate) fn page(audit: &Audit) -> String {
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    write!(html, "<title>heavynorm: audit</title>\n<style>{STYLE}{COLOURS}</style>\n</head>\n<body>\n")
        .expect(FITS);
    let outcomes = &audit.statements;
    let held = outcomes.iter().filter(|o| o.verdict == Verdict::Holds).count();
    write!(
        html,
        "<h1>Every check against its statement: {held} of {} hold</h1>\n<p>A row shows the worst case of a check. What a \
         green row is evidence of, and of what kind, stands in its column; the proofs are in <code>spec/chapters</code>, by \
         the same IDs. Again with <code>{}</code>.</p>\n<table>\n<tr><th>ID</th><th>Claim</th><th>Evidence</th>\
         <th>Measured</th><th></th><th>Claimed</th><th>Verdict</th></tr>\n",
        outcomes.len(),
        escape(&audit.command()),
    )
    .expect(FITS);
    outcomes.iter().for_each(|outcome| row(&mut html, outcome));
    html.push_str("</table>\n</body>\n</html>\n");
    html
}

fn row(html: &mut String, outcome: &Outcome) {
    let Outcome { id, check, evidence, comparison, measured, claimed, cases, worst, verdict } = outcome;
    let class = if *verdict == Verdict::Holds { "holds" } else { "broken" };
    writeln!(
        html,
        "<tr><td><code>{}</code></td><td>{}<br><small>worst of {cases}: {}</small></td><td>{}</td>\
         <td class=\"number\">{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"{class}\">{}</td></tr>",
        escape(id),
        escape(check),
        escape(worst),
        evidence.word(),
        short(*measured),
        escape(sign(*comparison)),
        short(*claimed),
        word(*verdict),
    )
    .expect(FITS);
}
