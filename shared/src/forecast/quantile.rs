//! Empirical quantiles.

/// Sorts values; they are finite.
pub(crate) fn sort(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}

/// The quantile at `level` of sorted values: Hyndman and Fan, type 7. Zero where there are none.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let position = level * last as f64;
    let below = (position as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// The median of values in any order.
pub(crate) fn median(values: &[f64]) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let mut values = values.to_vec();
    let (_, &mut lower, above) = values.select_nth_unstable_by(last / 2, f64::total_cmp);
    let upper = above.iter().copied().min_by(f64::total_cmp).unwrap_or(lower);
    if last % 2 == 0 { lower } else { lower + 0.5 * (upper - lower) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_type_7() {
        // Position 0.25 × 3 = 0.75 between 1 and 2: 1 + 0.75 × (2 − 1).
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 10.0], 0.25), 1.75);
        assert_eq!(median(&[10.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[10.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[7.0]), 7.0);
        assert_eq!(median(&[]), 0.0);
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
