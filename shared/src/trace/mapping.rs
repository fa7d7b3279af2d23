//! Who is which tenant: namespaces, accounts and labels of foreign data, with dates.
//!
//! ```toml
//! [[rule]]
//! tenant = "payments"
//! namespace = "prod-pay"
//!
//! [[rule]]
//! tenant = "web"
//! labels = { team = "web" }
//! from = "2026-03-01T00:00:00Z"
//! ```
//!
//! The same rules are for requests and for bills: an account is the sub account of a charge, by id or name (the cluster in
//! OpenCost), a namespace its namespace, and labels are its tags.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::input::{InputError, parse_toml_document};
use crate::request::{Operation, Request};
use crate::trace::charge::Charge;
use crate::units::Instant;

/// The rules of a `mapping.toml`; the first that matches wins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// In the order of the file.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// One rule; all of its conditions have to hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Our tenant.
    pub tenant: String,
    /// What requests name as their tenant: a namespace or a project.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The account of a bill, which requests may name as their tenant too.
    #[serde(default)]
    pub account: Option<String>,
    /// Labels that have to be there with these values.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Since when the rule holds; since ever where none.
    #[serde(default)]
    pub from: Option<Instant>,
    /// When it ceases to hold; never where none.
    #[serde(default)]
    pub until: Option<Instant>,
}

/// Reads a `mapping.toml`.
///
/// # Errors
/// With the line of what is no TOML or no rule; and for a rule without a condition, which would match everything.
pub fn read_mapping(text: &str) -> Result<Mapping, InputError> {
    let mapping: Mapping = parse_toml_document(text)?;
    let heads = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("[[rule]]"));
    let lines: Vec<u64> = heads.map(|(_, number)| number).collect();
    for (i, rule) in mapping.rules.iter().enumerate() {
        // Rules that are written inline have no line of their own.
        let line = lines.get(i).copied().unwrap_or(0);
        let wrong = |name: &str, message: &str| InputError::field(line, format!("rule[{i}].{name}"), message);
        if rule.tenant.is_empty() {
            return Err(wrong("tenant", "is empty; expected a name"));
        }
        if rule.namespace.is_none() && rule.account.is_none() && rule.labels.is_empty() {
            return Err(wrong("tenant", "matches everything; expected a namespace, an account, or labels"));
        }
        if rule.from.zip(rule.until).is_some_and(|(from, until)| until <= from) {
            return Err(wrong("until", "is not after `from`; expected a later instant"));
        }
    }
    Ok(mapping)
}

impl Mapping {
    /// The tenant of a request made at `at` by `who` (a namespace or an account), where a rule says it.
    pub fn tenant(&self, who: &str, labels: &BTreeMap<String, String>, at: Instant) -> Option<&str> {
        self.rules.iter().find(|rule| rule.matches(who, labels, at)).map(|rule| rule.tenant.as_str())
    }

    /// Who pays a charge, where a rule says it; what holds when the period of the charge begins counts for all of it.
    pub fn tenant_of_charge(&self, charge: &Charge) -> Option<&str> {
        self.rule_of_charge(charge).map(|position| self.rules[position].tenant.as_str())
    }

    /// The position of the rule that says who pays a charge.
    pub fn rule_of_charge(&self, charge: &Charge) -> Option<usize> {
        let matching = |rule: &Rule| rule.missing_labels(charge).is_some_and(|missing| missing.is_empty());
        self.rules.iter().position(matching)
    }

    /// Labels that no rule could look at since the charge lacks them, though everything else about it matches.
    pub fn labels_missing_on<'a>(&'a self, charge: &Charge) -> Vec<&'a str> {
        let missing = self.rules.iter().filter_map(|rule| rule.missing_labels(charge)).flatten();
        let mut missing: Vec<&str> = missing.collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

