//! Causes on the page of costs: of what it is grouped by, of the group that is looked into, and of which requests.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thirtyfour::prelude::*;

use super::costs::{amount, closed_days, dollars, row, shown};
use super::service::answer;
use super::{found, page_and_browsers, press, text};
use crate::api::server::{Reply, Server};
use crate::shadowplane::Folder;

const CAUSES: [&str; 6] = ["volume", "mix", "timing", "placement", "price", "residual"];

/// What the API says of a name, or of everything: the days added up.
struct Said {
    predicted: f64,
    actual: f64,
    /// In the order of [`CAUSES`]; none where no day knows of it.
    causes: [Option<f64>; 6],
}

/// The reports of a window.
fn reports(server: &Server, window: &str, by: &str) -> Vec<Value> {
    let list = server.get(&format!("/v1/reports/allocation?{window}&by={by}")).json();
    list["windows"].as_array().unwrap().iter().map(|day| day["report"].clone()).collect()
}

/// Of rows and of what has their causes, which is the report for its total.
fn said<'a>(rows: impl Iterator<Item = (&'a Value, &'a Value)>) -> Said {
    let mut said = Said { predicted: 0.0, actual: 0.0, causes: [None; 6] };
    for (row, of) in rows {
        said.predicted += amount(&row["predicted"]["mean"]);
        said.actual += amount(&row["actual"]);
        for cause in of["causes"].as_array().unwrap().iter().filter(|cause| cause["amount"].is_object()) {
            let place = CAUSES.iter().position(|name| cause["cause"] == *name).unwrap();
            *said.causes[place].get_or_insert(0.0) += amount(&cause["amount"]);
        }
    }
    said
}

fn of_rows(days: &[Value], kind: &str, name: &str) -> Said {
    let rows = days.iter().flat_map(|day| day["rows"].as_array().unwrap());
    said(rows.filter(|row| row["kind"] == kind && row["name"] == name).map(|row| (row, row)))
}

/// The waterfall has these amounts.
async fn leads(page: &WebDriver, said: &Said) -> Result<()> {
    let (first, last) = (row(page, "steps", "predicted").await?, row(page, "steps", "actual").await?);
    ensure!(first.ends_with(&dollars(said.predicted)), "{first}: {}", said.predicted);
    ensure!(last.ends_with(&dollars(said.actual)), "{last}: {}", said.actual);
    for (name, amount) in CAUSES.iter().zip(said.causes) {
        let shown = row(page, "steps", name).await?;
        let expected = amount.map_or_else(|| "not observed".to_owned(), dollars);
        ensure!(shown.contains(&expected), "{shown}: {expected}");
    }
    Ok(())
}

/// A card by its heading.
async fn card(page: &WebDriver, title: &str) -> Result<String> {
    let card = page.find(By::Css(format!("section[aria-label='{title}']"))).await.context(title.to_owned())?;
    Ok(card.text().await?)
}

async fn open(page: &WebDriver, address: &str) -> Result<()> {
    page.goto("about:blank").await?;
    page.goto(address).await?;
    shown(page).await
}

