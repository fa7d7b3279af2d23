//! Requests to others: no redirects, an end to patience, and no more of an answer than is needed to say what is wrong.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a request may take with its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// So much of an answer is read to say what is wrong.
const ANSWER_MAX: u64 = 512;

/// Headers of an answer may hold so much.
const HEADERS_MAX: usize = 16 << 10;

/// What sends requests to others; it blocks.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing(Agent);

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotTaken {
    /// Whoever is there answered otherwise than with 2xx.
    #[error("answered {status}{answer}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, with a colon before it; empty where nothing.
        answer: String,
    },
    /// There was no answer.
    #[error("{0}")]
    NoAnswer(String),
}

impl Outgoing {
    /// Trusts the certificates of a file, or Mozilla's list. Proxies are those of the environment.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub(crate) fn new(trusted: Option<&Path>) -> anyhow::Result<Self> {
        let roots = trusted.map_or(Ok(RootCerts::WebPki), read_roots)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect could lead into the service's own network.
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .max_response_header_size(HEADERS_MAX)
            .user_agent(concat!("shadowplane/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(Self(config.build().new_agent()))
    }

    /// Sends anything; the whole answer.
    ///
    /// # Errors
    /// When there is no answer; one of any status is one.
    pub(crate) fn send(
        &self,
        request: ureq::http::Request<Vec<u8>>,
    ) -> Result<ureq::http::Response<Vec<u8>>, ureq::Error> {
        let (head, mut body) = self.0.run(request)?.into_parts();
        Ok(ureq::http::Response::from_parts(head, body.read_to_vec()?))
    }

    /// Posts JSON.
    pub(super) fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<(), NotTaken> {
        let request = self.0.post(url).header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let mut response = request.send(body).map_err(|error| NotTaken::NoAnswer(error.to_string()))?;
        if response.status().is_success() {
            return Ok(());
        }
        let mut answer = Vec::new();
        // What cannot be read is not told; the status is.
        let _ = response.body_mut().as_reader().take(ANSWER_MAX).read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).split_whitespace().collect::<Vec<_>>().join(" ");
        let answer = if answer.is_empty() { answer } else { format!(": {answer}") };
        Err(NotTaken::Refused { status: response.status().as_u16(), answer })
    }
}

fn read_roots(path: &Path) -> anyhow::Result<RootCerts> {
    let name = || format!("--outgoing-ca {}", path.display());
    let pem = std::fs::read(path).with_context(name)?;
    let items = parse_pem(&pem).collect::<Result<Vec<_>, _>>().with_context(name)?;
    let certificates: Vec<Certificate<'static>> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(anyhow!("{} holds no certificate in PEM", name()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
