//! Anomalies: what cost more or less than expected, why, and the first request that is involved.

mod band;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

pub use band::{Band, BandSource, LEVEL_PERCENT, NoBand, PastErrors};

use super::ledger::{amounts, names};
use crate::allocation::{ActualCost, Basis, Cause, RowKind};
use crate::pricing::PriceBook;
use crate::request::{IndexedRequest, Module, ResourceClass};
use crate::scenario::ValidScenario;
use crate::simulation::Outcome;
use crate::units::{Instant, LedgerUnits, Money, TenantIndex, Window};
use crate::variance::{Decomposition, Finding, Involved, InvolvedScope, Involvement, Part, PartLine, Unexpected};

/// What is out by less than this part of what the window cost is no anomaly: a thousandth.
const SMALLEST_PART: i128 = 1_000;

/// A closed window, and all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct AnomalyCase<'a> {
    /// What predicted it, with room for whoever appeared since.
    pub scenario: &'a ValidScenario,
    /// The outcome of all of its runs.
    pub predicted: &'a Outcome,
    /// What was really asked for, in the indices of the scenario.
    pub actual: &'a [IndexedRequest],
    /// The ids of the creates of the resources, by their index; empty where nobody gave one.
    pub ids: &'a [String],
    /// What it cost.
    pub cost: ActualCost<'a>,
    /// What was charged, where it is known.
    pub prices: Option<&'a PriceBook>,
    /// Why it cost something else than predicted.
    pub decomposition: &'a Decomposition,
    /// How wrong earlier forecasts were.
    pub past: &'a PastErrors,
}

/// The series of a window that cost something else than expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnomalyReport {
    /// The window.
    pub window: Window,
    /// How its cost is known.
    pub basis: Basis,
    /// How many percent of what comes each band claims to hold.
    pub level_percent: u8,
    /// How many series were held against a band: the total, tenants, classes and modules.
    pub judged: u32,
    /// How many of them are outside by chance where all is as predicted.
    pub expected_by_chance: f64,
    /// Those that are outside, and by a thousandth of what the window cost at least; the largest first.
    pub anomalies: Vec<CostAnomaly>,
    /// Those that could not be judged yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<NotJudged>,
}

/// One series that cost something else than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostAnomaly {
    /// Total, tenant, class or module.
    pub kind: RowKind,
    /// Its name; empty for the total.
    pub name: String,
    /// Whose requests it comes from: the tenant of the series, or the one on whom most of the cause falls; none for modules.
    pub tenant: Option<String>,
    /// Mean over the runs.
    pub predicted: Money,
    /// What it cost.
    pub actual: Money,
    /// The lower end of the band.
    pub low: Money,
    /// Its upper end.
    pub high: Money,
    /// What the band is made from.
    pub band: BandSource,
    /// What makes most of the difference, of what was observed.
    pub cause: Cause,
    /// How much of it.
    pub amount: Money,
    /// The first that is involved in the cause.
    pub first: FirstInvolved,
}

/// The first that is involved, in names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FirstInvolved {
    /// A request.
    Request {
        /// The id of the create; none where nobody gave one.
        id: Option<String>,
        /// Whose.
        tenant: String,
        /// Of which shape.
        flavor: String,
        /// What is unexpected about what it created.
        how: Unexpected,
        /// Of a create beyond the predicted ones when it was made; of a life of another length when it ended, or when it
        /// should have.
        at: Instant,
    },
    /// Another price than assumed.
    Price {
        /// Of which instance type or flavor; of single resources where none.
        name: Option<String>,
        /// From when on, in the window.
        at: Instant,
    },
    /// No request.
    Nothing {
        /// Why.
        reason: String,
    },
}

/// A series that could not be judged yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotJudged {
    /// Total, tenant, class or module.
    pub kind: RowKind,
    /// Its name; empty for the total.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Holds what a window cost against what is expected, series by series: the total, the workload of each tenant and class,
/// and each module; [`Band::new`] says what is expected.
///
/// The cause is the observed one whose amount is largest in the direction of the difference.
pub fn anomalies(case: &AnomalyCase<'_>) -> AnomalyReport {
    let of = case.scenario.scenario();
    let amounts = |cost| amounts(cost, of.tenants.len(), &of.flavors);
    let runs: Vec<Vec<LedgerUnits>> = case.predicted.runs.iter().map(|run| amounts(&run.cost)).collect();
    let actuals = amounts(case.cost.breakdown);
    let smallest = case.cost.breakdown.total().0.abs() / SMALLEST_PART;
    let involvement = OnceCell::new();
    let mut report = AnomalyReport {
        window: of.window,
        basis: case.cost.basis,
        level_percent: LEVEL_PERCENT,
        judged: 0,
        expected_by_chance: 0.0,
        anomalies: Vec::new(),
        not_judged: Vec::new(),
    };
    let mut found: Vec<(i128, CostAnomaly)> = Vec::new();
    for (i, (kind, name)) in names(&of.tenants).into_iter().enumerate() {
        let (costs, actual): (Vec<LedgerUnits>, _) = (runs.iter().map(|run| run[i]).collect(), actuals[i]);
        if costs.iter().chain([&actual]).all(|&cost| cost == LedgerUnits::ZERO) {
            continue;
        }
        match Band::new(&costs, case.past.of(case.cost.basis, kind, &name)) {
            Err(reason) => report.not_judged.push(NotJudged { kind, name, reason: reason.to_string() }),
            Ok(band) => {
                report.judged += 1;
                let size = (actual - band.mean).0.abs();
                if !band.holds(actual) && size >= smallest {
                    let series = Series { kind, name, index: i, actual, band };
                    found.extend(case.explain(series, &involvement).map(|anomaly| (size, anomaly)));
                }
            }
        }
    }
    found.sort_by_key(|(size, _)| core::cmp::Reverse(*size));
    report.anomalies = found.into_iter().map(|(_, anomaly)| anomaly).collect();
    report.expected_by_chance = f64::from(report.judged) * f64::from(100 - LEVEL_PERCENT) / 100.0;
    report
}

