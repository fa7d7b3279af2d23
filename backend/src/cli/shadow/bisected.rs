//! What `--bisect` does: which few requests a variance comes from.

use std::fmt::Write;

use shared::api::{Bisected, BisectedCase, BisectedFinding, BisectedRequest};
use shared::request::IndexedRequest;
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Fork, Outcome, RunOptions, simulate};
use shared::units::{Duration, Instant, Money, TenantIndex};
use shared::variance::{BISECT_REPLAYS_MAX, BisectCase, Decomposition, Part, Unexpected, bisect};

use crate::cli::CliError;
use crate::output;

/// How many ids of requests a line of the table holds; the JSON has all of them.
const IDS_SHOWED: usize = 6;

/// Which requests a variance comes from.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct BisectArgs {
    /// Say which few requests at least PERCENT of the variance of the simulated cost comes from (what is on a bill is not
    /// replayed), of the total and of the tenant where it is
    /// largest: the window is replayed without them, some dozens of times [default: 80]
    #[arg(
        long,
        value_name = "PERCENT",
        num_args = 0..=1,
        default_missing_value = "80",
        requires = "origin",
        value_parser = clap::value_parser!(u8).range(1..=100)
    )]
    bisect: Option<u8>,
    /// Whose variance it is that --bisect looks into, instead of the total's
    #[arg(long, value_name = "NAME", requires = "bisect")]
    bisect_tenant: Option<String>,
}

/// What is known of a window that was compared with its prediction.
pub(super) struct Compared<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) fork: &'a Fork,
    pub(super) scenario: &'a ValidScenario,
    pub(super) predicted: &'a Outcome,
    pub(super) actual: &'a [IndexedRequest],
    pub(super) decomposition: &'a Decomposition,
}

impl BisectArgs {
    /// Bisects the variance of the total and of the tenant where it is largest, or of the one that is asked for.
    ///
    /// # Errors
    /// When nobody has the name that is asked for.
    pub(super) fn run(&self, window: &Compared<'_>) -> Result<Vec<Bisected>, CliError> {
        let Some(percent) = self.bisect else { return Ok(Vec::new()) };
        let whose = match &self.bisect_tenant {
            Some(name) => vec![Some(named(name, window.scenario.scenario())?)],
            None => [None].into_iter().chain(largest(window.decomposition).map(Some)).collect(),
        };
        Ok(whose.into_iter().map(|of| one(of, percent, window)).collect())
    }
}

fn named(name: &str, scenario: &Scenario) -> Result<TenantIndex, CliError> {
    let position = scenario.tenants.iter().position(|tenant| tenant.name == name);
    position.map(TenantIndex::from_usize).ok_or_else(|| {
        let names = output::some(scenario.tenants.iter().map(|tenant| tenant.name.as_str()));
        CliError::Data(format!("--bisect-tenant {name}: no tenant has this name; the tenants are {names}"))
    })
}

/// The tenant with the largest variance; none where all cost what was predicted.
fn largest(decomposition: &Decomposition) -> Option<TenantIndex> {
    let of = decomposition.parts.iter().filter_map(|line| match line.part {
        Part::Tenant(tenant) => Some(((line.actual - line.predicted).0.abs(), tenant)),
        _ => None,
    });
    of.filter(|(size, _)| *size > 0).max_by_key(|(size, tenant)| (*size, core::cmp::Reverse(*tenant))).map(|(_, of)| of)
}

fn one(of: Option<TenantIndex>, percent: u8, window: &Compared<'_>) -> Bisected {
    let Compared { known, fork, scenario, predicted, actual, .. } = *window;
    let case = BisectCase { scenario, predicted, actual, of, percent, replays_max: BISECT_REPLAYS_MAX };
    let mut replays = 0;
    let Ok(found) = bisect(&case, |stream| {
        replays += 1;
        output::progress(&format!("bisecting the variance: replay {replays} of at most {BISECT_REPLAYS_MAX}"));
        Ok::<_, core::convert::Infallible>(simulate(scenario, stream, RunOptions::default()))
    });
    let of = scenario.scenario();
    let (ids, names) = (known.create_ids_in(of.window, &fork.lives), known.names_in(of.window, &fork.lives));
    Bisected::new(found, &BisectedCase { scenario: of, percent, ids: &ids, names: &names })
}

