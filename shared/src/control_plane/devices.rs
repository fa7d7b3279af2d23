//! The GPUs of a node, one by one: a part of a GPU is of one device, whole GPUs are whole devices.

use serde::{Deserialize, Serialize};

use super::settings::NodeGroup;
use crate::units::{Dimension, MAX_DEVICES, Resources};

/// A whole device, in milli-GPU.
const WHOLE: u32 = Dimension::Gpu.per_written_unit();

/// Which devices of its node a resource holds: bit i is device i.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeviceSet(pub u16);

/// What is free of each device of a node, in milli-GPU; nothing of those that it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Devices([u32; MAX_DEVICES]);

/// What is free on a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) free: Resources,
    pub(crate) devices: Devices,
}

impl DeviceSet {
    fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_DEVICES).filter(move |device| self.0 >> device & 1 == 1)
    }
}

impl Devices {
    /// Those of an empty node; over-commitment lets each be shared by more.
    pub(crate) fn of(group: &NodeGroup) -> Self {
        let count = (group.capacity[Dimension::Gpu] / WHOLE) as usize;
        let percent = group.over_commit_percent.get(&Dimension::Gpu).copied().unwrap_or(100);
        let mut devices = Self::default();
        devices.0.iter_mut().take(count).for_each(|free| *free = WHOLE * percent / 100);
        devices
    }

    /// Whether there are devices for an amount.
    pub(crate) fn fit(&self, gpu: u32) -> bool {
        gpu == 0 || gpu.is_multiple_of(of_each(gpu)) && self.with_room(gpu).count() >= how_many(gpu)
    }

    /// The devices for an amount: those with the least room that is enough, of several the lowest.
    pub(crate) fn choose(&self, gpu: u32) -> Option<DeviceSet> {
        if !self.fit(gpu) {
            return None;
        }
        let mut possible: Vec<usize> = self.with_room(gpu).collect();
        possible.sort_by_key(|&device| self.0[device]);
        Some(DeviceSet(possible.into_iter().take(how_many(gpu)).fold(0, |set, device| set | 1 << device)))
    }

    /// Whether these are as many devices as an amount needs, each with room.
    pub(crate) fn suit(&self, gpu: u32, set: DeviceSet) -> bool {
        set.iter().count() == how_many(gpu) && set.iter().all(|device| self.0[device] >= of_each(gpu))
    }

    /// Takes an amount on devices that suit it, or on others where they do not; none where there is no room.
    pub(crate) fn take(&mut self, gpu: u32, wanted: DeviceSet) -> Option<DeviceSet> {
        if gpu == 0 {
            return Some(DeviceSet::default());
        }
        let set = if self.suit(gpu, wanted) { wanted } else { self.choose(gpu)? };
        set.iter().for_each(|device| self.0[device] -= of_each(gpu));
        Some(set)
    }

    /// Gives back what was taken.
    pub(crate) fn give(&mut self, gpu: u32, set: DeviceSet) {
        set.iter().for_each(|device| self.0[device] += of_each(gpu));
    }

    fn with_room(&self, gpu: u32) -> impl Iterator<Item = usize> {
        (0..MAX_DEVICES).filter(move |&device| self.0[device] >= of_each(gpu))
    }

    /// What is free of each device.
    pub(crate) fn free(&self) -> impl Iterator<Item = u32> {
        self.0.into_iter()
    }

    /// What is free of the devices on which an amount does not fit.
    pub(crate) fn useless_for(&self, gpu: u32) -> u32 {
        self.free().filter(|&free| free < of_each(gpu)).sum()
    }

    /// The devices that an amount may take, those with the least room first, of several that are alike the lowest.
    pub(crate) fn choices(&self, gpu: u32) -> impl Iterator<Item = DeviceSet> {
        let mut parts: Vec<usize> = if (1..WHOLE).contains(&gpu) { self.with_room(gpu).collect() } else { Vec::new() };
        parts.sort_by_key(|&device| self.0[device]);
        parts.dedup_by_key(|&mut device| self.0[device]);
        let whole = if gpu == 0 || gpu >= WHOLE { self.choose(gpu) } else { None };
        parts.into_iter().map(|device| DeviceSet(1 << device)).chain(whole)
    }

    /// The same devices in order of what is free: nodes that differ in the order alone are alike.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    /// How much more of its devices an amount needs, in milli-GPU.
    pub(crate) fn lacking(&self, gpu: u32) -> u32 {
        let missing = how_many(gpu).saturating_sub(self.with_room(gpu).count()) as u32;
        match missing {
            _ if gpu == 0 => 0,
            1 if gpu < WHOLE => gpu - self.free().max().unwrap_or(0).min(gpu),
            missing => missing * of_each(gpu),
        }
    }
}

/// What an amount takes of each of its devices.
fn of_each(gpu: u32) -> u32 {
    gpu.clamp(1, WHOLE)
}

fn how_many(gpu: u32) -> usize {
    gpu.div_ceil(WHOLE) as usize
}

impl Room {
    /// That of an empty node.
    pub(crate) fn of(group: &NodeGroup) -> Self {
        Self { free: group.schedulable(), devices: Devices::of(group) }
    }

