//! The ordered log of requests, validated as a whole.

mod stands;

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};

use super::{Catalogue, DrawKeys, Flavor, History, IndexedRequest, Life, Names, Operation, Request, Standing, Terms};
use crate::input::InputError;
use crate::units::{BatchIndex, FlavorIndex, Instant, ResourceIndex, TenantIndex, TermsIndex};
use stands::Stands;

/// So many lines are named of each priority class that is not known.
const LINES_SHOWN: usize = 5;

/// Requests in order of time, with their names in tables.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    /// Tenants by index.
    pub tenants: Names,
    /// Flavors by index; the same name stands twice when it came with two shapes.
    pub flavors: Vec<Flavor>,
    /// The line of the input that asks for each flavor first.
    pub flavor_lines: Vec<u64>,
    /// Label sets by index; the first is the empty one.
    pub label_sets: Vec<BTreeMap<String, String>>,
    /// Terms by index.
    pub terms: Vec<Terms>,
    /// Lives of resources by index; those that only stand come last.
    pub lives: Vec<Life>,
    /// The requests in order of time; the same instant keeps the order of the input.
    pub requests: Vec<IndexedRequest>,
    /// The id of each request.
    pub ids: Vec<Box<str>>,
    /// Requests that were in the input again, with the same id.
    pub duplicates: u64,
    /// Deletes and resizes of resources that the log never created: it began in mid-life.
    pub orphans: u64,
    /// What was said to live at an instant, where anything was.
    pub standing: Option<Standing>,
    /// The names of batches by index.
    pub batches: Names,
    /// Those that began in what is kept of the log no longer, and were counted there.
    pub begun_batches: BTreeSet<BatchIndex>,
}

impl RequestLog {
    /// The lives that requests of the log began.
    pub fn own_lives(&self) -> &[Life] {
        &self.lives[..self.standing.as_ref().map_or(self.lives.len(), |standing| standing.own_lives)]
    }

    /// Everything that was known just before `end`: the only view that training and forecasting accept.
    pub fn before(&self, end: Instant) -> History<'_> {
        History::new(self, end)
    }

    /// Position of the first request at or after `at`.
    pub fn position(&self, at: Instant) -> usize {
        self.requests.partition_point(|request| request.at < at)
    }

    /// The instant of the first request.
    pub fn first(&self) -> Option<Instant> {
        self.requests.first().map(|request| request.at)
    }

    /// The instant of the last request.
    pub fn last(&self) -> Option<Instant> {
        self.requests.last().map(|request| request.at)
    }

    /// One request as it travels.
    ///
    /// # Panics
    /// When there is no request at `position`.
    pub fn record(&self, position: usize) -> Request {
        let request = &self.requests[position];
        let life = &self.lives[request.resource.usize()];
        let flavor = &self.flavors[request.flavor.usize()];
        let shaped = request.operation != Operation::Delete;
        let terms = life.terms.map(|terms| &self.terms[terms.usize()]);
        Request {
            id: self.ids[position].to_string(),
            at: request.at,
            tenant: self.tenants.name(request.tenant.0).to_owned(),
            operation: request.operation,
            class: flavor.class,
            resource: life.name.to_string(),
            flavor: shaped.then(|| flavor.name.clone()),
            requested: shaped.then_some(flavor.requested),
            zone: terms.filter(|_| shaped).and_then(|terms| terms.zone.clone()),
            scheduling: terms.filter(|_| request.operation == Operation::Create).and_then(Terms::scheduling),
            batch: request.batch.map(|batch| format!("b-{}", batch.0)),
            lifetime: request.lifetime,
            labels: self.label_sets[life.labels as usize].clone(),
        }
    }
}

/// Collects requests in any order, then puts them in order and checks them as a whole.
#[derive(Debug, Default)]
pub struct RequestLogBuilder {
    catalogue: Catalogue,
    seen: IndexMap<Box<str>, usize, FixedState>,
    pending: Vec<Pending>,
    tenants: Names,
    resources: Names,
    batches: Names,
    flavors: IndexMap<Flavor, u64, FixedState>,
    terms: IndexSet<Terms, FixedState>,
    label_sets: IndexSet<BTreeMap<String, String>, FixedState>,
    duplicates: u64,
    /// Lines that name a priority class that is not known, by its name.
    unknown_classes: BTreeMap<String, Vec<u64>>,
    /// Since when the standing ones are known to live; their ids, and their creates.
    standing: Option<(Instant, Vec<Box<str>>, Vec<Pending>)>,
    /// What keys the draws of a log that goes on, and its batches that had begun.
    going_on: Option<(DrawKeys, Vec<String>)>,
}

