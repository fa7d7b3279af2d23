//! `shadowplane check-data`: what the data hold, what they lack, and which answers that spoils.

mod bill;
mod events;
mod observations;
mod report;
mod requests;
mod side_inputs;

use shared::features::{TimeZone, read_sensors};
use shared::input::{InputError, InputProblems};
use shared::pricing::{self, BuiltinRate, PriceBook, PriceFile, builtin, builtin_rates};
use shared::request::{RequestLog, RequestLogBuilder, read_observations, read_requests};
use shared::trace::csv::Kind;
use shared::trace::inventory::read_inventory;
use shared::trace::mapping::read_mapping;
use shared::trace::pools::read_pools;
use shared::trace::quotas::read_quotas;
use shared::trace::usage::read_usage;
use shared::units::{Duration, Window};

use super::bill_file::read_bill;
use super::demand::read_table;
use super::price_file::read_price_book;
use super::{CliError, Global};
use crate::jobs::wall_clock;
use crate::{input, known_events, output};
use report::Report;

/// Say what the data hold, what they lack, and which answers that spoils
///
/// Give the files together: what one lacks often shows in another. Findings are no errors; the exit status is 1 only
/// where a file is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane check-data --requests requests.ndjson --inventory nodes.csv --prices prices.csv
  shadowplane check-data --bill bill.ndjson --mapping mapping.toml --requests requests.ndjson")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Files {
    /// Requests, one JSON object a line
    #[arg(long, value_name = "FILE")]
    requests: Option<String>,
    /// Facts about requests, one JSON object a line
    #[arg(long, value_name = "FILE")]
    observations: Option<String>,
    /// Sensor readings: at,sensor,scope,value
    #[arg(long, value_name = "FILE")]
    sensors: Option<String>,
    /// What resources used: at,resource,vcpu,memory_gib
    #[arg(long, value_name = "FILE")]
    usage: Option<String>,
    /// Known events: name,start,end[,tenant][,repeat], or iCalendar
    #[arg(long, value_name = "FILE")]
    events: Option<String>,
    /// Prices: instance_type,price_per_hour,currency[,…], or TOML or JSON with a list `prices` of these fields,
    /// `units`, `egress` and `tiers`
    #[arg(long, value_name = "FILE")]
    prices: Option<String>,
    /// Exchange rates for prices in several currencies: date,from,to,rate
    #[arg(long, value_name = "FILE", requires = "prices")]
    exchange_rates: Option<String>,
    /// The machines: node,vcpu,memory_gib,gpu,instance_type,zone,cluster
    #[arg(long, value_name = "FILE")]
    inventory: Option<String>,
    /// The most that each tenant may hold at once: tenant[,vcpu,memory_gib,…]
    #[arg(long, value_name = "FILE")]
    quotas: Option<String>,
    /// What zones have beside nodes: pool,zone[,storage_gib,iops,network_mbps,addresses,…]
    #[arg(long, value_name = "FILE")]
    pools: Option<String>,
    /// Charges of a bill, as `import focus` and `import opencost` write them; may be given more than once
    #[arg(long, value_name = "FILE")]
    bill: Vec<String>,
    /// Rules from namespaces, accounts and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let report = self.report()?;
        if global.json { output::print_json(&report) } else { output::print(&report.to_text()) }
    }

    fn report(&self) -> Result<Report, CliError> {
        let files = &self.files;
        let mut report = Report::default();
        let rates = files.exchange_rates.as_deref();
        let prices = files.prices.as_deref().map(|file| read_price_book(file, rates)).transpose()?;
        let (prices, converted) = prices.map(|PriceFile { book, notices, .. }| (book, notices)).unzip();
        let book = prices.clone().unwrap_or_else(builtin);
        let inventory = read_table(files.inventory.as_deref(), Kind::Inventory, read_inventory)?;
        let mapping = read(&files.mapping, read_mapping)?;
        let log = read(&files.requests, |text| read_log(text, &book))?;
        if let Some((file, log)) = files.requests.as_ref().zip(log.as_ref()) {
            requests::check(&mut report, input::name(file), log);
            requests::check_fit(&mut report, log, inventory.as_deref());
            requests::check_prices(&mut report, log, &book, prices.is_some());
        }
        if let Some((file, observations)) =
            files.observations.as_ref().zip(read(&files.observations, read_observations)?)
        {
            let machines = inventory.as_deref().unwrap_or_default();
            observations::check(&mut report, input::name(file), &observations, log.as_ref(), machines);
        }
        if let Some((file, sensors)) =
            files.sensors.as_ref().zip(read_table(files.sensors.as_deref(), Kind::Sensors, read_sensors)?)
        {
            side_inputs::check_sensors(&mut report, input::name(file), &sensors, log.as_ref());
        }
        if let Some((file, usage)) =
            files.usage.as_ref().zip(read_table(files.usage.as_deref(), Kind::Usage, read_usage)?)
        {
            side_inputs::check_usage(&mut report, input::name(file), &usage, log.as_ref());
        }
        let read_events = |text: &str| known_events::read(text, &TimeZone::UTC, year_around(log.as_ref()));
        if let Some((file, events)) = files.events.as_ref().zip(read(&files.events, read_events)?) {
            events::check(&mut report, input::name(file), &events, log.as_ref());
        }
        if let Some((file, book)) = files.prices.as_ref().zip(prices.as_ref()) {
            side_inputs::check_prices(&mut report, input::name(file), book);
            side_inputs::check_beginnings(&mut report, book, inventory.as_deref().unwrap_or_default(), log.as_ref());
        }
        if let Some((file, nodes)) = files.inventory.as_ref().zip(inventory.as_deref()) {
            side_inputs::check_inventory(&mut report, input::name(file), nodes, &book);
        }
        if let Some((file, quotas)) =
            files.quotas.as_ref().zip(read_table(files.quotas.as_deref(), Kind::Quotas, read_quotas)?)
        {
            side_inputs::check_quotas(&mut report, input::name(file), &quotas, log.as_ref());
        }
        if let Some((file, pools)) =
            files.pools.as_ref().zip(read_table(files.pools.as_deref(), Kind::Pools, read_pools)?)
        {
            side_inputs::check_pools(&mut report, input::name(file), pools, log.as_ref());
        }
        if !files.bill.is_empty() {
            let bill = read_bill(&files.bill)?;
            let names: Vec<&str> = files.bill.iter().map(|file| input::name(file)).collect();
            bill::check(&mut report, &names.join(", "), &bill, mapping.as_ref(), log.as_ref(), prices.as_ref())
                .map_err(|error| CliError::Data(error.to_string()))?;
        }
        if let Some((file, mapping)) = files.mapping.as_ref().zip(mapping.as_ref()) {
            side_inputs::check_mapping(&mut report, input::name(file), mapping, log.as_ref());
        }
        converted.unwrap_or_default().into_iter().for_each(|notice| report.assume(notice));
        // Without requests and machines there is nothing to price.
        if prices.is_none() && (log.is_some() || inventory.is_some()) {
            report.assume(format!("no price file: {}", pricing::BUILTIN_SOURCE));
            for BuiltinRate { dimension, rate, source } in builtin_rates() {
                report.assume(format!("no price of `{}` itself: {rate} USD an hour, {source}", dimension.field()));
            }
        }
        Ok(report)
    }
}

/// What `reader` makes of a file, if it is given.
fn read<T, E: Into<InputProblems>>(
    file: &Option<String>,
    reader: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, CliError> {
    let Some(file) = file else { return Ok(None) };
    let text = input::read_text(file)?;
    reader(&text).map(Some).map_err(|error| CliError::all_in_file(input::name(file))(error.into()))
}

/// The time that occurrences of calendars are looked at in: a log and the year after it, or a year to either side of now.
fn year_around(log: Option<&RequestLog>) -> Window {
    let year = Duration::DAY * 366;
    let first = log.and_then(RequestLog::first).unwrap_or_else(|| wall_clock() - year);
    let last = log.and_then(RequestLog::last).unwrap_or_else(wall_clock);
    Window { start: first, end: last + year }
}

fn read_log(text: &str, book: &PriceBook) -> Result<RequestLog, InputProblems> {
    let mut builder = RequestLogBuilder::new(book.catalogue());
    read_requests(text, &mut builder)?;
    let log = builder.finish()?;
    if log.requests.is_empty() && log.orphans == 0 {
        return Err(InputError::whole("holds no requests; expected at least one").into());
    }
    Ok(log)
}
