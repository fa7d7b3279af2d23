//! Notifications, and whom they are sent to.

use shared::api::{Told, WebhookView};

use super::at;
use super::places::on_each;
use crate::store::{Attempted, NewNotification, StoredWebhook};

fn webhook(id: &str, tenants: Option<&str>, from_file: bool) -> StoredWebhook {
    let view = WebhookView {
        id: id.to_owned(),
        name: None,
        url: format!("https://{id}.example"),
        types: None,
        tenants: tenants.map(|tenant| vec![tenant.to_owned()]),
        created_at: at(0),
        from_file,
        waiting: 0,
        failed: 0,
    };
    StoredWebhook { view, secret: "s".to_owned() }
}

fn noticed(key: &str, tenant: &str) -> NewNotification {
    NewNotification {
        key: key.to_owned(),
        at: at(0),
        tenant: Some(tenant.to_owned()),
        message: "something".to_owned(),
        path: "/v1/jobs".to_owned(),
        told: Told::Test { webhook: "w".to_owned() },
    }
}

#[test]
fn what_is_noticed_is_told_once_to_whom_it_is_for() {
    on_each("notifications", async |place| {
        let store = place.stores().await.notifications;
        store.insert_webhook(webhook("w", None, false)).await.unwrap();
        store.set_webhooks_of_file(vec![webhook("f", Some("zeta"), true)]).await.unwrap();
        assert_eq!(store.newest().await.unwrap(), "");
        let noted = store.note(vec![noticed("a", "acme"), noticed("a", "acme")], at(5)).await.unwrap();
        let later = store.note(vec![noticed("a", "acme"), noticed("b", "zeta")], at(4)).await.unwrap();
        assert_eq!((noted.len(), later.len()), (1, 1), "each key once");
        assert!(noted[0].id < later[0].id, "ids grow where the clock was set back, too");
        assert_eq!(store.newest().await.unwrap(), later[0].id);
        let of = |tenant: &str| Some(vec![tenant.to_owned()]);
        assert_eq!(store.notifications(String::new(), of("zeta"), 9).await.unwrap(), later);
        assert_eq!(store.notifications(noted[0].id.clone(), None, 9).await.unwrap(), later);

        let due = store.due(at(5)).await.unwrap();
        assert_eq!(
            due.iter().map(|due| (&due.webhook, &due.notification)).collect::<Vec<_>>(),
            [(&"w".to_owned(), &noted[0].id)]
        );
        let attempted = async |became| store.attempted("w".to_owned(), noted[0].id.clone(), became).await.unwrap();
        attempted(Attempted::Again(at(9), "answered 500".to_owned())).await;
        // The one that came later is the first that is due now.
        assert_eq!(store.due(at(8)).await.unwrap()[0].notification, later[0].id);
        attempted(Attempted::GivenUp(at(9), "answered 410".to_owned())).await;
        let failures = store.failures("w".to_owned(), String::new(), 9).await.unwrap();
        assert_eq!((failures.len(), failures[0].attempts, &failures[0].notification), (1, 2, &noted[0]));
        let views = store.webhooks().await.unwrap();
        assert_eq!(
            views.iter().map(|view| (view.id.as_str(), view.waiting, view.failed)).collect::<Vec<_>>(),
            [("f", 0, 0), ("w", 1, 1)]
        );
        assert_eq!(store.send_again("w".to_owned(), noted[0].id.clone(), at(9)).await.unwrap(), Some(noted[0].clone()));
        assert_eq!(store.send_again("w".to_owned(), noted[0].id.clone(), at(9)).await.unwrap(), None);
        attempted(Attempted::Taken).await;
        store.set_webhooks_of_file(Vec::new()).await.unwrap();
        assert!(store.remove_webhook("w".to_owned()).await.unwrap());
        assert!(!store.remove_webhook("w".to_owned()).await.unwrap());
        assert!(store.webhooks().await.unwrap().is_empty() && store.due(at(9)).await.unwrap().is_empty());
        store.forget().await.unwrap();
        assert_eq!(store.newest().await.unwrap(), "");
    });
}
