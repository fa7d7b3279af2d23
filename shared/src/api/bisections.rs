//! The few requests that a variance comes from: the order, and the answer in names, the same here and on the command line.

use serde::{Deserialize, Serialize};

use super::Job;
use crate::scenario::Scenario;
use crate::simulation::Digest;
use crate::units::{Instant, LedgerUnits, Money, apportion_to};
use crate::variance::{BISECT_PERCENT, BISECT_REPLAYS_MAX, BisectFinding, Bisection, Culprit, Unexpected};

/// A variance whose requests someone wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BisectionOrder {
    /// When the closed day began, as its report has it.
    pub day: Instant,
    /// Whose variance; everyone's and that of everything shared where none.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How much of it the requests have to explain, 1 … 100; 80 unless said.
    #[serde(default = "percent")]
    pub percent: u8,
}

const fn percent() -> u8 {
    BISECT_PERCENT
}

/// One ordered search for the requests of a variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BisectionRun {
    /// State and failure; its id is that of the bisection.
    pub job: Job,
    /// What was ordered.
    pub order: BisectionOrder,
    /// The answer, once there is one; only in the answer about one bisection.
    pub bisected: Option<Bisected>,
}

/// The requests that one variance comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bisected {
    /// Whose; everyone's and everything shared where none.
    pub tenant: Option<String>,
    /// How much of the variance was to be explained.
    pub percent: u8,
    /// Mean over the runs.
    pub predicted: Money,
    /// The actual requests, replayed in the shadow once.
    pub actual: Money,
    /// Actual − predicted.
    pub variance: Money,
    /// What came of it.
    pub finding: BisectedFinding,
    /// What the requests explain; all suspects where they do not explain enough.
    pub explained: Option<Money>,
    /// The same in percent of the variance.
    pub explained_percent: Option<f64>,
    /// The requests, where they were found.
    pub requests: Vec<BisectedRequest>,
    /// Whether each of them is needed; if not known, the replays were used up before.
    pub is_minimal: Option<bool>,
    /// Creates of the window that were looked at.
    pub creates: u32,
    /// Lives that differ from what was predicted in the direction of the variance.
    pub suspects: u32,
    /// Digest of the run of what happened.
    pub before: Digest,
    /// Digest of the run without what is unexpected.
    pub after: Option<Digest>,
    /// How often the shadow was run.
    pub replays: u32,
    /// How often it would have been run at most.
    pub replays_max: u32,
}

/// Whether some requests explain a variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BisectedFinding {
    /// Predicted and actual are the same.
    NothingToExplain,
    /// All that differs does not explain as much as was asked for.
    NotEnough,
    /// These do.
    Requests,
}

/// One request, and what is unexpected about its resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BisectedRequest {
    /// What is unexpected.
    pub how: Unexpected,
    /// Of the create; none of what was only predicted.
    pub id: Option<String>,
    /// What it is called; none of what was only predicted.
    pub resource: Option<String>,
    /// Who asked.
    pub tenant: String,
    /// Its shape.
    pub flavor: String,
    /// Of the create, or when a resource from before the window ended.
    pub at: Instant,
    /// What it explains on top of those before it in this list, so that they add up to what all explain; none where the
    /// replays that tell were used up.
    pub explains: Option<Money>,
    /// The run that predicted what did not come.
    pub run: Option<u32>,
}

/// What was bisected, for the names of what was found.
#[derive(Clone, Copy, Debug)]
pub struct BisectedCase<'a> {
    /// What predicted the window, with room for whoever appeared since.
    pub scenario: &'a Scenario,
    /// How much of the variance was to be explained.
    pub percent: u8,
    /// The ids of the creates of its resources, by index; empty where nobody gave one.
    pub ids: &'a [String],
    /// The names of its resources, by index.
    pub names: &'a [String],
}

impl Bisected {
    /// What was found in at most [`BISECT_REPLAYS_MAX`] replays, in names.
    pub fn new(found: Bisection, case: &BisectedCase<'_>) -> Self {
        let of = case.scenario;
        let money = |amount: LedgerUnits| amount.to_money(of.price_book.currency);
        let variance = found.actual - found.predicted;
        let (finding, explained, after, requests, is_minimal) = match found.finding {
            BisectFinding::NothingToExplain => (BisectedFinding::NothingToExplain, None, None, Vec::new(), None),
            BisectFinding::NotEnough { amount, after } => {
                (BisectedFinding::NotEnough, Some(amount), Some(after), Vec::new(), None)
            }
            BisectFinding::Requests { requests, amount, after, is_minimal } => {
                (BisectedFinding::Requests, Some(amount), Some(after), requests, Some(is_minimal))
            }
        };
        Self {
            tenant: found.of.map(|tenant| of.tenants[tenant.usize()].name.clone()),
            percent: case.percent,
            predicted: money(found.predicted),
            actual: money(found.actual),
            variance: money(variance),
            finding,
            explained: explained.map(money),
            explained_percent: explained.map(|amount| 100.0 * amount.to_f64() / variance.to_f64()),
            requests: named(&requests, explained.map(money), case),
            is_minimal,
            creates: found.creates,
            suspects: found.suspects,
            before: found.before,
            after,
            replays: found.replays,
            replays_max: BISECT_REPLAYS_MAX,
        }
    }

    /// Whether the requests are few enough to look at one by one.
    pub fn are_few(&self) -> bool {
        let many = self.requests.len();
        many <= 20 || many * 10 <= self.creates as usize && many <= 200
    }

    /// The requests of one tenant, flavor and kind together, the most first, each in the order in which they stand.
    pub fn grouped(&self) -> Vec<Vec<&BisectedRequest>> {
        let mut groups: Vec<Vec<&BisectedRequest>> = Vec::new();
        for request in &self.requests {
            match groups.iter_mut().find(|group| group[0].key() == request.key()) {
                Some(group) => group.push(request),
                None => groups.push(vec![request]),
            }
        }
        groups.sort_by_key(|group| (core::cmp::Reverse(group.len()), group[0].key()));
        groups
    }
}

/// The requests in names, what they explain adding up to `total`.
fn named(culprits: &[Culprit], total: Option<Money>, case: &BisectedCase<'_>) -> Vec<BisectedRequest> {
    let amounts: Option<Vec<LedgerUnits>> = culprits.iter().map(|culprit| culprit.amount).collect();
    let amounts = total.zip(amounts).map(|(total, amounts)| apportion_to(total, &amounts));
    let explains = |position: usize| amounts.as_ref().map(|amounts| amounts[position]);
    let requests = culprits.iter().enumerate();
    requests.map(|(position, culprit)| BisectedRequest::new(culprit, explains(position), case)).collect()
}

impl BisectedRequest {
    fn new(culprit: &Culprit, explains: Option<Money>, case: &BisectedCase<'_>) -> Self {
        let of = case.scenario;
        let of_actual = |names: &[String]| {
            let name = names.get(culprit.resource.usize()).filter(|name| !name.is_empty());
            name.filter(|_| culprit.run.is_none()).cloned()
        };
        Self {
            how: culprit.how,
            id: of_actual(case.ids),
            resource: of_actual(case.names),
            tenant: of.tenants[culprit.tenant.usize()].name.clone(),
            flavor: of.flavors[culprit.flavor.usize()].name.clone(),
            at: culprit.at,
            explains,
            run: culprit.run,
        }
    }

    fn key(&self) -> (&str, &str, Unexpected) {
        (&self.tenant, &self.flavor, self.how)
    }
}
