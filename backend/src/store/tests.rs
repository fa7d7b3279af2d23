//! What every store does, tried on each that there is.

mod keys;
mod ledger;
mod notifications;
pub(super) mod places;
mod remote_writes;
mod retention;

use shared::api::{JobKind, JobState, Progress};
use shared::features::SensorReading;
use shared::request::{Observation, Received, Request, ResourceClass};
use shared::units::{Duration, Instant, Window};

use self::places::on_each;
use super::{
    Appended, Collection, CreatesOf, Document, JobEnd, LogKey, LogSummary, ObservationKey, observations_in, requests_in,
};

pub(super) fn at(seconds: i64) -> Instant {
    Instant::from_micros(0) + Duration::from_seconds(seconds)
}

pub(super) fn create(id: &str, seconds: i64) -> Request {
    let text = format!(
        r#"{{"id":"{id}","at":"{}","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":2}}}}"#,
        at(seconds)
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn requests_are_found_by_how_their_ids_begin_and_observations_by_their_request() {
    on_each("beginnings", async |place| {
        let store = place.store().await;
        let ids = ["pod/shop/db-1@b", "pod/shop/db-1@a", "pod/shop/db-10@a", "pod/shop/db-1"];
        let batch: Vec<Request> = ids.iter().zip(1..).map(|(id, second)| create(id, second)).collect();
        store.append_requests(batch).await.unwrap();
        let with = ["pod/shop/db-1@", "pod/shop/db-2@"].map(str::to_owned).to_vec();
        let found = store.requests_beginning(with).await.unwrap();
        let found: Vec<Vec<&str>> =
            found.iter().map(|of_one| of_one.iter().map(|request| request.id.as_str()).collect()).collect();
        // In order of time: the first was made first.
        assert_eq!(found, [vec!["pod/shop/db-1@b", "pod/shop/db-1@a"], vec![]]);
        let seen = |request: &str, node: &str| Observation {
            request: request.to_owned(),
            node: Some(node.to_owned()),
            ..Observation::default()
        };
        store.append_observations(vec![seen("b", "n-1"), seen("a", "n-2"), seen("b", "n-3")], at(9)).await.unwrap();
        let found = store.observations_of(vec!["b".to_owned(), "c".to_owned()]).await.unwrap();
        assert_eq!(found, [vec![seen("b", "n-1"), seen("b", "n-3")], vec![]]);
    });
}

#[test]
fn an_id_is_one_request_wherever_it_stands_in_time() {
    on_each("ids", async |place| {
        let store = place.store().await;
        let moved = create("a", 2);
        let batch = vec![create("b", 1), create("a", 1), create("a", 1), moved];
        let answers = store.append_requests(batch).await.unwrap();
        assert_eq!(answers, [Appended::Accepted, Appended::Accepted, Appended::Duplicate, Appended::Conflict]);
        drop(store);
        let store = place.store().await;
        let window = Window { start: at(0), end: at(2) };
        let ids: Vec<String> = requests_in(&*store, window).await.unwrap().into_iter().map(|r| r.id).collect();
        assert_eq!(ids, ["a", "b"], "in order of (at, id), after a restart");
        let rest = store.scan_requests(LogKey { at: at(1), id: "a".to_owned() }, at(9), 10).await.unwrap();
        assert_eq!(rest.len(), 1, "a scan goes on after its key");
        let of_acme = CreatesOf { tenant: Some("acme".to_owned()), ..CreatesOf::default() };
        let counts = store.count_creates(window, Duration::from_seconds(1), of_acme.clone()).await.unwrap();
        assert_eq!(counts, [(at(1), 2)]);
        for (class, flavor, count) in [
            (Some(ResourceClass::Compute), None, 2),
            (Some(ResourceClass::Storage), None, 0),
            (None, Some("m5.large"), 0),
        ] {
            let of = CreatesOf { class, flavor: flavor.map(str::to_owned), ..of_acme.clone() };
            let counts = store.count_creates(window, Duration::from_seconds(1), of).await.unwrap();
            assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), count, "{class:?}, {flavor:?}");
        }
    });
}

