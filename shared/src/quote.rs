//! What requests would cost, where they would go and when they would be ready, before anybody makes them.
//!
//! ```text
//! primary at an instant ─► QuoteBase ─┬─► run without them ─┐
//! order ─► requests ──────────────────┴─► run with them ────┴─► Quote
//! ```
//!
//! Both runs have the same draws, nobody else comes or goes in either, and nothing of them is kept.

mod difference;
mod in_order;
mod order;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use difference::Said;
pub use difference::{BillChange, Quote, QuotedRequest, TenantChange};
use in_order::{Turn, in_order};
pub use order::{ORDER_MAX, Ordered, read_order};

use crate::input::InputError;
use crate::request::{Catalogue, IndexedRequest, Operation, Request, RequestLog, RequestLogBuilder, Tables, Tenant};
use crate::scenario::{Demand, Problems, Scenario, ValidScenario};
use crate::simulation::{RunOptions, simulate_beside_nothing};
use crate::units::{Duration, Instant, ResourceIndex, Resources, TenantIndex, Window};

/// Over how long a quote is made where nobody says: 30 days.
pub const LENGTH: Duration = Duration::from_seconds(30 * 86_400);

/// The longest time over which a quote is made: 366 days.
pub const LENGTH_MAX: Duration = Duration::from_seconds(366 * 86_400);

/// Marks the draw keys of what is quoted, so that no resource that lives draws the same.
const QUOTED: u64 = 1 << 61;

/// A control plane at one instant, to which nobody comes.
#[derive(Clone, Debug)]
pub struct QuoteBase {
    scenario: Scenario,
    resources: Vec<String>,
    by_name: BTreeMap<(TenantIndex, String), ResourceIndex>,
    tenants: Vec<Tenant>,
}

/// A quote, and the run that it was made from.
#[derive(Clone, Debug)]
pub struct Quoted {
    /// The quote.
    pub quote: Quote,
    /// What was run: its demand are the requests, in order of time.
    pub valid: ValidScenario,
    /// The place of each request of the quote in the demand, which has deletes that nobody asked for, too.
    pub positions: Vec<usize>,
}

/// Why there is no quote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A request is wrong by itself, or about something that is not there.
    #[error("request `{id}`: {error}")]
    Request {
        /// Its place, counted from 0.
        position: usize,
        /// Its id.
        id: String,
        /// What is wrong with it.
        error: InputError,
    },
    /// The time to quote is nothing, or too long.
    #[error("is {0}; expected a time of more than nothing and of at most {LENGTH_MAX}")]
    Length(Duration),
    /// With these requests the control plane cannot run.
    #[error(transparent)]
    Impossible(#[from] Problems),
}

impl QuoteError {
    /// What is wrong with the request at a place.
    fn of(position: usize, requests: &[Request], error: InputError) -> Self {
        let id = requests.get(position).map(|request| request.id.clone()).unwrap_or_default();
        Self::Request { position, id, error: InputError { line: 0, ..error } }
    }
}

/// Requests in the indices of a scenario that has room for them.
struct Indexed {
    scenario: Scenario,
    requests: Vec<IndexedRequest>,
    /// What each request is called; none of those that nobody made.
    said: Vec<Option<Said>>,
}

impl QuoteBase {
    /// The start of a scenario; its demand and its edits are left out, and so are tenants that are only predicted to
    /// appear. `resources` are the names of what lives at its start, in order; `tenants` those whose quotas and labels are
    /// known though nothing of them lives.
    pub fn new(scenario: &Scenario, resources: Vec<String>, tenants: &[Tenant]) -> Self {
        let known = scenario.tenants.len().saturating_sub(scenario.demand.newcomers());
        let scenario = Scenario {
            tenants: scenario.tenants[..known].to_vec(),
            demand: Demand::Requests(Vec::new()),
            edits: Vec::new(),
            runs: 1,
            ..scenario.clone()
        };
        let live = scenario.start.live.iter().zip(&resources).enumerate();
        let by_name =
            live.map(|(place, (live, name))| ((live.tenant, name.clone()), ResourceIndex::from_usize(place))).collect();
        Self { scenario, resources, by_name, tenants: tenants.to_vec() }
    }

    /// The instant that quotes are made at.
    pub fn at(&self) -> Instant {
        self.scenario.window.start
    }

    /// What a resource of a tenant has requested, if it lives.
    pub fn requested_of(&self, tenant: &str, resource: &str) -> Option<Resources> {
        let live = &self.scenario.start.live[self.find(tenant, resource)?.usize()];
        Some(self.scenario.flavors[live.flavor.usize()].requested)
    }

    /// Quotes requests over a `length` of time from [`QuoteBase::at`] on; flavors without amounts are looked up in
    /// `catalogue`. A create that announces its lifetime is given back after it, whatever else is created stays.
    ///
    /// # Errors
    /// When a request is wrong, or about something that does not live, or asks for more than any machine has.
    pub fn quote(&self, requests: Vec<Request>, length: Duration, catalogue: &Catalogue) -> Result<Quoted, QuoteError> {
        if length <= Duration::ZERO || length > LENGTH_MAX {
            return Err(QuoteError::Length(length));
        }
        let window = Window { start: self.at(), end: self.at() + length };
        let Indexed { scenario, requests, said } = self.indexed(requests, window, catalogue)?;
        let demand = Demand::Requests(requests.clone());
        let valid = ValidScenario::new(Scenario { window, bin: length, demand, ..scenario })?;
        let (without, with) = simulate_beside_nothing(&valid, &requests, RunOptions::default());
        let quote = difference::quote(valid.scenario(), (&requests, &said), &without, &with);
        let positions =
            said.iter().enumerate().filter(|(_, said)| said.is_some()).map(|(position, _)| position).collect();
        Ok(Quoted { quote, valid, positions })
    }

