//! The command line: parse, call the library, print. The only code with a clock, the environment and a terminal.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
