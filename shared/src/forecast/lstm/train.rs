//! Training on burn.

use burn::grad_clipping::GradientClippingConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::Device;

use super::burn_network::{BurnNetwork, pinball_loss};
use super::context::Context;
use super::inputs::Layout;
use super::model::{FORMAT, bin_forecast};
use super::network::{Network, NetworkShape};
use super::recurrent::Instructions;
use super::sample::{Batch, Corpus, LEADS, Measure, ORIGINS, Split};
use super::{LossAt, LstmConfig, LstmModel, TrainingReport};
use crate::features::Past;
use crate::forecast::fingerprint::fingerprint;
use crate::forecast::model::season_bins;
use crate::forecast::progress::tell;
use crate::forecast::{LEVELS, ModelName, Progress, TrainError, Watcher, pinball};
use crate::random::{Draws, Purpose};
use crate::units::Window;

/// Batches of the validation split; the same at every look.
const VALIDATION_BATCHES: u32 = 8;
/// How much of the averaged weights a step keeps, once the average is warm.
const AVERAGING: f32 = 0.98;
const WEIGHT_DECAY: f32 = 1e-3;
const GRADIENT_NORM: f32 = 1.0;

/// Trains a network over all series of a past to forecast up to `horizon_bins` ahead; with `from`, it goes on from that
/// network's weights. The same arguments give the same weights, bit for bit, on one kind of machine.
///
/// # Errors
/// What is missing, or that the watcher cancelled; then there is no model.
pub fn train_lstm(
    past: &Past,
    config: &LstmConfig,
    horizon_bins: usize,
    from: Option<&LstmModel>,
    watcher: &mut Watcher,
) -> Result<LstmModel, TrainError> {
    config.needs(past, horizon_bins).map_or(Ok(()), Err)?;
    let season = season_bins(past.bin());
    let calendar = past.calendar(0);
    let contexts: Vec<Context> =
        (0..past.series()).map(|series| Context::new(past.counts(series), &calendar, season, 0)).collect();
    let layout = Layout::of(past, &contexts, season);
    let corpus = Corpus::new(*past, &layout, &contexts, config, horizon_bins);
    let shape = NetworkShape {
        step_inputs: layout.step_inputs(),
        hidden: config.hidden,
        head_inputs: layout.head_inputs(),
        head: config.head,
    };
    let initial = match from {
        Some(model) if model.network.shape == shape && model.layout == layout => model.network.clone(),
        _ => random_network(shape, config.seed),
    };
    let (network, report) = descend(&corpus, config, initial, Instructions::fastest(), watcher)?;
    let validation = validation_batches(&corpus, config);
    Ok(LstmModel {
        format: FORMAT,
        bin: past.bin(),
        horizon_bins,
        mean_tail: mean_tail(&network, &corpus, &validation),
        network,
        config: config.clone(),
        window: Window { start: past.start(), end: past.origin() },
        fingerprint: fingerprint(past),
        report,
        layout,
    })
}

/// Gradient descent until the steps are used up or the validation loss stops falling; keeps the best averaged weights.
pub(super) fn descend(
    corpus: &Corpus,
    config: &LstmConfig,
    initial: Network,
    instructions: Instructions,
    watcher: &mut Watcher,
) -> Result<(Network, TrainingReport), TrainError> {
    let device = Device::flex().autodiff();
    let origins = corpus.origin_steps();
    let validation = validation_batches(corpus, config);
    let mut net = BurnNetwork::new(&initial, &device);
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(WEIGHT_DECAY)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(GRADIENT_NORM)))
        .init();
    let mut averaged = initial;
    let mut best: Option<(f64, Network)> = None;
    let mut report = TrainingReport::default();
    let (mut losses, mut looks_since_best) = (0.0, 0);
    for step in 0..config.max_steps {
        let last = report.losses.last().map(|loss| loss.validation);
        let (model, max_steps) = (ModelName::Lstm, config.max_steps);
        tell(watcher, Progress::Training { model, step, max_steps, validation: last })?;
        let batch = corpus.batch(Split::Training, config.seed, step, config.batch);
        let loss = pinball_loss(net.forward(&batch, origins, instructions), &batch.answers, &device);
        losses += f64::from(loss.clone().into_scalar::<f32>());
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = optimizer.step(rate(config, step), net, gradients);
        average(&mut averaged, net.layers(), step);
        if (step + 1) % config.validate_every != 0 && step + 1 != config.max_steps {
            continue;
        }
        let since = step + 1 - report.losses.last().map_or(0, |loss| loss.step);
        let loss = validation_loss(&averaged, corpus, &validation);
        report.losses.push(LossAt { step: step + 1, training: losses / f64::from(since), validation: loss });
        report.steps = step + 1;
        losses = 0.0;
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, averaged.clone()));
            report.best_step = step + 1;
            looks_since_best = 0;
        } else {
            looks_since_best += 1;
            if looks_since_best >= config.patience {
                break;
            }
        }
    }
    Ok((best.map_or(averaged, |(_, network)| network), report))
}

