//! A running control plane, saved whole and restored.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{ControlPlane, RunDraws};
use crate::control_plane::call::Calls;
use crate::control_plane::lives::Lives;
use crate::control_plane::nodes::{Machines, Nodes};
use crate::control_plane::observed::ObservedFleet;
use crate::control_plane::pages::Pages;
use crate::control_plane::quota::{Held, Quotas};
use crate::control_plane::settings::Settings;
use crate::control_plane::stage::{SavedStage, Stage};
use crate::request::MODULES;

/// All that a control plane is beside its settings. Unlike a [`State`](crate::control_plane::State) it is meant for the
/// same run alone, which goes on from it exactly as if nothing had been.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedPlane {
    stages: [SavedStage; MODULES],
    machines: Machines,
    held: Pages<Held>,
    calls: Calls,
    lives: Lives,
    pending: VecDeque<u32>,
    waiting: u32,
}

impl<'a> ControlPlane<'a> {
    /// What is needed to go on from here.
    pub fn save(&self) -> SavedPlane {
        SavedPlane {
            stages: core::array::from_fn(|module| self.stages[module].save()),
            machines: self.nodes.save().clone(),
            held: self.quotas.save().clone(),
            calls: self.calls.clone(),
            lives: self.lives.clone(),
            pending: self.pending.clone(),
            waiting: self.waiting,
        }
    }

    /// Goes on from what was saved, under the same settings.
    pub fn restore(settings: Settings<'a>, saved: SavedPlane, observed: Option<&'a ObservedFleet>) -> Self {
        let SavedPlane { stages, machines, held, calls, lives, pending, waiting } = saved;
        let mut stages = stages.into_iter().zip(&settings.modules.0);
        Self {
            settings,
            observed,
            stages: core::array::from_fn(|_| {
                let (saved, settings) = stages.next().expect("a stage a module");
                Stage::restore(settings, saved)
            }),
            nodes: Nodes::saved(machines, settings.placement),
            quotas: Quotas::saved(held, settings.tenants),
            calls,
            lives,
            pending,
            waiting,
            draws: RunDraws::new(settings.seed, settings.run),
        }
    }
}
