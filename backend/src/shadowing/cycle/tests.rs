//! The loop over a real store, on a clock that is set by hand.

mod calibrations;
mod champions;
mod clock;
mod history;
mod recommendations;
mod retention;
mod windows;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use shared::allocation::{Basis, BudgetState, RowKind, read_budgets};
use shared::api::{BudgetList, JobKind, Progress, SkippedForecasts, UnreportedWindow};
use shared::example::{self, Happened, Primary};
use shared::feedback::ledger::{Record, scorecard, verify};
use shared::feedback::{AnomalyReport, CalibrationVerdict, Circumstances, Decision, Verdict};
use shared::request::{Catalogue, Module, Request};
use shared::scenario::{Scenario, ServiceTime};
use shared::units::{Duration, Instant, Window};

use super::Cycle;
use crate::config::{BudgetConfig, ShadowingConfig};
use crate::shadowing::champion::keep_champion;
use crate::shadowing::{Beginning, Board, Champion, Clock, Horizons, OUTLOOK, settled, stored_calibrations};
use crate::store::{Collection, Document, JobEnd, SqliteStore, Store, whole_ledger};

struct SetClock(Mutex<Instant>);

impl SetClock {
    fn set(&self, now: Instant) {
        *self.0.lock().unwrap() = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }

    fn speed(&self) -> f64 {
        1.0
    }
}

/// A service from start to kill: nothing of it is left but its file.
struct Life {
    store: Arc<dyn Store>,
    board: Arc<Board>,
    clock: Arc<SetClock>,
    cycle: Cycle,
}

async fn begin(file: &Path, now: Instant) -> Life {
    begin_keeping(file, now, None).await
}

async fn begin_keeping(file: &Path, now: Instant, keep: Option<Duration>) -> Life {
    begin_as(file, now, |config| ShadowingConfig { keep, ..config }).await
}

async fn begin_as(file: &Path, now: Instant, change: impl FnOnce(ShadowingConfig) -> ShadowingConfig) -> Life {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(file).unwrap());
    let board = Arc::new(Board::default());
    let assumed = Scenario { runs: 2, ..example::scenario() };
    let system = ShadowingConfig::system(assumed, Catalogue::default());
    let horizons = Horizons::new(&[], system.bin, Duration::ZERO).unwrap();
    let config = change(ShadowingConfig { late: Duration::ZERO, horizons, ..system });
    let clock = Arc::new(SetClock(Mutex::new(now)));
    let set: Arc<dyn Clock> = Arc::<SetClock>::clone(&clock);
    let cycle = Cycle::begin(Arc::clone(&store), Arc::clone(&board), set, Arc::new(config)).await.unwrap();
    Life { store, board, clock, cycle }
}

/// Closes every hour that is over; how many those were.
async fn catch_up(life: &mut Life) -> u32 {
    let mut closed = 0;
    while life.cycle.step().await.unwrap() {
        closed += 1;
    }
    closed
}

/// A champion as a training would have promoted it.
async fn promote(life: &Life) -> Arc<Champion> {
    let baseline = life.board.snapshot().champion.unwrap();
    let promoted = Champion { version: 2, reason: "promoted".to_owned(), ..Champion::clone(&baseline) };
    keep_champion(&*life.store, &promoted).await.unwrap();
    let promoted = Arc::new(promoted);
    life.board.update(|snapshot| snapshot.champion = Some(Arc::clone(&promoted)));
    promoted
}

