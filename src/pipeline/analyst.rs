//! What an analyst asks of a finished run: explain an account, measure drift, evaluate what was published.

use std::fs;

use polars::prelude::DataFrame;

use super::{Moment, Outcome, PipelineError, Resources, Silent, promotion::InUse, stages::Run, work::Key};
use crate::{
    analysis::{self, AnalysisError, Changes, Comparable, Drift, Evaluation, Published, Subject, Views},
    backtest::{self, OriginPlan, Trained},
    config::RunConfig,
    domain::{AsOf, Horizon, Level, Month, Notice, Target},
    features::{Slice, catalogue::schema_hash},
    rank::Ranking,
    registry::{Registered, Registry},
    report,
    score::{self, Forecast},
};

/// Comparable accounts that are shown beside an account.
const COMPARABLE: usize = 5;

/// One account on one page, as lines of text; with `pseudonyms` the comparable accounts on it have neither id nor name.
///
/// # Errors
/// If there is no such account, or any stage up to the ranking fails.
pub fn explain(
    config: &RunConfig,
    resources: Resources,
    customer_id: &str,
    pseudonyms: bool,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    let (moment, in_use) = run.trained()?;
    let InUse { champions, backtest, key } = in_use;
    let (scored, score_key) = run.score(&moment, &champions, &backtest, &key)?;
    let (ranking, _) = run.rank(&moment, &champions, &backtest, &scored, &score_key)?;
    let slice = run.slice(&moment)?;
    let changes = run.changes(&moment, &champions)?;
    let models: Vec<(String, &Trained)> =
        champions.cards().iter().map(|card| card.id.clone()).zip(champions.models()).collect();
    let dossier = analysis::explain(&Subject {
        customer_id,
        ranking: &ranking,
        slice: &slice,
        models: &models,
        report: &backtest.report,
        changes: changes.as_ref(),
    })?;
    let people = run.facts()?.all_accounts(AsOf::end_of(moment.plan.as_of))?;
    let name_of = |customer_id: &str| -> Option<&str> {
        let column = |name: &str| people.frame().column(name).and_then(|column| column.str()).ok();
        let place = column("account_id")?.iter().position(|id| id == Some(customer_id))?;
        column("name")?.get(place)
    };
    let reasons = report::in_words(&dossier.reasons, config.language, &config.currency)?;
    let mut lines = dossier.lines(name_of(customer_id), &reasons);
    let comparable = run.comparable(&moment, &slice, customer_id)?;
    let called = |k: usize, id: &str| match name_of(id) {
        _ if pseudonyms => format!("comparable account {}", k + 1),
        Some(name) => format!("{id} ({name})"),
        None => id.to_owned(),
    };
    if !comparable.is_empty() {
        lines.push(String::new());
        lines.push(
            "the nearest comparable accounts, and what they bought in 24 months (* this account does not):".into(),
        );
        lines.extend(comparable.iter().enumerate().map(|(k, found)| found.line(&called(k, &found.customer_id))));
    }
    Ok(run.finish(lines))
}

/// Population stability of every feature and score between the training of the models in use and now.
///
/// # Errors
/// If the models were fitted on no origin, or any stage up to training fails.
pub fn drift(config: &RunConfig, resources: Resources) -> Result<(Vec<Drift>, Vec<Notice>), PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    let (moment, InUse { champions, .. }) = run.trained()?;
    let plan = &moment.plan;
    let mut origins: Vec<Month> = champions.models().iter().flat_map(|model| model.origins.clone()).collect();
    origins.sort_unstable();
    origins.dedup();
    let training = run.facts()?.panel(&origins, plan.horizon, plan.as_of)?;
    let found = analysis::drift(&training, &run.slice(&moment)?, champions.models())?;
    Ok((found, run.finish(Vec::new()).notices))
}

/// What was published as of `month` against what has happened since, over the report's own horizon or another `horizon`
/// that it speaks of.
///
/// # Errors
/// If there is no such report, its horizon is not over, or a stage before the models fails.
pub fn evaluate(
    config: &RunConfig,
    resources: Resources,
    month: Month,
    horizon: Option<Horizon>,
) -> Result<Evaluation, PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    run.ingest()?;
    run.resolve()?;
    let audited = run.check()?;
    run.history(&audited)?;
    let report = config.reports().join(month.to_string());
    let mut published = Published::read(&report.join("scores.parquet"), month)?;
    if let Some(horizon) = horizon.filter(|horizon| *horizon != published.horizon) {
        published = published.over(horizon, &report.join("horizons.parquet"))?;
    }
    let last = run.facts()?.last_complete_month().0;
    run.evaluation(&published, last)
}

