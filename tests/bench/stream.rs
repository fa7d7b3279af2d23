//! How fast requests are sampled, and how likely what came was: the table of a forecast, and the direct model.
//!
//! On Azure VM V1, whose folder is the argument: learnt from its train, scored on its dev; then the day from 2026-01-24 on
//! is sampled from what was before it. One thread; the fastest of three turns.

#![expect(clippy::print_stdout, reason = "figures for `cargo xtask bench stream`")]

use std::path::PathBuf;
use std::time::Instant as Clock;

use anyhow::{Context, Result};
use shared::request::RequestLog;
use shared::shadow::Known;
use shared::stream::{DirectFlavors, FlavorModelName, StreamSettings, sample, score_flavors};
use shared::units::Window;
use tests::azure::{BIN, BINS, day_model, logs, origin};

const TURNS: usize = 3;
/// Streams of a turn.
const RUNS: u32 = 5;
/// Batches of a turn.
const BATCHES: u64 = 50_000;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let folder = std::env::args_os().skip(1).map(PathBuf::from).find(|path| path.is_dir());
    let folder = folder.context("say where azure-vm-v1 is")?;
    let (train, dev) = logs(&folder)?;
    let settings = StreamSettings::default();
    likelihoods(&train, &dev, &settings)?;
    let known = Known::new(&dev, Some(&train), origin());
    let (sources, flavors) = (known.sources(), known.flavors());
    let model = day_model(&known, &settings)?;
    let window = Window { start: origin(), end: model.end() };
    let table = fastest(|| (0..RUNS).map(|run| sample(&model, [], window, 1, run).len()).sum());
    println!("table_requests_per_s {table:.0}");
    let direct = DirectFlavors::fit(&sources, origin(), (BIN, BINS), flavors, &settings);
    let at = |number: u64| origin() + BIN * (number % BINS as u64) as i64;
    let creates = fastest(|| (0..BATCHES).map(|number| direct.draw(at(number), 1, number).len()).sum());
    println!("direct_creates_per_s {creates:.0}");
    Ok(())
}

/// Nats a token of train's model on dev.
fn likelihoods(train: &RequestLog, dev: &RequestLog, settings: &StreamSettings) -> Result<()> {
    let origin = dev.first().context("dev has requests")?.floor(BIN);
    let end = dev.last().context("dev has requests")?.floor(BIN) + BIN;
    let (before, after) = (Known::new(dev, Some(train), origin), Known::new(dev, Some(train), end));
    let tested = after.sources();
    let tested = tested.last().context("dev is a source")?;
    let bins = (end - origin).divide(BIN) as usize;
    let scores = score_flavors(&before.sources(), tested, origin, (BIN, bins), after.flavors(), settings);
    for row in scores.results {
        match row.model {
            FlavorModelName::Sampled => println!("table_nll {:.4}", row.nll),
            FlavorModelName::Direct => println!("direct_nll {:.4}", row.nll),
            FlavorModelName::Unigram | FlavorModelName::Bigram => {}
        }
    }
    Ok(())
}

/// Amounts a second, in the fastest of some turns.
fn fastest(mut turn: impl FnMut() -> usize) -> f64 {
    let once = |_| {
        let clock = Clock::now();
        let amount = turn();
        amount as f64 / clock.elapsed().as_secs_f64()
    };
    (0..TURNS).map(once).fold(0.0, f64::max)
}
