//! The page of costs: what it shows is what the API says, and each of its controls has its effect.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thirtyfour::prelude::*;

use super::service::answer;
use super::{PATIENCE, choose, found, page_and_browsers, text};
use crate::api::server::{Reply, Server};
use crate::shadowplane::Folder;

const STATEMENT: &str = "/v1/reports/statement";

pub(super) fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}

/// As the page writes dollars: two decimals from one on, three from a cent on, and groups of three digits.
pub(super) fn dollars(value: f64) -> String {
    let decimals = match value.abs() {
        value if value >= 1.0 || value == 0.0 => 2,
        value if value >= 0.01 => 3,
        _ => 4,
    };
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    // What is rounded to nothing has no sign.
    let is_nothing = !digits.contains(|digit: char| ('1'..='9').contains(&digit));
    format!("{}${grouped}.{fraction}", if value < 0.0 && !is_nothing { "−" } else { "" })
}

/// A demo with two closed days at least, and the window of the first two.
pub(super) fn closed_days(folder: &Folder) -> (Server, String, String) {
    let dashboard = tests::dashboard();
    let arguments =
        ["--demo", "--speed", "20000", "--recommend", "on-order", "--dashboard", dashboard.to_str().unwrap()];
    let server = Server::start(folder, &arguments);
    let two = |reply: &Reply| reply.json()["windows"].as_array().unwrap().len() >= 2;
    let reports = server.wait_for("/v1/reports/allocation?by=tenant", two).json();
    let day = |place: usize, end: &str| reports["windows"][place]["report"]["window"][end].as_str().unwrap().to_owned();
    let (from, to) = (day(0, "start"), day(1, "end"));
    server.wait_for(&format!("{STATEMENT}?from={from}&to={to}"), |reply| reply.status == 200);
    (server, from, to)
}

/// What is drawn belongs to the address.
pub(super) async fn shown(page: &WebDriver) -> Result<()> {
    found(page, "costs").await.map(drop)
}

/// The row of a table that begins with a name.
pub(super) async fn row(page: &WebDriver, table: &str, name: &str) -> Result<String> {
    let rows = found(page, table).await?.find_all(By::Css("tr")).await?;
    for row in rows {
        let text = row.text().await?.replace(['\n', '\u{a0}'], " ");
        if text.starts_with(name) {
            return Ok(text);
        }
    }
    anyhow::bail!("`{table}` has no row that begins with `{name}`")
}

