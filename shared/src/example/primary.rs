//! The example's primary as it is, seen from outside: requests go in, and observations come out.

use std::collections::BTreeMap;

use super::{requests_between, truth};
use crate::control_plane::{PlanState, State};
use crate::request::{IndexedRequest, MODULES, Module, Observation, Operation, Request};
use crate::scenario::{Scenario, ValidScenario};
use crate::simulation::{Fork, Plan, RunEnd, RunOptions, simulate_to_fork};
use crate::units::{Duration, FlavorIndex, Instant, ResourceIndex, TenantIndex, Window};

/// A primary that lives through the example's demand, window by window, and tells nothing but what an observer sees.
#[derive(Clone, Debug)]
pub struct Primary {
    truth: Scenario,
    seed: u64,
    now: Instant,
    state: State,
    /// The resources of the state.
    lives: Vec<Life>,
    /// How many creates there have been: keys the draws.
    creates: u64,
}

/// What one window brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happened {
    /// What the tenants asked for.
    pub requests: Vec<Request>,
    /// What was seen of it, and of earlier requests.
    pub observations: Vec<Observation>,
}

/// A resource, and what was told of it already.
#[derive(Clone, Debug)]
struct Life {
    /// The id of its create.
    id: String,
    tenant: TenantIndex,
    name: String,
    told_node: bool,
    told_ready: bool,
}

impl Primary {
    /// One that has just been switched on at `start`.
    pub fn new(seed: u64, start: Instant) -> Self {
        Self { truth: truth(), seed, now: start, state: State::default(), lives: Vec::new(), creates: 0 }
    }

    /// How far it has lived.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lives until `end`; where it has come as far already, nothing happens.
    ///
    /// # Panics
    /// Never: the example is a valid scenario.
    pub fn advance(&mut self, end: Instant) -> Happened {
        if end <= self.now {
            return Happened::default();
        }
        let window = Window { start: self.now, end };
        let requests = requests_between(self.seed, window);
        let indexed = self.take_in(&requests);
        let scenario = Scenario { window, start: core::mem::take(&mut self.state), ..self.truth.clone() };
        let valid = ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("the example is valid: {problems}"));
        let ended = simulate_to_fork(&valid, &indexed, RunOptions { keep_plans: true, ..RunOptions::default() });
        let observations = self.tell(&ended);
        let Fork { state, lives, .. } = ended.fork;
        self.lives = lives.iter().map(|life| self.lives[life.usize()].clone()).collect();
        (self.state, self.now) = (state, end);
        Happened { requests, observations }
    }

    /// Requests in the indices of the window's run.
    fn take_in(&mut self, requests: &[Request]) -> Vec<IndexedRequest> {
        let mut position: BTreeMap<(TenantIndex, String), usize> =
            self.lives.iter().enumerate().map(|(i, life)| ((life.tenant, life.name.clone()), i)).collect();
        let tenants = &self.truth.tenants;
        let flavors = &self.truth.flavors;
        let mut indexed = Vec::with_capacity(requests.len());
        for request in requests {
            let tenant = tenants.iter().position(|tenant| tenant.name == request.tenant);
            let tenant = TenantIndex::from_usize(tenant.expect("the example has its tenants"));
            let key = (tenant, request.resource.clone());
            if request.operation == Operation::Create {
                position.insert(key.clone(), self.lives.len());
                let (id, name) = (request.id.clone(), request.resource.clone());
                self.lives.push(Life { id, tenant, name, told_node: false, told_ready: false });
                self.creates += 1;
            }
            let Some(&resource) = position.get(&key) else { continue };
            let flavor = flavors.iter().position(|flavor| Some(&flavor.name) == request.flavor.as_ref());
            indexed.push(IndexedRequest {
                terms: None,
                at: request.at,
                operation: request.operation,
                tenant,
                resource: ResourceIndex::from_usize(resource),
                flavor: FlavorIndex::from_usize(flavor.unwrap_or_default()),
                batch: None,
                lifetime: None,
                draw_key: self.creates,
            });
        }
        indexed
    }

    /// What is new about each resource.
    fn tell(&mut self, ended: &RunEnd) -> Vec<Observation> {
        let mut observations = Vec::new();
        for plan in &ended.outcome.plans {
            let life = &mut self.lives[plan.resource.usize()];
            let spent = ended.module_times.get(plan.resource.usize());
            observations.extend(news(life, plan, spent));
        }
        observations
    }
}

