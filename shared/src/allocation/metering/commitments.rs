//! Commitment discounts as they were metered: what was promised, and what it covered.

use crate::cost::CoveredRecord;
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::scenario::{Billing, Scenario};
use crate::units::{FlavorIndex, Instant, LedgerUnits, NodeGroupIndex, Rate, Window};

/// A commitment discount, for as long as it holds in what was metered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeteredCommitment {
    /// Its name.
    pub name: String,
    /// How many machines at once; none where it is an amount of money.
    pub machines: Option<u32>,
    /// First instant.
    pub from: Instant,
    /// First instant after.
    pub until: Instant,
    /// What it costs an hour, used or not: of one machine, or all of the money.
    pub rate: Rate,
}

/// What a commitment covered of one line in a stretch of at most an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeteredCover {
    /// Position of the commitment.
    pub commitment: u32,
    /// Of what.
    pub line: CoveredLine,
    /// First instant.
    pub from: Instant,
    /// First instant after.
    pub until: Instant,
    /// How many × microseconds.
    pub micros: i64,
    /// What one costs an hour without the commitment.
    pub list: Rate,
    /// What one costs under it.
    pub rate: Rate,
}

/// What a commitment covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoveredLine {
    /// Nodes of a group.
    NodeGroup(NodeGroupIndex),
    /// Resources that have a price of their own.
    Flavor(FlavorIndex),
}

impl MeteredCommitment {
    /// What it costs an hour, all of it.
    pub fn cost_per_hour(&self) -> i128 {
        i128::from(self.rate.nanos()) * i128::from(self.machines.unwrap_or(1))
    }

    /// For how many microseconds it holds in a window.
    pub fn micros_in(&self, window: Window) -> i64 {
        (self.until.min(window.end) - self.from.max(window.start)).micros().max(0)
    }

    pub(super) fn of(discount: &CommitmentDiscount, window: Window) -> Self {
        let (machines, rate) = match discount.covers {
            Coverage::Machines { count, rate, .. } => (Some(count), rate),
            Coverage::Spend { rate, .. } => (None, rate),
        };
        let (from, until) = (discount.from.max(window.start), discount.until.min(window.end));
        Self { name: discount.name.clone(), machines, from, until: until.max(from), rate }
    }
}

impl MeteredCover {
    /// What it cost under the commitment.
    pub fn used(&self) -> LedgerUnits {
        LedgerUnits(i128::from(self.micros) * i128::from(self.rate.nanos()))
    }

    /// What it would have cost without.
    pub fn list_cost(&self) -> LedgerUnits {
        LedgerUnits(i128::from(self.micros) * i128::from(self.list.nanos()))
    }

    /// What it covered up to an instant of its stretch, evenly spread: at list prices, under the commitment, and how many ×
    /// microseconds. Differences of these add up exactly, wherever the stretch is cut.
    pub fn covered_until(&self, at: Instant) -> [i128; 3] {
        let (length, passed) = ((self.until - self.from).micros(), (at.min(self.until) - self.from).micros().max(0));
        [self.list_cost().0, self.used().0, i128::from(self.micros)]
            .map(|all| all * i128::from(passed) / i128::from(length.max(1)))
    }

    /// A record in the stretch in which its commitment holds; hours of a run have at most so many machines that their
    /// microseconds are a number.
    pub(super) fn of(record: &CoveredRecord, scenario: &Scenario) -> Self {
        let CoveredRecord { window, covered } = record;
        let discount = &scenario.price_book.commitments[covered.commitment];
        let line = match scenario.billing {
            Billing::Fleet => CoveredLine::NodeGroup(NodeGroupIndex::from_usize(covered.line)),
            Billing::PerResource => CoveredLine::Flavor(FlavorIndex::from_usize(covered.line)),
        };
        Self {
            commitment: covered.commitment as u32,
            line,
            from: window.start.max(discount.from),
            until: window.end.min(discount.until),
            micros: i64::try_from(covered.micros).expect("2^31 machines for an hour are below 2^63 microseconds"),
            list: covered.list,
            rate: covered.rate,
        }
    }
}
