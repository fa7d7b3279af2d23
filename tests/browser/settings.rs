//! The page of settings: keys, webhooks and known events, made and removed, and what was noticed.

use anyhow::{Context, Result, ensure};
use thirtyfour::prelude::*;

use super::service::answer;
use super::{choose, found, page_and_browsers, text};
use crate::api::keys::key;
use crate::api::server::Server;
use crate::receiver::Receiver;
use crate::shadowplane::Folder;

/// A service without requests, whose page is open with a key.
async fn opened(server: &Server, page: &WebDriver, key: &str) -> Result<()> {
    page.goto(format!("{}/#/settings", server.address)).await?;
    found(page, "key").await?.send_keys(key).await?;
    found(page, "use-key").await?.click().await?;
    Ok(())
}

async fn open_form(page: &WebDriver, testid: &str) -> Result<()> {
    found(page, testid).await?.find(By::Css("summary")).await?.click().await?;
    Ok(())
}

async fn write(page: &WebDriver, testid: &str, text: &str) -> Result<()> {
    Ok(found(page, testid).await?.send_keys(text).await?)
}

#[tokio::test]
async fn keys_are_made_shown_once_rotated_and_revoked() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let [viewer, admin] = ["viewer", "admin"].map(|role| key(&folder, &["--role", role]));
    let dashboard = tests::dashboard();
    let server = Server::start_with_keys(&folder, &["--dashboard", dashboard.to_str().unwrap()]);
    let page = browsers.open().await?;

    // A viewer is told which key it takes, and can enter it there.
    opened(&server, &page, &viewer).await?;
    let wrong = answer(&page, "key-wrong", "role admin").await?;
    ensure!(wrong.contains("not of the role admin"), "{wrong}");
    found(&page, "key").await?.send_keys(&admin).await?;
    found(&page, "use-key").await?.click().await?;

    open_form(&page, "create-key").await?;
    write(&page, "key-name", "finance").await?;
    choose(&page, "key-role", "viewer").await?;
    write(&page, "key-tenants", "shop, web").await?;
    choose(&page, "key-expires", "90d").await?;
    found(&page, "make-key").await?.click().await?;
    let secret = found(&page, "secret").await?.value().await?.context("no secret")?;
    let status = |key: &str| server.ask_with(key, "GET", "/v1/status", "").status;
    ensure!(status(&secret) == 200, "the new key is taken");
    let id = secret.split('_').nth(1).context("no id")?.to_owned();
    let keys = server.ask_with(&admin, "GET", "/v1/keys", "").json();
    let made = keys.as_array().unwrap().iter().find(|of| of["id"] == id.as_str()).context("it is not listed")?;
    ensure!(made["role"] == "viewer" && made["tenants"] == serde_json::json!(["shop", "web"]), "{made}");
    ensure!(made["expires_at"].is_string(), "{made}");
    found(&page, "secret-done").await?.click().await?;
    ensure!(page.find_all(By::Css("[data-testid='secret']")).await?.is_empty(), "it was shown once");
    answer(&page, "keys", "finance").await?;

    let button = |what: &str| By::Css(format!("[aria-label='{what} the key {id}']"));
    page.find(button("Rotate")).await?.click().await?;
    let rotated = found(&page, "secret").await?.value().await?.context("no secret")?;
    ensure!(rotated != secret && status(&rotated) == 200 && status(&secret) == 200, "both go on for a day");
    found(&page, "secret-done").await?.click().await?;
    page.find(button("Revoke")).await?.click().await?;
    ensure!(status(&rotated) == 200, "it was only asked");
    found(&page, "revoke-yes").await?.click().await?;
    answer(&page, "keys-answer", "is revoked").await?;
    ensure!(status(&rotated) == 401);
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn webhooks_are_made_tested_sent_again_and_removed() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    folder.write("service.toml", "[webhook-retries]\nfirst = \"100ms\"\nattempts = 1\n");
    let file = folder.path.join("service.toml").to_str().unwrap().to_owned();
    let dashboard = tests::dashboard();
    let server = Server::start(&folder, &["--config", &file, "--dashboard", dashboard.to_str().unwrap()]);
    let receiver = Receiver::start();
    let page = browsers.open().await?;
    page.goto(format!("{}/#/settings", server.address)).await?;
    open_form(&page, "create-webhook").await?;
    write(&page, "webhook-url", &receiver.url()).await?;
    write(&page, "webhook-name", "chat").await?;
    write(&page, "webhook-types", "weather").await?;
    found(&page, "make-webhook").await?.click().await?;
    ensure!(answer(&page, "webhook-problem", "weather").await?.contains("budget_at_risk"));
    found(&page, "webhook-types").await?.clear().await?;
    found(&page, "make-webhook").await?.click().await?;
    ensure!(found(&page, "secret").await?.value().await?.unwrap_or_default().starts_with("whsec_"));
    found(&page, "secret-done").await?.click().await?;

    found(&page, "test-webhook").await?.click().await?;
    answer(&page, "webhooks-answer", "The test was taken.").await?;
    ensure!(receiver.received()[0].json()["type"] == "test");
    receiver.answer(&["503 Service Unavailable"]);
    found(&page, "test-webhook").await?.click().await?;
    answer(&page, "webhooks-answer", "given up: answered 503").await?;
    found(&page, "send-again").await?.click().await?;
    receiver.wait_for(|received| received.len() == 3);
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["failed"] == 0);

    // Each test is noticed, too.
    answer(&page, "notifications", "test").await?;
    found(&page, "remove-webhook").await?.click().await?;
    found(&page, "remove-webhook-yes").await?.click().await?;
    answer(&page, "webhooks-answer", "is removed").await?;
    ensure!(server.get("/v1/webhooks").json() == serde_json::json!([]));
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn known_events_are_added_and_removed() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let dashboard = tests::dashboard();
    let server = Server::start(&folder, &["--demo", "--speed", "1", "--dashboard", dashboard.to_str().unwrap()]);
    server.wait_for("/v1/status", |reply| reply.json()["requests"].as_u64() > Some(0));
    let page = browsers.open().await?;
    page.goto(format!("{}/#/settings", server.address)).await?;
    open_form(&page, "add-event").await?;
    found(&page, "give-event").await?.click().await?;
    ensure!(text(&page, "event-problem").await?.contains("when it begins"));
    write(&page, "event-name", "launch").await?;
    write(&page, "event-tenant", "shop").await?;
    // A field for date and time is typed into in another order everywhere.
    for (testid, at) in [("event-start", "2026-06-20T10:00"), ("event-end", "2026-06-20T12:30")] {
        page.execute(format!("document.querySelector('[data-testid={testid}]').value = '{at}'"), Vec::new()).await?;
    }
    found(&page, "give-event").await?.click().await?;
    answer(&page, "events-answer", "launch is known from now on").await?;
    let events = server.get("/v1/events?from=2026-06-15T00:00:00Z&to=2026-06-30T00:00:00Z").json();
    let expected = serde_json::json!([{"start": "2026-06-20T10:00:00Z", "end": "2026-06-20T12:30:00Z"}]);
    ensure!(events[0]["tenant"] == "shop" && events[0]["occurrences"] == expected, "{events}");
    let listed = answer(&page, "events", "launch").await?;
    ensure!(listed.contains("20 Jun, 10:00"), "{listed}");
    found(&page, "remove-event").await?.click().await?;
    found(&page, "remove-event-yes").await?.click().await?;
    answer(&page, "events-answer", "launch is removed").await?;
    ensure!(server.get("/v1/events").json() == serde_json::json!([]));
    page.quit().await?;
    Ok(())
}
