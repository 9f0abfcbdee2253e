//! The command line: arguments in, calls of the library, text out, an exit code.

mod analyst;
mod args;
mod commands;
mod console;
mod models;

use std::{io, process::ExitCode};

use args::{Cli, LogFormat};
use clap::Parser;
use console::Console;
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// Runs the process's command.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli.global);
    let console = Console::new(cli.global.quiet);
    if let Some(threads) = cli.global.threads {
        limit_threads(usize::from(threads));
    }
    match commands::execute(cli.command, cli.global.threads.map(usize::from), &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(&error.to_string(), error.hint().as_deref());
            ExitCode::from(error.exit_code())
        }
    }
}

/// The log goes to standard error, is silent by default, and is filtered by `HEADROOM_LOG` (such as `headroom=debug`).
fn start_log(global: &args::Global) {
    let default = match (global.quiet, global.log_format) {
        (false, LogFormat::Json) => "headroom=info",
        _ => "error",
    };
    let filter = EnvFilter::try_from_env("HEADROOM_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match global.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().with_span_events(FmtSpan::CLOSE).init(),
    }
}

/// Limits rayon and Polars; DuckDB is limited where the warehouse is opened.
fn limit_threads(threads: usize) {
    // SAFETY: called once at the start of `main`, before any thread exists.
    unsafe { std::env::set_var("POLARS_MAX_THREADS", threads.to_string()) };
    // An error means that the pool exists already, which cannot be this early.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}
