//! The card of a model: recipe, data window, origins, population, schema, seed, measures by class beside the baseline,
//! what else was tried, verdict, versions, hashes. Its words are in [`super::markdown`].
//!
//! Field order is the order in the file. The card carries no clock time: two identical trainings are one model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    backtest::{Coverage, OriginPlan, RungResult},
    domain::{Horizon, Month, Seed, Target},
    train::Recipe,
};

/// The layout of `model.json` and of the card; a change of either that older code would misread raises it.
pub const MODEL_FORMAT: u32 = 2;

/// First and last month of the data a model was refitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataWindow {
    /// First month with data.
    pub first: Month,
    /// The as-of month of the training.
    pub last: Month,
}

/// One measure on one origin and segment, beside the baseline on the same accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardMetric {
    /// The origin.
    pub origin: Month,
    /// `all`, or an ABC class.
    pub segment: String,
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
    /// What it was made by.
    pub recipe: Recipe,
    /// The data it was refitted on.
    pub window: DataWindow,
    /// Rows (accounts times origins) it was refitted on.
    pub rows: usize,
    /// Distinct accounts among them.
    pub accounts: usize,
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
    /// The loss that decides.
    pub metric: String,
    /// How often the locked origin had been looked at.
    pub looks: u32,
    /// All that was tried on the selection origins, with what became of it.
    pub tried: Vec<RungResult>,
    /// Misses of the prediction interval, all accounts first, then by class.
    pub coverage: Vec<Coverage>,
    /// The measures on the selection origins and the locked one, all accounts and by class.
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
