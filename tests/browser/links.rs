//! Links as nobody should send them, the same for a camera, and the page without a network.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::example::lab_scenario;
use shared::link::LINK_ROUTE;
use shared::request::{IndexedRequest, Operation};
use shared::scenario::{Demand, Edit, Scenario, ValidScenario};
use shared::simulation::Digest;
use tests::driver::cut_network;
use thirtyfour::prelude::*;

use super::{fill, found, link, native_digest, next_digest, page_and_browsers, text};

/// A path of an SVG as [`rqrr`], which has nothing to do with what drew it, reads it: `M x y h w v1 h-w z` a row of modules.
fn decoded(size: usize, path: &str) -> Result<String> {
    let mut dark = vec![false; size * size];
    for row in path.split('M').filter(|row| !row.is_empty()) {
        let (at, rest) = row.split_once('h').context("a row without a width")?;
        let (x, y) = at.trim().split_once(' ').context("a row without a place")?;
        let (x, y): (usize, usize) = (x.parse()?, y.parse()?);
        let width: usize = rest.split('v').next().context("a row without a height")?.parse()?;
        dark[y * size + x..y * size + x + width].fill(true);
    }
    // As many pixels a module as a camera has at least.
    let scale = 4;
    let at = |x: usize, y: usize| dark[y / scale * size + x / scale];
    let mut picture = rqrr::PreparedImage::prepare_from_bitmap(size * scale, size * scale, at);
    let grids = picture.detect_grids();
    let (_, text) = grids.first().context("no code is found")?.decode()?;
    Ok(text)
}

/// The example with no more than this many of its creates: a short link, and a longer one.
fn creates(count: usize) -> Result<Scenario> {
    let valid = ValidScenario::new(lab_scenario()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let is_create = |request: &IndexedRequest| request.operation == Operation::Create;
    let creates = valid.requests(0).into_iter().filter(is_create).take(count).collect();
    Ok(Scenario { runs: 1, demand: Demand::Requests(creates), ..lab_scenario() })
}

/// A page with a scenario's link made, and the link.
async fn shared(page: &WebDriver, address: &str) -> Result<String> {
    page.goto(address).await?;
    text(page, "digest").await?;
    found(page, "copy-link").await?.click().await?;
    found(page, "link").await?.value().await?.context("the link field is empty")
}

/// Dark on light in the dark, too, and with words for who sees none of it; beyond 2,900 bytes it says why there is none.
#[tokio::test]
async fn the_qr_code_holds_the_link() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open_dark().await?;
    let short = creates(5)?;
    let short = link(short.clone(), native_digest(&short)?)?;
    let made = shared(&page, &files.address(&short)).await?;
    ensure!(made.len() <= 2_900, "{} bytes", made.len());
    found(&page, "qr").await?.find(By::Css("summary")).await?.click().await?;
    let code = found(&page, "qr-code").await?;
    ensure!(code.attr("aria-label").await?.is_some_and(|label| label.contains("QR code of the link")));
    let view = code.attr("viewBox").await?.context("no size")?;
    let size: usize = view.rsplit(' ').next().context("no size")?.parse()?;
    let path = code.find(By::Tag("path")).await?;
    let (rows, colour) = (path.attr("d").await?.unwrap_or_default(), path.attr("fill").await?);
    ensure!(colour.as_deref() == Some("#000000"), "{colour:?}");
    let read = decoded(size, &rows)?;
    ensure!(read == made, "{read} is not {made}");

    let long = creates(400)?;
    let long = link(long.clone(), native_digest(&long)?)?;
    let made = shared(&page, &files.address(&long)).await?;
    ensure!(made.len() > 2_900, "{} bytes", made.len());
    let why = text(&page, "no-qr").await?;
    ensure!(why.contains("a code holds 2,900"), "{why}");
    page.quit().await?;
    Ok(())
}

/// One whose scenario unpacks to far more than a link may hold.
fn bomb() -> Result<String> {
    let edit = Edit::ScaleDemand { tenant: None, percent: 100 };
    let scenario = Scenario { edits: vec![edit; 700_000], ..lab_scenario() };
    link(scenario, Digest([0; 32]))
}

#[tokio::test]
async fn hostile_links_say_what_is_wrong_at_once() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let whole = link(lab_scenario(), Digest([0; 32]))?;
    // The first bit of a character in the middle of the compressed scenario.
    let middle = whole.len() / 2;
    let other = if whole.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let flipped = format!("{}{other}{}", &whole[..middle], &whole[middle + 1..]);
    let huge = format!("{LINK_ROUTE}{}", "A".repeat(200_000));
    let endless = link(Scenario { runs: 1_000_000_000, ..lab_scenario() }, Digest([0; 32]))?;
    let bomb = bomb()?;
    ensure!(bomb.len() < 8_100, "the bomb is {} characters", bomb.len());
    for (hostile, said) in [
        (whole[..whole.len() / 2].to_owned(), "the link is cut short"),
        (flipped, "the link is damaged"),
        (huge, "above the limit of 8000"),
        (bomb, "the most is 1048576"),
        (endless, "asks for 1000000000 runs; the most is 500"),
    ] {
        let page = browsers.open().await?;
        let begun = Instant::now();
        page.goto(files.address(&hostile)).await?;
        let error = text(&page, "error").await?;
        ensure!(error.contains(said), "{error}, not {said}");
        ensure!(begun.elapsed() < Duration::from_secs(20), "{said} took {:?}", begun.elapsed());
        // Nothing hangs: the page goes on to whatever is asked next.
        page.goto(files.address("#/lab?scenario=example")).await?;
        let digest = text(&page, "digest").await?;
        ensure!(digest == native_digest(&lab_scenario())?.to_string(), "after {said}: {digest}");
        page.quit().await?;
    }
    Ok(())
}

/// Once it is there the page asks nobody for anything: with the network cut, a whole run comes to the native digest.
#[tokio::test]
async fn the_lab_runs_without_a_network() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let before = text(&page, "digest").await?;
    cut_network(&page).await?;
    page.execute("performance.clearResourceTimings()", Vec::new()).await?;
    fill(&page, "demand", 170).await?;
    found(&page, "run").await?.click().await?;
    let edits = vec![Edit::ScaleDemand { tenant: None, percent: 170 }];
    let expected = native_digest(&Scenario { edits, ..lab_scenario() })?.to_string();
    ensure!(next_digest(&page, &before).await? == expected);
    found(&page, "copy-link").await?.click().await?;
    let shared = found(&page, "link").await?.value().await?.context("the link field is empty")?;
    ensure!(shared.contains(LINK_ROUTE), "{shared}");
    let asked: Vec<String> = page
        .execute("return performance.getEntriesByType('resource').map(of => of.name)", Vec::new())
        .await?
        .convert()?;
    ensure!(asked.is_empty(), "{asked:?}");
    page.quit().await?;
    Ok(())
}
