//! The prices of a scenario at an instant, and when they change.

use crate::cost::{Charges, Rates};
use crate::request::{MODULES, Module};
use crate::scenario::Scenario;
use crate::units::{Duration, Instant, LedgerUnits};

pub(super) fn charges(scenario: &Scenario) -> Charges<'_> {
    let Scenario { billing, fleet, flavors, price_book, .. } = scenario;
    Charges { billing: *billing, fleet, flavors, book: price_book }
}

/// The rates at `at`, where of each tiered unit so many tiers were passed.
pub(super) fn rates(scenario: &Scenario, at: Instant, passed: &[u32]) -> Rates {
    Rates::new(&scenario.price_book, scenario.billing, &scenario.fleet, &scenario.flavors, (at, passed))
}

/// When a price of an instance type or flavor in use changes after `now` and inside the window, latest first.
pub(super) fn price_changes(scenario: &Scenario, now: Instant) -> Vec<Instant> {
    let types = scenario.fleet.node_groups.iter().map(|group| group.instance_type.as_str());
    let used = types.chain(scenario.flavors.iter().map(|flavor| flavor.name.as_str()));
    let mut changes: Vec<Instant> = used
        .filter_map(|name| scenario.price_book.get(name))
        .flat_map(|entry| entry.prices.iter().map(|dated| dated.from))
        .filter(|&from| from > now && from < scenario.window.end)
        .collect();
    changes.sort_unstable_by_key(|&at| core::cmp::Reverse(at));
    changes.dedup();
    changes
}

/// Worker-hours of every module over `span`.
pub(super) fn module_costs(scenario: &Scenario, span: Duration) -> [LedgerUnits; MODULES] {
    Module::ALL.map(|module| {
        let settings = &scenario.modules[module];
        LedgerUnits((settings.rate * span).0 * i128::from(settings.workers))
    })
}
