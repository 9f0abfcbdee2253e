//! Dated facts that are walked account by account: invoices, contacts, touches, opportunities and public signals.
//!
//! Rows of one account lie side by side, the states of one fact among them in order of knowledge, so that an origin
//! walks memory once and the newest state known by then is found on the way. Nothing here knows what a fact means.

use polars::prelude::{DataFrame, DataType};
use rayon::prelude::*;

use super::{
    FeatureError,
    packed::{Offsets, Packed, SHARD, Sharded},
};

/// One state of a fact: what was held to be true from `known_at` to the day before `known_until`.
#[derive(Debug, Clone, Copy)]
struct State<T> {
    /// Number of the fact; the states of one fact follow each other.
    fact: i32,
    known_at: i32,
    known_until: i32,
    value: T,
}

/// The rows of one table, by account.
#[derive(Debug)]
pub(super) struct Events<T> {
    shards: Vec<Shard<T>>,
}

/// Those of [`SHARD`] consecutive accounts.
#[derive(Debug)]
struct Shard<T> {
    offsets: Offsets,
    states: Vec<State<T>>,
}

impl<T> Shard<T> {
    /// `states` are in order of accounts.
    fn of(states: impl Iterator<Item = (usize, State<T>)>) -> Self {
        let mut shard = Self { offsets: Offsets::new(), states: Vec::new() };
        for (account, state) in states {
            shard.states.push(state);
            shard.offsets.end(account, shard.states.len());
        }
        shard.offsets.close();
        shard
    }
}

impl<T> Events<T> {
    /// `frame` has the columns `account` (ascending), `fact`, `known_at` and `known_until`; `values` holds what each of
    /// its rows says.
    pub(super) fn new(frame: &DataFrame, accounts: usize, values: Vec<T>) -> Result<Self, FeatureError> {
        let facts = frame.column("fact")?.i32()?.into_no_null_iter();
        let (known_at, known_until) = (days(frame, "known_at")?, days(frame, "known_until")?);
        let states =
            facts.zip(known_at).zip(known_until).zip(values).map(|(((fact, known_at), known_until), value)| {
                let (known_at, known_until) = (known_at.unwrap_or(i32::MIN), known_until.unwrap_or(i32::MAX));
                State { fact, known_at, known_until, value }
            });
        let accounts_of = frame.column("account")?.i32()?.into_no_null_iter().map(|account| account as usize);
        let mut rows = accounts_of.zip(states).peekable();
        let shard = |at: usize| Shard::of(std::iter::from_fn(|| rows.next_if(|(account, _)| account / SHARD == at)));
        Ok(Self { shards: (0..accounts.div_ceil(SHARD)).map(shard).collect() })
    }

    /// Rows in any order. Each begins with its account and a number of its fact, 0 of a fact that has one state; `read`
    /// says from when until when it is known, and what it says. States of a fact are in order of the other numbers.
    pub(super) fn of_rows<const N: usize>(rows: Sharded<N>, read: impl Fn(&[i64; N]) -> (i32, i32, T) + Sync) -> Self
    where
        T: Send,
    {
        let shard = |rows: &mut Vec<[i64; N]>, packed: Packed<N>| {
            packed.unpack_into(rows, |row| row);
            rows.sort_unstable();
            let facts = rows.chunk_by(|a, b| a[..2] == b[..2] && b[1] != 0).zip(0..);
            let states = facts.flat_map(|(states, fact)| states.iter().map(move |row| (fact, row)));
            let shard = Shard::of(states.map(|(fact, row)| {
                let (known_at, known_until, value) = read(row);
                (row[0] as usize, State { fact, known_at, known_until, value })
            }));
            rows.clear();
            shard
        };
        Self { shards: rows.shards().into_par_iter().map_init(Vec::new, shard).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.states.is_empty())
    }

    /// The newest state of each fact of an account that was known on day `knowledge`, in the order of the table.
    pub(super) fn known(&self, account: usize, knowledge: i32) -> impl Iterator<Item = &T> {
        let shard = &self.shards[account / SHARD];
        shard.states[shard.offsets.rows_of(account)]
            .chunk_by(|a, b| a.fact == b.fact)
            .filter_map(move |states| states.iter().rev().find(|state| state.is_known(knowledge)))
            .map(|state| &state.value)
    }

