//! ABC classes, potential bands and what follows from the two.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::DomainError;

/// Class by contribution margin: the accounts that make up the first 80 % are A, up to 95 % B, the rest C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AbcClass {
    /// The few that carry most.
    A,
    /// The middle.
    B,
    /// The many that carry little, and all without positive margin.
    C,
}

impl AbcClass {
    /// All classes, best first.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// Its letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

impl fmt::Display for AbcClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Band by headroom in margin, by the same cumulative rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PotentialBand {
    /// The accounts that hold the first 80 % of all headroom.
    High,
    /// Up to 95 %.
    Medium,
    /// The rest.
    Low,
}

impl PotentialBand {
    /// All bands, best first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl From<AbcClass> for PotentialBand {
    fn from(class: AbcClass) -> Self {
        match class {
            AbcClass::A => Self::High,
            AbcClass::B => Self::Medium,
            AbcClass::C => Self::Low,
        }
    }
}

/// What to do with an account, by its cell of the ABC x potential matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceLevel {
    /// Headroom worth the time: visit and grow.
    Develop,
    /// Valuable already: keep.
    Protect,
    /// The figures suggest headroom in a small account: ask before investing.
    ValidateByQuestion,
    /// Phone and digital contact.
    KeepCostLow,
    /// An A account with overdue invoices.
    SecurePaymentFirst,
}

impl ServiceLevel {
    /// All levels, in the order of the page.
    pub const ALL: [Self; 5] =
        [Self::Develop, Self::Protect, Self::ValidateByQuestion, Self::KeepCostLow, Self::SecurePaymentFirst];

    /// The cell's service level (METHOD section 7), before the overdue rule.
    pub const fn of(class: AbcClass, band: PotentialBand) -> Self {
        match (class, band) {
            (AbcClass::A | AbcClass::B, PotentialBand::High) | (AbcClass::B, PotentialBand::Medium) => Self::Develop,
            (AbcClass::A, _) => Self::Protect,
            (AbcClass::C, PotentialBand::High | PotentialBand::Medium) => Self::ValidateByQuestion,
            (AbcClass::B | AbcClass::C, PotentialBand::Low) => Self::KeepCostLow,
        }
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Develop => "develop",
            Self::Protect => "protect",
            Self::ValidateByQuestion => "validate_by_question",
            Self::KeepCostLow => "keep_cost_low",
            Self::SecurePaymentFirst => "secure_payment_first",
        }
    }
}

/// Cumulative shares at which class A and class B end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawThresholds", deny_unknown_fields)]
pub struct AbcThresholds {
    a: f64,
    b: f64,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawThresholds {
    a: f64,
    b: f64,
}

impl Default for RawThresholds {
    fn default() -> Self {
        let AbcThresholds { a, b } = AbcThresholds::default();
        Self { a, b }
    }
}

impl TryFrom<RawThresholds> for AbcThresholds {
    type Error = DomainError;

    fn try_from(raw: RawThresholds) -> Result<Self, DomainError> {
        Self::new(raw.a, raw.b)
    }
}

impl AbcThresholds {
    /// A ends at the cumulative share `a`, B at `b`.
    ///
    /// # Errors
    /// A [`DomainError`] unless `0 < a < b < 1`.
    pub fn new(a: f64, b: f64) -> Result<Self, DomainError> {
        if 0.0 < a && a < b && b < 1.0 {
            Ok(Self { a, b })
        } else {
            Err(DomainError {
                what: "abc thresholds",
                value: format!("{a}, {b}"),
                expected: "0 < a < b < 1, such as 0.80 and 0.95",
            })
        }
    }

    /// Cumulative share at which class A ends.
    pub const fn a(self) -> f64 {
        self.a
    }

    /// Cumulative share at which class B ends.
    pub const fn b(self) -> f64 {
        self.b
    }
}

impl Default for AbcThresholds {
    fn default() -> Self {
        Self { a: 0.80, b: 0.95 }
    }
}

/// The class of each value by its cumulative share of the positive total, largest first.
///
/// The value that crosses a limit belongs to the better class; ties keep the order of `values`, so the caller sorts
/// by id beforehand. Zero and negative values are C; if nothing is positive, all are C.
pub fn cumulative_classes(values: &[f64], thresholds: AbcThresholds) -> Vec<AbcClass> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| values[i] > 0.0).collect();
    order.sort_by(|&i, &j| values[j].total_cmp(&values[i]).then(i.cmp(&j)));
    let total: f64 = order.iter().map(|&i| values[i]).sum();
    let mut classes = vec![AbcClass::C; values.len()];
    let mut before = 0.0;
    for i in order {
        classes[i] = if before < thresholds.a * total {
            AbcClass::A
        } else if before < thresholds.b * total {
            AbcClass::B
        } else {
            AbcClass::C
        };
        before += values[i];
    }
    classes
}

/// The curve behind the classes: largest value first, the share of the positive total reached with each one.
///
/// Zero and negative values add nothing; if nothing is positive, every share is zero.
pub fn cumulative_shares(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = sorted.iter().sum();
    let mut reached = 0.0;
    sorted
        .into_iter()
        .map(|value| {
            reached += value;
            if total > 0.0 { (reached / total).min(1.0) } else { 0.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(values: &[f64]) -> String {
        cumulative_classes(values, AbcThresholds::default()).iter().map(|c| c.name()).collect()
    }

    #[test]
    fn the_account_that_crosses_a_limit_belongs_to_the_better_class() {
        assert_eq!(letters(&[70.0, 15.0, 10.0, 5.0]), "AABC");
        assert_eq!(letters(&[80.0, 15.0, 5.0]), "ABC");
    }

    #[test]
    fn shares_rise_to_one_by_the_largest_first() {
        assert_eq!(cumulative_shares(&[10.0, -5.0, 70.0, 20.0]), [0.7, 0.9, 1.0, 1.0]);
        assert_eq!(cumulative_shares(&[0.0, -5.0]), [0.0, 0.0]);
    }

    #[test]
    fn nothing_positive_is_all_c() {
        assert_eq!(letters(&[0.0, -5.0]), "CC");
        assert_eq!(letters(&[]), "");
        assert_eq!(letters(&[100.0]), "A");
    }
}
