//! What a budget's scope costs over time: a rate that changes in steps, and exact sums over it.

use super::BudgetScope;
use crate::allocation::Metering;
use crate::units::{Duration, Instant, LedgerUnits, Rate, Window};

/// From which instant on which rate holds, in nano-units an hour and in order of time.
pub(super) struct Spending(Vec<(Instant, i128)>);

impl Spending {
    /// What counts against a scope: of everything the nodes, the modules, and what has a price of its own; otherwise the
    /// uses that the scope names, at their share of their node's price.
    pub(super) fn new(metering: &Metering, scope: &BudgetScope) -> Self {
        let mut changes: Vec<(Instant, i128)> = Vec::new();
        let mut add = |from: Instant, until: Instant, rate: Rate| {
            if from < until && rate > Rate::ZERO {
                let rate = i128::from(rate.nanos());
                changes.extend([(from, rate), (until, -rate)]);
            }
        };
        if scope.is_everything() {
            let shared = metering.shared_groups();
            let own = metering.uses.iter().filter(|used| used.node_group.is_none_or(|group| !shared[group.usize()]));
            own.for_each(|used| add(used.from, used.until, used.rate));
            metering.nodes.iter().for_each(|node| add(node.from, node.until, node.rate));
            metering.modules.iter().for_each(|module| add(module.from, module.until, module.rate));
        } else {
            let uses = metering.uses.iter().filter(|used| scope.counts(used, metering));
            uses.for_each(|used| add(used.from, used.until, used.rate));
        }
        changes.sort_unstable_by_key(|(at, _)| *at);
        let (mut rate, mut steps): (i128, Vec<(Instant, i128)>) = (0, Vec::new());
        for (at, change) in changes {
            rate += change;
            match steps.last_mut().filter(|(last, _)| *last == at) {
                Some(step) => step.1 = rate,
                None => steps.push((at, rate)),
            }
        }
        Self(steps)
    }

    /// What is spent in a window.
    pub(super) fn cost(&self, window: Window) -> LedgerUnits {
        LedgerUnits(self.pieces(window).map(|(_, micros, rate)| rate * micros).sum())
    }

    /// The first microsecond of a window by which more than `amount`, which is not below zero, has been spent in it.
    pub(super) fn passes(&self, window: Window, amount: LedgerUnits) -> Option<Instant> {
        let mut left = amount.0;
        for (from, micros, rate) in self.pieces(window) {
            let cost = rate * micros;
            if cost > left {
                // At most `micros`, which are 64 bits.
                return Some(from + Duration::from_micros((left / rate + 1) as i64));
            }
            left -= cost;
        }
        None
    }

    /// The stretches of one rate in a window: since when, how many microseconds, how much.
    fn pieces(&self, window: Window) -> impl Iterator<Item = (Instant, i128, i128)> {
        let begun = self.0.partition_point(|(at, _)| *at <= window.start).saturating_sub(1);
        let steps = &self.0[begun..];
        let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([Instant::from_micros(i64::MAX)]);
        let within = steps.iter().zip(ends).take_while(move |((from, _), _)| *from < window.end);
        within.filter_map(move |(&(from, rate), until)| {
            let (from, until) = (from.max(window.start), until.min(window.end));
            (from < until).then(|| (from, i128::from((until - from).micros()), rate))
        })
    }
}
