//! One method a stage: look whether its result is there, make it if not, tell what came out.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use polars::prelude::DataFrame;

use super::{
    Moment, Origin, Outcome, PipelineError, Progress, Resources, Stage, export, first_purchases,
    lines::{backtest_summary, check_summary, history_summary, ingest_summary, resolve_lines, score_lines},
    looks,
    promotion::InUse,
    work::{Key, WorkStore},
};
use crate::{
    atomic,
    backtest::{self, Backtest, Holds, Setting},
    check::{
        self, Audited, CheckError,
        inventory::{self, Inventory},
    },
    config::RunConfig,
    domain::{AsOf, Level, Notice},
    features::{AccountFrame, Facts, Slice},
    forget::{self, Forgotten, Kind},
    history::{self, LedgerAction, Statement},
    ingest::{self, IngestReport, Request},
    params,
    rank::{Evidence, RankInput, Ranking, rank},
    registry::Registered,
    report::{self, Inputs, Report},
    resolve::{
        self, ResolveReport, contacts,
        golden::{self, GoldenRecord},
    },
    score::{self, Account, Forecast, ScoreFrame},
    train::Ladder,
    warehouse::{Warehouse, WarehouseOptions},
};

/// Memory that DuckDB may take before it spills to disk; Polars and the ledger in memory need the rest of 4 GiB.
const WAREHOUSE_MEMORY: u64 = 2 << 30;

/// How the project's warehouse is opened.
pub(super) fn warehouse_options(config: &RunConfig, resources: Resources) -> WarehouseOptions {
    let options = WarehouseOptions::default().memory_limit(WAREHOUSE_MEMORY).folder(&config.project);
    match resources.threads {
        Some(threads) => options.threads(threads),
        None => options,
    }
}

/// A run in progress.
pub(super) struct Run<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) progress: &'a dyn Progress,
    pub(super) warehouse: Warehouse,
    options: WarehouseOptions,
    pub(super) store: WorkStore,
    facts: OnceCell<Facts>,
    pub(super) notices: Vec<Notice>,
}

impl<'a> Run<'a> {
    pub(super) fn open(
        config: &'a RunConfig,
        resources: Resources,
        progress: &'a dyn Progress,
    ) -> Result<Self, PipelineError> {
        let data = config.data();
        std::fs::create_dir_all(&data).map_err(|error| PipelineError::io(&data, &error))?;
        let options = warehouse_options(config, resources);
        Ok(Self {
            config,
            progress,
            warehouse: Warehouse::open(config.warehouse(), &options)?,
            options,
            store: WorkStore::open(&data)?,
            facts: OnceCell::new(),
            notices: Vec::new(),
        })
    }

    pub(super) fn finish(self, lines: Vec<String>) -> Outcome {
        Outcome { notices: self.notices, lines }
    }

    pub(super) fn finish_with(mut self, notices: Vec<Notice>, lines: Vec<String>) -> Outcome {
        self.notices.extend(notices);
        self.finish(lines)
    }

    pub(super) fn ingest(&mut self) -> Result<IngestReport, PipelineError> {
        let _span = tracing::info_span!("ingest").entered();
        self.progress.started(Stage::Ingest);
        let RunConfig { project, tables, sources, currency, .. } = self.config;
        let loaded = ingest::ingest(&self.warehouse, &Request { project, tables, sources, currency })?;
        self.notices.extend(loaded.notices.iter().cloned());
        self.obey_erasure()?;
        self.keep_rounds_closed()?;
        let origin = if loaded.batches.iter().all(|batch| batch.reused) { Origin::Reused } else { Origin::Made };
        self.progress.finished(Stage::Ingest, origin, &ingest_summary(&loaded));
        Ok(loaded)
    }

    /// Forgets; the warehouse is written anew, so that nothing of it can be read from its file.
    pub(super) fn forget(mut self, kind: Kind, id: &str) -> Result<Forgotten, PipelineError> {
        let folders = [self.config.data(), self.config.models(), self.config.reports()];
        let forgotten = forget::forget(&self.warehouse, &places(self.config, &folders), kind, id)?;
        self.write_warehouse_anew()?;
        Ok(forgotten)
    }

