//! What every chart over time can do: a part of it alone, series taken out, and files of what is shown.

use anyhow::{Context, Result, ensure};
use shared::api::OutcomeView;
use shared::example::lab_scenario;
use shared::scenario::ValidScenario;
use shared::simulation::{Outcome, run};
use thirtyfour::prelude::*;

use super::{found, page_and_browsers, text};

/// Keeps what is saved from the disk, and under `saved` by the end of its name.
const KEEP: &str = "window.saved = {};
    HTMLAnchorElement.prototype.click = function () {
        const kind = this.download.split('.').pop();
        window.saved[kind] = this.href.startsWith('data:') ? this.href : fetch(this.href).then(file => file.text());
    };";

/// The chart of the cost, which is the second one while there is one variant.
async fn chart(page: &WebDriver) -> Result<WebElement> {
    let charts = page.find_all(By::Css("figure.chart")).await?;
    charts.into_iter().nth(1).context("there is no second chart")
}

async fn said(chart: &WebElement) -> Result<String> {
    chart.find(By::ClassName("plot")).await?.attr("aria-label").await?.context("it says nothing")
}

/// What the button of a kind saves.
async fn saved(page: &WebDriver, chart: &WebElement, kind: &str) -> Result<String> {
    chart.find(By::Css(format!("[data-testid='save-{kind}']"))).await?.click().await?;
    let script = format!("const done = arguments[0]; Promise.resolve(window.saved['{kind}']).then(done)");
    Ok(page.execute_async(script, Vec::new()).await?.convert()?)
}

#[tokio::test]
async fn a_chart_is_zoomed_filtered_and_saved() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    text(&page, "digest").await?;
    page.execute(KEEP, Vec::new()).await?;
    let chart = chart(&page).await?;
    let whole = said(&chart).await?;

    // All of it as CSV is what the run comes to natively.
    let scenario = lab_scenario();
    let valid = ValidScenario::new(scenario.clone()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let outcome = Outcome::collect((0..scenario.runs).map(|number| run(&valid, number, false)).collect());
    let timeline = OutcomeView::new(&scenario, &outcome).timeline;
    let csv = saved(&page, &chart, "csv").await?;
    let mut lines = csv.lines();
    ensure!(lines.next() == Some(r#"at,median,"80 % band, from","80 % band, to""#), "{csv}");
    let rows: Vec<&str> = lines.collect();
    ensure!(rows.len() == timeline.len());
    for (row, bin) in rows.iter().zip(&timeline) {
        let [p50, p10, p90] = [bin.cost.p50, bin.cost.p10, bin.cost.p90].map(|money| money.to_f64());
        ensure!(*row == format!("{},{p50},{p10},{p90}", bin.at), "{row}");
    }

    // A third of the day by dragging over it, the band taken out.
    let plot = chart.find(By::ClassName("plot")).await?;
    plot.scroll_into_view().await?;
    let width = plot.rect().await?.width as i64;
    let drag =
        page.action_chain().move_to_element_center(&plot).click_and_hold().move_by_offset(width / 3, 0).release();
    drag.perform().await?;
    let part = said(&chart).await?;
    ensure!(part != whole && part.contains("from 15 Jun, 1"), "{part}");
    let band = chart.find_all(By::Css(".legend button")).await?.into_iter().nth(1).context("there is no band")?;
    band.click().await?;
    ensure!(band.attr("aria-pressed").await?.as_deref() == Some("false"));
    let fewer = said(&chart).await?;
    ensure!(!fewer.contains("80 % band") && fewer.contains("median"), "{fewer}");
    let csv = saved(&page, &chart, "csv").await?;
    let rows: Vec<&str> = csv.lines().collect();
    ensure!(rows[0] == "at,median" && (20..60).contains(&rows.len()), "{csv}");
    let svg = saved(&page, &chart, "svg").await?;
    ensure!(svg.starts_with("<svg") && svg.contains("median") && !svg.contains("band"), "{svg}");
    let png = saved(&page, &chart, "png").await?;
    ensure!(png.starts_with("data:image/png;base64,") && png.len() > 10_000, "{} characters", png.len());

    // Back with the keyboard; closer around the middle, and back again by a double click.
    band.click().await?;
    plot.send_keys(Key::Escape + "").await?;
    ensure!(said(&chart).await? == whole);
    plot.send_keys("+").await?;
    let closer = said(&chart).await?;
    ensure!(closer != whole && found(&page, "zoom-out").await?.is_displayed().await?, "{closer}");
    page.action_chain().double_click_element(&plot).perform().await?;
    ensure!(said(&chart).await? == whole);
    page.quit().await?;
    Ok(())
}
