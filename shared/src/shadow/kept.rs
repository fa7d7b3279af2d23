//! The primary at an instant by the names of what it holds, so that it can go on when the log before is kept no longer.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Known;
use crate::control_plane::State;
use crate::request::{Flavor, Request, Terms};
use crate::simulation::Fork;
use crate::units::{FlavorIndex, Instant, TenantIndex, TermsIndex};

/// A fork that does not depend on how the log is numbered that it was taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptPrimary {
    /// When it was so.
    pub at: Instant,
    /// The observed names of its nodes; empty where its placements are simulated.
    pub nodes: Vec<String>,
    /// Its tenants, flavors and terms are those of the lists here.
    state: State,
    /// Who its live resources are: the ids of their creates.
    lives: Vec<String>,
    used_of_tiers: Vec<u64>,
    tenants: Vec<String>,
    flavors: Vec<Flavor>,
    terms: Vec<Terms>,
}

impl KeptPrimary {
    /// Gives creates the shapes that their resources have here, whatever was asked for and not granted since.
    pub fn shape(&self, creates: &mut [Request]) {
        let shapes: BTreeMap<&str, &Flavor> = self.lives.iter().map(String::as_str).zip(self.shapes()).collect();
        for create in creates {
            if let Some(shape) = shapes.get(create.id.as_str()) {
                create.flavor = Some(shape.name.clone());
                create.requested = Some(shape.requested);
            }
        }
    }

    fn shapes(&self) -> impl Iterator<Item = &Flavor> {
        self.state.live.iter().map(|live| &self.flavors[live.flavor.usize()])
    }
}

impl Known<'_> {
    /// The fork of the primary at the origin, by names; `nodes` are those of its nodes.
    pub fn kept(&self, fork: Fork, nodes: Vec<String>) -> KeptPrimary {
        KeptPrimary {
            at: self.origin,
            nodes,
            lives: self.ids_of(&fork.lives),
            state: fork.state,
            used_of_tiers: fork.used_of_tiers,
            tenants: self.tables.tenants.iter().map(str::to_owned).collect(),
            flavors: self.tables.flavors().cloned().collect(),
            terms: self.tables.terms().cloned().collect(),
        }
    }

    /// The fork that was kept, as these logs number what it holds; none where they do not have all of it, so that it is of
    /// another log.
    pub fn fork_of(&self, kept: &KeptPrimary) -> Option<Fork> {
        let tenant = |tenant: TenantIndex| self.tables.tenants.get(&kept.tenants[tenant.usize()]).map(TenantIndex);
        let flavor = |flavor: FlavorIndex| self.tables.flavor_of(&kept.flavors[flavor.usize()]);
        let terms = |terms: TermsIndex| self.tables.terms_of(&kept.terms[terms.usize()]);
        let mut state = kept.state.clone();
        for live in &mut state.live {
            live.tenant = tenant(live.tenant)?;
            live.flavor = flavor(live.flavor)?;
            if let Some(of) = &mut live.terms {
                *of = terms(*of)?;
            }
        }
        for call in &mut state.in_flight {
            call.flavor = flavor(call.flavor)?;
        }
        let lives = self.lives_of(&kept.lives).ok()?;
        Some(Fork { state, lives, used_of_tiers: kept.used_of_tiers.clone() })
    }
}
