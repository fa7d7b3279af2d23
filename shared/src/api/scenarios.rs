//! Scenarios by content hash: what a link becomes when it is too long for itself.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::input::{InputError, InputProblems, Wrong, every_wrong_field, parse_json_object};
use crate::scenario::{Problem, Scenario, ValidScenario};
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
    /// With every field that is wrong; where these are of modules, prices or autoscaling alone, with what else keeps the
    /// scenario from running.
    pub fn from_json(text: &str) -> Result<Self, InputProblems> {
        let fields: BTreeMap<String, IgnoredAny> = parse_json_object(text)?;
        if fields.contains_key("scenario") {
            return parse_json_object(text).map_err(|first| {
                let Wrong { errors, guessed } = every_wrong_field::<Self>(text, first);
                all_problems(errors, guessed.map(|guessed| guessed.scenario), "scenario.")
            });
        }
        let scenario = parse_json_object(text).map_err(|first| {
            let Wrong { errors, guessed } = every_wrong_field::<Scenario>(text, first);
            all_problems(errors, guessed, "")
        })?;
        Ok(Self { scenario, digest: None })
    }
}

/// The parts of a scenario in which a guess makes nothing else wrong.
const BY_THEMSELVES: [&str; 3] = ["modules", "price_book", "autoscaling"];

/// The wrong fields, and what else there is to say of what could be read with guesses for them.
fn all_problems(mut errors: Vec<InputError>, guessed: Option<Scenario>, prefix: &str) -> InputProblems {
    let part = |error: &InputError| {
        let field = error.field.as_deref()?.strip_prefix(prefix)?;
        field.split(['.', '[']).next().map(str::to_owned)
    };
    let by_themselves =
        errors.iter().all(|error| part(error).is_some_and(|part| BY_THEMSELVES.contains(&part.as_str())));
    let problems = guessed.filter(|_| by_themselves).and_then(|guessed| ValidScenario::new(guessed).err());
    for Problem { field, message } in problems.map_or_else(Vec::new, |problems| problems.0) {
        let field = format!("{prefix}{field}");
        let is_said = errors.iter().filter_map(|error| error.field.as_deref()).any(|said| field.starts_with(said));
        if !is_said {
            errors.push(InputError { line: 0, field: Some(field), message });
        }
    }
    InputProblems(errors)
}

/// Where a saved scenario is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenarioLink {
    /// BLAKE3 of its bytes; the last segment of [`SCENARIO`](super::paths::SCENARIO).
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    /// What the house asks for of the impossible, all at once: a price below zero, no worker, a flavor that no node holds.
    #[test]
    fn a_wrong_price_hides_nothing_else() {
        let mut scenario = serde_json::to_value(example::scenario()).unwrap();
        scenario["price_book"]["types"][0]["prices"][0]["rate"] = "-0.1".into();
        scenario["modules"][3]["rate"] = "-1".into();
        scenario["modules"][2]["workers"] = 0.into();
        scenario["flavors"][1]["requested"]["vcpu"] = 640.into();
        let name = scenario["flavors"][1]["name"].as_str().unwrap().to_owned();
        let expected = |prefix: &str| {
            let fields = [
                "modules[3].rate".to_owned(),
                "price_book.types[0].prices[0].rate".to_owned(),
                format!("flavors[1] ({name})"),
                "modules[2] (admission).workers".to_owned(),
            ];
            fields.map(|field| format!("{prefix}{field}"))
        };
        let fields = |text: &str| {
            let InputProblems(errors) = SavedScenario::from_json(text).unwrap_err();
            errors.into_iter().filter_map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&scenario.to_string()), expected(""));
        let saved = serde_json::json!({ "scenario": scenario, "digest": null });
        assert_eq!(fields(&saved.to_string()), expected("scenario."));
    }
}
