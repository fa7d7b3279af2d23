//! What was predicted beside what it cost, by any groups.
//!
//! What the runs say on average, what it cost, the difference, its causes where they were replayed, and how good that makes
//! the prediction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::causes::{ByCause, CauseStep};
use super::{GroupBy, Statement, StatementRow};
use crate::allocation::{Basis, CauseAmount, MoneyBand, PredictionAccuracy, mean_column};
use crate::units::{Currency, Instant, LedgerUnits, Money, Window, apportion};

/// The variance of a window by some groups. Means, actual amounts and variances add up to their totals to the last decimal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VarianceStatement {
    /// The window.
    pub window: Window,
    /// Of every amount.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// By what cost is split.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub by: Vec<GroupBy>,
    /// How many runs the prediction has.
    pub runs: u32,
    /// How the actual amounts are known.
    pub basis: Basis,
    /// The sum of the rows.
    pub total: VarianceRow,
    /// One row a slice of the window and group, in order of time and name.
    pub rows: Vec<VarianceRow>,
    /// Rows that differ, most money first: where it is worth looking.
    pub optimization_areas: Vec<VarianceRow>,
}

/// What one group was predicted to cost in a slice, and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VarianceRow {
    /// When the slice begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// By grouping, the group; none where the cost is of none. Empty for the total.
    pub groups: BTreeMap<String, Option<String>>,
    /// What the runs said.
    pub predicted: MoneyBand,
    /// What it cost.
    pub actual: Money,
    /// Actual − predicted mean.
    pub variance: Money,
    /// The variance by cause, where causes were replayed and the groups are known in a replay; the amounts that are known add
    /// up to it, and over the rows to those of the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseAmount>,
    /// The specification's accuracy of this window alone, 1 − |variance ÷ actual|; none where nothing was paid.
    pub prediction_accuracy: Option<f64>,
}

/// Most rows that are named as worth looking at.
const AREAS_MAX: usize = 10;

/// A slice, and the name of the group in each grouping; what is of no group is last.
pub(super) type Name = (u32, Vec<(bool, String)>);

/// What a group costs in each run, and in what happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Costs {
    pub(super) runs: Vec<LedgerUnits>,
    pub(super) actual: LedgerUnits,
    /// After each step that was replayed, the sum over its runs.
    pub(super) steps: Vec<LedgerUnits>,
}

/// What the costs of a variance are of.
pub(super) struct Compared<'a> {
    pub(super) window: Window,
    pub(super) slices: &'a [Window],
    pub(super) by: &'a [GroupBy],
    pub(super) currency: Currency,
    pub(super) runs: usize,
    pub(super) basis: Basis,
    pub(super) steps: &'a [CauseStep<()>],
}

impl VarianceStatement {
    /// Sets what happened beside the statements of all runs, which are by the same groups and of the same slices; groups are
    /// the same where they have the same names. `steps` are the replays that split the variance by cause, each with the
    /// statements of its runs, as many as the prediction has; none where it is not split.
    ///
    /// # Panics
    /// When there is no run, or the settings differ.
    pub fn new(predicted: &[Statement], actual: &Statement, basis: Basis, steps: &[CauseStep<Vec<Statement>>]) -> Self {
        assert!(!predicted.is_empty(), "a prediction has runs");
        let alike = |run: &Statement| run.settings.is_like(&actual.settings);
        assert!(predicted.iter().all(alike), "only what is asked alike is compared");
        let mut costs: BTreeMap<Name, Costs> = BTreeMap::new();
        for (number, run) in predicted.iter().enumerate() {
            for row in &run.rows {
                costs.entry(name(run, row)).or_default().add(number, predicted.len(), row.amounts.total());
            }
        }
        for row in &actual.rows {
            let of = costs.entry(name(actual, row)).or_default();
            of.runs.resize(predicted.len(), LedgerUnits::ZERO);
            of.actual += row.amounts.total();
        }
        for (place, runs) in steps.iter().filter_map(CauseStep::runs).enumerate() {
            for (run, row) in runs.iter().flat_map(|run| run.rows.iter().map(move |row| (run, row))) {
                costs.entry(name(run, row)).or_default().add_step(place, row.amounts.total());
            }
        }
        let steps: Vec<CauseStep<()>> = steps.iter().map(|step| step.map(|_| ())).collect();
        let compared = Compared {
            window: actual.settings.window,
            slices: &actual.slices,
            by: &actual.settings.by,
            currency: actual.currency,
            runs: predicted.len(),
            basis,
            steps: &steps,
        };
        Self::of_costs(&compared, &costs, |_| true)
    }

