//! Exact contributions of each column to one prediction: TreeSHAP.
//!
//! S. M. Lundberg et al., "From local explanations to global understanding with explainable AI for trees", Nature Machine
//! Intelligence 2 (2020), algorithm 2. The Shapley value of a column is its mean effect over all orders in which columns
//! become known; unknown ones follow both branches in proportion to training rows. One pass over the leaves keeps, per
//! path, the share of column subsets of each size.

use super::node::{Node, Tree, goes_left};

#[derive(Clone, Copy)]
struct Step {
    column: Option<usize>,
    /// Share of training rows that go this way when the column is unknown.
    unknown: f64,
    /// 1 if the row goes this way when the column is known, else 0.
    known: f64,
    /// Weight of the subsets with as many known columns as this position.
    weight: f64,
}

/// Adds the contributions of one tree to `contributions`, one per column.
pub(in crate::learners) fn add_contributions(tree: &Tree, row: &[f64], contributions: &mut [f64]) {
    descend(tree, row, contributions, 0, Vec::new(), Step { column: None, unknown: 1.0, known: 1.0, weight: 0.0 });
}

fn descend(tree: &Tree, row: &[f64], contributions: &mut [f64], at: usize, mut path: Vec<Step>, step: Step) {
    extend(&mut path, step);
    match &tree.nodes()[at] {
        Node::Leaf { value, .. } => {
            for i in 1..path.len() {
                if let Some(column) = path[i].column {
                    contributions[column] += unwound_weight(&path, i) * (path[i].known - path[i].unknown) * value;
                }
            }
        }
        Node::Split { column, rule, missing_left, left, right, cover } => {
            let (hot, cold) =
                if goes_left(rule, *missing_left, row[*column]) { (*left, *right) } else { (*right, *left) };
            let (mut unknown, mut known) = (1.0, 1.0);
            // a column met before counts once: its earlier step is taken back and merged into this one
            if let Some(earlier) = path.iter().position(|step| step.column == Some(*column)) {
                (unknown, known) = (path[earlier].unknown, path[earlier].known);
                unwind(&mut path, earlier);
            }
            let share = |node: usize| cover_of(&tree.nodes()[node]) / cover;
            let next =
                |share: f64, known: f64| Step { column: Some(*column), unknown: unknown * share, known, weight: 0.0 };
            descend(tree, row, contributions, hot, path.clone(), next(share(hot), known));
            descend(tree, row, contributions, cold, path, next(share(cold), 0.0));
        }
    }
}

const fn cover_of(node: &Node) -> f64 {
    match node {
        Node::Leaf { cover, .. } | Node::Split { cover, .. } => *cover,
    }
}

fn extend(path: &mut Vec<Step>, mut step: Step) {
    let depth = path.len();
    step.weight = if depth == 0 { 1.0 } else { 0.0 };
    path.push(step);
    let size = (depth + 1) as f64;
    for i in (0..depth).rev() {
        path[i + 1].weight += step.known * path[i].weight * (i + 1) as f64 / size;
        path[i].weight = step.unknown * path[i].weight * (depth - i) as f64 / size;
    }
}

fn unwind(path: &mut Vec<Step>, at: usize) {
    let depth = path.len() - 1;
    let size = (depth + 1) as f64;
    let Step { unknown, known, .. } = path[at];
    let mut next = path[depth].weight;
    for i in (0..depth).rev() {
        if known != 0.0 {
            let weight = path[i].weight;
            path[i].weight = next * size / ((i + 1) as f64 * known);
            next = weight - path[i].weight * unknown * (depth - i) as f64 / size;
        } else {
            path[i].weight = path[i].weight * size / (unknown * (depth - i) as f64);
        }
    }
    for i in at..depth {
        let Step { column, unknown, known, .. } = path[i + 1];
        path[i] = Step { column, unknown, known, weight: path[i].weight };
    }
    path.pop();
}

