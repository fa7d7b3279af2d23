//! What things cost: the price book.

mod builtin;
mod commitment;
mod commitment_file;
mod commitment_offer;
mod egress;
mod exchange;
mod price_file;
mod tier;

use serde::{Deserialize, Serialize};

pub use builtin::{BUILTIN_SOURCE, BuiltinRate, builtin, builtin_rates};
pub use commitment::{CommitmentDiscount, Coverage};
pub use commitment_file::read_commitments;
pub use commitment_offer::{CommitmentOffer, Offered, read_offers};
pub use egress::Egress;
pub use exchange::{ExchangeError, ExchangeRates, read_exchange_rates};
pub use price_file::{Owned, PriceFile, read_price_file, read_prices};
pub(crate) use tier::DirectRate;
pub use tier::{TIER_MAX, Tier, TieredUnit, Tiers};

use crate::request::Catalogue;
use crate::units::{Currency, Dimension, Instant, Rate, Resources};

/// Prices of instance types and flavors, and of single resources where a type has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceBook {
    /// The one currency of the book.
    pub currency: Currency,
    /// Prices by name, sorted by name.
    pub types: Vec<TypePrice>,
    /// Prices of single resources: they split a node's price over its parts, and price flavors without an entry.
    pub units: UnitRates,
    /// What was promised for a term, and is cheaper for it.
    #[serde(default)]
    pub commitments: Vec<CommitmentDiscount>,
    /// What traffic that leaves costs.
    #[serde(default)]
    pub egress: Egress,
    /// Units that cost something else beyond so much use in a month; each unit once.
    #[serde(default)]
    pub tiers: Vec<Tiers>,
}

/// The price of one instance type or flavor over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TypePrice {
    /// The instance type or flavor.
    pub name: String,
    /// Its shape, where the list says it.
    #[serde(default)]
    pub shape: Option<Resources>,
    /// Its prices in order of time; the first holds from the beginning of time.
    pub prices: Vec<DatedRate>,
}

/// A rate from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatedRate {
    /// When it begins to hold.
    pub from: Instant,
    /// Units of the currency per hour.
    pub rate: Rate,
}

/// Hourly prices of one vCPU, GiB of memory, GPU, GiB of storage, Mbps, GiB of local disk, operation a second and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitRates {
    /// Per vCPU-hour.
    pub vcpu: Rate,
    /// Per GiB-hour of memory.
    pub memory_gib: Rate,
    /// Per GPU-hour.
    pub gpu: Rate,
    /// Per GiB-hour of storage; a GiB-month is 730 h.
    pub storage_gib: Rate,
    /// Per Mbps-hour.
    pub network_mbps: Rate,
    /// Per GiB-hour of a node's own disk.
    #[serde(default)]
    pub local_disk_gib: Rate,
    /// Per hour of one operation a second.
    #[serde(default)]
    pub iops: Rate,
    /// Per address-hour.
    #[serde(default)]
    pub addresses: Rate,
}

impl Default for UnitRates {
    /// The prices of [`builtin_rates`], which has their source.
    fn default() -> Self {
        Self {
            vcpu: Rate::from_nanos(31_611_000),
            memory_gib: Rate::from_nanos(4_237_000),
            gpu: Rate::from_nanos(950_000_000),
            storage_gib: Rate::from_nanos(54_795),
            network_mbps: Rate::ZERO,
            local_disk_gib: Rate::ZERO,
            iops: Rate::ZERO,
            addresses: Rate::ZERO,
        }
    }
}

impl UnitRates {
    /// The price of one unit as people write it.
    pub fn of(&self, dimension: Dimension) -> Rate {
        match dimension {
            Dimension::Vcpu => self.vcpu,
            Dimension::Memory => self.memory_gib,
            Dimension::Gpu => self.gpu,
            Dimension::Storage => self.storage_gib,
            Dimension::Network => self.network_mbps,
            Dimension::LocalDisk => self.local_disk_gib,
            Dimension::Iops => self.iops,
            Dimension::Addresses => self.addresses,
        }
    }

    /// Has one unit cost something else.
    pub(crate) fn set(&mut self, dimension: Dimension, rate: Rate) {
        *match dimension {
            Dimension::Vcpu => &mut self.vcpu,
            Dimension::Memory => &mut self.memory_gib,
            Dimension::Gpu => &mut self.gpu,
            Dimension::Storage => &mut self.storage_gib,
            Dimension::Network => &mut self.network_mbps,
            Dimension::LocalDisk => &mut self.local_disk_gib,
            Dimension::Iops => &mut self.iops,
            Dimension::Addresses => &mut self.addresses,
        } = rate;
    }

    /// The price of an amount, rounded down to a nano-unit per dimension.
    pub fn price(&self, amount: Resources) -> Rate {
        let nanos = Dimension::ALL.into_iter().map(|dimension| {
            let (units, per) = (i128::from(amount[dimension]), i128::from(dimension.per_written_unit()));
            i128::from(self.of(dimension).nanos()) * units / per
        });
        Rate::from_nanos(i64::try_from(nanos.sum::<i128>()).unwrap_or(i64::MAX))
    }
}

impl PriceBook {
    /// Prices without commitments, egress or tiers; `types` are sorted by name.
    pub fn new(currency: Currency, types: Vec<TypePrice>, units: UnitRates) -> Self {
        Self { currency, types, units, commitments: Vec::new(), egress: Egress::default(), tiers: Vec::new() }
    }

    /// The entry of an instance type or flavor.
    pub fn get(&self, name: &str) -> Option<&TypePrice> {
        self.types.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok().map(|i| &self.types[i])
    }

    /// What is wrong where an instance type has no price, and what would mend it.
    pub fn no_price_of(&self, name: &str) -> String {
        let currency = self.currency;
        format!(
            "`{name}` has no price; add one to the price book, with --prices a row such as `{name},2.50,{currency}` under \
             `instance_type,price_per_hour,currency`"
        )
    }

    /// The shapes that the book knows: what a flavor's name stands for where requests leave its amounts out.
    pub fn catalogue(&self) -> Catalogue {
        let shapes = self.types.iter().filter_map(|entry| Some((entry.name.clone(), entry.shape?)));
        Catalogue { flavors: shapes.collect(), ..Catalogue::default() }
    }

    /// Whether the prices of single resources are in the book's currency: the built-in ones are in dollars.
    ///
    /// Their ratios, which split a node's price over its parts, hold in any currency.
    pub fn has_unit_prices(&self) -> bool {
        self.currency == Currency::USD || self.units != UnitRates::default()
    }

    /// The price of `name` at `at`, where the book has one.
    pub fn rate(&self, name: &str, at: Instant) -> Option<Rate> {
        self.get(name).map(|entry| entry.rate(at))
    }
}

impl TypePrice {
    /// The price at `at`.
    ///
    /// # Panics
    /// When the entry has no price, which validation refuses.
    pub fn rate(&self, at: Instant) -> Rate {
        let after = self.prices.partition_point(|dated| dated.from <= at);
        self.prices[after.saturating_sub(1)].rate
    }
}
