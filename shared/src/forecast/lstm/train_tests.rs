//! Training: what it learns, that it repeats, and that serving computes what burn computes.

use super::burn_network::BurnNetwork;
use super::context::Context;
use super::network::{Network, NetworkShape};
use super::recurrent::Instructions;
use super::sample::{Batch, Corpus, LEADS, ORIGINS};
use super::train::{descend, random_network, serve};
use super::*;
use crate::features::{CountSeries, Features, KnownEvent, SensorReading, SeriesKey, SeriesSet};
use crate::forecast::{
    BacktestPlan, Continue, Fit, LEVELS, OneDayMedian, Predict, SeasonalNaive, TrainError, backtest,
};
use crate::random::{Draws, Purpose};
use crate::request::Names;
use crate::units::{Duration, Instant, Window};
use burn::tensor::Device;

const BIN: Duration = Duration::from_minutes(5);

fn features(counts: Vec<f64>) -> Features {
    let start: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    Features::new(SeriesSet { start, bin: BIN, series: vec![CountSeries { key: SeriesKey::TOTAL, counts }] })
}

/// A noisy floor of about five, and bursts of sixty at random, each echoed again and again 17 bins later at seven tenths.
fn echoes(bins: usize, seed: u64) -> Vec<f64> {
    let draws = Draws::new(seed, 0, Purpose::Example, 0);
    let mut bursts = vec![0.0; bins];
    for t in 0..bins {
        let echo = if t >= 17 { 0.7 * bursts[t - 17] } else { 0.0 };
        bursts[t] = echo + if draws.uniform(t as u64) < 1.0 / 30.0 { 60.0 } else { 0.0 };
    }
    let noise = |t: usize| 2.0 * draws.normal((bins + t) as u64);
    (0..bins).map(|t| (5.0 + noise(t) + bursts[t]).round().max(0.0)).collect()
}

fn small() -> LstmConfig {
    LstmConfig { encoder_bins: 32, hidden: 24, head: 48, max_steps: 12, validate_every: 4, ..LstmConfig::default() }
}

fn train(features: &Features, config: &LstmConfig, bins: usize) -> LstmModel {
    train_lstm(&features.all(), config, bins, None, &mut |_| Continue::Yes).unwrap()
}

#[test]
fn a_planted_lag_is_found() {
    let features = features(echoes(10 * 288, 1));
    let past = features.all();
    let plan = BacktestPlan::new(&past, &[Duration::HOUR], 36, 12).unwrap();
    let training = plan.training(&past);
    let config = LstmConfig { max_steps: 400, validate_every: 50, ..small() };
    let lstm = train_lstm(&training, &config, 12, None, &mut |_| Continue::Yes).unwrap();
    let mase = |model: &dyn Predict| {
        backtest(model, &past, &plan, &mut |_| Continue::Yes).unwrap()[0].scores().unwrap().mase.unwrap()
    };
    let naive = mase(&SeasonalNaive.fit(&training).unwrap());
    let median = mase(&OneDayMedian.fit(&training).unwrap());
    let lstm = mase(&lstm);
    // A day is 16.9 times 17 bins: the naive repeats echoes at the wrong time, the median ignores them. Per bin, bursts
    // cost 60 / 30 = 2 and the noise 1.6 to everyone; their echoes, 2 × 0.7 / (1 − 0.7) = 4.7, to who ignores the lag.
    assert!(lstm < 0.5 * naive, "{lstm} against {naive}");
    assert!(lstm < 0.65 * median, "{lstm} against {median}");
}

