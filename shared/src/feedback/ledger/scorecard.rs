//! How good forecasts of cost have been: what they claimed against what came.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::{AmountOf, Pairs, Record, SeriesForecast, pairs};
use crate::allocation::{Basis, RowKind};
use crate::units::{Currency, Duration};

/// The central intervals whose coverage is counted: what they claim, and the levels of their ends.
const INTERVALS: [(u8, u8, u8); 3] = [(50, 25, 75), (80, 10, 90), (90, 5, 95)];

/// The forecasts of a ledger, judged by what its windows cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scorecard {
    /// Windows that were forecast.
    pub forecast: u32,
    /// Those of them that are over, and whose cost is known.
    pub judged: u32,
    /// Forecasts that were written down after their window was over; they are not judged.
    pub late: u32,
    /// Windows that were forecast in one currency and cost in another; they are not judged either.
    pub other_currency: u32,
    /// Series by how their actual cost is known, which is never mixed.
    pub rows: Vec<ScoreRow>,
}

/// One series, or all of a kind together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreRow {
    /// How the actual costs are known.
    pub basis: Basis,
    /// In which currency; windows of different ones are never added up.
    pub currency: Currency,
    /// How far the forecasts reach: windows of different lengths are judged apart.
    pub horizon: Duration,
    /// The total, a part of it, or a class.
    pub kind: RowKind,
    /// Whose; none for all of the kind, each counted by itself, and where the kind says all.
    pub name: Option<String>,
    /// Pairs of predicted and actual.
    pub windows: u32,
    /// Σ|actual − predicted| ÷ Σ|actual|; none where nothing cost anything.
    pub wape: Option<f64>,
    /// Σ(predicted − actual) ÷ Σ|actual|: above zero where predictions were too high.
    pub bias: Option<f64>,
    /// Mean pinball loss over the levels, summed over windows, ÷ Σ|actual|; twice that of the median alone is its WAPE.
    pub pinball: Option<f64>,
    /// How often intervals held what came.
    pub intervals: Vec<IntervalScore>,
}

/// One central interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntervalScore {
    /// How many percent of what comes it claims to hold.
    pub claimed_percent: u8,
    /// How many windows it held.
    pub inside: u32,
    /// Of so many that had a forecast of the series.
    pub of: u32,
    /// The same in percent; none of none.
    pub achieved_percent: Option<f64>,
}

/// Which series: its kind, and whose.
pub type SeriesKey = (RowKind, String);

/// Every series of a window, predicted or not, with what it cost.
pub(in crate::feedback) fn by_series<'r>(
    forecast: &'r [SeriesForecast],
    actual: &[AmountOf],
) -> BTreeMap<SeriesKey, (Option<&'r SeriesForecast>, Decimal)> {
    let mut series: BTreeMap<SeriesKey, (Option<&SeriesForecast>, Decimal)> = BTreeMap::new();
    for predicted in forecast {
        series.insert((predicted.kind, predicted.name.clone()), (Some(predicted), Decimal::ZERO));
    }
    for of in actual {
        series.entry((of.kind, of.name.clone())).or_default().1 = of.amount.amount;
    }
    series
}

/// The rows that a series counts in: all of its kind, and its own where it has a name.
pub(in crate::feedback) fn rows_of((kind, name): SeriesKey) -> impl Iterator<Item = (RowKind, Option<String>)> {
    let own = (!name.is_empty()).then_some((kind, Some(name)));
    [(kind, None)].into_iter().chain(own)
}

