//! What requests would cost, where they would go and when they would be ready, before anybody makes them.
//!
//! ```text
//! primary at an instant ─► QuoteBase ─┬─► run without them ─┐
//! order ─► requests ──────────────────┴─► run with them ────┴─► Quote
//! ```
//!
//! Both runs have the same draws, nobody else comes or goes in either, and nothing of them is kept.

mod difference;
mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use difference::Said;
pub use difference::{BillChange, Quote, QuotedRequest, TenantChange};
pub use order::read_order;

use crate::input::InputError;
use crate::request::{Catalogue, IndexedRequest, Operation, Request, RequestLog, RequestLogBuilder, Tables, Tenant};
use crate::scenario::{Demand, Problems, Scenario, ValidScenario};
use crate::simulation::{RunOptions, simulate_without_and_with};
use crate::units::{Duration, Instant, ResourceIndex, TenantIndex, Window};

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
}

/// A quote, and the run that it was made from.
#[derive(Clone, Debug)]
pub struct Quoted {
    /// The quote.
    pub quote: Quote,
    /// What was run: its demand are the requests, in order of time.
    pub valid: ValidScenario,
}

/// Why there is no quote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A request is wrong by itself, or about something that is not there; its line is its place, counted from 1.
    #[error(transparent)]
    Request(#[from] InputError),
    /// The time to quote is nothing, or too long.
    #[error("is {0}; expected a time of more than nothing and of at most {LENGTH_MAX}")]
    Length(Duration),
    /// With these requests the control plane cannot run.
    #[error(transparent)]
    Impossible(#[from] Problems),
}

/// Requests in the indices of a scenario that has room for them.
struct Indexed {
    scenario: Scenario,
    requests: Vec<IndexedRequest>,
    said: Vec<Said>,
}

impl QuoteBase {
    /// The start of a scenario; its demand and its edits are left out, and so are tenants that are only predicted to
    /// appear. `resources` are the names of what lives at its start, in order.
    pub fn new(scenario: &Scenario, resources: Vec<String>) -> Self {
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
        Self { scenario, resources, by_name }
    }

    /// The instant that quotes are made at.
    pub fn at(&self) -> Instant {
        self.scenario.window.start
    }

    /// Whether a resource of a tenant lives.
    pub fn knows(&self, tenant: &str, resource: &str) -> bool {
        let of = |name: &str| self.scenario.tenants.iter().position(|tenant| tenant.name == name);
        let tenant = of(tenant).map(TenantIndex::from_usize);
        tenant.is_some_and(|tenant| self.by_name.contains_key(&(tenant, resource.to_owned())))
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
        let options = RunOptions { keep_plans: true, ..RunOptions::default() };
        let [without, with] = simulate_without_and_with(&valid, &requests, options);
        let quote = difference::quote(valid.scenario(), (&requests, &said), &without, &with);
        Ok(Quoted { quote, valid })
    }

    /// Requests in the scenario's indices, and the scenario with whoever and whatever is new in it.
    fn indexed(&self, requests: Vec<Request>, window: Window, catalogue: &Catalogue) -> Result<Indexed, QuoteError> {
        let mut named: BTreeMap<String, ResourceIndex> = BTreeMap::new();
        let mut created: Vec<(String, String)> = Vec::new();
        let mut builder = RequestLogBuilder::new(catalogue.clone());
        let mut ends: Vec<Request> = Vec::new();
        for (request, line) in requests.iter().zip(1..) {
            if !window.contains(request.at) {
                let message = format!(
                    "is {}; the quote is from {} to before {}, expected an instant inside",
                    request.at, window.start, window.end
                );
                return Err(InputError::field(line, "at", message).into());
            }
            match self.living(request) {
                Some(resource) if request.operation != Operation::Create => {
                    named.insert(resource.0.to_string(), resource);
                }
                Some(_) => {
                    let message = format!("`{}` lives already; a resize or a delete may be about it", request.resource);
                    return Err(InputError::field(line, "resource", message).into());
                }
                None if request.operation == Operation::Create => {
                    created.push((request.tenant.clone(), request.resource.clone()));
                    ends.extend(end_of(request).filter(|end| window.contains(end.at)));
                }
                None if created.contains(&(request.tenant.clone(), request.resource.clone())) => {}
                None => {
                    let message = format!(
                        "nothing of {} that is called `{}` lives at {}, and no request before this one creates it",
                        request.tenant, request.resource, window.start
                    );
                    return Err(InputError::field(line, "resource", message).into());
                }
            }
        }
        builder.stand(window.start, named.iter().map(|(id, resource)| self.create_of(id, *resource)))?;
        let asked = requests.len() as u64;
        for (request, line) in requests.into_iter().zip(1..) {
            builder.push(line, request)?;
        }
        for (end, line) in ends.into_iter().zip(asked + 1..) {
            builder.push(line, end)?;
        }
        Ok(self.mapped(&builder.finish()?, &named)?)
    }

    /// A log of nothing but what is quoted, in the scenario's indices; `named` are those who live already, by the id that
    /// they stand with.
    fn mapped(&self, log: &RequestLog, named: &BTreeMap<String, ResourceIndex>) -> Result<Indexed, InputError> {
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
        let known = |name: &str| of.tenants.iter().find(|tenant| tenant.name == name).cloned();
        let tenant = |name: &str| known(name).unwrap_or_else(|| Tenant { name: name.to_owned(), ..Tenant::default() });
        let tenants = tables.tenants.iter().map(tenant).collect();
        let (flavors, terms) = (tables.flavors().cloned().collect(), tables.terms().cloned().collect());
        let scenario = Scenario { tenants, flavors, terms, ..of.clone() };
        let said = log.requests.iter().zip(&log.ids).map(|(request, id)| Said {
            id: id.to_string(),
            resource: log.lives[request.resource.usize()].name.to_string(),
        });
        Ok(Indexed { scenario, requests, said: said.collect() })
    }

    /// Who lives that a request is about.
    fn living(&self, request: &Request) -> Option<ResourceIndex> {
        let tenant = self.scenario.tenants.iter().position(|tenant| tenant.name == request.tenant)?;
        self.by_name.get(&(TenantIndex::from_usize(tenant), request.resource.clone())).copied()
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

/// The delete that an announced lifetime promises.
fn end_of(create: &Request) -> Option<Request> {
    let lifetime = create.lifetime?;
    let at = Instant::from_micros(create.at.micros().checked_add(lifetime.micros())?);
    Some(Request { id: format!("{}/end", create.id), ..create.clone().into_delete(at) })
}
