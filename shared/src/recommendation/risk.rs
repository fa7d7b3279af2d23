//! What speaks against a change, and what it takes to make it.

use serde::{Deserialize, Serialize};

use super::load::{busiest_share, erlang};
use super::machines::family;
use super::node_groups::known_spot;
use super::rank::{Difference, latency};
use crate::pricing::{CommitmentDiscount, Owned};
use crate::scenario::{Edit, Scaling, Scenario, Spot};
use crate::simulation::Outcome;
use crate::units::{Instant, Resources};

/// A rise of the 0.99 quantile of latency is a risk from this part of it on.
const SLOWER: f64 = 0.1;

/// Something that speaks against a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Risk {
    /// What may happen.
    pub kind: RiskKind,
    /// Why, with figures where there are any.
    pub reason: String,
}

/// What may happen where a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RiskKind {
    /// Spot nodes are taken back.
    Interruption,
    /// Resources have to move to other nodes.
    Eviction,
    /// What comes beyond the prediction finds less that is free.
    LessHeadroom,
    /// Who uses all that it asked for takes it from others.
    OverCommit,
    /// Who uses more than before has less than it needs.
    UsageGrows,
    /// Those who wait longest wait longer.
    Slower,
    /// What runs there has to run on other machines.
    OtherMachines,
    /// It is paid to the end of its term.
    Term,
    /// A tenant that grows is refused.
    Bound,
    /// A tenant may cost more.
    Cost,
    /// It says what a repair is worth, not how it is made.
    Repair,
    /// Days after the first one save less.
    Fades,
    /// What machines cost to buy is spent, whether they run or not.
    Sunk,
}

/// What a change takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Effort {
    /// A setting, which can be taken back.
    Setting,
    /// Nodes or resources are replaced one after the other.
    Rollout,
    /// A module has to be repaired or made faster.
    Repair,
    /// Something is bought for a term.
    Purchase {
        /// When the last of it ends.
        until: Instant,
    },
}

impl Effort {
    /// The most that any of the edits takes.
    pub(super) fn of(edits: &[Edit]) -> Self {
        let of = |edit: &Edit| match edit {
            Edit::Commitments { commitments } => {
                let until = commitments.iter().map(|commitment| commitment.until).max();
                until.map_or(Self::Setting, |until| Self::Purchase { until })
            }
            Edit::ServiceTimes { .. } | Edit::Failures { .. } => Self::Repair,
            Edit::InstanceType { .. } | Edit::Purchase { .. } | Edit::SpotBeyond { .. } | Edit::Requested { .. } => {
                Self::Rollout
            }
            _ => Self::Setting,
        };
        edits.iter().map(of).max().unwrap_or(Self::Setting)
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Setting => "a setting".to_owned(),
            Self::Rollout => "a rollout".to_owned(),
            Self::Repair => "a repair of the module".to_owned(),
            Self::Purchase { until } => format!("a purchase until {until}"),
        }
    }
}

/// What a scenario was, what it yielded, and both with a change.
#[derive(Clone, Copy)]
pub(super) struct Replayed<'a> {
    pub(super) before: (&'a Scenario, &'a Outcome),
    pub(super) after: (&'a Scenario, &'a Outcome),
    pub(super) difference: &'a Difference,
    pub(super) owned: &'a [Owned],
}

