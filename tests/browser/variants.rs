//! Variants side by side in the Lab: what stands there is what runs of the same natively come to.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::api::OutcomeView;
use shared::comparison::{Costs, compare};
use shared::example::lab_scenario;
use shared::request::Module;
use shared::scenario::{Edit, PlacementPolicy, Purchase, Scenario, Spot, ValidScenario};
use shared::simulation::{Outcome, run};
use shared::units::{NodeGroupIndex, TenantIndex};
use thirtyfour::prelude::*;

use super::costs::dollars;
use super::{PATIENCE, choose, fill, found, native_digest, next_digest, page_and_browsers, text};

/// What a scenario comes to natively.
struct Native {
    view: OutcomeView,
    costs: Costs,
    digest: String,
}

fn native(scenario: &Scenario) -> Result<Native> {
    let valid = ValidScenario::new(scenario.clone()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let outcome = Outcome::collect((0..scenario.runs).map(|number| run(&valid, number, false)).collect());
    let (view, costs) = (OutcomeView::new(scenario, &outcome), Costs::new(scenario, &outcome));
    Ok(Native { view, costs, digest: outcome.digest.to_string() })
}

fn edited(edits: Vec<Edit>) -> Scenario {
    Scenario { edits, ..lab_scenario() }
}

fn demand(percent: u32) -> Edit {
    Edit::ScaleDemand { tenant: None, percent }
}

/// Waits for a text that has what is wanted.
async fn says(page: &WebDriver, testid: &str, wanted: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = String::new();
    while Instant::now() < deadline {
        last = text(page, testid).await.unwrap_or_default();
        if last.contains(wanted) {
            return Ok(last);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("`{testid}` says `{last}`, not `{wanted}`")
}

/// The cells of a row of the figures, one a column.
async fn cells(page: &WebDriver, row: &str) -> Result<Vec<String>> {
    let mut cells = Vec::new();
    for cell in found(page, row).await?.find_all(By::Tag("td")).await? {
        cells.push(cell.text().await?);
    }
    Ok(cells)
}

async fn click(page: &WebDriver, testid: &str) -> Result<()> {
    Ok(found(page, testid).await?.click().await?)
}

async fn rename(page: &WebDriver, name: &str) -> Result<()> {
    let field = found(page, "variant-name").await?;
    // No name is no name: what is cleared would be there again.
    field.send_keys(Key::Control + "a").await?;
    field.send_keys(name).await?;
    Ok(field.send_keys(Key::Tab + "").await?)
}

/// The example, half as much again as “more”, and twice as much on nodes chosen to spread as “twice”.
async fn two_variants(page: &WebDriver) -> Result<[Scenario; 3]> {
    let before = text(page, "digest").await?;
    fill(page, "demand", 150).await?;
    rename(page, "more").await?;
    click(page, "add-variant").await?;
    rename(page, "twice").await?;
    fill(page, "demand", 200).await?;
    choose(page, "placement", "worst_fit").await?;
    click(page, "run").await?;
    next_digest(page, &before).await?;
    let spread = Edit::Placement { policy: PlacementPolicy::WorstFit };
    Ok([edited(Vec::new()), edited(vec![demand(150)]), edited(vec![demand(200), spread])])
}

#[tokio::test]
async fn variants_stand_side_by_side_with_what_they_come_to_natively() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let scenarios = two_variants(&page).await?;
    let natives: Vec<Native> = scenarios.iter().map(native).collect::<Result<_>>()?;
    ensure!(text(&page, "digest").await? == natives[2].digest, "the last one is shown in detail");
    let heads = found(&page, "variants-table").await?.find(By::Tag("thead")).await?.text().await?;
    ensure!(heads.contains("as it came") && heads.contains("more") && heads.contains("twice"), "{heads}");
    ensure!(cells(&page, "row-changes").await?[1].contains("150 % of the demand"));
    for (cell, of) in cells(&page, "row-cost").await?.iter().zip(&natives) {
        let mean = dollars(of.view.cost.mean.to_f64());
        ensure!(cell.starts_with(&mean), "{cell}: {mean}");
    }
    let (differences, currency) = (cells(&page, "row-difference").await?, scenarios[0].price_book.currency);
    ensure!(differences[0] == "–", "{differences:?}");
    for (cell, of) in differences.iter().zip(&natives).skip(1) {
        let total = compare(&natives[0].costs, &of.costs, true).total;
        let (low, high) = total.interval.context("twenty runs have an interval")?;
        for amount in [total.difference, low, high] {
            let amount = dollars(amount.to_money(currency).to_f64());
            ensure!(cell.contains(&format!("+{amount}")), "{cell}: {amount}");
        }
    }
    // More of the same costs more, and nobody is let in of less.
    let let_in = |of: &Native| of.view.requests - of.view.refused.iter().map(|refusal| refusal.count).sum::<f64>();
    ensure!(let_in(&natives[0]) < let_in(&natives[1]) && let_in(&natives[1]) < let_in(&natives[2]));
    for (cell, of) in cells(&page, "row-accepted").await?.iter().zip(&natives) {
        ensure!(cell.replace(',', "").starts_with(&format!("{:.0}", let_in(of))), "{cell}: {}", let_in(of));
    }
    let tenants = found(&page, "tenants-table").await?.find_all(By::Css("tbody tr")).await?;
    ensure!(tenants.len() == scenarios[0].tenants.len());
    let first = tenants[0].text().await?;
    for of in &natives {
        let mean = dollars(of.view.tenants[0].workload.mean.to_f64());
        ensure!(first.contains(&mean), "{first}: {mean}");
    }

    // Compared with another one, and with another one in detail.
    choose(&page, "against", "1").await?;
    let total = compare(&natives[1].costs, &natives[0].costs, true).total;
    let less = dollars(total.difference.to_money(currency).to_f64());
    ensure!(cells(&page, "row-difference").await?[0].starts_with(&less), "{less}");
    click(&page, "variant-0").await?;
    ensure!(next_digest(&page, &natives[2].digest).await? == natives[1].digest);
    ensure!(found(&page, "demand").await?.value().await?.as_deref() == Some("150"), "the controls are of the other");
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn what_was_done_is_undone_and_done_again_and_a_reload_loses_nothing() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let unchanged = text(&page, "digest").await?;
    ensure!(!found(&page, "undo").await?.is_enabled().await?, "nothing was done yet");
    let scenarios = two_variants(&page).await?;
    let last = native_digest(&scenarios[2])?.to_string();

    page.refresh().await?;
    ensure!(text(&page, "digest").await? == last, "the address has all of it");
    ensure!(found(&page, "variant-name").await?.value().await?.as_deref() == Some("twice"));
    ensure!(cells(&page, "row-changes").await?.len() == 3);

    click(&page, "remove-variant").await?;
    says(&page, "in-detail", "detail: more").await?;
    ensure!(
        found(&page, "variants").await?.find_all(By::Css("[data-testid^='variant-']:not(input)")).await?.len() == 1
    );
    // Back with the keys, whatever has the focus; what is typed into a field is the field's own.
    let body = page.find(By::Tag("body")).await?;
    body.send_keys(Key::Control + "z").await?;
    says(&page, "in-detail", "detail: twice").await?;
    body.send_keys(Key::Control + Key::Shift + "z").await?;
    says(&page, "in-detail", "detail: more").await?;
    click(&page, "undo").await?;
    says(&page, "in-detail", "detail: twice").await?;
    ensure!(text(&page, "digest").await? == last, "what was run is remembered");
    let field = found(&page, "demand").await?;
    field.send_keys("7").await?;
    field.send_keys(Key::Control + "z").await?;
    says(&page, "in-detail", "detail: twice").await?;
    ensure!(found(&page, "redo").await?.is_enabled().await?, "the field undid its own text");

    // Another address is another state: that without variants is the scenario as it came.
    page.goto(files.address("#/lab?scenario=example&workers=2")).await?;
    ensure!(next_digest(&page, &last).await? == unchanged);
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn a_link_with_variants_runs_again_in_another_browser() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let first = browsers.open().await?;
    first.goto(files.address("#/lab?scenario=example")).await?;
    let scenarios = two_variants(&first).await?;
    click(&first, "copy-link").await?;
    let link = found(&first, "link").await?.value().await?.context("the link field is empty")?;
    first.quit().await?;

    let second = browsers.open().await?;
    second.goto(&link).await?;
    let verdict = text(&second, "verdict").await?;
    ensure!(verdict.contains("All of it was run again here"), "{verdict}");
    ensure!(text(&second, "digest").await? == native_digest(&scenarios[2])?.to_string());
    let heads = found(&second, "variants-table").await?.find(By::Tag("thead")).await?.text().await?;
    ensure!(heads.contains("variant 1") && !heads.contains("more"), "names travel only when wanted: {heads}");
    // What is changed since is nobody's but one's own.
    fill(&second, "demand", 210).await?;
    ensure!(second.current_url().await?.as_str() != link);
    second.quit().await?;

    let third = browsers.open().await?;
    let cut = &link[..link.len() - 6];
    third.goto(cut).await?;
    let notice = text(&third, "notice").await?;
    ensure!(notice.contains("The variants in the address cannot be read: the link is "), "{notice}");
    ensure!(text(&third, "digest").await? == native_digest(&scenarios[0])?.to_string(), "the scenario itself is there");
    third.quit().await?;
    Ok(())
}

/// A control, what it is set to, the edit that it stands for, and whether that costs more or less.
type Control = (&'static str, u32, Edit, &'static str);

fn controls() -> Vec<Control> {
    let node_group = NodeGroupIndex(0);
    let scaling = shared::scenario::Scaling {
        target_utilisation_percent: Some(20),
        ..lab_scenario().fleet.node_groups[0].scaling.clone()
    };
    vec![
        ("demand", 60, demand(60), "−"),
        ("tenant-0", 300, Edit::ScaleDemand { tenant: Some(TenantIndex(0)), percent: 300 }, "+"),
        // What finds no room goes to nodes with GPUs, which cost more.
        ("max-nodes-0", 1, Edit::MaxNodes { node_group, max: 1 }, "+"),
        ("target-0", 20, Edit::Scaling { node_group, scaling }, "+"),
        ("price-0", 50, Edit::Purchase { node_group, purchase: Purchase::Spot(Spot::new(50, None)) }, "−"),
        ("workers-scheduler", 60, Edit::Workers { module: Module::Scheduler, workers: 60 }, "+"),
    ]
}

#[tokio::test]
async fn every_control_does_what_its_edit_does() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    let unchanged = text(&page, "digest").await?;
    for (control, value, edit, sign) in controls() {
        // Whatever is folded is open.
        page.execute("document.querySelectorAll('.controls details').forEach(of => of.open = true)", Vec::new())
            .await?;
        fill(&page, control, value).await?;
        click(&page, "run").await?;
        let expected = native_digest(&edited(vec![edit]))?.to_string();
        let digest = next_digest(&page, &unchanged).await?;
        ensure!(digest == expected, "{control}: {digest}, not {expected}");
        let difference = cells(&page, "row-difference").await?[1].clone();
        ensure!(difference.starts_with(sign), "{control} at {value}: {difference}");
        click(&page, "undo").await?;
        ensure!(next_digest(&page, &expected).await? == unchanged, "{control}");
    }
    for (control, scenario) in
        [("runs", Scenario { runs: 4, ..lab_scenario() }), ("seed", Scenario { seed: 4, ..lab_scenario() })]
    {
        fill(&page, control, 4).await?;
        click(&page, "run").await?;
        ensure!(next_digest(&page, &unchanged).await? == native_digest(&scenario)?.to_string(), "{control}");
        click(&page, "undo").await?;
        says(&page, "digest", &unchanged).await?;
    }
    page.quit().await?;
    Ok(())
}

/// With all five columns there is on a small phone: the page is as wide as the screen, the table scrolls in itself.
#[tokio::test]
async fn four_variants_fit_a_small_screen() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open_narrow(360).await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    text(&page, "digest").await?;
    fill(&page, "demand", 120).await?;
    for _ in 0..3 {
        click(&page, "add-variant").await?;
    }
    ensure!(!found(&page, "add-variant").await?.is_enabled().await?, "there may be four");
    click(&page, "run").await?;
    ensure!(cells(&page, "row-cost").await?.len() == 5);
    let root = "const root = document.documentElement; return [root.clientWidth, root.scrollWidth]";
    let [room, wide]: [f64; 2] = page.execute(root, Vec::new()).await?.convert()?;
    ensure!(wide <= room, "{wide} wide, and has {room}");
    page.quit().await?;
    Ok(())
}
