//! What a budget's scope costs over time: a rate that changes in steps, what commitments take off of it, and exact sums
//! over both.

use super::BudgetScope;
use crate::allocation::{MeteredCover, Metering};
use crate::units::{Duration, Instant, LedgerUnits, Window};

/// What is spent, and when.
pub(super) struct Spending {
    /// From which instant on which rate holds, in nano-units an hour and in order of time: at prices without
    /// commitments, with what commitments cost beside it.
    steps: Vec<(Instant, i128)>,
    /// What commitments covered, whose price without them is in the steps and is not paid; in order of their beginning.
    covered: Vec<MeteredCover>,
    /// How long the longest of them is.
    longest: Duration,
}

impl Spending {
    /// What counts against a scope: of everything the nodes, the modules, what has a price of its own, and commitments,
    /// used or not, in place of what they cover; otherwise the uses that the scope names, at their share of their
    /// node's price.
    ///
    /// What commitments come to is spread over an hour evenly, and is of no tenant, as in a
    /// [`Statement`](crate::allocation::Statement).
    pub(super) fn new(metering: &Metering, scope: &BudgetScope) -> Self {
        let mut changes: Vec<(Instant, i128)> = Vec::new();
        let mut add = |from: Instant, until: Instant, rate: i128| {
            if from < until && rate > 0 {
                changes.extend([(from, rate), (until, -rate)]);
            }
        };
        let mut covered = Vec::new();
        if scope.is_everything() {
            let shared = metering.shared_groups();
            let own = metering.uses.iter().filter(|used| used.node_group.is_none_or(|group| !shared[group.usize()]));
            own.for_each(|used| add(used.from, used.until, used.rate.nanos().into()));
            metering.nodes.iter().for_each(|node| add(node.from, node.until, node.rate.nanos().into()));
            metering.modules.iter().for_each(|module| add(module.from, module.until, module.rate.nanos().into()));
            let promised = metering.commitments.iter();
            promised.for_each(|commitment| add(commitment.from, commitment.until, commitment.cost_per_hour()));
            covered.clone_from(&metering.covered);
        } else {
            let uses = metering.uses.iter().filter(|used| scope.counts(used, metering));
            uses.for_each(|used| add(used.from, used.until, used.rate.nanos().into()));
        }
        covered.sort_by_key(|cover| cover.from);
        let longest = covered.iter().map(|cover| cover.until - cover.from).max().unwrap_or(Duration::ZERO);
        Self { steps: steps(changes), covered, longest }
    }

    /// What is spent in a window.
    pub(super) fn cost(&self, window: Window) -> LedgerUnits {
        let listed: i128 = self.pieces(window).map(|(_, micros, rate)| rate * micros).sum();
        LedgerUnits(listed - self.taken_off(window))
    }

    /// The first microsecond of a window by which more than `amount`, which is not below zero, has been spent in it.
    pub(super) fn passes(&self, window: Window, amount: LedgerUnits) -> Option<Instant> {
        let mut left = amount.0;
        for (from, micros, rate) in self.pieces(window) {
            let until = from + Duration::from_micros(micros as i64);
            for within in self.cut(Window { start: from, end: until }) {
                let taken_off = self.taken_off(within);
                let cost = rate * i128::from(within.length().micros()) - taken_off;
                if cost > left {
                    return Some(self.passes_within(within, rate, left));
                }
                left -= cost;
            }
        }
        None
    }

    /// When more than `left` has been spent in a stretch of one rate in which nothing begins or ends, and in all of
    /// which more is.
    fn passes_within(&self, Window { start, end }: Window, rate: i128, left: i128) -> Instant {
        let spent = |micros: i64| {
            let end = start + Duration::from_micros(micros);
            rate * i128::from(micros) - self.taken_off(Window { start, end })
        };
        let (mut not_yet, mut passed) = (0, (end - start).micros());
        while passed - not_yet > 1 {
            let middle = not_yet + (passed - not_yet) / 2;
            if spent(middle) > left { passed = middle } else { not_yet = middle }
        }
        start + Duration::from_micros(passed)
    }

    /// A stretch, cut where something that is covered begins or ends.
    fn cut(&self, Window { start, end }: Window) -> impl Iterator<Item = Window> {
        let mut bounds: Vec<Instant> =
            self.covered_in(Window { start, end }).flat_map(|cover| [cover.from, cover.until]).collect();
        bounds.retain(|at| start < *at && *at < end);
        bounds.sort_unstable();
        bounds.dedup();
        let ends: Vec<Instant> = bounds.iter().copied().chain([end]).collect();
        core::iter::once(start).chain(bounds).zip(ends).map(|(start, end)| Window { start, end })
    }

    /// What would have been paid without commitments for what they covered in a window.
    fn taken_off(&self, window: Window) -> i128 {
        let list = |cover: &MeteredCover| cover.covered_until(window.end)[0] - cover.covered_until(window.start)[0];
        self.covered_in(window).map(list).sum()
    }

    /// What may be covered in a window.
    fn covered_in(&self, window: Window) -> impl Iterator<Item = &MeteredCover> {
        let first = self.covered.partition_point(|cover| cover.from + self.longest <= window.start);
        self.covered[first..].iter().take_while(move |cover| cover.from < window.end)
    }

    /// The stretches of one rate in a window: since when, how many microseconds, how much.
    fn pieces(&self, window: Window) -> impl Iterator<Item = (Instant, i128, i128)> {
        let begun = self.steps.partition_point(|(at, _)| *at <= window.start).saturating_sub(1);
        let steps = &self.steps[begun..];
        let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([Instant::from_micros(i64::MAX)]);
        let within = steps.iter().zip(ends).take_while(move |((from, _), _)| *from < window.end);
        within.filter_map(move |(&(from, rate), until)| {
            let (from, until) = (from.max(window.start), until.min(window.end));
            (from < until).then(|| (from, i128::from((until - from).micros()), rate))
        })
    }
}

/// The rates that changes add up to, each from its instant on.
fn steps(mut changes: Vec<(Instant, i128)>) -> Vec<(Instant, i128)> {
    changes.sort_unstable_by_key(|(at, _)| *at);
    let (mut rate, mut steps): (i128, Vec<(Instant, i128)>) = (0, Vec::new());
    for (at, change) in changes {
        rate += change;
        match steps.last_mut().filter(|(last, _)| *last == at) {
            Some(step) => step.1 = rate,
            None => steps.push((at, rate)),
        }
    }
    steps
}
