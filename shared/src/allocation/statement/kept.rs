//! What is kept of a closed window, so that its variance can be asked for by any groups later.
//!
//! The runs of a prediction are gone when their window has closed. What they cost is kept in the finest groups that
//! there are, exactly, in ledger units: whatever it is grouped by is a sum of those.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::causes::CauseStep;
use super::comparison::{Compared, Costs, Name};
use super::group_by::Groups;
use super::{
    GroupBy, IdlePolicy, Key, NO_GROUP, Resolution, SharedPolicy, StatementError, StatementSettings, VarianceStatement,
    rows_of,
};
use crate::allocation::{Basis, Metering};
use crate::units::{Currency, LedgerUnits, Window};

/// What a closed window was predicted to cost and cost, in the finest groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVariance {
    /// The window.
    pub window: Window,
    /// Of every amount.
    pub currency: Currency,
    /// How the actual amounts are known.
    pub basis: Basis,
    /// How many runs the prediction has.
    pub runs: u32,
    /// Whether labels tell costs apart: where they made too many groups, they are left out.
    pub labels_kept: bool,
    /// One entry a group.
    pub costs: Vec<KeptCost>,
    /// The replays that split the variance by cause; none of windows that closed before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CauseStep<Vec<KeptStep>>>,
}

/// What one of the finest groups cost in the runs of one replay, which know no labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStep {
    /// Which.
    pub groups: FinestGroups,
    /// Sum over the runs.
    pub cost: LedgerUnits,
}

/// What one of the finest groups was predicted to cost, and cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCost {
    /// Which.
    pub groups: FinestGroups,
    /// By run.
    pub predicted: Vec<LedgerUnits>,
    /// What came.
    pub actual: LedgerUnits,
}

/// All that a cost can be grouped by; none where it is of no group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct FinestGroups {
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The module of the control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The flavor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// The class of resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The group of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_group: Option<String>,
    /// The zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The cluster of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The request's labels, and those of its tenant that it does not have itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Labels were left out of what is kept of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("labels made more than {GROUPS_MAX} groups of it and were not kept; ask for it by anything else")]
pub struct LabelsNotKept;

/// Most groups with labels that are kept of a window: a few megabytes with 20 runs.
const GROUPS_MAX: usize = 20_000;

/// What one metering comes to, group by group.
type Finest = BTreeMap<FinestGroups, LedgerUnits>;

impl KeptVariance {
    /// What is kept of a window: what each run of its prediction metered, and what came.
    ///
    /// # Panics
    /// When there is no run.
    pub fn new(predicted: &[FinestCosts], actual: &FinestCosts, basis: Basis) -> Self {
        Self::with_at_most(GROUPS_MAX, predicted, actual, basis)
    }

    /// The same with the replays that split its variance by cause, each with what its runs metered.
    #[must_use]
    pub fn with_steps(self, steps: &[CauseStep<Vec<FinestCosts>>]) -> Self {
        let kept = |runs: &Vec<FinestCosts>| {
            let mut costs = Finest::new();
            for (groups, &cost) in runs.iter().flat_map(|run| &run.costs) {
                let groups = FinestGroups { labels: BTreeMap::new(), ..groups.clone() };
                *costs.entry(groups).or_default() += cost;
            }
            costs.into_iter().map(|(groups, cost)| KeptStep { groups, cost }).collect()
        };
        Self { steps: steps.iter().map(|step| step.map(kept)).collect(), ..self }
    }

    fn with_at_most(groups_max: usize, predicted: &[FinestCosts], actual: &FinestCosts, basis: Basis) -> Self {
        assert!(!predicted.is_empty(), "a prediction has runs");
        let kept = |labels_kept: bool| {
            let group = |groups: &FinestGroups| {
                let labels = if labels_kept { groups.labels.clone() } else { BTreeMap::new() };
                FinestGroups { labels, ..groups.clone() }
            };
            let mut costs: BTreeMap<FinestGroups, Costs> = BTreeMap::new();
            for (number, run) in predicted.iter().enumerate() {
                for (groups, &cost) in &run.costs {
                    costs.entry(group(groups)).or_default().add(number, predicted.len(), cost);
                }
            }
            for (groups, &cost) in &actual.costs {
                let of = costs.entry(group(groups)).or_default();
                of.runs.resize(predicted.len(), LedgerUnits::ZERO);
                of.actual += cost;
            }
            costs
        };
        let mut costs = kept(true);
        let labels_kept = costs.len() <= groups_max;
        if !labels_kept {
            costs = kept(false);
        }
        let cost = |(groups, of): (FinestGroups, Costs)| KeptCost { groups, predicted: of.runs, actual: of.actual };
        Self {
            window: actual.window,
            currency: actual.currency,
            basis,
            runs: predicted.len() as u32,
            labels_kept,
            costs: costs.into_iter().map(cost).collect(),
            steps: Vec::new(),
        }
    }

