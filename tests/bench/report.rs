//! How quickly statements of what has been metered are made, in this process and by a service, question by question, and how
//! quickly amounts of offered commitments are found for ninety days of hours. `cargo xtask bench report` runs this, with a file of metering
//! records as its argument.

#![expect(clippy::print_stdout, reason = "figures for whoever runs it")]

#[path = "report/questions.rs"]
mod questions;
#[path = "report/service.rs"]
mod service;

use std::path::PathBuf;
use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use shared::allocation::{AggregatedMetering, Metering, StatementView, read_metering, unit_costs};
use shared::example;
use shared::pricing::read_offers;
use shared::recommendation::{Sources, candidates};
use shared::request::{Catalogue, RequestLogBuilder};
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Outcome, run};
use shared::units::{Currency, Duration, Window};

use self::questions::{ROWS_MAX, questions, say};

const DAYS: i64 = 90;
const OFFERS: &str = "name,instance_type,price_per_hour,upfront,term_months,currency,price_percent,families\n\
                      reserved,m5.4xlarge,0.484,,12,USD,,\nplan,,,,12,USD,66,\n";

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let file = std::env::args_os().skip(1).map(PathBuf::from).find(|path| path.is_file());
    let text = std::fs::read_to_string(file.context("name a file of metering records")?)?;
    statements(read_metering(&text)?)?;
    drop(text);
    service::ask()?;
    commitments()
}

/// All questions about what a file says was metered.
fn statements(metering: Metering) -> Result<()> {
    let began = Stopwatch::now();
    let aggregated = AggregatedMetering::new(metering);
    println!("aggregated_s {:.3}", began.elapsed().as_secs_f64());
    let mut milliseconds = Vec::new();
    for settings in questions(aggregated.metering().window.end, [1, 7, 30])? {
        let began = Stopwatch::now();
        let statement = aggregated.statement(settings)?;
        if statement.rows.len() <= ROWS_MAX {
            let units = unit_costs(&statement, &[]);
            serde_json::to_vec(&StatementView::new(&statement, units))?;
            milliseconds.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    say("statement", milliseconds)
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
        let found = candidates(&valid, &outcome, &Sources { offers, used: &[], owned: &[], past: None });
        (began.elapsed().as_secs_f64(), found.len())
    };
    let (without, few) = seconds(&[]);
    let (with, more) = seconds(&offers);
    println!("commitments_requests {}\ncommitments_bought {}", outcome.runs[0].requests, more - few);
    println!("commitments_s {:.3}", with - without);
    Ok(())
}
