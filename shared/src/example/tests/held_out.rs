//! What is recommended from a forecast, carried out on the day that really came.

use core::convert::Infallible;

use super::variance::ensemble;
use crate::example::{SEED, lab_scenario, requests};
use crate::recommendation::{Attempt, Sources, Thresholds, recommend};
use crate::request::{Catalogue, IndexedRequest, RequestLogBuilder};
use crate::scenario::{Demand, Edit, Scenario, ValidScenario};
use crate::simulation::{RunOutcome, run};
use crate::units::{Dimension, FlavorIndex, TenantIndex};

/// The day that the lab predicts: a Monday, when the example has run for two weeks.
const DAY: i64 = 14;

/// The requests that came on that day, in the indices of `like`.
fn actual(like: &Scenario) -> Vec<IndexedRequest> {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in (1..).zip(requests(SEED, DAY)) {
        builder.push(line, request).unwrap();
    }
    let log = builder.finish().unwrap();
    let indexed = |request: &IndexedRequest| {
        let (name, flavor) = (log.tenants.name(request.tenant.0), &log.flavors[request.flavor.usize()]);
        let tenant = like.tenants.iter().position(|tenant| tenant.name == name)?;
        let flavor = like.flavors.iter().position(|known| known == flavor)?;
        let (tenant, flavor) = (TenantIndex::from_usize(tenant), FlavorIndex::from_usize(flavor));
        Some(IndexedRequest { tenant, flavor, terms: None, ..*request })
    };
    log.requests.iter().filter_map(indexed).collect()
}

/// Cost of a vCPU-hour that was served, the 0.99 quantile of the time until ready, and refusals.
fn figures(outcome: &RunOutcome) -> (f64, f64, u64) {
    let vcpu_hours = outcome.utilisation.requested[Dimension::Vcpu as usize] as f64 / 1_000.0 / 3.6e9;
    let p99 = outcome.latency.quantile_ms(0.99).expect("somebody is served");
    (outcome.cost.total().to_f64() / vcpu_hours, p99, outcome.refused.values().sum())
}

/// The specification of recommendations: on a held-out day they lower what a served vCPU-hour costs, and neither latency nor
/// refusals get worse.
#[test]
fn what_is_recommended_pays_on_a_day_that_was_held_out() {
    let predicted = Scenario { runs: 5, ..lab_scenario() };
    let valid = ValidScenario::new(predicted.clone()).unwrap();
    let replay = |attempt: Attempt<'_>| Ok::<_, Infallible>(ensemble(attempt.scenario));
    let advice =
        recommend(&valid, &ensemble(&valid), &Sources::default(), &Thresholds::default(), replay, |_| Ok(None))
            .unwrap();
    let together = advice.together.as_ref().expect("more than one goes together");
    let edits: Vec<Edit> = advice
        .recommendations
        .iter()
        .filter(|recommendation| together.ranks.contains(&recommendation.rank))
        .flat_map(|recommendation| recommendation.edits.clone())
        .collect();
    let on_the_day = |edits: Vec<Edit>| {
        let demand = Demand::Requests(actual(&predicted));
        let valid = ValidScenario::new(Scenario { runs: 1, demand, edits, ..predicted.clone() }).unwrap();
        figures(&run(&valid, 0, false))
    };
    let (before, after) = (on_the_day(Vec::new()), on_the_day(edits));
    assert!(after.0 < before.0, "a vCPU-hour cost {} and then {}", before.0, after.0);
    assert!(after.1 <= before.1 && after.2 <= before.2, "{before:?}, then {after:?}");
}
