//! Commitment files: CSV with a commitment discount a line.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::price_file::HOURS_PER_MONTH;
use super::{CommitmentDiscount, Coverage};
use crate::input::{InputError, InputProblems, Row, Table};
use crate::units::{Currency, Duration, Instant, Rate};

const COLUMNS: [&str; 10] = [
    "name",
    "instance_type",
    "count",
    "price_per_hour",
    "upfront",
    "term_months",
    "from",
    "currency",
    "price_percent",
    "families",
];
/// A hundred years.
const MONTHS_MAX: u32 = 1_200;

/// Reads `name,price_per_hour,term_months,from,currency` with `instance_type,count[,upfront]` for machines, or with
/// `price_percent[,families]` for spend; a file may hold both.
///
/// A machine's hour costs `price_per_hour + upfront ÷ (term_months × 730 h)`, rounded half to even to a nano-unit, where
/// both are of one machine. Spend is `price_per_hour` in all; what of it was paid upfront changes nothing. A term is
/// `term_months × 730 h` long. `families` are separated by spaces.
///
/// # Errors
/// With every wrong line, name that stands on an earlier one, and currency other than `currency`.
pub fn read_commitments(text: &str, currency: Currency) -> Result<Vec<CommitmentDiscount>, InputProblems> {
    let required = ["name", "price_per_hour", "term_months", "from", "currency"];
    read_each(text, &required, &COLUMNS, |line| line.commitment(currency), |commitment| &commitment.name)
}

