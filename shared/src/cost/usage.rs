//! Use beyond what was requested: whoever uses more than they asked for pays for it, and the node's price is shared anew.

use std::collections::{BTreeMap, BTreeSet};

use super::{Charges, MeteringRecords, Rates, UseRecord};
use crate::trace::usage::UsageReading;
use crate::units::{Instant, NodeIndex, Rate, ResourceIndex, Resources, Window};

/// What a resource used from an instant on.
type Level = (Instant, Resources);

/// A part of a use record in which the resource has one amount.
#[derive(Clone, Copy, Debug)]
struct Piece {
    record: usize,
    window: Window,
    /// The most of what was requested and used.
    amount: Resources,
}

/// The same records where each resource counts with the most of what it requested and what it used, and which resources
/// used more than they requested.
///
/// Share of a resource on a node = Σ over the node's parts of `floor(part's rate × max(requested, usage) ÷ max(capacity, Σ
/// max(requested, usage)))`, so that what all pay together never exceeds the node's price and idle is never negative. A
/// reading holds until the next one of the same resource; `readings` are those of one life, in order of time. Where resources have prices of their own, usage changes nothing.
pub fn scaled_to_usage<'r>(
    charges: Charges<'_>,
    records: MeteringRecords,
    readings: impl Fn(ResourceIndex) -> &'r [&'r UsageReading],
) -> (MeteringRecords, BTreeSet<ResourceIndex>) {
    let changes = price_changes(charges);
    let rates: Vec<(Instant, Rates)> = changes.iter().map(|&at| (at, rates_at(charges, at))).collect();
    let mut by_node: BTreeMap<NodeIndex, Vec<Piece>> = BTreeMap::new();
    let mut levels: BTreeMap<ResourceIndex, Vec<Level>> = BTreeMap::new();
    let (mut over, mut crowded) = (BTreeSet::new(), BTreeSet::new());
    for (position, record) in records.uses.iter().enumerate() {
        let Some(node) = record.node.filter(|_| is_shared(&rates, record)) else { continue };
        let levels = levels.entry(record.resource).or_insert_with(|| levels_of(readings(record.resource)));
        let requested = charges.flavors[record.flavor.usize()].requested;
        let pieces = by_node.entry(node).or_default();
        for piece in pieces_of(position, record, requested, levels) {
            if piece.amount != requested {
                over.insert(record.resource);
                crowded.insert(node);
            }
            pieces.push(piece);
        }
    }
    let mut replaced: BTreeMap<usize, Vec<UseRecord>> = BTreeMap::new();
    for node in crowded {
        share_anew(charges, &rates, &records.uses, &by_node[&node], &mut replaced);
    }
    let mut uses: Vec<UseRecord> = Vec::with_capacity(records.uses.len());
    for (position, record) in records.uses.into_iter().enumerate() {
        match replaced.remove(&position) {
            Some(parts) => uses.extend(parts),
            None => uses.push(record),
        }
    }
    uses.sort_by_key(|record| record.from);
    (MeteringRecords { uses, ..records }, over)
}

/// When prices may change: the first instant is before all records.
fn price_changes(charges: Charges<'_>) -> BTreeSet<Instant> {
    let dated = charges.book.types.iter().flat_map(|entry| entry.prices.iter().map(|price| price.from));
    dated.chain([Window::ALWAYS.start]).collect()
}

fn rates_at(charges: Charges<'_>, at: Instant) -> Rates {
    // Tiers are of what is paid without a node.
    Rates::new(charges.book, charges.billing, charges.fleet, charges.flavors, (at, &[]))
}

fn held_at(rates: &[(Instant, Rates)], at: Instant) -> &Rates {
    &rates[rates.partition_point(|(from, _)| *from <= at).max(1) - 1].1
}

/// Whether a use pays a share of its node.
fn is_shared(rates: &[(Instant, Rates)], record: &UseRecord) -> bool {
    record.node_group.is_some_and(|group| held_at(rates, record.from).node[group.usize()] > Rate::ZERO)
}

