//! The command line as typed. What it does not do: decide anything.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use jiff::civil::Date;

use headroom::domain::{Horizon, Month, Target};

/// Which customers can buy more, how much, how sure are we, and whom do we visit next month?
#[derive(Debug, Parser)]
#[command(name = "headroom", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

const EXAMPLES: &str = "\
Examples:
  headroom run --project sales/                 everything, for the last complete month
  headroom run --project sales/ --as-of 2021-10 --horizon 12
  headroom simulate --out demo --accounts 500   a synthetic company to try it on

A folder that holds nothing but data/order_lines.csv (or .parquet) is a project.
Exit codes: 0 done, 1 failed, 2 usage, 3 a quality gate is closed.";

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Print errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// How the log is written to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Worker threads [default: one per core]; results do not depend on it
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Options of every command that works on a project.
#[derive(Debug, Args)]
pub struct Project {
    /// The project folder
    #[arg(long, short, default_value = ".", value_name = "DIR")]
    pub project: PathBuf,
}

/// Options of every command that speaks of a point in time.
#[derive(Debug, Args)]
pub struct AtTime {
    #[command(flatten)]
    pub project: Project,
    /// The month to speak of, such as 2021-10 [default: the last complete month in the data]
    #[arg(long, value_name = "MONTH")]
    pub as_of: Option<Month>,
    /// Months ahead, 1 to 36 [default: 12, or 3 where the history is too short for 12]
    #[arg(long, value_name = "MONTHS", value_parser = horizon)]
    pub horizon: Option<Horizon>,
    /// Seed of every random draw [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Leave out customer records merged after this day, as a report published then did
    #[arg(long, value_name = "DAY")]
    pub merged_by: Option<Date>,
    /// Let a closed quality gate pass; needs --reason, which the report repeats
    #[arg(long, value_name = "CHECK", requires = "reason")]
    pub waive: Vec<String>,
    /// Why the gate is waived
    #[arg(long, value_name = "TEXT", requires = "waive")]
    pub reason: Option<String>,
}

fn horizon(text: &str) -> Result<Horizon, String> {
    let months: i64 = text.parse().map_err(|_| format!("`{text}` is not a whole number of months"))?;
    Horizon::new(months).map_err(|error| error.to_string())
}

