//! The whole loop on the example's recorded requests.

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
use crate::shadowing::{Board, Cycle, Recording, Schedule, UNREPORTED, VirtualClock};
use crate::store::{Collection, SqliteStore, Store, read_documents};

/// The first of the days that are replayed.
const FIRST_DAY: i64 = 8;

/// What is left of a replay.
struct Replayed {
    summary: ReplaySummary,
    decisions: Vec<Decision>,
    /// Days without a report, and why.
    unreported: Vec<UnreportedWindow>,
}

fn days(count: i64) -> Vec<Request> {
    let window =
        Window { start: example::day_window(FIRST_DAY).start, end: example::day_window(FIRST_DAY + count).start };
    example::requests_between(example::SEED, window)
}

fn replayed(name: &str, requests: Vec<Request>, speed: f64, schedule: Option<&str>) -> Replayed {
    let folder = std::env::temp_dir().join(format!("shadowplane-replay-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let recording = Recording::new(requests, Vec::new(), Vec::new(), Vec::new());
    let (start, end) = (recording.begins().unwrap(), recording.ends());
    let world = ReplayedWorld::Recorded(Arc::new(recording));
    let assumed = Scenario { runs: 2, ..example::scenario() };
    let system = ShadowingConfig { training_steps: 2, ..ShadowingConfig::system(assumed, Catalogue::default()) };
    let schedule = schedule.map(|text| Schedule::new(text, "Europe/Berlin").unwrap());
    let triggers = match &schedule {
        // By the calendar alone: neither by the week, nor because the log is still short.
        Some(_) => TriggerSettings { every: None, new_data: 100.0, ..TriggerSettings::default() },
        None => TriggerSettings::default(),
    };
    let system = ShadowingConfig { schedule, triggers, ..system };
    let config = Arc::new(system.replaying(ReplayConfig { speed, start, end, exit: true, resume: false, world }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let replayed = runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("replay.sqlite")).unwrap());
        let board = Arc::new(Board::default());
        let stop = Arc::new(AtomicBool::new(false));
        let jobs = Runner { store: Arc::clone(&store), board: Arc::clone(&board), config: Arc::clone(&config), stop };
        let clock = Arc::new(VirtualClock::new(start, speed));
        let mut cycle = Cycle::begin(Arc::clone(&store), Arc::clone(&board), clock, Arc::clone(&config)).await.unwrap();
        assert!(replay(&mut cycle, &jobs).await.unwrap());
        assert_eq!(Some(board.snapshot().now), end, "the clock stands still at the end");
        let decisions = store.list(Collection::Decisions, Window::ALWAYS, usize::MAX).await.unwrap();
        let mut unreported = store.list(Collection::Reports, Window::ALWAYS, usize::MAX).await.unwrap();
        unreported.retain(|report| report.key.starts_with(UNREPORTED));
        Replayed {
            summary: ReplaySummary::new(&*store, &board, &config).await.unwrap(),
            decisions: read_documents(&decisions).unwrap(),
            unreported: read_documents(&unreported).unwrap(),
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
    let fast = replayed("fast", days(12), 1e12, None);
    let slow = replayed("slow", days(12), 2e6, None);
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
    let decisions = replayed("calendar", days(5), 1e12, Some(&format!("0 3 {day} * *"))).decisions;
    let scheduled: Vec<&Decision> =
        decisions.iter().filter(|decision| decision.reason.contains("schedule_due")).collect();
    let expected = (fifth + Duration::HOUR, Verdict::Retrain);
    assert_eq!(scheduled.iter().map(|decision| (decision.at, decision.verdict)).collect::<Vec<_>>(), [expected]);
}

#[test]
fn an_outage_is_no_drift_and_teaches_nothing() {
    // Nothing comes from 6:00 to 20:00 on the fifth of six days: creates, and deletes of what lived.
    let fifth = example::day_window(FIRST_DAY + 4).start;
    let outage = Window { start: fifth + Duration::HOUR * 6, end: fifth + Duration::HOUR * 20 };
    let mut requests = days(6);
    requests.retain(|request| !outage.contains(request.at));
    let Replayed { decisions, unreported, .. } = replayed("outage", requests, 1e12, None);
    assert_eq!(unreported.len(), 1, "{unreported:?}");
    assert_eq!(unreported[0].window.start, fifth);
    assert!(unreported[0].reason.starts_with("there is no data from"), "{}", unreported[0].reason);
    assert_eq!(drift_after(&decisions, outage.start), None);
}
