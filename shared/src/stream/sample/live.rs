//! When resources end that live at the start.

use super::{LiveAtStart, Sampling};
use crate::random::Purpose;
use crate::stream::attachments::AttachedDraws;
use crate::units::{Duration, Instant};

/// The end of each, where it has one: after a remaining lifetime given its age, or with the machine that it came with.
pub(super) fn ends_of_live(sampling: &Sampling<'_>, live: &[LiveAtStart]) -> Vec<Option<Instant>> {
    let start = sampling.window.start;
    let own: Vec<Option<Instant>> = live.iter().map(|resource| own_end(sampling, resource, start)).collect();
    let machines = sampling.attaching.machines_of(live);
    let end = |(position, machine): (usize, Option<usize>)| {
        let Some(machine) = machine else { return own[position] };
        let resource = &live[position];
        let draws = AttachedDraws::of(sampling.draws(Purpose::Attached, resource.draw_key));
        let end = sampling.attaching.end((resource.tenant, resource.flavor), start, own[machine], draws);
        end.map(|end| end.max(start + Duration::from_micros(1)))
    };
    machines.into_iter().enumerate().map(end).collect()
}

/// How many were created with it is not known any more: its flavor's hazards are a mean over all sizes.
fn own_end(sampling: &Sampling<'_>, resource: &LiveAtStart, start: Instant) -> Option<Instant> {
    let pace = sampling.pace * sampling.model.lifetimes.paces.of(None, resource.created);
    let exposure = sampling.draws(Purpose::RemainingLifetime, resource.draw_key).exponential(0) / pace;
    let remaining = sampling.survival.remaining((resource.tenant, resource.flavor), start - resource.created, exposure);
    remaining.map(|remaining| start + remaining)
}
