//! What OpenCost says that Kubernetes workloads cost: the answer of its `/allocation` API, as JSON.
//!
//! Each allocation becomes a charge for each part of its cost (cpu, gpu, ram, pv, network, load balancer, shared,
//! external), adjustments included. The parts add up to its `totalCost`, which is the authority: the API rounds each
//! number to five decimals, and what rounding left over goes to the largest part. Source: opencost/opencost,
//! `core/pkg/opencost/allocation_json.go` and `allocationprops.go`.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use answer::{Allocation, Answer, Properties};

use super::charge::{
    Charge, ChargeCategory, ChargeCollector, ChargeFrequency, ChargeSource, ImportedBill, Unowned, WhenEqual,
};
use super::mapping::Mapping;
use crate::input::{InputError, parse_json_object};
use crate::request::ResourceClass;
use crate::units::{Amount, Currency, Instant, LedgerUnits, Window};

/// How the answer is read.
#[derive(Clone, Copy, Debug)]
pub struct OpenCostConfig<'a> {
    /// When it was asked for.
    pub stated: Instant,
    /// The currency of OpenCost's prices, which its answer does not name.
    pub currency: Currency,
    /// Who is which tenant.
    pub mapping: Option<&'a Mapping>,
}

/// By how much the parts of an allocation may miss its total: twenty numbers rounded to five decimals.
const ROUNDING: &str = "0.0001";

/// Reads the answer.
///
/// Its numbers are binary; each becomes the shortest decimal that stands for it, so that what the API printed comes in as
/// it was printed. `__idle__`, `__unmounted__`, `__unallocated__` and `__shared__` are kinds of charges, not tenants.
///
/// # Errors
/// When OpenCost reports an error, a field has a wrong value, or the parts of an allocation do not add up to its total.
pub fn read_opencost(text: &str, config: &OpenCostConfig) -> Result<ImportedBill, InputError> {
    let answer: Answer = parse_json_object(text)?;
    if let Some(code) = answer.code.filter(|&code| code != 200) {
        let message = format!("is {code}, an error of OpenCost ({}); ask for the window again", answer.message());
        return Err(InputError::field(0, "code", message));
    }
    let steps = answer.data.ok_or_else(|| InputError::field(0, "data", "is missing; expected the allocations"))?;
    let mut collector = ChargeCollector::new(config.mapping, WhenEqual::Count);
    let mut number = 0;
    for (at, step) in steps.into_iter().enumerate() {
        for (key, allocation) in step.into_iter().flatten() {
            let place = format!("data[{at}].{key}");
            for charge in charges(&key, allocation, config, &place)? {
                number += 1;
                let content = serde_json::to_string(&charge).expect("a charge is JSON");
                collector.push(number, charge, &content);
            }
        }
    }
    collector.finish(Vec::new())
}

/// One part of the cost of an allocation.
struct PartOfCost {
    name: &'static str,
    class: Option<ResourceClass>,
    cost: LedgerUnits,
    quantity: Option<(f64, &'static str)>,
}

fn charges(key: &str, of: Allocation, config: &OpenCostConfig, place: &str) -> Result<Vec<Charge>, InputError> {
    let mut parts = parts(&of, place)?;
    let missed = match of.total_cost {
        Some(total) => decimal(total, place, "totalCost")? - sum(&parts),
        None => LedgerUnits::ZERO,
    };
    let tolerance: Amount = ROUNDING.parse().expect("a decimal number");
    if missed.0.abs() > tolerance.0.0 {
        let (total, sum) = (Amount(sum(&parts) + missed), Amount(sum(&parts)));
        let message = format!("is {total}, but its parts come to {sum}; expected them to add up to within {ROUNDING}");
        return Err(InputError::field(0, format!("{place}.totalCost"), message));
    }
    let largest = (0..parts.len()).max_by_key(|&at| (parts[at].cost.0.abs(), core::cmp::Reverse(at)));
    let largest = largest.expect("there are eight parts");
    parts[largest].cost += missed;
    // An allocation without any cost stays there with one line.
    let name = of.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| key.to_owned());
    let kept = parts.iter().enumerate().filter(|(at, part)| *at == largest || part.cost != LedgerUnits::ZERO);
    let base = base(&name, of, config, place)?;
    let charge = |(_, part): (usize, &PartOfCost)| Charge {
        billed: Amount(part.cost),
        effective: Amount(part.cost),
        class: part.class,
        service: Some(part.name.to_owned()),
        quantity: part.quantity.and_then(|(quantity, _)| quantity.to_string().parse().ok()),
        unit: part.quantity.map(|(_, unit)| unit.to_owned()),
        ..base.clone()
    };
    Ok(kept.map(charge).collect())
}

fn sum(parts: &[PartOfCost]) -> LedgerUnits {
    parts.iter().map(|part| part.cost).sum()
}

