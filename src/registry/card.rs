//! The card of a model: data window, origins, schema, seed, measures beside the baseline, verdict, versions, hashes.
//!
//! Field order is the order in the file. The card carries no clock time: two identical trainings are one model.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

use crate::{
    backtest::OriginPlan,
    domain::{Horizon, Month, Seed, Target},
};

/// The layout of `model.json` and of the card; a change of either that older code would misread raises it.
pub const MODEL_FORMAT: u32 = 1;

/// First and last month of the data a model was refitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataWindow {
    /// First month with data.
    pub first: Month,
    /// The as-of month of the training.
    pub last: Month,
}

/// One measure on one origin, beside the baseline on the same accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardMetric {
    /// The origin.
    pub origin: Month,
    /// The measure, as in `backtest.parquet`.
    pub metric: String,
    /// The model's value.
    pub value: f64,
    /// The baseline's value.
    pub baseline_value: Option<f64>,
    /// Lower bound (90 %, bootstrap by account) of the paired difference `value - baseline_value`.
    pub difference_low: Option<f64>,
    /// Its upper bound.
    pub difference_high: Option<f64>,
    /// Accounts.
    pub n: u64,
}

/// What wrote the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of headroom.
    pub headroom: String,
    /// Hash of its sources.
    pub code_hash: String,
    /// [`MODEL_FORMAT`].
    pub model_format: u32,
}

impl Versions {
    /// Of this binary.
    pub fn current() -> Self {
        Self {
            headroom: env!("CARGO_PKG_VERSION").into(),
            code_hash: env!("HEADROOM_CODE_HASH").into(),
            model_format: MODEL_FORMAT,
        }
    }
}

/// Everything on a card that the training knows; the registry adds versions, hashes and the id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardDraft {
    /// What is predicted.
    pub target: Target,
    /// Months ahead.
    pub horizon: Horizon,
    /// The rung of the ladder.
    pub rung: String,
    /// Its step, 0 to 5.
    pub step: u8,
    /// The data it was refitted on.
    pub window: DataWindow,
    /// Which origins served for what.
    pub origins: OriginPlan,
    /// Hash of the feature catalogue it was trained on.
    pub feature_schema: String,
    /// Seed of the run.
    pub seed: Seed,
    /// Whether skill over the baseline may be claimed.
    pub claimed: bool,
    /// The plain verdict in one sentence.
    pub verdict: String,
    /// The baseline it is measured against.
    pub baseline: String,
    /// The measures on the selection origins and the locked one.
    pub metrics: Vec<CardMetric>,
}

/// The card as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// First 16 hex digits of BLAKE3 over the rest of the card and the model's hash.
    pub id: String,
    /// What the training knew.
    #[serde(flatten)]
    pub training: CardDraft,
    /// What wrote it.
    pub versions: Versions,
    /// BLAKE3 of every other file of the folder, by name.
    pub files: BTreeMap<String, String>,
}

impl Card {
    /// The card of a model whose `model.json` is `model`, still without the hash of the readable card.
    pub(super) fn seal(training: CardDraft, model: &[u8]) -> Self {
        let versions = Versions::current();
        let files = BTreeMap::from([("model.json".to_owned(), hash(model))]);
        let mut card = Self { id: String::new(), training, versions, files };
        card.id = card.derived_id();
        card
    }

    /// The id that this content has; another than `id` if the card was edited.
    pub(super) fn derived_id(&self) -> String {
        let content = serde_json::json!([self.training, self.versions, self.files.get("model.json")]);
        hash(content.to_string().as_bytes())[..16].to_owned()
    }

    /// The card in words, for `card.md`.
    pub fn markdown(&self) -> String {
        let Self { id, training: t, versions, .. } = self;
        let months = |months: &[Month]| match months {
            [] => "none".to_owned(),
            [one] => one.to_string(),
            [first, .., last] => format!("{first} to {last} ({})", months.len()),
        };
        let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        let mut text = format!("# {} over {}: {}\n\n{}\n\n", t.target, t.horizon, t.rung, t.verdict);
        let mut line = |name: &str, value: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "- {name}: {value}");
        };
        line("model", id.clone());
        line("rung", format!("{} (step {}), against the baseline {}", t.rung, t.step, t.baseline));
        line("skill claimed", if t.claimed { "yes" } else { "no" }.into());
        line("data", format!("{} to {}", t.window.first, t.window.last));
        line("trained on origins", months(&t.origins.train));
        line("calibrated on", months(&t.origins.calibrate));
        line("chosen on", months(&t.origins.choose));
        line("judged on", t.origins.locked.map_or_else(|| "none, too little history".into(), |m| m.to_string()));
        line("seed", t.seed.0.to_string());
        line("feature schema", t.feature_schema.clone());
        line(
            "headroom",
            format!("{} ({}), model format {}", versions.headroom, versions.code_hash, versions.model_format),
        );
        if !t.metrics.is_empty() {
            text.push_str(
                "\n| origin | measure | model | baseline | difference from | to | accounts |\n|---|---|---|---|---|---|---|\n",
            );
            for m in &t.metrics {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    m.origin,
                    m.metric,
                    number(Some(m.value)),
                    number(m.baseline_value),
                    number(m.difference_low),
                    number(m.difference_high),
                    m.n
                );
            }
        }
        text
    }
}

/// One id for the set of models that made a table of scores: 16 hex digits, independent of their order.
pub fn run_id<'a>(model_ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut ids: Vec<&str> = model_ids.into_iter().collect();
    ids.sort_unstable();
    hash(ids.join("\n").as_bytes())[..16].to_owned()
}

pub(super) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
