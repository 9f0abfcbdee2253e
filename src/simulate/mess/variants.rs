//! The same company as several departments write it: what makes duplicates hard to see.

use super::super::draw::Draw;

/// A company's name as somebody else types it.
pub(super) fn name(name: &str, draw: &mut Draw) -> String {
    let mut name = name.to_owned();
    if draw.chance(0.5) {
        name = legal_form(&name, draw);
    }
    if draw.chance(0.4) {
        name = without_umlauts(&name);
    }
    if draw.chance(0.3) {
        name = if name.contains(" & ") { name.replace(" & ", " und ") } else { name.replace(" und ", " & ") };
    }
    if draw.chance(0.15) {
        name = name.to_uppercase();
    }
    if draw.chance(0.2) { typing_error(&name, draw) } else { name }
}

/// A street as somebody else types it.
pub(super) fn street(street: &str, draw: &mut Draw) -> String {
    match draw.between(0, 3) {
        0 => street.replace("straße", "str.").replace("Straße", "Str."),
        1 => street.replace("straße", "strasse").replace("Straße", "Strasse"),
        2 => without_umlauts(street),
        _ => street.to_owned(),
    }
}

/// A telephone number as somebody else types it.
pub(super) fn phone(phone: &str, draw: &mut Draw) -> String {
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    match draw.between(0, 2) {
        0 => digits,
        1 => phone.replace(' ', "/"),
        _ => phone.to_owned(),
    }
}

fn legal_form(name: &str, draw: &mut Draw) -> String {
    const FORMS: [(&str, [&str; 2]); 4] = [
        (" GmbH & Co. KG", [" GmbH&Co.KG", ""]),
        (" GmbH", [" Gesellschaft mbH", ""]),
        (" AG", [" Aktiengesellschaft", ""]),
        (" KG", [" Kommanditgesellschaft", ""]),
    ];
    let form = FORMS.iter().find(|(short, _)| name.ends_with(short));
    form.map_or_else(|| name.to_owned(), |(short, others)| name.replace(short, draw.pick(others)))
}

fn without_umlauts(text: &str) -> String {
    [("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")]
        .into_iter()
        .fold(text.to_owned(), |text, (umlaut, letters)| text.replace(umlaut, letters))
}

/// Two letters exchanged, or one left out.
fn typing_error(text: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 6 {
        return text.to_owned();
    }
    let at = draw.between(1, 4) as usize;
    if draw.chance(0.5) {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}
