//! A quote as Markdown, for the description of a pull request or a comment on it.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use shared::api::{QuoteFix, QuoteView};
use shared::quote::{BillChange, Quote, QuotedRequest};
use shared::units::{Money, rounded_parts};

use crate::cli::CliError;
use crate::output::{cell, counted, cut, signed};

/// Most rows of requests: a comment has to be read. JSON has all of them.
const ROWS_MAX: usize = 50;

/// Most characters of a name.
const NAME_MAX: usize = 80;

/// What stands where there is nothing to say.
const NOTHING: &str = "–";

/// A quote, and what to know before it is believed.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    pub(super) view: QuoteView,
    /// What to know before it is believed.
    pub(super) notices: Vec<String>,
    /// What of the files is not quoted, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<(String, String)>,
}

impl Answer {
    /// Refuses where a request gets nothing.
    ///
    /// # Errors
    /// With how many get nothing.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let nothing = self.view.quote.requests.iter().filter(|line| line.gets_nothing()).count();
        if nothing == 0 {
            return Ok(());
        }
        let get = if nothing == 1 { "gets" } else { "get" };
        Err(CliError::Data(format!("{} {get} nothing", counted(nothing as u64, "request"))))
    }
}

/// The whole quote.
pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::new();
    write_text(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_text(out: &mut String, answer: &Answer) -> std::fmt::Result {
    let QuoteView { quote, fixes } = &answer.view;
    let over = quote.window.length().to_string();
    writeln!(out, "## Quote: {} {} over {over}\n", signed(&quote.bill.change), quote.currency)?;
    writeln!(out, "{}\n", headline(quote))?;
    for notice in &answer.notices {
        writeln!(out, "> note: {}\n", cell(notice))?;
    }
    write_requests(out, quote, &over)?;
    write_fixes(out, quote, fixes)?;
    write_bill(out, quote, &over)?;
    write_left_out(out, &answer.left_out)?;
    writeln!(out, "On the primary as of {}; digest `{}`.", quote.window.start, quote.digest)
}

/// Files that change nothing that is quoted.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {
    pub(super) requests: [(); 0],
    pub(super) notices: Vec<String>,
    pub(super) left_out: Vec<(String, String)>,
}

/// That there is nothing to quote, and why.
pub(super) fn nothing(answer: &Nothing) -> String {
    let mut out = "## Quote: nothing to quote\n\n".to_owned();
    write_left_out(&mut out, &answer.left_out).expect("writing to a String cannot fail");
    out
}

fn write_left_out(out: &mut String, left_out: &[(String, String)]) -> std::fmt::Result {
    if left_out.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Not quoted\n")?;
    for (what, why) in left_out {
        writeln!(out, "- {}: {}", cell(&cut(what, NAME_MAX)), cell(why))?;
    }
    writeln!(out)
}

/// What a reader wants to know first.
fn headline(quote: &Quote) -> String {
    let nothing = quote.requests.iter().filter(|line| line.gets_nothing()).count() as u64;
    let asked = counted(quote.requests.len() as u64, "request");
    let mut line = match nothing {
        0 => format!("**{asked}: nobody is left with nothing.**"),
        1 => format!("**{asked}: 1 gets nothing.**"),
        nothing => format!("**{asked}: {nothing} get nothing.**"),
    };
    if let Some(slowest) = quote.requests.iter().filter_map(|line| line.ready_after_s).max_by(f64::total_cmp) {
        let _ = write!(line, " The last is ready after {}.", seconds(slowest));
    }
    // What differs by less is a matter of minutes.
    if quote.nodes.abs() >= 0.05 {
        let more = if quote.nodes > 0.0 { "more" } else { "fewer" };
        let _ = write!(line, " {:.1} nodes {more} on average.", quote.nodes.abs());
    }
    if quote.preempted > 0 {
        let have = if quote.preempted == 1 { "has" } else { "have" };
        let _ = write!(line, " {} {have} to leave for more urgent ones.", counted(quote.preempted as u64, "other"));
    }
    line
}

