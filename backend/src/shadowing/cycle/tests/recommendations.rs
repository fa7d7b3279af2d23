//! What is searched, what is accepted, and what closed days show of it.

use std::sync::atomic::AtomicBool;

use shared::api::AcceptanceState;
use shared::scenario::{Edit, ValidScenario};

use super::*;
use crate::jobs::Runner;
use crate::shadowing::{Accepted, accepted, newest_found, newest_with};

/// Works on all that waits, with the settings of the life.
async fn work_off(life: &Life) {
    let (store, board, config) = (Arc::clone(&life.store), Arc::clone(&life.board), Arc::clone(&life.cycle.config));
    Runner { store, board, config, keys: None, queue: None, stop: Arc::new(AtomicBool::new(false)) }
        .work_off()
        .await
        .unwrap();
}

/// The same settings with a change, as somebody would write them into the service's file.
fn with(assumed: &Scenario, edits: &[Edit]) -> Scenario {
    let changed = ValidScenario::new(Scenario { edits: edits.to_vec(), ..assumed.clone() }).unwrap();
    Scenario { edits: Vec::new(), ..changed.scenario().clone() }
}

#[test]
fn closed_days_show_whether_a_change_was_carried_out() {
    let folder = folder("accepted");
    block_on(async {
        let file = folder.join("store.sqlite");
        let store = SqliteStore::open(&file).unwrap();
        let window = Window { start: example::START, end: midnight() + Duration::DAY * 4 };
        store.append_requests(example::requests_between(example::SEED, window)).await.unwrap();
        drop(store);
        let quick = |config: ShadowingConfig| ShadowingConfig { training_steps: 2, ..config };
        let mut life = begin_as(&file, midnight(), quick).await;
        catch_up(&mut life).await;
        work_off(&life).await;
        let found = newest_found(&*life.store).await.unwrap().unwrap();
        assert_eq!(found.window, Window { start: midnight(), end: midnight() + Duration::DAY });
        let chosen = found.advice.recommendations[0].clone();
        assert_eq!(newest_with(&*life.store, &chosen.id).await.unwrap(), Some((found.clone(), chosen.clone())));
        assert_eq!(newest_with(&*life.store, "0123456789abcdef").await.unwrap(), None);
        let assumed = life.cycle.config.assumed.clone();
        let acceptance = Accepted::new(found, chosen.clone(), midnight(), &assumed);
        // What another version wrote keeps nobody from anything.
        let garbage = Document { key: "0".to_owned(), at: midnight(), body: "{}".to_owned() };
        let documents = vec![garbage, acceptance.document().unwrap()];
        life.store.put(Collection::Acceptances, documents).await.unwrap();
        drop(life);

        let settings = [
            (assumed.clone(), AcceptanceState::NotCarriedOut),
            (with(&assumed, &chosen.edits), AcceptanceState::CarriedOut),
            (assumed, AcceptanceState::NotCarriedOut),
        ];
        for (day, (assumed, state)) in (1..).zip(settings) {
            let change = |config: ShadowingConfig| ShadowingConfig { assumed, ..quick(config) };
            let mut life = begin_as(&file, midnight() + Duration::DAY * (day - 1), change).await;
            life.clock.set(midnight() + Duration::DAY * day);
            catch_up(&mut life).await;
            work_off(&life).await;
            // The hour closes again after a kill: the day counts once.
            life.cycle.close_step(midnight() + Duration::DAY * day).await.unwrap();
            work_off(&life).await;
            let all = accepted(&*life.store).await.unwrap();
            let [Accepted { view, .. }] = &all[..] else { panic!("{all:?}") };
            assert_eq!((view.checks.len() as i64, i64::from(view.days_left)), (day, 7 - day), "a week");
            let check = view.checks.last().unwrap();
            assert_eq!((view.state, check.state, &view.not_checked), (state, state, &None), "day {day}");
            assert_eq!(check.window.start, midnight() + Duration::DAY * (day - 1));
            let (would, brought) = (&check.would_have_brought, &check.brought);
            assert_eq!(would.before, brought.before);
            assert_eq!(brought.after == would.after, state == AcceptanceState::CarriedOut, "day {day}");
            assert_eq!(brought.after == brought.before, state == AcceptanceState::NotCarriedOut, "day {day}");
        }
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// What was found for the day is told to the areas of its report; the hour that predicts a day closes again after a kill,
/// and what it asks for is there already.
#[test]
fn a_day_is_searched_once_and_its_report_says_what_was_found() {
    let folder = folder("searched");
    block_on(async {
        let file = folder.join("store.sqlite");
        let mut life = begun(&file).await;
        let searches = async |life: &Life| life.store.jobs(Some(JobKind::Recommendation), 9).await.unwrap().len();
        assert_eq!(searches(&life).await, 1);
        life.cycle.close_step(midnight()).await.unwrap();
        assert_eq!(searches(&life).await, 1);
        work_off(&life).await;
        let found = newest_found(&*life.store).await.unwrap().unwrap().advice.recommendations;
        drop(life);
        let on_order = |config: ShadowingConfig| ShadowingConfig { recommends_daily: false, ..config };
        let mut life = begin_as(&file, midnight() + Duration::DAY, on_order).await;
        catch_up(&mut life).await;
        assert_eq!(searches(&life).await, 1);
        let reports = reports(&life).await;
        let said: Vec<String> = reports
            .iter()
            .flat_map(|report| {
                report.read::<serde_json::Value>().unwrap()["report"]["optimization_areas"].as_array().cloned()
            })
            .flatten()
            .filter_map(|area| area["recommendations"].as_array().cloned())
            .flatten()
            .filter_map(|said| said.as_str().map(str::to_owned))
            .collect();
        assert!(!said.is_empty(), "{reports:?}");
        assert!(said.iter().all(|said| found.iter().any(|found| found.text == *said)), "{said:?}");
    });
    let _ = std::fs::remove_dir_all(folder);
}