    /// Requests in the scenario's indices, and the scenario with whoever and whatever is new in it.
    fn indexed(&self, requests: Vec<Request>, window: Window, catalogue: &Catalogue) -> Result<Indexed, QuoteError> {
        let turns = in_order(requests.clone(), window, |request| self.living(request).is_some())?;
        // Whoever lives already is called by the index.
        let changed = turns.iter().filter_map(|turn| self.living(&turn.request));
        let named: BTreeMap<String, ResourceIndex> = changed.map(|old| (old.0.to_string(), old)).collect();
        let of_line = |error: InputError| {
            let position = usize::try_from(error.line).ok().and_then(|line| line.checked_sub(1));
            QuoteError::of(position.unwrap_or_default(), &requests, error)
        };
        let mut builder = RequestLogBuilder::new(catalogue.clone());
        builder.stand(window.start, named.iter().map(|(id, old)| self.create_of(id, *old))).map_err(of_line)?;
        let mut implied = BTreeSet::new();
        for Turn { request, position } in turns {
            let (id, line) = (request.id.clone(), position.map_or(0, |position| position as u64 + 1));
            if position.is_none() {
                implied.insert(id.clone());
            }
            if !builder.push(line, request).map_err(of_line)? {
                return Err(of_line(InputError::field(line, "id", format!("`{id}` is there twice; ids are unique"))));
            }
        }
        let log = builder.finish().map_err(of_line)?;
        self.mapped(&log, &named, &implied).map_err(of_line)
    }

    /// A log of nothing but what is quoted, in the scenario's indices; `named` are those who live already, by the id that
    /// they stand with, and `implied` the ids of requests that nobody made.
    fn mapped(
        &self,
        log: &RequestLog,
        named: &BTreeMap<String, ResourceIndex>,
        implied: &BTreeSet<String>,
    ) -> Result<Indexed, InputError> {
        let of = &self.scenario;
        let names = of.tenants.iter().map(|tenant| tenant.name.as_str());
        let mut tables = Tables::starting_with(names, &of.flavors, &of.terms);
        let map = tables.add(log);
        for (flavor, &line) in log.flavors.iter().zip(&log.flavor_lines) {
            if line > 0 && !of.fleet.can_hold(flavor) {
                let message = format!("asks for {}, which no machine and no pool can ever hold", flavor.requested);
                return Err(InputError::field(line, "requested", message));
            }
            if line > 0 && of.lacks_price_of(flavor) {
                let message =
                    format!("`{}` has no price in {}; add one to the prices", flavor.name, of.price_book.currency);
                return Err(InputError::field(line, "flavor", message));
            }
        }
        let standing: BTreeMap<ResourceIndex, ResourceIndex> = log
            .standing
            .iter()
            .flat_map(|standing| &standing.ids)
            .filter_map(|(id, life)| Some((*life, *named.get(&**id)?)))
            .collect();
        let live = of.start.live.len();
        let mut next = live;
        let mut resources: BTreeMap<ResourceIndex, ResourceIndex> = standing;
        let mut indexed = |request: &IndexedRequest| {
            if request.operation == Operation::Create {
                resources.insert(request.resource, ResourceIndex::from_usize(next));
                next += 1;
            }
            let draw_key = QUOTED | u64::from(request.resource.0);
            IndexedRequest { resource: resources[&request.resource], draw_key, ..map.request(*request) }
        };
        let requests = log.requests.iter().map(&mut indexed).collect();
        let known = |name: &str| of.tenants.iter().chain(&self.tenants).find(|tenant| tenant.name == name).cloned();
        let tenant = |name: &str| known(name).unwrap_or_else(|| Tenant { name: name.to_owned(), ..Tenant::default() });
        let tenants = tables.tenants.iter().map(tenant).collect();
        let (flavors, terms) = (tables.flavors().cloned().collect(), tables.terms().cloned().collect());
        let scenario = Scenario { tenants, flavors, terms, ..of.clone() };
        let said = log.requests.iter().zip(&log.ids).map(|(request, id)| {
            let resource = log.lives[request.resource.usize()].name.to_string();
            (!implied.contains(&**id)).then(|| Said { id: id.to_string(), resource })
        });
        Ok(Indexed { scenario, requests, said: said.collect() })
    }

    /// Who lives at the start that a request is about.
    fn living(&self, request: &Request) -> Option<ResourceIndex> {
        self.find(&request.tenant, &request.resource)
    }

    fn find(&self, tenant: &str, resource: &str) -> Option<ResourceIndex> {
        let tenant = self.scenario.tenants.iter().position(|known| known.name == tenant)?;
        self.by_name.get(&(TenantIndex::from_usize(tenant), resource.to_owned())).copied()
    }

    /// The create of who lives, under another id.
    fn create_of(&self, id: &str, resource: ResourceIndex) -> Request {
        let of = &self.scenario;
        let live = &of.start.live[resource.usize()];
        let flavor = &of.flavors[live.flavor.usize()];
        Request {
            id: id.to_owned(),
            // It was created before, whenever that was.
            at: live.created.min(self.at() - Duration::from_micros(1)),
            tenant: of.tenants[live.tenant.usize()].name.clone(),
            operation: Operation::Create,
            class: flavor.class,
            resource: self.resources[resource.usize()].clone(),
            flavor: Some(flavor.name.clone()),
            requested: Some(flavor.requested),
            zone: None,
            scheduling: None,
            batch: None,
            lifetime: None,
            labels: BTreeMap::new(),
        }
    }
}
