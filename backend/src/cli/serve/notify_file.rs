//! `[[webhooks]]` and `[webhook-retries]` of the service's file, and whom else to tell what is noticed.

use std::collections::BTreeSet;

use serde::Deserialize;
use shared::api::NotificationType;
use shared::units::Duration;

use super::Settings;
use crate::cli::CliError;
use crate::input;
use crate::notify::{FileWebhook, Links, NotifyConfig, Retries, checked_url, secret_bytes};

/// A webhook of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WebhookFile {
    name: String,
    url: String,
    /// A file that holds the secret, and nothing else.
    secret_file: String,
    types: Option<Vec<NotificationType>>,
    tenants: Option<Vec<String>>,
}

/// How often what is not taken is sent again; what is not said is the default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RetriesFile {
    first: Option<Duration>,
    attempts: Option<u32>,
}

impl Settings {
    /// Whom to tell what is noticed, and how.
    ///
    /// # Errors
    /// When an address, a webhook or a limit is wrong, or the file of a secret cannot be read.
    pub(super) fn notify(&self) -> Result<NotifyConfig, CliError> {
        let alertmanagers: Vec<String> =
            self.alertmanager.iter().map(|text| url("alertmanager", text)).collect::<Result<_, _>>()?;
        let external_url = self.external_url.as_ref().map(|text| url("external-url", text)).transpose()?;
        let webhooks: Vec<FileWebhook> = self.webhooks.iter().map(WebhookFile::read).collect::<Result<_, _>>()?;
        let mut names = BTreeSet::new();
        if let Some(twice) = webhooks.iter().find(|webhook| !names.insert(&webhook.name)) {
            return Err(CliError::Data(format!("webhooks: two are called `{}`; name one otherwise", twice.name)));
        }
        Ok(NotifyConfig {
            alertmanagers,
            links: Links { external_url, dashboard: self.dashboard.is_some() },
            webhooks,
            retries: self.webhook_retries.checked()?,
            outgoing_ca: self.outgoing_ca.clone(),
        })
    }
}

impl Settings {
    /// The collector that is sent traces.
    ///
    /// # Errors
    /// When its address is none.
    pub(super) fn otlp_endpoint(&self) -> Result<Option<String>, CliError> {
        self.otlp_endpoint.as_deref().map(|text| url("otlp-endpoint", text)).transpose()
    }
}

fn url(option: &str, text: &str) -> Result<String, CliError> {
    checked_url(text).map_err(|wrong| CliError::Usage(format!("--{option} {wrong}")))
}

impl WebhookFile {
    fn read(&self) -> Result<FileWebhook, CliError> {
        let Self { name, url, secret_file, types, tenants } = self.clone();
        let wrong = |field: &str, what: &str| CliError::Data(format!("webhooks.{name}: {field} {what}"));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(CliError::Data(format!("webhooks: name is `{name}`; expected letters, digits, - and _")));
        }
        let url = checked_url(&url).map_err(|what| wrong("url", &what))?;
        let secret = input::read_text(&secret_file)?.trim().to_owned();
        if secret_bytes(&secret).is_none() {
            let what = format!(
                "is {secret_file}, which holds no secret; expected whsec_ and Base64 of 24 to 64 bytes, as \
                 `echo whsec_$(openssl rand -base64 32)` prints"
            );
            return Err(wrong("secret-file", &what));
        }
        if types.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("types", "names none; name one at least, or leave it out"));
        }
        if tenants.as_ref().is_some_and(|tenants| tenants.is_empty() || tenants.iter().any(String::is_empty)) {
            return Err(wrong("tenants", "names none; name one at least, or leave it out"));
        }
        Ok(FileWebhook { name, url, secret, types, tenants })
    }
}

impl RetriesFile {
    fn checked(&self) -> Result<Retries, CliError> {
        let default = Retries::default();
        let retries =
            Retries { first: self.first.unwrap_or(default.first), attempts: self.attempts.unwrap_or(default.attempts) };
        if retries.first <= Duration::ZERO || retries.first > Duration::DAY {
            let message = format!("webhook-retries.first is {}; expected more than 0s and 1d at most", retries.first);
            return Err(CliError::Data(message));
        }
        if !(1..=100).contains(&retries.attempts) {
            let message = format!("webhook-retries.attempts is {}; expected 1 to 100", retries.attempts);
            return Err(CliError::Data(message));
        }
        Ok(retries)
    }
}
