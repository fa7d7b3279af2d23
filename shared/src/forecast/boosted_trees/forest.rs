//! Oblivious regression trees, boosted by absolute error.

use serde::{Deserialize, Serialize};

use crate::forecast::ForecastError;

/// Splits of a tree, one a level: every node of a level asks the same question, so that a tree is a table.
const DEPTH: usize = 5;
const LEAVES: usize = 1 << DEPTH;
/// Steps that a feature's values are told apart by.
const BINS: usize = 32;
/// Trees at most.
pub(super) const TREES_MAX: usize = 300;
/// So many trees without less error on the held-out rows end the search.
const PATIENCE: usize = 25;
/// The most trees whose error is within so much of the least are taken: the least itself is chance.
const NEARLY: f64 = 1.005;
/// The part of a leaf's median that a tree adds.
const RATE: f32 = 0.1;
/// Rows of nothing that every leaf has beside its own: few rows say little.
const PRIOR: f32 = 20.0;

/// Rows of features, column by column; a missing value is NaN, and below every other.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    columns: Vec<Vec<f32>>,
}

/// Trees whose answers add up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Forest {
    trees: Vec<Tree>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    /// Feature and threshold of each level; what is greater goes up.
    splits: [(u16, f32); DEPTH],
    leaves: [f32; LEAVES],
}

/// Hears how many trees there are, and may refuse more.
pub(super) type Grown<'a> = dyn FnMut(usize) -> Result<(), ForecastError> + 'a;

/// Columns in at most [`BINS`] steps, and the thresholds between them.
struct Binned {
    bins: Vec<Vec<u8>>,
    thresholds: Vec<Vec<f32>>,
}

impl Columns {
    pub(super) fn new(features: usize) -> Self {
        Self { columns: vec![Vec::new(); features] }
    }

    /// Adds a row, feature by feature.
    pub(super) fn push(&mut self, row: &[f32]) {
        self.columns.iter_mut().zip(row).for_each(|(column, &value)| column.push(value));
    }

    pub(super) fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }
}

impl Forest {
    /// Learns `targets` from `rows`; how many trees there are is chosen by the absolute error on the held-out rows.
    ///
    /// # Errors
    /// What `grown` refuses with.
    pub(super) fn fit_held_out(
        rows: &Columns,
        targets: &[f32],
        held_out: (&Columns, &[f32]),
        grown: &mut Grown<'_>,
    ) -> Result<Self, ForecastError> {
        let (columns, actual) = held_out;
        let mut said = vec![0.0; actual.len()];
        let error = |said: &[f32]| said.iter().zip(actual).map(|(said, actual)| f64::from((said - actual).abs())).sum();
        let mut errors = vec![error(&said)];
        let (mut least, mut best): (f64, usize) = (errors[0], 0);
        let mut forest = Self::grow(rows, targets, TREES_MAX, |trees: &[Tree]| {
            grown(trees.len())?;
            let Some(tree) = trees.last() else { return Ok(true) };
            tree.add_to(columns, &mut said);
            let error = error(&said);
            errors.push(error);
            if error < least {
                (least, best) = (error, trees.len());
            }
            Ok(trees.len() < best + PATIENCE)
        })?;
        let most = errors.iter().rposition(|&error| error <= least * NEARLY).unwrap_or(0);
        // Trees that never help are left out, however little they harm.
        forest.trees.truncate(if best == 0 { 0 } else { most });
        Ok(forest)
    }

    /// Learns `targets` from `rows` with so many trees.
    ///
    /// # Errors
    /// What `grown` refuses with.
    pub(super) fn fit(
        rows: &Columns,
        targets: &[f32],
        trees: usize,
        grown: &mut Grown<'_>,
    ) -> Result<Self, ForecastError> {
        Self::grow(rows, targets, trees, |trees| grown(trees.len()).map(|()| true))
    }

    pub(super) fn len(&self) -> usize {
        self.trees.len()
    }

    /// What it says of each row.
    pub(super) fn answer(&self, rows: &Columns) -> Vec<f32> {
        let mut answers = vec![0.0; rows.rows()];
        self.trees.iter().for_each(|tree| tree.add_to(rows, &mut answers));
        answers
    }