/// A series that is outside of its band.
struct Series {
    kind: RowKind,
    name: String,
    /// Its place among [`names`]: the total, tenants, classes, modules.
    index: usize,
    actual: LedgerUnits,
    band: Band,
}

type Amounts = [Option<LedgerUnits>; Cause::ALL.len()];

impl<'a> AnomalyCase<'a> {
    /// The anomaly in words; none where nothing observed explains anything of it.
    fn explain(&self, series: Series, involvement: &OnceCell<Involvement<'a>>) -> Option<CostAnomaly> {
        let of = self.scenario.scenario();
        let sign = (series.actual - series.band.mean).0.signum();
        let part = series.part(of.tenants.len());
        let (cause, amount) = largest(&self.amounts(part), sign)?;
        let tenant = match part {
            Some(Part::Tenant(tenant)) => Some(tenant),
            None => leading(&self.decomposition.parts, cause, sign),
            Some(_) => None,
        };
        let class = if let Some(Part::Class(class)) = part { Some(class) } else { None };
        let first = match part {
            Some(Part::Module(_)) => {
                let reason = "workers of a module are paid whatever is asked for".to_owned();
                FirstInvolved::Nothing { reason }
            }
            _ => {
                let compared =
                    involvement.get_or_init(|| Involvement::new(self.scenario, self.actual, self.cost.breakdown));
                self.in_names(compared.first(cause, InvolvedScope { tenant, class }, sign > 0, self.prices))
            }
        };
        let named = tenant.map(|tenant| of.tenants[tenant.usize()].name.clone());
        let of_first = if let FirstInvolved::Request { tenant, .. } = &first { Some(tenant.clone()) } else { None };
        let money = |amount: LedgerUnits| amount.to_money(of.price_book.currency);
        Some(CostAnomaly {
            kind: series.kind,
            name: series.name,
            tenant: if part.is_some() { named.or(of_first) } else { named },
            predicted: money(series.band.mean),
            actual: money(series.actual),
            low: money(series.band.low),
            high: money(series.band.high),
            band: series.band.source,
            cause,
            amount: money(amount),
            first,
        })
    }

    /// The amount of each cause, of a part or of all; none where it was not observed.
    fn amounts(&self, part: Option<Part>) -> Amounts {
        let mut amounts = [None; Cause::ALL.len()];
        match part {
            Some(part) => self.line(part).map_or(amounts, |line| line.amounts),
            None => {
                for line in &self.decomposition.causes {
                    if let Finding::Observed { amount, .. } = line.finding {
                        amounts[line.cause as usize] = Some(amount);
                    }
                }
                amounts
            }
        }
    }

    fn line(&self, part: Part) -> Option<&PartLine> {
        self.decomposition.parts.iter().find(|line| line.part == part)
    }

    fn in_names(&self, first: Involved) -> FirstInvolved {
        let of = self.scenario.scenario();
        match first {
            Involved::Request(first) => FirstInvolved::Request {
                id: self.ids.get(first.resource.usize()).filter(|id| !id.is_empty()).cloned(),
                tenant: of.tenants[first.tenant.usize()].name.clone(),
                flavor: of.flavors[first.flavor.usize()].name.clone(),
                how: first.how,
                at: first.at,
            },
            Involved::Price { name, at } => FirstInvolved::Price { name, at },
            Involved::Nothing(reason) => FirstInvolved::Nothing { reason: reason.to_string() },
        }
    }
}

impl Series {
    /// The part of the decomposition that it is; none for the total.
    fn part(&self, tenants: usize) -> Option<Part> {
        let place = self.index.checked_sub(1)?;
        let classes = ResourceClass::ALL.len();
        Some(match place.checked_sub(tenants) {
            None => Part::Tenant(TenantIndex::from_usize(place)),
            Some(class) if class < classes => Part::Class(ResourceClass::ALL[class]),
            Some(beyond) => Part::Module(Module::ALL[beyond - classes]),
        })
    }
}

/// The tenant on whom most of a cause falls, the first of equals; none where more of it is nobody's, such as idle.
fn leading(parts: &[PartLine], cause: Cause, sign: i128) -> Option<TenantIndex> {
    let mut most: Option<(i128, Option<TenantIndex>)> = None;
    for line in parts {
        let tenant = match line.part {
            Part::Tenant(tenant) => Some(tenant),
            // The same workload once more.
            part if part.repeats_tenants() => continue,
            _ => None,
        };
        let amount = line.amounts[cause as usize].map(|amount| sign * amount.0).filter(|amount| *amount > 0);
        if let Some(amount) = amount.filter(|amount| most.is_none_or(|(most, _)| *amount > most)) {
            most = Some((amount, tenant));
        }
    }
    most?.1
}

/// The cause with the largest amount of a sign, the first of equals.
fn largest(amounts: &Amounts, sign: i128) -> Option<(Cause, LedgerUnits)> {
    let known = Cause::ALL.into_iter().zip(amounts).filter_map(|(cause, amount)| Some((cause, (*amount)?)));
    let same = known.filter(|(_, amount)| sign * amount.0 > 0);
    same.max_by_key(|(cause, amount)| (sign * amount.0, core::cmp::Reverse(*cause)))
}
