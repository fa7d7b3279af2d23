//! The page of demand: what is chosen is what the API has, known events stand on the axis of time and are changed there.

use anyhow::{Context, Result, ensure};
use shared::units::{Duration, Instant};
use thirtyfour::prelude::*;

use super::service::answer;
use super::{choose, found, page_and_browsers, press, text};
use crate::api::server::Server;
use crate::shadowplane::Folder;

/// A demo whose clock stands as good as still, with its first forecast.
fn standing(folder: &Folder) -> Server {
    let dashboard = tests::dashboard();
    let server = Server::start(
        folder,
        &["--demo", "--speed", "1", "--recommend", "on-order", "--dashboard", dashboard.to_str().unwrap()],
    );
    server.wait_for("/v1/forecasts", |reply| reply.json()["state"] == "ready");
    server.wait_for("/v1/models", |reply| reply.body.contains("seasonal_naive"));
    // What has been forecast is told before the clock is.
    server.wait_for("/v1/status", |reply| reply.json()["now"].as_str() > Some("2026"));
    server
}

/// What the chart says to whoever does not see it, once it says so.
async fn chart(page: &WebDriver, wanted: &str) -> Result<String> {
    let deadline = std::time::Instant::now() + super::PATIENCE;
    let mut last = String::new();
    while std::time::Instant::now() < deadline {
        // It may be drawn anew between being found and being read.
        if let Ok(plot) = page.find(By::Css(".plot")).await {
            last = plot.attr("aria-label").await.ok().flatten().unwrap_or_default();
            if last.contains(wanted) {
                return Ok(last);
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("the chart says `{last}`, not `{wanted}`")
}

/// The address of before still opens the page; every choice is an address, and what is shown has all three bands.
#[tokio::test]
async fn demand_is_shown_by_tenant_class_and_flavor_with_its_bands() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = standing(&folder);
    let page = browsers.open().await?;
    page.goto(format!("{}/#/forecast", server.address)).await?;
    for band in ["90 % band", "80 % band", "50 % band", "median"] {
        chart(&page, band).await?;
    }
    let flavor = server.get("/v1/status").json()["flavors"][0].as_str().context("no flavor")?.to_owned();
    choose(&page, "of-class", "compute").await?;
    choose(&page, "of-flavor", &flavor).await?;
    choose(&page, "of-tenant", "shop").await?;
    let address = page.current_url().await?.to_string();
    for part in ["#/demand?", "class=compute", "tenant=shop", &format!("flavor={flavor}")] {
        ensure!(address.contains(part), "{address}: {part}");
    }
    // What has no series of its own says so.
    let query = page.query(By::XPath("//p[contains(., '20 predicted streams')]"));
    query.wait(super::PATIENCE, std::time::Duration::from_millis(50)).first().await?;
    // The same address shows the same elsewhere.
    page.refresh().await?;
    chart(&page, "80 % band").await?;
    let chosen = found(&page, "of-flavor").await?.value().await?;
    ensure!(chosen.as_deref() == Some(flavor.as_str()), "{chosen:?}");

    // Models beside their baselines, and what intervals claimed.
    let models = text(&page, "candidates").await?;
    ensure!(models.contains("seasonal naive") && models.contains("MASE 1 d"), "{models}");
    ensure!(page.find(By::Css("[aria-label='Claimed against achieved']")).await?.is_displayed().await?);
    page.goto(format!("{}/#/demand?class=gpu", server.address)).await?;
    page.refresh().await?;
    ensure!(text(&page, "error").await?.contains("expected compute, storage or network"));
    page.quit().await?;
    Ok(())
}

async fn set(page: &WebDriver, testid: &str, value: &str) -> Result<()> {
    // A field for date and time is typed into in another order everywhere.
    let script = format!("document.querySelector('[data-testid={testid}]').value = '{value}'");
    page.execute(script, Vec::new()).await?;
    Ok(())
}

/// An event is added below the chart, stands above it, and is changed through its name there.
#[tokio::test]
async fn known_events_stand_on_the_axis_and_are_changed_there() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = standing(&folder);
    let now: Instant = server.get("/v1/status").json()["now"].as_str().context("no clock")?.parse()?;
    let start = now.floor(Duration::HOUR) + Duration::HOUR * 3;
    let field = |at: Instant| at.to_string()[.."2026-06-20T10:00".len()].to_owned();
    let page = browsers.open().await?;
    page.goto(format!("{}/#/demand", server.address)).await?;
    found(&page, "add-event").await?.find(By::Css("summary")).await?.click().await?;
    set(&page, "event-name", "launch").await?;
    set(&page, "event-start", &field(start)).await?;
    set(&page, "event-end", &field(start + Duration::HOUR * 2)).await?;
    press(&found(&page, "give-event").await?).await?;
    answer(&page, "events-answer", "launch is known from now on").await?;
    let mark = found(&page, "mark").await?;
    ensure!(mark.text().await? == "launch");
    let at = mark.rect().await?;
    let plot = page.find(By::Css(".plot")).await?.rect().await?;
    ensure!(at.x > plot.x && at.x < plot.x + plot.width, "{at:?} is not above {plot:?}");

    press(&mark).await?;
    let name = found(&page, "event-name").await?;
    ensure!(name.value().await?.as_deref() == Some("launch"), "the form has what the event is");
    set(&page, "event-name", "second launch").await?;
    // What is written stays, although the page hears of news meanwhile.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    ensure!(found(&page, "event-name").await?.value().await?.as_deref() == Some("second launch"));
    press(&found(&page, "give-event").await?).await?;
    answer(&page, "events-answer", "second launch is known").await?;
    answer(&page, "events", "second launch").await?;
    let events = server.get("/v1/events").json();
    let names: Vec<&str> = events.as_array().unwrap().iter().filter_map(|of| of["name"].as_str()).collect();
    ensure!(names == ["second launch"], "{events}");
    ensure!(events[0]["occurrences"][0]["start"] == start.to_string().as_str(), "{events}");
    press(&found(&page, "remove-event").await?).await?;
    press(&found(&page, "remove-event-yes").await?).await?;
    answer(&page, "events-answer", "is removed").await?;
    ensure!(server.get("/v1/events").json() == serde_json::json!([]));
    page.quit().await?;
    Ok(())
}