    /// Removes what deliveries brought back of the forgotten, and what is past its time.
    fn obey_erasure(&mut self) -> Result<(), PipelineError> {
        let folders = [self.config.data(), self.config.models(), self.config.reports()];
        let again = forget::enforce(&self.warehouse, &places(self.config, &folders))?;
        let retired = forget::retain(&self.warehouse, &self.config.retention)?;
        if let Some(again) = &again {
            let left = match again.left.as_slice() {
                [] => String::new(),
                files => format!("; {} still name it, look yourself", files.join(", ")),
            };
            let text = format!(
                "a delivery brought back what was forgotten; it was removed again ({}): erase it at the source{left}",
                rows_by_table(&again.rows)
            );
            self.notices.push(Notice::warning("forgotten-again", text));
        }
        if !retired.is_empty() {
            let text = format!("past their retention and deleted: {}", rows_by_table(&retired));
            self.notices.push(Notice::info("retention", text));
        }
        if again.is_some() || !retired.is_empty() {
            self.write_warehouse_anew()?;
        }
        Ok(())
    }

    pub(super) fn write_warehouse_anew(&mut self) -> Result<(), PipelineError> {
        let held = Warehouse::in_memory(&WarehouseOptions::default())?;
        let warehouse = std::mem::replace(&mut self.warehouse, held);
        self.warehouse = warehouse.write_anew(&self.config.warehouse(), &self.options)?;
        Ok(())
    }

    /// Contacts and buying centres as of a month; the last one known if none is asked for.
    pub(super) fn contacts(&self) -> Result<[DataFrame; 2], PipelineError> {
        let at = match self.config.as_of {
            Some(month) => month,
            None => self.facts()?.last_complete_month().0,
        };
        let contacts = contacts::contacts(&self.warehouse, at)?;
        let centres = contacts::buying_centres(&contacts)?;
        Ok([contacts, centres])
    }

    /// Takes over decisions from a file; says what was done.
    pub(super) fn decide(&mut self, file: &Path) -> Result<String, PipelineError> {
        let data = self.config.data();
        let taken = resolve::decide(&self.warehouse, &data, file)?;
        Ok(format!("{taken} decisions taken over into {}", relative(self.config, &data.join(resolve::DECISIONS))))
    }

    pub(super) fn resolve(&mut self) -> Result<ResolveReport, PipelineError> {
        let _span = tracing::info_span!("resolve").entered();
        self.progress.started(Stage::Resolve);
        let data = self.config.data();
        let request = resolve::Request { data: &data, config: &self.config.resolve, merged_by: self.config.merged_by };
        let resolved = resolve::resolve(&self.warehouse, &request)?;
        if resolved.to_review > 0 {
            let file = relative(self.config, &data.join(resolve::REVIEW));
            let text = format!(
                "{} pairs of records may be one customer each: decide in {file}, then `headroom resolve --decisions {file}`",
                resolved.to_review
            );
            self.notices.push(Notice::info("review", text));
        }
        let origin = if resolved.reused { Origin::Reused } else { Origin::Made };
        self.progress.finished(Stage::Resolve, origin, &resolve_lines(&resolved).join("; "));
        Ok(resolved)
    }

    /// An account's golden record.
    pub(super) fn account(&self, wanted: &str) -> Result<GoldenRecord, PipelineError> {
        Ok(golden::account(&self.warehouse, &self.config.resolve, wanted)?)
    }

    pub(super) fn inventory(&self) -> Result<Inventory, PipelineError> {
        Ok(inventory::take(&self.warehouse, &self.config.sources)?)
    }

