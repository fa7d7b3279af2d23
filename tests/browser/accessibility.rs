//! Every page, light and dark, as axe-core sees it: nothing in it keeps anybody out.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::peer;
use thirtyfour::prelude::*;

use super::service::demo;
use super::{fill, found, page_and_browsers};
use crate::shadowplane::Folder;

/// The pages, and what is there once they are.
const PAGES: [(&str, &str); 10] = [
    ("", "clock"),
    ("#/costs", "costs"),
    ("#/recommendations", "proposal"),
    ("#/models", "candidates"),
    ("#/demand", "candidates"),
    ("#/demand?data=example", "tour-offer"),
    ("#/lab?scenario=example", "digest"),
    ("#/lab?scenario=files", "what-may-be-dropped"),
    ("#/settings", "create-key"),
    ("#/nowhere", "notice"),
];

/// All that axe finds against, as it says it.
const LOOK: &str = "const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'] }).then(
        found => done(found.violations.map(of => ({ id: of.id, on: of.nodes.map(node => node.html + ' ' + node.failureSummary) }))),
        error => done([{ id: 'axe', on: [String(error)] }]));";

/// The Lab with all that it can show.
async fn fill_the_bench(page: &WebDriver) -> Result<()> {
    fill(page, "demand", 150).await?;
    for button in ["add-variant", "run", "map-nodes", "copy-link"] {
        found(page, button).await?.click().await?;
        if button == "run" {
            found(page, "variants-table").await?;
        }
    }
    found(page, "map-size").await?;
    found(page, "link").await?;
    Ok(())
}

#[tokio::test]
async fn no_page_keeps_anybody_out() -> Result<()> {
    let Some(axe) = peer("SHADOWPLANE_AXE", "axe.min.js") else { return Ok(()) };
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let axe = fs::read_to_string(&axe).with_context(|| axe.display().to_string())?;
    let folder = Folder::new();
    let server = demo(&folder);
    server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1"));
    for scheme in ["light", "dark"] {
        let page = if scheme == "dark" { browsers.open_dark().await? } else { browsers.open().await? };
        let is_dark: bool =
            page.execute("return matchMedia('(prefers-color-scheme: dark)').matches", Vec::new()).await?.convert()?;
        ensure!(is_dark == (scheme == "dark"));
        for (address, there) in PAGES {
            page.goto(format!("{}/{address}", server.address)).await?;
            page.refresh().await?;
            found(&page, there).await?;
            if there == "digest" {
                fill_the_bench(&page).await?;
            }
            page.execute(&axe, Vec::new()).await?;
            let found: Value = page.execute_async(LOOK, Vec::new()).await?.convert()?;
            ensure!(found == json!([]), "`{address}`, {scheme}: {found:#}");
        }
        page.quit().await?;
    }
    Ok(())
}
