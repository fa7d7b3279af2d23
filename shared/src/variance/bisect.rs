//! Which few requests a variance comes from: the smallest set that was found to explain it, replayed.

mod excess;
mod smallest;
mod suspects;

use serde::{Deserialize, Serialize};

use self::smallest::{prefix, smallest};
use self::suspects::{Change, Evidence, Streams};
use crate::allocation::mean_column;
use crate::request::IndexedRequest;
use crate::scenario::ValidScenario;
use crate::simulation::{Digest, Outcome, RunOutcome};
use crate::units::{FlavorIndex, Instant, LedgerUnits, ResourceIndex, TenantIndex};

/// How much of a variance the requests have to explain unless something else is asked for, in percent.
pub const BISECT_PERCENT: u8 = 80;

/// How often the shadow is run for one variance at most.
pub const BISECT_REPLAYS_MAX: u32 = 300;

/// A window whose variance is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct BisectCase<'a> {
    /// What predicted it, with room for whoever appeared since.
    pub scenario: &'a ValidScenario,
    /// The outcome of all of its runs.
    pub predicted: &'a Outcome,
    /// What really was asked for, in the indices of the scenario.
    pub actual: &'a [IndexedRequest],
    /// Whose workload; everything that was paid where none.
    pub of: Option<TenantIndex>,
    /// How much of the variance the requests have to explain, 1 … 100.
    pub percent: u8,
    /// How often the shadow may be run: three times at least, some dozens to find few.
    pub replays_max: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bisection {
    /// Whose workload; everything that was paid where none.
    pub of: Option<TenantIndex>,
    /// Mean over the runs.
    pub predicted: LedgerUnits,
    /// What the actual requests cost in the shadow.
    pub actual: LedgerUnits,
    /// The run of the actual requests.
    pub before: Digest,
    /// Creates of the window that were looked at.
    pub creates: u32,
    /// Lives that differ from what was predicted in the direction of the variance.
    pub suspects: u32,
    /// How often the shadow was run.
    pub replays: u32,
    /// What came of it.
    pub finding: BisectFinding,
}

/// Whether some requests explain the variance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BisectFinding {
    /// Predicted and actual are the same.
    NothingToExplain,
    /// All suspects together do not explain as much as was asked for.
    NotEnough {
        /// What they explain.
        amount: LedgerUnits,
        /// The run without what they differ by.
        after: Digest,
    },
    /// These do.
    Requests {
        /// In order of time.
        requests: Vec<Culprit>,
        /// What they explain; more than the whole variance where one more life makes more than what was missing.
        amount: LedgerUnits,
        /// The run without what they differ by.
        after: Digest,
        /// Whether it was tried to do without each of them; if not, the replays were used up before.
        is_minimal: bool,
    },
}

/// One life that the variance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    /// What is unexpected about it.
    pub how: Unexpected,
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// When it was created, or would have been; of those that lived when the window began, when it ended or would have.
    pub at: Instant,
    /// The resource; of what did not come, the one in the predicted stream of `run`.
    pub resource: ResourceIndex,
    /// The run that predicted what did not come.
    pub run: Option<u32>,
    /// What it explains on top of those before it, so that all of them add up to what they explain together; none where
    /// the replays that tell were used up.
    pub amount: Option<LedgerUnits>,
}

/// What is unexpected about a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Unexpected {
    /// It was created, beyond what was predicted.
    Came,
    /// It was predicted, and nothing like it was created.
    DidNotCome,
    /// It lived when the window began, and for longer than predicted on average.
    LivedLonger,
    /// It lived when the window began, and ended sooner than predicted on average.
    EndedSooner,
}

impl Unexpected {
    /// How it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::DidNotCome => "did_not_come",
            Self::LivedLonger => "lived_longer",
            Self::EndedSooner => "ended_sooner",
        }
    }
}

