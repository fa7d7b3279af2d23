//! Amounts on the wire: as people write them, or as our units in binary formats, where only what is not zero is written, so
//! that a further dimension changes nothing for those that have none of it.

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Dimension, Resources};
use crate::units::optional_number;

impl Serialize for Resources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            let amounts = Dimension::ALL.into_iter().filter(|&d| self[d] > 0).map(|d| (d as u8, self[d]));
            return serializer.collect_seq(amounts.collect::<Vec<_>>());
        }
        let mut map = serializer.serialize_map(None)?;
        for dimension in Dimension::ALL.into_iter().filter(|&d| self[d] > 0) {
            let (units, per) = (self[dimension], dimension.per_written_unit());
            if units % per == 0 {
                map.serialize_entry(dimension.field(), &(units / per))?;
            } else {
                map.serialize_entry(dimension.field(), &(f64::from(units) / f64::from(per)))?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Written::deserialize(deserializer).map(Self::from);
        }
        let mut amounts = Self::ZERO;
        for (dimension, amount) in Vec::<(u8, u32)>::deserialize(deserializer)? {
            let dimension = Dimension::ALL.get(usize::from(dimension));
            amounts[*dimension.ok_or_else(|| D::Error::custom("a dimension that there is not"))?] = amount;
        }
        Ok(amounts)
    }
}

/// The amounts as people write them, in our units.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object of amounts, as {\"vcpu\":2,\"memory_gib\":8}")]
struct Written {
    #[serde(deserialize_with = "amount::<_, { Dimension::Vcpu as usize }>")]
    vcpu: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Memory as usize }>")]
    memory_gib: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Gpu as usize }>")]
    gpu: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Storage as usize }>")]
    storage_gib: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Network as usize }>")]
    network_mbps: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::LocalDisk as usize }>")]
    local_disk_gib: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Iops as usize }>")]
    iops: u32,
    #[serde(deserialize_with = "amount::<_, { Dimension::Addresses as usize }>")]
    addresses: u32,
}

impl From<Written> for Resources {
    fn from(written: Written) -> Self {
        let Written { vcpu, memory_gib, gpu, storage_gib, network_mbps, local_disk_gib, iops, addresses } = written;
        Self([vcpu, memory_gib, gpu, storage_gib, network_mbps, local_disk_gib, iops, addresses])
    }
}

/// An amount of the dimension at a place of [`Dimension::ALL`]; nothing where it is null.
fn amount<'de, D: Deserializer<'de>, const DIMENSION: usize>(deserializer: D) -> Result<u32, D::Error> {
    let dimension = Dimension::ALL[DIMENSION];
    let Some(written) = optional_number(deserializer, dimension.expected())? else { return Ok(0) };
    // A float's shortest text is what they wrote; beyond these it is shortest with an exponent.
    let plain = written == 0.0 || (1e-9..1e15).contains(&written.abs());
    let text = if plain { written.to_string() } else { format!("{written:e}") };
    dimension.parse(&text).map_err(D::Error::custom)
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Resources {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let number = || ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0.0));
        Dimension::ALL
            .into_iter()
            .fold(ObjectBuilder::new(), |object, dimension| object.property(dimension.field(), number()))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Resources {}
