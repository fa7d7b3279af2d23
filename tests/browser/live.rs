//! The Overview hears of what is new, says when it does not, and leads from what needs attention to where that is explained.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use thirtyfour::prelude::*;

use super::service::answer;
use super::{PATIENCE, found, page_and_browsers, text};
use crate::api::keys::key;
use crate::api::server::Server;
use crate::shadowplane::Folder;

/// A key is sent, which an EventSource could not; what is new is shown, and who is at a control stays there; when the
/// service is gone, the page says since when.
#[tokio::test]
async fn the_overview_is_live_until_the_service_is_gone() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let admin = key(&folder, &["--role", "admin"]);
    let dashboard = tests::dashboard();
    let arguments =
        ["--demo", "--speed", "3600", "--recommend", "on-order", "--dashboard", dashboard.to_str().unwrap()];
    let server = Server::start_with_keys(&folder, &arguments);
    let page = browsers.open().await?;
    page.goto(&server.address).await?;
    found(&page, "key").await?.send_keys(&admin).await?;
    found(&page, "use-key").await?.click().await?;
    answer(&page, "live", "live").await?;
    page.execute("document.querySelector('select[aria-label=Tenant]').focus()", Vec::new()).await?;
    let before = text(&page, "clock").await?;
    let begun = Instant::now();
    while text(&page, "clock").await? == before {
        ensure!(begun.elapsed() < PATIENCE, "the clock stays at {before}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let focused: Option<String> =
        page.execute("return document.activeElement.getAttribute('aria-label')", Vec::new()).await?.convert()?;
    ensure!(focused.as_deref() == Some("Tenant"), "{focused:?}");

    server.kill();
    let said = answer(&page, "live", "reconnecting").await?;
    ensure!(said.contains("as of "), "{said}");
    page.quit().await?;
    Ok(())
}

/// Every line is a link, and opens what it is about.
#[tokio::test]
async fn what_needs_attention_leads_to_where_it_is_explained() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    folder.write("budgets.csv", "name,amount,currency,period,tenant\ntight,0.01,USD,week,ci\nwide,1000000,USD,week,\n");
    let budgets = folder.path.join("budgets.csv").to_str().unwrap().to_owned();
    let dashboard = tests::dashboard();
    let server = Server::start(
        &folder,
        &[
            "--demo",
            "--speed",
            "1e6",
            "--recommend",
            "on-order",
            "--budgets",
            &budgets,
            "--dashboard",
            dashboard.to_str().unwrap(),
        ],
    );
    let closed =
        |reply: &crate::api::server::Reply| reply.json()["windows"].as_array().is_some_and(|all| !all.is_empty());
    server.wait_for("/v1/reports/allocation", closed);
    server.wait_for("/v1/budgets", |reply| reply.body.contains("tight"));
    let page = browsers.open().await?;
    page.goto(&server.address).await?;
    let at_risk = answer(&page, "budgets-at-risk", "tight").await?;
    ensure!(!at_risk.contains("wide"), "{at_risk}");
    let link = found(&page, "budgets-at-risk").await?.find(By::Tag("a")).await?.attr("href").await?.unwrap_or_default();
    ensure!(link.contains("#/costs?") && link.contains("of=ci"), "{link}");
    page.goto(format!("{}/{link}", server.address)).await?;
    found(&page, "costs").await?;
    page.goto(&server.address).await?;
    found(&page, "variances").await?;
    let link = found(&page, "variances").await?.find(By::Tag("a")).await?.attr("href").await?.unwrap_or_default();
    ensure!(link.contains("#/costs?from="), "{link}");
    page.goto(format!("{}/{link}", server.address)).await?;
    found(&page, "costs").await?;
    // The figures above add up to what the API has.
    page.goto(&server.address).await?;
    for figure in ["spend", "predicted"] {
        ensure!(answer(&page, figure, "$").await?.starts_with('$'), "{figure}: {}", text(&page, figure).await?);
    }
    page.quit().await?;
    Ok(())
}
