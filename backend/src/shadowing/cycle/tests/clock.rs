//! A clock that is set back.

use shared::units::{Duration, Instant, Window};

use super::{begin, begun, block_on, catch_up, folder, midnight, reports};
use crate::store::{Collection, Document, Store};

/// What was written down by the hour.
async fn written(store: &dyn Store) -> Vec<Document> {
    let mut all = Vec::new();
    for collection in [Collection::ActualCosts, Collection::Forecasts, Collection::Decisions] {
        all.extend(store.list(collection, Window::ALWAYS, 100_000).await.unwrap());
    }
    all
}

/// It goes back by an hour at noon, and the service is killed and begins anew before it is noon again.
#[test]
fn nothing_closes_twice_and_all_goes_on_when_it_is_past_what_it_has_shown() {
    let folder = folder("clock");
    let at = |minutes: i64| midnight() + Duration::from_minutes(minutes);
    block_on(async {
        let mut straight = begun(&folder.join("straight.sqlite")).await;
        for minutes in [12 * 60 + 30, 25 * 60] {
            straight.clock.set(at(minutes));
            catch_up(&mut straight).await;
        }

        let file = folder.join("back.sqlite");
        let mut life = begun(&file).await;
        life.clock.set(at(12 * 60 + 30));
        assert_eq!(catch_up(&mut life).await, 12);
        let closed = written(&*life.store).await;
        let behind = |life: &super::Life, now: Instant| life.board.snapshot().clock.and_then(|clock| clock.behind(now));
        assert_eq!(behind(&life, at(12 * 60 + 30)), None);
        life.clock.set(at(11 * 60 + 30));
        assert_eq!(catch_up(&mut life).await, 0, "noon has closed already");
        assert_eq!(behind(&life, at(11 * 60 + 30)), Some(Duration::HOUR));
        assert_eq!(written(&*life.store).await, closed);
        drop(life);

        // After a restart it is known up to the last hour that has closed.
        let mut life = begin(&file, at(11 * 60 + 40)).await;
        assert_eq!(catch_up(&mut life).await, 0);
        assert_eq!(behind(&life, at(11 * 60 + 40)), Some(Duration::from_minutes(20)));
        assert_eq!(written(&*life.store).await, closed);
        life.clock.set(at(25 * 60));
        assert_eq!(catch_up(&mut life).await, 13);
        assert_eq!(behind(&life, at(25 * 60)), None);
        assert_eq!(written(&*life.store).await, written(&*straight.store).await);
        assert_eq!(reports(&life).await, reports(&straight).await);
    });
    std::fs::remove_dir_all(folder).unwrap();
}
