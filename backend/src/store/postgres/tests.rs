use std::collections::BTreeSet;
use std::sync::Arc;

use shared::request::Request;
use shared::units::Instant;

use super::PostgresStore;
use crate::store::tests::places::{Postgres, address, block_on, open, server, skipped};
use crate::store::tests::{at, create};
use crate::store::{Appended, LogKey, Retention, Store, StoreError, Trim};

/// One request of each of so many weeks.
fn weekly(weeks: i64) -> Vec<Request> {
    (0..weeks).map(|week| create(&format!("r-{week}"), week * 7 * 86_400 + 5)).collect()
}

fn database(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[test]
fn a_newer_database_is_refused() {
    let Some(server) = server() else { return };
    let url = server.database();
    block_on(async {
        assert_eq!(PostgresStore::open_to_read(&address(&url)).await.err(), Some(StoreError::NoLedger { found: 0 }));
        drop(open(&url).await);
        assert!(PostgresStore::open_to_read(&address(&url)).await.is_ok());
    });
    server.execute(database(&url), "UPDATE schema_version SET version = 99");
    let too_new = Some(StoreError::TooNew { found: 99, known: 1 });
    block_on(async {
        assert_eq!(PostgresStore::open(&address(&url)).await.err(), too_new);
        assert_eq!(PostgresStore::open_to_read(&address(&url)).await.err(), too_new);
    });
}

#[test]
fn what_an_index_or_a_text_cannot_hold_is_refused_and_nothing_of_its_batch_is_taken() {
    let Some(server) = server() else { return };
    block_on(async {
        let store = open(&server.database()).await;
        for (id, part) in
            [("a\0b".to_owned(), "the id \"a\\0b\" has a NUL character"), ("x".repeat(2_001), "has 2001 bytes")]
        {
            let request = Request { id, ..create("a", 1) };
            let error = store.append_requests(vec![create("before", 1), request]).await.unwrap_err();
            assert!(matches!(&error, StoreError::Unfit(message) if message.contains(part)), "{error}");
        }
        assert_eq!(store.summary().await.unwrap().requests, 0);
        assert_eq!(store.append_requests(vec![create("before", 1)]).await.unwrap(), [Appended::Accepted]);
    });
}

#[test]
fn partitions_come_with_requests_and_go_with_the_last_of_theirs() {
    let Some(server) = server() else { return };
    let url = server.database();
    let partitions = || {
        server.rows(
            database(&url),
            "SELECT relname::text FROM pg_class WHERE relname LIKE 'requests_1970%' AND relkind = 'r' ORDER BY 1",
        )
    };
    block_on(async {
        let store = open(&url).await;
        store.append_requests(weekly(3)).await.unwrap();
        let kept = Arc::new(BTreeSet::from(["r-1".to_owned()]));
        let trim = Trim { before: at(3 * 7 * 86_400), kept, after: LogKey::from(at(0)), limit: 10 };
        assert_eq!(store.trim(trim).await.unwrap().requests, 2);
        assert_eq!(
            store.append_requests(weekly(3)).await.unwrap(),
            [Appended::Accepted, Appended::Duplicate, Appended::Accepted]
        );
    });
    assert_eq!(partitions(), ["requests_1970_01_01", "requests_1970_01_08", "requests_1970_01_15"]);
    block_on(async {
        let store = open(&url).await;
        let trim = Trim { before: at(2 * 7 * 86_400), kept: Arc::default(), after: LogKey::from(at(0)), limit: 10 };
        store.trim(trim).await.unwrap();
        let left = store.scan_requests(LogKey::from(Instant::from_micros(0)), at(9 * 7 * 86_400), 9).await.unwrap();
        assert_eq!(left.into_iter().map(|request| request.id).collect::<Vec<_>>(), ["r-2"]);
    });
    assert_eq!(partitions(), ["requests_1970_01_15"]);
}

#[test]
fn two_that_write_the_same_at_once_have_it_once() {
    let Some(server) = server() else { return };
    let url = server.database();
    let batches =
        || (0..20).map(|batch| (0..100).map(|n| create(&format!("{batch}-{n}"), n)).rev().collect::<Vec<_>>());
    let write = || {
        block_on(async {
            let store = open(&url).await;
            let mut accepted = 0;
            for batch in batches() {
                let answers = store.append_requests(batch).await.unwrap();
                accepted += answers.iter().filter(|answer| **answer == Appended::Accepted).count();
            }
            (accepted, store.summary().await.unwrap().requests)
        })
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(write);
        (write(), first.join().unwrap())
    });
    assert_eq!(first.0 + second.0, 2_000);
    assert_eq!(first.1.max(second.1), 2_000, "whoever asks is told what both wrote");
}

#[test]
fn one_process_holds_the_database_and_the_next_takes_it_when_it_is_given_up_or_dead() {
    let Some(server) = server() else { return };
    let url = server.database();
    block_on(async {
        let first = PostgresStore::hold(&address(&url), false).await.unwrap();
        first.append_requests(weekly(1)).await.unwrap();
        let error = PostgresStore::hold(&address(&url), false).await.err().unwrap();
        assert!(matches!(&error, StoreError::Held { holder } if holder.starts_with("process ")), "{error}");
        first.give_up().await.unwrap();
        let mut second = PostgresStore::hold(&address(&url), false).await.unwrap();
        assert!(matches!(first.append_requests(weekly(2)).await, Err(StoreError::Held { .. })), "it was given up");
        assert_eq!(second.append_requests(weekly(2)).await.unwrap(), [Appended::Duplicate, Appended::Accepted]);
        // As if the second one had been dead for as long as it held.
        server.execute(database(&url), "UPDATE lease SET until = now() - interval '1 second'");
        let third = PostgresStore::hold(&address(&url), true).await.unwrap();
        assert!(second.append_requests(weekly(3)).await.is_err());
        assert!(second.lost().unwrap().await.is_ok(), "it hears of it");
        assert_eq!(third.summary().await.unwrap().requests, 2);
    });
}

#[test]
fn a_server_that_ends_is_unavailable_and_found_again_when_it_is_back() {
    let server = match Postgres::new() {
        Ok(server) => server,
        Err(why) => return skipped(&why),
    };
    block_on(async {
        let store = open(&server.database()).await;
        store.append_requests(weekly(1)).await.unwrap();
        server.stop().unwrap();
        for _ in 0..2 {
            assert!(matches!(store.append_requests(weekly(2)).await, Err(StoreError::Unavailable(_))));
            assert!(matches!(store.summary().await, Err(StoreError::Unavailable(_))));
        }
        server.start().unwrap();
        // Longer than what an attempt came to is told before there is another.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(store.summary().await.unwrap().requests, 1);
        assert_eq!(store.append_requests(weekly(2)).await.unwrap(), [Appended::Duplicate, Appended::Accepted]);
    });
}
