//! The dashboard as the service serves it: what it shows of the loop, and what its buttons bring about.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use thirtyfour::prelude::*;

use super::{PATIENCE, found, page_and_browsers, text};
use crate::api::keys::key;
use crate::api::server::Server;
use crate::shadowplane::Folder;

/// A virtual hour a second.
fn demo(folder: &Folder) -> Server {
    let dashboard = tests::dashboard();
    Server::start(folder, &["--demo", "--speed", "3600", "--dashboard", dashboard.to_str().unwrap()])
}

async fn answer(page: &WebDriver, testid: &str, wanted: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = String::new();
    while Instant::now() < deadline {
        last = text(page, testid).await?;
        if last.contains(wanted) {
            return Ok(last);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the answer is `{last}`, not `{wanted}`")
}

/// The example's nodes boot in 210 s, where 120 s are assumed: 90 s off, and nothing afterwards.
#[tokio::test]
async fn the_overview_trains_rolls_back_and_shows_what_was_calibrated() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/models", |reply| reply.body.contains("\"champion\""));
    let page = browsers.open().await?;
    page.goto(&server.address).await?;

    // Nobody served before the first champion.
    found(&page, "roll-back").await?.click().await?;
    answer(&page, "model-answer", "there has been no champion before the present one").await?;
    let train = found(&page, "train").await?;
    train.wait_until().wait(PATIENCE, Duration::from_millis(50)).enabled().await?;
    train.click().await?;
    let said = answer(&page, "model-answer", "The training j-").await?;
    let job = said.split_whitespace().find(|word| word.starts_with("j-")).context("no job is named")?;
    let reply = server.get(&format!("/v1/jobs/{job}")).json();
    ensure!(reply["kind"] == "retraining", "{reply}");

    let table = found(&page, "calibrations").await?.text().await?.replace('\u{a0}', " ");
    let boot = table.lines().find(|line| line.contains("boot of general")).context(table.clone())?;
    ensure!(boot.ends_with("2.00 min 3.50 min 1.50 min → 0 ms"), "{boot}");
    page.quit().await?;
    Ok(())
}

/// What is accepted is listed with what it promised, until it is withdrawn.
#[tokio::test]
async fn the_overview_accepts_and_withdraws_what_is_recommended() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1"));
    let page = browsers.open().await?;
    page.goto(&server.address).await?;
    found(&page, "recommendations").await?;
    found(&page, "accept").await?.click().await?;
    let said = answer(&page, "recommendation-answer", "Accepted: ").await?;
    let change = said.strip_prefix("Accepted: ").and_then(|rest| rest.split_once(". Nothing")).context(said.clone())?.0;
    let list = server.get("/v1/recommendations").json();
    let accepted = list["accepted"][0]["recommendation"]["change"].as_str().context("nothing was accepted")?;
    ensure!(accepted.replace('`', "") == change, "{accepted} {change}");
    let listed = answer(&page, "accepted", "It promised to save").await?;
    ensure!(listed.to_lowercase().contains(&change.to_lowercase()), "{listed}");
    found(&page, "withdraw").await?.click().await?;
    answer(&page, "recommendation-answer", "Withdrawn: ").await?;
    ensure!(server.get("/v1/recommendations").json()["accepted"] == serde_json::json!([]), "it was withdrawn");
    page.quit().await?;
    Ok(())
}

/// Until a key is given that the service takes, it shows nothing of anybody; then everything.
#[tokio::test]
async fn the_page_asks_for_a_key_and_sends_it() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let viewer = key(&folder, &["--role", "viewer"]);
    let dashboard = tests::dashboard();
    let arguments =
        ["--demo", "--speed", "3600", "--recommend", "on-order", "--dashboard", dashboard.to_str().unwrap()];
    let server = Server::start_with_keys(&folder, &arguments);
    let page = browsers.open().await?;
    page.goto(&server.address).await?;
    found(&page, "key").await?.send_keys("sp_wrong_key").await?;
    found(&page, "use-key").await?.click().await?;
    found(&page, "key-wrong").await?;
    found(&page, "key").await?.send_keys(viewer).await?;
    found(&page, "use-key").await?.click().await?;
    found(&page, "calibrations").await?;
    ensure!(page.find_all(By::Css("[data-testid='key-form']")).await?.is_empty(), "it has what it needs");
    // Its secret is in no address.
    ensure!(page.current_url().await?.query().is_none());
    page.quit().await?;
    Ok(())
}
