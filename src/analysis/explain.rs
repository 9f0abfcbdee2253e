//! One account on one page: every figure with its interval, the model and the baseline behind it, what moved it, and how
//! good that model has been.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{AnalysisError, Changes, Part};
use crate::{
    backtest::{BacktestReport, Trained},
    domain::{Horizon, Month, Target},
    features::{
        Slice,
        catalogue::{Kind, features},
    },
    rank::{Ranking, Reason},
};

/// Causes shown for a figure; the rest are summed.
const MOST_CAUSES: usize = 8;

/// What an explanation is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The account, by its leading id.
    pub customer_id: &'a str,
    /// The finished ranking.
    pub ranking: &'a Ranking,
    /// The slice that was scored.
    pub slice: &'a Slice,
    /// The models that scored, each with its id.
    pub models: &'a [(String, &'a Trained)],
    /// How good their recipes were.
    pub report: &'a BacktestReport,
    /// What moved since last month, where that is known.
    pub changes: Option<&'a Changes>,
}

/// A column of a model and how far it moved the account's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The column: a feature, `feature=level`, `feature?` (not known), or `baseline/anchor`.
    pub column: String,
    /// The account's value, of a numeric feature.
    pub value: Option<f64>,
    /// The population's median.
    pub typical: Option<f64>,
    /// On the model's own scale: log ratio to the baseline for money, log odds for probabilities.
    pub contribution: f64,
}

/// One figure of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is.
    pub target: Target,
    /// The figure.
    pub value: f64,
    /// Its model.
    pub model: String,
    /// The rung.
    pub rung: String,
    /// The baseline's name and, where it is a column, its raw value for this account.
    pub baseline: (String, Option<f64>),
    /// What moved it most, strongest first; empty where the rung cannot say.
    pub causes: Vec<Cause>,
    /// The sum of all other contributions.
    pub others: f64,
    /// How good the recipe has been, in one sentence.
    pub evidence: String,
    /// Its change since last month.
    pub change: Option<Part>,
}

/// Everything about one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// The account.
    pub customer_id: String,
    /// The month.
    pub as_of: Month,
    /// Months ahead.
    pub horizon: Horizon,
    /// Every column of its row in `scores.parquet`, in order, as text; `-` where there is none.
    pub row: Vec<(String, String)>,
    /// Figure by figure; empty for an account outside the population.
    pub figures: Vec<Figure>,
    /// Reasons for and against.
    pub reasons: Vec<Reason>,
}

/// Explains one account.
///
/// # Errors
/// If there is no such account (with the nearest id), or a model does not fit the slice.
pub fn explain(subject: &Subject<'_>) -> Result<Dossier, AnalysisError> {
    let table = subject.ranking.table();
    let as_of = subject.slice.as_of().at();
    let ids = table.column("customer_id")?.str()?;
    let Some(row) = ids.iter().position(|id| id == Some(subject.customer_id)) else {
        let nearest = ids
            .iter()
            .flatten()
            .map(|id| (strsim::jaro_winkler(id, subject.customer_id), id))
            .filter(|(similarity, _)| *similarity > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
            .map(|(_, id)| id.to_owned());
        return Err(AnalysisError::UnknownAccount { id: subject.customer_id.into(), as_of, nearest });
    };
    let place = subject.slice.features().accounts().iter().position(|id| id == Some(subject.customer_id));
    let figures = match place {
        None => Vec::new(),
        Some(place) => {
            subject.models.iter().map(|(id, model)| figure(subject, place, id, model)).collect::<Result<_, _>>()?
        }
    };
    let reasons = &subject.ranking.parts().reasons;
    Ok(Dossier {
        customer_id: subject.customer_id.to_owned(),
        as_of,
        horizon: subject.slice.horizon(),
        row: table
            .columns()
            .iter()
            .map(|column| Ok((column.name().to_string(), shown(&column.get(row)?))))
            .collect::<Result<_, AnalysisError>>()?,
        figures,
        reasons: reasons
            .iter()
            .find(|reasons| reasons.customer_id == subject.customer_id)
            .map(|reasons| reasons.reasons.clone())
            .unwrap_or_default(),
    })
}

fn shown(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "-".into(),
        AnyValue::Float64(v) if v.abs() >= 10.0 => format!("{v:.0}"),
        AnyValue::Float64(v) => format!("{v:.3}"),
        AnyValue::String(text) => (*text).to_owned(),
        other => other.to_string(),
    }
}

