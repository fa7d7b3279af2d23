//! Azure VM V1 as the benchmarks use it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use shared::features::SeriesKey;
use shared::request::{Catalogue, RequestLog, RequestLogBuilder};
use shared::shadow::Known;
use shared::stream::{ArrivalForecast, StreamModel, StreamSettings, estimate, poisson};
use shared::trace::azure_vm::{Config, Trace, read_flavors, read_lifetime_bins};
use shared::units::{Duration, Instant};

/// Bins of the counts.
pub const BIN: Duration = Duration::from_minutes(5);
/// How many of them a day has.
pub const BINS: usize = 288;

/// The requests of `train.csv.gz` and `dev.csv.gz` in `folder`; the lifetimes of the first are not known.
///
/// # Errors
/// When a file is not there or not what it should be.
pub fn logs(folder: &Path) -> Result<(RequestLog, RequestLog)> {
    Ok((read(folder, "train.csv.gz", false)?, read(folder, "dev.csv.gz", true)?))
}

/// Midnight of the day that is sampled.
///
/// # Panics
/// Never.
pub fn origin() -> Instant {
    "2026-01-24T00:00:00Z".parse().expect("it is an instant")
}

/// The model of the day from [`origin`] on, as many arrivals as on the days before.
///
/// # Errors
/// When nothing is known before the origin.
pub fn day_model(known: &Known<'_>, settings: &StreamSettings) -> Result<StreamModel> {
    let series = known.series(BIN, 0).series;
    let past = &series.iter().find(|series| series.key == SeriesKey::Arrivals).context("arrivals are counted")?.counts;
    let bins = poisson(past, BIN, BINS);
    let forecast = ArrivalForecast { origin: known.origin, bin: BIN, bins: &bins, past };
    Ok(estimate(&known.sources(), &forecast, known.flavors(), settings)?)
}

fn read(folder: &Path, file: &str, lifetimes: bool) -> Result<RequestLog> {
    let text = |file: &str| {
        let path = folder.join(file);
        let mut text = String::new();
        let open = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        if file.ends_with(".gz") {
            GzDecoder::new(open).read_to_string(&mut text)
        } else {
            { open }.read_to_string(&mut text)
        }
        .with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::Ok(text)
    };
    let flavors = read_flavors(&text("flavors.csv")?)?;
    let bins = read_lifetime_bins(&text("lifetime_bins.csv")?)?;
    let config = Config { epoch: "2026-01-01T00:00:00Z".parse().context("an instant")?, tenants: 40, seed: 0 };
    let trace = Trace::read(&text(file)?, &flavors, lifetimes.then_some(&bins), config)?;
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    for (line, request) in trace.requests().enumerate() {
        builder.push(line as u64 + 1, request)?;
    }
    Ok(builder.finish()?)
}
