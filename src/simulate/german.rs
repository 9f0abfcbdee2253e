//! Names and places of a German-speaking market.
//!
//! Cities and their coordinates are real, everything else is invented: domains end in `.example`, telephone numbers
//! lie in the block reserved for fiction, VAT numbers begin with zeros and belong to nobody.

use super::draw::Draw;

/// A city: name, postal code, country, sales region, latitude, longitude.
pub(super) struct City {
    /// Its name.
    pub(super) name: &'static str,
    /// A postal code in it.
    pub(super) postal_code: &'static str,
    /// ISO 3166 country code.
    pub(super) country: &'static str,
    /// Index of its sales region.
    pub(super) region: usize,
    /// Degrees north.
    pub(super) latitude: f64,
    /// Degrees east.
    pub(super) longitude: f64,
}

/// Sales regions.
pub(super) const REGIONS: [&str; 8] = ["Nord", "West", "Mitte", "Ost", "Südwest", "Bayern", "Österreich", "Schweiz"];

const fn city(
    name: &'static str,
    postal_code: &'static str,
    country: &'static str,
    region: usize,
    latitude: f64,
    longitude: f64,
) -> City {
    City { name, postal_code, country, region, latitude, longitude }
}

#[rustfmt::skip]
pub(super) const CITIES: [City; 40] = [
    city("Hamburg", "20095", "DE", 0, 53.55, 10.00), city("Bremen", "28195", "DE", 0, 53.08, 8.81),
    city("Kiel", "24103", "DE", 0, 54.32, 10.14), city("Hannover", "30159", "DE", 0, 52.37, 9.73),
    city("Oldenburg", "26121", "DE", 0, 53.14, 8.21), city("Rostock", "18055", "DE", 0, 54.09, 12.10),
    city("Köln", "50667", "DE", 1, 50.94, 6.96), city("Düsseldorf", "40213", "DE", 1, 51.23, 6.78),
    city("Dortmund", "44135", "DE", 1, 51.51, 7.47), city("Münster", "48143", "DE", 1, 51.96, 7.63),
    city("Bielefeld", "33602", "DE", 1, 52.02, 8.53), city("Aachen", "52062", "DE", 1, 50.78, 6.08),
    city("Frankfurt am Main", "60311", "DE", 2, 50.11, 8.68), city("Kassel", "34117", "DE", 2, 51.31, 9.49),
    city("Mainz", "55116", "DE", 2, 50.00, 8.27), city("Fulda", "36037", "DE", 2, 50.55, 9.68),
    city("Erfurt", "99084", "DE", 2, 50.98, 11.03), city("Berlin", "10115", "DE", 3, 52.53, 13.38),
    city("Leipzig", "04109", "DE", 3, 51.34, 12.37), city("Dresden", "01067", "DE", 3, 51.06, 13.72),
    city("Chemnitz", "09111", "DE", 3, 50.83, 12.92), city("Magdeburg", "39104", "DE", 3, 52.13, 11.63),
    city("Stuttgart", "70173", "DE", 4, 48.78, 9.18), city("Karlsruhe", "76131", "DE", 4, 49.01, 8.40),
    city("Mannheim", "68159", "DE", 4, 49.49, 8.47), city("Freiburg", "79098", "DE", 4, 48.00, 7.85),
    city("Ulm", "89073", "DE", 4, 48.40, 9.99), city("Heilbronn", "74072", "DE", 4, 49.14, 9.22),
    city("München", "80331", "DE", 5, 48.14, 11.57), city("Nürnberg", "90402", "DE", 5, 49.45, 11.08),
    city("Augsburg", "86150", "DE", 5, 48.37, 10.89), city("Regensburg", "93047", "DE", 5, 49.02, 12.10),
    city("Würzburg", "97070", "DE", 5, 49.79, 9.93), city("Wien", "1010", "AT", 6, 48.21, 16.37),
    city("Graz", "8010", "AT", 6, 47.07, 15.44), city("Linz", "4020", "AT", 6, 48.31, 14.29),
    city("Salzburg", "5020", "AT", 6, 47.80, 13.04), city("Zürich", "8001", "CH", 7, 47.37, 8.54),
    city("Bern", "3011", "CH", 7, 46.95, 7.45), city("Basel", "4051", "CH", 7, 47.56, 7.59),
];

