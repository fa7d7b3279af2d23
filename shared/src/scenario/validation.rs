//! A scenario that asks the impossible is refused before its first run, with every problem at once.

mod affinity;
mod commitments;
mod demand;
mod edits;
mod fleet;
mod modules;
mod pools;
mod settings;
mod start;
mod terms;
mod together;

use core::fmt;

pub(crate) use fleet::MAX_OVER_COMMIT_PERCENT;
pub use settings::MAX_BINS;
pub(crate) use settings::MAX_WAIT;

use super::edits::Stream;
use super::{Demand, Edit, Fleet, Scenario};
use crate::control_plane::Settings;
use crate::request::IndexedRequest;
use crate::stream::{LiveAtStart, sample, tagged, with_terms};

/// One problem of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, such as `fleet.node_groups[0].max`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Every problem of a scenario; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// A scenario without problems, with its edits applied; the only kind that runs.
#[derive(Clone, Debug)]
pub struct ValidScenario {
    original: Scenario,
    /// Where there are edits.
    edited: Option<Scenario>,
}

impl ValidScenario {
    /// Checks a scenario and applies its edits.
    ///
    /// # Errors
    /// With every problem, each naming its field.
    pub fn new(original: Scenario) -> Result<Self, Problems> {
        Self::checked(original, |scenario, problems| {
            terms::check(scenario, problems);
            affinity::check(scenario, problems);
            demand::check_classes(scenario, problems);
        })
    }

    /// The same for requests that have been accepted already, or were predicted from such: who wants to be where nobody can
    /// be waits for ever, and keeps nobody else from being simulated.
    ///
    /// # Errors
    /// With every other problem, each naming its field.
    pub fn of_accepted(original: Scenario) -> Result<Self, Problems> {
        Self::checked(original, |_, _| {})
    }

    fn checked(original: Scenario, check_wishes: impl Fn(&Scenario, &mut Found)) -> Result<Self, Problems> {
        let mut problems = Found::default();
        settings::check(&original, &mut problems);
        start::check(&original, &mut problems);
        check_wishes(&original, &mut problems);
        // The most by number, and often one and the same: they come last.
        demand::check(&original, &mut problems);
        if !problems.0.is_empty() {
            return Err(Problems(problems.0));
        }
        let edited = (!original.edits.is_empty()).then(|| original.edited());
        let valid = Self { original, edited };
        settings::check_sums(valid.scenario(), &mut problems);
        if valid.edited.is_some() && problems.0.is_empty() {
            fleet::check_edited(valid.scenario(), &mut problems);
        }
        if problems.0.is_empty() { Ok(valid) } else { Err(Problems(problems.0)) }
    }

    /// The scenario as it was given.
    pub fn original(&self) -> &Scenario {
        &self.original
    }

    /// The scenario with its edits applied to everything but the demand, which is in [`ValidScenario::requests`].
    pub fn scenario(&self) -> &Scenario {
        self.edited.as_ref().unwrap_or(&self.original)
    }

    /// What the control plane of run `run` is told.
    pub fn settings(&self, run: u32) -> Settings<'_> {
        let Scenario { tenants, flavors, terms, fleet, placement, autoscaling, time_zone, modules, seed, .. } =
            self.scenario();
        Settings {
            tenants,
            flavors,
            terms,
            fleet,
            placement: *placement,
            autoscaling: *autoscaling,
            time_zone,
            modules,
            seed: *seed,
            run,
        }
    }

    /// The requests of run `run`, in order of time, with the edits of demand applied.
    pub fn requests(&self, run: u32) -> Vec<IndexedRequest> {
        let Scenario { seed, window, start, demand, edits, terms, flavors, .. } = &self.original;
        let mut requests = match demand {
            Demand::Requests(requests) => requests.clone(),
            Demand::Forecast(model) => {
                let live = start.live.iter().map(|live| LiveAtStart {
                    tenant: live.tenant,
                    flavor: live.flavor,
                    created: live.created,
                    draw_key: live.draw_key,
                });
                let mut stream = sample(model, live, *window, *seed, run);
                let tagged = tagged(&model.tags, &stream, (terms, flavors), *seed, run);
                with_terms(&mut stream, &tagged);
                stream
            }
        };
        let first_new = start.live.len() as u32;
        let flavors = flavors.len();
        let (requests_of, live) = (&mut requests, &start.live);
        let mut stream = Stream { requests: requests_of, live, first_new, window: *window, seed: *seed, run, flavors };
        for (position, edit) in edits.iter().enumerate() {
            stream.edit(position, edit);
        }
        requests
    }
}

impl Scenario {
    /// Whether these edits could be made here, whatever else there is to say of the scenario.
    ///
    /// # Errors
    /// With every problem of an edit, each naming its field.
    pub fn check_edits(&self, edits: &[Edit]) -> Result<(), Problems> {
        let mut found = Found::default();
        edits::check(self, edits, &mut found);
        if found.0.is_empty() { Ok(()) } else { Err(Problems(found.0)) }
    }
}

impl Scenario {
    /// The fleet with the edits of the scenario applied; none where they are impossible.
    pub(crate) fn edited_fleet(&self) -> Option<Fleet> {
        self.check_edits(&self.edits).ok()?;
        Some(self.edited().fleet)
    }

    /// With the edits applied to everything but the demand.
    fn edited(&self) -> Self {
        let mut edited = self.clone();
        self.edits.iter().for_each(|edit| edit.apply(&mut edited));
        edited
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the scenario cannot run")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl core::error::Error for Problems {}

/// Most problems that are listed.
const LISTED_MAX: usize = 100;

/// Collects problems; not every one, so that a hostile scenario does not fill the memory with them.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    /// Notes a problem of `field` unless `holds`.
    fn expect(&mut self, holds: bool, field: impl fmt::Display, message: impl FnOnce() -> String) {
        if holds || self.0.len() > LISTED_MAX {
            return;
        }
        if self.0.len() < LISTED_MAX {
            self.0.push(Problem { field: field.to_string(), message: message() });
        } else {
            let message = format!("has more problems than these {LISTED_MAX}; they are listed once these are mended");
            self.0.push(Problem { field: "scenario".to_owned(), message });
        }
    }

    /// Notes a problem of `field`, where there is one.
    fn extend(&mut self, field: impl fmt::Display, message: Option<String>) {
        if let Some(message) = message {
            self.expect(false, field, || message);
        }
    }
}
