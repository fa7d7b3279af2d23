//! Smaller machines that could do the same.

use crate::control_plane::Billing;
use crate::request::ResourceClass;
use crate::scenario::{Edit, Scenario};
use crate::units::{NodeGroupIndex, Rate, Resources};

/// A node that is tried holds the largest flavor this many times.
const TIMES: [u32; 2] = [1, 4];

/// For a group, the cheapest type of its family that holds the largest of its flavors once, and four times.
///
/// A family is what stands before the last dot of the name, as in `m5.large`: types of one family are alike but for
/// their size, so that nothing but packing changes. Types without a shape or a price are none.
pub(super) fn smaller(scenario: &Scenario, node_group: NodeGroupIndex) -> Vec<Edit> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let at = scenario.window.start;
    let (Billing::Fleet, Some(rate)) = (scenario.billing, scenario.price_book.rate(&group.instance_type, at)) else {
        return Vec::new();
    };
    let held = scenario.flavors.iter().filter(|flavor| flavor.class == ResourceClass::Compute);
    let held = held.map(|flavor| flavor.requested.on_node()).filter(|requested| requested.fits(group.capacity));
    let largest = held.fold(Resources::ZERO, Resources::max);
    let family = |name: &str| name.rsplit_once('.').map_or("", |(family, _)| family).to_owned();
    let alike: Vec<(Rate, Resources, &str)> = scenario
        .price_book
        .types
        .iter()
        .filter(|entry| family(&entry.name) == family(&group.instance_type))
        .filter_map(|entry| Some((entry.rate(at), entry.shape?, entry.name.as_str())))
        .filter(|&(other, ..)| other < rate)
        .collect();
    let cheapest = |times: u32| {
        let needed = Resources::from_array(largest.to_array().map(|amount| amount.saturating_mul(times)));
        alike.iter().filter(|(_, shape, _)| needed.fits(*shape)).min_by_key(|(rate, _, name)| (*rate, *name))
    };
    let mut names: Vec<&str> = TIMES.into_iter().filter_map(cheapest).map(|&(.., name)| name).collect();
    names.dedup();
    names.into_iter().map(|name| Edit::InstanceType { node_group, instance_type: name.to_owned() }).collect()
}