#[rustfmt::skip]
const SURNAMES: [&str; 60] = [
    "Ahlers", "Albrecht", "Bachmann", "Bauer", "Becker", "Berger", "Brandner", "Brenner", "Dietrich", "Ebner",
    "Eder", "Engel", "Falk", "Fischer", "Frank", "Friedrich", "Fuchs", "Gerber", "Graf", "Gruber",
    "Haas", "Hahn", "Hartmann", "Heinrich", "Hofer", "Hoffmann", "Huber", "Jansen", "Kaiser", "Keller",
    "Klein", "Koch", "Krämer", "Kühn", "Lang", "Lehmann", "Lindner", "Lorenz", "Maurer", "Meier",
    "Moser", "Müller", "Neumann", "Otto", "Petersen", "Pichler", "Richter", "Roth", "Sauer", "Schäfer",
    "Schmid", "Schneider", "Schröder", "Seidel", "Steiner", "Vogel", "Wagner", "Weber", "Winkler", "Zimmermann",
];

#[rustfmt::skip]
const FIRST_NAMES: [&str; 32] = [
    "Alexander", "Andrea", "Anja", "Anna", "Bernd", "Birgit", "Christian", "Claudia", "Daniel", "Eva", "Florian",
    "Franziska", "Georg", "Hannah", "Jan", "Johanna", "Jürgen", "Katharina", "Lena", "Lukas", "Maria", "Markus",
    "Martin", "Michael", "Nicole", "Petra", "Sabine", "Stefan", "Susanne", "Thomas", "Ulrike", "Wolfgang",
];

#[rustfmt::skip]
const STREETS: [&str; 16] = [
    "Ahornweg", "Am Bahnhof", "Bahnhofstraße", "Bergstraße", "Dieselstraße", "Gewerbestraße", "Gutenbergstraße",
    "Hafenstraße", "Hauptstraße", "Im Gewerbepark", "Industriestraße", "Lindenstraße", "Marktplatz", "Mühlweg",
    "Robert-Bosch-Straße", "Siemensstraße",
];

const GERMAN_FORMS: [&str; 6] = ["GmbH", "GmbH & Co. KG", "KG", "AG", "e.K.", "GmbH"];
const AUSTRIAN_FORMS: [&str; 4] = ["GmbH", "GesmbH", "KG", "AG"];
const SWISS_FORMS: [&str; 3] = ["AG", "GmbH", "AG"];

/// A company's name, such as `Hofer & Söhne Holzbau KG`.
pub(super) fn company_name(draw: &mut Draw, word: &str, country: &str) -> String {
    let surname = draw.pick(&SURNAMES);
    let family = match draw.between(0, 9) {
        0 => format!("{surname} & Söhne"),
        1 => format!("Gebrüder {surname}"),
        2 => format!("{surname} & {}", draw.pick(&SURNAMES)),
        3 => format!("{surname} {}", draw.pick(&FIRST_NAMES)),
        _ => (*surname).to_owned(),
    };
    let forms: &[&str] = match country {
        "AT" => &AUSTRIAN_FORMS,
        "CH" => &SWISS_FORMS,
        _ => &GERMAN_FORMS,
    };
    format!("{family} {word} {}", draw.pick(forms))
}

/// A person's first name and surname.
pub(super) fn person(draw: &mut Draw) -> (&'static str, &'static str) {
    (draw.pick(&FIRST_NAMES), draw.pick(&SURNAMES))
}

/// A street with a house number.
pub(super) fn street(draw: &mut Draw) -> String {
    format!("{} {}", draw.pick(&STREETS), draw.between(1, 120))
}

/// A telephone number from the block that Germany's regulator keeps for films and novels.
pub(super) fn phone(draw: &mut Draw) -> String {
    format!("+49 30 23125 {:03}", draw.between(0, 999))
}

/// Lower case ASCII with hyphens, as in a domain or an address: `Müller Bau` becomes `mueller-bau`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        match letter {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'a'..='z' | '0'..='9' => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_ascii() {
        assert_eq!(slug("Gebrüder Krämer Holzbau GmbH & Co. KG"), "gebrueder-kraemer-holzbau-gmbh-co-kg");
    }

    #[test]
    fn every_city_lies_in_a_region() {
        assert!(CITIES.iter().all(|city| city.region < REGIONS.len()));
    }
}