    /// The rows of the groups that are `told`, and their sum. Amounts are those that they have beside all others, so
    /// that whoever is told of some sees the same of them as whoever is told of all.
    pub(super) fn of_costs(of: &Compared<'_>, costs: &BTreeMap<Name, Costs>, told: impl Fn(&Name) -> bool) -> Self {
        let &Compared { window, slices, by, currency, runs, basis, steps } = of;
        let sums: Vec<LedgerUnits> = costs.values().map(|of| of.runs.iter().copied().sum()).collect();
        let (_, means) = apportion(&mean_column(&sums, runs as u32), currency);
        let (_, actuals) = apportion(&costs.values().map(|of| of.actual).collect::<Vec<_>>(), currency);
        let by_cause = ByCause::new(steps, costs, runs as u32, currency);
        let row = |window: Window, groups, (mean, actual): (Money, Money), runs: &[LedgerUnits], of: &[usize]| {
            let variance = Money { amount: actual.amount - mean.amount, currency };
            VarianceRow {
                start: window.start,
                end: window.end,
                groups,
                predicted: MoneyBand { mean, ..MoneyBand::over_runs(runs.iter().copied(), currency) },
                actual,
                variance,
                causes: by_cause.of(of, variance),
                prediction_accuracy: PredictionAccuracy::of_one(mean, actual, basis),
            }
        };
        let zero = Money { amount: Default::default(), currency };
        let (mut mean, mut paid, mut totals) = (zero, zero, vec![LedgerUnits::ZERO; runs]);
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for (i, (name, of)) in costs.iter().enumerate().filter(|(_, (name, _))| told(name)) {
            let (slice, names) = name;
            let group =
                |(by, (is_none, name)): (&GroupBy, &(bool, String))| (by.to_string(), (!is_none).then(|| name.clone()));
            let groups = by.iter().zip(names).map(group).collect();
            rows.push(row(slices[*slice as usize], groups, (means[i], actuals[i]), &of.runs, &[i]));
            places.push(i);
            (mean.amount, paid.amount) = (mean.amount + means[i].amount, paid.amount + actuals[i].amount);
            totals.iter_mut().zip(&of.runs).for_each(|(total, &cost)| *total += cost);
        }
        Self {
            window,
            currency,
            by: by.to_vec(),
            runs: runs as u32,
            basis,
            total: row(window, BTreeMap::new(), (mean, paid), &totals, &places),
            optimization_areas: areas(&rows),
            rows,
        }
    }
}

impl VarianceStatement {
    /// The specification's accuracy over the pieces of the window, in order of time: each is one closed window.
    pub fn accuracy(&self) -> PredictionAccuracy {
        let ledger = |money: Money| LedgerUnits::from_decimal(money.amount).expect("money has six decimals");
        let mut slices: BTreeMap<Instant, (LedgerUnits, LedgerUnits)> = BTreeMap::new();
        for row in &self.rows {
            let (predicted, actual) = slices.entry(row.start).or_default();
            *predicted += ledger(row.predicted.mean);
            *actual += ledger(row.actual);
        }
        let mut accuracy = PredictionAccuracy::new(self.basis);
        for (predicted, actual) in slices.into_values() {
            accuracy.update(predicted, actual);
        }
        accuracy
    }
}

impl Costs {
    /// Adds what one of so many runs says.
    pub(super) fn add(&mut self, run: usize, runs: usize, cost: LedgerUnits) {
        self.runs.resize(runs, LedgerUnits::ZERO);
        self.runs[run] += cost;
    }

    /// Adds what one run of a step says; `place` counts the steps that were replayed.
    pub(super) fn add_step(&mut self, place: usize, cost: LedgerUnits) {
        if self.steps.len() <= place {
            self.steps.resize(place + 1, LedgerUnits::ZERO);
        }
        self.steps[place] += cost;
    }
}

fn name(statement: &Statement, row: &StatementRow) -> Name {
    let name = |grouping| {
        let name = statement.name(row, grouping);
        (name.is_none(), name.unwrap_or_default().to_owned())
    };
    (row.slice, (0..statement.settings.by.len()).map(name).collect())
}

