//! The figures of the columns, row by row.

use shared::api::{ModuleView, OutcomeView};
use shared::comparison::{CostDifference, compare};
use shared::simulation::Refusal;
use shared::units::Dimension;

use crate::format;
use crate::pages::lab::outcome::reason;
use crate::pages::lab::runner::{Finished, Ran};

/// One figure of all columns.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) cells: Vec<Cell>,
}

/// A figure of one column, and what it is read with.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) value: String,
    pub(super) note: String,
}

/// All rows; differences are to the column `reference`.
pub(super) fn rows(ran: &Ran, reference: usize) -> Vec<Row> {
    let columns = &ran.columns;
    let row = |name: &str, id: &str, cell: &dyn Fn(&Finished) -> Cell| Row {
        name: name.to_owned(),
        id: format!("row-{id}"),
        cells: columns.iter().map(cell).collect(),
    };
    let of_view = |name: &str, id: &str, value: &dyn Fn(&OutcomeView) -> String| {
        row(name, id, &|finished| plain(value(&finished.view)))
    };
    let mut rows = vec![row("changes", "changes", &changes), row("cost, mean", "cost", &cost)];
    let differences = columns.iter().enumerate().map(|(column, finished)| {
        if column == reference { plain("–".to_owned()) } else { difference(&columns[reference], finished) }
    });
    rows.push(Row { name: "difference".to_owned(), id: "row-difference".to_owned(), cells: differences.collect() });
    rows.push(row("let in", "accepted", &accepted));
    rows.extend(
        Refusal::ALL.into_iter().filter(|&refusal| columns.iter().any(|of| refused(&of.view, refusal) > 0.0)).map(
            |refusal| {
                let id = format!("{refusal:?}").to_lowercase();
                of_view(&format!("that {}", reason(refusal)), &id, &|view| format::number(refused(view, refusal)))
            },
        ),
    );
    rows.push(of_view("wait at the end", "pending", &|view| format::number(view.pending)));
    rows.push(of_view("ready after, p50", "latency-p50", &|view| format::milliseconds(view.latency_ms.p50)));
    rows.push(of_view("ready after, p99", "latency-p99", &|view| format::milliseconds(view.latency_ms.p99)));
    for (i, module) in columns[0].view.modules.iter().enumerate() {
        let name = module.module.as_str();
        rows.push(row(&format!("{name}, p99: wait + service"), name, &|finished| {
            module_p99(&finished.view.modules[i])
        }));
    }
    for dimension in Dimension::ALL {
        let share = |view: &OutcomeView| view.utilisation.get(&dimension).copied();
        if columns.iter().any(|of| share(&of.view).is_some()) {
            let name = format!("{} requested", format::dimension(dimension));
            let id = format!("used-{}", dimension.field());
            rows.push(of_view(&name, &id, &|view| share(view).map_or_else(|| "–".to_owned(), format::percent)));
        }
    }
    rows.push(of_view("most nodes at once", "nodes", &|view| format::count(view.peak_nodes.into())));
    rows
}

fn plain(value: String) -> Cell {
    Cell { value, note: String::new() }
}

fn changes(Finished { scenario, .. }: &Finished) -> Cell {
    // A scenario that was run has edits that it can have.
    let words = scenario.edits_in_words(&scenario.edits).join("; ").replace('`', "");
    Cell { value: String::new(), note: if words.is_empty() { "none".to_owned() } else { words } }
}

fn cost(Finished { view, .. }: &Finished) -> Cell {
    let note = format!("p10 to p90: {}", format::range(&view.cost.p10, &view.cost.p90));
    Cell { value: format::money(&view.cost.mean), note }
}

/// By how much a column costs more than the reference, each run with itself.
fn difference(reference: &Finished, finished: &Finished) -> Cell {
    let compared = compare(&reference.costs, &finished.costs, true);
    let currency = finished.scenario.price_book.currency;
    let total: CostDifference = compared.total;
    let growth = total.growth_percent().map_or_else(String::new, |percent| {
        let plus = if percent > 0.0 { "+" } else { "" };
        format!(" ({plus}{})", format::percent(percent / 100.0))
    });
    let interval = total.interval.map(|(low, high)| {
        let [low, high] = [low, high].map(|end| format::signed_money(&end.to_money(currency)));
        format!("p10 to p90: {low} to {high}")
    });
    let runs = finished.view.runs;
    let dearer = compared.dearer_runs.filter(|_| runs > 1).map(|dearer| format!("dearer in {dearer} of {runs} runs"));
    Cell {
        value: format!("{}{growth}", format::signed_money(&total.difference.to_money(currency))),
        note: interval.into_iter().chain(dearer).collect::<Vec<_>>().join("; "),
    }
}

fn accepted(Finished { view, .. }: &Finished) -> Cell {
    let refused: f64 = view.refused.iter().map(|refusal| refusal.count).sum();
    let note = format!("of {} requests a run", format::number(view.requests));
    Cell { value: format::number(view.requests - refused), note }
}

fn refused(view: &OutcomeView, reason: Refusal) -> f64 {
    view.refused.iter().find(|refusal| refusal.reason == reason).map_or(0.0, |refusal| refusal.count)
}

fn module_p99(module: &ModuleView) -> Cell {
    let [wait, service] = [module.wait_ms.p99, module.service_ms.p99].map(format::milliseconds);
    Cell { value: format!("{wait} + {service}"), note: String::new() }
}
