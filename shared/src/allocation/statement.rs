//! The cost statement: what a window cost, by any two of tenant, flavor, label and the like, at any resolution.
//!
//! Workload, idle, shared and overhead stand apart at their price without commitments, and beside them what commitments take
//! off and what they cost unused. All of them add up to all that was paid, exactly, in ledger units: for every window, every
//! grouping and every policy. A statement of a window is the sum of the statements of its parts.

mod aggregated;
mod causes;
mod commitments;
mod comparison;
mod distribute;
mod focus;
mod grid;
mod group_by;
mod grouped;
mod kept;
mod policy;
mod rows;
mod series;
mod split;
mod sums;
#[cfg(test)]
mod tests;
mod unit_cost;
mod view;

use core::ops::AddAssign;

pub use aggregated::AggregatedMetering;
pub use causes::{CauseStep, Replayed};
pub use comparison::{VarianceRow, VarianceStatement};
pub use focus::{FOCUS_COLUMNS, FocusError, FocusSettings, focus_groupings, focus_rows, suits_focus};
pub use grid::Resolution;
pub use group_by::GroupBy;
pub use kept::{FinestCosts, FinestGroups, KeptCost, KeptStep, KeptVariance, LabelsNotKept};
pub use policy::{IdlePolicy, SharedPolicy, read_weights};
pub use unit_cost::{ACTIVE_TENANTS, Metric, UnitCost, read_metric, readings_outside, unit_costs};
pub use view::{AmountsView, RowView, StatementView};

use self::distribute::{Distribution, of_modules, share_modules};
use self::grid::Grid;
use self::group_by::Groups;
use self::rows::Rows;
use self::split::ByAccount;
use self::sums::{GroupSums, Row, TenantHours, Uses};
use super::Metering;
use crate::cost::NodeState;
use crate::units::{Currency, Duration, Instant, LedgerUnits, NodeGroupIndex, Window};

/// Most groupings of one statement.
pub const GROUPINGS_MAX: usize = 7;

/// Stands in a key where a cost is of no group: idle of no tenant, a module of no flavor.
pub const NO_GROUP: u32 = u32::MAX;

/// The groups that a cost is of: one index a grouping, the rest [`NO_GROUP`].
pub type Key = [u32; GROUPINGS_MAX];

/// What a statement is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSettings {
    /// Which time, inside what was metered.
    pub window: Window,
    /// Into what pieces the time is cut.
    pub resolution: Resolution,
    /// By what cost is split; one group of all where empty.
    pub by: Vec<GroupBy>,
    /// What becomes of idle.
    pub idle: IdlePolicy,
    /// What becomes of the modules.
    pub shared: SharedPolicy,
}

impl StatementSettings {
    /// Whether statements of both can be compared. Weights are by numbers of tenants, which are others elsewhere.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { window, resolution, by, idle, shared } = self;
        (window, resolution, by, idle, shared.as_str())
            == (&other.window, &other.resolution, &other.by, &other.idle, other.shared.as_str())
    }
}

/// What a window cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is of.
    pub settings: StatementSettings,
    /// Of every amount.
    pub currency: Currency,
    /// The pieces of time, in order.
    pub slices: Vec<Window>,
    /// By grouping, the names of its groups by index.
    pub names: Vec<Vec<String>>,
    /// One row a slice and key of which there is anything, in order of the slice and of the names of the groups.
    pub rows: Vec<StatementRow>,
    /// Tenants that used something, by slice.
    pub active_tenants: Vec<u32>,
}

/// What one group cost in one slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// Position of the slice.
    pub slice: u32,
    /// Whose.
    pub key: Key,
    /// How much.
    pub amounts: Amounts,
}

/// The parts of a cost, in ledger units, and how long resources were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// What resources cost.
    pub workload: LedgerUnits,
    /// Node time that nobody requested.
    pub idle: LedgerUnits,
    /// Workers of modules.
    pub shared: LedgerUnits,
    /// Node time while booting and draining.
    pub overhead: LedgerUnits,
    /// What commitments take off of what they cover: below zero, unless the price fell below what was promised.
    pub discount: LedgerUnits,
    /// What commitments cost for nothing.
    pub unused: LedgerUnits,
    /// Resources × microseconds.
    pub resource_micros: i128,
}

