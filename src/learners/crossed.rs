//! Crossed random effects: what is judged and who judges, told apart.
//!
//! `y = mean + row + column + error`, all three random and independent: rows are what is judged (accounts, say), columns
//! the judges, of whom each saw only some of the rows. Variances by restricted maximum likelihood, effects by Henderson's
//! mixed model equations (S. R. Searle, G. Casella and C. E. McCulloch, "Variance Components", 1992, chapters 6 and 7):
//! a row judged by strict judges is raised, one judged by few is drawn to the mean. Rows are absorbed first, and what is
//! left falls into blocks of columns that rows connect (the judges of one team), which meet in the mean alone: the work
//! grows with the number of blocks, and with the cube of the largest.
//!
//! Reliability is the intraclass correlation of consistency, ICC(C,1) and ICC(C,k) of K. O. McGraw and S. P. Wong,
//! "Forming Inferences About Some Intraclass Correlation Coefficients" (1996): strictness of judges does not count
//! against it, since it is removed.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2};

use super::{bfgs::minimise, normal_equations::Cholesky};

/// What can go wrong with crossed effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrossedError {
    /// Rows, columns and answers are not of one length, or an answer is not finite.
    #[error("crossed effects: expected one row, one column and one finite answer each")]
    Input,
    /// No row was judged twice: its effect cannot be told from the error.
    #[error("crossed effects: no row has two answers, so that agreement cannot be measured")]
    NothingRepeated,
}

/// Variances of the three parts, in squared units of the answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variances {
    /// Between rows.
    pub row: f64,
    /// Between columns: how far judges differ in strictness.
    pub column: f64,
    /// What is left.
    pub error: f64,
}

/// Fitted effects.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossed {
    /// The overall mean, each judge counting by what is known of him.
    pub mean: f64,
    /// The three variances.
    pub variances: Variances,
    /// `mean + row`, per row: what judges of average strictness would say. `mean` for a row without an answer.
    pub score: Vec<f64>,
    /// Standard error of prediction of `score`, with the variances taken as known.
    pub standard_error: Vec<f64>,
    /// Effects of the columns: positive for a kind judge.
    pub column: Vec<f64>,
}

/// Log ratios of variances beyond which a part counts as absent; 1e-7 of the error.
const FARTHEST: f64 = 16.0;

impl Crossed {
    /// Fits; answer `k` is that of judge `column[k]` on `row[k]`, both numbered from 0.
    ///
    /// # Errors
    /// If lengths differ, an answer is not finite, or no row has two answers.
    pub fn fit(row: &[usize], column: &[usize], answer: &[f64]) -> Result<Self, CrossedError> {
        if row.len() != answer.len() || column.len() != answer.len() || answer.iter().any(|y| !y.is_finite()) {
            return Err(CrossedError::Input);
        }
        let design = Design::new(row, column, answer);
        if design.rows.iter().all(|row| row.count < 2.0) {
            return Err(CrossedError::NothingRepeated);
        }
        let n = answer.len() as f64;
        let mean = answer.iter().sum::<f64>() / n;
        if answer.iter().all(|y| (y - mean).abs() < 1e-9) {
            let rows = design.rows.len();
            return Ok(Self {
                mean,
                variances: Variances { row: 0.0, column: 0.0, error: 0.0 },
                score: vec![mean; rows],
                standard_error: vec![0.0; rows],
                column: vec![0.0; design.columns],
            });
        }
        let found = minimise(|ratios| design.deviance(ratios), [0.0, 0.0], 1e-6 * n, 200);
        let solved = design.solve(&found.at);
        let error = solved.residual / (n - 1.0);
        let present = |ratio: f64| if ratio < FARTHEST { error / ratio.exp() } else { 0.0 };
        Ok(Self {
            mean: solved.mean,
            variances: Variances { row: present(found.at[0]), column: present(found.at[1]), error },
            score: solved.row.iter().map(|effect| solved.mean + effect).collect(),
            standard_error: design.rows.iter().map(|row| (error * solved.variance_of(row)).sqrt()).collect(),
            column: solved.column.clone(),
        })
    }

    /// Share of variance of the mean of `judges` answers that is the rows' own, strictness removed; 1 judge gives
    /// ICC(C,1). `None` where answers do not vary.
    pub fn reliability(&self, judges: f64) -> Option<f64> {
        let Variances { row, error, .. } = self.variances;
        let all = row + error / judges;
        (all > 0.0).then(|| row / all)
    }
}

/// The answers of one row.
struct Row {
    count: f64,
    sum: f64,
    /// How often each column answered.
    columns: Vec<(usize, f64)>,
}

