//! What was metered, added up hour by hour once, so that questions about it are answered quickly.

use std::sync::OnceLock;

use super::distribute::{Distribution, of_modules, share_modules};
use super::grid::Grid;
use super::group_by::Groups;
use super::grouped::{Grouped, LastGrouped, PLACES_MAX, Placed, Size};
use super::rows::Rows;
use super::series::{Series, SliceHours, Totals};
use super::split::{Account, ByAccount};
use super::sums::{GroupSums, Row, TenantHours, Uses};
use super::{
    Amounts, IdlePolicy, POLICY_HOUR, SLICES_MAX, SharedPolicy, Statement, StatementError, StatementSettings, check,
    commitments,
};
use crate::allocation::Metering;
use crate::request::Module;
use crate::units::{LedgerUnits, NodeGroupIndex, TenantIndex, Window};

/// Records of a metering, and what every account comes to in every clock hour (UTC): statements whose slices begin and end
/// at clock hours are sums of these, all others are made of the records. Both say the same, to the ledger unit.
///
/// Of a million uses of a few hours by a thousand tenants it takes some 100 MB beside the records, and as much again for
/// each policy that was asked for.
#[derive(Debug)]
pub struct AggregatedMetering {
    metering: Metering,
    /// Most places that are kept of a grouping.
    pub(super) places_max: usize,
    order: ByAccount,
    pub(super) hourly: Option<Hourly>,
}

#[derive(Debug)]
pub(super) struct Hourly {
    /// One piece an hour.
    grid: Grid,
    paid: GroupSums,
    /// Of accounts, in their order.
    accounts: Series,
    workload: Totals,
    micros: Totals,
    /// In whose nodes' price each account shares.
    node_groups: Vec<Option<NodeGroupIndex>>,
    tenants: Series,
    tenant_hours: TenantHours,
    grouped: LastGrouped,
    /// By policy; none is needed where idle is kept.
    idle: [OnceLock<IdleShares>; IdlePolicy::ALL.len()],
    /// By policy, uniform or proportional: of all modules together, and of each.
    shared: [[OnceLock<ModuleShares>; 2]; 2],
}

/// Idle of every account, and what stays idle by group and hour.
#[derive(Debug)]
struct IdleShares {
    of: Totals,
    kept: Vec<Vec<i128>>,
}

/// By module, the shares of all tenants, and what nobody pays by hour.
#[derive(Debug)]
struct ModuleShares {
    of: Vec<Totals>,
    kept: Vec<Vec<i128>>,
}

/// Most hours of all accounts together that are kept, which is 300 MB of them.
const HOURS_MAX: usize = 1 << 23;

impl AggregatedMetering {
    /// Adds up what was metered.
    pub fn new(metering: Metering) -> Self {
        let order = ByAccount::new(&metering);
        let hourly = Hourly::new(&metering, &order);
        Self { metering, places_max: PLACES_MAX, order, hourly }
    }

    /// The records.
    pub fn metering(&self) -> &Metering {
        &self.metering
    }

    /// States what `settings` ask for, as [`Statement::new`] does.
    ///
    /// # Errors
    /// When the window is not covered, or the records contradict each other.
    pub fn statement(&self, settings: StatementSettings) -> Result<Statement, StatementError> {
        check(&self.metering, &settings)?;
        let slices = settings.resolution.slices(settings.window, &self.metering.time_zone)?;
        let hourly = self.hourly.as_ref().filter(|_| !matches!(settings.shared, SharedPolicy::Weighted(_)));
        let hours = hourly.and_then(|hourly| Some((hourly, SliceHours::new(&hourly.grid, &slices)?)));
        match hours {
            Some((hourly, hours)) => Ok(self.of_hours(hourly, &hours, settings, slices)),
            None => Statement::of_uses(&self.metering, Some(&self.order), settings, slices),
        }
    }

