//! `heavynorm figures`: make them, write them, explain them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::print;
use super::{Global, on_interrupt};
use crate::error::Failure;
use crate::figures::{Context, Entry, Figure, Preset, Record, entries};
use crate::store::{Identity, Store, digest};
use crate::{drawing, report};

#[derive(Debug, Default, Args)]
pub(super) struct FiguresArgs {
    /// The size: smoke takes seconds, quick minutes.
    #[arg(long, value_enum, default_value_t)]
    preset: Preset,
    /// Only this figure; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The output folder (default: out).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Make the figures anew, also in a folder of another call: files of the same names are replaced, others stay.
    #[arg(long)]
    force: bool,
    /// Show the names and what they show, and make nothing.
    #[arg(long)]
    list: bool,
}

pub(super) fn call(args: FiguresArgs, global: &Global) -> Result<(), Failure> {
    if args.list {
        let line = |e: &Entry| format!("{:<20} {}\n", e.name, e.summary);
        return print(&entries().iter().map(line).collect::<String>());
    }
    let chosen = choose(&args.only)?;
    let out = args.out.clone().unwrap_or_else(|| "out".into());
    let made_by = Identity {
        version: env!("CARGO_PKG_VERSION").into(),
        code: env!("HEAVYNORM_CODE").into(),
        preset: args.preset.name().into(),
        seed: global.seed,
    };
    let interrupted = on_interrupt();
    let mut store = Store::open(&out, made_by, again(&args, global, None), args.force)?;
    let pool = global.pool()?;
    // Before any remark: whoever reads them may stop listening.
    write_page(&store)?;
    for entry in &chosen {
        let configuration = digest(entry.presets.as_bytes());
        if !args.force && store.is_finished(entry.name, &configuration) {
            global.say(&format!("{}: finished already in {}", entry.name, out.display()));
            continue;
        }
        let bar = progress_bar(global, entry.name);
        let progress = |share: f64| bar.set_position((share * 1000.0) as u64);
        let context = Context {
            preset: args.preset,
            seed: global.seed,
            pool: &pool,
            progress: &progress,
            cancelled: &interrupted,
        };
        let started = Instant::now();
        let made = (entry.make)(&context);
        bar.finish_and_clear();
        if interrupted.load(Ordering::Relaxed) {
            return Err(Failure::interrupted(
                "finished figures are kept, the one under way starts again: repeat the command",
            ));
        }
        let Figure { mut record, svg, csv } = made?;
        record.command = again(&args, global, Some(entry.name));
        let files = files(entry.name, &record, &svg, csv)?;
        store.finish(entry.name, &configuration, &files)?;
        write_page(&store)?;
        global.say(&format!("{}: made in {:.0} s", entry.name, started.elapsed().as_secs_f64()));
    }
    global.say(&format!("open {}", out.join("index.html").display()));
    Ok(())
}

fn choose(only: &[String]) -> Result<Vec<Entry>, Failure> {
    let all = entries();
    let names = all.iter().map(|e| e.name).collect::<Vec<_>>();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Failure::Input(format!(
            "there is no figure '{unknown}'; known are: {}",
            names.join(", ")
        )));
    }
    Ok(all.into_iter().filter(|e| only.is_empty() || only.iter().any(|name| name == e.name)).collect())
}

/// The command that makes the same numbers again.
fn again(args: &FiguresArgs, global: &Global, figure: Option<&str>) -> String {
    let only = figure.map_or(String::new(), |name| format!(" --only {name}"));
    let (preset, seed) = (args.preset.name(), global.seed);
    format!("cargo run --release -- figures --preset {preset} --seed {seed}{only}")
}

fn progress_bar(global: &Global, name: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(1000);
    if !global.shows_progress() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta} left").expect("a fixed template");
    bar.set_style(style);
    bar.set_message(name);
    bar
}

fn files(name: &str, record: &Record, svg: &str, csv: Vec<u8>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let png = drawing::png(svg).map_err(Failure::Environment)?;
    let mut text = serde_json::to_vec_pretty(record).map_err(|e| Failure::Check(e.to_string()))?;
    text.push(b'\n');
    Ok(BTreeMap::from([
        (format!("{name}.svg"), svg.as_bytes().to_vec()),
        (format!("{name}.png"), png),
        (format!("{name}.csv"), csv),
        (format!("{name}.json"), text),
    ]))
}

/// The page shows every finished figure of the folder, those of earlier calls too.
fn write_page(store: &Store) -> Result<(), Failure> {
    let mut shown = Vec::new();
    for entry in entries() {
        if !store.is_finished(entry.name, &digest(entry.presets.as_bytes())) {
            continue;
        }
        let record = store.read(&format!("{}.json", entry.name))?;
        let record: Record = serde_json::from_slice(&record).map_err(|e| Failure::Input(e.to_string()))?;
        let svg = String::from_utf8_lossy(&store.read(&format!("{}.svg", entry.name))?).into_owned();
        shown.push((record, svg));
    }
    Ok(store.write("index.html", report::page(&shown).as_bytes())?)
}
