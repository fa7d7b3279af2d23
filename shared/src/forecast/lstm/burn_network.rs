//! The same network as burn's tensors, around our own recurrent core: for gradients only.

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use super::network::{Network, NetworkShape};
use super::recurrent::{Instructions, tracked_states};
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
    pub(super) fn forward(&self, batch: &Batch, origins: [usize; ORIGINS], instructions: Instructions) -> Tensor<2> {
        let head = self.head.val();
        let sequences = batch.answers.len() / (ORIGINS * LEADS);
        let recurrent = (self.recurrent.val(), self.recurrent_bias.val());
        let states = tracked_states(&batch.steps, sequences, &origins, recurrent, instructions);
        let states = Tensor::cat(vec![states; LEADS], 0);
        let [_, hidden] = states.dims();
        let targets = matrix(batch.targets.clone(), head.dims()[0] - hidden, &head.device());
        let layer = relu(Tensor::cat(vec![states, targets], 1).matmul(head) + self.head_bias.val());
        layer.matmul(self.output.val()) + self.output_bias.val()
    }
}

/// Mean pinball loss over examples and levels.
pub(super) fn pinball_loss(outputs: Tensor<2>, answers: &[f32], device: &Device) -> Tensor<1> {
    let levels = matrix(LEVELS.map(|level| level as f32).to_vec(), LEVELS.len(), device);
    let miss = matrix(answers.to_vec(), 1, device) - outputs;
    // max(q m, (q − 1) m) = q m + max(−m, 0).
    (miss.clone() * levels + relu(-miss)).mean()
}
