//! Texts and number formats of one report together, and the names of things that other stages call by a code.

use super::{ReportError, locale::Locale, model::Report, text::Texts};
use crate::{
    config::Language,
    domain::{AbcClass, PotentialBand, ServiceLevel, Target},
};

/// How a report speaks.
#[derive(Debug, Clone)]
pub struct Voice {
    /// Its words.
    pub texts: Texts,
    /// Its figures.
    pub locale: Locale,
}

impl Voice {
    /// The voice of `report`: its language, its currency, and cents only where amounts are small.
    ///
    /// # Errors
    /// If the embedded texts are not readable.
    pub fn of(report: &Report) -> Result<Self, ReportError> {
        let typical = report.headline.expected_revenue.value / report.headline.population.max(1) as f64;
        Self::new(report.about.language, &report.about.currency, typical)
    }

    /// The voice of a language and currency; `typical` is the size of the amounts that are spoken of.
    ///
    /// # Errors
    /// If the embedded texts are not readable.
    pub fn new(language: Language, currency: &str, typical: f64) -> Result<Self, ReportError> {
        Ok(Self { texts: Texts::load(language)?, locale: Locale::new(language, currency, typical) })
    }

    /// A text without placeholders.
    pub fn say<'a>(&'a self, section: &str, key: &'a str) -> &'a str {
        self.texts.get(section, key)
    }

    /// A text with its placeholders filled.
    pub fn fill(&self, section: &str, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.fill(section, key, values)
    }

    /// "1 customer", "12 customers": the count is filled in as `{n}`.
    pub fn count(&self, section: &str, key: &str, n: usize) -> String {
        self.texts.count(section, key, n, &[("n", &self.locale.count(n))])
    }

    /// The name of a target.
    pub fn target(&self, target: Target) -> &str {
        self.texts.find("target", target.name()).unwrap_or(target.name())
    }

    /// The name of a rung or baseline, whose codes end in what they measure and in `_recalibrated`.
    pub fn rung(&self, code: &str) -> String {
        if let Some(base) = code.strip_suffix("_recalibrated") {
            return self.fill("rung", "with_recalibration", &[("rung", &self.rung(base))]);
        }
        let base = code.strip_suffix("_revenue").or_else(|| code.strip_suffix("_margin")).unwrap_or(code);
        self.code("rung", base)
    }

    /// The name of a service level.
    pub fn service_level(&self, level: ServiceLevel) -> &str {
        self.texts.find("service", level.name()).unwrap_or(level.name())
    }

    /// The name of a potential band.
    pub fn band(&self, band: PotentialBand) -> &str {
        self.texts.find("band", band.name()).unwrap_or(band.name())
    }

    /// "all customers" or "class A".
    pub fn class(&self, class: Option<AbcClass>) -> String {
        match class {
            None => self.say("chart", "all_accounts").to_owned(),
            Some(class) => self.fill("chart", "class", &[("class", class.name())]),
        }
    }

    /// A name that an upstream stage gives as a code, such as the reason why an account is not ranked.
    pub fn code(&self, section: &str, code: &str) -> String {
        self.texts.find(section, code).map_or_else(|| code.replace('_', " "), str::to_owned)
    }
}
