//! Problems of what a scenario asks for.

use core::fmt;
use std::collections::BTreeMap;

use super::{Found, terms};
use crate::request::{IndexedRequest, Operation, ResourceClass};
use crate::scenario::{Demand, Scenario};
use crate::stream::{Attachments, NEAR_MICROS, Newcomers, SEEN_MAX, StreamModel, Tag, Tags, TenantPaces};
use crate::units::{Duration, FlavorIndex, ResourceIndex, TenantIndex};

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    match &scenario.demand {
        Demand::Requests(requests) => check_requests(scenario, requests, found),
        Demand::Forecast(model) => check_model(scenario, model, found),
    }
}

fn check_requests(scenario: &Scenario, requests: &[IndexedRequest], found: &mut Found) {
    let bound = scenario.start.live.len() + requests.len();
    // Of each resource whose it is, and whether it was deleted.
    let mut resources: Vec<Option<(TenantIndex, bool)>> = vec![None; bound];
    for (resource, live) in resources.iter_mut().zip(&scenario.start.live) {
        *resource = Some((live.tenant, false));
    }
    let mut next = scenario.start.live.len();
    let mut last = scenario.window.start;
    for (i, request) in requests.iter().enumerate() {
        let path = |field: &'static str| fmt::from_fn(move |f| write!(f, "demand.requests[{i}].{field}"));
        let inside = scenario.window.contains(request.at);
        // What is before the window is told below.
        found.expect(request.at >= last || !inside, path("at"), || {
            format!("is {}, before {last} of the element before; expected them in order of time", request.at)
        });
        last = last.max(request.at);
        // Of a window that ends before it begins, that is the problem.
        let sound = scenario.window.start < scenario.window.end;
        found.expect(inside || !sound, path("at"), || format!("is {}, outside of the window", request.at));
        let tenant = request.tenant.usize() < scenario.tenants.len();
        found.expect(tenant, path("tenant"), || format!("names none of the {} tenants", scenario.tenants.len()));
        let flavor = request.flavor.usize() < scenario.flavors.len();
        found.expect(flavor, path("flavor"), || format!("names none of the {} flavors", scenario.flavors.len()));
        found.expect(terms::is_known(scenario, request.terms), path("terms"), || "names none of the terms".to_owned());
        let position = request.resource.usize();
        if request.operation == Operation::Create {
            found.expect((next..bound).contains(&position), path("resource"), || {
                format!("is {position}; expected new resources to count up from {next}")
            });
            next = next.max(position.saturating_add(1));
            if let Some(resource) = resources.get_mut(position) {
                *resource = Some((request.tenant, false));
            }
        } else {
            let Some(Some((owner, deleted))) = resources.get_mut(position) else {
                found.expect(false, path("resource"), || format!("is {position}, which was never created"));
                continue;
            };
            found.expect(*owner == request.tenant, path("tenant"), || {
                format!("is {}; expected {}, whose resource {position} is", request.tenant.0, owner.0)
            });
            // A resize that comes too late is passed over.
            let is_delete = request.operation == Operation::Delete;
            found.expect(!(*deleted && is_delete), path("resource"), || {
                format!("is {position}, which was deleted before")
            });
            *deleted |= is_delete;
        }
    }
}