/// Writes what was found for people.
pub(super) fn write(out: &mut String, found: &[Bisected]) -> std::fmt::Result {
    let Some(first) = found.first() else { return Ok(()) };
    writeln!(out, "\nrequests that at least {} % of the simulated variance comes from, by replay", first.percent)?;
    found.iter().try_for_each(|bisected| write_one(out, bisected))
}

fn write_one(out: &mut String, found: &Bisected) -> std::fmt::Result {
    let whose = found.tenant.as_deref().map_or("total".into(), |name| output::in_line(name).into_owned());
    let variance = format!("{:.2} {}", found.variance.rounded(), found.variance.currency);
    let (Some(explained), Some(percent)) = (found.explained, found.explained_percent) else {
        return writeln!(out, "  {whose}: cost what was predicted, so there is nothing to explain");
    };
    let explained = format!("{:.2} ({percent:.0} %) of {variance}", explained.rounded());
    if found.finding == BisectedFinding::NotEnough {
        let suspects = if found.suspects == 1 { "1 life".to_owned() } else { format!("{} lives", found.suspects) };
        writeln!(
            out,
            "  {whose}: not explained by what was asked for: all that differs, {suspects}, makes {explained}"
        )?;
    } else {
        let many = found.requests.len();
        let few = if found.are_few() { "" } else { "; no few requests do" };
        let requests = output::counted(many as u64, "request");
        writeln!(out, "  {whose}: {requests} make {explained}{few}")?;
    }
    found.grouped().into_iter().try_for_each(|requests| write_group(out, &requests))?;
    let minimal = match found.is_minimal {
        Some(true) => "; each of them is needed",
        Some(false) => "; there may be fewer, the replays were used up",
        None => "",
    };
    let (replays, max, before) = (found.replays, found.replays_max, found.before);
    writeln!(out, "    {replays} of at most {max} replays{minimal}")?;
    writeln!(out, "    digest with them    {before}")?;
    found.after.map_or(Ok(()), |after| writeln!(out, "    digest without them {after}"))
}

fn write_group(out: &mut String, requests: &[&BisectedRequest]) -> std::fmt::Result {
    let BisectedRequest { how, tenant, flavor, .. } = requests[0];
    let many = requests.len() as u64;
    let what = match how {
        Unexpected::Came => format!("{} of", output::counted(many, "create")),
        Unexpected::DidNotCome => format!("{} that did not come, of", output::counted(many, "create")),
        Unexpected::LivedLonger => format!("{many} that lived longer than predicted, of"),
        Unexpected::EndedSooner => format!("{many} that ended sooner than predicted, of"),
    };
    let times = || requests.iter().map(|request| request.at);
    let (first, last) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
    let (tenant, flavor) = (output::in_line(tenant), output::in_line(flavor));
    let until = if first == last { String::new() } else { format!(" … {last}") };
    write!(out, "    {what} {tenant}, {flavor}, {} {first}{until}", weekday(first))?;
    if let Some(explained) = sum(requests) {
        write!(out, ", {:.2}", explained.rounded())?;
    }
    let ids: Vec<_> = requests.iter().filter_map(|request| request.id.as_deref()).map(output::in_line).collect();
    if !ids.is_empty() {
        let more = if ids.len() > IDS_SHOWED { ", …" } else { "" };
        write!(out, ": {}{more}", ids[..ids.len().min(IDS_SHOWED)].join(", "))?;
    }
    writeln!(out)
}

/// What requests explain together; none where that is not known of each.
fn sum(requests: &[&BisectedRequest]) -> Option<Money> {
    let amounts: Option<Vec<Money>> = requests.iter().map(|request| request.explains).collect();
    let amounts = amounts?;
    let first = amounts.first()?;
    Some(Money { amount: amounts.iter().map(|money| money.amount).sum(), currency: first.currency })
}

/// The day of the week, UTC.
fn weekday(at: Instant) -> &'static str {
    // The first day of all was a Thursday.
    let days = (at - Instant::from_micros(0)).micros().div_euclid(Duration::DAY.micros());
    ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize]
}
