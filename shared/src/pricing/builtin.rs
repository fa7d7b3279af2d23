//! The price book that holds where none is given.

use std::collections::BTreeMap;

use super::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::units::{Currency, DIMENSIONS, Dimension, Instant, Rate, Resources};

/// Where the prices of [`builtin`] come from, for people.
pub const BUILTIN_SOURCE: &str =
    "AWS EC2 on-demand list prices, Linux, us-east-1, as published in July 2026 (karpenter-provider-aws 1d92708)";

/// The price of one unit that holds where a price file says nothing of units, in dollars an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinRate {
    /// Of what.
    pub dimension: Dimension,
    /// Of one unit, as people write it.
    pub rate: Rate,
    /// Where it comes from, with its date.
    pub source: &'static str,
}

/// Where the unit prices that are not 0 come from.
const UNIT_SOURCE: &str = "OpenCost's default prices, based on GCP us-central1 (opencost 5f65333, configs/default.json, as \
                           read in November 2026)";

/// What is said of units that no built-in list prices.
const FREE: &str = "free: OpenCost's default prices have none (as read in November 2026)";

/// Sizes by name and vCPU.
type Sizes = &'static [(&'static str, u32)];

const SMALL: Sizes = &[("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16)];
const FIFTH: Sizes = &[("8xlarge", 32), ("12xlarge", 48), ("16xlarge", 64), ("24xlarge", 96)];
const FIFTH_COMPUTE: Sizes = &[("9xlarge", 36), ("12xlarge", 48), ("18xlarge", 72), ("24xlarge", 96)];
const SIXTH_INTEL: Sizes = &[("8xlarge", 32), ("12xlarge", 48), ("16xlarge", 64), ("24xlarge", 96), ("32xlarge", 128)];
const SIXTH_ARM: Sizes = &[("8xlarge", 32), ("12xlarge", 48), ("16xlarge", 64)];
const SEVENTH: Sizes = &[("8xlarge", 32), ("12xlarge", 48), ("16xlarge", 64), ("24xlarge", 96), ("48xlarge", 192)];

/// Families whose price is proportional to the vCPU: name, nano-dollars per vCPU-hour, GiB per vCPU, sizes.
const FAMILIES: [(&str, i64, u32, Sizes); 12] = [
    ("c5", 42_500_000, 2, FIFTH_COMPUTE),
    ("c6g", 34_000_000, 2, SIXTH_ARM),
    ("c6i", 42_500_000, 2, SIXTH_INTEL),
    ("c7i", 44_625_000, 2, SEVENTH),
    ("m5", 48_000_000, 4, FIFTH),
    ("m6g", 38_500_000, 4, SIXTH_ARM),
    ("m6i", 48_000_000, 4, SIXTH_INTEL),
    ("m7i", 50_400_000, 4, SEVENTH),
    ("r5", 63_000_000, 8, FIFTH),
    ("r6g", 50_400_000, 8, SIXTH_ARM),
    ("r6i", 63_000_000, 8, SIXTH_INTEL),
    ("r7i", 66_150_000, 8, SEVENTH),
];

/// Types that stand alone: name, nano-dollars per hour, vCPU, GiB, GPUs.
const OTHERS: [(&str, i64, u32, u32, u32); 10] = [
    ("g4dn.12xlarge", 3_912_000_000, 48, 192, 4),
    ("g4dn.16xlarge", 4_352_000_000, 64, 256, 1),
    ("g4dn.2xlarge", 752_000_000, 8, 32, 1),
    ("g4dn.4xlarge", 1_204_000_000, 16, 64, 1),
    ("g4dn.8xlarge", 2_176_000_000, 32, 128, 1),
    ("g4dn.xlarge", 526_000_000, 4, 16, 1),
    ("t3.2xlarge", 332_800_000, 8, 32, 0),
    ("t3.large", 83_200_000, 2, 8, 0),
    ("t3.medium", 41_600_000, 2, 4, 0),
    ("t3.xlarge", 166_400_000, 4, 16, 0),
];

/// Each unit with its built-in price: those of [`UnitRates::default`], and where they come from.
pub fn builtin_rates() -> [BuiltinRate; DIMENSIONS] {
    let units = UnitRates::default();
    Dimension::ALL.map(|dimension| {
        let rate = units.of(dimension);
        let source = if rate == Rate::ZERO { FREE } else { UNIT_SOURCE };
        BuiltinRate { dimension, rate, source }
    })
}

/// Well-known public on-demand prices with their shapes, in nominal GiB; see [`BUILTIN_SOURCE`].
pub fn builtin() -> PriceBook {
    let mut types = BTreeMap::new();
    for (family, nanos, gib, sizes) in FAMILIES {
        for &(size, vcpu) in SMALL.iter().chain(sizes) {
            types.insert(format!("{family}.{size}"), (nanos * i64::from(vcpu), shape(vcpu, vcpu * gib, 0)));
        }
    }
    for (name, nanos, vcpu, gib, gpus) in OTHERS {
        types.insert(name.to_owned(), (nanos, shape(vcpu, gib, gpus)));
    }
    let entry = |(name, (nanos, shape))| TypePrice {
        name,
        shape: Some(shape),
        prices: vec![DatedRate { from: Instant::from_micros(0), rate: Rate::from_nanos(nanos) }],
    };
    PriceBook::new(Currency::USD, types.into_iter().map(entry).collect(), UnitRates::default())
}

fn shape(vcpu: u32, memory_gib: u32, gpus: u32) -> Resources {
    Resources::compute(vcpu * 1_000, memory_gib * 1_024).with(Dimension::Gpu, gpus * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenCost's configs/default.json: CPU 0.031611, RAM 0.004237, GPU 0.95, storage 0.00005479452.
    #[test]
    fn each_unit_has_its_price_with_source_and_date() {
        let rates = builtin_rates();
        let told: Vec<(&str, String)> =
            rates.iter().map(|of| (of.dimension.field(), of.rate.to_string())).take(4).collect();
        let expected =
            [("vcpu", "0.031611"), ("memory_gib", "0.004237"), ("gpu", "0.95"), ("storage_gib", "0.000054795")];
        assert_eq!(told, expected.map(|(unit, price)| (unit, price.to_owned())));
        for BuiltinRate { dimension, rate, source } in rates {
            assert_eq!(rate, UnitRates::default().of(dimension));
            assert!(source.contains("OpenCost") && source.contains("2026"), "{dimension:?}: {source}");
            assert_eq!(rate == Rate::ZERO, source.starts_with("free"), "{dimension:?}: {source}");
        }
    }

    #[test]
    fn the_default_node_costs_what_aws_asks() {
        let book = builtin();
        let node = book.get("m5.16xlarge").unwrap();
        assert_eq!(node.shape, Some(Resources::compute(64_000, 256 * 1_024)));
        assert_eq!(node.rate(Instant::from_micros(0)).to_string(), "3.072");
        assert!(book.types.is_sorted_by(|a, b| a.name < b.name), "sorted, for binary search");
    }
}