/// One subcommand a stage, in the order of the flow.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a project folder with an explained headroom.toml
    #[command(after_help = INIT_HELP)]
    Init(Init),
    /// Generate a synthetic company whose true potential is known
    #[command(
        after_help = "Example:\n  headroom simulate --out demo --accounts 500 --months 72 --seed 7\n  headroom run --project demo\n  headroom simulate --out messy --mess && headroom ingest --project messy"
    )]
    Simulate(Simulate),
    /// Fetch the tables that headroom.toml reads from databases into data/fetched/
    #[command(after_help = FETCH)]
    Fetch(Fetch),
    /// Load data files into the warehouse; rows that break the contract go to quarantine with their reason
    #[command(
        after_help = "Examples:\n  headroom ingest --project sales/\n  headroom ingest --project sales/ --dry-run   what would be read, and every problem\n\nThe same file twice is loaded once. docs/data.md describes every table."
    )]
    Ingest(Ingest),
    /// Find duplicate customer records and merge them into accounts
    #[command(
        after_help = "Example:\n  headroom resolve --project sales/\n  headroom resolve --project sales/ --decisions sales/data/review.csv\n\nFill in the column `decision` of data/review.csv with `same` or `different`; every later run obeys."
    )]
    Resolve(Resolve),
    /// Show an account: its records, and what they say together
    #[command(
        after_help = "Example:\n  headroom account K0000001 --project sales/\n  headroom account \"Muster GmbH\" --lineage"
    )]
    Account(Account),
    /// List people at customers who have likely left, and the roles that nobody is known for
    #[command(after_help = "Example:\n  headroom contacts --project sales/ --as-of 2021-10 --account K0000001")]
    Contacts(Contacts),
    /// Erase a customer, a contact or a rater from every file of the project
    #[command(
        after_help = "Example:\n  headroom forget contact P0000012 --project sales/\n\nSums stay, the person goes. docs/security.md says what is removed from where."
    )]
    Forget(Forget),
    /// Take stock of the sources: which table, from where, who owns it, how old, and whom it covers
    #[command(
        after_help = "Example:\n  headroom sources --project sales/\n  headroom sources --project sales/ --format csv > sources.csv"
    )]
    Sources(Sources),
    /// Check the loaded data; exit code 3 when a gate is closed
    #[command(
        after_help = "Example:\n  headroom check --project sales/\n  headroom check --project sales/ --waive stray-months --reason \"pre-orders\"\n\nA waiver is remembered in data/waivers.toml and repeated in every report; delete its line to withdraw it.\ndocs/data.md lists all checks."
    )]
    Check(AtTime),
    /// Build the monthly ledger that every as-of date is served from
    #[command(
        after_help = "Example:\n  headroom history --project sales/\n\nOnly months that new lines touch are computed again. data/reconciliation/ says month by month what the files\nbrought and what the ledger holds, and row by row what differs."
    )]
    History(AtTime),
    /// Write what the models see, as one table an origin: features, baselines, outcomes
    #[command(
        after_help = "Example:\n  headroom features --project sales/ --horizon 3 --out features/\n\nFor another learner on the very same accounts. docs/features.md says what each column means."
    )]
    Features {
        #[command(flatten)]
        at: AtTime,
        /// The folder to write `<month>.parquet` into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Judge every model of the ladder on past months, beside its baseline
    #[command(
        after_help = "Example:\n  headroom backtest --project sales/ --as-of 2021-10 --horizon 3\n  headroom backtest --project sales/ --learning-curve\n  headroom backtest --project sales/ --ablate payment,survey,dialogue"
    )]
    Backtest {
        #[command(flatten)]
        at: AtTime,
        /// Also say how many accounts and months of history skill needs (critical mass)
        #[arg(long)]
        learning_curve: bool,
        /// Say instead what each of these families of features (docs/features.md) adds to each target, out of time
        #[arg(long, value_name = "FAMILY,...", value_delimiter = ',', conflicts_with = "learning_curve")]
        ablate: Vec<String>,
    },
    /// Choose, fit and register a model per target, with its card
    #[command(
        after_help = "Example:\n  headroom train --project sales/ --horizon 12\n  headroom models list --project sales/"
    )]
    Train(AtTime),
    /// Predict every account with the registered models
    #[command(after_help = "Example:\n  headroom score --project sales/ --as-of 2021-10")]
    Score(AtTime),
    /// Rank the accounts: who can buy more, and what to do with each
    #[command(after_help = "Example:\n  headroom rank --project sales/ --as-of 2021-10")]
    Rank(AtTime),
    /// Write the report: one HTML page, charts, and every table as CSV and Parquet
    #[command(after_help = "Example:\n  headroom report --project sales/\n  xdg-open sales/reports/2021-10/index.html")]
    Report(AtTime),
    /// The main job: every stage from the files to the report, redoing only what changed
    #[command(after_help = "Example:\n  headroom run --project sales/ --as-of 2021-10 --horizon 12")]
    Run(AtTime),
    /// Look at the registered models, compare them, choose which is in use
    #[command(subcommand)]
    Models(Models),
    /// One account on one page: every figure, what moved it, the baseline and the evidence beside it
    #[command(after_help = "Example:\n  headroom explain --project sales/ C00042 --as-of 2021-10")]
    Explain {
        /// The account, by its leading id
        account: String,
        #[command(flatten)]
        at: AtTime,
        /// Call the comparable accounts 1 to 5, without id or name, for a page that leaves the house
        #[arg(long)]
        pseudonyms: bool,
    },
    /// Population stability of every feature and score between training and now
    #[command(
        after_help = "Example:\n  headroom drift --project sales/ --format csv > drift.csv\n\nBands: under .10 stable, .10 to .25 moderate, above .25 shifted."
    )]
    Drift {
        #[command(flatten)]
        at: AtTime,
        /// How the findings are printed
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// What we said then, what came of it: a published report against what has happened since
    #[command(after_help = "Example:\n  headroom evaluate --project sales/ --published 2020-10")]
    Evaluate {
        #[command(flatten)]
        project: Project,
        /// The month of the report, a folder below reports/
        #[arg(long, value_name = "MONTH")]
        published: Month,
        /// Months after it, where the report speaks of another horizon beside its own [default: its own]
        #[arg(long, value_name = "MONTHS", value_parser = horizon)]
        horizon: Option<Horizon>,
        /// How the findings are printed
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The survey of our own people (reverse NPS): whom to ask about, and closing a round
    #[command(subcommand)]
    Survey(Survey),
    /// Say whether this machine and this project are fit to run, and what to do if not
    #[command(after_help = "Example:\n  headroom doctor --project sales/")]
    Doctor(Project),
}

/// What can be done with a round of the staff survey.
#[derive(Debug, Subcommand)]
pub enum Survey {
    /// Write the questionnaire: every account of class A and B, without any figure of ours
    #[command(
        after_help = "Example:\n  headroom survey ask 2021-10 --project sales/ --out round.csv\n\nEach colleague fills in a copy (0 to 10, `rater` any name: it is stored as a pseudonym) before the next report is\nshown. The copies are read by\n  [staff_answers]\n  files = [\"staff/*.csv\"]\n  mode = \"append\"\nin headroom.toml."
    )]
    Ask {
        /// The name of the round
        round: String,
        #[command(flatten)]
        at: AtTime,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Close a round: its scores are kept, the answers and who gave them are deleted
    #[command(after_help = "Example:\n  headroom survey close 2021-10 --project sales/")]
    Close {
        /// The name of the round, as in the column `round` of staff_answers
        round: String,
        #[command(flatten)]
        project: Project,
    },
}

