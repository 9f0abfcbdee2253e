//! One function a command: typed options in, a call of the library, a few lines out.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path};

use headroom::{
    config::{self, Overrides, RunConfig},
    doctor,
    domain::Seed,
    fetch,
    forget::{ForgetError, Kind},
    ingest::IngestError,
    pipeline::{self, Outcome, PipelineError, Resources, Silent, Stage},
    simulate::{self, Changes, Company, Mode},
};

use polars::prelude::DataFrame;

use super::{
    args::{
        Account, AtTime, Command, Contacts, Fetch, Forget, Format, Ingest, Init, Project, Resolve, Simulate, Sources,
        Subject, Survey,
    },
    console::Console,
};

/// Executes `command`.
pub fn execute(command: Command, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    match command {
        Command::Init(options) => init(&options, console),
        Command::Simulate(options) => simulate(&options, console),
        Command::Fetch(options) => fetch_tables(&options, console),
        Command::Ingest(Ingest { at, dry_run: true }) => dry_run(&at.project, threads, console),
        Command::Ingest(Ingest { at, .. }) => stages(at, Stage::Ingest, threads, console),
        Command::Sources(options) => sources(&options, threads, console),
        Command::Resolve(options) => resolve(options, threads, console),
        Command::Account(options) => account(&options, threads, console),
        Command::Contacts(options) => contacts(options, threads, console),
        Command::Forget(options) => forget(&options, threads, console),
        Command::Check(options) => check(options, threads, console),
        Command::History(options) => stages(options, Stage::History, threads, console),
        Command::Features { at, out } => features(at, &out, threads, console),
        Command::Backtest { at, learning_curve: true, .. } => learning_curve(at, threads, console),
        Command::Backtest { at, ablate: families, .. } if !families.is_empty() => {
            ablate(at, &families, threads, console)
        }
        Command::Backtest { at, .. } => stages(at, Stage::Backtest, threads, console),
        Command::Train(options) => stages(options, Stage::Train, threads, console),
        Command::Score(options) => stages(options, Stage::Score, threads, console),
        Command::Rank(options) => stages(options, Stage::Rank, threads, console),
        Command::Report(options) | Command::Run(options) => stages(options, Stage::Report, threads, console),
        Command::Models(models) => super::models::execute(models, threads, console),
        Command::Explain { account, at, pseudonyms } => {
            super::analyst::explain(at, &account, pseudonyms, threads, console)
        }
        Command::Drift { at, format } => super::analyst::drift(at, format, threads, console),
        Command::Evaluate { project, published, horizon, format } => {
            super::analyst::evaluate(&project, published, horizon, format, threads, console)
        }
        Command::Survey(Survey::Ask { round, at, out }) => ask(at, &round, &out, threads, console),
        Command::Survey(Survey::Close { round, project }) => close(&project, &round, threads, console),
        Command::Doctor(project) => examine(&project, threads, console),
    }
}

fn init(options: &Init, console: &Console) -> Result<(), PipelineError> {
    for path in config::init(&options.project.project, &options.preset)? {
        console.line(&format!("made {}", path.display()));
    }
    for preset in config::PRESETS.iter().filter(|preset| options.preset.iter().any(|name| name == preset.name)) {
        console.line(&format!("data/{}/ is for {}", preset.name, preset.title()));
    }
    console.line("next: put order_lines.csv or order_lines.parquet into data/, then `headroom run`");
    Ok(())
}

fn dry_run(project: &Project, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&project.project, Overrides::default())?;
    let threads = threads.and_then(NonZeroUsize::new);
    let previews = pipeline::dry_run(&config, Resources { threads })?;
    for preview in &previews {
        console.result(&preview.to_string());
    }
    match previews.iter().filter(|preview| preview.error.is_some()).count() {
        0 => Ok(()),
        sources => Err(IngestError::DryRun { sources }.into()),
    }
}

fn sources(options: &Sources, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&options.project.project, Overrides::default())?;
    let threads = threads.and_then(NonZeroUsize::new);
    let (inventory, notices) = pipeline::inventory(&config, Resources { threads }, &Silent)?;
    console.notices(&notices);
    console.result(&match options.format {
        Format::Text => inventory.to_string(),
        Format::Csv => inventory.to_csv(),
        Format::Json => inventory.to_json(),
    });
    Ok(())
}

