//! The core against its definition in f64, against burn's stock operations, and one set of instructions against another.

use super::*;
use crate::random::{Draws, Purpose};

/// Shapes that have padding, an odd number of blocks, and rows left over from every grouping; one has none of these.
const SHAPES: [(usize, usize, usize, usize); 5] =
    [(1, 3, 1, 4), (3, 5, 10, 7), (9, 2, 24, 13), (32, 16, 64, 5), (2, 1, 16, 40)];

struct Example {
    inputs: usize,
    hidden: usize,
    sequences: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    steps: Vec<f32>,
}

impl Example {
    /// Of (sequences, inputs, hidden, steps).
    fn new((sequences, inputs, hidden, steps): (usize, usize, usize, usize)) -> Self {
        let draws = |entity: u64, spread: f64, n: usize| -> Vec<f32> {
            let draws = Draws::new(7, hidden as u32, Purpose::Example, entity);
            (0..n as u64).map(|n| (spread * draws.normal(n)) as f32).collect()
        };
        Self {
            inputs,
            hidden,
            sequences,
            weights: draws(0, 0.3, (inputs + hidden) * 4 * hidden),
            bias: draws(1, 0.5, 4 * hidden),
            steps: draws(2, 1.0, steps * sequences * inputs),
        }
    }

    fn network(&self, instructions: Instructions) -> Recurrent {
        Recurrent::new(self.inputs, self.hidden, &self.weights, &self.bias, instructions)
    }

    fn count(&self) -> usize {
        self.steps.len() / (self.inputs * self.sequences)
    }

