//! What the service is told by whoever started it, and by its files.

use std::sync::Arc;
use std::time::Duration;

use crate::tls::Certificate;

/// How often it is looked whether the certificate was written anew.
const LOOK: Duration = Duration::from_secs(10);

/// Waits until somebody says that the service shall end; whether what was asked is to be answered first.
#[cfg(unix)]
pub(crate) async fn told_to_stop() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
            _ = terminate.recv() => true,
            _ = interrupt.recv() => false,
        },
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals cannot be heard; only a kill ends the service");
            std::future::pending().await
        }
    }
}

/// Waits until somebody says that the service shall end; whether what was asked is to be answered first.
#[cfg(not(unix))]
pub(crate) async fn told_to_stop() -> bool {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "signals cannot be heard; only a kill ends the service");
        std::future::pending::<()>().await;
    }
    false
}

/// Reads the certificate again on SIGHUP, and whenever its files were written anew; for ever.
pub(super) async fn renew(certificate: Option<Arc<Certificate>>) {
    let mut hung_up = HungUp::new();
    loop {
        let told = tokio::select! {
            () = hung_up.next() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        match &certificate {
            Some(certificate) if told || certificate.is_outdated() => match certificate.read_again() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "the certificate cannot be read again; the one before is shown");
                }
            },
            None if told => tracing::info!("there is no certificate to be read again"),
            _ => {}
        }
    }
}

/// Hears SIGHUP where there is such a thing; it would end the service otherwise.
struct HungUp {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl HungUp {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        std::future::pending().await
    }
}