fn simulate(options: &Simulate, console: &Console) -> Result<(), PipelineError> {
    let company = Company {
        accounts: options.accounts,
        months: options.months,
        lines: options.lines,
        seed: Seed(options.seed),
        spread: options.spread,
        start: options.start,
        mode: if options.noise { Mode::Noise } else { Mode::Business },
        seasonality: !options.no_seasons,
        trend: options.trend,
        foreign_currency: options.foreign_currency,
        changes: if options.overwrite { Changes::Overwritten } else { Changes::Kept },
    };
    if options.mess {
        let report = simulate::write_mess(&company, &options.out)?;
        for (table, source, files, rows) in &report.sources {
            console.line(&format!("{table:<16} {source:<14} {files:>4} files {rows:>9} rows"));
        }
        console.line(&format!("next: headroom ingest --project {}", options.out.display()));
        return Ok(());
    }
    let report = simulate::write(&company, &options.out, options.as_of)?;
    for (table, rows, _) in &report.tables {
        console.line(&format!("{table:<16} {rows:>12} rows"));
    }
    console.line(&format!("next: headroom run --project {}", options.out.display()));
    Ok(())
}

fn resolve(options: Resolve, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let Some(file) = options.decisions else { return stages(options.at, Stage::Resolve, threads, console) };
    let config = load(options.at)?;
    show(&pipeline::decide(&config, &file, resources(threads), console)?, console);
    Ok(())
}

fn account(options: &Account, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&options.project.project, Overrides::default())?;
    let golden = pipeline::account(&config, &options.wanted, resources(threads))?;
    console.result(&format!("account {}", golden.account_id));
    for (record, probability, merged_on) in &golden.records {
        let surely = probability.map_or_else(String::new, |p| format!(", one company with {:.1} %", 100.0 * p));
        let since = merged_on.map_or_else(String::new, |day| format!(", merged on {day}"));
        console.result(&format!("  record {record}{surely}{since}"));
    }
    for field in &golden.fields {
        let mut line = format!("{:<16} {}", field.field, field.value);
        if options.lineage {
            let known = field.known_at.map_or_else(String::new, |day| format!(", known since {day}"));
            let others = if field.others > 0 { format!(", {} other values", field.others) } else { String::new() };
            line += &format!(
                "   [{}: {}, {} (batch {}){known}{others}]",
                field.rule, field.record, field.file, field.batch
            );
        }
        console.result(&line);
    }
    Ok(())
}

fn contacts(options: Contacts, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(options.at)?;
    let [contacts, centres] = pipeline::contacts(&config, resources(threads))?;
    let cell = |frame: &DataFrame, column: &str, row: usize| {
        let value = frame.column(column).ok().and_then(|column| column.get(row).ok());
        value.filter(|value| !value.is_null()).map_or_else(|| "-".to_owned(), |value| value.str_value().into_owned())
    };
    let wanted =
        |frame: &DataFrame, row| options.account.as_ref().is_none_or(|id| cell(frame, "account_id", row) == *id);
    for row in (0..centres.height()).filter(|row| wanted(&centres, *row)) {
        let [account, all, present, missing] =
            ["account_id", "contacts", "present", "roles_missing"].map(|column| cell(&centres, column, row));
        console.result(&format!("{account:<16} {present} of {all} contacts present; nobody known as {missing}"));
    }
    let gone = |row: &usize| options.account.is_some() || cell(&contacts, "likely_left", *row) != "-";
    for row in (0..contacts.height()).filter(|row| wanted(&contacts, *row)).filter(gone) {
        let [account, contact, role, confirmed, heard, left] =
            ["account_id", "contact_id", "role", "last_confirmed_on", "last_heard_on", "likely_left"]
                .map(|column| cell(&contacts, column, row));
        let line =
            format!("{account:<16} {contact:<12} {role:<12} confirmed {confirmed}, heard {heard}, likely left: {left}");
        console.result(&line);
    }
    Ok(())
}

