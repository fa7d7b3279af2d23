//! Times the LSTM, a line `name value` for each figure; `cargo xtask bench lstm` runs this and compares it with torch.
//!
//! `kernel` times a training step and an inference of the shape that tests/bench/lstm_torch.py has; `product` a default
//! training and a forecast.

#![expect(clippy::print_stdout, reason = "figures for whoever runs it")]

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use shared::features::{CountSeries, Features, SeriesKey, SeriesSet};
use shared::forecast::lstm::recurrent::{Instructions, Recurrent, tracked_states};
use shared::forecast::lstm::{LstmConfig, train_lstm};
use shared::forecast::{Continue, LEVELS, Predict, SelectionConfig, fit_best};
use shared::random::{Draws, Purpose};
use shared::units::{Duration, TenantIndex};

const SEQUENCES: usize = 32;
const STEPS: usize = 96;
const INPUTS: usize = 16;
const HIDDEN: usize = 64;

const BINS_A_DAY: usize = 288;
const DAYS: usize = 30;
const SERIES: usize = 100;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("kernel") => kernel(),
        Some("product") => product(),
        _ => bail!("say which: `kernel` or `product`"),
    }
}

/// The layers in the order of their use: recurrent weights and bias, head and bias.
#[derive(Module, Debug)]
struct Layers {
    layers: [Param<Tensor<2>>; 4],
}

fn kernel() -> Result<()> {
    let columns = [4 * HIDDEN, 4 * HIDDEN, LEVELS.len(), LEVELS.len()];
    let rows = [INPUTS + HIDDEN, 1, HIDDEN, 1];
    let weights: [Vec<f32>; 4] =
        core::array::from_fn(|layer| normal(layer as u64, rows[layer] * columns[layer], 0.5 / (HIDDEN as f64).sqrt()));
    let steps = normal(4, STEPS * SEQUENCES * INPUTS, 1.0);

    let device = Device::flex().autodiff();
    let tensor = |values: &[f32], columns: usize| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [values.len() / columns, columns]), &device)
    };
    let mut network =
        Layers { layers: core::array::from_fn(|layer| Param::from_tensor(tensor(&weights[layer], columns[layer]))) };
    let mut optimizer = AdamConfig::new().init();
    let answers = tensor(&normal(5, SEQUENCES, 1.0), 1);
    let levels = tensor(&LEVELS.map(|level| level as f32), LEVELS.len());
    let training_step = shortest_ms(100, || {
        let [recurrent, recurrent_bias, head, head_bias] = network.layers.each_ref().map(|layer| layer.val());
        let recurrent = (recurrent, recurrent_bias);
        let states = tracked_states(&steps, SEQUENCES, &[STEPS], recurrent, Instructions::fastest());
        let miss = answers.clone() - (states.matmul(head) + head_bias);
        let loss = (miss.clone() * levels.clone() + relu(-miss)).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(1e-3, network.clone(), gradients);
    });
    println!("training_step_ms {training_step}");

    let recurrent = Recurrent::new(INPUTS, HIDDEN, &weights[0], &weights[1], Instructions::fastest());
    let inference = shortest_ms(500, || {
        let states = recurrent.read(black_box(&steps[..STEPS * INPUTS]), 1);
        let mut outputs = weights[3].clone();
        for (state, row) in states.after(STEPS, 0).iter().zip(weights[2].chunks_exact(LEVELS.len())) {
            outputs.iter_mut().zip(row).for_each(|(output, weight)| *output += state * weight);
        }
        black_box(outputs);
    });
    println!("inference_ms {inference}");
    Ok(())
}

/// A month of five-minute bins: a day's wave of each tenant's own size and hour, noise, and a burst now and then.
fn features() -> Result<Features> {
    let bins = DAYS * BINS_A_DAY;
    let series = (0..SERIES).map(|series| {
        let draws = Draws::new(1, 0, Purpose::Example, series as u64);
        let (size, hour) = (2.0 + 30.0 * draws.uniform(0), draws.uniform(1));
        let count = |t: usize| {
            let wave = (core::f64::consts::TAU * (t as f64 / BINS_A_DAY as f64 - hour)).sin();
            let burst = if draws.uniform((2 + t) as u64) < 0.01 { 5.0 * size } else { 0.0 };
            let noise = size.sqrt() * draws.normal((2 + bins + t) as u64);
            (size * (1.0 + 0.6 * wave) + noise + burst).round().max(0.0)
        };
        let tenant = (series > 0).then(|| TenantIndex::from_usize(series));
        CountSeries { key: SeriesKey::Creates { tenant, class: None }, counts: (0..bins).map(count).collect() }
    });
    let start = "2026-01-01T00:00:00Z".parse().context("the start of the series")?;
    Ok(Features::new(SeriesSet { start, bin: Duration::from_minutes(5), series: series.collect() }))
}

fn product() -> Result<()> {
    let features = features()?;
    let past = features.all();
    let start = Instant::now();
    let model = train_lstm(&past, &LstmConfig::default(), BINS_A_DAY, None, &mut |_| Continue::Yes)?;
    println!("training_s {}", start.elapsed().as_secs_f64());
    println!("training_steps {}", model.report.steps);
    println!("model_bytes {}", model.to_bytes().len());
    let forecast = shortest_ms(10, || {
        black_box(model.predict(&past, Duration::DAY)).expect("a day can be forecast");
    });
    println!("forecast_ms {forecast}");
    let start = Instant::now();
    let config = SelectionConfig::new(vec![Duration::HOUR, Duration::DAY]);
    let (selected, _) = fit_best(&past, &config, &mut |_| Continue::Yes)?;
    println!("selection_s {}", start.elapsed().as_secs_f64());
    let forecast = shortest_ms(10, || {
        black_box(selected.predict(&past, Duration::DAY)).expect("a day can be forecast");
    });
    println!("selected_forecast_ms {forecast}");
    if let Some(peak) = peak_mib() {
        println!("peak_mib {peak}");
    }
    Ok(())
}

fn normal(entity: u64, n: usize, spread: f64) -> Vec<f32> {
    let draws = Draws::new(1, 0, Purpose::Example, entity);
    (0..n as u64).map(|n| (spread * draws.normal(n)) as f32).collect()
}

/// The shortest of so many runs: what other programs on the machine disturbed least.
fn shortest_ms(times: usize, mut task: impl FnMut()) -> f64 {
    let mut shortest = f64::INFINITY;
    for _ in 0..times {
        let start = Instant::now();
        task();
        shortest = shortest.min(start.elapsed().as_secs_f64() * 1e3);
    }
    shortest
}

/// The most memory that this process ever held, where Linux says it.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
