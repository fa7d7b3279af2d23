//! Problems of what a scenario asks for.

use super::Found;
use crate::request::{IndexedRequest, Operation};
use crate::scenario::{Demand, Scenario};
use crate::stream::StreamModel;
use crate::units::{Duration, FlavorIndex};

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    match &scenario.demand {
        Demand::Requests(requests) => check_requests(scenario, requests, found),
        Demand::Forecast(model) => check_model(scenario, model, found),
    }
}

fn check_requests(scenario: &Scenario, requests: &[IndexedRequest], found: &mut Found) {
    let sorted = requests.is_sorted_by_key(|request| request.at);
    found.expect(sorted, "demand.requests", || "are not in order of time".to_owned());
    let mut next = scenario.start.live.len();
    for (i, request) in requests.iter().enumerate() {
        let path = |field: &str| format!("demand.requests[{i}].{field}");
        let inside = scenario.window.contains(request.at);
        found.expect(inside, path("at"), || format!("is {}, outside of the window", request.at));
        let tenant = request.tenant.usize() < scenario.tenants.len();
        found.expect(tenant, path("tenant"), || format!("names none of the {} tenants", scenario.tenants.len()));
        let flavor = request.flavor.usize() < scenario.flavors.len();
        found.expect(flavor, path("flavor"), || format!("names none of the {} flavors", scenario.flavors.len()));
        let position = request.resource.usize();
        if request.operation == Operation::Create {
            let bound = scenario.start.live.len() + requests.len();
            found.expect((next..bound).contains(&position), path("resource"), || {
                format!("is {position}; expected new resources to count up from {next}")
            });
            next = next.max(position.saturating_add(1));
        } else {
            found.expect(position < next, path("resource"), || format!("is {position}, which was never created"));
        }
    }
}

fn check_model(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let bins = model.arrivals.tenths.len() as i64;
    let bin = model.bin > Duration::ZERO;
    found.expect(bin, "demand.forecast.bin", || format!("is {}; expected more than nothing", model.bin));
    let covered = bin
        && model.origin <= scenario.window.start
        && model.bin.micros().checked_mul(bins).is_some_and(|length| {
            model.origin.micros().checked_add(length).is_some_and(|end| end >= scenario.window.end.micros())
        });
    found.expect(covered, "demand.forecast.arrivals", || {
        format!("are {bins} bins of {} from {}, which do not cover the window", model.bin, model.origin)
    });
    let increasing = model.arrivals.tenths.iter().all(|levels| levels.is_sorted());
    found.expect(increasing, "demand.forecast.arrivals.tenths", || "decrease from a level to the next".to_owned());
    let arrivals = &model.arrivals;
    let shares = arrivals.tail_milli <= 1_000
        && arrivals.level_milli <= 1_000
        && arrivals.correlation_milli < 1_000
        && model.mix_spread_milli <= 1_000
        && model.lifetimes.spread_milli <= 1_000;
    found.expect(shares, "demand.forecast", || "has a share or spread above 1,000 thousandths".to_owned());
    for (i, template) in model.templates.iter().enumerate() {
        let tenant = template.tenant.usize() < scenario.tenants.len();
        let flavors = template.creates.iter().all(|(flavor, _)| flavor.usize() < scenario.flavors.len());
        found.expect(tenant && flavors, format!("demand.forecast.templates[{i}]"), || {
            "names a tenant or a flavor that is not in the scenario".to_owned()
        });
    }
    let asked = arrivals.tenths.iter().any(|levels| levels.iter().any(|&tenths| tenths > 0));
    let answered = !asked || model.templates.iter().any(|template| template.weights.iter().any(|&w| w > 0));
    found.expect(answered, "demand.forecast.templates", || "have no weight, but batches arrive".to_owned());
    check_lifetimes(scenario, model, found);
    check_resizes(scenario, model, found);
}

fn check_resizes(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let class = |flavor: FlavorIndex| scenario.flavors.get(flavor.usize()).map(|flavor| flavor.class);
    for (i, row) in model.resizes.iter().enumerate() {
        let shapes = class(row.from).is_some() && row.to.iter().all(|&(to, _)| class(to) == class(row.from));
        found.expect(shapes, format!("demand.forecast.resizes[{i}]"), || {
            "names a flavor that is not in the scenario, or of another class".to_owned()
        });
        let counted = row.to.iter().any(|&(_, count)| count > 0);
        found.expect(counted, format!("demand.forecast.resizes[{i}].to"), || {
            "is empty; expected the flavors that resources get, with how often".to_owned()
        });
    }
}

fn check_lifetimes(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let lifetimes = &model.lifetimes;
    let edges = !lifetimes.edges.is_empty()
        && lifetimes.edges[0] > Duration::ZERO
        && lifetimes.edges.is_sorted_by(|a, b| a < b);
    found.expect(edges, "demand.forecast.lifetimes.edges", || "do not increase from above zero".to_owned());
    let shaped = lifetimes.hazards.len() == scenario.flavors.len()
        && lifetimes.hazards.iter().all(|hazards| hazards.len() == lifetimes.edges.len());
    found.expect(shaped, "demand.forecast.lifetimes.hazards", || {
        format!("expected {} flavors of {} intervals", scenario.flavors.len(), lifetimes.edges.len())
    });
}
