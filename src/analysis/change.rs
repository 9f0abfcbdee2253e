//! What moved since last month, split exactly into data, behaviour and model (METHOD section 7).
//!
//! ```text
//! data      = score(old model, t-1, known by t) - score(old model, t-1, known by t-1)
//! behaviour = score(old model, t)               - score(old model, t-1, known by t)
//! model     = score(new model, t)               - score(old model, t)
//! ```
//!
//! The three telescope: before + data + behaviour + model = after. An account that is not scored in both months has no
//! parts, since nothing is expected of it in one of them.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::AnalysisError;
use crate::{backtest::Trained, domain::Target, features::Slice};

/// The figures that are followed.
const FIGURES: [Target; 3] = [Target::ExpectedRevenue, Target::ExpectedMargin, Target::Growth];

/// Status of an account, and its figure a month ago, the three parts, and the figure now.
type Row = (&'static str, [Option<f64>; 5]);

/// Three views of the facts, all of one horizon.
#[derive(Debug, Clone, Copy)]
pub struct Views<'a> {
    /// `t - 1`, known by `t - 1`: what the last report saw.
    pub before: &'a Slice,
    /// `t - 1`, known by `t`: the same month with what came late.
    pub revised: &'a Slice,
    /// `t`.
    pub now: &'a Slice,
}

/// The parts of one change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The figure a month ago.
    pub before: f64,
    /// What came late or was corrected.
    pub data: f64,
    /// What the account did.
    pub behaviour: f64,
    /// What another model makes of it.
    pub model: f64,
    /// The figure now.
    pub after: f64,
}

/// An account whose expected revenue moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mover {
    /// The account.
    pub customer_id: String,
    /// How its expected revenue moved.
    pub part: Part,
}

/// What moved.
#[derive(Debug, Clone)]
pub struct Changes {
    /// One row per account and figure: `customer_id, figure, status, before, data, behaviour, model, after`; ordered by
    /// account, then figure. `status` is stayed, entered or left; parts are null unless it stayed.
    pub frame: DataFrame,
    /// Whether last month's models are known; without them, those of today stand for both and `model` is 0.
    pub has_old_models: bool,
}

impl Changes {
    /// The sums of expected revenue over the accounts that stayed.
    ///
    /// # Errors
    /// If the frame lacks a column.
    pub fn total(&self) -> Result<Part, AnalysisError> {
        let mut total = Part::default();
        for Mover { part, .. } in self.all()? {
            total.before += part.before;
            total.data += part.data;
            total.behaviour += part.behaviour;
            total.model += part.model;
            total.after += part.after;
        }
        Ok(total)
    }

    /// The `n` accounts whose expected revenue moved most, largest first, ties by id.
    ///
    /// # Errors
    /// If the frame lacks a column.
    pub fn movers(&self, n: usize) -> Result<Vec<Mover>, AnalysisError> {
        let mut all = self.all()?;
        all.retain(|mover| mover.part.after != mover.part.before);
        let size = |mover: &Mover| (mover.part.after - mover.part.before).abs();
        all.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.customer_id.cmp(&b.customer_id)));
        all.truncate(n);
        Ok(all)
    }

    /// The change of one account and figure; `None` unless it stayed.
    ///
    /// # Errors
    /// If the frame lacks a column.
    pub fn of(&self, customer_id: &str, figure: Target) -> Result<Option<Part>, AnalysisError> {
        Ok(self.parts(figure)?.into_iter().find(|mover| mover.customer_id == customer_id).map(|mover| mover.part))
    }

    fn all(&self) -> Result<Vec<Mover>, AnalysisError> {
        self.parts(Target::ExpectedRevenue)
    }

    fn parts(&self, wanted: Target) -> Result<Vec<Mover>, AnalysisError> {
        let (ids, figures) = (self.frame.column("customer_id")?.str()?, self.frame.column("figure")?.str()?);
        let number = |name: &str| -> PolarsResult<&Float64Chunked> { self.frame.column(name)?.f64() };
        let (before, data, behaviour, model, after) =
            (number("before")?, number("data")?, number("behaviour")?, number("model")?, number("after")?);
        let mut found = Vec::new();
        for row in 0..self.frame.height() {
            if figures.get(row) != Some(wanted.name()) {
                continue;
            }
            if let (Some(id), Some(before), Some(data), Some(behaviour), Some(model), Some(after)) =
                (ids.get(row), before.get(row), data.get(row), behaviour.get(row), model.get(row), after.get(row))
            {
                let part = Part { before, data, behaviour, model, after };
                found.push(Mover { customer_id: id.to_owned(), part });
            }
        }
        Ok(found)
    }
}

/// Splits every account's change; `old` are the models that were in use a month ago, `new` those of today.
///
/// # Errors
/// If a model does not fit a slice.
pub fn changes(views: &Views<'_>, old: Option<&[Trained]>, new: &[Trained]) -> Result<Changes, AnalysisError> {
    let mut rows: BTreeMap<(String, usize), Row> = BTreeMap::new();
    let mut has_old_models = true;
    for (place, target) in FIGURES.into_iter().enumerate() {
        let Some(new) = new.iter().find(|model| model.target == target) else { continue };
        let known = old.and_then(|models| models.iter().find(|model| model.target == target));
        has_old_models &= known.is_some();
        let old = known.unwrap_or(new);
        let before = by_account(views.before, &old.predict(views.before)?);
        let revised = by_account(views.revised, &old.predict(views.revised)?);
        let now = by_account(views.now, &old.predict(views.now)?);
        let after = by_account(views.now, &new.predict(views.now)?);
        for (id, first) in &before {
            let entry = match (now.get(id), after.get(id)) {
                (Some(now), Some(after)) => {
                    // late data may have taken the account out of last month's population; then they explain nothing
                    let middle = revised.get(id).unwrap_or(first);
                    let parts = [*first, middle - first, now - middle, after - now, *after];
                    ("stayed", parts.map(Some))
                }
                _ => ("left", [Some(*first), None, None, None, None]),
            };
            rows.insert(((*id).to_owned(), place), entry);
        }
        for (id, last) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
            rows.insert(((*id).to_owned(), place), ("entered", [None, None, None, None, Some(*last)]));
        }
    }
    let column = |at: usize| rows.values().map(|(_, parts)| parts[at]).collect::<Vec<Option<f64>>>();
    let frame = df! {
        "customer_id" => rows.keys().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        "figure" => rows.keys().map(|(_, place)| FIGURES[*place].name()).collect::<Vec<_>>(),
        "status" => rows.values().map(|(status, _)| *status).collect::<Vec<_>>(),
        "before" => column(0),
        "data" => column(1),
        "behaviour" => column(2),
        "model" => column(3),
        "after" => column(4),
    }?;
    Ok(Changes { frame, has_old_models })
}

fn by_account<'a>(slice: &'a Slice, values: &[f64]) -> BTreeMap<&'a str, f64> {
    slice.features().accounts().iter().flatten().zip(values.iter().copied()).collect()
}
