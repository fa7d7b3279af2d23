//! The same network as burn's tensors: for gradients only.

use burn::module::{Module, Param};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};

use super::network::{Network, NetworkShape};
use super::sample::{Batch, LEADS, ORIGINS};
use crate::forecast::LEVELS;

/// The network as burn's tensors.
#[derive(Module, Debug)]
pub(super) struct BurnNetwork {
    recurrent: Param<Tensor<2>>,
    recurrent_bias: Param<Tensor<2>>,
    head: Param<Tensor<2>>,
    head_bias: Param<Tensor<2>>,
    output: Param<Tensor<2>>,
    output_bias: Param<Tensor<2>>,
}

fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

impl BurnNetwork {
    pub(super) fn new(network: &Network, device: &Device) -> Self {
        let NetworkShape { hidden, head, .. } = network.shape;
        let param = |layer: &Vec<f32>, columns| Param::from_tensor(matrix(layer.clone(), columns, device));
        Self {
            recurrent: param(&network.recurrent, 4 * hidden),
            recurrent_bias: param(&network.recurrent_bias, 4 * hidden),
            head: param(&network.head, head),
            head_bias: param(&network.head_bias, head),
            output: param(&network.output, LEVELS.len()),
            output_bias: param(&network.output_bias, LEVELS.len()),
        }
    }

    /// The weights, in the order of [`Network`].
    pub(super) fn layers(&self) -> [Vec<f32>; 6] {
        [&self.recurrent, &self.recurrent_bias, &self.head, &self.head_bias, &self.output, &self.output_bias]
            .map(|layer| layer.val().into_data().try_to_vec().expect("weights are f32"))
    }

    /// Outputs for every example of a batch, a row each.
    pub(super) fn forward(
        &self,
        shape: NetworkShape,
        batch: &Batch,
        origins: [usize; ORIGINS],
        device: &Device,
    ) -> Tensor<2> {
        let hidden = shape.hidden;
        let sequences = batch.answers.len() / (ORIGINS * LEADS);
        let (recurrent, bias) = (self.recurrent.val(), self.recurrent_bias.val());
        let mut state = Tensor::<2>::zeros([sequences, hidden], device);
        let mut cell = state.clone();
        let mut seen: [Option<Tensor<2>>; ORIGINS] = Default::default();
        for (n, step) in batch.steps.chunks_exact(sequences * shape.step_inputs).enumerate() {
            let step = matrix(step.to_vec(), shape.step_inputs, device);
            let gates = Tensor::cat(vec![step, state], 1).matmul(recurrent.clone()) + bias.clone();
            let opened = sigmoid(gates.clone().slice([0..sequences, 0..3 * hidden]));
            let candidate = tanh(gates.slice([0..sequences, 3 * hidden..4 * hidden]));
            let gate = |i: usize| opened.clone().slice([0..sequences, i * hidden..(i + 1) * hidden]);
            cell = gate(1) * cell + gate(0) * candidate;
            state = gate(2) * tanh(cell.clone());
            if let Some(i) = origins.iter().position(|&read| read == n + 1) {
                seen[i] = Some(state.clone());
            }
        }
        let states = Tensor::cat(seen.into_iter().flatten().collect(), 0);
        let states = Tensor::cat(vec![states; LEADS], 0);
        let targets = matrix(batch.targets.clone(), shape.head_inputs, device);
        let layer = relu(Tensor::cat(vec![states, targets], 1).matmul(self.head.val()) + self.head_bias.val());
        layer.matmul(self.output.val()) + self.output_bias.val()
    }
}

/// As [`Network`] computes it; also faster here than the exact one.
fn tanh(x: Tensor<2>) -> Tensor<2> {
    sigmoid(x * 2.0) * 2.0 - 1.0
}

/// Mean pinball loss over examples and levels.
pub(super) fn pinball_loss(outputs: Tensor<2>, answers: &[f32], device: &Device) -> Tensor<1> {
    let levels = matrix(LEVELS.map(|level| level as f32).to_vec(), LEVELS.len(), device);
    let miss = matrix(answers.to_vec(), 1, device) - outputs;
    // max(q m, (q − 1) m) = q m + max(−m, 0).
    (miss.clone() * levels + relu(-miss)).mean()
}
