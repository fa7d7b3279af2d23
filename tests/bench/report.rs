//! How quickly the service makes a statement of what has been metered, question by question, and how quickly amounts of
//! offered commitments are found for ninety days of hours. `cargo xtask bench report` runs this, with a file of metering
//! records as its argument.

#![expect(clippy::print_stdout, reason = "figures for whoever runs it")]

use std::path::PathBuf;
use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use shared::allocation::{
    GroupBy, IdlePolicy, Metering, Resolution, SharedPolicy, Statement, StatementSettings, StatementView,
    read_metering, unit_costs,
};
use shared::example;
use shared::pricing::read_offers;
use shared::recommendation::{Sources, candidates};
use shared::request::{Catalogue, RequestLogBuilder};
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Outcome, run};
use shared::units::{Currency, Duration, Window};

const DAYS: i64 = 90;
/// Each question is asked so often.
const TIMES: usize = 5;
/// More rows are no question but an export.
const ROWS_MAX: usize = 10_000;
const OFFERS: &str = "name,instance_type,price_per_hour,upfront,term_months,currency,price_percent,families\n\
                      reserved,m5.4xlarge,0.484,,12,USD,,\nplan,,,,12,USD,66,\n";

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let file = std::env::args_os().skip(1).map(PathBuf::from).find(|path| path.is_file());
    let text = std::fs::read_to_string(file.context("name a file of metering records")?)?;
    statements(&read_metering(&text)?)?;
    commitments()
}

/// Every grouping at every resolution over windows of several lengths.
fn statements(metering: &Metering) -> Result<()> {
    let groupings = ["tenant", "flavor", "node_group", "zone", "class", "module", "label:team"];
    let mut questions: Vec<Vec<GroupBy>> = Vec::new();
    for grouping in groupings {
        questions.push(vec![parsed(grouping)?]);
    }
    questions.push(vec![parsed("tenant")?, parsed("label:team")?]);
    questions.push(vec![parsed("node_group")?, parsed("flavor")?]);
    let mut milliseconds = Vec::new();
    for by in &questions {
        for days in [1, 7, 30] {
            for resolution in [Resolution::Whole, Resolution::Day, Resolution::Month] {
                let window = Window { start: metering.window.end - Duration::DAY * days, end: metering.window.end };
                let settings = StatementSettings {
                    window,
                    resolution,
                    by: by.clone(),
                    idle: IdlePolicy::Keep,
                    shared: SharedPolicy::Keep,
                };
                for _ in 0..TIMES {
                    let began = Stopwatch::now();
                    let statement = Statement::new(metering, settings.clone())?;
                    if statement.rows.len() > ROWS_MAX {
                        continue;
                    }
                    let units = unit_costs(&statement, &[]);
                    serde_json::to_vec(&StatementView::new(&statement, units))?;
                    milliseconds.push(began.elapsed().as_secs_f64() * 1e3);
                }
            }
        }
    }
    milliseconds.sort_by(f64::total_cmp);
    let at = |quantile: f64| milliseconds[((milliseconds.len() - 1) as f64 * quantile).round() as usize];
    println!("statement_p50_ms {:.1}\nstatement_p99_ms {:.1}", at(0.5), at(0.99));
    Ok(())
}

fn parsed(text: &str) -> Result<GroupBy> {
    text.parse().map_err(anyhow::Error::msg)
}

/// Ninety days of the example as they were, and the amounts that two offers are bought in.
fn commitments() -> Result<()> {
    let window = Window { start: example::START, end: example::START + Duration::DAY * DAYS };
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in (1..).zip(example::requests_between(example::SEED, window)) {
        builder.push(line, request)?;
    }
    let log = builder.finish()?;
    let scenario = Known::new(&log, None, window.start).from_nothing(&example::scenario(), window.length());
    let valid = ValidScenario::new(Scenario { runs: 1, bin: Duration::HOUR, ..scenario })?;
    let outcome = Outcome::collect(vec![run(&valid, 0, false)]);
    let offers = read_offers(OFFERS, Currency::USD)?;
    let seconds = |offers: &[_]| {
        let began = Stopwatch::now();
        let found = candidates(&valid, &outcome, &Sources { offers, used: &[] });
        (began.elapsed().as_secs_f64(), found.len())
    };
    let (without, few) = seconds(&[]);
    let (with, more) = seconds(&offers);
    println!("commitments_requests {}\ncommitments_bought {}", outcome.runs[0].requests, more - few);
    println!("commitments_s {:.3}", with - without);
    Ok(())
}
