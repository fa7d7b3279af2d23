//! The form's values, and the edits that they stand for.

use shared::request::{MODULES, Module};
use shared::scenario::{Edit, PlacementPolicy, Scenario};
use shared::units::{NodeGroupIndex, TenantIndex};

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
    pub(super) max_nodes: Vec<u32>,
    pub(super) runs: u32,
    pub(super) seed: u64,
    /// Edits of the scenario that the form does not show.
    pub(super) kept: Vec<Edit>,
}

impl Controls {
    /// What a scenario says, its edits included.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let mut controls = Self::unedited(scenario);
        for edit in &scenario.edits {
            match edit.clone() {
                Edit::ScaleDemand { tenant: None, percent } => controls.demand_percent = percent,
                Edit::ScaleDemand { tenant: Some(tenant), percent } => {
                    set(&mut controls.tenant_percent, tenant.usize(), percent);
                }
                Edit::Placement { policy } => controls.placement = policy,
                Edit::Workers { module, workers } => controls.workers[module as usize] = workers,
                Edit::MaxNodes { node_group, max } => set(&mut controls.max_nodes, node_group.usize(), max),
                // The form has no field for these: they stay as they are.
                Edit::MinNodes { .. } | Edit::InstanceType { .. } | Edit::Quota { .. } => {
                    controls.kept.push(edit.clone());
                }
            }
        }
        controls
    }

    /// `base` with what the form says as edits; exactly `base` where the form says nothing new.
    pub(super) fn apply(&self, base: &Scenario) -> Scenario {
        if *self == Self::of(base) {
            return base.clone();
        }
        let from = Self::unedited(base);
        let mut edits = self.kept.clone();
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
        for (group, (&max, _)) in
            self.max_nodes.iter().zip(&from.max_nodes).enumerate().filter(|(_, (max, from))| max != from)
        {
            edits.push(Edit::MaxNodes { node_group: NodeGroupIndex::from_usize(group), max });
        }
        Scenario { runs: self.runs, seed: self.seed, edits, ..base.clone() }
    }

    fn unedited(scenario: &Scenario) -> Self {
        Self {
            demand_percent: 100,
            tenant_percent: vec![100; scenario.tenants.len()],
            kept: Vec::new(),
            placement: scenario.placement,
            workers: scenario.modules.0.each_ref().map(|module| module.workers),
            max_nodes: scenario.fleet.node_groups.iter().map(|group| group.max).collect(),
            runs: scenario.runs,
            seed: scenario.seed,
        }
    }
}

/// A link may name what the scenario does not have; the run will say so.
fn set(values: &mut [u32], position: usize, value: u32) {
    if let Some(slot) = values.get_mut(position) {
        *slot = value;
    }
}
