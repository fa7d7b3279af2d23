//! How nodes are bought, and what ends them before their time.

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Instant};

/// How the nodes of a group are bought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Purchase {
    /// At the price of the price book, for as long as they are wanted.
    #[default]
    OnDemand,
    /// From what the provider has left over: cheaper, and taken back at any time.
    Spot(Spot),
}

/// The terms of spot nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spot {
    /// What a node costs, in percent of the price of the price book.
    pub price_percent: u32,
    /// How long a node serves on average before it is taken back, exponentially distributed; never where nothing is said.
    #[serde(default)]
    pub interrupted_after: Option<Duration>,
    /// From the notice, when everything on the node leaves it, until it is gone; two minutes unless said, as in EC2.
    #[serde(default = "two_minutes")]
    pub notice: Duration,
}

/// A zone that is lost for a while: its nodes fail, and there are no new ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outage {
    /// Which one.
    pub zone: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

impl Outage {
    /// Whether the zone is lost at `at`.
    pub fn is_on(&self, at: Instant) -> bool {
        (self.from..self.until).contains(&at)
    }
}

impl Spot {
    /// Spot nodes with two minutes of notice.
    pub fn new(price_percent: u32, interrupted_after: Option<Duration>) -> Self {
        Self { price_percent, interrupted_after, notice: two_minutes() }
    }
}

impl Purchase {
    /// What a node costs, in percent of the price of the price book.
    pub fn price_percent(&self) -> u32 {
        match self {
            Self::OnDemand => 100,
            Self::Spot(spot) => spot.price_percent,
        }
    }

    /// The terms of spot nodes, where these are.
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            Self::OnDemand => None,
            Self::Spot(spot) => Some(spot),
        }
    }
}

fn two_minutes() -> Duration {
    Duration::from_minutes(2)
}
