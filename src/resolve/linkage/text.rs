//! Text as it is compared: ASCII, lower case, spellings of umlauts made one, words.

/// Lower-case ASCII of a text; `ä`, `ae` and `a` become one, as typists treat them, and so do `ö` and `ü`.
///
/// Apostrophes vanish, since half of the world leaves them out; all other signs become spaces.
pub(super) fn fold(text: &str) -> String {
    let ascii = deunicode::deunicode(text);
    let mut folded = String::with_capacity(ascii.len());
    for c in ascii.chars() {
        match c {
            '\'' | '`' => {}
            // umlauts spelled out: "mueller" is "muller", since "müller" is
            'e' | 'E' if folded.ends_with(['a', 'o', 'u']) => {}
            c if c.is_ascii_alphanumeric() => folded.push(c.to_ascii_lowercase()),
            _ => folded.push(' '),
        }
    }
    folded
}

/// The words of a folded text; letters that stand alone one after another are one word ("e. V.", "A B C").
pub(super) fn words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut letters = false;
    for word in folded.split_ascii_whitespace() {
        let is_letter = word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
        match words.last_mut() {
            Some(last) if is_letter && letters => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        letters = is_letter;
    }
    words
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// How alike two words are, 0 to 1: Jaro-Winkler for misspellings (Winkler 1990), and a fixed value where one abbreviates
/// the other.
pub(super) fn word_similarity(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    // numbers are equal or not: "Werk 10" is not "Werk 11"
    if has_digits(a) || has_digits(b) {
        return 0.0;
    }
    let (short, long) = if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    if short.len() >= 3 && long.starts_with(short) {
        return 0.9;
    }
    if (3..=4).contains(&short.len()) && abbreviates(short, long) {
        return 0.85;
    }
    // short words differ by a letter without being alike
    if short.len() < 4 || long.len() - short.len() > 3 {
        return 0.0;
    }
    strsim::jaro_winkler(a, b)
}

/// Whether a text holds a digit.
pub(super) fn has_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Whether the letters of `short` come in `long` in their order, first and last letter included: "ctr", "center".
fn abbreviates(short: &[u8], long: &[u8]) -> bool {
    if short.first() != long.first() || short.last() != long.last() {
        return false;
    }
    let mut rest = long.iter();
    short.iter().all(|letter| rest.any(|other| other == letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_to_one_text() {
        for text in ["Müller & Söhne", "MUELLER & SOEHNE", "Muller + Sohne"] {
            assert_eq!(words(&fold(text)), ["muller", "sohne"], "{text}");
        }
        assert_eq!(fold("Weißenburger Straße"), fold("weissenburger strasse"));
        assert_eq!(words(&fold("Turnverein 1860 e. V.")), ["turnverein", "1860", "ev"]);
    }

    #[test]
    fn misspellings_and_abbreviations_are_alike_and_numbers_are_not() {
        assert!(word_similarity("lincoln", "lincon") > 0.9);
        assert!(word_similarity("academy", "acad") > 0.85);
        assert!(word_similarity("center", "ctr") > 0.8);
        assert_eq!(word_similarity("1234", "1235"), 0.0);
        assert_eq!(word_similarity("werk10", "werk11"), 0.0);
        assert!(word_similarity("north", "south") < 0.8);
    }
}