    /// The variance by some groups; of some tenants' rows alone and their sum, where `tenants` are given. Their amounts
    /// are those of the statement of all, to the last decimal.
    ///
    /// # Errors
    /// When it is asked for by a label, and labels were not kept.
    pub fn by(&self, by: &[GroupBy], tenants: Option<&BTreeSet<String>>) -> Result<VarianceStatement, LabelsNotKept> {
        if !self.labels_kept && by.iter().any(|by| matches!(by, GroupBy::Label(_))) {
            return Err(LabelsNotKept);
        }
        let mut costs: BTreeMap<Name, Costs> = BTreeMap::new();
        let name = |groups: &FinestGroups| -> Name {
            let names = by.iter().map(|by| groups.of(by)).map(|name| (name.is_none(), name.unwrap_or_default()));
            (0, names.map(|(none, name)| (none, name.to_owned())).collect())
        };
        for cost in &self.costs {
            let of = costs.entry(name(&cost.groups)).or_default();
            for (run, &amount) in cost.predicted.iter().enumerate() {
                of.add(run, cost.predicted.len(), amount);
            }
            of.actual += cost.actual;
        }
        let steps = self.steps_by(by);
        for (place, kept) in steps.iter().filter_map(CauseStep::runs).enumerate() {
            for KeptStep { groups, cost } in *kept {
                let of = costs.entry(name(groups)).or_default();
                of.runs.resize(self.runs as usize, LedgerUnits::ZERO);
                of.add_step(place, *cost);
            }
        }
        // Why a cause was not observed may count what others have.
        let told_why = |reason: &String| tenants.map_or_else(|| reason.clone(), |_| "not observed".to_owned());
        let steps: Vec<CauseStep<()>> = steps.iter().map(|step| step.map(|_| ()).saying(told_why)).collect();
        let compared = Compared {
            window: self.window,
            slices: &[self.window],
            by,
            currency: self.currency,
            runs: self.runs as usize,
            basis: self.basis,
            steps: &steps,
        };
        let place = by.iter().position(|by| *by == GroupBy::Tenant);
        let told = |(_, names): &Name| match (tenants, place) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(tenants), Some(place)) => !names[place].0 && tenants.contains(&names[place].1),
        };
        Ok(VarianceStatement::of_costs(&compared, &costs, told))
    }

    /// The replays that tell of these groups: none tells of labels.
    fn steps_by(&self, by: &[GroupBy]) -> Vec<CauseStep<&Vec<KeptStep>>> {
        let knows_all = by.iter().all(|by| !matches!(by, GroupBy::Label(_)));
        self.steps.iter().filter(|_| knows_all).map(|step| step.map(|kept| kept)).collect()
    }
}

/// What one metering comes to in the finest groups, at prices with what commitments take off and cost unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinestCosts {
    window: Window,
    currency: Currency,
    costs: Finest,
}

impl FinestCosts {
    /// All that was metered, with idle and the modules kept apart.
    ///
    /// # Errors
    /// When the records contradict each other.
    pub fn new(metering: &Metering) -> Result<Self, StatementError> {
        let settings = StatementSettings {
            window: metering.window,
            resolution: Resolution::Whole,
            by: Vec::new(),
            idle: IdlePolicy::Keep,
            shared: SharedPolicy::Keep,
        };
        let groups = Groups::finest(metering);
        let (rows, _) = rows_of(metering, None, &groups, &settings, &[metering.window])?;
        let names = groups.names();
        let mut costs = Finest::new();
        for row in rows.into_rows() {
            *costs.entry(FinestGroups::new(metering, &names, row.key)).or_default() += row.amounts.total();
        }
        Ok(Self { window: metering.window, currency: metering.currency, costs })
    }
}

impl FinestGroups {
    /// The names of a key of [`Groups::finest`].
    fn new(metering: &Metering, names: &[Vec<String>], key: Key) -> Self {
        let [tenant, _, flavor, node_group, _, set, _] = key.map(|index| (index != NO_GROUP).then_some(index as usize));
        let name =
            |grouping: usize| (key[grouping] != NO_GROUP).then(|| names[grouping][key[grouping] as usize].clone());
        let class = flavor.and_then(|flavor| metering.flavors.iter().find(|of| of.name == names[2][flavor]));
        let cluster = node_group.and_then(|group| metering.node_groups[group].cluster);
        let mut labels = tenant.map(|tenant| metering.tenants[tenant].labels.clone()).unwrap_or_default();
        labels.extend(set.map(|set| metering.label_sets[set].clone()).unwrap_or_default());
        Self {
            tenant: name(0),
            module: name(1),
            flavor: name(2),
            class: class.map(|of| of.class.as_str().to_owned()),
            node_group: name(3),
            zone: name(4),
            cluster: cluster.map(|cluster| metering.clusters.name(cluster).to_owned()),
            labels,
        }
    }