/// Why there is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The window has no length.
    #[error("the window ends at {}, which is not after its start, {}", .0.end, .0.start)]
    Empty(Window),
    /// The window reaches out of what was metered.
    #[error("the window {} … {} reaches out of what was metered, {} … {}", .window.start, .window.end, .metered.start, .metered.end)]
    NotMetered {
        /// What was asked for.
        window: Window,
        /// What there is.
        metered: Window,
    },
    /// So fine a resolution makes more slices than a report can have.
    #[error("`{0}` cuts the window into more than {SLICES_MAX} slices; take a coarser resolution")]
    TooFine(&'static str),
    /// Policies act hour by hour, in more hours than a report can have.
    #[error(
        "idle and shared cost are handed out hour by hour, and the window has more than {SLICES_MAX} hours; take a shorter one"
    )]
    TooLong,
    /// Uses on the nodes of a group cost more than the nodes.
    #[error(
        "from {from}, uses on nodes of `{node_group}` cost more than its serving nodes do; some of its node records are missing"
    )]
    MoreThanNodes {
        /// Which group.
        node_group: String,
        /// From when.
        from: Instant,
    },
    /// More groupings than there may be, or one twice.
    #[error("{0} groupings; expected at most {GROUPINGS_MAX}, each once")]
    Groupings(usize),
    /// Nobody would pay for the modules.
    #[error("the weights of all tenants are 0; expected at least one above")]
    NoWeights,
}

/// Most slices of a statement.
pub const SLICES_MAX: usize = 100_000;

impl Amounts {
    fn of_idle(amount: i128) -> Self {
        Self { idle: LedgerUnits(amount), ..Self::default() }
    }

    fn of_overhead(amount: i128) -> Self {
        Self { overhead: LedgerUnits(amount), ..Self::default() }
    }

    fn of_shared(amount: i128) -> Self {
        Self { shared: LedgerUnits(amount), ..Self::default() }
    }

    /// The parts in the order of [`AmountsView::PARTS`].
    pub(super) fn parts(&self) -> [LedgerUnits; 6] {
        [self.workload, self.idle, self.shared, self.overhead, self.discount, self.unused]
    }

    /// All parts together.
    pub fn total(&self) -> LedgerUnits {
        self.parts().into_iter().sum()
    }
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.workload += other.workload;
        self.idle += other.idle;
        self.shared += other.shared;
        self.overhead += other.overhead;
        self.discount += other.discount;
        self.unused += other.unused;
        self.resource_micros += other.resource_micros;
    }
}

impl Statement {
    /// States what `settings` ask for.
    ///
    /// Use is counted to the microsecond. Policies other than keeping act clock hour by clock hour (UTC), by the weights of
    /// the whole hour, so that the statement of a window does not depend on where it was cut; idle of an hour and group
    /// in which nobody used anything stays idle. What commitments come to in an hour is spread over it evenly.
    ///
    /// # Errors
    /// When the window is not covered, or the records contradict each other.
    pub fn new(metering: &Metering, settings: StatementSettings) -> Result<Self, StatementError> {
        check(metering, &settings)?;
        let slices = settings.resolution.slices(settings.window, &metering.time_zone)?;
        Self::of_uses(metering, None, settings, slices)
    }

    /// States it use by use; `order` is that of the uses by account, where it is known.
    fn of_uses(
        metering: &Metering,
        order: Option<&ByAccount>,
        settings: StatementSettings,
        slices: Vec<Window>,
    ) -> Result<Self, StatementError> {
        let groups = Groups::new(metering, &settings.by);
        let (rows, active_tenants) = rows_of(metering, order, &groups, &settings, &slices)?;
        let names = groups.names();
        let rows = rows.into_sorted(&names);
        Ok(Self { currency: metering.currency, active_tenants, rows, names, slices, settings })
    }

