//! Company names: the words that name the company, and its legal form apart.

use super::text;

/// A name taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The words without the legal form, in their order.
    pub words: Vec<String>,
    /// Names of the legal forms in it, sorted, joined by `+`; empty if it names none.
    pub legal_form: String,
}

/// Legal forms as they read after folding, with the name they are compared by. The flag says whether a word is a
/// legal form wherever it stands; the others are only at the end of a name.
const FORMS: &[(&str, &str, bool)] = &[
    ("gmbh", "gmbh", true),
    ("mbh", "gmbh", true),
    ("ggmbh", "gmbh", true),
    ("kg", "kg", true),
    ("kgaa", "kgaa", true),
    ("ohg", "ohg", true),
    ("gbr", "gbr", true),
    ("ug", "ug", false),
    ("haftungsbeschrankt", "ug", true),
    ("ag", "ag", true),
    ("ev", "ev", true),
    ("eg", "eg", false),
    ("ek", "ek", true),
    ("ekfm", "ek", true),
    ("ekfr", "ek", true),
    ("se", "se", false),
    ("gesmbh", "gmbh", true),
    ("ltd", "ltd", true),
    ("limited", "ltd", true),
    ("llc", "llc", true),
    ("llp", "llp", true),
    ("lp", "lp", false),
    ("plc", "plc", true),
    ("pty", "ltd", true),
    ("inc", "inc", true),
    ("incorporated", "inc", true),
    ("corp", "corp", true),
    ("corporation", "corp", true),
    ("co", "", false),
    ("cie", "", false),
    ("company", "", false),
    ("sa", "sa", false),
    ("sas", "sas", false),
    ("sasu", "sas", true),
    ("sarl", "sarl", true),
    ("eurl", "sarl", true),
    ("srl", "srl", true),
    ("spa", "spa", false),
    ("sl", "sl", false),
    ("slu", "sl", false),
    ("bv", "bv", true),
    ("nv", "nv", false),
    ("bvba", "bv", true),
    ("ab", "ab", false),
    ("oy", "oy", false),
    ("oyj", "oy", true),
    ("aps", "aps", true),
    ("as", "as", false),
    ("kft", "kft", true),
    ("zrt", "zrt", true),
    ("doo", "doo", true),
    ("sro", "sro", true),
    ("spzoo", "spzoo", true),
    ("zoo", "spzoo", false),
];

fn form_of(word: &str) -> Option<&'static (&'static str, &'static str, bool)> {
    FORMS.iter().find(|(form, ..)| *form == word)
}

impl Name {
    /// Takes a name apart; a name that is nothing but a legal form stays as it is.
    pub fn of(text: &str) -> Self {
        let words = text::words(&text::fold(text));
        let mut forms: Vec<&str> = Vec::new();
        let mut kept: Vec<String> = Vec::new();
        let mut at_end = true;
        for (position, word) in words.iter().enumerate().rev() {
            match form_of(word) {
                Some((_, form, anywhere)) if position > 0 && (*anywhere || at_end) => forms.push(form),
                _ => {
                    at_end = false;
                    kept.push(word.clone());
                }
            }
        }
        kept.reverse();
        forms.retain(|form| !form.is_empty());
        forms.sort_unstable();
        forms.dedup();
        Self { words: kept, legal_form: forms.join("+") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let name = Name::of(text);
        (name.words.join(" "), name.legal_form)
    }

    #[test]
    fn legal_forms_are_no_part_of_the_name() {
        for (text, name, form) in [
            ("Müller Metallbau GmbH", "muller metallbau", "gmbh"),
            ("Mueller Metallbau G.m.b.H. & Co. KG", "muller metallbau", "gmbh+kg"),
            ("Müller GmbH Metallbau", "muller metallbau", "gmbh"),
            ("Precious Little One's Learning Center, Inc.", "precious little ones learning center", "inc"),
            ("Société Générale S.A.", "societe generale", "sa"),
            ("Turnverein 1860 e.V.", "turnverein 1860", "ev"),
            ("KG", "kg", ""),
            ("Day Spa Berlin GmbH", "day spa berlin", "gmbh"),
        ] {
            let (words, legal) = parts(text);
            assert_eq!((words.as_str(), legal.as_str()), (name, form), "{text}");
        }
    }
}
