//! Who pays for what nobody asked for, and for what everybody uses.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::input::{InputError, Row, Table};

/// What becomes of idle cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IdlePolicy {
    /// It stands by itself.
    #[default]
    Keep,
    /// Who used nodes of the group pays in proportion to what that cost in the hour.
    Proportional,
    /// Who used nodes of the group when most of them was asked for in the hour pays in proportion to what they used then:
    /// nodes are there for the peak.
    Peak,
}

/// What becomes of the cost of modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SharedPolicy {
    /// It stands by itself.
    #[default]
    Keep,
    /// Every tenant that used something in the hour pays the same.
    Uniform,
    /// Tenants pay in proportion to their workload in the hour.
    Proportional,
    /// Tenants pay by these weights, one a tenant, whatever they use.
    Weighted(Vec<u64>),
}

impl IdlePolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Proportional, Self::Peak];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Proportional => "proportional",
            Self::Peak => "peak",
        }
    }
}

impl SharedPolicy {
    /// The name on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Uniform => "uniform",
            Self::Proportional => "proportional",
            Self::Weighted(_) => "weighted",
        }
    }
}

impl FromStr for IdlePolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no policy for idle cost; expected keep, proportional or peak"))
    }
}

impl FromStr for SharedPolicy {
    type Err = String;

    /// A policy that needs no weights.
    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::Keep, Self::Uniform, Self::Proportional].into_iter().find(|policy| policy.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no policy for shared cost; expected keep, uniform or proportional"))
    }
}

/// Reads `tenant,weight`, whole numbers.
///
/// # Errors
/// At the first wrong line, or where a tenant stands twice.
pub fn read_weights(text: &str) -> Result<Vec<(String, u64)>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["tenant", "weight"])?;
    let (tenant, weight) = (table.column("tenant")?, table.column("weight")?);
    let (mut weights, mut row): (Vec<(String, u64)>, Row) = (Vec::new(), Row::default());
    while table.next(&mut row)? {
        let name = row.get(tenant);
        if name.is_empty() || weights.iter().any(|(other, _)| other == name) {
            let message = if name.is_empty() { "is empty; expected a name" } else { "stands there twice" };
            return Err(InputError::field(row.line, "tenant", message));
        }
        // Weights of all tenants together stay far from where the shares could not be reckoned.
        let value = row.get(weight).parse::<u64>().ok().filter(|value| *value <= 1_000_000_000);
        let value = value.ok_or_else(|| {
            let message = format!("`{}` is no weight; expected a whole number up to 1000000000", row.get(weight));
            InputError::field(row.line, "weight", message)
        })?;
        weights.push((name.to_owned(), value));
    }
    Ok(weights)
}
