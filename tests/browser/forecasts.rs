//! Forecasts in the browser: a model file says the same there and here, whichever of the two trained it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::example;
use shared::features::Features;
use shared::forecast::{Continue, ModelFile, ModelName, SelectionConfig, fit_one};
use shared::pricing::builtin;
use shared::request::{RequestLogBuilder, read_requests, write_line};
use shared::shadow::Known;
use shared::units::Duration;
use tests::files::Files;
use thirtyfour::prelude::*;

use super::{PATIENCE, fill, found, page_and_browsers, text};

const BIN: Duration = Duration::from_minutes(5);

/// A week of the example: arrivals, all creates, those of each class and of each tenant.
struct Week {
    text: String,
    features: Features,
    tenants: Vec<String>,
}

impl Week {
    fn new() -> Result<Self> {
        let mut text = String::new();
        (0..7)
            .flat_map(|day| example::requests(example::SEED, day))
            .for_each(|request| write_line(&mut text, &request));
        let mut builder = RequestLogBuilder::new(builtin().catalogue());
        read_requests(&text, &mut builder)?;
        let log = builder.finish()?;
        let known = Known::new(&log, None, log.last().context("the example has requests")?.floor(BIN));
        let features = Features::new(known.series(BIN, 100));
        let tenants = known.tenant_names().iter().map(str::to_owned).collect();
        Ok(Self { text, features, tenants })
    }

    /// The digest of what a model file says here.
    fn native_digest(&self, file: &ModelFile) -> Result<String> {
        let forecast = file.forecast(&self.features.all(), &self.tenants, Duration::DAY)?;
        let answered = forecast.series.iter().filter(|series| series.bins().is_some()).count();
        ensure!(answered > 5, "{answered} of {} series have a forecast", forecast.series.len());
        Ok(forecast.digest())
    }
}

/// A network that learnt little, quickly.
fn config() -> SelectionConfig {
    let mut config = SelectionConfig::new(vec![Duration::DAY]);
    (config.lstm.max_steps, config.lstm.validate_every) = (20, 10);
    config
}

/// A folder of files for the browser to open, removed again afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("shadowplane-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<String> {
        let path = self.0.join(name);
        fs::write(&path, content)?;
        Ok(path.display().to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is small.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The page with the week's requests opened.
async fn page_with(browser: &WebDriver, files: &Files, requests: &str) -> Result<()> {
    browser.goto(files.address("#/demand?data=example")).await?;
    found(browser, "open-data").await?.send_keys(requests).await?;
    until(browser, "data-name", |name| name.contains("week.ndjson")).await?;
    until(browser, "window", |window| window.contains("7 Jun, 23:55 UTC")).await?;
    Ok(())
}

/// Waits until an element says what it should, and gives its text.
async fn until(page: &WebDriver, testid: &str, said: impl Fn(&str) -> bool) -> Result<String> {
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut last = String::new();
    while std::time::Instant::now() < deadline {
        // It may be drawn anew between being found and being read.
        if let Ok(text) = text(page, testid).await {
            if said(&text) {
                return Ok(text);
            }
            last = text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("`{testid}` still says `{last}`")
}

#[tokio::test]
async fn a_model_file_says_the_same_bits_in_the_browser() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let (week, folder) = (Week::new()?, Folder::new("models")?);
    let (past, config) = (week.features.all(), config());
    let together = ModelFile::fit(&past, week.tenants.clone(), &config, &mut |_| Continue::Yes)?;
    ensure!(together.selected.lstm().is_some(), "the network is one of the models");
    let alone = fit_one(ModelName::Lstm, &past, &config, &mut |_| Continue::Yes)?.map_err(anyhow::Error::new)?;
    let alone = ModelFile::new(&past, week.tenants.clone(), &config, alone);

    let page = browsers.open().await?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(week.text.as_bytes())?;
    page_with(&page, &files, &folder.write("week.ndjson.gz", &packed.finish()?)?).await?;
    let mut seen = Vec::new();
    for (name, file) in [("together.shadowmodel", together), ("alone.shadowmodel", alone)] {
        let model = folder.write(name, &file.to_bytes())?;
        found(&page, "open-model").await?.send_keys(model).await?;
        let about = until(&page, "model", |model| model.contains(name)).await?;
        ensure!(about.contains("which learnt from exactly this data"), "{about}");
        let (ours, theirs) = (week.native_digest(&file)?, text(&page, "forecast-digest").await?);
        ensure!(theirs == ours, "{name}: the browser says {theirs}, and here it is {ours}");
        seen.push(theirs);
    }
    ensure!(seen[0] != seen[1], "the network alone says something else than all models together");
    let broken = folder.write("broken.shadowmodel", b"SPFM")?;
    found(&page, "open-model").await?.send_keys(broken).await?;
    let error = text(&page, "error").await?;
    ensure!(error.contains("the model file is damaged"), "{error}");
    page.quit().await?;
    Ok(())
}

#[tokio::test]
async fn a_model_trained_in_the_browser_says_the_same_bits_here() -> Result<()> {
    let Some((files, browsers)) = page_and_browsers().await? else { return Ok(()) };
    let (week, folder) = (Week::new()?, Folder::new("trained")?);
    let page = browsers.open().await?;
    page_with(&page, &files, &folder.write("week.ndjson", week.text.as_bytes())?).await?;

    found(&page, "train").await?.click().await?;
    until(&page, "doing", |doing| doing.contains("Training of")).await?;
    found(&page, "cancel").await?.click().await?;
    until(&page, "notice", |notice| notice.contains("Cancelled")).await?;

    fill(&page, "steps", 20).await?;
    found(&page, "train").await?.click().await?;
    let theirs = until(&page, "forecast-digest", |digest| digest.len() == 64).await?;
    let script = "const done = arguments[0];
        fetch(document.querySelector(\"[data-testid='save-model']\").href)
            .then(response => response.arrayBuffer())
            .then(bytes => done(Array.from(new Uint8Array(bytes))));";
    let saved = page.execute_async(script, Vec::new()).await?;
    let saved = saved.json().as_array().context("the file is no array")?.iter().filter_map(Value::as_u64);
    let bytes: Vec<u8> = saved.map(u8::try_from).collect::<Result<_, _>>()?;
    ensure!(bytes.len() < 2_000_000, "the model file has {} bytes", bytes.len());
    let file = ModelFile::from_bytes(&bytes)?;
    let trained = file.selected.lstm().context("the network is one of the models")?.report.steps;
    ensure!(trained == 10, "after the backtest it goes on for half of 20 steps, not for {trained}");
    let ours = week.native_digest(&file)?;
    ensure!(theirs == ours, "the browser says {theirs}, and here it is {ours}");
    page.quit().await?;
    Ok(())
}
