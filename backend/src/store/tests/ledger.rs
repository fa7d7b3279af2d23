//! Documents, and links of the forecast ledger that go with them.

use shared::units::Window;

use super::at;
use super::places::on_each;
use crate::store::{Collection, Document, LedgerRecord, whole_ledger};

fn document(key: &str, seconds: i64, body: &str) -> Document {
    Document { key: key.to_owned(), at: at(seconds), body: body.to_owned() }
}

#[test]
fn documents_are_listed_by_time_replaced_where_they_are_as_they_were_and_found_by_a_field() {
    on_each("documents", async |place| {
        let store = place.store().await;
        let kept = r#"{"verdict":"keep","text":"a\u0000b"}"#;
        let all = [document("b", 1, kept), document("B", 1, r#"{"verdict":"train"}"#), document("c", 2, kept)];
        store.put(Collection::Decisions, all.to_vec()).await.unwrap();
        let keys = |documents: Vec<Document>| documents.into_iter().map(|found| found.key).collect::<Vec<_>>();
        let listed = store.list(Collection::Decisions, Window { start: at(0), end: at(9) }, 2).await.unwrap();
        // The newest two, in order of time and then of bytes, in which capitals come first.
        assert_eq!(keys(listed), ["b", "c"]);
        let wanted = Some(("verdict", "keep".to_owned()));
        let found = store.list_after(Collection::Decisions, None, wanted.clone(), 1).await.unwrap();
        assert_eq!(keys(found), ["c"]);
        let found = store.list_after(Collection::Decisions, Some("c".to_owned()), wanted, 9).await.unwrap();
        assert_eq!(found, [all[0].clone()]);
        let rest = store.list_after(Collection::Decisions, Some("b".to_owned()), None, 9).await.unwrap();
        assert_eq!(keys(rest), ["B"]);

        let new = document("b", 3, "{}");
        assert!(store.replace(Collection::Decisions, all[0].clone(), new.clone()).await.unwrap());
        assert!(!store.replace(Collection::Decisions, all[0].clone(), new.clone()).await.unwrap(), "it is another one");
        store.put_together(vec![(Collection::Models, document("b", 4, "[]"))]).await.unwrap();
        assert_eq!(store.get(Collection::Decisions, "b".to_owned()).await.unwrap(), Some(new));
        assert!(store.remove(Collection::Models, "b".to_owned()).await.unwrap());
        assert!(!store.remove(Collection::Models, "b".to_owned()).await.unwrap());
        assert_eq!(store.get(Collection::Models, "b".to_owned()).await.unwrap(), None);
    });
}

#[test]
fn a_record_is_linked_once_and_only_after_what_it_follows() {
    on_each("ledger", async |place| {
        let store = place.store().await;
        let link = async |key: &str, follows: Option<&str>| {
            let record = LedgerRecord {
                key: key.to_owned(),
                follows: follows.map(str::to_owned),
                record: format!("record of {key}"),
            };
            store.put_and_link(Collection::Runs, vec![document(key, 0, "{}")], record).await.unwrap();
        };
        link("a", None).await;
        link("c", Some("b")).await;
        link("b", Some("a")).await;
        link("a", None).await;
        drop(store);
        let store = place.store().await;
        let ledger = whole_ledger(&*store).await.unwrap();
        let records: Vec<&str> = ledger.iter().map(|entry| entry.record.as_str()).collect();
        assert_eq!(records, ["record of a", "record of b"]);
        assert_eq!((ledger[1].sequence, ledger[1].previous), (2, ledger[0].hash));
        assert!(
            store.get(Collection::Runs, "c".to_owned()).await.unwrap().is_some(),
            "the documents stay all the same"
        );
        assert_eq!(store.ledger(1, 9).await.unwrap().len(), 1);
    });
}