    /// The days of `of` from which the earliest one known at any time can be told.
    pub(super) fn firsts(&self, of: impl Fn(&T) -> Option<i32>) -> Firsts {
        let mut firsts: Vec<First> = Vec::new();
        for state in self.shards.iter().flat_map(|shard| &shard.states) {
            let Some(day) = of(&state.value) else { continue };
            let new = First(day, state.known_at, state.known_until);
            if !firsts.iter().any(|first| first.covers(new)) {
                firsts.retain(|first| !new.covers(*first));
                firsts.push(new);
            }
        }
        firsts.sort_unstable_by_key(|first| first.0);
        Firsts(firsts)
    }
}

impl<T> State<T> {
    const fn is_known(&self, knowledge: i32) -> bool {
        self.known_at <= knowledge && self.known_until > knowledge
    }
}

/// A day on which something happened, from when and until when it was known.
#[derive(Debug, Clone, Copy)]
struct First(i32, i32, i32);

impl First {
    /// No later, and known whenever `other` is: then `other` is superfluous.
    const fn covers(self, other: Self) -> bool {
        self.0 <= other.0 && self.1 <= other.1 && self.2 >= other.2
    }
}

/// Since when something has been recorded at all, as seen at any point in time.
#[derive(Debug)]
pub(super) struct Firsts(Vec<First>);

impl Firsts {
    /// The first day up to `end` that was known on day `knowledge`.
    pub(super) fn by(&self, end: i32, knowledge: i32) -> Option<i32> {
        let known = self.0.iter().find(|first| first.1 <= knowledge && first.2 > knowledge)?;
        (known.0 <= end).then_some(known.0)
    }
}

/// A date column as days since 1970-01-01.
pub(super) fn days(frame: &DataFrame, name: &str) -> Result<Vec<Option<i32>>, FeatureError> {
    Ok(frame.column(name)?.cast(&DataType::Int32)?.i32()?.iter().collect())
}

/// A column of integers or truth values.
pub(super) fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<Option<i64>>, FeatureError> {
    Ok(frame.column(name)?.cast(&DataType::Int64)?.i64()?.iter().collect())
}

#[cfg(test)]
mod tests {
    use polars::df;

    use super::*;

    fn events() -> Events<i32> {
        let frame = df! {
            "account" => [0, 0, 0, 2],
            "fact" => [1, 1, 2, 3],
            "known_at" => [10, 20, 15, 5],
            "known_until" => [Some(20), None, Some(18), None],
        };
        Events::new(&frame.unwrap(), 3, vec![100, 90, 80, 70]).unwrap()
    }

    #[test]
    fn the_newest_known_state_of_each_fact_counts() {
        let known = |account, day| events().known(account, day).copied().collect::<Vec<_>>();
        assert_eq!(known(0, 9), [0; 0]);
        assert_eq!(known(0, 16), [100, 80]);
        assert_eq!(known(0, 19), [100]);
        assert_eq!(known(0, 20), [90]);
        assert_eq!(known(1, 20), [0; 0]);
        assert_eq!(known(2, 20), [70]);
    }

    #[test]
    fn rows_in_any_order_become_facts_with_their_states() {
        // account, number of a fact with several states, from when it is known, until when, what it says
        let rows =
            [[1030, 0, 15, 99, 3], [2, 7, 20, 99, 90], [2, 0, 12, 99, 1], [2, 7, 10, 20, 100], [2, 0, 12, 99, 2]];
        let mut sharded = Sharded::of(1031);
        rows.iter().for_each(|row| sharded.push(row[0] as i32, *row));
        let events = Events::of_rows(sharded, |row| (row[2] as i32, row[3] as i32, row[4]));
        let known = |account, day| events.known(account, day).copied().collect::<Vec<_>>();
        assert_eq!(known(2, 11), [100]);
        assert_eq!(known(2, 19), [1, 2, 100]);
        assert_eq!(known(2, 20), [1, 2, 90]);
        assert_eq!(known(1030, 20), [3]);
        assert!(known(1029, 20).is_empty() && known(3, 20).is_empty());
    }

    #[test]
    fn the_first_day_is_the_one_that_was_known_then() {
        let firsts = events().firsts(|value| Some(*value));
        assert_eq!(firsts.by(200, 4), None);
        assert_eq!(firsts.by(200, 5), Some(70));
        assert_eq!(firsts.by(69, 5), None, "it happens later");
    }
}