    pub(super) fn check(&mut self) -> Result<Audited, PipelineError> {
        let _span = tracing::info_span!("check").entered();
        self.progress.started(Stage::Check);
        let audited = Audited::new(check::run(&self.warehouse)?, &self.config.waivers);
        if !matches!(audited, Err(CheckError::UnknownCheck { .. })) {
            self.config.remember_waivers()?;
        }
        let audited = audited?;
        self.progress.finished(Stage::Check, Origin::Made, &check_summary(&audited));
        Ok(audited)
    }

    /// Brings the ledger up to date; returns the key of everything known.
    pub(super) fn history(&mut self, audited: &Audited) -> Result<Key, PipelineError> {
        self.notices.extend(audited.notices());
        let _span = tracing::info_span!("history").entered();
        self.progress.started(Stage::History);
        let report = history::build(&self.warehouse)?;
        let origin = if report.action == LedgerAction::Reused { Origin::Reused } else { Origin::Made };
        self.progress.finished(Stage::History, origin, &history_summary(&report));
        let batches = self.warehouse.query(
            "SELECT concat_ws('|', batch_id, table_name, source, file, file_hash, settings_hash, received_on) FROM batches ORDER BY batch_id",
            params![],
            |row| row.get::<String>(0),
        )?;
        let merged = self.warehouse.query(
            "SELECT concat_ws('|', source, customer_id, account_id) FROM accounts WHERE account_id <> customer_id ORDER BY ALL",
            params![],
            |row| row.get::<String>(0),
        )?;
        Ok(Key::of(
            "facts",
            &[
                ("batches", &batches.join("\n")),
                ("merged", &merged.join("\n")),
                ("golden", &format!("{:?}", self.config.resolve)),
            ],
        ))
    }

    /// Files and ledger reconciled month by month, printed in short and left in `data/reconciliation/`.
    pub(super) fn statement(&self) -> Result<Vec<String>, PipelineError> {
        let statement = Statement::read(&self.warehouse, &self.config.currency)?;
        let folder = self.config.data().join("reconciliation");
        export::reconciliation(&folder, &statement)?;
        let mut lines = statement.lines()?;
        lines.push(format!("every month and row: {}", relative(self.config, &folder)));
        Ok(lines)
    }

    pub(super) fn moment(&mut self, facts_key: &Key) -> Result<Moment, PipelineError> {
        let asked = format!("{:?} {:?}", self.config.as_of, self.config.horizon);
        let key = Key::of("moment", &[("facts", facts_key), ("asked", &asked)]);
        let (moment, _) =
            self.store.reuse_or_make("moment", &key, || Moment::find(self.config, self.facts()?, facts_key))?;
        self.notices.extend(moment.notices.iter().cloned());
        Ok(moment)
    }

    pub(super) fn backtest(&mut self, moment: &Moment) -> Result<(Backtest, Key), PipelineError> {
        let _span = tracing::info_span!("backtest").entered();
        self.progress.started(Stage::Backtest);
        let (found, key, origin) = self.judge(moment, &Holds::new())?;
        self.progress.finished(Stage::Backtest, origin, &backtest_summary(&found.report));
        Ok((found, key))
    }

    /// Runs the ladder, or finds that it was run; what is held is published whatever else would be.
    pub(super) fn judge(&self, moment: &Moment, holds: &Holds) -> Result<(Backtest, Key, Origin), PipelineError> {
        let ladder = self.ladder()?;
        // at the horizon beside the main one no level is chosen
        let staff = if moment.is_main() { self.staff_estimates(moment)? } else { BTreeMap::new() };
        let (name, held) =
            if holds.is_empty() { ("backtest", String::new()) } else { ("backtest-held", format!("{holds:?}")) };
        let key = Key::of(
            name,
            &[
                ("facts", &moment.facts_key),
                ("as of", &moment.plan.as_of),
                ("horizon", &moment.plan.horizon),
                ("seed", &self.config.seed.0),
                ("abc", &format!("{:?}", self.config.abc)),
                ("ladder", &format!("{ladder:?}")),
                ("targets", &format!("{:?}", moment.targets)),
                ("held", &held),
                ("staff", &format!("{staff:?}")),
            ],
        );
        let (found, origin) = self.store.reuse_or_make(&format!("{name}/{}", moment.folder()), &key, || {
            let plan = &moment.plan;
            let looks = looks::record(&self.config.models(), plan, &key)?;
            let panel = self.panel(moment)?;
            let setting = Setting {
                plan,
                ladder: &ladder,
                abc: self.config.abc,
                seed: self.config.seed,
                looks,
                staff: Some(&staff),
            };
            let mut found = backtest::run_holding(&panel, &setting, &moment.targets, holds)?;
            // at the horizon beside the main one only expected money is published
            if moment.is_main() {
                first_purchases::judge(self.facts()?, &panel, &setting, &mut found)?;
            }
            Ok(found)
        })?;
        Ok((found, key, origin))
    }

