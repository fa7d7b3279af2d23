//! Where a tenant wants a resource, beside which others, and how urgently.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Priority;

/// What decides where a resource may go beside its shape: a row of a log's or scenario's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// The zone that was asked for; any where none.
    pub zone: Option<String>,
    /// As in [`Scheduling`].
    pub priority: i32,
    /// As in [`Scheduling`].
    pub group: Option<String>,
    /// As in [`Scheduling`].
    pub affinity: Vec<GroupRule>,
    /// As in [`Scheduling`].
    pub anti_affinity: Vec<GroupRule>,
    /// As in [`Scheduling`].
    pub spread: Vec<SpreadRule>,
}

/// A rule about a group of the same tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupRule {
    /// Where.
    pub domain: Domain,
    /// Which.
    pub group: String,
}

/// A rule about the members of the own group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpreadRule {
    /// Over what.
    pub domain: Domain,
    /// By how many members one may be ahead of the emptiest.
    pub ahead: u32,
}

/// How a resource is scheduled, as its tenant wants it: priority, and where it goes beside others of the same tenant.
///
/// As in Kubernetes, rules of affinity and spread are hard, and hold when the resource is placed, not later.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scheduling {
    /// How urgent: who waits is placed highest first, and may take the place of lower ones; a number, or the name of a
    /// priority class; 0 unless said.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// The group that the resource is in; rules name groups of the same tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// By domain, groups of which some member has to be there already. The first member of a group may go anywhere though
    /// it asks to be near its own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub affinity: BTreeMap<Domain, Vec<String>>,
    /// By domain, groups of which no member may be there; it holds for later members, too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub anti_affinity: BTreeMap<Domain, Vec<String>>,
    /// By domain, by how many members of its own group the domain that it goes to may be ahead of the emptiest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spread: BTreeMap<Domain, u32>,
}

/// What "there" means in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Domain {
    /// The same node.
    Node,
    /// The same zone.
    Zone,
}

impl Domain {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Zone => "zone",
        }
    }
}

impl Terms {
    /// The terms of a request whose priority comes to this number; none where it asks for nothing.
    pub fn of(zone: Option<&str>, scheduling: Option<&Scheduling>, priority: i32) -> Option<Self> {
        let Scheduling { priority: _, group, affinity, anti_affinity, spread } =
            scheduling.cloned().unwrap_or_default();
        let rules = |groups: BTreeMap<Domain, Vec<String>>| {
            let of = |(domain, groups): (Domain, Vec<String>)| {
                groups.into_iter().map(move |group| GroupRule { domain, group })
            };
            groups.into_iter().flat_map(of).collect()
        };
        let terms = Self {
            zone: zone.map(str::to_owned),
            priority,
            group,
            affinity: rules(affinity),
            anti_affinity: rules(anti_affinity),
            spread: spread.into_iter().map(|(domain, ahead)| SpreadRule { domain, ahead }).collect(),
        };
        (terms != Self::default()).then_some(terms)
    }

    /// What else than a zone was asked for, as it travels.
    pub fn scheduling(&self) -> Option<Scheduling> {
        let groups = |rules: &[GroupRule]| {
            let mut groups: BTreeMap<Domain, Vec<String>> = BTreeMap::new();
            for GroupRule { domain, group } in rules {
                groups.entry(*domain).or_default().push(group.clone());
            }
            groups
        };
        let scheduling = Scheduling {
            priority: Priority::Number(self.priority),
            group: self.group.clone(),
            affinity: groups(&self.affinity),
            anti_affinity: groups(&self.anti_affinity),
            spread: self.spread.iter().map(|rule| (rule.domain, rule.ahead)).collect(),
        };
        (scheduling != Scheduling::default()).then_some(scheduling)
    }

    /// Every group that it names: its own, and those of its rules.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let rules = self.affinity.iter().chain(&self.anti_affinity).map(|rule| rule.group.as_str());
        self.group.as_deref().into_iter().chain(rules)
    }
}

