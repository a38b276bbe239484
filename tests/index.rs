//! The index: every statement of the chapters with the code that encodes it and the checks that could refute it.
//!
//! `spec/INDEX.md` is generated from the chapters and compared; `HEAVYNORM_UPDATE=1 cargo test -p heavynorm --test index` writes it anew.
//! A statement without a check, a check without a statement, an ID twice, a path, a test or a link that is not there: each
//! fails here with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use heavynorm::spec::{Evidence, Statement};
use heavynorm_proofs_check::{audit, lower_bounds, theorems};

/// One item of a chapter.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    id: String,
    title: String,
    /// The chapter's file name.
    chapter: String,
    line: usize,
    /// Paths; empty if the item says why there are none.
    encoded: Vec<String>,
    /// Path and function.
    tests: Vec<(String, String)>,
    audit: bool,
    evidence: Vec<String>,
    /// A line ends with the sign that ends a proof.
    proved: bool,
}

const KINDS: [&str; 7] =
    ["proof", "cited", "enumeration", "interval certificate", "numerical", "statistical", "definition"];

/// The three lines that end an item.
const LABELS: [&str; 3] = ["Encoded in", "Checked by", "Evidence"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What stands behind `- *Label:*`.
fn labelled<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    line.strip_prefix("- *")?.strip_prefix(label)?.strip_prefix(":*").map(str::trim)
}

fn valid_id(id: &str) -> bool {
    let (kind, name) = id.split_once('-').unwrap_or((id, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    ["DEF", "LEM", "THM", "COR"].contains(&kind) && !name.is_empty() && name.chars().all(plain)
}

/// The texts between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The items of a chapter; what is not in the format goes into `faults`.
fn parse(chapter: &str, text: &str, faults: &mut Vec<String>) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|&i| (1..=3).any(|k| lines[i].starts_with(&format!("{} ", "#".repeat(k)))))
        .collect();
    let mut items = Vec::new();
    for (k, &head) in heads.iter().enumerate() {
        let Some(heading) = lines[head].strip_prefix("### ") else { continue };
        let end = heads.get(k + 1).copied().unwrap_or(lines.len());
        match item(chapter, head, heading, &lines[head + 1..end]) {
            Ok(item) => items.push(item),
            Err(fault) => faults.push(format!("{chapter}:{}: {fault}", head + 1)),
        }
    }
    items
}

fn item(chapter: &str, head: usize, heading: &str, body: &[&str]) -> Result<Item, String> {
    let (id, title) = heading.split_once(" · ").ok_or("a heading is `### ID · Title`")?;
    if !valid_id(id) {
        return Err(format!("{id} is no ID: DEF-, LEM-, THM- or COR- and letters, digits, hyphens"));
    }
    let filled: Vec<&&str> = body.iter().filter(|line| !line.trim().is_empty()).collect();
    let footer = filled
        .len()
        .checked_sub(3)
        .map(|from| &filled[from..])
        .ok_or(format!("{id} has no closing lines"))?;
    let mut values = [""; 3];
    for (k, label) in LABELS.iter().enumerate() {
        values[k] = labelled(footer[k], label)
            .ok_or(format!("{id} must end with `- *{label}:*` in place {}", k + 1))?;
    }
    let [encoded, checked, evidence] = values;
    let paths = quoted(encoded);
    if paths.is_empty() && !(encoded.starts_with("none (") && encoded.ends_with(')')) {
        return Err(format!("{id} is encoded in paths between backticks, or in `none (why)`"));
    }
    let mut tests = Vec::new();
    for reference in quoted(checked) {
        let (path, function) =
            reference.split_once("::").ok_or(format!("{id}: {reference} is not path::function"))?;
        tests.push((path.to_owned(), function.to_owned()));
    }
    let words = checked.split('`').step_by(2).flat_map(|text| text.split(','));
    let audit = words.map(str::trim).any(|word| word == "audit");
    let evidence: Vec<String> = evidence.split(',').map(|kind| kind.trim().to_owned()).collect();
    if let Some(unknown) = evidence.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(format!("{id}: no kind of evidence is called {unknown:?}"));
    }
    let proved = body.iter().any(|line| line.trim_end().ends_with('∎'));
    Ok(Item {
        id: id.into(),
        title: title.into(),
        chapter: chapter.into(),
        line: head + 1,
        encoded: if encoded.starts_with("none") { Vec::new() } else { paths },
        tests,
        audit,
        evidence,
        proved,
    })
}

