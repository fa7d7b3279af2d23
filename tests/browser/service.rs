//! The dashboard as the service serves it: what it shows of the loop, and what its buttons bring about.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use thirtyfour::prelude::*;

use super::{PATIENCE, found, page_and_browsers, text};
use crate::api::keys::key;
use crate::api::server::Server;
use crate::shadowplane::Folder;

/// A virtual hour a second.
pub(super) fn demo(folder: &Folder) -> Server {
    let dashboard = tests::dashboard();
    Server::start(folder, &["--demo", "--speed", "3600", "--dashboard", dashboard.to_str().unwrap()])
}

pub(super) async fn answer(page: &WebDriver, testid: &str, wanted: &str) -> Result<String> {
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

/// The overview has the beginning of each page, and the way to it.
#[tokio::test]
async fn the_overview_leads_to_every_page() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1"));
    let page = browsers.open().await?;
    for (link, address) in [
        ("All costs", "#/costs"),
        ("All demand", "#/demand"),
        ("All recommendations", "#/recommendations"),
        ("All models", "#/models"),
    ] {
        page.goto(&server.address).await?;
        let query = page.query(By::LinkText(link)).wait(PATIENCE, Duration::from_millis(50));
        query.first().await.with_context(|| format!("no link `{link}`"))?.click().await?;
        let now = page.current_url().await?.to_string();
        ensure!(now.contains(address), "{link} leads to {now}");
    }
    page.quit().await?;
    Ok(())
}

/// As wide as a small phone, of which a scrollbar takes its part: nothing reaches beyond, and every page can be chosen.
#[tokio::test]
async fn every_page_fits_a_small_screen() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1"));
    let page = browsers.open_narrow(360).await?;
    for (address, there) in [
        ("", "clock"),
        ("#/costs", "costs"),
        ("#/recommendations", "proposal"),
        ("#/models", "candidates"),
        ("#/demand", "candidates"),
        ("#/settings", "create-key"),
        ("#/lab?scenario=example", "digest"),
    ] {
        page.goto(format!("{}/{address}", server.address)).await?;
        found(&page, there).await?;
        let root = "const root = document.documentElement; return [root.clientWidth, root.scrollWidth]";
        let [room, wide]: [f64; 2] = page.execute(root, Vec::new()).await?.convert()?;
        ensure!(wide <= room, "{address} is {wide} wide, and has {room}");
        let links = page.find_all(By::Css("nav a")).await?;
        ensure!(links.len() == 7, "{address}: {} links", links.len());
        for link in links {
            let (name, at) = (link.text().await?, link.rect().await?);
            ensure!(at.x >= 0.0 && at.x + at.width <= room && at.height > 0.0, "{address}: {name} at {at:?}");
        }
    }
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
    found(&page, "horizons").await?;
    ensure!(page.find_all(By::Css("[data-testid='key-form']")).await?.is_empty(), "it has what it needs");
    // Its secret is in no address.
    ensure!(page.current_url().await?.query().is_none());
    page.quit().await?;
    Ok(())
}
