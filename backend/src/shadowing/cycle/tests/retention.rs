//! What is given up changes nothing of what is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::allocation::Basis;
use shared::api::JobKind;
use shared::example::{self, Happened, Primary};
use shared::request::{Operation, Request, ResourceClass};
use shared::shadow::Known;
use shared::units::{Duration, Instant, LedgerUnits, TenantIndex, Window};

use super::{Life, begin_as, block_on, catch_up, folder, midnight};
use crate::config::{Retention, ShadowingConfig};
use crate::jobs::Runner;
use crate::shadowing::primary::meter;
use crate::shadowing::{known_log, settled};
use crate::store::{Collection, CreatesOf, SqliteStore, Store, observations_in, requests_in};

/// Created on the first day, and never deleted.
const OLD: &str = "old";

/// Days of the example in all, of which two are kept.
const DAYS: i64 = 7;

fn old() -> Request {
    let created = example::START + Duration::from_minutes(7);
    serde_json::from_str(&format!(
        r#"{{"id":"{OLD}","at":"{created}","tenant":"archive","op":"create","class":"compute","resource":"{OLD}",
            "requested":{{"vcpu":3,"memory_gib":5}}}}"#
    ))
    .unwrap()
}

async fn restart(file: &std::path::Path, now: Instant, kept: Option<Duration>) -> Life {
    let store = SqliteStore::open(file).unwrap();
    let start = settled(&store, None).await.unwrap();
    let past = match &start {
        Some(_) => Some(Arc::new(crate::store::Retention::bins(&store, Duration::from_minutes(5)).await.unwrap())),
        None => None,
    };
    drop(store);
    let retention = Retention { requests: kept, ..Retention::default() };
    begin_as(file, now, |config| ShadowingConfig { retention, start, past, ..config }).await
}

/// Closes the days one by one; what is older than `kept` is given up after each, and the service is killed in between.
async fn lived(file: &std::path::Path, kept: Option<Duration>) -> Life {
    let mut life = restart(file, midnight(), kept).await;
    catch_up(&mut life).await;
    for day in 4..=DAYS {
        life.clock.set(example::day_window(day).start);
        catch_up(&mut life).await;
        give_up(&life).await;
        if day == 5 {
            drop(life);
            life = restart(file, example::day_window(day).start, kept).await;
        }
    }
    life
}

/// Does the jobs that give up requests, and none of the others.
async fn give_up(life: &Life) {
    let runner = Runner {
        store: Arc::clone(&life.store),
        board: Arc::clone(&life.board),
        config: Arc::clone(&life.cycle.config),
        keys: None,
        queue: None,
        stop: Arc::default(),
    };
    for stored in life.store.jobs(Some(JobKind::Trimming), 100).await.unwrap() {
        if !stored.job.state.is_final() {
            runner.trim(&stored).await.map_err(|_| "could not be given up").unwrap();
        }
    }
}

/// What each day that is kept whole cost each tenant, by name, and how that is known.
async fn costs(
    config: &ShadowingConfig,
    store: &dyn Store,
) -> Vec<(Basis, BTreeMap<String, LedgerUnits>, LedgerUnits)> {
    let window = Window { start: config.log_from(), end: example::day_window(DAYS).start };
    let requests = requests_in(store, window).await.unwrap();
    let received = observations_in(store, Window::ALWAYS).await.unwrap();
    let (log, contradictions) = known_log(&requests, &config.catalogue, config.start.as_ref()).unwrap();
    assert_eq!((contradictions, log.orphans), (None, 0));
    let day = |day: i64| {
        let window = example::day_window(day);
        let known = Known::new(&log, None, window.start);
        let metered = meter(config, &known, &received, window, None).unwrap();
        let (breakdown, scenario) = (&metered.end.outcome.cost, metered.scenario.scenario());
        let workload = |index: usize| breakdown.tenant(TenantIndex::from_usize(index));
        let tenants = scenario.tenants.iter().enumerate().map(|(index, tenant)| (tenant.name.clone(), workload(index)));
        (metered.basis, tenants.filter(|(_, cost)| *cost != LedgerUnits::ZERO).collect(), breakdown.total())
    };
    (DAYS - 2..DAYS).map(day).collect()
}