async fn until(page: &WebDriver, part: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let address = page.current_url().await?.to_string();
        if address.contains(part) {
            return Ok(address);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the address never has `{part}`, but is {}", page.current_url().await?)
}

#[tokio::test]
async fn a_statement_is_what_the_api_says_and_a_link_shows_the_same() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let window = format!("from={from}&to={to}");
    let page = browsers.open().await?;
    page.goto(format!("{}/#/costs?{window}", server.address)).await?;
    shown(&page).await?;

    let statement = server.get(&format!("{STATEMENT}?{window}&by=tenant")).json();
    let total = &statement["total"];
    let mut sum = 0.0;
    for part in ["workload", "idle", "shared", "overhead", "discount", "unused"] {
        sum += amount(&total[part]);
        let said = text(&page, &format!("part-{part}")).await?;
        ensure!(said == dollars(amount(&total[part])), "{part}: {said} {}", total[part]);
    }
    ensure!((sum - amount(&total["total"])).abs() < 1e-6, "the parts add up to {sum}: {total}");
    ensure!(text(&page, "total").await? == dollars(amount(&total["total"])));
    for of in statement["rows"].as_array().unwrap() {
        let name = of["groups"]["tenant"].as_str().unwrap_or("no tenant");
        let said = row(&page, "groups", name).await?;
        ensure!(said.contains(&dollars(amount(&of["total"]))), "{said}: {of}");
    }

    // A click looks into a tenant, and the address says so.
    let name = statement["rows"][0]["groups"]["tenant"].as_str().unwrap();
    let group = found(&page, "groups").await?.find(By::LinkText(name)).await?;
    group.send_keys(Key::Enter + "").await?;
    let address = until(&page, &format!("of={name}")).await?;
    ensure!(address.contains("then=flavor"), "{address}");
    shown(&page).await?;
    let both = server.get(&format!("{STATEMENT}?{window}&by=tenant,flavor")).json();
    let of_tenant = |of: &&Value| of["groups"]["tenant"] == name;
    let own: f64 = both["rows"].as_array().unwrap().iter().filter(of_tenant).map(|of| amount(&of["total"])).sum();
    ensure!(text(&page, "total").await? == dollars(own), "{own}");

    // Whoever is sent the link sees the same.
    let other = browsers.open().await?;
    other.goto(&address).await?;
    shown(&other).await?;
    ensure!(text(&other, "total").await? == dollars(own));
    ensure!(text(&other, "groups").await? == text(&page, "groups").await?);
    other.quit().await?;

    // The page stays where the table was; the link may be behind the bar at the top.
    let all = found(&page, "all-groups").await?;
    all.scroll_into_view().await?;
    all.click().await?;
    shown(&page).await?;
    choose(&page, "idle", "proportional").await?;
    until(&page, "idle=proportional").await?;
    shown(&page).await?;
    let shared_out = server.get(&format!("{STATEMENT}?{window}&by=tenant&idle=proportional")).json();
    let of = shared_out["rows"].as_array().unwrap().iter().find(of_tenant).context("it pays nothing")?;
    ensure!(row(&page, "groups", name).await?.contains(&dollars(amount(&of["total"]))), "{of}");
    choose(&page, "by", "class").await?;
    until(&page, "by=class").await?;
    shown(&page).await?;
    ensure!(text(&page, "groups").await?.contains("compute"));
    found(&page, "step-hour").await?.click().await?;
    until(&page, "step=hour").await?;
    shown(&page).await?;
    let chart = page.find(By::Css("[aria-label^='Cost over time. USD per hour']")).await?;
    ensure!(chart.attr("aria-label").await?.unwrap_or_default().contains("compute: $"));
    found(&page, "last-1d").await?.click().await?;
    let last_day = to.parse::<shared::units::Instant>()? - shared::units::Duration::DAY;
    until(&page, &format!("from={last_day}&to={to}")).await?;
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn days_are_explained_cause_by_cause_and_say_what_is_missing() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let window = format!("from={from}&to={to}");
    let page = browsers.open().await?;
    page.goto(format!("{}/#/costs?{window}", server.address)).await?;
    shown(&page).await?;
    let reports = server.get(&format!("/v1/reports/allocation?{window}&by=tenant")).json();
    let days: Vec<&Value> = reports["windows"].as_array().unwrap().iter().map(|day| &day["report"]).collect();
    ensure!(days.len() == 2, "{reports}");
    let predicted: f64 = days.iter().map(|day| amount(&day["total"]["predicted"]["mean"])).sum();
    let actual: f64 = days.iter().map(|day| amount(&day["total"]["actual"])).sum();
    ensure!(row(&page, "steps", "predicted").await?.ends_with(&dollars(predicted)), "{predicted}");
    ensure!(row(&page, "steps", "actual").await?.ends_with(&dollars(actual)), "{actual}");
    let mut led_to = predicted;
    for cause in ["volume", "mix", "timing", "placement", "price", "residual"] {
        let of_cause = days.iter().flat_map(|day| day["causes"].as_array().unwrap()).filter(|of| of["cause"] == cause);
        let amounts: Vec<f64> =
            of_cause.filter(|of| of["amount"].is_object()).map(|of| amount(&of["amount"])).collect();
        let said = row(&page, "steps", cause).await?;
        if amounts.is_empty() {
            ensure!(said.contains("not observed"), "{said}");
            continue;
        }
        let sum: f64 = amounts.iter().sum();
        led_to += sum;
        ensure!(said.contains(&dollars(sum)) && said.ends_with(&dollars(led_to)), "{said}: {sum} {led_to}");
    }
    ensure!((led_to - actual).abs() < 1e-4, "the causes lead to {led_to}, not {actual}");
    let name = server.get("/v1/status").json()["tenants"][0].as_str().context("no tenant")?.to_owned();
    let of_tenant =
        days.iter().flat_map(|day| day["rows"].as_array().unwrap()).filter(|of| of["name"] == name.as_str());
    let of_tenant: f64 = of_tenant.map(|of| amount(&of["actual"])).sum();
    ensure!(row(&page, "variance-by-tenant", &name).await?.contains(&dollars(of_tenant)), "{of_tenant}");
    // No bill was imported: how that is done.
    let bills = text(&page, "no-bills").await?;
    let here = format!("'{}/v1/bills'", server.address);
    ensure!(bills.contains("--data-binary") && bills.contains(&here), "{bills}");

    // What is no request of the log cannot be explained, and the page says so.
    found(&page, "request").await?.send_keys("no-such-request").await?;
    found(&page, "explain").await?.click().await?;
    answer(&page, "explain-answer", "no-such-request").await?;

    // A window outside of what is known says which end is wrong, and what to choose.
    let outside = [
        ("2026-05-01T00:00:00Z", to.as_str(), "beginning is 2026-05-01T00:00:00Z", "Choose a later one under “From”."),
        (from.as_str(), "2126-06-01T00:00:00Z", "end is 2126-06-01T00:00:00Z", "Choose an earlier one under “to”."),
    ];
    for (start, end, wrong, choose) in outside {
        page.goto(format!("{}/#/costs?from={start}&to={end}", server.address)).await?;
        let said = answer(&page, "costs-nothing", wrong).await?;
        ensure!(said.contains(choose) && said.contains("Show the last week"), "{said}");
    }
    page.quit().await?;
    Ok(())
}