fn parts(of: &Allocation, place: &str) -> Result<[PartOfCost; 8], InputError> {
    let cost = |field: &str, cost: Option<f64>, adjustment: Option<f64>| {
        let cost = decimal(cost.unwrap_or(0.0), place, &format!("{field}Cost"))?;
        Ok(cost + decimal(adjustment.unwrap_or(0.0), place, &format!("{field}CostAdjustment"))?)
    };
    let part = |name, class, cost: Result<LedgerUnits, InputError>, quantity: Option<f64>, unit| {
        let quantity = quantity.filter(|&quantity| quantity != 0.0).map(|quantity| (quantity, unit));
        Ok(PartOfCost { name, class, cost: cost?, quantity })
    };
    let (compute, storage) = (Some(ResourceClass::Compute), Some(ResourceClass::Storage));
    let network = Some(ResourceClass::Network);
    let of_cpu = cost("cpu", of.cpu_cost, of.cpu_cost_adjustment);
    let of_gpu = cost("gpu", of.gpu_cost, of.gpu_cost_adjustment);
    let of_ram = cost("ram", of.ram_cost, of.ram_cost_adjustment);
    let of_pv = cost("pv", of.pv_cost, of.pv_cost_adjustment);
    let of_network = cost("network", of.network_cost, of.network_cost_adjustment);
    let of_balancer = cost("loadBalancer", of.load_balancer_cost, of.load_balancer_cost_adjustment);
    Ok([
        part("cpu", compute, of_cpu, of.cpu_core_hours, "vCPU-Hours")?,
        part("gpu", compute, of_gpu, of.gpu_hours, "GPU-Hours")?,
        part("ram", compute, of_ram, of.ram_byte_hours, "Byte-Hours")?,
        part("pv", storage, of_pv, of.pv_byte_hours, "Byte-Hours")?,
        part("network", network, of_network, None, "")?,
        part("load balancer", network, of_balancer, None, "")?,
        part("shared", None, cost("shared", of.shared_cost, None), None, "")?,
        part("external", None, cost("external", of.external_cost, None), None, "")?,
    ])
}

/// The shortest decimal that stands for a number.
fn decimal(number: f64, place: &str, field: &str) -> Result<LedgerUnits, InputError> {
    let amount = number.to_string().parse::<Amount>();
    amount.map(|amount| amount.0).map_err(|error| InputError::field(0, format!("{place}.{field}"), error.to_string()))
}

/// What the charges of an allocation have in common.
fn base(name: &str, of: Allocation, config: &OpenCostConfig, place: &str) -> Result<Charge, InputError> {
    let billing_period = of.window;
    let period = match (of.start, of.end) {
        (Some(start), Some(end)) => Window { start, end },
        _ => billing_period,
    };
    if period.end < period.start {
        let message = format!("is before `start`, which is {}; expected a later one", period.start);
        return Err(InputError::field(0, format!("{place}.end"), message));
    }
    let properties = of.properties.unwrap_or_default();
    let unowned = unowned(name, &properties);
    let Properties { cluster, controller, controller_kind, namespace, pod, provider_id, labels, namespace_labels } =
        properties;
    let mut tags: BTreeMap<String, String> = namespace_labels;
    tags.extend(labels);
    let cluster = named(cluster);
    Ok(Charge {
        period,
        billing_period,
        stated: config.stated,
        billed: Amount::default(),
        effective: Amount::default(),
        list: None,
        contracted: None,
        currency: config.currency,
        category: ChargeCategory::Usage,
        correction: false,
        frequency: Some(ChargeFrequency::UsageBased),
        source: ChargeSource::OpenCost,
        unowned,
        tenant: None,
        class: None,
        provider: "OpenCost".to_owned(),
        billing_account: cluster.clone(),
        sub_account: cluster,
        sub_account_name: None,
        namespace: named(namespace),
        service: None,
        service_category: None,
        sku: None,
        resource: named(provider_id),
        resource_name: named(pod).or(named(controller)),
        resource_type: named(controller_kind),
        region: None,
        zone: None,
        commitment: None,
        quantity: None,
        unit: None,
        tags,
        description: Some(name.to_owned()),
    })
}

/// What an allocation is of that nobody in particular caused: OpenCost says it in the parts of names.
fn unowned(name: &str, properties: &Properties) -> Option<Unowned> {
    let of_properties = [&properties.namespace, &properties.pod, &properties.controller];
    let marked = |mark: &str| name.contains(mark) || of_properties.iter().any(|of| of.as_deref() == Some(mark));
    let kinds = [
        ("__idle__", Unowned::Idle),
        ("__unmounted__", Unowned::Unmounted),
        ("__shared__", Unowned::Shared),
        ("__unallocated__", Unowned::Unallocated),
    ];
    kinds.into_iter().find(|(mark, _)| marked(mark)).map(|(_, kind)| kind)
}

/// A name that is one, and no mark of OpenCost's.
fn named(name: Option<String>) -> Option<String> {
    let is_mark = |name: &str| name.starts_with("__") && name.ends_with("__");
    name.filter(|name| !name.is_empty() && !is_mark(name))
}