    /// All rows together.
    pub fn total(&self) -> Amounts {
        let mut total = Amounts::default();
        self.rows.iter().for_each(|row| total += row.amounts);
        total
    }

    /// The name of a row's group; none where its cost is of none.
    pub fn name(&self, row: &StatementRow, grouping: usize) -> Option<&str> {
        let index = row.key[grouping];
        (index != NO_GROUP).then(|| self.names[grouping][index as usize].as_str())
    }
}

/// What every key of `groups` comes to in each slice, use by use, and how many tenants used something in each.
fn rows_of<'g, 'm>(
    metering: &'m Metering,
    order: Option<&ByAccount>,
    groups: &'g Groups<'m>,
    settings: &StatementSettings,
    slices: &[Window],
) -> Result<(Rows<'g, 'm>, Vec<u32>), StatementError> {
    let hourly = settings.idle != IdlePolicy::Keep || settings.shared != SharedPolicy::Keep;
    if hourly && settings.window.length().divide(POLICY_HOUR) > SLICES_MAX as i64 {
        return Err(StatementError::TooLong);
    }
    let grid = Grid::new(slices, metering.window, hourly);
    let Uses { on_nodes, active_tenants, keyed } = Uses::new(metering, &grid, groups, !hourly);
    let paid = GroupSums::new(metering, &grid, on_nodes)?;
    let mut rows = Rows::new(groups, slices.len());
    let mut idle = Distribution::of_idle(metering, &grid, &paid, settings.idle);
    let mut tenants = TenantHours::new(&grid);
    if let Some(keyed) = keyed {
        rows.add_keyed(&grid, keyed);
    } else {
        let counted = order.is_none().then(|| ByAccount::new(metering));
        let order = order.or(counted.as_ref()).expect("it was known or counted");
        let (shared, mut row) = (metering.shared_groups(), Row::new(&grid));
        for (account, uses) in order.accounts() {
            row.fill(&grid, uses.iter().map(|&position| &metering.uses[position as usize]));
            let key = groups.of(account);
            rows.add_workload(&grid, key, &row);
            tenants.add(account.tenant, &grid, &row);
            if let Some(group) = account.node_group.filter(|group| shared[group.usize()]) {
                idle.share(group, (metering, uses), (&grid, &row), |piece, share| {
                    rows.add(&grid, key, piece, Amounts::of_idle(share));
                });
            }
        }
        tenants.settle();
    }
    idle.rest(&grid, |group, piece, amount| {
        rows.add(&grid, groups.of_node_group(group), piece, Amounts::of_idle(amount));
    });
    for (group, pieces) in paid.overhead.iter().enumerate() {
        let key = groups.of_node_group(NodeGroupIndex::from_usize(group));
        for (piece, &amount) in pieces.iter().enumerate() {
            rows.add(&grid, key, piece, Amounts::of_overhead(amount));
        }
    }
    let modules = of_modules(metering, &grid, groups.by_module());
    share_modules(&modules, &settings.shared, &grid, &tenants, |module, piece, tenant, share| {
        rows.add(&grid, groups.of_module(module, tenant), piece, Amounts::of_shared(share));
    });
    commitments::add(metering, slices, groups, &mut rows);
    Ok((rows, active_tenants))
}

fn check(metering: &Metering, settings: &StatementSettings) -> Result<(), StatementError> {
    let (window, metered) = (settings.window, metering.window);
    if window.start >= window.end {
        return Err(StatementError::Empty(window));
    }
    if window.start < metered.start || window.end > metered.end {
        return Err(StatementError::NotMetered { window, metered });
    }
    let twice = settings.by.iter().enumerate().any(|(i, by)| settings.by[..i].contains(by));
    if settings.by.len() > GROUPINGS_MAX || twice {
        return Err(StatementError::Groupings(settings.by.len()));
    }
    match &settings.shared {
        SharedPolicy::Weighted(weights) if weights.iter().all(|&weight| weight == 0) => Err(StatementError::NoWeights),
        _ => Ok(()),
    }
}

/// How long the hours are in which policies act.
const POLICY_HOUR: Duration = Duration::HOUR;
