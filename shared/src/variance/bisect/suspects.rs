//! Which lives differ from what was predicted, and the requests of a window with some of them changed to it.

use std::collections::{BTreeMap, BTreeSet};

use super::excess::{Cell, Excess, Life, chosen};
use super::{BisectCase, Culprit, Unexpected};
use crate::cost::CostBreakdown;
use crate::request::{IndexedRequest, Operation};
use crate::units::{Duration, FlavorIndex, Instant, ResourceIndex, TenantIndex, Window};
use crate::variance::lives::{Assembly, Lives};

/// One life, changed to what was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Without an actual life that was created in the window.
    Without(ResourceIndex),
    /// With a life of the predicted stream.
    With(ResourceIndex),
    /// A life from before the window ends after so long, or at its end or later where none.
    Ends(ResourceIndex, Option<Instant>),
}

/// What runs cost, for the price of a flavor.
pub(super) struct Evidence<'a> {
    pub(super) happened: &'a CostBreakdown,
    pub(super) predicted: &'a CostBreakdown,
}

/// What was predicted and what came.
pub(super) struct Streams<'a> {
    case: &'a BisectCase<'a>,
    run: u32,
    predicted: Vec<IndexedRequest>,
}

/// A life that was created in the window: its create, and what it is worth.
type Worth = (IndexedRequest, i128);

impl<'a> Streams<'a> {
    /// Those of a case; `run` stands for what was predicted.
    pub(super) fn new(case: &'a BisectCase<'a>, run: u32) -> Self {
        Self { case, run, predicted: case.scenario.requests(run) }
    }

    /// How many creates of the window are looked at.
    pub(super) fn creates(&self) -> u32 {
        creates(self.case.actual).filter(|create| self.is_looked_at(create.tenant)).count() as u32
    }

    fn live(&self) -> usize {
        self.case.scenario.original().start.live.len()
    }

    fn window(&self) -> Window {
        self.case.scenario.original().window
    }

    fn is_looked_at(&self, tenant: TenantIndex) -> bool {
        self.case.of.is_none_or(|of| of == tenant)
    }

    /// The actual requests, changed.
    pub(super) fn changed(&self, changes: &[Change]) -> Vec<IndexedRequest> {
        let (mut without, mut endings) = (BTreeSet::new(), BTreeMap::new());
        for change in changes {
            match *change {
                Change::Without(resource) => {
                    without.insert(resource);
                }
                Change::Ends(resource, at) => {
                    endings.insert(resource, at);
                }
                Change::With(_) => {}
            }
        }
        let mut assembly = Assembly::new(self.case.actual, self.live());
        assembly.end(&endings, |resource, at| self.delete(resource, at));
        let lives = Lives::new(self.case.actual);
        for create in creates(self.case.actual).filter(|create| !without.contains(&create.resource)) {
            assembly.keep(lives.of(create.resource), 0);
        }
        let predicted = Lives::new(&self.predicted);
        for change in changes {
            if let Change::With(resource) = *change {
                assembly.keep(predicted.of(resource), 1);
            }
        }
        assembly.finish()
    }

    /// The end of a life from before the window.
    fn delete(&self, resource: ResourceIndex, at: Instant) -> IndexedRequest {
        let live = &self.case.scenario.original().start.live[resource.usize()];
        IndexedRequest {
            at,
            operation: Operation::Delete,
            tenant: live.tenant,
            resource,
            flavor: live.flavor,
            batch: None,
            lifetime: None,
            terms: None,
            draw_key: live.draw_key,
        }
    }

    /// Changes that bring the cost nearer to the predicted, what differs most first; `sign` is that of the variance.
    pub(super) fn suspects(&self, evidence: &Evidence<'_>, sign: i128) -> Vec<Change> {
        let rates = self.rates(evidence);
        let mut predicted: BTreeMap<Cell, i128> = BTreeMap::new();
        let mut lived = vec![0; self.live()];
        let runs = self.case.scenario.scenario().runs;
        for run in 0..runs {
            let stream = self.case.scenario.requests(run);
            for (create, worth) in self.worths(&stream, &rates) {
                *predicted.entry(self.cell(&create)).or_default() += worth;
            }
            lived.iter_mut().zip(self.lived(&stream)).for_each(|(sum, lived)| *sum += lived);
        }
        let mean = |sum: i128| sum / i128::from(runs.max(1));
        let predicted: BTreeMap<Cell, i128> = predicted.into_iter().map(|(cell, sum)| (cell, mean(sum))).collect();
        let mut suspects = self.created(&predicted, &rates, sign);
        let lived = lived.into_iter().map(|sum| mean(i128::from(sum)) as i64).collect();
        suspects.extend(self.lasting(lived, &rates, sign));
        suspects.sort_by_key(|(worth, change)| (core::cmp::Reverse(*worth), self.place(change)));
        suspects.into_iter().map(|(_, change)| change).collect()
    }

    /// Lives of the window that came or did not come beyond what was predicted, each with what it differs by.
    fn created(&self, predicted: &BTreeMap<Cell, i128>, rates: &[i128], sign: i128) -> Vec<(i128, Change)> {
        let mut cells: BTreeMap<Cell, Excess> = BTreeMap::new();
        for (cell, mean) in predicted {
            cells.entry(*cell).or_default().beyond -= sign * mean;
        }
        for (create, worth) in self.worths(self.case.actual, rates) {
            cells.entry(self.cell(&create)).or_default().beyond += sign * worth;
        }
        let came = sign > 0;
        for (create, worth) in self.worths(if came { self.case.actual } else { &self.predicted }, rates) {
            let life = Life { resource: create.resource, batch: create.batch, worth };
            cells.entry(self.cell(&create)).or_default().lives.push(life);
        }
        let change = if came { Change::Without } else { Change::With };
        chosen(cells).into_iter().map(|(worth, resource)| (worth, change(resource))).collect()
    }

