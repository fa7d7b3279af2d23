//! Volumes of the month that is: where one passes a tier, its unit costs another price from that instant on.

use serde::{Deserialize, Serialize};

use super::{Charges, Flow, Meter};
use crate::control_plane::{Billing, Use};
use crate::features::{CalendarStep, TimeZone};
use crate::pricing::Tiers;
use crate::units::{Duration, Instant};

/// What was used of every tiered unit since the month began.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Volumes {
    /// When the next month begins.
    month_end: Instant,
    /// Amount × microseconds, by unit.
    used: Vec<Flow>,
    /// How many tiers were passed, by unit.
    passed: Vec<u32>,
}

impl Charges<'_> {
    /// By tiered unit, how much of it one resource of each flavor uses.
    pub(super) fn tiered_amounts(&self) -> Vec<Vec<i64>> {
        let of_unit =
            |tiers: &Tiers| self.flavors.iter().map(|flavor| self.book.tiered_amount(tiers.unit, flavor)).collect();
        self.book.tiers.iter().map(of_unit).collect()
    }

    /// Whether a use is paid by itself, and so by units that may have tiers.
    fn is_direct(&self, what: &Use) -> bool {
        what.node_group.is_none() || self.billing == Billing::PerResource
    }
}

impl Volumes {
    /// Volumes at `now`, with what the tiers say was used before.
    pub(super) fn new(tiers: &[Tiers], now: Instant) -> Self {
        let mut volumes = Self { month_end: next_month(now), used: Vec::new(), passed: vec![0; tiers.len()] };
        for tiers in tiers {
            let before = i128::from(tiers.used_millionths) * tiers.unit.volume() / 1_000_000;
            volumes.used.push(Flow { level: 0, before: -before });
        }
        volumes.pass(tiers, 0);
        volumes
    }

    /// How many tiers were passed, by unit.
    pub(super) fn passed(&self) -> &[u32] {
        &self.passed
    }

    /// Takes note of all tiers that were passed up to `t` microseconds.
    fn pass(&mut self, tiers: &[Tiers], t: i64) {
        for ((tiers, used), passed) in tiers.iter().zip(&self.used).zip(&mut self.passed) {
            let used = used.until(t);
            *passed = tiers.steps.partition_point(|tier| tiers.bound(tier) <= used) as u32;
        }
    }

    /// When the next tier is passed at the present levels, in microseconds from where the books begin.
    fn next_passed(&self, tiers: &[Tiers]) -> Option<i64> {
        let next = tiers.iter().zip(&self.used).zip(&self.passed).filter_map(|((tiers, used), &passed)| {
            let bound = tiers.bound(tiers.steps.get(passed as usize)?);
            let level = Some(used.level).filter(|&level| level > 0)?;
            let lacking = (bound + used.before).max(0);
            i64::try_from((lacking + level - 1) / level).ok()
        });
        next.min()
    }
}

impl Meter<'_> {
    /// When a volume passes a tier next if nothing changes, or the month ends; none without tiers.
    #[inline]
    pub fn tier_due(&self) -> Option<Instant> {
        if self.tiered.is_empty() {
            return None;
        }
        let Volumes { month_end, .. } = self.books.volumes;
        let passed = self.books.volumes.next_passed(&self.charges.book.tiers);
        let at = passed.map(|t| Instant::from_micros(self.books.start.micros().saturating_add(t)));
        Some(at.map_or(month_end, |at| at.min(month_end)))
    }

    /// Looks at the volumes at `now`, when one is [due](Self::tier_due): rates have to be changed then.
    pub fn pass_tiers(&mut self, now: Instant) {
        let t = self.micros(now);
        let volumes = &mut self.books.volumes;
        if volumes.month_end <= now {
            volumes.month_end = next_month(now);
            volumes.used.iter_mut().for_each(|used| used.begin_anew(t));
        }
        volumes.pass(&self.charges.book.tiers, t);
    }

    /// How many tiers of each tiered unit were passed.
    pub fn passed_tiers(&self) -> &[u32] {
        self.books.volumes.passed()
    }

    /// What was used of each tiered unit in the month that is, up to `now`: as [`Tiers::used_millionths`] has it, rounded
    /// down.
    pub fn used_of_tiers(&self, now: Instant) -> Vec<u64> {
        let t = self.micros(now);
        let volumes = self.charges.book.tiers.iter().zip(&self.books.volumes.used);
        let millionths = |(tiers, used): (&Tiers, &Flow)| used.until(t) * 1_000_000 / tiers.unit.volume();
        volumes.map(|volume| u64::try_from(millionths(volume)).unwrap_or(u64::MAX)).collect()
    }

    /// Takes note of use that begins or ends, where it is paid by the unit.
    pub(super) fn change_volumes(&mut self, t: i64, what: Use, change: i64) {
        if !self.charges.is_direct(&what) {
            return;
        }
        for (used, amounts) in self.books.volumes.used.iter_mut().zip(&self.tiered) {
            used.change(t, change * amounts[what.flavor.usize()]);
        }
    }
}

fn next_month(now: Instant) -> Instant {
    // Beyond what a calendar can tell, thousands of years away, a month is an hour: time has to go on.
    TimeZone::UTC.next(CalendarStep::Month, now).max(now + Duration::HOUR)
}
