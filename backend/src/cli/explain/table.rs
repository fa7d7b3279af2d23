//! What `explain` prints for people.

use std::fmt::Write;

use shared::api::{ExplanationView, FixView};
use shared::control_plane::{Best, Forbidden, GroupSurvey, InPlace, PoolSurvey, Rule};
use shared::explanation::{Again, DecisionSeen, Departure, Displaced, FailedAttempts, Other, ResizeState, WaitsFor};
use shared::request::{Domain, Operation};
use shared::scenario::{NodeGroup, PlacementPolicy, Scenario};
use shared::simulation::Eviction;
use shared::trace::quotas::in_words;
use shared::units::{Dimension, Instant, Money};

use crate::output;

pub(super) fn text(answer: &ExplanationView, scenario: &Scenario) -> String {
    let mut out = String::new();
    write_all(&mut out, answer, scenario).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, answer: &ExplanationView, scenario: &Scenario) -> std::fmt::Result {
    write_request(out, answer)?;
    let by = answer.refused_by.map(|module| format!(" by the {}", module.as_str())).unwrap_or_default();
    match answer.reason {
        Some(reason) => writeln!(out, "refused{by}: {}", reason.as_str())?,
        None => write_state(out, answer)?,
    }
    for FailedAttempts { module, attempts, retries } in &answer.failed {
        let attempts = output::counted(u64::from(*attempts), "attempt");
        let retries = output::counted(u64::from(*retries), "time");
        writeln!(out, "the {} failed: {attempts} came to nothing; it tries again {retries} at most", module.as_str())?;
    }
    if let Some(WaitsFor { module, since, turn }) = answer.waits_for {
        let module = module.as_str();
        writeln!(out, "waits for the {module} since {since}, with others before it; it would be its turn {turn}")?;
    }
    for departure in &answer.departures {
        writeln!(out, "{}", left(departure, answer, scenario))?;
    }
    for Displaced { at, node, left, .. } in &answer.displaced {
        let node = answer.node(*node);
        writeln!(out, "took the place of less urgent {} on node {node} at {at}", other(left, scenario))?;
    }
    if let Some(decision) = &answer.decision {
        write_decision(out, answer, decision, scenario)?;
    }
    match &answer.fix {
        Some(fix) => write_fix(out, answer, fix),
        None if answer.tried > 0 => {
            let tried = output::counted(u64::from(answer.tried), "change");
            writeln!(out, "\nno fix found: {tried} of the scenario did not let it in")
        }
        None => Ok(()),
    }
}

fn write_request(out: &mut String, answer: &ExplanationView) -> std::fmt::Result {
    let ExplanationView { request, tenant, flavor, requested, .. } = answer;
    let arrived = answer.resize.map_or(answer.plan.arrived, |resize| resize.arrived);
    if answer.operation == Operation::Resize {
        let from = answer.resized_from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        let resource = answer.plan.resource.0;
        writeln!(out, "request {request}: `{tenant}` resizes resource {resource}{from} to {flavor} ({requested})")?;
    } else {
        let priority = answer.priority.filter(|priority| *priority != 0);
        let class = answer.priority_class.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let priority = priority.map(|priority| format!(", priority {priority}{class}")).unwrap_or_default();
        writeln!(out, "request {request}: `{tenant}` asks for {flavor} ({requested}){priority}")?;
    }
    writeln!(out, "arrived {arrived}")
}

/// What became of a request that was not refused.
fn write_state(out: &mut String, answer: &ExplanationView) -> std::fmt::Result {
    let plan = &answer.plan;
    let resized = answer.resize.and_then(|resize| match resize.state {
        ResizeState::Resized(at) => Some(at),
        _ => None,
    });
    // The plan knows its last node; it may have been ready on one that it had to leave.
    let since = resized.or(plan.ready);
    let left = answer.departures.iter().find(|departure| since.is_some_and(|since| departure.at >= since));
    let node = left.map(|departure| departure.node).or(plan.node);
    // A resize may come before the create that it is about is done.
    let had = |at: Instant| {
        let lost =
            answer.departures.iter().any(|gone| gone.at <= at && gone.again.is_none_or(|again| again.ready > at));
        !lost && plan.ready.is_some_and(|ready| ready <= at)
    };
    let node = node.filter(|_| resized.is_none_or(had));
    let node = node.map(|node| format!(" on node {}", answer.node(node))).unwrap_or_default();
    match (answer.resize.map(|resize| resize.state), plan.ready) {
        (Some(ResizeState::Resized(at)), _) => {
            writeln!(out, "resized {at}{node}; the resource is {} when the window ends", plan.state.as_str())
        }
        (Some(ResizeState::PassedOver), _) => writeln!(out, "passed over: nothing lived that it could be about"),
        (None, Some(ready)) => match plan.released {
            Some(released) => writeln!(out, "ready {ready}{node}; released {released}"),
            None => writeln!(out, "ready {ready}{node}; {} when the window ends", answer.state),
        },
        (_, _) => writeln!(out, "{} when the window ends", answer.state),
    }
}

