//! Standard output: JSON alone when it is asked for, and no panic when the reader has gone.

use std::io::{self, Write};

pub(super) use heavynorm_proofs_check::print::number;
use serde::Serialize;

use crate::error::Failure;

/// Writes text to standard output. A closed pipe is no failure: the reader has seen enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Environment(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON value and a line end.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Input(e.to_string()))?;
    print(&format!("{text}\n"))
}

/// A number for a table: four decimals, or three digits where these would say little.
pub(super) fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) {
        format!("{}", (x * 1e4).round() / 1e4)
    } else {
        format!("{x:.2e}")
    }
}

/// A remark on standard error. Nobody has to listen: a closed pipe is no reason to end.
pub(super) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
