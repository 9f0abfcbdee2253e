//! Numbers, money and dates as a reader of the page's language writes them.
//!
//! Rounds for reading only: forecasts to three figures, since more would pretend to a precision they do not have;
//! facts to whole units. Files carry the unrounded numbers.

use crate::{config::Language, domain::Month};

/// A space that does not break the line.
const SPACE: char = '\u{a0}';
/// The typographic minus sign, as wide as a digit.
const MINUS: char = '\u{2212}';

/// How one language and currency write figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    language: Language,
    currency: String,
    decimals: usize,
}

impl Locale {
    /// For amounts of about `typical` size: below 100 they are shown with cents.
    pub fn new(language: Language, currency: &str, typical: f64) -> Self {
        Self {
            language,
            currency: currency.to_owned(),
            decimals: if (f64::MIN_POSITIVE..100.0).contains(&typical.abs()) { 2 } else { 0 },
        }
    }

    /// The language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// A plain number with `decimals` places.
    pub fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (group, point) = match self.language {
            Language::En => (',', '.'),
            Language::De => ('.', ','),
        };
        let mut out = String::new();
        if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
            out.push(MINUS);
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(group);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push(point);
            out.push_str(fraction);
        }
        out
    }

    /// A count.
    pub fn count(&self, value: usize) -> String {
        self.number(value as f64, 0)
    }

    /// A share as a percentage.
    pub fn percent(&self, share: f64, decimals: usize) -> String {
        let number = self.number(share * 100.0, decimals);
        match self.language {
            Language::En => format!("{number}%"),
            Language::De => format!("{number}{SPACE}%"),
        }
    }

    /// A share as a percentage without decimals, and never "0 %" or "100 %" for what is neither.
    pub fn chance(&self, probability: f64) -> String {
        if probability > 0.0 && probability < 0.01 {
            format!("<{SPACE}{}", self.percent(0.01, 0))
        } else if probability < 1.0 && probability > 0.99 {
            format!(">{SPACE}{}", self.percent(0.99, 0))
        } else {
            self.percent(probability, 0)
        }
    }

    /// A known amount, to the whole unit (or cent, where amounts are small).
    pub fn money(&self, value: f64) -> String {
        self.with_currency(self.number(value, self.decimals))
    }

    /// A forecast amount, to three figures.
    pub fn forecast(&self, value: f64) -> String {
        self.money(three_figures(value, self.decimals))
    }

    /// An amount in a headline or on an axis: three figures at most, with its thousands and millions in words.
    pub fn short_money(&self, value: f64) -> String {
        let (thousand, million, billion) = match self.language {
            Language::En => ("k", "M", "bn"),
            Language::De => ("Tsd.", "Mio.", "Mrd."),
        };
        let value = three_figures(value, self.decimals);
        let (scaled, unit) = match value.abs() {
            size if size >= 1e9 => (value / 1e9, billion),
            size if size >= 1e6 => (value / 1e6, million),
            size if size >= 1e4 => (value / 1e3, thousand),
            _ => {
                let decimals = if value.fract() == 0.0 { 0 } else { self.decimals.max(2) };
                return self.with_currency(self.number(value, decimals));
            }
        };
        let mut text = self.number(scaled, 2);
        while text.contains(['.', ',']) && text.ends_with('0') {
            text.pop();
        }
        let text = text.trim_end_matches(['.', ',']);
        match self.language {
            Language::En => self.with_currency(format!("{text}{unit}")),
            Language::De => self.with_currency(format!("{text}{SPACE}{unit}")),
        }
    }

    /// The currency as a sign where it has a common one, else its code.
    pub fn currency(&self) -> &str {
        match self.currency.as_str() {
            "EUR" => "€",
            "USD" => "$",
            "GBP" => "£",
            "JPY" => "¥",
            code => code,
        }
    }

    fn with_currency(&self, number: String) -> String {
        let sign = self.currency();
        match self.language {
            Language::De => format!("{number}{SPACE}{sign}"),
            Language::En => {
                let gap = if sign.chars().count() > 1 { String::from(SPACE) } else { String::new() };
                match number.strip_prefix(MINUS) {
                    Some(size) => format!("{MINUS}{sign}{gap}{size}"),
                    None => format!("{sign}{gap}{number}"),
                }
            }
        }
    }

    /// The last day of a month, in words.
    pub fn month_end(&self, month: Month) -> String {
        let day = month.last_day().day();
        match self.language {
            Language::En => format!("{day}{SPACE}{}", self.month(month)),
            Language::De => format!("{day}.{SPACE}{}", self.month(month)),
        }
    }

    /// A month, in words.
    pub fn month(&self, month: Month) -> String {
        let names = match self.language {
            Language::En => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Language::De => [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
        };
        format!("{}{SPACE}{}", names[(month.of_year() - 1) as usize], month.year())
    }
}

