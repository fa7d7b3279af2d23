//! How long machines took to boot, as those who waited for them tell.

use super::machines::Stay;
use crate::units::{Duration, Instant, NodeGroupIndex};

/// Who waited no longer than this found its machine running: clocks of different modules may differ by as much.
const WAIT_MAX_OF_RUNNING: Duration = Duration::from_seconds(1);

/// A machine that one resource waited for from the order on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedBoot {
    /// The machine's group.
    pub node_group: NodeGroupIndex,
    /// When it was ordered.
    pub ordered: Instant,
    /// How long it took until it could be used.
    pub took: Duration,
}

/// The boot of a machine with the given stays: from when the first of those who were given it had left the scheduler,
/// since no earlier one asked for the machine, until its work there began.
///
/// None where that one found the machine running, so that somebody or something else had ordered it, or where its times in
/// the modules do not tell.
pub(super) fn observed_boot(stays: &[Stay], node_group: NodeGroupIndex) -> Option<ObservedBoot> {
    let first = stays.iter().min_by_key(|stay| stay.scheduled).filter(|first| first.is_timed)?;
    let took = first.on_node_by? - first.scheduled;
    (took > WAIT_MAX_OF_RUNNING).then_some(ObservedBoot { node_group, ordered: first.scheduled, took })
}