/// Finds the smallest set of requests that explains `percent` of actual − predicted, by replaying the window without
/// them.
///
/// A set explains as much as the cost of the actual requests falls (or rises) when they are changed to what was
/// predicted: a life that came beyond it is left out with all that is asked of it, one that did not come is put in from
/// the run that cost nearest to the mean, of those that cost no less where less was paid than predicted: they have enough
/// of it. One that lived when the window began ends when it does so on average.
/// Suspects are lives that differ in the direction of the variance: per tenant, flavor and hour so many of the largest
/// as make up the difference from the mean over the runs, where parts of a life add up over the hours, the flavors and the
/// tenants. The shortest sequence of them, largest difference first, that explains enough is found by bisection, and made
/// smaller by delta debugging until it can do without none of them.
///
/// Source: A. Zeller and R. Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE Transactions on
/// Software Engineering 28(2), 2002, algorithm *ddmin*. It finds a set of which every request is needed, which need not
/// be the smallest of all sets. Requests that are alike are interchangeable: which of them are named is arbitrary.
///
/// # Errors
/// Those of `replay`, which runs the scenario on other requests, once.
///
/// # Panics
/// When the predicted outcome has no runs.
pub fn bisect<E>(
    case: &BisectCase<'_>,
    mut replay: impl FnMut(&[IndexedRequest]) -> Result<RunOutcome, E>,
) -> Result<Bisection, E> {
    let amount = |outcome: &RunOutcome| match case.of {
        Some(tenant) => outcome.cost.tenant(tenant),
        None => outcome.cost.total(),
    };
    let costs: Vec<LedgerUnits> = case.predicted.runs.iter().map(amount).collect();
    let predicted = mean_column(&[costs.iter().copied().sum()], costs.len() as u32)[0];
    let nearest = nearest_run(&costs, predicted, false);
    let mut streams = Streams::new(case, nearest);
    let happened = replay(&streams.changed(&[]))?;
    let (actual, before) = (amount(&happened), happened.digest);
    let mut found = Bisection {
        of: case.of,
        predicted,
        actual,
        before,
        creates: streams.creates(),
        suspects: 0,
        replays: 1,
        finding: BisectFinding::NothingToExplain,
    };
    let variance = actual - predicted;
    if variance == LedgerUnits::ZERO {
        return Ok(found);
    }
    let run = nearest_run(&costs, predicted, variance < LedgerUnits::ZERO);
    if run != nearest {
        streams = Streams::new(case, run);
    }
    let evidence = Evidence { happened: &happened.cost, predicted: &case.predicted.runs[run as usize].cost };
    let suspects = streams.suspects(&evidence, variance.0.signum());
    found.suspects = suspects.len() as u32;
    let mut search = Search { case, streams: &streams, actual, variance, replays: 1, last: None };
    let mut explains = |changes: &[Change]| search.explains(changes, &amount, &mut replay);
    let Some(first) = prefix(&suspects, &mut explains)? else {
        let (amount, after) = search.last.map_or((LedgerUnits::ZERO, before), |(amount, after)| (amount, after));
        found.finding = BisectFinding::NotEnough { amount, after };
        found.replays = search.replays;
        return Ok(found);
    };
    let (mut changes, is_minimal) = smallest(first, &mut explains)?;
    changes.sort_by_key(|change| streams.place(change));
    // What is told is what a replay of exactly these says, and where there are replays left, of each on top of those before.
    let few = search.replays + changes.len() as u32 <= case.replays_max;
    let steps = if few { 1..=changes.len() } else { changes.len()..=changes.len() };
    let (mut requests, mut cost, mut after) = (Vec::new(), actual, before);
    found.replays = search.replays;
    for many in steps {
        let changed = replay(&streams.changed(&changes[..many]))?;
        found.replays += 1;
        let explained = cost - amount(&changed);
        requests.push(Culprit { amount: Some(explained), ..streams.culprit(&changes[many - 1]) });
        (cost, after) = (amount(&changed), changed.digest);
    }
    if !few {
        requests = changes.iter().map(|change| streams.culprit(change)).collect();
    }
    found.finding = BisectFinding::Requests { requests, amount: actual - cost, after, is_minimal };
    Ok(found)
}

/// The run that cost nearest to the mean, of those that cost no less where that is asked for.
fn nearest_run(costs: &[LedgerUnits], mean: LedgerUnits, no_less: bool) -> u32 {
    let runs = (0..costs.len()).filter(|&run| !no_less || costs[run] >= mean);
    runs.min_by_key(|&run| (costs[run] - mean).0.abs()).expect("one run costs as much as all do on average") as u32
}

/// The state of one search.
struct Search<'a> {
    case: &'a BisectCase<'a>,
    streams: &'a Streams<'a>,
    actual: LedgerUnits,
    variance: LedgerUnits,
    replays: u32,
    last: Option<(LedgerUnits, Digest)>,
}

impl Search<'_> {
    /// Whether changes explain enough; none when the shadow may not be run any more.
    fn explains<E>(
        &mut self,
        changes: &[Change],
        amount: &dyn Fn(&RunOutcome) -> LedgerUnits,
        replay: &mut impl FnMut(&[IndexedRequest]) -> Result<RunOutcome, E>,
    ) -> Result<Option<bool>, E> {
        // One is kept for the verification.
        if self.replays + 1 >= self.case.replays_max {
            return Ok(None);
        }
        self.replays += 1;
        let outcome = replay(&self.streams.changed(changes))?;
        let explained = self.actual - amount(&outcome);
        self.last = Some((explained, outcome.digest));
        let enough =
            explained.0 * self.variance.0.signum() * 100 >= self.variance.0.abs() * i128::from(self.case.percent);
        Ok(Some(enough))
    }
}