fn ask(at: AtTime, round: &str, out: &Path, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(at)?;
    show(&pipeline::questionnaire(&config, round, out, resources(threads), console)?, console);
    Ok(())
}

fn close(project: &Project, round: &str, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&project.project, Overrides::default())?;
    show(&pipeline::close_round(&config, round, resources(threads), console)?, console);
    Ok(())
}

fn forget(options: &Forget, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&options.project.project, Overrides::default())?;
    let kind = match options.subject {
        Subject::Customer => Kind::Customer,
        Subject::Contact => Kind::Contact,
        Subject::Rater => Kind::Rater,
    };
    let forgotten = pipeline::forget(&config, kind, &options.id, resources(threads))?;
    for (table, rows) in &forgotten.rows {
        console.line(&format!("{table:<16} {rows} rows"));
    }
    for (what, files) in [("written anew", &forgotten.rewritten), ("removed", &forgotten.removed)] {
        files.iter().for_each(|file| console.line(&format!("{what:<16} {file}")));
    }
    for file in &forgotten.left {
        console.result(&format!("look yourself    {file}: an id, name, number or address of it stands there yet"));
    }
    for file in &forgotten.namesakes {
        console.result(&format!("look yourself    {file}: a name, number or address of it that others have, too"));
    }
    console.line("next: `headroom run` makes again what was removed, without it");
    match forgotten.left.is_empty() {
        true => Ok(()),
        false => Err(ForgetError::Left { files: forgotten.left }.into()),
    }
}

fn fetch_tables(options: &Fetch, console: &Console) -> Result<(), PipelineError> {
    let config = RunConfig::load(&options.project.project, Overrides::default())?;
    let fetched = fetch::fetch(&fetch::Request {
        project: &config.project,
        sources: &config.sources,
        received_on: options.received_on.unwrap_or_else(today),
        address: &|name| std::env::var(name).ok(),
    })?;
    for source in &fetched {
        console.notices(&source.notices);
        let state = if source.unchanged { " (unchanged)" } else { "" };
        let (table, name) = (&source.table, &source.source);
        console.line(&format!("{table:<16} {name}: {} rows in {}{state}", source.rows, source.file));
    }
    console.line("next: headroom run");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the day of receipt is read here, once, and handed down as an input")]
fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}

fn check(options: AtTime, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let result = stages(options, Stage::Check, threads, console);
    if let Err(error) = &result {
        for line in error.lines() {
            console.line(&line);
        }
    }
    result
}

fn ablate(at: AtTime, families: &[String], threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(at)?;
    show(&pipeline::ablate(&config, families, resources(threads), console)?, console);
    Ok(())
}

fn stages(options: AtTime, until: Stage, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(options)?;
    show(&pipeline::run(&config, until, resources(threads), console)?, console);
    Ok(())
}

fn learning_curve(options: AtTime, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(options)?;
    show(&pipeline::learning_curve(&config, resources(threads), console)?, console);
    Ok(())
}

fn features(options: AtTime, out: &Path, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let config = load(options)?;
    show(&pipeline::features(&config, out, resources(threads), console)?, console);
    Ok(())
}

fn resources(threads: Option<usize>) -> Resources {
    Resources { threads: threads.and_then(NonZeroUsize::new) }
}

fn show(outcome: &Outcome, console: &Console) {
    console.notices(&outcome.notices);
    for line in &outcome.lines {
        console.line(line);
    }
}

/// The project's settings with those of the command line.
pub fn load(options: AtTime) -> Result<RunConfig, PipelineError> {
    let reason = options.reason.unwrap_or_default();
    let overrides = Overrides {
        as_of: options.as_of,
        horizon: options.horizon,
        seed: options.seed.map(Seed),
        merged_by: options.merged_by,
        waivers: options.waive.into_iter().map(|check| (check, reason.clone())).collect::<BTreeMap<_, _>>(),
    };
    Ok(RunConfig::load(&options.project.project, overrides)?)
}

fn examine(project: &Project, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let examination = doctor::examine(&project.project, threads);
    for finding in &examination.findings {
        console.result(&finding.to_string());
    }
    examination.into_result()
}
