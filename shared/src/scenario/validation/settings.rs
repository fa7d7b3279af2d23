//! Problems of what a scenario sets: window, fleet, modules, prices, edits.

use std::collections::BTreeSet;

use super::commitments::check_commitments;
use super::{Found, edits, fleet, modules, pools};
use crate::control_plane::Billing;
use crate::features::TimeZone;
use crate::pricing::{TIER_MAX, TieredUnit, Tiers};
use crate::request::{Flavor, ResourceClass};
use crate::scenario::{ENGINE, Scenario};
use crate::units::{Dimension, Duration, Rate};

/// Most runs that a scenario may have.
const MAX_RUNS: u32 = 10_000;
/// Most steps of a timeline that a scenario may have.
pub const MAX_BINS: i64 = 1_000_000;
/// A year: no module or machine takes longer, and sums stay far from the limits of a microsecond clock.
pub(crate) const MAX_WAIT: Duration = Duration::from_seconds(366 * 86_400);

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    let Scenario { engine, runs, window, bin, time_zone, .. } = scenario;
    found.expect(*engine == ENGINE, "engine", || format!("is {engine}; this is engine {ENGINE}"));
    found.expect((1..=MAX_RUNS).contains(runs), "runs", || format!("is {runs}; expected 1 to {MAX_RUNS}"));
    found.expect(window.start < window.end, "window", || {
        format!("ends at {}, which is not after {}, where it begins", window.end, window.start)
    });
    let bins_fit = (*bin > Duration::ZERO && *bin <= MAX_WAIT) && window.length().divide(*bin) < MAX_BINS;
    found.expect(bins_fit, "bin", || {
        format!("is {bin}; expected a year at most, and to fit the window up to {MAX_BINS} times")
    });
    let zone = time_zone.parse::<TimeZone>();
    found.expect(zone.is_ok(), "time_zone", || zone.err().map_or_else(String::new, |error| error.to_string()));
    let mut names = BTreeSet::new();
    for (i, tenant) in scenario.tenants.iter().enumerate() {
        let path = format_args!("tenants[{i}].name");
        found.expect(!tenant.name.is_empty(), path, || "is empty; expected a name".to_owned());
        found.expect(names.insert(&tenant.name), path, || {
            format!("is `{}`, as that of another tenant is; expected each name once", tenant.name)
        });
    }
    // A flavor may be known in several shapes: what is called so was another one in the past.
    let mut flavors = BTreeSet::new();
    for (i, flavor) in scenario.flavors.iter().enumerate() {
        found.expect(!flavor.name.is_empty(), format_args!("flavors[{i}].name"), || {
            "is empty; expected a name".to_owned()
        });
        found.expect(flavors.insert(flavor), format_args!("flavors[{i}]"), || {
            format!("is another `{}` of the same class and amounts; expected each flavor once", flavor.name)
        });
    }
    fleet::check(scenario, found);
    pools::check(scenario, found);
    modules::check(scenario, found);
    check_prices(scenario, found);
    edits::check(scenario, &scenario.edits, found);
}

fn check_prices(scenario: &Scenario, found: &mut Found) {
    let book = &scenario.price_book;
    let sorted = book.types.is_sorted_by(|a, b| a.name < b.name);
    found.expect(sorted, "price_book.types", || "are not sorted by name, each once".to_owned());
    for (i, entry) in book.types.iter().enumerate() {
        let dated = !entry.prices.is_empty() && entry.prices.is_sorted_by(|a, b| a.from < b.from);
        found.expect(dated, format!("price_book.types[{i}].prices ({})", entry.name), || {
            "expected at least one price, in order of time".to_owned()
        });
    }
    check_commitments(&book.commitments, "price_book.commitments", found);
    check_tiers(&book.tiers, found);
    let sent = book.egress.sent_percent;
    found.expect(sent <= 100, "price_book.egress.sent_percent", || format!("is {sent}; expected 0 to 100"));
    let dearest = book.tiers.iter().filter(|tiers| tiers.unit == TieredUnit::Egress).flat_map(|tiers| &tiers.steps);
    let dearest = dearest.map(|tier| tier.price).chain([book.egress.price_per_gib]).max().unwrap_or_default();
    for (i, flavor) in scenario.flavors.iter().enumerate() {
        let hourly = book.egress.hourly(flavor.requested[Dimension::Network], dearest);
        found.expect(hourly < Rate::from_nanos(i64::MAX), format!("flavors[{i}].requested.network_mbps"), || {
            format!("what `{}` sends costs more than 9,000,000,000 an hour; expected less", flavor.name)
        });
    }
    if sorted {
        check_unit_prices(scenario, found);
    }
    if scenario.billing == Billing::Fleet && sorted {
        for (i, group) in scenario.fleet.node_groups.iter().enumerate() {
            let priced = book.get(&group.instance_type).is_some();
            found.expect(priced, format!("fleet.node_groups[{i}].instance_type"), || {
                book.no_price_of(&group.instance_type)
            });
        }
    }
}