/// Every chapter by file name, in order.
fn chapters(root: &Path) -> Vec<(String, String)> {
    let folder = root.join("spec/chapters");
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "md"));
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// Whether a file has a test function of this name.
fn has_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    (1..lines.len())
        .any(|i| lines[i].contains(&head) && lines[..i].iter().rev().take(3).any(|line| *line == "#[test]"))
}

/// What the code has to say: its statements, and the checks of the audit by statement.
struct Code {
    statements: Vec<Statement>,
    checks: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// Kinds of evidence that the checks of a statement give.
    evidence: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl Code {
    fn ours() -> Self {
        let upper = theorems().into_iter().map(|t| t.statement());
        let lower = lower_bounds().into_iter().map(|b| b.statement());
        let randomized = lower_bounds::l3::RANDOMIZED.map(|b| b.statement());
        let statements = upper.chain(lower).chain(randomized).collect();
        let (mut checks, mut evidence) = (BTreeMap::new(), BTreeMap::new());
        for check in audit::checks() {
            checks.entry(check.statement).or_insert_with(BTreeSet::new).insert(check.name);
            evidence.entry(check.statement).or_insert_with(BTreeSet::new).insert(check.evidence.word());
        }
        Self { statements, checks, evidence }
    }
}

fn verify(root: &Path, items: &[Item], code: &Code, faults: &mut Vec<String>) {
    let mut places: BTreeMap<&str, &Item> = BTreeMap::new();
    for item in items {
        let Item { id, chapter, line, .. } = item;
        let mut fault = |text: String| faults.push(format!("{chapter}:{line}: {id}: {text}"));
        if let Some(first) = places.insert(id, item) {
            fault(format!("the ID is also that of {}:{}", first.chapter, first.line));
        }
        if !item.audit && item.tests.is_empty() {
            fault("a statement without a check".into());
        }
        match (item.audit, code.checks.contains_key(id.as_str())) {
            (true, false) => fault("the audit has no check of it".into()),
            (false, true) => fault("the audit checks it: add the word audit".into()),
            _ => {}
        }
        for kind in code.evidence.get(id.as_str()).into_iter().flatten() {
            if !item.evidence.iter().any(|word| word == kind) {
                fault(format!("the audit's evidence is {kind}: add the word"));
            }
        }
        if item.evidence.iter().any(|kind| kind == "proof") && !item.proved {
            fault("a proof that no line ends with ∎".into());
        }
        for path in item.encoded.iter().filter(|path| !root.join(path).is_file()) {
            fault(format!("{path} is no file"));
        }
        for (path, function) in &item.tests {
            match fs::read_to_string(root.join(path)) {
                Err(_) => fault(format!("{path} is no file")),
                Ok(text) if !has_test(&text, function) => fault(format!("{path} has no test {function}")),
                Ok(_) => {}
            }
        }
    }
    for id in code.checks.keys().filter(|id| !places.contains_key(*id)) {
        faults.push(format!("a check without a statement: {id}"));
    }
    for statement in &code.statements {
        match places.get(statement.id) {
            None => faults.push(format!("{} of the code is in no chapter", statement.id)),
            Some(item) if item.evidence.first().map(String::as_str) != Some(statement.evidence.word()) => {
                let (found, ours) = (&item.evidence, statement.evidence.word());
                faults
                    .push(format!("{}: evidence {found:?} in the chapter, {ours} in the code", statement.id));
            }
            Some(_) => {}
        }
    }
}

/// What a site makes of a heading: lower case, hyphens for spaces, no other signs.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The targets of `[..](target)` outside of mathematics and code.
fn links(text: &str) -> Vec<String> {
    let starts = text.match_indices("](").map(|(at, _)| at + 2);
    let target = |from: usize| text[from..].split([')', '\n']).next().map(str::to_owned);
    starts.filter_map(target).filter(|target| !target.contains(['$', '`', ' ', '\\'])).collect()
}

fn verify_links(root: &Path, chapters: &[(String, String)], faults: &mut Vec<String>) {
    let anchors = |text: &str| -> BTreeSet<String> {
        let heads = text.lines().filter(|line| line.starts_with('#'));
        heads.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    };
    let known: BTreeMap<&str, BTreeSet<String>> =
        chapters.iter().map(|(name, text)| (name.as_str(), anchors(text))).collect();
    // The reading guide, which comes first, leads to every chapter.
    let guide = chapters.first().map_or(Vec::new(), |(_, text)| links(text));
    for (name, _) in chapters.iter().skip(1).filter(|(name, _)| !guide.contains(name)) {
        faults.push(format!("the reading guide has no link to {name}"));
    }
    for (name, text) in chapters {
        for link in links(text).iter().filter(|link| !link.contains("://")) {
            let (path, part) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let chapter = if path.is_empty() { name.as_str() } else { path };
            let exists = known.contains_key(chapter) || root.join("spec/chapters").join(chapter).exists();
            if !exists
                || known.get(chapter).is_some_and(|anchors| !part.is_empty() && !anchors.contains(part))
            {
                faults.push(format!("{name}: a dead link to {link}"));
            }
        }
    }
}

fn index(items: &[Item], code: &Code) -> String {
    let mut text = String::from(
        "# Index of statements\n\nGenerated from the chapters by `HEAVYNORM_UPDATE=1 cargo test -p heavynorm --test index`, and compared in \
         that test.\n`audit (k)` stands for k checks of `heavynorm audit --only ID`.\n\n\
         | ID | statement | code | checks | evidence |\n|---|---|---|---|---|\n",
    );
    for item in items {
        let Item { id, title, chapter, encoded, tests, evidence, .. } = item;
        let link = anchor(&format!("{id} · {title}"));
        let code_links = encoded.iter().map(|path| format!("[{path}](../{path})"));
        let mut checks: Vec<String> =
            tests.iter().map(|(path, function)| format!("[{function}](../{path})")).collect();
        if let Some(names) = code.checks.get(id.as_str()) {
            checks.push(format!("audit ({})", names.len()));
        }
        writeln!(
            text,
            "| [{id}](chapters/{chapter}#{link}) | {title} | {} | {} | {} |",
            code_links.collect::<Vec<_>>().join("<br>"),
            checks.join("<br>"),
            evidence.join(", "),
        )
        .unwrap();
    }
    text
}

#[test]
fn every_statement_has_its_code_and_its_checks_and_the_index_is_current() {
    let (root, code, mut faults) = (root(), Code::ours(), Vec::new());
    let chapters = chapters(&root);
    let items: Vec<Item> = chapters.iter().flat_map(|(name, text)| parse(name, text, &mut faults)).collect();
    verify(&root, &items, &code, &mut faults);
    verify_links(&root, &chapters, &mut faults);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let (path, wanted) = (root.join("spec/INDEX.md"), index(&items, &code));
    if std::env::var_os("HEAVYNORM_UPDATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "spec/INDEX.md is not current: HEAVYNORM_UPDATE=1 cargo test -p heavynorm --test index"
    );
}

#[test]
fn names_of_checks_are_unique_and_ids_are_well_formed() {
    let checks = audit::checks();
    let names: BTreeSet<_> = checks.iter().map(|check| (check.statement, check.name)).collect();
    assert_eq!(names.len(), checks.len());
    assert!(checks.iter().all(|check| valid_id(check.statement)));
    // A proof is written; what runs is no proof.
    assert!(checks.iter().all(|check| check.evidence != Evidence::Proof));
}

const GOOD: &str = "# 99 Title\n\nText.\n\n### LEM-A · First\n\nClaim.\n\n**Proof.** Words. ∎\n\nA remark.\n\n\
    - *Encoded in:* `spec/lmo.rs`, `spec/norm.rs`\n\
    - *Checked by:* `tests/index.rs::names_of_checks_are_unique_and_ids_are_well_formed`, audit\n\
    - *Evidence:* proof, enumeration\n\n## Part\n\n### DEF-B · Second\n\nSee [the first](#lem-a--first).\n\n\
    - *Encoded in:* none (a word)\n\
    - *Checked by:* `tests/index.rs::names_of_checks_are_unique_and_ids_are_well_formed`\n\
    - *Evidence:* definition\n";

/// Faults of a text, with a check of LEM-A in the audit and no statement in the code.
fn faults_of(text: &str) -> Vec<String> {
    let code = Code {
        statements: Vec::new(),
        checks: BTreeMap::from([("LEM-A", BTreeSet::from(["a check"]))]),
        evidence: BTreeMap::new(),
    };
    let (mut faults, chapters) = (Vec::new(), [("99-x.md".to_owned(), text.to_owned())]);
    let items = parse("99-x.md", text, &mut faults);
    verify(&root(), &items, &code, &mut faults);
    verify_links(&root(), &chapters, &mut faults);
    faults
}

#[test]
fn a_chapter_in_the_format_is_read_as_it_stands() {
    assert_eq!(faults_of(GOOD), Vec::<String>::new());
    let items = parse("99-x.md", GOOD, &mut Vec::new());
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["LEM-A", "DEF-B"]);
    let first = &items[0];
    assert_eq!((first.title.as_str(), first.line), ("First", 5));
    assert_eq!((first.encoded.len(), first.tests.len(), first.audit, first.proved), (2, 1, true, true));
    assert_eq!(first.evidence, ["proof", "enumeration"]);
    let code = Code { statements: Vec::new(), checks: BTreeMap::new(), evidence: BTreeMap::new() };
    let index = index(&items, &code);
    assert!(
        index
            .contains("| [LEM-A](chapters/99-x.md#lem-a--first) | First | [spec/lmo.rs](../spec/lmo.rs)<br>")
    );
}

