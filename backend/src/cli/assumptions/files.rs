//! What a scenario could not run with, at the place of the file that is to blame.

use std::collections::{BTreeMap, BTreeSet};

use shared::control_plane::Billing;
use shared::input::InputError;
use shared::pricing::PriceBook;
use shared::request::{Flavor, Operation, RequestLog};
use shared::scenario::{Scenario, ValidScenario};
use shared::trace::inventory::InventoryNode;
use shared::units::{Dimension, Duration, Instant, Window};

use super::AssumptionArgs;
use crate::cli::demand::Demand;
use crate::cli::error::{CliError, Problems};
use crate::input;
use crate::output::{counted, some};

impl AssumptionArgs {
    /// Refuses machines without a price, and requests that no machine holds or that nothing prices; with what is odd
    /// about the others.
    ///
    /// # Errors
    /// With all that is to be refused, each with its file, its line, and what would mend it.
    pub(in crate::cli) fn check(
        &self,
        base: &Scenario,
        machines: &[InventoryNode],
        demand: &Demand,
    ) -> Result<Vec<String>, CliError> {
        let mut problems = Problems::default();
        let machines = problems.hear(self.check_machines(base, machines));
        if machines.is_some() {
            problems.hear(check_alone(base));
        }
        let mut odd = machines.unwrap_or_default();
        for (path, log) in demand.logs() {
            problems.hear(check_fit(base, path, log));
            problems.hear(self.check_prices(base, path, log));
        }
        problems.none()?;
        odd.extend(self.unknown_tenants(base, demand));
        odd.extend(priced_by_units(base, &demand.log));
        odd.extend(priced_before_their_time(base, &demand.log));
        Ok(odd)
    }

    /// Says which quotas are of tenants that no request names, if there are any.
    fn unknown_tenants(&self, base: &Scenario, demand: &Demand) -> Option<String> {
        let known: BTreeSet<&str> = demand.logs().flat_map(|(_, log)| log.tenants.iter()).collect();
        let unknown: Vec<&str> =
            base.tenants.iter().map(|tenant| tenant.name.as_str()).filter(|name| !known.contains(name)).collect();
        let file = self.quotas.as_deref().map_or("--quotas", input::name);
        let count = counted(unknown.len() as u64, "tenant");
        let message = format!(
            "{file}: quotas of {count} that no request names, and that limit nobody: {}",
            some(unknown.iter().copied())
        );
        (!unknown.is_empty()).then_some(message)
    }

    /// Refuses machines without a price; with those that the prices describe otherwise.
    ///
    /// # Errors
    /// At the first without one.
    pub(in crate::cli) fn check_machines(
        &self,
        base: &Scenario,
        machines: &[InventoryNode],
    ) -> Result<Vec<String>, CliError> {
        if base.billing != Billing::Fleet {
            return Ok(Vec::new());
        }
        if let Some(file) = self.fleet.as_deref() {
            return check_fleet(base, file).map(|()| Vec::new());
        }
        let Some(file) = self.inventory.as_deref() else {
            return self.check_default_fleet(base).map(|()| Vec::new());
        };
        let unpriced = |node: &&InventoryNode| base.price_book.get(&node.instance_type).is_none();
        let Some(node) = machines.iter().find(unpriced) else {
            return Ok(described_otherwise(machines, &base.price_book).into_iter().collect());
        };
        let mut message = base.price_book.no_price_of(&node.instance_type);
        if let Some(prices) = &self.prices {
            message.push_str(&format!(": {}", input::name(prices)));
        }
        Err(CliError::in_file(input::name(file))(InputError::field(node.line, "instance_type", message)))
    }

    /// Refuses prices that leave out the machines of the default fleet.
    fn check_default_fleet(&self, base: &Scenario) -> Result<(), CliError> {
        let types = base.fleet.node_groups.iter().map(|group| &group.instance_type);
        let mut unpriced = types.filter(|name| base.price_book.get(name).is_none());
        let (Some(prices), Some(name)) = (self.prices.as_deref(), unpriced.next()) else { return Ok(()) };
        let message = format!(
            "no price of `{name}`, the machine that is assumed where no --inventory names others; name yours, or add a \
             row such as `{name},2.50,{}`",
            base.price_book.currency
        );
        Err(CliError::in_file(input::name(prices))(InputError::field(0, "instance_type", message)))
    }

    /// Refuses requests that nothing prices.
    ///
    /// # Errors
    /// With the first of them, and what would mend it.
    pub(in crate::cli) fn check_prices(&self, base: &Scenario, path: &str, log: &RequestLog) -> Result<(), CliError> {
        let Some((_, line, flavor)) = first(log, |flavor| base.lacks_price_of(flavor)) else { return Ok(()) };
        let (name, currency) = (&flavor.name, base.price_book.currency);
        let prices = self.prices.as_deref().map_or("the price file", input::name);
        let message = format!(
            "no price of flavor `{name}`, which pays for itself and which {} asks for on line {line}, and the built-in \
             prices per vCPU and GiB are in USD, not in {currency}; add a row for it, such as \
             `{name},0.10,{currency}` under `instance_type,price_per_hour,currency`",
            input::name(path)
        );
        Err(CliError::in_file(prices)(InputError::field(0, "instance_type", message)))
    }
}

/// Refuses what is assumed where it could not run, whatever is asked of it.
///
/// # Errors
/// With every field that is to blame.
pub(in crate::cli) fn check_alone(base: &Scenario) -> Result<(), CliError> {
    let window = Window { start: Instant::default(), end: Instant::default() + Duration::DAY };
    let some_day = ValidScenario::new(Scenario { window, ..base.clone() });
    some_day.map(drop).map_err(|problems| CliError::Data(problems.to_string()))
}

