//! What the replay found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::allocation::{Basis, Cause, CauseStep, Replayed};
use crate::request::{Module, ResourceClass};
use crate::simulation::Digest;
use crate::units::{FlavorIndex, LedgerUnits, TenantIndex};

/// The variance of a window by cause, and each cause by who it fell on.
///
/// The amounts of the observed causes add up to actual − predicted, exactly, in ledger units: for the whole, and for
/// every part. Placement, price and residual together are the simulator's own error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decomposition {
    /// Mean over the runs, rounded down to a ledger unit.
    pub predicted: LedgerUnits,
    /// What it cost.
    pub actual: LedgerUnits,
    /// How the actual cost is known.
    pub basis: Basis,
    /// How many runs the means are of.
    pub runs: u32,
    /// Every cause, in order.
    pub causes: Vec<CauseLine>,
    /// Tenants, idle, overhead, commitments and modules add up to the whole; so do classes, flavors, or everyone's workload, in
    /// the place of tenants.
    pub parts: Vec<PartLine>,
}

/// One cause for the whole window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CauseLine {
    /// Which one.
    pub cause: Cause,
    /// How much, or why it is not known.
    pub finding: Finding,
}

/// What the replay of one cause found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Finding {
    /// The difference of two ensembles.
    Observed {
        /// Cost after − cost before.
        amount: LedgerUnits,
        /// Digest of the ensemble before the step.
        before: Digest,
        /// Digest of the ensemble after it; of the actual cost for the residual.
        after: Digest,
    },
    /// The cause could not be replayed, which is not an amount of 0: it is part of the residual.
    NotObserved {
        /// Why.
        reason: NotObserved,
    },
}

/// Why a cause could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NotObserved {
    /// Nobody said where requests went.
    #[error("no observed placements; bring observations with `node`")]
    NoPlacements,
    /// Too few requests have an observed node.
    #[error("only {seen} of {creates} creates have an observed node; bring observations with `node` of at least half")]
    TooFewPlacements {
        /// Creates with an observed node.
        seen: u64,
        /// Creates that need one.
        creates: u64,
    },
    /// The window went on from placements that had not been observed.
    #[error("the window began with simulated placements; one that begins with observed ones can be compared")]
    SimulatedFork,
    /// Nobody said what was charged.
    #[error("no actual prices; bring a price book of what was charged")]
    NoPrices,
    /// The actual price book does not price the scenario.
    #[error("the actual prices do not fit the scenario: {problem}")]
    PricesDoNotFit {
        /// What is wrong.
        problem: String,
    },
}

/// Whom or what an amount falls on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Part {
    /// Workload of a tenant.
    Tenant(TenantIndex),
    /// Workload of a class.
    Class(ResourceClass),
    /// Workload of a flavor.
    Flavor(FlavorIndex),
    /// Workload of everyone.
    Workload,
    /// Node time that nobody requested.
    Idle,
    /// Node time while booting and draining.
    Overhead,
    /// What commitment discounts saved; below zero.
    CommitmentDiscount,
    /// What commitments cost for nothing.
    UnusedCommitment,
    /// Workers of a module.
    Module(Module),
}

impl Decomposition {
    /// The causes but the residual, each with what was made of the runs of its replay.
    pub fn steps<T>(&self, mut runs: BTreeMap<Cause, T>) -> Vec<CauseStep<T>> {
        let lines = self.causes.iter().filter(|line| line.cause != Cause::Residual);
        let step = |line: &CauseLine| {
            let found = match (&line.finding, runs.remove(&line.cause)) {
                (Finding::NotObserved { reason }, _) => Replayed::NotObserved(reason.to_string()),
                (Finding::Observed { .. }, Some(runs)) => Replayed::Runs(runs),
                // What would only have repeated the replay before was not run.
                (Finding::Observed { .. }, None) => Replayed::Unchanged,
            };
            CauseStep { cause: line.cause, found }
        };
        lines.map(step).collect()
    }
}

impl Part {
    /// Whether it is the workload of tenants once more, split by something else.
    pub fn repeats_tenants(self) -> bool {
        matches!(self, Self::Class(_) | Self::Flavor(_) | Self::Workload)
    }
}

/// One part of the window's variance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartLine {
    /// Whom or what it falls on.
    pub part: Part,
    /// Mean over the runs.
    pub predicted: LedgerUnits,
    /// What it cost.
    pub actual: LedgerUnits,
    /// The amount of each of [`Cause::ALL`]; none where the cause was not observed.
    pub amounts: [Option<LedgerUnits>; Cause::ALL.len()],
}

impl PartLine {
    /// Whether any of its amounts is not zero.
    pub fn is_something(&self) -> bool {
        let amounts = self.amounts.iter().flatten().chain([&self.predicted, &self.actual]);
        amounts.into_iter().any(|&amount| amount != LedgerUnits::ZERO)
    }
}