struct Design<'a> {
    row: &'a [usize],
    column: &'a [usize],
    answer: &'a [f64],
    rows: Vec<Row>,
    columns: usize,
    /// Columns that rows connect, each block in ascending order.
    blocks: Vec<Vec<usize>>,
    /// Block of each column, and its place there.
    place: Vec<(usize, usize)>,
}

/// The mixed model equations at one pair of variance ratios.
struct Solved<'a> {
    design: &'a Design<'a>,
    mean: f64,
    column: Vec<f64>,
    row: Vec<f64>,
    /// Sum of squared errors and of effects weighted by their ratios.
    residual: f64,
    /// Inverse of the equations that are left once rows are absorbed: of the mean, of the mean with each column, and within
    /// each block. Columns of two blocks never stand in one row.
    mean_variance: f64,
    with_mean: Vec<f64>,
    within: Vec<Array2<f64>>,
    log_determinant: f64,
    /// Ratio of error variance to that of rows.
    ratio: f64,
}

impl Solved<'_> {
    fn between(&self, i: usize, j: usize) -> f64 {
        let ((block, i), (_, j)) = (self.design.place[i], self.design.place[j]);
        self.within[block][[i, j]]
    }

    /// Covariance of the mean with what the row's judges add up to, the mean counted once an answer.
    fn sum_with_mean(&self, row: &Row) -> f64 {
        row.count * self.mean_variance + row.columns.iter().map(|(j, count)| count * self.with_mean[*j]).sum::<f64>()
    }

    /// `w' V w` over mean and columns, `w` the row's answers.
    fn quadratic(&self, row: &Row) -> f64 {
        let judges: f64 = row
            .columns
            .iter()
            .map(|(i, a)| {
                let others: f64 = row.columns.iter().map(|(j, b)| b * self.between(*i, *j)).sum();
                a * (others + row.count * self.with_mean[*i])
            })
            .sum();
        row.count * self.sum_with_mean(row) + judges
    }

    /// Variance of `mean + row`, in units of the error's.
    fn variance_of(&self, row: &Row) -> f64 {
        let pivot = row.count + self.ratio;
        let own = 1.0 / pivot + self.quadratic(row) / pivot.powi(2);
        (self.mean_variance - 2.0 * self.sum_with_mean(row) / pivot + own).max(0.0)
    }
}

impl<'a> Design<'a> {
    fn new(row: &'a [usize], column: &'a [usize], answer: &'a [f64]) -> Self {
        let count = |indices: &[usize]| indices.iter().max().map_or(0, |last| last + 1);
        let mut rows: Vec<Row> = (0..count(row)).map(|_| Row { count: 0.0, sum: 0.0, columns: Vec::new() }).collect();
        for ((&i, &j), y) in row.iter().zip(column).zip(answer) {
            let row = &mut rows[i];
            row.count += 1.0;
            row.sum += y;
            match row.columns.iter_mut().find(|(column, _)| *column == j) {
                Some((_, count)) => *count += 1.0,
                None => row.columns.push((j, 1.0)),
            }
        }
        let columns = count(column);
        let blocks = blocks(&rows, columns);
        let mut place = vec![(0, 0); columns];
        for (block, members) in blocks.iter().enumerate() {
            members.iter().enumerate().for_each(|(at, column)| place[*column] = (block, at));
        }
        Self { row, column, answer, rows, columns, blocks, place }
    }

    /// Minus twice the restricted log likelihood, up to a constant, and its gradient, at the logs of the ratios of error
    /// variance to that of rows and of columns.
    fn deviance(&self, ratios: &[f64; 2]) -> (f64, [f64; 2]) {
        let solved = self.solve(ratios);
        let [of_row, of_column] = ratios.map(bounded);
        let (rows, columns) = (self.rows.len() as f64, self.columns as f64);
        let free = self.answer.len() as f64 - 1.0;
        let pivots: f64 = self.rows.iter().map(|row| (row.count + of_row.exp()).ln()).sum();
        let value = pivots + solved.log_determinant - rows * of_row - columns * of_column + free * solved.residual.ln();
        let trace: f64 = self
            .rows
            .iter()
            .map(|row| (row.count + of_row.exp(), row))
            .map(|(pivot, row)| 1.0 / pivot + solved.quadratic(row) / pivot.powi(2))
            .sum();
        let squares = |effects: &mut dyn Iterator<Item = &f64>| effects.map(|effect| effect * effect).sum::<f64>();
        let column_trace: f64 = (0..self.columns).map(|j| solved.between(j, j)).sum();
        let slope = |ratio: f64, trace: f64, squares: f64, count: f64| {
            ratio.exp() * trace - count + free * ratio.exp() * squares / solved.residual
        };
        let inside = |ratio: f64, slope: f64| if ratio.abs() < FARTHEST { slope } else { 0.0 };
        let gradient = [
            inside(ratios[0], slope(of_row, trace, squares(&mut solved.row.iter()), rows)),
            inside(ratios[1], slope(of_column, column_trace, squares(&mut solved.column.iter()), columns)),
        ];
        (value, gradient)
    }