/// A resize changes how much a resource has, not what it is.
pub(super) fn check_classes(scenario: &Scenario, found: &mut Found) {
    let Demand::Requests(requests) = &scenario.demand else { return };
    let class = |flavor: FlavorIndex| scenario.flavors.get(flavor.usize()).map(|flavor| flavor.class);
    let live = scenario.start.live.iter().enumerate();
    let mut classes: BTreeMap<ResourceIndex, _> =
        live.map(|(position, live)| (ResourceIndex::from_usize(position), class(live.flavor))).collect();
    for (i, request) in requests.iter().enumerate() {
        match request.operation {
            Operation::Create => drop(classes.insert(request.resource, class(request.flavor))),
            Operation::Delete => {}
            Operation::Resize => {
                let (is, becomes) = (classes.get(&request.resource).copied().flatten(), class(request.flavor));
                let (Some(is), Some(becomes)) = (is, becomes) else { continue };
                found.expect(is == becomes, format_args!("demand.requests[{i}].flavor"), || {
                    format!(
                        "is of class {}; expected one of class {}, as the resource is",
                        becomes.as_str(),
                        is.as_str()
                    )
                });
            }
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
    check_attachments(scenario, model, found);
    check_newcomers(scenario, model, found);
    check_tags(scenario, model, found);
}

fn check_attachments(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let Attachments { sets, ends, times } = &model.attachments;
    let class = |flavor: FlavorIndex| scenario.flavors.get(flavor.usize()).map(|flavor| flavor.class);
    let tenant = |tenant: TenantIndex| tenant.usize() < scenario.tenants.len();
    let attached = |flavor: FlavorIndex| class(flavor).is_some_and(|class| class != ResourceClass::Compute);
    let has_times = |flavor: FlavorIndex| times.binary_search_by_key(&flavor, |row| row.flavor).is_ok();
    for (i, row) in sets.iter().enumerate() {
        let machine = tenant(row.tenant) && class(row.machine) == Some(ResourceClass::Compute);
        found.expect(machine, format!("demand.forecast.attachments.sets[{i}]"), || {
            "names a tenant or a machine's flavor that is not in the scenario".to_owned()
        });
        let known = row.sets.iter().flat_map(|(set, _)| set).all(|&flavor| attached(flavor) && has_times(flavor));
        found.expect(known, format!("demand.forecast.attachments.sets[{i}].sets"), || {
            "names a flavor that is not in the scenario, is a machine's, or has no times".to_owned()
        });
    }
    let known = ends.iter().all(|row| tenant(row.tenant) && attached(row.flavor));
    found.expect(known, "demand.forecast.attachments.ends", || {
        "names a tenant or a flavor that is not in the scenario".to_owned()
    });
    let near = |lags: &[i32; 5]| lags.is_sorted() && lags[0] >= -NEAR_MICROS && lags[4] <= NEAR_MICROS;
    let sound = times.iter().all(|row| near(&row.create_micros) && near(&row.delete_micros))
        && times.is_sorted_by(|a, b| a.flavor < b.flavor);
    found.expect(sound, "demand.forecast.attachments.times", || {
        "are not in order of flavor, or have lags that are not in order or longer than ten minutes".to_owned()
    });
}

fn check_newcomers(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let Newcomers { first, slots, seen, over, like } = &model.newcomers;
    let room = (first.usize()).checked_add(*slots as usize) == Some(scenario.tenants.len()) || *slots == 0;
    found.expect(room, "demand.forecast.newcomers", || {
        format!("are {slots} from {} on; expected the last of the {} tenants", first.0, scenario.tenants.len())
    });
    let known = *seen == 0 || (*seen <= SEEN_MAX && *over > Duration::ZERO);
    found.expect(known, "demand.forecast.newcomers.seen", || {
        format!("is {seen} in {over}; expected at most {SEEN_MAX}, in some time")
    });
    let creates = |(creates, _): &(Vec<(FlavorIndex, u32)>, u32)| {
        creates.iter().all(|(flavor, _)| flavor.usize() < scenario.flavors.len())
    };
    for (i, newcomer) in like.iter().enumerate() {
        let batches = newcomer.batches.iter().all(creates);
        found.expect(batches, format!("demand.forecast.newcomers.like[{i}].batches"), || {
            "name a flavor that is not in the scenario".to_owned()
        });
    }
}

fn check_tags(scenario: &Scenario, model: &StreamModel, found: &mut Found) {
    let Tags { label_sets, rows } = &model.tags;
    let within = |index: Option<u32>, rows: usize| index.is_none_or(|index| (index as usize) < rows);
    let known = |&(tag, _): &(Tag, u32)| terms::is_known(scenario, tag.terms) && within(tag.labels, label_sets.len());
    let rows = rows.iter().all(|row| row.seen.iter().all(known));
    found.expect(rows, "demand.forecast.tags", || "name terms or a set of labels that are not there".to_owned());
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
    let known = |of: &TenantPaces| {
        of.tenant.usize() < scenario.tenants.len()
            && of.flavor.usize() < scenario.flavors.len()
            && !of.milli.contains(&0)
    };
    let paces = lifetimes.tenant_paces.iter().all(known)
        && lifetimes.tenant_paces.is_sorted_by(|a, b| (a.tenant, a.flavor) < (b.tenant, b.flavor));
    found.expect(paces, "demand.forecast.lifetimes.tenant_paces", || {
        "expected tenants and flavors that there are, in order and once each, with factors above zero".to_owned()
    });
}