/// What was used from each reading on; a dimension that one leaves out is as the one before it said.
fn levels_of(readings: &[&UsageReading]) -> Vec<Level> {
    let mut level = Resources::ZERO;
    let levels = readings.iter().map(|reading| {
        for &(dimension, used) in &reading.used {
            level[dimension] = used;
        }
        (reading.at, level)
    });
    levels.collect()
}

/// A record in pieces, from one reading to the next.
fn pieces_of(
    position: usize,
    record: &UseRecord,
    requested: Resources,
    levels: &[Level],
) -> impl Iterator<Item = Piece> {
    let first = levels.partition_point(|(at, _)| *at <= record.from);
    let inside = levels[first..].iter().take_while(|(at, _)| *at < record.until);
    let mut levels: Vec<Level> = vec![(record.from, first.checked_sub(1).map_or(Resources::ZERO, |at| levels[at].1))];
    levels.extend(inside);
    let ends: Vec<Instant> = levels.iter().skip(1).map(|(at, _)| *at).chain([record.until]).collect();
    // Of several readings of one instant the last one holds.
    let spans = levels.into_iter().zip(ends).filter(|((start, _), end)| start < end);
    spans.map(move |((start, used), end)| Piece {
        record: position,
        window: Window { start, end },
        amount: requested.max(used),
    })
}

