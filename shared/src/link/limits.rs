//! How much a link may ask of the browser that opens it.

use super::LinkError;
use crate::forecast::LEVELS;
use crate::scenario::{Demand, Edit, MAX_BINS, MAX_NODES, NodeGroup, Scenario};
use crate::stream::StreamModel;
use crate::units::{Duration, FlavorIndex};

/// The most that a link or a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the scenario, decompressed.
    pub bytes: usize,
    /// Runs of the ensemble.
    pub runs: u32,
    /// Tenants, flavors, rows of terms, and commitments.
    pub tenants: usize,
    /// Requests over all runs; for a forecast, a generous estimate.
    pub requests: u64,
    /// The same of one run, all of which are held at once.
    pub requests_of_run: u64,
    /// Bins of the outcome's timelines.
    pub bins: u64,
    /// Workers of one module, and nodes that are always on.
    pub workers: u32,
}

impl Limits {
    /// What opens by itself with a click: minutes of work at the most.
    pub const LINK: Self = Self {
        bytes: 1 << 20,
        runs: 500,
        tenants: 2_000,
        requests: 20_000_000,
        requests_of_run: 20_000_000,
        bins: 20_000,
        workers: 100_000,
    };

    /// What somebody chose a file for.
    pub const FILE: Self = Self {
        bytes: 64 << 20,
        runs: 10_000,
        tenants: 100_000,
        requests: 1_000_000_000,
        requests_of_run: 50_000_000,
        ..Self::LINK
    };

    /// What somebody runs on a machine of their own: whatever a scenario may be.
    pub const OWN: Self = Self { bins: MAX_BINS as u64, workers: MAX_NODES, ..Self::FILE };

    /// Holds a scenario to the limits.
    ///
    /// # Errors
    /// [`LinkError::TooLarge`] with the first amount that is beyond its limit.
    pub fn check(&self, scenario: &Scenario) -> Result<(), LinkError> {
        let at_most = |what, value: u64, limit: u64| {
            if value > limit { Err(LinkError::TooLarge { what, value, limit }) } else { Ok(()) }
        };
        let window = i128::from(scenario.window.end.micros()) - i128::from(scenario.window.start.micros());
        let bins = window.max(0) / i128::from(scenario.bin.micros().max(1));
        at_most("runs", scenario.runs.into(), self.runs.into())?;
        at_most("tenants", scenario.tenants.len() as u64, self.tenants as u64)?;
        at_most("terms", scenario.terms.len() as u64, self.tenants as u64)?;
        at_most("flavors", scenario.flavors.len() as u64, self.tenants as u64)?;
        at_most("commitments", commitments(scenario) as u64, self.tenants as u64)?;
        at_most("bins", u64::try_from(bins).unwrap_or(u64::MAX), self.bins)?;
        let workers = scenario.modules.0.iter().map(|module| module.workers).chain(edited_workers(scenario)).max();
        at_most("workers of a module", workers.unwrap_or(0).into(), self.workers.into())?;
        let fleet = scenario.edited_fleet();
        let groups = fleet.iter().chain([&scenario.fleet]).map(|fleet| &fleet.node_groups);
        let always_on = groups.map(|groups| groups.iter().map(always_on_of).sum()).max().unwrap_or(0);
        at_most("nodes that are always on", always_on, self.workers.into())?;
        at_most("requests", requests(scenario).saturating_mul(scenario.runs.into()), self.requests)?;
        at_most("requests of one run", requests(scenario), self.requests_of_run)
    }
}

/// Commitments of the price book, or of the edit that has the most.
fn commitments(scenario: &Scenario) -> usize {
    let edited = scenario.edits.iter().map(|edit| match edit {
        Edit::Commitments { commitments } => commitments.len(),
        _ => 0,
    });
    edited.chain([scenario.price_book.commitments.len()]).max().unwrap_or(0)
}

