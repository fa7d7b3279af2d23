//! Files of the reader's own on the static page: told apart, run, predicted from; nothing of them leaves the tab.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::example;
use shared::files::{Files as OwnFiles, Learning, NamedText, Question};
use shared::request::write_line;
use shared::units::Duration as Span;
use tests::root;
use thirtyfour::prelude::*;

use super::{PATIENCE, found, native_digest, next_digest, page_and_browsers, press, text};

const PAGE: &str = "#/lab?scenario=files";

/// The bin of scenarios that the page makes.
const BIN: Span = Span::from_minutes(5);

/// The made-up cluster, and what its machines cost.
fn cluster() -> [(&'static str, String); 2] {
    let read = |name: &str| std::fs::read_to_string(root().join("tests/scenarios/kubernetes").join(name)).unwrap();
    [("state.json", read("state.json")), ("prices.csv", read("prices.csv"))]
}

/// What the same files make natively.
fn native(files: &[(&str, String)], question: &Question) -> Result<String> {
    let named = files.iter().map(|(name, text)| NamedText { name: (*name).to_owned(), text: text.clone() });
    let (seen, read) = OwnFiles::read(named.collect());
    let built = read.with_context(|| format!("{seen:?}"))?.scenario(question, BIN).map_err(anyhow::Error::msg)?;
    Ok(native_digest(&built.scenario)?.to_string())
}

/// Chooses files by the button, all at once.
async fn choose(page: &WebDriver, files: &[(&str, String)]) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("shadowplane-own-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut paths = Vec::new();
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::write(&path, content)?;
        paths.push(path.display().to_string());
    }
    Ok(found(page, "choose-files").await?.send_keys(paths.join("\n")).await?)
}

/// Waits until what is said of the files has these words.
async fn said(page: &WebDriver, parts: &[&str]) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let list = text(page, "files").await.unwrap_or_default();
        if parts.iter().all(|part| list.contains(part)) {
            return Ok(list);
        }
        ensure!(Instant::now() < deadline, "expected {parts:?} in: {list}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn select(page: &WebDriver, testid: &str, value: &str) -> Result<()> {
    let option = format!("[data-testid='{testid}'] option[value='{value}']");
    Ok(page.query(By::Css(option)).wait(PATIENCE, Duration::from_millis(50)).first().await?.click().await?)
}

/// The state of a cluster and its prices come to what they come to natively, and the tab asks for nothing but the page's own
/// code.
#[tokio::test]
async fn a_cluster_runs_on_the_static_page() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address(PAGE)).await?;
    ensure!(text(&page, "what-may-be-dropped").await?.contains("kubectl get nodes,pods"));
    page.execute("performance.clearResourceTimings()", Vec::new()).await?;
    let cluster = cluster();
    choose(&page, &cluster).await?;
    said(&page, &["the state of a cluster: 3 nodes", "prices: ", "in EUR"]).await?;
    press(&found(&page, "make").await?).await?;
    let expected = native(&cluster, &Question::AsItIs { horizon: Span::DAY })?;
    ensure!(text(&page, "digest").await? == expected, "not what it is natively");
    let asked: Vec<String> = page
        .execute("return performance.getEntriesByType('resource').map(of => of.name)", Vec::new())
        .await?
        .convert()?;
    let code =
        |name: &String| name.starts_with(&files.address("")) && (name.ends_with(".js") || name.ends_with(".wasm"));
    ensure!(asked.iter().all(code), "{asked:?}");
    page.quit().await?;
    Ok(())
}

/// Two days of requests are predicted from: at once by the day before, and by models that are trained in the tab.
#[tokio::test]
async fn requests_are_predicted_from_on_the_static_page() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address(PAGE)).await?;
    let mut log = String::new();
    (0..2).flat_map(|day| example::requests(example::SEED, day)).for_each(|request| write_line(&mut log, &request));
    // Machines that hold its flavors, GPUs among them.
    let rows = (0..70).map(|i| match i {
        0..60 => format!("node-{i},16,64,,m5.4xlarge\n"),
        _ => format!("node-{i},16,64,1,g4dn.4xlarge\n"),
    });
    let inventory = format!("node,vcpu,memory_gib,gpu,instance_type\n{}", rows.collect::<String>());
    let own = [("requests.ndjson", log), ("nodes.csv", inventory)];
    choose(&page, &own).await?;
    said(&page, &["requests: ", " tenants, from ", "an inventory: 70 machines"]).await?;
    select(&page, "wanted", "yesterday").await?;
    select(&page, "own-horizon", "1 h").await?;
    press(&found(&page, "make").await?).await?;
    let question = Question::Predicted { horizon: Span::HOUR, learning: Learning::SeasonalNaive };
    let naive = text(&page, "digest").await?;
    ensure!(naive == native(&own, &question)?, "not what it is natively");
    select(&page, "wanted", "trained").await?;
    press(&found(&page, "make").await?).await?;
    next_digest(&page, &naive).await?;
    page.quit().await?;
    Ok(())
}

/// What is wrong is said at the file that is to blame, and goes with it; a dropped file is as one that was chosen.
#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_there() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let page = browsers.open().await?;
    page.goto(files.address(PAGE)).await?;
    let inventory = "node,vcpu,memory_gib,instance_type\nrack-1,4,16,r740\n".to_owned();
    choose(&page, &[("nodes.csv", inventory)]).await?;
    said(&page, &["`r740` has no price", "bring a file of prices"]).await?;
    ensure!(page.find_all(By::Css("[data-testid='make']")).await?.is_empty(), "nothing can be made of it");
    let drop_file = "const data = new DataTransfer();
        data.items.add(new File(['a,b\\n1,2\\n'], 'odd.csv'));
        const zone = document.querySelector(\"[data-testid='drop-zone']\");
        zone.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));";
    page.execute(drop_file, Vec::new()).await?;
    said(&page, &["odd.csv", "columns that are not known"]).await?;
    for name in ["odd.csv", "nodes.csv"] {
        let button = page.query(By::Css(format!("[aria-label='Take out {name}']")));
        press(&button.wait(PATIENCE, Duration::from_millis(50)).first().await?).await?;
    }
    text(&page, "what-may-be-dropped").await?;
    page.quit().await?;
    Ok(())
}
