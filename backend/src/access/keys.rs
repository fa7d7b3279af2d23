//! Making, revoking and renewing keys, from the command line and over HTTP alike.

use shared::api::{KeyOrder, KeyView, NewKey, Role};
use shared::units::{Duration, Instant};

use super::secret::draw_id;
use super::{GivenKey, NewSecret, StoredKey};
use crate::store::{KeyStore, StoreError};

/// The longest name of a key, in bytes.
const NAME_MAX: usize = 200;

/// The longest that a key, or the secret before its present one, is made to last: instants beyond the year 9999 cannot be
/// written.
const SPAN_MAX: Duration = Duration::from_minutes(100 * 365 * 24 * 60);

/// Why a key was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The order is wrong.
    #[error("{field}: {message}")]
    Wrong {
        /// Which of its fields.
        field: &'static str,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// There is no such key.
    #[error("there is no key `{0}`")]
    Unknown(String),
    /// It has ended.
    #[error("the key `{0}` was revoked or has expired; make another one")]
    Ended(String),
    /// The operating system gives no entropy.
    #[error("the system gives no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key.
///
/// # Errors
/// When the order is wrong, or the store fails.
pub async fn create(store: &dyn KeyStore, order: KeyOrder, now: Instant) -> Result<NewKey, KeyError> {
    check(&order)?;
    let KeyOrder { role, tenants, name, expires_in } = order;
    let (id, secret) = (draw_id()?, NewSecret::draw()?);
    let expires_at = expires_in.map(|span| now + span);
    let view = KeyView { id, name, role, tenants, created_at: now, expires_at, revoked_at: None, former_until: None };
    store.insert_key(StoredKey { view: view.clone(), hash: secret.hash(), former: None }).await?;
    Ok(NewKey { key: secret.in_key(&view.id), view })
}

/// Makes a key that somebody else has drawn; whether it is new. One that was made before with the same secret stays what it
/// is, be it revoked.
///
/// # Errors
/// When the order or the key is wrong, another key has its id, or the store fails.
pub async fn adopt(
    store: &dyn KeyStore,
    order: KeyOrder,
    key: &str,
    now: Instant,
) -> Result<(KeyView, bool), KeyError> {
    check(&order)?;
    let given = GivenKey::parse_own(key).ok_or_else(|| {
        let message =
            "holds no key; expected `sp_`, twelve hexadecimal digits, `_`, and a secret of 43 characters or more";
        KeyError::Wrong { field: "key-file", message: message.to_owned() }
    })?;
    if let Some(known) = store.key(given.id.clone()).await? {
        let same = known.hash == given.hash();
        let message = format!("has the id of another key, {}; draw another one", given.id);
        return if same { Ok((known.view, false)) } else { Err(KeyError::Wrong { field: "key-file", message }) };
    }
    let KeyOrder { role, tenants, name, expires_in } = order;
    let expires_at = expires_in.map(|span| now + span);
    let id = given.id.clone();
    let view = KeyView { id, name, role, tenants, created_at: now, expires_at, revoked_at: None, former_until: None };
    store.insert_key(StoredKey { view: view.clone(), hash: given.hash(), former: None }).await?;
    Ok((view, true))
}

/// Ends a key at once; one that was revoked before stays as it was.
///
/// # Errors
/// When there is no such key, or the store fails.
pub async fn revoke(store: &dyn KeyStore, id: &str, now: Instant) -> Result<KeyView, KeyError> {
    store.revoke_key(id.to_owned(), now).await?;
    find(store, id).await.map(|key| key.view)
}

/// Gives a key a new secret; the present one goes on for `grace`, and one from before that ends.
///
/// # Errors
/// When there is no such key, it has ended, or the store fails.
pub async fn rotate(store: &dyn KeyStore, id: &str, grace: Duration, now: Instant) -> Result<NewKey, KeyError> {
    if !(Duration::ZERO..=SPAN_MAX).contains(&grace) {
        let message = format!("is {grace}; expected a length of time, such as 1d, or 0s, and {SPAN_MAX} at most");
        return Err(KeyError::Wrong { field: "grace", message });
    }
    let view = find(store, id).await?.view;
    if view.revoked_at.is_some() || view.expires_at.is_some_and(|end| end <= now) {
        return Err(KeyError::Ended(id.to_owned()));
    }
    let secret = NewSecret::draw()?;
    store.rotate_key(id.to_owned(), secret.hash(), now + grace).await?;
    Ok(NewKey { key: secret.in_key(id), view: find(store, id).await?.view })
}

async fn find(store: &dyn KeyStore, id: &str) -> Result<StoredKey, KeyError> {
    store.key(id.to_owned()).await?.ok_or_else(|| KeyError::Unknown(id.to_owned()))
}

fn check(order: &KeyOrder) -> Result<(), KeyError> {
    let wrong = |field, message: String| Err(KeyError::Wrong { field, message });
    match &order.tenants {
        Some(tenants) if tenants.is_empty() => {
            return wrong("tenants", "names none; name one at least, or leave it out".to_owned());
        }
        Some(tenants) if tenants.iter().any(String::is_empty) => {
            return wrong("tenants", "has an empty name; expected names of tenants".to_owned());
        }
        // Ids of a tenant's requests begin with its name and a slash, and those of no two tenants may begin alike.
        Some(tenants) if tenants.iter().any(|tenant| tenant.contains('/')) => {
            return wrong("tenants", "has a name with a `/`, which is what ends a tenant's name in ids".to_owned());
        }
        Some(_) if order.role == Role::Admin => {
            return wrong(
                "tenants",
                "cannot go with the role admin, which makes keys of all tenants; leave it out".to_owned(),
            );
        }
        _ => {}
    }
    if let Some(span) = order.expires_in.filter(|span| *span <= Duration::ZERO || *span > SPAN_MAX) {
        return wrong(
            "expires_in",
            format!("is {span}; expected more than nothing, such as 90d, and {SPAN_MAX} at most"),
        );
    }
    if let Some(name) = order.name.as_ref().filter(|name| name.is_empty() || name.len() > NAME_MAX) {
        return wrong("name", format!("has {} bytes; expected 1 to {NAME_MAX}", name.len()));
    }
    Ok(())
}
