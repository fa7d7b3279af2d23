//! Cost by part.

use super::Part;
use crate::allocation::mean_column;
use crate::cost::CostBreakdown;
use crate::request::{Flavor, Module, ResourceClass};
use crate::simulation::Outcome;
use crate::units::{FlavorIndex, LedgerUnits, TenantIndex};

/// What is no tenant's and no module's.
const COMMON: [Part; 4] = [Part::Idle, Part::Overhead, Part::CommitmentDiscount, Part::UnusedCommitment];

/// The parts of a scenario with so many tenants and flavors, in order: a replay may charge any of them.
pub(super) fn parts(tenants: usize, flavors: usize) -> Vec<Part> {
    let tenants = (0..tenants).map(|i| Part::Tenant(TenantIndex::from_usize(i)));
    let classes = ResourceClass::ALL.map(Part::Class);
    let flavors = (0..flavors).map(|i| Part::Flavor(FlavorIndex::from_usize(i)));
    let modules = Module::ALL.map(Part::Module);
    tenants.chain(classes).chain(flavors).chain([Part::Workload]).chain(COMMON).chain(modules).collect()
}

/// One amount a part.
pub(super) fn amounts(breakdown: &CostBreakdown, parts: &[Part], flavors: &[Flavor]) -> Vec<LedgerUnits> {
    let mut amounts = vec![LedgerUnits::ZERO; parts.len()];
    let mut add = |part: Part, amount: LedgerUnits| {
        amounts[parts.binary_search(&part).expect("every part of the scenario is listed")] += amount;
    };
    for account in &breakdown.accounts {
        add(Part::Tenant(account.tenant), account.workload);
        add(Part::Class(flavors[account.flavor.usize()].class), account.workload);
        add(Part::Flavor(account.flavor), account.workload);
        add(Part::Workload, account.workload);
    }
    add(Part::Idle, breakdown.idle);
    add(Part::Overhead, breakdown.overhead);
    add(Part::CommitmentDiscount, -breakdown.commitments.saved);
    add(Part::UnusedCommitment, breakdown.commitments.unused);
    for module in Module::ALL {
        add(Part::Module(module), breakdown.modules[module as usize]);
    }
    amounts
}

/// The mean of each part over the runs of an ensemble, in whole ledger units that add up to the mean of the total, by
/// tenant, by class and by flavor alike.
pub(super) fn means(outcome: &Outcome, parts: &[Part], flavors: &[Flavor]) -> Vec<LedgerUnits> {
    let mut sums = vec![LedgerUnits::ZERO; parts.len()];
    for run in &outcome.runs {
        for (sum, amount) in sums.iter_mut().zip(amounts(&run.cost, parts, flavors)) {
            *sum += amount;
        }
    }
    let runs = outcome.runs.len() as u32;
    let of = |kept: fn(&Part) -> bool| -> Vec<LedgerUnits> {
        parts.iter().zip(&sums).filter(|(part, _)| kept(part)).map(|(_, &sum)| sum).collect()
    };
    // What all groupings have in common, and their workload as a whole, are rounded once.
    let common = mean_column(&of(|part| !is_split(part)), runs);
    let split = |kept| split(common[0], &of(kept), runs);
    let tenants = split(|part| matches!(part, Part::Tenant(_)));
    let classes = split(|part| matches!(part, Part::Class(_)));
    let flavors = split(|part| matches!(part, Part::Flavor(_)));
    tenants.into_iter().chain(classes).chain(flavors).chain(common).collect()
}

/// Whether it is a part of the workload, which is the first of the others.
fn is_split(part: &Part) -> bool {
    matches!(part, Part::Tenant(_) | Part::Class(_) | Part::Flavor(_))
}

/// The means of parts that have to add up to `whole`, which is their exact mean rounded down or up.
fn split(whole: LedgerUnits, sums: &[LedgerUnits], runs: u32) -> Vec<LedgerUnits> {
    let mut means = mean_column(sums, runs);
    let missing = whole - means.iter().copied().sum();
    if let Some(first) = means.first_mut() {
        *first += missing;
    }
    means
}