impl Scheduling {
    /// What is wrong with it, with the field: names that are empty, a spread without a group, a spread of nothing.
    pub fn problem(&self) -> Option<(String, &'static str)> {
        let rules = [("affinity", &self.affinity), ("anti_affinity", &self.anti_affinity)];
        for (field, rule) in rules {
            for (domain, groups) in rule {
                let field = format!("{field}.{}", domain.as_str());
                if groups.is_empty() {
                    return Some((field, "names no group; expected at least one, or leave it out"));
                }
                if groups.iter().any(String::is_empty) {
                    return Some((field, "has an empty name; expected the name of a group"));
                }
            }
        }
        if self.group.as_deref() == Some("") {
            return Some(("group".to_owned(), "is empty; expected a name"));
        }
        let (domain, &skew) = self.spread.iter().find(|(_, skew)| **skew == 0 || self.group.is_none())?;
        let field = format!("spread.{}", domain.as_str());
        if skew == 0 {
            return Some((field, "is 0; expected by how many members a domain may be ahead, from 1"));
        }
        Some((field, "spreads a group, and the request is in none; expected `group`, too"))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use crate::input::{InputError, InputProblems};
    use crate::request::{Catalogue, Operation, RequestLog, RequestLogBuilder, read_requests};

    fn read(operation: &str, more: &str) -> Result<RequestLog, InputError> {
        let shape = if operation == "delete" { "" } else { r#","requested":{"vcpu":2}"# };
        let line = format!(
            r#"{{"id":"1","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"{operation}","class":"compute","resource":"vm"{shape},{more}}}"#
        );
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        read_requests(&line, &mut builder).map_err(InputProblems::first)?;
        builder.finish()
    }

    #[test]
    fn what_a_request_asks_for_comes_back_as_it_was() {
        let asked = r#""zone":"a","scheduling":{"priority":100,"group":"web","affinity":{"zone":["db","web"]},"anti_affinity":{"node":["web"]},"spread":{"zone":1}}"#;
        let log = read("create", asked).unwrap();
        assert_eq!(log.terms[0].groups().collect::<Vec<_>>(), ["web", "db", "web", "web"]);
        let record = log.record(0);
        assert_eq!(record.operation, Operation::Create);
        let text = serde_json::to_string(&record).unwrap();
        assert!(text.contains(asked), "{text}");
        // A request that asks for nothing has no terms, and one that says so with nothing in it neither.
        assert!(read("create", r#""scheduling":{}"#).unwrap().terms.is_empty());
    }

    #[test]
    fn a_priority_class_is_looked_up_and_all_that_are_unknown_are_named() {
        let line = |id: u32, priority: &str| {
            format!(
                r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"vm-{id}","requested":{{"vcpu":2}},"scheduling":{{"priority":{priority}}}}}"#
            )
        };
        let read = |lines: &[String]| {
            let priority_classes = [("high".to_owned(), 1_000)].into();
            let mut builder = RequestLogBuilder::new(Catalogue { priority_classes, ..Catalogue::default() });
            read_requests(&lines.join("\n"), &mut builder).map_err(InputProblems::first)?;
            builder.finish()
        };
        let log = read(&[line(1, r#""high""#), line(2, "1000")]).unwrap();
        // The name and its number are one.
        assert_eq!((log.terms.len(), log.terms[0].priority), (1, 1_000));
        let lines = [line(1, r#""low""#), line(2, r#""high""#), line(3, r#""lower""#), line(4, r#""low""#)];
        let error = read(&lines).unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (1, Some("scheduling.priority")));
        assert!(error.message.contains("`low` (line 1, 4), `lower` (line 3)"), "{error}");
        for wrong in ["1.5", "true", "2147483648", r#""""#] {
            let error = read(&[line(1, wrong)]).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("scheduling.priority"), "{error}");
            assert!(error.message.contains("or the name of a priority class"), "{error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_field() {
        let check = |operation: &str, scheduling: &str, field: &str, part: &str| {
            let error = read(operation, &format!(r#""scheduling":{scheduling}"#)).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("create", r#"{"group":""}"#, "scheduling.group", "expected a name");
        check("create", r#"{"affinity":{"zone":[]}}"#, "scheduling.affinity.zone", "names no group");
        check("create", r#"{"anti_affinity":{"node":[""]}}"#, "scheduling.anti_affinity.node", "empty name");
        check("create", r#"{"group":"web","spread":{"zone":0}}"#, "scheduling.spread.zone", "from 1");
        check("create", r#"{"spread":{"node":1}}"#, "scheduling.spread.node", "in none");
        check("resize", r#"{"priority":1}"#, "scheduling", "it is the create's");
        check("delete", r#"{"priority":1}"#, "scheduling", "it is the create's");
    }
}
