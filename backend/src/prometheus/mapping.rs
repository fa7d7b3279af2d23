//! Which metrics are wanted, and what each becomes.
//!
//! ```toml
//! [[rule]]
//! metric = "node_load1"
//! matchers = ['job="node"', 'instance=~"n-.*"']
//! sensor = "cpu_load"
//! scope = "{instance}"
//!
//! [[rule]]
//! metric = "container_cpu_usage_seconds_total"
//! rate = true
//! usage = "vcpu"
//! scope = "{namespace}/{pod}"
//!
//! [[rule]]
//! metric = "scheduling_duration_seconds_bucket"
//! module = "scheduler"
//! request = "{request_id}"
//! scale = 1000
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::input::{InputError, parse_toml_document};
use shared::request::Module;
use shared::units::Dimension;

use super::labels::Labels;
use super::matcher::Matcher;
use super::template::Template;

/// The rules of a file; the first that matches a series holds for it.
#[derive(Clone, Debug)]
pub struct Mapping {
    rules: Vec<Rule>,
    /// The rules that may match a metric, by its name; those of no name in particular stand under each.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Those of no name in particular.
    of_any_name: Vec<usize>,
}

/// What becomes of the series that it matches.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    matchers: Vec<Matcher>,
    /// Samples are totals that only grow, and what is wanted is how fast.
    pub(super) rate: bool,
    /// What a value is multiplied by.
    pub(super) scale: f64,
    pub(super) becomes: Becomes,
}

#[derive(Clone, Debug)]
pub(super) enum Becomes {
    /// Readings of a sensor, somewhere.
    Sensor { sensor: String, scope: Template },
    /// How many milliseconds a request was in a module.
    ModuleTime { module: Module, request: Template },
}

/// Reads the file of a mapping.
///
/// # Errors
/// With the line of what is no TOML, or no rule that could ever say something.
pub fn read_prometheus_mapping(text: &str) -> Result<Mapping, InputError> {
    let file: File = parse_toml_document(text)?;
    let heads = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("[[rule]]"));
    let lines: Vec<u64> = heads.map(|(_, number)| number).collect();
    let mut rules = Vec::with_capacity(file.rules.len());
    for (place, rule) in file.rules.into_iter().enumerate() {
        let rule = rule.checked().map_err(|(field, message)| {
            // Rules that are written inline have no line of their own.
            InputError::field(lines.get(place).copied().unwrap_or(0), format!("rule[{place}].{field}"), message)
        })?;
        rules.push(rule);
    }
    if rules.is_empty() {
        return Err(InputError::whole("has no rule; expected a `[[rule]]` for each metric that is wanted"));
    }
    Ok(Mapping::new(rules))
}

impl Mapping {
    fn new(named: Vec<(Option<String>, Rule)>) -> Self {
        let of_any_name: Vec<usize> = (0..named.len()).filter(|&place| named[place].0.is_none()).collect();
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for name in named.iter().filter_map(|(name, _)| name.as_ref()) {
            let may = |place: &usize| named[*place].0.as_ref().is_none_or(|other| other == name);
            by_name.entry(name.clone()).or_insert_with(|| (0..named.len()).filter(may).collect());
        }
        Self { rules: named.into_iter().map(|(_, rule)| rule).collect(), by_name, of_any_name }
    }

    /// The number of the rule that holds for a series.
    pub(super) fn rule_of(&self, labels: &Labels) -> Option<usize> {
        let may = self.by_name.get(labels.name()).unwrap_or(&self.of_any_name);
        may.iter().copied().find(|&rule| self.rules[rule].matchers.iter().all(|matcher| matcher.holds(labels)))
    }

    /// The rule of that number.
    pub(super) fn rule(&self, number: usize) -> &Rule {
        &self.rules[number]
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "rule", default)]
    rules: Vec<WrittenRule>,
}

/// A rule as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    metric: Option<String>,
    #[serde(default)]
    matchers: Vec<String>,
    #[serde(default)]
    rate: bool,
    scale: Option<f64>,
    sensor: Option<String>,
    usage: Option<String>,
    module: Option<Module>,
    #[serde(default)]
    scope: String,
    request: Option<String>,
}