    fn ladder(&self) -> Result<Ladder, PipelineError> {
        let file = self.config.models().join("ladder.toml");
        Ok(if file.exists() { Ladder::read(&file)? } else { Ladder::default() })
    }

    /// Skill against accounts and months of history, as a table.
    pub(super) fn learning_curve(&self, moment: &Moment, backtest: &Backtest) -> Result<Vec<String>, PipelineError> {
        let (plan, ladder, panel) = (&moment.plan, self.ladder()?, self.panel(moment)?);
        let looks = backtest.report.looks;
        let setting =
            Setting { plan, ladder: &ladder, abc: self.config.abc, seed: self.config.seed, looks, staff: None };
        let Some(curve) = backtest::learning_curve(&panel, &setting, &backtest.report)? else {
            return Ok(vec!["no learning curve: the history leaves no origin to compare models on".into()]);
        };
        let mut lines = vec![
            format!("critical mass of expected revenue, {} against {}: {}", curve.rung, curve.baseline, curve.verdict),
            format!("{:>9} {:>7}   {}", "accounts", "months", "skill (90 % interval)"),
        ];
        lines.extend(curve.points.iter().map(|point| {
            let skill = point.skill.map_or_else(
                || "too few to fit".into(),
                |s| format!("{:+.1} % ({:+.1} to {:+.1} %)", 100.0 * s.value, 100.0 * s.low, 100.0 * s.high),
            );
            format!("{:>9} {:>7}   {skill}", point.accounts, point.months)
        }));
        Ok(lines)
    }

    /// What each family of features adds, printed and left in `reports/`.
    pub(super) fn ablate(&mut self, moment: &Moment, families: &[String]) -> Result<Vec<String>, PipelineError> {
        let _span = tracing::info_span!("ablate").entered();
        self.progress.started(Stage::Backtest);
        let (ladder, panel) = (self.ladder()?, self.panel(moment)?);
        let setting = Setting {
            plan: &moment.plan,
            ladder: &ladder,
            abc: self.config.abc,
            seed: self.config.seed,
            looks: 0,
            staff: None,
        };
        let ablation = backtest::ablate(&panel, &setting, families)?;
        let file = self.config.reports().join(format!("ablation-{}.parquet", moment.folder()));
        export::ablation(&file, &ablation)?;
        self.progress.finished(Stage::Backtest, Origin::Made, &relative(self.config, &file));
        Ok(ablation.lines())
    }

    /// A labelled slice for each origin of the plan.
    fn panel(&self, moment: &Moment) -> Result<Vec<Slice>, PipelineError> {
        let origins = moment.plan.origins();
        let facts = self.facts()?;
        let mut panel = Vec::with_capacity(origins.len());
        for slice in facts.slices(&origins, moment.plan.horizon, moment.plan.as_of) {
            panel.push(slice?);
            self.progress.advanced(panel.len(), origins.len());
        }
        Ok(panel)
    }

