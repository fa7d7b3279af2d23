//! Scenarios by content hash: what a link becomes when it is too long for itself.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::input::{InputError, parse_json_object};
use crate::scenario::Scenario;
use crate::simulation::Digest;

/// A scenario, and the digest that whoever saved it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedScenario {
    /// The scenario.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub scenario: Scenario,
    /// The digest of its outcome, where it was run.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub digest: Option<Digest>,
}

impl SavedScenario {
    /// A scenario by itself, as `shadow --save-scenario` writes it, or with its digest, as the service keeps it.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub fn from_json(text: &str) -> Result<Self, InputError> {
        let fields: BTreeMap<String, IgnoredAny> = parse_json_object(text)?;
        if fields.contains_key("scenario") {
            return parse_json_object(text);
        }
        Ok(Self { scenario: parse_json_object(text)?, digest: None })
    }
}

/// Where a saved scenario is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenarioLink {
    /// BLAKE3 of its bytes; the last segment of [`SCENARIO`](super::paths::SCENARIO).
    pub hash: String,
}
