//! Other machines that could do the same.

use super::load::requested_mean;
use crate::control_plane::Billing;
use crate::request::ResourceClass;
use crate::scenario::{Edit, Scenario};
use crate::simulation::Outcome;
use crate::units::{Dimension, NodeGroupIndex, Rate, Resources};

/// A node that is tried holds the largest flavor this many times.
const TIMES: [u32; 2] = [1, 4];

/// Another family is tried where what is asked for costs less than this part of what it costs now.
const CHEAPER: f64 = 0.95;

/// A type of the price book with a shape.
#[derive(Clone, Copy)]
struct Type<'a> {
    rate: Rate,
    shape: Resources,
    name: &'a str,
}

/// For a group, the cheapest type of its family that holds the largest of its flavors once, and four times.
///
/// A family is what stands before the last dot of the name, as in `m5.large`: types of one family are alike but for
/// their size, so that nothing but packing changes. Types without a shape or a price are none.
pub(super) fn smaller(scenario: &Scenario, node_group: NodeGroupIndex) -> Vec<Edit> {
    let Some((own, types)) = types(scenario, node_group) else { return Vec::new() };
    let largest = largest(scenario, own.shape);
    let alike: Vec<Type<'_>> =
        types.into_iter().filter(|other| family(other.name) == family(own.name) && other.rate < own.rate).collect();
    let cheapest = |times: u32| {
        let needed = Resources::from_array(largest.to_array().map(|amount| amount.saturating_mul(times)));
        alike.iter().filter(|other| needed.fits(other.shape)).min_by_key(|other| (other.rate, other.name))
    };
    let mut names: Vec<&str> = TIMES.into_iter().filter_map(cheapest).map(|other| other.name).collect();
    names.dedup();
    names.into_iter().map(|name| Edit::InstanceType { node_group, instance_type: name.to_owned() }).collect()
}

/// The type of another family on which what is asked for on average costs the least, were it packed without loss: its
/// shape suits the mix of vCPU and memory better, or it is cheaper. Of several sizes the one most like the group's.
pub(super) fn other_family(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Option<Edit> {
    let (own, types) = types(scenario, node_group)?;
    let largest = largest(scenario, own.shape);
    let asked = Dimension::ALL.map(|dimension| requested_mean(outcome, scenario.window, dimension));
    let cost = |of: &Type<'_>| {
        let nodes = Dimension::ALL.into_iter().filter(|&dimension| asked[dimension as usize] > 0.0);
        let nodes =
            nodes.map(|dimension| asked[dimension as usize] / f64::from(of.shape[dimension])).fold(0.0, f64::max);
        nodes * of.rate.nanos() as f64
    };
    let unlike = |of: &Type<'_>| of.shape[Dimension::Vcpu].abs_diff(own.shape[Dimension::Vcpu]);
    let others = types.iter().filter(|other| {
        family(other.name) != family(own.name)
            && family(other.name).is_some()
            && largest.fits(other.shape)
            && cost(other) < CHEAPER * cost(&own)
    });
    // Costs of sizes of one family differ by rounding only.
    let key = |of: &Type<'_>| (libm::round(cost(of) / cost(&own) * 1e6) as i64, unlike(of));
    let best = others.min_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.name.cmp(b.name)))?;
    Some(Edit::InstanceType { node_group, instance_type: best.name.to_owned() })
}

/// What stands before the last dot of a type's name.
pub(super) fn family(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(family, _)| family)
}

/// The type of a group, and all that have a price when the window begins; none where nodes are not paid.
fn types(scenario: &Scenario, node_group: NodeGroupIndex) -> Option<(Type<'_>, Vec<Type<'_>>)> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let at = scenario.window.start;
    let rate = scenario.price_book.rate(&group.instance_type, at).filter(|_| scenario.billing == Billing::Fleet)?;
    let priced = scenario
        .price_book
        .types
        .iter()
        .filter_map(|entry| Some(Type { rate: entry.rate(at), shape: entry.shape?, name: entry.name.as_str() }));
    Some((Type { rate, shape: group.capacity, name: &group.instance_type }, priced.collect()))
}

/// The most that any flavor of a machine's asks for.
fn largest(scenario: &Scenario, capacity: Resources) -> Resources {
    let held = scenario.flavors.iter().filter(|flavor| flavor.class == ResourceClass::Compute);
    let held = held.map(|flavor| flavor.requested.on_node()).filter(|requested| requested.fits(capacity));
    held.fold(Resources::ZERO, Resources::max)
}
