//! Budget files: CSV with a budget a line.

use super::{Budget, BudgetPeriod, BudgetScope};
use crate::input::{InputError, Row, Table};
use crate::units::{Amount, Currency, LedgerUnits};

const COLUMNS: [&str; 6] = ["name", "amount", "currency", "period", "tenant", "label"];
/// Without these there is no budget.
const REQUIRED: usize = 4;

/// Reads `name,amount,currency,period[,tenant][,label]`, where `period` is day, week or month and `label` is `KEY=VALUE`.
///
/// # Errors
/// Every wrong field of every line, in order: an amount that is not above 0, another currency than `currency`, a name that
/// stands on an earlier line. A wrong header is the only error.
pub fn read_budgets(text: &str, currency: Currency) -> Result<Vec<Budget>, Vec<InputError>> {
    let opened = open(text).map_err(|error| vec![error])?;
    let (mut table, columns) = opened;
    let (mut budgets, mut wrong, mut lines, mut row) =
        (Vec::<Budget>::new(), Vec::new(), Vec::<(String, u64)>::new(), Row::default());
    loop {
        match table.next(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                wrong.push(error);
                break;
            }
        }
        let mut line = Line { row: &row, columns, wrong: &mut wrong };
        let budget = line.budget(currency);
        let name = line.get(0).unwrap_or_default().to_owned();
        if let Some((_, earlier)) = lines.iter().find(|(other, _)| *other == name && !name.is_empty()) {
            let message = format!("`{name}` stands on line {earlier} already; expected each budget once");
            wrong.push(InputError::field(row.line, COLUMNS[0], message));
        }
        lines.push((name, row.line));
        budgets.extend(budget);
    }
    if lines.is_empty() && wrong.is_empty() {
        wrong.push(InputError::whole("has a header and no rows; expected budgets"));
    }
    if wrong.is_empty() { Ok(budgets) } else { Err(wrong) }
}

fn open(text: &str) -> Result<(Table<'_>, [Option<usize>; COLUMNS.len()]), InputError> {
    let table = Table::open(text, None)?;
    table.expect_only(&COLUMNS)?;
    for column in &COLUMNS[..REQUIRED] {
        table.column(column)?;
    }
    let columns = COLUMNS.map(|name| table.find(name));
    Ok((table, columns))
}

/// One line, with where its columns are, and where what is wrong with it is put down.
struct Line<'a> {
    row: &'a Row,
    columns: [Option<usize>; COLUMNS.len()],
    wrong: &'a mut Vec<InputError>,
}

impl<'a> Line<'a> {
    fn get(&self, column: usize) -> Option<&'a str> {
        self.row.optional(self.columns[column])
    }

    /// The budget; none where anything was wrong.
    fn budget(&mut self, currency: Currency) -> Option<Budget> {
        let name = self.read(0, "a name", |text| Ok(text.to_owned()));
        let amount = self.read(1, "how much may be spent", amount);
        let theirs = self.read(2, "an ISO 4217 code", |text| in_currency(text, currency));
        let period = self.read(3, "day, week or month", period);
        let label = match self.get(5) {
            None => Some(None),
            Some(_) => self.read(5, "a label", label).map(Some),
        };
        let tenant = self.get(4).map(str::to_owned);
        theirs?;
        Some(Budget { name: name?, amount: amount?, period: period?, scope: BudgetScope { tenant, label: label? } })
    }

    fn read<T>(&mut self, column: usize, expected: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let read = match self.get(column) {
            None => Err(format!("is empty; expected {expected}")),
            Some(text) => read(text),
        };
        read.map_err(|message| self.wrong.push(InputError::field(self.row.line, COLUMNS[column], message))).ok()
    }
}

fn amount(text: &str) -> Result<LedgerUnits, String> {
    let (Amount(amount), _) = Amount::read(text).map_err(|error| error.to_string())?;
    if amount > LedgerUnits::ZERO { Ok(amount) } else { Err(format!("is `{text}`; expected an amount above 0")) }
}

fn in_currency(text: &str, currency: Currency) -> Result<(), String> {
    let theirs: Currency = text.parse().map_err(|error: crate::units::MoneyError| error.to_string())?;
    if theirs == currency {
        return Ok(());
    }
    Err(format!("is {theirs}, but prices are in {currency}; expected budgets in the same currency"))
}

fn period(text: &str) -> Result<BudgetPeriod, String> {
    let found = BudgetPeriod::ALL.into_iter().find(|period| period.as_str() == text);
    found.ok_or_else(|| format!("is `{text}`; expected day, week or month"))
}

fn label(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
    let parts = parts.map(|(key, value)| (key.to_owned(), value.to_owned()));
    parts.ok_or_else(|| format!("is `{text}`; expected KEY=VALUE, such as team=web"))
}
