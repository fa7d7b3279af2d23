//! Weights in the order in which the kernels read them.

use super::lanes::{Gates, LANES, NO_GATES};

/// Blocks of sixteen that hold so many units; the last may be padded.
pub(super) fn blocks(hidden: usize) -> usize {
    hidden.div_ceil(LANES)
}

/// A matrix of rows × (input gate, forget gate, output gate, candidate), each `hidden` wide, by block of units and then
/// by row. Padding is zero.
pub(super) fn pack(matrix: &[f32], hidden: usize) -> Vec<Gates> {
    let mut packed = Vec::with_capacity(blocks(hidden) * (matrix.len() / (4 * hidden)));
    for first in (0..hidden).step_by(LANES) {
        let width = LANES.min(hidden - first);
        for row in matrix.chunks_exact(4 * hidden) {
            let mut gates = NO_GATES;
            for (gate, columns) in gates.iter_mut().zip(row.chunks_exact(hidden)) {
                gate.0[..width].copy_from_slice(&columns[first..first + width]);
            }
            packed.push(gates);
        }
    }
    packed
}

/// The matrix that was packed.
#[cfg(feature = "train")]
pub(super) fn unpack(packed: &[Gates], hidden: usize) -> Vec<f32> {
    let rows = packed.len() / blocks(hidden);
    let mut matrix = vec![0.0; rows * 4 * hidden];
    for (block, gates) in packed.chunks_exact(rows).enumerate() {
        let first = block * LANES;
        let width = LANES.min(hidden - first);
        for (row, gates) in matrix.chunks_exact_mut(4 * hidden).zip(gates) {
            for (columns, gate) in row.chunks_exact_mut(hidden).zip(gates) {
                columns[first..first + width].copy_from_slice(&gate.0[..width]);
            }
        }
    }
    matrix
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_where_the_kernels_look_for_it() {
        // Three rows, twenty units: two blocks, the second with four units and twelve of padding.
        let (rows, hidden) = (3, 20);
        let matrix: Vec<f32> = (0..rows * 4 * hidden).map(|n| n as f32 + 1.0).collect();
        let weight = |row: usize, gate: usize, unit: usize| matrix[row * 4 * hidden + gate * hidden + unit];
        let packed = pack(&matrix, hidden);
        assert_eq!(packed.len(), 2 * rows);
        let column = packed[rows + 2][3].0;
        assert_eq!(column[..5], [weight(2, 3, 16), weight(2, 3, 17), weight(2, 3, 18), weight(2, 3, 19), 0.0]);
        assert_eq!(unpack(&packed, hidden), matrix);
    }
}
