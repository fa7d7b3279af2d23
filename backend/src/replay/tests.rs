//! The whole loop on the example's recorded requests.

mod thirty_days;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use shared::api::UnreportedWindow;
use shared::example;
use shared::feedback::{Decision, TriggerSettings, Verdict};
use shared::request::{Catalogue, Request};
use shared::scenario::Scenario;
use shared::units::{Duration, Instant, Window};

use super::{ReplaySummary, replay};
use crate::config::{ReplayConfig, ReplayedWorld, ShadowingConfig};
use crate::jobs::Runner;
use crate::shadowing::{Board, Cycle, Horizons, Recording, Schedule, UNREPORTED, VirtualClock};
use crate::store::{Collection, SqliteStore, Store, read_documents};

/// The first of the days that are replayed.
const FIRST_DAY: i64 = 8;

/// As they are unless said otherwise, but that no log is so short, and no model so bad, that it is worth a training.
fn unhurried() -> TriggerSettings {
    TriggerSettings { new_data: 1000.0, wape_limit: 10.0, windows_min: 3, ..TriggerSettings::default() }
}

/// What is left of a replay.
struct Replayed {
    summary: ReplaySummary,
    decisions: Vec<Decision>,
    /// The reports by tenant, as JSON.
    reports: Vec<serde_json::Value>,
    /// Days without a report, and why.
    unreported: Vec<UnreportedWindow>,
}

/// Requests of the example from a day on.
fn days_from(first: i64, count: i64) -> Vec<Request> {
    let window = Window { start: example::day_window(first).start, end: example::day_window(first + count).start };
    example::requests_between(seed(), window)
}

/// The example's own, or so many after it as `SHADOWPLANE_SEED` says, on which no limit was set.
fn seed() -> u64 {
    example::SEED + std::env::var("SHADOWPLANE_SEED").map_or(0, |beyond| beyond.parse().expect("a number"))
}

fn days(count: i64) -> Vec<Request> {
    days_from(FIRST_DAY, count)
}

fn replayed(
    name: &str,
    requests: Vec<Request>,
    speed: f64,
    change: impl FnOnce(ShadowingConfig) -> ShadowingConfig,
) -> Replayed {
    let folder = std::env::temp_dir().join(format!("shadowplane-replay-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let recording = Recording::new(requests, Vec::new(), Vec::new(), Vec::new());
    let (start, end) = (recording.begins().unwrap(), recording.ends());
    let world = ReplayedWorld::Recorded(Arc::new(recording));
    // Little of everything: what is tested is that it comes to the same end, and when it trains.
    let assumed = Scenario { runs: 1, ..example::scenario() };
    let system = ShadowingConfig::system(assumed, Catalogue::default());
    let system = ShadowingConfig { training_steps: 2, refresh: Duration::DAY, ..system };
    let system = change(system);
    let config = Arc::new(system.replaying(ReplayConfig { speed, start, end, exit: true, resume: false, world }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let replayed = runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("replay.sqlite")).unwrap());
        let board = Arc::new(Board::default());
        let stop = Arc::new(AtomicBool::new(false));
        let jobs = Runner {
            store: Arc::clone(&store),
            board: Arc::clone(&board),
            config: Arc::clone(&config),
            keys: None,
            queue: None,
            stop,
        };
        let clock = Arc::new(VirtualClock::new(start, speed));
        let mut cycle = Cycle::begin(Arc::clone(&store), Arc::clone(&board), clock, Arc::clone(&config)).await.unwrap();
        assert!(replay(&mut cycle, &jobs).await.unwrap());
        assert_eq!(Some(board.snapshot().now), end, "the clock stands still at the end");
        let decisions = store.list(Collection::Decisions, Window::ALWAYS, usize::MAX).await.unwrap();
        let reports = store.list(Collection::Reports, Window::ALWAYS, usize::MAX).await.unwrap();
        let of = |key: &str| reports.iter().filter(|report| report.key.starts_with(key)).cloned().collect::<Vec<_>>();
        Replayed {
            summary: ReplaySummary::new(&*store, &board, &config).await.unwrap(),
            decisions: read_documents(&decisions).unwrap(),
            reports: read_documents(&of("tenant/")).unwrap(),
            unreported: read_documents(&of(UNREPORTED)).unwrap(),
        }
    });
    std::fs::remove_dir_all(folder).unwrap();
    replayed
}

/// The first training that was asked for after an instant because demand had moved.
fn drift_after(decisions: &[Decision], at: Instant) -> Option<&Decision> {
    let drifted = |decision: &&Decision| {
        decision.verdict == Verdict::Retrain && decision.at > at && decision.reason.contains("demand_drift")
    };
    decisions.iter().find(drifted)
}

#[test]
fn two_replays_come_to_the_same_end_however_fast_they_are() {
    // The level of a tenant shifts on the tenth of twelve days.
    assert_eq!(example::SHIFT_DAY - FIRST_DAY, 9);
    let mut requests = days(12);
    requests.retain(|request| [example::SHIFTED_TENANT, "platform"].contains(&request.tenant.as_str()));
    let fast = replayed("fast", requests.clone(), 1e12, |config| config);
    let slow = replayed("slow", requests, 2e6, |config| config);
    assert_eq!(fast.summary, slow.summary);
    assert_eq!(fast.decisions, slow.decisions);
    let shift = example::day_window(example::SHIFT_DAY).start;
    let drift = drift_after(&fast.decisions, shift).expect("the shift is noticed");
    assert!(drift.at - shift <= Duration::DAY, "{drift:?}");
    assert!(fast.summary.trainings >= 2 && fast.summary.ledger.entries > 15, "{:?}", fast.summary);
}