async fn reports(life: &Life) -> Vec<Document> {
    let window = Window { start: example::START, end: example::START + Duration::DAY * 9 };
    life.store.list(Collection::Reports, window, 100).await.unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("shadowplane-cycle-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn midnight() -> Instant {
    example::day_window(3).start
}

async fn begun(file: &Path) -> Life {
    let store = SqliteStore::open(file).unwrap();
    let window = Window { start: example::START, end: midnight() + Duration::DAY * 2 };
    store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
    drop(store);
    let mut life = begin(file, midnight()).await;
    assert_eq!(catch_up(&mut life).await, 1);
    promote(&life).await;
    life
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

/// The ledger of a service, which has to be an unbroken chain.
async fn ledger(life: &Life) -> Vec<Record> {
    verify(&whole_ledger(&*life.store).await.unwrap()).unwrap().1
}

/// What is predicted for the day is told to its fleet, and to that of the primary that the day is judged by.
#[test]
fn a_fleet_that_is_scaled_ahead_knows_what_is_predicted_after_a_kill_too() {
    let folder = folder("scaled-ahead");
    block_on(async {
        let file = folder.join("scaled-ahead.sqlite");
        let store = SqliteStore::open(&file).unwrap();
        let window = Window { start: example::START, end: midnight() + Duration::DAY * 2 };
        store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
        drop(store);
        let ahead = |config: ShadowingConfig| ShadowingConfig { predictive_scaling: Some(90), ..config };
        let mut life = begin_as(&file, midnight(), ahead).await;
        catch_up(&mut life).await;
        let told = |life: &Life| {
            let scenario = life.cycle.predicted.as_ref().unwrap().scenario.original().clone();
            scenario.fleet.node_groups.into_iter().map(|group| group.scaling.predicted.unwrap()).collect::<Vec<_>>()
        };
        let first = told(&life);
        let day = example::scenario().bin;
        assert!(first.iter().all(|nodes| nodes.from == midnight() && nodes.step == day), "{first:?}");
        assert!(first.iter().any(|nodes| nodes.nodes.iter().any(|&count| count > 0)), "{first:?}");
        drop(life);
        let mut again = begin_as(&file, midnight() + Duration::HOUR, ahead).await;
        assert_eq!(told(&again), first);
        again.clock.set(midnight() + Duration::HOUR * 25);
        catch_up(&mut again).await;
        assert_eq!(reports(&again).await.len(), 4, "one a grouping");
    });
}

/// Two run when the service begins: one is deleted at ten, the other lives on, and a kill changes nothing of it.
#[test]
fn the_primary_goes_on_from_what_it_began_with() {
    let folder = folder("beginning");
    block_on(async {
        let file = folder.join("beginning.sqlite");
        let at = midnight() - Duration::HOUR * 12;
        let create = |id: &str| -> Request {
            let created = at - Duration::DAY * 9;
            serde_json::from_str(&format!(
                r#"{{"id":"{id}","at":"{created}","tenant":"archive","op":"create","class":"compute","resource":"{id}",
                    "requested":{{"vcpu":2,"memory_gib":4}}}}"#
            ))
            .unwrap()
        };
        let creates = vec![create("s-1"), create("s-2")];
        let beginning =
            Beginning { at, creates, too_large: vec!["s-3".to_owned()], observations: Vec::new(), carried: None };
        let store = SqliteStore::open(&file).unwrap();
        let window = Window { start: example::START, end: midnight() + Duration::DAY * 2 };
        store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
        let delete = Request { id: "d-1".to_owned(), ..create("s-1") }.into_delete(midnight() + Duration::HOUR * 10);
        store.append_requests(vec![delete]).await.unwrap();
        assert_eq!(settled(&store, Some(beginning.clone())).await.unwrap().as_ref(), Some(&beginning));
        drop(store);
        let begin = async |now: Instant| {
            let store = SqliteStore::open(&file).unwrap();
            // Nobody says it again: it is kept with the log.
            let start = settled(&store, None).await.unwrap();
            drop(store);
            begin_as(&file, now, |config| ShadowingConfig { start, ..config }).await
        };
        let standing = |life: &Life| -> Vec<String> {
            let lives = &life.cycle.predicted.as_ref().unwrap().lives;
            lives.iter().filter(|id| id.starts_with("s-")).cloned().collect()
        };
        let mut life = begin(midnight()).await;
        catch_up(&mut life).await;
        assert_eq!(standing(&life), ["s-1", "s-2"]);
        let view = life.board.snapshot().start.unwrap();
        assert_eq!((view.at, view.added, view.pending, view.left_out[0].request.as_str()), (at, 2, 0, "s-3"));
        let scenario = life.cycle.predicted.as_ref().unwrap().scenario.original().clone();
        drop(life);

        let mut second = begin(midnight() + Duration::HOUR * 25).await;
        assert_eq!(second.cycle.predicted.as_ref().unwrap().scenario.original(), &scenario);
        assert_eq!(second.board.snapshot().start, Some(view));
        catch_up(&mut second).await;
        assert_eq!(standing(&second), ["s-2"], "the other one was deleted");
        assert_eq!(second.board.snapshot().orphans, 0);
        assert_eq!(reports(&second).await.len(), 4, "one a grouping");
        // A log that has gone on from one beginning takes no other.
        let other = Beginning { creates: vec![create("s-2")], ..beginning };
        let error = settled(&*second.store, Some(other)).await.unwrap_err().to_string();
        assert!(error.contains("began with 2 other resources"), "{error}");
    });
}

