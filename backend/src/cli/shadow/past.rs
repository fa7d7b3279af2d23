//! What changes would have brought on the day before an origin.

use shared::recommendation::{PastDay, PastDemand};
use shared::scenario::{Edit, Scenario};
use shared::shadow::Known;
use shared::simulation::Outcome;
use shared::units::{Duration, Instant, Window};

use super::prepare::Predicted;
use crate::cli::demand::Demand;
use crate::cli::start::StartView;
use crate::hindsight::happened;
use crate::shadowing::name_anew;

/// What is known of before an origin.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Before<'a> {
    pub(in crate::cli) demand: &'a Demand,
    pub(in crate::cli) origin: Instant,
    pub(in crate::cli) base: &'a Scenario,
}

impl<'a> Before<'a> {
    /// What a prediction of what is asked for was made of; none where anything is said to live that no log tells of, or the
    /// settings are others than those of the primary.
    pub(in crate::cli) fn of(
        (demand, predicted): (Option<&'a Demand>, Option<&'a Predicted>),
        start: Option<&StartView>,
        is_edited: bool,
    ) -> Option<Self> {
        let (demand, Predicted { origin, base, .. }) = demand.zip(predicted)?;
        (start.is_none() && !is_edited).then_some(Self { demand, origin: *origin, base })
    }

    /// What was asked for before the origin; none where that cannot be run.
    pub(in crate::cli) fn demand(&self) -> Option<PastDemand> {
        let (scenario, requests) = self.demand.known(self.origin).past(self.base).ok()?;
        Some(PastDemand { scenario, requests })
    }

    /// The same hours of the day before the origin, or of the last days where more are predicted, as they would have been,
    /// where the log has all of them and what came before.
    pub(super) fn day(&self, predicted: &Scenario) -> Option<Past<'a>> {
        let length = predicted.window.length();
        let days = (length.micros() - 1) / Duration::DAY.micros() + 1;
        let start = self.origin - Duration::DAY * days;
        let day = Window { start, end: start + length };
        self.demand.log.first().filter(|&first| first < day.start)?;
        let known = self.demand.known(day.start);
        let tenants = predicted.tenants.iter().map(|tenant| tenant.name.clone()).collect();
        let mut past = Past { base: self.base, known, day, tenants, before: Outcome::collect(Vec::new()) };
        past.before = past.under(&[])?;
        Some(past)
    }
}

/// Hours before an origin, and what they came to as things are.
pub(super) struct Past<'a> {
    base: &'a Scenario,
    known: Known<'a>,
    day: Window,
    /// Whom edits mean, by index.
    tenants: Vec<String>,
    before: Outcome,
}

impl Past<'_> {
    pub(super) fn with(&self, edits: &[Edit]) -> Option<PastDay> {
        let mut edits = edits.to_vec();
        name_anew(&mut edits, &self.tenants, self.known.tenant_names()).ok()?;
        let after = self.under(&edits)?;
        Some(PastDay { window: self.day, before: self.before.clone(), after })
    }

    /// None where it cannot be run with these edits.
    fn under(&self, edits: &[Edit]) -> Option<Outcome> {
        let settings = self.known.settings(self.base, edits).ok()?;
        let fork = self.known.primary(&settings, None).ok()?.fork;
        let happened = happened(&self.known, &settings, &fork, self.day.length()).ok()?;
        Some(Outcome::collect(vec![happened.run]))
    }
}
