//! Volumes and addresses drawn for machines.

use std::collections::BTreeMap;

use super::{AttachedTimes, Attachments};
use crate::random::Draws;
use crate::request::IndexedRequest;
use crate::stream::{LiveAtStart, weighted};
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// Numbers of draws that one attached resource has to itself; the first of all is for the set.
const DRAWS_EACH: u64 = 4;

/// Whoever would live longer than this does not end: a thousand years.
const FOREVER_MICROS: f64 = 3.2e16;

/// Sets by weight.
type Sets<'a> = Vec<(&'a [FlavorIndex], u64)>;

/// Attachments ready to be drawn.
#[derive(Clone, Debug, Default)]
pub(in crate::stream) struct Attaching<'a> {
    sets: BTreeMap<(TenantIndex, FlavorIndex), Sets<'a>>,
    of_anyone: BTreeMap<FlavorIndex, Sets<'a>>,
    /// How many followed their machine, of how many.
    ends: BTreeMap<(TenantIndex, FlavorIndex), (u32, u32)>,
    ends_of_anyone: BTreeMap<FlavorIndex, (u32, u32)>,
    times: BTreeMap<FlavorIndex, &'a AttachedTimes>,
}

/// The draws of one resource that is attached to a machine.
#[derive(Clone, Copy, Debug)]
pub(in crate::stream) struct AttachedDraws {
    draws: Draws,
    first: u64,
}

impl AttachedDraws {
    /// Of a resource with draws of its own.
    pub(in crate::stream) fn of(draws: Draws) -> Self {
        Self { draws, first: 1 }
    }
}

impl<'a> Attaching<'a> {
    pub(in crate::stream) fn new(attachments: &'a Attachments) -> Self {
        let mut attaching = Self::default();
        for row in &attachments.sets {
            let sets = row.sets.iter().map(|(set, weight)| (set.as_slice(), u64::from(*weight)));
            attaching.of_anyone.entry(row.machine).or_default().extend(sets.clone());
            attaching.sets.insert((row.tenant, row.machine), sets.collect());
        }
        for row in &attachments.ends {
            let all = row.followed.saturating_add(row.outlived);
            attaching.ends.insert((row.tenant, row.flavor), (row.followed, all));
            let (followed, of) = attaching.ends_of_anyone.entry(row.flavor).or_default();
            (*followed, *of) = (followed.saturating_add(row.followed), of.saturating_add(all));
        }
        attaching.times = attachments.times.iter().map(|row| (row.flavor, row)).collect();
        attaching
    }

    /// Whether nothing comes with anything.
    pub(in crate::stream) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Shows what comes with a machine that is created: flavor, instant, and draws for the rest.
    pub(in crate::stream) fn of_machine(
        &self,
        machine: &IndexedRequest,
        draws: Draws,
        mut each: impl FnMut(FlavorIndex, Instant, AttachedDraws),
    ) {
        let own = self.sets.get(&(machine.tenant, machine.flavor));
        let Some(sets) = own.or_else(|| self.of_anyone.get(&machine.flavor)) else { return };
        let set = weighted::at(sets, draws.below(0, weighted::total(sets)));
        for (item, &flavor) in (0_u64..).zip(set.copied().unwrap_or_default()) {
            let draws = AttachedDraws { draws, first: 1 + item * DRAWS_EACH };
            let lag =
                self.times.get(&flavor).map_or(Duration::ZERO, |row| quantile(&row.create_micros, draws.uniform(0)));
            each(flavor, machine.at + lag, draws);
        }
    }

    /// When an attached resource ends that is there at `from`, and its machine at `machine`: by itself, or with that.
    pub(in crate::stream) fn end(
        &self,
        (tenant, flavor): (TenantIndex, FlavorIndex),
        from: Instant,
        machine: Option<Instant>,
        draws: AttachedDraws,
    ) -> Option<Instant> {
        // At a constant rate, so that it does not matter how old it is.
        let rate = self.times.get(&flavor).map_or(0.0, |row| row.per_micro());
        let micros = draws.draws.exponential(draws.first + 1) / rate;
        let own = (micros < FOREVER_MICROS).then(|| from + Duration::from_micros(micros as i64));
        let Some(machine) = machine.filter(|&machine| own.is_none_or(|own| own > machine)) else { return own };
        let ends = self.ends.get(&(tenant, flavor)).or_else(|| self.ends_of_anyone.get(&flavor));
        let share =
            ends.filter(|(_, all)| *all > 0).map_or(0.0, |&(followed, all)| f64::from(followed) / f64::from(all));
        if draws.uniform(2) >= share {
            return own;
        }
        let lag = self.times.get(&flavor).map_or(Duration::ZERO, |row| quantile(&row.delete_micros, draws.uniform(3)));
        Some(machine + lag)
    }

    /// For each of the resources that live at the start, the position of the machine that it came with.
    ///
    /// Who was in a batch with whom is not known of them: it is whose machine of the tenant was created as long before
    /// as is usual, of those the one with the fewest of the flavor so far, and then the nearest.
    pub(in crate::stream) fn machines_of(&self, live: &[LiveAtStart]) -> Vec<Option<usize>> {
        if self.times.is_empty() {
            return vec![None; live.len()];
        }
        let mut machines: BTreeMap<(TenantIndex, Instant), Vec<usize>> = BTreeMap::new();
        for (position, resource) in live.iter().enumerate() {
            if self.of_anyone.contains_key(&resource.flavor) {
                machines.entry((resource.tenant, resource.created)).or_default().push(position);
            }
        }
        let mut taken: BTreeMap<(usize, FlavorIndex), u32> = BTreeMap::new();
        let of = |resource: &LiveAtStart| {
            let row = self.times.get(&resource.flavor)?;
            let [earliest, .., latest] = row.create_micros.map(|lag| Duration::from_micros(i64::from(lag)));
            let from = (resource.tenant, resource.created - latest);
            let to = (resource.tenant, resource.created - earliest);
            let near = machines.range(from..=to).flat_map(|((_, created), positions)| {
                let distance = (resource.created - *created).micros().unsigned_abs();
                positions.iter().map(move |&position| (position, distance))
            });
            let counted = near.map(|(position, distance)| {
                (taken.get(&(position, resource.flavor)).copied().unwrap_or(0), distance, position)
            });
            let (count, _, position) = counted.min()?;
            taken.insert((position, resource.flavor), count + 1);
            Some(position)
        };
        live.iter().map(of).collect()
    }
}

impl AttachedDraws {
    fn uniform(self, number: u64) -> f64 {
        self.draws.uniform(self.first + number)
    }
}

/// Linear between the least, the quartiles and the largest.
fn quantile(quartiles: &[i32; 5], uniform: f64) -> Duration {
    let position = uniform * 4.0;
    let quarter = (position as usize).min(3);
    let at = |i: usize| f64::from(quartiles[i]);
    let micros = at(quarter) + (at(quarter + 1) - at(quarter)) * (position - quarter as f64);
    Duration::from_micros(libm::round(micros) as i64)
}
