//! Which observed times in a module are service alone.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::request::{MODULES, Module, Operation, Received, RequestLog, ResourceClass};
use crate::units::{Duration, Instant};

/// What was observed of the way of one create.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ObservedCreate {
    pub(super) class: ResourceClass,
    /// When it was asked for.
    at: Instant,
    /// When its resource could be used.
    ready: Option<Instant>,
    /// Wait, service and attempts that failed, by module.
    spent: [Option<Duration>; MODULES],
}

/// The creates before `end` of which anything had been received by then, in order of time. The first fact holds, and what
/// cannot be is left out.
pub(super) fn observed_creates(log: &RequestLog, received: &[Received], end: Instant) -> Vec<ObservedCreate> {
    let mut of: BTreeMap<&str, ObservedCreate> = BTreeMap::new();
    for (request, id) in log.requests.iter().zip(&log.ids) {
        if request.operation == Operation::Create && request.at < end {
            let class = log.flavors[log.lives[request.resource.usize()].flavor.usize()].class;
            of.insert(id, ObservedCreate { class, at: request.at, ready: None, spent: [None; MODULES] });
        }
    }
    for Received { observation, .. } in received.iter().filter(|received| received.at < end) {
        let Some(create) = of.get_mut(observation.request.as_str()) else { continue };
        let ready = observation.ready_at.filter(|ready| *ready >= create.at);
        create.ready = create.ready.or(ready);
        for (&module, &milliseconds) in observation.module_ms.iter().filter(|(_, time)| **time >= 0.0) {
            let spent = Duration::from_micros((milliseconds * 1e3).round() as i64);
            create.spent[module as usize].get_or_insert(spent);
        }
    }
    let mut creates: Vec<ObservedCreate> = of.into_values().filter(|create| create.spent != [None; MODULES]).collect();
    // Those of one instant stand in the order of their ids.
    creates.sort_by_key(|create| create.at);
    creates
}

impl ObservedCreate {
    /// How long it was in a module.
    pub(super) fn spent(&self, module: Module) -> Option<Duration> {
        self.spent[module as usize]
    }

    /// When it came into a module and left it, where that is known: up to the scheduler its way begins when it is asked
    /// for, the provisioner's work ends when the resource is ready, and metering follows.
    fn stay(&self, module: Module) -> Option<(Instant, Instant)> {
        let spent = self.spent(module)?;
        let entered = match module {
            Module::Provisioner => self.ready? - spent,
            Module::Metering => self.ready?,
            _ => self.spent[..module as usize].iter().flatten().fold(self.at, |at, &spent| at + spent),
        };
        Some((entered, entered + spent))
    }
}

/// The class and the time of each create that found a free worker in a module, in the order in which they were asked for,
/// as far as other observed creates tell: how long others keep its workers busy is not observed.
pub(super) fn times_of_idle(
    module: Module,
    workers: u32,
    creates: &[ObservedCreate],
) -> Vec<(ResourceClass, Duration)> {
    let stays = creates.iter().enumerate().filter_map(|(position, create)| Some((create.stay(module)?, position)));
    let mut stays: Vec<_> = stays.collect();
    stays.sort_unstable();
    let mut within: BinaryHeap<Reverse<Instant>> = BinaryHeap::new();
    let mut idle: Vec<usize> = Vec::new();
    for ((entered, left), position) in stays {
        while within.peek().is_some_and(|Reverse(first)| *first <= entered) {
            within.pop();
        }
        if within.len() < workers as usize {
            idle.push(position);
        }
        within.push(Reverse(left));
    }
    idle.sort_unstable();
    idle.into_iter().filter_map(|position| Some((creates[position].class, creates[position].spent(module)?))).collect()
}
