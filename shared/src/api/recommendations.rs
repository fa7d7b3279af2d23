//! Recommendations: changes that were replayed in the shadow, what they bring, and what became of those that were accepted.

use serde::{Deserialize, Serialize};

use super::{Job, NotReady};
use crate::recommendation::{
    Advice, Benefit, Difference, Effort, INTERVAL_PERCENT, OnPastDay, Recommendation, Risk, Together,
};
use crate::scenario::{Edit, Scenario};
use crate::simulation::Digest;
use crate::units::{Currency, Instant, Money, TenantIndex, Window};

/// Everything that is worth changing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdviceView {
    /// The largest saving first.
    pub recommendations: Vec<RecommendationView>,
    /// What the first of them that go together bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended_together: Option<TogetherView>,
    /// How many changes were tried.
    pub changes_tried: u32,
}

/// A change that was replayed, and what it brings over the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecommendationView {
    /// The same change has the same id whenever it is recommended: the first 16 hexadecimal digits of the BLAKE3 of `edits`,
    /// with tenants by name and without the dates of commitments.
    pub id: String,
    /// Its place among all, from 1.
    pub rank: u32,
    /// All of it in a sentence.
    pub text: String,
    /// What to change, in words.
    pub change: String,
    /// What to change, all of it together.
    pub edits: Vec<Edit>,
    /// What for.
    pub benefit: Benefit,
    /// What it brings.
    #[serde(flatten)]
    pub difference: DifferenceView,
    /// What it would have brought on a day that is over, had it always been in force; none where no such day was replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_day: Option<PastDayView>,
    /// What speaks against it.
    pub risks: Vec<Risk>,
    /// What it takes.
    pub effort: Effort,
    /// The ranks of those that change the same thing.
    pub conflicts: Vec<u32>,
}

/// What a change would have brought on a day that is over, had it always been in force: what it comes to in the long run
/// rather than on its first day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastDayView {
    /// The day.
    pub window: Window,
    /// Of one run each, so that levels are the amount itself.
    #[serde(flatten)]
    pub difference: DifferenceView,
}

/// What changes bring: each run compared with itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DifferenceView {
    /// Mean over the runs.
    pub saving: Money,
    /// At level 0.10 of the runs.
    pub saving_p10: Money,
    /// At level 0.90.
    pub saving_p90: Money,
    /// How much of the runs lies between these two, in percent.
    pub interval_percent: u32,
    /// By how much the 0.99 quantile of the time from request to ready changes, in milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// How many runs were compared; 0 where that was not yet told when it was stored.
    #[serde(default)]
    pub runs: u32,
    /// How many more creates and resizes are refused, over all runs.
    pub refused: i64,
    /// How many more resources have to leave their node, over all runs.
    pub evicted: i64,
    /// How many more resources become usable, over all runs.
    pub ready: i64,
    /// Digest of the ensemble as it is.
    pub before: Digest,
    /// Digest of the ensemble with the change.
    pub after: Digest,
}

/// Recommendations that go together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TogetherView {
    /// All of it in a sentence.
    pub text: String,
    /// The ranks of the recommendations.
    pub ranks: Vec<u32>,
    /// What they would save if their savings added up.
    pub sum: Money,
    /// What they bring together.
    #[serde(flatten)]
    pub difference: DifferenceView,
}

/// What the newest search found, and what was accepted before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecommendationList {
    /// What was predicted, and run again with each change.
    pub window: Option<Window>,
    /// What is worth changing.
    #[serde(flatten)]
    pub advice: AdviceView,
    /// What was accepted, the newest first.
    pub accepted: Vec<AcceptedRecommendation>,
    /// What was dismissed, the newest first; it stays among what is worth changing as long as searches find it.
    #[serde(default)]
    pub dismissed: Vec<DismissedRecommendation>,
    /// The newest search, where it is under way or did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Job>,
    /// Why nothing was searched, where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// A recommendation that somebody means to carry out; days that close from then on show what it brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptedRecommendation {
    /// What was recommended, with what it promised.
    pub recommendation: RecommendationView,
    /// The window that it promised that for.
    pub window: Window,
    /// When it was accepted.
    pub accepted_at: Instant,
    /// Whether it was carried out, as far as the newest closed day shows.
    pub state: AcceptanceState,
    /// Day by day, in order.
    pub checks: Vec<SavingCheck>,
    /// The newest day that could not be checked, and why, where that is newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
    /// How many more days are checked.
    pub days_left: u32,
}

