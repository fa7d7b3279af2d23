//! The recurrent core as one operation of burn's autodiff.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Tensor, TensorData};

use super::backward::{self, Trace};
use super::packed::unpack;
use super::{Instructions, Recurrent, States};

/// The states after each of `reads` steps, a row a sequence, one read below the other; with gradients for the weights
/// and the bias, one row of it (as in [`Recurrent::new`]), which are tensors of an autodiff device. The steps are data
/// and have none.
///
/// # Panics
/// When weights and bias are not on the autodiff device of the flex backend, or their shapes do not fit.
pub fn tracked_states(
    steps: &[f32],
    sequences: usize,
    reads: &[usize],
    (weights, bias): (Tensor<2>, Tensor<2>),
    instructions: Instructions,
) -> Tensor<2> {
    let [rows, columns] = weights.dims();
    let hidden = columns / 4;
    let ((weights, of_weights), (bias, of_bias)) = (parts(weights), parts(bias));
    let network = Recurrent::new(rows - hidden, hidden, &weights, &bias, instructions);
    let (states, trace) = network.read_traced(steps, sequences);
    let mut seen = Vec::with_capacity(reads.len() * sequences * hidden);
    for &read in reads {
        (0..sequences).for_each(|sequence| seen.extend_from_slice(states.after(read, sequence)));
    }
    let seen = FlexTensor::from_data(TensorData::new(seen, [reads.len() * sequences, hidden]));
    let operation = ThroughTime.prepare::<NoCheckpointing>([of_weights, of_bias]).compute_bound().stateful();
    Tensor::from_primitive::<Autodiff<Flex>>(match operation {
        OpsKind::Tracked(operation) => {
            operation.finish(Recorded { network, states, trace, reads: reads.to_vec() }, seen)
        }
        OpsKind::UnTracked(operation) => operation.finish(seen),
    })
}

/// The numbers of a tensor, and what keeps its place in the graph.
fn parts(tensor: Tensor<2>) -> (Vec<f32>, NodeGuard) {
    let tensor = tensor.try_into_primitive::<Autodiff<Flex>>().expect("weights are on the autodiff device of flex");
    let (numbers, node) = tensor.into_parts();
    (numbers.into_data().try_to_vec().expect("weights are f32"), node)
}

/// Backpropagation through time.
#[derive(Debug)]
struct ThroughTime;

/// What it needs of the way forward.
#[derive(Clone, Debug)]
struct Recorded {
    network: Recurrent,
    states: States,
    trace: Vec<Trace>,
    reads: Vec<usize>,
}

impl Backward<Flex, 2> for ThroughTime {
    type State = Recorded;

    fn backward(self, operation: Ops<Recorded, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Recorded { network, states, trace, reads } = operation.state;
        let seen = gradients.consume::<Flex>(&operation.node).into_data();
        let gradient = seen.try_to_vec::<f32>().expect("gradients are f32");
        let kernel = backward::Backward {
            network: &network,
            states: &states,
            trace: &trace,
            reads: &reads,
            gradient: &gradient,
        };
        let found = network.instructions.run(kernel);
        let [of_weights, of_bias] = operation.parents;
        for (parent, found) in [(of_weights, &found.panels), (of_bias, &found.bias)] {
            if let Some(parent) = parent {
                let numbers = unpack(found, network.hidden);
                let rows = numbers.len() / (4 * network.hidden);
                let tensor = FlexTensor::from_data(TensorData::new(numbers, [rows, 4 * network.hidden]));
                gradients.register::<Flex>(parent.id, tensor);
            }
        }
    }
}