fn figure(subject: &Subject<'_>, place: usize, id: &str, model: &Trained) -> Result<Figure, AnalysisError> {
    let slice = subject.slice;
    let value = model.predict(slice)?[place];
    let column = model.baseline.strip_suffix("_recalibrated").unwrap_or(&model.baseline);
    let carried = slice.baselines().numbers(column).ok().map(|values| values[place]);
    let mut causes = Vec::new();
    if let Some(contributions) = model.contributions(slice)? {
        let row = contributions.values.row(place);
        let mut numeric: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (name, contribution) in contributions.names.iter().zip(row.iter()) {
            let declared =
                features().iter().find(|feature| feature.name == name.as_str() && feature.kind == Kind::Number);
            let values = match declared {
                Some(feature) => Some(match numeric.entry(feature.name) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(free) => {
                        free.insert(slice.features().numbers(feature.name)?)
                    }
                }),
                None => None,
            };
            causes.push(Cause {
                column: name.clone(),
                value: values.as_ref().map(|values| values[place]).filter(|value| !value.is_nan()),
                typical: values.as_ref().and_then(|values| median(values)),
                contribution: *contribution,
            });
        }
        causes.sort_by(|a, b| {
            b.contribution.abs().total_cmp(&a.contribution.abs()).then_with(|| a.column.cmp(&b.column))
        });
        causes.retain(|cause| cause.contribution != 0.0);
    }
    let others = causes.iter().skip(MOST_CAUSES).map(|cause| cause.contribution).sum();
    causes.truncate(MOST_CAUSES);
    let change = match subject.changes {
        Some(changes) => changes.of(subject.customer_id, model.target)?,
        None => None,
    };
    let judged = subject.report.targets.iter().find(|report| report.target == model.target);
    Ok(Figure {
        target: model.target,
        value,
        model: id.to_owned(),
        rung: model.rung.clone(),
        baseline: (model.baseline.clone(), carried),
        causes,
        others,
        evidence: judged.map_or_else(|| "not judged".to_owned(), |report| report.verdict.clone()),
        change,
    })
}

fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

impl Dossier {
    /// The page as lines of text; `reasons` are its reasons in words, for and against.
    pub fn lines(&self, name: Option<&str>, reasons: &(Vec<String>, Vec<String>)) -> Vec<String> {
        let of = |column: &str| self.row.iter().find(|(name, _)| name == column).map_or("-", |(_, value)| value);
        let named = name.map_or_else(String::new, |name| format!(" ({name})"));
        let mut lines = vec![
            format!("{}{named} as of {}, {} ahead", self.customer_id, self.as_of, self.horizon),
            format!(
                "rank {}, ABC {} by margin, {} by revenue; potential {}; service level {}; can buy more: {}",
                of("rank"),
                of("abc_class"),
                of("abc_class_revenue"),
                of("potential_band"),
                of("service_level"),
                of("can_buy_more")
            ),
            format!("last 12 months: revenue {}, margin {}", of("revenue_last"), of("margin_last")),
            format!(
                "expected revenue {} (80 % of such accounts come out between {} and {})",
                of("expected_revenue"),
                of("expected_revenue_low"),
                of("expected_revenue_high")
            ),
            format!("good year {}, comparable companies {}", of("stretch_revenue"), of("peer_revenue")),
            format!(
                "headroom {} against {} (80 % estimation interval {} to {}), in margin {}",
                of("headroom_revenue"),
                of("level_used"),
                of("headroom_low"),
                of("headroom_high"),
                of("headroom_margin")
            ),
        ];
        if self.figures.is_empty() {
            lines.push("the account is not scored: no order in 24 months, or its status keeps it out".into());
        }
        for (title, list) in [("for", &reasons.0), ("against", &reasons.1)] {
            lines.extend(list.iter().map(|reason| format!("{title}: {reason}")));
        }
        for figure in &self.figures {
            lines.push(String::new());
            lines.extend(figure.lines());
        }
        lines
    }
}

impl Figure {
    fn lines(&self) -> Vec<String> {
        let number = |value: f64| if value.abs() >= 10.0 { format!("{value:.0}") } else { format!("{value:.3}") };
        let carried = self.baseline.1.map_or_else(String::new, |value| format!(" = {}", number(value)));
        let mut lines = vec![
            format!("{}: {} by {} (model {})", self.target, number(self.value), self.rung, self.model),
            format!("  baseline {}{carried}", self.baseline.0),
            format!("  evidence: {}", self.evidence),
        ];
        if let Some(Part { before, data, behaviour, model, after }) = self.change {
            let signed = |value: f64| format!("{}{}", if value < 0.0 { "-" } else { "+" }, number(value.abs()));
            lines.push(format!(
                "  since last month: {} -> {} (late data {}, behaviour {}, model {})",
                number(before),
                number(after),
                signed(data),
                signed(behaviour),
                signed(model)
            ));
        }
        if self.causes.is_empty() {
            lines.push("  no contributions: this rung gives one figure to all of a kind".into());
            return lines;
        }
        let scale = match self.target {
            Target::Growth | Target::Inactivity => "log odds",
            _ => "log ratio to the baseline",
        };
        lines.push(format!("  contributions against an average account, in {scale}:"));
        for Cause { column, value, typical, contribution } in &self.causes {
            let detail = match (value, typical) {
                (Some(value), Some(typical)) => format!("  {} (usually {})", number(*value), number(*typical)),
                _ => String::new(),
            };
            lines.push(format!("  {contribution:+.3}  {column}{detail}"));
        }
        if self.others != 0.0 {
            lines.push(format!("  {:+.3}  everything else", self.others));
        }
        lines
    }
}