#[test]
fn the_calendar_asks_for_a_training_at_its_hour() {
    // The first training is asked for when the first day is over, so that the fifth is after its cool-down of two. 3:00 in
    // Berlin is 1:00 in UTC.
    let fifth = example::day_window(FIRST_DAY + 4).start;
    let day = &fifth.to_string()[8..10];
    let schedule = Schedule::new(&format!("0 3 {day} * *"), "Europe/Berlin").unwrap();
    let by_calendar = |config| {
        // Not by the week, nor by any error.
        let triggers =
            TriggerSettings { every: None, drift_limit: f64::MAX, creates_drift_limit: f64::MAX, ..unhurried() };
        ShadowingConfig { schedule: Some(schedule), triggers, ..config }
    };
    let decisions = replayed("calendar", days(5), 1e12, by_calendar).decisions;
    let scheduled: Vec<&Decision> =
        decisions.iter().filter(|decision| decision.reason.contains("schedule_due")).collect();
    let expected = (fifth + Duration::HOUR, Verdict::Retrain);
    assert_eq!(scheduled.iter().map(|decision| (decision.at, decision.verdict)).collect::<Vec<_>>(), [expected]);
}

/// A Monday after the example's own changes.
const MONDAY: i64 = example::SHIFT_DAY + 4;

/// A day of the week after, by which drift is judged.
fn second_week(day: i64) -> Instant {
    example::day_window(MONDAY + 7 + day).start
}

/// Two tenants over twelve days, but for a time in which nothing comes: creates, and deletes of what lived. Nothing drifts
/// in it; the days that have no report, which say why.
fn unreported_days(name: &str, outage: Window) -> Vec<Instant> {
    let mut requests = days_from(MONDAY, 12);
    requests.retain(|request| [example::SHIFTED_TENANT, "platform"].contains(&request.tenant.as_str()));
    requests.retain(|request| !outage.contains(request.at));
    let Replayed { decisions, unreported, .. } = replayed(name, requests, 1e12, |config| config);
    let is_judged = |decision: &Decision| {
        decision.signals.iter().any(|signal| signal.name == "demand_drift" && signal.value.is_some())
    };
    assert!(decisions.iter().any(|decision| decision.at > outage.end && is_judged(decision)));
    assert_eq!(drift_after(&decisions, outage.start), None);
    for day in &unreported {
        assert!(day.reason.starts_with("there is no data from"), "{}", day.reason);
    }
    unreported.iter().map(|day| day.window.start).collect()
}

#[test]
fn an_outage_is_no_drift_and_teaches_nothing() {
    // From 6:00 to 20:00 on Thursday.
    let thursday = second_week(3);
    let outage = Window { start: thursday + Duration::HOUR * 6, end: thursday + Duration::HOUR * 20 };
    assert_eq!(unreported_days("outage", outage), [thursday]);
}

#[test]
fn each_day_of_a_long_outage_says_why_it_has_no_report() {
    // From 5:00 on Tuesday to 5:00 on Thursday: at the midnight before Thursday nothing can be predicted.
    let from = second_week(1) + Duration::HOUR * 5;
    let outage = Window { start: from, end: from + Duration::HOUR * 48 };
    assert_eq!(unreported_days("long outage", outage), [1, 2, 3].map(second_week));
}

#[test]
fn a_change_of_prices_is_named_and_nothing_to_train_for() {
    // Nodes cost more from the last of five days on; requests and their predictions know nothing of it.
    assert_eq!(example::PRICE_CHANGE_DAY, 16);
    let days = || days_from(12, 5);
    let billed = |config| ShadowingConfig { bill: Some(example::truth().price_book), ..config };
    let dearer = replayed("dearer", days(), 1e12, |config| billed(ShadowingConfig { triggers: unhurried(), ..config }));
    let as_before = replayed("as before", days(), 1e12, |config| ShadowingConfig { triggers: unhurried(), ..config });

    let price = |report: &serde_json::Value| -> f64 {
        let causes = report["report"]["causes"].as_array().unwrap();
        let price = causes.iter().find(|cause| cause["cause"] == "price").unwrap();
        price["amount"]["amount"].as_str().unwrap().parse().unwrap()
    };
    let prices: Vec<f64> = dearer.reports.iter().map(price).collect();
    let Some((last, before)) = prices.split_last() else { panic!("no day has a report") };
    assert!(before.len() >= 2 && before.iter().all(|&price| price == 0.0) && *last > 0.0, "{prices:?}");
    // A seventh more on one of four days would be more than 3 % of the cost of all of them.
    let wape = |replayed: &Replayed| {
        let signals = &replayed.decisions.last().unwrap().signals;
        signals.iter().find(|signal| signal.name == "cost_weighted_wape").unwrap().value.unwrap()
    };
    assert!((wape(&dearer) - wape(&as_before)).abs() < 0.01, "{} {}", wape(&dearer), wape(&as_before));
    let verdicts = |replayed: &Replayed| replayed.decisions.iter().map(|decision| decision.verdict).collect::<Vec<_>>();
    assert_eq!(verdicts(&dearer), verdicts(&as_before));
}