/// Refuses a fleet of which a machine has no price.
fn check_fleet(base: &Scenario, file: &str) -> Result<(), CliError> {
    let groups = base.fleet.node_groups.iter().enumerate();
    let mut unpriced = groups.filter(|(_, group)| base.price_book.get(&group.instance_type).is_none());
    let Some((position, group)) = unpriced.next() else { return Ok(()) };
    let field = format!("node_groups[{position}].instance_type");
    let message = base.price_book.no_price_of(&group.instance_type);
    Err(CliError::in_file(input::name(file))(InputError::field(0, field, message)))
}

/// Says which flavors are priced by their vCPU, GiB and so on, if there are any.
fn priced_by_units(base: &Scenario, log: &RequestLog) -> Option<String> {
    let flavors = log.flavors.iter().filter(|flavor| base.prices_by_units(flavor));
    let names: BTreeSet<String> = flavors.map(|flavor| format!("`{}`", flavor.name)).collect();
    let count = counted(names.len() as u64, "flavor");
    let names = some(names.iter().map(String::as_str));
    let message = format!("{count} without a price cost what their vCPU, GiB and GPUs cost one by one: {names}");
    (!names.is_empty()).then_some(message)
}

/// Says which prices in use begin to hold only after the log does.
fn priced_before_their_time(base: &Scenario, log: &RequestLog) -> Option<String> {
    let groups = base.fleet.node_groups.iter().filter(|_| base.billing == Billing::Fleet);
    late_prices(groups.map(|group| group.instance_type.as_str()), &base.price_book, log)
}

/// Says which prices of some machines and of the flavors of a log begin to hold only after the log does: until then they
/// hold too, as there is no other.
pub(in crate::cli) fn late_prices<'a>(
    machines: impl Iterator<Item = &'a str>,
    book: &PriceBook,
    log: &'a RequestLog,
) -> Option<String> {
    let first = log.first()?;
    let names = machines.chain(log.flavors.iter().map(|flavor| flavor.name.as_str()));
    let entries: BTreeMap<&str, Instant> = names
        .filter_map(|name| Some((name, book.get(name)?.prices.first()?.from)))
        .filter(|(_, from)| *from > first)
        .collect();
    let (name, from) = entries.first_key_value()?;
    let count = counted(entries.len() as u64, "price");
    Some(format!(
        "{count} in use begin to hold after the first request ({first}), and are taken for the time before too: that of \
         `{name}` holds from {from}; add a row with the earlier price, or leave `from` out"
    ))
}

/// What firmware, kernel and kubelet keep for themselves, so that an inventory may say less than a price list: up to a
/// seventh of the memory, and a tenth of the vCPU.
const KEPT: [(Dimension, f64); 2] = [(Dimension::Memory, 1.0 / 7.0), (Dimension::Vcpu, 0.1)];

/// The machines whose type has another shape in the price book, if there are any.
pub(in crate::cli) fn described_otherwise(machines: &[InventoryNode], book: &PriceBook) -> Option<String> {
    let other = |node: &&InventoryNode| {
        let shape = book.get(&node.instance_type).and_then(|entry| entry.shape);
        shape.is_some_and(|shape| {
            let differs = |(of, kept): (Dimension, f64)| {
                let [listed, priced] = [node.capacity, shape].map(|amount| f64::from(amount[of]));
                listed > priced || priced - listed > kept * priced
            };
            KEPT.into_iter().any(differs) || node.capacity[Dimension::Gpu] != shape[Dimension::Gpu]
        })
    };
    let first = machines.iter().find(other)?;
    let shape = book.get(&first.instance_type)?.shape?;
    let count = machines.iter().filter(other).count() as u64;
    Some(format!(
        "{} of the inventory {} another shape than the prices: `{}` (line {}) has {}, its type `{}` has {shape} there; the \
         inventory's holds",
        counted(count, "machine"),
        if count == 1 { "has" } else { "have" },
        first.name,
        first.line,
        first.capacity,
        first.instance_type,
    ))
}

/// Refuses a log with requests that no machine could ever hold.
fn check_fit(base: &Scenario, path: &str, log: &RequestLog) -> Result<(), CliError> {
    let Some((flavors, line, flavor)) = first(log, |flavor| !base.fleet.can_hold(flavor)) else { return Ok(()) };
    let misfit = |position: usize| !base.fleet.can_hold(&log.flavors[position]);
    let asking = log.requests.iter().filter(|request| request.operation != Operation::Delete);
    let requests = asking.filter(|request| misfit(request.flavor.usize())).count() as u64;
    let message = format!(
        "flavor `{}` {}; {} of {} of the log ask for too much",
        flavor.name,
        base.fleet.too_small_for(flavor),
        counted(requests, "request"),
        counted(flavors, "flavor"),
    );
    Err(CliError::in_file(input::name(path))(InputError::field(line, "requested", message)))
}

/// How many flavors of a log are `wrong`, and the first line that asks for one of them, with the flavor.
fn first(log: &RequestLog, wrong: impl Fn(&Flavor) -> bool) -> Option<(u64, u64, &Flavor)> {
    let found = || log.flavors.iter().zip(&log.flavor_lines).filter(|(flavor, _)| wrong(flavor));
    let (flavor, line) = found().min_by_key(|(_, line)| **line)?;
    Some((found().count() as u64, *line, flavor))
}
