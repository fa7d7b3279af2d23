//! The node whose GPUs become the least useless for what is asked for.

use core::cell::RefCell;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::control_plane::devices::{DeviceSet, Devices, Room};
use crate::units::{Dimension, Resources};

/// Increases that are remembered at most.
const REMEMBERED: usize = 1 << 14;

/// Fragmentation gradient descent: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
/// Fragmentation Gradient Descent", USENIX ATC 2023.
///
/// The fragmentation of a node is F = Σ p(m) F(m) over the shapes m that are asked for, each with its part p(m) of all
/// that ask. F(m) is what is free of the node's GPUs and is of no use to m: all of it where m asks for no GPU, or the node
/// has no room for m; else what is free of those devices on which less is free than m takes of one. The request goes where
/// F grows the least, by the device on which it does. Where nobody asks for GPUs, all that is free is useless before and
/// after: nothing grows, and the lowest node index is chosen.
///
/// Here F is not divided by the number of all that ask, so that it is a whole number of milli-GPU.
#[derive(Debug, Default)]
pub(in crate::control_plane) struct Fragmentation {
    shapes: Vec<(Resources, u64)>,
    /// How many ask for any of them.
    all: i64,
    remembered: RefCell<IndexMap<(Resources, Devices, Resources), i64, FixedState>>,
}

/// A copy remembers nothing: that costs less than to copy it.
impl Clone for Fragmentation {
    fn clone(&self) -> Self {
        Self::new(&self.shapes)
    }
}

impl Fragmentation {
    pub(in crate::control_plane) fn new(shapes: &[(Resources, u64)]) -> Self {
        let all = shapes.iter().map(|&(_, count)| count as i64).sum();
        Self { shapes: shapes.to_vec(), all, remembered: RefCell::default() }
    }

    /// F of what is free.
    fn of(&self, room: &Room) -> i64 {
        let free: u32 = room.devices.free().sum();
        if free == 0 {
            return 0;
        }
        let useless = |&(shape, count): &(Resources, u64)| {
            let gpu = shape[Dimension::Gpu];
            let lost = if gpu > 0 && room.holds(shape) { room.devices.useless_for(gpu) } else { free };
            u64::from(lost) * count
        };
        self.shapes.iter().map(useless).sum::<u64>() as i64
    }

    /// By how much F grows where a request is placed, and on which devices it does the least; of several that are equal,
    /// those with the least room, of several the lowest. None where there is no room.
    pub(in crate::control_plane) fn least_increase(
        &self,
        requested: Resources,
        room: &Room,
    ) -> Option<(i64, DeviceSet)> {
        let before = self.of(room);
        let choices = room.devices.choices(requested[Dimension::Gpu]);
        let after = |set: DeviceSet| {
            let mut rest = *room;
            rest.take(requested, set).map(|_| (self.of(&rest) - before, set))
        };
        // Choices come in that order, and the first of equals is kept.
        choices.filter_map(after).reduce(|best, next| if next.0 < best.0 { next } else { best })
    }

    /// The score of a class of nodes: the less F grows the higher. It is remembered.
    pub(super) fn score(&self, requested: Resources, room: &Room) -> i64 {
        if room.devices == Devices::default() {
            return 0;
        }
        let key = (room.free, room.devices, requested);
        if let Some(&score) = self.remembered.borrow().get(&key) {
            return score;
        }
        let score = self.least_increase(requested, room).map_or(i64::MIN, |(increase, _)| -increase);
        let mut remembered = self.remembered.borrow_mut();
        if remembered.len() == REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, score);
        score
    }

    /// No node scores higher: what becomes less useless to each that asks is at most what is taken.
    pub(super) fn bound(&self, requested: Resources) -> i64 {
        i64::from(requested[Dimension::Gpu]) * self.all
    }

    /// What a score is in milli-GPU: F by the number of all that ask.
    pub(super) fn shown(&self, score: i64) -> f64 {
        score as f64 / self.all.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::settings::NodeGroup;

    fn gpu(milli: u32) -> Resources {
        Resources::compute(1_000, 1_024).with(Dimension::Gpu, milli)
    }

    /// Two GPUs, 8 vCPU and 8 GiB.
    fn room() -> Room {
        let capacity = Resources::compute(8_000, 8_192).with(Dimension::Gpu, 2_000);
        Room::of(&NodeGroup { capacity, ..NodeGroup::default() })
    }

    #[test]
    fn what_a_shape_cannot_use_is_fragmented() {
        // One asks for no GPU, two for a half, three for a whole one.
        let popular = Fragmentation::new(&[(gpu(1_000), 3), (gpu(500), 2), (gpu(0), 1)]);
        let mut room = room();
        assert_eq!(popular.of(&room), 2_000, "all of it for the one without");
        room.take(gpu(600), DeviceSet::default());
        // 400 + 1,000 are free: the 400 are useless to five, all to the one.
        assert_eq!(popular.of(&room), 5 * 400 + 1_400);
        room.take(gpu(600), DeviceSet::default());
        // 400 + 400: neither a half nor a whole one has room any more.
        assert_eq!(popular.of(&room), 6 * 800);
    }

    #[test]
    fn the_device_is_the_one_on_which_least_is_lost() {
        let mut room = room();
        room.take(gpu(300), DeviceSet::default());
        // 700 + 1,000 are free. Where halves are asked for, 300 on the first leaves 400, which nobody can use; on the
        // second they leave 700. The tightest would have been the first.
        let halves = Fragmentation::new(&[(gpu(500), 1)]);
        assert_eq!(halves.least_increase(gpu(300), &room), Some((0, DeviceSet(2))));
        // Where whole ones are, the 700 are lost already: 400 of them stay; on the second all 1,400 would be.
        let whole = Fragmentation::new(&[(gpu(1_000), 1)]);
        assert_eq!(whole.least_increase(gpu(300), &room), Some((-300, DeviceSet(1))));
    }

    #[test]
    fn nothing_grows_where_nobody_asks_for_gpus() {
        let none = Fragmentation::new(&[(gpu(0), 5)]);
        assert_eq!(none.least_increase(gpu(0), &room()), Some((0, DeviceSet(0))));
    }
}
