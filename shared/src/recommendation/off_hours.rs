//! Nodes that are kept by day and by night for what is asked for by day.

use core::iter;

use super::load::bins;
use super::node_groups::nodes_needed;
use crate::features::TimeZone;
use crate::scenario::{Edit, Scaling, Scenario, ScheduledNodes, TimeOfDay};
use crate::simulation::Outcome;
use crate::units::{Duration, Instant, NodeGroupIndex};

const HOURS: usize = 24;

/// Hours are quiet where no more than this part of the nodes that are kept is needed.
const QUIET: f64 = 0.5;

/// Shorter stretches of quiet hours are not worth a schedule.
const LEAST_HOURS: usize = 4;

/// Keeps as many nodes as before, but in the longest stretch of local hours that is quiet on every day of every run only
/// as many as are needed then.
///
/// Hours that the window has not are not quiet.
pub(super) fn off_hours(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Option<[Edit; 2]> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    if group.min == 0 || !group.scaling.schedule.is_empty() || scenario.bin > Duration::HOUR {
        return None;
    }
    let most = most_live(scenario, outcome)?;
    let (live, count) = bins(outcome).fold((0.0, 0.0), |(live, count), bin| (live + f64::from(bin.live), count + 1.0));
    let needed =
        |most: f64| nodes_needed(scenario, outcome, node_group, if live > 0.0 { most * count / live } else { 0.0 });
    let needed: Vec<Option<u32>> = most.iter().map(|most| most.map(needed)).collect();
    let quiet: Vec<bool> = needed
        .iter()
        .map(|needed| needed.is_some_and(|needed| f64::from(needed) <= QUIET * f64::from(group.min)))
        .collect();
    let (first, hours) = longest_stretch(&quiet)?;
    let min = (first..first + hours).filter_map(|hour| needed[hour % HOURS]).max()?;
    // The first of the others boots before it is needed.
    let lead = group.boot.divide(Duration::from_minutes(1)) as usize + usize::from(group.boot > Duration::ZERO);
    let busy_from = ((first + hours) * 60).checked_sub(lead.min(hours * 60))?;
    let busy = ScheduledNodes {
        days: Vec::new(),
        from: time_of_day(busy_from)?,
        until: time_of_day(first * 60)?,
        nodes: group.min,
    };
    let scaling = Scaling { schedule: vec![busy], ..group.scaling.clone() };
    Some([Edit::MinNodes { node_group, min }, Edit::Scaling { node_group, scaling }])
}

/// The most live resources of each local hour of any day and run; none of an hour that the window has not.
fn most_live(scenario: &Scenario, outcome: &Outcome) -> Option<[Option<f64>; HOURS]> {
    let zone: TimeZone = scenario.time_zone.parse().ok()?;
    let hour = |at: Instant| {
        let local = at.micros() + i64::from(zone.offset_s(at)) * 1_000_000;
        local.div_euclid(Duration::HOUR.micros()).rem_euclid(HOURS as i64) as usize
    };
    let mut most = [None; HOURS];
    for run in &outcome.runs {
        for (position, bin) in (0..).zip(&run.timeline) {
            let of_hour = &mut most[hour(scenario.window.start + scenario.bin * position)];
            *of_hour = Some(of_hour.map_or(f64::from(bin.live), |known: f64| known.max(f64::from(bin.live))));
        }
    }
    Some(most)
}

/// Where the longest stretch of quiet hours begins, and how many it has; it may pass midnight, and is never the whole
/// day.
fn longest_stretch(quiet: &[bool]) -> Option<(usize, usize)> {
    let begins = (0..HOURS).filter(|&hour| quiet[hour] && !quiet[(hour + HOURS - 1) % HOURS]);
    let length =
        |first: usize| iter::successors(Some(first), |hour| Some(hour + 1)).take_while(|hour| quiet[hour % HOURS]);
    let stretches = begins.map(|first| (first, length(first).count()));
    stretches
        .filter(|&(_, hours)| hours >= LEAST_HOURS)
        .max_by_key(|&(first, hours)| (hours, core::cmp::Reverse(first)))
}

fn time_of_day(minutes: usize) -> Option<TimeOfDay> {
    format!("{:02}:{:02}", minutes / 60 % HOURS, minutes % 60).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_stretch_may_pass_midnight() {
        let check = |quiet_hours: &[usize], expected| {
            let quiet: Vec<bool> = (0..HOURS).map(|hour| quiet_hours.contains(&hour)).collect();
            assert_eq!(longest_stretch(&quiet), expected, "{quiet_hours:?}");
        };
        check(&[22, 23, 0, 1, 2, 8, 9, 10, 11], Some((22, 5)));
        check(&[1, 2, 3], None);
        check(&[], None);
        check(&(0..HOURS).collect::<Vec<_>>(), None);
    }
}
