//! Facts about a request that come from outside.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::{Instant, optional_number};

/// How many modules the control plane has.
pub const MODULES: usize = 7;

/// One stage of the virtual control plane, in the order in which a request passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Module {
    /// Takes the request in.
    Gateway,
    /// Finds out who asks.
    Authentication,
    /// Decides whether the request is well formed and allowed.
    Admission,
    /// Holds the tenant to its quota.
    Quota,
    /// Chooses the node.
    Scheduler,
    /// Makes the resource on its node.
    Provisioner,
    /// Writes down what is to be paid.
    Metering,
}

impl Module {
    /// Every module, in order.
    pub const ALL: [Self; MODULES] = [
        Self::Gateway,
        Self::Authentication,
        Self::Admission,
        Self::Quota,
        Self::Scheduler,
        Self::Provisioner,
        Self::Metering,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Authentication => "authentication",
            Self::Admission => "admission",
            Self::Quota => "quota",
            Self::Scheduler => "scheduler",
            Self::Provisioner => "provisioner",
            Self::Metering => "metering",
        }
    }
}

/// An observation, and when it came in by the clock of the service: what came later was not known then.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// When it came in.
    pub at: Instant,
    /// What was seen.
    pub observation: Observation,
}

/// What was seen of one request; everything but `request` may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observation {
    /// The request's id.
    pub request: String,
    /// Whether the primary let it in.
    #[serde(default)]
    pub admitted: Option<bool>,
    /// Why not.
    #[serde(default)]
    pub reason: Option<String>,
    /// The node it was placed on.
    #[serde(default)]
    pub node: Option<String>,
    /// When the resource could be used.
    #[serde(default)]
    pub ready_at: Option<Instant>,
    /// Time spent in each module, in milliseconds.
    #[serde(default, deserialize_with = "times")]
    pub module_ms: BTreeMap<Module, f64>,
    /// When the resource was given back.
    #[serde(default)]
    pub released_at: Option<Instant>,
}

fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Module, f64>, D::Error> {
    let times = BTreeMap::<ModuleName, Milliseconds>::deserialize(deserializer)?;
    Ok(times.into_iter().map(|(ModuleName(module), Milliseconds(time))| (module, time)).collect())
}

/// A module as a text, so that a wrong one is part of the path to what is wrong.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct ModuleName(Module);

impl TryFrom<String> for ModuleName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = Module::ALL.into_iter().find(|module| module.as_str() == name);
        known.map(Self).ok_or_else(|| {
            let names: Vec<&str> = Module::ALL.iter().map(|module| module.as_str()).collect();
            format!("is no module; expected one of {}", names.join(", "))
        })
    }
}

struct Milliseconds(f64);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a number of milliseconds, as 12.5";
        let time = optional_number(deserializer, EXPECTED)?;
        time.map(Self).ok_or_else(|| D::Error::custom(format!("is null; expected {EXPECTED}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::read_observations;

    #[test]
    fn a_wrong_module_is_named() {
        let check = |times: &str, field: &str, part: &str| {
            let error = read_observations(&format!(r#"{{"request":"r","module_ms":{times}}}"#)).unwrap_err().first();
            assert_eq!((error.line, error.field.as_deref()), (1, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check(r#"{"scheduler":"1"}"#, "module_ms.scheduler", "is \"1\"; expected a number of milliseconds, as 12.5");
        check(r#"{"scheduler":null}"#, "module_ms.scheduler", "is null; expected a number of milliseconds");
        check(r#"{"planner":1}"#, "module_ms.planner", "is no module; expected one of gateway, authentication");
        let read = read_observations(r#"{"request":"r","module_ms":{"scheduler":1,"quota":0.5}}"#).unwrap();
        assert_eq!(read[0].1.module_ms, BTreeMap::from([(Module::Scheduler, 1.0), (Module::Quota, 0.5)]));
    }
}
