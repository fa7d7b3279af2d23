//! What is given up, a few records at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::features::{PastBin, PastBins, PastCreates, SensorReading};
use shared::request::{Observation, ResourceClass, Stretch};
use shared::units::{Duration, Instant, Window};

use super::places::on_each;
use super::{at, create};
use crate::store::{Carry, CreatesOf, Document, LogKey, Trim, Trimmed};

const BIN: Duration = Duration::from_seconds(300);

/// The log goes on from an instant.
fn carry(from: Instant) -> Carry {
    let document = Document { key: "carried".to_owned(), at: from, body: "{}".to_owned() };
    Carry { document, from, input: "{}".to_owned(), now: from }
}

#[test]
fn requests_go_step_by_step_but_for_those_that_are_kept() {
    on_each("trim", async |place| {
        let store = place.store().await;
        let ids = ["a", "b", "c", "d", "e"];
        store.append_requests(ids.iter().zip(1..).map(|(id, second)| create(id, second)).collect()).await.unwrap();
        let seen = |id: &str| Observation { request: id.to_owned(), admitted: Some(true), ..Observation::default() };
        store.append_observations(ids.map(seen).to_vec(), at(9)).await.unwrap();
        let kept = Arc::new(BTreeSet::from(["b".to_owned()]));
        let mut step = Trim { before: at(5), kept, after: LogKey::from(at(0)), limit: 2 };
        let first = store.trim(step.clone()).await.unwrap();
        assert_eq!(
            first,
            Trimmed { requests: 1, observations: 1, next: Some(LogKey { at: at(2), id: "b".to_owned() }) }
        );
        // A kill comes in between: the next service begins anew, and finds what is left.
        drop(store);
        let store = place.store().await;
        let mut gone = first.requests;
        loop {
            let trimmed = store.trim(step.clone()).await.unwrap();
            gone += trimmed.requests;
            let Some(next) = trimmed.next else { break };
            step.after = next;
        }
        let summary = store.summary().await.unwrap();
        assert_eq!((gone, summary.gone, summary.requests, summary.observations, summary.ever()), (3, 3, 2, 2, 5));
        let left = store.scan_requests(LogKey::from(at(0)), at(10), 10).await.unwrap();
        assert_eq!(left.into_iter().map(|request| request.id).collect::<Vec<_>>(), ["b", "e"]);
    });
}

#[test]
fn readings_have_the_same_means_when_they_are_added_up() {
    on_each("bin-readings", async |place| {
        let store = place.store().await;
        let reading = |second: i64, scope: &str, value: f64| SensorReading {
            at: at(second),
            sensor: "cpu_load".to_owned(),
            scope: scope.to_owned(),
            value,
        };
        let readings = [(10, "a", 1.0), (20, "a", 2.0), (30, "b", 9.0), (310, "a", 5.0), (610, "a", 7.0)];
        store
            .append_readings(readings.map(|(second, scope, value)| reading(second, scope, value)).to_vec())
            .await
            .unwrap();
        let means = async || store.mean_readings(Window { start: at(0), end: at(900) }, BIN).await.unwrap();
        let before = means().await;
        // By hand: (1 + 2 + 9) / 3, then one each.
        assert_eq!(before.iter().map(|mean| mean.value).collect::<Vec<_>>(), [4.0, 5.0, 7.0]);
        let mut binned = Vec::new();
        loop {
            let count = store.bin_readings(at(600), BIN, 2).await.unwrap();
            binned.push(count);
            if count < 2 {
                break;
            }
        }
        assert_eq!(binned, [2, 2, 0], "the last one is not old");
        assert_eq!(means().await, before);
        assert_eq!(store.summary().await.unwrap().readings, 1);
    });
}

#[test]
fn bins_count_where_requests_are_gone_until_they_are_gone_too() {
    on_each("bins", async |place| {
        let store = place.store().await;
        store.append_requests(vec![create("r", 700)]).await.unwrap();
        let bin = |second: i64, tenant: u32, count: u64| PastBin {
            at: at(second),
            stretch: Stretch { first: at(second + 1), last: at(second + 2), longest: Duration::from_seconds(1) },
            batches: 1,
            creates: vec![PastCreates { tenant, class: ResourceClass::Compute, count }],
        };
        let bins = vec![bin(0, 0, 3), bin(300, 1, 4)];
        let tenants = ["acme".to_owned(), "zeta".to_owned()];
        store.put_bins(bins.clone(), tenants.to_vec()).await.unwrap();
        let counts = async |tenant: Option<&str>| {
            let of = CreatesOf { tenant: tenant.map(str::to_owned), ..CreatesOf::default() };
            store.count_creates(Window { start: at(0), end: at(900) }, BIN, of).await.unwrap()
        };
        // Until the log is told so, it begins with its first request, and what is written is of no use.
        assert_eq!(counts(None).await, [(at(600), 1)]);
        assert!(store.bins(BIN).await.unwrap().bins.is_empty());
        store.carry_on(carry(at(600))).await.unwrap();
        assert_eq!(counts(None).await, [(at(0), 3), (at(300), 4), (at(600), 1)]);
        assert_eq!(counts(Some("zeta")).await, [(at(300), 4)]);
        let PastBins { bins: read, tenants: names, .. } = store.bins(BIN).await.unwrap();
        assert_eq!((read, names.iter().collect::<Vec<_>>()), (bins, vec!["acme", "zeta"]));
        let summary = store.summary().await.unwrap();
        assert_eq!((summary.first, summary.requests_from, summary.bins_from), (Some(at(1)), Some(at(600)), None));
        assert_eq!(store.forget_bins(at(300), 10).await.unwrap(), 1);
        assert_eq!(counts(None).await, [(at(300), 4), (at(600), 1)]);
        assert_eq!(store.summary().await.unwrap().bins_from, Some(at(300)));
        assert_eq!(store.forget_bins(at(300), 10).await.unwrap(), 0);
    });
}