/// Counts of about 20 that sales of two hours, known ahead, treble, and that a sensor leads by six bins.
#[test]
fn what_is_known_beside_the_counts_is_learnt() {
    let (bins, draws) = (10 * 288, |number| Draws::new(3, 0, Purpose::Example, number));
    let (sale, queue, noise) = (draws(0), draws(1), draws(2));
    let start: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    let at = |bin: usize| start + BIN * bin as i64;
    let sales: Vec<KnownEvent> = (0..bins / 96)
        .map(|third| third * 96 + (sale.uniform(third as u64) * 72.0) as usize)
        .map(|first| Window { start: at(first), end: at(first + 24) })
        .map(|window| KnownEvent { name: "sale".to_owned(), window, tenant: None, repeat: None })
        .collect();
    let lengths: Vec<f64> = (0..bins as u64)
        .scan(0.0, |length, bin| {
            *length = 0.9 * *length + 0.4 * queue.normal(bin);
            Some(*length)
        })
        .collect();
    let count = |bin: usize| {
        let window = Window { start: at(bin), end: at(bin + 1) };
        let sale = if sales.iter().any(|sale| sale.touches(window)) { 3.0 } else { 1.0 };
        let led = if bin < 6 { 0.0 } else { lengths[bin - 6] };
        (20.0 * sale * libm::exp(0.5 * led) + 2.0 * noise.normal(bin as u64)).round().max(0.0)
    };
    let read = |(bin, &value): (usize, &f64)| {
        let (sensor, scope) = ("queue_length".to_owned(), String::new());
        (bin % 10 > 0).then(|| SensorReading { at: at(bin), sensor, scope, value })
    };
    let readings: Vec<SensorReading> = lengths.iter().enumerate().filter_map(read).collect();
    let counts = features((0..bins).map(count).collect());
    // Half an hour ahead, as far as the sensor sees; and four hours, where only who knows the sales knows them.
    let mase = |features: &Features| {
        let past = features.all();
        let horizons = [Duration::from_minutes(30), Duration::HOUR * 4];
        let plan = BacktestPlan::new(&past, &horizons, 36, 12).unwrap();
        let config = LstmConfig { max_steps: 400, validate_every: 50, ..small() };
        let lstm = train_lstm(&plan.training(&past), &config, 48, None, &mut |_| Continue::Yes).unwrap();
        let scored = backtest(&lstm, &past, &plan, &mut |_| Continue::Yes).unwrap();
        [0, 1].map(|horizon| scored[horizon].scores().unwrap().mase.unwrap())
    };
    let [_, alone] = mase(&counts);
    let [short, with_events] = mase(&counts.clone().with_events(&sales, &Names::default()));
    let [with_both, _] = mase(&counts.with_events(&sales, &Names::default()).with_sensors(&readings));
    assert!(with_events < 0.8 * alone, "{with_events} with events, {alone} without");
    assert!(with_both < 0.9 * short, "{with_both} with sensors, {short} without");
}

#[test]
fn serving_computes_what_burn_computes() {
    let shape = NetworkShape { step_inputs: 5, hidden: 8, head_inputs: 11, head: 16 };
    let draws = Draws::new(1, 0, Purpose::Example, 0);
    let random = |from: u64, n: usize| (0..n as u64).map(|i| draws.normal(from + i) as f32).collect::<Vec<f32>>();
    let mut from = 0;
    let layers = shape.lengths().map(|n| {
        from += n as u64;
        random(from, n).into_iter().map(|weight| 0.5 * weight).collect()
    });
    let network = Network::from_layers(shape, layers);
    let (sequences, steps) = (3, 24);
    let origins: [usize; ORIGINS] = core::array::from_fn(|i| steps - 2 * i);
    let examples = ORIGINS * LEADS * sequences;
    let batch = Batch {
        steps: random(1 << 20, steps * sequences * shape.step_inputs),
        targets: random(1 << 21, examples * shape.head_inputs),
        answers: vec![0.0; examples],
        measures: Vec::new(),
    };
    let burn = BurnNetwork::new(&network, &Device::flex().autodiff());
    let burn = burn.forward(&batch, origins, Instructions::fastest());
    let burn: Vec<f32> = burn.into_data().try_to_vec().unwrap();
    let mut compared = 0;
    serve(&network, origins, &batch, |example, outputs| {
        for (level, output) in outputs.into_iter().enumerate() {
            let expected = burn[example * LEVELS.len() + level];
            assert!((output - expected).abs() < 1e-5, "example {example}: {output} and {expected}");
            compared += 1;
        }
    });
    assert_eq!(compared, examples * LEVELS.len());
}

#[test]
fn training_repeats_bit_for_bit_and_its_model_survives_a_file() {
    let features = features(echoes(4 * 288, 2));
    let model = train(&features, &small(), 12);
    assert!(model == train(&features, &small(), 12), "the same seed gives the same weights");
    assert_ne!(model.network, train(&features, &LstmConfig { seed: 2, ..small() }, 12).network);
    let mut bytes = model.to_bytes();
    assert!(LstmModel::from_bytes(&bytes).unwrap() == model, "a file keeps every bit");
    assert_eq!(LstmModel::from_bytes(&bytes[..bytes.len() - 1]), Err(LstmModelError::Damaged));
    // The format is the first number of the file.
    bytes[0] = 9;
    assert_eq!(LstmModel::from_bytes(&bytes), Err(LstmModelError::Format(9)));
    let mut damaged = model.clone();
    damaged.network.output_bias.pop();
    assert_eq!(LstmModel::from_bytes(&damaged.to_bytes()), Err(LstmModelError::Damaged));
}

