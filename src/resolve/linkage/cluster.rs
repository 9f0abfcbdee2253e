//! Linked pairs into clusters, without the chains that pairs alone would make.
//!
//! Within each connected component the pair of clusters with the highest mean probability is joined first, as long as
//! it is more likely than not and one of its links is certain enough (average linkage, the UPGMA of Sokal & Michener
//! 1958). So "A is B" and "B is C" make one company only if A and C do not contradict it, and two clusters that hold
//! contradicting records (two tax numbers) are never joined: the component is split at its weakest link.

/// A pair that was compared, with the probability that both are one company.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Index of the earlier record.
    pub a: u32,
    /// Index of the later record.
    pub b: u32,
    /// Probability of a match.
    pub probability: f64,
}

/// What clusters must not do.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    /// A link under this joins nothing.
    pub threshold: f64,
    /// Whether two records must not be in one cluster.
    pub contradict: &'a (dyn Fn(u32, u32) -> bool + Sync),
    /// The probability of two records of one component that no rule brought together.
    pub compare: &'a (dyn Fn(u32, u32) -> f64 + Sync),
}

/// A larger component is first cut at ever stronger links, since average linkage costs the square of its size.
const LARGEST_COMPONENT: usize = 400;

/// The clusters of two records or more, each ascending, in order of their first record.
pub(super) fn clusters(records: usize, links: &[Link], rules: &Rules<'_>) -> Vec<Vec<u32>> {
    use rayon::prelude::*;
    let strong: Vec<Link> = links.iter().filter(|link| link.probability >= rules.threshold).copied().collect();
    let mut found: Vec<Vec<u32>> = components(records, &strong, rules.threshold)
        .into_par_iter()
        .flat_map_iter(|(members, links)| linked(&members, &links, rules))
        .collect();
    found.sort_unstable();
    found
}

/// Connected components with their links; the probability needed rises where a component is too large.
fn components(records: usize, links: &[Link], threshold: f64) -> Vec<(Vec<u32>, Vec<Link>)> {
    let mut parents: Vec<u32> = (0..records as u32).collect();
    fn root(parents: &mut [u32], mut record: u32) -> u32 {
        while parents[record as usize] != record {
            parents[record as usize] = parents[parents[record as usize] as usize];
            record = parents[record as usize];
        }
        record
    }
    for link in links {
        let (a, b) = (root(&mut parents, link.a), root(&mut parents, link.b));
        parents[a.max(b) as usize] = a.min(b);
    }
    let mut by_root: Vec<(u32, Link)> = links.iter().map(|link| (root(&mut parents, link.a), *link)).collect();
    by_root.sort_by_key(|(root, link)| (*root, link.a, link.b));
    let mut found = Vec::new();
    for rows in by_root.chunk_by(|x, y| x.0 == y.0) {
        let links: Vec<Link> = rows.iter().map(|(_, link)| *link).collect();
        let mut members: Vec<u32> = links.iter().flat_map(|link| [link.a, link.b]).collect();
        members.sort_unstable();
        members.dedup();
        let stricter = 1.0 - (1.0 - threshold) / 4.0;
        if members.len() > LARGEST_COMPONENT && stricter < 1.0 - 1e-12 {
            let kept: Vec<Link> = links.into_iter().filter(|link| link.probability >= stricter).collect();
            found.extend(components(records, &kept, stricter));
        } else if members.len() <= LARGEST_COMPONENT {
            found.push((members, links));
        }
    }
    found
}

/// Average linkage within one component.
fn linked(members: &[u32], links: &[Link], rules: &Rules<'_>) -> Vec<Vec<u32>> {
    let size = members.len();
    let place = |record: u32| members.binary_search(&record).unwrap_or(0);
    // sums of probabilities between clusters, and whether a link joins them; NaN forbids
    let mut sums = vec![0.0_f64; size * size];
    let mut joins = vec![false; size * size];
    let mut known = vec![false; size * size];
    for link in links {
        let (i, j) = (place(link.a), place(link.b));
        for at in [i * size + j, j * size + i] {
            sums[at] = link.probability;
            joins[at] = true;
            known[at] = true;
        }
    }
    for i in 0..size {
        for j in i + 1..size {
            let mut value = sums[i * size + j];
            if (rules.contradict)(members[i], members[j]) {
                value = f64::NAN;
            } else if !known[i * size + j] {
                value = (rules.compare)(members[i], members[j]);
            }
            sums[i * size + j] = value;
            sums[j * size + i] = value;
        }
    }
    let mut clusters: Vec<Option<Vec<u32>>> = members.iter().map(|record| Some(vec![*record])).collect();
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for i in 0..size {
            let Some(first) = &clusters[i] else { continue };
            for j in i + 1..size {
                let Some(second) = &clusters[j] else { continue };
                if !joins[i * size + j] {
                    continue;
                }
                let mean = sums[i * size + j] / (first.len() * second.len()) as f64;
                if mean >= 0.5 && best.is_none_or(|(highest, ..)| mean > highest) {
                    best = Some((mean, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { break };
        let absorbed = clusters[j].take().unwrap_or_default();
        if let Some(cluster) = &mut clusters[i] {
            cluster.extend(absorbed);
        }
        for k in 0..size {
            if k != i && k != j {
                let sum = sums[i * size + k] + sums[j * size + k];
                let joined = joins[i * size + k] || joins[j * size + k];
                for at in [i * size + k, k * size + i] {
                    sums[at] = sum;
                    joins[at] = joined;
                }
            }
        }
    }
    let mut clusters: Vec<Vec<u32>> = clusters.into_iter().flatten().filter(|cluster| cluster.len() > 1).collect();
    for cluster in &mut clusters {
        cluster.sort_unstable();
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clustered(links: &[(u32, u32, f64)], contradictions: &[(u32, u32)], unlinked: f64) -> Vec<Vec<u32>> {
        let links: Vec<Link> =
            links.iter().map(|(a, b, probability)| Link { a: *a, b: *b, probability: *probability }).collect();
        let contradict = |a: u32, b: u32| contradictions.contains(&(a.min(b), a.max(b)));
        let compare = |_: u32, _: u32| unlinked;
        clusters(10, &links, &Rules { threshold: 0.9, contradict: &contradict, compare: &compare })
    }

    #[test]
    fn a_chain_joins_only_where_its_ends_agree() {
        let chain = [(0, 1, 0.99), (1, 2, 0.95)];
        assert_eq!(clustered(&chain, &[], 0.6), [vec![0, 1, 2]]);
        assert_eq!(clustered(&chain, &[], 0.0), [vec![0, 1]]);
    }

    #[test]
    fn contradicting_records_are_split_at_the_weakest_link() {
        let links = [(0, 1, 0.999), (1, 2, 0.97), (2, 3, 0.999)];
        assert_eq!(clustered(&links, &[(0, 3)], 0.9), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn links_under_the_threshold_join_nothing_and_all_orders_give_one_result() {
        assert!(clustered(&[(4, 5, 0.89)], &[], 0.0).is_empty());
        let links = [(3, 4, 0.95), (0, 1, 0.95), (4, 5, 0.95), (3, 5, 0.93)];
        let mut reversed = links;
        reversed.reverse();
        assert_eq!(clustered(&links, &[], 0.0), clustered(&reversed, &[], 0.0));
        assert_eq!(clustered(&links, &[], 0.0), [vec![0, 1], vec![3, 4, 5]]);
    }
}
