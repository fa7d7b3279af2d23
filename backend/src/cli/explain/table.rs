//! What `explain` prints for people.

use std::fmt::Write;

use shared::control_plane::{Best, GroupSurvey};
use shared::explanation::Decision;
use shared::scenario::{NodeGroup, PlacementPolicy, Scenario};
use shared::units::Money;

use super::Answer;
use crate::output;

pub(super) fn text(answer: &Answer<'_>, scenario: &Scenario) -> String {
    let mut out = String::new();
    write_all(&mut out, answer, scenario).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, answer: &Answer<'_>, scenario: &Scenario) -> std::fmt::Result {
    let plan = answer.plan;
    writeln!(out, "request {}: `{}` asks for {} ({})", answer.request, answer.tenant, answer.flavor, answer.requested)?;
    writeln!(out, "arrived {}", plan.arrived)?;
    let by = answer.refused_by.map(|module| format!(" by the {}", module.as_str())).unwrap_or_default();
    match (answer.reason, plan.ready) {
        (Some(reason), _) => writeln!(out, "refused{by}: {reason}")?,
        (None, Some(ready)) => {
            let node = plan.node.map(|node| format!(" on node {}", node.0)).unwrap_or_default();
            writeln!(out, "ready {ready}{node}; {} when the window ends", answer.state)?;
        }
        (None, None) => writeln!(out, "{} when the window ends", answer.state)?,
    }
    if let Some(decision) = answer.decision {
        write_decision(out, answer, decision, scenario)?;
    }
    match &answer.fix {
        Some(fix) => {
            writeln!(out, "\ncheapest fix: {}", fix.changes.join(", and "))?;
            let ready = fix
                .ready
                .map_or_else(|| "is on its way when the window ends".to_owned(), |at| format!("is ready {at}"));
            let cost = match &fix.cost_change {
                change if change.amount.is_zero() => "costs the same".to_owned(),
                change if change.amount.is_sign_negative() => {
                    format!("costs {} less", Money { amount: -change.amount, ..*change })
                }
                change => format!("costs {change} more"),
            };
            writeln!(out, "  tried: it {ready}, and the run {cost}")?;
        }
        None if answer.tried > 0 => {
            let tried = output::counted(u64::from(answer.tried), "change");
            writeln!(out, "\nno fix found: {tried} of quota, nodes or workers did not let it in")?;
        }
        None => {}
    }
    Ok(())
}

fn write_decision(out: &mut String, answer: &Answer<'_>, decision: &Decision, scenario: &Scenario) -> std::fmt::Result {
    writeln!(out, "\ndecided {} by the {}", decision.at, decision.module.as_str())?;
    let tenant = &scenario.tenants[answer.plan.tenant.usize()];
    if let Some(quota) = tenant.quota {
        writeln!(out, "  `{}` held {} of its quota of {quota}", tenant.name, decision.survey.held)?;
    }
    if decision.survey.groups.is_empty() {
        return writeln!(out, "  it needs no node");
    }
    let groups = &scenario.fleet.node_groups;
    let width = groups.iter().map(|group| group.name.chars().count()).max().unwrap_or(0).max("node group".len());
    writeln!(
        out,
        "  {:width$}  {:>7}  {:>9}  {:>9}  {:>7}",
        "node group", "nodes", "with room", "permitted", "at most"
    )?;
    for (group, survey) in groups.iter().zip(&decision.survey.groups) {
        writeln!(
            out,
            "  {:width$}  {:>7}  {:>9}  {:>9}  {:>7}  {}",
            group.name,
            survey.nodes,
            survey.with_room,
            survey.permitted,
            group.max,
            verdict(scenario.placement, group, survey)
        )?;
    }
    Ok(())
}

/// The node that the policy ranks first, and by what.
fn preferred(placement: PlacementPolicy, Best { node, left, score }: &Best) -> String {
    let by = match (placement, score) {
        (PlacementPolicy::DotProduct, Some(score)) => format!("with a dot product of {score:.3}"),
        (PlacementPolicy::LeastAllocated, Some(score)) => format!("{score} % free afterwards"),
        (PlacementPolicy::MostAllocated, Some(score)) => format!("{score} % taken afterwards"),
        (PlacementPolicy::FragmentationAware, Some(score)) => format!("{score:+.0} milli-GPU become useless"),
        _ => format!("{left:.3} left on it"),
    };
    format!("node {} is first, {by}", node.0)
}

/// Why a group has nothing for the resource, or what it has.
fn verdict(placement: PlacementPolicy, group: &NodeGroup, survey: &GroupSurvey) -> String {
    if let Some(best) = &survey.best {
        return preferred(placement, best);
    }
    if !survey.in_zone {
        return format!("is in zone {}", group.zone.as_deref().unwrap_or("without a name"));
    }
    if !survey.holds {
        return format!("an empty node has {}", group.schedulable());
    }
    if survey.paid < group.max && survey.growth_permitted {
        return "a new node".to_owned();
    }
    if survey.with_room > 0 || survey.paid < group.max {
        return "the rules about other resources forbid it".to_owned();
    }
    match &survey.lacking {
        Some(lacking) => format!("full: the node with the most room lacks {lacking}"),
        None => "has no nodes, and may have none".to_owned(),
    }
}