    /// States after each step of each sequence by the definition, in f64: `[step][sequence][unit]`.
    fn exact(&self, weights: &[f64], bias: &[f64]) -> Vec<Vec<Vec<f64>>> {
        let (inputs, hidden) = (self.inputs, self.hidden);
        let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        let mut state = vec![vec![0.0; hidden]; self.sequences];
        let mut cell = state.clone();
        let mut all = Vec::new();
        for step in self.steps.chunks_exact(self.sequences * inputs) {
            for (sequence, x) in step.chunks_exact(inputs).enumerate() {
                let row: Vec<f64> = x.iter().map(|&x| f64::from(x)).chain(state[sequence].iter().copied()).collect();
                let sum = |gate: usize, unit: usize| {
                    let column = gate * hidden + unit;
                    let products = row.iter().enumerate().map(|(k, value)| value * weights[k * 4 * hidden + column]);
                    bias[column] + products.sum::<f64>()
                };
                for unit in 0..hidden {
                    let opened = [0, 1, 2].map(|gate| sigmoid(sum(gate, unit)));
                    let cell = &mut cell[sequence][unit];
                    *cell = opened[1] * *cell + opened[0] * libm::tanh(sum(3, unit));
                    state[sequence][unit] = opened[2] * libm::tanh(*cell);
                }
            }
            all.push(state.clone());
        }
        all
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

#[test]
fn states_are_those_of_the_definition() {
    for shape in SHAPES {
        let example = Example::new(shape);
        let states = example.network(Instructions::fastest()).read(&example.steps, example.sequences);
        for (step, exact) in example.exact(&wide(&example.weights), &wide(&example.bias)).iter().enumerate() {
            for (sequence, exact) in exact.iter().enumerate() {
                let ours = states.after(step + 1, sequence);
                assert_eq!(ours.len(), example.hidden);
                for (ours, exact) in ours.iter().zip(exact) {
                    assert!((f64::from(*ours) - exact).abs() < 3e-6, "{shape:?}: {ours} where it is {exact}");
                }
            }
        }
    }
}

#[test]
fn a_sequence_alone_gets_the_bits_it_gets_among_others() {
    let example = Example::new(SHAPES[2]);
    let network = example.network(Instructions::fastest());
    let together = network.read(&example.steps, example.sequences);
    for sequence in 0..example.sequences {
        let rows = example.steps.chunks_exact(example.inputs).skip(sequence).step_by(example.sequences);
        let alone = network.read(&rows.flatten().copied().collect::<Vec<f32>>(), 1);
        assert_eq!(alone.after(example.count(), 0), together.after(example.count(), sequence));
    }
}

#[test]
fn every_set_of_instructions_gives_the_same_bits_as_ever() {
    let mut hasher = blake3::Hasher::new();
    for shape in SHAPES {
        let example = Example::new(shape);
        let states = |instructions| {
            let states = example.network(instructions).read(&example.steps, example.sequences);
            let read = (0..=example.count()).flat_map(|step| (0..example.sequences).map(move |n| (step, n)));
            read.flat_map(|(step, n)| states.after(step, n).to_vec()).map(f32::to_bits).collect::<Vec<u32>>()
        };
        let portable = states(Instructions::PORTABLE);
        for instructions in Instructions::available() {
            assert!(states(instructions) == portable, "{shape:?} {instructions:?}");
        }
        portable.iter().for_each(|bits| {
            hasher.update(&bits.to_le_bytes());
        });
    }
    // Whoever changes this changes what saved models answer, and increments their format.
    assert_eq!(hasher.finalize().to_hex()[..16], *"8254445e2dbe60bd");
}

#[cfg(feature = "train")]
mod training {
    use burn::tensor::activation::{sigmoid, tanh};
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    /// Weights of the states in a loss that is their weighted sum, the same for everyone.
    fn importance(reads: &[usize], example: &Example) -> Vec<f32> {
        let draws = Draws::new(8, 0, Purpose::Example, 0);
        (0..(reads.len() * example.sequences * example.hidden) as u64).map(|n| draws.normal(n) as f32).collect()
    }

    /// Three reads, one of them twice; the last step is not seen.
    fn reads(example: &Example) -> Vec<usize> {
        let last = example.count() - 1;
        vec![last, last.div_ceil(2), 1, 1]
    }

    fn tensor(values: &[f32], columns: usize, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / columns, columns]), device)
    }

    /// Gradients of weights and bias of a loss over what `states` gives.
    fn gradients(example: &Example, states: impl Fn(Tensor<2>, Tensor<2>, &[usize]) -> Tensor<2>) -> [Vec<f32>; 2] {
        let device = Device::flex().autodiff();
        let weights = tensor(&example.weights, 4 * example.hidden, &device).require_grad();
        let bias = tensor(&example.bias, 4 * example.hidden, &device).require_grad();
        let reads = reads(example);
        let importance = tensor(&importance(&reads, example), example.hidden, &device);
        let loss = (states(weights.clone(), bias.clone(), &reads) * importance).sum();
        let found = loss.backward();
        [weights, bias].map(|of| of.grad(&found).expect("it was learnt from").into_data().try_to_vec().unwrap())
    }

    fn ours(example: &Example, instructions: Instructions) -> [Vec<f32>; 2] {
        gradients(example, |weights, bias, reads| {
            tracked_states(&example.steps, example.sequences, reads, (weights, bias), instructions)
        })
    }

    #[test]
    fn gradients_are_finite_differences() {
        for shape in SHAPES {
            let example = Example::new(shape);
            let reads = reads(&example);
            let importance = importance(&reads, &example);
            let loss = |weights: &[f64], bias: &[f64]| {
                let all = example.exact(weights, bias);
                let seen = reads.iter().flat_map(|&read| all[read - 1].iter().flatten());
                seen.zip(&importance).map(|(state, &importance)| state * f64::from(importance)).sum::<f64>()
            };
            let at = [wide(&example.weights), wide(&example.bias)];
            let found = ours(&example, Instructions::fastest());
            for (of, found) in found.iter().enumerate() {
                let largest = found.iter().fold(0.0_f64, |largest, &value| largest.max(f64::from(value).abs()));
                // All of a small network, one in many of a large one.
                for n in (0..found.len()).step_by(found.len().div_ceil(150)) {
                    let moved = |by: f64| {
                        let mut at = at.clone();
                        at[of][n] += by;
                        loss(&at[0], &at[1])
                    };
                    let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    let miss = (f64::from(found[n]) - difference).abs();
                    assert!(miss < 1e-5 * largest, "{shape:?}, weight {n}: {} where it is {difference}", found[n]);
                }
            }
        }
    }

    /// The same by burn's own operations, cell by cell.
    fn stock(example: &Example, weights: Tensor<2>, bias: Tensor<2>, reads: &[usize]) -> Tensor<2> {
        let (hidden, sequences, device) = (example.hidden, example.sequences, weights.device());
        let mut state = Tensor::<2>::zeros([sequences, hidden], &device);
        let mut cell = state.clone();
        let mut all = Vec::new();
        for step in example.steps.chunks_exact(sequences * example.inputs) {
            let row = Tensor::cat(vec![tensor(step, example.inputs, &device), state], 1);
            let sums = row.matmul(weights.clone()) + bias.clone();
            let of = |gate: usize| sums.clone().slice([0..sequences, gate * hidden..(gate + 1) * hidden]);
            cell = sigmoid(of(1)) * cell + sigmoid(of(0)) * tanh(of(3));
            state = sigmoid(of(2)) * tanh(cell.clone());
            all.push(state.clone());
        }
        Tensor::cat(reads.iter().map(|&read| all[read - 1].clone()).collect(), 0)
    }

    #[test]
    fn gradients_are_those_of_burn() {
        for shape in SHAPES {
            let example = Example::new(shape);
            let burn = gradients(&example, |weights, bias, reads| stock(&example, weights, bias, reads));
            for (ours, burn) in ours(&example, Instructions::fastest()).iter().zip(burn) {
                assert_eq!(ours.len(), burn.len());
                let largest = burn.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (ours, burn) in ours.iter().zip(burn) {
                    assert!((ours - burn).abs() < 2e-5 * largest, "{shape:?}: {ours} and {burn}");
                }
            }
        }
    }

    #[test]
    fn gradients_have_the_same_bits_with_every_set_of_instructions() {
        for shape in SHAPES {
            let example = Example::new(shape);
            let bits = |instructions| {
                ours(&example, instructions).map(|of| of.into_iter().map(f32::to_bits).collect::<Vec<_>>())
            };
            let portable = bits(Instructions::PORTABLE);
            for instructions in Instructions::available() {
                assert!(bits(instructions) == portable, "{shape:?} {instructions:?}");
            }
        }
    }

    #[test]
    fn what_needs_no_gradient_gets_none() {
        let example = Example::new(SHAPES[1]);
        let device = Device::flex().autodiff();
        let [weights, bias] = [&example.weights, &example.bias].map(|of| tensor(of, 4 * example.hidden, &device));
        let states = |weights, bias| {
            let instructions = Instructions::fastest();
            tracked_states(&example.steps, example.sequences, &[5], (weights, bias), instructions)
        };
        let bias = bias.require_grad();
        let found = states(weights.clone(), bias.clone()).sum().backward();
        assert!(weights.grad(&found).is_none() && bias.grad(&found).is_some());
        let states = states(weights, bias.detach());
        assert_eq!(states.dims(), [example.sequences, example.hidden]);
    }
}