    fn solve(&self, ratios: &[f64; 2]) -> Solved<'_> {
        let [of_row, of_column] = ratios.map(|ratio| bounded(ratio).exp());
        // the equations of mean and columns, less what rows take: [mean, c'; c, blocks]
        let mut mean_pivot = self.answer.len() as f64;
        let mut mean_right = self.answer.iter().sum::<f64>();
        let (mut beside, mut right) = (vec![0.0; self.columns], vec![0.0; self.columns]);
        let mut left: Vec<Array2<f64>> =
            self.blocks.iter().map(|members| Array2::eye(members.len()) * of_column).collect();
        for (&j, y) in self.column.iter().zip(self.answer) {
            let (block, at) = self.place[j];
            left[block][[at, at]] += 1.0;
            beside[j] += 1.0;
            right[j] += y;
        }
        for row in &self.rows {
            let pivot = row.count + of_row;
            mean_pivot -= row.count * row.count / pivot;
            mean_right -= row.count * row.sum / pivot;
            for (i, a) in &row.columns {
                beside[*i] -= a * row.count / pivot;
                right[*i] -= a * row.sum / pivot;
                for (j, b) in &row.columns {
                    let ((block, i), (_, j)) = (self.place[*i], self.place[*j]);
                    left[block][[i, j]] -= a * b / pivot;
                }
            }
        }
        let (mut log_determinant, mut within, mut solutions) = (0.0, Vec::new(), Vec::new());
        for (members, left) in self.blocks.iter().zip(left) {
            let factor = Cholesky::new(left);
            let of = |values: &[f64]| factor.solve(&members.iter().map(|j| values[*j]).collect());
            let (with_mean, of_right) = (of(&beside), of(&right));
            for (at, j) in members.iter().enumerate() {
                mean_pivot -= beside[*j] * with_mean[at];
                mean_right -= beside[*j] * of_right[at];
            }
            log_determinant += factor.upper().diag().iter().map(|pivot| 2.0 * pivot.ln()).sum::<f64>();
            within.push(inverse(&factor, members.len()));
            solutions.push((with_mean, of_right));
        }
        let (mean, mean_variance) = (mean_right / mean_pivot, 1.0 / mean_pivot);
        let (mut column, mut with_mean) = (vec![0.0; self.columns], vec![0.0; self.columns]);
        for ((members, within), (beside, of_right)) in self.blocks.iter().zip(&mut within).zip(&solutions) {
            for (i, j) in members.iter().enumerate() {
                column[*j] = of_right[i] - beside[i] * mean;
                with_mean[*j] = -beside[i] * mean_variance;
                (0..members.len()).for_each(|k| within[[i, k]] += beside[i] * beside[k] * mean_variance);
            }
        }
        let effect = |row: &Row| {
            let said: f64 = row.columns.iter().map(|(j, count)| count * column[*j]).sum();
            (row.sum - row.count * mean - said) / (row.count + of_row)
        };
        let row: Vec<f64> = self.rows.iter().map(effect).collect();
        let errors = self.row.iter().zip(self.column).zip(self.answer);
        let squares = |effects: &[f64]| effects.iter().map(|effect| effect * effect).sum::<f64>();
        let residual = errors.map(|((&i, &j), y)| (y - mean - row[i] - column[j]).powi(2)).sum::<f64>()
            + of_row * squares(&row)
            + of_column * squares(&column);
        Solved {
            design: self,
            mean,
            column,
            row,
            residual: residual.max(f64::MIN_POSITIVE),
            mean_variance,
            with_mean,
            within,
            log_determinant: log_determinant + mean_pivot.ln(),
            ratio: of_row,
        }
    }
}

/// Columns that rows connect, by union of the columns of each row.
fn blocks(rows: &[Row], columns: usize) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..columns).collect();
    fn root(parent: &mut [usize], mut column: usize) -> usize {
        while parent[column] != column {
            parent[column] = parent[parent[column]];
            column = parent[column];
        }
        column
    }
    for row in rows {
        for pair in row.columns.windows(2) {
            let (one, other) = (root(&mut parent, pair[0].0), root(&mut parent, pair[1].0));
            parent[one.max(other)] = one.min(other);
        }
    }
    let mut blocks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for column in 0..columns {
        blocks.entry(root(&mut parent, column)).or_default().push(column);
    }
    blocks.into_values().collect()
}

fn inverse(factor: &Cholesky, n: usize) -> Array2<f64> {
    let mut inverse = Array2::zeros((n, n));
    for j in 0..n {
        let mut unit = Array1::zeros(n);
        unit[j] = 1.0;
        inverse.column_mut(j).assign(&factor.solve(&unit));
    }
    inverse
}

