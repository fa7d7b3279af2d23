//! Tenants that appeared are learnt from, and others appear like them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::request::{IndexedRequest, Operation};
use crate::stream::batches::Batch;
use crate::stream::tests::model;
use crate::stream::{StreamModel, sample};
use crate::units::{Instant, Window};

fn at(hours: i64) -> Instant {
    Instant::from_micros(0) + Duration::HOUR * hours
}

fn batch(tenant: u32, hours: i64, flavor: u32) -> Batch {
    Batch { tenant: TenantIndex(tenant), first: at(hours), last: at(hours), creates: vec![(FlavorIndex(flavor), 2)] }
}

/// Twenty days of two tenants with 24 batches a day each, and of newcomers: one on the eleventh day, one on the sixteenth,
/// each with a batch every six hours on its first day and every two hours from then on, and one three hours ago.
fn planted() -> (Vec<Batch>, Instant) {
    let known = (0..480).flat_map(|hour| [batch(0, hour, 0), batch(1, hour, 1)]);
    let newcomer = |tenant: u32, start: i64| {
        let first_day = (0..4).map(move |i| batch(tenant, start + 6 * i, 2));
        first_day.chain((start + 24..480).step_by(2).map(move |hour| batch(tenant, hour, 2)))
    };
    let batches = known.chain(newcomer(2, 250)).chain(newcomer(3, 370)).chain([batch(4, 477, 3)]);
    (batches.collect(), at(480))
}

#[test]
fn who_appeared_in_the_later_half_is_learnt_from() {
    let (batches, origin) = planted();
    let found = newcomers(&batches, origin, Duration::DAY);
    assert_eq!((found.first, found.seen, found.over), (TenantIndex(5), 3, Duration::DAY * 10));
    assert!((found.per_day() - 0.3).abs() < 1e-9);
    // The last one has been there too short to say how it goes on.
    let [first, second] = found.like.as_slice() else { panic!("{:?}", found.like) };
    assert_eq!(first.batches, [(vec![(FlavorIndex(2), 2)], 4 + 72)], "seven days of it");
    // Of the first: 3 more of 48 + 4 on its first day, then 12 of 48 + 12, until the second one comes, 5 days later.
    assert_eq!(&first.share_millionths[..5], [57_692, 200_000, 200_000, 200_000, 200_000]);
    assert_eq!(first.share_millionths.len(), 7);
    // Of the second, beside the first: 3 of 48 + 12 + 4, then 12 of 48 + 12 + 12; on the last day that third one too.
    assert_eq!(&second.share_millionths[..2], [46_875, 166_667]);
}

#[test]
fn nobody_is_new_where_nobody_appeared() {
    let known = |days: i64| (0..24 * days).flat_map(|hour| [batch(0, hour, 0), batch(1, hour, 1)]).collect::<Vec<_>>();
    assert_eq!(newcomers(&known(20), at(480), Duration::DAY), Newcomers::default());
    assert_eq!(newcomers(&[], at(480), Duration::DAY), Newcomers::default());
    // In a day and a half everybody may be new, or may only not have come yet.
    let short: Vec<Batch> = known(1).into_iter().chain([batch(2, 30, 0)]).collect();
    assert_eq!(newcomers(&short, at(36), Duration::DAY), Newcomers::default());
    let empty = Appearing::new(&Newcomers::default(), Window { start: at(0), end: at(24) }, 1, 0).claim(
        Window { start: at(0), end: at(1) },
        || unreachable!("nothing is drawn"),
        &mut Vec::new(),
    );
    assert_eq!(empty, None);
}

/// Thirty batches a bin; two newcomers a day, each with a fifth of all batches from the first.
fn with_newcomers() -> StreamModel {
    let like = Newcomer { share_millionths: vec![200_000], batches: vec![(vec![(FlavorIndex(1), 4)], 1)] };
    let tenths = vec![[218, 236, 266, 300, 334, 364, 382]; 288];
    let newcomers = Newcomers { first: TenantIndex(3), slots: 9, seen: 40, over: Duration::DAY * 20, like: vec![like] };
    StreamModel { newcomers, ..model(tenths) }
}

#[test]
fn as_many_appear_as_the_past_says() {
    let model = with_newcomers();
    let (runs, span) = (400, Window { start: model.origin, end: model.end() });
    let mut counts = Vec::new();
    for run in 0..runs {
        let stream = sample(&model, [], span, 1, run);
        let new = |slot: u32| stream.iter().any(|request| request.tenant == TenantIndex(3 + slot));
        let count = (0..9).filter(|&slot| new(slot)).count();
        assert!((0..count as u32).all(new), "they appear in order");
        counts.push(count as f64);
    }
    let mean = counts.iter().sum::<f64>() / f64::from(runs);
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / f64::from(runs - 1);
    // Negative binomial: mean 40/20 = 2, variance 2·(1 + 1/20) = 2.1; over 400 runs the mean is known to 0.072, and the
    // variance to 2.1·√(2/400 + 1/(2·400)) = 0.17; four of them.
    assert!((mean - 2.0).abs() < 0.29 && (variance - 2.1).abs() < 0.68, "{mean} {variance}");
}

