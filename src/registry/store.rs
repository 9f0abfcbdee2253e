//! Saving, loading and listing models.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{Card, CardDraft, MODEL_FORMAT, RegistryError, card::hash, journal::Journal};
use crate::{
    atomic,
    domain::{Horizon, Target},
};

/// The folder `models/`.
#[derive(Debug, Clone)]
pub struct Registry {
    root: PathBuf,
}

/// A model that was read back whole: every file has the hash on its card, the card has the id of its folder, and the
/// features are those it was trained on.
#[derive(Debug, Clone)]
pub struct Champion<M> {
    card: Card,
    model: M,
}

impl<M> Champion<M> {
    /// What it is.
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// The model.
    pub const fn model(&self) -> &M {
        &self.model
    }

    /// Card and model apart.
    pub fn into_parts(self) -> (Card, M) {
        (self.card, self.model)
    }
}

/// One line of `headroom models list`.
#[derive(Debug)]
pub struct Listed {
    /// Its target, from the folder.
    pub target: Target,
    /// Its id, from the folder.
    pub id: String,
    /// Whether it is in use for its horizon.
    pub champion: bool,
    /// Its card, or why it cannot be used.
    pub card: Result<Card, RegistryError>,
}

impl Registry {
    /// The registry in `root`, usually `<project>/models`; the folder need not exist yet.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Stores `model` with its card and returns the card. The same content again changes nothing.
    ///
    /// # Errors
    /// If the model does not read back as written, or the file system refuses.
    pub fn save<M: Serialize + DeserializeOwned>(&self, training: CardDraft, model: &M) -> Result<Card, RegistryError> {
        let bytes = faithful_json(&training, model)?;
        let mut card = Card::seal(training, &bytes);
        let markdown = card.markdown();
        card.files.insert("card.md".into(), hash(markdown.as_bytes()));
        let folder = self.folder(card.training.target, &card.id);
        if folder.exists() && self.verified(card.training.target, &card.id).is_ok() {
            return Ok(card);
        }
        let mut json =
            serde_json::to_vec_pretty(&card).map_err(|failed| unfaithful(&card.training, failed.to_string()))?;
        json.push(b'\n');
        if serde_json::from_slice::<Card>(&json).ok().as_ref() != Some(&card) {
            return Err(unfaithful(&card.training, "its card holds a number that json cannot".into()));
        }
        atomic::publish_folder::<RegistryError>(&folder, |draft| {
            atomic::write_bytes(&draft.join("model.json"), &bytes)?;
            atomic::write_bytes(&draft.join("card.json"), &json)?;
            Ok(atomic::write_bytes(&draft.join("card.md"), markdown.as_bytes())?)
        })?;
        Ok(card)
    }

    /// Reads a model back; `feature_schema` is the hash of the catalogue it is about to be used with.
    ///
    /// # Errors
    /// If it is unknown, was changed, has another format or was trained on another feature schema.
    pub fn load<M: DeserializeOwned>(
        &self,
        target: Target,
        id: &str,
        feature_schema: &str,
    ) -> Result<Champion<M>, RegistryError> {
        let (card, bytes) = self.verified(target, id)?;
        if card.training.feature_schema != feature_schema {
            return Err(RegistryError::FeatureSchema {
                id: card.id,
                trained: card.training.feature_schema,
                current: feature_schema.into(),
            });
        }
        let model = parse_json(&self.folder(target, id).join("model.json"), &bytes)?;
        Ok(Champion { card, model })
    }

    /// The model in use for `target` over `horizon`.
    ///
    /// # Errors
    /// If there is none; otherwise as [`Registry::load`].
    pub fn champion<M: DeserializeOwned>(
        &self,
        target: Target,
        horizon: Horizon,
        feature_schema: &str,
    ) -> Result<Champion<M>, RegistryError> {
        let entry = self.in_use(target, horizon, None)?.ok_or(RegistryError::NoChampion { target, horizon })?;
        self.load(target, &entry.id, feature_schema)
    }

