//! Every feature, declared once: name, family, unit, window, definition.

use polars::prelude::DataType;

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
    /// Window in months before `t`, if any.
    pub window: Option<u8>,
    /// What it is, in one sentence.
    pub definition: &'static str,
}

/// All features in column order.
pub const FEATURES: &[Feature] = &[];

/// Name and type of each column, in order.
pub fn columns() -> impl Iterator<Item = (&'static str, DataType)> {
    FEATURES.iter().map(|f| {
        (
            f.name,
            match f.kind {
                Kind::Number => DataType::Float64,
                Kind::Category => DataType::String,
            },
        )
    })
}

/// All features in column order.
pub fn features() -> &'static [Feature] {
    FEATURES
}

/// A fingerprint of the declarations: a model fitted on other features has another one.
pub fn schema_hash() -> String {
    let mut hasher = blake3::Hasher::new();
    for feature in features() {
        hasher.update(format!("{feature:?}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
