//! Dated facts that are walked account by account: contacts, touches, opportunities and public signals.
//!
//! Rows of one account lie side by side, the states of one fact among them in order of knowledge, so that an origin
//! walks memory once and the newest state known by then is found on the way. Nothing here knows what a fact means.

use polars::prelude::DataFrame;

use super::FeatureError;

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
    offsets: Vec<usize>,
    states: Vec<State<T>>,
}

impl<T> Events<T> {
    /// `frame` has the columns `account` (ascending), `fact`, `known_at` and `known_until`; `values` holds what each of
    /// its rows says.
    pub(super) fn new(frame: &DataFrame, accounts: usize, values: Vec<T>) -> Result<Self, FeatureError> {
        let facts = frame.column("fact")?.i32()?.into_no_null_iter();
        let known_at = days(frame, "known_at")?;
        let known_until = days(frame, "known_until")?;
        let states = facts
            .zip(known_at)
            .zip(known_until)
            .zip(values)
            .map(|(((fact, known_at), known_until), value)| State {
                fact,
                known_at: known_at.unwrap_or(i32::MIN),
                known_until: known_until.unwrap_or(i32::MAX),
                value,
            })
            .collect();
        Ok(Self { offsets: super::ledger::offsets_of(frame, accounts)?, states })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The newest state of each fact of an account that was known on day `knowledge`, in the order of the table.
    pub(super) fn known(&self, account: usize, knowledge: i32) -> impl Iterator<Item = &T> {
        self.states[self.offsets[account]..self.offsets[account + 1]]
            .chunk_by(|a, b| a.fact == b.fact)
            .filter_map(move |states| states.iter().rev().find(|state| state.is_known(knowledge)))
            .map(|state| &state.value)
    }

    /// The days of `of` from which the earliest one known at any time can be told.
    pub(super) fn firsts(&self, of: impl Fn(&T) -> Option<i32>) -> Firsts {
        let mut days: Vec<First> = self
            .states
            .iter()
            .filter_map(|state| Some(First(of(&state.value)?, state.known_at, state.known_until)))
            .collect();
        days.sort_unstable_by_key(|first| (first.0, first.1, std::cmp::Reverse(first.2)));
        let mut firsts: Vec<First> = Vec::new();
        for day in days {
            // an earlier day that is known whenever this one is makes this one superfluous
            if !firsts.iter().any(|first| first.1 <= day.1 && first.2 >= day.2) {
                firsts.push(day);
            }
        }
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
    Ok(frame.column(name)?.cast(&polars::prelude::DataType::Int32)?.i32()?.iter().collect())
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
    fn the_first_day_is_the_one_that_was_known_then() {
        let firsts = events().firsts(|value| Some(*value));
        assert_eq!(firsts.by(200, 4), None);
        assert_eq!(firsts.by(200, 5), Some(70));
        assert_eq!(firsts.by(69, 5), None, "it happens later");
    }
}
