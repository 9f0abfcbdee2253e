//! Rows of numbers on their way from the warehouse to memory: taken in any order, kept by range of accounts.
//!
//! The first touch of fresh memory can cost more than all arithmetic on it (a virtual machine asks its host for every
//! page), so rows are neither sorted in the warehouse nor kept as frames: each is written behind those of its accounts,
//! every number with as many bytes as it needs. Putting them in order is left to whoever takes a shard.

use std::ops::Range;

/// Consecutive accounts whose rows are put together at a time, in a processor's cache.
pub(super) const SHARD: usize = 1024;

/// Bytes of memory taken at a time.
const BLOCK: usize = 1 << 14;

/// The most bytes of one number: 64 bits, 7 in each.
const WIDEST: usize = 10;

/// Where the rows of each account of a shard begin and end.
#[derive(Debug)]
pub(super) struct Offsets(Vec<u32>);

impl Offsets {
    /// Nobody has any.
    pub(super) fn new() -> Self {
        Self(vec![0; SHARD + 1])
    }

    /// There are so many rows once this account's are there; accounts come in ascending order.
    pub(super) fn end(&mut self, account: usize, rows: usize) {
        self.0[account % SHARD + 1] = rows as u32;
    }

    /// All rows are there: who has none ends where the account before ends.
    pub(super) fn close(&mut self) {
        for at in 1..self.0.len() {
            self.0[at] = self.0[at].max(self.0[at - 1]);
        }
    }

    pub(super) fn rows_of(&self, account: usize) -> Range<usize> {
        let at = account % SHARD;
        self.0[at] as usize..self.0[at + 1] as usize
    }
}

/// The rows of all accounts, those of [`SHARD`] of them side by side.
#[derive(Debug)]
pub(super) struct Sharded<const N: usize> {
    shards: Vec<Packed<N>>,
}

impl<const N: usize> Sharded<N> {
    /// For as many accounts.
    pub(super) fn of(accounts: usize) -> Self {
        Self { shards: std::iter::repeat_with(Packed::default).take(accounts.div_ceil(SHARD)).collect() }
    }

    pub(super) fn push(&mut self, account: i32, row: [i64; N]) {
        self.shards[account as usize / SHARD].push(row);
    }

    pub(super) fn shards(self) -> Vec<Packed<N>> {
        self.shards
    }
}

/// Rows of `N` numbers, 7 bits of a number to a byte, the lowest first; the sign is the lowest bit of all.
#[derive(Debug, Default)]
pub(super) struct Packed<const N: usize> {
    blocks: Vec<Vec<u8>>,
}

impl<const N: usize> Packed<N> {
    pub(super) fn push(&mut self, row: [i64; N]) {
        if self.blocks.last().is_none_or(|block| block.capacity() - block.len() < N * WIDEST) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let Some(block) = self.blocks.last_mut() else { return };
        for number in row {
            let mut rest = ((number << 1) ^ (number >> 63)) as u64;
            while rest >= 1 << 7 {
                block.push(rest as u8 | 1 << 7);
                rest >>= 7;
            }
            block.push(rest as u8);
        }
    }

    pub(super) fn unpack_into<T>(self, rows: &mut Vec<T>, unpacked: impl Fn([i64; N]) -> T) {
        for block in self.blocks {
            let mut bytes = block.into_iter().peekable();
            while bytes.peek().is_some() {
                rows.push(unpacked(std::array::from_fn(|_| number(&mut bytes))));
            }
        }
    }
}

fn number(bytes: &mut impl Iterator<Item = u8>) -> i64 {
    let (mut bits, mut shift) = (0_u64, 0);
    for byte in bytes {
        bits |= u64::from(byte & 0x7f) << shift;
        if byte < 1 << 7 {
            break;
        }
        shift += 7;
    }
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

/// A number that may be absent as one that is small where it is small: 0 is absent, and from 0 on all are one more.
pub(super) const fn optional(number: Option<i64>) -> i64 {
    match number {
        None => 0,
        Some(number) if number >= 0 => number.saturating_add(1),
        Some(number) => number,
    }
}

/// What [`optional`] made a number of.
pub(super) const fn given(number: i64) -> Option<i64> {
    match number {
        0 => None,
        1.. => Some(number - 1),
        _ => Some(number),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_row_comes_back_as_it_went(numbers in prop::collection::vec(any::<[i64; 9]>(), 0..500)) {
            let mut packed = Packed::default();
            numbers.iter().for_each(|row| packed.push(*row));
            let mut rows = Vec::new();
            packed.unpack_into(&mut rows, |row| row);
            prop_assert_eq!(rows, numbers);
        }
    }

    #[test]
    fn numbers_at_the_edges_come_back() {
        let edges = [0, -1, 1, 63, -64, 64, i64::MAX, i64::MIN, i64::from(i32::MIN)];
        let (mut packed, mut rows) = (Packed::default(), Vec::new());
        packed.push(edges);
        packed.unpack_into(&mut rows, |row| row);
        assert_eq!(rows, [edges]);
    }

    #[test]
    fn an_absent_number_stays_apart_from_all_others() {
        for number in [None, Some(0), Some(1), Some(-1), Some(i64::MIN), Some(i64::MAX - 1)] {
            assert_eq!(given(optional(number)), number);
        }
    }
}