/// Why the resource had to leave a node.
fn left(departure: &Departure, answer: &ExplanationView, scenario: &Scenario) -> String {
    let Departure { at, node, node_group, eviction, zone_lost_since, by, again } = departure;
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let why = match (eviction, zone_lost_since) {
        (_, Some(_)) => format!("zone {} was lost", group.zone.as_deref().unwrap_or_default()),
        (Eviction::Preempted, None) => {
            let by = by.as_ref().map_or_else(|| "one".to_owned(), |by| other(by, scenario));
            format!("more urgent {by} took its place")
        }
        (Eviction::Interrupted, None) => "the spot node was taken back".to_owned(),
        (Eviction::NodeFailed, None) => "the node failed".to_owned(),
        (Eviction::Consolidated, None) => "the node had little to do and was emptied".to_owned(),
    };
    let again = again.map_or_else(String::new, |Again { ready, node, .. }| {
        format!("; ready again {ready} on node {}", answer.node(node))
    });
    format!("had to leave node {} at {at}: {why}{again}", answer.node(*node))
}

/// Another resource, by its place among those of the run.
fn other(Other { resource, tenant }: &Other, scenario: &Scenario) -> String {
    format!("resource {} of `{}`", resource.0, scenario.tenants[tenant.usize()].name)
}

fn write_fix(out: &mut String, answer: &ExplanationView, fix: &FixView) -> std::fmt::Result {
    writeln!(out, "\ncheapest fix: {}", fix.changes.join(", "))?;
    let becomes = if answer.operation == Operation::Resize { "is resized" } else { "is ready" };
    let ready =
        fix.ready.map_or_else(|| "is on its way when the window ends".to_owned(), |at| format!("{becomes} {at}"));
    let cost = match &fix.cost_change {
        change if change.amount.is_zero() => "costs the same".to_owned(),
        change if change.amount.is_sign_negative() => {
            format!("costs {} less", Money { amount: -change.amount, ..*change })
        }
        change => format!("costs {change} more"),
    };
    writeln!(out, "  tried: it {ready}, and the run {cost}")
}

fn write_decision(
    out: &mut String,
    answer: &ExplanationView,
    decision: &DecisionSeen,
    scenario: &Scenario,
) -> std::fmt::Result {
    let DecisionSeen { module, at, survey } = decision;
    // Where somebody was lost nobody decided: this is what there was then.
    let lost = answer.departures.iter().any(|departure| departure.at == *at);
    if lost {
        writeln!(out, "\nwhat there was {at}")?;
    } else if let Some(by) = answer.refused_by.filter(|by| by != module) {
        writeln!(out, "\nwhat there was {at}, when the {} let it on its way to the {}", module.as_str(), by.as_str())?;
    } else {
        writeln!(out, "\ndecided {at} by the {}", module.as_str())?;
    }
    let tenant = &scenario.tenants[answer.plan.tenant.usize()];
    if let Some(quota) = tenant.quota {
        let besides = if answer.resize.is_some() { " besides it" } else { "" };
        writeln!(out, "  `{}` held {}{besides} of its quota of {}", tenant.name, survey.held, in_words(quota))?;
    }
    if let Some(place) = &survey.in_place {
        writeln!(out, "  {}", in_place(place, answer))?;
    }
    write_pools(out, answer, &survey.pools, scenario)?;
    if survey.groups.is_empty() {
        return writeln!(out, "  it needs no node");
    }
    if survey.in_place.is_some() {
        writeln!(out, "  elsewhere, where a resize does not move it:")?;
    }
    let groups = &scenario.fleet.node_groups;
    let width = groups.iter().map(|group| group.name.chars().count()).max().unwrap_or(0).max("node group".len());
    writeln!(
        out,
        "  {:width$}  {:>7}  {:>9}  {:>9}  {:>7}",
        "node group", "nodes", "with room", "permitted", "at most"
    )?;
    for (group, survey) in groups.iter().zip(&survey.groups) {
        writeln!(
            out,
            "  {:width$}  {:>7}  {:>9}  {:>9}  {:>7}  {}",
            group.name,
            survey.nodes,
            survey.with_room,
            survey.permitted,
            group.max,
            verdict(answer, scenario.placement, group, survey)
        )?;
    }
    Ok(())
}

