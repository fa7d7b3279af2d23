//! Priority classes, and the pods that only name one.

use std::collections::BTreeMap;

use super::ClusterState;
use super::objects::{PriorityClass, read};
use crate::input::InputError;
use crate::request::{Priority, Scheduling};

/// The classes that every cluster has, whether a dump lists them or not.
const OF_THE_SYSTEM: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What is known of priorities while a dump is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Priorities {
    /// The class of pods that name none.
    default: Option<(String, i32)>,
    /// Ids of pods that say no number, with the class that they name.
    pub(super) unsaid: Vec<(String, Option<String>)>,
}

/// Takes a class in. Of several defaults the one with the smallest number holds, as in Kubernetes.
pub(super) fn take(kind: &str, value: &serde_json::Value, state: &mut ClusterState) -> Result<(), InputError> {
    let class: PriorityClass = read(kind, value)?;
    let (name, number) = (class.metadata.name, class.value);
    if class.global_default && state.priorities.default.as_ref().is_none_or(|(_, least)| number < *least) {
        state.priorities.default = Some((name.clone(), number));
    }
    state.priority_classes.insert(name, number);
    Ok(())
}

/// Gives pods that say no number that of their class, or of the default one.
pub(super) fn resolve(state: &mut ClusterState) {
    let Priorities { default, unsaid } = core::mem::take(&mut state.priorities);
    let mut numbers = BTreeMap::new();
    for (id, class) in unsaid {
        let Some(name) = class else {
            if let Some((_, number)) = &default {
                state.said.priorities_by_default += 1;
                numbers.insert(id, *number);
            }
            continue;
        };
        let of_system = || OF_THE_SYSTEM.iter().find(|(of, _)| *of == name).map(|(_, number)| *number);
        match state.priority_classes.get(&name).copied().or_else(of_system) {
            Some(number) => {
                state.said.priorities_by_class += 1;
                numbers.insert(id, number);
            }
            None => *state.said.priority_classes_unknown.entry(name).or_default() += 1,
        }
    }
    for request in &mut state.requests {
        let Some(&number) = numbers.get(&request.id).filter(|number| **number != 0) else { continue };
        request.scheduling = Some(Scheduling { priority: Priority::Number(number), ..Scheduling::default() });
    }
}
