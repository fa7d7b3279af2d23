//! Whom to tell what is noticed.

use std::path::PathBuf;

use actix_web::http::Uri;
use shared::api::NotificationType;
use shared::units::Duration;

/// Whom to tell, and how.
#[derive(Clone, Debug, Default)]
pub struct NotifyConfig {
    /// The addresses of Alertmanagers, each of which is told everything, without a slash at the end.
    pub alertmanagers: Vec<String>,
    /// What links of alerts and notifications begin with.
    pub links: Links,
    /// Webhooks of the settings' file.
    pub webhooks: Vec<FileWebhook>,
    /// How often what is not taken is sent again.
    pub retries: Retries,
    /// Certificates that servers may hang from; those of Mozilla's list where nothing is said.
    pub outgoing_ca: Option<PathBuf>,
}

/// Where people find what an alert is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The address of the service as others see it, without a slash at the end; the one that it listens at where none is said.
    pub external_url: Option<String>,
    /// Whether there is a page to look at, or only the API.
    pub dashboard: bool,
}

/// A webhook of the settings' file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileWebhook {
    /// Unique in the file.
    pub name: String,
    /// Where notifications are sent.
    pub url: String,
    /// `whsec_` and Base64.
    pub secret: String,
    /// The only types that it gets.
    pub types: Option<Vec<NotificationType>>,
    /// The only tenants whose notifications it gets.
    pub tenants: Option<Vec<String>>,
}

/// How often a notification that is not taken is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How long the first time.
    pub first: Duration,
    /// How often it is sent at most, the first time included.
    pub attempts: u32,
}

/// The longest that it is waited before something is sent again.
const WAIT_MAX: Duration = Duration::from_seconds(6 * 3_600);

impl Default for Retries {
    /// After 5 and 20 seconds, and four times as long each time: given up after seven hours.
    fn default() -> Self {
        Self { first: Duration::from_seconds(5), attempts: 8 }
    }
}

impl Retries {
    /// How long to wait after so many attempts, more or less by a fifth as `draw` of all `u32` says; none where it was
    /// enough. So not all that failed together come again together.
    pub(super) fn wait(&self, attempts: u32, draw: u32) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let longer = (1..attempts).try_fold(self.first.micros(), |wait, _| wait.checked_mul(4));
        let wait = longer.unwrap_or(i64::MAX).min(WAIT_MAX.micros()) as f64;
        let part = 0.8 + 0.4 * f64::from(draw) / f64::from(u32::MAX);
        Some(Duration::from_micros((wait * part) as i64))
    }
}

impl Links {
    /// Where a program finds the whole of it.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}{path}", self.external_url.as_deref().unwrap_or_default())
    }

    /// Where a person finds it.
    pub(super) fn page(&self, path: &str) -> String {
        if self.dashboard { self.api("/#/") } else { self.api(path) }
    }
}

/// An address to send to, without a slash at the end.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn checked_url(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("is `{text}`, {why}; expected an address such as https://host:9093"));
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return wrong("which does not begin with http:// or https://");
    }
    let Ok(uri) = text.parse::<Uri>() else { return wrong("which is no address") };
    let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
        return wrong("which names no host");
    };
    if authority.as_str().contains('@') {
        return wrong("which has a name or a password in it");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_fourfold_and_end() {
        // Half of all u32 is the middle: 5, 20, 80 s and so on; 5 · 4⁶ = 20,480 s is the last of eight attempts.
        let retries = Retries::default();
        let waits: Vec<i64> =
            (1..8).map(|attempts| retries.wait(attempts, u32::MAX / 2).unwrap().seconds().round() as i64).collect();
        assert_eq!(waits, [5, 20, 80, 320, 1_280, 5_120, 20_480]);
        assert_eq!(retries.wait(8, 0), None);
        let ends = [0, u32::MAX].map(|draw| retries.wait(1, draw).unwrap());
        assert_eq!(ends, [Duration::from_seconds(4), Duration::from_seconds(6)], "a fifth less, a fifth more");
        let long = Retries { attempts: 99, ..retries }.wait(98, u32::MAX / 2).unwrap();
        assert_eq!(long.seconds().round(), 21_600.0, "six hours at most");
    }

    #[test]
    fn only_addresses_of_http_are_sent_to() {
        assert_eq!(checked_url("https://alerts.example:9093/am/").unwrap(), "https://alerts.example:9093/am");
        for (text, why) in [
            ("alerts:9093", "begin with"),
            ("/hook", "begin with"),
            ("file:///etc/passwd", "begin with"),
            ("http://", "no address"),
            ("https://user:secret@host/", "password"),
            ("http://a b/", "no address"),
        ] {
            let message = checked_url(text).unwrap_err();
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
