//! The form's values, and the edits that they stand for.

use shared::request::{MODULES, Module};
use shared::scenario::{Edit, NodeGroup, PlacementPolicy, Purchase, Scaling, Scenario, Spot};
use shared::units::{Duration, NodeGroupIndex, TenantIndex};

/// What the form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controls {
    /// Everyone's demand.
    pub(super) demand_percent: u32,
    /// Each tenant's demand, on top of everyone's.
    pub(super) tenant_percent: Vec<u32>,
    pub(super) placement: PlacementPolicy,
    /// By module.
    pub(super) workers: [u32; MODULES],
    /// By node group.
    pub(super) groups: Vec<GroupControls>,
    /// Nodes used below this are emptied; 0 where none is.
    pub(super) consolidate_percent: u32,
    pub(super) runs: u32,
    pub(super) seed: u64,
    /// Edits of the scenario that the form does not show.
    pub(super) kept: Vec<Edit>,
}

/// What the form says of one node group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupControls {
    pub(super) max: u32,
    /// 0 where there is no target.
    pub(super) target_percent: u32,
    /// What a node costs, in percent of the price on demand.
    pub(super) price_percent: u32,
    /// How long a node lasts until it is taken back; 0 where none is.
    pub(super) interrupted_after_h: u32,
}

impl Controls {
    /// What a scenario says, its edits included.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let mut controls = Self::unedited(scenario);
        let group = |index: NodeGroupIndex| scenario.fleet.node_groups.get(index.usize());
        for edit in &scenario.edits {
            match edit.clone() {
                Edit::ScaleDemand { tenant: None, percent } => controls.demand_percent = percent,
                Edit::ScaleDemand { tenant: Some(tenant), percent } => {
                    set(&mut controls.tenant_percent, tenant.usize(), percent);
                }
                Edit::Placement { policy } => controls.placement = policy,
                Edit::Workers { module, workers } => controls.workers[module as usize] = workers,
                Edit::MaxNodes { node_group, max } => {
                    if let Some(of_group) = controls.groups.get_mut(node_group.usize()) {
                        of_group.max = max;
                    }
                }
                Edit::Scaling { node_group, ref scaling }
                    if group(node_group).is_some_and(|group| *scaling == with_target(group, target(scaling))) =>
                {
                    controls.groups[node_group.usize()].target_percent = target(scaling);
                }
                Edit::Purchase { node_group, ref purchase }
                    if group(node_group).is_some() && *purchase == bought(terms(purchase)) =>
                {
                    let of_group = &mut controls.groups[node_group.usize()];
                    (of_group.price_percent, of_group.interrupted_after_h) = terms(purchase);
                }
                Edit::Consolidation { below_percent } => controls.consolidate_percent = below_percent.unwrap_or(0),
                // The form has no field for these: they stay as they are.
                edit => controls.kept.push(edit),
            }
        }
        controls
    }

    /// `base` with what the form says as edits; with exactly those of `base` where the form says nothing new.
    pub(super) fn apply(&self, base: &Scenario) -> Scenario {
        let edits = if self.edits_as(base) { base.edits.clone() } else { self.edits(base) };
        Scenario { runs: self.runs, seed: self.seed, edits, ..base.clone() }
    }

    /// Whether the form says of everything but the number of runs and the seed what it says of `base`.
    pub(super) fn edits_as(&self, base: &Scenario) -> bool {
        *self == Self { runs: self.runs, seed: self.seed, ..Self::of(base) }
    }

    fn edits(&self, base: &Scenario) -> Vec<Edit> {
        let from = Self::unedited(base);
        let mut edits = Vec::new();
        if self.demand_percent != 100 {
            edits.push(Edit::ScaleDemand { tenant: None, percent: self.demand_percent });
        }
        for (tenant, &percent) in self.tenant_percent.iter().enumerate().filter(|(_, percent)| **percent != 100) {
            edits.push(Edit::ScaleDemand { tenant: Some(TenantIndex::from_usize(tenant)), percent });
        }
        if self.placement != from.placement {
            edits.push(Edit::Placement { policy: self.placement });
        }
        for module in
            Module::ALL.into_iter().filter(|&module| self.workers[module as usize] != from.workers[module as usize])
        {
            edits.push(Edit::Workers { module, workers: self.workers[module as usize] });
        }
        for (position, (now, from)) in self.groups.iter().zip(&from.groups).enumerate() {
            edits.extend(now.edits(NodeGroupIndex::from_usize(position), from, &base.fleet.node_groups[position]));
        }
        if self.consolidate_percent != from.consolidate_percent {
            let below_percent = Some(self.consolidate_percent).filter(|&percent| percent > 0);
            edits.push(Edit::Consolidation { below_percent });
        }
        edits.extend(self.kept.iter().cloned());
        edits
    }

    fn unedited(scenario: &Scenario) -> Self {
        Self {
            demand_percent: 100,
            tenant_percent: vec![100; scenario.tenants.len()],
            kept: Vec::new(),
            placement: scenario.placement,
            workers: scenario.modules.0.each_ref().map(|module| module.workers),
            groups: scenario.fleet.node_groups.iter().map(GroupControls::of).collect(),
            consolidate_percent: scenario.autoscaling.consolidate_below_percent.unwrap_or(0),
            runs: scenario.runs,
            seed: scenario.seed,
        }
    }
}

impl GroupControls {
    fn of(group: &NodeGroup) -> Self {
        let (price_percent, interrupted_after_h) = terms(&group.purchase);
        Self { max: group.max, target_percent: target(&group.scaling), price_percent, interrupted_after_h }
    }

    /// What makes of a group that the form would show as `from` one that it shows as this.
    fn edits(self, node_group: NodeGroupIndex, from: &Self, group: &NodeGroup) -> Vec<Edit> {
        let max = (self.max != from.max).then_some(Edit::MaxNodes { node_group, max: self.max });
        let scaling = (self.target_percent != from.target_percent)
            .then(|| Edit::Scaling { node_group, scaling: with_target(group, self.target_percent) });
        let terms = |of: &Self| (of.price_percent, of.interrupted_after_h);
        let purchase =
            (terms(&self) != terms(from)).then(|| Edit::Purchase { node_group, purchase: bought(terms(&self)) });
        [max, scaling, purchase].into_iter().flatten().collect()
    }
}

fn target(scaling: &Scaling) -> u32 {
    scaling.target_utilisation_percent.unwrap_or(0)
}

fn with_target(group: &NodeGroup, percent: u32) -> Scaling {
    Scaling { target_utilisation_percent: Some(percent).filter(|&percent| percent > 0), ..group.scaling.clone() }
}

/// Percent of the price on demand, and hours until a node is taken back.
fn terms(purchase: &Purchase) -> (u32, u32) {
    let hours = |mean: Duration| u32::try_from(mean.divide(Duration::HOUR)).unwrap_or(u32::MAX);
    let after = purchase.spot().and_then(|spot| spot.interrupted_after).map_or(0, hours);
    (purchase.price_percent(), after)
}

/// On demand where that is what the terms come to.
fn bought((price_percent, hours): (u32, u32)) -> Purchase {
    let after = (hours > 0).then(|| Duration::HOUR * i64::from(hours));
    match (price_percent, after) {
        (100, None) => Purchase::OnDemand,
        _ => Purchase::Spot(Spot::new(price_percent, after)),
    }
}

/// A link may name what the scenario does not have; the run will say so.
fn set(values: &mut [u32], position: usize, value: u32) {
    if let Some(slot) = values.get_mut(position) {
        *slot = value;
    }
}