/// Falls along half a cosine to a twentieth.
fn rate(config: &LstmConfig, step: u32) -> f64 {
    let done = f64::from(step) / f64::from(config.max_steps.max(1));
    config.learning_rate * (0.525 + 0.475 * libm::cos(core::f64::consts::PI * done))
}

/// Moves the average towards the latest weights; early on it is their plain mean.
fn average(averaged: &mut Network, latest: [Vec<f32>; 6], step: u32) {
    let keep = AVERAGING.min((1.0 + step as f32) / (10.0 + step as f32));
    let layers = [
        &mut averaged.recurrent,
        &mut averaged.recurrent_bias,
        &mut averaged.head,
        &mut averaged.head_bias,
        &mut averaged.output,
        &mut averaged.output_bias,
    ];
    for (average, latest) in layers.into_iter().zip(latest) {
        average.iter_mut().zip(latest).for_each(|(average, latest)| *average = keep * *average + (1.0 - keep) * latest);
    }
}

/// Uniform within ±√(3 / inputs) (variance 1 / inputs); biases zero, but one for the forget gate so that it remembers.
pub(super) fn random_network(shape: NetworkShape, seed: u64) -> Network {
    let rows = [shape.step_inputs + shape.hidden, 0, shape.hidden + shape.head_inputs, 0, shape.head, 0];
    let lengths = shape.lengths();
    let mut layers: [Vec<f32>; 6] = core::array::from_fn(|layer| {
        let bound = libm::sqrt(3.0 / rows[layer].max(1) as f64);
        let draws = Draws::new(seed, u32::MAX, Purpose::Training, layer as u64);
        let weight = |n| if rows[layer] == 0 { 0.0 } else { (bound * (2.0 * draws.uniform(n as u64) - 1.0)) as f32 };
        (0..lengths[layer]).map(weight).collect()
    });
    layers[1][shape.hidden..2 * shape.hidden].fill(1.0);
    // The last layer starts small: the first answers are the anchor.
    layers[4].iter_mut().for_each(|weight| *weight *= 0.1);
    Network::from_layers(shape, layers)
}

fn validation_batches(corpus: &Corpus, config: &LstmConfig) -> Vec<Batch> {
    let batch = |number| corpus.batch(Split::Validation, config.seed, number, config.batch);
    (0..VALIDATION_BATCHES).map(batch).collect()
}

/// Runs the network that will serve over a batch and shows the outputs for each example.
pub(super) fn serve(
    network: &Network,
    origins: [usize; ORIGINS],
    batch: &Batch,
    mut seen: impl FnMut(usize, [f32; LEVELS.len()]),
) {
    let shape = network.shape;
    let sequences = batch.answers.len() / (ORIGINS * LEADS);
    let states = network.packed().read(&batch.steps, sequences);
    for sequence in 0..sequences {
        for (i, &read) in origins.iter().enumerate() {
            let head_of_state = network.head_of_state(states.after(read, sequence));
            for lead in 0..LEADS {
                let example = (lead * ORIGINS + i) * sequences + sequence;
                let target = &batch.targets[example * shape.head_inputs..(example + 1) * shape.head_inputs];
                seen(example, network.answer(&head_of_state, target));
            }
        }
    }
}

fn validation_loss(network: &Network, corpus: &Corpus, batches: &[Batch]) -> f64 {
    let (mut sum, mut examples) = (0.0, 0_usize);
    for batch in batches {
        serve(network, corpus.origin_steps(), batch, |example, outputs| {
            let answer = f64::from(batch.answers[example]);
            let losses = LEVELS.iter().zip(outputs).map(|(&level, output)| pinball(level, f64::from(output), answer));
            sum += losses.sum::<f64>();
            examples += LEVELS.len();
        });
    }
    sum / examples.max(1) as f64
}

/// What has to be added to the mean of the quantiles, in units of the upper half's width, for the mean to be right on
/// the validation split: between none and four.
fn mean_tail(network: &Network, corpus: &Corpus, batches: &[Batch]) -> f64 {
    let (mut missing, mut width) = (0.0, 0.0);
    for batch in batches {
        serve(network, corpus.origin_steps(), batch, |example, outputs| {
            let Measure { anchor, scale, actual } = batch.measures[example];
            let bin = bin_forecast(outputs, anchor, scale, 0.0);
            if scale > 0.0 {
                missing += (actual - bin.mean()) / scale;
                width += (bin.quantiles()[LEVELS.len() - 1] - bin.median()) / scale;
            }
        });
    }
    if width > 0.0 { (missing / width).clamp(0.0, 4.0) } else { 0.0 }
}
