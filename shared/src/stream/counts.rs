//! How often each class came in each context.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::tokens::Class;

/// Weighted counts of classes by context, which is a hash.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(IndexMap<u64, Row, FixedState>);

/// What came in one context.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// The sum of all.
    pub(super) total: f64,
    /// Few classes come in most contexts.
    seen: Vec<(Class, f64)>,
}

impl Counts {
    /// Counts a class once more, with a weight.
    pub(super) fn add(&mut self, context: u64, class: Class, weight: f64) {
        let row = self.0.entry(context).or_default();
        row.total += weight;
        match row.seen.iter_mut().find(|(seen, _)| *seen == class) {
            Some((_, sum)) => *sum += weight,
            None => row.seen.push((class, weight)),
        }
    }

    /// What came in a context, where anything did.
    pub(super) fn get(&self, context: u64) -> Option<&Row> {
        self.0.get(&context)
    }
}

impl Row {
    /// The class at a position within the total: each has as much room as its weight.
    pub(super) fn at(&self, position: f64) -> Class {
        let mut left = position;
        let mut class = 0;
        for &(seen, weight) in &self.seen {
            class = seen;
            if left < weight {
                break;
            }
            left -= weight;
        }
        class
    }

    /// The chances of all classes, mixed with those of a less exact context that count as much as a weight of `prior`:
    /// (n + c p) ÷ (N + c).
    pub(super) fn mixed(row: Option<&Self>, prior: f64, parent: &[f64], chances: &mut Vec<f64>) {
        chances.clear();
        let Some(row) = row else { return chances.extend_from_slice(parent) };
        let scale = 1.0 / (row.total + prior);
        chances.extend(parent.iter().map(|chance| prior * chance * scale));
        for &(class, weight) in &row.seen {
            chances[class as usize] += weight * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_mixed_with_what_is_expected() {
        let mut counts = Counts::default();
        [(0, 2.0), (2, 1.0), (0, 1.0)].into_iter().for_each(|(class, weight)| counts.add(7, class, weight));
        let mut chances = Vec::new();
        Row::mixed(counts.get(7), 1.0, &[0.5, 0.25, 0.25], &mut chances);
        // (3 + 0.5) / 5, 0.25 / 5, (1 + 0.25) / 5.
        assert!(chances.iter().zip([0.7, 0.05, 0.25]).all(|(found, expected)| (found - expected).abs() < 1e-12));
        Row::mixed(counts.get(8), 1.0, &[0.5, 0.25, 0.25], &mut chances);
        assert_eq!(chances, [0.5, 0.25, 0.25]);
        assert_eq!(counts.get(7).unwrap().total, 4.0);
    }

    #[test]
    fn a_position_is_within_its_class() {
        let mut counts = Counts::default();
        [(5, 2.0), (2, 1.0)].into_iter().for_each(|(class, weight)| counts.add(0, class, weight));
        let row = counts.get(0).unwrap();
        assert_eq!([0.0, 1.9, 2.0, 2.9, 3.0].map(|position| row.at(position)), [5, 5, 2, 2, 2]);
    }
}
