//! Tiers: a unit that is cheaper, or dearer, beyond so much use in a month.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::PriceBook;
use super::egress::{HOUR_MICROS, PERCENT_MICROS_PER_GIB};
use super::price_file::HOURS_PER_MONTH;
use crate::request::Flavor;
use crate::units::{Dimension, Rate};

/// The tiers of one unit. Use of all tenants counts together, from the first instant of a month of UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tiers {
    /// Of what.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "egress_gib"))]
    pub unit: TieredUnit,
    /// How much of it was used in the month before the window begins, in millionths of what `above` counts.
    #[serde(default)]
    pub used_millionths: u64,
    /// From the lowest on.
    pub steps: Vec<Tier>,
}

/// One tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tier {
    /// How much has to be used in a month before it holds: GiB of egress, of anything else unit-months of 730 h.
    pub above: u64,
    /// What the unit costs from then on: a GiB of egress, of anything else a unit-hour.
    pub price: Rate,
}

/// What can have tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TieredUnit {
    /// A unit of [`UnitRates`](super::UnitRates), where it is paid by itself: not as part of a node, or of a type with a price of its own.
    Amount(Dimension),
    /// A GiB of [`Egress`](super::Egress).
    Egress,
}

/// Most that tiers may begin above: of the smallest unit, months of it fit into the ledger's integers.
pub const TIER_MAX: u64 = 1_000_000_000_000;

impl TieredUnit {
    /// Everything that can have tiers.
    pub fn all() -> impl Iterator<Item = Self> {
        Dimension::ALL.into_iter().map(Self::Amount).chain([Self::Egress])
    }

    /// The name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount(dimension) => dimension.field(),
            Self::Egress => "egress_gib",
        }
    }

    /// One of what [`Tier::above`] counts, as amount × microseconds.
    pub const fn volume(self) -> i128 {
        match self {
            Self::Amount(dimension) => dimension.per_written_unit() as i128 * HOURS_PER_MONTH as i128 * HOUR_MICROS,
            Self::Egress => PERCENT_MICROS_PER_GIB,
        }
    }
}

impl Tiers {
    /// How much has to be used before a tier holds, as amount × microseconds.
    pub(crate) fn bound(&self, tier: &Tier) -> i128 {
        i128::from(tier.above) * self.unit.volume()
    }
}

impl FromStr for TieredUnit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|unit| unit.as_str() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::as_str).collect();
            format!("`{text}` is no unit that can have tiers; expected one of {}", names.join(", "))
        })
    }
}

impl fmt::Display for TieredUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for TieredUnit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TieredUnit> for String {
    fn from(unit: TieredUnit) -> Self {
        unit.as_str().to_owned()
    }
}

impl PriceBook {
    /// The same where so much of each tiered unit was used in the month before the window begins, in the order of the
    /// tiers; nothing changes where it is not known of each of them.
    pub(crate) fn with_used(mut self, used_millionths: &[u64]) -> Self {
        if used_millionths.len() == self.tiers.len() {
            self.tiers.iter_mut().zip(used_millionths).for_each(|(tiers, &used)| tiers.used_millionths = used);
        }
        self
    }

    /// What was used of each tiered unit in the month before the window begins.
    pub fn used_of_tiers(&self) -> Vec<u64> {
        self.tiers.iter().map(|tiers| tiers.used_millionths).collect()
    }

    /// What a flavor costs without a node where, of each tiered unit, so many tiers were passed.
    pub(crate) fn direct(&self, flavor: &Flavor, listed: Option<Rate>, passed: &[u32]) -> DirectRate {
        let mut units = self.units;
        let mut per_gib = self.egress.price_per_gib;
        for (tiers, &passed) in self.tiers.iter().zip(passed) {
            let Some(tier) = (passed as usize).checked_sub(1).and_then(|last| tiers.steps.get(last)) else { continue };
            match tiers.unit {
                TieredUnit::Amount(dimension) => units.set(dimension, tier.price),
                TieredUnit::Egress => per_gib = tier.price,
            }
        }
        DirectRate {
            resource: listed.unwrap_or_else(|| units.price(flavor.requested)),
            egress: self.egress.hourly(flavor.requested[Dimension::Network], per_gib),
        }
    }

    /// How much of a tiered unit one resource of a flavor uses at any instant, where it is paid by the unit.
    pub(crate) fn tiered_amount(&self, unit: TieredUnit, flavor: &Flavor) -> i64 {
        match unit {
            TieredUnit::Amount(_) if self.get(&flavor.name).is_some() => 0,
            TieredUnit::Amount(dimension) => flavor.requested[dimension].into(),
            TieredUnit::Egress => i64::from(flavor.requested[Dimension::Network]) * i64::from(self.egress.sent_percent),
        }
    }
}

/// What a flavor costs an hour without a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DirectRate {
    /// By its own price, or its units'.
    pub(crate) resource: Rate,
    /// What it sends.
    pub(crate) egress: Rate,
}

impl DirectRate {
    pub(crate) fn total(&self) -> Rate {
        Rate::from_nanos(self.resource.nanos().saturating_add(self.egress.nanos()))
    }
}
