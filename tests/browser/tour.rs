//! The tour for whoever comes for the first time.

use anyhow::{Context, Result, ensure};
use thirtyfour::prelude::*;

use super::{found, page_and_browsers, text};

#[tokio::test]
async fn the_tour_leads_from_the_overview_through_the_lab_and_is_offered_once() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("")).await?;
    found(&page, "start-tour").await?.click().await?;
    ensure!(text(&page, "tour").await?.contains("1 of 8"));
    // With the keys alone: it has the focus.
    page.active_element().await?.send_keys(Key::Right + "").await?;
    ensure!(text(&page, "tour").await?.contains("2 of 8"));
    ensure!(
        page.current_url().await?.as_str().contains("#/lab?scenario=example"),
        "the example, whatever the service has"
    );
    for stop in 3..=8 {
        found(&page, "tour-next").await?.click().await?;
        let said = text(&page, "tour").await?;
        ensure!(said.contains(&format!("{stop} of 8")), "{said}");
        // What it is about is marked as soon as it is there, one thing at a time.
        let marked = page.query(By::ClassName("toured")).wait(super::PATIENCE, std::time::Duration::from_millis(50));
        let marked = marked.single().await.with_context(|| format!("nothing is marked at {stop}"))?;
        ensure!(marked.is_displayed().await?);
    }
    page.active_element().await?.send_keys(Key::Escape + "").await?;
    ensure!(page.find_all(By::Css("[data-testid='tour'], [data-testid='tour-offer'], .toured")).await?.is_empty());
    page.refresh().await?;
    found(&page, "digest").await?;
    ensure!(page.find_all(By::Css("[data-testid='tour-offer']")).await?.is_empty(), "it is offered once");
    page.quit().await?;

    let other = browsers.open().await?;
    other.goto(files.address("#/lab?scenario=example")).await?;
    found(&other, "no-tour").await?.click().await?;
    other.refresh().await?;
    found(&other, "digest").await?;
    ensure!(other.find_all(By::Css("[data-testid='tour-offer']")).await?.is_empty(), "no is an answer");
    other.quit().await?;
    Ok(())
}
