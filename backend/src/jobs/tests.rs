//! Jobs that are disturbed, and jobs that take too long.

use shared::example;
use shared::request::Catalogue;

use super::*;
use crate::config::JobTimeouts;
use crate::store::SqliteStore;

/// A runner whose store is in a folder of this name.
fn runner(name: &str, timeouts: JobTimeouts) -> (std::path::PathBuf, Runner) {
    let folder = std::env::temp_dir().join(format!("shadowplane-jobs-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Arc::new(SqliteStore::open(&folder.join("store.sqlite")).unwrap());
    let config = ShadowingConfig { timeouts, ..ShadowingConfig::system(example::scenario(), Catalogue::default()) };
    (
        folder,
        Runner {
            store,
            board: Arc::default(),
            config: Arc::new(config),
            keys: None,
            queue: None,
            stop: Arc::default(),
        },
    )
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

#[test]
fn waits_double_until_it_has_been_enough() {
    let seconds: Vec<Option<f64>> = (1..=5).map(|attempts| back_off(attempts).map(Duration::seconds)).collect();
    assert_eq!(seconds, [Some(10.0), Some(20.0), Some(40.0), Some(80.0), None]);
}

#[test]
fn a_panic_ends_nothing_but_the_work() {
    let (fine, wrong) = block_on(async {
        let wrong = caught(async {
            if wall_clock() > Instant::default() {
                panic!("no {}", 1)
            }
        });
        (caught(async { 7 }).await, wrong.await)
    });
    assert_eq!((fine, wrong), (Ok(7), Err("panicked: no 1".to_owned())));
}

#[test]
fn a_disturbed_job_waits_and_others_go_first() {
    let (folder, runner) = runner("retry", JobTimeouts::default());
    block_on(async {
        let store = &runner.store;
        let at = |seconds: i64| Instant::from_micros(0) + Duration::from_seconds(seconds);
        let training = store.submit(JobKind::Retraining, "{}".to_owned(), at(0)).await.unwrap();
        let run = store.submit(JobKind::ShadowRun, "{}".to_owned(), at(1)).await.unwrap();
        let claimed = async |seconds: i64| store.claim(at(seconds)).await.unwrap().map(|stored| stored.job);
        assert_eq!(claimed(2).await.unwrap().id, run.id, "somebody waits for it");
        assert_eq!(claimed(2).await.unwrap().id, training.id);
        assert!(store.retry(training.id.clone(), "disk full".to_owned(), at(10)).await.unwrap());
        assert!(!store.retry(training.id.clone(), "again".to_owned(), at(10)).await.unwrap(), "it does not run");
        assert_eq!(claimed(9).await, None);
        let waiting = store.job(training.id.clone()).await.unwrap().unwrap().job;
        assert_eq!(
            (waiting.attempts, waiting.retry_at, waiting.failure.as_deref()),
            (1, Some(at(10)), Some("disk full"))
        );
        let again = claimed(10).await.unwrap();
        assert_eq!((again.id, again.attempts, again.retry_at), (training.id, 2, None));
    });
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn what_takes_too_long_is_given_up() {
    let timeouts = JobTimeouts { shadow_run: Some(Duration::HOUR), ..JobTimeouts::NONE };
    let (folder, runner) = runner("overdue", timeouts);
    block_on(async {
        let begun = async |ago: Duration, kind| {
            runner.store.submit(kind, "{}".to_owned(), wall_clock()).await.unwrap();
            runner.store.claim(wall_clock() - ago).await.unwrap().unwrap().job
        };
        assert!(runner.go_on(&begun(Duration::from_minutes(59), JobKind::ShadowRun).await, 1, 2));
        assert!(!runner.go_on(&begun(Duration::from_minutes(61), JobKind::ShadowRun).await, 1, 2));
        assert!(runner.go_on(&begun(Duration::DAY, JobKind::Retraining).await, 1, 2), "it has no limit");
    });
    let _ = std::fs::remove_dir_all(folder);
}
