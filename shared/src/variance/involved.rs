//! The first request that a cause of variance comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Unexpected;
use super::lives::{Group, Lives, creates_by_group};
use crate::allocation::Cause;
use crate::cost::CostBreakdown;
use crate::pricing::PriceBook;
use crate::request::{IndexedRequest, Operation, ResourceClass};
use crate::scenario::ValidScenario;
use crate::units::{Duration, FlavorIndex, Instant, LedgerUnits, ResourceIndex, TenantIndex, Window};

/// Whose part of a variance is looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvolvedScope {
    /// Whose requests; everyone's where none.
    pub tenant: Option<TenantIndex>,
    /// Of which class; of any where none.
    pub class: Option<ResourceClass>,
}

/// What is the first to be involved in a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Involved {
    /// A request.
    Request(FirstRequest),
    /// A price that is another than assumed.
    Price {
        /// Of which instance type or flavor; of single resources where none.
        name: Option<String>,
        /// From when on, in the window.
        at: Instant,
    },
    /// No request.
    Nothing(NoRequest),
}

/// The first request that is involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRequest {
    /// What is unexpected about the life that it began.
    pub how: Unexpected,
    /// What it created.
    pub resource: ResourceIndex,
    /// Whose.
    pub tenant: TenantIndex,
    /// Of which shape.
    pub flavor: FlavorIndex,
    /// Of a create beyond the predicted ones when it was made; of a life of another length when it ended, or when it should
    /// have.
    pub at: Instant,
}

/// Why no request is the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NoRequest {
    /// What did not come has no id.
    #[error("fewer creates than predicted: {came} came, {predicted} were predicted on average")]
    DidNotCome {
        /// How many came.
        came: u64,
        /// The mean over the runs, rounded to the nearest.
        predicted: u64,
    },
    /// Nothing of the kind stands out among the requests.
    #[error("no single request stands out")]
    NoneStandsOut,
    /// Where requests went is a matter of all of them together.
    #[error("placements are of all requests together, none of them is the first")]
    Placement,
    /// What the replay leaves over.
    #[error("what is left over after the replay is the simulator's own error, no request's")]
    Residual,
}

/// What was predicted for a window, over all runs, and what came.
#[derive(Debug)]
pub struct Involvement<'a> {
    scenario: &'a ValidScenario,
    actual: &'a [IndexedRequest],
    runs: i128,
    /// The creates of all runs, by tenant and flavor.
    predicted: BTreeMap<(TenantIndex, FlavorIndex), Predicted>,
    /// How many microseconds of the window each life from before it lasts, over all runs.
    lived: Vec<i128>,
    /// What a microsecond of each flavor cost.
    rates: Vec<i128>,
}

/// The creates of all runs of one tenant and flavor.
#[derive(Debug, Default)]
struct Predicted {
    /// When, in order.
    at: Vec<Instant>,
    /// How many microseconds of the window they lived together.
    micros: i128,
}

impl Predicted {
    fn count(&self) -> i128 {
        self.at.len() as i128
    }

    fn before(&self, instant: Instant) -> i128 {
        self.at.partition_point(|at| *at < instant) as i128
    }
}

impl<'a> Involvement<'a> {
    /// Counts what the scenario, which has room for whoever appeared since, predicts in all of its runs; `cost` is what the
    /// actual requests cost.
    pub fn new(scenario: &'a ValidScenario, actual: &'a [IndexedRequest], cost: &CostBreakdown) -> Self {
        let of = scenario.scenario();
        let mut compared = Self {
            scenario,
            actual,
            runs: i128::from(of.runs.max(1)),
            predicted: BTreeMap::new(),
            lived: vec![0; of.start.live.len()],
            rates: Vec::new(),
        };
        for run in 0..of.runs {
            let stream = scenario.requests(run);
            let lives = Lives::new(&stream);
            for create in creates(&stream) {
                let predicted = compared.predicted.entry((create.tenant, create.flavor)).or_default();
                predicted.at.push(create.at);
                predicted.micros += i128::from(life(&lives, create, of.window.end).micros());
            }
            let lived = lived(&stream, of.window, compared.lived.len());
            compared.lived.iter_mut().zip(lived).for_each(|(sum, lived)| *sum += i128::from(lived));
        }
        compared.predicted.values_mut().for_each(|predicted| predicted.at.sort_unstable());
        compared.rates = compared.rates(cost);
        compared
    }

    /// The first that is involved in a cause of `scope`'s variance that made it cost more (or, with `is_more` false, less).
    ///
    /// - Volume: of the tenant and class with the most creates beyond the predicted mean, the first from which on to the end of
    ///   the window more had come than were predicted by then, by a tenth of what there are beyond it in the end: less is
    ///   noise.
    /// - Mix: the same of a tenant, class and flavor, where the predicted creates of the flavors are scaled to as many as the
    ///   tenant and class really had.
    /// - Timing: lives are held against what their like lived of the window on average over the runs; of the fewest that make
    ///   up half of what all differ by in this direction, the first to.
    /// - Price: the first instant of the window from which on `prices`, those that were paid, are others.
    pub fn first(&self, cause: Cause, scope: InvolvedScope, is_more: bool, prices: Option<&PriceBook>) -> Involved {
        match cause {
            Cause::Volume => self.of_volume(scope, is_more),
            Cause::Mix => self.of_mix(scope),
            Cause::Timing => self.of_timing(scope, is_more),
            Cause::Placement => Involved::Nothing(NoRequest::Placement),
            Cause::Price => prices.and_then(|prices| self.of_price(prices)).unwrap_or(NONE),
            Cause::Residual => Involved::Nothing(NoRequest::Residual),
        }
    }