#[test]
fn every_departure_from_the_format_is_a_fault_with_its_place() {
    for (from, to, fault) in [
        ("LEM-A ·", "LEM-A:", "`### ID · Title`"),
        ("LEM-A ·", "Lemma-A ·", "is no ID"),
        ("DEF-B ·", "LEM-A ·", "also that of 99-x.md:5"),
        ("- *Evidence:* definition\n", "", "must end with"),
        ("- *Checked by:* `tests/index.rs", "- *Checked:* `tests/index.rs", "must end with"),
        ("- *Evidence:* definition\n", "- *Evidence:* definition\n\nA remark.\n", "must end with"),
        ("definition\n", "belief\n", "no kind of evidence"),
        ("none (a word)", "none", "between backticks"),
        ("`spec/lmo.rs`", "`spec/ml.rs`", "spec/ml.rs is no file"),
        ("index.rs::names_of", "index.rs::name_of", "has no test name_of"),
        ("index.rs::names_of", "indices.rs::names_of", "tests/indices.rs is no file"),
        (
            "index.rs::names_of_checks_are_unique_and_ids_are_well_formed`, audit",
            "index.rs`, audit",
            "not path::function",
        ),
        (", audit", "", "add the word audit"),
        (
            "formed`\n- *Evidence:* definition",
            "formed`, audit\n- *Evidence:* definition",
            "has no check of it",
        ),
        (" ∎", "", "no line ends with"),
        ("#lem-a--first", "#lem-a", "dead link"),
        ("(#lem-a--first)", "(98-y.md)", "dead link"),
        ("LEM-A · First", "LEM-C · First", "a check without a statement: LEM-A"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let found = faults_of(&GOOD.replacen(from, to, 1));
        assert!(found.iter().any(|f| f.contains(fault)), "{from:?} -> {to:?}: {found:?}");
    }
    let unchecked = GOOD.replace(
        "- *Checked by:* `tests/index.rs::names_of_checks_are_unique_and_ids_are_well_formed`\n",
        "- *Checked by:* none\n",
    );
    assert!(faults_of(&unchecked).iter().any(|f| f.contains("a statement without a check")));
}
