//! A day of the example small enough for a link.

use std::collections::BTreeSet;

use super::workload::{day_window, requests};
use super::{SEED, scenario};
use crate::request::{Catalogue, Names, Request, RequestLogBuilder, Tenant};
use crate::scenario::{Demand, Scenario};

/// The day that the lab shows: a Monday, when the example has run for a week.
const LAB_DAY: i64 = 7;

/// One in so many batches is in the lab's scenario.
const THINNING: u32 = 4;

/// A self-contained day for the browser's lab: a quarter of the example's batches, from a standing start, in one run.
///
/// # Panics
/// Never: the example is a valid log.
pub fn lab_scenario() -> Scenario {
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    let day = requests(SEED, LAB_DAY);
    let mut batches = Names::default();
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    for request in &day {
        let batch = request.batch.as_deref().map(|batch| batches.intern(batch));
        if batch.is_some_and(|number| number.is_multiple_of(THINNING)) {
            kept.insert(&request.resource);
        }
    }
    let in_lab = |request: &&Request| kept.contains(request.resource.as_str());
    for (line, request) in day.iter().filter(in_lab).enumerate() {
        builder.push(line as u64 + 1, request.clone()).expect("the example is valid");
    }
    let log = builder.finish().expect("the example is a valid log");
    let like = scenario();
    let tenant = |name: &str| Tenant {
        labels: like.tenants.iter().find(|tenant| tenant.name == name).map(|t| t.labels.clone()).unwrap_or_default(),
        name: name.to_owned(),
        quota: None,
    };
    Scenario {
        name: "a Monday of the example".to_owned(),
        runs: 1,
        window: day_window(LAB_DAY),
        tenants: log.tenants.iter().map(tenant).collect(),
        flavors: log.flavors.clone(),
        demand: Demand::Requests(log.requests.clone()),
        ..like
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lab_is_small_and_whole() {
        let lab = lab_scenario();
        let Demand::Requests(requests) = &lab.demand else { panic!("the lab replays requests") };
        assert!((300..2_000).contains(&requests.len()), "{} requests", requests.len());
        assert!(requests.iter().all(|request| lab.window.contains(request.at)));
        assert!(requests.iter().all(|request| request.tenant.usize() < lab.tenants.len()));
        assert!(requests.iter().all(|request| request.flavor.usize() < lab.flavors.len()));
    }
}
