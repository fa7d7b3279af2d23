//! The page of recommendations: what it shows, what its buttons bring about, and the way into the Lab.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::api::SavedScenario;
use shared::scenario::{Edit, Scenario};
use thirtyfour::prelude::*;

use super::service::answer;
use super::{found, native_digest, next_digest, page_and_browsers, press, text};
use crate::api::server::Server;
use crate::shadowplane::Folder;

/// A demo whose clock stands as good as still, with its first search done.
fn searched(folder: &Folder) -> Server {
    let dashboard = tests::dashboard();
    let server = Server::start(folder, &["--demo", "--speed", "1", "--dashboard", dashboard.to_str().unwrap()]);
    server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1"));
    server
}

/// What is accepted is listed with what it promised, until it is withdrawn.
#[tokio::test]
async fn changes_are_shown_accepted_withdrawn_and_searched_again() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = searched(&folder);
    let page = browsers.open().await?;
    page.goto(format!("{}/#/recommendations", server.address)).await?;
    found(&page, "proposal").await?;
    let list = server.get("/v1/recommendations").json();
    let all = list["recommendations"].as_array().context("none")?;
    let shown = page.find_all(By::Css("[data-testid='proposal']")).await?;
    ensure!(shown.len() == all.len(), "{} of {}", shown.len(), all.len());
    for (card, of) in shown.iter().zip(all) {
        let said = card.text().await?;
        let change = of["change"].as_str().unwrap().replace('`', "").to_lowercase();
        ensure!(said.to_lowercase().contains(&change), "{said}: {change}");
        // Groups of three digits are the page's own matter.
        let evicted = of["evicted"].as_i64().filter(|evicted| (1..1_000).contains(evicted));
        ensure!(evicted.is_none_or(|evicted| said.contains(&format!("+{evicted}"))), "{said}: {evicted:?}");
        // What is refused and what is evicted, beside a saving that is of one run.
        ensure!(said.matches("over all runs").count() == 2, "{said}");
        for risk in of["risks"].as_array().unwrap() {
            let kind = risk["kind"].as_str().unwrap().replace('_', " ");
            ensure!(said.contains(&format!("Risk, {kind}")), "{said}: {kind}");
        }
        // Evidence is one click away.
        press(&card.find(By::Css("summary")).await?).await?;
        let opened = card.text().await?;
        ensure!(opened.contains(of["before"].as_str().unwrap()) && opened.contains(of["after"].as_str().unwrap()));
    }

    press(&shown[0].find(By::Css("[data-testid='accept']")).await?).await?;
    let first = all[0]["change"].as_str().unwrap().replace('`', "");
    let listed = answer(&page, "accepted", "It promised to save").await?;
    ensure!(listed.to_lowercase().contains(&first.to_lowercase()), "{listed}");
    let accepted = server.get("/v1/recommendations").json()["accepted"][0]["recommendation"]["id"].clone();
    ensure!(accepted == all[0]["id"], "{accepted}");
    press(&found(&page, "withdraw").await?).await?;
    let gone = |reply: &crate::api::server::Reply| reply.json()["accepted"] == serde_json::json!([]);
    server.wait_for("/v1/recommendations", gone);

    press(&found(&page, "search").await?).await?;
    let said = answer(&page, "search-answer", "The search j-").await?;
    let job = said.split_whitespace().find(|word| word.starts_with("j-")).context("no job is named")?;
    ensure!(server.get(&format!("/v1/jobs/{job}")).json()["kind"] == "recommendation");
    // Once it is over, nothing says that it waits.
    server.wait_for(&format!("/v1/jobs/{job}"), |reply| reply.json()["state"] == "succeeded");
    answer(&page, "search-answer", &format!("The search {job} is done.")).await?;
    let all = page.find(By::Css("main")).await?.text().await?;
    ensure!(!all.contains("queued") && !all.contains("waits for its turn"), "{all}");
    page.quit().await?;
    Ok(())
}

/// The Lab runs the service's scenario as it is, and then with the change: to the digests of the same natively.
#[tokio::test]
async fn a_change_is_tried_in_the_lab_beside_the_unchanged() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = searched(&folder);
    let saved = server.get("/v1/scenarios/current").json();
    let SavedScenario { scenario, .. } = SavedScenario::from_json(&saved.to_string()).map_err(anyhow::Error::msg)?;
    let scenario = Scenario { engine: shared::scenario::ENGINE, ..scenario };
    let list: Value = server.get("/v1/recommendations").json();
    let edits: Vec<Edit> = serde_json::from_value(list["recommendations"][0]["edits"].clone())?;
    let unchanged = native_digest(&scenario)?.to_string();
    let edited = Scenario { edits: [scenario.edits.clone(), edits].concat(), ..scenario };
    let changed = native_digest(&edited)?.to_string();

    let page = browsers.open().await?;
    page.goto(format!("{}/#/recommendations", server.address)).await?;
    found(&page, "try").await?.click().await?;
    let first = text(&page, "digest").await?;
    let second = if first == changed { first.clone() } else { next_digest(&page, &first).await? };
    ensure!(second == changed, "{second}, not {changed}");
    // The unchanged run may have been drawn too shortly to be seen.
    ensure!(first == unchanged || first == changed, "{first}, not {unchanged}");
    let origin = text(&page, "origin").await?;
    let change = list["recommendations"][0]["change"].as_str().unwrap().replace('`', "");
    ensure!(origin.contains(&change), "{origin}");
    page.quit().await?;
    Ok(())
}