/// A request whose life is not known yet.
#[derive(Clone, Debug, PartialEq)]
struct Pending {
    line: u64,
    at: Instant,
    operation: Operation,
    tenant: TenantIndex,
    /// Index of the name, not of the life.
    resource: u32,
    flavor: Option<FlavorIndex>,
    batch: Option<BatchIndex>,
    lifetime: Option<crate::units::Duration>,
    terms: Option<TermsIndex>,
    labels: u32,
    /// Since when it is known to live, where the log need not know that.
    stands_since: Option<Instant>,
}

impl RequestLogBuilder {
    /// A builder that looks up flavors without amounts, and priority classes, in `catalogue`.
    pub fn new(catalogue: Catalogue) -> Self {
        let mut builder = Self { catalogue, ..Self::default() };
        builder.label_sets.insert(BTreeMap::new());
        builder
    }

    /// Adds one request and says whether it was new; the same request again counts as a duplicate.
    ///
    /// # Errors
    /// When the request is invalid by itself, its flavor is unknown, or its id was used for a different request.
    pub fn push(&mut self, line: u64, request: Request) -> Result<bool, InputError> {
        request.validate(line)?;
        let (id, pending) = self.intern(line, request)?;
        if let Some(&position) = self.seen.get(id.as_str()) {
            let earlier = &self.pending[position];
            if (Pending { line: earlier.line, ..pending }) == *earlier {
                self.duplicates += 1;
                return Ok(false);
            }
            let message = format!("`{id}` was a different request on line {}; ids are unique", earlier.line);
            return Err(InputError::field(line, "id", message));
        }
        self.seen.insert(id.into(), self.pending.len());
        self.pending.push(pending);
        Ok(true)
    }