/// Each row of the reports is a line, by whatever the page is grouped; by what no report has rows of, tenants stand there.
#[tokio::test]
async fn causes_are_of_what_the_page_is_grouped_by() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let window = format!("from={from}&to={to}");
    let page = browsers.open().await?;
    for by in ["tenant", "flavor", "class", "module"] {
        open(&page, &format!("{}/#/costs?{window}&by={by}", server.address)).await?;
        let days = reports(&server, &window, by);
        let rows = days[0]["rows"].as_array().unwrap();
        ensure!(rows.iter().any(|row| row["kind"] == by), "{rows:?}");
        for of in rows.iter().filter(|of| of["name"] != "") {
            let (kind, name) = (of["kind"].as_str().unwrap(), of["name"].as_str().unwrap());
            let (said, shown) = (of_rows(&days, kind, name), row(&page, &format!("variance-by-{by}"), name).await?);
            let amounts = [Some(said.predicted), Some(said.actual)].into_iter().chain(said.causes);
            for amount in amounts.flatten() {
                ensure!(shown.contains(&dollars(amount)), "{by}: {shown}: {amount}");
            }
        }
        let said = card(&page, &format!("Variance by {by}")).await?;
        ensure!(!said.contains("By tenant:"), "{said}");
        found(&page, &format!("variance-by-{by}")).await?;
        page.find(By::Css(format!("[aria-label='Variance by {by}, all figures']"))).await?;
        // Only of everything and of a tenant can the requests be told.
        let tenants = rows.iter().filter(|row| row["kind"] == "tenant").count();
        let buttons = page.find_all(By::Css("[data-testid^='find-']")).await?;
        ensure!(buttons.len() == tenants + 1, "{by}: {} buttons, {tenants} tenants", buttons.len());
    }
    open(&page, &format!("{}/#/costs?{window}&by=zone", server.address)).await?;
    let said = card(&page, "Variance by tenant").await?;
    ensure!(said.contains("By tenant: days are reported by tenant, module, flavor or class, not by zone."), "{said}");
    page.quit().await?;
    Ok(())
}

/// Whoever looks into a group sees that group's causes, or is told whose they are.
#[tokio::test]
async fn a_group_has_its_own_waterfall() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let window = format!("from={from}&to={to}");
    let page = browsers.open().await?;
    for by in ["tenant", "flavor"] {
        let days = reports(&server, &window, by);
        let name = days[0]["rows"][0]["name"].as_str().context("no rows")?;
        open(&page, &format!("{}/#/costs?{window}&by={by}&of={name}", server.address)).await?;
        leads(&page, &of_rows(&days, by, name)).await?;
        let said = card(&page, &format!("Why {name} is not what was predicted")).await?;
        ensure!(said.contains(&format!("Of {name} alone")), "{said}");
    }
    let groups = server.get(&format!("/v1/reports/statement?{window}&by=node_group")).json();
    let group = groups["rows"].as_array().unwrap().iter().find_map(|row| row["groups"]["node_group"].as_str());
    let group = group.context("nothing is on a node")?;
    open(&page, &format!("{}/#/costs?{window}&by=node_group&of={group}", server.address)).await?;
    let days = reports(&server, &window, "tenant");
    leads(&page, &said(days.iter().map(|day| (&day["total"], day)))).await?;
    let said = card(&page, "Why it is not what was predicted").await?;
    ensure!(said.contains(&format!("Of everything: the reports have no line for “{group}” alone.")), "{said}");
    page.quit().await?;
    Ok(())
}

/// What is known of a bisection from before it was cancelled is not shown beside that it was.
#[tokio::test]
async fn a_bisection_that_was_cancelled_says_nothing_else() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let page = browsers.open().await?;
    open(&page, &format!("{}/#/costs?from={from}&to={to}", server.address)).await?;
    // One job at a time: a long one before it keeps it waiting.
    let long = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"1d","runs":1000}"#);
    let long = long.location.context("no shadow run")?;
    press(&found(&page, "find-everything").await?).await?;
    answer(&page, "job", "waits for its turn").await?;
    // From now on the page learns nothing new of it.
    let deaf = "const ask = window.fetch; window.fetch = (asked, how) => asked.method === 'GET' && \
                asked.url.includes('/bisections/') ? new Promise(() => {}) : ask(asked, how);";
    page.execute(deaf, Vec::new()).await?;
    press(&found(&page, "cancel-job").await?).await?;
    answer(&page, "job-answer", "Cancelled").await?;
    let said = text(&page, "job").await?;
    ensure!(said == "Cancelled. Nothing of it is kept.", "{said}");
    ensure!(page.find_all(By::Css("[data-testid='cancel-job']")).await?.is_empty(), "it can be cancelled twice");
    let cancelled = |reply: &Reply| reply.json()[0]["job"]["state"] == "cancelled";
    server.wait_for("/v1/bisections", cancelled);
    server.delete(&long);
    page.quit().await?;
    Ok(())
}