    /// Lives from before the window that lasted longer or shorter than on average, each with what it differs by.
    fn lasting(&self, mean: Vec<i64>, rates: &[i128], sign: i128) -> Vec<(i128, Change)> {
        let live = &self.case.scenario.original().start.live;
        let window = self.window();
        let lived = self.lived(self.case.actual);
        let differing = live.iter().enumerate().filter(|(_, live)| self.is_looked_at(live.tenant)).map(|(i, live)| {
            let worth = sign * i128::from(lived[i] - mean[i]) * rates[live.flavor.usize()];
            let end = window.start + Duration::from_micros(mean[i]);
            (worth, Change::Ends(ResourceIndex::from_usize(i), Some(end).filter(|&end| end < window.end)))
        });
        differing.filter(|(worth, _)| *worth > 0).collect()
    }

    /// How many microseconds of the window each life from before it lasts.
    fn lived(&self, stream: &[IndexedRequest]) -> Vec<i64> {
        let Window { start, end } = self.window();
        let mut lived = vec![(end - start).micros(); self.live()];
        for request in stream.iter().filter(|request| request.operation == Operation::Delete) {
            if let Some(lived) = lived.get_mut(request.resource.usize()) {
                *lived = (request.at - start).micros();
            }
        }
        lived
    }

    /// The creates of a stream that are looked at, each with what its life is worth in the window.
    fn worths(&self, stream: &[IndexedRequest], rates: &[i128]) -> Vec<Worth> {
        let lives = Lives::new(stream);
        let end = self.window().end;
        let looked_at = creates(stream).filter(|create| self.is_looked_at(create.tenant));
        let worth = |create: &IndexedRequest| {
            let spans = spans(lives.of(create.resource).map(|(_, request)| request), end);
            spans.into_iter().map(|(flavor, micros)| rates[flavor.usize()] * i128::from(micros)).sum()
        };
        looked_at.map(|create| (*create, worth(create))).collect()
    }

    /// What a flavor costs in a microsecond, from what its lives cost together in what happened and what was predicted;
    /// nothing where nobody paid for it. Only the order of suspects follows from it.
    fn rates(&self, evidence: &Evidence<'_>) -> Vec<i128> {
        let of = self.case.scenario.scenario();
        let (mut cost, mut micros) = (vec![0_i128; of.flavors.len()], vec![0_i128; of.flavors.len()]);
        for account in evidence.happened.accounts.iter().chain(&evidence.predicted.accounts) {
            cost[account.flavor.usize()] += account.workload.0;
        }
        for stream in [self.case.actual, &self.predicted] {
            let lives = Lives::new(stream);
            for create in creates(stream) {
                let spans = spans(lives.of(create.resource).map(|(_, request)| request), of.window.end);
                spans.into_iter().for_each(|(flavor, lasted)| micros[flavor.usize()] += i128::from(lasted));
            }
            for (live, lasted) in of.start.live.iter().zip(self.lived(stream)) {
                micros[live.flavor.usize()] += i128::from(lasted);
            }
        }
        cost.into_iter().zip(micros).map(|(cost, micros)| cost / micros.max(1)).collect()
    }

    fn cell(&self, create: &IndexedRequest) -> Cell {
        let hour = (create.at - self.window().start).micros() / Duration::HOUR.micros();
        (create.tenant, create.flavor, hour)
    }

    /// What is told of a change.
    pub(super) fn culprit(&self, change: &Change) -> Culprit {
        let of = |how, create: &IndexedRequest, run| Culprit {
            how,
            tenant: create.tenant,
            flavor: create.flavor,
            at: create.at,
            resource: create.resource,
            run,
            amount: None,
        };
        let created = |stream: &[IndexedRequest], resource| {
            *creates(stream).find(|create| create.resource == resource).expect("a suspect is created")
        };
        match *change {
            Change::Without(resource) => of(Unexpected::Came, &created(self.case.actual, resource), None),
            Change::With(resource) => of(Unexpected::DidNotCome, &created(&self.predicted, resource), Some(self.run)),
            Change::Ends(resource, predicted) => {
                let Window { start, end } = self.window();
                let ended = start + Duration::from_micros(self.lived(self.case.actual)[resource.usize()]);
                let longer = ended > predicted.unwrap_or(end);
                let how = if longer { Unexpected::LivedLonger } else { Unexpected::EndedSooner };
                of(how, &self.delete(resource, ended), None)
            }
        }
    }

    /// An order of changes without ties: by time as far as the streams say.
    pub(super) fn place(&self, change: &Change) -> (u8, ResourceIndex) {
        match *change {
            Change::Ends(resource, _) => (0, resource),
            Change::Without(resource) => (1, resource),
            Change::With(resource) => (2, resource),
        }
    }
}

fn creates(stream: &[IndexedRequest]) -> impl Iterator<Item = &IndexedRequest> {
    stream.iter().filter(|request| request.operation == Operation::Create)
}

/// How long a life has each flavor, in microseconds up to `end`.
fn spans(life: impl Iterator<Item = IndexedRequest>, end: Instant) -> Vec<(FlavorIndex, i64)> {
    let mut spans = Vec::new();
    let mut since: Option<(Instant, FlavorIndex)> = None;
    for request in life {
        if let Some((from, flavor)) = since {
            spans.push((flavor, (request.at - from).micros()));
        }
        since = (request.operation != Operation::Delete).then_some((request.at, request.flavor));
    }
    spans.extend(since.map(|(from, flavor)| (flavor, (end - from).micros())));
    spans
}