/// Whether the ledger can hold what all machines and workers come to over all runs, a quarter of it at most: what is used of
/// them, and differences, are counted beside it.
pub(super) fn check_sums(scenario: &Scenario, found: &mut Found) {
    let dearest = |name: &str| {
        let prices = scenario.price_book.get(name).map(|entry| entry.prices.iter().map(|dated| dated.rate.nanos()));
        i128::from(prices.into_iter().flatten().max().unwrap_or(0))
    };
    let groups = scenario.fleet.node_groups.iter();
    let nodes: i128 = groups.map(|group| i128::from(group.max) * dearest(&group.instance_type)).sum();
    let modules = scenario.modules.0.iter();
    let workers: i128 = modules.map(|of| i128::from(of.workers) * i128::from(of.rate.nanos())).sum();
    let hourly = nodes + workers;
    let micros = i128::from(scenario.window.length().micros());
    let all = hourly.checked_mul(micros).and_then(|run| run.checked_mul(i128::from(scenario.runs)));
    found.expect(all.is_some_and(|all| all < i128::MAX / 4), "window", || {
        format!(
            "all machines and workers together come to {} an hour, which over {} runs of {} is more than can be counted; \
             expected lower prices, fewer machines and workers, or less time",
            hourly / 1_000_000_000,
            scenario.runs,
            scenario.window.length()
        )
    });
}

/// Each unit once, and its tiers one above the other.
fn check_tiers(tiers: &[Tiers], found: &mut Found) {
    let each_once = tiers.is_sorted_by(|a, b| a.unit < b.unit);
    found.expect(each_once, "price_book.tiers", || "are not sorted by unit, each once".to_owned());
    for (i, Tiers { unit, steps, used_millionths }) in tiers.iter().enumerate() {
        let possible = *used_millionths <= TIER_MAX * 1_000_000;
        found.expect(possible, format!("price_book.tiers[{i}].used_millionths ({unit})"), || {
            format!("is {used_millionths}; expected at most {TIER_MAX} times a million")
        });
        let bounded = steps.iter().all(|tier| (1..=TIER_MAX).contains(&tier.above));
        let rising = !steps.is_empty() && steps.is_sorted_by(|a, b| a.above < b.above);
        found.expect(bounded && rising, format!("price_book.tiers[{i}].steps ({unit})"), || {
            format!("expected at least one tier, each above more than the one before, from 1 to {TIER_MAX}")
        });
    }
}

/// Built-in prices of single resources price nothing in another currency than theirs.
fn check_unit_prices(scenario: &Scenario, found: &mut Found) {
    let book = &scenario.price_book;
    if book.has_unit_prices() {
        return;
    }
    let unpriced: Vec<&str> = scenario
        .flavors
        .iter()
        .filter(|flavor| scenario.lacks_price_of(flavor))
        .map(|flavor| flavor.name.as_str())
        .collect();
    let Some(first) = unpriced.first() else { return };
    let more = if unpriced.len() > 1 { format!(" and {} more", unpriced.len() - 1) } else { String::new() };
    found.expect(false, "price_book.types", || {
        let currency = book.currency;
        format!(
            "no price of flavor `{first}`{more}, and the built-in prices per vCPU and GiB are in USD, not in {currency}; \
             add a price for each, with --prices a row such as `{first},0.10,{currency}` under \
             `instance_type,price_per_hour,currency`"
        )
    });
}

impl Scenario {
    /// Whether a flavor would pay by itself, and nothing says how much.
    pub fn lacks_price_of(&self, flavor: &Flavor) -> bool {
        self.prices_by_units(flavor) && !self.price_book.has_unit_prices()
    }

    /// Whether a flavor pays by itself, and has no price but those of its vCPU, GiB and so on.
    pub fn prices_by_units(&self, flavor: &Flavor) -> bool {
        // With a fleet, what is on a node pays a share of the node.
        let by_itself = self.billing == Billing::PerResource || flavor.class != ResourceClass::Compute;
        by_itself && self.price_book.get(&flavor.name).is_none()
    }
}

pub(super) fn expect_wait(wait: Duration, path: String, found: &mut Found) {
    let fits = (Duration::ZERO..=MAX_WAIT).contains(&wait);
    found.expect(fits, path, || format!("is {wait}; expected 0 to a year"));
}
