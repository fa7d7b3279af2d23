//! The page of models: scores, calibrations and decisions as the API has them, and its buttons.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use thirtyfour::prelude::*;

use super::service::{answer, demo};
use super::{PATIENCE, found, page_and_browsers};
use crate::shadowplane::Folder;

/// The example's nodes boot in 210 s, where 120 s are assumed: 90 s off, and nothing afterwards.
#[tokio::test]
async fn models_are_shown_trained_rolled_back_and_calibrated() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/models", |reply| reply.body.contains("\"champion\""));
    let page = browsers.open().await?;
    page.goto(format!("{}/#/models", server.address)).await?;

    let candidates = found(&page, "candidates").await?.text().await?;
    let models = server.get("/v1/models").json()["models"].clone();
    for model in models.as_array().context("no models")? {
        let name = model["name"].as_str().unwrap().replace('_', " ");
        ensure!(candidates.contains(&name), "no {name} in {candidates}");
    }
    ensure!(candidates.matches("in use").count() == 1, "{candidates}");

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
    answer(&page, "jobs", job).await?;
    // It may be done before it can be cancelled.
    if let Ok(cancel) = page.find(By::Css("[data-testid='cancel-job']")).await
        && cancel.click().await.is_ok()
    {
        server.wait_for(&format!("/v1/jobs/{job}"), |reply| reply.json()["finished_at"].is_string());
    }

    let table = found(&page, "calibrations").await?.text().await?.replace('\u{a0}', " ");
    let boot = table.lines().find(|line| line.contains("boot of general")).context(table.clone())?;
    ensure!(boot.ends_with("2.00 min 3.50 min 1.50 min → 0 ms"), "{boot}");
    page.quit().await?;
    Ok(())
}

/// What intervals claim stands beside what they held, and decisions beside the signals that they rest on.
#[tokio::test]
async fn claims_and_decisions_are_those_of_the_api() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let dashboard = tests::dashboard();
    let arguments =
        ["--demo", "--speed", "20000", "--recommend", "on-order", "--dashboard", dashboard.to_str().unwrap()];
    let server = crate::api::server::Server::start(&folder, &arguments);
    server.wait_for("/v1/scorecard", |reply| reply.json()["judged"].as_u64() > Some(24));
    let page = browsers.open().await?;
    page.goto(format!("{}/#/models", server.address)).await?;
    let said = found(&page, "scorecard").await?.text().await?;
    for claimed in ["in 50 %", "in 80 %", "in 90 %"] {
        ensure!(said.contains(claimed), "{said}");
    }
    ensure!(said.contains("total 1 d") || said.contains("total 1 h"), "{said}");
    let decisions = found(&page, "decisions").await?.text().await?;
    let known = server.get("/v1/decisions?limit=1000").json()["decisions"].clone();
    let oldest = known.as_array().and_then(|all| all.last()).context("no decisions")?;
    ensure!(decisions.contains("retrain") || decisions.contains("keep model"), "{decisions}");
    let signal = oldest["signals"].as_array().and_then(|signals| signals.first());
    if let Some(name) = signal.and_then(|signal| signal["name"].as_str()) {
        ensure!(decisions.contains(&name.replace('_', " ")), "{name}: {decisions}");
    }
    page.quit().await?;
    Ok(())
}