impl Rule {
    /// The labels of the rule that a charge lacks altogether; none where anything of the charge contradicts the rule.
    fn missing_labels(&self, charge: &Charge) -> Option<Vec<&str>> {
        let is = |wanted: &Option<String>, found: &[&Option<String>]| {
            wanted.as_deref().is_none_or(|wanted| found.iter().any(|found| found.as_deref() == Some(wanted)))
        };
        // A charge without a sub account is of the billing account itself.
        let billing = charge.billing_account.clone().filter(|_| charge.sub_account.is_none());
        let holds = self.holds_at(charge.period.start)
            && is(&self.namespace, &[&charge.namespace])
            && is(&self.account, &[&charge.sub_account, &charge.sub_account_name, &billing])
            && self.labels.iter().all(|(key, value)| charge.tags.get(key).is_none_or(|found| found == value));
        let missing = self.labels.keys().filter(|key| !charge.tags.contains_key(*key));
        holds.then(|| missing.map(String::as_str).collect())
    }

    fn holds_at(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn matches(&self, who: &str, labels: &BTreeMap<String, String>, at: Instant) -> bool {
        self.holds_at(at)
            && self.namespace.as_deref().is_none_or(|namespace| namespace == who)
            && self.account.as_deref().is_none_or(|account| account == who)
            && self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

/// Applies a mapping to requests in order of time.
///
/// A resource stays with the tenant that it was created for, so that a rule that begins during its life does not tear
/// its delete from its create.
#[derive(Debug)]
pub struct TenantMapper<'a> {
    mapping: &'a Mapping,
    /// By the names of tenant and resource as they came.
    live: BTreeMap<(String, String), String>,
}

impl<'a> TenantMapper<'a> {
    /// A mapper that has seen nothing yet.
    pub fn new(mapping: &'a Mapping) -> Self {
        Self { mapping, live: BTreeMap::new() }
    }

    /// Gives the request its tenant; false where no rule matches and it keeps its own.
    pub fn apply(&mut self, request: &mut Request) -> bool {
        let resource = (request.tenant.clone(), request.resource.clone());
        let known = match request.operation {
            Operation::Create => None,
            Operation::Resize => self.live.get(&resource).cloned(),
            Operation::Delete => self.live.remove(&resource),
        };
        let mapped =
            known.or_else(|| self.mapping.tenant(&request.tenant, &request.labels, request.at).map(str::to_owned));
        let Some(tenant) = mapped else { return false };
        if request.operation == Operation::Create {
            self.live.insert(resource, tenant.clone());
        }
        request.tenant = tenant;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "[[rule]]\ntenant = \"pay\"\nnamespace = \"prod-pay\"\nuntil = \"2026-03-01T00:00:00Z\"\n\
                         [[rule]]\ntenant = \"web\"\nlabels = { team = \"web\" }\n";

    fn request(json: &str) -> Request {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_first_rule_that_holds_at_the_time_wins() {
        let mapping = read_mapping(RULES).unwrap();
        let (early, late) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-03-01T00:00:00Z".parse().unwrap());
        let web = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
        assert_eq!(mapping.tenant("prod-pay", &web, early), Some("pay"));
        assert_eq!(mapping.tenant("prod-pay", &web, late), Some("web"));
        assert_eq!(mapping.tenant("prod-pay", &BTreeMap::new(), late), None);
    }

    #[test]
    fn a_resource_stays_with_the_tenant_of_its_create() {
        let mapping = read_mapping(RULES).unwrap();
        let mut mapper = TenantMapper::new(&mapping);
        let mut create = request(
            r#"{"id":"1","at":"2026-02-01T00:00:00Z","tenant":"prod-pay","op":"create","class":"compute","resource":"vm","flavor":"a"}"#,
        );
        let mut delete = request(
            r#"{"id":"2","at":"2026-04-01T00:00:00Z","tenant":"prod-pay","op":"delete","class":"compute","resource":"vm"}"#,
        );
        assert!(mapper.apply(&mut create) && mapper.apply(&mut delete));
        assert_eq!((create.tenant.as_str(), delete.tenant.as_str()), ("pay", "pay"));
        delete.tenant = "prod-pay".to_owned();
        assert!(!mapper.apply(&mut delete), "the second delete is of nothing that lives");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = read_mapping("[[rule]]\ntenant = \"a\"\nname_space = \"b\"\n").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (3, Some("rule[0].name_space")), "{error}");
        assert!(read_mapping("[[rule]]\ntenant = \"a\"\n").unwrap_err().message.contains("matches everything"));
    }
}
