//! Days that close one after the other, and what each knows of those before it.

use shared::allocation::Grouping;
use shared::api::WindowReport;
use shared::example;
use shared::units::{Duration, LedgerUnits, Window};

use super::{begin_keeping, block_on, catch_up, folder, midnight, reports};
use crate::store::{SqliteStore, Store, read_documents_of};

#[test]
fn every_day_closes_though_the_log_begins_later_each_day() {
    let folder = folder("keep");
    block_on(async {
        let file = folder.join("store.sqlite");
        let window = Window { start: example::START, end: midnight() + Duration::DAY * 5 };
        let requests = example::requests_between(example::SEED, window);
        // Whoever is first on a day is the first tenant of the log that begins with it.
        let first_on = |day: i64| {
            let day = example::day_window(day);
            requests.iter().find(|request| day.contains(request.at)).unwrap().tenant.clone()
        };
        assert!((0..4).any(|day| first_on(day) != first_on(day + 1)), "tenants change their order");
        let store = SqliteStore::open(&file).unwrap();
        store.append_requests(requests.clone()).await.unwrap();
        drop(store);
        let mut life = begin_keeping(&file, midnight(), Some(Duration::DAY * 2)).await;
        catch_up(&mut life).await;
        let mut closed = Vec::new();
        for day in 0..4 {
            let day = midnight() + Duration::DAY * day;
            *life.clock.0.lock().unwrap() = day + Duration::DAY;
            catch_up(&mut life).await;
            // What is older than two days is forgotten.
            let reports = reports(&life).await;
            assert_eq!(reports.last().map(|report| report.at), Some(day));
            let by_tenant: Vec<WindowReport> = read_documents_of(&reports, Grouping::Tenant.as_str()).unwrap();
            closed.extend(by_tenant.into_iter().last());
        }
        check_areas(&closed);
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// The areas of the last report know what the same lines were in the two before it, which were not yet forgotten when it
/// was written.
fn check_areas(closed: &[WindowReport]) {
    let [_, before @ .., last] = closed else { panic!("there are four days") };
    assert!(!last.report.optimization_areas.is_empty());
    for area in &last.report.optimization_areas {
        let history: Vec<_> = area.history.iter().map(|earlier| (earlier.window, earlier.variance)).collect();
        let nothing = LedgerUnits::ZERO.to_money(last.report.currency);
        let expected = before.iter().map(|WindowReport { report, .. }| {
            let row = report.rows.iter().find(|row| row.kind == area.kind && row.name == area.name);
            let line = row.and_then(|row| row.causes.iter().find(|line| line.cause == area.cause));
            (report.window, line.map_or(Some(nothing), |line| line.amount))
        });
        assert_eq!(history, expected.collect::<Vec<_>>(), "{area:?}");
    }
}
