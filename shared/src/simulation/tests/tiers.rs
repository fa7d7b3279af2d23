//! Tiers and egress: what is paid by the unit costs another price from the instant at which a month's volume passes a tier.

use super::*;
use crate::cost::UseRecord;
use crate::pricing::{Egress, Tier, TieredUnit, Tiers};
use crate::simulation::simulate_metered;

/// From a price of 0.01 an hour: 0.005 above 4 unit-months, 0.001 above 8.
fn steps() -> Vec<Tier> {
    [(4, "0.005"), (8, "0.001")].map(|(above, price)| Tier { above, price: price.parse().unwrap() }).to_vec()
}

/// One resource of some amount of storage or bandwidth that is asked for at once, for ten hours from `start` hours on.
fn ten_hours(start: i64, class: ResourceClass, requested: Resources, tiers: Tiers) -> (Scenario, Vec<IndexedRequest>) {
    let base = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    let window = Window { start: Instant::from_micros(start * HOUR), end: Instant::from_micros((start + 10) * HOUR) };
    let units = UnitRates { storage_gib: "0.01".parse().unwrap(), ..UnitRates::default() };
    let egress = Egress { price_per_gib: "0.1".parse().unwrap(), sent_percent: 50 };
    let price_book = PriceBook { units, egress, tiers: vec![tiers], ..base.price_book.clone() };
    let flavors = vec![Flavor { name: "it".to_owned(), class, requested }];
    let asked = IndexedRequest { at: window.start, ..requests(&[(0, 0, 0, 0, None)])[0] };
    (Scenario { window, flavors, price_book, modules: instant_modules(), ..base }, vec![asked])
}

/// Hours and price of each stretch.
fn stretches(scenario: Scenario, requests: &[IndexedRequest]) -> Vec<(f64, String)> {
    let (outcome, records) = simulate_metered(&valid(scenario), requests, RunOptions::default());
    let paid: LedgerUnits = records.uses.iter().map(UseRecord::cost).sum();
    assert_eq!(outcome.cost.workload(), paid);
    let hours = |record: &UseRecord| (record.until - record.from).micros() as f64 / HOUR as f64;
    records.uses.iter().map(|record| (hours(record), record.rate.to_string())).collect()
}

/// 730 GiB make a GiB-month an hour: four hours at 7.30, four at 3.65, the rest at 0.73.
#[test]
fn a_tier_begins_when_its_volume_is_reached() {
    let amount = Resources::ZERO.with(Dimension::Storage, 730 * 1_024);
    let of = |start: i64, used_millionths: u64| {
        let tiers = Tiers { unit: TieredUnit::Amount(Dimension::Storage), used_millionths, steps: steps() };
        let (scenario, requests) = ten_hours(start, ResourceClass::Storage, amount, tiers);
        stretches(scenario, &requests)
    };
    let [full, half, tenth] = ["7.3", "3.65", "0.73"].map(str::to_owned);
    assert_eq!(of(0, 0), [(4.0, full.clone()), (4.0, half.clone()), (2.0, tenth.clone())]);
    // Three had been used before, or nine.
    assert_eq!(of(0, 3_000_000), [(1.0, full.clone()), (4.0, half.clone()), (5.0, tenth.clone())]);
    assert_eq!(of(0, 9_000_000), [(10.0, tenth)]);
    // Four hours before the month ends: the next one begins at nothing, four hours before the first tier.
    assert_eq!(of(31 * 24 - 4, 0), [(8.0, full.clone()), (2.0, half.clone())]);
    assert_eq!(of(31 * 24 - 4, 3_000_000), [(1.0, full.clone()), (3.0, half.clone()), (4.0, full), (2.0, half)]);
}

