//! What a bill is of: which bills can have to do with each other without their charges being read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Bill, Statement};
use crate::trace::charge::{Charge, ChargeSource};
use crate::units::{Instant, Window};

/// What the charges of a bill are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillScope {
    /// From bills, or metered; none where there is no charge.
    pub source: Option<ChargeSource>,
    /// Every billing period of an account.
    pub periods: BTreeSet<BillingPeriod>,
}

/// A billing period of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BillingPeriod {
    /// Who sold it.
    pub provider: String,
    /// The account that the invoice goes to.
    pub account: Option<String>,
    /// First instant.
    pub start: Instant,
    /// First instant after.
    pub end: Instant,
}

/// What a bill does to those before it, and they to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restated {
    /// The statements that it takes the place of.
    pub replaced: Vec<Statement>,
    /// Those of its own that a later statement has taken the place of already.
    pub overtaken: Vec<Statement>,
}

impl BillScope {
    /// That of some charges.
    pub fn of(charges: &[Charge]) -> Self {
        Self {
            source: charges.first().map(|charge| charge.source),
            periods: charges.iter().map(BillingPeriod::of).collect(),
        }
    }

    /// Whether another bill has to be read beside this one: it may be restated by it, or be no bill together with it,
    /// as it is of a period that this one has or overlaps, or known in another way.
    pub fn concerns(&self, other: &Self) -> bool {
        let differs = self.source.zip(other.source).is_some_and(|(own, other)| own != other);
        differs || self.periods.iter().any(|own| other.periods.iter().any(|period| own.shares_time_with(period)))
    }
}

impl BillingPeriod {
    /// That of a charge.
    pub fn of(charge: &Charge) -> Self {
        let Window { start, end } = charge.billing_period;
        Self { provider: charge.provider.clone(), account: charge.billing_account.clone(), start, end }
    }

    /// Whether both are of one account, and the same or overlapping.
    fn shares_time_with(&self, other: &Self) -> bool {
        let of_one = (&self.provider, &self.account) == (&other.provider, &other.account);
        let equal = (self.start, self.end) == (other.start, other.end);
        of_one && (equal || (self.start < other.end && other.start < self.end))
    }
}

impl Bill {
    /// What the bill that was stated at an instant and is of `scope` does to the others, all of which are in this one.
    pub fn restated_by(&self, scope: &BillScope, stated: Instant) -> Restated {
        let is_of = |statement: &&Statement| {
            let Window { start, end } = statement.billing_period;
            let (provider, account) = (statement.provider.clone(), statement.billing_account.clone());
            scope.periods.contains(&BillingPeriod { provider, account, start, end })
        };
        let of = || self.statements.iter().filter(is_of);
        let replaced = of().filter(|statement| statement.replaced == Some(stated)).cloned();
        let overtaken = of().filter(|statement| statement.stated == stated && statement.replaced.is_some()).cloned();
        Restated { replaced: replaced.collect(), overtaken: overtaken.collect() }
    }
}
