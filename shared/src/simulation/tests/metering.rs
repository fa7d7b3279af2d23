//! Metering records say what the meter says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::cost::{MeteringRecords, NodeState};
use crate::simulation::{RunOutcome, simulate_metered};

/// Holds the sums of the records against the breakdown, which the meter reached without them.
fn check(valid: &ValidScenario, requests: &[IndexedRequest]) -> Result<(), TestCaseError> {
    let (outcome, records) = simulate_metered(valid, requests, RunOptions::default());
    let plain: RunOutcome = simulate(valid, requests, RunOptions::default());
    prop_assert_eq!(outcome.digest, plain.digest, "keeping records changes nothing");
    let MeteringRecords { uses, nodes, .. } = &records;
    let mut accounts: BTreeMap<(TenantIndex, FlavorIndex), LedgerUnits> = BTreeMap::new();
    for record in uses {
        *accounts.entry((record.tenant, record.flavor)).or_default() += record.cost();
    }
    accounts.retain(|_, workload| *workload > LedgerUnits::ZERO);
    let expected = outcome.cost.accounts.iter().map(|account| ((account.tenant, account.flavor), account.workload));
    prop_assert_eq!(accounts, expected.collect::<BTreeMap<_, _>>());
    let of_nodes = |wanted: fn(NodeState) -> bool| {
        nodes.iter().filter(|record| wanted(record.state)).map(|record| record.cost()).sum::<LedgerUnits>()
    };
    prop_assert_eq!(of_nodes(|state| state != NodeState::Serving), outcome.cost.overhead);
    let shares: LedgerUnits = match valid.scenario().billing {
        Billing::Fleet => uses.iter().filter(|record| record.node.is_some()).map(|record| record.cost()).sum(),
        Billing::PerResource => LedgerUnits::ZERO,
    };
    prop_assert_eq!(of_nodes(|state| state == NodeState::Serving) - shares, outcome.cost.idle);
    prop_assert!(uses.is_sorted_by_key(|record| record.from) && nodes.is_sorted_by_key(|record| record.from));
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// Whatever comes and goes, on crowded nodes and at prices that change, the records add up to the breakdown, in ledger
    /// units.
    #[test]
    fn records_add_up_to_the_breakdown(
        lives in lives(), settings in settings(), what in any::<u8>(), crowded in any::<bool>(), direct in any::<bool>(),
    ) {
        let mut scenario = fleet::unsteady(scenario(settings), what);
        if crowded {
            for group in &mut scenario.fleet.node_groups {
                group.over_commit_percent = [(Dimension::Vcpu, 300), (Dimension::Memory, 200)].into_iter().collect();
            }
        }
        if direct {
            scenario.billing = Billing::PerResource;
        }
        check(&valid(scenario), &requests(&lives))?;
    }
}

#[test]
fn a_virtual_machine_of_forty_seconds_costs_forty_seconds() {
    // 1 vCPU and 2 GiB of 16 and 64 of a node of 0.768 an hour; the parts of the node are worth 16 × 8 to 64 × 1 units.
    let mut scenario = scenario((PlacementPolicy::FirstFit, 1, 2, false, false));
    scenario.modules = instant_modules();
    scenario.fleet.node_groups[0].boot = Duration::ZERO;
    let requests = requests(&[(HOUR, 40_000_000, 0, 0, None)]);
    let (_, records) = simulate_metered(&valid(scenario), &requests, RunOptions::default());
    let [record] = records.uses[..] else { panic!("one use, not {:?}", records.uses) };
    assert_eq!(record.until - record.from, Duration::from_seconds(40));
    assert_eq!(record.cost().0, i128::from(record.rate.nanos()) * 40_000_000);
    assert!(record.rate > Rate::ZERO);
}
