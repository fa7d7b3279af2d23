//! Connections that live on the thread of their store.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::PostgresAddress;
use super::errors::{of_connecting, words};
use super::session::Session;
use crate::store::StoreError;

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A new connection that lives there, on which `begin` was said.
pub(super) async fn connect(
    background: &Handle,
    address: &PostgresAddress,
    begin: &'static str,
) -> Result<Session, StoreError> {
    let (address, handle) = (address.clone(), background.clone());
    let connecting = async move {
        let client = match address.tls() {
            None => {
                let (client, connection) = address.config().connect(NoTls).await.map_err(of_connecting)?;
                handle.spawn(driven(connection));
                client
            }
            Some(tls) => {
                let tls = MakeRustlsConnect::new(tls.clone());
                let (client, connection) = address.config().connect(tls).await.map_err(of_connecting)?;
                handle.spawn(driven(connection));
                client
            }
        };
        let session = Session::new(client);
        session.batch(begin).await?;
        Ok(session)
    };
    let patient = background.spawn(async { tokio::time::timeout(PATIENCE, connecting).await });
    let late = |_| StoreError::Unavailable(format!("no answer within {} s", PATIENCE.as_secs()));
    patient.await.map_err(|_| StoreError::Closed)?.map_err(late)?
}

/// Goes on until the connection is closed; why it was, whoever used it hears.
async fn driven(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(error = words(&error), "a connection to the database ended");
    }
}