/// Two services of the same requests, one of which gives up what is older than two days.
async fn two(name: &str, requests: Vec<Request>, seen: Vec<Happened>) -> [Life; 2] {
    let folder = folder(name);
    let mut lives = Vec::new();
    for (name, kept) in [("all", None), ("kept", Some(Duration::DAY * 2))] {
        let file = folder.join(format!("{name}.sqlite"));
        let store = SqliteStore::open(&file).unwrap();
        store.append_requests(requests.clone()).await.unwrap();
        for (day, Happened { requests, observations }) in seen.iter().enumerate() {
            store.append_requests(requests.clone()).await.unwrap();
            let received = example::day_window(day as i64).end - Duration::from_micros(1);
            store.append_observations(observations.clone(), received).await.unwrap();
        }
        drop(store);
        lives.push(lived(&file, kept).await);
    }
    lives.try_into().map_err(|_| "two").unwrap()
}

async fn check(lives: &[Life; 2], basis: Basis) {
    let [all, kept] = lives;
    // The days that closed, to the last nano-unit: those that are given up, and those that are left.
    let documents =
        async |life: &Life| life.store.list(Collection::ActualCosts, Window::ALWAYS, 100_000).await.unwrap();
    assert_eq!(documents(kept).await, documents(all).await);
    let found = costs(&kept.cycle.config, &*kept.store).await;
    assert_eq!(found, costs(&all.cycle.config, &*all.store).await);
    assert!(found.iter().all(|(found, tenants, _)| *found == basis && tenants.len() > 2), "{found:?}");
    // Nothing is left of what ended before the first day that is kept and the one before it, but for who lives.
    let cut = example::day_window(DAYS - 3).start;
    assert_eq!(kept.cycle.config.log_from(), cut);
    let old = requests_in(&*kept.store, Window { end: cut, ..Window::ALWAYS }).await.unwrap();
    assert!(old.iter().all(|request| request.operation == Operation::Create), "{old:?}");
    let (summary, whole) = (kept.store.summary().await.unwrap(), all.store.summary().await.unwrap());
    assert_eq!((summary.ever(), summary.requests_from), (whole.requests, Some(cut)));
    assert!(summary.requests < whole.requests / 2 + 100, "{summary:?}");
    assert_eq!(summary.first, whole.first);
    // Models learn from the same counts.
    let series = async |life: &Life| {
        let config = &life.cycle.config;
        let end = example::day_window(DAYS).start;
        let requests = requests_in(&*life.store, Window { start: config.log_from(), end }).await.unwrap();
        let (log, _) = known_log(&requests, &config.catalogue, config.start.as_ref()).unwrap();
        let known = config.known(&log, end);
        (known.series(config.bin, 50), known.tenant_names().iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(series(kept).await, series(all).await);
    let window = Window { start: example::START, end: example::day_window(DAYS).start };
    for tenant in [None, Some(old[0].tenant.clone())] {
        let of = CreatesOf { tenant, class: Some(ResourceClass::Compute), flavor: None };
        let count = async |life: &Life| life.store.count_creates(window, Duration::DAY, of.clone()).await.unwrap();
        assert_eq!(count(kept).await, count(all).await);
    }
}

#[test]
fn what_is_given_up_changes_no_cost_and_no_count_where_placements_are_simulated() {
    block_on(async {
        let window = Window { start: example::START, end: example::day_window(DAYS).start };
        let mut requests = example::requests_between(example::SEED, window);
        requests.push(old());
        let lives = two("retention-hosted", requests, Vec::new()).await;
        check(&lives, Basis::Simulated).await;
        let [_, kept] = &lives;
        // Who was created a week ago and lives is known, and is what it was.
        assert_eq!(kept.store.request(OLD.to_owned()).await.unwrap(), Some(old()));
        assert!(kept.cycle.predicted.as_ref().unwrap().lives.contains(&OLD.to_owned()));
        // A service that is started with other machines has everybody who lives placed on those.
        let mut other = ShadowingConfig::clone(&kept.cycle.config);
        other.assumed.fleet.node_groups[0].name = "other".to_owned();
        let tenants = async |config: &ShadowingConfig| {
            let days = costs(config, &*kept.store).await;
            days.into_iter().map(|(_, tenants, _)| tenants.into_keys().collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let anew = tenants(&other).await;
        assert_eq!(anew, tenants(&kept.cycle.config).await);
        assert!(anew.iter().all(|tenants| tenants.contains(&"archive".to_owned())), "{anew:?}");
    });
    let _ = std::fs::remove_dir_all(folder("retention-hosted"));
}

#[test]
fn what_is_given_up_changes_no_cost_and_no_count_where_placements_are_observed() {
    block_on(async {
        let mut primary = Primary::new(example::SEED, example::START);
        let seen = (0..DAYS).map(|day| primary.advance(example::day_window(day).end)).collect();
        let lives = two("retention-observed", Vec::new(), seen).await;
        check(&lives, Basis::Metered).await;
    });
    let _ = std::fs::remove_dir_all(folder("retention-observed"));
}