    fn of_hours(
        &self,
        hourly: &Hourly,
        hours: &SliceHours,
        settings: StatementSettings,
        slices: Vec<Window>,
    ) -> Statement {
        let metering = &self.metering;
        let groups = Groups::new(metering, &settings.by);
        let mut rows = Rows::new(&groups, slices.len());
        let idle = hourly.idle_shares(settings.idle, (metering, &self.order));
        let size = groups.keys().map(|keys| Size { keys, hours: hourly.grid.pieces() });
        let few = |size: &Size| size.places().is_some_and(|places| places <= self.places_max);
        if let Some(size) = size.filter(few) {
            let numbers = || {
                let number = |(account, _): (&Account, &[u32])| groups.number_of(&groups.of(account));
                self.order.accounts().map(number)
            };
            let placed = |totals| hourly.placed(numbers(), totals);
            let grouped = hourly
                .grouped
                .get(&settings.by, || Grouped::new(size, placed(&hourly.workload), placed(&hourly.micros)));
            let idle = idle.map(|idle| (settings.idle, || placed(&idle.of)));
            grouped.each(hours, idle, |key, slice, amounts| rows.of(groups.key_of(key)).add(slice, amounts));
        } else {
            for (number, (account, _)) in self.order.accounts().enumerate() {
                let mut of = rows.of(groups.of(account));
                hourly.accounts.slices(number, hours, |slice, places| {
                    let workload = LedgerUnits(hourly.workload.sum(places.clone()));
                    let idle = LedgerUnits(idle.map_or(0, |idle| idle.of.sum(places.clone())));
                    let resource_micros = hourly.micros.sum(places);
                    of.add(slice, Amounts { workload, idle, resource_micros, ..Amounts::default() });
                });
            }
        }
        let kept = idle.map_or(&hourly.paid.idle, |idle| &idle.kept);
        for (group, (kept, overhead)) in kept.iter().zip(&hourly.paid.overhead).enumerate() {
            let mut of = rows.of(groups.of_node_group(NodeGroupIndex::from_usize(group)));
            for (hour, slice) in hours.hours() {
                of.add(slice, Amounts::of_idle(kept[hour]));
                of.add(slice, Amounts::of_overhead(overhead[hour]));
            }
        }
        hourly.add_modules(metering, &settings.shared, hours, (&groups, &mut rows));
        commitments::add(metering, &slices, &groups, &mut rows);
        let mut active_tenants = vec![0; hours.slices()];
        for tenant in 0..metering.tenants.len() {
            hourly.tenants.slices(tenant, hours, |slice, _| active_tenants[slice] += 1);
        }
        let names = groups.names();
        let rows = rows.into_sorted(&names);
        Statement { currency: metering.currency, active_tenants, rows, names, slices, settings }
    }
}

