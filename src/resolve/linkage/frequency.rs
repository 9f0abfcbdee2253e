//! Term frequencies: agreeing on a rare value says more than agreeing on a common one.
//!
//! The frequency of a value is counted in places, not in records (of a phone number: at how many addresses it is
//! found), since ten records of one company would otherwise make its own phone number look common.

use super::{
    compare::{Field, Pattern},
    estimate::Kind,
    profile::{Profile, Profiles, Symbol},
};

/// What a shared value says, by record, in bits.
#[derive(Debug)]
pub(super) struct Frequencies {
    name: Vec<Rarity>,
    street: Vec<Rarity>,
    postal_code: Vec<Rarity>,
    city: Vec<Rarity>,
    phone: Vec<Rarity>,
    email: Vec<Rarity>,
    domain: Vec<Rarity>,
}

/// What the number of places of a value changes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Rarity {
    /// To the likelihood that unrelated records share it: `log2(frequency / mean frequency)`, the mean being the chance
    /// that two records taken at random agree.
    chance: f32,
    /// To the likelihood that different companies share it on purpose (a switchboard, a building): they are pairs of
    /// different places, so `log2((places - 1 + 1/4) / mean)`, the mean being that over such pairs.
    shared: f32,
}

/// Beyond this a frequency says no more: it is an estimate from few records.
const LARGEST_CORRECTION: f64 = 8.0;

impl Frequencies {
    pub fn of(profiles: &Profiles) -> Self {
        let address = |row: &Profile| joined(row.number, row.street);
        let single = |symbol: Symbol| u64::from(symbol.0);
        let rarity = |value: &dyn Fn(&Profile) -> u64, place: &dyn Fn(&Profile) -> u64| {
            let pairs = profiles.rows.iter().map(|row| (value(row), place(row)));
            rarities(&pairs.collect::<Vec<_>>())
        };
        Self {
            name: rarity(&|row| single(row.name), &address),
            street: rarity(&address, &|row| single(row.phone)),
            postal_code: rarity(&|row| single(row.postal_code), &|row| single(row.name)),
            city: rarity(&|row| single(row.city), &|row| single(row.name)),
            phone: rarity(&|row| single(row.phone), &address),
            email: rarity(&|row| single(row.email), &address),
            domain: rarity(&|row| single(row.domains[0]), &address),
        }
    }

    /// Adds to the likelihoods of a pattern (in bits, in the order of [`Kind`]) what its fields' frequencies say.
    pub fn adjust(&self, likelihoods: &mut [f64; 4], pattern: Pattern, a: u32, b: u32) {
        for field in Field::ALL {
            let (values, is_shared_by) = match (field, pattern.level(field)) {
                (Field::Name, 1) => (&self.name, Some(Kind::Branch)),
                (Field::Street, 1) => (&self.street, Some(Kind::Neighbour)),
                (Field::Place, 1) => (&self.postal_code, None),
                (Field::Place, 2) => (&self.city, None),
                (Field::Phone, 1) => (&self.phone, Some(Kind::Branch)),
                (Field::Web, 1) => (&self.email, Some(Kind::Branch)),
                (Field::Web, 2) => (&self.domain, Some(Kind::Branch)),
                _ => continue,
            };
            // two spellings may share a value in part only: the more common one counts
            let (a, b) = (values[a as usize], values[b as usize]);
            likelihoods[Kind::Unrelated as usize] += f64::from(a.chance.max(b.chance));
            if let Some(kind) = is_shared_by {
                likelihoods[kind as usize] += f64::from(a.shared.max(b.shared));
            }
        }
    }
}

fn joined(a: Symbol, b: Symbol) -> u64 {
    if b.is_none() { 0 } else { u64::from(a.0) << 32 | u64::from(b.0) }
}

/// The rarity of each record's value, from the places where each value is found; nothing where there is no value.
fn rarities(value_and_place: &[(u64, u64)]) -> Vec<Rarity> {
    let mut found: Vec<(u64, u64)> = value_and_place.iter().filter(|(value, _)| *value != 0).copied().collect();
    found.sort_unstable();
    found.dedup();
    // how many places each value has; an unknown place beside known ones is none of its own
    let places: Vec<(u64, u64)> = found
        .chunk_by(|a, b| a.0 == b.0)
        .map(|rows| (rows[0].0, rows.iter().filter(|(_, place)| *place != 0).count().max(1) as u64))
        .collect();
    let sum = |of: &dyn Fn(f64) -> f64| places.iter().map(|(_, count)| of(*count as f64)).sum::<f64>();
    let mean_chance = sum(&|n| n * n) / sum(&|n| n);
    let pairs = sum(&|n| n * (n - 1.0));
    let mean_shared = if pairs > 0.0 { sum(&|n| n * (n - 1.0) * (n - 1.0)) / pairs } else { 1.0 };
    let bits = |ratio: f64| ratio.log2().clamp(-LARGEST_CORRECTION, LARGEST_CORRECTION) as f32;
    let rarity = |value: u64| {
        let count = places.binary_search_by_key(&value, |(value, _)| *value).map_or(1, |n| places[n].1) as f64;
        Rarity { chance: bits(count / mean_chance), shared: bits((count - 0.75) / mean_shared) }
    };
    value_and_place.iter().map(|(value, _)| if *value == 0 { Rarity::default() } else { rarity(*value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_many_places_counts_less_and_duplicates_of_one_place_do_not() {
        // value 1 at three places, value 2 three times at one, value 3 once, one record without
        let found = rarities(&[(1, 1), (1, 2), (1, 3), (2, 4), (2, 4), (2, 4), (3, 5), (0, 6)]);
        // shares 3/5, 1/5, 1/5: two places at random agree with (9 + 1 + 1) / 25 = 11/25; all pairs of places are value 1's
        let expected = [(15.0_f64 / 11.0).log2(), (5.0_f64 / 11.0).log2(), (2.25_f64 / 2.0).log2()];
        assert!((f64::from(found[0].chance) - expected[0]).abs() < 1e-6);
        assert!((f64::from(found[3].chance) - expected[1]).abs() < 1e-6);
        assert!((f64::from(found[0].shared) - expected[2]).abs() < 1e-6);
        assert_eq!((found[3], found[7]), (found[6], Rarity::default()));
    }
}