#[test]
fn forecasts_are_written_down_once_before_what_came_and_survive_a_kill() {
    let folder = folder("ledger");
    block_on(async {
        let file = folder.join("ledger.sqlite");
        let life = begun(&file).await;
        let first = ledger(&life).await;
        let [Record::Forecast(forecast)] = &first[..] else { panic!("{first:?}") };
        assert_eq!((forecast.origin, forecast.recorded, forecast.runs), (midnight(), midnight(), 2));
        let predicted = life.cycle.predicted.as_ref().unwrap();
        assert_eq!(forecast.digest, predicted.outcome.digest);
        // Written down again, as after a kill before the loop remembered that it was: it stays the one it is.
        life.cycle.keep_open_day(predicted).await.unwrap();
        assert_eq!(ledger(&life).await, first);
        drop(life);

        let mut second = begin(&file, midnight() + Duration::HOUR * 25).await;
        catch_up(&mut second).await;
        let all = ledger(&second).await;
        assert_eq!(all[..1], first, "what was written down stays");
        let [_, Record::Actual(actual), Record::Forecast(next)] = &all[..] else { panic!("{all:?}") };
        assert_eq!((actual.window, next.origin), (forecast.window, forecast.window.end));
        let card = scorecard(&all);
        assert_eq!((card.forecast, card.judged, card.late), (2, 1, 0));
        assert_eq!((card.rows[0].kind, card.rows[0].windows), (RowKind::Total, 1));
        assert!(card.rows[0].wape.is_some_and(|wape| wape < 1.0), "{card:?}");
        // The demo forgets old days, the ledger does not.
        second.store.forget_before(midnight() + Duration::DAY * 9).await.unwrap();
        assert_eq!(ledger(&second).await, all);
    });
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_day_has_its_anomalies_and_every_forecast_its_budgets() {
    let folder = folder("watch");
    block_on(async {
        let file = folder.join("store.sqlite");
        let store = SqliteStore::open(&file).unwrap();
        let window = Window { start: example::START, end: midnight() + Duration::DAY };
        store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
        drop(store);
        let text = "name,amount,currency,period\nlittle,0.01,USD,day\nmuch,1000000,USD,month\n";
        let budgets = read_budgets(text, example::scenario().price_book.currency).unwrap();
        let budgets = BudgetConfig { budgets, sure_percent: 50 };
        let mut life = begin_as(&file, midnight(), |config| ShadowingConfig { budgets, ..config }).await;
        catch_up(&mut life).await;
        let outlook = |document: Option<Document>| document.unwrap().read::<BudgetList>().unwrap();
        let first = outlook(life.store.get(Collection::Budgets, OUTLOOK.to_owned()).await.unwrap());
        // Of the days before, nothing counts today: a cent is passed within the hour, a million never.
        let told: Vec<_> = first.budgets.iter().map(|of| (of.budget.as_str(), of.state, of.runs)).collect();
        let expected = [("little", BudgetState::WillBreach, 2), ("much", BudgetState::KeptWithinHorizon, 2)];
        assert_eq!((first.origin, told), (Some(midnight()), expected.to_vec()));
        assert!(first.budgets[0].sure_by.unwrap() < midnight() + Duration::HOUR, "{first:?}");
        let spent = first.budgets[1].spent.amount;
        assert!(spent > 0.into() && first.budgets[0].spent.amount == 0.into(), "{first:?}");

        *life.clock.0.lock().unwrap() = midnight() + Duration::DAY;
        catch_up(&mut life).await;
        let days = life.store.list(Collection::Anomalies, Window::ALWAYS, 10).await.unwrap();
        let [day] = &days[..] else { panic!("{days:?}") };
        let day: AnomalyReport = day.read().unwrap();
        assert_eq!(
            (day.window.start, day.window.end, day.basis),
            (midnight(), midnight() + Duration::DAY, Basis::Simulated)
        );
        // The total, each tenant, computing, and seven modules are held against the spread of two runs.
        assert!(day.judged >= 10 && day.not_judged.is_empty(), "{day:?}");
        let next = outlook(life.store.get(Collection::Budgets, OUTLOOK.to_owned()).await.unwrap());
        assert_eq!((next.origin, next.budgets[1].spent.amount > spent), (Some(midnight() + Duration::DAY), true));
    });
    std::fs::remove_dir_all(folder).unwrap();
}

/// Every six hours a forecast: at 13:30 that of 6:00 is overtaken by that of 12:00, and that of 12:00 by none.
#[test]
fn a_loop_that_is_late_passes_over_forecasts_that_are_overtaken() {
    let folder = folder("passed-over");
    block_on(async {
        let mut life = begun(&folder.join("store.sqlite")).await;
        life.clock.set(midnight() + Duration::HOUR * 13 + Duration::from_minutes(30));
        assert_eq!(catch_up(&mut life).await, 13);
        let snapshot = life.board.snapshot();
        let six = midnight() + Duration::HOUR * 6;
        assert_eq!(snapshot.skipped, Some(SkippedForecasts { count: 1, last: six }));
        assert_eq!(snapshot.closes, Some(midnight() + Duration::HOUR * 14));
        let forecasts = life.store.list(Collection::Forecasts, Window::ALWAYS, 100).await.unwrap();
        let origins: Vec<Instant> = forecasts.iter().map(|forecast| forecast.at).collect();
        assert_eq!(origins, [midnight(), midnight() + Duration::HOUR * 12]);
    });
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_restart_goes_on_where_the_loop_was() {
    let folder = folder("restart");
    let morning = midnight() + Duration::HOUR * 30;
    block_on(async {
        let (straight, cut) = (folder.join("straight.sqlite"), folder.join("cut.sqlite"));
        let mut uncut = begun(&straight).await;
        *uncut.clock.0.lock().unwrap() = morning;
        catch_up(&mut uncut).await;

        let mut first = begun(&cut).await;
        let promoted = first.board.snapshot().champion.unwrap();
        let digest = first.cycle.predicted.as_ref().unwrap().outcome.digest;
        assert_eq!(reports(&first).await, []);
        assert!(!first.cycle.step().await.unwrap(), "the next hour is not over");
        drop(first);

        let mut second = begin(&cut, morning).await;
        let snapshot = second.board.snapshot();
        let champion = snapshot.champion.as_ref().unwrap();
        assert_eq!((champion.version, champion.fitted_until), (2, promoted.fitted_until));
        assert_eq!(champion.selected.to_bytes(), promoted.selected.to_bytes());
        assert_eq!((champion.reason.as_str(), snapshot.origin()), ("promoted", Some(midnight())));
        assert_eq!(second.cycle.predicted.as_ref().unwrap().outcome.digest, digest, "of the day that is open");
        // Hours 1 to 30 after midnight have passed in the meantime.
        assert_eq!(catch_up(&mut second).await, 30);
        let closed = reports(&second).await;
        assert_eq!(closed.len(), 4, "the day has closed, in each grouping");
        assert!(closed.iter().all(|report| report.at == midnight()));
        assert_eq!(closed, reports(&uncut).await, "nobody can tell from them that there was a restart");
        assert_eq!(second.board.snapshot().champion.unwrap().version, 2);
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// Closes the day after midnight, some requests dated before it having come in after it was predicted.
async fn closed_with_late(file: &Path, late: impl FnOnce(&Cycle) -> Vec<Request>) -> Vec<Document> {
    let mut life = begun(file).await;
    let requests = late(&life.cycle);
    life.store.append_requests(requests).await.unwrap();
    *life.clock.0.lock().unwrap() = midnight() + Duration::DAY;
    catch_up(&mut life).await;
    reports(&life).await
}

#[test]
fn a_request_that_came_late_takes_no_day_away() {
    let folder = folder("late");
    block_on(async {
        let newcomer = |cycle: &Cycle| {
            let first = example::requests_between(example::SEED, example::day_window(0)).swap_remove(0);
            let tenants = cycle.board.snapshot().tenants;
            let (id, at) = ("late".to_owned(), first.at - Duration::from_seconds(1));
            let late = Request { id, at, tenant: "before everyone".to_owned(), ..first };
            assert!(!tenants.contains(&late.tenant), "it moves every tenant by one");
            vec![late]
        };
        let closed = closed_with_late(&folder.join("moved.sqlite"), newcomer).await;
        assert_eq!(closed.len(), 4, "a report in each grouping: {closed:?}");

        let twice = |cycle: &Cycle| {
            let live = &cycle.predicted.as_ref().unwrap().lives[0];
            let window = Window { start: example::START, end: midnight() };
            let requests = example::requests_between(example::SEED, window);
            let create = requests.into_iter().find(|request| request.id == *live).unwrap();
            vec![Request { id: "late".to_owned(), at: create.at - Duration::from_micros(1), ..create }]
        };
        let closed = closed_with_late(&folder.join("twice.sqlite"), twice).await;
        let [unreported] = &closed[..] else { panic!("one document says why there is none: {closed:?}") };
        let unreported: UnreportedWindow = unreported.read().unwrap();
        assert_eq!(unreported.window.start, midnight());
        assert!(unreported.reason.contains("contradict"), "{}", unreported.reason);
    });
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn only_a_training_that_ended_well_clears_the_triggers() {
    let folder = folder("training");
    block_on(async {
        let mut life = begun(&folder.join("store.sqlite")).await;
        let trained = |life: &Life| {
            let signals = life.cycle.triggers.decide(midnight(), Circumstances::default()).signals;
            signals.iter().find(|signal| signal.name == "days_since_training").unwrap().value
        };
        // The first forecast has asked for a training; it fails.
        let asked = life.store.claim(midnight()).await.unwrap().unwrap().job;
        assert_eq!(asked.kind, JobKind::Retraining);
        life.cycle.note_training().await.unwrap();
        assert_eq!(trained(&life), None, "it has only been asked for");
        let progress = Progress::default();
        life.store.finish(asked.id, JobEnd::Failed("no".to_owned()), progress, midnight()).await.unwrap();
        life.cycle.note_training().await.unwrap();
        assert_eq!(trained(&life), None, "it has failed");
        let second = life.store.submit(JobKind::Retraining, "{}".to_owned(), midnight()).await.unwrap();
        let decision =
            Decision { at: midnight(), verdict: Verdict::KeepChampion, reason: String::new(), signals: Vec::new() };
        let output = JobEnd::Succeeded(serde_json::to_string(&decision).unwrap());
        life.store.finish(second.id, output, progress, midnight()).await.unwrap();
        life.cycle.note_training().await.unwrap();
        assert_eq!(trained(&life), Some(0.0));
    });
    let _ = std::fs::remove_dir_all(folder);
}
