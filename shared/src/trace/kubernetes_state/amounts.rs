//! Amounts of Kubernetes in our dimensions.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{Amounts, Container, PodSpec};
use super::quantity::{Quantity, Rounding};
use crate::units::{Dimension, Resources};

/// Resources that we know, each with its dimension; several of one dimension add up.
const KNOWN: [(&str, Dimension); 5] = [
    ("cpu", Dimension::Vcpu),
    ("memory", Dimension::Memory),
    ("ephemeral-storage", Dimension::LocalDisk),
    ("nvidia.com/gpu", Dimension::Gpu),
    ("amd.com/gpu", Dimension::Gpu),
];

/// What a pod as a whole may ask for, beside its containers, in place of their sum.
const OF_PODS: [&str; 2] = ["cpu", "memory"];

/// The dimension of a resource, if we know it.
pub(super) fn dimension(resource: &str) -> Option<Dimension> {
    KNOWN.into_iter().find(|(name, _)| *name == resource).map(|(_, dimension)| dimension)
}

/// Amounts in our units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) resources: Resources,
    /// Whether something was finer than our units.
    pub(super) rounded: bool,
    /// What is asked for and has no dimension of ours.
    pub(super) unknown: BTreeSet<String>,
}

/// Puts amounts in our units.
///
/// # Errors
/// With the resource that is too large, and what is wrong with it.
pub(super) fn converted(amounts: &Amounts, rounding: Rounding) -> Result<Converted, (String, String)> {
    let mut converted = Converted::default();
    let mut sums: BTreeMap<Dimension, (Quantity, &str)> = BTreeMap::new();
    for (name, &quantity) in amounts {
        match dimension(name) {
            Some(dimension) => {
                let (sum, _) = sums.entry(dimension).or_insert((Quantity::ZERO, name));
                *sum = Quantity(sum.0.saturating_add(quantity.0));
            }
            None if !quantity.is_zero() => {
                converted.unknown.insert(name.clone());
            }
            None => {}
        }
    }
    for (dimension, (sum, name)) in sums {
        let (units, rounded) = sum.in_units(dimension, rounding).map_err(|message| (name.to_owned(), message))?;
        converted.resources[dimension] = units;
        converted.rounded |= rounded;
    }
    Ok(converted)
}

/// What a pod asks for in all, per resource: the most of what its containers need while they run together and what it
/// needs while it starts, and the overhead of its sandbox.
///
/// An init container runs by itself, beside the restartable ones before it, which go on running: the rules of
/// <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers> and
/// <https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers>. What is set
/// for the pod as a whole holds in place of its containers' sums
/// (<https://kubernetes.io/docs/tasks/configure-pod-container/assign-pod-level-resources/>).
pub(super) fn effective(spec: &PodSpec) -> Amounts {
    let (mut restartable, mut most) = (Amounts::new(), Amounts::new());
    for container in &spec.init_containers {
        let asked = of_container(container);
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut restartable, &asked);
            raise(&mut most, &restartable);
        } else {
            let mut starting = restartable.clone();
            add(&mut starting, &asked);
            raise(&mut most, &starting);
        }
    }
    let mut running = restartable;
    spec.containers.iter().for_each(|container| add(&mut running, &of_container(container)));
    raise(&mut most, &running);
    let of_pod = asked(&spec.resources.requests, &spec.resources.limits);
    most.extend(of_pod.into_iter().filter(|(name, _)| OF_PODS.contains(&name.as_str())));
    add(&mut most, &spec.overhead);
    most
}

fn of_container(container: &Container) -> Amounts {
    asked(&container.resources.requests, &container.resources.limits)
}

/// Where only a limit is set, as much is requested.
fn asked(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut asked = limits.clone();
    asked.extend(requests.iter().map(|(name, &quantity)| (name.clone(), quantity)));
    asked
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, quantity) in more {
        let sum = sum.entry(name.clone()).or_default();
        *sum = Quantity(sum.0.saturating_add(quantity.0));
    }
}

fn raise(most: &mut Amounts, other: &Amounts) {
    for (name, quantity) in other {
        let most = most.entry(name.clone()).or_default();
        *most = Quantity(most.0.max(quantity.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective_of(spec: &str) -> String {
        let amounts = effective(&serde_json::from_str(spec).unwrap());
        let shown = |(name, quantity): (&String, &Quantity)| format!("{name}={}", quantity.0.normalize());
        amounts.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn init_containers_count_where_they_need_more_than_what_runs_after_them() {
        let container =
            |cpu: &str, restart: &str| format!(r#"{{"resources":{{"requests":{{"cpu":"{cpu}"}}}}{restart}}}"#);
        let (always, none) = (r#","restartPolicy":"Always""#, "");
        let check = |init: &[(&str, &str)], containers: &[&str], expected: &str| {
            let init: Vec<String> = init.iter().map(|(cpu, restart)| container(cpu, restart)).collect();
            let containers: Vec<String> = containers.iter().map(|cpu| container(cpu, none)).collect();
            let spec = format!(r#"{{"initContainers":[{}],"containers":[{}]}}"#, init.join(","), containers.join(","));
            assert_eq!(effective_of(&spec), expected, "{spec}");
        };
        // The sum of the containers, 0.25 + 0.5.
        check(&[], &["250m", "500m"], "cpu=0.75");
        // The largest init container, since each runs by itself.
        check(&[("1", none), ("2", none)], &["250m", "500m"], "cpu=2");
        // A restartable one runs beside the containers, 0.1 + 0.75 …
        check(&[("100m", always)], &["250m", "500m"], "cpu=0.85");
        // … and beside the init containers behind it, 0.1 + 2, but not beside those before it.
        check(&[("100m", always), ("2", none)], &["250m"], "cpu=2.1");
        check(&[("2", none), ("100m", always)], &["250m"], "cpu=2");
    }

    #[test]
    fn overhead_comes_on_top_per_resource_and_a_pod_may_ask_as_a_whole() {
        let spec = r#"{"containers":[{"resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"nvidia.com/gpu":2}}}],
                       "overhead":{"cpu":"250m","memory":"120Mi"}"#;
        // 1 Gi + 120 Mi = 1,073,741,824 + 125,829,120 bytes.
        assert_eq!(effective_of(&format!("{spec}}}")), "cpu=1.25 memory=1199570944 nvidia.com/gpu=2");
        let whole = r#","resources":{"requests":{"cpu":"3"}}}"#;
        assert_eq!(effective_of(&format!("{spec}{whole}")), "cpu=3.25 memory=1199570944 nvidia.com/gpu=2");
    }
}