fn news(life: &mut Life, plan: &Plan, spent: Option<&[Duration; MODULES]>) -> Option<Observation> {
    let request = life.id.clone();
    if let PlanState::Refused(refusal) = plan.state {
        let reason = Some(refusal.as_str().to_owned());
        return Some(Observation { request, admitted: Some(false), reason, ..Observation::default() });
    }
    let node = plan.node.filter(|_| !life.told_node).map(|node| format!("n-{}", node.0));
    let ready_at = plan.ready.filter(|_| !life.told_ready);
    life.told_node |= node.is_some();
    life.told_ready |= ready_at.is_some();
    if node.is_none() && ready_at.is_none() && plan.released.is_none() {
        return None;
    }
    // Times in the modules are told once, when the create has been through them all but metering.
    let times = ready_at.and(spent).into_iter().flat_map(|spent| Module::ALL.into_iter().zip(spent));
    let known = times.filter(|(_, spent)| **spent > Duration::ZERO);
    Some(Observation {
        request,
        admitted: node.is_some().then_some(true),
        reason: None,
        node,
        ready_at,
        module_ms: known.map(|(module, spent)| (module, spent.micros() as f64 / 1e3)).collect(),
        released_at: plan.released,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::fold;
    use crate::example::{SEED, START, scenario};
    use crate::request::{Catalogue, Received, RequestLogBuilder};
    use crate::shadow::Known;
    use crate::simulation::simulate;
    use crate::units::LedgerUnits;

    /// Three days, told hour by hour.
    fn three_days() -> (Vec<Request>, Vec<Received>) {
        let mut primary = Primary::new(SEED, START);
        let (mut requests, mut received) = (Vec::new(), Vec::new());
        for hour in 1..=72 {
            let at = START + Duration::HOUR * hour;
            let happened = primary.advance(at);
            requests.extend(happened.requests);
            received.extend(happened.observations.into_iter().map(|observation| Received { at, observation }));
        }
        (requests, received)
    }

    fn truly_paid() -> LedgerUnits {
        let mut primary = Primary::new(SEED, START);
        let window = Window { start: START, end: START + Duration::DAY * 3 };
        let indexed = primary.take_in(&requests_between(SEED, window));
        let valid = ValidScenario::new(Scenario { window, ..primary.truth }).unwrap();
        simulate(&valid, &indexed, RunOptions::default()).cost.total()
    }

    #[test]
    fn observations_are_enough_to_meter_what_the_primary_costs() {
        let (requests, received) = three_days();
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for (line, request) in requests.into_iter().enumerate() {
            builder.push(line as u64 + 1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        let end = START + Duration::DAY * 3;
        let (known, assumed) = (Known::new(&log, None, end), scenario());
        let folded = fold(&received, &known.asked(end), &assumed.fleet, assumed.autoscaling, &[]);
        assert_eq!(folded.anomalies, []);
        let (creates, seen) = folded.seen_in(Window { start: START, end });
        assert!(creates > 1_000 && seen * 100 >= creates * 99, "{seen} of {creates}");
        let off = |cost: LedgerUnits| (cost - truly_paid()).to_f64().abs() / truly_paid().to_f64();
        let total = |observed| known.primary(&assumed, observed).unwrap().outcome.cost.total();
        let (metered, simulated) = (off(total(Some(&folded.fleet))), off(total(None)));
        assert!(metered < 0.002, "metered from observations it is off by {metered}");
        assert!(metered < simulated / 2.0, "and by {simulated} simulated from what is assumed");
    }
}