    /// The instant of the first request so far.
    pub fn first(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.at).min()
    }

    /// The instant of the last request so far.
    pub fn last(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.at).max()
    }

    /// Adds resources, by their creates, that are known to live at `at`: they are no requests of this log, but its
    /// requests from then on may be about them.
    ///
    /// # Errors
    /// When a create is invalid by itself, or its flavor is unknown.
    pub fn stand(&mut self, at: Instant, creates: impl IntoIterator<Item = Request>) -> Result<(), InputError> {
        let (mut ids, mut standing) = (Vec::new(), Vec::new());
        for create in creates {
            create.validate(0)?;
            let (id, pending) = self.intern(0, create)?;
            ids.push(id.into());
            standing.push(Pending { stands_since: Some(at), ..pending });
        }
        self.standing = Some((at, ids, standing));
        Ok(())
    }

    /// Says that this log goes on from one that is kept no longer: what keyed its draws, in the order of those who stand, and
    /// the names of batches that had begun in it.
    pub fn go_on(&mut self, keys: DrawKeys, begun_batches: Vec<String>) {
        self.going_on = Some((keys, begun_batches));
    }

    fn intern(&mut self, line: u64, request: Request) -> Result<(String, Pending), InputError> {
        let flavor = self.flavor(line, &request)?;
        let priority = self.priority(line, &request);
        let pending = Pending {
            line,
            at: request.at,
            operation: request.operation,
            tenant: TenantIndex(self.tenants.intern(&request.tenant)),
            resource: self.resources.intern(&request.resource),
            flavor,
            batch: request.batch.as_deref().map(|batch| BatchIndex(self.batches.intern(batch))),
            lifetime: request.lifetime,
            terms: Terms::of(request.zone.as_deref(), request.scheduling.as_ref(), priority)
                .map(|terms| TermsIndex::from_usize(self.terms.insert_full(terms).0)),
            labels: self.label_sets.insert_full(request.labels).0 as u32,
            stands_since: None,
        };
        Ok((request.id, pending))
    }

    fn flavor(&mut self, line: u64, request: &Request) -> Result<Option<FlavorIndex>, InputError> {
        let requested = match (&request.requested, &request.flavor) {
            (Some(requested), _) => *requested,
            (None, Some(name)) => self.catalogue.get(name).ok_or_else(|| {
                let message =
                    format!("`{name}` is unknown; add `requested`, or name it in a price file with its amounts");
                InputError::field(line, "flavor", message)
            })?,
            (None, None) => return Ok(None),
        };
        let name = request.flavor.clone().unwrap_or_else(|| requested.to_string());
        let flavor = Flavor { name, class: request.class, requested };
        let entry = self.flavors.entry(flavor);
        let index = entry.index();
        entry.or_insert(line);
        Ok(Some(FlavorIndex::from_usize(index)))
    }

    /// The number of a request's priority; a class that is not known is taken note of.
    fn priority(&mut self, line: u64, request: &Request) -> i32 {
        let Some(scheduling) = &request.scheduling else { return 0 };
        self.catalogue.priority(&scheduling.priority).unwrap_or_else(|unknown| {
            self.unknown_classes.entry(unknown.to_owned()).or_default().push(line);
            0
        })
    }

    /// Orders the requests and follows every resource through its lives.
    ///
    /// # Errors
    /// When requests name priority classes that are not known, all of which are named, a resource is created while it
    /// lives, or changes its class.
    pub fn finish(mut self) -> Result<RequestLog, InputError> {
        if let Some(unknown) = unknown_classes(&self.unknown_classes) {
            return Err(unknown);
        }
        let mut ids: Vec<Box<str>> = self.seen.into_keys().collect();
        let (keys, begun_batches) = self.going_on.take().map(|(keys, begun)| (Some(keys), begun)).unwrap_or_default();
        let mut stands = self.standing.take().map(|(at, more, creates)| {
            let own_creates = self.pending.iter().filter(|pending| pending.operation == Operation::Create).count();
            ids.extend(more);
            self.pending.extend(creates);
            Stands::new(at, own_creates, &self.pending, keys)
        });
        let mut order: Vec<u32> = (0..self.pending.len() as u32).collect();
        order.sort_by_key(|&i| {
            let pending = &self.pending[i as usize];
            (pending.stands_since.unwrap_or(pending.at), pending.stands_since.is_none())
        });
        let in_order = || order.iter().map(|&i| &self.pending[i as usize]);
        let tenants = Renumbering::by_first_use(self.tenants.len(), in_order().map(|p| p.tenant.0));
        let flavors = Renumbering::by_first_use(self.flavors.len(), in_order().filter_map(|p| p.flavor).map(|f| f.0));
        let batches = Renumbering::by_first_use(self.batches.len(), in_order().filter_map(|p| p.batch).map(|b| b.0));
        let labels =
            Renumbering::by_first_use(self.label_sets.len(), core::iter::once(0).chain(in_order().map(|p| p.labels)));
        let terms = Renumbering::by_first_use(self.terms.len(), in_order().filter_map(|p| p.terms).map(|t| t.0));
        let of_flavors =
            || flavors.old_by_new.iter().map(|&old| self.flavors.get_index(old as usize).expect("it is used"));
        let mut log = RequestLog {
            tenants: tenants.old_by_new.iter().map(|&old| self.tenants.name(old)).collect(),
            flavors: of_flavors().map(|(flavor, _)| flavor.clone()).collect(),
            flavor_lines: of_flavors().map(|(_, &line)| line).collect(),
            label_sets: labels.old_by_new.iter().map(|&old| self.label_sets[old as usize].clone()).collect(),
            terms: terms.old_by_new.iter().map(|&old| self.terms[old as usize].clone()).collect(),
            batches: batches.old_by_new.iter().map(|&old| self.batches.name(old)).collect(),
            duplicates: self.duplicates,
            ..RequestLog::default()
        };
        let mut live: IndexMap<(TenantIndex, u32), ResourceIndex, FixedState> = IndexMap::default();
        for &i in &order {
            let earlier = &self.pending[i as usize];
            let pending = &Pending {
                tenant: TenantIndex(tenants.new_by_old[earlier.tenant.usize()]),
                flavor: earlier.flavor.map(|old| FlavorIndex(flavors.new_by_old[old.usize()])),
                batch: earlier.batch.map(|old| BatchIndex(batches.new_by_old[old.usize()])),
                terms: earlier.terms.map(|old| TermsIndex(terms.new_by_old[old.usize()])),
                labels: labels.new_by_old[earlier.labels as usize],
                ..earlier.clone()
            };
            if let Some(stands) = stands.as_mut().filter(|_| pending.stands_since.is_some()) {
                let name = self.resources.name(pending.resource);
                let id = core::mem::take(&mut ids[i as usize]);
                stands.stand(&mut live, pending, (earlier.tenant, earlier.resource), id, name);
                continue;
            }
            if let Some(stands) = stands.as_mut() {
                stands.see(pending);
            }
            let resource = match pending.operation {
                Operation::Create => Some(create(&mut log, &mut live, pending, self.resources.name(pending.resource))?),
                Operation::Resize => live.get(&(pending.tenant, pending.resource)).copied(),
                Operation::Delete => live.swap_remove(&(pending.tenant, pending.resource)),
            };
            let Some(resource) = resource else {
                log.orphans += 1;
                continue;
            };
            let life = match &mut stands {
                Some(stands) => stands.life(&mut log.lives, resource),
                None => &mut log.lives[resource.usize()],
            };
            if pending.operation == Operation::Delete {
                life.deleted = Some(pending.at);
            }
            let (flavor, terms) = (pending.flavor.unwrap_or(life.flavor), life.terms);
            let draw_key = stands.as_ref().map_or(u64::from(resource.0), |stands| stands.draw_key(resource));
            log.requests.push(IndexedRequest {
                at: pending.at,
                operation: pending.operation,
                tenant: pending.tenant,
                resource,
                flavor,
                batch: pending.batch,
                lifetime: pending.lifetime,
                terms: terms.filter(|_| pending.operation == Operation::Create),
                draw_key,
            });
            log.ids.push(core::mem::take(&mut ids[i as usize]));
        }
        if let Some(stands) = stands {
            stands.finish(&mut log);
        }
        log.begun_batches = begun_batches.iter().filter_map(|name| log.batches.get(name)).map(BatchIndex).collect();
        Ok(log)
    }
}

