//! Two records compared: one level of agreement per field, packed into a pattern.
//!
//! Level 0 means that a record lacks the field: it says neither yes nor no. Otherwise 1 is the closest agreement and
//! the last level disagreement.

use super::{
    contact::{Phones, compare_phones, domain_label},
    profile::{Profile, Profiles, Symbol},
    text::{digits, has_digits, word_similarity},
};

/// What is compared, in the order of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The company's name without legal form.
    Name,
    /// Its legal form.
    LegalForm,
    /// Street and house number.
    Street,
    /// Postal code, city, country.
    Place,
    /// Phone.
    Phone,
    /// Mail address and domain of mail and website.
    Web,
    /// Tax number.
    VatId,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Name, Self::LegalForm, Self::Street, Self::Place, Self::Phone, Self::Web, Self::VatId];

    /// Its name in `review.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::LegalForm => "legal_form",
            Self::Street => "street",
            Self::Place => "place",
            Self::Phone => "phone",
            Self::Web => "web",
            Self::VatId => "vat_id",
        }
    }

    /// Its levels from 1, closest first, in words.
    pub const fn levels(self) -> &'static [&'static str] {
        match self {
            Self::Name => &[
                "same name",
                "nearly the same name",
                "very similar name",
                "one name contains the other",
                "similar name",
                "some words in common",
                "other name",
            ],
            Self::LegalForm => &["same legal form", "other legal form"],
            Self::Street => &[
                "same street and number",
                "similar street, same number",
                "same street, a number missing",
                "same street, other number",
                "same number, other street",
                "other street",
            ],
            Self::Place => &["same postal code", "same city", "same postal area", "other place", "other country"],
            Self::Phone => &["same phone", "nearly the same phone", "other phone"],
            Self::Web => &["same mail address", "same domain", "same domain name, other ending", "other domain"],
            Self::VatId => &["same vat id", "vat id one character apart", "other vat id"],
        }
    }
}

/// The levels of all fields, four bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern(pub u32);

impl Pattern {
    pub fn level(self, field: Field) -> usize {
        (self.0 >> (4 * field as u32) & 15) as usize
    }

    /// The same pattern, had one of the records not had the field.
    pub fn without(self, field: Field) -> Self {
        Self(self.0 & !(15 << (4 * field as u32)))
    }

    fn of(levels: [u8; Field::ALL.len()]) -> Self {
        let packed = levels.iter().enumerate().map(|(field, level)| u32::from(*level) << (4 * field));
        Self(packed.sum())
    }
}

/// The closest level of the tax number that two companies never share.
pub(super) const OTHER_VAT_ID: usize = 3;

impl Profiles {
    /// Compares two records.
    pub fn compare(&self, a: u32, b: u32) -> Pattern {
        let (a, b) = (&self.rows[a as usize], &self.rows[b as usize]);
        Pattern::of([
            self.compare_names(a, b),
            level(a.legal_form, b.legal_form, || 2),
            self.compare_streets(a, b),
            self.compare_places(a, b),
            level(a.phone, b.phone, || match compare_phones(self.text(a.phone), self.text(b.phone)) {
                Phones::Same => 1,
                Phones::Near => 2,
                Phones::Different => 3,
            }),
            self.compare_web(a, b),
            level(a.vat_id, b.vat_id, || {
                if strsim::osa_distance(self.text(a.vat_id), self.text(b.vat_id)) == 1 { 2 } else { 3 }
            }),
        ])
    }

    fn compare_names(&self, a: &Profile, b: &Profile) -> u8 {
        level(a.name, b.name, || {
            let overlap = self.overlap(a, b);
            let (long, short) = (overlap.total_a.max(overlap.total_b), overlap.total_a.min(overlap.total_b));
            let dice = 2.0 * overlap.shared / (long + short).max(f64::MIN_POSITIVE);
            let contained = overlap.shared / short.max(f64::MIN_POSITIVE);
            if dice >= 0.92 || self.same_but_for_spaces(a.name, b.name) {
                2
            } else if dice >= 0.75 {
                3
            } else if contained >= 0.9 {
                4
            } else if dice >= 0.5 {
                5
            } else if dice >= 0.25 || contained >= 0.5 {
                6
            } else {
                7
            }
        })
    }

    /// "Metall Bau" and "Metallbau", and misspellings of the name as a whole.
    fn same_but_for_spaces(&self, a: Symbol, b: Symbol) -> bool {
        let (a, b) = (self.text(a), self.text(b));
        let longer = a.len().max(b.len());
        longer >= 6
            && digits(a) == digits(b)
            && a.len().abs_diff(b.len()) * 12 <= longer
            && a.bytes().next() == b.bytes().next()
            && strsim::osa_distance(a, b) * 12 <= longer
    }