    /// Whether there is enough.
    pub(crate) fn holds(&self, requested: Resources) -> bool {
        requested.fits(self.free) && self.devices.fit(requested[Dimension::Gpu])
    }

    /// Takes an amount, on devices that suit it or else on others; none where there is not enough.
    pub(crate) fn take(&mut self, requested: Resources, wanted: DeviceSet) -> Option<DeviceSet> {
        let free = self.free.checked_sub(requested)?;
        let set = self.devices.take(requested[Dimension::Gpu], wanted)?;
        self.free = free;
        Some(set)
    }

    /// Gives back what was taken.
    ///
    /// # Panics
    /// When the sum is beyond any amount: what was given was not taken.
    pub(crate) fn give(&mut self, requested: Resources, set: DeviceSet) {
        self.free = self.free.checked_add(requested).expect("amounts on a node fit its capacity");
        self.devices.give(requested[Dimension::Gpu], set);
    }
}

/// What is asked for, in the terms of [`offered`].
pub(super) fn asked(requested: Resources) -> Resources {
    match requested[Dimension::Gpu] {
        0 => requested,
        part if part < WHOLE => requested.with(LARGEST_PART, part),
        whole => requested.with(WHOLE_DEVICES, whole / WHOLE),
    }
}

/// What a node offers, so that whoever [asks](asked) for no more than that in each dimension finds devices too.
///
/// Volumes and what they do in a second come from no node: in their dimensions stand the largest free part of a device,
/// and how many whole ones are free.
pub(super) fn offered(free: Resources, devices: &Devices) -> Resources {
    let largest = devices.free().max().unwrap_or(0);
    free.with(LARGEST_PART, largest).with(WHOLE_DEVICES, devices.with_room(WHOLE).count() as u32)
}

const LARGEST_PART: Dimension = Dimension::Storage;
const WHOLE_DEVICES: Dimension = Dimension::Iops;

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy;

    use super::*;

    fn devices(count: u32, percent: u32) -> Devices {
        let capacity = Resources::ZERO.with(Dimension::Gpu, count * WHOLE);
        Devices::of(&NodeGroup {
            capacity,
            over_commit_percent: [(Dimension::Gpu, percent)].into(),
            ..NodeGroup::default()
        })
    }

    fn take(devices: &mut Devices, gpu: u32) -> Option<u16> {
        devices.take(gpu, DeviceSet::default()).map(|set| set.0)
    }

    #[test]
    fn parts_go_to_the_tightest_device_and_the_lowest_of_several() {
        let mut devices = devices(3, 100);
        // 600 leaves 400 on the first; 500 does not fit there; 400 fills it; 500 fits beside the 500 of the second.
        assert_eq!([600, 500, 400, 500].map(|gpu| take(&mut devices, gpu)), [Some(1), Some(2), Some(1), Some(2)]);
        assert_eq!(
            (take(&mut devices, 2_000), take(&mut devices, 1_000), take(&mut devices, 1)),
            (None, Some(4), None)
        );
    }

    #[test]
    fn parts_of_two_devices_are_no_room() {
        let mut devices = devices(2, 100);
        assert_eq!([600, 600].map(|gpu| take(&mut devices, gpu)), [Some(1), Some(2)]);
        // 800 are free, 400 on each: 500 lacks 100, a whole one lacks one.
        assert!(!devices.fit(500) && devices.fit(400));
        assert_eq!([500, 1_000, 2_000, 400].map(|gpu| devices.lacking(gpu)), [100, 1_000, 2_000, 0]);
        devices.give(600, DeviceSet(1));
        assert_eq!(take(&mut devices, 1_000), Some(1));
    }

    #[test]
    fn what_is_held_is_kept_where_it_can_be() {
        let mut devices = devices(2, 100);
        assert_eq!(devices.take(300, DeviceSet(2)), Some(DeviceSet(2)));
        assert_eq!(devices.take(800, DeviceSet(2)), Some(DeviceSet(1)));
        assert_eq!(devices.take(600, DeviceSet(3)), Some(DeviceSet(2)), "one device is enough");
    }

    #[test]
    fn a_device_is_shared_as_far_as_it_may_be_over_committed() {
        let mut devices = devices(1, 200);
        assert_eq!([1_000, 700, 300, 1].map(|gpu| take(&mut devices, gpu)), [Some(1), Some(1), Some(1), None]);
        assert!(!self::devices(1, 200).fit(2_000), "there is one device, though it is shared");
    }

    proptest::proptest! {
        /// Whoever asks for no more than is offered in each dimension finds devices, and nobody else does.
        #[test]
        fn offers_tell_who_finds_devices(
            free in proptest::array::uniform16(0_u32..1_001),
            gpu in proptest::prop_oneof![1_u32..1_000, (1_u32..6).prop_map(|count| count * 1_000)],
        ) {
            let devices = Devices(free);
            let sum = Resources::ZERO.with(Dimension::Gpu, free.iter().sum());
            let fits = asked(Resources::ZERO.with(Dimension::Gpu, gpu)).fits(offered(sum, &devices));
            proptest::prop_assert_eq!(fits, devices.fit(gpu));
            proptest::prop_assert_eq!(devices.choose(gpu).is_some(), fits);
        }
    }
}
