//! What known events and sensors are worth to a forecast, on demand that they move.
//!
//! Four weeks of five-minute bins: Poisson counts around a daily curve, which sales of two hours at irregular times, known
//! ahead, treble, and which a queue length that sensors read leads by an hour. A tenth of the readings is missing. The last
//! day and the 19 origins before it are scored; the models are fitted on what is before.

#![expect(clippy::print_stdout, reason = "a table for whoever runs it")]

use shared::features::{CountSeries, Features, KnownEvent, SensorReading, SeriesKey, SeriesSet};
use shared::forecast::{BacktestPlan, Continue, ModelName, Predict, SelectionConfig, backtest, fit_best, fit_model};
use shared::random::{Draws, Purpose};
use shared::request::Names;
use shared::units::{Duration, Instant, Window};

const DAYS: usize = 28;
const BINS_A_DAY: usize = 288;
const BINS: usize = DAYS * BINS_A_DAY;
const BIN: Duration = Duration::from_minutes(5);
/// So many bins after a reading demand follows it.
const LEAD: usize = 12;

struct World {
    counts: Vec<f64>,
    sales: Vec<KnownEvent>,
    readings: Vec<SensorReading>,
}

fn start() -> Instant {
    Instant::from_micros(1_767_225_600_000_000)
}

fn world() -> World {
    let draws = |number: u64| Draws::new(1, 0, Purpose::Example, number);
    let (sale, queue, missing, count) = (draws(0), draws(1), draws(2), draws(3));
    // Two sales in three days, each at any time of its half.
    let half = 3 * BINS_A_DAY / 2;
    let sales = (0..BINS / half).map(|number| {
        let begin =
            start() + BIN * (number * half + (sale.uniform(number as u64) * (half - 24) as f64) as usize) as i64;
        let window = Window { start: begin, end: begin + Duration::HOUR * 2 };
        KnownEvent { name: "sale".to_owned(), window, tenant: None, repeat: None }
    });
    let sales: Vec<KnownEvent> = sales.collect();
    let mut length = 0.0;
    let mut lengths = Vec::with_capacity(BINS);
    let mut readings = Vec::new();
    for bin in 0..BINS {
        length = 0.97 * length + 0.25 * queue.normal(bin as u64);
        lengths.push(length);
        if missing.uniform(bin as u64) > 0.1 {
            let at = start() + BIN * bin as i64;
            readings.push(SensorReading { at, sensor: "queue_length".to_owned(), scope: String::new(), value: length });
        }
    }
    let one = |bin: usize| {
        let begin = start() + BIN * bin as i64;
        let window = Window { start: begin, end: begin + BIN };
        let day = core::f64::consts::TAU * (bin % BINS_A_DAY) as f64 / BINS_A_DAY as f64;
        let sale = if sales.iter().any(|sale| sale.touches(window)) { 3.0 } else { 1.0 };
        let queue = bin.checked_sub(LEAD).map_or(0.0, |bin| lengths[bin]);
        let mean = 20.0 * (1.0 - 0.6 * libm::cos(day)) * sale * libm::exp(0.4 * queue);
        poisson(mean, &count, bin as u64)
    };
    World { counts: (0..BINS).map(one).collect(), sales, readings }
}

/// Arrivals of a unit of time at such a rate, by exponential gaps.
fn poisson(mean: f64, draws: &Draws, bin: u64) -> f64 {
    let (mut elapsed, mut arrivals) = (0.0, 0.0);
    loop {
        elapsed += draws.exponential(bin * 4_096 + arrivals as u64) / mean;
        if elapsed >= 1.0 {
            return arrivals;
        }
        arrivals += 1.0;
    }
}

fn main() {
    let world = world();
    let horizons = [BIN, Duration::HOUR, Duration::DAY];
    let series = SeriesSet {
        start: start(),
        bin: BIN,
        series: vec![CountSeries { key: SeriesKey::TOTAL, counts: world.counts.clone() }],
    };
    println!("{:<24}{:<10}{:>8}{:>8}{:>8}   MASE", "known", "model", "5m", "1h", "1d");
    for (what, events, sensors) in
        [("counts", false, false), ("and events", true, false), ("and sensors", false, true), ("and both", true, true)]
    {
        let mut features = Features::new(series.clone());
        if events {
            features = features.with_events(&world.sales, &Names::default());
        }
        if sensors {
            features = features.with_sensors(&world.readings);
        }
        let past = features.all();
        let plan = BacktestPlan::new(&past, &horizons, 20, BINS_A_DAY / 4).expect("four weeks are enough");
        let training = plan.training(&past);
        let config = SelectionConfig::new(horizons.to_vec());
        let go_on = &mut |_| Continue::Yes;
        let lstm = fit_model(ModelName::Lstm, &training, &config.lstm, BINS_A_DAY, go_on);
        let lstm = lstm.expect("nobody cancels").expect("four weeks are enough");
        let (auto, _) = fit_best(&training, &config, go_on).expect("four weeks are enough");
        let trees = fit_model(ModelName::BoostedTrees, &training, &config.lstm, BINS_A_DAY, go_on);
        let trees = trees.expect("nobody cancels").expect("four weeks are enough");
        for (name, model) in [("lstm", &lstm as &dyn Predict), ("trees", &trees), ("auto", &auto)] {
            let scored = backtest(model, &past, &plan, go_on).expect("nobody cancels");
            let mase = |i: usize| scored[i].scores().and_then(|scores| scores.mase).expect("counts change every day");
            println!("{what:<24}{name:<10}{:>8.3}{:>8.3}{:>8.3}", mase(0), mase(1), mase(2));
        }
    }
}
