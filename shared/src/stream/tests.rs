//! Properties of sampled streams, and how their counts meet the quantiles they were sampled from.

use proptest::prelude::*;

use super::arrivals::counts;
use super::*;
use crate::forecast::LEVELS;
use crate::request::{IndexedRequest, Operation};
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex, Window};

const BIN: Duration = Duration::from_minutes(5);

/// Three tenants with batches of up to three creates, two flavors that live for hours.
pub(super) fn model(tenths: Vec<[u32; LEVELS.len()]>) -> StreamModel {
    // Every template was seen so often that what is assumed of any beginning hardly counts.
    let template = |tenant, creates: &[(u32, u32)], weight: u32| BatchTemplate {
        tenant: TenantIndex(tenant),
        creates: creates.iter().map(|&(flavor, count)| (FlavorIndex(flavor), count)).collect(),
        weights: [weight * 100_000; QUARTERS],
    };
    StreamModel {
        origin: Instant::from_micros(0),
        bin: BIN,
        arrivals: ArrivalBins { tenths, tail_milli: 430, level_milli: 200, correlation_milli: 300 },
        templates: vec![template(0, &[(0, 1)], 5), template(1, &[(0, 2), (1, 1)], 3), template(2, &[(1, 1)], 2)],
        flavor_gates: exact(),
        mix_spread_milli: 0,
        spread: Duration::from_seconds(10),
        lifetimes: Lifetimes {
            edges: vec![Duration::HOUR, Duration::HOUR * 2],
            hazards: vec![vec![32_768, 16_384], vec![6_554, 6_554]],
            tenant_paces: Vec::new(),
            paces: Paces::default(),
            shared_milli: 500,
            spread_milli: 0,
        },
        resizes: vec![Resizes { from: FlavorIndex(0), per_day_millionths: 3_000_000, to: vec![(FlavorIndex(1), 1)] }],
        attachments: Attachments::default(),
        newcomers: Newcomers::default(),
        tags: Tags::default(),
    }
}

/// Only all creates so far count: batches are drawn as they were seen.
fn exact() -> FlavorGates {
    let mut place = [[0; 7]; 6];
    place[5] = [1; 7];
    FlavorGates { batch_weight: 1, gates: [place; 6] }
}

/// The quantiles of a normal distribution with mean 30 and standard deviation 5, in tenths.
const NORMAL_30_5: [u32; LEVELS.len()] = [218, 236, 266, 300, 334, 364, 382];

fn day(model: &StreamModel) -> Window {
    Window { start: model.origin, end: model.end() }
}

