//! Backward through time: from the gradient of states to that of the weights.

use core::ops::Range;

use super::forward::Record;
use super::instructions::Kernel;
use super::lanes::{Gates, LANES, Lanes, NO_GATES};
use super::{Recurrent, States};

/// Rows whose gate gradients are gathered before they are multiplied with their inputs: so many stay in the cache.
const GATHERED_ROWS: usize = 64;

/// What was recorded of one step of one sequence in one block of units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    /// As they opened; the last is the candidate.
    gates: Gates,
    /// The cell after the step.
    cell: Lanes,
    /// Its tanh.
    squashed: Lanes,
}

impl Record for &mut Vec<Trace> {
    #[inline(always)]
    fn record(&mut self, gates: Gates, cell: Lanes, squashed: Lanes) {
        self.push(Trace { gates, cell, squashed });
    }
}

/// Gradients in the packed order of the weights.
pub(super) struct WeightGradients {
    pub(super) panels: Vec<Gates>,
    pub(super) bias: Vec<Gates>,
}

/// Goes back over what [`Forward`](super::forward::Forward) has left.
pub(super) struct Backward<'a> {
    pub(super) network: &'a Recurrent,
    pub(super) states: &'a States,
    pub(super) trace: &'a [Trace],
    /// After how many steps the states were seen.
    pub(super) reads: &'a [usize],
    /// Of what was seen: by read, sequence and unit.
    pub(super) gradient: &'a [f32],
}

/// What is carried from step to step; all but `transposed` by block of units, then sequence.
struct Carried {
    transposed: Vec<Lanes>,
    state: Vec<Lanes>,
    cell: Vec<Lanes>,
    /// By block of units, then slot, then sequence: gate gradients of the steps that are being gathered, the latest first.
    gates: Vec<Gates>,
    slots: usize,
}

impl Kernel for Backward<'_> {
    type Output = WeightGradients;

    #[inline(always)]
    fn run<const ROWS: usize, const SINGLE: usize>(self) -> WeightGradients {
        let Recurrent { inputs, hidden, panels, bias, .. } = self.network;
        let (blocks, sequences) = (bias.len(), self.states.sequences);
        let slots = (GATHERED_ROWS / sequences).max(1);
        let mut carried = Carried {
            transposed: pack_transposed(panels, inputs + hidden, *inputs..inputs + hidden),
            state: vec![Lanes::ZERO; blocks * sequences],
            cell: vec![Lanes::ZERO; blocks * sequences],
            gates: vec![NO_GATES; blocks * slots * sequences],
            slots,
        };
        let mut gradients = WeightGradients { panels: vec![NO_GATES; panels.len()], bias: vec![NO_GATES; blocks] };
        let last = self.reads.iter().copied().max().unwrap_or(0);
        let mut gathered = 0;
        for step in (0..last).rev() {
            self.add_seen(step + 1, &mut carried.state);
            self.through_gates(step, gathered, &mut carried);
            through_weights::<SINGLE>(gathered, sequences, &mut carried);
            gathered += 1;
            if gathered == slots || step == 0 {
                self.gather::<ROWS>(step + gathered - 1, gathered, &carried, &mut gradients);
                gathered = 0;
            }
        }
        gradients
    }
}

impl Backward<'_> {
    /// Adds what comes from the states that were seen after so many steps.
    #[inline(always)]
    fn add_seen(&self, steps: usize, state: &mut [Lanes]) {
        let (hidden, sequences) = (self.network.hidden, self.states.sequences);
        for (&read, gradient) in self.reads.iter().zip(self.gradient.chunks_exact(sequences * hidden)) {
            if read != steps {
                continue;
            }
            for (sequence, gradient) in gradient.chunks_exact(hidden).enumerate() {
                for (block, gradient) in gradient.chunks(LANES).enumerate() {
                    let sums = &mut state[block * sequences + sequence].0;
                    sums.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum += gradient);
                }
            }
        }
    }

    /// From the gradient of state and cell after a step to that of the gates' sums, and of the cell before it.
    #[inline(always)]
    fn through_gates(&self, step: usize, slot: usize, carried: &mut Carried) {
        let (blocks, sequences) = (self.network.bias.len(), self.states.sequences);
        for block in 0..blocks {
            for sequence in 0..sequences {
                let at = (step * blocks + block) * sequences + sequence;
                let Trace { gates: [input, forget, output, candidate], squashed, .. } = self.trace[at];
                let before = if step == 0 { Lanes::ZERO } else { self.trace[at - blocks * sequences].cell };
                let state = carried.state[block * sequences + sequence];
                let cell = &mut carried.cell[block * sequences + sequence];
                // d tanh = 1 − tanh²; d σ = σ (1 − σ).
                let of_cell = cell.plus(state.times(output).times(squashed.times(squashed).rest()));
                *cell = of_cell.times(forget);
                carried.gates[(block * carried.slots + slot) * sequences + sequence] = [
                    of_cell.times(candidate).times(input.times(input.rest())),
                    of_cell.times(before).times(forget.times(forget.rest())),
                    state.times(squashed).times(output.times(output.rest())),
                    of_cell.times(input).times(candidate.times(candidate).rest()),
                ];
            }
        }
    }

    /// Adds inputs × gate gradients of the gathered steps, of which `latest` is the first.
    #[inline(always)]
    fn gather<const ROWS: usize>(&self, latest: usize, gathered: usize, carried: &Carried, to: &mut WeightGradients) {
        let sequences = self.states.sequences;
        let length = self.network.inputs + self.network.hidden;
        let grouped = length - length % ROWS;
        for (block, panel) in to.panels.chunks_exact_mut(length).enumerate() {
            let first = block * carried.slots * sequences;
            let gates = &carried.gates[first..first + gathered * sequences];
            for gates in gates {
                for (sum, gate) in to.bias[block].iter_mut().zip(gates) {
                    *sum = sum.plus(*gate);
                }
            }
            for k in (0..grouped).step_by(ROWS) {
                add_products::<ROWS>(self.states, latest, gates, k, &mut panel[k..k + ROWS]);
            }
            for k in grouped..length {
                add_products::<1>(self.states, latest, gates, k, &mut panel[k..k + 1]);
            }
        }
    }
}