/// The rows that differ most.
fn areas(rows: &[VarianceRow]) -> Vec<VarianceRow> {
    let mut differing: Vec<&VarianceRow> = rows.iter().filter(|row| !row.variance.amount.is_zero()).collect();
    differing.sort_by_key(|row| core::cmp::Reverse(row.variance.amount.abs()));
    differing.into_iter().take(AREAS_MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::two_hours;
    use super::*;
    use crate::allocation::{
        Cause, IdlePolicy, MeteredNode, Metering, Replayed, Resolution, SharedPolicy, StatementSettings,
    };
    use crate::units::Rate;

    fn statement(metering: &Metering) -> Statement {
        let settings = StatementSettings {
            window: metering.window,
            resolution: Resolution::Whole,
            by: vec![GroupBy::Tenant, GroupBy::NodeGroup],
            idle: IdlePolicy::Keep,
            shared: SharedPolicy::Keep,
        };
        Statement::new(metering, settings).unwrap()
    }

    /// Two hours of a node at 4 an hour, of which `a` has 1 and `b` so much for the first hour.
    fn metering(of_b: i64, name_of_b: &str) -> Metering {
        let mut metering = two_hours();
        let dollars = |dollars: i64| Rate::from_nanos(dollars * 1_000_000_000);
        metering.nodes[0].rate = dollars(4);
        metering.modules.clear();
        metering.tenants[1].name = name_of_b.to_owned();
        metering.uses[0].rate = dollars(1);
        metering.uses[1].rate = dollars(of_b);
        metering.uses[1].from = metering.window.start;
        metering
    }

    #[test]
    fn groups_of_one_name_are_compared() {
        // `b` is predicted to cost 1 and 3, and costs 3; in the second run somebody else is there in its place.
        let predicted = [metering(1, "b"), metering(3, "c")].map(|metering| statement(&metering));
        let found = VarianceStatement::new(&predicted, &statement(&metering(3, "b")), Basis::Simulated, &[]);
        let text = |money: Money| money.amount.normalize().to_string();
        let row = |row: &VarianceRow| {
            let groups: Vec<String> =
                row.groups.values().map(|group| group.clone().unwrap_or("-".to_owned())).collect();
            let [mean, actual, variance] = [row.predicted.mean, row.actual, row.variance].map(text);
            (groups.join("/"), mean, actual, variance, row.prediction_accuracy)
        };
        let of = |name: &str, mean: &str, actual: &str, variance: &str, accuracy| {
            (name.to_owned(), mean.to_owned(), actual.to_owned(), variance.to_owned(), accuracy)
        };
        // Node groups stand before tenants in order of their names. Nobody: 8 − 2 and 8 − 4 predicted, 8 − 4 came.
        assert_eq!(
            found.rows.iter().map(row).collect::<Vec<_>>(),
            [
                of("general/a", "1", "1", "0", Some(1.0)),
                of("general/b", "0.5", "3", "2.5", Some(1.0 - 2.5 / 3.0)),
                of("general/c", "1.5", "0", "-1.5", None),
                of("general/-", "5", "4", "-1", Some(0.75)),
            ]
        );
        assert_eq!(row(&found.total), of("", "8", "8", "0", Some(1.0)));
        let areas: Vec<String> = found.optimization_areas.iter().map(|area| text(area.variance)).collect();
        assert_eq!(areas, ["2.5", "-1.5", "-1"]);
    }

    /// A node is predicted to cost 4 an hour, and costs 16 in the second one: 1 − 0 ÷ 4 at first, then 0.1 · 1 + 0.9 · (1 − 12 ÷ 16) = 0.325.
    #[test]
    fn each_piece_of_the_window_counts_for_the_accuracy_once() {
        let by_hour = |metering: &Metering| {
            let settings = StatementSettings { resolution: Resolution::Hour, ..statement(metering).settings };
            Statement::new(metering, settings).unwrap()
        };
        let mut actual = metering(1, "b");
        let first_hour = MeteredNode { until: actual.uses[0].until, ..actual.nodes[0] };
        let rate = Rate::from_nanos(16_000_000_000);
        actual.nodes = vec![first_hour, MeteredNode { from: first_hour.until, rate, ..actual.nodes[0] }];
        let predicted = [by_hour(&metering(1, "b"))];
        let found = VarianceStatement::new(&predicted, &by_hour(&actual), Basis::Simulated, &[]);
        let accuracy = found.accuracy();
        assert_eq!((accuracy.windows, accuracy.value.map(|value| (value * 1e9).round())), (2, Some(0.325e9)));
    }

    /// `b` is predicted to cost 1 and 3, which makes 2. With the actual counts it costs 4, with what was paid 5, and it came to
    /// 6: 2 are volume, 1 is price, and 1 is left. `a` has always 1 of the 8 that the node costs, and nobody what is left.
    #[test]
    fn causes_of_groups_are_differences_of_replays_and_add_up_both_ways() {
        let predicted = [metering(1, "b"), metering(3, "b")].map(|metering| statement(&metering));
        let twice = |of_b: i64| Replayed::Runs(vec![statement(&metering(of_b, "b")); 2]);
        let steps = [
            CauseStep { cause: Cause::Volume, found: twice(4) },
            CauseStep { cause: Cause::Mix, found: Replayed::Unchanged },
            CauseStep { cause: Cause::Placement, found: Replayed::NotObserved("nobody saw it".to_owned()) },
            CauseStep { cause: Cause::Price, found: twice(5) },
        ];
        let found = VarianceStatement::new(&predicted, &statement(&metering(6, "b")), Basis::Simulated, &steps);
        let amounts = |row: &VarianceRow| -> Vec<Option<String>> {
            let amount = |cause: &CauseAmount| cause.amount.map(|money| money.amount.normalize().to_string());
            row.causes.iter().map(amount).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            [some("0"), some("0"), None, some("0"), some("0")],
            [some("2"), some("0"), None, some("1"), some("1")],
            [some("-2"), some("0"), None, some("-1"), some("-1")],
        ];
        assert_eq!(found.rows.iter().map(amounts).collect::<Vec<_>>(), expected);
        assert_eq!(amounts(&found.total), [some("0"), some("0"), None, some("0"), some("0")]);
        assert_eq!(found.total.causes[2].not_observed.as_deref(), Some("nobody saw it"));
    }
}
