//! Forward through time.

use super::instructions::Kernel;
use super::lanes::{Gates, LANES, Lanes};
use super::{Recurrent, States};

/// Notes what became of one sequence in one block of units: step by step, then block by block, then by sequence.
pub(super) trait Record {
    /// Gates as they opened, then the cell after the step and its tanh.
    fn record(&mut self, gates: Gates, cell: Lanes, squashed: Lanes);
}

/// Serving looks at states only.
impl Record for () {
    #[inline(always)]
    fn record(&mut self, _: Gates, _: Lanes, _: Lanes) {}
}

/// Fills in the states of rows that hold the inputs.
pub(super) struct Forward<'a, R> {
    pub(super) network: &'a Recurrent,
    pub(super) states: &'a mut States,
    pub(super) record: R,
}

impl<R: Record> Kernel for Forward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const ROWS: usize, const SINGLE: usize>(self) {
        let Self { network, states, mut record } = self;
        let (blocks, sequences, stride) = (network.bias.len(), states.sequences, states.stride());
        let mut cells = vec![Lanes::ZERO; blocks * sequences];
        let grouped = sequences - sequences % ROWS;
        for step in 0..states.steps {
            let (read, next) = states.rows[step * sequences * stride..].split_at_mut(sequences * stride);
            for (block, cells) in cells.chunks_exact_mut(sequences).enumerate() {
                let column = network.inputs + block * LANES;
                for first in (0..grouped).step_by(ROWS) {
                    let sums = products::<ROWS>(network, block, &read[first * stride..], stride);
                    for row in 0..ROWS {
                        let state = (first + row) * stride + column;
                        let state = &mut next[state..state + LANES];
                        advance(sums[row], &mut cells[first + row], state, &mut record);
                    }
                }
                for sequence in grouped..sequences {
                    let [sums] = products::<1>(network, block, &read[sequence * stride..], stride);
                    let state = sequence * stride + column;
                    advance(sums, &mut cells[sequence], &mut next[state..state + LANES], &mut record);
                }
            }
        }
    }
}

/// Bias + rows × weights, of some rows and one block of units; inputs ascending.
#[inline(always)]
fn products<const ROWS: usize>(network: &Recurrent, block: usize, read: &[f32], stride: usize) -> [Gates; ROWS] {
    let length = network.inputs + network.hidden;
    let panel = &network.panels[block * length..(block + 1) * length];
    let mut rows = [&read[..length]; ROWS];
    for row in 1..ROWS {
        rows[row] = &read[row * stride..row * stride + length];
    }
    let mut sums = [network.bias[block]; ROWS];
    for k in 0..length {
        for row in 0..ROWS {
            let input = Lanes::splat(rows[row][k]);
            for gate in 0..4 {
                sums[row][gate] = sums[row][gate].plus(input.times(panel[k][gate]));
            }
        }
    }
    sums
}

/// Opens the gates, moves the cell on, and gives the new state.
#[inline(always)]
fn advance<R: Record>(sums: Gates, cell: &mut Lanes, state: &mut [f32], record: &mut R) {
    let [input, forget, output] = [sums[0].sigmoid(), sums[1].sigmoid(), sums[2].sigmoid()];
    let candidate = sums[3].tanh();
    *cell = forget.times(*cell).plus(input.times(candidate));
    let squashed = cell.tanh();
    state.copy_from_slice(&output.times(squashed).0);
    record.record([input, forget, output, candidate], *cell, squashed);
}