/// A recommendation that nobody means to carry out, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DismissedRecommendation {
    /// What was recommended, with what it promised.
    pub recommendation: RecommendationView,
    /// Why it is not wanted.
    pub reason: String,
    /// When it was dismissed.
    pub dismissed_at: Instant,
}

/// Why a recommendation is not wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DismissalOrder {
    /// In a sentence, for whoever looks at it later.
    pub reason: String,
}

/// What would carry a recommendation out: files for another tool, which are never applied by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecommendationExport {
    /// The files.
    pub files: Vec<ExportedFile>,
    /// What the tool cannot express, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// A file for another tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedFile {
    /// What to save it as.
    pub name: String,
    /// Its text.
    pub content: String,
}

/// Whether a change was carried out: whether it is in force wherever it changes something, whatever else was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AcceptanceState {
    /// No whole day has closed since it was accepted.
    Waiting,
    /// What it changes is as it was when it was accepted.
    NotCarriedOut,
    /// What it changes is as it would have it.
    CarriedOut,
    /// It is neither: changed in part, or otherwise.
    OtherwiseChanged,
}

/// A closed day under three settings: those from before, the same with the change, and those in force, each as if it had
/// always been so. Its requests are what they were; one run each, so that levels are the amount itself. All three are
/// simulated, whatever was metered, so that only settings differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavingCheck {
    /// The day.
    pub window: Window,
    /// What the settings in force were.
    pub state: AcceptanceState,
    /// What the change would have brought that day.
    pub would_have_brought: DifferenceView,
    /// What the settings in force brought that day, with all that was changed since.
    pub brought: DifferenceView,
}

impl AdviceView {
    /// As people read it, in the currency of the scenario.
    pub fn new(advice: &Advice, scenario: &Scenario) -> Self {
        let currency = scenario.price_book.currency;
        let view = |recommendation: &Recommendation| RecommendationView::new(recommendation, scenario);
        Self {
            recommendations: advice.recommendations.iter().map(view).collect(),
            recommended_together: advice.together.as_ref().map(|together| TogetherView::new(together, currency)),
            changes_tried: advice.tried,
        }
    }
}

/// Digits of an id: two changes of a list would have the same one once in 2⁶⁴.
const ID_DIGITS: usize = 16;

fn id(edits: &[Edit], scenario: &Scenario) -> String {
    let mut hasher = blake3::Hasher::new();
    for edit in edits {
        let mut edit = edit.clone();
        if let Some(tenant) = edit.tenant_mut() {
            let name = scenario
                .tenants
                .get(core::mem::replace(tenant, TenantIndex(0)).usize())
                .map_or("", |tenant| &tenant.name);
            hasher.update(name.as_bytes());
        }
        if let Edit::Commitments { commitments } = &mut edit {
            for commitment in commitments {
                (commitment.from, commitment.until) = (Instant::default(), Instant::default());
            }
        }
        hasher.update(&serde_json::to_vec(&edit).unwrap_or_default());
    }
    hasher.finalize().to_hex()[..ID_DIGITS].to_owned()
}

impl RecommendationView {
    fn new(recommendation: &Recommendation, scenario: &Scenario) -> Self {
        let currency = scenario.price_book.currency;
        let Recommendation { rank, edits, benefit, difference, past_day, risks, effort, conflicts } =
            recommendation.clone();
        let change = recommendation.what(scenario);
        Self {
            id: id(&edits, scenario),
            rank,
            text: recommendation.sentence(scenario, currency),
            change,
            edits,
            benefit,
            difference: DifferenceView::new(&difference, currency),
            past_day: past_day.map(|OnPastDay { window, difference }| PastDayView {
                window,
                difference: DifferenceView::new(&difference, currency),
            }),
            risks,
            effort,
            conflicts,
        }
    }
}

impl DifferenceView {
    /// Amounts in a currency.
    pub fn new(difference: &Difference, currency: Currency) -> Self {
        let &Difference { saving, saving_p10, saving_p90, latency_p99_ms, .. } = difference;
        let &Difference { runs, refused, evicted, ready, before, after, .. } = difference;
        Self {
            saving: saving.to_money(currency),
            saving_p10: saving_p10.to_money(currency),
            saving_p90: saving_p90.to_money(currency),
            interval_percent: INTERVAL_PERCENT,
            latency_p99_ms,
            runs,
            refused,
            evicted,
            ready,
            before,
            after,
        }
    }
}

impl TogetherView {
    fn new(together: &Together, currency: Currency) -> Self {
        Self {
            text: together.sentence(currency),
            ranks: together.ranks.clone(),
            sum: together.sum.to_money(currency),
            difference: DifferenceView::new(&together.difference, currency),
        }
    }
}