/// Half of 1,000 Mbps send 10⁹ bits in two seconds: 4 GiB, 2³⁵ bits, in 68.719476736 s, and 8 in twice that; an hour of it
/// is 209.547… GiB, at 0.1, 0.005 and 0.001 each.
#[test]
fn egress_has_tiers_of_its_own() {
    let tiers = Tiers { unit: TieredUnit::Egress, used_millionths: 0, steps: steps() };
    let amount = Resources::ZERO.with(Dimension::Network, 1_000);
    let (scenario, requests) = ten_hours(0, ResourceClass::Network, amount, tiers);
    let found = stretches(scenario, &requests);
    let [full, half, tenth] = ["20.954757928", "1.047737896", "0.209547579"].map(str::to_owned);
    let [first, second] = [68_719_477.0, 68_719_477.0].map(|micros| micros / HOUR as f64);
    assert_eq!(found[..2], [(first, full), (second, half)]);
    assert_eq!(found[2].1, tenth);
}

proptest! {
    #![proptest_config(crate::cases(2_000))]

    /// Every stretch has the price of the tier that all stretches before it had filled, and a run that is cut in two pays
    /// what the whole one does, up to the millionth of a unit-month that a fork rounds off.
    #[test]
    fn each_stretch_has_the_price_of_its_tier(
        lives in lives(),
        settings in settings(),
        by_resource in any::<bool>(),
        above in (1_u64..40, 1_u64..200),
        cut in 0..8 * HOUR,
    ) {
        let mut scenario = scenario(settings);
        scenario.modules = instant_modules();
        scenario.billing = if by_resource { Billing::PerResource } else { Billing::Fleet };
        let storage = TieredUnit::Amount(Dimension::Storage);
        let steps: Vec<Tier> = [(above.0, 3_000_000), (above.0 + above.1, 50_000)]
            .map(|(above, nanos)| Tier { above, price: Rate::from_nanos(nanos) })
            .to_vec();
        // Large enough for hours to fill what months would.
        scenario.price_book.units.storage_gib = Rate::from_nanos(5_000_000);
        scenario.flavors[3].requested = Resources::ZERO.with(Dimension::Storage, 500 * 1_024);
        scenario.price_book.tiers = vec![Tiers { unit: storage, used_millionths: 0, steps: steps.clone() }];
        let requests = requests(&lives);
        let (outcome, records) = simulate_metered(&valid(scenario.clone()), &requests, RunOptions::default());
        let paid: LedgerUnits = records.uses.iter().map(UseRecord::cost).sum();
        prop_assert_eq!(outcome.cost.workload(), paid);
        let volumes: Vec<&UseRecord> = records.uses.iter().filter(|record| record.flavor == FlavorIndex(3)).collect();
        let amount = i128::from(scenario.flavors[3].requested[Dimension::Storage]);
        let before = |at: Instant| -> i128 {
            let micros = |other: &&UseRecord| i128::from((other.until.min(at) - other.from.min(at)).micros());
            volumes.iter().map(micros).sum::<i128>() * amount
        };
        let per_month = 1_024 * 730 * i128::from(HOUR);
        for record in &volumes {
            let passed = steps.iter().rev().find(|tier| i128::from(tier.above) * per_month <= before(record.from));
            let price = passed.map_or(Rate::from_nanos(5_000_000), |tier| tier.price);
            prop_assert_eq!(record.rate.nanos(), price.nanos() * 500);
            // Up to its end no other tier began.
            let left = steps.iter().filter(|tier| i128::from(tier.above) * per_month > before(record.from));
            for tier in left {
                prop_assert!(i128::from(tier.above) * per_month > before(record.until - Duration::from_micros(1)));
            }
        }
        let (first, second) = in_two(&scenario, &requests, lives.len(), Instant::from_micros(cut));
        let parts = first.outcome.cost.workload() + second.outcome.cost.workload();
        // The largest step of the price, for a millionth of 730 unit-hours at each of two tiers.
        let bound = 2 * 5_000_000 * 730 * i128::from(HOUR) / 1_000_000;
        prop_assert!((parts - outcome.cost.workload()).0.abs() <= bound, "{parts:?} of {:?}", outcome.cost.workload());
    }
}
