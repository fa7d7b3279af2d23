//! A running control plane, saved whole and restored.

use serde::{Deserialize, Serialize};

use super::{ControlPlane, RunDraws};
use crate::control_plane::call::Calls;
use crate::control_plane::lives::Lives;
use crate::control_plane::nodes::{Machines, Nodes};
use crate::control_plane::observed::ObservedFleet;
use crate::control_plane::pages::Pages;
use crate::control_plane::pools::{PoolLevel, Pools};
use crate::control_plane::quota::{Held, Quotas};
use crate::control_plane::residents::Residents;
use crate::control_plane::rules::Rules;
use crate::control_plane::settings::Settings;
use crate::control_plane::stage::{SavedStage, Stage};
use crate::control_plane::waiting::{Saved, Waiting};
use crate::request::MODULES;

/// All that a control plane is beside its settings. Unlike a [`State`](crate::control_plane::State) it is meant for the
/// same run alone, which goes on from it exactly as if nothing had been.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedPlane {
    stages: [SavedStage; MODULES],
    machines: Machines,
    pools: Vec<PoolLevel>,
    held: Pages<Held>,
    calls: Calls,
    lives: Lives,
    waiting: Saved,
}

impl<'a> ControlPlane<'a> {
    /// What is needed to go on from here.
    pub fn save(&self) -> SavedPlane {
        SavedPlane {
            stages: core::array::from_fn(|module| self.stages[module].save()),
            machines: self.nodes.save().clone(),
            pools: self.pools.save().to_vec(),
            held: self.quotas.save().clone(),
            calls: self.calls.clone(),
            lives: self.lives.clone(),
            waiting: self.waiting.save(),
        }
    }

    /// Goes on from what was saved, under the same settings.
    pub fn restore(settings: Settings<'a>, saved: SavedPlane, observed: Option<&'a ObservedFleet>) -> Self {
        let SavedPlane { stages, machines, pools, held, calls, lives, waiting } = saved;
        let mut stages = stages.into_iter().zip(&settings.modules.0);
        let mut plane = Self {
            settings,
            observed,
            stages: core::array::from_fn(|_| {
                let (saved, settings) = stages.next().expect("a stage a module");
                Stage::restore(settings, saved)
            }),
            nodes: Nodes::saved(machines, settings.placement),
            pools: Pools::saved(settings, pools),
            quotas: Quotas::saved(held, settings.tenants),
            calls,
            lives,
            rules: Rules::new(settings.terms, settings.fleet),
            residents: Residents::new(settings.evicts()),
            waiting: Waiting::saved(waiting),
            time_zone: Self::time_zone(&settings),
            draws: RunDraws::new(settings.seed, settings.run),
        };
        plane.find_residents();
        plane
    }

    /// Takes note of who is where already.
    fn find_residents(&mut self) {
        for position in self.lives.iter().collect::<Vec<_>>() {
            let live = self.lives.get(position);
            if let Some(slot) = live.slot {
                self.rules.arrive(live, slot, self.nodes.slot(slot).node.node_group);
                self.residents.arrive(slot, position, self.rules.priority(live.terms));
            }
        }
    }
}