/// A field, and what is wrong with it.
type Wrong = (&'static str, String);

impl WrittenRule {
    /// The name of the metric where there is but one, and the rule.
    fn checked(self) -> Result<(Option<String>, Rule), Wrong> {
        let matchers: Result<Vec<Matcher>, String> = self.matchers.iter().map(|text| text.parse()).collect();
        let matchers = matchers.map_err(|message| ("matchers", message))?;
        let named = matchers.iter().find_map(|matcher| matcher.only_value_of("__name__")).map(str::to_owned);
        let metric = self.metric.clone().or(named);
        if metric.as_ref().is_some_and(String::is_empty) {
            return Err(("metric", "is empty; expected the name of a metric".to_owned()));
        }
        if metric.is_none() && matchers.is_empty() {
            return Err(("metric", "is missing; expected the name of a metric, or `matchers`".to_owned()));
        }
        let scale = self.scale.unwrap_or(1.0);
        if !scale.is_finite() || scale == 0.0 {
            return Err(("scale", format!("is {scale}; expected what values are multiplied by, as 0.001")));
        }
        let rule = Rule { matchers, rate: self.rate, scale, becomes: self.becomes()? };
        Ok((metric, rule))
    }

    fn becomes(self) -> Result<Becomes, Wrong> {
        let scope = || self.scope.parse::<Template>().map_err(|message| ("scope", message));
        if self.module.is_none() && self.request.is_some() {
            return Err(("request", "has no effect without `module`; leave it out, or name the module".to_owned()));
        }
        match (self.sensor, self.usage, self.module) {
            (Some(sensor), None, None) if sensor.is_empty() => {
                Err(("sensor", "is empty; name the sensor, such as cpu_load".to_owned()))
            }
            (Some(sensor), None, None) => Ok(Becomes::Sensor { sensor, scope: scope()? }),
            (None, Some(usage), None) => {
                let fields = Dimension::ALL.map(Dimension::field);
                if !fields.contains(&usage.as_str()) {
                    return Err(("usage", format!("is `{usage}`; expected one of {}", fields.join(", "))));
                }
                let scope = scope()?;
                if scope.is_empty() {
                    let message = "is missing; expected whose usage it is, as {namespace}/{pod}";
                    return Err(("scope", message.to_owned()));
                }
                Ok(Becomes::Sensor { sensor: format!("usage_{usage}"), scope })
            }
            (None, None, Some(_)) if self.rate => {
                Err(("rate", "has no effect on times in a module; leave it out".to_owned()))
            }
            (None, None, Some(module)) => {
                let request = self.request.ok_or_else(|| {
                    ("request", "is missing; expected the label that has the request's id, as {request_id}".to_owned())
                })?;
                Ok(Becomes::ModuleTime { module, request: request.parse().map_err(|message| ("request", message))? })
            }
            _ => Err((
                "sensor",
                "or else `usage` or `module` says what the metric becomes; expected one of them".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |rule: &str, field: &str, part: &str| {
            let error = read_prometheus_mapping(&format!("# Ours.\n[[rule]]\n{rule}\n")).unwrap_err();
            assert!(error.line >= 2, "{error}");
            assert_eq!(error.field.as_deref(), Some(format!("rule[0].{field}").as_str()), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("sensor = \"a\"", "metric", "is missing");
        check("metric = \"\"\nsensor = \"a\"", "metric", "is empty");
        check("metric = \"m\"", "sensor", "expected one of them");
        check("metric = \"m\"\nsensor = \"a\"\nusage = \"vcpu\"", "sensor", "expected one of them");
        check("metric = \"m\"\nusage = \"cpu\"\nscope = \"{pod}\"", "usage", "expected one of vcpu, memory_gib");
        check("metric = \"m\"\nusage = \"vcpu\"", "scope", "whose usage it is");
        check("metric = \"m\"\nsensor = \"a\"\nscope = \"{pod\"", "scope", "names of labels in braces");
        check("metric = \"m\"\nsensor = \"a\"\nmatchers = ['pod=~\"(\"']", "matchers", "no regular expression");
        check("metric = \"m\"\nsensor = \"a\"\nmatchers = ['pod']", "matchers", "expected a condition such as");
        check("metric = \"m\"\nsensor = \"a\"\nscale = 0", "scale", "multiplied by");
        check("metric = \"m\"\nmodule = \"scheduler\"", "request", "is missing");
        check("metric = \"m\"\nmodule = \"scheduler\"\nrequest = \"{r}\"\nrate = true", "rate", "has no effect");
        check("metric = \"m\"\nmodule = \"planner\"\nrequest = \"{r}\"", "module", "planner");
        check("metric = \"m\"\nsensor = \"a\"\ncolour = 1", "colour", "is unknown");
        assert!(read_prometheus_mapping("").unwrap_err().message.contains("has no rule"));
    }

    /// The example of the top, and the file that is deployed.
    #[test]
    fn examples_are_good() {
        let deployed = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/prometheus/mapping.toml");
        let of_docs: String = include_str!("mapping.rs")
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .skip_while(|line| !line.contains("```toml"))
            .skip(1)
            .take_while(|line| !line.contains("```"))
            .fold(String::new(), |text, line| text + line + "\n");
        for text in [of_docs, std::fs::read_to_string(deployed).unwrap()] {
            assert!(read_prometheus_mapping(&text).unwrap().rules.len() >= 3, "{text}");
        }
    }
}
