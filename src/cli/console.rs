//! The only place that prints: stages as they finish, warnings once, errors with their remedy.

use std::{
    io::{self, IsTerminal, Write},
    sync::Mutex,
    time::{Duration, Instant},
};

use headroom::{
    domain::{Notice, Severity},
    pipeline::{Origin, Progress, Stage},
};
use indicatif::{ProgressBar, ProgressStyle};
use miette::MietteDiagnostic;

/// A terminal, or a file that stands for one.
pub struct Console {
    quiet: bool,
    bar: Option<ProgressBar>,
    started: Mutex<Instant>,
}

impl Console {
    /// Prints nothing but errors when `quiet`; shows a moving line on terminals only.
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} {elapsed}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar
        });
        Self { quiet, bar, started: Mutex::new(Instant::now()) }
    }

    /// A line of a command's result. A closed pipe (`| head`) is no failure.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stdout(), "{text}");
        }
    }

    /// Result text that is the purpose of the command, printed even when quiet.
    pub fn result(&self, text: &str) {
        let _ = writeln!(io::stdout(), "{text}");
    }

    /// Each distinct notice once, the serious ones first.
    pub fn notices(&self, notices: &[Notice]) {
        if self.quiet {
            return;
        }
        let mut sorted: Vec<&Notice> = notices.iter().collect();
        sorted.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
        sorted.dedup();
        for notice in sorted {
            let label = match notice.severity {
                Severity::Info => "note",
                Severity::Warning => "warning",
                Severity::Error => "gate",
            };
            let _ = writeln!(io::stderr(), "{label}: {} [{}]", notice.text, notice.code);
        }
    }

    /// An error and its remedy.
    pub fn error(&self, message: &str, hint: Option<&str>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let mut diagnostic = MietteDiagnostic::new(message);
        if let Some(hint) = hint {
            diagnostic = diagnostic.with_help(hint);
        }
        let _ = writeln!(io::stderr(), "{:?}", miette::Report::new(diagnostic));
    }
}

impl Progress for Console {
    fn started(&self, stage: Stage) {
        if let Ok(mut started) = self.started.lock() {
            *started = Instant::now();
        }
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_message(stage.name());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
    }

    fn advanced(&self, done: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
    }

    fn finished(&self, stage: Stage, origin: Origin, summary: &str) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
        let stage = stage.name();
        let seconds = self.started.lock().map_or(0.0, |started| started.elapsed().as_secs_f64());
        match origin {
            Origin::Made => self.line(&format!("{stage:<9} {summary}  ({seconds:.1} s)")),
            Origin::Reused => self.line(&format!("{stage:<9} {summary}  (reused)")),
        }
    }

    fn failed(&self, notices: &[Notice]) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.notices(notices);
    }
}
