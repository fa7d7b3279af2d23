//! Times forecasts, training, the sampling of streams and the control plane natively and in a browser; `cargo xtask bench
//! wasm` runs this, with the folder of Azure VM V1 as its argument. It fails when a forecast of a day for 100 series takes
//! the browser a second or more, when it samples fewer than half a million requests a second, or when the control plane has
//! less than four fifths of its native speed there in an ensemble of twenty runs.

#![expect(clippy::print_stdout, reason = "figures for whoever runs it")]

#[path = "simulation/src/workload.rs"]
mod workload;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration as Span, Instant as Stopwatch};

use anyhow::{Context, Result, bail, ensure};
use shared::example;
use shared::features::Features;
use shared::forecast::{Continue, ModelFile, ModelName, SelectionConfig, fit_one};
use shared::link::SharedScenario;
use shared::pricing::builtin;
use shared::random::{Draws, Purpose};
use shared::request::{RequestLogBuilder, read_requests, write_line};
use shared::scenario::{Demand, Fleet, PlacementPolicy, Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Digest, Fork, RunOptions, simulate};
use shared::stream::StreamSettings;
use shared::units::{Duration, Instant};
use tests::driver::Browsers;
use tests::files::Files;
use tests::{azure, dashboard};
use thirtyfour::prelude::*;

use self::workload::{Size, Workload};