const fn bounded(ratio: f64) -> f64 {
    ratio.clamp(-FARTHEST, FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 rows, each judged by 3 of 5 judges whose strictness is -2 to 2; the answers agree otherwise.
    fn answers(noise: f64) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
        let (mut row, mut column, mut answer) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..12 {
            for k in 0..3 {
                let j = (2 * i + k) % 5;
                row.push(i);
                column.push(j);
                let wobble = noise * ((7 * i + 3 * j) % 4) as f64;
                answer.push(i as f64 / 2.0 + j as f64 - 2.0 + wobble);
            }
        }
        (row, column, answer)
    }

    #[test]
    fn strict_judges_are_recognised_and_taken_out() {
        let (row, column, answer) = answers(0.2);
        let found = Crossed::fit(&row, &column, &answer).unwrap();
        assert!(found.score.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found.score);
        assert!(found.column.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found.column);
        assert!(found.reliability(1.0).unwrap() > 0.9);
        let raw = |i: usize| {
            let own: Vec<f64> = row.iter().zip(&answer).filter(|(r, _)| **r == i).map(|(_, y)| *y).collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        assert!((0..11).any(|i| raw(i) > raw(i + 1)), "the raw means are in disorder");
    }

    #[test]
    fn shifting_and_scaling_answers_shifts_and_scales_scores() {
        let (row, column, answer) = answers(0.5);
        let found = Crossed::fit(&row, &column, &answer).unwrap();
        let other: Vec<f64> = answer.iter().map(|y| 3.0 + 2.0 * y).collect();
        let scaled = Crossed::fit(&row, &column, &other).unwrap();
        for i in 0..12 {
            assert!((scaled.score[i] - 3.0 - 2.0 * found.score[i]).abs() < 1e-4, "{i}");
            assert!((scaled.standard_error[i] - 2.0 * found.standard_error[i]).abs() < 1e-4, "{i}");
        }
    }

    #[test]
    fn answers_without_any_agreement_say_nothing_of_rows() {
        let (row, column, mut answer) = answers(0.0);
        for (k, y) in answer.iter_mut().enumerate() {
            *y = [1.0, 5.0, 9.0][(k + k / 3) % 3];
        }
        let found = Crossed::fit(&row, &column, &answer).unwrap();
        assert!(found.reliability(3.0).unwrap() < 0.1, "{:?}", found.variances);
        assert!(found.score.iter().all(|score| (score - 5.0).abs() < 0.7), "{:?}", found.score);
    }

    #[test]
    fn equal_answers_have_no_reliability_and_single_ones_are_refused() {
        let found = Crossed::fit(&[0, 0, 1], &[0, 1, 0], &[7.0; 3]).unwrap();
        assert_eq!((found.reliability(3.0), found.score), (None, vec![7.0, 7.0]));
        assert_eq!(Crossed::fit(&[0, 1], &[0, 1], &[1.0, 2.0]), Err(CrossedError::NothingRepeated));
        assert_eq!(Crossed::fit(&[0, 0], &[0, 1], &[f64::NAN, 2.0]), Err(CrossedError::Input));
    }

    /// The same answers given by two teams that share no row: the second's scores are those of the first, shifted.
    #[test]
    fn teams_that_share_no_row_are_fitted_apart_and_meet_in_the_mean() {
        let (mut row, mut column, mut answer) = answers(0.5);
        for k in 0..row.len() {
            row.push(row[k] + 12);
            column.push(column[k] + 5);
            answer.push(answer[k]);
        }
        let found = Crossed::fit(&row, &column, &answer).unwrap();
        assert_eq!(Design::new(&row, &column, &answer).blocks, [vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]]);
        for i in 0..12 {
            assert!((found.score[i] - found.score[i + 12]).abs() < 1e-9, "{i}");
        }
        // five thousand teams take no time; the dense equations took minutes for a few hundred
        let many = |values: &[usize], step: usize| -> Vec<usize> {
            (0..5_000).flat_map(|team| values.iter().map(move |value| value + team * step)).collect()
        };
        let (one_row, one_column, one_answer) = answers(0.5);
        let all = Crossed::fit(&many(&one_row, 12), &many(&one_column, 5), &one_answer.repeat(5_000)).unwrap();
        assert_eq!(all.score.len(), 60_000);
    }

    #[test]
    fn agreement_to_the_point_is_no_trap() {
        let (row, column, answer) = answers(0.0);
        let found = Crossed::fit(&row, &column, &answer).unwrap();
        assert!(found.reliability(1.0).unwrap() > 0.999);
        assert!(found.score.iter().all(|score| score.is_finite()));
    }
}