fn live(count: u32) -> impl Iterator<Item = LiveAtStart> {
    (0..count).map(|i| LiveAtStart {
        tenant: TenantIndex(i % 3),
        flavor: FlavorIndex(i % 2),
        created: Instant::from_micros(-i64::from(i) * 1_000_000_000),
        draw_key: u64::from(i),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn streams_are_in_order_and_every_delete_follows_its_create(
        steps in proptest::collection::vec(proptest::array::uniform7(0_u32..40), 1..40),
        lives in 0_u32..50,
        seed: u64,
        run in 0_u32..100,
    ) {
        let cumulate = |steps: [u32; 7]| {
            let mut sum = 0;
            steps.map(|step| { sum += step; sum })
        };
        let model = model(steps.into_iter().map(cumulate).collect());
        let window = day(&model);
        let stream = sample(&model, live(lives), window, seed, run);
        prop_assert_eq!(&stream, &sample(&model, live(lives), window, seed, run));
        let mut created: Vec<bool> = (0..lives).map(|_| true).collect();
        let mut deleted = vec![false; lives as usize];
        for pair in stream.windows(2) {
            prop_assert!(pair[0].at <= pair[1].at);
        }
        for request in &stream {
            prop_assert!(window.contains(request.at));
            let resource = request.resource.usize();
            match request.operation {
                Operation::Create => {
                    prop_assert_eq!(resource, created.len(), "new resources are numbered in order of creation");
                    created.push(true);
                    deleted.push(false);
                }
                Operation::Delete => prop_assert!(created[resource] && !core::mem::replace(&mut deleted[resource], true)),
                Operation::Resize => {
                    prop_assert!(created.len() > resource && !deleted[resource], "only what lives is resized");
                    prop_assert_eq!(request.flavor, FlavorIndex(1));
                }
            }
        }
    }
}

fn creates(stream: &[IndexedRequest]) -> impl Iterator<Item = &IndexedRequest> {
    stream.iter().filter(|request| request.operation == Operation::Create)
}

#[test]
fn runs_and_seeds_differ() {
    let model = model(vec![NORMAL_30_5; 12]);
    let stream = |seed, run| sample(&model, live(5), day(&model), seed, run);
    assert_ne!(stream(1, 0), stream(1, 1));
    assert_ne!(stream(1, 0), stream(2, 0));
}

#[test]
fn mean_counts_are_the_distribution_s_mean() {
    // Batches: 30 a bin of standard deviation 5, 288 bins, 40 runs, a level with 20 % of the variance: the standard
    // error of the mean is at most 5·√((0.2 + 0.8·1.86/288)/40) = 0.36. Creates: 1·0.5 + 3·0.3 + 1·0.2 = 1.6 a batch.
    let model = model(vec![NORMAL_30_5; 288]);
    let total: usize = (0..40).map(|run| creates(&sample(&model, [], day(&model), 7, run)).count()).sum();
    let mean = total as f64 / (40.0 * 288.0);
    assert!((mean / 1.6 - 30.0).abs() < 3.0 * 0.36, "{mean}");
}

#[test]
fn counts_fall_below_each_quantile_as_often_as_it_claims() {
    let bins = ArrivalBins { tail_milli: 430, level_milli: 0, correlation_milli: 300, tenths: vec![NORMAL_30_5; 288] };
    let counts: Vec<u64> = (0..40).flat_map(|run| counts(&bins, 3, run)).collect();
    for (level, tenths) in LEVELS.into_iter().zip(NORMAL_30_5) {
        // A count n stands for the reals within n ± 1/2 that were rounded to it; half of a boundary count is below.
        let quantile = f64::from(tenths) / 10.0;
        let below = |count: u64| (quantile - (count as f64 - 0.5)).clamp(0.0, 1.0);
        let share = counts.iter().map(|&count| below(count)).sum::<f64>() / counts.len() as f64;
        // Standard error with neighbours correlated by 0.3: √(0.25/11,520 · 1.86) = 0.006; four of them.
        assert!((share - level).abs() < 0.025, "{level}: {share}");
    }
}

#[test]
fn neighbouring_bins_are_correlated_as_asked() {
    let bins =
        ArrivalBins { tail_milli: 430, level_milli: 0, correlation_milli: 600, tenths: vec![NORMAL_30_5; 5_000] };
    let counts: Vec<f64> = counts(&bins, 3, 0).into_iter().map(|count| count as f64 - 30.0).collect();
    let product = |lag: usize| counts.iter().zip(&counts[lag..]).map(|(a, b)| a * b).sum::<f64>() / counts.len() as f64;
    // Counts near to normal keep the copula's correlation; rounding adds at most 1/4 to a variance of 25. The standard
    // error of a correlation over 5,000 bins is below 0.02.
    assert!((product(1) / product(0) - 0.6).abs() < 0.06, "{}", product(1) / product(0));
    assert!((product(2) / product(0) - 0.36).abs() < 0.08, "{}", product(2) / product(0));
}

#[test]
fn taking_out_a_tenant_leaves_what_others_draw() {
    let model = model(vec![NORMAL_30_5; 12]);
    let stream = sample(&model, live(5), day(&model), 1, 0);
    let mut ordinals = std::collections::BTreeMap::<TenantIndex, u64>::new();
    for create in creates(&stream) {
        let ordinal = ordinals.entry(create.tenant).or_default();
        assert_eq!(create.draw_key & 0xffff_ffff, *ordinal, "a key counts within its tenant only");
        *ordinal += 1;
    }
}

#[test]
fn neighbours_in_a_batch_share_their_lifetime_as_often_as_asked() {
    let mut model = model(vec![NORMAL_30_5; 288]);
    model.templates.remove(1);
    model.templates[0].creates = vec![(FlavorIndex(0), 2)];
    model.templates.truncate(1);
    let stream = sample(&model, [], day(&model), 5, 0);
    let mut by_batch = std::collections::BTreeMap::<_, Vec<_>>::new();
    for create in creates(&stream) {
        by_batch.entry(create.batch).or_default().push(create.lifetime);
    }
    let pairs: Vec<_> = by_batch.values().filter(|lifetimes| lifetimes.len() == 2).collect();
    let same = pairs.iter().filter(|lifetimes| lifetimes[0] == lifetimes[1]).count() as f64 / pairs.len() as f64;
    // Some 8,600 pairs: standard error √(0.25/8,600) = 0.0054; four of them.
    assert!((same - 0.5).abs() < 0.022, "{same} of {}", pairs.len());
}

#[test]
fn lifetimes_survive_as_the_hazards_say() {
    let mut model = model(vec![NORMAL_30_5; 288]);
    model.lifetimes.shared_milli = 0;
    let stream = sample(&model, [], day(&model), 5, 0);
    let lived: Vec<_> = creates(&stream).filter(|c| c.flavor == FlavorIndex(0)).map(|c| c.lifetime.unwrap()).collect();
    // Of flavor 0 half survive an hour, 3/8 two, 3/8 · 3/4⁴ six.
    for (hours, expected) in [(1, 0.5), (2, 0.375), (6, 0.375 * 0.316_4)] {
        let survived = lived.iter().filter(|&&lifetime| lifetime > Duration::HOUR * hours).count() as f64;
        // Some 9,500 lives: standard error at most 0.0052; four of them.
        assert!((survived / lived.len() as f64 - expected).abs() < 0.021, "{hours} h: {survived} of {}", lived.len());
    }
}

#[test]
fn batches_are_drawn_as_often_as_they_were_seen() {
    let model = model(vec![NORMAL_30_5; 288]);
    let stream = sample(&model, [], day(&model), 9, 0);
    let mut batches = std::collections::BTreeMap::<_, (TenantIndex, Vec<(Instant, u32)>)>::new();
    for create in creates(&stream) {
        let batch = batches.entry(create.batch).or_insert((create.tenant, Vec::new()));
        batch.1.push((create.at, create.flavor.0));
    }
    let mut seen = std::collections::BTreeMap::<(u32, Vec<u32>), f64>::new();
    for (tenant, creates) in batches.values() {
        let mut flavors: Vec<u32> = creates.iter().map(|&(_, flavor)| flavor).collect();
        flavors.sort_unstable();
        *seen.entry((tenant.0, flavors)).or_default() += 1.0 / batches.len() as f64;
    }
    // Some 8,600 batches: standard error of a share at most 0.0054; four of them.
    for (tenant, flavors, share) in [(0, vec![0], 0.5), (1, vec![0, 0, 1], 0.3), (2, vec![1], 0.2)] {
        let found = seen.get(&(tenant, flavors)).copied().unwrap_or(0.0);
        assert!((found - share).abs() < 0.022, "tenant {tenant}: {found}, expected {share}");
    }
    assert!(seen.len() == 3, "{seen:?}");
}

#[test]
fn whose_batches_come_more_often_in_a_run_has_more_of_its_creates() {
    let mut model = model(vec![NORMAL_30_5; 288]);
    model.mix_spread_milli = 500;
    let share = |run| {
        let stream = sample(&model, [], day(&model), 9, run);
        creates(&stream).filter(|create| create.tenant == TenantIndex(0)).count() as f64
            / creates(&stream).count() as f64
    };
    let shares: Vec<f64> = (0..20).map(share).collect();
    let mean = shares.iter().sum::<f64>() / 20.0;
    let deviation = libm::sqrt(shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / 19.0);
    // Half of the batches make 0.5/1.6 of the creates. The logarithm of one factor over the others' differs by at least
    // 0.5: a share p by 0.5 p (1 − p) = 0.107, which 20 runs tell to a sixth; without factors it differs by 0.005.
    assert!((0.05..0.2).contains(&deviation), "{deviation}");
}

#[test]
fn large_batches_end_as_much_faster_as_asked() {
    let mut model = model(vec![NORMAL_30_5; 288]);
    model.lifetimes.shared_milli = 0;
    // Batches of three, of tenant 1, end three times as fast.
    model.lifetimes.paces.by_size_milli = vec![1_000, 3_000];
    let stream = sample(&model, [], day(&model), 5, 0);
    let survived = |tenant: u32| {
        let of = creates(&stream).filter(|create| (create.tenant.0, create.flavor.0) == (tenant, 0));
        let lifetimes: Vec<Duration> = of.map(|create| create.lifetime.unwrap()).collect();
        lifetimes.iter().filter(|&&lifetime| lifetime > Duration::HOUR).count() as f64 / lifetimes.len() as f64
    };
    // Half survive an hour, and 1/2³ at three times the hazard; of some 4,300 and 5,200 lives: standard errors of at most
    // 0.0077 and 0.0046, four of them.
    assert!((survived(0) - 0.5).abs() < 0.031, "{}", survived(0));
    assert!((survived(1) - 0.125).abs() < 0.019, "{}", survived(1));
}
