//! When the runs of a prediction pass their budgets.

use serde::{Deserialize, Serialize};

use super::spending::Spending;
use super::{Budget, BudgetPeriod};
use crate::allocation::{Metering, MoneyBand};
use crate::features::TimeZone;
use crate::units::{Currency, Instant, LedgerUnits, Money, Window};

/// Budgets and what was spent of them by the origin; what the runs of a prediction make of them is added run by run.
#[derive(Clone, Debug)]
pub struct BudgetWatch<'b> {
    budgets: &'b [Budget],
    currency: Currency,
    horizon: Window,
    periods: Vec<Begun>,
}

/// A period of a budget that the horizon reaches into.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// Position of the budget.
    budget: usize,
    period: Window,
    known_from: Instant,
    /// By the origin.
    spent: LedgerUnits,
    /// Before the origin.
    passed: Option<Instant>,
}

/// What one run makes of every budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRun {
    /// By period: what is spent of it within the horizon, and when that is more than was left.
    periods: Vec<(LedgerUnits, Option<Instant>)>,
}

/// One period of a budget, and when it is likely to be passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetOutlook {
    /// The budget.
    pub budget: String,
    /// Whose workload counts; everyone's where none.
    pub tenant: Option<String>,
    /// `KEY=VALUE` of the resources that count.
    pub label: Option<String>,
    /// After how long it begins anew.
    pub period: BudgetPeriod,
    /// This period.
    pub window: Window,
    /// How much may be spent in it.
    pub amount: Money,
    /// Since when what was spent is known: later than the period's start where the log begins later.
    pub known_from: Instant,
    /// What was spent by the origin.
    pub spent: Money,
    /// What will have been spent by `seen_until`, over the runs.
    pub spending: MoneyBand,
    /// The end of the period, or of the horizon where that is earlier: nothing is said about what comes after it.
    pub seen_until: Instant,
    /// What to make of it.
    pub state: BudgetState,
    /// How many runs there are.
    pub runs: u32,
    /// In how many of them more is spent than the amount, by `seen_until`.
    pub breaching_runs: u32,
    /// The same as a part of all.
    pub probability: f64,
    /// When half of all runs have spent more than the amount; none where fewer do by `seen_until`.
    pub median: Option<Instant>,
    /// How many percent of all runs are sure enough.
    pub sure_percent: u8,
    /// When so many of all runs have spent more than the amount; none where fewer do by `seen_until`.
    pub sure_by: Option<Instant>,
}

/// What to make of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BudgetState {
    /// More was spent than the amount before the origin.
    Breached,
    /// Enough of the runs to be sure spend more.
    WillBreach,
    /// Some of the runs spend more.
    MayBreach,
    /// No run spends more, to the end of the period.
    Kept,
    /// No run spends more, but the period goes on after the horizon.
    KeptWithinHorizon,
}

/// What to know of periods that began before what was metered did; nothing where there are none.
pub fn unknown_beginnings(outlook: &[BudgetOutlook]) -> Option<String> {
    let late = outlook.iter().filter(|of| of.known_from > of.window.start);
    let names: Vec<String> = late.clone().map(|of| format!("`{}`", of.budget)).collect();
    let since = late.map(|of| of.known_from).min()?;
    Some(format!("what was spent before the log begins, {since}, is not known and not in {}", names.join(", ")))
}

impl<'b> BudgetWatch<'b> {
    /// Begins with what was spent by the start of `horizon`, where what was metered, `past`, ends.
    ///
    /// Every period that the horizon reaches into is watched: the one that is open at the origin, and those that begin
    /// later, of which nothing was spent yet.
    pub fn new(budgets: &'b [Budget], past: &Metering, zone: &TimeZone, horizon: Window) -> Self {
        let origin = horizon.start;
        let mut periods = Vec::new();
        for (position, budget) in budgets.iter().enumerate() {
            let period = zone.around(budget.period.step(), origin);
            let known_from = past.window.start.max(period.start).min(origin);
            let known = Window { start: known_from, end: origin };
            let spending = Spending::new(past, &budget.scope);
            let (spent, passed) = (spending.cost(known), spending.passes(known, budget.amount));
            periods.push(Begun { budget: position, period, known_from, spent, passed });
            let mut start = period.end;
            while start < horizon.end {
                let period = Window { start, end: zone.next(budget.period.step(), start) };
                let spent = LedgerUnits::ZERO;
                periods.push(Begun { budget: position, period, known_from: start, spent, passed: None });
                start = period.end;
            }
        }
        Self { budgets, currency: past.currency, horizon, periods }
    }