    fn of_volume(&self, scope: InvolvedScope, is_more: bool) -> Involved {
        let groups = self.actual_groups(scope);
        if !is_more {
            let came = groups.values().map(Vec::len).sum::<usize>() as u64;
            let sum = self.predicted_of(scope, Predicted::count);
            let predicted = ((2 * sum + self.runs) / (2 * self.runs)) as u64;
            return Involved::Nothing(NoRequest::DidNotCome { came, predicted });
        }
        let beyond = |(&(tenant, class), creates): (&Group, &Vec<IndexedRequest>)| {
            let group = InvolvedScope { tenant: Some(tenant), class: Some(class) };
            let excess = creates.len() as i128 * self.runs - self.predicted_of(group, Predicted::count);
            let before = |at| self.predicted_of(group, |predicted| predicted.before(at));
            (excess > 0).then(|| (excess, first_beyond(creates, self.runs, excess, before)))
        };
        largest(groups.iter().filter_map(beyond))
    }

    fn of_mix(&self, scope: InvolvedScope) -> Involved {
        let groups = self.actual_groups(scope);
        let flavors = groups.iter().flat_map(|(&(tenant, class), creates)| {
            let mut by_flavor: BTreeMap<FlavorIndex, Vec<IndexedRequest>> = BTreeMap::new();
            creates.iter().for_each(|create| by_flavor.entry(create.flavor).or_default().push(*create));
            let group = InvolvedScope { tenant: Some(tenant), class: Some(class) };
            let (all, of_group) = (creates.len() as i128, self.predicted_of(group, Predicted::count).max(1));
            by_flavor.into_iter().filter_map(move |(flavor, creates)| {
                let predicted = self.predicted.get(&(tenant, flavor));
                // Both times the creates that the group was predicted to have, so that whole numbers tell them apart.
                let excess = creates.len() as i128 * of_group - predicted.map_or(0, Predicted::count) * all;
                let before = |at| predicted.map_or(0, |predicted| predicted.before(at)) * all;
                (excess > 0).then(|| (excess / of_group, first_beyond(&creates, of_group, excess, before)))
            })
        });
        largest(flavors)
    }

    fn of_timing(&self, scope: InvolvedScope, is_more: bool) -> Involved {
        let of = self.scenario.scenario();
        let sign = if is_more { 1 } else { -1 };
        let how = if is_more { Unexpected::LivedLonger } else { Unexpected::EndedSooner };
        let mut differing: Vec<(i128, FirstRequest)> = Vec::new();
        let mut add = |from: Instant, (resource, tenant, flavor), lived: i64, expected: i128| {
            let worth = sign * (i128::from(lived) - expected) * self.rates[FlavorIndex::usize(flavor)];
            let at = from + Duration::from_micros(if is_more { expected as i64 } else { lived });
            if worth > 0 && self.is_of(scope, tenant, flavor) {
                differing.push((worth, FirstRequest { how, resource, tenant, flavor, at }));
            }
        };
        let lived = lived(self.actual, of.window, self.lived.len());
        for (i, live) in of.start.live.iter().enumerate() {
            let what = (ResourceIndex::from_usize(i), live.tenant, live.flavor);
            add(of.window.start, what, lived[i], self.lived[i] / self.runs);
        }
        let lives = Lives::new(self.actual);
        for create in creates(self.actual) {
            let Some(predicted) = self.predicted.get(&(create.tenant, create.flavor)) else { continue };
            let what = (create.resource, create.tenant, create.flavor);
            add(create.at, what, life(&lives, create, of.window.end).micros(), predicted.micros / predicted.count());
        }
        differing.sort_by_key(|(worth, first)| (core::cmp::Reverse(*worth), first.at, first.resource));
        let all: i128 = differing.iter().map(|(worth, _)| worth).sum();
        let mut sum = 0;
        let half = differing.into_iter().take_while(|(worth, _)| {
            let before = sum;
            sum += worth;
            2 * before < all
        });
        half.map(|(_, first)| first).min_by_key(|first| (first.at, first.resource)).map_or(NONE, Involved::Request)
    }

