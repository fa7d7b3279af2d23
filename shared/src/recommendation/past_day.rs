//! What a change would have brought on a day that is over, had it always been in force.
//!
//! A prediction begins with what runs already, which other settings placed: some changes bring much on their first day and
//! little once everything was placed by them. The requests of a day that is over show the latter.

use serde::{Deserialize, Serialize};

use super::rank::{Difference, Recommendation};
use super::risk::{Risk, RiskKind};
use crate::scenario::Edit;
use crate::simulation::Outcome;
use crate::units::{Currency, LedgerUnits, Window};

/// A saving that comes to less than this part of what is promised, in percent, is told as one that fades.
const FADES_PERCENT: i128 = 50;

/// A day that is over, twice: as it would have been with the settings in force, and with a change, each from the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct PastDay {
    /// The day.
    pub window: Window,
    /// Without the change.
    pub before: Outcome,
    /// With it.
    pub after: Outcome,
}

/// What a change would have brought then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OnPastDay {
    /// The day.
    pub window: Window,
    /// Of one run each, so that levels are the amount itself.
    pub difference: Difference,
}

impl From<PastDay> for OnPastDay {
    fn from(PastDay { window, before, after }: PastDay) -> Self {
        Self { window, difference: Difference::between(&before, &after) }
    }
}

/// Whether edits could have been in force on a day before they are made: commitments begin when they are bought, and what
/// tenants ask for stands in the requests of the day.
pub(super) fn can_be_replayed(edits: &[Edit]) -> bool {
    !edits.iter().any(|edit| matches!(edit, Edit::Commitments { .. } | Edit::Requested { .. }))
}

impl OnPastDay {
    /// What speaks against a change that promises much more.
    pub(super) fn fades(&self, promised: LedgerUnits, currency: Currency) -> Option<Risk> {
        let saving = self.difference.saving;
        let fades = saving.0 * 100 < promised.0 * FADES_PERCENT;
        let amount = |of: LedgerUnits| format!("{} {currency}", of.to_money(currency).amount.round_dp(2));
        fades.then(|| Risk {
            kind: RiskKind::Fades,
            reason: format!(
                "on the day from {}, had it always been so, it would have saved {}, not {}: what runs when it is made was \
                 placed by other settings",
                self.window.start,
                amount(saving),
                amount(promised)
            ),
        })
    }
}

impl Recommendation {
    /// What it saves, by which it is ranked: what it promises, or what it would have saved on a day that is over where that
    /// is less.
    pub fn lasting_saving(&self) -> LedgerUnits {
        let promised = self.difference.saving;
        self.past_day.as_ref().map_or(promised, |past| past.difference.saving.min(promised))
    }
}
