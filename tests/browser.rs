//! The dashboard in a real browser: it runs what `shared` runs natively, and a link runs it again elsewhere.

mod accessibility;
mod causes;
mod charts;
mod costs;
mod demand;
mod forecasts;
mod links;
mod live;
mod models;
mod node_map;
mod own_files;
mod recommendations;
mod service;
mod settings;
mod tour;
mod variants;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::example::lab_scenario;
use shared::explanation::{explain, first_that_ends};
use shared::link::{LINK_ROUTE, SharedScenario};
use shared::request::Tenant;
use shared::scenario::{Burst, Edit, NodeGroup, PlacementPolicy, Scenario, ValidScenario};
use shared::simulation::{Digest, Outcome, PlanState, run};
use shared::units::{Duration as Span, FlavorIndex, NodeGroupIndex, TenantIndex};
use tests::driver::Browsers;
use tests::files::Files;
use tests::{dashboard, skipped};
use thirtyfour::components::SelectElement;
use thirtyfour::prelude::*;

/// Longer than any page takes here, so that a slow machine is no failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// The page as plain files under a sub-path, and a way to start browsers; none where there is no chromedriver.
async fn page_and_browsers() -> Result<Option<(Files, Browsers)>> {
    let Some(browsers) = Browsers::find().await? else {
        skipped("no chromedriver in CHROMEDRIVER or on PATH; `cargo xtask test` installs it");
        return Ok(None);
    };
    Ok(Some((Files::serve(&dashboard(), "/under/a/path/")?, browsers)))
}

/// The ensemble without a browser.
fn native_digest(scenario: &Scenario) -> Result<Digest> {
    let valid = ValidScenario::new(scenario.clone()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok(Outcome::collect((0..scenario.runs).map(|number| run(&valid, number, false)).collect()).digest)
}

/// An ensemble with edits, so that workers have something to share.
fn ensemble() -> Scenario {
    let edits =
        vec![Edit::ScaleDemand { tenant: None, percent: 150 }, Edit::Placement { policy: PlacementPolicy::BestFit }];
    Scenario { runs: 8, edits, ..lab_scenario() }
}

fn link(scenario: Scenario, digest: Digest) -> Result<String> {
    Ok(format!("{LINK_ROUTE}{}", SharedScenario { scenario, digest }.to_link()?))
}

async fn found(page: &WebDriver, testid: &str) -> Result<WebElement> {
    let query = page.query(By::Css(format!("[data-testid='{testid}']"))).wait(PATIENCE, Duration::from_millis(50));
    query.first().await.with_context(|| format!("the page shows no `{testid}`"))
}

async fn text(page: &WebDriver, testid: &str) -> Result<String> {
    for _ in 0..2 {
        // It may be drawn anew between being found and being read.
        if let Ok(text) = found(page, testid).await?.text().await {
            return Ok(text);
        }
    }
    Ok(found(page, testid).await?.text().await?)
}

/// Presses what may be behind the bar, which stays where it is above what is scrolled under it.
async fn press(element: &WebElement) -> Result<()> {
    element.scroll_into_view().await?;
    Ok(element.click().await?)
}

/// Waits until the digest on the page is another one than `before`.
async fn next_digest(page: &WebDriver, before: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let digest = text(page, "digest").await?;
        if digest != before {
            return Ok(digest);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the digest stays {before}")
}

/// Puts `value` into a number field and leaves it.
async fn fill(page: &WebDriver, testid: &str, value: u32) -> Result<()> {
    let field = found(page, testid).await?;
    field.clear().await?;
    field.send_keys(value.to_string()).await?;
    field.send_keys(Key::Tab + "").await?;
    Ok(())
}

#[tokio::test]
async fn a_link_runs_again_in_another_browser() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let first = browsers.open().await?;
    first.goto(files.address("#/lab?scenario=example")).await?;
    let seen = text(&first, "digest").await?;
    ensure!(seen == native_digest(&lab_scenario())?.to_string(), "the browser's digest is {seen}");
    found(&first, "copy-link").await?.click().await?;
    let link = found(&first, "link").await?.value().await?.context("the link field is empty")?;
    first.quit().await?;

    let second = browsers.open().await?;
    second.goto(link).await?;
    let verdict = text(&second, "verdict").await?;
    ensure!(verdict.contains("Same outcome as the sender's"), "{verdict}");
    ensure!(text(&second, "digest").await? == seen);
    let name = text(&second, "scenario-name").await?;
    ensure!(name == "shared scenario", "the name `{name}` travelled although nobody asked for it");
    second.quit().await?;
    Ok(())
}

#[tokio::test]
async fn any_number_of_workers_gives_the_native_digest() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let expected = native_digest(&ensemble())?;
    let link = link(ensemble(), expected)?;
    for workers in [1, 4] {
        let page = browsers.open().await?;
        page.goto(files.address(&format!("?workers={workers}{link}"))).await?;
        ensure!(text(&page, "digest").await? == expected.to_string(), "with {workers} workers");
        let how = text(&page, "how").await?;
        ensure!(how.contains(&format!("8 runs on {workers} worker")), "{how}");
        page.quit().await?;
    }
    Ok(())
}