impl Run<'_> {
    /// The accounts nearest to one by what would hold if it bought everything from us, nearest first, with what they buy;
    /// none for an account outside the population, or where accounts cannot be compared.
    fn comparable(&self, moment: &Moment, slice: &Slice, customer_id: &str) -> Result<Vec<Comparable>, PipelineError> {
        let ids: Vec<&str> = slice.features().accounts().iter().map(Option::unwrap_or_default).collect();
        let Some(place) = ids.iter().position(|id| *id == customer_id) else { return Ok(Vec::new()) };
        let nearest = backtest::nearest_accounts(slice, self.config.abc, place, COMPARABLE)?.unwrap_or_default();
        let purchases = self.facts()?.purchases(slice.as_of(), moment.plan.horizon, None)?;
        let industry = slice.features().categories("industry")?;
        let employees = slice.features().numbers("log_employees")?;
        Ok((nearest.into_iter())
            .map(|peer| Comparable {
                customer_id: ids[peer].to_owned(),
                industry: industry[peer].clone(),
                employees: Some(employees[peer].exp_m1().round()).filter(|number| !number.is_nan()),
                groups: Comparable::groups(&purchases, peer, place),
            })
            .collect())
    }

    /// Everything up to the models in use.
    fn trained(&mut self) -> Result<(Moment, InUse), PipelineError> {
        let moment = super::moment_of(self)?;
        let (free, key) = self.backtest(&moment)?;
        let in_use = self.train(&moment, free, key)?;
        Ok((moment, in_use))
    }

    /// What came of `published` by the end of `last`.
    fn evaluation(&self, published: &Published, last: Month) -> Result<Evaluation, PipelineError> {
        let Published { as_of, horizon, .. } = *published;
        let closes = as_of.plus(horizon.months());
        if closes > last {
            return Err(AnalysisError::Open { as_of, horizon, closes, last }.into());
        }
        let facts = self.facts()?;
        let then = facts.slice(AsOf::end_of(as_of), horizon, Some(last))?;
        let plan = OriginPlan::new(facts.first_month(), as_of, horizon);
        let training = facts.panel(&plan.origins(), horizon, as_of)?;
        Ok(analysis::evaluate(published, &then, &training, self.config.abc, self.config.seed)?)
    }

    /// What came of the report that was published a horizon ago; `None` if there is none. A report that cannot be read
    /// any more is none.
    pub(super) fn came_true(&self, moment: &Moment) -> Result<Option<Evaluation>, PipelineError> {
        let OriginPlan { as_of, horizon, .. } = moment.plan;
        let then = as_of.plus(-horizon.months());
        let path = self.config.reports().join(then.to_string()).join("scores.parquet");
        match Published::read(&path, then) {
            Ok(published) if published.horizon == horizon => match self.evaluation(&published, as_of) {
                Err(PipelineError::Analysis(AnalysisError::Strangers { .. })) => Ok(None),
                found => Ok(Some(found?)),
            },
            _ => Ok(None),
        }
    }

    /// The hash of that report, for the key of what repeats it.
    pub(super) fn came_true_key(&self, moment: &Moment) -> String {
        let then = moment.plan.as_of.plus(-moment.plan.horizon.months());
        let path = self.config.reports().join(then.to_string()).join("scores.parquet");
        fs::read(path).map_or_else(|_| String::new(), |bytes| blake3::hash(&bytes).to_hex().to_string())
    }

    /// What is expected over each horizon.
    pub(super) fn horizons(
        &self,
        ranking: &Ranking,
        beside: Option<&(Moment, InUse)>,
    ) -> Result<DataFrame, PipelineError> {
        let short = match beside {
            None => None,
            Some((moment, InUse { champions, .. })) => {
                let slice = self.slice(moment)?;
                let forecast = Forecast::of(champions.models(), &slice, Level::Stretch)?;
                Some(score::expected(&slice, &forecast, &champions.run_id())?)
            }
        };
        Ok(score::horizons(ranking.table(), short)?)
    }

    /// What moved since last month; `None` at the beginning of the data.
    pub(super) fn changes(&self, moment: &Moment, new: &Registered) -> Result<Option<Changes>, PipelineError> {
        let OriginPlan { as_of, horizon, first, .. } = moment.plan;
        let last = as_of.plus(-1);
        if last < first {
            return Ok(None);
        }
        let old = self.models_of(last, horizon)?;
        let facts = self.facts()?;
        let slice = |as_of: AsOf| -> Result<Slice, PipelineError> { Ok(facts.slice(as_of, horizon, None)?) };
        let views = Views {
            before: &slice(AsOf::end_of(last))?,
            revised: &slice(AsOf::known_by(last, as_of)?)?,
            now: &slice(AsOf::end_of(as_of))?,
        };
        Ok(Some(analysis::changes(&views, old.as_ref().map(Registered::models), new.models())?))
    }

    /// The models in use as of a month that can still be read; `None` without any.
    fn models_of(&self, as_of: Month, horizon: Horizon) -> Result<Option<Registered>, PipelineError> {
        let registry = Registry::open(self.config.models());
        let mut ids = Vec::new();
        for target in Target::ALL {
            if let Some(entry) = registry.in_use(target, horizon, Some(as_of))?
                && registry.load::<Trained>(target, &entry.id, &schema_hash()).is_ok()
            {
                ids.push((target, entry.id));
            }
        }
        if ids.is_empty() { Ok(None) } else { Ok(Some(registry.read(&ids, &schema_hash())?)) }
    }

    /// The key of what moved: the models of both months.
    pub(super) fn changes_key(&self, moment: &Moment, score_key: &Key) -> Result<Key, PipelineError> {
        let old = self.models_of(moment.plan.as_of.plus(-1), moment.plan.horizon)?;
        let old = old.map_or_else(String::new, |models| models.run_id());
        Ok(Key::of("change", &[("score", score_key), ("old", &old)]))
    }
}