    /// The group of one grouping.
    fn of(&self, by: &GroupBy) -> Option<&str> {
        let group = match by {
            GroupBy::Tenant => &self.tenant,
            GroupBy::Module => &self.module,
            GroupBy::Flavor => &self.flavor,
            GroupBy::Class => &self.class,
            GroupBy::NodeGroup => &self.node_group,
            GroupBy::Zone => &self.zone,
            GroupBy::Cluster => &self.cluster,
            GroupBy::Label(label) => return self.labels.get(label).map(String::as_str),
            // Nobody can ask for all of them.
            GroupBy::Labels => return None,
        };
        group.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use rust_decimal::Decimal;

    use super::super::tests::{groupings, metered, two_hours};
    use super::*;
    use crate::allocation::{Statement, VarianceRow};
    use crate::simulation::tests::{lives, settings};

    fn kept(predicted: &[&Metering], actual: &Metering) -> KeptVariance {
        let costs = |metering: &Metering| FinestCosts::new(metering).unwrap();
        let predicted: Vec<FinestCosts> = predicted.iter().map(|metering| costs(metering)).collect();
        KeptVariance::new(&predicted, &costs(actual), Basis::Simulated)
    }

    proptest! {
        #![proptest_config(crate::cases(200))]

        /// What is kept, written down and read again says by any groups what the statements of the runs themselves say,
        /// and every column adds up to its total.
        #[test]
        fn what_is_kept_says_what_the_runs_said(
            (some, others, settings, what) in (lives(), lives(), settings(), any::<u8>()),
            by in proptest::sample::subsequence(groupings().to_vec(), 1..=2),
        ) {
            let [a, b, actual] = [(&some, what), (&others, what), (&some, what.wrapping_add(1))]
                .map(|(lives, what)| metered(lives, settings, what, false).1);
            let kept = kept(&[&a, &b], &actual);
            let read: KeptVariance = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
            prop_assert_eq!(&read, &kept);
            let statement = |metering: &Metering| {
                let settings = StatementSettings {
                    window: metering.window,
                    resolution: Resolution::Whole,
                    by: by.clone(),
                    idle: IdlePolicy::Keep,
                    shared: SharedPolicy::Keep,
                };
                Statement::new(metering, settings).unwrap()
            };
            let expected = VarianceStatement::new(&[statement(&a), statement(&b)], &statement(&actual), Basis::Simulated, &[]);
            let found = kept.by(&by, None).unwrap();
            prop_assert_eq!(&found, &expected);
            let amounts = |row: &VarianceRow| [row.predicted.mean.amount, row.actual.amount, row.variance.amount];
            let sums = found.rows.iter().map(amounts).fold([Decimal::ZERO; 3], |sum, row| {
                core::array::from_fn(|column| sum[column] + row[column])
            });
            prop_assert_eq!(sums, amounts(&found.total));
            prop_assert_eq!(found.total.variance.amount, found.total.actual.amount - found.total.predicted.mean.amount);
        }
    }

    /// Two hours in which `a` uses 60 and `b` 30 of what costs 200 an hour; `a` has a label of its own.
    fn labelled() -> Metering {
        let mut metering = two_hours();
        metering.tenants[0].labels.insert("team".to_owned(), "web".to_owned());
        metering
    }

    #[test]
    fn whoever_is_limited_is_told_the_amounts_that_all_are_told() {
        let metering = labelled();
        let kept = kept(&[&metering, &metering], &metering);
        let by = [GroupBy::Tenant, GroupBy::Label("team".to_owned())];
        let whole = kept.by(&by, None).unwrap();
        let own = kept.by(&by, Some(&["a".to_owned()].into())).unwrap();
        let name =
            |row: &VarianceRow| row.groups.values().map(|name| name.clone().unwrap_or_default()).collect::<String>();
        // The label stands before the tenant; what is nobody's is last.
        assert_eq!(whole.rows.iter().map(name).collect::<Vec<_>>(), ["weba", "b", ""]);
        assert_eq!(own.rows, whole.rows[..1]);
        assert_eq!(VarianceRow { groups: own.rows[0].groups.clone(), ..own.total }, own.rows[0]);
        let by_zone = kept.by(&[GroupBy::Zone], Some(&["a".to_owned()].into())).unwrap();
        assert!(by_zone.rows.is_empty() && by_zone.total.actual.amount.is_zero(), "{by_zone:?}");
    }

    #[test]
    fn labels_that_make_too_many_groups_are_left_out_and_that_is_said() {
        let costs = FinestCosts::new(&labelled()).unwrap();
        // `a`, `b`, idle, and the scheduler.
        let of =
            |groups_max| KeptVariance::with_at_most(groups_max, core::slice::from_ref(&costs), &costs, Basis::Metered);
        let (all, few) = (of(4), of(3));
        assert_eq!((all.labels_kept, all.costs.len()), (true, 4));
        assert_eq!((few.labels_kept, few.by(&[GroupBy::Label("team".to_owned())], None)), (false, Err(LabelsNotKept)));
        assert_eq!(few.by(&[GroupBy::Tenant], None), all.by(&[GroupBy::Tenant], None));
    }
}
