//! Promotions, what takes them back, and champions that cannot be loaded.

use super::*;
use crate::jobs::Runner;
use crate::shadowing::champion::earlier_document;
use crate::shadowing::roll_back;

/// A service whose champion was promoted in the place of one that was fitted a day earlier.
async fn begun_with_two(file: &Path) -> Life {
    let life = begun(file).await;
    let promoted = life.board.snapshot().champion.unwrap();
    let earlier = Champion { version: 1, fitted_until: midnight() - Duration::DAY, ..Champion::clone(&promoted) };
    life.store.put(Collection::Models, vec![earlier_document(&earlier).unwrap()]).await.unwrap();
    life
}

async fn decisions(life: &Life, verdict: Verdict) -> Vec<String> {
    let all = life.store.list(Collection::Decisions, Window::ALWAYS, 100).await.unwrap();
    let all = all.iter().map(|document| document.read::<Decision>().unwrap());
    all.filter(|decision| decision.verdict == verdict).map(|decision| decision.reason).collect()
}

#[test]
fn a_promotion_can_be_taken_back_and_stays_so() {
    let folder = folder("rollback");
    block_on(async {
        let file = folder.join("store.sqlite");
        let life = begun(&file).await;
        assert_eq!(roll_back(&*life.store, &life.board).await.unwrap(), None, "nobody was champion before");
        drop(life);
        let file = folder.join("two.sqlite");
        let life = begun_with_two(&file).await;
        let decision = roll_back(&*life.store, &life.board).await.unwrap().unwrap();
        assert_eq!((decision.verdict, decision.at), (Verdict::RollBack, midnight()));
        assert!(decision.reason.starts_with("version 1 serves again, as version 3, in the place of version 2"));
        let serves = |life: &Life| {
            let champion = life.board.snapshot().champion.unwrap();
            (champion.version, champion.fitted_until)
        };
        assert_eq!(serves(&life), (3, midnight() - Duration::DAY));
        drop(life);

        let life = begin(&file, midnight()).await;
        assert_eq!(serves(&life), (3, midnight() - Duration::DAY), "after a kill too");
        assert_eq!(decisions(&life, Verdict::RollBack).await, [decision.reason]);
        roll_back(&*life.store, &life.board).await.unwrap().unwrap();
        assert_eq!(serves(&life), (4, midnight()), "the one before is now the one that was promoted");
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// Changes a byte of the champion's weights.
async fn damage(life: &Life) {
    let document = life.store.get(Collection::Models, "champion".to_owned()).await.unwrap().unwrap();
    let mut body: serde_json::Value = serde_json::from_str(&document.body).unwrap();
    let mut selected = body["selected"].as_str().unwrap().to_owned();
    let middle = selected.len() / 2;
    let other = if &selected[middle..=middle] == "A" { "B" } else { "A" };
    selected.replace_range(middle..=middle, other);
    body["selected"] = selected.into();
    let damaged = Document { body: body.to_string(), ..document };
    life.store.put(Collection::Models, vec![damaged]).await.unwrap();
}

#[test]
fn a_champion_that_cannot_be_loaded_takes_nothing_down() {
    let folder = folder("damaged");
    block_on(async {
        let file = folder.join("two.sqlite");
        let life = begun_with_two(&file).await;
        damage(&life).await;
        drop(life);
        let mut life = begin(&file, midnight() + Duration::HOUR * 6).await;
        let snapshot = life.board.snapshot();
        let fallback = snapshot.fallback.unwrap();
        assert!(fallback.contains("its weights are damaged") && fallback.contains("version 1"), "{fallback}");
        assert_eq!(snapshot.champion.unwrap().version, 1, "the one before");
        assert_eq!(decisions(&life, Verdict::RollBack).await, [fallback]);
        assert_eq!(catch_up(&mut life).await, 6);
        assert_eq!(life.board.snapshot().origin(), Some(midnight() + Duration::HOUR * 6), "it forecasts");
        drop(life);

        let file = folder.join("one.sqlite");
        let life = begun(&file).await;
        damage(&life).await;
        drop(life);
        let mut life = begin(&file, midnight() + Duration::HOUR * 6).await;
        let snapshot = life.board.snapshot();
        assert!(snapshot.champion.is_none() && snapshot.fallback.unwrap().contains("the baseline serves"));
        assert_eq!(catch_up(&mut life).await, 6);
        assert_eq!(life.board.snapshot().champion.unwrap().version, 1, "the baseline");
        assert!(life.board.snapshot().fallback.is_some(), "until a training has ended well");
    });
    let _ = std::fs::remove_dir_all(folder);
}

/// Ends a training whose challenger would be promoted; it was compared with a champion of this version.
async fn conclude(life: &Life, challenger: &Champion, against: u32) {
    let runner = Runner {
        store: Arc::clone(&life.store),
        board: Arc::clone(&life.board),
        config: Arc::clone(&life.cycle.config),
        keys: None,
        queue: None,
        stop: Arc::default(),
    };
    life.store.submit(JobKind::Retraining, "{}".to_owned(), midnight()).await.unwrap();
    let training = life.store.claim(midnight()).await.unwrap().unwrap();
    let (verdict, reason) = (Verdict::Promote, "it is better".to_owned());
    let decision = Decision { at: midnight(), verdict, reason, signals: Vec::new() };
    assert!(runner.conclude(&training, challenger.clone(), Some(against), decision).await.is_ok());
}

#[test]
fn a_challenger_takes_the_place_of_none_but_whom_it_was_compared_with() {
    let folder = folder("overtaken");
    block_on(async {
        let file = folder.join("store.sqlite");
        let life = begun(&file).await;
        let version = |life: &Life| life.board.snapshot().champion.unwrap().version;
        let challenger = Champion::clone(&life.board.snapshot().champion.unwrap());
        assert_eq!(version(&life), 2);
        conclude(&life, &challenger, 1).await;
        assert_eq!(version(&life), 2);
        let reason = "version 2 serves now, and the challenger was compared with version 1: it is better";
        assert_eq!(decisions(&life, Verdict::KeepChampion).await, [reason]);
        // Two promotions in one hour are two decisions.
        conclude(&life, &challenger, 2).await;
        conclude(&life, &challenger, 3).await;
        assert_eq!((version(&life), decisions(&life, Verdict::Promote).await.len()), (4, 2));

        // The third serves again; nobody else is the fourth.
        damage(&life).await;
        drop(life);
        let life = begin(&file, midnight()).await;
        assert_eq!(version(&life), 3);
        conclude(&life, &challenger, 3).await;
        assert_eq!(version(&life), 5);
    });
    let _ = std::fs::remove_dir_all(folder);
}
