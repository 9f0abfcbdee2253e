//! Which pairs are compared at all: those that share a key of some blocking rule.
//!
//! A key is a value that duplicates are likely to share (a phone number, a street with its number, two rare words of the
//! name). Blocks are taken smallest first until a budget of pairs is spent, since the larger a block the less it says;
//! so that a million records cost minutes, whatever they hold. The budget is generous: on small data nothing is left out.

use rayon::prelude::*;

use super::profile::{Profile, Profiles, Symbol};

/// Pairs per record that are compared at most.
const PAIRS_PER_RECORD: u64 = 40;

/// Pairs that are always affordable.
const FREE_PAIRS: u64 = 2_000_000;

/// A block of more records than this is no evidence, however few blocks there are.
const LARGEST_BLOCK: usize = 500;

/// Words of a name that serve as keys, the rarest first.
const KEY_WORDS: usize = 3;

/// Two records, the earlier one first.
pub(super) type Pair = (u32, u32);

/// The pairs to compare, ascending and each once; `always` are pairs that are compared whatever the rules say.
pub(super) fn candidates(profiles: &Profiles, always: &[Pair]) -> Vec<Pair> {
    let mut keys: Vec<(u64, u32)> = (0..profiles.rows.len())
        .into_par_iter()
        .flat_map_iter(|record| {
            keys_of(profiles, &profiles.rows[record]).into_iter().map(move |key| (key, record as u32))
        })
        .collect();
    keys.par_sort_unstable();
    keys.dedup();

    let blocks: Vec<&[(u64, u32)]> =
        keys.chunk_by(|a, b| a.0 == b.0).filter(|block| (2..=LARGEST_BLOCK).contains(&block.len())).collect();
    let limit = largest_affordable(&blocks, profiles.rows.len() as u64);
    let mut pairs: Vec<Pair> = blocks
        .into_par_iter()
        .filter(|block| block.len() <= limit)
        .flat_map_iter(|block| {
            block.iter().enumerate().flat_map(move |(n, (_, a))| block[n + 1..].iter().map(move |(_, b)| (*a, *b)))
        })
        .collect();
    pairs.extend_from_slice(always);
    pairs.par_sort_unstable();
    pairs.dedup();
    pairs
}

/// The size up to which all blocks together stay within the budget.
fn largest_affordable(blocks: &[&[(u64, u32)]], records: u64) -> usize {
    let mut pairs_by_size = [0_u64; LARGEST_BLOCK + 1];
    for block in blocks {
        let size = block.len() as u64;
        pairs_by_size[block.len()] += size * (size - 1) / 2;
    }
    let budget = FREE_PAIRS + PAIRS_PER_RECORD * records;
    let mut spent = 0;
    for (size, pairs) in pairs_by_size.iter().enumerate() {
        spent += pairs;
        if spent > budget {
            return (size - 1).max(2);
        }
    }
    LARGEST_BLOCK
}

/// The keys of one record under every rule.
fn keys_of(profiles: &Profiles, row: &Profile) -> Vec<u64> {
    let mut keys = Vec::with_capacity(16);
    let mut key = |rule: u8, parts: &[&str]| {
        if parts.iter().all(|part| !part.is_empty()) {
            keys.push(hash(rule, parts));
        }
    };
    let text = |symbol: Symbol| profiles.text(symbol);
    let start = |symbol: Symbol, length: usize| {
        let text = profiles.text(symbol);
        &text[..text.len().min(length)]
    };
    key(1, &[text(row.vat_id)]);
    let phone = text(row.phone);
    key(2, &[&phone[phone.len().saturating_sub(7)..]]);
    key(3, &[text(row.email)]);
    key(4, &[text(row.domains[0])]);
    if row.domains[1] != row.domains[0] {
        key(4, &[text(row.domains[1])]);
    }
    key(5, &[text(row.number), start(row.street, 4)]);
    key(6, &[text(row.number), text(row.postal_code)]);
    key(7, &[start(row.name, 10)]);
    key(8, &[start(row.name, 5), start(row.postal_code, 3)]);
    key(9, &[start(row.name, 5), text(row.city)]);

    let mut rarest: Vec<Symbol> = row.words.to_vec();
    rarest.sort_by_key(|word| (profiles.word_count(*word), *word));
    rarest.truncate(KEY_WORDS);
    for (n, word) in rarest.iter().enumerate() {
        key(10, &[text(*word)]);
        key(11, &[text(*word), start(row.postal_code, 3)]);
        key(12, &[text(*word), text(row.city)]);
        key(13, &[text(*word), start(row.street, 4)]);
        for other in &rarest[n + 1..] {
            let (a, b) = if word < other { (word, other) } else { (other, word) };
            key(14, &[text(*a), text(*b)]);
        }
    }
    key(15, &[start(row.street, 6), text(row.postal_code)]);
    keys
}

/// The first 64 bits of BLAKE3 over a rule and its parts.
fn hash(rule: u8, parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[rule]);
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}