impl Hourly {
    /// None where there are too many hours, or the records contradict each other somewhere.
    fn new(metering: &Metering, order: &ByAccount) -> Option<Self> {
        let Window { start, end } = metering.window;
        if start >= end || metering.window.length().divide(POLICY_HOUR) > SLICES_MAX as i64 {
            return None;
        }
        let grid = Grid::new(&[metering.window], metering.window, true);
        let shared = metering.shared_groups();
        let Uses { on_nodes, .. } = Uses::new(metering, &grid, &Groups::new(metering, &[]), false);
        let paid = GroupSums::new(metering, &grid, on_nodes).ok()?;
        let (mut accounts, mut tenant_hours) = (Series::new(), TenantHours::new(&grid));
        let (mut workload, mut micros, mut node_groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut row = Row::new(&grid);
        for (account, uses) in order.accounts() {
            row.fill(&grid, uses.iter().map(|&position| &metering.uses[position as usize]));
            for (hour, cell) in row.pieces().filter(|(_, cell)| cell.micros > 0) {
                accounts.push(hour);
                workload.push(cell.cost);
                micros.push(cell.micros);
            }
            accounts.close();
            if accounts.len() > HOURS_MAX {
                return None;
            }
            tenant_hours.add(account.tenant, &grid, &row);
            node_groups.push(account.node_group.filter(|group| shared[group.usize()]));
        }
        tenant_hours.settle();
        let tenants = Series::transposed(
            metering.tenants.len(),
            tenant_hours.all().map(|hour| hour.iter().map(|used| used.tenant.0)),
        );
        Some(Self {
            paid,
            accounts,
            workload: Totals::of(workload),
            micros: Totals::of(micros),
            node_groups,
            tenants,
            tenant_hours,
            grouped: LastGrouped::default(),
            idle: Default::default(),
            shared: Default::default(),
            grid,
        })
    }

    /// Every amount with the number that stands for its account, and its hour.
    fn placed(&self, numbers: impl Iterator<Item = usize>, totals: &Totals) -> impl Iterator<Item = Placed> {
        numbers.enumerate().flat_map(move |(account, number)| {
            self.accounts
                .places(account)
                .map(move |place| (number, self.accounts.hour(place), totals.sum(place..place + 1)))
        })
    }

    /// Shares of idle under a policy; none where it is kept.
    fn idle_shares(&self, policy: IdlePolicy, (metering, order): (&Metering, &ByAccount)) -> Option<&IdleShares> {
        if policy == IdlePolicy::Keep {
            return None;
        }
        let shares = || {
            let mut idle = Distribution::of_idle(metering, &self.grid, &self.paid, policy);
            let (mut of, mut row) = (vec![0; self.accounts.len()], Row::new(&self.grid));
            for (number, (_, uses)) in order.accounts().enumerate() {
                let Some(group) = self.node_groups[number] else { continue };
                row.fill(&self.grid, uses.iter().map(|&position| &metering.uses[position as usize]));
                let mut places = self.accounts.places(number);
                idle.share(group, (metering, uses), (&self.grid, &row), |hour, share| {
                    let place = places.find(|&place| self.accounts.hour(place) == hour);
                    of[place.expect("who has a weight in an hour used something in it")] = share;
                });
            }
            let mut kept = vec![vec![0; self.grid.pieces()]; metering.node_groups.len()];
            idle.rest(&self.grid, |group, hour, amount| kept[group.usize()][hour] = amount);
            IdleShares { of: Totals::of(of), kept }
        };
        Some(self.idle[policy as usize].get_or_init(shares))
    }

    /// Adds the cost of modules: as it is, or what tenants pay of it where that makes a difference.
    fn add_modules(
        &self,
        metering: &Metering,
        policy: &SharedPolicy,
        hours: &SliceHours,
        (groups, rows): (&Groups<'_>, &mut Rows<'_, '_>),
    ) {
        let policy = if groups.by_tenant() { policy } else { &SharedPolicy::Keep };
        let place = match policy {
            SharedPolicy::Uniform => Some(0),
            SharedPolicy::Proportional => Some(1),
            SharedPolicy::Keep | SharedPolicy::Weighted(_) => None,
        };
        let shares = place.map(|place| {
            let shares = &self.shared[place][usize::from(groups.by_module())];
            shares.get_or_init(|| self.module_shares(metering, policy, groups.by_module()))
        });
        let costs;
        let kept = match shares {
            Some(shares) => &shares.kept,
            None => {
                costs = of_modules(metering, &self.grid, groups.by_module());
                &costs
            }
        };
        for (module, kept) in Module::ALL.into_iter().zip(kept) {
            let mut of = rows.of(groups.of_module(module, None));
            hours.hours().for_each(|(hour, slice)| of.add(slice, Amounts::of_shared(kept[hour])));
        }
        for (module, shares) in Module::ALL.into_iter().zip(shares.map_or(&[][..], |shares| &shares.of)) {
            for tenant in 0..metering.tenants.len() {
                let mut of = rows.of(groups.of_module(module, Some(TenantIndex::from_usize(tenant))));
                self.tenants.slices(tenant, hours, |slice, places| {
                    of.add(slice, Amounts::of_shared(shares.sum(places)));
                });
            }
        }
    }

    fn module_shares(&self, metering: &Metering, policy: &SharedPolicy, told_apart: bool) -> ModuleShares {
        let costs = of_modules(metering, &self.grid, told_apart);
        let mut of = vec![vec![0; self.tenants.len()]; costs.len()];
        let mut kept = vec![vec![0; self.grid.pieces()]; costs.len()];
        let first: Vec<usize> = (0..metering.tenants.len()).map(|tenant| self.tenants.places(tenant).start).collect();
        let mut next = vec![first; costs.len()];
        share_modules(&costs, policy, &self.grid, &self.tenant_hours, |module, hour, tenant, share| {
            let module = module as usize;
            let Some(tenant) = tenant else {
                kept[module][hour] = share;
                return;
            };
            // Hours come in order.
            let place = &mut next[module][tenant.usize()];
            while self.tenants.hour(*place) < hour {
                *place += 1;
            }
            of[module][*place] = share;
        });
        ModuleShares { of: of.into_iter().map(Totals::of).collect(), kept }
    }
}
