//! TLS: the service's certificate and its key, read once.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where the certificate and its key are, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those that it hangs from.
    pub certificates: PathBuf,
    /// The private key of the first of them.
    pub key: PathBuf,
}

impl TlsFiles {
    /// What the service shows whoever connects: TLS 1.2 and 1.3, and no certificate asked of them.
    ///
    /// # Errors
    /// When a file cannot be read, or the two do not belong together.
    pub fn read(&self) -> anyhow::Result<ServerConfig> {
        let Self { certificates, key } = self;
        let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
        let chain: Vec<CertificateDer<'static>> =
            chain.with_context(|| format!("--tls-cert {}", certificates.display()))?;
        if chain.is_empty() {
            return Err(anyhow!("--tls-cert {} holds no certificate in PEM", certificates.display()));
        }
        let private = PrivateKeyDer::from_pem_file(key).with_context(|| format!("--tls-key {}", key.display()))?;
        let provider = Arc::new(ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .with_context(|| format!("{} and {} do not go together", certificates.display(), key.display()))
    }
}
