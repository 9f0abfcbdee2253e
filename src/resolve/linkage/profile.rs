//! Records as they are compared: every text normalised once and interned, so that a comparison is of numbers.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{
    Record, contact,
    name::Name,
    street::Street,
    text::{fold, words},
};

/// An interned text; 0 is the empty one, which says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Symbol(pub u32);

impl Symbol {
    pub const NONE: Self = Self(0);

    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// One record, normalised.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    /// The name without spaces and legal form.
    pub name: Symbol,
    /// Its distinct words.
    pub words: Box<[Symbol]>,
    pub legal_form: Symbol,
    pub number: Symbol,
    pub direction: Symbol,
    pub street: Symbol,
    pub postal_code: Symbol,
    pub city: Symbol,
    pub country: Symbol,
    pub phone: Symbol,
    pub email: Symbol,
    /// Of the website and of the mail address; equal if they agree.
    pub domains: [Symbol; 2],
    pub vat_id: Symbol,
}

/// All records, their texts, and how telling each word of a name is.
#[derive(Debug)]
pub(super) struct Profiles {
    pub rows: Vec<Profile>,
    texts: Vec<Box<str>>,
    /// By symbol: `ln(1 + N / records with the word)`; 0 for what is no word of a name.
    word_weights: Vec<f32>,
    /// By symbol: records with the word.
    word_counts: Vec<u32>,
}

/// The normalised texts of one record, before interning.
struct Texts {
    name: String,
    words: Vec<String>,
    legal_form: String,
    street: Street,
    others: [String; 8],
}

impl Texts {
    fn of(record: &Record) -> Self {
        let name = Name::of(&record.name);
        let (website, address) = (contact::domain(&record.website), contact::domain(&record.email));
        let (first, second) = if website.is_empty() { (address.clone(), address) } else { (website, address) };
        Self {
            name: name.words.concat(),
            legal_form: name.legal_form,
            words: name.words,
            street: Street::of(&record.street),
            others: [
                words(&fold(&record.postal_code)).concat(),
                words(&fold(&record.city)).join(" "),
                contact::country(&record.country),
                contact::phone(&record.phone),
                contact::email(&record.email),
                first,
                second,
                contact::vat_id(&record.vat_id),
            ],
        }
    }
}

#[derive(Default)]
struct Interner {
    symbols: HashMap<Box<str>, Symbol>,
    texts: Vec<Box<str>>,
}

impl Interner {
    fn new() -> Self {
        let mut interner = Self::default();
        interner.intern("");
        interner
    }

    fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = Symbol(self.texts.len() as u32);
        self.texts.push(text.into());
        self.symbols.insert(text.into(), symbol);
        symbol
    }
}

/// Records normalised at once, so that their texts need not all be in memory.
const CHUNK: usize = 1 << 16;

impl Profiles {
    pub fn of(records: &[Record]) -> Self {
        let mut interner = Interner::new();
        let mut rows = Vec::with_capacity(records.len());
        for chunk in records.chunks(CHUNK) {
            let texts: Vec<Texts> = chunk.par_iter().map(Texts::of).collect();
            rows.extend(texts.into_iter().map(|texts| interned(&mut interner, &texts)));
        }
        let mut word_counts = vec![0_u32; interner.texts.len()];
        for row in &rows {
            for word in &row.words {
                word_counts[word.0 as usize] += 1;
            }
        }
        let total = rows.len() as f32;
        let weight = |count: &u32| if *count == 0 { 0.0 } else { (1.0 + total / *count as f32).ln() };
        let word_weights = word_counts.iter().map(weight).collect();
        Self { rows, texts: interner.texts, word_weights, word_counts }
    }

    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol.0 as usize]
    }

    pub fn word_weight(&self, word: Symbol) -> f64 {
        f64::from(self.word_weights[word.0 as usize])
    }

    pub fn word_count(&self, word: Symbol) -> u32 {
        self.word_counts[word.0 as usize]
    }
}

fn interned(interner: &mut Interner, texts: &Texts) -> Profile {
    let mut words: Vec<Symbol> = texts.words.iter().map(|word| interner.intern(word)).collect();
    words.sort_unstable();
    words.dedup();
    let [postal_code, city, country, phone, email, first, second, vat_id] =
        texts.others.each_ref().map(|text| interner.intern(text));
    Profile {
        name: interner.intern(&texts.name),
        words: words.into_boxed_slice(),
        legal_form: interner.intern(&texts.legal_form),
        number: interner.intern(&texts.street.number),
        direction: interner.intern(&texts.street.direction),
        street: interner.intern(&texts.street.core),
        postal_code,
        city,
        country,
        phone,
        email,
        domains: [first, second],
        vat_id,
    }
}