    fn of_price(&self, prices: &PriceBook) -> Option<Involved> {
        let of = self.scenario.scenario();
        let Window { start, end } = of.window;
        let names = of.fleet.node_groups.iter().map(|group| group.instance_type.as_str());
        let names = names.chain(of.flavors.iter().map(|flavor| flavor.name.as_str()));
        let change = |name: &str| {
            let both = [of.price_book.get(name)?, prices.get(name)?];
            let dated = both.iter().flat_map(|entry| &entry.prices).map(|dated| dated.from);
            let mut instants: Vec<Instant> = dated.filter(|at| start < *at && *at < end).chain([start]).collect();
            instants.sort_unstable();
            let at = instants.into_iter().find(|&at| both[0].rate(at) != both[1].rate(at))?;
            Some((at, Some(name.to_owned())))
        };
        let units = (of.price_book.units != prices.units).then_some((start, None));
        let (at, name) = names.filter_map(change).chain(units).min()?;
        Some(Involved::Price { name, at })
    }

    fn is_of(&self, scope: InvolvedScope, tenant: TenantIndex, flavor: FlavorIndex) -> bool {
        let class = self.scenario.scenario().flavors[flavor.usize()].class;
        scope.tenant.is_none_or(|of| of == tenant) && scope.class.is_none_or(|of| of == class)
    }

    fn actual_groups(&self, scope: InvolvedScope) -> BTreeMap<Group, Vec<IndexedRequest>> {
        let mut groups = creates_by_group(self.actual, &self.scenario.scenario().flavors);
        groups.retain(|&(tenant, class), _| {
            scope.tenant.is_none_or(|of| of == tenant) && scope.class.is_none_or(|of| of == class)
        });
        groups
    }

    /// What `count` says of the creates of all runs, added up over `scope`.
    fn predicted_of(&self, scope: InvolvedScope, count: impl Fn(&Predicted) -> i128) -> i128 {
        let (first, last) = scope.tenant.map_or((TenantIndex(0), TenantIndex(u32::MAX)), |tenant| (tenant, tenant));
        let of = self.predicted.range((first, FlavorIndex(0))..=(last, FlavorIndex(u32::MAX)));
        let of = of.filter(|((tenant, flavor), _)| self.is_of(scope, *tenant, *flavor));
        of.map(|(_, predicted)| count(predicted)).sum()
    }

    /// What each flavor cost in a microsecond; nothing where nobody paid for it.
    fn rates(&self, cost: &CostBreakdown) -> Vec<i128> {
        let of = self.scenario.scenario();
        let mut costs = vec![LedgerUnits::ZERO; of.flavors.len()];
        cost.accounts.iter().for_each(|account| costs[account.flavor.usize()] += account.workload);
        let mut micros = vec![0_i128; of.flavors.len()];
        let lives = Lives::new(self.actual);
        for create in creates(self.actual) {
            micros[create.flavor.usize()] += i128::from(life(&lives, create, of.window.end).micros());
        }
        for (live, lasted) in of.start.live.iter().zip(lived(self.actual, of.window, of.start.live.len())) {
            micros[live.flavor.usize()] += i128::from(lasted);
        }
        costs.into_iter().zip(micros).map(|(cost, micros)| cost.0 / micros.max(1)).collect()
    }
}

const NONE: Involved = Involved::Nothing(NoRequest::NoneStandsOut);

fn creates(stream: &[IndexedRequest]) -> impl Iterator<Item = &IndexedRequest> {
    stream.iter().filter(|request| request.operation == Operation::Create)
}

/// The first of some creates, each counting `each`, before which no more than a tenth of their `excess` had come, and from
/// which on more of it has, to the last; `predicted` says how many were to come before an instant.
fn first_beyond(
    creates: &[IndexedRequest],
    each: i128,
    excess: i128,
    predicted: impl Fn(Instant) -> i128,
) -> IndexedRequest {
    let is_little = |position: &usize| {
        let before = *position as i128 * each - predicted(creates[*position].at);
        10 * before <= excess
    };
    creates[(0..creates.len()).rev().find(is_little).unwrap_or(0)]
}

/// The create that goes with the largest excess, the first of equals.
fn largest(beyond: impl Iterator<Item = (i128, IndexedRequest)>) -> Involved {
    let largest = beyond.max_by_key(|(excess, create)| (*excess, core::cmp::Reverse((create.at, create.resource))));
    largest.map_or(NONE, |(_, create)| {
        let IndexedRequest { resource, tenant, flavor, at, .. } = create;
        Involved::Request(FirstRequest { how: Unexpected::Came, resource, tenant, flavor, at })
    })
}

/// How long a life of the window lasts in it.
fn life(lives: &Lives<'_>, create: &IndexedRequest, end: Instant) -> Duration {
    let delete = lives.of(create.resource).find(|(_, request)| request.operation == Operation::Delete);
    delete.map_or(end, |(_, delete)| delete.at) - create.at
}

/// How many microseconds of a window each of the `live` first resources lasts.
fn lived(stream: &[IndexedRequest], Window { start, end }: Window, live: usize) -> Vec<i64> {
    let mut lived = vec![(end - start).micros(); live];
    for request in stream.iter().filter(|request| request.operation == Operation::Delete) {
        if let Some(lived) = lived.get_mut(request.resource.usize()) {
            *lived = (request.at - start).micros();
        }
    }
    lived
}
