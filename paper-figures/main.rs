//! The command `heavynorm`.

use std::process::ExitCode;

fn main() -> ExitCode {
    heavynorm_paper_figures::cli::main()
}