    /// Whether it asks for no more than so many features, and of numbers only.
    pub(super) fn is_of(&self, features: usize) -> bool {
        let sound = |tree: &Tree| {
            tree.splits.iter().all(|&(feature, threshold)| usize::from(feature) < features && !threshold.is_nan())
                && tree.leaves.iter().all(|leaf| leaf.is_finite())
        };
        self.trees.iter().all(sound)
    }

    fn grow(
        rows: &Columns,
        targets: &[f32],
        most: usize,
        mut go_on: impl FnMut(&[Tree]) -> Result<bool, ForecastError>,
    ) -> Result<Self, ForecastError> {
        let binned = Binned::of(rows);
        let mut residuals = targets.to_vec();
        let mut trees = Vec::new();
        while trees.len() < most && go_on(&trees)? {
            let tree = binned.tree(&residuals);
            let mut said = vec![0.0; residuals.len()];
            tree.add_to(rows, &mut said);
            residuals.iter_mut().zip(said).for_each(|(residual, said)| *residual -= said);
            trees.push(tree);
        }
        Ok(Self { trees })
    }
}

impl Tree {
    fn add_to(&self, rows: &Columns, answers: &mut [f32]) {
        let mut leaves = vec![0_u8; answers.len()];
        for (level, &(feature, threshold)) in self.splits.iter().enumerate() {
            let column = &rows.columns[usize::from(feature)];
            leaves.iter_mut().zip(column).for_each(|(leaf, &value)| *leaf |= u8::from(value > threshold) << level);
        }
        answers.iter_mut().zip(leaves).for_each(|(answer, leaf)| *answer += self.leaves[usize::from(leaf)]);
    }
}

impl Binned {
    fn of(rows: &Columns) -> Self {
        let thresholds: Vec<Vec<f32>> = rows.columns.iter().map(|column| thresholds(column)).collect();
        let bins = |(column, thresholds): (&Vec<f32>, &Vec<f32>)| {
            column.iter().map(|&value| thresholds.partition_point(|&threshold| value > threshold) as u8).collect()
        };
        let bins = rows.columns.iter().zip(&thresholds).map(bins).collect();
        Self { bins, thresholds }
    }

    /// The tree that says most of what is left.
    fn tree(&self, residuals: &[f32]) -> Tree {
        let signs: Vec<i32> = residuals.iter().copied().map(sign).collect();
        let mut leaves = vec![0_u8; signs.len()];
        let mut splits = [(0, f32::INFINITY); DEPTH];
        for (level, split) in splits.iter_mut().enumerate() {
            let Some((feature, bin)) = self.best_split(&signs, &leaves, 1 << level) else { break };
            let bins = &self.bins[feature];
            leaves.iter_mut().zip(bins).for_each(|(leaf, &of_row)| *leaf |= u8::from(of_row > bin) << level);
            *split = (feature as u16, self.thresholds[feature][usize::from(bin)]);
        }
        let mut of_leaf = vec![Vec::new(); LEAVES];
        leaves.iter().zip(residuals).for_each(|(&leaf, &residual)| of_leaf[usize::from(leaf)].push(residual));
        let mut of_leaf = of_leaf.into_iter();
        Tree { splits, leaves: core::array::from_fn(|_| of_leaf.next().map_or(0.0, leaf)) }
    }

    /// The feature and the bin whose split, in all leaves at once, tells signs apart best: the largest sum over the
    /// sides of (sum of signs)² ÷ (rows + prior). Counts are whole numbers, so that their order does not matter.
    fn best_split(&self, signs: &[i32], leaves: &[u8], live: usize) -> Option<(usize, u8)> {
        let mut best: Option<(f64, usize, u8)> = None;
        let mut histogram = vec![(0_i32, 0_i32); LEAVES * BINS];
        for (feature, bins) in self.bins.iter().enumerate() {
            let histogram = &mut histogram[..live * BINS];
            histogram.fill((0, 0));
            for ((&bin, &sign), &leaf) in bins.iter().zip(signs).zip(leaves) {
                let (count, sum) = &mut histogram[usize::from(leaf) * BINS + usize::from(bin)];
                (*count, *sum) = (*count + 1, *sum + sign);
            }
            let mut gains = [0.0; BINS];
            for leaf in histogram.chunks_exact(BINS) {
                let whole = leaf.iter().fold((0, 0), |whole, &bin| (whole.0 + bin.0, whole.1 + bin.1));
                let mut below = (0, 0);
                for (gain, bin) in gains.iter_mut().zip(leaf) {
                    below = (below.0 + bin.0, below.1 + bin.1);
                    *gain += apart(below) + apart((whole.0 - below.0, whole.1 - below.1));
                }
            }
            for (bin, &gain) in gains[..self.thresholds[feature].len()].iter().enumerate() {
                if best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, feature, bin as u8));
                }
            }
        }
        best.map(|(_, feature, bin)| (feature, bin))
    }
}

