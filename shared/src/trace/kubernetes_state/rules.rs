//! What pods want of the pods beside them, as rules of ours.
//!
//! A rule of Kubernetes selects pods by labels; one of ours names a group, and a resource is in one at most. So each
//! selector that some rule uses is a group, of the pods of its namespace that it selects. Who is selected twice is in the
//! first of these groups, and the rules about the others cannot see it.

use std::collections::{BTreeMap, BTreeSet};

use super::ClusterState;
use super::objects::{Metadata, PodRule, PodSpec};
use crate::request::{Domain, Request, Scheduling};

/// What pods want, by the id of their request.
pub(super) type Wanted = BTreeMap<String, Wants>;

/// What one pod wants of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    namespace: String,
    labels: Labels,
    near: Vec<Selected>,
    apart: Vec<Selected>,
    /// Whether it wants something that our rules cannot say.
    pub(super) lost: bool,
}

type Labels = BTreeMap<String, String>;

/// A place beside others, or away from them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selected {
    domain: Domain,
    labels: Labels,
}

impl Wants {
    pub(super) fn of(metadata: &Metadata, spec: &PodSpec) -> Self {
        let affinity = &spec.affinity;
        let mut lost = affinity.node_affinity.is_some() || !spec.topology_spread_constraints.is_empty();
        let mut selected = |rules: &super::objects::PodRules| {
            lost |= !rules.preferred.is_empty();
            let (mut all, namespace) = (Vec::new(), metadata.namespace());
            for rule in &rules.required {
                let of_ours = selected(rule, namespace);
                lost |= of_ours.is_none();
                all.extend(of_ours);
            }
            all
        };
        let (near, apart) = (selected(&affinity.pod_affinity), selected(&affinity.pod_anti_affinity));
        Self { namespace: metadata.namespace().to_owned(), labels: metadata.labels.clone(), near, apart, lost }
    }
}

/// A rule as one of ours, where it selects pods of its own namespace by labels alone, on one node or in one zone.
fn selected(rule: &PodRule, namespace: &str) -> Option<Selected> {
    let domain = match rule.topology_key.as_str() {
        "kubernetes.io/hostname" => Domain::Node,
        "topology.kubernetes.io/zone" => Domain::Zone,
        _ => return None,
    };
    let labels = &rule.label_selector.match_labels;
    let own = rule.namespace_selector.is_none() && rule.namespaces.iter().all(|other| other == namespace);
    let simple = own && !labels.is_empty() && rule.label_selector.match_expressions.is_empty();
    simple.then(|| Selected { domain, labels: labels.clone() })
}

