//! Where the database is, and what it is opened with.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// What addresses of databases begin with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// After so long without an answer a connection is taken for dead.
const SILENCE: Duration = Duration::from_secs(15);

/// A database on a server that speaks PostgreSQL's protocol. What it prints has no password.
#[derive(Clone)]
pub struct PostgresAddress {
    config: Config,
    tls: Option<Arc<ClientConfig>>,
}

impl PostgresAddress {
    /// Reads `postgres://user@host:port/database`. The password is the one of the address, of `password_file`, or of
    /// `PGPASSWORD`. With `sslmode=require` there is TLS, and the server's certificate is checked against those of `ca` (PEM),
    /// or against Mozilla's list.
    ///
    /// # Errors
    /// When it is no such address, or a file cannot be read.
    pub fn new(text: &str, password_file: Option<&Path>, ca: Option<&Path>) -> anyhow::Result<Self> {
        let is_url = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        let config = text.parse::<Config>().ok().filter(|_| is_url);
        let Some(mut config) = config else {
            return Err(anyhow!("{} is no address; expected postgres://user@host:port/database", redacted(text)));
        };
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            let named = redacted(text);
            return Err(anyhow!("{named} names no host, or no database; expected postgres://user@host:port/database"));
        }
        if let Some(path) = password_file {
            let password = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            config.password(password.trim_end_matches(['\r', '\n']));
        } else if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(trusting(ca)?),
            _ if ca.is_some() => {
                return Err(anyhow!(
                    "a file of certificates is named, and {} asks for no TLS; add ?sslmode=require",
                    redacted(text)
                ));
            }
            // Without a check of the certificate, TLS that is preferred keeps nobody out who can change what is sent.
            _ => {
                config.ssl_mode(SslMode::Disable);
                None
            }
        };
        config.application_name(concat!("shadowplane ", env!("CARGO_PKG_VERSION")));
        config.tcp_user_timeout(SILENCE).keepalives_idle(SILENCE / 3);
        config.keepalives_interval(SILENCE / 3).keepalives_retries(2);
        Ok(Self { config, tls })
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn tls(&self) -> Option<&ClientConfig> {
        self.tls.as_deref()
    }
}

fn trusting(ca: Option<&Path>) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let certificates = certificates.with_context(|| format!("cannot read {}", path.display()))?;
            if roots.add_parsable_certificates(certificates).0 == 0 {
                return Err(anyhow!("{} holds no certificate in PEM", path.display()));
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(Arc::new(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth()))
}

/// The text of an address without its password; nothing of it where it cannot be read, since there may be one anywhere.
#[must_use]
pub fn redacted(text: &str) -> String {
    match text.parse::<Config>() {
        Ok(config) if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) => shown(&config),
        _ => "what is given".to_owned(),
    }
}

fn shown(config: &Config) -> String {
    let user = config.get_user().map_or(String::new(), |user| format!("{user}@"));
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(|(at, host)| in_url(host, port(at))).collect();
    let tls = if config.get_ssl_mode() == SslMode::Require { "?sslmode=require" } else { "" };
    format!("postgres://{user}{}/{}{tls}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

fn in_url(host: &Host, port: u16) -> String {
    match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
        Host::Tcp(name) => format!("{name}:{port}"),
        #[cfg(unix)]
        Host::Unix(path) => format!("{}:{port}", path.display().to_string().replace('/', "%2F")),
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.config))
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_ever_shown() {
        for (text, shown) in [
            ("postgres://ada:s3cret@db.example:6432/plans", "postgres://ada@db.example:6432/plans"),
            ("postgresql://ada@db.example/plans?password=s3cret", "postgres://ada@db.example:5432/plans"),
            ("postgres://ada:s3cret@a:1,b:2/plans", "postgres://ada@a:1,b:2/plans"),
            ("postgres://ada:s3cret@[::1]:1/plans?sslmode=require", "postgres://ada@[::1]:1/plans?sslmode=require"),
        ] {
            let address = PostgresAddress::new(text, None, None).unwrap();
            assert_eq!(
                (redacted(text), format!("{address}"), format!("{address:?}")),
                (shown.into(), shown.into(), shown.into())
            );
        }
        for wrong in [
            "ada:s3cret@db",
            "host=db password=s3cret",
            "postgres://ada:s3cret@db:nan/plans",
            "postgres://ada:s3cret@db",
        ] {
            let error = PostgresAddress::new(wrong, None, None).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && error.contains("expected postgres://"), "{error}");
        }
    }
}