    /// The origins of the plan and the as-of month, each as a table.
    pub(super) fn features(&self, moment: &Moment, folder: &Path) -> Result<Vec<String>, PipelineError> {
        std::fs::create_dir_all(folder).map_err(|error| PipelineError::io(folder, &error))?;
        let mut slices = self.panel(moment)?;
        slices.push(self.slice(moment)?);
        slices
            .iter()
            .map(|slice| {
                let path = export::write(folder, slice, &moment.plan)?;
                Ok(format!("{} accounts in {}", slice.height(), path.display()))
            })
            .collect()
    }

    pub(super) fn score(
        &mut self,
        moment: &Moment,
        champions: &Registered,
        backtest: &Backtest,
        backtest_key: &Key,
    ) -> Result<(ScoreFrame, Key), PipelineError> {
        let _span = tracing::info_span!("score").entered();
        self.progress.started(Stage::Score);
        let key = Key::of("score", &[("backtest", backtest_key), ("models", &champions.run_id())]);
        let (scores, origin) = self.store.reuse_or_make(&format!("score/{}", moment.folder()), &key, || {
            let members = self.facts()?.members(AsOf::end_of(moment.plan.as_of), moment.plan.horizon)?;
            let accounts = Account::all(&members.all_accounts()?)?;
            let level = backtest.report.level.as_ref().map_or(Level::Stretch, |choice| choice.used);
            let (forecast, population) = Forecast::with_population(champions.models(), &members, level)?;
            Ok(score::score(&population, &accounts, &forecast, &champions.run_id())?)
        })?;
        self.progress.finished(Stage::Score, origin, &score_lines(&scores).join("; "));
        Ok((scores, key))
    }

    /// The unlabelled slice of the as-of month.
    pub(super) fn slice(&self, moment: &Moment) -> Result<Slice, PipelineError> {
        Ok(self.facts()?.slice(AsOf::end_of(moment.plan.as_of), moment.plan.horizon, None)?)
    }

    /// Every account at the as-of month, with its name and status.
    pub(super) fn all_accounts(&self, moment: &Moment) -> Result<AccountFrame, PipelineError> {
        Ok(self.facts()?.all_accounts(AsOf::end_of(moment.plan.as_of))?)
    }

    /// Every account as it stood `back` months before the as-of month; `None` before the data.
    fn accounts(&self, moment: &Moment, back: i32) -> Result<Option<Vec<Account>>, PipelineError> {
        let at = moment.plan.as_of.plus(-back);
        if at < moment.plan.first {
            return Ok(None);
        }
        Ok(Some(Account::all(&self.facts()?.all_accounts(AsOf::end_of(at))?)?))
    }

    pub(super) fn rank(
        &mut self,
        moment: &Moment,
        champions: &Registered,
        backtest: &Backtest,
        scores: &ScoreFrame,
        score_key: &Key,
    ) -> Result<(Ranking, Key), PipelineError> {
        let _span = tracing::info_span!("rank").entered();
        self.progress.started(Stage::Rank);
        let key = Key::of("rank", &[("score", score_key)]);
        let (ranking, origin) = self.store.reuse_or_make(&format!("rank/{}", moment.folder()), &key, || {
            let slice = self.slice(moment)?;
            let before = [self.accounts(moment, 1)?, self.accounts(moment, 2)?];
            let evidence = Evidence::of(&backtest.report, champions.models(), &slice)?;
            let (horizon, abc) = (moment.plan.horizon, self.config.abc);
            let whitespace = first_purchases::score(self.facts()?, backtest, &slice, horizon, abc, scores)?;
            Ok(rank(&RankInput {
                scores,
                slice: &slice,
                before: [before[0].as_deref(), before[1].as_deref()],
                whitespace: whitespace.as_ref(),
                overdue: &self.facts()?.overdue(slice.as_of()),
                evidence: &evidence,
                thresholds: self.config.abc,
                seed: self.config.seed,
            })?)
        })?;
        self.notices.extend(ranking.parts().notices.iter().cloned());
        let headline = &ranking.parts().headline;
        let text = match headline.can_buy_more {
            Some(able) => format!("{able} of {} accounts can buy more", headline.population),
            None => format!("{} accounts by expected margin; potential not shown", headline.population),
        };
        self.progress.finished(Stage::Rank, origin, &text);
        Ok((ranking, key))
    }