/// A reason is asked for, stands beside what was dismissed, and goes with it when that is restored.
#[tokio::test]
async fn changes_are_dismissed_with_a_reason_and_restored() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = searched(&folder);
    let page = browsers.open().await?;
    page.goto(format!("{}/#/recommendations", server.address)).await?;
    let before = server.get("/v1/recommendations").json();
    let count = before["recommendations"].as_array().context("none")?.len();
    let together = &before["recommended_together"]["ranks"];
    ensure!(together.as_array().is_some_and(|ranks| ranks.contains(&1.into())), "{together}");
    found(&page, "together").await?;
    found(&page, "dismissal").await?.find(By::Css("summary")).await?.click().await?;
    found(&page, "dismiss").await?.click().await?;
    ensure!(text(&page, "dismissal-problem").await?.contains("Say why"));
    found(&page, "dismissal-reason").await?.send_keys("no spot nodes before the launch").await?;
    found(&page, "dismiss").await?.click().await?;
    answer(&page, "dismissed", "no spot nodes before the launch").await?;
    let shown = page.find_all(By::Css("[data-testid='proposal']")).await?;
    ensure!(shown.len() == count - 1, "{} of {count}", shown.len());
    // What the first saves together with others says nothing of the others alone.
    ensure!(page.find_all(By::Css("[data-testid='together']")).await?.is_empty(), "{together} are not all there");
    let dismissed = server.get("/v1/recommendations").json()["dismissed"].clone();
    ensure!(dismissed[0]["recommendation"]["id"] == before["recommendations"][0]["id"], "{dismissed}");
    found(&page, "restore").await?.click().await?;
    let gone = |reply: &crate::api::server::Reply| reply.json()["dismissed"] == serde_json::json!([]);
    server.wait_for("/v1/recommendations", gone);
    found(&page, "together").await?;
    page.quit().await?;
    Ok(())
}

/// Days are held against what was accepted in a table that is wider than a phone: it scrolls, and nothing is cut off.
#[tokio::test]
async fn what_was_accepted_fits_a_small_screen() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let dashboard = tests::dashboard();
    let server = Server::start(&folder, &["--demo", "--speed", "1e6", "--dashboard", dashboard.to_str().unwrap()]);
    let list = server.wait_for("/v1/recommendations", |reply| reply.body.contains("\"rank\":1")).json();
    let id = list["recommendations"][0]["id"].as_str().context("no id")?;
    ensure!(server.put(&format!("/v1/recommendations/{id}/acceptance")).status < 300);
    let is_checked = |reply: &crate::api::server::Reply| reply.json()["accepted"][0]["checks"][0].is_object();
    server.wait_for("/v1/recommendations", is_checked);
    let page = browsers.open_narrow(360).await?;
    page.goto(format!("{}/#/recommendations", server.address)).await?;
    found(&page, "checks").await?;
    let root = "const root = document.documentElement; return [root.clientWidth, root.scrollWidth]";
    let [room, wide]: [f64; 2] = page.execute(root, Vec::new()).await?.convert()?;
    ensure!(wide <= room, "it is {wide} wide, and has {room}");
    page.quit().await?;
    Ok(())
}

/// What the page shows is what the API has for the tool.
#[tokio::test]
async fn changes_are_exported_for_other_tools() -> Result<()> {
    let Some((_, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let folder = Folder::new();
    let server = searched(&folder);
    let list = server.get("/v1/recommendations").json();
    let all = list["recommendations"].as_array().context("none")?;
    let export = |of: &Value, tool: &str| {
        server.get(&format!("/v1/recommendations/{}/export?tool={tool}", of["id"].as_str().unwrap())).json()
    };
    let place = all.iter().position(|of| export(of, "kubectl")["files"][0].is_object());
    let place = place.context("no change of it is a patch")?;
    let page = browsers.open().await?;
    page.goto(format!("{}/#/recommendations", server.address)).await?;
    found(&page, "proposal").await?;
    let card = page.find_all(By::Css("[data-testid='proposal']")).await?.into_iter().nth(place).context("no card")?;
    press(&card.find(By::Css("[data-testid='exports'] summary")).await?).await?;
    for (tool, kind) in [("karpenter", "\"kind\": \"NodePool\""), ("kubectl", "kubectl patch nodepool")] {
        press(&card.find(By::Css(format!("[data-testid='export-{tool}']"))).await?).await?;
        let said = answer(&page, "export", kind).await?;
        let file = export(&all[place], tool)["files"][0]["content"].as_str().unwrap().to_owned();
        ensure!(said.trim() == file.trim(), "{said}\nis not\n{file}");
    }
    ensure!(
        found(&page, "save-export").await?.is_enabled().await?
            && found(&page, "copy-export").await?.is_enabled().await?
    );
    page.quit().await?;
    Ok(())
}
