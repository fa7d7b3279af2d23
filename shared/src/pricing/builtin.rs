//! The price book where none is given: well-known public prices.

use super::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::units::{Currency, Instant, Rate, Resources};

/// Where the built-in prices are from.
pub const BUILTIN_SOURCE: &str = "AWS list prices, on demand, Linux, us-east-1, as of 2026-07-20";

/// A family whose price is proportional to its size: nano-USD per vCPU-hour, GiB per vCPU, and its sizes.
struct Family {
    names: &'static [&'static str],
    nanos_per_vcpu: i64,
    gib_per_vcpu: u32,
    sizes: &'static [(&'static str, u32)],
}

/// Sizes by vCPU.
const GENERAL: [(&str, u32); 8] = [
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
];
const C5: [(&str, u32); 8] = [
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("9xlarge", 36),
    ("12xlarge", 48),
    ("18xlarge", 72),
    ("24xlarge", 96),
];

const FAMILIES: [Family; 4] = [
    Family { names: &["m5", "m6i"], nanos_per_vcpu: 48_000_000, gib_per_vcpu: 4, sizes: &GENERAL },
    Family { names: &["c5"], nanos_per_vcpu: 42_500_000, gib_per_vcpu: 2, sizes: &C5 },
    Family { names: &["c6i"], nanos_per_vcpu: 42_500_000, gib_per_vcpu: 2, sizes: &GENERAL },
    Family { names: &["r5", "r6i"], nanos_per_vcpu: 63_000_000, gib_per_vcpu: 8, sizes: &GENERAL },
];

/// Types with one T4 or A10G, whose price is not proportional: vCPU, GiB, nano-USD an hour.
const WITH_GPU: [(&str, u32, u32, i64); 6] = [
    ("g4dn.xlarge", 4, 16, 526_000_000),
    ("g4dn.2xlarge", 8, 32, 752_000_000),
    ("g4dn.4xlarge", 16, 64, 1_204_000_000),
    ("g5.xlarge", 4, 16, 1_006_000_000),
    ("g5.2xlarge", 8, 32, 1_212_000_000),
    ("g5.4xlarge", 16, 64, 1_624_000_000),
];

impl PriceBook {
    /// The prices of [`BUILTIN_SOURCE`] for common instance types, with OpenCost's default unit rates.
    pub fn builtin() -> Self {
        let proportional = FAMILIES.iter().flat_map(|family| {
            let all = family.names.iter().flat_map(|name| family.sizes.iter().map(move |size| (name, size)));
            all.map(|(name, &(size, vcpu))| {
                let shape = Resources::compute(vcpu * 1_000, vcpu * family.gib_per_vcpu * 1_024);
                entry(format!("{name}.{size}"), shape, family.nanos_per_vcpu * i64::from(vcpu))
            })
        });
        let with_gpu = WITH_GPU.into_iter().map(|(name, vcpu, memory_gib, nanos)| {
            let shape = Resources::from_array([vcpu * 1_000, memory_gib * 1_024, 1_000, 0, 0]);
            entry(name.to_owned(), shape, nanos)
        });
        let mut types: Vec<TypePrice> = proportional.chain(with_gpu).collect();
        types.sort_by(|a, b| a.name.cmp(&b.name));
        Self { currency: Currency::USD, types, units: UnitRates::default() }
    }
}

fn entry(name: String, shape: Resources, nanos: i64) -> TypePrice {
    let from_the_beginning = DatedRate { from: Instant::from_micros(0), rate: Rate::from_nanos(nanos) };
    TypePrice { name, shape: Some(shape), prices: vec![from_the_beginning] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_node_has_its_list_price() {
        let book = PriceBook::builtin();
        let node = book.get("m5.16xlarge").unwrap();
        assert_eq!(node.shape, Some(Resources::compute(64_000, 256 * 1_024)));
        assert_eq!(node.rate(Instant::from_micros(0)).to_string(), "3.072");
        assert!(book.types.is_sorted_by(|a, b| a.name < b.name));
    }
}
