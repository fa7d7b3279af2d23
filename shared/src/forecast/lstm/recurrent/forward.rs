//! Forward through time.

use super::instructions::Kernel;
use super::lanes::{Gates, LANES, Lanes};
use super::{Recurrent, States};

/// Notes what one step of one sequence was in one block of units.
pub(super) trait Record {
    /// `at` counts by step, block and sequence; gates as they opened, then the cell after the step and its tanh.
    fn record(&mut self, at: usize, gates: Gates, cell: Lanes, squashed: Lanes);
}

/// Serving looks at states only.
impl Record for () {
    #[inline(always)]
    fn record(&mut self, _: usize, _: Gates, _: Lanes, _: Lanes) {}
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
        // Of the rows that come ROWS at a time; each of the rest is computed in two blocks at a time.
        let grouped = sequences - sequences % ROWS;
        for step in 0..states.steps {
            let (read, next) = states.rows[step * sequences * stride..].split_at_mut(sequences * stride);
            let mut advance = |block: usize, sequence: usize, sums: Gates| {
                let cell = &mut cells[block * sequences + sequence];
                let gates = opened(sums);
                *cell = gates[1].times(*cell).plus(gates[0].times(gates[3]));
                let squashed = cell.tanh();
                let state = sequence * stride + network.inputs + block * LANES;
                next[state..state + LANES].copy_from_slice(&gates[2].times(squashed).0);
                record.record((step * blocks + block) * sequences + sequence, gates, *cell, squashed);
            };
            for block in 0..blocks {
                for first in (0..grouped).step_by(ROWS) {
                    let sums = products::<ROWS, 1>(network, block, &read[first * stride..], stride);
                    for (row, [sums]) in sums.into_iter().enumerate() {
                        advance(block, first + row, sums);
                    }
                }
            }
            for sequence in grouped..sequences {
                let row = &read[sequence * stride..];
                for block in (0..blocks - blocks % 2).step_by(2) {
                    let [[one, other]] = products::<1, 2>(network, block, row, stride);
                    advance(block, sequence, one);
                    advance(block + 1, sequence, other);
                }
                if blocks % 2 == 1 {
                    let [[sums]] = products::<1, 1>(network, blocks - 1, row, stride);
                    advance(blocks - 1, sequence, sums);
                }
            }
        }
    }
}

/// Bias + rows × weights, of some rows and some blocks of units from `block` on; inputs ascending.
#[inline(always)]
fn products<const ROWS: usize, const BLOCKS: usize>(
    network: &Recurrent,
    block: usize,
    read: &[f32],
    stride: usize,
) -> [[Gates; BLOCKS]; ROWS] {
    let length = network.inputs + network.hidden;
    let mut rows = [&read[..length]; ROWS];
    for (row, slice) in rows.iter_mut().enumerate() {
        *slice = &read[row * stride..row * stride + length];
    }
    let mut panels = [&network.panels[..length]; BLOCKS];
    let mut sums = [[network.bias[block]; BLOCKS]; ROWS];
    for b in 0..BLOCKS {
        panels[b] = &network.panels[(block + b) * length..(block + b + 1) * length];
        for sums in &mut sums {
            sums[b] = network.bias[block + b];
        }
    }
    for k in 0..length {
        for b in 0..BLOCKS {
            for row in 0..ROWS {
                let input = Lanes::splat(rows[row][k]);
                for gate in 0..4 {
                    sums[row][b][gate] = sums[row][b][gate].plus(input.times(panels[b][k][gate]));
                }
            }
        }
    }
    sums
}

/// Input gate, forget gate, output gate, candidate.
#[inline(always)]
fn opened(sums: Gates) -> Gates {
    [sums[0].sigmoid(), sums[1].sigmoid(), sums[2].sigmoid(), sums[3].tanh()]
}