/// What is saved is what is shown: the files' rows add up to the total, and FOCUS comes with the key.
#[tokio::test]
async fn what_is_shown_is_saved_in_every_format() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let (server, from, to) = closed_days(&folder);
    let page = browsers.open().await?;
    page.goto(format!("{}/#/costs?from={from}&to={to}", server.address)).await?;
    shown(&page).await?;
    // The browser's own files are not looked for: what it is given to save is.
    let keep = "window.saved = []; const made = URL.createObjectURL; URL.createObjectURL = blob => { \
                blob.text().then(text => window.saved.push(text)); return made.call(URL, blob); };";
    page.execute(keep, Vec::new()).await?;
    let mut saved = Vec::new();
    for (place, format) in ["csv", "json", "focus"].into_iter().enumerate() {
        found(&page, &format!("export-{format}")).await?.click().await?;
        answer(&page, "export-answer", &format!("{}-", if format == "focus" { "focus" } else { "costs" })).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let all: Vec<String> = page.execute("return window.saved", Vec::new()).await?.convert()?;
            if all.len() > place {
                saved.push(all[place].clone());
                break;
            }
            ensure!(Instant::now() < deadline, "{format} is not saved");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let total = amount(&server.get(&format!("{STATEMENT}?from={from}&to={to}")).json()["total"]["total"]);
    for (file, column) in [(&saved[0], "total"), (&saved[2], "BilledCost")] {
        let mut lines = file.lines();
        let names = lines.next().context("nothing is saved")?;
        let place = names.split(',').position(|name| name == column).context(column)?;
        let sum: f64 = lines.map(|line| line.split(',').nth(place).unwrap().parse::<f64>().unwrap()).sum();
        ensure!((sum - total).abs() < 1e-4, "{column}: {sum} {total}");
    }
    let json: Value = serde_json::from_str(&saved[1])?;
    ensure!((amount(&json["total"]["total"]) - total).abs() < 1e-6, "{json}");
    page.quit().await?;
    Ok(())
}

/// Before the first hour has closed, the page says what to do, and a wrong address what is wrong with it.
#[tokio::test]
async fn where_there_is_nothing_the_page_says_what_to_do() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let dashboard = tests::dashboard();
    let folder = Folder::new();
    let server = Server::start(&folder, &["--dashboard", dashboard.to_str().unwrap()]);
    let page = browsers.open().await?;
    page.goto(format!("{}/#/costs", server.address)).await?;
    let nothing = text(&page, "costs-nothing").await?;
    ensure!(
        nothing.contains("no hour with requests has closed yet") && nothing.contains("POST /v1/requests"),
        "{nothing}"
    );
    page.goto(format!("{}/#/costs?by=colour", server.address)).await?;
    let wrong = text(&page, "error").await?;
    ensure!(wrong.contains("wrong `by`") && wrong.contains("`colour` is no grouping"), "{wrong}");
    page.quit().await?;
    Ok(())
}
