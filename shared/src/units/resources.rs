//! Amounts of what nodes have and requests ask for.

mod gpus;
mod wire;

use core::fmt;
use core::ops::{Index, IndexMut};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

pub use gpus::MAX_DEVICES;

/// How many dimensions a resource amount has.
pub const DIMENSIONS: usize = 8;

/// One dimension of an amount, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Dimension {
    /// Processor time, in milli-vCPU.
    Vcpu,
    /// Memory, in MiB.
    Memory,
    /// Accelerators, in milli-GPU.
    Gpu,
    /// Block storage, in MiB.
    Storage,
    /// Bandwidth, in Mbps.
    Network,
    /// Disk of the node itself, in MiB.
    LocalDisk,
    /// Operations of block storage per second.
    Iops,
    /// Public addresses.
    Addresses,
}

/// An amount in every dimension: milli-vCPU, MiB, milli-GPU, MiB, Mbps, MiB, operations per second, addresses.
///
/// JSON and TOML have `vcpu`, `memory_gib`, `gpu`, `storage_gib`, `network_mbps`, `local_disk_gib`, `iops` and
/// `addresses`, absent where zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resources([u32; DIMENSIONS]);

/// Why a number is no resource amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourcesError {
    /// Not a decimal number, or below zero.
    #[error("is `{value}`; expected {expected}, and not negative")]
    NotAmount {
        /// What is an amount.
        expected: &'static str,
        /// What was given.
        value: String,
    },
    /// Finer than the unit.
    #[error("is `{value}`; expected a multiple of {unit}")]
    TooFine {
        /// What was given.
        value: String,
        /// The smallest step.
        unit: &'static str,
    },
    /// Beyond what fits.
    #[error("is `{value}`; expected at most {limit}")]
    TooLarge {
        /// What was given.
        value: String,
        /// The largest amount.
        limit: u32,
    },
}

impl Dimension {
    /// Every dimension, in the order of the array.
    pub const ALL: [Self; DIMENSIONS] = [
        Self::Vcpu,
        Self::Memory,
        Self::Gpu,
        Self::Storage,
        Self::Network,
        Self::LocalDisk,
        Self::Iops,
        Self::Addresses,
    ];

    /// The name where no amount follows, as of a percentage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcpu => "vcpu",
            Self::Memory => "memory",
            Self::Gpu => "gpu",
            Self::Storage => "storage",
            Self::Network => "network",
            Self::LocalDisk => "local_disk",
            Self::Iops => "iops",
            Self::Addresses => "addresses",
        }
    }

    /// The name in JSON, CSV and TOML, which says the unit people write.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Vcpu => "vcpu",
            Self::Memory => "memory_gib",
            Self::Gpu => "gpu",
            Self::Storage => "storage_gib",
            Self::Network => "network_mbps",
            Self::LocalDisk => "local_disk_gib",
            Self::Iops => "iops",
            Self::Addresses => "addresses",
        }
    }

    /// How many of our units make one of the unit people write.
    pub const fn per_written_unit(self) -> u32 {
        match self {
            Self::Vcpu | Self::Gpu => 1_000,
            Self::Memory | Self::Storage | Self::LocalDisk => 1_024,
            Self::Network | Self::Iops | Self::Addresses => 1,
        }
    }

    /// What an amount is, with its unit and an example.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Vcpu => "a number of vCPU, as 4 or 2.5",
            Self::Memory => "a number of GiB of memory, as 8 or 0.5",
            Self::Gpu => "a number of GPUs, as 1 or 0.5",
            Self::Storage => "a number of GiB of storage, as 100 or 0.5",
            Self::Network => "a whole number of Mbps, as 1000",
            Self::LocalDisk => "a number of GiB of local disk, as 100 or 0.5",
            Self::Iops => "a whole number of operations per second, as 3000",
            Self::Addresses => "a whole number of addresses, as 1",
        }
    }

    const fn smallest_step(self) -> &'static str {
        match self {
            Self::Vcpu | Self::Gpu => "0.001",
            Self::Memory | Self::Storage | Self::LocalDisk => "1/1024 GiB (1 MiB)",
            Self::Network | Self::Iops | Self::Addresses => "1",
        }
    }

    /// Reads an amount as people write it, exactly.
    ///
    /// # Errors
    /// When the text is no number, is negative, finer than our unit, or too large.
    pub fn parse(self, text: &str) -> Result<u32, ResourcesError> {
        let exact = Decimal::from_str_exact(text.trim()).or_else(|_| Decimal::from_scientific(text.trim()));
        exact.map_or_else(|_| Err(self.no_decimal(text)), |decimal| self.from_decimal(decimal))
    }

    /// An amount as people write it, exactly: what [`Dimension::parse`] reads.
    pub fn write(self, units: u32) -> String {
        (Decimal::from(units) / Decimal::from(self.per_written_unit())).normalize().to_string()
    }

    /// Our units for an amount as people write it, exactly.
    ///
    /// # Errors
    /// As [`Dimension::parse`].
    pub fn from_decimal(self, amount: Decimal) -> Result<u32, ResourcesError> {
        let value = || amount.normalize().to_string();
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(self.no_amount(value()));
        }
        let units = amount.checked_mul(Decimal::from(self.per_written_unit()));
        let units = units.ok_or_else(|| self.too_large(value()))?;
        if !units.fract().is_zero() {
            return Err(self.too_fine(value()));
        }
        units.to_u32().ok_or_else(|| self.too_large(value()))
    }

    /// What is wrong with a text that no decimal number holds exactly: it may still be a number.
    fn no_decimal(self, text: &str) -> ResourcesError {
        let value = text.to_owned();
        match text.trim().parse::<f64>() {
            Ok(number) if number >= 1.0 && number.is_finite() => self.too_large(value),
            Ok(number) if number > 0.0 && number < 1.0 => self.too_fine(value),
            _ => self.no_amount(value),
        }
    }

    fn no_amount(self, value: String) -> ResourcesError {
        ResourcesError::NotAmount { expected: self.expected(), value }
    }

    fn too_fine(self, value: String) -> ResourcesError {
        ResourcesError::TooFine { value, unit: self.smallest_step() }
    }

    fn too_large(self, value: String) -> ResourcesError {
        ResourcesError::TooLarge { value, limit: u32::MAX / self.per_written_unit() }
    }
}

