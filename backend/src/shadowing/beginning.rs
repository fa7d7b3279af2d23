//! What the primary begins with beside what its log says: resources that run already, and what was seen of them.

use serde::{Deserialize, Serialize};
use shared::request::{Observation, Received, Request};
use shared::units::Instant;

use crate::store::{Collection, Store, StoreError, write_document};

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

impl Beginning {
    /// What was seen of them, as if it had come in when they are first known to live.
    pub(super) fn received(&self) -> impl Iterator<Item = Received> + '_ {
        self.observations.iter().map(|observation| Received { at: self.at, observation: observation.clone() })
    }
}

/// What the primary begins with: what is given the first time, which is kept, and the same at every start from then on.
///
/// # Errors
/// When something else is given later.
pub(crate) async fn settled(store: &dyn Store, given: Option<Beginning>) -> Result<Option<Beginning>, BeginningError> {
    let document = store.get(Collection::Models, KEY.to_owned()).await?;
    let stored: Option<Beginning> = document.map(|document| document.read()).transpose()?;
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