fn apart((count, sum): (i32, i32)) -> f64 {
    f64::from(sum) * f64::from(sum) / (f64::from(count) + f64::from(PRIOR))
}

fn sign(residual: f32) -> i32 {
    i32::from(residual > 0.0) - i32::from(residual < 0.0)
}

fn leaf(mut residuals: Vec<f32>) -> f32 {
    let count = residuals.len();
    if count == 0 {
        return 0.0;
    }
    let (_, &mut median, _) = residuals.select_nth_unstable_by(count / 2, f32::total_cmp);
    RATE * median * count as f32 / (count as f32 + PRIOR)
}

/// At most [`BINS`] − 1 values, as evenly over the rows as their repetitions allow, the greatest left out.
fn thresholds(column: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(&greatest) = sorted.last() else { return Vec::new() };
    let mut found: Vec<f32> =
        (1..BINS).map(|part| sorted[(part * sorted.len() / BINS).min(sorted.len() - 1)]).collect();
    // What is missing lies below the least, which therefore is a threshold of its own where anything is missing.
    if sorted.len() < column.len() {
        found.insert(0, f32::MIN);
        found.truncate(BINS - 1);
    }
    found.dedup();
    found.retain(|&threshold| threshold < greatest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[[f32; 2]]) -> Columns {
        let mut columns = Columns::new(2);
        values.iter().for_each(|row| columns.push(row));
        columns
    }

    #[test]
    fn a_step_is_learnt_and_a_missing_value_is_a_value() {
        // 10 above 0.5, 0 below, and −10 where it is missing; the second feature says nothing.
        let of = |i: usize| match i % 3 {
            0 => ([f32::NAN, i as f32], -10.0),
            1 => ([0.0, i as f32], 0.0),
            _ => ([1.0, i as f32], 10.0),
        };
        let (values, targets): (Vec<[f32; 2]>, Vec<f32>) = (0..600).map(of).unzip();
        let forest = Forest::fit(&rows(&values), &targets, 100, &mut |_| Ok(())).unwrap();
        let said = forest.answer(&rows(&[[f32::NAN, 7.0], [0.0, 7.0], [1.0, 7.0]]));
        // Two levels tell the three apart, and the other three may cut the 200 rows of each into eight leaves: of 25 rows
        // a tree takes 0.1 × 25 ÷ 45 of the distance, so that (1 − 0.056)^100 = 0.003 of it is left; of 5 rows, 0.13.
        for (said, expected) in said.iter().zip([-10.0, 0.0, 10.0]) {
            assert!((said - expected).abs() < 1.3, "{said} for {expected}");
        }
    }

    #[test]
    fn what_does_not_help_the_held_out_rows_is_left_out() {
        let noise = |i: usize| if i * 7 % 5 < 2 { 1.0 } else { -1.0 };
        let values: Vec<[f32; 2]> = (0..400).map(|i| [(i * 13 % 101) as f32, (i * 29 % 97) as f32]).collect();
        let targets: Vec<f32> = (0..400).map(noise).collect();
        let opposite: Vec<f32> = targets.iter().map(|target| -target).collect();
        let rows = rows(&values);
        let trees =
            |held_out: &[f32]| Forest::fit_held_out(&rows, &targets, (&rows, held_out), &mut |_| Ok(())).unwrap().len();
        assert_eq!(trees(&opposite), 0);
        assert!(trees(&targets) > 0);
    }
}