#[test]
fn newcomers_take_their_share_of_what_arrives() {
    let model = with_newcomers();
    let without = StreamModel { newcomers: Newcomers::default(), ..model.clone() };
    let span = Window { start: model.origin, end: model.end() };
    let creates = |model: &StreamModel, run| {
        let mut stream = sample(model, [], span, 1, run);
        stream.retain(|request| request.operation == Operation::Create);
        stream
    };
    let (mut all, mut theirs, mut expected) = (0.0, 0.0, 0.0);
    for run in 0..40 {
        let (with, without) = (creates(&model, run), creates(&without, run));
        let batches =
            |stream: &[IndexedRequest]| stream.iter().map(|create| create.batch).collect::<BTreeSet<_>>().len();
        assert_eq!(batches(&with), batches(&without), "as many batches arrive");
        // What is nobody new's is the same batch at the same instants, of the same flavors and lifetimes.
        let same = |create: &&IndexedRequest| (create.at, create.tenant, create.flavor, create.batch, create.lifetime);
        let others: BTreeSet<_> = without.iter().map(|create| same(&create)).collect();
        assert!(with.iter().filter(|create| create.tenant.0 < 3).all(|create| others.contains(&same(&create))));
        all += batches(&with) as f64;
        let new: Vec<_> = with.iter().filter(|create| create.tenant.0 >= 3).copied().collect();
        theirs += batches(&new) as f64;
        assert!(new.iter().all(|create| create.flavor == FlavorIndex(1)));
        // From its first batch on each has a fifth, as long as all together have no more than everything.
        let firsts = (3..12).filter_map(|tenant| new.iter().find(|create| create.tenant.0 == tenant));
        expected += firsts.map(|first| (span.end - first.at).seconds() / Duration::DAY.seconds()).sum::<f64>() * 0.2;
    }
    // Half of a day's fifth of two: a fifth, give or take; 40 runs of 8,600 batches leave an error of a hundredth, and runs
    // in which more than five appear, whose shares are cut, of another.
    let (found, planted) = (theirs / all, expected / 40.0);
    assert!((found / planted - 1.0).abs() < 0.03, "{found}, planted {planted}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn taking_a_newcomer_away_changes_nobody_else(seed: u64, run in 0_u32..50, shares in proptest::collection::vec(0_u32..2_000_000, 0..4)) {
        let mut model = with_newcomers();
        model.arrivals.tenths = vec![[0, 0, 10, 20, 30, 50, 60]; 48];
        model.newcomers.like[0].share_millionths = shares;
        let span = Window { start: model.origin, end: model.end() };
        let stream = sample(&model, [], span, seed, run);
        prop_assert_eq!(&stream, &sample(&model, [], span, seed, run));
        prop_assert!(stream.iter().all(|request| request.tenant.0 < 12));
        // With one slot the stream is the same but for who had the others: what was nobody new's still is, but for the shares
        // that others had. The first batch of the first one is the same; a later one of the same bin may begin before it.
        let mut fewer = model.clone();
        fewer.newcomers.slots = 1;
        let stream_of_fewer = sample(&fewer, [], span, seed, run);
        prop_assert_eq!(first_batch(&stream), first_batch(&stream_of_fewer));
        let known = |stream: &[IndexedRequest]| {
            let creates = stream.iter().filter(|request| request.operation == Operation::Create);
            creates.filter(|create| create.tenant.0 < 3).map(|create| (create.at, create.tenant, create.flavor)).collect()
        };
        let (known, known_of_fewer): (BTreeSet<_>, BTreeSet<_>) = (known(&stream), known(&stream_of_fewer));
        prop_assert!(known.is_subset(&known_of_fewer));
    }
}

/// Instants and flavors of the batch of the first newcomer that was drawn first.
fn first_batch(stream: &[IndexedRequest]) -> Vec<(Instant, FlavorIndex)> {
    let theirs =
        stream.iter().filter(|request| request.tenant == TenantIndex(3) && request.operation == Operation::Create);
    let first = theirs.clone().filter_map(|create| create.batch).min();
    theirs.filter(|create| create.batch == first).map(|create| (create.at, create.flavor)).collect()
}
