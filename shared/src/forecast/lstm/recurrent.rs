//! The recurrent core: an LSTM over many sequences at once, forward and backward through time.
//!
//! Each step is one product of the rows `[x_t | h_{t−1}]` with the weights, packed so that the four gates of sixteen units
//! stand side by side; the gates are opened while their sums are still in registers. The order of every sum is fixed,
//! exponentials are polynomials, and nothing is fused: the bits are the same with AVX-512, AVX2, neither, and in WebAssembly.
//!
//! Serving and training share the way forward; the way back is an operation of burn's autodiff (feature `train`).

#[cfg(feature = "train")]
mod backward;
mod forward;
mod instructions;
mod lanes;
#[cfg(feature = "train")]
mod operation;
mod packed;
#[cfg(test)]
mod tests;

pub use instructions::Instructions;
#[cfg(feature = "train")]
pub use operation::tracked_states;

#[cfg(feature = "train")]
use backward::Trace;
use forward::Forward;
use lanes::{Gates, LANES};
use packed::{blocks, pack};

/// Weights of an LSTM, packed.
#[derive(Clone, Debug)]
pub struct Recurrent {
    inputs: usize,
    hidden: usize,
    /// By block of units, then by row of the weights.
    panels: Vec<Gates>,
    /// By block of units.
    bias: Vec<Gates>,
    instructions: Instructions,
}

/// Inputs and states of many sequences, step by step.
#[derive(Clone, Debug)]
pub struct States {
    /// By step, then sequence: the inputs of the step and the state before it, padded to whole blocks. One step more than
    /// was read holds the last state.
    rows: Vec<f32>,
    steps: usize,
    sequences: usize,
    inputs: usize,
    hidden: usize,
}

impl Recurrent {
    /// Packs weights, a row an input and then a row a unit of the state, and the bias; columns are (input gate, forget
    /// gate, output gate, candidate), `hidden` of each.
    ///
    /// # Panics
    /// When the lengths do not fit.
    pub fn new(inputs: usize, hidden: usize, weights: &[f32], bias: &[f32], instructions: Instructions) -> Self {
        assert_eq!(weights.len(), (inputs + hidden) * 4 * hidden, "a row an input and a unit, four columns a unit");
        assert_eq!(bias.len(), 4 * hidden, "four columns a unit");
        Self { inputs, hidden, panels: pack(weights, hidden), bias: pack(bias, hidden), instructions }
    }

    /// Reads steps, each the inputs of every sequence.
    pub fn read(&self, steps: &[f32], sequences: usize) -> States {
        let mut states = States::of(self, steps, sequences);
        self.instructions.run(Forward { network: self, states: &mut states, record: () });
        states
    }

    /// The same, and what the way back needs.
    #[cfg(feature = "train")]
    fn read_traced(&self, steps: &[f32], sequences: usize) -> (States, Vec<Trace>) {
        let mut states = States::of(self, steps, sequences);
        let mut trace: Vec<Trace> = Vec::with_capacity(states.steps * blocks(self.hidden) * sequences);
        self.instructions.run(Forward { network: self, states: &mut states, record: &mut trace });
        (states, trace)
    }
}

impl States {
    /// Rows with the inputs filled in and all states zero.
    fn of(network: &Recurrent, steps: &[f32], sequences: usize) -> Self {
        let Recurrent { inputs, hidden, .. } = *network;
        let count = steps.len() / (inputs * sequences);
        let mut states = Self { rows: Vec::new(), steps: count, sequences, inputs, hidden };
        states.rows = vec![0.0; (count + 1) * sequences * states.stride()];
        let stride = states.stride();
        for (row, inputs) in states.rows.chunks_exact_mut(stride).zip(steps.chunks_exact(inputs)) {
            row[..inputs.len()].copy_from_slice(inputs);
        }
        states
    }

    /// From one row to the next.
    fn stride(&self) -> usize {
        self.inputs + blocks(self.hidden) * LANES
    }

    /// The state of a sequence after so many steps.
    ///
    /// # Panics
    /// When there were not so many steps or sequences.
    pub fn after(&self, steps: usize, sequence: usize) -> &[f32] {
        let first = (steps * self.sequences + sequence) * self.stride() + self.inputs;
        &self.rows[first..first + self.hidden]
    }
}
