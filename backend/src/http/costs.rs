//! `GET /v1/costs` and `GET /v1/costs/corrected`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Deserialize;
use shared::api::{Basis, CostBin, CostSeries, MoneyBand};
use shared::feedback::ledger::verify;
use shared::feedback::{CorrectedPrediction, CorrectionSettings, newest_corrected};
use shared::units::{Duration, Instant, Money, Window};

use super::query::{Query, in_order};
use super::{Answer, App, Problem};
use crate::shadowing::REPORTED;
use crate::store::{Collection, whole_ledger};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    from: Option<Instant>,
    to: Option<Instant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Over {
    horizon: Option<Duration>,
}

/// The most bins of one answer.
const BINS_MAX: usize = 10_000;

pub(super) async fn costs(app: Data<App>, Query(query): Query<Between>) -> Answer<CostSeries> {
    let (bin, now) = (app.config.assumed.bin, app.board.snapshot().now);
    let start = query.from.unwrap_or(now - Duration::DAY).floor(bin);
    let end = query.to.unwrap_or(now + app.config.horizons.longest());
    in_order(Some(start), Some(end))?;
    let window = Window { start, end };
    if window.bins(bin) > BINS_MAX {
        return Err(Problem::field("from", format!("the window has too many bins; ask for {BINS_MAX} at most")));
    }
    let mut bins: BTreeMap<Instant, CostBin> = BTreeMap::new();
    let empty = |at| CostBin { at, actual: None, predicted: None };
    for document in app.store.list(Collection::ActualCosts, window, BINS_MAX).await? {
        let actual: Money = document.read()?;
        bins.entry(document.at).or_insert_with(|| empty(document.at)).actual = Some(actual);
    }
    for document in app.store.list(Collection::PredictedCosts, window, BINS_MAX).await? {
        let predicted: MoneyBand = document.read()?;
        bins.entry(document.at).or_insert_with(|| empty(document.at)).predicted = Some(predicted);
    }
    Ok(Json(CostSeries {
        start,
        bin,
        currency: app.config.assumed.price_book.currency.to_string(),
        basis: app.board.snapshot().basis.unwrap_or(Basis::Simulated),
        bins: bins.into_values().collect(),
    }))
}

/// Learnt anew from the ledger each time, so that a restart forgets nothing.
pub(super) async fn corrected(app: Data<App>, Query(query): Query<Over>) -> Answer<CorrectedPrediction> {
    let horizon = query.horizon.unwrap_or(REPORTED);
    if !app.config.horizons.all().contains(&horizon) {
        let all: Vec<String> = app.config.horizons.all().iter().map(Duration::to_string).collect();
        return Err(Problem::field(
            "horizon",
            format!("{horizon} is none that is forecast; ask for one of {}", all.join(", ")),
        ));
    }
    let entries = whole_ledger(&*app.store).await?;
    let (_, records) =
        verify(&entries).map_err(|broken| Problem::conflict(format!("the forecast ledger: {broken}")))?;
    let basis = app.board.snapshot().basis.unwrap_or(Basis::Simulated);
    let newest = newest_corrected(&records, basis, horizon, &CorrectionSettings::default());
    let missing = || Problem::not_found("nothing has been predicted yet; the first window is when one begins");
    newest.map(Json).ok_or_else(missing)
}