    /// All models by target, then id; a damaged one is listed with what is wrong with it.
    ///
    /// # Errors
    /// If a folder cannot be listed or a pointer cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, RegistryError> {
        let mut listed = Vec::new();
        for target in Target::ALL {
            let journal = self.journal(target)?;
            for id in folders(&self.root.join(target.name()))? {
                let card = self.verified(target, &id).map(|(card, _)| card);
                listed.push(Listed { target, champion: journal.is_champion(&id), card, id });
            }
        }
        Ok(listed)
    }

    /// The card of the one model whose id begins with `id`.
    ///
    /// # Errors
    /// If no model or several have such an id, or it was changed.
    pub fn show(&self, id: &str) -> Result<Card, RegistryError> {
        let mut known = self.list()?;
        let matches: Vec<usize> = (0..known.len()).filter(|&i| known[i].id.starts_with(id)).collect();
        match matches[..] {
            [one] => known.swap_remove(one).card,
            [] => Err(RegistryError::UnknownModel { id: id.into(), nearest: nearest(id, &known) }),
            _ => Err(RegistryError::AmbiguousModel {
                id: id.into(),
                found: matches.into_iter().map(|i| known[i].id.clone()).collect(),
            }),
        }
    }

    fn folder(&self, target: Target, id: &str) -> PathBuf {
        self.root.join(target.name()).join(id)
    }

    pub(super) fn journal_path(&self, target: Target) -> PathBuf {
        self.root.join(target.name()).join("journal.json")
    }

    pub(super) fn journal(&self, target: Target) -> Result<Journal, RegistryError> {
        Journal::read(&self.journal_path(target))
    }

    /// The card of a stored model, after every hash was compared.
    pub(super) fn card(&self, target: Target, id: &str) -> Result<Card, RegistryError> {
        Ok(self.verified(target, id)?.0)
    }

    /// Card and model bytes, after every hash was compared.
    fn verified(&self, target: Target, id: &str) -> Result<(Card, Vec<u8>), RegistryError> {
        let folder = self.folder(target, id);
        if id.is_empty() || id.contains(['/', '\\', '.']) || !folder.exists() {
            let nearest = folders(&self.root.join(target.name()))?.into_iter().next();
            return Err(RegistryError::UnknownModel { id: id.into(), nearest });
        }
        let path = folder.join("card.json");
        let bytes = read(&path)?;
        // The format comes first: a card of another format may not even parse as one of ours.
        let format: FormatOnly = parse_json(&path, &bytes)?;
        if format.versions.model_format != MODEL_FORMAT {
            let found = format.versions.model_format;
            return Err(RegistryError::ModelFormat { id: id.into(), found, expected: MODEL_FORMAT });
        }
        let card: Card = parse_json(&path, &bytes)?;
        for found in [card.derived_id(), card.id.clone()] {
            if found != id {
                return Err(RegistryError::Tampered { path, expected: id.into(), found });
            }
        }
        let mut model = None;
        for (name, expected) in &card.files {
            let path = folder.join(name);
            let bytes = read(&path)?;
            let found = hash(&bytes);
            if found != *expected {
                return Err(RegistryError::Tampered { path, expected: expected.clone(), found });
            }
            if name == "model.json" {
                model = Some(bytes);
            }
        }
        let model = model.ok_or_else(|| RegistryError::Read {
            path: folder.join("model.json"),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        Ok((card, model))
    }
}

#[derive(serde::Deserialize)]
struct FormatOnly {
    versions: FormatVersion,
}

#[derive(serde::Deserialize)]
struct FormatVersion {
    model_format: u32,
}

/// The model as JSON that is known to read back as the same JSON: a NaN would be written as null and lost.
fn faithful_json<M: Serialize + DeserializeOwned>(training: &CardDraft, model: &M) -> Result<Vec<u8>, RegistryError> {
    let text = |model: &M| serde_json::to_vec(model).map_err(|failed| unfaithful(training, failed.to_string()));
    let mut bytes = text(model)?;
    let back: M = serde_json::from_slice(&bytes).map_err(|failed| unfaithful(training, failed.to_string()))?;
    if text(&back)? != bytes {
        return Err(unfaithful(training, "a value differs after reading".into()));
    }
    bytes.push(b'\n');
    Ok(bytes)
}

fn unfaithful(training: &CardDraft, reason: String) -> RegistryError {
    RegistryError::Unfaithful { target: training.target, rung: training.rung.clone(), reason }
}

fn nearest(id: &str, known: &[Listed]) -> Option<String> {
    known
        .iter()
        .map(|listed| (strsim::jaro_winkler(&listed.id, id), &listed.id))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| id.clone())
}

