//! Tags drawn for a stream.

use std::collections::BTreeMap;

use super::{Tag, Tags};
use crate::random::{Draws, Purpose};
use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass, Terms};
use crate::stream::weighted;
use crate::units::{BatchIndex, FlavorIndex, TenantIndex, TermsIndex};

/// The tag of each resource by its index; those that the stream does not create have none. `terms` and `flavors` are the
/// scenario's.
///
/// What came in a batch with machines is where one of them is, and labelled as that is, as far as resources of its flavor
/// ever were: it belongs to the machine that has the fewest of its flavor so far, and then to the nearest.
pub fn tagged(
    tags: &Tags,
    stream: &[IndexedRequest],
    (terms, flavors): (&[Terms], &[Flavor]),
    seed: u64,
    run: u32,
) -> Vec<Tag> {
    if tags.rows.is_empty() {
        return Vec::new();
    }
    let resources = stream.iter().map(|request| request.resource.usize() + 1).max().unwrap_or(0);
    let mut tagged = vec![Tag::default(); resources];
    let table = Table::new(tags, terms);
    let draw = |create: &IndexedRequest| Draws::new(seed, run, Purpose::Tags, create.draw_key);
    let creates = || stream.iter().filter(|request| request.operation == Operation::Create);
    let is_machine = |create: &&IndexedRequest| flavors[create.flavor.usize()].class == ResourceClass::Compute;
    let mut machines: BTreeMap<BatchIndex, Vec<&IndexedRequest>> = BTreeMap::new();
    for create in creates().filter(is_machine) {
        tagged[create.resource.usize()] = table.draw(create, draw(create), |_| true);
        if let Some(batch) = create.batch {
            machines.entry(batch).or_default().push(create);
        }
    }
    let mut taken: BTreeMap<(u32, FlavorIndex), u32> = BTreeMap::new();
    for create in creates().filter(|create| !is_machine(create)) {
        let near = create.batch.and_then(|batch| machines.get(&batch)).into_iter().flatten().map(|machine| {
            let count = taken.get(&(machine.resource.0, create.flavor)).copied().unwrap_or(0);
            (count, (create.at - machine.at).micros().unsigned_abs(), machine.resource)
        });
        let machine = near.min().map(|(count, _, machine)| {
            taken.insert((machine.0, create.flavor), count + 1);
            tagged[machine.usize()]
        });
        tagged[create.resource.usize()] = match machine {
            Some(machine) => table.beside(create, draw(create), machine),
            None => table.draw(create, draw(create), |_| true),
        };
    }
    tagged
}

/// Tags by who asks for what, and of everybody.
struct Table<'a> {
    terms: &'a [Terms],
    rows: BTreeMap<(TenantIndex, FlavorIndex), &'a [(Tag, u32)]>,
    of_anyone: BTreeMap<FlavorIndex, Vec<(Tag, u32)>>,
}

impl<'a> Table<'a> {
    fn new(tags: &'a Tags, terms: &'a [Terms]) -> Self {
        let mut of_anyone: BTreeMap<FlavorIndex, Vec<(Tag, u32)>> = BTreeMap::new();
        for row in &tags.rows {
            // Labels and groups are a tenant's own words.
            let zones =
                row.seen.iter().map(|&(tag, weight)| (Tag { terms: zone_alone(terms, tag), labels: None }, weight));
            of_anyone.entry(row.flavor).or_default().extend(zones);
        }
        Self {
            terms,
            rows: tags.rows.iter().map(|row| ((row.tenant, row.flavor), row.seen.as_slice())).collect(),
            of_anyone,
        }
    }

    /// A tag among those that `kept` keeps; none where it keeps none.
    fn draw(&self, create: &IndexedRequest, draws: Draws, kept: impl Fn(Tag) -> bool) -> Tag {
        let own = self.rows.get(&(create.tenant, create.flavor)).copied();
        let seen = own.or_else(|| self.of_anyone.get(&create.flavor).map(Vec::as_slice)).unwrap_or_default();
        let seen: Vec<(Tag, u32)> = seen.iter().filter(|&&(tag, _)| kept(tag)).copied().collect();
        weighted::at(&seen, draws.below(0, weighted::total(&seen))).copied().unwrap_or_default()
    }

    /// A tag that is like a machine's: the same, else one in the same zone, else any.
    fn beside(&self, create: &IndexedRequest, draws: Draws, machine: Tag) -> Tag {
        let same = self.draw(create, draws, |tag| tag == machine);
        if same == machine {
            return same;
        }
        let zone = |tag: Tag| tag.terms.and_then(|row| self.terms[row.usize()].zone.as_deref());
        let near = self.draw(create, draws, |tag| zone(tag) == zone(machine));
        if zone(near) == zone(machine) { near } else { self.draw(create, draws, |_| true) }
    }
}

/// The row that asks for the zone of a tag and for nothing else; none where no row does.
fn zone_alone(terms: &[Terms], tag: Tag) -> Option<TermsIndex> {
    let asked = &terms[tag.terms?.usize()];
    let alone = Terms { zone: asked.zone.clone(), ..Terms::default() };
    terms.iter().position(|row| *row == alone).map(TermsIndex::from_usize)
}

/// The stream with the terms of its creates.
pub fn with_terms(stream: &mut [IndexedRequest], tagged: &[Tag]) {
    for create in stream.iter_mut().filter(|request| request.operation == Operation::Create) {
        create.terms = tagged.get(create.resource.usize()).and_then(|tag| tag.terms);
    }
}
