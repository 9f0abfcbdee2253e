//! Invented German-speaking companies with planted duplicates: what the linkage is measured on where the truth is known.
//!
//! Duplicates carry what clerks do to records: typing errors, spelled-out umlauts, forms left out or written out, words
//! dropped or abbreviated, moved houses, missing fields. Three kinds of different companies lie in wait beside them:
//! namesakes in other towns, neighbours under one roof, and sisters with one domain and switchboard, each with a tax
//! number of its own. Everything follows from the seed.

use headroom::{domain::Seed, resolve::linkage::Record};
use rand::{Rng, seq::IndexedRandom};

/// Records, and the company that each belongs to.
pub struct Companies {
    pub records: Vec<Record>,
    pub truth: Vec<u32>,
}

#[rustfmt::skip]
const SURNAMES: &[&str] = &[
    "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Schäfer",
    "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun", "Krüger",
    "Hofmann", "Hartmann", "Lange", "Schmitt", "Werner", "Krause", "Lehmann", "Köhler", "Maier", "Huber", "Mayer",
    "Kaiser", "Fuchs", "Peters", "Lang", "Scholz", "Möller", "Weiß", "Jung", "Hahn", "Vogel", "Friedrich", "Günther",
    "Keller", "Winkler", "Frank", "Berger", "Roth", "Beck", "Lorenz", "Baumann", "Franke", "Albrecht", "Schuster",
    "Simon", "Ludwig", "Böhm", "Winter", "Kraus", "Martin", "Schumacher", "Krämer", "Vogt", "Stein", "Jäger", "Otto",
];
#[rustfmt::skip]
const TRADES: &[&str] = &[
    "Metallbau", "Maschinenbau", "Elektrotechnik", "Haustechnik", "Holzbau", "Bau", "Sanitär", "Heizung", "Dachdecker",
    "Logistik", "Transporte", "Spedition", "Handel", "Großhandel", "Industriebedarf", "Werkzeuge", "Kunststofftechnik",
    "Automation", "Anlagenbau", "Fördertechnik", "Medizintechnik", "Laborbedarf", "Druckerei", "Verpackung", "Lacke",
    "Gebäudereinigung", "Garten- und Landschaftsbau", "Stahlhandel", "Fensterbau", "Möbelwerkstätten", "Ladenbau",
    "Präzisionstechnik", "Blechbearbeitung", "Hydraulik", "Antriebstechnik", "Brandschutz", "Kältetechnik", "Optik",
];
const FORMS: &[&str] = &[
    "GmbH",
    "GmbH",
    "GmbH",
    "GmbH & Co. KG",
    "GmbH & Co. KG",
    "AG",
    "KG",
    "OHG",
    "e.K.",
    "UG (haftungsbeschränkt)",
    "SE",
];
#[rustfmt::skip]
const STREETS: &[&str] = &[
    "Haupt", "Bahnhof", "Schul", "Garten", "Dorf", "Berg", "Birken", "Linden", "Kirch", "Wald", "Ring", "Wiesen",
    "Industrie", "Goethe", "Schiller", "Mozart", "Daimler", "Siemens", "Bosch", "Otto", "Diesel", "Robert-Koch-",
    "Karl-Marx-", "Friedrich-Ebert-", "Rosen", "Tulpen", "Amsel", "Mühlen", "Brunnen", "Post", "Markt", "Kloster",
    "Rathaus", "Hafen", "Ufer", "Lager", "Gewerbe", "Max-Planck-", "Benz", "Zeppelin", "Nord", "Süd", "Ost", "West",
];
const SYLLABLES: &[&str] = &[
    "al", "ber", "cor", "dan", "el", "fer", "gan", "hel", "in", "jor", "kal", "lum", "mar", "nor", "ost", "per", "qua",
    "ris", "sol", "tec", "un", "ver", "wil", "xen", "yor", "zan", "bel", "dor", "fin", "gram",
];
const TOWN_ENDINGS: &[&str] =
    &["hausen", "stadt", "dorf", "berg", "burg", "heim", "feld", "bach", "kirchen", "au", "ingen", "rode"];

struct Town {
    name: String,
    postal_codes: Vec<String>,
    area_code: String,
}

