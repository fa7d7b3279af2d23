//! The causes of a variance by any groups: what each group costs after every replay, one on top of the one before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::comparison::{Costs, Name};
use crate::allocation::{Cause, CauseAmount, mean_column};
use crate::units::{Currency, LedgerUnits, Money, apportion};

/// One cause, and what its replay came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseStep<T> {
    /// Which.
    pub cause: Cause,
    /// What came of it.
    pub found: Replayed<T>,
}

/// Whether a cause was replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replayed<T> {
    /// It was, and this is what its runs say.
    Runs(T),
    /// What it would take in is as it was predicted, so that every run would be the same.
    Unchanged,
    /// It could not be, for this reason.
    NotObserved(String),
}

impl<T> CauseStep<T> {
    /// The same of other runs.
    pub(super) fn map<'s, U>(&'s self, runs: impl FnOnce(&'s T) -> U) -> CauseStep<U> {
        let found = match &self.found {
            Replayed::Runs(of) => Replayed::Runs(runs(of)),
            Replayed::Unchanged => Replayed::Unchanged,
            Replayed::NotObserved(reason) => Replayed::NotObserved(reason.clone()),
        };
        CauseStep { cause: self.cause, found }
    }

    /// The same with another reason why it was not observed.
    pub(super) fn saying(mut self, other: impl FnOnce(&String) -> String) -> Self {
        if let Replayed::NotObserved(reason) = &mut self.found {
            *reason = other(reason);
        }
        self
    }

    /// What its runs say, where it was replayed.
    pub(super) fn runs(&self) -> Option<&T> {
        if let Replayed::Runs(runs) = &self.found { Some(runs) } else { None }
    }
}

/// What each cause comes to, of one group after the other; all but the residual, which is what they leave.
pub(super) struct ByCause<'a> {
    steps: &'a [CauseStep<()>],
    /// A column a step; none where it was not observed.
    columns: Vec<Option<Vec<Money>>>,
}

impl<'a> ByCause<'a> {
    /// Reads the groups' costs after each step, which are sums over so many runs. A cause is the difference of two means, each
    /// rounded by the same rule, and its column adds up to its total to the last decimal.
    pub(super) fn new(
        steps: &'a [CauseStep<()>],
        costs: &BTreeMap<Name, Costs>,
        runs: u32,
        currency: Currency,
    ) -> Self {
        let mean = |of: &dyn Fn(&Costs) -> LedgerUnits| mean_column(&costs.values().map(of).collect::<Vec<_>>(), runs);
        let mut before = mean(&|of| of.runs.iter().copied().sum());
        let mut replayed = 0;
        let mut column = |step: &CauseStep<()>| {
            let after = match step.found {
                Replayed::NotObserved(_) => return None,
                Replayed::Unchanged => before.clone(),
                Replayed::Runs(()) => {
                    replayed += 1;
                    mean(&|of| of.steps.get(replayed - 1).copied().unwrap_or_default())
                }
            };
            let changes: Vec<LedgerUnits> = after.iter().zip(&before).map(|(&after, &before)| after - before).collect();
            before = after;
            Some(apportion(&changes, currency).1)
        };
        let columns = steps.iter().map(&mut column).collect();
        Self { steps, columns }
    }

    /// The causes of what some groups together differ by; none where nothing was replayed.
    pub(super) fn of(&self, groups: &[usize], variance: Money) -> Vec<CauseAmount> {
        let mut rest = variance;
        let mut causes: Vec<CauseAmount> = Vec::new();
        for (step, column) in self.steps.iter().zip(&self.columns) {
            let amount = column.as_ref().map(|column| groups.iter().map(|&group| column[group].amount).sum());
            rest.amount -= amount.unwrap_or_default();
            let not_observed = match &step.found {
                Replayed::NotObserved(reason) => Some(reason.clone()),
                Replayed::Runs(()) | Replayed::Unchanged => None,
            };
            let amount = amount.map(|amount| Money { amount, ..variance });
            causes.push(CauseAmount { cause: step.cause, amount, not_observed });
        }
        if !causes.is_empty() {
            causes.push(CauseAmount { cause: Cause::Residual, amount: Some(rest), not_observed: None });
        }
        causes
    }
}
