//! What the constructor of a ranking refuses.

use std::collections::BTreeMap;

use super::{
    RankError, RankingParts,
    order::{SortKey, score},
};

/// Ranks are 1 to n over the population, and each account comes before the next for a reason.
pub(super) fn order(parts: &RankingParts) -> Result<(), RankError> {
    let table = &parts.table;
    let (ids, population) = (table.column("customer_id")?.str()?, table.column("population")?.bool()?);
    let rank = table.column("rank")?.u32()?;
    let number = |name: &str| Ok::<_, RankError>(table.column(name)?.f64()?.clone());
    let (headroom, growth) = (number("headroom_margin")?, number("growth_probability")?);
    let (expected, margin) = (number("expected_margin")?, number("margin_last")?);
    let n = population.iter().filter(|flag| *flag == Some(true)).count();
    let mut by_rank: BTreeMap<u32, SortKey<'_>> = BTreeMap::new();
    for row in 0..table.height() {
        let id = ids.get(row).unwrap_or("null");
        let wrong = |expected: String| RankError::Rank {
            account: id.into(),
            found: rank.get(row).map_or_else(|| "none".into(), |r| r.to_string()),
            expected,
        };
        match (population.get(row) == Some(true), rank.get(row)) {
            (false, None) => {}
            (false, Some(_)) => return Err(wrong("none outside the population".into())),
            (true, Some(place)) if (1..=n).contains(&(place as usize)) => {
                let key = SortKey {
                    score: score(&parts.basis, headroom.get(row), growth.get(row), expected.get(row)),
                    margin_last: margin.get(row),
                    id,
                };
                if by_rank.insert(place, key).is_some() {
                    return Err(wrong("a rank of its own".into()));
                }
            }
            (true, _) => return Err(wrong(format!("1 to {n}"))),
        }
    }
    for ((rank, first), second) in by_rank.iter().zip(by_rank.values().skip(1)) {
        let why = match first.cmp(second) {
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Equal => "nothing decides their order",
            std::cmp::Ordering::Greater => "their figures say the opposite",
        };
        let (first, second) = (first.id.to_owned(), second.id.to_owned());
        return Err(RankError::Order { first, second, rank: *rank, why });
    }
    Ok(())
}

/// Shares of positive values sum to 1, or to 0 where nothing is positive.
pub(super) fn shares(parts: &RankingParts) -> Result<(), RankError> {
    for (what, summaries, column) in
        [("margin", &parts.abc, "margin_last"), ("revenue", &parts.abc_revenue, "revenue_last")]
    {
        let sum: f64 = summaries.iter().map(|summary| summary.share).sum();
        let positive = parts.table.column(column)?.f64()?.iter().flatten().any(|value| value > 0.0);
        let expected = if positive { 1.0 } else { 0.0 };
        if (sum - expected).abs() > 1e-9 {
            return Err(RankError::Shares { what, sum });
        }
    }
    Ok(())
}

/// Potential is shown for the whole population where the third verdict holds, and for nobody otherwise.
pub(super) fn potential(parts: &RankingParts) -> Result<(), RankError> {
    let table = &parts.table;
    let shown = parts.basis.shows_potential();
    let (ids, population) = (table.column("customer_id")?.str()?, table.column("population")?.bool()?);
    for column in ["potential_band", "service_level", "can_buy_more"] {
        let nulls = table.column(column)?.is_null();
        for row in 0..table.height() {
            let known = nulls.get(row) == Some(false);
            let may = shown && population.get(row) == Some(true);
            // Whether an account can buy more may stay open where growth of that account is unknown.
            if known && !may || !known && may && column != "can_buy_more" {
                return Err(RankError::Potential {
                    account: ids.get(row).unwrap_or("null").into(),
                    column,
                    found: if known { "a value" } else { "none" }.into(),
                    expected: if may { "a value" } else { "none without the third verdict" },
                });
            }
        }
    }
    if parts.matrix.is_some() != shown {
        return Err(RankError::Potential {
            account: "all".into(),
            column: "matrix",
            found: if shown { "none" } else { "a value" }.into(),
            expected: if shown { "a value" } else { "none without the third verdict" },
        });
    }
    Ok(())
}