/// What is said without counting is what a file that is opened anew counts.
#[test]
fn records_are_counted_as_they_come_and_go() {
    let counts = |summary: LogSummary| (summary.requests, summary.observations, summary.readings);
    let reading =
        |seconds, value| SensorReading { at: at(seconds), sensor: "cpu".to_owned(), scope: String::new(), value };
    let observed: Observation = serde_json::from_str(r#"{"request":"a","admitted":true}"#).unwrap();
    on_each("counts", async |place| {
        let store = place.store().await;
        store.append_requests(vec![create("a", 1), create("a", 1), create("b", 5), create("a", 9)]).await.unwrap();
        store.append_observations(vec![observed.clone(), observed.clone()], at(4)).await.unwrap();
        store.append_readings(vec![reading(1, 0.5), reading(1, 0.5), reading(1, 0.7), reading(6, 0.5)]).await.unwrap();
        assert_eq!(counts(store.summary().await.unwrap()), (2, 1, 2));
        store.forget_before(at(5)).await.unwrap();
        assert_eq!(counts(store.summary().await.unwrap()), (1, 0, 1));
        drop(store);
        assert_eq!(counts(place.store().await.summary().await.unwrap()), (1, 0, 1));
    });
}

#[test]
fn observations_are_scanned_in_the_order_in_which_they_came_in() {
    on_each("observations", async |place| {
        let store = place.store().await;
        let seen = |request: &str| Observation { request: request.to_owned(), ..Observation::default() };
        let batch = vec![seen("b"), seen("a"), seen("b")];
        let answers = store.append_observations(batch, at(5)).await.unwrap();
        assert_eq!(answers, [Appended::Accepted, Appended::Accepted, Appended::Duplicate]);
        store.append_observations(vec![seen("c")], at(4)).await.unwrap();
        let ids = |received: Vec<Received>| -> Vec<String> {
            received.into_iter().map(|received| received.observation.request).collect()
        };
        let window = |start, end| Window { start: at(start), end: at(end) };
        assert_eq!(ids(observations_in(&*store, window(0, 6)).await.unwrap()), ["b", "a", "c"]);
        assert_eq!(ids(observations_in(&*store, window(0, 5)).await.unwrap()), ["c"], "what came later is not known");
        let first = store.scan_observations(ObservationKey::default(), window(0, 6), 1).await.unwrap();
        let rest = store.scan_observations(first[0].0, window(0, 6), 9).await.unwrap();
        assert_eq!(ids(rest.into_iter().map(|(_, received)| received).collect()), ["a", "c"]);
    });
}

#[test]
fn a_job_is_claimed_once_and_queued_again_after_a_restart() {
    on_each("jobs", async |place| {
        let store = place.store().await;
        let first = store.submit(JobKind::Retraining, "{}".to_owned(), at(0)).await.unwrap();
        let second = store.submit(JobKind::ShadowRun, "{}".to_owned(), at(0)).await.unwrap();
        // Trainings wait for all else.
        assert_eq!(store.claim(at(1)).await.unwrap().unwrap().job.id, second.id);
        assert_eq!(store.claim(at(1)).await.unwrap().unwrap().job.id, first.id);
        assert_eq!(store.claim(at(1)).await.unwrap(), None);
        let progress = Progress { done: 2, total: 3 };
        let end = JobEnd::Succeeded("1".to_owned());
        assert!(store.finish(second.id.clone(), end, progress, at(2)).await.unwrap());
        assert!(!store.finish(second.id.clone(), JobEnd::Cancelled, progress, at(3)).await.unwrap(), "it has ended");
        let ended = store.job(second.id).await.unwrap().unwrap().job.progress;
        assert_eq!(ended, Progress { done: 3, total: 3 }, "all of it, once it has succeeded");
        drop(store);
        let store = place.store().await;
        assert_eq!(store.requeue_running(Some(at(3))).await.unwrap(), 1);
        let again = store.claim(at(4)).await.unwrap().unwrap();
        assert_eq!((&again.job.id, again.job.state, again.job.attempts), (&first.id, JobState::Running, 2));
        // The second kill with it is a reason to wait for 10 seconds, the third for 20; a service that ends is none.
        assert_eq!(store.requeue_running(Some(at(10))).await.unwrap(), 1);
        assert_eq!(store.claim(at(19)).await.unwrap(), None);
        assert!(store.claim(at(20)).await.unwrap().is_some());
        assert!(store.release(first.id.clone()).await.unwrap() && !store.release(first.id.clone()).await.unwrap());
        assert_eq!(store.claim(at(20)).await.unwrap().unwrap().job.attempts, 3);
        assert_eq!(store.requeue_running(Some(at(30))).await.unwrap(), 1);
        let waits = store.job(first.id.clone()).await.unwrap().unwrap().job;
        assert_eq!(waits.retry_at, Some(at(50)));
        assert_eq!(waits.failure.as_deref(), Some("the service was killed while it ran (begun 3 times)"));
        assert!(store.claim(at(50)).await.unwrap().is_some());
        assert_eq!(store.requeue_running(None).await.unwrap(), 1);
        assert!(store.claim(at(50)).await.unwrap().is_some(), "nothing waits in a replay");
    });
}

#[test]
fn what_came_of_a_job_is_written_with_its_end_or_not_at_all() {
    on_each("ends", async |place| {
        let store = place.store().await;
        let document =
            |key: &str| (Collection::Models, Document { key: key.to_owned(), at: at(0), body: "1".to_owned() });
        let asked = (Collection::Decisions, document("asked").1);
        for _ in 0..2 {
            // The same decision after a kill asks for nothing twice.
            store.put_and_submit(vec![asked.clone()], JobKind::Retraining, "at 0".to_owned(), at(0)).await.unwrap();
        }
        store.put_and_submit(vec![asked], JobKind::Retraining, "at 1".to_owned(), at(1)).await.unwrap();
        let jobs = store.jobs(None, 10).await.unwrap();
        assert_eq!(jobs.iter().map(|stored| stored.input.as_str()).collect::<Vec<_>>(), ["at 1", "at 0"]);

        let finish = async |id: &str, key: &str| {
            let end = JobEnd::Succeeded("{}".to_owned());
            let documents = vec![document(key)];
            store.finish_with(id.to_owned(), end, Progress::default(), at(2), documents).await.unwrap()
        };
        let there = async |key: &str| store.get(Collection::Models, key.to_owned()).await.unwrap().is_some();
        let [second, first] = &jobs[..] else { panic!("{jobs:?}") };
        assert!(finish(&first.job.id, "first").await && there("first").await);
        store.finish(second.job.id.clone(), JobEnd::Cancelled, Progress::default(), at(2)).await.unwrap();
        assert!(!finish(&second.job.id, "second").await && !there("second").await, "it was cancelled before");
        assert!(!finish(&first.job.id, "again").await && !there("again").await, "it has ended");
    });
}
