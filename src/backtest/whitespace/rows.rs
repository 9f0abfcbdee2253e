//! Accounts times the product groups they have not bought for 24 months: what is known of each pair, and what came of
//! it.

use std::{borrow::Cow, cell::OnceCell, collections::BTreeMap, sync::Arc};

use ndarray::{ArcArray2, Array1, Array2, Axis};

use super::{super::BacktestError, Origin, PEERS};
use crate::{
    domain::{AbcThresholds, Month, Seed},
    features::{Purchases, Slice},
    train::{Encoder, FeatureList, Panel, Rows, comparable_columns, pairs},
};

/// Peers are looked for among at most so many accounts, drawn by their ids.
const REFERENCE: usize = 2000;
/// Groups that are offered: those that most accounts buy.
const MOST_GROUPS: usize = 40;
/// Columns by which accounts can be compared, below which nobody has peers.
const FEWEST_COMPARABLE: usize = 2;
/// Columns of a pair: popularity, peers, industry, then the account's own.
const PAIR: usize = 3;
const OWN: [&str; 5] = ["groups_24", "revenue_12", "orders_12", "months_since_first_order", "days_since_last_order"];

/// Pairs of several origins; outcomes are 0 where they are not known.
pub struct GroupRows {
    /// Number of the account over all origins.
    pub account: Vec<u32>,
    /// Its position in its slice.
    pub row: Vec<u32>,
    pub group: Vec<u32>,
    /// Product groups there are.
    pub groups: usize,
    /// `(n, 8)`.
    pub x: Array2<f64>,
    /// 1 if the group was bought within the horizon.
    pub bought: Vec<f64>,
    /// For how much.
    pub spend: Vec<f64>,
    /// Peers that buy the group; `u32::MAX` where nobody has peers.
    peers: Vec<u32>,
    industry: Vec<Option<Arc<str>>>,
    /// Positions of the nearest peers of each account of the newest origin that was kept; `None` without peers.
    nearest: Option<Vec<Vec<usize>>>,
}

/// The `k` (at most 20) accounts of `slice` that are nearest to the one at `account`, nearest first, as positions; `None`
/// where accounts cannot be compared.
///
/// # Errors
/// If a feature is missing.
pub fn nearest_accounts(
    slice: &Slice,
    abc: AbcThresholds,
    account: usize,
    k: usize,
) -> Result<Option<Vec<usize>>, BacktestError> {
    let found = Compared::new(slice, &Panel::new(&[slice], abc)?.rows())?.nearest(&[account])?;
    Ok(found.and_then(|mut peers| peers.pop()).map(|mut peers| {
        peers.truncate(k);
        peers
    }))
}