    pub(super) fn report(
        &mut self,
        moment: &Moment,
        loaded: &IngestReport,
        InUse { champions, backtest, .. }: &InUse,
        ranking: &Ranking,
        rank_key: &Key,
        beside: Option<&(Moment, InUse)>,
    ) -> Result<PathBuf, PipelineError> {
        let _span = tracing::info_span!("report").entered();
        self.progress.started(Stage::Report);
        let folder = self.config.reports().join(moment.plan.as_of.to_string());
        let settings = (&self.config.name, &self.config.currency, self.config.language, self.config.top_accounts);
        let notices = serde_json::to_string(&self.notices).map_err(|error| PipelineError::json(&folder, &error))?;
        let key = Key::of(
            "report",
            &[
                ("rank", rank_key),
                ("settings", &format!("{settings:?}")),
                ("notices", &notices),
                ("change", &self.changes_key(moment, rank_key)?),
                (
                    "beside",
                    &beside
                        .map_or_else(String::new, |(_, short)| format!("{} {}", short.key, short.champions.run_id())),
                ),
                ("came true", &self.came_true_key(moment)),
                ("surveys", &self.surveys_key()?),
            ],
        );
        let origin = self.store.republish(&format!("report/{}", moment.plan.as_of), &key, &folder, |draft| {
            let accounts = self.all_accounts(moment)?;
            let surveys = self.surveys(moment, ranking, &accounts)?;
            let changes = self.changes(moment, champions)?;
            let came_true = self.came_true(moment)?;
            let horizons = self.horizons(ranking, beside)?;
            let inputs = Inputs {
                config: self.config,
                has_cost: moment.has_cost,
                ingest: loaded,
                backtest: &backtest.report,
                ranking,
                accounts: &accounts,
                notices: &self.notices,
                changes: changes.as_ref(),
                came_true: came_true.as_ref(),
                surveys: surveys.as_ref(),
                horizons: &horizons,
                beside: beside.map(|(_, short)| &short.backtest.report),
            };
            report::write(&Report::assemble(&inputs)?, &inputs, draft)?;
            let identity = self.warehouse.frame(
                "SELECT customer_id, source, account_id, match_probability, merged_on FROM accounts ORDER BY customer_id, source",
                params![],
            )?;
            atomic::write_parquet(&draft.join("accounts.parquet"), &identity)?;
            let contacts = contacts::contacts(&self.warehouse, moment.plan.as_of)?;
            if contacts.height() > 0 {
                atomic::write_parquet(&draft.join("contacts.parquet"), &contacts)?;
                atomic::write_parquet(&draft.join("buying_centres.parquet"), &contacts::buying_centres(&contacts)?)?;
            }
            Ok(())
        })?;
        self.progress.finished(Stage::Report, origin, &relative(self.config, &folder));
        Ok(folder)
    }

    pub(super) fn facts(&self) -> Result<&Facts, PipelineError> {
        match self.facts.get() {
            Some(facts) => Ok(facts),
            None => {
                let facts = Facts::load(&self.warehouse)?;
                Ok(self.facts.get_or_init(|| facts))
            }
        }
    }
}

fn places<'a>(config: &'a RunConfig, [data, models, reports]: &'a [PathBuf; 3]) -> forget::Places<'a> {
    forget::Places { project: &config.project, data, models, reports, sources: &config.sources }
}

/// `12 rows of contacts, 3 rows of interactions`.
pub(super) fn rows_by_table(rows: &BTreeMap<String, u64>) -> String {
    rows.iter().map(|(table, rows)| format!("{rows} rows of {table}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn relative(config: &RunConfig, path: &Path) -> String {
    path.strip_prefix(&config.project).unwrap_or(path).display().to_string()
}
