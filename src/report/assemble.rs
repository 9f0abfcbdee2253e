//! From what the stages hand over to the [`Report`]: picked out, joined with names, and checked; nothing is computed.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::{
    ReportError,
    model::{
        About, Account, ApartAccount, LeftOut, Moved, Movement, NamedMover, ParetoPoint, Population, Ranged, Report,
        Source,
    },
};
use crate::{
    analysis::{AnalysisError, Changes, Evaluation},
    backtest::BacktestReport,
    config::RunConfig,
    domain::{AbcClass, Level, Notice, PotentialBand, ServiceLevel, cumulative_shares},
    features::AccountFrame,
    ingest::IngestReport,
    rank::{AccountReasons, Ranking},
    survey::Surveys,
};

/// Points of the ABC curve; more would not be seen.
const CURVE_POINTS: usize = 200;
/// Accounts named among those that moved most.
const MOVERS: usize = 10;

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Company, currency, language, limits of the classes.
    pub config: &'a RunConfig,
    /// Whether any cost is known; if not, revenue stands in for margin.
    pub has_cost: bool,
    /// What was read.
    pub ingest: &'a IngestReport,
    /// What was tried on past origins.
    pub backtest: &'a BacktestReport,
    /// Who comes first, and why.
    pub ranking: &'a Ranking,
    /// Every account with its name and status.
    pub accounts: &'a AccountFrame,
    /// Every notice of the run.
    pub notices: &'a [Notice],
    /// What moved since last month; `None` at the beginning of the data.
    pub changes: Option<&'a Changes>,
    /// What came of the report a horizon ago, where there is one.
    pub came_true: Option<&'a Evaluation>,
    /// What customers and our own people say, where anybody was asked.
    pub surveys: Option<&'a Surveys>,
    /// What is expected over each horizon, for a table of its own.
    pub horizons: &'a DataFrame,
    /// What was tried at the horizon beside the main one; its figures join those of the main one in the tables.
    pub beside: Option<&'a BacktestReport>,
}

