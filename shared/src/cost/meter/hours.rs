//! The hours of a meter: at the end of each, commitments are drawn down by what was used in it.

use super::{Charges, Flow, Meter};
use crate::control_plane::{Billing, Purchase, Use};
use crate::cost::commitments::{DrawDown, draw_down};
use crate::cost::{CommitmentCost, Covered, Usage};
use crate::request::ResourceClass;
use crate::units::{Duration, Instant, NodeGroupIndex, Window};

const HOUR: Duration = Duration::from_minutes(60);

impl Charges<'_> {
    /// Nothing drawn down yet; a line for each node group, or each flavor that has a price of its own.
    pub(super) fn draw_down(&self, now: Instant) -> DrawDown {
        let lines = match self.billing {
            Billing::Fleet => self.fleet.node_groups.len(),
            Billing::PerResource => self.flavors.len(),
        };
        DrawDown {
            opened: now,
            open: vec![Flow::default(); lines],
            closed: vec![CommitmentCost::default(); self.book.commitments.len()],
        }
    }

    /// On which line a node is counted, where commitments may cover it: spot nodes are cheaper as it is.
    pub(super) fn line_of_node(&self, group: NodeGroupIndex) -> Option<usize> {
        let on_demand = self.fleet.node_groups[group.usize()].purchase == Purchase::OnDemand;
        (self.billing == Billing::Fleet && on_demand).then_some(group.usize())
    }

    /// On which line a resource is counted, where commitments may cover it.
    pub(super) fn line_of(&self, what: &Use) -> Option<usize> {
        let flavor = what.flavor.usize();
        let is_machine = self.flavors[flavor].class == ResourceClass::Compute;
        (self.billing == Billing::PerResource && is_machine).then_some(flavor)
    }
}

impl DrawDown {
    /// Takes note of use that begins or ends on a line.
    pub(super) fn change(&mut self, line: Option<usize>, t: i64, change: i64) {
        if let Some(flow) = line.and_then(|line| self.open.get_mut(line)) {
            flow.change(t, change);
        }
    }
}

impl<'a> Meter<'a> {
    /// When the hour ends at which commitments are drawn down next; hours are those of UTC. None without commitments.
    pub fn hour_end(&self) -> Option<Instant> {
        let opened = self.books.commitments.opened;
        (!self.charges.book.commitments.is_empty()).then(|| opened.floor(HOUR) + HOUR)
    }

    /// Draws commitments down by what was used up to `now`: at the end of an hour, and where prices change within one.
    pub fn close_hour(&mut self, now: Instant) {
        let t = self.micros(now);
        if self.charges.book.commitments.is_empty() {
            return;
        }
        let closed = self.commitments_until(now);
        let books = &mut self.books.commitments;
        (books.opened, books.closed) = (now, closed);
        books.open.iter_mut().for_each(|flow| flow.begin_anew(t));
    }

    /// What was used in the hour that is open, up to `now`: a line for each node group, or for each flavor that has a price
    /// of its own. Without commitments no hour ever closes.
    pub fn usage(&self, now: Instant) -> Vec<Usage<'a>> {
        let (t, charges) = (self.micros(now), self.charges);
        let line = |(line, flow): (usize, &Flow)| {
            let (name, rate) = match charges.billing {
                Billing::Fleet => (&charges.fleet.node_groups[line].instance_type, self.rates.node[line]),
                Billing::PerResource => (&charges.flavors[line].name, self.rates.of_resource(line)),
            };
            Usage { name, rate, micros: flow.until(t) }
        };
        self.books.commitments.open.iter().enumerate().map(line).collect()
    }

    /// The part of the hour that is open, up to `now`, and what commitments cover in it.
    pub fn covered(&self, now: Instant) -> (Window, Vec<Covered>) {
        let open = Window { start: self.books.commitments.opened, end: now };
        let commitments = &self.charges.book.commitments;
        if commitments.is_empty() {
            return (open, Vec::new());
        }
        (open, draw_down(commitments, &self.usage(now), open).1)
    }

    /// What each commitment came to so far. Of an hour that is not over it has the part that has passed.
    pub(super) fn commitments_until(&self, now: Instant) -> Vec<CommitmentCost> {
        let DrawDown { opened, closed, .. } = &self.books.commitments;
        if closed.is_empty() {
            return Vec::new();
        }
        let hour = Window { start: *opened, end: now };
        let (hour, _) = draw_down(&self.charges.book.commitments, &self.usage(now), hour);
        closed.iter().zip(hour).map(|(&closed, open)| closed + open).collect()
    }
}