/// Options of `resolve`.
#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    pub at: AtTime,
    /// Take over what was decided about pairs: a file with the columns of data/review.csv
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
}

/// Options of `contacts`.
#[derive(Debug, Args)]
pub struct Contacts {
    #[command(flatten)]
    pub at: AtTime,
    /// This account only
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// Who can be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// All records of a customer's account.
    Customer,
    /// A person at a customer.
    Contact,
    /// An employee who answered the staff survey.
    Rater,
}

/// Options of `forget`.
#[derive(Debug, Args)]
pub struct Forget {
    /// What the id names
    #[arg(value_enum)]
    pub subject: Subject,
    /// The id, as in the source
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub project: Project,
}

/// Options of `account`.
#[derive(Debug, Args)]
pub struct Account {
    /// Account id, customer id, or a part of the name
    #[arg(value_name = "ACCOUNT")]
    pub wanted: String,
    #[command(flatten)]
    pub project: Project,
    /// Say which record, file and batch each value comes from, and why it was chosen
    #[arg(long)]
    pub lineage: bool,
}

const FETCH: &str = "\
Example:
  in headroom.toml:  [order_lines]
                     database = { driver = \"postgresql\", uri_env = \"ERP_DATABASE\", table = \"order_lines\" }
  then:  ERP_DATABASE=postgresql://user:password@host/erp headroom fetch --project sales/
         headroom run --project sales/

Drivers are ADBC's, found by the environment variable ADBC_DRIVER_PATH or where the system keeps them.
The connection is opened for reading only. What a database holds unchanged adds no file.";

/// Options of `fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    #[command(flatten)]
    pub project: Project,
    /// Day of receipt, which dates corrections [default: today]
    #[arg(long, value_name = "DAY")]
    pub received_on: Option<jiff::civil::Date>,
}

const INIT_HELP: &str = "\
Examples:
  headroom init --project sales/
  headroom init --project sales/ --preset zoho,datev

Presets: brevo, datev, hubspot, mailchimp, qualtrics, salesforce, sap, social, zendesk, zoho.
Put each program's exports into the folder that is made for it, then try `headroom ingest --dry-run`.";

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub project: Project,
    /// Programs whose exports are read, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub preset: Vec<String>,
}