/// `value` rounded to three figures, but never finer than `decimals` places.
fn three_figures(value: f64, decimals: usize) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let places = (2 - value.abs().log10().floor() as i32).min(decimals as i32);
    let scale = 10f64.powi(places.abs());
    if places < 0 { (value / scale).round() * scale } else { (value * scale).round() / scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn en() -> Locale {
        Locale::new(Language::En, "EUR", 1e4)
    }

    fn de() -> Locale {
        Locale::new(Language::De, "EUR", 1e4)
    }

    #[test]
    fn each_language_groups_and_points_its_own_way() {
        assert_eq!(en().number(1_234_567.84, 1), "1,234,567.8");
        assert_eq!(de().number(1_234_567.84, 1), "1.234.567,8");
        assert_eq!(en().number(-999.0, 0), "−999");
        assert_eq!(en().number(-0.2, 0), "0");
    }

    #[test]
    fn money_stands_where_the_language_puts_it() {
        assert_eq!(en().money(-1234.4), "−€1,234");
        assert_eq!(de().money(-1234.4), "−1.234\u{a0}€");
        assert_eq!(Locale::new(Language::En, "CHF", 1e4).money(50.0), "CHF\u{a0}50");
        assert_eq!(Locale::new(Language::De, "USD", 9.0).money(12.5), "12,50\u{a0}$");
    }

    #[test]
    fn forecasts_keep_three_figures() {
        assert_eq!(en().forecast(128_437.0), "€128,000");
        assert_eq!(en().forecast(999.6), "€1,000");
        assert_eq!(en().forecast(12.34), "€12");
        assert_eq!(en().forecast(0.0), "€0");
        assert_eq!(de().forecast(-1_234_567.0), "−1.230.000\u{a0}€");
    }

    #[test]
    fn headline_amounts_name_their_thousands() {
        assert_eq!(en().short_money(1_234_567.0), "€1.23M");
        assert_eq!(de().short_money(1_234_567.0), "1,23\u{a0}Mio.\u{a0}€");
        assert_eq!(en().short_money(350_400.0), "€350k");
        assert_eq!(en().short_money(2_000_000_000.0), "€2bn");
        assert_eq!(en().short_money(9_940.0), "€9,940");
        assert_eq!(en().short_money(0.0), "€0");
        assert_eq!(en().short_money(1e15), "€1,000,000bn");
    }

    #[test]
    fn a_chance_is_never_rounded_to_certainty() {
        assert_eq!(en().chance(0.004), "<\u{a0}1%");
        assert_eq!(de().chance(0.996), ">\u{a0}99\u{a0}%");
        assert_eq!((en().chance(0.0), en().chance(1.0)), ("0%".into(), "100%".into()));
    }

    #[test]
    fn dates_are_in_words() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(en().month_end(month), "29\u{a0}February\u{a0}2024");
        assert_eq!(de().month_end(month), "29.\u{a0}Februar\u{a0}2024");
    }
}