fn word(rng: &mut impl Rng, syllables: usize) -> String {
    (0..syllables).map(|_| *SYLLABLES.choose(rng).unwrap()).collect()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn towns(rng: &mut impl Rng, count: usize) -> Vec<Town> {
    (0..count)
        .map(|n| {
            let name = capitalised(&(word(rng, 2) + TOWN_ENDINGS.choose(rng).unwrap()));
            let first = rng.random_range(1_000..99_000_u32);
            let codes = 1 + count / (n + 1) / 50;
            let postal_codes = (0..codes as u32).map(|k| format!("{:05}", first + k)).collect();
            Town { name, postal_codes, area_code: format!("0{}", rng.random_range(20..9_999)) }
        })
        .collect()
}

/// Half of the companies are in the large towns.
fn town<'a>(rng: &mut impl Rng, towns: &'a [Town]) -> &'a Town {
    let u: f64 = rng.random();
    &towns[((u * u * u) * towns.len() as f64) as usize]
}

fn street(rng: &mut impl Rng) -> String {
    let stem = STREETS.choose(rng).unwrap();
    let stem = if rng.random_bool(0.5) { (*stem).to_owned() } else { capitalised(&word(rng, 2)) };
    let kind = ["straße", "straße", "straße", "weg", "platz", "allee", "gasse"].choose(rng).unwrap();
    let kind = if stem.ends_with('-') { capitalised(kind) } else { (*kind).to_owned() };
    format!("{stem}{kind} {}", rng.random_range(1..160))
}

fn slug(name: &str) -> String {
    let plain = name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    plain.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(24).collect()
}

fn moved(rng: &mut impl Rng, record: &mut Record, towns: &[Town]) {
    let town = town(rng, towns);
    record.street = street(rng);
    record.postal_code = town.postal_codes.choose(rng).unwrap().clone();
    record.city = town.name.clone();
}

fn phone(rng: &mut impl Rng, town: &Town) -> String {
    format!("{} {}", town.area_code, rng.random_range(10_000..9_999_999))
}

fn tax_number(rng: &mut impl Rng) -> String {
    format!("DE{}", rng.random_range(100_000_000..999_999_999_u32))
}

fn surname(rng: &mut impl Rng) -> String {
    if rng.random_bool(0.6) { (*SURNAMES.choose(rng).unwrap()).into() } else { capitalised(&word(rng, 2)) }
}

fn company(rng: &mut impl Rng, towns: &[Town]) -> Record {
    let (trade, form) = (TRADES.choose(rng).unwrap(), FORMS.choose(rng).unwrap());
    let town = town(rng, towns);
    let stem = match rng.random_range(0..10) {
        0..5 => format!("{} {trade}", surname(rng)),
        5 => {
            let (first, second) = (surname(rng), surname(rng));
            format!("{first} & {second} {trade}")
        }
        6 => format!("{} & Söhne", surname(rng)),
        7 => format!("{trade} {}", town.name),
        _ => format!("{} {trade}", capitalised(&word(rng, 3))),
    };
    let mut record = Record {
        name: format!("{stem} {form}"),
        street: street(rng),
        postal_code: town.postal_codes.choose(rng).unwrap().clone(),
        city: town.name.clone(),
        country: "DE".into(),
        ..Record::default()
    };
    if rng.random_bool(0.8) {
        record.phone = phone(rng, town);
    }
    let has_site = rng.random_bool(0.6);
    let domain = format!("{}-{}.de", slug(&stem), word(rng, 2));
    if has_site {
        record.website = format!("www.{domain}");
    }
    if rng.random_bool(0.6) {
        let free = ["t-online.de", "web.de", "gmx.de"].choose(rng).unwrap();
        let user = ["info", "kontakt", "vertrieb", "buero"].choose(rng).unwrap();
        record.email = if has_site {
            format!("{user}@{domain}")
        } else {
            format!("{}{}@{free}", slug(&stem), rng.random_range(1..99))
        };
    }
    if rng.random_bool(0.5) {
        record.vat_id = tax_number(rng);
    }
    record
}