/// Adds inputs × gate gradients, for `ROWS` inputs from `k` on: steps descending from the latest, sequences ascending.
#[inline(always)]
fn add_products<const ROWS: usize>(states: &States, latest: usize, gates: &[Gates], k: usize, to: &mut [Gates]) {
    let stride = states.stride();
    let mut sums = [NO_GATES; ROWS];
    sums.copy_from_slice(to);
    for (slot, gates) in gates.chunks_exact(states.sequences).enumerate() {
        let rows = &states.rows[(latest - slot) * states.sequences * stride..];
        for (gates, row) in gates.iter().zip(rows.chunks_exact(stride)) {
            let inputs = &row[k..k + ROWS];
            for row in 0..ROWS {
                let input = Lanes::splat(inputs[row]);
                for gate in 0..4 {
                    sums[row][gate] = sums[row][gate].plus(input.times(gates[gate]));
                }
            }
        }
    }
    to.copy_from_slice(&sums);
}

/// From the gradient of the gates' sums to that of the state before the step.
#[inline(always)]
fn through_weights<const SINGLE: usize>(slot: usize, sequences: usize, carried: &mut Carried) {
    let Carried { transposed, state, gates, slots, .. } = carried;
    let blocks = state.len() / sequences;
    let grouped = sequences - sequences % SINGLE;
    for (state, weights) in state.chunks_exact_mut(sequences).zip(transposed.chunks_exact(blocks * 4 * LANES)) {
        for first in (0..grouped).step_by(SINGLE) {
            let sums = sums_over_gates::<SINGLE>(gates, *slots * sequences, slot * sequences + first, weights);
            state[first..first + SINGLE].copy_from_slice(&sums);
        }
        for (rest, state) in state[grouped..].iter_mut().enumerate() {
            [*state] = sums_over_gates(gates, *slots * sequences, slot * sequences + grouped + rest, weights);
        }
    }
}

/// Of the rows from `first` on in each block of `apart`: gates × weights, by block, gate and unit ascending.
#[inline(always)]
fn sums_over_gates<const ROWS: usize>(gates: &[Gates], apart: usize, first: usize, weights: &[Lanes]) -> [Lanes; ROWS] {
    let mut sums = [Lanes::ZERO; ROWS];
    for (gates, weights) in gates.chunks_exact(apart).zip(weights.chunks_exact(4 * LANES)) {
        let gates = &gates[first..first + ROWS];
        for (gate, weights) in weights.chunks_exact(LANES).enumerate() {
            for (unit, &weight) in weights.iter().enumerate() {
                for row in 0..ROWS {
                    sums[row] = sums[row].plus(Lanes::splat(gates[row][gate].0[unit]).times(weight));
                }
            }
        }
    }
    sums
}

/// The transpose of some rows, packed by the block of rows that become columns; below that, by block of units, gate and
/// unit, which is the order of the gates.
fn pack_transposed(panels: &[Gates], rows: usize, wanted: Range<usize>) -> Vec<Lanes> {
    let mut packed = Vec::new();
    for first in wanted.clone().step_by(LANES) {
        let width = LANES.min(wanted.end - first);
        for panel in panels.chunks_exact(rows) {
            for (gate, unit) in (0..4).flat_map(|gate| (0..LANES).map(move |unit| (gate, unit))) {
                let mut column = Lanes::ZERO;
                for (to, row) in column.0[..width].iter_mut().zip(&panel[first..]) {
                    *to = row[gate].0[unit];
                }
                packed.push(column);
            }
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::super::packed::pack;
    use super::*;

    #[test]
    fn transposed_weights_are_where_the_kernel_looks_for_them() {
        // Three rows, twenty units: two blocks, the second with four units and twelve of padding.
        let (rows, hidden) = (3, 20);
        let matrix: Vec<f32> = (0..rows * 4 * hidden).map(|n| n as f32 + 1.0).collect();
        let transposed = pack_transposed(&pack(&matrix, hidden), rows, 1..3);
        assert_eq!(transposed.len(), 2 * 4 * LANES);
        // Second block of units, forget gate, unit 17.
        let column = transposed[(4 + 1) * LANES + 1].0;
        let weight = |row: usize| matrix[row * 4 * hidden + hidden + 17];
        assert_eq!(column[..4], [weight(1), weight(2), 0.0, 0.0]);
    }
}