/// Reads a line after the other, and gathers what is wrong with each; no two may have the same name.
pub(super) fn read_each<T>(
    text: &str,
    required: &[&'static str],
    allowed: &[&'static str],
    read: impl Fn(&Line<'_>) -> Result<T, InputError>,
    name: impl Fn(&T) -> &str,
) -> Result<Vec<T>, InputProblems> {
    let mut table = Table::open(text, None)?;
    table.expect_only(allowed)?;
    for column in required {
        table.column(column)?;
    }
    let columns = COLUMNS.map(|name| table.find(name));
    let mut row = Row::default();
    let (mut all, mut problems): (Vec<T>, Vec<InputError>) = (Vec::new(), Vec::new());
    while table.next(&mut row)? {
        let line = Line { row: &row, columns };
        match read(&line) {
            Ok(read) if all.iter().any(|earlier| name(earlier) == name(&read)) => {
                let message = format!("`{}` stands on a line above; expected each commitment once", name(&read));
                problems.push(line.error("name", message));
            }
            Ok(read) => all.push(read),
            Err(problem) => problems.push(problem),
        }
    }
    if all.is_empty() && problems.is_empty() {
        problems.push(InputError::whole("has a header and no rows; expected commitments"));
    }
    if problems.is_empty() { Ok(all) } else { Err(InputProblems(problems)) }
}

/// One line, with where its columns are.
pub(super) struct Line<'a> {
    row: &'a Row,
    columns: [Option<usize>; COLUMNS.len()],
}

impl Line<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let place = COLUMNS.iter().position(|column| *column == name)?;
        self.row.optional(self.columns[place])
    }

    fn required(&self, name: &'static str, expected: &str) -> Result<&str, InputError> {
        self.get(name).ok_or_else(|| self.error(name, format!("is empty; expected {expected}")))
    }

    fn error(&self, name: &'static str, message: String) -> InputError {
        InputError::field(self.row.line, name, message)
    }

    fn commitment(&self, currency: Currency) -> Result<CommitmentDiscount, InputError> {
        let (name, hours) = self.name_and_hours(currency)?;
        let from: Instant = self.parsed("from", "when the term begins, such as 2026-01-01T00:00:00Z")?;
        let covers = if self.is_spend(&["instance_type", "count", "upfront"])? {
            let rate = self.parsed("price_per_hour", "what is spent an hour")?;
            Coverage::Spend { rate, price_percent: self.price_percent()?, families: self.families() }
        } else {
            let instance_type = self.instance_type()?;
            let count = self.whole("count", 1, 1_000_000)?;
            Coverage::Machines { instance_type, count, rate: self.machine_rate(hours)? }
        };
        Ok(CommitmentDiscount { name, covers, from, until: from + Duration::from_seconds(hours * 3_600) })
    }

    /// The name, and the hours of the term.
    pub(super) fn name_and_hours(&self, currency: Currency) -> Result<(String, i64), InputError> {
        let name = self.required("name", "a name")?.to_owned();
        let theirs: Currency = self.parsed("currency", "an ISO 4217 code")?;
        if theirs != currency {
            let message =
                format!("is {theirs}, but prices are in {currency}; expected commitments in the same currency");
            return Err(self.error("currency", message));
        }
        let months: u32 = self.whole("term_months", 1, MONTHS_MAX)?;
        Ok((name, i64::from(months) * i64::from(HOURS_PER_MONTH)))
    }

    /// Whether it is of spend, with nothing in the columns of machines.
    pub(super) fn is_spend(&self, of_machines: &[&'static str]) -> Result<bool, InputError> {
        let spend = ["price_percent", "families"].into_iter().find(|name| self.get(name).is_some());
        let machines = of_machines.iter().find(|name| self.get(name).is_some());
        match (machines, spend) {
            (Some(machines), Some(spend)) => {
                let message =
                    format!("is given, and so is `{spend}`; expected machines, or spend with `price_percent`");
                Err(self.error(machines, message))
            }
            (_, spend) => Ok(spend.is_some()),
        }
    }

    pub(super) fn instance_type(&self) -> Result<String, InputError> {
        Ok(self.required("instance_type", "one, or `price_percent` of what spend pays")?.to_owned())
    }

    pub(super) fn price_percent(&self) -> Result<u32, InputError> {
        self.whole("price_percent", 1, 100)
    }

    pub(super) fn families(&self) -> Vec<String> {
        self.get("families").unwrap_or("").split_whitespace().map(str::to_owned).collect()
    }

    /// The formula of [`read_commitments`].
    pub(super) fn machine_rate(&self, hours: i64) -> Result<Rate, InputError> {
        let recurring: Rate =
            self.parsed("price_per_hour", "the recurring price of a machine, 0 where there is none")?;
        let Some(text) = self.get("upfront") else { return Ok(recurring) };
        let upfront = text.parse::<Decimal>().ok().filter(|amount| !amount.is_sign_negative() || amount.is_zero());
        let upfront = upfront.ok_or_else(|| self.error("upfront", format!("is `{text}`; expected a number from 0")))?;
        let nanos = upfront.checked_div(Decimal::from(hours)).and_then(|rate| rate.checked_mul(1_000_000_000.into()));
        let nanos = nanos.map(|nanos| nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven));
        let nanos = nanos.and_then(|nanos| nanos.to_i64()).and_then(|nanos| nanos.checked_add(recurring.nanos()));
        let too_much = || self.error("upfront", "gives an hourly rate beyond 9,000,000,000; expected less".to_owned());
        nanos.filter(|&nanos| nanos <= 9_000_000_000_000_000_000).map(Rate::from_nanos).ok_or_else(too_much)
    }

    fn parsed<T: core::str::FromStr<Err: core::fmt::Display>>(
        &self,
        name: &'static str,
        expected: &str,
    ) -> Result<T, InputError> {
        self.required(name, expected)?.parse().map_err(|error: T::Err| self.error(name, error.to_string()))
    }

    fn whole(&self, name: &'static str, least: u32, most: u32) -> Result<u32, InputError> {
        let expected = format!("a whole number from {least} to {most}");
        let text = self.required(name, &expected)?;
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.error(name, format!("is `{text}`; expected {expected}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "name,instance_type,count,price_per_hour,upfront,term_months,from,currency,price_percent,families\n";

    #[test]
    fn machines_and_spend_are_read() {
        let text = format!(
            "{HEADER}reserved,m5.large,4,0.02,438,12,2026-01-01T00:00:00Z,USD,,\n\
             plan,,,1.5,,12,2026-01-01T00:00:00Z,USD,66,m5 c5\n"
        );
        let commitments = read_commitments(&text, Currency::USD).unwrap();
        // 438 ÷ (12 × 730 h) = 0.05 an hour, beside 0.02.
        let rate: Rate = "0.07".parse().unwrap();
        let machines = Coverage::Machines { instance_type: "m5.large".to_owned(), count: 4, rate };
        let from: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
        // 8,760 h are 365 days.
        let until = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(commitments[0], CommitmentDiscount { name: "reserved".to_owned(), covers: machines, from, until });
        let plan = &commitments[1].covers;
        assert!(plan.covers("m5.large") && plan.covers("c5.xlarge") && !plan.covers("m5a.large"));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |rows: &str, line: u64, field: &str, part: &str| {
            let InputProblems(problems) = read_commitments(&format!("{HEADER}{rows}\n"), Currency::USD).unwrap_err();
            let [error] = &problems[..] else { panic!("{problems:?}") };
            assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        let rest = "12,2026-01-01T00:00:00Z,USD";
        check(&format!("a,m,1,1,,{rest},50,"), 2, "instance_type", "and so is `price_percent`");
        check(&format!("a,,,1,,{rest},,"), 2, "instance_type", "or `price_percent`");
        check(&format!("a,m,0,1,,{rest},,"), 2, "count", "is `0`; expected a whole number from 1");
        check(&format!("a,m,1,1,-5,{rest},,"), 2, "upfront", "is `-5`");
        check(&format!("a,,,1,,{rest},101,"), 2, "price_percent", "from 1 to 100");
        check("a,m,1,1,,12,2026-01-01T00:00:00Z,EUR,,", 2, "currency", "prices are in USD");
        check("a,m,1,1,,0,2026-01-01T00:00:00Z,USD,,", 2, "term_months", "is `0`");
        check(&format!("a,m,1,1,,{rest},,\na,m,1,1,,{rest},,"), 3, "name", "on a line above");
        assert!(read_commitments(HEADER, Currency::USD).unwrap_err().to_string().contains("no rows"));
        // All of them at once, each with its line.
        let rows = format!("{HEADER}a,m,0,1,,{rest},,\nb,m,1,1,,{rest},,\nb,m,1,1,,{rest},,\n");
        let problems = read_commitments(&rows, Currency::USD).unwrap_err().0;
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
    }
}