/// Says which priority classes are not known, and where each stands, if there are any.
fn unknown_classes(unknown: &BTreeMap<String, Vec<u64>>) -> Option<InputError> {
    let first = unknown.values().flatten().min()?;
    let of = |(name, lines): (&String, &Vec<u64>)| {
        let shown: Vec<String> = lines.iter().take(LINES_SHOWN).map(u64::to_string).collect();
        let more = lines.len().saturating_sub(LINES_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("`{name}` (line {}{more})", shown.join(", "))
    };
    let names: Vec<String> = unknown.iter().map(of).collect();
    let message = format!(
        "no priority class that is known: {}; expected a number, or a table `name,priority` with them",
        names.join(", ")
    );
    Some(InputError::field(*first, "scheduling.priority", message))
}

/// New indices for a table's rows: by first use in order of time, so that what comes later moves nothing earlier.
struct Renumbering {
    new_by_old: Vec<u32>,
    old_by_new: Vec<u32>,
}

impl Renumbering {
    fn by_first_use(rows: usize, uses: impl Iterator<Item = u32>) -> Self {
        const UNUSED: u32 = u32::MAX;
        let mut numbering = Self { new_by_old: vec![UNUSED; rows], old_by_new: Vec::with_capacity(rows) };
        for old in uses {
            let new = &mut numbering.new_by_old[old as usize];
            if *new == UNUSED {
                *new = numbering.old_by_new.len() as u32;
                numbering.old_by_new.push(old);
            }
        }
        numbering
    }
}

fn create(
    log: &mut RequestLog,
    live: &mut IndexMap<(TenantIndex, u32), ResourceIndex, FixedState>,
    pending: &Pending,
    name: &str,
) -> Result<ResourceIndex, InputError> {
    let resource = ResourceIndex::from_usize(log.lives.len());
    if live.insert((pending.tenant, pending.resource), resource).is_some() {
        let message = format!("`{name}` is created while it lives; expected a delete before it is used again");
        return Err(InputError::field(pending.line, "resource", message));
    }
    log.lives.push(pending.begins(name));
    Ok(resource)
}

impl Pending {
    /// The life that a create begins.
    fn begins(&self, name: &str) -> Life {
        Life {
            name: name.into(),
            tenant: self.tenant,
            flavor: self.flavor.expect("validated: a create has a shape"),
            batch: self.batch,
            created: self.at,
            deleted: None,
            announced: self.lifetime,
            terms: self.terms,
            labels: self.labels,
        }
    }
}

#[cfg(test)]
mod tests;
