//! Every feature, declared once: name, family, kind, unit, window, definition.
//!
//! Each family declares its features beside the code that computes them; the catalogue strings them together in
//! column order. The frame's columns, the schema hash, `docs/features.md` and the oracle test all derive from it. It
//! computes no feature.

use std::{fmt::Write, sync::LazyLock};

use polars::prelude::DataType;

use super::{
    assortment, class, complaints, contacts, dialogue, firmographics, frequency, monetary, opportunities, payment,
    public, recency, seasonality, survey, tenure, trend,
};

/// How a feature enters a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number, `Float64`.
    Number,
    /// A category, `String`.
    Category,
}

/// The declaration of one feature.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Column name.
    pub name: &'static str,
    /// Family, which is also the file that computes it.
    pub family: &'static str,
    /// Number or category.
    pub kind: Kind,
    /// Unit, such as `months`, `currency`, `share`.
    pub unit: &'static str,
    /// Window in months up to `t`, if any. A window that reaches back beyond the first month of data is unknown: null.
    pub window: Option<u8>,
    /// Whether it would hold if the account bought everything from us, which is what METHOD's `peer_level` may use.
    pub own_share_free: bool,
    /// What it is, in one sentence.
    pub definition: &'static str,
}

impl Feature {
    /// A number of `family`, over no window and an effect of our own share unless said otherwise.
    pub(super) const fn number(
        family: &'static str,
        name: &'static str,
        unit: &'static str,
        definition: &'static str,
    ) -> Self {
        Self { name, family, kind: Kind::Number, unit, window: None, own_share_free: false, definition }
    }

    /// A category of `family`.
    pub(super) const fn category(family: &'static str, name: &'static str, definition: &'static str) -> Self {
        Self { kind: Kind::Category, ..Self::number(family, name, "category", definition) }
    }

    /// The same over a window of `months` up to `t`.
    pub(super) const fn over(self, months: u8) -> Self {
        Self { window: Some(months), ..self }
    }

    /// The same, marked as independent of our own share of the account's purchases.
    pub(super) const fn own_share_free(self) -> Self {
        Self { own_share_free: true, ..self }
    }
}

static FEATURES: LazyLock<Vec<Feature>> = LazyLock::new(|| {
    let families: [&[Feature]; 16] = [
        &recency::FEATURES,
        &frequency::FEATURES,
        &monetary::FEATURES,
        &class::FEATURES,
        &trend::FEATURES,
        &seasonality::FEATURES,
        &assortment::FEATURES,
        &tenure::FEATURES,
        &firmographics::FEATURES,
        &payment::FEATURES,
        &survey::FEATURES,
        &complaints::FEATURES,
        &dialogue::FEATURES,
        &contacts::FEATURES,
        &opportunities::FEATURES,
        &public::FEATURES,
    ];
    families.concat()
});

/// All features in column order.
pub fn features() -> &'static [Feature] {
    &FEATURES
}

/// Name and type of each column, in order.
pub fn columns() -> impl Iterator<Item = (&'static str, DataType)> {
    features().iter().map(|feature| {
        (
            feature.name,
            match feature.kind {
                Kind::Number => DataType::Float64,
                Kind::Category => DataType::String,
            },
        )
    })
}

/// A fingerprint of the declarations: a model fitted on other features has another one.
pub fn schema_hash() -> String {
    let mut hasher = blake3::Hasher::new();
    for feature in features() {
        hasher.update(format!("{feature:?}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The catalogue as the text of `docs/features.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Features\n\n\
         Generated from the catalogue (`src/features/catalogue.rs`); a test fails when this page is out of date.\n\n\
         Every feature speaks of one account at the end of month `t` and uses only facts that happened by then and \
         were known by then. An empty cell of the frame means unknown, never zero: whatever was never recorded, and \
         any count or sum of orders over a window that reaches back beyond the first month of data (gaps between order \
         days and payment days are judged by what there is of the window). Amounts are in the report currency. \
         *Own-share free* marks what would hold if the account bought everything from us.\n",
    );
    let mut family = "";
    for feature in features() {
        if feature.family != family {
            family = feature.family;
            let _ = write!(
                text,
                "\n## {family}\n\n| name | unit | window (months) | own-share free | definition |\n|---|---|---|---|---|\n"
            );
        }
        let window = feature.window.map(|months| months.to_string()).unwrap_or_default();
        let free = if feature.own_share_free { "yes" } else { "" };
        let _ =
            writeln!(text, "| `{}` | {} | {window} | {free} | {} |", feature.name, feature.unit, feature.definition);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_feature_is_declared_twice() {
        let names: BTreeSet<_> = features().iter().map(|feature| feature.name).collect();
        assert_eq!(names.len(), features().len());
    }

    #[test]
    fn peers_are_never_compared_by_effects_of_our_own_share() {
        for feature in features().iter().filter(|feature| feature.own_share_free) {
            assert!(
                ["assortment", "tenure", "firmographics", "payment"].contains(&feature.family),
                "{} is not on METHOD's list for peer_level",
                feature.name
            );
            assert!(!["count", "orders", "currency"].contains(&feature.unit), "{}", feature.name);
        }
    }

    #[test]
    fn the_page_of_features_is_up_to_date() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/features.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(page, markdown()).expect("docs/features.md can be written");
        }
        let text = std::fs::read_to_string(page).expect("docs/features.md exists");
        assert_eq!(text, markdown(), "run this test with UPDATE_DOCS=1 to write docs/features.md anew");
    }
}
