//! One bin out of several.

use crate::forecast::BinForecast;

/// How much the weighted median, which large errors do not move, counts beside the weighted mean, which evens out small ones.
/// On the data before the first origin of the benchmark's series, errors of requests were 0.2 to 0.6 % less than with a half.
const MEDIAN: f64 = 0.25;

/// Combines quantiles level by level, and the means.
pub(super) fn combine(parts: &[(f64, &BinForecast)]) -> BinForecast {
    let combined = |value: &dyn Fn(&BinForecast) -> f64| {
        let mut values: Vec<(f64, f64)> = parts.iter().map(|(weight, bin)| (value(bin), *weight)).collect();
        MEDIAN * weighted_median(&mut values) + (1.0 - MEDIAN) * weighted_mean(&values)
    };
    let quantiles = core::array::from_fn(|level| combined(&|bin| bin.quantiles()[level]));
    BinForecast::new(quantiles, combined(&BinForecast::mean))
}

/// From the first value on, so that the mean of what is all the same is just that.
fn weighted_mean(values: &[(f64, f64)]) -> f64 {
    let first = values.first().map_or(0.0, |(value, _)| *value);
    let away: f64 = values.iter().map(|(value, weight)| (value - first) * weight).sum();
    first + away / values.iter().map(|(_, weight)| weight).sum::<f64>()
}

/// The median of values with weights that add up to more than nothing: between the two values where half of the weight
/// is passed, each value's weight half before and half after it.
fn weighted_median(values: &mut [(f64, f64)]) -> f64 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut before: Option<(f64, f64)> = None;
    let mut passed = 0.0;
    for &(value, weight) in values.iter().filter(|(_, weight)| *weight > 0.0) {
        let middle = passed + weight / 2.0;
        if middle >= half {
            return match before {
                Some((lower, at)) => lower + (value - lower) * (half - at) / (middle - at),
                None => value,
            };
        }
        before = Some((value, middle));
        passed += weight;
    }
    before.map_or(0.0, |(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::LEVELS;

    #[test]
    fn the_median_lies_where_half_of_the_weight_is_passed() {
        let check = |values: &[(f64, f64)], expected: f64| {
            let found = weighted_median(&mut values.to_vec());
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        };
        check(&[(9.0, 1.0), (1.0, 1.0), (2.0, 1.0)], 2.0);
        check(&[(1.0, 1.0), (3.0, 1.0)], 2.0);
        check(&[(5.0, 0.3)], 5.0);
        // Middles at 1.5 and 3.5 of 4: half of the weight, 2, lies a quarter of the way from 0 to 8.
        check(&[(8.0, 1.0), (0.0, 3.0)], 2.0);
        check(&[(7.0, 0.0), (2.0, 1.0)], 2.0);
    }

    #[test]
    fn members_that_agree_are_taken_at_their_word() {
        let bin = BinForecast::new([7.0; LEVELS.len()], 7.0);
        assert_eq!(combine(&[(0.1, &bin), (0.2, &bin), (0.7 / 3.0, &bin)]), bin);
    }

    #[test]
    fn one_member_far_away_moves_three_quarters_of_what_the_mean_moves() {
        let bin = |value: f64| BinForecast::new([value; LEVELS.len()], value);
        let [near, alike, far] = [bin(10.0), bin(10.0), bin(100.0)];
        let combined = combine(&[(1.0, &near), (1.0, &alike), (1.0, &far)]);
        // Mean 40, median 10.
        assert_eq!((combined.median(), combined.mean()), (32.5, 32.5));
    }
}
