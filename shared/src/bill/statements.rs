//! Which of several statements of a billing period stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::allocation::{Basis, Status};
use crate::trace::charge::{BillTotal, Charge, ChargeSource, write_charge};
use crate::units::{Amount, Currency, Duration, Instant, LedgerUnits, Window};

/// The charges that stand, and every statement that was given.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Of the statements that stand, in the order that they came in.
    pub charges: Vec<Charge>,
    /// By provider, account and billing period, the earliest first.
    pub statements: Vec<Statement>,
    /// How the costs are known.
    pub basis: Basis,
}

/// What a provider said at one time about one billing period of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statement {
    /// Who sold it.
    pub provider: String,
    /// The account that the invoice goes to.
    pub billing_account: Option<String>,
    /// The period of the invoice.
    pub billing_period: Window,
    /// When it was made.
    pub stated: Instant,
    /// Final where the billing period was over by then.
    pub status: Status,
    /// How many charges it has.
    pub charges: u64,
    /// How many of them correct earlier invoices.
    pub corrections: u64,
    /// How many are the same as another one of it in every field: counted, but perhaps imported twice.
    pub equal: u64,
    /// What it comes to.
    pub totals: Vec<BillTotal>,
    /// When the statement was made that takes its place; none where it stands.
    pub replaced: Option<Instant>,
    /// How many of its days that one has no charge for: what was charged for them counts no more.
    pub days_dropped: u64,
}

/// Why charges make no bill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    /// Billed and metered costs in one.
    #[error(
        "holds charges of a bill (FOCUS) and metered ones (OpenCost), which are the same money seen twice; give one of them"
    )]
    MixedBases,
    /// The later statement is of other days than the earlier one.
    #[error(
        "the statements of {provider} for {period} made at {earlier} and at {later} share no day, so that the later one does \
         not restate the earlier one; parts of one statement are imported with the same --stated"
    )]
    Parts {
        /// Who sold it.
        provider: String,
        /// The period of the invoice.
        period: String,
        /// When the one was made.
        earlier: Instant,
        /// When the other was made.
        later: Instant,
    },
    /// Two billing periods of an account overlap.
    #[error(
        "{provider} has charges for {first} and for {second}, which overlap: the time that they share would count twice; \
         expected periods that follow each other"
    )]
    Overlap {
        /// Who sold it.
        provider: String,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
}

/// Provider, account, start and end of the billing period.
type Period = (String, Option<String>, Instant, Instant);

/// What is added up of a statement.
#[derive(Default)]
struct Sum {
    charges: u64,
    corrections: u64,
    equal: u64,
    /// Of the charges so far, by which equal ones are found.
    hashes: BTreeSet<[u8; 32]>,
    totals: BTreeMap<Currency, (LedgerUnits, LedgerUnits)>,
    days: BTreeSet<Instant>,
}

impl Bill {
    /// Lets the latest statement of each billing period of an account stand.
    ///
    /// # Errors
    /// When billed and metered charges are mixed, billing periods overlap, or a later statement restates nothing of the
    /// earlier one.
    pub fn new(mut charges: Vec<Charge>) -> Result<Self, BillError> {
        let source = charges.first().map_or(ChargeSource::Focus, |charge| charge.source);
        if charges.iter().any(|charge| charge.source != source) {
            return Err(BillError::MixedBases);
        }
        let mut sums: BTreeMap<Period, BTreeMap<Instant, Sum>> = BTreeMap::new();
        for charge in &charges {
            sums.entry(period(charge)).or_default().entry(charge.stated).or_default().add(charge);
        }
        check_overlaps(sums.keys())?;
        let mut statements = Vec::new();
        for (period, of_period) in &sums {
            check_parts(period, of_period)?;
            let later = of_period.iter().skip(1).map(Some).chain([None]);
            let made = of_period.iter().zip(later);
            statements.extend(made.map(|((&stated, sum), later)| sum.statement(period, stated, later)));
        }
        let latest: BTreeMap<&Period, Instant> =
            sums.iter().filter_map(|(period, of)| Some((period, *of.keys().last()?))).collect();
        charges.retain(|charge| latest.get(&period(charge)) == Some(&charge.stated));
        let basis = match source {
            ChargeSource::Focus => Basis::Billed,
            ChargeSource::OpenCost => Basis::Metered,
        };
        Ok(Self { charges, statements, basis })
    }

    /// Provisional as long as one of the statements that stand is.
    pub fn status(&self) -> Status {
        let mut standing = self.statements.iter().filter(|statement| statement.replaced.is_none());
        if standing.any(|statement| statement.status == Status::Provisional) {
            Status::Provisional
        } else {
            Status::Final
        }
    }
}

impl Sum {
    fn add(&mut self, charge: &Charge) {
        self.charges += 1;
        self.corrections += u64::from(charge.correction);
        let mut line = String::new();
        write_charge(&mut line, charge);
        self.equal += u64::from(!self.hashes.insert(*blake3::hash(line.as_bytes()).as_bytes()));
        let total = self.totals.entry(charge.currency).or_default();
        *total = (total.0 + charge.billed.0, total.1 + charge.effective.0);
        self.days.insert(charge.period.start.floor(Duration::DAY));
    }

    fn statement(&self, of: &Period, stated: Instant, later: Option<(&Instant, &Self)>) -> Statement {
        let (provider, billing_account, start, end) = of.clone();
        let total = |(&currency, &(billed, effective)): (&Currency, &(LedgerUnits, LedgerUnits))| BillTotal {
            currency,
            billed: Amount(billed),
            effective: Amount(effective),
        };
        Statement {
            provider,
            billing_account,
            billing_period: Window { start, end },
            stated,
            status: if end <= stated { Status::Final } else { Status::Provisional },
            charges: self.charges,
            corrections: self.corrections,
            equal: self.equal,
            totals: self.totals.iter().map(total).collect(),
            replaced: later.map(|(&stated, _)| stated),
            days_dropped: later.map_or(0, |(_, later)| self.days.difference(&later.days).count() as u64),
        }
    }
}

fn period(charge: &Charge) -> Period {
    let Window { start, end } = charge.billing_period;
    (charge.provider.clone(), charge.billing_account.clone(), start, end)
}

/// Periods are in order, so that those that overlap are neighbours.
fn check_overlaps<'a>(periods: impl Iterator<Item = &'a Period>) -> Result<(), BillError> {
    let periods: Vec<&Period> = periods.collect();
    for pair in periods.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if (&a.0, &a.1) == (&b.0, &b.1) && b.2 < a.3 {
            return Err(BillError::Overlap { provider: a.0.clone(), first: written(a), second: written(b) });
        }
    }
    Ok(())
}

fn check_parts(of: &Period, sums: &BTreeMap<Instant, Sum>) -> Result<(), BillError> {
    let statements: Vec<(&Instant, &Sum)> = sums.iter().collect();
    for pair in statements.windows(2) {
        let ((&earlier, before), (&later, after)) = (pair[0], pair[1]);
        if before.days.is_disjoint(&after.days) {
            return Err(BillError::Parts { provider: of.0.clone(), period: written(of), earlier, later });
        }
    }
    Ok(())
}

fn written(period: &Period) -> String {
    format!("{} to {}", period.2, period.3)
}
