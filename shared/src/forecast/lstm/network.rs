//! The network as a plain value, and its forward pass.
//!
//! Sums run over the inputs in order, one at a time, for all outputs side by side: the compiler may use wide registers
//! across outputs without changing a bit.

use serde::{Deserialize, Serialize};

use super::recurrent::{Instructions, Recurrent};
use crate::forecast::LEVELS;

/// Widths of the network's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkShape {
    /// Inputs of the recurrent part, a step.
    pub step_inputs: usize,
    /// Width of the recurrent state.
    pub hidden: usize,
    /// Inputs of the head beside the recurrent state.
    pub head_inputs: usize,
    /// Width of the head's hidden layer.
    pub head: usize,
}

/// Weights by layer, each a matrix with a row an input and a column an output, row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Widths.
    pub shape: NetworkShape,
    /// (step inputs, then state) × (input gate, forget gate, output gate, candidate).
    pub recurrent: Vec<f32>,
    /// Of the four gates.
    pub recurrent_bias: Vec<f32>,
    /// (state, then head inputs) × head.
    pub head: Vec<f32>,
    /// Of the head's hidden layer.
    pub head_bias: Vec<f32>,
    /// Head × levels.
    pub output: Vec<f32>,
    /// Of the levels.
    pub output_bias: Vec<f32>,
}

impl NetworkShape {
    /// Lengths of the six weight vectors, in the order of [`Network`].
    pub fn lengths(&self) -> [usize; 6] {
        let gates = 4 * self.hidden;
        let levels = LEVELS.len();
        [
            (self.step_inputs + self.hidden) * gates,
            gates,
            (self.hidden + self.head_inputs) * self.head,
            self.head,
            self.head * levels,
            levels,
        ]
    }
}

impl Network {
    /// The weights in the order of their definition.
    pub fn layers(&self) -> [&Vec<f32>; 6] {
        [&self.recurrent, &self.recurrent_bias, &self.head, &self.head_bias, &self.output, &self.output_bias]
    }

    /// A network of these weights, in the order of their definition.
    pub fn from_layers(shape: NetworkShape, layers: [Vec<f32>; 6]) -> Self {
        let [recurrent, recurrent_bias, head, head_bias, output, output_bias] = layers;
        Self { shape, recurrent, recurrent_bias, head, head_bias, output, output_bias }
    }

    /// Whether every vector has the length that the shape asks for, and holds finite weights.
    pub fn is_sound(&self) -> bool {
        let lengths = self.shape.lengths();
        let sound = |(layer, length): (&Vec<f32>, usize)| layer.len() == length && layer.iter().all(|w| w.is_finite());
        self.layers().into_iter().zip(lengths).all(sound)
    }

    /// The recurrent part, packed.
    pub(super) fn packed(&self) -> Recurrent {
        let NetworkShape { step_inputs, hidden, .. } = self.shape;
        Recurrent::new(step_inputs, hidden, &self.recurrent, &self.recurrent_bias, Instructions::fastest())
    }

    /// The part of the head's hidden layer that comes from the state, the same for every target.
    pub(super) fn head_of_state(&self, state: &[f32]) -> Vec<f32> {
        let mut layer = self.head_bias.clone();
        add_product(state, &self.head, &mut layer);
        layer
    }

    /// The outputs for one target.
    pub(super) fn answer(&self, head_of_state: &[f32], target: &[f32]) -> [f32; LEVELS.len()] {
        let mut layer = head_of_state.to_vec();
        add_product(target, &self.head[self.shape.hidden * self.shape.head..], &mut layer);
        // `max` leaves open which zero it gives where one is negative.
        layer.iter_mut().for_each(|value| *value = if *value > 0.0 { *value } else { 0.0 });
        let mut outputs = [0.0; LEVELS.len()];
        outputs.copy_from_slice(&self.output_bias);
        add_product(&layer, &self.output, &mut outputs);
        outputs
    }
}

/// Adds inputs × weights to the outputs; the weights of one input stand side by side.
fn add_product(inputs: &[f32], weights: &[f32], outputs: &mut [f32]) {
    for (&input, row) in inputs.iter().zip(weights.chunks_exact(outputs.len())) {
        for (output, &weight) in outputs.iter_mut().zip(row) {
            *output += input * weight;
        }
    }
}
