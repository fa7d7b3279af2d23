//! Corrected predictions that add up.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::super::ledger::{QuantileAmount, SeriesForecast, SeriesKey};
use super::SeriesCorrection;
use crate::allocation::RowKind;
use crate::units::Money;

/// Decimals of money.
const SCALE: u32 = 6;

/// A prediction with the corrections that are in use, quantiles scaled like their mean.
///
/// Each part of the total is multiplied by its factor. Then those parts that are not certain (whose quantiles differ) are
/// multiplied by one more number, the same for all of them, that makes the parts add up to the total times the total's own
/// factor: raking to a margin (W. E. Deming and F. F. Stephan, 1940). The corrected total is the sum of the corrected
/// parts, to the last decimal. Classes are raked to the corrected workload of the tenants. Where there is no positive
/// number that does it, the total follows its parts. With no correction in use the prediction is as it was.
pub fn corrected(series: &[SeriesForecast], corrections: &[SeriesCorrection]) -> Vec<SeriesForecast> {
    let in_use: BTreeMap<SeriesKey, Decimal> = corrections
        .iter()
        .filter_map(|of| Some(((of.kind, of.name.clone()), Decimal::from_f64(of.in_use())?)))
        .filter(|(_, factor)| *factor != Decimal::ONE)
        .collect();
    let total = series.iter().find(|of| of.kind == RowKind::Total);
    let (Some(total), false) = (total, in_use.is_empty()) else { return series.to_vec() };
    let factor = |of: &SeriesForecast| in_use.get(&(of.kind, of.name.clone())).copied().unwrap_or(Decimal::ONE);
    let parts: Vec<&SeriesForecast> =
        series.iter().filter(|of| !matches!(of.kind, RowKind::Total | RowKind::Class)).collect();
    let classes: Vec<&SeriesForecast> = series.iter().filter(|of| of.kind == RowKind::Class).collect();
    // What no part names goes with the total.
    let unnamed = total.mean.amount - parts.iter().map(|part| part.mean.amount).sum::<Decimal>();
    let rest = (unnamed * factor(total)).round_dp(SCALE);
    let parts = raked(&parts, &factor, (total.mean.amount * factor(total)).round_dp(SCALE) - rest);
    let of_kind = |wanted: &dyn Fn(RowKind) -> bool| -> Decimal {
        parts.iter().filter(|part| wanted(part.kind)).map(|part| part.mean.amount).sum()
    };
    let (workload, sum) = (of_kind(&|kind| kind == RowKind::Tenant), of_kind(&|_| true) + rest);
    let mut classes = raked(&classes, &factor, workload);
    add_missing(&mut classes, workload);
    let mut whole = scaled(total, sum.checked_div(total.mean.amount).unwrap_or(Decimal::ONE));
    whole.mean.amount = sum;
    let mut by_key: BTreeMap<SeriesKey, SeriesForecast> =
        parts.into_iter().chain(classes).chain([whole]).map(|of| ((of.kind, of.name.clone()), of)).collect();
    series.iter().filter_map(|of| by_key.remove(&(of.kind, of.name.clone()))).collect()
}

/// Parts times their factors, those that are not certain times what makes all of them add up to `wanted`.
fn raked(
    parts: &[&SeriesForecast],
    factor: &dyn Fn(&SeriesForecast) -> Decimal,
    wanted: Decimal,
) -> Vec<SeriesForecast> {
    let sum = |kept: &dyn Fn(&SeriesForecast) -> bool| -> Decimal {
        parts.iter().filter(|part| kept(part)).map(|part| part.mean.amount * factor(part)).sum()
    };
    let (certain, open) = (sum(&is_certain), sum(&|part| !is_certain(part)));
    let positive = |number: Decimal| number > Decimal::ZERO;
    let number = (wanted - certain).checked_div(open).filter(|&number| positive(number) && positive(open));
    let of = |part: &&SeriesForecast| {
        let raking = number.filter(|_| !is_certain(part)).unwrap_or(Decimal::ONE);
        scaled(part, factor(part) * raking)
    };
    let mut raked: Vec<SeriesForecast> = parts.iter().map(of).collect();
    if number.is_some() {
        add_missing(&mut raked, wanted);
    }
    raked
}

/// Gives what is missing of `wanted`, a few millionths by rounding, to the largest.
fn add_missing(parts: &mut [SeriesForecast], wanted: Decimal) {
    let missing = wanted - parts.iter().map(|part| part.mean.amount).sum::<Decimal>();
    if let Some(largest) = parts.iter_mut().max_by_key(|part| part.mean.amount) {
        largest.mean.amount += missing;
    }
}

/// Whether every run said the same.
fn is_certain(of: &SeriesForecast) -> bool {
    let ends = of.quantiles.first().zip(of.quantiles.last());
    ends.is_some_and(|(low, high)| low.amount == high.amount)
}

fn scaled(of: &SeriesForecast, factor: Decimal) -> SeriesForecast {
    let times = |money: Money| {
        let mut amount = (money.amount * factor).round_dp(SCALE);
        amount.rescale(SCALE);
        Money { amount, ..money }
    };
    let quantile = |of: &QuantileAmount| QuantileAmount { amount: times(of.amount), ..*of };
    SeriesForecast { mean: times(of.mean), quantiles: of.quantiles.iter().map(quantile).collect(), ..of.clone() }
}