impl Report {
    /// Gathers a report.
    ///
    /// # Errors
    /// If a table lacks a column that its stage promises, holds a figure that is not finite, or names a class, band or
    /// service level that there is not.
    pub fn assemble(inputs: &Inputs<'_>) -> Result<Self, ReportError> {
        let Inputs {
            config, has_cost, ingest, backtest, ranking, accounts, notices, changes, came_true, surveys, ..
        } = *inputs;
        let parts = ranking.parts();
        let people = People::of(accounts)?;
        let list = ranking.list().map_err(|error| ReportError::Inconsistent { reason: error.to_string() })?;
        let list = Columns { table: "ranking", frame: &list };
        let limits = config.abc;
        let report = Self {
            about: About {
                company: config.name.clone(),
                as_of: backtest.plan.as_of,
                horizon: backtest.plan.horizon,
                currency: config.currency.clone(),
                language: config.language,
                margin_is_revenue: !has_cost,
                level: list.texts("level_used")?.first().copied().flatten().and_then(Level::named),
                abc_a: limits.a(),
                abc_b: limits.b(),
                model_run: list.texts("model_run")?.first().copied().flatten().unwrap_or("–").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            basis: parts.basis.clone(),
            headline: parts.headline.clone(),
            verdicts: backtest.verdicts.clone(),
            matrix: parts.matrix.clone().unwrap_or_default(),
            classes: parts.abc.clone(),
            classes_by_revenue: parts.abc_revenue.clone(),
            unprofitable: parts.unprofitable.len(),
            pareto: curve(&list.known("margin_last")?, parts.abc.iter().map(|class| class.accounts)),
            accounts: first_accounts(&list, &people, &parts.reasons, config.top_accounts)?,
            movements: parts
                .movements
                .iter()
                .map(|change| Movement { name: people.name(&change.customer_id), change: change.clone() })
                .collect(),
            moved: changes.map(|changes| moved(changes, &people)).transpose()?,
            came_true: came_true.cloned(),
            surveys: surveys.cloned(),
            apart: people.apart.clone(),
            targets: backtest.targets.clone(),
            origins: backtest.plan.clone(),
            looks: backtest.looks,
            realised: backtest.realised.clone(),
            sources: sources(ingest),
            population: Population {
                accounts: parts.headline.accounts,
                ranked: parts.headline.population,
                left_out: people.left_out,
            },
            notices: notices.to_vec(),
        };
        report.check()?;
        Ok(report)
    }
}

/// The accounts whose expected revenue moved most.
fn moved(changes: &Changes, people: &People) -> Result<Moved, ReportError> {
    let refused = |error: AnalysisError| ReportError::Table { table: "changes".into(), reason: error.to_string() };
    let movers = changes.movers(MOVERS).map_err(refused)?;
    Ok(Moved {
        total: changes.total().map_err(refused)?,
        has_old_models: changes.has_old_models,
        movers: movers.into_iter().map(|mover| NamedMover { name: people.name(&mover.customer_id), mover }).collect(),
    })
}

/// The running share of margin, largest first, thinned to what a chart can show; the ends of the classes stay in.
fn curve(margins: &[f64], class_sizes: impl Iterator<Item = usize>) -> Vec<ParetoPoint> {
    let shares = cumulative_shares(margins);
    if shares.last().is_none_or(|&last| last <= 0.0) {
        return Vec::new();
    }
    let ends: Vec<usize> = class_sizes
        .scan(0, |end, size| {
            *end += size;
            Some(*end)
        })
        .collect();
    let step = shares.len().div_ceil(CURVE_POINTS);
    (1..=shares.len())
        .filter(|n| n % step == 0 || *n == 1 || ends.contains(n) || *n == shares.len())
        .map(|accounts| ParetoPoint { accounts, share: shares[accounts - 1] })
        .collect()
}

fn first_accounts(
    list: &Columns<'_>,
    people: &People,
    reasons: &[AccountReasons],
    n: usize,
) -> Result<Vec<Account>, ReportError> {
    let head = list.frame.head(Some(n));
    let head = Columns { table: list.table, frame: &head };
    let ids = head.texts("customer_id")?;
    let numbers = |name: &str| head.numbers(name);
    let (revenue_last, margin_last) = (numbers("revenue_last")?, numbers("margin_last")?);
    let (expected, low, high) =
        (numbers("expected_revenue")?, numbers("expected_revenue_low")?, numbers("expected_revenue_high")?);
    let (expected_margin, stretch, peer) =
        (numbers("expected_margin")?, numbers("stretch_revenue")?, numbers("peer_revenue")?);
    let (headroom, headroom_low, headroom_high, headroom_margin) = (
        numbers("headroom_revenue")?,
        numbers("headroom_low")?,
        numbers("headroom_high")?,
        numbers("headroom_margin")?,
    );
    let (growth, inactivity) = (numbers("growth_probability")?, numbers("inactivity_probability")?);
    let (can, class, class_revenue) =
        (head.flags("can_buy_more")?, head.texts("abc_class")?, head.texts("abc_class_revenue")?);
    let (band, level) = (head.texts("potential_band")?, head.texts("service_level")?);
    let bands: BTreeMap<_, _> = PotentialBand::ALL.into_iter().map(|band| (band.name(), band)).collect();
    let classes: BTreeMap<_, _> = AbcClass::ALL.into_iter().map(|class| (class.name(), class)).collect();
    let levels: BTreeMap<_, _> = ServiceLevel::ALL.into_iter().map(|level| (level.name(), level)).collect();
    let by_id: BTreeMap<&str, &AccountReasons> =
        reasons.iter().map(|reasons| (reasons.customer_id.as_str(), reasons)).collect();
    let shows_potential = band.iter().any(Option::is_some);
    ids.iter()
        .enumerate()
        .map(|(i, id)| {
            let id = id.unwrap_or_default();
            Ok(Account {
                rank: i + 1,
                customer_id: id.to_owned(),
                name: people.name(id),
                revenue_last: head.required("revenue_last", revenue_last[i], id)?,
                margin_last: head.required("margin_last", margin_last[i], id)?,
                expected_revenue: Ranged {
                    value: head.required("expected_revenue", expected[i], id)?,
                    low: low[i],
                    high: high[i],
                },
                expected_margin: head.required("expected_margin", expected_margin[i], id)?,
                stretch_revenue: stretch[i],
                peer_revenue: peer[i],
                headroom_revenue: headroom[i].filter(|_| shows_potential).map(|value| Ranged {
                    value,
                    low: headroom_low[i],
                    high: headroom_high[i],
                }),
                headroom_margin: headroom_margin[i].filter(|_| shows_potential),
                growth_probability: growth[i],
                inactivity_probability: inactivity[i],
                can_buy_more: can[i],
                abc_class: head.named("abc_class", class[i], &classes, id)?,
                abc_class_revenue: head.named("abc_class_revenue", class_revenue[i], &classes, id)?,
                potential_band: band[i].map(|_| head.named("potential_band", band[i], &bands, id)).transpose()?,
                service_level: level[i].map(|_| head.named("service_level", level[i], &levels, id)).transpose()?,
                reasons: by_id.get(id).map(|reasons| reasons.reasons.clone()).unwrap_or_default(),
            })
        })
        .collect()
}

fn sources(ingest: &IngestReport) -> Vec<Source> {
    let batches = ingest.batches.iter();
    batches
        .map(|batch| Source {
            table: batch.table.clone(),
            file: batch.file.clone(),
            rows_in: batch.rows_in,
            rows_loaded: batch.rows_loaded,
            rows_quarantined: batch.rows_quarantined,
            recognised: batch.recognised.iter().map(|(what, found)| format!("{what}: {found}")).collect(),
        })
        .collect()
}

/// Names, and those who are not ranked.
struct People {
    names: BTreeMap<String, String>,
    apart: Vec<ApartAccount>,
    left_out: Vec<LeftOut>,
}

impl People {
    fn of(accounts: &AccountFrame) -> Result<Self, ReportError> {
        let columns = Columns { table: "accounts", frame: accounts.frame() };
        let (ids, names, status) = (columns.texts("account_id")?, columns.texts("name")?, columns.texts("status")?);
        let (ordered, population) = (columns.flags("ordered")?, columns.flags("population")?);
        let (revenue, margin) = (columns.known("revenue_12")?, columns.known("margin_12")?);
        let mut known = BTreeMap::new();
        let mut apart = Vec::new();
        let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
        for (i, id) in ids.iter().enumerate() {
            let (id, status) = (id.unwrap_or_default(), status[i].unwrap_or("active"));
            if let Some(name) = names[i] {
                known.insert(id.to_owned(), name.to_owned());
            }
            if population[i] == Some(true) {
                continue;
            }
            // METHOD section 1: a status keeps an account out whether it orders or not
            let reason = if status == "active" && ordered[i] != Some(true) { "dormant" } else { status };
            *left_out.entry(reason.to_owned()).or_default() += 1;
            if matches!(status, "internal" | "collective") {
                apart.push(ApartAccount {
                    customer_id: id.to_owned(),
                    name: names[i].map(str::to_owned),
                    status: status.to_owned(),
                    revenue_last: revenue[i],
                    margin_last: margin[i],
                });
            }
        }
        let left_out = left_out.into_iter().map(|(reason, accounts)| LeftOut { reason, accounts }).collect();
        Ok(Self { names: known, apart, left_out })
    }

