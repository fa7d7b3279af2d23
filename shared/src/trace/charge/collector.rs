//! Charges on their way out: counted, summed, mapped to tenants, and looked through for lines that are there twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Charge, ChargeCategory, write_charge};
use crate::input::InputError;
use crate::trace::Lines;
use crate::trace::mapping::Mapping;
use crate::units::{Amount, Currency, LedgerUnits, Window};

/// What happens to a line that equals an earlier one in everything.
///
/// FOCUS has no id of lines, and two equal ones can both be owed: two purchases of a day, two transfers of one size. The
/// invoice is the sum of all lines, so they count unless somebody has looked and says that they are copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenEqual {
    /// It counts, and is said.
    #[default]
    Count,
    /// It is left out, and is said.
    LeaveOut,
}

/// A bill in our form, checked as a whole.
#[derive(Clone, Debug)]
pub struct ImportedBill {
    /// One charge a line, in the order of the bill.
    pub lines: Lines,
    /// How many there are.
    pub charges: u64,
    /// What they come to, by currency.
    pub totals: Vec<BillTotal>,
    /// From the first start of a charge to the last end.
    pub period: Window,
    /// Lines that equal an earlier one.
    pub duplicates: Duplicates,
    /// Amounts finer than 17 decimals, which were rounded.
    pub rounded: u64,
    /// Charges whose tenant no rule says; all of them without a mapping.
    pub unmapped: u64,
    /// Rules that say the tenant of no charge, as `rule[POSITION] of TENANT`.
    pub unused_rules: Vec<String>,
    /// Charges whose period reaches out of their billing period, as those of purchases and corrections may.
    pub out_of_period: u64,
    /// Columns that the specification does not have, in their order.
    pub ignored: Vec<String>,
    /// What the specification wants and the bill lacks, with how often.
    pub lacking: BTreeMap<String, u64>,
}

/// What the charges in one currency come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillTotal {
    /// Which currency.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// On the invoice.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub billed: Amount,
    /// After discounts, with what was paid ahead spread over its use.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub effective: Amount,
}

/// Lines that equal an earlier one in everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duplicates {
    /// Such a line, and the first that it equals.
    pub lines: Vec<(u64, u64)>,
    /// What they bill, by currency.
    pub totals: Vec<BillTotal>,
    /// Whether they were left out.
    pub left_out: bool,
}

/// Collects the charges of one bill.
pub(in crate::trace) struct ChargeCollector<'a> {
    mapping: Option<&'a Mapping>,
    when_equal: WhenEqual,
    /// The first line of each content, by its hash.
    seen: BTreeMap<[u8; 16], u64>,
    buffer: String,
    charges: u64,
    totals: Totals,
    period: Option<Window>,
    equal: Vec<(u64, u64)>,
    equal_totals: Totals,
    unmapped: u64,
    /// By rule, whether it said the tenant of a charge.
    used_rules: Vec<bool>,
    out_of_period: u64,
    pub(in crate::trace) rounded: u64,
    pub(in crate::trace) lacking: BTreeMap<String, u64>,
}

type Totals = BTreeMap<Currency, (LedgerUnits, LedgerUnits)>;

impl<'a> ChargeCollector<'a> {
    pub(in crate::trace) fn new(mapping: Option<&'a Mapping>, when_equal: WhenEqual) -> Self {
        Self {
            mapping,
            when_equal,
            seen: BTreeMap::new(),
            buffer: String::new(),
            charges: 0,
            totals: Totals::new(),
            period: None,
            equal: Vec::new(),
            equal_totals: Totals::new(),
            unmapped: 0,
            used_rules: vec![false; mapping.map_or(0, |mapping| mapping.rules.len())],
            out_of_period: 0,
            rounded: 0,
            lacking: BTreeMap::new(),
        }
    }

    /// Adds the charge of a line that says `content`.
    pub(in crate::trace) fn push(&mut self, line: u64, mut charge: Charge, content: &str) {
        let hash = blake3::hash(content.as_bytes());
        let key: [u8; 16] = core::array::from_fn(|i| hash.as_bytes()[i]);
        let first = *self.seen.entry(key).or_insert(line);
        if first != line {
            self.equal.push((line, first));
            add(&mut self.equal_totals, &charge);
            if self.when_equal == WhenEqual::LeaveOut {
                return;
            }
        }
        let rule = self.mapping.and_then(|mapping| Some((mapping, mapping.rule_of_charge(&charge)?)));
        charge.tenant = rule.map(|(mapping, position)| mapping.rules[position].tenant.clone());
        rule.into_iter().for_each(|(_, position)| self.used_rules[position] = true);
        self.out_of_period += u64::from(reaches_out(&charge));
        self.unmapped += u64::from(charge.tenant.is_none());
        add(&mut self.totals, &charge);
        let period = self.period.get_or_insert(charge.period);
        period.start = period.start.min(charge.period.start);
        period.end = period.end.max(charge.period.end);
        self.charges += 1;
        write_charge(&mut self.buffer, &charge);
    }

    /// The bill, without the columns that were `ignored`.
    pub(in crate::trace) fn finish(self, ignored: Vec<String>) -> Result<ImportedBill, InputError> {
        let period = self.period.ok_or_else(|| InputError::whole("holds no charges; expected at least one"))?;
        Ok(ImportedBill {
            lines: Lines::whole(self.buffer),
            charges: self.charges,
            totals: totals(&self.totals),
            period,
            duplicates: Duplicates {
                lines: self.equal,
                totals: totals(&self.equal_totals),
                left_out: self.when_equal == WhenEqual::LeaveOut,
            },
            rounded: self.rounded,
            unmapped: self.unmapped,
            unused_rules: unused(self.mapping, &self.used_rules),
            out_of_period: self.out_of_period,
            ignored,
            lacking: self.lacking,
        })
    }
}

/// Whether a charge is of other time than its billing period. A correction is of the time that it corrects, and what is
/// bought may last.
fn reaches_out(charge: &Charge) -> bool {
    let (of, within) = (charge.period, charge.billing_period);
    let may = charge.correction || charge.category == ChargeCategory::Purchase;
    !may && (of.start < within.start || of.end > within.end)
}

fn unused(mapping: Option<&Mapping>, used: &[bool]) -> Vec<String> {
    let rules = mapping.into_iter().flat_map(|mapping| &mapping.rules).enumerate().zip(used);
    let unused = rules.filter(|(_, used)| !**used);
    unused.map(|((position, rule), _)| format!("rule[{position}] of {}", rule.tenant)).collect()
}

fn add(totals: &mut Totals, charge: &Charge) {
    let total = totals.entry(charge.currency).or_default();
    total.0 += charge.billed.0;
    total.1 += charge.effective.0;
}

fn totals(totals: &Totals) -> Vec<BillTotal> {
    let total = |(&currency, &(billed, effective)): (&Currency, &(LedgerUnits, LedgerUnits))| BillTotal {
        currency,
        billed: Amount(billed),
        effective: Amount(effective),
    };
    totals.iter().map(total).collect()
}