/// What every pool had of what is asked for.
fn write_pools(
    out: &mut String,
    answer: &ExplanationView,
    surveys: &[PoolSurvey],
    scenario: &Scenario,
) -> std::fmt::Result {
    let name = |survey: &PoolSurvey| scenario.fleet.pools[survey.pool.usize()].name.as_str();
    let width = surveys.iter().map(|survey| name(survey).chars().count()).max().unwrap_or(0);
    let stays = surveys.iter().any(|survey| survey.is_its_own);
    for survey in surveys {
        let PoolSurvey { pool, in_zone, is_its_own, free, lacking, lost_since } = survey;
        let zone = scenario.fleet.pools[pool.usize()].zone.as_deref().unwrap_or("without a name");
        let verdict = match lost_since {
            _ if stays && !is_its_own && answer.resize.is_some() => "a resize does not move it there".to_owned(),
            _ if stays && !is_its_own => "it stays in its own".to_owned(),
            _ if !in_zone => format!("is in zone {zone}"),
            Some(since) => format!("zone {zone} is lost since {since}: nothing comes in"),
            None if lacking.is_zero() => "it fits".to_owned(),
            None => format!("lacks {lacking}"),
        };
        writeln!(out, "  pool {:width$}  has {free} free: {verdict}", name(survey))?;
    }
    Ok(())
}

/// Whether the node that the resource is on had room for the new shape.
fn in_place(place: &InPlace, answer: &ExplanationView) -> String {
    let InPlace { node, free, lacking, .. } = place;
    let fits = match lacking[Dimension::Gpu] {
        _ if lacking.is_zero() => "it fits".to_owned(),
        0 => format!("it lacks {lacking}"),
        _ => format!("it lacks {lacking}, GPUs device by device"),
    };
    format!("in place, node {} has {free} without it: {fits}", answer.node(*node))
}

/// The node that the policy ranks first, and by what.
fn preferred(answer: &ExplanationView, placement: PlacementPolicy, Best { node, left, score }: &Best) -> String {
    let by = match (placement, score) {
        (PlacementPolicy::DotProduct, Some(score)) => format!("with a dot product of {score:.3}"),
        (PlacementPolicy::LeastAllocated, Some(score)) => format!("{score} % free afterwards"),
        (PlacementPolicy::MostAllocated, Some(score)) => format!("{score} % taken afterwards"),
        (PlacementPolicy::FragmentationAware, Some(score)) => format!("{score:+.0} milli-GPU become useless"),
        _ => format!("{left:.3} left on it"),
    };
    format!("node {} is first, {by}", answer.node(*node))
}

/// Why a group has nothing for the resource, or what it has.
fn verdict(answer: &ExplanationView, placement: PlacementPolicy, group: &NodeGroup, survey: &GroupSurvey) -> String {
    if let Some(best) = &survey.best {
        return preferred(answer, placement, best);
    }
    let zone = group.zone.as_deref().unwrap_or("without a name");
    if !survey.in_zone {
        return format!("is in zone {zone}");
    }
    if !survey.holds {
        return format!("an empty node has {}", group.schedulable());
    }
    if let Some(since) = survey.lost_since {
        return format!("zone {zone} is lost since {since}: its nodes are gone");
    }
    if survey.paid < group.max && survey.growth_permitted {
        let ordered = group.scaling.on_pending;
        return if ordered { "a new node" } else { "may have more nodes, and orders none for who waits" }.to_owned();
    }
    if survey.with_room > 0 || survey.paid < group.max {
        let of_nodes = survey.forbidden.iter().map(|Forbidden { rule, nodes }| {
            format!("{} of those with room: {}", output::counted(u64::from(*nodes), "node"), forbidden_by(rule))
        });
        let of_new = survey.growth_forbidden_by.as_ref().filter(|_| survey.paid < group.max);
        let of_new = of_new.map(|rule| format!("a new node: {}", forbidden_by(rule)));
        return format!("forbidden: {}", of_nodes.chain(of_new).collect::<Vec<_>>().join("; "));
    }
    match &survey.lacking {
        Some(lacking) => format!("full: the node with the most room lacks {lacking}"),
        None if survey.paid > 0 => "has no other node, and may have none".to_owned(),
        None => "has no nodes, and may have none".to_owned(),
    }
}

/// Why a rule does not let a resource go somewhere.
fn forbidden_by(rule: &Rule) -> String {
    let same = |domain: Domain| match domain {
        Domain::Node => "on it",
        Domain::Zone => "in its zone",
    };
    match rule {
        Rule::Affinity(rule) => {
            format!("nobody of group `{}`, which it wants to be near, is {}", rule.group, same(rule.domain))
        }
        Rule::AntiAffinity(rule) => {
            format!("group `{}`, which it wants to be apart from, is {}", rule.group, same(rule.domain))
        }
        Rule::KeptAway(domain) => format!("somebody {} keeps its group away", same(*domain)),
        Rule::Spread(rule) => {
            let place = if rule.domain == Domain::Node { "node" } else { "zone" };
            format!("its group would be more than {} ahead of the emptiest {place}", rule.ahead)
        }
    }
}
