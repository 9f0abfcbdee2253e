//! Countries as people write them, as ISO 3166 codes.

/// Codes with the names they go by, in small letters.
const NAMES: [(&str, &[&str]); 14] = [
    ("DE", &["de", "deu", "d", "deutschland", "germany", "allemagne"]),
    ("AT", &["at", "aut", "a", "österreich", "oesterreich", "austria"]),
    ("CH", &["ch", "che", "schweiz", "switzerland", "suisse", "svizzera"]),
    ("FR", &["fr", "fra", "f", "frankreich", "france"]),
    ("IT", &["it", "ita", "i", "italien", "italy", "italia"]),
    ("NL", &["nl", "nld", "niederlande", "netherlands", "nederland"]),
    ("ES", &["es", "esp", "e", "spanien", "spain", "españa"]),
    ("BE", &["be", "bel", "b", "belgien", "belgium", "belgique", "belgië"]),
    ("PL", &["pl", "pol", "polen", "poland", "polska"]),
    ("LU", &["lu", "lux", "l", "luxemburg", "luxembourg"]),
    ("DK", &["dk", "dnk", "dänemark", "denmark", "danmark"]),
    ("SE", &["se", "swe", "schweden", "sweden", "sverige"]),
    ("CZ", &["cz", "cze", "tschechien", "czechia", "czech republic"]),
    ("GB", &["gb", "gbr", "uk", "großbritannien", "united kingdom", "great britain"]),
];

/// The code of a country; `None` for one that is not known here.
pub(super) fn code(country: &str) -> Option<&'static str> {
    let plain = country.trim().to_lowercase();
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(code, _)| *code)
}
