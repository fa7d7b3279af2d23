//! Where the queue is, and what it is opened with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use async_nats::{ConnectOptions, ServerAddr};

/// What addresses of servers begin with; the second asks for TLS.
const SCHEMES: [&str; 2] = ["nats://", "tls://"];

/// How often it is asked whether a server that says nothing is there.
const PING: Duration = Duration::from_secs(10);

/// One server or several of one cluster. What it prints has no password.
#[derive(Clone)]
pub struct NatsAddress {
    servers: Vec<ServerAddr>,
    user: Option<User>,
    ca: Option<PathBuf>,
}

/// Who we say that we are.
#[derive(Clone)]
enum User {
    Named { name: String, password: String },
    Token(String),
}

impl NatsAddress {
    /// Reads `nats://user@host:port`, several with commas between; `tls://` asks for TLS, with certificates that hang from those
    /// of `ca` (PEM) or from the machine's own list. The password is the one of the address or of `password_file`; a name
    /// without a password is a token.
    ///
    /// # Errors
    /// When it is no such address, or a file cannot be read.
    pub fn new(text: &str, password_file: Option<&Path>, ca: Option<&Path>) -> anyhow::Result<Self> {
        let servers = parse(text)
            .ok_or_else(|| anyhow!("{} is no address; expected nats://host:4222 or tls://host:4222", redacted(text)))?;
        let password = match password_file {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        };
        let named = servers.iter().find_map(|server| Some((decoded(server.username()?), server.password())));
        let user = match named {
            None if password.is_some() => {
                return Err(anyhow!("a password is given, and {} names no user", redacted(text)));
            }
            None => None,
            Some((name, within)) => match password.or_else(|| within.map(decoded)) {
                Some(password) => Some(User::Named { name, password }),
                None => Some(User::Token(name)),
            },
        };
        if let Some(path) = ca {
            if !servers.iter().any(ServerAddr::tls_required) {
                let shown = redacted(text);
                return Err(anyhow!("a file of certificates is named, and {shown} asks for no TLS; write tls://"));
            }
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        }
        Ok(Self { servers, user, ca: ca.map(Path::to_owned) })
    }

    pub(super) fn servers(&self) -> &[ServerAddr] {
        &self.servers
    }

    pub(super) fn options(&self) -> ConnectOptions {
        let options = ConnectOptions::new()
            .name(concat!("shadowplane ", env!("CARGO_PKG_VERSION")))
            .ping_interval(PING)
            .require_tls(self.servers.iter().any(ServerAddr::tls_required));
        let options = match &self.user {
            None => options,
            Some(User::Named { name, password }) => options.user_and_password(name.clone(), password.clone()),
            Some(User::Token(token)) => options.token(token.clone()),
        };
        match &self.ca {
            None => options,
            Some(path) => options.add_root_certificates(path.clone()),
        }
    }
}

fn parse(text: &str) -> Option<Vec<ServerAddr>> {
    let scheme = SCHEMES.into_iter().find(|scheme| text.starts_with(scheme))?;
    let servers = text.split(',').map(str::trim).map(|part| {
        let whole = if part.contains("://") { part.to_owned() } else { format!("{scheme}{part}") };
        let server: ServerAddr = whole.parse().ok()?;
        (whole.starts_with(scheme) && !server.host().is_empty()).then_some(server)
    });
    servers.collect()
}

/// What stands in an address with `%40` for `@`, and the like.
fn decoded(text: &str) -> String {
    let query = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(query.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

/// The text of an address without its password; nothing of it where it cannot be read, since there may be one anywhere.
#[must_use]
pub fn redacted(text: &str) -> String {
    parse(text).map_or_else(|| "what is given".to_owned(), |servers| shown(&servers))
}

fn shown(servers: &[ServerAddr]) -> String {
    let one = |server: &ServerAddr| {
        let host = server.host();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        // A name without a password is a secret itself.
        let user = server.username().filter(|_| server.password().is_some());
        let user = user.map_or(String::new(), |user| format!("{user}@"));
        format!("{}://{user}{host}:{}", server.scheme(), server.port())
    };
    servers.iter().map(one).collect::<Vec<_>>().join(",")
}

impl fmt::Display for NatsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.servers))
    }
}

impl fmt::Debug for NatsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_what_has_a_meaning_in_addresses() {
        for (written, meant) in [("s3cret", "s3cret"), ("a%40b+c&d%25", "a@b+c&d%")] {
            assert_eq!(decoded(written), meant);
        }
    }

    #[test]
    fn no_password_and_no_token_is_ever_shown() {
        for (text, shown) in [
            ("nats://127.0.0.1", "nats://127.0.0.1:4222"),
            ("nats://ada:s3cret@mq.example:6222", "nats://ada@mq.example:6222"),
            ("tls://s3cret@mq.example", "tls://mq.example:4222"),
            ("nats://ada:s3cret@a:1,b:2", "nats://ada@a:1,nats://b:2"),
            ("nats://[::1]:1", "nats://[::1]:1"),
        ] {
            let address = NatsAddress::new(text, None, None).unwrap();
            assert_eq!(
                (redacted(text), format!("{address}"), format!("{address:?}")),
                (shown.into(), shown.into(), shown.into())
            );
        }
        for wrong in
            ["ada:s3cret@mq", "http://ada:s3cret@mq", "nats://", "nats://ada:s3cret@mq:nan", "nats://a,tls://b"]
        {
            let error = NatsAddress::new(wrong, None, None).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && error.contains("expected nats://"), "{error}");
        }
    }
}