/// Requests that get the same are one row.
fn write_requests(out: &mut String, quote: &Quote, over: &str) -> std::fmt::Result {
    writeln!(out, "### Requests\n")?;
    let currency = quote.currency;
    writeln!(out, "| what | tenant | shape | gets | ready after | {currency} an hour each | {currency} over {over} |")?;
    writeln!(out, "| --- | --- | --- | --- | ---: | ---: | ---: |")?;
    let mut rows: Vec<Vec<&QuotedRequest>> = Vec::new();
    let mut row_of = BTreeMap::new();
    for line in &quote.requests {
        let row = *row_of.entry(likeness(line)).or_insert(rows.len());
        if row == rows.len() {
            rows.push(Vec::new());
        }
        rows[row].push(line);
    }
    for row in rows.iter().take(ROWS_MAX) {
        write_row(out, row)?;
    }
    if rows.len() > ROWS_MAX {
        writeln!(out, "\nand {} more, which `--json` has.", counted((rows.len() - ROWS_MAX) as u64, "row"))?;
    }
    writeln!(out)
}

/// What the lines of one row have in common.
fn likeness(line: &QuotedRequest) -> impl Ord + use<> {
    let names = [&line.tenant, &line.flavor, &line.state].map(String::clone);
    (line.operation, names, line.node_group.clone(), line.on_new_node, line.reason, line.price_per_hour)
}

fn write_row(out: &mut String, row: &[&QuotedRequest]) -> std::fmt::Result {
    let first = row[0];
    let what = format!("{} {}", first.operation.as_str(), cell(&cut(&first.resource, NAME_MAX)));
    let what = if row.len() == 1 { what } else { format!("{what} and {} more like it", row.len() - 1) };
    let shape = if first.flavor == first.requested.to_string() {
        cell(&first.flavor)
    } else {
        format!("{} ({})", cell(&cut(&first.flavor, NAME_MAX)), first.requested)
    };
    let gets = match (&first.reason, &first.node_group) {
        (Some(reason), _) => format!("**refused: {}**", cell(reason.as_str())),
        (None, Some(group)) if first.on_new_node => format!("{}, on a new node of {}", first.state, cell(group)),
        (None, Some(group)) => format!("{}, on a node of {}", first.state, cell(group)),
        (None, None) if first.gets_nothing() => format!("**{}**", first.state),
        (None, None) => first.state.clone(),
    };
    let slowest = row.iter().filter_map(|line| line.ready_after_s).max_by(f64::total_cmp);
    let ready = slowest.map_or(NOTHING.to_owned(), seconds);
    let price = first.price_per_hour.map_or(NOTHING.to_owned(), |rate| format!("{:.4}", rate.nanos() as f64 / 1e9));
    let costs: Vec<&Money> = row.iter().filter_map(|line| line.cost.as_ref()).collect();
    let cost = costs.first().map_or(NOTHING.to_owned(), |first| {
        signed(&Money { amount: costs.iter().map(|cost| cost.amount).sum(), currency: first.currency })
    });
    writeln!(out, "| {what} | {} | {shape} | {gets} | {ready} | {price} | {cost} |", cell(&first.tenant))
}

fn write_fixes(out: &mut String, quote: &Quote, fixes: &[QuoteFix]) -> std::fmt::Result {
    if fixes.is_empty() {
        return Ok(());
    }
    writeln!(out, "### What would let them in\n")?;
    for QuoteFix { request, fix, tried } in fixes {
        let about = quote.requests.iter().find(|line| line.id == *request).map_or("", |line| &line.resource);
        let about = cell(&cut(about, NAME_MAX));
        match fix {
            Some(fix) => {
                let (changes, cost) = (cell(&fix.changes.join(", ")), &fix.cost_change);
                writeln!(out, "- {about}: {changes}, at {} {} more", signed(cost), cost.currency)?;
            }
            None => writeln!(out, "- {about}: {} tried, and none does", counted(u64::from(*tried), "change"))?,
        }
    }
    writeln!(out)
}

fn write_bill(out: &mut String, quote: &Quote, over: &str) -> std::fmt::Result {
    let BillChange { without, with, change, requested, others, idle, overhead, rest } = &quote.bill;
    writeln!(out, "### The bill of everyone over {over}, in {}\n", quote.currency)?;
    writeln!(out, "| of | change |\n| --- | ---: |")?;
    let rows = [("requested", requested), ("workload of others", others), ("idle", idle)];
    let rows = rows.into_iter().chain([("booting and draining", overhead), ("modules, commitments", rest)]);
    let (names, amounts): (Vec<&str>, Vec<Money>) =
        rows.filter(|(_, money)| !money.amount.is_zero()).map(|(of, money)| (of, *money)).unzip();
    for (of, money) in names.into_iter().zip(rounded_parts(*change, &amounts)) {
        writeln!(out, "| {of} | {} |", signed(&money))?;
    }
    writeln!(out, "| **total** | **{}**, from {:.2} to {:.2} |\n", signed(change), without.rounded(), with.rounded())
}

fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}
