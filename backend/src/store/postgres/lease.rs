//! Who may write what the loop writes: one process at a time, for a while that it has to renew.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::connections::Slot;
use super::session::Session;
use super::{PostgresAddress, migrations};
use crate::store::StoreError;

/// How often it is renewed, and tried where one waits for it.
const EVERY: Duration = Duration::from_secs(3);

/// For so long it holds since it was last renewed, by the clock of the server.
const LASTS: &str = "interval '15 seconds'";

/// The database, held by this process.
pub(super) struct Lease {
    /// The name under which it is held, which no other process has.
    pub(super) holder: Arc<str>,
    /// Heard when another process has it.
    pub(super) lost: Option<oneshot::Receiver<()>>,
    slot: Arc<Slot>,
}

impl Lease {
    /// Takes the lease and renews it until it is lost; where another process holds it, waits for it or says who that is.
    pub(super) async fn take(address: &PostgresAddress, background: &Handle, wait: bool) -> Result<Self, StoreError> {
        let slot = Arc::new(Slot::new(address, background, ""));
        migrations::apply(slot.used().await?.session()?).await?;
        let holder: Arc<str> = named().into();
        let mut told = false;
        while let Some(other) = claim(&slot, &holder, wait).await? {
            if !wait {
                return Err(StoreError::Held { holder: other });
            }
            if !told {
                tracing::info!(holder = other, "another service has the database; this one waits for it");
                told = true;
            }
            tokio::time::sleep(EVERY).await;
        }
        let (lose, lost) = oneshot::channel();
        background.spawn(renew(Arc::clone(&slot), Arc::clone(&holder), lose));
        Ok(Self { holder, lost: Some(lost), slot })
    }

    /// Gives it up, so that the next process need not wait; whether it was held.
    pub(super) async fn give_up(&self) -> Result<bool, StoreError> {
        let used = self.slot.used().await?;
        Ok(used.session()?.execute("DELETE FROM lease WHERE holder = $1", &[&&*self.holder]).await? == 1)
    }
}

/// Fails where a process does not hold the database any more; else nobody takes it before the end of the transaction.
pub(super) async fn check(session: &Session, holder: &str) -> Result<(), StoreError> {
    match session.find("SELECT holder FROM lease WHERE name = 'loop' FOR SHARE", &[]).await? {
        Some(row) if row.try_get::<_, &str>(0)? == holder => Ok(()),
        found => {
            let holder = found.map(|row| row.try_get(0)).transpose()?.unwrap_or_else(|| "nobody".to_owned());
            Err(StoreError::Held { holder })
        }
    }
}

/// Takes it where nobody holds it; who does. One that waits does so for a server that is gone, too.
async fn claim(slot: &Slot, holder: &str, wait: bool) -> Result<Option<String>, StoreError> {
    let sql = format!(
        "INSERT INTO lease (name, holder, until) VALUES ('loop', $1, clock_timestamp() + {LASTS})
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = clock_timestamp() + {LASTS}
         WHERE lease.until < clock_timestamp()"
    );
    let claimed = async {
        let used = slot.used().await?;
        let session = used.session()?;
        if session.execute(&sql, &[&holder]).await? == 1 {
            return Ok(None);
        }
        // It may have been given up in between, which the next attempt finds.
        let other = session.find("SELECT holder FROM lease WHERE name = 'loop'", &[]).await?;
        Ok(Some(other.map(|row| row.try_get(0)).transpose()?.unwrap_or_default()))
    };
    match claimed.await {
        Err(error @ StoreError::Unavailable(_)) if wait => {
            tracing::warn!(%error, "it is tried again");
            Ok(Some("nobody who answers".to_owned()))
        }
        claimed => claimed,
    }
}

/// Renews until another process has it. While the server cannot be reached nobody else takes it either.
async fn renew(slot: Arc<Slot>, holder: Arc<str>, mut lose: oneshot::Sender<()>) {
    let sql = format!("UPDATE lease SET until = clock_timestamp() + {LASTS} WHERE name = 'loop' AND holder = $1");
    loop {
        tokio::select! {
            () = lose.closed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let renewed = async { slot.used().await?.session()?.execute(&sql, &[&&*holder]).await };
        match renewed.await {
            Ok(1) => {}
            Ok(_) => {
                tracing::error!("another process has taken the database over");
                // Whoever listens no more ends already.
                let _ = lose.send(());
                return;
            }
            Err(error) => tracing::warn!(%error, "the hold on the database could not be renewed; it is tried again"),
        }
    }
}

/// This process, as others are told; the end sets it apart from one that had its number before.
fn named() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "a host" } else { host.trim() };
    format!("process {} on {host}, {:08x}", std::process::id(), getrandom::u32().unwrap_or_default())
}