impl Resources {
    /// Nothing at all.
    pub const ZERO: Self = Self([0; DIMENSIONS]);

    /// A compute shape.
    pub const fn compute(vcpu_milli: u32, memory_mib: u32) -> Self {
        Self([vcpu_milli, memory_mib, 0, 0, 0, 0, 0, 0])
    }

    /// The same with `amount`, in our unit, of one dimension.
    #[must_use]
    pub const fn with(mut self, dimension: Dimension, amount: u32) -> Self {
        self.0[dimension as usize] = amount;
        self
    }

    /// From our units in the order of [`Dimension::ALL`].
    pub const fn from_array(amounts: [u32; DIMENSIONS]) -> Self {
        Self(amounts)
    }

    /// Our units in the order of [`Dimension::ALL`].
    #[inline]
    pub const fn to_array(self) -> [u32; DIMENSIONS] {
        self.0
    }

    /// What of it a node provides: processors, memory, accelerators, its own disk and its bandwidth. Volumes and addresses
    /// come from elsewhere.
    #[must_use]
    #[inline]
    pub const fn on_node(self) -> Self {
        self.with(Dimension::Storage, 0).with(Dimension::Iops, 0).with(Dimension::Addresses, 0)
    }

    /// Whether every dimension is zero.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Whether `self` is at most `capacity` in every dimension.
    #[inline]
    pub fn fits(self, capacity: Self) -> bool {
        // Without a branch a dimension, so that all of them are compared at once.
        let lacks = |(&asked, has): (&u32, u32)| u32::from(asked > has);
        self.0.iter().zip(capacity.0).map(lacks).fold(0, |any, lacks| any | lacks) == 0
    }

    /// The sum, or `None` where a dimension overflows.
    #[inline]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let mut sum = self;
        for (to, from) in sum.0.iter_mut().zip(other.0) {
            *to = to.checked_add(from)?;
        }
        Some(sum)
    }

    /// The difference, or `None` where a dimension would go below zero.
    #[inline]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let mut rest = self;
        for (to, from) in rest.0.iter_mut().zip(other.0) {
            *to = to.checked_sub(from)?;
        }
        Some(rest)
    }

    /// The difference, or nothing where a dimension would go below zero.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].saturating_sub(other.0[i])))
    }

    /// The smaller of both in every dimension.
    pub fn min(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].min(other.0[i])))
    }

    /// The larger of both in every dimension.
    #[inline]
    pub fn max(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].max(other.0[i])))
    }
}

impl Index<Dimension> for Resources {
    type Output = u32;
    fn index(&self, dimension: Dimension) -> &u32 {
        &self.0[dimension as usize]
    }
}

impl IndexMut<Dimension> for Resources {
    fn index_mut(&mut self, dimension: Dimension) -> &mut u32 {
        &mut self.0[dimension as usize]
    }
}

/// `2 vcpu, 8 memory_gib`, without what is zero.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for dimension in Dimension::ALL.into_iter().filter(|&d| self[d] > 0) {
            let amount = Decimal::from(self[dimension]) / Decimal::from(dimension.per_written_unit());
            let separator = if first { "" } else { ", " };
            write!(f, "{separator}{} {}", amount.normalize(), dimension.field())?;
            first = false;
        }
        if first { f.write_str("nothing") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Resources, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(read(r#"{"vcpu":0.1,"memory_gib":0.75}"#).unwrap(), Resources::compute(100, 768));
        assert_eq!(read(r#"{"vcpu":2,"memory_gib":8}"#).unwrap(), Resources::compute(2_000, 8_192));
    }

    #[test]
    fn what_is_finer_negative_or_unknown_is_refused() {
        assert!(read(r#"{"vcpu":0.0001}"#).unwrap_err().contains("multiple of 0.001"));
        assert!(read(r#"{"memory_gib":0.3}"#).unwrap_err().contains("1 MiB"));
        assert!(read(r#"{"vcpu":-1}"#).unwrap_err().contains("not negative"));
        assert!(read(r#"{"vcpu":1e300}"#).unwrap_err().starts_with("is `1e300`; expected at most 4294967"));
        assert!(read(r#"{"vcpu":1e-300}"#).unwrap_err().starts_with("is `1e-300`; expected a multiple of 0.001"));
        assert!(read(r#"{"vcpu":"two"}"#).unwrap_err().contains("expected a number of vCPU, as 4 or 2.5"));
        assert!(read("2").unwrap_err().contains("expected an object of amounts"));
        assert!(read(r#"{"cpu":1}"#).unwrap_err().contains("unknown field `cpu`"));
    }

    #[test]
    fn json_round_trips() {
        let shape = Resources::from_array([1_500, 768, 250, 10_240, 100, 512, 3_000, 2]);
        assert_eq!(read(&serde_json::to_string(&shape).unwrap()).unwrap(), shape);
        let bytes = postcard::to_allocvec(&shape).unwrap();
        assert_eq!(postcard::from_bytes::<Resources>(&bytes).unwrap(), shape);
    }
}