/// One typing error: a letter left out, doubled, replaced, or two swapped.
fn misspelled(rng: &mut impl Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 4 {
        return text.into();
    }
    let at = rng.random_range(1..letters.len() - 1);
    match rng.random_range(0..4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = char::from(b'a' + rng.random_range(0..26_u8)),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

fn respelled_name(rng: &mut impl Rng, name: &str) -> String {
    let mut name = name.to_owned();
    if rng.random_bool(0.3) {
        name = name.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    }
    for (from, to, chance) in [
        ("GmbH & Co. KG", "GmbH + Co KG", 0.3),
        ("GmbH & Co. KG", "GmbH", 0.1),
        ("GmbH", "Gesellschaft mbH", 0.03),
        (" GmbH", "", 0.15),
        (" AG", "", 0.15),
        (" UG (haftungsbeschränkt)", " UG", 0.5),
        (" & ", " und ", 0.3),
        (" und ", " u. ", 0.2),
        ("technik", "techn.", 0.1),
        ("Maschinenbau", "Masch.bau", 0.1),
    ] {
        if rng.random_bool(chance) {
            name = name.replace(from, to);
        }
    }
    if rng.random_bool(0.15) {
        name = misspelled(rng, &name);
    }
    if rng.random_bool(0.15) {
        name = name.to_uppercase();
    }
    if rng.random_bool(0.06) && name.split(' ').count() > 2 {
        let words: Vec<&str> = name.split(' ').collect();
        let gone = rng.random_range(1..words.len());
        name = words.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, w)| *w).collect::<Vec<_>>().join(" ");
    }
    name
}

fn duplicate(rng: &mut impl Rng, original: &Record, towns: &[Town]) -> Record {
    let mut record = original.clone();
    record.name = respelled_name(rng, &record.name);
    if rng.random_bool(0.07) {
        moved(rng, &mut record, towns);
    }
    if rng.random_bool(0.4) {
        record.street = record.street.replace("straße", "str.").replace("Straße", "Str.");
    }
    if rng.random_bool(0.08) {
        record.street = misspelled(rng, &record.street);
    }
    if rng.random_bool(0.05) {
        record.postal_code = misspelled(rng, &record.postal_code);
    }
    record.phone = match rng.random_range(0..10) {
        0..2 => String::new(),
        2..5 => record.phone.replacen('0', "+49 ", 1),
        5 => record.phone + "-12",
        6 => record.phone.replace(' ', "/"),
        7 if !record.phone.is_empty() => {
            let elsewhere = town(rng, towns);
            phone(rng, elsewhere)
        }
        _ => record.phone,
    };
    for field in [&mut record.website, &mut record.email, &mut record.vat_id, &mut record.country] {
        if rng.random_bool(0.35) {
            field.clear();
        }
    }
    for field in [&mut record.street, &mut record.postal_code, &mut record.city] {
        if rng.random_bool(0.06) {
            field.clear();
        }
    }
    record
}

impl Companies {
    /// About `records` records of about four fifths as many companies.
    pub fn generated(records: usize, seed: u64) -> Self {
        let mut rng = Seed(seed).derive("companies").rng();
        let towns = towns(&mut rng, (records / 40).clamp(20, 8_000));
        let mut made = Self { records: Vec::with_capacity(records + 8), truth: Vec::with_capacity(records + 8) };
        let mut companies = 0;
        let mut last: Option<Record> = None;
        while made.records.len() < records {
            let mut record = company(&mut rng, &towns);
            if let Some(other) = last.take() {
                match rng.random_range(0..100) {
                    // a namesake elsewhere
                    0..4 => record.name = other.name,
                    // a neighbour under one roof
                    4..8 => {
                        record.street = other.street;
                        record.postal_code = other.postal_code;
                        record.city = other.city;
                    }
                    // a sister with one domain and switchboard
                    8..11 => {
                        record.name = format!("{} {}", other.name.split(' ').next().unwrap_or_default(), record.name);
                        record.website = other.website;
                        record.phone = other.phone;
                        record.vat_id = tax_number(&mut rng);
                    }
                    _ => {}
                }
            }
            let copies = match rng.random_range(0..100) {
                0..84 => 0,
                84..95 => 1,
                95..99 => 2,
                _ => 5,
            };
            for _ in 0..copies {
                made.push(duplicate(&mut rng, &record, &towns), companies);
            }
            last = Some(record.clone());
            made.push(record, companies);
            companies += 1;
        }
        made
    }

    fn push(&mut self, record: Record, company: u32) {
        self.records.push(record);
        self.truth.push(company);
    }
}
