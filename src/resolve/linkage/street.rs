//! Streets: house number, direction, and the words that name the street, in German and English order.

use super::text;

/// A street taken apart; parts that are not there are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Street {
    /// Digits of the house number.
    pub number: String,
    /// `n`, `s`, `e`, `w` where the street has a side.
    pub direction: String,
    /// What names the street, without its kind (street, avenue, Straße).
    pub core: String,
}

/// Words for the kind of a street, as they read after folding.
const KINDS: &[&str] = &[
    "street",
    "st",
    "str",
    "strasse",
    "avenu",
    "ave",
    "av",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "drive",
    "dr",
    "lane",
    "ln",
    "court",
    "ct",
    "place",
    "pl",
    "parkway",
    "pkwy",
    "highway",
    "hwy",
    "terrace",
    "ter",
    "square",
    "sq",
    "way",
    "weg",
    "platz",
    "allee",
    "gasse",
    "ring",
    "damm",
    "ufer",
    "chaussee",
    "ru",
    "via",
    "calle",
    "plaza",
    "circle",
    "cir",
    "expressway",
    "expy",
];

/// Kinds that German glues to the name.
const ENDINGS: &[&str] = &["strasse", "str", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "chaussee"];

/// From here on a text names a part of the building.
const UNITS: &[&str] =
    &["suite", "ste", "floor", "fl", "flr", "apt", "unit", "room", "rm", "og", "ug", "eg", "etage", "stock", "bldg"];

fn direction(word: &str) -> Option<&'static str> {
    Some(match word {
        "n" | "north" | "nord" => "n",
        "s" | "south" | "sud" => "s",
        "e" | "east" | "ost" => "e",
        "w" | "west" => "w",
        _ => return None,
    })
}

/// `51st` is `51`, `12a` is `12`: the leading digits, if that is all there is but two letters.
fn numeral(word: &str) -> Option<&str> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    (end > 0 && word.len() - end <= 2).then(|| &word[..end])
}

impl Street {
    /// Takes a street apart. With a number in front it reads as English does, else as German.
    pub fn of(text: &str) -> Self {
        let folded = text::fold(text);
        let words: Vec<&str> = folded.split_ascii_whitespace().collect();
        let mut street = Self::default();
        let mut core: Vec<&str> = Vec::new();
        let number_leads = words.len() > 1 && words.first().is_some_and(|word| numeral(word).is_some());
        for (position, word) in words.iter().enumerate() {
            let is_range = position == 1 && number_leads && core.is_empty() && words.len() > 2;
            match numeral(word) {
                Some(digits) if number_leads && position == 0 => street.number = digits.into(),
                // the upper end of "12-14 Main St"
                Some(digits) if is_range && digits.len() == word.len() && !KINDS.contains(&words[2]) => {}
                Some(digits) if number_leads && !core.contains(&digits) => core.push(digits),
                Some(digits) if !number_leads && position > 0 => {
                    street.number = digits.into();
                    break;
                }
                _ if core.is_empty() && street.direction.is_empty() && direction(word).is_some() && number_leads => {
                    street.direction = direction(word).unwrap_or_default().into();
                }
                _ if !core.is_empty() && UNITS.contains(word) => break,
                _ if KINDS.contains(word) && !core.is_empty() => {
                    // what follows the kind of an English street is a city or a unit
                    if number_leads {
                        break;
                    }
                }
                _ => core.push(word),
            }
        }
        let mut joined = core.join(" ");
        if !number_leads && let Some(stem) = ENDINGS.iter().find_map(|ending| joined.strip_suffix(ending)) {
            let stem = stem.trim_end();
            if stem.len() > 2 {
                joined.truncate(stem.len());
            }
        }
        street.core = joined;
        street
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, String) {
        let Street { number, direction, core } = Street::of(text);
        (number, direction, core)
    }

    #[test]
    fn german_and_english_streets_are_taken_apart() {
        for (text, number, side, core) in [
            ("Hauptstraße 12 a", "12", "", "haupt"),
            ("Hauptstr. 12a", "12", "", "haupt"),
            ("Am Alten Markt 3-5", "3", "", "am alten markt"),
            ("1312 S Racine Ave ", "1312", "s", "racine"),
            ("1312 South Racine", "1312", "s", "racine"),
            ("221 E. 51st St.", "221", "e", "51"),
            ("12-14 Main Street, Suite 200", "12", "", "main"),
            ("100 St. Lawrence Ave", "100", "", "st lawrence"),
        ] {
            let found = parts(text);
            assert_eq!((found.0.as_str(), found.1.as_str(), found.2.as_str()), (number, side, core), "{text}");
        }
        assert_eq!(Street::of("Hauptstraße 12 a"), Street::of("HAUPTSTR. 12A"));
        assert_eq!(Street::of("4600 S Hermitage Ave."), Street::of("4600 South Hermitage Avenue"));
    }
}
