//! What has no series of its own, counted in the predicted streams: a flavor, or a class of one tenant.

use actix_web::web;
use shared::api::{NotReady, SavedScenario};
use shared::forecast::{BinForecast, LEVELS};
use shared::scenario::{Scenario, ValidScenario};
use shared::units::Duration;

use super::{Said, newest, not_ready};
use crate::http::{App, Problem};
use crate::shadowing::REPORTED;
use crate::store::{Collection, CreatesOf};

/// The quantiles over the streams of the newest shadow, which are sampled from the forecast of everything.
pub(super) async fn of_streams(app: &App, of: &CreatesOf, bins: usize) -> Result<Result<Said, NotReady>, Problem> {
    let bin = app.config.bin;
    let reached = REPORTED.divide(bin) as usize;
    if bins > reached {
        let detail = format!(
            "{} is further than predicted streams reach, in which that is counted; ask for {REPORTED} at most",
            bin * bins as i64
        );
        return Err(Problem::field("horizon", detail));
    }
    let Some(document) = app.store.get(Collection::Scenarios, "current".to_owned()).await? else {
        return Ok(Err(not_ready("no_forecast", "no stream has been predicted yet")));
    };
    let SavedScenario { scenario, .. } = document.read()?;
    // Somebody may have ordered a run with changes; demand is forecast as it is.
    let scenario = Scenario { edits: Vec::new(), ..scenario };
    let (origin, runs) = (scenario.window.start, scenario.runs);
    if scenario.window.length() < bin * bins as i64 {
        return Ok(Err(not_ready(
            "shorter_run",
            "the newest shadow run was ordered, and is shorter; wait for the next",
        )));
    }
    let model = match newest(app, REPORTED).await? {
        Ok(stored) => stored.model,
        Err(waiting) => return Ok(Err(waiting)),
    };
    let of = of.clone();
    let counted = web::block(move || counted(scenario, &of, bin, bins));
    let bins = counted.await.map_err(|_| Problem::broken())??;
    Ok(Ok(Said { origin, model, levels: LEVELS, bins, runs: Some(runs) }))
}

fn counted(scenario: Scenario, of: &CreatesOf, bin: Duration, bins: usize) -> Result<Vec<BinForecast>, Problem> {
    let valid = ValidScenario::of_accepted(scenario).map_err(Problem::fields)?;
    let Scenario { tenants, flavors, .. } = valid.scenario();
    // The same name stands twice where it came with two shapes.
    let is_flavor: Vec<bool> = flavors
        .iter()
        .map(|flavor| {
            of.class.is_none_or(|class| flavor.class == class)
                && of.flavor.as_ref().is_none_or(|name| flavor.name == *name)
        })
        .collect();
    let is_tenant: Vec<bool> =
        tenants.iter().map(|tenant| of.tenant.as_ref().is_none_or(|name| tenant.name == *name)).collect();
    Ok(valid
        .forecast_creates(bin, bins, |request| is_flavor[request.flavor.usize()] && is_tenant[request.tenant.usize()]))
}
