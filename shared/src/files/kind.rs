//! What a file is, by what is in it.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::input::InputError;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// What kubectl printed of a cluster, JSON.
    ClusterState,
    /// Requests, NDJSON.
    Requests,
    /// Requests, CSV.
    RequestTable,
    /// Facts about requests, NDJSON.
    Observations,
    /// Machines, CSV.
    Inventory,
    /// Prices: CSV, TOML or JSON.
    Prices,
    /// What tenants may hold, CSV.
    Quotas,
    /// What zones have beside nodes, CSV.
    Pools,
    /// Names of priorities, CSV.
    PriorityClasses,
}

/// What may be dropped, for people.
const EXPECTED: &str = "expected what `kubectl get nodes,pods,pvc,services,resourcequotas,priorityclasses -A -o json` \
                        prints, requests (NDJSON, or CSV with at, tenant, …), an inventory (node, instance_type, …), \
                        prices, quotas, pools, priority classes or observations";

impl FileKind {
    /// What it is, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ClusterState => "the state of a cluster",
            Self::Requests | Self::RequestTable => "requests",
            Self::Observations => "observations",
            Self::Inventory => "an inventory",
            Self::Prices => "prices",
            Self::Quotas => "quotas",
            Self::Pools => "pools",
            Self::PriorityClasses => "priority classes",
        }
    }

    /// Whether several files of it are read together.
    pub(super) const fn may_stand_beside_its_like(self) -> bool {
        matches!(self, Self::Observations)
    }

    /// Tells by the first object of JSON, or by the header of a table.
    ///
    /// # Errors
    /// When it is nothing that is known.
    pub fn of(text: &str) -> Result<Self, InputError> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.is_empty() {
            return Err(InputError::whole(format!("is empty; {EXPECTED}")));
        }
        if text.starts_with('{') {
            return of_object(text);
        }
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let header = line.unwrap_or_default();
        // A list of prices in JSON, or tables of TOML.
        if header.starts_with('[') || header.contains('=') {
            return Ok(Self::Prices);
        }
        of_header(header)
    }
}

/// The fields that tell objects apart.
#[derive(Deserialize)]
struct Probe {
    op: Option<IgnoredAny>,
    request: Option<IgnoredAny>,
    prices: Option<IgnoredAny>,
    items: Option<IgnoredAny>,
    kind: Option<IgnoredAny>,
    demand: Option<IgnoredAny>,
    scenario: Option<IgnoredAny>,
}

fn of_object(text: &str) -> Result<FileKind, InputError> {
    let first = serde_json::Deserializer::from_str(text).into_iter::<Probe>().next();
    let probe = match first {
        Some(Ok(probe)) => probe,
        Some(Err(error)) => {
            return Err(InputError::line(error.line() as u64, format!("is no JSON ({error}); bring the file anew")));
        }
        None => return Err(InputError::whole(format!("holds nothing; {EXPECTED}"))),
    };
    match probe {
        Probe { op: Some(_), .. } => Ok(FileKind::Requests),
        Probe { request: Some(_), .. } => Ok(FileKind::Observations),
        Probe { prices: Some(_), .. } => Ok(FileKind::Prices),
        Probe { items: Some(_), .. } | Probe { kind: Some(_), .. } => Ok(FileKind::ClusterState),
        Probe { demand: Some(_), .. } | Probe { scenario: Some(_), .. } => {
            Err(InputError::whole("is a scenario, which needs no other file: open it with `Open scenario`"))
        }
        _ => Err(InputError::whole(format!("is JSON of a kind that is not known; {EXPECTED}"))),
    }
}

fn of_header(header: &str) -> Result<FileKind, InputError> {
    let columns: Vec<&str> = header.split([',', ';', '\t']).map(|name| name.trim().trim_matches('"')).collect();
    let has = |name: &str| columns.contains(&name);
    if has("node") && has("instance_type") {
        Ok(FileKind::Inventory)
    } else if has("instance_type") && has("currency") {
        Ok(FileKind::Prices)
    } else if has("pool") {
        Ok(FileKind::Pools)
    } else if has("name") && has("priority") {
        Ok(FileKind::PriorityClasses)
    } else if has("tenant") && has("at") {
        Ok(FileKind::RequestTable)
    } else if has("tenant") {
        Ok(FileKind::Quotas)
    } else if has("timestamp") && has("value") {
        Err(InputError::line(
            1,
            "is a series of counts, which names no tenants and sizes: forecast it on the page Demand",
        ))
    } else {
        let found: Vec<String> = columns.iter().take(8).map(|name| format!("`{name}`")).collect();
        let message = format!(
            "has columns that are not known ({}); {EXPECTED}; `shadowplane import csv` maps others",
            found.join(", ")
        );
        Err(InputError::line(1, message))
    }
}