/// Judges the forecasts of a ledger: the first one of each window, against the newest word on what that cost.
///
/// A series that was not predicted at all counts as predicted at nothing, and one that cost nothing as an actual of
/// nothing; intervals are counted where there was a forecast.
pub fn scorecard(records: &[Record]) -> Scorecard {
    let Pairs { judged, forecast, late, other_currency } = pairs(records);
    let mut card = Scorecard { forecast, judged: judged.len() as u32, late, other_currency, rows: Vec::new() };
    let mut sums: BTreeMap<(Books, RowKind, Option<String>), Sums> = BTreeMap::new();
    for (forecast, actual) in judged {
        let amounts = forecast.series.iter().map(|of| of.mean).chain(actual.series.iter().map(|of| of.amount));
        let Some(currency) = amounts.map(|amount| amount.currency).next() else { continue };
        let books = (actual.basis, currency, forecast.horizon);
        for (key, (predicted, came)) in by_series(&forecast.series, &actual.series) {
            rows_of(key).for_each(|(kind, name)| {
                sums.entry((books, kind, name)).or_default().add(predicted, came);
            });
        }
    }
    card.rows = sums.into_iter().map(|((books, kind, name), sums)| sums.row(books, kind, name)).collect();
    // The total first.
    card.rows.sort_by_key(|row| (row.basis, row.currency, row.horizon, row.kind != RowKind::Total));
    card
}

/// What is never added up with another: costs known in different ways, in different currencies, over different horizons.
type Books = (Basis, Currency, Duration);

#[derive(Default)]
struct Sums {
    windows: u32,
    with_forecast: u32,
    absolute_error: Decimal,
    error: Decimal,
    absolute_actual: Decimal,
    pinball: Decimal,
    inside: [u32; INTERVALS.len()],
}

impl Sums {
    fn add(&mut self, predicted: Option<&SeriesForecast>, actual: Decimal) {
        let error = predicted.map_or(Decimal::ZERO, |series| series.mean.amount) - actual;
        self.windows += 1;
        self.absolute_error += error.abs();
        self.error += error;
        self.absolute_actual += actual.abs();
        let quantiles = predicted.map_or(&[][..], |series| &series.quantiles);
        let losses = quantiles.iter().map(|quantile| pinball(quantile.percent, quantile.amount.amount, actual));
        // Of what nobody predicted, every quantile is nothing: the losses at the levels, which lie evenly about the
        // median, are half of it on average.
        let half = actual.abs() / Decimal::TWO;
        self.pinball +=
            if quantiles.is_empty() { half } else { losses.sum::<Decimal>() / Decimal::from(quantiles.len()) };
        if predicted.is_none() {
            return;
        }
        self.with_forecast += 1;
        let at = |percent: u8| quantiles.iter().find(|quantile| quantile.percent == percent);
        for (inside, (_, low, high)) in self.inside.iter_mut().zip(INTERVALS) {
            let holds = at(low)
                .zip(at(high))
                .is_some_and(|(low, high)| low.amount.amount <= actual && actual <= high.amount.amount);
            *inside += u32::from(holds);
        }
    }

    fn row(self, (basis, currency, horizon): Books, kind: RowKind, name: Option<String>) -> ScoreRow {
        let relative = |sum: Decimal| sum.checked_div(self.absolute_actual).and_then(|ratio| ratio.to_f64());
        let of = self.with_forecast;
        let score = |((claimed_percent, ..), inside): ((u8, u8, u8), u32)| IntervalScore {
            claimed_percent,
            inside,
            of,
            achieved_percent: (of > 0).then(|| 100.0 * f64::from(inside) / f64::from(of)),
        };
        ScoreRow {
            basis,
            currency,
            horizon,
            kind,
            name,
            windows: self.windows,
            wape: relative(self.absolute_error),
            bias: relative(self.error),
            pinball: relative(self.pinball),
            intervals: INTERVALS.into_iter().zip(self.inside).map(score).collect(),
        }
    }
}

/// max(τ·(y − q), (τ − 1)·(y − q)). Source: R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46(1), 1978.
fn pinball(percent: u8, quantile: Decimal, actual: Decimal) -> Decimal {
    let level = Decimal::new(i64::from(percent), 2);
    let over = actual - quantile;
    (level * over).max((level - Decimal::ONE) * over)
}