/// Nodes of a group that are there whatever is asked for, at some time.
fn always_on_of(group: &NodeGroup) -> u64 {
    let scheduled = group.scaling.schedule.iter().map(|scheduled| scheduled.nodes);
    let predicted = group.scaling.predicted.iter().flat_map(|predicted| predicted.nodes.iter().copied());
    let most = scheduled.chain(predicted).max().unwrap_or(0);
    u64::from(most.clamp(group.min, group.max.max(group.min)))
}

fn edited_workers(scenario: &Scenario) -> impl Iterator<Item = u32> + '_ {
    scenario.edits.iter().filter_map(|edit| match edit {
        Edit::Workers { workers, .. } => Some(*workers),
        _ => None,
    })
}

/// Requests of one run, from above, edits included.
fn requests(scenario: &Scenario) -> u64 {
    let unedited = match &scenario.demand {
        Demand::Requests(requests) => requests.len() as u64,
        Demand::Forecast(model) => {
            forecast_creates(model).saturating_mul(2).saturating_add(resizes(model, scenario.start.live.len() as u64))
        }
    };
    let factor = scenario.edits.iter().fold(1_u64, |factor, edit| match edit {
        Edit::ScaleDemand { percent, .. } | Edit::ScaleFlavor { percent, .. } => {
            factor.saturating_mul(u64::from(percent.div_ceil(100)).max(1))
        }
        _ => factor,
    });
    let bursts = scenario.edits.iter().map(|edit| match edit {
        Edit::Burst(burst) => 2 * u64::from(burst.count),
        _ => 0,
    });
    unedited.saturating_add(bursts.sum()).saturating_mul(factor).saturating_add(scenario.start.live.len() as u64)
}

/// Resizes at the highest rate of any flavor, of all that live from the first bin to the last.
fn resizes(model: &StreamModel, live: u64) -> u64 {
    let rate = model.resizes.iter().map(|row| row.per_day_millionths).max().unwrap_or(0);
    let micros = u64::try_from(model.bin.micros()).unwrap_or(0).saturating_mul(model.arrivals.tenths.len() as u64);
    let lives = u128::from(forecast_creates(model).saturating_add(live));
    let each = u128::from(micros) * u128::from(rate);
    let day = Duration::DAY.micros() as u128 * 1_000_000;
    u64::try_from(lives.saturating_mul(each).div_ceil(day)).unwrap_or(u64::MAX)
}

/// The highest quantile of every bin, and the mean batch or the largest of a newcomer, each create with the most that may
/// come with it: how many creates there are at the most.
fn forecast_creates(model: &StreamModel) -> u64 {
    let batches: u64 = model.arrivals.tenths.iter().map(|bin| u64::from(bin[LEVELS.len() - 1]).div_ceil(10)).sum();
    let weights: u64 = model.templates.iter().map(|template| weight(&template.weights)).sum();
    let creates = model.templates.iter().fold(0_u128, |sum, template| {
        let size: u64 = template.creates.iter().map(|&(_, count)| u64::from(count)).sum();
        sum.saturating_add(u128::from(size) * u128::from(weight(&template.weights)))
    });
    // The mean batch, rounded up: a link with a few huge and many small ones is judged by what it would do.
    let mean = u64::try_from(creates.div_ceil(u128::from(weights.max(1)))).unwrap_or(u64::MAX);
    let size = |creates: &[(FlavorIndex, u32)]| creates.iter().map(|&(_, count)| u64::from(count)).sum::<u64>();
    let new =
        model.newcomers.like.iter().flat_map(|newcomer| &newcomer.batches).map(|(creates, _)| size(creates)).max();
    let sets = model.attachments.sets.iter().flat_map(|row| &row.sets);
    let attached = sets.map(|(set, _)| set.len() as u64).max().unwrap_or(0);
    batches.saturating_mul(mean.max(new.unwrap_or(0)).max(1)).saturating_mul(attached + 1)
}

fn weight(weights: &[u32; 4]) -> u64 {
    weights.iter().map(|&weight| u64::from(weight)).sum()
}