/// Options of `ingest`.
#[derive(Debug, Args)]
pub struct Ingest {
    #[command(flatten)]
    pub at: AtTime,
    /// Show per source what would be read and every problem, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `sources`.
#[derive(Debug, Args)]
pub struct Sources {
    #[command(flatten)]
    pub project: Project,
    /// How the inventory is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// What can be done with registered models.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List models, the champion of each target and horizon marked
    #[command(after_help = "Example:\n  headroom models list --project sales/")]
    List(Project),
    /// Show a model's card
    #[command(after_help = "Example:\n  headroom models show --project sales/ 3f9a1c")]
    Show {
        #[command(flatten)]
        project: Project,
        /// The model's id, or its first characters
        id: String,
    },
    /// Show everything in which two models differ
    #[command(after_help = "Example:\n  headroom models diff --project sales/ 3f9a1c 77b20e")]
    Diff {
        #[command(flatten)]
        project: Project,
        /// A model's id, or its first characters
        old: String,
        /// Another model of the same target and horizon
        new: String,
    },
    /// Compare two recipes on what has happened since the champion was promoted
    #[command(after_help = "Example:\n  headroom models compare --project sales/ 3f9a1c")]
    Compare {
        #[command(flatten)]
        project: Project,
        /// A model's id, or its first characters
        id: String,
        /// The model to compare it with [default: the champion of its target and horizon]
        with: Option<String>,
    },
    /// Put a model into use if it is not worse than the champion by more than one standard error
    #[command(
        after_help = "Examples:\n  headroom models promote --project sales/ 3f9a1c\n  headroom models promote --project sales/ 3f9a1c --force --reason \"the board wants the plain model\""
    )]
    Promote {
        #[command(flatten)]
        project: Project,
        /// The model's id, or its first characters
        id: String,
        /// Whatever the comparison says; needs --reason, which the journal keeps with your name
        #[arg(long, requires = "reason")]
        force: bool,
        #[command(flatten)]
        person: Person,
    },
    /// Put the model before the champion back into use
    #[command(
        after_help = "Example:\n  headroom models rollback --project sales/ growth --reason \"October's prices were wrong\""
    )]
    Rollback {
        #[command(flatten)]
        project: Project,
        /// What it predicts, such as expected_revenue
        #[arg(value_parser = target)]
        target: Target,
        /// Its horizon in months, where there are several
        #[arg(long, value_name = "MONTHS", value_parser = horizon)]
        horizon: Option<Horizon>,
        #[command(flatten)]
        person: Person,
    },
}

/// Who overrules the method, and why.
#[derive(Debug, Args)]
pub struct Person {
    /// Why; the journal keeps it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who [default: the user of this machine]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

fn target(text: &str) -> Result<Target, String> {
    Target::ALL.into_iter().find(|target| target.name() == text).ok_or_else(|| {
        let known: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
        format!("there is no target `{text}`, known: {}", known.join(", "))
    })
}

/// Options of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The folder to write; becomes a project folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Accounts in the customer file over the whole time
    #[arg(long, default_value_t = 400)]
    pub accounts: usize,
    /// Months of history
    #[arg(long, default_value_t = 72)]
    pub months: usize,
    /// First month of history
    #[arg(long, value_name = "MONTH", default_value = "2016-01")]
    pub start: Month,
    /// Order lines to aim at [default: as each account's rhythm gives]
    #[arg(long)]
    pub lines: Option<u64>,
    /// Seed of every random draw
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Spread of the log wallet that firmographics do not explain (theirs is 1)
    #[arg(long, default_value_t = 0.6)]
    pub spread: f64,
    /// Yearly growth of all wallets, such as 0.03
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub trend: f64,
    /// Demand without seasons
    #[arg(long)]
    pub no_seasons: bool,
    /// Swiss accounts order in CHF, with exchange rates
    #[arg(long)]
    pub foreign_currency: bool,
    /// Customers whose orders are pure noise: nothing to learn, as a negative control
    #[arg(long)]
    pub noise: bool,
    /// Write it as it is really found: some 30 messy sources, the headroom.toml that maps them, and planted.json with what
    /// was planted in them
    #[arg(long, conflicts_with_all = ["as_of", "overwrite", "foreign_currency"])]
    pub mess: bool,
    /// Write the database as it stood at the end of this month
    #[arg(long, value_name = "MONTH")]
    pub as_of: Option<Month>,
    /// Keep only the newest state of each fact, as most systems do, instead of every state with its date
    #[arg(long)]
    pub overwrite: bool,
}