/// The total weight of the path without one step.
fn unwound_weight(path: &[Step], at: usize) -> f64 {
    let depth = path.len() - 1;
    let size = (depth + 1) as f64;
    let Step { unknown, known, .. } = path[at];
    let mut next = path[depth].weight;
    let mut total = 0.0;
    for i in (0..depth).rev() {
        if known != 0.0 {
            let weight = next * size / ((i + 1) as f64 * known);
            total += weight;
            next = path[i].weight - weight * unknown * (depth - i) as f64 / size;
        } else {
            total += path[i].weight * size / (unknown * (depth - i) as f64);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::node::Rule;
    use super::*;

    const COLUMNS: usize = 4;

    /// Mean value with only the columns of `known` known: slow and obvious.
    fn expectation(tree: &Tree, row: &[f64], known: usize, at: usize) -> f64 {
        match &tree.nodes()[at] {
            Node::Leaf { value, .. } => *value,
            Node::Split { column, rule, missing_left, left, right, cover } => {
                if known >> column & 1 == 1 {
                    let next = if goes_left(rule, *missing_left, row[*column]) { *left } else { *right };
                    return expectation(tree, row, known, next);
                }
                let of = |node: usize| cover_of(&tree.nodes()[node]) / cover * expectation(tree, row, known, node);
                of(*left) + of(*right)
            }
        }
    }

    fn shapley(tree: &Tree, row: &[f64], column: usize) -> f64 {
        let factorial = |n: usize| (1..=n).product::<usize>() as f64;
        (0..1usize << COLUMNS)
            .filter(|known| known >> column & 1 == 0)
            .map(|known| {
                let size = known.count_ones() as usize;
                let weight = factorial(size) * factorial(COLUMNS - size - 1) / factorial(COLUMNS);
                weight * (expectation(tree, row, known | 1 << column, 0) - expectation(tree, row, known, 0))
            })
            .sum()
    }

    /// A tree of 15 nodes; columns repeat along paths.
    fn tree(columns: &[usize], bounds: &[f64], values: &[f64], covers: &[u8]) -> Tree {
        let mut nodes: Vec<Node> = Vec::new();
        let mut cover = [0.0; 15];
        for leaf in 7..15 {
            cover[leaf] = f64::from(covers[leaf - 7]) + 1.0;
        }
        for at in (0..7).rev() {
            cover[at] = cover[2 * at + 1] + cover[2 * at + 2];
        }
        for at in 0..7 {
            let (rule, missing_left) = (Rule::AtMost(bounds[at]), at % 2 == 0);
            let (left, right) = (2 * at + 1, 2 * at + 2);
            nodes.push(Node::Split { column: columns[at], rule, missing_left, left, right, cover: cover[at] });
        }
        for leaf in 7..15 {
            nodes.push(Node::Leaf { value: values[leaf - 7], cover: cover[leaf] });
        }
        Tree::from_nodes(nodes)
    }

    proptest! {
        #[test]
        fn contributions_are_the_shapley_values(
            columns in prop::collection::vec(0..COLUMNS, 7), bounds in prop::collection::vec(-1.0..1.0f64, 7),
            values in prop::collection::vec(-5.0..5.0f64, 8), covers in prop::collection::vec(0u8..50, 8),
            mut row in prop::collection::vec(-1.0..1.0f64, COLUMNS), missing in 0..8usize,
        ) {
            if missing < COLUMNS {
                row[missing] = f64::NAN;
            }
            let tree = tree(&columns, &bounds, &values, &covers);
            let mut found = [0.0; COLUMNS];
            add_contributions(&tree, &row, &mut found);
            for (column, found) in found.iter().enumerate() {
                let expected = shapley(&tree, &row, column);
                prop_assert!((found - expected).abs() < 1e-9, "{} {} {}", column, found, expected);
            }
            prop_assert!((found.iter().sum::<f64>() + tree.expected() - tree.value(&row)).abs() < 1e-9);
        }
    }
}