/// Has all who are on a node pay by their amounts.
fn share_anew(
    charges: Charges<'_>,
    rates: &[(Instant, Rates)],
    uses: &[UseRecord],
    pieces: &[Piece],
    replaced: &mut BTreeMap<usize, Vec<UseRecord>>,
) {
    let mut bounds: BTreeSet<Instant> =
        pieces.iter().flat_map(|piece| [piece.window.start, piece.window.end]).collect();
    let (Some(&start), Some(&end)) = (bounds.first(), bounds.last()) else { return };
    let all = Window { start, end };
    bounds.extend(rates.iter().map(|(at, _)| *at).filter(|at| all.contains(*at)));
    let mut by_start: Vec<&Piece> = pieces.iter().collect();
    by_start.sort_by_key(|piece| piece.window.start);
    let (mut coming, mut there) = (by_start.into_iter().peekable(), Vec::<&Piece>::new());
    let bounds: Vec<Instant> = bounds.into_iter().collect();
    for span in bounds.windows(2) {
        let (from, until) = (span[0], span[1]);
        there.retain(|piece| piece.window.end > from);
        while let Some(piece) = coming.next_if(|piece| piece.window.start <= from) {
            there.push(piece);
        }
        let Some(group) = there.first().and_then(|piece| uses[piece.record].node_group) else { continue };
        let amounts: Vec<(Resources, u32)> = there.iter().map(|piece| (piece.amount, 1)).collect();
        let capacity = charges.fleet.node_groups[group.usize()].capacity;
        let shares = held_at(rates, from).of_residents(group, capacity, &amounts);
        for (piece, rate) in there.iter().zip(shares) {
            let parts = replaced.entry(piece.record).or_default();
            match parts.last_mut().filter(|part| part.rate == rate && part.until == from) {
                Some(part) => part.until = until,
                None => parts.push(UseRecord { from, until, rate, ..uses[piece.record] }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;

    use super::*;
    use crate::control_plane::{Billing, Fleet, NodeGroup};
    use crate::pricing::{DatedRate, PriceBook, TypePrice, UnitRates};
    use crate::request::{Flavor, ResourceClass};
    use crate::units::{Currency, Dimension, FlavorIndex, NodeGroupIndex, TenantIndex};

    fn at(hour: i64) -> Instant {
        Instant::from_micros(hour * 3_600_000_000)
    }

    /// 4 vCPU and 32 GiB for 1,000 an hour, 2,000 from the tenth hour on: half for vCPU, half for memory.
    fn book() -> PriceBook {
        let units = UnitRates { vcpu: Rate::from_nanos(8), memory_gib: Rate::from_nanos(1), ..UnitRates::default() };
        let prices = [(0, 1_000), (10, 2_000)];
        let prices = prices.map(|(hour, nanos)| DatedRate { from: at(hour), rate: Rate::from_nanos(nanos) }).to_vec();
        PriceBook::new(Currency::USD, vec![TypePrice { name: "node".to_owned(), shape: None, prices }], units)
    }

    fn amounts(vcpu: u32) -> Resources {
        Resources::compute(vcpu * 1_000, 8 * 1_024)
    }

    fn flavor(vcpu: u32) -> Flavor {
        Flavor { name: format!("{vcpu}"), class: ResourceClass::Compute, requested: amounts(vcpu) }
    }

    fn scaled(
        billing: Billing,
        uses: Vec<UseRecord>,
        readings: &[UsageReading],
    ) -> (Vec<UseRecord>, Vec<ResourceIndex>) {
        let capacity = Resources::compute(4_000, 32 * 1_024);
        let group = NodeGroup { instance_type: "node".to_owned(), capacity, ..NodeGroup::default() };
        let (fleet, flavors, book) = (Fleet::of(vec![group]), [flavor(1), flavor(2)], book());
        let charges = Charges { billing, fleet: &fleet, flavors: &flavors, book: &book };
        let of: Vec<Vec<&UsageReading>> =
            ["a", "b"].map(|name| readings.iter().filter(|reading| reading.resource == name).collect()).to_vec();
        let records = MeteringRecords { uses, ..MeteringRecords::default() };
        let (records, over) = scaled_to_usage(charges, records, |resource| of[resource.usize()].as_slice());
        (records.uses, over.into_iter().collect())
    }

    fn used(resource: u32, hours: [i64; 2], nanos: i64) -> UseRecord {
        UseRecord {
            resource: ResourceIndex(resource),
            tenant: TenantIndex(resource),
            flavor: FlavorIndex(resource),
            node_group: Some(NodeGroupIndex(0)),
            node: Some(NodeIndex(0)),
            from: at(hours[0]),
            until: at(hours[1]),
            rate: Rate::from_nanos(nanos),
        }
    }

    fn reading(resource: &str, hour: i64, used: &[(Dimension, u32)]) -> UsageReading {
        UsageReading { at: at(hour), resource: resource.to_owned(), used: used.to_vec() }
    }

    fn summary(uses: &[UseRecord]) -> Vec<(u32, [i64; 2], i64)> {
        let hour = |at: Instant| at.micros() / 3_600_000_000;
        let line = |used: &UseRecord| (used.resource.0, [hour(used.from), hour(used.until)], used.rate.nanos());
        uses.iter().map(line).collect()
    }

    /// `a` asks for 1 vCPU, an eighth of the price, and a quarter of the memory, another eighth: 250. `b` asks for 2: 375.
    fn before() -> Vec<UseRecord> {
        vec![used(0, [0, 8], 250), used(1, [2, 6], 375)]
    }

    #[test]
    fn who_uses_more_than_requested_pays_for_it() {
        // From hour 1 on `a` uses 2 vCPU, 250 + 125. With `b` there are 4 of 4. From hour 3 on it uses 3, of 5 with those
        // of `b`: 500 × 3 ÷ 5 = 300 and 500 × 2 ÷ 5 = 200, each with 125 of memory; alone from hour 6 on, 375 + 125.
        let readings = [reading("a", 1, &[(Dimension::Vcpu, 2_000)]), reading("a", 3, &[(Dimension::Vcpu, 3_000)])];
        let (uses, over) = scaled(Billing::Fleet, before(), &readings);
        let expected = [
            (0, [0, 1], 250),
            (0, [1, 3], 375),
            (1, [2, 3], 375),
            (0, [3, 6], 425),
            (1, [3, 6], 325),
            (0, [6, 8], 500),
        ];
        assert_eq!(summary(&uses), expected);
        assert_eq!(over, [ResourceIndex(0)]);
    }

    #[test]
    fn what_is_left_out_of_a_reading_is_as_it_was() {
        // 16 GiB from hour 1 on are 250, in hour 2 with 2 vCPU, 250; from hour 4 on it uses less than it asked for. `b` is
        // where it was, and pays what it did.
        let readings = [
            reading("a", 1, &[(Dimension::Memory, 16 * 1_024)]),
            reading("a", 2, &[(Dimension::Vcpu, 2_000)]),
            reading("a", 4, &[(Dimension::Vcpu, 10), (Dimension::Memory, 10)]),
        ];
        let (uses, _) = scaled(Billing::Fleet, before(), &readings);
        let expected = [(0, [0, 1], 250), (0, [1, 2], 375), (0, [2, 4], 500), (1, [2, 6], 375), (0, [4, 8], 250)];
        assert_eq!(summary(&uses), expected);
    }

    #[test]
    fn what_was_read_before_a_resource_was_ready_holds_on() {
        // 4 vCPU of `b`, which is ready from hour 2 on: 4 of 5, 400 + 125, and 100 + 125 of `a`.
        let (uses, _) = scaled(Billing::Fleet, before(), &[reading("b", 1, &[(Dimension::Vcpu, 4_000)])]);
        let expected = [(0, [0, 2], 250), (0, [2, 6], 225), (1, [2, 6], 525), (0, [6, 8], 250)];
        assert_eq!(summary(&uses), expected);
    }

    #[test]
    fn prices_change_while_more_is_used() {
        let readings = [reading("a", 9, &[(Dimension::Vcpu, 2_000)])];
        let (uses, _) = scaled(Billing::Fleet, vec![used(0, [8, 10], 250), used(0, [10, 12], 500)], &readings);
        assert_eq!(summary(&uses), [(0, [8, 9], 250), (0, [9, 10], 375), (0, [10, 12], 750)]);
    }

    #[test]
    fn less_use_changes_nothing_nor_does_any_where_resources_have_prices() {
        let less = [reading("a", 1, &[(Dimension::Vcpu, 1_000)]), reading("b", 1, &[(Dimension::Vcpu, 2_000)])];
        let (uses, over) = scaled(Billing::Fleet, before(), &less);
        assert_eq!((uses, over), (before(), Vec::new()));
        let more = [reading("a", 1, &[(Dimension::Vcpu, 3_000)])];
        assert_eq!(scaled(Billing::PerResource, before(), &more), (before(), Vec::new()));
    }

    proptest::proptest! {
        #![proptest_config(crate::cases(10_000))]

        /// Whatever is read, all on a node together never pay more than it costs, and everybody is charged for the same time.
        #[test]
        fn idle_is_never_negative(
            stays in proptest::collection::vec((0_u32..2, 0_i64..20, 1_i64..12), 1..12),
            readings in proptest::collection::vec((any::<bool>(), 0_i64..30, 0_u32..20_000, 0_u32..100_000), 0..12),
        ) {
            let mut readings: Vec<UsageReading> = readings
                .into_iter()
                .map(|(of_a, hour, vcpu, memory)| {
                    let used = [(Dimension::Vcpu, vcpu), (Dimension::Memory, memory)];
                    reading(if of_a { "a" } else { "b" }, hour, &used)
                })
                .collect();
            readings.sort_by_key(|reading| reading.at);
            let uses: Vec<UseRecord> =
                stays.iter().map(|&(resource, from, hours)| used(resource, [from, from + hours], 1)).collect();
            let (scaled, over) = scaled(Billing::Fleet, uses.clone(), &readings);
            let time = |uses: &[UseRecord]| uses.iter().map(|used| (used.until - used.from).micros()).sum::<i64>();
            proptest::prop_assert_eq!(time(&scaled), time(&uses));
            if !over.is_empty() {
                for hour in 0..40 {
                    let there = scaled.iter().filter(|used| used.from <= at(hour) && at(hour) < used.until);
                    let paid: Vec<i64> = there.map(|used| used.rate.nanos()).collect();
                    let node = if hour < 10 { 1_000 } else { 2_000 };
                    proptest::prop_assert!(paid.iter().sum::<i64>() <= node);
                    // Nobody pays for less than a vCPU and 8 GiB among as many as there can be.
                    proptest::prop_assert!(paid.iter().all(|&paid| paid > 0));
                }
            }
        }
    }
}
