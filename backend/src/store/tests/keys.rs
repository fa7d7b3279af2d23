//! Keys and the audit.

use shared::api::{Actor, AuditEntry, AuditOutcome, KeyView, Role};

use super::at;
use super::places::on_each;
use crate::access::{NewSecret, StoredKey};

#[test]
fn keys_and_the_audit_are_as_they_were_written() {
    on_each("keys", async |place| {
        let store = place.stores().await.keys;
        let (first, second) = (NewSecret::draw().unwrap().hash(), NewSecret::draw().unwrap().hash());
        let key = |id: &str, seconds| StoredKey {
            view: KeyView {
                id: id.to_owned(),
                name: Some("ops".to_owned()),
                role: Role::Operator,
                tenants: Some(vec!["acme".to_owned()]),
                created_at: at(seconds),
                expires_at: Some(at(9)),
                revoked_at: None,
                former_until: None,
            },
            hash: first,
            former: None,
        };
        store.insert_key(key("b", 1)).await.unwrap();
        store.insert_key(key("a", 2)).await.unwrap();
        assert!(store.insert_key(key("a", 3)).await.is_err(), "there is one already");
        assert_eq!(store.key("a".to_owned()).await.unwrap(), Some(key("a", 2)));
        assert_eq!(store.key("c".to_owned()).await.unwrap(), None);
        store.rotate_key("b".to_owned(), second, at(5)).await.unwrap();
        store.revoke_key("a".to_owned(), at(6)).await.unwrap();
        store.revoke_key("a".to_owned(), at(7)).await.unwrap();
        let keys = store.keys().await.unwrap();
        assert_eq!(keys.iter().map(|key| key.view.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!((keys[0].hash, keys[0].former, keys[0].view.former_until), (second, Some(first), Some(at(5))));
        assert_eq!(keys[1].view.revoked_at, Some(at(6)), "the first time counts");

        for seconds in 1..=3 {
            let (action, subject) = ("keys create".to_owned(), format!("a{seconds}"));
            let (actor, outcome) = (Actor::CommandLine, AuditOutcome::Done);
            let entry = AuditEntry { number: 0, at: at(seconds), actor, action, subject, outcome, status: None };
            store.note(entry).await.unwrap();
        }
        let all = store.audit(0, 9).await.unwrap();
        assert_eq!(store.audit(all[0].number, 1).await.unwrap(), all[1..2]);
        assert_eq!(store.forget_audit(at(3), 1).await.unwrap(), 1);
        assert_eq!(store.forget_audit(at(3), 9).await.unwrap(), 1);
        assert_eq!(store.audit(0, 9).await.unwrap(), all[2..]);
    });
}