/// Gives every pod its group and its rules.
pub(super) fn carry_over(state: &mut ClusterState) {
    let wanted = core::mem::take(&mut state.wanted);
    let selectors: BTreeSet<(&str, &Labels)> = wanted
        .values()
        .flat_map(|wants| wants.near.iter().chain(&wants.apart).map(|rule| (wants.namespace.as_str(), &rule.labels)))
        .collect();
    if selectors.is_empty() {
        return;
    }
    for request in &mut state.requests {
        let Some(wants) = wanted.get(&request.id) else { continue };
        let selects = |(namespace, labels): &&(&str, &Labels)| {
            *namespace == wants.namespace && labels.iter().all(|(name, value)| wants.labels.get(name) == Some(value))
        };
        let mut groups = selectors.iter().filter(selects).map(|(namespace, labels)| name(namespace, labels));
        let group = groups.next();
        state.said.pods_in_many_groups += u64::from(groups.next().is_some());
        let by_domain = |rules: &[Selected]| {
            let mut by_domain: BTreeMap<Domain, Vec<String>> = BTreeMap::new();
            for rule in rules {
                let groups = by_domain.entry(rule.domain).or_default();
                let group = name(&wants.namespace, &rule.labels);
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
            by_domain
        };
        let (affinity, anti_affinity) = (by_domain(&wants.near), by_domain(&wants.apart));
        if group.is_some() || !affinity.is_empty() || !anti_affinity.is_empty() {
            let scheduling = request.scheduling.get_or_insert_with(Scheduling::default);
            *scheduling = Scheduling { group, affinity, anti_affinity, ..scheduling.clone() };
        }
    }
}

/// Leaves out rules about pods that are in another group than the pod itself: alone it cannot be seen who is in that, and
/// near nobody there is no place. How many pods lose some.
pub(super) fn leave_out_those_about_others(requests: &mut [Request]) -> u64 {
    let mut losers = 0;
    for request in requests {
        let Some(scheduling) = &mut request.scheduling else { continue };
        let Scheduling { group, affinity, anti_affinity, .. } = &mut *scheduling;
        let mut lost = false;
        for by_domain in [affinity, anti_affinity] {
            by_domain.retain(|_, groups| {
                let before = groups.len();
                groups.retain(|other| group.as_ref() == Some(other));
                lost |= groups.len() < before;
                !groups.is_empty()
            });
        }
        losers += u64::from(lost);
        if *scheduling == Scheduling::default() {
            request.scheduling = None;
        }
    }
    losers
}

/// What the group of a selector is called: its labels, and its namespace, since a tenant may have several.
fn name(namespace: &str, labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{namespace}/{}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use crate::request::Scheduling;
    use crate::trace::kubernetes_state::read_state;

    fn pod(name: &str, app: &str, rest: &str) -> String {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"{name}","namespace":"shop","labels":{{"app":"{app}","tier":"{name}"}},
                "creationTimestamp":"2026-11-01T08:00:00Z"}},
                "spec":{{"containers":[{{"resources":{{"requests":{{"cpu":"1"}}}}}}]{rest}}}}}"#
        )
    }

    fn rule(kind: &str, key: &str, selector: &str) -> String {
        format!(
            r#","affinity":{{"{kind}":{{"requiredDuringSchedulingIgnoredDuringExecution":[
                {{"topologyKey":"{key}","labelSelector":{selector}}}]}}}}"#
        )
    }

    const HOST: &str = "kubernetes.io/hostname";

    #[test]
    fn selectors_are_groups_and_priorities_come_along() {
        let apart = rule("podAntiAffinity", HOST, r#"{"matchLabels":{"app":"db"}}"#) + r#","priority":1000"#;
        let near = rule("podAffinity", "topology.kubernetes.io/zone", r#"{"matchLabels":{"app":"db"}}"#);
        let dump = [pod("a", "db", &apart), pod("b", "web", &near), pod("c", "cache", "")].concat();
        let state = read_state(&dump, None).unwrap();
        let of = |place: usize| state.requests[place].scheduling.clone().map(|it| serde_json::to_string(&it).unwrap());
        assert_eq!(
            of(0).as_deref(),
            Some(r#"{"priority":1000,"group":"shop/app=db","anti_affinity":{"node":["shop/app=db"]}}"#)
        );
        assert_eq!(of(1).as_deref(), Some(r#"{"affinity":{"zone":["shop/app=db"]}}"#));
        assert_eq!(of(2), None);
        assert_eq!((state.said.pods_with_rules, state.said.pods_in_many_groups), (0, 0));
    }

    #[test]
    fn what_our_rules_cannot_say_is_counted() {
        let check = |rest: &str| {
            let state = read_state(&pod("a", "db", rest), None).unwrap();
            assert_eq!((state.said.pods_with_rules, &state.requests[0].scheduling), (1, &None::<Scheduling>), "{rest}");
        };
        check(&rule("podAntiAffinity", "rack", r#"{"matchLabels":{"app":"db"}}"#));
        check(&rule("podAntiAffinity", HOST, r#"{"matchExpressions":[{"key":"app","operator":"Exists"}]}"#));
        check(&rule("podAffinity", HOST, "{}"));
        check(r#","affinity":{"nodeAffinity":{}}"#);
        check(r#","topologySpreadConstraints":[{"maxSkew":1}]"#);
        let twice = [
            pod("a", "db", &rule("podAntiAffinity", HOST, r#"{"matchLabels":{"app":"db"}}"#)),
            pod("b", "web", &rule("podAntiAffinity", HOST, r#"{"matchLabels":{"tier":"a"}}"#)),
        ];
        assert_eq!(read_state(&twice.concat(), None).unwrap().said.pods_in_many_groups, 1);
    }
}
