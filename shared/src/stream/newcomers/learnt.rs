//! Who appeared in the later half of a history, and how.

use std::collections::BTreeMap;

use super::rate::slots;
use super::{Newcomer, Newcomers, SEEN_MAX};
use crate::stream::batches::Batch;
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// In the beginning of a log everybody is new: so much of it, at least, only says who was there.
const BEFORE_MIN: Duration = Duration::from_seconds(86_400);
/// Who appeared earlier says little of who appears next.
const OVER_MAX: Duration = Duration::from_seconds(28 * 86_400);
/// So many days of each are learnt.
const DAYS: i64 = 7;
/// A day of which less was seen says nothing.
const SEEN_OF_A_DAY: Duration = Duration::from_seconds(6 * 3_600);
/// How many are remembered: the last ones.
const LIKE_MAX: usize = 8;
/// How many kinds of batches of each: the frequent ones.
const BATCHES_MAX: usize = 6;

/// Newcomers among the tenants of `batches`, for a forecast over `horizon`.
pub(in crate::stream) fn newcomers(batches: &[Batch], origin: Instant, horizon: Duration) -> Newcomers {
    let Some(start) = batches.iter().map(|batch| batch.first).min() else { return Newcomers::default() };
    let over = Duration::from_micros((origin - start).micros() / 2).min(OVER_MAX);
    if over < BEFORE_MIN {
        return Newcomers::default();
    }
    let mut firsts: BTreeMap<TenantIndex, Instant> = BTreeMap::new();
    for batch in batches {
        let first = firsts.entry(batch.tenant).or_insert(batch.first);
        *first = batch.first.min(*first);
    }
    let tenants = firsts.keys().next_back().map_or(0, |last| last.0 + 1);
    let mut new: Vec<(Instant, TenantIndex)> = firsts.into_iter().map(|(tenant, first)| (first, tenant)).collect();
    new.retain(|&(first, _)| first >= origin - over);
    if new.is_empty() {
        return Newcomers::default();
    }
    new.sort_unstable();
    let seen = u32::try_from(new.len()).unwrap_or(SEEN_MAX).min(SEEN_MAX);
    let known_well: Vec<_> = new.iter().filter(|(first, _)| origin - *first >= SEEN_OF_A_DAY).copied().collect();
    let learnt_from = if known_well.is_empty() { &new } else { &known_well };
    let mut everybody: Vec<Instant> = batches.iter().map(|batch| batch.first).collect();
    everybody.sort_unstable();
    let like = learnt_from[learnt_from.len().saturating_sub(LIKE_MAX)..].iter();
    Newcomers {
        first: TenantIndex(tenants),
        slots: slots(seen, over, horizon),
        seen,
        over,
        like: like.map(|&(first, tenant)| beginning(tenant, first, batches, &everybody, origin)).collect(),
    }
}

/// The first days of a tenant; `everybody` are the instants of all batches, in order.
fn beginning(
    tenant: TenantIndex,
    first: Instant,
    batches: &[Batch],
    everybody: &[Instant],
    origin: Instant,
) -> Newcomer {
    let early = |batch: &&Batch| batch.tenant == tenant && batch.first < first + Duration::DAY * DAYS;
    let own: Vec<&Batch> = batches.iter().filter(early).collect();
    let mut share_millionths = Vec::new();
    for day in 0..DAYS {
        let start = first + Duration::DAY * day;
        let end = (start + Duration::DAY).min(origin);
        if day > 0 && (start >= origin || end - start < SEEN_OF_A_DAY) {
            break;
        }
        let of_day = own.iter().filter(|batch| batch.first >= start && batch.first < end).count();
        let all = everybody.partition_point(|&at| at < end) - everybody.partition_point(|&at| at < start);
        let beyond_first = of_day - usize::from(day == 0);
        share_millionths.push((beyond_first as f64 / all.max(1) as f64 * 1e6 + 0.5) as u32);
    }
    let mut kinds: BTreeMap<&[(FlavorIndex, u32)], u32> = BTreeMap::new();
    for batch in own {
        *kinds.entry(&batch.creates).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    kinds.truncate(BATCHES_MAX);
    kinds.sort_unstable();
    Newcomer {
        share_millionths,
        batches: kinds.into_iter().map(|(creates, count)| (creates.to_vec(), count)).collect(),
    }
}