fn folders(parent: &Path) -> Result<Vec<String>, RegistryError> {
    let refused = |source| RegistryError::Read { path: parent.into(), source };
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(refused(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(refused)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with(atomic::DRAFT) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, RegistryError> {
    fs::read(path).map_err(|source| RegistryError::Read { path: path.into(), source })
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, RegistryError> {
    parse_json(path, &read(path)?)
}

fn parse_json<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, RegistryError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|failed| RegistryError::Parse {
        path: path.into(),
        at: failed.path().to_string(),
        source: failed.into_inner(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backtest::{Duel, OriginPlan},
        domain::{Month, Seed},
        registry::{Act, CardMetric, DataWindow, Decision, DuelOutcome, Override},
        train::{Ladder, Recipe},
    };

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn recipe(name: &str) -> Recipe {
        let candidates = Ladder::default().candidates(Target::Growth);
        let find = |name: &str| candidates.iter().find(|candidate| candidate.name == name).unwrap();
        Recipe::new(find(name), find("base_alone"))
    }

    fn draft(verdict: &str) -> CardDraft {
        let horizon = Horizon::new(12).unwrap();
        CardDraft {
            target: Target::Growth,
            horizon,
            rung: "logistic".into(),
            step: 3,
            window: DataWindow { first: month("2017-01"), last: month("2021-10") },
            origins: OriginPlan {
                as_of: month("2021-10"),
                horizon,
                first: month("2017-01"),
                train: vec![month("2018-01"), month("2018-02")],
                calibrate: vec![],
                choose: vec![month("2019-10")],
                locked: Some(month("2020-10")),
            },
            feature_schema: "f1".into(),
            seed: Seed(7),
            recipe: recipe("logistic"),
            rows: 600,
            accounts: 300,
            looks: 1,
            claimed: true,
            verdict: verdict.into(),
            baseline: "base_alone".into(),
            metric: "log_loss".into(),
            tried: Vec::new(),
            coverage: Vec::new(),
            metrics: vec![CardMetric {
                origin: month("2020-10"),
                segment: "all".into(),
                metric: "auc".into(),
                value: 0.1 + 0.2,
                baseline_value: Some(0.5),
                difference_low: None,
                difference_high: Some(1.0 / 3.0),
                n: 300,
            }],
        }
    }

    fn home() -> (tempfile::TempDir, Registry) {
        let home = tempfile::tempdir().unwrap();
        let registry = Registry::open(home.path().join("models"));
        (home, registry)
    }

    #[test]
    fn a_model_reads_back_bit_for_bit_and_the_same_content_is_the_same_model() {
        let (_home, registry) = home();
        let model = vec![0.1 + 0.2, 1e-300, -0.0, f64::MAX];
        let card = registry.save(draft("v"), &model).unwrap();
        let bytes = |name: &str| fs::read(registry.folder(Target::Growth, &card.id).join(name)).unwrap();
        let before = (bytes("card.json"), bytes("card.md"), bytes("model.json"));
        assert_eq!(registry.save(draft("v"), &model).unwrap(), card);
        assert_eq!(before, (bytes("card.json"), bytes("card.md"), bytes("model.json")));
        let read: Champion<Vec<f64>> = registry.load(Target::Growth, &card.id, "f1").unwrap();
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(read.model()), bits(&model));
        assert_eq!(read.card(), &card);
        assert_ne!(registry.save(draft("w"), &model).unwrap().id, card.id);
        assert_ne!(registry.save(draft("v"), &vec![1.0]).unwrap().id, card.id);
    }

    #[test]
    fn a_changed_byte_in_any_file_is_refused_and_saving_again_repairs_it() {
        let (_home, registry) = home();
        let card = registry.save(draft("v"), &vec![1.5]).unwrap();
        let folder = registry.folder(Target::Growth, &card.id);
        for (name, from, to) in [
            ("model.json", "1.5", "1.6"),
            ("card.json", "\"claimed\": true", "\"claimed\": false"),
            ("card.md", "yes", "no"),
        ] {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{name}");
            fs::write(&path, text.replace(from, to)).unwrap();
            let refused = registry.load::<Vec<f64>>(Target::Growth, &card.id, "f1").unwrap_err();
            assert!(matches!(&refused, RegistryError::Tampered { path: found, .. } if *found == path), "{refused}");
            assert!(refused.hint().unwrap().contains("headroom train"));
            assert!(registry.crown(&card, Act::First, month("2021-10"), "again").is_err());
            let listed = registry.list().unwrap();
            assert!(listed.len() == 1 && listed[0].card.is_err(), "{name}");
            registry.save(draft("v"), &vec![1.5]).unwrap();
            assert!(registry.load::<Vec<f64>>(Target::Growth, &card.id, "f1").is_ok());
        }
    }

    #[test]
    fn a_card_under_another_models_name_is_refused() {
        let (_home, registry) = home();
        let card = registry.save(draft("v"), &vec![1.5]).unwrap();
        let other = registry.folder(Target::Growth, "0000000000000000");
        fs::rename(registry.folder(Target::Growth, &card.id), other).unwrap();
        let refused = registry.load::<Vec<f64>>(Target::Growth, "0000000000000000", "f1").unwrap_err();
        assert!(matches!(refused, RegistryError::Tampered { .. }));
    }

    #[test]
    fn another_feature_schema_or_format_is_refused_with_the_remedy() {
        let (_home, registry) = home();
        let card = registry.save(draft("v"), &vec![1.5]).unwrap();
        let refused = registry.load::<Vec<f64>>(Target::Growth, &card.id, "f2").unwrap_err();
        assert!(matches!(refused, RegistryError::FeatureSchema { .. }) && refused.hint().is_some());
        let path = registry.folder(Target::Growth, &card.id).join("card.json");
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace(&format!("\"model_format\": {MODEL_FORMAT}"), "\"model_format\": 1");
        fs::write(&path, text).unwrap();
        let refused = registry.load::<Vec<f64>>(Target::Growth, &card.id, "f1").unwrap_err();
        assert!(matches!(refused, RegistryError::ModelFormat { found: 1, .. }) && refused.hint().is_some());
    }

    #[test]
    fn a_model_that_json_cannot_hold_is_refused_before_it_is_written() {
        let (home, registry) = home();
        let refused = registry.save(draft("v"), &vec![f64::NAN]).unwrap_err();
        assert!(matches!(refused, RegistryError::Unfaithful { .. }));
        let mut odd = draft("v");
        odd.metrics[0].value = f64::INFINITY;
        assert!(matches!(registry.save(odd, &vec![1.0]), Err(RegistryError::Unfaithful { .. })));
        assert!(!home.path().join("models").exists());
    }

    fn person() -> Override {
        Override { by: "mw".into(), on: "2021-11-02".into(), reason: "the audit wants the old one".into() }
    }

    #[test]
    fn the_journal_keeps_what_is_in_use_per_horizon_and_month_and_says_nothing_twice() {
        let (_home, registry) = home();
        let (twelve, now) = (Horizon::new(12).unwrap(), month("2021-10"));
        let missing = registry.champion::<Vec<f64>>(Target::Growth, twelve, "f1").unwrap_err();
        assert!(matches!(missing, RegistryError::NoChampion { .. }));
        let one = registry.save(draft("v"), &vec![1.0]).unwrap();
        let two = registry.save(draft("v"), &vec![2.0]).unwrap();
        let mut short = draft("v");
        short.horizon = Horizon::new(3).unwrap();
        let three = registry.save(short, &vec![3.0]).unwrap();
        assert!(registry.crown(&one, Act::First, now, "first").unwrap());
        assert!(registry.crown(&two, Act::Refit, now.plus(2), "newer").unwrap());
        assert!(!registry.crown(&two, Act::Refit, now.plus(2), "newer").unwrap());
        assert!(registry.crown(&three, Act::First, now, "first").unwrap());
        let entries = registry.history(Target::Growth, twelve).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), [&one.id, &two.id]);
        assert_eq!(entries[1].since, now, "a refit keeps its recipe's month");
        assert_eq!(registry.champion::<Vec<f64>>(Target::Growth, twelve, "f1").unwrap().model(), &[2.0]);
        let at = |month: Month| registry.in_use(Target::Growth, twelve, Some(month)).unwrap().map(|entry| entry.id);
        assert_eq!((at(now.plus(-1)), at(now.plus(1))), (None, Some(one.id)));
        let champions: Vec<String> =
            registry.list().unwrap().into_iter().filter(|l| l.champion).map(|l| l.id).collect();
        assert_eq!(champions.len(), 2);
        assert!(champions.contains(&two.id) && champions.contains(&three.id));
    }

    #[test]
    fn rolling_back_goes_one_model_back_each_time_and_names_who_did_it() {
        let (_home, registry) = home();
        let twelve = Horizon::new(12).unwrap();
        let cards: Vec<Card> = [1.0, 2.0, 3.0].map(|value| registry.save(draft("v"), &vec![value]).unwrap()).into();
        for (card, later) in cards.iter().zip(0..) {
            registry.crown(card, Act::Refit, month("2021-08").plus(later), "newer").unwrap();
        }
        let back = || registry.rollback(Target::Growth, twelve, &person());
        assert_eq!(back().unwrap(), cards[1]);
        assert_eq!(back().unwrap(), cards[0]);
        assert!(matches!(back().unwrap_err(), RegistryError::NothingBefore { .. }));
        let entry = registry.in_use(Target::Growth, twelve, None).unwrap().unwrap();
        assert_eq!((entry.act, entry.by.as_deref()), (Act::RolledBack, Some("mw")));
        assert!(registry.force(&cards[2], &person()).unwrap());
        assert_eq!(registry.in_use(Target::Growth, twelve, None).unwrap().unwrap().id, cards[2].id);
    }

    #[test]
    fn a_challenger_takes_over_only_as_the_method_allows() {
        let (_home, registry) = home();
        let now = month("2021-10");
        let no_duel =
            |_: [&Recipe; 2], _: Month| -> Result<DuelOutcome, RegistryError> { panic!("nothing to compare") };
        let champion = registry.save(draft("v"), &vec![1.0]).unwrap();
        let first = registry.decide(&champion, now, no_duel).unwrap();
        assert!(matches!(first, Decision::Promote { act: Act::First, .. }));
        registry.crown(&champion, Act::First, now, "first").unwrap();
        assert_eq!(registry.decide(&champion, now, no_duel).unwrap(), Decision::Reigns { id: champion.id.clone() });
        let refit = registry.save(draft("v"), &vec![2.0]).unwrap();
        let newer = registry.decide(&refit, now.plus(1), no_duel).unwrap();
        assert!(matches!(newer, Decision::Promote { act: Act::Refit, .. }));

        let mut other = draft("v");
        other.recipe = recipe("shrinkage");
        let challenger = registry.save(other, &vec![3.0]).unwrap();
        let duel = |difference: f64, standard_error: f64| Duel {
            target: Target::Growth,
            metric: "log_loss".into(),
            rounds: Vec::new(),
            difference,
            standard_error,
        };
        let decide = |outcome: DuelOutcome| {
            registry
                .decide(&challenger, now.plus(1), |_, since| {
                    assert_eq!(since, now);
                    Ok::<_, RegistryError>(outcome)
                })
                .unwrap()
        };
        assert!(matches!(decide(Ok(duel(0.01, 0.02))), Decision::Promote { act: Act::Won, .. }));
        let kept = decide(Ok(duel(0.03, 0.02)));
        assert!(matches!(&kept, Decision::Keep { hold: Some(hold), .. } if !hold.forced), "{kept:?}");
        let Decision::Keep { reason, entry, .. } = decide(Err("nothing closed".into())) else { panic!() };
        assert!(reason.contains("nothing closed"));
        assert!(registry.keep(&challenger, &entry, now, &reason).unwrap());
        assert!(!registry.keep(&challenger, &entry, now, &reason).unwrap());

        registry.force(&challenger, &person()).unwrap();
        let pinned = registry.decide(&refit, now, no_duel).unwrap();
        assert!(matches!(&pinned, Decision::Keep { hold: Some(hold), .. } if hold.forced), "{pinned:?}");
        registry.rollback(Target::Growth, Horizon::new(12).unwrap(), &person()).unwrap();
        let deposed = registry.decide(&challenger, now.plus(1), no_duel).unwrap();
        assert!(matches!(deposed, Decision::Keep { .. }), "{deposed:?}");
    }

    #[test]
    fn a_model_is_shown_by_the_beginning_of_its_id() {
        let (_home, registry) = home();
        let one = registry.save(draft("v"), &vec![1.0]).unwrap();
        let two = registry.save(draft("v"), &vec![2.0]).unwrap();
        assert_eq!(registry.show(&one.id[..8]).unwrap(), one);
        assert!(matches!(registry.show(""), Err(RegistryError::AmbiguousModel { found, .. }) if found.len() == 2));
        let mut typo = two.id.clone();
        typo.replace_range(15..16, "x");
        let unknown = registry.show(&typo).unwrap_err();
        assert!(unknown.to_string().contains(&format!("did you mean `{}`", two.id)), "{unknown}");
    }
}