impl GroupRows {
    /// All pairs of `origins`; beyond about `most`, those of a sample of accounts, the same at every origin.
    pub fn of(origins: &[&Surroundings<'_>], seed: Seed, most: usize) -> Result<Self, BacktestError> {
        let pairs: usize =
            origins.iter().map(|at| at.compared.ids.len() * at.purchases.groups().len().min(MOST_GROUPS)).sum();
        let share = most as f64 / pairs.max(1) as f64;
        let keep = |id: &str| share >= 1.0 || (seed.derive(id).0 as f64) < share * u64::MAX as f64;
        let groups = origins.first().map_or(0, |at| at.purchases.groups().len());
        let mut all = Self {
            account: Vec::new(),
            row: Vec::new(),
            group: Vec::new(),
            groups,
            x: Array2::zeros((0, 0)),
            bought: Vec::new(),
            spend: Vec::new(),
            peers: Vec::new(),
            industry: Vec::new(),
            nearest: None,
        };
        let (mut x, mut numbers) = (Vec::new(), BTreeMap::new());
        for at in origins {
            let (ids, purchases) = (&at.compared.ids, at.purchases);
            let kept: Vec<usize> = (0..ids.len()).filter(|&i| keep(ids[i])).collect();
            let amount = |cells: &[(u32, f64)], group: u32| {
                cells.binary_search_by_key(&group, |cell| cell.0).map_or(0.0, |at| cells[at].1.max(0.0))
            };
            let buys = |account: usize, group: u32| amount(purchases.before(account), group) > 0.0;
            let bought = |account: usize| purchases.before(account).iter().filter(|cell| cell.1 > 0.0);
            let n = ids.len().max(1) as f64;
            let mut popularity = vec![0.0; groups];
            let mut of_industry: BTreeMap<Option<&str>, (f64, Vec<f64>)> = BTreeMap::new();
            for i in 0..ids.len() {
                let (n_industry, sums) =
                    of_industry.entry(at.industry[i].as_deref()).or_insert((0.0, vec![0.0; groups]));
                *n_industry += 1.0;
                for (group, _) in bought(i) {
                    sums[*group as usize] += 1.0;
                    popularity[*group as usize] += 1.0 / n;
                }
            }
            let offered = offered(&popularity);
            let nearest = at.nearest(&kept)?;
            for (k, &i) in kept.iter().enumerate() {
                let next = numbers.len() as u32;
                let number = *numbers.entry(ids[i].to_owned()).or_insert(next);
                let (n, of_own_industry) = &of_industry[&at.industry[i].as_deref()];
                for &group in offered.iter().filter(|&&group| !buys(i, group)) {
                    let g = group as usize;
                    let peers = nearest.as_ref().map(|peers| peers[k].iter().filter(|&&p| buys(p, group)).count());
                    x.extend([
                        popularity[g],
                        peers.map_or(f64::NAN, |peers| peers as f64 / PEERS as f64),
                        of_own_industry[g] / n,
                    ]);
                    x.extend(at.own.iter().map(|column| column[i]));
                    let after = purchases.after(i).map_or(0.0, |after| amount(after, group));
                    all.account.push(number);
                    all.row.push(i as u32);
                    all.group.push(group);
                    all.bought.push(f64::from(u8::from(after > 0.0)));
                    all.spend.push(after);
                    all.peers.push(peers.map_or(u32::MAX, |peers| peers as u32));
                    all.industry.push(at.industry[i].clone());
                }
            }
            all.nearest = nearest.map(Cow::into_owned);
        }
        all.x = Array2::from_shape_vec((all.account.len(), PAIR + OWN.len()), x).expect("eight columns a pair");
        Ok(all)
    }

    pub fn len(&self) -> usize {
        self.account.len()
    }

    pub fn is_empty(&self) -> bool {
        self.account.is_empty()
    }

    /// Pairs that came to a purchase.
    pub fn purchases(&self) -> usize {
        self.bought.iter().filter(|bought| **bought > 0.5).count()
    }

    /// Whether accounts can be compared, at any of the origins.
    pub fn has_peers(&self) -> bool {
        self.peers.iter().any(|peers| *peers != u32::MAX)
    }

    /// How many of the nearest peers buy the group of a pair.
    pub fn peers_buy(&self, i: usize) -> Option<u32> {
        Some(self.peers[i]).filter(|peers| *peers != u32::MAX)
    }

    /// Positions of the nearest peers of each account, if there are peers; of the newest origin, where no account was
    /// left out.
    pub fn into_nearest(self) -> Option<Vec<Vec<usize>>> {
        self.nearest
    }

    pub fn industry(&self, i: usize) -> Option<&str> {
        self.industry[i].as_deref()
    }

    /// All industries, ascending.
    pub fn industries(&self) -> Vec<String> {
        let mut all: Vec<String> = self.industry.iter().flatten().map(|name| name.to_string()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The groups that most accounts buy, ascending; what nobody bought for 24 months is not offered.
fn offered(popularity: &[f64]) -> Vec<u32> {
    let mut groups: Vec<u32> = (0..popularity.len() as u32).filter(|&g| popularity[g as usize] > 0.0).collect();
    groups.sort_by(|&a, &b| popularity[b as usize].total_cmp(&popularity[a as usize]).then(a.cmp(&b)));
    groups.truncate(MOST_GROUPS);
    groups.sort_unstable();
    groups
}

/// What is known of every account of one origin; made once for all the pools that it is part of.
pub struct Surroundings<'a> {
    at: Month,
    purchases: &'a Purchases,
    industry: Vec<Option<Arc<str>>>,
    own: Vec<Vec<f64>>,
    compared: Compared<'a>,
    /// The nearest of every account, once a pool has asked for all of them.
    nearest_of_all: OnceCell<Option<Vec<Vec<usize>>>>,
}

impl<'a> Surroundings<'a> {
    pub fn new((slice, purchases): Origin<'a>, abc: AbcThresholds) -> Result<Self, BacktestError> {
        let panel = Panel::new(&[slice], abc)?;
        let rows = panel.rows();
        let mut names: BTreeMap<String, Arc<str>> = BTreeMap::new();
        let industry = rows
            .category("industry")?
            .into_iter()
            .map(|name| name.map(|name| Arc::clone(names.entry(name).or_insert_with_key(|name| name.as_str().into()))))
            .collect();
        let own = OWN.iter().map(|name| slice.features().numbers(name)).collect::<Result<_, _>>()?;
        let compared = Compared::new(slice, &rows)?;
        Ok(Self { at: slice.as_of().at(), purchases, industry, own, compared, nearest_of_all: OnceCell::new() })
    }

    /// The month they stand at.
    pub const fn at(&self) -> Month {
        self.at
    }

    /// The nearest other accounts of those at `kept`, ascending, as positions in the slice.
    fn nearest(&self, kept: &[usize]) -> Result<Option<Cow<'_, [Vec<usize>]>>, BacktestError> {
        if kept.len() < self.compared.ids.len() {
            return Ok(self.compared.nearest(kept)?.map(Cow::Owned));
        }
        let all = match self.nearest_of_all.get() {
            Some(all) => all,
            None => {
                let found = self.compared.nearest(kept)?;
                self.nearest_of_all.get_or_init(|| found)
            }
        };
        Ok(all.as_deref().map(Cow::Borrowed))
    }
}

/// The accounts of one origin as points whose distance says how unlike two of them are.
struct Compared<'a> {
    /// Own-share-free columns, standardised; none where accounts cannot be compared.
    encoded: Option<ArcArray2<f64>>,
    ids: Vec<&'a str>,
}

impl<'a> Compared<'a> {
    /// `rows` are those of `slice` as models see them.
    fn new(slice: &'a Slice, rows: &Rows<'_>) -> Result<Self, BacktestError> {
        let comparable = comparable_columns(rows)?;
        let encoded = if comparable.len() >= FEWEST_COMPARABLE {
            let list = FeatureList { features: comparable, baselines: Vec::new(), anchor: None };
            Some(Encoder::learn(&list, rows)?.transform(rows)?).filter(|x| x.ncols() > 0)
        } else {
            None
        };
        let ids = slice.features().accounts().iter().map(Option::unwrap_or_default).collect();
        Ok(Self { encoded, ids })
    }

    /// The nearest other accounts of those at `kept`, as positions in the slice.
    fn nearest(&self, kept: &[usize]) -> Result<Option<Vec<Vec<usize>>>, BacktestError> {
        let Some(encoded) = &self.encoded else { return Ok(None) };
        let mut drawn: Vec<(u64, usize)> =
            self.ids.iter().enumerate().map(|(i, id)| (Seed(0).derive(id).0, i)).collect();
        drawn.sort_unstable();
        drawn.truncate(REFERENCE);
        let reference: Vec<usize> = drawn.into_iter().map(|(_, i)| i).collect();
        if reference.len() <= PEERS {
            return Ok(None);
        }
        let known = (encoded.select(Axis(0), &reference), Array1::from(reference.clone()));
        let queries = (&encoded.select(Axis(0), kept), &Array1::from(kept.to_vec()));
        let found = pairs::nearest(PEERS, known, queries).map_err(|reason| BacktestError::Whitespace { reason })?;
        Ok(Some(found.into_iter().map(|peers| peers.into_iter().map(|peer| reference[peer]).collect()).collect()))
    }
}
