//! Who asks the service, and what of it is theirs to see.

mod keys;
mod rate;
mod secret;
mod tenants;

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::api::{KeyView, Role};
use shared::units::{Duration, Instant};

pub use keys::{KeyError, adopt, create, revoke, rotate};
pub use rate::RateLimit;
pub(crate) use secret::draw_id;
pub use secret::{GivenKey, NewSecret, SecretHash};
pub(crate) use tenants::{tenant_of, without_others};

/// How long the secret before a new one goes on unless something else is asked for.
pub const GRACE: Duration = Duration::DAY;

/// A key as it is stored: with hashes of its secrets, and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// All that may be told of it.
    pub view: KeyView,
    /// Of the present secret.
    pub hash: SecretHash,
    /// Of the one before, which goes on until `view.former_until`.
    pub former: Option<SecretHash>,
}

impl StoredKey {
    /// Whether a secret opens it at an instant.
    pub fn opens(&self, given: &GivenKey, now: Instant) -> bool {
        let view = &self.view;
        let hash = given.hash();
        let former = self.former == Some(hash) && view.former_until.is_some_and(|until| now < until);
        (self.hash == hash || former) && view.revoked_at.is_none() && view.expires_at.is_none_or(|end| now < end)
    }

    /// Whoever has it.
    pub fn caller(self) -> Caller {
        let scope = match self.view.tenants {
            None => Scope::Everything,
            Some(tenants) => Scope::Tenants(Arc::new(tenants.into_iter().collect())),
        };
        Caller { key: Some(self.view.id), role: self.view.role, scope }
    }
}

/// Whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of their key; none where the service asks for no keys.
    pub key: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Whom they see and speak for.
    pub scope: Scope,
}

impl Caller {
    /// Anybody, where the service asks for no keys.
    pub const ANYBODY: Self = Self { key: None, role: Role::Admin, scope: Scope::Everything };
}

/// Whose requests, costs and forecasts somebody sees and speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's, and what is of all together.
    Everything,
    /// Those of these tenants alone.
    Tenants(Arc<BTreeSet<String>>),
}

impl Scope {
    /// The tenants that they are limited to, where they are.
    pub fn tenants(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Everything => None,
            Self::Tenants(tenants) => Some(tenants),
        }
    }

    /// The tenants in a sentence.
    pub fn named(&self) -> String {
        let names = self.tenants().into_iter().flatten().map(|tenant| format!("`{tenant}`"));
        names.collect::<Vec<_>>().join(", ")
    }

    /// Whether an id is theirs to give: ids of whoever is limited begin with the name of a tenant of theirs and `/`, so that
    /// no answer about one depends on what others have called theirs.
    pub fn names(&self, id: &str, tenant: &str) -> bool {
        self.tenants().is_none_or(|tenants| tenants.contains(tenant) && id_is_of(id, tenant))
    }
}

/// Whether an id is one of those that are kept for a tenant, in whose name there is no `/`.
pub fn id_is_of(id: &str, tenant: &str) -> bool {
    id.split_once('/').is_some_and(|(name, rest)| name == tenant && !rest.is_empty())
}

/// Who may ask the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Whoever has a key.
    Keys,
    /// Anybody on this machine, by a name of this machine: a page elsewhere could have its own name lead here.
    ThisMachine,
    /// Anybody who reaches it.
    Anybody,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &NewSecret) -> StoredKey {
        let view = KeyView {
            id: "a1".to_owned(),
            name: None,
            role: Role::Viewer,
            tenants: Some(vec!["acme".to_owned()]),
            created_at: Instant::from_micros(0),
            expires_at: None,
            revoked_at: None,
            former_until: None,
        };
        StoredKey { view, hash: secret.hash(), former: None }
    }

    fn given(secret: &NewSecret) -> GivenKey {
        GivenKey::parse(&secret.in_key("a1")).unwrap()
    }

    #[test]
    fn a_key_opens_until_it_ends_or_is_revoked() {
        let (secret, other) = (NewSecret::draw().unwrap(), NewSecret::draw().unwrap());
        let at = Instant::from_micros;
        let plain = key(&secret);
        assert!(plain.opens(&given(&secret), at(5)) && !plain.opens(&given(&other), at(5)));
        let with = |change: fn(&mut KeyView)| {
            let mut key = key(&secret);
            change(&mut key.view);
            key
        };
        let ending = with(|view| view.expires_at = Some(Instant::from_micros(5)));
        assert!(ending.opens(&given(&secret), at(4)) && !ending.opens(&given(&secret), at(5)));
        assert!(!with(|view| view.revoked_at = Some(Instant::from_micros(1))).opens(&given(&secret), at(5)));
    }

    #[test]
    fn the_secret_before_goes_on_for_its_grace() {
        let (former, secret) = (NewSecret::draw().unwrap(), NewSecret::draw().unwrap());
        let mut key = key(&secret);
        key.former = Some(former.hash());
        assert!(!key.opens(&given(&former), Instant::from_micros(0)), "without a grace");
        key.view.former_until = Some(Instant::from_micros(9));
        let opens = |at| key.opens(&given(&former), Instant::from_micros(at));
        assert!(opens(8) && !opens(9) && key.opens(&given(&secret), Instant::from_micros(9)));
    }

    #[test]
    fn ids_of_the_limited_begin_with_their_tenant() {
        let scope = key(&NewSecret::draw().unwrap()).caller().scope;
        assert!(scope.names("acme/1", "acme"));
        for (id, tenant) in [("1", "acme"), ("acme", "acme"), ("acme/", "acme"), ("acme2/1", "acme"), ("b/1", "b")] {
            assert!(!scope.names(id, tenant), "{id} {tenant}");
        }
        assert!(Scope::Everything.names("1", "acme"));
    }
}
