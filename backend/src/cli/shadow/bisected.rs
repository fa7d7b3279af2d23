//! What `--bisect` does: which few requests a variance comes from.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use shared::request::IndexedRequest;
use shared::scenario::{Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Digest, Fork, Outcome, RunOptions, simulate};
use shared::units::{Duration, Instant, LedgerUnits, Money, TenantIndex};
use shared::variance::{BisectCase, BisectFinding, Bisection, Culprit, Decomposition, Part, Unexpected, bisect};

use crate::cli::CliError;
use crate::output;

/// How often the shadow is run for one variance at most.
const REPLAYS_MAX: u32 = 300;

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

/// The requests that one variance comes from.
#[derive(Debug, Serialize)]
pub(super) struct Bisected {
    /// Whose; everyone's and everything shared where none.
    tenant: Option<String>,
    percent: u8,
    /// Mean over the runs.
    predicted: Money,
    /// The actual requests, replayed in the shadow once.
    actual: Money,
    variance: Money,
    finding: &'static str,
    /// What the requests explain; all suspects where they do not explain enough.
    explained: Option<Money>,
    explained_percent: Option<f64>,
    requests: Vec<RequestView>,
    is_minimal: Option<bool>,
    /// Creates of the window that were looked at.
    creates: u32,
    suspects: u32,
    /// Digest of the run of what happened.
    before: Digest,
    /// Digest of the run without what is unexpected.
    after: Option<Digest>,
    replays: u32,
    replays_max: u32,
}

/// One request, and what is unexpected about its resource.
#[derive(Debug, Serialize)]
struct RequestView {
    how: Unexpected,
    /// Of the create; none of what was only predicted.
    id: Option<String>,
    resource: Option<String>,
    tenant: String,
    flavor: String,
    /// Of the create, or when a resource from before the window ended.
    at: Instant,
    /// The run that predicted what did not come.
    run: Option<u32>,
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
    let Compared { scenario, predicted, actual, .. } = *window;
    let case = BisectCase { scenario, predicted, actual, of, percent, replays_max: REPLAYS_MAX };
    let mut replays = 0;
    let Ok(found) = bisect(&case, |stream| {
        replays += 1;
        output::progress(&format!("bisecting the variance: replay {replays} of at most {REPLAYS_MAX}"));
        Ok::<_, core::convert::Infallible>(simulate(scenario, stream, RunOptions::default()))
    });
    view(found, percent, window)
}

fn view(found: Bisection, percent: u8, window: &Compared<'_>) -> Bisected {
    let of = window.scenario.scenario();
    let money = |amount: LedgerUnits| amount.to_money(of.price_book.currency);
    let variance = found.actual - found.predicted;
    let (finding, explained, after, requests, is_minimal) = match found.finding {
        BisectFinding::NothingToExplain => ("nothing_to_explain", None, None, Vec::new(), None),
        BisectFinding::NotEnough { amount, after } => ("not_enough", Some(amount), Some(after), Vec::new(), None),
        BisectFinding::Requests { requests, amount, after, is_minimal } => {
            ("requests", Some(amount), Some(after), requests, Some(is_minimal))
        }
    };
    let (known, lives) = (window.known, &window.fork.lives);
    let (ids, names) = (known.create_ids_in(of.window, lives), known.names_in(of.window, lives));
    let request = |culprit: Culprit| {
        let of_actual = |names: &[String]| {
            let name = names.get(culprit.resource.usize()).filter(|name| !name.is_empty());
            name.filter(|_| culprit.run.is_none()).cloned()
        };
        RequestView {
            how: culprit.how,
            id: of_actual(&ids),
            resource: of_actual(&names),
            tenant: of.tenants[culprit.tenant.usize()].name.clone(),
            flavor: of.flavors[culprit.flavor.usize()].name.clone(),
            at: culprit.at,
            run: culprit.run,
        }
    };
    Bisected {
        tenant: found.of.map(|tenant| of.tenants[tenant.usize()].name.clone()),
        percent,
        predicted: money(found.predicted),
        actual: money(found.actual),
        variance: money(variance),
        finding,
        explained: explained.map(money),
        explained_percent: explained.map(|amount| 100.0 * amount.to_f64() / variance.to_f64()),
        requests: requests.into_iter().map(request).collect(),
        is_minimal,
        creates: found.creates,
        suspects: found.suspects,
        before: found.before,
        after,
        replays: found.replays,
        replays_max: REPLAYS_MAX,
    }
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
    if found.finding == "not_enough" {
        let suspects = if found.suspects == 1 { "1 life".to_owned() } else { format!("{} lives", found.suspects) };
        writeln!(
            out,
            "  {whose}: not explained by what was asked for: all that differs, {suspects}, makes {explained}"
        )?;
    } else {
        let many = found.requests.len();
        let few = if is_few(many, found.creates) { "" } else { "; no few requests do" };
        let requests = output::counted(many as u64, "request");
        writeln!(out, "  {whose}: {requests} make {explained}{few}")?;
    }
    let mut groups: BTreeMap<(&str, &str, Unexpected), Vec<&RequestView>> = BTreeMap::new();
    for request in &found.requests {
        groups.entry((&request.tenant, &request.flavor, request.how)).or_default().push(request);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, requests)| core::cmp::Reverse(requests.len()));
    groups.iter().try_for_each(|(key, requests)| write_group(out, *key, requests))?;
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

fn write_group(out: &mut String, key: (&str, &str, Unexpected), requests: &[&RequestView]) -> std::fmt::Result {
    let (tenant, flavor, how) = key;
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
    let ids: Vec<_> = requests.iter().filter_map(|request| request.id.as_deref()).map(output::in_line).collect();
    if !ids.is_empty() {
        let more = if ids.len() > IDS_SHOWED { ", …" } else { "" };
        write!(out, ": {}{more}", ids[..ids.len().min(IDS_SHOWED)].join(", "))?;
    }
    writeln!(out)
}

/// Whether so many requests of so many are few enough to look at one by one.
fn is_few(requests: usize, of: u32) -> bool {
    requests <= 20 || requests * 10 <= of as usize && requests <= 200
}

/// The day of the week, UTC.
fn weekday(at: Instant) -> &'static str {
    // The first day of all was a Thursday.
    let days = (at - Instant::from_micros(0)).micros().div_euclid(Duration::DAY.micros());
    ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize]
}
