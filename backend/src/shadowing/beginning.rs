//! What the primary begins with beside what its log says: resources that run already, and what was seen of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shared::control_plane::{CapacityPool, Fleet, NodeGroup};
use shared::request::{DrawKeys, Observation, Received, Request};
use shared::shadow::KeptPrimary;
use shared::units::{Instant, Resources};

use crate::store::{Collection, Document, Store, StoreError, write_document};

/// Resources that live at an instant, whoever asked for them and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// When they live: a whole hour, and later than all that is known of them.
    pub at: Instant,
    /// Their creates.
    pub creates: Vec<Request>,
    /// Ids of those that are left out, as no machine holds them.
    pub too_large: Vec<String>,
    /// What was seen of them.
    pub observations: Vec<Observation>,
    /// How the primary goes on from a log that is kept no longer; where it is, they are what lived in that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Box<Carried>>,
}

/// What a log goes on with whose beginning is kept no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// The primary some time later, when all that was under way at the beginning of the log had come to its end.
    pub primary: KeptPrimary,
    /// The machines that it is on: who has others by now begins with them.
    pub machines: Machines,
    /// What keys the draws of the log.
    pub keys: DrawKeys,
    /// The batches that had begun.
    pub begun_batches: Vec<String>,
}

/// What a fleet is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machines {
    /// Name, instance type and capacity of each node group.
    groups: Vec<(String, String, Resources)>,
    pools: Vec<CapacityPool>,
}

impl Machines {
    /// What this one is made of.
    pub fn of(fleet: &Fleet) -> Self {
        let group = |group: &NodeGroup| (group.name.clone(), group.instance_type.clone(), group.capacity);
        Self { groups: fleet.node_groups.iter().map(group).collect(), pools: fleet.pools.clone() }
    }
}

/// Why a service cannot begin with what it is given.
#[derive(Debug, thiserror::Error)]
pub enum BeginningError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It began with something else, and closed hours with that.
    #[error(
        "the primary of this folder began with {creates} other resources at {at}, and has gone on from them; leave --start \
         out, or choose another folder with --data"
    )]
    Another {
        /// How many.
        creates: usize,
        /// When they lived.
        at: Instant,
    },
}

/// The key of the document that keeps it.
const KEY: &str = "beginning";

/// That of what the primary goes on from since requests before are kept no longer.
const CARRIED: &str = "carried";

impl Beginning {
    /// When it is first known who lives, and where.
    pub fn known_from(&self) -> Instant {
        self.carried.as_ref().map_or(self.at, |carried| carried.primary.at)
    }

    /// The document that the log goes on from, once it is stored.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub(super) fn document(&self) -> Result<Document, StoreError> {
        write_document(CARRIED, self.at, self)
    }

    /// What was seen of them, as if it had come in when they are first known to live; facts about those that are left out
    /// say nothing.
    pub(super) fn received(&self) -> impl Iterator<Item = Received> + '_ {
        let left_out: BTreeSet<&str> = self.too_large.iter().map(String::as_str).collect();
        let of_others = self.observations.iter().filter(move |seen| !left_out.contains(seen.request.as_str()));
        of_others.map(|observation| Received { at: self.at, observation: observation.clone() })
    }
}

/// What the primary begins with: what is given the first time, which is kept, and the same at every start from then on.
///
/// # Errors
/// When something else is given later.
pub(crate) async fn settled(store: &dyn Store, given: Option<Beginning>) -> Result<Option<Beginning>, BeginningError> {
    let document = store.get(Collection::Models, KEY.to_owned()).await?;
    let stored: Option<Beginning> = document.map(|document| document.read()).transpose()?;
    let carried = store.get(Collection::Models, CARRIED.to_owned()).await?;
    let carried: Option<Beginning> = carried.map(|document| document.read()).transpose()?;
    let began = began(store, given, stored).await?;
    Ok(carried.or(began))
}

async fn began(
    store: &dyn Store,
    given: Option<Beginning>,
    stored: Option<Beginning>,
) -> Result<Option<Beginning>, BeginningError> {
    match (given, stored) {
        (Some(given), None) => {
            store.put(Collection::Models, vec![write_document(KEY, given.at, &given)?]).await?;
            Ok(Some(given))
        }
        (Some(given), Some(stored)) if given != stored => {
            Err(BeginningError::Another { creates: stored.creates.len(), at: stored.at })
        }
        (_, stored) => Ok(stored),
    }
}
