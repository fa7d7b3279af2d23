//! What is asked of a statement.

use core::str::FromStr;

use serde::Deserialize;
use shared::allocation::{Metering, Resolution, SharedPolicy};
use shared::units::{Duration, Instant, Window};

use crate::http::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Ask {
    pub(super) from: Option<Instant>,
    pub(super) to: Option<Instant>,
    pub(super) by: Option<String>,
    pub(super) resolution: Option<String>,
    pub(super) idle: Option<String>,
    pub(super) shared: Option<String>,
    pub(super) weights: Option<String>,
    pub(super) provider: Option<String>,
}

/// How long the window is where its start is not asked for.
const USUAL: Duration = Duration::from_seconds(7 * 86_400);

/// What becomes of shared cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AskedShare {
    Policy(SharedPolicy),
    /// By tenant.
    Weights(Vec<(String, u64)>),
}

impl Ask {
    /// What is asked for, inside of what is known.
    pub(super) fn window(&self, known: Window) -> Result<Window, Problem> {
        let end = self.to.unwrap_or(known.end);
        let start = self.from.unwrap_or_else(|| known.start.max(end - USUAL));
        if end > known.end {
            return Err(Problem::field(
                "to",
                format!("is {end}; the last hour that has closed ended at {}", known.end),
            ));
        }
        if start < known.start {
            return Err(Problem::field("from", format!("is {start}; who lives is known from {} on", known.start)));
        }
        if start >= end {
            let message = format!("is {start}; expected an instant before {end}, where the window ends");
            return Err(Problem::field("from", message));
        }
        Ok(Window { start, end })
    }

    pub(super) fn resolution(&self, usual: Resolution) -> Result<Resolution, Problem> {
        Ok(parsed("resolution", self.resolution.as_deref())?.unwrap_or(usual))
    }

    /// What becomes of shared cost; weights go with the policy of their name.
    pub(super) fn shared(&self) -> Result<AskedShare, Problem> {
        let weighted = self.shared.as_deref() == Some("weighted");
        match (&self.weights, weighted) {
            (Some(text), true) => Ok(AskedShare::Weights(weights(text)?)),
            (None, true) => {
                let message = "is missing, and shared is weighted; expected weights such as shop:3,lab:1";
                Err(Problem::field("weights", message))
            }
            (Some(_), false) => Err(Problem::field("weights", "has no effect without shared=weighted; add it")),
            (None, false) => Ok(AskedShare::Policy(parsed("shared", self.shared.as_deref())?.unwrap_or_default())),
        }
    }
}

impl AskedShare {
    /// The policy for the tenants of a metering; whoever has no weight pays nothing.
    pub(super) fn of(&self, metering: &Metering) -> Result<SharedPolicy, Problem> {
        let weights = match self {
            Self::Policy(policy) => return Ok(policy.clone()),
            Self::Weights(weights) => weights,
        };
        let mut by_tenant = vec![0; metering.tenants.len()];
        for (name, weight) in weights {
            let place = metering.tenants.iter().position(|tenant| tenant.name == *name);
            by_tenant[place.ok_or_else(|| Problem::unknown_tenant("weights", name))?] = *weight;
        }
        Ok(SharedPolicy::Weighted(by_tenant))
    }
}

/// `TENANT:WEIGHT`, separated by commas; a weight is what stands after the last colon.
fn weights(text: &str) -> Result<Vec<(String, u64)>, Problem> {
    let mut all: Vec<(String, u64)> = Vec::new();
    for part in text.split(',') {
        let read =
            part.rsplit_once(':').and_then(|(name, weight)| Some((name.to_owned(), weight.parse::<u32>().ok()?)));
        let (name, weight) = read.ok_or_else(|| {
            Problem::field("weights", format!("has `{part}`; expected TENANT:WEIGHT, a whole number, such as shop:3"))
        })?;
        if all.iter().any(|(other, _)| *other == name) {
            return Err(Problem::field("weights", format!("names `{name}` twice; expected each tenant once")));
        }
        all.push((name, u64::from(weight)));
    }
    Ok(all)
}

pub(super) fn parsed<T: FromStr<Err = String>>(field: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|error: String| Problem::field(field, error))).transpose()
}