    fn name(&self, id: &str) -> Option<String> {
        self.names.get(id).cloned()
    }
}

/// Typed access to the columns of a stage's table.
struct Columns<'a> {
    table: &'static str,
    frame: &'a DataFrame,
}

impl<'a> Columns<'a> {
    fn missing(&self, name: &str) -> impl Fn(polars::prelude::PolarsError) -> ReportError {
        let (table, column) = (self.table, name.to_owned());
        move |error| ReportError::Table { table: table.into(), reason: format!("column `{column}`: {error}") }
    }

    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.f64()).map_err(self.missing(name))?;
        Ok(column.iter().collect())
    }

    /// The numbers, zero where an account has none.
    fn known(&self, name: &str) -> Result<Vec<f64>, ReportError> {
        Ok(self.numbers(name)?.into_iter().map(Option::unwrap_or_default).collect())
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<&'a str>>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.str()).map_err(self.missing(name))?;
        Ok(column.iter().collect())
    }

    fn flags(&self, name: &str) -> Result<Vec<Option<bool>>, ReportError> {
        let column = self.frame.column(name).and_then(|column| column.bool()).map_err(self.missing(name))?;
        Ok(column.iter().collect())
    }

    fn required(&self, name: &str, value: Option<f64>, account: &str) -> Result<f64, ReportError> {
        value.ok_or_else(|| ReportError::Inconsistent {
            reason: format!("the ranked account `{account}` has no `{name}` in the table {}", self.table),
        })
    }

    fn named<T: Copy>(
        &self,
        column: &str,
        name: Option<&str>,
        known: &BTreeMap<&str, T>,
        account: &str,
    ) -> Result<T, ReportError> {
        name.and_then(|name| known.get(name)).copied().ok_or_else(|| ReportError::Inconsistent {
            reason: format!(
                "`{column}` of account `{account}` is `{}`, expected one of {}",
                name.unwrap_or("null"),
                known.keys().copied().collect::<Vec<_>>().join(", ")
            ),
        })
    }
}
