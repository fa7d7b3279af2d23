//! Commitment discounts: a lower price for use that is paid for in any case.

use serde::{Deserialize, Serialize};

use crate::units::{Instant, Rate, Window};

/// What was promised for a term, and what that makes cheaper; FOCUS's commitment discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitmentDiscount {
    /// What people call it; each once.
    pub name: String,
    /// What it makes cheaper.
    pub covers: Coverage,
    /// From when it holds.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// What a commitment discount makes cheaper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Coverage {
    /// So many machines of one instance type, as reserved instances do.
    Machines {
        /// The type; where resources have a price of their own, the flavor.
        instance_type: String,
        /// How many at once.
        count: u32,
        /// What each costs an hour, used or not: the recurring price, and the upfront one spread over the term.
        rate: Rate,
    },
    /// Whatever is used, up to an amount of money an hour, as savings plans do.
    Spend {
        /// What is paid an hour, used or not.
        rate: Rate,
        /// What use costs under it, in percent of its price.
        price_percent: u32,
        /// The families whose types it covers, such as `m5` for `m5.large`; every type where there are none.
        families: Vec<String>,
    },
}

impl CommitmentDiscount {
    /// The part of `window` in which it holds, in microseconds.
    pub fn micros_in(&self, window: Window) -> i64 {
        (self.until.min(window.end) - self.from.max(window.start)).micros().max(0)
    }
}

impl Coverage {
    /// Whether use of an instance type may become cheaper.
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Machines { instance_type, .. } => instance_type == name,
            Self::Spend { families, .. } => {
                families.is_empty() || families.iter().any(|family| family == family_of(name))
            }
        }
    }
}

/// The family of an instance type: what stands before its first dot.
fn family_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}