#[test]
fn training_gives_the_same_bits_with_every_set_of_instructions() {
    let features = features(echoes(4 * 288, 2));
    let (past, season, config) = (features.all(), 288, small());
    let calendar = past.calendar(0);
    let contexts = [Context::new(past.counts(0), &calendar, season, 0)];
    let layout = Layout::of(&past, &contexts, season);
    let corpus = Corpus::new(past, &layout, &contexts, &config, 12);
    let shape = NetworkShape {
        step_inputs: layout.step_inputs(),
        hidden: config.hidden,
        head_inputs: layout.head_inputs(),
        head: config.head,
    };
    let trained = |instructions| {
        let initial = random_network(shape, config.seed);
        descend(&corpus, &config, initial, instructions, &mut |_| Continue::Yes).unwrap()
    };
    let portable = trained(Instructions::PORTABLE);
    for instructions in Instructions::available() {
        assert!(trained(instructions) == portable, "{instructions:?}");
    }
}

#[test]
fn nothing_after_the_origin_changes_a_byte() {
    let (mut one, two) = (echoes(5 * 288, 3), echoes(5 * 288, 3));
    one[4 * 288..].fill(1_000.0);
    let answers = [one, two].map(|counts| {
        let features = features(counts);
        let past = features.first(4 * 288);
        let lstm = train_lstm(&past, &small(), 12, None, &mut |_| Continue::Yes).unwrap();
        serde_json::to_string(&(&lstm, lstm.predict(&past, Duration::HOUR).unwrap())).unwrap()
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn what_it_would_have_said_is_what_it_said() {
    let features = features(echoes(12 * 288, 6));
    let (past, model) = (features.all(), train(&features, &small(), 288));
    let asked = [(0, 288), (12, 12), (150, 1), (288, 200), (12 * 288 - 300, 12)];
    let together = model.predict_earlier(&past, 0, &asked);
    for (&(back, bins), together) in asked.iter().zip(together) {
        assert_eq!(together, model.predict_series(&past.first(past.bins() - back), 0, bins));
        // A day of 288 and the 32 bins that it reads.
        assert_eq!(together.is_ok(), past.bins() - back >= 320);
    }
}

#[test]
fn what_never_changes_is_forecast_exactly() {
    for count in [0.0, 7.0] {
        let features = features(vec![count; 4 * 288]);
        let forecast = train(&features, &small(), 12).predict(&features.all(), Duration::HOUR).unwrap();
        let bins = forecast.series[0].bins().unwrap();
        assert!(bins.iter().all(|bin| bin.quantiles() == &[count; LEVELS.len()] && bin.mean() == count), "{bins:?}");
    }
}

#[test]
fn what_is_missing_or_cancelled_leaves_no_model() {
    let short = features(echoes(600, 4));
    // Two days of 288, the 32 bins that are read, and another day: 896.
    let missing = TrainError::NotReady(NotReady::NeedsBins { missing: 296 });
    let train = |features: &Features, watcher: &mut crate::forecast::Watcher| {
        train_lstm(&features.all(), &small(), 12, None, watcher)
    };
    assert_eq!(train(&short, &mut |_| Continue::Yes), Err(missing));
    let mut told = 0;
    let cancelled = train(&features(echoes(1_000, 4)), &mut |_| {
        told += 1;
        if told < 3 { Continue::Yes } else { Continue::Cancel }
    });
    assert_eq!(cancelled, Err(TrainError::Forecast(crate::forecast::ForecastError::Cancelled)));
    assert_eq!(told, 3);
}

#[test]
fn the_least_history_is_enough_for_any_bin() {
    for minutes in [5, 15, 60, 360, 1_440] {
        let bin = Duration::from_minutes(minutes);
        let config = LstmConfig { max_steps: 2, validate_every: 1, ..LstmConfig::default() };
        let of = |bins: usize| {
            let start: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
            let counts = echoes(bins, 6);
            Features::new(SeriesSet { start, bin, series: vec![CountSeries { key: SeriesKey::TOTAL, counts }] })
        };
        let Some(NotReady::NeedsBins { missing }) = config.needs(&of(1).all(), 1) else { panic!("one bin is too few") };
        let features = of(1 + missing);
        let model = train(&features, &config, 1);
        let forecast = model.predict(&features.all(), bin).unwrap();
        assert!(forecast.series[0].bins().is_some_and(|bins| bins[0].mean().is_finite()), "{bin}");
    }
}

#[test]
fn a_horizon_beyond_the_training_is_refused_per_series() {
    let features = features(echoes(4 * 288, 5));
    let forecast = train(&features, &small(), 12).predict(&features.all(), Duration::HOUR * 2).unwrap();
    let answer = crate::forecast::Answer::NotReady(NotReady::BeyondHorizon { longest: Duration::HOUR });
    assert_eq!(forecast.series[0].answer, answer);
}
