//! TLS: the service's certificate and its key, read when it starts and again when they change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use anyhow::{Context, anyhow};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Where the certificate and its key are, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those that it hangs from.
    pub certificates: PathBuf,
    /// The private key of the first of them.
    pub key: PathBuf,
}

/// What is shown to whoever connects; it is read again while the service runs, since certificates of today last for weeks.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
    /// When the files were written that it was read from.
    written: Mutex<Option<Written>>,
}

type Written = [SystemTime; 2];

impl Certificate {
    /// What is in the files now.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not belong together.
    pub fn read(files: &TlsFiles) -> anyhow::Result<Arc<Self>> {
        let written = Mutex::new(files.written());
        Ok(Arc::new(Self { files: files.clone(), shown: RwLock::new(Arc::new(files.read()?)), written }))
    }

    /// Shows from now on what is in the files; where that cannot be, what was shown before.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_again(&self) -> anyhow::Result<()> {
        let written = self.files.written();
        let read = self.files.read();
        // What is wrong is said once, and tried again when it is written anew.
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = written;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read?);
        Ok(())
    }

    /// Whether the files were written since they were read. In the middle of being replaced they may not be there.
    pub fn is_outdated(&self) -> bool {
        let written = self.files.written();
        written.is_some() && written != *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the service offers whoever connects: TLS 1.2 and 1.3, and no certificate asked of them.
    ///
    /// # Errors
    /// Never with these versions of TLS.
    pub fn config(self: Arc<Self>) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder.with_no_client_auth().with_cert_resolver(self))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl TlsFiles {
    fn read(&self) -> anyhow::Result<CertifiedKey> {
        let Self { certificates, key } = self;
        let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
        let chain: Vec<CertificateDer<'static>> =
            chain.with_context(|| format!("--tls-cert {}", certificates.display()))?;
        if chain.is_empty() {
            return Err(anyhow!("--tls-cert {} holds no certificate in PEM", certificates.display()));
        }
        let private = PrivateKeyDer::from_pem_file(key).with_context(|| format!("--tls-key {}", key.display()))?;
        CertifiedKey::from_der(chain, private, &ring::default_provider())
            .with_context(|| format!("{} and {} do not go together", certificates.display(), key.display()))
    }

    fn written(&self) -> Option<Written> {
        let written = |path: &PathBuf| path.metadata().and_then(|metadata| metadata.modified()).ok();
        Some([written(&self.certificates)?, written(&self.key)?])
    }
}