/// Opened over the example, with more tenants and node groups than that has controls for.
#[tokio::test]
async fn a_file_with_more_of_everything_is_opened() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let mut larger = Scenario { runs: 2, ..lab_scenario() };
    let more = (0..4).map(|number| Tenant { name: format!("later {number}"), ..Tenant::default() });
    larger.tenants.extend(more);
    let group = larger.fleet.node_groups[0].clone();
    larger.fleet.node_groups.push(NodeGroup { name: "another".to_owned(), ..group });
    let digest = native_digest(&larger)?;
    let path = std::env::temp_dir().join(format!("shadowplane-larger-{}.shadowplane", std::process::id()));
    std::fs::write(&path, SharedScenario { scenario: larger, digest }.to_bytes())?;
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let before = text(&page, "digest").await?;
    found(&page, "open-file").await?.send_keys(path.display().to_string()).await?;
    ensure!(next_digest(&page, &before).await? == digest.to_string());
    ensure!(text(&page, "verdict").await?.contains("Same outcome as the sender's"));
    ensure!(found(&page, "tenant-9").await?.value().await?.as_deref() == Some("100"));
    std::fs::remove_file(&path)?;
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn the_form_makes_the_edits_that_it_shows() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let before = text(&page, "digest").await?;
    fill(&page, "demand", 200).await?;
    fill(&page, "runs", 3).await?;
    found(&page, "run").await?.click().await?;
    let edits = vec![Edit::ScaleDemand { tenant: None, percent: 200 }];
    let expected = native_digest(&Scenario { runs: 3, edits, ..lab_scenario() })?;
    ensure!(next_digest(&page, &before).await? == expected.to_string());
    page.quit().await?;
    Ok(())
}

async fn choose(page: &WebDriver, testid: &str, value: &str) -> Result<()> {
    let select = SelectElement::new(&found(page, testid).await?).await?;
    select.select_by_value(value).await.with_context(|| format!("`{testid}` has no `{value}`"))
}

#[tokio::test]
async fn a_change_without_a_field_is_added() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let before = text(&page, "digest").await?;
    choose(&page, "change-kind", "a burst of creates").await?;
    found(&page, "change-over").await?.clear().await?;
    found(&page, "change-over").await?.send_keys("soon").await?;
    found(&page, "add-change").await?.click().await?;
    let problem = text(&page, "change-problem").await?;
    ensure!(problem.contains("spread over") && problem.contains("`soon`"), "{problem}");
    found(&page, "change-over").await?.clear().await?;
    found(&page, "change-over").await?.send_keys("30m").await?;
    found(&page, "add-change").await?.click().await?;
    let listed = text(&page, "other-edits").await?;
    ensure!(listed.contains("100 more"), "{listed}");
    found(&page, "run").await?.click().await?;
    let mut scenario = lab_scenario();
    let burst = Burst {
        tenant: TenantIndex(0),
        flavor: FlavorIndex(0),
        at: scenario.window.start + Span::HOUR,
        over: Span::from_minutes(30),
        count: 100,
        lifetime: Some(Span::HOUR),
    };
    scenario.edits.push(Edit::Burst(burst));
    ensure!(next_digest(&page, &before).await? == native_digest(&scenario)?.to_string());
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn the_cheapest_fix_is_found_and_tried() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let edits = [0, 1].map(|group| Edit::MaxNodes { node_group: NodeGroupIndex(group), max: 1 }).to_vec();
    let scenario = Scenario { runs: 2, edits, ..lab_scenario() };
    let valid = ValidScenario::new(scenario.clone()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let (position, _) = first_that_ends(&valid, 0, PlanState::Pending).context("two nodes are enough")?;
    let fix = explain(&valid, 0, position)?.fix.context("nothing lets it in")?;
    let before = native_digest(&scenario)?;

    let page = browsers.open().await?;
    page.goto(files.address(&link(scenario.clone(), before)?)).await?;
    found(&page, "ask").await?.click().await?;
    found(&page, "try-fix").await?.click().await?;
    let fixed = Scenario { edits: [scenario.edits.clone(), fix.edits].concat(), ..scenario };
    ensure!(next_digest(&page, &before.to_string()).await? == native_digest(&fixed)?.to_string());
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn an_altered_digest_is_reported() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let mut altered = native_digest(&lab_scenario())?;
    altered.0[0] ^= 1;
    let page = browsers.open().await?;
    page.goto(files.address(&link(lab_scenario(), altered)?)).await?;
    let verdict = text(&page, "verdict").await?;
    ensure!(verdict.contains("Different outcome than the sender's"), "{verdict}");
    ensure!(verdict.contains(&altered.to_string()) && verdict.contains(&text(&page, "digest").await?), "{verdict}");
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn a_damaged_link_says_so() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let whole = link(lab_scenario(), Digest([0; 32]))?;
    let page = browsers.open().await?;
    page.goto(files.address(&whole[..whole.len() - 40])).await?;
    let error = text(&page, "error").await?;
    ensure!(error.contains("the link is cut short"), "{error}");
    page.goto(files.address("#/lab?s=%%%")).await?;
    page.refresh().await?;
    let error = text(&page, "error").await?;
    ensure!(error.contains("the link is damaged: `%` at character 1"), "{error}");
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn without_the_service_the_overview_says_how_to_start_it() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("")).await?;
    let error = text(&page, "error").await?;
    ensure!(error.contains("shadowplane serve --demo"), "{error}");
    page.quit().await?;
    Ok(())
}