    /// What one run, of which this was metered, makes of the budgets.
    pub fn run(&self, metering: &Metering) -> BudgetRun {
        let spending: Vec<Spending> =
            self.budgets.iter().map(|budget| Spending::new(metering, &budget.scope)).collect();
        let run = |begun: &Begun| {
            let (spending, ahead) = (&spending[begun.budget], self.ahead(begun));
            let left = self.budgets[begun.budget].amount - begun.spent;
            let passes = if begun.passed.is_some() { begun.passed } else { spending.passes(ahead, left) };
            (spending.cost(ahead), passes)
        };
        BudgetRun { periods: self.periods.iter().map(run).collect() }
    }

    /// What all runs together make of the budgets, budget by budget and in order of time.
    ///
    /// The instant of a share of the runs is that of the nearest rank: of `n` runs by when they pass the amount, the
    /// ⌈share·n⌉-th, where those that do not pass it come last. So it is never told from fewer runs than it says.
    ///
    /// # Panics
    /// When `sure_percent` is 0 or above 100.
    pub fn outlook(&self, runs: &[BudgetRun], sure_percent: u8) -> Vec<BudgetOutlook> {
        assert!((1..=100).contains(&sure_percent), "a share of the runs in percent");
        let outlook = |(position, begun): (usize, &Begun)| self.of_period(position, begun, runs, sure_percent);
        self.periods.iter().enumerate().map(outlook).collect()
    }

    fn of_period(&self, position: usize, begun: &Begun, runs: &[BudgetRun], sure_percent: u8) -> BudgetOutlook {
        let budget = &self.budgets[begun.budget];
        let money = |amount: LedgerUnits| amount.to_money(self.currency);
        let mut passes: Vec<Instant> = runs.iter().filter_map(|run| run.periods[position].1).collect();
        passes.sort_unstable();
        let at_share = |percent: usize| {
            let rank = (percent * runs.len()).div_ceil(100);
            if rank == 0 { None } else { passes.get(rank - 1).copied() }
        };
        let (median, sure_by) = (at_share(50), at_share(usize::from(sure_percent)));
        let seen_until = self.ahead(begun).end;
        let state = match (begun.passed, sure_by) {
            (Some(_), _) => BudgetState::Breached,
            (None, Some(_)) => BudgetState::WillBreach,
            (None, None) if !passes.is_empty() => BudgetState::MayBreach,
            (None, None) if seen_until == begun.period.end => BudgetState::Kept,
            (None, None) => BudgetState::KeptWithinHorizon,
        };
        let spent = runs.iter().map(|run| begun.spent + run.periods[position].0);
        BudgetOutlook {
            budget: budget.name.clone(),
            tenant: budget.scope.tenant.clone(),
            label: budget.scope.label.as_ref().map(|(key, value)| format!("{key}={value}")),
            period: budget.period,
            window: begun.period,
            amount: money(budget.amount),
            known_from: begun.known_from,
            spent: money(begun.spent),
            spending: MoneyBand::over_runs(spent, self.currency),
            seen_until,
            state,
            runs: runs.len() as u32,
            breaching_runs: passes.len() as u32,
            probability: passes.len() as f64 / runs.len().max(1) as f64,
            median,
            sure_percent,
            sure_by,
        }
    }

    /// The part of a period that is predicted.
    fn ahead(&self, begun: &Begun) -> Window {
        Window { start: begun.period.start.max(self.horizon.start), end: begun.period.end.min(self.horizon.end) }
    }
}
