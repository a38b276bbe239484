//! One self-contained HTML file: it opens from disk, without a network.

use std::fmt::Write as _;

use crate::figures::{Record, Table};

pub(super) const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1.5rem}\
figure{margin:1rem 0;overflow-x:auto}svg{max-width:100%;height:auto}\
table{border-collapse:collapse;font-size:.9rem}th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}\
th:first-child,td:first-child{text-align:left}code{background:#f2f2f2;padding:.1rem .3rem}\
dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem}";

/// The page for some figures: their records and pictures, in order.
pub fn page(figures: &[(Record, String)]) -> String {
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    write!(html, "<title>heavynorm: figures</title>\n<style>{STYLE}</style>\n</head>\n<body>\n").expect(FITS);
    html.push_str("<h1>Norm-geometry optimizers under heavy-tailed noise: what was measured</h1>\n");
    html.push_str(
        "<p>Theory: Zhang &amp; Lin, arXiv 2605.18528, of which only the abstract was seen; constants, proofs and \
         measurements are this project's own. Every number below comes from the run named beside it.</p>\n",
    );
    for (record, svg) in figures {
        section(&mut html, record, svg);
    }
    html.push_str("</body>\n</html>\n");
    html
}

const FITS: &str = "a string takes all";

fn section(html: &mut String, record: &Record, svg: &str) {
    let Record { name, title, claim, setup, measured, table, verdict, preset, seed, command } = record;
    write!(html, "<section id=\"{}\">\n<h2>{}</h2>\n", escape(name), escape(title)).expect(FITS);
    // An XML declaration is allowed in a file of its own, not inside a page.
    let svg = svg.find("<svg").map_or(svg, |at| &svg[at..]);
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escape(title)), 1);
    writeln!(html, "<figure>\n{svg}\n</figure>").expect(FITS);
    html.push_str("<dl>\n");
    definition(html, "Claimed", claim);
    definition(html, "Done", setup);
    for text in measured {
        definition(html, "Measured", text);
    }
    definition(html, "Verdict", verdict);
    html.push_str("</dl>\n");
    write_table(html, table);
    writeln!(
        html,
        "<p>Preset {}, seed {seed}. Again with <code>{}</code>. Files: <a href=\"{name}.svg\">SVG</a>, \
         <a href=\"{name}.png\">PNG</a>, <a href=\"{name}.csv\">CSV</a>.</p>\n</section>",
        preset.name(),
        escape(command),
    )
    .expect(FITS);
}

fn definition(html: &mut String, term: &str, text: &str) {
    writeln!(html, "<dt>{term}</dt><dd>{}</dd>", escape(text)).expect(FITS);
}

fn write_table(html: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let row = |html: &mut String, cells: &[String], tag: &str| {
        html.push_str("<tr>");
        for cell in cells {
            write!(html, "<{tag}>{}</{tag}>", escape(cell)).expect(FITS);
        }
        html.push_str("</tr>\n");
    };
    html.push_str("<table>\n");
    row(html, &table.header, "th");
    for cells in &table.rows {
        row(html, cells, "td");
    }
    html.push_str("</table>\n");
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_the_page() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
