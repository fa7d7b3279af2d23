//! The report of a bill for people.

use std::fmt::{Error, Write};

use shared::allocation::Status;
use shared::bill::{BillReport, CurrencyBill, Statement};

use crate::output::{counted, cut, in_line};

/// Keys longer than this are cut; the JSON and the CSV have all of them.
const WIDEST: usize = 40;

pub(super) fn text(report: &BillReport) -> String {
    written(report).expect("a string takes everything")
}

fn written(report: &BillReport) -> Result<String, Error> {
    let mut text = String::new();
    for bill in &report.bills {
        currency(&mut text, report, bill)?;
    }
    for of in &report.exchanged {
        let rates =
            if of.lowest == of.highest { of.lowest.clone() } else { format!("{} to {}", of.lowest, of.highest) };
        writeln!(text, "converted: {} to {} at {rates}, by rates of {} to {}", of.billed, of.to, of.first, of.last)?;
    }
    writeln!(text, "statements")?;
    for statement in &report.statements {
        line(&mut text, statement)?;
    }
    Ok(text)
}

fn currency(text: &mut String, report: &BillReport, bill: &CurrencyBill) -> Result<(), Error> {
    let widths: Vec<usize> = (0..report.by.len())
        .map(|at| {
            let names = bill.rows.iter().map(|row| row.keys[at].chars().count());
            let widest = names.chain([report.by[at].len(), if at == 0 { 5 } else { 0 }]).max();
            widest.unwrap_or(0).min(WIDEST)
        })
        .collect();
    let row = |text: &mut String, keys: &[String], figures: [&str; 3]| {
        for (key, &width) in keys.iter().zip(&widths) {
            write!(text, "{:<width$}  ", cut(key, WIDEST))?;
        }
        writeln!(text, "{:>9} {:>19} {:>19}", figures[0], figures[1], figures[2])
    };
    let status = match report.status {
        Status::Final => "final",
        Status::Provisional => "provisional",
    };
    let basis = report.basis.as_str();
    let period = bill.period;
    writeln!(text, "{} from {} to {}; {basis}, {status}", bill.currency, period.start, period.end)?;
    row(text, &report.by, ["charges", "billed", "effective"])?;
    for of in &bill.rows {
        let (billed, effective) = (of.billed.amount.to_string(), of.effective.amount.to_string());
        row(text, &of.keys, [&of.charges.to_string(), &billed, &effective])?;
    }
    let mut total = vec![String::new(); report.by.len()];
    total[0] = "total".to_owned();
    let (billed, effective) = (bill.billed.amount.to_string(), bill.effective.amount.to_string());
    row(text, &total, [&bill.charges.to_string(), &billed, &effective])?;
    writeln!(text, "allocated {}, unallocated {}", bill.allocated.amount, bill.not_allocated.amount)?;
    for of in &bill.unallocated {
        writeln!(text, "  {}: {} in {}", of.reason, of.billed.amount, counted(of.charges, "charge"))?;
    }
    if bill.negative > 0 {
        writeln!(text, "of these {} negative", counted(bill.negative, "charge"))?;
    }
    writeln!(text)
}

fn line(text: &mut String, of: &Statement) -> Result<(), Error> {
    let account = of.billing_account.as_deref().map_or(String::new(), |account| format!(" {}", in_line(account)));
    let status = if of.status == Status::Final { "final" } else { "provisional" };
    let totals: Vec<String> = of.totals.iter().map(|total| format!("{} {}", total.billed, total.currency)).collect();
    let period = of.billing_period;
    write!(text, "  {}{account}, {} to {}, ", in_line(&of.provider), period.start, period.end)?;
    write!(text, "stated {}, {status}: {} in {}", of.stated, totals.join(" and "), counted(of.charges, "charge"))?;
    if of.corrections > 0 {
        write!(text, ", of which {} of earlier invoices", counted(of.corrections, "correction"))?;
    }
    if of.equal > 0 {
        let charges = counted(of.equal, "charge");
        write!(text, "; {charges} like another one in every field, perhaps imported twice")?;
    }
    if let Some(later) = of.replaced {
        write!(text, "; replaced by that of {later}")?;
        if of.days_dropped > 0 {
            let days = counted(of.days_dropped, "day");
            write!(
                text,
                ", which has no charge for {days} of it: what was charged then counts no more (parts of one statement are \
                 imported with the same --stated)"
            )?;
        }
    }
    writeln!(text)
}