    /// The weight of the words that two names share, each word with at most one of the other name, the closest first
    /// (soft TF-IDF, Cohen, Ravikumar & Fienberg 2003, with weights of both sides).
    fn overlap(&self, a: &Profile, b: &Profile) -> Overlap {
        let weight = |words: &[Symbol]| words.iter().map(|word| self.word_weight(*word)).sum::<f64>();
        let mut overlap = Overlap { shared: 0.0, total_a: weight(&a.words), total_b: weight(&b.words) };
        let mut rest_a: Vec<Symbol> = Vec::with_capacity(a.words.len());
        for word in &a.words {
            if b.words.binary_search(word).is_ok() {
                overlap.shared += self.word_weight(*word);
            } else {
                rest_a.push(*word);
            }
        }
        let mut rest_b: Vec<Symbol> = b.words.iter().filter(|w| a.words.binary_search(w).is_err()).copied().collect();
        while !rest_a.is_empty() && !rest_b.is_empty() {
            let mut closest = (SIMILAR_WORDS, None);
            for (i, word) in rest_a.iter().enumerate() {
                for (j, other) in rest_b.iter().enumerate() {
                    let similarity = word_similarity(self.text(*word), self.text(*other));
                    if similarity > closest.0 {
                        closest = (similarity, Some((i, j)));
                    }
                }
            }
            let (similarity, Some((i, j))) = closest else { break };
            let (word, other) = (rest_a.swap_remove(i), rest_b.swap_remove(j));
            overlap.shared += similarity * (self.word_weight(word) + self.word_weight(other)) / 2.0;
        }
        overlap
    }

    fn compare_streets(&self, a: &Profile, b: &Profile) -> u8 {
        if a.street.is_none() || b.street.is_none() {
            return 0;
        }
        let sides_differ = !a.direction.is_none() && !b.direction.is_none() && a.direction != b.direction;
        let likeness = if a.street == b.street {
            Likeness::Same
        } else if similar_streets(self.text(a.street), self.text(b.street)) {
            Likeness::Similar
        } else {
            Likeness::Other
        };
        let number_missing = a.number.is_none() || b.number.is_none();
        match likeness {
            Likeness::Same | Likeness::Similar if number_missing => 3,
            Likeness::Same | Likeness::Similar if a.number != b.number => 4,
            // 500 North and 500 South Michigan lie a thousand numbers apart
            Likeness::Same | Likeness::Similar if sides_differ => 5,
            Likeness::Same => 1,
            Likeness::Similar => 2,
            Likeness::Other if !number_missing && a.number == b.number => 5,
            Likeness::Other => 6,
        }
    }

    fn compare_places(&self, a: &Profile, b: &Profile) -> u8 {
        let differ = |a: Symbol, b: Symbol| !a.is_none() && !b.is_none() && a != b;
        let same = |a: Symbol, b: Symbol| !a.is_none() && a == b;
        if differ(a.country, b.country) {
            return 5;
        }
        let cities_alike =
            same(a.city, b.city) || (differ(a.city, b.city) && similar_streets(self.text(a.city), self.text(b.city)));
        let known = |profile: &Profile| !profile.postal_code.is_none();
        if same(a.postal_code, b.postal_code) {
            1
        } else if cities_alike {
            2
        } else if known(a) && known(b) {
            let (a, b) = (self.text(a.postal_code), self.text(b.postal_code));
            if a.len() >= 4 && a.len() == b.len() && a[..2] == b[..2] { 3 } else { 4 }
        } else if differ(a.city, b.city) {
            4
        } else {
            0
        }
    }

    fn compare_web(&self, a: &Profile, b: &Profile) -> u8 {
        if !a.email.is_none() && a.email == b.email {
            return 1;
        }
        if a.domains[0].is_none() || b.domains[0].is_none() {
            return 0;
        }
        if a.domains.iter().any(|domain| b.domains.contains(domain)) {
            return 2;
        }
        let label = |domain: &Symbol| domain_label(self.text(*domain));
        let same_label =
            a.domains.iter().any(|x| b.domains.iter().any(|y| label(x).len() >= 4 && label(x) == label(y)));
        if same_label { 3 } else { 4 }
    }
}

/// Words under this similarity are other words.
const SIMILAR_WORDS: f64 = 0.84;

struct Overlap {
    shared: f64,
    total_a: f64,
    total_b: f64,
}

enum Likeness {
    Same,
    Similar,
    Other,
}

/// 0 where one lacks the field, 1 where they are equal, else `otherwise`.
fn level(a: Symbol, b: Symbol, otherwise: impl FnOnce() -> u8) -> u8 {
    if a.is_none() || b.is_none() {
        0
    } else if a == b {
        1
    } else {
        otherwise()
    }
}

/// Whether two names of streets or cities are spellings of one: misspelled, written together, or one with a word more.
fn similar_streets(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() >= 2 && long.strip_prefix(short).is_some_and(|rest| rest.starts_with(' ')) {
        return true;
    }
    if has_digits(a) || has_digits(b) {
        return false;
    }
    let tight = |text: &str| text.replace(' ', "");
    short.len() >= 4 && (tight(a) == tight(b) || strsim::jaro_winkler(a, b) >= 0.92)
}