impl Replayed<'_> {
    /// Everything that speaks against the edits that were replayed.
    pub(super) fn risks(&self, edits: &[Edit]) -> Vec<Risk> {
        let mut risks: Vec<Risk> = Vec::new();
        let of_edits = edits.iter().flat_map(|edit| [self.risk(edit), self.sunk(edit)]).flatten();
        for risk in of_edits.chain(self.slower()) {
            if !risks.iter().any(|known| known.kind == risk.kind) {
                risks.push(risk);
            }
        }
        let evicted = self.difference.evicted;
        let known = risks.iter().any(|risk| matches!(risk.kind, RiskKind::Interruption | RiskKind::Eviction));
        if evicted > 0 && !known {
            risks.push(Risk::new(RiskKind::Eviction, self.evictions()));
        }
        risks
    }

    fn risk(&self, edit: &Edit) -> Option<Risk> {
        let (was, _) = self.before;
        Some(match edit {
            Edit::Purchase { purchase, .. } => self.interruption(purchase.spot()?),
            Edit::SpotBeyond { spot, .. } => self.interruption(spot),
            Edit::OverCommit { percent, .. } => {
                let most = percent.values().max()?;
                let reason = format!(
                    "up to {most} % of what a node has is promised: who uses all that it asked for takes it from others; \
                     what they use is not simulated"
                );
                Risk::new(RiskKind::OverCommit, reason)
            }
            Edit::InstanceType { node_group, instance_type } => {
                let group = was.fleet.node_groups.get(node_group.usize())?;
                if family(&group.instance_type) == family(instance_type) {
                    return self.headroom();
                }
                let (from, to) = (&group.instance_type, instance_type);
                let reason = format!("what ran on `{from}` has to run on `{to}`, whose processors may be others");
                Risk::new(RiskKind::OtherMachines, reason)
            }
            Edit::MinNodes { .. } | Edit::MaxNodes { .. } | Edit::ScaleDown { .. } => return self.headroom(),
            Edit::Scaling { node_group, scaling } => return self.scaling(*node_group, scaling),
            Edit::Consolidation { .. } => Risk::new(RiskKind::Eviction, self.evictions()),
            Edit::Workers { module, workers } => {
                let has = was.modules[*module].workers;
                let busy = erlang(self.after.1, was.window, *module).filter(|_| *workers < has)?;
                let percent = 100.0 * busy / f64::from((*workers).max(1));
                let reason = format!("its workers are busy for {percent:.0} % of the busiest bin then");
                Risk::new(RiskKind::LessHeadroom, reason)
            }
            Edit::Requested { .. } => {
                let reason = "95 % of the readings of vCPU and all of memory fit, with 15 % to spare: who uses more later \
                              is slower, or is killed";
                Risk::new(RiskKind::UsageGrows, reason.to_owned())
            }
            Edit::Commitments { commitments } => term(commitments)?,
            Edit::Quota { tenant, quota } => {
                bound(was.tenants[tenant.usize()].quota, *quota, &was.tenants[tenant.usize()].name)
            }
            Edit::ServiceTimes { .. } | Edit::Failures { .. } => {
                let reason = "it says what it is worth, not what makes the module slow or fail";
                Risk::new(RiskKind::Repair, reason.to_owned())
            }
            _ => return None,
        })
    }

    fn interruption(&self, spot: &Spot) -> Risk {
        let assumed = if known_spot(self.before.0).is_none() { ", which is assumed, as their price is" } else { "" };
        let after = spot.interrupted_after.map_or("never".to_owned(), |mean| format!("after {mean} on average"));
        Risk::new(RiskKind::Interruption, format!("nodes are taken back {after}{assumed}; {}", self.evictions()))
    }

    fn evictions(&self) -> String {
        format!("{:+} had to leave their node in {} runs", self.difference.evicted, self.after.1.runs.len())
    }

    fn headroom(&self) -> Option<Risk> {
        let [before, after] = [self.before, self.after].map(|(_, outcome)| 100.0 * busiest_share(outcome));
        let (peak, was) = (peak_nodes(self.after.1), peak_nodes(self.before.1));
        let reason = format!(
            "about {after:.0} % of the nodes is requested in the busiest bin instead of {before:.0} %, on at most {peak} \
             nodes instead of {was}"
        );
        (after > before || peak < was).then(|| Risk::new(RiskKind::LessHeadroom, reason))
    }

    fn scaling(&self, node_group: crate::units::NodeGroupIndex, scaling: &Scaling) -> Option<Risk> {
        let had = self.before.0.fleet.node_groups.get(node_group.usize())?.scaling.target_utilisation_percent;
        let raised = had.zip(scaling.target_utilisation_percent).is_some_and(|(had, has)| has > had);
        if raised || !scaling.schedule.is_empty() { self.headroom() } else { None }
    }

    /// Where owned machines are used less, only what they cost to run is saved.
    fn sunk(&self, edit: &Edit) -> Option<Risk> {
        let groups = &self.before.0.fleet.node_groups;
        let touched = match edit {
            Edit::MinNodes { node_group, .. }
            | Edit::MaxNodes { node_group, .. }
            | Edit::Scaling { node_group, .. }
            | Edit::OverCommit { node_group, .. }
            | Edit::InstanceType { node_group, .. }
            | Edit::Purchase { node_group, .. }
            | Edit::SpotBeyond { node_group, .. } => groups.get(node_group.usize()..=node_group.usize())?,
            Edit::Placement { .. } | Edit::ScaleDown { .. } | Edit::Consolidation { .. } => groups,
            _ => return None,
        };
        let is_of = |owned: &&Owned| touched.iter().any(|group| group.instance_type == owned.instance_type);
        let Owned { instance_type, running_percent } = self.owned.iter().find(is_of)?;
        let reason = format!(
            "`{instance_type}` is owned: {running_percent} % of its price is what it costs to run, and the rest was paid when it \
             was bought, which is saved only where one is sold or not replaced"
        );
        Some(Risk::new(RiskKind::Sunk, reason))
    }

    fn slower(&self) -> Option<Risk> {
        let before = latency(self.before.1).quantile_ms(0.99)?;
        let more = self.difference.latency_p99_ms?;
        (more > SLOWER * before).then(|| {
            let reason = format!("99 % are ready within {:.0} ms instead of {before:.0}", before + more);
            Risk::new(RiskKind::Slower, reason)
        })
    }
}

impl Risk {
    fn new(kind: RiskKind, reason: String) -> Self {
        Self { kind, reason }
    }
}

impl RiskKind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interruption => "interruption",
            Self::Eviction => "eviction",
            Self::LessHeadroom => "less_headroom",
            Self::OverCommit => "over_commit",
            Self::UsageGrows => "usage_grows",
            Self::Slower => "slower",
            Self::OtherMachines => "other_machines",
            Self::Term => "term",
            Self::Bound => "bound",
            Self::Cost => "cost",
            Self::Repair => "repair",
            Self::Fades => "fades",
            Self::Sunk => "sunk",
        }
    }
}

fn peak_nodes(outcome: &Outcome) -> u32 {
    outcome.runs.iter().map(|run| run.peak_nodes).max().unwrap_or(0)
}

fn term(commitments: &[CommitmentDiscount]) -> Option<Risk> {
    let last = commitments.last()?;
    let reason = format!("it is paid until {}, used or not; the saving is that of the window", last.until);
    Some(Risk::new(RiskKind::Term, reason))
}

fn bound(had: Option<Resources>, has: Option<Resources>, tenant: &str) -> Risk {
    let lower = has.is_some_and(|has| had.is_none_or(|had| !had.fits(has)));
    if lower {
        Risk::new(RiskKind::Bound, format!("`{tenant}` is refused where it asks for more than is predicted"))
    } else {
        Risk::new(RiskKind::Cost, format!("`{tenant}` may ask for, and cost, more than is predicted"))
    }
}
