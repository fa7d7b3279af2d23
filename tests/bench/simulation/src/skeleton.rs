//! The least that a simulator of the same requests does: a binary heap, seven FIFO stages of several workers,
//! counter-based draws, first fit by a segment tree, and an integer cost. It knows no quota, no histogram, no plan, no
//! digest; its speed is the limit that ours is held to.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use shared::random::{Draws, Purpose};
use shared::request::Operation;
use shared::units::Resources;

use super::workload::{MEDIANS, SEED, WORKERS, Workload};

const STAGES: usize = 7;
const QUOTA: usize = 3;
const PROVISIONER: usize = 5;

/// What came of it, so that no compiler leaves the work out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) events: u64,
    pub(crate) waited: i64,
    pub(crate) cost: i128,
}

pub(crate) fn run(workload: &Workload) -> Done {
    let scenario = workload.valid.scenario();
    let amounts: Vec<(u32, u32)> = scenario.flavors.iter().map(|flavor| pair(flavor.requested)).collect();
    let capacity = pair(scenario.fleet.node_groups[0].capacity);
    let mut nodes = Tree::new(scenario.fleet.node_groups[0].max as usize, capacity);
    let most = workload.requests.iter().map(|request| request.resource.usize() + 1).max().unwrap_or(0);
    let mut node_of = vec![u32::MAX; most.max(scenario.start.live.len())];
    let mut rate = 0_i128;
    for (live, node) in scenario.start.live.iter().zip(&mut node_of) {
        *node = live.node.map_or(u32::MAX, |index| index.0);
        nodes.change(*node as usize, amounts[live.flavor.usize()], false);
        rate += i128::from(amounts[live.flavor.usize()].0);
    }
    let mut stages: [BinaryHeap<Reverse<i64>>; STAGES] = core::array::from_fn(|_| BinaryHeap::new());
    let mut queue: BinaryHeap<Reverse<(i64, u32, u32, u8)>> = BinaryHeap::new();
    let (mut done, mut sequence, mut last) = (Done::default(), 0_u32, scenario.window.start.micros());
    let end = scenario.window.end.micros();
    let mut arrivals = workload.requests.iter().enumerate().peekable();
    loop {
        let queued = queue.peek().map_or(i64::MAX, |Reverse((at, ..))| *at);
        let arriving = arrivals.peek().map_or(i64::MAX, |(_, request)| request.at.micros());
        let now = queued.min(arriving);
        if now >= end {
            break;
        }
        let (call, next) = if queued < arriving {
            let Reverse((_, _, call, stage)) = queue.pop().expect("it was looked at");
            (call, usize::from(stage) + 1)
        } else {
            (arrivals.next().expect("it was looked at").0 as u32, 0)
        };
        done.events += 1;
        let request = &workload.requests[call as usize];
        let amount = amounts[request.flavor.usize()];
        let is_create = request.operation == Operation::Create;
        if next == PROVISIONER && is_create {
            let node = nodes.first_fit(amount).expect("there is room");
            nodes.change(node, amount, false);
            node_of[request.resource.usize()] = node as u32;
            done.cost += rate * i128::from(now - last);
            (rate, last) = (rate + i128::from(amount.0), now);
        }
        if next == STAGES - 1 && !is_create {
            nodes.change(node_of[request.resource.usize()] as usize, amount, true);
            done.cost += rate * i128::from(now - last);
            (rate, last) = (rate - i128::from(amount.0), now);
        }
        if next == STAGES {
            continue;
        }
        let stage = if next == QUOTA && !is_create { PROVISIONER } else { next };
        let draws = Draws::new(SEED, 0, Purpose::ServiceTime, request.draw_key);
        let number = request.operation as u64 * STAGES as u64 + stage as u64;
        let service = (MEDIANS[stage] as f64 * libm::exp(0.5 * draws.normal(number))).round() as i64;
        let busy = &mut stages[stage];
        let start = if busy.len() < WORKERS[stage] as usize {
            busy.push(Reverse(now + service));
            now
        } else {
            let mut first = busy.peek_mut().expect("workers");
            let start = first.0.max(now);
            *first = Reverse(start + service);
            start
        };
        done.waited += start - now;
        queue.push(Reverse((start + service, sequence, call, stage as u8)));
        sequence += 1;
    }
    done
}

fn pair(amounts: Resources) -> (u32, u32) {
    let [vcpu, memory, ..] = amounts.to_array();
    (vcpu, memory)
}

/// Maxima of what is free, leaves from `leaves`, the root at 1.
struct Tree {
    free: Vec<(u32, u32)>,
    leaves: usize,
}

impl Tree {
    fn new(nodes: usize, capacity: (u32, u32)) -> Self {
        let leaves = nodes.next_power_of_two();
        let mut free = vec![(0, 0); 2 * leaves];
        free[leaves..leaves + nodes].fill(capacity);
        let mut tree = Self { free, leaves };
        for at in (1..leaves).rev() {
            tree.free[at] = tree.most(at);
        }
        tree
    }

    fn most(&self, at: usize) -> (u32, u32) {
        let (left, right) = (self.free[2 * at], self.free[2 * at + 1]);
        (left.0.max(right.0), left.1.max(right.1))
    }

    fn change(&mut self, node: usize, (vcpu, memory): (u32, u32), back: bool) {
        let mut at = self.leaves + node;
        let free = &mut self.free[at];
        *free = if back { (free.0 + vcpu, free.1 + memory) } else { (free.0 - vcpu, free.1 - memory) };
        while at > 1 {
            at /= 2;
            self.free[at] = self.most(at);
        }
    }

    fn first_fit(&self, asked: (u32, u32)) -> Option<usize> {
        self.search(1, asked)
    }

    fn search(&self, at: usize, asked: (u32, u32)) -> Option<usize> {
        let free = self.free[at];
        if asked.0 > free.0 || asked.1 > free.1 {
            return None;
        }
        if at >= self.leaves {
            return Some(at - self.leaves);
        }
        self.search(2 * at, asked).or_else(|| self.search(2 * at + 1, asked))
    }
}
