//! What holds for whatever is recommended.

use proptest::prelude::*;

use super::*;

/// What goes together is in no conflict, and its evidence is that of a scenario with all of its edits.
#[test]
fn savings_do_not_add_up() {
    let scenario = small(&[all_day(12)], |scenario| group(scenario).min = 12);
    let advice = advice(&scenario, &[]);
    let together = advice.together.clone().expect("there is more than one saving");
    let members: Vec<&Recommendation> =
        advice.recommendations.iter().filter(|it| together.ranks.contains(&it.rank)).collect();
    assert!(members.len() > 1 && members.len() == together.ranks.len());
    for member in &members {
        assert!(member.conflicts.iter().all(|rank| !together.ranks.contains(rank)), "{together:?}");
        assert!(together.difference.saving > member.difference.saving);
    }
    assert!(together.difference.saving < together.sum, "{together:?}");
    let mut all = scenario.original().clone();
    all.edits = members.iter().flat_map(|member| member.edits.clone()).collect();
    assert_eq!(ensemble(&ValidScenario::new(all).unwrap()).digest, together.difference.after);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Nothing below the thresholds, nothing that refuses more, and nothing that does not replay to its digest.
    #[test]
    fn what_is_shown_is_worth_it(
        counts in prop::collection::vec((1_u32..8, 0_u32..23, 1_u32..12, 0_u32..2), 1..4),
        (min, target, quota) in (0_u32..20, prop::option::of(40_u32..90), prop::option::of(4_u32..60)),
        (scheduler, queue_limit) in (1_u32..40, prop::option::of(1_u32..4)),
    ) {
        let uses: Vec<Use> = counts
            .iter()
            .map(|&(count, from, hours, tenant)| {
                Use { count, from: f64::from(from), until: f64::from((from + hours).min(24)), tenant }
            })
            .collect();
        let scenario = small(&uses, |scenario| {
            group(scenario).min = min;
            group(scenario).scaling.target_utilisation_percent = target;
            scenario.tenants[0].quota = quota.map(|vcpu| Resources::compute(vcpu * 1_000, 64 * GIB));
            scenario.modules[Module::Scheduler] = ModuleSettings {
                queue_limit,
                ..ModuleSettings::new(scheduler, ServiceTime::Constant(Duration::from_seconds(20)), Rate::from_nanos(10_000_000))
            };
        });
        let before = ensemble(&scenario);
        let cost: LedgerUnits = before.runs.iter().map(|run| run.cost.total()).sum();
        let advice = advice(&scenario, &[]);
        prop_assert!(advice.tried as usize <= crate::recommendation::MOST_CANDIDATES);
        for (rank, it) in (1..).zip(&advice.recommendations) {
            let mut changed = scenario.original().clone();
            changed.edits = it.edits.clone();
            let after = ensemble(&ValidScenario::new(changed).unwrap());
            prop_assert_eq!((it.rank, it.difference.before, it.difference.after), (rank, before.digest, after.digest));
            let refused = |of: &crate::simulation::Outcome| -> u64 { of.runs.iter().flat_map(|run| run.refused.values()).sum() };
            prop_assert!(refused(&after) <= refused(&before), "{:?}", it);
            let after_cost: LedgerUnits = after.runs.iter().map(|run| run.cost.total()).sum();
            match it.benefit {
                Benefit::Saves => prop_assert!((cost.0 - after_cost.0) * 100 >= cost.0, "{:?}", it),
                Benefit::Speeds => prop_assert!(it.difference.latency_p99_ms.unwrap() < 0.0, "{:?}", it),
                Benefit::Serves => prop_assert!(refused(&after) < refused(&before), "{:?}", it),
                Benefit::Bounds => prop_assert_eq!(before.digest, after.digest),
            }
            for &other in &it.conflicts {
                prop_assert!(advice.recommendations[other as usize - 1].conflicts.contains(&rank));
            }
        }
        prop_assert!(advice.recommendations.is_sorted_by(|a, b| a.difference.saving >= b.difference.saving));
    }
}
