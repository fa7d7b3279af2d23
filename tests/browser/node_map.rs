//! The map of nodes in the Lab: what it says is what a native run of the same says, and it is drawn fast enough to move.

use anyhow::{Context, Result, ensure};
use shared::example::lab_scenario;
use shared::scenario::{Edit, Scenario, ValidScenario};
use shared::simulation::{NodeMap, NodeMapper, RunOptions, simulate_watched};
use shared::units::NodeGroupIndex;
use thirtyfour::prelude::*;

use super::{choose, found, link, native_digest, page_and_browsers, text};

fn native(scenario: &Scenario) -> Result<NodeMap> {
    let valid = ValidScenario::new(scenario.clone()).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let mut mapper = NodeMapper::new(valid.scenario());
    simulate_watched(&valid, &valid.requests(0), RunOptions::default(), &mut mapper);
    Ok(mapper.finish())
}

/// How many pixels of the map have a colour, and how many colours there are.
async fn coloured(page: &WebDriver) -> Result<[usize; 2]> {
    let script = "const map = document.querySelector('[data-testid=node-map] canvas');
        const data = map.getContext('2d').getImageData(0, 0, map.width, map.height).data;
        const seen = new Set(); let filled = 0;
        for (let at = 0; at < data.length; at += 4) if (data[at + 3]) { filled++; seen.add(data.slice(at, at + 3).join()); }
        return [filled, seen.size];";
    Ok(page.execute(script, Vec::new()).await?.convert()?)
}

#[tokio::test]
async fn the_map_says_what_a_native_run_says() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let map = native(&lab_scenario())?;
    let page = browsers.open().await?;
    page.goto(files.address("#/lab?scenario=example")).await?;
    found(&page, "map-nodes").await?.click().await?;
    for (dimension, value) in [(0, "0"), (1, "1")] {
        found(&page, "node-map").await?;
        choose(&page, "map-dimension", value).await?;
        let rows = found(&page, "map-table").await?.find_all(By::Css("tbody tr")).await?;
        let mut groups: Vec<NodeGroupIndex> = map.rows.iter().map(|row| row.node_group).collect();
        groups.dedup();
        ensure!(rows.len() == groups.len());
        for (row, group) in rows.iter().zip(groups) {
            let (said, nodes) = (row.text().await?, map.rows.iter().filter(|row| row.node_group == group).count());
            let mean = format!("{:.1} %", map.mean_of_group(dimension, group).context("no mean")?);
            ensure!(said.contains(&format!(" {nodes} ")) && said.contains(&mean), "{said}: {nodes} nodes, {mean}");
        }
    }
    let [filled, colours] = coloured(&page).await?;
    ensure!(filled > 1_000 && colours > 3, "{filled} pixels in {colours} colours");
    // From the middle to the first node, and from there to the first instant.
    let node_map = found(&page, "node-map").await?;
    for key in [Key::Up, Key::Left] {
        for _ in 0..map.columns.len().max(map.rows.len()) {
            node_map.send_keys(key.clone() + "").await?;
        }
    }
    let readout = text(&page, "map-readout").await?;
    let share = map.percent(1, 0, 0).map_or_else(|| "not there".to_owned(), |percent| format!("{percent} % requested"));
    let node = map.rows[0];
    let name = format!("{}, node {}", lab_scenario().fleet.node_groups[node.node_group.usize()].name, node.node.0);
    ensure!(readout.contains(&name) && readout.contains(&share), "{readout}: {name}, {share}");
    page.quit().await?;
    Ok(())
}

/// Five thousand nodes for a day. How long it takes to draw them is said, not asserted: it is the machine's.
#[tokio::test]
async fn five_thousand_nodes_are_mapped() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let node_group = NodeGroupIndex(0);
    let edits = vec![Edit::MaxNodes { node_group, max: 5_000 }, Edit::MinNodes { node_group, min: 5_000 }];
    let scenario = Scenario { runs: 1, edits, ..lab_scenario() };
    let digest = native_digest(&scenario)?;
    let page = browsers.open().await?;
    page.goto(files.address(&link(scenario.clone(), digest)?)).await?;
    ensure!(text(&page, "digest").await? == digest.to_string());
    found(&page, "map-nodes").await?.click().await?;
    let size = text(&page, "map-size").await?;
    let map = native(&scenario)?;
    eprintln!("the map of nodes: {size}; {} nodes natively", map.rows.len());
    ensure!(coloured(&page).await?[0] > 10_000);
    page.quit().await?;
    Ok(())
}