const BIN: Duration = Duration::from_minutes(5);
const BINS_A_DAY: usize = 288;
const DAYS: usize = 8;
/// With arrivals and all creates they are 100 series.
const TENANTS: usize = 98;
/// Each figure is the least of so many.
const TURNS: usize = 3;
/// Steps of a short and of a longer training: their difference is that of steps alone.
const STEPS: [u32; 2] = [20, 120];
const FORECAST_MS_MAX: f64 = 1_000.0;
/// Streams that are sampled.
const STREAMS: u32 = 5;
/// Requests a second that are sampled, natively and in the browser.
const SAMPLED_MIN: [f64; 2] = [1e6, 5e5];
/// What goes through the control plane.
const SIMULATED: Size = Size { nodes: 5_000, live: 40_000, requests: 200_000, slower: 1 };
/// How many runs an ensemble has, as the Lab makes it unless it is told otherwise.
const RUNS: u32 = 20;
/// How much of the native speed an ensemble has in the browser, whose first run compiles what the others use.
const SHARE_MIN: f64 = 0.8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let trace = std::env::args_os().skip(1).map(PathBuf::from).find(|path| path.is_dir());
    let trace = trace.context("say where azure-vm-v1 is")?;
    let browsers = Browsers::find().await?.context("there is no chromedriver in CHROMEDRIVER or on PATH")?;
    let files = Files::serve(&dashboard(), "/")?;
    let folder = std::env::temp_dir().join(format!("shadowplane-bench-wasm-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&browsers, &files, &folder, &trace).await;
    std::fs::remove_dir_all(&folder)?;
    let Measured { forecast_ms, sampled, simulated: [native, browser] } = measured?;
    ensure!(
        forecast_ms < FORECAST_MS_MAX,
        "a forecast takes {forecast_ms} ms, where less than {FORECAST_MS_MAX} are wanted"
    );
    for ((found, least), place) in sampled.into_iter().zip(SAMPLED_MIN).zip(["natively", "in the browser"]) {
        ensure!(found >= least, "{found:.0} requests a second are sampled {place}, where {least} are wanted");
    }
    let share = browser / native;
    ensure!(share >= SHARE_MIN, "the browser has {share:.2} of the native speed, where {SHARE_MIN} are wanted");
    Ok(())
}

/// What has a limit.
struct Measured {
    /// The slowest forecast in the browser, in milliseconds.
    forecast_ms: f64,
    /// Requests sampled a second, natively and in the browser.
    sampled: [f64; 2],
    /// Requests through the control plane a second, natively and in the browser.
    simulated: [f64; 2],
}

/// Prints the table.
async fn measure(browsers: &Browsers, files: &Files, folder: &Path, trace: &Path) -> Result<Measured> {
    println!("{:<52}{:>10}{:>10}{:>8}", "", "native", "browser", "ratio");
    let row = |what: &str, native: f64, browser: f64| {
        println!("{what:<52}{native:>10.1}{browser:>10.1}{:>8.1}", browser / native);
    };
    let page = browsers.open().await?;
    let mut slowest = 0.0_f64;
    let many = Counted::of(&hundred_series())?;
    open(&page, files, folder, "hundred.ndjson", &many).await?;
    for (what, file) in [
        ("day of 100 series, LSTM alone, ms", many.fitted_alone()?),
        ("day of 100 series, all models together, ms", many.fitted(30)?),
    ] {
        let native = least(|| {
            let began = Stopwatch::now();
            file.forecast(&many.features.all(), &many.tenants, Duration::DAY)?;
            Ok(began.elapsed().as_secs_f64() * 1e3)
        })?;
        let path = folder.join("many.shadowmodel");
        std::fs::write(&path, file.to_bytes())?;
        let mut browser = f64::INFINITY;
        for _ in 0..TURNS {
            find(&page, "open-model").await?.send_keys(path.display().to_string()).await?;
            let how = answered(&page).await?;
            browser = browser.min(milliseconds(how.split("forecast in ").nth(1).unwrap_or_default())?);
        }
        row(what, native, browser);
        println!("{:<52}{:>20}", "", format!("< {FORECAST_MS_MAX}"));
        slowest = slowest.max(browser);
    }
    let week = Counted::of(&example_week())?;
    open(&page, files, folder, "week.ndjson", &week).await?;
    let (mut native, mut browser) = ([0.0; 2], [0.0; 2]);
    for (position, steps) in STEPS.into_iter().enumerate() {
        let began = Stopwatch::now();
        week.fitted(steps)?;
        native[position] = began.elapsed().as_secs_f64() * 1e3;
        let field = find(&page, "steps").await?;
        field.clear().await?;
        field.send_keys(steps.to_string() + Key::Tab).await?;
        find(&page, "train").await?.click().await?;
        let how = answered(&page).await?;
        let fitted = how.strip_prefix("fitted in ").and_then(|rest| rest.split(',').next()).unwrap_or_default();
        browser[position] = milliseconds(fitted)?;
    }
    // What is fitted on the whole past goes on for half as many steps.
    let per_step = |times: [f64; 2]| (times[1] - times[0]) / (1.5 * f64::from(STEPS[1] - STEPS[0]));
    row("step of training, as the product trains, ms", per_step(native), per_step(browser));
    row("whole fit with its backtest, 120 steps, ms", native[1], browser[1]);
    let sampled = sampled(&page, files, folder, trace).await?;
    let [native, browser] = sampled;
    println!("{:<52}{native:>10.0}{browser:>10.0}{:>8.2}", "requests sampled a second", browser / native);
    println!("{:<52}{:>10}{:>10}", "", format!("≥ {}", SAMPLED_MIN[0]), format!("≥ {}", SAMPLED_MIN[1]));
    println!("requests through the control plane a second");
    let mut simulated_of = [[0.0; 2]; 2];
    for ((runs, what), of) in
        [(1, "  in a first run alone"), (RUNS, "  in an ensemble of 20 runs")].into_iter().zip(&mut simulated_of)
    {
        *of = simulated(&page, files, folder, runs).await?;
        println!("{what:<52}{:>10.0}{:>10.0}{:>8.2}", of[0], of[1], of[1] / of[0]);
    }
    let [_, simulated] = simulated_of;
    println!("{:<52}{:>28}", "", format!("≥ {SHARE_MIN}"));
    page.quit().await?;
    Ok(Measured { forecast_ms: slowest, sampled, simulated })
}

/// Requests a second, natively and in a worker of the browser, of a day of Azure's: the best of some turns.
async fn sampled(page: &WebDriver, files: &Files, folder: &Path, trace: &Path) -> Result<[f64; 2]> {
    let (train, dev) = azure::logs(trace)?;
    let known = Known::new(&dev, Some(&train), azure::origin());
    let model = azure::day_model(&known, &StreamSettings::default())?;
    let base = Scenario { fleet: Fleet::default(), price_book: builtin(), ..example::scenario() };
    let base = Scenario { runs: STREAMS, ..base };
    let scenario = known.predicted(&base, &Fork::default(), model, Duration::DAY);
    let valid = ValidScenario::new(scenario.clone())?;
    let native_ms = least(|| {
        let began = Stopwatch::now();
        (0..STREAMS).for_each(|run| drop(valid.requests(run)));
        Ok(began.elapsed().as_secs_f64() * 1e3)
    })?;
    let requests: usize = (0..STREAMS).map(|run| valid.requests(run).len()).sum();
    let browser_ms = in_the_lab(page, (files, folder), scenario, ("sampled in ", requests)).await?;
    Ok([native_ms, browser_ms].map(|ms| requests as f64 / ms * 1e3))
}

/// Requests a second, natively and in a worker of the browser, through all modules in so many runs: the best of some turns.
async fn simulated(page: &WebDriver, files: &Files, folder: &Path, runs: u32) -> Result<[f64; 2]> {
    let Workload { valid, requests } = Workload::new(SIMULATED, PlacementPolicy::FirstFit);
    let native_ms = least(|| {
        let began = Stopwatch::now();
        for run in 0..runs {
            simulate(&valid, &requests, RunOptions { run, ..RunOptions::default() });
        }
        Ok(began.elapsed().as_secs_f64() * 1e3)
    })?;
    let count = requests.len() * runs as usize;
    let scenario = Scenario { runs, demand: Demand::Requests(requests), ..valid.scenario().clone() };
    let browser_ms = in_the_lab(page, (files, folder), scenario, ("simulated in ", count)).await?;
    Ok([native_ms, browser_ms].map(|ms| count as f64 / ms * 1e3))
}

/// Opens a scenario in the Lab, and gives what the page says after some words about so many requests: the least of some
/// turns, in milliseconds.
async fn in_the_lab(
    page: &WebDriver,
    (files, folder): (&Files, &Path),
    scenario: Scenario,
    said: (&str, usize),
) -> Result<f64> {
    let path = folder.join("scenario.shadowplane");
    std::fs::write(&path, SharedScenario { scenario, digest: Digest([0; 32]) }.to_bytes())?;
    let mut least = f64::INFINITY;
    for _ in 0..TURNS {
        // One worker, so that it has a core to itself.
        page.goto("about:blank").await?;
        page.goto(files.address("#/lab?scenario=example&workers=1")).await?;
        find(page, "open-file").await?.send_keys(path.display().to_string()).await?;
        least = least.min(said_ms(page, said).await?);
    }
    Ok(least)
}

/// Waits until the page says how long it took to do something with so many requests.
async fn said_ms(page: &WebDriver, (did, requests): (&str, usize)) -> Result<f64> {
    let began = Stopwatch::now();
    while began.elapsed() < Span::from_secs(120) {
        let how = find(page, "how").await?.text().await?;
        let counted = how.split_once(": ").and_then(|(_, rest)| rest.split_once(" requests "));
        let count: String = counted.unwrap_or_default().0.matches(|c: char| c.is_ascii_digit()).collect();
        if let Some((_, time)) = how.split_once(did).filter(|_| count == requests.to_string()) {
            return milliseconds(time.split([',', ';']).next().unwrap_or_default());
        }
        tokio::time::sleep(Span::from_millis(100)).await;
    }
    bail!("the page does not say that it {did}… {requests} requests")
}

/// Requests, and their counts.
struct Counted {
    text: String,
    features: Features,
    tenants: Vec<String>,
}

impl Counted {
    fn of(text: &str) -> Result<Self> {
        let mut builder = RequestLogBuilder::new(builtin().catalogue());
        read_requests(text, &mut builder)?;
        let log = builder.finish()?;
        let known = Known::new(&log, None, log.last().context("there are requests")?.floor(BIN));
        let tenants = known.tenant_names().iter().map(str::to_owned).collect();
        Ok(Self { text: text.to_owned(), features: Features::new(known.series(BIN, 100)), tenants })
    }

    fn fitted(&self, steps: u32) -> Result<ModelFile> {
        Ok(ModelFile::fit(&self.features.all(), self.tenants.clone(), &config(steps), &mut |_| Continue::Yes)?)
    }

    fn fitted_alone(&self) -> Result<ModelFile> {
        let (past, config) = (self.features.all(), config(30));
        let fitted = fit_one(ModelName::Lstm, &past, &config, &mut |_| Continue::Yes)?;
        Ok(ModelFile::new(&past, self.tenants.clone(), &config, fitted.map_err(anyhow::Error::new)?))
    }
}

/// What the page asks for.
fn config(steps: u32) -> SelectionConfig {
    let mut config = SelectionConfig::new(vec![Duration::DAY]);
    config.lstm.max_steps = steps;
    config
}

/// A request now and then of each tenant, more by day.
fn hundred_series() -> String {
    let start = example::START;
    let mut text = String::new();
    for bin in 0..DAYS * BINS_A_DAY {
        let at: Instant = start + BIN * bin as i64;
        let wave = 1.0 + 0.8 * libm::sin(core::f64::consts::TAU * bin as f64 / BINS_A_DAY as f64);
        for tenant in 0..TENANTS {
            let draws = Draws::new(1, 0, Purpose::Example, tenant as u64);
            if draws.uniform(bin as u64) < 0.15 * wave {
                let id = bin * TENANTS + tenant;
                writeln!(
                    text,
                    r#"{{"id":"{id}","at":"{at}","tenant":"t{tenant}","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":1}}}}"#
                )
                .expect("writing to a String cannot fail");
            }
        }
    }
    text
}

fn example_week() -> String {
    let mut text = String::new();
    (0..7).flat_map(|day| example::requests(example::SEED, day)).for_each(|request| write_line(&mut text, &request));
    text
}

/// Opens a log on the page.
async fn open(page: &WebDriver, files: &Files, folder: &Path, name: &str, counted: &Counted) -> Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, &counted.text)?;
    page.goto(files.address("#/forecast?data=example")).await?;
    find(page, "open-data").await?.send_keys(path.display().to_string()).await?;
    idle(page).await
}

async fn find(page: &WebDriver, testid: &str) -> Result<WebElement> {
    let query = page.query(By::Css(format!("[data-testid='{testid}']")));
    query.wait(Span::from_secs(120), Span::from_millis(20)).first().await.with_context(|| format!("no `{testid}`"))
}

/// Waits for the worker, and gives how long it took in the words of the page.
async fn answered(page: &WebDriver) -> Result<String> {
    idle(page).await?;
    Ok(find(page, "how").await?.text().await?)
}

/// Waits until the page takes another order, having begun with the last one.
async fn idle(page: &WebDriver) -> Result<()> {
    tokio::time::sleep(Span::from_millis(300)).await;
    find(page, "train").await.map(drop)
}

/// From `341 ms`, `1.25 s` or `2.1 min`.
fn milliseconds(text: &str) -> Result<f64> {
    let (number, unit) = text.trim().split_once(' ').with_context(|| format!("`{text}` is no time"))?;
    let factor = match unit {
        "µs" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => 6e4,
    };
    Ok(number.replace(',', "").parse::<f64>().with_context(|| format!("`{text}` is no time"))? * factor)
}

fn least(mut task: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..TURNS {
        least = least.min(task()?);
    }
    Ok(least)
}
